// RUN: sed 1d %s > %t.ttir && tritonc %t.ttir --passes "" --emit ttir -o - | diff %t.ttir -
#loc = loc("kernel.py":3:0)
#loc1 = loc("other.py":1:2)
#loc2 = loc(unknown)
#loc6 = loc("while")
#loc8 = loc("x"(#loc))
module {
  tt.func public @located(%x: i32 loc("x"(#loc)), %arg1: f32 loc("other.py":1:2), %arg2: i1 loc(unknown)) {
    %y = arith.addi %x, %x : i32 loc(#loc9)
    %y_0 = arith.addi %y, %x : i32 loc(#loc9)
    %0 = arith.addi %y_0, %x : i32 loc(#loc2)
    %1 = arith.addi %0, %x : i32 loc(#loc10)
    %z = arith.muli %1, %x : i32 loc(#loc11)
    %w = scf.while (%w_1 = %z) : (i32) -> i32 {
      scf.condition(%arg2) %w_1 : i32 loc(#loc5)
    } do {
    ^bb0(%while: i32 loc("while")):
      scf.yield %while : i32 loc(#loc5)
    } loc(#loc12)
    %2 = arith.subi %w, %x : i32 loc(#loc13)
    tt.return loc(#loc7)
  } loc(#loc)
} loc(#loc)
#loc3 = loc("kernel.py":4:8)
#loc4 = loc("lib.py":9:1)
#loc5 = loc("kernel.py":5:4)
#loc7 = loc("kernel.py":7:4)
#loc9 = loc("y"(#loc3))
#loc10 = loc(callsite(#loc4 at #loc5))
#loc11 = loc("z"(#loc5))
#loc12 = loc("w"(#loc5))
#loc13 = loc(fused[#loc3, #loc5])
