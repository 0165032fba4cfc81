/* rewrite.c: erasing and copying ops, and the hints on values. */
#include "ir/internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- erasing ----------------------------------------------------------------------------------------------------- */

static void drop_operands(Op *op) {
  for (int i = 0; i < op->noperands; i++) ir_use_unlink(&op->operands[i]);
  op->noperands = 0;
}

/* Every op below drops its operands, so that they can be erased in any order. Walks up and down the tree by its own
 * links: however deep it is, the C stack stays as it is. */
static void drop_below(Op *root) {
  Op *op = root;
  for (;;) {
    drop_operands(op);
    Op *down = NULL;
    for (int i = 0; i < op->nregions && !down; i++)
      for (Block *b = op->regions[i]->first; b && !down; b = b->next) down = b->first;
    while (!down) {
      if (op == root) return;
      down = ir_next_in_tree(op);
      if (!down) { op = op->block->region->op; }
    }
    op = down;
  }
}

void ir_erase(Op *op) {
  for (int i = 0; i < op->nresults; i++) assert(!op->results[i].uses);
  drop_below(op);
  ir_unlink(op);
  op->nregions = 0;
}

void ir_erase_block(Block *b) {
  for (Op *op = b->first; op; op = op->next) drop_below(op);
  while (b->last) {
    Op *op = b->last;
    ir_unlink(op);
    op->nregions = 0;
  }
  Region *r = b->region;
  if (b->prev) b->prev->next = b->next;
  if (b->next) b->next->prev = b->prev;
  if (r->first == b) r->first = b->next;
  if (r->last == b) r->last = b->prev;
  b->prev = b->next = NULL;
}

/* ---- hints ------------------------------------------------------------------------------------------------------- */

/* The loop whose body `b` is, or NULL: of scf.while, that is the second region. */
static Op *loop_of_body(const Block *b) {
  Op *op = b->region->op;
  bool is_body = (op && op->code == OP_FOR && b == ir_entry(op, 0)) ||
                 (op && op->code == OP_WHILE && op->nregions == 2 && b == ir_entry(op, 1));
  return is_body ? op : NULL;
}

static const char *arg_hint(const char *name, int index, char text[64]) {
  snprintf(text, 64, "%s_arg%d", name, index);
  return text;
}

void ir_set_hint(Ctx *cx, Value *v, const char *name, Attr *hint) {
  char text[64];
  Op *loop = v->op ? NULL : loop_of_body(v->block);
  if (v->op)
    ir_set_attr(cx, v->op, name, hint);
  else if (loop)
    ir_set_attr(cx, loop, intern(cx, arg_hint(name, v->index, text)), hint);
}

Attr *ir_hint(const Value *v, const char *name) {
  char text[64];
  const Op *loop = v->op ? NULL : loop_of_body(v->block);
  if (v->op) return v->op->nattrs ? ir_attr(v->op, name) : NULL;
  return loop && loop->nattrs ? ir_attr(loop, arg_hint(name, v->index, text)) : NULL;
}

static const char *const hint_names[] = {"tt.divisibility", "tt.contiguity", "tt.constancy"};

void ir_move_hints(Ctx *cx, Value *from, Value *to) {
  for (size_t i = 0; i < COUNT(hint_names); i++) {
    Attr *hint = ir_hint(from, hint_names[i]);
    if (!hint) continue;
    ir_set_hint(cx, to, hint_names[i], hint);
    ir_set_hint(cx, from, hint_names[i], NULL);
  }
}

void ir_remove_arg(Ctx *cx, Block *b, int index) {
  assert(!b->args[index]->uses);
  const Op *loop = loop_of_body(b);
  for (size_t i = 0; loop && loop->nattrs && i < COUNT(hint_names); i++)
    ir_set_hint(cx, b->args[index], hint_names[i], NULL);
  for (int i = index + 1; loop && loop->nattrs && i < b->nargs; i++) ir_move_hints(cx, b->args[i], b->args[i - 1]);
  b->args[index]->block = NULL;
  for (int i = index; i + 1 < b->nargs; i++) {
    b->args[i] = b->args[i + 1];
    b->args[i]->index = i;
  }
  b->nargs--;
}

/* ---- copying ----------------------------------------------------------------------------------------------------- */

/* The op alone, at the builder's place, its regions empty. */
static Op *clone_shallow(Builder *b, const Op *op, Map *map) {
  Builder at = *b;
  at.loc = op->loc;
  Value *few[8];
  Value **operands = op->noperands <= 8 ? few : NEWN(b->cx, Value *, op->noperands);
  for (int i = 0; i < op->noperands; i++) operands[i] = ir_mapped(map, ir_operand(op, i));
  Type *few_types[4];
  Type **types = op->nresults <= 4 ? few_types : NEWN(b->cx, Type *, op->nresults);
  for (int i = 0; i < op->nresults; i++) types[i] = op->results[i].type;
  Op *copy = ir_op(&at, op->code, types, op->nresults, operands, op->noperands);
  for (int i = 0; i < op->nresults; i++) {
    copy->results[i].hint = op->results[i].hint;
    map_put(b->cx, map, &op->results[i], &copy->results[i]);
  }
  if (op->nattrs) {
    int cap = 4;
    while (cap < op->nattrs) cap *= 2;
    copy->attrs = NEWN(b->cx, NamedAttr, cap);
    memcpy(copy->attrs, op->attrs, (size_t)op->nattrs * sizeof *op->attrs);
    copy->nattrs = op->nattrs;
  }
  for (int i = 0; i < op->nregions; i++) ir_add_region(b->cx, copy);
  if (op->nsuccessors) {
    size_t n = (size_t)op->nsuccessors;
    copy->nsuccessors = op->nsuccessors;
    copy->nforward = ctx_copy(b->cx, op->nforward, n * sizeof *op->nforward);
    copy->successors = NEWN(b->cx, Block *, n);
    for (size_t i = 0; i < n; i++) {
      Block *to = map_get(map, op->successors[i]);
      copy->successors[i] = to ? to : op->successors[i];
    }
  }
  return copy;
}

/* All blocks first, with their arguments, so that branches and uses can point ahead. */
static void clone_blocks(Ctx *cx, Region *to, const Region *from, Map *map) {
  for (const Block *b = from->first; b; b = b->next) {
    Block *copy = ir_add_block(cx, to);
    map_put(cx, map, b, copy);
    for (int i = 0; i < b->nargs; i++) {
      Value *arg = ir_add_arg(cx, copy, b->args[i]->type, b->args[i]->loc);
      arg->hint = b->args[i]->hint;
      map_put(cx, map, b->args[i], arg);
    }
  }
}

/* A use of a value that is defined further on (in a later block) was copied before the value was. */
static void fix_late_uses(Op *op, const Map *map) {
  for (int i = 0; i < op->noperands; i++) {
    Value *v = ir_mapped(map, ir_operand(op, i));
    if (v != ir_operand(op, i)) ir_set_operand(op, i, v);
  }
}

/* Regions wait in a list rather than on the C stack. */
typedef struct Pending {
  Region *to;
  const Region *from;
} Pending;
typedef struct Work {
  Pending *at;
  uint32_t len, cap;
} Work;

static void push_regions(Ctx *cx, Work *work, const Op *copy, const Op *op) {
  for (int i = op->nregions; i-- > 0;) {
    if (op->regions[i]->first) vec_push(cx, work, ((Pending){copy->regions[i], op->regions[i]}));
  }
}

static void clone_pending(Ctx *cx, Work *work, Map *map) {
  Vec(Op *) late = {0};
  while (work->len) {
    Pending p = work->at[--work->len];
    clone_blocks(cx, p.to, p.from, map);
    bool several = p.from->first != p.from->last;
    for (const Block *b = p.from->first; b; b = b->next) {
      Builder at = ir_at_end(cx, map_get(map, b));
      for (const Op *op = b->first; op; op = op->next) {
        Op *copy = clone_shallow(&at, op, map);
        push_regions(cx, work, copy, op);
        if (several) vec_push(cx, &late, copy);
      }
    }
  }
  for (uint32_t i = 0; i < late.len; i++) fix_late_uses(late.at[i], map);
}

void ir_clone_region(Ctx *cx, Region *to, const Region *from, Map *map) {
  Work work = {0};
  vec_push(cx, &work, ((Pending){to, from}));
  clone_pending(cx, &work, map);
}

Op *ir_clone(Builder *b, const Op *op, Map *map) {
  Op *copy = clone_shallow(b, op, map);
  if (op->nregions) {
    Work work = {0};
    push_regions(b->cx, &work, copy, op);
    clone_pending(b->cx, &work, map);
  }
  return copy;
}
