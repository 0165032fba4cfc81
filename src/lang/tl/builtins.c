/* builtins.c: the table of the language's functions: finding a row, and binding a call's arguments to its
 * parameters.
 *
 * A row's parameters are text, as Python would write them. Binding reads that text again for every call: it is
 * short, and so a builtin is one line in builtins.def and one function that gets one value per parameter.
 */
#include <stdlib.h>
#include <string.h>

#include "lang/tl/tl.h"

static const Builtin table[] = {
#define BUILTIN(name, params, fn, flags, op) {name, params, fn, flags, op},
#include "lang/tl/builtins.def"
#undef BUILTIN
};

const Builtin *builtin_find(const char *name) {
  if (strncmp(name, "builtins.", 9) == 0) return py_builtin_find(name);
  if (strncmp(name, "tl.math.", 8) == 0) { /* the same functions under a second name */
    name += 8;
    for (size_t i = 0; i < COUNT(table); i++)
      if (strncmp(table[i].name, "tl.", 3) == 0 && strcmp(table[i].name + 3, name) == 0) return &table[i];
    return NULL;
  }
  for (size_t i = 0; i < COUNT(table); i++)
    if (strcmp(table[i].name, name) == 0) return &table[i];
  return NULL;
}

const char *const *builtin_names(size_t *n) {
  static const char *const names[] = {
#define BUILTIN(name, params, fn, flags, op) name,
#include "lang/tl/builtins.def"
#undef BUILTIN
#define NAMED(name) "tl." name,
#include "lang/tl/names.def"
#undef NAMED
  };
  *n = COUNT(names);
  return names;
}

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

Val *builtin_not_yet(Lang *L, Val **args, size_t nargs, const Builtin *self) {
  (void)args, (void)nargs;
  lang_fail(L, NULL, "%s is not available yet", self->name);
}

/* ---- arguments --------------------------------------------------------------------------------------------------- */

Val *arg_tensor(Lang *L, Val *v, const Builtin *f, const char *param) {
  if (val_is_number(v)) return sem_to_tensor(L, v);
  if (!sem_is_tensor(v))
    lang_fail_at(L, lang_argument(L, v), NULL, "%s: `%s` must be a tensor or a number, but is %s", f->name, param,
                 val_kind_text(L, v));
  return v;
}

_Noreturn static void not_known(Lang *L, const Val *v, const char *what, const char *wanted) {
  if (sem_is_tensor(v))
    lang_fail_at(L, lang_argument(L, v), "declare what it comes from as tl.constexpr",
                 "%s must be known at compile time, but is %s", what, val_kind_text(L, v));
  lang_fail_at(L, lang_argument(L, v), NULL, "%s must be %s, but is %s", what, wanted, val_kind_text(L, v));
}

int64_t arg_int(Lang *L, const Val *v, const char *what) {
  if (v->kind == V_FLOAT && v->number == (double)(int64_t)v->number && v->number > -0x1p62 && v->number < 0x1p62)
    lang_fail_at(L, lang_argument(L, v), "use // instead of /, or int(...)",
                 "%s must be an integer, but is the float %s", what, val_repr(L, v));
  if (!sem_is_int(v)) not_known(L, v, what, "an integer");
  if (v->integer < INT64_MIN || v->integer > INT64_MAX)
    lang_fail_at(L, lang_argument(L, v), NULL, "%s is %s, which does not fit in 64 bits", what,
                 big_text(L, v->integer));
  return (int64_t)v->integer;
}

bool arg_bool(Lang *L, const Val *v, const char *what) {
  if (sem_is_tensor(v)) not_known(L, v, what, "a bool");
  return val_truth(L, v, L->here);
}

const char *arg_text(Lang *L, const Val *v, const char *what) {
  if (v->kind != V_STR) not_known(L, v, what, "a string");
  return v->text;
}

const LType *arg_dtype(Lang *L, const Val *v, const char *what) {
  if (v->kind == V_STR && lt_parse(L, v->text)) return lt_parse(L, v->text);
  if (v->kind != V_DTYPE) not_known(L, v, what, "a dtype, like tl.float32");
  return v->type;
}

const char *arg_choice(Lang *L, const Val *v, const char *what, const char *const *choices, size_t n) {
  if (v->kind == V_NONE || (v->kind == V_STR && v->len == 0)) return NULL;
  const char *s = arg_text(L, v, what);
  for (size_t i = 0; i < n; i++)
    if (strcmp(choices[i], s) == 0) return choices[i];
  Buf all = {.cx = L->cx};
  for (size_t i = 0; i < n; i++) buf_printf(&all, "%s\"%s\"", i == 0 ? "" : i + 1 == n ? " or " : ", ", choices[i]);
  lang_fail_at(L, lang_argument(L, v), ctx_printf(L->cx, "it is one of %s", buf_text(&all)), "%s cannot be \"%s\"",
               what, s);
}
