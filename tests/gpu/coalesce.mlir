// RUN: env TRITONC_DUMP=gpu-assign tritonc %s --target cuda:90 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s
// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx -o - | FileCheck %s --check-prefix PTX
// The layouts of memory accesses: threads stand next to each other along the dimension that is contiguous in memory, and each takes as many
// elements of it as alignment allows, up to 16 bytes. Accesses of one shape and order whose elements meet share a layout.

// CHECK-DAG: #[[ROWS:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [1, 4], threadsPerWarp = [1, 32], warpsPerCTA = [4, 1], order = [1, 0]}>
// CHECK-DAG: #[[COLUMNS:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [8, 1], threadsPerWarp = [16, 2], warpsPerCTA = [1, 4], order = [0, 1]}>
// CHECK-DAG: #[[ROWS_BY_ONE:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [1, 1], threadsPerWarp = [1, 32], warpsPerCTA = [1, 4], order = [1, 0]}>
// CHECK-DAG: #[[ONE:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK-DAG: #[[TWO:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [2], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK-DAG: #[[FOUR:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
// CHECK-DAG: #[[EIGHT:[a-z0-9]+]] = #ttg.blocked<{sizePerThread = [8], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>

// Rows whose beginnings are aligned: 16 bytes of a row per thread.
// CHECK-LABEL: @rows
// CHECK: tt.load {{.*}} : tensor<64x128x!tt.ptr<f32>, #[[ROWS]]>
// CHECK: tt.store {{.*}} : tensor<64x128x!tt.ptr<f32>, #[[ROWS]]>
tt.func public @rows(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %stride: i32 {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %c = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %cols = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %strides = tt.splat %stride : i32 -> tensor<64x1xi32>
  %at = arith.muli %rows, %strides : tensor<64x1xi32>
  %x = tt.broadcast %at : tensor<64x1xi32> -> tensor<64x128xi32>
  %y = tt.broadcast %cols : tensor<1x128xi32> -> tensor<64x128xi32>
  %offs = arith.addi %x, %y : tensor<64x128xi32>
  %base = tt.splat %p : !tt.ptr<f32> -> tensor<64x128x!tt.ptr<f32>>
  %ptr = tt.addptr %base, %offs : tensor<64x128x!tt.ptr<f32>>, tensor<64x128xi32>
  %v = tt.load %ptr : tensor<64x128x!tt.ptr<f32>>
  tt.store %ptr, %v : tensor<64x128x!tt.ptr<f32>>
  tt.return
}

// The first dimension is the contiguous one: threads go down the columns, eight elements of 16 bits each.
// CHECK-LABEL: @columns
// CHECK: tt.load {{.*}} : tensor<128x32x!tt.ptr<f16>, #[[COLUMNS]]>
// CHECK: tt.store {{.*}} : tensor<128x32x!tt.ptr<f16>, #[[COLUMNS]]>
tt.func public @columns(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %stride: i32 {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %c = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<128xi32> -> tensor<128x1xi32>
  %cols = tt.expand_dims %c {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %strides = tt.splat %stride : i32 -> tensor<1x32xi32>
  %at = arith.muli %cols, %strides : tensor<1x32xi32>
  %x = tt.broadcast %rows : tensor<128x1xi32> -> tensor<128x32xi32>
  %y = tt.broadcast %at : tensor<1x32xi32> -> tensor<128x32xi32>
  %offs = arith.addi %x, %y : tensor<128x32xi32>
  %base = tt.splat %p : !tt.ptr<f16> -> tensor<128x32x!tt.ptr<f16>>
  %ptr = tt.addptr %base, %offs : tensor<128x32x!tt.ptr<f16>>, tensor<128x32xi32>
  %v = tt.load %ptr : tensor<128x32x!tt.ptr<f16>>
  tt.store %ptr, %v : tensor<128x32x!tt.ptr<f16>>
  tt.return
}

// Of the stride nothing is known, so a row may begin anywhere: one element at a time, still along the rows.
// CHECK-LABEL: @odd_rows
// CHECK: tt.load {{.*}} : tensor<32x128x!tt.ptr<f32>, #[[ROWS_BY_ONE]]>
tt.func public @odd_rows(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %stride: i32) {
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %c = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %cols = tt.expand_dims %c {axis = 0 : i32} : tensor<128xi32> -> tensor<1x128xi32>
  %strides = tt.splat %stride : i32 -> tensor<32x1xi32>
  %at = arith.muli %rows, %strides : tensor<32x1xi32>
  %x = tt.broadcast %at : tensor<32x1xi32> -> tensor<32x128xi32>
  %y = tt.broadcast %cols : tensor<1x128xi32> -> tensor<32x128xi32>
  %offs = arith.addi %x, %y : tensor<32x128xi32>
  %base = tt.splat %p : !tt.ptr<f32> -> tensor<32x128x!tt.ptr<f32>>
  %ptr = tt.addptr %base, %offs : tensor<32x128x!tt.ptr<f32>>, tensor<32x128xi32>
  %v = tt.load %ptr : tensor<32x128x!tt.ptr<f32>>
  tt.store %ptr, %v : tensor<32x128x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @unaligned
// CHECK: tt.load {{.*}} : tensor<1024x!tt.ptr<f32>, #[[ONE]]>
tt.func public @unaligned(%p: !tt.ptr<f32>) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %base = tt.splat %p : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %ptr = tt.addptr %base, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %v = tt.load %ptr : tensor<1024x!tt.ptr<f32>>
  tt.store %ptr, %v : tensor<1024x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @aligned_to_eight
// CHECK: tt.load {{.*}} : tensor<2048x!tt.ptr<f32>, #[[TWO]]>
tt.func public @aligned_to_eight(%p: !tt.ptr<f32> {tt.divisibility = 8 : i32}) {
  %r = tt.make_range {end = 2048 : i32, start = 0 : i32} : tensor<2048xi32>
  %base = tt.splat %p : !tt.ptr<f32> -> tensor<2048x!tt.ptr<f32>>
  %ptr = tt.addptr %base, %r : tensor<2048x!tt.ptr<f32>>, tensor<2048xi32>
  %v = tt.load %ptr : tensor<2048x!tt.ptr<f32>>
  tt.store %ptr, %v : tensor<2048x!tt.ptr<f32>>
  tt.return
}

// 256 elements for 128 threads: wider accesses would leave threads without work.
// CHECK-LABEL: @few
// CHECK: tt.load {{.*}} : tensor<256x!tt.ptr<f16>, #[[TWO]]>
tt.func public @few(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %base = tt.splat %p : !tt.ptr<f16> -> tensor<256x!tt.ptr<f16>>
  %ptr = tt.addptr %base, %r : tensor<256x!tt.ptr<f16>>, tensor<256xi32>
  %v = tt.load %ptr : tensor<256x!tt.ptr<f16>>
  tt.store %ptr, %v : tensor<256x!tt.ptr<f16>>
  tt.return
}

// A narrow type beside a wide one that is stored: 16 bytes per thread of what is written, so that a warp's instruction
// leaves no gaps, and what is loaded for nothing else is loaded in that layout; no conversion stands between them.
// CHECK-LABEL: @mixed
// CHECK: tt.load {{.*}} : tensor<4096x!tt.ptr<f16>, #[[FOUR]]>
// CHECK-NOT: ttg.convert_layout
// CHECK: tt.store {{.*}} : tensor<4096x!tt.ptr<f32>, #[[FOUR]]>
tt.func public @mixed(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 4096 : i32, start = 0 : i32} : tensor<4096xi32>
  %ps = tt.splat %p : !tt.ptr<f16> -> tensor<4096x!tt.ptr<f16>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<4096x!tt.ptr<f32>>
  %from = tt.addptr %ps, %r : tensor<4096x!tt.ptr<f16>>, tensor<4096xi32>
  %to = tt.addptr %qs, %r : tensor<4096x!tt.ptr<f32>>, tensor<4096xi32>
  %v = tt.load %from : tensor<4096x!tt.ptr<f16>>
  %w = arith.extf %v : tensor<4096xf16> to tensor<4096xf32>
  tt.store %to, %w : tensor<4096x!tt.ptr<f32>>
  tt.return
}

// Two operands that lie differently: their sum is made in the layout in which it is stored, and one of them is converted.
// CHECK-LABEL: @across
// CHECK-COUNT-1: ttg.convert_layout
// CHECK-NOT: ttg.convert_layout
// CHECK: tt.store
tt.func public @across(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %stride: i32 {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %c = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<128xi32> -> tensor<128x1xi32>
  %cols = tt.expand_dims %c {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %s0 = tt.splat %stride : i32 -> tensor<128x1xi32>
  %s1 = tt.splat %stride : i32 -> tensor<1x32xi32>
  %m0 = arith.muli %rows, %s0 : tensor<128x1xi32>
  %m1 = arith.muli %cols, %s1 : tensor<1x32xi32>
  %a0 = tt.broadcast %m0 : tensor<128x1xi32> -> tensor<128x32xi32>
  %a1 = tt.broadcast %cols : tensor<1x32xi32> -> tensor<128x32xi32>
  %b0 = tt.broadcast %rows : tensor<128x1xi32> -> tensor<128x32xi32>
  %b1 = tt.broadcast %m1 : tensor<1x32xi32> -> tensor<128x32xi32>
  %along = arith.addi %a0, %a1 : tensor<128x32xi32>
  %down = arith.addi %b0, %b1 : tensor<128x32xi32>
  %ps = tt.splat %p : !tt.ptr<f16> -> tensor<128x32x!tt.ptr<f16>>
  %qs = tt.splat %q : !tt.ptr<f16> -> tensor<128x32x!tt.ptr<f16>>
  %pa = tt.addptr %ps, %along : tensor<128x32x!tt.ptr<f16>>, tensor<128x32xi32>
  %qd = tt.addptr %qs, %down : tensor<128x32x!tt.ptr<f16>>, tensor<128x32xi32>
  %x = tt.load %pa : tensor<128x32x!tt.ptr<f16>>
  %y = tt.load %qd : tensor<128x32x!tt.ptr<f16>>
  %z = arith.addf %x, %y : tensor<128x32xf16>
  %n = math.absf %z : tensor<128x32xf16>
  tt.store %qd, %n : tensor<128x32x!tt.ptr<f16>>
  tt.return
}

// Pointers that a loop moves on: by a multiple of 16 they stay aligned ...
// CHECK-LABEL: @steps
// CHECK: scf.for
// CHECK: tt.load {{.*}} : tensor<8192x!tt.ptr<f32>, #[[FOUR]]>
tt.func public @steps(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32, %step: i32 {tt.divisibility = 16 : i32}) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r = tt.make_range {end = 8192 : i32, start = 0 : i32} : tensor<8192xi32>
  %base = tt.splat %p : !tt.ptr<f32> -> tensor<8192x!tt.ptr<f32>>
  %first = tt.addptr %base, %r : tensor<8192x!tt.ptr<f32>>, tensor<8192xi32>
  %steps = tt.splat %step : i32 -> tensor<8192xi32>
  %l = scf.for %i = %c0 to %n step %c1 iter_args(%ptr = %first) -> (tensor<8192x!tt.ptr<f32>>) : i32 {
    %v = tt.load %ptr : tensor<8192x!tt.ptr<f32>>
    tt.store %ptr, %v : tensor<8192x!tt.ptr<f32>>
    %next = tt.addptr %ptr, %steps : tensor<8192x!tt.ptr<f32>>, tensor<8192xi32>
    scf.yield %next : tensor<8192x!tt.ptr<f32>>
  }
  tt.return
}

// ... and otherwise only the first iteration's would be.
// CHECK-LABEL: @odd_steps
// CHECK: scf.for
// CHECK: tt.load {{.*}} : tensor<16384x!tt.ptr<f32>, #[[ONE]]>
tt.func public @odd_steps(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32, %step: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r = tt.make_range {end = 16384 : i32, start = 0 : i32} : tensor<16384xi32>
  %base = tt.splat %p : !tt.ptr<f32> -> tensor<16384x!tt.ptr<f32>>
  %first = tt.addptr %base, %r : tensor<16384x!tt.ptr<f32>>, tensor<16384xi32>
  %steps = tt.splat %step : i32 -> tensor<16384xi32>
  %l = scf.for %i = %c0 to %n step %c1 iter_args(%ptr = %first) -> (tensor<16384x!tt.ptr<f32>>) : i32 {
    %v = tt.load %ptr : tensor<16384x!tt.ptr<f32>>
    tt.store %ptr, %v : tensor<16384x!tt.ptr<f32>>
    %next = tt.addptr %ptr, %steps : tensor<16384x!tt.ptr<f32>>, tensor<16384xi32>
    scf.yield %next : tensor<16384x!tt.ptr<f32>>
  }
  tt.return
}

// The bound is a multiple of 16, so four neighbours are within it or beyond it together: one access, one predicate.
// CHECK-LABEL: @bounded
// CHECK: tt.load {{.*}} : tensor<512x!tt.ptr<f32>, #[[FOUR]]>
// PTX-LABEL: .entry bounded
// PTX: setp
// PTX-NOT: setp
// PTX: @%p0 ld.global.v4.b32
// PTX-NOT: ld.global
// PTX: @%p0 st.global.v4.b32
// PTX-NOT: st.global
tt.func public @bounded(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32 {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32>
  %bound = tt.splat %n : i32 -> tensor<512xi32>
  %m = arith.cmpi slt, %r, %bound : tensor<512xi32>
  %base = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>>
  %ptr = tt.addptr %base, %r : tensor<512x!tt.ptr<f32>>, tensor<512xi32>
  %v = tt.load %ptr, %m : tensor<512x!tt.ptr<f32>>
  %w = arith.addf %v, %v : tensor<512xf32>
  tt.store %ptr, %w, %m : tensor<512x!tt.ptr<f32>>
  tt.return
}

// The bound may be any number: each element is asked for alone, and neighbours by neighbouring threads.
// CHECK-LABEL: @unbounded
// CHECK: tt.load {{.*}} : tensor<512x!tt.ptr<f32>, #[[ONE]]>
// PTX-LABEL: .entry unbounded
// PTX-COUNT-4: setp
// PTX-NOT: ld.global.v
// PTX-COUNT-4: @%p{{[0-3]}} ld.global.b32
// PTX-NOT: ld.global
// PTX-COUNT-4: @%p{{[0-3]}} st.global.b32
// PTX-NOT: st.global
tt.func public @unbounded(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %r = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32>
  %bound = tt.splat %n : i32 -> tensor<512xi32>
  %m = arith.cmpi slt, %r, %bound : tensor<512xi32>
  %base = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>>
  %ptr = tt.addptr %base, %r : tensor<512x!tt.ptr<f32>>, tensor<512xi32>
  %v = tt.load %ptr, %m : tensor<512x!tt.ptr<f32>>
  %w = arith.addf %v, %v : tensor<512xf32>
  tt.store %ptr, %w, %m : tensor<512x!tt.ptr<f32>>
  tt.return
}

// Rows at loaded indices, and rows at loaded addresses that are promised to be aligned: 16 bytes of a row per thread.
// CHECK-LABEL: @gathered
// CHECK: tt.load {{.*}} : tensor<16x64x!tt.ptr<f32>, #[[GATHERED:[a-z0-9]+]]>
// PTX-LABEL: .entry gathered
// PTX: ld.global.b32
// PTX-COUNT-2: ld.global.v4.b32
// PTX-NOT: ld.global
// PTX-COUNT-2: st.global.v4.b32
// PTX-NOT: st.global
tt.func public @gathered(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %i: !tt.ptr<i32>, %n: i32,
                         %stride: i32 {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %c = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %is = tt.splat %i : !tt.ptr<i32> -> tensor<16x!tt.ptr<i32>>
  %ip = tt.addptr %is, %r : tensor<16x!tt.ptr<i32>>, tensor<16xi32>
  %index = tt.load %ip : tensor<16x!tt.ptr<i32>>
  %bound = tt.splat %n : i32 -> tensor<16xi32>
  %inside = arith.cmpi slt, %index, %bound : tensor<16xi32>
  %m1 = tt.expand_dims %inside {axis = 1 : i32} : tensor<16xi1> -> tensor<16x1xi1>
  %m = tt.broadcast %m1 : tensor<16x1xi1> -> tensor<16x64xi1>
  %rows = tt.expand_dims %index {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>
  %strides = tt.splat %stride : i32 -> tensor<16x1xi32>
  %at = arith.muli %rows, %strides : tensor<16x1xi32>
  %x = tt.broadcast %at : tensor<16x1xi32> -> tensor<16x64xi32>
  %cols = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %y = tt.broadcast %cols : tensor<1x64xi32> -> tensor<16x64xi32>
  %offs = arith.addi %x, %y : tensor<16x64xi32>
  %base = tt.splat %p : !tt.ptr<f32> -> tensor<16x64x!tt.ptr<f32>>
  %ptr = tt.addptr %base, %offs : tensor<16x64x!tt.ptr<f32>>, tensor<16x64xi32>
  %v = tt.load %ptr, %m : tensor<16x64x!tt.ptr<f32>>
  %w = arith.addf %v, %v : tensor<16x64xf32>
  tt.store %ptr, %w, %m : tensor<16x64x!tt.ptr<f32>>
  tt.return
}

// PTX-LABEL: .entry gathered_addresses
// PTX: ld.global.b64
// PTX-COUNT-2: ld.global.v4.b32
// PTX-NOT: ld.global
tt.func public @gathered_addresses(%i: !tt.ptr<i64>, %out: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %c = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %is = tt.splat %i : !tt.ptr<i64> -> tensor<16x!tt.ptr<i64>>
  %ip = tt.addptr %is, %r : tensor<16x!tt.ptr<i64>>, tensor<16xi32>
  %address = tt.load %ip : tensor<16x!tt.ptr<i64>>
  %row = tt.int_to_ptr %address {tt.divisibility = dense<16> : tensor<1xi32>} : tensor<16xi64> -> tensor<16x!tt.ptr<f32>>
  %rows = tt.expand_dims %row {axis = 1 : i32} : tensor<16x!tt.ptr<f32>> -> tensor<16x1x!tt.ptr<f32>>
  %x = tt.broadcast %rows : tensor<16x1x!tt.ptr<f32>> -> tensor<16x64x!tt.ptr<f32>>
  %cols = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %y = tt.broadcast %cols : tensor<1x64xi32> -> tensor<16x64xi32>
  %ptr = tt.addptr %x, %y : tensor<16x64x!tt.ptr<f32>>, tensor<16x64xi32>
  %v = tt.load %ptr : tensor<16x64x!tt.ptr<f32>>
  %outs = tt.splat %out : !tt.ptr<f32> -> tensor<16x64x!tt.ptr<f32>>
  %to = tt.addptr %outs, %y : tensor<16x64x!tt.ptr<f32>>, tensor<16x64xi32>
  tt.store %to, %v : tensor<16x64x!tt.ptr<f32>>
  tt.return
}

// A narrow type and a wide one that meet are loaded with the narrow one's width; apart from each other each has its own.
// PTX-LABEL: .entry meet
// CHECK-LABEL: @meet
// CHECK: tt.load {{.*}} : tensor<1024x!tt.ptr<f32>, #[[EIGHT]]>
// CHECK: tt.load {{.*}} : tensor<1024x!tt.ptr<f16>, #[[EIGHT]]>
// CHECK: tt.store {{.*}} : tensor<1024x!tt.ptr<f32>, #[[FOUR]]>
tt.func public @meet(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f16> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f16> -> tensor<1024x!tt.ptr<f16>>
  %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %qq = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f16>>, tensor<1024xi32>
  %x = tt.load %pp : tensor<1024x!tt.ptr<f32>>
  %h = tt.load %qq : tensor<1024x!tt.ptr<f16>>
  %y = arith.extf %h : tensor<1024xf16> to tensor<1024xf32>
  %z = arith.addf %x, %y : tensor<1024xf32>
  tt.store %pp, %z : tensor<1024x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @apart
// CHECK: tt.load {{.*}} : tensor<1024x!tt.ptr<f32>, #[[FOUR]]>
// CHECK: tt.store {{.*}} : tensor<1024x!tt.ptr<f32>, #[[FOUR]]>
// CHECK: tt.load {{.*}} : tensor<1024x!tt.ptr<f16>, #[[EIGHT]]>
// CHECK: tt.store {{.*}} : tensor<1024x!tt.ptr<f16>, #[[EIGHT]]>
tt.func public @apart(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f16> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f16> -> tensor<1024x!tt.ptr<f16>>
  %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %qq = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f16>>, tensor<1024xi32>
  %x = tt.load %pp : tensor<1024x!tt.ptr<f32>>
  %z = arith.addf %x, %x : tensor<1024xf32>
  tt.store %pp, %z : tensor<1024x!tt.ptr<f32>>
  %h = tt.load %qq : tensor<1024x!tt.ptr<f16>>
  %y = arith.addf %h, %h : tensor<1024xf16>
  tt.store %qq, %y : tensor<1024x!tt.ptr<f16>>
  tt.return
}
