/* encoding.h: layouts as the IR writes them: attributes of tensor types and of the module.
 *
 *   encode.c      an encoding (#ttg.blocked, #ttg.nvidia_mma, …) as a Layout, and how ops carry encodings over
 *   machine.c     what a module says of the machine
 *   check.c       whether the encodings of a file mean anything
 *   exchange.c    which layout of shared memory takes a tensor from one distributed layout to another
 *   shuffles.c    the same by shuffles within warps
 *   along.c       who holds the elements along an axis (along.h)
 */
#ifndef TRITONC_GPU_ENCODING_H
#define TRITONC_GPU_ENCODING_H

#include "gpu/layout/layout.h"
#include "ir/ir.h"

enum { LANE_BITS = 5 };
enum { TMA_MAX_RANK = 5 }; /* of tensor maps */

/* ---- what the module says: machine.c -------------------------------------------------------------------------------- */

void gpu_check_ranks(Ctx *cx, Module *m); /* unwinds on a tensor of too many dimensions */
int gpu_num_ctas(const Module *m); /* blocks that share a program */
int gpu_num_warps(const Module *m); /* of all of them: one block runs it (passes/clusters.c) */
int gpu_sm(const Module *m); /* from ttg.target */
int gpu_num_stages(const Module *m);

/* Unwinds when the module's numbers, or an encoding of one of its values, make no sense: check.c. */
void gpu_check_layouts(Ctx *cx, Module *m);

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
Attr *gpu_mma(Ctx *cx, int major, int minor, int rank, const int64_t *warps, const int64_t *instr, int ninstr);
Attr *gpu_dot_op(Ctx *cx, int index, Attr *parent, int k_width);
Attr *gpu_nvmma_shared(Ctx *cx, int swizzle_bytes, bool transposed, int elem_bits);
Attr *gpu_swizzled_shared(Ctx *cx, int vec, int per_phase, int max_phase, const int *order, int rank);
Attr *gpu_smem(Ctx *cx);
Attr *gpu_linear(Ctx *cx, const Layout *l); /* the #ttg.linear of a distributed layout */
bool gpu_linear_is_of(const Attr *e, const Type *t); /* is it a #ttg.linear made for t's shape? */
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

/* ---- from one layout to another: exchange.c ------------------------------------------------------------------------ */

typedef struct Exchange {
  const Layout *memory; /* offset (in elements) -> dimensions of the tensor, without the repeated bits */
  const Layout *from, *to; /* register, lane, warp -> offset */
  int vec_from, vec_to; /* log2: how many of the lowest registers are one access */
  uint64_t rep_from[8], rep_to[8]; /* register bits (masks of the register number) that are processed one value after another */
  int nrep;
  int64_t bytes;
  bool within_warp; /* no element changes its warp */
} Exchange;
Exchange gpu_exchange_plan(Ctx *cx, const Layout *from, const Layout *to, int elem_bytes, int64_t limit);
/* Larger tensors change their layout part by part. */
#define GPU_SCRATCH_LIMIT (64 << 10)
/* Bytes of shared memory that a ttg.convert_layout of what lies in `from` needs. */
int64_t gpu_convert_scratch(Ctx *cx, const Op *op, const Layout *from);
/* By shuffles within warps, see shuffles.c. In round p lane l asks lane image(asked, l) ^ lane(p), which gives its
 * register reg(p) ^ image(given, its own number); what l gets is its register p ^ image(turn, l). */
typedef struct Shuffles {
  const Layout *x; /* from where each (register, lane) gets its element, as (register, lane) of the same warp */
  bool in_rounds;  /* else each register takes what x says from all registers that it may say */
  bool asks_itself; /* `asked` is the identity */
  uint32_t asked[LANE_BITS], given[LANE_BITS], turn[LANE_BITS]; /* linear maps, by columns */
} Shuffles;
/* NULL where shuffles cannot do it, or where shared memory is cheaper. */
const Shuffles *gpu_exchange_by_shuffles(Ctx *cx, const Layout *from, const Layout *to, int elem_bytes);
uint32_t gpu_shuffles_image(const uint32_t *columns, uint32_t bits);
bool gpu_shuffles_round(const Shuffles *s, int round, uint32_t *lane, uint32_t *reg); /* false: nothing leaves its lane */
/* X with to's registers found in from's: register moves alone do it. NULL: they do not. */
const Layout *gpu_exchange_in_registers(Ctx *cx, const Layout *from, const Layout *to);
uint64_t layout_thread_free(const Layout *l); /* thread bits (lanes, then warps) without influence */

#endif
