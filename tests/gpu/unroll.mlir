// RUN: env TRITONC_DUMP=gpu-unroll tritonc %s --target cuda:90 --num-warps 4 --num-stages 1 --emit ptx -o %t.ptx 2>&1 | FileCheck %s
// RUN: tritonc %s --target cuda:90 --num-warps 4 --num-stages 2 --emit ptx | FileCheck %s --check-prefix=STAGES
// A small loop of loads with one stage has the loads of several iterations in flight. With stages it is left to the
// pipeline, unless all its iterations fit and each thread has elements of its own; one that writes stays as it is.

// CHECK-LABEL: @sum
// CHECK: scf.for
// CHECK-COUNT-8: tt.load
// CHECK: scf.yield
// CHECK-LABEL: @few
// CHECK-NOT: scf.for
// CHECK-COUNT-5: tt.load
// CHECK: tt.return
// CHECK-LABEL: @writes
// CHECK: scf.for
// CHECK-COUNT-1: tt.load
// CHECK-NOT: tt.load
// CHECK: tt.return
// STAGES-LABEL: .entry sum
// STAGES-COUNT-2: ld.global
// STAGES-NOT: ld.global
// STAGES-LABEL: .entry few
// STAGES-COUNT-5: ld.global
// STAGES-NOT: bra
// STAGES: ret
// STAGES-LABEL: .entry broadcasts
// STAGES: bra
tt.func public @sum(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %zero = arith.constant 0 : i32
  %step = arith.constant 128 : i32
  %none = arith.constant dense<0.0> : tensor<128xf32>
  %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %to = tt.addptr %qs, %r : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %s = scf.for %i = %zero to %n step %step iter_args(%sum = %none) -> (tensor<128xf32>) : i32 {
    %is = tt.splat %i : i32 -> tensor<128xi32>
    %at = arith.addi %is, %r : tensor<128xi32>
    %from = tt.addptr %ps, %at : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
    %x = tt.load %from : tensor<128x!tt.ptr<f32>>
    %next = arith.addf %sum, %x : tensor<128xf32>
    scf.yield %next : tensor<128xf32>
  }
  tt.store %to, %s : tensor<128x!tt.ptr<f32>>
  tt.return
}

tt.func public @few(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %zero = arith.constant 0 : i32
  %step = arith.constant 128 : i32
  %n = arith.constant 600 : i32
  %none = arith.constant dense<0.0> : tensor<128xf32>
  %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %to = tt.addptr %qs, %r : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %s = scf.for %i = %zero to %n step %step iter_args(%sum = %none) -> (tensor<128xf32>) : i32 {
    %is = tt.splat %i : i32 -> tensor<128xi32>
    %at = arith.addi %is, %r : tensor<128xi32>
    %from = tt.addptr %ps, %at : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
    %x = tt.load %from : tensor<128x!tt.ptr<f32>>
    %next = arith.addf %sum, %x : tensor<128xf32>
    scf.yield %next : tensor<128xf32>
  }
  tt.store %to, %s : tensor<128x!tt.ptr<f32>>
  tt.return
}

tt.func public @writes(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %zero = arith.constant 0 : i32
  %step = arith.constant 128 : i32
  %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  scf.for %i = %zero to %n step %step : i32 {
    %is = tt.splat %i : i32 -> tensor<128xi32>
    %at = arith.addi %is, %r : tensor<128xi32>
    %from = tt.addptr %ps, %at : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
    %x = tt.load %from : tensor<128x!tt.ptr<f32>>
    %to = tt.addptr %qs, %at : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
    tt.store %to, %x : tensor<128x!tt.ptr<f32>>
  }
  tt.return
}

// Few elements are loaded and broadcast: the loop's sum has a layout in which neighbouring threads read neighbours.
tt.func public @broadcasts(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %eight = arith.constant 8 : i32
  %eights = arith.constant dense<8> : tensor<64xi32>
  %none = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rows = arith.muli %r, %eights : tensor<64xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %s = scf.for %i = %zero to %eight step %one iter_args(%sum = %none) -> (tensor<64x64xf32>) : i32 {
    %is = tt.splat %i : i32 -> tensor<64xi32>
    %at = arith.addi %rows, %is : tensor<64xi32>
    %from = tt.addptr %ps, %at : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
    %x = tt.load %from : tensor<64x!tt.ptr<f32>>
    %row = tt.expand_dims %x {axis = 0 : i32} : tensor<64xf32> -> tensor<1x64xf32>
    %all = tt.broadcast %row : tensor<1x64xf32> -> tensor<64x64xf32>
    %next = arith.addf %sum, %all : tensor<64x64xf32>
    scf.yield %next : tensor<64x64xf32>
  }
  %c = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %l = tt.expand_dims %rows {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %m = tt.expand_dims %c {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %ls = tt.broadcast %l : tensor<64x1xi32> -> tensor<64x64xi32>
  %ms = tt.broadcast %m : tensor<1x64xi32> -> tensor<64x64xi32>
  %o = arith.addi %ls, %ms : tensor<64x64xi32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %to = tt.addptr %qs, %o : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  tt.store %to, %s : tensor<64x64x!tt.ptr<f32>>
  tt.return
}
