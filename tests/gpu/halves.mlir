// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ptx | FileCheck %s
// RUN: tritonc %s --target cuda:90 --num-warps 2 --emit ttgir | FileCheck %s --check-prefix=WARPS
// Steps of a sorting network: elements whose index differs in one bit are put in order, at bit 0, 2, 1, then 0 again. A bit
// that is a lane changes places with the register that is wanted last: one shuffle for two registers. Nothing goes through
// shared memory.

// CHECK-NOT: shared
// CHECK: ld.global.v4.b32
// CHECK-NOT: shfl
// CHECK: setp.gt.f32
// CHECK: setp.gt.f32
// Bit 2 takes the place of bit 0, for bit 1 is wanted first.
// CHECK: shfl.sync.bfly.b32 {{.*}}, 1, 31, -1;
// CHECK-NEXT: shfl.sync.bfly.b32 {{.*}}, 1, 31, -1;
// CHECK: setp.gt.f32
// CHECK: setp.gt.f32
// CHECK-NOT: shfl
// CHECK: setp.gt.f32
// CHECK: setp.gt.f32
// Bit 0 that of bit 2, which is wanted no more.
// CHECK: shfl.sync.bfly.b32 {{.*}}, 1, 31, -1;
// CHECK-NEXT: shfl.sync.bfly.b32 {{.*}}, 1, 31, -1;
// CHECK: setp.gt.f32
// CHECK: setp.gt.f32
// CHECK-NOT: shfl
// CHECK: st.global.v4.b32
tt.func public @network(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %o = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %at = tt.addptr %ps, %o : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %x = tt.load %at : tensor<128x!tt.ptr<f32>>
  %p0 = tt.reshape %x : tensor<128xf32> -> tensor<64x2x1xf32>
  %t0 = tt.trans %p0 {order = array<i32: 0, 2, 1>} : tensor<64x2x1xf32> -> tensor<64x1x2xf32>
  %a0, %b0 = tt.split %t0 : tensor<64x1x2xf32> -> tensor<64x1xf32>
  %c0 = arith.cmpf ogt, %a0, %b0 : tensor<64x1xf32>
  %l0 = arith.select %c0, %b0, %a0 : tensor<64x1xi1>, tensor<64x1xf32>
  %h0 = arith.select %c0, %a0, %b0 : tensor<64x1xi1>, tensor<64x1xf32>
  %j0 = tt.join %l0, %h0 : tensor<64x1xf32> -> tensor<64x1x2xf32>
  %u0 = tt.trans %j0 {order = array<i32: 0, 2, 1>} : tensor<64x1x2xf32> -> tensor<64x2x1xf32>
  %y0 = tt.reshape %u0 : tensor<64x2x1xf32> -> tensor<128xf32>
  %p1 = tt.reshape %y0 : tensor<128xf32> -> tensor<16x2x4xf32>
  %t1 = tt.trans %p1 {order = array<i32: 0, 2, 1>} : tensor<16x2x4xf32> -> tensor<16x4x2xf32>
  %a1, %b1 = tt.split %t1 : tensor<16x4x2xf32> -> tensor<16x4xf32>
  %c1 = arith.cmpf ogt, %a1, %b1 : tensor<16x4xf32>
  %l1 = arith.select %c1, %b1, %a1 : tensor<16x4xi1>, tensor<16x4xf32>
  %h1 = arith.select %c1, %a1, %b1 : tensor<16x4xi1>, tensor<16x4xf32>
  %j1 = tt.join %l1, %h1 : tensor<16x4xf32> -> tensor<16x4x2xf32>
  %u1 = tt.trans %j1 {order = array<i32: 0, 2, 1>} : tensor<16x4x2xf32> -> tensor<16x2x4xf32>
  %y1 = tt.reshape %u1 : tensor<16x2x4xf32> -> tensor<128xf32>
  %p2 = tt.reshape %y1 : tensor<128xf32> -> tensor<32x2x2xf32>
  %t2 = tt.trans %p2 {order = array<i32: 0, 2, 1>} : tensor<32x2x2xf32> -> tensor<32x2x2xf32>
  %a2, %b2 = tt.split %t2 : tensor<32x2x2xf32> -> tensor<32x2xf32>
  %c2 = arith.cmpf ogt, %a2, %b2 : tensor<32x2xf32>
  %l2 = arith.select %c2, %b2, %a2 : tensor<32x2xi1>, tensor<32x2xf32>
  %h2 = arith.select %c2, %a2, %b2 : tensor<32x2xi1>, tensor<32x2xf32>
  %j2 = tt.join %l2, %h2 : tensor<32x2xf32> -> tensor<32x2x2xf32>
  %u2 = tt.trans %j2 {order = array<i32: 0, 2, 1>} : tensor<32x2x2xf32> -> tensor<32x2x2xf32>
  %y2 = tt.reshape %u2 : tensor<32x2x2xf32> -> tensor<128xf32>
  %p3 = tt.reshape %y2 : tensor<128xf32> -> tensor<64x2x1xf32>
  %t3 = tt.trans %p3 {order = array<i32: 0, 2, 1>} : tensor<64x2x1xf32> -> tensor<64x1x2xf32>
  %a3, %b3 = tt.split %t3 : tensor<64x1x2xf32> -> tensor<64x1xf32>
  %c3 = arith.cmpf ogt, %a3, %b3 : tensor<64x1xf32>
  %l3 = arith.select %c3, %b3, %a3 : tensor<64x1xi1>, tensor<64x1xf32>
  %h3 = arith.select %c3, %a3, %b3 : tensor<64x1xi1>, tensor<64x1xf32>
  %j3 = tt.join %l3, %h3 : tensor<64x1xf32> -> tensor<64x1x2xf32>
  %u3 = tt.trans %j3 {order = array<i32: 0, 2, 1>} : tensor<64x1x2xf32> -> tensor<64x2x1xf32>
  %y3 = tt.reshape %u3 : tensor<64x2x1xf32> -> tensor<128xf32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %to = tt.addptr %qs, %o : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  tt.store %to, %y3 : tensor<128x!tt.ptr<f32>>
  tt.return
}
// Bit 7 is the warp: it becomes a register, and with it bit 6, in one exchange; bits never wanted again lie as they come.
// WARPS-LABEL: @merge
// WARPS: tt.load
// WARPS-COUNT-1: ttg.convert_layout
// WARPS: tt.split
// WARPS-NOT: ttg.convert_layout
// WARPS: tt.split
// WARPS: ttg.convert_layout
// WARPS: tt.split
// WARPS: ttg.convert_layout
tt.func public @merge(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %o = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>
  %at = tt.addptr %ps, %o : tensor<256x!tt.ptr<f32>>, tensor<256xi32>
  %x = tt.load %at : tensor<256x!tt.ptr<f32>>
  %p0 = tt.reshape %x : tensor<256xf32> -> tensor<1x2x128xf32>
  %t0 = tt.trans %p0 {order = array<i32: 0, 2, 1>} : tensor<1x2x128xf32> -> tensor<1x128x2xf32>
  %a0, %b0 = tt.split %t0 : tensor<1x128x2xf32> -> tensor<1x128xf32>
  %c0 = arith.cmpf ogt, %a0, %b0 : tensor<1x128xf32>
  %l0 = arith.select %c0, %b0, %a0 : tensor<1x128xi1>, tensor<1x128xf32>
  %h0 = arith.select %c0, %a0, %b0 : tensor<1x128xi1>, tensor<1x128xf32>
  %j0 = tt.join %l0, %h0 : tensor<1x128xf32> -> tensor<1x128x2xf32>
  %u0 = tt.trans %j0 {order = array<i32: 0, 2, 1>} : tensor<1x128x2xf32> -> tensor<1x2x128xf32>
  %y0 = tt.reshape %u0 : tensor<1x2x128xf32> -> tensor<256xf32>
  %p1 = tt.reshape %y0 : tensor<256xf32> -> tensor<2x2x64xf32>
  %t1 = tt.trans %p1 {order = array<i32: 0, 2, 1>} : tensor<2x2x64xf32> -> tensor<2x64x2xf32>
  %a1, %b1 = tt.split %t1 : tensor<2x64x2xf32> -> tensor<2x64xf32>
  %c1 = arith.cmpf ogt, %a1, %b1 : tensor<2x64xf32>
  %l1 = arith.select %c1, %b1, %a1 : tensor<2x64xi1>, tensor<2x64xf32>
  %h1 = arith.select %c1, %a1, %b1 : tensor<2x64xi1>, tensor<2x64xf32>
  %j1 = tt.join %l1, %h1 : tensor<2x64xf32> -> tensor<2x64x2xf32>
  %u1 = tt.trans %j1 {order = array<i32: 0, 2, 1>} : tensor<2x64x2xf32> -> tensor<2x2x64xf32>
  %y1 = tt.reshape %u1 : tensor<2x2x64xf32> -> tensor<256xf32>
  %p2 = tt.reshape %y1 : tensor<256xf32> -> tensor<64x2x2xf32>
  %t2 = tt.trans %p2 {order = array<i32: 0, 2, 1>} : tensor<64x2x2xf32> -> tensor<64x2x2xf32>
  %a2, %b2 = tt.split %t2 : tensor<64x2x2xf32> -> tensor<64x2xf32>
  %c2 = arith.cmpf ogt, %a2, %b2 : tensor<64x2xf32>
  %l2 = arith.select %c2, %b2, %a2 : tensor<64x2xi1>, tensor<64x2xf32>
  %h2 = arith.select %c2, %a2, %b2 : tensor<64x2xi1>, tensor<64x2xf32>
  %j2 = tt.join %l2, %h2 : tensor<64x2xf32> -> tensor<64x2x2xf32>
  %u2 = tt.trans %j2 {order = array<i32: 0, 2, 1>} : tensor<64x2x2xf32> -> tensor<64x2x2xf32>
  %y2 = tt.reshape %u2 : tensor<64x2x2xf32> -> tensor<256xf32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>
  %to = tt.addptr %qs, %o : tensor<256x!tt.ptr<f32>>, tensor<256xi32>
  tt.store %to, %y2 : tensor<256x!tt.ptr<f32>>
  tt.return
}
