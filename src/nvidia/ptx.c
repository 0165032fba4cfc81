/* ptx.c: PTX text of a module: header, constants, functions, line information.
 *
 * A function's body is printed first, into a buffer of its own; how many registers it declares, what PTX version and
 * target it needs, and which files it names are known only then.
 */
#include "nvidia/ptx_internal.h"

#include <string.h>

/* ---- line information -------------------------------------------------------------------------------------------- */

static int file_number(Ptx *p, const char *file) {
  const char *k = intern(p->cx, file);
  void *v = map_get(&p->files, k);
  if (v) return (int)(intptr_t)v;
  vec_push(p->cx, &p->file_names, k);
  map_put(p->cx, &p->files, k, (void *)(intptr_t)p->file_names.len);
  return (int)p->file_names.len;
}

static int string_number(Ptx *p, const char *s) {
  const char *k = intern(p->cx, s);
  void *v = map_get(&p->strings, k);
  if (v) return (int)(intptr_t)v - 1;
  vec_push(p->cx, &p->string_texts, k);
  map_put(p->cx, &p->strings, k, (void *)(intptr_t)p->string_texts.len);
  return (int)p->string_texts.len - 1;
}

/* A .loc names the innermost place; where it was inlined refers to a .loc before it, so the callers' come first. */
static void put_loc(Ptx *p, const LLLoc *l) {
  if (l->inlined_at && l->inlined_at->file) put_loc(p, l->inlined_at);
  buf_printf(p->out, "\t.loc %d %d %d", file_number(p, l->file), l->line, l->col);
  if (l->inlined_at && l->inlined_at->file)
    buf_printf(p->out, ", function_name $info_string%d, inlined_at %d %d %d",
               string_number(p, l->function ? l->function : ""), file_number(p, l->inlined_at->file),
               l->inlined_at->line, l->inlined_at->col);
  buf_putc(p->out, '\n');
}

static void put_location(Ptx *p, const LLInst *i) {
  if (!p->options.line_info || !i->loc || i->loc == p->loc || !i->loc->file || ptx_is_alias(i)) return;
  p->loc = i->loc;
  put_loc(p, i->loc);
  if (i->loc->inlined_at && p->need_ptx < 72) p->need_ptx = 72;
}

static void put_debug_strings(Ptx *p, Buf *out) {
  if (!p->string_texts.len) return;
  buf_puts(out, "\t.section\t.debug_str\n\t{\n");
  for (uint32_t s = 0; s < p->string_texts.len; s++) {
    buf_printf(out, "$info_string%u:\n", s);
    for (const char *c = p->string_texts.at[s];; c++) {
      buf_printf(out, "\t.b8 %d\n", (unsigned char)*c);
      if (!*c) break;
    }
  }
  buf_puts(out, "\t}\n");
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

/* Parameters and symbols into registers, once, where the function begins. */
static void put_prologue(Ptx *p) {
  for (LLInst *i = p->func->consts; i; i = i->next) {
    if (i->uses == 0 || i->op == LL_CONST || i->op == LL_UNDEF) continue;
    const char *d = ptx_reg(p, ptx_value(i)->comps[0]);
    if (i->op == LL_SHARED) {
      ptx_line(p, "mov.u32 %s, global_smem;", d);
    } else if (i->op == LL_GLOBAL) {
      ptx_line(p, "mov.u64 %s, %s;", d, ((const LLGlobal *)i->ref)->name);
    } else if (p->func->params[i->imm].byval) {
      ptx_line(p, "{ .reg .b64 at; mov.b64 at, %s_param_%lld; cvta.param.u64 %s, at; }", p->func->name,
               (long long)i->imm, d);
      if (p->need_ptx < 77) p->need_ptx = 77;
    } else if (i->type == &ll_i1) {
      ptx_line(p,
               "{ .reg .b16 byte; ld.param.u8 byte, [%s_param_%lld]; and.b16 byte, byte, 1; setp.ne.b16 %s, byte, 0; }",
               p->func->name, (long long)i->imm, d);
    } else {
      ptx_line(p, "ld.param.b%d %s, [%s_param_%lld];", i->type->bits, d, p->func->name, (long long)i->imm);
    }
  }
}

static void put_jump(Ptx *p, const LLBlock *from, const LLBlock *to) {
  if (from->next != to) ptx_line(p, "bra $L%u;", to->id);
}

/* Does control go from `b` to an earlier block in the text? */
static bool goes_back(const LLBlock *b, const LLBlock *to) {
  while (to && to != b) to = to->next;
  return to == b;
}

static bool writes(PtxMoves moves, const char *reg) {
  for (int m = 0; m < moves.n; m++)
    if (strcmp(moves.at[m].to, reg) == 0) return true;
  return false;
}

/* One edge is taken by a branch under a condition, the other is the fall-through. Moves of the first stand before the
 * branch: as they are where the other edge does not need what they overwrite, else under the same condition. A loop's
 * end must be such a branch: where the way back is an unconditional jump after an exit, the assembler turns the loop
 * around, with a copy of the whole body in front of it. Elsewhere more than a few moves are jumped around. */
static void put_branch(Ptx *p, LLBlock *b, LLInst *t) {
  enum { FEW_MOVES = 4 };
  int s = goes_back(b, t->succ[1]) && !goes_back(b, t->succ[0]);
  LLBlock *near = t->succ[s], *far = t->succ[!s];
  const char *c = ptx_value_reg(p, t->args[0], 0);
  const char *when = ctx_printf(p->cx, "@%s%s ", s ? "!" : "", c);
  const char *unless = ctx_printf(p->cx, "@%s%s ", s ? "" : "!", c);
  PtxMoves moves = ptx_edge_moves(p, t, s), others = ptx_edge_moves(p, t, !s);
  if (!writes(moves, c)) ptx_put_common_moves(p, &moves, &others);
  if (!moves.n && !others.n && b->next == near) {
    ptx_line(p, "%sbra $L%u;", unless, far->id);
    return;
  }
  if (moves.n && (writes(moves, c) || !(moves.n <= FEW_MOVES || goes_back(b, near)))) {
    int label = p->labels++;
    ptx_line(p, "%sbra $edge%d;", unless, label);
    ptx_put_moves(p, moves, NULL);
    ptx_line(p, "bra $L%u;", near->id);
    buf_printf(p->out, "$edge%d:\n", label);
  } else {
    ptx_put_moves(p, moves, when);
    ptx_line(p, "%sbra $L%u;", when, near->id);
  }
  ptx_put_moves(p, others, NULL);
  put_jump(p, b, far);
}

static void put_terminator(Ptx *p, LLBlock *b) {
  LLInst *t = b->last;
  put_location(p, t);
  switch (t->op) {
  case LL_BR:
    ptx_put_moves(p, ptx_edge_moves(p, t, 0), NULL);
    put_jump(p, b, t->succ[0]);
    break;
  case LL_CONDBR: put_branch(p, b, t); break;
  case LL_RET: ptx_line(p, "ret;"); break;
  default: ptx_line(p, "trap;"); break;
  }
}

static void put_params(Ptx *p, Buf *out) {
  LLFunc *f = p->func;
  for (int i = 0; i < f->nparams; i++) {
    const LLParam *a = &f->params[i];
    buf_puts(out, i ? ",\n\t" : "\n\t");
    if (a->byval)
      buf_printf(out, ".param .align %d .b8 %s_param_%d[%d]", a->align > 1 ? a->align : 64, f->name, i, a->byval);
    else if (a->type == &ll_ptr_global)
      buf_printf(out, ".param .u64 .ptr .global .align %d %s_param_%d", a->align > 1 ? a->align : 1, f->name, i);
    else
      buf_printf(out, ".param .b%d %s_param_%d", a->type == &ll_i1 ? 8 : a->type->bits, f->name, i);
  }
  if (f->nparams) buf_putc(out, '\n');
}

static void put_attributes(Ptx *p, Buf *out) {
  LLFunc *f = p->func;
  if (f->threads) buf_printf(out, ".reqntid %d\n", f->threads);
  if (f->cluster[0]) {
    buf_printf(out, ".explicitcluster\n.reqnctapercluster %d, %d, %d\n", f->cluster[0],
               f->cluster[1] ? f->cluster[1] : 1, f->cluster[2] ? f->cluster[2] : 1);
    if (p->need_sm < 90) p->need_sm = 90;
  }
  if (f->maxnreg) buf_printf(out, ".maxnreg %d\n", f->maxnreg);
  if (f->min_ctas) buf_printf(out, ".minnctapersm %d\n", f->min_ctas);
}

static void put_func(Ptx *p, Buf *out, LLFunc *f) {
  static const char *const declared[] = {".pred %p", ".b16 %h", ".b32 %r", ".b64 %d"};
  Buf body = {.cx = p->cx};
  p->func = f;
  p->out = &body;
  p->loc = NULL;
  p->labels = 0;
  memset(p->nregs, 0, sizeof p->nregs);
  ll_analyze(f);
  ll_renumber(f);
  ll_count_uses(f);
  ptx_assign_registers(p);
  put_prologue(p);
  for (LLBlock *b = f->first; b; b = b->next) {
    if (b != f->first) buf_printf(&body, "$L%u:\n", b->id);
    if (b->nounroll) buf_puts(&body, "\t.pragma \"nounroll\";\n");
    for (LLInst *i = b->first; i != b->last; i = i->next) {
      put_location(p, i);
      ptx_emit(p, i);
    }
    put_terminator(p, b);
  }
  buf_printf(out, "\n.visible .entry %s(", f->name);
  put_params(p, out);
  buf_puts(out, ")\n");
  put_attributes(p, out);
  buf_puts(out, "{\n");
  for (int w = 0; w < 4; w++)
    if (p->nregs[w]) buf_printf(out, "\t.reg %s<%d>;\n", declared[w], p->nregs[w]);
  buf_puts(out, buf_text(&body));
  buf_puts(out, "}\n");
}

/* ---- the module -------------------------------------------------------------------------------------------------- */

static void put_globals(Ptx *p, Buf *out) {
  for (LLGlobal *g = p->module->globals; g; g = g->next) {
    buf_printf(out, ".global .align 1 .b8 %s[%zu] = {", g->name, g->len);
    for (size_t i = 0; i < g->len; i++) buf_printf(out, "%s%d", i ? ", " : "", ((const unsigned char *)g->bytes)[i]);
    buf_puts(out, "};\n");
  }
}

/* The PTX version that first knows a target (PTX ISA, "Release Notes"). */
static int target_ptx(int sm, bool specific) {
  static const struct {
    int sm, ptx, specific;
  } first[] = {{75, 63, 63}, {80, 70, 70},  {86, 71, 71},  {87, 74, 74},  {89, 78, 78},
               {90, 78, 80}, {100, 86, 86}, {103, 88, 88}, {120, 87, 87}, {121, 88, 88}};
  for (size_t i = 0; i < COUNT(first); i++)
    if (first[i].sm == sm) return specific ? first[i].specific : first[i].ptx;
  return 60;
}

void ptx_print(Buf *out, LLModule *m, PtxOptions options) {
  Ptx p = {.cx = out->cx, .module = m, .options = options, .need_ptx = 64};
  Buf body = {.cx = out->cx};
  for (LLFunc *f = m->first; f; f = f->next) put_func(&p, &body, f);
  bool specific = p.need_sm >= 1000;
  if (p.need_sm % 1000 > options.sm || (p.need_sm / 1000 == 1 && p.need_sm % 1000 != options.sm))
    ctx_fail(out->cx, ERR_SOURCE, "an instruction needs sm_%d%s, the target is sm_%d", p.need_sm % 1000,
             specific ? "a" : "", options.sm);
  int ptx = target_ptx(options.sm, specific);
  if (p.need_ptx > ptx) ptx = p.need_ptx;
  buf_printf(out, ".version %d.%d\n.target sm_%d%s\n.address_size 64\n\n", ptx / 10, ptx % 10, options.sm,
             specific ? "a" : "");
  if (p.uses_vprintf)
    buf_puts(out, ".extern .func (.param .b32 result) vprintf(.param .b64 format, .param .b64 values);\n");
  if (p.uses_assertfail)
    buf_puts(
        out,
        ".extern .func __assertfail(.param .b64 message, .param .b64 file, .param .b32 line, .param .b64 function, "
        ".param .b64 size);\n");
  if (ll_uses_shared(m)) buf_printf(out, ".extern .shared .align %d .b8 global_smem[];\n", m->shared_align);
  put_globals(&p, out);
  buf_puts(out, buf_text(&body));
  for (uint32_t i = 0; i < p.file_names.len; i++) buf_printf(out, "\t.file %u \"%s\"\n", i + 1, p.file_names.at[i]);
  put_debug_strings(&p, out);
}
