// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx -o - | FileCheck %s
// A warp group's two accumulators of 64 rows are waited for once.

// CHECK-LABEL: .entry rows
// CHECK-COUNT-8: wgmma.mma_async
// CHECK-NOT: wgmma.mma_async
// CHECK: wgmma.wait_group.sync.aligned 0;
// CHECK-NOT: wgmma.wait_group
// CHECK: ret;
tt.func public @rows(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %o: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %zero = arith.constant dense<0.0> : tensor<128x64xf32>
  %width = arith.constant dense<64> : tensor<128x1xi32>
  %r128 = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %r64 = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = tt.expand_dims %r128 {axis = 1 : i32} : tensor<128xi32> -> tensor<128x1xi32>
  %cols = tt.expand_dims %r64 {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %start = arith.muli %rows, %width : tensor<128x1xi32>
  %starts = tt.broadcast %start : tensor<128x1xi32> -> tensor<128x64xi32>
  %columns = tt.broadcast %cols : tensor<1x64xi32> -> tensor<128x64xi32>
  %at = arith.addi %starts, %columns : tensor<128x64xi32>
  %half = tt.expand_dims %r64 {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %halfwidth = arith.constant dense<64> : tensor<64x1xi32>
  %below = arith.muli %half, %halfwidth : tensor<64x1xi32>
  %belows = tt.broadcast %below : tensor<64x1xi32> -> tensor<64x64xi32>
  %sides = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %bat = arith.addi %belows, %sides : tensor<64x64xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<128x64x!tt.ptr<f16>>
  %ap = tt.addptr %as, %at : tensor<128x64x!tt.ptr<f16>>, tensor<128x64xi32>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %bp = tt.addptr %bs, %bat : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
  %x = tt.load %ap : tensor<128x64x!tt.ptr<f16>>
  %y = tt.load %bp : tensor<64x64x!tt.ptr<f16>>
  %d = tt.dot %x, %y, %zero : tensor<128x64xf16> * tensor<64x64xf16> -> tensor<128x64xf32>
  %os = tt.splat %o : !tt.ptr<f32> -> tensor<128x64x!tt.ptr<f32>>
  %op = tt.addptr %os, %at : tensor<128x64x!tt.ptr<f32>>, tensor<128x64xi32>
  tt.store %op, %d : tensor<128x64x!tt.ptr<f32>>
  tt.return
}
