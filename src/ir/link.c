/* link.c: the lists that tie ops together: of the uses of a value, of the operands of an op, of the ops of a block. */
#include "ir/internal.h"

#include <assert.h>

/* ---- uses ------------------------------------------------------------------------------------------------------- */

void ir_use_link(Use *u) {
  Value *v = u->value;
  u->next = v->uses;
  u->link = &v->uses;
  if (v->uses) v->uses->link = &u->next;
  v->uses = u;
}

void ir_use_unlink(Use *u) {
  *u->link = u->next;
  if (u->next) u->next->link = u->link;
  u->next = NULL, u->link = NULL;
}

/* The use has moved in memory: its neighbours in the list must point to the new address. */
void ir_use_moved(Use *u) {
  *u->link = u;
  if (u->next) u->next->link = &u->next;
}

/* ---- operands ---------------------------------------------------------------------------------------------------- */

void ir_set_operand(Op *op, int index, Value *v) {
  Use *u = &op->operands[index];
  if (u->value == v) return;
  ir_use_unlink(u);
  u->value = v;
  ir_use_link(u);
}

void ir_add_operand(Ctx *cx, Op *op, Value *v) {
  if (op->noperands == op->operand_cap) {
    int cap = op->operand_cap ? op->operand_cap * 2 : 4;
    Use *operands = NEWN(cx, Use, cap);
    for (int i = 0; i < op->noperands; i++) {
      operands[i] = op->operands[i];
      ir_use_moved(&operands[i]);
    }
    op->operands = operands;
    op->operand_cap = cap;
  }
  int i = op->noperands++;
  op->operands[i] = (Use){.op = op, .index = i, .value = v};
  ir_use_link(&op->operands[i]);
}

void ir_remove_operand(Op *op, int index) {
  ir_use_unlink(&op->operands[index]);
  for (int i = index; i + 1 < op->noperands; i++) {
    op->operands[i] = op->operands[i + 1];
    op->operands[i].index = i;
    ir_use_moved(&op->operands[i]);
  }
  op->noperands--;
  /* A successor's arguments are trailing operands: one of them may just have gone. */
  int first = op->noperands + 1;
  for (int s = op->nsuccessors - 1; s >= 0; s--) {
    int end = first;
    first -= op->nforward[s];
    if (index < first || index >= end) continue;
    op->nforward[s]--;
    break;
  }
}

void ir_replace_all(Value *from, Value *to) {
  if (from == to || !from->uses) return;
  Use *last = from->uses;
  for (Use *u = from->uses; u; u = u->next) u->value = to, last = u;
  /* The whole list goes in front of the other one. */
  last->next = to->uses;
  if (to->uses) to->uses->link = &last->next;
  to->uses = from->uses;
  to->uses->link = &to->uses;
  from->uses = NULL;
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

void ir_unlink(Op *op) {
  Block *b = op->block;
  if (!b) return;
  if (op->prev) op->prev->next = op->next;
  if (op->next) op->next->prev = op->prev;
  if (b->first == op) b->first = op->next;
  if (b->last == op) b->last = op->prev;
  op->block = NULL, op->prev = NULL, op->next = NULL;
}

void ir_insert_before(Op *op, Op *where) {
  if (op == where) return;
  ir_unlink(op);
  Block *b = op->block = where->block;
  op->prev = where->prev;
  op->next = where;
  if (where->prev)
    where->prev->next = op;
  else
    b->first = op;
  where->prev = op;
}

void ir_append(Block *b, Op *op) {
  ir_unlink(op);
  op->block = b;
  op->prev = b->last;
  if (b->last)
    b->last->next = op;
  else
    b->first = op;
  b->last = op;
}

void ir_move_ops(Block *from, Block *to, Op *before) {
  assert(from != to);
  if (!from->first) return;
  for (Op *op = from->first; op; op = op->next) op->block = to;
  Op *prev = before ? before->prev : to->last;
  from->first->prev = prev;
  from->last->next = before;
  if (prev)
    prev->next = from->first;
  else
    to->first = from->first;
  if (before)
    before->prev = from->last;
  else
    to->last = from->last;
  from->first = from->last = NULL;
}
