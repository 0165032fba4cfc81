/* fingerprint.c: everything that a compile depends on beyond the function's own source, fed into a hash: the sources of
 * the functions it calls and of those they call, and the constants it takes from outside, each with the path it is
 * reached by.
 *
 * The walk is over the syntax, in source order, before anything is evaluated: it may see names that a compile-time `if`
 * hides, which makes a key finer than needed, never coarser. A name that the function has bound by then does
 * not count: what is bound in a block counts until the block ends, and after an `if` when both branches bind it. The
 * language's own names need no hashing: they change with our version, which is part of every key.
 */
#include "lang/python/python.h"

#include <string.h>

typedef struct Walk {
  Ctx *cx;
  const ttc_host *host;
  const ttc_function *function;
  Map *seen;               /* functions already hashed */
  Map names;               /* names already asked for in this function */
  Vec(const char *) bound; /* names that are the function's own at this place */
  Sha256 *hash;
} Walk;

static void add_text(Sha256 *h, const char *s) { sha256_add(h, s, strlen(s) + 1); }

static void hash_function(Ctx *cx, const ttc_host *host, const ttc_function *f, Map *seen, Sha256 *hash);

static void add_value(Walk *w, const ttc_value *v);

/* What its methods depend on counts, too. */
static void add_class(Walk *w, const ttc_value *class) {
  ttc_value functions = {0};
  int found = w->host && w->host->getattr ? w->host->getattr(w->host->self, class, "functions", &functions) : 0;
  if (found < 0) ctx_throw(w->cx, ERR_HOST);
  if (found) add_value(w, &functions);
}

static void add_value(Walk *w, const ttc_value *v) {
  Sha256 *h = w->hash;
  char kind[2] = {(char)('a' + v->kind), v->is_constexpr ? 'c' : 'p'};
  sha256_add(h, kind, sizeof kind);
  switch (v->kind) {
  case TTC_BOOL:
  case TTC_INT:
    sha256_add(h, &v->integer, sizeof v->integer);
    if (v->text) add_text(h, v->text); /* the digits of one that does not fit */
    break;
  case TTC_FLOAT: sha256_add(h, &v->number, sizeof v->number); break;
  case TTC_STR:
    sha256_add(h, &v->len, sizeof v->len);
    sha256_add(h, v->text, v->len);
    break;
  case TTC_DTYPE:
  case TTC_BUILTIN: add_text(h, v->text); break;
  case TTC_TUPLE:
  case TTC_LIST:
    sha256_add(h, &v->len, sizeof v->len);
    add_text(h, v->names ? "named" : "");
    for (size_t i = 0; i < v->len; i++) {
      if (v->names) add_text(h, v->names[i]);
      add_value(w, &v->items[i]);
    }
    break;
  case TTC_FUNCTION: hash_function(w->cx, w->host, v->function, w->seen, h); break;
  case TTC_CLASS:
    sha256_add(h, &v->integer, sizeof v->integer);
    add_class(w, v);
    break;
  case TTC_MODULE:
  case TTC_CALLABLE:
  case TTC_OBJECT:
    sha256_add(h, &v->integer, sizeof v->integer); /* the host's own hash of it */
    if (v->text) add_text(h, v->text);
    break;
  case TTC_HANDLE: /* no constant */
  case TTC_NONE: break;
  }
}

static bool ask_name(const Walk *w, const char *name, ttc_value *out) {
  int found = w->host && w->host->lookup ? w->host->lookup(w->host->self, w->function, name, out) : 0;
  if (found < 0) ctx_throw(w->cx, ERR_HOST);
  return found > 0;
}

/* The module, function or constant that `a.b.c` names, if it can be told without evaluating anything. */
static bool resolve(const Walk *w, const Node *e, ttc_value *out) {
  if (e->kind == N_NAME) return ask_name(w, e->name, out);
  if (e->kind != N_ATTRIBUTE) return false;
  ttc_value of = {0};
  if (!resolve(w, e->a, &of)) return false;
  if (of.kind != TTC_MODULE && of.kind != TTC_OBJECT && of.kind != TTC_CALLABLE)
    return false; /* a class is added whole */
  int found = w->host->getattr ? w->host->getattr(w->host->self, &of, e->name, out) : 0;
  if (found < 0) ctx_throw(w->cx, ERR_HOST);
  return found > 0;
}

static bool is_bound(const Walk *w, const char *name) {
  for (uint32_t i = 0; i < w->bound.len; i++)
    if (w->bound.at[i] == name) return true;
  return false;
}

static void walk(Walk *w, const Node *e);

static void walk_all(Walk *w, Nodes nodes) {
  for (uint32_t i = 0; i < nodes.len; i++)
    if (nodes.at[i]) walk(w, nodes.at[i]);
}

/* What is stored to: names become the function's own, anything else is looked at. */
static void bind_target(Walk *w, const Node *t) {
  if (t->kind == N_NAME) {
    if (!is_bound(w, t->name)) vec_push(w->cx, &w->bound, t->name);
  } else if (t->kind == N_TUPLE || t->kind == N_LIST) {
    for (uint32_t i = 0; i < t->items.len; i++) bind_target(w, t->items.at[i]);
  } else if (t->kind == N_STARRED) {
    bind_target(w, t->a);
  } else {
    walk(w, t);
  }
}

/* A block that may not run: the names that it binds are unbound after it. */
static void walk_block(Walk *w, Nodes body) {
  uint32_t before = w->bound.len;
  walk_all(w, body);
  w->bound.len = before;
}

static void walk_if(Walk *w, const Node *e) {
  walk(w, e->a);
  uint32_t before = w->bound.len;
  walk_all(w, e->body);
  uint32_t n = w->bound.len - before;
  const char **first = NEWN(w->cx, const char *, n + 1);
  for (uint32_t i = 0; i < n; i++) first[i] = w->bound.at[before + i];
  w->bound.len = before;
  walk_all(w, e->orelse);
  uint32_t kept = before;
  for (uint32_t i = before; i < w->bound.len; i++)
    for (uint32_t j = 0; j < n; j++)
      if (w->bound.at[i] == first[j]) {
        w->bound.at[kept++] = first[j];
        break;
      }
  w->bound.len = kept;
}

static void walk_name(Walk *w, const Node *e) {
  ttc_value v = {0};
  if (is_bound(w, e->name) || map_has(&w->names, e->name)) return;
  map_put(w->cx, &w->names, e->name, (void *)e);
  if (!ask_name(w, e->name, &v)) return;
  add_text(w->hash, e->name);
  add_value(w, &v);
}

static const Node *root_of(const Node *e) {
  while (e->kind == N_ATTRIBUTE) e = e->a;
  return e;
}

static void walk(Walk *w, const Node *e) {
  ttc_value v = {0};
  switch (e->kind) {
  case N_NAME: walk_name(w, e); return;
  case N_IF: walk_if(w, e); return;
  case N_ASSIGN:
    walk(w, e->b);
    for (uint32_t i = 0; i < e->items.len; i++) bind_target(w, e->items.at[i]);
    return;
  case N_ANNASSIGN:
    walk(w, e->c);
    if (e->b) walk(w, e->b);
    bind_target(w, e->a);
    return;
  case N_FOR: {
    uint32_t before = w->bound.len;
    walk(w, e->b);
    bind_target(w, e->a);
    walk_all(w, e->body);
    w->bound.len = before;
    walk_block(w, e->orelse);
    return;
  }
  case N_WHILE:
    walk(w, e->a);
    walk_block(w, e->body);
    walk_block(w, e->orelse);
    return;
  case N_ATTRIBUTE: {
    const Node *root = root_of(e);
    if (root->kind == N_NAME && is_bound(w, root->name)) return;
    if (resolve(w, e, &v)) {
      add_text(w->hash, e->name);
      add_value(w, &v);
    }
    break;
  }
  default: break;
  }
  if (e->a) walk(w, e->a);
  if (e->b) walk(w, e->b);
  if (e->c) walk(w, e->c);
  for (uint32_t i = 0; i < e->params.len; i++)
    if (e->params.at[i].fallback) walk(w, e->params.at[i].fallback);
  walk_all(w, e->items2);
  walk_all(w, e->items);
  walk_all(w, e->keywords);
  walk_block(w, e->body);
  walk_block(w, e->orelse);
  walk_block(w, e->final);
}

static void hash_function(Ctx *cx, const ttc_host *host, const ttc_function *f, Map *seen, Sha256 *hash) {
  if (map_has(seen, f)) return;
  map_put(cx, seen, f, (void *)f);
  const Source *source;
  Node *def = py_fn_parse(cx, f, &source);
  add_text(hash, f->name);
  sha256_add(hash, f->source, f->source_len);
  sha256_add(hash, &f->noinline, sizeof f->noinline);
  Walk w = {.cx = cx, .host = host, .function = f, .seen = seen, .hash = hash};
  def->items.len = 0; /* decorators say nothing about the code */
  for (uint32_t i = 0; i < def->params.len; i++) vec_push(cx, &w.bound, def->params.at[i].name);
  walk(&w, def);
}

void lang_fingerprint(Ctx *cx, const ttc_host *host, const ttc_function *function, Sha256 *hash) {
  Map seen = {0};
  hash_function(cx, host, function, &seen, hash);
}

void lang_fingerprint_value(Ctx *cx, const ttc_host *host, const ttc_value *v, Sha256 *hash) {
  Map seen = {0};
  Walk w = {.cx = cx, .host = host, .seen = &seen, .hash = hash};
  add_value(&w, v);
}
