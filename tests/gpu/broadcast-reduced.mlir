// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ttgir -o - | FileCheck %s
// A tile that vectors are broadcast to and that is only reduced: each thread has its elements along that axis, and threads lie
// along the result. One that is stored, too, or reduced along both axes, lies as any tile of its shape.

// CHECK-DAG: #[[LONG:.*]] = #ttg.blocked<{sizePerThread = [1, 32], threadsPerWarp = [32, 1], warpsPerCTA = [2, 2], order = [0, 1]}>
// CHECK-DAG: #[[CUBE:.*]] = #ttg.blocked<{sizePerThread = [1, 8, 1], threadsPerWarp = [4, 1, 8], warpsPerCTA = [4, 1, 1], order = [2, 0, 1]}>
// CHECK-DAG: #[[PLAIN:.*]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [2, 2], order = [1, 0]}>

// CHECK-LABEL: @forces
// CHECK: "tt.reduce"
// CHECK: (tensor<64x64xf32, #[[LONG]]>) -> tensor<64xf32, #ttg.slice<{dim = 1, parent = #[[LONG]]}>>
tt.func public @forces(%x: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %y: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %i = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %xp = tt.addptr %xs, %i : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  %ys = tt.splat %y : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %yp = tt.addptr %ys, %i : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  %v = tt.load %xp : tensor<64x!tt.ptr<f32>>
  %a = tt.expand_dims %v {axis = 1 : i32} : tensor<64xf32> -> tensor<64x1xf32>
  %b = tt.expand_dims %v {axis = 0 : i32} : tensor<64xf32> -> tensor<1x64xf32>
  %ta = tt.broadcast %a : tensor<64x1xf32> -> tensor<64x64xf32>
  %tb = tt.broadcast %b : tensor<1x64xf32> -> tensor<64x64xf32>
  %d = arith.subf %ta, %tb : tensor<64x64xf32>
  %e = arith.mulf %d, %d : tensor<64x64xf32>
  %s = "tt.reduce"(%e) <{axis = 1 : i32}> ({
  ^bb0(%p: f32, %q: f32):
    %t = arith.addf %p, %q : f32
    tt.reduce.return %t : f32
  }) : (tensor<64x64xf32>) -> tensor<64xf32>
  tt.store %yp, %s : tensor<64x!tt.ptr<f32>>
  tt.return
}

// Small matrices by a matrix: sums along the middle.
// CHECK-LABEL: @small_product
// CHECK: "tt.reduce"
// CHECK: (tensor<128x8x8xf32, #[[CUBE]]>) -> tensor<128x8xf32, #ttg.slice<{dim = 1, parent = #[[CUBE]]}>>
tt.func public @small_product(%x: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %m: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %eight = arith.constant dense<8> : tensor<128x1xi32>
  %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %k = tt.make_range {end = 8 : i32, start = 0 : i32} : tensor<8xi32>
  %r1 = tt.expand_dims %r {axis = 1 : i32} : tensor<128xi32> -> tensor<128x1xi32>
  %k0 = tt.expand_dims %k {axis = 0 : i32} : tensor<8xi32> -> tensor<1x8xi32>
  %r8 = arith.muli %r1, %eight : tensor<128x1xi32>
  %rs = tt.broadcast %r8 : tensor<128x1xi32> -> tensor<128x8xi32>
  %ks = tt.broadcast %k0 : tensor<1x8xi32> -> tensor<128x8xi32>
  %at = arith.addi %rs, %ks : tensor<128x8xi32>
  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<128x8x!tt.ptr<f32>>
  %xp = tt.addptr %xs, %at : tensor<128x8x!tt.ptr<f32>>, tensor<128x8xi32>
  %ms = tt.splat %m : !tt.ptr<f32> -> tensor<8x8x!tt.ptr<f32>>
  %rows = arith.constant dense<8> : tensor<8x1xi32>
  %k1 = tt.expand_dims %k {axis = 1 : i32} : tensor<8xi32> -> tensor<8x1xi32>
  %k8 = arith.muli %k1, %rows : tensor<8x1xi32>
  %ka = tt.broadcast %k8 : tensor<8x1xi32> -> tensor<8x8xi32>
  %kb = tt.broadcast %k0 : tensor<1x8xi32> -> tensor<8x8xi32>
  %mat = arith.addi %ka, %kb : tensor<8x8xi32>
  %mp = tt.addptr %ms, %mat : tensor<8x8x!tt.ptr<f32>>, tensor<8x8xi32>
  %v = tt.load %xp : tensor<128x8x!tt.ptr<f32>>
  %w = tt.load %mp : tensor<8x8x!tt.ptr<f32>>
  %a = tt.expand_dims %v {axis = 2 : i32} : tensor<128x8xf32> -> tensor<128x8x1xf32>
  %b = tt.expand_dims %w {axis = 0 : i32} : tensor<8x8xf32> -> tensor<1x8x8xf32>
  %ta = tt.broadcast %a : tensor<128x8x1xf32> -> tensor<128x8x8xf32>
  %tb = tt.broadcast %b : tensor<1x8x8xf32> -> tensor<128x8x8xf32>
  %e = arith.mulf %ta, %tb : tensor<128x8x8xf32>
  %s = "tt.reduce"(%e) <{axis = 1 : i32}> ({
  ^bb0(%p: f32, %q: f32):
    %t = arith.addf %p, %q : f32
    tt.reduce.return %t : f32
  }) : (tensor<128x8x8xf32>) -> tensor<128x8xf32>
  tt.store %xp, %s : tensor<128x8x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @both
// CHECK: "tt.reduce"
// CHECK: (tensor<64x64xf32, #[[PLAIN]]>) -> tensor<64xf32, #ttg.slice<{dim = 1, parent = #[[PLAIN]]}>>
// CHECK: "tt.reduce"
// CHECK: (tensor<64x64xf32, #[[PLAIN]]>) -> tensor<64xf32, #ttg.slice<{dim = 0, parent = #[[PLAIN]]}>>
tt.func public @both(%x: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %y: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %i = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %xp = tt.addptr %xs, %i : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  %ys = tt.splat %y : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %yp = tt.addptr %ys, %i : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  %v = tt.load %xp : tensor<64x!tt.ptr<f32>>
  %a = tt.expand_dims %v {axis = 1 : i32} : tensor<64xf32> -> tensor<64x1xf32>
  %b = tt.expand_dims %v {axis = 0 : i32} : tensor<64xf32> -> tensor<1x64xf32>
  %ta = tt.broadcast %a : tensor<64x1xf32> -> tensor<64x64xf32>
  %tb = tt.broadcast %b : tensor<1x64xf32> -> tensor<64x64xf32>
  %e = arith.subf %ta, %tb : tensor<64x64xf32>
  %s = "tt.reduce"(%e) <{axis = 1 : i32}> ({
  ^bb0(%p: f32, %q: f32):
    %t = arith.addf %p, %q : f32
    tt.reduce.return %t : f32
  }) : (tensor<64x64xf32>) -> tensor<64xf32>
  %r = "tt.reduce"(%e) <{axis = 0 : i32}> ({
  ^bb0(%p: f32, %q: f32):
    %t = arith.addf %p, %q : f32
    tt.reduce.return %t : f32
  }) : (tensor<64x64xf32>) -> tensor<64xf32>
  tt.store %yp, %s : tensor<64x!tt.ptr<f32>>
  tt.store %xp, %r : tensor<64x!tt.ptr<f32>>
  tt.return
}
