// RUN: tritonc %s --passes peel --emit ttir --no-locations | FileCheck %s
// The first iteration stands before its loop where a branch on the induction variable tells it from all others.

// CHECK-LABEL: @first
tt.func public @first(%x: i32, %p: !tt.ptr<i32>) {
  // CHECK-DAG: %[[EIGHT:.*]] = arith.constant 8 : i32
  // CHECK-DAG: %[[ALL:.*]] = arith.constant 64 : i32
  %zero = arith.constant 0 : i32
  %eight = arith.constant 8 : i32
  %all = arith.constant 64 : i32
  // CHECK-NOT: scf.if
  // CHECK: %[[FIRST:.*]] = arith.addi %[[X:.*]], %[[X]]
  // CHECK: %[[R:.*]] = scf.for %[[I:.*]] = %[[EIGHT]] to %[[ALL]] step %[[EIGHT]] iter_args(%[[A:.*]] = %[[FIRST]])
  // CHECK-NEXT: %[[B:.*]] = arith.muli %[[A]], %[[I]]
  // CHECK-NEXT: scf.yield %[[B]]
  // CHECK-NOT: scf.if
  // CHECK: tt.store %{{.*}}, %[[R]]
  %r = scf.for %i = %zero to %all step %eight iter_args(%a = %x) -> (i32) : i32 {
    %is = arith.cmpi eq, %i, %zero : i32
    %v = scf.if %is -> (i32) {
      %b = arith.addi %a, %a : i32
      scf.yield %b : i32
    } else {
      %b = arith.muli %a, %i : i32
      scf.yield %b : i32
    }
    scf.yield %v : i32
  }
  tt.store %p, %r : !tt.ptr<i32>
  tt.return
}

// An order turns once: i > 3 is false at 0 and true from 8 on.
// CHECK-LABEL: @ordered
tt.func public @ordered(%x: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %three = arith.constant 3 : i32
  %eight = arith.constant 8 : i32
  %all = arith.constant 64 : i32
  // CHECK: tt.store {{.*}}, %[[X:.*]] :
  // CHECK: scf.for
  // CHECK-NOT: scf.if
  // CHECK: tt.return
  scf.for %i = %zero to %all step %eight : i32 {
    %is = arith.cmpi sgt, %i, %three : i32
    scf.if %is {
      tt.store %p, %i : !tt.ptr<i32>
    } else {
      tt.store %p, %x : !tt.ptr<i32>
    }
  }
  tt.return
}

// Not where the second iteration is the one that differs, where there may be none at all, or but one, and not of a loop
// around another.
// CHECK-LABEL: @others
// CHECK-COUNT-4: scf.if
// CHECK: tt.return
tt.func public @others(%x: i32, %n: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %eight = arith.constant 8 : i32
  %all = arith.constant 64 : i32
  scf.for %i = %zero to %all step %eight : i32 {
    %is = arith.cmpi eq, %i, %eight : i32
    scf.if %is {
      tt.store %p, %x : !tt.ptr<i32>
    }
  }
  scf.for %i = %zero to %n step %eight : i32 {
    %is = arith.cmpi eq, %i, %zero : i32
    scf.if %is {
      tt.store %p, %x : !tt.ptr<i32>
    }
  }
  scf.for %i = %zero to %all step %eight : i32 {
    %is = arith.cmpi eq, %i, %zero : i32
    scf.if %is {
      scf.for %j = %zero to %n step %eight : i32 {
        tt.store %p, %j : !tt.ptr<i32>
      }
    }
  }
  scf.for %i = %zero to %all step %eight : i32 {
    %is = arith.cmpi slt, %i, %all : i32
    %or = arith.cmpi eq, %x, %n : i32
    scf.if %or {
      tt.store %p, %x : !tt.ptr<i32>
    }
  }
  tt.return
}
