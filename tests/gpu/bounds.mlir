// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s
// The masks of a row that does not fill its tile: the distance from a thread's first index to the end is computed once, and compared with a
// constant for each register. Where the end is negative, or the first index may be, or there are but two masks, it is not so.

// CHECK-LABEL: .entry row
// CHECK: max.s32 %[[N:r[0-9]+]], %r{{[0-9]+}}, 0;
// CHECK: sub.u32 %[[D:r[0-9]+]], %[[N]], %r{{[0-9]+}};
// CHECK: setp.gt.s32 %p{{[0-9]+}}, %[[D]], 0;
// CHECK: setp.gt.s32 %p{{[0-9]+}}, %[[D]], 128;
// CHECK: setp.gt.s32 %p{{[0-9]+}}, %[[D]], 896;
// CHECK-NOT: setp
// CHECK-LABEL: .entry turned
// CHECK: max.s32
// CHECK-COUNT-8: setp.le.s32
// CHECK-NOT: setp
// CHECK-LABEL: .entry from_anywhere
// CHECK-NOT: max.s32
// CHECK-COUNT-8: setp.lt.s32
// CHECK-LABEL: .entry two
// CHECK-NOT: max.s32
// CHECK-COUNT-2: setp.lt.s32
tt.func public @row(%p: !tt.ptr<f32>, %n: i32) {
  %i = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ends = tt.splat %n : i32 -> tensor<1024xi32>
  %m = arith.cmpi slt, %i, %ends : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %at = tt.addptr %ps, %i : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %x = tt.load %at, %m : tensor<1024x!tt.ptr<f32>>
  %y = arith.addf %x, %x : tensor<1024xf32>
  tt.store %at, %y, %m : tensor<1024x!tt.ptr<f32>>
  tt.return
}

tt.func public @turned(%p: !tt.ptr<f32>, %n: i32) {
  %i = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ends = tt.splat %n : i32 -> tensor<1024xi32>
  %m = arith.cmpi sle, %ends, %i : tensor<1024xi32>
  %one = arith.constant dense<1.0> : tensor<1024xf32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %at = tt.addptr %ps, %i : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  tt.store %at, %one, %m : tensor<1024x!tt.ptr<f32>>
  tt.return
}

tt.func public @from_anywhere(%p: !tt.ptr<f32>, %n: i32, %start: i32) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %starts = tt.splat %start : i32 -> tensor<1024xi32>
  %i = arith.addi %starts, %r : tensor<1024xi32>
  %ends = tt.splat %n : i32 -> tensor<1024xi32>
  %m = arith.cmpi slt, %i, %ends : tensor<1024xi32>
  %one = arith.constant dense<1.0> : tensor<1024xf32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %at = tt.addptr %ps, %i : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  tt.store %at, %one, %m : tensor<1024x!tt.ptr<f32>>
  tt.return
}

tt.func public @two(%p: !tt.ptr<f32>, %n: i32) {
  %i = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %ends = tt.splat %n : i32 -> tensor<256xi32>
  %m = arith.cmpi slt, %i, %ends : tensor<256xi32>
  %one = arith.constant dense<1.0> : tensor<256xf32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>
  %at = tt.addptr %ps, %i : tensor<256x!tt.ptr<f32>>, tensor<256xi32>
  tt.store %at, %one, %m : tensor<256x!tt.ptr<f32>>
  tt.return
}
