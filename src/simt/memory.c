/* memory.c: loads, stores and atomics of a warp: bounds, alignment, what they cost the memory system, and the access.
 *
 * Costs, as NVIDIA's profilers count them. Global memory is moved in sectors of 32 bytes; a request needs as many as it
 * touches. Shared memory has 32 banks of 4 bytes, each of which gives one word per pass; 4 bytes per lane are asked for
 * by 32 lanes at once, 8 bytes by halves of the warp, 16 bytes by quarters. Lanes that access the same word share it.
 */
#include "simt/internal.h"
#include "simt/number.h"

#include <string.h>

/* ---- what it costs ----------------------------------------------------------------------------------------------- */

/* The fullest bank's words in one pass of lanes [from, to). */
static int passes(const Request *r, int from, int to) {
  uint32_t words[LANES][LANES];
  uint8_t n[LANES] = {0};
  int worst = 0, per = r->bytes <= 4 ? 1 : r->bytes / 4;
  for (int l = from; l < to; l++) {
    if (!(r->mask >> l & 1)) continue;
    for (int k = 0; k < per; k++) {
      uint32_t word = (uint32_t)(r->address[l] / 4) + (uint32_t)k, bank = word % 32;
      int at = 0;
      while (at < n[bank] && words[bank][at] != word) at++;
      if (at < n[bank] || at == LANES) continue;
      words[bank][n[bank]++] = word;
      if (n[bank] > worst) worst = n[bank];
    }
  }
  return worst;
}

void simt_count_shared(Warp *w, const Code *c, const Request *r, bool write) {
  SimtAccess *s = simt_stat_of(w->b->m, c, 3, write);
  int lanes = r->bytes <= 4 ? 32 : r->bytes == 8 ? 16 : 8;
  s->requests++;
  s->bytes += (uint64_t)r->bytes * (uint64_t)__builtin_popcount(r->mask);
  for (int from = 0; from < LANES; from += lanes) {
    int n = passes(r, from, from + lanes);
    s->wavefronts += (uint64_t)n;
    s->ideal_wavefronts += n > 0;
    if (n > s->worst) s->worst = n;
  }
}

void simt_count_global(Warp *w, const Code *c, const Request *r, bool write) {
  SimtAccess *s = simt_stat_of(w->b->m, c, 1, write);
  uint64_t seen[2 * LANES];
  uint32_t n = 0;
  EACH_LANE(l, r->mask) {
    uint64_t last = (r->address[l] + (uint64_t)r->bytes - 1) / 32;
    for (uint64_t sector = r->address[l] / 32; sector <= last; sector++) {
      uint32_t at = n;
      while (at > 0 && seen[at - 1] != sector) at--;
      if (at == 0 && n < 2 * LANES) seen[n++] = sector;
    }
  }
  uint64_t bytes = (uint64_t)r->bytes * (uint64_t)__builtin_popcount(r->mask), ideal = (bytes + 31) / 32;
  s->requests++;
  s->bytes += bytes;
  s->sectors += n;
  s->ideal_sectors += ideal < n ? ideal : n;
}

/* ---- whose memory it is ------------------------------------------------------------------------------------------ */

static SimtBuffer *buffer_at(Machine *m, uint64_t address, int bytes) {
  SimtBuffer *at = m->buffers.at;
  if (!m->buffers.len) return NULL;
  SimtBuffer *b = &at[m->last_buffer];
  if (address - b->base < b->size && b->size - (address - b->base) >= (uint64_t)bytes) return b;
  uint32_t low = 0, high = m->buffers.len;
  while (high - low > 1) {
    uint32_t middle = (low + high) / 2;
    if (at[middle].base <= address)
      low = middle;
    else
      high = middle;
  }
  b = &at[low];
  if (address < b->base || address - b->base >= b->size || b->size - (address - b->base) < (uint64_t)bytes) return NULL;
  m->last_buffer = low;
  return b;
}

static bool aligned(Warp *w, const Code *c, int lane, uint64_t address, int bytes) {
  if (address % (uint64_t)bytes == 0) return true;
  simt_issue(w, SIMT_MISALIGNED, c, lane, address, bytes, NULL);
  return false;
}

static void written_bits(Warp *w, const Code *c, SimtBuffer *b, int lane, uint64_t address, int bytes, bool write) {
  uint64_t at = address - b->base;
  for (uint64_t k = at; k < at + (uint64_t)bytes; k++) {
    if (write)
      b->written[k / 8] |= (uint8_t)(1 << k % 8);
    else if (!(b->written[k / 8] >> k % 8 & 1)) {
      simt_locate(w->b->m, simt_issue(w, SIMT_UNINITIALIZED, c, lane, address, bytes, NULL));
      return;
    }
  }
}

uint8_t *simt_global_at(Warp *w, const Code *c, int lane, uint64_t address, int bytes, RaceAccess access) {
  Machine *m = w->b->m;
  bool write = access != RACE_READ;
  SimtBuffer *b = buffer_at(m, address, bytes);
  if (!b && m->o->unbounded && address >= FIRST_ADDRESS) return (uint8_t *)(uintptr_t)address;
  if (!b) {
    simt_locate(
        m, simt_issue(w, write ? SIMT_OUT_OF_BOUNDS_WRITE : SIMT_OUT_OF_BOUNDS_READ, c, lane, address, bytes, NULL));
    return NULL;
  }
  if (write && b->read_only) {
    simt_locate(m, simt_issue(w, SIMT_READ_ONLY, c, lane, address, bytes, NULL));
    return NULL;
  }
  if (b->written && access != RACE_WRITE) written_bits(w, c, b, lane, address, bytes, false);
  if (b->written && write) written_bits(w, c, b, lane, address, bytes, true);
  if (m->races) simt_block_race_check(w, c, lane, (size_t)(b - m->buffers.at), address, bytes, access);
  return (uint8_t *)(uintptr_t)address;
}

bool simt_shared_ok(Warp *w, const Code *c, int lane, uint32_t address, int bytes, bool write) {
  const Machine *m = w->b->m;
  if (address >= SHARED_BASE && (uint64_t)address + (uint64_t)bytes <= (uint64_t)SHARED_BASE + m->shared_bytes)
    return true;
  simt_issue(w, write ? SIMT_OUT_OF_BOUNDS_WRITE : SIMT_OUT_OF_BOUNDS_READ, c, lane, (uint64_t)address - SHARED_BASE,
             bytes, "shared memory");
  return false;
}

/* ---- an access: where each lane's bytes are, or NULL ------------------------------------------------------------- */

typedef struct LanePlaces {
  uint8_t *at[LANES];
} LanePlaces;

static uint8_t *shared_place(Warp *w, const Code *c, int lane, uint32_t address, RaceAccess access) {
  if (!aligned(w, c, lane, address, c->bytes) || !simt_shared_ok(w, c, lane, address, c->bytes, access != RACE_READ))
    return NULL;
  if (access == RACE_READ) simt_shadow_read(w, c, w->index, w->vc, lane, address, c->bytes, false);
  if (access == RACE_WRITE) simt_shadow_write(w, c, w->index, w->vc, lane, address, c->bytes);
  if (access == RACE_ATOMIC) simt_shadow_atomic(w, c, lane, address, c->bytes);
  return w->b->shared + (address - SHARED_BASE);
}

static void find_places(Warp *w, const Code *c, uint32_t mask, RaceAccess access, LanePlaces *p) {
  Request global = {.bytes = c->bytes}, shared = {.bytes = c->bytes};
  bool write = access != RACE_READ;
  EACH_LANE(l, mask) {
    uint64_t x = address_at(w, c->a, c->space, (int)l);
    x = c->space == 3 ? (uint32_t)(x + (uint64_t)c->imm) : x + (uint64_t)c->imm;
    bool in_shared = c->space == 3 || (c->space == 0 && (x & SHARED_WINDOW));
    Request *r = in_shared ? &shared : &global;
    r->address[l] = in_shared ? (uint32_t)x : x;
    r->mask |= UINT32_C(1) << l;
  }
  if (global.mask) simt_count_global(w, c, &global, write);
  if (shared.mask) simt_count_shared(w, c, &shared, write);
  EACH_LANE(g, global.mask)
  p->at[g] = aligned(w, c, (int)g, global.address[g], c->bytes)
                 ? simt_global_at(w, c, (int)g, global.address[g], c->bytes, access)
                 : NULL;
  EACH_LANE(s, shared.mask) p->at[s] = shared_place(w, c, (int)s, (uint32_t)shared.address[s], access);
}

/* A register's bytes in lane l, to or from memory. */
static void put_lane(Warp *w, const Code *c, int32_t r, uint32_t l, const uint8_t *from) {
  if (c->rbytes == 8) {
    memcpy(&reg64_at(w, r)[l], from, 8);
    return;
  }
  uint32_t x = 0;
  memcpy(&x, from, c->rbytes);
  reg_at(w, r)[l] = x;
}
static void get_lane(Warp *w, const Code *c, int32_t r, uint32_t l, uint8_t *to) {
  if (c->rbytes == 8)
    memcpy(to, &reg64_at(w, r)[l], 8);
  else
    memcpy(to, &reg_at(w, r)[l], c->rbytes);
}

/* In the threads whose predicate is false the result is `other`. */
static void put_other(Warp *w, const Code *c, const int32_t *other, uint32_t mask) {
  uint8_t bytes[8];
  if (!c->has_other) return;
  EACH_LANE(l, w->frags[w->at].mask & ~mask)
  for (int k = 0; k < c->n; k++) {
    get_lane(w, c, other[k], l, bytes);
    put_lane(w, c, c->list[k], l, bytes);
  }
}

static void synchronize(Warp *w, const Code *c, bool before) {
  int sem = c->src->mods.sem;
  if (before && (sem == LLS_ACQUIRE || sem >= LLS_ACQ_REL)) {
    simt_clock_join(w->b->m, w->vc, w->b->atomics);
    simt_block_acquire(w);
  }
  if (!before && sem >= LLS_RELEASE) {
    simt_clock_release(w, w->b->atomics);
    simt_block_release(w);
  }
  if (before && c->src->mods.flags & LLF_VOLATILE) simt_block_acquire(w);
}

void simt_mem_load(Warp *w, const Code *c, uint32_t mask) {
  static const uint8_t zeros[16];
  LanePlaces p;
  put_other(w, c, c->list + c->n, mask);
  if (!mask) return;
  synchronize(w, c, true);
  find_places(w, c, mask, RACE_READ, &p);
  for (int k = 0; k < c->n; k++)
    EACH_LANE(l, mask) put_lane(w, c, c->list[k], l, p.at[l] ? p.at[l] + k * c->rbytes : zeros);
}

/* Two lanes that put different bytes into the same place. */
static void check_conflict(Warp *w, const Code *c, const LanePlaces *p, uint32_t mask) {
  const uint8_t *last = NULL;
  bool ascending = true;
  EACH_LANE(l, mask) {
    if (last && p->at[l] && p->at[l] < last + c->bytes) ascending = false;
    if (p->at[l]) last = p->at[l];
  }
  if (ascending) return;
  uint8_t bytes[LANES][16];
  EACH_LANE(v, mask)
  for (int k = 0; k < c->n; k++) get_lane(w, c, c->list[k], v, bytes[v] + k * c->rbytes);
  EACH_LANE(i, mask)
  EACH_LANE(j, mask & ~((UINT32_C(2) << i) - 1))
  if (p->at[i] && p->at[i] == p->at[j] && memcmp(bytes[i], bytes[j], c->bytes) != 0) {
    simt_issue_race(w, SIMT_RACE, c, (int)j, (uint64_t)(p->at[i] - w->b->shared), (uint32_t)(c - w->b->m->code),
                    w->index);
    return;
  }
}

void simt_mem_store(Warp *w, const Code *c, uint32_t mask) {
  LanePlaces p;
  if (!mask) return;
  synchronize(w, c, false);
  find_places(w, c, mask, RACE_WRITE, &p);
  if (c->space == 3 && w->b->m->shared_checks) check_conflict(w, c, &p, mask);
  EACH_LANE(l, mask)
  if (p.at[l])
    for (int k = 0; k < c->n; k++) get_lane(w, c, c->list[k], l, p.at[l] + k * c->rbytes);
  w->b->events++;
}

/* ---- atomics ----------------------------------------------------------------------------------------------------- */

static uint64_t add_floats(const LLType *t, uint64_t x, uint64_t y) {
  switch (t->kind) {
  case LLK_HALF: return float_to_half(half_to_float((uint32_t)x) + half_to_float((uint32_t)y));
  case LLK_BFLOAT: return float_to_bfloat(bfloat_to_float((uint32_t)x) + bfloat_to_float((uint32_t)y));
  case LLK_FLOAT: return result_bits(as_float((uint32_t)x) + as_float((uint32_t)y));
  default: return double_bits(as_double(x) + as_double(y));
  }
}

static uint64_t combine(LLRmw op, const LLType *t, uint64_t old, uint64_t x) {
  int up = 64 - t->bits;
  int64_t a = (int64_t)(old << up), b = (int64_t)(x << up);
  switch (op) {
  case LLR_XCHG: return x;
  case LLR_ADD: return old + x;
  case LLR_AND: return old & x;
  case LLR_OR: return old | x;
  case LLR_XOR: return old ^ x;
  case LLR_MAX: return a > b ? old : x;
  case LLR_MIN: return a < b ? old : x;
  case LLR_UMAX: return old > x ? old : x;
  case LLR_UMIN: return old < x ? old : x;
  default: return add_floats(t, old, x);
  }
}

static void update(const Code *c, uint8_t *at, const uint8_t *value, const uint8_t *expected) {
  if (c->op == S_CMPXCHG) {
    if (memcmp(at, expected, c->bytes) == 0) memcpy(at, value, c->bytes);
    return;
  }
  const LLType *t = ll_scalar(c->src->type);
  size_t size = (size_t)t->bits / 8;
  for (size_t k = 0; k < c->bytes; k += size) {
    uint64_t old = 0, x = 0;
    memcpy(&old, at + k, size);
    memcpy(&x, value + k, size);
    x = combine((LLRmw)c->src->mods.rmw, t, old, x);
    memcpy(at + k, &x, size);
  }
}

/* One lane after another; equal addresses within a warp see each other's results. */
void simt_mem_atomic(Warp *w, const Code *c, uint32_t mask) {
  LanePlaces p;
  const int32_t *operand = c->list + c->n, *value = c->op == S_CMPXCHG ? operand + c->n : operand;
  put_other(w, c, value + c->n, mask);
  if (!mask) return;
  synchronize(w, c, true);
  find_places(w, c, mask, RACE_ATOMIC, &p);
  EACH_LANE(l, mask) {
    uint8_t old[16] = {0}, x[16], expected[16];
    if (p.at[l]) memcpy(old, p.at[l], c->bytes);
    for (int k = 0; k < c->n; k++) {
      get_lane(w, c, operand[k], l, expected + k * c->rbytes);
      get_lane(w, c, value[k], l, x + k * c->rbytes);
    }
    if (p.at[l]) update(c, p.at[l], x, expected);
    for (int k = 0; k < c->n; k++) put_lane(w, c, c->list[k], l, old + k * c->rbytes);
  }
  synchronize(w, c, false);
  w->b->events++;
  w->backward += 64; /* perhaps it waits for a lock that another fragment holds */
}
