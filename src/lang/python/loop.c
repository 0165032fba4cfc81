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
#include "lang/python/python.h"

#include <string.h>

/* ---- what is carried --------------------------------------------------------------------------------------------- */

typedef struct Carried {
  uint32_t slot;
  Slot init, arg, now;
  uint32_t first, n; /* its tensors among the carried ones */
} Carried;

typedef struct Loop {
  Node *stmt;
  Vec(Carried) carried;
  Values inits;
  Map forced;  /* slot + 1 of compile-time numbers that must be carried */
  bool again;  /* the body changed one that was not */
  Value *left; /* when done: whether it was left early; NULL: never */
} Loop;

/* Numbers among a carried value's items become tensors, so that an iteration may change them. */
static Val *as_tensors(Lang *L, Val *v) {
  if (val_is_number(v)) return sem_to_tensor(L, v);
  if ((v->kind != V_TUPLE && v->kind != V_LIST) || !v->len || py_class_keeps_constants(L, v)) return v;
  Val **items = NEWN(L->cx, Val *, v->len);
  for (size_t i = 0; i < v->len; i++) items[i] = as_tensors(L, v->items[i]);
  return val_like(L, v, items);
}

static void find_carried(Lang *L, Loop *loop) {
  loop->carried.len = 0;
  loop->inits.len = 0;
  const NameList *names = py_assigned_names(L, loop->stmt);
  Scope *s = L->fn->scope;
  Vec(uint32_t) slots = {0};
  for (uint32_t i = 0; i < names->len; i++) {
    uint32_t slot = py_scope_slot(L, s, names->at[i]);
    const Slot *now = &s->slots.at[slot];
    bool forced = map_has(&loop->forced, (void *)(uintptr_t)(slot + 1));
    if (!now->val || (!val_has_tensor(now->val) && !forced)) continue;
    uint32_t k = slots.len;
    vec_push(L->cx, &slots, slot);
    for (; k > 0 && slots.at[k - 1] > slot; k--) slots.at[k] = slots.at[k - 1]; /* in order of first binding */
    slots.at[k] = slot;
  }
  for (uint32_t i = 0; i < slots.len; i++) {
    Carried c = {.slot = slots.at[i], .init = s->slots.at[slots.at[i]]};
    c.init.val = as_tensors(L, c.init.val);
    c.init.is_constexpr = false;
    c.first = loop->inits.len;
    val_flatten(L, c.init.val, &loop->inits);
    c.n = loop->inits.len - c.first;
    vec_push(L->cx, &loop->carried, c);
  }
}

static Loc *named_loc(Lang *L, const char *name) { return ir_loc_name(L->cx, name, L->b.loc); }

/* Block arguments for what is carried, bound to the names. */
static void bind_carried(Lang *L, Loop *loop, Block *block) {
  for (uint32_t i = 0; i < loop->carried.len; i++) {
    Carried *c = &loop->carried.at[i];
    Value **args = NEWN(L->cx, Value *, c->n);
    for (uint32_t k = 0; k < c->n; k++)
      args[k] = ir_add_arg(L->cx, block, loop->inits.at[c->first + k]->type, named_loc(L, c->init.name));
    size_t next = 0;
    c->arg = c->init;
    c->arg.val = val_rebuild(L, c->init.val, args, &next);
    py_scope_set(L, L->fn->scope, c->slot, c->arg);
  }
}

_Noreturn static void fail_changed(Lang *L, const Carried *c, const Val *before, const Val *now, Span at) {
  if (before->kind == now->kind && before->len != now->len && (now->kind == V_LIST || now->kind == V_TUPLE))
    lang_fail_at(L, at, "unroll the loop, which needs constant bounds: `for ... in tl.static_range(...)`",
                 "`%s` has %zu items before the loop, but %zu after an iteration", c->init.name, before->len, now->len);
  lang_fail_at(L, at, "a loop-carried value keeps its type and shape; convert it before the loop or in it",
               "`%s` is %s before the loop, but %s after an iteration", c->init.name, val_kind_text(L, before),
               val_kind_text(L, now));
}

/* The tensors of `now`, in the shape that the loop carries. */
static void yield_like(Lang *L, const Carried *c, const Val *like, Val *now, Span at, Values *out) {
  if (like->kind == V_TENSOR) {
    if (now->kind == V_TENSOR && now->type == like->type) {
      vec_push(L->cx, out, now->value);
    } else if (val_is_number(now) && lt_elem(like->type)->kind != L_POINTER && like->type->kind != L_BLOCK &&
               !(now->kind == V_FLOAT && !lt_is_float(like->type))) {
      vec_push(L->cx, out, py_const_as(L, now, like->type));
    } else {
      fail_changed(L, c, like, now, at);
    }
    return;
  }
  if (like->kind == V_TUPLE || like->kind == V_LIST) {
    if (now->kind != like->kind || now->type != like->type || now->len != like->len) fail_changed(L, c, like, now, at);
    for (size_t i = 0; i < like->len; i++) yield_like(L, c, like->items[i], now->items[i], at, out);
    return;
  }
  if (!val_same(L, like, now)) fail_changed(L, c, like, now, at);
}

static const Change *find_change(const Changes *changes, uint32_t slot) {
  uint32_t low = 0, high = changes->n;
  while (low < high) {
    uint32_t mid = (low + high) / 2;
    if (changes->at[mid].slot < slot) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low < changes->n && changes->at[low].slot == slot ? &changes->at[low] : NULL;
}

static void collect_yields(Lang *L, Loop *loop, const Changes *changes, Values *out) {
  for (uint32_t i = 0; i < loop->carried.len; i++) {
    Carried *c = &loop->carried.at[i];
    const Change *change = find_change(changes, c->slot);
    c->now = change ? change->now : c->arg;
    if (!c->now.val)
      lang_fail_at(L, c->now.at.source ? c->now.at : loop->stmt->span,
                   "a loop-carried value must exist after each iteration",
                   c->now.why == DELETED ? "`%s` is deleted in the loop, but it existed before"
                                         : "`%s` has no single value after an iteration of the loop",
                   c->init.name);
    if (c->now.partial)
      lang_fail_at(L, c->now.at, "give it one type on every path through the loop's body",
                   "`%s` has another type where the iteration ends early than where it runs to its end", c->init.name);
    Span at = c->now.at.source ? c->now.at : loop->stmt->span;
    L->here = at;
    yield_like(L, c, c->arg.val, c->now.val, at, out);
  }
}

/* After the loop: names whose values changed but were not loop-carried. */
static void settle_others(Lang *L, Loop *loop, const Changes *changes) {
  Scope *s = L->fn->scope;
  for (uint32_t i = 0; i < changes->n; i++) {
    const Change *c = &changes->at[i];
    bool carried = false;
    for (uint32_t k = 0; k < loop->carried.len && !carried; k++) carried = loop->carried.at[k].slot == c->slot;
    if (carried) continue;
    Slot before = s->slots.at[c->slot];
    if (!before.val) {
      if (c->now.val || c->now.why != NEVER_BOUND)
        py_scope_set(L, s, c->slot, (Slot){.name = before.name, .why = BOUND_IN_LOOP, .at = c->now.at});
      continue;
    }
    if (c->now.val && val_same(L, before.val, c->now.val)) continue;
    if (val_is_number(before.val) || before.val->kind == V_TUPLE || before.val->kind == V_LIST) {
      map_put(L->cx, &loop->forced, (void *)(uintptr_t)(c->slot + 1), loop);
      loop->again = true;
      continue;
    }
    if (loop->stmt->kind == N_FOR && loop->stmt->a->kind == N_NAME && loop->stmt->a->name == before.name) {
      py_scope_set(L, s, c->slot, (Slot){.name = before.name, .why = BOUND_IN_LOOP, .at = c->now.at});
      continue;
    }
    Carried as = {.init = before};
    if (!c->now.val)
      lang_fail_at(L, c->now.at, NULL, "`%s` has no single value after an iteration of the loop", before.name);
    fail_changed(L, &as, before.val, c->now.val, c->now.at);
  }
}

static void bind_results(Lang *L, Loop *loop, Value *const *results) {
  for (uint32_t i = 0; i < loop->carried.len; i++) {
    Carried *c = &loop->carried.at[i];
    size_t next = 0;
    Slot slot = c->init;
    slot.val = val_rebuild(L, c->init.val, results + c->first, &next);
    slot.at = c->now.at.source ? c->now.at : c->init.at;
    py_scope_set(L, L->fn->scope, c->slot, slot);
  }
}

/* ---- exits ------------------------------------------------------------------------------------------------------- */

/* What a loop that may be left carries besides its values. */
typedef struct Exit {
  bool may_leave, may_return;
  bool own_returned; /* `returned` differs from `left` */
  Val *result;       /* as it is at the end of the body */
  Span result_at;
  Values inits, yields; /* left, [returned], the return value's tensors */
} Exit;

/* At the end of the body (the builder is there): which flags and values are yielded. */
static Exit find_exit(Lang *L, const Flow *flow) {
  Exit x = {.may_leave = flow->broken.state != NO || flow->returned.state != NO,
            .may_return = flow->returned.state != NO};
  if (!x.may_leave) return x;
  x.own_returned = x.may_return && flow->broken.state != NO;
  Value *left;
  if (!x.may_return) {
    left = py_flow_flag_value(L, flow->broken);
  } else if (!x.own_returned) {
    left = py_flow_flag_value(L, flow->returned);
  } else {
    left = ir_make(&L->b, OP_ORI, ir_int(L->cx, 1), py_flow_flag_value(L, flow->broken),
                   py_flow_flag_value(L, flow->returned), NULL);
  }
  vec_push(L->cx, &x.yields, left);
  if (x.own_returned) vec_push(L->cx, &x.yields, py_flow_flag_value(L, flow->returned));
  if (x.may_return && flow->result) {
    x.result = flow->result;
    x.result_at = flow->result_at;
    val_flatten(L, x.result, &x.yields);
  }
  return x;
}

/* Before the loop (the builder is there): false and poison. */
static void exit_inits(Lang *L, Exit *x) {
  uint32_t flags = x->own_returned ? 2 : 1;
  for (uint32_t i = 0; i < x->yields.len; i++) {
    Value *v = i < flags ? py_value_i1(L, false) : py_value_poison(L, x->yields.at[i]->type);
    vec_push(L->cx, &x->inits, v);
  }
}

/* `else` after a loop: what runs where no `break` was taken. `left` is set where the loop was left early; NULL: it never
 * is. (Where it was left by `return`, what follows is guarded anyway.) */
static void loop_else(Lang *L, Node *stmt, Value *left) {
  if (!stmt->orelse.len || L->fn->flow.dead) return;
  if (!left) {
    py_exec_block(L, stmt->orelse);
    return;
  }
  const char *name = intern(L->cx, "the loop ran to its end"); /* no name that a program can spell */
  lang_at(L, stmt->span);
  Value *ended = ir_make(&L->b, OP_XORI, left->type, left, py_value_i1(L, true), NULL);
  py_scope_bind(L, L->fn->scope, name, val_tensor(L, ended, lt_scalar(L, L_INT1)), stmt->span);
  Node *condition = NEW(L->cx, Node), *branch = NEW(L->cx, Node);
  *condition = (Node){.kind = N_NAME, .span = stmt->span, .name = name};
  *branch = (Node){.kind = N_IF, .span = stmt->span, .a = condition, .body = stmt->orelse};
  Node **list = NEW(L->cx, Node *);
  *list = branch;
  py_exec_block(L, (Nodes){list, 1});
}

static void exit_flow(Lang *L, const Exit *x, Value *const *results) {
  if (!x->may_leave || !x->may_return) return;
  L->fn->flow.returned = (Flag){MAYBE, results[x->own_returned ? 1 : 0]};
  if (!x->result) return;
  size_t next = 0;
  L->fn->flow.result = val_rebuild(L, x->result, results + (x->own_returned ? 2 : 1), &next);
  L->fn->flow.result_at = x->result_at;
}

static Flow run_body(Lang *L, Node *stmt) {
  Flow start = L->fn->flow;
  L->fn->flow = (Flow){0};
  L->fn->loops++;
  py_exec_block(L, stmt->body);
  L->fn->loops--;
  Flow end = L->fn->flow;
  L->fn->flow = start;
  return end;
}

static Value *compare(Lang *L, const char *predicate, Value *a, Value *b) {
  Value *v = ir_make(&L->b, OP_CMPI, ir_int(L->cx, 1), a, b, NULL);
  ir_set_attr(L->cx, v->op, "predicate", ir_attr_enum(L->cx, predicate));
  return v;
}

static Block *new_region(Lang *L, Op *op) { return ir_add_block(L->cx, ir_add_region(L->cx, op)); }

static void build_at(Lang *L, Block *block) {
  L->b.block = block;
  L->b.before = NULL;
}

static void add_all(Lang *L, Values *to, const Values *from) {
  for (uint32_t i = 0; i < from->len; i++) vec_push(L->cx, to, from->at[i]);
}

static Value **result_values(Lang *L, Op *op, int from) {
  int n = op->nresults - from;
  Value **out = NEWN(L->cx, Value *, n);
  for (int i = 0; i < n; i++) out[i] = ir_result(op, from + i);
  return out;
}

static Type **types_of(Lang *L, const Values *v) {
  Type **types = NEWN(L->cx, Type *, v->len);
  for (uint32_t i = 0; i < v->len; i++) types[i] = v->at[i]->type;
  return types;
}

/* ---- for --------------------------------------------------------------------------------------------------------- */

typedef struct Bounds {
  Value *lower, *upper, *step;
  const LType *type;
  bool reversed;   /* the counter runs up; the variable is upper - counter + lower … */
  Value *backward; /* … or, where the step's sign is known at run time only, if this i1 is set */
} Bounds;

/* The reference's rule for two integers of different type: the wider; of equal width the unsigned. */
static const LType *counter_type(Lang *L, const LType *a, const LType *b) {
  int wa = lt_bits(a), wb = lt_bits(b);
  bool ua = lt_is_unsigned(a), ub = lt_is_unsigned(b);
  (void)L;
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
static bool is_positive(const Value *v, int depth) {
  int64_t x;
  if (ir_is_const_int(v, &x)) return x >= 0;
  const Op *op = v->op;
  if (!op || !depth) return false;
  switch (op->code) {
  case OP_PROGRAM_ID:
  case OP_NUM_PROGRAMS:
  case OP_EXTUI: return true;
  case OP_EXTSI: return is_positive(ir_operand(op, 0), depth - 1);
  case OP_ADDI:
  case OP_MULI:
  case OP_DIVSI:
  case OP_MAXSI:
  case OP_MINSI:
    if (op->code == OP_MAXSI && is_positive(ir_operand(op, 1), depth - 1)) return true;
    return is_positive(ir_operand(op, 0), depth - 1) && is_positive(ir_operand(op, 1), depth - 1);
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
  Value *is_negative = compare(L, "slt", *step, zero);
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
  b.type = counter_type(L, counter_type(L, start->type, stop->type), step->type);
  if (b.type->kind == L_INT1) b.type = lt_scalar(L, L_INT32);
  b.lower = sem_cast(L, start, b.type)->value;
  b.upper = sem_cast(L, stop, b.type)->value;
  if (!lt_is_unsigned(step->type) && !is_positive(step->value, 8)) {
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
  if (r->disable_licm)
    ir_set_attr(cx, op, "llvm.loop_annotation", ir_attr_enum(cx, "#llvm.loop_annotation<licm = <disable = true>>"));
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
  bind_carried(L, loop, block);
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
  *flow = run_body(L, stmt);
  *changes = py_scope_take_back(L, L->fn->scope, mark);
  lang_at(L, stmt->span);
  collect_yields(L, loop, changes, yields);
  lang_at(L, stmt->span);
  *x = find_exit(L, flow);
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
  bind_results(L, loop, results);
}

static void finish_for(Lang *L, Loop *loop, Op *op, Block *block, const Values *yields) {
  build_at(L, block);
  Op *yield = ir_op(&L->b, OP_YIELD, NULL, 0, yields->at, (int)yields->len);
  drop_unchanged(L, loop, op, block, yield);
  Values kept = {0};
  for (int i = 0; i < yield->noperands; i++) vec_push(L->cx, &kept, ir_operand(yield, i));
  ir_add_result_types(L->cx, op, types_of(L, &kept), (int)kept.len);
}

static void add_block_args(Lang *L, Block *block, Type *const *types, int n, const Block *like) {
  for (int i = 0; i < n; i++)
    ir_add_arg(L->cx, block, types[i], like && i < like->nargs ? like->args[i]->loc : L->b.loc);
}

/* The body may be left early: it goes into an scf.while (see the head of this file). */
static Op *for_as_while(Lang *L, const Bounds *bounds, Op *op, Block *body, const Values *carried, const Values *yields,
                        Exit *x, Builder outer) {
  L->b = outer;
  exit_inits(L, x);
  Values inits = {0};
  vec_push(L->cx, &inits, bounds->lower);
  add_all(L, &inits, carried);
  add_all(L, &inits, &x->inits);
  vec_push(L->cx, &inits, compare(L, lt_is_unsigned(bounds->type) ? "ult" : "slt", bounds->lower, bounds->upper));
  int n = (int)inits.len, left_at = 1 + (int)carried->len;
  Type **types = types_of(L, &inits);
  Op *loop = ir_op(&L->b, OP_WHILE, types, n, inits.at, n);
  Block *before = new_region(L, loop), *after = new_region(L, loop);
  add_block_args(L, before, types, n, body);
  add_block_args(L, after, types, n, body);

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
  vec_push(L->cx, &next, compare(L, "ugt", way, bounds->step));
  ir_op(&L->b, OP_YIELD, NULL, 0, next.at, (int)next.len);
  ir_erase(op);
  return loop;
}

static bool try_range(Lang *L, Loop *loop, const RangeVal *r, const Bounds *bounds) {
  Node *stmt = loop->stmt;
  find_carried(L, loop);
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
  settle_others(L, loop, &changes);
  Builder resume = outer;
  if (loop->again) {
    L->b = resume;
    ir_erase(op);
    return false;
  }
  if (x.may_leave) {
    op = for_as_while(L, bounds, op, block, &loop->inits, &yields, &x, ir_before(L->cx, op));
    bind_results(L, loop, result_values(L, op, 1));
    exit_flow(L, &x, result_values(L, op, 1 + (int)loop->inits.len));
    loop->left = ir_result(op, 1 + (int)loop->inits.len);
  } else {
    finish_for(L, loop, op, block, &yields);
    loop_attributes(L, op, r, bounds);
    bind_for_results(L, loop, result_values(L, op, 0));
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
  if (broken.state != YES) loop_else(L, stmt, broken.state == MAYBE ? broken.value : NULL);
}

void py_flow_for(Lang *L, Node *stmt) {
  if (stmt->op) lang_fail_at(L, stmt->span, NULL, "an `async for` loop cannot be used in a kernel");
  Val *over = py_eval(L, stmt->b);
  if (over->kind == V_RANGE && !over->range->is_static) {
    lang_at(L, stmt->b->span);
    Bounds bounds = make_bounds(L, over->range, stmt->b);
    lang_at(L, stmt->span);
    Loop loop = {.stmt = stmt};
    while (!try_range(L, &loop, over->range, &bounds)) continue;
    loop_else(L, stmt, loop.left);
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

/* ---- while ------------------------------------------------------------------------------------------------------- */

/* The condition's ops are in `before`; where the loop may have been left they run only if it was not. */
static Value *guard_condition(Lang *L, Block *before, Value *cond, Value *left) {
  if (!before->first && cond->op == NULL) {
    build_at(L, before);
    Value *stay = ir_make(&L->b, OP_XORI, cond->type, left, py_value_i1(L, true), NULL);
    return ir_make(&L->b, OP_ANDI, cond->type, cond, stay, NULL);
  }
  Block *then_block;
  Op *first = before->first;
  Builder b = first ? ir_before(L->cx, first) : ir_at_end(L->cx, before);
  b.loc = L->b.loc;
  Value *one = ir_const_int(&b, cond->type, -1);
  Value *stay = ir_make(&b, OP_XORI, cond->type, left, one, NULL);
  Type *types[] = {cond->type};
  Op *op = ir_op(&b, OP_IF, types, 1, &stay, 1);
  then_block = new_region(L, op);
  Block *else_block = new_region(L, op);
  while (op->next) {
    Op *moving = op->next;
    ir_unlink(moving);
    ir_append(then_block, moving);
  }
  Builder in = ir_at_end(L->cx, then_block);
  in.loc = L->b.loc;
  ir_op(&in, OP_YIELD, NULL, 0, &cond, 1);
  in = ir_at_end(L->cx, else_block);
  in.loc = L->b.loc;
  Value *no = ir_const_int(&in, cond->type, 0);
  ir_op(&in, OP_YIELD, NULL, 0, &no, 1);
  return ir_result(op, 0);
}

/* Names that the condition itself binds (`:=`) are carried like the body's; they must exist before the loop. */
static void check_condition_names(Lang *L, Node *stmt, const Changes *changes) {
  for (uint32_t i = 0; i < changes->n; i++)
    lang_fail_at(L, changes->at[i].now.at.source ? changes->at[i].now.at : stmt->a->span,
                 "assign it in the loop's body instead",
                 "`:=` in the condition of a `while` loop cannot be used in a kernel");
}

/* A while loop being built: its op, with the regions of the condition and of the body. */
typedef struct While {
  Loop *loop;
  Op *op;
  Block *before, *after;
  Val *condition; /* as evaluated */
  Value *test;    /* i1; NULL: always true */
  Flow flow;      /* of the body */
  Changes changes;
  Values yields;
  Exit exit;
} While;

/* Names that the condition gives values other than the arguments it began with. */
static void check_condition_changes(Lang *L, const Loop *loop, const Changes *by_condition) {
  Vec(Change) own = {0};
  for (uint32_t i = 0; i < by_condition->n; i++) {
    bool is_argument = false;
    for (uint32_t k = 0; k < loop->carried.len; k++)
      is_argument = is_argument || (loop->carried.at[k].slot == by_condition->at[i].slot &&
                                    by_condition->at[i].now.val == loop->carried.at[k].arg.val);
    if (!is_argument) vec_push(L->cx, &own, by_condition->at[i]);
  }
  check_condition_names(L, loop->stmt, &(Changes){own.at, own.len});
}

/* The condition, in the first region; false: it is known not to hold, and there is no loop. */
static bool while_condition(Lang *L, While *w) {
  Node *stmt = w->loop->stmt;
  uint32_t mark = py_scope_mark(L->fn->scope);
  build_at(L, w->before);
  bind_carried(L, w->loop, w->before);
  w->condition = py_eval(L, stmt->a);
  if (w->condition->kind == V_TENSOR)
    w->test = lang_condition(L, w->condition, stmt->a->span)->value;
  else if (!val_truth(L, w->condition, stmt->a->span)) {
    py_scope_take_back(L, L->fn->scope, mark);
    return false;
  }
  Changes by_condition = py_scope_take_back(L, L->fn->scope, mark);
  check_condition_changes(L, w->loop, &by_condition);
  return true;
}

/* The body, in the second region; false: more is carried than was known, and the loop is built again. */
static bool while_body(Lang *L, While *w) {
  Node *stmt = w->loop->stmt;
  lang_at(L, stmt->span);
  uint32_t mark = py_scope_mark(L->fn->scope);
  build_at(L, w->after);
  bind_carried(L, w->loop, w->after);
  w->flow = run_body(L, stmt);
  w->changes = py_scope_take_back(L, L->fn->scope, mark);
  lang_at(L, stmt->span);
  collect_yields(L, w->loop, &w->changes, &w->yields);
  lang_at(L, stmt->span);
  w->exit = find_exit(L, &w->flow);
  w->loop->again = false;
  settle_others(L, w->loop, &w->changes);
  return !w->loop->again;
}

/* What says that the loop is left is carried, too. */
static void while_carry_exit(Lang *L, While *w) {
  Exit *x = &w->exit;
  L->b = ir_before(L->cx, w->op);
  lang_at(L, w->loop->stmt->span);
  exit_inits(L, x);
  for (uint32_t i = 0; i < x->inits.len; i++) ir_add_operand(L->cx, w->op, x->inits.at[i]);
  Type **types = types_of(L, &x->inits);
  add_block_args(L, w->before, types, (int)x->inits.len, NULL);
  add_block_args(L, w->after, types, (int)x->inits.len, NULL);
  add_all(L, &w->yields, &x->yields);
}

/* The terminators of both regions, and the results. */
static void while_finish(Lang *L, While *w, int ncarried) {
  Value *test = w->test;
  build_at(L, w->before);
  if (w->exit.may_leave && !test) {
    test = ir_make(&L->b, OP_XORI, ir_int(L->cx, 1), w->before->args[ncarried], py_value_i1(L, true), NULL);
  } else if (w->exit.may_leave) {
    test = guard_condition(L, w->before, test, w->before->args[ncarried]);
  } else if (!test) {
    test = py_value_i1(L, true);
  }
  build_at(L, w->before);
  Values condition = {0};
  vec_push(L->cx, &condition, test);
  for (int i = 0; i < w->before->nargs; i++) vec_push(L->cx, &condition, w->before->args[i]);
  ir_op(&L->b, OP_CONDITION, NULL, 0, condition.at, (int)condition.len);
  build_at(L, w->after);
  ir_op(&L->b, OP_YIELD, NULL, 0, w->yields.at, (int)w->yields.len);
  ir_add_result_types(L->cx, w->op, types_of(L, &w->yields), (int)w->yields.len);
}

/* What holds after the loop. */
static void while_leave(Lang *L, While *w, int ncarried) {
  bind_results(L, w->loop, result_values(L, w->op, 0));
  exit_flow(L, &w->exit, result_values(L, w->op, ncarried));
  if (w->exit.may_leave) w->loop->left = ir_result(w->op, ncarried);
  bool forever = w->condition->kind != V_TENSOR;
  if (forever && w->exit.may_return && w->flow.broken.state == NO) { /* `while True` that only returns */
    L->fn->flow.returned = (Flag){.state = YES};
    L->fn->flow.dead = true;
  }
  L->here = w->loop->stmt->span;
}

/* False: what is carried had to grow, and the loop is to be built once more. */
static bool try_while(Lang *L, Loop *loop) {
  find_carried(L, loop);
  Builder outer = L->b;
  While w = {.loop = loop};
  w.op = ir_op(&L->b, OP_WHILE, NULL, 0, loop->inits.at, (int)loop->inits.len);
  w.before = new_region(L, w.op);
  w.after = new_region(L, w.op);
  bool runs = while_condition(L, &w);
  if (!runs || !while_body(L, &w)) {
    L->b = outer;
    ir_erase(w.op);
    return !runs;
  }
  int ncarried = (int)loop->inits.len;
  if (w.exit.may_leave) while_carry_exit(L, &w);
  while_finish(L, &w, ncarried);
  L->b = outer;
  while_leave(L, &w, ncarried);
  return true;
}

void py_flow_while(Lang *L, Node *stmt) {
  Loop loop = {.stmt = stmt};
  do { lang_at(L, stmt->span); } while (!try_while(L, &loop));
  loop_else(L, stmt, loop.left);
}
