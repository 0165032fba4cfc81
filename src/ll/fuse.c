/* fuse.c: a product with several uses is computed again in the sums that come last, and is not kept for them.
 *
 * The assembler joins a product and a sum that may contract to one multiply-add where the product has no other use. With
 * others, the product keeps its register until its last use. If that is a sum, and both factors are kept beyond it in any
 * case, because they are used later or come from outside of the loop, the sum multiplies them again, in the same instruction, and the
 * register is free: g = dy * w of a normalization's gradient, of which sums are taken, and from which then something is
 * subtracted, is not kept from one to the other.
 *
 * A sum's first product is fused; if both of its operands are products, the second remains. Linear in instructions.
 */
#include "ll/internal.h"

typedef struct Seen {
  const LLBlock *block; /* the last one of those that were looked at in which it is used, */
  int last;             /* and where in it */
  bool leaves;          /* used in another block than its own */
} Seen;

static bool may_fuse(const LLInst *i) {
  return i->block && (i->type == &ll_float || i->type == &ll_double) && i->mods.flags & LLF_CONTRACT;
}

static bool is_sum(const LLInst *i) { return (i->op == LL_FADD || i->op == LL_FSUB) && may_fuse(i); }

static bool is_kept_product(const LLInst *i) { return i->op == LL_FMUL && may_fuse(i) && i->uses > 1; }

/* Is v in a register after instruction number `at` of block b whatever becomes of that? */
static bool is_live_after(const Seen *seen, const LLInst *v, const LLBlock *b, int at) {
  if (!v->block || (seen[v->id].block == b && seen[v->id].last > at)) return true;
  if (v->block == b) return seen[v->id].leaves;
  return b->loop && v->block->loop != b->loop && ll_dominates(v->block, b->loop);
}

static LLInst *fused(LLInst *sum, LLInst *product, LLInst *other) {
  LLBuilder b = ll_before(sum);
  LLInst *x = product->args[0], *y = product->args[1];
  if (sum->op == LL_FSUB && other == sum->args[0]) x = ll_op1(&b, LL_FNEG, x->type, x);
  if (sum->op == LL_FSUB && other == sum->args[1]) other = ll_op1(&b, LL_FNEG, other->type, other);
  return ll_call(&b, LL_FMA, sum->type, x, y, other, NULL);
}

/* The product of a sum that has its last use there. */
static LLInst *last_product(const Seen *seen, LLInst *sum, int at) {
  for (int k = 0; k < 2; k++) {
    LLInst *p = sum->args[k];
    if (!is_kept_product(p) || p->block != sum->block || sum->args[1 - k] == p) continue;
    const Seen *s = &seen[p->id];
    if (s->leaves || s->last != at) continue;
    if (is_live_after(seen, p->args[0], sum->block, at) && is_live_after(seen, p->args[1], sum->block, at)) return p;
  }
  return NULL;
}

static void look_at(Seen *seen, const LLBlock *b) {
  int at = 0;
  for (const LLInst *i = b->first; i; i = i->next, at++)
    for (int k = 0; k < i->nargs; k++) {
      const LLInst *v = i->args[k];
      if (!v->block) continue;
      seen[v->id].leaves |= v->block != b;
      seen[v->id].block = b, seen[v->id].last = at;
    }
}

bool ll_fuse(LLFunc *f) {
  bool changed = false;
  ll_analyze(f);
  ll_count_uses(f);
  ll_forget_values(f);
  Seen *seen = NEWN(f->module->cx, Seen, f->next_id);
  for (const LLBlock *b = f->first; b; b = b->next) look_at(seen, b);
  for (LLBlock *b = f->first; b; b = b->next) {
    int at = 0;
    look_at(seen, b);
    for (LLInst *i = b->first, *next; i; i = next, at++) {
      next = i->next;
      LLInst *p = is_sum(i) ? last_product(seen, i, at) : NULL;
      if (!p) continue;
      ll_replace(i, fused(i, p, i->args[i->args[0] == p]));
      changed = true;
    }
  }
  if (changed) ll_apply_replacements(f);
  return changed;
}
