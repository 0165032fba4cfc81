/* known.c: what is known of a value before the rules of its op, and after them: the value as its own base, constants, and
 * what follows from a form that is complete. */
#include "index/internal.h"

Index *index_nothing(IndexInfo *ix, const Value *v) {
  int rank = index_rank(v->type);
  Index *x = ctx_alloc(ix->cx, sizeof *x + (size_t)rank * sizeof *x->axis);
  x->base = index_sum_value(ix, v);
  x->rank = rank;
  x->align = 1;
  index_whole(v->type, &x->lo, &x->hi);
  for (int d = 0; d < rank; d++)
    x->axis[d] = (IndexAxis){
        .stride = index_extent(v->type, d) == 1 ? ix->zero : NULL, .contiguity = 1, .divisibility = 1, .constancy = 1};
  return x;
}

const IndexMask *index_mask_itself(IndexInfo *ix, const Value *v) {
  IndexMask *m = NEW(ix->cx, IndexMask);
  const Value **rest = NEWN(ix->cx, const Value *, 1);
  rest[0] = v;
  m->rest = rest;
  m->nrest = 1;
  return m;
}

void index_constant(IndexInfo *ix, const Value *v, Index *out) {
  int64_t c;
  bool is_int = ir_is_const_int(v, &c);
  if (is_int) out->lo = out->hi = c;
  for (int d = 0; d < out->rank && ir_const_value(v)->kind != ATTR_DENSE; d++) out->axis[d].stride = ix->zero;
  for (int d = 0; d < out->rank && is_int; d++) {
    out->axis[d].constancy = low_bit(index_extent(v->type, d));
    out->axis[d].divisibility = low_bit(c);
  }
  if (is_int && !index_is_boolean(v->type)) out->base = index_sum_const(ix, c);
  if (is_int && index_is_boolean(v->type)) {
    IndexMask *m = NEW(ix->cx, IndexMask);
    m->never = c == 0;
    out->mask = m;
  }
}

/* ---- what follows ------------------------------------------------------------------------------------------------ */

/* At index `run` * k of axis d and 0 of the others, a value is a multiple of this. */
static int64_t start_by_form(IndexInfo *ix, const Type *t, const Index *x, int d, int64_t run) {
  int64_t g = x->align;
  for (int e = 0; e < x->rank; e++) {
    const IndexSum *s = x->axis[e].stride;
    int64_t step = e == d ? run : 1;
    if (s && step < index_extent(t, e)) g = min64(g, times_pow2(index_divisor(ix, s), step));
  }
  return g;
}

void index_runs_of_form(IndexInfo *ix, const Type *t, Index *x) {
  int64_t unit = index_unit(t), stride;
  for (int d = 0; d < x->rank; d++)
    if (x->axis[d].wrap) return;
  for (int d = 0; d < x->rank; d++) {
    IndexAxis *a = &x->axis[d];
    if (!a->stride) continue;
    int64_t extent = low_bit(index_extent(t, d));
    if (index_const_stride(x, d, &stride) && stride == 0) a->constancy = max64(a->constancy, extent);
    if (index_const_stride(x, d, &stride) && stride == unit && extent > a->contiguity) {
      a->contiguity = extent;
      a->divisibility = start_by_form(ix, t, x, d, extent);
    } else {
      a->divisibility = max64(a->divisibility, start_by_form(ix, t, x, d, a->contiguity));
    }
  }
}

/* What divides the value itself where it is its own base: at index 0 along the axes with a stride, every element along
 * the others. */
static int64_t own_align(const Type *t, const Index *x) {
  int64_t most = 1;
  for (int d = 0; d < x->rank; d++) {
    const IndexAxis *a = &x->axis[d];
    bool starts = a->stride || a->contiguity == 1;
    most = max64(most, starts ? a->divisibility : min64(a->divisibility, low_bit(index_unit(t))));
  }
  return most;
}

static bool is_own_base(const Index *x, const Value *v) {
  const IndexSum *s = x->base;
  return s->n == 1 && s->terms[0].n == 1 && s->terms[0].factors[0] == v;
}

void index_complete(IndexInfo *ix, const Value *v, Index *x) {
  const Fact *f = index_fact(ix, v);
  if (f->assumed) {
    x->lo = max64(x->lo, f->lo);
    x->hi = min64(x->hi, f->hi);
    for (int d = 0; d < x->rank; d++) x->axis[d].divisibility = max64(x->axis[d].divisibility, f->align);
  }
  x->align = own_align(v->type, x);
  if (!is_own_base(x, v)) x->align = max64(x->align, index_divisor(ix, x->base));
  if (index_is_number(v->type)) index_runs_of_form(ix, v->type, x);
  if (index_is_boolean(v->type) && !x->mask) x->mask = index_mask_itself(ix, v);
}

const Index *index_of(IndexInfo *ix, const Value *v) {
  Fact *f = index_fact(ix, v);
  if (!f->index) {
    f->index = index_nothing(ix, v);
    if (v->op && v->op->code == OP_CONSTANT && index_is_tracked(v->type)) index_constant(ix, v, f->index);
    index_complete(ix, v, f->index);
  }
  return f->index;
}

const Index *index_operand(IndexInfo *ix, const Op *op, int i) { return index_of(ix, ir_operand(op, i)); }
