// RUN: env TRITONC_DUMP=gpu-divide tritonc %s --target cuda:90 --emit ptx -o %t.ptx 2>&1 | FileCheck %s
// RUN: FileCheck %s --check-prefix=PTX --input-file=%t.ptx
// Quotient and remainder of the same operands take one division, whichever comes first. 64-bit ones are done in 32 bits
// where the operands are found to fit at run time, asked once for all elements of a thread, or are known to.

// CHECK-LABEL: @remainder_first
// CHECK: %[[Q:.*]] = arith.divsi %[[X:.*]], %[[Y:.*]] :
// CHECK-NEXT: %[[M:.*]] = arith.muli %[[Q]], %[[Y]]
// CHECK-NEXT: %[[R:.*]] = arith.subi %[[X]], %[[M]]
// CHECK-NOT: arith.divsi
// CHECK-NOT: arith.remsi
// CHECK: arith.remui
// CHECK: arith.divsi
// CHECK: arith.remsi
// PTX: setp.ne.b32
// PTX: div.u32
// PTX: div.u32
// PTX: div.s64
// PTX: div.s64
// PTX: rem.u32
// PTX: rem.u32
// PTX-NOT: rem.u64
tt.func public @remainder_first(%p: !tt.ptr<i64>, %d: i64, %n: i32, %m: i32, %c: i1) {
  %o = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %ps = tt.splat %p : !tt.ptr<i64> -> tensor<256x!tt.ptr<i64>>
  %at = tt.addptr %ps, %o : tensor<256x!tt.ptr<i64>>, tensor<256xi32>
  %x = tt.load %at : tensor<256x!tt.ptr<i64>>
  %y = tt.splat %d : i64 -> tensor<256xi64>
  %r = arith.remsi %x, %y : tensor<256xi64>
  %q = arith.divsi %x, %y : tensor<256xi64>
  // Another pair of operands, and of small numbers.
  %w = arith.extui %o : tensor<256xi32> to tensor<256xi64>
  %nu = arith.extui %n : i32 to i64
  %ns = tt.splat %nu : i64 -> tensor<256xi64>
  %s = arith.remui %w, %ns : tensor<256xi64>
  %a = arith.addi %q, %r : tensor<256xi64>
  %b = arith.addi %a, %s : tensor<256xi64>
  tt.store %at, %b : tensor<256x!tt.ptr<i64>>
  // A quotient in one branch does not serve the other.
  %pick = scf.if %c -> i32 {
    %u = arith.divsi %n, %m : i32
    scf.yield %u : i32
  } else {
    %v = arith.remsi %n, %m : i32
    scf.yield %v : i32
  }
  %e = arith.extsi %pick : i32 to i64
  tt.store %p, %e : !tt.ptr<i64>
  tt.return
}
