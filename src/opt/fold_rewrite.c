/* fold_rewrite.c: by what the fold rules change a function: the worklist, constants, replacing, erasing, new ops.
 *
 * Constants live at the top of their function (or of the closed region they are used in), one op for each: a rule may
 * compare constants by pointer, and merging them needs no pass.
 */
#include "opt/internal.h"

#include <assert.h>

void fold_push(Fold *f, Op *op) {
  if (op->mark != FOLD_IDLE) return;
  op->mark = FOLD_QUEUED;
  vec_push(f->cx, &f->work, op);
}

/* The op is about to drop its operands: their definitions may become unused, or be left with one user, which
 * some rules require. */
static void push_makers(Fold *f, const Op *op) {
  for (int i = 0; i < op->noperands; i++) {
    Value *v = ir_operand(op, i);
    if (!v->op) continue;
    fold_push(f, v->op);
    if (v->uses && v->uses->next && !v->uses->next->next) fold_push_users(f, v);
  }
}

/* ---- constants --------------------------------------------------------------------------------------------------- */

/* The constants of one scope, in the order in which they were made, ahead of all other ops. */
typedef struct Constants {
  Map ops;  /* value (an Attr *) to its op */
  Op *last; /* of the constants that open the block; NULL: not looked for yet, or there is none */
} Constants;

/* The block that holds the constants for uses at `at`. */
static Block *constants_block(const Op *at) {
  const Op *holder = ir_parent(at);
  const Block *b = at->block;
  while (!opt_is_closed(holder)) {
    b = holder->block;
    holder = ir_parent(holder);
  }
  return b->region->first;
}

static Constants *constants_of(Fold *f, const Block *b) {
  Constants *known = map_get(&f->scopes, b);
  if (known) return known;
  known = NEW(f->cx, Constants);
  map_put(f->cx, &f->scopes, b, known);
  return known;
}

static void place_constant(Constants *known, Op *op, Block *b) {
  ir_unlink(op);
  if (!known->last)
    for (Op *c = b->first; c && c->code == OP_CONSTANT; c = c->next) known->last = c;
  Op *where = known->last ? known->last->next : b->first;
  if (where)
    ir_insert_before(op, where);
  else
    ir_append(b, op);
  known->last = op;
}

/* ---- changes ----------------------------------------------------------------------------------------------------- */

void fold_push_holder(Fold *f, const Op *op) {
  Op *holder = ir_parent(op);
  if (holder && (holder->code == OP_IF || holder->code == OP_FOR)) fold_push(f, holder);
}

static void mark_gone(Op *op, void *arg) {
  Fold *f = arg;
  op->mark = FOLD_GONE;
  push_makers(f, op);
}

void fold_erase(Fold *f, Op *op) {
  if (op->nregions) ir_walk(op, mark_gone, f);
  mark_gone(op, f);
  if (op->code == OP_CONSTANT) {
    Attr *value = ir_attr(op, "value");
    Constants *known = map_get(&f->scopes, constants_block(op));
    if (known && map_get(&known->ops, value) == op) map_remove(&known->ops, value);
    if (known && known->last == op) known->last = op->prev;
  }
  fold_push_holder(f, op);
  ir_erase(op);
  f->changed = true;
}

void fold_push_users(Fold *f, const Value *v) {
  for (const Use *u = v->uses; u; u = u->next) fold_push(f, u->op);
}

bool fold_replace(Fold *f, Op *op, Value *with) {
  assert(op->nresults == 1 && op->results[0].type == with->type);
  fold_push_users(f, &op->results[0]);
  if (!with->hint) with->hint = op->results[0].hint;
  ir_replace_all(&op->results[0], with);
  if (with->op) fold_push(f, with->op);
  fold_erase(f, op);
  return true;
}

bool fold_changed(Fold *f, Op *op) {
  fold_push(f, op);
  for (int i = 0; i < op->nresults; i++) fold_push_users(f, &op->results[i]);
  push_makers(f, op);
  f->changed = true;
  return true;
}

Value *fold_attr(Fold *f, Op *at, Attr *value) {
  Block *b = constants_block(at);
  Constants *known = constants_of(f, b);
  Op *op = map_get(&known->ops, value);
  if (!op) {
    Builder builder = {f->cx, b, NULL, at->loc};
    op = ir_const_attr(&builder, value->type, value)->op;
    place_constant(known, op, b);
    map_put(f->cx, &known->ops, value, op);
    f->changed = true;
  }
  return &op->results[0];
}

Value *fold_int(Fold *f, Op *at, Type *type, int64_t x) {
  Attr *item = ir_attr_int(f->cx, ir_elem(type), x);
  return fold_attr(f, at, ir_is_tensor(type) ? ir_attr_splat(f->cx, type, item) : item);
}

Value *fold_float(Fold *f, Op *at, Type *type, double x) {
  Attr *item = ir_attr_float(f->cx, ir_elem(type), x);
  return fold_attr(f, at, ir_is_tensor(type) ? ir_attr_splat(f->cx, type, item) : item);
}

void fold_settle_constant(Fold *f, Op *op) {
  Attr *value = ir_attr(op, "value");
  if (!value || value->type != op->results[0].type) return;
  Block *b = constants_block(op);
  Constants *known = constants_of(f, b);
  Op *first = map_get(&known->ops, value);
  if (first == op) return;
  if (first) {
    fold_replace(f, op, &first->results[0]);
    return;
  }
  map_put(f->cx, &known->ops, value, op);
  if (op->block != b) f->changed = true;
  if (op->block == b && (!op->prev || op->prev->code == OP_CONSTANT)) return;
  fold_push_holder(f, op);
  place_constant(known, op, b);
}

/* ---- new ops ----------------------------------------------------------------------------------------------------- */

Value *fold_make(Fold *f, Op *at, Opcode code, Type *type, Value *a, Value *b, Value *c) {
  Value *operands[3] = {a, b, c};
  Builder builder = ir_before(f->cx, at);
  Op *op = ir_op(&builder, code, &type, 1, operands, c ? 3 : b ? 2 : a ? 1 : 0);
  fold_push(f, op);
  return &op->results[0];
}

Value *fold_make_like(Fold *f, Op *like, Type *type, Value *const *operands, int n) {
  Builder builder = ir_before(f->cx, like);
  Op *op = ir_op(&builder, like->code, &type, 1, operands, n);
  for (int i = 0; i < like->nattrs; i++) ir_set_attr(f->cx, op, like->attrs[i].name, like->attrs[i].attr);
  fold_push(f, op);
  return &op->results[0];
}
