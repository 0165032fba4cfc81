// RUN: not tritonc %s --target cpu --emit llir 2>&1 | FileCheck %s
// A reshape of an expression whose coordinates are no digits.

// CHECK: unsupported_reshape.mlir:[[#@LINE+3]]:{{[0-9]+}}: error: a shape whose sizes are not powers of two
tt.func public @k(%p: !tt.ptr<i32>) {
  %i = tt.make_range {end = 12 : i32, start = 0 : i32} : tensor<12xi32>
  %r = tt.reshape %i : tensor<12xi32> -> tensor<3x4xi32>
  %q = tt.splat %p : !tt.ptr<i32> -> tensor<3x4x!tt.ptr<i32>>
  %a = tt.addptr %q, %r : tensor<3x4x!tt.ptr<i32>>, tensor<3x4xi32>
  tt.store %a, %r : tensor<3x4x!tt.ptr<i32>>
  tt.return
}
