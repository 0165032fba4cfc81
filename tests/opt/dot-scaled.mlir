// RUN: tritonc %s --emit ttir --passes dot-scaled --no-locations | FileCheck %s
// A scaled dot becomes a dot of bf16 (f16 where one operand is that): elements unpacked, scales multiplied in.

// Two e2m1 in a byte are joined along the packed dimension; a power of two is the exponent of a bf16.
// CHECK-LABEL: @packed
// CHECK: tt.join {{.*}} -> tensor<16x32x2xbf16>
// CHECK: %[[A:.*]] = tt.reshape {{.*}} : tensor<16x32x2xbf16> -> tensor<16x64xbf16>
// CHECK: arith.shli {{.*}} : tensor<16x2xi16>
// CHECK: math.fma {{.*}} : tensor<16x2xbf16>
// CHECK: tt.broadcast {{.*}} : tensor<16x2x1xbf16> -> tensor<16x2x32xbf16>
// CHECK: %[[S:.*]] = tt.reshape {{.*}} : tensor<16x2x32xbf16> -> tensor<16x64xbf16>
// CHECK: %[[AS:.*]] = arith.mulf %[[A]], %[[S]] : tensor<16x64xbf16>
// CHECK: %[[B:.*]] = tt.fp_to_fp %b : tensor<64x16xf8E5M2> -> tensor<64x16xbf16>
// CHECK: tt.dot %[[AS]], %[[B]], %c : tensor<16x64xbf16> * tensor<64x16xbf16> -> tensor<16x16xf32>
// CHECK-NOT: tt.dot_scaled
tt.func public @packed(%a: tensor<16x32xi8>, %sa: tensor<16x2xi8>, %b: tensor<64x16xf8E5M2>, %c: tensor<16x16xf32>) -> tensor<16x16xf32> {
  %d = tt.dot_scaled %a scale %sa, %b, %c lhs = e2m1 rhs = e5m2 {fastMath = false} : tensor<16x32xi8>, tensor<16x2xi8> * tensor<64x16xf8E5M2> -> tensor<16x16xf32>
  tt.return %d : tensor<16x16xf32>
}

// The right operand packed along its columns, without NaN scales, beside f16.
// CHECK-LABEL: @half
// CHECK-NOT: math.fma
// CHECK: %[[J:.*]] = tt.join {{.*}} -> tensor<64x8x2xf16>
// CHECK-NEXT: tt.reshape %[[J]] : tensor<64x8x2xf16> -> tensor<64x16xf16>
// CHECK: tt.trans {{.*}} {order = array<i32: 1, 0>} : tensor<16x64xf16> -> tensor<64x16xf16>
// CHECK: tt.dot %a, {{.*}} : tensor<16x64xf16> * tensor<64x16xf16> -> tensor<16x16xf32>
tt.func public @half(%a: tensor<16x64xf16>, %b: tensor<64x8xi8>, %sb: tensor<16x2xi8>, %c: tensor<16x16xf32>) -> tensor<16x16xf32> {
  %d = tt.dot_scaled %a, %b scale %sb, %c lhs = fp16 rhs = e2m1 {fastMath = true, rhs_k_pack = false} : tensor<16x64xf16> * tensor<64x8xi8>, tensor<16x2xi8> -> tensor<16x16xf32>
  tt.return %d : tensor<16x16xf32>
}
