// RUN: env TRITONC_DUMP=gpu-allocate tritonc %s --target cuda:90 --num-warps 4 --num-stages 12 --emit ttgir -o /dev/null 2>&1 | FileCheck %s
// RUN: env TRITONC_DUMP=gpu-allocate tritonc %s --target cuda:90 --num-warps 4 --num-stages 3 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefix CROWD
// A loop's only dot, waited for in its iteration: copies of later iterations are issued while it runs, where a multiprocessor
// has no room for other blocks that would multiply meanwhile.

// CHECK: scf.for
// CHECK-NOT: ttg.async_copy_global_to_local
// CHECK: ttng.warp_group_dot %
// CHECK-COUNT-2: ttg.async_copy_global_to_local
// CHECK: ttng.warp_group_dot_wait

// CROWD: scf.for
// CROWD-NOT: ttng.warp_group_dot %
// CROWD-COUNT-2: ttg.async_copy_global_to_local
// CROWD: ttng.warp_group_dot %
tt.func public @most(%x: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %y: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %o: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x32xf32>
  %step = arith.constant dense<64> : tensor<64x64xi32>
  %down = arith.constant dense<2048> : tensor<64x32xi32>
  %w64 = arith.constant dense<2048> : tensor<64x1xi32>
  %w32 = arith.constant dense<32> : tensor<64x1xi32>
  %r64 = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %r32 = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %i64 = tt.expand_dims %r64 {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %j64 = tt.expand_dims %r64 {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %j32 = tt.expand_dims %r32 {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %rows = arith.muli %i64, %w64 : tensor<64x1xi32>
  %wide = tt.broadcast %rows : tensor<64x1xi32> -> tensor<64x64xi32>
  %across = tt.broadcast %j64 : tensor<1x64xi32> -> tensor<64x64xi32>
  %xo = arith.addi %wide, %across : tensor<64x64xi32>
  %deep = arith.muli %i64, %w32 : tensor<64x1xi32>
  %narrow = tt.broadcast %deep : tensor<64x1xi32> -> tensor<64x32xi32>
  %along = tt.broadcast %j32 : tensor<1x32xi32> -> tensor<64x32xi32>
  %yo = arith.addi %narrow, %along : tensor<64x32xi32>
  %xs = tt.splat %x : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %xp = tt.addptr %xs, %xo : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
  %ys = tt.splat %y : !tt.ptr<f16> -> tensor<64x32x!tt.ptr<f16>>
  %yp = tt.addptr %ys, %yo : tensor<64x32x!tt.ptr<f16>>, tensor<64x32xi32>
  %os = tt.splat %o : !tt.ptr<f32> -> tensor<64x32x!tt.ptr<f32>>
  %op = tt.addptr %os, %yo : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32>
  %l:3 = scf.for %i = %c0 to %n step %c1 iter_args(%best = %zero, %xat = %xp, %yat = %yp) -> (tensor<64x32xf32>, tensor<64x64x!tt.ptr<f16>>, tensor<64x32x!tt.ptr<f16>>) : i32 {
    %a = tt.load %xat : tensor<64x64x!tt.ptr<f16>>
    %b = tt.load %yat : tensor<64x32x!tt.ptr<f16>>
    %product = tt.dot %a, %b, %zero : tensor<64x64xf16> * tensor<64x32xf16> -> tensor<64x32xf32>
    %better = arith.maxnumf %best, %product : tensor<64x32xf32>
    %xnext = tt.addptr %xat, %step : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %ynext = tt.addptr %yat, %down : tensor<64x32x!tt.ptr<f16>>, tensor<64x32xi32>
    scf.yield %better, %xnext, %ynext : tensor<64x32xf32>, tensor<64x64x!tt.ptr<f16>>, tensor<64x32x!tt.ptr<f16>>
  }
  tt.store %op, %l#0 : tensor<64x32x!tt.ptr<f32>>
  tt.return
}
