// RUN: tritonc %s --passes batch-programs --emit ttir --no-locations | FileCheck %s
// A program that adds up its own strip of a row, which no other may be part of, stays as it is.

// CHECK: tt.func public @parts(
// CHECK-NOT: batch
tt.func public @parts(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %m: i32, %n: i32) {
  %c16 = arith.constant 16 : i32
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<16xf32>
  %pid = tt.get_program_id x : i32
  %start = arith.muli %pid, %c16 : i32
  %range = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %starts = tt.splat %start : i32 -> tensor<16xi32>
  %cols = arith.addi %starts, %range : tensor<16xi32>
  scf.for %i = %c0 to %m step %c1 : i32 {
    %row = arith.muli %i, %n : i32
    %p = tt.addptr %x, %row : !tt.ptr<f32>, i32
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>>
    %at = tt.addptr %ps, %cols : tensor<16x!tt.ptr<f32>>, tensor<16xi32>
    %v = tt.load %at : tensor<16x!tt.ptr<f32>>
    %sum = "tt.reduce"(%v) <{axis = 0 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %c = arith.addf %a, %b : f32
      tt.reduce.return %c : f32
    }) : (tensor<16xf32>) -> f32
    %q = tt.addptr %y, %i : !tt.ptr<f32>, i32
    tt.store %q, %sum : !tt.ptr<f32>
  }
  tt.return
}
