/* form.c: base and strides of a value from those of what it is computed from: a rule per op.
 *
 * Invariant. With S the axes whose stride is known and U the others,
 *     value[i] = base(i on U) + sum over d in S of stride[d] * i[d]
 * as long as no `wrap` of an axis starts again between index 0 and i. A rule may always give less: an unknown stride,
 * or the value itself as base. It must give the value itself where an axis goes from S to U: else that axis' part of
 * the operand would be lost from the sum (lost_axis).
 *
 * Quotients and remainders. Let g be a power of two that divides the divisor and the dividend's base, and let the
 * dividend be at least 0. Axes along which the dividend moves by multiples of the divisor move the quotient by
 * stride / divisor, and the remainder not at all. If all the others together move by less than g, they stay between two
 * multiples of the divisor: the quotient does not change along them, and the remainder moves as the dividend does.
 * Otherwise the remainder wraps.
 */
#include "index/internal.h"

#include <string.h>

static bool counts(const Type *t) { return index_is_number(t) && !index_is_boolean(t); }

static bool is_zero(const IndexSum *s) { return index_is_const(s, 0); }

/* Does `out` no longer know an axis along which `x` is known to move? */
static bool lost_axis(const Index *out, const Index *x) {
  for (int d = 0; d < out->rank; d++)
    if (!out->axis[d].stride && x->axis[d].stride && !index_stands_still(&x->axis[d])) return true;
  return false;
}

static void set_axis(IndexAxis *a, const IndexSum *stride, const Value *wrap) {
  a->stride = stride;
  a->wrap = stride ? wrap : NULL;
}

/* ---- sums and products ------------------------------------------------------------------------------------------- */

/* x + times * y */
static void linear(IndexInfo *ix, const Index *x, const Index *y, int64_t times, Index *out) {
  const IndexSum *self = out->base;
  for (int d = 0; d < out->rank; d++) {
    const IndexAxis *a = &x->axis[d], *b = &y->axis[d];
    bool both = a->wrap && b->wrap && a->wrap != b->wrap;
    set_axis(&out->axis[d], both ? NULL : index_sum_add(ix, a->stride, b->stride, times), a->wrap ? a->wrap : b->wrap);
  }
  out->base = index_sum_add(ix, x->base, y->base, times);
  if (!out->base || lost_axis(out, x) || lost_axis(out, y)) out->base = self;
}

/* x * y, y the same everywhere; `factor`: y as a value */
static void scaled(IndexInfo *ix, const Index *x, const Index *y, const Value *factor, Index *out) {
  const IndexSum *self = out->base;
  for (int d = 0; d < out->rank; d++) {
    const IndexSum *stride = index_sum_mul(ix, x->axis[d].stride, y->base);
    if (!stride) stride = index_sum_mul(ix, x->axis[d].stride, index_sum_value(ix, factor));
    set_axis(&out->axis[d], stride, x->axis[d].wrap);
  }
  out->base = index_sum_mul(ix, x->base, y->base);
  if (!out->base || lost_axis(out, x)) out->base = self;
}

/* Axes along which x is not constant become unknown. */
static void varies_too(const Index *x, Index *out) {
  for (int d = 0; d < out->rank; d++)
    if (!index_stands_still(&x->axis[d])) set_axis(&out->axis[d], NULL, NULL);
}

static void all_still(IndexInfo *ix, Index *out) {
  for (int d = 0; d < out->rank; d++) set_axis(&out->axis[d], index_sum_const(ix, 0), NULL);
}

static void product(IndexInfo *ix, const Op *op, const Index *x, const Index *y, Index *out) {
  if (index_is_uniform(y)) {
    scaled(ix, x, y, ir_operand(op, 1), out);
  } else if (index_is_uniform(x)) {
    scaled(ix, y, x, ir_operand(op, 0), out);
  } else {
    const IndexSum *self = out->base;
    all_still(ix, out);
    varies_too(x, out);
    varies_too(y, out);
    out->base = index_sum_mul(ix, x->base, y->base);
    if (!out->base || lost_axis(out, x) || lost_axis(out, y)) out->base = self;
  }
}

/* ---- quotients and remainders ------------------------------------------------------------------------------------ */

/* Do the axes along which x does not move by multiples of `by` stay between two multiples of it? */
static bool stays_within(IndexInfo *ix, const Type *t, const Index *x, const Index *n, int64_t by) {
  int64_t g = min64(x->align, index_divisor(ix, n->base)), span = 0;
  if (index_may_wrap(x)) return false;
  for (int d = 0; d < x->rank; d++) {
    int64_t stride;
    if (x->axis[d].stride && !index_sum_is_small(x->axis[d].stride)) return false; /* it may have overflowed */
    if (!x->axis[d].stride || (by && index_sum_divide(ix, x->axis[d].stride, by)) || index_stands_still(&x->axis[d]))
      continue;
    if (!index_const_stride(x, d, &stride) || stride < 0 || stride >= g) return false;
    span += stride * (index_extent(t, d) - 1);
    if (span >= g) return false;
  }
  return true;
}

/* The form when every axis along which x varies is unknown. */
static void varies_with(IndexInfo *ix, const Index *x, Index *out) {
  all_still(ix, out);
  varies_too(x, out);
}

static void quotient(IndexInfo *ix, const Type *t, const Index *x, const Index *n, bool rounds_down, Index *out) {
  const IndexSum *self = out->base;
  int64_t by = 0;
  if (!index_is_uniform(n)) {
    all_still(ix, out);
    varies_too(x, out);
    varies_too(n, out);
    return;
  }
  if (!index_const(n, &by) || by < 0) by = 0;
  if (by == 1) {
    linear(ix, x, x, 0, out);
    return;
  }
  if ((!rounds_down && x->lo < 0) || !stays_within(ix, t, x, n, by)) {
    varies_with(ix, x, out);
    return;
  }
  for (int d = 0; d < out->rank; d++) {
    const IndexAxis *a = &x->axis[d];
    const IndexSum *stride = by ? index_sum_divide(ix, a->stride, by) : NULL;
    set_axis(&out->axis[d], stride || !a->stride ? stride : index_sum_const(ix, 0), a->wrap);
  }
  out->base = by && index_sum_is_small(x->base) ? index_sum_divide(ix, x->base, by) : NULL;
  if (!out->base) out->base = self;
}

static void remainder_of(IndexInfo *ix, const Type *t, const Value *v, const Index *x, const Index *n, bool rounds_down,
                         Index *out) {
  int64_t by = 0;
  if (!index_is_uniform(n)) {
    all_still(ix, out);
    varies_too(x, out);
    varies_too(n, out);
    return;
  }
  if (index_is_uniform(x)) {
    all_still(ix, out);
    return;
  }
  if (!index_const(n, &by) || by < 0) by = 0;
  if (by && x->lo >= 0 && x->hi < by) {
    linear(ix, x, x, 0, out);
    return;
  }
  bool within = (rounds_down || x->lo >= 0) && stays_within(ix, t, x, n, by);
  for (int d = 0; d < out->rank; d++) {
    const IndexAxis *a = &x->axis[d];
    bool multiple = within && by && a->stride && index_sum_divide(ix, a->stride, by);
    if (index_stands_still(a) || multiple)
      set_axis(&out->axis[d], index_sum_const(ix, 0), a->wrap);
    else if (within)
      set_axis(&out->axis[d], a->stride, a->wrap);
    else
      set_axis(&out->axis[d], a->wrap || !a->stride || !index_sum_is_small(a->stride) ? NULL : a->stride, v);
  }
  if (within && by && x->align % by == 0) out->base = index_sum_const(ix, 0);
}

/* ---- widths ------------------------------------------------------------------------------------------------------ */

/* May an unsigned number pass 0 within a tile? It does not where a power of two that divides the base is more than what
 * the axes add to it: between two multiples of it there is no 0. So pid * BLOCK + arange(BLOCK) is told from j - 6. */
bool index_passes_zero(const Index *x, const Type *t) {
  int64_t span = 0;
  if (x->lo >= 0) return false;
  for (int d = 0; d < x->rank; d++) {
    int64_t stride;
    if (!x->axis[d].stride || index_stands_still(&x->axis[d])) continue;
    if (!index_const_stride(x, d, &stride) || stride < 0 || stride >= x->align) return true;
    span += stride * (index_extent(t, d) - 1);
    if (span >= x->align) return true;
  }
  return false;
}

static bool is_beyond(int64_t x, int64_t limit) { return x >= limit || x <= -limit; }

void index_far(IndexInfo *ix, const Op *op, const Value *v, Index *out) {
  bool is_wide = index_elem(v->type)->bits > 32;
  const int64_t limit = (int64_t)1 << (is_wide ? 62 : 30);
  bool is_far = is_beyond(out->base->constant, limit);
  for (int i = 0; i < out->base->n; i++) is_far = is_far || is_beyond(out->base->terms[i].times, limit);
  bool is_extended = is_wide && (op->code == OP_EXTSI || op->code == OP_EXTUI);
  for (int i = 0; i < op->noperands && !is_extended; i++)
    is_far = is_far || (counts(ir_operand(op, i)->type) && index_operand(ix, op, i)->is_far);
  out->is_far = is_far;
}

/* x in a type of another width. A stride stays what it is, for an index does not overflow within a tile, except where
 * x begins near an end of its type, and where signs are dropped and x may be negative: an unsigned number may well pass
 * 0. A base that looks like a hash, or may be negative where signs are dropped, is its own value from here on. */
static void widened(const Type *t, const Index *x, bool is_unsigned, Index *out) {
  const IndexSum *self = out->base;
  const int64_t large = (int64_t)1 << 24;
  const bool negative = is_unsigned && x->lo < 0,
             passes_end = index_may_wrap(x) || (is_unsigned && index_passes_zero(x, t));
  for (int d = 0; d < out->rank; d++) {
    const IndexSum *s = x->axis[d].stride;
    if (passes_end && s && !is_zero(s)) s = NULL;
    if (s && !index_sum_is_small(s)) s = NULL;
    if (s && !s->n && (s->constant < 0 ? -s->constant : s->constant) > large / index_extent(t, d)) s = NULL;
    set_axis(&out->axis[d], s, x->axis[d].wrap);
  }
  out->base = index_sum_is_small(x->base) && !negative ? x->base : self;
  if (lost_axis(out, x)) out->base = self;
}

static void cast(IndexInfo *ix, const Op *op, const Index *x, Index *out) {
  const Type *t = op->results[0].type, *from = ir_operand(op, 0)->type;
  bool narrow = op->code == OP_TRUNCI && index_elem(t)->bits < 32, is_bool = index_elem(from)->bits == 1;
  int64_t top = narrow ? (int64_t)1 << (index_elem(t)->bits - 1) : 0;
  if (is_bool || (narrow && (x->lo < -top || x->hi >= top)))
    varies_with(ix, x, out);
  else
    widened(t, x, op->code == OP_EXTUI, out);
}

/* ---- pointers ---------------------------------------------------------------------------------------------------- */

static void moved_pointer(IndexInfo *ix, const Op *op, const Index *x, const Index *y, Index *out) {
  const Value *offset = ir_operand(op, 1);
  const IndexSum *self = out->base;
  Index *wide = index_nothing(ix, offset);
  widened(offset->type, y, false, wide);
  bool is_narrow = index_elem(offset->type)->bits < 64;
  linear(ix, x, is_narrow ? wide : y, index_unit(op->results[0].type), out);
  if (lost_axis(out, y)) out->base = self;
}

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

/* The base of a value of another shape. */
static void base_of(const Index *x, Index *out) {
  if (index_is_affine(x)) out->base = x->base;
}

static void copy_axis(const Index *x, int from, Index *out, int to) {
  set_axis(&out->axis[to], x->axis[from].stride, x->axis[from].wrap);
}

static void range(IndexInfo *ix, const Op *op, Index *out) {
  out->base = index_sum_const(ix, ir_attr_int_or(op, "start", 0));
  set_axis(&out->axis[0], index_sum_const(ix, 1), NULL);
}

static void expanded(IndexInfo *ix, const Op *op, const Index *x, Index *out) {
  int axis = (int)ir_attr_int_or(op, "axis", 0);
  for (int d = 0; d < out->rank; d++)
    if (d == axis)
      set_axis(&out->axis[d], index_sum_const(ix, 0), NULL);
    else
      copy_axis(x, d < axis ? d : d - 1, out, d);
  base_of(x, out);
}

static void broadcast(IndexInfo *ix, const Type *from, const Index *x, Index *out) {
  for (int d = 0; d < out->rank; d++)
    if (from->shape[d] == 1)
      set_axis(&out->axis[d], index_sum_const(ix, 0), NULL);
    else
      copy_axis(x, d, out, d);
  base_of(x, out);
}

static void transposed(const Op *op, const Index *x, Index *out) {
  const Attr *order = ir_attr(op, "order");
  for (int d = 0; d < out->rank; d++) copy_axis(x, (int)order->ints[d], out, d);
  base_of(x, out);
}

/* Axes [f0, f1) of the operand and [t0, t1) of the result hold the same elements in the same order. One axis that is
 * cut into several gives each its stride; several that become one have a stride if each moves by the extent of the next
 * one times its stride. */
static void regroup(IndexInfo *ix, const Type *from, const Index *x, int f0, int f1, const Type *to, Index *out, int t0,
                    int t1) {
  const IndexSum *stride = NULL;
  const Value *wrap = NULL;
  int64_t extent = 1;
  bool even = true, still = true;
  for (int d = f1; d-- > f0; extent *= from->shape[d]) {
    const IndexAxis *a = &x->axis[d];
    if (from->shape[d] == 1) continue;
    still = still && index_stands_still(a);
    if (extent == 1) {
      stride = a->stride;
      wrap = a->wrap;
    } else {
      even = even && stride && !a->wrap && !wrap && index_sum_scale(ix, stride, extent) == a->stride;
    }
  }
  if (still) stride = index_sum_const(ix, 0), even = true;
  extent = 1;
  for (int d = t1; d-- > t0; extent *= to->shape[d])
    if (to->shape[d] > 1) set_axis(&out->axis[d], even && stride ? index_sum_scale(ix, stride, extent) : NULL, wrap);
}

static void reshaped(IndexInfo *ix, const Op *op, const Index *x, Index *out) {
  const Type *from = ir_operand(op, 0)->type, *to = op->results[0].type;
  if (index_is_uniform(x)) {
    all_still(ix, out);
    out->base = x->base;
    return;
  }
  if (ir_attr(op, "allow_reorder")) return;
  int f = 0, t = 0;
  while (f < from->rank || t < to->rank) {
    int f0 = f, t0 = t;
    int64_t n = f < from->rank ? from->shape[f++] : 1, m = t < to->rank ? to->shape[t++] : 1;
    while (n != m) {
      if (n < m && f < from->rank)
        n *= from->shape[f++];
      else if (m < n && t < to->rank)
        m *= to->shape[t++];
      else
        return;
    }
    regroup(ix, from, x, f0, f, to, out, t0, t);
  }
  if (index_is_affine(out)) base_of(x, out);
}

/* The result's last axis chooses between x and y. */
static void joined(IndexInfo *ix, const Index *x, const Index *y, Index *out) {
  int last = out->rank - 1;
  bool same = true;
  for (int d = 0; d < last; d++) {
    const IndexAxis *a = &x->axis[d], *b = &y->axis[d];
    bool equal = a->stride == b->stride && a->wrap == b->wrap;
    set_axis(&out->axis[d], equal ? a->stride : NULL, a->wrap);
    same = same && equal && a->stride;
  }
  set_axis(&out->axis[last], same ? index_sum_add(ix, y->base, x->base, -1) : NULL, NULL);
  if (same && out->axis[last].stride) out->base = x->base;
}

static void split(IndexInfo *ix, const Value *v, const Index *x, Index *out) {
  const IndexSum *step = x->axis[x->rank - 1].stride;
  for (int d = 0; d < x->rank - 1; d++) copy_axis(x, d, out, d);
  const IndexSum *base = index_is_affine(x) ? index_sum_add(ix, x->base, step, v->index) : NULL;
  if (base && !x->axis[x->rank - 1].wrap) out->base = base;
}

static void reduced(IndexInfo *ix, const Op *op, Index *out) {
  int axis = (int)ir_attr_int_or(op, "axis", 0);
  if (!ir_is_tensor(op->results[0].type)) return;
  all_still(ix, out);
  for (int i = 0; i < op->noperands; i++) {
    const Index *x = index_operand(ix, op, i);
    for (int d = 0; d < out->rank; d++)
      if (!index_stands_still(&x->axis[d < axis ? d : d + 1])) set_axis(&out->axis[d], NULL, NULL);
  }
}

/* ---- choices ----------------------------------------------------------------------------------------------------- */

static void meet_form(const Index *x, const Index *y, Index *out) {
  const IndexSum *self = out->base;
  for (int d = 0; d < out->rank; d++) {
    const IndexAxis *a = &x->axis[d], *b = &y->axis[d];
    set_axis(&out->axis[d], a->stride == b->stride && a->wrap == b->wrap ? a->stride : NULL, a->wrap);
  }
  out->base = x->base == y->base && !lost_axis(out, x) && !lost_axis(out, y) ? x->base : self;
}

static void selected(IndexInfo *ix, const Op *op, Index *out) {
  const Index *c = index_operand(ix, op, 0), *x = index_operand(ix, op, 1), *y = index_operand(ix, op, 2);
  const IndexSum *self = out->base;
  bool is_tensor = ir_is_tensor(ir_operand(op, 0)->type);
  meet_form(x, y, out);
  for (int d = 0; d < out->rank && is_tensor; d++)
    if (!index_stands_still(&c->axis[d])) set_axis(&out->axis[d], NULL, NULL);
  out->base = self;
}

/* An op of which nothing is known but that it works element by element: it is constant along the axes where its operands are. */
static void elementwise(IndexInfo *ix, const Op *op, Index *out) {
  all_still(ix, out);
  for (int i = 0; i < op->noperands; i++)
    if (ir_is_tensor(ir_operand(op, i)->type)) varies_too(index_operand(ix, op, i), out);
}

/* x | y where no bit is set in both. */
static bool is_disjoint(IndexInfo *ix, const Index *x, const Index *y) {
  int64_t g = x->align;
  for (int d = 0; d < x->rank; d++) {
    if (!x->axis[d].stride || x->axis[d].wrap) return false;
    g = min64(g, index_divisor(ix, x->axis[d].stride));
  }
  return y->lo >= 0 && y->hi < g;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static bool pow2_shift(const Index *by, int64_t *k) { return index_const(by, k) && *k >= 0 && *k < 31; }

/* v / 2^k and v % 2^k, for negative ones as well */
static void shifted(IndexInfo *ix, const Op *op, const Index *x, int64_t n, bool rounds_down, Index *out) {
  Index *by = index_nothing(ix, &op->results[0]);
  all_still(ix, by);
  by->base = index_sum_const(ix, n);
  if (op->code == OP_ANDI)
    remainder_of(ix, op->results[0].type, &op->results[0], x, by, rounds_down, out);
  else
    quotient(ix, op->results[0].type, x, by, rounds_down, out);
}

static bool arithmetic(IndexInfo *ix, const Op *op, const Value *v, const Index *x, const Index *y, Index *out) {
  const Type *t = v->type, *e = index_elem(t);
  int64_t k;
  /* Of few bits, it may overflow within a tile, unless the interval says otherwise. */
  if (e->kind == TYPE_INT && e->bits < 32 && out->lo <= -((int64_t)1 << (e->bits - 1))) return false;
  switch (op->code) {
  case OP_ADDI: linear(ix, x, y, 1, out); return true;
  case OP_SUBI: linear(ix, x, y, -1, out); return true;
  case OP_ADDPTR: moved_pointer(ix, op, x, y, out); return true;
  case OP_MULI: product(ix, op, x, y, out); return true;
  case OP_DIVSI:
  case OP_DIVUI: quotient(ix, t, x, y, false, out); return true;
  case OP_REMSI:
  case OP_REMUI: remainder_of(ix, t, v, x, y, false, out); return true;
  case OP_SHLI:
    if (!pow2_shift(y, &k)) return false;
    linear(ix, x, x, ((int64_t)1 << k) - 1, out);
    return true;
  case OP_SHRSI:
  case OP_SHRUI:
    if (!pow2_shift(y, &k)) return false;
    shifted(ix, op, x, (int64_t)1 << k, op->code == OP_SHRSI, out);
    return true;
  case OP_ANDI:
    if (!index_const(y, &k)) {
      if (!index_const(x, &k)) return false;
      x = y;
    }
    if (k <= 0 || k >= INT32_MAX || !is_pow2(k + 1)) return false;
    shifted(ix, op, x, k + 1, true, out);
    return true;
  case OP_ORI:
    if (!is_disjoint(ix, x, y) && !is_disjoint(ix, y, x)) return false;
    linear(ix, x, y, 1, out);
    return true;
  default: return false;
  }
}

static bool rearranged(IndexInfo *ix, const Op *op, const Value *v, const Index *x, Index *out) {
  switch (op->code) {
  case OP_MAKE_RANGE: range(ix, op, out); return true;
  case OP_SPLAT:
    all_still(ix, out);
    out->base = x->base;
    return true;
  case OP_UNSPLAT: out->base = x->base; return true;
  case OP_EXPAND_DIMS: expanded(ix, op, x, out); return true;
  case OP_BROADCAST: broadcast(ix, ir_operand(op, 0)->type, x, out); return true;
  case OP_TRANS: transposed(op, x, out); return true;
  case OP_RESHAPE: reshaped(ix, op, x, out); return true;
  case OP_JOIN: joined(ix, x, index_operand(ix, op, 1), out); return true;
  case OP_SPLIT: split(ix, v, x, out); return true;
  case OP_REDUCE: reduced(ix, op, out); return true;
  case OP_CONVERT_LAYOUT:
  case OP_PTR_TO_INT:
  case OP_INT_TO_PTR: linear(ix, x, x, 0, out); return true;
  case OP_TT_BITCAST:
    if (!ir_is_ptr(index_elem(v->type)) || !ir_is_ptr(index_elem(ir_operand(op, 0)->type))) return false;
    linear(ix, x, x, 0, out);
    return true;
  case OP_EXTSI:
  case OP_EXTUI:
  case OP_TRUNCI:
  case OP_INDEX_CAST: cast(ix, op, x, out); return true;
  default: return false;
  }
}

void index_form(IndexInfo *ix, const Op *op, const Value *v, Index *out) {
  const IndexSum *self = out->base;
  const Index *x = op->noperands > 0 ? index_operand(ix, op, 0) : NULL;
  const Index *y = op->noperands > 1 ? index_operand(ix, op, 1) : NULL;
  if (op->code == OP_SELECT) {
    selected(ix, op, out);
  } else if (!rearranged(ix, op, v, x, out) && !(y && arithmetic(ix, op, v, x, y, out)) &&
             (op->code == OP_LOAD || ir_has(op, T_PURE | T_ELEMENTWISE))) {
    elementwise(ix, op, out);
  }
  for (int d = 0; d < out->rank; d++) /* of a single element */
    if (index_extent(v->type, d) == 1) set_axis(&out->axis[d], index_sum_const(ix, 0), NULL);
  if (!counts(v->type)) { /* a boolean or a float: whether it moves is all there is to say */
    out->base = self;
    for (int d = 0; d < out->rank; d++)
      if (!index_stands_still(&out->axis[d])) set_axis(&out->axis[d], NULL, NULL);
  }
}

Index *index_meet(IndexInfo *ix, const Index *x, const Index *y, const Value *v) {
  Index *out = index_nothing(ix, v);
  meet_form(x, y, out);
  index_meet_runs(x, y, index_unit(v->type), out);
  out->lo = min64(x->lo, y->lo);
  out->hi = max64(x->hi, y->hi);
  out->align = min64(x->align, y->align);
  out->is_far = x->is_far || y->is_far;
  out->root = x->root == y->root ? x->root : NULL;
  if (x->mask && y->mask) out->mask = index_mask_itself(ix, v);
  return out;
}
