/* request.c: from a caller's request to what is compiled: the source read, the parameters in order. The C API, the
 * command and, through the API, Python come this way.
 */
#include "run/run.h"

#include <string.h>

static bool has_parts(const ttc_function *f) {
  return f && f->name && f->qualname && f->file && (f->source || !f->source_len);
}

enum { DEEPEST = 100 }; /* sequences in sequences */

/* Has a constant what its kind needs? Its depth is checked with it. */
static bool is_whole(const ttc_value *v, int depth) {
  switch (v->kind) {
  case TTC_NONE:
  case TTC_BOOL:
  case TTC_FLOAT:
  case TTC_MODULE:
  case TTC_CALLABLE:
  case TTC_OBJECT: return true;
  case TTC_INT: {
    const char *digits = v->text ? v->text + (v->text[0] == '-') : "0";
    return *digits && strspn(digits, "0123456789") == strlen(digits);
  }
  case TTC_STR: return v->text || !v->len;
  case TTC_DTYPE:
  case TTC_BUILTIN:
  case TTC_CLASS: return v->text;
  case TTC_FUNCTION: return has_parts(v->function);
  case TTC_TUPLE:
  case TTC_LIST:
    if ((!v->items && v->len) || (v->object && !v->text) || depth > DEEPEST) return false;
    for (size_t i = 0; i < v->len; i++)
      if (!is_whole(&v->items[i], depth + 1) || (v->names && !v->names[i])) return false;
    return true;
  case TTC_HANDLE: break; /* no constant */
  }
  return false; /* nor is a kind that there is not */
}

/* How deep sequences nest in sequences, but no deeper than `most`. */
static int nesting(const ttc_value *v, int most) {
  int deepest = 0;
  if ((v->kind != TTC_TUPLE && v->kind != TTC_LIST) || !v->items || most == 0) return 0;
  for (size_t i = 0; i < v->len; i++) {
    int depth = nesting(&v->items[i], most - 1);
    if (depth > deepest) deepest = depth;
  }
  return deepest + 1;
}

static void check_constant(Ctx *cx, const ttc_param *p, const char *name, const char *function) {
  if (nesting(&p->constant, DEEPEST + 2) > DEEPEST + 1)
    ctx_fail(cx, ERR_SOURCE,
             "parameter `%s` of `%s`: the tuples and lists of its constant nest too deeply (at most %d)", name,
             function, DEEPEST + 1);
  if (!is_whole(&p->constant, 0))
    ctx_fail(cx, ERR_SOURCE, "parameter `%s` of `%s`: its constant, a ttc_value of kind %d, is not whole", name,
             function, (int)p->constant.kind);
}

/* The types of a parameter and of a tuple's items as the front end spells them. */
static void canonical_type(Ctx *cx, ttc_param *p, const char *name, const char *function, int depth) {
  if (!p->type) ctx_fail(cx, ERR_SOURCE, "an item of parameter `%s` of `%s` has no type", name, function);
  if (strcmp(p->type, "tuple") != 0) p->items = NULL, p->nitems = 0;
  if (strcmp(p->type, "constexpr") == 0) {
    check_constant(cx, p, name, function);
    return;
  }
  if (strchr(p->type, '[') && p->type[strlen(p->type) - 1] == '>' && strncmp(p->type, "tensordesc<", 11) != 0)
    return; /* a tensor, which no kernel has; the front end knows when it may be */
  if (strcmp(p->type, "tuple") != 0) {
    const char *type = run_type_name(cx, p->type);
    if (!type) ctx_fail(cx, ERR_SOURCE, "parameter `%s` of `%s`: there is no type `%s`", name, function, p->type);
    p->type = type;
    return;
  }
  if (depth > DEEPEST) ctx_fail(cx, ERR_SOURCE, "parameter `%s` of `%s`: tuples nest too deeply", name, function);
  if (p->nitems && !p->items)
    ctx_fail(cx, ERR_SOURCE, "parameter `%s` of `%s`: the tuple's items are missing", name, function);
  ttc_param *items = ctx_copy(cx, p->items, p->nitems * sizeof *items);
  for (size_t i = 0; i < p->nitems; i++) canonical_type(cx, &items[i], name, function, depth + 1);
  p->items = items;
}

/* The parameters in the function's order: given by name or by position; what is not given must have a default that is
 * a literal. */
static ttc_param *order_params(Ctx *cx, const ttc_request *q, const ttc_function *f, size_t *count) {
  size_t n;
  const LangParam *known = lang_signature(cx, f, &n);
  ttc_param *params = NEWN(cx, ttc_param, n + 1);
  bool *given = NEWN(cx, bool, n + 1);
  for (size_t i = 0; i < q->nparams; i++) {
    const char *name = q->params[i].name;
    if (!name && i >= n)
      ctx_fail(cx, ERR_SOURCE, "`%s` has %zu parameters, and %zu were described", f->name, n, q->nparams);
    size_t at = name ? run_param_named(cx, known, n, name, f) : i;
    if (given[at]) ctx_fail(cx, ERR_SOURCE, "parameter `%s` of `%s` is described twice", known[at].name, f->name);
    given[at] = true;
    params[at] = q->params[i];
  }
  for (size_t i = 0; i < n; i++) {
    params[i].name = known[i].name;
    if (!given[i]) {
      params[i].type = "constexpr";
      if (!known[i].has_default)
        ctx_fail(cx, ERR_SOURCE, "parameter `%s` of `%s` is not described", known[i].name, f->name);
      if (!run_default(cx, f, i, &params[i].constant))
        ctx_fail(cx, ERR_SOURCE, "parameter `%s` of `%s` is not described, and its default is not a literal",
                 known[i].name, f->name);
    }
    if (!params[i].type) ctx_fail(cx, ERR_SOURCE, "parameter `%s` of `%s` has no type", known[i].name, f->name);
    canonical_type(cx, &params[i], known[i].name, f->name, 0);
    if (known[i].is_constexpr && strcmp(params[i].type, "constexpr") != 0)
      ctx_fail(cx, ERR_SOURCE, "parameter `%s` of `%s` is a tl.constexpr: it needs a value, not the type `%s`",
               known[i].name, f->name, params[i].type);
  }
  *count = n;
  return params;
}

/* The target that Triton GPU IR says it was made for; NULL where it says nothing. */
static const char *target_of_ir(Ctx *cx, const Source *ir) {
  return ir_attr_text_or(ir_read(cx, ir)->op, "ttg.target", NULL);
}

RunRequest run_request(Ctx *cx, const ttc_request *q, const char *const *defines, size_t ndefines) {
  RunRequest r = {.target = q->target,
                  .options = q->options,
                  .noptions = q->noptions,
                  .stop = q->stop,
                  .symbol = q->symbol,
                  .store = q->store,
                  .function = q->function,
                  .host = q->host};
  if (r.function && !has_parts(r.function))
    ctx_fail(cx, ERR_SOURCE, "a function needs its name, its qualified name, its file and its source");
  if (!r.function) {
    size_t len = q->len ? q->len : strlen(q->text);
    const Source *source = source_new(cx, q->file ? q->file : "<source>", q->text, len, 1);
    if (run_is_ir(q->file, q->text, len)) {
      r.ir = source;
      r.kernel = q->kernel;
      if ((q->signature && *q->signature) || ndefines || q->nparams)
        ctx_fail(cx, ERR_SOURCE, "%s is Triton IR: its parameters have types already", source->file);
      if (!r.target) r.target = target_of_ir(cx, source);
      return r;
    }
    LangModule *m = lang_module_read(cx, source);
    r.function = lang_module_function(m, q->kernel);
    r.host = lang_module_host(m);
  }
  if (q->signature || ndefines)
    r.params = run_signature(cx, r.function, q->signature, defines, ndefines, &r.nparams);
  else
    r.params = order_params(cx, q, r.function, &r.nparams);
  return r;
}
