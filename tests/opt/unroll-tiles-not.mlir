// RUN: tritonc %s --passes unroll-tiles,fold --emit ttir --no-locations | FileCheck %s
// Left as they are: strips that are wide already and go on where the last one ended, a loop that stores, and sums of floats.

// CHECK-LABEL: @wide
// CHECK-COUNT-1: scf.for
// CHECK-NOT: scf.for
// CHECK: tt.return
tt.func public @wide(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c256 = arith.constant 256 : i32
  %zero = arith.constant dense<0.0> : tensor<256xf32>
  %range = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %ps = tt.splat %x : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>
  %ys = tt.splat %y : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>
  %to = tt.addptr %ys, %range : tensor<256x!tt.ptr<f32>>, tensor<256xi32>
  %sum = scf.for %k = %c0 to %n step %c256 iter_args(%acc = %zero) -> (tensor<256xf32>) : i32 {
    %k0 = tt.splat %k : i32 -> tensor<256xi32>
    %cols = arith.addi %k0, %range : tensor<256xi32>
    %at = tt.addptr %ps, %cols : tensor<256x!tt.ptr<f32>>, tensor<256xi32>
    %v = tt.load %at : tensor<256x!tt.ptr<f32>>
    %a = arith.addf %acc, %v : tensor<256xf32>
    scf.yield %a : tensor<256xf32>
  }
  tt.store %to, %sum : tensor<256x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @stores
// CHECK-COUNT-1: scf.for
// CHECK-NOT: scf.for
// CHECK: tt.return
tt.func public @stores(%x: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c16 = arith.constant 16 : i32
  %zero = arith.constant dense<0.0> : tensor<16xf32>
  %range = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %ps = tt.splat %x : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>>
  %sum = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zero) -> (tensor<16xf32>) : i32 {
    %k0 = tt.splat %k : i32 -> tensor<16xi32>
    %cols = arith.addi %k0, %range : tensor<16xi32>
    %at = tt.addptr %ps, %cols : tensor<16x!tt.ptr<f32>>, tensor<16xi32>
    %v = tt.load %at : tensor<16x!tt.ptr<f32>>
    %a = arith.addf %acc, %v : tensor<16xf32>
    tt.store %at, %a : tensor<16x!tt.ptr<f32>>
    scf.yield %a : tensor<16xf32>
  }
  tt.return
}

// CHECK-LABEL: @scalar_sum
// CHECK-COUNT-1: scf.for
// CHECK-NOT: scf.for
// CHECK: tt.return
tt.func public @scalar_sum(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c16 = arith.constant 16 : i32
  %zero = arith.constant 0.0 : f32
  %range = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %ps = tt.splat %x : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>>
  %sum = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zero) -> (f32) : i32 {
    %k0 = tt.splat %k : i32 -> tensor<16xi32>
    %cols = arith.addi %k0, %range : tensor<16xi32>
    %at = tt.addptr %ps, %cols : tensor<16x!tt.ptr<f32>>, tensor<16xi32>
    %v = tt.load %at : tensor<16x!tt.ptr<f32>>
    %r = "tt.reduce"(%v) <{axis = 0 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %c = arith.addf %a, %b : f32
      tt.reduce.return %c : f32
    }) : (tensor<16xf32>) -> f32
    %next = arith.addf %acc, %r : f32
    scf.yield %next : f32
  }
  tt.store %y, %sum : !tt.ptr<f32>
  tt.return
}
