/* scope.c: names. What a name means inside a function: a local (with its history, so that a branch's bindings can be
 * undone and joined), a local of an enclosing function (lambdas), or a free name that the host or the library is
 * asked for, once per function.
 */
#include "lang/python/python.h"

#include <string.h>

/* ---- functions --------------------------------------------------------------------------------------------------- */

Node *py_fn_parse(Ctx *cx, const ttc_function *f, const Source **source) {
  *source = source_new(cx, f->file ? f->file : "<kernel>", f->source, f->source_len, f->first_line);
  Node *module = syn_parse_module(cx, *source);
  Node *def = syn_find_function(module, f->name);
  if (!def)
    diag_fail(cx, (Span){*source, 0, 0}, "a kernel's source must hold its `def`; a lambda cannot be a kernel",
              "there is no function `%s` in this source", f->name);
  return def;
}

FnInfo *py_fn_info(Lang *L, const ttc_function *f) {
  FnInfo *info = map_get(&L->sources, f);
  if (info) return info;
  info = NEW(L->cx, FnInfo);
  info->function = f;
  info->serial = (int)L->sources.len;
  info->def = py_fn_parse(L->cx, f, &info->source);
  map_put(L->cx, &L->sources, f, info);
  return info;
}

/* ---- locals ------------------------------------------------------------------------------------------------------ */

Scope *py_scope_new(Lang *L, FnInfo *info, Scope *outer) {
  Scope *s = NEW(L->cx, Scope);
  s->info = info;
  s->outer = outer;
  return s;
}

uint32_t py_scope_slot(Lang *L, Scope *s, const char *name) {
  uintptr_t found = (uintptr_t)map_get(&s->index, name);
  if (found) return (uint32_t)found - 1;
  Slot slot = {.name = name, .why = NEVER_BOUND};
  vec_push(L->cx, &s->slots, slot);
  vec_push(L->cx, &s->stamps, 0);
  map_put(L->cx, &s->index, name, (void *)(uintptr_t)s->slots.len); /* NOLINT: a small integer as a map's value */
  return s->slots.len - 1;
}

void py_scope_set(Lang *L, Scope *s, uint32_t slot, Slot value) {
  if (s->marks) {
    Undo undo = {slot, s->slots.at[slot]};
    vec_push(L->cx, &s->trail, undo);
  }
  s->slots.at[slot] = value;
}

void py_scope_bind(Lang *L, Scope *s, const char *name, Val *v, Span at) {
  py_scope_set(L, s, py_scope_slot(L, s, name), (Slot){.name = name, .val = v, .at = at});
}

uint32_t py_scope_mark(Scope *s) {
  s->marks++;
  return s->trail.len;
}

void py_scope_keep(Scope *s, uint32_t mark) {
  if (--s->marks == 0) s->trail.len = 0;
  (void)mark;
}

static void sort_changes(Change *at, uint32_t n) { /* mostly sorted already, and few */
  for (uint32_t i = 1; i < n; i++) {
    Change x = at[i];
    uint32_t j = i;
    for (; j > 0 && at[j - 1].slot > x.slot; j--) at[j] = at[j - 1];
    at[j] = x;
  }
}

/* Walking the trail backwards, the first entry of a slot meets its latest value and the last one its oldest. */
Changes py_scope_take_back(Lang *L, Scope *s, uint32_t mark) {
  Vec(Change) changes = {0};
  uint32_t stamp = ++s->stamp;
  for (uint32_t i = s->trail.len; i > mark; i--) {
    const Undo *u = &s->trail.at[i - 1];
    if (s->stamps.at[u->slot] != stamp) {
      s->stamps.at[u->slot] = stamp;
      Change c = {.slot = u->slot, .now = s->slots.at[u->slot]};
      vec_push(L->cx, &changes, c);
    }
    s->slots.at[u->slot] = u->old;
  }
  s->trail.len = mark;
  s->marks--;
  sort_changes(changes.at, changes.len);
  for (uint32_t i = 0; i < changes.len; i++) changes.at[i].before = s->slots.at[changes.at[i].slot];
  return (Changes){changes.at, changes.len};
}

/* ---- looking up -------------------------------------------------------------------------------------------------- */

_Noreturn static void fail_unbound(Lang *L, const Slot *slot, Span at) {
  int line = 0, col = 0;
  if (slot->at.source) span_line_col(slot->at, &line, &col);
  switch (slot->why) {
  case BOUND_IN_BRANCH:
    lang_fail_at(L, at, ctx_printf(L->cx, "give `%s` a value before the `if`, or in its other branch too", slot->name),
                 "`%s` has a value in one branch only (line %d)", slot->name, line);
  case DIFFERS:
    lang_fail_at(
        L, at, ctx_printf(L->cx, "give `%s` the same compile-time value, or a tensor, in both branches", slot->name),
        "`%s` is a different compile-time value in each branch of an `if` that is decided at run time (line %d)",
        slot->name, line);
  case BOUND_IN_LOOP:
    lang_fail_at(L, at,
                 ctx_printf(L->cx, "give `%s` a value before the loop, which may run no iteration at all", slot->name),
                 "`%s` has a value only inside the loop (line %d)", slot->name, line);
  case DELETED: lang_fail_at(L, at, NULL, "`%s` was deleted (line %d)", slot->name, line);
  default: lang_fail_at(L, at, NULL, "`%s` is used before it is given a value", slot->name);
  }
}

_Noreturn static void fail_unknown(Lang *L, const char *name, Span at) {
  Span later;
  if (L->fn->info->def && py_binds_name(L, L->fn->info->def->body, name, &later)) {
    int line, col;
    span_line_col(later, &line, &col);
    lang_fail_at(L, at, NULL, "`%s` is used before it is given a value (line %d)", name, line);
  }
  Vec(const char *) known = {0};
  for (Scope *s = L->fn->scope; s; s = s->outer)
    for (uint32_t i = 0; i < s->slots.len; i++)
      if (s->slots.at[i].val) vec_push(L->cx, &known, s->slots.at[i].name);
  for (uint32_t i = 0; i < L->fn->info->globals.len; i++)
    if (L->fn->info->globals.entries[i].key) vec_push(L->cx, &known, L->fn->info->globals.entries[i].key);
  size_t n;
  const char *const *names = lang_python_names(&n);
  for (size_t i = 0; i < n; i++) vec_push(L->cx, &known, names[i]);
  const char *near = lang_near_name(name, known.at, known.len);
  lang_fail_at(L, at, hint_near(L->cx, "", near), "`%s` is not defined", name);
}

/* A value that may differ at the next call must not be compiled into a kernel. */
static bool global_is_fixed(const Val *v) {
  switch (v->kind) {
  case V_BOOL:
  case V_INT:
  case V_FLOAT:
  case V_STR:
  case V_NONE:
  case V_LIST:
  case V_DICT: return v->constexpr_;
  case V_TUPLE:
    if (v->constexpr_) return true;
    for (size_t i = 0; i < v->len; i++)
      if (!global_is_fixed(v->items[i])) return false;
    return true;
  case V_HOST: return v->constexpr_ || v->host.kind != TTC_OBJECT;
  default: return true;
  }
}

static void check_global(Lang *L, const char *name, const Val *v, Span at) {
  if (L->options.common.allow_non_constexpr_globals || global_is_fixed(v)) return;
  if (v->kind == V_HOST)
    lang_fail_at(L, at,
                 v->host.text && strncmp(v->host.text, "a Python function", 17) == 0
                     ? "mark it with @triton.jit"
                     : "pass what the kernel needs of it as an argument",
                 "global variable `%s` cannot be used in a kernel: it is %s", name, val_kind_text(L, v));
  lang_fail_at(L, at,
               ctx_printf(L->cx,
                          "write `%s = tl.constexpr(%s)` where it is defined, or pass it as an argument "
                          "(`%s: tl.constexpr = ...` is not enough)",
                          name, val_repr(L, v), name),
               "global variable `%s` must be a tl.constexpr to be used in a kernel; it is %s", name,
               val_kind_text(L, v));
}

static Val *ask(Lang *L, FnInfo *info, const char *name) {
  const ttc_function *f = info->function;
  if (L->library && f->object == (void *)L->library) return lang_library_lookup(L, f, name);
  ttc_value v = {0};
  int found = L->host && L->host->lookup ? L->host->lookup(L->host->self, f, name, &v) : 0;
  if (found < 0) ctx_throw(L->cx, ERR_HOST);
  if (found) return py_val_from_host(L, &v);
  return lang_python_value(L, name);
}

Val *py_scope_lookup(Lang *L, const char *name, Span at) {
  for (Scope *s = L->fn->scope; s; s = s->outer) {
    uintptr_t found = (uintptr_t)map_get(&s->index, name);
    if (!found) continue;
    const Slot *slot = &s->slots.at[found - 1];
    if (slot->val) return slot->val;
    if (slot->why != NEVER_BOUND) fail_unbound(L, slot, at);
  }
  FnInfo *info = L->fn->info;
  Val *v = map_get(&info->globals, name);
  if (!v) {
    Span old = L->here;
    L->here = at;
    v = ask(L, info, name);
    L->here = old;
    if (!v) fail_unknown(L, name, at);
    map_put(L->cx, &info->globals, name, v);
  }
  if (!(L->library && info->function->object == (void *)L->library)) check_global(L, name, v, at);
  return v;
}
