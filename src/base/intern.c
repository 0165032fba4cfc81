/* intern.c: the interned strings of a context. */
#include "base/internal.h"

#include <string.h>

static Interned *intern_slot(Interned *table, size_t cap, const char *s, size_t n, uint64_t hash) {
  size_t at = hash & (cap - 1);
  while (table[at].s && !(table[at].hash == hash && table[at].len == n && memcmp(table[at].s, s, n) == 0))
    at = (at + 1) & (cap - 1);
  return &table[at];
}

static void intern_grow(Ctx *cx) {
  size_t cap = cx->interned_cap ? cx->interned_cap * 2 : 256;
  Interned *table = ctx_alloc_n(cx, cap, sizeof *table);
  for (size_t i = 0; i < cx->interned_cap; i++) {
    Interned *e = &cx->interned[i];
    if (e->s) *intern_slot(table, cap, e->s, e->len, e->hash) = *e;
  }
  cx->interned = table;
  cx->interned_cap = cap;
}

const char *intern_n(Ctx *cx, const char *s, size_t n) {
  if (cx->interned_len * 2 >= cx->interned_cap) intern_grow(cx);
  uint64_t hash = hash_bytes(s, n, 0);
  Interned *e = intern_slot(cx->interned, cx->interned_cap, s, n, hash);
  if (!e->s) {
    *e = (Interned){ctx_strndup(cx, s, n), n, hash};
    cx->interned_len++;
  }
  return e->s;
}

const char *intern(Ctx *cx, const char *s) { return intern_n(cx, s, strlen(s)); }
