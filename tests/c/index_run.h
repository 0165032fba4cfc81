/* index_run.h: runs Triton IR over integers and pointers on known arguments, and compares everything that the index
 * analysis says of each value with what was computed, in every iteration.
 *
 * What the analysis takes for granted is noticed here, and what comes of it is not compared: index arithmetic that
 * overflows, and (for runs only) negative dividends.
 */
#ifndef TRITONC_INDEX_RUN_H
#define TRITONC_INDEX_RUN_H

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
  bool strict; /* `ix` is a strict analysis */
  int64_t checked, affine, bounds, steps, sampled; /* how much was compared */
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

/* A product with a large constant, a sum or difference with one near an end of the type: they may overflow. */
static bool is_hash(const Op *op, int bits) {
  int64_t k, far = (int64_t)1 << (bits > 32 ? 62 : 30);
  for (int i = 0; i < 2; i++)
    if (ir_is_const_int(ir_operand(op, i), &k) && (op->code == OP_MULI ? is_large(k) : k >= far || k <= -far))
      return true;
  return false;
}

static int64_t compute(const Op *op, int64_t x, int64_t y, int bits, unsigned *flags) {
  Opcode code = op->code;
  uint64_t a = (uint64_t)x, b = (uint64_t)y, ones = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
  bool shift = code == OP_SHLI || code == OP_SHRSI || code == OP_SHRUI;
  if (shift && (y < 0 || y >= bits)) return *flags |= OVERFLOWN, 0;
  switch (code) {
  case OP_ADDI:
  case OP_SUBI:
  case OP_MULI:
    if (overflows(code, x, y, bits) && !is_hash(op, bits)) *flags |= OVERFLOWN;
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
  case OP_MINUI: return (a & ones) < (b & ones) ? x : y;
  case OP_MAXUI: return (a & ones) > (b & ones) ? x : y;
  case OP_DIVUI:
  case OP_REMUI:
    if (x < 0 || y < 0) *flags |= NEGATIVE;
    if (y == 0) return *flags |= OVERFLOWN, 0;
    return wrapped((int64_t)(code == OP_DIVUI ? (a & ones) / (b & ones) : (a & ones) % (b & ones)), bits);
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
      if (wrapped((int64_t)((uint64_t)first + (uint64_t)((at[d] - run[d]) * unit)), bits_of(v->type)) != data->at[k]) report(r, v, "contiguity", at);
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

/* The program's number in this run. */
static int64_t program_of(const Run *r) { return (int64_t)(mix(r->seed + 1) % 9); }

static void check_sample(Run *r, const Value *v, const Data *data) {
  for (int64_t k = 0; k < ir_numel(v->type); k++) {
    int64_t at[8], got;
    unravel(v->type, k, at);
    if (elem_of(v->type)->kind != TYPE_INT || !index_sample(v, at, &got)) return;
    if (got != data->at[k]) report(r, v, "sample", at);
    r->sampled++;
  }
}

static void check(Run *r, const Value *v) {
  const Data *data = data_of(r, v);
  const Index *x = index_of(r->ix, v);
  if (data->flags & OVERFLOWN) return;
  check_form(r, v, x, data);
  if (r->strict || !(data->flags & NEGATIVE)) check_runs(r, v, x, data);
  if (x->mask) check_mask(r, v, x->mask, data);
  if (!program_of(r)) check_sample(r, v, data);
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
      if (wrapped((int64_t)((uint64_t)old->at[k] + (uint64_t)by), bits_of(v->type)) != new->at[k]) report(r, v, "step", at);
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
  if (ir_attr(op, "unsignedCmp")) lower = (uint32_t)lower, upper = (uint32_t)upper;
  for (int64_t i = lower, round = 0; i < upper && round < 9; i += step, round++) { /* no matter if it ends early */
    fresh(r, body->args[0])->at[0] = wrapped(i, 32);
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
  case OP_PROGRAM_ID: fresh(r, ir_result(op, 0))->at[0] = program_of(r); break;
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

#endif
