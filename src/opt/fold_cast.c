/* fold_cast.c: rules of conversions. fold_rules.def says what each does. */
#include "opt/internal.h"

static int width(const Value *v) { return ir_elem(v->type)->bits; }

static bool convert(Fold *f, Op *op, Opcode code, Value *x) {
  return fold_replace(f, op, fold_make(f, op, code, op->results[0].type, x, NULL, NULL));
}

/* A zero-extended value has a zero sign bit, so extending it further with either kind is zero-extending. */
bool fold_ext_chain(Fold *f, Op *op) {
  Op *in = arg0(op)->op;
  if (!in || (in->code != OP_EXTUI && (in->code != OP_EXTSI || op->code == OP_EXTUI))) return false;
  return convert(f, op, in->code, arg0(in));
}

bool fold_trunc_chain(Fold *f, Op *op) {
  Op *in = arg0(op)->op;
  if (!in) return false;
  if (in->code == OP_TRUNCI) return convert(f, op, OP_TRUNCI, arg0(in));
  if (in->code != OP_EXTSI && in->code != OP_EXTUI) return false;
  int from = width(arg0(in)), to = ir_elem(op->results[0].type)->bits;
  if (from == to) return fold_replace(f, op, arg0(in));
  return convert(f, op, from < to ? in->code : OP_TRUNCI, arg0(in));
}

bool fold_extf_chain(Fold *f, Op *op) {
  Op *in = def_of(arg0(op), OP_EXTF);
  return in && convert(f, op, OP_EXTF, arg0(in));
}

bool fold_truncf_extf(Fold *f, Op *op) {
  Op *in = def_of(arg0(op), OP_EXTF);
  if (!in) return false;
  if (arg0(in)->type == op->results[0].type) return fold_replace(f, op, arg0(in));
  return false;
}

/* Can every number of format `a` be written in format `b`? */
static bool contains(FloatKind b, FloatKind a) {
  if (b == F64 || b == a) return true;
  if (b == F32) return a != F64;
  return (b == F16 || b == BF16) && a < F16;
}

bool fold_fp_round_trip(Fold *f, Op *op) {
  if (arg0(op)->type == op->results[0].type) return fold_replace(f, op, arg0(op));
  Op *in = arg0(op)->op;
  if (!in || (in->code != OP_FP_TO_FP && in->code != OP_EXTF)) return false;
  if (arg0(in)->type != op->results[0].type) return false;
  bool widened = contains(ir_elem(arg0(op)->type)->fkind, ir_elem(arg0(in)->type)->fkind);
  return widened && fold_replace(f, op, arg0(in));
}

/* An extended integer is the same number; a zero-extended one is not negative. */
bool fold_int_to_fp(Fold *f, Op *op) {
  Op *in = arg0(op)->op;
  if (!in || width(arg0(op)) == 1) return false;
  if (in->code == OP_EXTUI) return convert(f, op, OP_UITOFP, arg0(in));
  if (in->code == OP_EXTSI && op->code == OP_SITOFP && width(arg0(in)) > 1) return convert(f, op, OP_SITOFP, arg0(in));
  return false;
}

bool fold_bitcast(Fold *f, Op *op) {
  if (arg0(op)->type == op->results[0].type) return fold_replace(f, op, arg0(op));
  Op *in = def_of(arg0(op), op->code);
  if (!in) return false;
  if (arg0(in)->type == op->results[0].type) return fold_replace(f, op, arg0(in));
  return convert(f, op, op->code, arg0(in));
}

bool fold_ptr_int(Fold *f, Op *op) {
  Op *in = def_of(arg0(op), op->code == OP_INT_TO_PTR ? OP_PTR_TO_INT : OP_INT_TO_PTR);
  return in && arg0(in)->type == op->results[0].type && width(op->code == OP_INT_TO_PTR ? arg0(op) : arg0(in)) == 64 &&
         fold_replace(f, op, arg0(in));
}
