// RUN: tritonc %s --passes bf16-atomics --emit ttir --no-locations | FileCheck %s
// RUN: tritonc %s --target cuda:80 --emit ptx | FileCheck %s --check-prefix=PTX
// RUN: tritonc %s --target cuda:90 --emit ptx | FileCheck %s --check-prefix=NATIVE
// Additions of bf16 to memory, before sm_90: compare and swap until nothing came between.

// CHECK-LABEL: @add
// CHECK: %[[P:.*]] = tt.bitcast %{{.*}} : tensor<128x!tt.ptr<bf16>> -> tensor<128x!tt.ptr<i16>>
// CHECK: %[[ZERO:.*]] = arith.constant dense<0> : tensor<128xi16>
// CHECK: %{{.*}}:2 = scf.while (%[[CUR:.*]] = %[[ZERO]], %[[TODO:.*]] = %m)
// CHECK: arith.addf %{{.*}} : tensor<128xf32>
// CHECK: %[[GOT:.*]] = tt.atomic_cas acq_rel, gpu, %[[P]], %[[CUR]], %{{.*}}, %[[TODO]]
// CHECK: arith.cmpi ne, %[[GOT]], %[[CUR]]
// CHECK: scf.condition
// PTX: atom{{.*}}.cas.b16
// NATIVE-NOT: cas
// NATIVE: add.noftz.bf16
tt.func public @add(%x: !tt.ptr<bf16>, %y: !tt.ptr<bf16>, %n: i32) {
  %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ns = tt.splat %n : i32 -> tensor<128xi32>
  %m = arith.cmpi slt, %r, %ns : tensor<128xi32>
  %ys = tt.splat %y : !tt.ptr<bf16> -> tensor<128x!tt.ptr<bf16>>
  %q = tt.addptr %ys, %r : tensor<128x!tt.ptr<bf16>>, tensor<128xi32>
  %v = tt.load %q, %m : tensor<128x!tt.ptr<bf16>>
  %xs = tt.splat %x : !tt.ptr<bf16> -> tensor<128x!tt.ptr<bf16>>
  %p = tt.addptr %xs, %r : tensor<128x!tt.ptr<bf16>>, tensor<128xi32>
  %old = tt.atomic_rmw fadd, acq_rel, gpu, %p, %v, %m : (tensor<128x!tt.ptr<bf16>>, tensor<128xbf16>, tensor<128xi1>) -> tensor<128xbf16>
  tt.store %q, %old, %m : tensor<128x!tt.ptr<bf16>>
  tt.return
}
