// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ptx | FileCheck %s
// What all lanes know is not exchanged between them: no shuffle of a constant, whose fold the assembler gets wrong.

// CHECK-NOT: shfl
// CHECK: st.global{{.*}}
// CHECK-NOT: shfl
tt.func public @constant(%o: !tt.ptr<i32> {tt.divisibility = 16 : i32}, %x: i32) {
  %c = arith.constant dense<2147483587> : tensor<1x32xi32>
  %zero = arith.constant dense<0> : tensor<1x32xi32>
  %most:2 = "tt.reduce"(%c, %zero) <{axis = 1 : i32}> ({
  ^bb0(%a: i32, %i: i32, %b: i32, %j: i32):
    %more = arith.cmpi sgt, %b, %a : i32
    %value = arith.select %more, %b, %a : i32
    %index = arith.select %more, %j, %i : i32
    tt.reduce.return %value, %index : i32, i32
  }) : (tensor<1x32xi32>, tensor<1x32xi32>) -> (tensor<1xi32>, tensor<1xi32>)
  %splat = tt.splat %x : i32 -> tensor<1xi32>
  %less = arith.subi %most#0, %splat : tensor<1xi32>
  %range = tt.make_range {end = 1 : i32, start = 0 : i32} : tensor<1xi32>
  %os = tt.splat %o : !tt.ptr<i32> -> tensor<1x!tt.ptr<i32>>
  %op = tt.addptr %os, %range : tensor<1x!tt.ptr<i32>>, tensor<1xi32>
  tt.store %op, %less : tensor<1x!tt.ptr<i32>>
  tt.return
}
