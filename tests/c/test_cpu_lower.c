/* test_cpu_lower.c: Triton IR run on the CPU: what the plan decides, and what must hold whatever it decides. */
#include "cpu/forms.h"
#include "cpu/internal.h"
#include "cpu/jit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>

#include <cmocka.h>

typedef struct Kernel {
  const char *text, *arch;
  CpuCode *code;
  CpuKernelFn *fn;
  int64_t scratch;
  const char *llir, *message;
} Kernel;

static void dispose(void *llvm) { LLVMContextDispose(llvm); }

static void build(Ctx *cx, void *arg) {
  Kernel *k = arg;
  Module *m = ir_read(cx, source_new(cx, "test.ttir", k->text, strlen(k->text), 1));
  cpu_llvm_init();
  const CpuIsa *isa = cpu_isa(cx, k->arch);
  TargetOptions o = {.common.enable_fp_fusion = true};
  KernelInfo info = {0};
  LLVMContextRef llvm = LLVMContextCreate();
  ctx_defer(cx, dispose, llvm);
  LLVMModuleRef lm = cpu_lower(cx, llvm, m, isa, &o, &info);
  char *wrong = NULL;
  if (LLVMVerifyModule(lm, LLVMReturnStatusAction, &wrong)) ctx_fail(cx, ERR_INTERNAL, "%s", wrong);
  LLVMDisposeMessage(wrong);
  char *text = LLVMPrintModuleToString(lm);
  k->llir = ctx_strndup(cx, text, strlen(text));
  LLVMDisposeMessage(text);
  cpu_optimize(cx, lm, isa, &o);
  Stage assembly, object;
  cpu_emit(cx, lm, isa, false, &assembly, &object);
  char error[256];
  k->code = cpu_code_load(object.bytes, object.len, info.name, &k->fn, error, sizeof error);
  if (!k->code) ctx_fail(cx, ERR_SYSTEM, "%s", error);
  k->scratch = info.shared;
}

static Ctx *compile_for(Kernel *k, const char *text, const char *arch) {
  Ctx *cx = ctx_new(NULL);
  assert_non_null(cx);
  *k = (Kernel){.text = text, .arch = arch};
  if (ctx_protect(cx, build, k)) {
    Buf b = {.cx = cx};
    for (const Diag *d = ctx_diags(cx); d; d = d->next) diag_render(&b, d, false);
    fail_msg("%s", buf_text(&b));
  }
  return cx;
}

static void launch(Kernel *k, uint32_t programs, const void *const *args) {
  uint32_t grid[3] = {programs, 1, 1};
  char error[256];
  if (cpu_pool_run(k->fn, args, grid, (size_t)k->scratch, NULL, error, sizeof error)) fail_msg("%s", error);
}

/* Every level of instruction set that this machine can run (the lower ones are subsets of the native one). */
static const char *const archs[] = {
    "native",
#if defined(__x86_64__)
    "x86-64",
    "x86-64-v3",
#endif
};

static int count(const char *text, const char *what) {
  int n = 0;
  for (; (text = strstr(text, what)); text += strlen(what)) n++;
  return n;
}

/* ---- kernels ----------------------------------------------------------------------------------------------------- */

static const char masked_add[] = "tt.func public @k(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %n: i32) {\n"
                                 "  %c = arith.constant 64 : i32\n"
                                 "  %p = tt.get_program_id x : i32\n"
                                 "  %b = arith.muli %p, %c : i32\n"
                                 "  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>\n"
                                 "  %s = tt.splat %b : i32 -> tensor<64xi32>\n"
                                 "  %o = arith.addi %s, %r : tensor<64xi32>\n"
                                 "  %ns = tt.splat %n : i32 -> tensor<64xi32>\n"
                                 "  %m = arith.cmpi slt, %o, %ns : tensor<64xi32>\n"
                                 "  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>\n"
                                 "  %xp = tt.addptr %xs, %o : tensor<64x!tt.ptr<f32>>, tensor<64xi32>\n"
                                 "  %v = tt.load %xp, %m : tensor<64x!tt.ptr<f32>>\n"
                                 "  %w = arith.addf %v, %v : tensor<64xf32>\n"
                                 "  %ys = tt.splat %y : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>\n"
                                 "  %yp = tt.addptr %ys, %o : tensor<64x!tt.ptr<f32>>, tensor<64xi32>\n"
                                 "  tt.store %yp, %w, %m : tensor<64x!tt.ptr<f32>>\n"
                                 "  tt.return\n"
                                 "}\n";

/* x[i + 1] = x[i] over a tile: every element is read before any is written. */
static const char shift_in_place[] = "tt.func public @k(%x: !tt.ptr<i32>) {\n"
                                     "  %one = arith.constant dense<1> : tensor<128xi32>\n"
                                     "  %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>\n"
                                     "  %xs = tt.splat %x : !tt.ptr<i32> -> tensor<128x!tt.ptr<i32>>\n"
                                     "  %p = tt.addptr %xs, %r : tensor<128x!tt.ptr<i32>>, tensor<128xi32>\n"
                                     "  %v = tt.load %p : tensor<128x!tt.ptr<i32>>\n"
                                     "  %q = tt.addptr %p, %one : tensor<128x!tt.ptr<i32>>, tensor<128xi32>\n"
                                     "  tt.store %q, %v : tensor<128x!tt.ptr<i32>>\n"
                                     "  tt.return\n"
                                     "}\n";

/* A load that is used after a store to the same place sees the old value. */
static const char load_then_store[] = "tt.func public @k(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>) {\n"
                                      "  %zero = arith.constant dense<0.0> : tensor<32xf32>\n"
                                      "  %r = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32>\n"
                                      "  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<32x!tt.ptr<f32>>\n"
                                      "  %p = tt.addptr %xs, %r : tensor<32x!tt.ptr<f32>>, tensor<32xi32>\n"
                                      "  %v = tt.load %p : tensor<32x!tt.ptr<f32>>\n"
                                      "  tt.store %p, %zero : tensor<32x!tt.ptr<f32>>\n"
                                      "  gpu.barrier\n"
                                      "  %w = tt.load %p : tensor<32x!tt.ptr<f32>>\n"
                                      "  %s = arith.subf %v, %w : tensor<32xf32>\n"
                                      "  %ys = tt.splat %y : !tt.ptr<f32> -> tensor<32x!tt.ptr<f32>>\n"
                                      "  %q = tt.addptr %ys, %r : tensor<32x!tt.ptr<f32>>, tensor<32xi32>\n"
                                      "  tt.store %q, %s : tensor<32x!tt.ptr<f32>>\n"
                                      "  tt.return\n"
                                      "}\n";

/* (a, b) = (b, a + b), n times. */
static const char swap_carried[] = "tt.func public @k(%x: !tt.ptr<i64>, %n: i32) {\n"
                                   "  %c0 = arith.constant 0 : i32\n"
                                   "  %c1 = arith.constant 1 : i32\n"
                                   "  %zero = arith.constant dense<0> : tensor<64xi64>\n"
                                   "  %one = arith.constant dense<1> : tensor<64xi64>\n"
                                   "  %f:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero, %b = %one) -> "
                                   "(tensor<64xi64>, tensor<64xi64>) : i32 {\n"
                                   "    %s = arith.addi %a, %b : tensor<64xi64>\n"
                                   "    scf.yield %b, %s : tensor<64xi64>, tensor<64xi64>\n"
                                   "  }\n"
                                   "  %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>\n"
                                   "  %xs = tt.splat %x : !tt.ptr<i64> -> tensor<64x!tt.ptr<i64>>\n"
                                   "  %p = tt.addptr %xs, %r : tensor<64x!tt.ptr<i64>>, tensor<64xi32>\n"
                                   "  tt.store %p, %f#0 : tensor<64x!tt.ptr<i64>>\n"
                                   "  tt.return\n"
                                   "}\n";

static const char softmax[] = "tt.func public @k(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %n: i32) {\n"
                              "  %inf = arith.constant dense<0xFF800000> : tensor<256xf32>\n"
                              "  %r = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>\n"
                              "  %ns = tt.splat %n : i32 -> tensor<256xi32>\n"
                              "  %m = arith.cmpi slt, %r, %ns : tensor<256xi32>\n"
                              "  %xs = tt.splat %x : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>\n"
                              "  %p = tt.addptr %xs, %r : tensor<256x!tt.ptr<f32>>, tensor<256xi32>\n"
                              "  %v = tt.load %p, %m, %inf : tensor<256x!tt.ptr<f32>>\n"
                              "  %max = \"tt.reduce\"(%v) <{axis = 0 : i32}> ({\n"
                              "  ^bb0(%a: f32, %b: f32):\n"
                              "    %c = arith.maxnumf %a, %b : f32\n"
                              "    tt.reduce.return %c : f32\n"
                              "  }) : (tensor<256xf32>) -> f32\n"
                              "  %maxs = tt.splat %max : f32 -> tensor<256xf32>\n"
                              "  %d = arith.subf %v, %maxs : tensor<256xf32>\n"
                              "  %e = math.exp %d : tensor<256xf32>\n"
                              "  %sum = \"tt.reduce\"(%e) <{axis = 0 : i32}> ({\n"
                              "  ^bb0(%a: f32, %b: f32):\n"
                              "    %c = arith.addf %a, %b : f32\n"
                              "    tt.reduce.return %c : f32\n"
                              "  }) : (tensor<256xf32>) -> f32\n"
                              "  %sums = tt.splat %sum : f32 -> tensor<256xf32>\n"
                              "  %q = arith.divf %e, %sums : tensor<256xf32>\n"
                              "  %ys = tt.splat %y : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>\n"
                              "  %yp = tt.addptr %ys, %r : tensor<256x!tt.ptr<f32>>, tensor<256xi32>\n"
                              "  tt.store %yp, %q, %m : tensor<256x!tt.ptr<f32>>\n"
                              "  tt.return\n"
                              "}\n";

/* One step of a matrix product whose row numbers are taken modulo m. */
static const char wrapped_dot[] =
    "tt.func public @k(%a: !tt.ptr<f32>, %c: !tt.ptr<f32>, %m: i32, %start: i32) {\n"
    "  %zero = arith.constant dense<0.0> : tensor<16x16xf32>\n"
    "  %k16 = arith.constant dense<16> : tensor<16x1xi32>\n"
    "  %r = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>\n"
    "  %ss = tt.splat %start : i32 -> tensor<16xi32>\n"
    "  %ms = tt.splat %m : i32 -> tensor<16xi32>\n"
    "  %row = arith.addi %ss, %r : tensor<16xi32>\n"
    "  %w = arith.remsi %row, %ms : tensor<16xi32>\n"
    "  %we = tt.expand_dims %w {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>\n"
    "  %wo = arith.muli %we, %k16 : tensor<16x1xi32>\n"
    "  %re = tt.expand_dims %r {axis = 0 : i32} : tensor<16xi32> -> tensor<1x16xi32>\n"
    "  %ce = tt.expand_dims %r {axis = 1 : i32} : tensor<16xi32> -> tensor<16x1xi32>\n"
    "  %co = arith.muli %ce, %k16 : tensor<16x1xi32>\n"
    "  %wb = tt.broadcast %wo : tensor<16x1xi32> -> tensor<16x16xi32>\n"
    "  %rb = tt.broadcast %re : tensor<1x16xi32> -> tensor<16x16xi32>\n"
    "  %cb = tt.broadcast %co : tensor<16x1xi32> -> tensor<16x16xi32>\n"
    "  %ao = arith.addi %wb, %rb : tensor<16x16xi32>\n"
    "  %do = arith.addi %cb, %rb : tensor<16x16xi32>\n"
    "  %as = tt.splat %a : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>\n"
    "  %ap = tt.addptr %as, %ao : tensor<16x16x!tt.ptr<f32>>, tensor<16x16xi32>\n"
    "  %x = tt.load %ap : tensor<16x16x!tt.ptr<f32>>\n"
    "  %t = tt.trans %x {order = array<i32: 1, 0>} : tensor<16x16xf32> -> tensor<16x16xf32>\n"
    "  %d = tt.dot %x, %t, %zero, inputPrecision = ieee : tensor<16x16xf32> * tensor<16x16xf32> -> tensor<16x16xf32>\n"
    "  %cs = tt.splat %c : !tt.ptr<f32> -> tensor<16x16x!tt.ptr<f32>>\n"
    "  %cp = tt.addptr %cs, %do : tensor<16x16x!tt.ptr<f32>>, tensor<16x16xi32>\n"
    "  tt.store %cp, %d : tensor<16x16x!tt.ptr<f32>>\n"
    "  tt.return\n"
    "}\n";

/* ---- tests ------------------------------------------------------------------------------------------------------- */

/* n floats that end where memory ends. */
static float *at_the_edge(size_t n, void **map, size_t *size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (n * sizeof(float) + page - 1) / page * page;
  *size = bytes + page;
  char *p = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(p != MAP_FAILED);
  assert_int_equal(mprotect(p + bytes, page, PROT_NONE), 0);
  *map = p;
  return (float *)(void *)(p + bytes - n * sizeof(float));
}

/* Masked-off elements are neither read nor written, on any processor: the tensors end at a page that must not be
 * touched. */
static void test_masks_touch_nothing(void **state) {
  (void)state;
  for (size_t a = 0; a < COUNT(archs); a++) {
    Kernel k;
    Ctx *cx = compile_for(&k, masked_add, archs[a]);
    for (int n = 1; n < 200; n += 13) {
      void *map[2];
      size_t size[2];
      float *x = at_the_edge((size_t)n, &map[0], &size[0]), *y = at_the_edge((size_t)n, &map[1], &size[1]);
      for (int i = 0; i < n; i++) x[i] = (float)i;
      const void *args[] = {&x, &y, &n};
      launch(&k, 4, args);
      for (int i = 0; i < n; i++) assert_true(y[i] == 2.0f * (float)i);
      munmap(map[0], size[0]);
      munmap(map[1], size[1]);
    }
    cpu_code_free(k.code);
    ctx_free(cx);
  }
}

static void test_tile_is_read_before_it_is_written(void **state) {
  (void)state;
  Kernel k;
  Ctx *cx = compile_for(&k, shift_in_place, "native");
  int x[129], *p = x;
  for (int i = 0; i < 129; i++) x[i] = i;
  const void *args[] = {&p};
  launch(&k, 1, args);
  assert_int_equal(x[0], 0);
  for (int i = 1; i < 129; i++) assert_int_equal(x[i], i - 1);
  cpu_code_free(k.code);
  ctx_free(cx);
}

static void test_loads_stay_before_later_stores(void **state) {
  (void)state;
  Kernel k;
  Ctx *cx = compile_for(&k, load_then_store, "native");
  float x[32], y[32], *px = x, *py = y;
  for (int i = 0; i < 32; i++) x[i] = (float)(i + 1);
  const void *args[] = {&px, &py};
  launch(&k, 1, args);
  for (int i = 0; i < 32; i++) assert_true(x[i] == 0 && y[i] == (float)(i + 1));
  cpu_code_free(k.code);
  ctx_free(cx);
}

static void test_carried_tensors_may_swap(void **state) {
  (void)state;
  Kernel k;
  Ctx *cx = compile_for(&k, swap_carried, "native");
  int64_t x[64], *p = x, a = 0, b = 1;
  int n = 50;
  const void *args[] = {&p, &n};
  launch(&k, 1, args);
  for (int i = 0; i < n; i++) {
    int64_t s = a + b;
    a = b;
    b = s;
  }
  for (int i = 0; i < 64; i++) assert_int_equal(x[i], a);
  cpu_code_free(k.code);
  ctx_free(cx);
}

/* Of softmax's tensors only the exponentials are kept: they are used twice and expensive. */
static void test_softmax_keeps_one_tensor(void **state) {
  (void)state;
  for (size_t a = 0; a < COUNT(archs); a++) {
    Kernel k;
    Ctx *cx = compile_for(&k, softmax, archs[a]);
    assert_int_equal(k.scratch, 64 + 256 * 4);
    for (int n = 1; n <= 256; n += 51) {
      float x[256], y[256], *px = x, *py = y;
      double sum = 0, top = 0;
      for (int i = 0; i < n; i++) {
        x[i] = sinf((float)i) * 5;
        top = fmax(top, x[i]);
      }
      for (int i = 0; i < n; i++) sum += exp(x[i] - top);
      const void *args[] = {&px, &py, &n};
      launch(&k, 1, args);
      for (int i = 0; i < n; i++) assert_true(fabs(y[i] - exp(x[i] - top) / sum) <= 1e-6 * exp(x[i] - top) / sum);
    }
    cpu_code_free(k.code);
    ctx_free(cx);
  }
}

/* Rows of a matrix, one per program: the nest that reads them a second time fetches the next program's, and no other
 * does. */
static void test_next_row_is_fetched(void **state) {
  (void)state;
  static const char rows[] = "tt.func public @k(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %stride: i32) {\n"
                             "  %p = tt.get_program_id x : i32\n"
                             "  %o = arith.muli %p, %stride : i32\n"
                             "  %r = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>\n"
                             "  %x0 = tt.addptr %x, %o : !tt.ptr<f32>, i32\n"
                             "  %xs = tt.splat %x0 : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>\n"
                             "  %xp = tt.addptr %xs, %r : tensor<256x!tt.ptr<f32>>, tensor<256xi32>\n"
                             "  %v = tt.load %xp : tensor<256x!tt.ptr<f32>>\n"
                             "  %s = \"tt.reduce\"(%v) <{axis = 0 : i32}> ({\n"
                             "  ^bb0(%a: f32, %b: f32):\n"
                             "    %c = arith.addf %a, %b : f32\n"
                             "    tt.reduce.return %c : f32\n"
                             "  }) : (tensor<256xf32>) -> f32\n"
                             "  %ss = tt.splat %s : f32 -> tensor<256xf32>\n"
                             "  %w = arith.subf %v, %ss : tensor<256xf32>\n"
                             "  %y0 = tt.addptr %y, %o : !tt.ptr<f32>, i32\n"
                             "  %ys = tt.splat %y0 : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>>\n"
                             "  %yp = tt.addptr %ys, %r : tensor<256x!tt.ptr<f32>>, tensor<256xi32>\n"
                             "  tt.store %yp, %w : tensor<256x!tt.ptr<f32>>\n"
                             "  tt.return\n"
                             "}\n";
  Kernel k;
  Ctx *cx = compile_for(&k, rows, "x86-64-v3");
  const char *fetch = strstr(k.llir, "call void @llvm.prefetch"), *minus = strstr(k.llir, "fsub");
  assert_non_null(fetch);
  assert_non_null(minus);
  assert_null(strstr(minus, "call void @llvm.prefetch")); /* in front of the subtraction, */
  assert_non_null(strstr(k.llir, "fadd"));
  assert_true(fetch > strstr(k.llir, "fadd")); /* behind the sum */
  cpu_code_free(k.code);
  ctx_free(cx);

  cx = compile_for(&k, masked_add, "x86-64-v3"); /* reads once */
  assert_null(strstr(k.llir, "llvm.prefetch"));
  cpu_code_free(k.code);
  ctx_free(cx);
}

/* The product reads the operands in place, transposed or not, unless the row numbers wrap. */
static void test_dot_operands_that_wrap(void **state) {
  (void)state;
  Kernel k;
  Ctx *cx = compile_for(&k, wrapped_dot, "native");
  assert_int_equal(count(k.llir, "call void @ttc_rt_dot"), 1);
  assert_int_equal(count(k.llir, "call void @ttc_rt_transpose"), 0);
  float a[40 * 16], c[256], *pa = a, *pc = c;
  for (int i = 0; i < 40 * 16; i++) a[i] = (float)(i % 37) - 18;
  int m = 40;
  for (int start = 0; start < 40; start += 8) {
    const void *args[] = {&pa, &pc, &m, &start};
    launch(&k, 1, args);
    for (int i = 0; i < 16; i++)
      for (int j = 0; j < 16; j++) {
        float want = 0;
        for (int q = 0; q < 16; q++) want += a[(start + i) % m * 16 + q] * a[(start + j) % m * 16 + q];
        assert_true(c[16 * i + j] == want);
      }
  }
  cpu_code_free(k.code);
  ctx_free(cx);
}

static void build_only(Ctx *cx, void *arg) { build(cx, arg); }

/* What the backend cannot do is an error with a reason, and leaves nothing behind. */
static void test_unsupported(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Kernel k = {.arch = "native",
              .text = "tt.func public @k(%x: !tt.ptr<i16>) {\n"
                      "  %a = arith.constant dense<1> : tensor<16x16xi16>\n"
                      "  %c = arith.constant dense<0> : tensor<16x16xi32>\n"
                      "  %d = tt.dot %a, %a, %c, inputPrecision = ieee : tensor<16x16xi16> * tensor<16x16xi16> -> "
                      "tensor<16x16xi32>\n"
                      "  tt.return\n"
                      "}\n"};
  assert_int_not_equal(ctx_protect(cx, build_only, &k), ERR_NONE);
  assert_non_null(ctx_diags(cx));
  assert_non_null(strstr(ctx_diags(cx)->message, "i16"));
  ctx_free(cx);
}

/* ---- forms of lanes ---------------------------------------------------------------------------------------------- */

static const char of_forms[] =
    "tt.func public @k(%n: i32, %s: tensor<64xi16>, %m: tensor<64xi1>, %t: tensor<64xi64>,\n"
    "                  %x: tensor<64xf32>) {\n"
    "  %i = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>\n"
    "  %j = tt.make_range {end = 65 : i32, start = 1 : i32} : tensor<64xi32>\n"
    "  %ns = tt.splat %n : i32 -> tensor<64xi32>\n"
    "  %o = arith.addi %ns, %i : tensor<64xi32>\n"
    "  %add = arith.addi %i, %j : tensor<64xi32>\n"
    "  %mul = arith.muli %i, %j : tensor<64xi32>\n"
    "  %shl = arith.shli %i, %j : tensor<64xi32>\n"
    "  %less = arith.cmpi slt, %i, %j : tensor<64xi32>\n"
    "  %below = arith.cmpi ult, %i, %j : tensor<64xi32>\n"
    "  %same = arith.cmpi eq, %i, %j : tensor<64xi32>\n"
    "  %short = arith.cmpi slt, %s, %s : tensor<64xi16>\n"
    "  %both = arith.andi %m, %m : tensor<64xi1>\n"
    "  %bits = arith.andi %i, %j : tensor<64xi32>\n"
    "  %rem = arith.remsi %i, %j : tensor<64xi32>\n"
    "  %rem_any = arith.remui %i, %j : tensor<64xi32>\n"
    "  %i64 = arith.extsi %i : tensor<64xi32> to tensor<64xi64>\n"
    "  %j64 = arith.extsi %j : tensor<64xi32> to tensor<64xi64>\n"
    "  %quot_low = arith.divsi %i64, %t : tensor<64xi64>\n"
    "  %quot_high = arith.divsi %t, %j64 : tensor<64xi64>\n"
    "  %wide = arith.extsi %i : tensor<64xi32> to tensor<64xi64>\n"
    "  %wider = arith.extsi %s : tensor<64xi16> to tensor<64xi64>\n"
    "  %open = arith.cmpi slt, %o, %ns : tensor<64xi32>\n"
    "  %open_same = arith.cmpi eq, %o, %j : tensor<64xi32>\n"
    "  %open_wide = arith.extsi %o : tensor<64xi32> to tensor<64xi64>\n"
    "  %open_address = arith.extsi %o {in = \"address\"} : tensor<64xi32> to tensor<64xi64>\n"
    "  %div = arith.divf %x, %x : tensor<64xf32>\n"
    "  tt.return\n"
    "}\n";

/* U: uniform, C: a known number, 9; A: a step of 1, a: one of 2, L: a large step, N: an unknown one; R: a range;
 * V: a vector. */
static LaneForm form_of(char c) {
  static const char one, two, large, unknown;
  switch (c) {
  case 'U': return (LaneForm){.kind = LANE_UNIFORM};
  case 'C': return (LaneForm){.kind = LANE_UNIFORM, .is_constant = true, .v = {true, 9}};
  case 'A': return (LaneForm){.kind = LANE_AFFINE, .step = {true, 1}, .step_id = &one};
  case 'a': return (LaneForm){.kind = LANE_AFFINE, .step = {true, 2}, .step_id = &two};
  case 'L': return (LaneForm){.kind = LANE_AFFINE, .step = {true, 1 << 24}, .step_id = &large};
  case 'N': return (LaneForm){.kind = LANE_AFFINE, .step_id = &unknown};
  case 'R': return (LaneForm){.kind = LANE_RANGE};
  default: return (LaneForm){.kind = LANE_VECTOR, .depth = 1};
  }
}

static void check_forms(Ctx *cx, void *arg) {
  (void)arg;
  static const struct {
    const char *op, *operands;
    ElementForm form;
  } cases[] = {
      {"add", "UC", ELEMENT_SCALARS},
      {"add", "UA", ELEMENT_AFFINE},
      {"add", "AN", ELEMENT_AFFINE},
      {"add", "AV", ELEMENT_VECTORS},
      {"mul", "AU", ELEMENT_AFFINE},
      {"mul", "AA", ELEMENT_VECTORS},
      {"shl", "AC", ELEMENT_AFFINE},
      {"shl", "AU", ELEMENT_VECTORS},
      {"less", "AU", ELEMENT_RANGE},
      {"less", "UA", ELEMENT_RANGE_SWAPPED},
      {"less", "aA", ELEMENT_RANGE},
      {"less", "Aa", ELEMENT_VECTORS},
      {"less", "AA", ELEMENT_BASES},
      {"less", "NN", ELEMENT_BASES},
      {"less", "NU", ELEMENT_VECTORS},
      {"less", "VU", ELEMENT_VECTORS},
      {"below", "AU", ELEMENT_VECTORS},
      {"below", "AA", ELEMENT_VECTORS},
      {"same", "AA", ELEMENT_BASES},
      {"same", "AU", ELEMENT_VECTORS},
      {"short", "AU", ELEMENT_VECTORS},
      {"short", "AA", ELEMENT_VECTORS},
      {"both", "RR", ELEMENT_MEET},
      {"both", "UR", ELEMENT_MEET},
      {"both", "RU", ELEMENT_MEET},
      {"both", "RV", ELEMENT_VECTORS},
      {"bits", "AU", ELEMENT_VECTORS},
      {"rem", "AU", ELEMENT_INT_QUOTIENT},
      {"rem", "VU", ELEMENT_INT_QUOTIENT},
      {"rem", "AC", ELEMENT_VECTORS},
      {"rem", "AA", ELEMENT_VECTORS},
      {"rem_any", "AU", ELEMENT_VECTORS},
      {"quot_low", "AU", ELEMENT_INT_QUOTIENT},
      {"quot_low", "VC", ELEMENT_INT_QUOTIENT},
      {"quot_low", "VV", ELEMENT_VECTORS},
      {"quot_high", "AU", ELEMENT_VECTORS},
      {"wide", "A", ELEMENT_AFFINE},
      {"wide", "L", ELEMENT_VECTORS},
      {"wide", "N", ELEMENT_VECTORS},
      {"wider", "A", ELEMENT_VECTORS},
      {"div", "VU", ELEMENT_QUOTIENT},
      {"div", "VC", ELEMENT_VECTORS},
      {"div", "VV", ELEMENT_VECTORS},
      {"open", "AU", ELEMENT_VECTORS},
      {"open", "AA", ELEMENT_VECTORS},
      {"open_same", "AA", ELEMENT_BASES},
      {"open_wide", "A", ELEMENT_VECTORS},
      {"open_address", "A", ELEMENT_AFFINE},
  };
  Module *m = ir_read(cx, source_new(cx, "forms.ttir", of_forms, strlen(of_forms), 1));
  const VectorLoop loop = {.index = index_analyze(cx, m), .lanes = 8, .extent = 64, .inner = 1, .is_open = true};
  Info plain = {0}, address = {.plan.in_address = true};
  for (Op *op = ir_entry(ir_module_func(m, "k"), 0)->first; op->nresults; op = op->next)
    op->results[0].data = strcmp(ir_attr_text_or(op, "in", ""), "address") ? &plain : &address;
  for (size_t i = 0; i < COUNT(cases); i++) {
    static const char *const names[] = {
        "i",         "j",     "ns",    "o",    "add",       "mul",       "shl",          "less", "below",
        "same",      "short", "both",  "bits", "rem",       "rem_any",   "i64",          "j64",  "quot_low",
        "quot_high", "wide",  "wider", "open", "open_same", "open_wide", "open_address", "div"};
    const Op *op = ir_entry(ir_module_func(m, "k"), 0)->first;
    for (size_t k = 0; strcmp(names[k], cases[i].op) != 0; k++) op = op->next;
    LaneForm in[2] = {form_of(cases[i].operands[0])};
    if (op->noperands > 1) in[1] = form_of(cases[i].operands[1]);
    ElementForm form = cpu_element_form(&loop, op, in);
    if (form != cases[i].form) fail_msg("%s of %s: %d, not %d", cases[i].op, cases[i].operands, form, cases[i].form);
  }
}

/* What form an op's result has, of operands in these forms. */
static void test_forms(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  assert_int_equal(ctx_protect(cx, check_forms, NULL), ERR_NONE);
  ctx_free(cx);
}

static void test_passes_run_in_an_order_that_holds(void **state) {
  (void)state;
  const PassOrder *broken;
  for (size_t i = 0; i < cpu_npasses; i++) {
    broken = opt_broken_order(cpu_passes[i].at, cpu_passes[i].n, opt_pass_orders, opt_npass_orders);
    if (broken) fail_msg("%s must run before %s: %s", broken->first->name, broken->then->name, broken->why);
  }
  const Pass *turned[] = {&opt_pass_split_pointers, &opt_pass_version_loops};
  broken = opt_broken_order(turned, 2, opt_pass_orders, opt_npass_orders);
  assert_true(broken && broken->first == &opt_pass_version_loops);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_masks_touch_nothing),
      cmocka_unit_test(test_tile_is_read_before_it_is_written),
      cmocka_unit_test(test_loads_stay_before_later_stores),
      cmocka_unit_test(test_carried_tensors_may_swap),
      cmocka_unit_test(test_softmax_keeps_one_tensor),
      cmocka_unit_test(test_next_row_is_fetched),
      cmocka_unit_test(test_dot_operands_that_wrap),
      cmocka_unit_test(test_unsupported),
      cmocka_unit_test(test_forms),
      cmocka_unit_test(test_passes_run_in_an_order_that_holds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
