/* map.c: hash maps from pointers to pointers.
 *
 * The entries lie in an array in the order they were put; `slots` is an open-addressed table of their indices, plus one
 * (zero: empty). A removed entry stays where it is with key NULL, and so does its slot, which keeps probe chains whole.
 * When the array is full and more than half of it is removed entries, it is closed up; a walk that removes and puts at
 * the same time must not hold an index across a put.
 */
#include "base/internal.h"

#include <assert.h>
#include <string.h>

static uint32_t slot_of(const Map *m, const void *key) {
  uint64_t h = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)(h >> 32) & (m->nslots - 1);
}

/* The entry of `key`, or NULL. */
static MapEntry *map_find(const Map *m, const void *key) {
  if (!m->nslots) return NULL;
  for (uint32_t at = slot_of(m, key); m->slots[at]; at = (at + 1) & (m->nslots - 1)) {
    MapEntry *e = &m->entries[m->slots[at] - 1];
    if (e->key == key) return e;
  }
  return NULL;
}

static void index_entry(Map *m, uint32_t i) {
  uint32_t at = slot_of(m, m->entries[i].key);
  while (m->slots[at]) at = (at + 1) & (m->nslots - 1);
  m->slots[at] = i + 1;
}

void *map_get(const Map *m, const void *key) {
  if (!key) return NULL;
  MapEntry *e = map_find(m, key);
  return e ? e->value : NULL;
}

bool map_has(const Map *m, const void *key) { return key && map_find(m, key); }

/* Make room for one more entry; the slots are at most half full. */
static void map_room(Ctx *cx, Map *m) {
  if (m->len < m->cap) return;
  bool close_up = m->cap && m->live < m->cap / 2;
  uint32_t cap = close_up ? m->cap : m->cap ? m->cap * 2 : 8;
  if (!cap) ctx_throw(cx, ERR_MEMORY);
  /* Allocate first, change after: a map stays whole if memory runs out here. */
  uint32_t *slots = close_up ? m->slots : ctx_alloc_n(cx, (size_t)cap * 2, sizeof *slots);
  MapEntry *entries = close_up ? m->entries : ctx_alloc_n(cx, cap, sizeof *entries);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < m->len; i++) {
    if (!close_up || m->entries[i].key) entries[kept++] = m->entries[i];
  }
  if (close_up) memset(slots, 0, (size_t)m->nslots * sizeof *slots);
  *m = (Map){.entries = entries, .slots = slots, .len = kept, .cap = cap, .nslots = cap * 2, .live = m->live};
  for (uint32_t i = 0; i < kept; i++) {
    if (entries[i].key) index_entry(m, i);
  }
}

void map_put(Ctx *cx, Map *m, const void *key, void *value) {
  assert(key);
  MapEntry *e = map_find(m, key);
  if (e) {
    e->value = value;
    return;
  }
  map_room(cx, m);
  m->entries[m->len] = (MapEntry){key, value};
  index_entry(m, m->len++);
  m->live++;
}

void map_remove(Map *m, const void *key) {
  MapEntry *e = key ? map_find(m, key) : NULL;
  if (!e) return;
  *e = (MapEntry){0};
  m->live--;
}
