/* rules_shape.c: identities of selection, vectors, structs, and of a few intrinsics. */
#include "ll/internal.h"

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
  case LL_ICMP: return ll_simplify_icmp(b, k);
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
