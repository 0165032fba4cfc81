// RUN-ARGS: -a p=iota:1024 -a q=zeros:1024 -a n=20 -a s=32
// Tensor maps that a program makes as the reference does: of arguments alone, so the launch makes them. The first is of
// 20 rows, the others read as zeros.
#tile = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 32}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @made(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %n: i32, %s: i64) {
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %size = arith.constant 32 : i32
    %four = arith.constant 4 : i64
    %true = arith.constant true
    %bytes = arith.muli %s, %four : i64
    %x = ttg.global_scratch_alloc {alignment = 128 : i32, nbytes = 128 : i32} : !tt.ptr<i8>
    ttng.tensormap_create %x, %p, [%size, %size], [%size, %n], [%bytes], [%one, %one] {elem_type = 7 : i32, fill_mode = 0 : i32, interleave_layout = 0 : i32, swizzle_mode = 3 : i32} : (!tt.ptr<i8>, !tt.ptr<f32>, i32, i32, i32, i32, i64, i32, i32) -> ()
    ttng.tensormap_fenceproxy_acquire %x : !tt.ptr<i8>
    %d = ttng.reinterpret_tensor_descriptor %x : !tt.ptr<i8> to !tt.tensordesc<tensor<32x32xf32, #tile>>
    %y = ttg.global_scratch_alloc {alignment = 128 : i32, nbytes = 128 : i32} : !tt.ptr<i8>
    ttng.tensormap_create %y, %q, [%size, %size], [%size, %size], [%bytes], [%one, %one] {elem_type = 7 : i32, fill_mode = 0 : i32, interleave_layout = 0 : i32, swizzle_mode = 3 : i32} : (!tt.ptr<i8>, !tt.ptr<f32>, i32, i32, i32, i32, i64, i32, i32) -> ()
    ttng.tensormap_fenceproxy_acquire %y : !tt.ptr<i8>
    %e = ttng.reinterpret_tensor_descriptor %y : !tt.ptr<i8> to !tt.tensordesc<tensor<32x32xf32, #tile>>
    %b = ttg.local_alloc : () -> !ttg.memdesc<32x32xf32, #tile, #smem, mutable>
    %m = ttg.local_alloc : () -> !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.init_barrier %m, 1 : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.barrier_expect %m, 4096, %true : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.async_tma_copy_global_to_local %d[%zero, %zero] %b, %m, %true : !tt.tensordesc<tensor<32x32xf32, #tile>>, !ttg.memdesc<1xi64, #bar, #smem, mutable> -> !ttg.memdesc<32x32xf32, #tile, #smem, mutable>
    ttng.wait_barrier %m, %zero : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.inval_barrier %m : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.fence_async_shared {bCluster = false}
    ttng.async_tma_copy_local_to_global %e[%zero, %zero] %b : !tt.tensordesc<tensor<32x32xf32, #tile>>, !ttg.memdesc<32x32xf32, #tile, #smem, mutable>
    ttng.async_tma_store_wait {pendings = 0 : i32}
    tt.return
  }
}
