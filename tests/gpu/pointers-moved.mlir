// RUN: env TRITONC_DUMP=gpu-assign tritonc %s --target cuda:90 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s
// Pointers made of a sum that lies in another layout than the store: the sum is converted, in half as many bytes.

// CHECK-LABEL: @scatter
// CHECK: tt.reduce
// CHECK: ttg.convert_layout {{.*}} : tensor<128xi32, #{{.*}}> -> tensor<128xi32, #{{.*}}>
// CHECK-NOT: ttg.convert_layout {{.*}}!tt.ptr
// CHECK: tt.return
tt.func public @scatter(%p: !tt.ptr<i32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<i32> {tt.divisibility = 16 : i32}) {
  %c16 = arith.constant dense<16> : tensor<128x1xi32>
  %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %c = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %rr = tt.expand_dims %r {axis = 1 : i32} : tensor<128xi32> -> tensor<128x1xi32>
  %rs = arith.muli %rr, %c16 : tensor<128x1xi32>
  %cc = tt.expand_dims %c {axis = 0 : i32} : tensor<16xi32> -> tensor<1x16xi32>
  %rb = tt.broadcast %rs : tensor<128x1xi32> -> tensor<128x16xi32>
  %cb = tt.broadcast %cc : tensor<1x16xi32> -> tensor<128x16xi32>
  %at = arith.addi %rb, %cb : tensor<128x16xi32>
  %ps = tt.splat %p : !tt.ptr<i32> -> tensor<128x16x!tt.ptr<i32>>
  %pp = tt.addptr %ps, %at : tensor<128x16x!tt.ptr<i32>>, tensor<128x16xi32>
  %x = tt.load %pp : tensor<128x16x!tt.ptr<i32>>
  %place = "tt.reduce"(%x) <{axis = 1 : i32}> ({
  ^bb0(%a: i32, %b: i32):
    %s = arith.addi %a, %b : i32
    tt.reduce.return %s : i32
  }) : (tensor<128x16xi32>) -> tensor<128xi32>
  %qs = tt.splat %q : !tt.ptr<i32> -> tensor<128x!tt.ptr<i32>>
  %to = tt.addptr %qs, %place : tensor<128x!tt.ptr<i32>>, tensor<128xi32>
  tt.store %to, %r : tensor<128x!tt.ptr<i32>>
  tt.return
}
