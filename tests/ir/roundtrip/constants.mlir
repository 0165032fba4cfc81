// RUN: sed 1d %s > %t.ttir && tritonc %t.ttir --passes "" --no-locations --emit ttir -o - | diff %t.ttir -
module {
  tt.func public @constants() {
    %true = arith.constant true
    %false = arith.constant false
    %c-128_i8 = arith.constant -128 : i8
    %c0_i64 = arith.constant 0 : i64
    %c-9223372036854775808_i64 = arith.constant -9223372036854775808 : i64
    %c7 = arith.constant 7 : index
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant -0.000000e+00 : f32
    %cst_1 = arith.constant 1.000000e+00 : f64
    %cst_2 = arith.constant 3.14159274 : f32
    %cst_3 = arith.constant 0x7FC00000 : f32
    %cst_4 = arith.constant 0xFF800000 : f32
    %cst_5 = arith.constant 1.17549435E-38 : f32
    %cst_6 = arith.constant 1.401300e-45 : f32
    %cst_7 = arith.constant 0x4170000010000000 : f64
    %cst_8 = arith.constant 6.550400e+04 : f16
    %cst_9 = arith.constant 0x7C00 : f16
    %cst_10 = arith.constant 1.000980e+00 : f16
    %cst_11 = arith.constant 3.140630e+00 : bf16
    %cst_12 = arith.constant 4.480000e+02 : f8E4M3FN
    %cst_13 = arith.constant 5.734400e+04 : f8E5M2
    %cst_14 = arith.constant 2.400000e+02 : f8E4M3FNUZ
    %cst_15 = arith.constant 1.750000e+00 : f8E5M2FNUZ
    %cst_16 = arith.constant 3.000000e+01 : f8E4M3B11FNUZ
    %cst_17 = arith.constant dense<5> : tensor<8x8xi32>
    %cst_18 = arith.constant dense<true> : tensor<4xi1>
    %cst_19 = arith.constant dense<[true, false]> : tensor<2xi1>
    %cst_20 = arith.constant dense<[1, -2, 3]> : tensor<3xi16>
    %cst_21 = arith.constant dense<[[1.000000e+00, 0x7F800000], [-2.500000e+00, 1.000000e-01]]> : tensor<2x2xf32>
    %cst_22 = arith.constant dense<> : tensor<0xi32>
    %cst_23 = arith.constant {tt.note = "x"} dense<1.000000e+00> : tensor<4xbf16>
    tt.return
  }
}
