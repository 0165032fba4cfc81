/* builtins.c: Python's built-in functions and types that have a meaning in a kernel, mostly on what is known at
 * compile time. */
#include "lang/python/python.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static Val **must_iterate(Lang *L, Val *v, const char *who, size_t *n) {
  Val **items;
  if (!val_iterate(L, v, &items, n))
    lang_fail(L, "it works on tuples, lists, strings and ranges known at compile time", "%s cannot run over %s", who,
              val_kind_text(L, v));
  return items;
}

static Val *py_len(Lang *L, Val **a, size_t n, const Builtin *self) {
  (void)n;
  (void)self;
  size_t count;
  if (a[0]->kind == V_TENSOR)
    lang_fail(L, "its sizes are in x.shape", "len() does not work on %s", val_kind_text(L, a[0]));
  must_iterate(L, a[0], "len()", &count);
  return val_int(L, (BigInt)count);
}

static Val *call_row(Lang *L, const char *name, Val **values, size_t n) {
  const Builtin *row = lang_find_builtin(L, name);
  if (!row) lang_fail(L, NULL, "`%s` is not supported", name);
  const char **names = NEWN(L->cx, const char *, n);
  Span *spans = NEWN(L->cx, Span, n);
  for (size_t i = 0; i < n; i++) spans[i] = L->here;
  Args args = {values, names, spans, n, L->here};
  return builtin_call(L, row, NULL, &args);
}

static Val *py_extreme(Lang *L, Val **a, size_t nargs, const Builtin *self) {
  (void)nargs;
  bool is_max = self->op == 1;
  Val **items = (Val **)(uintptr_t)a[0]->items;
  size_t n = a[0]->len;
  const char *who = is_max ? "max()" : "min()";
  if (n == 1) items = must_iterate(L, items[0], who, &n);
  if (n == 0) lang_fail(L, NULL, "%s needs at least one value", who);
  Val *best = items[0];
  for (size_t i = 1; i < n; i++) {
    if (val_is_const(best) && val_is_const(items[i])) {
      if (py_compare(L, is_max ? C_GT : C_LT, items[i], best)->integer) best = items[i];
    } else {
      Val *pair[] = {best, items[i]};
      best = call_row(L, is_max ? "tl.maximum" : "tl.minimum", pair, 2);
    }
  }
  return best;
}

static Val *py_range(Lang *L, Val **a, size_t nargs, const Builtin *self) {
  (void)nargs;
  (void)self;
  size_t n = a[0]->len;
  Val *const *x = a[0]->items;
  if (n < 1 || n > 3) lang_fail(L, NULL, "range() takes 1 to 3 arguments, not %zu", n);
  RangeVal *r = NEW(L->cx, RangeVal);
  r->start = n > 1 ? x[0] : val_int(L, 0);
  r->stop = n > 1 ? x[1] : x[0];
  r->step = n > 2 ? x[2] : val_int(L, 1);
  r->is_python = true;
  Val *v = NEW(L->cx, Val);
  v->kind = V_RANGE;
  v->range = r;
  return v;
}

static Val *py_abs(Lang *L, Val **a, size_t n, const Builtin *self) {
  (void)n;
  (void)self;
  if (a[0]->kind == V_TENSOR) return call_row(L, "tl.abs", a, 1);
  if (a[0]->kind == V_FLOAT) return val_float(L, fabs(a[0]->number));
  if (!val_is_number(a[0])) lang_fail(L, NULL, "abs() does not work on %s", val_kind_text(L, a[0]));
  return a[0]->integer < 0 ? py_unary(L, U_NEG, a[0]) : val_int(L, a[0]->integer);
}

static Val *py_print(Lang *L, Val **a, size_t nargs, const Builtin *self) {
  (void)nargs;
  (void)self;
  Buf prefix = {.cx = L->cx};
  Vec(Val *) out = {0};
  vec_push(L->cx, &out, NULL);
  for (size_t i = 0; i < a[0]->len; i++) {
    Val *v = a[0]->items[i];
    if (v->kind == V_TENSOR) {
      vec_push(L->cx, &out, v);
      continue;
    }
    if (prefix.len) buf_putc(&prefix, ' ');
    val_python_str(L, &prefix, v);
  }
  out.at[0] = val_str(L, buf_text(&prefix), prefix.len);
  return call_row(L, "tl.device_print", out.at, out.len);
}

static Val *py_sum(Lang *L, Val **a, size_t nargs, const Builtin *self) {
  (void)nargs;
  (void)self;
  size_t n;
  Val **items = must_iterate(L, a[0], "sum()", &n);
  Val *total = a[1];
  for (size_t i = 0; i < n; i++)
    total = val_is_const(total) && val_is_const(items[i]) ? py_binary(L, B_ADD, total, items[i])
                                                          : sem_binary(L, B_ADD, total, items[i]);
  return total;
}

static Val *py_any_all(Lang *L, Val **a, size_t nargs, const Builtin *self) {
  (void)nargs;
  size_t n;
  bool is_all = self->op == 1;
  Val **items = must_iterate(L, a[0], is_all ? "all()" : "any()", &n);
  for (size_t i = 0; i < n; i++)
    if (val_truth(L, items[i], L->here) != is_all) return val_bool(L, !is_all);
  return val_bool(L, is_all);
}

static Val *py_zip(Lang *L, Val **a, size_t nargs, const Builtin *self) {
  (void)nargs;
  (void)self;
  size_t k = a[0]->len, shortest = SIZE_MAX;
  Val ***lists = NEWN(L->cx, Val **, k);
  for (size_t i = 0; i < k; i++) {
    size_t n;
    lists[i] = must_iterate(L, a[0]->items[i], "zip()", &n);
    shortest = n < shortest ? n : shortest;
  }
  if (k == 0) shortest = 0;
  Val **rows = NEWN(L->cx, Val *, shortest), **row = NEWN(L->cx, Val *, k);
  for (size_t i = 0; i < shortest; i++) {
    for (size_t j = 0; j < k; j++) row[j] = lists[j][i];
    rows[i] = val_tuple(L, row, k, NULL);
  }
  return val_list(L, rows, shortest);
}

static Val *py_enumerate(Lang *L, Val **a, size_t nargs, const Builtin *self) {
  (void)nargs;
  (void)self;
  size_t n;
  Val **items = must_iterate(L, a[0], "enumerate()", &n), **rows = NEWN(L->cx, Val *, n);
  for (size_t i = 0; i < n; i++) {
    Val *pair[] = {val_int(L, a[1]->integer + (BigInt)i), items[i]};
    rows[i] = val_tuple(L, pair, 2, NULL);
  }
  return val_list(L, rows, n);
}

static Val *py_reversed(Lang *L, Val **a, size_t nargs, const Builtin *self) {
  (void)nargs;
  (void)self;
  size_t n;
  Val **items = must_iterate(L, a[0], "reversed()", &n), **out = NEWN(L->cx, Val *, n);
  for (size_t i = 0; i < n; i++) out[i] = items[n - 1 - i];
  return val_list(L, out, n);
}

static Val *py_getattr(Lang *L, Val **a, size_t nargs, const Builtin *self) {
  (void)nargs;
  size_t n = a[0]->len;
  Val *const *x = a[0]->items;
  bool only_ask = self->op == 1;
  const char *who = only_ask ? "hasattr()" : "getattr()";
  if (n < 2 || n > (only_ask ? 2u : 3u))
    lang_fail(L, NULL, "%s takes %s arguments, not %zu", who, only_ask ? "2" : "2 or 3", n);
  if (x[1]->kind != V_STR)
    lang_fail(L, NULL, "the name given to %s must be a string, not %s", who, val_kind_text(L, x[1]));
  Val *v = py_attribute_or_null(L, x[0], x[1]->text, L->here);
  if (only_ask) return val_bool(L, v != NULL);
  if (v || n == 3) return v ? v : x[2];
  return py_attribute_of(L, x[0], x[1]->text, L->here);
}

bool py_isinstance(Lang *L, Val *v, Val *type) {
  if (type->kind == V_TUPLE) {
    for (size_t i = 0; i < type->len; i++)
      if (py_isinstance(L, v, type->items[i])) return true;
    return false;
  }
  if (type->kind == V_HOST && type->host.kind == TTC_CLASS) {
    const Val *class = py_class_of_object(L, v);
    return class && class->host.object == type->host.object;
  }
  const char *name = type->kind == V_TYPE ? type->text : type->kind == V_BUILTIN ? type->builtin->name : "";
  if (strcmp(name, "tl.pointer_type") == 0) return v->kind == V_DTYPE && v->type->kind == L_POINTER;
  if (strcmp(name, "tl.block_type") == 0) return v->kind == V_DTYPE && v->type->kind == L_BLOCK;
  bool is_descriptor = v->kind == V_TUPLE && v->type && v->type->kind == L_DESCRIPTOR;
  if (strcmp(name, "tl.tensor_descriptor") == 0) return is_descriptor;
  if (is_descriptor) return false;
  if (strcmp(name, "tl.tensor_descriptor_type") == 0) return v->kind == V_DTYPE && v->type->kind == L_DESCRIPTOR;
  if (type->kind != V_TYPE) lang_fail(L, NULL, "isinstance() needs a type, not %s", val_kind_text(L, type));
  static const struct {
    const char *type;
    unsigned kinds;
  } table[] = {
      {"builtins.int", 1u << V_INT | 1u << V_BOOL},
      {"builtins.float", 1u << V_FLOAT},
      {"builtins.bool", 1u << V_BOOL},
      {"builtins.str", 1u << V_STR},
      {"builtins.tuple", 1u << V_TUPLE},
      {"builtins.list", 1u << V_LIST},
      {"builtins.dict", 1u << V_DICT},
      {"tl.tensor", 1u << V_TENSOR},
      {"tl.dtype", 1u << V_DTYPE},
      {"tl.constexpr", 1u << V_NONE | 1u << V_BOOL | 1u << V_INT | 1u << V_FLOAT | 1u << V_STR},
      {"triton.JITFunction", 1u << V_FUNCTION},
  };
  if (v->kind == V_TYPE && v->items && strcmp(v->text, name) == 0) return true;
  for (size_t i = 0; i < COUNT(table); i++)
    if (strcmp(table[i].type, name) == 0) return (table[i].kinds >> v->kind) & 1;
  return false;
}

static Val *py_isinstance_row(Lang *L, Val **a, size_t n, const Builtin *self) {
  (void)n;
  (void)self;
  return val_bool(L, py_isinstance(L, a[0], a[1]));
}

static Val *py_pow_row(Lang *L, Val **a, size_t n, const Builtin *self) {
  (void)n;
  (void)self;
  return py_binary(L, B_POW, a[0], a[1]);
}

static Val *py_divmod(Lang *L, Val **a, size_t n, const Builtin *self) {
  (void)n;
  (void)self;
  bool known = val_is_const(a[0]) && val_is_const(a[1]);
  Val *pair[] = {known ? py_binary(L, B_FLOORDIV, a[0], a[1]) : sem_binary(L, B_FLOORDIV, a[0], a[1]),
                 known ? py_binary(L, B_MOD, a[0], a[1]) : sem_binary(L, B_MOD, a[0], a[1])};
  return val_tuple(L, pair, 2, NULL);
}

static Val *py_repr_row(Lang *L, Val **a, size_t n, const Builtin *self) {
  (void)n;
  (void)self;
  const char *s = val_repr(L, a[0]);
  return val_str(L, s, strlen(s));
}

static Val *py_round(Lang *L, Val **a, size_t n, const Builtin *self) {
  (void)n;
  (void)self;
  if (!val_is_number(a[0]))
    lang_fail(L, NULL, "round() works on numbers known at compile time, not on %s", val_kind_text(L, a[0]));
  if (a[0]->kind != V_FLOAT) return a[0];
  if (!isfinite(a[0]->number) || fabs(a[0]->number) > 1e38)
    lang_fail(L, NULL, "%s cannot be rounded to an integer", val_repr(L, a[0]));
  return val_int(L, (BigInt)nearbyint(a[0]->number));
}

static const Builtin rows[] = {
#define FUNCTION(name, parameters, function, op) {"builtins." name, parameters, function, BUILTIN_PYTHON, op},
#include "lang/python/builtins.def"
};

const Builtin *py_builtin_find(const char *name) {
  for (size_t i = 0; i < COUNT(rows); i++)
    if (strcmp(rows[i].name, name) == 0) return &rows[i];
  return NULL;
}

/* ---- types as functions ------------------------------------------------------------------------------------------ */

static Val *to_int(Lang *L, Val *v) {
  if (v->kind == V_INT || v->kind == V_BOOL) return val_int(L, v->integer);
  if (v->kind == V_FLOAT) {
    if (!isfinite(v->number)) lang_fail(L, NULL, "%s has no integer value", val_repr(L, v));
    if (fabs(v->number) > 1.7e38) lang_fail(L, NULL, "the integer is too large");
    return val_int(L, (BigInt)v->number);
  }
  if (v->kind == V_STR) {
    char *end;
    long long x = strtoll(v->text, &end, 10);
    if (v->len && *end == '\0') return val_int(L, x);
  }
  lang_fail(L, v->kind == V_TENSOR ? "convert it with x.to(tl.int32)" : NULL, "int() cannot convert %s",
            v->kind == V_STR ? val_repr(L, v) : val_kind_text(L, v));
}

static Val *to_float(Lang *L, Val *v) {
  if (v->kind == V_FLOAT) return v;
  if (v->kind == V_INT || v->kind == V_BOOL) return val_float(L, (double)v->integer);
  if (v->kind == V_STR) {
    char lower[32] = {0};
    const char *s = v->text;
    while (*s == ' ') s++;
    bool negative = *s == '-';
    if (*s == '-' || *s == '+') s++;
    for (size_t i = 0; i < sizeof lower - 1 && s[i]; i++)
      lower[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];
    double sign = negative ? -1.0 : 1.0;
    if (strcmp(lower, "inf") == 0 || strcmp(lower, "infinity") == 0) return val_float(L, sign * (double)INFINITY);
    if (strcmp(lower, "nan") == 0) return val_float(L, copysign((double)NAN, sign));
    char *end;
    double x = text_to_double(s, &end);
    while (*end == ' ') end++;
    if (end != s && *end == '\0') return val_float(L, sign * x);
  }
  lang_fail(L, v->kind == V_TENSOR ? "convert it with x.to(tl.float32)" : NULL, "float() cannot convert %s",
            v->kind == V_STR ? val_repr(L, v) : val_kind_text(L, v));
}

static Val *to_sequence(Lang *L, Val *v, bool is_list) {
  size_t n = 0;
  Val **items = v ? must_iterate(L, v, is_list ? "list()" : "tuple()", &n) : NULL;
  return is_list ? val_list(L, items, n) : val_tuple(L, items, n, NULL);
}

static Val *to_dict(Lang *L, const Args *args) {
  Vec(Val *) keys = {0}, values = {0};
  for (size_t i = 0; i < args->n; i++) {
    if (!args->names[i])
      lang_fail_at(L, args->spans[i], "dict(name=value, ...) is fine",
                   "dict() takes keyword arguments only in a kernel");
    vec_push(L->cx, &keys, val_str(L, args->names[i], strlen(args->names[i])));
    vec_push(L->cx, &values, args->at[i]);
  }
  Val *v = NEW(L->cx, Val);
  v->kind = V_DICT;
  v->items = keys.at;
  v->items2 = values.at;
  v->len = keys.len;
  return v;
}

Val *py_call_type(Lang *L, Val *callee, const Args *args) {
  const char *type = callee->text;
  const char *name = strrchr(type, '.');
  name = name ? name + 1 : type;
  bool python = strncmp(type, "builtins.", 9) == 0;
  if (python && strcmp(name, "dict") == 0) return to_dict(L, args);
  for (size_t i = 0; i < args->n; i++)
    if (args->names[i]) lang_fail_at(L, args->spans[i], NULL, "%s() takes no keyword arguments", name);
  if (args->n > 1 && strcmp(name, "tuple") != 0) lang_fail(L, NULL, "%s() takes one argument, not %zu", name, args->n);
  Val *v = args->n ? args->at[0] : NULL;
  if (strcmp(name, "constexpr") == 0) {
    if (!v) lang_fail(L, NULL, "tl.constexpr() needs a value");
    if (val_has_tensor(v))
      lang_fail_at(L, args->spans[0], NULL, "tl.constexpr() needs a compile-time value, not %s", val_kind_text(L, v));
    return val_constexpr(L, v);
  }
  if (strcmp(name, "constexpr_type") == 0 || strcmp(name, "tuple_type") == 0) {
    if (!v) lang_fail(L, NULL, "tl.%s() needs an argument", name);
    if (name[0] == 't') v = to_sequence(L, v, true);
    if (val_has_tensor(v))
      lang_fail_at(L, args->spans[0], NULL, "tl.%s() needs %s, not %s", name,
                   name[0] == 't' ? "types" : "a compile-time value", val_kind_text(L, args->at[0]));
    return val_type_with(L, type, v);
  }
  if (strcmp(name, "tuple") == 0 || strcmp(name, "list") == 0) return to_sequence(L, v, name[0] == 'l');
  if (!python) lang_fail(L, NULL, "the type `%s` cannot be called in a kernel", type);
  L->here = args->n ? args->spans[0] : args->call;
  if (strcmp(name, "int") == 0) return v ? to_int(L, v) : val_int(L, 0);
  if (strcmp(name, "float") == 0) return v ? to_float(L, v) : val_float(L, 0);
  if (strcmp(name, "bool") == 0) return val_bool(L, v && val_truth(L, v, L->here));
  Buf b = {.cx = L->cx};
  if (v) val_python_str(L, &b, v);
  return val_str(L, buf_text(&b), b.len);
}
