/* verify.h: what type rules ask, verify_types.c's and those of Triton GPU IR, verify_gpu.c's. */
#ifndef TRITONC_IR_VERIFY_H
#define TRITONC_IR_VERIFY_H

#include "ir/internal.h"

typedef bool TypeRule(Verifier *v, const Op *op);
/* By opcode; NULL: there is nothing to ask beyond the op's element classes. */
extern TypeRule *const ir_gpu_rules[OPCODES];

static inline Type *operand_type(const Op *op, int i) { return ir_operand(op, i)->type; }
static inline Type *result_type(const Op *op, int i) { return op->results[i].type; }
static inline const char *text(Verifier *v, const Type *t) { return ir_type_text(v->cx, t); }

static inline bool is_i1(const Type *t) { return ir_is_int(t) && t->bits == 1; }

static inline bool expect(Verifier *v, const Op *op, const char *what, const Type *is, const Type *expected) {
  if (is == expected) return true;
  return ir_wrong(v, op, "%s is of type %s, not %s", what, text(v, is), text(v, expected));
}

static inline bool expect_tensor(Verifier *v, const Op *op, const char *what, const Type *t) {
  return ir_is_tensor(t) || ir_wrong(v, op, "%s is a %s, not a tensor", what, text(v, t));
}

/* Same shape, and same layout where there are layouts. */
static inline bool same_place(const Type *a, const Type *b) {
  return ir_same_shape(a, b) && (!ir_is_tensor(a) || a->encoding == b->encoding);
}

/* What lies at a pointer, a tensor of pointers, or a block pointer; NULL if `t` is none of them. */
static inline Type *pointed_to(Verifier *v, Type *t) {
  Type *elem = ir_elem(t);
  return ir_is_ptr(elem) ? ir_tensor_like(v->cx, t, elem->elem) : NULL;
}

static inline bool check_mask(Verifier *v, const Op *op, const Type *value) {
  int at, n = ir_operand_group(op, "mask", &at);
  if (!n) return true;
  if (ir_elem(operand_type(op, 0)) == operand_type(op, 0) && ir_is_tensor(value))
    return ir_wrong(v, op, "a block pointer takes no mask");
  const Type *mask = operand_type(op, at);
  if (is_i1(ir_elem((Type *)mask)) && same_place(mask, value)) return true;
  return ir_wrong(v, op, "the mask is of type %s, which does not go with %s", text(v, mask), text(v, value));
}

#endif
