// RUN: tritonc %s --passes unroll --emit ttir --no-locations | FileCheck %s
// tt.loop_unroll_factor: n iterations at a time, and the remainder where there may be one.

// CHECK-LABEL: @remainder
// CHECK-SAME: %[[X:[a-z]+]]: i32, %[[N:[a-z]+]]: i32
tt.func public @remainder(%x: i32, %n: i32, %p: !tt.ptr<i32>) {
  // CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : i32
  // CHECK-DAG: %[[ONE:.*]] = arith.constant 1 : i32
  // CHECK-DAG: %[[TWO:.*]] = arith.constant 2 : i32
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  // CHECK: %[[SPAN:.*]] = arith.maxsi %[[N]], %[[ZERO]]
  // CHECK: %[[TRIPS:.*]] = arith.maxui %[[SPAN]], %[[ONE]]
  // CHECK: %[[PAIRS:.*]] = arith.divui %[[TRIPS]], %[[TWO]]
  // CHECK: %[[MIDDLE:.*]] = arith.muli %[[PAIRS]], %[[TWO]]
  // CHECK: %[[R:.*]] = scf.for %[[I:.*]] = %[[ZERO]] to %[[MIDDLE]] step %[[TWO]] iter_args(%[[A:.*]] = %[[X]])
  // CHECK-NEXT: %[[B:.*]] = arith.muli %[[A]], %[[I]]
  // CHECK-NEXT: %[[J:.*]] = arith.addi %[[I]], %[[ONE]]
  // CHECK-NEXT: %[[C:.*]] = arith.muli %[[B]], %[[J]]
  // CHECK-NEXT: scf.yield %[[C]]
  // CHECK: scf.for %{{.*}} = %[[MIDDLE]] to %[[N]] step %[[ONE]] iter_args(%{{.*}} = %[[R]])
  // CHECK-NEXT: arith.muli
  // CHECK-NEXT: scf.yield
  // CHECK-NOT: loop_unroll_factor
  %r = scf.for %i = %zero to %n step %one iter_args(%a = %x) -> (i32) : i32 {
    %b = arith.muli %a, %i : i32
    scf.yield %b : i32
  } {tt.loop_unroll_factor = 2 : i32}
  tt.store %p, %r : !tt.ptr<i32>
  tt.return
}

// A multiple of the factor: no second loop. All iterations at once: no loop.
// CHECK-LABEL: @whole
tt.func public @whole(%x: i32, %p: !tt.ptr<i32>) {
  // CHECK: scf.for
  // CHECK-COUNT-4: arith.muli
  // CHECK: scf.yield
  // CHECK-NOT: scf.for
  // CHECK-COUNT-3: arith.xori
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %three = arith.constant 3 : i32
  %eight = arith.constant 8 : i32
  %r = scf.for %i = %zero to %eight step %one iter_args(%a = %x) -> (i32) : i32 {
    %b = arith.muli %a, %i : i32
    scf.yield %b : i32
  } {tt.loop_unroll_factor = 4 : i32}
  %s = scf.for %i = %zero to %three step %one iter_args(%a = %r) -> (i32) : i32 {
    %b = arith.xori %a, %x : i32
    %c = arith.addi %b, %b : i32
    scf.yield %c : i32
  } {tt.loop_unroll_factor = 3 : i32}
  // CHECK-NOT: arith.xori
  // CHECK: tt.return
  tt.store %p, %s : !tt.ptr<i32>
  tt.return
}
