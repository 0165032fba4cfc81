/* fold_float.c: rules of floating-point arithmetic. Only what holds for every operand, NaN, infinities and signed zeros
 * included: x + 0 stays (it turns -0 into 0), x * 0 stays, x - x stays. fold_rules.def says what each does.
 */
#include "opt/internal.h"

#include <math.h>

bool fold_float_identity(Fold *f, Op *op) {
  double c;
  if (!ir_is_const_float(arg1(op), &c)) return false;
  bool same;
  switch (op->code) {
  case OP_ADDF: same = c == 0 && signbit(c); break;
  case OP_SUBF: same = c == 0 && !signbit(c); break;
  default: same = c == 1;
  }
  return same && fold_replace(f, op, arg0(op));
}

/* Exact as long as the reciprocal is a normal number of the type. */
bool fold_div_pow2(Fold *f, Op *op) {
  double c;
  int exponent;
  Type *type = op->results[0].type;
  FloatKind kind = ir_elem(type)->fkind;
  if (!ir_is_const_float(arg1(op), &c) || !isfinite(c) || fabs(frexp(c, &exponent)) != 0.5) return false;
  int least = kind == F64 ? -1021 : kind == F32 || kind == BF16 ? -125 : kind == F16 ? -13 : 0;
  if (!least || 2 - exponent < least || 2 - exponent > -least) return false;
  return fold_replace(f, op, fold_make(f, op, OP_MULF, type, arg0(op), fold_float(f, op, type, 1 / c), NULL));
}

bool fold_neg_neg(Fold *f, Op *op) {
  Op *in = def_of(arg0(op), OP_NEGF);
  return in && fold_replace(f, op, arg0(in));
}

bool fold_abs_sign(Fold *f, Op *op) {
  Op *in = arg0(op)->op;
  if (in && in->code == OP_ABSF) return fold_replace(f, op, arg0(op));
  if (!in || in->code != OP_NEGF) return false;
  ir_set_operand(op, 0, arg0(in));
  fold_push(f, in);
  return fold_changed(f, op);
}

static bool rounds(const Op *op) {
  return op->code == OP_FLOOR || op->code == OP_CEIL || op->code == OP_TRUNC || op->code == OP_ROUNDEVEN;
}

bool fold_rounded(Fold *f, Op *op) {
  Op *in = arg0(op)->op;
  bool whole = in && (rounds(in) || in->code == OP_SITOFP || in->code == OP_UITOFP);
  return whole && fold_replace(f, op, arg0(op));
}

/* A minimum, maximum or clamp by constants without a fraction. */
static bool clamps_to_whole(const Op *op) {
  double c;
  int n = op->code == OP_CLAMPF ? 3 : 2;
  switch (op->code) {
  case OP_MAXNUMF:
  case OP_MINNUMF:
  case OP_MAXIMUMF:
  case OP_MINIMUMF:
  case OP_CLAMPF: break;
  default: return false;
  }
  for (int i = 1; i < n; i++)
    if (!ir_is_const_float(ir_operand(op, i), &c) || c != floor(c)) return false;
  return true;
}

/* Rounding keeps the order of numbers and leaves whole ones, so it may as well come after a clamp between these: beside
 * a conversion, where it is part of the instruction. */
bool fold_to_int_rounded(Fold *f, Op *op) {
  Op *in = arg0(op)->op, *first = NULL;
  if (in && in->code == OP_TRUNC) {
    ir_set_operand(op, 0, arg0(in));
    fold_push(f, in);
    return fold_changed(f, op);
  }
  for (; in && clamps_to_whole(in) && ir_one_use(&in->results[0]); in = arg0(in)->op) first = in;
  if (!first || !in || !rounds(in) || !ir_one_use(&in->results[0])) return false;
  Value *rounded = fold_make(f, op, in->code, arg0(op)->type, arg0(op), NULL, NULL);
  ir_set_operand(op, 0, rounded);
  ir_set_operand(first, 0, arg0(in));
  fold_push(f, in);
  fold_push(f, first);
  return fold_changed(f, op);
}

bool fold_fma_one(Fold *f, Op *op) {
  double c;
  Value *rest;
  if (ir_is_const_float(arg1(op), &c) && c == 1)
    rest = arg0(op);
  else if (ir_is_const_float(arg0(op), &c) && c == 1)
    rest = arg1(op);
  else
    return false;
  return fold_replace(f, op, fold_make(f, op, OP_ADDF, op->results[0].type, rest, ir_operand(op, 2), NULL));
}
