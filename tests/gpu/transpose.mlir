// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ttgir | FileCheck %s
// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s --check-prefix PTX
// RUN: tritonc %s --target cuda:80 --num-warps 4 --emit ttgir | FileCheck %s --check-prefix OLD
// RUN: tritonc %s --target cuda:90 --num-warps 2 --emit ttgir | FileCheck %s --check-prefix OLD
// wgmma reads f32 from shared memory along K only. An operand that lies across K goes through registers, where it is the left one; a right
// one becomes that by transposing the product.

// OLD-NOT: warp_group_dot
// OLD-NOT: tensor<128x64xf32

// B lies along N: it is the left operand, read from its buffer into registers, of the transposed product.
// CHECK-LABEL: @across
// CHECK: scf.for {{.*}} -> (tensor<128x64xf32, #[[T:mma[0-9]*]]>
// CHECK: %[[B:.*]] = ttg.memdesc_trans {{.*}} -> !ttg.memdesc<128x32xf32,
// CHECK: %[[L:.*]] = ttg.local_load %[[B]] {{.*}} -> tensor<128x32xf32, #ttg.dot_op<{opIdx = 0, parent = #[[T]], kWidth = 1}>>
// CHECK: %[[A:.*]] = ttg.memdesc_trans {{.*}} -> !ttg.memdesc<32x64xf32,
// CHECK: ttng.warp_group_dot %[[L]], %[[A]]
// CHECK: tt.trans {{.*}} : tensor<128x64xf32, #[[T]]> -> tensor<64x128xf32,
// Registers are read in single words, rows of four neighbours along K in different banks; nothing is turned by a store.
// PTX-LABEL: .entry across
// PTX: ld.shared
// PTX-NOT: st.shared
// PTX: wgmma.fence
// PTX-COUNT-4: wgmma.mma_async.sync.aligned.m64n64k8.f32.tf32.tf32
tt.func public @across(%a: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %k: i32) {
  %pa = arith.constant dense<4096> : tensor<64x1xi32>
  %pb = arith.constant dense<128> : tensor<32x1xi32>
  %sum = arith.constant dense<0.000000e+00> : tensor<64x128xf32>
  %c0_i32 = arith.constant 0 : i32
  %c32_i32 = arith.constant 32 : i32
  %y = arith.constant 128 : i32
  %cst = arith.constant dense<128> : tensor<64x1xi32>
  %m = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %n = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %i = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %pa_0 = tt.expand_dims %m {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %pa_1 = arith.muli %pa_0, %pa : tensor<64x1xi32>
  %pa_2 = tt.splat %a : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>>
  %pa_3 = tt.addptr %pa_2, %pa_1 : tensor<64x1x!tt.ptr<f32>>, tensor<64x1xi32>
  %pa_4 = tt.expand_dims %i {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %pa_5 = tt.broadcast %pa_3 : tensor<64x1x!tt.ptr<f32>> -> tensor<64x32x!tt.ptr<f32>>
  %pa_6 = tt.broadcast %pa_4 : tensor<1x32xi32> -> tensor<64x32xi32>
  %pa_7 = tt.addptr %pa_5, %pa_6 : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32>
  %pb_8 = tt.expand_dims %i {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %pb_9 = arith.muli %pb_8, %pb : tensor<32x1xi32>
  %pb_10 = tt.splat %b : !tt.ptr<f32> -> tensor<32x1x!tt.ptr<f32>>
  %pb_11 = tt.addptr %pb_10, %pb_9 : tensor<32x1x!tt.ptr<f32>>, tensor<32x1xi32>
  %pb_12 = tt.expand_dims %n {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %pb_13 = tt.broadcast %pb_11 : tensor<32x1x!tt.ptr<f32>> -> tensor<32x128x!tt.ptr<f32>>
  %pb_14 = tt.broadcast %pb_12 : tensor<1x128xi32> -> tensor<32x128xi32>
  %pb_15 = tt.addptr %pb_13, %pb_14 : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
  %0 = scf.for %j = %c0_i32 to %k step %c32_i32 iter_args(%sum_16 = %sum) -> (tensor<64x128xf32>)  : i32 {
    %x = tt.splat %j : i32 -> tensor<64x32xi32>
    %x_17 = tt.addptr %pa_7, %x : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32>
    %x_18 = tt.load %x_17 : tensor<64x32x!tt.ptr<f32>>
    %y_19 = arith.muli %j, %y : i32
    %y_20 = tt.splat %y_19 : i32 -> tensor<32x128xi32>
    %y_21 = tt.addptr %pb_15, %y_20 : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
    %y_22 = tt.load %y_21 : tensor<32x128x!tt.ptr<f32>>
    %sum_23 = tt.dot %x_18, %y_22, %sum_16, inputPrecision = tf32 : tensor<64x32xf32> * tensor<32x128xf32> -> tensor<64x128xf32>
    scf.yield %sum_23 : tensor<64x128xf32>
  }
  %1 = arith.muli %pa_0, %cst : tensor<64x1xi32>
  %2 = tt.splat %c : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>>
  %3 = tt.addptr %2, %1 : tensor<64x1x!tt.ptr<f32>>, tensor<64x1xi32>
  %4 = tt.broadcast %3 : tensor<64x1x!tt.ptr<f32>> -> tensor<64x128x!tt.ptr<f32>>
  %5 = tt.broadcast %pb_12 : tensor<1x128xi32> -> tensor<64x128xi32>
  %6 = tt.addptr %4, %5 : tensor<64x128x!tt.ptr<f32>>, tensor<64x128xi32>
  tt.store %6, %0 : tensor<64x128x!tt.ptr<f32>>
  tt.return
}

// It is the left operand already.
// CHECK-LABEL: @left
// CHECK: scf.for {{.*}} -> (tensor<64x128xf32, #[[D:mma[0-9]*]]>
// CHECK: ttg.local_load {{.*}} -> tensor<64x32xf32, #ttg.dot_op<{opIdx = 0, parent = #[[D]], kWidth = 1}>>
// CHECK: ttng.warp_group_dot
tt.func public @left(%a: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %k: i32) {
  %pa = arith.constant dense<64> : tensor<1x32xi32>
  %pb = arith.constant dense<4096> : tensor<1x128xi32>
  %sum = arith.constant dense<0.000000e+00> : tensor<64x128xf32>
  %c0_i32 = arith.constant 0 : i32
  %c32_i32 = arith.constant 32 : i32
  %x = arith.constant 64 : i32
  %cst = arith.constant dense<128> : tensor<64x1xi32>
  %m = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %n = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %i = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %pa_0 = tt.expand_dims %m {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %pa_1 = tt.splat %a : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>>
  %pa_2 = tt.addptr %pa_1, %pa_0 : tensor<64x1x!tt.ptr<f32>>, tensor<64x1xi32>
  %pa_3 = tt.expand_dims %i {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %pa_4 = arith.muli %pa_3, %pa : tensor<1x32xi32>
  %pa_5 = tt.broadcast %pa_2 : tensor<64x1x!tt.ptr<f32>> -> tensor<64x32x!tt.ptr<f32>>
  %pa_6 = tt.broadcast %pa_4 : tensor<1x32xi32> -> tensor<64x32xi32>
  %pa_7 = tt.addptr %pa_5, %pa_6 : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32>
  %pb_8 = tt.expand_dims %i {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %pb_9 = tt.splat %b : !tt.ptr<f32> -> tensor<32x1x!tt.ptr<f32>>
  %pb_10 = tt.addptr %pb_9, %pb_8 : tensor<32x1x!tt.ptr<f32>>, tensor<32x1xi32>
  %pb_11 = tt.expand_dims %n {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %pb_12 = arith.muli %pb_11, %pb : tensor<1x128xi32>
  %pb_13 = tt.broadcast %pb_10 : tensor<32x1x!tt.ptr<f32>> -> tensor<32x128x!tt.ptr<f32>>
  %pb_14 = tt.broadcast %pb_12 : tensor<1x128xi32> -> tensor<32x128xi32>
  %pb_15 = tt.addptr %pb_13, %pb_14 : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
  %0 = scf.for %j = %c0_i32 to %k step %c32_i32 iter_args(%sum_16 = %sum) -> (tensor<64x128xf32>)  : i32 {
    %x_17 = arith.muli %j, %x : i32
    %x_18 = tt.splat %x_17 : i32 -> tensor<64x32xi32>
    %x_19 = tt.addptr %pa_7, %x_18 : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32>
    %x_20 = tt.load %x_19 : tensor<64x32x!tt.ptr<f32>>
    %y = tt.splat %j : i32 -> tensor<32x128xi32>
    %y_21 = tt.addptr %pb_15, %y : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
    %y_22 = tt.load %y_21 : tensor<32x128x!tt.ptr<f32>>
    %sum_23 = tt.dot %x_20, %y_22, %sum_16, inputPrecision = tf32 : tensor<64x32xf32> * tensor<32x128xf32> -> tensor<64x128xf32>
    scf.yield %sum_23 : tensor<64x128xf32>
  }
  %1 = arith.muli %pa_0, %cst : tensor<64x1xi32>
  %2 = tt.splat %c : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>>
  %3 = tt.addptr %2, %1 : tensor<64x1x!tt.ptr<f32>>, tensor<64x1xi32>
  %4 = tt.broadcast %3 : tensor<64x1x!tt.ptr<f32>> -> tensor<64x128x!tt.ptr<f32>>
  %5 = tt.broadcast %pb_11 : tensor<1x128xi32> -> tensor<64x128xi32>
  %6 = tt.addptr %4, %5 : tensor<64x128x!tt.ptr<f32>>, tensor<64x128xi32>
  tt.store %6, %0 : tensor<64x128x!tt.ptr<f32>>
  tt.return
}

// No order of the operands serves where both lie across; nor where the loop computes with the accumulator.
// CHECK-LABEL: @both
// CHECK-NOT: warp_group_dot
// CHECK: tt.dot {{.*}} -> tensor<64x128xf32,
tt.func public @both(%a: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %k: i32) {
  %pa = arith.constant dense<64> : tensor<1x32xi32>
  %pb = arith.constant dense<128> : tensor<32x1xi32>
  %sum = arith.constant dense<0.000000e+00> : tensor<64x128xf32>
  %c0_i32 = arith.constant 0 : i32
  %c32_i32 = arith.constant 32 : i32
  %x = arith.constant 64 : i32
  %y = arith.constant 128 : i32
  %cst = arith.constant dense<128> : tensor<64x1xi32>
  %m = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %n = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %i = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %pa_0 = tt.expand_dims %m {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %pa_1 = tt.splat %a : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>>
  %pa_2 = tt.addptr %pa_1, %pa_0 : tensor<64x1x!tt.ptr<f32>>, tensor<64x1xi32>
  %pa_3 = tt.expand_dims %i {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %pa_4 = arith.muli %pa_3, %pa : tensor<1x32xi32>
  %pa_5 = tt.broadcast %pa_2 : tensor<64x1x!tt.ptr<f32>> -> tensor<64x32x!tt.ptr<f32>>
  %pa_6 = tt.broadcast %pa_4 : tensor<1x32xi32> -> tensor<64x32xi32>
  %pa_7 = tt.addptr %pa_5, %pa_6 : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32>
  %pb_8 = tt.expand_dims %i {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %pb_9 = arith.muli %pb_8, %pb : tensor<32x1xi32>
  %pb_10 = tt.splat %b : !tt.ptr<f32> -> tensor<32x1x!tt.ptr<f32>>
  %pb_11 = tt.addptr %pb_10, %pb_9 : tensor<32x1x!tt.ptr<f32>>, tensor<32x1xi32>
  %pb_12 = tt.expand_dims %n {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %pb_13 = tt.broadcast %pb_11 : tensor<32x1x!tt.ptr<f32>> -> tensor<32x128x!tt.ptr<f32>>
  %pb_14 = tt.broadcast %pb_12 : tensor<1x128xi32> -> tensor<32x128xi32>
  %pb_15 = tt.addptr %pb_13, %pb_14 : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
  %0 = scf.for %j = %c0_i32 to %k step %c32_i32 iter_args(%sum_16 = %sum) -> (tensor<64x128xf32>)  : i32 {
    %x_17 = arith.muli %j, %x : i32
    %x_18 = tt.splat %x_17 : i32 -> tensor<64x32xi32>
    %x_19 = tt.addptr %pa_7, %x_18 : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32>
    %x_20 = tt.load %x_19 : tensor<64x32x!tt.ptr<f32>>
    %y_21 = arith.muli %j, %y : i32
    %y_22 = tt.splat %y_21 : i32 -> tensor<32x128xi32>
    %y_23 = tt.addptr %pb_15, %y_22 : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
    %y_24 = tt.load %y_23 : tensor<32x128x!tt.ptr<f32>>
    %sum_25 = tt.dot %x_20, %y_24, %sum_16, inputPrecision = tf32 : tensor<64x32xf32> * tensor<32x128xf32> -> tensor<64x128xf32>
    scf.yield %sum_25 : tensor<64x128xf32>
  }
  %1 = arith.muli %pa_0, %cst : tensor<64x1xi32>
  %2 = tt.splat %c : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>>
  %3 = tt.addptr %2, %1 : tensor<64x1x!tt.ptr<f32>>, tensor<64x1xi32>
  %4 = tt.broadcast %3 : tensor<64x1x!tt.ptr<f32>> -> tensor<64x128x!tt.ptr<f32>>
  %5 = tt.broadcast %pb_12 : tensor<1x128xi32> -> tensor<64x128xi32>
  %6 = tt.addptr %4, %5 : tensor<64x128x!tt.ptr<f32>>, tensor<64x128xi32>
  tt.store %6, %0 : tensor<64x128x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @scaled
// CHECK-NOT: warp_group_dot
// CHECK: tt.dot {{.*}} -> tensor<64x128xf32,
tt.func public @scaled(%a: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %k: i32) {
  %pa = arith.constant dense<4096> : tensor<64x1xi32>
  %pb = arith.constant dense<128> : tensor<32x1xi32>
  %sum = arith.constant dense<0.000000e+00> : tensor<64x128xf32>
  %c0_i32 = arith.constant 0 : i32
  %c32_i32 = arith.constant 32 : i32
  %y = arith.constant 128 : i32
  %sum_0 = arith.constant dense<5.000000e-01> : tensor<64x128xf32>
  %cst = arith.constant dense<128> : tensor<64x1xi32>
  %m = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %n = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %i = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %pa_1 = tt.expand_dims %m {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %pa_2 = arith.muli %pa_1, %pa : tensor<64x1xi32>
  %pa_3 = tt.splat %a : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>>
  %pa_4 = tt.addptr %pa_3, %pa_2 : tensor<64x1x!tt.ptr<f32>>, tensor<64x1xi32>
  %pa_5 = tt.expand_dims %i {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %pa_6 = tt.broadcast %pa_4 : tensor<64x1x!tt.ptr<f32>> -> tensor<64x32x!tt.ptr<f32>>
  %pa_7 = tt.broadcast %pa_5 : tensor<1x32xi32> -> tensor<64x32xi32>
  %pa_8 = tt.addptr %pa_6, %pa_7 : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32>
  %pb_9 = tt.expand_dims %i {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %pb_10 = arith.muli %pb_9, %pb : tensor<32x1xi32>
  %pb_11 = tt.splat %b : !tt.ptr<f32> -> tensor<32x1x!tt.ptr<f32>>
  %pb_12 = tt.addptr %pb_11, %pb_10 : tensor<32x1x!tt.ptr<f32>>, tensor<32x1xi32>
  %pb_13 = tt.expand_dims %n {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %pb_14 = tt.broadcast %pb_12 : tensor<32x1x!tt.ptr<f32>> -> tensor<32x128x!tt.ptr<f32>>
  %pb_15 = tt.broadcast %pb_13 : tensor<1x128xi32> -> tensor<32x128xi32>
  %pb_16 = tt.addptr %pb_14, %pb_15 : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
  %0 = scf.for %j = %c0_i32 to %k step %c32_i32 iter_args(%sum_17 = %sum) -> (tensor<64x128xf32>)  : i32 {
    %x = tt.splat %j : i32 -> tensor<64x32xi32>
    %x_18 = tt.addptr %pa_8, %x : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32>
    %x_19 = tt.load %x_18 : tensor<64x32x!tt.ptr<f32>>
    %y_20 = arith.muli %j, %y : i32
    %y_21 = tt.splat %y_20 : i32 -> tensor<32x128xi32>
    %y_22 = tt.addptr %pb_16, %y_21 : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
    %y_23 = tt.load %y_22 : tensor<32x128x!tt.ptr<f32>>
    %sum_24 = arith.mulf %sum_17, %sum_0 : tensor<64x128xf32>
    %sum_25 = tt.dot %x_19, %y_23, %sum_24, inputPrecision = tf32 : tensor<64x32xf32> * tensor<32x128xf32> -> tensor<64x128xf32>
    scf.yield %sum_25 : tensor<64x128xf32>
  }
  %1 = arith.muli %pa_1, %cst : tensor<64x1xi32>
  %2 = tt.splat %c : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>>
  %3 = tt.addptr %2, %1 : tensor<64x1x!tt.ptr<f32>>, tensor<64x1xi32>
  %4 = tt.broadcast %3 : tensor<64x1x!tt.ptr<f32>> -> tensor<64x128x!tt.ptr<f32>>
  %5 = tt.broadcast %pb_13 : tensor<1x128xi32> -> tensor<64x128xi32>
  %6 = tt.addptr %4, %5 : tensor<64x128x!tt.ptr<f32>>, tensor<64x128xi32>
  tt.store %6, %0 : tensor<64x128x!tt.ptr<f32>>
  tt.return
}
