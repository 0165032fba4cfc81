/* bf16_atomics.c: additions of bf16 to memory, for GPUs without such an atomic (before sm_90), by comparing and swapping.
 *
 *     cur = 0;  loop: want = cur + v;  got = cas(p, cur, want);  until got is cur for every element;  cur = got
 *
 * The first guess is 0, so that nothing but atomics touches the memory. All elements of a tensor loop together; one that
 * has been swapped, or is masked off, swaps no more. The sum is rounded once, as the atomic's is; bits are compared, so a
 * NaN in memory ends the loop as any number does.
 */
#include "opt/internal.h"

#include <string.h>

typedef struct Sums {
  Ctx *cx;
  Vec(Op *) at;
} Sums;

static void collect(Op *op, void *arg) {
  Sums *s = arg;
  if (op->code != OP_ATOMIC_RMW || strcmp(ir_attr_text_or(op, "atomic_rmw_op", ""), "fadd") != 0) return;
  const Type *elem = ir_elem(op->results[0].type);
  if (elem->fkind == BF16 && elem->kind == TYPE_FLOAT) vec_push(s->cx, &s->at, op);
}

static Value *sum_of(Builder *b, Value *bits, Value *v) {
  Ctx *cx = b->cx;
  Type *wide = ir_tensor_like(cx, v->type, ir_float(cx, F32));
  Value *x = ir_make(b, OP_EXTF, wide, ir_make(b, OP_BITCAST, v->type, bits, NULL), NULL);
  Value *sum = ir_make(b, OP_ADDF, NULL, x, ir_make(b, OP_EXTF, wide, v, NULL), NULL);
  return ir_make(b, OP_BITCAST, bits->type, ir_make(b, OP_TRUNCF, v->type, sum, NULL), NULL);
}

static void replace(Ctx *cx, Op *op) {
  Builder b = ir_before(cx, op);
  int at;
  Value *ptr = ir_operand(op, 0), *v = ir_operand(op, 1);
  Type *bits = ir_tensor_like(cx, v->type, ir_int(cx, 16)), *i1 = ir_tensor_like(cx, v->type, ir_int(cx, 1));
  Type *pointer = ir_ptr(cx, ir_int(cx, 16), ir_elem(ptr->type)->address_space);
  Value *mask = ir_operand_group(op, "mask", &at) ? ir_operand(op, at) : ir_const_int(&b, i1, 1);
  Value *p = ir_make(&b, OP_TT_BITCAST, ir_tensor_like(cx, ptr->type, pointer), ptr, NULL);
  Value *inits[] = {ir_const_int(&b, bits, 0), mask};
  Type *types[] = {bits, i1};
  Op *loop = ir_op(&b, OP_WHILE, types, 2, inits, 2);
  Block *before = ir_add_block(cx, ir_add_region(cx, loop)), *after = ir_add_block(cx, ir_add_region(cx, loop));
  Builder c = ir_at_end(cx, before), end = ir_at_end(cx, after);
  c.loc = end.loc = b.loc;
  Value *cur = ir_add_arg(cx, before, bits, b.loc), *todo = ir_add_arg(cx, before, i1, b.loc);
  Value *got = ir_make(&c, OP_ATOMIC_CAS, bits, p, cur, sum_of(&c, cur, v), todo, NULL);
  ir_set_attr(cx, got->op, "sem", ir_attr(op, "sem"));
  ir_set_attr(cx, got->op, "scope", ir_attr(op, "scope"));
  Value *missed = ir_make(&c, OP_ANDI, NULL, todo, ir_compare(&c, "ne", got, cur), NULL);
  got = ir_make(&c, OP_SELECT, bits, todo, got, cur, NULL);
  ir_effect(&c, OP_CONDITION, ir_is_tensor(i1) ? opt_any(&c, missed) : missed, got, missed, NULL);
  Value *carried[] = {ir_add_arg(cx, after, bits, b.loc), ir_add_arg(cx, after, i1, b.loc)};
  ir_effect(&end, OP_YIELD, carried[0], carried[1], NULL);
  ir_replace_all(&op->results[0], ir_make(&b, OP_BITCAST, v->type, &loop->results[0], NULL));
  ir_erase(op);
}

bool opt_bf16_atomics(Ctx *cx, Module *m) {
  Sums sums = {.cx = cx};
  ir_walk(m->op, collect, &sums);
  for (uint32_t i = 0; i < sums.at.len; i++) replace(cx, sums.at.at[i]);
  return sums.at.len > 0;
}
