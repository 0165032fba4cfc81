/* gpu.h: Triton IR -> Triton GPU IR -> the low-level IR of ll/.
 *
 * Triton GPU IR is Triton IR whose tensors have a layout (an encoding on the type), with buffers in
 * shared memory (!ttg.memdesc), asynchronous copies and tensor-core operations beside. gpu_ttgir() makes it: its passes
 * are one list, gpu_passes. gpu_lower() lowers it to the code of a single thread. Both unwind with a diagnostic on what
 * this target cannot do.
 *
 * Layouts are maps over F2: layout.h. encode.c makes a Layout of an encoding.
 */
#ifndef TRITONC_GPU_GPU_H
#define TRITONC_GPU_GPU_H

#include "gpu/layout/layout.h"
#include "index/index.h"
#include "ir/ir.h"
#include "ll/ll.h"
#include "opt/opt.h"

typedef struct GpuOptions {
  int sm; /* 75, 80, 86, 89, 90, 100, 120 */
  Options common;
  bool call_sites;    /* places say where inlined functions were called, too; PTX does without */
  bool wait_for_stores; /* by the copy engine, where they stand: that takes less shared memory */
  int most_stages;      /* of any loop, whatever it asks for: that takes less, too; 0: as many as they ask for */
  int64_t max_shared; /* bytes a program may have; 0: what the GPU has */
} GpuOptions;

/* Of a module: math.exp2 of f32 keeps results below 2^-126; the reference's makes them 0, as this one's without it. */
#define GPU_SUBNORMALS "tt.subnormals"

/* The passes in order; the options travel as attributes of the module (passes/module.c). */
extern const Pass *const gpu_passes[]; /* NULL-terminated */
extern const PassOrder gpu_pass_orders[];
extern const size_t gpu_npass_orders;

/* Of Triton IR whose calls are inlined: the tensor descriptors that can be tensor maps get the types of such. */
bool gpu_choose_tma(Ctx *cx, Module *m);
/* Operands of dots that loops load through pointers: as loads of tensor descriptors made of arguments. */
bool gpu_tma_of_pointers(Ctx *cx, Module *m, const GpuOptions *o);
/* Is this type one of them, and what then: the box of one copy, the swizzle and the element type as PTX numbers them. */
bool gpu_tma_is_map(const Type *t);
void gpu_tma_box(const Type *block, int64_t *box);
int gpu_tma_swizzle(const Type *block); /* 0: none; 1, 2, 3: lines of 32, 64, 128 bytes */
int gpu_tma_elem_type(const Type *desc);
/* Of Triton GPU IR that came from elsewhere, in this order: what a cluster's blocks share becomes one block's;
 * rows that are gathered and scattered go through pointers; maps that programs make of arguments alone become the launch's, too. */
void gpu_adopt_clusters(Ctx *cx, Module *m);
void gpu_adopt_rows(Ctx *cx, Module *m);
void gpu_adopt_maps(Ctx *cx, Module *m);
/* The memory of the maps that programs make: one argument more, TMA_SCRATCH, for all ttg.global_scratch_alloc. Its bytes
 * per program; 0: there is none. */
#define TMA_SCRATCH "tt.program_memory"
void gpu_place_maps(Ctx *cx, Module *m);
int64_t gpu_map_memory(const Op *func);
/* Attribute of an argument: a map that the launch makes, and how (passes/tma_launch.c); of argument i, or NULL. */
#define TMA_LAUNCH "tt.tensor_map"
enum { TMA_LAUNCH_NAN = 1, TMA_LAUNCH_OPTIONAL = 2 }; /* what is outside is NaN; the kernel can be compiled without */
const Attr *gpu_tma_launch_attr(const Op *func, int i);

/* Optimized Triton IR into Triton GPU IR, in place. */
void gpu_ttgir(Ctx *cx, Module *m, const GpuOptions *o);
/* Of Triton GPU IR that came from elsewhere: its layouts are checked, its buffers are allocated, and barriers inserted
 * between accesses. Unwinds where it is for a later compute capability than `sm`. */
void gpu_place(Ctx *cx, Module *m, int sm);
/* Triton GPU IR into low-level IR, not yet optimized. `shared`: bytes of shared memory a program needs. May change
 * `m`. */
LLModule *gpu_lower(Ctx *cx, Module *m, const GpuOptions *o, int64_t *shared);
/* Which mathematical ops the lowering makes instructions of; the others are opt_expand_math's. */
NativeFn gpu_native_math;
/* How many registers, from the lowest on, are one access of a load, a store or an atomic operation in that layout. */
int gpu_access_width(IndexInfo *index, const Op *op, const Layout *l, const Value *ptr, const Value *mask);
int64_t gpu_shared_limit(int sm); /* bytes of shared memory a program may ask for */

/* ---- occupancy: passes/occupancy.c ------------------------------------------------------------------------------- */

enum { GPU_REGISTERS = 65536 }; /* of every multiprocessor that we compile for */
typedef struct GpuMultiprocessor {
  int sm, threads, blocks;
  int shared; /* bytes */
} GpuMultiprocessor;
const GpuMultiprocessor *gpu_multiprocessor(int sm); /* NULL: not known */

typedef enum GpuOccupancyLimit {
  GPU_BY_THREADS,
  GPU_BY_BLOCKS,
  GPU_BY_SHARED,
  GPU_BY_REGISTERS,
  GPU_OCCUPANCY_LIMITS
} GpuOccupancyLimit;
/* How many blocks of `num_warps` warps, of so many registers a thread and bytes of shared memory, a multiprocessor holds.
 * `by`, unless NULL: how many each limit would let it hold; -1 where the number of registers is 0, not known. */
int64_t gpu_blocks_held(const GpuMultiprocessor *m, int registers, int64_t shared, int num_warps, int64_t *by);

#endif
