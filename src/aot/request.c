/* request.c: from what is wanted to compiled variants: every signature of every kernel, for every target. */
#include "aot/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- targets ----------------------------------------------------------------------------------------------------- */

/* Feature levels from strong to weak. */
static const char *const levels[] = {
#define LEVEL(name) name,
#define NEEDS(leaf, subleaf, reg, bit, name)
#include "cpu/rt/levels.def"
#undef LEVEL
#undef NEEDS
    "generic"};
#if defined(__aarch64__)
static const char *const usual_levels[] = {"generic"};
#else
static const char *const usual_levels[] = {"sapphirerapids", "x86-64-v4", "x86-64-v3", "x86-64-v2"};
#endif

static size_t strength(const char *level) {
  size_t i = 0;
  while (i < COUNT(levels) && strcmp(levels[i], level) != 0) i++;
  return i;
}

typedef struct Targets {
  AotTexts at; /* strong before weak; of one backend */
  bool is_cuda;
} Targets;

static int by_strength(const void *a, const void *b) {
  size_t x = strength(*(const char *const *)a + 4), y = strength(*(const char *const *)b + 4);
  return (x > y) - (x < y);
}

static int by_capability(const void *a, const void *b) {
  int x = atoi(*(const char *const *)a + 5), y = atoi(*(const char *const *)b + 5);
  return (x < y) - (x > y);
}

static void add_target(Ctx *cx, Targets *t, const char *text) {
  for (uint32_t i = 0; i < t->at.len; i++)
    if (!strcmp(t->at.at[i], text)) return;
  vec_push(cx, &t->at, text);
}

static void add_cpu(Ctx *cx, Targets *t, const char *text) {
  if (!strcmp(text, "cpu")) {
    for (size_t i = 0; i < COUNT(usual_levels); i++) add_target(cx, t, ctx_printf(cx, "cpu:%s", usual_levels[i]));
    return;
  }
  if (strength(text + 4) == COUNT(levels)) {
    Buf known = {.cx = cx};
    for (size_t i = 0; i < COUNT(levels); i++) buf_printf(&known, " cpu:%s", levels[i]);
    ctx_fail(cx, ERR_SYSTEM,
             "a program chooses among feature levels when it runs, and `%s` is none; they are%s, and cpu for the usual",
             text, buf_text(&known));
  }
  add_target(cx, t, text);
}

/* Each text may be several, separated by commas. */
static Targets read_targets(Ctx *cx, const AotTexts *texts) {
  Targets t = {0};
  static const char *const fallback[] = {"cpu"};
  size_t n = texts->len ? texts->len : 1;
  for (size_t i = 0; i < n; i++)
    for (const char *s = texts->len ? texts->at[i] : fallback[0]; *s;) {
      size_t len = strcspn(s, ",");
      const char *text = ctx_strndup(cx, s + strspn(s, " "), len - (strspn(s, " ") < len ? strspn(s, " ") : len));
      bool is_cuda = !strncmp(text, "cuda:", 5) && text[5];
      if (!is_cuda && strcmp(text, "cpu") && strncmp(text, "cpu:", 4))
        ctx_fail(cx, ERR_SYSTEM, "artefacts are made for cpu, cpu:LEVEL and cuda:NN, not for `%s`", text);
      if (t.at.len && is_cuda != t.is_cuda)
        ctx_fail(cx, ERR_SYSTEM, "an artefact is for the CPU or for GPUs: write one for each");
      t.is_cuda = is_cuda;
      if (is_cuda)
        add_target(cx, &t, text);
      else
        add_cpu(cx, &t, text);
      s += len + (s[len] == ',');
    }
  if (t.at.len) qsort(t.at.at, t.at.len, sizeof *t.at.at, t.is_cuda ? by_capability : by_strength);
  return t;
}

/* ---- compiling --------------------------------------------------------------------------------------------------- */

typedef struct Job {
  const AotKernel *kernel;
  const char *text, *signature, *target, *stop;
  size_t len;
  AotParam *params; /* out */
  size_t nparams;
  const char *name;
  Compiled *compiled;
} Job;

typedef Vec(AotParam) Leaves;

/* What a parameter, or a tuple's item, is to a C function: one parameter for each item of a tuple, `t_0` or, of a field,
 * `t_field`. What is 1 by its hint is a constant of the kernel. */
static void flatten(Ctx *cx, ttc_param *p, const char *name, Leaves *out) {
  if (!strcmp(p->type, "tuple")) {
    ttc_param *items = ctx_copy(cx, p->items, p->nitems * sizeof *items);
    for (size_t i = 0; i < p->nitems; i++) {
      const char *item =
          items[i].name ? ctx_printf(cx, "%s_%s", name, items[i].name) : ctx_printf(cx, "%s_%zu", name, i);
      flatten(cx, &items[i], item, out);
    }
    p->items = items;
    return;
  }
  bool is_constant = !strcmp(p->type, "constexpr");
  AotParam leaf = {.name = name, .type = is_constant ? NULL : p->type, .hint = is_constant ? 0 : p->divisibility};
  if (is_constant) leaf.constant = ctx_copy(cx, &p->constant, sizeof p->constant);
  vec_push(cx, out, leaf);
  if (is_constant || p->divisibility != 1) return;
  if (strchr("iu", p->type[0]) == NULL)
    ctx_fail(cx, ERR_SOURCE, "parameter `%s`: the hint 1 is for integers, and this is a %s", name, p->type);
  p->type = "constexpr";
  p->divisibility = 0;
  p->constant = (ttc_value){.kind = TTC_INT, .integer = 1};
}

static void flatten_all(Ctx *cx, RunRequest *r, Job *j) {
  ttc_param *params = ctx_copy(cx, r->params, r->nparams * sizeof *params);
  Leaves leaves = {0};
  Map names = {0};
  for (size_t i = 0; i < r->nparams; i++) flatten(cx, &params[i], params[i].name, &leaves);
  for (uint32_t i = 0; i < leaves.len; i++) {
    const char *name = intern(cx, leaves.at[i].name);
    if (map_get(&names, name)) ctx_fail(cx, ERR_SOURCE, "two parameters of the C function would be called `%s`", name);
    map_put(cx, &names, name, (void *)(uintptr_t)name);
  }
  r->params = params;
  j->params = leaves.at;
  j->nparams = leaves.len;
}

static void compile_job(Ctx *cx, void *arg) {
  Job *j = arg;
  const AotKernel *k = j->kernel;
  ttc_request q = {.size = sizeof q,
                   .text = j->text,
                   .len = j->len,
                   .file = k->file,
                   .kernel = k->kernel,
                   .signature = j->signature,
                   .target = j->target,
                   .options = k->options.at,
                   .noptions = k->options.len};
  RunRequest r = run_request(cx, &q, k->defines.at, k->defines.len);
  if (r.ir) ctx_fail(cx, ERR_SOURCE, "%s is Triton IR: artefacts are made of Python sources", k->file);
  r.stop = j->stop;
  flatten_all(cx, &r, j);
  j->name = r.function->name;
  j->compiled = NEW(cx, Compiled);
  run_compile(cx, &r, j->compiled);
  if (j->compiled->info.check_grain)
    ctx_fail(cx, ERR_SOURCE,
             "the option debug checks every access on the CPU, which only launches through the library do: "
             "add check_memory=false");
}

/* Does other PTX than for one compute capability alone come of it? ".target sm_90a" is for 90 alone. */
static bool is_portable(const Compiled *c) {
  const Stage *ptx = aot_stage(c, "ptx");
  const char *at = ptx ? strstr(ptx->bytes, ".target sm_") : NULL;
  if (!at) return false;
  at += strlen(".target sm_");
  at += strspn(at, "0123456789");
  return *at != 'a' && *at != 'f';
}

/* PTX that later GPUs take: of the oldest generation that has asynchronous copies. */
static const Compiled *compile_fallback(Ctx *cx, Job j) {
  j.target = "cuda:80";
  j.stop = "ptx";
  if (ctx_protect(cx, compile_job, &j) == ERR_NONE) return j.compiled;
  ctx_clear_diags(cx); /* a kernel for newer GPUs only */
  return NULL;
}

static AotVariant make_variant(Ctx *cx, const AotKernel *k, const Targets *targets, const char *text, size_t len,
                               const char *signature, const char **name) {
  AotVariant v = {.when = k->when.at, .nwhen = k->when.len};
  const Compiled **images = NEWN(cx, const Compiled *, targets->at.len + 1);
  Job j = {.kernel = k, .text = text, .len = len, .signature = signature};
  bool portable = false;
  for (uint32_t i = 0; i < targets->at.len; i++) {
    j.target = targets->at.at[i];
    compile_job(cx, &j);
    images[v.nimages++] = j.compiled;
    portable |= targets->is_cuda && is_portable(j.compiled);
  }
  if (targets->is_cuda && !portable) v.fallback = compile_fallback(cx, j);
  for (size_t i = 0, at = 0; i < j.nparams; i++) {
    AotParam *p = &j.params[i];
    aot_check_param(cx, p);
    if (!p->type || p->hint == 1) continue;
    p->written = run_arg_written(&images[0]->info, at++);
  }
  v.params = j.params;
  v.nparams = j.nparams;
  v.images = images;
  *name = j.name;
  return v;
}

/* ---- grids, conditions ------------------------------------------------------------------------------------------- */

/* Three expressions, separated by commas outside of brackets; fewer: the rest is 1. */
static void split_grid(Ctx *cx, const char *grid, const char *out[3]) {
  int n = 0, depth = 0;
  const char *from = grid;
  for (const char *s = grid;; s++) {
    depth += *s == '(' || *s == '[';
    depth -= *s == ')' || *s == ']';
    if (*s && !(*s == ',' && depth == 0)) continue;
    const char *end = s;
    while (from < end && *from == ' ') from++;
    while (end > from && end[-1] == ' ') end--;
    if (end == from || n == 3) ctx_fail(cx, ERR_SOURCE, "a grid has one to three C expressions: \"%s\"", grid);
    out[n++] = ctx_strndup(cx, from, (size_t)(end - from));
    from = s + 1;
    if (!*s) break;
  }
  while (n < 3) out[n++] = "1";
}

static void check_when(Ctx *cx, const AotKernel *k, const AotVariant *v) {
  for (uint32_t i = 0; i < k->when.len; i++) {
    const AotParam *p = NULL;
    for (size_t n = 0; n < v->nparams && !p; n++)
      if (!strcmp(v->params[n].name, k->when.at[i].name)) p = &v->params[n];
    if (!p || !p->type || !strchr("iu", p->type[0]))
      ctx_fail(cx, ERR_SOURCE, "`when` names `%s`, which is no run-time integer of the kernel", k->when.at[i].name);
  }
}

/* What is 1 says more than what is a multiple of 16. */
static int demands(const AotVariant *v) {
  int ones = 0, all = 0;
  for (size_t i = 0; i < v->nparams; i++) {
    ones += v->params[i].type && v->params[i].hint == 1;
    all += v->params[i].type && v->params[i].hint != 0;
  }
  return 1000 * ones + all;
}

typedef struct Growing {
  AotFunction f;
  Vec(AotVariant) variants;
} Growing;

/* The most demanding of an entry's signatures first; they stay behind those of earlier entries. */
static void insert_variant(Ctx *cx, Growing *g, uint32_t from, AotVariant v) {
  vec_push(cx, &g->variants, v);
  uint32_t i = g->variants.len - 1;
  for (; i > from && demands(&g->variants.at[i - 1]) < demands(&v); i--) g->variants.at[i] = g->variants.at[i - 1];
  g->variants.at[i] = v;
}

/* One function's variants take the same arguments, and write through the pointers that any of them writes through. */
static void unify(Ctx *cx, const AotBuild *b, Growing *g) {
  AotParam *first = (AotParam *)(uintptr_t)g->variants.at[0].params;
  for (uint32_t i = 1; i < g->variants.len; i++)
    for (size_t n = 0; n < g->variants.at[i].nparams && n < g->variants.at[0].nparams; n++)
      first[n].written |= g->variants.at[i].params[n].written;
  for (uint32_t i = 1; i < g->variants.len; i++) {
    AotParam *params = (AotParam *)(uintptr_t)g->variants.at[i].params;
    for (size_t n = 0; n < g->variants.at[i].nparams && n < g->variants.at[0].nparams; n++)
      params[n].written = first[n].written;
    Buf one = {.cx = cx}, other = {.cx = cx};
    aot_params(&one, b, &g->variants.at[0]);
    aot_params(&other, b, &g->variants.at[i]);
    if (strcmp(buf_text(&one), buf_text(&other)) != 0)
      ctx_fail(cx, ERR_SOURCE, "the variants of `%s` differ in what they take: (%s) and (%s)", g->f.name,
               buf_text(&one), buf_text(&other));
  }
}

/* The functions of an artefact while kernels are added to them. */
typedef struct Artefact {
  AotBuild build;
  Vec(Growing *) all;
  Map by_name; /* names are interned */
} Artefact;

static Growing *function_called(Ctx *cx, Artefact *a, const AotKernel *k, const char *function) {
  const char *name = intern(cx, k->name ? k->name : function), *slash = strrchr(k->file, '/');
  if (!aot_is_c_name(name)) ctx_fail(cx, ERR_SOURCE, "a C function cannot be called `%s`", name);
  Growing *g = map_get(&a->by_name, name);
  if (g) return g;
  g = NEW(cx, Growing);
  g->f = (AotFunction){.name = name, .kernel = function, .file = slash ? slash + 1 : k->file};
  map_put(cx, &a->by_name, name, g);
  vec_push(cx, &a->all, g);
  return g;
}

static void add_kernel(Ctx *cx, Artefact *a, const AotKernel *k) {
  Targets targets = read_targets(cx, &k->targets);
  if (a->all.len && targets.is_cuda != a->build.is_cuda)
    ctx_fail(cx, ERR_SYSTEM, "an artefact is for the CPU or for GPUs: write one for each");
  a->build.is_cuda = targets.is_cuda;
  size_t len;
  const char *text = file_read(cx, k->file, &len), *function = NULL;
  Growing *g = NULL;
  uint32_t from = 0;
  for (uint32_t n = 0; n < k->signatures.len; n++) {
    AotVariant v = make_variant(cx, k, &targets, text, len, k->signatures.at[n], &function);
    if (k->grid) split_grid(cx, k->grid, v.grid);
    check_when(cx, k, &v);
    if (!g) {
      g = function_called(cx, a, k, function);
      from = g->variants.len;
    }
    insert_variant(cx, g, from, v);
  }
}

AotBuild aot_build(Ctx *cx, const char *name, const AotKernels *kernels) {
  Artefact a = {.build = {.name = name}};
  if (!aot_is_c_name(name))
    ctx_fail(cx, ERR_SOURCE, "`%s`, the artefact's name, begins names in C, where it cannot stand", name);
  for (uint32_t i = 0; i < kernels->len; i++) add_kernel(cx, &a, &kernels->at[i]);
  AotFunction *functions = NEWN(cx, AotFunction, a.all.len + 1);
  for (uint32_t i = 0; i < a.all.len; i++) {
    unify(cx, &a.build, a.all.at[i]);
    functions[i] = a.all.at[i]->f;
    functions[i].variants = a.all.at[i]->variants.at;
    functions[i].nvariants = a.all.at[i]->variants.len;
  }
  a.build.functions = functions;
  a.build.nfunctions = a.all.len;
  if (!a.build.nfunctions) ctx_fail(cx, ERR_SOURCE, "there is no kernel to compile");
  return a.build;
}
