/* print_value.c: how values, constants and strings are spelled in LLVM assembly. */
#include "ll/print.h"

#include <string.h>

void ll_put_quoted(Buf *out, const char *s, size_t n) {
  buf_putc(out, '"');
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    if (c < 32 || c > 126 || c == '"' || c == '\\')
      buf_printf(out, "\\%02X", c);
    else
      buf_putc(out, (char)c);
  }
  buf_putc(out, '"');
}

static void put_float_constant(LLPrinter *p, const LLType *t, uint64_t bits) {
  if (t->kind == LLK_HALF)
    buf_printf(p->out, "0xH%04llX", (unsigned long long)bits);
  else if (t->kind == LLK_BFLOAT)
    buf_printf(p->out, "0xR%04llX", (unsigned long long)bits);
  else {
    /* A float is written by the bits of the double that is equal to it. */
    double d;
    if (t->kind == LLK_FLOAT) {
      float f;
      uint32_t low = (uint32_t)bits;
      memcpy(&f, &low, sizeof f);
      d = (double)f;
    } else
      memcpy(&d, &bits, sizeof d);
    memcpy(&bits, &d, sizeof d);
    buf_printf(p->out, "0x%016llX", (unsigned long long)bits);
  }
}

void ll_put_constant(LLPrinter *p, const LLType *t, uint64_t bits) {
  if (t->kind >= LLK_VECTOR) {
    if (bits == 0) {
      buf_puts(p->out, "zeroinitializer");
      return;
    }
    bool vector = t->kind == LLK_VECTOR;
    buf_putc(p->out, vector ? '<' : '{');
    for (int i = 0; i < t->n; i++) {
      if (i) buf_puts(p->out, ", ");
      ll_put_type(p->out, ll_field(t, i));
      buf_putc(p->out, ' ');
      ll_put_constant(p, ll_field(t, i), bits);
    }
    buf_putc(p->out, vector ? '>' : '}');
  } else if (ll_is_float(t)) {
    put_float_constant(p, t, bits);
  } else if (ll_is_ptr(t)) {
    if (bits == 0)
      buf_puts(p->out, "null");
    else
      buf_printf(p->out, "inttoptr (i64 %llu to %s)", (unsigned long long)bits, ll_type_text(p->cx, t));
  } else if (t == &ll_i1) {
    buf_puts(p->out, bits ? "true" : "false");
  } else {
    buf_printf(p->out, "%lld", (long long)sign_extended(bits, t->bits));
  }
}

void ll_put_value(LLPrinter *p, const LLInst *v) {
  switch (v->op) {
  case LL_CONST: ll_put_constant(p, v->type, (uint64_t)v->imm); return;
  case LL_UNDEF: buf_puts(p->out, "undef"); return;
  case LL_PARAM: buf_printf(p->out, "%%%s", p->func->params[v->imm].name); return;
  case LL_SHARED: buf_puts(p->out, "@global_smem"); return;
  case LL_GLOBAL: buf_printf(p->out, "@%s", ((const LLGlobal *)v->ref)->name); return;
  default: buf_printf(p->out, "%%v%u", v->id);
  }
}

void ll_put_typed(LLPrinter *p, const LLInst *v) {
  ll_put_type(p->out, v->type);
  buf_putc(p->out, ' ');
  ll_put_value(p, v);
}

const char *ll_text_of(LLPrinter *p, const LLInst *v) {
  Buf *saved = p->out, b = {.cx = p->cx};
  p->out = &b;
  ll_put_value(p, v);
  p->out = saved;
  return buf_text(&b);
}

int ll_temp(LLPrinter *p) { return p->temps++; }

void ll_declare(LLPrinter *p, const char *text) { map_put(p->cx, &p->declared, intern(p->cx, text), p); }
