// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s
// Of a sum in which nothing is carried, a mask asks for the summand that has its bits; a comparison with zero needs no shift.

// CHECK: mov.u32 [[TID:%r[0-9]+]], %tid.x;
// CHECK: and.b32 [[BIT:%r[0-9]+]], [[TID]], 2;
// CHECK-NOT: add.u32 {{.*}}, 1;
// CHECK: setp.{{eq|ne}}.b32 %p{{[0-9]+}}, [[BIT]], 0;
tt.func public @bits(%p: !tt.ptr<i32>) {
  %one = arith.constant dense<1> : tensor<128xi32>
  %two = arith.constant dense<2> : tensor<128xi32>
  %zero = arith.constant dense<0> : tensor<128xi32>
  %a = arith.constant dense<7> : tensor<128xi32>
  %b = arith.constant dense<9> : tensor<128xi32>
  %o = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %d = arith.muli %o, %two : tensor<128xi32>
  %s = arith.addi %d, %one : tensor<128xi32>
  %t = arith.shrsi %s, %two : tensor<128xi32>
  %u = arith.andi %t, %one : tensor<128xi32>
  %c = arith.cmpi ne, %u, %zero : tensor<128xi32>
  %v = arith.select %c, %a, %b : tensor<128xi1>, tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<i32> -> tensor<128x!tt.ptr<i32>>
  %at = tt.addptr %ps, %o : tensor<128x!tt.ptr<i32>>, tensor<128xi32>
  tt.store %at, %v : tensor<128x!tt.ptr<i32>>
  tt.return
}
