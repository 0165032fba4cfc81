/* sample.c: one element of an index expression as a number, where it depends on nothing that is known at run time only. It
 * is evaluated from its operands, as a nest of calls, once for each use: so a budget bounds how many are visited. */
#include "index/internal.h"

enum { SAMPLED = 100 }; /* values */

/* The index of operand `i`'s element that element `at` of the result is made of; false: of none alone. */
static bool operand_at(const Op *op, int i, const int64_t *at, int64_t *from) {
  const Type *t = ir_operand(op, i)->type, *to = op->results[0].type;
  int rank = ir_is_tensor(t) ? t->rank : 0, axis = (int)ir_attr_int_or(op, "axis", 0);
  const Attr *order = ir_attr(op, "order");
  if (op->code == OP_RESHAPE && !ir_reshape_trivial(op)) return false;
  for (int d = 0, k = 0; d < rank; d++) {
    switch (op->code) {
    case OP_EXPAND_DIMS: from[d] = at[d < axis ? d : d + 1]; break;
    case OP_TRANS: from[order->ints[d]] = at[d]; break;
    case OP_RESHAPE:
      from[d] = 0;
      if (t->shape[d] == 1) continue;
      while (to->shape[k] == 1) k++;
      from[d] = at[k++];
      break;
    default: from[d] = t->shape[d] == 1 ? 0 : at[d];
    }
  }
  return true;
}

/* What a type of so many bits holds of it, booleans as 0 and 1. */
static int64_t held(const Type *elem, int64_t x) {
  if (!ir_is_int(elem)) return x;
  return elem->bits == 1 ? x & 1 : sign_extended((uint64_t)x, elem->bits);
}

static bool computed(const Op *op, int64_t x, int64_t y, int64_t *out) {
  const Type *from = ir_elem(ir_operand(op, 0)->type), *to = ir_elem(op->results[0].type);
  bool is_unsigned = op->code == OP_DIVUI || op->code == OP_REMUI || op->code == OP_SHRUI;
  if (is_unsigned && x < 0) return false;
  if (ir_rearranges(op)) return *out = x, true;
  switch (op->code) {
  case OP_TRUNCI:
  case OP_INDEX_CAST: *out = x; return true;
  case OP_EXTSI: *out = from->bits == 1 ? -x : x; return true;
  case OP_EXTUI: *out = (int64_t)low_bits((uint64_t)x, from->bits); return true;
  case OP_ADDI: return !__builtin_add_overflow(x, y, out);
  case OP_SUBI: return !__builtin_sub_overflow(x, y, out);
  case OP_MULI: return !__builtin_mul_overflow(x, y, out);
  case OP_ADDPTR:
    return !__builtin_mul_overflow(y, (int64_t)ir_elem_bytes(to->elem), &y) && !__builtin_add_overflow(x, y, out);
  case OP_DIVSI:
  case OP_DIVUI: *out = y > 0 ? x / y : 0; return y > 0;
  case OP_REMSI:
  case OP_REMUI: *out = y > 0 ? x % y : 0; return y > 0;
  case OP_ANDI: *out = x & y; return true;
  case OP_SHRSI:
  case OP_SHRUI: *out = y >= 0 && y < to->bits ? x >> y : 0; return y >= 0 && y < to->bits;
  default: return false;
  }
}

static bool sample(const Value *v, const int64_t *at, int *budget, int64_t *out) {
  const Op *op = v->op;
  const Type *elem = ir_elem(v->type);
  int64_t x[2] = {0, 0}, from[IR_MAX_RANK] = {0};
  if (--*budget < 0) return false;
  if (ir_is_const_int(v, out)) return *out = held(elem, *out), true;
  *out = 0;
  if (!op) return ir_is_ptr(v->type) && v->block->region->op->code == OP_FUNC;
  if (op->code == OP_PROGRAM_ID) return true;
  if (op->code == OP_MAKE_RANGE) return *out = ir_attr_int_or(op, "start", 0) + at[0], true;
  if (op->noperands < 1 || op->noperands > 2 || op->nregions) return false;
  for (int i = 0; i < op->noperands; i++)
    if (!operand_at(op, i, at, from) || !sample(ir_operand(op, i), from, budget, &x[i])) return false;
  if (!computed(op, x[0], x[1], out)) return false;
  *out = held(elem, *out);
  return true;
}

bool index_sample(const Value *v, const int64_t *at, int64_t *out) {
  int budget = SAMPLED;
  return sample(v, at, &budget, out);
}
