/* verify.c: checks a function: types, operand counts against the signatures, dominance, terminators,
 * edges. */
#include "ll/internal.h"

#include <string.h>

typedef struct Check {
  Ctx *cx;
  LLFunc *f;
  const char *error;
} Check;

static bool fail(Check *c, const LLInst *i, const char *what) {
  if (c->error) return false;
  Buf b = {.cx = c->cx};
  buf_printf(&b, "%s in %s: %s", ll_info(i)->id, c->f->name, what);
  c->error = buf_text(&b);
  return false;
}

static bool matches(char letter, const LLType *t) {
  switch (letter) {
  case 'v': return t == &ll_void;
  case 'b': return t == &ll_i1;
  case 'h': return t == &ll_i16;
  case 'i': return t == &ll_i32;
  case 'l': return t == &ll_i64;
  case 'f': return t == &ll_float;
  case 'd': return t == &ll_double;
  case 'H': return t == &ll_half;
  case 'X': return t == &ll_half2;
  case 'Y': return t == &ll_bfloat2;
  case 'p': return t == &ll_ptr;
  case 'g': return t == &ll_ptr_global;
  case 's': return t == &ll_ptr_shared;
  case 'F': return ll_is_float(ll_scalar(t));
  case 'N': return ll_is_int(t) && t->bits >= 8;
  default: return true;
  }
}

static bool check_signature(Check *c, const LLInst *i) {
  const char *s = ll_info(i)->signature, *at = s + 2;
  if (!matches(s[0], i->type)) return fail(c, i, "wrong result type");
  int n = ll_normal_args(i), a = 0;
  for (; *at; at++) {
    if (*at == '?') {
      if (a == n) return true;
      continue;
    }
    if (a == n) return fail(c, i, "too few operands");
    if (!matches(*at, i->args[a]->type)) return fail(c, i, ctx_printf(c->cx, "operand %d has the wrong type", a));
    if ((*at == 'F' || *at == 'N') && i->args[a]->type != i->args[0]->type)
      return fail(c, i, "operands of different types");
    a++;
  }
  return a == n || fail(c, i, "too many operands");
}

static bool check_mma(Check *c, const LLInst *i) {
  const LLMmaInfo *m = &ll_mma[i->mods.variant];
  if (i->op == LL_MMA) {
    if (m->k) return fail(c, i, "a variant of wgmma");
    if (ll_nregs(i->args[0]->type) != m->a || ll_nregs(i->args[1]->type) != m->b ||
        ll_nregs(i->args[2]->type) != m->c || i->args[2]->type != i->type)
      return fail(c, i, "wrong number of registers");
    return true;
  }
  if (!m->k) return fail(c, i, "a variant of mma.sync");
  int regs = (int)i->imm / (m->ctype == &ll_half2 ? 4 : 2);
  if (i->imm % 8 || i->imm < 8 || i->imm > 256) return fail(c, i, "n is not a multiple of 8 up to 256");
  if (i->type != i->args[0]->type || ll_nregs(i->type) != regs) return fail(c, i, "the accumulator has the wrong size");
  if (i->args[1]->type != &ll_i64 && ll_nregs(i->args[1]->type) != 4)
    return fail(c, i, "a is neither a descriptor nor 4 registers");
  return true;
}

static bool check_types(Check *c, const LLInst *i) {
  const LLType *t = i->type, *a = i->nargs > 0 ? i->args[0]->type : NULL, *b = i->nargs > 1 ? i->args[1]->type : NULL;
  if (i->op >= LL_FIRST_INTRINSIC) {
    if (!check_signature(c, i)) return false;
    return i->op == LL_MMA || i->op == LL_WGMMA ? check_mma(c, i) : true;
  }
  if (i->op >= LL_ADD && i->op <= LL_ASHR)
    return (a == t && b == t && ll_is_int(ll_scalar(t))) || fail(c, i, "operand types");
  if (i->op >= LL_FADD && i->op <= LL_FREM)
    return (a == t && b == t && ll_is_float(ll_scalar(t))) || fail(c, i, "operand types");
  if (i->op == LL_ICMP || i->op == LL_FCMP) return (a == b && t == &ll_i1) || fail(c, i, "operand types");
  if (i->op == LL_SELECT) return (a == &ll_i1 && b == t && i->args[2]->type == t) || fail(c, i, "operand types");
  if (i->op == LL_BITCAST)
    return (a->kind != LLK_STRUCT && t->kind != LLK_STRUCT && a->bits == t->bits) || fail(c, i, "sizes differ");
  if (i->op == LL_TRUNC) return a->bits > t->bits || fail(c, i, "does not narrow");
  if (i->op == LL_ZEXT || i->op == LL_SEXT) return a->bits < t->bits || fail(c, i, "does not widen");
  if (i->op == LL_PTRADD)
    return (ll_is_ptr(t) && a == t && (i->nargs == 1 || (b == ll_int(t->bits) && i->imm == 0))) ||
           fail(c, i, "operand types");
  if (i->op == LL_EXTRACT) return (i->imm < a->n && ll_field(a, (int)i->imm) == t) || fail(c, i, "no such element");
  if (i->op == LL_BUILD) {
    bool ok = t->kind >= LLK_VECTOR && i->nargs == t->n;
    for (int e = 0; ok && e < i->nargs; e++) ok = i->args[e]->type == ll_field(t, e);
    return ok || fail(c, i, "operand types");
  }
  if (i->op >= LL_LOAD && i->op <= LL_CMPXCHG) {
    const LLType *moved = i->op == LL_STORE ? b : t;
    if (!ll_is_ptr(a)) return fail(c, i, "no pointer");
    if (moved == &ll_i1 || moved->kind == LLK_STRUCT || ll_type_bytes(moved) > 16)
      return fail(c, i, "a type that cannot be moved");
  }
  if (i->mods.flags & LLF_PRED && (i->op == LL_LOAD || i->op >= LL_STORE) && i->op <= LL_CMPXCHG)
    return i->args[i->nargs - 1]->type == &ll_i1 || fail(c, i, "the predicate is not an i1");
  return true;
}

/* `data` holds an instruction's place in its block while a function is verified. */
static bool is_before(const LLInst *a, const LLInst *b) { return (intptr_t)a->data < (intptr_t)b->data; }

static bool check_dominance(Check *c, const LLInst *i) {
  for (int a = 0; a < i->nargs; a++) {
    const LLInst *v = i->args[a];
    if (!v->block) continue;
    if (v->block != i->block ? !ll_dominates(v->block, i->block) : v->op != LL_BLOCKPARAM && !is_before(v, i))
      return fail(c, i, "an operand does not dominate its use");
  }
  return true;
}

static bool check_edges(Check *c, const LLInst *t) {
  for (int s = 0; s < ll_nsucc(t); s++) {
    int n;
    LLInst **args = ll_edge_args(t, s, &n);
    if (n != t->succ[s]->nparams) return fail(c, t, "wrong number of block arguments");
    for (int a = 0; a < n; a++)
      if (args[a]->type != t->succ[s]->params[a]->type) return fail(c, t, "a block argument of the wrong type");
  }
  if (t->op == LL_CONDBR && t->succ[0] == t->succ[1] && t->succ[0]->nparams)
    return fail(c, t, "two edges to one block with parameters");
  return true;
}

const char *ll_verify(Ctx *cx, LLFunc *f) {
  Check c = {.cx = cx, .f = f};
  for (LLBlock *b = f->first; b; b = b->next)
    if (!b->last || !ll_is(b->last, LLE_TERMINATOR))
      return ctx_printf(cx, "%s: block %u has no terminator", f->name, b->id);
  ll_analyze(f);
  intptr_t place = 0;
  for (LLBlock *b = f->first; b; b = b->next)
    for (LLInst *i = b->first; i; i = i->next) i->data = (void *)place++;
  for (LLBlock *b = f->first; b && !c.error; b = b->next)
    for (LLInst *i = b->first; i && !c.error; i = i->next) {
      if (ll_is(i, LLE_TERMINATOR) != (i == b->last)) fail(&c, i, "a terminator in the middle of its block");
      if (check_types(&c, i) && check_dominance(&c, i)) check_edges(&c, i);
    }
  return c.error;
}
