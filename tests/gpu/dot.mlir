// RUN: env TRITONC_DUMP=gpu-assign tritonc %s --target cuda:75 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefixes CHECK,SM75 --implicit-check-not nvidia_mma --implicit-check-not warp_group_dot
// RUN: env TRITONC_DUMP=gpu-assign tritonc %s --target cuda:80 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefixes CHECK,SM80
// RUN: env TRITONC_DUMP=gpu-assign tritonc %s --target cuda:90 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefixes CHECK,SM90
// Which machine operation a dot becomes: wgmma from 9.0 on, mma.sync from 8.0 on, else multiplications of scalars, for which the layouts
// are blocked. A dot on the wrong one is slow, or gives other bits than were asked for.

// CHECK-DAG: #[[FMA:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [4, 4], threadsPerWarp = [2, 16], warpsPerCTA = [4, 1], order = [1, 0]}>
// SM80-DAG: #[[MMA:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>
// SM80-DAG: #[[FLAT:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [1, 4], instrShape = [16, 8]}>
// SM90-DAG: #[[WG16:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
// SM90-DAG: #[[WG32:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 8]}>
// SM90-DAG: #[[WG8:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 32]}>
// SM90-DAG: #[[MMA:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>
// SM90-DAG: #[[FLAT:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [1, 4], instrShape = [16, 8]}>
// SM80-DAG: #[[MMA3:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2, 1], instrShape = [1, 16, 8]}>
// SM90-DAG: #[[MMA3:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2, 1], instrShape = [1, 16, 8]}>
// SM90-DAG: #[[SHARED:[a-z0-9]+]] = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>

// Operands of mma.sync are in registers, in the layout that goes with the accumulator's; those of wgmma in shared memory.
// CHECK-LABEL: @half
// SM75: tt.dot {{.*}} : tensor<64x64xf16, #ttg.dot_op<{opIdx = 0, parent = #[[FMA]]}>> * tensor<64x64xf16, #ttg.dot_op<{opIdx = 1, parent = #[[FMA]]}>> -> tensor<64x64xf32, #[[FMA]]>
// SM80: tt.dot {{.*}} : tensor<64x64xf16, #ttg.dot_op<{opIdx = 0, parent = #[[MMA]], kWidth = 2}>> * tensor<64x64xf16, #ttg.dot_op<{opIdx = 1, parent = #[[MMA]], kWidth = 2}>> -> tensor<64x64xf32, #[[MMA]]>
// SM90-NOT: tt.dot
// SM90-COUNT-2: ttg.local_alloc {{.*}} -> !ttg.memdesc<64x64xf16, #[[SHARED]], #smem>
// SM90: ttng.fence_async_shared
// SM90-NEXT: ttng.warp_group_dot {{.*}} : !ttg.memdesc<64x64xf16, #[[SHARED]], #smem> * !ttg.memdesc<64x64xf16, #[[SHARED]], #smem> -> tensor<64x64xf32, #[[WG16]]>
tt.func public @half(%a: !tt.ptr<f16>, %b: !tt.ptr<f16>, %c: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %u = tt.load %as : tensor<64x64x!tt.ptr<f16>>
  %v = tt.load %bs : tensor<64x64x!tt.ptr<f16>>
  %d = tt.dot %u, %v, %zero : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
  tt.store %cs, %d : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// An accumulator of 16 bits.
// CHECK-LABEL: @half_sum
// SM75: tt.dot {{.*}} -> tensor<64x64xf16, #[[FMA]]>
// SM80: tt.dot {{.*}} -> tensor<64x64xf16, #[[MMA]]>
// SM90: ttng.warp_group_dot {{.*}} -> tensor<64x64xf16, #[[WG16]]>
tt.func public @half_sum(%a: !tt.ptr<f16>, %b: !tt.ptr<f16>, %c: !tt.ptr<f16>) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf16>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %u = tt.load %as : tensor<64x64x!tt.ptr<f16>>
  %v = tt.load %bs : tensor<64x64x!tt.ptr<f16>>
  %d = tt.dot %u, %v, %zero : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf16>
  tt.store %cs, %d : tensor<64x64x!tt.ptr<f16>>
  tt.return
}

// CHECK-LABEL: @tf32
// SM75: tt.dot {{.*}} -> tensor<64x64xf32, #[[FMA]]>
// SM80: tt.dot {{.*}} : tensor<64x32xf32, #ttg.dot_op<{opIdx = 0, parent = #[[MMA]], kWidth = 1}>> * {{.*}} -> tensor<64x64xf32, #[[MMA]]>
// SM90: ttng.warp_group_dot {{.*}} -> tensor<64x64xf32, #[[WG32]]>
tt.func public @tf32(%a: !tt.ptr<f32>, %b: !tt.ptr<f32>, %c: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %as = tt.splat %a : !tt.ptr<f32> -> tensor<64x32x!tt.ptr<f32>>
  %bs = tt.splat %b : !tt.ptr<f32> -> tensor<32x64x!tt.ptr<f32>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %u = tt.load %as : tensor<64x32x!tt.ptr<f32>>
  %v = tt.load %bs : tensor<32x64x!tt.ptr<f32>>
  %d = tt.dot %u, %v, %zero, inputPrecision = tf32 : tensor<64x32xf32> * tensor<32x64xf32> -> tensor<64x64xf32>
  tt.store %cs, %d : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// All bits of the operands count: no tensor core.
// CHECK-LABEL: @all_bits
// CHECK: tt.dot {{.*}} : tensor<64x32xf32, #ttg.dot_op<{opIdx = 0, parent = #[[FMA]]}>> * {{.*}} -> tensor<64x64xf32, #[[FMA]]>
tt.func public @all_bits(%a: !tt.ptr<f32>, %b: !tt.ptr<f32>, %c: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %as = tt.splat %a : !tt.ptr<f32> -> tensor<64x32x!tt.ptr<f32>>
  %bs = tt.splat %b : !tt.ptr<f32> -> tensor<32x64x!tt.ptr<f32>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %u = tt.load %as : tensor<64x32x!tt.ptr<f32>>
  %v = tt.load %bs : tensor<32x64x!tt.ptr<f32>>
  %d = tt.dot %u, %v, %zero, inputPrecision = ieee : tensor<64x32xf32> * tensor<32x64xf32> -> tensor<64x64xf32>
  tt.store %cs, %d : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @double
// SM75: tt.dot {{.*}} : tensor<64x16xf64, #ttg.dot_op<{opIdx = 0, parent = #[[FMA]]}>> * {{.*}} -> tensor<64x64xf64, #[[FMA]]>
// SM80: tt.dot {{.*}} : tensor<64x16xf64, #ttg.dot_op<{opIdx = 0, parent = #[[DOUBLE:.*]], kWidth = 1}>> * {{.*}} -> tensor<64x64xf64, #[[DOUBLE]]>
// SM90: tt.dot {{.*}} : tensor<64x16xf64, #ttg.dot_op<{opIdx = 0, parent = #[[DOUBLE:.*]], kWidth = 1}>> * {{.*}} -> tensor<64x64xf64, #[[DOUBLE]]>
tt.func public @double(%a: !tt.ptr<f64>, %b: !tt.ptr<f64>, %c: !tt.ptr<f64>) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf64>
  %as = tt.splat %a : !tt.ptr<f64> -> tensor<64x16x!tt.ptr<f64>>
  %bs = tt.splat %b : !tt.ptr<f64> -> tensor<16x64x!tt.ptr<f64>>
  %cs = tt.splat %c : !tt.ptr<f64> -> tensor<64x64x!tt.ptr<f64>>
  %u = tt.load %as : tensor<64x16x!tt.ptr<f64>>
  %v = tt.load %bs : tensor<16x64x!tt.ptr<f64>>
  %d = tt.dot %u, %v, %zero : tensor<64x16xf64> * tensor<16x64xf64> -> tensor<64x64xf64>
  tt.store %cs, %d : tensor<64x64x!tt.ptr<f64>>
  tt.return
}

// Four bytes to a register.
// CHECK-LABEL: @bytes
// SM75: tt.dot {{.*}} -> tensor<64x64xi32, #[[FMA]]>
// SM80: tt.dot {{.*}} : tensor<64x64xi8, #ttg.dot_op<{opIdx = 0, parent = #[[MMA]], kWidth = 4}>> * {{.*}} -> tensor<64x64xi32, #[[MMA]]>
// SM90: ttng.warp_group_dot {{.*}} -> tensor<64x64xi32, #[[WG8]]>
tt.func public @bytes(%a: !tt.ptr<i8>, %b: !tt.ptr<i8>, %c: !tt.ptr<i32>) {
  %zero = arith.constant dense<0> : tensor<64x64xi32>
  %as = tt.splat %a : !tt.ptr<i8> -> tensor<64x64x!tt.ptr<i8>>
  %bs = tt.splat %b : !tt.ptr<i8> -> tensor<64x64x!tt.ptr<i8>>
  %cs = tt.splat %c : !tt.ptr<i32> -> tensor<64x64x!tt.ptr<i32>>
  %u = tt.load %as : tensor<64x64x!tt.ptr<i8>>
  %v = tt.load %bs : tensor<64x64x!tt.ptr<i8>>
  %d = tt.dot %u, %v, %zero : tensor<64x64xi8> * tensor<64x64xi8> -> tensor<64x64xi32>
  tt.store %cs, %d : tensor<64x64x!tt.ptr<i32>>
  tt.return
}

// Sixteen rows are a quarter of what a warp group takes, and just what a warp takes: its four warps stand side by side.
// CHECK-LABEL: @few_rows
// SM80: tt.dot {{.*}} -> tensor<16x64xf32, #[[FLAT]]>
// SM90: tt.dot {{.*}} : tensor<16x64xf16, #ttg.dot_op<{opIdx = 0, parent = #[[FLAT]], kWidth = 2}>> * {{.*}} -> tensor<16x64xf32, #[[FLAT]]>
tt.func public @few_rows(%a: !tt.ptr<f16>, %b: !tt.ptr<f16>, %c: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<16x64xf32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<16x64x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<16x64x!tt.ptr<f32>>
  %u = tt.load %as : tensor<16x64x!tt.ptr<f16>>
  %v = tt.load %bs : tensor<64x64x!tt.ptr<f16>>
  %d = tt.dot %u, %v, %zero : tensor<16x64xf16> * tensor<64x64xf16> -> tensor<16x64xf32>
  tt.store %cs, %d : tensor<16x64x!tt.ptr<f32>>
  tt.return
}

// No tensor-core operation sums over as few as eight products of 16 bits.
// CHECK-LABEL: @short_sums
// CHECK: tt.dot {{.*}} -> tensor<64x64xf32, #[[FMA]]>
tt.func public @short_sums(%a: !tt.ptr<f16>, %b: !tt.ptr<f16>, %c: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<64x8x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<8x64x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %u = tt.load %as : tensor<64x8x!tt.ptr<f16>>
  %v = tt.load %bs : tensor<8x64x!tt.ptr<f16>>
  %d = tt.dot %u, %v, %zero : tensor<64x8xf16> * tensor<8x64xf16> -> tensor<64x64xf32>
  tt.store %cs, %d : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// A batch of products: mma.sync, too, its warps over the batch first.
// CHECK-LABEL: @batch
// SM75: tt.dot {{.*}} -> tensor<2x32x32xf32, #[[FMA3:[a-z0-9]+]]>
// SM80: tt.dot {{.*}} : tensor<2x32x32xf16, #ttg.dot_op<{opIdx = 0, parent = #[[MMA3]], kWidth = 2}>> * {{.*}} -> tensor<2x32x32xf32, #[[MMA3]]>
// SM90: tt.dot {{.*}} : tensor<2x32x32xf16, #ttg.dot_op<{opIdx = 0, parent = #[[MMA3]], kWidth = 2}>> * {{.*}} -> tensor<2x32x32xf32, #[[MMA3]]>
tt.func public @batch(%a: !tt.ptr<f16>, %b: !tt.ptr<f16>, %c: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<2x32x32xf32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<2x32x32x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<2x32x32x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<2x32x32x!tt.ptr<f32>>
  %u = tt.load %as : tensor<2x32x32x!tt.ptr<f16>>
  %v = tt.load %bs : tensor<2x32x32x!tt.ptr<f16>>
  %d = tt.dot %u, %v, %zero : tensor<2x32x32xf16> * tensor<2x32x32xf16> -> tensor<2x32x32xf32>
  tt.store %cs, %d : tensor<2x32x32x!tt.ptr<f32>>
  tt.return
}
