/* rules_cast.c: identities of conversions: chains collapse, a sign extension of what is not negative is a zero
 * extension, and constants come out of extensions where the sum below is known not to wrap.
 */
#include "ll/internal.h"

static LLInst *simplify_trunc(LLBuilder *b, const LLKey *k, LLInst *x) {
  if (x->op == LL_TRUNC) return ll_op1(b, LL_TRUNC, k->type, x->args[0]);
  if (x->op == LL_ZEXT || x->op == LL_SEXT) {
    LLInst *in = x->args[0];
    if (in->type == k->type) return in;
    return ll_op1(b, in->type->bits > k->type->bits ? LL_TRUNC : x->op, k->type, in);
  }
  /* The low bits of a sum or product with a constant need the low bits of the operand only. */
  uint64_t c;
  if (k->type->bits >= 32 && (x->op == LL_ADD || x->op == LL_MUL || x->op == LL_AND) && ll_is_const(x->args[1], &c))
    return ll_op2(b, x->op, ll_op1(b, LL_TRUNC, k->type, x->args[0]), ll_const(b, k->type, c));
  return NULL;
}

static LLInst *simplify_extension(LLBuilder *b, const LLKey *k, LLInst *x) {
  bool is_signed = k->op == LL_SEXT;
  int bits = x->type->bits;
  if (is_signed && x->zeros >> (bits - 1) & 1) return ll_op1(b, LL_ZEXT, k->type, x);
  if (x->op == LL_ZEXT) return ll_op1(b, LL_ZEXT, k->type, x->args[0]);
  if (is_signed && x->op == LL_SEXT) return ll_op1(b, LL_SEXT, k->type, x->args[0]);
  uint64_t c;
  if (x->op == LL_ADD && ll_is_const(x->args[1], &c) && (x->mods.flags & (is_signed ? LLF_NSW : LLF_NUW)))
    return ll_op2f(b, LL_ADD, ll_op1(b, k->op, k->type, x->args[0]),
                   ll_const(b, k->type, is_signed ? (uint64_t)sign_extended(c, bits) : c), LLF_NSW);
  /* A truncation that lost nothing. */
  if (!is_signed && x->op == LL_TRUNC && x->args[0]->type == k->type &&
      (x->args[0]->zeros | ll_mask(bits)) == UINT64_MAX)
    return x->args[0];
  return NULL;
}

LLInst *ll_simplify_cast(LLBuilder *b, const LLKey *k) {
  LLInst *x = k->args[0];
  if (k->type == x->type) return x;
  switch (k->op) {
  case LL_TRUNC: return simplify_trunc(b, k, x);
  case LL_ZEXT:
  case LL_SEXT: return simplify_extension(b, k, x);
  case LL_BITCAST:
    if (x->op == LL_BITCAST)
      return x->args[0]->type == k->type ? x->args[0] : ll_op1(b, LL_BITCAST, k->type, x->args[0]);
    if (x->op == LL_UNDEF) return ll_undef(b, k->type);
    return NULL;
  case LL_FPTRUNC: /* of what was that narrow: exact */
    return x->op == LL_FPEXT && x->args[0]->type == k->type ? x->args[0] : NULL;
  case LL_FPEXT: /* bfloat has an extension to float only */
    return x->op == LL_FPEXT && x->args[0]->type != &ll_bfloat ? ll_op1(b, LL_FPEXT, k->type, x->args[0]) : NULL;
  case LL_PTRTOINT: return x->op == LL_INTTOPTR && x->args[0]->type == k->type ? x->args[0] : NULL;
  case LL_INTTOPTR: return x->op == LL_PTRTOINT && x->args[0]->type == k->type ? x->args[0] : NULL;
  case LL_UITOFP:
  case LL_SITOFP:
    if (k->op == LL_SITOFP && x->zeros >> (x->type->bits - 1) & 1) return ll_op1(b, LL_UITOFP, k->type, x);
    return NULL;
  default: return NULL;
  }
}
