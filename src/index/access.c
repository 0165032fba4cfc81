/* access.c: what a load or store needs to know, in one struct; and the printed form. */
#include "index/internal.h"

const Value *index_group(const Op *op, const char *name) {
  int at;
  return ir_operand_group(op, name, &at) ? ir_operand(op, at) : NULL;
}

int64_t index_width(IndexInfo *ix, const Value *ptr, const Value *mask, int axis) {
  const IndexAxis *a = &index_of(ix, ptr)->axis[axis];
  int64_t bytes = index_unit(ptr->type), n = min64(a->contiguity, max64(1, a->divisibility / bytes));
  n = min64(n, max64(1, 16 / bytes));
  if (mask) n = min64(n, index_of(ix, mask)->axis[axis].constancy);
  return n;
}

static bool is_bounded(IndexInfo *ix, const IndexMask *m) {
  for (int i = 0; m && i < m->nrest; i++)
    if (!index_is_uniform(index_of(ix, m->rest[i]))) return false;
  return true;
}

enum { BOX_RANK = 5, BOX_EXTENT = 256, BOX_BYTES = 16 };

/* The axis that moves by one element, if all the others allow a box; else -1. */
static int box_inner(IndexInfo *ix, const Type *t, const Index *x, int64_t bytes) {
  int inner = -1;
  if (x->rank > BOX_RANK) return -1;
  for (int d = 0; d < x->rank; d++) {
    const IndexAxis *a = &x->axis[d];
    if (index_extent(t, d) > BOX_EXTENT || !a->stride || a->wrap) return -1;
    if (index_extent(t, d) == 1) continue;
    if (index_is_const(a->stride, 0)) return -1;
    if (index_is_const(a->stride, bytes) && inner < 0)
      inner = d;
    else if (index_divisor(ix, a->stride) < BOX_BYTES)
      return -1;
  }
  return inner >= 0 && index_extent(t, inner) * bytes % BOX_BYTES == 0 ? inner : -1;
}

bool index_access(IndexInfo *ix, const Op *op, IndexAccess *a) {
  switch (op->code) {
  case OP_LOAD:
  case OP_STORE:
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS:
  case OP_ASYNC_COPY: break;
  default: return false;
  }
  const Value *ptr = ir_operand(op, 0), *mask = index_group(op, "mask"), *other = index_group(op, "other");
  if (!ir_is_tensor(ptr->type) || !ir_is_ptr(ptr->type->elem)) return false;
  const Index *x = index_of(ix, ptr);
  int64_t *width = NEWN(ix->cx, int64_t, x->rank);
  for (int d = 0; d < x->rank; d++) width[d] = index_width(ix, ptr, mask, d);
  *a = (IndexAccess){.ptr = x,
                     .mask = mask ? index_of(ix, mask)->mask : NULL,
                     .offset = x->root ? index_sub(ix, x->base, index_sum_value(ix, x->root)) : NULL,
                     .elem_bytes = (int)index_unit(ptr->type),
                     .rank = x->rank,
                     .width = width};
  a->is_bounded = is_bounded(ix, a->mask);
  a->inner = box_inner(ix, ptr->type, x, a->elem_bytes);
  a->box = a->inner >= 0 && a->is_bounded && (!other || ir_is_zero(other));
  a->box_aligned = x->align >= BOX_BYTES;
  return true;
}

/* ---- elements and iterations that share no address --------------------------------------------------------------- */

typedef struct Stride {
  int64_t bytes, extent;
} Stride;

typedef struct Strides {
  Stride *at; /* the smallest first */
  int n;
} Strides;

static bool add_stride(Strides *s, int64_t bytes, int64_t extent) {
  if (bytes < 0 && __builtin_sub_overflow(0, bytes, &bytes)) return false;
  int at = s->n++;
  for (; at > 0 && s->at[at - 1].bytes > bytes; at--) s->at[at] = s->at[at - 1];
  s->at[at] = (Stride){bytes, extent};
  return true;
}

/* The constant strides of a tile, and room for one more. */
static bool constant_strides(IndexInfo *ix, const Value *ptr, Strides *all) {
  const Index *x = index_of(ix, ptr);
  *all = (Strides){.at = NEWN(ix->cx, Stride, x->rank + 1)};
  for (int d = 0; d < x->rank; d++) {
    const IndexSum *s = x->axis[d].stride;
    if (index_extent(ptr->type, d) == 1) continue;
    if (!s || x->axis[d].wrap) return false;
    if (!s->n && !add_stride(all, s->constant, index_extent(ptr->type, d))) return false;
  }
  return true;
}

/* From the first byte to behind the last that elements of so many bytes reach; -1: not known. `apart`: no two of them
 * overlap there, for each axis steps over all that the axes of smaller strides reach. */
static int64_t bytes_reached(const Strides *s, int64_t bytes, bool *apart) {
  int64_t more;
  *apart = true;
  for (int i = 0; i < s->n; i++) {
    *apart &= s->at[i].bytes >= bytes;
    if (__builtin_mul_overflow(s->at[i].bytes, s->at[i].extent - 1, &more)) return -1;
    if (__builtin_add_overflow(bytes, more, &bytes)) return -1;
  }
  return bytes;
}

static int64_t bytes_spanned(IndexInfo *ix, const Value *ptr, bool *apart) {
  Strides s;
  return constant_strides(ix, ptr, &s) ? bytes_reached(&s, index_unit(ptr->type), apart) : -1;
}

bool index_elements_are_apart(IndexInfo *ix, const Value *ptr) {
  bool apart;
  return bytes_spanned(ix, ptr, &apart) >= 0 && apart;
}

bool index_tensors_are_apart(IndexInfo *ix, const Value *a, const Value *b) {
  if (!ir_is_tensor(a->type) || !ir_is_tensor(b->type) || !ir_same_shape(a->type, b->type)) return false;
  if (index_unit(a->type) != index_unit(b->type)) return false;
  const Index *x = index_of(ix, a), *y = index_of(ix, b);
  for (int d = 0; d < x->rank; d++)
    if (index_extent(a->type, d) > 1 && (x->axis[d].stride != y->axis[d].stride || y->axis[d].wrap)) return false;
  const IndexSum *distance = index_sub(ix, x->base, y->base);
  Strides s;
  bool apart;
  if (!distance || distance->n || !constant_strides(ix, a, &s)) return false;
  /* The two are one tensor with an axis more, along which it has two elements. */
  if (!add_stride(&s, distance->constant, 2)) return false;
  return bytes_reached(&s, index_unit(a->type), &apart) >= 0 && apart;
}

static bool is_invariant(const IndexSum *s, const Op *loop) {
  for (int i = 0; i < s->n; i++)
    for (int k = 0; k < s->terms[i].n; k++)
      if (!ir_defined_outside(s->terms[i].factors[k], loop)) return false;
  return true;
}

/* By how much a term grows in an iteration: one factor may move, by a step that is the same in all of them. */
static const IndexSum *step_of_term(IndexInfo *ix, const IndexTerm *t, const Op *loop) {
  const IndexSum *step = index_sum_const(ix, t->times), *moved = NULL;
  for (int k = 0; step && k < t->n; k++) {
    const Value *v = t->factors[k];
    bool moves = !ir_defined_outside(v, loop);
    if (moves) {
      const IndexSum *by = v->block == ir_entry(loop, 0) ? index_step(ix, v) : NULL;
      if (moved || !by || !is_invariant(by, loop)) return NULL;
      moved = by;
    }
    step = index_sum_mul(ix, step, moves ? moved : index_sum_value(ix, v));
  }
  return moved ? step : index_sum_const(ix, 0);
}

bool index_iterations_are_apart(IndexInfo *ix, const Value *ptr, const Op *loop) {
  const Index *x = index_of(ix, ptr);
  bool apart;
  int64_t bytes = bytes_spanned(ix, ptr, &apart);
  const IndexSum *step = index_sum_const(ix, 0);
  for (int i = 0; step && i < x->base->n; i++)
    step = index_sum_add(ix, step, step_of_term(ix, &x->base->terms[i], loop), 1);
  if (bytes < 0 || !step) return false;
  return step->n || !step->constant || step->constant <= -bytes || step->constant >= bytes;
}

/* ---- printing ---------------------------------------------------------------------------------------------------- */

static void print_value(IndexInfo *ix, Buf *out, const Value *v) {
  if (v->hint)
    buf_puts(out, v->hint);
  else if (v->block && v->block->region->op->code == OP_FUNC)
    buf_printf(out, "arg%d", v->index);
  else
    buf_printf(out, "v%d", index_fact(ix, v)->number);
}

static void print_sum(IndexInfo *ix, Buf *out, const IndexSum *s) {
  bool first = true;
  if (!s) {
    buf_puts(out, "?");
    return;
  }
  for (int i = 0; i < s->n; i++) {
    const IndexTerm *t = &s->terms[i];
    if (!first) buf_puts(out, t->times < 0 ? " - " : " + ");
    if (first && t->times < 0) buf_puts(out, "-");
    first = false;
    int64_t times = t->times < 0 ? -t->times : t->times;
    if (times != 1) buf_printf(out, "%lld ", (long long)times);
    for (int k = 0; k < t->n; k++) {
      if (k) buf_puts(out, " ");
      print_value(ix, out, t->factors[k]);
    }
  }
  if (first)
    buf_printf(out, "%lld", (long long)s->constant);
  else if (s->constant)
    buf_printf(out, s->constant < 0 ? " - %llu" : " + %llu",
               (unsigned long long)(s->constant < 0 ? -(uint64_t)s->constant : (uint64_t)s->constant));
}

static void print_mask(IndexInfo *ix, Buf *out, const IndexMask *m) {
  buf_puts(out, m->never ? " where never" : " where");
  for (int i = 0; i < m->nbounds; i++) {
    buf_printf(out, " i%d %s ", m->bounds[i].axis, m->bounds[i].kind == INDEX_BELOW ? "<" : ">=");
    print_sum(ix, out, m->bounds[i].sum);
    buf_puts(out, ",");
  }
  for (int i = 0; i < m->nrest; i++) {
    buf_puts(out, " ");
    print_value(ix, out, m->rest[i]);
    buf_puts(out, ",");
  }
}

void index_print(IndexInfo *ix, Buf *out, const Value *v) {
  const Index *x = index_of(ix, v);
  print_sum(ix, out, x->base);
  for (int d = 0; d < x->rank && ir_is_tensor(v->type); d++) {
    const IndexAxis *a = &x->axis[d];
    if (index_is_const(a->stride, 0) && !a->wrap) continue;
    buf_puts(out, " + (");
    print_sum(ix, out, a->stride);
    buf_printf(out, ")%s i%d", a->wrap ? "%" : "", d);
  }
  if (x->mask) print_mask(ix, out, x->mask);
  for (int d = 0; d < x->rank; d++)
    buf_printf(out, " [%lld %lld %lld]", (long long)x->axis[d].contiguity, (long long)x->axis[d].divisibility,
               (long long)x->axis[d].constancy);
}
