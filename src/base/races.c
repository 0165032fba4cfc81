/* races.c: races between programs on memory that they share.
 *
 * Problem. Programs of a launch run in any order and side by side. Two accesses to one place by different programs race if
 * at least one writes, not both are atomic, and no chain of atomic accesses orders them. A run in one particular order
 * need not show it.
 *
 * Idea. Every grain of memory (as many bytes as the smallest access) has two words of shadow: its last writer and its
 * first reader since, each with the place in the code and the time. Each access checks the other word: a write the reader's, a read the writer's. Time is a
 * count of releases: an access of A is ordered before one of B if A released after its access and B acquired after that.
 * Only programs with atomics have an entry in the table of releases, and only when a conflict is suspected is it asked.
 *
 * Invariant: what is reported is a race. Not every race is: every release is taken to synchronize with every later
 * acquire, of several readers one is recorded, and numbers that do not fit their fields count as ordered, or as one program.
 *
 * Threads. Reader and writer each write their own word first and then look at the other's (sequentially consistent), so
 * that of two that are there at once at least one sees the other.
 *
 * After Flanagan and Freund, "FastTrack", PLDI 2009, with one clock for all in place of a vector of them. Cost: 16 bytes
 * of shadow per grain, mapped when touched; a few instructions per grain accessed.
 */
#include "base/races.h"
#include "base/system.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A word, from the top: kind, program, site, clock. 0: no access yet. */
enum { PLAIN = 1, ATOMIC = 2, SEVERAL = 3, CLOCK_BITS = 22, SITE_BITS = 16, PROGRAM_BITS = 24 };
#define MASK(bits) ((UINT64_C(1) << (bits)) - 1)

static unsigned kind_of(uint64_t w) { return (unsigned)(w >> 62); }
static uint64_t program_of(uint64_t w) { return w >> (CLOCK_BITS + SITE_BITS) & MASK(PROGRAM_BITS); }
static uint64_t site_of(uint64_t w) { return w >> CLOCK_BITS & MASK(SITE_BITS); }
static uint64_t clock_of(uint64_t w) { return w & MASK(CLOCK_BITS); }

typedef struct Cell {
  _Atomic uint64_t write, read;
} Cell;

enum { CELLS_PER_PAGE = 4096 / sizeof(Cell) };

typedef struct ShadowRegion {
  uintptr_t base;
  size_t cells;
  Cell *at; /* NULL: nothing is there */
} ShadowRegion;

/* What a program that has atomics released, and when it acquired last. */
typedef struct Sync {
  uint64_t program, acquired;
  uint64_t *released; /* ascending */
  size_t n, cap;
  bool used;
} Sync;

struct Races {
  size_t nregions;
  unsigned shift;
  _Atomic uint64_t clock;
  _Atomic bool lost; /* no memory for the table: everything counts as ordered */
  pthread_mutex_t lock;
  Sync *syncs; /* open addressing */
  size_t nsyncs, cap;
  ShadowRegion regions[];
};

/* ---- making ------------------------------------------------------------------------------------------------------ */

Races *races_new(const RaceRegion *regions, size_t n, size_t grain) {
  Races *r = calloc(1, sizeof *r + n * sizeof *r->regions);
  if (!r || pthread_mutex_init(&r->lock, NULL)) return free(r), NULL;
  while ((size_t)1 << r->shift < grain) r->shift++;
  for (; r->nregions < n; r->nregions++) {
    ShadowRegion *to = &r->regions[r->nregions];
    const RaceRegion *from = &regions[r->nregions];
    if (!from->size) continue;
    to->base = from->base >> r->shift;
    to->cells = ((from->base + from->size - 1) >> r->shift) - to->base + 1;
    void *at = sys_reserve(to->cells * sizeof *to->at);
    if (!at) return races_free(r), NULL;
    to->at = at;
  }
  return r;
}

void races_free(Races *r) {
  if (!r) return;
  for (size_t i = 0; i < r->nregions; i++)
    if (r->regions[i].at) sys_release(r->regions[i].at, r->regions[i].cells * sizeof(Cell));
  for (size_t i = 0; i < r->cap; i++) free(r->syncs[i].released);
  free(r->syncs);
  pthread_mutex_destroy(&r->lock);
  free(r);
}

/* ---- order ------------------------------------------------------------------------------------------------------- */

static Sync *slot_of(Sync *table, size_t cap, uint64_t program) {
  size_t i = (size_t)(program * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (cap - 1);
  while (table[i].used && table[i].program != program) i = (i + 1) & (cap - 1);
  return &table[i];
}

/* The program's entry, made if need be; NULL: no memory. Under the lock. */
static Sync *sync_of(Races *r, uint64_t program, bool make) {
  Sync *s = r->cap ? slot_of(r->syncs, r->cap, program) : NULL;
  if ((s && s->used) || !make) return s && s->used ? s : NULL;
  if (2 * (r->nsyncs + 1) > r->cap) {
    size_t cap = r->cap ? 2 * r->cap : 64;
    Sync *grown = calloc(cap, sizeof *grown);
    if (!grown) return NULL;
    for (size_t i = 0; i < r->cap; i++)
      if (r->syncs[i].used) *slot_of(grown, cap, r->syncs[i].program) = r->syncs[i];
    free(r->syncs);
    r->syncs = grown;
    r->cap = cap;
    s = slot_of(grown, cap, program);
  }
  *s = (Sync){.program = program, .used = true};
  r->nsyncs++;
  return s;
}

static bool add_release(Sync *s, uint64_t time) {
  if (s->n == s->cap) {
    size_t cap = s->cap ? 2 * s->cap : 4;
    uint64_t *grown = realloc(s->released, cap * sizeof *grown);
    if (!grown) return false;
    s->released = grown;
    s->cap = cap;
  }
  s->released[s->n++] = time;
  return true;
}

void races_release(Races *r, uint64_t program) {
  pthread_mutex_lock(&r->lock);
  Sync *s = sync_of(r, program & MASK(PROGRAM_BITS), true);
  uint64_t time = atomic_load(&r->clock) + 1;
  if (!s || !add_release(s, time)) atomic_store(&r->lost, true);
  atomic_store(&r->clock, time);
  pthread_mutex_unlock(&r->lock);
}

void races_acquire(Races *r, uint64_t program) {
  pthread_mutex_lock(&r->lock);
  Sync *s = sync_of(r, program & MASK(PROGRAM_BITS), true);
  if (s)
    s->acquired = atomic_load(&r->clock);
  else
    atomic_store(&r->lost, true);
  pthread_mutex_unlock(&r->lock);
}

/* Is the access that the word records ordered before what `program` does now? */
static bool is_ordered(Races *r, uint64_t word, uint64_t program) {
  uint64_t clock = clock_of(word);
  if (clock == MASK(CLOCK_BITS) || atomic_load(&r->lost)) return true;
  if (clock == atomic_load(&r->clock)) return false; /* no release since */
  bool ordered = false;
  pthread_mutex_lock(&r->lock);
  const Sync *by = sync_of(r, program_of(word), false), *to = sync_of(r, program, false);
  if (by && to) {
    size_t lo = 0, hi = by->n; /* the first release after the access */
    while (lo < hi) {
      size_t mid = lo + (hi - lo) / 2;
      if (by->released[mid] > clock)
        hi = mid;
      else
        lo = mid + 1;
    }
    ordered = lo < by->n && by->released[lo] <= to->acquired;
  }
  pthread_mutex_unlock(&r->lock);
  return ordered;
}

/* ---- accesses ---------------------------------------------------------------------------------------------------- */

static bool conflicts(Races *r, uint64_t word, uint64_t program) {
  unsigned kind = kind_of(word);
  if (!kind || (program_of(word) == program && kind != SEVERAL)) return false;
  return !is_ordered(r, word, program);
}

static bool tell(uint64_t word, uint64_t program, RaceAccess access, RaceFound *found) {
  bool own = program_of(word) == program; /* and others, which are not recorded */
  uint64_t site = site_of(word);
  *found = (RaceFound){access, own ? -1 : (int64_t)program_of(word),
                       site == MASK(SITE_BITS) ? UINT32_MAX : (uint32_t)site, 0};
  return true;
}

static void note_reader(Cell *c, uint64_t me) {
  uint64_t old = atomic_load_explicit(&c->read, memory_order_relaxed);
  for (;;) {
    bool mine = program_of(old) == program_of(me);
    if (old == me || kind_of(old) == SEVERAL) return;
    uint64_t now = !old || mine ? me : old | UINT64_C(3) << 62;
    if (atomic_compare_exchange_weak(&c->read, &old, now)) return;
  }
}

static bool access_cell(Races *r, Cell *c, uint64_t me, uint64_t program, RaceAccess access, RaceFound *found) {
  if (access == RACE_READ) {
    note_reader(c, me);
    uint64_t w = atomic_load(&c->write);
    return conflicts(r, w, program) && tell(w, program, kind_of(w) == ATOMIC ? RACE_ATOMIC : RACE_WRITE, found);
  }
  uint64_t w = atomic_load_explicit(&c->write, memory_order_relaxed);
  if (w != me) w = atomic_exchange(&c->write, me);
  bool both_atomic = access == RACE_ATOMIC && kind_of(w) == ATOMIC;
  if (!both_atomic && conflicts(r, w, program))
    return tell(w, program, kind_of(w) == ATOMIC ? RACE_ATOMIC : RACE_WRITE, found);
  uint64_t reader = atomic_load(&c->read);
  if (!reader) return false;
  if (conflicts(r, reader, program)) return tell(reader, program, RACE_READ, found);
  atomic_store_explicit(&c->read, 0, memory_order_relaxed);
  return false;
}

/* Of shadow that the system maps when it is touched: a page that is read first is a shared one of zeros, and copied when it
 * is written, by a second fault. This is a write, which changes nothing. */
static void touch(Cell *c) {
  uint64_t none = 0;
  atomic_compare_exchange_strong_explicit(&c->write, &none, 0, memory_order_relaxed, memory_order_relaxed);
}

bool races_access(Races *r, size_t region, uint64_t program, uint32_t site, RaceAccess access, uintptr_t address,
                  size_t bytes, RaceFound *found) {
  const ShadowRegion *g = &r->regions[region];
  if (!g->at || !bytes) return false;
  uint64_t clock = atomic_load(&r->clock), at = site < MASK(SITE_BITS) ? site : MASK(SITE_BITS);
  if (clock > MASK(CLOCK_BITS)) clock = MASK(CLOCK_BITS);
  program &= MASK(PROGRAM_BITS);
  uint64_t kind = access == RACE_ATOMIC ? ATOMIC : PLAIN;
  uint64_t me = kind << 62 | program << (CLOCK_BITS + SITE_BITS) | at << CLOCK_BITS | clock;
  size_t from = (address >> r->shift) - g->base, to = ((address + bytes - 1) >> r->shift) - g->base;
  for (size_t i = from; i <= to && i < g->cells; i++) {
    if (i == from || i % CELLS_PER_PAGE == 0) touch(&g->at[i]);
    if (access_cell(r, &g->at[i], me, program, access, found)) {
      uintptr_t grain = (g->base + i) << r->shift;
      found->at = grain > address ? grain - address : 0;
      return true;
    }
  }
  return false;
}

bool races_written(const Races *r, size_t region, uintptr_t address, size_t bytes) {
  const ShadowRegion *g = &r->regions[region];
  if (!g->at || !bytes) return true;
  size_t from = (address >> r->shift) - g->base, to = ((address + bytes - 1) >> r->shift) - g->base;
  for (size_t i = from; i <= to && i < g->cells; i++)
    if (!atomic_load_explicit(&g->at[i].write, memory_order_relaxed)) return false;
  return true;
}
