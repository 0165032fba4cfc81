// RUN: env TRITONC_DUMP=gpu-allocate tritonc %s --target cuda:90 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s
// RUN: env TRITONC_DUMP=gpu-allocate tritonc %s --target cuda:90 --num-warps 4 --num-stages 12 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefix FEW
// A dot whose left operand was computed from another dot's result, as in attention: it stays in registers. Through shared memory it would
// cost a buffer, a barrier and a fence in every iteration.

// CHECK-DAG: #[[S:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 32, 16]}>
// CHECK-DAG: #[[O:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>

// Both dots are wgmma. The conversion into the second one's operand names no place in shared memory: it renames registers.
// CHECK-LABEL: @attention
// CHECK: %[[Q:.*]] = ttg.local_alloc {{.*}} -> !ttg.memdesc<64x64xf16
// CHECK: scf.for
// CHECK-NOT: ttg.local_alloc {{.*}}tensor<64x32xf16
// CHECK: %[[SCORES:.*]] = ttng.warp_group_dot %[[Q]], {{.*}} -> tensor<64x32xf32, #[[S]]>
// CHECK-NOT: ttg.local_alloc
// CHECK: "tt.reduce"(%[[SCORES]])
// CHECK-NOT: ttg.local_alloc
// CHECK: %[[P:.*]] = arith.truncf {{.*}} to tensor<64x32xf16, #[[S]]>
// CHECK-NEXT: %[[A:.*]] = ttg.convert_layout %[[P]] : tensor<64x32xf16, #[[S]]> -> tensor<64x32xf16, #ttg.dot_op<{opIdx = 0, parent = #[[O]], kWidth = 2}>>
// CHECK-NOT: ttg.local_alloc
// CHECK: ttng.warp_group_dot %[[A]], {{.*}} : tensor<64x32xf16, #ttg.dot_op<{opIdx = 0, parent = #[[O]], kWidth = 2}>> * !ttg.memdesc<32x64xf16, {{.*}} -> tensor<64x64xf32, #[[O]]>
// CHECK: scf.yield

// Copies of later iterations come before both dots, however few blocks a multiprocessor holds.
// FEW: scf.for
// FEW-NOT: ttng.warp_group_dot %
// FEW-COUNT-2: ttg.async_copy_global_to_local
// FEW: ttng.warp_group_dot %
// FEW-NOT: ttg.async_copy_global_to_local
// FEW: scf.yield
tt.func public @attention(%q: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %k: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %v: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %o: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %zeros = arith.constant dense<0.0> : tensor<64x32xf32>
  %step = arith.constant dense<2048> : tensor<32x64xi32>
  %w64 = arith.constant dense<64> : tensor<64x1xi32>
  %w32 = arith.constant dense<64> : tensor<32x1xi32>
  %r64 = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %r32 = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %i64 = tt.expand_dims %r64 {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %i32 = tt.expand_dims %r32 {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %j = tt.expand_dims %r64 {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %x64 = arith.muli %i64, %w64 : tensor<64x1xi32>
  %x32 = arith.muli %i32, %w32 : tensor<32x1xi32>
  %x64b = tt.broadcast %x64 : tensor<64x1xi32> -> tensor<64x64xi32>
  %x32b = tt.broadcast %x32 : tensor<32x1xi32> -> tensor<32x64xi32>
  %j64b = tt.broadcast %j : tensor<1x64xi32> -> tensor<64x64xi32>
  %j32b = tt.broadcast %j : tensor<1x64xi32> -> tensor<32x64xi32>
  %tile = arith.addi %x64b, %j64b : tensor<64x64xi32>
  %block = arith.addi %x32b, %j32b : tensor<32x64xi32>
  %qs = tt.splat %q : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %ks = tt.splat %k : !tt.ptr<f16> -> tensor<32x64x!tt.ptr<f16>>
  %vs = tt.splat %v : !tt.ptr<f16> -> tensor<32x64x!tt.ptr<f16>>
  %os = tt.splat %o : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %qp = tt.addptr %qs, %tile : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
  %kp = tt.addptr %ks, %block : tensor<32x64x!tt.ptr<f16>>, tensor<32x64xi32>
  %vp = tt.addptr %vs, %block : tensor<32x64x!tt.ptr<f16>>, tensor<32x64xi32>
  %op = tt.addptr %os, %tile : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %queries = tt.load %qp : tensor<64x64x!tt.ptr<f16>>
  %l:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %kat = %kp, %vat = %vp) -> (tensor<64x64xf32>, tensor<32x64x!tt.ptr<f16>>, tensor<32x64x!tt.ptr<f16>>) : i32 {
    %keys = tt.load %kat : tensor<32x64x!tt.ptr<f16>>
    %values = tt.load %vat : tensor<32x64x!tt.ptr<f16>>
    %turned = tt.trans %keys {order = array<i32: 1, 0>} : tensor<32x64xf16> -> tensor<64x32xf16>
    %scores = tt.dot %queries, %turned, %zeros : tensor<64x64xf16> * tensor<64x32xf16> -> tensor<64x32xf32>
    %most = "tt.reduce"(%scores) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %m = arith.maxnumf %a, %b : f32
      tt.reduce.return %m : f32
    }) : (tensor<64x32xf32>) -> tensor<64xf32>
    %column = tt.expand_dims %most {axis = 1 : i32} : tensor<64xf32> -> tensor<64x1xf32>
    %mosts = tt.broadcast %column : tensor<64x1xf32> -> tensor<64x32xf32>
    %less = arith.subf %scores, %mosts : tensor<64x32xf32>
    %e = math.exp2 %less : tensor<64x32xf32>
    %p = arith.truncf %e : tensor<64x32xf32> to tensor<64x32xf16>
    %sum = tt.dot %p, %values, %acc : tensor<64x32xf16> * tensor<32x64xf16> -> tensor<64x64xf32>
    %knext = tt.addptr %kat, %step : tensor<32x64x!tt.ptr<f16>>, tensor<32x64xi32>
    %vnext = tt.addptr %vat, %step : tensor<32x64x!tt.ptr<f16>>, tensor<32x64xi32>
    scf.yield %sum, %knext, %vnext : tensor<64x64xf32>, tensor<32x64x!tt.ptr<f16>>, tensor<32x64x!tt.ptr<f16>>
  }
  tt.store %op, %l#0 : tensor<64x64x!tt.ptr<f32>>
  tt.return
}
