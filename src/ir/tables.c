/* tables.c: the table of ops, and the tables of a context: what is interned in it. */
#include "ir/internal.h"

#include <string.h>

void *ir_intern_find(Ctx *cx, InternSet *set, uint64_t hash, bool (*same)(const void *item, const void *key),
                     const void *key, uint32_t *at) {
  if (set->len * 2 >= set->cap) {
    uint32_t cap = set->cap ? set->cap * 2 : 256;
    struct InternSlot *slots = NEWN(cx, struct InternSlot, cap);
    for (uint32_t i = 0; i < set->cap; i++) {
      if (!set->slots[i].item) continue;
      uint32_t to = (uint32_t)set->slots[i].hash & (cap - 1);
      while (slots[to].item) to = (to + 1) & (cap - 1);
      slots[to] = set->slots[i];
    }
    set->slots = slots;
    set->cap = cap;
  }
  uint32_t i = (uint32_t)hash & (set->cap - 1);
  for (; set->slots[i].item; i = (i + 1) & (set->cap - 1))
    if (set->slots[i].hash == hash && same(set->slots[i].item, key)) return set->slots[i].item;
  *at = i;
  return NULL;
}

void ir_intern_add(InternSet *set, uint64_t hash, void *item, uint32_t at) {
  set->slots[at].hash = hash;
  set->slots[at].item = item;
  set->len++;
}

IrTables *ir_tables(Ctx *cx) {
  void **slot = ctx_slot(cx, CTX_SLOT_IR);
  if (*slot) return *slot;
  IrTables *t = NEW(cx, IrTables);
  for (int i = 0; i < OPCODES; i++) map_put(cx, &t->opcodes, intern(cx, ir_ops[i].name), (void *)(intptr_t)(i + 1));
  t->value_name = intern(cx, "value");
  t->segments_name = intern(cx, "operandSegmentSizes");
  return *slot = t;
}

const OpInfo ir_ops[OPCODES] = {
#define OP(id, name, operands, results, traits, format) [OP_##id] = {name, operands, results, traits, format},
#include "ir/ops.def"
#undef OP
};

Opcode ir_opcode(const char *name) {
  for (int i = 0; i < OPCODES; i++)
    if (!strcmp(ir_ops[i].name, name)) return (Opcode)i;
  return OPCODES;
}
