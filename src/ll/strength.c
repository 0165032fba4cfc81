/* strength.c: an address that is linear in an induction variable becomes a pointer that is stepped.
 *
 *     header(i):  p = base + ext(i)*k      =>    header(i, p):          p0 = base + ext(init)*k before the loop
 *     latch:      br header(i + s)               latch: br header(i + s, p + ext(s)*k)
 *
 * for a loop with one entry and one latch, an i that is stepped by a constant s, and invariant base and k. It pays
 * where the multiplication and the wide addition would be repeated in every iteration for each address; the assembler
 * does not do it across sign extensions. i + s must not wrap: ext(i) would then not be linear; so the increment carries
 * NSW, or i is as wide as the pointer.
 */
#include "ll/internal.h"

typedef struct LLLoop {
  LLFunc *f;
  LLBlock *header, *before, *latch;
} LLLoop;

static bool invariant(const LLLoop *l, const LLInst *v) { return !v->block || !ll_dominates(l->header, v->block); }

static LLInst **incoming(LLBlock *from, LLBlock *to, int index) {
  for (int s = 0; s < ll_nsucc(from->last); s++)
    if (from->last->succ[s] == to) {
      int n;
      return &ll_edge_args(from->last, s, &n)[index];
    }
  return NULL;
}

/* i stepped by a constant: its step. */
static bool is_stepped(const LLLoop *l, LLInst *i, int64_t *step, bool *no_wrap) {
  if (i->op != LL_BLOCKPARAM || i->block != l->header) return false;
  LLInst *next = *incoming(l->latch, l->header, (int)i->imm);
  if (next->op != LL_ADD || next->args[0] != i || !ll_is_const_int(next->args[1], step)) return false;
  *no_wrap = (next->mods.flags & LLF_NSW) != 0;
  return true;
}

/* index = ext(i) scaled by a constant: i and the factor. */
static LLInst *scaled(const LLLoop *l, LLInst *index, int64_t *factor, int64_t *step) {
  int64_t c;
  *factor = 1;
  if ((index->op == LL_SHL || index->op == LL_MUL) && ll_is_const_int(index->args[1], &c)) {
    *factor = index->op == LL_SHL ? (int64_t)1 << c : c;
    index = index->args[0];
  }
  bool no_wrap, extended = index->op == LL_SEXT;
  LLInst *i = extended ? index->args[0] : index;
  if (!ll_is_int(i->type) || !is_stepped(l, i, step, &no_wrap)) return NULL;
  return extended && !no_wrap ? NULL : i;
}

static void add_edge_arg(LLBlock *from, LLBlock *to, LLInst *v) {
  LLInst *t = from->last;
  LLInst **args = NEWN(from->func->module->cx, LLInst *, t->nargs + 1);
  int at = t->op == LL_CONDBR && t->succ[0] == to ? 1 + t->nfirst : t->nargs;
  for (int a = 0; a <= t->nargs; a++) args[a] = a < at ? t->args[a] : a == at ? v : t->args[a - 1];
  t->args = args;
  t->nargs++;
  if (t->op == LL_CONDBR && t->succ[0] == to) t->nfirst++;
}

static LLInst *stepped_pointer(const LLLoop *l, LLInst *p, LLInst *i, int64_t factor, int64_t step) {
  LLBuilder before = ll_before(l->before->last), latch = ll_before(l->latch->last);
  LLInst *init = *incoming(l->before, l->header, (int)i->imm);
  LLInst *wide = ll_int_cast(&before, ll_int(p->type->bits), init, true);
  LLInst *start =
      ll_ptradd(&before, p->args[0], ll_op2(&before, LL_MUL, wide, ll_const(&before, wide->type, (uint64_t)factor)), 0);
  LLInst *pointer = ll_block_param(l->header, p->type);
  add_edge_arg(l->before, l->header, start);
  add_edge_arg(l->latch, l->header, ll_ptradd(&latch, pointer, NULL, factor * step));
  return pointer;
}

static bool reduce_loop(LLLoop *l) {
  bool changed = false;
  for (LLBlock *b = l->f->first; b; b = b->next) {
    if (b->loop != l->header) continue;
    for (LLInst *p = b->first; p; p = p->next) {
      int64_t factor, step;
      if (p->op != LL_PTRADD || p->nargs != 2 || p->replaced || !invariant(l, p->args[0])) continue;
      LLInst *i = scaled(l, p->args[1], &factor, &step);
      if (!i) continue;
      ll_replace(p, stepped_pointer(l, p, i, factor, step));
      changed = true;
    }
  }
  return changed;
}

bool ll_strength(LLFunc *f) {
  bool changed = false;
  ll_analyze(f);
  ll_forget_values(f);
  for (LLBlock *h = f->first; h; h = h->next) {
    if (h->loop != h || h->npreds != 2) continue;
    bool first_is_latch = ll_dominates(h, h->preds[0]);
    LLLoop l = {.f = f, .header = h, .before = h->preds[first_is_latch], .latch = h->preds[!first_is_latch]};
    if (ll_dominates(h, l.before)) continue;
    if (reduce_loop(&l)) changed = true;
  }
  if (changed) ll_apply_replacements(f);
  return changed;
}
