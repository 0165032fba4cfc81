// RUN: env TRITONC_DUMP=gpu-membar tritonc %s --target cuda:90 --emit ttgir -o /dev/null 2>&1 | FileCheck %s
// Barriers between accesses of memory: one between a write and what reads or writes the same bytes, one between a read and a write
// behind it, and no more. A missing one is a race; each superfluous one stops all warps.

#blocked = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#wide = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
#rows = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
#tile = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // A barrier before the first read; none between reads, and none between a read and a write of other bytes.
  // CHECK-LABEL: @read_after_write
  // CHECK: %[[A:.*]] = ttg.local_alloc %
  // CHECK-NEXT: %[[B:.*]] = ttg.local_alloc {
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load %[[A]]
  // CHECK-NEXT: ttg.local_load %[[A]]
  // CHECK-NEXT: ttg.local_store %{{.*}}, %[[B]]
  // CHECK-NEXT: ttg.local_load %[[A]]
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load %[[B]]
  // CHECK-NOT: gpu.barrier
  // CHECK-LABEL: @write_after_read
  tt.func public @read_after_write(%p: !tt.ptr<f32>) {
    %r_ps = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s_ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %ps = tt.addptr %s_ps, %r_ps : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %r_qs = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #wide>
    %s_qs = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #wide>
    %qs = tt.addptr %s_qs, %r_qs : tensor<512x!tt.ptr<f32>, #wide>, tensor<512xi32, #wide>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %a = ttg.local_alloc %v : (tensor<512xf32, #blocked>) -> !ttg.memdesc<512xf32, #shared, #smem>
    %b = ttg.local_alloc : () -> !ttg.memdesc<512xf32, #shared, #smem, mutable>
    %x = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #wide>
    %y = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #wide>
    ttg.local_store %x, %b : tensor<512xf32, #wide> -> !ttg.memdesc<512xf32, #shared, #smem, mutable>
    %z = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #wide>
    %w = ttg.local_load %b : !ttg.memdesc<512xf32, #shared, #smem, mutable> -> tensor<512xf32, #wide>
    tt.store %qs, %y : tensor<512x!tt.ptr<f32>, #wide>
    tt.store %qs, %z : tensor<512x!tt.ptr<f32>, #wide>
    tt.store %qs, %w : tensor<512x!tt.ptr<f32>, #wide>
    tt.return
  }

  // What was read may only be overwritten when all have read it.
  // CHECK: ttg.local_store %{{.*}}, %[[A:.*]] :
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load %[[A]]
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_store %{{.*}}, %[[A]]
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load %[[A]]
  // CHECK-NOT: gpu.barrier
  // CHECK-LABEL: @shared_place
  tt.func public @write_after_read(%p: !tt.ptr<f32>) {
    %r_ps = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s_ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %ps = tt.addptr %s_ps, %r_ps : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %r_qs = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #wide>
    %s_qs = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #wide>
    %qs = tt.addptr %s_qs, %r_qs : tensor<512x!tt.ptr<f32>, #wide>, tensor<512xi32, #wide>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %a = ttg.local_alloc : () -> !ttg.memdesc<512xf32, #shared, #smem, mutable>
    ttg.local_store %v, %a : tensor<512xf32, #blocked> -> !ttg.memdesc<512xf32, #shared, #smem, mutable>
    %x = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem, mutable> -> tensor<512xf32, #wide>
    ttg.local_store %x, %a : tensor<512xf32, #wide> -> !ttg.memdesc<512xf32, #shared, #smem, mutable>
    %y = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem, mutable> -> tensor<512xf32, #blocked>
    tt.store %ps, %y : tensor<512x!tt.ptr<f32>, #blocked>
    tt.return
  }

  // Two buffers at one place: writing the second waits for the readers of the first.
  // CHECK: %[[A:.*]] = ttg.local_alloc %{{.*}} {allocation.offset = 0 : i32}
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load %[[A]]
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: %[[B:.*]] = ttg.local_alloc %{{.*}} {allocation.offset = 0 : i32}
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load %[[B]]
  // CHECK-LABEL: @scratch
  tt.func public @shared_place(%p: !tt.ptr<f32>) {
    %r_ps = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s_ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %ps = tt.addptr %s_ps, %r_ps : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %a = ttg.local_alloc %v : (tensor<512xf32, #blocked>) -> !ttg.memdesc<512xf32, #shared, #smem>
    %x = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #wide>
    %b = ttg.local_alloc %x : (tensor<512xf32, #wide>) -> !ttg.memdesc<512xf32, #shared, #smem>
    %y = ttg.local_load %b : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #blocked>
    tt.store %ps, %y : tensor<512x!tt.ptr<f32>, #blocked>
    tt.return
  }

  // Conversions have barriers inside; two at the same place need another between them: the second writes what the first reads at its end.
  // CHECK: tt.load
  // CHECK-NEXT: ttg.convert_layout %{{.*}} {allocation.offset = 0 : i32}
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.convert_layout %{{.*}} {allocation.offset = 0 : i32}
  // CHECK-NOT: gpu.barrier
  // CHECK-LABEL: @loop
  tt.func public @scratch(%p: !tt.ptr<f32>) {
    %r_ps = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s_ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %ps = tt.addptr %s_ps, %r_ps : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %x = ttg.convert_layout %v : tensor<512xf32, #blocked> -> tensor<512xf32, #wide>
    %y = ttg.convert_layout %x : tensor<512xf32, #wide> -> tensor<512xf32, #blocked>
    tt.store %ps, %y : tensor<512x!tt.ptr<f32>, #blocked>
    tt.return
  }

  // The back edge: what is read at its end is written at its beginning.
  // CHECK: %[[A:.*]] = ttg.local_alloc {
  // CHECK-NEXT: scf.for
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_store %{{.*}}, %[[A]]
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load %[[A]]
  // CHECK-NOT: gpu.barrier
  // CHECK-LABEL: @reading_loop
  tt.func public @loop(%p: !tt.ptr<f32>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r_ps = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s_ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %ps = tt.addptr %s_ps, %r_ps : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %r_qs = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #wide>
    %s_qs = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #wide>
    %qs = tt.addptr %s_qs, %r_qs : tensor<512x!tt.ptr<f32>, #wide>, tensor<512xi32, #wide>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %a = ttg.local_alloc : () -> !ttg.memdesc<512xf32, #shared, #smem, mutable>
    scf.for %i = %c0 to %n step %c1 : i32 {
      ttg.local_store %v, %a : tensor<512xf32, #blocked> -> !ttg.memdesc<512xf32, #shared, #smem, mutable>
      %x = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem, mutable> -> tensor<512xf32, #wide>
      tt.store %qs, %x : tensor<512x!tt.ptr<f32>, #wide>
    }
    tt.return
  }

  // A loop that only reads what was written before it needs one barrier, in front.
  // CHECK: ttg.local_alloc %
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: scf.for
  // CHECK-NOT: gpu.barrier
  // CHECK-LABEL: @one_branch
  tt.func public @reading_loop(%p: !tt.ptr<f32>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r_ps = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s_ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %ps = tt.addptr %s_ps, %r_ps : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %r_qs = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #wide>
    %s_qs = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #wide>
    %qs = tt.addptr %s_qs, %r_qs : tensor<512x!tt.ptr<f32>, #wide>, tensor<512xi32, #wide>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %a = ttg.local_alloc %v : (tensor<512xf32, #blocked>) -> !ttg.memdesc<512xf32, #shared, #smem>
    scf.for %i = %c0 to %n step %c1 : i32 {
      %x = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #wide>
      tt.store %qs, %x : tensor<512x!tt.ptr<f32>, #wide>
    }
    tt.return
  }

  // A barrier in one branch does not help those who take the other.
  // CHECK: ttg.local_alloc %
  // CHECK-NEXT: scf.if
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load
  // CHECK: }
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load
  // CHECK-NOT: gpu.barrier
  // CHECK-LABEL: @copies
  tt.func public @one_branch(%p: !tt.ptr<f32>, %c: i1) {
    %r_ps = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s_ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %ps = tt.addptr %s_ps, %r_ps : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %r_qs = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #wide>
    %s_qs = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #wide>
    %qs = tt.addptr %s_qs, %r_qs : tensor<512x!tt.ptr<f32>, #wide>, tensor<512xi32, #wide>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %a = ttg.local_alloc %v : (tensor<512xf32, #blocked>) -> !ttg.memdesc<512xf32, #shared, #smem>
    scf.if %c {
      %x = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #wide>
      tt.store %qs, %x : tensor<512x!tt.ptr<f32>, #wide>
    }
    %y = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #wide>
    tt.store %qs, %y : tensor<512x!tt.ptr<f32>, #wide>
    tt.return
  }

  // A wait is for the thread's own copies: what the others brought is there behind the barrier.
  // CHECK: ttg.async_copy_global_to_local
  // CHECK-NOT: gpu.barrier
  // CHECK: ttg.async_wait
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_load
  // CHECK-NOT: gpu.barrier
  // CHECK: tt.return
  tt.func public @copies(%p: !tt.ptr<f32>) {
    %r_ps = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #wide>
    %s_ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #wide>
    %ps = tt.addptr %s_ps, %r_ps : tensor<512x!tt.ptr<f32>, #wide>, tensor<512xi32, #wide>
    %a = ttg.local_alloc : () -> !ttg.memdesc<512xf32, #shared, #smem, mutable>
    %t = ttg.async_copy_global_to_local %ps, %a : tensor<512x!tt.ptr<f32>, #wide> -> <512xf32, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    %w = ttg.async_wait %g {num = 0 : i32}
    %x = ttg.local_load %a token %w : !ttg.memdesc<512xf32, #shared, #smem, mutable> -> tensor<512xf32, #wide>
    tt.store %ps, %x : tensor<512x!tt.ptr<f32>, #wide>
    tt.return
  }

  // Global memory of one argument: a write behind a read by other threads, and a read behind a write.
  // CHECK-LABEL: @global_in_order
  // CHECK: tt.load
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.store
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: tt.store
  // CHECK-NEXT: tt.return
  // CHECK-LABEL: @global_records
  tt.func public @global_in_order(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>) {
    %o = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %r_ps = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s_ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %ps = tt.addptr %s_ps, %r_ps : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %pt = tt.addptr %ps, %o : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %r_qs = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s_qs = tt.splat %q : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %qs = tt.addptr %s_qs, %r_qs : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %x = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    tt.store %pt, %x : tensor<512x!tt.ptr<f32>, #blocked>
    %y = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    tt.store %qs, %y : tensor<512x!tt.ptr<f32>, #blocked>
    tt.return
  }

  // Fields of records, read and written by one thread each: no field reaches another's. Where elements step by one, a
  // neighbour's is written.
  // CHECK-NOT: gpu.barrier
  // CHECK: tt.return
  // CHECK-LABEL: @global_neighbours
  // CHECK: tt.load
  // CHECK-NEXT: tt.load
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.store
  // CHECK-LABEL: @global_next_iteration
  // CHECK: scf.for
  // CHECK: gpu.barrier
  // CHECK: tt.return
  // CHECK-LABEL: @global_in_place
  tt.func public @global_records(%p: !tt.ptr<f32>) {
    %three = arith.constant dense<3> : tensor<512xi32, #blocked>
    %one = arith.constant dense<1> : tensor<512xi32, #blocked>
    %r = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %o = arith.muli %r, %three : tensor<512xi32, #blocked>
    %s = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %p0 = tt.addptr %s, %o : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %p1 = tt.addptr %p0, %one : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %p2 = tt.addptr %p1, %one : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %x = tt.load %p0 : tensor<512x!tt.ptr<f32>, #blocked>
    %y = tt.load %p1 : tensor<512x!tt.ptr<f32>, #blocked>
    %z = tt.load %p2 : tensor<512x!tt.ptr<f32>, #blocked>
    tt.store %p0, %y : tensor<512x!tt.ptr<f32>, #blocked>
    tt.store %p1, %z : tensor<512x!tt.ptr<f32>, #blocked>
    tt.store %p2, %x : tensor<512x!tt.ptr<f32>, #blocked>
    tt.return
  }
  tt.func public @global_neighbours(%p: !tt.ptr<f32>) {
    %one = arith.constant dense<1> : tensor<512xi32, #blocked>
    %r = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %p0 = tt.addptr %s, %r : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %p1 = tt.addptr %p0, %one : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %x = tt.load %p0 : tensor<512x!tt.ptr<f32>, #blocked>
    %y = tt.load %p1 : tensor<512x!tt.ptr<f32>, #blocked>
    tt.store %p1, %x : tensor<512x!tt.ptr<f32>, #blocked>
    tt.return
  }
  // Apart in one iteration, but what is written is what others read in the next one.
  tt.func public @global_next_iteration(%p: !tt.ptr<f32>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c500 = arith.constant 500 : i32
    %far = arith.constant dense<512> : tensor<512xi32, #blocked>
    %r = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    scf.for %k = %c0 to %n step %c500 : i32 {
      %ks = tt.splat %k : i32 -> tensor<512xi32, #blocked>
      %at = arith.addi %r, %ks : tensor<512xi32, #blocked>
      %p0 = tt.addptr %s, %at : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
      %p1 = tt.addptr %p0, %far : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
      %x = tt.load %p0 : tensor<512x!tt.ptr<f32>, #blocked>
      tt.store %p1, %x : tensor<512x!tt.ptr<f32>, #blocked>
    }
    tt.return
  }

  // Each thread comes back to its own elements; but a tensor of fewer elements than threads is read by several and
  // written by one of them, and a scalar is read by all.
  // CHECK-NOT: gpu.barrier
  // CHECK: tt.return
  // CHECK-LABEL: @global_shared
  // CHECK: tt.load
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.store
  // CHECK: tt.load
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.store
  // CHECK-NEXT: tt.store
  // CHECK-NEXT: tt.return
  tt.func public @global_in_place(%p: !tt.ptr<f32>) {
    %r_ps = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s_ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %ps = tt.addptr %s_ps, %r_ps : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %x = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    tt.store %ps, %x : tensor<512x!tt.ptr<f32>, #blocked>
    %y = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    tt.store %ps, %y : tensor<512x!tt.ptr<f32>, #blocked>
    tt.return
  }
  tt.func public @global_shared(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>) {
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>, #blocked>
    %x = tt.load %ps : tensor<64x!tt.ptr<f32>, #blocked>
    tt.store %ps, %x : tensor<64x!tt.ptr<f32>, #blocked>
    %y = tt.load %q : !tt.ptr<f32>
    tt.store %q, %y : !tt.ptr<f32>
    tt.store %q, %y : !tt.ptr<f32>
    tt.return
  }

  // A product reads two buffers. That the second one needs a barrier must not make it forgotten that the first one is
  // read behind that barrier, too: the conversion, at the first one's place, waits for the product.
  // CHECK-LABEL: @two_operands
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 0 : i32}
  // CHECK-NEXT: ttg.local_alloc %{{.*}} {allocation.offset = 8192 : i32}
  // CHECK: ttng.fence_async_shared
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttng.warp_group_dot
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.convert_layout %{{.*}} {allocation.offset = 0 : i32}
  // CHECK: tt.return
  tt.func public @two_operands(%p: !tt.ptr<f16>, %q: !tt.ptr<f32>) {
    %zero = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
    %ps = tt.splat %p : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>, #rows>
    %qs = tt.splat %q : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>, #rows>
    %v = tt.load %ps : tensor<64x64x!tt.ptr<f16>, #rows>
    %a = ttg.local_alloc %v : (tensor<64x64xf16, #rows>) -> !ttg.memdesc<64x64xf16, #tile, #smem>
    %b = ttg.local_alloc %v : (tensor<64x64xf16, #rows>) -> !ttg.memdesc<64x64xf16, #tile, #smem>
    ttng.fence_async_shared {bCluster = false}
    %d = ttng.warp_group_dot %a, %b, %zero {inputPrecision = 0 : i32} : !ttg.memdesc<64x64xf16, #tile, #smem> * !ttg.memdesc<64x64xf16, #tile, #smem> -> tensor<64x64xf32, #mma>
    %o = ttg.convert_layout %d : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #rows>
    tt.store %qs, %o : tensor<64x64x!tt.ptr<f32>, #rows>
    tt.return
  }

  // A loop in a loop: the barrier of the inner one stands in front of it, once for an iteration of the outer.
  // CHECK-LABEL: @nested
  // CHECK: scf.for
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_store
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: scf.for
  // CHECK-NEXT: ttg.local_load
  // CHECK-NOT: gpu.barrier
  // CHECK: tt.return
  tt.func public @nested(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r_ps = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %s_ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %ps = tt.addptr %s_ps, %r_ps : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %r_qs = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #wide>
    %s_qs = tt.splat %q : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #wide>
    %qs = tt.addptr %s_qs, %r_qs : tensor<512x!tt.ptr<f32>, #wide>, tensor<512xi32, #wide>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %a = ttg.local_alloc : () -> !ttg.memdesc<512xf32, #shared, #smem, mutable>
    scf.for %i = %c0 to %n step %c1 : i32 {
      ttg.local_store %v, %a : tensor<512xf32, #blocked> -> !ttg.memdesc<512xf32, #shared, #smem, mutable>
      scf.for %j = %c0 to %n step %c1 : i32 {
        %x = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem, mutable> -> tensor<512xf32, #wide>
        tt.store %qs, %x : tensor<512x!tt.ptr<f32>, #wide>
      }
    }
    tt.return
  }

  // The copy engine may read a buffer until one thread has waited for it and a barrier has told the others: the barrier for
  // %other, before the wait, does not count. What has been waited for needs one barrier, not two.
  // CHECK-LABEL: @write_after_bulk_store
  // CHECK: ttng.async_tma_copy_local_to_global
  // CHECK: ttg.local_store %{{.*}}, %[[OTHER:.*]] :
  // CHECK: gpu.barrier
  // CHECK-NEXT: ttg.local_load %[[OTHER]]
  // CHECK-NEXT: ttng.async_tma_store_wait
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: ttg.local_store
  // CHECK-NOT: gpu.barrier
  // CHECK: tt.return
  tt.func public @write_after_bulk_store(%d: !tt.tensordesc<tensor<64x64xf16, #tile>>, %p: !tt.ptr<f16>) {
    %c0 = arith.constant 0 : i32
    %x = arith.constant dense<1.0> : tensor<64x64xf16, #rows>
    %ps = tt.splat %p : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>, #rows>
    %b = ttg.local_alloc %x : (tensor<64x64xf16, #rows>) -> !ttg.memdesc<64x64xf16, #tile, #smem, mutable>
    %other = ttg.local_alloc : () -> !ttg.memdesc<64x64xf16, #tile, #smem, mutable>
    ttng.fence_async_shared {bCluster = false}
    ttng.async_tma_copy_local_to_global %d[%c0, %c0] %b : !tt.tensordesc<tensor<64x64xf16, #tile>>, !ttg.memdesc<64x64xf16, #tile, #smem, mutable>
    ttg.local_store %x, %other : tensor<64x64xf16, #rows> -> !ttg.memdesc<64x64xf16, #tile, #smem, mutable>
    %y = ttg.local_load %other : !ttg.memdesc<64x64xf16, #tile, #smem, mutable> -> tensor<64x64xf16, #rows>
    ttng.async_tma_store_wait {pendings = 0 : i32}
    ttg.local_store %x, %b : tensor<64x64xf16, #rows> -> !ttg.memdesc<64x64xf16, #tile, #smem, mutable>
    tt.store %ps, %y : tensor<64x64x!tt.ptr<f16>, #rows>
    tt.return
  }

  // An iteration of a loop stores what the one before stored, by other threads: a barrier in each.
  // CHECK-LABEL: @iterations_overlap
  // CHECK: scf.for
  // CHECK: gpu.barrier
  // CHECK-NEXT: tt.store
  // CHECK: tt.return
  tt.func public @iterations_overlap(%p: !tt.ptr<f32>, %v: tensor<512xf32, #blocked>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %i = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    scf.for %k = %c0 to %n step %c1 : i32 {
      %ks = tt.splat %k : i32 -> tensor<512xi32, #blocked>
      %at = arith.addi %i, %ks : tensor<512xi32, #blocked>
      %qs = tt.addptr %ps, %at : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
      tt.store %qs, %v : tensor<512x!tt.ptr<f32>, #blocked>
    }
    tt.return
  }

  // Every iteration has a tile of its own: by the step of the loop, and by that of a carried pointer.
  // CHECK-LABEL: @iterations_apart
  // CHECK-NOT: gpu.barrier
  // CHECK: tt.return
  tt.func public @iterations_apart(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %v: tensor<512xf32, #blocked>, %n: i32, %m: i32) {
    %c0 = arith.constant 0 : i32
    %c512 = arith.constant 512 : i32
    %i = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #blocked>
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %qs = tt.splat %q : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %q0 = tt.addptr %qs, %i : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
    %step = arith.muli %m, %c512 : i32
    %all = arith.constant dense<512> : tensor<512xi32, #blocked>
    %end = scf.for %k = %c0 to %n step %step iter_args(%qk = %q0) -> (tensor<512x!tt.ptr<f32>, #blocked>) : i32 {
      %ks = tt.splat %k : i32 -> tensor<512xi32, #blocked>
      %at = arith.addi %i, %ks : tensor<512xi32, #blocked>
      %pk = tt.addptr %ps, %at : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
      tt.store %pk, %v : tensor<512x!tt.ptr<f32>, #blocked>
      tt.store %qk, %v : tensor<512x!tt.ptr<f32>, #blocked>
      %next = tt.addptr %qk, %all : tensor<512x!tt.ptr<f32>, #blocked>, tensor<512xi32, #blocked>
      scf.yield %next : tensor<512x!tt.ptr<f32>, #blocked>
    }
    tt.return
  }

  // Additions whose results are not used may take place in any order; a maximum among them may not:
  // here all elements are one.
  // CHECK-LABEL: @additions
  // CHECK: scf.for
  // CHECK-NOT: gpu.barrier
  // CHECK: }
  // CHECK: scf.for
  // CHECK: tt.atomic_rmw add
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: tt.atomic_rmw max
  tt.func public @additions(%p: !tt.ptr<i32>, %v: tensor<512xi32, #blocked>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %true = arith.constant dense<true> : tensor<512xi1, #blocked>
    %ps = tt.splat %p : !tt.ptr<i32> -> tensor<512x!tt.ptr<i32>, #blocked>
    scf.for %k = %c0 to %n step %c1 : i32 {
      %ks = tt.splat %k : i32 -> tensor<512xi32, #blocked>
      %qs = tt.addptr %ps, %ks : tensor<512x!tt.ptr<i32>, #blocked>, tensor<512xi32, #blocked>
      %a = tt.atomic_rmw add, acq_rel, gpu, %qs, %v, %true : (tensor<512x!tt.ptr<i32>, #blocked>, tensor<512xi32, #blocked>, tensor<512xi1, #blocked>) -> tensor<512xi32, #blocked>
    }
    scf.for %k = %c0 to %n step %c1 : i32 {
      %ks = tt.splat %k : i32 -> tensor<512xi32, #blocked>
      %qs = tt.addptr %ps, %ks : tensor<512x!tt.ptr<i32>, #blocked>, tensor<512xi32, #blocked>
      %a = tt.atomic_rmw add, acq_rel, gpu, %qs, %v, %true : (tensor<512x!tt.ptr<i32>, #blocked>, tensor<512xi32, #blocked>, tensor<512xi1, #blocked>) -> tensor<512xi32, #blocked>
      %b = tt.atomic_rmw max, acq_rel, gpu, %qs, %v, %true : (tensor<512x!tt.ptr<i32>, #blocked>, tensor<512xi32, #blocked>, tensor<512xi1, #blocked>) -> tensor<512xi32, #blocked>
    }
    tt.return
  }
}
