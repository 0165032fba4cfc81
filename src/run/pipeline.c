/* pipeline.c: the whole way of a kernel, every step in order: run_compile().
 *
 * The key of a compile is everything that its result depends on: this build of the code and of the backend, the
 * kernel's source and what it takes from outside (other functions' sources, constants), the parameters, the options,
 * the exact processor. Equal keys mean equal kernels, so the key is also the kernel's name in the cache.
 */
#include "run/run.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the key ----------------------------------------------------------------------------------------------------- */

static void add_text(Sha256 *h, const char *s) {
  uint64_t n = s ? strlen(s) : UINT64_MAX;
  sha256_add(h, &n, sizeof n);
  if (s) sha256_add(h, s, (size_t)n);
}

static void add_value(Sha256 *h, const ttc_value *v) {
  uint64_t head[] = {(uint64_t)v->kind, (uint64_t)v->integer, v->len, 0};
  memcpy(&head[3], &v->number, sizeof v->number);
  sha256_add(h, head, sizeof head);
  if (v->kind == TTC_STR)
    sha256_add(h, v->text ? v->text : "", v->len);
  else
    add_text(h, v->text);
  if (v->kind == TTC_FUNCTION && v->function) {
    add_text(h, v->function->qualname);
    sha256_add(h, v->function->source, v->function->source_len);
  }
  if (v->kind != TTC_TUPLE && v->kind != TTC_LIST) return;
  for (size_t i = 0; i < v->len; i++) {
    add_text(h, v->names ? v->names[i] : NULL);
    add_value(h, &v->items[i]);
  }
}

/* What functions among the constants look at counts too. */
static void add_fingerprints(Ctx *cx, Sha256 *h, const ttc_host *host, const ttc_value *v) {
  if (v->kind == TTC_FUNCTION && v->function) lang_fingerprint(cx, host, v->function, h);
  if (v->kind == TTC_TUPLE || v->kind == TTC_LIST)
    for (size_t i = 0; i < v->len; i++) add_fingerprints(cx, h, host, &v->items[i]);
}

static void make_key(Ctx *cx, const RunRequest *r, Compiled *c) {
  Sha256 h;
  sha256_init(&h);
  add_text(&h, "tritonc " TTC_VERSION);
  run_build_id(&h, (const void *)(uintptr_t)run_compile);
  if (c->target.backend) run_build_id(&h, c->target.backend);
  add_text(&h, c->target.resolved);
  for (size_t i = 0; i < run_noptions; i++) {
    const OptionInfo *o = &run_option_table[i];
    const void *field = (const char *)&c->options + o->offset;
    if (o->kind == OPTION_INT)
      sha256_add(&h, field, sizeof(int));
    else if (o->kind == OPTION_BOOL)
      sha256_add(&h, field, sizeof(bool));
    else
      add_text(&h, *(const char *const *)field);
  }
  if (c->edited.text) sha256_add(&h, c->edited.text, c->edited.len);
  add_text(&h, r->passes);
  add_text(&h, r->symbol);
  if (r->ir) sha256_add(&h, r->ir->text, r->ir->len);
  add_text(&h, r->kernel);
  if (r->function) {
    /* File and line go into the locations and the line information. */
    add_text(&h, r->function->qualname);
    add_text(&h, r->function->file);
    sha256_add(&h, &r->function->first_line, sizeof r->function->first_line);
    sha256_add(&h, r->function->source, r->function->source_len);
    lang_fingerprint(cx, r->host, r->function, &h);
    for (size_t i = 0; i < r->nparams; i++) {
      add_text(&h, r->params[i].type);
      sha256_add(&h, &r->params[i].divisibility, sizeof r->params[i].divisibility);
      add_value(&h, &r->params[i].constant);
      add_fingerprints(cx, &h, r->host, &r->params[i].constant);
    }
  }
  sha256_hex(&h, c->hash);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* The file that the option ir_override names; its ending says which stage it is. */
static void read_edited(Ctx *cx, Compiled *c) {
  const char *path = c->options.ir_override, *dot = path ? strrchr(path, '.') : NULL;
  if (!path) return;
  c->edited.stage = dot && !strchr(dot, '/') ? dot + 1 : "";
  c->edited.text = file_read(cx, path, &c->edited.len);
}

static const char *edited_stage(void *self, Ctx *cx, const char *stage, size_t *len) {
  Compiled *c = self;
  if (c->edited.stage && strcmp(stage, c->edited.stage) == 0) {
    c->edited.taken = true;
    *len = c->edited.len;
    return c->edited.text;
  }
  const char *text = run_override(cx, c, stage, len);
  if (text) c->edited.from_folder = true;
  return text;
}

/* Every stage has been made: the edited one was among them, or there is no such stage, or none that can be read. */
static void check_edited(Ctx *cx, const Compiled *c) {
  if (!c->edited.stage || c->edited.taken) return;
  ctx_fail(cx, ERR_SOURCE, "ir_override: target `%s` takes no edited stage from `%s`; it does from a .ttir file%s",
           c->target.name, c->options.ir_override,
           strcmp(c->target.name, "cuda") == 0 ? ", a .ttgir, a .ptx or a .cubin" : "");
}

static TargetOptions target_options(Compiled *c) {
  const RunOptions *o = &c->options;
  return (TargetOptions){.arch = c->target.arch,
                         .debug = o->debug,
                         .fp_fusion = o->enable_fp_fusion,
                         .num_warps = o->num_warps,
                         .num_stages = o->num_stages,
                         .num_ctas = o->num_ctas,
                         .maxnreg = o->maxnreg,
                         .no_line_info = o->no_line_info,
                         .edited = edited_stage,
                         .self = c};
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
  static const char *const all[] = {"ieee", "tf32", "tf32x3", NULL};
  const RunOptions *o = &c->options;
  bool cuda = strcmp(c->target.name, "cuda") == 0;
  LangOptions l = {.default_dot_precision = cuda ? "tf32" : "ieee",
                   .allowed_dot_precisions = all,
                   .target_name = c->target.name,
                   .target_arch = cuda && c->target.arch ? atoi(c->target.arch) : 0};
  if (c->target.backend && c->target.backend->lang_options) c->target.backend->lang_options(t, &l);
  l.debug = o->debug;
  l.may_overflow = !o->sanitize_overflow;
  l.allow_non_constexpr_globals = o->allow_non_constexpr_globals;
  l.num_warps = o->num_warps;
  l.num_stages = o->num_stages;
  l.num_ctas = o->num_ctas;
  if (o->default_dot_input_precision) l.default_dot_precision = o->default_dot_input_precision;
  return l;
}

static void run_named_passes(Ctx *cx, Module *m, const char *list) {
  Vec(Pass) chosen = {0};
  while (*list) {
    size_t n = strcspn(list, ",");
    const char *name = ctx_strndup(cx, list, n);
    const Pass *p = opt_pass_named(name);
    if (!p && n) {
      size_t count;
      const char *const *names = opt_pass_names(&count);
      const char *near = nearest_name(name, names, count);
      ctx_fail(cx, ERR_SOURCE, "there is no pass `%s`%s%s%s", name, near ? "; did you mean `" : "", near ? near : "",
               near ? "`?" : "");
    }
    if (p) vec_push(cx, &chosen, *p);
    list += n + (list[n] == ',');
  }
  opt_run(cx, m, chosen.at, chosen.len);
}

static void public_name(Op *op, void *arg) {
  const char **name = arg;
  if (op->code == OP_FUNC && !*name && strcmp(ir_attr_text_or(op, "sym_visibility", "public"), "private") != 0)
    *name = ir_func_name(op);
}

/* The kernel's name; unwinds when the module has no public function. */
static const char *kernel_name(Ctx *cx, const Module *m) {
  const char *name = NULL;
  ir_walk(m->op, public_name, &name);
  if (!name) ctx_fail(cx, ERR_SOURCE, "the module has no public function to compile");
  return name;
}

typedef struct Reached {
  Ctx *cx;
  Module *module;
  Map functions; /* by name */
  Map kept;
} Reached;

static void keep_callee(Op *op, void *arg) {
  Reached *r = arg;
  if (op->code != OP_CALL) return;
  Op *callee = map_get(&r->functions, intern(r->cx, ir_attr_text_or(op, "callee", "")));
  if (!callee || map_has(&r->kept, callee)) return;
  map_put(r->cx, &r->kept, callee, callee);
  ir_walk(callee, keep_callee, r);
}

/* Leave nothing but the function of that name and what it calls. */
static void keep_kernel(Ctx *cx, Module *m, const char *kernel) {
  Reached r = {.cx = cx, .module = m};
  Vec(const char *) names = {0};
  Op *first = m->body->first->first, *chosen = NULL;
  for (Op *op = first; op; op = op->next) {
    if (op->code != OP_FUNC) continue;
    const char *name = ir_func_name(op);
    vec_push(cx, &names, name);
    map_put(cx, &r.functions, intern(cx, name), op);
    if (!strcmp(name, kernel)) chosen = op;
  }
  if (!chosen) {
    const char *near = nearest_name(kernel, names.at, names.len);
    ctx_fail(cx, ERR_SOURCE, "the module has no function `%s`%s%s%s", kernel, near ? "; did you mean `" : "",
             near ? near : "", near ? "`?" : "");
  }
  map_put(cx, &r.kept, chosen, chosen);
  ir_walk(chosen, keep_callee, &r);
  for (Op *op = first, *next; op; op = next) {
    next = op->next;
    if (op->code == OP_FUNC && !map_has(&r.kept, op)) ir_erase(op);
  }
}

static void push_ttir(Ctx *cx, Compiled *c, const Module *m) {
  Buf b = {.cx = cx};
  ir_print(&b, m, (PrintOptions){.no_locations = c->options.no_locations});
  Stage s = {.name = "ttir", .bytes = buf_text(&b), .len = b.len};
  vec_push(cx, &c->stages, s);
}

/* Before a backend has its way with the module. */
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
  if (stop && strcmp(stop, "ttir") == 0) return;
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
  read_edited(cx, c);
  TargetOptions target = target_options(c);
  LangOptions lang = lang_options(c, &target);
  bool whole = !r->stop;
  if (r->symbol) lang.symbol = symbol_of(cx, r->symbol);

  make_key(cx, r, c);
  if (whole && r->use_cache && run_cache_read(cx, c)) {
    c->from_cache = true;
    run_dump(cx, c);
    return;
  }

  Module *m = r->ir ? ir_read(cx, r->ir) : lang_compile(cx, r->host, r->function, r->params, r->nparams, &lang);
  if (r->ir && r->kernel) keep_kernel(cx, m, r->kernel);
  c->info = (KernelInfo){.name = kernel_name(cx, m),
                         .target = c->target.resolved,
                         .num_warps = target.num_warps,
                         .num_stages = target.num_stages,
                         .num_ctas = target.num_ctas,
                         .cooperative = c->options.launch_cooperative_grid};
  bool is_gpu_ir = ir_attr(m->op, "ttg.num-warps") != NULL; /* it begins behind Triton IR */
  bool only_ir = r->stop && strcmp(r->stop, "ttir") == 0;
  if (is_gpu_ir && !only_ir && !has_stage(&c->target, "ttgir"))
    ctx_fail(cx, ERR_SOURCE, "`%s` holds Triton GPU IR, and target `%s` takes Triton IR; name a GPU (cuda:90)",
             r->ir ? r->ir->file : c->info.name, c->target.name);
  if (r->passes)
    run_named_passes(cx, m, r->passes);
  else if (!is_gpu_ir)
    opt_ttir(cx, m);

  size_t len;
  const char *edited = edited_stage(c, cx, "ttir", &len);
  if (edited) {
    m = ir_read(cx, source_new(cx, ctx_printf(cx, "%s.ttir", c->info.name), edited, len, 1));
    c->info.name = kernel_name(cx, m);
  }
  if (!is_gpu_ir || only_ir) push_ttir(cx, c, m);
  const bool *written = written_params(cx, m, c);
  if (!only_ir) {
    c->target.backend->compile(cx, m, &target, r->stop, &c->stages, &c->info);
    drop_second_ttir(&c->stages);
  }
  c->info.written = written;

  if (whole) check_edited(cx, c);
  run_dump(cx, c);
  if (whole && r->use_cache && !c->edited.from_folder) run_cache_write(cx, c);
}

/* ---- facts about it ---------------------------------------------------------------------------------------------- */

static void put_json(Buf *b, const char *s) {
  buf_putc(b, '"');
  for (; *s; s++) {
    unsigned char ch = (unsigned char)*s;
    if (ch == '"' || ch == '\\')
      buf_printf(b, "\\%c", ch);
    else if (ch < 0x20)
      buf_printf(b, "\\u%04x", ch);
    else
      buf_putc(b, (char)ch);
  }
  buf_putc(b, '"');
}

const char *run_arg_kind_text(ArgKind kind) {
  static const char *const kinds[] = {"ptr", "i1", "i8", "i16", "i32", "i64", "fp16", "bf16", "fp32", "fp64"};
  return (size_t)kind < COUNT(kinds) ? kinds[kind] : "?";
}

const char *run_metadata(Ctx *cx, const Compiled *c) {
  const KernelInfo *k = &c->info;
  Buf b = {.cx = cx};
  buf_puts(&b, "{\"hash\": ");
  put_json(&b, c->hash);
  buf_puts(&b, ", \"name\": ");
  put_json(&b, k->name);
  buf_puts(&b, ", \"target\": ");
  put_json(&b, k->target);
  buf_puts(&b, ", \"args\": [");
  for (int i = 0; i < k->nargs; i++) {
    if (i) buf_puts(&b, ", ");
    put_json(&b, run_arg_kind_text(k->args[i]));
  }
  buf_printf(&b, "], \"shared\": %lld, \"n_regs\": %d, \"n_spills\": %d, \"n_max_threads\": %d", (long long)k->shared,
             k->n_regs, k->n_spills, k->n_max_threads);
  for (size_t i = 0; i < run_noptions; i++) {
    const OptionInfo *o = &run_option_table[i];
    const void *field = (const char *)&c->options + o->offset;
    buf_printf(&b, ", \"%s\": ", o->name);
    if (o->kind == OPTION_INT)
      buf_printf(&b, "%d", *(const int *)field);
    else if (o->kind == OPTION_BOOL)
      buf_puts(&b, *(const bool *)field ? "true" : "false");
    else if (*(const char *const *)field)
      put_json(&b, *(const char *const *)field);
    else
      buf_puts(&b, "null");
  }
  buf_putc(&b, '}');
  return buf_text(&b);
}

bool run_is_ir_text(const char *s, size_t len) {
  static const char *const words[] = {"module", "#loc", "tt.func", "\"builtin.module\"", "builtin.module", "//"};
  const char *end = s + len;
  while (s < end && isspace((unsigned char)*s)) s++;
  size_t left = (size_t)(end - s);
  if (s < end &&
      *s == '#') { /* an alias of Triton GPU IR: `#blocked = #ttg.blocked<…>`; of Python, a strange comment */
    const char *p = s + 1;
    while (p < end && (isalnum((unsigned char)*p) || *p == '_')) p++;
    if (p > s + 1 && end - p > 4 && memcmp(p, " = #", 4) == 0) return true;
  }
  for (size_t i = 0; i < COUNT(words); i++) {
    size_t n = strlen(words[i]);
    if (left <= n || memcmp(s, words[i], n) != 0) continue;
    char next = s[n];
    if (strcmp(words[i], "//") == 0) return true; /* begins no Python */
    if (strcmp(words[i], "module") == 0) {        /* `module = 1` is Python */
      const char *p = s + n;
      while (p < end && (*p == ' ' || *p == '\n')) p++;
      return p < end && (*p == '{' || *p == '@' || (end - p > 10 && memcmp(p, "attributes", 10) == 0));
    }
    if (strcmp(words[i], "#loc") == 0) return next == ' ' || isdigit((unsigned char)next);
    return next == ' ' || next == '(' || next == '{';
  }
  return false;
}
