// RUN: tritonc %s --target cuda:90 --emit ptx | FileCheck %s
// RUN: tritonc %s --target cuda:75 --emit ptx | FileCheck %s --check-prefix=OLD
// An eviction policy is said to both levels of the cache; sm_75 knows of the first one only.

// CHECK: createpolicy.fractional.L2::evict_last.b64 [[LAST:%d[0-9]+]], 1.0;
// CHECK: ld.global.L1::evict_last.L2::cache_hint.b32 {{%r[0-9]+}}, [{{.*}}], [[LAST]];
// CHECK: createpolicy.fractional.L2::evict_first.b64 [[FIRST:%d[0-9]+]], 1.0;
// CHECK: @%p{{[0-9]+}} ld.global.L1::evict_first.L2::cache_hint.b32 {{%r[0-9]+}}, [{{.*}}], [[FIRST]];
// CHECK: ld.global.b32
// CHECK: st.global.L1::evict_last.b32
// OLD-NOT: L2
tt.func public @evict(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %r: !tt.ptr<f32>, %s: !tt.ptr<f32>, %n: i32) {
  %o = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ns = tt.splat %n : i32 -> tensor<128xi32>
  %m = arith.cmpi slt, %o, %ns : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %pat = tt.addptr %ps, %o : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %x = tt.load %pat evictionPolicy = evict_last : tensor<128x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %qat = tt.addptr %qs, %o : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %y = tt.load %qat, %m evictionPolicy = evict_first : tensor<128x!tt.ptr<f32>>
  %rs = tt.splat %r : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %rat = tt.addptr %rs, %o : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %z = tt.load %rat : tensor<128x!tt.ptr<f32>>
  %a = arith.addf %x, %y : tensor<128xf32>
  %b = arith.addf %a, %z : tensor<128xf32>
  %ss = tt.splat %s : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %sat = tt.addptr %ss, %o : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  tt.store %sat, %b evictionPolicy = evict_last : tensor<128x!tt.ptr<f32>>
  tt.return
}

// Of a volatile access, a cache modifier and an eviction policy an instruction takes the first that is asked for.
// CHECK-LABEL: .entry several
// CHECK: ld.volatile.global.b32
// CHECK: ld.global.cg.b32
// CHECK: st.global.cs.b32
tt.func public @several(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %s: !tt.ptr<f32>) {
  %o = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %pat = tt.addptr %ps, %o : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %x = tt.load %pat cacheModifier = cg evictionPolicy = evict_first {isVolatile = true} : tensor<128x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %qat = tt.addptr %qs, %o : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %y = tt.load %qat cacheModifier = cg evictionPolicy = evict_last : tensor<128x!tt.ptr<f32>>
  %b = arith.addf %x, %y : tensor<128xf32>
  %ss = tt.splat %s : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %sat = tt.addptr %ss, %o : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  tt.store %sat, %b cacheModifier = cs evictionPolicy = evict_first : tensor<128x!tt.ptr<f32>>
  tt.return
}
