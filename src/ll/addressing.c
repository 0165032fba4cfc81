/* addressing.c: reassociation of addresses.
 *
 * Inside a loop, base + (invariant + varying) becomes (base + invariant) + varying, so that ll_licm() takes the first
 * sum out; and (base + varying) + invariant becomes (base + invariant) + varying for the same reason. Constants at the
 * end of a chain go into the offset of the access, as they do when it is built.
 */
#include "ll/internal.h"

static bool varies(const LLInst *v, const LLBlock *header) { return v->block && ll_dominates(header, v->block); }

static LLInst *ptradd(LLBuilder *b, LLInst *base, LLInst *index) { return ll_ptradd(b, base, index, 0); }

static LLInst *reassociated(LLBuilder *b, LLInst *i, const LLBlock *header) {
  LLInst *base = i->args[0], *index = i->args[1];
  if (!varies(base, header) && index->op == LL_ADD) {
    bool v0 = varies(index->args[0], header), v1 = varies(index->args[1], header);
    if (v0 != v1) return ptradd(b, ptradd(b, base, index->args[v0]), index->args[!v0]);
  }
  if (base->op == LL_PTRADD && base->nargs == 2 && varies(base->args[1], header) && !varies(index, header) &&
      !varies(base->args[0], header))
    return ptradd(b, ptradd(b, base->args[0], index), base->args[1]);
  return NULL;
}

/* The access's address without its constant, which its offset takes. */
static bool fold_offset(LLInst *i) {
  LLInst *ptr = i->nargs ? i->args[0] : NULL;
  bool changed = false;
  while (ptr && ptr->op == LL_PTRADD && ptr->nargs == 1) {
    int64_t sum = i->imm + ptr->imm;
    if (sum != (int32_t)sum) break;
    i->imm = sum;
    i->args[0] = ptr = ptr->args[0];
    changed = true;
  }
  return changed;
}

static bool is_access(const LLInst *i) {
  return i->op == LL_LOAD || i->op == LL_STORE || i->op == LL_ATOMIC || i->op == LL_CMPXCHG || i->op == LL_LDMATRIX ||
         i->op == LL_STMATRIX || i->op == LL_CP_ASYNC;
}

bool ll_addressing(LLFunc *f) {
  bool changed = false;
  ll_analyze(f);
  ll_forget_values(f);
  for (LLBlock *b = f->first; b; b = b->next)
    for (LLInst *i = b->first; i; i = i->next) {
      if (i->op != LL_PTRADD || i->nargs != 2 || !b->loop) continue;
      LLBuilder at = ll_before(i);
      LLInst *r = reassociated(&at, i, b->loop);
      if (!r) continue;
      ll_replace(i, r);
      changed = true;
    }
  if (changed) ll_apply_replacements(f);
  for (LLBlock *b = f->first; b; b = b->next)
    for (LLInst *i = b->first; i; i = i->next)
      if (is_access(i)) changed |= fold_offset(i);
  return changed;
}
