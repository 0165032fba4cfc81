/* shuffles.c: conversion of a distributed layout into another by shuffles within warps.
 *
 * Problem. A shuffle brings each lane one register of another lane. Which lane that is each says for itself; which
 * register it gives, a lane chooses without knowing for whom, and all do so in the same instruction.
 *
 * Idea. From where the element of register r in lane l comes is a linear map: from lane C r + D l, there from register
 * A r + B l. Shuffles are made in rounds, one for each register of the result, but in round p lane l asks for its
 * register p + E l. Then it asks lane (D + C E) l + C p, and where D + C E =: N is injective (or lanes that ask the same
 * lane want the same register) the one asked can tell from its own number s which register is wanted:
 *     A p + F (s + C p)     with F N = A E + B.
 * E is found column by column: where D's column depends on those before it, and what is wanted does not follow, the
 * column of a register bit is added to it that is independent of them. Choosing among registers by a lane's number is a
 * select per register and bit of the lane that it depends on, before the shuffle (F) and after it (E). Rounds in which
 * every lane asks itself cost nothing: exchanging a bit of the lane with a bit of the register takes half as many
 * shuffles as there are registers.
 *
 * Where there is no such E (results of fewer registers than their source), each register of the result takes what it may
 * be from all that it may come from, and selects afterwards: twice as many shuffles for each bit of the lane that
 * changes which register it is.
 *
 * Cost: O(bits^3) word operations. The method is that of Zhou et al., arXiv 2505.23819, section on warp shuffles, put in
 * terms of rounds.
 */
#include "gpu/layout/encoding.h"

/* A linear map on the span of the vectors seen so far, in echelon form: at[b] has highest bit b, and image[b] is its
 * image. */
typedef struct Partial {
  uint32_t at[32], image[32];
} Partial;

/* The remainder of `v` after reduction by the span; the image of the reduced part is added to `image`. */
static uint32_t reduce(const Partial *p, uint32_t v, uint32_t *image) {
  for (int b = 31; b >= 0 && v; b--)
    if (v >> b & 1 && p->at[b]) v ^= p->at[b], *image ^= p->image[b];
  return v;
}

static void extend(Partial *p, uint32_t v, uint32_t image) {
  v = reduce(p, v, &image);
  if (!v) return;
  int b = 31 - __builtin_clz(v);
  p->at[b] = v;
  p->image[b] = image;
}

typedef struct Columns {
  int registers, lanes;
  uint32_t a[32], c[32];               /* by register bit of the result */
  uint32_t b[LANE_BITS], d[LANE_BITS]; /* by lane bit */
} Columns;

static Columns columns_of(const Layout *x) {
  Columns m = {.registers = layout_in_bits(x, AXIS_REGISTER), .lanes = layout_in_bits(x, AXIS_LANE)};
  int reg = layout_out_shift(x, AXIS_REGISTER), lane = layout_out_shift(x, AXIS_LANE);
  uint64_t regs = ((uint64_t)1 << layout_out_bits(x, AXIS_REGISTER)) - 1, lanes = ((uint64_t)1 << LANE_BITS) - 1;
  for (int k = 0; k < m.registers; k++) {
    uint64_t at = layout_basis(x, AXIS_REGISTER, k);
    m.a[k] = (uint32_t)(at >> reg & regs), m.c[k] = (uint32_t)(at >> lane & lanes);
  }
  for (int k = 0; k < m.lanes; k++) {
    uint64_t at = layout_basis(x, AXIS_LANE, k);
    m.b[k] = (uint32_t)(at >> reg & regs), m.d[k] = (uint32_t)(at >> lane & lanes);
  }
  return m;
}

/* The register bit whose column makes lane bit `k` independent of what is there; best one that makes it itself. */
static int register_for(const Columns *m, const Partial *p, int k) {
  int found = -1;
  for (int r = 0; r < m->registers; r++) {
    uint32_t image = 0;
    if (!reduce(p, m->d[k] ^ m->c[r], &image)) continue;
    if (found < 0 || (m->d[k] ^ m->c[r]) == 1u << k) found = r;
  }
  return found;
}

static bool find_rounds(const Columns *m, Shuffles *s) {
  Partial p = {0};
  for (int k = 0; k < m->lanes; k++) {
    uint32_t image = 0;
    if (!reduce(&p, m->d[k], &image)) continue;
    s->asked[k] = m->d[k];
    extend(&p, m->d[k], m->b[k]);
  }
  for (int k = 0; k < m->lanes; k++) {
    uint32_t image = m->b[k];
    if (s->asked[k] || (!reduce(&p, m->d[k], &image) && !image)) {
      s->asked[k] = m->d[k];
      continue;
    }
    int r = register_for(m, &p, k);
    if (r < 0) return false;
    s->turn[k] = 1u << r;
    s->asked[k] = m->d[k] ^ m->c[r];
    extend(&p, s->asked[k], m->b[k] ^ m->a[r]);
  }
  for (int b = 0; b < LANE_BITS; b++) { /* F of one bit: from what is known of the vector that ends there */
    if (!p.at[b]) continue;
    s->given[b] = p.image[b];
    for (int k = 0; k < b; k++)
      if (p.at[b] >> k & 1) s->given[b] ^= s->given[k];
  }
  return true;
}

uint32_t gpu_shuffles_image(const uint32_t *columns, uint32_t bits) {
  uint32_t out = 0;
  for (int k = 0; bits >> k; k++)
    if (bits >> k & 1) out ^= columns[k];
  return out;
}

bool gpu_shuffles_round(const Shuffles *s, int round, uint32_t *lane, uint32_t *reg) {
  uint64_t at = layout_map(s->x, (uint64_t)round << layout_in_shift(s->x, AXIS_REGISTER));
  uint64_t regs = ((uint64_t)1 << layout_out_bits(s->x, AXIS_REGISTER)) - 1;
  *lane = (uint32_t)(at >> layout_out_shift(s->x, AXIS_LANE)) & ((1u << LANE_BITS) - 1);
  *reg = (uint32_t)(at >> layout_out_shift(s->x, AXIS_REGISTER) & regs) ^ gpu_shuffles_image(s->given, *lane);
  return *lane || !s->asks_itself;
}

static bool same_warp_bits(const Layout *from, const Layout *to) {
  int n = layout_in_bits(from, AXIS_WARP);
  if (n != layout_in_bits(to, AXIS_WARP)) return false;
  for (int k = 0; k < n; k++)
    if (layout_basis(from, AXIS_WARP, k) != layout_basis(to, AXIS_WARP, k)) return false;
  return true;
}

/* In halves of a shuffle: a select costs half as much. */
static int64_t cost_of(const Shuffles *s, const Columns *m, int64_t given, int64_t made) {
  int64_t halves = 0;
  for (int k = 0; k < m->lanes && s->in_rounds; k++) halves += (s->given[k] ? given : 0) + (s->turn[k] ? made : 0);
  for (int r = 0; r < made && s->in_rounds; r++) {
    uint32_t lane, reg;
    halves += 2 * gpu_shuffles_round(s, r, &lane, &reg);
  }
  if (s->in_rounds) return halves;
  for (int k = 0; k < m->lanes; k++)
    if (m->b[k]) made *= 2;
  return 2 * made;
}

/* Shared memory costs a store and a load of all words, and the time until what was stored can be read, as long as some
 * eight shuffles. Where the result holds elements several times, lanes read the same words at once, four in a go. */
const Shuffles *gpu_exchange_by_shuffles(Ctx *cx, const Layout *from, const Layout *to, int elem_bytes) {
  enum { TURNAROUND = 8 };
  const unsigned in_warp = 1u << AXIS_REGISTER | 1u << AXIS_LANE;
  if (!same_warp_bits(from, to)) return NULL;
  const Layout *x = layout_solve(cx, layout_restrict(cx, from, in_warp, ~0u), layout_restrict(cx, to, in_warp, ~0u));
  if (!x) return NULL;
  Columns m = columns_of(x);
  Shuffles *s = NEW(cx, Shuffles);
  *s = (Shuffles){.x = x};
  s->in_rounds = find_rounds(&m, s);
  s->asks_itself = s->in_rounds;
  for (int k = 0; k < m.lanes; k++) s->asks_itself &= s->asked[k] == 1u << k;
  int64_t copies = gpu_registers(to) / gpu_registers(from), loaded = gpu_registers(to) / max64(1, min64(copies, 4));
  int64_t words = ((gpu_registers(from) + loaded) * elem_bytes + 3) / 4;
  int64_t halves = cost_of(s, &m, gpu_registers(from), gpu_registers(to)) * (elem_bytes > 4 ? elem_bytes / 4 : 1);
  return halves <= 2 * (words + TURNAROUND) ? s : NULL;
}
