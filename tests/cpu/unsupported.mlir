// RUN: not tritonc %s --target cpu --emit llir 2>&1 | FileCheck %s
// What the CPU cannot do is shown where it stands in the IR that was read; what its loc(..) names is said.

// CHECK: unsupported.mlir:[[#@LINE+9]]:8: error: tt.elementwise_inline_asm is not supported on the CPU
// CHECK-NEXT: {{^ *[0-9]+ \|  %b = tt.elementwise_inline_asm "foo"}}
// CHECK-NEXT: {{^ *\|       \^~~~~~~~~~~~~~~~~~~~~~~~~$}}
// CHECK-NEXT: note: this was kernel.py:7:3
// CHECK-NEXT: note: called from kernel.py:12:5
tt.func public @k(%p: !tt.ptr<i32>) {
  %i = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %q = tt.splat %p : !tt.ptr<i32> -> tensor<16x!tt.ptr<i32>>
  %r = tt.addptr %q, %i : tensor<16x!tt.ptr<i32>>, tensor<16xi32>
  %b = tt.elementwise_inline_asm "foo" {constraints = "=r,r", packed_element = 1 : i32, pure = true} %i : tensor<16xi32> -> tensor<16xi32> loc(callsite("kernel.py":7:2 at "kernel.py":12:4))
  tt.store %r, %b : tensor<16x!tt.ptr<i32>>
  tt.return
}
