// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ttgir | FileCheck %s
// Keys that are values, too (latent attention): their tile is copied once, and each dot reads it where it stands, the second one
// turned. The queries of all columns would be 128 registers of each thread beside the 64 of the sum: they wait in shared memory.

// CHECK-LABEL: @latent
// CHECK: %[[Q:.*]] = ttg.local_alloc %{{.*}} -> !ttg.memdesc<16x512xbf16
// CHECK: %[[K:.*]] = ttg.local_alloc {{.*}} !ttg.memdesc<3x512x32xbf16
// CHECK: scf.for
// CHECK: ttg.async_copy_global_to_local
// CHECK: %[[NOW:.*]] = ttg.memdesc_index %[[K]]
// CHECK-DAG: ttg.local_load %[[NOW]] : {{.*}} -> tensor<512x32xbf16, #ttg.dot_op<{opIdx = 1
// CHECK-DAG: ttg.local_load %[[Q]] : {{.*}} -> tensor<16x512xbf16, #ttg.dot_op<{opIdx = 0
// CHECK: tt.dot
// CHECK: %[[TURNED:.*]] = ttg.memdesc_trans %[[NOW]]
// CHECK: ttg.local_load %[[TURNED]] : {{.*}} -> tensor<32x512xbf16, #ttg.dot_op<{opIdx = 1
// CHECK: tt.dot
// CHECK-NOT: ttg.convert_layout {{.*}} -> tensor<{{(512x32|32x512)}}xbf16
// CHECK: scf.yield
module {
  tt.func public @latent(%Q: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %KV: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %O: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
    %q = arith.constant dense<512> : tensor<16x1xi32>
    %acc = arith.constant dense<0.000000e+00> : tensor<16x512xf32>
    %c0_i32 = arith.constant 0 : i32
    %c1_i32 = arith.constant 1 : i32
    %k = arith.constant 32 : i32
    %k_0 = arith.constant dense<512> : tensor<1x32xi32>
    %s = arith.constant dense<0.000000e+00> : tensor<16x32xf32>
    %h = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
    %d = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32>
    %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
    %q_1 = tt.expand_dims %h {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>
    %q_2 = arith.muli %q_1, %q : tensor<16x1xi32>
    %q_3 = tt.splat %Q : !tt.ptr<bf16> -> tensor<16x1x!tt.ptr<bf16>>
    %q_4 = tt.addptr %q_3, %q_2 : tensor<16x1x!tt.ptr<bf16>>, tensor<16x1xi32>
    %q_5 = tt.expand_dims %d {axis = 0 : i32} : tensor<512xi32> -> tensor<1x512xi32>
    %q_6 = tt.broadcast %q_4 : tensor<16x1x!tt.ptr<bf16>> -> tensor<16x512x!tt.ptr<bf16>>
    %q_7 = tt.broadcast %q_5 : tensor<1x512xi32> -> tensor<16x512xi32>
    %q_8 = tt.addptr %q_6, %q_7 : tensor<16x512x!tt.ptr<bf16>>, tensor<16x512xi32>
    %q_9 = tt.load %q_8 : tensor<16x512x!tt.ptr<bf16>>
    %k_10 = tt.splat %KV : !tt.ptr<bf16> -> tensor<1x32x!tt.ptr<bf16>>
    %k_11 = tt.expand_dims %d {axis = 1 : i32} : tensor<512xi32> -> tensor<512x1xi32>
    %k_12 = tt.broadcast %k_11 : tensor<512x1xi32> -> tensor<512x32xi32>
    %0 = scf.for %i = %c0_i32 to %n step %c1_i32 iter_args(%acc_13 = %acc) -> (tensor<16x512xf32>)  : i32 {
      %k_14 = arith.muli %i, %k : i32
      %k_15 = tt.splat %k_14 : i32 -> tensor<32xi32>
      %k_16 = arith.addi %k_15, %r : tensor<32xi32>
      %k_17 = tt.expand_dims %k_16 {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
      %k_18 = arith.muli %k_17, %k_0 : tensor<1x32xi32>
      %k_19 = tt.addptr %k_10, %k_18 : tensor<1x32x!tt.ptr<bf16>>, tensor<1x32xi32>
      %k_20 = tt.broadcast %k_19 : tensor<1x32x!tt.ptr<bf16>> -> tensor<512x32x!tt.ptr<bf16>>
      %k_21 = tt.addptr %k_20, %k_12 : tensor<512x32x!tt.ptr<bf16>>, tensor<512x32xi32>
      %k_22 = tt.load %k_21 : tensor<512x32x!tt.ptr<bf16>>
      %s_23 = tt.dot %q_9, %k_22, %s, inputPrecision = tf32 : tensor<16x512xbf16> * tensor<512x32xbf16> -> tensor<16x32xf32>
      %acc_24 = arith.truncf %s_23 : tensor<16x32xf32> to tensor<16x32xbf16>
      %acc_25 = tt.trans %k_22 {order = array<i32: 1, 0>} : tensor<512x32xbf16> -> tensor<32x512xbf16>
      %acc_26 = tt.dot %acc_24, %acc_25, %acc_13, inputPrecision = tf32 : tensor<16x32xbf16> * tensor<32x512xbf16> -> tensor<16x512xf32>
      scf.yield %acc_26 : tensor<16x512xf32>
    }
    %1 = tt.splat %O : !tt.ptr<f32> -> tensor<16x1x!tt.ptr<f32>>
    %2 = tt.addptr %1, %q_2 : tensor<16x1x!tt.ptr<f32>>, tensor<16x1xi32>
    %3 = tt.broadcast %2 : tensor<16x1x!tt.ptr<f32>> -> tensor<16x512x!tt.ptr<f32>>
    %4 = tt.addptr %3, %q_7 : tensor<16x512x!tt.ptr<f32>>, tensor<16x512xi32>
    tt.store %4, %0 : tensor<16x512x!tt.ptr<f32>>
    tt.return
  }
}
