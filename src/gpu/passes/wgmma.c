/* wgmma.c: dots of warp groups stay in flight across iterations.
 *
 * Problem. A dot that is waited for at once leaves the tensor cores idle while the next iteration is prepared. Idea.
 * Where a loop's dot only adds to a carried accumulator, the wait moves one iteration down: at most one dot stays in
 * flight, and after the loop all are waited for. The buffers it reads are then needed longer, which pipeline.c allows
 * for (the attribute WGMMA_IN_FLIGHT): without it the dot stays as it is.
 *
 * Operands in registers, or in a buffer that every iteration fills, are used up before the next one: then it stays as
 * it is, too, and so do several dots of one iteration (attention).
 */
#include "gpu/passes/passes.h"

int64_t gpu_wgmma_partial_sums(const Op *op) {
  const Type *b = ir_operand(op, 1)->type;
  int64_t n = ir_attr_int_or(op, "maxNumImpreciseAcc", 0);
  if (b->elem->kind != TYPE_FLOAT || b->elem->bits != 8 || n > b->shape[0]) return 0;
  return max64(n, 1);
}

static Op *wait_for(Ctx *cx, Builder *b, Value *const *values, int n, int pendings) {
  Type *types[3];
  for (int i = 0; i < n; i++) types[i] = values[i]->type;
  Op *wait = ir_op(b, OP_WARP_GROUP_DOT_WAIT, types, n, values, n);
  ir_set_attr(cx, wait, "pendings", ir_attr_int(cx, ir_int(cx, 32), pendings));
  return wait;
}

int gpu_wgmma_carried_slot(const Op *dot) {
  const Value *r = &dot->results[0];
  const Op *loop = ir_parent(dot);
  if (!ir_one_use(r) || r->uses->op->code != OP_YIELD || !loop || loop->code != OP_FOR || gpu_wgmma_partial_sums(dot))
    return -1;
  const Value *arg = ir_loop_arg(loop, r->uses->index);
  return ir_operand(dot, 2) == arg && ir_one_use(arg) ? r->uses->index : -1;
}

static int count_dots(const Block *b) {
  int n = 0;
  for (const Op *op = b->first; op; op = op->next) n += op->code == OP_WARP_GROUP_DOT;
  return n;
}

/* Does the operand stay as it is until the dot of the next iteration was issued? Registers and a buffer that the
 * iteration fills itself do not: only what pipeline.c has buffers enough for, and what was there before the loop. */
static bool outlives_iteration(const Op *dot, int index) {
  const Value *v = ir_operand(dot, index);
  const Op *buffer = v->type->kind == TYPE_MEMDESC ? gpu_buffer_of(v) : NULL;
  return buffer && buffer->block != dot->block;
}

static void make_async(Ctx *cx, Op *dot) {
  Op *loop = ir_parent(dot);
  int slot = gpu_wgmma_carried_slot(dot);
  if (slot < 0 || !ir_attr(loop, WGMMA_IN_FLIGHT) || count_dots(dot->block) != 1) return;
  if (!outlives_iteration(dot, 0) || !outlives_iteration(dot, 1)) return;
  Op *yield = ir_terminator(dot->block);
  ir_set_attr(cx, dot, "isAsync", ir_attr_bool(cx, true));
  Builder b = {cx, dot->block, dot->next, dot->loc};
  Value *values[3] = {&dot->results[0], ir_operand(dot, 0), ir_operand(dot, 1)};
  Op *wait = wait_for(cx, &b, values, 3, 1);
  ir_set_operand(yield, slot, &wait->results[0]);
  Builder after = {cx, loop->block, loop->next, loop->loc};
  Op *end = wait_for(cx, &after, (Value *[]){&loop->results[slot]}, 1, 0);
  for (Use *u = loop->results[slot].uses, *next; u; u = next) {
    next = u->next;
    if (u->op != end) ir_set_operand(u->op, u->index, &end->results[0]);
  }
}

typedef struct Dots {
  Ctx *cx;
  Vec(Op *) at, loops;
} Dots;

static void collect(Op *op, void *arg) {
  Dots *d = arg;
  if (op->code == OP_WARP_GROUP_DOT) vec_push(d->cx, &d->at, op);
  if (op->code == OP_FOR) vec_push(d->cx, &d->loops, op);
}

bool gpu_wgmma(Ctx *cx, Module *m) {
  Dots dots = {.cx = cx};
  ir_walk(m->op, collect, &dots);
  for (uint32_t i = 0; i < dots.at.len; i++) make_async(cx, dots.at.at[i]);
  for (uint32_t i = 0; i < dots.loops.len; i++) ir_set_attr(cx, dots.loops.at[i], WGMMA_IN_FLIGHT, NULL);
  return dots.at.len > 0;
}
