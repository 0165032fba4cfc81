// RUN: sed 1d %s > %t.ttir && tritonc %t.ttir --passes "" --no-locations --emit ttir -o - | diff %t.ttir -
module {
  tt.func public @shapes(%x: i32, %p: !tt.ptr<f32>, %m: tensor<8x4xf16>) {
    %pid = tt.get_program_id x : i32
    %pid_y = tt.get_program_id y : i32
    %n = tt.get_num_programs z : i32
    %r = tt.make_range {end = 40 : i32, start = 8 : i32} : tensor<32xi32>
    %s = tt.splat %x : i32 -> tensor<4x8xi32>
    %u0 = arith.constant dense<7> : tensor<1x1xi32>
    %u = tt.unsplat %u0 : tensor<1x1xi32>
    %row = tt.expand_dims %r {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
    %col = tt.expand_dims %r {axis = 1 : i32} : tensor<32xi32> -> tensor<32x1xi32>
    %b = tt.broadcast %row : tensor<1x32xi32> -> tensor<16x32xi32>
    %v = tt.reshape %b : tensor<16x32xi32> -> tensor<2x256xi32>
    %w = tt.reshape %b allow_reorder : tensor<16x32xi32> -> tensor<512xi32>
    %we = tt.reshape %b allow_reorder efficient_layout : tensor<16x32xi32> -> tensor<512xi32>
    %t = tt.trans %m {order = array<i32: 1, 0>} : tensor<8x4xf16> -> tensor<4x8xf16>
    %j = tt.join %r, %r : tensor<32xi32> -> tensor<32x2xi32>
    %outLHS, %outRHS = tt.split %j : tensor<32x2xi32> -> tensor<32xi32>
    %c = tt.cat %outLHS, %outRHS : tensor<32xi32> -> tensor<64xi32>
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<32x!tt.ptr<f32>>
    %pa = tt.addptr %ps, %r : tensor<32x!tt.ptr<f32>>, tensor<32xi32>
    %pb = tt.addptr %p, %x : !tt.ptr<f32>, i32
    %pi = tt.bitcast %pa : tensor<32x!tt.ptr<f32>> -> tensor<32x!tt.ptr<i32>>
    %int = tt.ptr_to_int %p : !tt.ptr<f32> -> i64
    %ptr = tt.int_to_ptr %int : i64 -> !tt.ptr<!tt.ptr<f16>, 3>
    tt.return
  }
}
