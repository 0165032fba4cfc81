/* plan_points.c: tensors that one expression would evaluate at too many points.
 *
 * Problem. An expression is evaluated on demand, at coordinates that ops which move elements change on the way down
 * (emit_lane.c); what was evaluated at the same coordinates is not evaluated again. Elementwise ops ask their operands
 * at their own point, so a shared operand is evaluated once. But an op that combines both results of a split, or a
 * tensor and its transpose, asks for two points of one tensor, and a chain of K such ops (a sorting network is one)
 * for 2^K.
 *
 * Idea. Before anything else is planned, count the points of every tensor, users before operands, and store a tensor
 * that has more than a few: its elements are then computed once each, and its operands are asked at the points of one
 * nest only.
 *
 * A point is identified by the path from the root down to the tensor: a hash of the moving ops on it, what they are and not
 * which. So different roots, and equal moves, share points. Two paths that lead to equal coordinates count as two: a
 * tensor may be stored that need not be, but a tensor that is not stored has few points.
 *
 * Cost: the ops, times POINTS.
 */
#include "cpu/plan_work.h"

enum { POINTS = 16 };

struct Points {
  uint64_t at[POINTS];
  int n;
  bool many;   /* more than that */
  bool stored; /* an op needs the tensor in memory */
};

static void add_point(Points *s, uint64_t p) {
  for (int i = 0; i < s->n; i++)
    if (s->at[i] == p) return;
  if (s->n == POINTS)
    s->many = true;
  else
    s->at[s->n++] = p;
}

static uint64_t move_shape(uint64_t p, const Type *t) {
  return hash_bytes(t->shape, sizeof *t->shape * (size_t)t->rank, p);
}

/* The point of operand `i` when the result `v` is evaluated at `p`. */
static uint64_t move_point(const Value *v, int i, uint64_t p) {
  const Op *op = v->op;
  const Type *from = ir_operand(op, i)->type;
  const Attr *order;
  unsigned how[] = {op->code, 0};
  switch (op->code) {
  case OP_JOIN: break;
  case OP_SPLIT: how[1] = (unsigned)v->index; break;
  case OP_CAT: how[1] = (unsigned)i; break;
  case OP_TRANS:
    order = ir_attr(op, "order");
    p = hash_bytes(order->ints, sizeof *order->ints * (size_t)order->n, p);
    break;
  case OP_RESHAPE:
  case OP_EXPAND_DIMS:
  case OP_BROADCAST:
    if (op->code == OP_RESHAPE && !ir_reshape_trivial(op))
      p = move_shape(move_shape(p, from), v->type);
    else /* which dimensions have a coordinate */
      for (int d = 0; d < from->rank; d++) how[1] |= (unsigned)(from->shape[d] != 1) << d;
    break;
  default: return p;
  }
  return hash_bytes(how, sizeof how, p);
}

/* Does `op` read this operand from memory? The walk over expressions stores it (plan_blocks.c). */
static bool reads_stored(const Op *op, int i) {
  if (op->code == OP_GATHER) return i == 0;
  return op->code == OP_RESHAPE && !ir_reshape_trivial(op) && !cpu_is_index(ir_operand(op, i));
}

static Points *points_of(Planner *pl, Value *v) {
  ValueWork *work = work_of(v);
  if (!work->points) work->points = NEW(pl->cx, Points);
  return work->points;
}

/* `v` is NULL or evaluated on demand, at the points `s`. */
static void ask_operands(Planner *pl, Op *op, const Value *v, const Points *s) {
  for (int i = 0; i < op->noperands; i++) {
    Value *x = ir_operand(op, i);
    if (!ir_is_tensor(x->type) || cpu_to_store(x)) continue;
    Points *to = points_of(pl, x);
    if (reads_stored(op, i)) to->stored = true;
    for (int j = 0; j < s->n; j++) add_point(to, v ? move_point(v, i, s->at[j]) : s->at[j]);
  }
}

static bool is_leaf(const Op *op) {
  for (int i = 0; i < op->noperands; i++)
    if (ir_is_tensor(ir_operand(op, i)->type)) return false;
  return true;
}

/* All users of its results have been seen. */
static void see(Planner *pl, Op *op) {
  static const Points root = {.at = {1}, .n = 1};
  if (is_leaf(op)) return;
  bool on_demand = false;
  for (int i = 0; i < op->nresults; i++) {
    Value *v = &op->results[i];
    if (!ir_is_tensor(v->type) || cpu_to_store(v)) continue;
    on_demand = true;
    Points *s = work_of(v)->points;
    if (s && s->many) {
      info_of(v)->plan.is_member = true;
      cpu_note_stored(pl, v);
    }
    if (s) ask_operands(pl, op, v, s->many || s->stored ? &root : s);
  }
  if (!on_demand) ask_operands(pl, op, NULL, &root);
}

typedef struct Ops {
  Ctx *cx;
  Vec(Op *) all;
} Ops;
static void gather(Op *op, void *arg) {
  Ops *ops = arg;
  vec_push(ops->cx, &ops->all, op);
}

void cpu_plan_points(Planner *pl, Op *func) {
  Ops ops = {.cx = pl->cx};
  ir_walk(func, gather, &ops);
  for (uint32_t i = ops.all.len; i-- > 0;) see(pl, ops.all.at[i]);
}
