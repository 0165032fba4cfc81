// RUN: tritonc %s --passes turn-loads --emit ttir --no-locations | FileCheck %s
// A tile that is loaded along one dimension and stored along the other goes through tt.trans.

// Stored along the last dimension: the load is turned.
// CHECK-LABEL: @across
tt.func public @across(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %n: i32) {
  %r = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %i = tt.expand_dims %r {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>
  %j = tt.expand_dims %r {axis = 0 : i32} : tensor<16xi32> -> tensor<1x16xi32>
  %ns = tt.splat %n : i32 -> tensor<1x16xi32>
  %far = arith.muli %j, %ns : tensor<1x16xi32>
  %a = tt.broadcast %far : tensor<1x16xi32> -> tensor<16x16xi32>
  %b = tt.broadcast %i : tensor<16x1xi32> -> tensor<16x16xi32>
  %from = arith.addi %a, %b : tensor<16x16xi32>
  %w = tt.broadcast %j : tensor<1x16xi32> -> tensor<16x16xi32>
  %nc = tt.splat %n : i32 -> tensor<16x1xi32>
  %rows = arith.muli %i, %nc : tensor<16x1xi32>
  %v = tt.broadcast %rows : tensor<16x1xi32> -> tensor<16x16xi32>
  %to = arith.addi %v, %w : tensor<16x16xi32>
  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>
  %ys = tt.splat %y : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>
  %p = tt.addptr %xs, %from : tensor<16x16x!tt.ptr<f32>>, tensor<16x16xi32>
  %q = tt.addptr %ys, %to : tensor<16x16x!tt.ptr<f32>>, tensor<16x16xi32>
  // CHECK: %[[P:.*]] = tt.trans %{{.*}} : tensor<16x16x!tt.ptr<f32>>
  // CHECK: %[[L:.*]] = tt.load %[[P]]
  // CHECK: %[[T:.*]] = tt.trans %[[L]]
  // CHECK: %[[S:.*]] = arith.addf %[[T]], %[[T]]
  // CHECK: tt.store %{{.*}}, %[[S]]
  %l = tt.load %p : tensor<16x16x!tt.ptr<f32>>
  %s = arith.addf %l, %l : tensor<16x16xf32>
  tt.store %q, %s : tensor<16x16x!tt.ptr<f32>>
  tt.return
}

// Stored along the first: all that is stored is turned, and the load stays.
// CHECK-LABEL: @along
tt.func public @along(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %n: i32) {
  %r = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %i = tt.expand_dims %r {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>
  %j = tt.expand_dims %r {axis = 0 : i32} : tensor<16xi32> -> tensor<1x16xi32>
  %ns = tt.splat %n : i32 -> tensor<1x16xi32>
  %far = arith.muli %j, %ns : tensor<1x16xi32>
  %a = tt.broadcast %far : tensor<1x16xi32> -> tensor<16x16xi32>
  %b = tt.broadcast %i : tensor<16x1xi32> -> tensor<16x16xi32>
  %to = arith.addi %a, %b : tensor<16x16xi32>
  %w = tt.broadcast %j : tensor<1x16xi32> -> tensor<16x16xi32>
  %nc = tt.splat %n : i32 -> tensor<16x1xi32>
  %rows = arith.muli %i, %nc : tensor<16x1xi32>
  %v = tt.broadcast %rows : tensor<16x1xi32> -> tensor<16x16xi32>
  %from = arith.addi %v, %w : tensor<16x16xi32>
  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>
  %ys = tt.splat %y : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>
  %p = tt.addptr %xs, %from : tensor<16x16x!tt.ptr<f32>>, tensor<16x16xi32>
  %q = tt.addptr %ys, %to : tensor<16x16x!tt.ptr<f32>>, tensor<16x16xi32>
  %two = arith.constant dense<2.0> : tensor<16x16xf32>
  // CHECK: %[[P:.*]] = tt.addptr
  // CHECK: %[[Q:.*]] = tt.addptr
  // CHECK: %[[L:.*]] = tt.load %[[P]]
  // CHECK: %[[T:.*]] = tt.trans %[[L]]
  // CHECK: %[[S:.*]] = arith.mulf %[[T]], %{{.*}} : tensor<16x16xf32>
  // CHECK: %[[TO:.*]] = tt.trans %[[Q]]
  // CHECK: tt.store %[[TO]], %[[S]]
  %l = tt.load %p : tensor<16x16x!tt.ptr<f32>>
  %s = arith.mulf %l, %two : tensor<16x16xf32>
  tt.store %q, %s : tensor<16x16x!tt.ptr<f32>>
  tt.return
}

// What is also summed stays.
// CHECK-LABEL: @summed
// CHECK-NOT: tt.trans
tt.func public @summed(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %z: !tt.ptr<f32>, %n: i32) {
  %r = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %i = tt.expand_dims %r {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>
  %j = tt.expand_dims %r {axis = 0 : i32} : tensor<16xi32> -> tensor<1x16xi32>
  %ns = tt.splat %n : i32 -> tensor<1x16xi32>
  %far = arith.muli %j, %ns : tensor<1x16xi32>
  %a = tt.broadcast %far : tensor<1x16xi32> -> tensor<16x16xi32>
  %b = tt.broadcast %i : tensor<16x1xi32> -> tensor<16x16xi32>
  %from = arith.addi %a, %b : tensor<16x16xi32>
  %w = tt.broadcast %j : tensor<1x16xi32> -> tensor<16x16xi32>
  %nc = tt.splat %n : i32 -> tensor<16x1xi32>
  %rows = arith.muli %i, %nc : tensor<16x1xi32>
  %v = tt.broadcast %rows : tensor<16x1xi32> -> tensor<16x16xi32>
  %to = arith.addi %v, %w : tensor<16x16xi32>
  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>
  %ys = tt.splat %y : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>
  %p = tt.addptr %xs, %from : tensor<16x16x!tt.ptr<f32>>, tensor<16x16xi32>
  %q = tt.addptr %ys, %to : tensor<16x16x!tt.ptr<f32>>, tensor<16x16xi32>
  %l = tt.load %p : tensor<16x16x!tt.ptr<f32>>
  %sum = "tt.reduce"(%l) <{axis = 1 : i32}> ({
  ^bb0(%s: f32, %t: f32):
    %u = arith.addf %s, %t : f32
    tt.reduce.return %u : f32
  }) : (tensor<16x16xf32>) -> tensor<16xf32>
  %zs = tt.splat %z : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>>
  %zp = tt.addptr %zs, %r : tensor<16x!tt.ptr<f32>>, tensor<16xi32>
  tt.store %zp, %sum : tensor<16x!tt.ptr<f32>>
  tt.store %q, %l : tensor<16x16x!tt.ptr<f32>>
  tt.return
}
