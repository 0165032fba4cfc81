/* emit.h: what the files that make LLVM IR of a planned function share. They follow the plan (plan.h), which they cannot
 * change, and nothing here can fail except by running out of memory.
 *
 *   emit_function.c  the function, scalars, control flow
 *   emit_programs.c  the loop over programs
 *   emit_dot.c       tl.dot, transposition
 *   emit_check.c     check mode: calls that check accesses
 *   emit_misc.c      histogram, printing
 *   emit_nest.c      a loop nest: loops, and what its members do at a point
 *   emit_reduce.c    members that accumulate: reductions and scans
 *   emit_bounds.c    what is computed in front of a nest's loops: its test, the bounds of its masks
 *   emit_rows.c      quotients and remainders of vectors that lie between two multiples of the divisor
 *   emit_lane.c      a tensor's value at a point, evaluated on demand
 *   emit_memory.c    loads, stores, atomics, of lanes; arrays in scratch
 *   emit_stream.c    stores that go past the caches
 *   emit_prefetch.c  what the next program reads
 *   emit_form.c      lanes: their forms, and the level of loops that their code belongs to
 *   emit_element.c   one op on elements, scalar or vector alike
 *   emit_float.c     conversions between float formats; exp and log
 *   emit_assert.c    assertions
 *   emit_slots.c     where the arrays in scratch lie
 *   emit_code.c      blocks, loops, calls, types, constants
 *
 * A file calls only those below it.
 */
#ifndef TRITONC_CPU_EMIT_H
#define TRITONC_CPU_EMIT_H

#include "cpu/forms.h"

#include <llvm-c/Core.h>

enum { MAX_LEVELS = MAX_RANK + 3 };

/* ---- lanes ------------------------------------------------------------------------------------------------------- */

/* A value at one point of a nest (forms.h). */
typedef struct Lane {
  LaneKind kind;
  int depth; /* the loop level at which v and step are available */
  LLVMValueRef v, step;
} Lane;

/* An array in the thread's scratch area. Its place is chosen when everything is emitted and all lifetimes are known. */
typedef struct SlotLoop SlotLoop;
typedef struct ScratchSlot {
  LLVMValueRef address; /* in the entry block; the offset is filled in at the end */
  int64_t bytes, offset;
  int first, last;      /* clock of its first and last access; first < 0: never */
  const SlotLoop *loop; /* at whose end it ends, or NULL: at `last` */
  uint32_t order;       /* in which it was made */
} ScratchSlot;

/* What the emitter has made of a value. */
typedef struct Memo Memo;
typedef struct ValueCode {
  LLVMValueRef scalar; /* of a scalar */
  ScratchSlot *slot;          /* of a tensor that is in scratch */
  Memo *memo;          /* emit_lane.c: its lanes at points of the current nest */
  struct {             /* emit_nest.c: the last walk for masks that came here, and with which coordinates */
    unsigned number;
    const Lane *at;
  } mask_walk;
} ValueCode;
static inline ValueCode *code_of(const Value *v) { return ((const Info *)v->data)->code; }

typedef struct Level {
  LLVMBasicBlockRef block; /* code that belongs to this level goes to the end of it */
  unsigned serial;
} Level;

typedef struct Lines Lines; /* emit_lines.c */

typedef struct Emitter {
  Ctx *cx;
  const FunctionPlan *plan;
  LLVMContextRef llvm;
  LLVMModuleRef module;
  LLVMBuilderRef b;
  LLVMValueRef fn;
  LLVMBasicBlockRef entry, end; /* the function's first block and its last, which returns */
  const CpuIsa *isa;
  const TargetOptions *options;
  KernelInfo *result;
  LLVMTypeRef i1, i8, i16, i32, i64, f16, f32, f64, ptr, voidty;
  LLVMValueRef scratch, grid[3], pid[3];
  LLVMValueRef program;    /* its number, i64 */
  LLVMValueRef batch;      /* how many programs run together here, i32; NULL: one */
  LLVMValueRef live;       /* the elements of their tiles along the dimension that they share, i64 */
  Map sites;               /* of checks: a CpuSite each */
  struct {                 /* emit_stream.c */
    LLVMValueRef programs; /* of the launch, i64 */
    bool used;             /* has a store been emitted that goes past the caches? */
  } stream;
  Lines *lines;            /* of the source; NULL: none are kept */
  LLVMValueRef loop_hint;  /* metadata: neither vectorize nor unroll this loop */
  LLVMValueRef keep_hint;  /* the same, and leave its invariant code in it */
  unsigned loop_kind;
  Vec(ScratchSlot *) slots;
  Vec(SlotLoop *) loops;   /* open: emit_slots.c */
  int clock;

  /* The current nest: where code goes, what the loops around it are (emit_lane.c, emit_nest.c). */
  const Nest *nest;        /* NULL: none */
  Map distances;           /* of its `fetched` loads: how far ahead, LLVM values */
  Level levels[MAX_LEVELS];
  int depth;               /* the innermost level that is open */
  int inner;               /* the level of the vector loop's body */
  unsigned serial;
  int lanes;               /* of a vector; 1: serial */
  int64_t extent;          /* of the vector dimension */
  LLVMValueRef index64, index32; /* the vector dimension's, of lane 0; NULL while its loop is not open */
  int nesting;             /* of emit_lane_eval */
  bool full;               /* masks that are bounds are known to be true here */
  bool assume;             /* the nest's run-time tests are known to hold: no wrap, unit steps */
  Map told;                /* of accesses, where the compile is watched: emit_remarks.c */
} Emitter;

/* ---- what became of the kernel: emit_remarks.c -------------------------------------------------------------------- */

/* A load or store of the source is emitted. `pointer`: the form of its pointers; `unit`: they lie side by side. */
void emit_remarks_access(Emitter *e, const Op *op, LaneKind pointer, bool unit);
void emit_remarks(Emitter *e); /* all has been emitted */

/* ---- lines of the source: emit_lines.c ---------------------------------------------------------------------------- */

/* What is emitted from now on is of this place. */
void emit_lines_at(Emitter *e, const Loc *loc);
void emit_lines_begin(Emitter *e, const Op *func); /* the function is made, and nothing of it emitted */
void emit_lines_end(Emitter *e);

/* ---- code: emit_code.c ------------------------------------------------------------------------------------------- */

/* Loops outside of nests: for (i = begin; i < end; i += step), i64. loop_begin leaves the builder in the body. */
typedef struct CountedLoop {
  LLVMBasicBlockRef body, exit;
  LLVMValueRef index, end, step;
} CountedLoop;
CountedLoop emit_loop_begin(Emitter *e, LLVMValueRef begin, LLVMValueRef end, int64_t step);
void emit_loop_end(Emitter *e, CountedLoop *loop);
LLVMBasicBlockRef emit_new_block(Emitter *e, const char *name);
/* The end of an iteration of the loop that `before` enters at `head`: after `first` of them it asks whether to stop. */
void emit_poll(Emitter *e, LLVMBasicBlockRef before, LLVMBasicBlockRef head, int first);
void emit_before(Emitter *e, LLVMValueRef instruction); /* what is built next: in front of it, of the line that it has */
LLVMValueRef emit_alloca(Emitter *e, LLVMTypeRef t);
LLVMValueRef emit_intrinsic(Emitter *e, const char *name, LLVMTypeRef *overloads, int n, LLVMValueRef *args, int nargs);
LLVMValueRef emit_call(Emitter *e, const char *name, LLVMTypeRef result, LLVMValueRef *args, int nargs);
/* In place of code that the plan rules out: reaching it is a bug. */
LLVMValueRef emit_unplanned(LLVMTypeRef t);
LLVMTypeRef emit_element_type(Emitter *e, const Type *elem); /* in registers: bf16 as i16 and f8 as i8 bits */
LLVMTypeRef emit_memory_type(Emitter *e, const Type *elem);  /* in memory: i1 as i8 */
LLVMTypeRef emit_wide(LLVMTypeRef t, int lanes);
LLVMValueRef emit_splat(Emitter *e, LLVMValueRef x, int lanes);
LLVMValueRef emit_iota(Emitter *e, int lanes, LLVMTypeRef t);
LLVMValueRef emit_int(LLVMTypeRef t, int64_t x);
LLVMValueRef emit_element_const(Emitter *e, const Type *elem, const Attr *a);

/* ---- lanes: emit_form.c, emit_lane.c ----------------------------------------------------------------------------- */

static inline int max_int(int a, int b) { return a > b ? a : b; } /* of levels */
Lane emit_lane_uniform(LLVMValueRef v, int depth);
/* What the rules of forms.h ask: of a lane, and of the loop whose code is being emitted. */
LaneForm emit_lane_form(Lane x);
VectorLoop emit_vector_loop(const Emitter *e);
Lane emit_lane_define(Emitter *e, Value *v, const Lane *at); /* of a tensor whose slot is being filled */
Lane emit_lane_eval(Emitter *e, Value *v, const Lane *at); /* `at`: one i32 lane per dimension */
/* The coordinates of operand `i` for a point of the result; false if the op is not a plain rearrangement or
 * elementwise. */
bool emit_lane_operand_at(Emitter *e, const Op *op, int i, const Lane *at, Lane *out);
LLVMValueRef emit_lane_vector(Emitter *e, Lane x, Type *elem); /* all lanes; a scalar when the nest is serial */
static inline LLVMValueRef emit_lane_scalar(Lane x) { return x.v; } /* of a uniform lane */
Lane emit_lane_zero(Emitter *e); /* the coordinate 0 */
bool emit_lane_is_true(const Emitter *e, Lane mask); /* everywhere, for certain */
int emit_lane_vector_depth(Emitter *e, Lane x);      /* the level at which it is a vector */
void emit_lane_remember(Emitter *e, Value *v, const Lane *at, Lane x);
Lane emit_lane_add(Emitter *e, Lane a, Lane b);                 /* integers of one type */
Lane emit_lane_times(Emitter *e, Lane a, int64_t k);
/* Put the builder where code of `depth` goes. */
void emit_at(Emitter *e, int depth);
void emit_push_level(Emitter *e, LLVMBasicBlockRef block);
static inline void emit_pop_level(Emitter *e) { e->depth--; }
void emit_base_level(Emitter *e); /* outside of nests: level 0 is the current block */

/* ---- vectors within a row: emit_rows.c --------------------------------------------------------------------------- */

/* A quotient or remainder, and its lanes where `holds` does. */
typedef struct RowDivision {
  Value *value;
  const Lane *at;
  Lane lane;
} RowDivision;
typedef struct RowDivisions {
  Vec(RowDivision) all;
  LLVMValueRef holds; /* for this vector; NULL: there are none */
} RowDivisions;
/* One more, if it is one of an index that moves evenly by a scalar. */
void emit_rows_add(Emitter *e, RowDivisions *rows, Op *op, const Lane *at);
void emit_rows_hold(Emitter *e, const RowDivisions *rows); /* from here on, at this level */

/* ---- in front of loops: emit_bounds.c ---------------------------------------------------------------------------- */

LLVMValueRef emit_sum(Emitter *e, const IndexSum *s, int64_t unit); /* sum / unit, i64, at level 0 */
LLVMValueRef emit_nest_test(Emitter *e, const Nest *nest); /* NULL: nothing to test */
void emit_fetch_distances(Emitter *e, const Nest *nest);   /* Emitter.distances */
/* Does x of `x % n` stay within [0, n) for `extent` steps (or `live`, an i64, where that is less)? */
LLVMValueRef emit_wrap_test(Emitter *e, WrapTest test, int64_t extent, LLVMValueRef live);
/* The range of coordinates, of `extent`, where v + c (v a scalar) compares so with u. */
Lane emit_compare_range(Emitter *e, const char *predicate, LLVMValueRef v, LLVMValueRef u, int64_t extent, int depth);
Lane emit_range_and(Emitter *e, Lane range, Lane other); /* `other`: a range or uniform */
/* Where a mask that is a bound is true, as a LANE_RANGE along the one coordinate of `at` that moves. `fits`, unless NULL: that
 * no sum in it passes an end of its type, for the range holds only then; NULL: none can. */
Lane emit_mask_range(Emitter *e, const Nest *nest, Value *mask, const Lane *at, int64_t extent, LLVMValueRef *fits);
LLVMValueRef emit_least(Emitter *e, LLVMValueRef a, LLVMValueRef b); /* signed */
LLVMValueRef emit_most(Emitter *e, LLVMValueRef a, LLVMValueRef b);

/* ---- memory: emit_memory.c, emit_slots.c ------------------------------------------------------------------------- */

ScratchSlot *emit_slot_new(Emitter *e, int64_t bytes);
LLVMValueRef emit_slot_touch(Emitter *e, ScratchSlot *s); /* its address; notes the access */
void emit_slots_begin_loop(Emitter *e);
void emit_slots_end_loop(Emitter *e);
int64_t emit_slots_place(Emitter *e); /* all of them; returns the bytes needed */
Lane emit_slot_read(Emitter *e, ScratchSlot *s, Type *type, const Lane *at);
void emit_slot_write(Emitter *e, ScratchSlot *s, Type *type, const Lane *at, LLVMValueRef v);
/* The element(s) at `at` of a row-major array; read at level `depth` or deeper. */
Lane emit_array_read(Emitter *e, LLVMValueRef base, Type *type, const Lane *at, int depth);
typedef struct Pointers { /* of a load */
  Lane lane;
  bool unit;           /* next to each other */
  LLVMValueRef stride; /* what is fetched as well (emit_prefetch.c), or NULL */
} Pointers;
Pointers emit_memory_pointers(Emitter *e, const Op *load, Lane p);
Lane emit_memory_read(Emitter *e, const Op *load, const Pointers *p, int depth); /* not before level `depth` */
Lane emit_memory_read_masked(Emitter *e, const Op *load, const Pointers *p, Lane mask, Lane other);
void emit_memory_store(Emitter *e, Op *op, const Lane *at, Lane ptr, LLVMValueRef v, const Lane *mask);
/* Two stores without masks, `p` the pointers of the first, as one where their elements lie in turn; else false, and nothing. */
bool emit_memory_store_both(Emitter *e, Op *first, Op *second, Lane p, LLVMValueRef v, LLVMValueRef w);
LLVMValueRef emit_memory_read_scalar(Emitter *e, Type *elem, LLVMValueRef ptr);
void emit_memory_write_scalar(Emitter *e, Type *elem, LLVMValueRef v, LLVMValueRef ptr);
LLVMValueRef emit_memory_atomic(Emitter *e, Op *op, LLVMValueRef ptr, LLVMValueRef a, LLVMValueRef b);
/* A tt.atomic_rmw by loads and stores; what was there, zero where `mask` is not. */
LLVMValueRef emit_memory_update(Emitter *e, Op *op, Lane ptr, LLVMValueRef v, const Lane *mask);

/* ---- check mode: emit_check.c ------------------------------------------------------------------------------------ */

void emit_check_begin(Emitter *e);
void emit_check(Emitter *e, const Op *op, const CheckPlan *plan);
void emit_check_acquire(Emitter *e);

/* ---- streaming stores: emit_stream.c ----------------------------------------------------------------------------- */

void emit_stream_programs(Emitter *e); /* in the entry block, once the grid is known */
/* Store a whole vector, past the caches where the launch is large. */
void emit_stream_store(Emitter *e, const Op *store, const StreamPlan *plan, LLVMValueRef v, LLVMValueRef ptr);
void emit_stream_fence(Emitter *e); /* before the function returns */

/* ---- prefetching: emit_prefetch.c -------------------------------------------------------------------------------- */

void emit_prefetch(Emitter *e, LLVMValueRef ptr, LLVMValueRef stride, int64_t bytes); /* here: the lines of a vector */

/* ---- elements: emit_element.c, emit_float.c, emit_code.c --------------------------------------------------------- */

/* One pure elementwise op on operands of `lanes` elements each. */
LLVMValueRef emit_element_op(Emitter *e, const Op *op, LLVMValueRef *in, int lanes);
/* The block of a combine region: `args` to the values its terminator returns. `active`: the lanes that matter; NULL: all. */
void emit_element_region(Emitter *e, Block *block, LLVMValueRef *args, LLVMValueRef *out, int lanes, LLVMValueRef active);
bool emit_element_branches(const Op *op); /* has it a loop or a long branch inside? Then the builder is in another block afterwards. */
LLVMValueRef emit_float_to_f32(Emitter *e, const Type *from, LLVMValueRef x, int lanes);
LLVMValueRef emit_float_convert(Emitter *e, const Type *from, const Type *to, LLVMValueRef x, int lanes, bool toward_zero);
LLVMValueRef emit_float_math(Emitter *e, Opcode code, const Type *elem, LLVMValueRef x, int lanes);
/* maxnum or minnum: of a NaN and a number, the number. */
LLVMValueRef emit_float_extreme(Emitter *e, bool max, LLVMValueRef a, LLVMValueRef b, int lanes);
/* Division of f32 vectors by a scalar: 1/b and whether b is of usual size, once; then each quotient. */
void emit_float_inverse(Emitter *e, LLVMValueRef b, LLVMValueRef *inverse, LLVMValueRef *usual);
LLVMValueRef emit_float_divide_by(Emitter *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef inverse, LLVMValueRef usual,
                             int lanes);
/* Signed integers within 32 bits, the least of them `least`, by a scalar: what is computed of that, once. */
typedef struct IntDivisor {
  LLVMValueRef b, inverse;      /* b, 1 where it is 0 or `minus`; 1 / b, f64 */
  LLVMValueRef is_zero, is_minus; /* is_minus: -1, which the least number of 32 bits must not meet; NULL: it cannot */
  bool may_be_negative;           /* the dividend */
} IntDivisor;
IntDivisor emit_int_divisor(Emitter *e, LLVMValueRef b, int64_t least);
LLVMValueRef emit_int_divide_by(Emitter *e, bool rest, LLVMValueRef a, const IntDivisor *by, int lanes);
CpuElem cpu_elem(const Type *elem, bool is_unsigned);

/* ---- nests: emit_nest.c, emit_reduce.c --------------------------------------------------------------------------- */

void emit_nest(Emitter *e, const Nest *n);
ScratchSlot *emit_nest_copy(Emitter *e, const Nest *copy); /* one that copies a tensor, into new scratch */

/* A reduction or scan that is being emitted: an accumulator (or carry) per operand. */
typedef struct Reduction {
  Op *op;
  int axis, n;
  bool inner;              /* along the vector dimension */
  LLVMValueRef *acc;       /* here and now: a vector each for a reduction, a scalar each for a scan */
  LLVMValueRef *result;    /* of a reduction to scalars, at the end of its loops */
  LLVMValueRef *identity;  /* an element each; NULL: none known, the first step is a case of its own */
} Reduction;
Reduction *emit_reduce_new(Emitter *e, Op *op);
void emit_reduce_reset(Emitter *e, Reduction *f, int vector_dim); /* at the beginning of a row, the lanes chosen */
void emit_reduce_step(Emitter *e, Reduction *f, LLVMValueRef *in, const Lane *at, LLVMValueRef first);
/* n steps at a time along another dimension than the vectors', from `at` on. `first`: is that the first of all? */
void emit_reduce_rows(Emitter *e, Reduction *f, LLVMValueRef **in, int n, const Lane *at, LLVMValueRef first);
void emit_reduce_finish(Emitter *e, Reduction *f, const Lane *at); /* at the end of a row */
void emit_reduce_results(Reduction *f);                          /* after the loops */
void emit_scan_step(Emitter *e, Reduction *f, LLVMValueRef *in, const Lane *at, LLVMValueRef first, LLVMValueRef *out);

/* ---- programs: emit_programs.c ----------------------------------------------------------------------------------- */

typedef struct ProgramLoop {
  LLVMBasicBlockRef before, body;
  LLVMValueRef number, size; /* phis: i64, the program's; how many run together (NULL: one) */
  LLVMValueRef from[3], last;
} ProgramLoop;
/* The builder stands where the program begins (e->program, pid, batch, live); at the end, behind the last one. */
ProgramLoop emit_programs_begin(Emitter *e);
void emit_programs_end(Emitter *e, const ProgramLoop *loop);

/* ---- dots and the rest ------------------------------------------------------------------------------------------- */

void emit_dot(Emitter *e, const Op *op, const DotPlan *plan);
void emit_transpose(Emitter *e, const Op *op, const MatrixPlan *plan);
void emit_histogram(Emitter *e, Op *op);
void emit_print(Emitter *e, Op *op);
LLVMValueRef emit_text(Emitter *e, const char *s); /* a constant that ends with a NUL */
LLVMValueRef emit_program_id(Emitter *e);          /* uint32_t[3] on the stack */
void emit_assert(Emitter *e, Op *op, LLVMValueRef condition, int lanes);
void emit_assert_lanes(Emitter *e, Op *op, LLVMValueRef condition, int lanes); /* the program goes on */
ScratchSlot *emit_slot(Emitter *e, Value *v); /* the value's slot, made at first need */
void emit_block(Emitter *e, Block *b);

#endif
