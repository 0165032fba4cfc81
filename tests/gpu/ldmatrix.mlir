// RUN: tritonc %s -k rows --target cuda:80 --num-warps 1 --emit ptx | FileCheck %s --check-prefix ROWS
// RUN: tritonc %s -k columns --target cuda:80 --num-warps 1 --emit ptx | FileCheck %s --check-prefix COLUMNS
// RUN: tritonc %s -k words --target cuda:80 --num-warps 1 --emit ptx | FileCheck %s --check-prefix WORDS
// Operands of mma.sync are read from shared memory as 8 x 8 matrices, whichever way their rows lie; 32-bit elements that lie across
// K are not: ldmatrix transposes elements of 16 bits only.
#shared = #ttg.swizzled_shared<{vec = 8, perPhase = 2, maxPhase = 4, order = [1, 0]}>
#across = #ttg.swizzled_shared<{vec = 8, perPhase = 2, maxPhase = 4, order = [0, 1]}>
#words = #ttg.swizzled_shared<{vec = 4, perPhase = 1, maxPhase = 8, order = [0, 1]}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [8, 4], warpsPerCTA = [1, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [1, 1], instrShape = [16, 8]}>
#a = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>
#a32 = #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 1}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 1 : i32, ttg.target = "cuda:80", "ttg.threads-per-warp" = 32 : i32} {
  // ROWS-COUNT-2: ldmatrix.sync.aligned.m8n8.x4.shared.b16
  // ROWS-NOT: ld.shared
  tt.func public @rows(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}) {
    %t = tt.splat %p : !tt.ptr<f16> -> tensor<16x32x!tt.ptr<f16>, #blocked>
    %x = tt.load %t : tensor<16x32x!tt.ptr<f16>, #blocked>
    %b = ttg.local_alloc %x : (tensor<16x32xf16, #blocked>) -> !ttg.memdesc<16x32xf16, #shared, #smem>
    %y = ttg.local_load %b : !ttg.memdesc<16x32xf16, #shared, #smem> -> tensor<16x32xf16, #a>
    %q = tt.splat %p : !tt.ptr<f16> -> tensor<16x32x!tt.ptr<f16>, #a>
    tt.store %q, %y : tensor<16x32x!tt.ptr<f16>, #a>
    tt.return
  }
  // COLUMNS-COUNT-2: ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16
  // COLUMNS-NOT: ld.shared
  tt.func public @columns(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}) {
    %t = tt.splat %p : !tt.ptr<f16> -> tensor<16x32x!tt.ptr<f16>, #blocked>
    %x = tt.load %t : tensor<16x32x!tt.ptr<f16>, #blocked>
    %b = ttg.local_alloc %x : (tensor<16x32xf16, #blocked>) -> !ttg.memdesc<16x32xf16, #across, #smem>
    %y = ttg.local_load %b : !ttg.memdesc<16x32xf16, #across, #smem> -> tensor<16x32xf16, #a>
    %q = tt.splat %p : !tt.ptr<f16> -> tensor<16x32x!tt.ptr<f16>, #a>
    tt.store %q, %y : tensor<16x32x!tt.ptr<f16>, #a>
    tt.return
  }
  // WORDS-NOT: ldmatrix
  // WORDS: ld.shared
  tt.func public @words(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %t = tt.splat %p : !tt.ptr<f32> -> tensor<16x32x!tt.ptr<f32>, #blocked>
    %x = tt.load %t : tensor<16x32x!tt.ptr<f32>, #blocked>
    %b = ttg.local_alloc %x : (tensor<16x32xf32, #blocked>) -> !ttg.memdesc<16x32xf32, #words, #smem>
    %y = ttg.local_load %b : !ttg.memdesc<16x32xf32, #words, #smem> -> tensor<16x32xf32, #a32>
    %q = tt.splat %p : !tt.ptr<f32> -> tensor<16x32x!tt.ptr<f32>, #a32>
    tt.store %q, %y : tensor<16x32x!tt.ptr<f32>, #a32>
    tt.return
  }
}
