// RUN: tritonc %s --passes fold --emit ttir --no-locations | FileCheck %s
// Identities, constants, chains and comparisons of integers; what must stay is there too.

// CHECK-LABEL: @identities
// CHECK-SAME: %[[X:[a-z]+]]: i32
tt.func public @identities(%x: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %ones = arith.constant -1 : i32
  %0 = arith.addi %zero, %x : i32
  %1 = arith.muli %0, %one : i32
  %2 = arith.andi %1, %ones : i32
  %3 = arith.ori %2, %zero : i32
  %4 = arith.xori %3, %zero : i32
  %5 = arith.divsi %4, %one : i32
  %6 = arith.shli %5, %zero : i32
  %7 = arith.subi %6, %zero : i32
  %8 = arith.andi %7, %7 : i32
  // CHECK-NEXT: tt.store %{{.*}}, %[[X]]
  tt.store %p, %8 : !tt.ptr<i32>
  tt.return
}

// CHECK-LABEL: @zeros
// CHECK: %[[ZERO:.*]] = arith.constant 0 : i32
tt.func public @zeros(%x: i32, %p: !tt.ptr<i32>) {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %0 = arith.muli %x, %zero : i32
  %1 = arith.xori %x, %x : i32
  %2 = arith.subi %x, %x : i32
  %3 = arith.remsi %x, %one : i32
  %4 = arith.andi %x, %zero : i32
  // CHECK-NOT: arith.
  // CHECK-COUNT-5: tt.store %{{.*}}, %[[ZERO]]
  tt.store %p, %0 : !tt.ptr<i32>
  tt.store %p, %1 : !tt.ptr<i32>
  tt.store %p, %2 : !tt.ptr<i32>
  tt.store %p, %3 : !tt.ptr<i32>
  tt.store %p, %4 : !tt.ptr<i32>
  tt.return
}

// Wrap-around in the width; signed and unsigned divisions differ; what has no answer stays.
// CHECK-LABEL: @constants
tt.func public @constants(%p: !tt.ptr<i8>) {
  // CHECK-DAG: %[[WRAPPED:.*]] = arith.constant -56 : i8
  // CHECK-DAG: %[[SIGNED:.*]] = arith.constant -33 : i8
  // CHECK-DAG: %[[UNSIGNED:.*]] = arith.constant 52 : i8
  // CHECK-DAG: %[[LEAST:.*]] = arith.constant -128 : i8
  %a = arith.constant 100 : i8
  %b = arith.constant -100 : i8
  %three = arith.constant 3 : i8
  %zero = arith.constant 0 : i8
  %least = arith.constant -128 : i8
  %ones = arith.constant -1 : i8
  %eight = arith.constant 8 : i8
  %0 = arith.addi %a, %a : i8
  // CHECK: tt.store %{{.*}}, %[[WRAPPED]]
  tt.store %p, %0 : !tt.ptr<i8>
  %1 = arith.divsi %b, %three : i8
  // CHECK: tt.store %{{.*}}, %[[SIGNED]]
  tt.store %p, %1 : !tt.ptr<i8>
  %2 = arith.divui %b, %three : i8
  // CHECK: tt.store %{{.*}}, %[[UNSIGNED]]
  tt.store %p, %2 : !tt.ptr<i8>
  // CHECK: arith.divsi
  %3 = arith.divsi %a, %zero : i8
  tt.store %p, %3 : !tt.ptr<i8>
  // CHECK: arith.divsi %[[LEAST]]
  %4 = arith.divsi %least, %ones : i8
  tt.store %p, %4 : !tt.ptr<i8>
  // CHECK: arith.shli
  %5 = arith.shli %a, %eight : i8
  tt.store %p, %5 : !tt.ptr<i8>
  tt.return
}

// CHECK-LABEL: @chains
// CHECK-SAME: %[[X:[a-z]+]]: i32, %[[Y:[a-z]+]]: i32
tt.func public @chains(%x: i32, %y: i32, %p: !tt.ptr<i32>) {
  // CHECK-DAG: %[[TWELVE:.*]] = arith.constant 12 : i32
  // CHECK-DAG: %[[SIX:.*]] = arith.constant 6 : i32
  %three = arith.constant 3 : i32
  %four = arith.constant 4 : i32
  %nine = arith.constant 9 : i32
  %0 = arith.muli %x, %three : i32
  %1 = arith.muli %0, %four : i32
  // CHECK: %[[A:.*]] = arith.muli %[[X]], %[[TWELVE]]
  // CHECK: tt.store %{{.*}}, %[[A]]
  tt.store %p, %1 : !tt.ptr<i32>
  %2 = arith.subi %x, %three : i32
  %3 = arith.addi %nine, %2 : i32
  // CHECK: %[[B:.*]] = arith.addi %[[X]], %[[SIX]]
  // CHECK: tt.store %{{.*}}, %[[B]]
  tt.store %p, %3 : !tt.ptr<i32>
  %4 = arith.addi %x, %y : i32
  %5 = arith.subi %4, %x : i32
  // CHECK: tt.store %{{.*}}, %[[Y]]
  tt.store %p, %5 : !tt.ptr<i32>
  tt.return
}

// Facts about ranges decide comparisons; what they do not decide stays.
// CHECK-LABEL: @comparisons
tt.func public @comparisons(%n: i32, %p: !tt.ptr<i1>, %q: tensor<8x!tt.ptr<i1>>) {
  %zero = arith.constant dense<0> : tensor<8xi32>
  %eight = arith.constant dense<8> : tensor<8xi32>
  %c8 = arith.constant 8 : i32
  // CHECK-DAG: %[[TRUE:.*]] = arith.constant true
  // CHECK-DAG: %[[TRUES:.*]] = arith.constant dense<true> : tensor<8xi1>
  // CHECK-DAG: %[[FALSES:.*]] = arith.constant dense<false> : tensor<8xi1>
  %r = tt.make_range {end = 8 : i32, start = 0 : i32} : tensor<8xi32>
  %0 = arith.cmpi sge, %r, %zero : tensor<8xi32>
  // CHECK: tt.store %{{.*}}, %[[TRUES]]
  tt.store %q, %0 : tensor<8x!tt.ptr<i1>>
  %1 = arith.cmpi sge, %r, %eight : tensor<8xi32>
  // CHECK: tt.store %{{.*}}, %[[FALSES]]
  tt.store %q, %1 : tensor<8x!tt.ptr<i1>>
  %2 = arith.cmpi eq, %n, %n : i32
  // CHECK: tt.store %{{.*}}, %[[TRUE]]
  tt.store %p, %2 : !tt.ptr<i1>
  // CHECK: arith.cmpi sgt, %{{.*}}, %{{.*}} : i32
  %3 = arith.cmpi slt, %c8, %n : i32
  tt.store %p, %3 : !tt.ptr<i1>
  tt.return
}

// CHECK-LABEL: @selects
// CHECK-SAME: %[[C:[a-z]+]]: i1, %[[X:[a-z]+]]: i32, %[[Y:[a-z]+]]: i32
tt.func public @selects(%c: i1, %x: i32, %y: i32, %p: !tt.ptr<i32>, %q: !tt.ptr<i1>) {
  %true = arith.constant true
  %false = arith.constant false
  %0 = arith.select %true, %x, %y : i32
  // CHECK: tt.store %{{.*}}, %[[X]]
  tt.store %p, %0 : !tt.ptr<i32>
  %1 = arith.select %c, %y, %y : i32
  // CHECK: tt.store %{{.*}}, %[[Y]]
  tt.store %p, %1 : !tt.ptr<i32>
  %2 = arith.select %c, %true, %false : i1
  // CHECK: tt.store %{{.*}}, %[[C]]
  tt.store %q, %2 : !tt.ptr<i1>
  %not = arith.xori %c, %true : i1
  %3 = arith.select %not, %x, %y : i32
  // CHECK: %[[S:.*]] = arith.select %[[C]], %[[Y]], %[[X]]
  // CHECK: tt.store %{{.*}}, %[[S]]
  tt.store %p, %3 : !tt.ptr<i32>
  tt.return
}
