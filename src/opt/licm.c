/* licm.c: loop-invariant code motion.
 *
 * Loops are taken from the inside out, so that an op climbs through all the loops it can in one pass. Only what may be
 * speculated (the loop may run zero times) is moved; an unconditional load moves when nothing in the loop writes memory and the loop
 * is known to run.
 */
#include "opt/internal.h"

#include <string.h>

typedef struct Licm {
  Ctx *cx;
  bool changed;
} Licm;

static bool may_move(const Op *op, bool loads) {
  if (opt_speculatable(op)) return true;
  return loads && (op->code == OP_LOAD || op->code == OP_DESC_LOAD) && !opt_is_volatile(op);
}

static void hoist_from(Licm *l, Op *loop, Block *body, bool loads) {
  for (Op *op = body->first, *next; op; op = next) {
    next = op->next;
    if (!may_move(op, loads) || !opt_operands_outside(op, loop)) continue;
    ir_insert_before(op, loop);
    l->changed = true;
  }
}

static const Attr *parameter(const Attr *a, const char *name) {
  for (int i = 0; a && a->kind == ATTR_DIALECT && a->names && i < a->n; i++)
    if (!strcmp(a->names[i], name)) return a->items[i];
  return NULL;
}

/* #llvm.loop_annotation<licm = #llvm.loop_licm<disable = true>> */
bool opt_keeps_invariants(const Op *loop) {
  const Attr *off = parameter(parameter(ir_attr(loop, "llvm.loop_annotation"), "licm"), "disable");
  return off && off->kind == ATTR_BOOL && off->integer;
}

static void hoist(Op *loop, void *arg) {
  Licm *l = arg;
  if (opt_keeps_invariants(loop)) return;
  if (loop->code == OP_FOR) {
    hoist_from(l, loop, ir_entry(loop, 0), opt_loop_runs(loop) && !opt_clobbers(loop));
  } else if (loop->code == OP_WHILE) {
    hoist_from(l, loop, ir_entry(loop, 0), false); /* no loads: a loop may be waiting for another program's store */
    hoist_from(l, loop, ir_entry(loop, 1), false);
  }
}

bool opt_licm(Ctx *cx, Module *m) {
  Licm l = {cx, false};
  ir_walk_post(m->op, hoist, &l);
  return l.changed;
}
