// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ttgir | FileCheck %s
// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s --check-prefix PTX
// A tile that a dot multiplies and the loop computes with, too: both read the buffer that copies fill, which is the dot's. It is not stored a
// second time, and the dot stays in flight.

// CHECK: scf.for
// CHECK: ttg.async_wait
// CHECK: %[[X:.*]] = ttg.memdesc_index {{.*}} -> !ttg.memdesc<64x64xf16, #[[S:shared[0-9]*]], #smem, mutable>
// CHECK-NEXT: ttg.local_load %[[X]] {{.*}} -> tensor<64x64xf16, #blocked
// CHECK-NOT: ttg.local_alloc
// CHECK-NOT: ttng.fence_async_shared
// CHECK: ttng.warp_group_dot %[[X]],
// CHECK-NOT: ttg.local_alloc
// CHECK: ttng.warp_group_dot_wait {{.*}} {pendings = 1 : i32}
// CHECK: scf.yield
// PTX: cp.async.wait_group
// PTX: ld.shared.v4
// PTX-NOT: st.shared
// PTX: wgmma.mma_async
tt.func public @beside(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %k: i32) {
  %sum = arith.constant dense<0.000000e+00> : tensor<64x64xf32>
  %squares = arith.constant dense<0.000000e+00> : tensor<64xf32>
  %c0_i32 = arith.constant 0 : i32
  %c64_i32 = arith.constant 64 : i32
  %x = arith.constant dense<4096> : tensor<64x1xi32>
  %cst = arith.constant dense<64> : tensor<64x1xi32>
  %m = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %x_0 = tt.expand_dims %m {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %x_1 = arith.muli %x_0, %x : tensor<64x1xi32>
  %x_2 = tt.splat %a : !tt.ptr<f16> -> tensor<64x1x!tt.ptr<f16>>
  %x_3 = tt.addptr %x_2, %x_1 : tensor<64x1x!tt.ptr<f16>>, tensor<64x1xi32>
  %x_4 = tt.broadcast %x_3 : tensor<64x1x!tt.ptr<f16>> -> tensor<64x64x!tt.ptr<f16>>
  %y = tt.splat %b : !tt.ptr<f16> -> tensor<64x1x!tt.ptr<f16>>
  %y_5 = tt.addptr %y, %x_1 : tensor<64x1x!tt.ptr<f16>>, tensor<64x1xi32>
  %y_6 = tt.broadcast %y_5 : tensor<64x1x!tt.ptr<f16>> -> tensor<64x64x!tt.ptr<f16>>
  %0:2 = scf.for %j = %c0_i32 to %k step %c64_i32 iter_args(%sum_7 = %sum, %squares_8 = %squares) -> (tensor<64x64xf32>, tensor<64xf32>)  : i32 {
    %x_9 = tt.splat %j : i32 -> tensor<64xi32>
    %x_10 = arith.addi %x_9, %m : tensor<64xi32>
    %x_11 = tt.expand_dims %x_10 {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
    %x_12 = tt.broadcast %x_11 : tensor<1x64xi32> -> tensor<64x64xi32>
    %x_13 = tt.addptr %x_4, %x_12 : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %x_14 = tt.load %x_13 : tensor<64x64x!tt.ptr<f16>>
    %y_15 = tt.addptr %y_6, %x_12 : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %y_16 = tt.load %y_15 : tensor<64x64x!tt.ptr<f16>>
    %squares_17 = arith.mulf %x_14, %x_14 : tensor<64x64xf16>
    %squares_18 = arith.extf %squares_17 : tensor<64x64xf16> to tensor<64x64xf32>
    %squares_19 = "tt.reduce"(%squares_18) <{axis = 1 : i32}> ({
    ^bb0(%arg7: f32, %arg8: f32):
      %squares_23 = arith.addf %arg7, %arg8 : f32
      tt.reduce.return %squares_23 : f32
    }) : (tensor<64x64xf32>) -> tensor<64xf32>
    %squares_20 = arith.addf %squares_8, %squares_19 : tensor<64xf32>
    %sum_21 = tt.trans %y_16 {order = array<i32: 1, 0>} : tensor<64x64xf16> -> tensor<64x64xf16>
    %sum_22 = tt.dot %x_14, %sum_21, %sum_7, inputPrecision = tf32 : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
    scf.yield %sum_22, %squares_20 : tensor<64x64xf32>, tensor<64xf32>
  }
  %1 = arith.muli %x_0, %cst : tensor<64x1xi32>
  %2 = tt.splat %c : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>>
  %3 = tt.addptr %2, %1 : tensor<64x1x!tt.ptr<f32>>, tensor<64x1xi32>
  %4 = tt.expand_dims %m {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %5 = tt.broadcast %3 : tensor<64x1x!tt.ptr<f32>> -> tensor<64x64x!tt.ptr<f32>>
  %6 = tt.broadcast %4 : tensor<1x64xi32> -> tensor<64x64xi32>
  %7 = tt.addptr %5, %6 : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %8 = tt.expand_dims %0#1 {axis = 1 : i32} : tensor<64xf32> -> tensor<64x1xf32>
  %9 = tt.broadcast %8 : tensor<64x1xf32> -> tensor<64x64xf32>
  %10 = arith.addf %0#0, %9 : tensor<64x64xf32>
  tt.store %7, %10 : tensor<64x64x!tt.ptr<f32>>
  tt.return
}
