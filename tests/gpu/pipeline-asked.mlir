// RUN: tritonc %s --target cuda:90 --num-warps 4 --num-stages 3 --emit ttgir | FileCheck %s
// A loop without dots: what it loads is copied ahead where the loop itself asks for stages, and not where only the
// kernel's option does.

// CHECK-LABEL: @asked
// CHECK: ttg.local_alloc
// CHECK-COUNT-2: ttg.async_copy_global_to_local
// CHECK: scf.for
// CHECK: ttg.async_wait
// CHECK: ttg.local_load
// CHECK: ttg.async_copy_global_to_local
// CHECK: scf.yield
// CHECK-LABEL: @not_asked
// CHECK-NOT: ttg.async_copy_global_to_local
// CHECK: tt.return
tt.func public @asked(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %none = arith.constant dense<0.0> : tensor<4096xf32>
  %step = arith.constant dense<4096> : tensor<4096xi32>
  %r = tt.make_range {end = 4096 : i32, start = 0 : i32} : tensor<4096xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<4096x!tt.ptr<f32>>
  %from = tt.addptr %ps, %r : tensor<4096x!tt.ptr<f32>>, tensor<4096xi32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<4096x!tt.ptr<f32>>
  %to = tt.addptr %qs, %r : tensor<4096x!tt.ptr<f32>>, tensor<4096xi32>
  %s:2 = scf.for %i = %zero to %n step %one iter_args(%sum = %none, %at = %from) -> (tensor<4096xf32>, tensor<4096x!tt.ptr<f32>>) : i32 {
    %x = tt.load %at : tensor<4096x!tt.ptr<f32>>
    %next = arith.addf %sum, %x : tensor<4096xf32>
    %on = tt.addptr %at, %step : tensor<4096x!tt.ptr<f32>>, tensor<4096xi32>
    scf.yield %next, %on : tensor<4096xf32>, tensor<4096x!tt.ptr<f32>>
  } {tt.num_stages = 3 : i32}
  tt.store %to, %s#0 : tensor<4096x!tt.ptr<f32>>
  tt.return
}

tt.func public @not_asked(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %none = arith.constant dense<0.0> : tensor<4096xf32>
  %step = arith.constant dense<4096> : tensor<4096xi32>
  %r = tt.make_range {end = 4096 : i32, start = 0 : i32} : tensor<4096xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<4096x!tt.ptr<f32>>
  %from = tt.addptr %ps, %r : tensor<4096x!tt.ptr<f32>>, tensor<4096xi32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<4096x!tt.ptr<f32>>
  %to = tt.addptr %qs, %r : tensor<4096x!tt.ptr<f32>>, tensor<4096xi32>
  %s:2 = scf.for %i = %zero to %n step %one iter_args(%sum = %none, %at = %from) -> (tensor<4096xf32>, tensor<4096x!tt.ptr<f32>>) : i32 {
    %x = tt.load %at : tensor<4096x!tt.ptr<f32>>
    %next = arith.addf %sum, %x : tensor<4096xf32>
    %on = tt.addptr %at, %step : tensor<4096x!tt.ptr<f32>>, tensor<4096xi32>
    scf.yield %next, %on : tensor<4096xf32>, tensor<4096x!tt.ptr<f32>>
  }
  tt.store %to, %s#0 : tensor<4096x!tt.ptr<f32>>
  tt.return
}
