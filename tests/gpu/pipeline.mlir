// RUN: tritonc %s --target cuda:90 --emit ttgir | FileCheck %s
// RUN: tritonc %s --target cuda:90 --num-stages 5 --emit ttgir | FileCheck %s --check-prefix SPARE
// Loads that feed a dot become asynchronous copies ahead of it; the dot stays in flight over the iteration.

// CHECK: #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
// CHECK-LABEL: @product
// A fourth buffer would lower how many blocks a multiprocessor holds: copies come after the dot, behind a second barrier.
// CHECK: ttg.local_alloc {{.*}} !ttg.memdesc<3x64x64xf16
// CHECK-COUNT-4: ttg.async_copy_global_to_local
// CHECK: scf.for
// CHECK: ttg.async_wait {num = 1 : i32}
// CHECK-NEXT: gpu.barrier
// CHECK: ttng.warp_group_dot {{.*}}isAsync = true
// CHECK: ttng.warp_group_dot_wait {{.*}}pendings = 1 : i32
// CHECK-NEXT: gpu.barrier
// CHECK-COUNT-2: ttg.async_copy_global_to_local
// CHECK: scf.yield
// CHECK: ttng.warp_group_dot_wait {{.*}}pendings = 0 : i32
// With five stages a sixth buffer costs no block, and saves the barrier.
// SPARE: ttg.local_alloc {{.*}} !ttg.memdesc<6x64x64xf16
// SPARE: scf.for
// SPARE: ttg.async_wait {num = 3 : i32}
// SPARE-NEXT: gpu.barrier
// SPARE-COUNT-2: ttg.async_copy_global_to_local
// SPARE: ttng.warp_group_dot {{.*}}isAsync = true
// SPARE-NOT: gpu.barrier
// SPARE: scf.yield
tt.func public @product(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %width = arith.constant dense<64> : tensor<64x1xi32>
  %step = arith.constant dense<4096> : tensor<64x64xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %at = arith.muli %rows, %width : tensor<64x1xi32>
  %x = tt.broadcast %at : tensor<64x1xi32> -> tensor<64x64xi32>
  %y = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %offs = arith.addi %x, %y : tensor<64x64xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %ap = tt.addptr %as, %offs : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
  %bp = tt.addptr %bs, %offs : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
  %cp = tt.addptr %cs, %offs : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %l:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %p = %ap, %q = %bp) -> (tensor<64x64xf32>, tensor<64x64x!tt.ptr<f16>>, tensor<64x64x!tt.ptr<f16>>) : i32 {
    %u = tt.load %p : tensor<64x64x!tt.ptr<f16>>
    %v = tt.load %q : tensor<64x64x!tt.ptr<f16>>
    %d = tt.dot %u, %v, %acc : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
    %pn = tt.addptr %p, %step : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %qn = tt.addptr %q, %step : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    scf.yield %d, %pn, %qn : tensor<64x64xf32>, tensor<64x64x!tt.ptr<f16>>, tensor<64x64x!tt.ptr<f16>>
  }
  tt.store %cp, %l#0 : tensor<64x64x!tt.ptr<f32>>
  tt.return
}
