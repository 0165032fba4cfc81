/* loop_carried.c: what a loop carries from one iteration to the next, and how it may be left (loop.c). */
#include "lang/python/loop_shared.h"

#include <stdlib.h>

/* ---- what is carried --------------------------------------------------------------------------------------------- */

/* Numbers among a carried value's items become tensors, so that an iteration may change them. */
static Val *as_tensors(Lang *L, Val *v) {
  if (val_is_number(v)) return sem_to_tensor(L, v);
  if ((v->kind != V_TUPLE && v->kind != V_LIST) || !v->len || py_class_keeps_constants(L, v)) return v;
  Val **items = NEWN(L->cx, Val *, v->len);
  for (size_t i = 0; i < v->len; i++) items[i] = as_tensors(L, v->items[i]);
  return val_like(L, v, items);
}

static int by_number(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

void py_loop_find_carried(Lang *L, Loop *loop) {
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
    vec_push(L->cx, &slots, slot);
  }
  if (slots.len) qsort(slots.at, slots.len, sizeof *slots.at, by_number); /* in order of first binding */
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

/* Block arguments for what is carried, bound to the names. */
void py_loop_bind_carried(Lang *L, Loop *loop, Block *block) {
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

void py_loop_collect_yields(Lang *L, Loop *loop, const Changes *changes, Values *out) {
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
void py_loop_check_others(Lang *L, Loop *loop, const Changes *changes) {
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

void py_loop_bind_results(Lang *L, Loop *loop, Value *const *results) {
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

/* At the end of the body (the builder is there): which flags and values are yielded. */
Exit py_loop_find_exit(Lang *L, const Flow *flow) {
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
void py_loop_exit_inits(Lang *L, Exit *x) {
  uint32_t flags = x->own_returned ? 2 : 1;
  for (uint32_t i = 0; i < x->yields.len; i++) {
    Value *v = i < flags ? py_value_i1(L, false) : py_value_poison(L, x->yields.at[i]->type);
    vec_push(L->cx, &x->inits, v);
  }
}

Flow py_loop_run_body(Lang *L, Node *stmt) {
  Flow start = L->fn->flow;
  L->fn->flow = (Flow){0};
  L->fn->loops++;
  py_exec_block(L, stmt->body);
  L->fn->loops--;
  Flow end = L->fn->flow;
  L->fn->flow = start;
  return end;
}

Value **py_loop_results(Lang *L, Op *op, int from) {
  int n = op->nresults - from;
  Value **out = NEWN(L->cx, Value *, n);
  for (int i = 0; i < n; i++) out[i] = ir_result(op, from + i);
  return out;
}

Type **py_loop_types(Lang *L, const Values *v) {
  Type **types = NEWN(L->cx, Type *, v->len);
  for (uint32_t i = 0; i < v->len; i++) types[i] = v->at[i]->type;
  return types;
}

void py_loop_exit_flow(Lang *L, const Exit *x, Value *const *results) {
  if (!x->may_leave || !x->may_return) return;
  L->fn->flow.returned = (Flag){MAYBE, results[x->own_returned ? 1 : 0]};
  if (!x->result) return;
  size_t next = 0;
  L->fn->flow.result = val_rebuild(L, x->result, results + (x->own_returned ? 2 : 1), &next);
  L->fn->flow.result_at = x->result_at;
}

/* `else` after a loop: what runs where no `break` was taken. `left` is set where the loop was left early; NULL: it never
 * is. (Where it was left by `return`, what follows is guarded anyway.) */
void py_loop_else(Lang *L, Node *stmt, Value *left) {
  if (!stmt->orelse.len || L->fn->flow.dead) return;
  if (!left) {
    py_exec_block(L, stmt->orelse);
    return;
  }
  const char *name = intern(L->cx, "the loop ran to its end"); /* no name that a program can spell */
  lang_at(L, stmt->span);
  Value *ended = ir_make(&L->b, OP_XORI, left->type, left, py_value_i1(L, true), NULL);
  py_scope_bind(L, L->fn->scope, name, val_tensor(L, ended, lt_scalar(L, L_INT1)), stmt->span);
  py_loop_else_if(L, stmt, name);
}

void py_loop_else_if(Lang *L, Node *stmt, const char *name) {
  if (L->fn->flow.dead) return;
  Node *condition = NEW(L->cx, Node), *branch = NEW(L->cx, Node);
  *condition = (Node){.kind = N_NAME, .span = stmt->span, .name = name};
  *branch = (Node){.kind = N_IF, .span = stmt->span, .a = condition, .body = stmt->orelse};
  Node **list = NEW(L->cx, Node *);
  *list = branch;
  py_exec_block(L, (Nodes){list, 1});
}

void py_loop_keep_invariants(Ctx *cx, Op *op) {
  Attr *yes = ir_attr_bool(cx, true);
  Attr *licm = ir_attr_dialect(cx, "llvm.loop_licm", (const char *[]){"disable"}, &yes, 1);
  ir_set_attr(cx, op, "llvm.loop_annotation",
              ir_attr_dialect(cx, "llvm.loop_annotation", (const char *[]){"licm"}, &licm, 1));
}

void py_loop_add_args(Lang *L, Block *block, Type *const *types, int n, const Block *like) {
  for (int i = 0; i < n; i++)
    ir_add_arg(L->cx, block, types[i], like && i < like->nargs ? like->args[i]->loc : L->b.loc);
}
