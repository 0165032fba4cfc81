/* args.c: arguments of builtins as what their functions need: an integer, a bool, a string, a dtype, one of several words. */
#include <string.h>

#include "lang/tl/tl.h"

_Noreturn static void not_known(Lang *L, const Val *v, const char *what, const char *wanted) {
  if (sem_is_tensor(v))
    lang_fail_at(L, lang_argument(L, v), "declare what it comes from as tl.constexpr",
                 "%s must be known at compile time, but is %s", what, val_kind_text(L, v));
  lang_fail_at(L, lang_argument(L, v), NULL, "%s must be %s, but is %s", what, wanted, val_kind_text(L, v));
}

int64_t sem_arg_int(Lang *L, const Val *v, const char *what) {
  if (v->kind == V_FLOAT && v->number == (double)(int64_t)v->number && v->number > -0x1p62 && v->number < 0x1p62)
    lang_fail_at(L, lang_argument(L, v), "use // instead of /, or int(...)",
                 "%s must be an integer, but is the float %s", what, val_repr(L, v));
  if (!val_is_integer(v)) not_known(L, v, what, "an integer");
  if (v->integer < INT64_MIN || v->integer > INT64_MAX)
    lang_fail_at(L, lang_argument(L, v), NULL, "%s is %s, which does not fit in 64 bits", what,
                 val_big_text(L, v->integer));
  return (int64_t)v->integer;
}

bool sem_arg_bool(Lang *L, const Val *v, const char *what) {
  if (sem_is_tensor(v)) not_known(L, v, what, "a bool");
  return val_truth(L, v, L->here);
}

const char *sem_arg_text(Lang *L, const Val *v, const char *what) {
  if (v->kind != V_STR) not_known(L, v, what, "a string");
  return v->text;
}

const LType *sem_arg_dtype(Lang *L, const Val *v, const char *what) {
  if (v->kind == V_STR && lt_parse(L, v->text)) return lt_parse(L, v->text);
  if (v->kind != V_DTYPE) not_known(L, v, what, "a dtype, like tl.float32");
  return v->type;
}

const char *sem_arg_choice(Lang *L, const Val *v, const char *what, const char *const *choices, size_t n) {
  if (v->kind == V_NONE || (v->kind == V_STR && v->len == 0)) return NULL;
  const char *s = sem_arg_text(L, v, what);
  for (size_t i = 0; i < n; i++)
    if (strcmp(choices[i], s) == 0) return choices[i];
  Buf all = {.cx = L->cx};
  for (size_t i = 0; i < n; i++) buf_printf(&all, "%s\"%s\"", i == 0 ? "" : i + 1 == n ? " or " : ", ", choices[i]);
  lang_fail_at(L, lang_argument(L, v), ctx_printf(L->cx, "it is one of %s", buf_text(&all)), "%s cannot be \"%s\"",
               what, s);
}

Val *builtin_not_yet(Lang *L, Val **args, size_t nargs, const Builtin *self) {
  (void)args, (void)nargs;
  lang_fail(L, NULL, "%s is not available yet", self->name);
}
