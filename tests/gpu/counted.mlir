// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ptx -o - | FileCheck %s
// Comparisons that are added up are counted, each step behind its comparison; no number is made of one but the first.

// CHECK-LABEL: .entry equal
// CHECK: setp.eq
// CHECK-NEXT: selp.b32 %[[A:r[0-9]+]], 1, 0, %p
// CHECK-NEXT: setp.eq
// CHECK-NEXT: add.u32 %[[B:r[0-9]+]], %[[A]], 1;
// CHECK-NEXT: selp.b32 %[[C:r[0-9]+]], %[[B]], %[[A]], %p
// CHECK-NOT: , 1, 0, %p
// CHECK: shfl.sync
tt.func public @equal(%p: !tt.ptr<i32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<i32>, %key: i32) {
  %one = arith.constant 1 : i32
  %i = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<i32> -> tensor<128x!tt.ptr<i32>>
  %at = tt.addptr %ps, %i : tensor<128x!tt.ptr<i32>>, tensor<128xi32>
  %x = tt.load %at : tensor<128x!tt.ptr<i32>>
  %keys = tt.splat %key : i32 -> tensor<128xi32>
  %c = arith.cmpi eq, %x, %keys : tensor<128xi32>
  %n = arith.extui %c : tensor<128xi1> to tensor<128xi32>
  %s = "tt.reduce"(%n) <{axis = 0 : i32}> ({
  ^bb0(%a: i32, %b: i32):
    %t = arith.addi %a, %b : i32
    tt.reduce.return %t : i32
  }) : (tensor<128xi32>) -> i32
  tt.store %q, %s : !tt.ptr<i32>
  tt.return
}

// A number that is there already is counted on; one that comes later is added.
// CHECK-LABEL: .entry carried
// CHECK: setp
// CHECK-NEXT: add.u32 %[[N:r[0-9]+]], %[[OLD:r[0-9]+]], 1;
// CHECK-NEXT: selp.b32 %{{r[0-9]+}}, %[[N]], %[[OLD]], %p
// CHECK-LABEL: .entry later
// CHECK: setp
// CHECK-NEXT: selp.b32 %[[ONE:r[0-9]+]], 1, 0, %p
// CHECK: ld.global.b32 %[[Y:r[0-9]+]]
// CHECK: add.u32 %{{r[0-9]+}}, {{%r[0-9]+, %r[0-9]+}};
tt.func public @carried(%p: !tt.ptr<i32>, %x: i32, %y: i32) {
  %old = tt.load %p : !tt.ptr<i32>
  %c = arith.cmpi slt, %old, %y : i32
  %n = arith.extui %c : i1 to i32
  %s = arith.addi %n, %x : i32
  tt.store %p, %s : !tt.ptr<i32>
  tt.return
}
tt.func public @later(%p: !tt.ptr<i32>, %x: i32, %y: i32) {
  %c = arith.cmpi slt, %x, %y : i32
  %n = arith.extui %c : i1 to i32
  %old = tt.load %p : !tt.ptr<i32>
  %s = arith.addi %n, %old : i32
  tt.store %p, %s : !tt.ptr<i32>
  tt.return
}
