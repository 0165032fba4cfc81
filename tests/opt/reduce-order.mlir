// RUN: tritonc %s --emit ttir --passes reduce-order --no-locations | FileCheck %s
// A reduction whose function is not commutative is the last element of a scan; all others stay.

// CHECK-LABEL: @last
// CHECK: "tt.scan"(%x) <{axis = 1 : i32, reverse = false}>
// CHECK: tt.scan.return
// CHECK: tt.bitcast {{.*}} : tensor<4x8xf32> -> tensor<4x8xi32>
// CHECK: arith.select {{.*}} : tensor<4x8xi1>, tensor<4x8xi32>
// CHECK: "tt.reduce"
// CHECK: arith.ori
// CHECK: tt.bitcast {{.*}} : tensor<4xi32> -> tensor<4xf32>
tt.func public @last(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %r = "tt.reduce"(%x) <{axis = 1 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    %p = arith.cmpf oeq, %b, %b : f32
    %s = arith.select %p, %b, %a : f32
    tt.reduce.return %s : f32
  }) : (tensor<4x8xf32>) -> tensor<4xf32>
  tt.return %r : tensor<4xf32>
}

// The same either way, by more than one operation.
// CHECK-LABEL: @greatest
// CHECK-NOT: tt.scan
// CHECK: tt.return
tt.func public @greatest(%x: tensor<8xf32>, %i: tensor<8xi32>) -> i32 {
  %r:2 = "tt.reduce"(%x, %i) <{axis = 0 : i32}> ({
  ^bb0(%a: f32, %ai: i32, %b: f32, %bi: i32):
    %0 = arith.cmpf ogt, %a, %b : f32
    %1 = arith.cmpf oeq, %a, %b : f32
    %2 = arith.cmpi slt, %ai, %bi : i32
    %3 = arith.andi %1, %2 : i1
    %4 = arith.ori %0, %3 : i1
    %5 = arith.select %4, %a, %b : f32
    %6 = arith.select %4, %ai, %bi : i32
    tt.reduce.return %5, %6 : f32, i32
  }) : (tensor<8xf32>, tensor<8xi32>) -> (f32, i32)
  tt.return %r#1 : i32
}

// Without the comparison of numbers the order tells equal elements apart.
// CHECK-LABEL: @earlier
// CHECK: tt.scan
tt.func public @earlier(%x: tensor<8xf32>, %i: tensor<8xi32>) -> i32 {
  %r:2 = "tt.reduce"(%x, %i) <{axis = 0 : i32}> ({
  ^bb0(%a: f32, %ai: i32, %b: f32, %bi: i32):
    %0 = arith.cmpf oge, %a, %b : f32
    %1 = arith.select %0, %a, %b : f32
    %2 = arith.select %0, %ai, %bi : i32
    tt.reduce.return %1, %2 : f32, i32
  }) : (tensor<8xf32>, tensor<8xi32>) -> (f32, i32)
  tt.return %r#1 : i32
}

// The greatest, but the first of those beyond a limit: only numbers near the limit tell.
// CHECK-LABEL: @first_beyond
// CHECK: tt.scan
tt.func public @first_beyond(%x: tensor<8xi32>) -> i32 {
  %r = "tt.reduce"(%x) <{axis = 0 : i32}> ({
  ^bb0(%a: i32, %b: i32):
    %limit = arith.constant 100000 : i32
    %m = arith.maxsi %a, %b : i32
    %0 = arith.cmpi sgt, %b, %limit : i32
    %1 = arith.select %0, %b, %m : i32
    %2 = arith.cmpi sgt, %a, %limit : i32
    %3 = arith.select %2, %a, %1 : i32
    tt.reduce.return %3 : i32
  }) : (tensor<8xi32>) -> i32
  tt.return %r : i32
}

// A limit does not make a function depend on the order.
// CHECK-LABEL: @clamped
// CHECK-NOT: tt.scan
// CHECK: tt.return
tt.func public @clamped(%x: tensor<8xf32>) -> f32 {
  %r = "tt.reduce"(%x) <{axis = 0 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    %limit = arith.constant 1.000000e+02 : f32
    %m = arith.maxnumf %a, %b : f32
    %0 = arith.minnumf %m, %limit : f32
    tt.reduce.return %0 : f32
  }) : (tensor<8xf32>) -> f32
  tt.return %r : f32
}
