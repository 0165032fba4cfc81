/* plan_work.h: what the files of planning share beside its result (plan.h). */
#ifndef TRITONC_CPU_PLAN_WORK_H
#define TRITONC_CPU_PLAN_WORK_H

#include "cpu/plan.h"

typedef struct Planner {
  Ctx *cx;
  IndexInfo *index;
  const CpuIsa *isa;
  FunctionPlan *result;
  unsigned walk; /* number of the last walk over an expression: ValueWork.visited */
  unsigned visit; /* number of the last visit of a nest's accesses: ValueWork.access */
} Planner;

/* A nest that is being put together. */
typedef struct Draft {
  Nest nest;
  Vec(Op *) loads, stores;
  bool closed;
} Draft;

typedef struct Points Points;

/* What planning records of a value. */
typedef struct ValueWork {
  /* plan_blocks.c */
  Draft *draft;        /* that computes it */
  const void *step;    /* the step that evaluates it */
  unsigned visited[4]; /* by the walk of this number: in place or not, often or not */
  Points *points;      /* plan_points.c: where expressions evaluate it */
  struct {             /* plan_rules.c */
    bool is_index;     /* an expression of indices and scalars, no data in it */
    bool by_slot;      /* made of what a loop carries or a conditional gives */
    bool costed;       /* `cost` is right */
    int cost;
    int chain;         /* of elementwise ops, each of which waits for the one before: the longest that ends here */
  } rules;
  int live_dim;   /* plan_live.c: along which the tiles of a batch of programs lie; -1: none */
  bool available; /* plan_steps.c: computed by an earlier step: a scalar, or in scratch */
  struct {        /* plan_nest.c */
    unsigned visit;   /* number of the visit of a nest's accesses that came here, with this map */
    const int *map;
    const Nest *asked; /* whether this mask is a bound on this axis */
    int asked_axis;
    bool is_bound;
  } access;
} ValueWork;

static inline Info *info_of(const Value *v) { return v->data; }
static inline ValueWork *work_of(const Value *v) { return info_of(v)->work; }
static inline int op_order(const Op *op) { return (int)op->mark; }

/* ---- plan_support.c ---------------------------------------------------------------------------------------------- */

/* The module's kernel, everything inlined; unwinds if there is none, or one that this back end has no code for. */
Op *cpu_plan_kernel(Ctx *cx, Module *m, const ArgKind **args);
/* Likewise of what depends on what is stored. */
void cpu_check_stored(Ctx *cx, Op *func);

/* ---- plan_points.c, plan_nest.c, plan_steps.c -------------------------------------------------------------------- */

/* Store what expressions would evaluate at many points. */
void cpu_plan_points(Planner *p, Op *func);
/* The rest of a nest whose members are known. */
void cpu_plan_nest(Planner *p, Nest *nest);
/* The rest of all steps, once it is known what is stored. */
void cpu_plan_steps(Planner *p, Op *func);
/* Is each conjunct of the mask either the same along `axis` (-1: no axis moves) or a bound on it, and known in front of the
 * nest's loop? */
bool cpu_mask_bounds(Planner *p, const Nest *nest, Value *mask, int axis);
/* Can the test of an `x % n` that moves along one dimension be made in front of `nest`? */
bool cpu_wrap_test(Planner *p, const Nest *nest, const Value *wrap, WrapTest *test);
/* Can the sum, divided by `unit`, be emitted here? */
bool cpu_sum_known(Planner *p, const IndexSum *s, int64_t unit);

/* ---- plan_live.c ------------------------------------------------------------------------------------------------- */

/* ValueWork.live_dim of all values. */
void cpu_plan_live(Planner *p, Op *func);
/* The dimension that all that the nest evaluates has as its live one, or -1. */
int cpu_live_dim(const Nest *nest);

/* ---- plan_rules.c: what the plan rests on ------------------------------------------------------------------------- */

/* Is `v` a tensor that lies in scratch, rather than an expression, as the plan stands? */
bool cpu_to_store(const Value *v);
bool cpu_is_affine(Planner *p, const Value *v); /* moves along every axis by the same amount everywhere, or modulo something */
/* Where an `x % n` starts again several times in a tile, no test in front of the loops could hold; the tile consists of
 * shorter runs. From this length on they are better than gathers: a register of f32 on most processors. */
enum { CPU_LEAST_RUN = 8 };
bool cpu_is_in_runs(IndexInfo *ix, const Value *ptr, int axis);
bool cpu_moves_by_one(IndexInfo *ix, const Value *v, int axis); /* by one element, everywhere */
/* Is the boolean tensor `mask` a conjunction of bounds, each on one dimension: the true elements form a box that begins
 * at 0? */
bool cpu_mask_is_box(Planner *p, const Value *mask);
int cpu_cost(Planner *p, Value *v); /* of evaluating it once more, in vector instructions per vector */
/* Note what does not change while planning: of an op's results, those of its operands being noted. */
void cpu_note(Planner *p, Op *op);
/* `v` is to be stored from now on: what was derived from its being an expression is forgotten. */
void cpu_note_stored(Planner *p, Value *v);
/* Accesses that may share no loop nest: either may touch elements that the other has at another index. */
bool cpu_may_conflict(Planner *p, const Op *a, const Op *b);
bool cpu_is_index(const Value *v);              /* an expression of indices and scalars, no data in it */
bool cpu_moves_evenly(Planner *p, Value *v);    /* an index or pointer that is better kept as an expression */
bool cpu_dot_in_place(Planner *p, Op *dot);
bool cpu_dot_sets(Planner *p, Op *dot); /* does it begin with zero, and give every element of its result? */
Value *cpu_dot_source(Value *operand, bool *swapped); /* beneath a transposition */
/* May this dot operand be read where the user has it? Then the load (maybe under a transposition). */
Op *cpu_dot_direct(Planner *p, Value *operand);
/* Likewise the source of a transposition done by the run-time library. */
bool cpu_trans_direct(Planner *p, Op *trans);
bool cpu_runs_transpose(const Op *trans);

#endif
