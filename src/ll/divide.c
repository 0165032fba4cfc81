/* divide.c: quotients and remainders by constants.
 *
 * Problem. A GPU has no instruction that divides integers, and the assembler expands a division the same way whether or
 * not it knows the divisor: a reciprocal, two corrections, some fifteen instructions of 32 bits, a hundred of 64.
 *
 * Idea. x / c is the upper half of x * m, shifted, for a multiplier m of about 2^(N + l) / c; by powers of two it is a
 * shift. Multipliers are the shortest that are exact for all x of `prec` bits, which is fewer than N where upper bits
 * are known to be zero: then m fits in N bits, and so it does for most constants otherwise. The remainder is
 * x - x / c * c.
 *
 * Source: Granlund and Montgomery, "Division by Invariant Integers using Multiplication", PLDI 1994: figures 4.2, 5.2
 * and 6.2.
 */
#include "ll/internal.h"

__extension__ typedef unsigned __int128 Wide;

typedef struct Multiplier {
  Wide m; /* below 2^(N+1) */
  int shift;
} Multiplier;

static int ceil_log2(uint64_t d) { return d <= 1 ? 0 : 64 - __builtin_clzll(d - 1); }

/* Figure 6.2. x / d = (m * x) >> (bits + shift) for all x below 2^prec. */
static Multiplier choose_multiplier(uint64_t d, int bits, int prec) {
  int l = ceil_log2(d);
  Wide one = (Wide)1 << bits, above = (((Wide)1 << l) - d) << bits; /* 2^(bits + l) = above + d * one */
  Wide low = one + above / d, high = one + (above + ((Wide)1 << (bits + l - prec))) / d;
  while (low / 2 < high / 2 && l > 0) low /= 2, high /= 2, l--;
  return (Multiplier){high, l};
}

static LLInst *shift(LLBuilder *b, LLOp op, LLInst *x, int by) {
  return by ? ll_op2(b, op, x, ll_const(b, x->type, (uint64_t)by)) : x;
}

static LLInst *upper_half(LLBuilder *b, bool is_signed, LLInst *x, uint64_t m) {
  LLOp wide = is_signed ? LL_MULHI_S64 : LL_MULHI_U64, narrow = is_signed ? LL_MULHI_S32 : LL_MULHI_U32;
  return ll_call(b, x->type->bits == 64 ? wide : narrow, NULL, x, ll_const(b, x->type, m), NULL);
}

/* Figure 4.2. */
static LLInst *unsigned_quotient(LLBuilder *b, LLInst *x, uint64_t d) {
  int bits = x->type->bits, even = __builtin_ctzll(d), prec = bits;
  if (d >> even == 1) return shift(b, LL_LSHR, x, even);
  while (prec > 1 && x->zeros >> (prec - 1) & 1) prec--;
  if (ceil_log2(d) > prec) return ll_const(b, x->type, 0);
  Multiplier k = choose_multiplier(d, bits, prec);
  if (k.m >> bits && even) {
    k = choose_multiplier(d >> even, bits, prec - even);
    x = shift(b, LL_LSHR, x, even);
  }
  LLInst *h = upper_half(b, false, x, (uint64_t)k.m);
  if (!(k.m >> bits)) return shift(b, LL_LSHR, h, k.shift);
  LLInst *half = shift(b, LL_LSHR, ll_op2(b, LL_SUB, x, h), 1); /* (x + h) >> shift, of bits + 1 bits */
  return shift(b, LL_LSHR, ll_op2(b, LL_ADD, half, h), k.shift - 1);
}

/* Figure 5.2. */
static LLInst *signed_quotient(LLBuilder *b, LLInst *x, int64_t c) {
  int bits = x->type->bits;
  uint64_t d = (c < 0 ? 0 - (uint64_t)c : (uint64_t)c) & ll_mask(bits);
  int l = ceil_log2(d);
  LLInst *q;
  if ((d & (d - 1)) == 0) {
    LLInst *bias = l ? shift(b, LL_LSHR, shift(b, LL_ASHR, x, l - 1), bits - l) : NULL;
    q = l ? shift(b, LL_ASHR, ll_op2(b, LL_ADD, x, bias), l) : x;
  } else {
    Multiplier k = choose_multiplier(d, bits, bits - 1);
    q = upper_half(b, true, x, (uint64_t)k.m & ll_mask(bits));
    if (k.m >> (bits - 1)) q = ll_op2(b, LL_ADD, x, q);
    q = ll_op2(b, LL_SUB, shift(b, LL_ASHR, q, k.shift), shift(b, LL_ASHR, x, bits - 1));
  }
  return c < 0 ? ll_op2(b, LL_SUB, ll_const(b, x->type, 0), q) : q;
}

LLInst *ll_divide_by_constant(LLBuilder *b, const LLInst *i) {
  if (i->op < LL_UDIV || i->op > LL_SREM || i->args[0]->type->bits < 32 || i->args[0]->type->bits > 64) return NULL;
  uint64_t c;
  LLInst *x = i->args[0];
  if (!ll_is_const(i->args[1], &c) || c == 0) return NULL; /* undefined */
  bool is_signed = i->op == LL_SDIV || i->op == LL_SREM;
  LLInst *q = is_signed ? signed_quotient(b, x, sign_extended(c, x->type->bits)) : unsigned_quotient(b, x, c);
  if (i->op == LL_UDIV || i->op == LL_SDIV) return q;
  return ll_op2(b, LL_SUB, x, ll_op2(b, LL_MUL, q, i->args[1]));
}
