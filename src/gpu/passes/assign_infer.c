/* assign_infer.c: the first pass of assign.c: which layout each value has of its own, to a fixed point over loops. */
#include "gpu/passes/assign_shared.h"

#include "opt/internal.h"

#include <string.h>

int gpu_assign_rank(const Attr *e) {
  if (gpu_is(e, "ttg.slice")) return gpu_assign_rank(gpu_param(e, "parent"));
  if (gpu_is(e, "ttg.nvidia_mma")) return GPU_ASSIGN_MMA;
  if (gpu_is(e, "ttg.blocked")) return GPU_ASSIGN_BLOCKED;
  return e ? GPU_ASSIGN_OTHER : GPU_ASSIGN_NONE;
}

static void assign_layout(Assign *a, const Value *v, Attr *e) {
  if (!e || !ir_is_tensor(v->type)) return;
  Attr *old = assigned(a, v);
  if (old == e || (old && gpu_assign_rank(old) >= gpu_assign_rank(e))) return;
  map_put(a->cx, &a->assigned, v, e);
  a->changed = true;
}

/* An op's results are computed again by every inference: what it depends on may have changed. */
void gpu_assign_result(Assign *a, const Value *v, Attr *e) {
  if (!e || !ir_is_tensor(v->type) || assigned(a, v) == e) return;
  map_put(a->cx, &a->assigned, v, e);
  a->changed = true;
}

/* What comes by way of shared memory: threads take 16 bytes of a row each, as far as there are so many for all. */
static Attr *rows_encoding(Assign *a, const Type *t) {
  int order[LAYOUT_MAX_DIMS];
  int64_t per_thread[LAYOUT_MAX_DIMS];
  for (int d = 0; d < t->rank; d++) per_thread[d] = 1, order[d] = t->rank - 1 - d;
  int64_t n = min64(16 / ir_elem_bytes(t->elem), ir_numel(t) / (32 * a->num_warps));
  per_thread[order[0]] = max64(1, min64(n, t->shape[order[0]]));
  return gpu_blocked(a->cx, t->rank, t->shape, per_thread, order, a->num_warps);
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
Attr *gpu_assign_best_operand(Assign *a, const Op *op) {
  enum { FIRM = 10 }; /* above every rank */
  Attr *best = NULL, *store = NULL;
  bool asked = false;
  for (int i = 0, highest = 0; i < op->noperands; i++) {
    const Value *v = ir_operand(op, i);
    Attr *e = ir_is_tensor(v->type) ? assigned(a, v) : NULL;
    int rank = gpu_assign_rank(e) + (e && !is_broadcast(a, v) ? FIRM : 0);
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
bool gpu_assign_is_small_load(Assign *a, const Op *op) {
  if (op->code != OP_LOAD || opt_is_volatile(op)) return false;
  if (ir_numel(op->results[0].type) > 32 * a->num_warps) return false;
  for (int i = 0; i < op->noperands; i++)
    if (assigned(a, ir_operand(op, i))) return false;
  return true;
}

/* A load that nothing but the op that asks uses: as well loaded in the layout `to`, if threads lie in the same order
 * there and take 8 bytes or more at a time. */
bool gpu_assign_is_loaded_as_well(Assign *a, const Op *op, Attr *to) {
  enum { BYTES = 8 };
  if (op->code != OP_LOAD || opt_is_volatile(op) || !ir_one_use(&op->results[0])) return false;
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

static void set_broadcast(Assign *a, const Value *v, bool is) {
  if (is == is_broadcast(a, v)) return;
  if (is)
    map_put(a->cx, &a->broadcasts, v, a);
  else
    map_remove(&a->broadcasts, v);
}

/* Instructions that the op takes for an element. */
static intptr_t weight(const Op *op) {
  enum { PLAIN = 1, TABLE = 4, DIVISION = 8 };
  switch (op->code) {
  case OP_DIVF:
  case OP_PRECISE_DIVF: return DIVISION;
  default: return strncmp(ir_info(op)->name, "math.", 5) == 0 && op->code != OP_FMA ? TABLE : PLAIN;
  }
}

/* The longest chain of instructions from a load to the result. */
static intptr_t chain_length(Assign *a, const Op *op) {
  intptr_t longest = 0;
  for (int i = 0; i < op->noperands; i++) {
    intptr_t n = (intptr_t)map_get(&a->depths, ir_operand(op, i));
    if (n > longest) longest = n;
  }
  return longest + weight(op);
}

/* Is the result broadcast, the operands being what they are by now? */
static void note_broadcast(Assign *a, const Op *op) {
  const Value *r = &op->results[0];
  bool some = op->code == OP_LOAD && gpu_assign_is_small_load(a, op);
  if (some && r->type->rank == 1) {
    int64_t same = index_of(a->coalesce->index, ir_operand(op, 0))->axis[0].constancy;
    map_put(a->cx, &a->constancies, op, (void *)(uintptr_t)same);
  }
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
  set_broadcast(a, r, some);
  if (some && ir_has(op, T_ELEMENTWISE)) map_put(a->cx, &a->depths, r, (void *)chain_length(a, op));
}

static Type *assigned_type(Assign *a, const Value *v) { return gpu_with(a->cx, v->type, assigned(a, v)); }

/* The half that op's result holds twice over: an operand enlarged by a register. */
Attr *gpu_assign_cat_layout(Assign *a, const Op *op) {
  const Layout *l = gpu_layout(a->cx, assigned_type(a, ir_operand(op, 0)));
  return gpu_linear(a->cx, layout_product(a->cx, l, layout_identity(a->cx, AXIS_REGISTER, AXIS_DIM0, 1)));
}

/* Made once, before anything changes: it depends on where the operands come from and on what is known of their
 * addresses, and nothing is known of the ops that placing puts in between. */
DotEncoding gpu_assign_dot_plan(Assign *a, const Op *dot) {
  DotEncoding *plan = map_get(&a->plans, dot);
  if (!plan) {
    plan = NEW(a->cx, DotEncoding);
    *plan = gpu_dot_plan(a->coalesce, dot, a->sm);
    map_put(a->cx, &a->plans, dot, plan);
  }
  return *plan;
}

static void infer_regions(Assign *a, const Op *op) {
  for (int r = 0; r < op->nregions; r++)
    if (op->regions[r]->first) gpu_assign_infer(a, op->regions[r]->first);
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
    gpu_assign_result(a, &op->results[i], assigned(a, ir_loop_arg(op, i)));
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
  const Op *yield = ir_terminator(after);
  for (int i = 0; i < before->nargs; i++) {
    assign_layout(a, before->args[i], assigned(a, ir_operand(op, i)));
    assign_layout(a, before->args[i], assigned(a, ir_operand(yield, i)));
  }
  assign_beside(a, before->args, before->nargs);
  gpu_assign_infer(a, before);
  for (int i = 0; i < after->nargs; i++) {
    Value *v = ir_while_passed(op, i);
    if (!ir_is_tensor(v->type)) continue;
    assign_layout(a, after->args[i], assigned_or_block(a, v));
    gpu_assign_result(a, &op->results[i], assigned(a, after->args[i]));
  }
  gpu_assign_infer(a, after);
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
void gpu_assign_results(Assign *a, const Op *op, Attr *e) {
  for (int i = 0; e && i < op->nresults; i++)
    gpu_assign_result(a, &op->results[i], op->code == OP_SCAN ? e : gpu_result_encoding(a->cx, op, e));
}

Attr *gpu_assign_operand_layout(Assign *a, const Op *op) {
  Attr *e = gpu_assign_best_operand(a, op);
  return e ? e : block_of(a, ir_operand(op, 0)->type);
}

/* What a broadcast makes of the value; itself: there is none. */
static const Value *broadcast_to(const Value *v) {
  for (const Use *u = v->uses; u; u = u->next)
    if (u->op->code == OP_BROADCAST) return &u->op->results[0];
  return v;
}

static int registers_in(Assign *a, Type *t, Attr *e) { return gpu_registers(gpu_layout(a->cx, gpu_with(a->cx, t, e))); }

bool gpu_assign_is_cheaper_moved(Assign *a, const Value *v, Attr *to) {
  enum { EXCHANGE = 16, REGISTER = 2 }; /* instructions: of a conversion within a warp, and for each register of it */
  intptr_t length = (intptr_t)map_get(&a->depths, v);
  if (!length || !is_broadcast(a, v)) return false;
  int here = registers_in(a, v->type, assigned(a, v)), there = registers_in(a, v->type, to);
  return a->num_warps == 1 && length * (there - here) > EXCHANGE + REGISTER * there;
}

/* Does all that is computed of `v`, element by element, end in reductions along one axis? That axis, or MANY_AXES. `axis` is
 * what was found before. */
enum { NO_AXIS = -1, MANY_AXES = -2 };
static int reduced_along(const Value *v, int axis, int *looks_left) {
  for (const Use *u = v->uses; u && axis != MANY_AXES; u = u->next) {
    const Op *op = u->op;
    if (--*looks_left < 0) return MANY_AXES;
    if (op->code == OP_REDUCE) {
      int along = (int)ir_attr(op, "axis")->integer;
      axis = axis == NO_AXIS || axis == along ? along : MANY_AXES;
    } else if (ir_has(op, T_ELEMENTWISE) && ir_has(op, T_PURE) && op->nresults == 1) {
      axis = reduced_along(&op->results[0], axis, looks_left);
    } else {
      return MANY_AXES;
    }
  }
  return axis;
}

/* The block of a tile that vectors are broadcast to. Nothing says how it is to lie, so if it is only reduced, each thread
 * takes its elements along that axis: they are added up where they are, and threads lie along the result. */
static Attr *block_of_broadcast(Assign *a, const Value *v) {
  enum { LOOKS = 64 };
  const Type *t = v->type;
  int looks = LOOKS, axis = reduced_along(v, NO_AXIS, &looks), order[LAYOUT_MAX_DIMS], n = 0;
  int64_t per_thread[LAYOUT_MAX_DIMS];
  if (axis < 0) return block_of(a, t);
  for (int d = t->rank - 1; d >= 0; d--) {
    per_thread[d] = 1;
    if (d != axis) order[n++] = d;
  }
  order[n] = axis;
  per_thread[axis] = max64(1, min64(t->shape[axis], ir_numel(t) / (32 * a->num_warps)));
  return gpu_blocked(a->cx, t->rank, t->shape, per_thread, order, a->num_warps);
}

/* A layout made of single bits fits one shape only. Where a vector of such a layout gets a dimension, the result is a plain
 * block of the shape that it will be broadcast to, unless the layout is of that shape: a sum over one dimension of a
 * reshaped tensor gets the dimension back. A broadcast value that would lie in several threads at once (the layout of one
 * element has room for no more) lies as others of its shape do. */
static void infer_enlarged(Assign *a, const Op *op) {
  Attr *e = assigned(a, ir_operand(op, 0));
  if (!e) return;
  const Value *r = &op->results[0];
  e = op->code == OP_EXPAND_DIMS ? gpu_result_encoding(a->cx, op, e) : e;
  const Value *tile = broadcast_to(r);
  if (gpu_assign_rank(e) <= GPU_ASSIGN_OTHER && !gpu_linear_is_of(e, tile->type)) e = block_of_broadcast(a, tile);
  if (op->code == OP_BROADCAST && gpu_is(e, "ttg.blocked") &&
      registers_in(a, r->type, e) > registers_in(a, r->type, block_of(a, r->type)))
    e = block_of_broadcast(a, r);
  gpu_assign_result(a, r, e);
  note_broadcast(a, op);
}

/* For a split both halves must be in one thread. */
Attr *gpu_assign_split_source(Assign *a, const Op *op) {
  Value *src = ir_operand(op, 0);
  Attr *e = assigned(a, src);
  if (e && gpu_result_encoding(a->cx, op, e)) return e;
  if (e && (e = gpu_assign_halves(a, op, e))) return e;
  Type *half = op->results[0].type;
  return gpu_operand_encoding(a->cx, op, block_of(a, half), a->num_warps);
}

/* Does `e` leave each thread more elements than the coalesced layout does? Then several threads hold the same ones (a
 * row's sum lies in all threads that added up), and of an access in that layout each instruction moves few elements. */
bool gpu_assign_is_repeated(Assign *a, const Op *access, Attr *e, int allowed) {
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
    Attr *e = op->code == OP_LOAD || gpu_coalesce_atomic_width(a->coalesce, op, a->sm) > 1
                  ? NULL
                  : gpu_assign_best_operand(a, op);
    if (e && gpu_assign_is_repeated(a, op, e, 1)) e = NULL;
    if (ir_is_tensor(r->type)) gpu_assign_result(a, r, e ? e : gpu_coalesce_encoding(a->coalesce, op));
    if (op->code == OP_LOAD && ir_is_tensor(r->type)) note_broadcast(a, op);
    return;
  }
  case OP_DESC_LOAD: gpu_assign_result(a, r, rows_encoding(a, r->type)); return;
  case OP_DOT: gpu_assign_result(a, r, gpu_assign_dot_plan(a, op).encoding); return;
  case OP_REDUCE: gpu_assign_results(a, op, gpu_assign_operand_layout(a, op)); return;
  case OP_SCAN: gpu_assign_results(a, op, gpu_assign_scan_layout(a, op, gpu_assign_operand_layout(a, op))); return;
  case OP_HISTOGRAM: gpu_assign_result(a, r, block_of(a, r->type)); return;
  case OP_GATHER: gpu_assign_result(a, r, assigned_or_block(a, ir_operand(op, 1))); return;
  case OP_CAT:
    assign_layout(a, ir_operand(op, 0), assigned_or_block(a, ir_operand(op, 0)));
    gpu_assign_result(a, r, gpu_assign_cat_layout(a, op));
    return;
  case OP_JOIN: gpu_assign_results(a, op, gpu_assign_best_operand(a, op)); return;
  case OP_EXPAND_DIMS:
  case OP_BROADCAST: infer_enlarged(a, op); return;
  case OP_SPLIT:
    if (assigned(a, ir_operand(op, 0))) gpu_assign_results(a, op, gpu_assign_split_source(a, op));
    return;
  case OP_INLINE_ASM:
  case OP_MAP_ELEMENTWISE:
  case OP_EXTERN_ELEMENTWISE: {
    Attr *e = gpu_assign_best_operand(a, op);
    for (int i = 0; i < op->nresults; i++)
      if (ir_is_tensor(op->results[i].type))
        gpu_assign_result(a, &op->results[i], e ? e : block_of(a, op->results[i].type));
    return;
  }
  default: break;
  }
  if (op->nresults != 1 || !ir_is_tensor(r->type)) return;
  Attr *e = gpu_assign_best_operand(a, op);
  if (e) gpu_assign_result(a, r, is_shape_op(op->code) ? gpu_result_encoding(a->cx, op, e) : e);
  note_broadcast(a, op);
}

void gpu_assign_infer(Assign *a, const Block *b) {
  for (const Op *op = b->first; op; op = op->next) infer_op(a, op);
}
