// RUN: tritonc %s --passes licm --emit ttir --no-locations | FileCheck %s
// What does not change moves ahead of the loop, if it may run although the loop does not.

// CHECK-LABEL: @pure
tt.func public @pure(%n: i32, %x: i32, %y: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  // CHECK: arith.muli
  // CHECK: arith.addi
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK-NEXT: arith.addi %{{.*}}, %[[J:.*]]
  // CHECK-NEXT: tt.store
  scf.for %i = %zero to %n step %one : i32 {
    scf.for %j = %zero to %n step %one : i32 {
      %0 = arith.muli %x, %y : i32
      %1 = arith.addi %0, %x : i32
      %2 = arith.addi %1, %j : i32
      tt.store %p, %2 : !tt.ptr<i32>
    }
  }
  tt.return
}

// A division by what might be zero waits for the loop; by a constant it does not.
// CHECK-LABEL: @divisions
tt.func public @divisions(%n: i32, %x: i32, %y: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %three = arith.constant 3 : i32
  // CHECK: arith.divsi %{{.*}}, %c3
  // CHECK: scf.for
  // CHECK: arith.divsi
  scf.for %i = %zero to %n step %one : i32 {
    %0 = arith.divsi %x, %y : i32
    %c3 = arith.constant 3 : i32
    %1 = arith.divsi %x, %c3 : i32
    tt.store %p, %0 : !tt.ptr<i32>
    tt.store %p, %1 : !tt.ptr<i32>
  }
  tt.return
}

// Loads move out of loops that run for sure and write nothing.
// CHECK-LABEL: @loads
tt.func public @loads(%n: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %ten = arith.constant 10 : i32
  // CHECK: tt.load
  // CHECK: scf.for
  // CHECK-NOT: tt.load
  // CHECK: scf.yield
  %0 = scf.for %i = %zero to %ten step %one iter_args(%s = %zero) -> (i32) : i32 {
    %v = tt.load %p : !tt.ptr<i32>
    %t = arith.addi %s, %v : i32
    scf.yield %t : i32
  }
  // CHECK: scf.for
  // CHECK: tt.load
  // CHECK: scf.yield
  %1 = scf.for %i = %zero to %n step %one iter_args(%s = %0) -> (i32) : i32 {
    %v = tt.load %p : !tt.ptr<i32>
    %t = arith.addi %s, %v : i32
    scf.yield %t : i32
  }
  // CHECK: scf.for
  // CHECK: tt.load
  scf.for %i = %zero to %ten step %one : i32 {
    %v = tt.load %p : !tt.ptr<i32>
    %t = arith.addi %1, %v : i32
    tt.store %p, %t : !tt.ptr<i32>
  }
  tt.return
}

// CHECK-LABEL: @while
tt.func public @while(%x: i32, %y: i32, %p: !tt.ptr<i32>) {
  // CHECK: arith.muli
  // CHECK: scf.while
  // CHECK-NOT: arith.muli
  // CHECK: tt.return
  %0 = scf.while (%a = %x) : (i32) -> i32 {
    %limit = arith.muli %y, %y : i32
    %c = arith.cmpi slt, %a, %limit : i32
    scf.condition(%c) %a : i32
  } do {
  ^bb0(%a: i32):
    %b = arith.addi %a, %y : i32
    scf.yield %b : i32
  }
  tt.store %p, %0 : !tt.ptr<i32>
  tt.return
}

// tl.range(disable_licm=True)
// CHECK-LABEL: @asked_not_to
tt.func public @asked_not_to(%n: i32, %x: i32, %y: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  // CHECK: scf.for
  // CHECK-NEXT: arith.muli
  scf.for %i = %zero to %n step %one : i32 {
    %0 = arith.muli %x, %y : i32
    tt.store %p, %0 : !tt.ptr<i32>
  } {llvm.loop_annotation = #llvm.loop_annotation<licm = #llvm.loop_licm<disable = true>>}
  tt.return
}

// A loop that waits until another program has stored: its load is not once and for all.
// CHECK-LABEL: @waiting
tt.func public @waiting(%p: !tt.ptr<i32>) {
  // CHECK: scf.while
  // CHECK-NEXT: tt.load
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
