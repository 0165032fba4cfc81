// RUN: tritonc %s --target cuda:90 --emit ptx | FileCheck %s
// A constant pair of 8-bit floats goes to its conversion in a register: the assembler takes no number there.

// CHECK: mov.b16 [[PAIR:%[a-z]+[0-9]+]],
// CHECK: cvt.rn.f16x2.e5m2x2 %r{{[0-9]+}}, [[PAIR]];
tt.func public @constant(%o: !tt.ptr<f32>) {
  %x = arith.constant dense<0.5> : tensor<16x32xf8E5M2>
  %y = arith.constant dense<2.0> : tensor<32x16xf8E4M3FN>
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %d = tt.dot %x, %y, %zero : tensor<16x32xf8E5M2> * tensor<32x16xf8E4M3FN> -> tensor<16x16xf32>
  %os = tt.splat %o : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>
  tt.store %os, %d : tensor<16x16x!tt.ptr<f32>>
  tt.return
}
