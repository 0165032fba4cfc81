// RUN: tritonc %s --passes inline --emit ttir --no-locations | FileCheck %s
// Calls are replaced by bodies, callees first; results in number; noinline functions stay, others go.

// CHECK-LABEL: tt.func public @kernel
// CHECK-SAME: %[[X:[a-z]+]]: i32, %[[Y:[a-z]+]]: i32
tt.func public @kernel(%x: i32, %y: i32, %p: !tt.ptr<i32>) {
  // CHECK-NEXT: %[[S:.*]] = arith.addi %[[X]], %[[Y]]
  // CHECK-NEXT: %[[D:.*]] = arith.subi %[[X]], %[[Y]]
  // CHECK-NEXT: %[[M:.*]] = arith.muli %[[S]], %[[S]]
  // CHECK-NEXT: tt.store %{{.*}}, %[[M]]
  // CHECK-NEXT: tt.store %{{.*}}, %[[D]]
  // CHECK-NEXT: %[[K:.*]] = tt.call @kept(%[[X]])
  %0:2 = tt.call @outer(%x, %y) : (i32, i32) -> (i32, i32)
  tt.store %p, %0#0 : !tt.ptr<i32>
  tt.store %p, %0#1 : !tt.ptr<i32>
  %1 = tt.call @kept(%x) : (i32) -> i32
  tt.store %p, %1 : !tt.ptr<i32>
  tt.return
}

// CHECK-NOT: @outer
tt.func private @outer(%a: i32, %b: i32) -> (i32, i32) attributes {noinline = false} {
  %s = arith.addi %a, %b : i32
  %d = arith.subi %a, %b : i32
  %q = tt.call @square(%s) : (i32) -> i32
  tt.return %q, %d : i32, i32
}

// CHECK-NOT: @square
tt.func private @square(%a: i32) -> i32 attributes {noinline = false} {
  %m = arith.muli %a, %a : i32
  tt.return %m : i32
}

// CHECK: tt.func private @kept
tt.func private @kept(%a: i32) -> i32 attributes {noinline = true} {
  %m = arith.muli %a, %a : i32
  tt.return %m : i32
}
