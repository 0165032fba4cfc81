/* base.c: the argument that a pointer is computed from. */
#include "gpu/passes/passes.h"

static const Value *pointer_before(const Value *ptr);

/* Whether a loop-carried pointer is computed from itself through nothing but offsets and inner loops. */
static bool is_moved_only(const Op *loop, int carried) {
  const Block *body = ir_entry(loop, 0);
  const Value *v = ir_operand(ir_terminator(body), carried);
  while (v != ir_loop_arg(loop, carried))
    if (!v->op || !(v = pointer_before(v))) return false;
  return true;
}

/* One step toward the argument that a pointer is computed from; NULL: none is known. */
static const Value *pointer_before(const Value *ptr) {
  const Op *loop = ptr->op ? ptr->op : ptr->block->region->op;
  if (loop->code != OP_FOR) return ptr->op ? ir_moved_pointer(ptr->op) : NULL;
  int carried = ptr->op ? ptr->index : ptr->index - 1;
  return carried >= 0 && is_moved_only(loop, carried) ? ir_loop_init(loop, carried) : NULL;
}

const Value *gpu_base_of(const Value *ptr) {
  while (ptr && (ptr->op || ptr->block->region->op->code != OP_FUNC)) ptr = pointer_before(ptr);
  return ptr;
}
