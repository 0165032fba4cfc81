/* buffers.c: buffers in shared memory, as passes make them and look at them. */
#include "gpu/passes/passes.h"

Op *gpu_buffer_of(const Value *v) {
  while (v && v->op) {
    switch (v->op->code) {
    case OP_LOCAL_ALLOC: return v->op;
    case OP_MEMDESC_INDEX:
    case OP_MEMDESC_SUBSLICE:
    case OP_MEMDESC_TRANS:
    case OP_MEMDESC_RESHAPE: v = ir_operand(v->op, 0); break;
    case OP_WARP_GROUP_DOT_WAIT: v = ir_operand(v->op, v->index); break;
    default: return NULL;
    }
  }
  return NULL;
}

int64_t gpu_buffer_bytes(const Type *memdesc) { return ir_numel(memdesc) * ir_elem_bytes(memdesc->elem); }

Value *gpu_make_buffers(Builder *b, Type *elem, int rank, const int64_t *shape, Attr *encoding, int n) {
  int64_t all[LAYOUT_MAX_DIMS + 1] = {n};
  for (int d = 0; d < rank; d++) all[d + 1] = shape[d];
  Type *t = ir_memdesc(b->cx, elem, n ? rank + 1 : rank, n ? all : shape, encoding, gpu_smem(b->cx), true);
  return &ir_op(b, OP_LOCAL_ALLOC, &t, 1, NULL, 0)->results[0];
}

Value *gpu_buffer_at(Builder *b, Value *buffers, Value *index) {
  const Type *t = buffers->type;
  Type *one = ir_memdesc(b->cx, t->elem, t->rank - 1, t->shape + 1, t->encoding, t->memory_space, true);
  return ir_make(b, OP_MEMDESC_INDEX, one, buffers, index, NULL);
}

void gpu_fence_stores(Builder *b) {
  Op *fence = ir_effect(b, OP_FENCE_ASYNC_SHARED, NULL);
  ir_set_attr(b->cx, fence, "bCluster", ir_attr_bool(b->cx, false));
}

void gpu_fence_after(Ctx *cx, Op *alloc) {
  if (!alloc->noperands || (alloc->next && alloc->next->code == OP_FENCE_ASYNC_SHARED)) return;
  Builder b = {cx, alloc->block, alloc->next, alloc->loc};
  gpu_fence_stores(&b);
}

/* What ops need for themselves while they run (gpu_scratch_bytes) is known after layouts are: an eighth of the limit is kept,
 * and where it is not enough the compile is done again with fewer stages (nvidia/target.c). */
int64_t gpu_room_for_buffers(int sm) { return gpu_shared_limit(sm) - (GPU_SCRATCH_LIMIT / 8); }
