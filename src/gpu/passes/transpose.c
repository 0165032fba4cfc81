/* transpose.c: products whose right operand lies the wrong way for wgmma are computed transposed.
 *
 * Problem. wgmma reads an f32 operand (tf32) from shared memory along K only, and the right one from nowhere else. A matrix
 * B[K, N] that lies along N, as most do, leaves mma.sync, at half the rate and with every element read from shared memory by
 * each warp that needs it. Idea. The left operand may be in registers, which plain loads fill from rows that lie either way:
 *
 *     A B = (B^T A^T)^T
 *
 * B^T is the left operand then, and A^T, which lies along K if A does, the right one. The loop carries the accumulator
 * transposed; that of its result names other registers' places and moves nothing (assign.c converts it for its store, as it
 * would have been).
 *
 * The other way, B turned on its way through registers, would write and read each element of it once more. Per iteration of
 * a 128 x 128 x 32 product, shared memory moves 128 bytes a cycle: 256 cycles for the copies, 256 for A by the
 * instructions of two groups, 128 for B to registers; turned, B takes 128 to be read, 128 to be written, 128 to be read by
 * the instructions. The products take 512.
 *
 * 8-bit operands stay as they are: a register holds four neighbours along K, which lie in four rows, so they are turned either way.
 *
 * Which: in loops, products that add to a carried accumulator which nothing else reads, of two tiles that are loaded, the
 * left one along K, the right one for this product alone; and the transposed shape is one of wgmma's. What is computed on its
 * way is left alone: it is where it was computed, and mma.sync takes it from there.
 *
 * Cost: linear in the ops.
 */
#include "gpu/passes/passes.h"

#include "opt/internal.h"

typedef struct Candidates {
  Ctx *cx;
  int num_warps;
  IndexInfo *index; /* once asked for */
  const Module *module;
  GpuOps dots;
} Candidates;

static void collect(Op *op, void *arg) {
  Candidates *c = arg;
  if (op->code != OP_DOT || !gpu_dot_is_tf32(op) || gpu_dot_carried_slot(op) < 0 || !gpu_dot_load(op, 0, false)) return;
  const int64_t *shape = op->results[0].type->shape;
  if (!gpu_dot_has_wgmma_shape(op, shape[1], shape[0], c->num_warps) || !gpu_dot_holds_left(op, 1, c->num_warps))
    return;
  if (!c->index) c->index = index_analyze(c->cx, c->module);
  if (gpu_dot_lies_across(c->index, op, 1) && !gpu_dot_lies_across(c->index, op, 0)) vec_push(c->cx, &c->dots, op);
}

static Type *transposed_type(Ctx *cx, const Type *t) {
  const int64_t shape[] = {t->shape[1], t->shape[0]};
  return ir_tensor(cx, t->elem, 2, shape, t->encoding);
}

static Value *transposed(Builder *b, Value *v) {
  const int64_t order[] = {1, 0};
  if (v->op && v->op->code == OP_TRANS) return ir_operand(v->op, 0);
  double x;
  if (ir_is_const_float(v, &x)) return ir_const_float(b, transposed_type(b->cx, v->type), x);
  Value *r = ir_make(b, OP_TRANS, transposed_type(b->cx, v->type), v, NULL);
  ir_set_attr(b->cx, r->op, "order", ir_attr_ints(b->cx, ir_int(b->cx, 32), order, 2));
  return r;
}

/* The carried value is its transpose from now on. */
static void transpose_carried(Ctx *cx, Op *loop, int slot) {
  Value *sum = ir_loop_arg(loop, slot), *r = &loop->results[slot];
  Builder before = ir_before(cx, loop), after = {cx, loop->block, loop->next, loop->loc};
  ir_loop_set_init(loop, slot, transposed(&before, ir_loop_init(loop, slot)));
  sum->type = transposed_type(cx, sum->type);
  r->type = sum->type;
  Value *back = transposed(&after, r);
  for (Use *u = r->uses, *next; u; u = next) {
    next = u->next;
    if (u->op != back->op) ir_set_operand(u->op, u->index, back);
  }
}

static void transpose(Ctx *cx, Op *dot) {
  Op *loop = ir_parent(dot);
  int slot = gpu_dot_carried_slot(dot);
  transpose_carried(cx, loop, slot);
  Builder b = ir_before(cx, dot);
  Value *operands[] = {transposed(&b, ir_operand(dot, 1)), transposed(&b, ir_operand(dot, 0)), ir_operand(dot, 2)};
  Type *t = transposed_type(cx, dot->results[0].type);
  Op *to = ir_op(&b, OP_DOT, &t, 1, operands, COUNT(operands));
  opt_copy_attrs(cx, to, dot);
  ir_loop_set_yield(loop, slot, &to->results[0]);
  ir_erase(dot);
}

bool gpu_transpose(Ctx *cx, Module *m) {
  Candidates c = {.cx = cx, .num_warps = gpu_num_warps(m), .module = m};
  if (gpu_sm(m) != 90) return false;
  ir_walk(m->op, collect, &c);
  for (uint32_t i = 0; i < c.dots.len; i++) transpose(cx, c.dots.at[i]);
  return c.dots.len > 0;
}
