// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ptx -o - | FileCheck %s
// The indices of a thread's eight rows are computed behind the loop, which needs only the first; those that the loop reads stay before it,
// and so does what would keep two registers instead of one.

// CHECK-LABEL: .entry behind
// CHECK: shl.b32 [[FIRST:%r[0-9]+]], %r{{[0-9]+}}, 3;
// CHECK-NOT: add.{{[us]}}32 %r{{[0-9]+}}, [[FIRST]], {{[1-7]}};
// CHECK: bra
// CHECK-COUNT-7: add.{{[us]}}32 %r{{[0-9]+}}, [[FIRST]], {{[1-7]}};
// CHECK: ret;
tt.func public @behind(%p: !tt.ptr<f32>, %q: !tt.ptr<f32>, %w: i32, %n: i32) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %eight = arith.constant 8 : i32
  %none = arith.constant dense<0.000000e+00> : tensor<8x32xf32>
  %pid = tt.get_program_id x : i32
  %start = arith.muli %pid, %eight : i32
  %starts = tt.splat %start : i32 -> tensor<8xi32>
  %r = tt.make_range {end = 8 : i32, start = 0 : i32} : tensor<8xi32>
  %row = arith.addi %starts, %r : tensor<8xi32>
  %rows = tt.expand_dims %row {axis = 1 : i32} : tensor<8xi32> -> tensor<8x1xi32>
  %c = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %cols = tt.expand_dims %c {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %sum = scf.for %i = %zero to %n step %one iter_args(%s = %none) -> (tensor<8x32xf32>) : i32 {
    %at = arith.addi %start, %i : i32
    %ps = tt.addptr %p, %at : !tt.ptr<f32>, i32
    %x = tt.load %ps {isVolatile = true} : !tt.ptr<f32>
    %xs = tt.splat %x : f32 -> tensor<8x32xf32>
    %t = arith.addf %s, %xs : tensor<8x32xf32>
    scf.yield %t : tensor<8x32xf32>
  }
  %ws = tt.splat %w : i32 -> tensor<8x1xi32>
  %offset = arith.muli %rows, %ws : tensor<8x1xi32>
  %offsets = tt.broadcast %offset : tensor<8x1xi32> -> tensor<8x32xi32>
  %columns = tt.broadcast %cols : tensor<1x32xi32> -> tensor<8x32xi32>
  %all = arith.addi %offsets, %columns : tensor<8x32xi32>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<8x32x!tt.ptr<f32>>
  %qq = tt.addptr %qs, %all : tensor<8x32x!tt.ptr<f32>>, tensor<8x32xi32>
  tt.store %qq, %sum : tensor<8x32x!tt.ptr<f32>>
  tt.return
}
