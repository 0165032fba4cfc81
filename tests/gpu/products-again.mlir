// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s
// A product of which a sum is taken and from which something is subtracted in the end: the last one multiplies again, since both factors
// are there anyway, one from outside of the loop and one for a sum that is carried. Where a factor is not used any more, the product is kept.

// CHECK-LABEL: .entry again
// CHECK: mul.f32 %[[G:r[0-9]+]], %[[D:r[0-9]+]], %[[W:r[0-9]+]];
// CHECK: shfl.sync.bfly.b32
// CHECK: fma.rn.f32 %r{{[0-9]+}}, %[[D]], %[[W]], %r{{[0-9]+}};
// CHECK: st.global.b32
// CHECK-LABEL: .entry kept
// CHECK-NOT: fma.rn.f32
// CHECK: st.global.b32
tt.func public @again(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %rows: i32) {
  %none = arith.constant dense<0.0> : tensor<128xf32>
  %c1 = arith.constant 1 : i32
  %width = arith.constant 128 : i32
  %i = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %pw = tt.addptr %ps, %i : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %qw = tt.addptr %qs, %i : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %w = tt.load %pw : tensor<128x!tt.ptr<f32>>
  %sum = scf.for %k = %c1 to %rows step %c1 iter_args(%a = %none) -> (tensor<128xf32>) : i32 {
    %row = arith.muli %k, %width : i32
    %rs = tt.splat %row : i32 -> tensor<128xi32>
    %from = tt.addptr %pw, %rs : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
    %to = tt.addptr %qw, %rs : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
    %d = tt.load %from : tensor<128x!tt.ptr<f32>>
    %g = arith.mulf %d, %w : tensor<128xf32>
    %s = "tt.reduce"(%g) <{axis = 0 : i32}> ({
    ^bb0(%u: f32, %v: f32):
      %x = arith.addf %u, %v : f32
      tt.reduce.return %x : f32
    }) : (tensor<128xf32>) -> f32
    %ss = tt.splat %s : f32 -> tensor<128xf32>
    %r = arith.subf %g, %ss : tensor<128xf32>
    tt.store %to, %r : tensor<128x!tt.ptr<f32>>
    %b = arith.addf %a, %d : tensor<128xf32>
    scf.yield %b : tensor<128xf32>
  }
  tt.store %qw, %sum : tensor<128x!tt.ptr<f32>>
  tt.return
}

tt.func public @kept(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %rows: i32) {
  %c1 = arith.constant 1 : i32
  %width = arith.constant 128 : i32
  %i = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %pw = tt.addptr %ps, %i : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %qw = tt.addptr %qs, %i : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %w = tt.load %pw : tensor<128x!tt.ptr<f32>>
  scf.for %k = %c1 to %rows step %c1 : i32 {
    %row = arith.muli %k, %width : i32
    %rs = tt.splat %row : i32 -> tensor<128xi32>
    %from = tt.addptr %pw, %rs : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
    %to = tt.addptr %qw, %rs : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
    %d = tt.load %from : tensor<128x!tt.ptr<f32>>
    %g = arith.mulf %d, %w : tensor<128xf32>
    %s = "tt.reduce"(%g) <{axis = 0 : i32}> ({
    ^bb0(%u: f32, %v: f32):
      %x = arith.addf %u, %v : f32
      tt.reduce.return %x : f32
    }) : (tensor<128xf32>) -> f32
    %ss = tt.splat %s : f32 -> tensor<128xf32>
    %r = arith.subf %g, %ss : tensor<128xf32>
    tt.store %to, %r : tensor<128x!tt.ptr<f32>>
  }
  tt.return
}
