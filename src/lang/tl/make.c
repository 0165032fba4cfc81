/* make.c: ops with their results' types, whole numbers as constants, splats. */
#include <math.h>

#include "lang/tl/tl.h"

Val *sem_op1(Lang *L, Opcode code, const LType *result, const Val *a) {
  return val_tensor(L, ir_make(&L->b, code, lt_ir(L, result), a->value, NULL), result);
}

Val *sem_op2(Lang *L, Opcode code, const LType *result, const Val *a, const Val *b) {
  return val_tensor(L, ir_make(&L->b, code, lt_ir(L, result), a->value, b->value, NULL), result);
}

Val *sem_test(Lang *L, const char *predicate, const Val *a, const Val *b) {
  return val_tensor(L, ir_compare(&L->b, predicate, a->value, b->value),
                    lt_with_elem(L, a->type, lt_scalar(L, L_INT1)));
}

Val *sem_op3(Lang *L, Opcode code, const LType *result, const Val *a, const Val *b, const Val *c) {
  return val_tensor(L, ir_make(&L->b, code, lt_ir(L, result), a->value, b->value, c->value, NULL), result);
}

const LType *sem_number_type(Lang *L, const Val *v) {
  if (v->kind == V_BOOL) return lt_scalar(L, L_INT1);
  if (v->kind == V_INT) {
    static const LKind kinds[] = {L_INT32, L_UINT32, L_INT64, L_UINT64};
    for (size_t i = 0; i < COUNT(kinds); i++)
      if (lt_int_fits(lt_scalar(L, kinds[i]), v->integer)) return lt_scalar(L, kinds[i]);
    lang_fail(L, NULL, "the integer %s does not fit in 64 bits", val_big_text(L, v->integer));
  }
  double x = fabs(v->number);
  bool fits = x == 0 || isinf(x) || isnan(x) || (x >= 0x1p-126 && x <= 0x1.fffffep127);
  return lt_scalar(L, fits ? L_FP32 : L_FP64);
}

Val *sem_constant_int(Lang *L, int64_t x, const LType *type) {
  return val_tensor(L, ir_const_int(&L->b, lt_ir(L, type), x), type);
}

Val *sem_splat(Lang *L, Val *v, int rank, const int64_t *shape) {
  const LType *type = lt_block(L, v->type, rank, shape);
  if (rank == 0) return v;
  Attr *known = ir_const_value(v->value); /* a splat of a constant is a constant */
  if (known && known->kind == ATTR_INT) return val_tensor(L, ir_const_int(&L->b, lt_ir(L, type), known->integer), type);
  if (known && known->kind == ATTR_BOOL)
    return val_tensor(L, ir_const_int(&L->b, lt_ir(L, type), known->integer), type);
  if (known && known->kind == ATTR_FLOAT)
    return val_tensor(L, ir_const_float(&L->b, lt_ir(L, type), known->number), type);
  return sem_op1(L, OP_SPLAT, type, v);
}
