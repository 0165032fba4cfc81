/* emit_rows.c: quotients and remainders of vectors that lie between two multiples of the divisor.
 *
 * The address of `x[i // n, i % n]` moves evenly along i but where i passes a multiple of n. Where n is known only when the
 * program runs, no analysis can say where that is, and the lanes' addresses are computed one by one. But most vectors pass
 * none: then i // n is the first lane's in all lanes, and i % n moves as i does. So each vector is tested, once for all
 * divisions of the loop's body whose dividend moves evenly, and the body has a version in which that is taken for granted: what is
 * made of these quotients is computed once, and loads and stores are of whole vectors again.
 *
 * The test, in 64 bits, with b the divisor and r the first lane's remainder: 0 < b, 0 <= r (the dividend is not negative), and
 * r + (lanes - 1) * step < b. The first lane's quotient is found as a vector's are (emit_element.c), in a few instructions.
 */
#include "cpu/emit/emit.h"

/* Of the moving coordinate; -1 where there is not just one. */
static int moving(const Value *v, const Lane *at) {
  int d = -1;
  for (int i = 0; i < v->type->rank; i++) {
    if (at[i].kind == LANE_UNIFORM) continue;
    if (d >= 0) return -1;
    d = i;
  }
  return d;
}

/* Does the dividend move evenly there, by what the analysis knows? It is not evaluated for nothing. */
static bool moves_evenly(Emitter *e, const Value *v, const Lane *at) {
  int64_t step;
  int d = moving(v, at);
  return d >= 0 && index_const_stride(index_of(e->plan->index, v), d, &step) && step > 0;
}

static LLVMValueRef in_row(Emitter *e, LLVMValueRef b, LLVMValueRef first, LLVMValueRef r, int64_t way) {
  LLVMValueRef b64 = LLVMBuildIntCast2(e->b, b, e->i64, true, ""), r64 = LLVMBuildIntCast2(e->b, r, e->i64, true, "");
  LLVMValueRef first64 = LLVMBuildIntCast2(e->b, first, e->i64, true, ""), far = emit_int(e->i64, way);
  LLVMValueRef last = LLVMBuildAdd(e->b, first64, far, "");
  LLVMValueRef fits = LLVMBuildICmp(e->b, LLVMIntSLE, last, emit_int(e->i64, INT32_MAX), "");
  fits = LLVMBuildAnd(e->b, fits, LLVMBuildICmp(e->b, LLVMIntSGE, first64, emit_int(e->i64, 0), ""), "");
  fits = LLVMBuildAnd(e->b, fits, LLVMBuildICmp(e->b, LLVMIntSGT, b64, emit_int(e->i64, 0), ""), "");
  return LLVMBuildAnd(e->b, fits, LLVMBuildICmp(e->b, LLVMIntSLT, LLVMBuildAdd(e->b, r64, far, ""), b64, ""), "");
}

void emit_rows_add(Emitter *e, RowDivisions *rows, Op *op, const Lane *at) {
  Value *x = ir_operand(op, 0), *result = &op->results[0];
  Lane from[MAX_RANK], in[2];
  if (!ir_is_tensor(x->type) || !moves_evenly(e, x, at)) return;
  for (int i = 0; i < 2; i++) {
    if (!emit_lane_operand_at(e, op, i, at, from)) return;
    in[i] = emit_lane_eval(e, ir_operand(op, i), from);
  }
  const LaneForm forms[2] = {emit_lane_form(in[0]), emit_lane_form(in[1])};
  const VectorLoop loop = emit_vector_loop(e);
  if (cpu_element_form(&loop, op, forms) != ELEMENT_INT_QUOTIENT || forms[1].is_constant) return;
  if (in[0].kind != LANE_AFFINE || !forms[0].step.is_known || forms[0].step.value <= 0) return;
  if (forms[0].step.value > INT32_MAX / e->lanes) return;
  emit_at(e, in[1].depth);
  IntDivisor by = emit_int_divisor(e, in[1].v, index_of(loop.index, x)->lo);
  int depth = max_int(e->depth, in[0].depth);
  emit_at(e, depth);
  LLVMTypeRef t = LLVMTypeOf(in[0].v);
  LLVMValueRef moved = LLVMBuildMul(e->b, LLVMBuildIntCast2(e->b, e->index64, t, true, ""), in[0].step, "");
  LLVMValueRef first = LLVMBuildAdd(e->b, in[0].v, moved, ""), r = emit_int_divide_by(e, true, first, &by, 1);
  LLVMValueRef holds = in_row(e, in[1].v, first, r, forms[0].step.value * (e->lanes - 1));
  RowDivision division = {result, ctx_copy(e->cx, at, sizeof *at * (size_t)result->type->rank), {.depth = depth}};
  if (op->code == OP_REMSI) {
    division.lane.kind = LANE_AFFINE;
    division.lane.v = LLVMBuildSub(e->b, r, moved, "");
    division.lane.step = in[0].step;
  } else {
    division.lane.kind = LANE_UNIFORM;
    division.lane.v = emit_int_divide_by(e, false, first, &by, 1);
  }
  vec_push(e->cx, &rows->all, division);
  rows->holds = rows->holds ? LLVMBuildAnd(e->b, rows->holds, holds, "") : holds;
}

void emit_rows_hold(Emitter *e, const RowDivisions *rows) {
  for (uint32_t i = 0; i < rows->all.len; i++) {
    const RowDivision *r = &rows->all.at[i];
    Lane lane = r->lane;
    lane.depth = e->depth;
    emit_lane_remember(e, r->value, r->at, lane);
  }
}
