/* test_index.c: index analysis.
 *
 * Its law: evaluated at every index, a value's form gives what the program computes, and so do contiguity, divisibility,
 * constancy, intervals, masks and steps. Random programs (index_random.h) are run by an interpreter (index_run.h) that
 * compares all that the analysis says with what it computed. Before that, cases by hand: what the analysis must not be
 * too weak for.
 */
#include "index_random.h"

/* ---- cases by hand ----------------------------------------------------------------------------------------------- */

typedef struct Shown {
  IndexInfo *ix;
  Buf out;
} Shown;

/* Results of ops that have a name, loc("name"). */
static void show_op(Op *op, void *arg) {
  Shown *s = arg;
  const Loc *loc = ir_loc_printed(s->out.cx, op->loc);
  if (loc->kind != LOC_NAME || !op->nresults) return;
  buf_printf(&s->out, "%s: ", loc->name);
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

/* ---- accesses ---------------------------------------------------------------------------------------------------- */

typedef struct Stores {
  IndexInfo *ix;
  IndexAccess a[2];
  int n;
} Stores;

static void note_store(Op *op, void *arg) {
  Stores *s = arg;
  if (op->code == OP_STORE && s->n < 2) assert_true(index_access(s->ix, op, &s->a[s->n++]));
}

static Stores stores_of(Ctx *cx, const char *text) {
  Module *m = ir_read(cx, source_new(cx, "case", text, strlen(text), 1));
  Stores s = {.ix = index_analyze(cx, m)};
  ir_walk(m->op, note_store, &s);
  assert_int_equal(s.n, 2);
  return s;
}

static void check_accesses(Ctx *cx, void *arg) {
  (void)arg;
  Stores wrapping = stores_of(cx, matmul);
  char *text = ctx_strndup(cx, matmul, sizeof matmul), *rem = strstr(text, "arith.remsi");
  memcpy(rem, "arith.addi ", 11);
  Stores plain = stores_of(cx, text);
  memcpy(strstr(text, "%s: i32 {tt.divisibility = 16"), "%s: i32 {tt.divisibility = 4 ", 29);
  Stores narrow = stores_of(cx, text);

  const IndexAccess *a = &plain.a[0]; /* a tile of a matrix, its columns bounded */
  assert_true(a->box && a->box_aligned && a->is_bounded && a->inner == 1);
  assert_true(a->ptr->root && a->offset && a->elem_bytes == 2 && a->rank == 2);
  assert_int_equal(a->width[0], 1);
  assert_int_equal(a->width[1], 8);
  assert_true(a->mask && a->mask->nbounds == 1 && a->mask->bounds[0].kind == INDEX_BELOW &&
              a->mask->bounds[0].axis == 1);

  a = &wrapping.a[0]; /* its rows start again where the matrix ends */
  assert_true(!a->box && a->ptr->axis[0].wrap && a->width[1] == 8);
  a = &narrow.a[0]; /* rows of other than 16 bytes */
  assert_true(!a->box && !a->box_aligned && a->width[1] == 4);
  a = &plain.a[1]; /* rows at loaded indices: their width, but no box */
  assert_true(!a->box && !a->mask && !a->ptr->axis[0].stride && a->width[1] == 4 && a->width[0] == 1);
}

static void test_accesses(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  assert_int_equal(ctx_protect(cx, check_accesses, NULL), ERR_NONE);
  ctx_free(cx);
}

/* ---- from one program to the next -------------------------------------------------------------------------------- */

static void show_steps(Op *op, void *arg) {
  Shown *s = arg;
  const Loc *loc = ir_loc_printed(s->out.cx, op->loc);
  if (loc->kind != LOC_NAME || !op->nresults) return;
  for (int axis = 0; axis < 2; axis++) {
    const IndexSum *step = index_program_step(s->ix, &op->results[0], axis);
    const IndexTerm *t = step && step->n ? &step->terms[0] : NULL;
    const Value *factor = t ? t->factors[0] : NULL;
    buf_printf(&s->out, "%s%s ", axis ? "" : loc->name, axis ? "" : ":");
    if (!step)
      buf_printf(&s->out, "?");
    else if (!t)
      buf_printf(&s->out, "%d", (int)step->constant);
    else
      buf_printf(&s->out, "%d+%d%s", (int)step->constant, (int)t->times, factor->hint);
  }
  buf_putc(&s->out, '\n');
}

static void check_program_steps(Ctx *cx, void *arg) {
  static const char program[] =
      "module {\n"
      "tt.func public @f(%a: !tt.ptr<f32>, %ip: !tt.ptr<i32>, %s: i32, %n: i32) {\n"
      "  %c0 = arith.constant 0 : i32\n"
      "  %c64 = arith.constant 64 : i32\n"
      "  %x = tt.get_program_id x : i32\n"
      "  %y = tt.get_program_id y : i32\n"
      "  %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32>\n"
      "  %row = arith.muli %x, %s : i32\n"
      "  %part = arith.muli %y, %c64 : i32\n"
      "  %first = arith.addi %row, %part : i32 loc(\"first\")\n"
      "  %all = tt.splat %first : i32 -> tensor<64xi32>\n"
      "  %at = arith.addi %all, %r : tensor<64xi32>\n"
      "  %p = tt.splat %a : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>\n"
      "  %q = tt.addptr %p, %at : tensor<64x!tt.ptr<f32>>, tensor<64xi32> loc(\"pointers\")\n"
      "  %l:2 = scf.for %i = %c0 to %n step %c64 iter_args(%k = %q, %t = %row) -> (tensor<64x!tt.ptr<f32>>, i32)  : "
      "i32 {\n"
      "    %next = tt.addptr %k, %all : tensor<64x!tt.ptr<f32>>, tensor<64xi32> loc(\"carried\")\n"
      "    %more = arith.addi %t, %i : i32 loc(\"in the loop\")\n"
      "    scf.yield %next, %more : tensor<64x!tt.ptr<f32>>, i32\n"
      "  }\n"
      "  %square = arith.muli %row, %x : i32 loc(\"square\")\n"
      "  %group = arith.divsi %x, %s : i32 loc(\"quotient\")\n"
      "  %same = arith.divsi %n, %s : i32 loc(\"of arguments\")\n"
      "  %where = tt.addptr %ip, %x : !tt.ptr<i32>, i32\n"
      "  %loaded = tt.load %where : !tt.ptr<i32> loc(\"loaded\")\n"
      "  tt.return\n"
      "}\n}\n";
  (void)arg;
  Module *m = ir_read(cx, source_new(cx, "case", program, sizeof program - 1, 1));
  Shown s = {index_analyze(cx, m), {.cx = cx}};
  ir_walk(m->op, show_steps, &s);
  assert_string_equal(buf_text(&s.out), "first: 0+1s 64\n"
                                        "pointers: 0+4s 256\n"
                                        "carried: 0+8s 512\n"
                                        "in the loop: 0+1s 0\n"
                                        "square: ? 0\n"
                                        "quotient: ? 0\n"
                                        "of arguments: 0 0\n"
                                        "loaded: ? 0\n");
}

static void test_program_steps(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  assert_int_equal(ctx_protect(cx, check_program_steps, NULL), ERR_NONE);
  ctx_free(cx);
}

/* ---- the law on random programs ---------------------------------------------------------------------------------- */

static Run totals;

typedef struct Program {
  uint64_t seed;
  bool strict;
} Program;

static void check_random(Ctx *cx, void *arg) {
  const Program *p = arg;
  uint64_t seed = p->seed;
  Gen g = {.cx = cx, .state = mix(seed), .seed = seed, .lies = p->strict};
  Module *m = random_module(&g);
  const char *wrong = ir_verify(cx, m);
  if (wrong) fail_msg("%s", wrong);
  if (getenv("SHOW")) /* look at one: SHOW=1 SEED=n */ {
    Buf b = {.cx = cx};
    ir_print(&b, m, (PrintOptions){.no_locations = true});
    puts(buf_text(&b));
  }
  Run r = {.cx = cx, .seed = seed, .strict = p->strict};
  r.ix = p->strict ? index_analyze_strictly(cx, m) : index_analyze(cx, m);
  const Block *entry = ir_entry(ir_module_func(m, "f"), 0);
  for (int i = 0; i < entry->nargs; i++) fresh(&r, entry->args[i])->at[0] = argument(seed, i);
  for (int i = 0; i < entry->nargs; i++) check(&r, entry->args[i]);
  run_block(&r, entry);
  totals.checked += r.checked;
  totals.affine += r.affine;
  totals.bounds += r.bounds;
  totals.steps += r.steps;
  totals.sampled += r.sampled;
}

static void test_law(void **state) {
  (void)state;
  const char *one = getenv("SEED");
  uint64_t first = one ? strtoull(one, NULL, 10) : 1, n = one               ? 1
                                                          : getenv("SEEDS") ? strtoull(getenv("SEEDS"), NULL, 10)
                                                                            : 2000;
  static const uint64_t rare[] = {5285, 18502, 54114}; /* what few programs show */
  uint64_t more = one ? 0 : n / 2;                     /* of the unsigned kind, and with ends of types */
  for (uint64_t i = 0; i < n + 2 * more + (one ? 0 : COUNT(rare)); i++) {
    uint64_t seed = i < n              ? first + i
                    : i < n + more     ? UNSIGNED_SEEDS + i - n
                    : i < n + 2 * more ? END_SEEDS + i - n - more
                                       : rare[i - n - 2 * more];
    for (int strict = 0; strict < 2; strict++) {
      Ctx *cx = ctx_new(NULL);
      Program p = {seed, strict};
      Err e = ctx_protect(cx, check_random, &p);
      if (e != ERR_NONE) print_error("seed %" PRIu64 "%s\n", seed, strict ? ", strictly" : "");
      assert_int_equal(e, ERR_NONE);
      ctx_free(cx);
    }
  }
  /* The law must not hold for want of anything said. */
  if (one) return;
  printf("%" PRId64 " elements, %" PRId64 " moved by a stride, %" PRId64 " bounds, %" PRId64 " steps, %" PRId64
         " sampled\n",
         totals.checked, totals.affine, totals.bounds, totals.steps, totals.sampled);
  assert_true(totals.affine > totals.checked / 3 && totals.bounds > 10000 && totals.steps > 10000);
  assert_true(totals.sampled > 10000);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_accesses),
                                     cmocka_unit_test(test_program_steps), cmocka_unit_test(test_law)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
