/* assign.c: what an assignment binds, and the targets that it may have. */
#include "lang/python/python.h"

static void name_value(Lang *L, Val *v, const char *name) {
  if (v->kind != V_TENSOR || v->value->hint) return;
  v->value->hint = name;
  Loc *loc = v->value->op ? v->value->op->loc : NULL;
  if (loc && loc->kind == LOC_FILE) v->value->op->loc = ir_loc_name(L->cx, name, loc);
}

/* As in the reference, a number that is assigned is a tensor from then on; only `name: tl.constexpr = …` stays a
 * compile-time value. What cannot be a tensor (None, strings, types, functions) stays what it is. */
Val *py_assign_value(Lang *L, Val *v, const char *name) {
  if (val_is_number(v)) v = sem_to_tensor(L, v);
  if (v->kind == V_TENSOR) {
    if (name) name_value(L, v, name);
    return v;
  }
  if ((v->kind != V_TUPLE && v->kind != V_LIST) || py_class_keeps_constants(L, v)) return v;
  Val **items = NEWN(L->cx, Val *, v->len);
  bool changed = false;
  for (size_t i = 0; i < v->len; i++) {
    items[i] = py_assign_value(L, v->items[i], name);
    changed = changed || items[i] != v->items[i];
  }
  if (!changed) return v;
  return val_like(L, v, items);
}

static void assign_unpacked(Lang *L, Node *target, Val *v, Node *stmt) {
  Val **items;
  size_t n;
  if (!val_iterate(L, v, &items, &n))
    lang_fail_at(L, target->span,
                 v->kind == V_TENSOR ? "a tensor's elements are not Python values; use tl.split or masks" : NULL,
                 "%s cannot be unpacked into %u names", val_kind_text(L, v), target->items.len);
  size_t wanted = target->items.len, star = SIZE_MAX;
  for (size_t i = 0; i < wanted; i++) {
    if (target->items.at[i]->kind != N_STARRED) continue;
    if (star != SIZE_MAX)
      lang_fail_at(L, target->items.at[i]->span, NULL, "only one name of an assignment may be starred");
    star = i;
  }
  if (star == SIZE_MAX ? n != wanted : n + 1 < wanted)
    lang_fail_at(L, target->span, NULL, "%zu value%s cannot be unpacked into %s%zu name%s", n, n == 1 ? "" : "s",
                 star == SIZE_MAX ? "" : "at least ", star == SIZE_MAX ? wanted : wanted - 1,
                 (star == SIZE_MAX ? wanted : wanted - 1) == 1 ? "" : "s");
  size_t from = 0;
  for (size_t i = 0; i < wanted; i++) {
    if (i != star) {
      py_assign_target(L, target->items.at[i], items[from++], stmt);
      continue;
    }
    size_t count = n + 1 - wanted;
    py_assign_target(L, target->items.at[i]->a, val_list(L, items + from, count), stmt);
    from += count;
  }
}

/* Bind `v` as it is. `stmt` is the assignment, or NULL when a loop or a comprehension binds its variable. */
void py_assign_target(Lang *L, Node *target, Val *v, Node *stmt) {
  switch (target->kind) {
  case N_NAME:
    if (v->kind == V_TENSOR) name_value(L, v, target->name);
    py_scope_bind(L, L->fn->scope, target->name, v, stmt ? stmt->span : target->span);
    return;
  case N_TUPLE:
  case N_LIST: assign_unpacked(L, target, v, stmt); return;
  case N_SUBSCRIPT:
    lang_fail_at(L, target->span, "tensors are values: make a new one with tl.where, or write memory with tl.store",
                 "assignment to an element is not possible");
  case N_ATTRIBUTE: py_class_set_field(L, py_eval(L, target->a), target->name, v, target->span); return;
  default: lang_fail_at(L, target->span, NULL, "%s cannot be assigned to", syn_kind_text(target->kind));
  }
}
