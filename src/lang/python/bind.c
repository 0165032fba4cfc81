/* bind.c: the binding of a call's arguments to a function's parameters, by Python's rules, and its errors. */
#include "lang/python/python.h"

#include <string.h>

static uint32_t count_positional(const Params *params, bool *star) {
  uint32_t n = 0;
  *star = false;
  for (uint32_t i = 0; i < params->len; i++) {
    n += params->at[i].kind == P_NORMAL || params->at[i].kind == P_POSITIONAL_ONLY;
    *star = *star || (params->at[i].kind == P_STAR && params->at[i].name);
  }
  return n;
}

_Noreturn static void fail_too_many(Lang *L, const char *callee, const Params *params, const Args *args,
                                    uint32_t takes) {
  uint32_t required = 0;
  for (uint32_t i = 0; i < takes; i++) required += !params->at[i].fallback;
  size_t given = 0;
  while (given < args->n && !args->names[given]) given++;
  lang_fail_at(L, args->spans[takes], NULL, "`%s` takes %s%u positional argument%s, but %zu were given", callee,
               required < takes ? "at most " : "", takes, takes == 1 ? "" : "s", given);
}

_Noreturn static void fail_keyword(Lang *L, const char *callee, const Params *params, const char *name, Span at) {
  const char **names = NEWN(L->cx, const char *, params->len);
  size_t n = 0;
  for (uint32_t i = 0; i < params->len; i++) {
    const Param *p = &params->at[i];
    if (p->kind == P_POSITIONAL_ONLY && strcmp(p->name, name) == 0)
      lang_fail_at(L, at, NULL, "`%s` takes `%s` by position only", callee, name);
    if (p->kind == P_NORMAL || p->kind == P_KEYWORD_ONLY) names[n++] = p->name;
  }
  const char *near = lang_near_name(name, names, n);
  Buf all = {.cx = L->cx};
  for (size_t i = 0; i < n; i++) buf_printf(&all, "%s`%s`", i ? ", " : "", names[i]);
  lang_fail_at(L, at,
               near ? hint_near(L->cx, "", near)
               : n  ? ctx_printf(L->cx, "its parameters are %s", buf_text(&all))
                    : "it has no parameters",
               "`%s` has no parameter `%s`", callee, name);
}

_Noreturn static void fail_missing(Lang *L, const char *callee, const Params *params, Val *const *bound, Span at) {
  Buf names = {.cx = L->cx};
  int n = 0;
  for (uint32_t i = 0; i < params->len; i++) {
    const Param *p = &params->at[i];
    if (bound[i] || p->fallback || p->kind == P_STAR || p->kind == P_STARSTAR) continue;
    buf_printf(&names, "%s`%s`", n++ ? ", " : "", p->name);
  }
  lang_fail_at(L, at, NULL, "the call of `%s` misses the argument%s %s", callee, n == 1 ? "" : "s", buf_text(&names));
}

static uint32_t find_param(const Params *params, const char *name) {
  for (uint32_t i = 0; i < params->len; i++) {
    const Param *p = &params->at[i];
    if ((p->kind == P_NORMAL || p->kind == P_KEYWORD_ONLY) && strcmp(p->name, name) == 0) return i;
  }
  return UINT32_MAX;
}

void py_bind_arguments(Lang *L, const char *callee, const Params *params, const Args *args, Val **bound) {
  bool star;
  uint32_t takes = count_positional(params, &star), at = 0;
  Vec(Val *) rest = {0};
  for (size_t i = 0; i < args->n; i++) {
    uint32_t k = at;
    if (args->names[i]) {
      k = find_param(params, args->names[i]);
      if (k == UINT32_MAX) fail_keyword(L, callee, params, args->names[i], args->spans[i]);
      if (bound[k])
        lang_fail_at(L, args->spans[i], NULL, "`%s` got two values for its parameter `%s`", callee, args->names[i]);
    } else if (at >= takes) {
      if (!star) fail_too_many(L, callee, params, args, takes);
      vec_push(L->cx, &rest, args->at[i]);
      continue;
    } else {
      at++;
    }
    bound[k] = args->at[i];
  }
  for (uint32_t i = 0; i < params->len; i++) {
    const Param *p = &params->at[i];
    if (p->kind == P_STARSTAR)
      lang_fail_at(L, p->span, "name the parameters", "a `**` parameter cannot be used in a kernel");
    if (p->kind == P_STAR && p->name) bound[i] = val_tuple(L, rest.at, rest.len, NULL);
    if (!bound[i] && !p->fallback && p->kind != P_STAR) fail_missing(L, callee, params, bound, args->call);
  }
}

bool py_annotation_is_constexpr(const Node *annotation) {
  if (!annotation) return false;
  if (annotation->kind == N_NAME || annotation->kind == N_ATTRIBUTE) return strcmp(annotation->name, "constexpr") == 0;
  if (annotation->kind != N_STR) return false;
  const char *dot = strrchr(annotation->name, '.');
  return strcmp(dot ? dot + 1 : annotation->name, "constexpr") == 0;
}

/* Defaults see the function's globals, where plain ones are allowed: Python evaluates them once, at the definition. */
static void fill_defaults(Lang *L, const Params *params, Val **bound) {
  bool allowed = L->options.common.allow_non_constexpr_globals;
  L->options.common.allow_non_constexpr_globals = true;
  for (uint32_t i = 0; i < params->len; i++) {
    if (bound[i] || !params->at[i].fallback) continue;
    bound[i] = py_eval(L, params->at[i].fallback);
  }
  L->options.common.allow_non_constexpr_globals = allowed;
}

/* The annotation tl.constexpr makes a constant of what is known at compile time. A run-time value keeps being one, as the
 * reference has it: what needs a constant of it says so. */
void py_bind_scope(Lang *L, const Params *params, Val **bound) {
  fill_defaults(L, params, bound);
  for (uint32_t i = 0; i < params->len; i++) {
    const Param *p = &params->at[i];
    if (!bound[i]) continue;
    Slot slot = {.name = p->name, .val = bound[i], .at = p->span};
    if (py_annotation_is_constexpr(p->annotation) && !val_has_tensor(bound[i]))
      slot.val = bound[i] = val_constexpr(L, bound[i]);
    py_scope_set(L, L->fn->scope, py_scope_slot(L, L->fn->scope, p->name), slot);
  }
}
