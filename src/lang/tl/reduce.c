/* reduce.c: tl.reduce, tl.associative_scan, tl.map_elementwise, and inline assembly.
 *
 * The combining function becomes the op's region: a block with the accumulated values and then the next ones as scalar
 * arguments, in which the function is evaluated in place.
 */
#include "lang/tl/tl.h"

/* One tensor, or a tuple of several of one shape. */
static int inputs_arg(Lang *L, Val *v, Val ***out, const Builtin *f) {
  int n = val_is_sequence(v) ? (int)v->len : 1;
  Val **in = NEWN(L->cx, Val *, n + 1);
  for (int i = 0; i < n; i++) in[i] = sem_arg_tensor(L, val_is_sequence(v) ? v->items[i] : v, f, "input");
  if (n == 0) lang_fail(L, NULL, "%s: `input` is an empty tuple", f->name);
  for (int i = 1; i < n; i++)
    if (!lt_same_shape(in[0]->type, in[i]->type))
      lang_fail(L, NULL, "%s: the inputs must have one shape, but these have %s and %s", f->name,
                lt_shape_text(L, in[0]->type), lt_shape_text(L, in[i]->type));
  *out = in;
  return n;
}

/* The op with its region. `groups` is how many scalars of each input the function takes. */
static Op *op_with_region(Lang *L, Opcode code, Opcode terminator, Val **in, int n, const LType **results, Val *fn,
                          int groups, bool same_types, const Builtin *f) {
  Type **types = NEWN(L->cx, Type *, n + 1);
  Value **operands = NEWN(L->cx, Value *, n + 1);
  for (int i = 0; i < n; i++) {
    types[i] = lt_ir(L, results[i]);
    operands[i] = in[i]->value;
  }
  Op *op = ir_op(&L->b, code, types, n, operands, n);
  Block *block = ir_add_block(L->cx, ir_add_region(L->cx, op));
  Val **args = NEWN(L->cx, Val *, n * groups + 1), **got;
  for (int i = 0; i < n * groups; i++) {
    const LType *elem = val_elem(in[i % n]);
    args[i] = val_tensor(L, ir_add_arg(L->cx, block, lt_ir(L, elem), L->b.loc), elem);
  }
  Builder outside = L->b;
  L->b = ir_at_end(L->cx, block);
  L->b.loc = outside.loc;
  size_t ngot = lang_region_call(L, fn, args, (size_t)n * (size_t)groups, &got);
  if (ngot != (size_t)n)
    lang_fail(L, NULL, "%s: the function gives %zu value%s, but there %s %d input%s", f->name, ngot,
              ngot == 1 ? "" : "s", n == 1 ? "is" : "are", n, n == 1 ? "" : "s");
  Value **values = NEWN(L->cx, Value *, n + 1);
  for (int i = 0; i < n; i++) {
    Val *v = sem_to_tensor(L, got[i]);
    if (v->type->kind == L_BLOCK || (same_types && v->type != val_elem(in[i])))
      lang_fail(L, "the function must give back the types that it takes; cast with .to(...)",
                "%s: the function takes %s, but gives %s", f->name, lt_text(L, val_elem(in[i])), val_kind_text(L, v));
    values[i] = v->value;
  }
  ir_op(&L->b, terminator, NULL, 0, values, n);
  L->b = outside;
  return op;
}

static Val *results_of(Lang *L, Op *op, const LType **types, int n, bool as_tuple) {
  Val **r = NEWN(L->cx, Val *, n + 1);
  for (int i = 0; i < n; i++) r[i] = val_tensor(L, ir_result(op, i), types[i]);
  return as_tuple ? val_tuple(L, r, (size_t)n, NULL) : r[0];
}

static void want_callable(Lang *L, const Val *fn, const Builtin *f, const char *param) {
  if (fn->kind != V_FUNCTION && fn->kind != V_LAMBDA && fn->kind != V_BUILTIN)
    lang_fail(L, "give a function marked @triton.jit", "%s: `%s` must be a function, but is %s", f->name, param,
              val_kind_text(L, fn));
}

/* Reduce `n` tensors along `axis`; -1: all elements, through one flat dimension. */
static Val *reduce(Lang *L, Val **in, int n, bool as_tuple, int axis, Val *fn, bool keep_dims, const Builtin *f) {
  int rank = lt_rank(in[0]->type);
  bool flat = axis < 0;
  if (flat) {
    int64_t numel = lt_numel(in[0]->type);
    for (int i = 0; i < n; i++) in[i] = sem_reshape(L, in[i], 1, &numel, true);
    axis = 0;
  }
  const LType *shape = in[0]->type, **types = NEWN(L->cx, const LType *, n + 1);
  int64_t *left = NEWN(L->cx, int64_t, shape->rank + 1);
  for (int i = 0, j = 0; i < shape->rank; i++)
    if (i != axis) left[j++] = shape->shape[i];
  for (int i = 0; i < n; i++) types[i] = lt_block(L, val_elem(in[i]), shape->rank - 1, left);
  Op *op = op_with_region(L, OP_REDUCE, OP_REDUCE_RETURN, in, n, types, fn, 2, true, f);
  ir_set_attr(L->cx, op, "axis", ir_attr_int(L->cx, ir_int(L->cx, 32), axis));
  if (!keep_dims) return results_of(L, op, types, n, as_tuple);
  Val **kept = NEWN(L->cx, Val *, n + 1);
  for (int i = 0; i < n; i++) {
    kept[i] = val_tensor(L, ir_result(op, i), types[i]);
    if (!flat)
      kept[i] = sem_expand_dims(L, kept[i], axis);
    else
      for (int d = 0; d < rank; d++) kept[i] = sem_expand_dims(L, kept[i], 0);
  }
  return as_tuple ? val_tuple(L, kept, (size_t)n, NULL) : kept[0];
}

static int axis_arg(Lang *L, const Val *axis, const Val *input, const Builtin *f) {
  int rank = lt_rank(input->type);
  if (rank == 0)
    lang_fail(L, NULL, "%s: `input` is a scalar (%s); a tensor is expected", f->name, lt_text(L, input->type));
  return sem_is_none(axis) ? -1 : sem_axis(L, axis, rank, "`axis`");
}

Val *builtin_reduce(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val **in;
  int n = inputs_arg(L, args[0], &in, f), axis = axis_arg(L, args[1], in[0], f);
  want_callable(L, args[2], f, "combine_fn");
  return reduce(L, in, n, val_is_sequence(args[0]), axis, args[2], sem_arg_bool(L, args[3], "tl.reduce: `keep_dims`"),
                f);
}

/* reduce((x, index of each element along axis), ...): what argmax and the like are made of. */
Val *builtin_reduce_indexed(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = sem_arg_tensor(L, args[0], f, "input");
  int axis = axis_arg(L, args[1], x, f), rank = lt_rank(x->type);
  bool keep_dims = sem_arg_bool(L, args[3], "`keep_dims`");
  int64_t n = lt_numel(x->type);
  if (axis < 0) {
    x = sem_reshape(L, x, 1, &n, false);
    axis = 0;
  } else {
    n = x->type->shape[axis];
  }
  const LType *line = lt_block(L, lt_scalar(L, L_INT32), 1, &n);
  Val *index = val_tensor(L, ir_make(&L->b, OP_MAKE_RANGE, lt_ir(L, line), NULL), line);
  ir_set_attr(L->cx, index->value->op, "start", ir_attr_int(L->cx, ir_int(L->cx, 32), 0));
  ir_set_attr(L->cx, index->value->op, "end", ir_attr_int(L->cx, ir_int(L->cx, 32), n));
  for (int d = 0; d < lt_rank(x->type); d++)
    if (d != axis) index = sem_expand_dims(L, index, d);
  index = sem_broadcast_to(L, index, x->type->rank, x->type->shape);
  Val *in[2] = {x, index}, *r = reduce(L, in, 2, true, axis, args[2], keep_dims, f);
  if (!keep_dims || !sem_is_none(args[1])) return r;
  Val *kept[2] = {r->items[0], r->items[1]};
  for (int i = 0; i < 2; i++)
    while (lt_rank(kept[i]->type) < rank) kept[i] = sem_expand_dims(L, kept[i], 0);
  return val_tuple(L, kept, 2, NULL);
}

Val *builtin_scan(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val **in;
  int n = inputs_arg(L, args[0], &in, f), axis = axis_arg(L, args[1], in[0], f);
  if (axis < 0) lang_fail(L, NULL, "%s: `axis` must be an integer", f->name);
  want_callable(L, args[2], f, "combine_fn");
  const LType **types = NEWN(L->cx, const LType *, n + 1);
  for (int i = 0; i < n; i++) types[i] = in[i]->type;
  Op *op = op_with_region(L, OP_SCAN, OP_SCAN_RETURN, in, n, types, args[2], 2, true, f);
  ir_set_attr(L->cx, op, "axis", ir_attr_int(L->cx, ir_int(L->cx, 32), axis));
  ir_set_attr(L->cx, op, "reverse", ir_attr_bool(L->cx, sem_arg_bool(L, args[3], "tl.associative_scan: `reverse`")));
  return results_of(L, op, types, n, val_is_sequence(args[0]));
}

/* The function's results may be of other types and of another number than its inputs: they are known only when it
 * has been evaluated, so it is evaluated first, in a block that then becomes the op's. */
Val *builtin_map(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *fn = args[0], *rest = args[1];
  int64_t pack = sem_arg_int(L, args[2], "tl.map_elementwise: `pack`");
  want_callable(L, fn, f, "scalar_fn");
  int n = (int)rest->len;
  if (n == 0 || pack < 1)
    lang_fail(L, NULL, n == 0 ? "%s takes at least one tensor" : "%s: `pack` must be positive", f->name);
  Val **in = NEWN(L->cx, Val *, n);
  for (int i = 0; i < n; i++) in[i] = sem_arg_tensor(L, rest->items[i], f, "args");
  for (int pass = 0; pass < 2; pass++)
    for (int i = 1; i < n; i++) sem_broadcast(L, &in[0], &in[i]);
  if (in[0]->type->kind != L_BLOCK) lang_fail(L, "call the function itself", "%s takes tensors, not scalars", f->name);
  Value **operands = NEWN(L->cx, Value *, n);
  for (int i = 0; i < n; i++) operands[i] = in[i]->value;
  Op *op = ir_op(&L->b, OP_MAP_ELEMENTWISE, NULL, 0, operands, n);
  Block *block = ir_add_block(L->cx, ir_add_region(L->cx, op));
  int total = n * (int)pack;
  Val **scalars = NEWN(L->cx, Val *, total), **got;
  for (int i = 0; i < total; i++) { /* the pack of one tensor lies together */
    const LType *elem = val_elem(in[i / pack]);
    scalars[i] = val_tensor(L, ir_add_arg(L->cx, block, lt_ir(L, elem), L->b.loc), elem);
  }
  Builder outside = L->b;
  L->b = ir_at_end(L->cx, block);
  L->b.loc = outside.loc;
  size_t ngot = lang_region_call(L, fn, scalars, (size_t)total, &got);
  if (ngot == 0 || ngot % (size_t)pack)
    lang_fail(L, NULL, "%s: the function gives %zu values, which is not a multiple of `pack`", f->name, ngot);
  Value **values = NEWN(L->cx, Value *, ngot);
  for (size_t i = 0; i < ngot; i++) values[i] = (got[i] = sem_to_tensor(L, got[i]))->value;
  ir_op(&L->b, OP_MAP_RETURN, NULL, 0, values, (int)ngot);
  L->b = outside;
  int m = (int)(ngot / (size_t)pack);
  const LType **types = NEWN(L->cx, const LType *, m);
  Type **irs = NEWN(L->cx, Type *, m);
  for (int i = 0; i < m; i++) {
    types[i] = lt_with_elem(L, in[0]->type, got[i * pack]->type);
    irs[i] = lt_ir(L, types[i]);
  }
  ir_add_result_types(L->cx, op, irs, m);
  ir_set_attr(L->cx, op, "pack", ir_attr_int(L->cx, ir_int(L->cx, 32), pack));
  return results_of(L, op, types, m, m != 1);
}

Val *builtin_inline_asm(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  const char *text = sem_arg_text(L, args[0], "tl.inline_asm_elementwise: `asm`"),
             *constraints = sem_arg_text(L, args[1], "tl.inline_asm_elementwise: `constraints`");
  if (!val_is_sequence(args[2]))
    lang_fail(L, NULL, "%s: `args` must be a list of tensors, but is %s", f->name, val_kind_text(L, args[2]));
  int n = (int)args[2]->len, m = val_is_sequence(args[3]) ? (int)args[3]->len : 1;
  Val **in = NEWN(L->cx, Val *, n + 1);
  for (int i = 0; i < n; i++) in[i] = sem_arg_tensor(L, args[2]->items[i], f, "args");
  for (int pass = 0; pass < 2; pass++)
    for (int i = 1; i < n; i++) sem_broadcast(L, &in[0], &in[i]);
  Value **operands = NEWN(L->cx, Value *, n + 1);
  for (int i = 0; i < n; i++) operands[i] = in[i]->value;
  const LType **types = NEWN(L->cx, const LType *, m + 1);
  Type **irs = NEWN(L->cx, Type *, m + 1);
  for (int i = 0; i < m; i++) {
    const LType *elem =
        sem_arg_dtype(L, val_is_sequence(args[3]) ? args[3]->items[i] : args[3], "tl.inline_asm_elementwise: `dtype`");
    types[i] = n ? lt_with_elem(L, in[0]->type, elem) : elem;
    irs[i] = lt_ir(L, types[i]);
  }
  Op *op = ir_op(&L->b, OP_INLINE_ASM, irs, m, operands, n);
  ir_set_attr(L->cx, op, "asm_string", ir_attr_string(L->cx, text, args[0]->len));
  ir_set_attr(L->cx, op, "constraints", ir_attr_string(L->cx, constraints, args[1]->len));
  ir_set_attr(L->cx, op, "pure", ir_attr_bool(L->cx, sem_arg_bool(L, args[4], "tl.inline_asm_elementwise: `is_pure`")));
  ir_set_attr(L->cx, op, "packed_element",
              ir_attr_int(L->cx, ir_int(L->cx, 32), sem_arg_int(L, args[5], "tl.inline_asm_elementwise: `pack`")));
  return results_of(L, op, types, m, val_is_sequence(args[3]));
}
