// RUN: tritonc %s --passes batch-programs --emit ttir --no-locations | FileCheck %s
// Programs whose tiles are narrow strips of memory run together, with a wider tile.

// Sums of columns, 16 in each program: as many programs as make strips of 16 KB, what is beyond the last one masked.
// CHECK: tt.func public @columns(
// CHECK-SAME: tt.batch = array<i32: 0, 256, 16>
// CHECK: %[[N:.*]] = tt.get_num_programs x {batch} : i32
// CHECK: %[[R:.*]] = tt.make_range {batch, end = 4096 : i32, start = 0 : i32} : tensor<4096xi32>
// CHECK: %[[END:.*]] = arith.muli %[[N]], %{{.*}} : i32
// CHECK: %[[ENDS:.*]] = tt.splat %[[END]] : i32 -> tensor<4096xi32>
// CHECK: %[[LIVE:.*]] = arith.cmpi slt, %[[R]], %[[ENDS]] : tensor<4096xi32>
// CHECK: scf.for {{.*}} -> (tensor<4096xf32>)
// CHECK: %[[M:.*]] = arith.andi %[[LIVE]], %{{.*}} : tensor<4096xi1>
// CHECK: tt.load %{{.*}}, %[[M]] : tensor<4096x!tt.ptr<f32>>
// CHECK: tt.store %{{.*}}, %{{.*}}, %[[LIVE]] : tensor<4096x!tt.ptr<f32>>
tt.func public @columns(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %m: i32, %n: i32) {
  %c16 = arith.constant 16 : i32
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<16xf32>
  %pid = tt.get_program_id x : i32
  %start = arith.muli %pid, %c16 : i32
  %range = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %starts = tt.splat %start : i32 -> tensor<16xi32>
  %cols = arith.addi %starts, %range : tensor<16xi32>
  %ns = tt.splat %n : i32 -> tensor<16xi32>
  %inside = arith.cmpi slt, %cols, %ns : tensor<16xi32>
  %sum = scf.for %i = %c0 to %m step %c1 iter_args(%acc = %zero) -> (tensor<16xf32>) : i32 {
    %row = arith.muli %i, %n : i32
    %p = tt.addptr %x, %row : !tt.ptr<f32>, i32
    %ps = tt.splat %p : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>>
    %at = tt.addptr %ps, %cols : tensor<16x!tt.ptr<f32>>, tensor<16xi32>
    %v = tt.load %at, %inside : tensor<16x!tt.ptr<f32>>
    %next = arith.addf %acc, %v : tensor<16xf32>
    scf.yield %next : tensor<16xf32>
  }
  %ys = tt.splat %y : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>>
  %to = tt.addptr %ys, %cols : tensor<16x!tt.ptr<f32>>, tensor<16xi32>
  tt.store %to, %sum : tensor<16x!tt.ptr<f32>>
  tt.return
}
