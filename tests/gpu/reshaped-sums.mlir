// RUN: tritonc %s --target cuda:90 --num-warps 2 --emit ttgir | FileCheck %s
// A step of a sorting network: pairs are added up, and the sums are given back to both. The sum gets its dimension back in
// the layout that it had before: nothing goes through shared memory.

// CHECK: ttg.shared = 0 : i32
// CHECK-LABEL: @both
// CHECK: tt.expand_dims {{.*}}#[[L:linear[0-9]*]]}>> -> tensor<128x1x4xi32, #[[L]]>
tt.func public @both(%p: !tt.ptr<i32> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<i32> -> tensor<1024x!tt.ptr<i32>>
  %at = tt.addptr %ps, %r : tensor<1024x!tt.ptr<i32>>, tensor<1024xi32>
  %x = tt.load %at : tensor<1024x!tt.ptr<i32>>
  %pairs = tt.reshape %x : tensor<1024xi32> -> tensor<128x2x4xi32>
  %s = "tt.reduce"(%pairs) <{axis = 1 : i32}> ({
  ^bb0(%a: i32, %b: i32):
    %t = arith.addi %a, %b : i32
    tt.reduce.return %t : i32
  }) : (tensor<128x2x4xi32>) -> tensor<128x4xi32>
  %e = tt.expand_dims %s {axis = 1 : i32} : tensor<128x4xi32> -> tensor<128x1x4xi32>
  %all = tt.broadcast %e : tensor<128x1x4xi32> -> tensor<128x2x4xi32>
  %back = tt.reshape %all : tensor<128x2x4xi32> -> tensor<1024xi32>
  %y = arith.xori %back, %x : tensor<1024xi32>
  tt.store %at, %y : tensor<1024x!tt.ptr<i32>>
  tt.return
}
