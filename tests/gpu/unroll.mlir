// RUN: env TRITONC_DUMP=gpu-unroll tritonc %s --target cuda:90 --num-warps 4 --num-stages 1 --emit ptx -o %t.ptx 2>&1 | FileCheck %s
// RUN: tritonc %s --target cuda:90 --num-warps 4 --num-stages 2 --emit ptx | FileCheck %s --check-prefix=STAGES
// A small loop of loads with one stage has the loads of several iterations in flight. With stages it is left to the
// pipeline, unless all its iterations fit; one that writes stays as it is.

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
