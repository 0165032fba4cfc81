/* function.c: the functions of the language. A @jit function is compiled once for every signature (the types of its
 * tensors and the values of its constants) into a private tt.func, which the inliner removes later; what it returns that
 * is known at compile time stays so. Combining functions of reductions and scans, lambdas, nested functions and what is
 * given one as an argument are evaluated in place.
 */
#include "lang/python/python.h"

#include <string.h>

/* ---- signatures -------------------------------------------------------------------------------------------------- */

static bool has_lambda(const Val *v) {
  if (v->kind == V_LAMBDA) return true;
  if (v->kind != V_TUPLE && v->kind != V_LIST) return false;
  for (size_t i = 0; i < v->len; i++)
    if (has_lambda(v->items[i])) return true;
  return false;
}

static int object_serial(Lang *L, const void *object) { /* in order of first meeting, so that names are deterministic */
  uintptr_t known = (uintptr_t)map_get(&L->objects, object);
  if (!known) {
    known = L->objects.len + 1;
    map_put(L->cx, &L->objects, object, (void *)known);
  }
  return (int)known;
}

static void signature_of(Lang *L, Buf *key, const Val *v) {
  switch (v->kind) {
  case V_TENSOR: buf_puts(key, lt_text(L, v->type)); return;
  case V_TUPLE:
  case V_LIST:
    if (v->type) buf_puts(key, lt_text(L, v->type));
    buf_putc(key, v->kind == V_TUPLE ? '(' : '[');
    for (size_t i = 0; i < v->len; i++) {
      if (v->names && v->names[i]) buf_printf(key, "%s=", v->names[i]);
      signature_of(L, key, v->items[i]);
      buf_putc(key, ',');
    }
    if (py_class_of_object(L, v)) signature_of(L, key, py_class_of_object(L, v));
    buf_putc(key, v->kind == V_TUPLE ? ')' : ']');
    return;
  case V_DICT:
    buf_putc(key, '{');
    for (size_t i = 0; i < v->len; i++) {
      signature_of(L, key, v->items[i]);
      buf_putc(key, ':');
      signature_of(L, key, v->items2[i]);
      buf_putc(key, ',');
    }
    buf_putc(key, '}');
    return;
  case V_FUNCTION: buf_printf(key, "c%s.%d", v->function->name, py_fn_info(L, v->function)->serial); break;
  case V_HOST:
    buf_printf(key, "chost.%d", object_serial(L, v->host.object ? v->host.object : (const void *)v->host.text));
    break;
  case V_BUILTIN: buf_printf(key, "c%s", v->builtin->name); break;
  case V_DTYPE: buf_printf(key, "cdtype_%s", lt_text(L, v->type)); break;
  case V_TYPE:
    buf_printf(key, "ctype_%s", v->text);
    if (v->items) signature_of(L, key, v->items[0]);
    break;
  default: buf_printf(key, "c%s", val_repr(L, v)); break;
  }
  if (v->self) signature_of(L, key, v->self);
}

/* ---- a function's own evaluation --------------------------------------------------------------------------------- */

typedef struct Saved {
  Builder b;
  Op *func;
  FnState *fn;
  Span here;
  const char *name_hint;
} Saved;

static Saved save(Lang *L) { return (Saved){L->b, L->func, L->fn, L->here, L->name_hint}; }

static void restore(Lang *L, const Saved *s) {
  L->b = s->b;
  L->func = s->func;
  L->fn = s->fn;
  L->here = s->here;
  L->name_hint = s->name_hint;
}

/* What the function returns, after its body was evaluated. Where its end is reached without a `return` the value is
 * poison. */
static Val *returned_value(Lang *L) {
  const Flow *f = &L->fn->flow;
  return f->returned.state == NO || !f->result ? val_none(L) : f->result;
}

_Noreturn static void fail_recursion(Lang *L, const FnState *from, const FnInfo *info, const Node *body,
                                     const char *name, Span at) {
  Buf chain = {.cx = L->cx};
  Vec(const char *) names = {0};
  for (const FnState *f = from; f; f = f->caller) {
    vec_push(L->cx, &names, f->name);
    if (body ? f->scope->body == body : f->info == info) break;
  }
  for (uint32_t i = names.len; i-- > 0;) buf_printf(&chain, "`%s` calls ", names.at[i]);
  lang_fail_at(L, at, ctx_printf(L->cx, "%s`%s`; write it as a loop", buf_text(&chain), name),
               "recursion cannot be compiled");
}

typedef struct Callee {
  Op *func;
  Val *result; /* its tensors stand for the call's results, in order */
  bool busy;   /* being compiled: a call of it is recursion */
} Callee;

/* A name that no function of the module has: a function called with other constants has another signature, but not
 * every constant can be spelled in a name. */
static const char *symbol_name(Lang *L, const ttc_function *f, const char *signature) {
  if (!L->symbols.len)
    for (const Op *op = L->module->body->first->first; op; op = op->next)
      if (op->code == OP_FUNC) map_put(L->cx, &L->symbols, intern(L->cx, ir_func_name(op)), L);
  const char *name = ctx_printf(L->cx, "%s__%s", f->qualname ? f->qualname : f->name, signature);
  const char *symbol = intern(L->cx, name);
  for (int i = 2; map_has(&L->symbols, symbol); i++) symbol = intern(L->cx, ctx_printf(L->cx, "%s__%d", name, i));
  map_put(L->cx, &L->symbols, symbol, L);
  return symbol;
}

/* Arguments of the tt.func for the tensors among the parameters' values. */
static Val *as_arguments(Lang *L, Val *v, Block *entry, int *next, const char *name) {
  if (v->kind == V_TENSOR) {
    Value *arg = entry->args[(*next)++];
    arg->loc = ir_loc_name(L->cx, name, L->b.loc);
    arg->hint = name;
    return val_tensor(L, arg, v->type);
  }
  if (!val_has_tensor(v)) return v;
  Val **items = NEWN(L->cx, Val *, v->len);
  for (size_t i = 0; i < v->len; i++) items[i] = as_arguments(L, v->items[i], entry, next, name);
  return val_like(L, v, items);
}

static Type **value_types(Lang *L, const Values *v) {
  Type **types = NEWN(L->cx, Type *, v->len);
  for (uint32_t i = 0; i < v->len; i++) types[i] = v->at[i]->type;
  return types;
}

/* L->fn is the callee's state with its parameters bound to the caller's values. */
static void compile_body(Lang *L, Callee *callee, const char *symbol, const Values *flat) {
  FnState *fn = L->fn;
  Node *def = fn->info->def;
  Type **inputs = value_types(L, flat);
  L->name_hint = NULL;
  fn->call_site = NULL;
  L->b.loc = NULL;
  lang_at(L, def->span);
  Op *func = ir_func_new(L->module, symbol, ir_func_type(L->cx, inputs, (int)flat->len, NULL, 0), false, L->b.loc);
  ir_set_attr(L->cx, func, "noinline", ir_attr_bool(L->cx, fn->info->function->noinline));
  callee->func = fn->func = L->func = func;
  Block *entry = ir_entry(func, 0);
  Loc *loc = L->b.loc;
  L->b = ir_at_end(L->cx, entry);
  L->b.loc = loc;
  int next = 0;
  for (uint32_t i = 0; i < fn->scope->slots.len; i++) {
    Slot *slot = &fn->scope->slots.at[i];
    if (slot->val) slot->val = as_arguments(L, slot->val, entry, &next, slot->name);
  }
  py_exec_block(L, def->body);
  callee->result = returned_value(L);
  Values results = {0};
  val_flatten(L, callee->result, &results);
  if (def->body.len) lang_at(L, def->body.at[def->body.len - 1]->span);
  ir_op(&L->b, OP_RETURN, NULL, 0, results.at, (int)results.len);
  Type *type = ir_func_type(L->cx, inputs, (int)flat->len, value_types(L, &results), (int)results.len);
  ir_set_attr(L->cx, func, "function_type", ir_attr_type(L->cx, type));
}

static Val *emit_call(Lang *L, const Callee *callee, const Values *flat) {
  Type *type = ir_func_signature(callee->func);
  Op *op = ir_op(&L->b, OP_CALL, type->results, type->nresults, flat->at, (int)flat->len);
  ir_set_attr(L->cx, op, "callee", ir_attr_symbol(L->cx, ir_func_name(callee->func)));
  Value **results = NEWN(L->cx, Value *, type->nresults);
  for (int i = 0; i < type->nresults; i++) results[i] = ir_result(op, i);
  size_t next = 0;
  return val_rebuild(L, callee->result, results, &next);
}

static Callee *find_callee(Lang *L, FnState *fn, Val *const *bound, uint32_t n, const Values *flat, const Saved *caller,
                           Span call) {
  Buf signature = {.cx = L->cx};
  for (uint32_t i = 0; i < n; i++) {
    if (i) buf_putc(&signature, '_');
    if (bound[i]) signature_of(L, &signature, bound[i]);
  }
  const char *key = intern(L->cx, ctx_printf(L->cx, "%d:%s", fn->info->serial, buf_text(&signature)));
  Callee *callee = map_get(&L->functions, key);
  if (callee && callee->busy) fail_recursion(L, caller->fn, fn->info, NULL, fn->name, call);
  if (callee) return callee;
  callee = NEW(L->cx, Callee);
  callee->busy = true;
  map_put(L->cx, &L->functions, key, callee);
  compile_body(L, callee, symbol_name(L, fn->info->function, buf_text(&signature)), flat);
  callee->busy = false;
  return callee;
}

static FnState new_state(Lang *L, FnInfo *info, Scope *scope, const char *name) {
  return (FnState){.caller = L->fn, .info = info, .scope = scope, .name = name, .func = L->func};
}

enum { CALL_DEPTH = 8 }; /* a call takes more of the C stack than an expression */

static void enter_call(Lang *L, CallFrame *frame) {
  L->depth += CALL_DEPTH;
  if (L->depth > PY_MAX_DEPTH) lang_fail(L, NULL, "functions call each other too deeply to compile");
  ctx_push_call(L->cx, frame);
}

static void leave_call(Lang *L) {
  ctx_pop_call(L->cx);
  L->depth -= CALL_DEPTH;
}

Args py_with_self(Lang *L, Val *self, const Args *args) {
  if (!self) return *args;
  size_t n = args->n + 1;
  Args all = {NEWN(L->cx, Val *, n), NEWN(L->cx, const char *, n), NEWN(L->cx, Span, n), n, args->call};
  all.at[0] = self;
  all.spans[0] = args->call;
  for (size_t i = 0; i < args->n; i++) {
    all.at[i + 1] = args->at[i];
    all.names[i + 1] = args->names[i];
    all.spans[i + 1] = args->spans[i];
  }
  return all;
}

static Val *call_compiled(Lang *L, const ttc_function *f, const Args *args) {
  for (size_t i = 0; i < args->n; i++)
    if (has_lambda(args->at[i])) return py_inline_call(L, f, args); /* it may use the caller's tensors */
  FnInfo *info = py_fn_info(L, f);
  const Params *params = &info->def->params;
  Val **bound = NEWN(L->cx, Val *, params->len);
  py_bind_arguments(L, f->name, params, args, bound);
  if (lang_is_libdevice(f) && !(L->fn && lang_is_libdevice(L->fn->info->function)))
    sem_number_arguments(L, bound, params->len);
  Saved caller = save(L);
  FnState fn = new_state(L, info, py_scope_new(L, info, NULL), f->name);
  L->fn = &fn;
  py_bind_scope(L, params, bound);
  CallFrame frame = {.function = f->name, .call = args->call};
  enter_call(L, &frame);
  Values flat = {0};
  for (uint32_t i = 0; i < params->len; i++)
    if (bound[i]) val_flatten(L, bound[i], &flat);
  Callee *callee = find_callee(L, &fn, bound, params->len, &flat, &caller, args->call);
  leave_call(L);
  restore(L, &caller);
  L->called = f;
  return emit_call(L, callee, &flat);
}

Val *py_call_function(Lang *L, Val *callee, const Args *args) {
  Args all = py_with_self(L, callee->self, args);
  return call_compiled(L, callee->function, &all);
}

/* ---- in place ---------------------------------------------------------------------------------------------------- */

static Val *evaluate_in_place(Lang *L, FnState *fn, const Params *params, Node *def, const Args *args) {
  Val **bound = NEWN(L->cx, Val *, params->len);
  py_bind_arguments(L, fn->name, params, args, bound);
  for (const FnState *f = L->fn; f; f = f->caller)
    if (f->in_place && f->scope->body == def) fail_recursion(L, L->fn, fn->info, def, fn->name, args->call);
  Saved caller = save(L);
  fn->in_place = true;
  fn->scope->body = def;
  fn->call_site = L->b.loc;
  L->fn = fn;
  py_bind_scope(L, params, bound);
  CallFrame frame = {.function = fn->name, .call = args->call};
  enter_call(L, &frame);
  L->name_hint = NULL;
  Val *v;
  if (def->kind == N_LAMBDA) {
    v = py_eval(L, def->a);
  } else {
    py_exec_block(L, def->body);
    v = returned_value(L);
  }
  leave_call(L);
  Builder b = L->b;
  restore(L, &caller);
  L->b.block = b.block;
  L->b.before = b.before;
  return v;
}

Val *py_inline_call(Lang *L, const ttc_function *f, const Args *args) {
  FnInfo *info = py_fn_info(L, f);
  FnState fn = new_state(L, info, py_scope_new(L, info, NULL), f->name);
  return evaluate_in_place(L, &fn, &info->def->params, info->def, args);
}

/* The names of the function that a lambda is in are looked up when it is called. */
Val *py_call_lambda(Lang *L, Val *f, const Args *args) {
  const char *name = f->node->kind == N_LAMBDA ? "<lambda>" : f->node->name;
  Scope *scope = py_scope_new(L, f->scope->info, f->scope);
  FnState fn = new_state(L, f->scope->info, scope, name);
  return evaluate_in_place(L, &fn, &f->node->params, f->node, args);
}

size_t py_eval_region_call(Lang *L, Val *fn, Val **args, size_t n, Val ***results) {
  const char **names = NEWN(L->cx, const char *, n);
  Span *spans = NEWN(L->cx, Span, n);
  for (size_t i = 0; i < n; i++) spans[i] = L->here;
  Args list = {args, names, spans, n, L->here};
  Val *v = fn->kind == V_FUNCTION ? py_inline_call(L, fn->function, &list) : py_eval_call(L, fn, &list);
  Vec(Val *) out = {0};
  bool several = v->kind == V_TUPLE || v->kind == V_LIST;
  for (size_t i = 0; i < (several ? v->len : 1); i++) {
    Val *item = several ? v->items[i] : v;
    if (val_is_number(item)) item = sem_to_tensor(L, item);
    if (item->kind != V_TENSOR)
      lang_fail(L, "it combines two elements into one", "a combining function must return tensors, not %s",
                val_kind_text(L, item));
    vec_push(L->cx, &out, item);
  }
  *results = out.at;
  return out.len;
}

Op *lang_compile_callee(Lang *L, const ttc_function *f, Val *const *values, size_t n, Val **result_shape) {
  FnInfo *info = py_fn_info(L, f);
  const Params *params = &info->def->params;
  Val **bound = NEWN(L->cx, Val *, params->len);
  const char **names = NEWN(L->cx, const char *, n);
  Span *given = NEWN(L->cx, Span, n);
  Args args = {ctx_copy(L->cx, values, n * sizeof *values), names, given, n, L->here};
  py_bind_arguments(L, f->name, params, &args, bound);
  Saved caller = save(L);
  FnState fn = new_state(L, info, py_scope_new(L, info, NULL), f->name);
  L->fn = &fn;
  py_bind_scope(L, params, bound);
  Values flat = {0};
  for (uint32_t i = 0; i < params->len; i++)
    if (bound[i]) val_flatten(L, bound[i], &flat);
  Callee *callee = find_callee(L, &fn, bound, params->len, &flat, &caller, L->here);
  restore(L, &caller);
  if (result_shape) *result_shape = callee->result;
  return callee->func;
}
