// RUN: tritonc %s --passes fold --emit ttir --no-locations | FileCheck %s
// Pointers, masks, and control flow on constants.

// CHECK-LABEL: @pointers
// CHECK-SAME: %[[P:[a-z]+]]: !tt.ptr<f32>
tt.func public @pointers(%p: !tt.ptr<f32>, %x: f32) {
  // CHECK-DAG: %[[SEVEN:.*]] = arith.constant 7 : i32
  // CHECK-DAG: %[[MOST:.*]] = arith.constant 2147483647 : i32
  %zero = arith.constant 0 : i32
  %three = arith.constant 3 : i32
  %four = arith.constant 4 : i32
  %most = arith.constant 2147483647 : i32
  %0 = tt.addptr %p, %zero : !tt.ptr<f32>, i32
  %1 = tt.addptr %0, %three : !tt.ptr<f32>, i32
  %2 = tt.addptr %1, %four : !tt.ptr<f32>, i32
  // CHECK: %[[Q:.*]] = tt.addptr %[[P]], %[[SEVEN]]
  // CHECK: tt.store %[[Q]]
  tt.store %2, %x : !tt.ptr<f32>
  // The sum would wrap around in 32 bits: two steps.
  // CHECK: %[[R:.*]] = tt.addptr %[[P]], %[[MOST]]
  // CHECK: tt.addptr %[[R]]
  %3 = tt.addptr %p, %most : !tt.ptr<f32>, i32
  %4 = tt.addptr %3, %four : !tt.ptr<f32>, i32
  tt.store %4, %x : !tt.ptr<f32>
  tt.return
}

// CHECK-LABEL: @masks
// CHECK-SAME: %[[P:[a-z]+]]: tensor<8x!tt.ptr<f32>>, %[[O:[a-z]+]]: tensor<8xf32>, %[[M:[a-z]+]]: tensor<8xi1>
tt.func public @masks(%p: tensor<8x!tt.ptr<f32>>, %other: tensor<8xf32>, %m: tensor<8xi1>) {
  // CHECK: %[[ZEROS:.*]] = arith.constant dense<0.000000e+00> : tensor<8xf32>
  %all = arith.constant dense<true> : tensor<8xi1>
  %none = arith.constant dense<false> : tensor<8xi1>
  // CHECK: %[[A:.*]] = tt.load %[[P]] : tensor<8x!tt.ptr<f32>>
  // CHECK: tt.store %[[P]], %[[A]] : tensor<8x!tt.ptr<f32>>
  %0 = tt.load %p, %all, %other : tensor<8x!tt.ptr<f32>>
  tt.store %p, %0, %all : tensor<8x!tt.ptr<f32>>
  // CHECK-NEXT: tt.store %[[P]], %[[O]]
  %1 = tt.load %p, %none, %other : tensor<8x!tt.ptr<f32>>
  tt.store %p, %1 : tensor<8x!tt.ptr<f32>>
  // CHECK-NEXT: tt.store %[[P]], %[[ZEROS]]
  %2 = tt.load %p, %none : tensor<8x!tt.ptr<f32>>
  tt.store %p, %2 : tensor<8x!tt.ptr<f32>>
  tt.store %p, %2, %none : tensor<8x!tt.ptr<f32>>
  // CHECK-NEXT: tt.load %[[P]], %[[M]], %[[O]]
  %3 = tt.load %p, %m, %other : tensor<8x!tt.ptr<f32>>
  // CHECK-NEXT: tt.store {{.*}}, %[[M]]
  tt.store %p, %3, %m : tensor<8x!tt.ptr<f32>>
  // CHECK-NEXT: tt.return
  tt.return
}

// CHECK-LABEL: @conditionals
// CHECK-SAME: %[[C:[a-z]+]]: i1, %[[X:[a-z]+]]: i32, %[[Y:[a-z]+]]: i32
tt.func public @conditionals(%c: i1, %x: i32, %y: i32, %p: !tt.ptr<i32>) {
  %false = arith.constant false
  // CHECK-NEXT: tt.store %{{.*}}, %[[Y]]
  %0 = scf.if %false -> i32 {
    tt.store %p, %x : !tt.ptr<i32>
    scf.yield %x : i32
  } else {
    scf.yield %y : i32
  }
  tt.store %p, %0 : !tt.ptr<i32>
  // CHECK-NEXT: %[[S:.*]] = arith.select %[[C]], %[[X]], %[[Y]]
  // CHECK-NEXT: tt.store %{{.*}}, %[[S]]
  %1 = scf.if %c -> i32 {
    scf.yield %x : i32
  } else {
    scf.yield %y : i32
  }
  tt.store %p, %1 : !tt.ptr<i32>
  // CHECK-NEXT: scf.if %[[C]]
  scf.if %c {
    tt.store %p, %x : !tt.ptr<i32>
  }
  // CHECK: %[[N:.*]] = arith.cmpi sge, %[[X]], %[[Y]]
  // CHECK-NEXT: scf.if %[[N]] {
  // CHECK-NEXT: tt.store
  // CHECK-NEXT: }
  %less = arith.cmpi slt, %x, %y : i32
  scf.if %less {
  } else {
    tt.store %p, %y : !tt.ptr<i32>
  }
  tt.return
}

// CHECK-LABEL: @loops
// CHECK-SAME: %[[X:[a-z]+]]: i32, %[[N:[a-z]+]]: i32
tt.func public @loops(%x: i32, %n: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %five = arith.constant 5 : i32
  // No iteration.
  %0 = scf.for %i = %five to %zero step %one iter_args(%a = %x) -> (i32) : i32 {
    %b = arith.addi %a, %i : i32
    scf.yield %b : i32
  }
  // CHECK: tt.store %{{.*}}, %[[X]]
  tt.store %p, %0 : !tt.ptr<i32>
  // One iteration.
  %1 = scf.for %i = %one to %five step %five iter_args(%a = %x) -> (i32) : i32 {
    %b = arith.addi %a, %i : i32
    scf.yield %b : i32
  }
  // CHECK: %[[S:.*]] = arith.addi %[[X]]
  // CHECK: tt.store %{{.*}}, %[[S]]
  tt.store %p, %1 : !tt.ptr<i32>
  // A value that is carried and never changed.
  // CHECK: scf.for
  // CHECK: tt.store %{{.*}}, %[[X]]
  %2 = scf.for %i = %zero to %n step %one iter_args(%a = %x) -> (i32) : i32 {
    tt.store %p, %a : !tt.ptr<i32>
    scf.yield %a : i32
  }
  // CHECK: }
  // CHECK-NEXT: tt.store %{{.*}}, %[[X]]
  tt.store %p, %2 : !tt.ptr<i32>
  tt.return
}

// A sum with a product that starts from zero is an accumulation; not where the product is needed by itself.
// CHECK-LABEL: @accumulate
tt.func public @accumulate(%a: tensor<16x16xf16>, %b: tensor<16x16xf16>, %c: tensor<16x16xf32>, %p: tensor<16x16x!tt.ptr<f32>>) {
  %zero = arith.constant dense<0.000000e+00> : tensor<16x16xf32>
  %0 = tt.dot %a, %b, %zero, inputPrecision = ieee : tensor<16x16xf16> * tensor<16x16xf16> -> tensor<16x16xf32>
  %1 = arith.mulf %c, %c : tensor<16x16xf32>
  // CHECK: %[[M:.*]] = arith.mulf
  // CHECK-NEXT: %[[D:.*]] = tt.dot %{{.*}}, %{{.*}}, %[[M]]
  // CHECK-NEXT: tt.store %{{.*}}, %[[D]]
  %2 = arith.addf %1, %0 : tensor<16x16xf32>
  tt.store %p, %2 : tensor<16x16x!tt.ptr<f32>>
  // CHECK: tt.dot
  // CHECK: arith.addf
  %3 = tt.dot %b, %a, %zero, inputPrecision = ieee : tensor<16x16xf16> * tensor<16x16xf16> -> tensor<16x16xf32>
  %4 = arith.addf %3, %c : tensor<16x16xf32>
  tt.store %p, %3 : tensor<16x16x!tt.ptr<f32>>
  tt.store %p, %4 : tensor<16x16x!tt.ptr<f32>>
  tt.return
}
