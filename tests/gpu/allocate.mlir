// RUN: env TRITONC_DUMP=gpu-allocate tritonc %s --target cuda:90 --emit ttgir -o /dev/null 2>&1 | FileCheck %s
// Places in shared memory: buffers that are alive at the same time lie apart, others share; ttg.shared is what the neediest function takes.
// Too little sharing costs programs per multiprocessor, too much costs the result.

// CHECK: module attributes {{.*}}ttg.shared = 4096 : i32
#blocked = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#other = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#tile = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#nvmma = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // The first buffer was read for the last time when the second is made.
  // CHECK-LABEL: @one_after_the_other
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 0 : i32} : (tensor<512xf32
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 0 : i32} : (tensor<512xf32
  tt.func public @one_after_the_other(%p: !tt.ptr<f32>) {
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %a = ttg.local_alloc %v : (tensor<512xf32, #blocked>) -> !ttg.memdesc<512xf32, #shared, #smem>
    %x = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #blocked>
    %y = arith.addf %x, %x : tensor<512xf32, #blocked>
    %b = ttg.local_alloc %y : (tensor<512xf32, #blocked>) -> !ttg.memdesc<512xf32, #shared, #smem>
    %z = ttg.local_load %b : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #blocked>
    tt.store %ps, %z : tensor<512x!tt.ptr<f32>, #blocked>
    tt.return
  }

  // Both are read behind the second: they lie apart. The larger one is placed first.
  // CHECK-LABEL: @together
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 2048 : i32} : (tensor<256xf32
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 0 : i32} : (tensor<512xf32
  tt.func public @together(%p: !tt.ptr<f32>) {
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %qs = tt.splat %p : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>, #blocked>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %w = tt.load %qs : tensor<256x!tt.ptr<f32>, #blocked>
    %a = ttg.local_alloc %w : (tensor<256xf32, #blocked>) -> !ttg.memdesc<256xf32, #shared, #smem>
    %b = ttg.local_alloc %v : (tensor<512xf32, #blocked>) -> !ttg.memdesc<512xf32, #shared, #smem>
    %x = ttg.local_load %a : !ttg.memdesc<256xf32, #shared, #smem> -> tensor<256xf32, #blocked>
    %y = ttg.local_load %b : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #blocked>
    tt.store %qs, %x : tensor<256x!tt.ptr<f32>, #blocked>
    tt.store %ps, %y : tensor<512x!tt.ptr<f32>, #blocked>
    tt.return
  }

  // The first is read in every iteration, so it lives to the loop's end, although its last use is written before the second buffer.
  // CHECK-LABEL: @round_a_loop
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 0 : i32} : (tensor<512xf32
  // CHECK: scf.for
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 2048 : i32} : (tensor<512xf32
  // CHECK: }
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 0 : i32} : (tensor<512xf32
  tt.func public @round_a_loop(%p: !tt.ptr<f32>, %n: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %a = ttg.local_alloc %v : (tensor<512xf32, #blocked>) -> !ttg.memdesc<512xf32, #shared, #smem>
    scf.for %i = %c0 to %n step %c1 : i32 {
      %x = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #blocked>
      %b = ttg.local_alloc %x : (tensor<512xf32, #blocked>) -> !ttg.memdesc<512xf32, #shared, #smem>
      %y = ttg.local_load %b : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #blocked>
      tt.store %ps, %y : tensor<512x!tt.ptr<f32>, #blocked>
    }
    %c = ttg.local_alloc %v : (tensor<512xf32, #blocked>) -> !ttg.memdesc<512xf32, #shared, #smem>
    %z = ttg.local_load %c : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #blocked>
    tt.store %ps, %z : tensor<512x!tt.ptr<f32>, #blocked>
    tt.return
  }

  // A use of a view is a use of the buffer: 1536 bytes of it are taken while the other is made.
  // CHECK-LABEL: @views
  // CHECK: ttg.local_alloc {allocation.offset = 0 : i32} : () -> !ttg.memdesc<3x128xf32
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 1536 : i32} : (tensor<128xf32
  tt.func public @views(%p: !tt.ptr<f32>, %i: i32) {
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>, #other>
    %v = tt.load %ps : tensor<128x!tt.ptr<f32>, #other>
    %a = ttg.local_alloc : () -> !ttg.memdesc<3x128xf32, #shared, #smem, mutable>
    %one = ttg.memdesc_index %a[%i] : !ttg.memdesc<3x128xf32, #shared, #smem, mutable> -> !ttg.memdesc<128xf32, #shared, #smem, mutable>
    ttg.local_store %v, %one : tensor<128xf32, #other> -> !ttg.memdesc<128xf32, #shared, #smem, mutable>
    %b = ttg.local_alloc %v : (tensor<128xf32, #other>) -> !ttg.memdesc<128xf32, #shared, #smem>
    %x = ttg.local_load %b : !ttg.memdesc<128xf32, #shared, #smem> -> tensor<128xf32, #other>
    %y = ttg.local_load %one : !ttg.memdesc<128xf32, #shared, #smem, mutable> -> tensor<128xf32, #other>
    %z = arith.addf %x, %y : tensor<128xf32, #other>
    tt.store %ps, %z : tensor<128x!tt.ptr<f32>, #other>
    tt.return
  }

  // A conversion needs room while it runs: beside what is alive then, not beside what comes later.
  // CHECK-LABEL: @scratch
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 0 : i32} : (tensor<512xf32
  // CHECK: ttg.convert_layout %{{.*}} {allocation.offset = 2048 : i32}
  // CHECK: ttg.convert_layout %{{.*}} {allocation.offset = 0 : i32}
  tt.func public @scratch(%p: !tt.ptr<f32>) {
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #blocked>
    %qs = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #other>
    %v = tt.load %ps : tensor<512x!tt.ptr<f32>, #blocked>
    %a = ttg.local_alloc %v : (tensor<512xf32, #blocked>) -> !ttg.memdesc<512xf32, #shared, #smem>
    %x = ttg.convert_layout %v : tensor<512xf32, #blocked> -> tensor<512xf32, #other>
    %y = ttg.local_load %a : !ttg.memdesc<512xf32, #shared, #smem> -> tensor<512xf32, #other>
    %z = arith.addf %x, %y : tensor<512xf32, #other>
    tt.store %qs, %z : tensor<512x!tt.ptr<f32>, #other>
    %w = ttg.convert_layout %z : tensor<512xf32, #other> -> tensor<512xf32, #blocked>
    tt.store %ps, %w : tensor<512x!tt.ptr<f32>, #blocked>
    tt.return
  }

  // What a tensor core reads begins at a multiple of 1024 bytes, since its swizzle counts from there; the gap is for who fits into it.
  // CHECK-LABEL: @aligned
  // CHECK: ttg.local_alloc {allocation.offset = 0 : i32} : () -> !ttg.memdesc<3x128xf32
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 2048 : i32} : (tensor<8x64xf16
  // CHECK: ttg.local_alloc %{{.*}} {allocation.offset = 1536 : i32} : (tensor<128xf32
  tt.func public @aligned(%p: !tt.ptr<f32>, %q: !tt.ptr<f16>, %i: i32) {
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>, #other>
    %qs = tt.splat %q : !tt.ptr<f16> -> tensor<8x64x!tt.ptr<f16>, #tile>
    %v = tt.load %ps : tensor<128x!tt.ptr<f32>, #other>
    %w = tt.load %qs : tensor<8x64x!tt.ptr<f16>, #tile>
    %a = ttg.local_alloc : () -> !ttg.memdesc<3x128xf32, #shared, #smem, mutable>
    %one = ttg.memdesc_index %a[%i] : !ttg.memdesc<3x128xf32, #shared, #smem, mutable> -> !ttg.memdesc<128xf32, #shared, #smem, mutable>
    ttg.local_store %v, %one : tensor<128xf32, #other> -> !ttg.memdesc<128xf32, #shared, #smem, mutable>
    %b = ttg.local_alloc %w : (tensor<8x64xf16, #tile>) -> !ttg.memdesc<8x64xf16, #nvmma, #smem>
    %c = ttg.local_alloc %v : (tensor<128xf32, #other>) -> !ttg.memdesc<128xf32, #shared, #smem>
    %x = ttg.local_load %one : !ttg.memdesc<128xf32, #shared, #smem, mutable> -> tensor<128xf32, #other>
    %y = ttg.local_load %b : !ttg.memdesc<8x64xf16, #nvmma, #smem> -> tensor<8x64xf16, #tile>
    %z = ttg.local_load %c : !ttg.memdesc<128xf32, #shared, #smem> -> tensor<128xf32, #other>
    tt.store %ps, %x : tensor<128x!tt.ptr<f32>, #other>
    tt.store %qs, %y : tensor<8x64x!tt.ptr<f16>, #tile>
    tt.store %ps, %z : tensor<128x!tt.ptr<f32>, #other>
    tt.return
  }

  // In the two branches of an if: only one of them runs.
  // CHECK-LABEL: @branches
  // CHECK-COUNT-2: ttg.local_alloc %{{.*}} {allocation.offset = 0 : i32}
  tt.func public @branches(%p: !tt.ptr<f32>, %c: i1) {
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>, #other>
    %v = tt.load %ps : tensor<128x!tt.ptr<f32>, #other>
    scf.if %c {
      %a = ttg.local_alloc %v : (tensor<128xf32, #other>) -> !ttg.memdesc<128xf32, #shared, #smem>
      %x = ttg.local_load %a : !ttg.memdesc<128xf32, #shared, #smem> -> tensor<128xf32, #other>
      tt.store %ps, %x : tensor<128x!tt.ptr<f32>, #other>
    } else {
      %b = ttg.local_alloc %v : (tensor<128xf32, #other>) -> !ttg.memdesc<128xf32, #shared, #smem>
      %y = ttg.local_load %b : !ttg.memdesc<128xf32, #shared, #smem> -> tensor<128xf32, #other>
      tt.store %ps, %y : tensor<128x!tt.ptr<f32>, #other>
    }
    tt.return
  }
}
