// RUN: tritonc %s --target cuda:90 --num-warps 1 --emit ptx -o - | FileCheck %s
// RUN: sed -n 's,^// WRONG ,,p' %s | sed 's,CONSTRAINTS,=r,' | not tritonc - --target cuda:90 --emit ptx -o /dev/null 2>&1 | FileCheck %s --check-prefix FEW
// RUN: sed -n 's,^// WRONG ,,p' %s | sed 's,CONSTRAINTS,=r\,r\,r,' | not tritonc - --target cuda:90 --emit ptx -o /dev/null 2>&1 | FileCheck %s --check-prefix MANY
// RUN: sed -n 's,^// WRONG ,,p' %s | sed 's,CONSTRAINTS,r\,=r,' | not tritonc - --target cuda:90 --emit ptx -o /dev/null 2>&1 | FileCheck %s --check-prefix ORDER
// RUN: sed -n 's,^// WRONG ,,p' %s | sed 's,CONSTRAINTS,=r\,0,' | not tritonc - --target cuda:90 --emit ptx -o /dev/null 2>&1 | FileCheck %s --check-prefix LETTER
// A constraint's letter says in which register a value crosses into the text, and not the type of the elements: whoever writes "r" writes
// instructions of 32 bits.

// An 8-bit result in 32 bits, addresses in 64.
// CHECK-LABEL: .entry pointers
// CHECK: { ld.global.b8 [[X:%r[0-9]+]], [%d{{[0-9]+}}]; st.global.b8 [%d{{[0-9]+}}], [[X]];
tt.func public @pointers(%p: !tt.ptr<i8>, %q: !tt.ptr<i8>) {
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %ps = tt.splat %p : !tt.ptr<i8> -> tensor<32x!tt.ptr<i8>>
  %qs = tt.splat %q : !tt.ptr<i8> -> tensor<32x!tt.ptr<i8>>
  %from = tt.addptr %ps, %r : tensor<32x!tt.ptr<i8>>, tensor<32xi32>
  %to = tt.addptr %qs, %r : tensor<32x!tt.ptr<i8>>, tensor<32xi32>
  %x = tt.elementwise_inline_asm "ld.global.b8 $0, [$1]; st.global.b8 [$2], $0;" {constraints = "=r,l,l", packed_element = 1 : i32, pure = false} %from, %to : tensor<32x!tt.ptr<i8>>, tensor<32x!tt.ptr<i8>> -> tensor<32xi8>
  tt.return
}

// Narrow elements as the low bits of 32, others in the registers of their width; a clobber is no operand.
// CHECK-LABEL: .entry letters
// CHECK-DAG: cvt.u32.u8 [[BYTE:%r[0-9]+]], %h{{[0-9]+}};
// CHECK-DAG: cvt.u32.u16 [[HALF:%r[0-9]+]], [[H:%h[0-9]+]];
// CHECK: { take [[F:%r[0-9]+]], [[Y:%h[0-9]+]], [[BYTE]], [[HALF]], [[H]], %p{{[0-9]+}};
// CHECK-DAG: st.global.b32 [{{.*}}], [[F]]
// CHECK-DAG: mov.b16 [[LOW:%h[0-9]+]], [[Y]];
// CHECK-DAG: st.global.b8 [{{.*}}], [[LOW]]
tt.func public @letters(%p: !tt.ptr<i8>, %q: !tt.ptr<f16>, %o: !tt.ptr<f32>) {
  %zero = arith.constant dense<0.0> : tensor<32xf16>
  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>
  %ps = tt.splat %p : !tt.ptr<i8> -> tensor<32x!tt.ptr<i8>>
  %qs = tt.splat %q : !tt.ptr<f16> -> tensor<32x!tt.ptr<f16>>
  %os = tt.splat %o : !tt.ptr<f32> -> tensor<32x!tt.ptr<f32>>
  %pa = tt.addptr %ps, %r : tensor<32x!tt.ptr<i8>>, tensor<32xi32>
  %qa = tt.addptr %qs, %r : tensor<32x!tt.ptr<f16>>, tensor<32xi32>
  %oa = tt.addptr %os, %r : tensor<32x!tt.ptr<f32>>, tensor<32xi32>
  %b = tt.load %pa : tensor<32x!tt.ptr<i8>>
  %h = tt.load %qa : tensor<32x!tt.ptr<f16>>
  %c = arith.cmpf ogt, %h, %zero : tensor<32xf16>
  %f, %y = tt.elementwise_inline_asm "take $0, $1, $2, $3, $4, $5;" {constraints = "=f,=h, r, r,h,b,~{memory}", packed_element = 1 : i32, pure = true} %b, %h, %h, %c : tensor<32xi8>, tensor<32xf16>, tensor<32xf16>, tensor<32xi1> -> tensor<32xf32>, tensor<32xi8>
  tt.store %oa, %f : tensor<32x!tt.ptr<f32>>
  tt.store %pa, %y : tensor<32x!tt.ptr<i8>>
  tt.return
}

// Four elements at once: bytes share a register, floats do not. Where a thread has fewer, the last one fills up. A comment at the end
// hides nothing.
// CHECK-LABEL: .entry packed
// CHECK: ld.global.b8 [[A:%h[0-9]+]]
// CHECK: ld.global.b8 [[B:%h[0-9]+]]
// CHECK: mov.b32 a, {[[A]], [[B]]}; mov.b32 b, {[[B]], [[B]]}; prmt.b32 [[ALL:%r[0-9]+]], a, b, 0x6420;
// CHECK: { four [[R:%r[0-9]+]], [[ALL]], [[F:%r[0-9]+]], [[G:%r[0-9]+]], [[G]], [[G]]; // done
// CHECK-NEXT: }
// CHECK: bfe.u32 byte, [[R]], 0, 8;
// CHECK: bfe.u32 byte, [[R]], 8, 8;
// CHECK-NOT: bfe
tt.func public @packed(%p: !tt.ptr<i8>, %o: !tt.ptr<f32>) {
  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %ps = tt.splat %p : !tt.ptr<i8> -> tensor<64x!tt.ptr<i8>>
  %os = tt.splat %o : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  %pa = tt.addptr %ps, %r : tensor<64x!tt.ptr<i8>>, tensor<64xi32>
  %oa = tt.addptr %os, %r : tensor<64x!tt.ptr<f32>>, tensor<64xi32>
  %b = tt.load %pa : tensor<64x!tt.ptr<i8>>
  %f = tt.load %oa : tensor<64x!tt.ptr<f32>>
  %y = tt.elementwise_inline_asm "four $0, $1, $2, $3, $4, $5; // done" {constraints = "=r,r,r,r,r,r", packed_element = 4 : i32, pure = true} %b, %f : tensor<64xi8>, tensor<64xf32> -> tensor<64xi8>
  tt.store %pa, %y : tensor<64x!tt.ptr<i8>>
  tt.return
}

// FEW: there are fewer constraints than registers of results and operands
// MANY: there are more constraints than registers of results and operands
// ORDER: the constraints with '=' do not go with the results
// LETTER: the constraint '0' is none of h, r, l, f, d and b
// WRONG tt.func public @wrong(%p: !tt.ptr<i32>, %x: i32) {
// WRONG   %y = tt.elementwise_inline_asm "mov.b32 $0, $1;" {constraints = "CONSTRAINTS", packed_element = 1 : i32, pure = true} %x : i32 -> i32
// WRONG   tt.store %p, %y : !tt.ptr<i32>
// WRONG   tt.return
// WRONG }
