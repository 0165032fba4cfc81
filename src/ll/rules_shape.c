/* rules_shape.c: identities of comparison, selection, vectors, structs, and of a few intrinsics. */
#include "ll/internal.h"

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

static LLInst *simplify_icmp(LLBuilder *b, const LLKey *k, LLInst *x, LLInst *y) {
  LLPred p = (LLPred)k->imm;
  uint64_t c;
  if (x == y) {
    bool holds = p == LLP_EQ || p == LLP_UGE || p == LLP_ULE || p == LLP_SGE || p == LLP_SLE;
    return ll_const(b, &ll_i1, holds);
  }
  if (!ll_is_const(y, &c) || !ll_is_int(x->type)) return NULL;
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

static LLInst *simplify_select(LLBuilder *b, const LLKey *k) {
  LLInst *c = k->args[0], *x = k->args[1], *y = k->args[2];
  uint64_t cx, cy;
  if (x == y) return x;
  if (c->op == LL_CONST) return c->imm ? x : y;
  if (x->op == LL_UNDEF) return y;
  if (y->op == LL_UNDEF) return x;
  bool kx = ll_is_const(x, &cx), ky = ll_is_const(y, &cy);
  if (k->type == &ll_i1) {
    if (kx && ky) return cx ? c : ll_not(b, c);
    if (kx) return cx ? ll_op2(b, LL_OR, c, y) : ll_op2(b, LL_AND, ll_not(b, c), y);
    if (ky) return cy ? ll_op2(b, LL_OR, ll_not(b, c), x) : ll_op2(b, LL_AND, c, x);
  }
  if (y->op == LL_SELECT && y->args[0] == c) return ll_select(b, c, x, y->args[2]);
  if (x->op == LL_SELECT && x->args[0] == c) return ll_select(b, c, x->args[1], y);
  return NULL;
}

static LLInst *simplify_extract(LLBuilder *b, const LLKey *k) {
  LLInst *x = k->args[0];
  if (x->op == LL_BUILD) return x->args[k->imm];
  if (x->op == LL_UNDEF) return ll_undef(b, k->type);
  return NULL;
}

/* All elements of one value in order are that value; all one constant are a constant. */
static LLInst *simplify_build(LLBuilder *b, const LLKey *k) {
  LLInst *first = k->args[0], *whole = first->op == LL_EXTRACT ? first->args[0] : NULL;
  bool same = first->op == LL_CONST || first->op == LL_UNDEF;
  for (int i = 0; i < k->nargs; i++) {
    LLInst *x = k->args[i];
    if (whole && (x->op != LL_EXTRACT || x->args[0] != whole || x->imm != i)) whole = NULL;
    if (x != first) same = false;
  }
  if (whole && whole->type == k->type) return whole;
  if (!same) return NULL;
  return first->op == LL_UNDEF ? ll_undef(b, k->type) : ll_const(b, k->type, (uint64_t)first->imm);
}

LLInst *ll_simplify_shape(LLBuilder *b, const LLKey *k) {
  switch (k->op) {
  case LL_ICMP: return simplify_icmp(b, k, k->args[0], k->args[1]);
  case LL_SELECT: return simplify_select(b, k);
  case LL_EXTRACT: return simplify_extract(b, k);
  case LL_BUILD: return simplify_build(b, k);
  case LL_SMIN:
  case LL_SMAX:
  case LL_UMIN:
  case LL_UMAX: return k->args[0] == k->args[1] ? k->args[0] : NULL;
  case LL_FMA: { /* x * 1 + y */
    uint64_t c;
    bool one = ll_is_const(k->args[1], &c) && c == ll_double_to_bits(ll_scalar(k->type), 1);
    return one ? ll_op2(b, LL_FADD, k->args[0], k->args[2]) : NULL;
  }
  default: return NULL;
  }
}
