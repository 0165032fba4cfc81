/* shape.c: broadcasting, and ops that rearrange elements. */
#include <string.h>

#include "lang/tl/tl.h"

#define MAX_NUMEL 1048576 /* the language's bound on the elements of one tensor */

/* ---- broadcasting ----------------------------------------------------------------------------------------- */

Val *sem_expand_dims(Lang *L, Val *t, int axis) {
  int rank = lt_rank(t->type);
  int64_t *shape = NEWN(L->cx, int64_t, rank + 1);
  for (int i = 0, j = 0; i <= rank; i++) shape[i] = i == axis ? 1 : t->type->shape[j++];
  if (rank == 0) return sem_splat(L, t, 1, shape);
  Val *r = sem_op1(L, OP_EXPAND_DIMS, lt_block(L, val_elem(t), rank + 1, shape), t);
  ir_set_attr(L->cx, r->value->op, "axis", ir_attr_int(L->cx, ir_int(L->cx, 32), axis));
  return r;
}

Val *sem_broadcast_to(Lang *L, Val *t, int rank, const int64_t *shape) {
  if (t->type->kind != L_BLOCK) return sem_splat(L, t, rank, shape);
  const LType *to = lt_block(L, val_elem(t), rank, shape);
  if (to == t->type) return t;
  if (rank != t->type->rank)
    lang_fail(L, NULL, "cannot broadcast shape %s to %s: the ranks differ", lt_shape_text(L, t->type),
              lt_shape_text(L, to));
  for (int i = 0; i < rank; i++)
    if (t->type->shape[i] != shape[i] && t->type->shape[i] != 1)
      lang_fail(L, NULL, "cannot broadcast shape %s to %s: dimension %d is %lld, and only a dimension of 1 is repeated",
                lt_shape_text(L, t->type), lt_shape_text(L, to), i, (long long)t->type->shape[i]);
  return sem_op1(L, OP_BROADCAST, to, t);
}

Val *sem_broadcast_like(Lang *L, Val *t, const LType *like) {
  while (lt_rank(t->type) && lt_rank(t->type) < lt_rank(like)) t = sem_expand_dims(L, t, 0);
  return sem_broadcast_to(L, t, lt_rank(like), like->shape);
}

bool lt_can_broadcast_to(const LType *from, const LType *to) {
  int rank = lt_rank(from), offset = lt_rank(to) - rank;
  for (int i = 0; i < rank; i++)
    if (offset < 0 || (from->shape[i] != 1 && from->shape[i] != to->shape[i + offset])) return false;
  return true;
}

void sem_broadcast(Lang *L, Val **a, Val **b) {
  const LType *ta = (*a)->type, *tb = (*b)->type;
  if (lt_same_shape(ta, tb)) return;
  if (lt_rank(ta) == 0) {
    *a = sem_splat(L, *a, tb->rank, tb->shape);
    return;
  }
  if (lt_rank(tb) == 0) {
    *b = sem_splat(L, *b, ta->rank, ta->shape);
    return;
  }
  int rank = ta->rank > tb->rank ? ta->rank : tb->rank;
  int64_t *shape = NEWN(L->cx, int64_t, rank);
  for (int i = 0; i < rank; i++) {
    int ia = i - (rank - ta->rank), ib = i - (rank - tb->rank);
    int64_t x = ia < 0 ? 1 : ta->shape[ia], y = ib < 0 ? 1 : tb->shape[ib];
    if (x != y && x != 1 && y != 1)
      lang_fail(L, "dimensions must be equal, or one of them 1",
                "shapes %s and %s cannot be broadcast together: dimension %d is %lld and %lld", lt_shape_text(L, ta),
                lt_shape_text(L, tb), i, (long long)x, (long long)y);
    shape[i] = x == 1 ? y : x;
  }
  while (lt_rank((*a)->type) < rank) *a = sem_expand_dims(L, *a, 0);
  while (lt_rank((*b)->type) < rank) *b = sem_expand_dims(L, *b, 0);
  *a = sem_broadcast_to(L, *a, rank, shape);
  *b = sem_broadcast_to(L, *b, rank, shape);
}

/* ---- shapes as arguments ----------------------------------------------------------------------------------------- */

int sem_shape_arg(Lang *L, const Val *v, const int64_t **shape, const char *what) {
  if (val_is_sequence(v) && v->len == 1 && val_is_sequence(v->items[0])) /* f(x, (2, 3)) is f(x, 2, 3) */
    v = v->items[0];
  if (val_is_integer(v)) {
    int64_t *one = NEW(L->cx, int64_t);
    *one = sem_arg_int(L, v, what);
    *shape = one;
    return 1;
  }
  if (!val_is_sequence(v))
    lang_fail(L, NULL, "%s must be a tuple or list of integers known at compile time, but is %s", what,
              val_kind_text(L, v));
  int64_t *out = NEWN(L->cx, int64_t, v->len + 1);
  for (size_t i = 0; i < v->len; i++) out[i] = sem_arg_int(L, v->items[i], ctx_printf(L->cx, "%s[%zu]", what, i));
  *shape = out;
  return (int)v->len;
}

void sem_check_shape(Lang *L, int rank, const int64_t *shape, const char *what) {
  int64_t numel = 1;
  for (int i = 0; i < rank; i++) {
    if (!is_pow2(shape[i]))
      lang_fail(L, "every dimension of a tensor is a power of two",
                "dimension %d of %s is %lld, which is not a power of two", i, what, (long long)shape[i]);
    if (shape[i] > MAX_NUMEL || (numel *= shape[i]) > MAX_NUMEL)
      lang_fail(L, NULL, "%s has more than %d elements, the most that one tensor may have", what, MAX_NUMEL);
  }
}

int sem_axis(Lang *L, const Val *axis, int rank, const char *what) {
  int64_t a = sem_arg_int(L, axis, what);
  if (a < -rank || a >= rank)
    lang_fail(L, NULL, "%s: invalid axis %lld for a tensor of rank %d", what, (long long)a, rank);
  return (int)(a < 0 ? a + rank : a);
}

/* ---- moving elements --------------------------------------------------------------------------------------------- */

Val *sem_reshape(Lang *L, Val *t, int rank, const int64_t *shape, bool can_reorder) {
  int64_t numel = 1;
  const LType *to = lt_block(L, val_elem(t), rank, shape);
  for (int i = 0; i < rank; i++) numel *= shape[i];
  if (numel != lt_numel(t->type))
    lang_fail(L, NULL, "cannot reshape %s (%lld elements) to %s (%lld elements)", lt_shape_text(L, t->type),
              (long long)lt_numel(t->type), lt_shape_text(L, to), (long long)numel);
  if (t->type->kind != L_BLOCK) return sem_splat(L, t, rank, shape);
  if (rank == 0) {
    while (lt_rank(t->type) > 1) t = sem_reshape(L, t, 1, (int64_t[]){1}, false);
    return sem_op1(L, OP_UNSPLAT, val_elem(t), t);
  }
  if (to == t->type && !can_reorder) return t;
  Val *r = sem_op1(L, OP_RESHAPE, to, t);
  if (can_reorder) ir_set_attr(L->cx, r->value->op, "allow_reorder", ir_attr_unit(L->cx));
  return r;
}

Val *sem_permute(Lang *L, Val *t, int n, const int *order) {
  int rank = lt_rank(t->type);
  if (n != rank) lang_fail(L, NULL, "%d dimensions are given for a tensor of rank %d", n, rank);
  int64_t *shape = NEWN(L->cx, int64_t, n + 1), *dims = NEWN(L->cx, int64_t, n + 1);
  uint64_t seen = 0;
  for (int i = 0; i < n; i++) {
    if (order[i] < 0 || order[i] >= rank || (seen >> order[i] & 1))
      lang_fail(L, NULL, "the dimensions given are not a permutation of 0 to %d", rank - 1);
    seen |= 1ull << order[i];
    shape[i] = t->type->shape[order[i]];
    dims[i] = order[i];
  }
  Val *r = sem_op1(L, OP_TRANS, lt_block(L, val_elem(t), n, shape), t);
  ir_set_attr(L->cx, r->value->op, "order", ir_attr_ints(L->cx, ir_int(L->cx, 32), dims, n));
  return r;
}

static bool is_full_slice(const Val *v) {
  return v->kind == V_SLICE && sem_is_none(v->items[0]) && sem_is_none(v->items[1]) && sem_is_none(v->items[2]);
}

Val *sem_subscript(Lang *L, Val *t, Val *index) {
  Val *const *at = index->kind == V_TUPLE ? index->items : &index;
  size_t n = index->kind == V_TUPLE ? index->len : 1;
  int rank = lt_rank(t->type), used = 0;
  bool scalar = t->type->kind != L_BLOCK; /* has no dimension for `:` to stand for; with None it is one of new ones */
  for (size_t i = 0; scalar && i < n; i++)
    if (at[i]->kind != V_NONE && (n == 1 || !is_full_slice(at[i])))
      lang_fail(L, NULL, "unsupported tensor index: a scalar cannot be indexed");
  for (size_t i = 0; i < n; i++) used += is_full_slice(at[i]);
  int axis = 0;
  for (size_t i = 0; i < n; i++) {
    if (axis < 0 || (at[i]->kind == V_NONE && axis > lt_rank(t->type)))
      lang_fail(L, NULL, "too many indices for a tensor of shape %s", lt_shape_text(L, t->type));
    if (at[i]->kind == V_NONE) {
      t = sem_expand_dims(L, t, axis++);
    } else if (at[i]->kind == V_ELLIPSIS) {
      axis += rank - used;
    } else if (is_full_slice(at[i])) {
      if (axis >= lt_rank(t->type) && !scalar)
        lang_fail(L, NULL, "too many indices for a tensor of shape %s", lt_shape_text(L, t->type));
      axis++;
    } else {
      lang_fail(L,
                "only None, `:` and `...` may index a tensor; to pick elements use tl.gather, tl.split, or load from a "
                "pointer",
                "unsupported tensor index: a tensor cannot be indexed with %s", val_kind_text(L, at[i]));
    }
  }
  return t;
}
