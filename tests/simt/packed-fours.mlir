// RUN-ARGS: --target cuda:80 -a x=iota:32 -a o=uninit:64 -a n=uninit:1 --print o[:40] --print n
// Triton GPU IR from elsewhere: e2m1 numbers, two in a byte, and a function that is called.
#bytes = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [1], order = [0]}>
#numbers = #ttg.blocked<{sizePerThread = [2], threadsPerWarp = [32], warpsPerCTA = [1], order = [0]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 1 : i32, ttg.target = "cuda:80", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @unpack(%x: !tt.ptr<i8>, %o: !tt.ptr<bf16>, %n: !tt.ptr<f32>) {
    %i = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32, #bytes>
    %xs = tt.splat %x : !tt.ptr<i8> -> tensor<32x!tt.ptr<i8>, #bytes>
    %xp = tt.addptr %xs, %i : tensor<32x!tt.ptr<i8>, #bytes>, tensor<32xi32, #bytes>
    %bytes = tt.load %xp : tensor<32x!tt.ptr<i8>, #bytes>
    %all = ttg.fp4_to_fp %bytes {axis = 0 : i32} : tensor<32xi8, #bytes> -> tensor<64xbf16, #numbers>
    %j = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32, #numbers>
    %os = tt.splat %o : !tt.ptr<bf16> -> tensor<64x!tt.ptr<bf16>, #numbers>
    %op = tt.addptr %os, %j : tensor<64x!tt.ptr<bf16>, #numbers>, tensor<64xi32, #numbers>
    tt.store %op, %all : tensor<64x!tt.ptr<bf16>, #numbers>
    %three = arith.constant 3.000000e+00 : f32
    %six = tt.call @twice(%three) : (f32) -> f32
    tt.store %n, %six : !tt.ptr<f32>
    tt.return
  }
  tt.func private @twice(%x: f32) -> f32 attributes {noinline = true} {
    %two = arith.constant 2.000000e+00 : f32
    %y = arith.mulf %x, %two : f32
    tt.return %y : f32
  }
}
