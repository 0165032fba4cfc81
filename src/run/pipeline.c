/* pipeline.c: run_compile(): every step of a compile, in order. */
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

/* ---- the list ---------------------------------------------------------------------------------------------------- */

void run_compile(Ctx *cx, const RunRequest *r, Compiled *c) {
  *c = (Compiled){.target = run_target(cx, r->target), .options = run_options(cx, r->options, r->noptions)};
  check_stop(cx, &c->target, r->stop);
  opt_check_dump(cx, c->target.backend ? c->target.backend->passes : NULL);
  c->edited.none = r->unedited;
  run_override_read(cx, c);
  TargetOptions target = target_options(c);
  LangOptions lang = lang_options(c, &target);
  bool whole = !r->stop, front = r->stop && strcmp(r->stop, FRONT_STAGE) == 0;
  lang.returns = front;
  if (r->symbol) lang.symbol = symbol_of(cx, r->symbol);

  run_key(cx, r, c);
  if (whole && r->use_cache && !r->unedited && run_cache_read(cx, r->store, c)) {
    c->from_cache = true;
    run_dump(cx, c);
    return;
  }

  Module *m = r->ir ? ir_read(cx, r->ir) : lang_compile(cx, r->host, r->function, r->params, r->nparams, &lang);
  if (r->ir && r->kernel) run_keep_kernel(cx, m, r->kernel);
  c->info = (KernelInfo){.name = run_kernel_name(cx, m),
                         .target = c->target.resolved,
                         .num_warps = target.common.num_warps,
                         .num_stages = target.common.num_stages,
                         .num_ctas = target.common.num_ctas,
                         .cooperative = c->options.launch_cooperative_grid,
                         .dependent = c->options.launch_pdl};
  if (front) {
    run_named_passes(cx, m, r->passes ? r->passes : "dot-scaled,expand-math");
    push_ttir(cx, c, m, FRONT_STAGE);
    return;
  }
  bool is_gpu_ir = ir_attr(m->op, "ttg.num-warps") != NULL; /* it begins after Triton IR */
  bool only_ir = r->stop && strcmp(r->stop, "ttir") == 0;
  if (is_gpu_ir && !only_ir && !has_stage(&c->target, "ttgir"))
    ctx_fail(cx, ERR_SOURCE, "`%s` holds Triton GPU IR, and target `%s` takes Triton IR; name a GPU (cuda:90)",
             r->ir ? r->ir->file : c->info.name, c->target.name);
  if (r->passes)
    run_named_passes(cx, m, r->passes);
  else if (!is_gpu_ir)
    opt_ttir(cx, m);

  run_override_compare(cx, r, c);
  size_t len;
  const char *edited = run_override_stage(c, cx, "ttir", &len);
  if (edited) {
    m = ir_read(cx, source_new(cx, ctx_printf(cx, "%s.ttir", c->info.name), edited, len, 1));
    c->info.name = run_kernel_name(cx, m);
  }
  if (!is_gpu_ir || only_ir) push_ttir(cx, c, m, "ttir");
  const bool *written = written_params(cx, m, c);
  run_describe_descriptors(cx, m, &c->info);
  if (!only_ir) {
    c->target.backend->compile(cx, m, &target, r->stop, &c->stages, &c->info);
    drop_second_ttir(&c->stages);
  }
  c->info.written = run_place_written(cx, &c->info, written);

  run_override_check(cx, c, whole);
  if (r->unedited) return;
  run_dump(cx, c);
  if (whole && r->use_cache && !c->edited.from_folder) run_cache_write(cx, r->store, c);
}
