/* slice.c: what a value of a loop is computed from, within the body and through carried values: the part of the body that
 * is to run iterations ahead of the rest. */
#include "gpu/passes/passes.h"

static bool can_run_ahead(const Op *op, const Block *body) {
  return op->block == body && !op->nregions && ir_has(op, T_PURE) && op->code != OP_DOT;
}

bool gpu_slice_add(Ctx *cx, const Op *loop, const Value *from, Map *ops, bool *is_ahead, SliceFn *step, void *self) {
  const Block *body = ir_entry(loop, 0);
  Vec(const Value *) left = {0};
  vec_push(cx, &left, from);
  while (left.len) {
    const Value *v = left.at[--left.len];
    if (!v->op) { /* a carried value: what the body yields for it */
      if (v->block != body || v->index == 0 || is_ahead[v->index - 1]) continue;
      is_ahead[v->index - 1] = true;
      vec_push(cx, &left, ir_operand(ir_terminator(body), v->index - 1));
      continue;
    }
    if (ir_defined_outside(v, loop) || map_has(ops, v->op)) continue;
    SliceStep next = step && v->op->block == body ? step(self, v->op) : SLICE_GO_ON;
    if (next == SLICE_END) continue;
    if (next == SLICE_REFUSE || !can_run_ahead(v->op, body)) return false;
    map_put(cx, ops, v->op, v->op);
    for (int i = 0; i < v->op->noperands; i++) vec_push(cx, &left, ir_operand(v->op, i));
  }
  return true;
}
