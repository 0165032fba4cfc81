// RUN: not tritonc %s --target cpu --emit llir 2>&1 | FileCheck %s
// What a reduction's function may not do.

// CHECK: unsupported_combine.mlir:[[#@LINE+5]]:{{[0-9]+}}: error: tt.load in a combine function is not supported on the CPU
tt.func public @k(%p: !tt.ptr<i32>, %f: !tt.ptr<i32>) {
  %i = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %s = "tt.reduce"(%i) ({
  ^bb0(%a: i32, %b: i32):
    %x = tt.load %f : !tt.ptr<i32>
    %c = arith.addi %a, %x : i32
    tt.reduce.return %c : i32
  }) {axis = 0 : i32} : (tensor<16xi32>) -> i32
  tt.store %p, %s : !tt.ptr<i32>
  tt.return
}
