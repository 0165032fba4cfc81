// RUN: tritonc %s --target cuda:90 --num-warps 4 --emit ptx | FileCheck %s
// What is the same for all of a thread's neighbouring elements is computed once for every four: the quotient of indices by 128, and all
// that follows from it; of the remainder one subtraction is left for each.
// They need not be side by side: of a thread's rows, eight apart, two are in one block of the sixteen by which their bound is divisible.

// CHECK-LABEL: .entry rows
// CHECK-COUNT-2: cvt.rn.f32.s32
// CHECK-NOT: cvt.rn.f32.s32
// CHECK: st.global.v4
// CHECK-LABEL: .entry remainders
// CHECK-COUNT-2: shr.u32
// CHECK-NOT: shr.u32
// CHECK: st.global.v4
// CHECK-LABEL: .entry bounded
// CHECK-COUNT-4: setp.gt.s32
// CHECK-NOT: setp
// CHECK-COUNT-8: st.global.v4
tt.func public @rows(%q: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
  %width = arith.constant dense<128> : tensor<1024xi32>
  %half = arith.constant dense<5.0e-01> : tensor<1024xf32>
  %size = arith.constant 1024 : i32
  %pid = tt.get_program_id x : i32
  %start = arith.muli %pid, %size : i32
  %starts = tt.splat %start : i32 -> tensor<1024xi32>
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %i = arith.addi %starts, %r : tensor<1024xi32>
  %row = arith.divsi %i, %width : tensor<1024xi32>
  %f = arith.sitofp %row : tensor<1024xi32> to tensor<1024xf32>
  %g = arith.addf %f, %half : tensor<1024xf32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %to = tt.addptr %qs, %i : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  tt.store %to, %g : tensor<1024x!tt.ptr<f32>>
  tt.return
}

tt.func public @remainders(%q: !tt.ptr<i32> {tt.divisibility = 16 : i32}) {
  %width = arith.constant dense<128> : tensor<1024xi32>
  %size = arith.constant 1024 : i32
  %pid = tt.get_program_id x : i32
  %start = arith.muli %pid, %size : i32
  %starts = tt.splat %start : i32 -> tensor<1024xi32>
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %i = arith.addi %starts, %r : tensor<1024xi32>
  %column = arith.remsi %i, %width : tensor<1024xi32>
  %qs = tt.splat %q : !tt.ptr<i32> -> tensor<1024x!tt.ptr<i32>>
  %to = tt.addptr %qs, %i : tensor<1024x!tt.ptr<i32>>, tensor<1024xi32>
  tt.store %to, %column : tensor<1024x!tt.ptr<i32>>
  tt.return
}

tt.func public @bounded(%q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %m: i32 {tt.divisibility = 16 : i32}) {
  %one = arith.constant dense<1.0e+00> : tensor<64x64xf32>
  %size = arith.constant 64 : i32
  %width = arith.constant dense<64> : tensor<64x1xi32>
  %pid = tt.get_program_id x : i32
  %start = arith.muli %pid, %size : i32
  %starts = tt.splat %start : i32 -> tensor<64xi32>
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %i = arith.addi %starts, %r : tensor<64xi32>
  %rows = tt.expand_dims %i {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %columns = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %ms = tt.splat %m : i32 -> tensor<64x1xi32>
  %in = arith.cmpi slt, %rows, %ms : tensor<64x1xi32>
  %mask = tt.broadcast %in : tensor<64x1xi1> -> tensor<64x64xi1>
  %begin = arith.muli %rows, %width : tensor<64x1xi32>
  %begins = tt.broadcast %begin : tensor<64x1xi32> -> tensor<64x64xi32>
  %across = tt.broadcast %columns : tensor<1x64xi32> -> tensor<64x64xi32>
  %at = arith.addi %begins, %across : tensor<64x64xi32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  %to = tt.addptr %qs, %at : tensor<64x64x!tt.ptr<f32>>, tensor<64x64xi32>
  tt.store %to, %one, %mask : tensor<64x64x!tt.ptr<f32>>
  tt.return
}
