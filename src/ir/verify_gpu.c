/* verify_gpu.c: the type rules of Triton GPU IR: buffers in shared memory, copies, barriers. */
#include "ir/verify.h"

static bool is_buffer(Verifier *v, const Op *op, const char *what, const Type *t) {
  return t->kind == TYPE_MEMDESC || ir_wrong(v, op, "%s is a %s, not a buffer", what, text(v, t));
}

/* A tensor and a buffer, or two of them, with the same elements in the same shape. */
static bool same_content(Verifier *v, const Op *op, const Type *a, const Type *b) {
  bool fits = a->rank == b->rank && ir_elem((Type *)a) == ir_elem((Type *)b);
  for (int i = 0; fits && i < a->rank; i++) fits = a->shape[i] == b->shape[i];
  return fits || ir_wrong(v, op, "%s and %s do not hold the same", text(v, a), text(v, b));
}

static bool rule_convert_layout(Verifier *v, const Op *op) {
  const Type *from = operand_type(op, 0), *to = result_type(op, 0);
  return expect_tensor(v, op, "the operand", from) && expect_tensor(v, op, "the result", to) &&
         same_content(v, op, from, to);
}

static bool rule_local_alloc(Verifier *v, const Op *op) {
  const Type *t = result_type(op, 0);
  if (!is_buffer(v, op, "the result", t)) return false;
  if (!op->noperands) return t->is_mutable || ir_wrong(v, op, "a buffer that is not filled must be mutable");
  return expect_tensor(v, op, "the operand", operand_type(op, 0)) && same_content(v, op, operand_type(op, 0), t);
}

static bool rule_local_load(Verifier *v, const Op *op) {
  return is_buffer(v, op, "the operand", operand_type(op, 0)) &&
         expect_tensor(v, op, "the result", result_type(op, 0)) &&
         same_content(v, op, operand_type(op, 0), result_type(op, 0));
}

static bool rule_local_store(Verifier *v, const Op *op) {
  const Type *to = operand_type(op, 1);
  if (!expect_tensor(v, op, "the operand", operand_type(op, 0)) || !is_buffer(v, op, "the place", to)) return false;
  if (!to->is_mutable) return ir_wrong(v, op, "the buffer is not mutable");
  return same_content(v, op, operand_type(op, 0), to);
}

static bool rule_memdesc_index(Verifier *v, const Op *op) {
  const Type *from = operand_type(op, 0), *to = result_type(op, 0);
  if (!is_buffer(v, op, "the operand", from) || !is_buffer(v, op, "the result", to)) return false;
  bool fits = from->rank == to->rank + 1 && from->elem == to->elem && ir_is_int(operand_type(op, 1));
  for (int i = 0; fits && i < to->rank; i++) fits = from->shape[i + 1] == to->shape[i];
  return fits || ir_wrong(v, op, "%s is not part of %s", text(v, to), text(v, from));
}

/* Offsets are multiples of the part's sizes, so that a place in it is the part's place and the offset's bits. */
static bool rule_memdesc_subslice(Verifier *v, const Op *op) {
  const Type *from = operand_type(op, 0), *to = result_type(op, 0);
  const Attr *at = ir_attr(op, "offsets");
  if (!is_buffer(v, op, "the operand", from) || !is_buffer(v, op, "the result", to)) return false;
  const int64_t *whole = from->whole ? from->whole : from->shape, *same = to->whole ? to->whole : to->shape;
  bool fits = at && at->kind == ATTR_ARRAY && at->n == from->rank && from->rank == to->rank && from->elem == to->elem;
  for (int i = 0; fits && i < to->rank; i++) {
    const Attr *offset = at->items[i];
    fits = offset->kind == ATTR_INT && offset->integer >= 0 && to->shape[i] > 0 &&
           offset->integer % to->shape[i] == 0 && offset->integer <= from->shape[i] - to->shape[i] &&
           same[i] == whole[i];
  }
  return fits || ir_wrong(v, op, "%s is not a part of %s at these offsets", text(v, to), text(v, from));
}

static bool rule_memdesc_trans(Verifier *v, const Op *op) {
  const Type *from = operand_type(op, 0), *to = result_type(op, 0);
  const Attr *order = ir_attr(op, "order");
  if (!is_buffer(v, op, "the operand", from) || !is_buffer(v, op, "the result", to)) return false;
  bool fits =
      order && order->kind == ATTR_INTS && order->n == from->rank && from->rank == to->rank && from->elem == to->elem;
  for (int i = 0; fits && i < order->n; i++)
    fits = order->ints[i] >= 0 && order->ints[i] < from->rank && to->shape[i] == from->shape[order->ints[i]];
  return fits || ir_wrong(v, op, "%s is not %s with its dimensions exchanged", text(v, to), text(v, from));
}

static bool rule_async_copy(Verifier *v, const Op *op) {
  const Type *to = operand_type(op, 1);
  Type *value = pointed_to(v, operand_type(op, 0));
  if (!value || !ir_is_tensor(value))
    return ir_wrong(v, op, "operand 0 is of type %s, not a tensor of pointers", text(v, operand_type(op, 0)));
  if (!is_buffer(v, op, "the place", to)) return false;
  if (!to->is_mutable) return ir_wrong(v, op, "the buffer is not mutable");
  return check_mask(v, op, value) && same_content(v, op, value, to);
}

static bool rule_warp_group_dot(Verifier *v, const Op *op) {
  const Type *a = operand_type(op, 0), *b = operand_type(op, 1), *d = result_type(op, 0);
  if (!is_buffer(v, op, "the right operand", b)) return false;
  bool fits = a->rank == 2 && b->rank == 2 && ir_is_tensor(d) && d->rank == 2 && a->shape[1] == b->shape[0] &&
              d->shape[0] == a->shape[0] && d->shape[1] == b->shape[1];
  if (!fits) return ir_wrong(v, op, "%s times %s is not a %s", text(v, a), text(v, b), text(v, d));
  return expect(v, op, "the accumulator", operand_type(op, 2), d);
}

static bool rule_warp_group_dot_wait(Verifier *v, const Op *op) {
  if (op->nresults != op->noperands)
    return ir_wrong(v, op, "it has %d operands and %d results", op->noperands, op->nresults);
  for (int i = 0; i < op->nresults; i++)
    if (!expect(v, op, "a result", result_type(op, i), operand_type(op, i))) return false;
  return true;
}

enum { MOST_CTAS = 16 };

/* A buffer of one mbarrier: an i64; of a cluster's blocks (ttg.num-ctas above 1), one each. */
static bool rule_mbarrier(Verifier *v, const Op *op) {
  int at = op->code == OP_TMA_LOAD ? 2 : op->code == OP_TMA_GATHER ? 3 : 0;
  const Type *t = operand_type(op, at);
  bool fits = t->kind == TYPE_MEMDESC && t->is_mutable && t->rank == 1 && is_pow2(ir_numel(t)) &&
              ir_numel(t) <= MOST_CTAS && ir_is_int(t->elem) && t->elem->bits == 64;
  if (!fits) return ir_wrong(v, op, "the barrier is a %s, not a mutable buffer of one i64", text(v, t));
  if (op->code == OP_WAIT_BARRIER && !ir_is_int(operand_type(op, 1)))
    return ir_wrong(v, op, "the phase is a %s", text(v, operand_type(op, 1)));
  bool has_pred = op->code == OP_TMA_LOAD || op->code == OP_TMA_GATHER || op->code == OP_BARRIER_EXPECT;
  int pred = op->code == OP_TMA_GATHER ? 5 : at + 1;
  return !has_pred || is_i1(operand_type(op, pred)) ||
         ir_wrong(v, op, "the predicate is a %s, not i1", text(v, operand_type(op, pred)));
}

/* Copies of a descriptor's block: the buffer holds as many of the same elements. */
static bool rule_tma(Verifier *v, const Op *op) {
  const Type *t = operand_type(op, 0), *buffer = operand_type(op, 1);
  int first = op->code == OP_TMA_LOAD ? 4 : 2;
  if (t->kind != TYPE_TENSORDESC) return ir_wrong(v, op, "operand 0 is a %s, not a tensor descriptor", text(v, t));
  if (!is_buffer(v, op, "operand 1", buffer)) return false;
  if (buffer->elem != t->elem->elem || ir_numel(buffer) != ir_numel(t->elem))
    return ir_wrong(v, op, "%s does not go with %s", text(v, buffer), text(v, t));
  if (op->code == OP_TMA_LOAD && !buffer->is_mutable) return ir_wrong(v, op, "the buffer is not mutable");
  if (op->noperands - first != t->elem->rank)
    return ir_wrong(v, op, "%d coordinates for %s", op->noperands - first, text(v, t));
  for (int i = first; i < op->noperands; i++)
    if (!expect(v, op, "a coordinate", operand_type(op, i), ir_int(v->cx, 32))) return false;
  return op->code != OP_TMA_LOAD || rule_mbarrier(v, op);
}

/* As many rows as there are numbers, each a row of the descriptor's. */
static bool rule_tma_rows(Verifier *v, const Op *op) {
  bool gathers = op->code == OP_TMA_GATHER;
  const Type *t = operand_type(op, 0), *rows = operand_type(op, 1), *buffer = operand_type(op, gathers ? 4 : 3);
  if (t->kind != TYPE_TENSORDESC) return ir_wrong(v, op, "operand 0 is a %s, not a tensor descriptor", text(v, t));
  if (!ir_is_tensor(rows) || rows->rank != 1 || !ir_is_int(rows->elem))
    return ir_wrong(v, op, "the rows are a %s, not a vector of integers", text(v, rows));
  if (!expect(v, op, "the column", operand_type(op, 2), ir_int(v->cx, 32))) return false;
  if (!is_buffer(v, op, gathers ? "operand 4" : "operand 3", buffer)) return false;
  if (buffer->rank != 2 || buffer->shape[0] != rows->shape[0] || buffer->elem != t->elem->elem)
    return ir_wrong(v, op, "%s does not go with %s and %s", text(v, buffer), text(v, t), text(v, rows));
  return !gathers || rule_mbarrier(v, op);
}

static bool rule_tensormap_create(Verifier *v, const Op *op) {
  int at, rank = ir_operand_group(op, "box", &at);
  bool fits = rank >= 1 && ir_is_ptr(operand_type(op, 0)) && ir_is_ptr(operand_type(op, 1)) &&
              ir_operand_group(op, "shape", &at) == rank && ir_operand_group(op, "strides", &at) == rank - 1 &&
              ir_operand_group(op, "element_strides", &at) == rank;
  return fits || ir_wrong(v, op, "a box, a shape, element strides and one stride fewer are needed, of one rank");
}

static bool rule_reinterpret_desc(Verifier *v, const Op *op) {
  return (ir_is_ptr(operand_type(op, 0)) && result_type(op, 0)->kind == TYPE_TENSORDESC) ||
         ir_wrong(v, op, "%s is not a descriptor in memory", text(v, operand_type(op, 0)));
}

TypeRule *const ir_gpu_rules[OPCODES] = {
    [OP_CONVERT_LAYOUT] = rule_convert_layout,
    [OP_LOCAL_ALLOC] = rule_local_alloc,
    [OP_LOCAL_LOAD] = rule_local_load,
    [OP_LOCAL_STORE] = rule_local_store,
    [OP_MEMDESC_INDEX] = rule_memdesc_index,
    [OP_MEMDESC_SUBSLICE] = rule_memdesc_subslice,
    [OP_MEMDESC_TRANS] = rule_memdesc_trans,
    [OP_ASYNC_COPY] = rule_async_copy,
    [OP_INIT_BARRIER] = rule_mbarrier,
    [OP_INVAL_BARRIER] = rule_mbarrier,
    [OP_BARRIER_EXPECT] = rule_mbarrier,
    [OP_ARRIVE_BARRIER] = rule_mbarrier,
    [OP_WAIT_BARRIER] = rule_mbarrier,
    [OP_TMA_LOAD] = rule_tma,
    [OP_TMA_STORE] = rule_tma,
    [OP_TMA_REDUCE] = rule_tma,
    [OP_TMA_GATHER] = rule_tma_rows,
    [OP_TMA_SCATTER] = rule_tma_rows,
    [OP_TENSORMAP_CREATE] = rule_tensormap_create,
    [OP_REINTERPRET_DESC] = rule_reinterpret_desc,
    [OP_WARP_GROUP_DOT] = rule_warp_group_dot,
    [OP_WARP_GROUP_DOT_WAIT] = rule_warp_group_dot_wait,
};
