/* lower.h: what the files of the lowering share.
 *
 * A tensor becomes an array of LLInst *, one per register of its layout; a scalar, or the base address of a buffer in
 * shared memory, an array of one; a token, of none. All threads run the same code; what differs is the thread's number,
 * from which indices and addresses are computed by the layout's columns (lower_index.c).
 *
 *   lower.c               functions, types, values, the walk over ops
 *   lower_index.c         indices and shared-memory offsets of a thread's elements
 *   lower_elementwise.c   arithmetic, by a table; lower_float.c: conversions of floating-point formats
 *   lower_control.c       scf
 *   lower_memory.c        loads, stores, atomics; lower_shared.c: buffers, asynchronous copies
 *   exchange.c            which shared-memory layout takes a tensor from one layout to another; lower_convert.c does it
 *   lower_reduce.c lower_scan.c lower_gather.c   ops along an axis
 *   lower_dot.c lower_wgmma.c                    multiplications, mma.sync; wgmma
 *   lower_misc.c          print, assert, inline assembly
 */
#ifndef TRITONC_GPU_LOWER_H
#define TRITONC_GPU_LOWER_H

#include "gpu/internal.h"

typedef struct Val {
  int n;
  LLInst **at;
} Val;

typedef struct Lower {
  Ctx *cx;
  Module *m;
  const GpuOptions *o;
  LLModule *lm;
  LLFunc *f;
  LLBuilder b;
  AxisInfos *axis;
  Map values; /* Value to Val */
  Map waited; /* results of loops whose asynchronous dots have been waited for on the way out */
  int num_warps, sm;
  LLInst *tid;
  const Op *op; /* being lowered */
} Lower;

_Noreturn void lower_fail(Lower *w, const Op *op, const char *why);

/* lower.c */
const LLType *lower_elem(Lower *w, Type *t);   /* of a register: pointers are global pointers, 8-bit floats i8 */
const LLType *lower_stored(Lower *w, Type *t); /* in memory: i1 is an i8, a pointer an i64 */
LLInst *lower_to_stored(Lower *w, Type *t, LLInst *x);
LLInst *lower_from_stored(Lower *w, Type *t, LLInst *x);
Val *lower_val(Lower *w, const Value *v);
static inline LLInst *lower_scalar(Lower *w, const Value *v) { return lower_val(w, v)->at[0]; }
Val *lower_new(Lower *w, const Value *v, int n); /* fresh and recorded */
void lower_set(Lower *w, const Value *v, LLInst *x); /* a scalar */
int lower_count(Lower *w, const Value *v);           /* registers of a value */
void lower_block(Lower *w, const Block *b);
void lower_op(Lower *w, const Op *op);
/* The region of a reduction or scan applied to scalars: `n` accumulators and as many elements give `n` results. */
void lower_combine(Lower *w, const Op *op, LLInst *const *acc, LLInst *const *cur, LLInst **out, int n);
void lower_barrier(Lower *w);
LLInst *lower_scratch(Lower *w, const Op *op); /* the address of the op's own shared memory */
unsigned lower_contract(const Lower *w);        /* LLF_CONTRACT where allowed */

/* lower_index.c */
LLInst *lower_thread_part(Lower *w, const uint64_t *columns, int n); /* XOR of the columns of the thread's set bits; i32 */
/* A linear function of (register, thread), word-wide: per thread bit a column, per register a constant. */
typedef struct Places {
  uint64_t columns[16];
  int nthread; /* thread bits: lanes and warps */
  uint64_t used; /* bits that some thread column sets */
} Places;
Places places_of(const Layout *l, int shift, int bits); /* of the output bits [shift, shift + bits) */
/* base + scale * (thread part ^ constant), as address; `thread` is lower_thread_part's. */
LLInst *lower_address(Lower *w, LLInst *base, const Places *p, LLInst *thread, uint64_t constant, int scale);
LLInst *lower_index(Lower *w, const Layout *l, int dim, int reg); /* i32: where register `reg` lies along `dim` */
uint64_t lower_register_image(const Layout *l, int reg);
uint64_t lower_thread_free(const Layout *l);         /* thread bits without influence */
LLInst *lower_is_first(Lower *w, const Layout *l);   /* i1: no other thread below holds the same; NULL: always */
LLInst *lower_is_thread0(Lower *w);

/* lower_elementwise.c, lower_float.c */
bool lower_elementwise(Lower *w, const Op *op);
LLInst *lower_scalar_op(Lower *w, const Op *op, LLInst *const *args); /* NULL: not one */
LLInst *lower_cast_float(Lower *w, LLInst *x, const Type *from, const Type *to, const char *rounding);
void lower_fp_to_fp(Lower *w, const Op *op);

/* lower_control.c */
void lower_for(Lower *w, const Op *op);
void lower_if(Lower *w, const Op *op);
void lower_while(Lower *w, const Op *op);

/* lower_memory.c, lower_shared.c */
void lower_load(Lower *w, const Op *op);
void lower_store(Lower *w, const Op *op);
void lower_atomic(Lower *w, const Op *op);
void lower_local(Lower *w, const Op *op); /* all of ttg.local_*, memdesc_*, async_* */
LLInst *lower_pack(Lower *w, const LLType *elem, LLInst *const *x, int n);
LLMods lower_mods(const Op *op);

/* exchange.c */
typedef struct Exchange {
  const Layout *memory; /* offset (in elements) -> dimensions of the tensor, without the repeated bits */
  const Layout *from, *to; /* register, lane, warp -> offset */
  int vec_from, vec_to; /* log2: how many of the lowest registers are one access */
  uint64_t rep_from[8], rep_to[8]; /* register bits (masks of the register number) that are gone through one after another */
  int nrep;
  int64_t bytes;
  bool within_warp; /* no element changes its warp */
} Exchange;
Exchange exchange_plan(Ctx *cx, const Layout *from, const Layout *to, int elem_bytes, int64_t limit);
/* X with to's registers found in from's: register moves alone do it. NULL: they do not. */
/* From where each (register, lane) of `to` gets its element, as (register, lane) of the same warp in `from`; NULL where
 * shuffles cannot do it, or where shared memory is cheaper. */
const Layout *exchange_by_shuffles(Ctx *cx, const Layout *from, const Layout *to, int elem_bytes);
const Layout *exchange_in_registers(Ctx *cx, const Layout *from, const Layout *to);
void lower_convert(Lower *w, const Op *op);

/* lower_reduce.c, lower_scan.c, lower_gather.c */
void lower_reduce(Lower *w, const Op *op);
void lower_scan(Lower *w, const Op *op);
void lower_gather(Lower *w, const Op *op);
void lower_histogram(Lower *w, const Op *op);
LLInst *lower_shuffle(Lower *w, LLOp kind, LLInst *x, LLInst *lane); /* any scalar type */

/* lower_dot.c, lower_wgmma.c */
void lower_dot(Lower *w, const Op *op);
void lower_warp_group_dot(Lower *w, const Op *op);
void lower_warp_group_dot_wait(Lower *w, const Op *op);
int wgmma_registers(const Type *t); /* registers of one instruction's accumulator in a tensor of wgmma layout; 0: it has none */

/* lower_misc.c */
void lower_print(Lower *w, const Op *op);
void lower_assert(Lower *w, const Op *op);
void lower_inline_asm(Lower *w, const Op *op);

#endif
