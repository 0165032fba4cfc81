// RUN: tritonc %s --target cuda:80 --num-warps 4 --num-stages 2 --emit ttgir | FileCheck %s --check-prefix LARGE
// RUN: tritonc %s --target cuda:86 --num-warps 4 --num-stages 2 --emit ttgir | FileCheck %s --check-prefix SMALL
// RUN: tritonc %s --target cuda:89 --num-warps 4 --num-stages 2 --emit ttgir | FileCheck %s --check-prefix SMALL
// How many buffers there are of a tile depends on the processor. Two of each take 64 KB here: a multiprocessor of 8.0 has 164 KB,
// and holds two such programs, as many as its registers are enough for. One of 8.6 or 8.9 has 100 KB: it holds one, and with one buffer
// of each, which is filled again as soon as all have read it, two.

// LARGE-LABEL: @product
// LARGE: ttg.local_alloc {{.*}} !ttg.memdesc<2x64x128xf16
// LARGE: ttg.local_alloc {{.*}} !ttg.memdesc<2x128x64xf16
// SMALL-LABEL: @product
// SMALL: ttg.local_alloc {{.*}} !ttg.memdesc<1x64x128xf16
// SMALL: ttg.local_alloc {{.*}} !ttg.memdesc<1x128x64xf16
tt.func public @product(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %w32 = arith.constant dense<128> : tensor<64x1xi32>
  %w64 = arith.constant dense<64> : tensor<64x1xi32>
  %v64 = arith.constant dense<64> : tensor<128x1xi32>
  %as1 = arith.constant dense<2048> : tensor<64x128xi32>
  %bs1 = arith.constant dense<2048> : tensor<128x64xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %k = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %krows = tt.expand_dims %k {axis = 1 : i32} : tensor<128xi32> -> tensor<128x1xi32>
  %kcols = tt.expand_dims %k {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %a0 = arith.muli %rows, %w32 : tensor<64x1xi32>
  %a1 = tt.broadcast %a0 : tensor<64x1xi32> -> tensor<64x128xi32>
  %a2 = tt.broadcast %kcols : tensor<1x128xi32> -> tensor<64x128xi32>
  %ao = arith.addi %a1, %a2 : tensor<64x128xi32>
  %b0 = arith.muli %krows, %v64 : tensor<128x1xi32>
  %b1 = tt.broadcast %b0 : tensor<128x1xi32> -> tensor<128x64xi32>
  %b2 = tt.broadcast %cols : tensor<1x64xi32> -> tensor<128x64xi32>
  %bo = arith.addi %b1, %b2 : tensor<128x64xi32>
  %d0 = arith.muli %rows, %w64 : tensor<64x1xi32>
  %d1 = tt.broadcast %d0 : tensor<64x1xi32> -> tensor<64x64xi32>
  %d2 = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %do = arith.addi %d1, %d2 : tensor<64x64xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<64x128x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<128x64x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %ap = tt.addptr %as, %ao : tensor<64x128x!tt.ptr<f16>>, tensor<64x128xi32>
  %bp = tt.addptr %bs, %bo : tensor<128x64x!tt.ptr<f16>>, tensor<128x64xi32>
  %cp = tt.addptr %cs, %do : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %l:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %p = %ap, %q = %bp) -> (tensor<64x64xf32>, tensor<64x128x!tt.ptr<f16>>, tensor<128x64x!tt.ptr<f16>>) : i32 {
    %u = tt.load %p : tensor<64x128x!tt.ptr<f16>>
    %v = tt.load %q : tensor<128x64x!tt.ptr<f16>>
    %d = tt.dot %u, %v, %acc : tensor<64x128xf16> * tensor<128x64xf16> -> tensor<64x64xf32>
    %pn = tt.addptr %p, %as1 : tensor<64x128x!tt.ptr<f16>>, tensor<64x128xi32>
    %qn = tt.addptr %q, %bs1 : tensor<128x64x!tt.ptr<f16>>, tensor<128x64xi32>
    scf.yield %d, %pn, %qn : tensor<64x64xf32>, tensor<64x128x!tt.ptr<f16>>, tensor<128x64x!tt.ptr<f16>>
  }
  tt.store %cp, %l#0 : tensor<64x64x!tt.ptr<f32>>
  tt.return
}
