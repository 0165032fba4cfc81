/* emit_nest.c: a loop nest over the elements of one shape, doing the work of its members as its plan (plan_nest.c) says.
 *
 * The vector dimension's loop is innermost and takes `lanes` elements at a time; the other dimensions keep their order.
 * Two questions are answered at run time:
 *   - do the nest's tests hold: strides that are one element, remainders that do not wrap? The nest is emitted twice,
 *     for yes and for no, if there is anything to ask;
 *   - where the masks of the accesses are bounds on the vector dimension, are all of them true for this vector? The
 *     loop's body has two versions, with whole vectors and with masks. Loops that only store do not run past the
 *     last bound;
 *   - where an index that moves evenly is divided by a number that is known when the program runs, does the vector lie
 *     between two multiples of it? Then its quotient is one number and its remainder moves as it does, so that what is
 *     a gather in general is a load. Whole vectors have a version for that (emit_rows.c).
 * At a point, all members' values are evaluated before anything is written, so that members may update what others read.
 */
#include "cpu/emit/emit.h"

typedef struct Work {
  Emitter *e;
  const Nest *nest;
  Lane at[MAX_RANK];
  Lane *rows;        /* where several rows are taken at a time: the coordinate of each along that dimension */
  Reduction **folds; /* per member, or NULL */
  /* bounds along the vector dimension: all accesses' lanes are true in [lo, hi); some store's may be in [from, to) */
  LLVMValueRef lo, hi, from, to;
  bool divisions;      /* these are visited, not accesses */
  RowDivisions in_row; /* of the vector at hand */
} Work;

/* ---- accesses ---------------------------------------------------------------------------------------------------- */

typedef void AccessFn(Work *w, Op *op, const Lane *at);

/* Loads, or divisions of integers? */
static bool is_visited(const Work *w, const Op *op) {
  return w->divisions ? op->code == OP_DIVSI || op->code == OP_REMSI : op->code == OP_LOAD;
}

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
  if (!ir_is_tensor(ir_operand(op, i)->type) || (op->code == OP_RESHAPE && !ir_reshape_trivial(op))) return false;
  if (op->code != OP_GATHER && op->code != OP_SPLIT) return emit_lane_operand_at(w->e, op, i, at, from);
  for (int d = 0; d < v->type->rank; d++) from[d] = at[d];
  if (op->code == OP_SPLIT) from[v->type->rank] = emit_lane_uniform(emit_int(w->e->i32, v->index), 0);
  return op->code == OP_SPLIT || i != 0;
}

static void each_access(Work *w, Value *value, const Lane *value_at, AccessFn *fn, unsigned number) {
  Ctx *cx = w->e->cx;
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
    if (is_visited(w, v->op)) fn(w, v->op, at);
    Lane from[MAX_RANK];
    for (int i = v->op->noperands; i-- > 0;) { /* the first operand on top */
      Value *x = ir_operand(v->op, i);
      if (!operand_visit(w, v, i, at, from)) continue;
      vec_push(cx, &work, ((Visit){x, ctx_copy(cx, from, sizeof *from * (size_t)x->type->rank)}));
    }
  }
}

static void each_access_of_nest(Work *w, const Lane *at, AccessFn *fn) {
  unsigned number = ++w->e->serial;
  for (uint32_t i = 0; i < w->nest->members.len; i++) {
    const Member *m = &w->nest->members.at[i];
    if (m->kind == MEMBER_COPY || m->kind == MEMBER_VALUE) {
      each_access(w, m->value, at, fn, number);
      continue;
    }
    if (!w->divisions && (m->kind == MEMBER_STORE || m->kind == MEMBER_UPDATE)) fn(w, m->op, at);
    for (int j = 0; j < m->op->noperands; j++) each_access(w, ir_operand(m->op, j), at, fn, number);
  }
}

/* At each of the rows that are taken at a time. */
static void each_access_of_rows(Work *w, AccessFn *fn) {
  for (int r = 0; r < w->nest->rows; r++) {
    if (w->rows) w->at[w->nest->rows_dim] = w->rows[r];
    each_access_of_nest(w, w->at, fn);
  }
  if (w->rows) w->at[w->nest->rows_dim] = w->rows[0];
}

static LLVMValueRef merged(Emitter *e, LLVMValueRef a, LLVMValueRef b,
                           LLVMValueRef (*merge)(Emitter *, LLVMValueRef, LLVMValueRef)) {
  return a ? merge(e, a, b) : b;
}

/* Narrow the row's bounds to where this access's mask is true. Where a sum in it passes an end of its type that is not one
 * range: no vector is taken to be whole, and the loop runs to the end, with masks. */
static void bound_access(Work *w, Op *op, const Lane *at) {
  Emitter *e = w->e;
  Value *mask = cpu_access_mask(op);
  if (!mask || !map_has(&w->nest->bounded, op)) return;
  LLVMValueRef fits = NULL, none = emit_int(e->i32, 0), all = emit_int(e->i32, e->extent);
  Lane m = emit_mask_range(e, w->nest, mask, at, e->extent, &fits);
  emit_at(e, e->depth);
  w->lo = merged(e, w->lo, m.v, emit_most);
  w->hi = merged(e, w->hi, fits ? LLVMBuildSelect(e->b, fits, m.step, none, "") : m.step, emit_least);
  if (op->code != OP_LOAD) {
    w->from = merged(e, w->from, fits ? LLVMBuildSelect(e->b, fits, m.v, none, "") : m.v, emit_least);
    w->to = merged(e, w->to, fits ? LLVMBuildSelect(e->b, fits, m.step, all, "") : m.step, emit_most);
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
  Emitter *e = w->e;
  bool down = w->nest->reverse >> d & 1;
  if (w->nest->shape[d] == 1) return LLVMConstInt(e->i1, 1, false);
  if (d != w->nest->vector_dim || e->lanes == 1) {
    emit_at(e, w->at[d].depth);
    return LLVMBuildICmp(e->b, LLVMIntEQ, w->at[d].v, emit_int(e->i32, down ? w->nest->shape[d] - 1 : 0), "");
  }
  emit_at(e, e->inner);
  return LLVMBuildICmp(e->b, LLVMIntEQ, e->index32, emit_int(e->i32, down ? w->nest->shape[d] - e->lanes : 0), "");
}

/* What a fold takes at `w->at`. */
static LLVMValueRef *fold_inputs(Work *w, const Member *m, const Reduction *f) {
  Emitter *e = w->e;
  LLVMValueRef *in = NEWN(e->cx, LLVMValueRef, f->n);
  for (int i = 0; i < f->n; i++) {
    Value *x = ir_operand(m->op, i);
    in[i] = emit_lane_vector(e, emit_lane_eval(e, x, w->at), x->type->elem);
  }
  return in;
}

static void evaluate_rows(Work *w, const Member *m, Reduction *f) {
  int n = w->nest->rows, dim = w->nest->rows_dim;
  LLVMValueRef **in = NEWN(w->e->cx, LLVMValueRef *, n);
  for (int r = 0; r < n; r++) {
    w->at[dim] = w->rows[r];
    in[r] = fold_inputs(w, m, f);
  }
  w->at[dim] = w->rows[0];
  LLVMValueRef first = first_step(w, f->axis);
  emit_at(w->e, w->e->depth);
  emit_reduce_rows(w->e, f, in, n, w->at, first);
}

static void evaluate_fold(Work *w, const Member *m, Reduction *f, Result *r) {
  Emitter *e = w->e;
  if (w->rows) {
    evaluate_rows(w, m, f);
    return;
  }
  LLVMValueRef *in = fold_inputs(w, m, f), first = first_step(w, f->axis);
  emit_at(e, e->depth);
  if (m->kind == MEMBER_REDUCE) {
    emit_reduce_step(e, f, in, w->at, first);
    return;
  }
  r->scan = NEWN(e->cx, LLVMValueRef, f->n);
  emit_scan_step(e, f, in, w->at, first, r->scan);
  for (int i = 0; i < f->n; i++) {
    Lane lane = {.kind = e->lanes > 1 ? LANE_VECTOR : LANE_UNIFORM, .depth = e->depth, .v = r->scan[i]};
    emit_lane_remember(e, &m->op->results[i], w->at, lane);
  }
}

static void evaluate(Work *w, const Member *m, Reduction *f, Result *r) {
  Emitter *e = w->e;
  switch (m->kind) {
  case MEMBER_STORE:
  case MEMBER_UPDATE: {
    Value *v = ir_operand(m->op, 1), *mask = cpu_access_mask(m->op);
    r->ptr = emit_lane_eval(e, ir_operand(m->op, 0), w->at);
    r->v = emit_lane_vector(e, emit_lane_eval(e, v, w->at), ir_elem(v->type));
    const VectorLoop loop = emit_vector_loop(e);
    r->masked = cpu_is_masked(&loop, m->op);
    if (r->masked) r->mask = emit_lane_eval(e, mask, w->at);
    return;
  }
  case MEMBER_VALUE: {
    Lane x = emit_lane_define(e, m->value, w->at);
    if (plan_of(m->value)->is_kept) r->v = emit_lane_vector(e, x, m->value->type->elem);
    return;
  }
  case MEMBER_COPY: r->v = emit_lane_vector(e, emit_lane_eval(e, m->value, w->at), m->value->type->elem); return;
  default: evaluate_fold(w, m, f, r); return;
  }
}

static void write(Work *w, const Member *m, Result *r) {
  Emitter *e = w->e;
  switch (m->kind) {
  case MEMBER_STORE: emit_memory_store(e, m->op, w->at, r->ptr, r->v, r->masked ? &r->mask : NULL); return;
  case MEMBER_UPDATE: {
    LLVMValueRef old = emit_memory_update(e, m->op, r->ptr, r->v, r->masked ? &r->mask : NULL);
    Value *v = &m->op->results[0];
    if (!ir_unused(v)) emit_slot_write(e, emit_slot(e, v), v->type, w->at, old);
    return;
  }
  case MEMBER_VALUE:
    if (r->v) emit_slot_write(e, emit_slot(e, m->value), m->value->type, w->at, r->v);
    return;
  case MEMBER_COPY: emit_slot_write(e, emit_slot(e, m->into), m->into->type, w->at, r->v); return;
  case MEMBER_SCAN:
    for (int i = 0; i < m->op->nresults; i++) {
      Value *v = &m->op->results[i];
      int axis = (int)ir_attr_int_or(m->op, "axis", 0);
      if (plan_of(v)->is_kept || axis != w->nest->vector_dim)
        emit_slot_write(e, emit_slot(e, v), v->type, w->at, r->scan[i]);
    }
    return;
  default: return;
  }
}

/* A vector of an assertion. */
static void assertion(Work *w, Op *op) {
  Emitter *e = w->e;
  Value *condition = ir_operand(op, 0);
  LLVMValueRef v = emit_lane_vector(e, emit_lane_eval(e, condition, w->at), ir_elem(condition->type));
  emit_at(e, e->depth);
  emit_assert(e, op, v, e->lanes);
  e->levels[e->depth].block = LLVMGetInsertBlock(e->b);
}

/* One element of an atomic, behind its mask. */
static void serial_member(Work *w, const Member *m) {
  Emitter *e = w->e;
  Op *op = m->op;
  LLVMValueRef in[4] = {0};
  for (int i = 0; i < op->noperands && i < 4; i++)
    in[i] = emit_lane_scalar(emit_lane_eval(e, ir_operand(op, i), w->at));
  emit_at(e, e->depth);
  Value *mask = cpu_access_mask(op);
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b), after = NULL;
  if (mask) {
    LLVMBasicBlockRef doing = emit_new_block(e, "atomic");
    after = emit_new_block(e, "next");
    LLVMBuildCondBr(e->b, in[2], doing, after);
    LLVMPositionBuilderAtEnd(e->b, doing);
  }
  LLVMValueRef old = emit_memory_atomic(e, op, in[0], in[1], in[2]);
  if (after) {
    LLVMBasicBlockRef done = LLVMGetInsertBlock(e->b);
    LLVMBuildBr(e->b, after);
    LLVMPositionBuilderAtEnd(e->b, after);
    LLVMValueRef phi = LLVMBuildPhi(e->b, LLVMTypeOf(old), "");
    LLVMAddIncoming(phi, (LLVMValueRef[]){LLVMConstNull(LLVMTypeOf(old)), old}, (LLVMBasicBlockRef[]){before, done}, 2);
    old = phi;
  }
  e->levels[e->depth].block = LLVMGetInsertBlock(e->b);
  Value *r = &op->results[0];
  if (!ir_unused(r)) emit_slot_write(e, emit_slot(e, r), r->type, w->at, old);
}

/* This member and the next one as one store, where that may be. */
static bool write_both(Work *w, uint32_t i, Result *r) {
  const Nest *n = w->nest;
  if (i + 1 >= n->members.len || w->e->lanes == 1) return false;
  const Member *m = &n->members.at[i], *next = m + 1;
  if (m->kind != MEMBER_STORE || next->kind != MEMBER_STORE || r[i].masked || r[i + 1].masked) return false;
  return emit_memory_store_both(w->e, m->op, next->op, r[i].ptr, r[i].v, r[i + 1].v);
}

static void point(Work *w) {
  const Nest *n = w->nest;
  Result *results = NEWN(w->e->cx, Result, n->members.len + 1);
  for (uint32_t i = 0; i < n->members.len; i++) {
    const Member *m = &n->members.at[i];
    if (m->kind == MEMBER_SERIAL && m->op->code == OP_ASSERT)
      assertion(w, m->op);
    else if (m->kind == MEMBER_SERIAL)
      serial_member(w, m);
    else
      evaluate(w, m, w->folds[i], &results[i]);
  }
  for (uint32_t i = 0; i < n->members.len; i++)
    if (write_both(w, i, results))
      i++;
    else
      write(w, &n->members.at[i], &results[i]);
}

/* ---- the loops --------------------------------------------------------------------------------------------------- */

/* Where a vector lies wholly within the bounds, the masks that they come from are true, for all their users (tl.where on the
 * mask of the load). */
static void mask_holds(Work *w, Op *op, const Lane *at) {
  Emitter *e = w->e;
  Value *mask = cpu_access_mask(op);
  if (!mask || !ir_is_tensor(mask->type) || !map_has(&w->nest->bounded, op)) return;
  emit_lane_remember(e, mask, at, emit_lane_uniform(LLVMConstInt(e->i1, 1, false), e->depth));
}

/* ---- accumulators ------------------------------------------------------------------------------------------------ */

/* What all folds along the vector dimension have accumulated, in order. */
typedef Vec(LLVMValueRef) Accumulated;

static Accumulated accumulated(Work *w) {
  Accumulated all = {0};
  for (uint32_t i = 0; i < w->nest->members.len; i++)
    for (int j = 0; w->folds[i] && w->folds[i]->inner && j < w->folds[i]->n; j++)
      vec_push(w->e->cx, &all, w->folds[i]->acc[j]);
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
    vec_push(w->e->cx, &phis, LLVMBuildPhi(w->e->b, LLVMTypeOf(from.at[i]), ""));
    LLVMAddIncoming(phis.at[i], &from.at[i], &block, 1);
  }
  return phis;
}

static void add_incoming(Accumulated phis, Accumulated from, LLVMBasicBlockRef block) {
  for (uint32_t i = 0; i < phis.len; i++) LLVMAddIncoming(phis.at[i], &from.at[i], &block, 1);
}

/* ---- the body ---------------------------------------------------------------------------------------------------- */

typedef enum Version { IN_ROW, WHOLE, MASKED } Version;

static void add_division(Work *w, Op *op, const Lane *at) { emit_rows_add(w->e, &w->in_row, op, at); }

/* Returns the block that it ends in. */
static LLVMBasicBlockRef branch_point(Work *w, LLVMBasicBlockRef block, LLVMBasicBlockRef after, Version version) {
  Emitter *e = w->e;
  emit_push_level(e, block);
  e->full = version != MASKED && w->hi;
  if (e->full) each_access_of_rows(w, mask_holds);
  if (version == IN_ROW) emit_rows_hold(e, &w->in_row);
  point(w);
  e->full = false;
  LLVMBasicBlockRef end = e->levels[e->depth].block;
  LLVMPositionBuilderAtEnd(e->b, end);
  LLVMBuildBr(e->b, after);
  emit_pop_level(e);
  return end;
}

/* Branches at the builder's place to the versions of the body, to the last where no other's condition holds, and joins them. */
static void either_point(Work *w, const Version *versions, const LLVMValueRef *conditions, int n) {
  Emitter *e = w->e;
  static const char *const names[] = {"row", "whole", "masked"};
  LLVMBasicBlockRef blocks[3], after = emit_new_block(e, "next");
  for (int i = 0; i < n; i++) blocks[i] = emit_new_block(e, names[versions[i]]);
  for (int i = 0; i + 1 < n; i++) {
    LLVMBasicBlockRef other = i + 2 < n ? emit_new_block(e, "else") : blocks[i + 1];
    LLVMBuildCondBr(e->b, conditions[i], blocks[i], other);
    LLVMPositionBuilderAtEnd(e->b, other);
  }
  Accumulated before = accumulated(w), phis = {0};
  for (int i = 0; i < n; i++) {
    set_accumulated(w, before);
    LLVMBasicBlockRef end = branch_point(w, blocks[i], after, versions[i]);
    LLVMPositionBuilderAtEnd(e->b, after);
    if (i)
      add_incoming(phis, accumulated(w), end);
    else
      phis = accumulated_phis(w, end);
  }
  set_accumulated(w, phis);
  e->levels[e->depth].block = after;
  LLVMPositionBuilderAtEnd(e->b, after);
}

/* Do all lanes of the vector lie within the bounds of the masks? */
static LLVMValueRef within_bounds(const Work *w) {
  Emitter *e = w->e;
  LLVMValueRef lo = LLVMBuildICmp(e->b, LLVMIntSGE, e->index32, w->lo, "");
  LLVMValueRef hi =
      LLVMBuildICmp(e->b, LLVMIntSLE, LLVMBuildAdd(e->b, e->index32, emit_int(e->i32, e->lanes), ""), w->hi, "");
  return LLVMBuildAnd(e->b, lo, hi, "");
}

/* The body of the vector loop, whose index is set. */
static void vector_body(Work *w) {
  Emitter *e = w->e;
  Version versions[3];
  LLVMValueRef conditions[3] = {0};
  int n = 0;
  w->in_row = (RowDivisions){0};
  w->divisions = true;
  if (e->lanes > 1) each_access_of_rows(w, add_division);
  w->divisions = false;
  emit_at(e, e->depth);
  LLVMValueRef whole = w->hi ? within_bounds(w) : NULL;
  if (w->in_row.all.len) {
    versions[n] = IN_ROW;
    conditions[n++] = whole ? LLVMBuildAnd(e->b, w->in_row.holds, whole, "") : w->in_row.holds;
  }
  versions[n] = WHOLE;
  conditions[n++] = whole;
  if (whole) versions[n++] = MASKED;
  if (n == 1)
    point(w);
  else
    either_point(w, versions, conditions, n);
}

/* Where a loop along dimension `d` ends: i64. */
static LLVMValueRef extent_of(const Work *w, int d) {
  return d == w->nest->live_dim ? w->e->live : emit_int(w->e->i64, w->nest->shape[d]);
}

static void vector_loop(Work *w) {
  Emitter *e = w->e;
  int64_t n = w->nest->shape[w->nest->vector_dim];
  LLVMValueRef zero = LLVMConstInt(e->i64, 0, false), begin = zero, end = extent_of(w, w->nest->vector_dim);
  w->lo = w->hi = w->from = w->to = NULL;
  e->index32 = e->index64 = NULL;
  e->inner = e->depth + 1;
  e->extent = n;
  w->at[w->nest->vector_dim] =
      e->lanes == 1
          ? emit_lane_uniform(LLVMConstInt(e->i32, 0, false), 0)
          : (Lane){.kind = LANE_AFFINE, .v = LLVMConstInt(e->i32, 0, false), .step = LLVMConstInt(e->i32, 1, false)};
  if (e->lanes > 1) each_access_of_rows(w, bound_access);
  emit_at(e, e->depth);
  if (w->nest->stops) {
    begin = LLVMBuildAnd(e->b, LLVMBuildSExt(e->b, w->from, e->i64, ""), emit_int(e->i64, -e->lanes), "");
    end = LLVMBuildSExt(e->b, w->to, e->i64, "");
  }
  bool looping = n > e->lanes, down = w->nest->reverse >> w->nest->vector_dim & 1;
  CountedLoop loop = {0};
  int outer = e->depth;
  Accumulated phis = {0};
  if (looping) {
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b);
    loop = emit_loop_begin(e, begin, end, e->lanes); /* nests with folds run it at least once */
    phis = accumulated_phis(w, before);
    set_accumulated(w, phis);
  }
  emit_push_level(e, LLVMGetInsertBlock(e->b));
  e->index64 = looping ? loop.index : zero;
  if (looping && down) e->index64 = LLVMBuildSub(e->b, emit_int(e->i64, n - e->lanes), loop.index, "");
  e->index32 = LLVMBuildTrunc(e->b, e->index64, e->i32, "");
  if (e->lanes == 1) w->at[w->nest->vector_dim] = emit_lane_uniform(e->index32, e->depth);
  vector_body(w);
  LLVMPositionBuilderAtEnd(e->b, e->levels[e->depth].block);
  emit_pop_level(e);
  add_incoming(phis, accumulated(w), LLVMGetInsertBlock(e->b));
  if (looping) emit_loop_end(e, &loop);
  e->levels[outer].block = LLVMGetInsertBlock(e->b);
  e->index32 = e->index64 = NULL;
}

/* The rows that follow `i`, taken with it. */
static void set_rows(Work *w, LLVMValueRef i, int n) {
  Emitter *e = w->e;
  w->rows = NEWN(e->cx, Lane, n);
  for (int r = 0; r < n; r++)
    w->rows[r] = emit_lane_uniform(r ? LLVMBuildAdd(e->b, i, emit_int(e->i32, r), "") : i, e->depth);
}

static void rows(Work *w, int d) {
  Emitter *e = w->e;
  if (d == w->nest->rank) {
    for (uint32_t i = 0; i < w->nest->members.len; i++)
      if (w->folds[i]) emit_reduce_reset(e, w->folds[i], w->nest->vector_dim);
    vector_loop(w);
    for (uint32_t i = 0; i < w->nest->members.len; i++)
      if (w->folds[i] && w->nest->members.at[i].kind == MEMBER_REDUCE) emit_reduce_finish(e, w->folds[i], w->at);
    return;
  }
  if (d == w->nest->vector_dim || w->nest->shape[d] == 1) {
    w->at[d] = emit_lane_uniform(LLVMConstInt(e->i32, 0, false), 0);
    rows(w, d + 1);
    return;
  }
  emit_at(e, e->depth);
  int outer = e->depth;
  int n = d == w->nest->rows_dim ? w->nest->rows : 1;
  CountedLoop loop = emit_loop_begin(e, LLVMConstInt(e->i64, 0, false), extent_of(w, d), n);
  emit_push_level(e, loop.body);
  LLVMValueRef i = LLVMBuildTrunc(e->b, loop.index, e->i32, "");
  if (w->nest->reverse >> d & 1) i = LLVMBuildSub(e->b, emit_int(e->i32, w->nest->shape[d] - 1), i, "");
  w->at[d] = emit_lane_uniform(i, e->depth);
  if (n > 1) set_rows(w, i, n);
  rows(w, d + 1);
  LLVMPositionBuilderAtEnd(e->b, e->levels[e->depth].block);
  emit_pop_level(e);
  emit_loop_end(e, &loop);
  e->levels[outer].block = LLVMGetInsertBlock(e->b);
}

static void version(Work *w, bool assume) {
  Emitter *e = w->e;
  emit_base_level(e);
  e->assume = assume;
  rows(w, 0);
  e->assume = false;
  LLVMPositionBuilderAtEnd(e->b, e->levels[0].block);
}

/* The results of reductions to scalars, in order. */
static Accumulated scalar_results(Work *w) {
  Accumulated all = {0};
  for (uint32_t i = 0; i < w->nest->members.len; i++)
    for (int j = 0; w->folds[i] && w->folds[i]->result && j < w->folds[i]->n; j++)
      vec_push(w->e->cx, &all, w->folds[i]->result[j]);
  return all;
}

/* After the nest's second version: on to `after`, where the first came from `end` with `first`. */
static void join_results(Work *w, Accumulated first, LLVMBasicBlockRef end, LLVMBasicBlockRef after) {
  Emitter *e = w->e;
  LLVMBasicBlockRef here = LLVMGetInsertBlock(e->b);
  LLVMBuildBr(e->b, after);
  LLVMPositionBuilderAtEnd(e->b, after);
  uint32_t k = 0;
  for (uint32_t i = 0; i < w->nest->members.len; i++)
    for (int j = 0; w->folds[i] && w->folds[i]->result && j < w->folds[i]->n; j++, k++) {
      LLVMValueRef *r = &w->folds[i]->result[j], phi = LLVMBuildPhi(e->b, LLVMTypeOf(*r), "");
      LLVMAddIncoming(phi, (LLVMValueRef[]){first.at[k], *r}, (LLVMBasicBlockRef[]){end, here}, 2);
      *r = phi;
    }
}

static void either_version(Emitter *e, const Nest *n) {
  Work w = {.e = e, .nest = n};
  e->nest = n;
  e->lanes = n->lanes;
  w.folds = NEWN(e->cx, Reduction *, n->members.len + 1);
  for (uint32_t i = 0; i < n->members.len; i++) {
    const Member *m = &n->members.at[i];
    if (m->kind != MEMBER_REDUCE && m->kind != MEMBER_SCAN) continue;
    w.folds[i] = emit_reduce_new(e, m->op);
  }
  emit_fetch_distances(e, n);
  LLVMValueRef condition = emit_nest_test(e, n);
  if (condition && !LLVMIsAConstantInt(condition)) {
    LLVMBasicBlockRef yes = emit_new_block(e, "assume"), no = emit_new_block(e, "general"),
                      after = emit_new_block(e, "after");
    LLVMBuildCondBr(e->b, condition, yes, no);
    LLVMPositionBuilderAtEnd(e->b, yes);
    version(&w, true);
    LLVMBasicBlockRef end = LLVMGetInsertBlock(e->b);
    Accumulated results = scalar_results(&w);
    LLVMBuildBr(e->b, after);
    LLVMPositionBuilderAtEnd(e->b, no);
    version(&w, false);
    join_results(&w, results, end, after);
  } else {
    version(&w, condition && LLVMConstIntGetZExtValue(condition));
  }
  for (uint32_t i = 0; i < n->members.len; i++)
    if (w.folds[i] && w.folds[i]->op->code == OP_REDUCE) emit_reduce_results(w.folds[i]);
  e->nest = NULL;
  emit_base_level(e);
}

/* While no other thread runs programs, what needs no atomics; the others wait for its end before they begin with theirs. */
static void alone_or_not(Emitter *e, const Nest *n) {
  LLVMBasicBlockRef alone = emit_new_block(e, "alone"), others = emit_new_block(e, "others"),
                    after = emit_new_block(e, "after");
  LLVMValueRef is_alone = emit_call(e, "ttc_rt_alone_begin", e->i32, NULL, 0);
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntNE, is_alone, emit_int(e->i32, 0), ""), alone, others);
  LLVMPositionBuilderAtEnd(e->b, alone);
  either_version(e, n->alone);
  emit_call(e, "ttc_rt_alone_end", e->voidty, NULL, 0);
  LLVMBuildBr(e->b, after);
  LLVMPositionBuilderAtEnd(e->b, others);
  either_version(e, n);
  LLVMBuildBr(e->b, after);
  LLVMPositionBuilderAtEnd(e->b, after);
  emit_base_level(e);
}

void emit_nest(Emitter *e, const Nest *n) {
  if (n->alone)
    alone_or_not(e, n);
  else
    either_version(e, n);
  e->clock++;
}

ScratchSlot *emit_nest_copy(Emitter *e, const Nest *copy) {
  const Value *into = copy->members.at[0].into;
  ValueCode *code = NEW(e->cx, ValueCode);
  ((Info *)into->data)->code = code; /* the value is the nest's own */
  code->slot = emit_slot_new(e, ir_numel(into->type) * max64(ir_elem_bytes(into->type->elem), 1));
  emit_nest(e, copy);
  return code->slot;
}
