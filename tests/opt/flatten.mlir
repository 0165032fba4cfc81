// RUN: tritonc %s --passes flatten,fold,cse,dce --emit ttir --no-locations | FileCheck %s
// A loop with tt.flatten and the loop inside of it are one loop, whatever is before and behind the inner one.

// Bounds that do not change: as many iterations as both have together, if the inner loop runs at all.
// CHECK-LABEL: @even
// CHECK: %[[RUNS:.*]] = arith.cmpi slt, %{{.*}}, %{{.*}} : i32
// CHECK: scf.if %[[RUNS]]
// CHECK: arith.muli
// CHECK: scf.for
// CHECK-NOT: scf.if
// CHECK: tt.store
// CHECK-NOT: scf.for
// CHECK-NOT: scf.if
tt.func public @even(%p: !tt.ptr<i32>, %lower: i32, %upper: i32, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  scf.for %i = %zero to %n step %one : i32 {
    scf.for %j = %lower to %upper step %one : i32 {
      %k = arith.muli %i, %j : i32
      %at = tt.addptr %p, %k : !tt.ptr<i32>, i32
      tt.store %at, %i : !tt.ptr<i32>
    }
  } {tt.flatten}
  tt.return
}

// Bounds that follow from the outer index are added up first; the inner loop might not run. What is before it and has
// effects is done in the first of its iterations, what is behind it in the last.
// CHECK-LABEL: @uneven
// CHECK: %[[TOTAL:.*]] = scf.for
// CHECK: arith.addi
// CHECK: scf.for {{.*}} to %[[TOTAL]]
// CHECK: scf.if
// CHECK: tt.load
// CHECK: } else {
// CHECK: scf.if
// CHECK: arith.muli
// CHECK: } else {
// CHECK: scf.if
// CHECK: tt.store
// CHECK-NOT: scf.for
tt.func public @uneven(%p: !tt.ptr<i32>, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %three = arith.constant 3 : i32
  scf.for %i = %zero to %n step %one : i32 {
    %at = tt.addptr %p, %i : !tt.ptr<i32>, i32
    %v = tt.load %at : !tt.ptr<i32>
    %upper = arith.remsi %i, %three : i32
    %r = scf.for %j = %zero to %upper step %one iter_args(%a = %v) -> (i32) : i32 {
      %b = arith.muli %a, %v : i32
      scf.yield %b : i32
    }
    tt.store %at, %r : !tt.ptr<i32>
  } {tt.flatten}
  tt.return
}

// Not known before the loop is done: two loops.
// CHECK-LABEL: @loaded
// CHECK: scf.for
// CHECK: tt.load
// CHECK: scf.for
// CHECK: tt.store
tt.func public @loaded(%p: !tt.ptr<i32>, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  scf.for %i = %zero to %n step %one : i32 {
    %at = tt.addptr %p, %i : !tt.ptr<i32>, i32
    %upper = tt.load %at : !tt.ptr<i32>
    scf.for %j = %zero to %upper step %one : i32 {
      tt.store %at, %j : !tt.ptr<i32>
    }
  } {tt.flatten}
  tt.return
}

// An accumulator of products is not begun anew inside of a loop.
// CHECK-LABEL: @product
// CHECK: scf.for
// CHECK: scf.for
// CHECK: tt.dot
tt.func public @product(%p: !tt.ptr<f16>, %o: !tt.ptr<f32>, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %none = arith.constant dense<0.0> : tensor<16x16xf32>
  %ps = tt.splat %p : !tt.ptr<f16> -> tensor<16x16x!tt.ptr<f16>>
  %os = tt.splat %o : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>
  scf.for %i = %zero to %n step %one : i32 {
    %r = scf.for %j = %zero to %n step %one iter_args(%a = %none) -> (tensor<16x16xf32>) : i32 {
      %x = tt.load %ps : tensor<16x16x!tt.ptr<f16>>
      %d = tt.dot %x, %x, %a : tensor<16x16xf16> * tensor<16x16xf16> -> tensor<16x16xf32>
      scf.yield %d : tensor<16x16xf32>
    }
    tt.store %os, %r : tensor<16x16x!tt.ptr<f32>>
  } {tt.flatten}
  tt.return
}
