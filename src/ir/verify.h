/* verify.h: what type rules ask, verify_types.c's and those of Triton GPU IR, verify_gpu.c's. */
#ifndef TRITONC_IR_VERIFY_H
#define TRITONC_IR_VERIFY_H

#include "ir/internal.h"

typedef bool TypeRule(Verifier *v, const Op *op);
/* By opcode; NULL: there is nothing to ask beyond the op's element classes. */
extern TypeRule *const ir_gpu_rules[OPCODES];
Type *ir_rule_pointed_to(Verifier *v, Type *t); /* what a pointer, or a tensor of pointers, points to; or NULL */
bool ir_rule_mask(Verifier *v, const Op *op, const Type *value);

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

#endif
