// RUN: env TRITONC_DUMP=gpu-pipeline tritonc %s --target cuda:90 --num-stages 3 --emit ttgir -o /dev/null 2>&1 | FileCheck %s
// Tiles whose addresses come from a table that the loop reads: the table is read one iteration before the copies need it,
// three ahead of the product, and the loop carries what was read. A tile that is turned on its way to the product is
// copied as it lies, and its buffer is read turned.

// CHECK-LABEL: @pages
// CHECK-COUNT-3: tt.load %{{.*}}, %{{.*}} : !tt.ptr<i32>
// CHECK-COUNT-2: ttg.async_copy_global_to_local
// CHECK: scf.for {{.*}} iter_args(
// CHECK: %[[NEW:.*]] = tt.load %{{.*}}, %{{.*}} : !tt.ptr<i32>
// CHECK: ttg.async_wait {num = 1 : i32}
// CHECK: ttg.async_copy_global_to_local
// CHECK-NOT: tt.load
// CHECK: %[[TURNED:.*]] = ttg.memdesc_trans
// CHECK-NEXT: ttg.local_load %[[TURNED]]
// CHECK: scf.yield {{.*}}%[[NEW]] :
tt.func public @pages(%x: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %k: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %table: !tt.ptr<i32>, %o: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %size = arith.constant 2048 : i32
  %zero = arith.constant dense<0.0> : tensor<16x32xf32>
  %w = arith.constant dense<64> : tensor<16x1xi32>
  %w32 = arith.constant dense<64> : tensor<32x1xi32>
  %wo = arith.constant dense<32> : tensor<16x1xi32>
  %m = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %d = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %p = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %m2 = tt.expand_dims %m {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>
  %d2 = tt.expand_dims %d {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %p2 = tt.expand_dims %p {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %q2 = tt.expand_dims %p {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %xr = arith.muli %m2, %w : tensor<16x1xi32>
  %xa = tt.broadcast %xr : tensor<16x1xi32> -> tensor<16x64xi32>
  %xb = tt.broadcast %d2 : tensor<1x64xi32> -> tensor<16x64xi32>
  %xo = arith.addi %xa, %xb : tensor<16x64xi32>
  %xs = tt.splat %x : !tt.ptr<f16> -> tensor<16x64x!tt.ptr<f16>>
  %xp = tt.addptr %xs, %xo : tensor<16x64x!tt.ptr<f16>>, tensor<16x64xi32>
  %a = tt.load %xp : tensor<16x64x!tt.ptr<f16>>
  %kr = arith.muli %p2, %w32 : tensor<32x1xi32>
  %ka = tt.broadcast %kr : tensor<32x1xi32> -> tensor<32x64xi32>
  %kb = tt.broadcast %d2 : tensor<1x64xi32> -> tensor<32x64xi32>
  %ko = arith.addi %ka, %kb : tensor<32x64xi32>
  %acc = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (tensor<16x32xf32>) : i32 {
    %tp = tt.addptr %table, %i : !tt.ptr<i32>, i32
    %page = tt.load %tp : !tt.ptr<i32>
    %at = arith.muli %page, %size : i32
    %kp = tt.addptr %k, %at : !tt.ptr<f16>, i32
    %ks = tt.splat %kp : !tt.ptr<f16> -> tensor<32x64x!tt.ptr<f16>>
    %kq = tt.addptr %ks, %ko : tensor<32x64x!tt.ptr<f16>>, tensor<32x64xi32>
    %b = tt.load %kq : tensor<32x64x!tt.ptr<f16>>
    %bt = tt.trans %b {order = array<i32: 1, 0>} : tensor<32x64xf16> -> tensor<64x32xf16>
    %r = tt.dot %a, %bt, %s : tensor<16x64xf16> * tensor<64x32xf16> -> tensor<16x32xf32>
    scf.yield %r : tensor<16x32xf32>
  }
  %or = arith.muli %m2, %wo : tensor<16x1xi32>
  %oa = tt.broadcast %or : tensor<16x1xi32> -> tensor<16x32xi32>
  %ob = tt.broadcast %q2 : tensor<1x32xi32> -> tensor<16x32xi32>
  %oo = arith.addi %oa, %ob : tensor<16x32xi32>
  %os = tt.splat %o : !tt.ptr<f32> -> tensor<16x32x!tt.ptr<f32>>
  %op = tt.addptr %os, %oo : tensor<16x32x!tt.ptr<f32>>, tensor<16x32xi32>
  tt.store %op, %acc : tensor<16x32x!tt.ptr<f32>>
  tt.return
}
