// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ptx -o - | FileCheck %s
// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit llir -o - | FileCheck %s --check-prefix=LLVM
// An inline assembly may have any number of registers: 70 results here, of 70 elements that go through at once, and as many operands.

// CHECK-LABEL: .entry many
// CHECK: { many %r{{[0-9]+}}, %r{{[0-9]+}}, %r{{[0-9]+}}, %r{{[0-9]+}};
// LLVM: asm "many $0, $69, $70, $139;", "=f,{{(=f,)+(f,)+f}}"
tt.func public @many(%p: !tt.ptr<f32>) {
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %ps = tt.splat %p : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %pa = tt.addptr %ps, %r : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  %x = tt.load %pa : tensor<64x!tt.ptr<f32>>
  %y = tt.elementwise_inline_asm "many $0, $69, $70, $139;" {constraints = "=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,=f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f,f", packed_element = 70 : i32, pure = true} %x : tensor<64xf32> -> tensor<64xf32>
  tt.store %pa, %y : tensor<64x!tt.ptr<f32>>
  tt.return
}
