/* descriptors.c: block pointers and tensor descriptors as plain pointers with bounds.
 *
 * Problem: a block pointer (!tt.ptr<tensor<..>>) or a tensor descriptor (!tt.tensordesc<..>) stands for a base, a
 * shape, strides and, of a block pointer, offsets. It is made in one place, advanced or selected in others, passed
 * through loops and calls, and used in yet others. A target without hardware for them needs the parts at each use.
 *
 * Idea: every value of such a type is replaced by its parts, several values for one. Walking the functions in program
 * order, each definition gives the parts of its result: making one is its operands, tt.advance adds to the offsets, a
 * select chooses part by part. An op that only hands values on (loops, branches, their terminators, calls, returns,
 * function arguments) is rebuilt with the parts in place of the whole. An access becomes the addresses of the block's
 * elements, a mask of those inside the tensor, and tt.load, tt.store or tt.atomic_rmw of these.
 *
 * Addresses: the part that is the same for all elements, base + sum(offset * stride), is one scalar; what is added to
 * it depends on the strides alone and can leave a loop that moves the block. Bounds of a descriptor are compared in 32
 * bits: offset + index may wrap around, but then it is negative and so outside, as the true sum is. Block pointers have
 * 64-bit shapes and offsets.
 *
 * Invariant: control flow is structured (opt_structurize ran), so definitions come before uses in program order. Cost:
 * linear in the size of the module times the number of parts.
 *
 * Parts, in order:
 *   block pointer of rank r   base; r of shape, r strides, r offsets (i64)
 *   descriptor of rank r      base; r of shape (i32), r - 1 strides (i64; the last is 1); whether outside is NaN (i1),
 *                             whether loads round to tf32 (i1)
 * A descriptor whose block has a layout is a target's own, and stays.
 * A descriptor among a kernel's own arguments is followed by its shape and strides: see opt_kernel_descriptor().
 */
#include "opt/internal.h"

#include <math.h>
#include <string.h>

typedef struct Parts {
  Value **at;
  int n;
} Parts;

typedef struct Rewrite {
  Ctx *cx;
  bool descriptors; /* too, not block pointers alone */
  bool changed;
  Map parts;      /* Value * to Parts * */
  Vec(Op *) gone; /* replaced; erased at the end, the last ones first */
} Rewrite;

static bool is_block_pointer(const Type *t) { return t->kind == TYPE_PTR && ir_is_tensor(t->elem); }

static bool is_whole(const Rewrite *w, const Type *t) {
  return is_block_pointer(t) || (w->descriptors && t->kind == TYPE_TENSORDESC && !t->elem->encoding);
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

enum { SHAPE_AT = 1 };
static int strides_at(int rank) { return 1 + rank; }
static int offsets_at(int rank) { return 1 + 2 * rank; } /* of a block pointer */
static int nan_at(int rank) { return 2 * rank; }         /* of a descriptor */
static int tf32_at(int rank) { return 2 * rank + 1; }

static int count_of(const Type *t) {
  int rank = t->elem->rank;
  return t->kind == TYPE_PTR ? 1 + 3 * rank : 2 * rank + 2;
}

static Type *type_of_part(Ctx *cx, const Type *t, int i) {
  int rank = t->elem->rank;
  if (i == 0) return ir_ptr(cx, t->elem->elem, t->kind == TYPE_PTR ? t->address_space : 1);
  if (t->kind == TYPE_PTR || (i >= strides_at(rank) && i < nan_at(rank))) return ir_int(cx, 64);
  return ir_int(cx, i < strides_at(rank) ? 32 : 1);
}

static Parts *new_parts(Rewrite *w, const Value *of) {
  Parts *p = NEW(w->cx, Parts);
  p->n = count_of(of->type);
  p->at = NEWN(w->cx, Value *, p->n);
  map_put(w->cx, &w->parts, of, p);
  return p;
}

static Parts *parts_of(const Rewrite *w, const Value *v) { return map_get(&w->parts, v); }

static Value *extended(Builder *b, Value *v, Type *type) {
  return v->type == type ? v : ir_make(b, OP_EXTSI, type, v, NULL);
}

/* ---- making, moving, choosing ------------------------------------------------------------------------------------ */

static void make_block_pointer(Rewrite *w, Op *op) {
  Parts *p = new_parts(w, &op->results[0]);
  Builder b = ir_before(w->cx, op);
  for (int i = 0; i < p->n; i++) /* the operands are the parts, in their order */
    p->at[i] = i ? extended(&b, ir_operand(op, i), ir_int(w->cx, 64)) : ir_operand(op, 0);
}

static void advance(Rewrite *w, Op *op) {
  const Parts *from = parts_of(w, ir_operand(op, 0));
  Parts *p = new_parts(w, &op->results[0]);
  memcpy(p->at, from->at, sizeof *p->at * (size_t)p->n);
  Builder b = ir_before(w->cx, op);
  Value **offset = p->at + offsets_at(op->results[0].type->elem->rank);
  for (int i = 1; i < op->noperands; i++, offset++)
    *offset = ir_make(&b, OP_ADDI, NULL, *offset, extended(&b, ir_operand(op, i), ir_int(w->cx, 64)), NULL);
}

static void make_descriptor(Rewrite *w, Op *op) {
  Parts *p = new_parts(w, &op->results[0]);
  int rank = op->results[0].type->elem->rank;
  Builder b = ir_before(w->cx, op);
  for (int i = 0; i < nan_at(rank); i++) p->at[i] = ir_operand(op, i);
  p->at[nan_at(rank)] = ir_const_int(&b, ir_int(w->cx, 1), ir_attr_int_or(op, "padding", 1) == 2);
  p->at[tf32_at(rank)] = ir_const_int(&b, ir_int(w->cx, 1), 0);
}

static void choose(Rewrite *w, Op *op) {
  const Parts *x = parts_of(w, ir_operand(op, 1)), *y = parts_of(w, ir_operand(op, 2));
  Parts *p = new_parts(w, &op->results[0]);
  Builder b = ir_before(w->cx, op);
  for (int i = 0; i < p->n; i++)
    p->at[i] = x->at[i] == y->at[i]
                   ? x->at[i]
                   : ir_make(&b, OP_SELECT, x->at[i]->type, ir_operand(op, 0), x->at[i], y->at[i], NULL);
}

static void poison(Rewrite *w, Op *op) {
  Parts *p = new_parts(w, &op->results[0]);
  Builder b = ir_before(w->cx, op);
  for (int i = 0; i < p->n; i++) {
    p->at[i] = ir_make(&b, OP_POISON, type_of_part(w->cx, op->results[0].type, i), NULL);
    ir_set_attr(w->cx, p->at[i]->op, "value", ir_attr(op, "value"));
  }
}

/* ---- handing on -------------------------------------------------------------------------------------------------- */

/* The block's arguments with parts in place of wholes, in the same order. */
static void expand_args(Rewrite *w, Block *block) {
  int n = block->nargs;
  bool any = false;
  for (int i = 0; i < n; i++) any = any || is_whole(w, block->args[i]->type);
  if (!any) return;
  for (int i = 0; i < n; i++) {
    Value *old = block->args[i];
    if (is_whole(w, old->type)) {
      Parts *p = new_parts(w, old);
      for (int k = 0; k < p->n; k++) {
        p->at[k] = ir_add_arg(w->cx, block, type_of_part(w->cx, old->type, k), old->loc);
        p->at[k]->hint = old->hint;
      }
    } else {
      Value *new = ir_add_arg(w->cx, block, old->type, old->loc);
      new->hint = old->hint;
      ir_replace_all(old, new);
    }
  }
}

/* The arguments that expand_args() took the place of: their uses are gone with the ops that are. */
static void drop_old_args(Rewrite *w, Block *block, int n) {
  for (int i = n; i-- > 0;) ir_remove_arg(w->cx, block, i);
}

typedef Vec(Value *) Values;
typedef Vec(Type *) Types;

/* An op like `op`, with the parts of its operands and results. */
static void rebuild(Rewrite *w, Op *op) {
  Ctx *cx = w->cx;
  Values operands = {0};
  Types types = {0};
  for (int i = 0; i < op->noperands; i++) {
    Value *v = ir_operand(op, i);
    const Parts *p = is_whole(w, v->type) ? parts_of(w, v) : NULL;
    for (int k = 0; k < (p ? p->n : 1); k++) vec_push(cx, &operands, p ? p->at[k] : v);
  }
  for (int i = 0; i < op->nresults; i++) {
    Type *t = op->results[i].type;
    for (int k = 0, n = is_whole(w, t) ? count_of(t) : 1; k < n; k++) {
      Type *part = is_whole(w, t) ? type_of_part(cx, t, k) : t;
      vec_push(cx, &types, part);
    }
  }
  Builder b = ir_before(cx, op);
  Op *to = ir_op(&b, op->code, types.at, (int)types.len, operands.at, (int)operands.len);
  opt_copy_attrs(cx, to, op);
  opt_take_regions(to, op);
  for (int i = 0, k = 0; i < op->nresults; i++) {
    Value *old = &op->results[i];
    if (is_whole(w, old->type)) {
      Parts *p = new_parts(w, old);
      for (int j = 0; j < p->n; j++) {
        p->at[j] = &to->results[k++];
        p->at[j]->hint = old->hint;
      }
    } else {
      to->results[k].hint = old->hint;
      ir_replace_all(old, &to->results[k++]);
    }
  }
  vec_push(cx, &w->gone, op);
}

/* ---- addresses and masks ----------------------------------------------------------------------------------------- */

typedef struct Access {
  Rewrite *w;
  Builder b;
  Type *block; /* the tensor type of what is accessed, in the rank of the whole */
  int rank;
  Value *const *parts;
  bool is_pointer;            /* of a block pointer */
  Value *offset[IR_MAX_RANK]; /* scalars */
  Value *index[IR_MAX_RANK];  /* or NULL: a tensor of rank 1 in place of offset + 0, 1, .. */
} Access;

static Type *integers(const Access *a, int bits) { return ir_tensor_like(a->w->cx, a->block, ir_int(a->w->cx, bits)); }

/* A tensor of rank 1 along dimension d of the block, as one of its rank: 1 elsewhere. */
static Value *along(Access *a, Value *v, int d) {
  for (int i = 0; i < a->rank; i++) {
    if (i == d) continue;
    const Type *t = v->type;
    int64_t shape[IR_MAX_RANK];
    int axis = i < d ? 0 : t->rank;
    for (int k = 0, from = 0; k <= t->rank; k++) shape[k] = k == axis ? 1 : t->shape[from++];
    v = ir_make(&a->b, OP_EXPAND_DIMS, ir_tensor(a->w->cx, t->elem, t->rank + 1, shape, NULL), v, NULL);
    ir_set_attr(a->w->cx, v->op, "axis", ir_attr_int(a->w->cx, ir_int(a->w->cx, 32), axis));
  }
  return v;
}

static Value *over_block(Access *a, Value *v) {
  Type *t = ir_tensor_like(a->w->cx, a->block, v->type->elem);
  return v->type == t ? v : ir_make(&a->b, OP_BROADCAST, t, v, NULL);
}

static Value *range_of(Access *a, int d) {
  Ctx *cx = a->w->cx;
  int64_t n = a->block->shape[d];
  Type *i32 = ir_int(cx, 32);
  Value *v = ir_make(&a->b, OP_MAKE_RANGE, ir_tensor(cx, i32, 1, &n, NULL), NULL);
  ir_set_attr(cx, v->op, "start", ir_attr_int(cx, i32, 0));
  ir_set_attr(cx, v->op, "end", ir_attr_int(cx, i32, n));
  return v;
}

static Value *splat_like(Access *a, Value *scalar, const Type *like) {
  return ir_make(&a->b, OP_SPLAT, ir_tensor_like(a->w->cx, (Type *)like, scalar->type), scalar, NULL);
}

static Value *widened(Access *a, Value *v, int bits) {
  return extended(&a->b, v, ir_tensor_like(a->w->cx, v->type, ir_int(a->w->cx, bits)));
}

/* The stride of dimension d; NULL: 1. */
static Value *stride_of(const Access *a, int d) {
  return a->is_pointer || d + 1 < a->rank ? a->parts[strides_at(a->rank) + d] : NULL;
}

static Value *addresses(Access *a) {
  Ctx *cx = a->w->cx;
  Type *i64 = ir_int(cx, 64);
  Value *base = a->parts[0], *moving = NULL;
  for (int d = 0; d < a->rank; d++) {
    Value *stride = stride_of(a, d);
    if (!a->index[d]) {
      Value *far = extended(&a->b, a->offset[d], i64);
      if (stride) far = ir_make(&a->b, OP_MULI, NULL, far, stride, NULL);
      base = ir_make(&a->b, OP_ADDPTR, NULL, base, far, NULL);
    }
    Value *step = along(a, widened(a, a->index[d] ? a->index[d] : range_of(a, d), 64), d);
    if (stride) step = ir_make(&a->b, OP_MULI, NULL, step, splat_like(a, stride, step->type), NULL);
    step = over_block(a, step);
    moving = moving ? ir_make(&a->b, OP_ADDI, NULL, moving, step, NULL) : step;
  }
  return ir_make(&a->b, OP_ADDPTR, NULL, splat_like(a, base, a->block), moving, NULL);
}

/* 0 <= offset + index < shape, for the dimensions whose bit is set in `checked`; NULL: all elements are inside. */
static Value *inside(Access *a, unsigned checked) {
  Value *mask = NULL;
  int bits = a->is_pointer ? 64 : 32;
  for (int d = 0; d < a->rank; d++) {
    if (!(checked >> d & 1)) continue;
    Value *i = widened(a, a->index[d] ? a->index[d] : range_of(a, d), bits);
    if (!a->index[d]) i = ir_make(&a->b, OP_ADDI, NULL, splat_like(a, a->offset[d], i->type), i, NULL);
    i = along(a, i, d);
    Value *low = ir_compare(&a->b, "sge", i, ir_const_int(&a->b, i->type, 0));
    Value *high = ir_compare(&a->b, "slt", i, splat_like(a, a->parts[SHAPE_AT + d], i->type));
    Value *both = over_block(a, ir_make(&a->b, OP_ANDI, NULL, low, high, NULL));
    mask = mask ? ir_make(&a->b, OP_ANDI, NULL, mask, both, NULL) : both;
  }
  return mask;
}

static Value *const_number(Access *a, Type *type, double x) {
  return ir_is_float(type->elem) ? ir_const_float(&a->b, type, x) : ir_const_int(&a->b, type, 0);
}

/* What elements outside of the tensor read as: zero, or NaN where the scalar i1 `nan` says so. */
static Value *outside(Access *a, Value *nan) {
  Value *zero = const_number(a, a->block, 0);
  int64_t known;
  if (!ir_is_float(a->block->elem) || (ir_is_const_int(nan, &known) && !known)) return zero;
  Value *nans = const_number(a, a->block, NAN);
  return ir_is_const_int(nan, &known) ? nans : ir_make(&a->b, OP_SELECT, a->block, nan, nans, zero, NULL);
}

/* As loads through a tensor map of TFLOAT32 do: to nearest even at 10 bits of mantissa; infinities and NaN stay. */
static Value *rounded_to_tf32(Access *a, Value *x, Value *wanted) {
  int64_t known;
  if (!ir_is_float(a->block->elem) || a->block->elem->fkind != F32) return x;
  if (ir_is_const_int(wanted, &known) && !known) return x;
  Builder *b = &a->b;
  Type *i32 = integers(a, 32);
  Value *bits = ir_make(b, OP_TT_BITCAST, i32, x, NULL);
  Value *exponent = ir_const_int(b, i32, 0x7f800000);
  Value *last = ir_make(b, OP_SHRUI, NULL, bits, ir_const_int(b, i32, 13), NULL);
  last = ir_make(b, OP_ANDI, NULL, last, ir_const_int(b, i32, 1), NULL);
  Value *bias = ir_make(b, OP_ADDI, NULL, last, ir_const_int(b, i32, 0xfff), NULL);
  Value *sum = ir_make(b, OP_ADDI, NULL, bits, bias, NULL);
  sum = ir_make(b, OP_ANDI, NULL, sum, ir_const_int(b, i32, -0x2000), NULL);
  Value *finite = ir_compare(&a->b, "ne", ir_make(b, OP_ANDI, NULL, bits, exponent, NULL), exponent);
  Value *use = ir_make(b, OP_ANDI, NULL, finite, splat_like(a, wanted, a->block), NULL);
  return ir_make(b, OP_SELECT, x->type, use, ir_make(b, OP_TT_BITCAST, x->type, sum, NULL), x, NULL);
}

static Access begin_access(Rewrite *w, Op *op, Value *whole, Type *block) {
  const Type *t = whole->type;
  Access a = {
      .w = w, .b = ir_before(w->cx, op), .block = block, .rank = t->elem->rank, .is_pointer = t->kind == TYPE_PTR};
  a.parts = parts_of(w, whole)->at;
  return a;
}

static void set_modifiers(Ctx *cx, Op *to, const Op *from) {
  static const char *const names[] = {"cache", "evict", "isVolatile"};
  for (size_t i = 0; i < COUNT(names); i++) {
    Attr *attr = ir_attr(from, names[i]);
    if (attr) ir_set_attr(cx, to, names[i], attr);
  }
}

/* A block that lacks the whole's leading dimensions of 1 has the same elements in the same order. */
static Value *reshaped(Access *a, Value *v, Type *type) {
  return v->type == type ? v : ir_make(&a->b, OP_RESHAPE, type, v, NULL);
}

static void finish_load(Access *a, Op *op, Value *mask, Value *other, Value *tf32) {
  Value *v = ir_make(&a->b, OP_LOAD, a->block, addresses(a), mask, mask ? other : NULL, NULL);
  set_modifiers(a->w->cx, v->op, op);
  if (tf32) v = rounded_to_tf32(a, v, tf32);
  ir_replace_all(&op->results[0], reshaped(a, v, op->results[0].type));
}

/* ---- block pointers ---------------------------------------------------------------------------------------------- */

static unsigned checked_dims(const Op *op) {
  const Attr *dims = ir_attr(op, "boundaryCheck");
  unsigned set = 0;
  for (int i = 0; dims && dims->kind == ATTR_INTS && i < dims->n; i++)
    if (dims->ints[i] >= 0 && dims->ints[i] < IR_MAX_RANK) set |= 1u << dims->ints[i];
  return set;
}

static Access block_access(Rewrite *w, Op *op) {
  Value *p = ir_operand(op, 0);
  Access a = begin_access(w, op, p, p->type->elem);
  for (int d = 0; d < a.rank; d++) a.offset[d] = a.parts[offsets_at(a.rank) + d];
  return a;
}

static void load_block(Rewrite *w, Op *op) {
  Access a = block_access(w, op);
  Value *mask = inside(&a, checked_dims(op));
  bool nan = ir_attr_int_or(op, "padding", 1) == 2;
  finish_load(&a, op, mask, mask ? const_number(&a, a.block, nan ? NAN : 0) : NULL, NULL);
}

static void store_block(Rewrite *w, Op *op) {
  Access a = block_access(w, op);
  Value *mask = inside(&a, checked_dims(op));
  set_modifiers(w->cx, ir_effect(&a.b, OP_STORE, addresses(&a), ir_operand(op, 1), mask, NULL), op);
}

/* ---- descriptors ------------------------------------------------------------------------------------------------- */

static const unsigned ALL = ~0u;

/* `first`: the operand that is the first offset. */
static Access descriptor_access(Rewrite *w, Op *op, int first) {
  Value *desc = ir_operand(op, 0);
  Access a = begin_access(w, op, desc, desc->type->elem);
  for (int d = 0; d < a.rank; d++) a.offset[d] = ir_operand(op, first + d);
  return a;
}

/* Rows at x_offsets, columns from y_offset on. */
static Access rows_access(Rewrite *w, Op *op, Type *rows) {
  Access a = begin_access(w, op, ir_operand(op, 0), rows);
  a.index[0] = widened(&a, ir_operand(op, 1), 32);
  a.offset[1] = ir_operand(op, 2);
  return a;
}

static void load_descriptor(Rewrite *w, Op *op) {
  Access a = op->code == OP_DESC_LOAD ? descriptor_access(w, op, 1) : rows_access(w, op, op->results[0].type);
  Value *mask = inside(&a, ALL), *other = outside(&a, a.parts[nan_at(a.rank)]);
  finish_load(&a, op, mask, other, a.parts[tf32_at(a.rank)]);
}

static void store_descriptor(Rewrite *w, Op *op) {
  bool rows = op->code == OP_DESC_SCATTER;
  Value *v = ir_operand(op, rows ? 3 : 1);
  Access a = rows ? rows_access(w, op, v->type) : descriptor_access(w, op, 2);
  v = reshaped(&a, v, a.block);
  Value *at = addresses(&a);
  ir_effect(&a.b, OP_STORE, at, v, inside(&a, ALL), NULL);
}

/* The name of the atomic op that a reduction is for the descriptor's elements. */
static const char *atomic_name(const Op *op) {
  const char *kind = ir_attr_text_or(op, "kind", "");
  const Type *t = ir_operand(op, 0)->type;
  if (strcmp(kind, "add") == 0) return ir_is_float(t->elem->elem) ? "fadd" : "add";
  if (t->sign == 'u' && strcmp(kind, "min") == 0) return "umin";
  if (t->sign == 'u' && strcmp(kind, "max") == 0) return "umax";
  return kind;
}

static void reduce_descriptor(Rewrite *w, Op *op) {
  Ctx *cx = w->cx;
  Access a = descriptor_access(w, op, 2);
  Value *v = reshaped(&a, ir_operand(op, 1), a.block);
  Value *at = addresses(&a), *mask = inside(&a, ALL);
  const char *name = atomic_name(op);
  if (ir_is_float(a.block->elem) && a.block->elem->bits == 16 && name[0] == 'm') {
    opt_swap_extremum(&a.b, strcmp(name, "max") == 0, at, v, mask, a.parts[0]);
    return;
  }
  Value *old = ir_make(&a.b, OP_ATOMIC_RMW, a.block, at, v, mask, NULL);
  ir_set_attr(cx, old->op, "atomic_rmw_op", ir_attr_enum(cx, name));
  ir_set_attr(cx, old->op, "sem", ir_attr_enum(cx, "relaxed"));
  ir_set_attr(cx, old->op, "scope", ir_attr_enum(cx, "gpu"));
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

int opt_kernel_descriptor(const Type *signature, int i) {
  const Type *t = signature->inputs[i];
  if (t->kind != TYPE_TENSORDESC) return 0;
  int rank = t->elem->rank;
  if (i + 2 * rank >= signature->ninputs) return 0;
  for (int k = 0; k < 2 * rank; k++) {
    const Type *s = signature->inputs[i + 1 + k];
    if (!ir_is_int(s) || s->bits != (k < rank ? 32 : 64)) return 0;
  }
  return rank;
}

static Attr *divisible_by_16(Ctx *cx) {
  const char *name = intern(cx, "tt.divisibility");
  Attr *by = ir_attr_int(cx, ir_int(cx, 32), 16);
  return ir_attr_dict(cx, &name, &by, 1);
}

/* A kernel's arguments: a descriptor's own are its base and the two flags; the shape and strides follow it anyway. */
static void expand_kernel(Rewrite *w, Op *func) {
  Ctx *cx = w->cx;
  Block *entry = ir_entry(func, 0);
  const Type *signature = ir_func_signature(func);
  const Attr *old_attrs = ir_attr(func, "arg_attrs");
  Attr *none = ir_attr_dict(cx, NULL, NULL, 0);
  Vec(Attr *) attrs = {0};
  int n = entry->nargs;
  Value **now = NEWN(cx, Value *, n + 1);
  for (int i = 0; i < n; i++) {
    Value *old = entry->args[i];
    Attr *attr = old_attrs && i < old_attrs->n ? old_attrs->items[i] : none;
    if (!is_whole(w, old->type)) {
      now[i] = ir_add_arg(cx, entry, old->type, old->loc);
      now[i]->hint = old->hint;
      ir_replace_all(old, now[i]);
      vec_push(cx, &attrs, attr);
      continue;
    }
    int rank = opt_kernel_descriptor(signature, i);
    if (!rank)
      ctx_fail(cx, ERR_SOURCE,
               "argument %d of `%s` is a %s: in a kernel a tensor descriptor is followed by its shape (i32) and "
               "strides (i64), and a block pointer cannot be an argument",
               i, ir_func_name(func), ir_type_text(cx, old->type));
    Parts *p = new_parts(w, old);
    Attr *aligned = divisible_by_16(cx);
    for (int k = 0; k < 3; k++) {
      int part = k == 0 ? 0 : k == 1 ? nan_at(rank) : tf32_at(rank);
      p->at[part] = ir_add_arg(cx, entry, type_of_part(cx, old->type, part), old->loc);
      p->at[part]->hint = old->hint;
      vec_push(cx, &attrs, k ? none : aligned);
    }
  }
  for (int i = 0; i < n; i++) {
    Parts *p = now[i] ? NULL : parts_of(w, entry->args[i]);
    int rank = p ? entry->args[i]->type->elem->rank : 0;
    for (int k = SHAPE_AT; p && k < nan_at(rank); k++) p->at[k] = now[i + k];
  }
  ir_set_attr(cx, func, "arg_attrs", ir_attr_array(cx, attrs.at, (int)attrs.len));
}

static bool has_whole(const Rewrite *w, Type *const *types, int n) {
  for (int i = 0; i < n; i++)
    if (is_whole(w, types[i])) return true;
  return false;
}

/* The function's type once its entry block has its new arguments; `types` are those of its results before. */
static void set_signature(Rewrite *w, Op *func, int old_args) {
  Ctx *cx = w->cx;
  const Type *t = ir_func_signature(func);
  const Block *entry = ir_entry(func, 0);
  Types inputs = {0}, results = {0};
  for (int i = old_args; i < entry->nargs; i++) vec_push(cx, &inputs, entry->args[i]->type);
  for (int i = 0; i < t->nresults; i++)
    for (int k = 0, n = is_whole(w, t->results[i]) ? count_of(t->results[i]) : 1; k < n; k++) {
      Type *part = is_whole(w, t->results[i]) ? type_of_part(cx, t->results[i], k) : t->results[i];
      vec_push(cx, &results, part);
    }
  Type *type = ir_func_type(cx, inputs.at, (int)inputs.len, results.at, (int)results.len);
  ir_set_attr(cx, func, "function_type", ir_attr_type(cx, type));
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

typedef struct OldArgs {
  Block *block;
  int n;
} OldArgs;
typedef Vec(OldArgs) OldArgsList;

static bool touches(const Rewrite *w, const Op *op) {
  for (int i = 0; i < op->noperands; i++)
    if (is_whole(w, ir_operand(op, i)->type)) return true;
  for (int i = 0; i < op->nresults; i++)
    if (is_whole(w, op->results[i].type)) return true;
  for (int r = 0; r < op->nregions; r++) /* a scf.while may carry into its body what is no result */
    for (const Block *b = op->regions[r]->first; b; b = b->next)
      for (int i = 0; i < b->nargs; i++)
        if (is_whole(w, b->args[i]->type)) return true;
  return false;
}

static void expand_regions(Rewrite *w, Op *op, OldArgsList *old) {
  for (int r = 0; r < op->nregions; r++)
    for (Block *b = op->regions[r]->first; b; b = b->next) {
      OldArgs args = {b, b->nargs};
      expand_args(w, b);
      if (b->nargs != args.n) vec_push(w->cx, old, args);
    }
}

static void rewrite_op(Rewrite *w, Op *op, OldArgsList *old) {
  switch (op->code) {
  case OP_MAKE_TENSOR_PTR: make_block_pointer(w, op); break;
  case OP_ADVANCE: advance(w, op); break;
  case OP_MAKE_TENSOR_DESC: make_descriptor(w, op); break;
  case OP_SELECT: choose(w, op); break;
  case OP_POISON: poison(w, op); break;
  case OP_LOAD: load_block(w, op); break;
  case OP_STORE: store_block(w, op); break;
  case OP_DESC_LOAD:
  case OP_DESC_GATHER: load_descriptor(w, op); break;
  case OP_DESC_STORE:
  case OP_DESC_SCATTER: store_descriptor(w, op); break;
  case OP_DESC_REDUCE: reduce_descriptor(w, op); break;
  case OP_FOR:
  case OP_IF:
  case OP_WHILE:
    expand_regions(w, op, old); /* before the op gives its regions away */
    rebuild(w, op);
    return;
  case OP_YIELD:
  case OP_CONDITION:
  case OP_RETURN:
  case OP_CALL: rebuild(w, op); return;
  default:
    ctx_fail(w->cx, ERR_SOURCE, "%s cannot take or give a %s", ir_info(op)->name,
             ir_type_text(w->cx, op->noperands ? ir_operand(op, 0)->type : op->results[0].type));
  }
  vec_push(w->cx, &w->gone, op);
}

typedef struct Collect {
  const Rewrite *w;
  Vec(Op *) ops;
} Collect;

static void collect(Op *op, void *arg) {
  Collect *c = arg;
  if (op->code != OP_FUNC && op->code != OP_MODULE && touches(c->w, op)) vec_push(c->w->cx, &c->ops, op);
}

static void rewrite_func(Rewrite *w, Op *func) {
  Ctx *cx = w->cx;
  const Type *t = ir_func_signature(func);
  if (!func->regions[0]->first) return;
  bool is_kernel = strcmp(ir_attr_text_or(func, "sym_visibility", "public"), "private") != 0;
  Block *entry = ir_entry(func, 0);
  int old_args = entry->nargs;
  Collect c = {.w = w};
  ir_walk(func, collect, &c); /* in program order, before anything changes */
  bool args = has_whole(w, t->inputs, t->ninputs), results = has_whole(w, t->results, t->nresults);
  if (!args && !results && !c.ops.len) return;
  w->changed = true;
  OldArgsList old = {0};
  if (args && is_kernel)
    expand_kernel(w, func);
  else if (args)
    expand_args(w, entry), ir_set_attr(cx, func, "arg_attrs", NULL);
  if (args || results) set_signature(w, func, args ? old_args : 0);
  for (uint32_t i = 0; i < c.ops.len; i++) rewrite_op(w, c.ops.at[i], &old);
  for (uint32_t i = w->gone.len; i-- > 0;) ir_erase(w->gone.at[i]);
  w->gone.len = 0;
  for (uint32_t i = 0; i < old.len; i++) drop_old_args(w, old.at[i].block, old.at[i].n);
  if (args) drop_old_args(w, entry, old_args);
}

static bool rewrite(Ctx *cx, Module *m, bool descriptors) {
  Rewrite w = {.cx = cx, .descriptors = descriptors};
  for (Op *op = m->body->first->first; op; op = op->next)
    if (op->code == OP_FUNC) rewrite_func(&w, op);
  return w.changed;
}

bool opt_block_pointers(Ctx *cx, Module *m) { return rewrite(cx, m, false); }

bool opt_descriptors(Ctx *cx, Module *m) { return rewrite(cx, m, true); }
