// RUN: tritonc %s --passes later-ops --emit ttir --no-locations | FileCheck %s
// Atomic loads and stores of later files by tt.atomic_rmw; floats as integers of their width.

// CHECK-LABEL: @moves
// CHECK: %[[P:.*]] = tt.bitcast %{{.*}} : tensor<64x!tt.ptr<f32>> -> tensor<64x!tt.ptr<i32>>
// CHECK: %[[Z:.*]] = arith.constant dense<0> : tensor<64xi32>
// CHECK: %[[V:.*]] = tt.atomic_rmw or, acquire, gpu, %[[P]], %[[Z]], %{{.*}} : (tensor<64x!tt.ptr<i32>>, tensor<64xi32>, tensor<64xi1>) -> tensor<64xi32>
// CHECK: %[[F:.*]] = arith.bitcast %[[V]] : tensor<64xi32> to tensor<64xf32>
// CHECK: tt.atomic_rmw exch, release, sys, %{{.*}}, %[[F]], %{{.*}} : (tensor<64x!tt.ptr<f32>>, tensor<64xf32>, tensor<64xi1>) -> tensor<64xf32>
tt.func public @moves(%p: tensor<64x!tt.ptr<f32>>, %m: tensor<64xi1>) {
  %v = tt.atomic_load acquire, gpu, %p, %m : (tensor<64x!tt.ptr<f32>>, tensor<64xi1>) -> tensor<64xf32>
  tt.atomic_store release, sys, %p, %v : tensor<64x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @polls
// CHECK: %[[R:.*]] = scf.while (%[[SEEN:.*]] = %false) : (i1) -> i1 {
// CHECK: %[[MISSING:.*]] = arith.xori %[[SEEN]], %{{.*}} : i1
// CHECK: %[[V:.*]] = tt.atomic_rmw or, acquire, gpu, %{{.*}}, %{{.*}}, %[[MISSING]] : (!tt.ptr<i32>, i32, i1) -> i32
// CHECK: arith.cmpi eq, %[[V]], %{{.*}} : i32
// CHECK: scf.condition(%{{.*}}) %{{.*}} : i1
// CHECK: tt.return %[[R]] : i1
tt.func public @polls(%p: !tt.ptr<i32>, %n: i32) -> i1 {
  %r = tt.atomic_poll acquire, gpu, %p, %n : !tt.ptr<i32>, i32 -> i1
  tt.return %r : i1
}
