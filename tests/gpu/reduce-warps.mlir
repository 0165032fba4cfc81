// RUN: tritonc %s -k columns --target cuda:90 --num-warps 8 --emit ptx | FileCheck %s --check-prefix COLUMNS
// RUN: tritonc %s -k row --target cuda:90 --num-warps 8 --emit ptx | FileCheck %s --check-prefix ROW
// RUN: tritonc %s -k long --target cuda:90 --num-warps 8 --emit ptx | FileCheck %s --check-prefix LONG
// What warps leave of a reduction whose axis they share: where a warp holds many places, a part of neighbouring places is
// one access, and lanes lie side by side, two that share places having half of them each; where it holds one, an access takes several parts of that. Where the function
// is long, a lane reads one part and lanes combine theirs.
#tile = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [2, 16], warpsPerCTA = [8, 1], order = [1, 0]}>
#block = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [8], order = [0]}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 8 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // COLUMNS-COUNT-4: shfl
  // COLUMNS-NOT: shfl
  // COLUMNS: st.shared.v4.b32
  // COLUMNS-NOT: st.shared
  // COLUMNS: bar.sync 0
  // COLUMNS-COUNT-16: ld.shared.v4.b32
  // COLUMNS-NOT: ld.shared
  tt.func public @columns(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %r = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32, #ttg.slice<{dim = 1, parent = #tile}>>
    %c = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32, #ttg.slice<{dim = 0, parent = #tile}>>
    %k = arith.constant dense<128> : tensor<16x1xi32, #tile>
    %r2 = tt.expand_dims %r {axis = 1 : i32} : tensor<16xi32, #ttg.slice<{dim = 1, parent = #tile}>> -> tensor<16x1xi32, #tile>
    %rows = arith.muli %r2, %k : tensor<16x1xi32, #tile>
    %c2 = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32, #ttg.slice<{dim = 0, parent = #tile}>> -> tensor<1x128xi32, #tile>
    %x = tt.broadcast %rows : tensor<16x1xi32, #tile> -> tensor<16x128xi32, #tile>
    %y = tt.broadcast %c2 : tensor<1x128xi32, #tile> -> tensor<16x128xi32, #tile>
    %o = arith.addi %x, %y : tensor<16x128xi32, #tile>
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<16x128x!tt.ptr<f32>, #tile>
    %pp = tt.addptr %ps, %o : tensor<16x128x!tt.ptr<f32>, #tile>, tensor<16x128xi32, #tile>
    %v = tt.load %pp : tensor<16x128x!tt.ptr<f32>, #tile>
    %s = "tt.reduce"(%v) <{axis = 0 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %t = arith.addf %a, %b : f32
      tt.reduce.return %t : f32
    }) : (tensor<16x128xf32, #tile>) -> tensor<128xf32, #ttg.slice<{dim = 0, parent = #tile}>>
    %qs = tt.splat %q : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>, #ttg.slice<{dim = 0, parent = #tile}>>
    %qp = tt.addptr %qs, %c : tensor<128x!tt.ptr<f32>, #ttg.slice<{dim = 0, parent = #tile}>>, tensor<128xi32, #ttg.slice<{dim = 0, parent = #tile}>>
    tt.store %qp, %s : tensor<128x!tt.ptr<f32>, #ttg.slice<{dim = 0, parent = #tile}>>
    tt.return
  }

  // ROW: st.shared.b32
  // ROW-NOT: st.shared
  // ROW: bar.sync 0
  // ROW-COUNT-2: ld.shared.v4.b32
  // ROW-NOT: ld.shared
  tt.func public @row(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %c = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32, #block>
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>, #block>
    %pp = tt.addptr %ps, %c : tensor<1024x!tt.ptr<f32>, #block>, tensor<1024xi32, #block>
    %v = tt.load %pp : tensor<1024x!tt.ptr<f32>, #block>
    %s = "tt.reduce"(%v) <{axis = 0 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %t = arith.addf %a, %b : f32
      tt.reduce.return %t : f32
    }) : (tensor<1024xf32, #block>) -> f32
    tt.store %q, %s : !tt.ptr<f32>
    tt.return
  }

  // LONG: st.shared.b32
  // LONG-NOT: st.shared
  // LONG: bar.sync 0
  // LONG: ld.shared.b32
  // LONG-NOT: ld.shared
  // LONG: shfl.sync.bfly.b32 {{.*}}, 4, 31, -1;
  // LONG: shfl.sync.bfly.b32 {{.*}}, 2, 31, -1;
  // LONG: shfl.sync.bfly.b32 {{.*}}, 1, 31, -1;
  // LONG-NOT: bar.sync
  tt.func public @long(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32, #block>
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>, #block>
    %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<f32>, #block>, tensor<1024xi32, #block>
    %v = tt.load %pp : tensor<1024x!tt.ptr<f32>, #block>
    %s = "tt.reduce"(%v) <{axis = 0 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %sum = arith.addf %a, %b : f32
      %product = arith.mulf %a, %b : f32
      %one = arith.constant 1.0 : f32
      %below = arith.addf %product, %one : f32
      %u = arith.divf %sum, %below : f32
      %t = arith.divf %u, %below : f32
      tt.reduce.return %t : f32
    }) : (tensor<1024xf32, #block>) -> f32
    tt.store %q, %s : !tt.ptr<f32>
    tt.return
  }
}
