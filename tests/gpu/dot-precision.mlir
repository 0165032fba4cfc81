// RUN: env TRITONC_DUMP=gpu-dot-precision tritonc %s --target cuda:80 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s
// RUN: env TRITONC_DUMP=gpu-dot-precision tritonc %s --target cuda:75 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefix SM75
// RUN: env TRITONC_DUMP=gpu-assign tritonc %s --target cuda:80 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefix PLACED
// RUN: env TRITONC_DUMP=gpu-assign tritonc %s --target cuda:90 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefix HOPPER
// RUN: tritonc %s --target cuda:80 --emit ttir -o - | FileCheck %s --check-prefix TTIR
// Products of f32 at more than a tensor core's precision are several dots of pieces of the operands, the smallest first.

// Where tensor cores cannot, nothing changes; the Triton IR that users see never does.
// SM75-NOT: = tf32 :
// SM75-NOT: bf16>
// TTIR-LABEL: @tf32x3
// TTIR: tt.dot {{.*}} inputPrecision = tf32x3

// Rounding to tf32 leaves what is not finite alone. The loop's sum is added at the end, in an addition.
// CHECK-LABEL: @tf32x3
// CHECK-DAG: %[[ZERO:.*]] = arith.constant {{.*}}dense<0.0{{.*}}> : tensor<64x64xf32>
// CHECK: %[[U:.*]] = tt.load
// CHECK: %[[V:.*]] = tt.load
// CHECK: arith.addi
// CHECK: arith.andi
// CHECK: %[[UR:.*]] = arith.bitcast {{.*}} to tensor<64x64xf32>
// CHECK: arith.cmpf olt
// CHECK: %[[UH:.*]] = arith.select %{{.*}}, %[[UR]], %[[U]]
// CHECK: %[[UL:.*]] = arith.subf %[[U]], %[[UH]]
// CHECK: %[[VH:.*]] = arith.select %{{.*}}, %{{.*}}, %[[V]]
// CHECK: %[[VL:.*]] = arith.subf %[[V]], %[[VH]]
// CHECK: %[[A:.*]] = tt.dot %[[UL]], %[[VH]], %{{.*}}, inputPrecision = tf32
// CHECK: %[[B:.*]] = tt.dot %[[UH]], %[[VL]], %[[A]], inputPrecision = tf32
// CHECK: %[[SIZE:.*]] = math.absf %[[B]]
// CHECK: %[[FINITE:.*]] = arith.cmpf olt, %[[SIZE]]
// CHECK: %[[C:.*]] = arith.select %[[FINITE]], %[[B]], %{{.*}}
// CHECK: %[[D:.*]] = tt.dot %[[UH]], %[[VH]], %[[C]], inputPrecision = tf32
// CHECK-NOT: tt.dot
// CHECK: arith.addf %[[D]], %{{.*}}

// One conversion for each operand: it is split where the dot wants it. Where memory has the right operand across, mma.sync reads it on
// Hopper, too.
// PLACED-LABEL: @tf32x3
// PLACED-COUNT-2: ttg.convert_layout
// PLACED-NOT: ttg.convert_layout
// PLACED: scf.yield
// PLACED-LABEL: @bf16x3
// PLACED-NOT: tt.piece
// HOPPER-LABEL: @tf32x3
// HOPPER-NOT: warp_group_dot
// HOPPER: tt.dot {{.*}} inputPrecision = tf32
// HOPPER-LABEL: @bf16x3
// HOPPER-COUNT-3: ttng.warp_group_dot
tt.func public @tf32x3(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %c64 = arith.constant dense<64> : tensor<64x1xi32>
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %columns = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %start = arith.muli %rows, %c64 : tensor<64x1xi32>
  %starts = tt.broadcast %start : tensor<64x1xi32> -> tensor<64x64xi32>
  %within = tt.broadcast %columns : tensor<1x64xi32> -> tensor<64x64xi32>
  %at = arith.addi %starts, %within : tensor<64x64xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %from = tt.addptr %ps, %at : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %to = tt.addptr %qs, %at : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %u = tt.load %from {isVolatile = true} : tensor<64x64x!tt.ptr<f32>>
    %v = tt.load %to {isVolatile = true} : tensor<64x64x!tt.ptr<f32>>
    %d = tt.dot %u, %v, %acc, inputPrecision = tf32x3 : tensor<64x64xf32> * tensor<64x64xf32> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  tt.store %to, %sum : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// A sum that begins at zero needs no addition.
// CHECK-LABEL: @bf16x3
// CHECK: %[[U:.*]] = tt.load
// CHECK: %[[UH:.*]] = arith.truncf %[[U]] {{.*}}: tensor<64x64xf32> to tensor<64x64xbf16>
// CHECK: %[[UW:.*]] = arith.extf %[[UH]]
// CHECK: %[[UR:.*]] = arith.subf %[[U]], %[[UW]]
// CHECK: %[[UL:.*]] = arith.truncf %[[UR]]
// CHECK: %[[VH:.*]] = arith.truncf
// CHECK: %[[VL:.*]] = arith.truncf
// CHECK: %[[A:.*]] = tt.dot %[[UL]], %[[VH]], %{{.*}} : tensor<64x64xbf16> * tensor<64x64xbf16> -> tensor<64x64xf32>
// CHECK: %[[B:.*]] = tt.dot %[[UH]], %[[VL]], %[[A]] :
// CHECK: %[[C:.*]] = arith.select
// CHECK: tt.dot %[[UH]], %[[VH]], %[[C]] :
// CHECK-NOT: arith.addf
tt.func public @bf16x3(%a: !tt.ptr<f32>, %c: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %as = tt.splat %a : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %u = tt.load %as {isVolatile = true} : tensor<64x64x!tt.ptr<f32>>
  %v = tt.load %as {isVolatile = true} : tensor<64x64x!tt.ptr<f32>>
  %d = tt.dot %u, %v, %zero, inputPrecision = bf16x3 : tensor<64x64xf32> * tensor<64x64xf32> -> tensor<64x64xf32>
  tt.store %cs, %d : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @bf16x6
// CHECK-COUNT-5: tt.dot {{.*}} tensor<16x16xbf16> * tensor<16x16xbf16>
// CHECK: arith.select
// CHECK: tt.dot {{.*}} tensor<16x16xbf16> * tensor<16x16xbf16>
// CHECK-NOT: tt.dot
tt.func public @bf16x6(%a: !tt.ptr<f32>, %c: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %as = tt.splat %a : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>
  %u = tt.load %as {isVolatile = true} : tensor<16x16x!tt.ptr<f32>>
  %v = tt.load %as {isVolatile = true} : tensor<16x16x!tt.ptr<f32>>
  %d = tt.dot %u, %v, %zero, inputPrecision = bf16x6 : tensor<16x16xf32> * tensor<16x16xf32> -> tensor<16x16xf32>
  tt.store %cs, %d : tensor<16x16x!tt.ptr<f32>>
  tt.return
}

// Too small for a tensor core.
// CHECK-LABEL: @small
// CHECK: tt.dot {{.*}} inputPrecision = bf16x6
tt.func public @small(%a: !tt.ptr<f32>, %c: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %as = tt.splat %a : !tt.ptr<f32> -> tensor<16x8x!tt.ptr<f32>>
  %bs = tt.splat %a : !tt.ptr<f32> -> tensor<8x16x!tt.ptr<f32>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>
  %u = tt.load %as : tensor<16x8x!tt.ptr<f32>>
  %v = tt.load %bs : tensor<8x16x!tt.ptr<f32>>
  %d = tt.dot %u, %v, %zero, inputPrecision = bf16x6 : tensor<16x8xf32> * tensor<8x16xf32> -> tensor<16x16xf32>
  tt.store %cs, %d : tensor<16x16x!tt.ptr<f32>>
  tt.return
}
