/* along.h: who holds the elements along an axis. */
#ifndef TRITONC_GPU_ALONG_H
#define TRITONC_GPU_ALONG_H

#include "gpu/layout/encoding.h"

/* A linear function of (register, thread), word-wide: per thread bit a column, per register a constant. */
typedef struct Places {
  uint64_t columns[16];
  int nthread; /* thread bits: lanes and warps */
  uint64_t used; /* bits that some thread column sets */
} Places;
Places gpu_places_of(const Layout *l, int shift, int bits); /* of the output bits [shift, shift + bits) */

/* ---- reductions -------------------------------------------------------------------------------------------------- */

uint64_t gpu_axis_mask(const Layout *l, int axis); /* the bits of the output that are the axis's */
uint64_t gpu_axis_squeezed(uint64_t x, uint64_t without, int bits); /* the bits outside of `without`, pushed together */
/* The layout of the parts in shared memory. An offset has the part's number and the bits of the place that matter. */
typedef struct AxisParts {
  Places places;      /* of a thread that writes: in elements */
  uint64_t warp_mask; /* thread bits that number the parts */
  int part_bits, bits;
  int part_at;     /* where in an offset the part's number lies: at 0, or above the place */
  int vector_bits; /* the offset's lowest bits that are a thread's registers, unless the part is there */
  int at[LAYOUT_MAX_BITS]; /* where in an offset a bit of the place lies; -1: the axis's */
  uint64_t axis;
} AxisParts;
AxisParts gpu_axis_parts(const Layout *l, int axis, int elem_bytes);
uint64_t gpu_axis_offset(const AxisParts *p, uint64_t place); /* of part 0 */
int64_t gpu_reduce_scratch(Ctx *cx, const Op *op); /* bytes of shared memory */
/* Lanes that share the axis divide what they add up: halves.c. n pairs of a lane's bit and a register's that change
 * places, in that order; 0: none. */
typedef struct AxisHalves {
  int n, lane[LANE_BITS], reg[LANE_BITS];
  const Layout *layout; /* of the operand, after that */
  bool is_spread; /* results stay where they are then */
} AxisHalves;
AxisHalves gpu_axis_halves(Ctx *cx, const Op *reduce);
/* Where a value's elements are when it is converted: as its type says, but for results that lanes have divided. */
const Layout *gpu_held_layout(Ctx *cx, const Value *v);

/* ---- scans ------------------------------------------------------------------------------------------------------- */

/* Bits of the axis that are bits of one kind, at ascending positions. */
typedef struct AxisRun {
  Axis axis;
  int n, mask, at[16];
} AxisRun;
Axis gpu_axis_of_op(const Op *op);
AxisRun gpu_axis_low_run(const Layout *l, Axis dim);
AxisRun gpu_axis_next_run(const Layout *l, Axis dim, int b);
int gpu_axis_lane_places(int lanes_below);
/* Totals of so many blocks lie side by side; few, for those that are read together are in registers together. */
enum { GPU_AXIS_SLOT_VECTOR = 4 };
int gpu_axis_slot_vector(int blocks, int elem);
int64_t gpu_axis_slot_bytes(int places, int num_warps, int vector); /* of one vector of each place */
int64_t gpu_axis_slots_bytes(int blocks, int places, int num_warps, int elem); /* of all totals of an operand */
int64_t gpu_scan_scratch(Ctx *cx, const Op *op, int num_warps);

#endif
