// RUN: sed 1d %s > %t.ttir && tritonc %t.ttir --passes "" --no-locations --emit ttir -o - | diff %t.ttir -
module {
  tt.func public @products(%a: tensor<16x32xf16>, %b: tensor<32x16xf16>, %c: tensor<16x16xf32>, %a3: tensor<2x16x16xi8>, %c3: tensor<2x16x16xi32>) {
    %d = tt.dot %a, %b, %c : tensor<16x32xf16> * tensor<32x16xf16> -> tensor<16x16xf32>
    %e = tt.dot %a, %b, %d, inputPrecision = tf32 : tensor<16x32xf16> * tensor<32x16xf16> -> tensor<16x16xf32>
    %f = tt.dot %a, %b, %e, inputPrecision = tf32x3 {maxNumImpreciseAcc = 32 : i32} : tensor<16x32xf16> * tensor<32x16xf16> -> tensor<16x16xf32>
    %g = tt.dot %a3, %a3, %c3 : tensor<2x16x16xi8> * tensor<2x16x16xi8> -> tensor<2x16x16xi32>
    tt.return
  }
  tt.func public @scaled(%a: tensor<128x64xi8>, %b: tensor<64x128xi8>, %c: tensor<128x128xf32>, %sa: tensor<128x2xi8>, %sb: tensor<128x2xi8>, %h: tensor<128x64xbf16>, %q: tensor<32x128xi8>) {
    %0 = tt.dot_scaled %a scale %sa, %b scale %sb, %c lhs = e4m3 rhs = e5m2 {fastMath = false} : tensor<128x64xi8>, tensor<128x2xi8> * tensor<64x128xi8>, tensor<128x2xi8> -> tensor<128x128xf32>
    %1 = tt.dot_scaled %h, %q scale %sb, %c lhs = bf16 rhs = e2m1 {fastMath = true} : tensor<128x64xbf16> * tensor<32x128xi8>, tensor<128x2xi8> -> tensor<128x128xf32>
    %2 = tt.dot_scaled %a scale %sa, %b, %c lhs = e5m2 rhs = e4m3 {fastMath = false, lhs_k_pack = false, rhs_k_pack = false} : tensor<128x64xi8>, tensor<128x2xi8> * tensor<64x128xi8> -> tensor<128x128xf32>
    tt.return
  }
  tt.func public @reductions(%x: tensor<8x32xf32>, %i: tensor<8x32xi32>, %v: tensor<64xf32>) -> f32 {
    %sum = "tt.reduce"(%v) <{axis = 0 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      tt.reduce.return %s : f32
    }) : (tensor<64xf32>) -> f32
    %argmax:2 = "tt.reduce"(%x, %i) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %ia: i32, %b: f32, %ib: i32):
      %gt = arith.cmpf ogt, %a, %b : f32
      %m = arith.select %gt, %a, %b : f32
      %im = arith.select %gt, %ia, %ib : i32
      tt.reduce.return %m, %im : f32, i32
    }) {tt.note = "discardable"} : (tensor<8x32xf32>, tensor<8x32xi32>) -> (tensor<8xf32>, tensor<8xi32>)
    %prefix = "tt.scan"(%x) <{axis = 0 : i32, reverse = true}> ({
    ^bb0(%a: f32, %b: f32):
      %p = arith.mulf %a, %b : f32
      tt.scan.return %p : f32
    }) : (tensor<8x32xf32>) -> tensor<8x32xf32>
    %mapped = "tt.map_elementwise"(%x) <{pack = 1 : i32}> ({
    ^bb0(%a: f32):
      %zero = arith.constant 0.000000e+00 : f32
      %pos = arith.cmpf ogt, %a, %zero : f32
      cf.cond_br %pos, ^bb1, ^bb2
    ^bb1:  // pred: ^bb0
      tt.map_elementwise.return %a : f32
    ^bb2:  // pred: ^bb0
      tt.map_elementwise.return %zero : f32
    }) : (tensor<8x32xf32>) -> tensor<8x32xf32>
    tt.return %sum : f32
  }
  tt.func public @others(%i: tensor<64xi32>, %m: tensor<64xi1>, %x: tensor<8x4xf32>, %j: tensor<8x16xi32>, %b: i1, %p: !tt.ptr<f32>) {
    %h = tt.histogram %i : tensor<64xi32> -> tensor<16xi32>
    %hm = tt.histogram %i, %m : tensor<64xi32> -> tensor<16xi32>
    %g = tt.gather %x[%j] {axis = 1 : i32} : (tensor<8x4xf32>, tensor<8x16xi32>) -> tensor<8x16xf32>
    %ge = tt.gather %x[%j] {axis = 1 : i32, efficient_layout} : (tensor<8x4xf32>, tensor<8x16xi32>) -> tensor<8x16xf32>
    tt.print " x: " {hex = false, isSigned = array<i32: 1, 0>} : %i, %x : tensor<64xi32>, tensor<8x4xf32>
    tt.print "only text \C3\A9" {hex = true, isSigned = array<i32>}
    tt.assert %m, "in range" : tensor<64xi1>
    tt.assert %b, "scalar" : i1
    ttc.check_access "load", %p, %b : !tt.ptr<f32>
    ttc.check_access "atomic", %p {sem = "acq_rel"} : !tt.ptr<f32>
    ttc.check_acquire
    tt.return
  }
}
