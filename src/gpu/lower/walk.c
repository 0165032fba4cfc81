/* walk.c: the ops of a block, one after the other: each by the function that the table names (lower.c), else as elementwise
 * arithmetic. */
#include "gpu/lower/lower.h"

/* The place in the user's source of a location. */
static const Loc *file_place(const Loc *loc) {
  while (loc && loc->kind != LOC_FILE) {
    if (loc->kind == LOC_UNKNOWN) return NULL;
    loc = loc->child;
  }
  return loc;
}

/* A place with the calls that led there. */
static const LLLoc *place_called(Lower *w, const Loc *loc, const LLLoc *from) {
  while (loc && loc->kind != LOC_FILE) {
    if (loc->kind == LOC_UNKNOWN) return NULL;
    if (loc->kind == LOC_CALL) from = place_called(w, loc->caller, from);
    loc = loc->child;
  }
  if (!loc) return NULL;
  LLLoc *l = NEW(w->cx, LLLoc);
  *l = (LLLoc){loc->file, w->f->name, loc->line, loc->col, from};
  return l;
}

const LLLoc *lower_place(Lower *w, const Loc *loc) {
  if (w->o->call_sites) {
    const LLLoc *l = place_called(w, loc, NULL);
    return l ? l : w->b.loc;
  }
  const Loc *at = file_place(loc);
  if (!at) return w->b.loc;
  if (w->b.loc && w->b.loc->line == at->line && w->b.loc->col == at->col && w->b.loc->file == at->file) return w->b.loc;
  LLLoc *l = NEW(w->cx, LLLoc);
  *l = (LLLoc){.file = at->file, .function = w->f->name, .line = at->line, .col = at->col};
  return l;
}

static void lower_op(Lower *w, const Op *op) {
  w->b.loc = lower_place(w, op->loc);
  w->op = op;
  if (w->table[op->code]) {
    w->table[op->code](w, op);
    return;
  }
  if (lower_wide_division(w, op)) return;
  if (!lower_elementwise(w, op)) lower_fail(w, op, "the GPU's lowering has no code for this op");
}

void lower_block(Lower *w, const Block *b) {
  for (const Op *op = b->first; op; op = op->next) lower_op(w, op);
}

void lower_combine(Lower *w, const Op *op, LLInst *const *acc, LLInst *const *cur, LLInst **out, int n) {
  const Block *b = ir_entry(op, 0);
  for (int i = 0; i < n; i++) {
    lower_set(w, b->args[i], acc[i]);
    lower_set(w, b->args[n + i], cur[i]);
  }
  lower_block(w, b);
  const Op *end = ir_terminator(b);
  for (int i = 0; i < n; i++) out[i] = lower_scalar(w, ir_operand(end, i));
}
