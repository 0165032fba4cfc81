// RUN: tritonc %s --passes cse --emit ttir --no-locations | FileCheck %s
// Equal ops are one where the first dominates; loads are one when nothing was written between.

// CHECK-LABEL: @pure
tt.func public @pure(%x: i32, %y: i32, %p: !tt.ptr<i32>) {
  // CHECK: %[[A:.*]] = arith.addi
  // CHECK-NOT: arith.addi
  // CHECK: tt.store %{{.*}}, %[[A]]
  // CHECK: tt.store %{{.*}}, %[[A]]
  %0 = arith.addi %x, %y : i32
  %1 = arith.addi %y, %x : i32
  tt.store %p, %0 : !tt.ptr<i32>
  tt.store %p, %1 : !tt.ptr<i32>
  // CHECK-COUNT-2: arith.subi
  %2 = arith.subi %x, %y : i32
  %3 = arith.subi %y, %x : i32
  tt.store %p, %2 : !tt.ptr<i32>
  tt.store %p, %3 : !tt.ptr<i32>
  // CHECK-COUNT-2: arith.cmpi
  %4 = arith.cmpi slt, %x, %y : i32
  %5 = arith.cmpi ult, %x, %y : i32
  %6 = arith.select %4, %x, %y : i32
  %7 = arith.select %5, %x, %y : i32
  tt.store %p, %6 : !tt.ptr<i32>
  tt.store %p, %7 : !tt.ptr<i32>
  tt.return
}

// CHECK-LABEL: @scopes
tt.func public @scopes(%c: i1, %x: i32, %y: i32, %p: !tt.ptr<i32>) {
  // CHECK: scf.if
  // CHECK: arith.muli
  // CHECK: } else {
  // CHECK: arith.muli
  // CHECK: }
  // CHECK: arith.muli
  // CHECK: scf.if
  // CHECK-NOT: arith.muli
  // CHECK: tt.return
  scf.if %c {
    %0 = arith.muli %x, %y : i32
    tt.store %p, %0 : !tt.ptr<i32>
  } else {
    %0 = arith.muli %x, %y : i32
    tt.store %p, %0 : !tt.ptr<i32>
  }
  %1 = arith.muli %x, %y : i32
  tt.store %p, %1 : !tt.ptr<i32>
  scf.if %c {
    %0 = arith.muli %x, %y : i32
    tt.store %p, %0 : !tt.ptr<i32>
  }
  tt.return
}

// CHECK-LABEL: @loads
tt.func public @loads(%c: i1, %p: !tt.ptr<i32>, %q: !tt.ptr<i32>) {
  // CHECK: %[[A:.*]] = tt.load
  // CHECK-NEXT: tt.print
  // CHECK-NEXT: tt.store %{{.*}}, %[[A]]
  // CHECK-NEXT: %[[B:.*]] = tt.load
  // CHECK-NEXT: tt.store %{{.*}}, %[[B]]
  %0 = tt.load %p : !tt.ptr<i32>
  tt.print " value: " {hex = false, isSigned = array<i32: 1>} : %0 : i32
  %1 = tt.load %p : !tt.ptr<i32>
  tt.store %q, %1 : !tt.ptr<i32>
  %2 = tt.load %p : !tt.ptr<i32>
  tt.store %q, %2 : !tt.ptr<i32>
  // A branch that writes.
  // CHECK: tt.load
  // CHECK: scf.if
  // CHECK: }
  // CHECK: tt.load
  %3 = tt.load %p : !tt.ptr<i32>
  scf.if %c {
    tt.store %q, %3 : !tt.ptr<i32>
  }
  %4 = tt.load %p : !tt.ptr<i32>
  tt.store %q, %4 : !tt.ptr<i32>
  // Volatile ones are never merged.
  // CHECK-COUNT-2: tt.load %{{.*}} {isVolatile = true}
  %5 = tt.load %p {isVolatile = true} : !tt.ptr<i32>
  %6 = tt.load %p {isVolatile = true} : !tt.ptr<i32>
  %7 = arith.addi %5, %6 : i32
  tt.store %q, %7 : !tt.ptr<i32>
  tt.return
}

// A write later in the loop comes before the load of the next iteration.
// CHECK-LABEL: @carried_write
tt.func public @carried_write(%n: i32, %p: !tt.ptr<i32>, %q: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  // CHECK: tt.load
  // CHECK: scf.for
  // CHECK: tt.load
  %0 = tt.load %p : !tt.ptr<i32>
  tt.print " value: " {hex = false, isSigned = array<i32: 1>} : %0 : i32
  scf.for %i = %zero to %n step %one : i32 {
    %1 = tt.load %p : !tt.ptr<i32>
    tt.store %q, %1 : !tt.ptr<i32>
  }
  tt.return
}

// Reductions are equal when their regions are.
// CHECK-LABEL: @reductions
tt.func public @reductions(%x: tensor<8xf32>, %p: !tt.ptr<f32>) {
  // CHECK-COUNT-2: "tt.reduce"
  // CHECK-NOT: "tt.reduce"
  %0 = "tt.reduce"(%x) <{axis = 0 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    tt.reduce.return %s : f32
  }) : (tensor<8xf32>) -> f32
  %1 = "tt.reduce"(%x) <{axis = 0 : i32}> ({
  ^bb0(%c: f32, %d: f32):
    %s = arith.addf %d, %c : f32
    tt.reduce.return %s : f32
  }) : (tensor<8xf32>) -> f32
  %2 = "tt.reduce"(%x) <{axis = 0 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    %s = arith.maxnumf %a, %b : f32
    tt.reduce.return %s : f32
  }) : (tensor<8xf32>) -> f32
  tt.store %p, %0 : !tt.ptr<f32>
  tt.store %p, %1 : !tt.ptr<f32>
  tt.store %p, %2 : !tt.ptr<f32>
  tt.return
}
