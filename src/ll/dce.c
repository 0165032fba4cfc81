/* dce.c: removes instructions and block parameters that nothing with an effect depends on (mark and sweep). */
#include "ll/internal.h"

typedef Vec(LLInst *) Work;
static const char live; /* its address marks an instruction */

static void mark(Ctx *cx, Work *w, LLInst *i) {
  if (i->data == (void *)&live) return;
  i->data = (void *)&live;
  vec_push(cx, w, i);
}

/* A parameter is live: so is what every edge gives it. */
static void mark_incoming(Ctx *cx, Work *w, LLInst *param) {
  LLBlock *b = param->block;
  for (int p = 0; p < b->npreds; p++) {
    LLInst *t = b->preds[p]->last;
    for (int s = 0; s < ll_nsucc(t); s++) {
      int n;
      LLInst **args = ll_edge_args(t, s, &n);
      if (t->succ[s] == b) mark(cx, w, args[param->imm]);
    }
  }
}

static bool is_root(const LLInst *i) {
  if (i->op == LL_ASM) return !ll_is_pure(i);
  return ll_is(i, LLE_WRITE) || (i->op == LL_LOAD && i->mods.flags & LLF_VOLATILE);
}

/* The edge's arguments without those of dead parameters. */
static void prune_edges(LLInst *t) {
  int kept = t->op == LL_CONDBR, nfirst = 0;
  for (int s = 0; s < ll_nsucc(t); s++) {
    int n;
    LLInst **args = ll_edge_args(t, s, &n);
    for (int a = 0; a < n; a++)
      if (t->succ[s]->params[a]->data == (void *)&live) t->args[kept++] = args[a];
    if (s == 0) nfirst = kept - 1;
  }
  if (t->op == LL_CONDBR) t->nfirst = nfirst;
  t->nargs = ll_nsucc(t) ? kept : t->nargs;
}

static bool sweep(LLFunc *f) {
  bool changed = false;
  for (LLBlock *b = f->first; b; b = b->next) prune_edges(b->last);
  for (LLBlock *b = f->first; b; b = b->next) {
    int kept = 0;
    for (int p = 0; p < b->nparams; p++) {
      if (b->params[p]->data != (void *)&live) continue;
      b->params[p]->imm = kept;
      b->params[kept++] = b->params[p];
    }
    changed |= kept != b->nparams;
    b->nparams = kept;
    for (LLInst *i = b->first, *next; i; i = next) {
      next = i->next;
      if (i->data == (void *)&live) continue;
      ll_remove(i);
      changed = true;
    }
  }
  return changed;
}

bool ll_dce(LLFunc *f) {
  Ctx *cx = f->module->cx;
  Work work = {0};
  ll_analyze(f);
  for (LLInst *i = f->consts; i; i = i->next) i->data = NULL;
  for (LLBlock *b = f->first; b; b = b->next) {
    for (int p = 0; p < b->nparams; p++) b->params[p]->data = NULL;
    for (LLInst *i = b->first; i; i = i->next) i->data = NULL;
  }
  for (LLBlock *b = f->first; b; b = b->next)
    for (LLInst *i = b->first; i; i = i->next)
      if (is_root(i)) mark(cx, &work, i);
  while (work.len) {
    LLInst *i = work.at[--work.len];
    if (i->op == LL_BLOCKPARAM) mark_incoming(cx, &work, i);
    int n = i->op == LL_CONDBR ? 1 : i->op == LL_BR ? 0 : i->nargs; /* block arguments live by their parameters */
    for (int a = 0; a < n; a++) mark(cx, &work, i->args[a]);
  }
  bool changed = sweep(f);
  if (changed) ll_forget_values(f);
  return changed;
}
