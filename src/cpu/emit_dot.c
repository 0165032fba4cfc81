/* emit_dot.c: tl.dot and transposition, done by calls into the run-time library.
 *
 * The library takes a matrix anywhere in memory, as a base, two strides and its true extents. So an operand that is
 * a load of affine pointers, its mask a box and its `other` zero, is never copied: masked-off rows and columns
 * contribute nothing and are left out by smaller extents. Where the pointers contain an `x % n`, a run-time test
 * tells whether the tile wraps; only then the operand is copied to scratch. The accumulator is in scratch already,
 * where it was initialized (plan.c).
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

/* Can the load be described as a matrix, here and by what is known here? */
static bool is_matrix(Lower *l, Op *load) {
  const Type *t = load->results[0].type;
  Value *ptr = ir_operand(load, 0), *mask = cpu_access_mask(load);
  for (int d = t->rank - 2; d < t->rank; d++) {
    const IndexAxis *a = &cpu_axis(l, ptr)[d];
    if (!cpu_sum_known(l, a->stride, ir_elem_bytes(t->elem)) || (a->wrap && cpu_wrap_axis(l, NULL, a->wrap) < 0))
      return false;
    if (mask && !cpu_mask_bounds(l, NULL, mask, ir_is_tensor(mask->type) ? d : -1)) return false;
  }
  return true;
}

/* The load as a matrix, of which live[0 .. 1] rows and columns matter (NULL: all). *condition: what must hold at run time
 * for that, or NULL. */
static Matrix direct_matrix(Lower *l, Op *load, LLVMValueRef batch, const LLVMValueRef live[2],
                            LLVMValueRef *condition) {
  const Type *t = load->results[0].type;
  Value *ptr = ir_operand(load, 0), *mask = cpu_access_mask(load);
  const IndexAxis *axes = &cpu_axis(l, ptr)[t->rank - 2];
  Lane at[MAX_RANK];
  Matrix m = {0};
  at_level_zero(l);
  point_at(l, t, -1, batch, at);
  m.base = emit_lane_scalar(emit_lane_eval(l, ptr, at));
  LLVMValueRef *strides[] = {&m.row, &m.col}, *extents[] = {&m.rows, &m.cols};
  *condition = NULL;
  for (int i = 0; i < 2; i++) {
    int d = t->rank - 2 + i;
    *strides[i] = emit_sum(l, axes[i].stride, ir_elem_bytes(t->elem));
    *extents[i] = masked_extent(l, t, mask, d, batch);
    if (!axes[i].wrap) continue;
    emit_at(l, 0);
    *condition = both(l, *condition, emit_wrap_test(l, axes[i].wrap, t->shape[d], live[i]));
  }
  LLVMPositionBuilderAtEnd(l->b, l->levels[0].block);
  return m;
}

/* ---- live extents ------------------------------------------------------------------------------------------------ */

/* The one store to which v goes, by elementwise ops only. */
static bool only_store(const Value *v, const Op **store, int depth) {
  for (const Use *u = v->uses; u; u = u->next) {
    const Op *op = u->op;
    if (op->code == OP_STORE && u->index == 1 && (!*store || *store == op))
      *store = op;
    else if (depth > 16 || !(ir_info(op)->traits & T_ELEMENTWISE) || op->nresults != 1 ||
             !only_store(&op->results[0], store, depth + 1))
      return false;
  }
  return true;
}

/* Can v be evaluated here: is it an expression, and are its scalars known by now? */
static bool known_here(Lower *l, Value *v, int depth) {
  if (!ir_is_tensor(v->type)) return info_of(v)->scalar != NULL;
  if (depth > 32 || cpu_is_stored(v) || v->op->code == OP_LOAD || v->op->nregions) return false;
  for (int i = 0; i < v->op->noperands; i++)
    if (!known_here(l, ir_operand(v->op, i), depth + 1)) return false;
  return true;
}

/* How many rows and columns of the dot's result matter: live[0 .. 1], NULL: all. */
static void live_extents(Lower *l, const Op *dot, LLVMValueRef live[2]) {
  const Value *d = &dot->results[0], *carried = info_of(d)->shares;
  const Type *t = d->type;
  live[0] = live[1] = NULL;
  if (!carried || t->rank != 2 || ir_operand(dot, 2) != carried) return;
  if (!d->uses || d->uses->next || d->uses->op->code != OP_YIELD || !carried->uses || carried->uses->next) return;
  const Op *store = NULL;
  if (!only_store(&ir_parent(dot)->results[d->uses->index], &store, 0) || !store) return;
  Value *mask = cpu_access_mask(store);
  if (!mask || !ir_is_tensor(mask->type) || !cpu_mask_is_box(l, mask) || !known_here(l, mask, 0)) return;
  if (!cpu_mask_bounds(l, NULL, mask, 0) || !cpu_mask_bounds(l, NULL, mask, 1)) return;
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

static int64_t tensor_bytes(const Type *t) { return ir_numel(t) * max64(ir_elem_bytes(t->elem), 1); }

static Matrix copied(Lower *l, Value *v, LLVMValueRef batch) {
  Slot *s = emit_slot_new(l, tensor_bytes(v->type));
  emit_nest_copy(l, v, s);
  return slot_matrix(l, s, v->type, batch);
}

static Matrix operand(Lower *l, Value *v, LLVMValueRef batch, LLVMValueRef rows, LLVMValueRef cols) {
  bool swapped;
  Value *source = cpu_dot_source(v, &swapped);
  LLVMValueRef live[] = {swapped ? cols : rows, swapped ? rows : cols};
  Op *load = cpu_dot_direct(l, v);
  Matrix m;
  LLVMValueRef fits = NULL;
  if (cpu_is_stored(source)) {
    m = slot_matrix(l, emit_slot(l, source), source->type, batch);
  } else if (!load || !is_matrix(l, load)) {
    m = copied(l, source, batch);
  } else {
    m = direct_matrix(l, load, batch, live, &fits);
  }
  if (fits && LLVMIsAConstantInt(fits)) {
    if (!LLVMConstIntGetZExtValue(fits)) m = copied(l, source, batch);
  } else if (fits) {
    LLVMBasicBlockRef start = LLVMGetInsertBlock(l->b), wraps = emit_new_block(l, "wraps"),
                      after = emit_new_block(l, "operand");
    LLVMBuildCondBr(l->b, fits, after, wraps);
    LLVMPositionBuilderAtEnd(l->b, wraps);
    Matrix c = copied(l, source, batch);
    LLVMBasicBlockRef end = LLVMGetInsertBlock(l->b);
    LLVMBuildBr(l->b, after);
    LLVMPositionBuilderAtEnd(l->b, after);
    m = join(l, m, start, c, end);
  }
  if (swapped) m = (Matrix){m.base, m.col, m.row, m.cols, m.rows, m.slot};
  return m;
}

static LLVMTypeRef dot_type(Lower *l) {
  LLVMTypeRef f[] = {l->i64, l->i64, l->i64, l->ptr, l->ptr, l->ptr, l->i64, l->i64,
                     l->i64, l->i64, l->i64, l->i32, l->i32, l->i32, l->i32, l->ptr};
  return LLVMStructTypeInContext(l->llvm, f, COUNT(f), false);
}

static void call_dot(Lower *l, Op *op, Matrix a, Matrix b, LLVMValueRef c) {
  const Type *ta = ir_operand(op, 0)->type, *tb = ir_operand(op, 1)->type, *td = op->results[0].type;
  int r = td->rank;
  CpuElem ea = cpu_elem(ta->elem, false), eb = cpu_elem(tb->elem, false), ec = cpu_elem(td->elem, false);
  Slot *pack =
      emit_slot_new(l, (int64_t)cpu_dot_pack_bytes(td->shape[r - 2], td->shape[r - 1], ta->shape[r - 1], ea, eb));
  if (a.slot) emit_slot_touch(l, a.slot); /* it lives until here, whatever was done for the other operand */
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
                           emit_int(l->i32, cpu_dot_sets(l, op) ? DOT_SET : 0),
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

static void check_types(Lower *l, Op *op) {
  const Type *a = ir_operand(op, 0)->type->elem, *d = op->results[0].type->elem;
  bool ok;
  if (a->kind == TYPE_FLOAT)
    ok = a->fkind == F64 ? d->fkind == F64
                         : d->kind == TYPE_FLOAT && (d->fkind == F32 || (d->fkind == F16 && a->fkind == F16));
  else
    ok = a->bits == 8 && d->kind == TYPE_INT && d->bits == 32;
  if (!ok)
    emit_fail(l, op, "dot of %s into %s is not supported on the CPU", ir_type_text(l->cx, a), ir_type_text(l->cx, d));
}

void emit_dot(Lower *l, Op *op) {
  check_types(l, op);
  Value *d = &op->results[0];
  const Type *t = d->type;
  if (t->rank == 2) {
    LLVMValueRef live[2];
    live_extents(l, op, live);
    Matrix a = operand(l, ir_operand(op, 0), NULL, live[0], NULL);
    Matrix b = operand(l, ir_operand(op, 1), NULL, NULL, live[1]);
    if (live[0]) a.rows = emit_least(l, a.rows, live[0]), b.cols = emit_least(l, b.cols, live[1]);
    call_dot(l, op, a, b, emit_slot_touch(l, emit_slot(l, d)));
    return;
  }
  emit_slots_begin_loop(l);
  emit_slot(l, d);
  emit_slot_touch(l, emit_slot(l, d));
  Loop loop = emit_loop_begin(l, size_const(l, 0), size_const(l, t->shape[0]), 1);
  LLVMValueRef batch = LLVMBuildTrunc(l->b, loop.index, l->i32, "");
  Matrix a = operand(l, ir_operand(op, 0), batch, NULL, NULL), b = operand(l, ir_operand(op, 1), batch, NULL, NULL);
  Matrix c = slot_matrix(l, emit_slot(l, d), t, batch);
  call_dot(l, op, a, b, c.base);
  emit_loop_end(l, &loop);
  l->clock++;
  emit_slots_end_loop(l);
}

/* ---- operands of bf16 -------------------------------------------------------------------------------------------- */

/* The processor's conversion differs from the language's in one thing: denormals become zero. Its products of bf16, in
 * tiles and in vectors, read denormals as zero anyway. */
bool emit_dot_narrows(Lower *l, const Op *truncf, int lanes) {
  const Type *from = ir_elem(ir_operand(truncf, 0)->type), *to = ir_elem(truncf->results[0].type);
  return l->isa->avx512_bf16 && lanes == 32 && from->fkind == F32 && to->fkind == BF16 &&
         cpu_feeds_only_dots(&truncf->results[0]);
}

LLVMValueRef emit_dot_narrow(Lower *l, LLVMValueRef x) {
  LLVMValueRef index[2][16], halves[2];
  for (int i = 0; i < 2; i++) {
    for (int j = 0; j < 16; j++) index[i][j] = emit_int(l->i32, 16 * (1 - i) + j); /* the upper half comes first */
    halves[i] = LLVMBuildShuffleVector(l->b, x, LLVMGetPoison(LLVMTypeOf(x)), LLVMConstVector(index[i], 16), "");
  }
  LLVMValueRef r = emit_intrinsic(l, "llvm.x86.avx512bf16.cvtne2ps2bf16.512", NULL, 0, halves, 2);
  return LLVMBuildBitCast(l->b, r, LLVMVectorType(l->i16, 32), "");
}

/* ---- transposition ----------------------------------------------------------------------------------------------- */

void emit_transpose(Lower *l, Op *op) {
  Value *r = &op->results[0], *source = ir_operand(op, 0);
  const Type *t = r->type;
  Matrix m = {0};
  LLVMValueRef fits;
  if (cpu_is_stored(source))
    m = slot_matrix(l, emit_slot(l, source), source->type, NULL);
  else if (cpu_trans_direct(l, op) && is_matrix(l, source->op))
    m = direct_matrix(l, source->op, NULL, (LLVMValueRef[2]){0}, &fits); /* the columns do not wrap */
  else
    m = copied(l, source, NULL);
  LLVMValueRef args[] = {emit_slot_touch(l, emit_slot(l, r)),
                         size_const(l, t->shape[1]),
                         m.base,
                         m.row,
                         size_const(l, t->shape[0]),
                         size_const(l, t->shape[1]),
                         emit_int(l->i32, ir_elem_bytes(t->elem))};
  emit_call(l, "ttc_rt_transpose", l->voidty, args, COUNT(args));
}
