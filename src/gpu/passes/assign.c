/* assign.c: every tensor gets a layout, with few conversions between them.
 *
 * Problem. Triton IR says nothing of where elements lie. Accesses want layouts that are wide and coalesced, dots want
 * those of the tensor cores, reductions like rows within a warp; where two wishes meet, a conversion through shared
 * memory is paid for.
 *
 * Idea. A value is rematerializable if it is computed from indices and scalars alone (ranges, splats, constants,
 * arithmetic on them): computing it again in another layout is cheaper than moving it, so it has no layout of its own
 * and is made on demand, once per layout. All other values have an assigned layout: that of the access, dot or
 * reduction they come from, passed on by the ops that keep elements in place; where several meet, that of the higher
 * rank (tensor cores, then blocks, then what came about by reshaping). A value is a broadcast one if it is a smaller
 * one broadcast, a vector of few elements loaded from rematerializable addresses, or elementwise arithmetic on nothing
 * but such and rematerializable ones (the addresses of a gather of rows): its assigned layout ranks below all others,
 * for it can be had in any layout by converting the smaller one, or by loading it in that layout.
 *
 * First pass (infer): assigned layouts, to a fixed point over loops; a carried value has the layout of what flows into
 * it. An assigned layout only gives way to one of higher rank, so that this ends. Second pass (place): each op in order
 * takes its layout and asks value_in_layout() for its operands in the layouts that follow from it.
 *
 * value_in_layout(v, L): v itself if L is its assigned layout; a copy of v's op on operands asked for in turn, if v is
 * rematerializable or broadcast or the op makes its operand larger (broadcasts, extensions: then the smaller operand is
 * converted), or is arithmetic on nothing but one load's result, or such a load itself, in a layout that serves it as
 * well; else a conversion placed right after v's definition,
 * which is at the least loop depth possible, and shared by all uses in that layout.
 *
 * A rematerializable value that a loop carries takes the layout of the first use in the loop; so does one into which
 * only broadcast and rematerializable ones flow (the addresses of gathered rows, moved on by a step).
 */
#include "gpu/passes/passes.h"

#include <assert.h>
#include <string.h>

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
  int num_warps, sm;
  Coalesce *coalesce;
  Map assigned;     /* Value to encoding; absent: rematerializable (or not a tensor) */
  Map broadcasts;   /* Values whose layout comes from smaller ones alone */
  Map versions;     /* Value to Version list */
  Map plans;        /* Dot to DotPlan */
  Map of_loads;     /* Ops that are done again in other layouts: is_of_a_load */
  Vec(Wish) wishes; /* what is being made, each after those above it */
  bool changed;
} Assign;

/* ---- assigned layouts -------------------------------------------------------------------------------------------- */

static Attr *assigned(Assign *a, const Value *v) { return map_get(&a->assigned, v); }

static int rank_of(const Attr *e) {
  if (gpu_is(e, "ttg.slice")) return rank_of(gpu_param(e, "parent"));
  if (gpu_is(e, "ttg.nvidia_mma")) return 4;
  if (gpu_is(e, "ttg.blocked")) return 3;
  return e ? 1 : 0;
}

static void assign_layout(Assign *a, const Value *v, Attr *e) {
  if (!e || !ir_is_tensor(v->type)) return;
  Attr *old = assigned(a, v);
  if (old == e || (old && rank_of(old) >= rank_of(e))) return;
  map_put(a->cx, &a->assigned, v, e);
  a->changed = true;
}

static bool is_broadcast(Assign *a, const Value *v) { return map_has(&a->broadcasts, v); }

/* An op's results are computed again by every inference: what it depends on may have changed. */
static void reassign_layout(Assign *a, const Value *v, Attr *e) {
  if (!e || !ir_is_tensor(v->type) || assigned(a, v) == e) return;
  map_put(a->cx, &a->assigned, v, e);
  a->changed = true;
}

static Attr *block_of(Assign *a, const Type *t) { return gpu_default_blocked(a->cx, t, a->num_warps); }

/* What comes by way of shared memory: threads take 16 bytes of a row each, as far as there are so many for all. */
static Attr *rows_encoding(Assign *a, const Type *t) {
  int order[LAYOUT_MAX_DIMS];
  int64_t per_thread[LAYOUT_MAX_DIMS];
  for (int d = 0; d < t->rank; d++) per_thread[d] = 1, order[d] = t->rank - 1 - d;
  int64_t n = min64(16 / ir_elem_bytes(t->elem), ir_numel(t) / (32 * a->num_warps));
  per_thread[order[0]] = max64(1, min64(n, t->shape[order[0]]));
  return gpu_blocked(a->cx, t->rank, t->shape, per_thread, order, a->num_warps);
}

static Attr *home_or_block(Assign *a, const Value *v) {
  Attr *e = assigned(a, v);
  return e ? e : block_of(a, v->type);
}

/* The layout in which a store takes what comes of this op by elementwise arithmetic alone; NULL: no such store. */
static Attr *stored_in(Assign *a, const Op *op) {
  enum { STEPS = 16 };
  for (int i = 0; i < STEPS && op->nresults == 1 && ir_one_use(&op->results[0]); i++) {
    const Op *user = op->results[0].uses->op;
    if (user->code == OP_STORE && ir_operand(user, 1) == &op->results[0])
      return gpu_coalesce_encoding(a->coalesce, user);
    if (!ir_has(user, T_ELEMENTWISE) || !ir_has(user, T_PURE)) return NULL;
    op = user;
  }
  return NULL;
}

/* Layouts of sixteen-row accumulators need not carry over to the result of an op that has another shape; those
 * assigned layouts that do not fit what the op does are replaced by a plain one. Of several operands' layouts of the
 * highest rank the first's is taken, or the one in which the result will be stored: else that is converted too. */
static Attr *best_operand(Assign *a, const Op *op) {
  enum { FIRM = 10 }; /* above every rank */
  Attr *best = NULL, *store = NULL;
  bool asked = false;
  for (int i = 0, highest = 0; i < op->noperands; i++) {
    const Value *v = ir_operand(op, i);
    Attr *e = ir_is_tensor(v->type) ? assigned(a, v) : NULL;
    int rank = rank_of(e) + (e && !is_broadcast(a, v) ? FIRM : 0);
    if (rank == highest && e && e != best && rank > FIRM) {
      if (!asked) store = stored_in(a, op), asked = true;
      if (e == store) best = e;
    }
    if (rank > highest) best = e, highest = rank;
  }
  return best;
}

/* A vector of no more elements than there are threads, loaded from rematerializable addresses: to load it in another
 * layout takes an instruction, to exchange it through shared memory several and a barrier. */
static bool is_small_load(Assign *a, const Op *op) {
  const Attr *is_volatile = ir_attr(op, "isVolatile");
  if (op->code != OP_LOAD || (is_volatile && is_volatile->integer)) return false;
  if (ir_numel(op->results[0].type) > 32 * a->num_warps) return false;
  for (int i = 0; i < op->noperands; i++)
    if (assigned(a, ir_operand(op, i))) return false;
  return true;
}

/* A load that nothing but the op that asks uses: as well loaded in the layout `to`, if threads lie in the same order
 * there and take 8 bytes or more at a time. */
static bool is_loaded_as_well(Assign *a, const Op *op, Attr *to) {
  enum { BYTES = 8 };
  const Attr *is_volatile = ir_attr(op, "isVolatile");
  if (op->code != OP_LOAD || (is_volatile && is_volatile->integer) || !ir_one_use(&op->results[0])) return false;
  Type *t = op->results[0].type;
  Attr *own = assigned(a, &op->results[0]);
  if (!own || !gpu_is(own, "ttg.blocked") || !gpu_is(to, "ttg.blocked")) return false;
  int order[LAYOUT_MAX_DIMS], wanted[LAYOUT_MAX_DIMS];
  gpu_order(own, t->rank, order);
  gpu_order(to, t->rank, wanted);
  if (memcmp(order, wanted, (size_t)t->rank * sizeof *order) != 0) return false;
  const Layout *l = gpu_layout(a->cx, gpu_with(a->cx, t, to));
  return layout_contiguous(l, AXIS_REGISTER, (Axis)(AXIS_DIM0 + order[0])) * ir_elem_bytes(t->elem) >= BYTES;
}

static void set_stretched(Assign *a, const Value *v, bool is) {
  if (is == is_broadcast(a, v)) return;
  if (is)
    map_put(a->cx, &a->broadcasts, v, a);
  else
    map_remove(&a->broadcasts, v);
}

/* Is the result broadcast, the operands being what they are by now? */
static void stretch(Assign *a, const Op *op) {
  const Value *r = &op->results[0];
  bool some = op->code == OP_LOAD && is_small_load(a, op);
  if (op->code == OP_BROADCAST || op->code == OP_EXPAND_DIMS) {
    const Value *v = ir_operand(op, 0);
    some = is_broadcast(a, v) || (assigned(a, v) && ir_numel(r->type) > ir_numel(v->type));
  }
  if (!some && ir_has(op, T_ELEMENTWISE) && ir_has(op, T_PURE)) {
    for (int i = 0; i < op->noperands; i++) {
      const Value *v = ir_operand(op, i);
      if (!ir_is_tensor(v->type) || !assigned(a, v)) continue;
      some = is_broadcast(a, v);
      if (!some) break;
    }
  }
  set_stretched(a, r, some);
}

static Type *assigned_type(Assign *a, const Value *v) { return gpu_with(a->cx, v->type, assigned(a, v)); }

static bool is_shape_op(Opcode c) { return c == OP_EXPAND_DIMS || c == OP_TRANS || c == OP_RESHAPE || c == OP_SPLIT; }

/* The half that op's result holds twice over: an operand enlarged by a register. */
static Attr *cat_encoding(Assign *a, const Op *op) {
  const Layout *l = gpu_layout(a->cx, assigned_type(a, ir_operand(op, 0)));
  return gpu_linear(a->cx, layout_product(a->cx, l, layout_identity(a->cx, AXIS_REGISTER, AXIS_DIM0, 1)));
}

/* Made once, before anything changes: it depends on where the operands come from and on what is known of their
 * addresses, and nothing is known of the ops that placing puts in between. */
static DotPlan plan_of(Assign *a, const Op *dot) {
  DotPlan *plan = map_get(&a->plans, dot);
  if (!plan) {
    plan = NEW(a->cx, DotPlan);
    *plan = gpu_dot_plan(a->coalesce, dot, a->sm);
    map_put(a->cx, &a->plans, dot, plan);
  }
  return *plan;
}

static void infer_block(Assign *a, const Block *b);

static void infer_regions(Assign *a, const Op *op) {
  for (int r = 0; r < op->nregions; r++)
    if (op->regions[r]->first) infer_block(a, op->regions[r]->first);
}

/* A carried value has the layout of what flows into it. Where that is broadcast the value is rematerializable instead:
 * the loop carries it in the layout of its uses there, and only what it starts from, or what a step adds, is
 * converted, at its smaller size. */
static void flow_into(Assign *a, const Value *arg, const Value *from) {
  if (!is_broadcast(a, from)) assign_layout(a, arg, assigned(a, from));
}

static void infer_for(Assign *a, const Op *op) {
  for (int i = 0; i < op->nresults; i++) flow_into(a, ir_loop_arg(op, i), ir_loop_init(op, i));
  infer_regions(a, op);
  for (int i = 0; i < op->nresults; i++) {
    flow_into(a, ir_loop_arg(op, i), ir_loop_yield(op, i));
    reassign_layout(a, &op->results[i], assigned(a, ir_loop_arg(op, i)));
  }
}

static const char *shape_key(Assign *a, const Type *t) {
  Buf b = {.cx = a->cx};
  for (int d = 0; d < t->rank; d++) buf_printf(&b, "%lld ", (long long)t->shape[d]);
  return intern(a->cx, buf_text(&b));
}

/* What nothing gives a layout, though it is carried or chosen, is likely to meet the values beside it (the count beside a
 * running mean): it takes the layout of one of its shape among them, or else the plain one. */
static void assign_beside(Assign *a, Value *const *v, int n) {
  Map of_shape = {0}; /* the first layout of each shape */
  bool missing = false;
  for (int i = 0; i < n; i++) {
    Attr *e = ir_is_tensor(v[i]->type) ? assigned(a, v[i]) : NULL;
    missing |= ir_is_tensor(v[i]->type) && !e;
    if (e && !map_has(&of_shape, shape_key(a, v[i]->type))) map_put(a->cx, &of_shape, shape_key(a, v[i]->type), e);
  }
  for (int i = 0; missing && i < n; i++) {
    if (!ir_is_tensor(v[i]->type) || assigned(a, v[i])) continue;
    const char *key = shape_key(a, v[i]->type);
    if (!map_has(&of_shape, key)) map_put(a->cx, &of_shape, key, block_of(a, v[i]->type));
    assign_layout(a, v[i], map_get(&of_shape, key));
  }
}

static void infer_while(Assign *a, const Op *op) {
  Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  const Op *condition = ir_terminator(before), *yield = ir_terminator(after);
  for (int i = 0; i < before->nargs; i++) {
    assign_layout(a, before->args[i], assigned(a, ir_operand(op, i)));
    assign_layout(a, before->args[i], assigned(a, ir_operand(yield, i)));
  }
  assign_beside(a, before->args, before->nargs);
  infer_block(a, before);
  for (int i = 0; i < after->nargs; i++) {
    Value *v = ir_operand(condition, 1 + i);
    if (!ir_is_tensor(v->type)) continue;
    assign_layout(a, after->args[i], home_or_block(a, v));
    reassign_layout(a, &op->results[i], assigned(a, after->args[i]));
  }
  infer_block(a, after);
}

static void infer_if(Assign *a, const Op *op) {
  infer_regions(a, op);
  Value **results = NEWN(a->cx, Value *, op->nresults + 1);
  for (int i = 0; i < op->nresults; i++) {
    results[i] = ir_result(op, i);
    for (int r = 0; r < 2; r++)
      assign_layout(a, results[i], assigned(a, ir_operand(ir_terminator(ir_entry(op, r)), i)));
  }
  assign_beside(a, results, op->nresults);
}

/* The results' layouts where those follow from the layout `e` of the operands. */
static void renew_results(Assign *a, const Op *op, Attr *e) {
  for (int i = 0; e && i < op->nresults; i++)
    reassign_layout(a, &op->results[i], op->code == OP_SCAN ? e : gpu_result_encoding(a->cx, op, e));
}

static Attr *operand_or_block(Assign *a, const Op *op) {
  Attr *e = best_operand(a, op);
  return e ? e : block_of(a, ir_operand(op, 0)->type);
}

/* A layout made of single bits fits one shape only. Where a vector of a layout of its own gets a dimension, the result
 * is a plain block of the shape that it will be broadcast to. */
static const Type *stretched_to(const Value *v) {
  for (const Use *u = v->uses; u; u = u->next) {
    if (u->op->code == OP_BROADCAST) return u->op->results[0].type;
    if (u->op->code == OP_EXPAND_DIMS) continue;
  }
  return v->type;
}

static int registers_in(Assign *a, Type *t, Attr *e) { return gpu_registers(gpu_layout(a->cx, gpu_with(a->cx, t, e))); }

/* A broadcast value that would lie in several threads at once (the layout of one element has room for no more) lies as
 * others of its shape do. */
static void infer_enlarged(Assign *a, const Op *op) {
  Attr *e = assigned(a, ir_operand(op, 0));
  if (!e) return;
  const Value *r = &op->results[0];
  e = op->code == OP_EXPAND_DIMS ? gpu_result_encoding(a->cx, op, e) : e;
  if (rank_of(e) <= 1) e = block_of(a, stretched_to(r));
  if (op->code == OP_BROADCAST && gpu_is(e, "ttg.blocked") &&
      registers_in(a, r->type, e) > registers_in(a, r->type, block_of(a, r->type)))
    e = block_of(a, r->type);
  reassign_layout(a, r, e);
  stretch(a, op);
}

/* For a split both halves must be in one thread. */
static Attr *split_source(Assign *a, const Op *op) {
  Value *src = ir_operand(op, 0);
  Attr *e = assigned(a, src);
  if (e && gpu_result_encoding(a->cx, op, e)) return e;
  Type *half = op->results[0].type;
  return gpu_operand_encoding(a->cx, op, block_of(a, half), a->num_warps);
}

/* Does `e` leave each thread more elements than the coalesced layout does? Then several threads hold the same ones (a
 * row's sum lies in all threads that added up), and of an access in that layout each instruction moves few elements. */
static bool is_repeated(Assign *a, const Op *access, Attr *e, int allowed) {
  Type *t = ir_operand(access, 0)->type;
  return registers_in(a, t, e) > allowed * registers_in(a, t, gpu_coalesce_encoding(a->coalesce, access));
}

static void infer_op(Assign *a, const Op *op) {
  Value *r = op->nresults ? &op->results[0] : NULL;
  switch (op->code) {
  case OP_FOR: infer_for(a, op); return;
  case OP_WHILE: infer_while(a, op); return;
  case OP_IF: infer_if(a, op); return;
  case OP_LOAD:
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: {
    Attr *e = op->code == OP_LOAD || gpu_coalesce_atomic_width(a->coalesce, op, a->sm) > 1 ? NULL : best_operand(a, op);
    if (e && is_repeated(a, op, e, 1)) e = NULL;
    if (ir_is_tensor(r->type)) reassign_layout(a, r, e ? e : gpu_coalesce_encoding(a->coalesce, op));
    if (op->code == OP_LOAD && ir_is_tensor(r->type)) stretch(a, op);
    return;
  }
  case OP_DESC_LOAD: reassign_layout(a, r, rows_encoding(a, r->type)); return;
  case OP_DOT: reassign_layout(a, r, plan_of(a, op).encoding); return;
  case OP_REDUCE:
  case OP_SCAN: renew_results(a, op, operand_or_block(a, op)); return;
  case OP_HISTOGRAM: reassign_layout(a, r, block_of(a, r->type)); return;
  case OP_GATHER: reassign_layout(a, r, home_or_block(a, ir_operand(op, 1))); return;
  case OP_CAT:
    assign_layout(a, ir_operand(op, 0), home_or_block(a, ir_operand(op, 0)));
    reassign_layout(a, r, cat_encoding(a, op));
    return;
  case OP_JOIN: renew_results(a, op, best_operand(a, op)); return;
  case OP_EXPAND_DIMS:
  case OP_BROADCAST: infer_enlarged(a, op); return;
  case OP_SPLIT:
    if (assigned(a, ir_operand(op, 0))) renew_results(a, op, split_source(a, op));
    return;
  case OP_INLINE_ASM:
  case OP_MAP_ELEMENTWISE:
  case OP_EXTERN_ELEMENTWISE: {
    Attr *e = best_operand(a, op);
    for (int i = 0; i < op->nresults; i++)
      if (ir_is_tensor(op->results[i].type))
        reassign_layout(a, &op->results[i], e ? e : block_of(a, op->results[i].type));
    return;
  }
  default: break;
  }
  if (op->nresults != 1 || !ir_is_tensor(r->type)) return;
  Attr *e = best_operand(a, op);
  if (e) reassign_layout(a, r, is_shape_op(op->code) ? gpu_result_encoding(a->cx, op, e) : e);
  stretch(a, op);
}

static void infer_block(Assign *a, const Block *b) {
  for (const Op *op = b->first; op; op = op->next) infer_op(a, op);
}

/* ---- values in other layouts ------------------------------------------------------------------------------------- */

static Value *known_version(Assign *a, const Value *v, Attr *to) {
  for (Version *x = map_get(&a->versions, v); x; x = x->next)
    if (x->encoding == to) return x->value;
  return NULL;
}

static Value *remember(Assign *a, const Value *v, Attr *to, Value *made) {
  Version *x = NEW(a->cx, Version);
  *x = (Version){to, made, map_get(&a->versions, v)};
  map_put(a->cx, &a->versions, v, x);
  return made;
}

/* Right after the definition of `v`. */
static Builder builder_after(Assign *a, const Value *v) {
  Builder b = {a->cx, ir_defining_block(v), NULL, v->op ? v->op->loc : v->loc};
  b.before = v->op ? v->op->next : v->block->first;
  if (!b.loc) b.loc = ir_loc_unknown(a->cx);
  return b;
}

/* Makes its operand larger, or several things of it: better to convert that. */
static bool enlarges(Assign *a, const Op *op) {
  if (ir_attr(op, GPU_PIECE)) return true;
  if (op->nresults != 1 || op->noperands != 1) return false;
  switch (op->code) {
  case OP_BROADCAST:
  case OP_EXPAND_DIMS: return true;
  case OP_EXTF:
  case OP_EXTSI:
  case OP_EXTUI:
  case OP_SITOFP:
  case OP_UITOFP:
  case OP_FP_TO_FP: {
    Type *from = ir_elem(ir_operand(op, 0)->type), *to = ir_elem(op->results[0].type);
    return from->bits < to->bits && from->bits > 1 && assigned(a, ir_operand(op, 0)) != NULL;
  }
  default: return false;
  }
}

/* Of elementwise arithmetic, the one operand that is not rematerializable, if it is used for nothing else, and no
 * wider than the result; NULL: there is no such one. */
static const Value *only_operand(Assign *a, const Op *op) {
  const Value *only = NULL;
  if (op->nresults != 1 || !ir_has(op, T_ELEMENTWISE) || !ir_has(op, T_PURE) || !ir_one_use(&op->results[0]))
    return NULL;
  for (int i = 0; i < op->noperands; i++) {
    const Value *v = ir_operand(op, i);
    if (!ir_is_tensor(v->type) || !assigned(a, v)) continue;
    if (only) return NULL;
    only = v;
  }
  return only && ir_one_use(only) && ir_elem(only->type)->bits <= ir_elem(op->results[0].type)->bits ? only : NULL;
}

/* Arithmetic on nothing but one loaded tensor and rematerializable ones: as well done after the conversion of what was
 * loaded, which is as narrow as can be, and which a loop that copies ahead needs no conversion for (pipeline.c). */
static bool is_of_a_load(Assign *a, const Op *op) {
  enum { STEPS = 8 };
  if (map_has(&a->of_loads, op)) return true; /* decided, although new ops use its operands by now */
  const Op *at = op;
  for (int i = 0; i < STEPS; i++) {
    const Value *v = only_operand(a, at);
    if (!v || !v->op) return false;
    at = v->op;
    if (at->code == OP_LOAD) break;
  }
  if (at->code != OP_LOAD) return false;
  for (; op != at; op = only_operand(a, op)->op) map_put(a->cx, &a->of_loads, op, a);
  return true;
}

/* `v` in the layout `to`, which is not NULL, if that is there already; else NULL. */
static Value *at_hand(Assign *a, Value *v, Attr *to) {
  while (ir_is_tensor(v->type) && v->op && v->op->code == OP_CONVERT_LAYOUT) v = ir_operand(v->op, 0);
  if (!ir_is_tensor(v->type)) return v;
  if (assigned(a, v) == to || v->type->encoding == to) return v;
  return known_version(a, v, to);
}

/* The same, and when it is not there it is put on the list of what is to be made first. */
static Value *ask(Assign *a, Value *v, Attr *to) {
  Value *x = at_hand(a, v, to);
  if (!x) vec_push(a->cx, &a->wishes, ((Wish){v, to}));
  return x;
}

/* The op again, on operands in the layouts that give its result the layout `to`; NULL while one of them is not at hand.
 * Dense constants are changed with their type. */
static Value *made_again(Assign *a, Value *v, Attr *to, Attr *operand_encoding) {
  Op *op = v->op;
  Value **operands = NEWN(a->cx, Value *, op->noperands + 1);
  bool all = true;
  for (int i = 0; i < op->noperands; i++) all &= (operands[i] = ask(a, ir_operand(op, i), operand_encoding)) != NULL;
  if (!all) return NULL;
  Builder b = builder_after(a, v);
  Map map = {0};
  Op *copy = ir_clone(&b, op, &map);
  for (int i = 0; i < op->noperands; i++) ir_set_operand(copy, i, operands[i]);
  for (int i = 0; i < copy->nresults; i++) copy->results[i].type = gpu_with(a->cx, op->results[i].type, to);
  if (op->code == OP_CONSTANT) {
    Attr *value = ir_attr(op, "value");
    Type *t = copy->results[0].type;
    ir_set_attr(a->cx, copy, "value",
                value->kind == ATTR_DENSE ? ir_attr_dense(a->cx, t, value->items)
                                          : ir_attr_splat(a->cx, t, value->items[0]));
  }
  return &copy->results[v->index];
}

static Value *converted(Assign *a, Value *v, Attr *to) {
  Builder b = builder_after(a, v);
  return ir_make(&b, OP_CONVERT_LAYOUT, gpu_with(a->cx, v->type, to), v, NULL);
}

/* A rematerializable argument of a loop gets a layout when a use asks for one; it waits for what it starts from. */
static bool assign_carried(Assign *a, Value *arg, Attr *to) {
  Op *loop = arg->block->region->op;
  if (!loop || loop->code != OP_FOR) ctx_fail(a->cx, ERR_INTERNAL, "an argument without a layout");
  int i = arg->index - 1;
  Value *init = ask(a, ir_loop_init(loop, i), to);
  if (!init) return false;
  map_put(a->cx, &a->assigned, arg, to);
  map_put(a->cx, &a->assigned, &loop->results[i], to);
  arg->type = gpu_with(a->cx, arg->type, to);
  loop->results[i].type = arg->type;
  ir_loop_set_init(loop, i, init);
  return true;
}

/* One step toward `v` in the layout `to`: false while something else, now on the list, must be made before. */
static bool make_version(Assign *a, Value *v, Attr *to) {
  if (at_hand(a, v, to)) return true;
  while (v->op && v->op->code == OP_CONVERT_LAYOUT) v = ir_operand(v->op, 0);
  Attr *e = assigned(a, v);
  if (!e && !v->op) return assign_carried(a, v, to);
  if (!e && v->op->code == OP_FOR) return assign_carried(a, ir_loop_arg(v->op, v->index), to);
  Op *op = v->op;
  /* What a load's addresses come from may have got a layout of its own by now. */
  bool again = op && (!e || is_broadcast(a, v) || enlarges(a, op) || is_of_a_load(a, op)) &&
               (op->code != OP_LOAD || is_small_load(a, op));
  again |= op && is_loaded_as_well(a, op, to);
  if (again) {
    Attr *operand_encoding = op->noperands ? gpu_operand_encoding(a->cx, op, to, a->num_warps) : NULL;
    if (op->code != OP_JOIN || operand_encoding) {
      Value *made = made_again(a, v, to, operand_encoding);
      if (made) remember(a, v, to, made);
      return made != NULL;
    }
  }
  if (!e) { /* a join of constants, which cannot come in this layout: made in one of its own, and converted */
    v = ask(a, v, gpu_result_encoding(a->cx, op, block_of(a, ir_operand(op, 0)->type)));
    if (!v) return false;
    remember(a, &op->results[0], to, converted(a, v, to));
    return true;
  }
  remember(a, v, to, converted(a, v, to));
  return true;
}

/* Chains of rematerializable values are as long as the program: a list of what is to be made, and no recursion. */
static Value *value_in_layout(Assign *a, Value *v, Attr *to) {
  Value *x = ask(a, v, to);
  if (x) return x;
  while (a->wishes.len) {
    Wish w = a->wishes.at[a->wishes.len - 1];
    uint32_t before = a->wishes.len;
    if (make_version(a, w.v, w.to)) a->wishes.len = before - 1;
  }
  return at_hand(a, v, to);
}

/* ---- placing ----------------------------------------------------------------------------------------------------- */

static void place_block(Assign *a, Block *b);

static void operand_in_layout(Assign *a, Op *op, int i, Attr *to) {
  Value *v = ir_operand(op, i);
  if (ir_is_tensor(v->type)) ir_set_operand(op, i, value_in_layout(a, v, to));
}

static void operands_in_layout(Assign *a, Op *op, Attr *to) {
  for (int i = 0; i < op->noperands; i++) operand_in_layout(a, op, i, to);
}

static void set_results(Assign *a, Op *op) {
  for (int i = 0; i < op->nresults; i++) {
    Value *r = &op->results[i];
    Attr *e = ir_is_tensor(r->type) ? assigned(a, r) : NULL;
    if (e) r->type = gpu_with(a->cx, r->type, e);
  }
}

/* An op whose results lie as its operands do. A loop's result that was rematerializable got its assigned layout when
 * the loop was placed, which is later than assigned layouts were inferred: so the results' follow from what the
 * operands are by now. Who uses them asks for the layout that it inferred, and gets them converted. */
static void place_from(Assign *a, Op *op, Attr *e) {
  operands_in_layout(a, op, e);
  if (op->code == OP_CAT)
    reassign_layout(a, &op->results[0], cat_encoding(a, op));
  else
    renew_results(a, op, e);
  set_results(a, op);
}

static void place_for(Assign *a, Op *op) {
  Block *body = ir_entry(op, 0);
  for (int i = 0; i < op->nresults; i++) {
    Attr *e = assigned(a, ir_loop_arg(op, i));
    if (!e) continue;
    ir_loop_arg(op, i)->type = gpu_with(a->cx, ir_loop_arg(op, i)->type, e);
    operand_in_layout(a, op, IR_LOOP_INITS + i, e);
  }
  place_block(a, body);
  Op *yield = ir_terminator(body);
  for (int i = 0; i < op->nresults; i++) {
    Value *arg = ir_loop_arg(op, i);
    if (!ir_is_tensor(arg->type)) continue;
    if (!assigned(a, arg)) {
      Attr *e = block_of(a, arg->type);
      operand_in_layout(a, op, IR_LOOP_INITS + i, e);
      assign_carried(a, arg, e);
    }
    operand_in_layout(a, yield, i, assigned(a, arg));
  }
  set_results(a, op);
}

static void place_while(Assign *a, Op *op) {
  Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  for (int i = 0; i < before->nargs; i++) {
    Attr *e = assigned(a, before->args[i]);
    if (!e) continue;
    before->args[i]->type = gpu_with(a->cx, before->args[i]->type, e);
    operand_in_layout(a, op, i, e);
  }
  for (int i = 0; i < after->nargs; i++)
    if (assigned(a, after->args[i]))
      after->args[i]->type = gpu_with(a->cx, after->args[i]->type, assigned(a, after->args[i]));
  place_block(a, before);
  Op *condition = ir_terminator(before);
  for (int i = 0; i < after->nargs; i++) operand_in_layout(a, condition, 1 + i, assigned(a, after->args[i]));
  place_block(a, after);
  Op *yield = ir_terminator(after);
  for (int i = 0; i < before->nargs; i++) operand_in_layout(a, yield, i, assigned(a, before->args[i]));
  set_results(a, op);
}

static void place_if(Assign *a, Op *op) {
  for (int r = 0; r < op->nregions; r++) {
    if (!op->regions[r]->first) continue;
    place_block(a, op->regions[r]->first);
    Op *yield = ir_terminator(op->regions[r]->first);
    for (int i = 0; i < op->nresults; i++) operand_in_layout(a, yield, i, assigned(a, &op->results[i]));
  }
  set_results(a, op);
}

/* Where a store takes place: in the coalesced layout, but a vector of few elements where it lies, unless that takes
 * many more instructions. */
static void place_store(Assign *a, Op *op) {
  Value *ptr = ir_operand(op, 0);
  if (!ir_is_tensor(ptr->type)) return;
  Attr *value = assigned(a, ir_operand(op, 1)), *e = gpu_coalesce_encoding(a->coalesce, op);
  enum { INSTRUCTIONS = 8 }; /* what a conversion costs */
  if (value && ptr->type->rank == 1 && ir_numel(ptr->type) <= 32 * a->num_warps &&
      !is_repeated(a, op, value, INSTRUCTIONS))
    e = value;
  operands_in_layout(a, op, e);
}

static int64_t swizzle_bytes(int64_t row_bytes) { return row_bytes >= 128 ? 128 : row_bytes >= 64 ? 64 : 32; }

/* The operand of a wgmma in shared memory. What is fastest in the source's layout stays so if the instruction can read
 * that: 16-bit types either way, others along K only. */
static Value *in_shared(Assign *a, Builder *b, Value *v, int index) {
  int order[LAYOUT_MAX_DIMS], k_dim = index == 0 ? 1 : 0;
  const int64_t *trans = NULL;
  if (v->op && v->op->code == OP_TRANS && assigned(a, v)) {
    trans = ir_attr(v->op, "order")->ints;
    v = ir_operand(v->op, 0);
    k_dim = 1 - k_dim;
  }
  Attr *e = home_or_block(a, v);
  Value *src = value_in_layout(a, v, e);
  gpu_order(e, 2, order);
  int bits = ir_elem(v->type)->bits, fast = bits == 16 ? order[0] : k_dim;
  int64_t swizzle = swizzle_bytes(v->type->shape[fast] * bits / 8);
  Attr *shared = gpu_nvmma_shared(a->cx, (int)swizzle, fast == 0, bits);
  Type *t = ir_memdesc(a->cx, v->type->elem, 2, v->type->shape, shared, gpu_smem(a->cx), false);
  Value *buffer = known_version(a, src, shared);
  if (!buffer) {
    Builder after = builder_after(a, src);
    buffer = remember(a, src, shared, ir_make(&after, OP_LOCAL_ALLOC, t, src, NULL));
  }
  if (!trans) return buffer;
  int64_t shape[2] = {t->shape[1], t->shape[0]};
  Attr *turned = gpu_nvmma_shared(a->cx, (int)swizzle, fast == 1, bits);
  Type *to = ir_memdesc(a->cx, t->elem, 2, shape, turned, gpu_smem(a->cx), false);
  Value *view = ir_make(b, OP_MEMDESC_TRANS, to, buffer, NULL);
  ir_set_attr(a->cx, view->op, "order", ir_attr_ints(a->cx, ir_int(a->cx, 32), trans, 2));
  return view;
}

static void place_wgmma(Assign *a, Op *op, DotPlan plan) {
  Builder b = ir_before(a->cx, op);
  Value *x = ir_operand(op, 0), *operands[3];
  bool in_registers = assigned(a, x) && rank_of(assigned(a, x)) == 4 && ir_elem(x->type)->bits >= 16;
  operands[0] =
      in_registers ? value_in_layout(a, x, gpu_dot_op(a->cx, 0, plan.encoding, plan.k_width)) : in_shared(a, &b, x, 0);
  operands[1] = in_shared(a, &b, ir_operand(op, 1), 1);
  operands[2] = value_in_layout(a, ir_operand(op, 2), plan.encoding);
  Op *fence = ir_effect(&b, OP_FENCE_ASYNC_SHARED, NULL);
  ir_set_attr(a->cx, fence, "bCluster", ir_attr_bool(a->cx, false));
  Type *t = gpu_with(a->cx, op->results[0].type, plan.encoding);
  Op *dot = ir_op(&b, OP_WARP_GROUP_DOT, &t, 1, operands, 3);
  Type *i32 = ir_int(a->cx, 32);
  ir_set_attr(a->cx, dot, "inputPrecision",
              ir_attr_int(a->cx, i32, 0)); /* tf32: the only one a tensor core has for f32 */
  Attr *imprecise = ir_attr(op, "maxNumImpreciseAcc");
  if (imprecise && imprecise->integer) ir_set_attr(a->cx, dot, "maxNumImpreciseAcc", imprecise);
  map_put(a->cx, &a->assigned, &dot->results[0], plan.encoding);
  ir_replace_all(&op->results[0], &dot->results[0]);
  ir_erase(op);
}

/* sm_90 multiplies 8-bit floats by wgmma only; mma.sync of them would be taken apart by the assembler, every operand as
 * often as it is used. Halves hold all their values. */
static bool lacks_fp8(int sm) { return sm == 90; }

static void as_half(Assign *a, Op *dot, int index) {
  Value *v = ir_operand(dot, index);
  if (ir_elem(v->type)->kind != TYPE_FLOAT) return;
  Builder b = ir_before(a->cx, dot);
  Type *half = ir_tensor_like(a->cx, v->type, ir_float(a->cx, F16));
  ir_set_operand(dot, index, ir_make(&b, OP_FP_TO_FP, half, v, NULL));
}

static void place_dot(Assign *a, Op *op) {
  DotPlan plan = plan_of(a, op);
  if (plan.kind == DOT_WGMMA) {
    place_wgmma(a, op, plan);
    return;
  }
  for (int i = 0; i < 2; i++) {
    operand_in_layout(a, op, i, gpu_dot_op(a->cx, i, plan.encoding, plan.k_width));
    if (plan.kind == DOT_MMA && lacks_fp8(a->sm) && ir_elem(ir_operand(op, i)->type)->bits == 8) as_half(a, op, i);
  }
  operand_in_layout(a, op, 2, plan.encoding);
  set_results(a, op);
}

static void refuse(Assign *a, const Op *op) {
  ir_fail(a->cx, op, NULL, "'%s' cannot be compiled for this target", ir_info(op)->name);
}

static void place_op(Assign *a, Op *op) {
  switch (op->code) {
  case OP_FOR: place_for(a, op); return;
  case OP_WHILE: place_while(a, op); return;
  case OP_IF: place_if(a, op); return;
  case OP_YIELD:
  case OP_CONDITION: return; /* with the op they belong to */
  case OP_STORE: place_store(a, op); return;
  case OP_DOT: place_dot(a, op); return;
  case OP_REDUCE:
  case OP_SCAN: place_from(a, op, operand_or_block(a, op)); return;
  case OP_HISTOGRAM: operands_in_layout(a, op, home_or_block(a, ir_operand(op, 0))); break;
  case OP_GATHER:
    operand_in_layout(a, op, 0, home_or_block(a, ir_operand(op, 0)));
    operand_in_layout(a, op, 1, assigned(a, &op->results[0]));
    break;
  case OP_CAT: place_from(a, op, assigned(a, ir_operand(op, 0))); return;
  case OP_UNSPLAT: operand_in_layout(a, op, 0, home_or_block(a, ir_operand(op, 0))); return;
  case OP_PRINT:
  case OP_ASSERT:
    for (int i = 0; i < op->noperands; i++)
      if (ir_is_tensor(ir_operand(op, i)->type)) operand_in_layout(a, op, i, home_or_block(a, ir_operand(op, i)));
    return;
  case OP_DESC_LOAD: break;
  case OP_DESC_STORE:
  case OP_DESC_REDUCE: operand_in_layout(a, op, 1, home_or_block(a, ir_operand(op, 1))); return;
  case OP_MAKE_TENSOR_PTR:
  case OP_ADVANCE:
  case OP_MAKE_TENSOR_DESC:
  case OP_DOT_SCALED:
  case OP_CHECK_ACCESS:
  case OP_CHECK_ACQUIRE:
  case OP_CALL: refuse(a, op); return;
  default: {
    bool any = false;
    for (int i = 0; i < op->nresults; i++) any |= assigned(a, &op->results[i]) != NULL;
    if (!any) return; /* rematerializable, or of scalars */
    if (op->code == OP_EXPAND_DIMS || op->code == OP_BROADCAST)
      operand_in_layout(a, op, 0, gpu_operand_encoding(a->cx, op, assigned(a, &op->results[0]), a->num_warps));
    else if (op->code == OP_SPLIT || is_shape_op(op->code) || op->code == OP_JOIN)
      place_from(a, op, op->code == OP_SPLIT ? split_source(a, op) : best_operand(a, op));
    else
      operands_in_layout(a, op, assigned(a, &op->results[0]));
  }
  }
  set_results(a, op);
}

static void place_block(Assign *a, Block *b) {
  for (Op *op = b->first, *next; op; op = next) {
    next = op->next;
    place_op(a, op);
  }
}

static void forget_piece(Op *op, void *cx) { ir_set_attr(cx, op, GPU_PIECE, NULL); }

bool gpu_assign(Ctx *cx, Module *m) {
  Assign a = {.cx = cx, .num_warps = gpu_num_warps(m), .sm = gpu_sm(m)};
  a.coalesce = gpu_coalesce_analyze(cx, m);
  for (Op *op = m->body->first->first; op; op = op->next) {
    if (op->code != OP_FUNC || !op->regions[0]->first) continue;
    int rounds = 0;
    do {
      a.changed = false;
      infer_block(&a, ir_entry(op, 0));
    } while (a.changed && ++rounds < 32);
    place_block(&a, ir_entry(op, 0));
  }
  ir_walk(m->op, forget_piece, cx);
  opt_dce(cx, m);
  opt_cse(cx, m);
  return true;
}
