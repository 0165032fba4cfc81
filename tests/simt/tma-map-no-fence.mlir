// RUN-ARGS: -a p=iota:4096 -a q=zeros:1024 --grid 2
// Each program makes the map of its own part, and nothing tells the copy engine of it.
#tile = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 32}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @no_fence(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>) {
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %size = arith.constant 32 : i32
    %part = arith.constant 1024 : i32
    %bytes = arith.constant 128 : i64
    %true = arith.constant true
    %pid = tt.get_program_id x : i32
    %at = arith.muli %pid, %part : i32
    %own = tt.addptr %p, %at : !tt.ptr<f32>, i32
    %x = ttg.global_scratch_alloc {alignment = 128 : i32, nbytes = 128 : i32} : !tt.ptr<i8>
    ttng.tensormap_create %x, %own, [%size, %size], [%size, %size], [%bytes], [%one, %one] {elem_type = 7 : i32, fill_mode = 0 : i32, interleave_layout = 0 : i32, swizzle_mode = 3 : i32} : (!tt.ptr<i8>, !tt.ptr<f32>, i32, i32, i32, i32, i64, i32, i32) -> ()
    %d = ttng.reinterpret_tensor_descriptor %x : !tt.ptr<i8> to !tt.tensordesc<tensor<32x32xf32, #tile>>
    %b = ttg.local_alloc : () -> !ttg.memdesc<32x32xf32, #tile, #smem, mutable>
    %m = ttg.local_alloc : () -> !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.init_barrier %m, 1 : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.barrier_expect %m, 4096, %true : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    ttng.async_tma_copy_global_to_local %d[%zero, %zero] %b, %m, %true : !tt.tensordesc<tensor<32x32xf32, #tile>>, !ttg.memdesc<1xi64, #bar, #smem, mutable> -> !ttg.memdesc<32x32xf32, #tile, #smem, mutable> loc("no_fence.py":5:8)
    ttng.inval_barrier %m : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    tt.return
  }
}
