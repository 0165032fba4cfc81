// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s
// What a thread would load several times from one address is loaded once: a scale for every eight elements.
// CHECK-LABEL: .entry scaled
// CHECK-COUNT-1: ld.global.b32
// CHECK-NOT: ld.global
// CHECK: ret
tt.func public @scaled(%s: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f16> {tt.divisibility = 16 : i32}) {
  %eight = arith.constant dense<8> : tensor<1024xi32>
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %group = arith.divsi %r, %eight : tensor<1024xi32>
  %ss = tt.splat %s : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %from = tt.addptr %ss, %group : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %v = tt.load %from : tensor<1024x!tt.ptr<f32>>
  %h = arith.truncf %v : tensor<1024xf32> to tensor<1024xf16>
  %qs = tt.splat %q : !tt.ptr<f16> -> tensor<1024x!tt.ptr<f16>>
  %to = tt.addptr %qs, %r : tensor<1024x!tt.ptr<f16>>, tensor<1024xi32>
  tt.store %to, %h : tensor<1024x!tt.ptr<f16>>
  tt.return
}
