/* flow.c: conditionals, early exits, and how both become structured control flow.
 *
 * Problem. The IR has scf.if, scf.for and scf.while: one way in, one way out. Python has `return`, `break` and
 * `continue` anywhere. A branch decided at run time is evaluated on both sides, and afterwards every name has one value
 * again.
 *
 * Idea. While a statement list is evaluated, L->fn->flow tells for each kind of exit whether the program has taken it:
 * NO, YES, or MAYBE, an i1 that tells at run time. Statements are evaluated only where all three are NO. Three rules
 * keep it so:
 *
 *   1. After `return` (`break`, `continue`) its flag is YES and the list is dead: what follows is not evaluated.
 *   2. An `if` of which one side is dead takes the rest of its list into the other side:
 *          if c: return x            if c: (returned)
 *          A                   =>    else: A
 *          B                               B
 *      Nothing is duplicated, no flag is needed at run time, and it is the common case.
 *   3. An `if` that some paths through it leave and others do not makes the flag MAYBE; the rest of each list around it goes
 *      into `scf.if (no flag set)`.
 *
 * When two sides meet, a name that has different values becomes a result of the scf.if. A side that has returned does
 * not contribute values. A side that left by `break` or `continue` does, because they are loop-carried; but a name that
 * such a side does not bind gets poison there and is `partial`: it may not be used after that loop.
 *
 * The return value travels the same way, as a value without a name; where nothing was returned it is poison, and a flag
 * guards its use. In loops (loop.c) the flags and the return value are loop-carried.
 *
 * Cost: linear in the statements and in the names bound inside the branches: a branch's bindings are undone through the
 * scope's trail, never by copying the scope.
 */
#include "lang/python/python.h"

#include <stdlib.h>
#include <string.h>

typedef struct Branch {
  Block *block;
  Changes changes;
  Flow flow;
} Branch;

/* ---- small pieces ------------------------------------------------------------------------------------------------ */

Value *py_value_poison(Lang *L, Type *t) { return ir_make(&L->b, OP_POISON, t, NULL); }

Value *py_const_as(Lang *L, const Val *v, const LType *type) {
  const LType *elem = lt_elem(type);
  if (lt_is_float(elem))
    return ir_const_float(&L->b, lt_ir(L, type), v->kind == V_FLOAT ? v->number : (double)v->integer);
  return ir_const_int(&L->b, lt_ir(L, type), (int64_t)v->integer);
}

Value *py_value_i1(Lang *L, bool x) { return ir_const_int(&L->b, ir_int(L->cx, 1), x ? -1 : 0); }

Value *py_flow_flag_value(Lang *L, Flag f) { return f.state == MAYBE ? f.value : py_value_i1(L, f.state == YES); }

bool py_flow_may_have_left(const Flow *f) {
  return f->returned.state == MAYBE || f->broken.state == MAYBE || f->continued.state == MAYBE;
}

Val *lang_condition(Lang *L, Val *cond, Span at) {
  lang_at(L, at);
  return sem_condition(L, cond);
}

static Value *value_not(Lang *L, Value *v) { return ir_make(&L->b, OP_XORI, v->type, v, py_value_i1(L, true), NULL); }

/* ---- where two sides meet ---------------------------------------------------------------------------------------- */

typedef struct Join {
  Lang *L;
  Op *op;
  Branch *a, *b;
  Values va, vb;      /* what each side yields */
  Vec(Val *) pending; /* tensors that will be results of `op`, which does not have them yet */
  Span at_a, at_b;    /* where the two values in question were bound */
  Value *guard;       /* of a guarded rest: the flag that is known to be set on the other side */
} Join;

/* The value that both sides give: `index` of the result it will be. Results do not exist yet, so the tensor's value is
 * NULL and its place is kept in `integer`. */
static Val *join_result(Join *j, Value *a, Value *b, const LType *type) {
  Val *v = val_tensor(j->L, NULL, type);
  v->integer = j->va.len;
  vec_push(j->L->cx, &j->va, a);
  vec_push(j->L->cx, &j->vb, b);
  vec_push(j->L->cx, &j->pending, v);
  return v;
}

static void build_in(Join *j, const Branch *side) { j->L->b.block = side->block, j->L->b.before = NULL; }

static Value *convert_in(Join *j, const Branch *side, Val *v, const LType *type) {
  Lang *L = j->L;
  if (v->kind == V_TENSOR && v->type == type) return v->value;
  build_in(j, side);
  if (v->kind != V_TENSOR) return py_const_as(L, v, type);
  return sem_cast(L, v, lt_elem(type))->value;
}

static Value *poison_in(Join *j, const Branch *side, const LType *type) {
  build_in(j, side);
  return py_value_poison(j->L, lt_ir(j->L, type));
}

/* Only one side contributes: its tensors, against poison on the other. Tensors made outside need no result. */
static Val *join_one(Join *j, Val *v, bool from_a) {
  if (v->kind == V_TENSOR) {
    const Branch *mine = from_a ? j->a : j->b;
    const Block *made = ir_defining_block(v->value);
    if (made != mine->block) return v;
    Value *p = poison_in(j, from_a ? j->b : j->a, v->type);
    return from_a ? join_result(j, v->value, p, v->type) : join_result(j, p, v->value, v->type);
  }
  if (!val_has_tensor(v)) return v;
  Val **items = NEWN(j->L->cx, Val *, v->len);
  for (size_t i = 0; i < v->len; i++) items[i] = join_one(j, v->items[i], from_a);
  Val *out = v->kind == V_LIST ? val_list(j->L, items, v->len) : val_tuple(j->L, items, v->len, v->names);
  return out;
}

static const char *at_line(Lang *L, Span at) {
  int line, col;
  if (!at.source) return "";
  span_line_col(at, &line, &col);
  return ctx_printf(L->cx, " (line %d)", line);
}

static const LType *common_type(Join *j, const char *name, Val *a, Val *b, bool soft) {
  Lang *L = j->L;
  bool tensors = a->kind == V_TENSOR && b->kind == V_TENSOR;
  if (tensors && a->type == b->type) return a->type;
  if (tensors && !soft) {
    bool shapes = lt_elem(a->type) == lt_elem(b->type);
    lang_fail(L, shapes ? "give both the same shape" : "give both the same type with .to(...)",
              "%s: it is %s on one path%s and %s on the other%s",
              strchr(name, ' ') ? name : ctx_printf(L->cx, "Mismatched type for %s", name), val_kind_text(L, a),
              at_line(L, j->at_a), val_kind_text(L, b), at_line(L, j->at_b));
  }
  if (soft) {
    if (tensors) return NULL;
    const LType *t = a->kind == V_TENSOR ? a->type : b->kind == V_TENSOR ? b->type : NULL;
    if (!t || lt_elem(t)->kind == L_POINTER) return NULL;
    return t;
  }
  return sem_join_types(L, name, a, b);
}

static bool joins_as_number(const Val *v) { return v->kind == V_TENSOR || val_is_number(v); }

/* NULL: they cannot be joined (different compile-time values, or `soft` and different types). */
static Val *join_vals(Join *j, const char *name, Val *a, Val *b, bool soft, bool numbers_become_tensors) {
  Lang *L = j->L;
  if (val_same(L, a, b)) return a;
  bool tensors = a->kind == V_TENSOR || b->kind == V_TENSOR;
  if (joins_as_number(a) && joins_as_number(b) && (tensors || numbers_become_tensors)) {
    if (!tensors) {
      build_in(j, j->a);
      a = sem_to_tensor(L, a);
      build_in(j, j->b);
      b = sem_to_tensor(L, b);
    }
    const LType *type = common_type(j, name, a, b, soft);
    if (!type) return NULL;
    Value *x = convert_in(j, j->a, a, type);
    return join_result(j, x, convert_in(j, j->b, b, type), type);
  }
  if ((a->kind != V_TUPLE && a->kind != V_LIST) || a->kind != b->kind || a->type != b->type || a->len != b->len)
    return NULL;
  Val **items = NEWN(L->cx, Val *, a->len);
  for (size_t i = 0; i < a->len; i++) {
    items[i] = join_vals(j, name, a->items[i], b->items[i], soft, numbers_become_tensors);
    if (!items[i]) return NULL;
  }
  return val_like(L, a, items);
}

static Slot join_slot(Join *j, Slot a, Slot b, bool a_gone, bool b_gone) {
  const Flow *fa = &j->a->flow, *fb = &j->b->flow;
  bool soft = fa->dead || fb->dead;
  if (a_gone || b_gone) {
    Slot out = a_gone ? b : a;
    if (out.val) out.val = join_one(j, out.val, b_gone);
    return out;
  }
  Slot out = fa->dead && !fb->dead ? b : a;
  out.is_constexpr = a.is_constexpr && b.is_constexpr;
  out.partial = a.partial || b.partial;
  if (a.val && b.val) {
    Span at = j->L->here;
    j->L->here = (fa->dead ? b : a).at.source ? (b.at.begin > a.at.begin ? b.at : a.at) : at;
    j->at_a = a.at;
    j->at_b = b.at;
    out.val = join_vals(j, out.name, a.val, b.val, soft, false);
    j->L->here = at;
    if (out.val) return out;
    if (fa->dead != fb->dead) {
      out.val = join_one(j, fa->dead ? b.val : a.val, fb->dead);
      out.partial = true;
      return out;
    }
    return (Slot){.name = a.name, .why = DIFFERS, .at = j->L->here};
  }
  if (!a.val && !b.val) return a;
  bool from_a = a.val != NULL;
  if (from_a ? fb->dead && !fa->dead : fa->dead && !fb->dead) {
    out.val = join_one(j, from_a ? a.val : b.val, from_a);
    out.partial = true;
    return out;
  }
  return (Slot){.name = a.name, .why = BOUND_IN_BRANCH, .at = (from_a ? a : b).at};
}

typedef struct Pair {
  Slot a, b;
  uint32_t slot;
  bool fresh;
} Pair;

static int by_place(const void *x, const void *y) { /* names that existed in order of binding, new ones by name */
  const Pair *a = x, *b = y;
  if (a->fresh != b->fresh) return a->fresh ? 1 : -1;
  if (a->fresh) return strcmp(a->a.name, b->a.name);
  return a->slot < b->slot ? -1 : a->slot > b->slot;
}

static Pair *pair_up(Lang *L, const Changes *a, const Changes *b, uint32_t *n) {
  Pair *pairs = NEWN(L->cx, Pair, a->n + b->n);
  uint32_t count = 0;
  for (uint32_t i = 0, k = 0; i < a->n || k < b->n;) {
    uint32_t sa = i < a->n ? a->at[i].slot : UINT32_MAX, sb = k < b->n ? b->at[k].slot : UINT32_MAX;
    Pair p = {.slot = sa < sb ? sa : sb};
    Slot before = sa <= sb ? a->at[i].before : b->at[k].before;
    p.a = sa <= sb ? a->at[i++].now : before;
    p.b = sb <= sa ? b->at[k++].now : before;
    p.a.name = p.b.name = before.name;
    p.fresh = !before.val;
    pairs[count++] = p;
  }
  if (count) qsort(pairs, count, sizeof *pairs, by_place);
  *n = count;
  return pairs;
}

static Flag join_flag(Join *j, Flag a, Flag b, Value *cond) {
  if (a.state == b.state && a.state != MAYBE) return a;
  if (a.state == MAYBE && b.state == MAYBE && a.value == b.value) return a;
  if (a.state == MAYBE && b.state == YES && a.value == j->guard) return a;
  if (a.state == YES && b.state == NO) return (Flag){MAYBE, cond};
  Flag out = {MAYBE, NULL};
  build_in(j, j->a);
  Value *x = py_flow_flag_value(j->L, a);
  build_in(j, j->b);
  Value *y = py_flow_flag_value(j->L, b);
  vec_push(j->L->cx, &j->va, x);
  vec_push(j->L->cx, &j->vb, y);
  return out; /* join() fills in the result */
}

static Val *join_returned(Join *j) {
  const Flow *a = &j->a->flow, *b = &j->b->flow;
  bool ra = a->returned.state != NO, rb = b->returned.state != NO;
  if (!ra && !rb) return NULL;
  if (ra && rb) {
    if (!a->result && !b->result) return NULL;
    Lang *L = j->L;
    if (!a->result != !b->result)
      lang_fail_at(L, a->result ? b->result_at : a->result_at,
                   "give every `return` of the function the same number of values",
                   "one `return` gives a value and another gives none");
    L->here = b->result_at;
    j->at_a = a->result_at;
    j->at_b = b->result_at;
    Val *v = join_vals(j, "Return type mismatch", a->result, b->result, false, true);
    if (!v)
      lang_fail_at(L, b->result_at, "the condition between them is known only at run time",
                   "the `return`s of one function give %s and %s", val_kind_text(L, a->result),
                   val_kind_text(L, b->result));
    return v;
  }
  Val *mine = ra ? a->result : b->result;
  return mine ? join_one(j, mine, ra) : NULL;
}

static void finish_side(const Join *j, const Branch *side, const Values *values) {
  Builder b = ir_at_end(j->L->cx, side->block);
  b.loc = j->L->b.loc;
  ir_op(&b, OP_YIELD, NULL, 0, values->at, (int)values->len);
}

/* Gives the op its results and its sides their terminators. An empty `else` is erased. */
static void finish_op(Join *j, Type *const *types) {
  ir_add_result_types(j->L->cx, j->op, types, (int)j->va.len);
  finish_side(j, j->a, &j->va);
  if (j->va.len > 0 || j->b->block->first) {
    finish_side(j, j->b, &j->vb);
  } else {
    ir_erase_block(j->b->block);
  }
  for (uint32_t i = 0; i < j->pending.len; i++)
    j->pending.at[i]->value = ir_result(j->op, (int)j->pending.at[i]->integer);
}

/* Both sides of `op`, an scf.if without results so far, are evaluated and their bindings undone: join them, add the results, bind
 * the names, set the flow. `extra` is a pair of values to be joined besides (a conditional expression's). */
static Val *join(Lang *L, Op *op, Branch *a, Branch *b, Val *extra_a, Val *extra_b, Value *guard) {
  Builder after = L->b;
  Join j = {.L = L, .op = op, .a = a, .b = b, .guard = guard};
  Span here = L->here;
  bool a_gone = a->flow.dead && a->flow.returned.state == YES, b_gone = b->flow.dead && b->flow.returned.state == YES;
  uint32_t n;
  Pair *pairs = pair_up(L, &a->changes, &b->changes, &n);
  Slot *slots = NEWN(L->cx, Slot, n);
  if (a_gone && b_gone) n = 0;
  for (uint32_t i = 0; i < n; i++) slots[i] = join_slot(&j, pairs[i].a, pairs[i].b, a_gone, b_gone);
  Val *extra = NULL;
  if (extra_a) {
    j.at_a = j.at_b = (Span){0};
    extra = join_vals(&j, "Ternary expression with dynamic condition has inconsistent types", extra_a, extra_b, false,
                      true);
    if (!extra)
      lang_fail_at(L, here, "the condition is known only at run time",
                   "the two sides of a conditional expression are %s and %s", val_kind_text(L, extra_a),
                   val_kind_text(L, extra_b));
  }
  Flow out = {.dead = a->flow.dead && b->flow.dead};
  out.result = join_returned(&j);
  out.result_at = a->flow.returned.state != NO ? a->flow.result_at : b->flow.result_at;
  L->here = here;
  Value *cond = ir_operand(op, 0);
  Flag *flags[] = {&out.returned, &out.broken, &out.continued};
  const Flag *from_a[] = {&a->flow.returned, &a->flow.broken, &a->flow.continued};
  const Flag *from_b[] = {&b->flow.returned, &b->flow.broken, &b->flow.continued};
  int flag_result[3] = {-1, -1, -1};
  for (int i = 0; i < 3; i++) {
    uint32_t before = j.va.len;
    *flags[i] = join_flag(&j, *from_a[i], *from_b[i], cond);
    if (j.va.len != before) flag_result[i] = (int)before;
  }
  L->b = after;
  int nresults = (int)j.va.len;
  Type **types = NEWN(L->cx, Type *, nresults);
  for (int i = 0; i < nresults; i++) types[i] = j.va.at[i]->type;
  if (nresults == 0 && !a->block->first && !b->block->first) {
    ir_erase(op); /* it is empty */
  } else {
    finish_op(&j, types);
  }
  for (int i = 0; i < 3; i++)
    if (flag_result[i] >= 0) flags[i]->value = ir_result(op, flag_result[i]);
  for (uint32_t i = 0; i < n; i++) py_scope_set(L, L->fn->scope, pairs[i].slot, slots[i]);
  L->fn->flow = out;
  return extra;
}

/* ---- evaluating one side ----------------------------------------------------------------------------------------- */

static Op *begin_if(Lang *L, Value *cond, Branch *a, Branch *b) {
  Op *op = ir_op(&L->b, OP_IF, NULL, 0, &cond, 1);
  a->block = ir_add_block(L->cx, ir_add_region(L->cx, op));
  b->block = ir_add_block(L->cx, ir_add_region(L->cx, op));
  return op;
}

static uint32_t enter_side(Lang *L, const Branch *side) {
  L->b.block = side->block;
  L->b.before = NULL;
  return py_scope_mark(L->fn->scope);
}

static void leave_side(Lang *L, Branch *side, uint32_t mark) {
  side->changes = py_scope_take_back(L, L->fn->scope, mark);
  side->flow = L->fn->flow;
}

static void exec_if(Lang *L, Node *stmt, Nodes tail, bool *tail_done) {
  Val *cond = py_eval(L, stmt->a);
  if (cond->kind != V_TENSOR) {
    py_exec_block(L, val_truth(L, cond, stmt->a->span) ? stmt->body : stmt->orelse);
    return;
  }
  Value *c = lang_condition(L, cond, stmt->a->span)->value;
  lang_at(L, stmt->span);
  Loc *loc = L->b.loc;
  Branch a, b;
  Flow start = L->fn->flow;
  Builder outer = L->b;
  Op *op = begin_if(L, c, &a, &b);

  uint32_t mark = enter_side(L, &a);
  py_exec_block(L, stmt->body);
  leave_side(L, &a, mark);

  L->fn->flow = start;
  mark = enter_side(L, &b);
  py_exec_block(L, stmt->orelse);
  bool b_dead = L->fn->flow.dead;
  if (a.flow.dead && !b_dead) { /* rule 2 of this file's head */
    py_exec_block(L, tail);
    *tail_done = true;
  }
  leave_side(L, &b, mark);

  if (b_dead && !a.flow.dead) {
    mark = enter_side(L, &a);
    for (uint32_t i = 0; i < a.changes.n; i++) py_scope_set(L, L->fn->scope, a.changes.at[i].slot, a.changes.at[i].now);
    L->fn->flow = a.flow;
    py_exec_block(L, tail);
    *tail_done = true;
    leave_side(L, &a, mark);
  }
  L->b = outer;
  L->here = stmt->span;
  L->b.loc = loc;
  join(L, op, &a, &b, NULL, NULL, NULL);
}

void py_flow_guarded(Lang *L, void (*body)(Lang *L, void *arg), void *arg) {
  Flow before = L->fn->flow;
  Flag *flags[] = {&before.returned, &before.broken, &before.continued};
  Value *left = NULL;
  int set = 0;
  for (int i = 0; i < 3; i++) {
    if (flags[i]->state != MAYBE) continue;
    left = left ? ir_make(&L->b, OP_ORI, left->type, left, flags[i]->value, NULL) : flags[i]->value;
    set++;
  }
  Branch a, b;
  Value *stay = value_not(L, left);
  Builder outer = L->b;
  Op *op = begin_if(L, stay, &a, &b);
  L->fn->flow = (Flow){0};
  uint32_t mark = enter_side(L, &a);
  body(L, arg);
  leave_side(L, &a, mark);

  /* The other side is where an exit was taken: known, if there was only one kind. */
  b.changes = (Changes){0};
  b.flow = before;
  b.flow.dead = true;
  Flag *other[] = {&b.flow.returned, &b.flow.broken, &b.flow.continued};
  Flag *inner[] = {&a.flow.returned, &a.flow.broken, &a.flow.continued};
  for (int i = 0; i < 3; i++) {
    if (other[i]->state == MAYBE && set == 1) other[i]->state = YES;
    /* Not taken inside: the flag is what it was, for it is false wherever the inside ran. */
    if (inner[i]->state != NO || flags[i]->state != MAYBE) continue;
    *inner[i] = *flags[i];
    if (set > 1) *other[i] = *flags[i];
    if (i == 0) a.flow.result = before.result;
  }
  L->b = outer;
  join(L, op, &a, &b, NULL, NULL, set == 1 ? left : NULL);
}

/* ---- conditional expressions ------------------------------------------------------------------------------------- */

Val *py_eval_ifexp(Lang *L, Node *e) {
  Val *cond = py_eval(L, e->b);
  if (cond->kind != V_TENSOR) return py_eval(L, val_truth(L, cond, e->b->span) ? e->a : e->c);
  Value *c = lang_condition(L, cond, e->b->span)->value;
  lang_at(L, e->span);
  Loc *loc = L->b.loc;
  Builder outer = L->b;
  Branch a, b;
  Op *op = begin_if(L, c, &a, &b);
  uint32_t mark = enter_side(L, &a);
  Val *x = py_eval(L, e->a);
  leave_side(L, &a, mark);
  mark = enter_side(L, &b);
  Val *y = py_eval(L, e->c);
  leave_side(L, &b, mark);
  L->b = outer;
  L->b.loc = loc;
  L->here = e->span;
  return join(L, op, &a, &b, x, y, NULL);
}

/* ---- statement lists --------------------------------------------------------------------------------------------- */

static void exec_list(Lang *L, Nodes body);
static void exec_rest(Lang *L, void *arg) { exec_list(L, *(Nodes *)arg); }

static void exec_list(Lang *L, Nodes body) {
  for (uint32_t i = 0; i < body.len; i++) {
    Nodes rest = {body.at + i, body.len - i};
    if (L->fn->flow.dead) return;
    if (py_flow_may_have_left(&L->fn->flow)) { /* rule 3 */
      lang_at(L, body.at[i]->span);
      py_flow_guarded(L, exec_rest, &rest);
      return;
    }
    if (body.at[i]->kind != N_IF) {
      py_exec_stmt(L, body.at[i]);
      continue;
    }
    bool done = false;
    Span old = L->here;
    exec_if(L, body.at[i], (Nodes){rest.at + 1, rest.len - 1}, &done);
    L->here = old;
    if (done) return;
  }
}

void py_exec_block(Lang *L, Nodes body) {
  if (++L->depth > PY_MAX_DEPTH)
    lang_fail(L, "split it into several functions", "this is nested too deeply to compile");
  exec_list(L, body);
  L->depth--;
}
