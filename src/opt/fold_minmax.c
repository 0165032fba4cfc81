/* fold_minmax.c: rules by which choices become minima and maxima, and narrow ones. fold_rules.def says what each does.
 *
 * A choice by a comparison takes a predicate and a selection, a minimum one instruction, of 32 bits that is: of 64 bits it
 * takes four. Indices are wide because a constant was, and narrow enough where they come from.
 */
#include "opt/internal.h"

#include <math.h>
#include <string.h>

/* For x < y ? x : y, the code of min(x, y); turned: of x < y ? y : x. -1: no such one. */
static int minmax_of(const char *predicate, bool turned) {
  static const struct {
    const char *name;
    Opcode straight, turned;
  } codes[] = {{"slt", OP_MINSI, OP_MAXSI}, {"sle", OP_MINSI, OP_MAXSI}, {"sgt", OP_MAXSI, OP_MINSI},
               {"sge", OP_MAXSI, OP_MINSI}, {"ult", OP_MINUI, OP_MAXUI}, {"ule", OP_MINUI, OP_MAXUI},
               {"ugt", OP_MAXUI, OP_MINUI}, {"uge", OP_MAXUI, OP_MINUI}};
  for (size_t i = 0; i < COUNT(codes); i++)
    if (!strcmp(codes[i].name, predicate)) return (int)(turned ? codes[i].turned : codes[i].straight);
  return -1;
}

bool fold_select_minmax(Fold *f, Op *op) {
  Op *cmp = def_of(arg0(op), OP_CMPI);
  Value *x = arg1(op), *y = ir_operand(op, 2);
  if (!cmp || !ir_is_int(ir_elem(x->type)) || ir_elem(x->type)->bits == 1) return false;
  bool straight = arg0(cmp) == x && arg1(cmp) == y, turned = arg0(cmp) == y && arg1(cmp) == x;
  if (!straight && !turned) return false;
  int code = minmax_of(ir_attr_text_or(cmp, "predicate", ""), turned);
  return code >= 0 && fold_replace(f, op, fold_make(f, op, (Opcode)code, x->type, x, y, NULL));
}

/* Is v a comparison of x with itself that is true of NaN alone? */
static bool is_nan_test(const Value *v, const Value *x) {
  Op *cmp = def_of(v, OP_CMPF);
  if (!cmp || arg0(cmp) != x || arg1(cmp) != x) return false;
  const char *p = ir_attr_text_or(cmp, "predicate", "");
  return !strcmp(p, "une") || !strcmp(p, "uno");
}

/* With a zero as c, only the one that a comparison takes for the smaller (the larger) of the two as the operation does:
 * max(x, 0) is +0 for x = -0, and max(x, -0) is -0 for x = +0 by the choice but +0 as a maximum. */
bool fold_select_maximum(Fold *f, Op *op) {
  double c;
  Op *either = def_of(arg0(op), OP_ORI);
  Value *x = arg1(op), *y = ir_operand(op, 2);
  if (!either || !ir_is_const_float(y, &c) || isnan(c) || ir_elem(x->type)->bits > 32) return false;
  for (int i = 0; i < 2; i++) {
    Op *cmp = def_of(ir_operand(either, i), OP_CMPF);
    if (!cmp || arg0(cmp) != x || arg1(cmp) != y || !is_nan_test(ir_operand(either, 1 - i), x)) continue;
    const char *p = ir_attr_text_or(cmp, "predicate", "");
    bool max = !strcmp(p, "ogt");
    if ((!max && strcmp(p, "olt") != 0) || (c == 0 && max == (signbit(c) != 0))) continue;
    return fold_replace(f, op, fold_make(f, op, max ? OP_MAXIMUMF : OP_MINIMUMF, x->type, x, y, NULL));
  }
  return false;
}

static bool fits(int64_t x, int bits) { return x == sign_extended((uint64_t)x, bits); }

/* The constant below is as far from the ends of the type as the addition allows: 2^62 is more than any index has. */
bool fold_minmax_add(Fold *f, Op *op) {
  int64_t c, d;
  Range r;
  Op *add = def_of(arg0(op), OP_ADDI);
  if (!add || !ir_one_use(arg0(op)) || !def_of(arg0(add), OP_EXTSI)) return false;
  if (!ir_is_const_int(arg1(add), &c) || !ir_is_const_int(arg1(op), &d) || !fold_range(arg0(add), &r)) return false;
  int64_t most = (int64_t)1 << 62;
  int bits = ir_elem(op->results[0].type)->bits;
  if (c > most || c < -most || d > most || d < -most || r.lo < -most || r.hi > most) return false;
  if (!fits(r.lo + c, bits) || !fits(r.hi + c, bits) || !fits(d - c, bits)) return false;
  Type *t = op->results[0].type;
  Value *least = fold_make(f, op, op->code, t, arg0(add), fold_int(f, op, t, d - c), NULL);
  return fold_replace(f, op, fold_make(f, op, OP_ADDI, t, least, arg1(add), NULL));
}

bool fold_minmax_ext(Fold *f, Op *op) {
  int64_t d;
  Op *ext = def_of(arg0(op), OP_EXTSI);
  if (!ext || !ir_is_const_int(arg1(op), &d)) return false;
  Type *narrow = arg0(ext)->type;
  if (ir_elem(narrow)->bits < 32 || !fits(d, ir_elem(narrow)->bits)) return false;
  Value *v = fold_make(f, op, op->code, narrow, arg0(ext), fold_int(f, op, narrow, d), NULL);
  return fold_replace(f, op, fold_make(f, op, OP_EXTSI, op->results[0].type, v, NULL, NULL));
}
