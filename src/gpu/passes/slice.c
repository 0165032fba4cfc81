/* slice.c: what of a loop may run iterations ahead of the rest: which loads, and what a value is computed from, within the
 * body and through carried values. */
#include "gpu/passes/passes.h"

#include "opt/internal.h"

bool gpu_has_inner_loop(const Block *body) {
  for (const Op *op = body->first; op; op = op->next)
    if (op->code == OP_FOR || op->code == OP_WHILE) return true;
  return false;
}

/* ---- loads ------------------------------------------------------------------------------------------------------- */

bool gpu_writes(const Op *op, const Value **to) {
  *to = NULL;
  switch (op->code) {
  case OP_STORE:
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: *to = gpu_base_of(ir_operand(op, 0)); return true;
  case OP_DESC_STORE:
  case OP_DESC_REDUCE:
  case OP_DESC_SCATTER: *to = gpu_tma_base(ir_operand(op, 0)); return true;
  case OP_BARRIER: return true;
  case OP_INLINE_ASM: return !opt_is_pure(op);
  default: return false;
  }
}

typedef struct Effects {
  const Value *base; /* of the load */
  bool prevent;
} Effects;

static void see_effect(Op *op, void *arg) {
  Effects *e = arg;
  const Value *to;
  if (!gpu_writes(op, &to)) return;
  bool is_atomic = op->code == OP_ATOMIC_RMW || op->code == OP_ATOMIC_CAS;
  if (is_atomic || !to || !e->base || to == e->base) e->prevent = true;
}

bool gpu_may_run_ahead(const Op *loop, const Value *base) {
  Effects e = {base, false};
  ir_walk((Op *)loop, see_effect, &e);
  return !e.prevent;
}

/* ---- slices ------------------------------------------------------------------------------------------------------ */

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
