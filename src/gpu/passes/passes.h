/* passes.h: what the passes on Triton GPU IR share.
 *
 *   passes.c                            the list of passes
 *   coalesce.c dot.c                    what memory accesses and dots ask of layouts
 *   tma.c tma_launch.c                  which descriptors become tensor maps
 *   tma_device.c tma_shape.c            maps that programs make; the shape of copies
 *   tma_pointers.c                      loads through pointers as loads of descriptors
 *   dot_blocks.c                        how many blocks of a loop with dots share a multiprocessor
 *   slice.c                             which loads of a loop may run iterations ahead, and what they are computed from
 *   assign_shared.h pipeline_shared.h   what the files of two larger passes share
 *   module.c unroll.c dot_precision.c transpose.c assign.c divide.c tma_ring.c operands.c pipeline.c tma_copies.c wgmma.c allocate.c membar.c   a pass each
 */
#ifndef TRITONC_GPU_PASSES_H
#define TRITONC_GPU_PASSES_H

#include "gpu/gpu.h"
#include "gpu/layout/along.h"
#include "index/index.h"

/* ---- anchors: coalesce.c, dot.c ---------------------------------------------------------------------------------- */

typedef struct Coalesce {
  Ctx *cx;
  const Module *module;
  IndexInfo *index;
  int num_warps;
  Map groups; /* Values to others of the same group: union-find (coalesce.c) */
  Map widths; /* "group, shape and order" to the elements per thread that its accesses share */
  const struct Chains *chains; /* of dots, once asked for: dot.c */
} Coalesce;
/* Analyzes all accesses in the module's functions. */
Coalesce *gpu_coalesce_analyze(Ctx *cx, const Module *m);
Attr *gpu_coalesce_encoding(Coalesce *c, const Op *access); /* of a tensor of pointers */
/* Bytes that one instruction of an atomic op takes, where it may take several elements (PTX ISA, red and atom: additions
 * of floats, vectors of them from sm_90 on); else 0. */
int gpu_atomic_bytes(const Op *atomic, int sm);
/* How many neighbouring elements one instruction of an atomic op takes in that layout; 1: each has its own. */
int64_t gpu_coalesce_atomic_width(Coalesce *c, const Op *atomic, int sm);

typedef struct DotEncoding {
  Attr *encoding; /* of the result */
  enum { DOT_FMA, DOT_MMA, DOT_WGMMA } kind;
  int k_width;
  bool reads_across; /* of wgmma: the left operand lies across K in memory, and is read into registers */
} DotEncoding;
DotEncoding gpu_dot_plan(Coalesce *c, const Op *dot, int sm);
/* Are the matrices large enough for mma.sync, their elements having so many bits? */
bool gpu_dot_has_mma_shape(const Op *dot, int elem_bits, int sm);
/* ... and a product of so many rows and columns large enough for wgmma? */
bool gpu_dot_has_wgmma_shape(const Op *dot, int64_t rows, int64_t columns, int num_warps);
bool gpu_dot_is_tf32(const Op *dot);
/* Is an operand loaded from memory that has it along the other dimension than K? */
bool gpu_dot_lies_across(IndexInfo *index, const Op *dot, int operand);
/* The load in the dot's block (`alone`: for this dot only) that an operand comes from, at most transposed; or NULL. */
const Op *gpu_dot_load(const Op *dot, int operand, bool alone);
/* Is it for this dot only, and can registers hold it, as the left one of a wgmma, beside the accumulators? */
bool gpu_dot_holds_left(const Op *dot, int operand, int num_warps);
/* The slot of the loop's carried values that this dot, and nothing else, adds to and gives; -1: there is none. */
int gpu_dot_carried_slot(const Op *dot);

/* Products of 8-bit floats that are added to the accumulator outside of the tensor core: how many at a time; 0: none
 * (wgmma.c). */
int64_t gpu_wgmma_partial_sums(const Op *dot);
/* Its carried slot, as above; -1, too, where the dot has to be waited for (wgmma.c). */
int gpu_wgmma_carried_slot(const Op *dot);
/* The last dot of a loop's body if all may stay in flight during the next iteration (wgmma.c), or NULL. `is_ahead`: copies
 * several iterations ahead will fill the buffer that the body makes by `alloc`. */
Op *gpu_wgmma_in_flight(const Block *body, bool (*is_ahead)(const void *self, const Op *alloc), const void *self);
/* How many blocks of a loop with dots a multiprocessor holds: dot_blocks.c. A thread's registers that hold accumulators, of all
 * dots of the body at once or of the largest; those that come with them and with so many copies that the thread issues
 * itself; the blocks that there is room for then. */
int64_t gpu_dot_registers(const Block *body, int num_warps, bool at_once);
int64_t gpu_dot_registers_beside(int64_t accumulators, int64_t copies);
int64_t gpu_dot_blocks(int sm, int num_warps, int64_t registers, int64_t bytes);
/* Of a loop: its buffers allow that its dots stay in flight during the next iteration. */
#define WGMMA_IN_FLIGHT "tt.wgmma_in_flight"

typedef Vec(Op *) GpuOps;
GpuOps gpu_loops(Ctx *cx, Module *m); /* every scf.for, in program order */

/* ---- copies by tensor maps: tma.c ---------------------------------------------------------------------------------- */

int64_t gpu_tma_messages(const Type *block); /* how many copies of the box (gpu.h) move a block */
/* What stands for the memory that a tensor map describes: an argument of the kernel; NULL: it is not known. */
const Value *gpu_tma_base(const Value *desc);
/* tma_launch.c: how a launch makes the map that `make` is; NULL: a program has to. Then: it is an argument. */
Attr *gpu_tma_launch_code(Ctx *cx, const Op *func, const Op *make);
/* Steps that leave each of the scalars, for attribute TMA_CONDITIONS; NULL: the launch cannot compute them. */
Attr *gpu_tma_conditions(Ctx *cx, const Op *func, const Value *const *values, int n);
#define TMA_OF_POINTERS "tt.of_pointers" /* of a descriptor's making: loads through pointers do as well (tma_pointers.c) */
#define TMA_CONDITIONS "tt.conditions"   /* of the same: steps that leave what must not be negative for it to be right */
int64_t gpu_tma_launch_pointer(const Op *func, int i); /* which of the caller's arguments such a map is of; -1: it is none */
void gpu_tma_set_inputs(Ctx *cx, Op *func); /* the function's type, from what its arguments are by now */
void gpu_tma_pass_at_launch(Ctx *cx, Op *func, Op *make, Attr *code);
/* One more argument of the function, with one attribute; the function's type is gpu_tma_set_inputs' to mend. */
Value *gpu_tma_add_argument(Ctx *cx, Op *func, Type *type, Loc *loc, const char *name, Attr *attr);
const Attr *gpu_tma_own_attr(const Op *func, int i, const char *name); /* of argument i, or NULL */
/* tma_device.c: the ops that make a map in the program's memory, in place of `make`. Whether `v` is live where `make`
 * stands, ops having the numbers `order` (program order). */
void gpu_tma_make_in_program(Ctx *cx, Op *make);
bool gpu_tma_live_at(const Map *order, const Value *v, const Op *make);
bool gpu_in_loop(const Op *op); /* is it in a loop of the function? */
enum { TMA_MAX_MAKES = 16 };
/* tma_copies.c: an mbarrier, a phase of which takes so many arrivals, or `n` of them; a buffer for what `load` brings, or
 * `n` of them; the copy into one of those. */
Value *gpu_tma_barriers(Builder *b, int n, int arrivals);
Value *gpu_tma_buffers(Builder *b, const Op *load, int n);
Op *gpu_tma_expect(Builder *b, Value *barrier, int64_t bytes, Value *pred);
Op *gpu_tma_copy(Builder *b, const Op *load, Value *const *coord, Value *buffer, Value *barrier, Value *pred);
Op *gpu_tma_wait(Builder *b, Value *barrier, Value *phase);
#define TMA_FOR_COPIES "tt.for_copies" /* of a wait at an mbarrier: only the warp that issues copies waits */
int64_t gpu_tma_bytes(const Op *load);
/* The users of a load read the buffer; the load is gone. */
void gpu_tma_replace_load(Ctx *cx, Op *load, Value *buffer);

/* ---- what runs ahead in a loop: slice.c ------------------------------------------------------------------------------ */

bool gpu_has_inner_loop(const Block *body);
/* May a load of memory that `base` (an argument; NULL: not known) leads to be issued in an earlier iteration of the loop?
 * Not where the loop writes there, or to an unknown address, or where its threads communicate. */
bool gpu_may_run_ahead(const Op *loop, const Value *base);

typedef enum SliceStep {
  SLICE_GO_ON, /* the op belongs to the slice, and what it depends on */
  SLICE_END,   /* its results are there already */
  SLICE_REFUSE
} SliceStep;
typedef SliceStep SliceFn(void *self, Op *op);
/* Adds what `from` depends on within the loop's body to a slice of it: ops, and the numbers of carried values (is_ahead[i]).
 * False if that cannot be computed ahead of time: an op has effects or regions, or `step` (or NULL) refuses it. */
bool gpu_slice_add(Ctx *cx, const Op *loop, const Value *from, Map *ops, bool *is_ahead, SliceFn *step, void *self);

/* ---- passes ------------------------------------------------------------------------------------------------------ */

#define PASS(id, name, what) \
  PassFn gpu_##id;           \
  extern const Pass gpu_pass_##id;
#include "gpu/passes/passes.def"
#undef PASS
/* module.c: what the module says of the machine, written into it. */
void gpu_describe(Ctx *cx, Module *m, const GpuOptions *o);
/* Of a module: stores by the copy engine are waited for where they stand, which takes less shared memory. */
#define GPU_WAIT_FOR_STORES "tt.wait_for_stores"
/* Attribute of ops that make a part of a dot's operand out of the whole (dot_precision.c): assign.c moves the whole,
 * which the first operands lead to. */
#define GPU_PIECE "tt.piece"
/* Of an asynchronous copy, or an op on an mbarrier: what the iteration reads of the same allocation is another buffer
 * (pipeline.c), or an mbarrier says that it was read (tma_ring.c). */
#define GPU_APART "tt.apart"

/* Bytes of shared memory that an op needs for itself while it runs. */
int64_t gpu_scratch_bytes(Ctx *cx, const Op *op, int num_warps);
/* The ttg.local_alloc that a buffer is a view of, or NULL; its size. */
Op *gpu_buffer_of(const Value *v);
int64_t gpu_buffer_bytes(const Type *memdesc);
int64_t gpu_room_for_buffers(int sm); /* shared memory that a loop's buffers may take */
/* A buffer of nothing yet, or `n` of them behind each other; one of those. */
Value *gpu_make_buffers(Builder *b, Type *elem, int rank, const int64_t *shape, Attr *encoding, int n);
Value *gpu_buffer_at(Builder *b, Value *buffers, Value *index);
/* Tensor cores and the copy engine see what threads have stored by then; right after the buffer was filled, once. */
void gpu_fence_stores(Builder *b);
void gpu_fence_after(Ctx *cx, Op *alloc);
#define GPU_OFFSET "allocation.offset"
/* The function's argument that a pointer (or a tensor of them) is computed from, or NULL. */
const Value *gpu_base_of(const Value *ptr); /* base.c */
/* Does the op write to global memory, or may threads communicate by it? `*to`: the argument that it writes through; NULL:
 * it may be any (slice.c). */
bool gpu_writes(const Op *op, const Value **to);

#endif
