/* narrow_floats.c: arithmetic on 8-bit floats is done in f32.
 *
 * GPUs convert them and multiply matrices of them, and nothing else. The front end makes no other op on them but the
 * absolute value; files of Triton IR may have any. The operands are widened, which is exact, and the result is rounded
 * once to nearest even: right for + - * / and the square root, whose results in f32 have more than twice the digits. Bits
 * are not looked at: in the FNUZ formats the sign of a NaN is all there is of it.
 */
#include "opt/internal.h"

typedef struct Narrow {
  Ctx *cx;
  Vec(Op *) at;
} Narrow;

static bool is_narrow(const Type *t) {
  const Type *elem = ir_elem((Type *)t);
  return elem->kind == TYPE_FLOAT && elem->bits == 8;
}

/* Elementwise, and more than moving bits and the conversion that there is. */
static bool computes(const Op *op) {
  switch (op->code) {
  case OP_SELECT:
  case OP_BITCAST:
  case OP_TT_BITCAST:
  case OP_FP_TO_FP: return false;
  default: return ir_has(op, T_ELEMENTWISE) && ir_has(op, T_PURE);
  }
}

static void collect(Op *op, void *arg) {
  Narrow *n = arg;
  if (!computes(op)) return;
  bool found = is_narrow(op->results[0].type);
  for (int i = 0; i < op->noperands; i++) found |= is_narrow(ir_operand(op, i)->type);
  if (found) vec_push(n->cx, &n->at, op);
}

static Value *convert(Builder *b, Value *x, Type *type) {
  Value *v = ir_make(b, OP_FP_TO_FP, type, x, NULL);
  if (ir_elem(type)->bits < ir_elem(x->type)->bits) ir_set_attr(b->cx, v->op, "rounding", ir_attr_enum(b->cx, "rtne"));
  return v;
}

static Type *wide(Ctx *cx, Type *t) { return is_narrow(t) ? ir_tensor_like(cx, t, ir_float(cx, F32)) : t; }

static void widen(Ctx *cx, Op *op) {
  Builder b = ir_before(cx, op);
  Type *type = op->results[0].type, *computed = wide(cx, type);
  if (op->code == OP_EXTF || op->code == OP_TRUNCF) {
    ir_replace_all(&op->results[0], convert(&b, ir_operand(op, 0), type));
    ir_erase(op);
    return;
  }
  Value **args = NEWN(cx, Value *, op->noperands + 1);
  for (int i = 0; i < op->noperands; i++) {
    args[i] = ir_operand(op, i);
    if (is_narrow(args[i]->type)) args[i] = convert(&b, args[i], wide(cx, args[i]->type));
  }
  Op *in_f32 = ir_op(&b, op->code, &computed, 1, args, op->noperands);
  opt_copy_attrs(cx, in_f32, op);
  Value *v = &in_f32->results[0];
  ir_replace_all(&op->results[0], computed == type ? v : convert(&b, v, type));
  ir_erase(op);
}

bool opt_narrow_floats(Ctx *cx, Module *m) {
  Narrow n = {.cx = cx};
  ir_walk(m->op, collect, &n);
  for (uint32_t i = 0; i < n.at.len; i++) widen(cx, n.at.at[i]);
  return n.at.len > 0;
}
