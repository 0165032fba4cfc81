/* ptx_regs.c: out of SSA form.
 *
 * PTX has registers without number, but every move between them that the assembler cannot remove costs, and wgmma's
 * accumulators must not be moved at all between asynchronous steps. So:
 *
 *   1. Values that are only other values' registers in another order (EXTRACT and BUILD of structs and wide vectors, bit
 *      casts of one width) get none: they are aliases of their roots' registers.
 *   2. Roots that want the same registers are joined into classes where their live ranges allow: a block parameter with
 *      the arguments of its edges, the result of a tied instruction with its first operand.
 *   3. What could not be joined becomes a move: on the edge (as a parallel copy), or before the tied instruction.
 *
 * Two roots interfere when one is live where the other is defined (Chaitin; Budimlić et al., PLDI 2002). Live sets are
 * bit sets over roots; a use through an alias is a use of the roots behind it. Positions within a block are doubled: an
 * operand is read at 2k, the result written at 2k, but the operands of an instruction that writes before it has read
 * all (tied, predicated, several machine instructions) are read at 2k+1.
 */
#include "nvidia/ptx_internal.h"

#include <string.h>

static bool same_widths(const LLType *a, const LLType *b) {
  int n = ll_nregs(a);
  if (n != ll_nregs(b)) return false;
  for (int i = 0; i < n; i++)
    if (ll_reg_bits(a, i) != ll_reg_bits(b, i)) return false;
  return true;
}

/* Is a part of `t` a register or several whole ones? */
static bool parts_are_registers(const LLType *t) {
  return t->kind == LLK_STRUCT || (t->kind == LLK_VECTOR && t->elem->bits >= 32);
}

bool ptx_is_alias(const LLInst *i) {
  switch (i->op) {
  case LL_BITCAST:
  case LL_PTRTOINT:
  case LL_INTTOPTR: return same_widths(i->type, i->args[0]->type);
  case LL_EXTRACT: return parts_are_registers(i->args[0]->type);
  case LL_BUILD: return parts_are_registers(i->type);
  default: return false;
  }
}

static PtxValue *value_new(Ptx *p, LLInst *i) {
  PtxValue *v = NEW(p->cx, PtxValue);
  v->inst = i;
  v->ncomps = ll_nregs(i->type);
  v->comps = NEWN(p->cx, Comp, v->ncomps);
  i->data = v;
  return v;
}

static void make_root(Ptx *p, LLInst *i) {
  PtxValue *v = value_new(p, i);
  v->is_root = true;
  v->leader = v;
  v->number = p->nroots++;
  for (int c = 0; c < v->ncomps; c++) v->comps[c] = (Comp){i, c};
}

static void make_alias(Ptx *p, LLInst *i) {
  PtxValue *v = value_new(p, i);
  int at = 0;
  if (i->op == LL_EXTRACT)
    for (int f = 0; f < (int)i->imm; f++) at += ll_nregs(ll_field(i->args[0]->type, f));
  if (i->op == LL_BUILD) {
    for (int a = 0; a < i->nargs; a++) {
      PtxValue *part = ptx_value(i->args[a]);
      for (int c = 0; c < part->ncomps; c++) v->comps[at++] = part->comps[c];
    }
  } else {
    memcpy(v->comps, ptx_value(i->args[0])->comps + at, (size_t)v->ncomps * sizeof *v->comps);
  }
}

/* Definitions come before uses in dominance order; the blocks' order in the list need not be one, so aliases are made
 * in reverse post-order of the dominator tree's depth. */
static void make_values(Ptx *p) {
  LLFunc *f = p->func;
  int deepest = 0;
  for (LLInst *i = f->consts; i; i = i->next) make_root(p, i);
  for (LLBlock *b = f->first; b; b = b->next) {
    if (b->depth > deepest) deepest = b->depth;
    for (int a = 0; a < b->nparams; a++) make_root(p, b->params[a]);
  }
  for (int d = 0; d <= deepest; d++)
    for (LLBlock *b = f->first; b; b = b->next) {
      if (b->depth != d) continue;
      for (LLInst *i = b->first; i; i = i->next) {
        if (ptx_is_alias(i))
          make_alias(p, i);
        else
          make_root(p, i);
      }
    }
}

/* ---- live ranges ------------------------------------------------------------------------------------------------- */

static bool get(const uint64_t *set, int n) { return set[n / 64] >> (n % 64) & 1; }
static void put(uint64_t *set, int n) { set[n / 64] |= UINT64_C(1) << (n % 64); }

static bool reads_late(const LLInst *i) {
  return ll_is(i, LLE_TIED) || ((i->mods.flags & LLF_PRED) && i->type->kind != LLK_VOID) || i->op == LL_ASM;
}

static void use(Ptx *p, const LLInst *v, const LLBlock *b, int position, uint64_t *upward, const uint64_t *defined) {
  PtxValue *x = ptx_value(v);
  LLInst *last = NULL;
  for (int c = 0; c < x->ncomps; c++) {
    LLInst *root = x->comps[c].root;
    if (root == last || !root->block) continue;
    last = root;
    PtxValue *r = ptx_value(root);
    vec_push(p->cx, &r->uses, ((LiveUse){b, position}));
    if (!get(defined, r->number)) put(upward, r->number);
  }
}

static void scan_block(Ptx *p, LLBlock *b, uint64_t *upward, uint64_t *defined) {
  int at = 0;
  for (int a = 0; a < b->nparams; a++) {
    put(defined, ptx_value(b->params[a])->number);
    ptx_value(b->params[a])->position = -1;
  }
  for (LLInst *i = b->first; i; i = i->next, at += 2) {
    PtxValue *v = ptx_value(i);
    bool late = reads_late(i);
    if (!v->is_root) continue;
    for (int a = 0; a < i->nargs; a++)
      use(p, i->args[a], b, at + (late && !(a == 0 && ll_is(i, LLE_TIED))), upward, defined);
    v->position = at;
    put(defined, v->number);
  }
}

static void find_live(Ptx *p) {
  LLFunc *f = p->func;
  uint32_t n = f->next_block;
  p->words = (p->nroots + 63) / 64;
  p->live_in = NEWN(p->cx, uint64_t *, n);
  p->live_out = NEWN(p->cx, uint64_t *, n);
  uint64_t **defined = NEWN(p->cx, uint64_t *, n);
  for (LLBlock *b = f->first; b; b = b->next) {
    p->live_in[b->id] = NEWN(p->cx, uint64_t, p->words);
    p->live_out[b->id] = NEWN(p->cx, uint64_t, p->words);
    defined[b->id] = NEWN(p->cx, uint64_t, p->words);
    scan_block(p, b, p->live_in[b->id], defined[b->id]);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (LLBlock *b = f->last; b; b = b->prev) {
      uint64_t *in = p->live_in[b->id], *out = p->live_out[b->id];
      for (int s = 0; s < ll_nsucc(b->last); s++)
        for (int w = 0; w < p->words; w++) out[w] |= p->live_in[b->last->succ[s]->id][w];
      for (int w = 0; w < p->words; w++) {
        uint64_t now = in[w] | (out[w] & ~defined[b->id][w]);
        changed |= now != in[w];
        in[w] = now;
      }
    }
  }
}

/* Is x live just after the definition of y? */
static bool live_behind(Ptx *p, const PtxValue *x, const PtxValue *y) {
  const LLBlock *b = y->inst->block;
  if (get(p->live_out[b->id], x->number) && (x->inst->block != b || x->position <= y->position)) return true;
  if (x->inst->block == b ? x->position > y->position : !get(p->live_in[b->id], x->number)) return false;
  if (x->inst->block == b && x->position == y->position) return x->uses.len > 0; /* parameters of one block */
  for (uint32_t u = 0; u < x->uses.len; u++)
    if (x->uses.at[u].block == b && x->uses.at[u].position > y->position) return true;
  return false;
}

/* ---- classes ----------------------------------------------------------------------------------------------------- */

PtxValue *ptx_leader(PtxValue *v) {
  while (v->leader != v) v = v->leader = v->leader->leader;
  return v;
}

static bool interfere(Ptx *p, PtxValue *a, PtxValue *b) {
  for (PtxValue *x = a; x; x = x->next_member)
    for (PtxValue *y = b; y; y = y->next_member)
      if (live_behind(p, x, y) || live_behind(p, y, x)) return true;
  return false;
}

static void try_join(Ptx *p, LLInst *into, const LLInst *value) {
  PtxValue *v = ptx_value(value);
  if (v->ncomps == 0) return;
  LLInst *root = v->comps[0].root;
  PtxValue *r = ptx_value(root);
  if (!root->block || r->ncomps != v->ncomps || !same_widths(into->type, root->type)) return;
  for (int c = 0; c < v->ncomps; c++)
    if (v->comps[c].root != root || v->comps[c].index != c) return;
  PtxValue *a = ptx_leader(ptx_value(into)), *b = ptx_leader(r);
  if (a == b || interfere(p, a, b)) return;
  b->leader = a;
  PtxValue *last = a;
  while (last->next_member) last = last->next_member;
  last->next_member = b;
}

static void join_classes(Ptx *p) {
  for (LLBlock *b = p->func->first; b; b = b->next)
    for (LLInst *i = b->first; i; i = i->next)
      if (ll_is(i, LLE_TIED)) try_join(p, i, i->args[0]);
  for (LLBlock *b = p->func->first; b; b = b->next)
    for (int s = 0; s < ll_nsucc(b->last); s++) {
      int n;
      LLInst **args = ll_edge_args(b->last, s, &n);
      for (int a = 0; a < n; a++) try_join(p, b->last->succ[s]->params[a], args[a]);
    }
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static int width_class(int bits) { return bits == 1 ? 0 : bits == 16 ? 1 : bits == 32 ? 2 : 3; }

int ptx_new_reg(Ptx *p, int bits) { return p->nregs[width_class(bits)]++; }

const char *ptx_reg_name(Ptx *p, int bits, int number) {
  static const char *const prefixes[] = {"%p", "%h", "%r", "%d"};
  return ctx_printf(p->cx, "%s%d", prefixes[width_class(bits)], number);
}

const char *ptx_reg(Ptx *p, Comp c) {
  PtxValue *v = ptx_leader(ptx_value(c.root));
  int bits = ll_reg_bits(c.root->type, c.index);
  if (!v->regs) {
    v->regs = NEWN(p->cx, int, v->ncomps);
    for (int i = 0; i < v->ncomps; i++) v->regs[i] = ptx_new_reg(p, ll_reg_bits(v->inst->type, i));
  }
  return ptx_reg_name(p, bits, v->regs[c.index]);
}

static bool is_data(const LLInst *i) { return i->type->kind == LLK_STRUCT || ll_is_float(ll_scalar(i->type)); }

/* The registers of what is in floating point, and of accumulators, where a chain of wgmma begins: its own, and of what was
 * computed before and is needed later. None of it can wait elsewhere, or be had from less. */
static int data_beside(Ptx *p, const PtxValue *chain, PtxValue *const *data, uint32_t n) {
  int sum = chain->ncomps;
  for (uint32_t k = 0; k < n; k++)
    if (data[k] != chain && live_behind(p, data[k], chain)) sum += data[k]->ncomps;
  return sum;
}

static int most_data(Ptx *p) {
  Vec(PtxValue *) data = {0}, chains = {0};
  int most = 0;
  for (LLBlock *b = p->func->first; b; b = b->next) {
    for (int a = 0; a < b->nparams; a++)
      if (is_data(b->params[a])) vec_push(p->cx, &data, ptx_value(b->params[a]));
    for (LLInst *i = b->first; i; i = i->next) {
      if (is_data(i) && ptx_value(i)->is_root) vec_push(p->cx, &data, ptx_value(i));
      if (i->op == LL_WGMMA && i->args[0]->op != LL_WGMMA) vec_push(p->cx, &chains, ptx_value(i));
    }
  }
  for (uint32_t k = 0; k < chains.len; k++) {
    int here = data_beside(p, chains.at[k], data.at, data.len);
    if (here > most) most = here;
  }
  return most;
}

void ptx_assign_registers(Ptx *p) {
  p->nroots = 0;
  make_values(p);
  find_live(p);
  join_classes(p);
  p->func->data_registers = most_data(p);
}

static bool reads_class(const LLInst *t, int s, PtxValue *leader) {
  int n;
  LLInst **args = ll_edge_args(t, s, &n);
  for (int a = 0; a < n; a++)
    for (int c = 0; c < ptx_value(args[a])->ncomps; c++)
      if (ptx_leader(ptx_value(ptx_value(args[a])->comps[c].root)) == leader) return true;
  return false;
}

bool ptx_move_is_private(Ptx *p, const LLInst *t, int s, const LLInst *param) {
  if (ll_nsucc(t) < 2) return true;
  PtxValue *leader = ptx_leader(ptx_value(param));
  if (reads_class(t, !s, leader)) return false;
  for (PtxValue *v = leader; v; v = v->next_member)
    if (get(p->live_in[t->succ[!s]->id], v->number)) return false;
  return true;
}
