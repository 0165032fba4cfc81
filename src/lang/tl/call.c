/* call.c: calls of the language's functions: binding a call's arguments to a row's parameters.
 *
 * A row's parameters are text, as Python would write them. Binding reads that text again for every call: it is
 * short, and so a builtin is one line in builtins.def and one function that gets one value per parameter.
 */
#include <stdlib.h>
#include <string.h>

#include "lang/tl/tl.h"

/* ---- reading a parameter list ------------------------------------------------------------------------------------ */

typedef struct BuiltinParam {
  const char *name; /* interned */
  const char *fallback;
  size_t fallback_len; /* 0: none */
  bool star;
} BuiltinParam;

enum { MAX_PARAMS = 16 };

static size_t read_params(Lang *L, const char *text, BuiltinParam *out) {
  size_t n = 0;
  const char *s = text;
  while (*s) {
    BuiltinParam p = {0};
    s += strspn(s, " ,");
    if (!*s) break;
    p.star = *s == '*';
    s += p.star;
    size_t len = strcspn(s, "=,");
    p.name = intern_n(L->cx, s, len);
    s += len;
    if (*s == '=') {
      p.fallback = ++s;
      p.fallback_len = *s == '\'' ? (size_t)(strchr(s + 1, '\'') - s) + 1 : strcspn(s, ",");
      s += p.fallback_len;
    }
    out[n++] = p;
  }
  return n;
}

static Val *fallback_value(Lang *L, const BuiltinParam *p) {
  const char *s = p->fallback;
  size_t n = p->fallback_len;
  if (*s == '\'') return val_str(L, s + 1, n - 2);
  if (*s == '(') return val_tuple(L, NULL, 0, NULL);
  if ((*s >= '0' && *s <= '9') || *s == '-') return val_int(L, strtol(s, NULL, 10));
  if (n == 4 && memcmp(s, "None", 4) == 0) return val_none(L);
  if (n == 4 && memcmp(s, "True", 4) == 0) return val_bool(L, true);
  if (n == 5 && memcmp(s, "False", 5) == 0) return val_bool(L, false);
  return val_dtype(L, lt_parse(L, ctx_strndup(L->cx, s, n)));
}

/* ---- binding ----------------------------------------------------------------------------------------------------- */

/* "load(pointer, mask=None, ...)", for hints. */
static const char *signature_text(Lang *L, const Builtin *f) {
  return ctx_printf(L->cx, "the parameters are: %s(%s)", f->name, f->params);
}

static Span arg_span(const Args *args, size_t i) { return args->spans ? args->spans[i] : args->call; }

Val *builtin_call(Lang *L, const Builtin *f, Val *self, const Args *args) {
  BuiltinParam params[MAX_PARAMS];
  size_t n = read_params(L, f->params, params), next = 0;
  Val *bound[MAX_PARAMS] = {0};
  Vec(Val *) rest = {0};
  if (self && n && params[0].star) /* x.f(...) of a row that takes everything */
    vec_push(L->cx, &rest, self);
  else if (self)
    bound[next++] = self;
  for (size_t i = 0; i < args->n; i++) {
    if (!args->names || !args->names[i]) {
      if (next < n && params[next].star) {
        vec_push(L->cx, &rest, args->at[i]);
      } else if (next < n) {
        bound[next++] = args->at[i];
      } else {
        lang_fail_at(L, arg_span(args, i), signature_text(L, f), "%s takes %zu argument%s, but more are given", f->name,
                     n, n == 1 ? "" : "s");
      }
      continue;
    }
    size_t k = 0;
    while (k < n && (params[k].star || strcmp(params[k].name, args->names[i]) != 0)) k++;
    if (k == n) {
      const char *names[MAX_PARAMS];
      for (size_t j = 0; j < n; j++) names[j] = params[j].name;
      const char *near = nearest_name(args->names[i], names, n);
      lang_fail_at(L, arg_span(args, i), near ? hint_near(L->cx, "", near) : signature_text(L, f),
                   "%s has no parameter `%s`", f->name, args->names[i]);
    }
    if (bound[k]) lang_fail_at(L, arg_span(args, i), NULL, "%s: `%s` is given twice", f->name, args->names[i]);
    bound[k] = args->at[i];
  }
  for (size_t k = 0; k < n; k++) {
    if (params[k].star) {
      bound[k] = val_tuple(L, rest.at, rest.len, NULL);
    } else if (!bound[k]) {
      if (!params[k].fallback) lang_fail(L, signature_text(L, f), "%s: `%s` is missing", f->name, params[k].name);
      bound[k] = fallback_value(L, &params[k]);
    }
  }
  const Args *outer = L->args;
  L->args = args;
  Val *v = f->call(L, bound, n, f);
  L->args = outer;
  return v;
}
