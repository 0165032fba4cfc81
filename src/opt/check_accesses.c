/* check_accesses.c: check mode: a check in front of every access to memory.
 *
 * A check has the access's pointer and mask and runs before it; what it checks, and how, is up to the target. The pass is the last
 * before lowering, so that it neither checks what is never accessed nor keeps other passes from their work. An atomic
 * that acquires is followed by ttc.check_acquire: from there on the program may see what others did before they released.
 * So is a volatile load, with which kernels wait for a flag. Cost: linear.
 */
#include "opt/internal.h"

#include <string.h>

typedef struct Checks {
  Ctx *cx;
  Vec(Op *) accesses;
} Checks;

static const char *access_of(const Op *op) {
  switch (op->code) {
  case OP_LOAD: return opt_is_volatile(op) ? "volatile" : "load";
  case OP_STORE: return "store";
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: return "atomic";
  default: return NULL;
  }
}

static void collect(Op *op, void *arg) {
  Checks *c = arg;
  if (access_of(op)) vec_push(c->cx, &c->accesses, op);
}

static void check(Ctx *cx, Op *op) {
  const char *access = access_of(op), *sem = ir_attr_text_or(op, "sem", "");
  Builder b = ir_before(cx, op);
  int at, masks = ir_operand_group(op, "mask", &at);
  Op *check = ir_effect(&b, OP_CHECK_ACCESS, ir_operand(op, 0), masks ? ir_operand(op, at) : NULL, NULL);
  ir_set_attr(cx, check, "access", ir_attr_string(cx, access, strlen(access)));
  if (*sem) ir_set_attr(cx, check, "sem", ir_attr_string(cx, sem, strlen(sem)));
  if (!opt_acquires(op)) return;
  b = (Builder){cx, op->block, op->next, op->loc};
  ir_effect(&b, OP_CHECK_ACQUIRE, NULL);
}

bool opt_check_accesses(Ctx *cx, Module *m) {
  Checks c = {.cx = cx};
  ir_walk(m->op, collect, &c);
  for (uint32_t i = 0; i < c.accesses.len; i++) check(cx, c.accesses.at[i]);
  return c.accesses.len > 0;
}
