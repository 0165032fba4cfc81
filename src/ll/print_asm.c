/* print_asm.c: instructions that LLVM has no intrinsic for, as inline assembly with the PTX that our own printer would
 * print. A value crosses the border as its machine registers: 16-bit ones ("h"), 32 ("r"), 64 ("l"), float ("f"),
 * double ("d"), predicate ("b"); vectors and structs are taken apart before and put together after.
 */
#include "ll/print.h"

#include <string.h>

typedef struct Reg {
  const char *name, *type, *constraint;
} Reg;
typedef Vec(Reg) Regs;

typedef struct AsmCall {
  LLPrinter *p;
  const LLInst *inst;
  int *first, *count; /* per operand: which registers of `in` */
  Regs in;
  int nout;
} AsmCall;

static const char *reg_constraint(const LLType *t) {
  if (t == &ll_float) return "f";
  if (t == &ll_double) return "d";
  return t->bits == 1 ? "b" : t->bits <= 16 ? "h" : t->bits == 32 ? "r" : "l";
}

static void push(LLPrinter *p, Regs *r, const char *name, const char *type, const char *constraint) {
  vec_push(p->cx, r, ((Reg){name, type, constraint}));
}

static const char *convert(LLPrinter *p, const char *op, const char *from, const char *name, const char *to) {
  int t = ll_temp(p);
  buf_printf(p->out, "  %%t%d = %s %s %s to %s\n", t, op, from, name, to);
  return ctx_printf(p->cx, "%%t%d", t);
}

static const char *take(LLPrinter *p, const char *op, const char *type, const char *name, const char *index) {
  int t = ll_temp(p);
  buf_printf(p->out, "  %%t%d = %s %s %s, %s\n", t, op, type, name, index);
  return ctx_printf(p->cx, "%%t%d", t);
}

/* The type in which a packed vector crosses: i16, i32, or <n x i32>. */
static const char *packed_type(LLPrinter *p, const LLType *t) {
  int n = ll_nregs(t);
  return n > 1 ? ctx_printf(p->cx, "<%d x i32>", n) : t->bits <= 16 ? "i16" : "i32";
}

static void take_apart(LLPrinter *p, Regs *r, const LLType *t, const char *name) {
  const char *type = ll_type_text(p->cx, t);
  if (t->kind == LLK_STRUCT) {
    for (int i = 0; i < t->n; i++)
      take_apart(p, r, t->fields[i], take(p, "extractvalue", type, name, ctx_printf(p->cx, "%d", i)));
  } else if (t->kind == LLK_VECTOR && t->elem->bits >= 32) {
    for (int i = 0; i < t->n; i++)
      take_apart(p, r, t->elem, take(p, "extractelement", type, name, ctx_printf(p->cx, "i32 %d", i)));
  } else if (t->kind == LLK_VECTOR) {
    const char *packed = packed_type(p, t), *v = convert(p, "bitcast", type, name, packed);
    int n = ll_nregs(t);
    if (n == 1) push(p, r, v, packed, t->bits <= 16 ? "h" : "r");
    for (int i = 0; n > 1 && i < n; i++)
      push(p, r, take(p, "extractelement", packed, v, ctx_printf(p->cx, "i32 %d", i)), "i32", "r");
  } else if (t->kind == LLK_HALF || t->kind == LLK_BFLOAT) {
    push(p, r, convert(p, "bitcast", type, name, "i16"), "i16", "h");
  } else if (t->kind == LLK_I8) {
    push(p, r, convert(p, "zext", type, name, "i16"), "i16", "h");
  } else {
    push(p, r, name, type, reg_constraint(t));
  }
}

/* The types of the result's registers as LLVM sees them. */
static void out_types(LLPrinter *p, Regs *r, const LLType *t) {
  for (int i = 0; t->kind == LLK_STRUCT && i < t->n; i++) out_types(p, r, t->fields[i]);
  if (t->kind == LLK_STRUCT || t->kind == LLK_VOID) return;
  if (t->kind == LLK_VECTOR && t->elem->bits >= 32) {
    for (int i = 0; i < t->n; i++) out_types(p, r, t->elem);
  } else if (t->kind == LLK_VECTOR) {
    for (int i = 0; i < ll_nregs(t); i++) push(p, r, "", t->bits <= 16 ? "i16" : "i32", t->bits <= 16 ? "h" : "r");
  } else if (t->bits <= 16 && t->bits > 1) {
    push(p, r, "", "i16", "h");
  } else {
    push(p, r, "", ll_type_text(p->cx, t), reg_constraint(t));
  }
}

static const char *insert(LLPrinter *p, const char *op, const char *type, const char *into, const char *elem_type,
                          const char *elem, const char *index) {
  int t = ll_temp(p);
  buf_printf(p->out, "  %%t%d = %s %s %s, %s %s, %s\n", t, op, type, into, elem_type, elem, index);
  return ctx_printf(p->cx, "%%t%d", t);
}

/* The value of type t from registers *at…; advances *at. */
static const char *put_together(LLPrinter *p, const Regs *r, int *at, const LLType *t) {
  const char *type = ll_type_text(p->cx, t);
  bool vector = t->kind == LLK_VECTOR;
  if (t->kind == LLK_STRUCT || (vector && t->elem->bits >= 32)) {
    const char *v = "undef";
    for (int i = 0; i < t->n; i++) {
      const LLType *f = ll_field(t, i);
      const char *elem = put_together(p, r, at, f);
      v = insert(p, vector ? "insertelement" : "insertvalue", type, v, ll_type_text(p->cx, f), elem,
                 ctx_printf(p->cx, vector ? "i32 %d" : "%d", i));
    }
    return v;
  }
  if (vector) {
    int n = ll_nregs(t);
    const char *packed = packed_type(p, t), *v = n == 1 ? r->at[(*at)++].name : "undef";
    for (int i = 0; n > 1 && i < n; i++)
      v = insert(p, "insertelement", packed, v, "i32", r->at[(*at)++].name, ctx_printf(p->cx, "i32 %d", i));
    return convert(p, "bitcast", packed, v, type);
  }
  const char *v = r->at[(*at)++].name;
  if (t->kind == LLK_HALF || t->kind == LLK_BFLOAT) return convert(p, "bitcast", "i16", v, type);
  return t->kind == LLK_I8 ? convert(p, "trunc", "i16", v, "i8") : v;
}

static void put_numbers(LLExpand *e, int index) {
  AsmCall *c = e->self;
  int from = index < 0 ? 0 : c->nout + c->first[index], n = index < 0 ? c->nout : c->count[index];
  for (int i = 0; i < n; i++) buf_printf(e->out, "%s$%d", i ? ", " : "", from + i);
}

/* The call itself; its results' registers are named, taken out of a struct when there are several. */
static void put_call(AsmCall *c, Regs *out, const char *text, const char *constraints, bool pure) {
  LLPrinter *p = c->p;
  int result = (int)out->len ? ll_temp(p) : -1;
  Buf type = {.cx = p->cx};
  if ((int)out->len == 0) buf_puts(&type, "void");
  if ((int)out->len == 1) buf_puts(&type, out->at[0].type);
  for (int i = 0; (int)out->len > 1 && i < (int)out->len; i++)
    buf_printf(&type, "%s%s", i ? ", " : "{ ", out->at[i].type);
  if ((int)out->len > 1) buf_puts(&type, " }");
  buf_puts(p->out, "  ");
  if ((int)out->len) buf_printf(p->out, "%%t%d = ", result);
  buf_printf(p->out, "call %s asm %s", buf_text(&type), pure ? "" : "sideeffect ");
  ll_put_quoted(p->out, text, strlen(text));
  buf_puts(p->out, ", ");
  ll_put_quoted(p->out, constraints, strlen(constraints));
  buf_putc(p->out, '(');
  for (int i = 0; i < (int)c->in.len; i++)
    buf_printf(p->out, "%s%s %s", i ? ", " : "", c->in.at[i].type, c->in.at[i].name);
  buf_putc(p->out, ')');
  ll_put_dbg(p, c->inst);
  buf_putc(p->out, '\n');
  const char *whole = ctx_printf(p->cx, "%%t%d", result);
  for (int i = 0; i < (int)out->len; i++)
    out->at[i].name =
        (int)out->len == 1 ? whole : take(p, "extractvalue", buf_text(&type), whole, ctx_printf(p->cx, "%d", i));
}

/* The instruction's own name for what was put together. */
static void put_name(LLPrinter *p, const LLInst *i, const char *v) {
  const char *type = ll_type_text(p->cx, i->type);
  if (i->type->kind == LLK_STRUCT) {
    /* LLVM has no copy; an insertion of a field's own value is one */
    const char *f = take(p, "extractvalue", type, v, "0");
    buf_printf(p->out, "  %%v%u = insertvalue %s %s, %s %s, 0\n", i->id, type, v,
               ll_type_text(p->cx, i->type->fields[0]), f);
  } else {
    buf_printf(p->out, "  %%v%u = bitcast %s %s to %s\n", i->id, type, v, type);
  }
}

static void gather_operands(AsmCall *c, bool immediates) {
  const LLInst *i = c->inst;
  c->first = NEWN(c->p->cx, int, i->nargs + 1);
  c->count = NEWN(c->p->cx, int, i->nargs + 1);
  for (int a = 0; a < i->nargs; a++) {
    c->first[a] = (int)c->in.len;
    if (immediates && i->args[a]->op == LL_CONST)
      push(c->p, &c->in, ll_text_of(c->p, i->args[a]), ll_type_text(c->p->cx, i->args[a]->type), "n");
    else
      take_apart(c->p, &c->in, i->args[a]->type, ll_text_of(c->p, i->args[a]));
    c->count[a] = (int)c->in.len - c->first[a];
  }
}

/* Before a predicated instruction the result takes the value it has when nothing happens. */
static void put_other(AsmCall *c, const Regs *out, Buf *text) {
  const LLInst *i = c->inst;
  if (!(i->mods.flags & LLF_PRED)) return;
  int other = i->nargs - 2;
  for (int r = 0; r < (int)out->len; r++)
    buf_printf(text, "mov.b%d $%d, $%d; ", ll_reg_bits(i->type, r), r, c->nout + c->first[other] + r);
  buf_printf(text, "@$%d ", c->nout + c->first[i->nargs - 1]);
}

void ll_put_as_asm(LLPrinter *p, const LLInst *i, const char *template) {
  AsmCall *c = NEW(p->cx, AsmCall);
  Regs *out = NEW(p->cx, Regs);
  c->p = p;
  c->inst = i;
  bool tied = ll_is(i, LLE_TIED), pure = ll_is_pure(i) && !ll_is(i, LLE_CONVERGENT);
  gather_operands(c, strstr(template, "$!") != NULL);
  out_types(p, out, i->type);
  c->nout = (int)out->len;
  Buf text = {.cx = p->cx}, constraints = {.cx = p->cx};
  put_other(c, out, &text);
  LLExpand e = {.out = &text, .inst = i, .operand = put_numbers, .self = c};
  ll_expand(&e, template);
  bool early = (i->mods.flags & LLF_PRED) != 0;
  for (int r = 0; r < (int)out->len; r++)
    buf_printf(&constraints, "%s=%s%s", r ? "," : "", early ? "&" : "", out->at[r].constraint);
  for (int r = 0; r < (int)c->in.len; r++) {
    if (constraints.len) buf_putc(&constraints, ',');
    if (tied && r < c->count[0])
      buf_printf(&constraints, "%d", r);
    else
      buf_puts(&constraints, c->in.at[r].constraint);
  }
  if (!pure) buf_puts(&constraints, constraints.len ? ",~{memory}" : "~{memory}");
  put_call(c, out, buf_text(&text), buf_text(&constraints), pure);
  int at = 0;
  if (i->type->kind != LLK_VOID) put_name(p, i, put_together(p, out, &at, i->type));
}

/* The user's own assembly: its text and constraints as they are. */
void ll_put_inline_asm(LLPrinter *p, const LLInst *i) {
  const LLAsm *a = i->ref;
  AsmCall *c = NEW(p->cx, AsmCall);
  Regs *out = NEW(p->cx, Regs);
  c->p = p;
  c->inst = i;
  gather_operands(c, false);
  out_types(p, out, i->type);
  put_call(c, out, a->text, a->constraints, a->pure);
  int at = 0;
  if (i->type->kind != LLK_VOID) put_name(p, i, put_together(p, out, &at, i->type));
}
