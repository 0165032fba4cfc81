/* rules_compare.c: identities of comparisons.
 *
 * Beside those with a constant: two numbers that lie at known distances from one and the same base. An arg-max breaks ties by
 * comparing indices, and of the elements that a thread holds these are one index and a constant; what the first
 * comparisons select is one of several of them, so distances are intervals. (Between threads nothing is known.) The
 * comparisons fold, and `x > y || (x == y && true)` is one comparison, x >= y.
 */
#include "ll/internal.h"

/* ---- distances ---------------------------------------------------------------------------------------------------- */

/* base + lo .. base + hi, of which no sum passes an end of the signed type. */
typedef struct Near {
  const LLInst *base;
  int64_t lo, hi;
} Near;

/* x + c, where that does not wrap as a signed number. */
static bool is_sum(const LLInst *x, int64_t *c) {
  uint64_t bits_of_c;
  int bits = x->type->bits;
  if (x->op != LL_ADD || !ll_is_const(x->args[1], &bits_of_c)) return false;
  *c = sign_extended(bits_of_c, bits);
  if (x->mods.flags & LLF_NSW) return true;
  uint64_t most = ~x->args[0]->zeros & ll_mask(bits), limit = ll_mask(bits - 1);
  return most <= limit && *c <= (int64_t)(limit - most); /* not negative, and far enough from the end */
}

static Near near_of(const LLInst *x, int depth) {
  Near n = {x, 0, 0};
  int64_t c;
  if (x->op == LL_SELECT && depth) {
    Near l = near_of(x->args[1], depth - 1), r = near_of(x->args[2], depth - 1);
    if (l.base == r.base) n = (Near){l.base, l.lo < r.lo ? l.lo : r.lo, l.hi > r.hi ? l.hi : r.hi};
  } else if (is_sum(x, &c)) {
    n = (Near){x->args[0], c, c};
  }
  return n;
}

static LLInst *by_distance(LLBuilder *b, LLPred p, const LLInst *x, const LLInst *y) {
  enum { DEPTH = 8 }; /* of selections: of 256 elements */
  if (x->type->bits > 64) return NULL;
  Near m = near_of(x, DEPTH), n = near_of(y, DEPTH);
  if (m.base != n.base) return NULL;
  bool below = m.hi<n.lo, above = m.lo> n.hi, not_above = m.hi <= n.lo, not_below = m.lo >= n.hi;
  switch (p) {
  case LLP_SLT: return below || not_below ? ll_const(b, &ll_i1, below) : NULL;
  case LLP_SGE: return below || not_below ? ll_const(b, &ll_i1, !below) : NULL;
  case LLP_SGT: return above || not_above ? ll_const(b, &ll_i1, above) : NULL;
  case LLP_SLE: return above || not_above ? ll_const(b, &ll_i1, !above) : NULL;
  case LLP_EQ: return below || above ? ll_false(b) : NULL;
  case LLP_NE: return below || above ? ll_true(b) : NULL;
  default: return NULL;
  }
}

/* ---- two comparisons of the same ---------------------------------------------------------------------------------- */

enum { LESS = 1, EQUAL = 2, MORE = 4, UNORDERED = 8 };
static const unsigned char float_sets[] = {
    EQUAL,
    MORE,
    MORE | EQUAL,
    LESS,
    LESS | EQUAL,
    LESS | MORE,
    LESS | EQUAL | MORE, /* as LLPred has them */
    EQUAL | UNORDERED,
    MORE | UNORDERED,
    MORE | EQUAL | UNORDERED,
    LESS | UNORDERED,
    LESS | EQUAL | UNORDERED,
    LESS | MORE | UNORDERED,
    UNORDERED,
};

/* Either of two comparisons of the same floating-point numbers as one, if there is one. */
LLInst *ll_join_compares(LLBuilder *b, const LLInst *x, const LLInst *y) {
  if (x->op != LL_FCMP || y->op != LL_FCMP || x->args[0] != y->args[0] || x->args[1] != y->args[1]) return NULL;
  int set = float_sets[x->imm - LLP_OEQ] | float_sets[y->imm - LLP_OEQ];
  for (int p = 0; p < (int)COUNT(float_sets); p++)
    if (float_sets[p] == set) return ll_fcmp(b, (LLPred)(LLP_OEQ + p), x->args[0], x->args[1]);
  return NULL;
}

/* ---- with a constant ---------------------------------------------------------------------------------------------- */

/* What is zero where `x` is, and needs no shift: the operand of one that loses no bit that is set, and (v >> s) & c as
 * v & (c << s). */
static LLInst *before_shift(LLBuilder *b, LLInst *x) {
  uint64_t c = UINT64_MAX, s;
  LLInst *in = x->op == LL_AND && ll_is_const(x->args[1], &c) ? x->args[0] : x;
  if (in->op != LL_LSHR || !ll_is_const(in->args[1], &s)) return NULL;
  LLInst *v = in->args[0];
  if (in != x) return c >> (x->type->bits - (int)s) ? NULL : ll_op2(b, LL_AND, v, ll_const(b, x->type, c << s));
  return ~v->zeros & ll_mask((int)s) ? NULL : v;
}

LLInst *ll_simplify_icmp(LLBuilder *b, const LLKey *k) {
  LLInst *x = k->args[0], *y = k->args[1];
  LLPred p = (LLPred)k->imm;
  uint64_t c;
  if (x == y) {
    bool holds = p == LLP_EQ || p == LLP_UGE || p == LLP_ULE || p == LLP_SGE || p == LLP_SLE;
    return ll_const(b, &ll_i1, holds);
  }
  if (!ll_is_int(x->type)) return NULL;
  if (!ll_is_const(y, &c)) return by_distance(b, p, x, y);
  int bits = x->type->bits;
  uint64_t ones = ll_mask(bits);
  if (x->type == &ll_i1) {
    if (p == LLP_EQ) return c ? x : ll_not(b, x);
    return p == LLP_NE ? (c ? ll_not(b, x) : x) : NULL;
  }
  if (p == LLP_ULT && c == 0) return ll_false(b);
  if (p == LLP_UGE && c == 0) return ll_true(b);
  if (p == LLP_UGT && c == ones) return ll_false(b);
  if (p == LLP_ULE && c == ones) return ll_true(b);
  /* By the largest value that x can have, where x is not negative. */
  uint64_t most = ~x->zeros;
  bool unsigned_like = p == LLP_ULT || p == LLP_ULE || p == LLP_UGT || p == LLP_UGE;
  bool signed_like = p == LLP_SLT || p == LLP_SLE || p == LLP_SGT || p == LLP_SGE;
  if (unsigned_like || (signed_like && !(most >> (bits - 1) & 1) && !(c >> (bits - 1) & 1))) {
    if (p == LLP_ULT || p == LLP_SLT || p == LLP_UGE || p == LLP_SGE) {
      if (most < c) return ll_const(b, &ll_i1, p == LLP_ULT || p == LLP_SLT);
    } else if (most <= c) {
      return ll_const(b, &ll_i1, p == LLP_ULE || p == LLP_SLE);
    }
  }
  if ((p == LLP_EQ || p == LLP_NE) && (c & x->zeros & ones)) return ll_const(b, &ll_i1, p == LLP_NE);
  if (c == 0 && (p == LLP_EQ || p == LLP_NE)) {
    LLInst *before = before_shift(b, x);
    if (before) return ll_icmp(b, p, before, y);
  }
  /* zext(bool) compared with 0 or 1; a comparison of extensions of one kind */
  if (x->op == LL_ZEXT && x->args[0]->type == &ll_i1 && (p == LLP_EQ || p == LLP_NE))
    return ll_icmp(b, p, x->args[0], ll_const(b, &ll_i1, c));
  return NULL;
}
