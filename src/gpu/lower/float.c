/* float.c: from one floating-point format to another.
 *
 * Formats of 16 bits and more have instructions. The 8-bit ones have some from sm_89 on, two elements at a time;
 * before, their bits are shifted into place in a half, or out of it with rounding by integer arithmetic:
 *   e5m2 is a half without its lower byte;
 *   e4m3 has a half's fields two bits lower and an exponent bias of 7 instead of 15: its bits, shifted left by 7, are a half 2^-8 of the value,
 *   subnormal numbers included.
 */
#include "gpu/lower/lower.h"

#include <string.h>

static LLInst *i32c(Lower *w, uint32_t x) { return ll_const_i32(&w->b, (int32_t)x); }
static LLInst *op2(Lower *w, LLOp op, LLInst *x, LLInst *y) { return ll_op2(&w->b, op, x, y); }
static bool is_8bit(const Type *t) { return ir_float_bits(t->fkind) == 8; }

/* 16-bit and wider formats. */
static LLInst *between_wide(Lower *w, LLInst *x, const LLType *to, bool toward_zero) {
  if (x->type == to) return x;
  bool wider = to->bits > x->type->bits;
  if (x->type->bits == 16 && to->bits == 16) x = ll_op1(&w->b, LL_FPEXT, &ll_float, x);
  if (x->type == &ll_bfloat && to == &ll_double) x = ll_op1(&w->b, LL_FPEXT, &ll_float, x);
  if (wider) return x->type == to ? x : ll_op1(&w->b, LL_FPEXT, to, x);
  if (x->type == &ll_double && (to == &ll_bfloat || toward_zero)) {
    x = toward_zero ? ll_call(&w->b, LL_CVT_RZ_F32_F64, NULL, x, NULL) : ll_op1(&w->b, LL_FPTRUNC, &ll_float, x);
    if (to == &ll_float) return x;
  }
  if (toward_zero && to == &ll_half) return ll_call(&w->b, LL_CVT_RZ_F16, NULL, x, NULL);
  if (toward_zero && to == &ll_bfloat) {
    LLInst *bits = ll_bitcast(&w->b, &ll_i32, x);
    return ll_bitcast(&w->b, to, ll_op1(&w->b, LL_TRUNC, &ll_i16, op2(w, LL_LSHR, bits, i32c(w, 16))));
  }
  return ll_op1(&w->b, LL_FPTRUNC, to, x);
}

/* ---- from 8 bits to half ----------------------------------------------------------------------------------------- */

static LLInst *e5m2_to_half(Lower *w, LLInst *x) {
  LLInst *wide = ll_op1(&w->b, LL_ZEXT, &ll_i32, x);
  return ll_bitcast(&w->b, &ll_half, ll_op1(&w->b, LL_TRUNC, &ll_i16, op2(w, LL_SHL, wide, i32c(w, 8))));
}

/* e4m3 with exponent bias `bias`; `nan`: the encoding without sign that means NaN, 0: there is none. */
static LLInst *e4m3_to_half(Lower *w, LLInst *x, int bias, uint32_t nan) {
  LLInst *wide = ll_op1(&w->b, LL_ZEXT, &ll_i32, x), *low = op2(w, LL_AND, wide, i32c(w, 0x7F));
  LLInst *sign = op2(w, LL_SHL, op2(w, LL_AND, wide, i32c(w, 0x80)), i32c(w, 8));
  LLInst *bits = op2(w, LL_OR, sign, op2(w, LL_SHL, low, i32c(w, 7)));
  LLInst *h = ll_bitcast(&w->b, &ll_half, ll_op1(&w->b, LL_TRUNC, &ll_i16, bits));
  LLInst *f = op2(w, LL_FMUL, ll_op1(&w->b, LL_FPEXT, &ll_float, h),
                  ll_const_float(&w->b, &ll_float, (double)(1 << (15 - bias))));
  h = ll_op1(&w->b, LL_FPTRUNC, &ll_half, f);
  if (!nan) return h;
  return ll_select(&w->b, ll_icmp(&w->b, LLP_EQ, nan == 0x80 ? wide : low, i32c(w, nan)),
                   ll_const(&w->b, &ll_half, 0x7FFF), h);
}

/* e5m2 with bias 16, whose largest exponent is one of numbers: by way of f32, 2^-111 of the value at first. */
static LLInst *e5m2fnuz_to_half(Lower *w, LLInst *x) {
  LLInst *wide = ll_op1(&w->b, LL_ZEXT, &ll_i32, x);
  LLInst *sign = op2(w, LL_SHL, op2(w, LL_AND, wide, i32c(w, 0x80)), i32c(w, 24));
  LLInst *bits = op2(w, LL_OR, sign, op2(w, LL_SHL, op2(w, LL_AND, wide, i32c(w, 0x7F)), i32c(w, 21)));
  LLInst *f = op2(w, LL_FMUL, ll_bitcast(&w->b, &ll_float, bits), ll_const_float(&w->b, &ll_float, 0x1p111));
  LLInst *h = ll_op1(&w->b, LL_FPTRUNC, &ll_half, f);
  return ll_select(&w->b, ll_icmp(&w->b, LLP_EQ, wide, i32c(w, 0x80)), ll_const(&w->b, &ll_half, 0x7FFF), h);
}

/* Two bytes as a 16-bit word. Neighbours of one vector are one already: no byte is taken out of it. */
static LLInst *byte_pair(Lower *w, LLInst *const *x) {
  LLInst *v = x[0]->op == LL_EXTRACT ? x[0]->args[0] : NULL;
  int64_t at = x[0]->imm;
  if (v && v->type->kind == LLK_VECTOR && v->type->n % 4 == 0 && at % 2 == 0 && x[1]->op == LL_EXTRACT &&
      x[1]->args[0] == v && x[1]->imm == at + 1) {
    int n = v->type->n / 4;
    LLInst *words = ll_bitcast(&w->b, n == 1 ? &ll_i32 : ll_vector(w->lm, &ll_i32, n), v);
    LLInst *word = n == 1 ? words : ll_extract(&w->b, words, (int)at / 4);
    return ll_op1(&w->b, LL_TRUNC, &ll_i16, at % 4 ? op2(w, LL_LSHR, word, i32c(w, 16)) : word);
  }
  LLInst *lo = ll_op1(&w->b, LL_ZEXT, &ll_i16, x[0]), *hi = ll_op1(&w->b, LL_ZEXT, &ll_i16, x[1]);
  LLInst *wide = op2(w, LL_OR, ll_op1(&w->b, LL_ZEXT, &ll_i32, lo),
                     op2(w, LL_SHL, ll_op1(&w->b, LL_ZEXT, &ll_i32, hi), i32c(w, 8)));
  return ll_op1(&w->b, LL_TRUNC, &ll_i16, wide);
}

static void pair_to_half(Lower *w, LLOp op, LLInst *const *x, LLInst **out) {
  LLInst *pair = ll_call(&w->b, op, NULL, byte_pair(w, x), NULL);
  for (int i = 0; i < 2; i++) out[i] = ll_extract(&w->b, pair, i);
}

static LLInst *eight_to_half(Lower *w, LLInst *x, FloatKind kind) {
  if (kind == F8E5M2) return e5m2_to_half(w, x);
  if (kind == F8E4M3FN) return e4m3_to_half(w, x, 7, 0x7F);
  if (kind == F8E4M3FNUZ) return e4m3_to_half(w, x, 8, 0x80);
  if (kind == F8E4M3B11FNUZ) return e4m3_to_half(w, x, 11, 0x80);
  if (kind == F8E5M2FNUZ) return e5m2fnuz_to_half(w, x);
  lower_fail(w, w->op, "this 8-bit format is not supported on this target");
}

/* ---- from f32 to 8 bits ------------------------------------------------------------------------------------------ */

/* An 8-bit format: bits of mantissa, exponent bias, its largest magnitude (as encoded), which stands for all that are
 * larger, and its NaN: 0x80 where there is no negative zero (the FNUZ formats). */
typedef struct Eight {
  int man, bias;
  uint32_t top, nan;
} Eight;

/* The number is brought into the range of the format's own exponents: normal ones by rounding the bits of the f32 and
 * taking away the difference of biases; subnormal ones by adding a power of two whose last place is the format's
 * smallest step, or, toward zero, by counting the steps. */
static LLInst *f32_to_eight(Lower *w, LLInst *x, Eight f, bool toward_zero) {
  LLInst *bits = ll_bitcast(&w->b, &ll_i32, x), *low = op2(w, LL_AND, bits, i32c(w, 0x7FFFFFFF));
  LLInst *sign = op2(w, LL_LSHR, op2(w, LL_AND, bits, i32c(w, 0x80000000)), i32c(w, 24));
  LLInst *magnitude = ll_bitcast(&w->b, &ll_float, low), *up = low, *small;
  int shift = 23 - f.man;
  if (toward_zero) {
    LLInst *steps = op2(w, LL_FMUL, magnitude, ll_const(&w->b, &ll_float, (uint32_t)(127 + f.bias + f.man - 1) << 23));
    small = ll_op1(&w->b, LL_FPTOSI, &ll_i32, steps);
  } else {
    LLInst *odd = op2(w, LL_AND, op2(w, LL_LSHR, low, i32c(w, (uint32_t)shift)), i32c(w, 1));
    up = op2(w, LL_ADD, op2(w, LL_ADD, low, i32c(w, (1u << (shift - 1)) - 1)), odd);
    uint32_t magic = (uint32_t)(127 + 23 + 1 - f.bias - f.man) << 23;
    LLInst *sum = op2(w, LL_FADD, magnitude, ll_const(&w->b, &ll_float, magic));
    small = op2(w, LL_SUB, ll_bitcast(&w->b, &ll_i32, sum), i32c(w, magic));
  }
  LLInst *normal =
      op2(w, LL_SUB, op2(w, LL_LSHR, up, i32c(w, (uint32_t)shift)), i32c(w, (uint32_t)(127 - f.bias) << f.man));
  LLInst *is_small = ll_icmp(&w->b, LLP_ULT, low, i32c(w, (uint32_t)(128 - f.bias) << 23));
  LLInst *r = ll_select(&w->b, is_small, small, normal);
  LLInst *is_over = op2(w, LL_AND, ll_not(&w->b, is_small), ll_icmp(&w->b, LLP_SGT, normal, i32c(w, f.top)));
  r = ll_select(&w->b, is_over, i32c(w, f.top), r);
  if (f.nan == 0x80) sign = ll_select(&w->b, ll_icmp(&w->b, LLP_EQ, r, i32c(w, 0)), i32c(w, 0), sign);
  r = op2(w, LL_OR, r, sign);
  r = ll_select(&w->b, ll_icmp(&w->b, LLP_UGT, low, i32c(w, 0x7F800000)), i32c(w, f.nan), r);
  return ll_op1(&w->b, LL_TRUNC, &ll_i8, r);
}

static LLInst *float_to_eight(Lower *w, LLInst *x, FloatKind kind, bool toward_zero) {
  if (kind == F8E5M2) return f32_to_eight(w, x, (Eight){2, 15, 0x7B, 0x7F}, toward_zero);
  if (kind == F8E4M3FN) return f32_to_eight(w, x, (Eight){3, 7, 0x7E, 0x7F}, toward_zero);
  if (kind == F8E4M3FNUZ) return f32_to_eight(w, x, (Eight){3, 8, 0x7F, 0x80}, toward_zero);
  if (kind == F8E5M2FNUZ) return f32_to_eight(w, x, (Eight){2, 16, 0x7F, 0x80}, toward_zero);
  if (kind == F8E4M3B11FNUZ) return f32_to_eight(w, x, (Eight){3, 11, 0x7F, 0x80}, toward_zero);
  lower_fail(w, w->op, "rounding to this 8-bit format is not supported on this target");
}

static void pair_to_eight(Lower *w, LLOp op, LLInst *const *x, LLInst **out) {
  LLInst *pair = ll_call(&w->b, op, NULL, x[1], x[0], NULL);
  out[0] = ll_op1(&w->b, LL_TRUNC, &ll_i8, pair);
  out[1] = ll_op1(&w->b, LL_TRUNC, &ll_i8, op2(w, LL_LSHR, ll_op1(&w->b, LL_ZEXT, &ll_i32, pair), i32c(w, 8)));
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

LLInst *lower_cast_float(Lower *w, LLInst *x, const Type *from, const Type *to, const char *rounding) {
  if (from->fkind == to->fkind) return x;
  bool toward_zero = !strcmp(rounding, "rtz");
  if (is_8bit(from)) {
    LLInst *h = eight_to_half(w, x, from->fkind);
    if (!is_8bit(to)) return between_wide(w, h, lower_elem(w, (Type *)to), false);
    return float_to_eight(w, between_wide(w, h, &ll_float, false), to->fkind, toward_zero);
  }
  if (!is_8bit(to)) return between_wide(w, x, lower_elem(w, (Type *)to), toward_zero);
  return float_to_eight(w, between_wide(w, x, &ll_float, toward_zero), to->fkind, toward_zero);
}

void lower_fp_to_fp(Lower *w, const Op *op) {
  const Value *r = &op->results[0];
  Registers *in = lower_value(w, ir_operand(op, 0)), *out = lower_new(w, r, lower_count(w, r));
  const Type *from = ir_elem(ir_operand(op, 0)->type), *to = ir_elem(r->type);
  const char *rounding = ir_attr_text_or(op, "rounding", "rtne");
  bool fast = w->sm >= 89 && strcmp(rounding, "rtz") != 0 && is_8bit(from) != is_8bit(to);
  FloatKind eight = is_8bit(from) ? from->fkind : to->fkind;
  fast = fast && (eight == F8E4M3FN || eight == F8E5M2);
  for (int i = 0; i < out->n; i += 2) {
    int n = i + 1 < out->n ? 2 : 1;
    if (fast && is_8bit(from)) {
      LLInst *x[2] = {in->at[i], in->at[i + n - 1]}, *h[2];
      pair_to_half(w, eight == F8E5M2 ? LL_CVT_F16X2_E5M2X2 : LL_CVT_F16X2_E4M3X2, x, h);
      for (int k = 0; k < n; k++) out->at[i + k] = between_wide(w, h[k], lower_elem(w, (Type *)to), false);
    } else if (fast) {
      LLInst *x[2], *y[2];
      for (int k = 0; k < 2; k++) x[k] = between_wide(w, in->at[i + (k < n ? k : 0)], &ll_float, false);
      pair_to_eight(w, eight == F8E5M2 ? LL_CVT_E5M2X2 : LL_CVT_E4M3X2, x, y);
      for (int k = 0; k < n; k++) out->at[i + k] = y[k];
    } else {
      for (int k = 0; k < n; k++) out->at[i + k] = lower_cast_float(w, in->at[i + k], from, to, rounding);
    }
  }
}

/* ---- two numbers of four bits in a byte: ttg.fp4_to_fp ------------------------------------------------------------ */

/* The result's place (a word of the layout's outputs) as the source's: halved along the axis. */
static uint64_t halved(const Layout *result, const Layout *source, uint64_t word, Axis axis, int rank) {
  uint64_t out = 0;
  for (int d = 0; d < rank; d++) {
    Axis a = (Axis)(AXIS_DIM0 + d);
    uint64_t at = word >> layout_out_shift(result, a) & (((uint64_t)1 << layout_out_bits(result, a)) - 1);
    out |= (a == axis ? at >> 1 : at) << layout_out_shift(source, a);
  }
  return out;
}

/* For each bit of the result's register number which bits of the source's it stands for; 0 for that which tells the
 * halves of a byte apart, as *half. False: threads do not have the bytes of their results. */
static bool match_registers(const Layout *result, const Layout *source, Axis axis, int rank, int *bit, int *half) {
  for (Axis in = AXIS_LANE; in <= AXIS_WARP; in++)
    for (int k = 0; k < layout_in_bits(result, in); k++) {
      uint64_t to = layout_basis(result, in, k);
      if (halved(result, source, to, axis, rank) != layout_basis(source, in, k)) return false;
      if (to >> layout_out_shift(result, axis) & 1) return false;
    }
  *half = -1;
  for (int k = 0; k < layout_in_bits(result, AXIS_REGISTER); k++) {
    uint64_t to = layout_basis(result, AXIS_REGISTER, k), from = halved(result, source, to, axis, rank);
    bit[k] = 0;
    if (to == (uint64_t)1 << layout_out_shift(result, axis)) {
      *half = k;
      continue;
    }
    for (int j = 0; j < layout_in_bits(source, AXIS_REGISTER) && from; j++)
      if (layout_basis(source, AXIS_REGISTER, j) == from) bit[k] = 1 << j;
    if ((from && !bit[k]) || (to >> layout_out_shift(result, axis) & 1)) return false;
  }
  return *half >= 0;
}

/* The fields of e2m1, put where an f32 has them, are 2^-126 of the value, subnormal numbers included. */
static LLInst *from_e2m1(Lower *w, LLInst *byte, bool upper, const LLType *to) {
  LLInst *sign = op2(w, LL_SHL, op2(w, LL_AND, byte, i32c(w, upper ? 0x80 : 8)), i32c(w, upper ? 24 : 28));
  LLInst *rest = op2(w, LL_AND, byte, i32c(w, upper ? 0x70 : 7));
  LLInst *bits = op2(w, LL_OR, sign, op2(w, LL_SHL, rest, i32c(w, upper ? 18 : 22)));
  LLInst *scale = ll_const(&w->b, &ll_float, 0x7E800000); /* 2^126 */
  return between_wide(w, op2(w, LL_FMUL, ll_bitcast(&w->b, &ll_float, bits), scale), to, false);
}

void lower_fp4_to_fp(Lower *w, const Op *op) {
  const Value *from = ir_operand(op, 0), *r = &op->results[0];
  const Layout *result = gpu_layout(w->cx, r->type), *source = gpu_layout(w->cx, from->type);
  Axis axis = (Axis)(AXIS_DIM0 + ir_attr_int_or(op, "axis", 0));
  int bit[64], half;
  if (!match_registers(result, source, axis, r->type->rank, bit, &half))
    lower_fail(w, op, "the layouts of bytes and results are not those of the same threads");
  Registers *x = lower_value(w, from), *y = lower_new(w, r, lower_count(w, r));
  const LLType *to = lower_elem(w, r->type);
  for (int i = 0; i < y->n; i++) {
    int at = 0;
    for (int k = 0; k < layout_in_bits(result, AXIS_REGISTER); k++) at |= i >> k & 1 ? bit[k] : 0;
    y->at[i] = from_e2m1(w, ll_int_cast(&w->b, &ll_i32, x->at[at], false), i >> half & 1, to);
  }
}
