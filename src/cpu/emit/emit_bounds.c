/* emit_bounds.c: what is computed in front of loops: the nest's run-time test, where masks bound a row, and
 * how far away the next program reads.
 *
 * Everything here is evaluated where all coordinates are scalars (the moving one at its beginning), so that every value is
 * one, too: of an `x % n` the first x, of a comparison the first elements of both sides. That these exist in front of the
 * loops, and that steps are as assumed here, is ensured by the plan (plan_nest.c).
 */
#include "cpu/emit/emit.h"

/* ---- sums -------------------------------------------------------------------------------------------------------- */

/* A tensor's element where all indices are 0. */
static LLVMValueRef first_element(Emitter *e, Value *v) {
  Lane at[MAX_RANK];
  for (int d = 0; ir_is_tensor(v->type) && d < v->type->rank; d++) at[d] = emit_lane_zero(e);
  LLVMValueRef x = emit_lane_scalar(emit_lane_eval(e, v, at));
  emit_at(e, 0);
  return x;
}

static void *number(void *self, int64_t x) { return emit_int(((Emitter *)self)->i64, x); }
static void *add(void *self, void *x, void *y) { return LLVMBuildAdd(((Emitter *)self)->b, x, y, ""); }
static void *multiply(void *self, void *x, void *y) { return LLVMBuildMul(((Emitter *)self)->b, x, y, ""); }

static void *factor(void *self, const Value *v) {
  Emitter *e = self;
  return LLVMBuildIntCast2(e->b, first_element(e, (Value *)v), e->i64, true, "");
}

LLVMValueRef emit_sum(Emitter *e, const IndexSum *s, int64_t unit) {
  static const IndexArithmetic with = {number, factor, add, multiply};
  emit_at(e, 0);
  return index_sum_compute(s, unit, &with, e);
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

LLVMValueRef emit_wrap_test(Emitter *e, WrapTest test, int64_t extent, LLVMValueRef live) {
  const Op *wrap = test.wrap->op;
  int64_t step = test.step;
  LLVMValueRef first = first_element(e, ir_operand(wrap, 0)), n = first_element(e, ir_operand(wrap, 1));
  LLVMTypeRef t = LLVMTypeOf(first);
  LLVMValueRef way = emit_int(t, step * (extent - 1));
  if (live) {
    LLVMValueRef steps = LLVMBuildSub(e->b, live, emit_int(e->i64, 1), "");
    way = LLVMBuildIntCast2(e->b, LLVMBuildMul(e->b, steps, emit_int(e->i64, step), ""), t, true, "");
  }
  LLVMValueRef last = LLVMBuildAdd(e->b, first, way, "");
  LLVMValueRef low = step < 0 ? last : first, high = step < 0 ? first : last;
  return LLVMBuildAnd(e->b, LLVMBuildICmp(e->b, LLVMIntSGE, low, emit_int(t, 0), ""),
                      LLVMBuildICmp(e->b, LLVMIntSLT, high, n, ""), "");
}

LLVMValueRef emit_nest_test(Emitter *e, const Nest *nest) {
  LLVMValueRef all = NULL;
  emit_base_level(e);
  for (uint32_t i = 0; i < nest->tests.len; i++) {
    const NestTest *t = &nest->tests.at[i];
    LLVMValueRef holds =
        t->wrap.wrap ? emit_wrap_test(e, t->wrap, nest->shape[nest->vector_dim], NULL)
                     : LLVMBuildICmp(e->b, LLVMIntEQ, emit_sum(e, t->stride, t->bytes), emit_int(e->i64, 1), "");
    all = all ? LLVMBuildAnd(e->b, all, holds, "") : holds;
  }
  LLVMPositionBuilderAtEnd(e->b, e->levels[0].block);
  return all;
}

/* ---- distances --------------------------------------------------------------------------------------------------- */

/* How far what the next program reads lies, in bytes; 0: too far to be fetched now. */
static LLVMValueRef fetch_distance(Emitter *e, const IndexSum *step) {
  int64_t limit = e->isa->l2_bytes / 4;
  LLVMValueRef distance = emit_sum(e, step, 1);
  emit_at(e, 0);
  LLVMValueRef shifted = LLVMBuildAdd(e->b, distance, emit_int(e->i64, limit), "");
  LLVMValueRef near = LLVMBuildICmp(e->b, LLVMIntULE, shifted, emit_int(e->i64, 2 * limit), "near");
  return LLVMBuildSelect(e->b, near, distance, emit_int(e->i64, 0), "stride");
}

void emit_fetch_distances(Emitter *e, const Nest *nest) {
  emit_base_level(e);
  e->distances = (Map){0};
  for (uint32_t i = 0; i < nest->fetched.len; i++) {
    const MapEntry *fetched = &nest->fetched.entries[i];
    map_put(e->cx, &e->distances, fetched->key, fetch_distance(e, fetched->value));
  }
  LLVMPositionBuilderAtEnd(e->b, e->levels[0].block);
}

/* ---- bounds ------------------------------------------------------------------------------------------------------ */

/* The one coordinate that is no scalar, or -1. */
static int moving(const Value *v, const Lane *at) {
  for (int d = 0; d < v->type->rank; d++)
    if (at[d].kind != LANE_UNIFORM) return d;
  return -1;
}

static const Lane *at_start(Emitter *e, const Value *v, const Lane *at) {
  Lane *out = ctx_copy(e->cx, at, sizeof *at * (size_t)v->type->rank);
  for (int d = 0; d < v->type->rank; d++)
    if (out[d].kind != LANE_UNIFORM) out[d] = emit_lane_uniform(out[d].v, out[d].depth);
  return out;
}

/* Conditions that are the same for all of a row, by the level at which they are available; NULL: none. */
typedef struct Conditions {
  LLVMValueRef at[MAX_LEVELS];
} Conditions;

/* The conjuncts of a mask: those that are the same for all of a row, and the bounds, which hold where sums `fit`. */
typedef struct Conjuncts {
  Conditions same, fit;
  Lane range; /* without `step`: none */
} Conjuncts;

static void add_condition(Emitter *e, Conditions *c, Lane x) {
  LLVMValueRef *all = &c->at[x.depth];
  if (LLVMIsAConstantInt(x.v) && LLVMConstIntGetZExtValue(x.v)) return;
  emit_at(e, x.depth);
  *all = *all ? LLVMBuildAnd(e->b, *all, x.v, "") : x.v;
}

/* All of them; without `v`: none. */
static Lane all_conditions(Emitter *e, const Conditions *c) {
  Lane all = {.kind = LANE_UNIFORM};
  for (int d = 0; d < MAX_LEVELS; d++) {
    if (!c->at[d]) continue;
    emit_at(e, d);
    all = emit_lane_uniform(all.v ? LLVMBuildAnd(e->b, all.v, c->at[d], "") : c->at[d], d);
  }
  return all;
}

/* Does a sum that begins with `first` and goes so far stay in its type, of 32 bits or 64? */
static void add_fit(Emitter *e, Conjuncts *c, Lane first, int64_t way) {
  LLVMTypeRef t = LLVMTypeOf(first.v);
  int64_t most = t == e->i64 ? INT64_MAX : INT32_MAX, least = -most - 1;
  LLVMValueRef fits = LLVMConstInt(e->i1, 0, false);
  emit_at(e, first.depth);
  if (way > 0 && most - way >= least)
    fits = LLVMBuildICmp(e->b, LLVMIntSLE, first.v, emit_int(t, most - way), "");
  else if (way < 0 && least - way <= most)
    fits = LLVMBuildICmp(e->b, LLVMIntSGE, first.v, emit_int(t, least - way), "");
  add_condition(e, &c->fit, emit_lane_uniform(fits, first.depth));
}

static Lane compared(Emitter *e, Conjuncts *c, const Op *cmp, const Lane *at, int axis, int64_t extent) {
  Value *a = ir_operand(cmp, 0), *b = ir_operand(cmp, 1);
  const char *p = ir_attr_text_or(cmp, "predicate", "");
  const Lane *from = at_start(e, a, at);
  Lane x = emit_lane_eval(e, a, from), y = emit_lane_eval(e, b, from);
  EndTests tests = {0};
  cpu_end_tests(e->cx, e->plan->index, cmp, axis, &tests);
  for (uint32_t i = 0; i < tests.len; i++) {
    const EndTest *t = &tests.at[i];
    Lane first = t->operand == 0 ? x : t->operand == 1 ? y : emit_lane_uniform(first_element(e, t->sum), 0);
    add_fit(e, c, first, t->way);
  }
  int depth = max_int(x.depth, y.depth), step = cpu_compare_step(e->plan->index, cmp, axis);
  if (step > 0) return emit_compare_range(e, p, x.v, y.v, extent, depth);
  return emit_compare_range(e, ir_predicate(OP_CMPI, p)->swapped, y.v, x.v, extent, depth);
}

static Lane together(Emitter *e, Conjuncts *c, int64_t extent) {
  Lane all = all_conditions(e, &c->same);
  if (!c->range.step) c->range = (Lane){.kind = LANE_RANGE, .v = emit_int(e->i32, 0), .step = emit_int(e->i32, extent)};
  return all.v ? emit_range_and(e, c->range, all) : c->range;
}

Lane emit_mask_range(Emitter *e, const Nest *nest, Value *mask, const Lane *mask_at, int64_t extent,
                     LLVMValueRef *fits) {
  typedef struct Item {
    Value *v;
    const Lane *at;
  } Item;
  Vec(Item) work = {0};
  Conjuncts c = {0};
  vec_push(e->cx, &work, ((Item){mask, mask_at}));
  while (work.len) {
    Item i = work.at[--work.len];
    Op *op = i.v->op;
    int axis = ir_is_tensor(i.v->type) ? moving(i.v, i.at) : -1;
    Lane *from = NEWN(e->cx, Lane, MAX_RANK);
    bool is_expression = axis >= 0 && cpu_is_expression(nest, i.v);
    if (is_expression && op->code == OP_ANDI) {
      vec_push(e->cx, &work, ((Item){ir_operand(op, 1), i.at}));
      vec_push(e->cx, &work, ((Item){ir_operand(op, 0), i.at}));
    } else if (is_expression && (op->code == OP_EXPAND_DIMS || op->code == OP_BROADCAST || op->code == OP_TRANS ||
                                 op->code == OP_SPLAT)) {
      emit_lane_operand_at(e, op, 0, i.at, from);
      vec_push(e->cx, &work, ((Item){ir_operand(op, 0), from}));
    } else if (is_expression && op->code == OP_CMPI && cpu_compare_step(e->plan->index, op, axis)) {
      Lane range = compared(e, &c, op, i.at, axis, extent);
      c.range = c.range.step ? emit_range_and(e, c.range, range) : range;
    } else {
      add_condition(e, &c.same, emit_lane_eval(e, i.v, axis >= 0 ? at_start(e, i.v, i.at) : i.at));
    }
  }
  Lane r = together(e, &c, extent);
  if (fits) *fits = all_conditions(e, &c.fit).v;
  emit_at(e, e->depth);
  return r;
}
