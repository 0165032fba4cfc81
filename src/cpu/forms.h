/* forms.h: in which form the lanes of a vector are, and the rules by which ops keep it.
 *
 * A value is evaluated at points of a nest, several lanes at once. As long as all lanes are the same, or a base and a step,
 * or a range of the lanes, they are kept as that: an access is then one instruction, and a mask two bounds of a loop. Which
 * form an op's result has follows from the forms of its operands, from the nest's plan and from the index analysis. The rules
 * are here, know no LLVM and change nothing; the emitter asks them at each point and emits what they say.
 *
 * Why rules, and no table in the plan. A value has as many forms as there are points it is evaluated at (of a reshape, a
 * join or a gather each operand's coordinates are other ones, in forms of their own), in each version of its nest. What
 * would fill in such a table is the evaluation itself, walked once more without emitting, and each rule would stand in
 * two places. So the plan fixes what a form depends on, and a form is a function of that: it changes nothing and cannot
 * fail. Of the 255 kernels of bench/zoo for two levels of x86-64, 47968 values and ops were asked about, at 78359 different
 * points (up to 3.6 for each of a kernel's) by 83620 questions: a table would be read once an entry. All answers together
 * took 0.01% of the time of the compiles.
 */
#ifndef TRITONC_CPU_FORMS_H
#define TRITONC_CPU_FORMS_H

#include "cpu/plan.h"

/* The values of a tensor at one point of a nest: for every lane of the vector dimension's vector. Let c be a lane's
 * coordinate along the vector dimension. */
typedef enum LaneKind {
  LANE_UNIFORM, /* v, the same in all lanes */
  LANE_AFFINE,  /* v + c * step; v does not depend on c (pointers: step in elements, i64) */
  LANE_RANGE,   /* booleans: v <= c < step, both i32 */
  LANE_VECTOR,  /* v */
} LaneKind;

/* A number that is known, or not. */
typedef struct KnownInt {
  bool is_known;
  int64_t value;
} KnownInt;

typedef struct LaneForm {
  LaneKind kind;
  int depth;        /* the loop level at which it is available */
  bool is_constant; /* v is: */
  KnownInt v, step;
  const void *step_id; /* the same for two that have the same step */
} LaneForm;

/* The vector loop that lanes are of, one version of a nest. */
typedef struct VectorLoop {
  const Nest *nest; /* NULL: of no nest */
  IndexInfo *index;
  int lanes;      /* 1: serial */
  int64_t extent; /* of the vector dimension */
  int inner;      /* the level of its body */
  bool is_open;   /* the body is being emitted */
  bool assume;    /* the nest's run-time tests are known to hold: no wrap, unit steps */
  bool full;      /* masks that are bounds are known to be true here */
} VectorLoop;

/* How lanes of an elementwise op's result come from those of its operands. */
typedef enum ElementForm {
  ELEMENT_VECTORS,       /* lane by lane */
  ELEMENT_SCALARS,       /* once: all operands are uniform */
  ELEMENT_AFFINE,        /* bases and steps, each for itself */
  ELEMENT_FIRST,         /* the first operand's: x % n where nothing wraps */
  ELEMENT_BASES,         /* once, of the bases: a comparison of two that move alike */
  ELEMENT_RANGE,         /* a comparison that becomes a range */
  ELEMENT_RANGE_SWAPPED, /* the same with its sides exchanged */
  ELEMENT_MEET,          /* what two ranges have in common, or a range where a condition holds */
  ELEMENT_QUOTIENT,      /* by a scalar that the loop does not change: an exact quotient without the slow instruction */
  ELEMENT_INT_QUOTIENT,  /* or remainder of integers within 32 bits by such a scalar: by multiplying with 1 / b */
} ElementForm;
ElementForm cpu_element_form(const VectorLoop *l, const Op *op, const LaneForm *in);

/* Of an integer or pointer that the index analysis knows to move evenly along the one dimension whose coordinate does,
 * by so many elements per lane. Not of ops whose lanes follow from their operands' as precisely. Of one that does not,
 * each vector may be one block of equal elements, or one run, as where a row is `i / 64` and a column `i % 64`. */
typedef struct EvenForm {
  int moving; /* the dimension; -1: it is not known to move evenly */
  int64_t step;
  bool in_runs; /* so it moves within each vector only, from that one's first lane */
} EvenForm;
EvenForm cpu_even_form(const VectorLoop *l, const Value *v, const LaneForm *at);

/* (x / 2^shift) % size of a coordinate. */
typedef enum DigitForm {
  DIGIT_UNIFORM, /* x is uniform */
  DIGIT_FIRST,   /* the same in all lanes of an aligned vector: that of the first */
  DIGIT_AFFINE,  /* all lanes lie within one run of `size`: from that of the first */
  DIGIT_VECTOR,
} DigitForm;
DigitForm cpu_digit_form(const VectorLoop *l, const LaneForm *x, int shift, int64_t size);

/* Does the coordinate begin each vector at a multiple of a vector's lanes, and move by one? */
bool cpu_is_aligned(const VectorLoop *l, const LaneForm *coordinate);

/* Are the elements of an access next to each other? `p`: of its pointers. */
bool cpu_is_contiguous(const VectorLoop *l, const Op *access, const LaneForm *p);
/* Is the access's mask to be looked at? Not where there is none, or it is known to be true here. */
bool cpu_is_masked(const VectorLoop *l, const Op *access);

#endif
