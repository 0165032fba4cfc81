/* loop.c: `for` and `while`.
 *
 * Problem. scf.for and scf.while hand values from one iteration to the next explicitly; Python's loops change names.
 * Which names a loop carries, and whether it may end early, is known only after its body was evaluated, and evaluating
 * bodies twice to find out costs 2^depth.
 *
 * Idea. A walk over the syntax tells which names the body may bind. Those among them that hold tensors before the loop
 * are carried; the body is evaluated once, with block arguments for them and for the counter. What turns out unchanged
 * stops being carried. Names that hold compile-time numbers (tl.constexpr) are taken to stay as they are, and only if
 * one does not (an assignment in a compile-time `if` may never happen) the loop is evaluated again with that name
 * carried.
 *
 * If flow.c tells that the body may `break` or `return`, the finished body is moved into an scf.while:
 *
 *     for i in range(a, b, s):          %i, %x, %left, %more = scf.while (a, x, false, a < b) {
 *       BODY (may set left)       =>      condition(more and not left) ...
 *                                       } do { BODY; yield i + s, x', left', b - i > s }
 *
 * `b - i`, unsigned, is the remaining distance, so `i + s` may wrap after the last iteration.
 *
 * `left` is `broken or returned`; where the loop may return, `returned` and the return value (poison until then) are
 * carried too, and what follows the loop is guarded by it (flow.c, rule 3). A `while` does the same; its condition is
 * evaluated only while nothing was left, for it may have effects.
 *
 * tl.static_range, tuples and other compile-time sequences are unrolled: the counter is a compile-time value.
 */
#include "lang/python/loop_shared.h"

typedef struct Bounds {
  Value *lower, *upper, *step;
  const LType *type;
  bool reversed;   /* the counter runs up; the variable is upper - counter + lower … */
  Value *backward; /* … or, where the step's sign is known at run time only, if this i1 is set */
} Bounds;

/* The reference's rule for two integers of different type: the wider; of equal width the unsigned. */
static const LType *counter_type(const LType *a, const LType *b) {
  int wa = lt_bits(a), wb = lt_bits(b);
  bool ua = lt_is_unsigned(a), ub = lt_is_unsigned(b);
  if (ua == ub) return wa > wb ? a : b;
  if (ua) return wa >= wb ? a : b;
  return wb >= wa ? b : a;
}

static Val *bound(Lang *L, Val *v, const char *what, Span at) {
  if (v->kind == V_BOOL || v->kind == V_INT || (v->kind == V_TENSOR && lt_is_int(v->type))) {
    L->here = at;
    return sem_to_tensor(L, v);
  }
  lang_fail_at(L, at,
               v->kind == V_FLOAT || (v->kind == V_TENSOR && lt_is_float(v->type)) ? "convert it to an integer first"
                                                                                   : NULL,
               "the %s of a `for` loop's range must be a scalar integer, not %s", what, val_kind_text(L, v));
}

/* Where in `range(...)` a bound stands: 0 start, 1 stop, 2 step. */
static Span bound_span(const Node *iter, uint32_t which) {
  if (iter->kind != N_CALL || iter->keywords.len) return iter->span;
  uint32_t at = iter->items.len == 1 ? which - 1 : which;
  for (uint32_t i = 0; i < iter->items.len; i++)
    if (iter->items.at[i]->kind == N_STARRED) return iter->span;
  return at < iter->items.len ? iter->items.at[at]->span : iter->span;
}

/* Is the integer surely not negative, by how it was made (up to `depth` ops back)? */
static bool is_not_negative(const Value *v, int depth) {
  int64_t x;
  if (ir_is_const_int(v, &x)) return x >= 0;
  const Op *op = v->op;
  if (!op || !depth) return false;
  switch (op->code) {
  case OP_PROGRAM_ID:
  case OP_NUM_PROGRAMS:
  case OP_EXTUI: return true;
  case OP_EXTSI: return is_not_negative(ir_operand(op, 0), depth - 1);
  case OP_ADDI:
  case OP_MULI:
  case OP_DIVSI:
  case OP_MAXSI:
  case OP_MINSI:
    if (op->code == OP_MAXSI && is_not_negative(ir_operand(op, 1), depth - 1)) return true;
    return is_not_negative(ir_operand(op, 0), depth - 1) && is_not_negative(ir_operand(op, 1), depth - 1);
  default: return false;
  }
}

static Value *select(Lang *L, Value *condition, Value *a, Value *b) {
  return ir_make(&L->b, OP_SELECT, a->type, condition, a, b, NULL);
}

/* A step whose sign shows at run time: the loop runs up from the smaller end by the step's magnitude, and
 * `b->backward` says that its variable runs down. `step` has its own type still. */
static void either_direction(Lang *L, Bounds *b, Value **step) {
  Value *zero = ir_const_int(&L->b, (*step)->type, 0);
  Value *is_negative = ir_compare(&L->b, "slt", *step, zero);
  *step = select(L, is_negative, ir_make(&L->b, OP_SUBI, (*step)->type, zero, *step, NULL), *step);
  Value *low = select(L, is_negative, b->upper, b->lower);
  b->upper = select(L, is_negative, b->lower, b->upper);
  b->lower = low;
  b->backward = is_negative;
}

static Bounds make_bounds(Lang *L, const RangeVal *r, const Node *iter) {
  Bounds b = {0};
  if (r->step->kind == V_INT && r->step->integer == 0)
    lang_fail_at(L, bound_span(iter, 2), NULL, "the step of a range must not be 0");
  lang_at(L, iter->span);
  Val *start = bound(L, r->start, "start", bound_span(iter, 0));
  Val *stop = bound(L, r->stop, "stop", bound_span(iter, 1));
  Val *step = r->step;
  if (step->kind == V_INT && step->integer < 0) {
    b.reversed = true;
    step = val_int(L, -step->integer);
    Val *t = start;
    start = stop;
    stop = t;
  }
  step = bound(L, step, "step", bound_span(iter, 2));
  L->here = iter->span;
  b.type = counter_type(counter_type(start->type, stop->type), step->type);
  if (b.type->kind == L_INT1) b.type = lt_scalar(L, L_INT32);
  b.lower = sem_cast(L, start, b.type)->value;
  b.upper = sem_cast(L, stop, b.type)->value;
  if (!lt_is_unsigned(step->type) && !is_not_negative(step->value, 8)) {
    Value *magnitude = step->value;
    either_direction(L, &b, &magnitude);
    step = val_tensor(L, magnitude, step->type);
  }
  b.step = sem_cast(L, step, b.type)->value;
  return b;
}

static void loop_attributes(Lang *L, Op *op, const RangeVal *r, const Bounds *b) {
  Ctx *cx = L->cx;
  if (lt_is_unsigned(b->type)) ir_set_attr(cx, op, "unsignedCmp", ir_attr_unit(cx));
  if (r->is_python) return;
  Type *i32 = ir_int(cx, 32);
  if (r->num_stages && r->num_stages->kind != V_NONE)
    ir_set_attr(cx, op, "tt.num_stages", ir_attr_int(cx, i32, val_index(L, r->num_stages, "num_stages")));
  if (r->loop_unroll_factor && r->loop_unroll_factor->kind != V_NONE)
    ir_set_attr(cx, op, "tt.loop_unroll_factor",
                ir_attr_int(cx, i32, val_index(L, r->loop_unroll_factor, "loop_unroll_factor")));
  if (r->disallow_acc_multi_buffer) ir_set_attr(cx, op, "tt.disallow_acc_multi_buffer", ir_attr_unit(cx));
  if (r->flatten) ir_set_attr(cx, op, "tt.flatten", ir_attr_unit(cx));
  if (r->warp_specialize) ir_set_attr(cx, op, "tt.warp_specialize", ir_attr_unit(cx));
  if (r->disable_licm) py_loop_keep_invariants(cx, op);
}

/* The body, in a block whose arguments are the counter and what is carried. */
static Block *for_body(Lang *L, Loop *loop, const Bounds *bounds, Op *op, Changes *changes, Flow *flow, Values *yields,
                       Exit *x) {
  Node *stmt = loop->stmt;
  Block *block = new_region(L, op);
  const char *name = stmt->a->kind == N_NAME ? stmt->a->name : NULL;
  Loc *loc = name && !bounds->reversed && !bounds->backward ? named_loc(L, name) : L->b.loc;
  Value *counter = ir_add_arg(L->cx, block, bounds->lower->type, loc);
  uint32_t mark = py_scope_mark(L->fn->scope);
  build_at(L, block);
  py_loop_bind_carried(L, loop, block);
  Value *variable = counter;
  if (bounds->reversed || bounds->backward) {
    Loc *old = L->b.loc;
    if (name) L->b.loc = named_loc(L, name);
    variable = ir_make(&L->b, OP_SUBI, counter->type, bounds->upper, counter, NULL);
    variable = ir_make(&L->b, OP_ADDI, counter->type, variable, bounds->lower, NULL);
    if (bounds->backward)
      variable = ir_make(&L->b, OP_SELECT, counter->type, bounds->backward, variable, counter, NULL);
    L->b.loc = old;
  }
  py_assign_target(L, stmt->a, val_tensor(L, variable, bounds->type), NULL);
  *flow = py_loop_run_body(L, stmt);
  *changes = py_scope_take_back(L, L->fn->scope, mark);
  lang_at(L, stmt->span);
  py_loop_collect_yields(L, loop, changes, yields);
  lang_at(L, stmt->span);
  *x = py_loop_find_exit(L, flow);
  return block;
}

/* Values that no iteration changed are not carried after all. They may be yielded in other places too (`c = b`, where
 * `b` does not change), so the terminator is there already: its operands change with all other uses. */
static void drop_unchanged(Lang *L, Loop *loop, Op *op, Block *block, Op *yield) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < loop->carried.len; i++) {
    Carried *c = &loop->carried.at[i];
    bool same = true;
    for (uint32_t k = 0; k < c->n; k++)
      same = same && ir_operand(yield, (int)(kept + k)) == block->args[IR_LOOP_ARGS + kept + k];
    if (!same) {
      c->first = kept;
      kept += c->n;
      continue;
    }
    for (uint32_t k = c->n; k-- > 0;) {
      int at = (int)(kept + k);
      ir_remove_operand(yield, at);
      ir_move_hints(L->cx, block->args[IR_LOOP_ARGS + at], ir_loop_init(op, at));
      ir_replace_all(block->args[IR_LOOP_ARGS + at], ir_loop_init(op, at));
      ir_remove_arg(L->cx, block, IR_LOOP_ARGS + at);
      ir_remove_operand(op, IR_LOOP_INITS + at);
    }
    c->n = 0;
  }
}

static void bind_for_results(Lang *L, Loop *loop, Value *const *results) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < loop->carried.len; i++)
    if (loop->carried.at[i].n) loop->carried.at[kept++] = loop->carried.at[i];
  loop->carried.len = kept;
  py_loop_bind_results(L, loop, results);
}

static void finish_for(Lang *L, Loop *loop, Op *op, Block *block, const Values *yields) {
  build_at(L, block);
  Op *yield = ir_op(&L->b, OP_YIELD, NULL, 0, yields->at, (int)yields->len);
  drop_unchanged(L, loop, op, block, yield);
  Values kept = {0};
  for (int i = 0; i < yield->noperands; i++) vec_push(L->cx, &kept, ir_operand(yield, i));
  ir_add_result_types(L->cx, op, py_loop_types(L, &kept), (int)kept.len);
}

/* The body may be left early: it goes into an scf.while (see the head of this file). */
static Op *for_as_while(Lang *L, const Bounds *bounds, Op *op, Block *body, const Values *carried, const Values *yields,
                        Exit *x, Builder outer) {
  L->b = outer;
  py_loop_exit_inits(L, x);
  Values inits = {0};
  vec_push(L->cx, &inits, bounds->lower);
  add_all(L, &inits, carried);
  add_all(L, &inits, &x->inits);
  vec_push(L->cx, &inits,
           ir_compare(&L->b, lt_is_unsigned(bounds->type) ? "ult" : "slt", bounds->lower, bounds->upper));
  int n = (int)inits.len, left_at = 1 + (int)carried->len;
  Type **types = py_loop_types(L, &inits);
  Op *loop = ir_op(&L->b, OP_WHILE, types, n, inits.at, n);
  Block *before = new_region(L, loop), *after = new_region(L, loop);
  py_loop_add_args(L, before, types, n, body);
  py_loop_add_args(L, after, types, n, body);

  build_at(L, before);
  Type *i1 = ir_int(L->cx, 1);
  Value *stay = ir_make(&L->b, OP_XORI, i1, before->args[left_at], py_value_i1(L, true), NULL);
  Values condition = {0};
  vec_push(L->cx, &condition, ir_make(&L->b, OP_ANDI, i1, before->args[n - 1], stay, NULL));
  for (int i = 0; i < n; i++) vec_push(L->cx, &condition, before->args[i]);
  ir_op(&L->b, OP_CONDITION, NULL, 0, condition.at, (int)condition.len);

  Values next = {0};
  vec_push(L->cx, &next, NULL);
  add_all(L, &next, yields);
  add_all(L, &next, &x->yields);
  for (uint32_t k = 1; k < next.len; k++) /* a yielded argument of the old block is one of the new */
    if (next.at[k]->block == body) next.at[k] = after->args[next.at[k]->index];
  for (int i = 0; i < body->nargs; i++) {
    ir_move_hints(L->cx, body->args[i], after->args[i]);
    ir_replace_all(body->args[i], after->args[i]);
  }
  ir_move_ops(body, after, NULL);
  build_at(L, after);
  next.at[0] = ir_make(&L->b, OP_ADDI, bounds->lower->type, after->args[0], bounds->step, NULL);
  Value *way = ir_make(&L->b, OP_SUBI, bounds->lower->type, bounds->upper, after->args[0], NULL);
  vec_push(L->cx, &next, ir_compare(&L->b, "ugt", way, bounds->step));
  ir_op(&L->b, OP_YIELD, NULL, 0, next.at, (int)next.len);
  ir_erase(op);
  return loop;
}

static bool try_range(Lang *L, Loop *loop, const RangeVal *r, const Bounds *bounds) {
  Node *stmt = loop->stmt;
  py_loop_find_carried(L, loop);
  Builder outer = L->b;
  Values operands = {0}, yields = {0};
  vec_push(L->cx, &operands, bounds->lower);
  vec_push(L->cx, &operands, bounds->upper);
  vec_push(L->cx, &operands, bounds->step);
  add_all(L, &operands, &loop->inits);
  Op *op = ir_op(&L->b, OP_FOR, NULL, 0, operands.at, (int)operands.len);
  Changes changes;
  Flow flow;
  Exit x;
  Block *block = for_body(L, loop, bounds, op, &changes, &flow, &yields, &x);
  loop->again = false;
  py_loop_check_others(L, loop, &changes);
  Builder resume = outer;
  if (loop->again) {
    L->b = resume;
    ir_erase(op);
    return false;
  }
  if (x.may_leave) {
    op = for_as_while(L, bounds, op, block, &loop->inits, &yields, &x, ir_before(L->cx, op));
    py_loop_bind_results(L, loop, py_loop_results(L, op, 1));
    py_loop_exit_flow(L, &x, py_loop_results(L, op, 1 + (int)loop->inits.len));
    loop->left = ir_result(op, 1 + (int)loop->inits.len);
  } else {
    finish_for(L, loop, op, block, &yields);
    loop_attributes(L, op, r, bounds);
    bind_for_results(L, loop, py_loop_results(L, op, 0));
  }
  L->b = resume;
  L->here = stmt->span;
  return true;
}

/* ---- unrolled ---------------------------------------------------------------------------------------------------- */

typedef struct Unroll {
  Node *stmt;
  Val **items;
  size_t at, n;
  uint32_t mark;
} Unroll;

/* After the loop: names that its early exits left undefined become unbound. */
static void unbind_partial(Lang *L, uint32_t mark) {
  Scope *s = L->fn->scope;
  uint32_t end = s->trail.len;
  for (uint32_t i = mark; i < end; i++) {
    uint32_t slot = s->trail.at[i].slot;
    Slot now = s->slots.at[slot];
    if (now.partial) py_scope_set(L, s, slot, (Slot){.name = now.name, .why = BOUND_IN_BRANCH, .at = now.at});
  }
}

static void unroll(Lang *L, void *arg) {
  Unroll *u = arg;
  Flow *f = &L->fn->flow;
  while (u->at < u->n) {
    if (f->dead) return;
    if (py_flow_may_have_left(f)) {
      py_flow_guarded(L, unroll, u);
      return;
    }
    py_assign_target(L, u->stmt->a, u->items[u->at++], NULL);
    py_exec_block(L, u->stmt->body);
    if (f->continued.state != NO) {
      unbind_partial(L, u->mark);
      f->dead = false; /* the next iteration is where `continue` leads */
      f->continued = (Flag){0};
      if (f->returned.state == YES || f->broken.state == YES) f->dead = true;
    }
  }
}

static void for_unrolled(Lang *L, Node *stmt, Val **items, size_t n) {
  if (n > 65536)
    lang_fail_at(L, stmt->b->span, "use tl.range, which is a loop at run time", "a loop unrolled %zu times", n);
  Unroll u = {.stmt = stmt, .items = items, .n = n, .mark = py_scope_mark(L->fn->scope)};
  L->fn->loops++;
  unroll(L, &u);
  L->fn->loops--;
  Flow *f = &L->fn->flow;
  Flag broken = f->broken;
  if (f->broken.state != NO) {
    unbind_partial(L, u.mark);
    if (f->returned.state != YES) f->dead = false;
    f->broken = (Flag){0};
  }
  py_scope_keep(L->fn->scope, u.mark);
  if (broken.state != YES) py_loop_else(L, stmt, broken.state == MAYBE ? broken.value : NULL);
}

void py_exec_for(Lang *L, Node *stmt) {
  if (stmt->op) lang_fail_at(L, stmt->span, NULL, "an `async for` loop cannot be used in a kernel");
  Val *over = py_eval(L, stmt->b);
  if (over->kind == V_RANGE && !over->range->is_static) {
    lang_at(L, stmt->b->span);
    Bounds bounds = make_bounds(L, over->range, stmt->b);
    lang_at(L, stmt->span);
    Loop loop = {.stmt = stmt};
    while (!try_range(L, &loop, over->range, &bounds)) continue;
    py_loop_else(L, stmt, loop.left);
    return;
  }
  Val **items;
  size_t n;
  L->here = stmt->b->span;
  if (!val_iterate(L, over, &items, &n))
    lang_fail_at(L, stmt->b->span,
                 over->kind == V_RANGE ? "its bounds must be tl.constexpr; tl.range takes any"
                                       : "use range(...), tl.range(...), tl.static_range(...) or a tuple",
                 over->kind == V_RANGE ? "the bounds of tl.static_range must be known at compile time"
                                       : "a `for` loop cannot run over %s",
                 val_kind_text(L, over));
  for_unrolled(L, stmt, items, n);
}
