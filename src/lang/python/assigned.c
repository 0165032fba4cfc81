/* assigned.c: which names a piece of source may bind, found by walking its syntax. */
#include "lang/python/python.h"

static void collect(Lang *L, const Node *n, NameList *out, Map *seen);

static void collect_all(Lang *L, Nodes nodes, NameList *out, Map *seen) {
  for (uint32_t i = 0; i < nodes.len; i++)
    if (nodes.at[i]) collect(L, nodes.at[i], out, seen);
}

static void collect_target(Lang *L, const Node *t, NameList *out, Map *seen) {
  if (t->kind == N_NAME) {
    if (map_has(seen, t->name)) return;
    map_put(L->cx, seen, t->name, (void *)t);
    vec_push(L->cx, out, t->name);
  } else if (t->kind == N_TUPLE || t->kind == N_LIST) {
    for (uint32_t i = 0; i < t->items.len; i++) collect_target(L, t->items.at[i], out, seen);
  } else if (t->kind == N_STARRED) {
    collect_target(L, t->a, out, seen);
  }
}

static void collect(Lang *L, const Node *n, NameList *out, Map *seen) {
  switch (n->kind) {
  case N_LAMBDA:
  case N_COMPREHENSION: return;
  case N_FUNCTION:
    if (!map_has(seen, n->name)) {
      map_put(L->cx, seen, n->name, (void *)n);
      vec_push(L->cx, out, n->name);
    }
    return;
  case N_ASSIGN:
  case N_DELETE:
    for (uint32_t i = 0; i < n->items.len; i++) collect_target(L, n->items.at[i], out, seen);
    break;
  case N_AUGASSIGN:
  case N_ANNASSIGN:
  case N_FOR:
  case N_NAMED: collect_target(L, n->a, out, seen); break;
  default: break;
  }
  if (n->a) collect(L, n->a, out, seen);
  if (n->b) collect(L, n->b, out, seen);
  if (n->c && n->kind != N_ANNASSIGN) collect(L, n->c, out, seen);
  collect_all(L, n->items, out, seen);
  collect_all(L, n->items2, out, seen);
  collect_all(L, n->keywords, out, seen);
  collect_all(L, n->body, out, seen);
  collect_all(L, n->orelse, out, seen);
}

bool py_binds_name(Lang *L, Nodes body, const char *name, Span *where) {
  NameList names = {0};
  Map seen = {0};
  collect_all(L, body, &names, &seen);
  const Node *node = map_get(&seen, name);
  if (node) *where = node->span;
  return node != NULL;
}

const NameList *py_assigned_names(Lang *L, const Node *loop) {
  Map *cache = &L->fn->info->assigned;
  NameList *names = map_get(cache, loop);
  if (names) return names;
  names = NEW(L->cx, NameList);
  Map seen = {0};
  collect(L, loop, names, &seen);
  map_put(L->cx, cache, loop, names);
  return names;
}
