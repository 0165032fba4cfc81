// RUN: tritonc %s -k product --target cuda:90 --num-stages 3 --emit ttgir | FileCheck %s --check-prefix RING
// RUN: tritonc %s -k product --target cuda:90 --num-stages 1 --emit ttgir | FileCheck %s --check-prefix ONE
// RUN: tritonc %s -k product --target cuda:80 --emit ttgir | FileCheck %s --check-prefix OLD
// RUN: tritonc %s -k product --target cuda:90 --emit ptx | FileCheck %s --check-prefix PTX
// RUN: tritonc %s -k gathers --target cuda:90 --emit ttgir | FileCheck %s --check-prefix GATHER
// RUN: tritonc %s -k made --target cuda:90 --emit ttgir | FileCheck %s --check-prefix MADE
// RUN: tritonc %s -k own --target cuda:90 --emit ttgir | FileCheck %s --check-prefix OWN
// RUN: tritonc %s -k own --target cuda:90 --emit ptx | FileCheck %s --check-prefix OWNPTX
// RUN: tritonc %s -k own --target cuda:120 --emit ptx | FileCheck %s --check-prefix OWNPTX
// RUN: tritonc %s -k kept --target cuda:90 --emit ttgir | FileCheck %s --check-prefix KEPT
// RUN: tritonc %s -k later --target cuda:90 --emit ttgir | FileCheck %s --check-prefix LATER
// RUN: tritonc %s -k chosen --target cuda:90 --emit ttgir | FileCheck %s --check-prefix CHOSEN
// Tensor descriptors as tensor maps: which of them, and what becomes of their accesses.

// RING: !tt.tensordesc<tensor<64x64xf16, #[[TILE:[a-z0-9]+]]>>
// RING: ttg.local_alloc {{.*}} !ttg.memdesc<3x64x64xf16, #[[TILE]], #smem, mutable>
// RING: ttg.local_alloc {{.*}} !ttg.memdesc<3x1xi64
// RING-COUNT-3: ttng.init_barrier
// RING-NEXT: gpu.barrier
// RING: ttng.barrier_expect {{.*}}, 16384
// RING-COUNT-4: ttng.async_tma_copy_global_to_local
// RING: scf.for
// RING: ttng.wait_barrier
// RING-NOT: gpu.barrier
// RING-NOT: ttng.fence_async_shared
// RING: ttng.warp_group_dot {{.*}}isAsync = true
// RING: ttng.warp_group_dot_wait {{.*}}pendings = 1 : i32
// RING-NEXT: gpu.barrier
// RING: ttng.barrier_expect
// RING-COUNT-2: ttng.async_tma_copy_global_to_local
// RING: scf.yield
// RING-COUNT-3: ttng.inval_barrier
// RING: ttg.local_alloc %
// RING: ttng.fence_async_shared
// RING-NEXT: gpu.barrier
// RING-NEXT: ttng.async_tma_copy_local_to_global
// RING-NEXT: ttng.async_tma_store_wait {pendings = 0 : i32}

// ONE: scf.for
// ONE: ttng.init_barrier
// ONE: ttng.async_tma_copy_global_to_local
// ONE: ttng.wait_barrier
// ONE: ttng.warp_group_dot

// OLD-NOT: ttng
// OLD-NOT: tensordesc

// PTX: .param .align 64 .b8 product_param_0[128]
// PTX: mbarrier.init.shared.b64
// PTX: fence.proxy.async.shared::cta;
// PTX: cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes
// PTX: mbarrier.try_wait.parity.shared.b64
// PTX: cp.async.bulk.tensor.2d.global.shared::cta.bulk_group
// PTX: cp.async.bulk.wait_group.read 0;
tt.func public @product(%a: !tt.tensordesc<tensor<64x64xf16>>, %a0: i32, %a1: i32, %a2: i64, %a3: i64, %b: !tt.tensordesc<tensor<64x64xf16>>, %b0: i32, %b1: i32, %b2: i64, %b3: i64, %c: !tt.tensordesc<tensor<64x64xf32>>, %c0: i32, %c1: i32 {tt.divisibility = 4 : i32}, %c2: i64, %c3: i64, %n: i32) {
  %zero = arith.constant 0 : i32
  %step = arith.constant 64 : i32
  %init = arith.constant dense<0.000000e+00> : tensor<64x64xf32>
  %sum = scf.for %k = %zero to %n step %step iter_args(%acc = %init) -> (tensor<64x64xf32>) : i32 {
    %x = tt.descriptor_load %a[%zero, %k] : !tt.tensordesc<tensor<64x64xf16>> -> tensor<64x64xf16>
    %y = tt.descriptor_load %b[%k, %zero] : !tt.tensordesc<tensor<64x64xf16>> -> tensor<64x64xf16>
    %d = tt.dot %x, %y, %acc, inputPrecision = tf32 : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  tt.descriptor_store %c[%zero, %zero], %sum : !tt.tensordesc<tensor<64x64xf32>>, tensor<64x64xf32>
  tt.return
}

// The engine of this processor gathers no rows: the descriptor stays as it is, the other one does not.
// GATHER-LABEL: @gathers
// GATHER-SAME: %a: !tt.ptr<f16>
// GATHER-SAME: !tt.tensordesc<tensor<32x64xf16, #
// GATHER: tt.load
// GATHER: ttng.async_tma_copy_local_to_global
tt.func public @gathers(%a: !tt.tensordesc<tensor<1x64xf16>>, %a0: i32, %a1: i32, %a2: i64, %a3: i64, %c: !tt.tensordesc<tensor<32x64xf16>>, %c0: i32, %c1: i32 {tt.divisibility = 8 : i32}, %c2: i64, %c3: i64) {
  %zero = arith.constant 0 : i32
  %rows = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %x = tt.descriptor_gather %a[%rows, %zero] : (!tt.tensordesc<tensor<1x64xf16>>, tensor<32xi32>, i32) -> tensor<32x64xf16>
  tt.descriptor_store %c[%zero, %zero], %x : !tt.tensordesc<tensor<32x64xf16>>, tensor<32x64xf16>
  tt.return
}

// Made of arguments alone: by the launch. Where the base is on no step of 16 bytes: not at all. Rows of 8 bytes: neither.
// MADE-LABEL: @made
// MADE-SAME: {tt.tensor_map = array<i64: 0, 1, 64, 1, 544, 0, 64, 0, 64>}
// MADE-COUNT-1: ttng.async_tma_copy_global_to_local
// MADE-NOT: ttng.async_tma_copy_global_to_local
// MADE: tt.return
tt.func public @made(%p: !tt.ptr<f16>, %q: !tt.ptr<f16>, %n: i32) {
  %zero = arith.constant 0 : i32
  %four = arith.constant 4 : i32
  %columns = arith.constant 64 : i32
  %stride = arith.constant 64 : i64
  %one = arith.constant 1 : i64
  %pid = tt.get_program_id x : i32
  %own = tt.addptr %p, %pid : !tt.ptr<f16>, i32
  %d = tt.make_tensor_descriptor %p, [%n, %columns], [%stride, %one] : <f16>, <tensor<32x64xf16>>
  %e = tt.make_tensor_descriptor %own, [%n, %columns], [%stride, %one] : <f16>, <tensor<16x64xf16>>
  %f = tt.make_tensor_descriptor %p, [%n, %four], [%stride, %one] : <f16>, <tensor<32x4xf16>>
  %x = tt.descriptor_load %d[%zero, %zero] : !tt.tensordesc<tensor<32x64xf16>> -> tensor<32x64xf16>
  %y = tt.descriptor_load %e[%zero, %zero] : !tt.tensordesc<tensor<16x64xf16>> -> tensor<16x64xf16>
  %z = tt.descriptor_load %f[%zero, %zero] : !tt.tensordesc<tensor<32x4xf16>> -> tensor<32x4xf16>
  %o = tt.make_tensor_descriptor %q, [%n, %columns], [%stride, %one] : <f16>, <tensor<32x64xf16>>
  %o2 = tt.make_tensor_descriptor %q, [%n, %columns], [%stride, %one] : <f16>, <tensor<16x64xf16>>
  %o3 = tt.make_tensor_descriptor %q, [%n, %columns], [%stride, %one] : <f16>, <tensor<32x4xf16>>
  tt.descriptor_store %o[%zero, %zero], %x : !tt.tensordesc<tensor<32x64xf16>>, tensor<32x64xf16>
  tt.descriptor_store %o2[%zero, %zero], %y : !tt.tensordesc<tensor<16x64xf16>>, tensor<16x64xf16>
  tt.descriptor_store %o3[%zero, %zero], %z : !tt.tensordesc<tensor<32x4xf16>>, tensor<32x4xf16>
  tt.return
}

// Descriptors that meet are of one kind.
// CHOSEN-LABEL: @chosen
// CHOSEN-SAME: %a: !tt.tensordesc<tensor<32x64xf16, #{{[a-z0-9]+}}>>
// CHOSEN-SAME: %b: !tt.tensordesc<tensor<32x64xf16, #{{[a-z0-9]+}}>>
// CHOSEN-SAME: %c: !tt.ptr<f16>
// CHOSEN: arith.select {{.*}} !tt.tensordesc
tt.func public @chosen(%a: !tt.tensordesc<tensor<32x64xf16>>, %a0: i32, %a1: i32, %a2: i64, %a3: i64, %b: !tt.tensordesc<tensor<32x64xf16>>, %b0: i32, %b1: i32, %b2: i64, %b3: i64, %c: !tt.tensordesc<tensor<1x64xf16>>, %c0: i32, %c1: i32, %c2: i64, %c3: i64, %e: !tt.tensordesc<tensor<1x64xf16>>, %e0: i32, %e1: i32, %e2: i64, %e3: i64, %o: !tt.tensordesc<tensor<32x64xf16>>, %o0: i32, %o1: i32 {tt.divisibility = 8 : i32}, %o2: i64, %o3: i64, %w: i1) {
  %zero = arith.constant 0 : i32
  %rows = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %d = arith.select %w, %a, %b : !tt.tensordesc<tensor<32x64xf16>>
  %f = arith.select %w, %c, %e : !tt.tensordesc<tensor<1x64xf16>>
  %x = tt.descriptor_load %d[%zero, %zero] : !tt.tensordesc<tensor<32x64xf16>> -> tensor<32x64xf16>
  %y = tt.descriptor_gather %f[%rows, %zero] : (!tt.tensordesc<tensor<1x64xf16>>, tensor<32xi32>, i32) -> tensor<32x64xf16>
  %z = arith.addf %x, %y : tensor<32x64xf16>
  tt.descriptor_store %o[%zero, %zero], %z : !tt.tensordesc<tensor<32x64xf16>>, tensor<32x64xf16>
  tt.return
}

// Made of the program's number: by the program, in its part of the memory that the last argument points to; in a loop it
// is written again, after the copies that read it.
// OWN-LABEL: @own
// OWN-SAME: !tt.ptr<i8> {tt.program_memory = 128 : i64}
// OWN: tt.get_program_id z
// OWN: scf.for
// OWN: ttng.tensormap_create {{.*}}fill_mode = 0 : i32{{.*}}
// OWN-NEXT: ttng.tensormap_fenceproxy_acquire
// OWN: ttng.reinterpret_tensor_descriptor
// OWN: ttng.async_tma_copy_global_to_local
// OWNPTX: .target sm_{{90|120}}a
// OWNPTX: cp.async.bulk.wait_group 0;
// OWNPTX: bar.warp.sync
// OWNPTX: tensormap.replace.tile.global_address.shared::cta.b1024.b64
// OWNPTX: tensormap.replace.tile.fill_mode.shared::cta.b1024.b32
// OWNPTX: bar.warp.sync
// OWNPTX: tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.gpu.sync.aligned
// OWNPTX: fence.proxy.tensormap::generic.acquire.gpu
// OWNPTX: cp.async.bulk.tensor.2d.shared
tt.func public @own(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %n: i32) {
  %zero = arith.constant 0 : i32
  %step = arith.constant 1 : i32
  %columns = arith.constant 64 : i32
  %stride = arith.constant 64 : i64
  %one = arith.constant 1 : i64
  %init = arith.constant dense<0.0> : tensor<16x64xf16>
  %o = tt.make_tensor_descriptor %q, [%n, %columns], [%stride, %one] : <f16>, <tensor<16x64xf16>>
  %sum = scf.for %k = %zero to %n step %step iter_args(%acc = %init) -> (tensor<16x64xf16>) : i32 {
    %at = arith.muli %k, %columns : i32
    %own = tt.addptr %p, %at : !tt.ptr<f16>, i32
    %d = tt.make_tensor_descriptor %own, [%n, %columns], [%stride, %one] : <f16>, <tensor<16x64xf16>>
    %x = tt.descriptor_load %d[%zero, %zero] : !tt.tensordesc<tensor<16x64xf16>> -> tensor<16x64xf16>
    %y = arith.addf %acc, %x : tensor<16x64xf16>
    scf.yield %y : tensor<16x64xf16>
  }
  tt.descriptor_store %o[%zero, %zero], %sum : !tt.tensordesc<tensor<16x64xf16>>, tensor<16x64xf16>
  tt.return
}

// The descriptor of the iteration before is used after the next one is made: one slot does not do, so both are pointers.
// KEPT-LABEL: @kept
// KEPT-NOT: tensormap_create
// KEPT: tt.return
tt.func public @kept(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %n: i32) {
  %zero = arith.constant 0 : i32
  %step = arith.constant 1 : i32
  %columns = arith.constant 64 : i32
  %stride = arith.constant 64 : i64
  %one = arith.constant 1 : i64
  %init = arith.constant dense<0.0> : tensor<16x64xf16>
  %first = tt.make_tensor_descriptor %p, [%n, %columns], [%stride, %one] : <f16>, <tensor<16x64xf16>>
  %sum:2 = scf.for %k = %zero to %n step %step iter_args(%acc = %init, %before = %first) -> (tensor<16x64xf16>, !tt.tensordesc<tensor<16x64xf16>>) : i32 {
    %at = arith.muli %k, %columns : i32
    %own = tt.addptr %p, %at : !tt.ptr<f16>, i32
    %d = tt.make_tensor_descriptor %own, [%n, %columns], [%stride, %one] : <f16>, <tensor<16x64xf16>>
    %x = tt.descriptor_load %before[%zero, %zero] : !tt.tensordesc<tensor<16x64xf16>> -> tensor<16x64xf16>
    %y = arith.addf %acc, %x : tensor<16x64xf16>
    scf.yield %y, %d : tensor<16x64xf16>, !tt.tensordesc<tensor<16x64xf16>>
  }
  %o = tt.make_tensor_descriptor %q, [%n, %columns], [%stride, %one] : <f16>, <tensor<16x64xf16>>
  tt.descriptor_store %o[%zero, %zero], %sum#0 : !tt.tensordesc<tensor<16x64xf16>>, tensor<16x64xf16>
  tt.return
}

// A loop's stores: each waits for its own buffer, the other's copy may be under way; all are over behind the loop.
// LATER-LABEL: @later
// LATER-COUNT-2: ttg.local_alloc {{.*}}mutable
// LATER: scf.for
// LATER: ttng.async_tma_store_wait {pendings = 1 : i32}
// LATER-NEXT: gpu.barrier
// LATER-NEXT: ttg.local_store
// LATER-NEXT: ttng.fence_async_shared
// LATER-NEXT: gpu.barrier
// LATER-NEXT: ttng.async_tma_copy_local_to_global
// LATER: ttng.async_tma_store_wait {pendings = 1 : i32}
// LATER: ttng.async_tma_copy_local_to_global
// LATER-NOT: async_tma_store_wait
// LATER: }
// LATER: ttng.async_tma_store_wait {pendings = 0 : i32}
// LATER-NEXT: gpu.barrier
// LATER-NEXT: ttg.local_dealloc
tt.func public @later(%a: !tt.tensordesc<tensor<32x64xf16>>, %a0: i32, %a1: i32 {tt.divisibility = 8 : i32}, %a2: i64, %a3: i64, %b: !tt.tensordesc<tensor<32x64xf16>>, %b0: i32, %b1: i32 {tt.divisibility = 8 : i32}, %b2: i64, %b3: i64, %p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %n: i32) {
  %zero = arith.constant 0 : i32
  %step = arith.constant 32 : i32
  %value = tt.load %p : !tt.ptr<f16>
  %x = tt.splat %value : f16 -> tensor<32x64xf16>
  scf.for %k = %zero to %n step %step : i32 {
    tt.descriptor_store %a[%k, %zero], %x : !tt.tensordesc<tensor<32x64xf16>>, tensor<32x64xf16>
    %y = arith.addf %x, %x : tensor<32x64xf16>
    tt.descriptor_store %b[%k, %zero], %y : !tt.tensordesc<tensor<32x64xf16>>, tensor<32x64xf16>
  }
  tt.return
}
