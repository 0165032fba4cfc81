// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ttgir | FileCheck %s
// RUN: tritonc %s --target cuda:89 --num-warps 4 --emit ttgir | FileCheck %s --check-prefix ADA
// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s --check-prefix PTX
// 8-bit operands of mma.sync that are multiplied as 16-bit ones: threads hold them as they fill registers, four along K.

// CHECK-LABEL: @widened
// CHECK: arith.sitofp {{.*}} tensor<64x32xf16, #ttg.dot_op<{opIdx = 1, parent = #mma, kWidth = 4}>>
// CHECK: tt.dot {{.*}} tensor<32x64xf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 4}>>
// sm_89 multiplies 8-bit floats by mma.sync; sm_90 by wgmma only, and for a tile as small as this halves are multiplied.
// CHECK-LABEL: @fp8
// CHECK-COUNT-2: tt.fp_to_fp {{.*}}f8E4M3FN{{.*}}xf16
// CHECK: tt.dot {{.*}}xf16{{.*}}kWidth = 4
// ADA-LABEL: @fp8
// ADA-NOT: tt.fp_to_fp
// ADA: tt.dot {{.*}}xf8E4M3FN{{.*}}kWidth = 4
// A pair of bytes is converted as it lies in its register.
// PTX-LABEL: .entry fp8
// PTX: cvt.rn.f16x2.e4m3x2
// PTX-NOT: bfe.u32
// PTX: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
tt.func public @widened(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<i8> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %zero = arith.constant dense<0.0> : tensor<32x32xf32>
  %width = arith.constant dense<64> : tensor<32x1xi32>
  %height = arith.constant dense<64> : tensor<1x32xi32>
  %side = arith.constant dense<32> : tensor<32x1xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %k = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %m = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %n = tt.expand_dims %r {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %ka = tt.expand_dims %k {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %kb = tt.expand_dims %k {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %am = arith.muli %m, %width : tensor<32x1xi32>
  %ax = tt.broadcast %am : tensor<32x1xi32> -> tensor<32x64xi32>
  %ay = tt.broadcast %ka : tensor<1x64xi32> -> tensor<32x64xi32>
  %ao = arith.addi %ax, %ay : tensor<32x64xi32>
  %bn = arith.muli %n, %height : tensor<1x32xi32>
  %bx = tt.broadcast %bn : tensor<1x32xi32> -> tensor<64x32xi32>
  %by = tt.broadcast %kb : tensor<64x1xi32> -> tensor<64x32xi32>
  %bo = arith.addi %bx, %by : tensor<64x32xi32>
  %cm = arith.muli %m, %side : tensor<32x1xi32>
  %cx = tt.broadcast %cm : tensor<32x1xi32> -> tensor<32x32xi32>
  %cy = tt.broadcast %n : tensor<1x32xi32> -> tensor<32x32xi32>
  %co = arith.addi %cx, %cy : tensor<32x32xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<32x64x!tt.ptr<f16>>
  %ap = tt.addptr %as, %ao : tensor<32x64x!tt.ptr<f16>>, tensor<32x64xi32>
  %bs = tt.splat %b : !tt.ptr<i8> -> tensor<64x32x!tt.ptr<i8>>
  %bp = tt.addptr %bs, %bo : tensor<64x32x!tt.ptr<i8>>, tensor<64x32xi32>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<32x32x!tt.ptr<f32>>
  %cp = tt.addptr %cs, %co : tensor<32x32x!tt.ptr<f32>>, tensor<32x32xi32>
  %x = tt.load %ap : tensor<32x64x!tt.ptr<f16>>
  %y = tt.load %bp : tensor<64x32x!tt.ptr<i8>>
  %w = arith.sitofp %y : tensor<64x32xi8> to tensor<64x32xf16>
  %d = tt.dot %x, %w, %zero : tensor<32x64xf16> * tensor<64x32xf16> -> tensor<32x32xf32>
  tt.store %cp, %d : tensor<32x32x!tt.ptr<f32>>
  tt.return
}

tt.func public @fp8(%a: !tt.ptr<f8E4M3FN> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f8E4M3FN> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %zero = arith.constant dense<0.0> : tensor<32x32xf32>
  %width = arith.constant dense<64> : tensor<32x1xi32>
  %height = arith.constant dense<64> : tensor<1x32xi32>
  %side = arith.constant dense<32> : tensor<32x1xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %k = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %m = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %n = tt.expand_dims %r {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %ka = tt.expand_dims %k {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %kb = tt.expand_dims %k {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %am = arith.muli %m, %width : tensor<32x1xi32>
  %ax = tt.broadcast %am : tensor<32x1xi32> -> tensor<32x64xi32>
  %ay = tt.broadcast %ka : tensor<1x64xi32> -> tensor<32x64xi32>
  %ao = arith.addi %ax, %ay : tensor<32x64xi32>
  %bn = arith.muli %n, %height : tensor<1x32xi32>
  %bx = tt.broadcast %bn : tensor<1x32xi32> -> tensor<64x32xi32>
  %by = tt.broadcast %kb : tensor<64x1xi32> -> tensor<64x32xi32>
  %bo = arith.addi %bx, %by : tensor<64x32xi32>
  %cm = arith.muli %m, %side : tensor<32x1xi32>
  %cx = tt.broadcast %cm : tensor<32x1xi32> -> tensor<32x32xi32>
  %cy = tt.broadcast %n : tensor<1x32xi32> -> tensor<32x32xi32>
  %co = arith.addi %cx, %cy : tensor<32x32xi32>
  %as = tt.splat %a : !tt.ptr<f8E4M3FN> -> tensor<32x64x!tt.ptr<f8E4M3FN>>
  %ap = tt.addptr %as, %ao : tensor<32x64x!tt.ptr<f8E4M3FN>>, tensor<32x64xi32>
  %bs = tt.splat %b : !tt.ptr<f8E4M3FN> -> tensor<64x32x!tt.ptr<f8E4M3FN>>
  %bp = tt.addptr %bs, %bo : tensor<64x32x!tt.ptr<f8E4M3FN>>, tensor<64x32xi32>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<32x32x!tt.ptr<f32>>
  %cp = tt.addptr %cs, %co : tensor<32x32x!tt.ptr<f32>>, tensor<32x32xi32>
  %x = tt.load %ap : tensor<32x64x!tt.ptr<f8E4M3FN>>
  %y = tt.load %bp : tensor<64x32x!tt.ptr<f8E4M3FN>>
  %d = tt.dot %x, %y, %zero : tensor<32x64xf8E4M3FN> * tensor<64x32xf8E4M3FN> -> tensor<32x32xf32>
  tt.store %cp, %d : tensor<32x32x!tt.ptr<f32>>
  tt.return
}
