/* assign_halves.c: in which layout a tensor is split into halves.
 *
 * Problem. tt.split takes both halves from one thread, so the bit of the index that it splits at must be a register.
 * Sorting networks, flips and butterflies split the same elements at one bit after another, and most of the bits are
 * lanes or warps when their turn comes.
 *
 * Idea. The bit that is split at changes places with one that is a register: within a warp that takes one shuffle for two
 * registers. As in paging, the register given up is the one whose bit is split at again furthest in the future (Belady,
 * 1966), and the future is known: the elements are followed through reshapes, transpositions, arithmetic, splits and
 * joins. A bit that tells warps apart goes through shared memory, which takes any layout as well as another: then the bits
 * wanted first become registers, the next ones lanes, and the last ones warps.
 *
 * Cost: a walk of at most STEPS ops per split.
 */
#include "gpu/passes/assign_shared.h"

#include <string.h>

enum { NEVER = LAYOUT_MAX_BITS };

/* The bits of a tensor's row-major index, lowest first, by their number in the tensor where the walk began; those of a
 * dimension that was not there yet are NEVER. */
typedef struct Bits {
  int n;
  uint8_t of[LAYOUT_MAX_BITS];
} Bits;

static bool is_in_place(const Op *op, const Value *v) {
  return op->nresults == 1 && ir_has(op, T_ELEMENTWISE) && ir_same_shape(op->results[0].type, v->type);
}

/* The op that tells most of where the elements of `v` go; NULL: none. */
static const Op *follow(const Value *v) {
  const Op *found = NULL;
  for (const Use *u = v->uses; u; u = u->next) {
    switch (u->op->code) {
    case OP_SPLIT:
    case OP_TRANS:
    case OP_RESHAPE:
    case OP_JOIN: return u->op;
    default:
      if (is_in_place(u->op, v)) found = u->op;
    }
  }
  return found;
}

/* Dimensions of the result are dimensions order[i] of the operand. */
static void permute(Bits *bits, const Type *from, const int64_t *order) {
  int start[LAYOUT_MAX_DIMS];
  for (int d = from->rank - 1, at = 0; d >= 0; at += log2_of(from->shape[d]), d--) start[d] = at;
  Bits old = *bits;
  for (int i = from->rank - 1, at = 0; i >= 0; i--) {
    int n = log2_of(from->shape[order[i]]);
    memcpy(bits->of + at, old.of + start[order[i]], (size_t)n);
    at += n;
  }
}

/* Of each bit of the row-major index of what `split` splits: how many other bits are split at before it. */
static void order_of_splits(const Op *split, int n, uint8_t *when) {
  enum { STEPS = 512 };
  Bits bits = {n, {0}}, open = {0}; /* open: bits split at and not joined again */
  for (int j = 0; j < n; j++) bits.of[j] = (uint8_t)j, when[j] = NEVER;
  int turn = 0;
  const Op *op = split;
  for (int i = 0; op && i < STEPS && turn < n; i++) {
    switch (op->code) {
    case OP_SPLIT: {
      int bit = bits.of[0];
      if (bit != NEVER && when[bit] == NEVER) when[bit] = (uint8_t)turn++;
      memmove(bits.of, bits.of + 1, (size_t)--bits.n);
      open.of[open.n++] = (uint8_t)bit;
      break;
    }
    case OP_JOIN:
      memmove(bits.of + 1, bits.of, (size_t)bits.n++);
      bits.of[0] = open.n ? open.of[--open.n] : NEVER;
      break;
    case OP_TRANS: permute(&bits, ir_operand(op, 0)->type, ir_attr(op, "order")->ints); break;
    case OP_RESHAPE:
      if (ir_attr(op, "allow_reorder")) return;
      break;
    default: break;
    }
    if (bits.n >= LAYOUT_MAX_BITS || open.n >= LAYOUT_MAX_BITS) return;
    op = follow(&op->results[0]);
  }
}

/* Does each input bit stand for one bit of the index or none? */
static bool is_permutation(const Layout *l) {
  for (int k = 0; k < l->in_bits; k++)
    if (l->column[k] & (l->column[k] - 1)) return false;
  return true;
}

static int bit_of(const Layout *l, int k) { return __builtin_ctzll(l->column[k]); }

/* The bit wanted last, of equal ones the highest. */
static bool is_later(const uint8_t *when, int a, int b) { return when[a] != when[b] ? when[a] > when[b] : a > b; }

/* Column `k`, a lane, changes places with a register; false: there is none. */
static bool exchange_with_register(const Layout *l, uint64_t *columns, int k, const uint8_t *when) {
  int at = layout_in_shift(l, AXIS_REGISTER), last = -1;
  for (int r = at; r < at + layout_in_bits(l, AXIS_REGISTER); r++)
    if (l->column[r] && (last < 0 || is_later(when, bit_of(l, r), bit_of(l, last)))) last = r;
  if (last < 0) return false;
  columns[k] = l->column[last], columns[last] = l->column[k];
  return true;
}

/* All bits anew, those wanted first in registers, then lanes, then warps; within each the lowest first. */
static bool order_by_use(const Layout *l, uint64_t *columns, const uint8_t *when) {
  int order[LAYOUT_MAX_BITS], n = l->out_bits, next = 0;
  for (int j = 0; j < n; j++) {
    int at = j;
    for (; at > 0 && is_later(when, order[at - 1], j); at--) order[at] = order[at - 1];
    order[at] = j;
  }
  for (Axis axis = AXIS_REGISTER; axis <= AXIS_WARP; axis++) {
    int at = layout_in_shift(l, axis), room = 0;
    uint64_t chosen = 0;
    for (int k = at; k < at + layout_in_bits(l, axis); k++) room += l->column[k] != 0;
    if (axis == AXIS_REGISTER && !room) return false;
    for (; room > 0; room--) chosen |= (uint64_t)1 << order[next++];
    for (int k = at; k < at + layout_in_bits(l, axis); k++) {
      if (!l->column[k]) continue;
      columns[k] = chosen & -chosen;
      chosen ^= columns[k];
    }
  }
  return true;
}

Attr *gpu_assign_halves(Assign *a, const Op *split, Attr *e) {
  const Type *t = ir_operand(split, 0)->type;
  int n = 0, dims[LAYOUT_MAX_DIMS];
  for (int d = 0; d < t->rank; d++) n += dims[d] = log2_of(t->shape[d]);
  const Layout *l = layout_reshape(a->cx, gpu_layout(a->cx, gpu_with(a->cx, (Type *)t, e)), &n, 1);
  int blocks = layout_in_bits(l, AXIS_BLOCK), lanes = layout_in_shift(l, AXIS_LANE), wanted = 0;
  if (blocks > 0 || !is_permutation(l)) return NULL;
  while (l->column[wanted] != 1) wanted++; /* the last dimension is the lowest bit */
  uint8_t when[LAYOUT_MAX_BITS];
  uint64_t columns[LAYOUT_MAX_BITS];
  memcpy(columns, l->column, (size_t)l->in_bits * sizeof *columns);
  order_of_splits(split, n, when);
  bool is_lane = wanted >= lanes && wanted < lanes + layout_in_bits(l, AXIS_LANE);
  if (!(is_lane ? exchange_with_register(l, columns, wanted, when) : order_by_use(l, columns, when))) return NULL;
  const Layout *changed = layout_new(a->cx, l->in, l->nin, l->out, l->nout, columns);
  return gpu_linear(a->cx, layout_reshape(a->cx, changed, dims, t->rank));
}
