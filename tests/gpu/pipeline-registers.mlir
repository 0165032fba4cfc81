// RUN: tritonc %s --target cuda:90 --num-stages 3 --emit ttgir | FileCheck %s
// What dots depend on through registers is copied ahead, too; and what becomes of their results in the loop.

// A left operand that is scaled: its tile is read into the layout in which the dot takes it from registers, with no barrier
// in between, and leaves the buffer at once, which is filled again behind a barrier: two buffers for three stages. The scale of each step is loaded one step ahead.
// CHECK-LABEL: @scaled
// CHECK-DAG: ttg.local_alloc {{.*}} !ttg.memdesc<2x64x64xf16
// CHECK-DAG: ttg.local_alloc {{.*}} !ttg.memdesc<3x64x64xf16
// CHECK-COUNT-4: ttg.async_copy_global_to_local
// CHECK: scf.for {{.*}}, f32, {{.*}} : i32
// CHECK: ttg.async_wait {num = 1 : i32}
// CHECK: tt.load {{.*}} : !tt.ptr<f32>
// CHECK: ttg.local_load {{.*}} -> tensor<64x64xf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>
// CHECK: gpu.barrier
// CHECK-COUNT-2: ttg.async_copy_global_to_local
// CHECK-NOT: {{ttg.local_alloc|ttng.fence|gpu.barrier|ttg.convert_layout}}
// CHECK: ttng.warp_group_dot %w, %[[V:[0-9a-z]+]]
// CHECK: scf.yield

// What is added to the product is read from its buffer in the layout of the product: the arithmetic on it is done behind
// the conversion, and that is the reading.
// CHECK-LABEL: @biased
// CHECK: scf.for
// CHECK: ttg.local_load {{.*}} -> tensor<64x64xf16, #mma>
// CHECK-NOT: ttg.convert_layout
// CHECK: scf.yield
tt.func public @scaled(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %s: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
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
  %l:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero, %p = %ap, %q = %bp) -> (tensor<64x64xf32>, tensor<64x64x!tt.ptr<f16>>, tensor<64x64x!tt.ptr<f16>>) : i32 {
    %sp = tt.addptr %s, %i : !tt.ptr<f32>, i32
    %scale = tt.load %sp : !tt.ptr<f32>
    %u = tt.load %p : tensor<64x64x!tt.ptr<f16>>
    %v = tt.load %q : tensor<64x64x!tt.ptr<f16>>
    %wide = arith.extf %u : tensor<64x64xf16> to tensor<64x64xf32>
    %scales = tt.splat %scale : f32 -> tensor<64x64xf32>
    %scaled = arith.mulf %wide, %scales : tensor<64x64xf32>
    %w = arith.truncf %scaled : tensor<64x64xf32> to tensor<64x64xf16>
    %d = tt.dot %w, %v, %acc : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
    %pn = tt.addptr %p, %step : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %qn = tt.addptr %q, %step : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    scf.yield %d, %pn, %qn : tensor<64x64xf32>, tensor<64x64x!tt.ptr<f16>>, tensor<64x64x!tt.ptr<f16>>
  }
  tt.store %cp, %l#0 : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

tt.func public @biased(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %two = arith.constant dense<2.0> : tensor<64x64xf32>
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
  %u = tt.load %ap : tensor<64x64x!tt.ptr<f16>>
  %l:2 = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %zero, %q = %bp) -> (tensor<64x64xf32>, tensor<64x64x!tt.ptr<f16>>) : i32 {
    %bias = tt.load %q : tensor<64x64x!tt.ptr<f16>>
    %d = tt.dot %u, %u, %zero : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
    %wide = arith.extf %bias : tensor<64x64xf16> to tensor<64x64xf32>
    %twice = arith.mulf %wide, %two : tensor<64x64xf32>
    %e = arith.addf %d, %twice : tensor<64x64xf32>
    %f = arith.mulf %sum, %e : tensor<64x64xf32>
    %qn = tt.addptr %q, %step : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    scf.yield %f, %qn : tensor<64x64xf32>, tensor<64x64x!tt.ptr<f16>>
  }
  tt.store %cp, %l#0 : tensor<64x64x!tt.ptr<f32>>
  tt.return
}
