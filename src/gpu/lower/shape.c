/* shape.c: ops of constants, indices and shapes: what they make is registers renamed, or computed from where they
 * are. */
#include "gpu/lower/lower.h"

#include <string.h>

static LLInst *constant_scalar(Lower *w, const Attr *a, Type *elem) {
  const LLType *t = lower_elem(w, elem);
  if (a->kind == ATTR_FLOAT) {
    if (ll_is_float(t)) return ll_const_float(&w->b, t, a->number);
    return ll_const(&w->b, t, ir_float_encode(elem->fkind, a->number));
  }
  uint64_t bits = (uint64_t)a->integer;
  return ll_const(&w->b, t, t->bits >= 64 ? bits : bits & (((uint64_t)1 << t->bits) - 1));
}

void lower_constant(Lower *w, const Op *op) {
  const Value *r = &op->results[0];
  const Attr *a = ir_attr(op, "value");
  Registers *x = lower_new(w, r, lower_count(w, r));
  if (a->kind == ATTR_DENSE) lower_fail(w, op, "tensors of unequal constants are not supported");
  LLInst *c = constant_scalar(w, a->kind == ATTR_SPLAT ? a->items[0] : a, ir_elem(r->type));
  for (int i = 0; i < x->n; i++) x->at[i] = c;
}

void lower_poison(Lower *w, const Op *op) {
  Registers *x = lower_new(w, &op->results[0], lower_count(w, &op->results[0]));
  for (int i = 0; i < x->n; i++) x->at[i] = ll_undef(&w->b, lower_elem(w, op->results[0].type));
}

void lower_range(Lower *w, const Op *op) {
  const Value *r = &op->results[0];
  const Layout *l = gpu_layout(w->cx, r->type);
  int64_t start = ir_attr_int_or(op, "start", 0);
  Registers *x = lower_new(w, r, gpu_registers(l));
  for (int i = 0; i < x->n; i++) {
    x->at[i] = lower_index(w, l, 0, i);
    if (start) x->at[i] = ll_op2(&w->b, LL_ADD, x->at[i], ll_const_i32(&w->b, (int32_t)start));
  }
}

void lower_splat(Lower *w, const Op *op) {
  Registers *x = lower_new(w, &op->results[0], lower_count(w, &op->results[0]));
  for (int i = 0; i < x->n; i++) x->at[i] = lower_scalar(w, ir_operand(op, 0));
}

/* Each register of the result is the register of the operand that holds the element which `source` maps its place
 * to. */
static bool by_place(Lower *w, const Op *op, Registers *out,
                     uint64_t (*source)(const Op *op, const Layout *from, const Layout *to, uint64_t place)) {
  const Value *r = &op->results[0], *v = ir_operand(op, 0);
  const Layout *from = gpu_layout(w->cx, v->type), *to = gpu_layout(w->cx, r->type);
  Registers *in = lower_value(w, v);
  for (int i = 0; i < out->n; i++) {
    uint64_t wanted = source(op, from, to, lower_register_image(to, i));
    for (int j = 0; j < in->n && !out->at[i]; j++)
      if (lower_register_image(from, j) == wanted) out->at[i] = in->at[j];
    if (!out->at[i]) return false;
  }
  return true;
}

static void lower_by_place(Lower *w, const Op *op,
                           uint64_t (*source)(const Op *op, const Layout *from, const Layout *to, uint64_t place)) {
  const Value *r = &op->results[0];
  Registers *out = lower_new(w, r, gpu_registers(gpu_layout(w->cx, r->type)));
  if (!by_place(w, op, out, source)) lower_fail(w, op, "the layouts of operand and result do not go together");
}

static uint64_t part(const Layout *l, uint64_t place, int dim) {
  Axis a = (Axis)(AXIS_DIM0 + dim);
  return place >> layout_out_shift(l, a) & (((uint64_t)1 << layout_out_bits(l, a)) - 1);
}

static uint64_t part_at(const Layout *l, uint64_t x, int dim) {
  return x << layout_out_shift(l, (Axis)(AXIS_DIM0 + dim));
}

static uint64_t broadcast_source(const Op *op, const Layout *from, const Layout *to, uint64_t place) {
  uint64_t out = 0;
  (void)op;
  for (int d = 0; d < from->nout; d++)
    if (layout_out_bits(from, (Axis)(AXIS_DIM0 + d))) out |= part_at(from, part(to, place, d), d);
  return out;
}

static uint64_t expand_source(const Op *op, const Layout *from, const Layout *to, uint64_t place) {
  int axis = (int)ir_attr_int_or(op, "axis", 0);
  uint64_t out = 0;
  for (int d = 0, k = 0; d < to->nout; d++)
    if (d != axis) out |= part_at(from, part(to, place, d), k++);
  return out;
}

static uint64_t trans_source(const Op *op, const Layout *from, const Layout *to, uint64_t place) {
  const Attr *order = ir_attr(op, "order");
  uint64_t out = 0;
  for (int d = 0; d < to->nout; d++) out |= part_at(from, part(to, place, d), (int)order->ints[d]);
  return out;
}

/* Row-major number of a place, and back. */
static uint64_t reshape_source(const Op *op, const Layout *from, const Layout *to, uint64_t place) {
  uint64_t number = 0, out = 0;
  (void)op;
  for (int d = 0; d < to->nout; d++) number = number << layout_out_bits(to, (Axis)(AXIS_DIM0 + d)) | part(to, place, d);
  for (int d = from->nout - 1; d >= 0; d--) {
    int bits = layout_out_bits(from, (Axis)(AXIS_DIM0 + d));
    out |= part_at(from, number & (((uint64_t)1 << bits) - 1), d);
    number >>= bits;
  }
  return out;
}

/* join and split: the last dimension says which. `whole` is the layout with it. */
void lower_join(Lower *w, const Op *op) {
  const Value *r = &op->results[0];
  const Layout *to = gpu_layout(w->cx, r->type), *from = gpu_layout(w->cx, ir_operand(op, 0)->type);
  Registers *x = lower_value(w, ir_operand(op, 0)), *y = lower_value(w, ir_operand(op, 1)),
            *out = lower_new(w, r, gpu_registers(to));
  int last = r->type->rank - 1;
  for (int i = 0; i < out->n; i++) {
    uint64_t place = lower_register_image(to, i), wanted = 0;
    for (int d = 0; d < last; d++) wanted |= part_at(from, part(to, place, d), d);
    for (int j = 0; j < x->n; j++)
      if (lower_register_image(from, j) == wanted) out->at[i] = part(to, place, last) ? y->at[j] : x->at[j];
    if (!out->at[i]) lower_fail(w, op, "the layouts of operands and result do not go together");
  }
}

void lower_split(Lower *w, const Op *op) {
  const Value *src = ir_operand(op, 0);
  const Layout *from = gpu_layout(w->cx, src->type), *to = gpu_layout(w->cx, op->results[0].type);
  Registers *in = lower_value(w, src);
  int last = src->type->rank - 1;
  for (int half = 0; half < 2; half++) {
    Registers *out = lower_new(w, &op->results[half], gpu_registers(to));
    for (int i = 0; i < out->n; i++) {
      uint64_t wanted = part_at(from, (uint64_t)half, last), place = lower_register_image(to, i);
      for (int d = 0; d < last; d++) wanted |= part_at(from, part(to, place, d), d);
      for (int j = 0; j < in->n; j++)
        if (lower_register_image(from, j) == wanted) out->at[i] = in->at[j];
      if (!out->at[i]) lower_fail(w, op, "the layouts of operand and results do not go together");
    }
  }
}

void lower_cat(Lower *w, const Op *op) {
  Registers *x = lower_value(w, ir_operand(op, 0)), *y = lower_value(w, ir_operand(op, 1));
  Registers *out = lower_new(w, &op->results[0], x->n + y->n);
  for (int i = 0; i < out->n; i++) out->at[i] = i < x->n ? x->at[i] : y->at[i - x->n];
}

void lower_unsplat(Lower *w, const Op *op) { lower_set(w, &op->results[0], lower_value(w, ir_operand(op, 0))->at[0]); }

void lower_program(Lower *w, const Op *op) {
  static const LLOp ids[] = {LL_CTAID_X, LL_CTAID_Y, LL_CTAID_Z}, counts[] = {LL_NCTAID_X, LL_NCTAID_Y, LL_NCTAID_Z};
  int axis = (int)ir_attr_int_or(op, "axis", 0);
  lower_set(w, &op->results[0], ll_call(&w->b, op->code == OP_PROGRAM_ID ? ids[axis] : counts[axis], NULL, NULL));
}

void lower_broadcast(Lower *w, const Op *op) { lower_by_place(w, op, broadcast_source); }

void lower_expand(Lower *w, const Op *op) { lower_by_place(w, op, expand_source); }

void lower_trans(Lower *w, const Op *op) { lower_by_place(w, op, trans_source); }

/* In any order: whatever a thread holds is the result's, if each element is held equally often. */
static bool is_reorder(Lower *w, const Op *op) {
  const Layout *from = gpu_layout(w->cx, ir_operand(op, 0)->type), *to = gpu_layout(w->cx, op->results[0].type);
  return ir_attr(op, "allow_reorder") && gpu_registers(from) == gpu_registers(to) &&
         layout_thread_free(from) == layout_thread_free(to);
}

void lower_reshape(Lower *w, const Op *op) {
  const Value *r = &op->results[0];
  Registers *out = lower_new(w, r, gpu_registers(gpu_layout(w->cx, r->type)));
  if (by_place(w, op, out, reshape_source)) return;
  if (!is_reorder(w, op)) lower_fail(w, op, "the layouts of operand and result do not go together");
  memcpy(out->at, lower_value(w, ir_operand(op, 0))->at, (size_t)out->n * sizeof *out->at);
}
