// RUN-ARGS: -a p=iota:256 -a q=zeros:256
// An asynchronous copy that nobody waits for before its buffer is read.
#blocked = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @too_early(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>) {
    %r = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32, #blocked>
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>, #blocked>
    %qs = tt.splat %q : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>, #blocked>
    %pr = tt.addptr %ps, %r : tensor<256x!tt.ptr<f32>, #blocked>, tensor<256xi32, #blocked>
    %qr = tt.addptr %qs, %r : tensor<256x!tt.ptr<f32>, #blocked>, tensor<256xi32, #blocked>
    %b = ttg.local_alloc : () -> !ttg.memdesc<256xf32, #shared, #smem, mutable>
    %t = ttg.async_copy_global_to_local %pr, %b : tensor<256x!tt.ptr<f32>, #blocked> -> <256xf32, #shared, #smem, mutable> loc("too_early.py":4:8)
    %c = ttg.async_commit_group tokens %t
    %v = ttg.local_load %b : !ttg.memdesc<256xf32, #shared, #smem, mutable> -> tensor<256xf32, #blocked> loc("too_early.py":5:12)
    tt.store %qr, %v : tensor<256x!tt.ptr<f32>, #blocked>
    tt.return
  }
}
