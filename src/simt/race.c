/* race.c: data races on shared memory.
 *
 * Problem. Two accesses race if at least one writes, they touch the same byte, and no synchronization orders them; a
 * run in one particular order does not show it. Idea. Vector clocks: every agent (a warp; the bulk-copy engine; the
 * tensor-core unit on behalf of a warp) counts its own releases, and knows of every other agent up to which count it
 * has been told, through a barrier, an mbarrier, or a releasing atomic that it then acquired. A byte's shadow records
 * its last writer with the writer's clock, and its readers since. An access is ordered after an earlier one exactly if the agent
 * knows of the earlier agent at least that clock. Flanagan and Freund, "FastTrack", PLDI 2009: one reader is enough as
 * long as each is ordered after the one before; only otherwise a row of clocks, one per agent, is needed. A warp's own
 * accesses are ordered by the program. Atomics do not race with each other: they count as readers, and are marked so
 * (ATOMIC). Cost: 16 bytes of shadow per byte, a compare or two per byte accessed.
 *
 * Between blocks, on global memory, base/races.c looks, for which a block is one agent.
 */
#include "simt/internal.h"

#include <string.h>

enum { ATOMIC = 0xfd, ORDERED = 0xfc, CLOCK = 0xffffff };

static uint32_t stamp(int agent, const uint32_t *vc) { return (uint32_t)(agent + 1) << 24 | (vc[agent] & CLOCK); }
static bool knows(const uint32_t *vc, uint32_t access) { return vc[(access >> 24) - 1] >= (access & CLOCK); }

void simt_clock_join(const Machine *m, uint32_t *into, const uint32_t *from) {
  for (int i = 0; i < m->nagents; i++)
    if (from[i] > into[i]) into[i] = from[i];
}

void simt_clock_release(Warp *w, uint32_t *into) {
  simt_clock_join(w->b->m, into, w->vc);
  w->vc[w->index]++;
}

/* ---- readers ----------------------------------------------------------------------------------------------------- */

static uint32_t *row_at(Blk *b, uint32_t row) { return b->readers + (size_t)row * (size_t)b->m->nagents; }

/* Free rows are linked through their first element; 0 ends the list, so row 0 is never used. */
static void link_rows(Blk *b, uint32_t from, uint32_t to) {
  for (uint32_t r = from; r < to; r++) {
    *row_at(b, r) = b->free_reader;
    b->free_reader = r;
  }
}

void simt_readers_reset(Blk *b) {
  b->free_reader = 0;
  link_rows(b, 1, b->readers_cap);
}

static uint32_t new_row(Blk *b) {
  const Machine *m = b->m;
  if (!b->free_reader) {
    uint32_t cap = b->readers_cap ? b->readers_cap * 2 : 1024;
    uint32_t *grown = NEWN(m->cx, uint32_t, (size_t)cap *(size_t)m->nagents);
    if (b->readers) memcpy(grown, b->readers, (size_t)b->readers_cap * (size_t)m->nagents * sizeof *grown);
    b->readers = grown;
    link_rows(b, b->readers_cap ? b->readers_cap : 1, cap);
    b->readers_cap = cap;
  }
  uint32_t row = b->free_reader;
  b->free_reader = *row_at(b, row);
  memset(row_at(b, row), 0, (size_t)m->nagents * sizeof(uint32_t));
  return row;
}

static void forget_readers(Blk *b, Shadow *s) {
  if (s->read >> 24 == SEVERAL) {
    *row_at(b, s->read & CLOCK) = b->free_reader;
    b->free_reader = s->read & CLOCK;
  }
  s->read = 0;
}

static void add_reader(Blk *b, Shadow *s, int agent, const uint32_t *vc, uint32_t code) {
  uint32_t now = stamp(agent, vc);
  s->reader = code;
  if (s->read == now) return;
  if (s->read >> 24 == SEVERAL) {
    row_at(b, s->read & CLOCK)[agent] = now & CLOCK;
  } else if (!s->read || knows(vc, s->read)) {
    s->read = now;
  } else {
    uint32_t row = new_row(b);
    row_at(b, row)[(s->read >> 24) - 1] = s->read & CLOCK;
    row_at(b, row)[agent] = now & CLOCK;
    s->read = (uint32_t)SEVERAL << 24 | row;
  }
}

/* A reader that `vc` does not know of, or -1. */
static int unknown_reader(Blk *b, const Shadow *s, const uint32_t *vc) {
  if (!s->read) return -1;
  if (s->read >> 24 != SEVERAL) return knows(vc, s->read) ? -1 : (int)(s->read >> 24) - 1;
  const uint32_t *row = row_at(b, s->read & CLOCK);
  for (int a = 0; a < b->m->nagents; a++)
    if (row[a] > vc[a]) return a;
  return -1;
}

/* ---- accesses ---------------------------------------------------------------------------------------------------- */

typedef struct Look { /* one lane's access */
  Warp *w;
  const Code *c;
  int agent, lane;
  const uint32_t *vc;
  uint32_t address;
  bool told; /* one report per access is enough */
} Look;

static void tell(Look *k, SimtKind kind, uint32_t at, uint32_t other, int agent) {
  if (k->told) return;
  k->told = true;
  int nwarps = k->w->b->m->nwarps;
  int warp = agent < nwarps ? agent : agent == nwarps ? -1 : agent - nwarps - 1;
  simt_issue_race(k->w, kind, k->c, k->lane, at, other, warp);
}

static void check_writer(Look *k, const Shadow *s, uint32_t at) {
  uint32_t tag = s->write >> 24;
  if (tag == IN_FLIGHT)
    tell(k, SIMT_ASYNC_RACE, at, s->writer, (int)(s->write & CLOCK));
  else if (tag && tag < ORDERED && !knows(k->vc, s->write))
    tell(k, SIMT_RACE, at, s->writer, (int)tag - 1);
}

/* Was a fence.proxy.async between the write and its reader in the asynchronous proxy? What cp.async copied counts as
 * fenced: the manual does not say in which proxy it writes, and NVIDIA's own kernels let wgmma read it without one. */
static bool is_fenced(const Warp *w, uint32_t write, uint32_t writer) {
  uint32_t agent = (write >> 24) - 1, clock = write & CLOCK;
  if (agent >= (uint32_t)w->b->m->nwarps || w->b->m->code[writer].src->op == LL_CP_ASYNC) return true;
  return w->b->warps[agent].fenced[agent] >= clock || w->fenced[agent] >= clock;
}

void simt_shadow_read(Warp *w, const Code *c, int agent, const uint32_t *vc, int lane, uint32_t address, int bytes,
                      bool async) {
  Look k = {w, c, agent, lane, vc, address, false};
  if (!w->b->m->shared_checks) return;
  uint32_t at = address - SHARED_BASE, code = (uint32_t)(c - w->b->m->code);
  for (Shadow *s = w->b->shadow + at, *end = s + bytes; s < end; s++, at++) {
    uint32_t tag = s->write >> 24;
    if (!tag && !k.told) {
      k.told = true;
      simt_issue(w, SIMT_UNINITIALIZED, c, lane, at, bytes, "shared memory");
    }
    check_writer(&k, s, at);
    if (tag == ATOMIC) {
      int other = unknown_reader(w->b, s, vc);
      if (other >= 0) tell(&k, SIMT_RACE, at, s->reader, other);
      s->write = (uint32_t)ORDERED << 24;
    }
    if (async && tag && tag < ORDERED && !is_fenced(w, s->write, s->writer))
      tell(&k, SIMT_PROXY, at, s->writer, (int)tag - 1);
    add_reader(w->b, s, agent, vc, code);
  }
}

static void check_all(Look *k, const Shadow *s, uint32_t at) {
  check_writer(k, s, at);
  int other = unknown_reader(k->w->b, s, k->vc);
  if (other >= 0) tell(k, SIMT_RACE, at, s->reader, other);
}

void simt_shadow_write(Warp *w, const Code *c, int agent, const uint32_t *vc, int lane, uint32_t address, int bytes) {
  Look k = {w, c, agent, lane, vc, address, false};
  if (!w->b->m->shared_checks) return;
  uint32_t at = address - SHARED_BASE, code = (uint32_t)(c - w->b->m->code);
  for (Shadow *s = w->b->shadow + at, *end = s + bytes; s < end; s++, at++) {
    check_all(&k, s, at);
    forget_readers(w->b, s);
    s->write = stamp(agent, vc);
    s->writer = code;
  }
}

void simt_shadow_atomic(Warp *w, const Code *c, int lane, uint32_t address, int bytes) {
  Look k = {w, c, w->index, lane, w->vc, address, false};
  if (!w->b->m->shared_checks) return;
  uint32_t at = address - SHARED_BASE, code = (uint32_t)(c - w->b->m->code);
  for (Shadow *s = w->b->shadow + at, *end = s + bytes; s < end; s++, at++) {
    if (!s->write && !k.told) {
      k.told = true;
      simt_issue(w, SIMT_UNINITIALIZED, c, lane, at, bytes, "shared memory");
    }
    if (s->write >> 24 != ATOMIC) {
      check_all(&k, s, at);
      forget_readers(w->b, s);
      s->write = (uint32_t)ATOMIC << 24;
    }
    add_reader(w->b, s, w->index, w->vc, code);
  }
}

/* A copy was issued: it may write from now on until it is waited for. */
void simt_shadow_in_flight(Warp *w, const Code *c, int lane, uint32_t address, int bytes) {
  simt_shadow_write(w, c, w->index, w->vc, lane, address, bytes);
  if (!w->b->m->shared_checks) return;
  for (int k = 0; k < bytes; k++)
    w->b->shadow[address - SHARED_BASE + (uint32_t)k].write = (uint32_t)IN_FLIGHT << 24 | (uint32_t)w->index;
}

void simt_shadow_landed(Warp *w, uint32_t address, int bytes) {
  if (!w->b->m->shared_checks) return;
  for (int k = 0; k < bytes; k++) {
    Shadow *s = &w->b->shadow[address - SHARED_BASE + (uint32_t)k];
    if (s->write >> 24 == IN_FLIGHT) s->write = stamp(w->index, w->vc);
  }
}

/* ---- between blocks ---------------------------------------------------------------------------------------------- */

static void free_races(void *races) { races_free(races); }

/* The fewest bytes of an access to global memory. Copies into and out of shared memory may end anywhere. */
static size_t grain_of(const Machine *m) {
  size_t grain = 16;
  for (uint32_t i = 0; i < m->ncode; i++) {
    const Code *c = &m->code[i];
    int op = c->src ? (int)c->src->op : -1;
    if (op == LL_CP_ASYNC || (op >= LL_BULK_LOAD && op <= LL_TMA_REDUCE_5D)) return 1;
    if (c->bytes && c->space != 3 && c->bytes < grain) grain = c->bytes;
  }
  return grain;
}

void simt_block_races_begin(Machine *m) {
  if (!m->shared_checks || (uint64_t)m->grid[0] * m->grid[1] * m->grid[2] < 2 || !m->buffers.len) return;
  RaceRegion *regions = NEWN(m->cx, RaceRegion, m->buffers.len);
  for (uint32_t i = 0; i < m->buffers.len; i++) {
    const SimtBuffer *b = &m->buffers.at[i];
    regions[i] = (RaceRegion){b->base, b->read_only ? 0 : b->size};
  }
  m->races = races_new(regions, m->buffers.len, grain_of(m));
  if (!m->races) ctx_throw(m->cx, ERR_MEMORY);
  ctx_defer(m->cx, free_races, m->races);
}

static uint64_t number_of(const Blk *b) {
  return b->id[0] + b->m->grid[0] * (b->id[1] + (uint64_t)b->m->grid[1] * b->id[2]);
}

void simt_block_race_check(Warp *w, const Code *c, int lane, size_t buffer, uint64_t address, int bytes,
                           RaceAccess access) {
  const Machine *m = w->b->m;
  RaceFound found;
  if (access == RACE_READ && c->src->mods.flags & LLF_VOLATILE) return;
  if (races_access(m->races, buffer, number_of(w->b), (uint32_t)(c - m->code), access, address, (size_t)bytes, &found))
    simt_issue_block_race(w, c, lane, address, bytes, &found);
}

void simt_block_acquire(Warp *w) {
  if (w->b->m->races) races_acquire(w->b->m->races, number_of(w->b));
}

void simt_block_release(Warp *w) {
  if (w->b->m->races) races_release(w->b->m->races, number_of(w->b));
}
