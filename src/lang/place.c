/* place.c: where the evaluation is: places of messages and of the ops that are made, and of the library's own code. */
#include "lang/python/python.h"

#include <ctype.h>
#include <string.h>

Span lang_at(Lang *L, Span span) {
  Span old = L->here;
  L->here = span;
  if (!span.source) return old;
  Loc *loc = ir_loc_span(L->cx, span);
  if (L->name_hint) loc = ir_loc_name(L->cx, L->name_hint, loc);
  if (L->fn && L->fn->call_site) loc = ir_loc_call(L->cx, loc, L->fn->call_site);
  L->b.loc = loc;
  return old;
}

Span lang_argument(const Lang *L, const Val *v) {
  for (size_t i = 0; L->args && L->args->spans && i < L->args->n; i++) {
    const Val *arg = L->args->at[i];
    if (arg == v) return L->args->spans[i];
    for (size_t k = 0; (arg->kind == V_TUPLE || arg->kind == V_LIST) && k < arg->len; k++)
      if (arg->items[k] == v) return L->args->spans[i];
  }
  return L->here;
}

static bool in_library(Span at) {
  return at.source && strncmp(at.source->file, LANG_LIBRARY, strlen(LANG_LIBRARY)) == 0;
}

Span lang_library_blame(Lang *L, Span at) {
  while (in_library(at) && ctx_calls(L->cx)) {
    at = ctx_calls(L->cx)->call;
    ctx_pop_call(L->cx);
  }
  return at;
}

/* The function of tl that the user called, where the library's code is at `at`; NULL: it is not in one of these. */
static const char *called_function(const Lang *L, Span at) {
  const char *name = NULL;
  for (const CallFrame *f = ctx_calls(L->cx); f && in_library(at); at = f->call, f = f->outer) {
    const char *file = at.source->file + strlen(LANG_LIBRARY);
    name = strcmp(file, "standard.py") == 0 || strcmp(file, "random.py") == 0 ? f->function : NULL;
  }
  return in_library(at) ? NULL : name;
}

/* A message about the arguments of a function that begins with its name: what the library calls for its caller is not
 * what that caller wrote. `tl.join: …` within the library's tl.interleave is of tl.interleave. */
static const char *as_called(Lang *L, Span at, const char *message) {
  const char *name = in_library(at) ? called_function(L, at) : NULL, *end = message + 3;
  if (!name || strncmp(message, "tl.", 3) != 0) return message;
  while (isalnum((unsigned char)*end) || *end == '_') end++;
  return strncmp(end, ": ", 2) == 0 ? ctx_printf(L->cx, "tl.%s%s", name, end) : message;
}

bool lang_library_wraps(const Lang *L) {
  const FnInfo *f = L->fn ? L->fn->info : NULL;
  if (!f || strncmp(f->function->file, LANG_LIBRARY, strlen(LANG_LIBRARY)) != 0) return false;
  return strcmp(f->function->file + strlen(LANG_LIBRARY), "standard.py") != 0;
}

static _Noreturn void fail(Lang *L, Span at, const char *hint, const char *fmt, va_list args) {
  const char *message = as_called(L, at, ctx_vprintf(L->cx, fmt, args));
  diag_fail(L->cx, lang_library_blame(L, at), hint, "%s", message);
}

void lang_fail(Lang *L, const char *hint, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  fail(L, L->here, hint, fmt, args);
}

void lang_fail_at(Lang *L, Span at, const char *hint, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  fail(L, at, hint, fmt, args);
}

const char *lang_near_name(const char *wrong, const char *const *names, size_t n) {
  const char *near = nearest_name(wrong, names, n);
  size_t len = strlen(wrong);
  for (size_t i = 0; !near && len >= 3 && i < n; i++) {
    size_t other = strlen(names[i]), shorter = len < other ? len : other;
    if (shorter >= 3 && strncmp(wrong, names[i], shorter) == 0) near = names[i];
    for (size_t common = 0; !near && common < shorter && wrong[common] == names[i][common]; common++)
      if (common + 1 >= 5) near = names[i];
  }
  return near;
}
