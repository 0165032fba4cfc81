// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ptx | FileCheck %s
// What all lanes know is not exchanged between them: of the largest of equal constants and the first of their marks the marks alone
// are. (The assembler folds shuffles of constants, and gets differences from them wrong.)

// CHECK-COUNT-5: shfl.sync
// CHECK-NOT: shfl.sync
tt.func public @constant(%o: !tt.ptr<i32> {tt.divisibility = 16 : i32}, %p: !tt.ptr<i32> {tt.divisibility = 16 : i32}) {
  %c = arith.constant dense<2147483587> : tensor<1x32xi32>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %e = tt.expand_dims %r {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>
  %ps = tt.splat %p : !tt.ptr<i32> -> tensor<1x32x!tt.ptr<i32>>
  %pp = tt.addptr %ps, %e : tensor<1x32x!tt.ptr<i32>>, tensor<1x32xi32>
  %marks = tt.load %pp : tensor<1x32x!tt.ptr<i32>>
  %most:2 = "tt.reduce"(%c, %marks) <{axis = 1 : i32}> ({
  ^bb0(%a: i32, %i: i32, %b: i32, %j: i32):
    %more = arith.cmpi sgt, %b, %a : i32
    %same = arith.cmpi eq, %b, %a : i32
    %first = arith.cmpi slt, %j, %i : i32
    %tie = arith.andi %same, %first : i1
    %take = arith.ori %more, %tie : i1
    %value = arith.select %take, %b, %a : i32
    %mark = arith.select %take, %j, %i : i32
    tt.reduce.return %value, %mark : i32, i32
  }) : (tensor<1x32xi32>, tensor<1x32xi32>) -> (tensor<1xi32>, tensor<1xi32>)
  %range = tt.make_range {end = 1 : i32, start = 0 : i32} : tensor<1xi32>
  %os = tt.splat %o : !tt.ptr<i32> -> tensor<1x!tt.ptr<i32>>
  %op = tt.addptr %os, %range : tensor<1x!tt.ptr<i32>>, tensor<1xi32>
  %less = arith.subi %most#0, %most#1 : tensor<1xi32>
  tt.store %op, %less : tensor<1x!tt.ptr<i32>>
  tt.return
}
