/* ptx_emit.c: one instruction at a time: the templates of ptx.def and ll_intrinsics.def, and the few that a template
 * cannot say. */
#include "nvidia/ptx_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct Spelling {
  LLOp op;
  const char *types, *to, *text;
} spellings[] = {
#define P(op, types, text) {LL_##op, types, NULL, text},
#define C(op, from, to, text) {LL_##op, from, to, text},
#include "nvidia/ptx.def"
#undef P
#undef C
};

static char type_letter(const LLType *t) {
  if (t->kind == LLK_PTR) return t->bits == 64 ? 'p' : 'q';
  if (t == &ll_half2) return 'H';
  if (t == &ll_bfloat2) return 'B';
  return t->kind < LLK_PTR ? "v1csilhbfd"[t->kind] : '?';
}

void ptx_line(Ptx *p, const char *fmt, ...) {
  char text[512];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  buf_printf(p->out, "\t%s\n", text);
}

/* ---- operands ---------------------------------------------------------------------------------------------------- */

/* A constant's bits in one register. */
static uint64_t constant_bits(const LLInst *root, int bits) {
  uint64_t x = root->op == LL_CONST ? (uint64_t)root->imm : 0;
  const LLType *t = root->type;
  while (t->kind == LLK_STRUCT) t = t->elem; /* constant structs are of one type */
  if (t->kind == LLK_VECTOR)
    for (int w = t->elem->bits; w < bits; w *= 2) x |= x << w;
  return x;
}

/* What a move can take: a register or a number. */
static const char *move_source(Ptx *p, const LLInst *v, int index) {
  Comp c = ptx_value(v)->comps[index];
  if (c.root->op != LL_CONST && c.root->op != LL_UNDEF) return ptx_reg(p, c);
  uint64_t x = constant_bits(c.root, ll_reg_bits(c.root->type, c.index));
  return ctx_printf(p->cx, "0x%llx", (unsigned long long)x);
}

static void put_move(Ptx *p, int bits, const char *to, const char *from) {
  const char *guard = p->guard ? p->guard : "";
  if (bits == 1)
    ptx_line(p, "%smov.pred %s, %s;", guard, to, from);
  else
    ptx_line(p, "%smov.b%d %s, %s;", guard, bits, to, from);
}

const char *ptx_value_reg(Ptx *p, const LLInst *v, int index) {
  Comp c = ptx_value(v)->comps[index];
  if (c.root->op != LL_CONST && c.root->op != LL_UNDEF) return ptx_reg(p, c);
  int bits = ll_reg_bits(c.root->type, c.index);
  const char *name = ptx_reg_name(p, bits, ptx_new_reg(p, bits));
  put_move(p, bits, name, move_source(p, v, index));
  return name;
}

/* May this operand be written as a number where it stands? What converts a pair of bytes takes a register. */
static bool immediate(const LLExpand *e, const LLInst *v) {
  if (v->op != LL_CONST || e->braces > 0) return false;
  if (e->inst->op == LL_CVT_F16X2_E4M3X2 || e->inst->op == LL_CVT_F16X2_E5M2X2) return false;
  if (ll_is_int(v->type)) return v->type != &ll_i1;
  bool arithmetic = e->inst->op <= LL_FCMP || e->inst->op == LL_FMA;
  return arithmetic && (v->type == &ll_float || v->type == &ll_double);
}

static void put_immediate(Buf *out, const LLInst *v) {
  unsigned long long x = (unsigned long long)v->imm;
  if (v->type == &ll_float)
    buf_printf(out, "0f%08llX", x);
  else if (v->type == &ll_double)
    buf_printf(out, "0d%016llX", x);
  else
    buf_printf(out, "%lld",
               v->type->bits == 64 ? (long long)x
                                   : (long long)((int64_t)(x << (64 - v->type->bits)) >> (64 - v->type->bits)));
}

static void put_operand(LLExpand *e, int index) {
  Ptx *p = e->self;
  const LLInst *v = index < 0 ? e->inst : e->inst->args[index];
  if (index >= 0 && immediate(e, v)) {
    put_immediate(e->out, v);
    return;
  }
  PtxValue *x = ptx_value(v);
  for (int c = 0; c < x->ncomps; c++) buf_printf(e->out, "%s%s", c ? ", " : "", ptx_value_reg(p, v, c));
}

/* A template into its own buffer: the moves that it needs for constants come out before it. A predicated instruction's
 * result takes `other` first. */
static void expand(Ptx *p, const LLInst *i, const char *template) {
  Buf line = {.cx = p->cx};
  LLExpand e = {.out = &line, .inst = i, .operand = put_operand, .self = p};
  const LLInst *pred = ll_predicate_of(i);
  ll_expand(&e, template);
  if (!pred) {
    buf_printf(p->out, "\t%s\n", buf_text(&line));
    return;
  }
  PtxValue *v = ptx_value(i);
  const LLInst *other = i->type->kind == LLK_VOID ? NULL : i->args[i->nargs - 2];
  for (int c = 0; other && i->uses && other->op != LL_UNDEF && c < v->ncomps; c++) {
    put_move(p, ll_reg_bits(i->type, c), ptx_reg(p, v->comps[c]), move_source(p, other, c));
  }
  const char *name = ptx_value_reg(p, pred, 0);
  if (line.s[0] == '{') { /* several instructions: jump around them */
    int label = p->labels++;
    ptx_line(p, "@!%s bra $skip%d;", name, label);
    buf_printf(p->out, "\t%s\n$skip%d:\n", buf_text(&line), label);
  } else {
    buf_printf(p->out, "\t@%s %s\n", name, buf_text(&line));
  }
}

/* ---- %w, %x, … --------------------------------------------------------------------------------------------------- */

static const char *float_name(const LLType *t) {
  static const char *const names[] = {"f16", "bf16", "f32", "f64"}, *const pairs[] = {"f16x2", "bf16x2"};
  return t->kind == LLK_VECTOR ? pairs[t->elem->kind - LLK_HALF] : names[t->kind - LLK_HALF];
}

static const char *comparison(const LLInst *i) {
  static const char *const names[] = {"eq.b", "ne.b", "gt.u", "ge.u", "lt.u", "le.u", "gt.s", "ge.s",
                                      "lt.s", "le.s", "eq",   "gt",   "ge",   "lt",   "le",   "ne",
                                      "num",  "equ",  "gtu",  "geu",  "ltu",  "leu",  "neu",  "nan"};
  return names[i->imm];
}

static void expand_spelling(Ptx *p, const LLInst *i, const char *text) {
  Buf t = {.cx = p->cx};
  for (; *text; text++) {
    if (*text != '%') {
      buf_putc(&t, *text);
      continue;
    }
    const LLType *ft = i->op == LL_FCMP ? i->args[0]->type : i->type;
    switch (*++text) {
    case 'w': buf_printf(&t, "%d", ll_reg_bits(i->type, 0)); break;
    case 'x': buf_printf(&t, "%d", ll_reg_bits(i->args[0]->type, 0)); break;
    case 'r': buf_puts(&t, i->mods.flags & LLF_CONTRACT ? "" : ".rn"); break;
    case 'c': buf_puts(&t, comparison(i)); break;
    default: buf_puts(&t, float_name(ft)); break;
    }
  }
  expand(p, i, buf_text(&t));
}

static bool emit_spelled(Ptx *p, const LLInst *i) {
  bool by_operand = i->op == LL_ICMP || i->op == LL_FCMP || (i->op >= LL_TRUNC && i->op <= LL_ADDRSPACECAST);
  char from = type_letter(by_operand ? i->args[0]->type : i->type), to = type_letter(i->type);
  for (size_t s = 0; s < COUNT(spellings); s++) {
    const struct Spelling *k = &spellings[s];
    if (k->op != i->op || !strchr(k->types, from) || (k->to && !strchr(k->to, to))) continue;
    /* A shift by a constant needs no conversion of the amount. */
    if (k->text[0] == '{' && (i->op == LL_SHL || i->op == LL_LSHR || i->op == LL_ASHR) && i->args[1]->op == LL_CONST) {
      expand_spelling(p, i,
                      i->op == LL_SHL    ? "shl.b64 $d, $0, $1;"
                      : i->op == LL_LSHR ? "shr.u64 $d, $0, $1;"
                                         : "shr.s64 $d, $0, $1;");
      return true;
    }
    expand_spelling(p, i, k->text);
    return true;
  }
  return false;
}

/* ---- what templates cannot say ----------------------------------------------------------------------------------- */

static const char *result(Ptx *p, const LLInst *i, int c) { return ptx_reg(p, ptx_value(i)->comps[c]); }

static void emit_select(Ptx *p, const LLInst *i) {
  const char *c = ptx_value_reg(p, i->args[0], 0);
  for (int r = 0; r < ptx_value(i)->ncomps; r++) {
    const char *x = ptx_value_reg(p, i->args[1], r), *y = ptx_value_reg(p, i->args[2], r);
    ptx_line(p, "selp.b%d %s, %s, %s, %s;", ll_reg_bits(i->type, r), result(p, i, r), x, y, c);
  }
}

/* Between registers of different width: 64 bits are two of 32, 32 two of 16. */
static void emit_bitcast(Ptx *p, const LLInst *i) {
  const LLInst *x = i->args[0];
  int n = ptx_value(i)->ncomps, m = ptx_value(x)->ncomps;
  if (n == m) {
    for (int r = 0; r < n; r++)
      ptx_line(p, "mov.b%d %s, %s;", ll_reg_bits(i->type, r), result(p, i, r), ptx_value_reg(p, x, r));
  } else if (n < m) {
    for (int r = 0; r < n; r++)
      ptx_line(p, "mov.b%d %s, {%s, %s};", ll_reg_bits(i->type, r), result(p, i, r), ptx_value_reg(p, x, 2 * r),
               ptx_value_reg(p, x, 2 * r + 1));
  } else {
    for (int r = 0; r < m; r++)
      ptx_line(p, "mov.b%d {%s, %s}, %s;", ll_reg_bits(x->type, r), result(p, i, 2 * r), result(p, i, 2 * r + 1),
               ptx_value_reg(p, x, r));
  }
}

/* An 8- or 16-bit element out of the registers it is packed in. */
static void emit_extract(Ptx *p, const LLInst *i) {
  const LLType *t = i->args[0]->type;
  int width = ll_reg_bits(t, 0), per = width / t->elem->bits, e = (int)i->imm;
  const char *from = ptx_value_reg(p, i->args[0], e / per), *to = result(p, i, 0);
  e %= per;
  if (t->elem->bits == 16 && width == 32) {
    const char *other = ptx_reg_name(p, 16, ptx_new_reg(p, 16));
    ptx_line(p, "mov.b32 {%s, %s}, %s;", e ? other : to, e ? to : other, from);
  } else if (width == 32) {
    ptx_line(p, "{ .reg .b32 byte; bfe.u32 byte, %s, %d, 8; cvt.u16.u32 %s, byte; }", from, 8 * e, to);
  } else {
    ptx_line(p, "shr.u16 %s, %s, %d;", to, from, 8 * e);
  }
}

static void emit_build(Ptx *p, const LLInst *i) {
  const LLType *t = i->type;
  int width = ll_reg_bits(t, 0), per = width / t->elem->bits;
  for (int r = 0; r < ptx_value(i)->ncomps; r++) {
    const char *x[4] = {0}, *to = result(p, i, r);
    for (int e = 0; e < per; e++) x[e] = ptx_value_reg(p, i->args[r * per + e], 0);
    if (per == 1) {
      ptx_line(p, "mov.b%d %s, %s;", width, to, x[0]);
    } else if (t->elem->bits == 16) {
      ptx_line(p, "mov.b32 %s, {%s, %s};", to, x[0], x[1]);
    } else if (width == 32) {
      ptx_line(p, "{ .reg .b32 a, b; mov.b32 a, {%s, %s}; mov.b32 b, {%s, %s}; prmt.b32 %s, a, b, 0x6420; }", x[0],
               x[1], x[2], x[3], to);
    } else {
      ptx_line(p, "{ .reg .b16 a, b; and.b16 a, %s, 255; shl.b16 b, %s, 8; or.b16 %s, a, b; }", x[0], x[1], to);
    }
  }
}

static void emit_addrspacecast(Ptx *p, const LLInst *i) {
  static const char *const names[] = {"", "global", "", "shared", "const", "local"};
  const LLType *from = i->args[0]->type, *to = i->type;
  const char *x = ptx_value_reg(p, i->args[0], 0), *d = result(p, i, 0);
  const char *space = names[from->space ? from->space : to->space];
  if (from->space && from->bits == 32)
    ptx_line(p, "{ .reg .b64 a; cvt.u64.u32 a, %s; cvta.%s.u64 %s, a; }", x, space, d);
  else if (from->space)
    ptx_line(p, "cvta.%s.u64 %s, %s;", space, d, x);
  else if (to->bits == 32)
    ptx_line(p, "{ .reg .b64 a; cvta.to.%s.u64 a, %s; cvt.u32.u64 %s, a; }", space, x, d);
  else
    ptx_line(p, "cvta.to.%s.u64 %s, %s;", space, d, x);
}

/* Does it wait for the same products as the instruction before it? An accumulator has a wait of its own; the first of those
 * in a row is that of all. */
static bool repeats_wait(const LLInst *i) {
  const LLInst *before = i->prev;
  while (before && ptx_is_alias(before)) before = before->prev;
  return i->op == LL_WGMMA_WAIT_ACC && before && before->op == i->op && before->imm == i->imm;
}

/* The accumulator goes where the result will be, if it is not there already. */
static void emit_tied(Ptx *p, const LLInst *i) {
  bool moves = false;
  for (int c = 0; c < ptx_value(i)->ncomps; c++) {
    const char *from = move_source(p, i->args[0], c), *to = result(p, i, c);
    if (strcmp(from, to) == 0) continue;
    put_move(p, ll_reg_bits(i->type, c), to, from);
    moves = true;
  }
  if (moves || !repeats_wait(i)) expand(p, i, ll_info(i)->text);
}

/* vprintf's arguments lie in local memory as in a C structure: each at a multiple of its own size. */
static void emit_printf(Ptx *p, const LLInst *i) {
  int id = p->depots++, bytes = 8 * (i->nargs > 1 ? i->nargs - 1 : 1);
  buf_printf(p->out, "\t{ .local .align 8 .b8 values%d[%d]; .reg .b64 at, generic, format; .reg .b32 unused;\n", id,
             bytes);
  ptx_line(p, "mov.u64 at, values%d;", id);
  for (int a = 1, at = 0; a < i->nargs; a++) {
    int bits = ll_reg_bits(i->args[a]->type, 0), size = bits / 8;
    at = (at + size - 1) / size * size;
    ptx_line(p, "st.local.b%d [at+%d], %s;", bits, at, ptx_value_reg(p, i->args[a], 0));
    at += size;
  }
  ptx_line(p, "cvta.local.u64 generic, at;");
  ptx_line(p, "cvta.global.u64 format, %s;", ptx_value_reg(p, i->args[0], 0));
  ptx_line(
      p,
      "{ .param .b64 p0; .param .b64 p1; .param .b32 result; st.param.b64 [p0], format; st.param.b64 [p1], generic;");
  ptx_line(p, "call.uni (result), vprintf, (p0, p1); ld.param.b32 unused, [result]; } }");
  p->uses_vprintf = true;
}

static void emit_assertfail(Ptx *p, const LLInst *i) {
  const char *a[4];
  for (int k = 0; k < 4; k++) a[k] = ptx_value_reg(p, i->args[k], 0);
  ptx_line(p,
           "{ .reg .b64 g0, g1, g3; .param .b64 p0; .param .b64 p1; .param .b32 p2; .param .b64 p3; .param .b64 p4;");
  ptx_line(p, "cvta.global.u64 g0, %s; cvta.global.u64 g1, %s; cvta.global.u64 g3, %s;", a[0], a[1], a[3]);
  ptx_line(p, "st.param.b64 [p0], g0; st.param.b64 [p1], g1; st.param.b32 [p2], %s; st.param.b64 [p3], g3;", a[2]);
  ptx_line(p, "st.param.b64 [p4], 1; call.uni __assertfail, (p0, p1, p2, p3, p4); }");
  p->uses_assertfail = true;
}

/* The user's text, its $n replaced: the result's registers first, then the operands'. */
static void emit_asm(Ptx *p, const LLInst *i) {
  Vec(const char *) names = {0};
  for (int c = 0; c < ptx_value(i)->ncomps; c++) vec_push(p->cx, &names, result(p, i, c));
  for (int a = 0; a < i->nargs; a++)
    for (int c = 0; c < ptx_value(i->args[a])->ncomps; c++) vec_push(p->cx, &names, ptx_value_reg(p, i->args[a], c));
  buf_puts(p->out, "\t{ ");
  for (const char *s = ((const LLAsm *)i->ref)->text; *s; s++) {
    if (*s != '$') {
      buf_putc(p->out, *s);
    } else if (s[1] >= '0' && s[1] <= '9') {
      uint32_t k = 0;
      for (; s[1] >= '0' && s[1] <= '9'; s++) k = k > names.len ? k : 10 * k + (uint32_t)(s[1] - '0');
      buf_puts(p->out, k < names.len ? names.at[k] : "?");
    } else {
      if (s[1] == '$') s++;
      buf_putc(p->out, '$');
    }
  }
  buf_puts(p->out, "\n\t}\n"); /* the text may end with a comment */
}

/* A sum in which nothing is carried, of what a mask left: with `or` the assembler takes mask and sum together. */
static void emit_add(Ptx *p, const LLInst *i) {
  const LLInst *x = i->args[0], *y = i->args[1];
  bool is_bits = (x->op == LL_AND || y->op == LL_AND) && (~x->zeros & ~y->zeros) == 0;
  expand_spelling(p, i, is_bits ? "or.b%w $d, $0, $1;" : "add.u%w $d, $0, $1;");
}

static void emit_ptradd(Ptx *p, const LLInst *i) {
  expand_spelling(p, i, i->nargs == 2 ? "add.s%w $d, $0, $1;" : "add.s%w $d, $0, $n;");
}

static const struct Special {
  LLOp op;
  void (*emit)(Ptx *, const LLInst *);
} specials[] = {
    {LL_SELECT, emit_select},
    {LL_BITCAST, emit_bitcast},
    {LL_EXTRACT, emit_extract},
    {LL_BUILD, emit_build},
    {LL_ADDRSPACECAST, emit_addrspacecast},
    {LL_PRINTF, emit_printf},
    {LL_ASSERTFAIL, emit_assertfail},
    {LL_ASM, emit_asm},
    {LL_PTRADD, emit_ptradd},
    {LL_ADD, emit_add},
};

void ptx_emit(Ptx *p, LLInst *i) {
  int sm, ptx;
  ll_requirements(i, &sm, &ptx);
  if (sm > p->need_sm) p->need_sm = sm;
  if (ptx > p->need_ptx) p->need_ptx = ptx;
  if (ptx_is_alias(i)) return;
  if (i->op >= LL_FIRST_INTRINSIC) {
    if (ll_is(i, LLE_TIED))
      emit_tied(p, i);
    else
      expand(p, i, ll_info(i)->text);
    return;
  }
  if (i->op >= LL_LOAD && i->op <= LL_FENCE) {
    expand(p, i, ll_memory_text(i));
    return;
  }
  for (size_t s = 0; s < COUNT(specials); s++)
    if (specials[s].op == i->op) {
      specials[s].emit(p, i);
      return;
    }
  if (!emit_spelled(p, i)) {
    Buf b = {.cx = p->cx};
    ll_print_inst(&b, i);
    ctx_fail(p->cx, ERR_INTERNAL, "no PTX instruction for: %s", buf_text(&b));
  }
}

/* ---- edges ------------------------------------------------------------------------------------------------------- */

/* A parallel copy: a move whose target is no longer read goes first; when only cycles are left, a scratch register
 * breaks one. */
void ptx_put_moves(Ptx *p, PtxMoves all, const char *when) {
  PtxMove *moves = all.at;
  int n = all.n;
  for (int left = n; left > 0;) {
    int before = left;
    for (int m = 0; m < n; m++) {
      if (moves[m].done) continue;
      bool read = false;
      for (int k = 0; k < n; k++) read |= !moves[k].done && k != m && strcmp(moves[k].from, moves[m].to) == 0;
      if (read) continue;
      p->guard = moves[m].is_private ? NULL : when;
      put_move(p, moves[m].bits, moves[m].to, moves[m].from);
      p->guard = NULL;
      moves[m].done = true;
      left--;
    }
    if (left < before) continue;
    int m = 0;
    while (moves[m].done) m++;
    const char *scratch = ptx_reg_name(p, moves[m].bits, ptx_new_reg(p, moves[m].bits));
    put_move(p, moves[m].bits, scratch, moves[m].from);
    moves[m].from = scratch;
  }
}

PtxMoves ptx_edge_moves(Ptx *p, const LLInst *t, int s) {
  int nargs, total = 0;
  LLInst **args = ll_edge_args(t, s, &nargs);
  LLBlock *to = t->succ[s];
  for (int a = 0; a < nargs; a++) total += ptx_value(args[a])->ncomps;
  PtxMoves moves = {NEWN(p->cx, PtxMove, total), 0};
  for (int a = 0; a < nargs; a++)
    for (int c = 0; c < ptx_value(args[a])->ncomps; c++) {
      if (args[a]->op == LL_UNDEF) continue;
      const char *from = move_source(p, args[a], c), *target = ptx_reg(p, ptx_value(to->params[a])->comps[c]);
      if (strcmp(from, target) == 0) continue;
      bool is_private = ptx_move_is_private(p, t, s, to->params[a]);
      moves.at[moves.n++] = (PtxMove){target, from, ll_reg_bits(to->params[a]->type, c), is_private, false};
    }
  return moves;
}

static bool reads(PtxMoves moves, const char *reg) {
  for (int m = 0; m < moves.n; m++)
    if (strcmp(moves.at[m].from, reg) == 0) return true;
  return false;
}

void ptx_put_common_moves(Ptx *p, PtxMoves *a, PtxMoves *b) {
  int kept = 0;
  for (int i = 0; i < a->n; i++) {
    const PtxMove m = a->at[i];
    int k = 0;
    while (k < b->n && (strcmp(b->at[k].to, m.to) != 0 || strcmp(b->at[k].from, m.from) != 0)) k++;
    if (k == b->n || m.from[0] == '%' || reads(*a, m.to) || reads(*b, m.to)) {
      a->at[kept++] = m;
      continue;
    }
    put_move(p, m.bits, m.to, m.from);
    for (b->n--; k < b->n; k++) b->at[k] = b->at[k + 1];
  }
  a->n = kept;
}
