/* stmt.c: the statements that are not control flow: assignments, `return` and the other exits, `assert`, `del`; and the
 * refusal, by name, of those that have no meaning in a kernel.
 */
#include "lang/python/python.h"

#include <string.h>

/* ---- assignment -------------------------------------------------------------------------------------------------- */

static void name_value(Lang *L, Val *v, const char *name) {
  if (v->kind != V_TENSOR || v->value->hint) return;
  v->value->hint = name;
  Loc *loc = v->value->op ? v->value->op->loc : NULL;
  if (loc && loc->kind == LOC_FILE) v->value->op->loc = ir_loc_name(L->cx, name, loc);
}

/* As in the reference, a number that is assigned is a tensor from then on; only `name: tl.constexpr = …` stays a
 * compile-time value. What cannot be a tensor (None, strings, types, functions) stays what it is. */
Val *py_assign_value(Lang *L, Val *v, const char *name) {
  if (val_is_number(v)) v = sem_to_tensor(L, v);
  if (v->kind == V_TENSOR) {
    if (name) name_value(L, v, name);
    return v;
  }
  if ((v->kind != V_TUPLE && v->kind != V_LIST) || py_class_keeps_constants(L, v)) return v;
  Val **items = NEWN(L->cx, Val *, v->len);
  bool changed = false;
  for (size_t i = 0; i < v->len; i++) {
    items[i] = py_assign_value(L, v->items[i], name);
    changed = changed || items[i] != v->items[i];
  }
  if (!changed) return v;
  return val_like(L, v, items);
}

static void assign_unpacked(Lang *L, Node *target, Val *v, Node *stmt) {
  Val **items;
  size_t n;
  if (!val_iterate(L, v, &items, &n))
    lang_fail_at(L, target->span,
                 v->kind == V_TENSOR ? "a tensor's elements are not Python values; use tl.split or masks" : NULL,
                 "%s cannot be unpacked into %u names", val_kind_text(L, v), target->items.len);
  size_t wanted = target->items.len, star = SIZE_MAX;
  for (size_t i = 0; i < wanted; i++) {
    if (target->items.at[i]->kind != N_STARRED) continue;
    if (star != SIZE_MAX)
      lang_fail_at(L, target->items.at[i]->span, NULL, "only one name of an assignment may be starred");
    star = i;
  }
  if (star == SIZE_MAX ? n != wanted : n + 1 < wanted)
    lang_fail_at(L, target->span, NULL, "%zu value%s cannot be unpacked into %s%zu name%s", n, n == 1 ? "" : "s",
                 star == SIZE_MAX ? "" : "at least ", star == SIZE_MAX ? wanted : wanted - 1,
                 (star == SIZE_MAX ? wanted : wanted - 1) == 1 ? "" : "s");
  size_t from = 0;
  for (size_t i = 0; i < wanted; i++) {
    if (i != star) {
      py_assign_target(L, target->items.at[i], items[from++], stmt);
      continue;
    }
    size_t count = n + 1 - wanted;
    py_assign_target(L, target->items.at[i]->a, val_list(L, items + from, count), stmt);
    from += count;
  }
}

/* Bind `v` as it is. `stmt` is the assignment, or NULL when a loop or a comprehension binds its variable. */
void py_assign_target(Lang *L, Node *target, Val *v, Node *stmt) {
  switch (target->kind) {
  case N_NAME:
    if (v->kind == V_TENSOR) name_value(L, v, target->name);
    py_scope_bind(L, L->fn->scope, target->name, v, stmt ? stmt->span : target->span);
    return;
  case N_TUPLE:
  case N_LIST: assign_unpacked(L, target, v, stmt); return;
  case N_SUBSCRIPT:
    lang_fail_at(L, target->span, "tensors are values: make a new one with tl.where, or write memory with tl.store",
                 "assignment to an element is not possible");
  case N_ATTRIBUTE: py_class_set_field(L, py_eval(L, target->a), target->name, v, target->span); return;
  default: lang_fail_at(L, target->span, NULL, "%s cannot be assigned to", syn_kind_text(target->kind));
  }
}

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
static void exec_assign(Lang *L, Node *s) {
  Val *v = s->items.at[0]->kind == N_ATTRIBUTE ? py_eval(L, s->b) : eval_named_value(L, s->b, s->items.at[0], s);
  for (uint32_t i = 0; i < s->items.len; i++) py_assign_target(L, s->items.at[i], v, s);
}

static void exec_augassign(Lang *L, Node *s) {
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

bool py_annotation_is_constexpr(const Node *annotation) {
  if (!annotation) return false;
  if (annotation->kind == N_NAME || annotation->kind == N_ATTRIBUTE) return strcmp(annotation->name, "constexpr") == 0;
  if (annotation->kind != N_STR) return false;
  const char *dot = strrchr(annotation->name, '.');
  return strcmp(dot ? dot + 1 : annotation->name, "constexpr") == 0;
}

static void exec_annassign(Lang *L, Node *s) {
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
  Val *copy = NEW(L->cx, Val);
  *copy = *v;
  copy->constexpr_ = true;
  Slot slot = {.name = s->a->name, .val = copy, .at = s->span, .is_constexpr = true};
  py_scope_set(L, L->fn->scope, py_scope_slot(L, L->fn->scope, s->a->name), slot);
}

/* ---- exits ------------------------------------------------------------------------------------------------------- */

static void exec_return(Lang *L, Node *s) {
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

static void exec_leave(Lang *L, const Node *s) {
  Flow *f = &L->fn->flow;
  if (L->fn->loops == 0)
    lang_fail_at(L, s->span, NULL, "`%s` is not inside a loop", s->kind == N_BREAK ? "break" : "continue");
  if (s->kind == N_BREAK) {
    f->broken = (Flag){.state = YES};
  } else {
    f->continued = (Flag){.state = YES};
  }
  f->dead = true;
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static void exec_assert(Lang *L, Node *s) {
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
  const Builtin *device_assert = builtin_find("tl.device_assert");
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

static void exec_delete(Lang *L, Node *s) {
  for (uint32_t i = 0; i < s->items.len; i++) {
    Node *t = s->items.at[i];
    if (t->kind != N_NAME) lang_fail_at(L, t->span, NULL, "`del` takes names only");
    py_scope_lookup(L, t->name, t->span);
    uint32_t slot = py_scope_slot(L, L->fn->scope, t->name);
    py_scope_set(L, L->fn->scope, slot, (Slot){.name = t->name, .why = DELETED, .at = s->span});
  }
}

static void exec_function(Lang *L, Node *s) {
  if (s->items.len || s->op)
    lang_fail_at(L, s->span, "define it at module level", "a function defined inside a kernel cannot be %s",
                 s->op ? "`async`" : "decorated");
  Val *v = NEW(L->cx, Val);
  v->kind = V_LAMBDA;
  v->node = s;
  v->scope = L->fn->scope;
  py_scope_bind(L, L->fn->scope, s->name, v, s->span);
}

static const char *refusal_hint(NodeKind kind) {
  switch (kind) {
  case N_RAISE: return "tl.static_assert fails at compile time, tl.device_assert when the kernel runs";
  case N_TRY: return "a kernel raises no exceptions";
  case N_IMPORT:
  case N_IMPORT_FROM: return "import at module level";
  case N_GLOBAL:
  case N_NONLOCAL: return "return the value, or write it to memory with tl.store";
  case N_CLASS: return "define it at module level; a kernel works with tensors, numbers and tuples";
  case N_MATCH: return "use `if` and `elif`";
  default: return NULL;
  }
}

static void exec_expression(Lang *L, Node *e) {
  L->called = NULL;
  py_eval(L, e);
  if (e->kind == N_CALL && L->called && L->called->must_use_result)
    lang_fail_at(L, e->span, NULL, "the result of `%s` is not used", L->called->name);
}

void py_exec_stmt(Lang *L, Node *s) {
  Span old = L->here;
  L->here = s->span;
  switch (s->kind) {
  case N_EXPR:
    if (s->a->kind != N_STR) exec_expression(L, s->a); /* a docstring */
    break;
  case N_ASSIGN: exec_assign(L, s); break;
  case N_AUGASSIGN: exec_augassign(L, s); break;
  case N_ANNASSIGN: exec_annassign(L, s); break;
  case N_WHILE: py_flow_while(L, s); break;
  case N_FOR: py_flow_for(L, s); break;
  case N_RETURN: exec_return(L, s); break;
  case N_PASS: break;
  case N_BREAK:
  case N_CONTINUE: exec_leave(L, s); break;
  case N_ASSERT: exec_assert(L, s); break;
  case N_DELETE: exec_delete(L, s); break;
  case N_FUNCTION: exec_function(L, s); break;
  default: lang_fail_at(L, s->span, refusal_hint(s->kind), "%s cannot be used in a kernel", syn_kind_text(s->kind));
  }
  L->here = old;
}
