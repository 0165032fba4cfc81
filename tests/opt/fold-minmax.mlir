// RUN: tritonc %s --passes fold --emit ttir --no-locations | FileCheck %s
// Choices become minima and maxima, and those of extended values narrow ones; booleans stay booleans.

// CHECK-LABEL: @choices
// CHECK-SAME: %[[X:[a-z]+]]: i32, %[[Y:[a-z]+]]: i32
tt.func public @choices(%x: i32, %y: i32, %p: !tt.ptr<i32>) {
  // CHECK: %[[A:.*]] = arith.minsi %[[X]], %[[Y]]
  %0 = arith.cmpi slt, %x, %y : i32
  %a = arith.select %0, %x, %y : i32
  // CHECK: %[[B:.*]] = arith.maxsi %[[Y]], %[[X]]
  %1 = arith.cmpi sle, %x, %y : i32
  %b = arith.select %1, %y, %x : i32
  // CHECK: %[[C:.*]] = arith.maxui %[[X]], %[[Y]]
  %2 = arith.cmpi ugt, %x, %y : i32
  %c = arith.select %2, %x, %y : i32
  // CHECK: %[[D:.*]] = arith.minui %[[Y]], %[[X]]
  %3 = arith.cmpi uge, %x, %y : i32
  %d = arith.select %3, %y, %x : i32
  // CHECK: arith.select
  %4 = arith.cmpi eq, %x, %y : i32
  %e = arith.select %4, %y, %x : i32
  tt.store %p, %a : !tt.ptr<i32>
  tt.store %p, %b : !tt.ptr<i32>
  tt.store %p, %c : !tt.ptr<i32>
  tt.store %p, %d : !tt.ptr<i32>
  tt.store %p, %e : !tt.ptr<i32>
  tt.return
}

// CHECK-LABEL: @narrow
// CHECK-SAME: %[[X:[a-z]+]]: i32
tt.func public @narrow(%x: i32, %p: !tt.ptr<i64>) {
  // CHECK-DAG: %[[ONE:.*]] = arith.constant 1 : i64
  // CHECK-DAG: %[[BELOW:.*]] = arith.constant 62 : i32
  %one = arith.constant 1 : i64
  %bound = arith.constant 63 : i64
  // CHECK: %[[M:.*]] = arith.minsi %[[X]], %[[BELOW]] : i32
  // CHECK: %[[W:.*]] = arith.extsi %[[M]]
  // CHECK: arith.addi %[[W]], %[[ONE]]
  %w = arith.extsi %x : i32 to i64
  %next = arith.addi %w, %one : i64
  %0 = arith.cmpi slt, %next, %bound : i64
  %a = arith.select %0, %next, %bound : i64
  tt.store %p, %a : !tt.ptr<i64>
  tt.return
}

// What the narrow type cannot hold stays: the bound is the smaller, or the larger, of all.
// CHECK-LABEL: @too_far
tt.func public @too_far(%x: i32, %p: !tt.ptr<i64>) {
  // CHECK: %[[W:.*]] = arith.extsi
  // CHECK-NOT: arith.minsi
  // CHECK: tt.store %{{.*}}, %[[W]]
  %far = arith.constant 4294967296 : i64
  %w = arith.extsi %x : i32 to i64
  %a = arith.minsi %w, %far : i64
  tt.store %p, %a : !tt.ptr<i64>
  tt.return
}

// A sum that may overflow in its own type stays as it is.
// CHECK-LABEL: @overflow
tt.func public @overflow(%x: i64, %p: !tt.ptr<i64>) {
  // CHECK: %[[N:.*]] = arith.addi
  // CHECK: arith.minsi %[[N]]
  %one = arith.constant 1 : i64
  %bound = arith.constant 63 : i64
  %next = arith.addi %x, %one : i64
  %a = arith.minsi %next, %bound : i64
  tt.store %p, %a : !tt.ptr<i64>
  tt.return
}

// CHECK-LABEL: @floats
// CHECK-SAME: %[[X:[a-z]+]]: f32, %[[Y:[a-z]+]]: f32
tt.func public @floats(%x: f32, %y: f32, %p: !tt.ptr<f32>) {
  // CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
  // CHECK-DAG: %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
  %zero = arith.constant 0.0 : f32
  %minus = arith.constant -0.0 : f32
  %one = arith.constant 1.0 : f32
  %nan = arith.cmpf une, %x, %x : f32
  // CHECK: %[[A:.*]] = arith.maximumf %[[X]], %[[ZERO]]
  %0 = arith.cmpf ogt, %x, %zero : f32
  %1 = arith.ori %0, %nan : i1
  %a = arith.select %1, %x, %zero : f32
  // CHECK: %[[B:.*]] = arith.minimumf %[[X]], %[[ONE]]
  %2 = arith.cmpf olt, %x, %one : f32
  %3 = arith.ori %nan, %2 : i1
  %b = arith.select %3, %x, %one : f32
  tt.store %p, %a : !tt.ptr<f32>
  tt.store %p, %b : !tt.ptr<f32>
  // Zeros of the other sign would come out, or a zero of unknown sign, or a number for NaN.
  // CHECK-COUNT-4: arith.select
  %4 = arith.cmpf ogt, %x, %minus : f32
  %5 = arith.ori %4, %nan : i1
  %c = arith.select %5, %x, %minus : f32
  %6 = arith.cmpf olt, %x, %zero : f32
  %7 = arith.ori %6, %nan : i1
  %d = arith.select %7, %x, %zero : f32
  %8 = arith.cmpf ogt, %x, %y : f32
  %9 = arith.ori %8, %nan : i1
  %e = arith.select %9, %x, %y : f32
  %f = arith.select %0, %x, %zero : f32
  tt.store %p, %c : !tt.ptr<f32>
  tt.store %p, %d : !tt.ptr<f32>
  tt.store %p, %e : !tt.ptr<f32>
  tt.store %p, %f : !tt.ptr<f32>
  tt.return
}

// CHECK-LABEL: @booleans
// CHECK-SAME: %[[P:[a-z]+]]: i1, %[[X:[a-z]+]]: i32, %[[Y:[a-z]+]]: i32
tt.func public @booleans(%p: i1, %x: i32, %y: i32, %to: !tt.ptr<i1>) {
  // CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : i32
  // CHECK-DAG: %[[TWO:.*]] = arith.constant 2 : i32
  %zero = arith.constant 0 : i32
  %two = arith.constant 2 : i32
  // CHECK: %[[BIT:.*]] = arith.remui %[[X]], %[[TWO]]
  %bit = arith.remui %x, %two : i32
  // CHECK: %[[A:.*]] = arith.cmpi ne, %[[BIT]], %[[ZERO]]
  // CHECK: arith.xori %[[P]], %[[A]]
  %w = arith.extui %p : i1 to i32
  %0 = arith.xori %w, %bit : i32
  %a = arith.cmpi ne, %0, %zero : i32
  tt.store %to, %a : !tt.ptr<i1>
  // CHECK: %[[B:.*]] = arith.cmpi eq, %[[BIT]], %[[ZERO]]
  // CHECK: arith.xori %[[P]], %[[B]]
  %b = arith.cmpi eq, %bit, %w : i32
  tt.store %to, %b : !tt.ptr<i1>
  // CHECK: arith.cmpi eq, %[[X]], %[[Y]]
  %1 = arith.xori %x, %y : i32
  %c = arith.cmpi eq, %1, %zero : i32
  tt.store %to, %c : !tt.ptr<i1>
  // What may be two is compared as a number.
  // CHECK: arith.cmpi ne, %{{.*}}, %[[Y]]
  %d = arith.cmpi ne, %w, %y : i32
  tt.store %to, %d : !tt.ptr<i1>
  tt.return
}
