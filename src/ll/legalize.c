/* legalize.c: rewrites what the GPU has no instruction for, or the PTX printer does not know:
 *
 *   i1     selections are logic, comparisons of booleans too; conversions to floating point go through i32
 *   i8     lives in a 16-bit register whose upper half means nothing: what would look at that half goes through i32
 *   i16    shifts by a variable amount go through i32 (the amount is 32 bits wide in PTX), and divisions by a constant
 *   i32..  divisions by a constant are multiplications (divide.c)
 *   half   division and remainder go through float (exact enough: one rounding of a correctly rounded float quotient of
 *          11-bit significands is the correct one); minimum and maximum before sm_80 too
 *   bfloat arithmetic before sm_90 goes through float, conversions before sm_80 are integer arithmetic
 *   any    frem is x - trunc(x/y)*y
 *
 * Replacements consist of legal instructions, or of ones that the same walk visits later, since it continues with what it inserts.
 */
#include "ll/internal.h"

typedef struct Legal {
  LLBuilder b;
  int sm;
} Legal;

static LLInst *op1(Legal *l, LLOp op, const LLType *t, LLInst *x) { return ll_op1(&l->b, op, t, x); }
static LLInst *i32(Legal *l, LLInst *x, bool is_signed) { return ll_int_cast(&l->b, &ll_i32, x, is_signed); }
static LLInst *c32(Legal *l, uint32_t x) { return ll_const(&l->b, &ll_i32, x); }

/* ---- small integers ---------------------------------------------------------------------------------------------- */

static bool is_signed_op(const LLInst *i) {
  if (i->op == LL_ICMP) return i->imm >= LLP_SGT;
  return i->op == LL_SDIV || i->op == LL_SREM || i->op == LL_ASHR || i->op == LL_SITOFP || i->op == LL_SMIN ||
         i->op == LL_SMAX;
}

static LLInst *through_i32(Legal *l, LLInst *i) {
  bool s = is_signed_op(i);
  if (i->op == LL_ICMP) return ll_icmp(&l->b, (LLPred)i->imm, i32(l, i->args[0], s), i32(l, i->args[1], s));
  if (i->op == LL_SITOFP || i->op == LL_UITOFP) return op1(l, i->op, i->type, i32(l, i->args[0], s));
  if (i->op == LL_FPTOSI || i->op == LL_FPTOUI) return op1(l, LL_TRUNC, i->type, op1(l, i->op, &ll_i32, i->args[0]));
  bool shift = i->op == LL_SHL || i->op == LL_LSHR || i->op == LL_ASHR;
  LLInst *x = i32(l, i->args[0], s), *y = i32(l, i->args[1], shift ? false : s);
  LLInst *r = i->op >= LL_FIRST_INTRINSIC ? ll_call(&l->b, i->op, &ll_i32, x, y, NULL) : ll_op2(&l->b, i->op, x, y);
  return op1(l, LL_TRUNC, i->type, r);
}

static LLInst *legal_small(Legal *l, LLInst *i) {
  const LLType *t = i->nargs ? i->args[0]->type : i->type;
  bool shift = i->op == LL_SHL || i->op == LL_LSHR || i->op == LL_ASHR;
  if (i->type == &ll_i1 && i->op == LL_SELECT) {
    LLInst *c = i->args[0];
    return ll_op2(&l->b, LL_OR, ll_op2(&l->b, LL_AND, c, i->args[1]),
                  ll_op2(&l->b, LL_AND, ll_not(&l->b, c), i->args[2]));
  }
  if (t == &ll_i1 && i->op == LL_ICMP) return through_i32(l, i);
  if (t == &ll_i1 && (i->op == LL_SITOFP || i->op == LL_UITOFP)) return through_i32(l, i);
  if (t == &ll_i1 && (i->op == LL_ADD || i->op == LL_SUB)) return ll_op2(&l->b, LL_XOR, i->args[0], i->args[1]);
  if (t == &ll_i1 && i->op == LL_MUL) return ll_op2(&l->b, LL_AND, i->args[0], i->args[1]);
  bool variable = shift && i->args[1]->op != LL_CONST;
  if (t == &ll_i8) {
    bool looks = (i->op >= LL_UDIV && i->op <= LL_SREM) || i->op == LL_LSHR || i->op == LL_ASHR || variable ||
                 i->op == LL_ICMP || i->op == LL_SITOFP || i->op == LL_UITOFP || (i->op >= LL_SMIN && i->op <= LL_UMAX);
    if (looks) return through_i32(l, i);
  }
  bool divides = i->op >= LL_UDIV && i->op <= LL_SREM && i->args[1]->op == LL_CONST;
  if (t == &ll_i16 && (variable || divides)) return through_i32(l, i);
  if (i->type == &ll_i8 && (i->op == LL_FPTOSI || i->op == LL_FPTOUI)) return through_i32(l, i);
  return NULL;
}

/* ---- floating point ---------------------------------------------------------------------------------------------- */

/* To bfloat before sm_80: add what rounds to nearest even and cut; a NaN stays one. */
static LLInst *round_to_bfloat(Legal *l, LLInst *x) {
  LLBuilder *b = &l->b;
  LLInst *bits = ll_bitcast(b, &ll_i32, x);
  LLInst *odd = ll_op2(b, LL_AND, ll_op2(b, LL_LSHR, bits, c32(l, 16)), c32(l, 1));
  LLInst *rounded = ll_op2(b, LL_ADD, ll_op2(b, LL_ADD, bits, odd), c32(l, 0x7fff));
  LLInst *nan = ll_fcmp(b, LLP_UNO, x, x);
  LLInst *kept = ll_select(b, nan, c32(l, 0x7fff0000), rounded);
  return ll_bitcast(b, &ll_bfloat, op1(l, LL_TRUNC, &ll_i16, ll_op2(b, LL_LSHR, kept, c32(l, 16))));
}

/* From double without rounding twice: to float towards zero, the last bit set if anything was lost (round to odd). */
static LLInst *double_to_bfloat(Legal *l, LLInst *x) {
  LLBuilder *b = &l->b;
  LLInst *f = ll_call(b, LL_CVT_RZ_F32_F64, NULL, x, NULL);
  LLInst *lost = ll_fcmp(b, LLP_ONE, op1(l, LL_FPEXT, &ll_double, f), x);
  LLInst *odd = ll_op2(b, LL_OR, ll_bitcast(b, &ll_i32, f), op1(l, LL_ZEXT, &ll_i32, lost));
  return op1(l, LL_FPTRUNC, &ll_bfloat, ll_bitcast(b, &ll_float, odd));
}

static LLInst *legal_conversion(Legal *l, LLInst *i) {
  LLInst *x = i->args[0];
  if (i->op == LL_FPTRUNC && i->type == &ll_bfloat) {
    if (x->type == &ll_double) return double_to_bfloat(l, x);
    return l->sm < 80 ? round_to_bfloat(l, x) : NULL;
  }
  if (i->op == LL_FPEXT && x->type == &ll_bfloat && i->type == &ll_double)
    return op1(l, LL_FPEXT, &ll_double, op1(l, LL_FPEXT, &ll_float, x));
  if ((i->op == LL_FPTOSI || i->op == LL_FPTOUI) && x->type == &ll_bfloat)
    return op1(l, i->op, i->type, op1(l, LL_FPEXT, &ll_float, x));
  if ((i->op == LL_SITOFP || i->op == LL_UITOFP) && i->type == &ll_bfloat)
    return op1(l, LL_FPTRUNC, &ll_bfloat, op1(l, i->op, &ll_float, x));
  return NULL;
}

/* Is there an instruction for it in this type? */
static bool has_float_op(const Legal *l, const LLInst *i, const LLType *t) {
  LLOp op = i->op;
  if (t->kind == LLK_HALF) {
    if (op == LL_FMIN || op == LL_FMAX) return l->sm >= 80;
    return op != LL_FDIV && op != LL_SQRT;
  }
  if (t->kind != LLK_BFLOAT) return true;
  switch (op) {
  case LL_FADD:
  case LL_FSUB:
  case LL_FMUL:
  case LL_FCMP: return l->sm >= 90;
  case LL_FMA:
  case LL_FABS:
  case LL_FNEG:
  case LL_FMIN:
  case LL_FMAX:
  case LL_FMIN_NAN:
  case LL_FMAX_NAN: return l->sm >= 80;
  default: return false;
  }
}

static bool is_float_op(const LLInst *i) {
  if (i->op >= LL_FADD && i->op <= LL_FNEG) return true;
  if (i->op == LL_FCMP) return true;
  return i->op >= LL_FMA && i->op <= LL_SQRT;
}

static LLInst *scalar_through_float(Legal *l, LLInst *i, LLInst *const *args) {
  LLInst *wide[3];
  for (int a = 0; a < i->nargs; a++) wide[a] = op1(l, LL_FPEXT, &ll_float, args[a]);
  if (i->op == LL_FCMP) return ll_fcmp(&l->b, (LLPred)i->imm, wide[0], wide[1]);
  LLMods mods = i->mods;
  LLInst *r = ll_build(&l->b, i->op, &ll_float, mods, 0, wide, i->nargs);
  return op1(l, LL_FPTRUNC, ll_scalar(i->type), r);
}

static LLInst *through_float(Legal *l, LLInst *i) {
  if (i->type->kind != LLK_VECTOR) return scalar_through_float(l, i, i->args);
  LLInst *elems[2];
  for (int e = 0; e < 2; e++) {
    LLInst *args[3];
    for (int a = 0; a < i->nargs; a++) args[a] = ll_extract(&l->b, i->args[a], e);
    elems[e] = scalar_through_float(l, i, args);
  }
  return ll_build_vector(&l->b, elems, 2);
}

/* x - trunc(x/y)*y, as LLVM's NVPTX backend has it; of an infinite y it is x. */
static LLInst *remainder_of(Legal *l, LLInst *i) {
  LLBuilder *b = &l->b;
  LLInst *x = i->args[0], *y = i->args[1];
  LLInst *q = ll_call(b, LL_FTRUNC, NULL, ll_op2(b, LL_FDIV, x, y), NULL);
  LLInst *r = ll_call(b, LL_FMA, NULL, op1(l, LL_FNEG, q->type, q), y, x, NULL);
  LLInst *infinite =
      ll_fcmp(b, LLP_OEQ, ll_call(b, LL_FABS, NULL, y, NULL), ll_const_float(b, y->type, __builtin_inf()));
  return ll_select(b, infinite, x, r);
}

/* Minimum and maximum that keep NaN, where the machine has none: before sm_80, and of double. */
static LLInst *minmax_nan(Legal *l, LLInst *i) {
  LLBuilder *b = &l->b;
  LLInst *x = i->args[0], *y = i->args[1];
  LLInst *m = ll_call(b, i->op == LL_FMIN_NAN ? LL_FMIN : LL_FMAX, NULL, x, y, NULL);
  LLInst *sum = ll_op2(b, LL_FADD, x, y); /* a NaN if either is */
  return ll_select(b, ll_fcmp(b, LLP_UNO, x, y), sum, m);
}

/* By bits: a conversion to float and back would change a NaN's sign. */
static LLInst *copysign16(Legal *l, LLInst *i) {
  LLBuilder *b = &l->b;
  LLInst *x = ll_bitcast(b, &ll_i16, i->args[0]), *y = ll_bitcast(b, &ll_i16, i->args[1]);
  LLInst *magnitude = ll_op2(b, LL_AND, x, ll_const(b, &ll_i16, 0x7fff)),
         *sign = ll_op2(b, LL_AND, y, ll_const(b, &ll_i16, 0x8000));
  return ll_bitcast(b, i->type, ll_op2(b, LL_OR, magnitude, sign));
}

static LLInst *legal_float(Legal *l, LLInst *i) {
  if (i->op >= LL_FPTRUNC && i->op <= LL_SITOFP) return legal_conversion(l, i);
  if (!is_float_op(i)) return NULL;
  const LLType *t = i->op == LL_FCMP ? i->args[0]->type : i->type;
  const LLType *s = ll_scalar(t);
  if (i->op == LL_FREM && s->bits < 32) return through_float(l, i);
  if (i->op == LL_FREM) return remainder_of(l, i);
  if ((i->op == LL_FMIN_NAN || i->op == LL_FMAX_NAN) && s->bits >= 32 && (s == &ll_double || l->sm < 80))
    return minmax_nan(l, i);
  if ((i->op == LL_FMIN_NAN || i->op == LL_FMAX_NAN) && l->sm < 80) return through_float(l, i);
  if (i->op == LL_COPYSIGN) return s->bits == 16 ? copysign16(l, i) : NULL;
  return has_float_op(l, i, s) ? NULL : through_float(l, i);
}

bool ll_legalize(LLFunc *f, int sm) {
  bool changed = false;
  ll_analyze(f);
  ll_forget_values(f);
  for (LLBlock *blk = f->first; blk; blk = blk->next)
    for (LLInst *i = blk->first, *next; i; i = next) {
      LLInst *before = i->prev;
      next = i->next;
      if (ll_is(i, LLE_TERMINATOR) || i->replaced) continue;
      Legal l = {.b = ll_before(i), .sm = sm};
      LLInst *r = legal_small(&l, i);
      if (!r) r = legal_float(&l, i);
      if (!r) r = ll_divide_by_constant(&l.b, i);
      if (!r) continue;
      ll_replace(i, r);
      changed = true;
      if (i->prev != before) next = before ? before->next : blk->first; /* look at what was inserted */
    }
  if (changed) ll_apply_replacements(f);
  return changed;
}
