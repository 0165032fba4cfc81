// RUN: tritonc %s --target cuda:90 --emit ptx | FileCheck %s
// Counts of 64-bit shifts have 64 bits, PTX's have 32: 2^32 shifts everything out, as 64 does, and not nothing.

// CHECK-LABEL: .entry shifts
// CHECK: cvt.sat.u32.u64 n, {{.*}}; shl.b64
// CHECK: cvt.sat.u32.u64 n, {{.*}}; shr.u64
// CHECK: cvt.sat.u32.u64 n, {{.*}}; shr.s64
tt.func public @shifts(%p: !tt.ptr<i64>, %x: i64, %n: i64) {
  %l = arith.shli %x, %n : i64
  %r = arith.shrui %l, %n : i64
  %s = arith.shrsi %r, %n : i64
  tt.store %p, %s : !tt.ptr<i64>
  tt.return
}
