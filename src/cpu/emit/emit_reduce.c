/* emit_reduce.c: reductions and scans inside a loop nest.
 *
 * Along the vector dimension a reduction keeps a vector of partial results (several registers, so that the additions
 * do not wait for each other) and folds it in halves at the end of the row. Along another dimension the partial
 * results are the row of results itself, in its slot; of reductions alone several rows are combined with it at a time, one after
 * the other, so that it is read and written once for all of them. The order in which elements are combined is therefore fixed,
 * but not that of the rows.
 *
 * A scan along the vector dimension scans each vector in log2(lanes) steps of shift and combine, then combines with
 * the carry from the vector before; the carry's own chain is one scalar combination per vector. Along another
 * dimension each row is combined with the row of results before it.
 */
#include "cpu/emit/emit.h"

#include <math.h>

/* The neutral element, for combine functions that are a single known op of their two arguments. */
static LLVMValueRef identity_of(Emitter *e, const Block *b, const Type *elem) {
  Op *op = b->first, *ret = b->last;
  if (b->nargs != 2 || !op || op->next != ret || op->noperands != 2 || ir_operand(ret, 0) != &op->results[0])
    return NULL;
  Value *x = ir_operand(op, 0), *y = ir_operand(op, 1);
  if (!((x == b->args[0] && y == b->args[1]) || (x == b->args[1] && y == b->args[0]))) return NULL;
  LLVMTypeRef t = emit_element_type(e, elem);
  int64_t top = elem->bits < 64 ? (INT64_C(1) << (elem->bits - 1)) - 1 : INT64_MAX;
  Attr a = {.kind = ATTR_FLOAT};
  switch (op->code) {
  case OP_ADDI:
  case OP_ORI:
  case OP_XORI:
  case OP_MAXUI: return emit_int(t, 0);
  case OP_MULI: return emit_int(t, 1);
  case OP_ANDI:
  case OP_MINUI: return emit_int(t, -1);
  case OP_MAXSI: return emit_int(t, -top - 1);
  case OP_MINSI: return emit_int(t, top);
  case OP_ADDF: a.number = -0.0; break;
  case OP_MULF: a.number = 1; break;
  case OP_MAXNUMF:
  case OP_MINNUMF: a.number = NAN; break;
  case OP_MAXIMUMF: a.number = -INFINITY; break;
  case OP_MINIMUMF: a.number = INFINITY; break;
  default: return NULL;
  }
  return emit_element_const(e, elem, &a);
}

static LLVMValueRef *values(Emitter *e, int n) { return NEWN(e->cx, LLVMValueRef, n); }

static Type *operand_type(const Reduction *f, int i) { return ir_operand(f->op, i)->type; }

Reduction *emit_reduce_new(Emitter *e, Op *op) {
  Reduction *f = NEW(e->cx, Reduction);
  f->op = op;
  f->n = op->noperands;
  f->axis = (int)ir_attr_int_or(op, "axis", 0);
  f->acc = NEWN(e->cx, LLVMValueRef, f->n);
  if (op->code == OP_REDUCE && !ir_is_tensor(op->results[0].type)) { f->result = NEWN(e->cx, LLVMValueRef, f->n); }
  if (f->n == 1) {
    LLVMValueRef identity = identity_of(e, ir_entry(op, 0), operand_type(f, 0)->elem);
    if (identity) {
      f->identity = NEWN(e->cx, LLVMValueRef, 1);
      f->identity[0] = identity;
    }
  }
  return f;
}

void emit_reduce_reset(Emitter *e, Reduction *f, int vector_dim) {
  f->inner = f->axis == vector_dim;
  int lanes = f->op->code == OP_REDUCE ? e->lanes : 1;
  for (int i = 0; f->inner && i < f->n; i++) {
    LLVMValueRef start = f->identity ? f->identity[i] : LLVMConstNull(emit_element_type(e, operand_type(f, i)->elem));
    f->acc[i] = emit_splat(e, start, lanes);
  }
}

/* `active`: the lanes that have something to combine (a loop over what others hold may not end); NULL: all. */
static void combine(Emitter *e, Reduction *f, LLVMValueRef *acc, LLVMValueRef *cur, LLVMValueRef *out, int lanes,
                    LLVMValueRef active) {
  LLVMValueRef *args = values(e, 2 * f->n);
  for (int i = 0; i < f->n; i++) {
    args[i] = acc[i];
    args[i + f->n] = cur[i];
  }
  emit_element_region(e, ir_entry(f->op, 0), args, out, lanes, active);
  e->levels[e->depth].block = LLVMGetInsertBlock(e->b);
}

/* combine(acc, cur), or cur in the first step. */
static void combine_after(Emitter *e, Reduction *f, LLVMValueRef *acc, LLVMValueRef *cur, LLVMValueRef first,
                          LLVMValueRef *out, int lanes) {
  LLVMValueRef *r = values(e, f->n);
  combine(e, f, acc, cur, r, lanes, first ? emit_splat(e, LLVMBuildNot(e->b, first, ""), lanes) : NULL);
  for (int i = 0; i < f->n; i++) out[i] = first ? LLVMBuildSelect(e->b, first, cur[i], r[i], "") : r[i];
}

static void without_axis(const Reduction *f, const Lane *at, Lane *out) {
  int rank = operand_type(f, 0)->rank;
  for (int i = 0, j = 0; i < rank; i++)
    if (i != f->axis) out[j++] = at[i];
}

void emit_reduce_rows(Emitter *e, Reduction *f, LLVMValueRef **in, int n, const Lane *at, LLVMValueRef first) {
  LLVMValueRef *acc = values(e, f->n);
  Lane row[MAX_RANK];
  without_axis(f, at, row);
  for (int i = 0; i < f->n; i++) {
    Value *r = &f->op->results[i];
    Lane x = emit_array_read(e, emit_slot_touch(e, emit_slot(e, r)), r->type, row, e->depth);
    acc[i] = emit_lane_vector(e, x, r->type->elem);
  }
  emit_at(e, e->depth);
  for (int k = 0; k < n; k++) combine_after(e, f, acc, in[k], k ? NULL : first, acc, e->lanes);
  for (int i = 0; i < f->n; i++) {
    Value *r = &f->op->results[i];
    emit_slot_write(e, emit_slot(e, r), r->type, row, acc[i]);
  }
}

void emit_reduce_step(Emitter *e, Reduction *f, LLVMValueRef *in, const Lane *at, LLVMValueRef first) {
  if (f->inner) {
    emit_at(e, e->depth);
    combine_after(e, f, f->acc, in, f->identity ? NULL : first, f->acc, e->lanes);
    return;
  }
  emit_reduce_rows(e, f, &in, 1, at, first);
}

static LLVMValueRef part(Emitter *e, LLVMValueRef v, int from, int n) {
  if (n == 1) return LLVMBuildExtractElement(e->b, v, LLVMConstInt(e->i32, (unsigned)from, false), "");
  LLVMValueRef *mask = NEWN(e->cx, LLVMValueRef, n);
  for (int i = 0; i < n; i++) mask[i] = LLVMConstInt(e->i32, (unsigned)(from + i), false);
  return LLVMBuildShuffleVector(e->b, v, LLVMGetPoison(LLVMTypeOf(v)), LLVMConstVector(mask, (unsigned)n), "");
}

void emit_reduce_finish(Emitter *e, Reduction *f, const Lane *at) {
  if (!f->inner) return;
  LLVMValueRef *acc = f->acc, *low = values(e, f->n), *high = values(e, f->n);
  emit_at(e, e->depth);
  for (int n = e->lanes / 2; n >= 1; n /= 2) {
    for (int i = 0; i < f->n; i++) {
      low[i] = part(e, acc[i], 0, n);
      high[i] = part(e, acc[i], n, n);
    }
    combine(e, f, low, high, acc, n, NULL);
  }
  Lane row[MAX_RANK];
  without_axis(f, at, row);
  for (int i = 0; i < f->n; i++) {
    Value *r = &f->op->results[i];
    if (f->result)
      f->result[i] = acc[i];
    else
      emit_slot_write(e, emit_slot(e, r), r->type, row, acc[i]);
  }
}

void emit_reduce_results(Reduction *f) {
  for (int i = 0; f->result && i < f->n; i++) code_of(&f->op->results[i])->scalar = f->result[i];
}

/* ---- scans ------------------------------------------------------------------------------------------------------- */

/* v moved by `by` lanes, toward higher ones (or lower, in reverse); lanes without a source keep their own
 * value. */
static LLVMValueRef moved(Emitter *e, LLVMValueRef v, int by, bool reverse) {
  LLVMValueRef *mask = NEWN(e->cx, LLVMValueRef, e->lanes);
  for (int i = 0; i < e->lanes; i++) {
    int from = reverse ? i + by : i - by;
    mask[i] = LLVMConstInt(e->i32, (unsigned)(from < 0 || from >= e->lanes ? i : from), false);
  }
  return LLVMBuildShuffleVector(e->b, v, LLVMGetPoison(LLVMTypeOf(v)), LLVMConstVector(mask, (unsigned)e->lanes), "");
}

static LLVMValueRef moved_lanes(Emitter *e, int by, bool reverse) {
  LLVMValueRef *mask = NEWN(e->cx, LLVMValueRef, e->lanes);
  for (int i = 0; i < e->lanes; i++) {
    int from = reverse ? i + by : i - by;
    mask[i] = LLVMConstInt(e->i1, from >= 0 && from < e->lanes, false);
  }
  return LLVMConstVector(mask, (unsigned)e->lanes);
}

static void scan_within(Emitter *e, Reduction *f, LLVMValueRef *v, bool reverse) {
  LLVMValueRef *before = values(e, f->n), *out = values(e, f->n);
  for (int by = 1; by < e->lanes; by *= 2) {
    for (int i = 0; i < f->n; i++) before[i] = moved(e, v[i], by, reverse);
    LLVMValueRef has = moved_lanes(e, by, reverse);
    combine(e, f, before, v, out, e->lanes, has);
    for (int i = 0; i < f->n; i++) v[i] = LLVMBuildSelect(e->b, has, out[i], v[i], "");
  }
}

void emit_scan_step(Emitter *e, Reduction *f, LLVMValueRef *in, const Lane *at, LLVMValueRef first, LLVMValueRef *out) {
  bool reverse = ir_attr_int_or(f->op, "reverse", 0) != 0;
  LLVMValueRef *carry = f->acc, *total = values(e, f->n), *all = values(e, f->n);
  if (f->inner) {
    emit_at(e, e->depth);
    if (f->identity) first = NULL;
    for (int i = 0; i < f->n; i++) out[i] = in[i];
    scan_within(e, f, out, reverse);
    for (int i = 0; i < f->n; i++) {
      LLVMValueRef last = LLVMConstInt(e->i32, reverse ? 0 : (unsigned)e->lanes - 1, false);
      total[i] = e->lanes > 1 ? LLVMBuildExtractElement(e->b, out[i], last, "") : out[i];
      all[i] = emit_splat(e, carry[i], e->lanes);
    }
    combine_after(e, f, all, out, first, out, e->lanes);
    combine_after(e, f, carry, total, first, carry, 1);
    return;
  }
  Lane row[MAX_RANK];
  int rank = operand_type(f, 0)->rank;
  for (int i = 0; i < rank; i++) row[i] = at[i];
  emit_at(e, at[f->axis].depth);
  /* in the first step there is no row before: read the row itself, whatever is in it */
  LLVMValueRef back =
      LLVMBuildSelect(e->b, first, LLVMConstInt(e->i32, 0, false), emit_int(e->i32, reverse ? 1 : -1), "");
  row[f->axis].v = LLVMBuildAdd(e->b, at[f->axis].v, back, "");
  for (int i = 0; i < f->n; i++) {
    Value *r = &f->op->results[i];
    Lane x = emit_array_read(e, emit_slot_touch(e, emit_slot(e, r)), r->type, row, e->depth);
    all[i] = emit_lane_vector(e, x, r->type->elem);
  }
  emit_at(e, e->depth);
  combine_after(e, f, all, in, first, out, e->lanes);
}
