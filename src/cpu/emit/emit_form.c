/* emit_form.c: lanes as such: where their code goes, and what they are as vectors (emit.h: Lane).
 *
 * Code is put at the level of the innermost loop that its operands depend on (Lane.depth), not where it is asked for. Only
 * who needs every lane gets a vector; what form a result has, forms.h says.
 */
#include "cpu/emit/emit.h"

/* ---- levels ------------------------------------------------------------------------------------------------------ */

void emit_at(Emitter *e, int depth) {
  if (depth >= e->depth) depth = e->depth;
  LLVMBasicBlockRef block = e->levels[depth].block;
  LLVMValueRef end = LLVMGetBasicBlockTerminator(block);
  if (end)
    emit_before(e, end);
  else
    LLVMPositionBuilderAtEnd(e->b, block);
}

void emit_push_level(Emitter *e, LLVMBasicBlockRef block) {
  e->depth++;
  e->levels[e->depth] = (Level){block, ++e->serial};
}

void emit_base_level(Emitter *e) {
  e->depth = 0;
  e->levels[0] = (Level){LLVMGetInsertBlock(e->b), ++e->serial};
  e->index32 = e->index64 = NULL;
}

/* ---- forms ------------------------------------------------------------------------------------------------------- */

Lane emit_lane_uniform(LLVMValueRef v, int depth) { return (Lane){.kind = LANE_UNIFORM, .v = v, .depth = depth}; }

Lane emit_lane_zero(Emitter *e) { return emit_lane_uniform(LLVMConstInt(e->i32, 0, false), 0); }

static KnownInt known_int(LLVMValueRef v) {
  if (!v || !LLVMIsAConstantInt(v)) return (KnownInt){0};
  return (KnownInt){true, LLVMGetIntTypeWidth(LLVMTypeOf(v)) <= 64 ? LLVMConstIntGetSExtValue(v) : 0};
}

LaneForm emit_lane_form(Lane x) {
  return (LaneForm){.kind = x.kind,
                    .depth = x.depth,
                    .is_constant = LLVMIsConstant(x.v),
                    .v = known_int(x.v),
                    .step = known_int(x.step),
                    .step_id = x.step};
}

VectorLoop emit_vector_loop(const Emitter *e) {
  return (VectorLoop){.nest = e->nest,
                      .index = e->plan->index,
                      .lanes = e->lanes,
                      .extent = e->extent,
                      .inner = e->inner,
                      .is_open = e->index32 != NULL,
                      .assume = e->assume,
                      .full = e->full};
}

static bool is_zero(LLVMValueRef v) { return LLVMIsAConstantInt(v) && LLVMConstIntGetZExtValue(v) == 0; }

/* v + (index + iota) * step */
static LLVMValueRef affine_vector(Emitter *e, Lane x, Type *elem) {
  LLVMTypeRef t = LLVMTypeOf(x.step);
  bool ptr = ir_is_ptr(elem);
  int inner = max_int(e->inner, x.depth);
  emit_at(e, x.depth);
  LLVMValueRef spread = LLVMBuildMul(e->b, emit_iota(e, e->lanes, t), emit_splat(e, x.step, e->lanes), "");
  LLVMValueRef base = ptr ? NULL : LLVMBuildAdd(e->b, emit_splat(e, x.v, e->lanes), spread, "");
  emit_at(e, inner);
  LLVMValueRef index = t == e->i64 ? e->index64 : t == e->i32 ? e->index32 : LLVMBuildTrunc(e->b, e->index64, t, "");
  LLVMValueRef moved = LLVMBuildMul(e->b, index, x.step, "");
  if (!ptr) return LLVMBuildAdd(e->b, base, emit_splat(e, moved, e->lanes), "");
  LLVMTypeRef m = emit_memory_type(e, elem->elem);
  LLVMValueRef at = LLVMBuildGEP2(e->b, m, x.v, &moved, 1, "");
  return LLVMBuildGEP2(e->b, m, emit_splat(e, at, e->lanes), &spread, 1, "");
}

static LLVMValueRef range_vector(Emitter *e, Lane x) {
  LLVMValueRef r = NULL;
  emit_at(e, x.depth);
  LLVMValueRef lo = is_zero(x.v) ? NULL : emit_splat(e, x.v, e->lanes);
  bool open = LLVMIsAConstantInt(x.step) && LLVMConstIntGetSExtValue(x.step) >= e->extent;
  LLVMValueRef hi = open ? NULL : emit_splat(e, x.step, e->lanes);
  emit_at(e, max_int(e->inner, x.depth));
  LLVMValueRef c = LLVMBuildAdd(e->b, emit_splat(e, e->index32, e->lanes), emit_iota(e, e->lanes, e->i32), "");
  if (lo) r = LLVMBuildICmp(e->b, LLVMIntSGE, c, lo, "");
  if (hi) {
    LLVMValueRef below = LLVMBuildICmp(e->b, LLVMIntSLT, c, hi, "");
    r = r ? LLVMBuildAnd(e->b, r, below, "") : below;
  }
  return r ? r : emit_splat(e, LLVMConstInt(e->i1, 1, false), e->lanes);
}

int emit_lane_vector_depth(Emitter *e, Lane x) {
  return x.kind == LANE_AFFINE || x.kind == LANE_RANGE ? max_int(e->inner, x.depth) : x.depth;
}

LLVMValueRef emit_lane_vector(Emitter *e, Lane x, Type *elem) {
  if (x.kind == LANE_VECTOR) return x.v;
  if (x.kind == LANE_UNIFORM) {
    if (e->lanes == 1) return x.v;
    emit_at(e, x.depth);
    LLVMValueRef v = emit_splat(e, x.v, e->lanes);
    return v;
  }
  return x.kind == LANE_AFFINE ? affine_vector(e, x, elem) : range_vector(e, x);
}

Lane emit_lane_add(Emitter *e, Lane a, Lane b) {
  Lane r = {.depth = max_int(a.depth, b.depth)};
  if (a.kind == LANE_UNIFORM && is_zero(a.v)) return b;
  if (b.kind == LANE_UNIFORM && is_zero(b.v)) return a;
  emit_at(e, r.depth);
  if (a.kind != LANE_VECTOR && b.kind != LANE_VECTOR) {
    r.kind = a.kind == LANE_AFFINE || b.kind == LANE_AFFINE ? LANE_AFFINE : LANE_UNIFORM;
    r.v = LLVMBuildAdd(e->b, a.v, b.v, "");
    r.step = !a.step ? b.step : !b.step ? a.step : LLVMBuildAdd(e->b, a.step, b.step, "");
    return r;
  }
  static const Type i32 = {.kind = TYPE_INT, .bits = 32};
  r.kind = LANE_VECTOR;
  r.depth = max_int(emit_lane_vector_depth(e, a), emit_lane_vector_depth(e, b));
  LLVMValueRef x = emit_lane_vector(e, a, (Type *)&i32), y = emit_lane_vector(e, b, (Type *)&i32);
  emit_at(e, r.depth);
  r.v = LLVMBuildAdd(e->b, x, y, "");
  return r;
}

Lane emit_lane_times(Emitter *e, Lane a, int64_t k) {
  if (k == 1) return a;
  emit_at(e, a.depth);
  LLVMTypeRef t = LLVMTypeOf(a.v);
  int lanes = LLVMGetTypeKind(t) == LLVMVectorTypeKind ? (int)LLVMGetVectorSize(t) : 1;
  LLVMValueRef c = emit_splat(e, emit_int(lanes > 1 ? LLVMGetElementType(t) : t, k), lanes);
  a.v = LLVMBuildMul(e->b, a.v, c, "");
  if (a.step) a.step = LLVMBuildMul(e->b, a.step, emit_int(LLVMTypeOf(a.step), k), "");
  return a;
}

bool emit_lane_is_true(const Emitter *e, Lane m) {
  if (m.kind == LANE_UNIFORM) return LLVMIsAConstantInt(m.v) && LLVMConstIntGetZExtValue(m.v);
  return m.kind == LANE_RANGE && LLVMIsAConstantInt(m.v) && LLVMConstIntGetZExtValue(m.v) == 0 &&
         LLVMIsAConstantInt(m.step) && LLVMConstIntGetSExtValue(m.step) >= e->extent;
}

/* ---- ranges ------------------------------------------------------------------------------------------------------ */

static bool constant_of(LLVMValueRef v, int64_t *out) {
  if (!LLVMIsAConstantInt(v)) return false;
  *out = LLVMConstIntGetSExtValue(v);
  return true;
}

static LLVMValueRef extreme(Emitter *e, const char *name, bool least, LLVMValueRef a, LLVMValueRef b) {
  int64_t x, y;
  LLVMTypeRef t = LLVMTypeOf(a);
  if (constant_of(a, &x) && constant_of(b, &y)) return (x < y) == least ? a : b;
  return emit_intrinsic(e, name, &t, 1, (LLVMValueRef[]){a, b}, 2);
}

LLVMValueRef emit_least(Emitter *e, LLVMValueRef a, LLVMValueRef b) { return extreme(e, "llvm.smin", true, a, b); }

LLVMValueRef emit_most(Emitter *e, LLVMValueRef a, LLVMValueRef b) { return extreme(e, "llvm.smax", false, a, b); }

/* to - from, one more with `next`, as far as 64 bits tell: what is further apart is beyond any extent. LLVM makes plain
 * subtractions of those of narrower numbers. */
static LLVMValueRef distance(Emitter *e, LLVMValueRef to, LLVMValueRef from, bool next) {
  int64_t a, b, d;
  to = LLVMBuildIntCast2(e->b, to, e->i64, true, "");
  from = LLVMBuildIntCast2(e->b, from, e->i64, true, "");
  if (constant_of(to, &a) && constant_of(from, &b) && !__builtin_sub_overflow(a, b, &d) && d < INT64_MAX)
    return emit_int(e->i64, d + next);
  LLVMValueRef x = emit_intrinsic(e, "llvm.ssub.sat", &e->i64, 1, (LLVMValueRef[]){to, from}, 2);
  return next ? emit_intrinsic(e, "llvm.sadd.sat", &e->i64, 1, (LLVMValueRef[]){x, emit_int(e->i64, 1)}, 2) : x;
}

Lane emit_compare_range(Emitter *e, const char *p, LLVMValueRef v, LLVMValueRef u, int64_t extent, int depth) {
  Lane r = {.kind = LANE_RANGE, .depth = depth};
  bool greater = p[1] == 'g';
  emit_at(e, depth);
  bool next = greater ? p[2] == 't' : p[2] == 'e';
  LLVMValueRef d = distance(e, u, v, next);
  d = emit_least(e, emit_most(e, d, emit_int(e->i64, 0)), emit_int(e->i64, extent));
  d = LLVMBuildTrunc(e->b, d, e->i32, "");
  r.v = greater ? d : emit_int(e->i32, 0);
  r.step = greater ? emit_int(e->i32, extent) : d;
  return r;
}

Lane emit_range_and(Emitter *e, Lane a, Lane b) {
  Lane r = {.kind = LANE_RANGE, .depth = max_int(a.depth, b.depth)};
  int64_t x, y;
  emit_at(e, r.depth);
  if (b.kind == LANE_UNIFORM) {
    r.v = a.v;
    r.step = LLVMBuildSelect(e->b, b.v, a.step, emit_int(e->i32, 0), "");
    return r;
  }
  bool from_start = constant_of(a.v, &x) && !x, b_from_start = constant_of(b.v, &y) && !y;
  r.v = from_start ? b.v : b_from_start ? a.v : emit_most(e, a.v, b.v);
  r.step = emit_least(e, a.step, b.step);
  return r;
}
