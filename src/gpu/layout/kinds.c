/* kinds.c: the layouts in use, each as a product of small ones.
 *
 * Most are built the same way: what one instruction or one thread holds, times how lanes tile it, times how warps do;
 * then the tile is fitted to the tensor's shape. Fragments are those of the PTX ISA, chapter "Matrix
 * multiply-accumulate instructions": in every fragment of mma.sync and wgmma, lane l = 4g + t belongs to row (or
 * column) g of eight and to the t-th of four groups of neighbours in the other direction.
 */
#include "gpu/layout/layout.h"

#include <assert.h>

/* × `bits` bits of `in` that run along dimension `dim` of a rank-`rank` tensor. */
static const Layout *along(Ctx *cx, const Layout *l, Axis in, int dim, int bits) {
  return layout_product(cx, l, layout_identity(cx, in, AXIS_DIM0 + dim, bits));
}

/* × bits of `in` that have no influence: copies. */
static const Layout *repeat(Ctx *cx, const Layout *l, Axis in, int dim, int bits) {
  return layout_product(cx, l, layout_zeros(cx, in, AXIS_DIM0 + dim, bits));
}

/* The start of every layout: all axes there, in one order, of size one. */
static const Layout *start(Ctx *cx, int rank) {
  const Layout *l = layout_empty(cx);
  for (int axis = AXIS_REGISTER; axis <= AXIS_BLOCK; axis++) l = repeat(cx, l, (Axis)axis, 0, 0);
  for (int d = 0; d < rank; d++) l = along(cx, l, AXIS_REGISTER, d, 0);
  return l;
}

const Layout *layout_fit(Ctx *cx, const Layout *tile, const int *shape, int rank, const int *order) {
  AxisSize out[LAYOUT_MAX_AXES] = {0};
  uint64_t columns[LAYOUT_MAX_BITS] = {0};
  assert(tile->nout == rank);
  /* What lies beyond the shape wraps around to its beginning: the bits above it are dropped. */
  for (int j = 0; j < rank; j++) {
    int dim = (int)(tile->out[j].axis - AXIS_DIM0);
    out[j] = (AxisSize){tile->out[j].axis, tile->out[j].bits < shape[dim] ? tile->out[j].bits : shape[dim]};
  }
  for (int k = 0; k < tile->in_bits; k++) {
    uint64_t image = tile->column[k];
    int at = 0;
    for (int j = 0; j < rank; j++) {
      columns[k] |= (image & (((uint64_t)1 << out[j].bits) - 1)) << at;
      image >>= tile->out[j].bits;
      at += out[j].bits;
    }
  }
  const Layout *l = layout_new(cx, tile->in, tile->nin, out, rank, columns);
  for (int i = 0; i < rank; i++) {
    int dim = order[i], missing = shape[dim] - layout_out_bits(l, AXIS_DIM0 + dim);
    if (missing > 0) l = along(cx, l, AXIS_REGISTER, dim, missing);
  }
  return l;
}

const Layout *layout_blocked(Ctx *cx, int rank, const int *per_thread, const int *threads, const int *warps,
                             const int *order, const int *shape) {
  const Layout *l = start(cx, rank);
  for (int i = 0; i < rank; i++) l = along(cx, l, AXIS_REGISTER, order[i], per_thread[order[i]]);
  for (int i = 0; i < rank; i++) l = along(cx, l, AXIS_LANE, order[i], threads[order[i]]);
  for (int i = 0; i < rank; i++) l = along(cx, l, AXIS_WARP, order[i], warps[order[i]]);
  return layout_fit(cx, l, shape, rank, order);
}

static const int row_major_order[2][3] = {{1, 0, 0}, {2, 1, 0}};

/* The accumulator that one warp holds: 16 rows, 8 columns, two neighbours a register pair, the lower eight rows a
 * second one. */
static const Layout *accumulator_16x8(Ctx *cx, int rank) {
  int m = rank - 2, n = rank - 1;
  const Layout *l = along(cx, start(cx, rank), AXIS_REGISTER, n, 1);
  l = along(cx, l, AXIS_LANE, n, 2);
  l = along(cx, l, AXIS_LANE, m, 3);
  return along(cx, l, AXIS_REGISTER, m, 1);
}

const Layout *layout_mma(Ctx *cx, int rank, const int *warps, const int *shape) {
  assert(rank == 2 || rank == 3);
  const int *order = row_major_order[rank - 2];
  const Layout *l = accumulator_16x8(cx, rank);
  for (int i = 0; i < rank; i++) l = along(cx, l, AXIS_WARP, order[i], warps[order[i]]);
  return layout_fit(cx, l, shape, rank, order);
}

const Layout *layout_wgmma(Ctx *cx, const int warps[2], int n_bits, const int shape[2]) {
  assert(warps[0] >= 2 && n_bits >= 3);
  const Layout *l = along(cx, accumulator_16x8(cx, 2), AXIS_REGISTER, 1, n_bits - 3);
  /* Four warps are a warp group and stand below each other. */
  l = along(cx, l, AXIS_WARP, 0, warps[0]);
  l = along(cx, l, AXIS_WARP, 1, warps[1]);
  return layout_fit(cx, l, shape, 2, row_major_order[0]);
}

static const Layout *warps_of_operand(Ctx *cx, const Layout *l, int operand, int dim, int warps) {
  return operand == dim ? along(cx, l, AXIS_WARP, dim, warps) : repeat(cx, l, AXIS_WARP, operand, warps);
}

const Layout *layout_mma_operand(Ctx *cx, int rank, int operand, int k_width, const int *warps, const int *shape,
                                 bool rows_first) {
  int row = rank - 2, k = row + (operand == 0 ? 1 : 0), other = row + (operand == 0 ? 0 : 1);
  const Layout *l = along(cx, start(cx, rank), AXIS_REGISTER, k, k_width);
  l = along(cx, l, AXIS_LANE, k, 2);
  l = along(cx, l, AXIS_LANE, other, 3);
  if (operand == 0) l = along(cx, l, AXIS_REGISTER, other, 1);
  l = along(cx, l, AXIS_REGISTER, k, 1);
  /* Warps count as those of the accumulator do; those in a row share A, those in a column share B. */
  for (int i = 0; i < 2; i++) {
    int dim = row + (rows_first ? i : 1 - i);
    l = warps_of_operand(cx, l, row + operand, dim, warps[dim]);
  }
  if (rank == 3) l = along(cx, l, AXIS_WARP, 0, warps[0]);
  const int order[3] = {k, other, 0};
  return layout_fit(cx, l, shape, rank, order);
}

/* offset -> (row, column) for `rows` by `columns` (in bits), the vectors of a row exchanged by XOR with the row's
 * phase. */
static const Layout *swizzled_tile(Ctx *cx, int row, int column, int rows, int columns, int vec, int per_phase,
                                   int max_phase) {
  uint64_t images[LAYOUT_MAX_BITS] = {0};
  AxisSize in = {AXIS_OFFSET, rows + columns};
  AxisSize out[2] = {{AXIS_DIM0 + column, columns}, {AXIS_DIM0 + row, rows}};
  for (int b = 0; b < columns; b++) images[b] = (uint64_t)1 << b;
  for (int b = 0; b < rows; b++) {
    images[columns + b] = (uint64_t)1 << (columns + b);
    int phase = b - per_phase;
    if (phase >= 0 && phase < max_phase && vec + phase < columns) images[columns + b] |= (uint64_t)1 << (vec + phase);
  }
  return layout_new(cx, &in, 1, out, 2, images);
}

const Layout *layout_swizzled(Ctx *cx, int rank, int vec, int per_phase, int max_phase, const int *order,
                              const int *shape) {
  if (rank == 1) return layout_identity(cx, AXIS_OFFSET, AXIS_DIM0, shape[0]);
  const Layout *l = swizzled_tile(cx, order[1], order[0], shape[order[1]], shape[order[0]], vec, per_phase, max_phase);
  for (int i = 2; i < rank; i++) l = along(cx, l, AXIS_OFFSET, order[i], shape[order[i]]);
  return l;
}

const Layout *layout_nvmma(Ctx *cx, int swizzle, int elem_bytes_bits, bool transposed, const int shape[2]) {
  assert(swizzle >= 4 && swizzle <= 7);
  int row = transposed ? 1 : 0, column = 1 - row;
  int columns = swizzle - elem_bytes_bits, rows = shape[row] < 3 ? shape[row] : 3;
  if (columns > shape[column]) columns = shape[column];
  /* 128 bytes of rows share a phase: PTX ISA, "Shared memory matrix layout", swizzling modes. */
  const Layout *l = swizzled_tile(cx, row, column, rows, columns, 4 - elem_bytes_bits, 7 - swizzle, swizzle - 4);
  l = along(cx, l, AXIS_OFFSET, row, shape[row] - rows);
  return along(cx, l, AXIS_OFFSET, column, shape[column] - columns);
}
