// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ttgir | FileCheck %s
// A vector whose numbers every thread would hold four times over is computed once and converted where a long chain of
// instructions leads to it, and computed in the layout of its use where a short one does.

// CHECK: [[ROWS:#blocked[0-9]*]] = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [8, 4]
// CHECK-LABEL: @long
// CHECK: arith.divf {{.*}} : tensor<32xf32, #blocked1>
// CHECK: ttg.convert_layout {{.*}} -> tensor<32xf32, #ttg.slice<{dim = 1, parent = [[ROWS]]}>>
tt.func public @long(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %o = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %c = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<32x!tt.ptr<f32>>
  %pa = tt.addptr %ps, %o : tensor<32x!tt.ptr<f32>>, tensor<32xi32>
  %x = tt.load %pa : tensor<32x!tt.ptr<f32>>
  %l = math.log %x : tensor<32xf32>
  %d = arith.divf %l, %x : tensor<32xf32>
  %de = tt.expand_dims %d {axis = 1 : i32} : tensor<32xf32> -> tensor<32x1xf32>
  %db = tt.broadcast %de : tensor<32x1xf32> -> tensor<32x16xf32>
  %k = arith.constant dense<16> : tensor<32x1xi32>
  %r0 = tt.expand_dims %o {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %r1 = arith.muli %r0, %k : tensor<32x1xi32>
  %r2 = tt.broadcast %r1 : tensor<32x1xi32> -> tensor<32x16xi32>
  %c0 = tt.expand_dims %c {axis = 0 : i32} : tensor<16xi32> -> tensor<1x16xi32>
  %c1 = tt.broadcast %c0 : tensor<1x16xi32> -> tensor<32x16xi32>
  %at = arith.addi %r2, %c1 : tensor<32x16xi32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<32x16x!tt.ptr<f32>>
  %qa = tt.addptr %qs, %at : tensor<32x16x!tt.ptr<f32>>, tensor<32x16xi32>
  %y = tt.load %qa : tensor<32x16x!tt.ptr<f32>>
  %z = arith.mulf %y, %db : tensor<32x16xf32>
  tt.store %qa, %z : tensor<32x16x!tt.ptr<f32>>
  tt.return
}
// CHECK-LABEL: @short
// CHECK: arith.addf {{.*}} : tensor<32xf32, #ttg.slice<{dim = 1, parent = [[ROWS]]}>>
// CHECK-NOT: ttg.convert_layout
// CHECK: tt.return
tt.func public @short(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %o = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %c = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<32x!tt.ptr<f32>>
  %pa = tt.addptr %ps, %o : tensor<32x!tt.ptr<f32>>, tensor<32xi32>
  %x = tt.load %pa : tensor<32x!tt.ptr<f32>>
  %d = arith.addf %x, %x : tensor<32xf32>
  %de = tt.expand_dims %d {axis = 1 : i32} : tensor<32xf32> -> tensor<32x1xf32>
  %db = tt.broadcast %de : tensor<32x1xf32> -> tensor<32x16xf32>
  %k = arith.constant dense<16> : tensor<32x1xi32>
  %r0 = tt.expand_dims %o {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %r1 = arith.muli %r0, %k : tensor<32x1xi32>
  %r2 = tt.broadcast %r1 : tensor<32x1xi32> -> tensor<32x16xi32>
  %c0 = tt.expand_dims %c {axis = 0 : i32} : tensor<16xi32> -> tensor<1x16xi32>
  %c1 = tt.broadcast %c0 : tensor<1x16xi32> -> tensor<32x16xi32>
  %at = arith.addi %r2, %c1 : tensor<32x16xi32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<32x16x!tt.ptr<f32>>
  %qa = tt.addptr %qs, %at : tensor<32x16x!tt.ptr<f32>>, tensor<32x16xi32>
  %y = tt.load %qa : tensor<32x16x!tt.ptr<f32>>
  %z = arith.mulf %y, %db : tensor<32x16xf32>
  tt.store %qa, %z : tensor<32x16x!tt.ptr<f32>>
  tt.return
}
