/* order.c: within a block, what an effect needs is computed right before it, where that takes fewer registers.
 *
 * Problem. An operation on a tensor is lowered for all of a thread's elements before the next operation: of a long chain on
 * sixteen elements, sixteen of every intermediate value are alive at a time. The assembler moves instructions a little way
 * only, and gives such a block twice the registers that it needs, which halves the blocks on a multiprocessor.
 *
 * Idea. What reads or writes memory or other state, and what a warp does together, stays in its order; each such instruction is
 * preceded by the pure ones that it needs and that have not been placed yet, depth first. Element after element is then
 * computed, from what was loaded to what is stored, and loads come before the arithmetic that stood between them.
 * What is live is estimated for both orders; the new one is taken if the old one is expensive and it is cheaper by a quarter.
 *
 * Cost: linear in instructions and operands.
 */
#include "ll/internal.h"

enum { EXPENSIVE = 64 }; /* 32-bit registers: a multiprocessor holds 1024 threads with that many each */

typedef Vec(LLInst *) Insts;

typedef struct Reorder {
  Ctx *cx;
  int64_t *last;       /* by number: the place of the last use */
  bool *leaves;        /* by number: used in another block */
  Insts before, after; /* the block in its order, and in the new one */
} Reorder;

static const char placed; /* its address marks an instruction */

static bool is_free(const LLInst *i) {
  return ll_is_pure(i) && !ll_is(i, LLE_CONVERGENT) && !ll_is(i, LLE_TERMINATOR) && !ll_is(i, LLE_TIED);
}

/* The value whose registers it is in. */
static LLInst *holder(LLInst *v) {
  while (v->block && (v->op == LL_EXTRACT || v->op == LL_BITCAST)) v = v->args[0];
  return v;
}

static int64_t registers(const LLInst *i) {
  bool none = i->op == LL_EXTRACT || i->op == LL_BITCAST || i->op == LL_BUILD || i->type == &ll_i1;
  return none || i->type->kind == LLK_VOID ? 0 : (i->type->bits + 31) / 32;
}

/* ---- the new order ----------------------------------------------------------------------------------------------- */

typedef struct Step {
  LLInst *inst;
  int next; /* the operand that is looked at next */
} Step;

static void place(Reorder *r, LLInst *root) {
  Vec(Step) path = {0};
  vec_push(r->cx, &path, ((Step){root, 0}));
  while (path.len) {
    Step *s = &path.at[path.len - 1];
    LLInst *i = s->inst;
    if (s->next < i->nargs) {
      LLInst *x = i->args[s->next++];
      bool wanted = x->block == i->block && x->op != LL_BLOCKPARAM && x->data != &placed && is_free(x);
      if (wanted) vec_push(r->cx, &path, ((Step){x, 0}));
      continue;
    }
    path.len--;
    if (i->data == &placed) continue;
    i->data = (void *)&placed;
    vec_push(r->cx, &r->after, i);
  }
}

static void find_orders(Reorder *r, LLBlock *b) {
  r->before.len = r->after.len = 0;
  for (LLInst *i = b->first; i; i = i->next) {
    i->data = NULL;
    vec_push(r->cx, &r->before, i);
  }
  for (LLInst *i = b->first; i; i = i->next)
    if (!is_free(i) && i != b->last) place(r, i);
  for (LLInst *i = b->first; i; i = i->next) place(r, i); /* what other blocks need, and the terminator */
}

/* ---- what it takes ----------------------------------------------------------------------------------------------- */

static int64_t most_live(Reorder *r, const LLBlock *b, const Insts *order) {
  for (uint32_t n = 0; n < order->len; n++) {
    const LLInst *i = order->at[n];
    r->last[i->id] = r->leaves[i->id] ? order->len : n;
    for (int a = 0; a < i->nargs; a++) {
      LLInst *v = holder(i->args[a]);
      if (v->block == b && r->last[v->id] < n) r->last[v->id] = n;
    }
  }
  int64_t live = 0, most = 0, *dying = NEWN(r->cx, int64_t, order->len + 1);
  for (uint32_t n = 0; n < order->len; n++) {
    const LLInst *i = order->at[n];
    live += registers(i);
    dying[r->last[i->id]] += registers(i);
    most = max64(most, live);
    live -= dying[n];
  }
  return most;
}

/* ---- all blocks -------------------------------------------------------------------------------------------------- */

static bool is_fixed(const LLBlock *b) {
  for (const LLInst *i = b->first; i; i = i->next)
    if (ll_is(i, LLE_TIED)) return true;
  return false;
}

bool ll_order(LLFunc *f) {
  bool changed = false;
  ll_renumber(f);
  Reorder r = {.cx = f->module->cx};
  r.last = NEWN(r.cx, int64_t, f->next_id);
  r.leaves = NEWN(r.cx, bool, f->next_id);
  for (LLBlock *b = f->first; b; b = b->next)
    for (const LLInst *i = b->first; i; i = i->next)
      for (int a = 0; a < i->nargs; a++) {
        const LLInst *v = holder(i->args[a]);
        if (v->block && (v->block != b || i == b->last)) r.leaves[v->id] = true;
      }
  for (LLBlock *b = f->first; b; b = b->next) {
    if (is_fixed(b)) continue;
    find_orders(&r, b);
    int64_t now = most_live(&r, b, &r.before);
    if (now < EXPENSIVE || 4 * most_live(&r, b, &r.after) > 3 * now) continue;
    for (uint32_t n = 0; n < r.after.len; n++)
      if (r.after.at[n] != b->last) ll_move(r.after.at[n], b, b->last);
    changed = true;
  }
  if (changed) ll_forget_values(f);
  return changed;
}
