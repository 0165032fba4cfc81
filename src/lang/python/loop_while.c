/* loop_while.c: `while` (the page at the top of loop.c). */
#include "lang/python/loop_shared.h"

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

/* The condition, in the first region; false: it is known not to hold, and there is no loop. */
static bool while_condition(Lang *L, While *w) {
  Node *stmt = w->loop->stmt;
  uint32_t mark = py_scope_mark(L->fn->scope);
  build_at(L, w->before);
  py_loop_bind_carried(L, w->loop, w->before);
  w->condition = py_eval(L, stmt->a);
  if (w->condition->kind == V_TENSOR)
    w->test = lang_condition(L, w->condition, stmt->a->span)->value;
  else if (!val_truth(L, w->condition, stmt->a->span)) {
    py_scope_take_back(L, L->fn->scope, mark);
    return false;
  }
  py_scope_take_back(L, L->fn->scope, mark);
  return true;
}

/* The body, in the second region; false: more is carried than was known, and the loop is built again. */
static bool while_body(Lang *L, While *w) {
  Node *stmt = w->loop->stmt;
  lang_at(L, stmt->span);
  uint32_t mark = py_scope_mark(L->fn->scope);
  build_at(L, w->after);
  py_loop_bind_carried(L, w->loop, w->after);
  w->flow = py_loop_run_body(L, stmt);
  w->changes = py_scope_take_back(L, L->fn->scope, mark);
  lang_at(L, stmt->span);
  py_loop_collect_yields(L, w->loop, &w->changes, &w->yields);
  lang_at(L, stmt->span);
  w->exit = py_loop_find_exit(L, &w->flow);
  w->loop->again = false;
  py_loop_check_others(L, w->loop, &w->changes);
  return !w->loop->again;
}

/* What says that the loop is left is carried, too. */
static void while_carry_exit(Lang *L, While *w) {
  Exit *x = &w->exit;
  L->b = ir_before(L->cx, w->op);
  lang_at(L, w->loop->stmt->span);
  py_loop_exit_inits(L, x);
  for (uint32_t i = 0; i < x->inits.len; i++) ir_add_operand(L->cx, w->op, x->inits.at[i]);
  Type **types = py_loop_types(L, &x->inits);
  py_loop_add_args(L, w->before, types, (int)x->inits.len, NULL);
  py_loop_add_args(L, w->after, types, (int)x->inits.len, NULL);
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
  ir_add_result_types(L->cx, w->op, py_loop_types(L, &w->yields), (int)w->yields.len);
}

/* What holds after the loop. */
static void while_leave(Lang *L, While *w, int ncarried) {
  py_loop_bind_results(L, w->loop, py_loop_results(L, w->op, 0));
  py_loop_exit_flow(L, &w->exit, py_loop_results(L, w->op, ncarried));
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
  py_loop_find_carried(L, loop);
  Builder outer = L->b;
  While w = {.loop = loop};
  w.op = ir_op(&L->b, OP_WHILE, NULL, 0, loop->inits.at, (int)loop->inits.len);
  w.before = new_region(L, w.op);
  w.after = new_region(L, w.op);
  bool around = L->condition_stays, runs;
  L->condition_stays = false;
  runs = while_condition(L, &w);
  bool done = runs && while_body(L, &w);
  if (L->condition_stays) py_loop_keep_invariants(L->cx, w.op);
  L->condition_stays = around;
  if (!done) {
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

static Node *node_at(Lang *L, NodeKind kind, Span span) {
  Node *n = NEW(L->cx, Node);
  n->kind = kind;
  n->span = span;
  return n;
}

/* Where the loop has an `else`, it is this that says that its condition ended it. No name that a program can spell, and
 * another one for each loop. */
static const char *ended_name(Lang *L, const Node *stmt) {
  return intern(L->cx, ctx_printf(L->cx, "the condition at %zu ended the loop", (size_t)stmt->span.begin));
}

/* `name = True` */
static Node *note_end(Lang *L, const Node *stmt, const char *name) {
  Node *set = node_at(L, N_ASSIGN, stmt->a->span), *target = node_at(L, N_NAME, stmt->a->span);
  Node **targets = NEW(L->cx, Node *);
  target->name = name;
  *targets = target;
  set->items = (Nodes){targets, 1};
  set->b = node_at(L, N_TRUE, stmt->a->span);
  return set;
}

/* A condition that binds names (`:=`) is the beginning of the body: `while True:` and `if not CONDITION: break`. What it
 * binds is then carried, or not, as anything that the body binds. The tree is made once, for names are cached by node. */
static Node *with_test_in_body(Lang *L, Node *stmt) {
  Map *made = &L->fn->info->tests_in_bodies;
  Node *loop = map_get(made, stmt);
  if (loop) return loop;
  Node *test = node_at(L, N_IF, stmt->a->span), **statements = NEWN(L->cx, Node *, stmt->body.len + 3);
  test->a = node_at(L, N_UNARY, stmt->a->span);
  test->a->op = U_NOT;
  test->a->a = stmt->a;
  bool has_else = stmt->orelse.len > 0;
  statements[0] = note_end(L, stmt, ended_name(L, stmt));
  statements[1] = node_at(L, N_BREAK, stmt->a->span);
  test->body = (Nodes){statements + !has_else, 1 + has_else};
  statements[2] = test;
  for (uint32_t i = 0; i < stmt->body.len; i++) statements[i + 3] = stmt->body.at[i];
  loop = node_at(L, N_WHILE, stmt->span);
  loop->a = node_at(L, N_TRUE, stmt->a->span);
  loop->body = (Nodes){statements + 2, stmt->body.len + 1};
  map_put(L->cx, made, stmt, loop);
  return loop;
}

static void bind_poison(Lang *L, const Change *c) {
  Values given = {0}, poison = {0};
  size_t next = 0;
  val_flatten(L, c->now.val, &given);
  for (uint32_t i = 0; i < given.len; i++) vec_push(L->cx, &poison, py_value_poison(L, given.at[i]->type));
  Val *v = given.len ? val_rebuild(L, c->now.val, poison.at, &next) : c->now.val;
  py_scope_bind(L, L->fn->scope, c->now.name, v, c->now.at);
}

/* The condition is asked at least once, so what it binds has a value after the loop. Of which type, a first evaluation
 * says, whose ops are dropped. */
static void bind_condition_names(Lang *L, const Node *stmt) {
  Builder outer = L->b;
  Op *op = ir_op(&L->b, OP_WHILE, NULL, 0, NULL, 0);
  build_at(L, new_region(L, op));
  uint32_t mark = py_scope_mark(L->fn->scope);
  py_eval(L, stmt->a);
  Changes changes = py_scope_take_back(L, L->fn->scope, mark);
  L->b = outer;
  for (uint32_t i = 0; i < changes.n; i++)
    if (!changes.at[i].before.val && changes.at[i].now.val) bind_poison(L, &changes.at[i]);
  ir_erase(op);
}

static void build_while(Lang *L, Loop *loop) {
  do { lang_at(L, loop->stmt->span); } while (!try_while(L, loop));
}

void py_exec_while(Lang *L, Node *stmt) {
  Loop loop = {.stmt = stmt};
  if (!py_assigned_names(L, stmt->a)->len) {
    build_while(L, &loop);
    py_loop_else(L, stmt, loop.left);
    return;
  }
  lang_at(L, stmt->span);
  bind_condition_names(L, stmt);
  loop.stmt = with_test_in_body(L, stmt);
  const char *ended = ended_name(L, stmt);
  if (stmt->orelse.len)
    py_scope_bind(L, L->fn->scope, ended, val_tensor(L, py_value_i1(L, false), lt_scalar(L, L_INT1)), stmt->span);
  build_while(L, &loop);
  if (stmt->orelse.len) py_loop_else_if(L, stmt, ended);
}
