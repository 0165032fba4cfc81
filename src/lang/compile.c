/* compile.c: from a function and the description of its parameters to a module of Triton IR; and the parameters of
 * a kernel from its source.
 */
#include "lang/python/python.h"

#include <string.h>

/* ---- compiling --------------------------------------------------------------------------------------------------- */

typedef struct KernelInputs {
  const ttc_param *params;
  size_t nparams;
  Vec(Type *) inputs;
  Vec(Attr *) attributes;
  Vec(Val *) tensors;
  Vec(const char *) names;
} KernelInputs;

static const ttc_param *find_param(const KernelInputs *k, const Params *params, uint32_t i) {
  for (size_t p = 0; p < k->nparams; p++)
    if (k->params[p].name && strcmp(k->params[p].name, params->at[i].name) == 0) return &k->params[p];
  return i < k->nparams && !k->params[i].name ? &k->params[i] : NULL;
}

static Attr *divisibility_of(Lang *L, int64_t divisibility) {
  if (divisibility <= 1) return ir_attr_dict(L->cx, NULL, NULL, 0);
  const char *names[] = {intern(L->cx, "tt.divisibility")};
  Attr *items[] = {ir_attr_int(L->cx, ir_int(L->cx, 32), divisibility)};
  return ir_attr_dict(L->cx, names, items, 1);
}

/* A run-time parameter of the tt.func. */
static Val *add_input(Lang *L, KernelInputs *k, const LType *type, const char *name, int64_t divisibility) {
  Val *v = val_tensor(L, NULL, type);
  vec_push(L->cx, &k->inputs, lt_ir(L, type));
  vec_push(L->cx, &k->attributes, divisibility_of(L, divisibility));
  vec_push(L->cx, &k->tensors, v);
  vec_push(L->cx, &k->names, name);
  return v;
}

/* The host sees to it that strides are multiples of 16 bytes; divisibility, in bytes, is that of the rows' length. */
static Val *bind_descriptor(Lang *L, KernelInputs *k, const LType *type, const char *name, int divisibility) {
  int n = type->rank, bytes = lt_bits(type->elem) / 8;
  Val **shape = NEWN(L->cx, Val *, n), **strides = NEWN(L->cx, Val *, n);
  Val *handle = add_input(L, k, type, name, 0);
  for (int i = 0; i < n; i++)
    shape[i] = add_input(L, k, lt_scalar(L, L_INT32), ctx_printf(L->cx, "%s.shape.%d", name, i),
                         i + 1 == n && bytes < divisibility ? divisibility / bytes : 0);
  for (int i = 0; i < n; i++)
    strides[i] = add_input(L, k, lt_scalar(L, L_INT64), ctx_printf(L->cx, "%s.stride.%d", name, i),
                           i + 1 < n && bytes < 16 ? 16 / bytes : 0);
  return sem_descriptor(L, type, handle, shape, strides);
}

static Val *bind_kernel_param(Lang *L, KernelInputs *k, const Param *param, const ttc_param *p);

static Val *bind_kernel_tuple(Lang *L, KernelInputs *k, const Param *param, const ttc_param *p) {
  Val **items = NEWN(L->cx, Val *, p->nitems);
  const char **names = p->nitems && p->items[0].name ? NEWN(L->cx, const char *, p->nitems) : NULL;
  for (size_t i = 0; i < p->nitems; i++) {
    items[i] = bind_kernel_param(L, k, param, &p->items[i]);
    if (names) names[i] = intern(L->cx, p->items[i].name ? p->items[i].name : "");
  }
  return val_tuple(L, items, p->nitems, names);
}

static Val *bind_kernel_param(Lang *L, KernelInputs *k, const Param *param, const ttc_param *p) {
  bool wants_constant = py_annotation_is_constexpr(param->annotation);
  if (strcmp(p->type, "constexpr") == 0) return val_constexpr(L, py_val_from_host(L, &p->constant));
  if (wants_constant)
    lang_fail_at(L, param->span, NULL, "`%s` is a tl.constexpr and needs a value, not the type `%s`", param->name,
                 p->type);
  if (strcmp(p->type, "tuple") == 0) return bind_kernel_tuple(L, k, param, p);
  const LType *type = lt_parse(L, p->type);
  if (!type)
    lang_fail_at(L, param->span, NULL, "`%s`, given for `%s`, is not a type the language knows", p->type, param->name);
  bool is_block = type->kind == L_BLOCK || (type->kind == L_POINTER && type->elem->kind == L_BLOCK);
  if (is_block && !L->options.returns)
    lang_fail_at(L, param->span, NULL, "`%s`: a kernel's parameters are scalars, pointers and descriptors, not `%s`",
                 param->name, p->type);
  if (type->kind == L_DESCRIPTOR) return bind_descriptor(L, k, type, param->name, p->divisibility);
  return add_input(L, k, type, param->name, p->divisibility);
}

static void bind_kernel(Lang *L, KernelInputs *k, const FnInfo *info, Val **bound) {
  const Params *params = &info->def->params;
  if (k->nparams > params->len)
    lang_fail_at(L, info->def->name_span, NULL, "`%s` has %u parameters, but %zu were described", info->function->name,
                 params->len, k->nparams);
  for (size_t p = 0; p < k->nparams; p++) {
    bool known = !k->params[p].name;
    for (uint32_t i = 0; i < params->len && !known; i++) known = strcmp(params->at[i].name, k->params[p].name) == 0;
    if (!known)
      lang_fail_at(L, info->def->name_span, NULL, "`%s` has no parameter `%s`", info->function->name,
                   k->params[p].name);
  }
  for (uint32_t i = 0; i < params->len; i++) {
    const Param *param = &params->at[i];
    if (param->kind == P_STAR && !param->name) continue; /* the bare `*` before keyword-only ones */
    if (param->kind == P_STAR || param->kind == P_STARSTAR)
      lang_fail_at(L, param->span, "name every parameter", "a kernel cannot have a `%s` parameter",
                   param->kind == P_STAR ? "*" : "**");
    const ttc_param *p = find_param(k, params, i);
    if (p) {
      bound[i] = bind_kernel_param(L, k, param, p);
    } else if (!param->fallback) {
      lang_fail_at(L, param->span, NULL, "the parameter `%s` of `%s` was given neither a type nor a value", param->name,
                   info->function->name);
    }
  }
}

/* What the function returns becomes the tt.func's results; what of it is known now is in the attribute. */
static void return_result(Lang *L, const KernelInputs *k, Op *func) {
  Val *result = L->fn->flow.result ? L->fn->flow.result : val_none(L);
  Values values = {0};
  val_flatten(L, result, &values);
  ir_op(&L->b, OP_RETURN, NULL, 0, values.at, (int)values.len);
  Type **types = NEWN(L->cx, Type *, values.len);
  for (uint32_t i = 0; i < values.len; i++) types[i] = values.at[i]->type;
  Type *type = ir_func_type(L->cx, k->inputs.at, (int)k->inputs.len, types, (int)values.len);
  ir_set_attr(L->cx, func, "function_type", ir_attr_type(L->cx, type));
  const char *description = val_description(L, result);
  ir_set_attr(L->cx, func, "tl.result", ir_attr_string(L->cx, description, strlen(description)));
}

static void make_kernel(Lang *L, FnInfo *info, KernelInputs *k) {
  const Params *params = &info->def->params;
  FnState fn = {.info = info, .scope = py_scope_new(L, info, NULL), .name = info->function->name};
  Val **bound = NEWN(L->cx, Val *, params->len);
  L->fn = &fn;
  lang_at(L, info->def->name_span);
  bind_kernel(L, k, info, bound);
  lang_at(L, info->def->span);
  Type *type = ir_func_type(L->cx, k->inputs.at, (int)k->inputs.len, NULL, 0);
  const char *symbol = L->options.symbol ? L->options.symbol : info->function->name;
  Op *func = ir_func_new(L->module, symbol, type, true, L->b.loc);
  ir_set_attr(L->cx, func, "noinline", ir_attr_bool(L->cx, false));
  ir_set_attr(L->cx, func, "arg_attrs", ir_attr_array(L->cx, k->attributes.at, (int)k->attributes.len));
  L->module->op->loc = L->b.loc;
  L->func = fn.func = func;
  Block *entry = ir_entry(func, 0);
  for (int i = 0; i < entry->nargs; i++) {
    k->tensors.at[i]->value = entry->args[i];
    entry->args[i]->hint = k->names.at[i];
    entry->args[i]->loc = ir_loc_name(L->cx, k->names.at[i], L->b.loc);
  }
  Loc *loc = L->b.loc;
  L->b = ir_at_end(L->cx, entry);
  L->b.loc = loc;
  py_bind_scope(L, params, bound);
  py_exec_block(L, info->def->body);
  if (info->def->body.len) lang_at(L, info->def->body.at[info->def->body.len - 1]->span);
  if (L->options.returns)
    return_result(L, k, func);
  else
    ir_op(&L->b, OP_RETURN, NULL, 0, NULL, 0);
}

Module *lang_compile(Ctx *cx, const ttc_host *host, const ttc_function *function, const ttc_param *params,
                     size_t nparams, const LangOptions *options) {
  Lang *L = lang_new(cx, ir_module_new(cx), options);
  L->host = host;
  KernelInputs k = {.params = params, .nparams = nparams};
  make_kernel(L, py_fn_info(L, function), &k);
  ir_check(cx, L->module, "after the front end");
  return L->module;
}

/* ---- the header of a kernel -------------------------------------------------------------------------------------- */

static const Node *decorator_keyword(const Node *def, const char *name) {
  for (uint32_t i = 0; i < def->items.len; i++) {
    const Node *d = def->items.at[i];
    if (d->kind != N_CALL) continue;
    for (uint32_t k = 0; k < d->keywords.len; k++)
      if (d->keywords.at[k]->name && strcmp(d->keywords.at[k]->name, name) == 0) return d->keywords.at[k]->a;
  }
  return NULL;
}

static bool listed(const Node *list, const char *name, uint32_t index) {
  if (!list || (list->kind != N_LIST && list->kind != N_TUPLE)) return false;
  for (uint32_t i = 0; i < list->items.len; i++) {
    const Node *item = list->items.at[i];
    if (item->kind == N_STR && strcmp(item->name, name) == 0) return true;
    if (item->kind == N_INT && !item->big && item->integer == index) return true;
  }
  return false;
}

const LangParam *lang_signature(Ctx *cx, const ttc_function *function, size_t *n) {
  const Source *source;
  const Node *def = py_fn_parse(cx, function, &source);
  const Node *unspecialized = decorator_keyword(def, "do_not_specialize");
  LangParam *out = NEWN(cx, LangParam, def->params.len);
  *n = 0;
  for (uint32_t i = 0; i < def->params.len; i++) {
    const Param *p = &def->params.at[i];
    if (p->kind == P_STAR && !p->name) continue;
    LangParam *q = &out[(*n)++];
    q->name = p->name;
    q->is_constexpr = py_annotation_is_constexpr(p->annotation);
    if (p->annotation) {
      Span s = p->annotation->span;
      q->annotation =
          p->annotation->kind == N_STR ? p->annotation->name : ctx_strndup(cx, source->text + s.begin, s.end - s.begin);
    }
    q->has_default = p->fallback != NULL;
    q->keyword_only = p->kind == P_KEYWORD_ONLY;
    q->do_not_specialize = listed(unspecialized, p->name, i);
  }
  return out;
}
