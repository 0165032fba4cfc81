/* host.c: values from the host and to it. */
#include "lang/python/python.h"

#include <string.h>

static Val *from_builtin(Lang *L, const char *text) {
  if (strncmp(text, "builtins.", 9) == 0) {
    static const char *const types[] = {"int", "float", "bool", "str", "tuple", "list", "dict"};
    for (size_t i = 0; i < COUNT(types); i++)
      if (strcmp(types[i], text + 9) == 0) return val_type(L, text);
    const Builtin *row = py_builtin_find(text);
    return row ? val_builtin(L, row, NULL) : NULL;
  }
  const char *dot = strrchr(text, '.');
  if (!dot) return lang_member(L, "", text);
  return lang_member(L, intern_n(L->cx, text, (size_t)(dot - text)), dot + 1);
}

/* A host's integer; one that does not fit in 64 bits comes as its decimal digits. */
static BigInt host_integer(Lang *L, const ttc_value *v) {
  if (!v->text) return v->integer;
  const BigInt limit = ((BigInt)1 << 126) / 10;
  bool negative = v->text[0] == '-';
  BigInt x = 0;
  for (const char *p = v->text + negative; *p; p++) {
    if (x > limit) lang_fail(L, NULL, "the integer %s has more than 127 bits", v->text);
    x = x * 10 + (*p - '0');
  }
  return negative ? -x : x;
}

Val *py_val_from_host(Lang *L, const ttc_value *v) {
  Val *out = NULL;
  switch (v->kind) {
  case TTC_NONE: out = val_none(L); break;
  case TTC_BOOL: out = val_bool(L, v->integer != 0); break;
  case TTC_INT: out = val_int(L, host_integer(L, v)); break;
  case TTC_FLOAT: out = val_float(L, v->number); break;
  case TTC_STR: out = val_str(L, v->text, v->len); break;
  case TTC_DTYPE: {
    const LType *t = lt_parse(L, v->text);
    if (!t) lang_fail(L, NULL, "`%s` is not a type the language knows", v->text);
    out = val_dtype(L, t);
    break;
  }
  case TTC_TUPLE:
  case TTC_LIST: {
    Val **items = NEWN(L->cx, Val *, v->len);
    for (size_t i = 0; i < v->len; i++) items[i] = py_val_from_host(L, &v->items[i]);
    const char **names = NULL;
    if (v->names) {
      names = NEWN(L->cx, const char *, v->len);
      for (size_t i = 0; i < v->len; i++) names[i] = intern(L->cx, v->names[i]);
    }
    if (v->kind == TTC_TUPLE && v->object) {
      ttc_value class = {.kind = TTC_CLASS, .object = v->object, .text = v->text};
      out = py_class_object(L, py_val_from_host(L, &class), items, v->len);
      break;
    }
    out = v->kind == TTC_LIST ? val_list(L, items, v->len) : val_tuple(L, items, v->len, names);
    break;
  }
  case TTC_FUNCTION: out = val_function(L, v->function); break;
  case TTC_BUILTIN:
    out = from_builtin(L, v->text);
    if (!out)
      lang_fail(L, NULL, "`%s` is not supported in a kernel", strncmp(v->text, "builtins.", 9) ? v->text : v->text + 9);
    break;
  case TTC_MODULE:
  case TTC_CALLABLE:
  case TTC_CLASS:
  case TTC_OBJECT:
    out = NEW(L->cx, Val);
    out->kind = V_HOST;
    out->host = *v;
    break;
  case TTC_HANDLE: return v->object; /* a host function gives back what it was given */
  }
  if (v->is_constexpr) {
    Val *copy = NEW(L->cx, Val);
    *copy = *out;
    copy->constexpr_ = true;
    out = copy;
  }
  return out;
}

void py_val_to_host(Lang *L, const Val *v, ttc_value *out) {
  *out = (ttc_value){.is_constexpr = true};
  switch (v->kind) {
  case V_NONE: out->kind = TTC_NONE; return;
  case V_BOOL:
  case V_INT:
    if (v->integer > INT64_MAX || v->integer < INT64_MIN)
      lang_fail(L, NULL, "the integer %s does not fit in 64 bits", val_repr(L, v));
    out->kind = v->kind == V_BOOL ? TTC_BOOL : TTC_INT;
    out->integer = (int64_t)v->integer;
    return;
  case V_FLOAT:
    out->kind = TTC_FLOAT;
    out->number = v->number;
    return;
  case V_STR:
    out->kind = TTC_STR;
    out->text = v->text;
    out->len = v->len;
    return;
  case V_DTYPE:
    out->kind = TTC_DTYPE;
    out->text = lt_text(L, v->type);
    out->len = strlen(out->text);
    return;
  case V_TUPLE:
    if (v->type) break;
    /* fallthrough */
  case V_LIST: {
    ttc_value *items = NEWN(L->cx, ttc_value, v->len);
    for (size_t i = 0; i < v->len; i++) py_val_to_host(L, v->items[i], &items[i]);
    out->kind = v->kind == V_TUPLE ? TTC_TUPLE : TTC_LIST;
    out->items = items;
    out->len = v->len;
    out->names = v->names;
    const Val *class = py_class_of_object(L, v);
    if (class) out->object = class->host.object;
    return;
  }
  case V_FUNCTION:
    out->kind = TTC_FUNCTION;
    out->function = v->function;
    return;
  case V_BUILTIN:
    if (v->self) break;
    out->kind = TTC_BUILTIN;
    out->text = v->builtin->name;
    return;
  case V_TYPE:
    out->kind = TTC_BUILTIN;
    out->text = v->text;
    return;
  case V_HOST: *out = v->host; return;
  default: break;
  }
  lang_fail(L, "a host function takes compile-time values only", "%s cannot be passed to the host",
            val_kind_text(L, v));
}
