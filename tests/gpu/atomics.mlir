// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s
// RUN: tritonc %s --target cuda:80 --num-warps 4 --emit ptx | FileCheck %s --check-prefix OLD
// Additions of floats to neighbouring addresses take 16 bytes at a time where the machine has vectors of them, whatever layout the values
// come in: they are converted as for a store. Before, only two f16 go together.

// CHECK-LABEL: .entry f32_tile
// CHECK-COUNT-8: atom.global.gpu.relaxed.v4.f32.add
// CHECK-NOT: atom.global
// CHECK-LABEL: .entry f16_tile
// OLD-LABEL: .entry f32_tile
// OLD-COUNT-32: atom.global.gpu.relaxed.add.f32
// OLD-NOT: atom.global
// OLD-LABEL: .entry f16_tile
tt.func public @f32_tile(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %yes = arith.constant dense<true> : tensor<64x64xi1>
  %width = arith.constant dense<64> : tensor<64x1xi32>
  %height = arith.constant dense<64> : tensor<1x64xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %i = tt.broadcast %rows : tensor<64x1xi32> -> tensor<64x64xi32>
  %j = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %wi = arith.muli %rows, %width : tensor<64x1xi32>
  %hj = arith.muli %cols, %height : tensor<1x64xi32>
  %x = tt.broadcast %wi : tensor<64x1xi32> -> tensor<64x64xi32>
  %y = tt.broadcast %hj : tensor<1x64xi32> -> tensor<64x64xi32>
  %by_rows = arith.addi %x, %j : tensor<64x64xi32>
  %by_columns = arith.addi %i, %y : tensor<64x64xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %from = tt.addptr %ps, %by_columns : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %to = tt.addptr %qs, %by_rows : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %v = tt.load %from : tensor<64x64x!tt.ptr<f32>>
  %old = tt.atomic_rmw fadd, relaxed, gpu, %to, %v, %yes : (tensor<64x64x!tt.ptr<f32>>, tensor<64x64xf32>, tensor<64x64xi1>) -> tensor<64x64xf32>
  tt.return
}

// CHECK-COUNT-1: atom.global.gpu.relaxed.v4.f16x2.add.noftz
// CHECK-NOT: atom.global
// CHECK-LABEL: .entry integers
// OLD-COUNT-4: atom.global.gpu.relaxed.add.noftz.f16x2
// OLD-NOT: atom.global
// OLD-LABEL: .entry integers
tt.func public @f16_tile(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %n: i32 {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %bound = tt.splat %n : i32 -> tensor<1024xi32>
  %m = arith.cmpi slt, %r, %bound : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<f16> -> tensor<1024x!tt.ptr<f16>>
  %qs = tt.splat %q : !tt.ptr<f16> -> tensor<1024x!tt.ptr<f16>>
  %from = tt.addptr %ps, %r : tensor<1024x!tt.ptr<f16>>, tensor<1024xi32>
  %to = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f16>>, tensor<1024xi32>
  %v = tt.load %from, %m : tensor<1024x!tt.ptr<f16>>
  %old = tt.atomic_rmw fadd, relaxed, gpu, %to, %v, %m : (tensor<1024x!tt.ptr<f16>>, tensor<1024xf16>, tensor<1024xi1>) -> tensor<1024xf16>
  tt.return
}

// Integers one at a time.
// CHECK-COUNT-4: atom.global.gpu.relaxed.add.u32
// CHECK-NOT: atom.global
tt.func public @integers(%p: !tt.ptr<i32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<i32> {tt.divisibility = 16 : i32}) {
  %yes = arith.constant dense<true> : tensor<512xi1>
  %r = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32>
  %ps = tt.splat %p : !tt.ptr<i32> -> tensor<512x!tt.ptr<i32>>
  %qs = tt.splat %q : !tt.ptr<i32> -> tensor<512x!tt.ptr<i32>>
  %from = tt.addptr %ps, %r : tensor<512x!tt.ptr<i32>>, tensor<512xi32>
  %to = tt.addptr %qs, %r : tensor<512x!tt.ptr<i32>>, tensor<512xi32>
  %v = tt.load %from : tensor<512x!tt.ptr<i32>>
  %old = tt.atomic_rmw add, relaxed, gpu, %to, %v, %yes : (tensor<512x!tt.ptr<i32>>, tensor<512xi32>, tensor<512xi1>) -> tensor<512xi32>
  tt.return
}
