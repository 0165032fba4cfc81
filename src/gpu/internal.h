/* internal.h: what the files of gpu/ share.
 *
 *   layout.c layout_kinds.c   the algebra of layouts, and the layouts in use
 *   encode.c                  encodings (attributes of tensor types) as Layouts, and how ops carry them over
 *   axis.c                    contiguity, divisibility and constancy of values
 *   passes.c                  the list of passes
 *   coalesce.c dot.c           what memory accesses and dots ask of layouts
 *   convert.c dot_precision.c assign.c pipeline.c wgmma.c allocate.c membar.c   a pass each
 *   lower*.c                  Triton GPU IR to ll/; lower.h is their common header
 */
#ifndef TRITONC_GPU_INTERNAL_H
#define TRITONC_GPU_INTERNAL_H

#include "gpu/gpu.h"

enum { LANE_BITS = 5 };

static inline int log2_of(int64_t x) {
  int b = 0;
  while (x > 1) x >>= 1, b++;
  return b;
}

/* ---- module attributes: convert.c -------------------------------------------------------------------------------- */

void gpu_check_ranks(Ctx *cx, Module *m); /* unwinds on a tensor of too many dimensions */
int gpu_num_warps(const Module *m);
int gpu_sm(const Module *m); /* from ttg.target */
int gpu_num_stages(const Module *m);

/* ---- encodings: encode.c ----------------------------------------------------------------------------------------- */

Attr *gpu_ints(Ctx *cx, const int64_t *x, int n); /* [1, 2] */
Attr *gpu_int(Ctx *cx, int64_t x);
const Attr *gpu_param(const Attr *encoding, const char *name); /* or NULL */
int64_t gpu_param_int(const Attr *encoding, const char *name, int64_t otherwise);
int gpu_param_ints(const Attr *encoding, const char *name, int64_t *out); /* how many; 0: absent */
static inline bool gpu_is(const Attr *encoding, const char *name) {
  return encoding && encoding->kind == ATTR_DIALECT && !__builtin_strcmp(encoding->text, name);
}
bool gpu_is_mma(const Attr *encoding, int major); /* nvidia_mma of that version */

/* The blocked encoding with `per_thread` elements along order[0], threads and warps along the fastest dimensions
 * first. */
Attr *gpu_blocked(Ctx *cx, int rank, const int64_t *shape, const int64_t *per_thread, const int *order, int num_warps);
Attr *gpu_default_blocked(Ctx *cx, const Type *t, int num_warps);
Attr *gpu_slice(Ctx *cx, int dim, Attr *parent);
Attr *gpu_mma(Ctx *cx, int major, int minor, const int64_t warps[2], const int64_t *instr, int ninstr);
Attr *gpu_dot_op(Ctx *cx, int index, Attr *parent, int k_width);
Attr *gpu_nvmma_shared(Ctx *cx, int swizzle_bytes, bool transposed, int elem_bits);
Attr *gpu_swizzled_shared(Ctx *cx, int vec, int per_phase, int max_phase, const int *order, int rank);
Attr *gpu_smem(Ctx *cx);
Attr *gpu_linear(Ctx *cx, const Layout *l); /* the #ttg.linear of a distributed layout */
Type *gpu_with(Ctx *cx, Type *t, Attr *encoding);

/* The layout of a tensor type: register, lane, warp -> dimensions; no register is superfluous. Of a buffer: offset ->
 * dimensions. Unwinds when the encoding is not understood. */
const Layout *gpu_layout(Ctx *cx, const Type *t);
const Layout *gpu_shared_layout(Ctx *cx, const Type *memdesc);
static inline int gpu_registers(const Layout *l) { return 1 << layout_in_bits(l, AXIS_REGISTER); }
int gpu_order(const Attr *encoding, int rank, int *order); /* fastest dimension first, as far as it is known */

/* The encoding that an op's operand must have for its result to have `to`, and the other way round. NULL: none. */
Attr *gpu_operand_encoding(Ctx *cx, const Op *op, Attr *to, int num_warps);
Attr *gpu_result_encoding(Ctx *cx, const Op *op, Attr *from);

/* ---- axis information: axis.c ------------------------------------------------------------------------------------ */

/* Along each dimension: runs of `contiguity` elements that grow by one (aligned in the index), whose first is a
 * multiple of `divisibility` (of pointers: in bytes); blocks of `constancy` equal elements. All powers of two. */
typedef struct AxisInfo {
  int rank; /* of a scalar: 1 */
  int64_t contiguity[LAYOUT_MAX_DIMS], divisibility[LAYOUT_MAX_DIMS], constancy[LAYOUT_MAX_DIMS];
  bool is_const;
  int64_t value;
} AxisInfo;
typedef struct AxisInfos {
  Ctx *cx;
  Map of; /* Value to AxisInfo */
} AxisInfos;
AxisInfos *axis_analyze(Ctx *cx, const Module *m);
const AxisInfo *axis_of(AxisInfos *a, const Value *v);
/* How many elements along `dim` can be accessed as one: by the pointers' contiguity and alignment, and the mask's
 * constancy. */
int64_t axis_vector(AxisInfos *a, const Value *ptr, const Value *mask, int dim);

/* ---- anchors: coalesce.c, dot.c ---------------------------------------------------------------------------------- */

typedef struct Coalesce {
  Ctx *cx;
  AxisInfos *axis;
  int num_warps;
  Map widths; /* "function, shape and order" to the elements per thread that accesses of them share, plus one */
} Coalesce;
/* Looks at all accesses below the module's functions. */
Coalesce *coalesce_analyze(Ctx *cx, const Module *m, AxisInfos *axis);
Attr *coalesce_encoding(Coalesce *c, const Op *access); /* of a tensor of pointers */

typedef struct DotPlan {
  Attr *encoding; /* of the result */
  enum { DOT_FMA, DOT_MMA, DOT_WGMMA } kind;
  int k_width;
} DotPlan;
DotPlan dot_plan(Coalesce *c, const Op *dot, int sm);
/* Are the matrices large enough for mma.sync, their elements having so many bits? */
bool dot_has_mma_shape(const Op *dot, int elem_bits, int sm);

/* Products of 8-bit floats that are added to the accumulator outside of the tensor core: how many at a time; 0: none
 * (lower_wgmma.c). */
int64_t wgmma_partial_sums(const Op *dot);

/* ---- passes ------------------------------------------------------------------------------------------------------ */

PassFn gpu_dot_precision, gpu_assign, gpu_pipeline, gpu_wgmma, gpu_allocate, gpu_membar;
bool gpu_convert(Ctx *cx, Module *m, const GpuOptions *o);
/* Attribute of ops that make a part of a dot's operand out of the whole (dot_precision.c): assign.c moves the whole,
 * which the first operands lead to. */
#define GPU_PIECE "tt.piece"

/* Bytes of shared memory that an op needs for itself while it runs. */
/* Larger tensors change their layout part by part. */
#define GPU_SCRATCH_LIMIT (64 << 10)
int64_t gpu_scratch_bytes(Ctx *cx, const Op *op, int num_warps);
int64_t reduce_scratch(Ctx *cx, const Op *op);
int64_t scan_scratch(Ctx *cx, const Op *op, int num_warps);
int64_t convert_scratch(Ctx *cx, const Op *op);
/* The ttg.local_alloc that a buffer is a view of, or NULL; its size. */
Op *gpu_buffer_of(const Value *v);
int64_t gpu_buffer_bytes(const Type *memdesc);
#define GPU_OFFSET "allocation.offset"
/* The function's argument that a pointer (or a tensor of them) is computed from, or NULL. */
const Value *gpu_base_of(const Value *ptr);

#endif
