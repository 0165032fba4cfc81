/* names.c: the names that values are printed by.
 *
 * A value is named by its hint, else by the name in its location (the variable of the source program), else, a
 * constant, by its value; otherwise it has a number. A name that is taken gets `_` and a number from a counter.
 * Scopes and counters are MLIR's: all values of a region come before those of the regions inside it, each of which goes
 * on from the counters at the end of its parent, as if its siblings were not there. A value named in one region may
 * share its name with one in a sibling region.
 */
#include "ir/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Counters {
  int value, arg, conflict;
} Counters;

typedef struct PendingRegion {
  const Region *region;
  Counters counters;
  uint32_t scope; /* how many of the used names are its ancestors' */
} PendingRegion;

typedef struct Namer {
  Printer *p;
  Counters at;
  Map used; /* interned name to itself, those in `scope` */
  Vec(const char *) scope;
  Vec(PendingRegion) pending;
} Namer;

/* What a name may consist of: letters, digits and $._- ; a blank becomes _, anything else its code in hexadecimal. */
static const char *sanitized(Ctx *cx, const char *name) {
  Buf b = {.cx = cx};
  if (isdigit((unsigned char)*name)) buf_putc(&b, '_');
  for (; *name; name++) {
    unsigned char c = (unsigned char)*name;
    if (isalnum(c) || strchr("$._-", c))
      buf_putc(&b, (char)c);
    else if (c == ' ')
      buf_putc(&b, '_');
    else
      buf_printf(&b, "%X", c);
  }
  return intern_n(cx, b.s, b.len);
}

static bool is_plain(const char *name) {
  if (isdigit((unsigned char)*name)) return false;
  for (; *name; name++)
    if (!isalnum((unsigned char)*name) && !strchr("$._-", *name)) return false;
  return true;
}

static const char *unique(Namer *n, const char *name) {
  Ctx *cx = n->p->cx;
  name = is_plain(name) ? intern(cx, name) : sanitized(cx, name);
  if (map_has(&n->used, name)) {
    char few[64];
    size_t len = strlen(name);
    char *probe = len + 16 <= sizeof few ? few : ctx_alloc(cx, len + 16);
    const char *found;
    do {
      int digits = snprintf(probe, len + 16, "%s_%d", name, n->at.conflict++);
      found = intern_n(cx, probe, (size_t)digits);
    } while (map_has(&n->used, found));
    name = found;
  }
  map_put(cx, &n->used, name, (void *)(intptr_t)1);
  vec_push(cx, &n->scope, name);
  return name;
}

/* A hint that looks like a name made in a conflict (its stem is taken, its number is the counter's): it was one when
 * the text that was read was printed, and the counter advances as it did then. */
static void count_conflict(Namer *n, const char *hint) {
  const char *tail = strrchr(hint, '_');
  if (!tail || !isdigit((unsigned char)tail[1]) || tail == hint) return;
  if (atoi(tail + 1) != n->at.conflict || !map_has(&n->used, intern_n(n->p->cx, hint, (size_t)(tail - hint)))) return;
  n->at.conflict++;
}

static const Loc *name_in(const Loc *loc) {
  for (; loc && loc->kind != LOC_NAME; loc = loc->caller) {
    if (loc->kind == LOC_UNKNOWN || loc->kind == LOC_FILE) return NULL;
    const Loc *inner = name_in(loc->child);
    if (inner) return inner;
  }
  return loc;
}

static void set_name(Namer *n, const Value *v, const char *name) {
  Ctx *cx = n->p->cx;
  if (name && name == v->hint) count_conflict(n, name);
  const char *text = name ? ctx_printf(cx, "%%%s", unique(n, name)) : ctx_printf(cx, "%%%d", n->at.value++);
  map_put(cx, &n->p->names, v, (void *)text);
}

const char *ir_constant_name(Ctx *cx, const Op *op) {
  const Attr *a = ir_attr(op, "value");
  if (!a) return NULL;
  if (a->kind == ATTR_BOOL) return a->integer ? "true" : "false";
  if (a->kind != ATTR_INT) return "cst";
  if (a->type->kind == TYPE_INDEX) return ctx_printf(cx, "c%lld", (long long)a->integer);
  return ctx_printf(cx, "c%lld_i%d", (long long)a->integer, a->type->bits);
}

const char *ir_base_name(Ctx *cx, const Value *v) {
  if (v->hint) return v->hint;
  const Loc *named = name_in(v->op ? v->op->loc : v->loc);
  if (named && *named->name) return named->name;
  if (v->op && v->op->code == OP_CONSTANT) return ir_constant_name(cx, v->op);
  return NULL;
}

static void name_results(Namer *n, const Op *op) {
  Ctx *cx = n->p->cx;
  if (op->code == OP_SPLIT && op->nresults == 2) {
    for (int i = 0; i < 2; i++) {
      const char *base = ir_base_name(cx, ir_result(op, i));
      set_name(n, ir_result(op, i), base ? base : i ? "outRHS" : "outLHS");
    }
    return;
  }
  set_name(n, ir_result(op, 0), ir_base_name(cx, ir_result(op, 0)));
  if (op->nresults == 1) return;
  const char *group = map_get(&n->p->names, ir_result(op, 0));
  map_put(cx, &n->p->names, op, (void *)group);
  for (int i = 0; i < op->nresults; i++) map_put(cx, &n->p->names, ir_result(op, i), ctx_printf(cx, "%s#%d", group, i));
}

static void name_block(Namer *n, const Block *b) {
  bool entry = b == b->region->first;
  for (int i = 0; i < b->nargs; i++) {
    const char *base = ir_base_name(n->p->cx, b->args[i]);
    if (entry && !base)
      set_name(n, b->args[i], ctx_printf(n->p->cx, "arg%d", n->at.arg));
    else
      set_name(n, b->args[i], base);
    if (entry) n->at.arg++;
  }
  for (const Op *op = b->first; op; op = op->next)
    if (op->nresults) name_results(n, op);
}

static void push_regions(Namer *n, const Op *op) {
  for (int i = 0; i < op->nregions; i++) {
    PendingRegion next = {op->regions[i], n->at, n->scope.len};
    vec_push(n->p->cx, &n->pending, next);
  }
}

static void name_region(Namer *n, const Region *r) {
  int number = 0;
  for (const Block *b = r->first; b; b = b->next) {
    map_put(n->p->cx, &n->p->blocks, b, (void *)(intptr_t)(++number));
    name_block(n, b);
  }
  for (const Block *b = r->first; b; b = b->next)
    for (const Op *op = b->first; op; op = op->next)
      if (op->nregions) push_regions(n, op);
}

void ir_name_values(Printer *p, const Op *root) {
  Namer n = {.p = p};
  if (root->nresults) name_results(&n, root);
  push_regions(&n, root);
  while (n.pending.len) {
    PendingRegion next = n.pending.at[--n.pending.len];
    n.at = next.counters;
    while (n.scope.len > next.scope) map_remove(&n.used, n.scope.at[--n.scope.len]);
    name_region(&n, next.region);
  }
}
