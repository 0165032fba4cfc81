// RUN: tritonc %s --target cuda:90 --num-warps 4 --num-stages 3 --emit ttgir | FileCheck %s --check-prefix AHEAD
// RUN: tritonc %s --target cuda:90 --num-warps 4 --num-stages 1 --emit ttgir | FileCheck %s --check-prefix ALONE
// A dot's left operand is the product of two loaded tensors. Where both are copied ahead, they are read from shared memory in the
// operand's layout and multiplied there: the product needs no conversion, which would take a buffer and a barrier in every
// iteration. Where they are not, one conversion of the product is less than two of what was loaded.

// AHEAD-LABEL: @gate
// AHEAD: scf.for
// AHEAD-NOT: ttg.convert_layout
// AHEAD-COUNT-2: ttg.local_load {{.*}} -> tensor<64x32xf16, #ttg.dot_op<{opIdx = 0
// AHEAD-NOT: ttg.convert_layout
// AHEAD: arith.mulf {{.*}} : tensor<64x32xf16, #ttg.dot_op<{opIdx = 0
// AHEAD-NOT: ttg.convert_layout
// AHEAD: ttng.warp_group_dot
// AHEAD: scf.yield

// ALONE-LABEL: @gate
// ALONE: scf.for
// ALONE: %[[X:.*]] = arith.mulf {{.*}} : tensor<64x32xf16, #blocked
// ALONE: ttg.convert_layout %[[X]]
// ALONE-NOT: ttg.convert_layout
// ALONE: scf.yield
tt.func public @gate(%g: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %w32 = arith.constant dense<32> : tensor<64x1xi32>
  %w64 = arith.constant dense<64> : tensor<64x1xi32>
  %v64 = arith.constant dense<64> : tensor<32x1xi32>
  %as1 = arith.constant dense<2048> : tensor<64x32xi32>
  %bs1 = arith.constant dense<2048> : tensor<32x64xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %k = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %krows = tt.expand_dims %k {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %kcols = tt.expand_dims %k {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %a0 = arith.muli %rows, %w32 : tensor<64x1xi32>
  %a1 = tt.broadcast %a0 : tensor<64x1xi32> -> tensor<64x32xi32>
  %a2 = tt.broadcast %kcols : tensor<1x32xi32> -> tensor<64x32xi32>
  %ao = arith.addi %a1, %a2 : tensor<64x32xi32>
  %b0 = arith.muli %krows, %v64 : tensor<32x1xi32>
  %b1 = tt.broadcast %b0 : tensor<32x1xi32> -> tensor<32x64xi32>
  %b2 = tt.broadcast %cols : tensor<1x64xi32> -> tensor<32x64xi32>
  %bo = arith.addi %b1, %b2 : tensor<32x64xi32>
  %d0 = arith.muli %rows, %w64 : tensor<64x1xi32>
  %d1 = tt.broadcast %d0 : tensor<64x1xi32> -> tensor<64x64xi32>
  %d2 = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %do = arith.addi %d1, %d2 : tensor<64x64xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<64x32x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<32x64x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %gs = tt.splat %g : !tt.ptr<f16> -> tensor<64x32x!tt.ptr<f16>>
  %gp = tt.addptr %gs, %ao : tensor<64x32x!tt.ptr<f16>>, tensor<64x32xi32>
  %ap = tt.addptr %as, %ao : tensor<64x32x!tt.ptr<f16>>, tensor<64x32xi32>
  %bp = tt.addptr %bs, %bo : tensor<32x64x!tt.ptr<f16>>, tensor<32x64xi32>
  %cp = tt.addptr %cs, %do : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %l:4 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %p = %ap, %q = %bp, %h = %gp) -> (tensor<64x64xf32>, tensor<64x32x!tt.ptr<f16>>, tensor<32x64x!tt.ptr<f16>>, tensor<64x32x!tt.ptr<f16>>) : i32 {
    %u = tt.load %p : tensor<64x32x!tt.ptr<f16>>
    %w = tt.load %h : tensor<64x32x!tt.ptr<f16>>
    %gated = arith.mulf %u, %w : tensor<64x32xf16>
    %v = tt.load %q : tensor<32x64x!tt.ptr<f16>>
    %d = tt.dot %gated, %v, %acc : tensor<64x32xf16> * tensor<32x64xf16> -> tensor<64x64xf32>
    %pn = tt.addptr %p, %as1 : tensor<64x32x!tt.ptr<f16>>, tensor<64x32xi32>
    %qn = tt.addptr %q, %bs1 : tensor<32x64x!tt.ptr<f16>>, tensor<32x64xi32>
    %hn = tt.addptr %h, %as1 : tensor<64x32x!tt.ptr<f16>>, tensor<64x32xi32>
    scf.yield %d, %pn, %qn, %hn : tensor<64x64xf32>, tensor<64x32x!tt.ptr<f16>>, tensor<32x64x!tt.ptr<f16>>, tensor<64x32x!tt.ptr<f16>>
  }
  tt.store %cp, %l#0 : tensor<64x64x!tt.ptr<f32>>
  tt.return
}
