/* expand.c: PTX text of one instruction from its template, for the PTX printer and for inline assembly in LLVM IR; and
 * the compute capability and PTX version that an instruction needs.
 *
 * The parts in $(…) are a table of names and small functions below.
 */
#include "ll/internal.h"

#include <assert.h>
#include <string.h>

int ll_normal_args(const LLInst *i) {
  int n = i->nargs;
  if (i->mods.flags & LLF_PRED) n -= i->type->kind == LLK_VOID ? 1 : 2;
  bool may_have_policy = i->op == LL_LOAD || i->op == LL_STORE || i->op == LL_CP_ASYNC;
  if (may_have_policy && (i->mods.flags & LLF_POLICY)) n--;
  return n;
}

LLInst *ll_predicate_of(const LLInst *i) { return i->mods.flags & LLF_PRED ? i->args[i->nargs - 1] : NULL; }

static const char *space_text(const LLInst *ptr) {
  static const char *const names[] = {"", ".global", "", ".shared", ".const", ".local"};
  return names[ptr->type->space];
}

/* ---- the parts --------------------------------------------------------------------------------------------------- */

/* The value whose type decides: what is stored, or the result. */
static const LLType *moved_type(const LLInst *i) { return i->op == LL_STORE ? i->args[1]->type : i->type; }

static void part_fty(LLExpand *e) {
  const LLType *t = e->inst->type;
  static const char *const names[] = {"f16", "bf16", "f32", "f64"};
  buf_puts(e->out, names[ll_scalar(t)->kind - LLK_HALF]);
  if (t->kind == LLK_VECTOR) buf_puts(e->out, "x2");
}
static void part_w(LLExpand *e) { buf_printf(e->out, "%d", e->inst->type->bits); }
static void part_space(LLExpand *e) { buf_puts(e->out, space_text(e->inst->args[0])); }

static void part_cache(LLExpand *e) {
  static const char *const names[] = {"", ".ca", ".cg", ".cs", ".lu", ".cv", ".wb", ".wt"};
  buf_puts(e->out, names[e->inst->mods.cache]);
}
static void part_evict(LLExpand *e) {
  static const char *const names[] = {
      "", ".L1::evict_normal", ".L1::evict_unchanged", ".L1::evict_first", ".L1::evict_last", ".L1::no_allocate"};
  buf_puts(e->out, names[e->inst->mods.evict]);
}
static void part_order(LLExpand *e) {
  static const char *const names[] = {"", ".relaxed", ".acquire", ".release", ".acq_rel", ".sc"};
  buf_puts(e->out, names[e->inst->mods.sem]);
}
static void part_scope(LLExpand *e) {
  static const char *const names[] = {".gpu", ".cta", ".sys", ".cluster"};
  if (e->inst->mods.sem != LLS_NONE) buf_puts(e->out, names[e->inst->mods.scope]);
}
static void part_volatile(LLExpand *e) {
  if (e->inst->mods.flags & LLF_VOLATILE) buf_puts(e->out, ".volatile");
}
static void part_nc(LLExpand *e) {
  if ((e->inst->mods.flags & LLF_INVARIANT) && e->inst->args[0]->type->space == 1) buf_puts(e->out, ".nc");
}
/* .v4.b32: how many registers of what width move; of less than 16 bits: that. */
static void part_vec(LLExpand *e) {
  const LLType *t = moved_type(e->inst);
  int n = ll_nregs(t);
  if (n > 1) buf_printf(e->out, ".v%d", n);
  buf_printf(e->out, ".b%d", n == 1 ? t->bits : ll_reg_bits(t, 0));
}
static void part_hint(LLExpand *e) {
  if (e->inst->mods.flags & LLF_POLICY) buf_puts(e->out, ".L2::cache_hint");
}
static void part_policy(LLExpand *e) {
  if (!(e->inst->mods.flags & LLF_POLICY)) return;
  buf_puts(e->out, ", ");
  e->operand(e, ll_normal_args(e->inst));
}
static void part_trans(LLExpand *e) {
  if (e->inst->mods.flags & LLF_TRANS) buf_puts(e->out, ".trans");
}
static void part_mma(LLExpand *e) { buf_puts(e->out, ll_mma[e->inst->mods.variant].text); }
static void part_wgtail(LLExpand *e) {
  const LLMmaInfo *m = &ll_mma[e->inst->mods.variant];
  unsigned flags = e->inst->mods.flags;
  if (m->tail != 'i') buf_puts(e->out, ", 1, 1");
  if (m->tail == 't' && e->inst->args[1]->type == &ll_i64) buf_printf(e->out, ", %d", (flags & LLF_TRANS_A) != 0);
  if (m->tail == 't') buf_printf(e->out, ", %d", (flags & LLF_TRANS) != 0);
}
/* .cg moves 16 bytes past the first-level cache; .ca any size. */
static void part_cpcache(LLExpand *e) {
  buf_puts(e->out, e->inst->mods.variant == 16 && e->inst->mods.cache != LLC_CA ? "cg" : "ca");
}
static void part_zfill(LLExpand *e) {
  if (ll_normal_args(e->inst) < 3) return;
  buf_puts(e->out, ", ");
  e->operand(e, 2);
}
static const char *const rmw_names[LLR_RMWS] = {"exch", "add", "and", "or", "xor", "max", "min", "max", "min", "add"};
static void part_reduction(LLExpand *e) { buf_puts(e->out, rmw_names[e->inst->mods.rmw]); }
/* What atom does, and on what: ".add.u32", ".add.noftz.f16x2", ".min.s64", ".exch.b32", ".global.v4.f32.add". */
static void part_rmw(LLExpand *e) {
  const LLInst *i = e->inst;
  const LLType *t = i->type, *s = ll_scalar(t);
  bool packed = t->kind == LLK_VECTOR && s->bits == 16;
  bool wide = t->kind == LLK_VECTOR && t->n > (packed ? 2 : 1);
  LLRmw op = (LLRmw)i->mods.rmw;
  if (wide) buf_printf(e->out, ".v%d", ll_nregs(t));
  if (!wide) buf_printf(e->out, ".%s", rmw_names[op]);
  char kind = op == LLR_FADD ? 'f' : op == LLR_MAX || op == LLR_MIN ? 's' : op == LLR_ADD || op >= LLR_UMAX ? 'u' : 'b';
  if (s->bits == 16 && op == LLR_FADD && !wide) buf_puts(e->out, ".noftz");
  if (kind == 'f' && s->kind == LLK_BFLOAT)
    buf_puts(e->out, ".bf16");
  else
    buf_printf(e->out, ".%c%d", kind, s->bits);
  if (packed) buf_puts(e->out, "x2");
  if (wide) buf_printf(e->out, ".%s", rmw_names[op]);
  if (wide && packed) buf_puts(e->out, ".noftz");
}
static void part_width_of_value(LLExpand *e) { buf_printf(e->out, "%d", e->inst->args[1]->type->bits); }

static const struct Part {
  const char *name;
  void (*put)(LLExpand *e);
} parts[] = {
    {"fty", part_fty},
    {"w", part_w},
    {"space", part_space},
    {"cache", part_cache},
    {"evict", part_evict},
    {"order", part_order},
    {"volatile", part_volatile},
    {"nc", part_nc},
    {"vec", part_vec},
    {"hint", part_hint},
    {"policy", part_policy},
    {"trans", part_trans},
    {"mma", part_mma},
    {"wgtail", part_wgtail},
    {"cpcache", part_cpcache},
    {"zfill", part_zfill},
    {"rmw", part_rmw},
    {"reduction", part_reduction},
    {"valuew", part_width_of_value},
    {"scope", part_scope},
};

static int operand_regs(const LLInst *i, int index) { return ll_nregs(index < 0 ? i->type : i->args[index]->type); }

static void put_operand(LLExpand *e, char c, bool braced) {
  int index = c == 'd' ? -1 : c - '0';
  braced = braced && operand_regs(e->inst, index) > 1;
  if (braced) buf_putc(e->out, '{');
  e->braces += braced;
  e->operand(e, index);
  e->braces -= braced;
  if (braced) buf_putc(e->out, '}');
}

static const char *put_part(LLExpand *e, const char *name) {
  size_t n = strcspn(name, ")");
  for (size_t p = 0; p < COUNT(parts); p++)
    if (strlen(parts[p].name) == n && memcmp(parts[p].name, name, n) == 0) {
      parts[p].put(e);
      return name + n + 1;
    }
  assert(!"a part that no table knows");
  return name + n + 1;
}

void ll_expand(LLExpand *e, const char *text) {
  while (*text) {
    size_t n = strcspn(text, "$");
    buf_write(e->out, text, n);
    for (size_t c = 0; c < n; c++) e->braces += (text[c] == '{') - (text[c] == '}');
    text += n;
    if (!*text) return;
    char c = *++text;
    text++;
    if (c == '(') {
      text = put_part(e, text);
    } else if (c == '=' || c == '!') {
      put_operand(e, *text++, c == '=');
    } else if (c == 'o') {
      if (e->inst->imm) buf_printf(e->out, "+%lld", (long long)e->inst->imm);
    } else if (c == 'n') {
      buf_printf(e->out, "%lld", (long long)e->inst->imm);
    } else if (c == 'v') {
      buf_printf(e->out, "%d", e->inst->mods.variant);
    } else {
      put_operand(e, c, false);
    }
  }
}

/* The qualifiers of atomics are in the order that the reference prints, which the assembler takes as well. Where
 * the old value is unused, it turns an atom into a RED by itself. */
const char *ll_memory_text(const LLInst *i) {
  switch (i->op) {
  case LL_LOAD: return "ld$(order)$(scope)$(volatile)$(space)$(cache)$(nc)$(evict)$(hint)$(vec) $=d, [$0$o]$(policy);";
  case LL_STORE: return "st$(order)$(scope)$(volatile)$(space)$(cache)$(evict)$(hint)$(vec) [$0$o], $=1$(policy);";
  case LL_ATOMIC: return "atom$(space)$(scope)$(order)$(rmw) $=d, [$0$o], $=1;";
  case LL_CMPXCHG: return "atom$(space)$(order)$(scope).cas.b$(valuew) $d, [$0$o], $1, $2;";
  default: return "fence$(order)$(scope);";
  }
}

/* ---- requirements ------------------------------------------------------------------------------------------------ */

static void at_least(int *sm, int *ptx, int need_sm, int need_ptx) {
  if (need_sm > *sm) *sm = need_sm;
  if (need_ptx > *ptx) *ptx = need_ptx;
}

static void memory_requirements(const LLInst *i, int *sm, int *ptx) {
  if (i->mods.evict) at_least(sm, ptx, 70, 74);
  if (i->mods.flags & LLF_POLICY) at_least(sm, ptx, 80, 74);
  if (i->mods.sem) at_least(sm, ptx, 70, 60);
  if (i->mods.scope == LLSC_CLUSTER && i->mods.sem) at_least(sm, ptx, 90, 78);
  if (i->op != LL_ATOMIC) return;
  const LLType *s = ll_scalar(i->type);
  if (i->mods.rmw == LLR_FADD && s->kind == LLK_HALF) at_least(sm, ptx, 70, 63);
  if (s->kind == LLK_BFLOAT) at_least(sm, ptx, 90, 78);
  if (i->type->kind == LLK_VECTOR && ll_nregs(i->type) > 1) at_least(sm, ptx, 90, 81);
}

void ll_requirements(const LLInst *i, int *sm, int *ptx) {
  const LLOpInfo *info = ll_info(i);
  *sm = info->sm;
  *ptx = info->ptx;
  if (i->op == LL_MMA || i->op == LL_WGMMA) at_least(sm, ptx, ll_mma[i->mods.variant].sm, ll_mma[i->mods.variant].ptx);
  if (i->op == LL_LOAD || i->op == LL_STORE || i->op == LL_ATOMIC || i->op == LL_CMPXCHG || i->op == LL_FENCE)
    memory_requirements(i, sm, ptx);
  if (i->op < LL_FADD) return;
  const LLType *t = ll_scalar(i->op == LL_FCMP ? i->args[0]->type : i->type);
  if (t->kind == LLK_BFLOAT) {
    bool native = i->op == LL_FADD || i->op == LL_FSUB || i->op == LL_FMUL || i->op == LL_FCMP;
    bool some = i->op == LL_FMA || i->op == LL_FNEG || i->op == LL_FABS || i->op == LL_FMIN || i->op == LL_FMAX ||
                i->op == LL_FPTRUNC;
    if (native)
      at_least(sm, ptx, 90, 78);
    else if (some)
      at_least(sm, ptx, 80, 70);
  }
  if (t->kind == LLK_HALF && (i->op == LL_FMIN || i->op == LL_FMAX)) at_least(sm, ptx, 80, 70);
}
