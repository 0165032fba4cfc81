/* call.c: calls: their argument lists, and what the host and the language's own functions make of them. */
#include "lang/python/python.h"

#include <string.h>

/* ---- argument lists ---------------------------------------------------------------------------------------------- */

typedef struct ArgList {
  Val **at;
  uint32_t len, cap;
  Vec(const char *) names;
  Vec(Span) spans;
} ArgList;

static void push_arg(Lang *L, ArgList *list, Val *v, const char *name, Span span) {
  vec_push(L->cx, list, v);
  vec_push(L->cx, &list->names, name);
  vec_push(L->cx, &list->spans, span);
}

static void push_starred(Lang *L, ArgList *list, Node *e) {
  Val *v = py_eval(L, e->a);
  Val **items;
  size_t n;
  if (!val_iterate(L, v, &items, &n))
    lang_fail_at(L, e->span, NULL, "%s cannot be spread with `*`", val_kind_text(L, v));
  for (size_t i = 0; i < n; i++) push_arg(L, list, items[i], NULL, e->span);
}

static void push_keywords(Lang *L, ArgList *list, const Node *keyword) {
  Val *v = py_eval(L, keyword->a);
  if (keyword->name) {
    push_arg(L, list, v, keyword->name, keyword->span);
    return;
  }
  if (v->kind != V_DICT) lang_fail_at(L, keyword->span, NULL, "%s cannot be spread with `**`", val_kind_text(L, v));
  for (size_t i = 0; i < v->len; i++) {
    if (v->items[i]->kind != V_STR)
      lang_fail_at(L, keyword->span, NULL, "keyword arguments need names that are strings");
    push_arg(L, list, v->items2[i], v->items[i]->text, keyword->span);
  }
}

static Args finish_args(const ArgList *list, Span call) {
  return (Args){list->at, list->names.at, list->spans.at, list->len, call};
}

Val *py_eval_call_node(Lang *L, Node *e) {
  Val *callee, *self = NULL;
  if (e->a->kind == N_ATTRIBUTE) { /* a method of a known value has no value of its own */
    Val *of = py_eval(L, e->a->a);
    if (of->kind == V_STR || of->kind == V_TUPLE || of->kind == V_LIST || of->kind == V_DICT) self = of;
    callee = self && !(self->kind == V_TUPLE && self->names) ? NULL : py_attribute_of(L, of, e->a->name, e->a->span);
  } else {
    callee = py_eval(L, e->a);
  }
  ArgList list = {0};
  for (uint32_t i = 0; i < e->items.len; i++) {
    Node *item = e->items.at[i];
    if (item->kind == N_STARRED) {
      push_starred(L, &list, item);
    } else {
      push_arg(L, &list, py_eval(L, item), NULL, item->span);
    }
  }
  for (uint32_t i = 0; i < e->keywords.len; i++) push_keywords(L, &list, e->keywords.at[i]);
  Args args = finish_args(&list, e->span);
  lang_at(L, e->span);
  Val *v = callee ? py_eval_call(L, callee, &args) : py_method_call(L, self, e->a->name, &args);
  if (!callee || callee->kind != V_FUNCTION) L->called = NULL;
  return v;
}

/* ---- who is called ----------------------------------------------------------------------------------------------- */

/* The object whose method the host evaluates: of its fields that are known at run time only it sees handles. */
static void self_to_host(Lang *L, const Val *self, ttc_value *out) {
  ttc_value *items = NEWN(L->cx, ttc_value, self->len + 1);
  for (size_t i = 0; i < self->len; i++) {
    if (val_has_tensor(self->items[i]))
      items[i] = (ttc_value){.kind = TTC_HANDLE, .object = self->items[i]};
    else
      py_val_to_host(L, self->items[i], &items[i]);
  }
  Val *class = py_class_of_object(L, self);
  *out = (ttc_value){.kind = TTC_TUPLE, .is_constexpr = true, .items = items, .len = self->len, .names = self->names};
  out->object = class->host.object;
}

static Val *call_host_function(Lang *L, Val *callee, const Args *args) {
  if (!L->host || !L->host->call)
    lang_fail(L, "only functions marked @triton.jit can be called where no Python runs",
              "`%s` is a function of the host", callee->host.text ? callee->host.text : "it");
  ttc_value *values = NEWN(L->cx, ttc_value, args->n);
  for (size_t i = 0; i < args->n; i++) {
    bool run_time = val_has_tensor(args->at[i]);
    if (callee->self && i == 0) {
      self_to_host(L, callee->self, &values[i]);
      continue;
    }
    if (run_time && callee->host.len == 1) {
      values[i] = (ttc_value){.kind = TTC_HANDLE, .object = args->at[i]};
      continue;
    }
    if (run_time)
      lang_fail_at(L, args->spans[i], "mark the function @triton.jit, or pass compile-time values only",
                   "a Python function cannot take %s", val_kind_text(L, args->at[i]));
    py_val_to_host(L, args->at[i], &values[i]);
  }
  ttc_value out = {0};
  if (L->host->call(L->host->self, &callee->host, values, args->names, args->n, &out) <= 0) ctx_throw(L->cx, ERR_HOST);
  Val *given = py_val_from_host(L, &out);
  return val_has_tensor(given) ? given : val_constexpr(L, given);
}

Val *py_call_host(Lang *L, Val *callee, const Args *args) {
  Args all = py_with_self(L, callee->self, args);
  if (callee->host.kind == TTC_CLASS) return py_class_call(L, callee, &all);
  if (callee->host.kind == TTC_CALLABLE) return call_host_function(L, callee, &all);
  lang_fail(L, NULL, "%s cannot be called", val_kind_text(L, callee));
}

Val *py_call_builtin(Lang *L, Val *callee, const Args *args) {
  if (strcmp(callee->builtin->name, "tl.aggregate_replace") == 0) return py_class_replace(L, args);
  Val *v = builtin_call(L, callee->builtin, callee->self, args);
  return v ? v : val_none(L);
}

Val *py_call_dtype(Lang *L, Val *callee, const Args *args) {
  (void)args;
  const char *name = lt_name(L, callee->type);
  lang_fail(L, ctx_printf(L->cx, "convert with `x.to(%s)`, make a scalar with `tl.full((), x, %s)`", name, name),
            "the dtype `%s` cannot be called", name);
}
