/* literal.c: values that a source writes as literals, for callers that describe parameters as text: the command
 * line's signature, defaults of parameters in a file that is never executed.
 */
#include "run/run.h"

#include <string.h>

/* Scalar types by the names that users write for them, and the names that signatures use. */
static const struct TypeName {
  const char *name, *tl;
} type_names[] = {
    {"i1", "int1"},
    {"i8", "int8"},
    {"i16", "int16"},
    {"i32", "int32"},
    {"i64", "int64"},
    {"u1", "uint1"},
    {"u8", "uint8"},
    {"u16", "uint16"},
    {"u32", "uint32"},
    {"u64", "uint64"},
    {"fp16", "float16"},
    {"bf16", "bfloat16"},
    {"fp32", "float32"},
    {"fp64", "float64"},
    {"f16", "float16"},
    {"f32", "float32"},
    {"f64", "float64"},
    {"fp8e4nv", "float8e4nv"},
    {"fp8e5", "float8e5"},
    {"fp8e4b8", "float8e4b8"},
    {"fp8e5b16", "float8e5b16"},
    {"fp8e4b15", "float8e4b15"},
};

const char *run_type_name(Ctx *cx, const char *text) {
  const char *p = text, *bracket = strchr(text, '[');
  if (strncmp(text, "tensordesc<", 11) == 0 && bracket) { /* tensordesc<fp16[64,32]> */
    const char *elem = run_type_name(cx, ctx_strndup(cx, text + 11, (size_t)(bracket - text) - 11));
    return elem ? ctx_printf(cx, "tensordesc<%s%s", elem, bracket) : NULL;
  }
  while (*p == '*') p++;
  if (p != text && *p == 'k') p++; /* pointer to const */
  size_t stars = (size_t)(p - text);
  if (strncmp(p, "tl.", 3) == 0) p += 3;
  for (size_t i = 0; i < COUNT(type_names); i++) {
    const struct TypeName *t = &type_names[i];
    if (strcmp(p, t->name) != 0 && strcmp(p, t->tl) != 0) continue;
    const char *name = t->name[0] == 'f' && t->name[1] != 'p' ? ctx_printf(cx, "fp%s", t->name + 1)
                       : strcmp(t->name, "u1") == 0           ? "i1"
                                                              : t->name;
    return ctx_printf(cx, "%.*s%s", (int)stars, text, name);
  }
  return NULL;
}

bool run_literal(Ctx *cx, const Node *n, ttc_value *out) {
  *out = (ttc_value){0};
  switch (n->kind) {
  case N_NONE: out->kind = TTC_NONE; return true;
  case N_TRUE:
  case N_FALSE:
    out->kind = TTC_BOOL;
    out->integer = n->kind == N_TRUE;
    return true;
  case N_INT:
    if (n->big || n->integer > INT64_MAX) return false;
    out->kind = TTC_INT;
    out->integer = (int64_t)n->integer;
    return true;
  case N_FLOAT:
    out->kind = TTC_FLOAT;
    out->number = n->number;
    return true;
  case N_STR:
    out->kind = TTC_STR;
    out->text = n->name;
    out->len = (size_t)n->integer;
    return true;
  case N_UNARY:
    if ((n->op != U_NEG && n->op != U_POS) || !run_literal(cx, n->a, out)) return false;
    if (out->kind != TTC_INT && out->kind != TTC_FLOAT) return false;
    if (n->op == U_NEG) {
      out->integer = -out->integer;
      out->number = -out->number;
    }
    return true;
  case N_TUPLE:
  case N_LIST: {
    ttc_value *items = NEWN(cx, ttc_value, n->items.len + 1);
    for (uint32_t i = 0; i < n->items.len; i++)
      if (!run_literal(cx, n->items.at[i], &items[i])) return false;
    out->kind = n->kind == N_TUPLE ? TTC_TUPLE : TTC_LIST;
    out->items = items;
    out->len = n->items.len;
    return true;
  }
  case N_NAME:
  case N_ATTRIBUTE: { /* tl.float32, fp32 */
    const char *name = n->name;
    if (n->kind == N_ATTRIBUTE && n->a->kind != N_NAME && n->a->kind != N_ATTRIBUTE) return false;
    const char *type = run_type_name(cx, name);
    if (!type) return false;
    out->kind = TTC_DTYPE;
    out->text = type;
    out->len = strlen(type);
    return true;
  }
  default: return false;
  }
}

bool run_default(Ctx *cx, const ttc_function *f, size_t index, ttc_value *out) {
  Source *source = source_new(cx, f->file, f->source, f->source_len, f->first_line);
  const Node *def = syn_find_function(syn_parse_module(cx, source), f->name);
  return def && index < def->params.len && def->params.at[index].fallback &&
         run_literal(cx, def->params.at[index].fallback, out);
}
