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
#include "cpu/emit.h"

typedef struct Matrix {
  LLVMValueRef base, row, col; /* pointer; strides in elements, i64 */
  LLVMValueRef rows, cols;     /* true extents, i64 */
  Slot *slot;                  /* where it is, or may be by a run-time test; else NULL */
} Matrix;

static LLVMValueRef size_const(Lower *l, int64_t n) { return emit_int(l->i64, n); }

/* A point of the last two dimensions at 0, of which `running` (-1: none) runs. */
static void point_at(Lower *l, const Type *t, int running, LLVMValueRef batch, Lane *at) {
  for (int d = 0; d < t->rank; d++) at[d] = emit_lane_zero(l);
  if (t->rank == 3) at[0] = emit_lane_uniform(batch, 0);
  if (running >= 0) at[running] = (Lane){.kind = LANE_AFFINE, .v = emit_int(l->i32, 0), .step = emit_int(l->i32, 1)};
}

/* The extent along dimension `d` of a tensor whose mask is a box. */
static LLVMValueRef masked_extent(Lower *l, const Type *t, Value *mask, int d, LLVMValueRef batch) {
  Lane at[MAX_RANK];
  if (!mask) return size_const(l, t->shape[d]);
  point_at(l, t, d, batch, at);
  LLVMValueRef end = emit_mask_range(l, NULL, mask, at, t->shape[d]).step;
  emit_at(l, 0);
  return LLVMBuildSExt(l->b, end, l->i64, "");
}

static void at_level_zero(Lower *l) {
  emit_base_level(l);
  l->lanes = 1;
  l->assume = false;
}

static LLVMValueRef both(Lower *l, LLVMValueRef a, LLVMValueRef b) { return a ? LLVMBuildAnd(l->b, a, b, "") : b; }

/* The load as a matrix, of which live[0 .. 1] rows and columns are used (NULL: all). *condition: what must hold at run time
 * for that, or NULL. */
static Matrix direct_matrix(Lower *l, const MatrixPlan *plan, LLVMValueRef batch, const LLVMValueRef live[2],
                            LLVMValueRef *condition) {
  const Type *t = plan->load->results[0].type;
  Value *ptr = ir_operand(plan->load, 0), *mask = cpu_access_mask(plan->load);
  Lane at[MAX_RANK];
  Matrix m = {0};
  at_level_zero(l);
  point_at(l, t, -1, batch, at);
  m.base = emit_lane_scalar(emit_lane_eval(l, ptr, at));
  LLVMValueRef *strides[] = {&m.row, &m.col}, *extents[] = {&m.rows, &m.cols};
  *condition = NULL;
  for (int i = 0; i < 2; i++) {
    int d = t->rank - 2 + i;
    *strides[i] = emit_sum(l, plan->strides[i], ir_elem_bytes(t->elem));
    *extents[i] = masked_extent(l, t, mask, d, batch);
    if (!plan->wraps[i].wrap) continue;
    emit_at(l, 0);
    *condition = both(l, *condition, emit_wrap_test(l, plan->wraps[i], t->shape[d], live[i]));
  }
  LLVMPositionBuilderAtEnd(l->b, l->levels[0].block);
  return m;
}

/* How many rows and columns of the dot's result matter: live[0 .. 1], NULL: all. */
static void live_extents(Lower *l, const Type *t, Value *mask, LLVMValueRef live[2]) {
  live[0] = live[1] = NULL;
  if (!mask) return;
  at_level_zero(l);
  for (int i = 0; i < 2; i++) live[i] = masked_extent(l, t, mask, i, NULL);
  LLVMPositionBuilderAtEnd(l->b, l->levels[0].block);
}

static Matrix slot_matrix(Lower *l, Slot *s, const Type *t, LLVMValueRef batch) {
  int r = t->rank;
  Matrix m = {emit_slot_touch(l, s),          size_const(l, t->shape[r - 1]), size_const(l, 1),
              size_const(l, t->shape[r - 2]), size_const(l, t->shape[r - 1]), s};
  if (r == 3) {
    LLVMValueRef offset =
        LLVMBuildMul(l->b, LLVMBuildZExt(l->b, batch, l->i64, ""), size_const(l, t->shape[1] * t->shape[2]), "");
    m.base = LLVMBuildGEP2(l->b, emit_memory_type(l, t->elem), m.base, &offset, 1, "");
  }
  return m;
}

/* One of two matrices, by the predecessor block. */
static Matrix join(Lower *l, Matrix a, LLVMBasicBlockRef from_a, Matrix b, LLVMBasicBlockRef from_b) {
  LLVMValueRef *x = &a.base, *y = &b.base, phi[5];
  for (int i = 0; i < 5; i++) {
    phi[i] = LLVMBuildPhi(l->b, LLVMTypeOf(x[i]), "");
    LLVMAddIncoming(phi[i], (LLVMValueRef[]){x[i], y[i]}, (LLVMBasicBlockRef[]){from_a, from_b}, 2);
  }
  return (Matrix){phi[0], phi[1], phi[2], phi[3], phi[4], a.slot ? a.slot : b.slot};
}

static Matrix copied(Lower *l, const MatrixPlan *plan, LLVMValueRef batch) {
  Slot *s = emit_nest_copy(l, plan->copy);
  return slot_matrix(l, s, plan->source->type, batch);
}

static Matrix stored_or_copied(Lower *l, const MatrixPlan *plan, LLVMValueRef batch) {
  return plan->copy ? copied(l, plan, batch) : slot_matrix(l, emit_slot(l, plan->source), plan->source->type, batch);
}

static Matrix operand(Lower *l, const MatrixPlan *plan, LLVMValueRef batch, LLVMValueRef rows, LLVMValueRef cols) {
  LLVMValueRef live[] = {plan->swapped ? cols : rows, plan->swapped ? rows : cols}, fits = NULL;
  Matrix m = plan->load ? direct_matrix(l, plan, batch, live, &fits) : stored_or_copied(l, plan, batch);
  if (fits && LLVMIsAConstantInt(fits)) {
    if (!LLVMConstIntGetZExtValue(fits)) m = copied(l, plan, batch);
  } else if (fits) {
    LLVMBasicBlockRef start = LLVMGetInsertBlock(l->b), wraps = emit_new_block(l, "wraps"),
                      after = emit_new_block(l, "operand");
    LLVMBuildCondBr(l->b, fits, after, wraps);
    LLVMPositionBuilderAtEnd(l->b, wraps);
    Matrix c = copied(l, plan, batch);
    LLVMBasicBlockRef end = LLVMGetInsertBlock(l->b);
    LLVMBuildBr(l->b, after);
    LLVMPositionBuilderAtEnd(l->b, after);
    m = join(l, m, start, c, end);
  }
  if (plan->swapped) m = (Matrix){m.base, m.col, m.row, m.cols, m.rows, m.slot};
  return m;
}

static LLVMTypeRef dot_type(Lower *l) {
  LLVMTypeRef f[] = {l->i64, l->i64, l->i64, l->ptr, l->ptr, l->ptr, l->i64, l->i64,
                     l->i64, l->i64, l->i64, l->i32, l->i32, l->i32, l->i32, l->ptr};
  return LLVMStructTypeInContext(l->llvm, f, COUNT(f), false);
}

static void call_dot(Lower *l, const Op *op, const DotPlan *plan, Matrix a, Matrix b, LLVMValueRef c) {
  const Type *ta = ir_operand(op, 0)->type, *tb = ir_operand(op, 1)->type, *td = op->results[0].type;
  int r = td->rank;
  CpuElem ea = cpu_elem(ta->elem, false), eb = cpu_elem(tb->elem, false), ec = cpu_elem(td->elem, false);
  Slot *pack =
      emit_slot_new(l, (int64_t)cpu_dot_pack_bytes(td->shape[r - 2], td->shape[r - 1], ta->shape[r - 1], ea, eb));
  if (a.slot) emit_slot_touch(l, a.slot); /* it is live until here, whatever was done for the other operand */
  if (b.slot) emit_slot_touch(l, b.slot);
  LLVMTypeRef t = dot_type(l);
  LLVMValueRef d = emit_alloca(l, t);
  LLVMValueRef k = a.cols == b.rows ? a.cols : emit_least(l, a.cols, b.rows);
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
                           size_const(l, td->shape[r - 1]),
                           emit_int(l->i32, ea),
                           emit_int(l->i32, eb),
                           emit_int(l->i32, ec),
                           emit_int(l->i32, plan->sets ? DOT_SET : 0),
                           emit_slot_touch(l, pack)};
  for (unsigned i = 0; i < COUNT(fields); i++) LLVMBuildStore(l->b, fields[i], LLVMBuildStructGEP2(l->b, t, d, i, ""));
  LLVMValueRef smallest = emit_least(l, emit_least(l, a.rows, b.cols), k);
  LLVMValueRef some = LLVMBuildICmp(l->b, LLVMIntSGT, smallest, size_const(l, 0), "");
  if (LLVMIsAConstantInt(a.rows) && LLVMIsAConstantInt(b.cols) && LLVMIsAConstantInt(k))
    some = LLVMConstInt(l->i1, 1, false);
  LLVMBasicBlockRef work = emit_new_block(l, "dot"), after = emit_new_block(l, "after");
  LLVMBuildCondBr(l->b, some, work, after);
  LLVMPositionBuilderAtEnd(l->b, work);
  emit_call(l, "ttc_rt_dot", l->voidty, &d, 1);
  LLVMBuildBr(l->b, after);
  LLVMPositionBuilderAtEnd(l->b, after);
}

void emit_dot(Lower *l, const Op *op, const DotPlan *plan) {
  Value *d = &op->results[0];
  const Type *t = d->type;
  if (t->rank == 2) {
    LLVMValueRef live[2];
    live_extents(l, t, plan->live, live);
    Matrix a = operand(l, &plan->a, NULL, live[0], NULL), b = operand(l, &plan->b, NULL, NULL, live[1]);
    if (live[0]) a.rows = emit_least(l, a.rows, live[0]), b.cols = emit_least(l, b.cols, live[1]);
    call_dot(l, op, plan, a, b, emit_slot_touch(l, emit_slot(l, d)));
    return;
  }
  emit_slots_begin_loop(l);
  emit_slot_touch(l, emit_slot(l, d));
  Loop loop = emit_loop_begin(l, size_const(l, 0), size_const(l, t->shape[0]), 1);
  LLVMValueRef batch = LLVMBuildTrunc(l->b, loop.index, l->i32, "");
  Matrix a = operand(l, &plan->a, batch, NULL, NULL), b = operand(l, &plan->b, batch, NULL, NULL);
  Matrix c = slot_matrix(l, emit_slot(l, d), t, batch);
  call_dot(l, op, plan, a, b, c.base);
  emit_loop_end(l, &loop);
  l->clock++;
  emit_slots_end_loop(l);
}

/* ---- transposition ----------------------------------------------------------------------------------------------- */

void emit_transpose(Lower *l, const Op *op, const MatrixPlan *plan) {
  Value *r = &op->results[0];
  const Type *t = r->type;
  LLVMValueRef fits;
  Matrix m = plan->load ? direct_matrix(l, plan, NULL, (LLVMValueRef[2]){0}, &fits) /* which does not wrap */
                        : stored_or_copied(l, plan, NULL);
  LLVMValueRef args[] = {emit_slot_touch(l, emit_slot(l, r)),
                         size_const(l, t->shape[1]),
                         m.base,
                         m.row,
                         size_const(l, t->shape[0]),
                         size_const(l, t->shape[1]),
                         emit_int(l->i32, ir_elem_bytes(t->elem))};
  emit_call(l, "ttc_rt_transpose", l->voidty, args, COUNT(args));
}
