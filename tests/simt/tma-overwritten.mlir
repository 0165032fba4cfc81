// RUN-ARGS: -a p=iota:1024 -a q=zeros:1024
// A second copy into the buffer while the first is read.
#blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#tile = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 32}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @tma_overwritten(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %d: !tt.tensordesc<tensor<32x32xf32, #tile>> {tt.tensor_map = array<i64: 0, 1, 64, 0, 32, 0, 32, 0, 32>}, %e: !tt.tensordesc<tensor<32x32xf32, #tile>> {tt.tensor_map = array<i64: 0, 1, 320, 0, 32, 0, 32, 0, 32>}) {
    %zero = arith.constant 0 : i32
    %true = arith.constant true
    %b = ttg.local_alloc : () -> !ttg.memdesc<32x32xf32, #tile, #smem, mutable>
    %m = ttg.local_alloc : () -> !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.init_barrier %m, 1 : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.barrier_expect %m, 4096, %true : !ttg.memdesc<1xi64, #bar, #smem, mutable> loc("tma_overwritten.py":4:8)
    ttng.async_tma_copy_global_to_local %d[%zero, %zero] %b, %m, %true : !tt.tensordesc<tensor<32x32xf32, #tile>>, !ttg.memdesc<1xi64, #bar, #smem, mutable> -> !ttg.memdesc<32x32xf32, #tile, #smem, mutable> loc("tma_overwritten.py":5:8)
    %n = ttg.local_alloc : () -> !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.init_barrier %n, 1 : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.barrier_expect %n, 4096, %true : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.async_tma_copy_global_to_local %d[%zero, %zero] %b, %n, %true : !tt.tensordesc<tensor<32x32xf32, #tile>>, !ttg.memdesc<1xi64, #bar, #smem, mutable> -> !ttg.memdesc<32x32xf32, #tile, #smem, mutable> loc("tma_overwritten.py":6:8)
    ttng.wait_barrier %m, %zero : !ttg.memdesc<1xi64, #bar, #smem, mutable> loc("tma_overwritten.py":7:8)
    %v = ttg.local_load %b : !ttg.memdesc<32x32xf32, #tile, #smem, mutable> -> tensor<32x32xf32, #blocked> loc("tma_overwritten.py":8:8)
    %s = ttg.local_alloc %v : (tensor<32x32xf32, #blocked>) -> !ttg.memdesc<32x32xf32, #tile, #smem> loc("tma_overwritten.py":9:8)
    ttng.wait_barrier %n, %zero : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.fence_async_shared {bCluster = false}
    ttng.async_tma_copy_local_to_global %e[%zero, %zero] %s : !tt.tensordesc<tensor<32x32xf32, #tile>>, !ttg.memdesc<32x32xf32, #tile, #smem> loc("tma_overwritten.py":10:8)
    ttng.async_tma_store_wait {pendings = 0 : i32}
    tt.return
  }
}
