/* test_index.c: index analysis.
 *
 * Its law: evaluated at every index, a value's form gives what the program computes, and so do contiguity, divisibility,
 * constancy, intervals, masks and steps. Random programs over integers and pointers (arithmetic, shapes, loads, loops,
 * conditionals, masks, hints, assumptions) are run by the interpreter below, and all that the analysis says of each value
 * is compared with what was computed, in every iteration. Before that, cases by hand: what the analysis must not be too
 * weak for.
 *
 * What the analysis takes for granted is noticed by the interpreter, and what comes of it is not compared: index
 * arithmetic that overflows, and (for runs only) negative dividends. Products with large constants may overflow.
 */
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

/* ---- the interpreter --------------------------------------------------------------------------------------------- */

enum { NEGATIVE = 1, OVERFLOWN = 2 }; /* what is not promised of a value */

typedef struct Data {
  int64_t *at; /* sign-extended */
  unsigned flags;
} Data;

typedef struct Run {
  Ctx *cx;
  IndexInfo *ix;
  Map values;
  uint64_t seed;
  int64_t checked, affine, bounds, steps; /* how much was compared */
} Run;

static const Type *elem_of(const Type *t) { return t->kind == TYPE_TENSOR ? t->elem : t; }
static int bits_of(const Type *t) { return elem_of(t)->kind == TYPE_INT ? elem_of(t)->bits : 64; }
static int rank_of(const Type *t) { return ir_is_tensor(t) ? t->rank : 1; }
static int64_t extent_of(const Type *t, int d) { return ir_is_tensor(t) ? t->shape[d] : 1; }

static int64_t wrapped(int64_t x, int bits) {
  if (bits == 64) return x;
  if (bits == 1) return x & 1;
  uint64_t sign = UINT64_C(1) << (bits - 1), mask = (UINT64_C(1) << bits) - 1;
  return (int64_t)((((uint64_t)x & mask) ^ sign) - sign);
}

static Data *data_of(Run *r, const Value *v) {
  Data *d = map_get(&r->values, v);
  assert_non_null(d);
  return d;
}

static Data *fresh(Run *r, const Value *v) {
  Data *d = NEW(r->cx, Data);
  d->at = NEWN(r->cx, int64_t, ir_numel(v->type));
  map_put(r->cx, &r->values, v, d);
  return d;
}

static void unravel(const Type *t, int64_t k, int64_t *at) {
  for (int d = rank_of(t); d-- > 0; k /= extent_of(t, d)) at[d] = k % extent_of(t, d);
}

static int64_t ravel(const Type *t, const int64_t *at) {
  int64_t k = 0;
  for (int d = 0; d < rank_of(t); d++) k = k * extent_of(t, d) + at[d];
  return k;
}

static uint64_t mix(uint64_t z) { /* splitmix64's */
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static int64_t in_memory(const Run *r, int64_t address, int bits) {
  uint64_t x = mix((uint64_t)address * 0x9E3779B97F4A7C15u + r->seed);
  return bits == 1 ? (int64_t)(x & 1) : bits == 64 ? (int64_t)(x & 0xFFFFF) : (int64_t)(x % 61) - 3;
}

static bool overflows(Opcode code, int64_t x, int64_t y, int bits) {
  int64_t exact;
  bool out = code == OP_ADDI   ? __builtin_add_overflow(x, y, &exact)
             : code == OP_SUBI ? __builtin_sub_overflow(x, y, &exact)
                               : __builtin_mul_overflow(x, y, &exact);
  return out || wrapped(exact, bits) != exact;
}

static bool is_large(int64_t x) { return x >= 1 << 24 || x <= -(1 << 24); }

/* A product with a large constant: it may overflow. */
static bool is_hash(const Op *op) {
  int64_t k;
  for (int i = 0; i < 2 && op->code == OP_MULI; i++)
    if (ir_is_const_int(ir_operand(op, i), &k) && is_large(k)) return true;
  return false;
}

static int64_t compute(const Op *op, int64_t x, int64_t y, int bits, unsigned *flags) {
  Opcode code = op->code;
  uint64_t a = (uint64_t)x, b = (uint64_t)y;
  bool shift = code == OP_SHLI || code == OP_SHRSI || code == OP_SHRUI;
  if (shift && (y < 0 || y >= bits)) return *flags |= OVERFLOWN, 0;
  switch (code) {
  case OP_ADDI:
  case OP_SUBI:
  case OP_MULI:
    if (overflows(code, x, y, bits) && !is_hash(op)) *flags |= OVERFLOWN;
    return wrapped((int64_t)(code == OP_ADDI ? a + b : code == OP_SUBI ? a - b : a * b), bits);
  case OP_SHLI:
    if (wrapped((int64_t)(a << y), bits) >> y != x) *flags |= OVERFLOWN;
    return wrapped((int64_t)(a << y), bits);
  case OP_SHRSI: return x >> y;
  case OP_SHRUI: return wrapped((int64_t)((bits == 64 ? a : a & ((UINT64_C(1) << bits) - 1)) >> y), bits);
  case OP_ANDI: return x & y;
  case OP_ORI: return x | y;
  case OP_XORI: return x ^ y;
  case OP_MINSI: return x < y ? x : y;
  case OP_MAXSI: return x > y ? x : y;
  case OP_DIVSI:
  case OP_REMSI:
    if (x < 0) *flags |= NEGATIVE;
    if (y == 0 || y == -1) return *flags |= OVERFLOWN, 0;
    return code == OP_DIVSI ? x / y : x % y;
  default: fail_msg("the interpreter does not know %s", ir_ops[code].name); return 0;
  }
}

static bool compare(const char *p, int64_t x, int64_t y) {
  uint64_t a = (uint64_t)x, b = (uint64_t)y;
  if (!strcmp(p, "eq")) return x == y;
  if (!strcmp(p, "ne")) return x != y;
  if (p[0] == 's') return p[1] == 'l' ? (p[2] == 'e' ? x <= y : x < y) : (p[2] == 'e' ? x >= y : x > y);
  return p[1] == 'l' ? (p[2] == 'e' ? a <= b : a < b) : (p[2] == 'e' ? a >= b : a > b);
}

static void run_elementwise(Run *r, const Op *op) {
  const Value *v = ir_result(op, 0);
  int bits = bits_of(v->type);
  Data *out = fresh(r, v), *in[3] = {0};
  for (int i = 0; i < op->noperands; i++) in[i] = data_of(r, ir_operand(op, i)), out->flags |= in[i]->flags;
  int from = bits_of(ir_operand(op, 0)->type);
  bool scalar_choice = !ir_is_tensor(ir_operand(op, 0)->type);
  for (int64_t k = 0; k < ir_numel(v->type); k++) {
    int64_t x = in[0]->at[op->code == OP_SELECT && scalar_choice ? 0 : k], y = op->noperands > 1 ? in[1]->at[k] : 0;
    int64_t *o = &out->at[k];
    switch (op->code) {
    case OP_CMPI: *o = compare(ir_attr_text_or(op, "predicate", ""), x, y); break;
    case OP_SELECT: *o = x ? y : in[2]->at[k]; break;
    case OP_EXTSI: *o = from == 1 ? -x : x; break;
    case OP_EXTUI:
      if (from > 1 && (x < 0) != (in[0]->at[0] < 0)) out->flags |= OVERFLOWN; /* unsigned, it passes 0 */
      *o = from == 1 ? x : x & (int64_t)((UINT64_C(1) << from) - 1);
      break;
    case OP_TRUNCI:
      *o = wrapped(x, bits);
      if (bits >= 32 && *o != x) out->flags |= OVERFLOWN;
      break;
    case OP_PTR_TO_INT:
    case OP_INT_TO_PTR:
    case OP_TT_BITCAST: *o = x; break;
    case OP_ADDPTR: *o = (int64_t)((uint64_t)x + (uint64_t)y * (uint64_t)ir_elem_bytes(elem_of(v->type)->elem)); break;
    case OP_LOAD: *o = op->noperands > 1 && !y ? in[2]->at[k] : in_memory(r, x, bits); break;
    default: *o = compute(op, x, y, bits, &out->flags);
    }
  }
}

static void run_arranged(Run *r, const Op *op) {
  for (int n = 0; n < op->nresults; n++) {
    const Value *v = ir_result(op, n);
    const Type *to = v->type, *from = ir_operand(op, 0)->type;
    Data *out = fresh(r, v), *in = data_of(r, ir_operand(op, 0));
    out->flags = in->flags;
    if (op->code == OP_JOIN) out->flags |= data_of(r, ir_operand(op, 1))->flags;
    for (int64_t k = 0; k < ir_numel(to); k++) {
      int64_t at[8] = {0}, src[8] = {0};
      unravel(to, k, at);
      switch (op->code) {
      case OP_SPLAT: out->at[k] = in->at[0]; break;
      case OP_EXPAND_DIMS:
      case OP_RESHAPE: out->at[k] = in->at[k]; break;
      case OP_BROADCAST:
        for (int d = 0; d < to->rank; d++) src[d] = from->shape[d] == 1 ? 0 : at[d];
        out->at[k] = in->at[ravel(from, src)];
        break;
      case OP_TRANS:
        for (int d = 0; d < to->rank; d++) src[ir_attr(op, "order")->ints[d]] = at[d];
        out->at[k] = in->at[ravel(from, src)];
        break;
      case OP_JOIN: out->at[k] = data_of(r, ir_operand(op, (int)(k % 2)))->at[k / 2]; break;
      case OP_SPLIT: out->at[k] = in->at[2 * k + n]; break;
      default: fail_msg("the interpreter does not know %s", ir_info(op)->name);
      }
    }
  }
}

/* ---- the law ----------------------------------------------------------------------------------------------------- */

static const Block *block_of(const Value *v) { return v->op ? v->op->block : v->block; }

/* May `v`'s Index speak of `factor`? */
static bool is_visible(const Value *factor, const Value *v) {
  const Block *of = block_of(factor);
  for (const Block *b = block_of(v); b; b = b->region->op ? b->region->op->block : NULL)
    if (b == of) return true;
  return false;
}

/* A sum, for the value whose Index it is from, at an index. False: of something that is not promised. */
static bool evaluate(Run *r, const IndexSum *s, const Value *v, const int64_t *at, int64_t *out) {
  uint64_t sum = (uint64_t)s->constant;
  for (int i = 0; i < s->n; i++) {
    uint64_t product = (uint64_t)s->terms[i].times;
    for (int k = 0; k < s->terms[i].n; k++) {
      const Value *f = s->terms[i].factors[k];
      assert_true(is_visible(f, v));
      const Index *x = index_of(r->ix, f);
      const Data *d = data_of(r, f);
      int64_t src[8] = {0};
      if (d->flags & OVERFLOWN) return false;
      if (ir_is_tensor(f->type) && !index_is_uniform(x)) {
        if (!index_is_affine(x)) {
          if (rank_of(f->type) != rank_of(v->type)) fail_msg("a factor of another shape");
          for (int a = 0; a < rank_of(f->type); a++) src[a] = x->axis[a].stride ? 0 : at[a];
        }
      }
      product *= (uint64_t)d->at[ir_is_tensor(f->type) ? ravel(f->type, src) : 0];
    }
    sum += product;
  }
  *out = (int64_t)sum;
  return true;
}

static void report(Run *r, const Value *v, const char *what, const int64_t *at) {
  Buf b = {.cx = r->cx};
  index_print(r->ix, &b, v);
  buf_puts(&b, "\n");
  if (v->op) ir_print_op(&b, v->op, (PrintOptions){.no_locations = true});
  fail_msg("seed %" PRIu64 ": %s at [%" PRId64 ", %" PRId64 "] of %s", r->seed, what, at[0],
           rank_of(v->type) > 1 ? at[1] : 0, buf_text(&b));
}

/* Does no wrap that v moves with along an axis start again between index 0 and `at`? */
static bool unwrapped(Run *r, const Index *x, const int64_t *at) {
  for (int d = 0; d < x->rank; d++) {
    const Value *w = x->axis[d].wrap;
    if (!w || at[d] == 0) continue;
    /* The remainder may have had another shape: look at all of it. */
    const Data *data = data_of(r, w);
    const Index *wx = index_of(r->ix, w);
    int64_t k[8], next[8];
    for (int64_t i = 0; i < ir_numel(w->type); i++) {
      unravel(w->type, i, k);
      for (int e = 0; e < wx->rank; e++) {
        int64_t stride;
        if (wx->axis[e].wrap != w || k[e] + 1 >= extent_of(w->type, e)) continue;
        memcpy(next, k, sizeof k);
        next[e]++;
        if (!evaluate(r, wx->axis[e].stride, w, k, &stride)) return false;
        if (data->at[ravel(w->type, next)] - data->at[i] != stride) return false;
      }
    }
  }
  return true;
}

static void check_form(Run *r, const Value *v, const Index *x, const Data *data) {
  int bits = bits_of(v->type);
  for (int64_t k = 0; k < ir_numel(v->type); k++) {
    int64_t at[8], sum, stride, from[8];
    unravel(v->type, k, at);
    for (int d = 0; d < x->rank; d++) from[d] = x->axis[d].stride ? 0 : at[d];
    if (data->at[k] < x->lo || data->at[k] > x->hi) report(r, v, "out of its interval", at);
    if (!evaluate(r, x->base, v, from, &sum)) continue;
    if (sum & (x->align - 1)) report(r, v, "base not aligned", at);
    if (!unwrapped(r, x, at)) continue;
    bool known = true;
    for (int d = 0; d < x->rank; d++) {
      if (!x->axis[d].stride) continue;
      known = known && evaluate(r, x->axis[d].stride, v, from, &stride);
      if (known) sum = (int64_t)((uint64_t)sum + (uint64_t)stride * (uint64_t)at[d]);
      r->affine += at[d] != 0;
    }
    if (known && wrapped(sum, bits) != data->at[k]) report(r, v, "form", at);
    r->checked++;
  }
}

static void check_runs(Run *r, const Value *v, const Index *x, const Data *data) {
  const Type *e = elem_of(v->type);
  int64_t unit = e->kind == TYPE_PTR ? ir_elem_bytes(e->elem) : 1;
  for (int64_t k = 0; k < ir_numel(v->type); k++) {
    int64_t at[8], run[8], block[8];
    unravel(v->type, k, at);
    for (int d = 0; d < x->rank; d++) {
      const IndexAxis *a = &x->axis[d];
      memcpy(run, at, sizeof run);
      memcpy(block, at, sizeof block);
      run[d] -= run[d] % a->contiguity;
      block[d] -= block[d] % a->constancy;
      int64_t first = data->at[ravel(v->type, run)];
      if (wrapped(first + (at[d] - run[d]) * unit, bits_of(v->type)) != data->at[k]) report(r, v, "contiguity", at);
      if (first & (a->divisibility - 1)) report(r, v, "divisibility", at);
      if (data->at[ravel(v->type, block)] != data->at[k]) report(r, v, "constancy", at);
    }
  }
}

static void check_mask(Run *r, const Value *v, const IndexMask *m, const Data *data) {
  for (int64_t k = 0; k < ir_numel(v->type); k++) {
    int64_t at[8], sum;
    bool holds = !m->never;
    unravel(v->type, k, at);
    for (int i = 0; i < m->nbounds; i++) {
      if (!evaluate(r, m->bounds[i].sum, v, at, &sum)) return;
      holds = holds && (m->bounds[i].kind == INDEX_BELOW ? at[m->bounds[i].axis] < sum : at[m->bounds[i].axis] >= sum);
      r->bounds++;
    }
    for (int i = 0; i < m->nrest; i++) {
      const Value *rest = m->rest[i];
      bool scalar = !ir_is_tensor(rest->type);
      assert_true(is_visible(rest, v));
      if (!scalar && ir_numel(rest->type) != ir_numel(v->type)) fail_msg("a condition of another shape");
      holds = holds && data_of(r, rest)->at[scalar ? 0 : k];
    }
    if (holds != (data->at[k] != 0)) report(r, v, "mask", at);
  }
}

static void check(Run *r, const Value *v) {
  const Data *data = data_of(r, v);
  const Index *x = index_of(r->ix, v);
  if (data->flags & OVERFLOWN) return;
  check_form(r, v, x, data);
  if (!(data->flags & NEGATIVE)) check_runs(r, v, x, data);
  if (x->mask) check_mask(r, v, x->mask, data);
}

/* ---- control flow ------------------------------------------------------------------------------------------------ */

static const Op *run_block(Run *r, const Block *b);

static void set_all(Run *r, const Op *from, int first, Value *const *to, int n) {
  Data *copies = NEWN(r->cx, Data, n + 1);
  for (int i = 0; i < n; i++) copies[i] = *data_of(r, ir_operand(from, first + i));
  for (int i = 0; i < n; i++) *fresh(r, to[i]) = copies[i];
  for (int i = 0; i < n; i++) check(r, to[i]);
}

/* What the analysis says a loop's arguments grow by, against what is yielded. */
static void check_steps(Run *r, const Block *head, int first, const Op *yield) {
  for (int i = first; i < head->nargs; i++) {
    const Value *v = head->args[i], *next = ir_operand(yield, i - first);
    const IndexSum *step = index_step(r->ix, v);
    const Data *old = data_of(r, v), *new = data_of(r, next);
    int64_t at[8], by;
    if (!step || ((old->flags | new->flags) & OVERFLOWN)) continue;
    for (int64_t k = 0; k < ir_numel(v->type); k++) {
      unravel(v->type, k, at);
      if (!evaluate(r, step, next, at, &by)) break;
      if (wrapped(old->at[k] + by, bits_of(v->type)) != new->at[k]) report(r, v, "step", at);
      r->steps += by != 0;
    }
  }
}

static Value *const *results_of(Run *r, const Op *op) {
  Value **v = NEWN(r->cx, Value *, op->nresults + 1);
  for (int i = 0; i < op->nresults; i++) v[i] = ir_result(op, i);
  return v;
}

static void run_for(Run *r, const Op *op) {
  const Block *body = ir_entry(op, 0);
  int64_t lower = data_of(r, ir_operand(op, 0))->at[0], upper = data_of(r, ir_operand(op, 1))->at[0],
          step = data_of(r, ir_operand(op, 2))->at[0];
  const Op *from = op;
  int first = 3;
  for (int64_t i = lower, round = 0; i < upper && round < 9; i += step, round++) { /* no matter if it ends early */
    fresh(r, body->args[0])->at[0] = i;
    check(r, body->args[0]);
    set_all(r, from, first, body->args + 1, op->nresults);
    from = run_block(r, body);
    first = 0;
    check_steps(r, body, 1, from);
  }
  set_all(r, from, first, results_of(r, op), op->nresults);
}

static void run_while(Run *r, const Op *op) {
  const Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  const Op *from = op;
  for (int round = 0;; round++) {
    set_all(r, from, 0, before->args, before->nargs);
    const Op *condition = run_block(r, before);
    bool again = data_of(r, ir_operand(condition, 0))->at[0] && round < 6;
    set_all(r, condition, 1, again ? after->args : results_of(r, op), op->nresults);
    if (!again) return;
    from = run_block(r, after);
    check_steps(r, before, 0, from);
  }
}

static void run_op(Run *r, const Op *op) {
  switch (op->code) {
  case OP_FOR: run_for(r, op); return;
  case OP_WHILE: run_while(r, op); return;
  case OP_IF: {
    const Op *end = run_block(r, op->regions[data_of(r, ir_operand(op, 0))->at[0] ? 0 : 1]->first);
    set_all(r, end, 0, results_of(r, op), op->nresults);
    return;
  }
  case OP_ASSUME: assert_true(data_of(r, ir_operand(op, 0))->at[0]); return;
  case OP_CONSTANT: {
    int64_t x = 0;
    Data *d = fresh(r, ir_result(op, 0));
    assert_true(ir_is_const_int(ir_result(op, 0), &x));
    for (int64_t k = 0; k < ir_numel(op->results[0].type); k++) d->at[k] = x;
    break;
  }
  case OP_MAKE_RANGE: {
    Data *d = fresh(r, ir_result(op, 0));
    for (int64_t k = 0; k < ir_numel(op->results[0].type); k++) d->at[k] = ir_attr_int_or(op, "start", 0) + k;
    break;
  }
  case OP_PROGRAM_ID: fresh(r, ir_result(op, 0))->at[0] = (int64_t)(mix(r->seed + 1) % 9); break;
  default:
    if (ir_has(op, T_ELEMENTWISE) || op->code == OP_LOAD)
      run_elementwise(r, op);
    else
      run_arranged(r, op);
  }
  for (int i = 0; i < op->nresults; i++) check(r, ir_result(op, i));
}

static const Op *run_block(Run *r, const Block *b) {
  const Op *op = b->first;
  for (; !ir_has(op, T_TERMINATOR); op = op->next) run_op(r, op);
  return op;
}

/* ---- random programs --------------------------------------------------------------------------------------------- */

enum { MOST_VALUES = 400 };

typedef struct Gen {
  Ctx *cx;
  uint64_t state, seed;
  Builder b;
  Value *pool[MOST_VALUES];
  int n, depth;
  Value *zero, *zeros; /* an argument that is 0, which the analysis does not know */
} Gen;

static int below(Gen *g, int n) {
  g->state += 0x9E3779B97F4A7C15u;
  return (int)(mix(g->state) % (uint64_t)n);
}

static const int64_t shapes[][3] = {{1}, {16}, {8}, {8, 1}, {1, 16}, {8, 16}, {16, 8}, {2, 4, 16}};
static const int ranks[] = {0, 1, 1, 2, 2, 2, 2, 3};

static Type *shaped(Gen *g, Type *elem, int shape) {
  return ranks[shape] ? ir_tensor(g->cx, elem, ranks[shape], shapes[shape], NULL) : elem;
}

static Value *push(Gen *g, Value *v) {
  if (g->n < MOST_VALUES)
    g->pool[g->n++] = v;
  else
    g->pool[below(g, MOST_VALUES)] = v;
  return v;
}

/* A value of the pool of this type, rather a late one; made if there is none. */
static Value *any(Gen *g, Type *t);

static bool is_wanted(const Value *v, int bits, bool tensor) {
  const Type *e = elem_of(v->type);
  if (ir_is_tensor(v->type) != tensor) return false;
  return bits ? e->kind == TYPE_INT && e->bits == bits : e->kind == TYPE_PTR;
}

/* bits 0: a pointer */
static Value *pick(Gen *g, int bits, bool tensor) {
  Value *found = NULL;
  for (int tries = 0; tries < 60 && !found; tries++) {
    Value *v = g->pool[g->n - 1 - below(g, below(g, 2) && g->n > 12 ? 12 : g->n)];
    if (is_wanted(v, bits, tensor)) found = v;
  }
  for (int i = g->n; i-- > 0 && !found;)
    if (is_wanted(g->pool[i], bits, tensor)) found = g->pool[i];
  return found;
}

static int64_t small_constant(Gen *g) {
  static const int64_t some[] = {0, 1, 1, 2, 3, 4, 5, 7, 8, 8, 12, 16, 16, 32, 64, 100, -1, -4};
  return some[below(g, (int)COUNT(some))];
}

static Value *splatted(Gen *g, Value *x, Type *like) {
  return ir_is_tensor(like) ? ir_make(&g->b, OP_SPLAT, ir_tensor_like(g->cx, like, x->type), x, NULL) : x;
}

static Value *any(Gen *g, Type *t) {
  const Type *e = elem_of(t);
  for (int tries = 0; tries < 12; tries++) {
    Value *v = g->pool[below(g, g->n)];
    if (v->type == t) return v;
  }
  if (e->kind == TYPE_PTR) {
    Value *p = NULL;
    for (int i = 0; i < g->n && !p; i++)
      if (g->pool[i]->type == e) p = g->pool[i];
    return splatted(g, p, t);
  }
  if (e->bits == 1) return ir_const_int(&g->b, t, below(g, 2));
  if (!ir_is_tensor(t) || below(g, 3) == 0) return ir_const_int(&g->b, t, small_constant(g));
  Value *x = pick(g, e->bits, false);
  return x ? splatted(g, x, t) : ir_const_int(&g->b, t, small_constant(g));
}

static Value *binary(Gen *g) {
  static const Opcode codes[] = {OP_ADDI, OP_ADDI, OP_ADDI, OP_SUBI, OP_MULI,  OP_MULI,  OP_DIVSI, OP_REMSI, OP_REMSI,
                                 OP_ANDI, OP_ORI,  OP_XORI, OP_SHLI, OP_SHRSI, OP_SHRUI, OP_MINSI, OP_MAXSI};
  Value *x = pick(g, below(g, 3) ? 32 : 64, below(g, 4) != 0);
  if (!x) return NULL;
  Opcode code = codes[below(g, (int)COUNT(codes))];
  bool constant = below(g, 2) || code == OP_SHLI || code == OP_SHRSI || code == OP_SHRUI;
  int64_t k = code == OP_SHLI || code == OP_SHRSI || code == OP_SHRUI ? below(g, 5) : small_constant(g);
  if ((code == OP_DIVSI || code == OP_REMSI) && k < 1) k = 8;
  if (code == OP_ANDI && k > 0 && below(g, 2)) k = 7;
  if (code == OP_MULI && below(g, 12) == 0) k = 0x1E3779B1 + 2 * below(g, 1000); /* a hash */
  Value *y = constant ? ir_const_int(&g->b, x->type, k) : any(g, x->type);
  return below(g, 5) ? ir_make(&g->b, code, NULL, x, y, NULL) : ir_make(&g->b, code, NULL, y, x, NULL);
}

static Value *pointer(Gen *g) {
  Value *p = pick(g, 0, below(g, 3) != 0);
  if (!p) return NULL;
  if (below(g, 2)) {
    Value *i = pick(g, below(g, 3) ? 32 : 64, true);
    if (!i) return NULL;
    Type *t = ir_tensor_like(g->cx, i->type, elem_of(p->type) == p->type ? p->type : p->type->elem);
    return ir_make(&g->b, OP_ADDPTR, NULL, any(g, t), i, NULL);
  }
  return ir_make(&g->b, OP_ADDPTR, NULL, p,
                 any(g, ir_tensor_like(g->cx, p->type, ir_int(g->cx, below(g, 3) ? 32 : 64))), NULL);
}

static Value *cast(Gen *g) {
  switch (below(g, 7)) {
  case 0: {
    Value *x = pick(g, 64, true);
    return x ? ir_make(&g->b, OP_TRUNCI, ir_tensor_like(g->cx, x->type, ir_int(g->cx, 32)), x, NULL) : NULL;
  }
  case 1: {
    Value *p = pick(g, 0, below(g, 2));
    return p ? ir_make(&g->b, OP_PTR_TO_INT, ir_tensor_like(g->cx, p->type, ir_int(g->cx, 64)), p, NULL) : NULL;
  }
  case 2: {
    Value *x = pick(g, 64, below(g, 2));
    return x ? ir_make(&g->b, OP_INT_TO_PTR, ir_tensor_like(g->cx, x->type, ir_ptr(g->cx, ir_int(g->cx, 64), 1)), x,
                       NULL)
             : NULL;
  }
  case 3: {
    Value *p = pick(g, 0, true);
    return p ? ir_make(&g->b, OP_TT_BITCAST, ir_tensor_like(g->cx, p->type, ir_ptr(g->cx, ir_int(g->cx, 32), 1)), p,
                       NULL)
             : NULL;
  }
  case 4: {
    Value *x = pick(g, 1, true);
    return x ? ir_make(&g->b, OP_EXTUI, ir_tensor_like(g->cx, x->type, ir_int(g->cx, 32)), x, NULL) : NULL;
  }
  default: {
    Value *x = pick(g, 32, below(g, 2));
    return ir_make(&g->b, below(g, 3) ? OP_EXTSI : OP_EXTUI, ir_tensor_like(g->cx, x->type, ir_int(g->cx, 64)), x,
                   NULL);
  }
  }
}

static Value *rearranged(Gen *g) {
  Value *x = pick(g, (int[]){32, 32, 64, 0, 1}[below(g, 5)], true);
  if (!x) return NULL;
  Type *t = x->type, *i32 = ir_int(g->cx, 32);
  Builder *b = &g->b;
  if (t->rank == 1 && below(g, 2)) {
    int axis = t->shape[0] == 16 ? 0 : 1;
    Value *v = ir_make(b, OP_EXPAND_DIMS, shaped(g, t->elem, axis ? 3 : 4), x, NULL);
    ir_set_attr(g->cx, v->op, "axis", ir_attr_int(g->cx, i32, axis));
    return v;
  }
  if (t->rank == 2 && (t->shape[0] == 1 || t->shape[1] == 1))
    return ir_make(b, OP_BROADCAST, shaped(g, t->elem, 5), x, NULL);
  if (t->rank == 2 && below(g, 2)) {
    Value *v = ir_make(b, OP_TRANS, shaped(g, t->elem, t->shape[0] == 8 ? 6 : 5), x, NULL);
    ir_set_attr(g->cx, v->op, "order", ir_attr_ints(g->cx, i32, (int64_t[]){1, 0}, 2));
    return v;
  }
  if (ir_numel(t) == 128) return ir_make(b, OP_RESHAPE, shaped(g, t->elem, (int[]){5, 6, 7}[below(g, 3)]), x, NULL);
  if (ir_numel(t) == 16 && below(g, 2)) {
    Type *pair = ir_tensor(g->cx, t->elem, 2, (int64_t[]){8, 2}, NULL), *half = shaped(g, t->elem, 2);
    Value *v = ir_make(b, OP_RESHAPE, pair, x, NULL);
    Op *split = ir_op(b, OP_SPLIT, (Type *[]){half, half}, 2, &v, 1);
    push(g, &split->results[1]);
    return &split->results[0];
  }
  if (t->rank == 1 && t->shape[0] == 8) {
    Value *v = ir_make(b, OP_JOIN, ir_tensor(g->cx, t->elem, 2, (int64_t[]){8, 2}, NULL), x, any(g, t), NULL);
    return ir_make(b, OP_RESHAPE, shaped(g, t->elem, 1), v, NULL);
  }
  return NULL;
}

static Value *compared(Gen *g) {
  static const char *const names[] = {"slt", "slt", "slt", "sle", "sgt", "sge", "ult", "uge", "eq", "ne"};
  Value *x = pick(g, below(g, 3) ? 32 : 64, below(g, 6) != 0);
  if (!x) return NULL;
  Value *y = any(g, x->type);
  bool swap = below(g, 2);
  Value *v =
      ir_make(&g->b, OP_CMPI, ir_tensor_like(g->cx, x->type, ir_int(g->cx, 1)), swap ? y : x, swap ? x : y, NULL);
  ir_set_attr(g->cx, v->op, "predicate", ir_attr_enum(g->cx, names[below(g, (int)COUNT(names))]));
  return v;
}

static Value *chosen(Gen *g) {
  Value *c = pick(g, 1, below(g, 3) != 0);
  if (!c) return NULL;
  Value *x = pick(g, (int[]){32, 32, 64, 0}[below(g, 4)], true);
  if (!x) return NULL;
  if (ir_is_tensor(c->type)) {
    Type *t = ir_tensor_like(g->cx, c->type, elem_of(x->type) == x->type ? x->type : x->type->elem);
    return ir_make(&g->b, OP_SELECT, t, c, any(g, t), any(g, t), NULL);
  }
  return ir_make(&g->b, OP_SELECT, x->type, c, x, any(g, x->type), NULL);
}

static Value *masks_joined(Gen *g) {
  Value *x = pick(g, 1, true);
  return x ? ir_make(&g->b, below(g, 5) ? OP_ANDI : OP_ORI, NULL, x, any(g, x->type), NULL) : NULL;
}

static Value *loaded(Gen *g) {
  Value *p = pick(g, 0, below(g, 4) != 0);
  if (!p) return NULL;
  Type *t = ir_tensor_like(g->cx, p->type, elem_of(p->type)->elem);
  if (below(g, 2)) return ir_make(&g->b, OP_LOAD, t, p, NULL);
  return ir_make(&g->b, OP_LOAD, t, p, any(g, ir_tensor_like(g->cx, p->type, ir_int(g->cx, 1))), any(g, t), NULL);
}

/* What only a hint says: x ^ 0, the 0 not known. */
static Value *hinted(Gen *g) {
  Type *i32 = ir_int(g->cx, 32), *t = shaped(g, i32, 1);
  Attr *sixteen = ir_attr_int(g->cx, i32, 16);
  Value *range = ir_make(&g->b, OP_MAKE_RANGE, t, NULL), *k = splatted(g, pick(g, 32, false), t);
  ir_set_attr(g->cx, range->op, "start", ir_attr_int(g->cx, i32, 0));
  ir_set_attr(g->cx, range->op, "end", sixteen);
  Value *x = below(g, 2) ? ir_make(&g->b, OP_MULI, NULL, k, ir_const_int(&g->b, t, 16), NULL) : NULL;
  bool run = !x || below(g, 2);
  Value *v = ir_make(&g->b, OP_XORI, NULL,
                     !x    ? range
                     : run ? ir_make(&g->b, OP_ADDI, NULL, x, range, NULL)
                           : x,
                     g->zeros, NULL);
  if (run) ir_set_attr(g->cx, v->op, "tt.contiguity", sixteen);
  ir_set_attr(g->cx, v->op, "tt.divisibility", sixteen);
  if (!run) ir_set_attr(g->cx, v->op, "tt.constancy", sixteen);
  return v;
}

static void statements(Gen *g, int n);

/* Something of type t that a loop may yield for its argument. */
static Value *yielded(Gen *g, Value *arg) {
  Type *t = arg->type, *e = ir_elem(t);
  if (e->kind == TYPE_INT && e->bits == 1) return any(g, t);
  switch (below(g, 6)) {
  case 0: return any(g, t);
  case 1: return arg;
  default: {
    Type *i = ir_tensor_like(g->cx, t, e->kind == TYPE_PTR ? ir_int(g->cx, 32) : e);
    Value *by = below(g, 2) ? ir_const_int(&g->b, i, small_constant(g)) : splatted(g, any(g, ir_elem(i)), i);
    return ir_make(&g->b, e->kind == TYPE_PTR ? OP_ADDPTR : OP_ADDI, NULL, arg, by, NULL);
  }
  }
}

static void loop_or_choice(Gen *g) {
  Value *inits[8], *yields[8];
  Type *types[8];
  int n = 1 + below(g, 3), kind = below(g, 3), pool = g->n;
  for (int i = 0; i < n; i++) {
    do inits[3 + i] = g->pool[below(g, g->n)];
    while (kind == 2 && i == 0 && !is_wanted(inits[3], 32, false));
    types[i] = inits[3 + i]->type;
  }
  Type *i32 = ir_int(g->cx, 32);
  Builder outer = g->b;
  Loc *loc = ir_loc_unknown(g->cx);
  g->depth++;
  if (kind == 0) {
    Op *op = ir_op(&g->b, OP_IF, types, n, (Value *[]){any(g, ir_int(g->cx, 1))}, 1);
    outer = g->b;
    for (int r = 0; r < 2; r++) {
      g->b = ir_at_end(g->cx, ir_add_block(g->cx, ir_add_region(g->cx, op)));
      g->b.loc = loc;
      statements(g, 2 + below(g, 5));
      for (int i = 0; i < n; i++) yields[i] = below(g, 3) ? yielded(g, inits[3 + i]) : any(g, types[i]);
      ir_op(&g->b, OP_YIELD, NULL, 0, yields, n);
      g->n = pool;
    }
    g->b = outer;
    for (int i = 0; i < n; i++) push(g, &op->results[i]);
  } else if (kind == 1) {
    inits[0] = ir_const_int(&g->b, i32, below(g, 3) * 4);
    inits[1] = below(g, 2) ? ir_const_int(&g->b, i32, 20 + below(g, 9)) : any(g, i32);
    inits[2] = ir_const_int(&g->b, i32, 1 << below(g, 4));
    Op *op = ir_op(&g->b, OP_FOR, types, n, inits, 3 + n);
    outer = g->b;
    Block *body = ir_add_block(g->cx, ir_add_region(g->cx, op));
    push(g, ir_add_arg(g->cx, body, i32, loc));
    for (int i = 0; i < n; i++) push(g, ir_add_arg(g->cx, body, types[i], loc));
    g->b = ir_at_end(g->cx, body);
    g->b.loc = loc;
    statements(g, 3 + below(g, 8));
    for (int i = 0; i < n; i++) yields[i] = yielded(g, body->args[1 + i]);
    ir_op(&g->b, OP_YIELD, NULL, 0, yields, n);
    g->n = pool;
    g->b = outer;
    for (int i = 0; i < n; i++) push(g, &op->results[i]);
  } else {
    Op *op = ir_op(&g->b, OP_WHILE, types, n, inits + 3, n);
    outer = g->b;
    Block *before = ir_add_block(g->cx, ir_add_region(g->cx, op)),
          *after = ir_add_block(g->cx, ir_add_region(g->cx, op));
    for (int i = 0; i < n; i++) push(g, ir_add_arg(g->cx, before, types[i], loc));
    g->b = ir_at_end(g->cx, before);
    g->b.loc = loc;
    statements(g, below(g, 4));
    Value *more = ir_make(&g->b, OP_CMPI, ir_int(g->cx, 1), before->args[0], ir_const_int(&g->b, i32, 40), NULL);
    ir_set_attr(g->cx, more->op, "predicate", ir_attr_enum(g->cx, "slt"));
    yields[0] = more;
    for (int i = 0; i < n; i++) yields[1 + i] = below(g, 4) ? before->args[i] : any(g, types[i]);
    ir_op(&g->b, OP_CONDITION, NULL, 0, yields, n + 1);
    g->n = pool;
    for (int i = 0; i < n; i++) push(g, ir_add_arg(g->cx, after, types[i], loc));
    g->b = ir_at_end(g->cx, after);
    g->b.loc = loc;
    statements(g, 2 + below(g, 5));
    for (int i = 0; i < n; i++) yields[i] = yielded(g, after->args[i]);
    ir_op(&g->b, OP_YIELD, NULL, 0, yields, n);
    g->n = pool;
    g->b = outer;
    for (int i = 0; i < n; i++) push(g, &op->results[i]);
  }
  g->depth--;
}

static void statements(Gen *g, int n) {
  for (int i = 0; i < n; i++) {
    int k = below(g, 24);
    if (k == 0 && g->depth < 3) {
      loop_or_choice(g);
      continue;
    }
    Value *v = k < 7    ? binary(g)
               : k < 11 ? pointer(g)
               : k < 13 ? cast(g)
               : k < 18 ? rearranged(g)
               : k < 20 ? compared(g)
               : k < 21 ? chosen(g)
               : k < 22 ? masks_joined(g)
               : k < 23 ? loaded(g)
                        : hinted(g);
    if (v) push(g, v);
  }
}

enum { POINTERS = 3, INTEGERS = 5 };

static int64_t argument(uint64_t seed, int i) {
  if (i < POINTERS) return (int64_t)(mix(seed * 31 + (uint64_t)i) % 4096) * 16 + 65536;
  if (i == POINTERS) return 0; /* not known */
  int64_t x = (int64_t)(mix(seed * 37 + (uint64_t)i) % 12);
  return i == POINTERS + 1 ? x * 16 : i == POINTERS + 2 ? x * 4 + 1 : x;
}

static Module *random_module(Gen *g) {
  Type *i32 = ir_int(g->cx, 32), *types[POINTERS + INTEGERS];
  for (int i = 0; i < POINTERS; i++) types[i] = ir_ptr(g->cx, ir_int(g->cx, (int[]){32, 32, 64}[i]), 1);
  for (int i = 0; i < INTEGERS; i++) types[POINTERS + i] = i32;
  int n = POINTERS + INTEGERS;
  Module *m = ir_module_new(g->cx);
  Op *f = ir_func_new(m, "f", ir_func_type(g->cx, types, n, NULL, 0), true, ir_loc_unknown(g->cx));
  Attr *facts[POINTERS + INTEGERS];
  const char *name = intern(g->cx, "tt.divisibility");
  for (int i = 0; i < n; i++) {
    Attr *sixteen = ir_attr_int(g->cx, i32, 16);
    facts[i] = ir_attr_dict(g->cx, &name, &sixteen, i < POINTERS || i == POINTERS + 1);
  }
  ir_set_attr(g->cx, f, "arg_attrs", ir_attr_array(g->cx, facts, n));
  Block *entry = ir_entry(f, 0);
  g->b = ir_at_end(g->cx, entry);
  g->b.loc = ir_loc_unknown(g->cx);
  for (int i = 0; i < n; i++) push(g, entry->args[i]);
  g->zero = entry->args[POINTERS];
  g->zeros = splatted(g, g->zero, shaped(g, i32, 1));
  Value *pid = push(g, ir_make(&g->b, OP_PROGRAM_ID, i32, NULL));
  ir_set_attr(g->cx, pid->op, "axis", ir_attr_int(g->cx, i32, 0));
  for (int shape = 1; shape < 3; shape++) {
    Value *v = push(g, ir_make(&g->b, OP_MAKE_RANGE, shaped(g, i32, shape), NULL));
    int64_t start = below(g, 3) * 8;
    ir_set_attr(g->cx, v->op, "start", ir_attr_int(g->cx, i32, start));
    ir_set_attr(g->cx, v->op, "end", ir_attr_int(g->cx, i32, start + shapes[shape][0]));
  }
  Value *flag = push(g, ir_make(&g->b, OP_CMPI, ir_int(g->cx, 1), pid, entry->args[n - 1], NULL));
  ir_set_attr(g->cx, flag->op, "predicate", ir_attr_enum(g->cx, "slt"));
  /* What is known of the arguments, said as tl.assume does. */
  Value *odd = entry->args[POINTERS + 2], *one = ir_const_int(&g->b, i32, 0);
  Value *positive = ir_make(&g->b, OP_CMPI, ir_int(g->cx, 1), odd, one, NULL);
  ir_set_attr(g->cx, positive->op, "predicate", ir_attr_enum(g->cx, "sgt"));
  Value *tail = ir_make(&g->b, OP_REMSI, NULL, entry->args[POINTERS + 1], ir_const_int(&g->b, i32, 16), NULL);
  Value *whole = ir_make(&g->b, OP_CMPI, ir_int(g->cx, 1), tail, one, NULL);
  ir_set_attr(g->cx, whole->op, "predicate", ir_attr_enum(g->cx, "eq"));
  ir_effect(&g->b, OP_ASSUME, ir_make(&g->b, OP_ANDI, NULL, positive, whole, NULL), NULL);
  statements(g, 30 + below(g, 30));
  ir_effect(&g->b, OP_RETURN, NULL);
  return m;
}

static Run totals;

static void check_random(Ctx *cx, void *arg) {
  uint64_t seed = *(uint64_t *)arg;
  Gen g = {.cx = cx, .state = mix(seed), .seed = seed};
  Module *m = random_module(&g);
  const char *wrong = ir_verify(cx, m);
  if (wrong) fail_msg("%s", wrong);
  if (getenv("SHOW")) /* look at one: SHOW=1 SEED=n */ {
    Buf b = {.cx = cx};
    ir_print(&b, m, (PrintOptions){.no_locations = true});
    puts(buf_text(&b));
  }
  Run r = {.cx = cx, .ix = index_analyze(cx, m), .seed = seed};
  const Block *entry = ir_entry(ir_module_func(m, "f"), 0);
  for (int i = 0; i < entry->nargs; i++) fresh(&r, entry->args[i])->at[0] = argument(seed, i);
  for (int i = 0; i < entry->nargs; i++) check(&r, entry->args[i]);
  run_block(&r, entry);
  totals.checked += r.checked;
  totals.affine += r.affine;
  totals.bounds += r.bounds;
  totals.steps += r.steps;
}

static void test_law(void **state) {
  (void)state;
  const char *one = getenv("SEED");
  uint64_t first = one ? strtoull(one, NULL, 10) : 1, n = one               ? 1
                                                          : getenv("SEEDS") ? strtoull(getenv("SEEDS"), NULL, 10)
                                                                            : 2000;
  static const uint64_t rare[] = {5285, 18502, 54114}; /* what few programs show */
  for (uint64_t i = 0; i < n + (one ? 0 : COUNT(rare)); i++) {
    uint64_t seed = i < n ? first + i : rare[i - n];
    Ctx *cx = ctx_new(NULL);
    Err e = ctx_protect(cx, check_random, &seed);
    if (e != ERR_NONE) print_error("seed %" PRIu64 "\n", seed);
    assert_int_equal(e, ERR_NONE);
    ctx_free(cx);
  }
  /* The law must not hold for want of anything said. */
  if (one) return;
  printf("%" PRId64 " elements, %" PRId64 " moved by a stride, %" PRId64 " bounds, %" PRId64 " steps\n", totals.checked,
         totals.affine, totals.bounds, totals.steps);
  assert_true(totals.affine > totals.checked / 3 && totals.bounds > 10000 && totals.steps > 10000);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_accesses),
                                     cmocka_unit_test(test_law)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
