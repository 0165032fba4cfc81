/* plan.h: what is decided before anything is emitted.
 *
 *   plan.c        which tensors are stored in scratch, and which ops share a loop nest, in which order; the page at its top is
 *                 the design
 *   plan_nest.c   one nest: its vector dimension, what is tested in front of it, which masks are bounds of its loop
 *   plan_points.c  which tensors are stored before all, because an expression would evaluate them at too many points
 *   plan_rules.c  the questions that both ask: what a value costs, what may alias, what may be read in place
 *
 * All of them ask the index analysis (index/index.h). Nothing here makes LLVM IR.
 */
#ifndef TRITONC_CPU_PLAN_H
#define TRITONC_CPU_PLAN_H

#include "cpu/internal.h"
#include "index/index.h"

#include <llvm-c/Core.h>

enum { MAX_RANK = IR_MAX_RANK, MAX_LEVELS = MAX_RANK + 3 };

/* An array in the thread's scratch area. Its place is chosen when everything is lowered and all lifetimes are known. */
typedef struct SlotLoop SlotLoop;
typedef struct Slot {
  LLVMValueRef address; /* in the entry block; the offset is filled in at the end */
  int64_t bytes, offset;
  int first, last;      /* clock of its first and last access; first < 0: never */
  const SlotLoop *loop; /* at whose end it ends, or NULL: at `last` */
  uint32_t order;       /* in which it was made */
} Slot;

typedef struct Lower Lower;
typedef struct Nest Nest;
typedef struct Memo Memo;
typedef struct Points Points;
typedef struct Lane Lane;

/* What is known of a value; hangs on Value.data. */
typedef struct Info {
  /* planned: plan.c */
  bool scratch;        /* computed by a nest of its own position and kept */
  bool needs_slot;     /* somebody outside that nest reads it */
  Value *shares;       /* whose slot it shares (a dot accumulates in that of the carried value), or NULL */
  Nest *nest;          /* that computes it */
  const void *step;    /* the step that evaluates it */
  unsigned visited[4]; /* by the walk of this number: in place or not, often or not */
  Points *points;      /* plan_points.c: where expressions evaluate it */
  struct {             /* plan_rules.c */
    bool is_index;     /* an expression of indices and scalars, no data in it */
    bool by_slot;      /* made of what a loop carries or a conditional gives */
    bool costed;       /* `cost` is right */
    int cost;
  } rules;
  /* planned: plan_nest.c. Numbers of nests */
  struct {
    unsigned bounded, unit; /* of an access: in which its mask is a bound; its step is one element if the tests hold */
    unsigned assumed;       /* of an `x % n`: in which it does not wrap if the tests hold */
    unsigned visited;       /* whose accesses were planned through it, with this map */
    const int *map;
    unsigned asked; /* in which it was asked whether this mask is a bound on this axis */
    int asked_axis;
    bool is_bound;
  } in_nest;
  /* emitted */
  LLVMValueRef scalar; /* of a scalar */
  Slot *slot;          /* of a tensor that is in scratch */
  Memo *memo;          /* emit_lane.c: its lanes at points of the current nest */
  struct {             /* emit_nest.c: the last walk for masks that came here, and with which coordinates */
    unsigned number;
    const Lane *at;
  } mask_walk;
  struct { /* emit_prefetch.c, of an argument: the last nest that reads through it, and how many do so far */
    unsigned last, count;
  } reads;
} Info;

typedef enum MemberKind {
  MEMBER_STORE,  /* op: tt.store */
  MEMBER_VALUE,  /* value, kept in its own slot if somebody else needs it */
  MEMBER_COPY,   /* value into the slot of `into` */
  MEMBER_REDUCE, /* op */
  MEMBER_SCAN,   /* op */
  MEMBER_SERIAL, /* op: an atomic or an assertion, element by element */
} MemberKind;
typedef struct Member {
  MemberKind kind;
  Op *op;
  Value *value, *into;
} Member;
struct Nest {
  Type *shape; /* any tensor type of the iteration space */
  Vec(Member) members;
  Vec(Op *) loads, stores;
  bool serial;  /* one element at a time */
  int order;    /* of its first store in the block */
  unsigned reverse; /* dimensions whose loop runs downward, a bit each; scans decide */
  unsigned scans;   /* dimensions along which something is scanned, a bit each */
  bool closed;
};

/* What is tested at run time in front of a nest: that a stride is one element, or that an `x % n` does not wrap. */
typedef struct NestTest {
  const IndexSum *stride; /* in bytes, of which an element has `bytes`; or */
  int64_t bytes;
  const Value *wrap;
} NestTest;
/* plan_nest.c: how a nest is emitted. Accesses whose masks are bounds and whose pointers are contiguous if the tests hold
 * are marked with `number` (Info.in_nest). */
typedef struct NestPlan {
  unsigned number;
  int rank, vector_dim, lanes;
  int64_t shape[MAX_RANK];
  Vec(NestTest) tests;
  Map strides; /* those that are tested */
} NestPlan;
void cpu_plan_nest(Lower *l, const Nest *nest, NestPlan *plan);
/* By how much the left side of a comparison of integers grows against the right side per step along `axis`: 1 or -1, if it
 * is an ordering, 0 if not at all; CPU_NO_STEP: otherwise. */
enum { CPU_NO_STEP = 2 };
int cpu_compare_step(Lower *l, const Op *cmp, int axis);
/* Is every conjunct of the mask either the same along `axis` (-1: no axis moves) or a bound on it, and known in front of the
 * loop? Then emit_mask_range gives it. */
bool cpu_mask_bounds(Lower *l, const Nest *nest, Value *mask, int axis);
/* Is `v` evaluated from its operands in `nest` (or anywhere, NULL), rather than read from a slot? */
bool cpu_is_expression(const Nest *nest, const Value *v);
/* The only dimension along which x moves, of an `x % n` for which that it does not wrap can be tested; else -1. */
int cpu_wrap_axis(Lower *l, const Nest *nest, const Value *wrap);
/* Can the sum, divided by `unit`, be emitted here? */
bool cpu_sum_known(Lower *l, const IndexSum *s, int64_t unit);

typedef struct Step {
  Op *op; /* or */
  Nest *nest;
} Step;
typedef struct Plan {
  Vec(Step) steps;
} Plan;

/* Attach an Info to every value, then a Plan to every block of the function (Block.data). */
void cpu_plan(Lower *l, Op *func);
static inline Info *info_of(const Value *v) { return v->data; }
static inline Info *access_info(const Op *op) { return op->nresults ? info_of(&op->results[0]) : op->data; }
static inline Plan *plan_of(const Block *b) { return b->data; }
/* May this dot operand be read where the user has it? Then the load (maybe under a transposition). */
Op *cpu_dot_direct(Lower *l, Value *operand);
/* Likewise the source of a transposition done by the run-time library. */
bool cpu_trans_direct(Lower *l, Op *trans);
bool cpu_runs_transpose(const Op *trans);
/* Does a reshape only insert or drop dimensions of size 1? */
bool cpu_reshape_trivial(const Op *op);
/* Is `v` a tensor that lies in scratch, rather than an expression? */
bool cpu_is_stored(const Value *v);
/* plan_rules.c: what the plan rests on. */
/* How a tensor of integers or pointers moves; as an expression: one that passes through a slot is read from there. */
const IndexAxis *cpu_axis(Lower *l, const Value *v);
bool cpu_is_affine(Lower *l, const Value *v);               /* along every axis by the same amount everywhere, or modulo something */
bool cpu_moves_by_one(Lower *l, const Value *v, int axis);  /* by one element, everywhere */
/* Is the boolean tensor `mask` a conjunction of bounds, each on one dimension: the true elements form a box that begins
 * at 0? */
bool cpu_mask_is_box(Lower *l, const Value *mask);
/* The function argument that a pointer comes from, or NULL when that is not plain. */
const Value *cpu_pointer_base(Lower *l, const Value *ptr);
int cpu_cost(Lower *l, Value *v); /* of evaluating it once more, in vector instructions per vector */
/* Store what expressions would evaluate at many points. */
void cpu_plan_points(Lower *l, Op *func);
/* Note what does not change while planning: of an op's results, those of its operands being noted. */
void cpu_note(Lower *l, Op *op);
/* `v` is to be stored from now on: what was derived from its being an expression is forgotten. */
void cpu_note_stored(Lower *l, Value *v);
/* Accesses that may share no loop nest: either may touch elements that the other has at another index. */
bool cpu_may_conflict(Lower *l, const Op *a, const Op *b);
bool cpu_is_index(const Value *v);                      /* an expression of indices and scalars, no data in it */
bool cpu_moves_evenly(Lower *l, Value *v);        /* an index or pointer that is worth more as an expression */
bool cpu_dot_in_place(Lower *l, Op *dot);
bool cpu_dot_sets(Lower *l, Op *dot); /* does it begin with zero, and give every element of its result? */
bool cpu_feeds_only_dots(const Value *v); /* as an operand, not as the accumulator */
Value *cpu_dot_source(Value *operand, bool *swapped); /* beneath a transposition */
static inline int op_order(const Op *op) { return (int)op->mark; }

#endif
