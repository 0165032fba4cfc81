/* host.c: values from the host and to it; and what the host says of its classes, which a value may be an object of. */
#include "lang/python/python.h"

#include <string.h>

static Val *from_builtin(Lang *L, const char *text) {
  if (strncmp(text, "builtins.", 9) == 0) return lang_python_value(L, text + 9);
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
  return v->is_constexpr ? val_constexpr(L, out) : out;
}

Val *py_host_attribute(Lang *L, const ttc_value *of, const char *name) {
  ttc_value v = {0};
  int found = L->host && L->host->getattr ? L->host->getattr(L->host->self, of, name, &v) : 0;
  if (found < 0) ctx_throw(L->cx, ERR_HOST);
  return found ? py_val_from_host(L, &v) : NULL;
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

/* ---- its classes ------------------------------------------------------------------------------------------------- */

Val *py_class_ask(Lang *L, const Val *class, const char *prefix, const char *name) {
  return py_host_attribute(L, &class->host, ctx_printf(L->cx, "%s%s", prefix, name));
}

HostClass *py_class_info(Lang *L, Val *value) {
  HostClass *c = map_get(&L->class_objects, value->host.object);
  if (c) return c;
  c = NEW(L->cx, HostClass);
  map_put(L->cx, &L->class_objects, value->host.object, c);
  Val *fields = py_class_ask(L, value, "", "fields"), *defaults = py_class_ask(L, value, "", "defaults");
  Val *given = py_class_ask(L, value, "", "has_default");
  if (!fields || !defaults || !given || defaults->len != fields->len || given->len != fields->len)
    lang_fail(L, NULL, "%s does not say what its fields are", val_kind_text(L, value));
  c->value = value;
  c->n = fields->len;
  const char **names = NEWN(L->cx, const char *, c->n + 1);
  c->defaults = NEWN(L->cx, Val *, c->n + 1);
  for (size_t i = 0; i < c->n; i++) {
    names[i] = fields->items[i]->text;
    c->defaults[i] = given->items[i]->integer ? val_constexpr(L, defaults->items[i]) : NULL;
  }
  c->names = names;
  const Val *aggregate = py_class_ask(L, value, "", "is_aggregate");
  c->keeps_constants = aggregate && aggregate->integer;
  c->init = py_class_ask(L, value, "", "init");
  if (c->init && c->init->kind != V_FUNCTION) c->init = NULL;
  map_put(L->cx, &L->classes, (void *)(uintptr_t)names, c);
  return c;
}

HostClass *py_class_of(Lang *L, const Val *v) {
  return v->kind == V_TUPLE && v->names ? map_get(&L->classes, v->names) : NULL;
}

Val *py_class_of_object(Lang *L, const Val *v) {
  HostClass *c = py_class_of(L, v);
  return c ? c->value : NULL;
}

bool py_class_keeps_constants(Lang *L, const Val *v) {
  const HostClass *c = py_class_of(L, v);
  return c && c->keeps_constants;
}

Val *py_class_object(Lang *L, Val *class, Val *const *items, size_t n) {
  HostClass *c = py_class_info(L, class);
  if (n != c->n) lang_fail(L, NULL, "%s has %zu fields, not %zu", val_kind_text(L, class), c->n, n);
  return val_tuple(L, items, n, c->names);
}
