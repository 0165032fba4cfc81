/* wgmma.c: dots of warp groups run while threads do something else: within an iteration, and across iterations.
 *
 * Problem. A dot that is waited for at once leaves the threads idle while the tensor cores work, and the tensor cores
 * while the next iteration is prepared.
 *
 * Within an iteration the wait comes as late as the result allows: before the first op that uses it, before the next
 * dot, or before control flow. What is between (copies of later iterations, scales that are loaded) takes place meanwhile.
 *
 * Across iterations. Where a loop's dots only add to carried accumulators, the wait moves one iteration down: only
 * those of one iteration stay in flight, and after the loop all are waited for. The buffers they read are then needed longer,
 * which pipeline.c allows for (the attribute WGMMA_IN_FLIGHT): without it dots are waited for in their iteration. So
 * they are where an operand is in registers, or in a buffer that every iteration fills.
 *
 * The wait takes the operands' buffers, too: until then nothing else may be in their place (allocate.c), and nothing be
 * stored there without a barrier after it (membar.c).
 */
#include "gpu/passes/passes.h"

int64_t gpu_wgmma_partial_sums(const Op *op) {
  const Type *b = ir_operand(op, 1)->type;
  int64_t n = ir_attr_int_or(op, "maxNumImpreciseAcc", 0);
  if (b->elem->kind != TYPE_FLOAT || b->elem->bits != 8 || n > b->shape[0]) return 0;
  return max64(n, 1);
}

typedef Vec(Value *) Values;

static Op *wait_for(Builder *b, const Values *values, int pendings) {
  Type **types = NEWN(b->cx, Type *, values->len + 1);
  for (uint32_t i = 0; i < values->len; i++) types[i] = values->at[i]->type;
  Op *wait = ir_op(b, OP_WARP_GROUP_DOT_WAIT, types, (int)values->len, values->at, (int)values->len);
  ir_set_attr(b->cx, wait, "pendings", ir_attr_int(b->cx, ir_int(b->cx, 32), pendings));
  return wait;
}

static void add_buffers(Ctx *cx, Values *values, const Op *dot) {
  for (int i = 0; i < 2; i++)
    if (ir_operand(dot, i)->type->kind == TYPE_MEMDESC) vec_push(cx, values, ir_operand(dot, i));
}

/* What used `v` uses the wait's result instead. */
static void use_after(Value *v, Op *wait, int result) {
  for (Use *u = v->uses, *next; u; u = next) {
    next = u->next;
    if (u->op != wait) ir_set_operand(u->op, u->index, &wait->results[result]);
  }
}

int gpu_wgmma_carried_slot(const Op *dot) { return gpu_wgmma_partial_sums(dot) ? -1 : gpu_dot_carried_slot(dot); }

Op *gpu_wgmma_in_flight(const Block *body, bool (*is_ahead)(const void *self, const Op *alloc), const void *self) {
  Op *last = NULL;
  for (Op *op = body->first; op; op = op->next) {
    if (op->code != OP_WARP_GROUP_DOT) continue;
    if (gpu_wgmma_carried_slot(op) < 0) return NULL;
    for (int i = 0; i < 2; i++) {
      const Op *alloc = gpu_buffer_of(ir_operand(op, i));
      if (!alloc || (alloc->block == body && !is_ahead(self, alloc))) return NULL;
    }
    last = op;
  }
  return last;
}

/* Does the operand stay as it is until the dots of the next iteration were issued? Registers and a buffer that the
 * iteration fills itself do not: only what pipeline.c has buffers enough for, and what was there before the loop. */
static bool outlives_iteration(const Op *dot, int index) {
  const Value *v = ir_operand(dot, index);
  const Op *buffer = v->type->kind == TYPE_MEMDESC ? gpu_buffer_of(v) : NULL;
  return buffer && buffer->block != dot->block;
}

/* The loop's dots, if all of them may stay in flight. */
static GpuOps dots_in_flight(Ctx *cx, const Op *loop) {
  GpuOps dots = {0}, none = {0};
  if (!ir_attr(loop, WGMMA_IN_FLIGHT)) return none;
  for (Op *op = ir_entry(loop, 0)->first; op; op = op->next) {
    if (op->code != OP_WARP_GROUP_DOT) continue;
    if (gpu_wgmma_carried_slot(op) < 0 || !outlives_iteration(op, 0) || !outlives_iteration(op, 1)) return none;
    vec_push(cx, &dots, op);
  }
  return dots;
}

static void wait_in_next_iteration(Ctx *cx, Op *loop) {
  GpuOps dots = dots_in_flight(cx, loop);
  if (!dots.len) return;
  Op *last = dots.at[dots.len - 1];
  Values values = {0}, results = {0};
  for (uint32_t i = 0; i < dots.len; i++) {
    vec_push(cx, &results, &loop->results[gpu_wgmma_carried_slot(dots.at[i])]);
    vec_push(cx, &values, &dots.at[i]->results[0]);
    ir_set_attr(cx, dots.at[i], "isAsync", ir_attr_bool(cx, true));
  }
  for (uint32_t i = 0; i < dots.len; i++) add_buffers(cx, &values, dots.at[i]);
  Builder b = {cx, last->block, last->next, last->loc};
  Op *wait = wait_for(&b, &values, (int)dots.len);
  Builder after = {cx, loop->block, loop->next, loop->loc};
  Op *end = wait_for(&after, &results, 0);
  for (uint32_t i = 0; i < dots.len; i++) {
    use_after(values.at[i], wait, (int)i);
    use_after(results.at[i], end, (int)i);
  }
}

/* Does the op need what the dot computes, or is it unknown what it needs? */
static bool stops(const Op *op, const Op *dot) {
  if (op->nregions || ir_has(op, T_TERMINATOR) || op->code == OP_WARP_GROUP_DOT || op->code == OP_WARP_GROUP_DOT_WAIT)
    return true;
  for (int i = 0; i < op->noperands; i++)
    if (ir_operand(op, i)->op == dot) return true;
  return false;
}

static void wait_in_this_iteration(Ctx *cx, Op *dot) {
  const Attr *async = ir_attr(dot, "isAsync");
  if ((async && async->integer) || gpu_wgmma_partial_sums(dot)) return;
  Op *to = dot->next;
  while (!stops(to, dot)) to = to->next;
  if (to == dot->next) return; /* waited for at once */
  ir_set_attr(cx, dot, "isAsync", ir_attr_bool(cx, true));
  Values values = {0};
  vec_push(cx, &values, &dot->results[0]);
  add_buffers(cx, &values, dot);
  Builder b = {cx, dot->block, to, dot->loc};
  use_after(&dot->results[0], wait_for(&b, &values, 0), 0);
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
  for (uint32_t i = 0; i < dots.loops.len; i++) {
    wait_in_next_iteration(cx, dots.loops.at[i]);
    ir_set_attr(cx, dots.loops.at[i], WGMMA_IN_FLIGHT, NULL);
  }
  for (uint32_t i = 0; i < dots.at.len; i++) wait_in_this_iteration(cx, dots.at.at[i]);
  return dots.at.len > 0;
}
