/* test_index.c: index analysis: cases by hand, what it must not be too weak for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index/index.h"

/* ---- cases by hand ----------------------------------------------------------------------------------------------- */

typedef struct Shown {
  IndexInfo *ix;
  Buf out;
} Shown;

/* Results of ops that have a name, loc("name"). */
static void show_op(Op *op, void *arg) {
  Shown *s = arg;
  if (op->loc->kind != LOC_NAME || !op->nresults) return;
  buf_printf(&s->out, "%s: ", op->loc->name);
  index_print(s->ix, &s->out, &op->results[0]);
  buf_putc(&s->out, '\n');
}

typedef struct Case {
  const char *program, *expected;
} Case;

static const char matmul[] =
    "module {\n"
    "tt.func public @f(%a: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %c: !tt.ptr<f32> {tt.divisibility = 16 : i32},\n"
    "                  %ip: !tt.ptr<i32>, %m: i32, %n: i32 {tt.divisibility = 16 : i32},\n"
    "                  %s: i32 {tt.divisibility = 16 : i32}) {\n"
    "  %c64 = arith.constant 64 : i32\n"
    "  %c0 = arith.constant 0 : i32\n"
    "  %step = arith.constant dense<32> : tensor<64x32xi32>\n"
    "  %pid = tt.get_program_id x : i32\n"
    "  %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32>\n"
    "  %k = tt.make_range {start = 0 : i32, end = 32 : i32} : tensor<32xi32>\n"
    "  %p0 = arith.muli %pid, %c64 : i32\n"
    "  %p1 = tt.splat %p0 : i32 -> tensor<64xi32>\n"
    "  %om = arith.addi %p1, %r : tensor<64xi32> loc(\"rows\")\n"
    "  %ms = tt.splat %m : i32 -> tensor<64xi32>\n"
    "  %ow = arith.remsi %om, %ms : tensor<64xi32> loc(\"wrapped\")\n"
    "  %o2 = tt.expand_dims %ow {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>\n"
    "  %s2 = tt.splat %s : i32 -> tensor<64x1xi32>\n"
    "  %o3 = arith.muli %o2, %s2 : tensor<64x1xi32>\n"
    "  %a1 = tt.splat %a : !tt.ptr<f16> -> tensor<64x1x!tt.ptr<f16>>\n"
    "  %a2 = tt.addptr %a1, %o3 : tensor<64x1x!tt.ptr<f16>>, tensor<64x1xi32>\n"
    "  %k1 = tt.expand_dims %k {axis = 0 : i32} : tensor<32xi32> -> tensor<1x32xi32>\n"
    "  %k2 = tt.broadcast %k1 : tensor<1x32xi32> -> tensor<64x32xi32>\n"
    "  %a3 = tt.broadcast %a2 : tensor<64x1x!tt.ptr<f16>> -> tensor<64x32x!tt.ptr<f16>>\n"
    "  %a4 = tt.addptr %a3, %k2 : tensor<64x32x!tt.ptr<f16>>, tensor<64x32xi32> loc(\"tile\")\n"
    "  %z = arith.constant dense<0.0> : tensor<64x32xf16>\n"
    "  %l = scf.for %i = %c0 to %n step %c64 iter_args(%q = %a4) -> (tensor<64x32x!tt.ptr<f16>>)  : i32 {\n"
    "    %left = arith.subi %n, %i : i32\n"
    "    %ls = tt.splat %left : i32 -> tensor<1x32xi32>\n"
    "    %lm = arith.cmpi slt, %k1, %ls : tensor<1x32xi32>\n"
    "    %lb = tt.broadcast %lm : tensor<1x32xi1> -> tensor<64x32xi1> loc(\"bound\")\n"
    "    tt.store %q, %z, %lb : tensor<64x32x!tt.ptr<f16>>\n"
    "    %next = tt.addptr %q, %step : tensor<64x32x!tt.ptr<f16>>, tensor<64x32xi32>\n"
    "    scf.yield %next : tensor<64x32x!tt.ptr<f16>>\n"
    "  } loc(\"carried\")\n"
    "  %i1 = tt.splat %ip : !tt.ptr<i32> -> tensor<64x!tt.ptr<i32>>\n"
    "  %i2 = tt.addptr %i1, %om : tensor<64x!tt.ptr<i32>>, tensor<64xi32> loc(\"indices\")\n"
    "  %i3 = tt.load %i2 : tensor<64x!tt.ptr<i32>>\n"
    "  %i4 = tt.expand_dims %i3 {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>\n"
    "  %i5 = arith.muli %i4, %s2 : tensor<64x1xi32>\n"
    "  %c1 = tt.splat %c : !tt.ptr<f32> -> tensor<64x1x!tt.ptr<f32>>\n"
    "  %c2 = tt.addptr %c1, %i5 : tensor<64x1x!tt.ptr<f32>>, tensor<64x1xi32> loc(\"loaded\")\n"
    "  %c3 = tt.broadcast %c2 : tensor<64x1x!tt.ptr<f32>> -> tensor<64x32x!tt.ptr<f32>>\n"
    "  %c4 = tt.addptr %c3, %k2 : tensor<64x32x!tt.ptr<f32>>, tensor<64x32xi32> loc(\"gathered\")\n"
    "  %f = arith.constant dense<0.0> : tensor<64x32xf32>\n"
    "  tt.store %c4, %f : tensor<64x32x!tt.ptr<f32>>\n"
    "  tt.return\n"
    "}\n}\n";

static const Case cases[] = {
    {matmul, "rows: 64 pid + (1) i0 [64 64 1]\n"
             "wrapped: ow + (1)% i0 [1 1 1]\n"
             "tile: a + 2 s ow + (2 s)% i0 + (2) i1 [1 2 1] [32 16 1]\n"
             "carried: l + (2 s)% i0 + (2) i1 [1 2 1] [32 16 1]\n"
             "bound: lb + (?) i1 where i1 < n - i, [1 1 64] [1 1 16]\n"
             "indices: ip + 256 pid + (4) i0 [64 1 1]\n"
             "loaded: c + 4 s i4 + (?) i0 [1 16 1] [1 16 1]\n"
             "gathered: c3 + (?) i0 + (4) i1 [1 4 1] [32 16 1]\n"},
};

static void check_case(Ctx *cx, void *arg) {
  const Case *c = arg;
  Module *m = ir_read(cx, source_new(cx, "case", c->program, strlen(c->program), 1));
  Shown s = {index_analyze(cx, m), {.cx = cx}};
  ir_walk(m->op, show_op, &s);
  assert_string_equal(buf_text(&s.out), c->expected);
}

static void test_cases(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    Ctx *cx = ctx_new(NULL);
    assert_int_equal(ctx_protect(cx, check_case, (void *)&cases[i]), ERR_NONE);
    ctx_free(cx);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
