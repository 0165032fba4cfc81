// RUN: tritonc %s -k rows --target cuda:90 --num-warps 8 --emit ptx | FileCheck %s --check-prefix ROWS
// RUN: tritonc %s -k words --target cuda:90 --num-warps 8 --emit ptx | FileCheck %s --check-prefix WORDS
// What tensor cores leave in registers, on its way to another layout, is stored as 8 x 8 matrices, where plain accesses would take a
// register each. Elements of 32 bits are stored as they are.
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [8, 1], instrShape = [16, 64, 16]}>
#along = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 8 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // ROWS-COUNT-4: stmatrix.sync.aligned.m8n8.x4.shared.b16
  // ROWS-NOT: st.shared
  // ROWS: ld.shared.v4.b32
  tt.func public @rows(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}) {
    %s = tt.splat %p : !tt.ptr<f16> -> tensor<128x64x!tt.ptr<f16>, #mma>
    %x = tt.load %s : tensor<128x64x!tt.ptr<f16>, #mma>
    %y = ttg.convert_layout %x : tensor<128x64xf16, #mma> -> tensor<128x64xf16, #along>
    %t = tt.splat %p : !tt.ptr<f16> -> tensor<128x64x!tt.ptr<f16>, #along>
    tt.store %t, %y : tensor<128x64x!tt.ptr<f16>, #along>
    tt.return
  }
  // WORDS-NOT: stmatrix
  // WORDS: st.shared
  tt.func public @words(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %s = tt.splat %p : !tt.ptr<f32> -> tensor<128x64x!tt.ptr<f32>, #mma>
    %x = tt.load %s : tensor<128x64x!tt.ptr<f32>, #mma>
    %y = ttg.convert_layout %x : tensor<128x64xf32, #mma> -> tensor<128x64xf32, #along>
    %t = tt.splat %p : !tt.ptr<f32> -> tensor<128x64x!tt.ptr<f32>, #along>
    tt.store %t, %y : tensor<128x64x!tt.ptr<f32>, #along>
    tt.return
  }
}
