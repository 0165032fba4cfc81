/* stmt.c: the statements that are not control flow: assignments, `return` and the other exits, `assert`, `del`. */
#include "lang/python/python.h"

#include <string.h>

/* ---- assignments ------------------------------------------------------------------------------------------------- */

static Val *eval_named_value(Lang *L, Node *value, Node *target, Node *stmt) {
  const char *old = L->name_hint;
  L->name_hint = target->kind == N_NAME ? target->name : NULL;
  Val *v = py_eval(L, value);
  lang_at(L, value->span);
  v = py_assign_value(L, v, L->name_hint);
  L->name_hint = old;
  L->here = stmt->span;
  return v;
}

/* The fields of an object under construction keep constants, as the constructor of a class of Python's does. */
void py_exec_assign(Lang *L, Node *s) {
  Val *v = s->items.at[0]->kind == N_ATTRIBUTE ? py_eval(L, s->b) : eval_named_value(L, s->b, s->items.at[0], s);
  for (uint32_t i = 0; i < s->items.len; i++) py_assign_target(L, s->items.at[i], v, s);
}

void py_exec_augassign(Lang *L, Node *s) {
  if (s->a->kind != N_NAME) py_assign_target(L, s->a, val_none(L), s); /* says why not */
  const char *old = L->name_hint;
  Val *a = py_eval(L, s->a);
  L->name_hint = s->a->name;
  Val *b = py_eval(L, s->b);
  Val *v;
  lang_at(L, s->span);
  if (val_is_const(a) && val_is_const(b)) {
    v = py_binary(L, (BinaryOp)s->op, a, b);
  } else {
    v = sem_binary(L, (BinaryOp)s->op, a, b);
  }
  v = py_assign_value(L, v, s->a->name);
  L->name_hint = old;
  py_assign_target(L, s->a, v, s);
}

void py_exec_annassign(Lang *L, Node *s) {
  if (!s->b) return; /* a bare annotation */
  if (!py_annotation_is_constexpr(s->c)) {
    py_assign_target(L, s->a, eval_named_value(L, s->b, s->a, s), s);
    return;
  }
  if (s->a->kind != N_NAME) lang_fail_at(L, s->a->span, NULL, "only a name can be a tl.constexpr");
  Val *v = py_eval(L, s->b);
  if (val_has_tensor(v)) { /* a run-time value keeps being one: what needs a constant of it says so */
    py_assign_target(L, s->a, py_assign_value(L, v, s->a->name), s);
    return;
  }
  Slot slot = {.name = s->a->name, .val = val_constexpr(L, v), .at = s->span, .is_constexpr = true};
  py_scope_set(L, L->fn->scope, py_scope_slot(L, L->fn->scope, s->a->name), slot);
}

/* ---- exits ------------------------------------------------------------------------------------------------------- */

void py_exec_return(Lang *L, Node *s) {
  Val *v = s->a ? py_eval(L, s->a) : NULL;
  if (v && v->kind == V_NONE) v = NULL;
  if (v && !L->options.returns && !L->fn->caller && !L->fn->in_place)
    lang_fail_at(L, s->a->span, "write the result to memory with tl.store", "a kernel cannot return a value");
  Flow *f = &L->fn->flow;
  f->returned = (Flag){.state = YES};
  f->result = v;
  f->result_at = s->a ? s->a->span : s->span;
  f->dead = true;
}

static Flow *leave_loop(Lang *L, const Node *s, const char *word) {
  if (L->fn->loops == 0) lang_fail_at(L, s->span, NULL, "`%s` is not inside a loop", word);
  L->fn->flow.dead = true;
  return &L->fn->flow;
}

void py_exec_break(Lang *L, Node *s) { leave_loop(L, s, "break")->broken = (Flag){.state = YES}; }
void py_exec_continue(Lang *L, Node *s) { leave_loop(L, s, "continue")->continued = (Flag){.state = YES}; }

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

void py_exec_assert(Lang *L, Node *s) {
  Val *cond = py_eval(L, s->a);
  Val *message = NULL;
  if (cond->kind != V_TENSOR) {
    if (val_truth(L, cond, s->a->span)) return;
    message = s->b ? py_eval(L, s->b) : NULL;
    Buf text = {.cx = L->cx};
    if (message) val_python_str(L, &text, message);
    lang_fail_at(L, s->a->span, NULL, message ? "the assertion does not hold: %s" : "the assertion does not hold%s",
                 buf_text(&text));
  }
  message = s->b ? py_eval(L, s->b) : val_str(L, "", 0);
  if (message->kind != V_STR)
    lang_fail_at(L, s->b->span, NULL, "an assertion's message must be a string known at compile time");
  const Builtin *device_assert = lang_find_builtin(L, "tl.device_assert");
  if (!device_assert)
    lang_fail_at(L, s->span, "tl.static_assert checks at compile time",
                 "`assert` on a run-time value is not supported");
  Val *values[] = {cond, message};
  const char *names[] = {NULL, NULL};
  Span spans[] = {s->a->span, s->b ? s->b->span : s->span};
  Args args = {values, names, spans, 2, s->span};
  lang_at(L, s->span);
  builtin_call(L, device_assert, NULL, &args);
}

void py_exec_delete(Lang *L, Node *s) {
  for (uint32_t i = 0; i < s->items.len; i++) {
    Node *t = s->items.at[i];
    if (t->kind != N_NAME) lang_fail_at(L, t->span, NULL, "`del` takes names only");
    py_scope_lookup(L, t->name, t->span);
    uint32_t slot = py_scope_slot(L, L->fn->scope, t->name);
    py_scope_set(L, L->fn->scope, slot, (Slot){.name = t->name, .why = DELETED, .at = s->span});
  }
}

void py_exec_function(Lang *L, Node *s) {
  if (s->items.len || s->op)
    lang_fail_at(L, s->span, "define it at module level", "a function defined inside a kernel cannot be %s",
                 s->op ? "`async`" : "decorated");
  Val *v = NEW(L->cx, Val);
  v->kind = V_LAMBDA;
  v->node = s;
  v->scope = L->fn->scope;
  py_scope_bind(L, L->fn->scope, s->name, v, s->span);
}

/* A string alone is a docstring. */
void py_exec_expression(Lang *L, Node *s) {
  Node *e = s->a;
  if (e->kind == N_STR) return;
  L->called = NULL;
  py_eval(L, e);
  if (e->kind == N_CALL && L->called && L->called->must_use_result)
    lang_fail_at(L, e->span, NULL, "the result of `%s` is not used", L->called->name);
}

void py_exec_pass(Lang *L, Node *s) {
  (void)L;
  (void)s;
}
