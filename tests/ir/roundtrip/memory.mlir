// RUN: sed 1d %s > %t.ttir && tritonc %t.ttir --passes "" --no-locations --emit ttir -o - | diff %t.ttir -
module {
  tt.func public @pointers(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32, tt.pointer_range = 32 : i32}, %q: tensor<64x!tt.ptr<f32>>, %m: tensor<64xi1>, %b: i1) {
    %cst = arith.constant dense<0.000000e+00> : tensor<64xf32>
    %one = tt.load %p : !tt.ptr<f32>
    %l = tt.load %q : tensor<64x!tt.ptr<f32>>
    %lm = tt.load %q, %m : tensor<64x!tt.ptr<f32>>
    %lo = tt.load %q, %m, %cst cacheModifier = cg evictionPolicy = evict_first {isVolatile = true} : tensor<64x!tt.ptr<f32>>
    %le = tt.load %q evictionPolicy = evict_last : tensor<64x!tt.ptr<f32>>
    %lx = tt.load %q, %m cacheModifier = ca {tt.note = "kept"} : tensor<64x!tt.ptr<f32>>
    %lv = tt.load %q cacheModifier = cv : tensor<64x!tt.ptr<f32>>
    tt.store %p, %one : !tt.ptr<f32>
    tt.store %q, %l, %m : tensor<64x!tt.ptr<f32>>
    tt.store %q, %l, %m cacheModifier = wb evictionPolicy = evict_first : tensor<64x!tt.ptr<f32>>
    tt.store %q, %l cacheModifier = cs : tensor<64x!tt.ptr<f32>>
    tt.store %q, %l cacheModifier = wt : tensor<64x!tt.ptr<f32>>
    tt.return
  }
  tt.func public @atomics(%p: !tt.ptr<i32>, %f: tensor<8x!tt.ptr<f32>>, %v: tensor<8xf32>, %m: tensor<8xi1>, %i: i32) {
    %loaded = tt.atomic_load acquire, gpu, %f, %m : (tensor<8x!tt.ptr<f32>>, tensor<8xi1>) -> tensor<8xf32>
    tt.atomic_store release, sys, %f, %v, %m : tensor<8x!tt.ptr<f32>>
    %swapped = tt.atomic_cas relaxed, gpu, %f, %v, %v, %m : (tensor<8x!tt.ptr<f32>>, tensor<8xf32>, tensor<8xf32>, tensor<8xi1>) -> tensor<8xf32>
    %polled = tt.atomic_poll acquire, gpu, %p, %i : !tt.ptr<i32>, i32 -> i1
    tt.grid_dependency_wait
    tt.grid_dependency_launch_dependents
    %and = tt.atomic_rmw and, relaxed, gpu, %p, %i : (!tt.ptr<i32>, i32) -> i32
    %or = tt.atomic_rmw or, acquire, cta, %p, %i : (!tt.ptr<i32>, i32) -> i32
    %xor = tt.atomic_rmw xor, release, sys, %p, %i : (!tt.ptr<i32>, i32) -> i32
    %add = tt.atomic_rmw add, acq_rel, gpu, %p, %i : (!tt.ptr<i32>, i32) -> i32
    %max = tt.atomic_rmw max, acq_rel, gpu, %p, %i : (!tt.ptr<i32>, i32) -> i32
    %min = tt.atomic_rmw min, acq_rel, gpu, %p, %i : (!tt.ptr<i32>, i32) -> i32
    %umax = tt.atomic_rmw umax, acq_rel, gpu, %p, %i : (!tt.ptr<i32>, i32) -> i32
    %umin = tt.atomic_rmw umin, acq_rel, gpu, %p, %i : (!tt.ptr<i32>, i32) -> i32
    %exch = tt.atomic_rmw exch, acq_rel, gpu, %p, %i : (!tt.ptr<i32>, i32) -> i32
    %fadd = tt.atomic_rmw fadd, relaxed, gpu, %f, %v, %m : (tensor<8x!tt.ptr<f32>>, tensor<8xf32>, tensor<8xi1>) -> tensor<8xf32>
    %cas = tt.atomic_cas acq_rel, cta, %p, %i, %i : (!tt.ptr<i32>, i32, i32) -> i32
    tt.return
  }
  tt.func public @blocks(%p: !tt.ptr<f16>, %n: i64, %i: i32) {
    %b = tt.make_tensor_ptr %p, [%n, %n], [%n, %n], [%i, %i] {order = array<i32: 1, 0>} : <tensor<16x32xf16>>
    %next = tt.advance %b, [%i, %i] : <tensor<16x32xf16>>
    %l = tt.load %next {boundaryCheck = array<i32: 0, 1>, padding = 1 : i32} : !tt.ptr<tensor<16x32xf16>>
    %nan = tt.load %next {boundaryCheck = array<i32: 1>, padding = 2 : i32} : !tt.ptr<tensor<16x32xf16>>
    tt.store %b, %l {boundaryCheck = array<i32: 0>} : !tt.ptr<tensor<16x32xf16>>
    tt.return
  }
  tt.func public @descriptors(%p: !tt.ptr<f16>, %n: i64, %i: i32, %given: !tt.tensordesc<tensor<8x64xf16>>) {
    %d = tt.make_tensor_descriptor %p, [%i, %i], [%n, %n] : <f16>, <tensor<8x64xf16>>
    %e = tt.make_tensor_descriptor %p, [%i, %i], [%n, %n] {padding = 2 : i32} : <f16>, <tensor<8x64xf16>>
    %l = tt.descriptor_load %d[%i, %i] : !tt.tensordesc<tensor<8x64xf16>> -> tensor<8x64xf16>
    %h = tt.descriptor_load %given[%i, %i] cacheModifier = cg evictionPolicy = evict_last : !tt.tensordesc<tensor<8x64xf16>> -> tensor<8x64xf16>
    tt.descriptor_store %e[%i, %i], %l : !tt.tensordesc<tensor<8x64xf16>>, tensor<8x64xf16>
    tt.descriptor_reduce add, %e[%i, %i], %l : !tt.tensordesc<tensor<8x64xf16>>, tensor<8x64xf16>
    tt.return
  }
  tt.func public @rows(%d: !tt.tensordesc<tensor<1x64xsi32>>, %u: !tt.tensordesc<tensor<1x64xui32>>, %rows: tensor<32xi32>, %i: i32, %v: tensor<1x64xi32>) {
    %t = tt.descriptor_gather %d[%rows, %i] : (!tt.tensordesc<tensor<1x64xsi32>>, tensor<32xi32>, i32) -> tensor<32x64xi32>
    tt.descriptor_scatter %u[%rows, %i], %t : !tt.tensordesc<tensor<1x64xui32>>, tensor<32xi32>, i32, tensor<32x64xi32>
    tt.descriptor_reduce min, %d[%i, %i], %v : !tt.tensordesc<tensor<1x64xsi32>>, tensor<1x64xi32>
    tt.descriptor_reduce max, %u[%i, %i], %v : !tt.tensordesc<tensor<1x64xui32>>, tensor<1x64xi32>
    tt.descriptor_reduce xor, %u[%i, %i], %v : !tt.tensordesc<tensor<1x64xui32>>, tensor<1x64xi32>
    tt.return
  }
}
