/* written.c: which pointers a kernel writes through.
 *
 * Problem. A caller may hand over memory that must not be written (a read-only array, `bytes`), and only the kernel
 * tells whether it would be.
 *
 * Idea. Backwards from every op that writes memory: its pointer is written through, and so is each pointer that this one
 * may have been made of. A result of an op comes from the op's operands that carry pointers; a result or block argument
 * of a loop or a branch from what is yielded to it and from its initial value; a parameter of a called function from
 * the calls' arguments, a call's result from what the callee returns.
 *
 * Invariant: a value is on the list at most once. Cost: linear in the operands of ops that handle pointers.
 */
#include "opt/internal.h"

typedef struct Written {
  Ctx *cx;
  Map seen;
  Vec(Value *) work;
  Map calls;     /* function's name -> its calls */
  Map functions; /* function's name -> itself */
} Written;

typedef Vec(Op *) Calls;

static bool carries_pointer(const Type *t) {
  if (ir_is_tensor(t)) t = t->elem;
  return t->kind == TYPE_PTR || t->kind == TYPE_TENSORDESC;
}

static void reach(Written *w, Value *v) {
  if (!carries_pointer(v->type) || map_has(&w->seen, v)) return;
  map_put(w->cx, &w->seen, v, v);
  vec_push(w->cx, &w->work, v);
}

static void reach_operands(Written *w, const Op *op) {
  for (int i = 0; i < op->noperands; i++) reach(w, ir_operand(op, i));
}

/* What the terminators below `op` pass on: to its results and to its own blocks' arguments. */
static void reach_handed(Written *w, const Op *op) {
  reach_operands(w, op);
  for (int r = 0; r < op->nregions; r++)
    for (const Block *b = op->regions[r]->first; b; b = b->next)
      if (b->last) reach_operands(w, b->last);
}

static void reach_caller(Written *w, const Op *func, int index) {
  const Calls *calls = map_get(&w->calls, intern(w->cx, ir_func_name(func)));
  for (uint32_t i = 0; calls && i < calls->len; i++)
    if (index < calls->at[i]->noperands) reach(w, ir_operand(calls->at[i], index));
}

static void reach_source(Written *w, const Value *v) {
  const Op *op = v->op ? v->op : v->block->region->op;
  if (v->op && op->code == OP_CALL) {
    const Op *callee = map_get(&w->functions, intern(w->cx, ir_attr_text_or(op, "callee", "")));
    for (const Block *b = callee ? callee->regions[0]->first : NULL; b; b = b->next)
      if (b->last && b->last->code == OP_RETURN && v->index < b->last->noperands)
        reach(w, ir_operand(b->last, v->index));
  } else if (!v->op && op->code == OP_FUNC) {
    reach_caller(w, op, v->index);
  } else if (op->code == OP_LOAD) {
    return; /* a pointer that was in memory */
  } else if (op->nregions) {
    reach_handed(w, op);
  } else {
    reach_operands(w, op);
  }
}

static void find_roots(Op *op, void *arg) {
  Written *w = arg;
  if (op->code == OP_FUNC) {
    map_put(w->cx, &w->functions, intern(w->cx, ir_func_name(op)), op);
  } else if (op->code == OP_CALL) {
    const char *callee = intern(w->cx, ir_attr_text_or(op, "callee", ""));
    Calls *calls = map_get(&w->calls, callee);
    if (!calls) {
      calls = NEW(w->cx, Calls);
      map_put(w->cx, &w->calls, callee, calls);
    }
    vec_push(w->cx, calls, op);
  } else if (ir_has(op, T_WRITE) && !ir_has(op, T_TERMINATOR) && !op->nregions && !opt_only_tells(op) &&
             op->code != OP_ASYNC_COPY) {
    reach_operands(w, op);
  }
}

void opt_written(Ctx *cx, Module *m, const Op *func, bool *written) {
  Written w = {.cx = cx};
  ir_walk(m->op, find_roots, &w);
  while (w.work.len) reach_source(&w, w.work.at[--w.work.len]);
  const Block *entry = ir_entry(func, 0);
  for (int i = 0; i < entry->nargs; i++) written[i] = map_has(&w.seen, entry->args[i]);
}
