// RUN: env TRITONC_DUMP=gpu-assign tritonc %s --target cuda:90 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s
// Every tensor gets a layout. A conversion between two costs shared memory and barriers: there are few, on the smallest value, in the
// outermost loop; and none at all for what can be computed again.

// CHECK-DAG: #[[ROWS:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [2, 16], warpsPerCTA = [4, 1], order = [1, 0]}>
// CHECK-DAG: #[[ALONG:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [1, 4], order = [1, 0]}>
// CHECK-DAG: #[[COLUMNS:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [4, 1], threadsPerWarp = [16, 2], warpsPerCTA = [1, 4], order = [0, 1]}>

// What keeps elements in place keeps the layout of the load up to the store.
// CHECK-LABEL: @pointwise
// CHECK-NOT: ttg.convert_layout
// CHECK-LABEL: @transposed
tt.func public @pointwise(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32, %s: f32) {
  %zero = arith.constant dense<0.0> : tensor<1024xf32>
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %bound = tt.splat %n : i32 -> tensor<1024xi32>
  %m = arith.cmpi slt, %r, %bound : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<f16> -> tensor<1024x!tt.ptr<f16>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %from = tt.addptr %ps, %r : tensor<1024x!tt.ptr<f16>>, tensor<1024xi32>
  %to = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %u = tt.load %from, %m : tensor<1024x!tt.ptr<f16>>
  %v = tt.load %to, %m : tensor<1024x!tt.ptr<f32>>
  %x = arith.extf %u : tensor<1024xf16> to tensor<1024xf32>
  %f = tt.splat %s : f32 -> tensor<1024xf32>
  %y = arith.mulf %x, %f : tensor<1024xf32>
  %z = arith.addf %y, %v : tensor<1024xf32>
  %c = arith.cmpf ogt, %z, %zero : tensor<1024xf32>
  %w = arith.select %c, %z, %zero : tensor<1024xi1>, tensor<1024xf32>
  tt.store %to, %w, %m : tensor<1024x!tt.ptr<f32>>
  tt.return
}

// Rows are read and columns written. Only the elements are converted: offsets, masks and pointers are made in both layouts.
// CHECK-DAG: tt.make_range {{.*}} : tensor<64xi32, #ttg.slice<{dim = 0, parent = #[[ROWS]]}>>
// CHECK-DAG: tt.make_range {{.*}} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #[[ROWS]]}>>
// CHECK-DAG: tt.make_range {{.*}} : tensor<64xi32, #ttg.slice<{dim = 0, parent = #[[COLUMNS]]}>>
// CHECK-DAG: tt.make_range {{.*}} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #[[COLUMNS]]}>>
// CHECK-NOT: ttg.convert_layout
// CHECK: %[[V:.*]] = tt.load {{.*}} : tensor<64x64x!tt.ptr<f32>, #[[ROWS]]>
// CHECK-NEXT: %[[C:.*]] = ttg.convert_layout %[[V]] : tensor<64x64xf32, #[[ROWS]]> -> tensor<64x64xf32, #[[COLUMNS]]>
// CHECK-NOT: ttg.convert_layout
// CHECK: tt.store %{{.*}}, %[[C]], %{{.*}} : tensor<64x64x!tt.ptr<f32>, #[[COLUMNS]]>
tt.func public @transposed(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32 {tt.divisibility = 16 : i32}) {
  %width = arith.constant dense<64> : tensor<64x1xi32>
  %height = arith.constant dense<64> : tensor<1x64xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %bound = tt.splat %n : i32 -> tensor<64x1xi32>
  %in = arith.cmpi slt, %rows, %bound : tensor<64x1xi32>
  %m = tt.broadcast %in : tensor<64x1xi1> -> tensor<64x64xi1>
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
  %from = tt.addptr %ps, %by_rows : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %to = tt.addptr %qs, %by_columns : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %v = tt.load %from, %m : tensor<64x64x!tt.ptr<f32>>
  tt.store %to, %v, %m : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// The loop works on columns. What was loaded by rows before it is converted before it, once.
// CHECK-LABEL: @before_the_loop
// CHECK: tt.load {{.*}} : tensor<64x64x!tt.ptr<f32>, #[[ROWS]]>
// CHECK-NEXT: %[[C:.*]] = ttg.convert_layout {{.*}} -> tensor<64x64xf32, #[[COLUMNS]]>
// CHECK-NOT: ttg.convert_layout
// CHECK: scf.for
// CHECK: arith.addf {{.*}}%[[C]]{{.*}} : tensor<64x64xf32, #[[COLUMNS]]>
// CHECK-NOT: ttg.convert_layout
// CHECK: tt.return
tt.func public @before_the_loop(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %size = arith.constant dense<4096> : tensor<64x64xi32>
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
  %from = tt.addptr %ps, %by_rows : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %first = tt.addptr %qs, %by_columns : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %v = tt.load %from : tensor<64x64x!tt.ptr<f32>>
  %l = scf.for %k = %c0 to %n step %c1 iter_args(%to = %first) -> (tensor<64x64x!tt.ptr<f32>>) : i32 {
    %u = tt.load %to : tensor<64x64x!tt.ptr<f32>>
    %w = arith.addf %u, %v : tensor<64x64xf32>
    tt.store %to, %w : tensor<64x64x!tt.ptr<f32>>
    %next = tt.addptr %to, %size : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
    scf.yield %next : tensor<64x64x!tt.ptr<f32>>
  }
  tt.return
}

// A sum that a loop carries has the layout of what is added in it; it is converted for the store behind the loop.
// CHECK-LABEL: @behind_the_loop
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<64x64xf32, #[[ROWS]]>
// CHECK-NOT: ttg.convert_layout
// CHECK: scf.for {{.*}} = %[[ZERO]]
// CHECK-SAME: -> (tensor<64x64xf32, #[[ROWS]]>, tensor<64x64x!tt.ptr<f32>, #[[ROWS]]>)
// CHECK-NOT: ttg.convert_layout
// CHECK: }
// CHECK-NEXT: ttg.convert_layout {{.*}} : tensor<64x64xf32, #[[ROWS]]> -> tensor<64x64xf32, #[[COLUMNS]]>
// CHECK-NEXT: tt.store
// CHECK-NEXT: tt.return
tt.func public @behind_the_loop(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %size = arith.constant dense<4096> : tensor<64x64xi32>
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
  %first = tt.addptr %ps, %by_rows : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %to = tt.addptr %qs, %by_columns : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %l:2 = scf.for %k = %c0 to %n step %c1 iter_args(%sum = %zero, %from = %first) -> (tensor<64x64xf32>, tensor<64x64x!tt.ptr<f32>>) : i32 {
    %u = tt.load %from : tensor<64x64x!tt.ptr<f32>>
    %more = arith.addf %sum, %u : tensor<64x64xf32>
    %next = tt.addptr %from, %size : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
    scf.yield %more, %next : tensor<64x64xf32>, tensor<64x64x!tt.ptr<f32>>
  }
  tt.store %to, %l#0 : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// Sums of rows that a loop carries lie as the reduction leaves them; so short a vector is stored from there, too.
// CHECK-LABEL: @sums
// CHECK-NOT: ttg.convert_layout
// CHECK: scf.for
// CHECK: "tt.reduce"
// CHECK: (tensor<64x64xf32, #[[ROWS]]>) -> tensor<64xf32, #ttg.slice<{dim = 1, parent = #[[ROWS]]}>>
// CHECK: arith.subf {{.*}} : tensor<64xf32, #ttg.slice<{dim = 1, parent = #[[ROWS]]}>>
// CHECK-NOT: ttg.convert_layout
// CHECK: tt.store {{.*}} : tensor<64x!tt.ptr<f32>, #ttg.slice<{dim = 1, parent = #[[ROWS]]}>>
tt.func public @sums(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64xf32>
  %size = arith.constant dense<4096> : tensor<64x64xi32>
  %width = arith.constant dense<64> : tensor<64x1xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %wi = arith.muli %rows, %width : tensor<64x1xi32>
  %x = tt.broadcast %wi : tensor<64x1xi32> -> tensor<64x64xi32>
  %j = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %offs = arith.addi %x, %j : tensor<64x64xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %first = tt.addptr %ps, %offs : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %to = tt.addptr %qs, %r : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  %l:2 = scf.for %k = %c0 to %n step %c1 iter_args(%sum = %zero, %from = %first) -> (tensor<64xf32>, tensor<64x64x!tt.ptr<f32>>) : i32 {
    %u = tt.load %from : tensor<64x64x!tt.ptr<f32>>
    %s = "tt.reduce"(%u) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %t = arith.addf %a, %b : f32
      tt.reduce.return %t : f32
    }) : (tensor<64x64xf32>) -> tensor<64xf32>
    %more = arith.subf %sum, %s : tensor<64xf32>
    %next = tt.addptr %from, %size : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
    scf.yield %more, %next : tensor<64xf32>, tensor<64x64x!tt.ptr<f32>>
  }
  tt.store %to, %l#0 : tensor<64x!tt.ptr<f32>>
  tt.return
}

// A vector of few elements that is loaded and broadcast over the rows of a tile is loaded as the tile needs it: nothing is converted.
// CHECK-LABEL: @broadcast_vector
// CHECK-NOT: ttg.convert_layout
// CHECK: tt.load {{.*}} : tensor<64x!tt.ptr<f16>, #ttg.slice<{dim = 0, parent = #[[ROWS]]}>>
// CHECK: tt.broadcast {{.*}} -> tensor<64x64xf32, #[[ROWS]]>
// CHECK-NOT: ttg.convert_layout {{.*}} : tensor<64x64x
// CHECK: tt.store {{.*}} : tensor<64x64x!tt.ptr<f32>, #[[ROWS]]>
tt.func public @broadcast_vector(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %width = arith.constant dense<64> : tensor<64x1xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %wi = arith.muli %rows, %width : tensor<64x1xi32>
  %x = tt.broadcast %wi : tensor<64x1xi32> -> tensor<64x64xi32>
  %j = tt.broadcast %cols : tensor<1x64xi32> -> tensor<64x64xi32>
  %offs = arith.addi %x, %j : tensor<64x64xi32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %to = tt.addptr %qs, %offs : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  %ps = tt.splat %p : !tt.ptr<f16> -> tensor<64x!tt.ptr<f16>>
  %from = tt.addptr %ps, %r : tensor<64x!tt.ptr<f16>>, tensor<64xi32>
  %v = tt.load %from : tensor<64x!tt.ptr<f16>>
  %w = arith.extf %v : tensor<64xf16> to tensor<64xf32>
  %row = tt.expand_dims %w {axis = 0 : i32} : tensor<64xf32> -> tensor<1x64xf32>
  %tile = tt.broadcast %row : tensor<1x64xf32> -> tensor<64x64xf32>
  %u = tt.load %to : tensor<64x64x!tt.ptr<f32>>
  %sum = arith.addf %u, %tile : tensor<64x64xf32>
  tt.store %to, %sum : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// Rows of a table, chosen by indices that were loaded: the few indices are loaded as the tile of addresses needs them.
// CHECK-LABEL: @rows_of_a_table
// CHECK-NOT: ttg.convert_layout
// CHECK-LABEL: @first_operand
tt.func public @rows_of_a_table(%t: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %idx: !tt.ptr<i32> {tt.divisibility = 16 : i32}, %o: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %w = arith.constant dense<128> : tensor<32x1xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %c = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %is = tt.splat %idx : !tt.ptr<i32> -> tensor<32x!tt.ptr<i32>>
  %ip = tt.addptr %is, %r : tensor<32x!tt.ptr<i32>>, tensor<32xi32>
  %i = tt.load %ip : tensor<32x!tt.ptr<i32>>
  %i1 = tt.expand_dims %i {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %f = arith.muli %i1, %w : tensor<32x1xi32>
  %x = tt.broadcast %f : tensor<32x1xi32> -> tensor<32x128xi32>
  %c1 = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %y = tt.broadcast %c1 : tensor<1x128xi32> -> tensor<32x128xi32>
  %off = arith.addi %x, %y : tensor<32x128xi32>
  %ts = tt.splat %t : !tt.ptr<f32> -> tensor<32x128x!tt.ptr<f32>>
  %tp = tt.addptr %ts, %off : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
  %v = tt.load %tp : tensor<32x128x!tt.ptr<f32>>
  %r1 = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %g = arith.muli %r1, %w : tensor<32x1xi32>
  %gx = tt.broadcast %g : tensor<32x1xi32> -> tensor<32x128xi32>
  %oo = arith.addi %gx, %y : tensor<32x128xi32>
  %os = tt.splat %o : !tt.ptr<f32> -> tensor<32x128x!tt.ptr<f32>>
  %op = tt.addptr %os, %oo : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
  tt.store %op, %v : tensor<32x128x!tt.ptr<f32>>
  tt.return
}

// A tile made from a vector gives way to one that was loaded, whichever operand it is.
// CHECK-NOT: ttg.convert_layout {{.*}} : tensor<16x256x
// CHECK: ttg.convert_layout {{.*}} : tensor<256xf32
// CHECK-NOT: ttg.convert_layout {{.*}} : tensor<16x256x
tt.func public @first_operand(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %width = arith.constant dense<256> : tensor<16x1xi32>
  %i = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %j = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %rows = tt.expand_dims %i {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>
  %cols = tt.expand_dims %j {axis = 0 : i32} : tensor<256xi32> -> tensor<1x256xi32>
  %wi = arith.muli %rows, %width : tensor<16x1xi32>
  %x = tt.broadcast %wi : tensor<16x1xi32> -> tensor<16x256xi32>
  %y = tt.broadcast %cols : tensor<1x256xi32> -> tensor<16x256xi32>
  %offs = arith.addi %x, %y : tensor<16x256xi32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<16x256x!tt.ptr<f32>>
  %to = tt.addptr %qs, %offs : tensor<16x256x!tt.ptr<f32>>, tensor<16x256xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>
  %from = tt.addptr %ps, %j : tensor<256x!tt.ptr<f32>>, tensor<256xi32>
  %v = tt.load %from : tensor<256x!tt.ptr<f32>>
  %row = tt.expand_dims %v {axis = 0 : i32} : tensor<256xf32> -> tensor<1x256xf32>
  %tile = tt.broadcast %row : tensor<1x256xf32> -> tensor<16x256xf32>
  %u = tt.load %to : tensor<16x256x!tt.ptr<f32>>
  %sum = arith.addf %tile, %u : tensor<16x256xf32>
  tt.store %to, %sum : tensor<16x256x!tt.ptr<f32>>
  tt.return
}

// The same rows, read on piece by piece: the loop carries their addresses in the layout of the load, and the rows are converted before it.
// CHECK-LABEL: @carried_rows
// CHECK-NOT: ttg.convert_layout
// CHECK: scf.for
// CHECK-NOT: ttg.convert_layout {{.*}} : tensor<32x128x
// CHECK: tt.return
tt.func public @carried_rows(%t: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %idx: !tt.ptr<i32> {tt.divisibility = 16 : i32}, %o: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<32x128xf32>
  %step = arith.constant dense<128> : tensor<32x128xi32>
  %w = arith.constant dense<4096> : tensor<32x1xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %c = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %is = tt.splat %idx : !tt.ptr<i32> -> tensor<32x!tt.ptr<i32>>
  %ip = tt.addptr %is, %r : tensor<32x!tt.ptr<i32>>, tensor<32xi32>
  %i = tt.load %ip : tensor<32x!tt.ptr<i32>>
  %i1 = tt.expand_dims %i {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %f = arith.muli %i1, %w : tensor<32x1xi32>
  %x = tt.broadcast %f : tensor<32x1xi32> -> tensor<32x128xi32>
  %d1 = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %y = tt.broadcast %d1 : tensor<1x128xi32> -> tensor<32x128xi32>
  %off = arith.addi %x, %y : tensor<32x128xi32>
  %ts = tt.splat %t : !tt.ptr<f32> -> tensor<32x128x!tt.ptr<f32>>
  %tp = tt.addptr %ts, %off : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
  %sum:2 = scf.for %k = %c0 to %n step %c1 iter_args(%acc = %zero, %at = %tp) -> (tensor<32x128xf32>, tensor<32x128x!tt.ptr<f32>>) : i32 {
    %v = tt.load %at : tensor<32x128x!tt.ptr<f32>>
    %more = arith.addf %acc, %v : tensor<32x128xf32>
    %next = tt.addptr %at, %step : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
    scf.yield %more, %next : tensor<32x128xf32>, tensor<32x128x!tt.ptr<f32>>
  }
  %os = tt.splat %o : !tt.ptr<f32> -> tensor<32x128x!tt.ptr<f32>>
  %r1 = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %g = arith.muli %r1, %w : tensor<32x1xi32>
  %gx = tt.broadcast %g : tensor<32x1xi32> -> tensor<32x128xi32>
  %oo = arith.addi %gx, %y : tensor<32x128xi32>
  %op = tt.addptr %os, %oo : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
  tt.store %op, %sum#0 : tensor<32x128x!tt.ptr<f32>>
  tt.return
}

// Loops that carry what is made of constants alone take any layout, and agree on it.
// CHECK-LABEL: @constants_alone
// CHECK: scf.for {{.*}} -> (tensor<16xf32, #[[ANY:[a-z0-9]+]]>)
// CHECK: arith.addf {{.*}} : tensor<16xf32, #[[ANY]]>
// CHECK: scf.yield {{.*}} : tensor<16xf32, #[[ANY]]>
tt.func public @constants_alone(%x: !tt.ptr<f32>) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c4 = arith.constant 4 : i32
  %zero = arith.constant dense<0.0> : tensor<16xf32>
  %one = arith.constant dense<1.0> : tensor<16xf32>
  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>>
  %acc = scf.for %i = %c0 to %c4 step %c1 iter_args(%a = %zero) -> (tensor<16xf32>) : i32 {
    %s = arith.addf %a, %one : tensor<16xf32>
    scf.yield %s : tensor<16xf32>
  }
  tt.store %xs, %acc : tensor<16x!tt.ptr<f32>>
  tt.return
}

// What one element is broadcast to lies as others of its shape do, not whole in every thread: here, what a loop adds up and
// a reduction takes.
// CHECK-LABEL: @one_element
// CHECK: scf.for {{.*}} -> (tensor<1x2048xf32, #[[ALONG]]>)
// CHECK: "tt.reduce"
// CHECK: (tensor<1x2048xf32, #[[ALONG]]>)
tt.func public @one_element(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32>, %n: i32) {
  %zero = arith.constant dense<0.0> : tensor<1x2048xf32>
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r = tt.make_range {end = 2048 : i32, start = 0 : i32} : tensor<2048xi32>
  %row = tt.expand_dims %r {axis = 0 : i32} : tensor<2048xi32> -> tensor<1x2048xi32>
  %pp = tt.splat %p : !tt.ptr<f32> -> tensor<1x1x!tt.ptr<f32>>
  %x = tt.load %pp : tensor<1x1x!tt.ptr<f32>>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<1x2048xf32>) : i32 {
    %is = tt.splat %i : i32 -> tensor<1x2048xi32>
    %hit = arith.cmpi slt, %row, %is : tensor<1x2048xi32>
    %wide = tt.broadcast %x : tensor<1x1xf32> -> tensor<1x2048xf32>
    %next = arith.addf %acc, %wide : tensor<1x2048xf32>
    %kept = arith.select %hit, %next, %acc : tensor<1x2048xi1>, tensor<1x2048xf32>
    scf.yield %kept : tensor<1x2048xf32>
  }
  %total = "tt.reduce"(%sum) <{axis = 1 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    tt.reduce.return %s : f32
  }) : (tensor<1x2048xf32>) -> tensor<1xf32>
  %qq = tt.splat %q : !tt.ptr<f32> -> tensor<1x!tt.ptr<f32>>
  tt.store %qq, %total : tensor<1x!tt.ptr<f32>>
  tt.return
}

// A count that is chosen beside a sum lies as the sum does: no conversion in the loop.
// CHECK-LABEL: @count_beside
// CHECK: scf.for
// CHECK-NOT: ttg.convert_layout
// CHECK: scf.yield
// CHECK: tt.return
tt.func public @count_beside(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %zero = arith.constant dense<0.0> : tensor<2048xf32>
  %one = arith.constant dense<1.0> : tensor<2048xf32>
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %step = arith.constant dense<2048> : tensor<2048xi32>
  %r = tt.make_range {end = 2048 : i32, start = 0 : i32} : tensor<2048xi32>
  %ps = tt.splat %p : !tt.ptr<f16> -> tensor<2048x!tt.ptr<f16>>
  %res:2 = scf.for %i = %c0 to %n step %c1 iter_args(%mean = %zero, %count = %zero) -> (tensor<2048xf32>, tensor<2048xf32>) : i32 {
    %is = tt.splat %i : i32 -> tensor<2048xi32>
    %at = arith.muli %is, %step : tensor<2048xi32>
    %off = arith.addi %at, %r : tensor<2048xi32>
    %pp = tt.addptr %ps, %off : tensor<2048x!tt.ptr<f16>>, tensor<2048xi32>
    %h = tt.load %pp : tensor<2048x!tt.ptr<f16>>
    %x = arith.extf %h : tensor<2048xf16> to tensor<2048xf32>
    %first = arith.cmpi eq, %i, %c0 : i32
    %new:2 = scf.if %first -> (tensor<2048xf32>, tensor<2048xf32>) {
      scf.yield %x, %one : tensor<2048xf32>, tensor<2048xf32>
    } else {
      %k = arith.addf %count, %one : tensor<2048xf32>
      %d = arith.subf %x, %mean : tensor<2048xf32>
      %part = arith.divf %d, %k : tensor<2048xf32>
      %m = arith.addf %mean, %part : tensor<2048xf32>
      scf.yield %m, %k : tensor<2048xf32>, tensor<2048xf32>
    }
    scf.yield %new#0, %new#1 : tensor<2048xf32>, tensor<2048xf32>
  }
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<2048x!tt.ptr<f32>>
  %qq = tt.addptr %qs, %r : tensor<2048x!tt.ptr<f32>>, tensor<2048xi32>
  %both = arith.addf %res#0, %res#1 : tensor<2048xf32>
  tt.store %qq, %both : tensor<2048x!tt.ptr<f32>>
  tt.return
}
