// RUN: tritonc %s --emit ttir --passes version-loops,fold,cse --no-locations | FileCheck %s
// Where every loop over tiles runs once, the function takes a way without loops, on which their loads are one.

// CHECK-LABEL: @mean
// CHECK-DAG: %[[ENDS:.*]] = arith.cmpi sle, %n, %c16 : i32
// CHECK-DAG: %[[BEGINS:.*]] = arith.cmpi sgt, %n, %c0 : i32
// CHECK: %[[ONCE:.*]] = arith.andi %[[BEGINS]], %[[ENDS]] : i1
// CHECK: scf.if
// CHECK-NOT: scf.for
// CHECK: tt.load
// CHECK: "tt.reduce"
// CHECK-NOT: tt.load
// CHECK: tt.store
// CHECK: } else {
// CHECK: scf.for
// CHECK: "tt.reduce"
// CHECK: scf.for
// CHECK: tt.load
// CHECK: tt.store
// CHECK-NOT: scf.if
tt.func public @mean(%x: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c16 = arith.constant 16 : i32
  %zero = arith.constant dense<0.0> : tensor<16xf32>
  %r = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>>
  %acc = scf.for %i = %c0 to %n step %c16 iter_args(%a = %zero) -> (tensor<16xf32>) : i32 {
    %at = tt.splat %i : i32 -> tensor<16xi32>
    %o = arith.addi %at, %r : tensor<16xi32>
    %p = tt.addptr %xs, %o : tensor<16x!tt.ptr<f32>>, tensor<16xi32>
    %v = tt.load %p : tensor<16x!tt.ptr<f32>>
    %s = arith.addf %a, %v : tensor<16xf32>
    scf.yield %s : tensor<16xf32>
  }
  %sum = "tt.reduce"(%acc) <{axis = 0 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tt.reduce.return %c : f32
  }) : (tensor<16xf32>) -> f32
  %sums = tt.splat %sum : f32 -> tensor<16xf32>
  scf.for %i = %c0 to %n step %c16 : i32 {
    %at = tt.splat %i : i32 -> tensor<16xi32>
    %o = arith.addi %at, %r : tensor<16xi32>
    %p = tt.addptr %xs, %o : tensor<16x!tt.ptr<f32>>, tensor<16xi32>
    %v = tt.load %p : tensor<16x!tt.ptr<f32>>
    %w = arith.subf %v, %sums : tensor<16xf32>
    tt.store %p, %w : tensor<16x!tt.ptr<f32>>
  }
  tt.return
}

// No tensor is carried: there is nothing to gain. The same where the number of turns is known.
// CHECK-LABEL: @plain
// CHECK-NOT: scf.if
// CHECK-LABEL: @known
// CHECK-NOT: scf.if
tt.func public @plain(%x: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %one = arith.constant 1.0 : f32
  scf.for %i = %c0 to %n step %c1 : i32 {
    %p = tt.addptr %x, %i : !tt.ptr<f32>, i32
    tt.store %p, %one : !tt.ptr<f32>
  }
  tt.return
}

tt.func public @known(%x: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c4 = arith.constant 4 : i32
  %zero = arith.constant dense<0.0> : tensor<16xf32>
  %one = arith.constant dense<1.0> : tensor<16xf32>
  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>>
  %acc = scf.for %i = %c0 to %c4 step %c1 iter_args(%a = %zero) -> (tensor<16xf32>) : i32 {
    %s = arith.addf %a, %one : tensor<16xf32>
    scf.yield %s : tensor<16xf32>
  }
  tt.store %xs, %acc : tensor<16x!tt.ptr<f32>>
  tt.return
}
