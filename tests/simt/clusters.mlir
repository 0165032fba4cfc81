// RUN-ARGS: -a p=iota:1024 -a q=zeros:1024 --print q[0:4] --print q[1020:1024]
// What two blocks of a cluster share is run by one: rows are split between them in the layouts, a block comes by the copy
// engine as a whole, and a sum over both goes from warp to warp.
#blocked = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0], CGALayout = [[1, 0]]}>
#columns = #ttg.blocked<{sizePerThread = [4, 1], threadsPerWarp = [8, 4], warpsPerCTA = [1, 4], order = [0, 1], CGALayout = [[0, 1]]}>
#tile = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 32, CGALayout = [[1, 0]]}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0], CGALayout = [[1]]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 2 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @clusters(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %d: !tt.tensordesc<tensor<32x32xf32, #tile>> {tt.tensor_map = array<i64: 0, 1, 64, 0, 32, 0, 32, 0, 32>}) {
    %zero = arith.constant 0 : i32
    %true = arith.constant true
    %b = ttg.local_alloc : () -> !ttg.memdesc<32x32xf32, #tile, #smem, mutable>
    %m = ttg.local_alloc : () -> !ttg.memdesc<2xi64, #bar, #smem, mutable>
    ttng.init_barrier %m, 1 : !ttg.memdesc<2xi64, #bar, #smem, mutable>
    ttng.barrier_expect %m, 2048, %true : !ttg.memdesc<2xi64, #bar, #smem, mutable>
    ttng.async_tma_copy_global_to_local %d[%zero, %zero] %b, %m, %true : !tt.tensordesc<tensor<32x32xf32, #tile>>, !ttg.memdesc<2xi64, #bar, #smem, mutable> -> !ttg.memdesc<32x32xf32, #tile, #smem, mutable>
    ttng.wait_barrier %m, %zero : !ttg.memdesc<2xi64, #bar, #smem, mutable>
    %v = ttg.local_load %b : !ttg.memdesc<32x32xf32, #tile, #smem, mutable> -> tensor<32x32xf32, #blocked>
    %sum = "tt.reduce"(%v) <{axis = 0 : i32}> ({
    ^bb0(%x: f32, %y: f32):
      %s = arith.addf %x, %y : f32
      tt.reduce.return %s : f32
    }) : (tensor<32x32xf32, #blocked>) -> tensor<32xf32, #ttg.slice<{dim = 0, parent = #blocked}>>
    %row = tt.expand_dims %sum {axis = 0 : i32} : tensor<32xf32, #ttg.slice<{dim = 0, parent = #blocked}>> -> tensor<1x32xf32, #blocked>
    %sums = tt.broadcast %row : tensor<1x32xf32, #blocked> -> tensor<32x32xf32, #blocked>
    %w = arith.addf %v, %sums : tensor<32x32xf32, #blocked>
    %c = ttg.convert_layout %w : tensor<32x32xf32, #blocked> -> tensor<32x32xf32, #columns>
    %i = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32, #ttg.slice<{dim = 1, parent = #columns}>>
    %j = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32, #ttg.slice<{dim = 0, parent = #columns}>>
    %i1 = tt.expand_dims %i {axis = 1 : i32} : tensor<32xi32, #ttg.slice<{dim = 1, parent = #columns}>> -> tensor<32x1xi32, #columns>
    %j1 = tt.expand_dims %j {axis = 0 : i32} : tensor<32xi32, #ttg.slice<{dim = 0, parent = #columns}>> -> tensor<1x32xi32, #columns>
    %k = arith.constant dense<32> : tensor<32x1xi32, #columns>
    %i2 = arith.muli %i1, %k : tensor<32x1xi32, #columns>
    %i3 = tt.broadcast %i2 : tensor<32x1xi32, #columns> -> tensor<32x32xi32, #columns>
    %j3 = tt.broadcast %j1 : tensor<1x32xi32, #columns> -> tensor<32x32xi32, #columns>
    %at = arith.addi %i3, %j3 : tensor<32x32xi32, #columns>
    %qs = tt.splat %q : !tt.ptr<f32> -> tensor<32x32x!tt.ptr<f32>, #columns>
    %qp = tt.addptr %qs, %at : tensor<32x32x!tt.ptr<f32>, #columns>, tensor<32x32xi32, #columns>
    tt.store %qp, %c : tensor<32x32x!tt.ptr<f32>, #columns>
    tt.return
  }
}
