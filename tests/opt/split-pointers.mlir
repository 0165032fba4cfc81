// RUN: tritonc %s --passes split-pointers --emit ttir --no-locations | FileCheck %s
// Carried tensors that move by a uniform step become an invariant tensor and a carried scalar.

// CHECK-LABEL: @pointers
// CHECK-SAME: %[[P:[a-z]+]]: tensor<8x!tt.ptr<f32>>, %[[S:[a-z]+]]: i32
tt.func public @pointers(%p: tensor<8x!tt.ptr<f32>>, %s: i32, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %step = tt.splat %s : i32 -> tensor<8xi32>
  // CHECK: %[[FROM:.*]] = arith.constant 0 : i64
  // CHECK: scf.for {{.*}} iter_args(%[[O:.*]] = %[[FROM]]) -> (i64)
  // CHECK: %[[SPLAT:.*]] = tt.splat %[[O]] : i64 -> tensor<8xi64>
  // CHECK: %[[NOW:.*]] = tt.addptr %[[P]], %[[SPLAT]]
  // CHECK: %[[V:.*]] = tt.load %[[NOW]]
  // CHECK: tt.store %[[NOW]], %[[V]]
  // CHECK: %[[WIDE:.*]] = arith.extsi %[[S]] : i32 to i64
  // CHECK: %[[NEXT:.*]] = arith.addi %[[O]], %[[WIDE]] : i64
  // CHECK: scf.yield %[[NEXT]] : i64
  %r = scf.for %i = %zero to %n step %one iter_args(%q = %p) -> (tensor<8x!tt.ptr<f32>>) : i32 {
    %v = tt.load %q : tensor<8x!tt.ptr<f32>>
    tt.store %q, %v : tensor<8x!tt.ptr<f32>>
    %next = tt.addptr %q, %step : tensor<8x!tt.ptr<f32>>, tensor<8xi32>
    scf.yield %next : tensor<8x!tt.ptr<f32>>
  }
  // CHECK: tt.load
  %w = tt.load %r : tensor<8x!tt.ptr<f32>>
  tt.store %p, %w : tensor<8x!tt.ptr<f32>>
  tt.return
}

// Integers wrap in their own width; the step may be a constant, and several.
// CHECK-LABEL: @integers
// CHECK-SAME: %[[X:[a-z]+]]: tensor<8xi32>
tt.func public @integers(%x: tensor<8xi32>, %p: tensor<8x!tt.ptr<i32>>, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %sixteen = arith.constant dense<16> : tensor<8xi32>
  // CHECK: scf.for %[[I:.*]] = {{.*}} iter_args(%[[O:.*]] = %{{.*}}) -> (i32)
  // CHECK: %[[SPLAT:.*]] = tt.splat %[[O]] : i32 -> tensor<8xi32>
  // CHECK: arith.addi %[[X]], %[[SPLAT]]
  // CHECK-DAG: arith.addi %{{.*}}, %{{.*}} : i32
  // CHECK: scf.yield %{{.*}} : i32
  %r = scf.for %i = %zero to %n step %one iter_args(%y = %x) -> (tensor<8xi32>) : i32 {
    tt.store %p, %y : tensor<8x!tt.ptr<i32>>
    %a = arith.addi %y, %sixteen : tensor<8xi32>
    %b = tt.splat %i : i32 -> tensor<8xi32>
    %c = arith.addi %a, %b : tensor<8xi32>
    scf.yield %c : tensor<8xi32>
  }
  tt.return
}

// Steps that differ from element to element stay as they are.
// CHECK-LABEL: @uneven
tt.func public @uneven(%p: tensor<8x!tt.ptr<f32>>, %s: tensor<8xi32>, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  // CHECK: iter_args(%{{.*}} = %{{.*}}) -> (tensor<8x!tt.ptr<f32>>)
  %r = scf.for %i = %zero to %n step %one iter_args(%q = %p) -> (tensor<8x!tt.ptr<f32>>) : i32 {
    %v = tt.load %q : tensor<8x!tt.ptr<f32>>
    tt.store %q, %v : tensor<8x!tt.ptr<f32>>
    %next = tt.addptr %q, %s : tensor<8x!tt.ptr<f32>>, tensor<8xi32>
    scf.yield %next : tensor<8x!tt.ptr<f32>>
  }
  tt.return
}

// What is promised of the carried tensor is promised of what it becomes.
// CHECK-LABEL: @promised
// CHECK: scf.for
// CHECK: %[[AT:.*]] = tt.addptr %{{.*}}, %{{.*}} {tt.divisibility = dense<16> : tensor<1xi32>} : tensor<8x!tt.ptr<f32>>
// CHECK: tt.load %[[AT]]
// CHECK-NOT: divisibility_arg
tt.func public @promised(%p: tensor<8x!tt.ptr<f32>>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %s = tt.splat %n : i32 -> tensor<8xi32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%q = %p) -> (tensor<8x!tt.ptr<f32>>) : i32 {
    %v = tt.load %q : tensor<8x!tt.ptr<f32>>
    tt.store %p, %v : tensor<8x!tt.ptr<f32>>
    %next = tt.addptr %q, %s : tensor<8x!tt.ptr<f32>>, tensor<8xi32>
    scf.yield %next : tensor<8x!tt.ptr<f32>>
  } {tt.divisibility_arg1 = dense<16> : tensor<1xi32>}
  tt.return
}
