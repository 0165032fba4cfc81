/* table.c: specialization key -> kernel, an open-addressed table that only grows. */
#include "ext.h"

#include <stdlib.h>
#include <string.h>

struct TableEntry {
  uint64_t hash;
  uint64_t *key;
  size_t words;
  Kernel *kernel; /* owned; NULL: free */
};

uint64_t ext_table_hash(const uint64_t *key, size_t words) {
  uint64_t h = 0x9e3779b97f4a7c15u ^ words;
  for (size_t i = 0; i < words; i++) {
    h ^= key[i];
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  return h;
}

Kernel *ext_table_last(const Table *t, const uint64_t *key, size_t words) {
  const struct TableEntry *e = t->last;
  return e && e->words == words && memcmp(e->key, key, words * sizeof *key) == 0 ? e->kernel : NULL;
}

Kernel *ext_table_get(Table *t, const uint64_t *key, size_t words, uint64_t hash) {
  for (size_t i = hash & (t->cap - 1); t->cap && t->slots[i].kernel; i = (i + 1) & (t->cap - 1)) {
    const struct TableEntry *e = &t->slots[i];
    if (e->hash != hash || e->words != words || memcmp(e->key, key, words * sizeof *key) != 0) continue;
    t->last = e;
    return e->kernel;
  }
  return NULL;
}

static void insert(struct TableEntry *slots, size_t cap, struct TableEntry e) {
  size_t i = e.hash & (cap - 1);
  while (slots[i].kernel) i = (i + 1) & (cap - 1);
  slots[i] = e;
}

bool ext_table_put(Table *t, const uint64_t *key, size_t words, uint64_t hash, Kernel *kernel) {
  if (t->len * 2 >= t->cap) {
    size_t cap = t->cap ? t->cap * 2 : 16;
    struct TableEntry *slots = PyMem_Calloc(cap, sizeof *slots);
    if (!slots) return PyErr_NoMemory(), false;
    for (size_t i = 0; i < t->cap; i++)
      if (t->slots[i].kernel) insert(slots, cap, t->slots[i]);
    PyMem_Free(t->slots);
    t->slots = slots;
    t->cap = cap;
    t->last = NULL;
  }
  uint64_t *copy = PyMem_Malloc(words * sizeof *copy);
  if (!copy) return PyErr_NoMemory(), false;
  memcpy(copy, key, words * sizeof *copy);
  Py_INCREF((PyObject *)kernel);
  insert(t->slots, t->cap, (struct TableEntry){hash, copy, words, kernel});
  t->len++;
  return true;
}

void ext_table_clear(Table *t) {
  struct TableEntry *slots = t->slots;
  size_t cap = t->cap;
  *t = (Table){0};
  for (size_t i = 0; i < cap; i++) {
    PyMem_Free(slots[i].key);
    Py_XDECREF((PyObject *)slots[i].kernel);
  }
  PyMem_Free(slots);
}

PyObject *ext_table_kernels(const Table *t) {
  PyObject *list = PyList_New(0);
  for (size_t i = 0; list && i < t->cap; i++)
    if (t->slots[i].kernel && PyList_Append(list, (PyObject *)t->slots[i].kernel) != 0) Py_CLEAR(list);
  return list;
}

int ext_table_traverse(const Table *t, visitproc visit, void *arg) {
  for (size_t i = 0; i < t->cap; i++) Py_VISIT((PyObject *)t->slots[i].kernel);
  return 0;
}
