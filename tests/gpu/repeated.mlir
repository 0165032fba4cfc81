// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ttgir | FileCheck %s
// A row's sum lies in all threads that added up. Atomic additions of such sums are done in a layout in which neighbours lie
// in neighbouring threads, one instruction for all.

// CHECK: #[[FLAT:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK-LABEL: @add_sums
// CHECK: "tt.reduce"
// CHECK: %[[C:.*]] = ttg.convert_layout {{.*}} -> tensor<64xf32, #[[FLAT]]>
// CHECK: tt.atomic_rmw fadd, {{.*}}, %[[C]]
tt.func public @add_sums(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %width = arith.constant dense<64> : tensor<64x1xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %wi = arith.muli %rows, %width : tensor<64x1xi32>
  %x = tt.broadcast %wi : tensor<64x1xi32> -> tensor<64x64xi32>
  %j = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %offs = arith.addi %x, %j : tensor<64x64xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %from = tt.addptr %ps, %offs : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %to = tt.addptr %qs, %r : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  %u = tt.load %from : tensor<64x64x!tt.ptr<f32>>
  %s = "tt.reduce"(%u) <{axis = 1 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    %t = arith.addf %a, %b : f32
    tt.reduce.return %t : f32
  }) : (tensor<64x64xf32>) -> tensor<64xf32>
  %old = tt.atomic_rmw fadd, relaxed, gpu, %to, %s : (tensor<64x!tt.ptr<f32>>, tensor<64xf32>) -> tensor<64xf32>
  tt.return
}
