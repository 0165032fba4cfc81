/* along.c: who holds the elements along an axis: what reductions and scans go by, and how much shared memory they need.
 *
 * An element's number along the axis is a word of bits, each a bit of the register, lane or warp number. A reduction
 * whose axis lies in several warps leaves a part per warp in shared memory (AxisParts); a scan takes the bits in runs of
 * one kind (AxisRun), and leaves the totals of runs of warps there. The algorithms are those of lower/reduce.c and
 * lower/scan.c.
 */
#include "gpu/layout/along.h"

#include <assert.h>

Places gpu_places_of(const Layout *l, int shift, int bits) {
  Places p = {0};
  uint64_t mask = bits >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits) - 1;
  int lanes = layout_in_bits(l, AXIS_LANE), warps = layout_in_bits(l, AXIS_WARP);
  assert(lanes == LANE_BITS && warps <= 5);
  for (int k = 0; k < lanes; k++) p.columns[p.nthread++] = layout_basis(l, AXIS_LANE, k) >> shift & mask;
  for (int k = 0; k < warps; k++) p.columns[p.nthread++] = layout_basis(l, AXIS_WARP, k) >> shift & mask;
  for (int k = 0; k < p.nthread; k++) p.used |= p.columns[k];
  return p;
}

/* ---- reductions -------------------------------------------------------------------------------------------------- */

uint64_t gpu_axis_mask(const Layout *l, int axis) {
  Axis a = (Axis)(AXIS_DIM0 + axis);
  return (((uint64_t)1 << layout_out_bits(l, a)) - 1) << layout_out_shift(l, a);
}

uint64_t gpu_axis_squeezed(uint64_t x, uint64_t without, int bits) {
  uint64_t out = 0;
  for (int b = 0, at = 0; b < bits; b++)
    if (!(without >> b & 1)) out |= (x >> b & 1) << at++;
  return out;
}

/* Is the place's bit one of `axis`'s alone: a bit of theirs stands for it, and it is in no other column? */
static bool belongs_to(const Layout *l, Axis axis, uint64_t bit, uint64_t mask) {
  bool found = false;
  for (int a = AXIS_REGISTER; a <= AXIS_WARP; a++)
    for (int k = 0; k < layout_in_bits(l, (Axis)a); k++) {
      uint64_t column = layout_basis(l, (Axis)a, k) & mask;
      if (!(column & bit)) continue;
      if (column != bit || a != (int)axis || found) return false;
      found = true;
    }
  return found;
}

/* Wavefronts that leave and read 2^parts parts of a place, 2^lanes lanes having places of their own: with the part's
 * number lowest (then an instruction takes several parts) or highest (then it takes 2^vector places). */
static double cost_of_lowest(int parts, int lanes, int widest) {
  int wide = parts < widest ? parts : widest, lines = lanes + parts - 5;
  return ((1 << (parts - wide)) + 1) * (lines > 0 ? 1 << lines : 1);
}

static double cost_of_highest(int parts, int lanes, int vector) {
  double share = 1.0 / (1 << vector), lines = 1.0 / (1 << (5 - lanes));
  return ((1 << parts) + 1) * (share > lines ? share : lines);
}

/* Several places at a time take as many registers: only where banks would conflict. */
static bool is_part_highest(int parts, int lanes, int widest, int vector) {
  return parts + lanes > 5 && cost_of_highest(parts, lanes, vector) < cost_of_lowest(parts, lanes, widest);
}

AxisParts gpu_axis_parts(const Layout *l, int axis, int elem_bytes) {
  AxisParts p = {.axis = gpu_axis_mask(l, axis)};
  p.places = gpu_places_of(l, 0, l->out_bits);
  for (int k = LANE_BITS; k < p.places.nthread; k++)
    if (p.places.columns[k] & p.axis) p.warp_mask |= (uint64_t)1 << k, p.part_bits++;
  p.bits = l->out_bits - layout_out_bits(l, (Axis)(AXIS_DIM0 + axis)) + p.part_bits;
  /* A vector of registers lowest, then lanes, so that neighbours write side by side, then the rest. */
  int next = 0, lanes = 0, widest = 0;
  while (elem_bytes << (widest + 1) <= 16) widest++;
  for (int b = 0; b < l->out_bits; b++) p.at[b] = -1;
  for (int turn = 0; turn < 3; turn++)
    for (int b = 0; b < l->out_bits; b++) {
      uint64_t bit = (uint64_t)1 << b;
      if (bit & p.axis || p.at[b] >= 0) continue;
      if (turn == 0 && (next == widest || !belongs_to(l, AXIS_REGISTER, bit, ~p.axis))) continue;
      if (turn == 1 && !belongs_to(l, AXIS_LANE, bit, ~p.axis)) continue;
      p.at[b] = next++;
      p.vector_bits += turn == 0;
      lanes += turn == 1;
    }
  p.part_at = next;
  if (!is_part_highest(p.part_bits, lanes, widest, p.vector_bits)) {
    p.part_at = p.vector_bits = 0;
    for (int b = 0, at = p.part_bits; b < l->out_bits; b++)
      if (p.at[b] >= 0) p.at[b] = at++;
  }
  p.places.used = 0;
  for (int k = 0, part = p.part_at; k < p.places.nthread; k++) {
    uint64_t column = gpu_axis_offset(&p, p.places.columns[k]);
    if (p.warp_mask >> k & 1) column |= (uint64_t)1 << part++;
    p.places.columns[k] = column;
    p.places.used |= column;
  }
  return p;
}

uint64_t gpu_axis_offset(const AxisParts *p, uint64_t place) {
  uint64_t out = 0;
  for (int b = 0; b < LAYOUT_MAX_BITS; b++)
    if (place >> b & 1 && p->at[b] >= 0) out |= (uint64_t)1 << p->at[b];
  return out;
}

/* ---- scans ------------------------------------------------------------------------------------------------------- */

/* Who owns a bit of the axis: the axis of the layout, and its bit. */
static Axis owner(const Layout *l, uint64_t bit, int *k) {
  for (int axis = AXIS_REGISTER; axis <= AXIS_WARP; axis++)
    for (*k = 0; *k < layout_in_bits(l, (Axis)axis); ++*k)
      if (layout_basis(l, (Axis)axis, *k) == bit) return (Axis)axis;
  return AXES;
}

/* The run that begins at bit `b` of the axis. */
AxisRun gpu_axis_next_run(const Layout *l, Axis dim, int b) {
  int k, shift = layout_out_shift(l, dim), bits = layout_out_bits(l, dim);
  AxisRun run = {.axis = owner(l, (uint64_t)1 << (shift + b), &k)};
  for (; b < bits && owner(l, (uint64_t)1 << (shift + b), &k) == run.axis && 1 << k > run.mask; b++) {
    run.mask |= 1 << k;
    run.at[run.n++] = k;
  }
  return run;
}

/* Of lanes that differ only in bits of groups that are one by now, one has a place. */
int gpu_axis_lane_places(int lanes_below) {
  int n = 32;
  for (; lanes_below; lanes_below &= lanes_below - 1) n /= 2;
  return n;
}

int gpu_axis_slot_vector(int blocks, int elem) { return (int)min64(min64(GPU_AXIS_SLOT_VECTOR, 16 / elem), blocks); }

int64_t gpu_axis_slot_bytes(int places, int num_warps, int vector) {
  return ((int64_t)places * num_warps * vector + 15) & ~15;
}

int64_t gpu_axis_slots_bytes(int blocks, int places, int num_warps, int elem) {
  int vector = gpu_axis_slot_vector(blocks, elem);
  return blocks / vector * gpu_axis_slot_bytes(places, num_warps, vector * elem);
}

/* The axis's lowest bits that are registers; none if another kind comes first. */
AxisRun gpu_axis_low_run(const Layout *l, Axis dim) {
  AxisRun low = {.axis = AXIS_REGISTER};
  int k, shift = layout_out_shift(l, dim);
  for (int b = 0; b < layout_out_bits(l, dim); b++) {
    if (owner(l, (uint64_t)1 << (shift + b), &k) != AXIS_REGISTER) break;
    low.mask |= 1 << k;
    low.at[low.n++] = k;
  }
  return low;
}

Axis gpu_axis_of_op(const Op *op) { return (Axis)(AXIS_DIM0 + ir_attr_int_or(op, "axis", 0)); }

int64_t gpu_scan_scratch(Ctx *cx, const Op *op, int num_warps) {
  const Layout *l = gpu_layout(cx, ir_operand(op, 0)->type);
  Axis dim = gpu_axis_of_op(op);
  AxisRun low = gpu_axis_low_run(l, dim), run;
  int64_t bytes = 0;
  for (int b = low.n, lanes = 0; b < layout_out_bits(l, dim); b += run.n) {
    run = gpu_axis_next_run(l, dim, b);
    if (run.axis == AXES) return 0;
    if (run.axis == AXIS_LANE) lanes |= run.mask;
    for (int i = 0; i < op->noperands && run.axis == AXIS_WARP; i++) {
      int elem = ir_elem_bytes(ir_elem(ir_operand(op, i)->type));
      bytes += gpu_axis_slots_bytes(gpu_registers(l) >> low.n, gpu_axis_lane_places(lanes), num_warps, elem);
    }
  }
  return bytes;
}
