/* descriptor.c: tensor descriptors: tl.make_tensor_descriptor and what is done through one.
 *
 * A descriptor is an object of three fields: its handle, one value of type !tt.tensordesc, and the shape and strides
 * that it was made with, which programs may ask for. The handle alone is what loads and stores look at. A parameter
 * of a kernel that is a descriptor is all of them, too: the handle, then shape and strides.
 */
#include <string.h>

#include "lang/tl/tl.h"

static const char *const fields[] = {"handle", "shape", "strides"};

Val *sem_descriptor(Lang *L, const LType *type, Val *handle, Val *const *shape, Val *const *strides) {
  size_t n = (size_t)type->rank;
  Val *items[] = {handle, val_tuple(L, shape, n, NULL), val_tuple(L, strides, n, NULL)};
  Val *v = val_tuple(L, items, COUNT(items), fields);
  v->type = type;
  return v;
}

static const LType *block_of(Lang *L, const LType *t) { return lt_block(L, t->elem, t->rank, t->shape); }

static Val *descriptor_operand(Lang *L, Val *v, const Builtin *f) {
  if (!val_is_descriptor(v))
    lang_fail_at(L, lang_argument(L, v), "tl.make_tensor_descriptor makes one, or the host's TensorDescriptor",
                 "%s: `desc` must be a tensor descriptor, but is %s", f->name, val_kind_text(L, v));
  return v;
}

static Value *handle_of(const Val *desc) { return desc->items[0]->value; }

/* ---- making one -------------------------------------------------------------------------------------------------- */

static Val *const *list_arg(Lang *L, const Val *v, int rank, const char *param) {
  if (!val_is_sequence(v) || v->type)
    lang_fail_at(L, lang_argument(L, v), NULL, "tl.make_tensor_descriptor: `%s` must be a list, but is %s", param,
                 val_kind_text(L, v));
  if (rank >= 0 && v->len != (size_t)rank)
    lang_fail_at(L, lang_argument(L, v), NULL, "tl.make_tensor_descriptor: `%s` has %zu item%s, but `shape` has %d",
                 param, v->len, v->len == 1 ? "" : "s", rank);
  return v->items;
}

static void check_block(Lang *L, const LType *type) {
  int bytes = lt_bits(type->elem) / 8;
  int64_t row = type->shape[type->rank - 1];
  if (row * bytes < 16)
    lang_fail(
        L, "make the last dimension of the block larger",
        "tl.make_tensor_descriptor: Descriptor block shape must have at least 16 bytes in the last dimension, but %lld "
        "element%s of %s have %lld",
        (long long)row, row == 1 ? "" : "s", lt_text(L, type->elem), (long long)row * bytes);
}

static void check_last_stride(Lang *L, const Val *s) {
  if (!val_is_integer(s) || s->integer != 1)
    lang_fail_at(L, lang_argument(L, s), "describe the tensor with its dimensions in another order",
                 "tl.make_tensor_descriptor: the last stride must be the constant 1, but is %s",
                 val_is_integer(s) ? val_repr(L, s) : val_kind_text(L, s));
}

static void scalars_of(Lang *L, Val *const *items, int n, LKind kind, Val **out, Value **values, const char *what) {
  const LType *type = lt_scalar(L, kind);
  Value **made;
  for (int i = 0; i < n; i++) {
    sem_integers(L, items[i], lt_bits(type), &made, what);
    out[i] = val_tensor(L, made[0], type);
    values[i] = made[0];
  }
}

Val *builtin_make_descriptor(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  static const char *const paddings[] = {"zero", "nan"};
  Val *base = args[0];
  if (!sem_is_tensor(base) || !lt_is_ptr(base->type) || lt_is_block_pointer(base->type) ||
      base->type->elem->kind == L_VOID || lt_is_ptr(base->type->elem))
    lang_fail(L, NULL, "%s: `base` must be a pointer to numbers, but is %s", f->name, val_kind_text(L, base));
  Val *const *shape = list_arg(L, args[1], -1, "shape");
  int rank = (int)args[1]->len;
  if (rank < 1 || rank > DESCRIPTOR_RANK)
    lang_fail(L, NULL, "%s: a tensor has 1 to %d dimensions, but `shape` has %d", f->name, DESCRIPTOR_RANK, rank);
  Val *const *strides = list_arg(L, args[2], rank, "strides");
  list_arg(L, args[3], rank, "block_shape");
  const int64_t *block;
  sem_shape_arg(L, args[3], &block, "tl.make_tensor_descriptor: `block_shape`");
  sem_check_shape(L, rank, block, "the block");
  const LType *elem = base->type->elem, *type = lt_descriptor(L, elem, rank, block);
  check_block(L, type);
  check_last_stride(L, strides[rank - 1]);
  const char *padding =
      sem_arg_choice(L, args[4], "tl.make_tensor_descriptor: `padding_option`", paddings, COUNT(paddings));
  bool nan = padding && *padding == 'n';
  if (nan && !lt_is_float(elem))
    lang_fail(L, NULL, "%s: `padding_option` cannot be \"nan\" for a block of %s", f->name, lt_text(L, elem));
  Value *operands[1 + 2 * DESCRIPTOR_RANK] = {base->value};
  Val *sizes[DESCRIPTOR_RANK], *steps[DESCRIPTOR_RANK];
  scalars_of(L, shape, rank, L_INT32, sizes, operands + 1, "tl.make_tensor_descriptor: `shape`");
  scalars_of(L, strides, rank, L_INT64, steps, operands + 1 + rank, "tl.make_tensor_descriptor: `strides`");
  Type *ir = lt_ir(L, type);
  Op *op = ir_op(&L->b, OP_MAKE_TENSOR_DESC, &ir, 1, operands, 1 + 2 * rank);
  if (nan) ir_set_attr(L->cx, op, "padding", ir_attr_int(L->cx, ir_int(L->cx, 32), 2));
  return sem_descriptor(L, type, val_tensor(L, ir_result(op, 0), type), sizes, steps);
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

/* The offsets of a block: one for every dimension. */
static Value **offsets_of(Lang *L, const Val *desc, const Val *offsets, const Builtin *f) {
  Value **out;
  int n = sem_integers(L, offsets, 32, &out, ctx_printf(L->cx, "%s: `offsets`", f->name));
  if (n != desc->type->rank)
    lang_fail_at(L, lang_argument(L, offsets), NULL, "%s: %d offset%s for a tensor of rank %d", f->name, n,
                 n == 1 ? "" : "s", desc->type->rank);
  return out;
}

Val *builtin_descriptor_load(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *desc = descriptor_operand(L, args[0], f);
  Value **offsets = offsets_of(L, desc, args[1], f), *operands[1 + DESCRIPTOR_RANK] = {handle_of(desc)};
  int rank = desc->type->rank;
  memcpy(operands + 1, offsets, sizeof *offsets * (size_t)rank);
  const LType *block = block_of(L, desc->type);
  Type *ir = lt_ir(L, block);
  return val_tensor(L, ir_result(ir_op(&L->b, OP_DESC_LOAD, &ir, 1, operands, 1 + rank), 0), block);
}

/* descriptor_store and descriptor_reduce: an op with the block `value` and its offsets. */
static Op *store_block(Lang *L, Opcode code, const Val *desc, const Val *offsets, Val *value, const Builtin *f) {
  int rank = desc->type->rank;
  Value *operands[2 + DESCRIPTOR_RANK] = {handle_of(desc), value->value};
  memcpy(operands + 2, offsets_of(L, desc, offsets, f), sizeof *operands * (size_t)rank);
  return ir_op(&L->b, code, NULL, 0, operands, 2 + rank);
}

static Val *block_operand(Lang *L, const Val *desc, Val *v, const Builtin *f) {
  const LType *block = block_of(L, desc->type);
  v = sem_as_element(L, v, block->elem, f, "value");
  if (!lt_same_shape(v->type, block))
    lang_fail(L, NULL, "%s: `value` has shape %s, but a block has shape %s", f->name, lt_shape_text(L, v->type),
              lt_shape_text(L, block));
  return v;
}

Val *builtin_descriptor_store(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *desc = descriptor_operand(L, args[0], f);
  store_block(L, OP_DESC_STORE, desc, args[1], block_operand(L, desc, args[2], f), f);
  return val_none(L);
}

/* What the hardware can do to a tile of memory, by element types. Row f->op of this table. */
enum { ADD_TYPES = 1, ORDERED_TYPES = 2, BIT_TYPES = 4 };
static const struct Reduction {
  const char *kind;
  unsigned types;
} reductions[] = {{"add", ADD_TYPES}, {"min", ORDERED_TYPES}, {"max", ORDERED_TYPES},
                  {"and", BIT_TYPES}, {"or", BIT_TYPES},      {"xor", BIT_TYPES}};

static unsigned reductions_of(LKind kind) {
  switch (kind) {
  case L_INT32:
  case L_UINT32:
  case L_UINT64: return ADD_TYPES | ORDERED_TYPES | BIT_TYPES;
  case L_INT64: return ORDERED_TYPES | BIT_TYPES;
  case L_FP16:
  case L_BF16: return ADD_TYPES | ORDERED_TYPES;
  case L_FP32: return ADD_TYPES;
  default: return 0;
  }
}

Val *builtin_descriptor_reduce(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *desc = descriptor_operand(L, args[0], f);
  const struct Reduction *r = &reductions[f->op];
  if (!(reductions_of(desc->type->elem->kind) & r->types))
    lang_fail(L, NULL, "%s is not defined for %s", f->name, lt_text(L, desc->type->elem));
  Op *op = store_block(L, OP_DESC_REDUCE, desc, args[1], block_operand(L, desc, args[2], f), f);
  ir_set_attr(L->cx, op, "kind", ir_attr_enum(L->cx, r->kind));
  return val_none(L);
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static void check_rows(Lang *L, const Val *desc, Val *x, const Builtin *f) {
  const LType *t = desc->type;
  if (t->rank != 2 || t->shape[0] != 1)
    lang_fail(L, "make it with block_shape=[1, columns]", "%s: the descriptor's block must be one row, but is %s",
              f->name, lt_shape_text(L, t));
  if (!sem_is_tensor(x) || lt_rank(x->type) != 1 || (val_elem(x)->kind != L_INT32 && val_elem(x)->kind != L_INT16))
    lang_fail_at(L, lang_argument(L, x), NULL,
                 "%s: `x_offsets` must be a tensor of int32 or int16 of rank 1, but is %s", f->name,
                 val_kind_text(L, x));
  if (x->type->shape[0] < 8)
    lang_fail(L, NULL, "%s: there must be 8 rows or more, not %lld", f->name, (long long)x->type->shape[0]);
  int least = 32 / lt_bits(t->elem) * 8;
  if (t->shape[1] < least)
    lang_fail(L, NULL, "%s: a row of %s must have %d columns or more, not %lld", f->name, lt_text(L, t->elem), least,
              (long long)t->shape[1]);
}

static const LType *rows_type(Lang *L, const Val *desc, const Val *x) {
  int64_t shape[] = {x->type->shape[0], desc->type->shape[1]};
  return lt_block(L, desc->type->elem, 2, shape);
}

static Value *column(Lang *L, Val *y, const Builtin *f) {
  Value **out;
  sem_integers(L, y, 32, &out, ctx_printf(L->cx, "%s: `y_offset`", f->name));
  return out[0];
}

Val *builtin_descriptor_gather(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *desc = descriptor_operand(L, args[0], f), *x = args[1];
  check_rows(L, desc, x, f);
  x = sem_cast(L, x, lt_scalar(L, L_INT32));
  const LType *type = rows_type(L, desc, x);
  return val_tensor(
      L, ir_make(&L->b, OP_DESC_GATHER, lt_ir(L, type), handle_of(desc), x->value, column(L, args[2], f), NULL), type);
}

Val *builtin_descriptor_scatter(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *desc = descriptor_operand(L, args[0], f), *x = args[2];
  check_rows(L, desc, x, f);
  x = sem_cast(L, x, lt_scalar(L, L_INT32));
  const LType *type = rows_type(L, desc, x);
  Val *v = sem_as_element(L, args[1], type->elem, f, "value");
  if (!lt_same_shape(v->type, type))
    lang_fail(L, NULL, "%s: `value` has shape %s, but the rows have shape %s", f->name, lt_shape_text(L, v->type),
              lt_shape_text(L, type));
  ir_effect(&L->b, OP_DESC_SCATTER, handle_of(desc), x->value, column(L, args[3], f), v->value, NULL);
  return val_none(L);
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

Val *sem_descriptor_attribute(Lang *L, Val *of, const char *name) {
  const LType *t = of->type;
  for (size_t i = 0; i < COUNT(fields); i++)
    if (strcmp(fields[i], name) == 0) return of->items[i];
  if (strcmp(name, "dtype") == 0) return val_dtype(L, t->elem);
  if (strcmp(name, "type") == 0) return val_dtype(L, t);
  if (strcmp(name, "block_type") == 0) return val_dtype(L, block_of(L, t));
  if (strcmp(name, "block_shape") == 0) {
    Val *sizes[DESCRIPTOR_RANK];
    for (int i = 0; i < t->rank; i++) sizes[i] = val_int(L, t->shape[i]);
    return val_tuple(L, sizes, (size_t)t->rank, NULL);
  }
  const Builtin *b = lang_find_builtin(L, ctx_printf(L->cx, "tensor_descriptor.%s", name));
  if (!b) return NULL;
  Val *v = NEW(L->cx, Val);
  v->kind = V_BUILTIN;
  v->builtin = b;
  v->self = of;
  return v;
}
