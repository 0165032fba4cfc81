/* func.c: modules, functions, blocks and instructions; value numbering's table.
 *
 * The table holds every pure instruction and every value without a block by a hash of all that it is. An entry may
 * stand for a new instruction when its block dominates the place of insertion. Blocks know their immediate dominator
 * from birth, so that the test is a short walk up the tree.
 */
#include "ll/internal.h"

#include <assert.h>
#include <string.h>

LLModule *ll_module_new(Ctx *cx, const char *name) {
  LLModule *m = NEW(cx, LLModule);
  *m = (LLModule){.cx = cx, .name = name, .shared_align = 16};
  return m;
}

LLGlobal *ll_global_bytes(LLModule *m, const void *bytes, size_t len) {
  LLGlobal **at = &m->globals;
  int n = 0;
  for (; *at; at = &(*at)->next, n++)
    if ((*at)->len == len && memcmp((*at)->bytes, bytes, len) == 0) return *at;
  LLGlobal *g = NEW(m->cx, LLGlobal);
  *g = (LLGlobal){.name = ctx_printf(m->cx, "const_%d", n), .bytes = ctx_copy(m->cx, bytes, len), .len = len};
  return *at = g;
}

static uint64_t param_zeros(const LLParam *p) {
  uint64_t zeros = ~ll_mask(p->type->bits);
  if (p->align > 1) zeros |= (uint64_t)(p->align & -p->align) - 1;
  return zeros;
}

LLFunc *ll_func_new(LLModule *m, const char *name, const LLParam *params, int nparams) {
  LLFunc *f = NEW(m->cx, LLFunc);
  *f = (LLFunc){.module = m, .name = ctx_strndup(m->cx, name, strlen(name)), .nparams = nparams};
  f->params = ctx_copy(m->cx, params, (size_t)nparams * sizeof *params);
  for (int i = 0; i < nparams; i++) {
    LLParam *p = &f->params[i];
    if (!p->name) p->name = ctx_printf(m->cx, "arg%d", i);
    p->value = ll_pooled(f, &(LLKey){.op = LL_PARAM, .type = p->type, .imm = i});
    if (ll_is_int(p->type) || ll_is_ptr(p->type)) p->value->zeros = param_zeros(p);
  }
  if (m->last)
    m->last->next = f;
  else
    m->first = f;
  m->last = f;
  ll_block_new(f, NULL);
  return f;
}

static void link_block_last(LLBlock *block) {
  LLFunc *f = block->func;
  block->prev = f->last;
  block->next = NULL;
  if (f->last)
    f->last->next = block;
  else
    f->first = block;
  f->last = block;
}

/* `skip` leads to a dominator farther up, at distances that grow as the numbers do whose digits are 2^k - 1 (Myers, "An
 * applicative random-access stack"): any height is reached in logarithmically many steps. */
void ll_set_idom(LLBlock *block, LLBlock *idom) {
  block->idom = idom;
  block->depth = idom ? idom->depth + 1 : 0;
  block->skip = idom;
  if (!idom || !idom->skip || !idom->skip->skip) return;
  LLBlock *far = idom->skip;
  if (idom->depth - far->depth == far->depth - far->skip->depth) block->skip = far->skip;
}

LLBlock *ll_block_new(LLFunc *f, LLBlock *idom) {
  LLBlock *block = NEW(f->module->cx, LLBlock);
  *block = (LLBlock){.func = f, .id = f->next_block++};
  ll_set_idom(block, idom);
  link_block_last(block);
  return block;
}

void ll_block_move_last(LLBlock *block) {
  LLFunc *f = block->func;
  if (f->last == block) return;
  if (block->prev)
    block->prev->next = block->next;
  else
    f->first = block->next;
  block->next->prev = block->prev;
  link_block_last(block);
}

LLInst *ll_block_param(LLBlock *block, const LLType *type) {
  LLInst *p = ll_inst_new(block->func, &(LLKey){.op = LL_BLOCKPARAM, .type = type, .imm = block->nparams});
  p->block = block;
  uint32_t cap = (uint32_t)block->param_cap;
  block->params =
      vec_room(block->func->module->cx, block->params, (uint32_t)block->nparams, &cap, sizeof *block->params);
  block->param_cap = (int)cap;
  block->params[block->nparams++] = p;
  return p;
}

bool ll_dominates(const LLBlock *a, const LLBlock *b) {
  while (b && b->depth > a->depth) b = b->skip->depth >= a->depth ? b->skip : b->idom;
  return a == b;
}

LLInst **ll_edge_args(const LLInst *t, int i, int *n) {
  if (t->op == LL_BR) {
    *n = t->nargs;
    return t->args;
  }
  *n = i == 0 ? t->nfirst : t->nargs - 1 - t->nfirst;
  return t->args + 1 + (i == 0 ? 0 : t->nfirst);
}

bool ll_is_pure(const LLInst *i) {
  if (i->op == LL_ASM) return ((const LLAsm *)i->ref)->pure;
  if (i->op == LL_LOAD) return (i->mods.flags & LLF_INVARIANT) != 0;
  return ll_is(i, LLE_PURE);
}

/* ---- instructions and the table ---------------------------------------------------------------------------------- */

static uint64_t hash_key(const LLKey *k) {
  struct {
    uint64_t op, imm, mods;
    const void *type, *ref;
  } head = {.op = (uint64_t)k->op, .imm = (uint64_t)k->imm, .type = k->type, .ref = k->ref};
  memcpy(&head.mods, &k->mods, sizeof head.mods);
  uint64_t h = hash_bytes(&head, sizeof head, 0);
  for (int i = 0; i < k->nargs; i++) h = (h ^ k->args[i]->id) * UINT64_C(0x9e3779b97f4a7c15) ^ h >> 29;
  return h ^ h >> 32;
}

static bool same_key(const LLInst *i, const LLKey *k) {
  return i->op == k->op && i->type == k->type && i->imm == k->imm && i->ref == k->ref && i->nargs == k->nargs &&
         memcmp(&i->mods, &k->mods, sizeof k->mods) == 0 &&
         (k->nargs == 0 || memcmp(i->args, k->args, (size_t)k->nargs * sizeof *k->args) == 0);
}

LLInst *ll_inst_new(LLFunc *f, const LLKey *k) {
  Ctx *cx = f->module->cx;
  LLInst *i = NEW(cx, LLInst);
  *i = (LLInst){.op = k->op, .type = k->type, .mods = k->mods, .imm = k->imm, .ref = k->ref, .nargs = k->nargs};
  if (k->nargs) i->args = ctx_copy(cx, k->args, (size_t)k->nargs * sizeof *k->args);
  i->id = f->next_id++;
  i->zeros = ll_known_zeros(i);
  if (i->op == LL_TID_X && is_pow2(f->threads)) i->zeros |= ~(uint64_t)(f->threads - 1);
  return i;
}

static void grow_table(LLFunc *f) {
  uint32_t cap = f->table_cap ? f->table_cap * 2 : 256;
  LLInst **table = NEWN(f->module->cx, LLInst *, cap);
  for (uint32_t s = 0; s < f->table_cap; s++)
    for (LLInst *i = f->table[s], *next; i; i = next) {
      next = i->same_hash;
      i->same_hash = table[i->hash & (cap - 1)];
      table[i->hash & (cap - 1)] = i;
    }
  f->table = table;
  f->table_cap = cap;
}

static void put_hashed(LLFunc *f, LLInst *i, uint64_t hash) {
  if (f->table_len >= f->table_cap) grow_table(f);
  i->hash = hash;
  i->same_hash = f->table[hash & (f->table_cap - 1)];
  f->table[hash & (f->table_cap - 1)] = i;
  f->table_len++;
}

/* Values without a block outlive a reset of the table; instructions do not. */
void ll_forget_values(LLFunc *f) {
  if (f->table_cap) memset(f->table, 0, f->table_cap * sizeof *f->table);
  f->table_len = 0;
  for (LLInst *i = f->consts; i; i = i->next) put_hashed(f, i, i->hash);
}

LLInst *ll_pooled(LLFunc *f, const LLKey *k) {
  uint64_t hash = hash_key(k);
  if (f->table_cap)
    for (LLInst *i = f->table[hash & (f->table_cap - 1)]; i; i = i->same_hash)
      if (i->hash == hash && same_key(i, k)) return i;
  LLInst *i = ll_inst_new(f, k);
  i->next = f->consts;
  f->consts = i;
  put_hashed(f, i, hash);
  return i;
}

/* May `i`, equal to the requested instruction, be used at the builder's place? */
static bool available(const LLBuilder *b, const LLInst *i) {
  if (!i->block) return true;
  if (i->block == b->block) return b->before == NULL;
  if (ll_is(i, LLE_CONVERGENT)) return false;
  return ll_dominates(i->block, b->block);
}

static bool is_numbered(const LLKey *k) {
  if (k->op == LL_LOAD) return (k->mods.flags & LLF_INVARIANT) != 0;
  if (k->op == LL_ASM) return ((const LLAsm *)k->ref)->pure;
  return (ll_ops[k->op].effects & LLE_PURE) != 0;
}

LLInst *ll_emit(LLBuilder *b, const LLKey *k) {
  bool numbered = is_numbered(k);
  uint64_t hash = numbered ? hash_key(k) : 0;
  if (numbered && b->func->table_cap)
    for (LLInst *i = b->func->table[hash & (b->func->table_cap - 1)]; i; i = i->same_hash)
      if (i->hash == hash && same_key(i, k) && available(b, i)) return i;
  LLInst *i = ll_inst_new(b->func, k);
  i->loc = b->loc;
  ll_insert(i, b->block, b->before);
  if (numbered) put_hashed(b->func, i, hash);
  return i;
}

/* ---- changing ---------------------------------------------------------------------------------------------------- */

void ll_insert(LLInst *i, LLBlock *block, LLInst *before) {
  i->block = block;
  i->next = before;
  i->prev = before ? before->prev : block->last;
  if (i->prev)
    i->prev->next = i;
  else
    block->first = i;
  if (before)
    before->prev = i;
  else
    block->last = i;
}

void ll_remove(LLInst *i) {
  if (i->prev)
    i->prev->next = i->next;
  else
    i->block->first = i->next;
  if (i->next)
    i->next->prev = i->prev;
  else
    i->block->last = i->prev;
  i->prev = i->next = NULL;
}

void ll_move(LLInst *i, LLBlock *block, LLInst *before) {
  ll_remove(i);
  ll_insert(i, block, before);
}

void ll_replace(LLInst *i, LLInst *by) {
  assert(i != by && i->type == by->type);
  i->replaced = by;
}

static LLInst *final_value(LLInst *i) {
  while (i->replaced) i = i->replaced;
  return i;
}

void ll_apply_replacements(LLFunc *f) {
  for (LLBlock *b = f->first; b; b = b->next)
    for (LLInst *i = b->first, *next; i; i = next) {
      next = i->next;
      if (i->replaced) {
        ll_remove(i);
        continue;
      }
      for (int a = 0; a < i->nargs; a++) i->args[a] = final_value(i->args[a]);
    }
  ll_forget_values(f);
}

void ll_count_uses(LLFunc *f) {
  for (LLInst *i = f->consts; i; i = i->next) i->uses = 0;
  for (LLBlock *b = f->first; b; b = b->next) {
    for (int p = 0; p < b->nparams; p++) b->params[p]->uses = 0;
    for (LLInst *i = b->first; i; i = i->next) i->uses = 0;
  }
  for (LLBlock *b = f->first; b; b = b->next)
    for (LLInst *i = b->first; i; i = i->next)
      for (int a = 0; a < i->nargs; a++) i->args[a]->uses++;
}

void ll_renumber(LLFunc *f) {
  uint32_t id = 0, block = 0;
  for (LLInst *i = f->consts; i; i = i->next) i->id = id++;
  for (LLBlock *b = f->first; b; b = b->next) {
    b->id = block++;
    for (int p = 0; p < b->nparams; p++) b->params[p]->id = id++;
    for (LLInst *i = b->first; i; i = i->next) i->id = id++;
  }
  f->next_id = id;
  f->next_block = block;
  ll_forget_values(f);
}
