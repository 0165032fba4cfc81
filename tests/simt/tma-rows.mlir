// RUN-ARGS: -a p=iota:1024 -a q=zeros:1024 --print q[0:4] --print q[32:36] --print q[992:996]
// Rows that a file's kernel gathers and scatters by the copy engine: row 31 - i to row i, from column 4 on; what is outside is 0.
#blocked = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#tile = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 32}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @rows(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %zero = arith.constant 0 : i32
    %four = arith.constant 4 : i32
    %one = arith.constant 1 : i32
    %n = arith.constant 32 : i32
    %line = arith.constant 128 : i64
    %true = arith.constant true
    %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32, #blocked>
    %last = arith.constant dense<31> : tensor<32xi32, #blocked>
    %back = arith.subi %last, %r : tensor<32xi32, #blocked>
    %from = ttg.global_scratch_alloc {alignment = 128 : i32, nbytes = 128 : i32} : !tt.ptr<i8>
    ttng.tensormap_create %from, %p, [%n, %one], [%n, %n], [%line], [%one, %one] {elem_type = 7 : i32, fill_mode = 0 : i32, interleave_layout = 0 : i32, swizzle_mode = 3 : i32} : (!tt.ptr<i8>, !tt.ptr<f32>, i32, i32, i32, i32, i64, i32, i32) -> ()
    ttng.tensormap_fenceproxy_acquire %from : !tt.ptr<i8>
    %d = ttng.reinterpret_tensor_descriptor %from : !tt.ptr<i8> to !tt.tensordesc<tensor<1x32xf32, #tile>>
    %to = ttg.global_scratch_alloc {alignment = 128 : i32, nbytes = 128 : i32} : !tt.ptr<i8>
    ttng.tensormap_create %to, %q, [%n, %one], [%n, %n], [%line], [%one, %one] {elem_type = 7 : i32, fill_mode = 0 : i32, interleave_layout = 0 : i32, swizzle_mode = 3 : i32} : (!tt.ptr<i8>, !tt.ptr<f32>, i32, i32, i32, i32, i64, i32, i32) -> ()
    ttng.tensormap_fenceproxy_acquire %to : !tt.ptr<i8>
    %e = ttng.reinterpret_tensor_descriptor %to : !tt.ptr<i8> to !tt.tensordesc<tensor<1x32xf32, #tile>>
    %b = ttg.local_alloc : () -> !ttg.memdesc<32x32xf32, #tile, #smem, mutable>
    %m = ttg.local_alloc : () -> !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.init_barrier %m, 1 : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.barrier_expect %m, 4096, %true : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.async_tma_gather %d[%back, %four] %b, %m, %true : !tt.tensordesc<tensor<1x32xf32, #tile>>, tensor<32xi32, #blocked>, i32, !ttg.memdesc<1xi64, #bar, #smem, mutable>, !ttg.memdesc<32x32xf32, #tile, #smem, mutable>, i1
    ttng.wait_barrier %m, %zero : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.async_tma_scatter %e[%r, %zero] %b : !tt.tensordesc<tensor<1x32xf32, #tile>>, tensor<32xi32, #blocked>, i32, !ttg.memdesc<32x32xf32, #tile, #smem, mutable>
    ttng.async_tma_store_wait {pendings = 0 : i32}
    tt.return
  }
}
