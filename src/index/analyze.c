/* analyze.c: the fixed point.
 *
 * Problem. What holds of a loop-carried value must hold of its initial value and of what every iteration yields, and
 * that is computed from the value itself.
 *
 * Idea. Optimism, as in sparse conditional constant propagation: a carried value begins with what its initial value has
 * and is met with what is yielded. Where that changes it, the ops that use it are visited again, and so on. A carried
 * value is its own base from the start, so that only strides and runs have to converge.
 *
 * Invariant. Ops wait in a heap by their number in program order, so that an op is looked at after what it depends on,
 * back edges apart. A value's Index only gets weaker; one that has changed MOST_CHANGES times becomes unknown.
 * So the cost is at most MOST_CHANGES * (ops + uses) * log(ops), and about one visit per op in practice. There is no
 * recursion.
 */
#include "index/internal.h"

#include <string.h>

enum { MOST_CHANGES = 12 };

/* ---- changes ----------------------------------------------------------------------------------------------------- */

static bool same_mask(const IndexMask *x, const IndexMask *y) {
  if (x == y) return true;
  if (!x || !y || x->nbounds != y->nbounds || x->nrest != y->nrest || x->never != y->never) return false;
  for (int i = 0; i < x->nbounds; i++)
    if (x->bounds[i].kind != y->bounds[i].kind || x->bounds[i].axis != y->bounds[i].axis ||
        x->bounds[i].sum != y->bounds[i].sum)
      return false;
  return !x->nrest || !memcmp((const void *)x->rest, (const void *)y->rest, (size_t)x->nrest * sizeof *x->rest);
}

static bool same(const Index *x, const Index *y) {
  if (x->base != y->base || x->lo != y->lo || x->hi != y->hi || x->align != y->align || x->is_far != y->is_far ||
      x->root != y->root || !same_mask(x->mask, y->mask))
    return false;
  for (int d = 0; d < x->rank; d++) {
    const IndexAxis *a = &x->axis[d], *b = &y->axis[d];
    if (a->stride != b->stride || a->wrap != b->wrap || a->contiguity != b->contiguity ||
        a->divisibility != b->divisibility || a->constancy != b->constancy)
      return false;
  }
  return true;
}

/* ---- the heap of waiting ops ------------------------------------------------------------------------------------- */

static void wait_for(IndexInfo *ix, uint32_t number) {
  if (ix->order.at[number].queued) return;
  ix->order.at[number].queued = true;
  vec_push(ix->cx, &ix->queue, number);
  uint32_t *heap = ix->queue.at, i = ix->queue.len - 1;
  for (uint32_t up; i > 0 && heap[up = (i - 1) / 2] > number; i = up) heap[i] = heap[up];
  heap[i] = number;
}

static uint32_t first_waiting(IndexInfo *ix) {
  uint32_t *heap = ix->queue.at, first = heap[0], last = heap[--ix->queue.len], n = ix->queue.len, i = 0;
  for (uint32_t down; (down = 2 * i + 1) < n; i = down) {
    if (down + 1 < n && heap[down + 1] < heap[down]) down++;
    if (heap[down] >= last) break;
    heap[i] = heap[down];
  }
  if (n) heap[i] = last;
  ix->order.at[first].queued = false;
  return first;
}

static void set(IndexInfo *ix, const Value *v, Index *x) {
  Fact *f = index_fact(ix, v);
  if (f->index && same(f->index, x)) return;
  if (f->index && ++f->changes >= MOST_CHANGES) {
    if (f->changes > MOST_CHANGES) return;
    x = index_nothing(ix, v);
    index_complete(ix, v, x);
  }
  for (uint32_t i = 0; f->index && f->index->align != x->align && i < f->watchers.len; i++)
    wait_for(ix, f->watchers.at[i] - 1);
  f->index = x;
  for (const Use *u = v->uses; u; u = u->next) {
    uintptr_t number = (uintptr_t)map_get(&ix->places, u->op);
    if (number) wait_for(ix, (uint32_t)(number - 1));
  }
}

/* ---- ops --------------------------------------------------------------------------------------------------------- */

static const Value *root_of(IndexInfo *ix, const Op *op, const Value *v) {
  if (op->code == OP_SELECT) {
    const Value *x = index_operand(ix, op, 1)->root, *y = index_operand(ix, op, 2)->root;
    return x == y ? x : NULL;
  }
  const Value *from = ir_moved_pointer(op);
  return from ? index_of(ix, from)->root : ir_is_tensor(v->type) ? NULL : v;
}

static void visit_result(IndexInfo *ix, const Op *op, const Value *v) {
  if (!index_is_tracked(v->type)) return;
  Index *x = index_nothing(ix, v);
  bool is_number = index_is_number(v->type), is_constant = op->code == OP_CONSTANT;
  if (is_constant) index_constant(ix, v, x);
  if (!is_constant && is_number) index_range(ix, op, v, x);
  if (!is_constant) index_form(ix, op, v, x);
  if (is_number) index_far(ix, op, v, x);
  if (!is_constant && is_number) index_runs(ix, op, v, x);
  if (!is_constant && index_is_boolean(v->type)) index_bounds(ix, op, v, x);
  if (is_number) index_hints(ix, v, x);
  if (ir_is_ptr(index_elem(v->type))) x->root = root_of(ix, op, v);
  index_complete(ix, v, x);
  set(ix, v, x);
}

/* ---- control flow ------------------------------------------------------------------------------------------------ */

/* Are all values in it there outside of `op`, too? */
static bool is_outside(const IndexSum *s, const Op *op) {
  for (int i = 0; i < s->n; i++)
    for (int k = 0; k < s->terms[i].n; k++)
      if (!ir_defined_outside(s->terms[i].factors[k], op)) return false;
  return true;
}

/* `from` reaches `v`, maybe among other values. `region`: the op that it comes out of, or whose other region it goes to. */
static void flow(IndexInfo *ix, const Value *from, const Value *v, const Op *region, bool is_choice) {
  if (!index_is_tracked(v->type)) return;
  const Index *x = index_of(ix, from), *old = index_fact(ix, v)->index;
  Index *out = index_meet(ix, old ? old : x, x, v);
  if (!is_choice) out->base = index_sum_value(ix, v);
  bool lost = !is_outside(out->base, region);
  for (int d = 0; d < out->rank; d++) {
    IndexAxis *a = &out->axis[d];
    if (!a->stride || (is_outside(a->stride, region) && (!a->wrap || ir_defined_outside(a->wrap, region)))) continue;
    a->stride = NULL, a->wrap = NULL;
    lost = true;
  }
  if (lost) out->base = index_sum_value(ix, v);
  if (out->root && !ir_defined_outside(out->root, region)) out->root = NULL;
  if (old && !is_choice) { /* widen: do not count up one by one */
    int64_t lo, hi;
    index_whole(v->type, &lo, &hi);
    if (out->lo < old->lo) out->lo = lo;
    if (out->hi > old->hi) out->hi = hi;
  }
  if (v->block && index_is_number(v->type)) index_hints(ix, v, out);
  index_complete(ix, v, out);
  set(ix, v, out);
}

static void visit_for(IndexInfo *ix, const Op *op) {
  const Block *body = ir_entry(op, 0);
  const Value *iv = body->args[0];
  const Index *lower = index_operand(ix, op, 0), *upper = index_operand(ix, op, 1), *step = index_operand(ix, op, 2);
  Index *x = index_nothing(ix, iv);
  x->axis[0].divisibility = min64(lower->axis[0].divisibility, step->axis[0].divisibility);
  index_hints(ix, iv, x);
  bool is_unsigned = ir_attr(op, "unsignedCmp") != NULL; /* then the bounds are those of numbers below 2^(bits - 1) */
  if (step->lo >= 1 && (!is_unsigned || upper->lo >= 0)) {
    x->lo = max64(x->lo, is_unsigned ? max64(lower->lo, 0) : lower->lo);
    if (upper->hi > INT64_MIN) x->hi = min64(x->hi, upper->hi - 1);
  }
  if (x->lo > x->hi) x->hi = x->lo; /* it never runs */
  index_complete(ix, iv, x);
  set(ix, iv, x);
  for (int i = 0; i < op->nresults; i++) {
    flow(ix, ir_loop_init(op, i), ir_loop_arg(op, i), op, false);
    flow(ix, ir_loop_init(op, i), &op->results[i], op, false);
  }
}

static void visit_yield(IndexInfo *ix, const Op *op) {
  const Op *holder = ir_parent(op);
  for (int i = 0; i < op->noperands; i++) {
    const Value *from = ir_operand(op, i);
    if (holder->code == OP_IF) {
      flow(ix, from, &holder->results[i], holder, true);
    } else if (holder->code == OP_FOR) {
      flow(ix, from, ir_loop_arg(holder, i), holder, false);
      flow(ix, from, &holder->results[i], holder, false);
    } else if (holder->code == OP_WHILE) {
      flow(ix, from, ir_entry(holder, 0)->args[i], holder, false);
    }
  }
}

static void visit_condition(IndexInfo *ix, const Op *op) {
  const Op *holder = ir_parent(op);
  for (int i = 1; i < op->noperands; i++) {
    flow(ix, ir_operand(op, i), ir_entry(holder, 1)->args[i - 1], holder, false);
    flow(ix, ir_operand(op, i), &holder->results[i - 1], holder, false);
  }
}

static void visit_function(IndexInfo *ix, const Op *func) {
  const Block *entry = ir_entry(func, 0);
  const Attr *attrs = ir_attr(func, "arg_attrs");
  for (int i = 0; entry && i < entry->nargs; i++) {
    const Value *v = entry->args[i];
    const Attr *own = attrs && i < attrs->n ? attrs->items[i] : NULL;
    if (!index_is_tracked(v->type)) continue;
    Index *x = index_nothing(ix, v);
    for (int k = 0; own && own->kind == ATTR_DICT && k < own->n; k++)
      if (!strcmp(own->names[k], "tt.divisibility") && own->items[k]->kind == ATTR_INT && own->items[k]->integer > 0)
        x->axis[0].divisibility = low_bit(own->items[k]->integer);
    if (ir_is_ptr(v->type)) x->root = v;
    index_complete(ix, v, x);
    set(ix, v, x);
  }
}

static void visit(IndexInfo *ix, const Op *op) {
  switch (op->code) {
  case OP_FUNC: visit_function(ix, op); return;
  case OP_FOR: visit_for(ix, op); return;
  case OP_WHILE:
    for (int i = 0; i < op->noperands; i++) flow(ix, ir_operand(op, i), ir_entry(op, 0)->args[i], op, false);
    return;
  case OP_IF: return; /* its results come from the yields */
  case OP_YIELD: visit_yield(ix, op); return;
  case OP_CONDITION: visit_condition(ix, op); return;
  default:
    for (int i = 0; i < op->nresults; i++) visit_result(ix, op, &op->results[i]);
  }
}

/* ---- tl.assume --------------------------------------------------------------------------------------------------- */

/* The fact to be extended, if whatever computes `v` comes to the assumption, too. */
static Fact *assumable(IndexInfo *ix, const Value *v, const Block *at) {
  if (ir_is_tensor(v->type) || ir_defining_block(v) != at) return NULL;
  Fact *f = index_fact(ix, v);
  if (!f->assumed) f->assumed = true, f->lo = INT64_MIN, f->hi = INT64_MAX, f->align = 1;
  return f;
}

static void assume_multiple(IndexInfo *ix, const Value *v, int64_t of, const Block *at) {
  Fact *f = assumable(ix, v, at);
  if (f && of != 0) f->align = max64(f->align, low_bit(of));
}

/* lo <= v <= hi */
static void assume_between(IndexInfo *ix, const Value *v, int64_t lo, int64_t hi, const Block *at) {
  Fact *f = assumable(ix, v, at);
  if (!f) return;
  f->lo = max64(f->lo, lo);
  f->hi = min64(f->hi, hi);
}

/* v == 0 */
static void assume_zero(IndexInfo *ix, const Value *v, const Block *at) {
  int64_t k;
  if (!v->op || v->op->noperands != 2 || !ir_is_const_int(ir_operand(v->op, 1), &k)) return;
  if (v->op->code == OP_REMSI || v->op->code == OP_REMUI) assume_multiple(ix, ir_operand(v->op, 0), k, at);
  if (v->op->code == OP_ANDI && k > 0) assume_multiple(ix, ir_operand(v->op, 0), low_bit(k + 1), at);
}

static void assume_compared(IndexInfo *ix, const Op *op, const Block *at) {
  const char *p = ir_attr_text_or(op, "predicate", "eq");
  const Value *l = ir_operand(op, 0), *r = ir_operand(op, 1);
  int64_t k;
  bool left = ir_is_const_int(l, &k);
  if (left == ir_is_const_int(r, &k) || !ir_is_int(l->type)) return;
  if (left) ir_is_const_int(l, &k);
  const Value *v = left ? r : l;
  bool below = (p[1] == 'l') != left, equal = p[2] == 'e';
  if (!strcmp(p, "eq")) {
    assume_between(ix, v, k, k, at);
    if (k == 0) assume_zero(ix, v, at);
  } else if (p[0] == 's' && below) {
    if (equal || k > INT64_MIN) assume_between(ix, v, INT64_MIN, equal ? k : k - 1, at);
  } else if (p[0] == 's') {
    if (equal || k < INT64_MAX) assume_between(ix, v, equal ? k : k + 1, INT64_MAX, at);
  }
}

/* All that a condition says, a conjunction of comparisons. */
static void assume(IndexInfo *ix, const Op *op) {
  Vec(const Value *) all = {0};
  vec_push(ix->cx, &all, ir_operand(op, 0));
  for (uint32_t i = 0; i < all.len && i < 64; i++) {
    const Op *c = all.at[i]->op;
    if (!c) continue;
    if (c->code == OP_CMPI) assume_compared(ix, c, op->block);
    for (int k = 0; k < 2 && c->code == OP_ANDI; k++) vec_push(ix->cx, &all, ir_operand(c, k));
  }
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

static IndexInfo *analyze(Ctx *cx, const Module *m, bool strict) {
  IndexInfo *ix = NEW(cx, IndexInfo);
  ix->cx = cx;
  ix->strict = strict;
  ix->zero = index_sum_const(ix, 0);
  for (const Op *op = ir_op_after(m->op, m->op); op; op = ir_op_after(op, m->op)) {
    vec_push(cx, &ix->order, ((NumberedOp){.op = op}));
    map_put(cx, &ix->places, op, (void *)(uintptr_t)ix->order.len);
    if (op->code == OP_ASSUME) assume(ix, op);
  }
  for (uint32_t i = 0; i < ix->order.len; i++) wait_for(ix, i);
  while (ix->queue.len) {
    uint32_t next = first_waiting(ix);
    ix->visiting = next + 1;
    visit(ix, ix->order.at[next].op);
  }
  ix->visiting = 0;
  return ix;
}

IndexInfo *index_analyze(Ctx *cx, const Module *m) { return analyze(cx, m, false); }

IndexInfo *index_analyze_strictly(Ctx *cx, const Module *m) { return analyze(cx, m, true); }

/* ---- loops ------------------------------------------------------------------------------------------------------- */

static bool holds(const IndexSum *s, const Value *v) {
  for (int i = 0; i < s->n; i++)
    for (int k = 0; k < s->terms[i].n; k++)
      if (s->terms[i].factors[k] == v) return true;
  return false;
}

const IndexSum *index_step(IndexInfo *ix, const Value *v) {
  const Op *loop = v->block ? v->block->region->op : NULL;
  const Value *next = NULL, *now = v;
  if (!loop || (loop->code != OP_FOR && loop->code != OP_WHILE) || v->block != ir_entry(loop, 0)) return NULL;
  if (loop->code == OP_FOR) {
    if (v->index == 0) return index_operand(ix, loop, 2)->base;
    next = ir_operand(ir_terminator(v->block), v->index - 1);
  } else {
    const Op *condition = ir_terminator(v->block);
    next = ir_operand(ir_terminator(ir_entry(loop, 1)), v->index);
    for (int i = 1; i < condition->noperands; i++)
      if (ir_operand(condition, i) == v) now = ir_entry(loop, 1)->args[i - 1];
  }
  if (!index_is_number(v->type)) return NULL;
  const Index *x = index_of(ix, now), *y = index_of(ix, next);
  for (int d = 0; d < x->rank; d++)
    if (x->axis[d].stride != y->axis[d].stride || x->axis[d].wrap != y->axis[d].wrap) return NULL;
  const IndexSum *step = index_sub(ix, y->base, x->base);
  return step && !holds(step, now) && !holds(step, next) ? step : NULL;
}
