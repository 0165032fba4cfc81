// RUN: tritonc %s --passes dce --emit ttir --no-locations | FileCheck %s
// Dead values, also those that a loop carries round in a circle.

// CHECK-LABEL: @cycle
tt.func public @cycle(%n: i32, %x: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  // CHECK: %[[R:.*]] = scf.for {{.*}} iter_args(%[[A:.*]] = %{{.*}}) -> (i32)
  // CHECK-NEXT: %[[B:.*]] = arith.addi %[[A]]
  // CHECK-NEXT: scf.yield %[[B]] : i32
  // CHECK-NEXT: }
  // CHECK-NEXT: tt.store %{{.*}}, %[[R]]
  %r:3 = scf.for %i = %zero to %n step %one iter_args(%u = %x, %a = %zero, %v = %x) -> (i32, i32, i32) : i32 {
    %b = arith.addi %a, %i : i32
    %u2 = arith.muli %v, %i : i32
    %v2 = arith.addi %u, %one : i32
    scf.yield %u2, %b, %v2 : i32, i32, i32
  }
  tt.store %p, %r#1 : !tt.ptr<i32>
  tt.return
}

// The inner loop's slot is dead only because the outer one's is.
// CHECK-LABEL: @nested
tt.func public @nested(%n: i32, %x: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  // CHECK: scf.for
  // CHECK-NOT: iter_args
  // CHECK: scf.for
  // CHECK-NOT: arith.muli
  // CHECK: tt.store
  %r = scf.for %i = %zero to %n step %one iter_args(%u = %x) -> (i32) : i32 {
    %s = scf.for %j = %zero to %n step %one iter_args(%w = %u) -> (i32) : i32 {
      tt.store %p, %j : !tt.ptr<i32>
      %w2 = arith.muli %w, %j : i32
      scf.yield %w2 : i32
    }
    scf.yield %s : i32
  }
  tt.return
}

// CHECK-LABEL: @gone
tt.func public @gone(%c: i1, %n: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  // CHECK-NEXT: tt.return
  %0 = tt.load %p : !tt.ptr<i32>
  %1 = scf.for %i = %zero to %n step %one iter_args(%u = %0) -> (i32) : i32 {
    %2 = arith.addi %u, %i : i32
    scf.yield %2 : i32
  }
  scf.if %c {
  } else {
  }
  tt.return
}

// CHECK-LABEL: @conditional
tt.func public @conditional(%c: i1, %x: i32, %p: !tt.ptr<i32>) {
  // CHECK: %[[R:.*]] = scf.if %{{.*}} -> (i32) {
  // CHECK-NEXT: scf.yield
  // CHECK-NEXT: } else {
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: scf.yield
  %r:2 = scf.if %c -> (i32, i32) {
    %y = arith.muli %x, %x : i32
    scf.yield %y, %x : i32, i32
  } else {
    %z = tt.load %p : !tt.ptr<i32>
    scf.yield %x, %z : i32, i32
  }
  tt.store %p, %r#1 : !tt.ptr<i32>
  tt.return
}

// What is volatile, atomic or written stays.
// CHECK-LABEL: @effects
tt.func public @effects(%x: i32, %p: !tt.ptr<i32>) {
  // CHECK-NEXT: arith.constant true
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: tt.atomic_rmw
  // CHECK-NEXT: tt.return
  %true = arith.constant true
  %0 = tt.load %p {isVolatile = true} : !tt.ptr<i32>
  %1 = tt.atomic_rmw add, acq_rel, gpu, %p, %x, %true : (!tt.ptr<i32>, i32, i1) -> i32
  tt.return
}

// CHECK-LABEL: @while
tt.func public @while(%x: i32, %y: i32, %p: !tt.ptr<i32>) {
  // CHECK: scf.while (%{{.*}} = %{{.*}}) : (i32) -> i32
  // CHECK: tt.store
  %0:2 = scf.while (%a = %x, %u = %y) : (i32, i32) -> (i32, i32) {
    %c = arith.cmpi slt, %a, %y : i32
    scf.condition(%c) %a, %u : i32, i32
  } do {
  ^bb0(%a: i32, %u: i32):
    %b = arith.addi %a, %y : i32
    %v = arith.muli %u, %y : i32
    scf.yield %b, %v : i32, i32
  }
  tt.store %p, %0#0 : !tt.ptr<i32>
  tt.return
}

// A loop that waits for what another program stores is there for its own sake.
// CHECK-LABEL: @waiting
tt.func public @waiting(%p: !tt.ptr<i32>) {
  // CHECK: scf.while
  // CHECK: tt.load
  %zero = arith.constant 0 : i32
  scf.while : () -> () {
    %v = tt.load %p : !tt.ptr<i32>
    %c = arith.cmpi eq, %v, %zero : i32
    scf.condition(%c)
  } do {
    scf.yield
  }
  tt.return
}

// What is promised of a loop's argument stays with it where one before it goes.
// CHECK-LABEL: @promised
tt.func public @promised(%p: !tt.ptr<f32>, %n: i32) {
  // CHECK: scf.for {{.*}} iter_args(%[[Q:.*]] = %p) -> (!tt.ptr<f32>)
  // CHECK: } {tt.divisibility_arg1 = dense<16> : tensor<1xi32>}
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %f = arith.constant 0.0 : f32
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%dead = %c0, %q = %p) -> (i32, !tt.ptr<f32>) : i32 {
    tt.store %q, %f : !tt.ptr<f32>
    %d = arith.addi %dead, %n : i32
    %next = tt.addptr %q, %n : !tt.ptr<f32>, i32
    scf.yield %d, %next : i32, !tt.ptr<f32>
  } {tt.divisibility_arg1 = dense<8> : tensor<1xi32>, tt.divisibility_arg2 = dense<16> : tensor<1xi32>}
  tt.return
}
