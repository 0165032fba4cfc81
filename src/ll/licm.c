/* licm.c: moves pure instructions whose operands are defined outside a loop to before it.
 *
 * Before it means the end of the header's immediate dominator, which is outside the loop: pure instructions never trap,
 * so that it does no harm when that block does not always enter the loop. Outer loops are left one level after another
 * because blocks are visited in dominance order and a moved instruction is looked at again from its new place.
 */
#include "ll/internal.h"

static bool inside(const LLBlock *b, const LLBlock *header) {
  for (const LLBlock *h = b->loop; h; h = h->data) {
    if (h == header) return true;
    if (!ll_dominates(header, h)) return false;
  }
  return false;
}

static bool is_invariant(const LLInst *i, const LLBlock *header) {
  for (int a = 0; a < i->nargs; a++)
    if (i->args[a]->block && inside(i->args[a]->block, header)) return false;
  return true;
}

bool ll_licm(LLFunc *f) {
  bool changed = false;
  ll_analyze(f);
  for (LLBlock *b = f->first; b; b = b->next)
    for (LLInst *i = b->first, *next; i; i = next) {
      next = i->next;
      if (!ll_is_pure(i) || ll_is(i, LLE_CONVERGENT) || ll_is(i, LLE_TERMINATOR) || i->op == LL_BLOCKPARAM) continue;
      LLBlock *target = NULL;
      for (LLBlock *h = b->loop; h && h->idom && !h->keeps && is_invariant(i, h); h = h->data) target = h->idom;
      if (!target) continue;
      ll_move(i, target, target->last);
      changed = true;
    }
  if (changed) ll_forget_values(f);
  return changed;
}
