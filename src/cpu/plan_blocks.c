/* plan_blocks.c: which tensors are stored, and which ops share a loop nest.
 *
 * Problem. Triton IR computes whole tiles, op by op. Done literally, every op would be a loop over an array in
 * memory. We want few loops, each doing much per element, and few arrays.
 *
 * Idea. A tensor is an *expression* unless there is a reason to store it. Certain ops are *roots*: they need loops
 * over all elements (stores, reductions, scans, copies into a loop's carried tensors), or a whole array at once
 * (dots, transpositions, control flow). Everything between the roots is evaluated inside their loops, a vector at a
 * time, on demand (emit_lane.c). Roots of one shape share a *nest* of loops where nothing forbids it, and what two
 * of its members use is evaluated once. So softmax becomes: load and maximum; load again, subtract, exp, keep it and
 * sum; divide and store.
 *
 * A tensor is stored (ValuePlan.is_stored) when
 *   - several nests would evaluate it, or a loop or a broadcast would evaluate it many times, and that is expensive;
 *   - it is loaded, and something may be written between the load and the place where it is evaluated;
 *   - one nest would evaluate it at more than a few points of its own (plan_points.c);
 *   - its elements are needed in another order or all at once (operands of dot, reshape, gather).
 * The result of a root is stored if it is read outside its nest (ValuePlan.is_kept).
 *
 * Method. The ops of a block are visited in order, with a set of *open* nests, none of which needs another's
 * results. A root joins an open nest of its shape; before it does, every open nest is closed (put into the block's
 * list of steps) whose results it needs in any other way than element by element. Writes close nests so that
 * memory's order is kept. When the traversal finds a tensor that has to be stored, it is marked and the block is
 * planned again: marks only grow, so this ends, in practice after two or three rounds. Inner blocks are planned
 * before the block around them.
 *
 * Loop-carried tensors. Each has one slot. Yielding copies the new values there at the end of
 * the body, all of one shape in one nest that evaluates a point of all before it writes any; a value that reads a
 * carried tensor out of place is stored before. A dot that accumulates into a carried tensor does so in its slot
 * (ValuePlan.shares), when the old value is dead.
 *
 * Cost: linear in the ops times the length of the expressions under each root.
 */
#include "cpu/plan_work.h"

enum { EXPENSIVE = 8, EXPENSIVE_IN_LOOP = 4 };

typedef struct BlockPlanner {
  Planner *all;
  Ctx *cx;
  Block *block;
  BlockPlan *plan;
  Vec(Draft *) open;
  int written;  /* order of the last write that is in a closed step; -1: none */
  bool changed; /* something was marked: plan the block again */
  /* State of the current walk. */
  const void *step;
  Draft *target;
  bool in_loop;   /* the step evaluates it many times */
  int load_limit; /* writes of the step itself: loads from outside it must be stored; else 0 */
  Vec(Op *) loads;
} BlockPlanner;

static void mark_stored(BlockPlanner *p, Value *v) {
  ValuePlan *plan = &info_of(v)->plan;
  if (plan->is_member || cpu_to_store(v)) return;
  plan->is_member = true;
  cpu_note_stored(p->all, v);
  p->changed = true;
}

/* ---- nests ------------------------------------------------------------------------------------------------------- */

static void push_step(BlockPlanner *p, Op *op, const Draft *draft) {
  Step s = {.op = op, .nest = draft ? &draft->nest : NULL};
  vec_push(p->cx, &p->plan->steps, s);
}

static void close_nest(BlockPlanner *p, Draft *n) {
  if (n->closed) return;
  n->closed = true;
  push_step(p, NULL, n);
  for (uint32_t i = 0; i < n->stores.len; i++)
    if (op_order(n->stores.at[i]) > p->written) p->written = op_order(n->stores.at[i]);
  for (uint32_t i = 0, j = 0; i < p->open.len; i++) {
    if (p->open.at[i] != n) p->open.at[j++] = p->open.at[i];
    if (i + 1 == p->open.len) p->open.len = j;
  }
}

static void close_all(BlockPlanner *p) {
  while (p->open.len) close_nest(p, p->open.at[0]);
}

/* Nests that touch memory: before something that writes it. */
static void close_memory(BlockPlanner *p, const Draft *except) {
  for (uint32_t i = 0; i < p->open.len;) {
    Draft *n = p->open.at[i];
    if (n != except && (n->loads.len || n->stores.len))
      close_nest(p, n);
    else
      i++;
  }
}

static void close_stores_before(BlockPlanner *p, int order) {
  for (uint32_t i = 0; i < p->open.len;) {
    Draft *n = p->open.at[i];
    if (n->stores.len && op_order(n->stores.at[0]) < order)
      close_nest(p, n);
    else
      i++;
  }
}

static Draft *find_open(BlockPlanner *p, const Type *shape) {
  for (uint32_t i = p->open.len; i-- > 0;)
    if (ir_same_shape(p->open.at[i]->nest.type, shape)) return p->open.at[i];
  return NULL;
}

/* ---- walking expressions ----------------------------------------------------------------------------------------- */

static bool keeps_place(const Op *op, const Value *operand, const Value *v) {
  if (!(ir_info(op)->traits & T_ELEMENTWISE) && op->code != OP_LOAD && op->code != OP_MAP_ELEMENTWISE) return false;
  return ir_is_tensor(operand->type) && ir_same_shape(operand->type, v->type);
}

/* An expression still to be walked. Walks keep such a stack of their own, the next operand on top: expressions may be
 * thousands of ops deep. */
typedef struct Pending {
  Value *v;
  bool in_place, often;
} Pending;
typedef Vec(Pending) Walk;

static void push_operands(BlockPlanner *p, Walk *w, const Pending *at, bool count_repeats) {
  const Op *op = at->v->op;
  for (int i = op->noperands; i-- > 0;) {
    Value *x = ir_operand(op, i);
    bool repeated = count_repeats && op->code == OP_BROADCAST && ir_numel(x->type) < ir_numel(at->v->type) && x->op &&
                    x->op->code != OP_LOAD;
    Pending next = {x, at->in_place && keeps_place(op, x, at->v), at->often || repeated};
    vec_push(p->cx, w, next);
  }
}

/* First walk: close what must be computed before `v` can be evaluated in the open nest `keep` (or, NULL, anywhere).
 * Part of the walk p->all->walk. */
static void walk_needs(BlockPlanner *p, Value *value, const Draft *keep, bool in_place) {
  Walk walk = {0};
  vec_push(p->cx, &walk, ((Pending){value, in_place, false}));
  while (walk.len) {
    Pending at = walk.at[--walk.len];
    Value *v = at.v;
    ValueWork *work = work_of(v);
    if (work->visited[at.in_place] == p->all->walk) continue;
    work->visited[at.in_place] = p->all->walk;
    if (!ir_is_tensor(v->type)) {
      if (work->draft && !work->draft->closed) close_nest(p, work->draft);
      continue;
    }
    if (cpu_to_store(v)) {
      Draft *n = work->draft;
      if (n && !n->closed && !(at.in_place && n == keep && v->op->code != OP_REDUCE)) close_nest(p, n);
      continue;
    }
    if (v->op->code == OP_LOAD && v->op->block == p->block) close_stores_before(p, op_order(v->op));
    push_operands(p, &walk, &at, false);
  }
}

/* Has something been written, or will it be before the current step, that `load` must not see? */
static bool load_is_late(BlockPlanner *p, const Op *load) {
  if (p->written > op_order(load)) return true;
  for (uint32_t i = 0; i < p->open.len; i++) {
    const Draft *n = p->open.at[i];
    for (uint32_t j = 0; j < n->stores.len && n != p->target; j++)
      if (op_order(n->stores.at[j]) > op_order(load)) return true;
  }
  return false;
}

/* Must `v`, which the current step evaluates, be stored instead? */
static bool too_expensive(BlockPlanner *p, Value *v, bool often) {
  const void *step = work_of(v)->step;
  bool outside = v->op->block != p->block, again = (step && step != p->step) || often;
  int cost = cpu_moves_evenly(p->all, v) ? 0 : cpu_cost(p->all, v); /* its parts may be expensive */
  if (again && cost >= EXPENSIVE) return true;
  return (p->in_loop || (outside && p->block->region->op->code != OP_IF)) && cost >= EXPENSIVE_IN_LOOP;
}

/* Second walk, when the step that evaluates `v` is known: which values are evaluated where. */
static void walk_seen(BlockPlanner *p, Value *value, bool in_place, bool often) {
  Walk walk = {0};
  vec_push(p->cx, &walk, ((Pending){value, in_place, often}));
  while (walk.len) {
    Pending at = walk.at[--walk.len];
    Value *v = at.v;
    ValueWork *work = work_of(v);
    if (!ir_is_tensor(v->type)) continue;
    if (cpu_to_store(v)) {
      if (!(at.in_place && p->target && work->draft == p->target)) info_of(v)->plan.is_kept = true;
      continue;
    }
    int way = at.in_place + 2 * at.often;
    if (work->visited[way] == p->all->walk) continue;
    work->visited[way] = p->all->walk;
    Op *op = v->op;
    if (too_expensive(p, v, at.often)) {
      mark_stored(p, v);
      continue;
    }
    work->step = p->step;
    if (op->code == OP_LOAD && op->block == p->block) {
      if (p->load_limit || load_is_late(p, op)) {
        mark_stored(p, v);
        continue;
      }
      vec_push(p->cx, &p->loads, op);
    }
    if (op->code == OP_RESHAPE && !ir_reshape_trivial(op) && !cpu_is_index(ir_operand(op, 0)))
      mark_stored(p, ir_operand(op, 0));
    if (op->code == OP_GATHER) mark_stored(p, ir_operand(op, 0));
    push_operands(p, &walk, &at, true);
  }
}

/* A step that evaluates `v` somewhere in it, or needs it stored. */
static void need_for_op(BlockPlanner *p, Op *step, Value *v, bool in_loop, bool writes) {
  p->all->walk++;
  walk_needs(p, v, NULL, false);
  p->all->walk++;
  p->step = step;
  p->target = NULL;
  p->in_loop = in_loop;
  p->load_limit = writes;
  p->loads.len = 0;
  walk_seen(p, v, false, false);
}

static void need_stored(BlockPlanner *p, Op *step, Value *v) {
  mark_stored(p, v);
  need_for_op(p, step, v, false, false);
}

/* ---- roots ------------------------------------------------------------------------------------------------------- */

/* What a member evaluates. A stored value is evaluated from its operands: asked for itself it would be found stored. */
static int member_inputs(const Member *m) { return m->op ? m->op->noperands : 1; }
static Value *member_input(const Member *m, int i) { return m->op ? ir_operand(m->op, i) : m->value; }

/* The member of a rearranging op (a stored broadcast, say) reads its operands out of place. */
static bool input_in_place(const Member *m, int i) {
  return m->kind != MEMBER_VALUE || !m->op || keeps_place(m->op, member_input(m, i), m->value);
}

static bool scans_agree(const Draft *n, const Member *m) {
  if (m->kind != MEMBER_SCAN) return true;
  unsigned bit = 1u << ir_attr_int_or(m->op, "axis", 0);
  if (!(n->nest.scans & bit)) return true;
  return ((n->nest.reverse & bit) != 0) == (ir_attr_int_or(m->op, "reverse", 0) != 0);
}

static bool store_fits(BlockPlanner *p, const Draft *n, const Op *store) {
  for (uint32_t i = 0; i < n->loads.len; i++)
    if (cpu_may_conflict(p->all, n->loads.at[i], store)) return false;
  for (uint32_t i = 0; i < n->stores.len; i++)
    if (cpu_may_conflict(p->all, n->stores.at[i], store)) return false;
  return true;
}

static bool loads_fit(BlockPlanner *p, const Draft *n, Op *const *loads, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t j = 0; j < n->stores.len; j++)
      if (cpu_may_conflict(p->all, loads[i], n->stores.at[j])) return false;
  return true;
}

static Draft *add_root(BlockPlanner *p, Type *shape, Member m, bool fresh) {
  int n = member_inputs(&m);
  if (m.kind == MEMBER_VALUE && m.op && m.op->code == OP_LOAD) close_stores_before(p, op_order(m.op));
  Draft *draft;
  do { /* closing what is needed may close the nest itself */
    draft = fresh ? NULL : find_open(p, shape);
    if (draft &&
        (draft->nest.serial || !scans_agree(draft, &m) || (m.kind == MEMBER_STORE && !store_fits(p, draft, m.op)))) {
      close_nest(p, draft);
      continue;
    }
    for (int i = 0; i < n; i++) {
      p->all->walk++;
      walk_needs(p, member_input(&m, i), draft, input_in_place(&m, i));
    }
  } while (draft && draft->closed);
  if (m.kind == MEMBER_STORE) close_memory(p, draft);
  if (!draft) {
    draft = NEW(p->cx, Draft);
    draft->nest.type = shape;
  }
  p->step = draft;
  p->target = draft;
  p->in_loop = false;
  p->load_limit = 0;
  p->loads.len = 0;
  p->all->walk++;
  for (int i = 0; i < n; i++) {
    bool repeated = m.kind == MEMBER_VALUE && m.op && m.op->code == OP_BROADCAST;
    walk_seen(p, member_input(&m, i), input_in_place(&m, i), repeated);
  }
  if (m.kind == MEMBER_VALUE && m.op && m.op->code == OP_LOAD) vec_push(p->cx, &p->loads, m.op);
  if (m.kind == MEMBER_VALUE && m.op && m.op->code == OP_RESHAPE && !ir_reshape_trivial(m.op) &&
      !cpu_is_index(ir_operand(m.op, 0)))
    mark_stored(p, ir_operand(m.op, 0));
  if (m.kind == MEMBER_VALUE && m.op && m.op->code == OP_GATHER) mark_stored(p, ir_operand(m.op, 0));
  if (m.kind == MEMBER_STORE) {
    for (uint32_t i = 0; i < p->loads.len; i++)
      if (cpu_may_conflict(p->all, p->loads.at[i], m.op)) mark_stored(p, &p->loads.at[i]->results[0]);
    vec_push(p->cx, &draft->stores, m.op);
  } else if (!loads_fit(p, draft, p->loads.at, p->loads.len)) {
    for (uint32_t i = 0; i < p->loads.len; i++) mark_stored(p, &p->loads.at[i]->results[0]);
  }
  for (uint32_t i = 0; i < p->loads.len; i++) { vec_push(p->cx, &draft->loads, p->loads.at[i]); }
  if (m.kind == MEMBER_SCAN) {
    unsigned bit = 1u << ir_attr_int_or(m.op, "axis", 0);
    draft->nest.scans |= bit;
    if (ir_attr_int_or(m.op, "reverse", 0)) draft->nest.reverse |= bit;
  }
  vec_push(p->cx, &draft->nest.members, m);
  if (m.op && m.kind != MEMBER_STORE)
    for (int i = 0; i < m.op->nresults; i++) work_of(&m.op->results[i])->draft = draft;
  bool known = false;
  for (uint32_t i = 0; i < p->open.len; i++) known = known || p->open.at[i] == draft;
  if (!known) vec_push(p->cx, &p->open, draft);
  return draft;
}

static Draft *add_copy(BlockPlanner *p, Value *value, Value *into) {
  return add_root(p, into->type, (Member){.kind = MEMBER_COPY, .value = value, .into = into}, false);
}

/* ---- ops --------------------------------------------------------------------------------------------------------- */

typedef struct Outer {
  BlockPlanner *p;
  Op *op;
  bool in_loop, writes;
} Outer;

static void need_outer(Op *op, void *arg) {
  Outer *o = arg;
  if (op == o->op) return;
  for (int i = 0; i < op->noperands; i++) {
    Value *v = ir_operand(op, i);
    if (!ir_defined_outside(v, o->op)) continue;
    bool whole = (op->code == OP_DOT || op->code == OP_HISTOGRAM || op->code == OP_PRINT);
    need_for_op(o->p, o->op, v, o->in_loop && !whole, o->writes);
  }
}

static void plan_control(BlockPlanner *p, Op *op) {
  close_all(p);
  if (op->code == OP_FOR || op->code == OP_WHILE) {
    int first = op->code == OP_FOR ? 3 : 0, args = op->code == OP_FOR ? 1 : 0;
    for (int i = first; i < op->noperands; i++)
      if (ir_is_tensor(ir_operand(op, i)->type))
        add_copy(p, ir_operand(op, i), ir_entry(op, 0)->args[i - first + args]);
    close_all(p);
  }
  Outer outer = {p, op, op->code != OP_IF, ir_has_effects(op)};
  for (int i = 0; i < op->noperands; i++)
    if (!ir_is_tensor(ir_operand(op, i)->type)) need_for_op(p, op, ir_operand(op, i), false, false);
  ir_walk(op, need_outer, &outer);
  push_step(p, op, NULL);
  if (outer.writes) p->written = op_order(op);
}

static void plan_dot(BlockPlanner *p, Op *op) {
  Value *d = &op->results[0], *c = ir_operand(op, 2);
  for (int i = 0; i < 2; i++) {
    bool swapped;
    Value *source = cpu_dot_source(ir_operand(op, i), &swapped);
    Op *direct = cpu_dot_direct(p->all, ir_operand(op, i));
    p->target = NULL;
    if (direct && direct->block == p->block && load_is_late(p, direct)) mark_stored(p, source);
    if (!direct || plan_of(source)->is_member) need_stored(p, op, source);
  }
  Value *shares = plan_of(d)->shares;
  if (!cpu_dot_sets(p->all, op) && (c != shares || !shares)) {
    Draft *keep = find_open(p, d->type);
    p->all->walk++;
    walk_needs(p, c, keep, true);
    if (keep && keep->closed) keep = NULL;
    for (uint32_t i = 0; i < p->open.len;)
      if (p->open.at[i] != keep)
        close_nest(p, p->open.at[i]);
      else
        i++;
    add_copy(p, c, d);
  }
  close_all(p);
  push_step(p, op, NULL);
}

/* Where operand `i` of a terminator goes: into a carried value of the next iteration or of the other region, or a result. */
static Value *yielded_into(const Op *yield, int i) {
  Op *parent = ir_parent(yield);
  if (yield->code == OP_CONDITION) return ir_entry(parent, 1)->args[i - 1];
  if (parent->code == OP_IF) return &parent->results[i];
  return ir_entry(parent, 0)->args[parent->code == OP_FOR ? IR_LOOP_ARGS + i : i];
}

static void plan_yield(BlockPlanner *p, Op *yield) {
  for (int i = ir_first_passed(yield); i < yield->noperands; i++) /* scalars, too, may come out of a nest */
    if (!ir_is_tensor(ir_operand(yield, i)->type)) need_for_op(p, yield, ir_operand(yield, i), false, false);
  if (yield->code == OP_CONDITION) need_for_op(p, yield, ir_operand(yield, 0), false, false);
  close_all(p);
  for (int i = ir_first_passed(yield); i < yield->noperands; i++) {
    Value *v = ir_operand(yield, i), *into = yielded_into(yield, i);
    if (!ir_is_tensor(v->type) || v == into || plan_of(v)->shares == into) continue;
    add_copy(p, v, into);
  }
  close_all(p);
  push_step(p, yield, NULL);
}

/* Does evaluating `value` read a tensor carried by the loop of p->block out of place, or of another shape? */
static bool reads_carried(BlockPlanner *p, Value *value) {
  Walk walk = {0};
  p->all->walk++;
  vec_push(p->cx, &walk, ((Pending){value, true, false}));
  while (walk.len) {
    Pending at = walk.at[--walk.len];
    Value *v = at.v;
    if (!ir_is_tensor(v->type)) continue;
    if (v->block == p->block) {
      if (!at.in_place || !ir_same_shape(v->type, value->type)) return true;
      continue;
    }
    if (cpu_to_store(v) || v->op->block != p->block) continue;
    ValueWork *work = work_of(v);
    if (work->visited[at.in_place] == p->all->walk) continue;
    work->visited[at.in_place] = p->all->walk;
    push_operands(p, &walk, &at, false);
  }
  return false;
}

static void guard_carried(BlockPlanner *p, Op *yield) {
  if (ir_parent(yield)->code != OP_FOR) return;
  for (int i = 0; i < yield->noperands; i++) {
    Value *v = ir_operand(yield, i);
    if (ir_is_tensor(v->type) && v->op && reads_carried(p, v)) mark_stored(p, v);
  }
}

static void plan_serial(BlockPlanner *p, Op *op, Type *shape) {
  for (int i = 0; i < op->noperands; i++)
    if (cpu_cost(p->all, ir_operand(op, i)) >= EXPENSIVE) mark_stored(p, ir_operand(op, i));
  close_all(p);
  Draft *n = add_root(p, shape, (Member){.kind = MEMBER_SERIAL, .op = op}, true);
  n->nest.serial = op->code != OP_ASSERT; /* whose vectors take one branch */
  close_all(p);
  for (int i = 0; i < op->nresults; i++) info_of(&op->results[i])->plan.is_kept = true;
  p->written = op_order(op);
}

static void plan_op(BlockPlanner *p, Op *op) {
  Type *shape = op->noperands ? ir_operand(op, 0)->type : NULL;
  bool tensor = shape && ir_is_tensor(shape);
  switch (op->code) {
  case OP_STORE:
    if (!tensor) break;
    add_root(p, shape, (Member){.kind = MEMBER_STORE, .op = op}, false);
    return;
  case OP_REDUCE: add_root(p, shape, (Member){.kind = MEMBER_REDUCE, .op = op}, false); return;
  case OP_SCAN: add_root(p, shape, (Member){.kind = MEMBER_SCAN, .op = op}, false); return;
  case OP_DOT: plan_dot(p, op); return;
  case OP_FOR:
  case OP_WHILE:
  case OP_IF: plan_control(p, op); return;
  case OP_YIELD:
  case OP_CONDITION: plan_yield(p, op); return;
  case OP_RETURN: close_all(p); return;
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS:
  case OP_ASSERT:
    if (!tensor) break;
    plan_serial(p, op, shape);
    return;
  case OP_PRINT:
  case OP_HISTOGRAM:
    for (int i = 0; i < op->noperands; i++)
      if (ir_is_tensor(ir_operand(op, i)->type)) need_stored(p, op, ir_operand(op, i));
    break;
  case OP_CHECK_ACCESS:
    for (int i = 0; i < op->noperands; i++) need_for_op(p, op, ir_operand(op, i), false, false);
    push_step(p, op, NULL);
    return;
  case OP_CHECK_ACQUIRE: push_step(p, op, NULL); return;
  case OP_UNSPLAT: need_for_op(p, op, ir_operand(op, 0), false, false); break;
  default: break;
  }
  if (op->nresults && ir_is_tensor(op->results[0].type) && op->code != OP_HISTOGRAM) {
    if (op->code == OP_TRANS && cpu_runs_transpose(op) && !cpu_is_index(ir_operand(op, 0))) {
      if (cpu_trans_direct(p->all, op))
        need_for_op(p, op, ir_operand(op, 0), false, false);
      else
        need_stored(p, op, ir_operand(op, 0));
      push_step(p, op, NULL);
      return;
    }
    for (int i = 0; i < op->nresults; i++)
      if (plan_of(&op->results[i])->is_member)
        add_root(p, op->results[i].type, (Member){.kind = MEMBER_VALUE, .op = op, .value = &op->results[i]}, false);
    return;
  }
  /* Scalars are computed in place, and so are other ops that work on a whole tensor at once. */
  for (int i = 0; i < op->noperands; i++)
    if (!ir_is_tensor(ir_operand(op, i)->type)) need_for_op(p, op, ir_operand(op, i), false, false);
  if (op->code == OP_LOAD) close_stores_before(p, op_order(op));
  bool writes = (ir_info(op)->traits & T_WRITE) && op->code != OP_ASSUME;
  if (writes) close_memory(p, NULL);
  push_step(p, op, NULL);
  if (writes && op->code != OP_PRINT && op->code != OP_ASSERT) p->written = op_order(op);
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

static void forget(Info *info) {
  info->plan.is_kept = false;
  info->work->draft = NULL;
  info->work->step = NULL;
}

static void plan_block(BlockPlanner *outer, Block *b) {
  BlockPlanner p = {.all = outer->all, .cx = outer->cx, .block = b};
  for (Op *op = b->first; op; op = op->next)
    for (int r = 0; r < op->nregions; r++)
      if (op->code == OP_FOR || op->code == OP_IF || op->code == OP_WHILE)
        for (Block *inner = op->regions[r]->first; inner; inner = inner->next) plan_block(&p, inner);
  p.plan = NEW(p.cx, BlockPlan);
  for (Op *op = b->first; op; op = op->next)
    if (op->code == OP_DOT) cpu_dot_in_place(p.all, op);
  do {
    p.changed = false;
    p.plan->steps.len = 0;
    p.open.len = 0;
    p.written = -1;
    for (Op *op = b->first; op; op = op->next)
      for (int i = 0; i < op->nresults; i++) forget(info_of(&op->results[i]));
    if (b->last && b->last->code == OP_YIELD) guard_carried(&p, b->last);
    for (Op *op = b->first; op; op = op->next) plan_op(&p, op);
  } while (p.changed);
  b->data = p.plan;
}

/* ---- the function ------------------------------------------------------------------------------------------------ */

static Info *new_info(Ctx *cx) {
  Info *info = NEW(cx, Info);
  info->work = NEW(cx, ValueWork);
  info->work->live_dim = -1;
  return info;
}

static void attach(Op *op, void *arg) {
  Ctx *cx = ((Planner *)arg)->cx;
  for (int i = 0; i < op->nresults; i++) op->results[i].data = new_info(cx);
  for (int r = 0; r < op->nregions; r++)
    for (Block *b = op->regions[r]->first; b; b = b->next) {
      for (int i = 0; i < b->nargs; i++) b->args[i]->data = new_info(cx);
      unsigned order = 0;
      for (Op *x = b->first; x; x = x->next) x->mark = order++;
    }
}

static void note(Op *op, void *arg) { cpu_note(arg, op); }

/* What the offset of a pointer is made of, up to what is loaded or comes from a block's argument. */
static void note_address(Op *op, void *arg) {
  if (op->code != OP_ADDPTR) return;
  Planner *p = arg;
  Vec(Value *) stack = {0};
  vec_push(p->cx, &stack, ir_operand(op, 1));
  while (stack.len) {
    Value *v = stack.at[--stack.len];
    if (!v->op || info_of(v)->plan.in_address || !ir_is_tensor(v->type) || v->op->nregions) continue;
    info_of(v)->plan.in_address = true;
    for (int i = 0; i < v->op->noperands && (ir_info(v->op)->traits & T_PURE); i++)
      vec_push(p->cx, &stack, ir_operand(v->op, i));
  }
}

/* From here on the set of stored tensors is final. */
static void decide_value(Value *v) {
  Info *info = info_of(v);
  info->plan.is_stored = cpu_to_store(v);
  info->plan.nest = info->work->draft ? &info->work->draft->nest : NULL;
}

static void decide_results(Op *op, void *arg) {
  (void)arg;
  for (int i = 0; i < op->nresults; i++) decide_value(&op->results[i]);
  for (int r = 0; r < op->nregions; r++)
    for (Block *b = op->regions[r]->first; b; b = b->next)
      for (int i = 0; i < b->nargs; i++) decide_value(b->args[i]);
}

const FunctionPlan *cpu_plan(Ctx *cx, Module *m, const CpuIsa *isa) {
  FunctionPlan *plan = NEW(cx, FunctionPlan);
  plan->func = cpu_plan_kernel(cx, m, &plan->args);
  plan->index = index_analyze_strictly(cx, m);
  Planner all = {.cx = cx, .index = plan->index, .isa = isa, .result = plan};
  attach(plan->func, &all);
  ir_walk(plan->func, attach, &all);
  ir_walk(plan->func, note, &all); /* in order: what an op is made of comes before it */
  ir_walk(plan->func, note_address, &all);
  cpu_plan_live(&all, plan->func);
  cpu_plan_points(&all, plan->func);
  BlockPlanner p = {.all = &all, .cx = cx};
  plan_block(&p, ir_entry(plan->func, 0));
  decide_results(plan->func, NULL);
  ir_walk(plan->func, decide_results, NULL);
  cpu_check_stored(cx, plan->func);
  cpu_plan_steps(&all, plan->func);
  return plan;
}
