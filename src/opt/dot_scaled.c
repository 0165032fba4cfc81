/* dot_scaled.c: tt.dot_scaled as a tt.dot of bf16 or f16, for targets that have no such instruction.
 *
 * Problem. Microscaling formats (OCP Microscaling Formats, version 1.0) are elements of 4 or 8 bits of which every 32
 * (or 16) along K share a scale: a power of two (E8M0, biased by 127, 255 is NaN) or an e4m3 number.
 *
 * Idea. Elements of 4 and 8 bits are exact in bf16 and in f16, and so are their products with powers of two while they
 * stay in range. The product is computed in f16 where one operand is f16, else in bf16, and the scale is multiplied
 * into its operand before the dot. A scale travels as the bits of a float: in bf16, E8M0 is the exponent's field as it
 * is, shifted by 7; for f16 the same in f32, then narrowed. 2^-127 is a subnormal number of either. 255 comes out as
 * infinity, which an addition of itself times zero makes NaN (fastMath leaves that out).
 *
 * e2m1, two to a byte, the lower half first: its three bits of magnitude, put at the upper end of the target format's
 * fraction field and the lower end of its exponent, are a number too small by the difference of the biases, its
 * subnormal 0.5 included; one exact multiplication corrects that. The two halves are joined in a new last dimension,
 * which a reshape (and a transposition, where it is not the last dimension that is packed) brings into its place.
 *
 * Everything is elementwise or a change of shape on the small tensors; scales are converted before they are broadcast.
 */
#include "opt/internal.h"

#include <string.h>

typedef struct Scaled {
  Builder b;
  Ctx *cx;
  Type *compute; /* bf16 or f16 */
  bool fast;
} Scaled;

static Type *with_elem(Scaled *s, const Value *v, Type *elem) { return ir_tensor_like(s->cx, v->type, elem); }

static Value *op1(Scaled *s, Opcode code, Type *elem, Value *x) {
  return ir_make(&s->b, code, with_elem(s, x, elem), x, NULL);
}

static Value *with_int(Scaled *s, Opcode code, Value *x, int64_t y) {
  return ir_make(&s->b, code, x->type, x, ir_const_int(&s->b, x->type, y), NULL);
}

static Value *shaped(Scaled *s, Opcode code, Value *x, int rank, const int64_t *shape) {
  return ir_make(&s->b, code, ir_tensor(s->cx, x->type->elem, rank, shape, NULL), x, NULL);
}

static Value *swapped(Scaled *s, Value *x, int i, int j) {
  int64_t order[IR_MAX_RANK], shape[IR_MAX_RANK];
  int r = x->type->rank;
  for (int d = 0; d < r; d++) order[d] = d == i ? j : d == j ? i : d;
  for (int d = 0; d < r; d++) shape[d] = x->type->shape[order[d]];
  Value *t = shaped(s, OP_TRANS, x, r, shape);
  ir_set_attr(s->cx, t->op, "order", ir_attr_ints(s->cx, ir_int(s->cx, 32), order, r));
  return t;
}

/* ---- elements ---------------------------------------------------------------------------------------------------- */

static Value *four_bits(Scaled *s, Value *bits) {
  bool half = s->compute->fkind == F16;
  Value *sign = with_int(s, OP_SHLI, with_int(s, OP_ANDI, bits, 8), 12);
  Value *magnitude = with_int(s, OP_SHLI, with_int(s, OP_ANDI, bits, 7), half ? 9 : 6);
  Value *small = op1(s, OP_TT_BITCAST, s->compute, ir_make(&s->b, OP_ORI, bits->type, sign, magnitude, NULL));
  Value *bias = ir_const_float(&s->b, small->type, half ? 0x1p14 : 0x1p126);
  return ir_make(&s->b, OP_MULF, small->type, small, bias, NULL);
}

/* Bytes, packed along `axis`, as twice as many floats. */
static Value *unpacked(Scaled *s, Value *x, int axis) {
  int r = x->type->rank;
  Value *wide = op1(s, OP_EXTUI, ir_int(s->cx, 16), x);
  Value *low = four_bits(s, wide), *high = four_bits(s, with_int(s, OP_SHRUI, wide, 4));
  int64_t shape[IR_MAX_RANK];
  for (int d = 0; d < r; d++) shape[d] = x->type->shape[d];
  shape[r] = 2;
  Type *pairs = ir_tensor(s->cx, s->compute, r + 1, shape, NULL);
  Value *v = ir_make(&s->b, OP_JOIN, pairs, low, high, NULL);
  for (int d = r; d > axis + 1; d--) v = swapped(s, v, d - 1, d); /* r - axis - 1 is 0 or 1 */
  shape[axis] *= 2;
  return shaped(s, OP_RESHAPE, v, r, shape);
}

static Value *element(Scaled *s, Value *x, const char *format, int packed_axis) {
  if (!strcmp(format, "e2m1")) return unpacked(s, x, packed_axis);
  FloatKind kind = !strcmp(format, "e4m3")   ? F8E4M3FN
                   : !strcmp(format, "e5m2") ? F8E5M2
                   : !strcmp(format, "bf16") ? BF16
                                             : F16;
  Type *from = ir_float(s->cx, kind);
  if (ir_elem(x->type) != from) x = op1(s, OP_TT_BITCAST, from, x); /* its bits */
  if (from == s->compute) return x;
  if (from->bits == 8) return op1(s, OP_FP_TO_FP, s->compute, x);
  return op1(s, OP_TRUNCF, s->compute, op1(s, OP_EXTF, ir_float(s->cx, F32), x)); /* bf16 beside f16 */
}

/* ---- scales ------------------------------------------------------------------------------------------------------ */

static Value *power_of_two(Scaled *s, Value *x) {
  bool wide = s->compute->fkind == F16;
  Type *bits = ir_int(s->cx, wide ? 32 : 16), *format = wide ? ir_float(s->cx, F32) : s->compute;
  int shift = wide ? 23 : 7;
  Value *v = with_int(s, OP_SHLI, op1(s, OP_EXTUI, bits, x), shift);
  v = op1(s, OP_TT_BITCAST, format, with_int(s, OP_MAXUI, v, INT64_C(1) << (shift - 1)));
  if (!s->fast) v = ir_make(&s->b, OP_FMA, v->type, v, ir_const_float(&s->b, v->type, 0), v, NULL);
  return wide ? op1(s, OP_TRUNCF, s->compute, v) : v;
}

/* The scale of every element: [..., rows, groups] to [..., rows, K], or its transposition. */
static Value *spread(Scaled *s, Value *scale, int64_t k, bool transposed) {
  int r = scale->type->rank;
  int64_t shape[IR_MAX_RANK], groups = scale->type->shape[r - 1];
  Value *v = ir_is_int(ir_elem(scale->type)) ? power_of_two(s, scale) : op1(s, OP_FP_TO_FP, s->compute, scale);
  for (int d = 0; d < r; d++) shape[d] = scale->type->shape[d];
  shape[r] = 1;
  v = shaped(s, OP_EXPAND_DIMS, v, r + 1, shape);
  ir_set_attr(s->cx, v->op, "axis", ir_attr_int(s->cx, ir_int(s->cx, 32), r));
  shape[r] = k / groups;
  v = shaped(s, OP_BROADCAST, v, r + 1, shape);
  shape[r - 1] = k;
  v = shaped(s, OP_RESHAPE, v, r, shape);
  return transposed ? swapped(s, v, r - 2, r - 1) : v;
}

static Value *scaled_operand(Scaled *s, const Op *op, int index) {
  static const char *const attrs[][3] = {{"a_elem_type", "lhs_k_pack", "a_scale"},
                                         {"b_elem_type", "rhs_k_pack", "b_scale"}};
  Value *x = ir_operand(op, index);
  int r = x->type->rank, k_axis = index ? r - 2 : r - 1, first;
  bool k_pack = ir_attr_int_or(op, attrs[index][1], 1) != 0;
  Value *v = element(s, x, ir_attr_text_or(op, attrs[index][0], ""), k_pack ? k_axis : index ? r - 1 : r - 2);
  if (!ir_operand_group(op, attrs[index][2], &first)) return v;
  Value *scale = spread(s, ir_operand(op, first), v->type->shape[k_axis], index == 1);
  return ir_make(&s->b, OP_MULF, v->type, v, scale, NULL);
}

static void expand(Ctx *cx, Op *op) {
  Scaled s = {.b = ir_before(cx, op), .cx = cx, .fast = ir_attr_int_or(op, "fastMath", 0) != 0};
  bool half = !strcmp(ir_attr_text_or(op, "a_elem_type", ""), "fp16") ||
              !strcmp(ir_attr_text_or(op, "b_elem_type", ""), "fp16");
  s.compute = ir_float(cx, half ? F16 : BF16);
  Value *a = scaled_operand(&s, op, 0), *b = scaled_operand(&s, op, 1), *c = ir_operand(op, 2);
  Type *f32 = ir_float(cx, F32), *out = ir_elem(c->type);
  if (out != f32) c = op1(&s, OP_EXTF, f32, c);
  Value *d = ir_make(&s.b, OP_DOT, c->type, a, b, c, NULL);
  if (out != f32) d = op1(&s, OP_TRUNCF, out, d);
  ir_replace_all(&op->results[0], d);
  ir_erase(op);
}

static bool is_dot_scaled(Ctx *cx, const Op *op) {
  (void)cx;
  return op->code == OP_DOT_SCALED;
}

bool opt_dot_scaled(Ctx *cx, Module *m) { return opt_rewrite_each(cx, m, is_dot_scaled, expand); }
