/* rules_float.c: identities of floating-point arithmetic that hold for every operand, NaN, infinities and signed zeros
 * included. No reassociation.
 */
#include "ll/internal.h"

#include <math.h>

/* A power of two whose reciprocal is one as well, both normal. */
static bool exact_reciprocal(const LLType *t, uint64_t bits, double *r) {
  double d = ll_bits_to_double(t, bits);
  int exponent;
  if (d == 0 || !isfinite(d) || fabs(frexp(d, &exponent)) != 0.5) return false;
  *r = 1 / d;
  int limit = t->kind == LLK_HALF ? 13 : t->kind == LLK_DOUBLE ? 1000 : 120;
  return exponent > -limit && exponent < limit;
}

LLInst *ll_simplify_float(LLBuilder *b, const LLKey *k) {
  LLInst *x = k->args[0], *y = k->nargs > 1 ? k->args[1] : NULL;
  const LLType *t = ll_scalar(k->type);
  uint64_t c;
  if (k->op == LL_FNEG) return x->op == LL_FNEG ? x->args[0] : NULL;
  if (!ll_is_const(y, &c)) return NULL;
  uint64_t sign = UINT64_C(1) << (t->bits - 1);
  double r;
  switch (k->op) {
  case LL_FADD: return c == sign ? x : NULL; /* x + -0 */
  case LL_FSUB: return c == 0 ? x : NULL;
  case LL_FMUL:
    if (c == ll_double_to_bits(t, 1)) return x;
    return c == ll_double_to_bits(t, -1) ? ll_op1(b, LL_FNEG, k->type, x) : NULL;
  case LL_FDIV:
    if (!exact_reciprocal(t, c, &r)) return NULL;
    return ll_op2f(b, LL_FMUL, x, ll_const_float(b, k->type, r), k->mods.flags);
  default: return NULL;
  }
}
