/* assign_shared.h: what the files of the pass that gives tensors layouts share; the page at the top of assign.c is the design.
 *
 *   assign_infer.c     layouts that values have of their own
 *   assign_halves.c    the layout in which a tensor is split
 *   assign_scan.c      the layout in which a tensor is scanned
 *   assign_versions.c  the same values in other layouts
 *   assign.c           each op takes its layout, and its operands in those that follow
 */
#ifndef TRITONC_GPU_ASSIGN_SHARED_H
#define TRITONC_GPU_ASSIGN_SHARED_H

#include "gpu/passes/passes.h"

typedef struct Version {
  Attr *encoding;
  Value *value;
  struct Version *next;
} Version;

typedef struct Wish {
  Value *v;
  Attr *to;
} Wish;

typedef struct Assign {
  Ctx *cx;
  int num_warps, sm, num_stages;
  Coalesce *coalesce;
  Map assigned;     /* Value to encoding; absent: rematerializable (or not a tensor) */
  Map broadcasts;   /* Values whose layout comes from smaller ones alone */
  Map depths;       /* of broadcast values: instructions one after another since they were loaded */
  Map versions;     /* Value to Version list */
  Map plans;        /* Dot to DotPlan */
  Map constancies;  /* Small load to how many neighbours are loaded from one address, as known before anything changes */
  Map with_dots;    /* Block to whether dots are in it */
  Map of_loads;     /* Ops that are done again in other layouts: is_of_a_load, is_of_copied_loads */
  Vec(Wish) wishes; /* what is being made, each after those above it */
  bool changed;
} Assign;

static inline Attr *assigned(Assign *a, const Value *v) { return map_get(&a->assigned, v); }

static inline bool is_broadcast(Assign *a, const Value *v) { return map_has(&a->broadcasts, v); }

static inline Attr *block_of(Assign *a, const Type *t) { return gpu_default_blocked(a->cx, t, a->num_warps); }

static inline Attr *assigned_or_block(Assign *a, const Value *v) {
  Attr *e = assigned(a, v);
  return e ? e : block_of(a, v->type);
}

static inline bool is_shape_op(Opcode c) { return c == OP_EXPAND_DIMS || c == OP_TRANS || c == OP_RESHAPE || c == OP_SPLIT; }

/* Where several layouts meet, that of the highest rank is taken. */
enum { GPU_ASSIGN_NONE, GPU_ASSIGN_OTHER, GPU_ASSIGN_BLOCKED, GPU_ASSIGN_MMA };

/* ---- assign_infer.c ---------------------------------------------------------------------------------------------- */

int gpu_assign_rank(const Attr *e); /* a slice's is that of its parent */
void gpu_assign_infer(Assign *a, const Block *b); /* one round; a->changed: another is needed */
void gpu_assign_result(Assign *a, const Value *v, Attr *e);
/* The results' layouts where those follow from the layout `e` of the operands. */
void gpu_assign_results(Assign *a, const Op *op, Attr *e);
Attr *gpu_assign_best_operand(Assign *a, const Op *op);   /* the operands' layout of the highest rank; NULL: they have none */
Attr *gpu_assign_operand_layout(Assign *a, const Op *op); /* the same, or the plain layout */
Attr *gpu_assign_split_source(Assign *a, const Op *op);
Attr *gpu_assign_cat_layout(Assign *a, const Op *op);
DotEncoding gpu_assign_dot_plan(Assign *a, const Op *dot);
bool gpu_assign_is_small_load(Assign *a, const Op *op);
bool gpu_assign_is_loaded_as_well(Assign *a, const Op *op, Attr *to);
/* Is a broadcast value better converted than computed again in the layout `to`, where each thread has more of it? Where a
 * block is more than a warp, barriers cost more than the arithmetic. */
bool gpu_assign_is_cheaper_moved(Assign *a, const Value *v, Attr *to);
/* Does `e` leave each thread more than `allowed` times as many elements as the coalesced layout of the access does? */
bool gpu_assign_is_repeated(Assign *a, const Op *access, Attr *e, int allowed);

/* ---- assign_halves.c --------------------------------------------------------------------------------------------- */

/* A layout near `e`, that of the operand, in which both halves are in one thread; NULL: take any. */
Attr *gpu_assign_halves(Assign *a, const Op *split, Attr *e);

/* ---- assign_scan.c ----------------------------------------------------------------------------------------------- */

/* `e`, that of the operands, or one in which threads hold more of the axis, where that is worth the exchange. */
Attr *gpu_assign_scan_layout(Assign *a, const Op *scan, Attr *e);

/* ---- assign_versions.c ------------------------------------------------------------------------------------------- */

Value *gpu_value_in_layout(Assign *a, Value *v, Attr *to);
Value *gpu_assign_known(Assign *a, const Value *v, Attr *to); /* made before; or NULL */
Value *gpu_assign_remember(Assign *a, const Value *v, Attr *to, Value *made);
Builder gpu_assign_after(Assign *a, const Value *v); /* right after the definition of `v` */
/* A rematerializable argument of a loop gets the layout `to`; false while what it starts from must be made before. */
bool gpu_assign_carried(Assign *a, Value *arg, Attr *to);

#endif
