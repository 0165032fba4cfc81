/* misc.c: printing, assertions, inline assembly, functions of elements. */
#include "gpu/lower/lower.h"

#include <stdio.h>
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

static void print_one(Lower *w, const Op *op, const char *prefix, int operand, int reg) {
  LLInst *args[4 + LAYOUT_MAX_DIMS + 1] = {NULL, ll_call(&w->b, LL_CTAID_X, NULL, NULL),
                                           ll_call(&w->b, LL_CTAID_Y, NULL, NULL),
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
      for (int d = 0; d < v->type->rank; d++) { /* as wide as the last index, so that columns are aligned */
        int width = snprintf(NULL, 0, "%lld", (long long)v->type->shape[d] - 1);
        buf_printf(&f, "%s%%%du", d ? ", " : "", width);
        args[n++] = lower_index(w, l, d, reg);
      }
      buf_puts(&f, ")");
    } else {
      buf_puts(&f, " idx ()");
    }
    put_escaped(&f, prefix);
    if (op->noperands > 1) buf_printf(&f, "(operand %d) ", operand);
    buf_puts(&f, format_of(w, v->type, sign, in_hex));
    args[n++] = promoted(w, v->type, lower_value(w, v)->at[reg], sign);
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
  Registers *c = lower_value(w, ir_operand(op, 0));
  LLInst *all = NULL;
  for (int i = 0; i < c->n; i++) all = all ? ll_op2(&w->b, LL_AND, all, c->at[i]) : c->at[i];
  const Loc *at = file_of(op->loc);
  Guard g = guard(w, ll_not(&w->b, all));
  LLInst *args[4] = {text(w, ir_attr_text_or(op, "message", "")), text(w, at ? at->file : "unknown"),
                     ll_const_i32(&w->b, at ? at->line : 0), text(w, w->f->name)};
  ll_build(&w->b, LL_ASSERTFAIL, &ll_void, (LLMods){0}, 0, args, 4);
  end_guard(w, g);
}

/* ---- tt.elementwise_inline_asm -----------------------------------------------------------------------------------
 *
 * A constraint's letter says in which machine register a value crosses the border, whatever the tensor's element type:
 * "h" 16 bits, "r" 32, "l" 64, "f" float, "d" double, "b" a predicate. A narrower element goes in as the low bits, the
 * others zero; of a result the low bits are taken. With packed_element = n, n elements go through the text at once: as
 * many narrow ones as fit share a register of up to 32 bits, the first in the low bits; wider ones have one each.
 * Registers are numbered results first, then operands, each in the order of its elements.
 */

typedef struct AsmText {
  Lower *w;
  const Op *op;
  const LLAsm *text;
  int packed;
  const char *at; /* the constraints not yet read */
  Vec(LLInst *) args;
} AsmText;

static const LLType *register_type(char letter) {
  switch (letter) {
  case 'c':
  case 'h': return &ll_i16;
  case 'r': return &ll_i32;
  case 'l': return &ll_i64;
  case 'f': return &ll_float;
  case 'd': return &ll_double;
  case 'b': return &ll_i1;
  default: return NULL;
  }
}

/* The register of the next constraint, which must be a result's or an operand's. */
static const LLType *next_register(AsmText *a, bool result) {
  const char *s = a->at + strspn(a->at, " ");
  size_t n = strcspn(s, ",");
  a->at = s + n + (s[n] == ',');
  if (n == 0 || *s == '~')
    lower_fail(a->w, a->op, "there are fewer constraints than registers of results and operands");
  if (result != (*s == '=')) lower_fail(a->w, a->op, "the constraints with '=' do not go with the results");
  const char *letter = s + strspn(s, "=&");
  const LLType *t = register_type(*letter);
  if (!t || letter[1 + strspn(letter + 1, " ")] != s[n])
    lower_fail(a->w, a->op, ctx_printf(a->w->cx, "the constraint '%.*s' is none of h, r, l, f, d and b", (int)n, s));
  return t;
}

/* How many elements a register has room for; several only where elements go through together. */
static int slots_of(const AsmText *a, const LLType *elem, const LLType *reg) {
  int room = reg->bits < 32 ? reg->bits : 32;
  return a->packed == 1 || elem->bits == 1 || elem->bits >= room ? 1 : room / elem->bits;
}

/* The bits of a value of any type as another of any width: cut off, or zeros put before them. */
static LLInst *same_bits(LLBuilder *b, const LLType *to, LLInst *x) {
  const LLType *from = x->type;
  if (ll_is_ptr(from) && ll_is_ptr(to)) return x;
  x = ll_is_ptr(from) ? ll_op1(b, LL_PTRTOINT, ll_int(from->bits), x) : ll_bitcast(b, ll_int(from->bits), x);
  x = ll_int_cast(b, ll_int(to->bits), x, false);
  return ll_is_ptr(to) ? ll_op1(b, LL_INTTOPTR, to, x) : ll_bitcast(b, to, x);
}

/* The operand's elements from `first` on, as many as are processed at once; the last is repeated for those beyond it. */
static void asm_operand(AsmText *a, const Value *v, int first) {
  Registers *x = lower_value(a->w, v);
  const LLType *elem = x->at[0]->type;
  for (int e = 0, slots; e < a->packed; e += slots) {
    LLInst *parts[4];
    const LLType *reg = next_register(a, false);
    slots = slots_of(a, elem, reg);
    for (int k = 0; k < slots; k++) parts[k] = x->at[first + e + k < x->n ? first + e + k : x->n - 1];
    vec_push(a->w->cx, &a->args, same_bits(&a->w->b, reg, ll_build_vector(&a->w->b, parts, slots)));
  }
}

static void asm_result(AsmText *a, const Value *v, int first, LLInst *const **outs) {
  LLBuilder *b = &a->w->b;
  Registers *x = lower_value(a->w, v);
  const LLType *elem = lower_elem(a->w, v->type);
  for (int e = 0, slots; e < a->packed; e += slots) {
    LLInst *out = *(*outs)++;
    slots = slots_of(a, elem, out->type);
    LLInst *whole = same_bits(b, slots == 1 ? elem : ll_vector(a->w->lm, elem, slots), out);
    for (int k = 0; k < slots && first + e + k < x->n; k++)
      x->at[first + e + k] = slots == 1 ? whole : ll_extract(b, whole, k);
  }
}

/* The text once, for the elements from `first` on. */
static void asm_once(AsmText *a, int first) {
  Vec(const LLType *) types = {0};
  a->at = a->text->constraints;
  a->args.len = 0;
  for (int i = 0; i < a->op->nresults; i++) {
    const LLType *elem = lower_elem(a->w, a->op->results[i].type);
    for (int e = 0; e < a->packed;) {
      const LLType *reg = next_register(a, true);
      vec_push(a->w->cx, &types, reg);
      e += slots_of(a, elem, reg);
    }
  }
  for (int i = 0; i < a->op->noperands; i++) asm_operand(a, ir_operand(a->op, i), first);
  const char *rest = a->at + strspn(a->at, " ");
  if (*rest && *rest != '~')
    lower_fail(a->w, a->op, "there are more constraints than registers of results and operands");
  int n = (int)types.len;
  const LLType *type = n == 1 ? types.at[0] : ll_struct_of(a->w->lm, types.at, n);
  LLInst *x = ll_asm(&a->w->b, type, a->text, a->args.at, (int)a->args.len), **outs = NEWN(a->w->cx, LLInst *, n + 1);
  for (int i = 0; i < n; i++) outs[i] = n == 1 ? x : ll_extract(&a->w->b, x, i);
  LLInst *const *at = outs;
  for (int i = 0; i < a->op->nresults; i++) asm_result(a, &a->op->results[i], first, &at);
}

/* The intrinsic that the text is one instruction of, if it is: that one is known to all passes and to the simulated
 * GPU. Those without operands only; a comment after the instruction does not count. */
static LLOp intrinsic_of(const Lower *w, const Op *op, const char *text) {
  if (op->noperands || op->nresults != 1) return LL_OPS;
  text += strspn(text, " ");
  const char *end = strstr(text, "//");
  size_t n = end ? (size_t)(end - text) : strlen(text);
  while (n && text[n - 1] == ' ') n--;
  for (int i = 0; i < LL_OPS; i++) {
    const LLOpInfo *info = &ll_ops[i];
    if (!info->text || !info->signature || strlen(info->signature) != 2 || info->sm > w->sm) continue;
    const char *d = strstr(info->text, "$d");
    size_t before = d ? (size_t)(d - info->text) : strlen(info->text);
    if (strlen(info->text) != n || strncmp(text, info->text, before) != 0) continue;
    if (!d || (!strncmp(text + before, "$0", 2) && !strncmp(text + before + 2, d + 2, n - before - 2))) return (LLOp)i;
  }
  return LL_OPS;
}

void lower_inline_asm(Lower *w, const Op *op) {
  LLOp known = intrinsic_of(w, op, ir_attr_text_or(op, "asm_string", ""));
  if (known != LL_OPS) {
    LLInst *x = ll_call(&w->b, known, NULL, NULL);
    Registers *out = lower_new(w, &op->results[0], lower_count(w, &op->results[0]));
    for (int i = 0; i < out->n; i++)
      out->at[i] = x->type == &ll_void ? ll_const(&w->b, lower_elem(w, ir_elem(op->results[0].type)), 0) : x;
    return;
  }
  int count = lower_count(w, &op->results[0]), packed = (int)ir_attr_int_or(op, "packed_element", 1);
  if (packed < 1) lower_fail(w, op, "no such number of elements goes through at once");
  const Attr *pure = ir_attr(op, "pure");
  LLAsm *text = NEW(w->cx, LLAsm);
  *text = (LLAsm){ir_attr_text_or(op, "asm_string", ""), ir_attr_text_or(op, "constraints", ""), pure && pure->integer};
  for (int i = 0; i < op->nresults; i++) lower_new(w, &op->results[i], count);
  AsmText a = {.w = w, .op = op, .text = text, .packed = packed};
  for (int r = 0; r < count; r += packed) asm_once(&a, r);
}

/* ---- tt.map_elementwise ------------------------------------------------------------------------------------------
 *
 * The function's body once per register, or, with pack = p, per p registers that follow each other: its arguments are p
 * elements of the first operand, then p of the next, and so are its results. A branch in it is the thread's own; what all
 * threads of a block must do together, or one of them for all, has no place there.
 */

static void check_mapped(Op *op, void *arg) {
  Lower *w = arg;
  bool one_thread = op->code == OP_STORE || op->code == OP_ATOMIC_RMW || op->code == OP_ATOMIC_CAS ||
                    op->code == OP_PRINT || op->code == OP_BARRIER;
  if (one_thread) lower_fail(w, op, "a function of tl.map_elementwise cannot do this on a GPU");
}

void lower_map(Lower *w, const Op *op) {
  const Region *region = op->regions[0];
  if (region->first != region->last)
    lower_fail(w, op, "its body has several blocks; structured control flow is expected");
  Block *body = region->first;
  ir_walk((Op *)op, check_mapped, w);
  int n = lower_count(w, &op->results[0]), pack = (int)ir_attr_int_or(op, "pack", 1);
  if (pack < 1 || n % pack)
    lower_fail(w, op, ctx_printf(w->cx, "a thread has %d elements, of which %d go through at once", n, pack));
  Registers **in = NEWN(w->cx, Registers *, op->noperands), **out = NEWN(w->cx, Registers *, op->nresults);
  for (int i = 0; i < op->noperands; i++) in[i] = lower_value(w, ir_operand(op, i));
  for (int i = 0; i < op->nresults; i++) out[i] = lower_new(w, &op->results[i], n);
  for (int r = 0; r < n; r += pack) {
    for (int i = 0; i < body->nargs; i++) lower_set(w, body->args[i], in[i / pack]->at[r + i % pack]);
    lower_block(w, body);
    for (int i = 0; i < body->last->noperands; i++)
      out[i / pack]->at[r + i % pack] = lower_scalar(w, ir_operand(body->last, i));
  }
}
