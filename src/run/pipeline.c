/* pipeline.c: run_compile(): every step of a compile, in order. */
#include "ir/watch.h"
#include "run/run.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Triton IR as the front end gives it, of a function that may take tensors and return values: what the interpreter asks
 * for. */
#define FRONT_STAGE "front"

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static TargetOptions target_options(Compiled *c) {
  return (TargetOptions){.arch = c->target.arch, .common = c->options, .edited = run_override_stage, .self = c};
}

/* Any text as a symbol that PTX, LLVM and Triton IR spell without quotes; NULL for none at all. */
static const char *symbol_of(Ctx *cx, const char *text) {
  Buf b = {.cx = cx};
  if (isdigit((unsigned char)*text) || (*text && !text[1] && !isalpha((unsigned char)*text))) buf_putc(&b, '_');
  for (const char *s = text; *s; s++) {
    unsigned char ch = (unsigned char)*s;
    if ((ch & 0xc0) == 0x80) continue; /* of a character of several bytes only the first counts */
    buf_putc(&b, ch < 0x80 && (isalnum(ch) || ch == '_' || ch == '$') ? (char)ch : '_');
  }
  return b.len ? buf_text(&b) : NULL;
}

static LangOptions lang_options(const Compiled *c, const TargetOptions *t) {
  LangOptions l = {.common = c->options, .target_name = c->target.name};
  if (c->target.backend) c->target.backend->lang_options(t, &l);
  return l;
}

static void run_named_passes(Ctx *cx, Module *m, const char *list) {
  Vec(const Pass *) chosen = {0};
  while (*list) {
    size_t n = strcspn(list, ",");
    const char *name = ctx_strndup(cx, list, n);
    const Pass *p = opt_pass_named(name);
    if (!p && n) {
      size_t count;
      const Pass *const *passes = opt_passes(&count);
      const char **names = NEWN(cx, const char *, count);
      for (size_t i = 0; i < count; i++) names[i] = passes[i]->name;
      ctx_fail(cx, ERR_SOURCE, "there is no pass `%s`%s", name, did_you_mean(cx, name, names, count));
    }
    if (p) vec_push(cx, &chosen, p);
    list += n + (list[n] == ',');
  }
  opt_run(cx, m, chosen.at, chosen.len);
}

static void push_ttir(Ctx *cx, Compiled *c, const Module *m, const char *name) {
  Buf b = {.cx = cx};
  ir_print(&b, m, (PrintOptions){.no_locations = c->options.no_locations});
  Stage s = {.name = name, .bytes = buf_text(&b), .len = b.len};
  vec_push(cx, &c->stages, s);
}

/* Asked before the backend changes the module. */
static const bool *written_params(Ctx *cx, Module *m, const Compiled *c) {
  const Op *kernel = ir_module_func(m, c->info.name);
  bool *written = NEWN(cx, bool, ir_entry(kernel, 0)->nargs + 1);
  opt_written(cx, m, kernel, written);
  return written;
}

/* A backend may push the Triton IR it was given as well. */
static void drop_second_ttir(Stages *stages) {
  uint32_t kept = 1;
  for (uint32_t i = 1; i < stages->len; i++)
    if (strcmp(stages->at[i].name, "ttir") != 0) stages->at[kept++] = stages->at[i];
  stages->len = kept;
}

static bool has_stage(const RunTarget *t, const char *stage) {
  for (const char *const *s = run_stages(t); *s; s++)
    if (strcmp(*s, stage) == 0) return true;
  return false;
}

/* `stop` must be a stage of the target; a target without backend stops at Triton IR or not at all. */
static void check_stop(Ctx *cx, const RunTarget *t, const char *stop) {
  if (stop && (strcmp(stop, "ttir") == 0 || strcmp(stop, FRONT_STAGE) == 0)) return;
  if (!t->backend) ctx_fail(cx, ERR_SYSTEM, "cannot compile for `%s`: %s", t->resolved, t->missing);
  if (!stop) return;
  Buf known = {.cx = cx};
  for (const char *const *s = t->backend->stages; *s; s++) {
    if (strcmp(*s, stop) == 0) return;
    buf_printf(&known, "%s%s", known.len ? ", " : "", *s);
  }
  ctx_fail(cx, ERR_SOURCE, "target `%s` has no stage `%s`; it has %s", t->name, stop, buf_text(&known));
}

/* ---- stages ------------------------------------------------------------------------------------------------------ */

/* A compile in progress. */
typedef struct Compile {
  Ctx *cx;
  const RunRequest *r;
  Compiled *out;
  TargetOptions target;
  LangOptions lang;
  Module *m;
  bool whole;       /* every stage is asked for; else: */
  bool front, ttir; /* the front end's Triton IR, the optimized one, is the last */
  bool is_gpu_ir;   /* it begins after Triton IR */
} Compile;

/* What was asked for, checked. */
static void understand(Compile *p) {
  const RunRequest *r = p->r;
  Compiled *c = p->out;
  *c = (Compiled){.target = run_target(p->cx, r->target), .options = run_options(p->cx, r->options, r->noptions)};
  if (c->target.backend && !c->target.backend->tensor_map) c->options.launch_maps = false; /* no launch makes any */
  check_stop(p->cx, &c->target, r->stop);
  opt_check_dump(p->cx, c->target.backend ? c->target.backend->passes : NULL);
  p->whole = !r->stop;
  p->front = r->stop && strcmp(r->stop, FRONT_STAGE) == 0;
  p->ttir = r->stop && strcmp(r->stop, "ttir") == 0;
  c->edited.none = r->unedited;
  run_override_read(p->cx, c);
  p->target = target_options(c);
  p->lang = lang_options(c, &p->target);
  p->lang.returns = p->front;
  if (r->symbol) p->lang.symbol = symbol_of(p->cx, r->symbol);
}

static bool take_from_cache(Compile *p) {
  const RunRequest *r = p->r;
  if (!p->whole || !r->use_cache || watch_of(p->cx) || r->unedited || !run_cache_read(p->cx, r->store, p->out))
    return false;
  p->out->from_cache = true;
  run_dump(p->cx, p->out);
  return true;
}

/* The kernel in Triton IR, or in the IR that was given. */
static void make_ir(Compile *p) {
  const RunRequest *r = p->r;
  Compiled *c = p->out;
  TimeSpan *span = time_begin(p->cx, r->ir ? "reading" : "front end");
  int64_t start = time_now();
  p->m = r->ir ? ir_read(p->cx, r->ir) : lang_compile(p->cx, r->host, r->function, r->params, r->nparams, &p->lang);
  watch_pass(p->cx, p->m, r->ir ? "read" : "front end", time_now() - start);
  if (r->ir && r->kernel) run_keep_kernel(p->cx, p->m, r->kernel);
  time_end(p->cx, span);
  p->is_gpu_ir = ir_attr(p->m->op, "ttg.num-warps") != NULL;
  c->info = (KernelInfo){.name = run_kernel_name(p->cx, p->m),
                         .target = c->target.resolved,
                         .num_warps = p->target.common.num_warps,
                         .num_stages = p->target.common.num_stages,
                         .num_ctas = p->target.common.num_ctas,
                         .max_threads = c->options.num_cpu_threads,
                         .cooperative = c->options.launch_cooperative_grid,
                         .dependent = c->options.launch_pdl};
  if (p->is_gpu_ir && !p->front && !p->ttir && !has_stage(&c->target, "ttgir"))
    ctx_fail(p->cx, ERR_SOURCE, "`%s` holds Triton GPU IR, and target `%s` takes Triton IR; name a GPU (cuda:90)",
             r->ir ? r->ir->file : c->info.name, c->target.name);
}

static void optimize(Compile *p) {
  TimeSpan *span = time_begin(p->cx, "passes on Triton IR");
  if (p->r->passes)
    run_named_passes(p->cx, p->m, p->r->passes);
  else if (p->front)
    run_named_passes(p->cx, p->m, "dot-scaled,expand-math");
  else if (!p->is_gpu_ir)
    opt_ttir(p->cx, p->m);
  time_end(p->cx, span);
}

/* Which of several files of the user's are edits is known by what is made without any: one more compile. */
static void find_edits(Compile *p) {
  if (run_override_files(p->cx, p->out) < 2) return;
  RunRequest plain = *p->r;
  plain.unedited = true;
  Compiled *made = NEW(p->cx, Compiled);
  run_compile(p->cx, &plain, made);
  p->out->edited.made = &made->stages;
}

static void take_edited_ttir(Compile *p) {
  Compiled *c = p->out;
  size_t len;
  find_edits(p);
  const char *edited = run_override_stage(c, p->cx, "ttir", &len);
  if (!edited) return;
  p->m = ir_read(p->cx, source_new(p->cx, ctx_printf(p->cx, "%s.ttir", c->info.name), edited, len, 1));
  c->info.name = run_kernel_name(p->cx, p->m);
}

static void make_stages(Compile *p) {
  Compiled *c = p->out;
  if (!p->is_gpu_ir || p->ttir) push_ttir(p->cx, c, p->m, "ttir");
  const bool *written = written_params(p->cx, p->m, c);
  run_describe_descriptors(p->cx, p->m, &c->info);
  if (!p->ttir) {
    TimeSpan *span = time_begin(p->cx, c->target.name);
    c->target.backend->compile(p->cx, p->m, &p->target, p->r->stop, &c->stages, &c->info);
    time_end(p->cx, span);
    drop_second_ttir(&c->stages);
  }
  for (int i = 0; i < c->info.ndescriptors; i++)
    if (c->info.descriptors[i].is_optional) c->info.without_maps = run_options_without_maps(p->cx, &c->options);
  c->info.written = run_place_written(p->cx, &c->info, written);
  run_override_check(p->cx, c, p->whole);
}

static void keep(Compile *p) {
  if (p->r->unedited) return;
  TimeSpan *span = time_begin(p->cx, "writing to the cache");
  run_dump(p->cx, p->out);
  if (p->whole && p->r->use_cache && !p->out->edited.from_folder) run_cache_write(p->cx, p->r->store, p->out);
  time_end(p->cx, span);
}

/* ---- the list ---------------------------------------------------------------------------------------------------- */

static void compile_steps(Compile *p) {
  TimeSpan *span = time_begin(p->cx, "request, key and cache");
  understand(p);
  run_key(p->cx, p->r, p->out);
  bool known = take_from_cache(p);
  time_end(p->cx, span);
  if (known) return;
  make_ir(p);
  optimize(p);
  if (p->front) {
    push_ttir(p->cx, p->out, p->m, FRONT_STAGE);
    return;
  }
  take_edited_ttir(p);
  make_stages(p);
  keep(p);
}

void run_compile(Ctx *cx, const RunRequest *r, Compiled *out) {
  TimeSpan *span = time_whole(cx, "compile");
  compile_steps(&(Compile){.cx = cx, .r = r, .out = out});
  out->taken = time_end(cx, span);
  if (span && !r->unedited)
    fprintf(stderr, "---- %s, %s%s\n%s", out->info.name, out->target.resolved,
            out->from_cache ? ", from the cache" : "", time_tree(cx, span));
}
