// RUN: tritonc %s --passes descriptors,fold,cse,dce --emit ttir --no-locations | FileCheck %s
// Block pointers and tensor descriptors as pointers with bounds.

// What moves is a scalar offset; the tensor of distances stays outside of the loop's arguments.
// CHECK-LABEL: @walk
// CHECK: scf.for {{.*}} iter_args(%[[O:.*]] = %{{.*}}) -> (i64)
// CHECK: %[[BASE:.*]] = tt.addptr %p, %[[O]] : !tt.ptr<f32>, i64
// CHECK: tt.splat %[[BASE]]
// CHECK: %[[V:.*]] = tt.load %{{.*}}, %{{.*}}, %{{.*}} cacheModifier = cg : tensor<16x!tt.ptr<f32>>
// CHECK: tt.store %{{.*}}, %[[V]] : tensor<16x!tt.ptr<f32>>
// CHECK: arith.addi %[[O]], %{{.*}} : i64
tt.func public @walk(%p: !tt.ptr<f32>, %n: i64, %times: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c16 = arith.constant 16 : i32
  %one = arith.constant 1 : i64
  %b = tt.make_tensor_ptr %p, [%n], [%one], [%c0] {order = array<i32: 0>} : <tensor<16xf32>>
  %end = scf.for %i = %c0 to %times step %c1 iter_args(%q = %b) -> (!tt.ptr<tensor<16xf32>>) : i32 {
    %v = tt.load %q cacheModifier = cg {boundaryCheck = array<i32: 0>, padding = 2 : i32} : !tt.ptr<tensor<16xf32>>
    tt.store %q, %v : !tt.ptr<tensor<16xf32>>
    %next = tt.advance %q, [%c16] : <tensor<16xf32>>
    scf.yield %next : !tt.ptr<tensor<16xf32>>
  }
  tt.return
}

// A kernel's descriptor is its base and two flags; its shape and strides were arguments already.
// CHECK-LABEL: tt.func public @given
// CHECK-SAME: (%d: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %[[NAN:.*]]: i1, %{{.*}}: i1, %m: i32, %n: i32, %s: i64, %t: i64, %i: i32)
// CHECK: arith.select %[[NAN]]
// CHECK: tt.load
tt.func public @given(%d: !tt.tensordesc<tensor<8x32xf16>>, %m: i32, %n: i32, %s: i64, %t: i64, %i: i32) {
  %v = tt.descriptor_load %d[%i, %i] : !tt.tensordesc<tensor<8x32xf16>> -> tensor<8x32xf16>
  tt.descriptor_store %d[%i, %i], %v : !tt.tensordesc<tensor<8x32xf16>>, tensor<8x32xf16>
  tt.return
}

// Signs decide which atomic it is.
// CHECK-LABEL: @signs
// CHECK: tt.atomic_rmw umax, relaxed, gpu
// CHECK: tt.atomic_rmw max, relaxed, gpu
tt.func public @signs(%p: !tt.ptr<i32>, %n: i32, %one: i64, %v: tensor<16xi32>) {
  %u = tt.make_tensor_descriptor %p, [%n], [%one] : <i32>, <tensor<16xui32>>
  %s = tt.make_tensor_descriptor %p, [%n], [%one] : <i32>, <tensor<16xsi32>>
  tt.descriptor_reduce max, %u[%n], %v : !tt.tensordesc<tensor<16xui32>>, tensor<16xi32>
  tt.descriptor_reduce max, %s[%n], %v : !tt.tensordesc<tensor<16xsi32>>, tensor<16xi32>
  tt.return
}

// Functions that stay calls take and give the parts.
// CHECK-LABEL: @caller
// CHECK: tt.call @callee({{.*}}) : (!tt.ptr<f32>, i32, i1, i1) -> (!tt.ptr<f32>, i32, i1, i1)
// CHECK-LABEL: tt.func private @callee
tt.func public @caller(%p: !tt.ptr<f32>, %n: i32, %one: i64) {
  %d = tt.make_tensor_descriptor %p, [%n], [%one] : <f32>, <tensor<16xf32>>
  %e = tt.call @callee(%d) : (!tt.tensordesc<16xf32>) -> !tt.tensordesc<16xf32>
  %v = tt.descriptor_load %e[%n] : !tt.tensordesc<tensor<16xf32>> -> tensor<16xf32>
  tt.descriptor_store %d[%n], %v : !tt.tensordesc<tensor<16xf32>>, tensor<16xf32>
  tt.return
}
tt.func private @callee(%d: !tt.tensordesc<tensor<16xf32>>) -> !tt.tensordesc<tensor<16xf32>> attributes {noinline = true} {
  tt.return %d : !tt.tensordesc<tensor<16xf32>>
}
