// RUN: tritonc %s -k columns --target cuda:90 --num-warps 4 --emit ttgir | FileCheck %s --check-prefix COLUMNS
// RUN: tritonc %s -k columns --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s --check-prefix PTX
// RUN: tritonc %s -k rows --target cuda:90 --num-warps 4 --emit ttgir | FileCheck %s --check-prefix ROWS
// A long function scanned along the slower dimension: the values loaded, before they are extended, are exchanged for a
// layout in which the axis lies in registers; what is stored goes back. Then no shuffle is needed, and the totals of
// four warps are one value of each operand.
// A row's scan stays where it was loaded: an exchange would cost more than it saves.
// COLUMNS-DAG: #[[IN:.*]] = #ttg.blocked<{sizePerThread = [16, 1], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>
// COLUMNS-DAG: #[[OUT:.*]] = #ttg.blocked<{sizePerThread = [1, 8]
// COLUMNS-COUNT-2: ttg.convert_layout {{.*}} tensor<64x32xbf16, #[[OUT]]> -> tensor<64x32xbf16, #[[IN]]>
// COLUMNS: "tt.scan"
// COLUMNS: ttg.convert_layout {{.*}} tensor<64x32xbf16, #[[IN]]> -> tensor<64x32xbf16, #[[OUT]]>
// PTX-NOT: shfl
// ROWS: "tt.scan"
// ROWS-NOT: ttg.convert_layout
module {
  tt.func public @columns(%p: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %o: !tt.ptr<bf16> {tt.divisibility = 16 : i32}) {
    %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
    %c = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
    %k = arith.constant dense<32> : tensor<64x1xi32>
    %r2 = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
    %rk = arith.muli %r2, %k : tensor<64x1xi32>
    %c2 = tt.expand_dims %c {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
    %rb = tt.broadcast %rk : tensor<64x1xi32> -> tensor<64x32xi32>
    %cb = tt.broadcast %c2 : tensor<1x32xi32> -> tensor<64x32xi32>
    %at = arith.addi %rb, %cb : tensor<64x32xi32>
    %ps = tt.splat %p : !tt.ptr<bf16> -> tensor<64x32x!tt.ptr<bf16>>
    %pa = tt.addptr %ps, %at : tensor<64x32x!tt.ptr<bf16>>, tensor<64x32xi32>
    %a = tt.load %pa : tensor<64x32x!tt.ptr<bf16>>
    %qs = tt.splat %q : !tt.ptr<bf16> -> tensor<64x32x!tt.ptr<bf16>>
    %qa = tt.addptr %qs, %at : tensor<64x32x!tt.ptr<bf16>>, tensor<64x32xi32>
    %b = tt.load %qa : tensor<64x32x!tt.ptr<bf16>>
    %af = arith.extf %a : tensor<64x32xbf16> to tensor<64x32xf32>
    %bf = arith.extf %b : tensor<64x32xbf16> to tensor<64x32xf32>
    %s:2 = "tt.scan"(%af, %bf) <{axis = 0 : i32, reverse = false}> ({
    ^bb0(%a1: f32, %b1: f32, %a2: f32, %b2: f32):
      %t = arith.mulf %a1, %a2 : f32
      %u = arith.mulf %b1, %a2 : f32
      %v = arith.addf %u, %b2 : f32
      tt.scan.return %t, %v : f32, f32
    }) : (tensor<64x32xf32>, tensor<64x32xf32>) -> (tensor<64x32xf32>, tensor<64x32xf32>)
    %h = arith.addf %s#0, %s#1 : tensor<64x32xf32>
    %out = arith.truncf %h : tensor<64x32xf32> to tensor<64x32xbf16>
    %os = tt.splat %o : !tt.ptr<bf16> -> tensor<64x32x!tt.ptr<bf16>>
    %oa = tt.addptr %os, %at : tensor<64x32x!tt.ptr<bf16>>, tensor<64x32xi32>
    tt.store %oa, %out : tensor<64x32x!tt.ptr<bf16>>
    tt.return
  }

  tt.func public @rows(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %o: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %r = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
    %c = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
    %k = arith.constant dense<128> : tensor<16x1xi32>
    %r2 = tt.expand_dims %r {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>
    %rk = arith.muli %r2, %k : tensor<16x1xi32>
    %c2 = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
    %rb = tt.broadcast %rk : tensor<16x1xi32> -> tensor<16x128xi32>
    %cb = tt.broadcast %c2 : tensor<1x128xi32> -> tensor<16x128xi32>
    %at = arith.addi %rb, %cb : tensor<16x128xi32>
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<16x128x!tt.ptr<f32>>
    %pa = tt.addptr %ps, %at : tensor<16x128x!tt.ptr<f32>>, tensor<16x128xi32>
    %a = tt.load %pa : tensor<16x128x!tt.ptr<f32>>
    %s = "tt.scan"(%a) <{axis = 1 : i32, reverse = false}> ({
    ^bb0(%x: f32, %y: f32):
      %t = arith.addf %x, %y : f32
      tt.scan.return %t : f32
    }) : (tensor<16x128xf32>) -> tensor<16x128xf32>
    %os = tt.splat %o : !tt.ptr<f32> -> tensor<16x128x!tt.ptr<f32>>
    %oa = tt.addptr %os, %at : tensor<16x128x!tt.ptr<f32>>, tensor<16x128xi32>
    tt.store %oa, %s : tensor<16x128x!tt.ptr<f32>>
    tt.return
  }
}
