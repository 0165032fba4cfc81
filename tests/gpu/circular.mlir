// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ptx | FileCheck %s
// sin of f32: f32 arithmetic, and a branch to what takes f64 for arguments that are far from zero.

// CHECK: ld.global.b32
// CHECK-NOT: .f64
// CHECK: fma.rn.f32
// CHECK-NOT: .f64
// CHECK: setp.gt.f32
// CHECK-NOT: .f64
// CHECK: bra
// CHECK: fma.rn.f64
// CHECK: st.global.b32
tt.func public @circular(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<32x!tt.ptr<f32>>
  %at = tt.addptr %ps, %r : tensor<32x!tt.ptr<f32>>, tensor<32xi32>
  %x = tt.load %at : tensor<32x!tt.ptr<f32>>
  %y = math.sin %x : tensor<32xf32>
  tt.store %at, %y : tensor<32x!tt.ptr<f32>>
  tt.return
}
