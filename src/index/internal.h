/* internal.h: what the files of index/ share. */
#ifndef TRITONC_INDEX_INTERNAL_H
#define TRITONC_INDEX_INTERNAL_H

#include "index/index.h"

/* ---- the analysis ------------------------------------------------------------------------------------------------ */

/* What is kept of a value. */
typedef struct Fact {
  Index *index;          /* NULL: not reached yet */
  const IndexSum *self;  /* the value as a sum, made when first needed */
  int number;            /* orders the factors of a sum; 0: none given yet */
  int changes;           /* how often `index` has changed */
  int64_t lo, hi, align; /* tl.assume: what bounds it, what divides it */
  bool assumed;          /* are there such? */
  Vec(uint32_t) watchers; /* numbers of ops for which `align` mattered, as that of a factor */
} Fact;

/* An op of the functions' bodies, numbered in program order. */
typedef struct NumberedOp {
  const Op *op;
  bool queued;
} NumberedOp;

struct IndexInfo {
  Ctx *cx;
  bool strict; /* index_analyze_strictly */
  Map facts;  /* Value to Fact */
  Map places; /* Op to its number, plus one */
  Map sums;   /* hash to SumNode */
  int numbers;
  const IndexSum *zero;
  Map by_program[INDEX_GRID]; /* program.c: whether a value is the same in all programs along an axis */
  Vec(NumberedOp) order;
  Vec(uint32_t) queue; /* a heap: numbers of ops that are to be visited again, lowest first */
  uint32_t visiting;   /* number of the op that is being visited, plus one; 0: none, the analysis is complete */
};

bool index_is_tracked(const Type *t); /* a tensor, or an integer or pointer */
bool index_is_number(const Type *t);  /* an integer or a pointer, or a tensor of such */
static inline bool index_is_boolean(const Type *t) {
  const Type *e = t->kind == TYPE_TENSOR ? t->elem : t;
  return e->kind == TYPE_INT && e->bits == 1;
}
Fact *index_fact(IndexInfo *ix, const Value *v); /* made if need be */
/* A fresh Index for values of a type, nothing known: the value itself as base, strides unknown (of a scalar: 0). */
Index *index_nothing(IndexInfo *ix, const Value *v);
static inline int index_rank(const Type *t) { return ir_is_tensor(t) && t->rank ? t->rank : 1; }
static inline int64_t index_extent(const Type *t, int d) { return ir_is_tensor(t) && t->rank ? t->shape[d] : 1; }
static inline const Type *index_elem(const Type *t) { return t->kind == TYPE_TENSOR ? t->elem : t; }
/* By how much elements differ that lie side by side: bytes for pointers, else 1. */
int64_t index_unit(const Type *t);
const Index *index_operand(IndexInfo *ix, const Op *op, int i);
void index_constant(IndexInfo *ix, const Value *v, Index *out); /* all of it */
void index_complete(IndexInfo *ix, const Value *v, Index *x); /* whose form, interval and runs by rule are known */
static inline bool index_stands_still(const IndexAxis *a) { return index_is_const(a->stride, 0) && !a->wrap; }
const Value *index_group(const Op *op, const char *name); /* the operand of that name, or NULL */
bool index_const(const Index *x, int64_t *value); /* the same known number everywhere */
void index_far(IndexInfo *ix, const Op *op, const Value *v, Index *out); /* is_far, after its form */
void index_whole(const Type *t, int64_t *lo, int64_t *hi); /* all that the type can hold */

/* ---- powers of two ----------------------------------------------------------------------------------------------- */

#define INDEX_MUCH ((int64_t)1 << 40) /* what divides zero */
static inline int64_t low_bit(int64_t x) {
  uint64_t b = (uint64_t)x & (~(uint64_t)x + 1);
  return b == 0 || b > (uint64_t)INDEX_MUCH ? INDEX_MUCH : (int64_t)b;
}
static inline int64_t times_pow2(int64_t x, int64_t y) { return x >= INDEX_MUCH / y ? INDEX_MUCH : x * y; }

/* ---- sums: sum.c. A NULL operand gives NULL, as does a result that is too long or does not fit 64 bits. ------------ */

const IndexSum *index_sum_const(IndexInfo *ix, int64_t x);
const IndexSum *index_sum_value(IndexInfo *ix, const Value *v);
const IndexSum *index_sum_add(IndexInfo *ix, const IndexSum *a, const IndexSum *b, int64_t times_b); /* a + times_b * b */
const IndexSum *index_sum_scale(IndexInfo *ix, const IndexSum *a, int64_t times);
const IndexSum *index_sum_mul(IndexInfo *ix, const IndexSum *a, const IndexSum *b);
const IndexSum *index_sum_divide(IndexInfo *ix, const IndexSum *a, int64_t by); /* NULL unless it divides every term */
bool index_sum_is_small(const IndexSum *s); /* no multiples of large constants: an index, not a hash */

/* ---- rules: form.c, runs.c, range.c, mask.c. Each fills in its part of the result's Index. ------------------------- */

void index_form(IndexInfo *ix, const Op *op, const Value *result, Index *out);
void index_runs(IndexInfo *ix, const Op *op, const Value *result, Index *out);
void index_range(IndexInfo *ix, const Op *op, const Value *result, Index *out);
void index_bounds(IndexInfo *ix, const Op *op, const Value *result, Index *out); /* of booleans */

/* What holds of both x and y, values of one type that flow into `v`. */
Index *index_meet(IndexInfo *ix, const Index *x, const Index *y, const Value *v);
void index_meet_runs(const Index *x, const Index *y, int64_t unit, Index *out);
/* Runs that follow from the form alone. */
void index_runs_of_form(IndexInfo *ix, const Type *t, Index *out);
/* What the programmer asserts by tt.divisibility and its like. */
void index_hints(IndexInfo *ix, const Value *v, Index *out);

const IndexMask *index_mask_itself(IndexInfo *ix, const Value *v);

#endif
