/* cfg.c: simplification of the control-flow graph: branches on constants, blocks that only one other block enters and
 * that it only leaves to, block parameters that get one value from everywhere, and parameters of a block that get the
 * same values as another one does.
 */
#include "ll/internal.h"

#include <stdlib.h>
#include <string.h>

static void branch_to(LLInst *t, int s) {
  int n;
  LLInst **args = ll_edge_args(t, s, &n);
  LLBlock *to = t->succ[s];
  memmove(t->args, args, (size_t)n * sizeof *args);
  t->op = LL_BR;
  t->nargs = n;
  t->nfirst = 0;
  t->succ[0] = to;
  t->succ[1] = NULL;
}

static bool fold_branches(LLFunc *f) {
  bool changed = false;
  for (LLBlock *b = f->first; b; b = b->next) {
    LLInst *t = b->last;
    if (t->op != LL_CONDBR) continue;
    bool same = t->succ[0] == t->succ[1] && t->succ[0]->nparams == 0;
    if (!same && t->args[0]->op != LL_CONST) continue;
    branch_to(t, same || t->args[0]->imm ? 0 : 1);
    changed = true;
  }
  return changed;
}

/* The one value that every edge gives the parameter, apart from itself; NULL: there are several. */
static LLInst *only_value(LLInst *param) {
  LLInst *only = NULL;
  LLBlock *b = param->block;
  for (int p = 0; p < b->npreds; p++) {
    LLInst *t = b->preds[p]->last;
    for (int s = 0; s < ll_nsucc(t); s++) {
      if (t->succ[s] != b) continue;
      int n;
      LLInst *v = ll_edge_args(t, s, &n)[param->imm];
      while (v->replaced) v = v->replaced;
      if (v == param || v == only) continue;
      if (only) return NULL;
      only = v;
    }
  }
  return only;
}

static bool drop_trivial_params(LLFunc *f) {
  bool changed = false;
  for (LLBlock *b = f->first; b; b = b->next)
    for (int p = 0; p < b->nparams; p++) {
      LLInst *param = b->params[p], *v = param->replaced ? NULL : only_value(param);
      if (!v) continue;
      param->replaced = v; /* ll_dce() removes the parameter, which is unused now */
      changed = true;
    }
  if (changed) ll_apply_replacements(f);
  return changed;
}

/* What edge `s` of `t` gives the parameter, as it is after replacements; NULL: the parameter itself. */
static const LLInst *incoming(const LLInst *param, LLInst *t, int s) {
  int n;
  LLInst *v = ll_edge_args(t, s, &n)[param->imm];
  while (v->replaced) v = v->replaced;
  return v == param ? NULL : v;
}

typedef struct HashedParam {
  uint64_t hash; /* of the type and all incoming values */
  LLInst *param;
} HashedParam;

static HashedParam hash_param(LLInst *param) {
  uint64_t h = param->type->kind;
  const LLBlock *b = param->block;
  for (int p = 0; p < b->npreds; p++)
    for (int s = 0; s < ll_nsucc(b->preds[p]->last); s++)
      if (b->preds[p]->last->succ[s] == b) {
        const LLInst *v = incoming(param, b->preds[p]->last, s);
        uint32_t id = v ? v->id : UINT32_MAX;
        h = hash_bytes(&id, sizeof id, h);
      }
  return (HashedParam){h, param};
}

static bool is_equal_param(const LLInst *x, const LLInst *y) {
  if (x->type != y->type) return false;
  const LLBlock *b = x->block;
  for (int p = 0; p < b->npreds; p++)
    for (int s = 0; s < ll_nsucc(b->preds[p]->last); s++)
      if (b->preds[p]->last->succ[s] == b && incoming(x, b->preds[p]->last, s) != incoming(y, b->preds[p]->last, s))
        return false;
  return true;
}

static int by_hash(const void *x, const void *y) {
  const HashedParam *a = x, *b = y;
  if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
  return a->param->imm < b->param->imm ? -1 : 1;
}

/* Registers that hold one element several times are carried by a loop as one. */
static bool merge_equal_params(LLFunc *f) {
  bool changed = false;
  for (LLBlock *b = f->first; b; b = b->next) {
    Vec(HashedParam) params = {0};
    for (int p = 0; p < b->nparams; p++)
      if (!b->params[p]->replaced) vec_push(f->module->cx, &params, hash_param(b->params[p]));
    if (params.len < 2) continue;
    qsort(params.at, params.len, sizeof *params.at, by_hash);
    for (uint32_t i = 1, first = 0; i < params.len; i++) {
      LLInst *x = params.at[first].param, *y = params.at[i].param;
      if (params.at[first].hash == params.at[i].hash && is_equal_param(x, y))
        y->replaced = x, changed = true;
      else
        first = i;
    }
  }
  if (changed) ll_apply_replacements(f);
  return changed;
}

static bool merge_lines(LLFunc *f) {
  bool changed = false;
  for (LLBlock *b = f->first; b; b = b->next)
    for (;;) {
      LLInst *t = b->last;
      LLBlock *to = t->op == LL_BR ? t->succ[0] : NULL;
      if (!to || to == b || to->npreds != 1 || to == f->first) break;
      for (int p = 0; p < to->nparams; p++)
        if (!to->params[p]->replaced) to->params[p]->replaced = t->args[p];
      ll_remove(t);
      for (LLInst *i = to->first, *next; i; i = next) {
        next = i->next;
        ll_remove(i);
        ll_insert(i, b, NULL);
      }
      if (to->prev) to->prev->next = to->next;
      if (to->next)
        to->next->prev = to->prev;
      else
        f->last = to->prev;
      changed = true;
    }
  if (changed) ll_apply_replacements(f);
  return changed;
}

bool ll_simplify_cfg(LLFunc *f) {
  bool changed = false;
  for (;;) {
    bool again = fold_branches(f);
    ll_analyze(f);
    again |= drop_trivial_params(f);
    again |= merge_equal_params(f);
    again |= ll_dce(f);
    again |= merge_lines(f);
    ll_analyze(f);
    if (!again) return changed;
    changed = true;
  }
}
