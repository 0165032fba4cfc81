// RUN: tritonc %s -k product --target cuda:90 --launch-maps --emit ttgir | FileCheck %s --check-prefix MAPS
// RUN: tritonc %s -k product --target cuda:90 --emit ttgir | FileCheck %s --check-prefix PLAIN
// RUN: tritonc %s -k product --target cuda:80 --launch-maps --emit ttgir | FileCheck %s --check-prefix PLAIN
// RUN: tritonc %s -k product --target cuda:90 --launch-maps --num-stages 1 --emit ttgir | FileCheck %s --check-prefix PLAIN
// RUN: tritonc %s -k unaligned --target cuda:90 --launch-maps --emit ttgir | FileCheck %s --check-prefix PLAIN
// RUN: tritonc %s -k unknown --target cuda:90 --launch-maps --emit ttgir | FileCheck %s --check-prefix PLAIN
// Operands of a product that a loop loads through pointers: as boxes of tensors that arguments describe, with maps that the launch makes.
// The first is a batch's matrix, bounded along both axes; of the second, one axis wraps, and what is behind its end is not stored.

// The launch's program: flags (2: the kernel can do without); then pairs. 2 is an argument, 0 a number, 8 and 7 the larger and the smaller.
// MAPS: tt.func public @product({{.*}}!tt.tensordesc<tensor<64x64xf16, #shared>> {tt.tensor_map = array<i64: 2, 1, 320, {{.*}}!tt.tensordesc<tensor<1x64x64xf16, #shared>> {tt.tensor_map = array<i64: 2, 1, 64, 0, 2147418112, 1, 800,
// MAPS-DAG: %[[BATCH:.*]] = tt.get_program_id y
// MAPS: ttng.barrier_expect {{.*}}, 16384
// MAPS: ttng.async_tma_copy_global_to_local %{{.*}}[%[[BATCH]], %{{.*}}, %{{.*}}]
// MAPS: scf.for
// MAPS: ttng.wait_barrier
// MAPS: ttng.warp_group_dot {{.*}}isAsync = true
// MAPS-COUNT-2: ttng.async_tma_copy_global_to_local
// MAPS: scf.yield
// MAPS-NOT: ttg.async_copy_global_to_local

// PLAIN-NOT: tensordesc
tt.func public @product(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %m: i32, %n: i32, %k: i32, %plane: i64 {tt.divisibility = 16 : i32}, %lda: i32 {tt.divisibility = 16 : i32}, %ldb: i32 {tt.divisibility = 16 : i32}) {
  %zero = arith.constant 0 : i32
  %bk = arith.constant 64 : i32
  %none = arith.constant dense<0.000000e+00> : tensor<64x64xf16>
  %init = arith.constant dense<0.000000e+00> : tensor<64x64xf32>
  %pid = tt.get_program_id x : i32
  %batch = tt.get_program_id y : i32
  %batch64 = arith.extsi %batch : i32 to i64
  %far = arith.muli %batch64, %plane : i64
  %matrix = tt.addptr %a, %far : !tt.ptr<f16>, i64
  %row = arith.muli %pid, %bk : i32
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %row.t = tt.splat %row : i32 -> tensor<64xi32>
  %rows = arith.addi %row.t, %r : tensor<64xi32>
  %rows.1 = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %n.t = tt.splat %n : i32 -> tensor<64xi32>
  %wrapped = arith.remsi %rows, %n.t : tensor<64xi32>
  %wrapped.1 = tt.expand_dims %wrapped {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %wrapped.2 = tt.broadcast %wrapped.1 : tensor<1x64xi32> -> tensor<64x64xi32>
  %lda.t = tt.splat %lda : i32 -> tensor<64x1xi32>
  %ldb.t = tt.splat %ldb : i32 -> tensor<64x1xi32>
  %far.a = arith.muli %rows.1, %lda.t : tensor<64x1xi32>
  %far.a2 = tt.broadcast %far.a : tensor<64x1xi32> -> tensor<64x64xi32>
  %m.t = tt.splat %m : i32 -> tensor<64x1xi32>
  %in.m = arith.cmpi slt, %rows.1, %m.t : tensor<64x1xi32>
  %in.m2 = tt.broadcast %in.m : tensor<64x1xi1> -> tensor<64x64xi1>
  %a.t = tt.splat %matrix : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %b.t = tt.splat %b : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %k.t = tt.splat %k : i32 -> tensor<1x64xi32>
  %k.u = tt.splat %k : i32 -> tensor<64x1xi32>
  %sum = scf.for %at = %zero to %k step %bk iter_args(%acc = %init) -> (tensor<64x64xf32>) : i32 {
    %at.t = tt.splat %at : i32 -> tensor<64xi32>
    %ks = arith.addi %at.t, %r : tensor<64xi32>
    %ks.0 = tt.expand_dims %ks {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
    %ks.1 = tt.expand_dims %ks {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
    %in.k = arith.cmpi slt, %ks.0, %k.t : tensor<1x64xi32>
    %in.k2 = tt.broadcast %in.k : tensor<1x64xi1> -> tensor<64x64xi1>
    %mask = arith.andi %in.m2, %in.k2 : tensor<64x64xi1>
    %ks.2 = tt.broadcast %ks.0 : tensor<1x64xi32> -> tensor<64x64xi32>
    %off.a = arith.addi %far.a2, %ks.2 : tensor<64x64xi32>
    %p.a = tt.addptr %a.t, %off.a : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %x = tt.load %p.a, %mask, %none : tensor<64x64x!tt.ptr<f16>>
    %far.b = arith.muli %ks.1, %ldb.t : tensor<64x1xi32>
    %far.b2 = tt.broadcast %far.b : tensor<64x1xi32> -> tensor<64x64xi32>
    %off.b = arith.addi %far.b2, %wrapped.2 : tensor<64x64xi32>
    %p.b = tt.addptr %b.t, %off.b : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %in.u = arith.cmpi slt, %ks.1, %k.u : tensor<64x1xi32>
    %in.u2 = tt.broadcast %in.u : tensor<64x1xi1> -> tensor<64x64xi1>
    %y = tt.load %p.b, %in.u2, %none : tensor<64x64x!tt.ptr<f16>>
    %d = tt.dot %x, %y, %acc : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  %columns = tt.expand_dims %rows {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %n.u = tt.splat %n : i32 -> tensor<1x64xi32>
  %in.n = arith.cmpi slt, %columns, %n.u : tensor<1x64xi32>
  %in.n2 = tt.broadcast %in.n : tensor<1x64xi1> -> tensor<64x64xi1>
  %inside = arith.andi %in.m2, %in.n2 : tensor<64x64xi1>
  %far.c = tt.broadcast %rows.1 : tensor<64x1xi32> -> tensor<64x64xi32>
  %col.c = tt.broadcast %columns : tensor<1x64xi32> -> tensor<64x64xi32>
  %off.c = arith.addi %far.c, %col.c : tensor<64x64xi32>
  %c.t = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %p.c = tt.addptr %c.t, %off.c : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  tt.store %p.c, %sum, %inside : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// Rows that do not begin on 16 bytes.
tt.func public @unaligned(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %m: i32, %n: i32, %k: i32, %plane: i64 {tt.divisibility = 16 : i32}, %lda: i32, %ldb: i32 {tt.divisibility = 16 : i32}) {
  %zero = arith.constant 0 : i32
  %bk = arith.constant 64 : i32
  %none = arith.constant dense<0.000000e+00> : tensor<64x64xf16>
  %init = arith.constant dense<0.000000e+00> : tensor<64x64xf32>
  %pid = tt.get_program_id x : i32
  %batch = tt.get_program_id y : i32
  %batch64 = arith.extsi %batch : i32 to i64
  %far = arith.muli %batch64, %plane : i64
  %matrix = tt.addptr %a, %far : !tt.ptr<f16>, i64
  %row = arith.muli %pid, %bk : i32
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %row.t = tt.splat %row : i32 -> tensor<64xi32>
  %rows = arith.addi %row.t, %r : tensor<64xi32>
  %rows.1 = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %n.t = tt.splat %n : i32 -> tensor<64xi32>
  %wrapped = arith.remsi %rows, %n.t : tensor<64xi32>
  %wrapped.1 = tt.expand_dims %wrapped {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %wrapped.2 = tt.broadcast %wrapped.1 : tensor<1x64xi32> -> tensor<64x64xi32>
  %lda.t = tt.splat %lda : i32 -> tensor<64x1xi32>
  %ldb.t = tt.splat %ldb : i32 -> tensor<64x1xi32>
  %far.a = arith.muli %rows.1, %lda.t : tensor<64x1xi32>
  %far.a2 = tt.broadcast %far.a : tensor<64x1xi32> -> tensor<64x64xi32>
  %m.t = tt.splat %m : i32 -> tensor<64x1xi32>
  %in.m = arith.cmpi slt, %rows.1, %m.t : tensor<64x1xi32>
  %in.m2 = tt.broadcast %in.m : tensor<64x1xi1> -> tensor<64x64xi1>
  %a.t = tt.splat %matrix : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %b.t = tt.splat %b : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %k.t = tt.splat %k : i32 -> tensor<1x64xi32>
  %k.u = tt.splat %k : i32 -> tensor<64x1xi32>
  %sum = scf.for %at = %zero to %k step %bk iter_args(%acc = %init) -> (tensor<64x64xf32>) : i32 {
    %at.t = tt.splat %at : i32 -> tensor<64xi32>
    %ks = arith.addi %at.t, %r : tensor<64xi32>
    %ks.0 = tt.expand_dims %ks {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
    %ks.1 = tt.expand_dims %ks {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
    %in.k = arith.cmpi slt, %ks.0, %k.t : tensor<1x64xi32>
    %in.k2 = tt.broadcast %in.k : tensor<1x64xi1> -> tensor<64x64xi1>
    %mask = arith.andi %in.m2, %in.k2 : tensor<64x64xi1>
    %ks.2 = tt.broadcast %ks.0 : tensor<1x64xi32> -> tensor<64x64xi32>
    %off.a = arith.addi %far.a2, %ks.2 : tensor<64x64xi32>
    %p.a = tt.addptr %a.t, %off.a : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %x = tt.load %p.a, %mask, %none : tensor<64x64x!tt.ptr<f16>>
    %far.b = arith.muli %ks.1, %ldb.t : tensor<64x1xi32>
    %far.b2 = tt.broadcast %far.b : tensor<64x1xi32> -> tensor<64x64xi32>
    %off.b = arith.addi %far.b2, %wrapped.2 : tensor<64x64xi32>
    %p.b = tt.addptr %b.t, %off.b : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %in.u = arith.cmpi slt, %ks.1, %k.u : tensor<64x1xi32>
    %in.u2 = tt.broadcast %in.u : tensor<64x1xi1> -> tensor<64x64xi1>
    %y = tt.load %p.b, %in.u2, %none : tensor<64x64x!tt.ptr<f16>>
    %d = tt.dot %x, %y, %acc : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  %columns = tt.expand_dims %rows {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %n.u = tt.splat %n : i32 -> tensor<1x64xi32>
  %in.n = arith.cmpi slt, %columns, %n.u : tensor<1x64xi32>
  %in.n2 = tt.broadcast %in.n : tensor<1x64xi1> -> tensor<64x64xi1>
  %inside = arith.andi %in.m2, %in.n2 : tensor<64x64xi1>
  %far.c = tt.broadcast %rows.1 : tensor<64x1xi32> -> tensor<64x64xi32>
  %col.c = tt.broadcast %columns : tensor<1x64xi32> -> tensor<64x64xi32>
  %off.c = arith.addi %far.c, %col.c : tensor<64x64xi32>
  %c.t = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %p.c = tt.addptr %c.t, %off.c : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  tt.store %p.c, %sum, %inside : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// A row that comes from memory: it might be negative.
tt.func public @unknown(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %b: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %m: i32, %n: i32, %k: i32, %plane: i64 {tt.divisibility = 16 : i32}, %lda: i32 {tt.divisibility = 16 : i32}, %ldb: i32 {tt.divisibility = 16 : i32}) {
  %zero = arith.constant 0 : i32
  %bk = arith.constant 64 : i32
  %none = arith.constant dense<0.000000e+00> : tensor<64x64xf16>
  %init = arith.constant dense<0.000000e+00> : tensor<64x64xf32>
  %pid = tt.get_program_id x : i32
  %batch = tt.get_program_id y : i32
  %batch64 = arith.extsi %batch : i32 to i64
  %far = arith.muli %batch64, %plane : i64
  %matrix = tt.addptr %a, %far : !tt.ptr<f16>, i64
  %first = tt.addptr %c, %pid : !tt.ptr<f32>, i32
  %word = tt.load %first : !tt.ptr<f32>
  %row = arith.fptosi %word : f32 to i32
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %row.t = tt.splat %row : i32 -> tensor<64xi32>
  %rows = arith.addi %row.t, %r : tensor<64xi32>
  %rows.1 = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %n.t = tt.splat %n : i32 -> tensor<64xi32>
  %wrapped = arith.remsi %rows, %n.t : tensor<64xi32>
  %wrapped.1 = tt.expand_dims %wrapped {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %wrapped.2 = tt.broadcast %wrapped.1 : tensor<1x64xi32> -> tensor<64x64xi32>
  %lda.t = tt.splat %lda : i32 -> tensor<64x1xi32>
  %ldb.t = tt.splat %ldb : i32 -> tensor<64x1xi32>
  %far.a = arith.muli %rows.1, %lda.t : tensor<64x1xi32>
  %far.a2 = tt.broadcast %far.a : tensor<64x1xi32> -> tensor<64x64xi32>
  %m.t = tt.splat %m : i32 -> tensor<64x1xi32>
  %in.m = arith.cmpi slt, %rows.1, %m.t : tensor<64x1xi32>
  %in.m2 = tt.broadcast %in.m : tensor<64x1xi1> -> tensor<64x64xi1>
  %a.t = tt.splat %matrix : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %b.t = tt.splat %b : !tt.ptr<f16> -> tensor<64x64x!tt.ptr<f16>>
  %k.t = tt.splat %k : i32 -> tensor<1x64xi32>
  %k.u = tt.splat %k : i32 -> tensor<64x1xi32>
  %sum = scf.for %at = %zero to %k step %bk iter_args(%acc = %init) -> (tensor<64x64xf32>) : i32 {
    %at.t = tt.splat %at : i32 -> tensor<64xi32>
    %ks = arith.addi %at.t, %r : tensor<64xi32>
    %ks.0 = tt.expand_dims %ks {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
    %ks.1 = tt.expand_dims %ks {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
    %in.k = arith.cmpi slt, %ks.0, %k.t : tensor<1x64xi32>
    %in.k2 = tt.broadcast %in.k : tensor<1x64xi1> -> tensor<64x64xi1>
    %mask = arith.andi %in.m2, %in.k2 : tensor<64x64xi1>
    %ks.2 = tt.broadcast %ks.0 : tensor<1x64xi32> -> tensor<64x64xi32>
    %off.a = arith.addi %far.a2, %ks.2 : tensor<64x64xi32>
    %p.a = tt.addptr %a.t, %off.a : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %x = tt.load %p.a, %mask, %none : tensor<64x64x!tt.ptr<f16>>
    %far.b = arith.muli %ks.1, %ldb.t : tensor<64x1xi32>
    %far.b2 = tt.broadcast %far.b : tensor<64x1xi32> -> tensor<64x64xi32>
    %off.b = arith.addi %far.b2, %wrapped.2 : tensor<64x64xi32>
    %p.b = tt.addptr %b.t, %off.b : tensor<64x64x!tt.ptr<f16>>, tensor<64x64xi32>
    %in.u = arith.cmpi slt, %ks.1, %k.u : tensor<64x1xi32>
    %in.u2 = tt.broadcast %in.u : tensor<64x1xi1> -> tensor<64x64xi1>
    %y = tt.load %p.b, %in.u2, %none : tensor<64x64x!tt.ptr<f16>>
    %d = tt.dot %x, %y, %acc : tensor<64x64xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  %columns = tt.expand_dims %rows {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %n.u = tt.splat %n : i32 -> tensor<1x64xi32>
  %in.n = arith.cmpi slt, %columns, %n.u : tensor<1x64xi32>
  %in.n2 = tt.broadcast %in.n : tensor<1x64xi1> -> tensor<64x64xi1>
  %inside = arith.andi %in.m2, %in.n2 : tensor<64x64xi1>
  %far.c = tt.broadcast %rows.1 : tensor<64x1xi32> -> tensor<64x64xi32>
  %col.c = tt.broadcast %columns : tensor<1x64xi32> -> tensor<64x64xi32>
  %off.c = arith.addi %far.c, %col.c : tensor<64x64xi32>
  %c.t = tt.splat %c : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %p.c = tt.addptr %c.t, %off.c : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  tt.store %p.c, %sum, %inside : tensor<64x64x!tt.ptr<f32>>
  tt.return
}
