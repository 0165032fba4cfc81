// RUN: env TRITONC_DUMP=gpu-partial tritonc %s --target cuda:90 --num-warps 4 --emit ttgir -o /dev/null 2>&1 | FileCheck %s
// A reduction that a loop adds up is done by thread inside it; lanes and warps exchange once, behind it. Where somebody
// looks at the sum in between, nothing changes.

// 256 columns: 64 threads with 4 each.
// CHECK-LABEL: @rows
// CHECK: %[[ZERO:.*]] = arith.constant dense<-0.000000e+00> : tensor<32x64xf32>
// CHECK: %[[LOOP:.*]] = scf.for {{.*}} iter_args(%[[PART:.*]] = %[[ZERO]]) -> (tensor<32x64xf32>)
// CHECK: tt.reshape {{.*}} : tensor<32x256xf32> -> tensor<32x1x64x4xf32>
// CHECK: "tt.reduce"{{.*}}<{axis = 2 : i32}>
// CHECK: arith.addf %[[PART]], {{.*}} : tensor<32x64xf32>
// CHECK: scf.yield
// CHECK: %[[SUM:.*]] = "tt.reduce"(%[[LOOP]]) <{axis = 1 : i32}>
// CHECK: %[[ALL:.*]] = arith.addf %init, %[[SUM]] : tensor<32xf32>
// CHECK: tt.store {{.*}}, %[[ALL]]
tt.func public @rows(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %i0: f32, %n: i32) {
  %init = tt.splat %i0 : f32 -> tensor<32xf32>
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c256 = arith.constant dense<256> : tensor<32x1xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %c = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %rows = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
  %cols = tt.expand_dims %c {axis = 0 : i32} : tensor<256xi32> -> tensor<1x256xi32>
  %at = arith.muli %rows, %c256 : tensor<32x1xi32>
  %x = tt.broadcast %at : tensor<32x1xi32> -> tensor<32x256xi32>
  %y = tt.broadcast %cols : tensor<1x256xi32> -> tensor<32x256xi32>
  %offs = arith.addi %x, %y : tensor<32x256xi32>
  %base = tt.splat %p : !tt.ptr<f32> -> tensor<32x256x!tt.ptr<f32>>
  %ptr = tt.addptr %base, %offs : tensor<32x256x!tt.ptr<f32>>, tensor<32x256xi32>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %init) -> (tensor<32xf32>) : i32 {
    %v = tt.load %ptr : tensor<32x256x!tt.ptr<f32>>
    %w = arith.mulf %v, %v : tensor<32x256xf32>
    %s = "tt.reduce"(%w) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %t = arith.addf %a, %b : f32
      tt.reduce.return %t : f32
    }) : (tensor<32x256xf32>) -> tensor<32xf32>
    %next = arith.addf %acc, %s : tensor<32xf32>
    scf.yield %next : tensor<32xf32>
  }
  %outs = tt.splat %p : !tt.ptr<f32> -> tensor<32x!tt.ptr<f32>>
  %out = tt.addptr %outs, %r : tensor<32x!tt.ptr<f32>>, tensor<32xi32>
  tt.store %out, %sum : tensor<32x!tt.ptr<f32>>
  tt.return
}

// A maximum of all elements: the scalar becomes one element per thread.
// CHECK-LABEL: @whole
// CHECK: arith.constant dense<-2147483648> : tensor<128xi32>
// CHECK: scf.for {{.*}} -> (tensor<128xi32>)
// CHECK: "tt.reduce"{{.*}} <{axis = 1 : i32}>
// CHECK: "tt.reduce"{{.*}} <{axis = 0 : i32}>
// CHECK: arith.maxsi %init,
// The sum is stored in every iteration.
// CHECK: scf.for {{.*}} -> (i32)
tt.func public @whole(%p: !tt.ptr<i32> {tt.divisibility = 16 : i32}, %init: i32, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %base = tt.splat %p : !tt.ptr<i32> -> tensor<1024x!tt.ptr<i32>>
  %ptr = tt.addptr %base, %c : tensor<1024x!tt.ptr<i32>>, tensor<1024xi32>
  %max = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %init) -> (i32) : i32 {
    %v = tt.load %ptr : tensor<1024x!tt.ptr<i32>>
    %s = "tt.reduce"(%v) <{axis = 0 : i32}> ({
    ^bb0(%a: i32, %b: i32):
      %t = arith.maxsi %a, %b : i32
      tt.reduce.return %t : i32
    }) : (tensor<1024xi32>) -> i32
    %next = arith.maxsi %s, %acc : i32
    scf.yield %next : i32
  }
  tt.store %p, %max : !tt.ptr<i32>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %init) -> (i32) : i32 {
    %v = tt.load %ptr : tensor<1024x!tt.ptr<i32>>
    %s = "tt.reduce"(%v) <{axis = 0 : i32}> ({
    ^bb0(%a: i32, %b: i32):
      %t = arith.addi %a, %b : i32
      tt.reduce.return %t : i32
    }) : (tensor<1024xi32>) -> i32
    %next = arith.addi %s, %acc : i32
    tt.store %p, %next : !tt.ptr<i32>
    scf.yield %next : i32
  }
  tt.store %p, %sum : !tt.ptr<i32>
  tt.return
}
