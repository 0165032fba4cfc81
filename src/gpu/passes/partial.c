/* partial.c: a loop's running sum of reductions is kept as one partial sum per thread until the loop ends.
 *
 * Problem.
 *     for ...:
 *       acc = acc + sum(x, axis)
 * exchanges between lanes, and between warps through shared memory, in every iteration, although only the last value of
 * acc is asked for.
 *
 * Idea. Along the axis x is (outer, threads, inner): each thread has `inner` neighbours and `outer` groups of them. The
 * reshaped x' has what one thread holds along a last dimension of its own; the loop carries a tensor with `threads`
 * elements along the axis, to which it adds sum(x', last), which no exchange is needed for. One reduction along the axis
 * follows the loop:
 *     part = neutral
 *     for ...:
 *       part = part + sum(x', last)
 *     acc = acc + sum(part, axis)
 * The shape of x' is taken from the layout that the load of x will get (coalesce.c). Should x get another layout
 * after all, the result is the same and only the exchange is back.
 *
 * When. The operation is the reduction's own, associative and commutative with a neutral element: sums, maxima, minima
 * and bitwise operations. acc has no other use in the loop. Sums of floats are added in another order, as reductions
 * do anyway.
 *
 * Cost: one walk over the ops; per pattern found a walk back to its load, at most a few ops long.
 */
#include "gpu/passes/passes.h"

#include <math.h>

typedef struct Partial {
  Ctx *cx;
  Module *m;
  Coalesce *coalesce; /* once there is something to do */
  bool changed;
} Partial;

/* Float: the neutral number, which is -0.0 for sums: 0.0 would lose the sign of a zero. Integer: of `bits` bits. */
static const struct Operation {
  Opcode code;
  bool is_float;
  double number;
  enum { ALL_ZERO, ALL_ONE, MOST_NEGATIVE, MOST_POSITIVE } bits;
} operations[] = {
    {OP_ADDF, true, -0.0, ALL_ZERO},
    {OP_MAXNUMF, true, -INFINITY, ALL_ZERO},
    {OP_MAXIMUMF, true, -INFINITY, ALL_ZERO},
    {OP_MINNUMF, true, INFINITY, ALL_ZERO},
    {OP_MINIMUMF, true, INFINITY, ALL_ZERO},
    {OP_ADDI, false, 0, ALL_ZERO},
    {OP_ORI, false, 0, ALL_ZERO},
    {OP_XORI, false, 0, ALL_ZERO},
    {OP_MAXUI, false, 0, ALL_ZERO},
    {OP_ANDI, false, 0, ALL_ONE},
    {OP_MINUI, false, 0, ALL_ONE},
    {OP_MAXSI, false, 0, MOST_NEGATIVE},
    {OP_MINSI, false, 0, MOST_POSITIVE},
};

static const struct Operation *operation_of(const Op *op) {
  for (size_t i = 0; i < COUNT(operations); i++)
    if (operations[i].code == op->code) return &operations[i];
  return NULL;
}

static Value *neutral(Builder *b, const struct Operation *o, Type *t) {
  if (o->is_float) return ir_const_float(b, t, o->number);
  int bits = ir_elem(t)->bits;
  int64_t top = (int64_t)((uint64_t)1 << (bits - 1));
  int64_t x = o->bits == ALL_ZERO ? 0 : o->bits == ALL_ONE ? -1 : o->bits == MOST_NEGATIVE ? -top : top - 1;
  return ir_const_int(b, t, x);
}

/* The reduction of one tensor by a single operation of that code, used only once. */
static bool reduces_by(const Value *v, Opcode code) {
  const Op *r = v->op;
  if (!r || r->code != OP_REDUCE || r->noperands != 1 || !ir_one_use(v)) return false;
  const Block *body = ir_entry(r, 0);
  const Op *op = body->first;
  if (op->code != code || op->next != body->last) return false;
  bool straight = ir_operand(op, 0) == body->args[0] && ir_operand(op, 1) == body->args[1];
  bool crossed = ir_operand(op, 0) == body->args[1] && ir_operand(op, 1) == body->args[0];
  return (straight || crossed) && ir_operand(body->last, 0) == &op->results[0];
}

enum { MOST_STEPS = 32 };

/* The load that the tensor's layout will come from: one of the same shape, through ops that keep each element's place. */
static const Op *load_behind(const Value *v) {
  const Value *queue[MOST_STEPS] = {v};
  for (int at = 0, n = 1; at < n; at++) {
    const Op *op = queue[at]->op;
    if (!op || !ir_is_tensor(queue[at]->type) || ir_numel(queue[at]->type) != ir_numel(v->type)) continue;
    if (op->code == OP_LOAD) return ir_is_tensor(ir_operand(op, 0)->type) ? op : NULL;
    if (!ir_has(op, T_ELEMENTWISE)) continue;
    for (int i = 0; i < op->noperands && n < MOST_STEPS; i++) queue[n++] = ir_operand(op, i);
  }
  return NULL;
}

typedef struct Split {
  int64_t outer, threads, inner;
} Split;

/* How the axis is split; false: there is nothing to gain. */
static bool split_axis(Partial *p, const Op *reduce, int axis, Split *s) {
  const Value *x = ir_operand(reduce, 0);
  const Op *load = load_behind(x);
  if (!load || x->type->rank > LAYOUT_MAX_DIMS - 3) return false;
  if (!p->coalesce) p->coalesce = gpu_coalesce_analyze(p->cx, p->m);
  const Attr *e = gpu_coalesce_encoding(p->coalesce, load);
  int64_t size[LAYOUT_MAX_DIMS], lanes[LAYOUT_MAX_DIMS], warps[LAYOUT_MAX_DIMS], n = x->type->shape[axis];
  gpu_param_ints(e, "sizePerThread", size);
  gpu_param_ints(e, "threadsPerWarp", lanes);
  gpu_param_ints(e, "warpsPerCTA", warps);
  s->inner = min64(size[axis], n);
  s->threads = min64(lanes[axis] * warps[axis], n / s->inner);
  s->outer = n / (s->inner * s->threads);
  return s->threads > 1 && s->outer * s->inner > 1;
}

static Op *reduce_of(Partial *p, Builder *b, const Op *like, Value *x, int axis, Type *result) {
  Map map = {0};
  map_put(p->cx, &map, ir_operand(like, 0), x);
  Op *r = ir_clone(b, like, &map);
  ir_set_attr(p->cx, r, "axis", ir_attr_int(p->cx, ir_int(p->cx, 32), axis));
  r->results[0].type = result;
  return r;
}

/* x with the axis cut down to its threads, and what each of them holds along a dimension behind all others. */
static Value *by_thread(Partial *p, Builder *b, Value *x, int axis, const Split *s, int64_t *shape) {
  int rank = x->type->rank;
  int64_t wide[LAYOUT_MAX_DIMS], order[LAYOUT_MAX_DIMS], turned[LAYOUT_MAX_DIMS];
  for (int d = 0, k = 0; d < rank; d++) {
    if (d != axis) {
      order[d] = k;
      wide[k++] = x->type->shape[d];
      continue;
    }
    order[rank] = k;
    wide[k++] = s->outer;
    order[d] = k;
    wide[k++] = s->threads;
    order[rank + 1] = k;
    wide[k++] = s->inner;
  }
  for (int d = 0; d < rank + 2; d++) turned[d] = wide[order[d]];
  Type *elem = ir_elem(x->type);
  x = ir_make(b, OP_RESHAPE, ir_tensor(p->cx, elem, rank + 2, wide, NULL), x, NULL);
  x = ir_make(b, OP_TRANS, ir_tensor(p->cx, elem, rank + 2, turned, NULL), x, NULL);
  ir_set_attr(p->cx, x->op, "order", ir_attr_ints(p->cx, ir_int(p->cx, 32), order, rank + 2));
  for (int d = 0; d < rank; d++) shape[d] = turned[d];
  shape[rank] = s->outer * s->inner;
  return ir_make(b, OP_RESHAPE, ir_tensor(p->cx, elem, rank + 1, shape, NULL), x, NULL);
}

static void keep_apart(Partial *p, Op *loop, int slot, const Op *reduce, const struct Operation *o, const Split *s) {
  Ctx *cx = p->cx;
  Value *acc = ir_loop_arg(loop, slot), *result = ir_loop_result(loop, slot), *init = ir_loop_init(loop, slot);
  Op *combine = ir_loop_yield(loop, slot)->op;
  Value *old = &((Op *)reduce)->results[0], *x = ir_operand(reduce, 0);
  int axis = (int)ir_attr_int_or(reduce, "axis", 0), rank = x->type->rank;
  int64_t shape[LAYOUT_MAX_DIMS];
  Builder b = ir_before(cx, (Op *)reduce);
  Value *apart = by_thread(p, &b, x, axis, s, shape);
  Type *type = ir_tensor(cx, ir_elem(x->type), rank, shape, NULL), *whole = result->type;
  Value *part = &reduce_of(p, &b, reduce, apart, rank, type)->results[0];
  ir_replace_all(old, part);

  Builder after = ir_before(cx, loop->next);
  after.loc = combine->loc;
  Op *last = reduce_of(p, &after, reduce, result, axis, whole);
  Value *total = ir_make(&after, o->code, whole, init, &last->results[0], NULL);
  for (Use *u = result->uses, *next; u; u = next) {
    next = u->next;
    if (u->op != last) ir_set_operand(u->op, u->index, total);
  }
  Builder before = ir_before(cx, loop);
  ir_loop_set_init(loop, slot, neutral(&before, o, type));
  acc->type = result->type = combine->results[0].type = type;
  ir_erase((Op *)reduce);
  p->changed = true;
}

static void visit_slot(Partial *p, Op *loop, int slot) {
  Value *acc = ir_loop_arg(loop, slot), *next = ir_loop_yield(loop, slot);
  Op *combine = next->op;
  if (!combine || combine->block != ir_entry(loop, 0) || !ir_one_use(next) || !ir_one_use(acc)) return;
  const struct Operation *o = operation_of(combine);
  if (!o || acc->uses->op != combine || ir_unused(ir_loop_result(loop, slot))) return;
  const Value *other = ir_operand(combine, ir_operand(combine, 0) == acc ? 1 : 0);
  Split s;
  if (!reduces_by(other, combine->code) || other->op->block != combine->block || other->type != acc->type) return;
  if (split_axis(p, other->op, (int)ir_attr_int_or(other->op, "axis", 0), &s))
    keep_apart(p, loop, slot, other->op, o, &s);
}

static void visit(Op *op, void *arg) {
  if (op->code != OP_FOR) return;
  for (int i = 0; i < op->nresults; i++) visit_slot(arg, op, i);
}

bool gpu_partial(Ctx *cx, Module *m) {
  Partial p = {.cx = cx, .m = m};
  ir_walk(m->op, visit, &p);
  return p.changed;
}
