/* internal.h: what the files of opt/ share.
 *
 *   pass.c                 running a list of passes; passes.def, their names; the standard list
 *   trace.c                what the environment asks to see of every pass
 *   inline.c structurize.c control flow into the one shape that everything later expects
 *   fold.c                 the driver of the rules
 *   fold_rewrite.c         by what the rules change a function: a worklist, constants kept unique
 *   fold_rules.def         the rules, a line each; their functions are in fold_int.c, fold_minmax.c, fold_float.c,
 *                          fold_cast.c, fold_shape.c, fold_memory.c
 *   fold_constant.c        the value of an op whose operands are all constants
 *   cse.c licm.c dce.c flatten.c unroll.c unroll_tiles.c version_loops.c split_pointers.c batch_programs.c turn_loads.c expand_math.c descriptors.c dot_scaled.c map_elementwise.c   a pass each
 *   libdevice.c later_ops.c narrow_floats.c bf16_atomics.c   ops by others that targets have, a pass each
 *   check_accesses.c       check mode: a check before every access
 *   written.c              which pointers a kernel writes through
 *   swap.c                 atomics that no target has
 *   util.c                 what several of them need
 */
#ifndef TRITONC_OPT_INTERNAL_H
#define TRITONC_OPT_INTERNAL_H

#include "opt/opt.h"

/* ---- util.c ------------------------------------------------------------------------------------------------------ */

/* Of library functions that a pass compiles without a target's options: nothing in them depends on any. */
extern const LangOptions opt_library_options;
/* The regions of these ops are functions of their block arguments: no pass may make them use a value from outside. */
bool opt_is_closed(const Op *op);
/* May this op run where it did not (ahead of a loop that might not run it)? Pure, and no division that might trap. */
bool opt_speculatable(const Op *op);
/* A pure op without regions, or one whose regions have no effects: equal operands give equal results. */
bool opt_is_pure(const Op *op);
bool opt_is_volatile(const Op *op);
/* May it show that others' stores, made before they released, are to be seen from here on? */
bool opt_acquires(const Op *op);
/* Has effects, but writes none of the program's memory: assertions, prints, checks. */
bool opt_only_tells(const Op *op);
/* Calls `rewrite` on each op of the module that is `wanted`: collected first, so that ops may come and go. Says whether
 * there was any. */
bool opt_rewrite_each(Ctx *cx, Module *m, bool (*wanted)(Ctx *cx, const Op *op), void (*rewrite)(Ctx *cx, Op *op));
/* Does it write memory that a load might read? Assumptions, assertions and prints have effects and write nothing. */
bool opt_clobbers(const Op *op); /* of its own or inside its regions */
/* The number of iterations of a scf.for whose bounds are constants. */
bool opt_trip_count(const Op *loop, int64_t *trips);
#define OPT_UNROLL_FACTOR "tt.loop_unroll_factor" /* of a scf.for: unroll.c */
/* A loop of n iterations at a time, up to `middle`, in front of a scf.for that goes on from there; NULL: in its place, the number
 * of iterations being a multiple of n. */
Op *opt_unroll_main(Ctx *cx, Op *loop, Value *middle, int64_t n);
bool opt_loop_runs(const Op *loop); /* certainly, at least once */
/* Of a scf.for: whether it has an iteration k (from 0). In an iteration: `iv + k * step < upper` is `iv < bound`, which
 * cannot wrap around. Both are built where `b` stands, before the loop. */
Value *opt_first_exists(Builder *b, const Op *loop, int64_t k);
Value *opt_bound_ahead(Builder *b, const Op *loop, int64_t k);
/* Is every value that `op` uses (in its regions too) defined outside `scope`? */
bool opt_operands_outside(const Op *op, const Op *scope);
/* Dropping slots (a result with what flows into it) of a scf.for, scf.if or scf.while, in two steps, since slots of
 * different ops may hold each other. First: initial values and the terminators' operands for which !keep[i] go.
 * Second: the block arguments and results, which have no uses by then; gives the op that takes the place of `op`. */
void opt_release_slots(Op *op, const bool *keep);
Op *opt_drop_slots(Ctx *cx, Op *op, const bool *keep);
void opt_copy_attrs(Ctx *cx, Op *to, const Op *from);
void opt_take_regions(Op *to, Op *from); /* `from` has none afterwards */
/* New carried values for a scf.for: their initial values; gives the loop that takes its place, with block arguments and
 * results appended. The caller adds operands to the yield. */
Op *opt_add_carried(Ctx *cx, Op *loop, Value *const *inits, int n);

/* swap.c: the atomic minimum or maximum of 16-bit floats v with the elements `at`, where `mask` (or NULL) says so;
 * `first` is a scalar pointer that may always be accessed. */
void opt_swap_extremum(Builder *b, bool is_max, Value *at, Value *v, Value *mask, Value *first);
Value *opt_any(Builder *b, Value *flags); /* is any element of a tensor of i1 true? */

/* ---- fold.c, fold_rewrite.c ------------------------------------------------------------------------------------------------------ */

enum { FOLD_IDLE = 0, FOLD_QUEUED = 1, FOLD_GONE = 2 }; /* Op.mark during opt_fold */

typedef struct Fold {
  Ctx *cx;
  Module *module;
  Vec(Op *) work;
  Map constants; /* of the closed region at hand: attribute (with its type) to the one op that makes it */
  Map scopes;    /* first block of a closed region to its constants */
  bool changed;
  uint16_t first_rule[OPCODES + 1];
} Fold;

/* A rule examines `op` and either changes nothing (false) or rewrites it (true; `op` may have been erased). */
typedef bool RuleFn(Fold *f, Op *op);
typedef struct Rule {
  Opcode code;
  RuleFn *apply;
  const char *what;
} Rule;
#define RULE(code, fn, what) RuleFn fn;
#include "opt/fold_rules.def"
#undef RULE

/* For every pure elementwise op, after its own rules: of copies of scalars, or of tensors broadcast from one shape,
 * it is done before the copying. */
RuleFn fold_elementwise;

/* For rules. */
bool fold_replace(Fold *f, Op *op, Value *with); /* the op's only result becomes `with`; true */
bool fold_changed(Fold *f, Op *op);              /* the op was changed in place: look at it and its users again; true */
void fold_erase(Fold *f, Op *op);                /* its results are unused */
void fold_push(Fold *f, Op *op);
void fold_push_users(Fold *f, const Value *v);
void fold_push_holder(Fold *f, const Op *op); /* a change in a region may make a rule apply to the op around it */
void fold_settle_constant(Fold *f, Op *op); /* from the list: moved to its place, or replaced by an equal one */
Value *fold_int(Fold *f, Op *at, Type *type, int64_t x); /* constants, unique in their region; `at` says which */
Value *fold_float(Fold *f, Op *at, Type *type, double x);
Value *fold_attr(Fold *f, Op *at, Attr *value); /* a typed attribute: ATTR_INT, FLOAT, BOOL, SPLAT, DENSE */
/* A new op before `at`, queued. The variadic part: up to three operands. */
Value *fold_make(Fold *f, Op *at, Opcode code, Type *type, Value *a, Value *b, Value *c);
/* A copy of `like` (attributes kept) with these operands and this result type, queued. */
Value *fold_make_like(Fold *f, Op *like, Type *type, Value *const *operands, int n);
static inline Op *def_of(const Value *v, Opcode code) { return v->op && v->op->code == code ? v->op : NULL; }
bool fold_int_constant(const Value *v, int64_t *x); /* its sign-extended low bits */
static inline Value *arg0(const Op *op) { return ir_operand(op, 0); }
static inline Value *arg1(const Op *op) { return ir_operand(op, 1); }

/* One element. Integers are kept as their low bits, zero-extended. */
typedef struct Elem {
  Type *type;
  uint64_t i;
  double f;
} Elem;

/* fold_constant.c: what an elementwise op gives for elements, r->type being set; a float is not rounded to its type.
 * False: there is no single answer. */
bool fold_element(const Op *op, const Elem *in, Elem *r);
bool fold_element_of(const Attr *a, Elem *e); /* of a scalar constant */
/* The attribute that is the value of `op`'s result if all its operands are constants, or NULL. */
Attr *fold_constant(Ctx *cx, const Op *op);
/* Bounds, as signed numbers of the value's type, that hold for every element of an integer value; or nothing known. */
typedef struct Range {
  int64_t lo, hi;
} Range;
bool fold_range(const Value *v, Range *r);

#endif
