/* test_ll.c: the builder's folding against a small interpreter on random expressions, value numbering under control
 * flow, the passes, the verifier, and what the printer prints.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ll/ll.h"

#include <stdio.h>
#include <string.h>

static const LLMods plain;

static void in_context(void (*run)(Ctx *cx, void *arg)) {
  Ctx *cx = ctx_new(NULL);
  Err e = ctx_protect(cx, run, NULL);
  Buf b = {.cx = cx};
  for (const Diag *d = ctx_diags(cx); d; d = d->next) diag_render(&b, d, false);
  if (e) fprintf(stderr, "%s\n", buf_text(&b));
  ctx_free(cx);
  assert_int_equal(e, ERR_NONE);
}
#define TEST(name)                                                                                                     \
  static void name##_run(Ctx *cx, void *arg);                                                                          \
  static void name(void **state) {                                                                                     \
    (void)state;                                                                                                       \
    in_context(name##_run);                                                                                            \
  }                                                                                                                    \
  static void name##_run(Ctx *cx, void *arg)

static LLFunc *new_func(Ctx *cx, int nparams) {
  static const LLType *const types[] = {&ll_ptr_global, &ll_i32, &ll_i32, &ll_i64, &ll_float};
  LLParam params[5] = {0};
  for (int i = 0; i < nparams; i++) params[i].type = types[i];
  return ll_func_new(ll_module_new(cx, "test"), "f", params, nparams);
}

static int count(const LLFunc *f, LLOp op) {
  int n = 0;
  for (const LLBlock *b = f->first; b; b = b->next)
    for (const LLInst *i = b->first; i; i = i->next) n += i->op == op;
  return n;
}

static void check(Ctx *cx, LLFunc *f) {
  const char *wrong = ll_verify(cx, f);
  if (wrong) fail_msg("%s", wrong);
}

/* ---- random integer expressions: built with constants, built with parameters and interpreted --------------------- */

static uint64_t seed;
static uint64_t next_random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  return seed ^= seed << 17;
}

static uint64_t all_ones(int bits) { return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1; }
static int64_t as_signed(uint64_t x, int bits) {
  return bits == 64 ? (int64_t)x : (int64_t)(x << (64 - bits)) >> (64 - bits);
}

/* What the machine computes; independent of fold.c's code. */
static uint64_t machine(LLOp op, int64_t imm, int bits, uint64_t x, uint64_t y, uint64_t z, int from_bits) {
  int64_t sx = as_signed(x, bits), sy = as_signed(y, bits);
  uint64_t r = 0;
  switch ((int)op) {
  case LL_ADD: r = x + y; break;
  case LL_SUB: r = x - y; break;
  case LL_MUL: r = x * y; break;
  case LL_AND: r = x & y; break;
  case LL_OR: r = x | y; break;
  case LL_XOR: r = x ^ y; break;
  case LL_UDIV: r = x / y; break;
  case LL_UREM: r = x % y; break;
  case LL_SDIV: r = (uint64_t)(sx / sy); break;
  case LL_SREM: r = (uint64_t)(sx % sy); break;
  case LL_SHL: r = x << y; break;
  case LL_LSHR: r = x >> y; break;
  case LL_ASHR: r = (uint64_t)(sx >> y); break;
  case LL_SMIN: r = sx < sy ? x : y; break;
  case LL_SMAX: r = sx > sy ? x : y; break;
  case LL_UMIN: r = x < y ? x : y; break;
  case LL_UMAX: r = x > y ? x : y; break;
  case LL_SELECT: r = x ? y : z; break;
  case LL_TRUNC:
  case LL_ZEXT: r = x; break;
  case LL_SEXT: r = (uint64_t)as_signed(x, from_bits); break;
  case LL_ICMP: {
    const bool all[] = {x == y, x != y, x > y, x >= y, x<y, x <= y, sx> sy, sx >= sy, sx < sy, sx <= sy};
    return all[imm];
  }
  default: fail_msg("no such op %s", ll_ops[op].id);
  }
  return r & all_ones(bits);
}

typedef struct Env {
  LLFunc *f;
  uint64_t params[8];
} Env;

/* Evaluates what the builder built. */
static uint64_t evaluate(const Env *env, const LLInst *i) {
  if (i->op == LL_CONST) return (uint64_t)i->imm;
  if (i->op == LL_PARAM) return env->params[i->imm];
  uint64_t a[3] = {0};
  for (int k = 0; k < i->nargs; k++) a[k] = evaluate(env, i->args[k]);
  int bits = i->op == LL_ICMP ? i->args[0]->type->bits : i->type->bits;
  return machine(i->op, i->imm, bits, a[0], a[1], a[2], i->args[0]->type->bits);
}

typedef struct Node {
  LLInst *value;    /* of the expression over parameters */
  LLInst *constant; /* of the same expression over their values: has to be a constant */
  uint64_t expected;
} Node;

static LLInst *random_op(LLBuilder *b, LLOp op, int64_t imm, LLInst *x, LLInst *y, LLInst *z, const LLType *t) {
  if (op == LL_ICMP) return ll_icmp(b, (LLPred)imm, x, y);
  if (op == LL_SELECT) return ll_select(b, x, y, z);
  if (op == LL_TRUNC || op == LL_ZEXT || op == LL_SEXT) return ll_op1(b, op, t, x);
  if (op >= LL_FIRST_INTRINSIC) return ll_call(b, op, NULL, x, y, NULL);
  return ll_op2(b, op, x, y);
}

enum { NODES = 40, ROUNDS = 3000 };

static void one_expression(LLBuilder *b, Env *env, int width) {
  static const LLOp ops[] = {LL_ADD, LL_SUB,  LL_MUL,  LL_AND,  LL_OR,   LL_XOR,  LL_UDIV, LL_SDIV, LL_UREM, LL_SREM,
                             LL_SHL, LL_LSHR, LL_ASHR, LL_SMIN, LL_SMAX, LL_UMIN, LL_UMAX, LL_ADD,  LL_SHL,  LL_AND};
  const LLType *t = ll_int(width);
  Node nodes[NODES];
  int n = 0;
  for (int p = 0; p < env->f->nparams; p++)
    nodes[n++] = (Node){ll_param(env->f, p), ll_const(b, t, env->params[p]), env->params[p]};
  for (; n < NODES; n++) {
    uint64_t pick = next_random();
    if (pick % 4 == 0) { /* small constants and powers of two are what rules look for */
      uint64_t small[] = {0, 1, 2, 3, 4, 7, 8, 15, 16, UINT64_MAX, all_ones(width) >> 1, 1 + (all_ones(width) >> 1)};
      uint64_t c = small[pick / 4 % COUNT(small)] & all_ones(width);
      nodes[n] = (Node){ll_const(b, t, c), ll_const(b, t, c), c};
      continue;
    }
    LLOp op = ops[pick / 4 % COUNT(ops)];
    Node *x = &nodes[next_random() % n], *y = &nodes[next_random() % n];
    if (pick / 128 % 8 == 0) { /* a comparison, used at once */
      int64_t p = (int64_t)(pick / 1024 % 10);
      Node *z = &nodes[next_random() % n];
      LLInst *c = ll_icmp(b, (LLPred)p, x->value, y->value), *k = ll_icmp(b, (LLPred)p, x->constant, y->constant);
      bool holds = machine(LL_ICMP, p, width, x->expected, y->expected, 0, 0);
      nodes[n] = (Node){ll_select(b, c, x->value, z->value), ll_select(b, k, x->constant, z->constant),
                        holds ? x->expected : z->expected};
      continue;
    }
    if (pick / 128 % 8 == 1 && width == 32) { /* out to 64 bits and back */
      LLOp ext = pick & 1024 ? LL_SEXT : LL_ZEXT;
      LLInst *v[2];
      for (int k = 0; k < 2; k++) {
        LLInst *wide = ll_op1(b, ext, &ll_i64, k ? x->constant : x->value),
               *by = ll_op1(b, ext, &ll_i64, k ? y->constant : y->value);
        v[k] = ll_op1(b, LL_TRUNC, t, ll_op2(b, LL_LSHR, ll_op2(b, LL_MUL, wide, by), ll_const_i64(b, 16)));
      }
      uint64_t p = ext == LL_SEXT ? (uint64_t)(as_signed(x->expected, 32) * as_signed(y->expected, 32))
                                  : x->expected * y->expected;
      nodes[n] = (Node){v[0], v[1], (p >> 16) & all_ones(32)};
      continue;
    }
    bool divides = op >= LL_UDIV && op <= LL_SREM, shifts = op >= LL_SHL && op <= LL_ASHR;
    if (divides && (y->expected == 0 || as_signed(y->expected, width) == -1)) op = LL_ADD;
    Node amount;
    if (shifts) {
      uint64_t c = pick / 4096 % (uint64_t)width;
      amount = (Node){ll_const(b, t, c), ll_const(b, t, c), c};
      y = &amount;
    }
    nodes[n].value = random_op(b, op, 0, x->value, y->value, NULL, t);
    nodes[n].constant = random_op(b, op, 0, x->constant, y->constant, NULL, t);
    nodes[n].expected = machine(op, 0, width, x->expected, y->expected, 0, width);
  }
  for (int i = NODES - 6; i < NODES; i++) {
    assert_int_equal(nodes[i].constant->op, LL_CONST);
    assert_int_equal((uint64_t)nodes[i].constant->imm, nodes[i].expected);
    assert_int_equal(nodes[i].expected & nodes[i].value->zeros, 0); /* bits said to be zero are */
  }
}

/* The last values are checked by evaluation too; shared subexpressions make that exponential, so on short ones only. */
static void short_expression(LLBuilder *b, Env *env, int width) {
  static const LLOp ops[] = {LL_ADD,  LL_SUB,  LL_MUL,  LL_AND,  LL_OR,   LL_XOR,  LL_SHL,
                             LL_LSHR, LL_ASHR, LL_UMIN, LL_UREM, LL_UDIV, LL_SDIV, LL_SREM};
  const LLType *t = ll_int(width);
  LLInst *v = ll_param(env->f, 0);
  uint64_t expected = env->params[0];
  for (int k = 0; k < 12; k++) {
    uint64_t pick = next_random();
    LLOp op = ops[pick % COUNT(ops)];
    bool shifts = op >= LL_SHL && op <= LL_ASHR, divides = op >= LL_UDIV && op <= LL_SREM;
    int p = (int)(pick / 64 % 2);
    bool constant = shifts || divides || pick & 0x10000;
    uint64_t c = shifts    ? pick / 128 % (uint64_t)width
                 : divides ? 1 + pick / 128 % 9
                           : (pick >> 20) & all_ones(pick & 0x20000 ? 5 : width);
    uint64_t y = constant ? c : env->params[p];
    v = random_op(b, op, 0, v, constant ? ll_const(b, t, c) : ll_param(env->f, p), NULL, t);
    expected = machine(op, 0, width, expected, y, 0, width);
  }
  assert_int_equal(evaluate(env, v), expected);
  assert_int_equal(expected & v->zeros, 0);
}

TEST(folding_agrees_with_the_machine) {
  (void)arg;
  seed = UINT64_C(0x9e3779b97f4a7c15);
  static const int widths[] = {8, 16, 32, 64};
  for (int round = 0; round < ROUNDS; round++) {
    int width = widths[round % 4];
    LLParam params[] = {{.type = ll_int(width), .align = 1 << (round % 5)}, {.type = ll_int(width)}};
    LLFunc *f = ll_func_new(ll_module_new(cx, "random"), "f", params, 2);
    Env env = {.f = f};
    for (int p = 0; p < 2; p++)
      env.params[p] = next_random() & all_ones(width) & ~(uint64_t)(p == 0 ? (1 << (round % 5)) - 1 : 0);
    LLBuilder b = ll_at_end(ll_entry(f));
    one_expression(&b, &env, width);
    short_expression(&b, &env, width);
    ll_ret(&b);
    check(cx, f);
  }
}

TEST(floats_fold_in_their_type) {
  (void)arg;
  LLFunc *f = new_func(cx, 0);
  LLBuilder b = ll_at_end(ll_entry(f));
  LLInst *h1 = ll_const_float(&b, &ll_half, 1), *tiny = ll_const_float(&b, &ll_half, 0x1p-11);
  assert_ptr_equal(ll_op2(&b, LL_FADD, h1, tiny), h1); /* a tie, to even */
  LLInst *third = ll_op2(&b, LL_FDIV, ll_const_float(&b, &ll_float, 1), ll_const_float(&b, &ll_float, 3));
  assert_int_equal(third->imm, 0x3eaaaaab);
  LLInst *big = ll_const_float(&b, &ll_half, 65504);
  assert_int_equal(ll_op2(&b, LL_FADD, big, big)->imm, 0x7c00);
  LLInst *zero = ll_const_float(&b, &ll_float, 0);
  assert_int_equal(ll_op2(&b, LL_FDIV, zero, zero)->op, LL_FDIV); /* a NaN is the machine's */
  assert_int_equal(ll_op1(&b, LL_FPTRUNC, &ll_bfloat, ll_const_float(&b, &ll_float, 1.00390625))->imm, 0x3f80);
  /* x + 0 is not x when x is -0; x + -0 is */
  LLFunc *g = new_func(cx, 5);
  b = ll_at_end(ll_entry(g));
  LLInst *x = ll_param(g, 4);
  assert_int_equal(ll_op2(&b, LL_FADD, x, ll_const_float(&b, &ll_float, 0))->op, LL_FADD);
  assert_ptr_equal(ll_op2(&b, LL_FADD, x, ll_const_float(&b, &ll_float, -0.0)), x);
  assert_int_equal(ll_op2(&b, LL_FDIV, x, ll_const_float(&b, &ll_float, 8))->op, LL_FMUL);
  assert_int_equal(ll_op2(&b, LL_FDIV, x, ll_const_float(&b, &ll_float, 3))->op, LL_FDIV);
}

/* ---- value numbering --------------------------------------------------------------------------------------------- */

TEST(values_are_shared_where_they_dominate) {
  (void)arg;
  LLFunc *f = new_func(cx, 3);
  LLBlock *yes = ll_block_new(f, ll_entry(f)), *no = ll_block_new(f, ll_entry(f)), *join = ll_block_new(f, ll_entry(f));
  LLInst *x = ll_param(f, 1), *y = ll_param(f, 2);
  LLBuilder b = ll_at_end(ll_entry(f)), by = ll_at_end(yes), bn = ll_at_end(no), bj = ll_at_end(join);
  LLInst *sum = ll_op2(&b, LL_ADD, x, y);
  ll_cond_br(&b, ll_icmp(&b, LLP_SLT, x, y), yes, NULL, 0, no, NULL, 0);
  assert_ptr_equal(ll_op2(&by, LL_ADD, y, x), sum); /* commuted, from above */
  LLInst *in_yes = ll_op2(&by, LL_MUL, x, y);
  assert_ptr_not_equal(ll_op2(&bn, LL_MUL, x, y), in_yes); /* neither branch dominates the other */
  assert_ptr_not_equal(ll_op2(&bj, LL_MUL, x, y), in_yes);
  LLInst *tid = ll_call(&by, LL_TID_X, NULL, NULL);
  assert_ptr_equal(ll_call(&by, LL_TID_X, NULL, NULL), tid);
  /* A shuffle is where its threads are: shared within a block only. */
  LLInst *s = ll_call(&b, LL_SHFL_BFLY, NULL, ll_const_i32(&b, -1), x, ll_const_i32(&b, 1), ll_const_i32(&b, 31), NULL);
  assert_ptr_equal(
      ll_call(&b, LL_SHFL_BFLY, NULL, ll_const_i32(&b, -1), x, ll_const_i32(&b, 1), ll_const_i32(&b, 31), NULL), s);
  assert_ptr_not_equal(
      ll_call(&by, LL_SHFL_BFLY, NULL, ll_const_i32(&b, -1), x, ll_const_i32(&b, 1), ll_const_i32(&b, 31), NULL), s);
  /* Loads are not shared, unless nobody writes there. */
  LLMods constant = {.flags = LLF_INVARIANT};
  assert_ptr_not_equal(ll_load(&bj, &ll_i32, ll_param(f, 0), plain), ll_load(&bj, &ll_i32, ll_param(f, 0), plain));
  assert_ptr_equal(ll_load(&bj, &ll_i32, ll_param(f, 0), constant), ll_load(&bj, &ll_i32, ll_param(f, 0), constant));
}

TEST(addresses_keep_constants_in_offsets) {
  (void)arg;
  LLFunc *f = new_func(cx, 2);
  f->threads = 128;
  LLBuilder b = ll_at_end(ll_entry(f));
  LLInst *pid = ll_op2(&b, LL_MUL, ll_call(&b, LL_CTAID_X, NULL, NULL), ll_const_i32(&b, 1024));
  LLInst *lane = ll_op2(&b, LL_SHL, ll_call(&b, LL_TID_X, NULL, NULL), ll_const_i32(&b, 2)), *v[2];
  for (int k = 0; k < 2; k++) {
    LLInst *i = ll_op2(&b, LL_ADD, pid, ll_op2(&b, LL_OR, lane, ll_const_i32(&b, 512 * k)));
    LLInst *bytes = ll_op2(&b, LL_SHL, ll_int_cast(&b, &ll_i64, i, true), ll_const_i64(&b, 2));
    v[k] = ll_load(&b, &ll_i32, ll_ptradd(&b, ll_param(f, 0), bytes, 0), plain);
  }
  assert_ptr_equal(v[0]->args[0], v[1]->args[0]);
  assert_int_equal(v[0]->imm, 0);
  assert_int_equal(v[1]->imm, 2048);
  /* A sum that may wrap stays inside its sign extension. */
  LLInst *n = ll_op2(&b, LL_ADD, ll_param(f, 1), ll_const_i32(&b, 1)), *wide = ll_int_cast(&b, &ll_i64, n, true);
  assert_int_equal(wide->op, LL_SEXT);
  assert_ptr_equal(wide->args[0], n);
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

/* for (i = 0; i < n; i++) out[i] = x * y + i */
static LLFunc *counted_loop(Ctx *cx, LLBlock **body_out) {
  LLFunc *f = new_func(cx, 3);
  LLBlock *head = ll_block_new(f, ll_entry(f)), *body = ll_block_new(f, head), *done = ll_block_new(f, head);
  LLBuilder b = ll_at_end(ll_entry(f));
  LLInst *zero = ll_const_i32(&b, 0);
  ll_br(&b, head, &zero, 1);
  LLInst *i = ll_block_param(head, &ll_i32);
  b = ll_at_end(head);
  ll_cond_br(&b, ll_icmp(&b, LLP_SLT, i, ll_param(f, 2)), body, NULL, 0, done, NULL, 0);
  b = ll_at_end(body);
  LLInst *product = ll_op2(&b, LL_MUL, ll_param(f, 1), ll_param(f, 2));
  LLInst *at = ll_op2(&b, LL_SHL, ll_int_cast(&b, &ll_i64, i, true), ll_const_i64(&b, 2));
  ll_store(&b, ll_ptradd(&b, ll_param(f, 0), at, 8), ll_op2(&b, LL_ADD, product, i), plain);
  LLInst *next = ll_op2f(&b, LL_ADD, i, ll_const_i32(&b, 1), LLF_NSW);
  ll_br(&b, head, &next, 1);
  b = ll_at_end(done);
  ll_ret(&b);
  *body_out = body;
  check(cx, f);
  return f;
}

TEST(invariants_leave_loops) {
  (void)arg;
  LLBlock *body;
  LLFunc *f = counted_loop(cx, &body);
  assert_true(ll_licm(f));
  check(cx, f);
  assert_int_equal(count(f, LL_MUL), 1);
  for (LLInst *i = body->first; i; i = i->next) assert_int_not_equal(i->op, LL_MUL);
  assert_int_equal(ll_entry(f)->first->op, LL_MUL);
  assert_false(ll_licm(f));
}

/* Chains go behind the loop in their order, before their first use there; what the loop reads or what is kept anyway stays. */
TEST(indices_go_behind_loops) {
  (void)arg;
  LLBlock *body;
  LLFunc *f = counted_loop(cx, &body);
  LLBlock *entry = ll_entry(f), *done = body->next;
  LLBuilder b = ll_before(entry->last);
  LLInst *base = ll_load(&b, &ll_i32, ll_param(f, 0), plain);
  LLInst *x = ll_op2(&b, LL_ADD, base, ll_const_i32(&b, 1)), *y = ll_op2(&b, LL_MUL, x, ll_param(f, 1));
  LLInst *z = ll_op2(&b, LL_XOR, y, x), *wide = ll_int_cast(&b, &ll_i64, z, true);
  LLInst *read = ll_op2(&b, LL_ADD, base, ll_const_i32(&b, 5));
  b = ll_before(body->first);
  ll_store(&b, ll_param(f, 0), read, plain);
  b = ll_before(done->last);
  ll_store(&b, ll_param(f, 0), y, plain);
  ll_store(&b, ll_ptradd(&b, ll_param(f, 0), wide, 0), x, plain);
  ll_store(&b, ll_param(f, 0), read, plain);
  check(cx, f);
  assert_true(ll_sink(f));
  check(cx, f);
  assert_ptr_equal(done->first, x);
  assert_ptr_equal(x->next, y);
  assert_int_equal(y->next->op, LL_STORE);
  assert_ptr_equal(y->next->next, z);
  assert_ptr_equal(z->next, wide);
  assert_ptr_equal(read->block, entry);
  assert_false(ll_sink(f));
}

TEST(addresses_are_stepped) {
  (void)arg;
  LLBlock *body;
  LLFunc *f = counted_loop(cx, &body);
  assert_true(ll_strength(f));
  ll_dce(f);
  check(cx, f);
  assert_int_equal(count(f, LL_SEXT), 0);
  for (LLInst *i = body->first; i; i = i->next)
    if (i->op == LL_STORE) {
      assert_int_equal(i->args[0]->op, LL_BLOCKPARAM);
      assert_int_equal(i->imm, 8);
    }
}

TEST(dead_code_goes) {
  (void)arg;
  LLFunc *f = new_func(cx, 3);
  LLBlock *loop = ll_block_new(f, ll_entry(f)), *done = ll_block_new(f, loop);
  LLBuilder b = ll_at_end(ll_entry(f));
  ll_load(&b, &ll_i32, ll_param(f, 0), plain);
  ll_br(&b, loop, (LLInst *[]){ll_param(f, 1), ll_param(f, 2)}, 2);
  LLInst *x = ll_block_param(loop, &ll_i32), *useless = ll_block_param(loop, &ll_i32);
  b = ll_at_end(loop);
  LLInst *less = ll_op2(&b, LL_ADD, x, ll_const_i32(&b, -1)), *grown = ll_op2(&b, LL_MUL, useless, useless);
  ll_cond_br(&b, ll_icmp(&b, LLP_SGT, less, ll_const_i32(&b, 0)), loop, (LLInst *[]){less, grown}, 2, done, NULL, 0);
  b = ll_at_end(done);
  ll_store(&b, ll_param(f, 0), x, plain);
  ll_ret(&b);
  assert_true(ll_dce(f));
  check(cx, f);
  assert_int_equal(count(f, LL_MUL) + count(f, LL_LOAD), 0);
  assert_int_equal(loop->nparams, 1);
  assert_false(ll_dce(f));
}

/* Two parameters that every edge gives one value are one; a third differs in what enters. */
TEST(equal_parameters_are_merged) {
  (void)arg;
  LLFunc *f = new_func(cx, 3);
  LLBlock *loop = ll_block_new(f, ll_entry(f)), *done = ll_block_new(f, loop);
  LLBuilder b = ll_at_end(ll_entry(f));
  LLInst *one = ll_const_i32(&b, 1), *n = ll_param(f, 1);
  ll_br(&b, loop, (LLInst *[]){n, n, one}, 3);
  LLInst *x = ll_block_param(loop, &ll_i32), *same = ll_block_param(loop, &ll_i32),
         *other = ll_block_param(loop, &ll_i32);
  b = ll_at_end(loop);
  LLInst *next = ll_op2(&b, LL_ADD, ll_op2(&b, LL_MUL, x, same), other);
  ll_cond_br(&b, ll_icmp(&b, LLP_SGT, next, ll_param(f, 2)), loop, (LLInst *[]){next, next, next}, 3, done, NULL, 0);
  b = ll_at_end(done);
  ll_store(&b, ll_param(f, 0), next, plain);
  ll_ret(&b);
  assert_true(ll_simplify_cfg(f));
  check(cx, f);
  assert_int_equal(loop->nparams, 2);
  for (const LLInst *i = loop->first; i; i = i->next)
    if (i->op == LL_MUL) assert_ptr_equal(i->args[0], i->args[1]);
  assert_false(ll_simplify_cfg(f));
}

TEST(small_ifs_become_predicates) {
  (void)arg;
  LLFunc *f = new_func(cx, 3);
  LLBlock *then = ll_block_new(f, ll_entry(f)), *after = ll_block_new(f, ll_entry(f));
  LLInst *merged = ll_block_param(after, &ll_i32), *x = ll_param(f, 1), *y = ll_param(f, 2);
  LLBuilder b = ll_at_end(ll_entry(f));
  LLInst *c = ll_icmp(&b, LLP_SLT, x, y);
  ll_cond_br(&b, c, then, NULL, 0, after, &x, 1);
  b = ll_at_end(then);
  LLInst *sum = ll_op2(&b, LL_ADD, x, y);
  ll_store(&b, ll_param(f, 0), sum, plain);
  ll_br(&b, after, &sum, 1);
  b = ll_at_end(after);
  ll_store(&b, ll_ptradd(&b, ll_param(f, 0), NULL, 4), merged, plain);
  ll_ret(&b);
  check(cx, f);
  assert_true(ll_predicate(f));
  ll_simplify_cfg(f);
  check(cx, f);
  assert_null(f->first->next); /* one block */
  assert_int_equal(count(f, LL_SELECT), 1);
  const LLInst *store = f->first->first;
  while (store->op != LL_STORE) store = store->next;
  assert_ptr_equal(ll_predicate_of(store), c);
}

TEST(half_operations_are_paired) {
  (void)arg;
  LLFunc *f = new_func(cx, 1);
  LLBuilder b = ll_at_end(ll_entry(f));
  const LLType *v8 = ll_vector(f->module, &ll_half, 8);
  LLInst *x = ll_load(&b, v8, ll_param(f, 0), plain),
         *y = ll_load(&b, v8, ll_ptradd(&b, ll_param(f, 0), NULL, 16), plain), *r[8];
  for (int e = 0; e < 8; e++) {
    LLInst *p = ll_op2(&b, LL_FMUL, ll_extract(&b, x, e), ll_extract(&b, y, e));
    r[e] = ll_op2(&b, LL_FADD, p, ll_const_float(&b, &ll_half, 1));
  }
  ll_store(&b, ll_ptradd(&b, ll_param(f, 0), NULL, 32), ll_build_vector(&b, r, 8), plain);
  ll_ret(&b);
  assert_true(ll_pack16(f, 80));
  ll_dce(f);
  check(cx, f);
  assert_int_equal(count(f, LL_FMUL), 4);
  assert_int_equal(count(f, LL_FADD), 4);
  for (const LLInst *i = f->first->first; i; i = i->next)
    if (i->op == LL_FMUL) assert_ptr_equal(i->type, &ll_half2);
}

/* ---- verifier and printer ---------------------------------------------------------------------------------------- */

TEST(verifier_refuses) {
  (void)arg;
  LLFunc *f = new_func(cx, 3);
  LLBlock *other = ll_block_new(f, ll_entry(f));
  LLBuilder b = ll_at_end(ll_entry(f));
  assert_non_null(strstr(ll_verify(cx, f), "no terminator"));
  ll_br(&b, other, NULL, 0);
  b = ll_at_end(other);
  LLInst *x = ll_op2(&b, LL_ADD, ll_param(f, 1), ll_param(f, 2));
  ll_store(&b, ll_param(f, 0), x, plain);
  ll_ret(&b);
  check(cx, f);
  ll_move(x, other, other->last); /* behind its use */
  assert_non_null(strstr(ll_verify(cx, f), "dominate"));
  ll_move(x, other, other->first);
  check(cx, f);
  x->args[0] = ll_param(f, 0);
  assert_non_null(strstr(ll_verify(cx, f), "operand types"));
  x->args[0] = ll_param(f, 1);
  ll_block_param(other, &ll_i32);
  assert_non_null(strstr(ll_verify(cx, f), "number of block arguments"));
}

TEST(printed_as_llvm) {
  (void)arg;
  LLBlock *body;
  LLFunc *f = counted_loop(cx, &body);
  f->threads = 64;
  Buf out = {.cx = cx};
  ll_print(&out, f->module, 80, false);
  static const char *const lines[] = {
      "define ptx_kernel void @f(ptr addrspace(1) %arg0, i32 %arg1, i32 %arg2) {\nb0:\n  br label %b1\n",
      "\nb1:\n",
      "= phi i32 [ 0, %b0 ], [ %v",
      ", %b2 ]\n",
      "= icmp slt i32 %v",
      ", label %b2, label %b3\n",
      "= mul i32 %arg1, %arg2\n",
      "store i32 %v",
      "= add nsw i32 %v",
      "getelementptr i8, ptr addrspace(1) %arg0, i64 %v",
      "!\"reqntidx\", i32 64"};
  const char *at = buf_text(&out);
  for (size_t i = 0; i < COUNT(lines) - 3; i++) { /* in this order */
    if (!(at = strstr(at, lines[i]))) fail_msg("not printed: %s", lines[i]);
  }
  for (size_t i = COUNT(lines) - 3; i < COUNT(lines); i++)
    if (!strstr(out.s, lines[i])) fail_msg("not printed: %s", lines[i]);
  Buf again = {.cx = cx};
  ll_print(&again, f->module, 80, false);
  assert_string_equal(buf_text(&again), buf_text(&out));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(folding_agrees_with_the_machine),
      cmocka_unit_test(floats_fold_in_their_type),
      cmocka_unit_test(values_are_shared_where_they_dominate),
      cmocka_unit_test(addresses_keep_constants_in_offsets),
      cmocka_unit_test(invariants_leave_loops),
      cmocka_unit_test(indices_go_behind_loops),
      cmocka_unit_test(addresses_are_stepped),
      cmocka_unit_test(dead_code_goes),
      cmocka_unit_test(equal_parameters_are_merged),
      cmocka_unit_test(small_ifs_become_predicates),
      cmocka_unit_test(half_operations_are_paired),
      cmocka_unit_test(verifier_refuses),
      cmocka_unit_test(printed_as_llvm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
