/* block_pointer.c: tl.make_block_ptr, tl.advance, and tl.load and tl.store through a block pointer.
 *
 * A block pointer is one value of the IR, of type !tt.ptr<tensor<..>>: a base, the shape and strides of the tensor
 * around it, and the offsets of a block in that. So it is a value like any other here: carried through loops, joined
 * after branches, passed to functions. opt/descriptors.c takes it apart.
 */
#include "lang/tl/tl.h"

static Val *integer_scalar(Lang *L, Val *v, int bits, const char *what) {
  const LType *type = lt_scalar(L, lt_kind_of_bits(bits, false));
  if (val_is_integer(v)) {
    if (!lt_int_fits(type, v->integer))
      lang_fail_at(L, lang_argument(L, v), NULL, "%s is %s, which does not fit in %d bits", what,
                   val_big_text(L, v->integer), bits);
    return sem_constant(L, val_int(L, v->integer), type);
  }
  if (!sem_is_tensor(v) || !lt_is_int(v->type))
    lang_fail_at(L, lang_argument(L, v), NULL, "%s must be an integer, but is %s", what, val_kind_text(L, v));
  if (lt_bits(v->type) > bits)
    lang_fail_at(L, lang_argument(L, v), "convert it with .to(tl.int32)", "%s must have %d bits, but is %s", what, bits,
                 val_kind_text(L, v));
  return sem_cast(L, v, type);
}

int sem_integers(Lang *L, const Val *v, int bits, Value ***out, const char *what) {
  Val *const *items = val_is_sequence(v) && !v->type ? v->items : (Val *const *)&v;
  size_t n = val_is_sequence(v) && !v->type ? v->len : 1;
  *out = NEWN(L->cx, Value *, n + 1);
  for (size_t i = 0; i < n; i++)
    (*out)[i] = integer_scalar(L, items[i], bits, ctx_printf(L->cx, "%s[%zu]", what, i))->value;
  return (int)n;
}

static void want_rank(Lang *L, const Builtin *f, const char *param, int is, int rank) {
  if (is != rank)
    lang_fail(L, NULL, "%s: `%s` has %d item%s, but the block has %d dimension%s", f->name, param, is,
              is == 1 ? "" : "s", rank, rank == 1 ? "" : "s");
}

static void check_order(Lang *L, int n, const int64_t *order) {
  unsigned seen = 0;
  for (int i = 0; i < n; i++) {
    if (order[i] < 0 || order[i] >= n || (seen >> order[i] & 1))
      lang_fail(L, "order lists the dimensions, the one that runs fastest in memory first",
                "tl.make_block_ptr: `order` must be a permutation of 0 .. %d", n - 1);
    seen |= 1u << order[i];
  }
}

static const LType *block_of(const Val *p) { return p->type->elem; }

Val *builtin_make_block_ptr(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *base = args[0];
  if (!sem_is_tensor(base) || !lt_is_ptr(base->type) || lt_is_block_pointer(base->type) ||
      base->type->elem->kind == L_VOID)
    lang_fail(L, "a parameter of the kernel, perhaps with an offset",
              "tl.make_block_ptr: `base` must be a pointer, but is %s", val_kind_text(L, base));
  const LType *elem = base->type->elem;
  bool is_const = base->type->is_const;
  if (elem->kind == L_INT1) { /* a byte each in memory */
    elem = lt_scalar(L, L_INT8);
    base = sem_bitcast(L, base, lt_pointer(L, elem, is_const));
  }
  const int64_t *block, *order;
  int rank = sem_shape_arg(L, args[4], &block, "tl.make_block_ptr: `block_shape`");
  if (rank < 1 || rank > IR_MAX_RANK)
    lang_fail(L, NULL, "tl.make_block_ptr: a block has 1 to %d dimensions", IR_MAX_RANK);
  sem_check_shape(L, rank, block, "the block");
  static const struct {
    const char *name;
    int bits;
  } lists[] = {{"shape", 64}, {"strides", 64}, {"offsets", 32}};
  Value **operands = NEWN(L->cx, Value *, 1 + 3 * rank);
  operands[0] = base->value;
  for (int k = 0; k < 3; k++) {
    Value **items;
    int n = sem_integers(L, args[1 + k], lists[k].bits, &items,
                         ctx_printf(L->cx, "tl.make_block_ptr: `%s`", lists[k].name));
    want_rank(L, f, lists[k].name, n, rank);
    for (int i = 0; i < n; i++) operands[1 + k * rank + i] = items[i];
  }
  want_rank(L, f, "order", sem_shape_arg(L, args[5], &order, "tl.make_block_ptr: `order`"), rank);
  check_order(L, rank, order);
  const LType *type = lt_pointer(L, lt_block(L, elem, rank, block), is_const);
  Type *ir = lt_ir(L, type);
  Op *op = ir_op(&L->b, OP_MAKE_TENSOR_PTR, &ir, 1, operands, 1 + 3 * rank);
  ir_set_attr(L->cx, op, "order", ir_attr_ints(L->cx, ir_int(L->cx, 32), order, rank));
  return val_tensor(L, ir_result(op, 0), type);
}

Val *builtin_advance(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *p = args[0];
  if (!sem_is_tensor(p) || !lt_is_block_pointer(p->type))
    lang_fail(L, "tl.make_block_ptr makes one", "tl.advance: `base` must be a block pointer, but is %s",
              val_kind_text(L, p));
  Value **offsets;
  int rank = block_of(p)->rank, n = sem_integers(L, args[1], 32, &offsets, "tl.advance: `offsets`");
  want_rank(L, f, "offsets", n, rank);
  Value **operands = NEWN(L->cx, Value *, 1 + rank);
  operands[0] = p->value;
  for (int i = 0; i < rank; i++) operands[1 + i] = offsets[i];
  Type *ir = lt_ir(L, p->type);
  return val_tensor(L, ir_result(ir_op(&L->b, OP_ADVANCE, &ir, 1, operands, 1 + rank), 0), p->type);
}

/* ---- accesses ---------------------------------------------------------------------------------------------------- */

/* The dimensions to check, in order, each once. */
static Attr *checked_dims(Lang *L, const Val *v, int rank, const Builtin *f) {
  if (sem_is_none(v) || (val_is_sequence(v) && v->len == 0)) return NULL;
  const int64_t *dims;
  int n = sem_shape_arg(L, v, &dims, ctx_printf(L->cx, "%s: `boundary_check`", f->name));
  unsigned wanted = 0;
  for (int i = 0; i < n; i++) {
    if (dims[i] < 0 || dims[i] >= rank)
      lang_fail(L, NULL, "%s: `boundary_check` names dimension %lld of a block of rank %d", f->name, (long long)dims[i],
                rank);
    if (wanted >> dims[i] & 1)
      lang_fail(L, NULL, "%s: `boundary_check` names dimension %lld twice", f->name, (long long)dims[i]);
    wanted |= 1u << dims[i];
  }
  int64_t sorted[IR_MAX_RANK];
  int count = 0;
  for (int i = 0; i < rank; i++)
    if (wanted >> i & 1) sorted[count++] = i;
  return ir_attr_ints(L->cx, ir_int(L->cx, 32), sorted, count);
}

static void no_mask(Lang *L, const Val *mask, const Val *other, const Builtin *f) {
  if (!sem_is_none(mask) || !sem_is_none(other))
    lang_fail(L, "boundary_check and padding_option say what happens at the edge of the tensor",
              "%s: a block pointer takes no %s", f->name, sem_is_none(mask) ? "`other`" : "`mask`");
}

Val *sem_load_block(Lang *L, Val **args, const char *cache, const char *evict, const Builtin *f) {
  static const char *const paddings[] = {"zero", "nan"};
  Val *p = args[0];
  const LType *block = block_of(p);
  no_mask(L, args[1], args[2], f);
  const char *padding = sem_arg_choice(L, args[4], "tl.load: `padding_option`", paddings, COUNT(paddings));
  bool nan = padding && *padding == 'n';
  if (nan && !lt_is_float(block->elem))
    lang_fail(L, NULL, "tl.load: `padding_option` cannot be \"nan\" for a block of %s", lt_text(L, block->elem));
  Attr *dims = checked_dims(L, args[3], block->rank, f);
  Value *v = ir_make(&L->b, OP_LOAD, lt_ir(L, block), p->value, NULL);
  if (dims) ir_set_attr(L->cx, v->op, "boundaryCheck", dims);
  if (padding) ir_set_attr(L->cx, v->op, "padding", ir_attr_int(L->cx, ir_int(L->cx, 32), nan ? 2 : 1));
  sem_set_keyword(L, v->op, "cache", cache);
  sem_set_keyword(L, v->op, "evict", evict);
  return val_tensor(L, v, block);
}

Val *sem_store_block(Lang *L, Val **args, const char *cache, const char *evict, const Builtin *f) {
  Val *p = args[0], *v = args[1];
  const LType *block = block_of(p);
  if (p->type->is_const) lang_fail(L, NULL, "Cannot store to a constant block pointer");
  no_mask(L, args[2], NULL, f);
  v = sem_as_element(L, v, block->elem, f, "value");
  if (v->type->kind != L_BLOCK) v = sem_splat(L, v, block->rank, block->shape);
  if (!lt_same_shape(v->type, block))
    lang_fail(L, NULL, "tl.store: `value` has shape %s, but the block has shape %s", lt_shape_text(L, v->type),
              lt_shape_text(L, block));
  Attr *dims = checked_dims(L, args[3], block->rank, f);
  Op *op = ir_effect(&L->b, OP_STORE, p->value, v->value, NULL);
  if (dims) ir_set_attr(L->cx, op, "boundaryCheck", dims);
  sem_set_keyword(L, op, "cache", cache);
  sem_set_keyword(L, op, "evict", evict);
  return val_none(L);
}
