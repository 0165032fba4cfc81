// RUN: env TRITONC_DUMP=gpu-pipeline tritonc %s --target cuda:80 --num-warps 4 --num-stages 3 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefixes CHECK,THREE
// RUN: env TRITONC_DUMP=gpu-pipeline tritonc %s --target cuda:80 --num-warps 4 --num-stages 1 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefixes CHECK,ONE --implicit-check-not async
// RUN: env TRITONC_DUMP=gpu-pipeline tritonc %s --target cuda:75 --num-warps 4 --num-stages 3 --emit ttgir -o /dev/null 2>&1 | FileCheck %s --check-prefixes CHECK,ONE --implicit-check-not async
// Loads that feed mma.sync become asynchronous copies, num_stages - 1 iterations ahead: as many buffers as stages, a group of copies an
// iteration, and a copy for an iteration that the loop does not have must not read memory.

// CHECK-DAG: #[[B:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [8, 4], warpsPerCTA = [4, 1], order = [1, 0]}>
// THREE-DAG: #[[MMA:[a-z0-9]+]] = #ttg.nvidia_mma<{versionMajor = 2, versionMinor = 0, warpsPerCTA = [2, 2], instrShape = [16, 8]}>
// THREE-DAG: #[[SHARED:[a-z0-9]+]] = #ttg.swizzled_shared<{vec = 8, perPhase = 2, maxPhase = 4, order = [1, 0]}>

// CHECK-LABEL: @product
// CHECK-SAME: %[[N:n]]: i32
// THREE: %[[AS:.*]] = ttg.local_alloc : () -> !ttg.memdesc<3x32x32xf16, #[[SHARED]], #smem, mutable>
// THREE-NEXT: %[[BS:.*]] = ttg.local_alloc : () -> !ttg.memdesc<3x32x32xf16, #[[SHARED]], #smem, mutable>

// Iteration i + 2 exists if i < n - 2, which cannot wrap around.
// THREE: %[[BOUND2:.*]] = arith.subi %[[N]], %c2_i32

// Iteration 0, if there is one. A's load has a mask of its own, B's has none.
// THREE: %[[IN0:.*]] = arith.cmpi slt, %c0_i32{{.*}}, %[[N]] : i32
// THREE: %[[S0:.*]] = tt.splat %[[IN0]] : i1 -> tensor<32x32xi1, #[[B]]>
// THREE-NEXT: %[[M0:.*]] = arith.andi %[[S0]], %[[MASK:.*]] : tensor<32x32xi1, #[[B]]>
// THREE-NEXT: %[[A0:.*]] = ttg.memdesc_index %[[AS]][%c0_i32
// THREE-NEXT: %[[TA0:.*]] = ttg.async_copy_global_to_local %[[AP:.*]], %[[A0]] mask %[[M0]] {contiguity = 8 : i32}
// THREE-NEXT: %[[S0B:.*]] = tt.splat %[[IN0]] : i1 -> tensor<32x32xi1, #[[B]]>
// THREE-NEXT: %[[B0:.*]] = ttg.memdesc_index %[[BS]][%c0_i32
// THREE-NEXT: %[[TB0:.*]] = ttg.async_copy_global_to_local %{{.*}}, %[[B0]] mask %[[S0B]] {contiguity = 8 : i32}
// THREE: ttg.async_commit_group tokens %[[TA0]], %[[TB0]]

// Iteration 1, a step further on.
// THREE: %[[IN1:.*]] = arith.cmpi slt, %c1_i32{{.*}}, %[[N]] : i32
// THREE: tt.splat %[[IN1]]
// THREE: %[[A1:.*]] = ttg.memdesc_index %[[AS]][%c1_i32
// THREE-NEXT: ttg.async_copy_global_to_local %{{.*}}, %[[A1]] mask
// THREE: %[[B1:.*]] = ttg.memdesc_index %[[BS]][%c1_i32
// THREE-NEXT: ttg.async_copy_global_to_local %{{.*}}, %[[B1]] mask
// THREE: ttg.async_commit_group
// THREE-NOT: ttg.async_copy_global_to_local

// The loop begins with buffer 0 to be read and buffer 2 to be filled. One group may stay on its way: that of the next iteration.
// THREE: %[[READ0:.*]] = arith.constant 0 : i32
// THREE-NEXT: %[[FILL0:.*]] = arith.constant 2 : i32
// THREE-NEXT: scf.for %[[I:.*]] = %c0 to %[[N]] step %c1 iter_args({{.*}}, %[[READ:[a-z0-9]+]] = %[[READ0]], %[[FILL:[a-z0-9]+]] = %[[FILL0]])
// THREE-NEXT: ttg.async_wait {num = 1 : i32}
// THREE: %[[LATER:.*]] = arith.addi %[[I]], %{{.*}} : i32
// THREE-NEXT: %[[IN2:.*]] = arith.cmpi slt, %[[I]], %[[BOUND2]] : i32
// THREE-NEXT: %[[S2:.*]] = tt.splat %[[IN2]]
// THREE-NEXT: %[[M2:.*]] = arith.andi %[[S2]], %[[MASK]]
// THREE-NEXT: %[[A2:.*]] = ttg.memdesc_index %[[AS]][%[[FILL]]]
// THREE-NEXT: ttg.async_copy_global_to_local %{{.*}}, %[[A2]] mask %[[M2]]
// THREE-NEXT: %[[S2B:.*]] = tt.splat %[[IN2]]
// THREE-NEXT: %[[B2:.*]] = ttg.memdesc_index %[[BS]][%[[FILL]]]
// THREE-NEXT: ttg.async_copy_global_to_local %{{.*}}, %[[B2]] mask %[[S2B]]
// THREE: ttg.async_commit_group
// THREE-NOT: tt.load
// THREE: %[[AV:.*]] = ttg.memdesc_index %[[AS]][%[[READ]]]
// THREE-NEXT: %[[A:.*]] = ttg.local_load %[[AV]] : {{.*}} -> tensor<32x32xf16, #ttg.dot_op<{opIdx = 0, parent = #[[MMA]], kWidth = 2}>>
// THREE: %[[BV:.*]] = ttg.memdesc_index %[[BS]][%[[READ]]]
// THREE-NEXT: %[[B:.*]] = ttg.local_load %[[BV]] : {{.*}} -> tensor<32x32xf16, #ttg.dot_op<{opIdx = 1, parent = #[[MMA]], kWidth = 2}>>
// THREE: tt.dot %[[A]], %[[B]], %acc

// Both indices go round: 0, 1, 2, 0.
// THREE: %[[MORE:.*]] = arith.addi %[[READ]], %c1_i32
// THREE: %[[OVER:.*]] = arith.cmpi sge, %[[MORE]], %c3_i32
// THREE: arith.select %[[OVER]], %c0_i32{{.*}}, %[[MORE]] : i32
// THREE: arith.addi %[[FILL]], %c1_i32
// THREE: scf.yield

// Nothing is on its way when the buffers are given back.
// THREE: ttg.async_wait {num = 0 : i32}
// THREE-NEXT: ttg.local_dealloc %[[AS]]
// THREE-NEXT: ttg.local_dealloc %[[BS]]

// Without stages, and without such copies in the processor, the loads stay where they are.
// ONE: scf.for
// ONE-COUNT-2: tt.load {{.*}} : tensor<32x32x!tt.ptr<f16>, #[[B]]>
// ONE: tt.dot
tt.func public @product(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %rows: i32, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<32x32xf32>
  %zeros = arith.constant dense<0.0> : tensor<32x32xf16>
  %width = arith.constant dense<32> : tensor<32x1xi32>
  %step = arith.constant dense<1024> : tensor<32x32xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %i0 = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %j0 = tt.expand_dims %r {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %bound = tt.splat %rows : i32 -> tensor<32x1xi32>
  %in = arith.cmpi slt, %i0, %bound : tensor<32x1xi32>
  %m = tt.broadcast %in : tensor<32x1xi1> -> tensor<32x32xi1>
  %at = arith.muli %i0, %width : tensor<32x1xi32>
  %x = tt.broadcast %at : tensor<32x1xi32> -> tensor<32x32xi32>
  %y = tt.broadcast %j0 : tensor<1x32xi32> -> tensor<32x32xi32>
  %offs = arith.addi %x, %y : tensor<32x32xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<32x32x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<32x32x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<32x32x!tt.ptr<f32>>
  %ap = tt.addptr %as, %offs : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
  %bp = tt.addptr %bs, %offs : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
  %cp = tt.addptr %cs, %offs : tensor<32x32x!tt.ptr<f32>>, tensor<32x32xi32>
  %l:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %p = %ap, %q = %bp) -> (tensor<32x32xf32>, tensor<32x32x!tt.ptr<f16>>, tensor<32x32x!tt.ptr<f16>>) : i32 {
    %u = tt.load %p, %m, %zeros : tensor<32x32x!tt.ptr<f16>>
    %v = tt.load %q : tensor<32x32x!tt.ptr<f16>>
    %d = tt.dot %u, %v, %acc : tensor<32x32xf16> * tensor<32x32xf16> -> tensor<32x32xf32>
    %pn = tt.addptr %p, %step : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
    %qn = tt.addptr %q, %step : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
    scf.yield %d, %pn, %qn : tensor<32x32xf32>, tensor<32x32x!tt.ptr<f16>>, tensor<32x32x!tt.ptr<f16>>
  }
  tt.store %cp, %l#0 : tensor<32x32x!tt.ptr<f32>>
  tt.return
}

// The address of A's rows is itself loaded in the iteration: that is done one iteration before A's copies need it, under a mask of its
// own, and the loop carries the rows. B does not wait for it.
// CHECK-LABEL: @indirect
// THREE: ttg.local_alloc : () -> !ttg.memdesc<3x32x32xf16
// THREE: ttg.local_alloc : () -> !ttg.memdesc<3x32x32xf16
// THREE-COUNT-3: tt.load %{{.*}}, %{{.*}} : tensor<32x!tt.ptr<i32>
// THREE: scf.for
// THREE: %[[ROWS:.*]] = tt.load %{{.*}}, %{{.*}} : tensor<32x!tt.ptr<i32>
// THREE: ttg.async_wait {num = 1 : i32}
// THREE: ttg.async_copy_global_to_local
// THREE: ttg.async_copy_global_to_local
// THREE-NOT: tt.load
// THREE: %[[A:.*]] = ttg.local_load {{.*}} -> tensor<32x32xf16, #ttg.dot_op<{opIdx = 0
// THREE: %[[B:.*]] = ttg.local_load {{.*}} -> tensor<32x32xf16, #ttg.dot_op<{opIdx = 1
// THREE: tt.dot %[[A]], %[[B]]
// THREE: scf.yield {{.*}}%[[ROWS]]
tt.func public @indirect(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %rows: !tt.ptr<i32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<32x32xf32>
  %width = arith.constant dense<32> : tensor<32x1xi32>
  %step = arith.constant dense<1024> : tensor<32x32xi32>
  %more = arith.constant dense<32> : tensor<32xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %i0 = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %j0 = tt.expand_dims %r {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %at = arith.muli %i0, %width : tensor<32x1xi32>
  %x = tt.broadcast %at : tensor<32x1xi32> -> tensor<32x32xi32>
  %y = tt.broadcast %j0 : tensor<1x32xi32> -> tensor<32x32xi32>
  %offs = arith.addi %x, %y : tensor<32x32xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<32x32x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<32x32x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<32x32x!tt.ptr<f32>>
  %rs = tt.splat %rows : !tt.ptr<i32> -> tensor<32x!tt.ptr<i32>>
  %bp = tt.addptr %bs, %offs : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
  %cp = tt.addptr %cs, %offs : tensor<32x32x!tt.ptr<f32>>, tensor<32x32xi32>
  %rp = tt.addptr %rs, %r : tensor<32x!tt.ptr<i32>>, tensor<32xi32>
  %l:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %p = %rp, %q = %bp) -> (tensor<32x32xf32>, tensor<32x!tt.ptr<i32>>, tensor<32x32x!tt.ptr<f16>>) : i32 {
    %row = tt.load %p : tensor<32x!tt.ptr<i32>>
    %row1 = tt.expand_dims %row {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
    %from = arith.muli %row1, %width : tensor<32x1xi32>
    %from1 = tt.broadcast %from : tensor<32x1xi32> -> tensor<32x32xi32>
    %o = arith.addi %from1, %y : tensor<32x32xi32>
    %ap = tt.addptr %as, %o : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
    %u = tt.load %ap : tensor<32x32x!tt.ptr<f16>>
    %v = tt.load %q : tensor<32x32x!tt.ptr<f16>>
    %d = tt.dot %u, %v, %acc : tensor<32x32xf16> * tensor<32x32xf16> -> tensor<32x32xf32>
    %pn = tt.addptr %p, %more : tensor<32x!tt.ptr<i32>>, tensor<32xi32>
    %qn = tt.addptr %q, %step : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
    scf.yield %d, %pn, %qn : tensor<32x32xf32>, tensor<32x!tt.ptr<i32>>, tensor<32x32x!tt.ptr<f16>>
  }
  tt.store %cp, %l#0 : tensor<32x32x!tt.ptr<f32>>
  tt.return
}

// What a loop says of itself counts more than the option; and where no element has four bytes of neighbours, there is no such copy.
// CHECK-LABEL: @own_stages
// CHECK-NOT: ttg.async_copy_global_to_local
// CHECK-LABEL: @unaligned
// CHECK-NOT: ttg.async_copy_global_to_local
tt.func public @own_stages(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<32x32xf32>
  %width = arith.constant dense<32> : tensor<32x1xi32>
  %step = arith.constant dense<1024> : tensor<32x32xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %i0 = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %j0 = tt.expand_dims %r {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %at = arith.muli %i0, %width : tensor<32x1xi32>
  %x = tt.broadcast %at : tensor<32x1xi32> -> tensor<32x32xi32>
  %y = tt.broadcast %j0 : tensor<1x32xi32> -> tensor<32x32xi32>
  %offs = arith.addi %x, %y : tensor<32x32xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<32x32x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<32x32x!tt.ptr<f32>>
  %ap = tt.addptr %as, %offs : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
  %bp = tt.addptr %ap, %step : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
  %cp = tt.addptr %cs, %offs : tensor<32x32x!tt.ptr<f32>>, tensor<32x32xi32>
  %l:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %p = %ap) -> (tensor<32x32xf32>, tensor<32x32x!tt.ptr<f16>>) : i32 {
    %u = tt.load %p : tensor<32x32x!tt.ptr<f16>>
    %v = tt.load %bp : tensor<32x32x!tt.ptr<f16>>
    %d = tt.dot %u, %v, %acc : tensor<32x32xf16> * tensor<32x32xf16> -> tensor<32x32xf32>
    %pn = tt.addptr %p, %step : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
    scf.yield %d, %pn : tensor<32x32xf32>, tensor<32x32x!tt.ptr<f16>>
  } {tt.num_stages = 1 : i32}
  tt.store %cp, %l#0 : tensor<32x32x!tt.ptr<f32>>
  tt.return
}

tt.func public @unaligned(%a: !tt.ptr<f16>, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<32x32xf32>
  %width = arith.constant dense<32> : tensor<32x1xi32>
  %step = arith.constant dense<1024> : tensor<32x32xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %i0 = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %j0 = tt.expand_dims %r {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %at = arith.muli %i0, %width : tensor<32x1xi32>
  %x = tt.broadcast %at : tensor<32x1xi32> -> tensor<32x32xi32>
  %y = tt.broadcast %j0 : tensor<1x32xi32> -> tensor<32x32xi32>
  %offs = arith.addi %x, %y : tensor<32x32xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<32x32x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<32x32x!tt.ptr<f32>>
  %ap = tt.addptr %as, %offs : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
  %cp = tt.addptr %cs, %offs : tensor<32x32x!tt.ptr<f32>>, tensor<32x32xi32>
  %l:2 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %p = %ap) -> (tensor<32x32xf32>, tensor<32x32x!tt.ptr<f16>>) : i32 {
    %pn = tt.addptr %p, %step : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
    %u = tt.load %p : tensor<32x32x!tt.ptr<f16>>
    %v = tt.load %pn : tensor<32x32x!tt.ptr<f16>>
    %d = tt.dot %u, %v, %acc : tensor<32x32xf16> * tensor<32x32xf16> -> tensor<32x32xf32>
    scf.yield %d, %pn : tensor<32x32xf32>, tensor<32x32x!tt.ptr<f16>>
  }
  tt.store %cp, %l#0 : tensor<32x32x!tt.ptr<f32>>
  tt.return
}

// What an iteration writes the next one reads: nothing may be fetched ahead of that, nor past a barrier.
// CHECK-LABEL: @written
// CHECK-NOT: ttg.async_copy_global_to_local
// CHECK-LABEL: @behind_a_barrier
// CHECK-NOT: ttg.async_copy_global_to_local
// Two buffers that take turns: what one iteration writes to the one the next reads.
// CHECK-LABEL: @turn_about
// CHECK-NOT: ttg.async_copy_global_to_local
tt.func public @written(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<32x32xf32>
  %width = arith.constant dense<32> : tensor<32x1xi32>
  %step = arith.constant dense<1024> : tensor<32x32xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %i0 = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %j0 = tt.expand_dims %r {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %at = arith.muli %i0, %width : tensor<32x1xi32>
  %x = tt.broadcast %at : tensor<32x1xi32> -> tensor<32x32xi32>
  %y = tt.broadcast %j0 : tensor<1x32xi32> -> tensor<32x32xi32>
  %offs = arith.addi %x, %y : tensor<32x32xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<32x32x!tt.ptr<f16>>
  %ap = tt.addptr %as, %offs : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
  %one = arith.constant dense<0.03125> : tensor<32x32xf16>
  %two = arith.constant dense<1.0> : tensor<32x32xf32>
  %l = scf.for %i = %c0 to %n step %c1 iter_args(%p = %ap) -> (tensor<32x32x!tt.ptr<f16>>) : i32 {
    %u = tt.load %p : tensor<32x32x!tt.ptr<f16>>
    %d = tt.dot %u, %one, %two : tensor<32x32xf16> * tensor<32x32xf16> -> tensor<32x32xf32>
    %h = arith.truncf %d : tensor<32x32xf32> to tensor<32x32xf16>
    %pn = tt.addptr %p, %step : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
    tt.store %pn, %h : tensor<32x32x!tt.ptr<f16>>
    scf.yield %pn : tensor<32x32x!tt.ptr<f16>>
  }
  tt.return
}

tt.func public @behind_a_barrier(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %o: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<32x32xf32>
  %width = arith.constant dense<32> : tensor<32x1xi32>
  %step = arith.constant dense<1024> : tensor<32x32xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %i0 = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %j0 = tt.expand_dims %r {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %at = arith.muli %i0, %width : tensor<32x1xi32>
  %x = tt.broadcast %at : tensor<32x1xi32> -> tensor<32x32xi32>
  %y = tt.broadcast %j0 : tensor<1x32xi32> -> tensor<32x32xi32>
  %offs = arith.addi %x, %y : tensor<32x32xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<32x32x!tt.ptr<f16>>
  %ap = tt.addptr %as, %offs : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
  %os = tt.splat %o : !tt.ptr<f16> -> tensor<32x32x!tt.ptr<f16>>
  %op = tt.addptr %os, %offs : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
  %one = arith.constant dense<0.03125> : tensor<32x32xf16>
  %two = arith.constant dense<1.0> : tensor<32x32xf32>
  %l = scf.for %i = %c0 to %n step %c1 iter_args(%p = %ap) -> (tensor<32x32x!tt.ptr<f16>>) : i32 {
    %u = tt.load %p : tensor<32x32x!tt.ptr<f16>>
    %d = tt.dot %u, %one, %two : tensor<32x32xf16> * tensor<32x32xf16> -> tensor<32x32xf32>
    %h = arith.truncf %d : tensor<32x32xf32> to tensor<32x32xf16>
    %pn = tt.addptr %p, %step : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
    gpu.barrier
    tt.store %op, %h : tensor<32x32x!tt.ptr<f16>>
    gpu.barrier
    scf.yield %pn : tensor<32x32x!tt.ptr<f16>>
  }
  tt.return
}

tt.func public @turn_about(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %o: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<32x32xf32>
  %width = arith.constant dense<32> : tensor<32x1xi32>
  %step = arith.constant dense<1024> : tensor<32x32xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %i0 = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %j0 = tt.expand_dims %r {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %at = arith.muli %i0, %width : tensor<32x1xi32>
  %x = tt.broadcast %at : tensor<32x1xi32> -> tensor<32x32xi32>
  %y = tt.broadcast %j0 : tensor<1x32xi32> -> tensor<32x32xi32>
  %offs = arith.addi %x, %y : tensor<32x32xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<32x32x!tt.ptr<f16>>
  %ap = tt.addptr %as, %offs : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
  %os = tt.splat %o : !tt.ptr<f16> -> tensor<32x32x!tt.ptr<f16>>
  %op = tt.addptr %os, %offs : tensor<32x32x!tt.ptr<f16>>, tensor<32x32xi32>
  %one = arith.constant dense<0.03125> : tensor<32x32xf16>
  %two = arith.constant dense<1.0> : tensor<32x32xf32>
  %l:2 = scf.for %i = %c0 to %n step %c1 iter_args(%p = %ap, %q = %op) -> (tensor<32x32x!tt.ptr<f16>>, tensor<32x32x!tt.ptr<f16>>) : i32 {
    %u = tt.load %p : tensor<32x32x!tt.ptr<f16>>
    %d = tt.dot %u, %one, %two : tensor<32x32xf16> * tensor<32x32xf16> -> tensor<32x32xf32>
    %h = arith.truncf %d : tensor<32x32xf32> to tensor<32x32xf16>
    tt.store %q, %h : tensor<32x32x!tt.ptr<f16>>
    scf.yield %q, %p : tensor<32x32x!tt.ptr<f16>>, tensor<32x32x!tt.ptr<f16>>
  }
  tt.return
}
