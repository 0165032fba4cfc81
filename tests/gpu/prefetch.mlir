// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ttgir | FileCheck %s
// RUN: tritonc %s -k sums --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s --check-prefix PTX
// A loop without dots loads what the next iteration needs, if that takes few registers: not what an address
// depends on, nor where the loop stores to what it reads.

// What is loaded becomes what is used at the end of the body, whether or not there is another iteration.
// PTX: ld.global.v4
// PTX: @%p{{.*}} ld.global.v4
// PTX-NOT: @%p{{[0-9]+}} mov
// PTX: @%p{{[0-9]+}} bra

// CHECK-LABEL: @sums
// CHECK: tt.load
// CHECK: scf.for {{.*}} iter_args({{.*}}, %[[X:[a-z0-9]+]] = %{{.*}}) -> (tensor<512xf32, {{.*}}>, tensor<512xf32, {{.*}}>)
// CHECK: %[[NEXT:.*]] = tt.load
// CHECK: %[[SUM:.*]] = arith.addf %{{.*}}, %[[X]]
// CHECK: scf.yield %[[SUM]], %[[NEXT]]
tt.func public @sums(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %step = arith.constant 512 : i32
  %zero = arith.constant dense<0.0> : tensor<512xf32>
  %r = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>>
  %l = scf.for %i = %c0 to %n step %step iter_args(%acc = %zero) -> (tensor<512xf32>) : i32 {
    %at = tt.splat %i : i32 -> tensor<512xi32>
    %o = arith.addi %at, %r : tensor<512xi32>
    %x = tt.addptr %ps, %o : tensor<512x!tt.ptr<f32>>, tensor<512xi32>
    %v = tt.load %x : tensor<512x!tt.ptr<f32>>
    %s = arith.addf %acc, %v : tensor<512xf32>
    scf.yield %s : tensor<512xf32>
  }
  %y = tt.addptr %qs, %r : tensor<512x!tt.ptr<f32>>, tensor<512xi32>
  tt.store %y, %l : tensor<512x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: @in_place
// CHECK: scf.for
// CHECK: tt.load
// CHECK-NEXT: arith.addf
tt.func public @in_place(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %step = arith.constant 512 : i32
  %r = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>>
  scf.for %i = %c0 to %n step %step : i32 {
    %at = tt.splat %i : i32 -> tensor<512xi32>
    %o = arith.addi %at, %r : tensor<512xi32>
    %x = tt.addptr %ps, %o : tensor<512x!tt.ptr<f32>>, tensor<512xi32>
    %v = tt.load %x : tensor<512x!tt.ptr<f32>>
    %s = arith.addf %v, %v : tensor<512xf32>
    tt.store %x, %s : tensor<512x!tt.ptr<f32>>
  }
  tt.return
}
