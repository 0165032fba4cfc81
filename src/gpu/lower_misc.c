/* lower_misc.c: printing, assertions, inline assembly. */
#include "gpu/lower.h"

#include <string.h>

/* ---- tt.print ---------------------------------------------------------------------------------------------------- */

static const char *format_of(Lower *w, const Type *t, bool is_signed, bool hex) {
  t = ir_elem((Type *)t);
  if (t->kind == TYPE_PTR) return "%p";
  if (t->kind == TYPE_FLOAT) return "%f";
  if (hex) return ctx_printf(w->cx, "0x%%0%d%s", t->bits / 4, t->bits > 32 ? "llx" : "x");
  if (t->bits > 32) return is_signed ? "%lli" : "%llu";
  return is_signed ? "%i" : "%u";
}

/* As varargs take it: at least 32 bits, floats as doubles. */
static LLInst *promoted(Lower *w, Type *t, LLInst *x, bool is_signed) {
  t = ir_elem(t);
  if (t->kind == TYPE_FLOAT) {
    if (ir_float_bits(t->fkind) == 8) x = lower_cast_float(w, x, t, ir_float(w->cx, F32), "rtne");
    if (x->type->bits == 16) x = ll_op1(&w->b, LL_FPEXT, &ll_float, x);
    return x->type == &ll_float ? ll_op1(&w->b, LL_FPEXT, &ll_double, x) : x;
  }
  return ll_is_int(x->type) && x->type->bits < 32 ? ll_int_cast(&w->b, &ll_i32, x, is_signed) : x;
}

/* Text in a format of printf. */
static void put_escaped(Buf *f, const char *s) {
  for (; *s; s++) buf_puts(f, *s == '%' ? "%%" : (char[]){*s, 0});
}

static LLInst *text(Lower *w, const char *s) { return ll_global(&w->b, ll_global_bytes(w->lm, s, strlen(s) + 1)); }

static int digits(int64_t x) {
  int n = 1;
  while (x /= 10) n++;
  return n;
}

static void print_one(Lower *w, const Op *op, const char *prefix, int operand, int reg) {
  LLInst *args[16] = {NULL, ll_call(&w->b, LL_CTAID_X, NULL, NULL), ll_call(&w->b, LL_CTAID_Y, NULL, NULL),
                      ll_call(&w->b, LL_CTAID_Z, NULL, NULL)};
  int n = 4;
  Buf f = {.cx = w->cx};
  buf_puts(&f, "pid (%u, %u, %u)");
  if (operand < 0) {
    put_escaped(&f, prefix);
  } else {
    const Value *v = ir_operand(op, operand);
    const Attr *hex = ir_attr(op, "hex"), *is_signed = ir_attr(op, "isSigned");
    bool in_hex = hex && hex->integer;
    bool sign = !in_hex && (!is_signed || is_signed->kind != ATTR_INTS || is_signed->ints[operand]);
    if (ir_is_tensor(v->type)) {
      const Layout *l = gpu_layout(w->cx, v->type);
      buf_puts(&f, " idx (");
      for (int d = 0; d < v->type->rank; d++) { /* as wide as the last index, so that columns stand below each other */
        buf_printf(&f, "%s%%%du", d ? ", " : "", digits(v->type->shape[d] - 1));
        args[n++] = lower_index(w, l, d, reg);
      }
      buf_puts(&f, ")");
    } else {
      buf_puts(&f, " idx ()");
    }
    put_escaped(&f, prefix);
    if (op->noperands > 1) buf_printf(&f, "(operand %d) ", operand);
    buf_puts(&f, format_of(w, v->type, sign, in_hex));
    args[n++] = promoted(w, v->type, lower_val(w, v)->at[reg], sign);
  }
  buf_puts(&f, "\n");
  args[0] = text(w, buf_text(&f));
  ll_build(&w->b, LL_PRINTF, &ll_i32, (LLMods){0}, 0, args, n);
}

/* `block(i)` run only where the condition holds. */
typedef struct Guard {
  LLBlock *after;
} Guard;

static Guard guard(Lower *w, LLInst *condition) {
  LLBlock *from = w->b.block, *yes = ll_block_new(w->f, from);
  Guard g = {ll_block_new(w->f, from)};
  ll_cond_br(&w->b, condition, yes, NULL, 0, g.after, NULL, 0);
  const LLLoc *loc = w->b.loc;
  w->b = ll_at_end(yes);
  w->b.loc = loc;
  return g;
}

static void end_guard(Lower *w, Guard g) {
  ll_br(&w->b, g.after, NULL, 0);
  ll_block_move_last(g.after);
  const LLLoc *loc = w->b.loc;
  w->b = ll_at_end(g.after);
  w->b.loc = loc;
}

void lower_print(Lower *w, const Op *op) {
  const char *prefix = ir_attr_text_or(op, "prefix", "");
  if (!op->noperands) {
    Guard g = guard(w, lower_is_thread0(w));
    print_one(w, op, prefix, -1, 0);
    end_guard(w, g);
  }
  for (int i = 0; i < op->noperands; i++) {
    const Value *v = ir_operand(op, i);
    LLInst *first = ir_is_tensor(v->type) ? lower_is_first(w, gpu_layout(w->cx, v->type)) : lower_is_thread0(w);
    Guard g = {0};
    if (first) g = guard(w, first);
    for (int reg = 0; reg < lower_count(w, v); reg++) print_one(w, op, prefix, i, reg);
    if (first) end_guard(w, g);
  }
}

/* ---- tt.assert --------------------------------------------------------------------------------------------------- */

static const Loc *file_of(const Loc *loc) {
  while (loc && loc->kind != LOC_FILE) loc = loc->kind == LOC_UNKNOWN ? NULL : loc->child;
  return loc;
}

void lower_assert(Lower *w, const Op *op) {
  Val *c = lower_val(w, ir_operand(op, 0));
  LLInst *all = NULL;
  for (int i = 0; i < c->n; i++) all = all ? ll_op2(&w->b, LL_AND, all, c->at[i]) : c->at[i];
  const Loc *at = file_of(op->loc);
  Guard g = guard(w, ll_not(&w->b, all));
  LLInst *args[4] = {text(w, ir_attr_text_or(op, "message", "")), text(w, at ? at->file : "unknown"),
                     ll_const_i32(&w->b, at ? at->line : 0), text(w, w->f->name)};
  ll_build(&w->b, LL_ASSERTFAIL, &ll_void, (LLMods){0}, 0, args, 4);
  end_guard(w, g);
}

/* ---- tt.elementwise_inline_asm ----------------------------------------------------------------------------------- */

void lower_inline_asm(Lower *w, const Op *op) {
  int packed = (int)ir_attr_int_or(op, "packed_element", 1), count = lower_count(w, &op->results[0]);
  if (packed != 1) lower_fail(w, op, "packed elements are not supported on this target yet");
  const Attr *pure = ir_attr(op, "pure");
  LLAsm *a = NEW(w->cx, LLAsm);
  *a = (LLAsm){ir_attr_text_or(op, "asm_string", ""), ir_attr_text_or(op, "constraints", ""), pure && pure->integer};
  const LLType *types[16];
  if (op->nresults > 16 || op->noperands > 16) lower_fail(w, op, "more than sixteen operands");
  for (int i = 0; i < op->nresults; i++) {
    types[i] = lower_elem(w, op->results[i].type);
    lower_new(w, &op->results[i], count);
  }
  for (int r = 0; r < count; r++) {
    LLInst *args[16];
    for (int i = 0; i < op->noperands; i++) {
      Val *x = lower_val(w, ir_operand(op, i));
      args[i] = x->at[x->n == 1 ? 0 : r];
    }
    const LLType *t = op->nresults == 1 ? types[0] : ll_struct_of(w->lm, types, op->nresults);
    LLInst *x = ll_asm(&w->b, t, a, args, op->noperands);
    for (int i = 0; i < op->nresults; i++)
      lower_val(w, &op->results[i])->at[r] = op->nresults == 1 ? x : ll_extract(&w->b, x, i);
  }
}
