// RUN: tritonc %s --passes structurize,fold,cse,dce --emit ttir --no-locations | FileCheck %s
// Branches become conditionals, cycles become loops.

// CHECK-LABEL: @early_return
// CHECK-NOT: cf.
tt.func public @early_return(%n: i32, %p: !tt.ptr<i32>) {
  // CHECK: %[[C:.*]] = arith.cmpi sge
  // CHECK-NEXT: scf.if %[[C]] {
  // CHECK-NEXT: tt.store
  // CHECK-NEXT: }
  // CHECK-NEXT: tt.return
  %zero = arith.constant 0 : i32
  %c = arith.cmpi slt, %n, %zero : i32
  cf.cond_br %c, ^bb1, ^bb2
^bb1:
  tt.return
^bb2:
  tt.store %p, %n : !tt.ptr<i32>
  tt.return
}

// CHECK-LABEL: @diamond
// CHECK-NOT: cf.
tt.func public @diamond(%c: i1, %x: i32, %p: !tt.ptr<i32>) {
  // CHECK: %[[R:.*]] = scf.if %{{.*}} -> (i32) {
  // CHECK: %[[A:.*]] = arith.muli
  // CHECK: scf.yield %[[A]]
  // CHECK: } else {
  // CHECK: tt.store
  // CHECK: }
  // CHECK: tt.store %{{.*}}, %[[R]]
  cf.cond_br %c, ^bb1(%x : i32), ^bb2
^bb1(%y: i32):
  %0 = arith.muli %y, %x : i32
  cf.br ^bb3(%0 : i32)
^bb2:
  tt.store %p, %x : !tt.ptr<i32>
  cf.br ^bb3(%x : i32)
^bb3(%z: i32):
  tt.store %p, %z : !tt.ptr<i32>
  tt.return
}

// while (i < n) { if (i == x) break; i += 1 }; the value found is used behind the loop.
// CHECK-LABEL: @loop_with_break
// CHECK-NOT: cf.
tt.func public @loop_with_break(%n: i32, %x: i32, %p: !tt.ptr<i32>) {
  // CHECK: scf.while
  // CHECK: arith.cmpi slt
  // CHECK: scf.if
  // CHECK: arith.cmpi eq
  // CHECK: scf.condition
  // CHECK: do
  // CHECK: scf.yield
  // CHECK: scf.if
  // CHECK: tt.store
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  cf.br ^head(%zero : i32)
^head(%i: i32):
  %c = arith.cmpi slt, %i, %n : i32
  cf.cond_br %c, ^body, ^exit
^body:
  %d = arith.muli %i, %i : i32
  %e = arith.cmpi eq, %d, %x : i32
  cf.cond_br %e, ^found, ^next
^next:
  %j = arith.addi %i, %one : i32
  cf.br ^head(%j : i32)
^found:
  tt.store %p, %d : !tt.ptr<i32>
  tt.return
^exit:
  tt.return
}

// a || b: the block that both ways come to is not lost.
// CHECK-LABEL: @short_circuit
// CHECK-NOT: cf.
tt.func public @short_circuit(%a: i1, %b: i1, %x: i32, %p: !tt.ptr<i32>) -> i32 {
  // CHECK: scf.if
  // CHECK: tt.return %{{.*}} : i32
  %one = arith.constant 1 : i32
  cf.cond_br %a, ^yes, ^other
^other:
  cf.cond_br %b, ^yes, ^no
^yes:
  tt.store %p, %x : !tt.ptr<i32>
  tt.return %one : i32
^no:
  tt.return %x : i32
}

// A block that nothing leads to is no entry of a cycle.
// CHECK-LABEL: @unreachable
// CHECK-NOT: cf.
tt.func public @unreachable(%x: i32, %p: !tt.ptr<i32>) {
  // CHECK: tt.store
  // CHECK-NEXT: tt.return
  cf.br ^join
^dead:
  cf.br ^join
^join:
  tt.store %p, %x : !tt.ptr<i32>
  tt.return
}

// The function of a tt.map_elementwise, too; what it uses from outside stays.
// CHECK-LABEL: @mapped(
// CHECK: tt.map_elementwise
// CHECK-NEXT: ^bb0(%[[X:.*]]: i32):
// CHECK: %[[R:.*]] = scf.if %{{.*}} -> (i32) {
// CHECK-NEXT: scf.yield %[[X]] : i32
// CHECK: } else {
// CHECK-NEXT: %[[D:.*]] = arith.muli %[[X]], %n : i32
// CHECK-NEXT: scf.yield %[[D]] : i32
// CHECK: tt.map_elementwise.return %[[R]] : i32
tt.func public @mapped(%x: tensor<64xi32>, %n: i32) -> tensor<64xi32> {
  %r = "tt.map_elementwise"(%x) <{pack = 1 : i32}> ({
  ^bb0(%a: i32):
    %c = arith.cmpi sgt, %a, %n : i32
    cf.cond_br %c, ^bb1, ^bb2
  ^bb1:
    tt.map_elementwise.return %a : i32
  ^bb2:
    %d = arith.muli %a, %n : i32
    tt.map_elementwise.return %d : i32
  }) : (tensor<64xi32>) -> tensor<64xi32>
  tt.return %r : tensor<64xi32>
}
