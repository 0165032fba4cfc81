// RUN: tritonc %s --passes split-indices --emit ttir --no-locations | FileCheck %s
// Carried indices that move by a uniform step: one number is carried, if what they begin as is a base and constant strides.

// CHECK-LABEL: @column
// CHECK-SAME: %[[START:[a-z]+]]: i32
tt.func public @column(%start: i32, %p: !tt.ptr<i32>, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %range = tt.make_range {end = 8 : i32, start = 0 : i32} : tensor<8xi32>
  %first = tt.splat %start : i32 -> tensor<8xi32>
  // CHECK: %[[INIT:.*]] = arith.addi
  %init = arith.addi %first, %range : tensor<8xi32>
  // CHECK: scf.for {{.*}} iter_args(%[[O:.*]] = %{{.*}}) -> (i32)
  // CHECK: %[[SPLAT:.*]] = tt.splat %[[O]] : i32 -> tensor<8xi32>
  // CHECK: %[[NOW:.*]] = arith.addi %[[INIT]], %[[SPLAT]]
  // CHECK: tt.store %{{.*}}, %[[NOW]]
  // CHECK: %[[STEP:.*]] = tt.load %{{.*}} : !tt.ptr<i32>
  // CHECK: %[[NEXT:.*]] = arith.addi %[[O]], %[[STEP]] : i32
  // CHECK: scf.yield %[[NEXT]] : i32
  %ps = tt.splat %p : !tt.ptr<i32> -> tensor<8x!tt.ptr<i32>>
  %at = tt.addptr %ps, %range : tensor<8x!tt.ptr<i32>>, tensor<8xi32>
  %r = scf.for %i = %zero to %n step %one iter_args(%x = %init) -> (tensor<8xi32>) : i32 {
    tt.store %at, %x : tensor<8x!tt.ptr<i32>>
    %step = tt.load %p : !tt.ptr<i32>
    %steps = tt.splat %step : i32 -> tensor<8xi32>
    %next = arith.addi %x, %steps : tensor<8xi32>
    scf.yield %next : tensor<8xi32>
  }
  tt.return
}

// What was loaded takes a register for each element in front of the loop as in it: it stays carried. Pointers are stepped.
// CHECK-LABEL: @others
tt.func public @others(%x: tensor<8xi32>, %p: !tt.ptr<i32>, %s: i32, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %range = tt.make_range {end = 8 : i32, start = 0 : i32} : tensor<8xi32>
  %step = tt.splat %s : i32 -> tensor<8xi32>
  %ps = tt.splat %p : !tt.ptr<i32> -> tensor<8x!tt.ptr<i32>>
  %at = tt.addptr %ps, %range : tensor<8x!tt.ptr<i32>>, tensor<8xi32>
  // CHECK: scf.for {{.*}} -> (tensor<8xi32>, tensor<8x!tt.ptr<i32>>)
  %r:2 = scf.for %i = %zero to %n step %one iter_args(%y = %x, %q = %at) -> (tensor<8xi32>, tensor<8x!tt.ptr<i32>>) : i32 {
    tt.store %q, %y : tensor<8x!tt.ptr<i32>>
    %next = arith.addi %y, %step : tensor<8xi32>
    %further = tt.addptr %q, %step : tensor<8x!tt.ptr<i32>>, tensor<8xi32>
    scf.yield %next, %further : tensor<8xi32>, tensor<8x!tt.ptr<i32>>
  }
  tt.return
}
