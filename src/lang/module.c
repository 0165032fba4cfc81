/* module.c: the host of a file that is read and never executed.
 *
 * Walks the module's top-level statements in order and remembers what each name is: a module of ours or Python's
 * `math`, a @triton.jit function, or a constant whose expression can be evaluated without running anything. What cannot
 * is recorded too, as an object that says why its value is unknown, so that a kernel that uses it gets that reason and not
 * "not defined".
 */
#include "lang/python/python.h"

#include <math.h>
#include <string.h>

struct LangModule {
  Ctx *cx;
  const Source *source;
  Map names; /* interned name -> ttc_value */
  Vec(const ttc_function *) functions;
  Map jit; /* interned name -> ttc_function */
  ttc_host host;
  Lang *L; /* evaluates the constants */
  const char *stem;
};

static void remember(LangModule *m, const char *name, ttc_value v) {
  map_put(m->cx, &m->names, name, ctx_copy(m->cx, &v, sizeof v));
}

static void remember_unknown(LangModule *m, const char *name, const char *why) {
  remember(m, name, (ttc_value){.kind = TTC_OBJECT, .text = why});
}

/* ---- Python's math ----------------------------------------------------------------------------------------------- */

static double math_log(double x) { return log(x); }
static double math_radians(double x) { return x * (3.14159265358979323846 / 180.0); }

static const struct MathFunction {
  const char *name;
  double (*f)(double);
  double (*f2)(double, double);
  bool to_int;
} math_functions[] = {
    {"log2", log2, NULL, false},
    {"log", math_log, NULL, false},
    {"log10", log10, NULL, false},
    {"log1p", log1p, NULL, false},
    {"exp", exp, NULL, false},
    {"exp2", exp2, NULL, false},
    {"expm1", expm1, NULL, false},
    {"sqrt", sqrt, NULL, false},
    {"sin", sin, NULL, false},
    {"cos", cos, NULL, false},
    {"tan", tan, NULL, false},
    {"asin", asin, NULL, false},
    {"acos", acos, NULL, false},
    {"atan", atan, NULL, false},
    {"sinh", sinh, NULL, false},
    {"cosh", cosh, NULL, false},
    {"tanh", tanh, NULL, false},
    {"erf", erf, NULL, false},
    {"erfc", erfc, NULL, false},
    {"fabs", fabs, NULL, false},
    {"gamma", tgamma, NULL, false},
    {"lgamma", lgamma, NULL, false},
    {"radians", math_radians, NULL, false},
    {"floor", floor, NULL, true},
    {"ceil", ceil, NULL, true},
    {"trunc", trunc, NULL, true},
    {"pow", NULL, pow, false},
    {"fmod", NULL, fmod, false},
    {"atan2", NULL, atan2, false},
    {"hypot", NULL, hypot, false},
    {"copysign", NULL, copysign, false},
};

static const struct MathConstant {
  const char *name;
  double value;
} math_constants[] = {
    {"pi", 3.14159265358979323846}, {"e", 2.7182818284590452354}, {"tau", 6.28318530717958647692},
    {"inf", (double)INFINITY},      {"nan", (double)NAN},
};

static const char math_module; /* its address tells Python's math from modules of ours */

static int math_member(const char *name, ttc_value *out) {
  for (size_t i = 0; i < COUNT(math_constants); i++) {
    if (strcmp(math_constants[i].name, name) != 0) continue;
    *out = (ttc_value){.kind = TTC_FLOAT, .number = math_constants[i].value, .is_constexpr = true};
    return 1;
  }
  for (size_t i = 0; i < COUNT(math_functions); i++) {
    if (strcmp(math_functions[i].name, name) != 0) continue;
    *out = (ttc_value){
        .kind = TTC_CALLABLE, .text = math_functions[i].name, .object = (void *)(uintptr_t)&math_functions[i]};
    return 1;
  }
  return 0;
}

static double math_argument(LangModule *m, const char *function, const ttc_value *v) {
  if (v->kind == TTC_FLOAT) return v->number;
  if (v->kind == TTC_INT || v->kind == TTC_BOOL) return (double)v->integer;
  lang_fail(m->L, NULL, "math.%s takes numbers", function);
}

/* ---- the host ---------------------------------------------------------------------------------------------------- */

static int module_lookup(void *self, const ttc_function *function, const char *name, ttc_value *out) {
  LangModule *m = self;
  (void)function;
  const ttc_value *v = map_get(&m->names, intern(m->cx, name));
  if (v) *out = *v;
  return v != NULL;
}

static int module_getattr(void *self, const ttc_value *of, const char *name, ttc_value *out) {
  LangModule *m = self;
  if (of->object == &math_module) return math_member(name, out);
  if (of->kind != TTC_MODULE || of->object) return 0;
  *out = (ttc_value){.kind = TTC_BUILTIN, .text = ctx_printf(m->cx, "%s.%s", of->text, name)};
  return 1;
}

static int module_call(void *self, const ttc_value *callee, const ttc_value *args, const char *const *names, size_t n,
                       ttc_value *out) {
  LangModule *m = self;
  const struct MathFunction *f = callee->object;
  size_t wanted = f->f ? 1 : 2;
  bool log_base = n == 2 && strcmp(f->name, "log") == 0;
  if ((n != wanted && !log_base) || (n && names[0]))
    lang_fail(m->L, NULL, "math.%s takes %zu numbers", f->name, wanted);
  double x = math_argument(m, f->name, &args[0]), y = n > 1 ? math_argument(m, f->name, &args[1]) : 0;
  double r = log_base ? log(x) / log(y) : f->f ? f->f(x) : f->f2(x, y);
  if (isnan(r) && !isnan(x) && !isnan(y)) lang_fail(m->L, NULL, "math.%s is not defined there", f->name);
  *out = (ttc_value){.kind = TTC_FLOAT, .number = r};
  if (!f->to_int) return 1;
  if (!(fabs(r) < 9e18)) lang_fail(m->L, NULL, "the integer is too large");
  *out = (ttc_value){.kind = TTC_INT, .integer = (int64_t)r};
  return 1;
}

/* ---- imports ----------------------------------------------------------------------------------------------------- */

/* The front end's name of a module, or NULL for one it does not know. */
static const char *our_module(const char *dotted) {
  static const char *const table[][2] = {
      {"triton", "triton"},
      {"triton.language", "tl"},
      {"triton.language.core", "tl"},
      {"triton.language.standard", "tl"},
      {"triton.language.math", "tl.math"},
      {"triton.language.random", "tl"},
      {"triton.language.extra", "tl.extra"},
      {"triton.language.extra.libdevice", "tl.extra.libdevice"},
      {"triton.language.extra.cuda", "tl.extra.cuda"},
      {"triton.language.extra.cuda.libdevice", "tl.extra.cuda.libdevice"},
  };
  for (size_t i = 0; i < COUNT(table); i++)
    if (strcmp(table[i][0], dotted) == 0) return table[i][1];
  return NULL;
}

static void remember_module(LangModule *m, const char *name, const char *dotted) {
  const char *ours = our_module(dotted);
  if (ours) {
    remember(m, name, (ttc_value){.kind = TTC_MODULE, .text = ours});
  } else if (strcmp(dotted, "math") == 0) {
    remember(m, name, (ttc_value){.kind = TTC_MODULE, .text = "math", .object = (void *)(uintptr_t)&math_module});
  } else {
    remember_unknown(m, name, ctx_printf(m->cx, "the module `%s`, which is not read when a file is compiled", dotted));
  }
}

static void read_import(LangModule *m, const Node *s) {
  for (uint32_t i = 0; i < s->items.len; i++) {
    const Node *alias = s->items.at[i];
    if (alias->name2) {
      remember_module(m, alias->name2, alias->name);
      continue;
    }
    const char *dot = strchr(alias->name, '.');
    const char *top = dot ? intern_n(m->cx, alias->name, (size_t)(dot - alias->name)) : alias->name;
    remember_module(m, top, top);
  }
}

static void read_import_from(LangModule *m, const Node *s) {
  for (uint32_t i = 0; i < s->items.len; i++) {
    const Node *alias = s->items.at[i];
    const char *name = alias->name2 ? alias->name2 : alias->name;
    const char *whole = ctx_printf(m->cx, "%s.%s", s->name, alias->name), *ours = our_module(s->name);
    ttc_value v = {0};
    if (s->op == 0 && (our_module(whole) || strcmp(whole, "math") == 0)) {
      remember_module(m, name, whole);
    } else if (s->op == 0 && ours) {
      remember(m, name, (ttc_value){.kind = TTC_BUILTIN, .text = ctx_printf(m->cx, "%s.%s", ours, alias->name)});
    } else if (s->op == 0 && strcmp(s->name, "math") == 0 && math_member(alias->name, &v)) {
      v.is_constexpr = false;
      remember(m, name, v);
    } else {
      remember_unknown(m, name,
                       ctx_printf(m->cx, "from the module `%s`, which is not read when a file is compiled", s->name));
    }
  }
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

static bool named(const Node *e, const char *name) {
  return (e->kind == N_NAME || e->kind == N_ATTRIBUTE) && strcmp(e->name, name) == 0;
}

static bool is_jit(const Node *def, bool *noinline) {
  bool jit = false;
  for (uint32_t i = 0; i < def->items.len; i++) {
    const Node *d = def->items.at[i], *callee = d->kind == N_CALL ? d->a : d;
    if (!named(callee, "jit")) continue;
    jit = true;
    for (uint32_t k = 0; d->kind == N_CALL && k < d->keywords.len; k++)
      if (d->keywords.at[k]->name && strcmp(d->keywords.at[k]->name, "noinline") == 0)
        *noinline = d->keywords.at[k]->a->kind == N_TRUE;
  }
  return jit;
}

/* The function's own lines, from its first decorator on; the whole file where it is indented. */
static void cut_source(LangModule *m, const Node *def, ttc_function *f) {
  const Source *source = m->source;
  uint32_t begin = def->items.len ? def->items.at[0]->span.begin : def->span.begin;
  while (begin > 0 && source->text[begin - 1] != '\n') begin--;
  bool indented = begin < source->len && (source->text[begin] == ' ' || source->text[begin] == '\t');
  f->source = indented ? source->text : source->text + begin;
  f->source_len = indented ? source->len : def->span.end - begin;
  int line = source->first_line, col;
  if (!indented) span_line_col((Span){source, begin, begin}, &line, &col);
  f->first_line = line;
}

static void read_function(LangModule *m, const Node *def) {
  bool noinline = false;
  if (!is_jit(def, &noinline)) {
    int line, col;
    span_line_col(def->span, &line, &col);
    remember_unknown(m, def->name, ctx_printf(m->cx, "a Python function without @triton.jit (line %d)", line));
    return;
  }
  ttc_function *f = NEW(m->cx, ttc_function);
  f->name = def->name;
  f->qualname = ctx_printf(m->cx, "%s.%s", m->stem, def->name);
  f->file = m->source->file;
  f->noinline = noinline;
  cut_source(m, def, f);
  vec_push(m->cx, &m->functions, f);
  map_put(m->cx, &m->jit, def->name, f);
  remember(m, def->name, (ttc_value){.kind = TTC_FUNCTION, .function = f});
}

/* ---- constants --------------------------------------------------------------------------------------------------- */

typedef struct Evaluation {
  LangModule *m;
  Node *e;
  ttc_value out;
} Evaluation;

static void fold(Ctx *cx, void *arg) {
  (void)cx;
  Evaluation *f = arg;
  Lang *L = f->m->L;
  L->depth = 0;
  Val *v = py_eval(L, f->e);
  py_val_to_host(L, v, &f->out);
  f->out.is_constexpr = v->constexpr_;
}

static bool fold_constant(LangModule *m, Node *e, ttc_value *out) {
  Evaluation f = {.m = m, .e = e};
  if (e->kind == N_LAMBDA) return false;
  m->L->fn->info->globals = (Map){0}; /* names may have been rebound since */
  Err err = ctx_protect(m->cx, fold, &f);
  if (err == ERR_MEMORY) ctx_throw(m->cx, err);
  if (err != ERR_NONE) ctx_clear_diags(m->cx);
  *out = f.out;
  return err == ERR_NONE;
}

static void bind_unknown(LangModule *m, const Node *target, const char *why) {
  if (target->kind == N_NAME) remember_unknown(m, target->name, why);
  for (uint32_t i = 0; i < target->items.len; i++) bind_unknown(m, target->items.at[i], why);
}

static void bind_constant(LangModule *m, const Node *target, const ttc_value *v, const char *why) {
  if (target->kind == N_NAME) {
    remember(m, target->name, *v);
  } else if ((target->kind == N_TUPLE || target->kind == N_LIST) && (v->kind == TTC_TUPLE || v->kind == TTC_LIST) &&
             v->len == target->items.len) {
    for (uint32_t i = 0; i < target->items.len; i++) bind_constant(m, target->items.at[i], &v->items[i], why);
  } else {
    bind_unknown(m, target, why);
  }
}

/* `k = triton.jit(f)` and `k = triton.autotune(...)(f)` name a function of this file once more. */
static const ttc_function *wrapped_function(const LangModule *m, const Node *e) {
  if (e->kind == N_NAME) return map_get(&m->jit, e->name);
  if (e->kind != N_CALL || e->items.len != 1) return NULL;
  const Node *callee = e->a->kind == N_CALL ? e->a->a : e->a;
  if (!named(callee, "jit") && !named(callee, "autotune") && !named(callee, "heuristics")) return NULL;
  return wrapped_function(m, e->items.at[0]);
}

static void read_assignment(LangModule *m, const Node *const *targets, uint32_t n, Node *value) {
  int line, col;
  span_line_col(value->span, &line, &col);
  const char *why = ctx_printf(m->cx, "a value that is known only to a running Python program (line %d)", line);
  ttc_value v = {0};
  const ttc_function *f = wrapped_function(m, value);
  if (f) v = (ttc_value){.kind = TTC_FUNCTION, .function = f};
  bool known = f || fold_constant(m, value, &v);
  for (uint32_t i = 0; i < n; i++) {
    if (known) {
      bind_constant(m, targets[i], &v, why);
    } else {
      bind_unknown(m, targets[i], why);
    }
  }
}

static void read_statements(LangModule *m, Nodes body);

static void read_if(LangModule *m, const Node *s) {
  ttc_value v = {0};
  if (!fold_constant(m, s->a, &v)) { /* either branch may run: the definitions of both are recorded */
    read_statements(m, s->orelse);
    read_statements(m, s->body);
    return;
  }
  bool truth = v.kind == TTC_FLOAT ? v.number != 0 : v.kind == TTC_NONE ? false : v.integer != 0 || v.len != 0;
  read_statements(m, truth ? s->body : s->orelse);
}

static void read_statement(LangModule *m, Node *s) {
  switch (s->kind) {
  case N_IMPORT: read_import(m, s); return;
  case N_IMPORT_FROM: read_import_from(m, s); return;
  case N_FUNCTION: read_function(m, s); return;
  case N_ASSIGN: read_assignment(m, (const Node *const *)s->items.at, s->items.len, s->b); return;
  case N_ANNASSIGN:
    if (s->b) read_assignment(m, (const Node *const *)&s->a, 1, s->b);
    return;
  case N_AUGASSIGN: {
    Node sum = {.kind = N_BINARY, .op = s->op, .span = s->span, .a = s->a, .b = s->b};
    read_assignment(m, (const Node *const *)&s->a, 1, &sum);
    return;
  }
  case N_IF: read_if(m, s); return;
  case N_TRY: read_statements(m, s->body); return;
  case N_CLASS: remember_unknown(m, s->name, ctx_printf(m->cx, "a Python class (`%s`)", s->name)); return;
  case N_FOR: bind_unknown(m, s->a, "a variable of a loop at module level, which is not run"); return;
  default: return;
  }
}

static void read_statements(LangModule *m, Nodes body) {
  for (uint32_t i = 0; i < body.len; i++) read_statement(m, body.at[i]);
}

/* ---- the module -------------------------------------------------------------------------------------------------- */

static const char *file_stem(Ctx *cx, const char *file) {
  const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
  const char *dot = strrchr(base, '.');
  return dot && dot != base ? ctx_strndup(cx, base, (size_t)(dot - base)) : base;
}

static Lang *constant_evaluator(LangModule *m) {
  LangOptions options = {.common.allow_non_constexpr_globals = true};
  Lang *L = lang_new(m->cx, NULL, &options);
  L->host = &m->host;
  FnInfo *info = NEW(m->cx, FnInfo);
  ttc_function *f = NEW(m->cx, ttc_function);
  f->name = f->qualname = "<module>";
  f->file = m->source->file;
  info->function = f;
  info->source = m->source;
  FnState *fn = NEW(m->cx, FnState);
  fn->info = info;
  fn->name = f->name;
  fn->scope = py_scope_new(L, info, NULL);
  L->fn = fn;
  return L;
}

LangModule *lang_module_read(Ctx *cx, const Source *source) {
  LangModule *m = NEW(cx, LangModule);
  m->cx = cx;
  m->source = source;
  m->stem = file_stem(cx, source->file);
  m->host = (ttc_host){.self = m, .lookup = module_lookup, .getattr = module_getattr, .call = module_call};
  m->L = constant_evaluator(m);
  remember(m, intern(cx, "__name__"), (ttc_value){.kind = TTC_STR, .text = m->stem, .len = strlen(m->stem)});
  read_statements(m, syn_parse_module(cx, source)->body);
  return m;
}

const ttc_host *lang_module_host(LangModule *m) { return &m->host; }

static bool mentions(const Node *e, const char *name);

static bool any_mentions(Nodes nodes, const char *name) {
  for (uint32_t i = 0; i < nodes.len; i++)
    if (nodes.at[i] && mentions(nodes.at[i], name)) return true;
  return false;
}

static bool mentions(const Node *e, const char *name) {
  if (e->kind == N_NAME) return strcmp(e->name, name) == 0;
  return (e->a && mentions(e->a, name)) || (e->b && mentions(e->b, name)) || (e->c && mentions(e->c, name)) ||
         any_mentions(e->items, name) || any_mentions(e->items2, name) || any_mentions(e->keywords, name) ||
         any_mentions(e->body, name) || any_mentions(e->orelse, name);
}

/* The only function that no other one of the file uses. */
static const ttc_function *only_kernel(LangModule *m) {
  Vec(const Node *) defs = {0};
  for (uint32_t i = 0; i < m->functions.len; i++) {
    const Source *source;
    Node *def = py_fn_parse(m->cx, m->functions.at[i], &source);
    def->items.len = 0;
    vec_push(m->cx, &defs, def);
  }
  const ttc_function *found = NULL;
  Buf names = {.cx = m->cx};
  int n = 0;
  for (uint32_t i = 0; i < m->functions.len; i++) {
    bool used = map_get(&m->jit, m->functions.at[i]->name) != m->functions.at[i];
    for (uint32_t k = 0; k < defs.len && !used; k++) used = k != i && mentions(defs.at[k], m->functions.at[i]->name);
    if (used) continue;
    found = m->functions.at[i];
    buf_printf(&names, "%s`%s`", n++ ? ", " : "", found->name);
  }
  if (n == 0)
    ctx_fail(m->cx, ERR_SOURCE, "%s: there is no kernel (a function marked @triton.jit) in this file", m->source->file);
  if (n > 1)
    ctx_fail(m->cx, ERR_SOURCE, "%s: there are several kernels, name the one to compile: %s", m->source->file,
             buf_text(&names));
  return found;
}

const ttc_function *lang_module_function(LangModule *m, const char *name) {
  if (!name) return m->functions.len == 1 ? m->functions.at[0] : only_kernel(m);
  const ttc_function *f = map_get(&m->jit, intern(m->cx, name));
  if (f) return f;
  const char **names = NEWN(m->cx, const char *, m->functions.len);
  for (uint32_t i = 0; i < m->functions.len; i++) names[i] = m->functions.at[i]->name;
  ctx_fail(m->cx, ERR_SOURCE, "%s: there is no function `%s` marked @triton.jit in this file%s", m->source->file, name,
           did_you_mean(m->cx, name, names, m->functions.len));
}
