/* runs.c: what is known of values along each axis where a form says too little: contiguity, divisibility, constancy.
 *
 * Problem. A load can be wide only if neighbouring pointers are neighbouring addresses and the first of them is
 * aligned. That holds for more than affine values: for `i % 32`, `i / 8`, for rows at loaded addresses.
 *
 * Idea. For every axis keep three powers of two: the axis is cut into aligned runs of `contiguity` elements that grow by
 * one, the first of each a multiple of `divisibility`; and into aligned blocks of `constancy` equal elements. A rule per
 * op gives the result's from the operands'. If runs are cut shorter, their first elements are multiples of less:
 * start_of(); every single element is one of elements_of(). Where a form is known it says at least as much:
 * index_runs_of_form(), in known.c.
 *
 * Negative numbers divided toward zero break blocks at zero; as the reference does, offsets are taken to be
 * non-negative.
 */
#include "index/internal.h"

#include <string.h>

static void nothing(Index *a) {
  for (int d = 0; d < a->rank; d++) a->axis[d].contiguity = a->axis[d].divisibility = a->axis[d].constancy = 1;
}

static void same_everywhere(const Type *t, int64_t divisibility, Index *a) {
  for (int d = 0; d < a->rank; d++) {
    a->axis[d].contiguity = 1;
    a->axis[d].constancy = low_bit(index_extent(t, d));
    a->axis[d].divisibility = divisibility;
  }
}

/* What the first elements are multiples of when runs are cut to `run`; `unit`: by how much neighbours differ. */
static int64_t start_of(const Index *a, int d, int64_t run, int64_t unit) {
  const IndexAxis *x = &a->axis[d];
  return run < x->contiguity ? min64(x->divisibility, low_bit(run * unit)) : x->divisibility;
}

static int64_t elements_of(const Index *a, int d, int64_t unit) { return start_of(a, d, 1, unit); }

static int64_t both_constant(const Index *x, const Index *y, int d) {
  return min64(x->axis[d].constancy, y->axis[d].constancy);
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

/* How long runs of `x`, of type t, are along axis d in a wider type. If neighbours may lie on both sides of an end of t,
 * those that begin at multiples of their length remain, as no such multiple is within them. */
static int64_t widened_run(const IndexInfo *ix, const Type *t, const Index *x, int d, bool is_unsigned) {
  const IndexAxis *a = &x->axis[d];
  bool is_sure = x->lo >= 0 || (a->stride && !is_unsigned) || !ix->strict;
  bool wraps = index_elem(t)->bits < 64 && (!is_sure || index_may_wrap(x));
  return wraps ? min64(a->contiguity, a->divisibility) : a->contiguity;
}

/* l + r * scale, where neighbours in l differ by `scale` (pointers: the element's bytes). */
static void sum(const IndexInfo *ix, const Op *op, const Index *l, const Index *r, int64_t scale, Index *a) {
  for (int d = 0; d < a->rank; d++) {
    const IndexAxis *x = &l->axis[d], *y = &r->axis[d];
    int64_t right = op->code == OP_ADDPTR ? widened_run(ix, ir_operand(op, 1)->type, r, d, false) : y->contiguity;
    int64_t run_l = min64(x->contiguity, y->constancy), run_r = min64(right, x->constancy);
    int64_t run = max64(run_l, run_r), bytes = low_bit(scale);
    int64_t single_l = elements_of(l, d, scale), single_r = times_pow2(elements_of(r, d, 1), bytes);
    a->axis[d].contiguity = run;
    if (run == 1)
      a->axis[d].divisibility = min64(single_l, single_r);
    else if (run_l >= run_r)
      a->axis[d].divisibility = min64(start_of(l, d, run, scale), single_r);
    else
      a->axis[d].divisibility = min64(single_l, times_pow2(start_of(r, d, run, 1), bytes));
    a->axis[d].constancy = both_constant(l, r, d);
  }
}

/* l - r: a falling run is no run */
static void difference(const Index *l, const Index *r, Index *a) {
  for (int d = 0; d < a->rank; d++) {
    int64_t run = min64(l->axis[d].contiguity, r->axis[d].constancy), single = elements_of(r, d, 1);
    a->axis[d].contiguity = run;
    a->axis[d].divisibility = min64(run == 1 ? elements_of(l, d, 1) : start_of(l, d, run, 1), single);
    a->axis[d].constancy = both_constant(l, r, d);
  }
}

static void copy(const Index *x, Index *a) {
  for (int d = 0; d < a->rank; d++) {
    a->axis[d].contiguity = x->axis[d].contiguity;
    a->axis[d].divisibility = x->axis[d].divisibility;
    a->axis[d].constancy = x->axis[d].constancy;
  }
}

static void product(const Index *l, const Index *r, Index *a) {
  int64_t k;
  if (index_const(l, &k) && k == 1) {
    copy(r, a);
  } else if (index_const(r, &k) && k == 1) {
    copy(l, a);
  } else {
    for (int d = 0; d < a->rank; d++) {
      a->axis[d].divisibility = times_pow2(elements_of(l, d, 1), elements_of(r, d, 1));
      a->axis[d].constancy = both_constant(l, r, d);
    }
  }
}

/* How long blocks [s, s + g) are that lie between two multiples of the divisor. */
static int64_t between_multiples(const Index *x, const Index *divisor, int d) {
  const IndexAxis *a = &x->axis[d];
  int64_t g = min64(a->contiguity, min64(a->divisibility, elements_of(divisor, d, 1)));
  return min64(g, divisor->axis[d].constancy);
}

/* Are numbers divided that may be negative? Rounded toward zero, blocks and runs break at zero. */
static bool may_break(const IndexInfo *ix, const Op *op, const Index *l) {
  return ix->strict && l->lo < 0 && (op->code == OP_DIVSI || op->code == OP_REMSI);
}

static void quotient(const Index *l, const Index *r, bool breaks, Index *a) {
  int64_t k = 0;
  if (index_const(r, &k) && k == 1) {
    copy(l, a);
    return;
  }
  for (int d = 0; d < a->rank; d++) {
    a->axis[d].constancy = max64(both_constant(l, r, d), breaks ? 1 : between_multiples(l, r, d));
    if (k > 0 && is_pow2(k)) a->axis[d].divisibility = max64(1, elements_of(l, d, 1) / k);
  }
}

static void remainder_of(const Index *l, const Index *r, bool breaks, Index *a) {
  for (int d = 0; d < a->rank; d++) {
    int64_t run = breaks ? 1 : between_multiples(l, r, d);
    a->axis[d].contiguity = run;
    a->axis[d].divisibility = min64(start_of(l, d, run, 1), elements_of(r, d, 1));
    a->axis[d].constancy = both_constant(l, r, d);
  }
}

static void shifted_left(const Index *l, const Index *r, Index *a) {
  int64_t k;
  if (!index_const(r, &k) || k < 0 || k > 40) return;
  for (int d = 0; d < a->rank; d++) {
    a->axis[d].divisibility = times_pow2(elements_of(l, d, 1), (int64_t)1 << k);
    a->axis[d].constancy = both_constant(l, r, d);
  }
}

/* l >> r: rounded down, so that runs of negative numbers are like others. */
static void shifted_right(const Index *l, const Index *r, Index *a) {
  int64_t k;
  bool is_const = index_const(r, &k) && k >= 0 && k < 40;
  for (int d = 0; d < a->rank; d++) {
    const IndexAxis *x = &l->axis[d];
    a->axis[d].constancy = both_constant(l, r, d);
    if (!is_const) continue;
    a->axis[d].constancy = max64(a->axis[d].constancy, min64(min64(x->contiguity, x->divisibility), (int64_t)1 << k));
    a->axis[d].divisibility = max64(1, elements_of(l, d, 1) >> k);
  }
}

/* Bits are or'ed, and'ed, exchanged; the smaller or the larger of the two is taken. */
static void common(const Index *l, const Index *r, Index *a) {
  for (int d = 0; d < a->rank; d++) {
    a->axis[d].constancy = both_constant(l, r, d);
    a->axis[d].divisibility = min64(elements_of(l, d, 1), elements_of(r, d, 1));
  }
}

/* l & r: of r = 2^k - 1 a remainder, rounded down. */
static void masked(const Index *l, const Index *r, Index *a) {
  int64_t k;
  common(l, r, a);
  if (!index_const(r, &k) || k < 1 || k >= INDEX_MUCH || !is_pow2(k + 1)) return;
  for (int d = 0; d < a->rank; d++) {
    const IndexAxis *x = &l->axis[d];
    int64_t run = min64(min64(x->contiguity, x->divisibility), k + 1);
    if (run == 1) continue;
    a->axis[d].contiguity = run;
    a->axis[d].divisibility = min64(x->divisibility, k + 1);
  }
}

/* x < n is the same for a run of x that lies between two multiples of what n is a multiple of. */
static void comparison(const Op *op, const Index *l, const Index *r, Index *a) {
  const char *p = ir_attr_text_or(op, "predicate", "eq");
  bool left = !strcmp(p, "slt") || !strcmp(p, "ult") || !strcmp(p, "sge") || !strcmp(p, "uge");
  bool right = !strcmp(p, "sgt") || !strcmp(p, "ugt") || !strcmp(p, "sle") || !strcmp(p, "ule");
  for (int d = 0; d < a->rank; d++) {
    int64_t n = both_constant(l, r, d);
    if (left) n = max64(n, between_multiples(l, r, d));
    if (right) n = max64(n, between_multiples(r, l, d));
    a->axis[d].constancy = n;
  }
}

void index_meet_runs(const Index *x, const Index *y, int64_t unit, Index *a) {
  for (int d = 0; d < a->rank; d++) {
    int64_t run = min64(x->axis[d].contiguity, y->axis[d].contiguity);
    a->axis[d].contiguity = run;
    a->axis[d].divisibility = min64(start_of(x, d, run, unit), start_of(y, d, run, unit));
    a->axis[d].constancy = min64(x->axis[d].constancy, y->axis[d].constancy);
  }
}

static void selected(IndexInfo *ix, const Op *op, Index *a) {
  const Index *c = index_operand(ix, op, 0);
  int64_t unit = index_unit(op->results[0].type);
  index_meet_runs(index_operand(ix, op, 1), index_operand(ix, op, 2), unit, a);
  for (int d = 0; d < a->rank && ir_is_tensor(ir_operand(op, 0)->type); d++) {
    IndexAxis *x = &a->axis[d];
    int64_t run = min64(x->contiguity, c->axis[d].constancy);
    x->divisibility = start_of(a, d, run, unit);
    x->contiguity = run;
    x->constancy = min64(x->constancy, c->axis[d].constancy);
  }
}

static void range(const Op *op, const Type *t, Index *a) {
  a->axis[0].contiguity = low_bit(index_extent(t, 0));
  a->axis[0].divisibility = low_bit(ir_attr_int_or(op, "start", 0));
}

static void copy_axis(const Index *x, int from, Index *a, int to) {
  a->axis[to].contiguity = x->axis[from].contiguity;
  a->axis[to].divisibility = x->axis[from].divisibility;
  a->axis[to].constancy = x->axis[from].constancy;
}

static void expanded(const Op *op, const Index *x, int64_t unit, Index *a) {
  int axis = (int)ir_attr_int_or(op, "axis", 0);
  int64_t single = INDEX_MUCH;
  for (int d = 0, k = 0; d < a->rank; d++) {
    if (d == axis) continue;
    copy_axis(x, k++, a, d);
    single = min64(single, elements_of(a, d, unit));
  }
  a->axis[axis].divisibility = single; /* along the new axis every single element stands alone */
}

static void broadcast(const Type *from, const Type *t, const Index *x, Index *a) {
  copy(x, a);
  for (int d = 0; d < a->rank; d++)
    if (from->shape[d] != t->shape[d]) a->axis[d].constancy = low_bit(t->shape[d]), a->axis[d].contiguity = 1;
}

static void transposed(const Op *op, const Index *x, Index *a) {
  const Attr *order = ir_attr(op, "order");
  for (int d = 0; d < a->rank; d++) copy_axis(x, (int)order->ints[d], a, d);
}

/* What divides every single element. */
static int64_t every_element(const Index *x, int64_t unit) {
  int64_t most = 1;
  for (int d = 0; d < x->rank; d++) most = max64(most, elements_of(x, d, unit));
  return most;
}

/* Runs and blocks along the last axis are what they were as long as they fit both the old and the new axis. */
static void reshaped(const Op *op, const Type *from, const Type *t, const Index *x, int64_t unit, Index *a) {
  int64_t single = every_element(x, unit);
  for (int d = 0; d < a->rank; d++) a->axis[d].divisibility = single;
  if (ir_attr(op, "allow_reorder")) return;
  int f = from->rank - 1, d = t->rank - 1;
  while (f > 0 && from->shape[f] == 1) f--;
  while (d > 0 && t->shape[d] == 1) d--;
  int64_t both = min64(low_bit(from->shape[f]), low_bit(t->shape[d]));
  int64_t run = min64(x->axis[f].contiguity, both);
  a->axis[d].contiguity = run;
  a->axis[d].divisibility = max64(single, start_of(x, f, run, unit));
  a->axis[d].constancy = min64(x->axis[f].constancy, both);
}

/* Pointers become numbers or numbers pointers, or pointers to elements of another size: neighbours no longer differ by
 * what they did. */
static void of_other_unit(const Index *x, int64_t unit, Index *a) {
  for (int d = 0; d < a->rank; d++) {
    a->axis[d].divisibility = elements_of(x, d, unit);
    a->axis[d].constancy = x->axis[d].constancy;
  }
}

static void cast(const IndexInfo *ix, const Op *op, const Index *x, Index *a) {
  const Type *t = op->results[0].type, *from = ir_operand(op, 0)->type;
  int bits = index_elem(t)->bits;
  if (index_unit(t) != index_unit(from) || op->code == OP_PTR_TO_INT || op->code == OP_INT_TO_PTR) {
    of_other_unit(x, index_unit(from), a);
    return;
  }
  copy(x, a);
  for (int d = 0; d < a->rank && op->code == OP_TRUNCI && bits < 32; d++) { /* may overflow within a tile */
    a->axis[d].divisibility = min64(elements_of(x, d, 1), (int64_t)1 << bits);
    a->axis[d].contiguity = 1;
  }
  for (int d = 0; d < a->rank && (op->code == OP_EXTSI || op->code == OP_EXTUI); d++) {
    int64_t run = widened_run(ix, from, x, d, op->code == OP_EXTUI);
    a->axis[d].divisibility = start_of(x, d, run, 1);
    a->axis[d].contiguity = run;
  }
}

/* Equal where pointers, mask and `other` are. */
static void loaded(IndexInfo *ix, const Op *op, Index *a) {
  for (int i = 0; i < op->noperands && ir_is_tensor(op->results[0].type); i++) {
    const Index *x = index_operand(ix, op, i);
    for (int d = 0; d < a->rank; d++)
      a->axis[d].constancy = i ? min64(a->axis[d].constancy, x->axis[d].constancy) : x->axis[d].constancy;
  }
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

void index_runs(IndexInfo *ix, const Op *op, const Value *v, Index *a) {
  const Type *t = v->type;
  const Index *x = op->noperands > 0 ? index_operand(ix, op, 0) : NULL;
  const Index *y = op->noperands > 1 ? index_operand(ix, op, 1) : NULL;
  int64_t unit = op->noperands > 0 ? index_unit(ir_operand(op, 0)->type) : 1;
  nothing(a);
  switch (op->code) {
  case OP_MAKE_RANGE: range(op, t, a); break;
  case OP_SPLAT: same_everywhere(t, x->axis[0].divisibility, a); break;
  case OP_UNSPLAT: a->axis[0].divisibility = every_element(x, unit); break;
  case OP_EXPAND_DIMS: expanded(op, x, unit, a); break;
  case OP_BROADCAST: broadcast(ir_operand(op, 0)->type, t, x, a); break;
  case OP_TRANS: transposed(op, x, a); break;
  case OP_RESHAPE: reshaped(op, ir_operand(op, 0)->type, t, x, unit, a); break;
  case OP_ADDI: sum(ix, op, x, y, 1, a); break;
  case OP_SUBI: difference(x, y, a); break;
  case OP_ADDPTR: sum(ix, op, x, y, unit, a); break;
  case OP_MULI: product(x, y, a); break;
  case OP_SHLI: shifted_left(x, y, a); break;
  case OP_DIVSI:
  case OP_DIVUI: quotient(x, y, may_break(ix, op, x), a); break;
  case OP_REMSI:
  case OP_REMUI: remainder_of(x, y, may_break(ix, op, x), a); break;
  case OP_CMPI: comparison(op, x, y, a); break;
  case OP_ANDI: masked(x, y, a); break;
  case OP_ORI:
  case OP_XORI:
  case OP_MINSI:
  case OP_MAXSI:
  case OP_MINUI:
  case OP_MAXUI: common(x, y, a); break;
  case OP_SHRSI:
  case OP_SHRUI: shifted_right(x, y, a); break;
  case OP_SELECT: selected(ix, op, a); break;
  case OP_CONVERT_LAYOUT: copy(x, a); break;
  case OP_EXTSI:
  case OP_EXTUI:
  case OP_INDEX_CAST:
  case OP_TT_BITCAST:
  case OP_PTR_TO_INT:
  case OP_INT_TO_PTR:
  case OP_TRUNCI: cast(ix, op, x, a); break;
  case OP_LOAD: loaded(ix, op, a); break;
  default: break;
  }
}

/* ---- hints ------------------------------------------------------------------------------------------------------- */

/* Of a function, whose hints are what its call was specialized to, and checked. */
static bool is_argument(const Value *v) { return v->block && v->block->region->op->code == OP_FUNC; }

/* An integer, or one per axis. */
static int64_t hinted(const Attr *a, int d, int64_t known) {
  const Attr *item = !a ? NULL : a->kind == ATTR_INT ? a : a->n == 1 ? a->items[0] : d < a->n ? a->items[d] : NULL;
  return item && item->integer > 0 ? max64(known, low_bit(item->integer)) : known;
}

void index_hints(IndexInfo *ix, const Value *v, Index *out) {
  if (ix->strict && !is_argument(v)) return;
  const Attr *divisibility = ir_hint(v, "tt.divisibility"), *contiguity = ir_hint(v, "tt.contiguity"),
             *constancy = ir_hint(v, "tt.constancy");
  for (int d = 0; d < out->rank; d++) {
    IndexAxis *a = &out->axis[d];
    a->divisibility = hinted(divisibility, d, a->divisibility);
    a->contiguity = hinted(contiguity, d, a->contiguity);
    a->constancy = hinted(constancy, d, a->constancy);
  }
}
