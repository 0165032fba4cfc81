/* forms.c: the rules of forms.h. */
#include "cpu/forms.h"

#include <string.h>

static bool is_affine(const LaneForm *x) { return x->kind == LANE_AFFINE; }

static bool is_uniform(const LaneForm *x) { return x->kind == LANE_UNIFORM; }

static bool is_step(const LaneForm *x, int64_t step) { return x->step.is_known && x->step.value == step; }

/* ---- elementwise ops --------------------------------------------------------------------------------------------- */

static bool all_uniform(const LaneForm *in, int n) {
  for (int i = 0; i < n; i++)
    if (!is_uniform(&in[i])) return false;
  return true;
}

static Type *operand_elem(const Op *op, int i) { return ir_elem(ir_operand(op, i)->type); }

/* May an operand wrap around between two lanes? */
static bool wraps_between(const VectorLoop *l, const Op *op, int operand) {
  const Value *x = ir_operand(op, operand);
  return operand_elem(op, operand)->bits < 32 || index_may_pass_end(index_of(l->index, x), x->type);
}

/* Not so of what an address is computed from: no tensor goes on at the other end of a type. */
static bool wraps_when_widened(const VectorLoop *l, const Op *op) {
  const Index *x = index_of(l->index, ir_operand(op, 0));
  return plan_of(&op->results[0])->in_address ? operand_elem(op, 0)->bits < 32 || index_may_wrap(x)
                                              : wraps_between(l, op, 0);
}

/* Is a step preserved when the index is extended? Indices do not wrap; multiples of large odd constants
 * (hashes) do. */
static bool is_small_step(const VectorLoop *l, const LaneForm *x) {
  int64_t k = x->step.value;
  return x->step.is_known && (k < 0 ? -k : k) * l->extent < (INT64_C(1) << 24);
}

static ElementForm compared(const VectorLoop *l, const Op *op, const LaneForm *a, const LaneForm *b) {
  const char *p = ir_attr_text_or(op, "predicate", "");
  bool wraps = wraps_between(l, op, 0) || wraps_between(l, op, 1), is_equality = p[0] == 'e' || p[0] == 'n';
  if (l->lanes == 1) return ELEMENT_VECTORS;
  if (is_affine(a) && is_affine(b) && a->step_id == b->step_id && ((p[0] == 's' && !wraps) || is_equality))
    return ELEMENT_BASES;
  if (p[0] != 's' || wraps) return ELEMENT_VECTORS;
  if (is_uniform(a) && is_affine(b)) return is_step(b, 1) ? ELEMENT_RANGE_SWAPPED : ELEMENT_VECTORS;
  if (!is_affine(a)) return ELEMENT_VECTORS;
  if (is_affine(b) && a->step.is_known && b->step.is_known)
    return a->step.value - b->step.value == 1 ? ELEMENT_RANGE : ELEMENT_VECTORS;
  return is_uniform(b) && is_step(a, 1) ? ELEMENT_RANGE : ELEMENT_VECTORS;
}

static ElementForm met(const VectorLoop *l, const Op *op, const LaneForm *a, const LaneForm *b) {
  bool range = a->kind == LANE_RANGE || b->kind == LANE_RANGE;
  bool fits = range && (is_uniform(a) || a->kind == LANE_RANGE) && (is_uniform(b) || b->kind == LANE_RANGE);
  return fits && l->lanes > 1 && ir_elem(op->results[0].type)->bits == 1 ? ELEMENT_MEET : ELEMENT_VECTORS;
}

/* Do a base and a step, each computed for itself, give the op's result? */
static bool keeps_steps(const VectorLoop *l, const Op *op, const LaneForm *a, const LaneForm *b) {
  const Type *to = ir_elem(op->results[0].type);
  switch (op->code) {
  case OP_ADDI:
  case OP_SUBI:
  case OP_ADDPTR: return true;
  case OP_MULI: return !is_affine(a) || !is_affine(b);
  case OP_SHLI: return is_uniform(b) && b->v.is_known && (uint64_t)b->v.value < (uint64_t)to->bits;
  case OP_EXTSI:
  case OP_EXTUI:
  case OP_INDEX_CAST: {
    const Value *x = ir_operand(op, 0);
    bool passes_zero = op->code == OP_EXTUI && index_passes_zero(index_of(l->index, x), x->type);
    return is_small_step(l, a) && !wraps_when_widened(l, op) && !passes_zero;
  }
  case OP_TRUNCI: return to->bits >= 8;
  case OP_TT_BITCAST:
    return ir_is_ptr(to) && ir_is_ptr(operand_elem(op, 0)) &&
           ir_elem_bytes(to->elem) == ir_elem_bytes(operand_elem(op, 0)->elem);
  default: return false;
  }
}

static bool is_quotient(const VectorLoop *l, const Op *op, const LaneForm *in) {
  if (op->code != OP_DIVF && op->code != OP_PRECISE_DIVF) return false;
  return ir_elem(op->results[0].type)->fkind == F32 && l->lanes >= 8 && l->is_open && is_uniform(&in[1]) &&
         in[1].depth < l->inner && in[0].kind == LANE_VECTOR && in[0].depth >= l->inner && !in[1].is_constant;
}

/* Is the dividend known to lie within 32 bits, and the divisor the same for all? */
static bool is_int_quotient(const VectorLoop *l, const Op *op, const LaneForm *in) {
  if ((op->code != OP_DIVSI && op->code != OP_REMSI) || l->lanes == 1) return false;
  if (in[0].kind == LANE_RANGE || !is_uniform(&in[1])) return false;
  int bits = operand_elem(op, 0)->bits;
  const Index *x = index_of(l->index, ir_operand(op, 0));
  if (bits == 64) return x->lo >= INT32_MIN && x->hi <= INT32_MAX;
  return bits == 32 && !in[1].is_constant;
}

ElementForm cpu_element_form(const VectorLoop *l, const Op *op, const LaneForm *in) {
  if (all_uniform(in, op->noperands)) return ELEMENT_SCALARS;
  const LaneForm *a = &in[0], *b = op->noperands > 1 ? &in[1] : a;
  if (is_quotient(l, op, in)) return ELEMENT_QUOTIENT;
  if ((op->code == OP_DIVSI || a->kind == LANE_VECTOR) && is_int_quotient(l, op, in)) return ELEMENT_INT_QUOTIENT;
  if (a->kind == LANE_VECTOR || b->kind == LANE_VECTOR) return ELEMENT_VECTORS;
  switch (op->code) {
  case OP_CMPI: return compared(l, op, a, b);
  case OP_ANDI: return met(l, op, a, b);
  case OP_REMSI:
  case OP_REMUI: {
    bool stays = l->assume && is_affine(a) && is_uniform(b) && map_has(&l->nest->linear, &op->results[0]);
    return stays ? ELEMENT_FIRST : is_int_quotient(l, op, in) ? ELEMENT_INT_QUOTIENT : ELEMENT_VECTORS;
  }
  default: break;
  }
  if (a->kind == LANE_RANGE || b->kind == LANE_RANGE) return ELEMENT_VECTORS;
  return keeps_steps(l, op, a, b) ? ELEMENT_AFFINE : ELEMENT_VECTORS;
}

/* ---- what the index analysis knows ------------------------------------------------------------------------------- */

/* Ops whose lanes are computed from the operands' lanes, which is as precise as the index form, or more. */
static bool follows_operands(const Op *op) {
  switch (op->code) {
  case OP_ADDI:
  case OP_SUBI:
  case OP_MULI:
  case OP_SHLI:
  case OP_ADDPTR:
  case OP_EXTSI:
  case OP_EXTUI:
  case OP_TRUNCI:
  case OP_INDEX_CAST:
  case OP_SPLAT:
  case OP_CONSTANT:
  case OP_MAKE_RANGE:
  case OP_EXPAND_DIMS:
  case OP_BROADCAST:
  case OP_TRANS: return true;
  case OP_RESHAPE: return ir_reshape_trivial(op);
  default: return false;
  }
}

bool cpu_is_aligned(const VectorLoop *l, const LaneForm *x) {
  return is_affine(x) && is_step(x, 1) && x->v.is_known && x->v.value % l->lanes == 0;
}

static EvenForm run_form(const VectorLoop *l, const Value *v, const LaneForm *at, int moving) {
  const EvenForm unknown = {.moving = -1};
  const IndexAxis *a = &cpu_axis(l->index, v)[moving];
  if (!l->is_open || !cpu_is_aligned(l, &at[moving])) return unknown;
  if ((a->stride && !a->wrap) || cpu_run(l->index, v, moving) < l->lanes) return unknown;
  if (a->wrap && l->assume && map_has(&l->nest->linear, a->wrap)) return unknown; /* here it moves evenly throughout */
  return (EvenForm){moving, a->constancy < l->lanes, true};
}

EvenForm cpu_even_form(const VectorLoop *l, const Value *v, const LaneForm *at) {
  const EvenForm unknown = {.moving = -1};
  const Type *elem = v->type->elem;
  int moving = -1;
  int64_t stride, bytes = ir_is_ptr(elem) ? ir_elem_bytes(elem->elem) : 1;
  bool is_index = ir_is_ptr(elem) || (ir_is_int(elem) && elem->bits > 1);
  if (l->lanes == 1 || !(ir_is_ptr(elem) || ir_is_int(elem))) return unknown;
  for (int d = 0; d < v->type->rank; d++) {
    if (is_uniform(&at[d])) continue;
    if (!is_affine(&at[d]) || moving >= 0 || !at[d].step.is_known) return unknown;
    moving = d;
  }
  if (moving < 0) return unknown;
  const EvenForm run = run_form(l, v, at, moving);
  if (run.moving >= 0 || !is_index || follows_operands(v->op)) return run;
  if (!index_const_stride(index_of(l->index, v), moving, &stride) || stride % bytes) return unknown;
  return (EvenForm){moving, stride / bytes * at[moving].step.value, false};
}

/* ---- coordinates ------------------------------------------------------------------------------------------------- */

DigitForm cpu_digit_form(const VectorLoop *l, const LaneForm *x, int shift, int64_t size) {
  if (is_uniform(x)) return DIGIT_UNIFORM;
  if (!is_affine(x) || !is_step(x, 1)) return DIGIT_VECTOR;
  if ((INT64_C(1) << shift) >= l->lanes) return DIGIT_FIRST;
  return shift == 0 && size >= l->lanes ? DIGIT_AFFINE : DIGIT_VECTOR;
}

/* ---- accesses ---------------------------------------------------------------------------------------------------- */

bool cpu_is_contiguous(const VectorLoop *l, const Op *access, const LaneForm *p) {
  return is_affine(p) && (is_step(p, 1) || (l->assume && map_has(&l->nest->unit, access)));
}

bool cpu_is_masked(const VectorLoop *l, const Op *access) {
  return cpu_access_mask(access) && !(l->full && map_has(&l->nest->bounded, access));
}
