/* plan_rules.c: the questions that planning asks: what a value costs, what may alias, what may be read in place. */
#include "cpu/plan_work.h"

#include <math.h>

bool cpu_feeds_only_dots(const Value *v) {
  for (const Use *u = v->uses; u; u = u->next)
    if (u->op->code != OP_DOT || u->index == 2) return false;
  return v->uses != NULL;
}

bool cpu_is_index(const Value *v) { return !ir_is_tensor(v->type) || work_of(v)->rules.is_index; }

bool cpu_runs_transpose(const Op *op) {
  const Type *t = op->results[0].type;
  if (t->rank != 2 || t->shape[0] < 4 || t->shape[1] < 4) return false;
  if (t->elem->kind == TYPE_INT && t->elem->bits == 1) return false;
  if (ir_is_ptr(t->elem) || cpu_feeds_only_dots(&op->results[0])) return false;
  return ir_attr(op, "order")->ints[0] == 1;
}

bool cpu_to_store(const Value *v) {
  if (!ir_is_tensor(v->type)) return false;
  if (!v->op || plan_of(v)->is_member) return true;
  switch (v->op->code) {
  case OP_REDUCE:
  case OP_SCAN:
  case OP_DOT:
  case OP_FOR:
  case OP_IF:
  case OP_WHILE:
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS:
  case OP_HISTOGRAM: return true;
  case OP_TRANS: return cpu_runs_transpose(v->op) && !cpu_is_index(ir_operand(v->op, 0));
  default: return false;
  }
}

bool cpu_is_expression(const Nest *nest, const Value *v) {
  if (!v->op || !ir_is_tensor(v->type)) return false;
  return !cpu_is_stored(v) || (nest && plan_of(v)->nest == nest && plan_of(v)->is_member);
}

/* ---- accesses ---------------------------------------------------------------------------------------------------- */

Value *cpu_access_mask(const Op *op) {
  int at = op->code == OP_LOAD ? 1 : 2;
  if (op->code == OP_ATOMIC_CAS) return NULL;
  return op->noperands > at ? ir_operand(op, at) : NULL;
}

Value *cpu_access_other(const Op *op) { return op->code == OP_LOAD && op->noperands > 2 ? ir_operand(op, 2) : NULL; }

/* ---- how tensors move -------------------------------------------------------------------------------------------- */

const IndexAxis *cpu_axis(IndexInfo *ix, const Value *v) { return index_of(ix, v)->axis; }

bool cpu_is_affine(Planner *pl, const Value *v) {
  const Index *x = index_of(pl->index, v);
  return index_is_uniform(x) || (index_is_affine(x) && v->op && !work_of(v)->rules.by_slot);
}

bool cpu_moves_by_one(IndexInfo *ix, const Value *v, int axis) {
  const Type *e = ir_elem(v->type);
  int64_t stride;
  return index_const_stride(index_of(ix, v), axis, &stride) && stride == (ir_is_ptr(e) ? ir_elem_bytes(e->elem) : 1);
}

int64_t cpu_run(IndexInfo *ix, const Value *v, int axis) {
  const IndexAxis *a = &cpu_axis(ix, v)[axis];
  return max64(a->contiguity, a->constancy);
}

bool cpu_is_in_runs(IndexInfo *ix, const Value *ptr, int axis) {
  const IndexAxis *a = &cpu_axis(ix, ptr)[axis];
  if ((a->stride && !a->wrap) || cpu_run(ix, ptr, axis) < CPU_LEAST_RUN) return false;
  int64_t n;
  return !a->wrap || (ir_is_const_int(ir_operand(a->wrap->op, 1), &n) && n < ptr->type->shape[axis]);
}

int cpu_compare_step(IndexInfo *ix, const Op *cmp, int axis) {
  const Value *a = ir_operand(cmp, 0), *b = ir_operand(cmp, 1);
  const Index *x = index_of(ix, a), *y = index_of(ix, b);
  const char *p = ir_attr_text_or(cmp, "predicate", "");
  if (!ir_is_int(ir_elem(a->type)) || x->axis[axis].wrap || y->axis[axis].wrap) return CPU_NO_STEP;
  const IndexSum *s = index_sub(ix, x->axis[axis].stride, y->axis[axis].stride);
  if (!s || s->n || s->constant < -1 || s->constant > 1) return CPU_NO_STEP;
  bool still = index_is_const(x->axis[axis].stride, 0) && index_is_const(y->axis[axis].stride, 0);
  bool wraps = !still && (ir_elem(a->type)->bits < 32 || index_may_wrap(x) || index_may_wrap(y));
  bool parts = !still && !s->constant && (index_may_pass_end(x, a->type) || index_may_pass_end(y, b->type));
  bool ordered = !wraps && !parts && (p[0] == 's' || (p[0] == 'u' && x->lo >= 0 && y->lo >= 0));
  /* Of two that keep their distance, one may pass zero before the other, where unsigned numbers begin again. */
  bool same_along = still || p[0] == 'e' || p[0] == 'n';
  return ordered || (same_along && !s->constant) ? (int)s->constant : CPU_NO_STEP;
}

/* By how far `v` goes along its one dimension that moves (or `axis`, of -1 or more, alone); 0: it stands still; false: not
 * known. */
static bool way_of(const Index *x, const Type *t, int axis, int64_t *way) {
  int moving = axis;
  for (int d = 0; axis < 0 && d < x->rank; d++) {
    if (index_is_const(x->axis[d].stride, 0) && !x->axis[d].wrap) continue;
    if (moving >= 0) return false;
    moving = d;
  }
  int64_t stride = 0;
  if (moving >= 0 && !index_const_stride(x, moving, &stride)) return false;
  return !__builtin_mul_overflow(stride, moving >= 0 ? t->shape[moving] - 1 : 0, way);
}

static bool test_end(Ctx *cx, IndexInfo *ix, Value *v, int operand, int axis, EndTests *out) {
  const Index *x = index_of(ix, v);
  EndTest test = {v, operand, 0};
  if (!ir_is_tensor(v->type) || !index_may_pass_end(x, v->type)) return true;
  if (!way_of(x, v->type, axis, &test.way)) return false;
  if (test.way) vec_push(cx, out, test);
  return true;
}

bool cpu_end_tests(Ctx *cx, IndexInfo *ix, const Op *cmp, int axis, EndTests *out) {
  Vec(Value *) stack = {0};
  Map seen = {0};
  for (int i = 0; i < 2; i++) {
    if (!test_end(cx, ix, ir_operand(cmp, i), i, axis, out)) return false;
    vec_push(cx, &stack, ir_operand(cmp, i));
  }
  while (stack.len) {
    Value *v = stack.at[--stack.len];
    if (!ir_is_tensor(v->type) || cpu_is_stored(v) || map_has(&seen, v)) continue;
    map_put(cx, &seen, v, v);
    bool widens =
        (v->op->code == OP_EXTSI || v->op->code == OP_EXTUI) && ir_elem(ir_operand(v->op, 0)->type)->bits >= 32;
    if (widens && !test_end(cx, ix, ir_operand(v->op, 0), -1, -1, out)) return false;
    for (int i = 0; i < v->op->noperands && !widens; i++) vec_push(cx, &stack, ir_operand(v->op, i));
  }
  return true;
}

bool cpu_mask_is_box(Planner *pl, const Value *mask) {
  const IndexMask *m = index_of(pl->index, mask)->mask;
  if (!m) return false;
  for (int i = 0; i < m->nbounds; i++)
    if (m->bounds[i].kind != INDEX_BELOW) return false;
  for (int i = 0; i < m->nrest; i++)
    if (!index_is_uniform(index_of(pl->index, m->rest[i]))) return false;
  return true;
}

const Value *cpu_pointer_base(IndexInfo *ix, const Value *ptr) {
  const Value *root = index_of(ix, ptr)->root;
  return root && root->block && root->block->region->op->code == OP_FUNC ? root : NULL;
}

/* Stored, an index or pointer tensor is only its elements; as an expression it tells how it moves along this
 * dimension. */
bool cpu_moves_evenly(Planner *pl, Value *v) {
  if (!ir_is_ptr(v->type->elem) && !ir_is_int(v->type->elem)) return false;
  if (!v->op || work_of(v)->rules.by_slot) return false;
  const IndexAxis *a = cpu_axis(pl->index, v);
  for (int i = 0; i < v->type->rank; i++)
    if (a[i].stride && (a[i].wrap || !index_is_const(a[i].stride, 0))) return true;
  return false;
}

/* ---- costs ------------------------------------------------------------------------------------------------------- */

static int op_cost(Planner *pl, Op *op) {
  switch (op->code) {
  case OP_CONSTANT:
  case OP_SPLAT:
  case OP_MAKE_RANGE:
  case OP_EXPAND_DIMS:
  case OP_BROADCAST:
  case OP_TRANS:
  case OP_SPLIT:
  case OP_ADDPTR:
  case OP_EXTSI:
  case OP_BITCAST:
  case OP_TT_BITCAST: return 0;
  case OP_RESHAPE: return ir_reshape_trivial(op) ? 0 : 4;
  case OP_LOAD: {
    const Value *ptr = ir_operand(op, 0);
    const IndexAxis *a = cpu_axis(pl->index, ptr);
    for (int i = 0; i < ptr->type->rank; i++)
      if ((a[i].stride && (a[i].wrap || a[i].stride->n)) || cpu_moves_by_one(pl->index, ptr, i) ||
          cpu_is_in_runs(pl->index, ptr, i))
        return 1;
    return 12;
  }
  case OP_DIVF:
  case OP_SQRT:
  case OP_PRECISE_DIVF:
  case OP_PRECISE_SQRT:
  case OP_RSQRT: return 5;
  case OP_DIVSI:
  case OP_DIVUI:
  case OP_REMSI:
  case OP_REMUI:
  case OP_REMF: return 10;
  case OP_EXP:
  case OP_EXP2:
  case OP_LOG:
  case OP_LOG2: return 12;
  case OP_SIN:
  case OP_COS:
  case OP_ERF:
  case OP_MAP_ELEMENTWISE: return 30;
  case OP_GATHER: return 12;
  case OP_EXTF: return 1;
  case OP_TRUNCF:
  case OP_FP_TO_FP: return ir_elem(op->results[0].type)->bits == 8 ? 8 : 3;
  default: return 1;
  }
}

/* Is everything known that cpu_cost(v) needs, without a look at v's operands? */
static bool cost_known(const Value *v) { return !ir_is_tensor(v->type) || work_of(v)->rules.costed || cpu_to_store(v); }

/* The operands' costs are known. An affine tensor is a few scalar instructions. */
static void find_cost(Planner *pl, Value *v) {
  ValueWork *work = work_of(v);
  work->rules.cost = 0;
  work->rules.costed = true;
  if (cpu_is_affine(pl, v)) return;
  work->rules.cost = op_cost(pl, v->op);
  for (int i = 0; i < v->op->noperands && work->rules.cost < 1000; i++)
    work->rules.cost += cpu_cost(pl, ir_operand(v->op, i));
}

/* Operands first, by an explicit stack: expressions may be thousands of ops deep. */
int cpu_cost(Planner *pl, Value *v) {
  if (!ir_is_tensor(v->type)) return 0;
  if (cpu_to_store(v)) return 1;
  if (work_of(v)->rules.costed) return work_of(v)->rules.cost;
  Vec(Value *) work = {0};
  vec_push(pl->cx, &work, v);
  while (work.len) {
    Value *x = work.at[work.len - 1];
    uint32_t before = work.len;
    if (!cost_known(x) && !cpu_is_affine(pl, x))
      for (int i = 0; i < x->op->noperands; i++)
        if (!cost_known(ir_operand(x->op, i))) vec_push(pl->cx, &work, ir_operand(x->op, i));
    if (work.len > before) continue;
    work.len--;
    if (!cost_known(x)) find_cost(pl, x);
  }
  return work_of(v)->rules.cost;
}

/* ---- what does not change ---------------------------------------------------------------------------------------- */

static bool find_index(Planner *pl, Value *v) {
  const Op *op = v->op;
  if (cpu_to_store(v) || op->code == OP_LOAD || op->code == OP_GATHER) return false;
  if (op->code == OP_MAKE_RANGE || op->code == OP_SPLAT || op->code == OP_CONSTANT || cpu_is_affine(pl, v)) return true;
  for (int i = 0; i < op->noperands; i++)
    if (!cpu_is_index(ir_operand(op, i))) return false;
  return true;
}

static bool is_by_slot(Planner *pl, const Op *op) {
  if (op->nregions) return true;
  for (int i = 0; i < op->noperands && op->code != OP_LOAD; i++) {
    const Value *x = ir_operand(op, i);
    if (!ir_is_tensor(x->type) || index_is_uniform(index_of(pl->index, x))) continue;
    if (!x->op || work_of(x)->rules.by_slot) return true;
  }
  return false;
}

static int find_chain(const Value *v) {
  int longest = 0;
  if (work_of(v)->rules.is_index || !ir_is_tensor(v->type)) return 0;
  bool waits = ir_info(v->op)->traits & T_ELEMENTWISE && !v->op->nregions;
  if (!waits && !ir_rearranges(v->op)) return 0;
  for (int i = 0; i < v->op->noperands; i++) {
    const Value *x = ir_operand(v->op, i);
    if (work_of(x)->rules.chain > longest) longest = work_of(x)->rules.chain;
  }
  return longest + waits;
}

void cpu_note(Planner *pl, Op *op) {
  for (int i = 0; i < op->nresults; i++) {
    Value *v = &op->results[i];
    work_of(v)->rules.by_slot = is_by_slot(pl, op);
    if (ir_is_tensor(v->type)) work_of(v)->rules.is_index = find_index(pl, v);
    work_of(v)->rules.chain = find_chain(v);
  }
}

/* Costs of what is derived from v are forgotten; that it is an index is only ever taken back. */
void cpu_note_stored(Planner *pl, Value *v) {
  Vec(Value *) stack = {0};
  work_of(v)->rules.is_index = work_of(v)->rules.costed = false;
  vec_push(pl->cx, &stack, v);
  while (stack.len) {
    const Value *x = stack.at[--stack.len];
    for (const Use *u = x->uses; u; u = u->next)
      for (int i = 0; i < u->op->nresults; i++) {
        Value *r = &u->op->results[i];
        ValueWork *work = work_of(r);
        if (!ir_is_tensor(r->type) || u->op->nregions) continue;
        bool index = work->rules.is_index && find_index(pl, r);
        if (!work->rules.costed && index == work->rules.is_index) continue;
        work->rules.costed = false;
        work->rules.is_index = index;
        vec_push(pl->cx, &stack, r);
      }
  }
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* `budget`: comparisons left. Equal expressions of one block have been merged before; this is for what is left. */
static bool same_expression(const Value *a, const Value *b, int *budget) {
  if (a == b) return true;
  if (!a->op || !b->op || a->op->code != b->op->code || a->type != b->type || a->index != b->index || --*budget < 0)
    return false;
  const Op *x = a->op, *y = b->op;
  if (!(ir_info(x)->traits & T_PURE) || x->nregions || x->noperands != y->noperands || x->nattrs != y->nattrs)
    return false;
  for (int i = 0; i < x->nattrs; i++)
    if (x->attrs[i].name != y->attrs[i].name || x->attrs[i].attr != y->attrs[i].attr) return false;
  for (int i = 0; i < x->noperands; i++)
    if (!same_expression(ir_operand(x, i), ir_operand(y, i), budget)) return false;
  return true;
}

/* Do two tensors of pointers have no byte in common? Whatever strides are at run time: all of them are constants. */
static bool are_apart(Planner *pl, const Value *p, const Value *q) {
  const Index *x = index_of(pl->index, p);
  int64_t stride;
  for (int d = 0; ir_is_tensor(p->type) && d < p->type->rank; d++)
    if (!index_const_stride(x, d, &stride)) return false;
  return index_tensors_are_apart(pl->index, p, q);
}

/* Two accesses through different arguments are assumed not to alias. With the same pointers, the same element is at the
 * same index, and nowhere else. */
bool cpu_may_conflict(Planner *pl, const Op *a, const Op *b) {
  Value *p = ir_operand(a, 0), *q = ir_operand(b, 0);
  int budget = 64;
  if (same_expression(p, q, &budget) && index_elements_are_apart(pl->index, p)) return false;
  if (are_apart(pl, p, q)) return false;
  const Value *x = cpu_pointer_base(pl->index, p), *y = cpu_pointer_base(pl->index, q);
  return !x || !y || x == y;
}

/* ---- dots -------------------------------------------------------------------------------------------------------- */

/* May the tensor that `load` gives be described as base, strides and true extents, the rest being zero? */
static bool plain_load(Planner *pl, Op *load) {
  Value *v = &load->results[0];
  if (plan_of(v)->is_member || v->type->rank < 2) return false;
  if (v->type->elem->kind == TYPE_INT && v->type->elem->bits == 1) return false;
  if (!cpu_is_affine(pl, ir_operand(load, 0))) return false;
  Value *mask = cpu_access_mask(load), *other = cpu_access_other(load);
  if (!mask) return true;
  if (other) {
    double f;
    int64_t n;
    bool zero = (ir_is_const_float(other, &f) && f == 0) || (ir_is_const_int(other, &n) && n == 0);
    if (!zero) return false;
  }
  return cpu_mask_is_box(pl, mask);
}

Value *cpu_dot_source(Value *operand, bool *swapped) {
  *swapped = false;
  Op *op = operand->op;
  if (!op || op->code != OP_TRANS || cpu_to_store(operand)) return operand;
  Attr *order = ir_attr(op, "order");
  int n = operand->type->rank;
  for (int i = 0; i < n - 2; i++)
    if (order->ints[i] != i) return operand;
  *swapped = order->ints[n - 1] == n - 2;
  return ir_operand(op, 0);
}

Op *cpu_dot_direct(Planner *pl, Value *operand) {
  bool swapped;
  Value *v = cpu_dot_source(operand, &swapped);
  return v->op && v->op->code == OP_LOAD && plain_load(pl, v->op) ? v->op : NULL;
}

bool cpu_dot_sets(Planner *pl, Op *dot) {
  Value *c = ir_operand(dot, 2);
  double f;
  int64_t n;
  bool zero = (ir_is_const_float(c, &f) && f == 0 && !signbit(f)) || (ir_is_const_int(c, &n) && n == 0);
  for (int i = 0; i < 2 && zero; i++) {
    Op *load = cpu_dot_direct(pl, ir_operand(dot, i));
    zero = !load || !cpu_access_mask(load); /* else parts of it may be left out */
  }
  return zero;
}

bool cpu_trans_direct(Planner *pl, Op *trans) {
  Value *v = ir_operand(trans, 0);
  if (!v->op || v->op->code != OP_LOAD || !plain_load(pl, v->op)) return false;
  return !cpu_axis(pl->index, ir_operand(v->op, 0))[0].wrap && cpu_moves_by_one(pl->index, ir_operand(v->op, 0), 1);
}

/* The op of `block` that holds `op`, or NULL. */
static const Op *in_block(const Op *op, const Block *block) {
  while (op && op->block != block) op = ir_parent(op);
  return op;
}

/* No step after `dot` reads `v`'s slot as it was, and `dot` does so only through its accumulator operand, element by
 * element. */
static bool dead_after(Planner *pl, Value *v, const Op *dot) {
  typedef struct Item {
    Value *v;
    bool same_place;
  } Item;
  Vec(Item) work = {0};
  unsigned walk = ++pl->walk;
  vec_push(pl->cx, &work, ((Item){v, true}));
  while (work.len) {
    Item item = work.at[--work.len];
    if (work_of(item.v)->visited[item.same_place] == walk) continue;
    work_of(item.v)->visited[item.same_place] = walk;
    for (const Use *u = item.v->uses; u; u = u->next) {
      const Op *at = in_block(u->op, dot->block);
      if (!at) return false;
      if (at == dot && (u->op != dot || u->index != 2 || !item.same_place)) return false;
      if (at != dot && op_order(at) > op_order(dot)) return false;
      bool chained = u->op->nresults > 0 && !cpu_to_store(&u->op->results[0]) && !u->op->nregions;
      if (at != u->op || !chained) continue;
      bool still = item.same_place && (ir_info(u->op)->traits & T_ELEMENTWISE);
      for (int i = 0; i < u->op->nresults; i++) vec_push(pl->cx, &work, ((Item){&u->op->results[i], still}));
    }
  }
  return true;
}

bool cpu_dot_in_place(Planner *pl, Op *dot) {
  Op *parent = ir_parent(dot), *yield = dot->block->last;
  if (parent->code != OP_FOR || yield->code != OP_YIELD) return false;
  Value *d = &dot->results[0];
  for (const Use *u = d->uses; u; u = u->next) {
    if (u->op != yield) continue;
    Value *carried = dot->block->args[u->index + 1];
    if (!dead_after(pl, carried, dot)) continue;
    info_of(d)->plan.shares = carried;
    return true;
  }
  return false;
}
