// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s
// Sums of a tile's rows in a loop, divided among the lanes by four bits of their number, beside loads under four masks: there are not
// enough predicates for both, so what a lane keeps and what it gives are selected by bytes. With one mask, they are selected by predicates.

// CHECK-LABEL: .entry many
// CHECK: selp.b32 %[[S:r[0-9]+]], %r{{[0-9]+}}, %r{{[0-9]+}}, %p
// CHECK-COUNT-8: prmt.b32
// CHECK: shfl.sync.bfly.b32
// CHECK-LABEL: .entry one
// CHECK-NOT: prmt.b32
// CHECK: shfl.sync.bfly.b32
tt.func public @many(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %rows: i32, %cols: i32) {
  %zero = arith.constant dense<0.0> : tensor<64x32xf32>
  %none = arith.constant dense<0.0> : tensor<64xf32>
  %c0 = arith.constant 0 : i32
  %c32 = arith.constant 32 : i32
  %i = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %k = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %i2 = tt.expand_dims %i {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %width = tt.splat %cols : i32 -> tensor<64x1xi32>
  %row = arith.muli %i2, %width : tensor<64x1xi32>
  %ends = tt.splat %rows : i32 -> tensor<64x1xi32>
  %below = arith.cmpi slt, %i2, %ends : tensor<64x1xi32>
  %below2 = tt.broadcast %below : tensor<64x1xi1> -> tensor<64x32xi1>
  %rows2 = tt.broadcast %row : tensor<64x1xi32> -> tensor<64x32xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<64x32x!tt.ptr<f32>>
  %sum = scf.for %s = %c0 to %cols step %c32 iter_args(%a = %none) -> (tensor<64xf32>) : i32 {
    %ss = tt.splat %s : i32 -> tensor<32xi32>
    %j = arith.addi %ss, %k : tensor<32xi32>
    %j2 = tt.expand_dims %j {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
    %ends2 = tt.splat %cols : i32 -> tensor<1x32xi32>
    %inside = arith.cmpi slt, %j2, %ends2 : tensor<1x32xi32>
    %inside2 = tt.broadcast %inside : tensor<1x32xi1> -> tensor<64x32xi1>
    %both = arith.andi %below2, %inside2 : tensor<64x32xi1>
    %j3 = tt.broadcast %j2 : tensor<1x32xi32> -> tensor<64x32xi32>
    %at = arith.addi %rows2, %j3 : tensor<64x32xi32>
    %ptr = tt.addptr %ps, %at : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32>
    %x = tt.load %ptr, %both, %zero : tensor<64x32x!tt.ptr<f32>>
    %y = arith.mulf %x, %x : tensor<64x32xf32>
    %r = "tt.reduce"(%y) <{axis = 1 : i32}> ({
    ^bb0(%u: f32, %v: f32):
      %w = arith.addf %u, %v : f32
      tt.reduce.return %w : f32
    }) : (tensor<64x32xf32>) -> tensor<64xf32>
    %b = arith.addf %a, %r : tensor<64xf32>
    scf.yield %b : tensor<64xf32>
  }
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %to = tt.addptr %qs, %i : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  tt.store %to, %sum : tensor<64x!tt.ptr<f32>>
  tt.return
}

tt.func public @one(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %rows: i32, %cols: i32) {
  %zero = arith.constant dense<0.0> : tensor<64x32xf32>
  %none = arith.constant dense<0.0> : tensor<64xf32>
  %c0 = arith.constant 0 : i32
  %c32 = arith.constant 32 : i32
  %i = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %k = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %i2 = tt.expand_dims %i {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %width = tt.splat %cols : i32 -> tensor<64x1xi32>
  %row = arith.muli %i2, %width : tensor<64x1xi32>
  %ends = tt.splat %rows : i32 -> tensor<64x1xi32>
  %below = arith.cmpi slt, %i2, %ends : tensor<64x1xi32>
  %below2 = tt.broadcast %below : tensor<64x1xi1> -> tensor<64x32xi1>
  %rows2 = tt.broadcast %row : tensor<64x1xi32> -> tensor<64x32xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<64x32x!tt.ptr<f32>>
  %sum = scf.for %s = %c0 to %cols step %c32 iter_args(%a = %none) -> (tensor<64xf32>) : i32 {
    %ss = tt.splat %s : i32 -> tensor<32xi32>
    %j = arith.addi %ss, %k : tensor<32xi32>
    %j2 = tt.expand_dims %j {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
    %ends2 = tt.splat %cols : i32 -> tensor<1x32xi32>
    %inside = arith.cmpi slt, %j2, %ends2 : tensor<1x32xi32>
    %inside2 = tt.broadcast %inside : tensor<1x32xi1> -> tensor<64x32xi1>
    %both = arith.andi %below2, %inside2 : tensor<64x32xi1>
    %j3 = tt.broadcast %j2 : tensor<1x32xi32> -> tensor<64x32xi32>
    %at = arith.addi %rows2, %j3 : tensor<64x32xi32>
    %ptr = tt.addptr %ps, %at : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32>
    %x = tt.load %ptr, %inside2, %zero : tensor<64x32x!tt.ptr<f32>>
    %y = arith.mulf %x, %x : tensor<64x32xf32>
    %r = "tt.reduce"(%y) <{axis = 1 : i32}> ({
    ^bb0(%u: f32, %v: f32):
      %w = arith.addf %u, %v : f32
      tt.reduce.return %w : f32
    }) : (tensor<64x32xf32>) -> tensor<64xf32>
    %b = arith.addf %a, %r : tensor<64xf32>
    scf.yield %b : tensor<64xf32>
  }
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %to = tt.addptr %qs, %i : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  tt.store %to, %sum : tensor<64x!tt.ptr<f32>>
  tt.return
}
