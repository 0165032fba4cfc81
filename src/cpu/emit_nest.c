/* emit_nest.c: a loop nest over the elements of one shape, doing the work of its members as its plan (plan_nest.c) says.
 *
 * The vector dimension's loop is innermost and takes `lanes` elements at a time; the other dimensions keep their order.
 * Two questions are answered at run time:
 *   - do the nest's tests hold: strides that are one element, remainders that do not wrap? The nest is emitted twice,
 *     for yes and for no, if there is anything to ask;
 *   - where the masks of the accesses are bounds on the vector dimension, are all of them true for this vector? The
 *     loop's body has two versions, with whole vectors and with masks. Loops that only store do not run past the
 *     last bound.
 * At a point, all members' values are evaluated before anything is written, so that members may update what others read.
 */
#include "cpu/emit.h"

typedef struct Work {
  Lower *l;
  const Nest *nest;
  Lane at[MAX_RANK];
  Fold **folds; /* per member, or NULL */
  /* bounds along the vector dimension: all accesses' lanes are true in [lo, hi); some store's may be in [from, to) */
  LLVMValueRef lo, hi, from, to;
  bool open; /* some member works outside all bounds */
} Work;

/* ---- accesses ---------------------------------------------------------------------------------------------------- */

typedef void AccessFn(Work *w, Op *op, const Lane *at);

typedef struct Visit {
  Value *v;
  const Lane *at;
} Visit;

static bool visited_at(const ValueCode *code, const Value *v, const Lane *at) {
  for (int i = 0; i < v->type->rank; i++)
    if (at[i].v != code->mask_walk.at[i].v || at[i].step != code->mask_walk.at[i].step) return false;
  return true;
}

/* The coordinates of operand `i` where v is visited at `at`; false if no access is looked for there. */
static bool operand_visit(Work *w, const Value *v, int i, const Lane *at, Lane *from) {
  const Op *op = v->op;
  if (!ir_is_tensor(ir_operand(op, i)->type) || (op->code == OP_RESHAPE && !cpu_reshape_trivial(op))) return false;
  if (op->code != OP_GATHER && op->code != OP_SPLIT) return emit_lane_operand_at(w->l, op, i, at, from);
  for (int d = 0; d < v->type->rank; d++) from[d] = at[d];
  if (op->code == OP_SPLIT) from[v->type->rank] = emit_lane_uniform(emit_int(w->l->i32, v->index), 0);
  return op->code == OP_SPLIT || i != 0;
}

static void each_access(Work *w, Value *value, const Lane *value_at, AccessFn *fn, unsigned number) {
  Ctx *cx = w->l->cx;
  Vec(Visit) work = {0};
  vec_push(cx, &work, ((Visit){value, value_at}));
  while (work.len) {
    Visit visit = work.at[--work.len];
    Value *v = visit.v;
    const Lane *at = visit.at;
    if (!ir_is_tensor(v->type)) continue;
    ValueCode *code = code_of(v);
    if (cpu_is_stored(v) && !cpu_is_expression(w->nest, v)) continue;
    if (code->mask_walk.number == number && visited_at(code, v, at)) continue;
    code->mask_walk.number = number;
    code->mask_walk.at = ctx_copy(cx, at, sizeof *at * (size_t)v->type->rank);
    if (v->op->code == OP_LOAD) fn(w, v->op, at);
    Lane from[MAX_RANK];
    for (int i = v->op->noperands; i-- > 0;) { /* the first operand on top */
      Value *x = ir_operand(v->op, i);
      if (!operand_visit(w, v, i, at, from)) continue;
      vec_push(cx, &work, ((Visit){x, ctx_copy(cx, from, sizeof *from * (size_t)x->type->rank)}));
    }
  }
}

static void each_access_of_nest(Work *w, const Lane *at, AccessFn *fn) {
  unsigned number = ++w->l->serial;
  for (uint32_t i = 0; i < w->nest->members.len; i++) {
    const Member *m = &w->nest->members.at[i];
    if (m->kind == MEMBER_COPY || m->kind == MEMBER_VALUE) {
      each_access(w, m->value, at, fn, number);
      continue;
    }
    if (m->kind == MEMBER_STORE) fn(w, m->op, at);
    for (int j = 0; j < m->op->noperands; j++) each_access(w, ir_operand(m->op, j), at, fn, number);
  }
}

static LLVMValueRef merged(Lower *l, LLVMValueRef a, LLVMValueRef b,
                           LLVMValueRef (*merge)(Lower *, LLVMValueRef, LLVMValueRef)) {
  return a ? merge(l, a, b) : b;
}

/* Narrow the row's bounds to where this access's mask is true. */
static void bound_access(Work *w, Op *op, const Lane *at) {
  Lower *l = w->l;
  Value *mask = cpu_access_mask(op);
  if (!mask || !map_has(&w->nest->bounded, op)) {
    w->open = w->open || op->code == OP_STORE;
    return;
  }
  Lane m = emit_mask_range(l, w->nest, mask, at, l->extent);
  emit_at(l, l->depth);
  w->lo = merged(l, w->lo, m.v, emit_most);
  w->hi = merged(l, w->hi, m.step, emit_least);
  if (op->code == OP_STORE) {
    w->from = merged(l, w->from, m.v, emit_least);
    w->to = merged(l, w->to, m.step, emit_most);
  }
}

/* ---- members at a point ------------------------------------------------------------------------------------------ */

typedef struct Result {
  Lane ptr, mask;
  bool masked;
  LLVMValueRef v;
  LLVMValueRef *scan; /* the results of a scan */
} Result;

/* Is this the first step along dimension `d` of the loops? */
static LLVMValueRef first_step(Work *w, int d) {
  Lower *l = w->l;
  bool down = w->nest->reverse >> d & 1;
  if (w->nest->shape[d] == 1) return LLVMConstInt(l->i1, 1, false);
  if (d != w->nest->vector_dim || l->lanes == 1) {
    emit_at(l, w->at[d].depth);
    return LLVMBuildICmp(l->b, LLVMIntEQ, w->at[d].v, emit_int(l->i32, down ? w->nest->shape[d] - 1 : 0), "");
  }
  emit_at(l, l->inner);
  return LLVMBuildICmp(l->b, LLVMIntEQ, l->index32, emit_int(l->i32, down ? w->nest->shape[d] - l->lanes : 0), "");
}

static void evaluate_fold(Work *w, const Member *m, Fold *f, Result *r) {
  Lower *l = w->l;
  LLVMValueRef *in = NEWN(l->cx, LLVMValueRef, f->n);
  for (int i = 0; i < f->n; i++) {
    Value *x = ir_operand(m->op, i);
    in[i] = emit_lane_vector(l, emit_lane_eval(l, x, w->at), x->type->elem);
  }
  LLVMValueRef first = first_step(w, f->axis);
  emit_at(l, l->depth);
  if (m->kind == MEMBER_REDUCE) {
    emit_fold_step(l, f, in, w->at, first);
    return;
  }
  r->scan = NEWN(l->cx, LLVMValueRef, f->n);
  emit_scan_step(l, f, in, w->at, first, r->scan);
  for (int i = 0; i < f->n; i++) {
    Lane lane = {.kind = l->lanes > 1 ? LANE_VECTOR : LANE_UNIFORM, .depth = l->depth, .v = r->scan[i]};
    emit_lane_remember(l, &m->op->results[i], w->at, lane);
  }
}

static void evaluate(Work *w, const Member *m, Fold *f, Result *r) {
  Lower *l = w->l;
  switch (m->kind) {
  case MEMBER_STORE: {
    Value *v = ir_operand(m->op, 1), *mask = cpu_access_mask(m->op);
    r->ptr = emit_lane_eval(l, ir_operand(m->op, 0), w->at);
    r->v = emit_lane_vector(l, emit_lane_eval(l, v, w->at), ir_elem(v->type));
    r->masked = mask && !(l->full && map_has(&w->nest->bounded, m->op));
    if (r->masked) r->mask = emit_lane_eval(l, mask, w->at);
    return;
  }
  case MEMBER_VALUE: {
    Lane x = emit_lane_define(l, m->value, w->at);
    if (plan_of(m->value)->is_kept) r->v = emit_lane_vector(l, x, m->value->type->elem);
    return;
  }
  case MEMBER_COPY: r->v = emit_lane_vector(l, emit_lane_eval(l, m->value, w->at), m->value->type->elem); return;
  default: evaluate_fold(w, m, f, r); return;
  }
}

static void write(Work *w, const Member *m, Result *r) {
  Lower *l = w->l;
  switch (m->kind) {
  case MEMBER_STORE: emit_memory_store(l, m->op, w->at, r->ptr, r->v, r->masked ? &r->mask : NULL); return;
  case MEMBER_VALUE:
    if (r->v) emit_slot_write(l, emit_slot(l, m->value), m->value->type, w->at, r->v);
    return;
  case MEMBER_COPY: emit_slot_write(l, emit_slot(l, m->into), m->into->type, w->at, r->v); return;
  case MEMBER_SCAN:
    for (int i = 0; i < m->op->nresults; i++) {
      Value *v = &m->op->results[i];
      int axis = (int)ir_attr_int_or(m->op, "axis", 0);
      if (plan_of(v)->is_kept || axis != w->nest->vector_dim)
        emit_slot_write(l, emit_slot(l, v), v->type, w->at, r->scan[i]);
    }
    return;
  default: return;
  }
}

/* One element of an atomic or an assertion, behind its mask. */
static void serial_member(Work *w, const Member *m) {
  Lower *l = w->l;
  Op *op = m->op;
  LLVMValueRef in[4] = {0};
  for (int i = 0; i < op->noperands && i < 4; i++)
    in[i] = emit_lane_scalar(emit_lane_eval(l, ir_operand(op, i), w->at));
  emit_at(l, l->depth);
  if (op->code == OP_ASSERT) {
    emit_assert(l, op, in[0]);
    l->levels[l->depth].block = LLVMGetInsertBlock(l->b);
    return;
  }
  Value *mask = cpu_access_mask(op);
  LLVMBasicBlockRef before = LLVMGetInsertBlock(l->b), after = NULL;
  if (mask) {
    LLVMBasicBlockRef doing = emit_new_block(l, "atomic");
    after = emit_new_block(l, "next");
    LLVMBuildCondBr(l->b, in[2], doing, after);
    LLVMPositionBuilderAtEnd(l->b, doing);
  }
  LLVMValueRef old = emit_memory_atomic(l, op, in[0], in[1], in[2]);
  if (after) {
    LLVMBasicBlockRef done = LLVMGetInsertBlock(l->b);
    LLVMBuildBr(l->b, after);
    LLVMPositionBuilderAtEnd(l->b, after);
    LLVMValueRef phi = LLVMBuildPhi(l->b, LLVMTypeOf(old), "");
    LLVMAddIncoming(phi, (LLVMValueRef[]){LLVMConstNull(LLVMTypeOf(old)), old}, (LLVMBasicBlockRef[]){before, done}, 2);
    old = phi;
  }
  l->levels[l->depth].block = LLVMGetInsertBlock(l->b);
  Value *r = &op->results[0];
  if (!ir_unused(r)) emit_slot_write(l, emit_slot(l, r), r->type, w->at, old);
}

static void point(Work *w) {
  const Nest *n = w->nest;
  Result *results = NEWN(w->l->cx, Result, n->members.len + 1);
  for (uint32_t i = 0; i < n->members.len; i++) {
    if (n->members.at[i].kind == MEMBER_SERIAL)
      serial_member(w, &n->members.at[i]);
    else
      evaluate(w, &n->members.at[i], w->folds[i], &results[i]);
  }
  for (uint32_t i = 0; i < n->members.len; i++) write(w, &n->members.at[i], &results[i]);
}

/* ---- the loops --------------------------------------------------------------------------------------------------- */

static bool only_stores(const Nest *n) {
  for (uint32_t i = 0; i < n->members.len; i++)
    if (n->members.at[i].kind != MEMBER_STORE) return false;
  return true;
}

/* Where a vector lies wholly within the bounds, the masks that they come from are true, for all their users (tl.where on the
 * mask of the load). */
static void mask_holds(Work *w, Op *op, const Lane *at) {
  Lower *l = w->l;
  Value *mask = cpu_access_mask(op);
  if (!mask || !ir_is_tensor(mask->type) || !map_has(&w->nest->bounded, op)) return;
  emit_lane_remember(l, mask, at, emit_lane_uniform(LLVMConstInt(l->i1, 1, false), l->depth));
}

/* ---- accumulators ------------------------------------------------------------------------------------------------ */

/* What all folds along the vector dimension have accumulated, in order. */
typedef Vec(LLVMValueRef) Accumulated;

static Accumulated accumulated(Work *w) {
  Accumulated all = {0};
  for (uint32_t i = 0; i < w->nest->members.len; i++)
    for (int j = 0; w->folds[i] && w->folds[i]->inner && j < w->folds[i]->n; j++)
      vec_push(w->l->cx, &all, w->folds[i]->acc[j]);
  return all;
}

static void set_accumulated(Work *w, Accumulated all) {
  uint32_t k = 0;
  for (uint32_t i = 0; i < w->nest->members.len; i++)
    for (int j = 0; w->folds[i] && w->folds[i]->inner && j < w->folds[i]->n; j++) w->folds[i]->acc[j] = all.at[k++];
}

/* Phis for them at the builder's place, with what they are now from `block`. */
static Accumulated accumulated_phis(Work *w, LLVMBasicBlockRef block) {
  Accumulated from = accumulated(w), phis = {0};
  for (uint32_t i = 0; i < from.len; i++) {
    vec_push(w->l->cx, &phis, LLVMBuildPhi(w->l->b, LLVMTypeOf(from.at[i]), ""));
    LLVMAddIncoming(phis.at[i], &from.at[i], &block, 1);
  }
  return phis;
}

static void add_incoming(Accumulated phis, Accumulated from, LLVMBasicBlockRef block) {
  for (uint32_t i = 0; i < phis.len; i++) LLVMAddIncoming(phis.at[i], &from.at[i], &block, 1);
}

/* ---- the body ---------------------------------------------------------------------------------------------------- */

/* Returns the block that it ends in. */
static LLVMBasicBlockRef branch_point(Work *w, LLVMBasicBlockRef block, LLVMBasicBlockRef after, bool full) {
  Lower *l = w->l;
  emit_push_level(l, block);
  l->full = full;
  if (full) each_access_of_nest(w, w->at, mask_holds);
  point(w);
  l->full = false;
  LLVMBasicBlockRef end = l->levels[l->depth].block;
  LLVMPositionBuilderAtEnd(l->b, end);
  LLVMBuildBr(l->b, after);
  emit_pop_level(l);
  return end;
}

/* The body of the vector loop, whose index is set. */
static void vector_body(Work *w) {
  Lower *l = w->l;
  if (!w->hi) {
    point(w);
    return;
  }
  emit_at(l, l->depth);
  LLVMValueRef lo = LLVMBuildICmp(l->b, LLVMIntSGE, l->index32, w->lo, "");
  LLVMValueRef hi =
      LLVMBuildICmp(l->b, LLVMIntSLE, LLVMBuildAdd(l->b, l->index32, emit_int(l->i32, l->lanes), ""), w->hi, "");
  LLVMBasicBlockRef whole = emit_new_block(l, "whole"), masked = emit_new_block(l, "masked"),
                    after = emit_new_block(l, "next");
  LLVMBuildCondBr(l->b, LLVMBuildAnd(l->b, lo, hi, ""), whole, masked);
  Accumulated before = accumulated(w);
  LLVMBasicBlockRef end = branch_point(w, whole, after, true);
  LLVMPositionBuilderAtEnd(l->b, after);
  Accumulated phis = accumulated_phis(w, end);
  set_accumulated(w, before);
  end = branch_point(w, masked, after, false);
  add_incoming(phis, accumulated(w), end);
  set_accumulated(w, phis);
  l->levels[l->depth].block = after;
  LLVMPositionBuilderAtEnd(l->b, after);
}

static void vector_loop(Work *w) {
  Lower *l = w->l;
  int64_t n = w->nest->shape[w->nest->vector_dim];
  LLVMValueRef zero = LLVMConstInt(l->i64, 0, false), begin = zero, end = emit_int(l->i64, n);
  w->lo = w->hi = w->from = w->to = NULL;
  w->open = false;
  l->index32 = l->index64 = NULL;
  l->inner = l->depth + 1;
  l->extent = n;
  w->at[w->nest->vector_dim] =
      l->lanes == 1
          ? emit_lane_uniform(LLVMConstInt(l->i32, 0, false), 0)
          : (Lane){.kind = LANE_AFFINE, .v = LLVMConstInt(l->i32, 0, false), .step = LLVMConstInt(l->i32, 1, false)};
  if (l->lanes > 1) each_access_of_nest(w, w->at, bound_access);
  emit_at(l, l->depth);
  if (w->to && !w->open && only_stores(w->nest) && l->lanes < n) {
    begin = LLVMBuildAnd(l->b, LLVMBuildSExt(l->b, w->from, l->i64, ""), emit_int(l->i64, -l->lanes), "");
    end = LLVMBuildSExt(l->b, w->to, l->i64, "");
  }
  bool looping = n > l->lanes, down = w->nest->reverse >> w->nest->vector_dim & 1;
  Loop loop = {0};
  int outer = l->depth;
  Accumulated phis = {0};
  if (looping) {
    LLVMBasicBlockRef before = LLVMGetInsertBlock(l->b);
    loop = emit_loop_begin(l, begin, end, l->lanes); /* nests with folds run it at least once */
    phis = accumulated_phis(w, before);
    set_accumulated(w, phis);
  }
  emit_push_level(l, LLVMGetInsertBlock(l->b));
  l->index64 = looping ? loop.index : zero;
  if (looping && down) l->index64 = LLVMBuildSub(l->b, emit_int(l->i64, n - l->lanes), loop.index, "");
  l->index32 = LLVMBuildTrunc(l->b, l->index64, l->i32, "");
  if (l->lanes == 1) w->at[w->nest->vector_dim] = emit_lane_uniform(l->index32, l->depth);
  vector_body(w);
  LLVMPositionBuilderAtEnd(l->b, l->levels[l->depth].block);
  emit_pop_level(l);
  add_incoming(phis, accumulated(w), LLVMGetInsertBlock(l->b));
  if (looping) emit_loop_end(l, &loop);
  l->levels[outer].block = LLVMGetInsertBlock(l->b);
  l->index32 = l->index64 = NULL;
}

static void rows(Work *w, int d) {
  Lower *l = w->l;
  if (d == w->nest->rank) {
    for (uint32_t i = 0; i < w->nest->members.len; i++)
      if (w->folds[i]) emit_fold_reset(l, w->folds[i], w->nest->vector_dim);
    vector_loop(w);
    for (uint32_t i = 0; i < w->nest->members.len; i++)
      if (w->folds[i] && w->nest->members.at[i].kind == MEMBER_REDUCE) emit_fold_finish(l, w->folds[i], w->at);
    return;
  }
  if (d == w->nest->vector_dim || w->nest->shape[d] == 1) {
    w->at[d] = emit_lane_uniform(LLVMConstInt(l->i32, 0, false), 0);
    rows(w, d + 1);
    return;
  }
  emit_at(l, l->depth);
  int outer = l->depth;
  Loop loop = emit_loop_begin(l, LLVMConstInt(l->i64, 0, false), emit_int(l->i64, w->nest->shape[d]), 1);
  emit_push_level(l, loop.body);
  LLVMValueRef i = LLVMBuildTrunc(l->b, loop.index, l->i32, "");
  if (w->nest->reverse >> d & 1) i = LLVMBuildSub(l->b, emit_int(l->i32, w->nest->shape[d] - 1), i, "");
  w->at[d] = emit_lane_uniform(i, l->depth);
  rows(w, d + 1);
  LLVMPositionBuilderAtEnd(l->b, l->levels[l->depth].block);
  emit_pop_level(l);
  emit_loop_end(l, &loop);
  l->levels[outer].block = LLVMGetInsertBlock(l->b);
}

static void version(Work *w, bool assume) {
  Lower *l = w->l;
  emit_base_level(l);
  l->assume = assume;
  rows(w, 0);
  l->assume = false;
  LLVMPositionBuilderAtEnd(l->b, l->levels[0].block);
}

/* The results of reductions to scalars, in order. */
static Accumulated scalar_results(Work *w) {
  Accumulated all = {0};
  for (uint32_t i = 0; i < w->nest->members.len; i++)
    for (int j = 0; w->folds[i] && w->folds[i]->result && j < w->folds[i]->n; j++)
      vec_push(w->l->cx, &all, w->folds[i]->result[j]);
  return all;
}

/* After the nest's second version: on to `after`, where the first came from `end` with `first`. */
static void join_results(Work *w, Accumulated first, LLVMBasicBlockRef end, LLVMBasicBlockRef after) {
  Lower *l = w->l;
  LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b);
  LLVMBuildBr(l->b, after);
  LLVMPositionBuilderAtEnd(l->b, after);
  uint32_t k = 0;
  for (uint32_t i = 0; i < w->nest->members.len; i++)
    for (int j = 0; w->folds[i] && w->folds[i]->result && j < w->folds[i]->n; j++, k++) {
      LLVMValueRef *r = &w->folds[i]->result[j], phi = LLVMBuildPhi(l->b, LLVMTypeOf(*r), "");
      LLVMAddIncoming(phi, (LLVMValueRef[]){first.at[k], *r}, (LLVMBasicBlockRef[]){end, here}, 2);
      *r = phi;
    }
}

void emit_nest(Lower *l, const Nest *n) {
  Work w = {.l = l, .nest = n};
  l->nest = n;
  l->lanes = n->lanes;
  w.folds = NEWN(l->cx, Fold *, n->members.len + 1);
  for (uint32_t i = 0; i < n->members.len; i++) {
    const Member *m = &n->members.at[i];
    if (m->kind != MEMBER_REDUCE && m->kind != MEMBER_SCAN) continue;
    w.folds[i] = emit_fold_new(l, m->op);
  }
  LLVMValueRef condition = emit_nest_test(l, n);
  if (condition && !LLVMIsAConstantInt(condition)) {
    LLVMBasicBlockRef yes = emit_new_block(l, "assume"), no = emit_new_block(l, "general"),
                      after = emit_new_block(l, "after");
    LLVMBuildCondBr(l->b, condition, yes, no);
    LLVMPositionBuilderAtEnd(l->b, yes);
    version(&w, true);
    LLVMBasicBlockRef end = LLVMGetInsertBlock(l->b);
    Accumulated results = scalar_results(&w);
    LLVMBuildBr(l->b, after);
    LLVMPositionBuilderAtEnd(l->b, no);
    version(&w, false);
    join_results(&w, results, end, after);
  } else {
    version(&w, condition && LLVMConstIntGetZExtValue(condition));
  }
  for (uint32_t i = 0; i < n->members.len; i++)
    if (w.folds[i] && w.folds[i]->op->code == OP_REDUCE) emit_fold_results(w.folds[i]);
  l->nest = NULL;
  l->clock++;
  emit_base_level(l);
}

Slot *emit_nest_copy(Lower *l, const Nest *copy) {
  const Value *into = copy->members.at[0].into;
  ValueCode *code = NEW(l->cx, ValueCode);
  ((Info *)into->data)->code = code; /* the value is the nest's own */
  code->slot = emit_slot_new(l, ir_numel(into->type) * max64(ir_elem_bytes(into->type->elem), 1));
  emit_nest(l, copy);
  return code->slot;
}
