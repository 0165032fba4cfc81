// RUN: tritonc %s --emit ttir --passes check-accesses --no-locations | FileCheck %s
// Check mode: a check with the access's pointer and mask stands before it; what acquires is followed by an op that says so.

// CHECK-LABEL: @f
// CHECK: ttc.check_access "load", %ps, %m : tensor<16x!tt.ptr<f32>>
// CHECK-NEXT: %x = tt.load %ps, %m
// CHECK-NEXT: ttc.check_access "store", %p : !tt.ptr<f32>
// CHECK-NEXT: tt.store %p,
// CHECK-NEXT: ttc.check_access "atomic", %ps, %m {sem = "relaxed"} : tensor<16x!tt.ptr<f32>>
// CHECK-NEXT: tt.atomic_rmw fadd, relaxed
// CHECK-NEXT: ttc.check_access "atomic", %q {sem = "acq_rel"} : !tt.ptr<i32>
// CHECK-NEXT: tt.atomic_cas acq_rel
// CHECK-NEXT: ttc.check_acquire
// CHECK-NEXT: ttc.check_access "volatile", %p : !tt.ptr<f32>
// CHECK-NEXT: tt.load %p {isVolatile = true}
// CHECK-NEXT: ttc.check_acquire
// CHECK-NEXT: tt.return
tt.func public @f(%p: !tt.ptr<f32>, %ps: tensor<16x!tt.ptr<f32>>, %m: tensor<16xi1>, %q: !tt.ptr<i32>, %v: f32, %i: i32) {
  %x = tt.load %ps, %m : tensor<16x!tt.ptr<f32>>
  tt.store %p, %v : !tt.ptr<f32>
  %o = tt.atomic_rmw fadd, relaxed, gpu, %ps, %x, %m : (tensor<16x!tt.ptr<f32>>, tensor<16xf32>, tensor<16xi1>) -> tensor<16xf32>
  %c = tt.atomic_cas acq_rel, gpu, %q, %i, %i : (!tt.ptr<i32>, i32, i32) -> i32
  %w = tt.load %p {isVolatile = true} : !tt.ptr<f32>
  tt.return
}
