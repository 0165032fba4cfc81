/* plan.h: the decisions on a kernel before anything is emitted. The emitter (emit.h) gets all of it as const.
 *
 *   plan_support.c  ops that the back end has no code for: the errors
 *   plan_blocks.c   which tensors are stored in scratch, and which ops share a loop nest, in which order; the page at its top
 *                   is the design
 *   plan_points.c   which tensors are stored before all, because an expression would evaluate them at too many points
 *   plan_rules.c    the questions that both ask: what a value costs, what may alias, what may be read in place
 *   plan_nest.c     each nest: its vector dimension, what is tested in front of it, which masks are bounds of its loop
 *   forms.h         in which form a nest's vectors are: rules that the emitter applies where it evaluates a value
 *   plan_live.c     dimensions along which the tiles of several programs lie
 *   plan_steps.c    the steps in the order in which they are emitted: their nests, the operands of dots and
 *                   transpositions, checks; which loops ask whether to stop
 *
 * What planning itself needs is in plan_work.h. All of it asks the index analysis (index/index.h); nothing here knows
 * LLVM.
 */
#ifndef TRITONC_CPU_PLAN_H
#define TRITONC_CPU_PLAN_H

#include "cpu/internal.h"
#include "index/index.h"

enum { MAX_RANK = IR_MAX_RANK };

typedef struct Nest Nest;

/* ---- values ------------------------------------------------------------------------------------------------------ */

typedef struct ValuePlan {
  bool is_stored;   /* it is in scratch, or its computation puts it there; else it is an expression */
  bool is_member;   /* stored, and computed by a member of `nest` of its own */
  bool is_kept;     /* stored, and read outside of `nest` */
  bool in_address;  /* an address is computed from it */
  Value *shares;    /* whose scratch it shares (a dot accumulates in that of the carried value), or NULL */
  const Nest *nest; /* that computes it, or NULL */
} ValuePlan;

/* What hangs on Value.data, and on Op.data of ops. */
typedef struct Info {
  ValuePlan plan;
  struct ValueWork *work; /* of planning: plan_work.h */
  struct ValueCode *code; /* of the emitter: emit.h */
} Info;

static inline const ValuePlan *plan_of(const Value *v) { return &((const Info *)v->data)->plan; }
static inline bool cpu_is_stored(const Value *v) { return plan_of(v)->is_stored; }
/* Is `v` evaluated from its operands in `nest` (or anywhere, NULL), rather than read from scratch? */
bool cpu_is_expression(const Nest *nest, const Value *v);

/* ---- nests ------------------------------------------------------------------------------------------------------- */

typedef enum MemberKind {
  MEMBER_STORE,  /* op: tt.store */
  MEMBER_VALUE,  /* value, kept in its own scratch if it has other users */
  MEMBER_COPY,   /* value into the scratch of `into` */
  MEMBER_REDUCE, /* op */
  MEMBER_SCAN,   /* op */
  MEMBER_SERIAL, /* op: an atomic, element by element, or an assertion; alone in its nest */
  MEMBER_UPDATE, /* op: an atomic, by plain loads and stores; alone in its nest */
} MemberKind;
typedef struct Member {
  MemberKind kind;
  Op *op;
  Value *value, *into;
} Member;

/* An `x % n` that is assumed not to wrap; the test is that neither the first x nor the last does. */
typedef struct WrapTest {
  const Value *wrap; /* NULL: none */
  int64_t step;      /* of x along the dimension that moves */
} WrapTest;
/* What is tested at run time in front of a nest: that a stride is one element, or that an `x % n` does not wrap. */
typedef struct NestTest {
  const IndexSum *stride; /* in bytes, of which an element has `bytes`; or */
  int64_t bytes;
  WrapTest wrap;
} NestTest;

/* A load whose tile consists of runs of a few cache lines, pages apart (a transposed copy's), waits for memory at each of
 * them: no prefetcher of a processor sees where the next run begins. Its address CPU_AHEAD bytes of elements further is
 * computed and fetched with each vector: on a Zen 3 core a copy that permutes rows of 128 bytes in 16 MB took 23 ms without,
 * 10 with 512 bytes, 7 with 2048. Where runs follow each other closely it only costs: channels of 28 x 28 numbers that
 * are shuffled took 1.9 ms with it, 1.1 without. */
enum { CPU_AHEAD = 2048, CPU_SHORT_RUN = 512, CPU_PAGE = 4096 };

/* Of a store in `streamed`: the least number of programs. */
typedef struct StreamPlan {
  int64_t programs;
} StreamPlan;

struct Nest {
  const Type *type; /* of any tensor of the iteration space */
  Vec(Member) members;
  bool serial;      /* one element at a time */
  unsigned reverse; /* dimensions whose loop runs downward, a bit each; scans decide */
  unsigned scans;   /* dimensions along which something is scanned, a bit each */
  /* plan_nest.c */
  int rank, vector_dim, lanes;
  int rows, rows_dim; /* so many rows along that dimension at a time, of reductions along it; 1: one */
  int64_t shape[MAX_RANK];
  Vec(NestTest) tests;
  /* Sets of ops and values. */
  Map bounded; /* accesses whose masks are bounds of the vector loop */
  Map unit;    /* accesses whose step along it is one element if the tests hold */
  Map linear;  /* `x % n` that do not wrap if the tests hold */
  Map reads;   /* contiguous loads, to the arguments that they read from */
  Map ahead;   /* loads by scattered runs, whose elements CPU_AHEAD bytes further are fetched ahead */
  /* Loads for which what the next program reads is fetched ahead (emit_prefetch.c), to how far that is: an IndexSum, in
   * bytes. */
  Map fetched;
  /* Stores that go past the caches (emit_stream.c) where a launch has enough programs: a StreamPlan. */
  Map streamed;
  /* Of programs that run together (opt/batch_programs.c): the dimension along which their tiles lie, where what is beyond
   * the last one's matters to nobody; -1: none. */
  int live_dim;
  bool stops;  /* it only stores, where masks that are bounds say: its loop does not run past them */
  const Nest *alone; /* of a nest of atomics: what does the same while no other thread runs programs; or NULL */
};

/* ---- other steps ------------------------------------------------------------------------------------------------- */

/* A matrix in memory that the run-time library reads: an operand of a dot, the source of a transposition. */
typedef struct MatrixPlan {
  Value *source; /* beneath a transposition, if `swapped` */
  bool swapped;
  const Op *load; /* read where this load would read, described by strides and extents; NULL: from scratch */
  const IndexSum *strides[2]; /* of rows and columns, in bytes */
  WrapTest wraps[2];
  /* Copies `source` into scratch of its own, where it is an expression, or, of a load, where a wrap test fails; else NULL. */
  const Nest *copy;
} MatrixPlan;

typedef struct DotPlan {
  MatrixPlan a, b;
  bool sets;       /* it begins with zero, and gives every element of its result */
  Value *live;     /* a mask, a box: the rows and columns that it cuts off do not matter; or NULL */
} DotPlan;

/* A check of check mode. */
typedef struct CheckPlan {
  int dim;                /* of the rows that are checked; of a scalar's: -1 */
  int lanes;              /* of a row whose elements are checked one by one: how many at a time */
  bool is_even;           /* a row's elements lie `stride` bytes apart, and its mask is bounds */
  const IndexSum *stride;
} CheckPlan;

typedef struct Step {
  Op *op; /* or */
  const Nest *nest;
  const DotPlan *dot;         /* of tt.dot */
  const MatrixPlan *matrix;   /* of tt.trans */
  const CheckPlan *check;     /* of tt.check_access */
  int first_poll;             /* of a loop: after how many iterations it asks for the first time whether to stop; 0: never */
} Step;
typedef struct BlockPlan {
  Vec(Step) steps;
} BlockPlan;
static inline const BlockPlan *block_plan(const Block *b) { return b->data; }

/* ---- the function ------------------------------------------------------------------------------------------------ */

typedef struct FunctionPlan {
  Op *func;
  IndexInfo *index;
  const ArgKind *args;
  Vec(Op *) checks;
  bool makes_pointers; /* from integers, or reads them from memory: what they access is unknown */
  /* Up to so many programs that follow each other along axis 0 or 1 of the grid are run as one; 1: none are. */
  int batch_axis;
  int64_t batch, batch_tile; /* the elements of one of them along the dimension that they share */
  bool streams;        /* no program waits for another's writes: large results may be written by non-temporal stores */
  Map loaded;          /* set of the arguments that something is loaded from */
} FunctionPlan;
/* The plan of the module's public function. Unwinds where the back end has no code for something; later steps can only
 * fail by running out of memory. */
const FunctionPlan *cpu_plan(Ctx *cx, Module *m, const CpuIsa *isa);

/* ---- what both ask of the IR and the index analysis: plan_rules.c ------------------------------------------------- */

Value *cpu_access_mask(const Op *op);  /* of a load, store or atomic; or NULL */
Value *cpu_access_other(const Op *op); /* of a load, or NULL */
const IndexAxis *cpu_axis(IndexInfo *ix, const Value *v); /* how a tensor of integers or pointers moves */
/* The function argument that a pointer comes from, or NULL when that is not plain. */
const Value *cpu_pointer_base(IndexInfo *ix, const Value *ptr);
/* Along `axis`, how many elements, from a multiple of this on, are the same or lie side by side: a power of two. Vectors of
 * so many are one scalar's. */
int64_t cpu_run(IndexInfo *ix, const Value *v, int axis);
/* By how much the left side of a comparison of integers grows against the right side per step along `axis`: 1 or -1, if it
 * is an ordering, 0 if not at all; CPU_NO_STEP: otherwise. */
enum { CPU_NO_STEP = 2 };
int cpu_compare_step(IndexInfo *ix, const Op *cmp, int axis);
/* A sum below a comparison that is a bound, which begins at a number known at run time only. The bound holds where it does
 * not pass an end of its type. */
typedef struct EndTest {
  Value *sum;
  int operand;  /* of the comparison, if it is one; else -1, and it moves along one dimension */
  int64_t way;  /* from its first element to its last */
} EndTest;
typedef Vec(EndTest) EndTests;
/* All of them; false: they cannot be tested. */
bool cpu_end_tests(Ctx *cx, IndexInfo *ix, const Op *cmp, int axis, EndTests *out);
bool cpu_feeds_only_dots(const Value *v); /* as an operand, not as the accumulator */

#endif
