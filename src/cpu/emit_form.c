/* emit_form.c: lanes as such: where their code goes, and what they are as vectors (emit.h: Lane).
 *
 * Code is put at the level of the innermost loop that its operands depend on (Lane.depth), not where it is asked for. A form
 * stays what it is as long as it can: of two affine lanes the sum is affine, of two ranges both is a range; only who
 * needs every lane gets a vector.
 */
#include "cpu/emit.h"

static int max_int(int a, int b) { return a > b ? a : b; }

/* ---- levels ------------------------------------------------------------------------------------------------------ */

void emit_at(Lower *l, int depth) {
  if (depth >= l->depth) depth = l->depth;
  LLVMBasicBlockRef block = l->levels[depth].block;
  LLVMValueRef end = LLVMGetBasicBlockTerminator(block);
  if (end)
    LLVMPositionBuilderBefore(l->b, end);
  else
    LLVMPositionBuilderAtEnd(l->b, block);
}

void emit_push_level(Lower *l, LLVMBasicBlockRef block) {
  l->depth++;
  l->levels[l->depth] = (Level){block, ++l->serial};
}

void emit_base_level(Lower *l) {
  l->depth = 0;
  l->levels[0] = (Level){LLVMGetInsertBlock(l->b), ++l->serial};
  l->index32 = l->index64 = NULL;
}

/* ---- forms ------------------------------------------------------------------------------------------------------- */

Lane emit_lane_uniform(LLVMValueRef v, int depth) { return (Lane){.kind = LANE_UNIFORM, .v = v, .depth = depth}; }

Lane emit_lane_zero(Lower *l) { return emit_lane_uniform(LLVMConstInt(l->i32, 0, false), 0); }

static bool is_zero(LLVMValueRef v) { return LLVMIsAConstantInt(v) && LLVMConstIntGetZExtValue(v) == 0; }

/* v + (index + iota) * step */
static LLVMValueRef affine_vector(Lower *l, Lane x, Type *elem) {
  LLVMTypeRef t = LLVMTypeOf(x.step);
  bool ptr = ir_is_ptr(elem);
  int inner = max_int(l->inner, x.depth);
  emit_at(l, x.depth);
  LLVMValueRef spread = LLVMBuildMul(l->b, emit_iota(l, l->lanes, t), emit_splat(l, x.step, l->lanes), "");
  LLVMValueRef base = ptr ? NULL : LLVMBuildAdd(l->b, emit_splat(l, x.v, l->lanes), spread, "");
  emit_at(l, inner);
  LLVMValueRef index = t == l->i64 ? l->index64 : t == l->i32 ? l->index32 : LLVMBuildTrunc(l->b, l->index64, t, "");
  LLVMValueRef moved = LLVMBuildMul(l->b, index, x.step, "");
  if (!ptr) return LLVMBuildAdd(l->b, base, emit_splat(l, moved, l->lanes), "");
  LLVMTypeRef m = emit_memory_type(l, elem->elem);
  LLVMValueRef at = LLVMBuildGEP2(l->b, m, x.v, &moved, 1, "");
  return LLVMBuildGEP2(l->b, m, emit_splat(l, at, l->lanes), &spread, 1, "");
}

static LLVMValueRef range_vector(Lower *l, Lane x) {
  LLVMValueRef r = NULL;
  emit_at(l, x.depth);
  LLVMValueRef lo = is_zero(x.v) ? NULL : emit_splat(l, x.v, l->lanes);
  bool open = LLVMIsAConstantInt(x.step) && LLVMConstIntGetSExtValue(x.step) >= l->extent;
  LLVMValueRef hi = open ? NULL : emit_splat(l, x.step, l->lanes);
  emit_at(l, max_int(l->inner, x.depth));
  LLVMValueRef c = LLVMBuildAdd(l->b, emit_splat(l, l->index32, l->lanes), emit_iota(l, l->lanes, l->i32), "");
  if (lo) r = LLVMBuildICmp(l->b, LLVMIntSGE, c, lo, "");
  if (hi) {
    LLVMValueRef below = LLVMBuildICmp(l->b, LLVMIntSLT, c, hi, "");
    r = r ? LLVMBuildAnd(l->b, r, below, "") : below;
  }
  return r ? r : emit_splat(l, LLVMConstInt(l->i1, 1, false), l->lanes);
}

int emit_lane_vector_depth(Lower *l, Lane x) {
  return x.kind == LANE_AFFINE || x.kind == LANE_RANGE ? max_int(l->inner, x.depth) : x.depth;
}

LLVMValueRef emit_lane_vector(Lower *l, Lane x, Type *elem) {
  if (x.kind == LANE_VECTOR) return x.v;
  if (x.kind == LANE_UNIFORM) {
    if (l->lanes == 1) return x.v;
    emit_at(l, x.depth);
    LLVMValueRef v = emit_splat(l, x.v, l->lanes);
    return v;
  }
  return x.kind == LANE_AFFINE ? affine_vector(l, x, elem) : range_vector(l, x);
}

Lane emit_lane_add(Lower *l, Lane a, Lane b) {
  Lane r = {.depth = max_int(a.depth, b.depth)};
  if (a.kind == LANE_UNIFORM && is_zero(a.v)) return b;
  if (b.kind == LANE_UNIFORM && is_zero(b.v)) return a;
  emit_at(l, r.depth);
  if (a.kind != LANE_VECTOR && b.kind != LANE_VECTOR) {
    r.kind = a.kind == LANE_AFFINE || b.kind == LANE_AFFINE ? LANE_AFFINE : LANE_UNIFORM;
    r.v = LLVMBuildAdd(l->b, a.v, b.v, "");
    r.step = !a.step ? b.step : !b.step ? a.step : LLVMBuildAdd(l->b, a.step, b.step, "");
    return r;
  }
  static const Type i32 = {.kind = TYPE_INT, .bits = 32};
  r.kind = LANE_VECTOR;
  r.depth = max_int(emit_lane_vector_depth(l, a), emit_lane_vector_depth(l, b));
  LLVMValueRef x = emit_lane_vector(l, a, (Type *)&i32), y = emit_lane_vector(l, b, (Type *)&i32);
  emit_at(l, r.depth);
  r.v = LLVMBuildAdd(l->b, x, y, "");
  return r;
}

Lane emit_lane_times(Lower *l, Lane a, int64_t k) {
  if (k == 1) return a;
  emit_at(l, a.depth);
  LLVMTypeRef t = LLVMTypeOf(a.v);
  int lanes = LLVMGetTypeKind(t) == LLVMVectorTypeKind ? (int)LLVMGetVectorSize(t) : 1;
  LLVMValueRef c = emit_splat(l, emit_int(lanes > 1 ? LLVMGetElementType(t) : t, k), lanes);
  a.v = LLVMBuildMul(l->b, a.v, c, "");
  if (a.step) a.step = LLVMBuildMul(l->b, a.step, emit_int(LLVMTypeOf(a.step), k), "");
  return a;
}

bool emit_lane_is_true(const Lower *l, Lane m) {
  if (m.kind == LANE_UNIFORM) return LLVMIsAConstantInt(m.v) && LLVMConstIntGetZExtValue(m.v);
  return m.kind == LANE_RANGE && LLVMIsAConstantInt(m.v) && LLVMConstIntGetZExtValue(m.v) == 0 &&
         LLVMIsAConstantInt(m.step) && LLVMConstIntGetSExtValue(m.step) >= l->extent;
}

/* ---- ranges ------------------------------------------------------------------------------------------------------ */

static bool constant_of(LLVMValueRef v, int64_t *out) {
  if (!LLVMIsAConstantInt(v)) return false;
  *out = LLVMConstIntGetSExtValue(v);
  return true;
}

static LLVMValueRef extreme(Lower *l, const char *name, bool least, LLVMValueRef a, LLVMValueRef b) {
  int64_t x, y;
  LLVMTypeRef t = LLVMTypeOf(a);
  if (constant_of(a, &x) && constant_of(b, &y)) return (x < y) == least ? a : b;
  return emit_intrinsic(l, name, &t, 1, (LLVMValueRef[]){a, b}, 2);
}

LLVMValueRef emit_least(Lower *l, LLVMValueRef a, LLVMValueRef b) { return extreme(l, "llvm.smin", true, a, b); }

LLVMValueRef emit_most(Lower *l, LLVMValueRef a, LLVMValueRef b) { return extreme(l, "llvm.smax", false, a, b); }

static LLVMValueRef widened(Lower *l, LLVMValueRef v) {
  return LLVMTypeOf(v) == l->i64 ? v : LLVMBuildSExt(l->b, v, l->i64, "");
}

Lane emit_compare_range(Lower *l, const char *p, LLVMValueRef v, LLVMValueRef u, int64_t extent, int depth) {
  Lane r = {.kind = LANE_RANGE, .depth = depth};
  bool greater = p[1] == 'g';
  emit_at(l, depth);
  LLVMValueRef d = LLVMBuildSub(l->b, widened(l, u), widened(l, v), "");
  if (greater ? p[2] == 't' : p[2] == 'e') d = LLVMBuildAdd(l->b, d, LLVMConstInt(l->i64, 1, false), "");
  d = emit_least(l, emit_most(l, d, emit_int(l->i64, 0)), emit_int(l->i64, extent));
  d = LLVMBuildTrunc(l->b, d, l->i32, "");
  r.v = greater ? d : emit_int(l->i32, 0);
  r.step = greater ? emit_int(l->i32, extent) : d;
  return r;
}

Lane emit_range_and(Lower *l, Lane a, Lane b) {
  Lane r = {.kind = LANE_RANGE, .depth = max_int(a.depth, b.depth)};
  int64_t x, y;
  emit_at(l, r.depth);
  if (b.kind == LANE_UNIFORM) {
    r.v = a.v;
    r.step = LLVMBuildSelect(l->b, b.v, a.step, emit_int(l->i32, 0), "");
    return r;
  }
  bool from_start = constant_of(a.v, &x) && !x, b_from_start = constant_of(b.v, &y) && !y;
  r.v = from_start ? b.v : b_from_start ? a.v : emit_most(l, a.v, b.v);
  r.step = emit_least(l, a.step, b.step);
  return r;
}
