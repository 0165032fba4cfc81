// RUN: sed 1d %s > %t.ttir && tritonc %t.ttir --passes "" --no-locations --emit ttir -o - | diff %t.ttir -
module {
  tt.func public @loops(%n: i32, %x: tensor<4xf32>, %c: i1) -> tensor<4xf32> attributes {noinline = false} {
    %c0_i32 = arith.constant 0 : i32
    %c1_i32 = arith.constant 1 : i32
    scf.for %i = %c0_i32 to %n step %c1_i32  : i32 {
      gpu.barrier
    }
    scf.for unsigned %i = %c0_i32 to %n step %c1_i32  : i32 {
      gpu.barrier
    } {tt.num_stages = 3 : i32, tt.warp_specialize}
    %r:2 = scf.for %i = %c0_i32 to %n step %c1_i32 iter_args(%acc = %x, %k = %n) -> (tensor<4xf32>, i32)  : i32 {
      %y = arith.addf %acc, %acc : tensor<4xf32>
      %inner = scf.for %j = %c0_i32 to %i step %c1_i32 iter_args(%acc2 = %y) -> (tensor<4xf32>)  : i32 {
        scf.yield %acc2 : tensor<4xf32>
      }
      scf.yield %inner, %i : tensor<4xf32>, i32
    } {tt.loop_unroll_factor = 2 : i32}
    %c0 = arith.constant 0 : index
    scf.for %i = %c0 to %c0 step %c0 {
      gpu.barrier
    }
    %w:2 = scf.while (%a = %r#1, %b = %c) : (i32, i1) -> (i32, i1) {
      scf.condition(%b) %a, %b : i32, i1
    } do {
    ^bb0(%a: i32, %b: i1):
      %next = arith.subi %a, %c1_i32 : i32
      scf.yield %next, %b : i32, i1
    } attributes {tt.note = 1 : i32}
    scf.while : () -> () {
      scf.condition(%c)
    } do {
      scf.yield
    }
    scf.if %c {
      gpu.barrier
    }
    scf.if %c {
    } else {
      gpu.barrier
    } {tt.note}
    %if = scf.if %c -> (tensor<4xf32>) {
      scf.yield %r#0 : tensor<4xf32>
    } else {
      scf.yield %x : tensor<4xf32>
    }
    tt.return %if : tensor<4xf32>
  }
  tt.func public @blocks(%c: i1, %n: i32) -> (i32, i1) {
    cf.br ^bb1(%n, %c : i32, i1)
  ^bb1(%0: i32, %1: i1):  // 2 preds: ^bb0, ^bb2
    cf.cond_br %1, ^bb2, ^bb3(%0 : i32)
  ^bb2:  // pred: ^bb1
    %2 = arith.addi %0, %n : i32
    cf.br ^bb1(%2, %1 : i32, i1)
  ^bb3(%3: i32):  // pred: ^bb1
    tt.return %3, %1 : i32, i1
  ^bb4:  // no predecessors
    %poison = ub.poison : i32
    tt.return %poison, %c : i32, i1
  }
}
