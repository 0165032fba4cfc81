/* dce.c: dead code, carried values included.
 *
 * Problem: a value that a loop carries is used by the loop's own yield, so counting uses never finds it dead, and two
 * that feed each other keep each other alive. So liveness is found forwards from what matters: everything is dead until
 * an op with an effect, or a live op, needs it.
 *
 * A result of a scf.for, scf.if or scf.while is a slot of its own: a live slot makes live only what flows into that
 * slot (initial value, the yields' operand at that place, the block argument), not its neighbours. An op inside a
 * region makes the ops around it live as control: their bounds or conditions, not their slots.
 *
 * Then dead ops are erased and live control ops are rebuilt with their live slots only. A loop without effects whose
 * results are unused is dead as a whole. Cost: linear in ops and uses.
 */
#include "opt/internal.h"

#include <assert.h>

enum { DEAD, LIVE }; /* Op.mark; of a value: data is NULL or not */

typedef struct Dce {
  Ctx *cx;
  Vec(Op *) ops; /* live, their needs not yet looked at */
  Vec(Value *) values;
  bool changed;
} Dce;

static void live_value(Dce *d, Value *v) {
  if (v->data) return;
  v->data = v;
  vec_push(d->cx, &d->values, v);
}

static void live_op(Dce *d, Op *op) {
  for (; op && op->mark != LIVE; op = ir_parent(op)) {
    op->mark = LIVE;
    vec_push(d->cx, &d->ops, op);
  }
}

static bool has_slots(const Op *op) { return op->code == OP_FOR || op->code == OP_IF || op->code == OP_WHILE; }

static void live_operands(Dce *d, Op *op, int first, int n) {
  for (int i = 0; i < n; i++) live_value(d, ir_operand(op, first + i));
}

static void live_inside(Op *op, void *arg) { live_op(arg, op); }

/* scf.while: results, the condition's arguments and the second region's arguments are one row of slots; initial
 * values, the first region's arguments and the yield's operands are the other. Slots of the two rows are kept or
 * dropped together, and none is dropped where the rows have different lengths. */
static bool rows_alike(const Op *op) {
  return op->noperands == op->nresults && ir_entry(op, 0)->nargs == op->nresults &&
         ir_entry(op, 1)->nargs == op->nresults;
}

static void while_control(Dce *d, Op *op) {
  Op *end = ir_terminator(ir_entry(op, 0)), *last = ir_terminator(ir_entry(op, 1));
  if (rows_alike(op)) {
    live_operands(d, end, 0, 1);
    return;
  }
  live_operands(d, op, 0, op->noperands);
  live_operands(d, end, 0, end->noperands);
  live_operands(d, last, 0, last->noperands);
}

/* What a live op needs. */
static void op_needs(Dce *d, Op *op) {
  switch (op->code) {
  case OP_FOR: live_operands(d, op, 0, 3); break;
  case OP_IF: live_operands(d, op, 0, 1); break;
  case OP_WHILE: while_control(d, op); break;
  case OP_YIELD:
  case OP_CONDITION: break; /* by slots */
  default:
    live_operands(d, op, 0, op->noperands);
    if (op->nregions && op->code != OP_FUNC && op->code != OP_MODULE) ir_walk(op, live_inside, d);
  }
}

static void live_yield(Dce *d, const Op *op, int region, int slot) {
  Block *b = op->regions[region]->first;
  Op *end = b ? ir_terminator(b) : NULL;
  if (end) live_value(d, ir_operand(end, ir_first_passed(end) + slot));
}

/* Slot `i` of a scf.for or scf.if is live: what flows into it. */
static void slot_needs(Dce *d, Op *op, int i) {
  live_op(d, op);
  live_value(d, &op->results[i]);
  if (op->code == OP_IF) {
    live_yield(d, op, 0, i);
    live_yield(d, op, 1, i);
  } else if (op->code == OP_FOR) {
    live_value(d, ir_loop_init(op, i));
    live_value(d, ir_loop_arg(op, i));
    live_yield(d, op, 0, i);
  }
}

static void while_needs(Dce *d, Op *op, int i) {
  live_op(d, op);
  if (!rows_alike(op)) return;
  live_value(d, &op->results[i]);
  live_value(d, ir_entry(op, 1)->args[i]);
  live_yield(d, op, 0, i);
  live_value(d, ir_operand(op, i));
  live_value(d, ir_entry(op, 0)->args[i]);
  live_yield(d, op, 1, i);
}

static void value_needs(Dce *d, Value *v) {
  if (v->op) {
    if (v->op->code == OP_WHILE)
      while_needs(d, v->op, v->index);
    else if (has_slots(v->op))
      slot_needs(d, v->op, v->index);
    else
      live_op(d, v->op);
    return;
  }
  Op *holder = v->block->region->op;
  if (holder->code == OP_WHILE)
    while_needs(d, holder, v->index);
  else if (holder->code == OP_FOR && v->index > 0)
    slot_needs(d, holder, v->index - 1);
}

static void clear(Op *op, void *arg) {
  (void)arg;
  op->mark = DEAD;
  for (int i = 0; i < op->nresults; i++) op->results[i].data = NULL;
  for (int r = 0; r < op->nregions; r++)
    for (Block *b = op->regions[r]->first; b; b = b->next)
      for (int i = 0; i < b->nargs; i++) b->args[i]->data = NULL;
}

static void root(Op *op, void *arg) {
  bool keep = op->code == OP_FUNC || op->code == OP_RETURN || op->nsuccessors > 0 || opt_is_volatile(op) ||
              (ir_has(op, T_WRITE) && op->code != OP_MAP_ELEMENTWISE) ||
              (op->code == OP_MAP_ELEMENTWISE && ir_has_effects(op)) ||
              (op->code == OP_WHILE && ir_reads_memory(op)) || /* it may be waiting for another program's store */
              ((op->code == OP_EXTERN_ELEMENTWISE || op->code == OP_INLINE_ASM) && !opt_is_pure(op));
  if (keep) live_op(arg, op);
}

/* ---- sweeping ---------------------------------------------------------------------------------------------------- */

/* A dead op drops its operands first, so that dead ops can be erased in any order. */
static void let_go(Op *op, void *arg) {
  Dce *d = arg;
  bool terminator = ir_has(op, T_TERMINATOR);
  if (op->mark == LIVE || terminator) return;
  while (op->noperands) ir_remove_operand(op, op->noperands - 1);
  d->changed = true;
}

/* Which slots of a live loop or conditional are needed; NULL when all are. */
static bool *needed_slots(Dce *d, const Op *op) {
  if (op->code == OP_WHILE && !rows_alike(op)) return NULL;
  int n = op->nresults, kept = 0;
  bool *keep = NEWN(d->cx, bool, n + 1);
  for (int i = 0; i < n; i++) kept += keep[i] = op->results[i].data != NULL;
  return kept == n ? NULL : keep;
}

static void clear_dead_terminators(Op *op, void *arg) {
  (void)arg;
  if (!op->nregions || op->mark == LIVE) return;
  for (int r = 0; r < op->nregions; r++)
    for (Block *b = op->regions[r]->first; b; b = b->next)
      for (Op *end = ir_terminator(b); end && end->noperands;) ir_remove_operand(end, end->noperands - 1);
}

static void sweep_block(Block *b);

static void sweep_op(Op *op) {
  if (op->mark != LIVE && !ir_has(op, T_TERMINATOR)) {
    ir_erase(op);
    return;
  }
  for (int r = 0; r < op->nregions; r++)
    for (Block *b = op->regions[r]->first; b; b = b->next) sweep_block(b);
}

static void sweep_block(Block *b) {
  for (Op *op = b->first, *next; op; op = next) {
    next = op->next;
    sweep_op(op);
  }
}

typedef struct Control {
  Ctx *cx;
  Vec(Op *) ops;
} Control;

static void collect_control(Op *op, void *arg) {
  Control *c = arg;
  if (has_slots(op) && op->mark == LIVE) vec_push(c->cx, &c->ops, op);
}

/* A conditional without results and with nothing in its branches. */
static void drop_empty_if(Op *op, void *arg) {
  Dce *d = arg;
  if (op->code != OP_IF || op->nresults) return;
  for (int r = 0; r < op->nregions; r++) {
    Block *b = op->regions[r]->first;
    if (b && b->first && !ir_has(b->first, T_TERMINATOR)) return;
  }
  ir_erase(op);
  d->changed = true;
}

/* A dead slot's values may be held by another dead slot, of a loop further in or out. So all of them first drop what
 * they use, and then all of them are erased. */
static void drop_dead_slots(Dce *d, Module *m) {
  Control control = {.cx = d->cx};
  ir_walk(m->op, collect_control, &control);
  for (uint32_t i = 0; i < control.ops.len; i++) {
    Op *op = control.ops.at[i];
    bool *keep = needed_slots(d, op);
    op->data = keep;
    if (keep) opt_release_slots(op, keep);
  }
  for (uint32_t i = 0; i < control.ops.len; i++) {
    Op *op = control.ops.at[i];
    if (!op->data) continue;
    opt_drop_slots(d->cx, op, op->data)->mark = LIVE;
    d->changed = true;
  }
}

bool opt_dce(Ctx *cx, Module *m) {
  Dce d = {.cx = cx};
  clear(m->op, NULL);
  ir_walk(m->op, clear, NULL);
  ir_walk(m->op, root, &d);
  while (d.ops.len || d.values.len) {
    if (d.ops.len)
      op_needs(&d, d.ops.at[--d.ops.len]);
    else
      value_needs(&d, d.values.at[--d.values.len]);
  }
  ir_walk(m->op, clear_dead_terminators, NULL);
  ir_walk(m->op, let_go, &d);
  drop_dead_slots(&d, m);
  sweep_block(m->body->first);
  ir_walk_post(m->op, drop_empty_if, &d);
  return d.changed;
}
