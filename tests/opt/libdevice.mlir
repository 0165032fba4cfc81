// RUN: tritonc %s --passes libdevice --emit ttir --no-locations | FileCheck %s
// Calls of CUDA's mathematical library, which files from elsewhere have: by our own, an element at a time.

// CHECK-LABEL: @tanh
// CHECK: tt.map_elementwise
// CHECK-SAME: pack = 1
// CHECK-NEXT: ^bb0(%[[X:.*]]: f32):
// CHECK-NEXT: %[[Y:.*]] = tt.call @{{.*}}tanh{{.*}}(%[[X]]) : (f32) -> f32
// CHECK-NEXT: tt.map_elementwise.return %[[Y]] : f32
// CHECK-NEXT: (tensor<64xf32>) -> tensor<64xf32>
tt.func public @tanh(%x: tensor<64xf32>) -> tensor<64xf32> {
  %y = tt.extern_elementwise %x {libname = "", libpath = "", pure = true, symbol = "__nv_tanhf"} : (tensor<64xf32>) -> tensor<64xf32>
  tt.return %y : tensor<64xf32>
}

// Scalars are the call's own operands. Names tell the types; unsigned ones are told by the name alone.
// CHECK-LABEL: @scalars
// CHECK: tt.call @{{.*}}mulhi{{.*}} : (i32, i32) -> i32
// CHECK: tt.call @{{.*}}add_rz{{.*}} : (f64, f64) -> f64
tt.func public @scalars(%a: i32, %x: f64, %p: !tt.ptr<i32>, %q: !tt.ptr<f64>) {
  %h = tt.extern_elementwise %a, %a {libname = "", libpath = "", pure = true, symbol = "__nv_umulhi"} : (i32, i32) -> i32
  %s = tt.extern_elementwise %x, %x {libname = "", libpath = "", pure = true, symbol = "__nv_dadd_rz"} : (f64, f64) -> f64
  tt.store %p, %h : !tt.ptr<i32>
  tt.store %q, %s : !tt.ptr<f64>
  tt.return
}

// What the language has an op for is that op.
// CHECK-LABEL: @ops
// CHECK: math.absf %{{.*}} : tensor<64xf64>
// CHECK: math.absi %{{.*}} : tensor<64xi64>
// CHECK: math.fma %{{.*}} : tensor<64xf32>
// CHECK: math.roundeven %{{.*}} : tensor<64xf32>
tt.func public @ops(%x: tensor<64xf64>, %i: tensor<64xi64>, %y: tensor<64xf32>) -> (tensor<64xf64>, tensor<64xi64>, tensor<64xf32>) {
  %a = tt.extern_elementwise %x {libname = "", libpath = "", pure = true, symbol = "__nv_fabs"} : (tensor<64xf64>) -> tensor<64xf64>
  %b = tt.extern_elementwise %i {libname = "", libpath = "", pure = true, symbol = "__nv_llabs"} : (tensor<64xi64>) -> tensor<64xi64>
  %c = tt.extern_elementwise %y, %y, %y {libname = "", libpath = "", pure = true, symbol = "__nv_fmaf"} : (tensor<64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %d = tt.extern_elementwise %c {libname = "", libpath = "", pure = true, symbol = "__nv_rintf"} : (tensor<64xf32>) -> tensor<64xf32>
  tt.return %a, %b, %d : tensor<64xf64>, tensor<64xi64>, tensor<64xf32>
}
