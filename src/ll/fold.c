/* fold.c: operations on constants, exact in their type.
 *
 * Arithmetic of half and bfloat is done in double and rounded once: double holds sums, products and quotients of 11-bit
 * significands well enough that the second rounding never differs (Figueroa, "When is double rounding innocuous?").
 * A NaN result is not folded: its bits depend on the machine.
 */
#include "ir/ir.h"
#include "ll/internal.h"

#include <math.h>
#include <string.h>

/* ---- integers ---------------------------------------------------------------------------------------------------- */

/* false: undefined (division by zero, shift too far): not folded. */
static bool fold_int(LLOp op, int bits, uint64_t x, uint64_t y, uint64_t *r) {
  int64_t sx = sign_extended(x, bits), sy = sign_extended(y, bits);
  bool overflow = sy == -1 && sx == sign_extended(UINT64_C(1) << (bits - 1), bits);
  switch (op) {
  case LL_ADD: *r = x + y; return true;
  case LL_SUB: *r = x - y; return true;
  case LL_MUL: *r = x * y; return true;
  case LL_AND: *r = x & y; return true;
  case LL_OR: *r = x | y; return true;
  case LL_XOR: *r = x ^ y; return true;
  case LL_UDIV: return y && (*r = x / y, true);
  case LL_UREM: return y && (*r = x % y, true);
  case LL_SDIV: return y && !overflow && (*r = (uint64_t)(sx / sy), true);
  case LL_SREM: return y && !overflow && (*r = (uint64_t)(sx % sy), true);
  case LL_SHL: return y < (uint64_t)bits && (*r = x << y, true);
  case LL_LSHR: return y < (uint64_t)bits && (*r = x >> y, true);
  case LL_ASHR: return y < (uint64_t)bits && (*r = (uint64_t)(sx >> y), true);
  case LL_SMIN: *r = sx < sy ? x : y; return true;
  case LL_SMAX: *r = sx > sy ? x : y; return true;
  case LL_UMIN: *r = x < y ? x : y; return true;
  case LL_UMAX: *r = x > y ? x : y; return true;
  default: return false;
  }
}

static bool fold_icmp(LLPred p, int bits, uint64_t x, uint64_t y) {
  int64_t sx = sign_extended(x, bits), sy = sign_extended(y, bits);
  switch (p) {
  case LLP_EQ: return x == y;
  case LLP_NE: return x != y;
  case LLP_UGT: return x > y;
  case LLP_UGE: return x >= y;
  case LLP_ULT: return x < y;
  case LLP_ULE: return x <= y;
  case LLP_SGT: return sx > sy;
  case LLP_SGE: return sx >= sy;
  case LLP_SLT: return sx < sy;
  default: return sx <= sy;
  }
}

/* ---- floating point ---------------------------------------------------------------------------------------------- */

static bool fold_fcmp(LLPred p, double x, double y) {
  bool unordered = isnan(x) || isnan(y);
  switch (p) {
  case LLP_OEQ: return x == y;
  case LLP_OGT: return x > y;
  case LLP_OGE: return x >= y;
  case LLP_OLT: return x < y;
  case LLP_OLE: return x <= y;
  case LLP_ONE: return !unordered && x != y;
  case LLP_ORD: return !unordered;
  case LLP_UEQ: return unordered || x == y;
  case LLP_FUGT: return unordered || x > y;
  case LLP_FUGE: return unordered || x >= y;
  case LLP_FULT: return unordered || x < y;
  case LLP_FULE: return unordered || x <= y;
  case LLP_UNE: return unordered || x != y;
  default: return unordered;
  }
}

static bool fold_float(LLOp op, const LLType *t, double x, double y, double *r) {
  switch (op) {
  case LL_FADD: *r = t->kind == LLK_FLOAT ? (double)((float)x + (float)y) : x + y; return true;
  case LL_FSUB: *r = t->kind == LLK_FLOAT ? (double)((float)x - (float)y) : x - y; return true;
  case LL_FMUL: *r = t->kind == LLK_FLOAT ? (double)((float)x * (float)y) : x * y; return true;
  case LL_FDIV: *r = t->kind == LLK_FLOAT ? (double)((float)x / (float)y) : x / y; return true;
  case LL_FMIN: *r = fmin(x, y); return x != y;
  case LL_FMAX: *r = fmax(x, y); return x != y;
  case LL_FLOOR: *r = floor(x); return true;
  case LL_CEIL: *r = ceil(x); return true;
  case LL_FTRUNC: *r = trunc(x); return true;
  case LL_RINT: *r = nearbyint(x); return true;
  case LL_SQRT: *r = t->kind == LLK_FLOAT ? (double)sqrtf((float)x) : sqrt(x); return true;
  default: return false;
  }
}

/* x*y+z rounded once: float and double have their function; of the narrow types only what double holds exactly. */
static bool fold_fma(const LLType *t, double x, double y, double z, double *r) {
  if (t->kind == LLK_DOUBLE) return *r = fma(x, y, z), true;
  if (t->kind == LLK_FLOAT) return *r = (double)fmaf((float)x, (float)y, (float)z), true;
  double product = x * y, sum = product + z;
  double back = sum - product, error = (product - (sum - back)) + (z - back);
  return *r = sum, error == 0;
}

/* ---- conversions ------------------------------------------------------------------------------------------------- */

static LLInst *fold_cast(LLBuilder *b, const LLKey *k, uint64_t x) {
  const LLType *from = k->args[0]->type, *to = k->type;
  if (ll_scalar(from) != from || ll_scalar(to) != to) return NULL;
  switch (k->op) {
  case LL_TRUNC:
  case LL_ZEXT:
  case LL_PTRTOINT:
  case LL_INTTOPTR:
  case LL_BITCAST: return ll_const(b, to, x);
  case LL_SEXT: return ll_const(b, to, (uint64_t)sign_extended(x, from->bits));
  case LL_FPEXT:
  case LL_FPTRUNC: {
    double d = ll_bits_to_double(from, x);
    return isnan(d) ? NULL : ll_const_float(b, to, d);
  }
  case LL_SITOFP:
  case LL_UITOFP: {
    /* Rounded once: a 64-bit integer goes to float directly; to the narrow types only when double holds it. */
    int64_t s = sign_extended(x, from->bits);
    bool is_signed = k->op == LL_SITOFP;
    if (to->kind == LLK_FLOAT || to->kind == LLK_BFLOAT) /* which is by way of float */
      return ll_const_float(b, to, is_signed ? (double)(float)s : (double)(float)x);
    double d = is_signed ? (double)s : (double)x;
    bool exact = fabs(d) < 0x1p53;
    return to->kind == LLK_DOUBLE || exact ? ll_const_float(b, to, d) : NULL;
  }
  case LL_FPTOSI:
  case LL_FPTOUI: {
    double d = trunc(ll_bits_to_double(from, x));
    bool is_signed = k->op == LL_FPTOSI;
    double high = ldexp(1, to->bits - is_signed);
    if (!(d < high && d >= (is_signed ? -high : 0))) return NULL;
    return ll_const(b, to, is_signed ? (uint64_t)(int64_t)d : (uint64_t)d);
  }
  default: return NULL;
  }
}

static LLInst *fold_floats(LLBuilder *b, const LLKey *k) {
  const LLType *t = k->args[0]->type;
  double x[3] = {0}, r = 0;
  for (int i = 0; i < k->nargs && i < 3; i++) x[i] = ll_bits_to_double(t, (uint64_t)k->args[i]->imm);
  if (k->op == LL_FCMP) return ll_const(b, &ll_i1, fold_fcmp((LLPred)k->imm, x[0], x[1]));
  if (k->op == LL_FNEG) return ll_const(b, t, (uint64_t)k->args[0]->imm ^ UINT64_C(1) << (t->bits - 1));
  if (k->op == LL_FABS) return ll_const(b, t, (uint64_t)k->args[0]->imm & ll_mask(t->bits - 1));
  bool ok = k->op == LL_FMA ? fold_fma(t, x[0], x[1], x[2], &r) : fold_float(k->op, t, x[0], x[1], &r);
  return ok && !isnan(r) ? ll_const_float(b, k->type, r) : NULL;
}

LLInst *ll_fold_constant(LLBuilder *b, const LLKey *k) {
  if (k->nargs == 0 || k->op == LL_BUILD || k->op == LL_PTRADD) return NULL;
  for (int i = 0; i < k->nargs; i++)
    if (k->args[i]->op != LL_CONST) return NULL;
  const LLType *t = k->args[0]->type;
  uint64_t x = (uint64_t)k->args[0]->imm;
  if (k->op == LL_SELECT) return k->args[x ? 1 : 2];
  if (k->op == LL_EXTRACT) return ll_const(b, k->type, x);
  if (k->op >= LL_TRUNC && k->op <= LL_ADDRSPACECAST) return fold_cast(b, k, x);
  if (ll_is_float(t)) {
    for (int i = 0; i < k->nargs; i++)
      if (k->args[i]->type != t) return NULL;
    return fold_floats(b, k);
  }
  if ((!ll_is_int(t) && !ll_is_ptr(t)) || k->nargs != 2) return NULL;
  uint64_t y = (uint64_t)k->args[1]->imm, r = 0;
  if (k->op == LL_ICMP) return ll_const(b, &ll_i1, fold_icmp((LLPred)k->imm, t->bits, x, y));
  return fold_int(k->op, t->bits, x, y, &r) ? ll_const(b, k->type, r) : NULL;
}
