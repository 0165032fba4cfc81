// RUN: tritonc %s --target cuda:90 --emit ptx -o - | FileCheck %s
// What is known of sums of one index with constants: ties between a thread's own elements, and offsets of accesses.

// An arg-max of elements that one thread holds: the left one's index is the smaller one, and each step is one comparison.
// CHECK-LABEL: .entry argmax
// CHECK: setp.ge.f32
// CHECK-NOT: setp.eq.f32
// CHECK-NOT: setp.lt.s32
// CHECK: shfl
tt.func public @argmax(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<i32> {tt.divisibility = 16 : i32}) {
  %r = tt.make_range {end = 1024 : i32, start = 0 : i32} : tensor<1024xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<1024x!tt.ptr<f32>>
  %pp = tt.addptr %ps, %r : tensor<1024x!tt.ptr<f32>>, tensor<1024xi32>
  %x = tt.load %pp : tensor<1024x!tt.ptr<f32>>
  %v:2 = "tt.reduce"(%x, %r) <{axis = 0 : i32}> ({
  ^bb0(%a: f32, %i: i32, %b: f32, %j: i32):
    %gt = arith.cmpf ogt, %a, %b : f32
    %eq = arith.cmpf oeq, %a, %b : f32
    %lt = arith.cmpi slt, %i, %j : i32
    %tie = arith.andi %eq, %lt : i1
    %left = arith.ori %gt, %tie : i1
    %value = arith.select %left, %a, %b : f32
    %index = arith.select %left, %i, %j : i32
    tt.reduce.return %value, %index : f32, i32
  }) : (tensor<1024xf32>, tensor<1024xi32>) -> (f32, i32)
  tt.store %q, %v#1 : !tt.ptr<i32>
  tt.return
}

// Neighbours of one index are one address and offsets, on either side.
// CHECK-LABEL: .entry neighbours
// CHECK: ld.global.b32 {{.*}}, [%[[AT:d[0-9]+]]+-4];
// CHECK: ld.global.b32 {{.*}}, [%[[AT]]];
// CHECK: ld.global.b32 {{.*}}, [%[[AT]]+4];
tt.func public @neighbours(%p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %w: i32) {
  %one = arith.constant dense<1> : tensor<128xi32>
  %minus = arith.constant dense<-1> : tensor<128xi32>
  %pid = tt.get_program_id x : i32
  %row = arith.muli %pid, %w : i32
  %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>
  %rows = tt.splat %row : i32 -> tensor<128xi32>
  %i = arith.addi %rows, %r : tensor<128xi32>
  %left = arith.addi %i, %minus : tensor<128xi32>
  %right = arith.addi %i, %one : tensor<128xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %qs = tt.splat %q : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>>
  %pl = tt.addptr %ps, %left : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %pm = tt.addptr %ps, %i : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %pr = tt.addptr %ps, %right : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %qq = tt.addptr %qs, %i : tensor<128x!tt.ptr<f32>>, tensor<128xi32>
  %x = tt.load %pl : tensor<128x!tt.ptr<f32>>
  %y = tt.load %pm : tensor<128x!tt.ptr<f32>>
  %z = tt.load %pr : tensor<128x!tt.ptr<f32>>
  %xy = arith.addf %x, %y : tensor<128xf32>
  %s = arith.addf %xy, %z : tensor<128xf32>
  tt.store %qq, %s : tensor<128x!tt.ptr<f32>>
  tt.return
}
