// RUN: tritonc %s --passes fold --emit ttir --no-locations | FileCheck %s
// Arrangement of elements: transposes compose, copies move outwards, what is joined is not split.

// CHECK-LABEL: @transposes
// CHECK-SAME: %[[X:[a-z]+]]: tensor<2x4x8xf32>
tt.func public @transposes(%x: tensor<2x4x8xf32>, %p: tensor<2x4x8x!tt.ptr<f32>>, %q: tensor<8x2x4x!tt.ptr<f32>>) {
  %0 = tt.trans %x {order = array<i32: 1, 2, 0>} : tensor<2x4x8xf32> -> tensor<4x8x2xf32>
  %1 = tt.trans %0 {order = array<i32: 2, 0, 1>} : tensor<4x8x2xf32> -> tensor<2x4x8xf32>
  // CHECK-NEXT: tt.store %{{.*}}, %[[X]]
  tt.store %p, %1 : tensor<2x4x8x!tt.ptr<f32>>
  %2 = tt.trans %0 {order = array<i32: 1, 2, 0>} : tensor<4x8x2xf32> -> tensor<8x2x4xf32>
  // CHECK-NEXT: %[[T:.*]] = tt.trans %[[X]] {order = array<i32: 2, 0, 1>} : tensor<2x4x8xf32> -> tensor<8x2x4xf32>
  // CHECK-NEXT: tt.store %{{.*}}, %[[T]]
  tt.store %q, %2 : tensor<8x2x4x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @reshapes
// CHECK-SAME: %[[X:[a-z]+]]: tensor<16xf32>
tt.func public @reshapes(%x: tensor<16xf32>, %p: tensor<2x8x!tt.ptr<f32>>, %q: tensor<16x!tt.ptr<f32>>) {
  %0 = tt.reshape %x : tensor<16xf32> -> tensor<4x4xf32>
  %1 = tt.reshape %0 : tensor<4x4xf32> -> tensor<2x8xf32>
  // CHECK-NEXT: %[[R:.*]] = tt.reshape %[[X]] : tensor<16xf32> -> tensor<2x8xf32>
  // CHECK-NEXT: tt.store %{{.*}}, %[[R]]
  tt.store %p, %1 : tensor<2x8x!tt.ptr<f32>>
  %2 = tt.reshape %1 : tensor<2x8xf32> -> tensor<16xf32>
  // CHECK-NEXT: tt.store %{{.*}}, %[[X]]
  tt.store %q, %2 : tensor<16x!tt.ptr<f32>>
  tt.return
}

// The order is lost in the first reshape: the second must not undo it.
// CHECK-LABEL: @reordered
tt.func public @reordered(%x: tensor<16xf32>, %q: tensor<16x!tt.ptr<f32>>) {
  // CHECK-COUNT-2: tt.reshape
  %0 = tt.reshape %x allow_reorder : tensor<16xf32> -> tensor<4x4xf32>
  %1 = tt.reshape %0 : tensor<4x4xf32> -> tensor<16xf32>
  tt.store %q, %1 : tensor<16x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @copies
// CHECK-SAME: %[[X:[a-z]+]]: f32, %[[Y:[a-z]+]]: f32
tt.func public @copies(%x: f32, %y: f32, %p: tensor<4x8x!tt.ptr<f32>>) {
  // CHECK-DAG: %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
  // CHECK: %[[SUM:.*]] = arith.addf %[[X]], %[[Y]] : f32
  // CHECK: %[[PRODUCT:.*]] = arith.mulf %[[SUM]], %[[TWO]] : f32
  // CHECK: %[[SPLAT:.*]] = tt.splat %[[PRODUCT]] : f32 -> tensor<4x8xf32>
  // CHECK: tt.store %{{.*}}, %[[SPLAT]]
  %two = arith.constant dense<2.000000e+00> : tensor<4x1xf32>
  %0 = tt.splat %x : f32 -> tensor<4xf32>
  %1 = tt.splat %y : f32 -> tensor<4xf32>
  %2 = arith.addf %0, %1 : tensor<4xf32>
  %3 = tt.expand_dims %2 {axis = 1 : i32} : tensor<4xf32> -> tensor<4x1xf32>
  %4 = arith.mulf %3, %two : tensor<4x1xf32>
  %5 = tt.broadcast %4 : tensor<4x1xf32> -> tensor<4x8xf32>
  tt.store %p, %5 : tensor<4x8x!tt.ptr<f32>>
  tt.return
}

// A function of a row is computed on the row; rows and columns meet where they must.
// CHECK-LABEL: @broadcasts
// CHECK-SAME: %[[X:[a-z]+]]: tensor<1x8xf32>, %[[Y:[a-z]+]]: tensor<4x1xf32>
tt.func public @broadcasts(%x: tensor<1x8xf32>, %y: tensor<4x1xf32>, %s: f32, %p: tensor<4x8x!tt.ptr<f32>>) {
  // CHECK: %[[S:.*]] = tt.splat %{{.*}} : f32 -> tensor<1x8xf32>
  // CHECK: %[[D:.*]] = arith.subf %[[X]], %[[S]] : tensor<1x8xf32>
  // CHECK: %[[E:.*]] = math.exp %[[D]] : tensor<1x8xf32>
  // CHECK-DAG: %[[R:.*]] = tt.broadcast %[[E]]
  // CHECK-DAG: %[[C:.*]] = tt.broadcast %[[Y]]
  // CHECK: arith.mulf %[[R]], %[[C]] : tensor<4x8xf32>
  %0 = tt.broadcast %x : tensor<1x8xf32> -> tensor<4x8xf32>
  %1 = tt.splat %s : f32 -> tensor<4x8xf32>
  %2 = arith.subf %0, %1 : tensor<4x8xf32>
  %3 = math.exp %2 : tensor<4x8xf32>
  %4 = tt.broadcast %y : tensor<4x1xf32> -> tensor<4x8xf32>
  %5 = arith.mulf %3, %4 : tensor<4x8xf32>
  tt.store %p, %5 : tensor<4x8x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @pairs
// CHECK-SAME: %[[X:[a-z]+]]: tensor<4xf32>, %[[Y:[a-z]+]]: tensor<4xf32>, %[[Z:[a-z]+]]: tensor<4x2xf32>
tt.func public @pairs(%x: tensor<4xf32>, %y: tensor<4xf32>, %z: tensor<4x2xf32>, %p: tensor<4x!tt.ptr<f32>>, %q: tensor<4x2x!tt.ptr<f32>>) {
  %0 = tt.join %x, %y : tensor<4xf32> -> tensor<4x2xf32>
  %a, %b = tt.split %0 : tensor<4x2xf32> -> tensor<4xf32>
  // CHECK-NEXT: tt.store %{{.*}}, %[[X]]
  tt.store %p, %a : tensor<4x!tt.ptr<f32>>
  // CHECK-NEXT: tt.store %{{.*}}, %[[Y]]
  tt.store %p, %b : tensor<4x!tt.ptr<f32>>
  // CHECK-NEXT: tt.split %[[Z]]
  %c, %d = tt.split %z : tensor<4x2xf32> -> tensor<4xf32>
  %1 = tt.join %c, %d : tensor<4xf32> -> tensor<4x2xf32>
  // CHECK-NEXT: tt.store %{{.*}}, %[[Z]]
  tt.store %q, %1 : tensor<4x2x!tt.ptr<f32>>
  // CHECK-NEXT: tt.join
  %2 = tt.join %d, %c : tensor<4xf32> -> tensor<4x2xf32>
  tt.store %q, %2 : tensor<4x2x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @single
// CHECK-SAME: %[[X:[a-z]+]]: tensor<4x1xf32>
tt.func public @single(%x: tensor<4x1xf32>, %p: tensor<4x!tt.ptr<f32>>) {
  // CHECK-NEXT: %[[R:.*]] = tt.reshape %[[X]] : tensor<4x1xf32> -> tensor<4xf32>
  // CHECK-NEXT: tt.store %{{.*}}, %[[R]]
  %0 = "tt.reduce"(%x) <{axis = 1 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    %1 = arith.addf %a, %b : f32
    tt.reduce.return %1 : f32
  }) : (tensor<4x1xf32>) -> tensor<4xf32>
  tt.store %p, %0 : tensor<4x!tt.ptr<f32>>
  tt.return
}
