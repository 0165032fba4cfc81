/* layout.h: layouts as linear maps over F2.
 *
 * Where does the element at (i, j) of a tensor lie: in which register of which lane of which warp, or at which offset
 * of shared memory? Every layout in use answers with a function that is linear over F2, the field of two elements, when
 * positions are written in binary: the map of x XOR y is the map of x XOR the map of y (Zhou et al., "Linear Layouts",
 * arXiv 2505.23819). So a layout is a matrix of bits. It is stored by columns: column k is the image of input bit k.
 *
 * Inputs and outputs are made of named axes, each of a power-of-two size: an input bit belongs to `register`, `lane`,
 * `warp` or `block` (or `offset`, for shared memory), an output bit to a dimension of the tensor. Axes are laid side by
 * side in one word, the first axis in the lowest bits; that is the only meaning of their order.
 *
 * A Layout is immutable and lives in the context's arena. Functions that need an impossible thing (an inverse of what
 * has none) return NULL; passing axes that do not fit is a bug and asserts.
 */
#ifndef TRITONC_GPU_LAYOUT_H
#define TRITONC_GPU_LAYOUT_H

#include "base/base.h"

typedef enum Axis {
  AXIS_REGISTER, AXIS_LANE, AXIS_WARP, AXIS_BLOCK, AXIS_OFFSET,
  AXIS_DIM0, AXIS_DIM1, AXIS_DIM2,
  AXES = AXIS_DIM0 + 24 /* a tensor of 2^20 elements has 20 dimensions at most that are not 1: sorting makes as many */
} Axis;
enum { LAYOUT_MAX_DIMS = AXES - AXIS_DIM0, LAYOUT_MAX_AXES = LAYOUT_MAX_DIMS, LAYOUT_MAX_BITS = 64 };

typedef struct AxisSize {
  Axis axis;
  int bits; /* log2 of its size; 0 is a size of one */
} AxisSize;

typedef struct Layout {
  int nin, nout;
  AxisSize in[LAYOUT_MAX_AXES], out[LAYOUT_MAX_AXES];
  int in_bits, out_bits; /* sums */
  uint64_t column[];     /* in_bits of them, each out_bits wide */
} Layout;

/* ---- making ------------------------------------------------------------------------------------------------------ */

/* From its columns, copied. */
const Layout *layout_new(Ctx *cx, const AxisSize *in, int nin, const AxisSize *out, int nout, const uint64_t *columns);
const Layout *layout_empty(Ctx *cx); /* no axes: the neutral element of layout_product */
const Layout *layout_identity(Ctx *cx, Axis in, Axis out, int bits);
const Layout *layout_zeros(Ctx *cx, Axis in, Axis out, int bits); /* every position of `in` holds the same element */

/* ---- looking ----------------------------------------------------------------------------------------------------- */

int layout_in_bits(const Layout *l, Axis axis);  /* -1: it has no such axis */
int layout_out_bits(const Layout *l, Axis axis);
int layout_in_shift(const Layout *l, Axis axis); /* where the axis starts in the word */
int layout_out_shift(const Layout *l, Axis axis);
uint64_t layout_map(const Layout *l, uint64_t in); /* the image of a whole input word */
uint64_t layout_basis(const Layout *l, Axis in, int bit); /* the image of one input bit */
int layout_rank(const Layout *l);
static inline bool layout_surjective(const Layout *l) { return layout_rank(l) == l->out_bits; }
static inline bool layout_injective(const Layout *l) { return layout_rank(l) == l->in_bits; }
bool layout_equal(const Layout *a, const Layout *b); /* axes in the same order, same sizes, same columns */
/* Input bits whose column is a sum of those of lower bits: positions that differ there alone can be held twice.
 * Restricted to zero, the rest of the input is injective. */
uint64_t layout_free(const Layout *l);
/* How many consecutive elements of `out` the lowest bits of `in` run through, in order: a vector's length, at least
 * 1. */
int layout_contiguous(const Layout *l, Axis in, Axis out);
void layout_print(Buf *out, const Layout *l);

/* ---- algebra ----------------------------------------------------------------------------------------------------- */

/* a × b: the positions of b count above those of a, axis by axis; axes of the same name are put end to end.
 * Associative. */
const Layout *layout_product(Ctx *cx, const Layout *a, const Layout *b);
/* outer ∘ inner: inner's outputs are outer's inputs, by axis, whatever their order; each fits (a smaller one is padded
 * by zeros). */
const Layout *layout_compose(Ctx *cx, const Layout *outer, const Layout *inner);
/* The inverse of a bijection; NULL if it is none. */
const Layout *layout_invert(Ctx *cx, const Layout *l);
/* X with to ∘ X = from: for every position of `from`, a position of `to` that holds the same element. Among the
 * solutions the one that uses no free input of `to`. NULL if `to` does not hold all that `from` does. */
const Layout *layout_solve(Ctx *cx, const Layout *to, const Layout *from);
/* q with l = tile × q; NULL if there is none. `tile`'s axes must be among l's. */
const Layout *layout_divide(Ctx *cx, const Layout *l, const Layout *tile);
/* Only some inputs (the others held at zero) and only some outputs; masks of 1 << Axis. */
const Layout *layout_restrict(Ctx *cx, const Layout *l, unsigned ins, unsigned outs);
/* Drop the input columns given by `mask` (bits of the whole input word). */
const Layout *layout_drop_columns(Ctx *cx, const Layout *l, uint64_t mask);

/* The same map with outputs regrouped. permute: out axis i of the result is named as axis i, and is axis order[i] of l
 * (tt.trans). reshape: the bits read row-major (last dimension lowest) as dimensions of the new sizes (tt.reshape).
 * slice: dimension `dim` is dropped and those above it move down. expand: a dimension of size one is put in at
 * `dim`. */
const Layout *layout_permute(Ctx *cx, const Layout *l, const int *order, int rank);
const Layout *layout_reshape(Ctx *cx, const Layout *l, const int *bits, int rank);
const Layout *layout_slice(Ctx *cx, const Layout *l, int dim);
const Layout *layout_expand(Ctx *cx, const Layout *l, int dim);

/* ---- instances: kinds.c ----------------------------------------------------------------------------------- */

/* A tensor's shape in bits per dimension and what to fit a tile's layout to it means: positions beyond the shape are
 * held twice (the tile is larger), and a larger shape is covered by more registers, first dimension of `order`
 * first. */
const Layout *layout_fit(Ctx *cx, const Layout *tile, const int *shape, int rank, const int *order);

/* #ttg.blocked: sizes in bits per dimension; order[0] is the fastest dimension. */
const Layout *layout_blocked(Ctx *cx, int rank, const int *per_thread, const int *threads, const int *warps, const int *order,
                             const int *shape);
/* #ttg.nvidia_mma versionMajor 2: the accumulator of mma.sync m16n8: warps in bits per dimension. */
const Layout *layout_mma(Ctx *cx, int rank, const int *warps, const int *shape);
/* versionMajor 3: the accumulator of wgmma m64nN; `n_bits` is log2 of the instruction's N. */
const Layout *layout_wgmma(Ctx *cx, const int warps[2], int n_bits, const int shape[2]);
/* #ttg.dot_op of an mma.sync parent: operand 0 (M x K) or 1 (K x N) with elements of `elem_bits` width; k_width
 * elements packed in a 32-bit register, in bits. */
const Layout *layout_mma_operand(Ctx *cx, int rank, int operand, int k_width, const int *warps, const int *shape,
                                 bool rows_first); /* of warps: wgmma's count along the rows first, mma's along the columns */
/* #ttg.swizzled_shared: offset to element. Rows of order[0] are XORed in vectors of 1 << vec elements by (row >>
 * per_phase) mod (1 << max_phase). All in bits. */
const Layout *layout_swizzled(Ctx *cx, int rank, int vec, int per_phase, int max_phase, const int *order, const int *shape);
/* #ttg.nvmma_shared: the layout that TMA writes and wgmma reads: rows of 1 << swizzle bytes (32, 64, 128; 16: none),
 * 16-byte chunks XORed by the row. `elem_bytes_bits` is log2 of the element's bytes. */
const Layout *layout_nvmma(Ctx *cx, int swizzle, int elem_bytes_bits, bool transposed, const int shape[2]);

#endif
