/* index.h: what integers and addresses are made of.
 *
 * A kernel computes the addresses it reads and writes, and the masks under which it does, by integer arithmetic on
 * tensors: `p + rows[:, None] * stride + cols[None, :]`, `rows[:, None] < M`. How fast an access can be depends on the
 * shape of that arithmetic: is the tile one box of memory? Which of its dimensions lies side by side? Is the mask a
 * bound that a loop can stop at? This folder answers such questions from Triton IR (or Triton GPU IR), once for all
 * targets. It changes nothing and emits nothing.
 *
 * Every integer and pointer, scalar or tensor, has an Index (of a tensor of floats it tells along which axes all
 * elements are the same, and no more):
 *
 *     value[i0, i1, ..] = base + stride0 * i0 + stride1 * i1 + ..
 *
 * `base` and the strides are sums of products of scalars (IndexSum). A stride that is not the same throughout the
 * tensor is unknown (NULL). The strides of the other axes still hold then, and `base` depends on the indices along the
 * unknown axes: of `p + rows[:, None] * stride + cols[None, :]` with loaded `rows`, axis 0 is unknown and axis 1
 * moves by one element. Pointers count in bytes, and so do their strides.
 *
 * Beside the form, each axis has what survives where no form does (`i % 32`, `i / 8`, a loaded row index): contiguity,
 * divisibility and constancy, powers of two; and the value has an interval. Booleans have an IndexMask: a conjunction
 * of bounds, `i1 < upper`, and a remainder.
 *
 *     IndexInfo *ix = index_analyze(cx, module);
 *     IndexAccess a;
 *     if (index_access(ix, load, &a)) ...  a.ptr->axis[1].stride, a.mask->bounds, a.width[1], a.box
 *
 * What feeds it: constants, tl.arange, arithmetic, casts, shapes, loop-carried values, `tt.divisibility` of arguments
 * (specialization), tl.assume, and the hints tl.multiple_of, tl.max_contiguous and tl.max_constancy. Hints count for
 * contiguity, divisibility and constancy only, never for a stride: kernels promise whole tiles where they mean
 * vectors. A target for which a vector is more than 16 bytes analyzes strictly: without hints.
 *
 * Assumptions. As in the language's own notion of contiguity, arithmetic on indices does not overflow
 * within a tile: sums are mathematical integers, to be computed in 64 bits from sign-extended scalars. Multiples of
 * large constants (hashes) are not indices: a form does not survive their extension to a wider type.
 *
 * The analysis takes about linear time, and describes the IR as it is at that moment: values made later are unknown
 * to it, and values keep their Index as long as nothing they depend on changes.
 *
 *   index.h     this
 *   internal.h  what the files share
 *   sum.c       sums of products: interned, added, multiplied
 *   runs.c      contiguity, divisibility, constancy: a rule per op
 *   form.c      base and strides: a rule per op
 *   mask.c      bounds
 *   analyze.c   the fixed point over loops
 *   access.c    what a load or store needs
 *   box.c       a tile as a box of a tensor, for a copy engine
 *   program.c   how values differ between programs
 *   sample.c    one element as a number
 */
#ifndef TRITONC_INDEX_H
#define TRITONC_INDEX_H

#include "ir/ir.h"

/* ---- sums -------------------------------------------------------------------------------------------------------- */

/* times * factors[0] * factors[1] * .. Factors are sorted, and are of three kinds:
 *   - a scalar, integer or pointer (of a pointer: its address);
 *   - a tensor that is the same everywhere: its element;
 *   - any other tensor: its element at this index along the axes whose stride is unknown, at 0 along the others. */
enum { INDEX_FACTORS = 4, INDEX_TERMS = 8 };
typedef struct IndexTerm {
  int64_t times; /* not 0 */
  int n;         /* 1 to INDEX_FACTORS */
  const Value *factors[INDEX_FACTORS];
} IndexTerm;
/* Interned: equal sums of one analysis are one pointer. */
typedef struct IndexSum {
  int64_t constant;
  int n; /* at most INDEX_TERMS; beyond, the tensor itself becomes a factor */
  IndexTerm terms[];
} IndexSum;

static inline bool index_is_const(const IndexSum *s, int64_t x) { return s && !s->n && s->constant == x; }

/* ---- values ------------------------------------------------------------------------------------------------------ */

typedef struct IndexAxis {
  const IndexSum *stride; /* NULL: unknown */
  /* NULL, or a tensor `x % n` (arith.remsi, remui; andi with n - 1) that the value moves with along this axis: the
   * stride then holds from one index to the next where x % n does not start again. */
  const Value *wrap;
  /* The axis is cut into aligned runs of `contiguity` elements that grow by one (pointers: by one element), the first
   * of each a multiple of `divisibility` (pointers: in bytes), and into aligned blocks of `constancy` equal elements.
   * Powers of two. Hints are believed. */
  int64_t contiguity, divisibility, constancy;
} IndexAxis;

/* Masks are conjunctions. `axis` is the one axis that the bound is on:
 *     index < sum        INDEX_BELOW
 *     index >= sum       INDEX_FROM */
typedef enum IndexBoundKind { INDEX_BELOW, INDEX_FROM } IndexBoundKind;
typedef struct IndexBound {
  IndexBoundKind kind;
  int axis;
  const IndexSum *sum; /* of scalars and uniform tensors */
} IndexBound;
enum { INDEX_BOUNDS = 16 };
typedef struct IndexMask {
  int nbounds, nrest;
  const IndexBound *bounds;
  /* Further conditions that must hold: scalars, tensors that are the same everywhere, or any others, in shape like the
   * mask. A mask of which nothing is known is its own `rest`. */
  const Value *const *rest;
  bool never; /* known to be false */
} IndexMask;

typedef struct Index {
  const IndexSum *base;  /* the element at index 0 (of the axes with a known stride); at least the value itself */
  const IndexMask *mask; /* of booleans, else NULL */
  int64_t lo, hi;        /* lo <= value <= hi; INT64_MIN, INT64_MAX when unknown */
  int64_t align;         /* a power of two that divides `base` */
  bool is_far;           /* a constant near an end of the type is in it: see index_may_wrap() */
  const Value *root;     /* of pointers: the scalar pointer that the address is counted from, a function's argument unless
                          * it was loaded or made from a number; NULL: not known, or several */
  int rank;              /* of a scalar: 1, one axis of a single element */
  IndexAxis axis[];
} Index;

typedef struct IndexInfo IndexInfo;

/* Everything below the module's functions. */
IndexInfo *index_analyze(Ctx *cx, const Module *m);
/* The same for a target that takes whole runs and blocks as they are, however long, rather than up to 16 bytes of them
 * under a mask: hints are ignored, and what is divided has to be known not to be negative. */
IndexInfo *index_analyze_strictly(Ctx *cx, const Module *m);
/* Never NULL: values that the analysis has not seen, and those that are neither integers nor pointers, are unknown. */
const Index *index_of(IndexInfo *ix, const Value *v);

/* The constant stride along an axis; false if it is not constant, or wraps. Of pointers: in bytes. */
bool index_const_stride(const Index *x, int axis, int64_t *stride);
/* Is it the same everywhere? */
bool index_is_uniform(const Index *x);
/* Is every stride known (wrapping or not)? */
bool index_is_affine(const Index *x);

/* May it pass an end of its type along an axis, so that strides hold modulo 2^bits only? Indices are taken not to. What
 * begins at a constant near an end, or is made of such, is no index. */
bool index_may_wrap(const Index *x);
/* Likewise of a tensor in shape like t, and of one that begins at a number known at run time only, or moves by one. */
bool index_may_pass_end(const Index *x, const Type *t);
/* May the value, of a type in shape like t, as an unsigned number go from its largest to 0 along an axis? */
bool index_passes_zero(const Index *x, const Type *t);

/* By how much a loop-carried value (an argument of a loop's body, scalar or tensor) grows from one iteration to the
 * next, the same for all elements; NULL: unknown. The sum may hold values of the loop's body. */
const IndexSum *index_step(IndexInfo *ix, const Value *carried);

/* By how much a value (a tensor's element at index 0) grows from one program of the grid to the next along the grid's
 * `axis`, loops being taken to run alike in all programs; NULL: unknown. */
enum { INDEX_GRID = 3 };
const IndexSum *index_program_step(IndexInfo *ix, const Value *v, int axis);

/* The element at index `at` in the first program, of pointers the distance from the argument in bytes. False: it depends
 * on what is known at run time only, or on ops that addresses rarely have. */
bool index_sample(const Value *v, const int64_t *at, int64_t *out);

/* What a sum is computed by, in the caller's representation of values. */
typedef struct IndexArithmetic {
  void *(*number)(void *self, int64_t x);
  void *(*factor)(void *self, const Value *v);
  void *(*add)(void *self, void *x, void *y);
  void *(*multiply)(void *self, void *x, void *y);
} IndexArithmetic;
/* The sum divided by a number, which divides all of it. */
void *index_sum_compute(const IndexSum *s, int64_t by, const IndexArithmetic *with, void *self);

/* A power of two that divides the sum, at most 2^40. */
int64_t index_divisor(IndexInfo *ix, const IndexSum *s);
const IndexSum *index_sub(IndexInfo *ix, const IndexSum *a, const IndexSum *b); /* a - b; NULL: too long */

/* ---- accesses ---------------------------------------------------------------------------------------------------- */

/* What a load, store, atomic operation or asynchronous copy of a tensor needs. */
typedef struct IndexAccess {
  const Index *ptr;        /* strides in bytes */
  const IndexMask *mask;   /* NULL: none */
  const IndexSum *offset;  /* ptr->base - ptr->root, in bytes; NULL where root is */
  int elem_bytes;
  int rank;
  const int64_t *width;    /* per axis: how many elements one access can take along it, at most 16 bytes; 1 at least */
  bool is_bounded;         /* the mask has no rest but what is the same everywhere: the elements accessed form a box */
  /* One box of TMA: every stride is known, the addresses do not wrap; one axis (`inner`) moves by one element, the
   * others by multiples of 16 bytes; the mask is bounds from above and below. `box_aligned`: the first address is a
   * multiple of 16. */
  bool box, box_aligned;
  int inner;
} IndexAccess;
/* False when `op` is not an access of a tensor through pointers. */
bool index_access(IndexInfo *ix, const Op *op, IndexAccess *a);
/* How many elements along `axis` can be accessed as one: by the pointers' contiguity and alignment, and the mask's
 * constancy. `mask` may be NULL. */
int64_t index_width(IndexInfo *ix, const Value *ptr, const Value *mask, int axis);

/* A tile that a load reads as a box of a tensor, both described by the kernel's arguments and scalars (box.c). */
enum { INDEX_BOX_RANK = 5, INDEX_BOX_CONDITIONS = 4 };
typedef struct IndexBoxDim {
  int axis;               /* of the tile; -1: none, the box has one index of it */
  const IndexSum *stride; /* in bytes, of arguments */
  const IndexSum *at;     /* the box's coordinate, of scalars */
  const IndexSum *end;    /* how many there are, of arguments: others are 0; NULL: the program promises not to pass the end */
  const Value *wrap;      /* the axis is x % end, and the box holds what is there for x < end; or NULL */
} IndexBoxDim;
typedef struct IndexBox {
  const Value *root;      /* the argument */
  const IndexSum *offset; /* from there to the tensor in bytes, of arguments */
  int rank;               /* the innermost dimension first, which steps by one element; then that of the other axis */
  IndexBoxDim dim[INDEX_BOX_RANK];
  int nconditions;
  const Value *conditions[INDEX_BOX_CONDITIONS]; /* differences that must not be negative in any program */
} IndexBox;
/* A tile of two axes as such a box, whose tensor, strides and last coordinate are multiples of 16 bytes; false: it is none.
 * Coordinates are not negative if no integer argument and no condition is. */
bool index_box(IndexInfo *ix, const Op *load, IndexBox *box);

/* Does every element of a tensor of pointers point elsewhere? Not where they stand still along an axis, step along one by
 * less than another one reaches, wrap around or come from memory. Strides known at run time only are taken to keep apart what they separate, here and below. */
bool index_elements_are_apart(IndexInfo *ix, const Value *ptr);
/* And do two such tensors, a constant distance from each other and otherwise alike, have no byte in common either? */
bool index_tensors_are_apart(IndexInfo *ix, const Value *a, const Value *b);

/* Does each iteration of a loop access elements of its own through `ptr`, scalar or tensor, or all the very same ones in
 * the same order? False where that is not known. */
bool index_iterations_are_apart(IndexInfo *ix, const Value *ptr, const Op *loop);

/* For tests and people: "base + 4*i0 + ..", one line. */
void index_print(IndexInfo *ix, Buf *out, const Value *v);

#endif
