// RUN: tritonc %s --target cuda:90 --emit ptx -o - | FileCheck %s --check-prefix=SM90
// RUN: tritonc %s --target cuda:80 --emit ptx -o - | FileCheck %s --check-prefix=SM80
// Neighbours are added at once where the processor can: 16 bytes of floats from sm_90 on, halves in pairs before. The
// rows' numbers are loaded in the layout in which they are needed: nothing goes through shared memory.

// SM90-NOT: ld.shared
// SM90-COUNT-2: atom.global.gpu.relaxed.v4.f32.add
// SM90-COUNT-2: atom.global.gpu.relaxed.v2.f16x2.add.noftz
// SM90-NOT: atom
// SM80-COUNT-8: atom.global.gpu.relaxed.add.f32
// SM80-COUNT-4: atom.global.gpu.relaxed.add.noftz.f16x2
// SM80-NOT: atom
tt.func public @rows(%x: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %y: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %h: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %r: !tt.ptr<i32> {tt.divisibility = 16 : i32}) {
  %c64 = arith.constant dense<64> : tensor<16x1xi32>
  %i = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %j = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %rs = tt.splat %r : !tt.ptr<i32> -> tensor<16x!tt.ptr<i32>>
  %rp = tt.addptr %rs, %i : tensor<16x!tt.ptr<i32>>, tensor<16xi32>
  %rows = tt.load %rp : tensor<16x!tt.ptr<i32>>
  %r2 = tt.expand_dims %rows {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>
  %at = arith.muli %r2, %c64 : tensor<16x1xi32>
  %j2 = tt.expand_dims %j {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %a = tt.broadcast %at : tensor<16x1xi32> -> tensor<16x64xi32>
  %b = tt.broadcast %j2 : tensor<1x64xi32> -> tensor<16x64xi32>
  %o = arith.addi %a, %b : tensor<16x64xi32>
  %i2 = tt.expand_dims %i {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>
  %i3 = arith.muli %i2, %c64 : tensor<16x1xi32>
  %i4 = tt.broadcast %i3 : tensor<16x1xi32> -> tensor<16x64xi32>
  %from = arith.addi %i4, %b : tensor<16x64xi32>
  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<16x64x!tt.ptr<f32>>
  %xp = tt.addptr %xs, %from : tensor<16x64x!tt.ptr<f32>>, tensor<16x64xi32>
  %v = tt.load %xp : tensor<16x64x!tt.ptr<f32>>
  %ys = tt.splat %y : !tt.ptr<f32> -> tensor<16x64x!tt.ptr<f32>>
  %yp = tt.addptr %ys, %o : tensor<16x64x!tt.ptr<f32>>, tensor<16x64xi32>
  %m = arith.constant dense<true> : tensor<16x64xi1>
  %w = tt.atomic_rmw fadd, relaxed, gpu, %yp, %v, %m : (tensor<16x64x!tt.ptr<f32>>, tensor<16x64xf32>, tensor<16x64xi1>) -> tensor<16x64xf32>
  %hv = arith.truncf %v : tensor<16x64xf32> to tensor<16x64xf16>
  %hs = tt.splat %h : !tt.ptr<f16> -> tensor<16x64x!tt.ptr<f16>>
  %hp = tt.addptr %hs, %o : tensor<16x64x!tt.ptr<f16>>, tensor<16x64xi32>
  %u = tt.atomic_rmw fadd, relaxed, gpu, %hp, %hv, %m : (tensor<16x64x!tt.ptr<f16>>, tensor<16x64xf16>, tensor<16x64xi1>) -> tensor<16x64xf16>
  tt.return
}
