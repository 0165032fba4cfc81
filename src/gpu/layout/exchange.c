/* exchange.c: which layout of shared memory takes a tensor from one distributed layout to another.
 *
 * Problem. Threads write the elements they hold under layout A and read those they need under B. Both sides want wide
 * accesses, and no two lanes of a wavefront in the same bank.
 *
 * Idea (Zhou et al., arXiv 2505.23819, section on optimal swizzling). Shared memory is a linear map M from offset bits
 * to element bits; choose its columns in three groups, lowest first:
 *   V  the vector: element bits that are registers in both layouts, then registers of B, up to 16 bytes;
 *   B  the bank: what fills a line of 128 bytes;
 *   S  the line's number.
 * Two lanes collide when their elements differ by something in span(V, S) that is no vector of V: same bank, another
 * line. So S must meet the span of each side's lanes in nothing but zero, V apart. Candidates for S: element bits that
 * are lanes of neither side; then sums of a lane bit of A and a lane bit of B, which lie in neither span; what is left
 * is taken as it comes, and costs conflicts. The bank columns are any completion to a basis.
 *
 * Only the lanes of one wavefront count: 8 for accesses of 16 bytes, 16 for 8, else all 32.
 *
 * A tensor larger than `limit` is taken through in parts: element bits that are registers in both layouts are fixed,
 * one value after another.
 *
 * Cost: O(bits³) word operations.
 */
#include "gpu/layout/encoding.h"

#include <assert.h>
#include <string.h>

/* A subspace of words, in echelon form: at[b] has highest bit b. */
typedef struct Space {
  uint64_t at[64];
  int rank;
} Space;

static uint64_t reduced(const Space *s, uint64_t x) {
  for (int b = 63; b >= 0 && x; b--)
    if (x >> b & 1 && s->at[b]) x ^= s->at[b];
  return x;
}

static bool has(const Space *s, uint64_t x) { return reduced(s, x) == 0; }

static bool add(Space *s, uint64_t x) {
  x = reduced(s, x);
  if (!x) return false;
  int b = 63;
  while (!(x >> b & 1)) b--;
  s->at[b] = x;
  s->rank++;
  return true;
}

static void add_columns(Space *s, const Layout *l, Axis axis, int n) {
  for (int k = 0; k < n && k < layout_in_bits(l, axis); k++) add(s, layout_basis(l, axis, k));
}

typedef struct Plan {
  Ctx *cx;
  const Layout *from, *to;
  int n, elem_bits; /* element bits; log2 of an element's bytes */
  uint64_t reps;    /* element bits gone through one after another */
  uint64_t columns[LAYOUT_MAX_BITS];
  int count;
  Space used;
} Plan;

static bool is_unit(uint64_t x) { return x && !(x & (x - 1)); }

static bool take(Plan *p, uint64_t x) {
  if (!add(&p->used, x)) return false;
  p->columns[p->count++] = x;
  return true;
}

static bool is_register(const Layout *l, uint64_t x) {
  for (int k = 0; k < layout_in_bits(l, AXIS_REGISTER); k++)
    if (layout_basis(l, AXIS_REGISTER, k) == x) return true;
  return false;
}

/* Registers of `l`, in order, that are single element bits and registers of `other` too, if that is given. */
static void take_registers(Plan *p, const Layout *l, const Layout *other, int limit) {
  for (int k = 0; k < layout_in_bits(l, AXIS_REGISTER) && p->count < limit; k++) {
    uint64_t x = layout_basis(l, AXIS_REGISTER, k);
    if (is_unit(x) && !(x & p->reps) && (!other || is_register(other, x))) take(p, x);
  }
}

/* How many of the lowest columns of the memory are registers of `l`. */
static int vector_of(const Plan *p, const Layout *l) {
  int v = 0;
  while (v < p->count && v + p->elem_bits < 4 && is_register(l, p->columns[v])) v++;
  return v;
}

/* Where lanes and warps begin must be a multiple of the vector: it is not when what one of them stands for is a sum
 * that has an element bit of the vector in it. `l`: to offsets. */
static int aligned_vector(const Layout *l, int vec) {
  for (int axis = AXIS_LANE; axis <= AXIS_WARP; axis++)
    for (int k = 0; k < layout_in_bits(l, (Axis)axis); k++)
      while (layout_basis(l, (Axis)axis, k) & (((uint64_t)1 << vec) - 1)) vec--;
  return vec;
}

static int wavefront_lanes(const Plan *p, int vec) {
  int bytes = vec + p->elem_bits;
  return bytes <= 2 ? LANE_BITS : LANE_BITS - (bytes - 2);
}

static void choose_reps(Plan *p, int64_t limit) {
  for (int k = layout_in_bits(p->from, AXIS_REGISTER) - 1; k >= 0; k--) {
    int64_t bytes = (int64_t)1 << (p->n - __builtin_popcountll(p->reps) + p->elem_bits);
    uint64_t x = layout_basis(p->from, AXIS_REGISTER, k);
    if (bytes <= limit || __builtin_popcountll(p->reps) >= 8) return;
    if (is_unit(x) && is_register(p->to, x)) p->reps |= x;
  }
}

/* Lines: see above. `lanes`: each side's lanes of a wavefront, with V. */
static void choose_lines(Plan *p, int want, Space lanes[2], uint64_t *lines, int *nlines) {
  uint64_t candidates[LAYOUT_MAX_BITS * 8];
  int n = 0;
  Space either = lanes[0];
  for (int b = 0; b < 64; b++)
    if (lanes[1].at[b]) add(&either, lanes[1].at[b]);
  for (int b = p->n - 1; b >= 0; b--)
    if (!(p->reps >> b & 1) && !has(&either, (uint64_t)1 << b)) candidates[n++] = (uint64_t)1 << b;
  for (int i = 0; i < p->n; i++)
    for (int j = 0; j < p->n && n < (int)COUNT(candidates); j++) {
      uint64_t a = (uint64_t)1 << i, b = (uint64_t)1 << j;
      if (has(&lanes[0], a) && !has(&lanes[1], a) && has(&lanes[1], b) && !has(&lanes[0], b)) candidates[n++] = a | b;
    }
  Space all = p->used;
  *nlines = 0;
  for (int i = 0; i < n && *nlines < want; i++) {
    Space trial[2] = {lanes[0], lanes[1]};
    if (has(&all, candidates[i]) || !add(&trial[0], candidates[i]) || !add(&trial[1], candidates[i])) continue;
    lanes[0] = trial[0], lanes[1] = trial[1];
    add(&all, candidates[i]);
    lines[(*nlines)++] = candidates[i];
  }
  for (int b = p->n - 1; b >= 0 && *nlines < want; b--) {
    uint64_t x = (uint64_t)1 << b;
    if ((p->reps & x) || has(&all, x)) continue;
    add(&all, x);
    lines[(*nlines)++] = x;
  }
}

static void choose_memory(Plan *p) {
  int total = p->n - __builtin_popcountll(p->reps), line = 7 - p->elem_bits, widest = 4 - p->elem_bits;
  if (line > total) line = total;
  take_registers(p, p->from, p->to, widest < total ? widest : total);
  take_registers(p, p->to, NULL, widest < total ? widest : total);
  const Layout *sides[2] = {p->from, p->to};
  Space lanes[2];
  for (int s = 0; s < 2; s++) {
    lanes[s] = p->used;
    add_columns(&lanes[s], sides[s], AXIS_LANE, wavefront_lanes(p, vector_of(p, sides[s])));
  }
  uint64_t lines[LAYOUT_MAX_BITS];
  int nlines = 0, vectors = p->count;
  choose_lines(p, total - (line > vectors ? line : vectors), lanes, lines, &nlines);
  Space all = p->used;
  for (int i = 0; i < nlines; i++) add(&all, lines[i]);
  for (int b = 0; b < p->n; b++) { /* banks */
    uint64_t x = (uint64_t)1 << b;
    if (!(p->reps & x) && add(&all, x)) p->columns[p->count++] = x;
  }
  for (int i = 0; i < nlines; i++) p->columns[p->count++] = lines[i];
  assert(p->count == total);
}

/* The layout without the element bits that are gone through one after another. */
static const Layout *without(Plan *p, const Layout *l) {
  uint64_t columns[LAYOUT_MAX_BITS];
  for (int k = 0; k < l->in_bits; k++) columns[k] = l->column[k] & ~p->reps;
  return layout_new(p->cx, l->in, l->nin, l->out, l->nout, columns);
}

static bool same_warps(const Layout *from, const Layout *to) {
  int n = layout_in_bits(from, AXIS_WARP);
  if (n != layout_in_bits(to, AXIS_WARP)) return false;
  Space below = {0};
  for (int axis = AXIS_REGISTER; axis <= AXIS_LANE; axis++) add_columns(&below, from, (Axis)axis, 64);
  int rank = below.rank;
  for (int axis = AXIS_REGISTER; axis <= AXIS_LANE; axis++) add_columns(&below, to, (Axis)axis, 64);
  if (below.rank != rank) return false;
  Space held = below;
  for (int k = 0; k < n; k++) {
    if (!has(&below, layout_basis(from, AXIS_WARP, k) ^ layout_basis(to, AXIS_WARP, k))) return false;
    if (!add(&held, layout_basis(from, AXIS_WARP, k)))
      return false; /* of warps that hold the same elements, one writes */
  }
  return true;
}

Exchange gpu_exchange_plan(Ctx *cx, const Layout *from, const Layout *to, int elem_bytes, int64_t limit) {
  Plan p = {.cx = cx, .from = from, .to = to, .n = from->out_bits, .elem_bits = log2_of(elem_bytes)};
  assert(from->out_bits == to->out_bits);
  choose_reps(&p, limit);
  choose_memory(&p);
  Exchange e = {.bytes = ((int64_t)elem_bytes << p.count), .within_warp = same_warps(from, to)};
  AxisSize offset = {AXIS_OFFSET, p.count};
  e.memory = layout_new(cx, &offset, 1, from->out, from->nout, p.columns);
  e.from = layout_solve(cx, e.memory, without(&p, from));
  e.to = layout_solve(cx, e.memory, without(&p, to));
  assert(e.from && e.to);
  e.vec_from = aligned_vector(e.from, vector_of(&p, from));
  e.vec_to = aligned_vector(e.to, vector_of(&p, to));
  for (int b = 0; b < p.n; b++) {
    uint64_t x = (uint64_t)1 << b;
    if (!(p.reps & x)) continue;
    for (int k = 0; k < layout_in_bits(from, AXIS_REGISTER); k++)
      if (layout_basis(from, AXIS_REGISTER, k) == x) e.rep_from[e.nrep] = (uint64_t)1 << k;
    for (int k = 0; k < layout_in_bits(to, AXIS_REGISTER); k++)
      if (layout_basis(to, AXIS_REGISTER, k) == x) e.rep_to[e.nrep] = (uint64_t)1 << k;
    e.nrep++;
  }
  return e;
}

const Layout *gpu_exchange_in_registers(Ctx *cx, const Layout *from, const Layout *to) {
  /* Lanes and warps that hold the same on both sides stay as they are: what a lane's or warp's bit means must be the
   * same up to a permutation of registers. */
  const Layout *x = layout_solve(cx, layout_restrict(cx, from, 1u << AXIS_REGISTER, ~0u),
                                 layout_restrict(cx, to, 1u << AXIS_REGISTER, ~0u));
  if (!x) return NULL;
  for (int axis = AXIS_LANE; axis <= AXIS_WARP; axis++) {
    if (layout_in_bits(from, (Axis)axis) != layout_in_bits(to, (Axis)axis)) return NULL;
    for (int k = 0; k < layout_in_bits(from, (Axis)axis); k++)
      if (layout_basis(from, (Axis)axis, k) != layout_basis(to, (Axis)axis, k)) return NULL;
  }
  return x;
}

uint64_t layout_thread_free(const Layout *l) {
  uint64_t all = layout_free(l), out = 0;
  int lanes = layout_in_shift(l, AXIS_LANE), warps = layout_in_shift(l, AXIS_WARP);
  out |= all >> lanes & (((uint64_t)1 << LANE_BITS) - 1);
  out |= (all >> warps & (((uint64_t)1 << layout_in_bits(l, AXIS_WARP)) - 1)) << LANE_BITS;
  return out;
}

/* In memory i1 is a byte. */
static int stored_bytes(const Type *elem) { return elem->kind == TYPE_INT && elem->bits < 8 ? 1 : ir_elem_bytes(elem); }

int64_t gpu_convert_scratch(Ctx *cx, const Op *op, const Layout *from) {
  const Type *t = op->results[0].type;
  const Layout *to = gpu_layout(cx, t);
  if (gpu_exchange_in_registers(cx, from, to) || gpu_exchange_by_shuffles(cx, from, to, stored_bytes(t->elem)))
    return 0;
  return gpu_exchange_plan(cx, from, to, ir_elem_bytes(t->elem), GPU_SCRATCH_LIMIT).bytes;
}
