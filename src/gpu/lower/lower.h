/* lower.h: what the files of the lowering share.
 *
 * A tensor becomes an array of LLInst *, one per register of its layout; a scalar, or the base address of a buffer in
 * shared memory, an array of one; a token, of none. All threads run the same code; what differs is the thread's number,
 * from which indices and addresses are computed by the layout's columns (index.c).
 *
 *   value.c         types, values
 *   index.c         indices and shared-memory offsets of a thread's elements
 *   shape.c         constants, ranges, changes of shape
 *   elementwise.c   arithmetic, by a table; float.c: conversions of floating-point formats; bounds.c: masks
 *   control.c       scf
 *   memory.c        loads, stores, atomics; shared.c: buffers, asynchronous copies
 *   matrix.c        loads by ldmatrix
 *   tma.c           mbarriers, copies by tensor maps
 *   convert.c       from one layout to another
 *   reduce.c scan.c gather.c   ops along an axis
 *   dot.c wgmma.c                    multiplications, mma.sync; wgmma
 *   misc.c          print, assert, inline assembly, functions of elements
 *   walk.c          the ops of a block, by a table; what lowers an op with regions calls it for those
 *   lower.c         the table, and functions
 */
#ifndef TRITONC_GPU_LOWER_H
#define TRITONC_GPU_LOWER_H

#include "gpu/passes/passes.h"

typedef struct Registers {
  int n;
  LLInst **at;
} Registers;

typedef struct Lower Lower;
typedef void LowerFn(Lower *w, const Op *op);

struct Lower {
  Ctx *cx;
  Module *m;
  const GpuOptions *o;
  LLModule *lm;
  LLFunc *f;
  LLBuilder b;
  IndexInfo *index;
  IndexInfo *strict; /* index_analyze_strictly; NULL until something asks */
  Map values; /* Value to Registers */
  Map waited; /* results of loops whose asynchronous dots have been waited for on the way out */
  int num_warps, sm;
  LLInst *tid;
  const Op *op; /* being lowered */
  LowerFn *const *table; /* by opcode; NULL for elementwise ops */
};

/* value.c */
_Noreturn void lower_fail(Lower *w, const Op *op, const char *why);
const LLType *lower_elem(Lower *w, Type *t);   /* of a register: pointers are global pointers, 8-bit floats i8 */
const LLType *lower_stored(Lower *w, Type *t); /* in memory: i1 is an i8, a pointer an i64 */
LLInst *lower_to_stored(Lower *w, Type *t, LLInst *x);
LLInst *lower_from_stored(Lower *w, Type *t, LLInst *x);
Registers *lower_value(Lower *w, const Value *v);
static inline LLInst *lower_scalar(Lower *w, const Value *v) { return lower_value(w, v)->at[0]; }
Registers *lower_new(Lower *w, const Value *v, int n); /* fresh and recorded */
void lower_set(Lower *w, const Value *v, LLInst *x); /* a scalar */
int lower_count(Lower *w, const Value *v);           /* registers of a value */
void lower_barrier(Lower *w);
LLInst *lower_scratch(Lower *w, const Op *op); /* the address of the op's own shared memory */
LLInst *lower_shuffle(Lower *w, LLOp kind, LLInst *x, LLInst *lane); /* any scalar type */
unsigned lower_contract(const Lower *w);        /* LLF_CONTRACT where allowed */

/* walk.c */
const LLLoc *lower_place(Lower *w, const Loc *loc); /* the place in the source, with the calls that led there if wanted */
void lower_block(Lower *w, const Block *b);
/* The region of a reduction or scan applied to scalars: `n` accumulators and as many elements give `n` results. */
void lower_combine(Lower *w, const Op *op, LLInst *const *acc, LLInst *const *cur, LLInst **out, int n);

/* index.c */
LLInst *lower_thread_part(Lower *w, const uint64_t *columns, int n); /* XOR of the columns of the thread's set bits; i32 */
/* base + scale * (thread part ^ constant), as address; `thread` is lower_thread_part's. */
LLInst *lower_address(Lower *w, LLInst *base, const Places *p, LLInst *thread, uint64_t constant, int scale);
LLInst *lower_index(Lower *w, const Layout *l, int dim, int reg); /* i32: where register `reg` lies along `dim` */
uint64_t lower_register_image(const Layout *l, int reg);
int64_t lower_place_along(const Layout *l, int reg, int dim); /* its index along one dimension */
/* Bits of the register's number that stay within blocks of equal elements (axis information) of all n values, some of
 * them NULL: a register holds what the one without these bits holds. They need not be side by side: a thread may have
 * every fourth row. */
int lower_equal_bits(Lower *w, IndexInfo *index, const Type *t, const Value *const *v, size_t n);
LLInst *lower_is_first(Lower *w, const Layout *l);   /* i1: no other thread below holds the same; NULL: always */
LLInst *lower_is_thread0(Lower *w);

/* shape.c */
void lower_constant(Lower *w, const Op *op);
void lower_poison(Lower *w, const Op *op);
void lower_range(Lower *w, const Op *op);
void lower_splat(Lower *w, const Op *op);
void lower_join(Lower *w, const Op *op);
void lower_split(Lower *w, const Op *op);
void lower_cat(Lower *w, const Op *op);
void lower_unsplat(Lower *w, const Op *op);
void lower_program(Lower *w, const Op *op);
void lower_broadcast(Lower *w, const Op *op);
void lower_expand(Lower *w, const Op *op);
void lower_trans(Lower *w, const Op *op);
void lower_reshape(Lower *w, const Op *op);

/* elementwise.c, float.c, divide.c, bounds.c */
/* False: not indices and their end. `equal`: lower_equal_registers. */
bool lower_bounds(Lower *w, const Op *op, Registers *const *in, int equal, Registers *out);
bool lower_wide_division(Lower *w, const Op *op); /* false: not one, or one that takes no thought */
bool lower_elementwise(Lower *w, const Op *op);
int lower_equal_registers(Lower *w, const Op *op); /* without these bits of its number a register has the same result */
LLInst *lower_scalar_op(Lower *w, const Op *op, LLInst *const *args); /* NULL: not one */
LLInst *lower_cast_float(Lower *w, LLInst *x, const Type *from, const Type *to, const char *rounding);
void lower_fp_to_fp(Lower *w, const Op *op);
void lower_fp4_to_fp(Lower *w, const Op *op);

/* control.c */
void lower_for(Lower *w, const Op *op);
void lower_if(Lower *w, const Op *op);
void lower_while(Lower *w, const Op *op);

/* memory.c, shared.c */
void lower_load(Lower *w, const Op *op);
void lower_store(Lower *w, const Op *op);
void lower_atomic(Lower *w, const Op *op);
void lower_local(Lower *w, const Op *op); /* all of ttg.local_*, memdesc_*, async_* */
void lower_tma(Lower *w, const Op *op); /* tma.c: mbarriers, ttng.async_tma_*, maps that a program makes */
/* matrix.c: `result` from shared memory by ldmatrix; `l`: register, lane, warp -> offset in elements from `base`. False,
 * and nothing done: the layout does not read 8 x 8 matrices. */
bool lower_load_matrices(Lower *w, const Value *result, const Layout *l, LLInst *base);
bool lower_store_matrices(Lower *w, const Registers *x, Type *tensor, const Layout *l, LLInst *base); /* by stmatrix */
LLInst *lower_pack(Lower *w, const LLType *elem, LLInst *const *x, int n);
LLMods lower_mods(const Op *op);

/* convert.c */
void lower_convert(Lower *w, const Op *op);

/* reduce.c, scan.c, gather.c */
void lower_reduce(Lower *w, const Op *op);
void lower_scan(Lower *w, const Op *op);
void lower_gather(Lower *w, const Op *op);
void lower_histogram(Lower *w, const Op *op);

/* dot.c, wgmma.c */
void lower_dot(Lower *w, const Op *op);
void lower_warp_group_dot(Lower *w, const Op *op);
void lower_warp_group_dot_wait(Lower *w, const Op *op);
int lower_wgmma_registers(const Type *t); /* registers of one instruction's accumulator in a tensor of wgmma layout; 0: it has none */
/* So many registers as the structure that the instruction takes, halves in pairs; and back. */
LLInst *lower_accumulator(Lower *w, LLInst *const *x, int group);
void lower_from_accumulator(Lower *w, LLInst *acc, LLInst **out, int group);
const LLType *lower_accumulator_type(Lower *w, const LLType *elem, int group);

/* misc.c */
void lower_map(Lower *w, const Op *op);
void lower_print(Lower *w, const Op *op);
void lower_assert(Lower *w, const Op *op);
void lower_inline_asm(Lower *w, const Op *op);

#endif
