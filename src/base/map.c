/* map.c: hash maps from pointers to pointers.
 *
 * The entries lie in an array in the order they were put; `slots` is an open-addressed table of their indices, plus one
 * (zero: empty), with linear probing. A removed entry stays where it is with key NULL; its slot is freed, and the entries
 * after it in the probe chain move up, so that keys which come and go do not make chains longer.
 * When the array is full and more than half of it is removed entries, it is compacted; a walk that removes and puts at
 * the same time must not hold an index across a put.
 */
#include "base/internal.h"

#include <assert.h>
#include <string.h>

/* Fibonacci hashing: the product's top bits, which spread keys that lie at equal distances; its middle bits would not. */
static uint32_t slot_of(const Map *m, const void *key) {
  uint64_t h = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)((h >> 32) * m->nslots >> 32);
}

static uint32_t next_slot(const Map *m, uint32_t at) { return (at + 1) & (m->nslots - 1); }

/* The slot of `key`, or the empty one where its probe chain ends. */
static uint32_t find_slot(const Map *m, const void *key) {
  uint32_t at = slot_of(m, key);
  while (m->slots[at] && m->entries[m->slots[at] - 1].key != key) at = next_slot(m, at);
  return at;
}

/* The entry of `key`, or NULL. */
static MapEntry *map_find(const Map *m, const void *key) {
  uint32_t entry = m->nslots ? m->slots[find_slot(m, key)] : 0;
  return entry ? &m->entries[entry - 1] : NULL;
}

static void index_entry(Map *m, uint32_t i) {
  uint32_t at = slot_of(m, m->entries[i].key);
  while (m->slots[at]) at = next_slot(m, at);
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

/* Empty slot `hole`: an entry further on moves into it unless its chain begins after the hole. */
static void free_slot(Map *m, uint32_t hole) {
  uint32_t mask = m->nslots - 1;
  for (uint32_t at = next_slot(m, hole); m->slots[at]; at = next_slot(m, at)) {
    uint32_t from = slot_of(m, m->entries[m->slots[at] - 1].key);
    if (((at - from) & mask) < ((at - hole) & mask)) continue;
    m->slots[hole] = m->slots[at];
    hole = at;
  }
  m->slots[hole] = 0;
}

void map_remove(Map *m, const void *key) {
  if (!key || !m->nslots) return;
  uint32_t at = find_slot(m, key);
  if (!m->slots[at]) return;
  MapEntry *e = &m->entries[m->slots[at] - 1];
  free_slot(m, at);
  *e = (MapEntry){0};
  m->live--;
}
