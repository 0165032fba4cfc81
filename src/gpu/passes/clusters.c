/* clusters.c: Triton GPU IR for clusters of several blocks (ttg.num-ctas above 1), run by one block.
 *
 * In files of the reference the blocks of a cluster share a program: `CGALayout` of an encoding (`block` of a linear one)
 * says which part of a tensor each of them has, and who reads a part that several need gets it by multicast. Here one
 * block with the warps of all runs the program: what says a block's number are further bits of a warp's number
 * (layout/encode.c), and a buffer is in shared memory as a whole. Exchanges between blocks become exchanges between
 * warps, which is what every op can do; nothing has to be sent.
 *
 * What is left says bytes or shapes of one block's part, and gets those of the whole here: the bytes that a barrier
 * expects, and the boxes of maps that programs make.
 */
#include "gpu/passes/passes.h"

/* What comes to the barrier after the announcement and before the next one of the same. */
static void whole_bytes(Ctx *cx, Op *expect) {
  const Value *barrier = ir_operand(expect, 0);
  int64_t bytes = 0;
  for (const Op *op = expect->next; op; op = op->next) {
    if (op->code == OP_BARRIER_EXPECT && ir_operand(op, 0) == barrier) break;
    if (op->code == OP_TMA_LOAD && ir_operand(op, 2) == barrier) bytes += gpu_buffer_bytes(ir_operand(op, 1)->type);
    if (op->code == OP_TMA_GATHER && ir_operand(op, 3) == barrier) bytes += gpu_buffer_bytes(ir_operand(op, 4)->type);
  }
  if (bytes) ir_set_int(cx, expect, "size", bytes);
}

static const Type *type_of_map(const Op *create) {
  for (const Use *u = ir_operand(create, 0)->uses; u; u = u->next)
    if (u->op->code == OP_REINTERPRET_DESC) return u->op->results[0].type->elem;
  return NULL;
}

static void whole_box(Ctx *cx, Op *create) {
  const Type *block = type_of_map(create);
  int at, rank = ir_operand_group(create, "box", &at);
  if (!block || block->rank != rank) return;
  int64_t box[LAYOUT_MAX_DIMS];
  gpu_tma_box(block, box);
  Builder b = ir_before(cx, create);
  for (int d = 0; d < rank; d++) /* the innermost comes first */
    ir_set_operand(create, at + d, ir_const_int(&b, ir_int(cx, 32), box[rank - 1 - d]));
}

static void adopt(Op *op, void *arg) {
  if (op->code == OP_BARRIER_EXPECT) whole_bytes(arg, op);
  if (op->code == OP_TENSORMAP_CREATE) whole_box(arg, op);
}

void gpu_adopt_clusters(Ctx *cx, Module *m) {
  if (gpu_num_ctas(m) > 1) ir_walk(m->op, adopt, cx);
}
