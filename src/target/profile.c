/* profile.c: records of launches, in the order in which they became known. */
#include "target/profile.h"
#include "base/base.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

atomic_bool target_profile_running;

static struct {
  pthread_mutex_t lock; /* of everything below, but `epoch` and `all` are also read without */
  ttc_profile_record *at;
  size_t first, n, cap, dropped; /* the records are at[first] to at[n - 1] */
  char **names;                  /* a hash set by text, never freed: records point at them */
  size_t nnames, name_cap;
  _Atomic(uint64_t) epoch, all;
} records = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct {
  uint64_t id, epoch;
} mine;

void target_profile_begin(void) {
  pthread_mutex_lock(&records.lock);
  records.first = records.n = records.dropped = 0;
  pthread_mutex_unlock(&records.lock);
  atomic_store(&target_profile_running, true);
}

void target_profile_end(void) { atomic_store(&target_profile_running, false); }

void target_profile_mark(uint64_t id) {
  mine.id = id;
  mine.epoch = atomic_load_explicit(&records.epoch, memory_order_relaxed);
}

void target_profile_mark_all(uint64_t id) {
  atomic_store(&records.all, id);
  atomic_fetch_add(&records.epoch, 1);
}

uint64_t target_profile_default(void) { return atomic_load_explicit(&records.all, memory_order_relaxed); }

uint64_t target_profile_id(void) {
  bool given = mine.id && mine.epoch == atomic_load_explicit(&records.epoch, memory_order_relaxed);
  return given ? mine.id : target_profile_default();
}

/* Where the name is, or is to be put, in a set of a power of two of places. */
static size_t place_of(char *const *set, size_t cap, const char *name) {
  size_t i = (size_t)hash_bytes(name, strlen(name), 0) & (cap - 1);
  while (set[i] && strcmp(set[i], name) != 0) i = (i + 1) & (cap - 1);
  return i;
}

static bool grow_names(void) {
  size_t cap = records.name_cap ? 2 * records.name_cap : 64;
  char **set = calloc(cap, sizeof *set);
  if (!set) return false;
  for (size_t i = 0; i < records.name_cap; i++)
    if (records.names[i]) set[place_of(set, cap, records.names[i])] = records.names[i];
  free(records.names);
  records.names = set;
  records.name_cap = cap;
  return true;
}

static const char *kept_name(const char *name) {
  if (2 * records.nnames >= records.name_cap && !grow_names()) return NULL;
  size_t i = place_of(records.names, records.name_cap, name), bytes = strlen(name) + 1;
  if (!records.names[i]) {
    records.names[i] = malloc(bytes);
    if (!records.names[i]) return NULL;
    memcpy(records.names[i], name, bytes);
    records.nnames++;
  }
  return records.names[i];
}

static bool make_room(void) {
  if (records.n < records.cap) return true;
  if (records.first > records.cap / 2) { /* what was taken makes room for the rest */
    records.n -= records.first;
    memmove(records.at, records.at + records.first, records.n * sizeof *records.at);
    records.first = 0;
    return true;
  }
  size_t cap = records.cap ? 2 * records.cap : 1024;
  ttc_profile_record *more = realloc(records.at, cap * sizeof *more);
  if (!more) return false;
  records.at = more;
  records.cap = cap;
  return true;
}

void target_profile_add(ttc_profile_record r) {
  pthread_mutex_lock(&records.lock);
  r.name = kept_name(r.name ? r.name : "?");
  if (r.name && make_room())
    records.at[records.n++] = r;
  else
    records.dropped++;
  pthread_mutex_unlock(&records.lock);
}

size_t target_profile_take(ttc_profile_record *out, size_t n) {
  pthread_mutex_lock(&records.lock);
  size_t have = records.n - records.first;
  if (n > have) n = have;
  if (n) memcpy(out, records.at + records.first, n * sizeof *out);
  records.first += n;
  if (records.first == records.n) records.first = records.n = 0;
  pthread_mutex_unlock(&records.lock);
  return n;
}

size_t target_profile_dropped(void) {
  pthread_mutex_lock(&records.lock);
  size_t n = records.dropped;
  pthread_mutex_unlock(&records.lock);
  return n;
}
