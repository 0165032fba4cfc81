// RUN: tritonc %s --passes fold --emit ttir --no-locations | FileCheck %s
// Floating point: only what holds for NaN, infinities and both zeros; constants are rounded once, in the type.

// CHECK-LABEL: @identities
// CHECK-SAME: %[[X:[a-z]+]]: f32
tt.func public @identities(%x: f32, %p: !tt.ptr<f32>) {
  %minus_zero = arith.constant -0.000000e+00 : f32
  %zero = arith.constant 0.000000e+00 : f32
  %one = arith.constant 1.000000e+00 : f32
  %0 = arith.addf %minus_zero, %x : f32
  %1 = arith.subf %0, %zero : f32
  %2 = arith.mulf %one, %1 : f32
  %3 = arith.divf %2, %one : f32
  %4 = arith.negf %3 : f32
  %5 = arith.negf %4 : f32
  %6 = arith.maxnumf %5, %5 : f32
  // CHECK-NEXT: tt.store %{{.*}}, %[[X]]
  tt.store %p, %6 : !tt.ptr<f32>
  tt.return
}

// CHECK-LABEL: @kept
tt.func public @kept(%x: f32, %p: !tt.ptr<f32>) {
  %zero = arith.constant 0.000000e+00 : f32
  %three = arith.constant 3.000000e+00 : f32
  // CHECK: arith.addf
  %0 = arith.addf %x, %zero : f32
  tt.store %p, %0 : !tt.ptr<f32>
  // CHECK: arith.mulf
  %1 = arith.mulf %x, %zero : f32
  tt.store %p, %1 : !tt.ptr<f32>
  // CHECK: arith.subf
  %2 = arith.subf %x, %x : f32
  tt.store %p, %2 : !tt.ptr<f32>
  // CHECK: arith.divf
  %3 = arith.divf %x, %three : f32
  tt.store %p, %3 : !tt.ptr<f32>
  // CHECK: arith.divf
  %4 = arith.divf %zero, %zero : f32
  tt.store %p, %4 : !tt.ptr<f32>
  tt.return
}

// CHECK-LABEL: @rewritten
tt.func public @rewritten(%x: f32, %p: !tt.ptr<f32>) {
  // CHECK: %[[EIGHTH:.*]] = arith.constant 1.250000e-01 : f32
  %eight = arith.constant 8.000000e+00 : f32
  %0 = arith.divf %x, %eight : f32
  // CHECK: arith.mulf %{{.*}}, %[[EIGHTH]]
  tt.store %p, %0 : !tt.ptr<f32>
  %1 = arith.negf %x : f32
  %2 = math.absf %1 : f32
  // CHECK-NOT: arith.negf
  // CHECK: math.absf
  tt.store %p, %2 : !tt.ptr<f32>
  tt.return
}

// 2048 + 1 is a tie in f16 and goes to even; 1/3 is rounded to f16 once.
// CHECK-LABEL: @constants
tt.func public @constants(%p: !tt.ptr<f16>, %q: !tt.ptr<f32>, %n: !tt.ptr<i32>) {
  // CHECK-DAG: %[[TIE:.*]] = arith.constant 2.048000e+03 : f16
  // CHECK-DAG: %[[THIRD:.*]] = arith.constant 3.332520e-01 : f16
  // CHECK-DAG: %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
  // CHECK-DAG: %[[BITS:.*]] = arith.constant 1065353216 : i32
  %a = arith.constant 2.048000e+03 : f16
  %one = arith.constant 1.000000e+00 : f16
  %three = arith.constant 3.000000e+00 : f16
  %zero = arith.constant 0.000000e+00 : f32
  %0 = arith.addf %a, %one : f16
  // CHECK: tt.store %{{.*}}, %[[TIE]]
  tt.store %p, %0 : !tt.ptr<f16>
  %1 = arith.divf %one, %three : f16
  // CHECK: tt.store %{{.*}}, %[[THIRD]]
  tt.store %p, %1 : !tt.ptr<f16>
  %2 = math.exp %zero : f32
  // CHECK: tt.store %{{.*}}, %[[ONE]]
  tt.store %q, %2 : !tt.ptr<f32>
  %3 = arith.extf %one : f16 to f32
  %4 = arith.bitcast %3 : f32 to i32
  // CHECK: tt.store %{{.*}}, %[[BITS]]
  tt.store %n, %4 : !tt.ptr<i32>
  tt.return
}

// CHECK-LABEL: @casts
// CHECK-SAME: %[[X:[a-z]+]]: i8, %[[H:[a-z]+]]: f16
tt.func public @casts(%x: i8, %h: f16, %p: !tt.ptr<i32>, %q: !tt.ptr<f16>, %r: !tt.ptr<f32>, %s: !tt.ptr<i8>) {
  %0 = arith.extui %x : i8 to i16
  %1 = arith.extsi %0 : i16 to i32
  // CHECK: %[[E:.*]] = arith.extui %[[X]] : i8 to i32
  // CHECK: tt.store %{{.*}}, %[[E]]
  tt.store %p, %1 : !tt.ptr<i32>
  %2 = arith.trunci %1 : i32 to i8
  // CHECK: tt.store %{{.*}}, %[[X]]
  tt.store %s, %2 : !tt.ptr<i8>
  %3 = arith.extf %h : f16 to f32
  %4 = arith.truncf %3 : f32 to f16
  // CHECK: tt.store %{{.*}}, %[[H]]
  tt.store %q, %4 : !tt.ptr<f16>
  %5 = arith.sitofp %1 : i32 to f32
  // CHECK: %[[F:.*]] = arith.uitofp %[[X]] : i8 to f32
  // CHECK: tt.store %{{.*}}, %[[F]]
  tt.store %r, %5 : !tt.ptr<f32>
  tt.return
}

// Rounding comes after a clamp between whole numbers, beside the conversion; what truncates need not be truncated before.
// CHECK-LABEL: @rounded
tt.func public @rounded(%x: f32, %y: f32, %p: !tt.ptr<i32>, %q: !tt.ptr<f32>) {
  %low = arith.constant -1.280000e+02 : f32
  %high = arith.constant 1.270000e+02 : f32
  %half = arith.constant 1.500000e+00 : f32
  // CHECK: %[[LOW:.*]] = arith.maxnumf %x, %low
  // CHECK-NEXT: %[[BOTH:.*]] = arith.minnumf %[[LOW]], %high
  // CHECK-NEXT: %[[EVEN:.*]] = math.roundeven %[[BOTH]]
  // CHECK-NEXT: arith.fptosi %[[EVEN]]
  %0 = math.roundeven %x : f32
  %1 = arith.maxnumf %0, %low : f32
  %2 = arith.minnumf %1, %high : f32
  %3 = arith.fptosi %2 : f32 to i32
  tt.store %p, %3 : !tt.ptr<i32>
  // CHECK: %[[DOWN:.*]] = arith.fptosi %{{[xy]}} : f32 to i32
  // CHECK-NEXT: tt.store %{{.*}}, %[[DOWN]]
  %4 = math.trunc %y : f32
  %5 = arith.fptosi %4 : f32 to i32
  tt.store %p, %5 : !tt.ptr<i32>
  // A bound with a fraction is another matter, and so is a rounded number that something else uses.
  // CHECK: math.floor
  // CHECK-NEXT: arith.minnumf
  // CHECK-NEXT: arith.fptosi
  %6 = math.floor %x : f32
  %7 = arith.minnumf %6, %half : f32
  %8 = arith.fptosi %7 : f32 to i32
  tt.store %p, %8 : !tt.ptr<i32>
  // CHECK: math.ceil
  // CHECK-NEXT: tt.store
  // CHECK-NEXT: arith.minnumf
  %9 = math.ceil %y : f32
  tt.store %q, %9 : !tt.ptr<f32>
  %10 = arith.minnumf %9, %high : f32
  %11 = arith.fptosi %10 : f32 to i32
  tt.store %p, %11 : !tt.ptr<i32>
  // CHECK-NOT: math.trunc
  // CHECK: tt.return
  %12 = math.roundeven %x : f32
  %13 = math.trunc %12 : f32
  tt.store %q, %13 : !tt.ptr<f32>
  tt.return
}
