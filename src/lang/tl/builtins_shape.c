/* builtins_shape.c: functions that rearrange elements. */
#include "lang/tl/tl.h"

/* The dimensions of trans/permute: several ints or one tuple of them; none means the reverse of the last two. */
static int dims_arg(Lang *L, const Val *v, int rank, int **order, const char *name) {
  if (v->len == 1 && val_is_sequence(v->items[0])) v = v->items[0];
  *order = NEWN(L->cx, int, v->len + 1);
  for (size_t i = 0; i < v->len; i++)
    (*order)[i] = sem_axis(L, v->items[i], rank, ctx_printf(L->cx, "%s: dimension", name));
  return (int)v->len;
}

Val *builtin_trans(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = sem_arg_tensor(L, args[0], f, "input");
  int rank = lt_rank(x->type), *order, n = dims_arg(L, args[1], rank, &order, "tl.trans");
  if (n == 0) {
    if (rank < 2)
      lang_fail(L, NULL, "tl.trans: a tensor of rank 2 or more is expected, but this has shape %s",
                lt_shape_text(L, x->type));
    n = rank;
    order = NEWN(L->cx, int, rank);
    for (int i = 0; i < rank; i++) order[i] = i < rank - 2 ? i : i == rank - 2 ? rank - 1 : rank - 2;
  }
  return sem_permute(L, x, n, order);
}

Val *builtin_permute(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = sem_arg_tensor(L, args[0], f, "input");
  int *order, n = dims_arg(L, args[1], lt_rank(x->type), &order, "tl.permute");
  return sem_permute(L, x, n, order);
}

Val *builtin_reshape(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  const int64_t *shape;
  Val *x = sem_arg_tensor(L, args[0], f, "input");
  int rank = sem_shape_arg(L, args[1], &shape, "tl.reshape: `shape`");
  sem_check_shape(L, rank, shape, "the new shape");
  return sem_reshape(L, x, rank, shape, sem_arg_bool(L, args[2], "tl.reshape: `can_reorder`"));
}

Val *builtin_view(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  const int64_t *shape;
  Val *x = sem_arg_tensor(L, args[0], f, "input");
  int rank = sem_shape_arg(L, args[1], &shape, "tl.view: `shape`");
  sem_check_shape(L, rank, shape, "the new shape");
  return sem_reshape(L, x, rank, shape, true);
}

_Noreturn static void fail_duplicate_axes(Lang *L, const int *axes, int n) {
  Buf text = {.cx = L->cx};
  for (int i = 0; i < n; i++) buf_printf(&text, "%s%d", i ? ", " : "", axes[i]);
  lang_fail(L, NULL, "tl.expand_dims: duplicate axes, normalized axes = [%s]", buf_text(&text));
}

Val *builtin_expand_dims(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = sem_arg_tensor(L, args[0], f, "input");
  const Val *axis = args[1];
  Val *const *items = val_is_sequence(axis) ? axis->items : &args[1];
  int n = val_is_sequence(axis) ? (int)axis->len : 1, rank = lt_rank(x->type) + n, *axes = NEWN(L->cx, int, n + 1);
  for (int i = 0; i < n; i++) { /* kept in order: each counts the ones before it */
    int a = sem_axis(L, items[i], rank, "tl.expand_dims: `axis`"), j = i;
    for (; j > 0 && axes[j - 1] > a; j--) axes[j] = axes[j - 1];
    axes[j] = a;
  }
  for (int i = 0; i < n; i++) {
    if (i && axes[i] == axes[i - 1]) fail_duplicate_axes(L, axes, n);
    x = sem_expand_dims(L, x, axes[i]);
  }
  return x;
}

Val *builtin_broadcast(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *pair[2];
  pair[0] = sem_arg_tensor(L, args[0], f, "input");
  pair[1] = sem_arg_tensor(L, args[1], f, "other");
  sem_broadcast(L, &pair[0], &pair[1]);
  return val_tuple(L, pair, 2, NULL);
}

Val *builtin_broadcast_to(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  const int64_t *shape;
  Val *x = sem_arg_tensor(L, args[0], f, "input");
  int rank = sem_shape_arg(L, args[1], &shape, "tl.broadcast_to: `shape`");
  sem_check_shape(L, rank, shape, "the new shape");
  return sem_broadcast_to(L, x, rank, shape);
}

Val *builtin_join(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *a = sem_arg_tensor(L, args[0], f, "a"), *b = sem_arg_tensor(L, args[1], f, "b");
  sem_broadcast(L, &a, &b);
  if (lt_ir(L, val_elem(a)) != lt_ir(L, val_elem(b)))
    lang_fail(L, "cast one of them", "tl.join: the element types differ: %s and %s", lt_text(L, val_elem(a)),
              lt_text(L, val_elem(b)));
  bool scalars = a->type->kind != L_BLOCK;
  if (scalars) {
    a = sem_splat(L, a, 1, (int64_t[]){1});
    b = sem_splat(L, b, 1, (int64_t[]){1});
  }
  int rank = a->type->rank;
  int64_t *shape = NEWN(L->cx, int64_t, rank + 1);
  for (int i = 0; i < rank; i++) shape[i] = a->type->shape[i];
  shape[rank] = 2;
  sem_check_shape(L, rank + 1, shape, "the result of tl.join");
  Val *r = sem_op2(L, OP_JOIN, lt_block(L, val_elem(a), rank + 1, shape), a, b);
  return scalars ? sem_reshape(L, r, 1, (int64_t[]){2}, false) : r;
}

Val *builtin_split(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = sem_arg_tensor(L, args[0], f, "a");
  int rank = lt_rank(x->type);
  if (rank == 0 || x->type->shape[rank - 1] != 2)
    lang_fail(L, "reshape it so that the last dimension is 2",
              "tl.split: the last dimension must be 2, but the shape is %s", lt_shape_text(L, x->type));
  bool scalars = rank == 1;
  if (scalars) x = sem_expand_dims(L, x, 0), rank = 2;
  const LType *half = lt_block(L, val_elem(x), rank - 1, x->type->shape);
  Type *types[2] = {lt_ir(L, half), lt_ir(L, half)};
  Op *op = ir_op(&L->b, OP_SPLIT, types, 2, &x->value, 1);
  Val *pair[2];
  for (int i = 0; i < 2; i++) {
    pair[i] = val_tensor(L, ir_result(op, i), half);
    if (scalars) pair[i] = sem_reshape(L, pair[i], 0, NULL, false);
  }
  return val_tuple(L, pair, 2, NULL);
}

/* Joined along a new dimension that then moves in front of `dim` and merges with it. */
static Val *cat_in_order(Lang *L, Val *a, Val *b, const Val *dim) {
  int rank = lt_rank(a->type);
  if (!rank || !lt_same_shape(a->type, b->type))
    lang_fail(L, NULL, "tl.cat: two tensors of one shape are expected, but these are %s and %s", val_kind_text(L, a),
              val_kind_text(L, b));
  int at = sem_axis(L, dim, rank, "tl.cat: `dim`"), *order = NEWN(L->cx, int, rank + 1);
  Val *pair[] = {a, b};
  Val *joined = builtin_join(L, pair, 2, lang_find_builtin(L, "tl.join"));
  for (int i = 0, k = 0; i <= rank; i++) order[i] = i == at ? rank : k++;
  int64_t *shape = NEWN(L->cx, int64_t, rank);
  for (int i = 0; i < rank; i++) shape[i] = a->type->shape[i] * (i == at ? 2 : 1);
  return sem_reshape(L, sem_permute(L, joined, rank + 1, order), rank, shape, false);
}

Val *builtin_cat(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *a = sem_arg_tensor(L, args[0], f, "input"), *b = sem_arg_tensor(L, args[1], f, "other");
  if (!sem_arg_bool(L, args[2], "tl.cat: `can_reorder`")) return cat_in_order(L, a, b, args[3]);
  if (lt_rank(a->type) != 1 || a->type != b->type)
    lang_fail(L, NULL, "tl.cat: two tensors of rank 1, one shape and one type are expected, but these are %s and %s",
              val_kind_text(L, a), val_kind_text(L, b));
  int64_t n = a->type->shape[0] * 2;
  sem_check_shape(L, 1, &n, "the result");
  return sem_op2(L, OP_CAT, lt_block(L, val_elem(a), 1, &n), a, b);
}

Val *builtin_gather(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *src = sem_arg_tensor(L, args[0], f, "src"), *index = sem_arg_tensor(L, args[1], f, "index");
  if (!lt_is_int(val_elem(index)))
    lang_fail(L, NULL, "tl.gather: `index` must be a tensor of integers, but is %s", val_kind_text(L, index));
  int rank = lt_rank(src->type);
  if (rank == 0 || lt_rank(index->type) != rank)
    lang_fail(L, NULL, "tl.gather: `src` and `index` must have one rank, but their shapes are %s and %s",
              lt_shape_text(L, src->type), lt_shape_text(L, index->type));
  int axis = sem_axis(L, args[2], rank, "tl.gather: `axis`");
  for (int i = 0; i < rank; i++)
    if (i != axis && src->type->shape[i] != index->type->shape[i])
      lang_fail(L, NULL, "tl.gather: the shapes %s and %s differ in dimension %d, which is not `axis`",
                lt_shape_text(L, src->type), lt_shape_text(L, index->type), i);
  Val *r = sem_op2(L, OP_GATHER, lt_with_elem(L, index->type, val_elem(src)), src, index);
  ir_set_attr(L->cx, r->value->op, "axis", ir_attr_int(L->cx, ir_int(L->cx, 32), axis));
  return r;
}

Val *builtin_histogram(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = sem_arg_tensor(L, args[0], f, "input");
  int64_t bins = sem_arg_int(L, args[1], "tl.histogram: `num_bins`");
  if (lt_rank(x->type) != 1 || !lt_is_int(val_elem(x)))
    lang_fail(L, NULL, "tl.histogram: `input` must be a tensor of integers of rank 1, but is %s", val_kind_text(L, x));
  sem_check_shape(L, 1, &bins, "the histogram");
  const LType *type = lt_block(L, lt_scalar(L, L_INT32), 1, &bins);
  Val *mask = sem_is_none(args[2]) ? NULL : sem_cast(L, sem_arg_tensor(L, args[2], f, "mask"), lt_scalar(L, L_INT1));
  if (mask) mask = sem_broadcast_to(L, mask, x->type->rank, x->type->shape);
  return val_tensor(L, ir_make(&L->b, OP_HISTOGRAM, lt_ir(L, type), x->value, mask ? mask->value : NULL, NULL), type);
}

Val *builtin_item(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = sem_arg_tensor(L, args[0], f, "self");
  if (lt_numel(x->type) != 1)
    lang_fail(L, NULL, "item(): only a tensor of one element has an item, but this is %s", val_kind_text(L, x));
  return sem_reshape(L, x, 0, NULL, false);
}
