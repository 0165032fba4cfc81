// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ptx -o - | FileCheck %s
// Bits that are taken out and put elsewhere are shifted once; those that a mask left are joined by `or`.

// CHECK-LABEL: .entry spread
// CHECK: ld.global.b32 %[[X:r[0-9]+]]
// CHECK: and.b32 %[[A:r[0-9]+]], %[[X]], 1;
// CHECK: shl.b32 %[[U:r[0-9]+]], %[[X]], 2;
// CHECK: and.b32 %[[B:r[0-9]+]], %[[U]], 8;
// CHECK: or.b32 %[[AB:r[0-9]+]], %[[A]], %[[B]];
// CHECK: shr.u32 %[[V:r[0-9]+]], %[[X]], 4;
// CHECK: and.b32 %[[C:r[0-9]+]], %[[V]], 16;
// CHECK: or.b32 %{{r[0-9]+}}, %[[AB]], %[[C]];
tt.func public @spread(%p: !tt.ptr<i32>) {
  %one = arith.constant 1 : i32
  %three = arith.constant 3 : i32
  %four = arith.constant 4 : i32
  %eight = arith.constant 8 : i32
  %x = tt.load %p : !tt.ptr<i32>
  %a = arith.andi %x, %one : i32
  %b0 = arith.shrsi %x, %one : i32
  %b1 = arith.andi %b0, %one : i32
  %b = arith.shli %b1, %three : i32
  %ab = arith.ori %a, %b : i32
  %c0 = arith.shrui %x, %eight : i32
  %c1 = arith.andi %c0, %one : i32
  %c = arith.shli %c1, %four : i32
  %abc = arith.ori %ab, %c : i32
  tt.store %p, %abc : !tt.ptr<i32>
  tt.return
}

// The mask takes copies of the sign: they are not in the word.
// CHECK-LABEL: .entry sign
// CHECK: shr.s32
// CHECK: and.b32 %{{r[0-9]+}}, %{{r[0-9]+}}, 255;
// CHECK: shl.b32
tt.func public @sign(%p: !tt.ptr<i32>) {
  %shift = arith.constant 28 : i32
  %mask = arith.constant 255 : i32
  %four = arith.constant 4 : i32
  %x = tt.load %p : !tt.ptr<i32>
  %a = arith.shrsi %x, %shift : i32
  %b = arith.andi %a, %mask : i32
  %c = arith.shli %b, %four : i32
  tt.store %p, %c : !tt.ptr<i32>
  tt.return
}
