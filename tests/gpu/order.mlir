// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ptx -o - | FileCheck %s
// What is computed of 32 elements a thread goes from element to element, after all loads; of few elements from operation to operation.

// CHECK-LABEL: .entry many
// CHECK-COUNT-8: ld.global.v4
// CHECK: ex2.approx
// CHECK-NEXT: mul.f32
// CHECK-NOT: ex2.approx
// CHECK: sqrt
// CHECK: ex2.approx
// CHECK-COUNT-8: st.global.v4
tt.func public @many(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %qq = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %x = tt.load %pp : tensor<1024x!tt.ptr<f32>>
  %a = math.exp2 %x : tensor<1024xf32>
  %b = arith.mulf %a, %x : tensor<1024xf32>
  %c = math.sqrt %b : tensor<1024xf32>
  %d = arith.addf %c, %a : tensor<1024xf32>
  %e = arith.mulf %d, %b : tensor<1024xf32>
  %f = arith.addf %e, %x : tensor<1024xf32>
  tt.store %qq, %f : tensor<1024x!tt.ptr<f32>>
  tt.return
}

// CHECK-LABEL: .entry few
// CHECK: ex2.approx
// CHECK-NEXT: ex2.approx
// CHECK-NEXT: ex2.approx
// CHECK-NEXT: ex2.approx
tt.func public @few(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %pp = tt.addptr %ps, %r : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %qq = tt.addptr %qs, %r : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %x = tt.load %pp : tensor<128x!tt.ptr<f32>>
  %a = math.exp2 %x : tensor<128xf32>
  %b = arith.mulf %a, %x : tensor<128xf32>
  %c = math.sqrt %b : tensor<128xf32>
  %d = arith.addf %c, %a : tensor<128xf32>
  %e = arith.mulf %d, %b : tensor<128xf32>
  %f = arith.addf %e, %x : tensor<128xf32>
  tt.store %qq, %f : tensor<128x!tt.ptr<f32>>
  tt.return
}

// What is kept over an exchange between threads: one value of each element, not the two that it is made of.
// CHECK-LABEL: .entry kept
// CHECK-COUNT-32: sqrt
// CHECK: shfl.sync
// CHECK-NOT: sqrt
// CHECK: ret;
tt.func public @kept(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %s: !tt.ptr<f32>) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %qq = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %x = tt.load %pp : tensor<1024x!tt.ptr<f32>>
  %a = math.exp2 %x : tensor<1024xf32>
  %b = arith.mulf %a, %x : tensor<1024xf32>
  %sum = "tt.reduce"(%b) <{axis = 0 : i32}> ({
  ^bb0(%l: f32, %m: f32):
    %n = arith.addf %l, %m : f32
    tt.reduce.return %n : f32
  }) : (tensor<1024xf32>) -> f32
  tt.store %s, %sum : !tt.ptr<f32>
  %c = math.sqrt %a : tensor<1024xf32>
  %d = arith.addf %c, %x : tensor<1024xf32>
  tt.store %qq, %d : tensor<1024x!tt.ptr<f32>>
  tt.return
}
