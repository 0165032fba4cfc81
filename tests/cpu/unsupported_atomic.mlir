// RUN: not tritonc %s --target cpu --emit llir 2>&1 | FileCheck %s
// An atomic operation that there is no instruction for on these elements.

// CHECK: unsupported_atomic.mlir:[[#@LINE+4]]:{{[0-9]+}}: error: atomic operation "max" on f32 is not supported on the CPU
tt.func public @k(%p: !tt.ptr<f32>) {
  %c = arith.constant 1.0 : f32
  %m = arith.constant true
  %b = tt.atomic_rmw max, acq_rel, gpu, %p, %c, %m : (!tt.ptr<f32>, f32, i1) -> f32
  tt.return
}
