// RUN: tritonc %s --target cuda:90 --emit ptx -o - | FileCheck %s
// RUN: tritonc %s --target cuda:80 --emit ptx -o - | FileCheck %s --check-prefix=OLD
// Four bytes of a word become two pairs of 16-bit numbers by permutation and subtraction, without conversions; each of them
// a float in the same way, and 16 bits with a sign are extended by a permutation.

// CHECK-LABEL: .entry bfloats
// CHECK: prmt.b32 %[[BOTH:r[0-9]+]], %r{{[0-9]+}}, 67, 16704;
// CHECK: and.b32 {{.*}}, %[[BOTH]], -8388737;
// CHECK: and.b32 {{.*}}, %[[BOTH]], -8323200;
// CHECK: sub.{{(rn.)?}}bf16x2
// CHECK-NOT: cvt.rn.f32
// OLD-LABEL: .entry bfloats
// OLD: fma.rn.bf16x2
tt.func public @bfloats(%p: !tt.ptr<i8> {tt.divisibility = 16 : i32}, %q: !tt.ptr<bf16> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<i8> -> tensor<1024x!tt.ptr<i8>>
  %qs = tt.splat %q : !tt.ptr<bf16> -> tensor<1024x!tt.ptr<bf16>>
  %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<i8>>, tensor<1024xi32>
  %qq = tt.addptr %qs, %r : tensor<1024x!tt.ptr<bf16>>, tensor<1024xi32>
  %x = tt.load %pp : tensor<1024x!tt.ptr<i8>>
  %y = arith.sitofp %x : tensor<1024xi8> to tensor<1024xbf16>
  tt.store %qq, %y : tensor<1024x!tt.ptr<bf16>>
  tt.return
}

// CHECK-LABEL: .entry halves
// CHECK: prmt.b32
// CHECK: sub.{{(rn.)?}}f16x2
// CHECK-NOT: cvt.rn.f16
tt.func public @halves(%p: !tt.ptr<i8> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f16> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<i8> -> tensor<1024x!tt.ptr<i8>>
  %qs = tt.splat %q : !tt.ptr<f16> -> tensor<1024x!tt.ptr<f16>>
  %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<i8>>, tensor<1024xi32>
  %qq = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f16>>, tensor<1024xi32>
  %x = tt.load %pp : tensor<1024x!tt.ptr<i8>>
  %y = arith.uitofp %x : tensor<1024xi8> to tensor<1024xf16>
  tt.store %qq, %y : tensor<1024x!tt.ptr<f16>>
  tt.return
}

// A bfloat is widened in the word that it was loaded in, and not taken out first.
// CHECK-LABEL: .entry widened
// CHECK: ld.global.v2.b32 {%[[W:r[0-9]+]], {{.*}}}
// CHECK-NOT: mov.b32 {
// CHECK: shl.b32 {{.*}}, %[[W]], 16;
// CHECK-NEXT: and.b32 {{.*}}, %[[W]], -65536;
// CHECK-NOT: mov.b32 {
// CHECK: ret;
tt.func public @widened(%p: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<bf16> -> tensor<1024x!tt.ptr<bf16>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<bf16>>, tensor<1024xi32>
  %qq = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %x = tt.load %pp : tensor<1024x!tt.ptr<bf16>>
  %y = arith.extf %x : tensor<1024xbf16> to tensor<1024xf32>
  tt.store %qq, %y : tensor<1024x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: .entry floats
// CHECK-COUNT-4: prmt.b32 {{.*}}, 1258291200, {{297(60|61|62|63)}};
// CHECK: sub.rn.f32 {{.*}}, 0f4B000000;
// CHECK-NOT: cvt.rn.f32
tt.func public @floats(%p: !tt.ptr<i8> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<i8> -> tensor<1024x!tt.ptr<i8>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<i8>>, tensor<1024xi32>
  %qq = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %x = tt.load %pp : tensor<1024x!tt.ptr<i8>>
  %y = arith.uitofp %x : tensor<1024xi8> to tensor<1024xf32>
  tt.store %qq, %y : tensor<1024x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: .entry floats_of_signed
// CHECK: xor.b32 {{.*}}, -2139062144;
// CHECK: prmt.b32
// CHECK: sub.rn.f32 {{.*}}, 0f4B000080;
// CHECK-NOT: cvt.rn.f32
tt.func public @floats_of_signed(%p: !tt.ptr<i8> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<i8> -> tensor<1024x!tt.ptr<i8>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<i8>>, tensor<1024xi32>
  %qq = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %x = tt.load %pp : tensor<1024x!tt.ptr<i8>>
  %y = arith.sitofp %x : tensor<1024xi8> to tensor<1024xf32>
  tt.store %qq, %y : tensor<1024x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: .entry floats_of_shorts
// CHECK: prmt.b32 {{.*}}, 0, 39184;
// CHECK: cvt.rn.f32.s32
// CHECK-NOT: cvt.rn.f32.s16
tt.func public @floats_of_shorts(%p: !tt.ptr<i16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<i16> -> tensor<1024x!tt.ptr<i16>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<i16>>, tensor<1024xi32>
  %qq = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %x = tt.load %pp : tensor<1024x!tt.ptr<i16>>
  %y = arith.sitofp %x : tensor<1024xi16> to tensor<1024xf32>
  tt.store %qq, %y : tensor<1024x!tt.ptr<f32>>
  tt.return
}
