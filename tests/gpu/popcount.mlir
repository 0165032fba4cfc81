// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ptx -o - | FileCheck %s
// Bits counted by sums of neighbours are counted by one instruction, whichever shift is used; with another mask they are not.

// CHECK-LABEL: .entry logical
// CHECK: popc.b32
// CHECK-NOT: 252645135
// CHECK: ret;
tt.func public @logical(%p: !tt.ptr<i32>, %q: !tt.ptr<i32>) {
  %one = arith.constant 1 : i32
  %two = arith.constant 2 : i32
  %four = arith.constant 4 : i32
  %top = arith.constant 24 : i32
  %m1 = arith.constant 1431655765 : i32
  %m2 = arith.constant 858993459 : i32
  %m4 = arith.constant 252645135 : i32
  %sum = arith.constant 16843009 : i32
  %x = tt.load %p : !tt.ptr<i32>
  %a = arith.shrui %x, %one : i32
  %b = arith.andi %a, %m1 : i32
  %c = arith.subi %x, %b : i32
  %d = arith.andi %c, %m2 : i32
  %e = arith.shrui %c, %two : i32
  %f = arith.andi %e, %m2 : i32
  %g = arith.addi %d, %f : i32
  %h = arith.shrui %g, %four : i32
  %i = arith.addi %g, %h : i32
  %j = arith.andi %i, %m4 : i32
  %k = arith.muli %j, %sum : i32
  %n = arith.shrui %k, %top : i32
  tt.store %q, %n : !tt.ptr<i32>
  tt.return
}

// CHECK-LABEL: .entry wide
// CHECK: popc.b64
// CHECK-NOT: 1085102592571150095
// CHECK: ret;
tt.func public @wide(%p: !tt.ptr<i64>, %q: !tt.ptr<i64>) {
  %one = arith.constant 1 : i64
  %two = arith.constant 2 : i64
  %four = arith.constant 4 : i64
  %top = arith.constant 56 : i64
  %m1 = arith.constant 6148914691236517205 : i64
  %m2 = arith.constant 3689348814741910323 : i64
  %m4 = arith.constant 1085102592571150095 : i64
  %sum = arith.constant 72340172838076673 : i64
  %x = tt.load %p : !tt.ptr<i64>
  %a = arith.shrui %x, %one : i64
  %b = arith.andi %a, %m1 : i64
  %c = arith.subi %x, %b : i64
  %d = arith.andi %c, %m2 : i64
  %e = arith.shrui %c, %two : i64
  %f = arith.andi %e, %m2 : i64
  %g = arith.addi %d, %f : i64
  %h = arith.shrui %g, %four : i64
  %i = arith.addi %g, %h : i64
  %j = arith.andi %i, %m4 : i64
  %k = arith.muli %j, %sum : i64
  %n = arith.shrui %k, %top : i64
  tt.store %q, %n : !tt.ptr<i64>
  tt.return
}

// CHECK-LABEL: .entry arithmetic
// CHECK: popc.b32
// CHECK-NOT: 252645135
// CHECK: ret;
tt.func public @arithmetic(%p: !tt.ptr<i32>, %q: !tt.ptr<i32>) {
  %one = arith.constant 1 : i32
  %two = arith.constant 2 : i32
  %four = arith.constant 4 : i32
  %top = arith.constant 24 : i32
  %m1 = arith.constant 1431655765 : i32
  %m2 = arith.constant 858993459 : i32
  %m4 = arith.constant 252645135 : i32
  %sum = arith.constant 16843009 : i32
  %x = tt.load %p : !tt.ptr<i32>
  %a = arith.shrsi %x, %one : i32
  %b = arith.andi %a, %m1 : i32
  %c = arith.subi %x, %b : i32
  %d = arith.andi %c, %m2 : i32
  %e = arith.shrsi %c, %two : i32
  %f = arith.andi %e, %m2 : i32
  %g = arith.addi %f, %d : i32
  %h = arith.shrsi %g, %four : i32
  %i = arith.addi %h, %g : i32
  %j = arith.andi %i, %m4 : i32
  %k = arith.muli %j, %sum : i32
  %n = arith.shrsi %k, %top : i32
  tt.store %q, %n : !tt.ptr<i32>
  tt.return
}

// CHECK-LABEL: .entry another
// CHECK-NOT: popc
// CHECK: 252645134
// CHECK-NOT: popc
// CHECK: ret;
tt.func public @another(%p: !tt.ptr<i32>, %q: !tt.ptr<i32>) {
  %one = arith.constant 1 : i32
  %two = arith.constant 2 : i32
  %four = arith.constant 4 : i32
  %top = arith.constant 24 : i32
  %m1 = arith.constant 1431655765 : i32
  %m2 = arith.constant 858993459 : i32
  %m4 = arith.constant 252645134 : i32
  %sum = arith.constant 16843009 : i32
  %x = tt.load %p : !tt.ptr<i32>
  %a = arith.shrui %x, %one : i32
  %b = arith.andi %a, %m1 : i32
  %c = arith.subi %x, %b : i32
  %d = arith.andi %c, %m2 : i32
  %e = arith.shrui %c, %two : i32
  %f = arith.andi %e, %m2 : i32
  %g = arith.addi %d, %f : i32
  %h = arith.shrui %g, %four : i32
  %i = arith.addi %g, %h : i32
  %j = arith.andi %i, %m4 : i32
  %k = arith.muli %j, %sum : i32
  %n = arith.shrui %k, %top : i32
  tt.store %q, %n : !tt.ptr<i32>
  tt.return
}
