// RUN: tritonc %s --target cuda:90 --num-stages 3 --emit ttgir | FileCheck %s
// A loop does not load ahead what it writes, in whichever way it does either: through pointers or through descriptors.

// Read through pointers, written through a descriptor: %b alone is copied ahead.
// CHECK-LABEL: @by_descriptor
// CHECK: ttg.local_alloc {{.*}}3x64x64xf16
// CHECK-NOT: ttg.local_alloc
// CHECK: scf.for
// CHECK: tt.load
// CHECK: scf.yield

// Read through a descriptor, written through pointers: nothing is in a ring of three buffers.
// CHECK-LABEL: @by_pointers
// CHECK-NOT: 3x64x64xf16
// CHECK: scf.for
// CHECK-NOT: 3x64x64xf16
// CHECK: tt.return

tt.func public @by_descriptor(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %one = arith.constant 1 : i64
  %stride = arith.constant 64 : i64
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %width = arith.constant dense<64> : tensor<64x1xi32>
  %step = arith.constant dense<4096> : tensor<64x64xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %at = arith.muli %rows, %width : tensor<64x1xi32>
  %x = tt.broadcast %at : tensor<64x1xi32> -> tensor<64x64xi32>
  %y = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %offs = arith.addi %x, %y : tensor<64x64xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %bs = tt.splat %b : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %ap = tt.addptr %as, %offs : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
  %bp = tt.addptr %bs, %offs : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
  %cp = tt.addptr %cs, %offs : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %d = tt.make_tensor_descriptor %a, [%n, %n], [%stride, %one] : <f16>, <tensor<64x64xf16>>
  %l:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %p = %ap, %q = %bp) -> (tensor<64x64xf32>, tensor<64x64x!tt.ptr<f16>>, tensor<64x64x!tt.ptr<f16>>) : i32 {
    %u = tt.load %p : tensor<64x64x!tt.ptr<f16>>
    %v = tt.load %q : tensor<64x64x!tt.ptr<f16>>
    %sum = tt.dot %u, %v, %acc : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
    %half = arith.truncf %sum : tensor<64x64xf32> to tensor<64x64xf16>
    tt.descriptor_store %d[%i, %c0], %half : !tt.tensordesc<tensor<64x64xf16>>, tensor<64x64xf16>
    %p2 = tt.addptr %p, %step : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %q2 = tt.addptr %q, %step : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    scf.yield %sum, %p2, %q2 : tensor<64x64xf32>, tensor<64x64x!tt.ptr<f16>>, tensor<64x64x!tt.ptr<f16>>
  }
  tt.store %cp, %l#0 : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

tt.func public @by_pointers(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %one = arith.constant 1 : i64
  %stride = arith.constant 64 : i64
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %width = arith.constant dense<64> : tensor<64x1xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %at = arith.muli %rows, %width : tensor<64x1xi32>
  %x = tt.broadcast %at : tensor<64x1xi32> -> tensor<64x64xi32>
  %y = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %offs = arith.addi %x, %y : tensor<64x64xi32>
  %as = tt.splat %a : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %ap = tt.addptr %as, %offs : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
  %cp = tt.addptr %cs, %offs : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %d = tt.make_tensor_descriptor %a, [%n, %n], [%stride, %one] : <f16>, <tensor<64x64xf16>>
  %l = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %u = tt.descriptor_load %d[%i, %c0] : !tt.tensordesc<tensor<64x64xf16>> -> tensor<64x64xf16>
    %v = tt.descriptor_load %d[%c0, %i] : !tt.tensordesc<tensor<64x64xf16>> -> tensor<64x64xf16>
    %sum = tt.dot %u, %v, %acc : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
    %half = arith.truncf %sum : tensor<64x64xf32> to tensor<64x64xf16>
    tt.store %ap, %half : tensor<64x64x!tt.ptr<f16>>
    scf.yield %sum : tensor<64x64xf32>
  }
  tt.store %cp, %l : tensor<64x64x!tt.ptr<f32>>
  tt.return
}
