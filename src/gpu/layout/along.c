/* along.c: who holds the elements along an axis: what reductions and scans go by, and how much shared memory they need.
 *
 * An element's number along the axis is a word of bits, each a bit of the register, lane or warp number. A reduction
 * whose axis lies in several warps leaves a part per warp in shared memory (AxisParts); a scan takes the bits in runs of
 * one kind (AxisRun), and leaves the totals of runs of warps there. The algorithms are those of lower/reduce.c and
 * lower/scan.c.
 */
#include "gpu/layout/along.h"

#include <assert.h>

Places places_of(const Layout *l, int shift, int bits) {
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

uint64_t axis_mask(const Layout *l, int axis) {
  Axis a = (Axis)(AXIS_DIM0 + axis);
  return (((uint64_t)1 << layout_out_bits(l, a)) - 1) << layout_out_shift(l, a);
}

uint64_t axis_squeezed(uint64_t x, uint64_t without, int bits) {
  uint64_t out = 0;
  for (int b = 0, at = 0; b < bits; b++)
    if (!(without >> b & 1)) out |= (x >> b & 1) << at++;
  return out;
}

AxisParts axis_parts(const Layout *l, int axis) {
  AxisParts p = {.axis = axis_mask(l, axis)};
  p.places = places_of(l, 0, l->out_bits);
  int parts = 0;
  for (int k = 0; k < p.places.nthread; k++)
    if (k >= LANE_BITS && p.places.columns[k] & p.axis) p.warp_mask |= (uint64_t)1 << k, parts++;
  p.part_bits = parts;
  p.bits = l->out_bits - layout_out_bits(l, (Axis)(AXIS_DIM0 + axis)) + parts;
  p.places.used = 0;
  for (int k = 0, part = 0; k < p.places.nthread; k++) {
    uint64_t column = axis_squeezed(p.places.columns[k], p.axis, l->out_bits) << parts;
    if (p.warp_mask >> k & 1) column |= (uint64_t)1 << part++;
    p.places.columns[k] = column;
    p.places.used |= column;
  }
  return p;
}

int64_t reduce_scratch(Ctx *cx, const Op *op) {
  const Layout *l = gpu_layout(cx, ir_operand(op, 0)->type);
  AxisParts p = axis_parts(l, (int)ir_attr_int_or(op, "axis", 0));
  int64_t bytes = 0;
  if (!p.part_bits) return 0;
  for (int i = 0; i < op->noperands; i++) bytes += (max64(4, ir_elem_bytes(ir_operand(op, i)->type->elem)) << p.bits);
  return bytes;
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
AxisRun axis_next_run(const Layout *l, Axis dim, int b) {
  int k, shift = layout_out_shift(l, dim), bits = layout_out_bits(l, dim);
  AxisRun run = {.axis = owner(l, (uint64_t)1 << (shift + b), &k)};
  for (; b < bits && owner(l, (uint64_t)1 << (shift + b), &k) == run.axis && 1 << k > run.mask; b++) {
    run.mask |= 1 << k;
    run.at[run.n++] = k;
  }
  return run;
}

/* Of lanes that differ only in bits of groups that are one by now, one has a place. */
int axis_lane_places(int lanes_below) {
  int n = 32;
  for (; lanes_below; lanes_below &= lanes_below - 1) n /= 2;
  return n;
}

int64_t axis_slot_bytes(int places, int num_warps, int elem) { return ((int64_t)places * num_warps * elem + 15) & ~15; }

/* The axis's lowest bits that are registers; none if another kind comes first. */
AxisRun axis_low_run(const Layout *l, Axis dim) {
  AxisRun low = {.axis = AXIS_REGISTER};
  int k, shift = layout_out_shift(l, dim);
  for (int b = 0; b < layout_out_bits(l, dim); b++) {
    if (owner(l, (uint64_t)1 << (shift + b), &k) != AXIS_REGISTER) break;
    low.mask |= 1 << k;
    low.at[low.n++] = k;
  }
  return low;
}

Axis axis_of_op(const Op *op) { return (Axis)(AXIS_DIM0 + ir_attr_int_or(op, "axis", 0)); }

int64_t scan_scratch(Ctx *cx, const Op *op, int num_warps) {
  const Layout *l = gpu_layout(cx, ir_operand(op, 0)->type);
  Axis dim = axis_of_op(op);
  AxisRun low = axis_low_run(l, dim), run;
  int64_t bytes = 0;
  for (int b = low.n, lanes = 0; b < layout_out_bits(l, dim); b += run.n) {
    run = axis_next_run(l, dim, b);
    if (run.axis == AXES) return 0;
    if (run.axis == AXIS_LANE) lanes |= run.mask;
    for (int i = 0; i < op->noperands && run.axis == AXIS_WARP; i++) {
      int elem = ir_elem_bytes(ir_elem(ir_operand(op, i)->type));
      bytes += (gpu_registers(l) >> low.n) * axis_slot_bytes(axis_lane_places(lanes), num_warps, elem);
    }
  }
  return bytes;
}
