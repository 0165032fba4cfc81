/* mask.c: masks as conjunctions of bounds.
 *
 * l < r is a bound on an axis if l - r moves by one along that axis and not at all along the others:
 *     i + base < 0  is  i < -base,      -i + base < 0  is  i >= base + 1.
 * Conjunctions collect the bounds of both sides; changes of shape move them to other axes. Other conditions are kept
 * as `rest`; after a change of shape the mask itself is its rest, which is conservative.
 */
#include "index/internal.h"

#include <string.h>

typedef struct MaskDraft {
  IndexBound bounds[INDEX_BOUNDS];
  const Value *rest[INDEX_BOUNDS];
  int nbounds, nrest;
  bool never, full;
} MaskDraft;

static const IndexMask *finished(IndexInfo *ix, const MaskDraft *d, const Value *v) {
  if (d->full) return index_mask_itself(ix, v);
  IndexMask *m = NEW(ix->cx, IndexMask);
  m->nbounds = d->nbounds;
  m->nrest = d->nrest;
  m->never = d->never;
  if (d->nbounds) m->bounds = ctx_copy(ix->cx, d->bounds, (size_t)d->nbounds * sizeof *d->bounds);
  if (d->nrest) m->rest = ctx_copy(ix->cx, (const void *)d->rest, (size_t)d->nrest * sizeof(Value *));
  return m;
}

static void add_bound(MaskDraft *d, IndexBound b) {
  for (int i = 0; i < d->nbounds; i++)
    if (d->bounds[i].kind == b.kind && d->bounds[i].axis == b.axis && d->bounds[i].sum == b.sum) return;
  if (d->nbounds == INDEX_BOUNDS)
    d->full = true;
  else
    d->bounds[d->nbounds++] = b;
}

static void add_rest(MaskDraft *d, const Value *v) {
  for (int i = 0; i < d->nrest; i++)
    if (d->rest[i] == v) return;
  if (d->nrest == INDEX_BOUNDS)
    d->full = true;
  else
    d->rest[d->nrest++] = v;
}

/* ---- comparisons ------------------------------------------------------------------------------------------------- */

/* The axis along which l - r moves, by `step` of 1 or -1; -1: none, or not so. */
static int moving_axis(IndexInfo *ix, const Index *l, const Index *r, int64_t *step) {
  int axis = -1;
  for (int d = 0; d < l->rank; d++) {
    const IndexAxis *a = &l->axis[d], *b = &r->axis[d];
    if (!a->stride || !b->stride || a->wrap || b->wrap) return -1;
    const IndexSum *s = index_sub(ix, a->stride, b->stride);
    if (!s || s->n) return -1;
    if (!s->constant) continue;
    if (axis >= 0 || (s->constant != 1 && s->constant != -1)) return -1;
    axis = d;
    *step = s->constant;
  }
  return axis;
}

/* l + plus < r */
static void less(IndexInfo *ix, const Value *v, const Index *l, const Index *r, int64_t plus, MaskDraft *out) {
  int64_t step = 0;
  if (l->hi > INT64_MIN && l->hi < INT64_MAX && l->hi + plus < r->lo) return; /* always */
  if (l->lo > INT64_MIN && r->hi < INT64_MAX && l->lo + plus >= r->hi) {
    out->never = true;
    return;
  }
  bool narrow = ir_elem(ir_operand(v->op, 0)->type)->bits < 32; /* it may wrap around on the way */
  int axis = narrow || index_may_wrap(l) || index_may_wrap(r) ? -1 : moving_axis(ix, l, r, &step);
  const IndexSum *base =
      axis >= 0 && index_sum_is_small(l->base) && index_sum_is_small(r->base) ? index_sub(ix, l->base, r->base) : NULL;
  base = index_sum_add(ix, base, index_sum_const(ix, plus), 1);
  if (!base)
    add_rest(out, v);
  else if (step > 0)
    add_bound(out, (IndexBound){INDEX_BELOW, axis, index_sum_scale(ix, base, -1)});
  else
    add_bound(out, (IndexBound){INDEX_FROM, axis, index_sum_add(ix, base, index_sum_const(ix, 1), 1)});
}

static void compared(IndexInfo *ix, const Op *op, const Value *v, MaskDraft *out) {
  const char *p = ir_attr_text_or(op, "predicate", "eq");
  const Index *l = index_operand(ix, op, 0), *r = index_operand(ix, op, 1);
  bool is_signed = p[0] == 's' || (p[0] == 'u' && l->lo >= 0 && r->lo >= 0);
  if (!is_signed || !index_is_number(ir_operand(op, 0)->type)) {
    add_rest(out, v);
  } else if (p[1] == 'l') { /* l <= r: l - 1 < r */
    less(ix, v, l, r, p[2] == 'e' ? -1 : 0, out);
  } else {
    less(ix, v, r, l, p[2] == 'e' ? -1 : 0, out);
  }
}

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

static void reshaped(const Op *op, const Value *v, const IndexMask *m, MaskDraft *out) {
  bool itself = false;
  for (int i = 0; i < m->nbounds; i++) {
    IndexBound b = m->bounds[i];
    b.axis = ir_dim_to_result(op, b.axis);
    if (b.axis < 0)
      itself = true;
    else
      add_bound(out, b);
  }
  for (int i = 0; i < m->nrest; i++)
    if (ir_is_tensor(m->rest[i]->type))
      itself = true;
    else
      add_rest(out, m->rest[i]);
  if (itself) add_rest(out, v);
  out->never = m->never;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static void together(const IndexMask *m, MaskDraft *out) {
  for (int i = 0; i < m->nbounds; i++) add_bound(out, m->bounds[i]);
  for (int i = 0; i < m->nrest; i++) add_rest(out, m->rest[i]);
  out->never = out->never || m->never;
}

void index_bounds(IndexInfo *ix, const Op *op, const Value *v, Index *out) {
  MaskDraft d = {0};
  int64_t c;
  const IndexMask *x = op->noperands > 0 ? index_operand(ix, op, 0)->mask : NULL;
  const IndexMask *y = op->noperands > 1 ? index_operand(ix, op, 1)->mask : NULL;
  if (ir_is_const_int(v, &c)) {
    d.never = c == 0;
  } else if (op->code == OP_CMPI) {
    compared(ix, op, v, &d);
  } else if (op->code == OP_ANDI && x && y) {
    together(x, &d);
    together(y, &d);
  } else if (ir_rearranges(op) && x && !ir_attr(op, "allow_reorder")) {
    reshaped(op, v, x, &d);
  } else {
    add_rest(&d, v);
  }
  out->mask = finished(ix, &d, v);
}
