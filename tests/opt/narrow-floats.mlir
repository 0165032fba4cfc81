// RUN: tritonc %s --passes narrow-floats --emit ttir --no-locations | FileCheck %s
// Arithmetic on 8-bit floats in f32.

// CHECK-LABEL: @sum
// CHECK: %[[A:.*]] = tt.fp_to_fp %{{.*}} : tensor<64xf8E4M3FN> -> tensor<64xf32>
// CHECK: %[[B:.*]] = tt.fp_to_fp %{{.*}} : tensor<64xf8E4M3FN> -> tensor<64xf32>
// CHECK: %[[S:.*]] = arith.addf %[[A]], %[[B]] : tensor<64xf32>
// CHECK: tt.fp_to_fp %[[S]], rounding = rtne : tensor<64xf32> -> tensor<64xf8E4M3FN>
tt.func public @sum(%x: tensor<64xf8E4M3FN>, %y: tensor<64xf8E4M3FN>) -> tensor<64xf8E4M3FN> {
  %s = arith.addf %x, %y : tensor<64xf8E4M3FN>
  tt.return %s : tensor<64xf8E4M3FN>
}

// CHECK-LABEL: @others
// CHECK: math.absf %{{.*}} : f32
// CHECK: arith.cmpf olt, %{{.*}} : f32
// CHECK: arith.sitofp %{{.*}} : i32 to f32
// CHECK: tt.fp_to_fp %{{.*}} : f8E5M2 -> f16
tt.func public @others(%x: f8E5M2, %i: i32) -> (f8E5M2, i1, f8E5M2, f16) {
  %a = math.absf %x : f8E5M2
  %c = arith.cmpf olt, %x, %a : f8E5M2
  %f = arith.sitofp %i : i32 to f8E5M2
  %h = arith.extf %x : f8E5M2 to f16
  tt.return %a, %c, %f, %h : f8E5M2, i1, f8E5M2, f16
}

// What has code of its own stays.
// CHECK-LABEL: @kept
// CHECK-NOT: f32
// CHECK: arith.select
// CHECK-NEXT: arith.addf %{{.*}} : f16
tt.func public @kept(%c: i1, %x: f8E5M2, %y: f8E5M2, %h: f16) -> (f8E5M2, f16) {
  %s = arith.select %c, %x, %y : f8E5M2
  %t = arith.addf %h, %h : f16
  tt.return %s, %t : f8E5M2, f16
}
