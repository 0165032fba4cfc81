/* access.c: what loads and stores through pointers, block pointers and descriptors share. */
#include "lang/tl/tl.h"

Val *sem_as_element(Lang *L, Val *v, const LType *elem, const Builtin *f, const char *param) {
  if (val_is_number(v)) {
    bool exact = lt_is_float(elem) || elem->kind == L_INT1 ||
                 (val_is_integer(v) && lt_is_int(elem) && lt_int_fits(elem, v->integer));
    return exact ? sem_constant(L, v, elem) : sem_cast(L, sem_to_tensor(L, v), elem);
  }
  v = sem_arg_tensor(L, v, f, param);
  if (lt_is_fp8(elem) && lt_is_int(val_elem(v))) v = sem_cast(L, v, lt_scalar(L, L_FP32));
  return sem_cast(L, v, elem);
}

void sem_set_keyword(Lang *L, Op *op, const char *name, const char *word) {
  if (word) ir_set_attr(L->cx, op, name, ir_attr_enum(L->cx, *word == '.' ? word + 1 : word));
}
