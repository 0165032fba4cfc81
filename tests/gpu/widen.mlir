// RUN: tritonc %s --target cuda:90 --emit ptx | FileCheck %s
// RUN: tritonc %s --target cuda:90 --emit llir | FileCheck %s --check-prefix=LLIR
// An address takes one wide product of its 32-bit index; two accesses of one index share it. Products of extended numbers
// are one as well, signed and unsigned, but not of one that is extended in either way, nor by what has more than 32 bits.

// CHECK: mul.wide.u32 [[AT:%d[0-9]+]], {{.*}}, 8;
// CHECK: add.s64 {{.*}}, [[AT]];
// LLIR: [[T0:%t[0-9]+]] = zext i32 {{.*}} to i64
// LLIR-NEXT: [[T1:%t[0-9]+]] = zext i32 8 to i64
// LLIR-NEXT: mul i64 [[T0]], [[T1]]
tt.func public @widen(%p: !tt.ptr<i64>, %q: !tt.ptr<i64>, %a: i32, %b: i32) {
  %o = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<i64> -> tensor<128x!tt.ptr<i64>>
  %at = tt.addptr %ps, %o : tensor<128x!tt.ptr<i64>>, tensor<128xi32>
  %x = tt.load %at : tensor<128x!tt.ptr<i64>>
  // CHECK: mul.wide.s32 [[SIGNED:%d[0-9]+]], [[A:%r[0-9]+]], [[B:%r[0-9]+]];
  %as = arith.extsi %a : i32 to i64
  %bs = arith.extsi %b : i32 to i64
  %signed = arith.muli %as, %bs : i64
  // CHECK: mul.wide.u32 [[UNSIGNED:%d[0-9]+]], [[A]], [[B]];
  %au = arith.extui %a : i32 to i64
  %bu = arith.extui %b : i32 to i64
  %unsigned = arith.muli %au, %bu : i64
  // CHECK: mul.lo.u64
  %mixed = arith.muli %as, %bu : i64
  // CHECK: mul.lo.u64
  %large = arith.constant 4294967297 : i64
  %far = arith.muli %as, %large : i64
  %s = arith.addi %signed, %unsigned : i64
  %t = arith.addi %mixed, %far : i64
  %u = arith.xori %s, %t : i64
  %us = tt.splat %u : i64 -> tensor<128xi64>
  %y = arith.addi %x, %us : tensor<128xi64>
  %qs = tt.splat %q : !tt.ptr<i64> -> tensor<128x!tt.ptr<i64>>
  %to = tt.addptr %qs, %o : tensor<128x!tt.ptr<i64>>, tensor<128xi32>
  // CHECK: add.s64 [[TO:%d[0-9]+]], {{.*}}, [[AT]];
  tt.store %to, %y : tensor<128x!tt.ptr<i64>>
  tt.return
}
