/* sync.c: barriers, mbarriers, and asynchronous copies (cp.async).
 *
 * Waiting is a state of a fragment. A barrier that is complete wakes its fragments at once and gives each
 * what all of them knew (race.c); an mbarrier is looked at whenever its waiters might go on. An asynchronous copy reads
 * when it is issued and writes when it is waited for: as late as the hardware may, so that a missing wait shows.
 */
#include "simt/internal.h"

#include <string.h>

/* ---- barriers ---------------------------------------------------------------------------------------------------- */

static uint32_t live_threads(const Blk *b) {
  uint32_t n = 0;
  for (int w = 0; w < b->m->nwarps; w++) n += (uint32_t)__builtin_popcount(b->warps[w].live);
  return n;
}

static void wake(Blk *b, int number) {
  Barrier *bar = &b->barriers[number];
  for (int i = 0; i < b->m->nwarps; i++) {
    Warp *w = &b->warps[i];
    for (int f = 0; f < w->nfrags; f++) {
      if (w->frags[f].state != FRAG_BARRIER || w->frags[f].barrier != number) continue;
      w->frags[f].state = FRAG_RUN;
      simt_clock_join(b->m, w->vc, bar->vc);
      w->vc[i]++;
    }
  }
  bar->arrived = 0;
  b->events++;
  b->m->report->barriers++;
}

static void complete(Blk *b, int number) {
  const Barrier *bar = &b->barriers[number];
  if (bar->arrived && bar->arrived >= (bar->expected ? bar->expected : live_threads(b))) wake(b, number);
}

void simt_barriers_recheck(Blk *b) {
  for (int i = 0; i < BARRIERS; i++)
    if (!b->barriers[i].expected) complete(b, i);
}

void simt_barrier_arrive(Warp *w, const Code *c, uint32_t mask, int number, uint32_t expected, bool wait) {
  Blk *b = w->b;
  if (number < 0 || number >= BARRIERS || expected % 32) {
    simt_issue(w, SIMT_BARRIER, c, first_lane(mask), 0, 0,
               expected % 32 ? "the number of threads is not a multiple of 32" : "there are 16 barriers");
    return;
  }
  Barrier *bar = &b->barriers[number];
  if (bar->arrived && bar->expected != expected)
    simt_issue(w, SIMT_BARRIER, c, first_lane(mask), 0, 0, "threads come with different counts");
  bar->expected = expected;
  /* A named barrier counts whole warps, however many of their threads have not exited. */
  bar->arrived += expected && mask == w->live ? LANES : (uint32_t)__builtin_popcount(mask);
  simt_clock_join(b->m, bar->vc, w->vc);
  if (wait) {
    Frag *f = &w->frags[w->at];
    f->state = FRAG_BARRIER;
    f->barrier = number;
  } else {
    w->vc[w->index]++;
  }
  if (expected && bar->arrived > expected)
    simt_issue(w, SIMT_BARRIER, c, first_lane(mask), 0, 0, "more threads came than it counts");
  SimtCount *n = &b->m->counts[c - b->m->code];
  n->barriers++;
  n->waits += wait && bar->arrived < (expected ? expected : live_threads(b));
  complete(b, number);
}

/* ---- mbarriers --------------------------------------------------------------------------------------------------- */

static Mbarrier *find(Blk *b, uint32_t address) {
  for (uint32_t i = 0; i < b->mbarriers.len; i++)
    if (b->mbarriers.at[i].address == address && b->mbarriers.at[i].count) return &b->mbarriers.at[i];
  return NULL;
}

Mbarrier *simt_mbarrier_at(Warp *w, const Code *c, int lane, uint32_t address) {
  Mbarrier *m = find(w->b, address);
  if (!m) simt_issue(w, SIMT_MBARRIER, c, lane, (uint64_t)address - SHARED_BASE, 8, "there is none");
  return m;
}

static void init(Warp *w, const Code *c, int lane, uint32_t address, int32_t count) {
  Blk *b = w->b;
  if (!simt_shared_ok(w, c, lane, address, 8, true)) return;
  if (address % 8) simt_issue(w, SIMT_MISALIGNED, c, lane, address - SHARED_BASE, 8, NULL);
  if (count <= 0) {
    simt_issue(w, SIMT_MBARRIER, c, lane, address - SHARED_BASE, 8, "a count below 1");
    return;
  }
  Mbarrier *m = find(b, address);
  size_t n = (size_t)b->m->nagents;
  if (!m) {
    Mbarrier fresh = {.address = address, .vc = NEWN(b->m->cx, uint32_t, n), .over = NEWN(b->m->cx, uint32_t, n)};
    vec_push(b->m->cx, &b->mbarriers, fresh);
    m = &b->mbarriers.at[b->mbarriers.len - 1];
  }
  m->count = m->pending = count;
  m->tx = 0;
  m->phase = 0;
}

static void phase_over(Blk *b, Mbarrier *m) {
  if (m->pending != 0 || m->tx != 0) return;
  m->phase++;
  m->pending = m->count;
  memcpy(m->over, m->vc, (size_t)b->m->nagents * sizeof *m->vc);
  b->events++;
}

void simt_mbarrier_complete_bytes(Warp *w, Mbarrier *m, int bytes, const uint32_t *vc) {
  m->tx -= bytes;
  simt_clock_join(w->b->m, m->vc, vc);
  phase_over(w->b, m);
}

static void arrive(Warp *w, const Code *c, int lane, Mbarrier *m, int32_t bytes) {
  if (!m) return;
  m->tx += bytes;
  simt_clock_release(w, m->vc);
  m->pending--;
  if (m->pending < 0) {
    simt_issue(w, SIMT_MBARRIER, c, lane, m->address - SHARED_BASE, 8, "more arrivals than it counts");
    m->pending = 0;
  }
  phase_over(w->b, m);
}

const char *simt_mbarrier_lacks(Blk *b, uint32_t address) {
  const Mbarrier *m = find(b, address);
  if (!m || m->pending || !m->tx) return "it waits for an mbarrier";
  if (m->tx < 0)
    return ctx_printf(b->m->cx, "it waits for an mbarrier, and %lld bytes more came than were announced",
                      -(long long)m->tx);
  return ctx_printf(b->m->cx, "it waits for an mbarrier, and %lld of the announced bytes did not come",
                    (long long)m->tx);
}

static bool is_over(const Mbarrier *m, uint32_t parity) { return (m->phase & 1) != (parity & 1); }

static void wait(Warp *w, const Code *c, uint32_t *out, uint32_t mask, uint32_t address, uint32_t parity) {
  Mbarrier *m = simt_mbarrier_at(w, c, first_lane(mask), address);
  bool over = !m || is_over(m, parity);
  if (m && over) simt_clock_join(w->b->m, w->vc, m->over);
  SimtCount *n = &w->b->m->counts[c - w->b->m->code];
  n->barriers++;
  n->waits += !over;
  if (c->op == LL_MBARRIER_TEST_WAIT || c->op == LL_MBARRIER_TRY_WAIT) {
    *out |= over ? mask : 0;
    if (!over) w->yield = true;
  } else if (!over) {
    Frag *f = &w->frags[w->at];
    f->state = FRAG_MBARRIER;
    f->address = address;
    f->parity = parity;
  }
}

bool simt_frag_ready(Warp *w, Frag *f) {
  if (f->state == FRAG_RUN) return true;
  if (f->state != FRAG_MBARRIER) return false;
  Mbarrier *m = find(w->b, f->address);
  if (m && !is_over(m, f->parity)) return false;
  if (m) simt_clock_join(w->b->m, w->vc, m->over);
  f->state = FRAG_RUN;
  return true;
}

static void land(Warp *w, uint32_t mask, uint32_t pending, bool all);

void simt_mbarrier_op(Warp *w, const Code *c, uint32_t *out, uint32_t mask) {
  const uint32_t *a = reg_at(w, c->a), *b = c->b == NO_REG ? a : reg_at(w, c->b);
  uint32_t offset = (uint32_t)c->imm;
  if (c->op == LL_MBARRIER_WAIT_IF) mask &= *reg_at(w, c->c);
  if (!mask) return;
  bool tests = c->op == LL_MBARRIER_TEST_WAIT || c->op == LL_MBARRIER_TRY_WAIT;
  if (tests || c->op == LL_MBARRIER_WAIT || c->op == LL_MBARRIER_WAIT_IF) {
    int l = first_lane(mask);
    if (tests) *out = 0;
    wait(w, c, out, mask, a[l] + offset, b[l]);
    return;
  }
  if (c->op == LL_CP_ASYNC_MBARRIER_ARRIVE) land(w, mask, 0, true);
  EACH_LANE(l, mask) {
    uint32_t address = a[l] + offset;
    switch (c->op) {
    case LL_MBARRIER_INIT: init(w, c, (int)l, address, (int32_t)b[l]); break;
    case LL_MBARRIER_INVAL: {
      Mbarrier *m = simt_mbarrier_at(w, c, (int)l, address);
      if (m) m->count = 0;
      break;
    }
    case LL_MBARRIER_ARRIVE_EXPECT_TX:
      arrive(w, c, (int)l, simt_mbarrier_at(w, c, (int)l, address), (int32_t)b[l]);
      break;
    default: arrive(w, c, (int)l, simt_mbarrier_at(w, c, (int)l, address), 0); break;
    }
  }
}

/* ---- cp.async ---------------------------------------------------------------------------------------------------- */

void simt_cp_async(Warp *w, const Code *c, uint32_t mask) {
  int bytes = c->src->mods.variant;
  Request to = {.bytes = bytes, .mask = mask}, from = {.bytes = bytes};
  if (!mask) return;
  EACH_LANE(l, mask) {
    uint32_t address = to.address[l] = reg_at(w, c->a)[l] + (uint32_t)c->imm;
    uint64_t source = from.address[l] = reg64_at(w, c->b)[l];
    uint32_t take = c->c == NO_REG ? (uint32_t)bytes : reg_at(w, c->c)[l];
    if (take > (uint32_t)bytes) take = (uint32_t)bytes;
    if (take) from.mask |= UINT32_C(1) << l;
    if (!simt_shared_ok(w, c, (int)l, address, bytes, true)) continue;
    if (address % (uint32_t)bytes || (take && source % (uint64_t)bytes)) {
      simt_issue(w, SIMT_MISALIGNED, c, (int)l, address % (uint32_t)bytes ? address - SHARED_BASE : source, bytes,
                 NULL);
      continue;
    }
    Copy copy = {.address = address, .bytes = (uint32_t)bytes, .lane = l, .group = w->group[l]};
    const uint8_t *at = take ? simt_global_at(w, c, (int)l, source, (int)take, RACE_READ) : NULL;
    if (at) memcpy(copy.data, at, take);
    simt_shadow_in_flight(w, c, (int)l, address, bytes);
    vec_push(w->b->m->cx, &w->copies, copy);
  }
  simt_count_shared(w, c, &to, true);
  if (from.mask) simt_count_global(w, c, &from, false);
}

/* Copies of the threads in `mask` are done: those of all groups but the `pending` last committed ones, or all. */
static void land(Warp *w, uint32_t mask, uint32_t pending, bool all) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < w->copies.len; i++) {
    Copy *copy = &w->copies.at[i];
    bool done = (mask >> copy->lane & 1) && (all || copy->group + pending < w->group[copy->lane]);
    if (done) {
      memcpy(w->b->shared + (copy->address - SHARED_BASE), copy->data, copy->bytes);
      simt_shadow_landed(w, copy->address, (int)copy->bytes);
    } else {
      w->copies.at[kept++] = *copy;
    }
  }
  w->copies.len = kept;
}

void simt_cp_async_wait(Warp *w, uint32_t pending, uint32_t mask) { land(w, mask, pending, false); }
