// RUN: env TRITONC_DUMP=gpu-assign TRITONC_VERIFY=1 tritonc %s --target cuda:90 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s
// Which machine operation does a dot, and in what layout, is settled before operands are converted: a dot that changed its mind when its
// operands have been placed would leave behind what was made for the first answer.

// CHECK-DAG: #[[MMA:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>
// CHECK-DAG: #[[DOWN:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 8]}>

// The right operand lies across in memory, which wgmma cannot read; the addresses are recomputed in the load's layout.
// CHECK-LABEL: @softmax
// CHECK-NOT: warp_group_dot
// CHECK: tt.dot {{.*}} -> tensor<64x64xf32, #[[MMA]]>
// CHECK: tensor<64x64xf32, #[[MMA]]>) -> tensor<64xf32, #ttg.slice<{dim = 1, parent = #[[MMA]]}>>
tt.func public @softmax(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %c64 = arith.constant dense<64> : tensor<64x1xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %columns = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %start = arith.muli %rows, %c64 : tensor<64x1xi32>
  %starts = tt.broadcast %start : tensor<64x1xi32> -> tensor<64x64xi32>
  %within = tt.broadcast %columns : tensor<1x64xi32> -> tensor<64x64xi32>
  %at = arith.addi %starts, %within : tensor<64x64xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %from = tt.addptr %ps, %at : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %u = tt.load %from : tensor<64x64x!tt.ptr<f32>>
  %v = tt.load %from : tensor<64x64x!tt.ptr<f32>>
  %d = tt.dot %u, %v, %zero, inputPrecision = tf32 : tensor<64x64xf32> * tensor<64x64xf32> -> tensor<64x64xf32>
  %m = "tt.reduce"(%d) <{axis = 1 : i32}> ({
  ^bb0(%x: f32, %y: f32):
    %z = arith.maxnumf %x, %y : f32
    tt.reduce.return %z : f32
  }) : (tensor<64x64xf32>) -> tensor<64xf32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %to = tt.addptr %qs, %r : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  tt.store %to, %m : tensor<64x!tt.ptr<f32>>
  tt.return
}

// The second of two dots in a chain, whose first is a wgmma by the time that the second is placed: its warps stand below each other.
// CHECK-LABEL: @chain
// CHECK: ttng.warp_group_dot
// CHECK: tt.dot {{.*}} -> tensor<64x8xf32, #[[DOWN]]>
tt.func public @chain(%a: !tt.ptr<f16>, %c: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %zero8 = arith.constant dense<0.0> : tensor<64x8xf32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %ws = tt.splat %a : !tt.ptr<f16> -> tensor<64x8x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x8x!tt.ptr<f32>>
  %u = tt.load %as : tensor<64x64x!tt.ptr<f16>>
  %v = tt.load %as : tensor<64x64x!tt.ptr<f16>>
  %w = tt.load %ws : tensor<64x8x!tt.ptr<f16>>
  %d = tt.dot %u, %v, %zero : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
  %e = arith.truncf %d : tensor<64x64xf32> to tensor<64x64xf16>
  %f = tt.dot %e, %w, %zero8 : tensor<64x64xf16> * tensor<64x8xf16> -> tensor<64x8xf32>
  tt.store %cs, %f : tensor<64x8x!tt.ptr<f32>>
  tt.return
}
