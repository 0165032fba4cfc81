/* predicate.c: small ifs without an else become predicated instructions.
 *
 *     b: … br c, then, after        b: … then's instructions, those with effects under c; br after
 *     then: …; br after
 *
 * `then` has one predecessor, at most LIMIT instructions, each pure (done always: they cannot trap) or a load, store or
 * atomic that can carry a predicate. What `after` gets from `then` and not from b becomes a selection. A branch costs a
 * warp more than a handful of masked-off instructions, and without it the assembler may schedule across.
 */
#include "ll/internal.h"

enum { LIMIT = 8 };

static bool can_predicate(const LLInst *i) {
  if (i->mods.flags & LLF_PRED) return true;
  switch (i->op) {
  case LL_LOAD:
  case LL_STORE:
  case LL_ATOMIC:
  case LL_CMPXCHG:
  case LL_CP_ASYNC:
  case LL_MBARRIER_ARRIVE:
  case LL_MBARRIER_ARRIVE_EXPECT_TX: return true;
  default: return false;
  }
}

static bool is_small(const LLBlock *b) {
  int n = 0;
  for (const LLInst *i = b->first; i != b->last; i = i->next) {
    bool movable = ll_is_pure(i) && !ll_is(i, LLE_CONVERGENT);
    if ((!movable && !can_predicate(i)) || ++n > LIMIT) return false;
  }
  return true;
}

/* The instruction under `c` as well as its own predicate. */
static void put_under(LLBuilder *b, LLInst *i, LLInst *c) {
  if (ll_is_pure(i)) return;
  if (i->mods.flags & LLF_PRED) {
    i->args[i->nargs - 1] = ll_op2(b, LL_AND, c, i->args[i->nargs - 1]);
    return;
  }
  bool has_result = i->type->kind != LLK_VOID;
  LLInst **args = NEWN(b->func->module->cx, LLInst *, i->nargs + 2);
  int n = 0;
  for (; n < i->nargs; n++) args[n] = i->args[n];
  if (has_result) args[n++] = ll_undef(b, i->type);
  args[n++] = c;
  i->args = args;
  i->nargs = n;
  i->mods.flags |= LLF_PRED;
}

/* Which successor is the `then` of an if whose other successor is where it goes on? -1: none. */
static int then_of(const LLInst *t) {
  for (int s = 0; s < 2; s++) {
    const LLBlock *then = t->succ[s], *after = t->succ[1 - s];
    if (then->npreds == 1 && then->nparams == 0 && then != after && then->last->op == LL_BR &&
        then->last->succ[0] == after && after != t->block && is_small(then))
      return s;
  }
  return -1;
}

static void flatten(LLInst *t, int s) {
  LLBlock *block = t->block, *then = t->succ[s], *after = t->succ[1 - s];
  LLBuilder b = ll_before(t);
  LLInst *c = s == 0 ? t->args[0] : ll_not(&b, t->args[0]);
  for (LLInst *i = then->first, *next; i != then->last; i = next) {
    next = i->next;
    ll_move(i, block, t);
    b.before = i; /* a predicate that has to be computed stands before it */
    put_under(&b, i, c);
  }
  b.before = t;
  int n;
  LLInst **direct = ll_edge_args(t, 1 - s, &n), **args = NEWN(block->func->module->cx, LLInst *, n);
  for (int a = 0; a < n; a++) args[a] = ll_select(&b, c, then->last->args[a], direct[a]);
  ll_br(&b, after, args, n);
  ll_remove(t);
}

bool ll_predicate(LLFunc *f) {
  bool changed = false;
  ll_analyze(f);
  for (LLBlock *b = f->last; b; b = b->prev) { /* inner ifs first */
    int s = b->last->op == LL_CONDBR ? then_of(b->last) : -1;
    if (s < 0) continue;
    flatten(b->last, s);
    ll_analyze(f);
    changed = true;
  }
  if (changed) ll_forget_values(f);
  return changed;
}
