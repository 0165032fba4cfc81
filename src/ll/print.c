/* print.c: LLVM assembly: modules, functions, and the instructions that LLVM has. Intrinsics are calls of LLVM's where
 * there is one, else inline assembly (print_asm.c). Block parameters are printed as phis.
 */
#include "ll/print.h"

#include <string.h>

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* ---- instructions ------------------------------------------------------------------------------------------------ */

static void put_args(LLPrinter *p, const LLInst *i, int from, int n) {
  for (int a = from; a < n; a++) {
    if (a > from) buf_puts(p->out, ", ");
    if (a == from)
      ll_put_typed(p, i->args[a]);
    else
      ll_put_value(p, i->args[a]);
  }
}

static void put_flags(LLPrinter *p, const LLInst *i) {
  bool integer = i->op == LL_ADD || i->op == LL_SUB || i->op == LL_MUL || i->op == LL_SHL;
  if (integer && (i->mods.flags & LLF_NUW)) buf_puts(p->out, " nuw");
  if (integer && (i->mods.flags & LLF_NSW)) buf_puts(p->out, " nsw");
  if (ll_is_float(ll_scalar(i->type)) && (i->mods.flags & LLF_CONTRACT)) buf_puts(p->out, " contract");
}

static void put_arithmetic(LLPrinter *p, const LLInst *i) {
  buf_puts(p->out, ll_info(i)->name);
  put_flags(p, i);
  buf_putc(p->out, ' ');
  put_args(p, i, 0, i->nargs);
}

static void put_compare(LLPrinter *p, const LLInst *i) {
  static const char *const names[] = {"eq",  "ne",  "ugt", "uge", "ult", "ule", "sgt", "sge",
                                      "slt", "sle", "oeq", "ogt", "oge", "olt", "ole", "one",
                                      "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno"};
  buf_printf(p->out, "%s %s ", ll_info(i)->name, names[i->imm]);
  put_args(p, i, 0, 2);
}

static void put_select(LLPrinter *p, const LLInst *i) {
  buf_puts(p->out, "select ");
  for (int a = 0; a < 3; a++) {
    if (a) buf_puts(p->out, ", ");
    ll_put_typed(p, i->args[a]);
  }
}

static void put_cast(LLPrinter *p, const LLInst *i) {
  buf_printf(p->out, "%s ", ll_info(i)->name);
  ll_put_typed(p, i->args[0]);
  buf_puts(p->out, " to ");
  ll_put_type(p->out, i->type);
}

/* A getelementptr by bytes; the constant offset, when there is an index too, is a second one. */
static void put_ptradd(LLPrinter *p, const LLInst *i) {
  buf_puts(p->out, "getelementptr i8, ");
  ll_put_typed(p, i->args[0]);
  buf_puts(p->out, ", ");
  if (i->nargs == 2)
    ll_put_typed(p, i->args[1]);
  else
    buf_printf(p->out, "i%d %lld", i->type->bits, (long long)i->imm);
}

static void put_extract(LLPrinter *p, const LLInst *i) {
  bool vector = i->args[0]->type->kind == LLK_VECTOR;
  buf_puts(p->out, vector ? "extractelement " : "extractvalue ");
  ll_put_typed(p, i->args[0]);
  buf_printf(p->out, vector ? ", i32 %lld" : ", %lld", (long long)i->imm);
}

/* One insertion per element; all but the last into temporaries. */
static void put_build(LLPrinter *p, const LLInst *i) {
  const char *op = i->type->kind == LLK_VECTOR ? "insertelement" : "insertvalue", *type = ll_type_text(p->cx, i->type);
  int last = -1;
  for (int e = 0; e < i->nargs; e++) {
    int t = e + 1 < i->nargs ? ll_temp(p) : -1;
    if (t >= 0)
      buf_printf(p->out, "  %%t%d = ", t);
    else
      buf_printf(p->out, "  %%v%u = ", i->id);
    buf_printf(p->out, "%s %s ", op, type);
    if (e == 0)
      buf_puts(p->out, "undef");
    else
      buf_printf(p->out, "%%t%d", last);
    buf_puts(p->out, ", ");
    ll_put_typed(p, i->args[e]);
    buf_printf(p->out, i->type->kind == LLK_VECTOR ? ", i32 %d" : ", %d", e);
    ll_put_dbg(p, i);
    buf_putc(p->out, '\n');
    last = t;
  }
}

/* Does LLVM's own load or store say all of it? */
static bool is_plain(const LLInst *i) {
  const LLMods *m = &i->mods;
  return !(m->flags & (LLF_PRED | LLF_POLICY | LLF_VOLATILE)) && !m->cache && !m->evict && !m->sem;
}

/* The address with its offset, as text. */
static const char *put_address(LLPrinter *p, const LLInst *i, int arg) {
  if (i->imm == 0) return ll_text_of(p, i->args[arg]);
  int t = ll_temp(p);
  buf_printf(p->out, "  %%t%d = getelementptr i8, ", t);
  ll_put_typed(p, i->args[arg]);
  buf_printf(p->out, ", i%d %lld\n", i->args[arg]->type->bits, (long long)i->imm);
  return ctx_printf(p->cx, "%%t%d", t);
}

static void put_result(LLPrinter *p, const LLInst *i) {
  buf_puts(p->out, "  ");
  if (i->type->kind != LLK_VOID) buf_printf(p->out, "%%v%u = ", i->id);
}

static void end_inst(LLPrinter *p, const LLInst *i) {
  ll_put_dbg(p, i);
  buf_putc(p->out, '\n');
}

static void put_memory(LLPrinter *p, const LLInst *i) {
  if (!is_plain(i)) {
    ll_put_as_asm(p, i, ll_memory_text(i));
    return;
  }
  const char *ptr = put_address(p, i, 0), *space = ll_type_text(p->cx, i->args[0]->type);
  const LLType *t = i->op == LL_STORE ? i->args[1]->type : i->type;
  put_result(p, i);
  buf_puts(p->out, ll_info(i)->name);
  buf_putc(p->out, ' ');
  if (i->op == LL_STORE)
    ll_put_typed(p, i->args[1]);
  else
    ll_put_type(p->out, t);
  buf_printf(p->out, ", %s %s, align %d", space, ptr, i->mods.align ? 1 << i->mods.align : ll_type_bytes(t));
  if (i->op == LL_LOAD && (i->mods.flags & LLF_INVARIANT)) buf_puts(p->out, ", !invariant.load !0");
  end_inst(p, i);
}

static void put_atomic(LLPrinter *p, const LLInst *i) {
  static const char *const names[LLR_RMWS] = {"xchg", "add", "and", "or", "xor", "max", "min", "umax", "umin", "fadd"};
  static const char *const scopes[] = {"syncscope(\"device\") ", "syncscope(\"block\") ", "", ""};
  bool plain = i->mods.sem == LLS_RELAXED && !(i->mods.flags & LLF_PRED) && ll_is_scalar(i->type) &&
               i->type->bits >= 32 && i->mods.scope != LLSC_CLUSTER;
  if (!plain || i->op == LL_CMPXCHG) {
    ll_put_as_asm(p, i, ll_memory_text(i));
    return;
  }
  const char *ptr = put_address(p, i, 0);
  put_result(p, i);
  buf_printf(p->out, "atomicrmw %s %s %s, ", names[i->mods.rmw], ll_type_text(p->cx, i->args[0]->type), ptr);
  ll_put_typed(p, i->args[1]);
  buf_printf(p->out, " %smonotonic, align %d", scopes[i->mods.scope], ll_type_bytes(i->type));
  end_inst(p, i);
}

static void put_printf(LLPrinter *p, const LLInst *i) {
  int slot = ll_temp(p), at = 0;
  buf_printf(p->out, "  %%t%d = alloca [%d x i8], align 8\n", slot, 8 * i->nargs);
  for (int a = 1; a < i->nargs; a++, at += 8) {
    int t = ll_temp(p);
    buf_printf(p->out, "  %%t%d = getelementptr i8, ptr %%t%d, i64 %d\n  store ", t, slot, at);
    ll_put_typed(p, i->args[a]);
    buf_printf(p->out, ", ptr %%t%d, align 8\n", t);
  }
  int format = ll_temp(p), unused = ll_temp(p);
  buf_printf(p->out, "  %%t%d = addrspacecast ", format);
  ll_put_typed(p, i->args[0]);
  buf_printf(p->out, " to ptr\n  %%t%d = call i32 @vprintf(ptr %%t%d, ptr %%t%d)", unused, format, slot);
  ll_declare(p, "declare i32 @vprintf(ptr, ptr)");
  end_inst(p, i);
}

static void put_assertfail(LLPrinter *p, const LLInst *i) {
  int generic[4] = {0};
  for (int a = 0; a < 4; a++) {
    if (a == 2) continue;
    generic[a] = ll_temp(p);
    buf_printf(p->out, "  %%t%d = addrspacecast ", generic[a]);
    ll_put_typed(p, i->args[a]);
    buf_puts(p->out, " to ptr\n");
  }
  buf_printf(p->out, "  call void @__assertfail(ptr %%t%d, ptr %%t%d, ", generic[0], generic[1]);
  ll_put_typed(p, i->args[2]);
  buf_printf(p->out, ", ptr %%t%d, i64 1)", generic[3]);
  ll_declare(p, "declare void @__assertfail(ptr, ptr, i32, ptr, i64)");
  end_inst(p, i);
}

/* A call of LLVM's intrinsic: its name, overloaded by the result's type where the table's name ends with a dot. */
static const char *suffix_of(LLPrinter *p, const LLType *t) {
  static const char *const names[] = {"", "i1", "i8", "i16", "i32", "i64", "f16", "bf16", "f32", "f64"};
  const char *s = names[ll_scalar(t)->kind];
  return t->kind == LLK_VECTOR ? ctx_printf(p->cx, "v%d%s", t->n, s) : s;
}

static void put_intrinsic(LLPrinter *p, const LLInst *i) {
  const LLOpInfo *info = ll_info(i);
  bool two_kinds = i->type->kind == LLK_BFLOAT || ll_scalar(i->type)->kind == LLK_BFLOAT;
  if (!info->nvvm || (i->mods.flags & LLF_PRED) || (two_kinds && i->op == LL_COPYSIGN)) {
    ll_put_as_asm(p, i, info->text);
    return;
  }
  const char *o = strstr(info->text, "$o");
  int addressed = o ? o[-1] - '0' : -1;
  const char *ptr = o ? put_address(p, i, addressed) : NULL;
  const char *dot = strrchr(info->nvvm, '.') + 1;
  const char *name = *dot ? info->nvvm : ctx_printf(p->cx, "%s%s", info->nvvm, suffix_of(p, i->type));
  put_result(p, i);
  Buf decl = {.cx = p->cx};
  buf_printf(&decl, "declare %s @%s(", ll_type_text(p->cx, i->type), name);
  buf_printf(p->out, "call %s @%s(", ll_type_text(p->cx, i->type), name);
  for (int a = 0; a < i->nargs; a++) {
    const char *sep = a ? ", " : "", *type = ll_type_text(p->cx, i->args[a]->type);
    bool immediate = strstr(info->text, "$!") != NULL;
    buf_printf(&decl, "%s%s%s", sep, type, immediate ? " immarg" : "");
    buf_printf(p->out, "%s%s %s", sep, type, a == addressed ? ptr : ll_text_of(p, i->args[a]));
  }
  buf_puts(&decl, ")");
  buf_putc(p->out, ')');
  ll_declare(p, buf_text(&decl));
  end_inst(p, i);
}

/* LLVM has no wide product, and finds the machine's behind extensions. */
static void put_wide_product(LLPrinter *p, const LLInst *i) {
  int t[2];
  for (int a = 0; a < 2; a++) {
    t[a] = ll_temp(p);
    buf_printf(p->out, "  %%t%d = %s i32 ", t[a], i->op == LL_MUL_WIDE_S32 ? "sext" : "zext");
    ll_put_value(p, i->args[a]);
    buf_puts(p->out, " to i64\n");
  }
  put_result(p, i);
  buf_printf(p->out, "mul i64 %%t%d, %%t%d", t[0], t[1]);
  end_inst(p, i);
}

/* To the header of a loop that keeps its invariant code? */
static bool goes_back(const LLInst *i) {
  int n = i->op == LL_BR ? 1 : i->op == LL_CONDBR ? 2 : 0;
  for (int s = 0; s < n; s++)
    if (i->succ[s]->keeps && i->succ[s]->id <= i->block->id) return true;
  return false;
}

static void put_loop_metadata(LLPrinter *p) {
  int loop = p->next_metadata++, licm = p->next_metadata++;
  buf_printf(p->out, ", !llvm.loop !%d", loop);
  buf_printf(&p->metadata, "!%d = distinct !{!%d, !%d}\n!%d = !{!\"llvm.licm.disable\"}\n", loop, loop, licm, licm);
}

static void put_terminator(LLPrinter *p, const LLInst *i) {
  buf_puts(p->out, "  ");
  if (i->op == LL_BR)
    buf_printf(p->out, "br label %%b%u", i->succ[0]->id);
  else if (i->op == LL_CONDBR) {
    buf_puts(p->out, "br ");
    ll_put_typed(p, i->args[0]);
    buf_printf(p->out, ", label %%b%u, label %%b%u", i->succ[0]->id, i->succ[1]->id);
  } else
    buf_puts(p->out, i->op == LL_RET ? "ret void" : "unreachable");
  if (goes_back(i)) put_loop_metadata(p);
  end_inst(p, i);
}

static void put_one_line(LLPrinter *p, const LLInst *i, void (*put)(LLPrinter *, const LLInst *)) {
  put_result(p, i);
  put(p, i);
  end_inst(p, i);
}

static void put_inst(LLPrinter *p, const LLInst *i) {
  if (i->op == LL_MUL_WIDE_S32 || i->op == LL_MUL_WIDE_U32)
    put_wide_product(p, i);
  else if (i->op >= LL_FIRST_INTRINSIC)
    put_intrinsic(p, i);
  else if (i->op <= LL_FNEG)
    put_one_line(p, i, put_arithmetic);
  else if (i->op == LL_ICMP || i->op == LL_FCMP)
    put_one_line(p, i, put_compare);
  else if (i->op == LL_SELECT)
    put_one_line(p, i, put_select);
  else if (i->op <= LL_ADDRSPACECAST)
    put_one_line(p, i, put_cast);
  else if (i->op == LL_PTRADD)
    put_one_line(p, i, put_ptradd);
  else if (i->op == LL_EXTRACT)
    put_one_line(p, i, put_extract);
  else if (i->op == LL_BUILD)
    put_build(p, i);
  else if (i->op <= LL_STORE)
    put_memory(p, i);
  else if (i->op <= LL_CMPXCHG)
    put_atomic(p, i);
  else if (i->op == LL_FENCE)
    ll_put_as_asm(p, i, ll_memory_text(i));
  else if (i->op == LL_ASM)
    ll_put_inline_asm(p, i);
  else if (i->op == LL_PRINTF)
    put_printf(p, i);
  else if (i->op == LL_ASSERTFAIL)
    put_assertfail(p, i);
  else
    put_terminator(p, i);
}

/* ---- functions and modules --------------------------------------------------------------------------------------- */

static void put_phi(LLPrinter *p, const LLBlock *b, const LLInst *param) {
  buf_printf(p->out, "  %%v%u = phi ", param->id);
  ll_put_type(p->out, param->type);
  bool first = true;
  for (int e = 0; e < b->npreds; e++) {
    const LLInst *t = b->preds[e]->last;
    for (int s = 0; s < ll_nsucc(t); s++) {
      if (t->succ[s] != b) continue;
      int n;
      LLInst **args = ll_edge_args(t, s, &n);
      buf_puts(p->out, first ? " [ " : ", [ ");
      ll_put_value(p, args[param->imm]);
      buf_printf(p->out, ", %%b%u ]", b->preds[e]->id);
      first = false;
    }
  }
  buf_putc(p->out, '\n');
}

static void put_params(LLPrinter *p, const LLFunc *f) {
  for (int i = 0; i < f->nparams; i++) {
    const LLParam *a = &f->params[i];
    if (i) buf_puts(p->out, ", ");
    ll_put_type(p->out, a->type);
    if (a->byval)
      buf_printf(p->out, " byval([%d x i8]) align %d", a->byval, a->align > 1 ? a->align : 64);
    else if (ll_is_ptr(a->type) && a->align > 1)
      buf_printf(p->out, " align %d", a->align);
    buf_printf(p->out, " %%%s", a->name);
  }
}

static void put_func(LLPrinter *p, LLFunc *f) {
  ll_analyze(f);
  ll_renumber(f);
  p->func = f;
  p->temps = 0;
  buf_printf(p->out, "\ndefine ptx_kernel void @%s(", f->name);
  put_params(p, f);
  buf_putc(p->out, ')');
  if (p->locations && f->loc) buf_printf(p->out, " !dbg !%d", ll_function_metadata(p, f));
  buf_puts(p->out, " {\n");
  for (LLBlock *b = f->first; b; b = b->next) {
    if (b != f->first) buf_puts(p->out, "\n");
    buf_printf(p->out, "b%u:\n", b->id);
    for (int i = 0; i < b->nparams; i++) put_phi(p, b, b->params[i]);
    for (LLInst *i = b->first; i; i = i->next) put_inst(p, i);
  }
  buf_puts(p->out, "}\n");
}

static void put_annotations(LLPrinter *p, const LLFunc *f, Buf *list) {
  const struct {
    const char *name;
    int value;
  } notes[] = {{"reqntidx", f->threads}, {"maxnreg", f->maxnreg}, {"minctasm", f->min_ctas}};
  for (size_t n = 0; n < COUNT(notes); n++) {
    if (!notes[n].value) continue;
    int id = p->next_metadata++;
    buf_printf(&p->metadata, "!%d = !{ptr @%s, !\"%s\", i32 %d}\n", id, f->name, notes[n].name, notes[n].value);
    buf_printf(list, "%s!%d", list->len ? ", " : "", id);
  }
}

bool ll_uses_shared(const LLModule *m) {
  for (const LLFunc *f = m->first; f; f = f->next)
    for (const LLInst *i = f->consts; i; i = i->next)
      if (i->op == LL_SHARED) return true;
  return false;
}

void ll_print(Buf *out, LLModule *m, int sm, bool locations) {
  LLPrinter p = {.out = out, .cx = out->cx, .module = m, .locations = locations, .metadata = {.cx = out->cx}};
  p.next_metadata = 1; /* !0 is empty */
  buf_printf(out, "; ModuleID = '%s'\n; for sm_%d\n", m->name, sm);
  buf_puts(out, "target datalayout = \"e-p3:32:32-p4:32:32-p5:32:32-i64:64-i128:128-v16:16-v32:32-n16:32:64\"\n"
                "target triple = \"nvptx64-nvidia-cuda\"\n");
  if (ll_uses_shared(m))
    buf_printf(out, "\n@global_smem = external addrspace(3) global [0 x i8], align %d\n", m->shared_align);
  for (LLGlobal *g = m->globals; g; g = g->next) {
    buf_printf(out, "@%s = internal addrspace(1) constant [%zu x i8] c", g->name, g->len);
    ll_put_quoted(out, g->bytes, g->len);
    buf_puts(out, ", align 1\n");
  }
  Buf annotations = {.cx = out->cx};
  for (LLFunc *f = m->first; f; f = f->next) {
    put_func(&p, f);
    put_annotations(&p, f, &annotations);
  }
  buf_putc(out, '\n');
  for (uint32_t i = 0; i < p.declared.len; i++) buf_printf(out, "%s\n", (const char *)p.declared.entries[i].key);
  if (annotations.len) buf_printf(out, "\n!nvvm.annotations = !{%s}\n", buf_text(&annotations));
  if (locations) ll_put_debug_metadata(&p);
  buf_puts(out, "!0 = !{}\n");
  buf_puts(out, buf_text(&p.metadata));
}

void ll_print_inst(Buf *out, const LLInst *i) {
  LLPrinter p = {.out = out, .cx = out->cx, .metadata = {.cx = out->cx}};
  if (i->block) p.func = i->block->func;
  if (i->block) p.module = p.func->module;
  if (i->op == LL_BLOCKPARAM)
    buf_printf(out, "  %%v%u = phi %s\n", i->id, ll_type_text(out->cx, i->type));
  else if (i->block)
    put_inst(&p, i);
  else
    ll_put_typed(&p, i);
}
