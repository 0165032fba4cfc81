/* emit_fold.c: reductions and scans inside a loop nest.
 *
 * Along the vector dimension a reduction keeps a vector of partial results (several registers, so that the additions
 * do not wait for each other) and folds it in halves at the end of the row. Along another dimension the partial
 * results are the row of results itself, in its slot. The order in which elements are combined is therefore fixed,
 * but not that of the rows.
 *
 * A scan along the vector dimension scans each vector in log2(lanes) steps of shift and combine, then combines with
 * the carry from the vector before; the carry's own chain is one scalar combination per vector. Along another
 * dimension each row is combined with the row of results before it.
 */
#include "cpu/emit.h"

#include <math.h>

/* The neutral element, for combine functions that are a single known op of their two arguments. */
static LLVMValueRef identity_of(Lower *l, const Block *b, const Type *elem) {
  Op *op = b->first, *ret = b->last;
  if (b->nargs != 2 || !op || op->next != ret || op->noperands != 2 || ir_operand(ret, 0) != &op->results[0])
    return NULL;
  Value *x = ir_operand(op, 0), *y = ir_operand(op, 1);
  if (!((x == b->args[0] && y == b->args[1]) || (x == b->args[1] && y == b->args[0]))) return NULL;
  LLVMTypeRef t = emit_element_type(l, elem);
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
  return emit_element_const(l, elem, &a);
}

static LLVMValueRef *values(Lower *l, int n) { return NEWN(l->cx, LLVMValueRef, n); }

static Type *operand_type(const Fold *f, int i) { return ir_operand(f->op, i)->type; }

Fold *emit_fold_new(Lower *l, Op *op) {
  Fold *f = NEW(l->cx, Fold);
  f->op = op;
  f->n = op->noperands;
  f->axis = (int)ir_attr_int_or(op, "axis", 0);
  f->acc = NEWN(l->cx, LLVMValueRef, f->n);
  if (op->code == OP_REDUCE && !ir_is_tensor(op->results[0].type)) { f->result = NEWN(l->cx, LLVMValueRef, f->n); }
  if (f->n == 1) {
    LLVMValueRef identity = identity_of(l, ir_entry(op, 0), operand_type(f, 0)->elem);
    if (identity) {
      f->identity = NEWN(l->cx, LLVMValueRef, 1);
      f->identity[0] = identity;
    }
  }
  return f;
}

void emit_fold_reset(Lower *l, Fold *f, int vector_dim) {
  f->inner = f->axis == vector_dim;
  int lanes = f->op->code == OP_REDUCE ? l->lanes : 1;
  for (int i = 0; f->inner && i < f->n; i++) {
    LLVMValueRef start = f->identity ? f->identity[i] : LLVMConstNull(emit_element_type(l, operand_type(f, i)->elem));
    f->acc[i] = emit_splat(l, start, lanes);
  }
}

static void combine(Lower *l, Fold *f, LLVMValueRef *acc, LLVMValueRef *cur, LLVMValueRef *out, int lanes) {
  LLVMValueRef *args = values(l, 2 * f->n);
  for (int i = 0; i < f->n; i++) {
    args[i] = acc[i];
    args[i + f->n] = cur[i];
  }
  emit_element_region(l, ir_entry(f->op, 0), args, out, lanes);
}

/* combine(acc, cur), or cur in the first step. */
static void combine_after(Lower *l, Fold *f, LLVMValueRef *acc, LLVMValueRef *cur, LLVMValueRef first,
                          LLVMValueRef *out, int lanes) {
  LLVMValueRef *r = values(l, f->n);
  combine(l, f, acc, cur, r, lanes);
  for (int i = 0; i < f->n; i++) out[i] = first ? LLVMBuildSelect(l->b, first, cur[i], r[i], "") : r[i];
}

static void without_axis(const Fold *f, const Lane *at, Lane *out) {
  int rank = operand_type(f, 0)->rank;
  for (int i = 0, j = 0; i < rank; i++)
    if (i != f->axis) out[j++] = at[i];
}

void emit_fold_step(Lower *l, Fold *f, LLVMValueRef *in, const Lane *at, LLVMValueRef first) {
  LLVMValueRef *acc = values(l, f->n), *out = values(l, f->n);
  if (f->inner) {
    emit_at(l, l->depth);
    combine_after(l, f, f->acc, in, f->identity ? NULL : first, f->acc, l->lanes);
    return;
  }
  Lane row[MAX_RANK];
  without_axis(f, at, row);
  for (int i = 0; i < f->n; i++) {
    Value *r = &f->op->results[i];
    Lane x = emit_array_read(l, emit_slot_touch(l, emit_slot(l, r)), r->type, row, l->depth);
    acc[i] = emit_lane_vector(l, x, r->type->elem);
  }
  emit_at(l, l->depth);
  combine_after(l, f, acc, in, first, out, l->lanes);
  for (int i = 0; i < f->n; i++) {
    Value *r = &f->op->results[i];
    emit_slot_write(l, emit_slot(l, r), r->type, row, out[i]);
  }
}

static LLVMValueRef part(Lower *l, LLVMValueRef v, int from, int n) {
  if (n == 1) return LLVMBuildExtractElement(l->b, v, LLVMConstInt(l->i32, (unsigned)from, false), "");
  LLVMValueRef *mask = NEWN(l->cx, LLVMValueRef, n);
  for (int i = 0; i < n; i++) mask[i] = LLVMConstInt(l->i32, (unsigned)(from + i), false);
  return LLVMBuildShuffleVector(l->b, v, LLVMGetPoison(LLVMTypeOf(v)), LLVMConstVector(mask, (unsigned)n), "");
}

void emit_fold_finish(Lower *l, Fold *f, const Lane *at) {
  if (!f->inner) return;
  LLVMValueRef *acc = f->acc, *low = values(l, f->n), *high = values(l, f->n);
  emit_at(l, l->depth);
  for (int n = l->lanes / 2; n >= 1; n /= 2) {
    for (int i = 0; i < f->n; i++) {
      low[i] = part(l, acc[i], 0, n);
      high[i] = part(l, acc[i], n, n);
    }
    combine(l, f, low, high, acc, n);
  }
  Lane row[MAX_RANK];
  without_axis(f, at, row);
  for (int i = 0; i < f->n; i++) {
    Value *r = &f->op->results[i];
    if (f->result)
      f->result[i] = acc[i];
    else
      emit_slot_write(l, emit_slot(l, r), r->type, row, acc[i]);
  }
}

void emit_fold_results(Fold *f) {
  for (int i = 0; f->result && i < f->n; i++) code_of(&f->op->results[i])->scalar = f->result[i];
}

/* ---- scans ------------------------------------------------------------------------------------------------------- */

/* v moved by `by` lanes, toward higher ones (or lower, in reverse); lanes without a source keep their own
 * value. */
static LLVMValueRef moved(Lower *l, LLVMValueRef v, int by, bool reverse) {
  LLVMValueRef *mask = NEWN(l->cx, LLVMValueRef, l->lanes);
  for (int i = 0; i < l->lanes; i++) {
    int from = reverse ? i + by : i - by;
    mask[i] = LLVMConstInt(l->i32, (unsigned)(from < 0 || from >= l->lanes ? i : from), false);
  }
  return LLVMBuildShuffleVector(l->b, v, LLVMGetPoison(LLVMTypeOf(v)), LLVMConstVector(mask, (unsigned)l->lanes), "");
}

static LLVMValueRef moved_lanes(Lower *l, int by, bool reverse) {
  LLVMValueRef *mask = NEWN(l->cx, LLVMValueRef, l->lanes);
  for (int i = 0; i < l->lanes; i++) {
    int from = reverse ? i + by : i - by;
    mask[i] = LLVMConstInt(l->i1, from >= 0 && from < l->lanes, false);
  }
  return LLVMConstVector(mask, (unsigned)l->lanes);
}

static void scan_within(Lower *l, Fold *f, LLVMValueRef *v, bool reverse) {
  LLVMValueRef *before = values(l, f->n), *out = values(l, f->n);
  for (int by = 1; by < l->lanes; by *= 2) {
    for (int i = 0; i < f->n; i++) before[i] = moved(l, v[i], by, reverse);
    combine(l, f, before, v, out, l->lanes);
    LLVMValueRef has = moved_lanes(l, by, reverse);
    for (int i = 0; i < f->n; i++) v[i] = LLVMBuildSelect(l->b, has, out[i], v[i], "");
  }
}

void emit_scan_step(Lower *l, Fold *f, LLVMValueRef *in, const Lane *at, LLVMValueRef first, LLVMValueRef *out) {
  bool reverse = ir_attr_int_or(f->op, "reverse", 0) != 0;
  LLVMValueRef *carry = f->acc, *total = values(l, f->n), *all = values(l, f->n);
  if (f->inner) {
    emit_at(l, l->depth);
    if (f->identity) first = NULL;
    for (int i = 0; i < f->n; i++) out[i] = in[i];
    scan_within(l, f, out, reverse);
    for (int i = 0; i < f->n; i++) {
      LLVMValueRef last = LLVMConstInt(l->i32, reverse ? 0 : (unsigned)l->lanes - 1, false);
      total[i] = l->lanes > 1 ? LLVMBuildExtractElement(l->b, out[i], last, "") : out[i];
      all[i] = emit_splat(l, carry[i], l->lanes);
    }
    combine_after(l, f, all, out, first, out, l->lanes);
    combine_after(l, f, carry, total, first, carry, 1);
    return;
  }
  Lane row[MAX_RANK];
  int rank = operand_type(f, 0)->rank;
  for (int i = 0; i < rank; i++) row[i] = at[i];
  emit_at(l, at[f->axis].depth);
  /* in the first step there is no row before: read the row itself, whatever is in it */
  LLVMValueRef back =
      LLVMBuildSelect(l->b, first, LLVMConstInt(l->i32, 0, false), emit_int(l->i32, reverse ? 1 : -1), "");
  row[f->axis].v = LLVMBuildAdd(l->b, at[f->axis].v, back, "");
  for (int i = 0; i < f->n; i++) {
    Value *r = &f->op->results[i];
    Lane x = emit_array_read(l, emit_slot_touch(l, emit_slot(l, r)), r->type, row, l->depth);
    all[i] = emit_lane_vector(l, x, r->type->elem);
  }
  emit_at(l, l->depth);
  combine_after(l, f, all, in, first, out, l->lanes);
}
