/* rules_int.c: identities of integer arithmetic.
 *
 * Constants stand to the right already. The canonical forms that other rules and ll_ptradd() rely on: a constant is
 * added last ((x + y) + c, (x + c) * k is x*k + c*k), subtraction of a constant is an addition, multiplication by a
 * power of two is a shift, an `or` or `xor` of values without a common bit is an addition.
 */
#include "ll/internal.h"

static LLInst *op2_const(LLBuilder *b, LLOp op, LLInst *x, uint64_t c, unsigned flags) {
  return ll_op2f(b, op, x, ll_const(b, x->type, c), flags);
}

static bool disjoint(const LLInst *x, const LLInst *y) { return (~x->zeros & ~y->zeros) == 0; }

/* x + c1 with a constant c1: its parts. */
static bool is_add_const(const LLInst *v, LLInst **x, uint64_t *c) {
  if (v->op != LL_ADD || !ll_is_const(v->args[1], c)) return false;
  *x = v->args[0];
  return true;
}

static bool nonnegative(const LLInst *x) { return x->zeros >> (x->type->bits - 1) & 1; }

/* NSW of x + (c1 + c2) when x + c1 and the sum's sum with c2 had it: the constants have one sign, and so has their
 * sum. */
static unsigned nsw_of_constants(unsigned flags, uint64_t c1, uint64_t c2, int bits) {
  bool s1 = sign_extended(c1, bits) < 0, s2 = sign_extended(c2, bits) < 0, s = sign_extended(c1 + c2, bits) < 0;
  return s1 == s2 && s == s1 ? flags & LLF_NSW : 0;
}

/* (in + c) + y as (in + y) + c. What was known of the partial sums holds of the new ones when nothing is negative. */
static LLInst *constant_last(LLBuilder *b, LLInst *in, LLInst *y, uint64_t c, unsigned flags) {
  flags &= LLF_NSW;
  if (!nonnegative(in) || !nonnegative(y) || sign_extended(c, y->type->bits) < 0) flags = 0;
  return op2_const(b, LL_ADD, ll_op2f(b, LL_ADD, in, y, flags), c, flags);
}

static LLInst *simplify_add(LLBuilder *b, const LLKey *k, LLInst *x, LLInst *y, bool yc, uint64_t c) {
  LLInst *in;
  uint64_t c1;
  const unsigned no_wrap = LLF_NSW | LLF_NUW;
  if (yc && c == 0) return x;
  if (yc && is_add_const(x, &in, &c1))
    return op2_const(b, LL_ADD, in, c1 + c, nsw_of_constants(k->mods.flags & x->mods.flags, c1, c, k->type->bits));
  if (!yc && is_add_const(x, &in, &c1)) return constant_last(b, in, y, c1, k->mods.flags & x->mods.flags);
  if (!yc && is_add_const(y, &in, &c1)) return constant_last(b, in, x, c1, k->mods.flags & y->mods.flags);
  if (x->op == LL_SUB && x->args[1] == y) return x->args[0];
  if (y->op == LL_SUB && y->args[1] == x) return y->args[0];
  if (disjoint(x, y) && (k->mods.flags & no_wrap) != no_wrap) return ll_op2f(b, LL_ADD, x, y, no_wrap);
  return NULL;
}

static LLInst *simplify_mul(LLBuilder *b, const LLKey *k, LLInst *x, bool yc, uint64_t c) {
  if (!yc) return NULL;
  LLInst *in;
  uint64_t c1;
  if (c == 0) return ll_const(b, k->type, 0);
  if (c == 1) return x;
  if (c == ll_ones(k->type)) return ll_op2(b, LL_SUB, ll_const(b, k->type, 0), x);
  if (is_pow2((int64_t)c) && c != UINT64_C(1) << (k->type->bits - 1))
    return op2_const(b, LL_SHL, x, (uint64_t)__builtin_ctzll(c), k->mods.flags);
  if (x->op == LL_MUL && ll_is_const(x->args[1], &c1)) return op2_const(b, LL_MUL, x->args[0], c1 * c, 0);
  if (is_add_const(x, &in, &c1)) return op2_const(b, LL_ADD, op2_const(b, LL_MUL, in, c, 0), c1 * c, 0);
  return NULL;
}

/* ((v >> s) & mask) << c: the same bits, shifted once. A mask leaves none of the sign's copies. */
static LLInst *moved_bits(LLBuilder *b, const LLInst *x, uint64_t c) {
  uint64_t mask, s;
  if (x->op != LL_AND || !ll_is_const(x->args[1], &mask)) return NULL;
  const LLInst *in = x->args[0];
  uint64_t ones = ll_ones(x->type);
  if ((in->op != LL_LSHR && in->op != LL_ASHR) || !ll_is_const(in->args[1], &s) || s == 0 || mask & ~(ones >> s))
    return NULL;
  LLInst *v = in->args[0];
  if (c != s) v = c > s ? op2_const(b, LL_SHL, v, c - s, 0) : op2_const(b, LL_LSHR, v, s - c, 0);
  return op2_const(b, LL_AND, v, mask << c & ones, 0);
}

static LLInst *simplify_shl(LLBuilder *b, const LLKey *k, LLInst *x, bool yc, uint64_t c) {
  if (!yc) return NULL;
  uint64_t bits = (uint64_t)k->type->bits, c1;
  LLInst *in;
  if (c == 0) return x;
  if (c >= bits) return NULL;
  if (x->op == LL_SHL && ll_is_const(x->args[1], &c1))
    return c1 + c >= bits ? ll_const(b, k->type, 0)
                          : op2_const(b, LL_SHL, x->args[0], c1 + c, k->mods.flags & x->mods.flags);
  /* (x >> c) << c drops the low bits only */
  if (x->op == LL_LSHR && ll_is_const(x->args[1], &c1) && c1 == c)
    return op2_const(b, LL_AND, x->args[0], ll_ones(k->type) << c, 0);
  if (is_add_const(x, &in, &c1)) return op2_const(b, LL_ADD, op2_const(b, LL_SHL, in, c, 0), c1 << c, 0);
  return moved_bits(b, x, c);
}

/* Are all bits that `shl`, by `c`, shifts out known to be zero? */
static bool loses_nothing(const LLInst *shl, uint64_t c) {
  uint64_t kept = ll_ones(shl->type) >> c;
  return (~shl->args[0]->zeros & ll_ones(shl->type) & ~kept) == 0;
}

static LLInst *simplify_shr(LLBuilder *b, const LLKey *k, LLInst *x, bool yc, uint64_t c) {
  if (!yc) return NULL;
  uint64_t bits = (uint64_t)k->type->bits, c1;
  if (c == 0) return x;
  if (c >= bits) return NULL;
  if (k->op == LL_ASHR) {
    if (x->zeros >> (bits - 1) & 1) return op2_const(b, LL_LSHR, x, c, 0);
    if (x->op == LL_ASHR && ll_is_const(x->args[1], &c1))
      return op2_const(b, LL_ASHR, x->args[0], c1 + c >= bits ? bits - 1 : c1 + c, 0);
    return NULL;
  }
  if ((x->zeros | ll_mask((int)c)) == UINT64_MAX) return ll_const(b, k->type, 0);
  if (x->op == LL_LSHR && ll_is_const(x->args[1], &c1))
    return c1 + c >= bits ? ll_const(b, k->type, 0) : op2_const(b, LL_LSHR, x->args[0], c1 + c, 0);
  if (x->op == LL_SHL && ll_is_const(x->args[1], &c1) && c1 == c)
    return op2_const(b, LL_AND, x->args[0], ll_ones(k->type) >> c, 0);
  if (x->op == LL_SHL && ll_is_const(x->args[1], &c1) && loses_nothing(x, c1))
    return c1 < c ? op2_const(b, LL_LSHR, x->args[0], c - c1, 0) : op2_const(b, LL_SHL, x->args[0], c1 - c, 0);
  return NULL;
}

/* ---- bits counted by sums of neighbours (Warren, "Hacker's Delight", 5-1) ----------------------------------------- */

static bool is_op(const LLInst *x, LLOp op, uint64_t c) {
  uint64_t c1;
  return x->op == op && ll_is_const(x->args[1], &c1) && c1 == c;
}

/* (v >> s) & mask, of which the mask leaves no bit that depends on the sign: v, or NULL. */
static LLInst *shifted_part(const LLInst *x, uint64_t s, uint64_t mask) {
  if (!is_op(x, LL_AND, mask)) return NULL;
  const LLInst *in = x->args[0];
  return is_op(in, LL_LSHR, s) || is_op(in, LL_ASHR, s) ? in->args[0] : NULL;
}

/* Of a word of 32 or 64 bits: in pairs, in fours, in bytes, and those added up in the highest byte, which the caller shifts
 * down. */
static LLInst *count_bits(LLBuilder *b, LLInst *x) {
  uint64_t bytes = UINT64_C(0x0101010101010101) & ll_ones(x->type);
  if (!is_op(x, LL_MUL, bytes) || !is_op(x->args[0], LL_AND, 0x0f * bytes)) return NULL;
  const LLInst *fours = x->args[0]->args[0];
  if (fours->op != LL_ADD) return NULL;
  for (int u = 0; u < 2; u++) {
    const LLInst *half = fours->args[1 - u], *twos = fours->args[u];
    if ((!is_op(half, LL_LSHR, 4) && !is_op(half, LL_ASHR, 4)) || half->args[0] != twos || twos->op != LL_ADD) continue;
    for (int v = 0; v < 2; v++) {
      LLInst *pairs = shifted_part(twos->args[v], 2, 0x33 * bytes);
      if (!pairs || !is_op(twos->args[1 - v], LL_AND, 0x33 * bytes) || twos->args[1 - v]->args[0] != pairs) continue;
      if (pairs->op != LL_SUB || shifted_part(pairs->args[1], 1, 0x55 * bytes) != pairs->args[0]) continue;
      LLInst *n = ll_call(b, x->type == &ll_i32 ? LL_POPC : LL_POPC64, NULL, pairs->args[0], NULL);
      return ll_int_cast(b, x->type, n, false);
    }
  }
  return NULL;
}

/* The one part that the bits of `wanted` come from: of a sum in which nothing is carried, a summand if the other has none
 * of them; what a mask leaves, if it leaves all of them. */
static LLInst *part_with(LLInst *x, uint64_t wanted) {
  while (x->op == LL_ADD || x->op == LL_XOR || x->op == LL_AND) {
    LLInst *l = x->args[0], *r = x->args[1];
    bool sum = x->op == LL_XOR || (x->op == LL_ADD && disjoint(l, r));
    uint64_t mask;
    if ((sum && !(~r->zeros & wanted)) || (x->op == LL_AND && ll_is_const(r, &mask) && !(wanted & ~mask)))
      x = l;
    else if (sum && !(~l->zeros & wanted))
      x = r;
    else
      break;
  }
  return x;
}

/* x & c, or (x >> s) & c, where only a part of x has the bits that are asked for. */
static LLInst *masked_part(LLBuilder *b, LLInst *x, uint64_t c) {
  uint64_t s = 0;
  LLInst *in = x;
  if (x->op == LL_LSHR && ll_is_const(x->args[1], &s)) in = x->args[0];
  LLInst *part = part_with(in, c << s & ll_ones(x->type));
  if (part == in) return NULL;
  return op2_const(b, LL_AND, s ? op2_const(b, LL_LSHR, part, s, 0) : part, c, 0);
}

static LLInst *simplify_and(LLBuilder *b, const LLKey *k, LLInst *x, LLInst *y, bool yc, uint64_t c) {
  uint64_t c1;
  if (x == y) return x;
  if (disjoint(x, y)) return ll_const(b, k->type, 0);
  if (!yc) return NULL;
  if ((x->zeros | c) == UINT64_MAX || (x->zeros | c | ~ll_ones(k->type)) == UINT64_MAX) return x; /* clears nothing */
  if (x->op == LL_AND && ll_is_const(x->args[1], &c1)) return op2_const(b, LL_AND, x->args[0], c1 & c, 0);
  return masked_part(b, x, c);
}

static LLInst *simplify_or(LLBuilder *b, const LLKey *k, LLInst *x, LLInst *y, bool yc, uint64_t c) {
  if (x == y) return x;
  if (yc && c == 0) return x;
  if (yc && c == ll_ones(k->type)) return y;
  if (k->type == &ll_i1) return ll_join_compares(b, x, y);
  if (disjoint(x, y)) return ll_op2f(b, LL_ADD, x, y, LLF_NSW | LLF_NUW);
  return NULL;
}

/* The opposite of a comparison that has one. */
static LLInst *inverted(LLBuilder *b, LLInst *x) {
  static const LLPred not_int[] = {LLP_NE,  LLP_EQ,  LLP_ULE, LLP_ULT, LLP_UGE,
                                   LLP_UGT, LLP_SLE, LLP_SLT, LLP_SGE, LLP_SGT};
  static const LLPred not_float[] = {LLP_UNE, LLP_FULE, LLP_FULT, LLP_FUGE, LLP_FUGT, LLP_UEQ, LLP_UNO,
                                     LLP_ONE, LLP_OLE,  LLP_OLT,  LLP_OGE,  LLP_OGT,  LLP_OEQ, LLP_ORD};
  if (x->op == LL_ICMP) return ll_icmp(b, not_int[x->imm], x->args[0], x->args[1]);
  if (x->op == LL_FCMP) return ll_fcmp(b, not_float[x->imm - LLP_OEQ], x->args[0], x->args[1]);
  return NULL;
}

static LLInst *simplify_xor(LLBuilder *b, const LLKey *k, LLInst *x, LLInst *y, bool yc, uint64_t c) {
  uint64_t c1;
  if (x == y) return ll_const(b, k->type, 0);
  if (yc && c == 0) return x;
  if (yc && x->op == LL_XOR && ll_is_const(x->args[1], &c1)) return op2_const(b, LL_XOR, x->args[0], c1 ^ c, 0);
  if (yc && k->type == &ll_i1) return inverted(b, x);
  if (k->type != &ll_i1 && disjoint(x, y)) return ll_op2f(b, LL_ADD, x, y, LLF_NSW | LLF_NUW);
  return NULL;
}

static LLInst *simplify_div(LLBuilder *b, const LLKey *k, LLInst *x, bool yc, uint64_t c) {
  if (!yc || c == 0) return NULL;
  bool positive = x->zeros >> (k->type->bits - 1) & 1 && !(c >> (k->type->bits - 1) & 1);
  if (c == 1) return k->op == LL_UDIV || k->op == LL_SDIV ? x : ll_const(b, k->type, 0);
  if (k->op == LL_SDIV && positive) return op2_const(b, LL_UDIV, x, c, 0);
  if (k->op == LL_SREM && positive) return op2_const(b, LL_UREM, x, c, 0);
  if (k->op == LL_UDIV && is_pow2((int64_t)c)) return op2_const(b, LL_LSHR, x, (uint64_t)__builtin_ctzll(c), 0);
  if (k->op == LL_UREM && is_pow2((int64_t)c)) return op2_const(b, LL_AND, x, c - 1, 0);
  return NULL;
}

static LLInst *simplify_sub(LLBuilder *b, const LLKey *k, LLInst *x, LLInst *y, bool yc, uint64_t c) {
  if (x == y) return ll_const(b, k->type, 0);
  /* x - c cannot become x + -c with its flag when c is the least integer */
  if (yc) return op2_const(b, LL_ADD, x, 0 - c, c == UINT64_C(1) << (k->type->bits - 1) ? 0 : k->mods.flags & LLF_NSW);
  if (x->op == LL_ADD && x->args[0] == y) return x->args[1];
  if (x->op == LL_ADD && x->args[1] == y) return x->args[0];
  return NULL;
}

LLInst *ll_simplify_int(LLBuilder *b, const LLKey *k) {
  LLInst *x = k->args[0], *y = k->args[1];
  uint64_t c = 0;
  if (!ll_is_int(k->type)) return NULL;
  bool yc = ll_is_const(y, &c);
  switch (k->op) {
  case LL_ADD: return simplify_add(b, k, x, y, yc, c);
  case LL_SUB: return simplify_sub(b, k, x, y, yc, c);
  case LL_MUL: return simplify_mul(b, k, x, yc, c);
  case LL_SHL: return simplify_shl(b, k, x, yc, c);
  case LL_LSHR:
  case LL_ASHR: {
    bool is_word = k->type == &ll_i32 || k->type == &ll_i64;
    LLInst *count = yc && is_word && c == (uint64_t)k->type->bits - 8 ? count_bits(b, x) : NULL;
    return count ? count : simplify_shr(b, k, x, yc, c);
  }
  case LL_AND: return simplify_and(b, k, x, y, yc, c);
  case LL_OR: return simplify_or(b, k, x, y, yc, c);
  case LL_XOR: return simplify_xor(b, k, x, y, yc, c);
  default: return simplify_div(b, k, x, yc, c);
  }
}
