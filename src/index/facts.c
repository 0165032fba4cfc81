/* facts.c: what is kept of each value, and what types and finished facts say by themselves. */
#include "index/internal.h"

bool index_is_number(const Type *t) {
  const Type *e = index_elem(t);
  return e->kind == TYPE_INT || e->kind == TYPE_PTR || e->kind == TYPE_INDEX;
}

bool index_is_tracked(const Type *t) { return ir_is_tensor(t) || index_is_number(t); }

Fact *index_fact(IndexInfo *ix, const Value *v) {
  Fact *f = map_get(&ix->facts, v);
  if (f) return f;
  f = NEW(ix->cx, Fact);
  map_put(ix->cx, &ix->facts, v, f);
  return f;
}

void index_whole(const Type *t, int64_t *lo, int64_t *hi) {
  const Type *e = index_elem(t);
  *lo = INT64_MIN, *hi = INT64_MAX;
  if (e->kind != TYPE_INT || e->bits >= 64) return;
  int64_t half = (int64_t)1 << (e->bits - 1);
  *lo = e->bits == 1 ? 0 : -half, *hi = e->bits == 1 ? 1 : half - 1;
}

int64_t index_unit(const Type *t) {
  const Type *e = index_elem(t);
  return ir_is_ptr(e) && !ir_is_tensor(e->elem) ? ir_elem_bytes(e->elem) : 1;
}

bool index_is_uniform(const Index *x) {
  for (int d = 0; d < x->rank; d++)
    if (!index_stands_still(&x->axis[d])) return false;
  return true;
}

bool index_may_wrap(const Index *x) { return x->is_far && !index_is_uniform(x); }

bool index_may_pass_end(const Index *x, const Type *t) {
  const Type *e = index_elem(t);
  if (index_is_uniform(x)) return false;
  bool is_known = !x->base->n;
  for (int d = 0; d < x->rank; d++) is_known = is_known && x->axis[d].stride && !x->axis[d].stride->n;
  return x->is_far || (e->kind == TYPE_INT && !is_known);
}

bool index_is_affine(const Index *x) {
  for (int d = 0; d < x->rank; d++)
    if (!x->axis[d].stride) return false;
  return true;
}

bool index_const_stride(const Index *x, int axis, int64_t *stride) {
  const IndexAxis *a = &x->axis[axis];
  if (!a->stride || a->stride->n || a->wrap) return false;
  *stride = a->stride->constant;
  return true;
}

bool index_const(const Index *x, int64_t *value) {
  if (x->base->n || !index_is_uniform(x)) return false;
  *value = x->base->constant;
  return true;
}
