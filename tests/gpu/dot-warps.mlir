// RUN: env TRITONC_DUMP=gpu-assign tritonc %s --target cuda:90 --num-warps 8 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefix EIGHT
// RUN: env TRITONC_DUMP=gpu-assign tritonc %s --target cuda:90 --num-warps 16 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefix SIXTEEN
// RUN: tritonc %s --target cuda:90 --num-warps 16 --emit ptx -o /dev/null
// A warp's part of a wgmma has 16 rows and at least 8 columns. Where there are more warps than that gives work to, mma.sync does it.

// EIGHT: #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 2], instrShape = [16, 8, 16]}>
// SIXTEEN: #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0,
tt.func public @narrow(%a: !tt.ptr<f16>, %b: !tt.ptr<f16>, %c: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<64x16xf32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<64x16x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<16x16x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x16x!tt.ptr<f32>>
  %u = tt.load %as : tensor<64x16x!tt.ptr<f16>>
  %v = tt.load %bs : tensor<16x16x!tt.ptr<f16>>
  %d = tt.dot %u, %v, %zero : tensor<64x16xf16> * tensor<16x16xf16> -> tensor<64x16xf32>
  tt.store %cs, %d : tensor<64x16x!tt.ptr<f32>>
  tt.return
}
