// RUN: tritonc %s --passes unroll-tiles,fold,cse --emit ttir --no-locations | FileCheck %s
// Loops over narrow tiles: four iterations at a time, without the masks that hold in all of them; then what is left.

// CHECK-LABEL: @row_sums
// CHECK-SAME: %[[X:[a-z]+]]: !tt.ptr<f32>, %{{[a-z]+}}: !tt.ptr<f32>, %[[N:[a-z]+]]: i32
tt.func public @row_sums(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %n: i32) {
  // of the iterations whose last number, 31 further, is below n, and so in three more steps
  // CHECK: %[[WIDE:.*]] = arith.extsi %[[N]] : i32 to i64
  // CHECK: arith.subi %{{.*}}, %c31_i64 : i64
  // CHECK: arith.subi %{{.*}}, %c96_i64 : i64
  // CHECK: arith.divui %{{.*}}, %c128_i64 : i64
  // CHECK: arith.minsi %{{.*}}, %[[WIDE]] : i64
  // CHECK: %[[MIDDLE:.*]] = arith.trunci %{{.*}} : i64 to i32
  // CHECK: %[[SUM:.*]] = scf.for %[[K:.*]] = %{{.*}} to %[[MIDDLE]] step %c128
  // CHECK-NOT: arith.cmpi
  // CHECK-COUNT-4: tt.load %{{[0-9a-z_]+}} : tensor<32x!tt.ptr<f32>>
  // CHECK: scf.yield
  // CHECK: scf.for %{{.*}} = %[[MIDDLE]] to %[[N]] step %c32{{.*}} iter_args(%{{.*}} = %[[SUM]])
  // CHECK: arith.cmpi slt
  // CHECK: tt.load %{{.*}}, %{{.*}}, %{{.*}} : tensor<32x!tt.ptr<f32>>
  %c0 = arith.constant 0 : i32
  %c32 = arith.constant 32 : i32
  %zero = arith.constant dense<0.0> : tensor<32xf32>
  %range = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %ns = tt.splat %n : i32 -> tensor<32xi32>
  %ps = tt.splat %x : !tt.ptr<f32> -> tensor<32x!tt.ptr<f32>>
  %sum = scf.for %k = %c0 to %n step %c32 iter_args(%acc = %zero) -> (tensor<32xf32>) : i32 {
    %k0 = tt.splat %k : i32 -> tensor<32xi32>
    %cols = arith.addi %k0, %range : tensor<32xi32>
    %m = arith.cmpi slt, %cols, %ns : tensor<32xi32>
    %at = tt.addptr %ps, %cols : tensor<32x!tt.ptr<f32>>, tensor<32xi32>
    %v = tt.load %at, %m, %zero : tensor<32x!tt.ptr<f32>>
    %a = arith.addf %acc, %v : tensor<32xf32>
    scf.yield %a : tensor<32xf32>
  }
  %r = "tt.reduce"(%sum) <{axis = 0 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tt.reduce.return %c : f32
  }) : (tensor<32xf32>) -> f32
  tt.store %y, %r : !tt.ptr<f32>
  tt.return
}

// A maximum is taken of the four tiles first; n - k * 16 counts down.
// CHECK-LABEL: @row_maximum
// CHECK: scf.for
// CHECK-COUNT-4: tt.load
// CHECK: "tt.reduce"
// CHECK-NOT: "tt.reduce"
// CHECK: scf.yield
// CHECK: scf.for
// CHECK: "tt.reduce"
tt.func public @row_maximum(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %n: i32, %turns: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c16 = arith.constant 16 : i32
  %least = arith.constant 0xFF800000 : f32
  %low = arith.constant dense<0xFF800000> : tensor<16xf32>
  %range = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %most = scf.for %k = %c0 to %turns step %c1 iter_args(%acc = %least) -> (f32) : i32 {
    %from = arith.muli %k, %c16 : i32
    %left = arith.subi %n, %from : i32
    %lefts = tt.splat %left : i32 -> tensor<16xi32>
    %m = arith.cmpi slt, %range, %lefts : tensor<16xi32>
    %p = tt.addptr %x, %from : !tt.ptr<f32>, i32
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>>
    %at = tt.addptr %ps, %range : tensor<16x!tt.ptr<f32>>, tensor<16xi32>
    %v = tt.load %at, %m, %low : tensor<16x!tt.ptr<f32>>
    %r = "tt.reduce"(%v) <{axis = 0 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %c = arith.maxnumf %a, %b : f32
      tt.reduce.return %c : f32
    }) : (tensor<16xf32>) -> f32
    %next = arith.maxnumf %acc, %r : f32
    scf.yield %next : f32
  }
  tt.store %y, %most : !tt.ptr<f32>
  tt.return
}
