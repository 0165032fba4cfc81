/* emit_dot.c: tl.dot and transposition, done by calls into the run-time library.
 *
 * The library takes a matrix anywhere in memory, as a base, two strides and its true extents. So an operand that is
 * a load of affine pointers, its mask a box and its `other` zero, is never copied: masked-off rows and columns
 * contribute nothing and are left out by smaller extents. Where the pointers contain an `x % n`, a run-time test
 * tells whether the tile wraps; only then the operand is copied to scratch. The accumulator is in scratch already,
 * where it was initialized (plan_blocks.c).
 *
 * Live extents. A kernel for ragged sizes computes whole tiles, with row and column numbers modulo the size, and masks
 * the store. Where the product of a loop goes through elementwise ops into one store whose mask is a box, the rows and
 * columns that the mask cuts off are not computed, and within the others nothing wraps.
 */
#include "cpu/emit/emit.h"

typedef struct Matrix {
  LLVMValueRef base, row, col; /* pointer; strides in elements, i64 */
  LLVMValueRef rows, cols;     /* true extents, i64 */
  ScratchSlot *slot;           /* where it is, or may be by a run-time test; else NULL */
} Matrix;

static LLVMValueRef size_const(Emitter *e, int64_t n) { return emit_int(e->i64, n); }

/* A point of the last two dimensions at 0, of which `running` (-1: none) runs. */
static void point_at(Emitter *e, const Type *t, int running, LLVMValueRef batch, Lane *at) {
  for (int d = 0; d < t->rank; d++) at[d] = emit_lane_zero(e);
  if (t->rank == 3) at[0] = emit_lane_uniform(batch, 0);
  if (running >= 0) at[running] = (Lane){.kind = LANE_AFFINE, .v = emit_int(e->i32, 0), .step = emit_int(e->i32, 1)};
}

/* The extent along dimension `d` of a tensor whose mask is a box. */
static LLVMValueRef masked_extent(Emitter *e, const Type *t, Value *mask, int d, LLVMValueRef batch) {
  Lane at[MAX_RANK];
  if (!mask) return size_const(e, t->shape[d]);
  point_at(e, t, d, batch, at);
  LLVMValueRef end = emit_mask_range(e, NULL, mask, at, t->shape[d], NULL).step;
  emit_at(e, 0);
  return LLVMBuildSExt(e->b, end, e->i64, "");
}

static void at_level_zero(Emitter *e) {
  emit_base_level(e);
  e->lanes = 1;
  e->assume = false;
}

static LLVMValueRef both(Emitter *e, LLVMValueRef a, LLVMValueRef b) { return a ? LLVMBuildAnd(e->b, a, b, "") : b; }

/* The load as a matrix, of which live[0 .. 1] rows and columns are used (NULL: all). *condition: what must hold at run time
 * for that, or NULL. */
static Matrix direct_matrix(Emitter *e, const MatrixPlan *plan, LLVMValueRef batch, const LLVMValueRef live[2],
                            LLVMValueRef *condition) {
  const Type *t = plan->load->results[0].type;
  Value *ptr = ir_operand(plan->load, 0), *mask = cpu_access_mask(plan->load);
  Lane at[MAX_RANK];
  Matrix m = {0};
  at_level_zero(e);
  point_at(e, t, -1, batch, at);
  m.base = emit_lane_scalar(emit_lane_eval(e, ptr, at));
  LLVMValueRef *strides[] = {&m.row, &m.col}, *extents[] = {&m.rows, &m.cols};
  *condition = NULL;
  for (int i = 0; i < 2; i++) {
    int d = t->rank - 2 + i;
    *strides[i] = emit_sum(e, plan->strides[i], ir_elem_bytes(t->elem));
    *extents[i] = masked_extent(e, t, mask, d, batch);
    if (!plan->wraps[i].wrap) continue;
    emit_at(e, 0);
    *condition = both(e, *condition, emit_wrap_test(e, plan->wraps[i], t->shape[d], live[i]));
  }
  LLVMPositionBuilderAtEnd(e->b, e->levels[0].block);
  return m;
}

/* How many rows and columns of the dot's result matter: live[0 .. 1], NULL: all. */
static void live_extents(Emitter *e, const Type *t, Value *mask, LLVMValueRef live[2]) {
  live[0] = live[1] = NULL;
  if (!mask) return;
  at_level_zero(e);
  for (int i = 0; i < 2; i++) live[i] = masked_extent(e, t, mask, i, NULL);
  LLVMPositionBuilderAtEnd(e->b, e->levels[0].block);
}

static Matrix slot_matrix(Emitter *e, ScratchSlot *s, const Type *t, LLVMValueRef batch) {
  int r = t->rank;
  Matrix m = {emit_slot_touch(e, s),          size_const(e, t->shape[r - 1]), size_const(e, 1),
              size_const(e, t->shape[r - 2]), size_const(e, t->shape[r - 1]), s};
  if (r == 3) {
    LLVMValueRef offset =
        LLVMBuildMul(e->b, LLVMBuildZExt(e->b, batch, e->i64, ""), size_const(e, t->shape[1] * t->shape[2]), "");
    m.base = LLVMBuildGEP2(e->b, emit_memory_type(e, t->elem), m.base, &offset, 1, "");
  }
  return m;
}

/* One of two matrices, by the predecessor block. */
static Matrix join(Emitter *e, Matrix a, LLVMBasicBlockRef from_a, Matrix b, LLVMBasicBlockRef from_b) {
  LLVMValueRef *x = &a.base, *y = &b.base, phi[5];
  for (int i = 0; i < 5; i++) {
    phi[i] = LLVMBuildPhi(e->b, LLVMTypeOf(x[i]), "");
    LLVMAddIncoming(phi[i], (LLVMValueRef[]){x[i], y[i]}, (LLVMBasicBlockRef[]){from_a, from_b}, 2);
  }
  return (Matrix){phi[0], phi[1], phi[2], phi[3], phi[4], a.slot ? a.slot : b.slot};
}

static Matrix copied(Emitter *e, const MatrixPlan *plan, LLVMValueRef batch) {
  ScratchSlot *s = emit_nest_copy(e, plan->copy);
  return slot_matrix(e, s, plan->source->type, batch);
}

static Matrix stored_or_copied(Emitter *e, const MatrixPlan *plan, LLVMValueRef batch) {
  return plan->copy ? copied(e, plan, batch) : slot_matrix(e, emit_slot(e, plan->source), plan->source->type, batch);
}

static Matrix operand(Emitter *e, const MatrixPlan *plan, LLVMValueRef batch, LLVMValueRef rows, LLVMValueRef cols) {
  LLVMValueRef live[] = {plan->swapped ? cols : rows, plan->swapped ? rows : cols}, fits = NULL;
  Matrix m = plan->load ? direct_matrix(e, plan, batch, live, &fits) : stored_or_copied(e, plan, batch);
  if (fits && LLVMIsAConstantInt(fits)) {
    if (!LLVMConstIntGetZExtValue(fits)) m = copied(e, plan, batch);
  } else if (fits) {
    LLVMBasicBlockRef start = LLVMGetInsertBlock(e->b), wraps = emit_new_block(e, "wraps"),
                      after = emit_new_block(e, "operand");
    LLVMBuildCondBr(e->b, fits, after, wraps);
    LLVMPositionBuilderAtEnd(e->b, wraps);
    Matrix c = copied(e, plan, batch);
    LLVMBasicBlockRef end = LLVMGetInsertBlock(e->b);
    LLVMBuildBr(e->b, after);
    LLVMPositionBuilderAtEnd(e->b, after);
    m = join(e, m, start, c, end);
  }
  if (plan->swapped) m = (Matrix){m.base, m.col, m.row, m.cols, m.rows, m.slot};
  return m;
}

static LLVMTypeRef dot_type(Emitter *e) {
  LLVMTypeRef f[] = {e->i64, e->i64, e->i64, e->ptr, e->ptr, e->ptr, e->i64, e->i64,
                     e->i64, e->i64, e->i64, e->i32, e->i32, e->i32, e->i32, e->ptr};
  return LLVMStructTypeInContext(e->llvm, f, COUNT(f), false);
}

/* The library's function for operands of these types. Each is linked by itself into a program of compiled kernels. */
static const char *dot_function(CpuElem a, CpuElem b, CpuElem c) {
  bool f8 = a >= CPU_F8E4M3FN && a <= CPU_F8E4M3B11FNUZ && b >= CPU_F8E4M3FN && b <= CPU_F8E4M3B11FNUZ;
  if (c == CPU_I32) return "ttc_rt_dot_i8";
  if (a == CPU_F64) return "ttc_rt_dot_f64";
  if (f8) return "ttc_rt_dot_f8";
  if (a != b) return "ttc_rt_dot_f32";
  return a == CPU_F16 ? "ttc_rt_dot_f16" : a == CPU_BF16 ? "ttc_rt_dot_bf16" : "ttc_rt_dot_f32";
}

static void call_dot(Emitter *e, const Op *op, const DotPlan *plan, Matrix a, Matrix b, LLVMValueRef c) {
  const Type *ta = ir_operand(op, 0)->type, *tb = ir_operand(op, 1)->type, *td = op->results[0].type;
  int r = td->rank;
  CpuElem ea = cpu_elem(ta->elem, false), eb = cpu_elem(tb->elem, false), ec = cpu_elem(td->elem, false);
  ScratchSlot *pack =
      emit_slot_new(e, (int64_t)rt_dot_pack_bytes(td->shape[r - 2], td->shape[r - 1], ta->shape[r - 1], ea, eb));
  if (a.slot) emit_slot_touch(e, a.slot); /* it is live until here, whatever was done for the other operand */
  if (b.slot) emit_slot_touch(e, b.slot);
  LLVMTypeRef t = dot_type(e);
  LLVMValueRef d = emit_alloca(e, t);
  LLVMValueRef k = a.cols == b.rows ? a.cols : emit_least(e, a.cols, b.rows);
  LLVMValueRef fields[] = {a.rows,
                           b.cols,
                           k,
                           a.base,
                           b.base,
                           c,
                           a.row,
                           a.col,
                           b.row,
                           b.col,
                           size_const(e, td->shape[r - 1]),
                           emit_int(e->i32, ea),
                           emit_int(e->i32, eb),
                           emit_int(e->i32, ec),
                           emit_int(e->i32, plan->sets ? DOT_SET : 0),
                           emit_slot_touch(e, pack)};
  for (unsigned i = 0; i < COUNT(fields); i++) LLVMBuildStore(e->b, fields[i], LLVMBuildStructGEP2(e->b, t, d, i, ""));
  LLVMValueRef smallest = emit_least(e, emit_least(e, a.rows, b.cols), k);
  LLVMValueRef some = LLVMBuildICmp(e->b, LLVMIntSGT, smallest, size_const(e, 0), "");
  if (LLVMIsAConstantInt(a.rows) && LLVMIsAConstantInt(b.cols) && LLVMIsAConstantInt(k))
    some = LLVMConstInt(e->i1, 1, false);
  LLVMBasicBlockRef work = emit_new_block(e, "dot"), after = emit_new_block(e, "after");
  LLVMBuildCondBr(e->b, some, work, after);
  LLVMPositionBuilderAtEnd(e->b, work);
  emit_call(e, dot_function(ea, eb, ec), e->voidty, &d, 1);
  LLVMBuildBr(e->b, after);
  LLVMPositionBuilderAtEnd(e->b, after);
}

void emit_dot(Emitter *e, const Op *op, const DotPlan *plan) {
  Value *d = &op->results[0];
  const Type *t = d->type;
  if (t->rank == 2) {
    LLVMValueRef live[2];
    live_extents(e, t, plan->live, live);
    Matrix a = operand(e, &plan->a, NULL, live[0], NULL), b = operand(e, &plan->b, NULL, NULL, live[1]);
    if (live[0]) a.rows = emit_least(e, a.rows, live[0]), b.cols = emit_least(e, b.cols, live[1]);
    call_dot(e, op, plan, a, b, emit_slot_touch(e, emit_slot(e, d)));
    return;
  }
  emit_slots_begin_loop(e);
  emit_slot_touch(e, emit_slot(e, d));
  CountedLoop loop = emit_loop_begin(e, size_const(e, 0), size_const(e, t->shape[0]), 1);
  LLVMValueRef batch = LLVMBuildTrunc(e->b, loop.index, e->i32, "");
  Matrix a = operand(e, &plan->a, batch, NULL, NULL), b = operand(e, &plan->b, batch, NULL, NULL);
  Matrix c = slot_matrix(e, emit_slot(e, d), t, batch);
  call_dot(e, op, plan, a, b, c.base);
  emit_loop_end(e, &loop);
  e->clock++;
  emit_slots_end_loop(e);
}

/* ---- transposition ----------------------------------------------------------------------------------------------- */

/* Where the matrix ends before the tile does, the rest of the result is zero. */
static void clear_rest(Emitter *e, const Type *t, const Matrix *m, LLVMValueRef to) {
  LLVMValueRef whole = LLVMBuildAnd(e->b, LLVMBuildICmp(e->b, LLVMIntSGE, m->rows, size_const(e, t->shape[1]), ""),
                                    LLVMBuildICmp(e->b, LLVMIntSGE, m->cols, size_const(e, t->shape[0]), ""), "");
  LLVMBasicBlockRef ragged = emit_new_block(e, "ragged"), after = emit_new_block(e, "transpose");
  LLVMBuildCondBr(e->b, whole, after, ragged);
  LLVMPositionBuilderAtEnd(e->b, ragged);
  LLVMBuildMemSet(e->b, to, LLVMConstInt(e->i8, 0, false), size_const(e, ir_numel(t) * ir_elem_bytes(t->elem)), 1);
  LLVMBuildBr(e->b, after);
  LLVMPositionBuilderAtEnd(e->b, after);
}

void emit_transpose(Emitter *e, const Op *op, const MatrixPlan *plan) {
  Value *r = &op->results[0];
  const Type *t = r->type;
  LLVMValueRef fits;
  Matrix m = plan->load ? direct_matrix(e, plan, NULL, (LLVMValueRef[2]){0}, &fits) /* which does not wrap */
                        : stored_or_copied(e, plan, NULL);
  LLVMValueRef to = emit_slot_touch(e, emit_slot(e, r));
  if (plan->load && cpu_access_mask(plan->load)) {
    clear_rest(e, t, &m, to);
    m.rows = emit_most(e, m.rows, size_const(e, 0));
    m.cols = emit_most(e, m.cols, size_const(e, 0));
  }
  LLVMValueRef args[] = {
      to, size_const(e, t->shape[1]), m.base, m.row, m.cols, m.rows, emit_int(e->i32, ir_elem_bytes(t->elem))};
  emit_call(e, "ttc_rt_transpose", e->voidty, args, COUNT(args));
}
