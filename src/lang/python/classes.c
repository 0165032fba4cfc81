/* classes.c: objects of classes that the host defines: named tuples and aggregates (@triton.aggregate).
 *
 * An object is a V_TUPLE with names: whatever works on tuples (loops that carry them, branches that join them, functions
 * that take and return them) works on objects. What makes it an object of its class is its array of names: every class
 * has one of its own, and code that makes a tuple like another one keeps its names. L->classes finds the class by it.
 *
 * What a class is, is asked of the host once (host.c): its fields and their defaults, and by name its methods (m_NAME), those that
 * the host evaluates (c_NAME), static methods (s_NAME), properties (p_NAME) and other attributes (a_NAME); methods are
 * @triton.jit functions. A constructor
 * that the class has itself is evaluated in place, where `self.field = value` fills the object under construction;
 * after that objects do not change.
 */
#include "lang/python/python.h"

#include <string.h>

/* ---- making objects ---------------------------------------------------------------------------------------------- */

static const char *class_name(const HostClass *c) {
  const char *dot = strrchr(c->value->host.text, '.');
  return dot ? dot + 1 : c->value->host.text;
}

static size_t field_named(Lang *L, const HostClass *c, const char *name, Span at) {
  for (size_t i = 0; i < c->n; i++)
    if (strcmp(c->names[i], name) == 0) return i;
  const char *near = lang_near_name(name, c->names, c->n);
  lang_fail_at(L, at, hint_near(L->cx, "", near), "`%s` has no field `%s`", class_name(c), name);
}

static Val *make_from_fields(Lang *L, const HostClass *c, const Args *args) {
  Val **items = NEWN(L->cx, Val *, c->n + 1);
  for (size_t i = 0; i < args->n; i++) {
    if (!args->names[i] && i >= c->n)
      lang_fail_at(L, args->spans[i], NULL, "`%s` has %zu field%s, but more values are given", class_name(c), c->n,
                   c->n == 1 ? "" : "s");
    size_t at = args->names[i] ? field_named(L, c, args->names[i], args->spans[i]) : i;
    if (items[at])
      lang_fail_at(L, args->spans[i], NULL, "`%s` is given two values for its field `%s`", class_name(c), c->names[at]);
    items[at] = args->at[i];
  }
  for (size_t i = 0; i < c->n; i++) {
    if (!items[i]) items[i] = c->defaults[i];
    if (!items[i])
      lang_fail_at(L, args->call, NULL, "the call of `%s` misses a value for its field `%s`", class_name(c),
                   c->names[i]);
  }
  return val_tuple(L, items, c->n, c->names);
}

static Val *make_by_init(Lang *L, const HostClass *c, const Args *args) {
  Val *self = val_tuple(L, NULL, 0, c->names);
  Val **items = NEWN(L->cx, Val *, c->n + 1);
  self->items = items; /* len stays 0 until all are there */
  Args all = py_with_self(L, self, args);
  map_put(L->cx, &L->constructing, self, items);
  py_inline_call(L, c->init->function, &all);
  map_put(L->cx, &L->constructing, self, NULL);
  for (size_t i = 0; i < c->n; i++) {
    if (!items[i]) items[i] = c->defaults[i];
    if (!items[i])
      lang_fail_at(L, args->call, NULL, "the constructor of `%s` did not initialize its field `%s`", class_name(c),
                   c->names[i]);
  }
  return val_tuple(L, items, c->n, c->names);
}

Val *py_class_call(Lang *L, Val *class, const Args *args) {
  const HostClass *c = py_class_info(L, class);
  return c->init ? make_by_init(L, c, args) : make_from_fields(L, c, args);
}

void py_class_set_field(Lang *L, const Val *object, const char *name, Val *v, Span at) {
  const HostClass *c = py_class_of(L, object);
  Val **items = map_get(&L->constructing, object);
  if (!c) lang_fail_at(L, at, NULL, "assignment to an attribute is not possible in a kernel");
  if (!items)
    lang_fail_at(L, at, "make a changed copy: tl.aggregate_replace(x, field=value)",
                 "objects of `%s` do not change: only its constructor assigns to `%s`", class_name(c), name);
  items[field_named(L, c, name, at)] = v;
}

Val *py_class_replace(Lang *L, const Args *args) {
  const HostClass *c = args->n && !args->names[0] ? py_class_of(L, args->at[0]) : NULL;
  if (!c)
    lang_fail(L, NULL, "tl.aggregate_replace() takes an object of a class first, not %s",
              args->n ? val_kind_text(L, args->at[0]) : "nothing");
  Val **items = ctx_copy(L->cx, args->at[0]->items, c->n * sizeof *items);
  for (size_t i = 1; i < args->n; i++) {
    if (!args->names[i]) lang_fail_at(L, args->spans[i], NULL, "tl.aggregate_replace() takes new values by name");
    items[field_named(L, c, args->names[i], args->spans[i])] = args->at[i];
  }
  return val_tuple(L, items, c->n, c->names);
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

static Val *call_property(Lang *L, Val *function, Val *self) {
  const char *name = NULL;
  Args args = {&self, &name, &L->here, 1, L->here};
  return py_eval_call(L, function, &args);
}

Val *py_class_attribute(Lang *L, Val *of, const char *name) {
  const HostClass *c = py_class_of(L, of);
  if (map_get(&L->constructing, of)) {
    Val **items = map_get(&L->constructing, of);
    for (size_t i = 0; c && i < c->n; i++)
      if (strcmp(c->names[i], name) == 0) return items[i];
  }
  Val *class = c ? c->value : of->kind == V_HOST && of->host.kind == TTC_CLASS ? of : NULL, *v;
  if (!class) return NULL;
  if ((v = py_class_ask(L, class, "m_", name)) != NULL) {
    if (!c || v->kind != V_FUNCTION) return v;
    Val *bound = NEW(L->cx, Val);
    *bound = *v;
    bound->self = of;
    return bound;
  }
  if ((v = py_class_ask(L, class, "c_", name)) != NULL) {
    Val *method = val_constexpr(L, v);
    method->self = c ? of : NULL;
    return method;
  }
  if ((v = py_class_ask(L, class, "s_", name)) != NULL) return v;
  if (c && (v = py_class_ask(L, class, "p_", name)) != NULL) return call_property(L, v, of);
  v = py_class_ask(L, class, "a_", name);
  return v ? val_constexpr(L, v) : NULL;
}

/* What `a OP b` (or x[i]) means where `a`'s class has a method for it; NULL where it has none. */
Val *py_class_method_call(Lang *L, Val *self, const char *method, Val *other) {
  const HostClass *c = py_class_of(L, self);
  Val *v = c ? py_class_ask(L, c->value, "m_", method) : NULL;
  if (!v) return NULL;
  Val *values[] = {self, other};
  const char *names[] = {NULL, NULL};
  Span spans[] = {L->here, L->here};
  Args args = {values, names, spans, other ? 2 : 1, L->here};
  return py_eval_call(L, v, &args);
}

Val *py_class_binary(Lang *L, BinaryOp op, Val *a, Val *b) {
  static const char *const methods[] = {
      [B_ADD] = "add",    [B_SUB] = "sub",       [B_MUL] = "mul", [B_DIV] = "truediv", [B_FLOORDIV] = "floordiv",
      [B_MOD] = "mod",    [B_AND] = "and",       [B_OR] = "or",   [B_XOR] = "xor",     [B_SHL] = "lshift",
      [B_SHR] = "rshift", [B_MATMUL] = "matmul", [B_POW] = "pow"};
  if ((!py_class_of(L, a) && !py_class_of(L, b)) || (size_t)op >= COUNT(methods) || !methods[op]) return NULL;
  Val *v = py_class_method_call(L, a, ctx_printf(L->cx, "__%s__", methods[op]), b);
  return v ? v : py_class_method_call(L, b, ctx_printf(L->cx, "__r%s__", methods[op]), a);
}

Val *py_class_unary(Lang *L, UnaryOp op, Val *a) {
  static const char *const methods[] = {
      [U_POS] = "__pos__", [U_NEG] = "__neg__", [U_NOT] = "__not__", [U_INVERT] = "__invert__"};
  return py_class_method_call(L, a, methods[op], NULL);
}

Val *py_class_compare(Lang *L, CompareOp op, Val *a, Val *b) {
  static const struct {
    const char *forward, *reflected;
  } methods[] = {[C_EQ] = {"__eq__", "__eq__"}, [C_NE] = {"__ne__", "__ne__"}, [C_LT] = {"__lt__", "__gt__"},
                 [C_LE] = {"__le__", "__ge__"}, [C_GT] = {"__gt__", "__lt__"}, [C_GE] = {"__ge__", "__le__"}};
  Val *v = py_class_method_call(L, a, methods[op].forward, b);
  return v ? v : py_class_method_call(L, b, methods[op].reflected, a);
}
