/* api.c: tritonc.h's functions.
 *
 * A ttc_context is little more than the last call's message: every compile gets an arena of its own, which is freed
 * when the context's next call begins. A ttc_kernel is one block of memory, so that making it is a single
 * allocation; it is loaded on its first launch, by whichever thread comes first.
 */
#include "aot/aot.h"
#include "explore/explore.h"
#include "run/run.h"
#include "target/profile.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ttc_context {
  ttc_allocator allocator;
  Ctx *cx; /* of the last compile; holds the message */
  const char *message;
  char text[512];         /* for messages that must not allocate; small: a launch on the CPU makes a context */
  int (*ask)(void *self); /* whether to end early; or NULL */
  void *asker;
  bool interrupted;
  ttc_warning *warnings; /* of the last compile, in its arena */
  size_t nwarnings;
};

struct ttc_kernel {
  ttc_allocator allocator;
  const Target *target;
  KernelInfo info;
  const char *metadata;
  const char *hash;
  bool from_cache;
  int64_t compile_time; /* nanoseconds, where TRITONC_TIME asks */
  size_t nstages;
  Stage *stages;
  _Atomic(Loaded *) loaded;
  _Atomic(ttc_kernel *) plain; /* without tensor maps, once a launch could not make one */
};

static void *plain_alloc(void *self, size_t bytes) {
  (void)self;
  return malloc(bytes);
}

static void plain_release(void *self, void *memory) {
  (void)self;
  free(memory);
}

const char *ttc_version(void) { return TTC_VERSION; }

ttc_context *ttc_context_new_with(const ttc_allocator *given) {
  ttc_allocator a = given ? *given : (ttc_allocator){plain_alloc, plain_release, NULL};
  if (!a.alloc || !a.release) return NULL;
  ttc_context *c = a.alloc(a.self, sizeof *c);
  if (!c) return NULL;
  *c = (ttc_context){.allocator = a, .message = ""};
  return c;
}

ttc_context *ttc_context_new(void) { return ttc_context_new_with(NULL); }

void ttc_context_free(ttc_context *c) {
  if (!c) return;
  ctx_free(c->cx);
  c->allocator.release(c->allocator.self, c);
}

const char *ttc_message(const ttc_context *c) { return c ? c->message : ""; }

const char *ttc_option_name(size_t i) { return i < run_noptions ? run_option_table[i].name : NULL; }

/* ---- the manual -------------------------------------------------------------------------------------------------- */

bool ttc_doc_at(size_t index, ttc_doc *doc) { return doc && lang_doc_at(index, doc); }

typedef struct DocText {
  const ttc_doc *doc;
  char *text;
} DocText;

static void write_doc(Ctx *cx, void *arg) {
  DocText *t = arg;
  Buf out = {.cx = cx};
  lang_explain(&out, t->doc);
  t->text = strdup(buf_text(&out));
}

char *ttc_doc_text(const ttc_doc *doc) {
  if (!doc) return NULL;
  DocText t = {doc, NULL};
  Ctx *cx = ctx_new(NULL);
  if (cx) ctx_protect(cx, write_doc, &t);
  ctx_free(cx);
  return t.text;
}

/* ---- the border: contexts, errors -------------------------------------------------------------------------------- */

/* Once requested, a stop stays requested until the next call: the host has an exception pending. */
static bool is_interrupted(void *self) {
  ttc_context *c = self;
  if (!c->interrupted && c->ask(c->asker)) c->interrupted = true;
  return c->interrupted;
}

static Interrupt interrupt_of(ttc_context *c) {
  c->interrupted = false;
  return c->ask ? (Interrupt){is_interrupted, c} : (Interrupt){0};
}

void ttc_context_set_interrupt(ttc_context *c, int (*ask)(void *self), void *self) {
  if (!c) return;
  c->ask = ask;
  c->asker = self;
}

/* A fresh arena for a call; NULL when there is no memory for it. */
static Ctx *begin(ttc_context *c) {
  ctx_free(c->cx);
  c->message = "";
  c->warnings = NULL;
  c->nwarnings = 0;
  Allocator a = {c->allocator.alloc, c->allocator.release, c->allocator.self};
  c->cx = ctx_new(&a);
  if (c->cx) ctx_set_interrupt(c->cx, interrupt_of(c));
  return c->cx;
}

typedef struct LongMessage {
  const char *text, *copy;
} LongMessage;

static void copy_message(Ctx *cx, void *arg) {
  LongMessage *m = arg;
  m->copy = ctx_strndup(cx, m->text, strlen(m->text));
}

static ttc_status fail(ttc_context *c, ttc_status status, const char *message) {
  if (!c) return status;
  LongMessage m = {message, NULL};
  if (strlen(message) >= sizeof c->text && begin(c) && ctx_protect(c->cx, copy_message, &m) == ERR_NONE) {
    c->message = m.copy;
    return status;
  }
  snprintf(c->text, sizeof c->text, "%s", message);
  c->message = c->text;
  return status;
}

static void render(Ctx *cx, void *arg) {
  Buf *out = arg;
  bool any_error = false;
  for (const Diag *d = ctx_diags(cx); d; d = d->next) any_error |= d->severity == SEV_ERROR;
  for (const Diag *d = ctx_diags(cx); d; d = d->next)
    if (!any_error || d->severity == SEV_ERROR) diag_render(out, d, false);
}

static void collect_warnings(Ctx *cx, void *arg) {
  ttc_context *c = arg;
  size_t n = 0;
  for (const Diag *d = ctx_diags(cx); d; d = d->next) n += d->severity == SEV_WARNING;
  if (!n) return;
  ttc_warning *all = NEWN(cx, ttc_warning, n), *w = all;
  for (const Diag *d = ctx_diags(cx); d; d = d->next) {
    if (d->severity != SEV_WARNING) continue;
    Buf text = {.cx = cx};
    diag_render(&text, d, false);
    *w = (ttc_warning){.file = d->span.source && d->span.source->file ? d->span.source->file : "",
                       .message = d->message,
                       .hint = d->hint ? d->hint : "",
                       .rendered = buf_text(&text)};
    span_line_col(d->span, &w->line, &w->column);
    w++;
  }
  c->warnings = all;
  c->nwarnings = n;
}

bool ttc_warning_at(const ttc_context *c, size_t index, ttc_warning *out) {
  if (!c || !out || index >= c->nwarnings) return false;
  *out = c->warnings[index];
  return true;
}

/* The status of an unwound compile, with its diagnostics as the message. */
static ttc_status finish(ttc_context *c, Err err) {
  static const ttc_status statuses[] = {
      [ERR_NONE] = TTC_OK,
      [ERR_SOURCE] = TTC_ERROR_SOURCE,
      [ERR_MEMORY] = TTC_ERROR_MEMORY,
      [ERR_HOST] = TTC_ERROR_HOST,
      [ERR_SYSTEM] = TTC_ERROR_SYSTEM,
      [ERR_INTERNAL] = TTC_ERROR_INTERNAL,
      [ERR_RESOURCES] = TTC_ERROR_RESOURCES,
  };
  if (err == ERR_MEMORY) return fail(c, TTC_ERROR_MEMORY, "out of memory");
  if (err == ERR_NONE) return TTC_OK;
  Buf out = {.cx = c->cx};
  if (ctx_protect(c->cx, render, &out) != ERR_NONE) return fail(c, TTC_ERROR_MEMORY, "out of memory");
  while (out.len && out.s[out.len - 1] == '\n') out.s[--out.len] = 0;
  c->message = out.len ? out.s : err == ERR_HOST ? "a host callback failed" : "the compile failed";
  return statuses[err];
}

/* ---- compiling --------------------------------------------------------------------------------------------------- */

/* One block that holds a whole kernel: a first pass adds up the sizes, a second copies the pieces in the same order. */
typedef struct KernelBlock {
  char *at; /* NULL while sizes are added up */
  size_t used;
} KernelBlock;

static void *lay(KernelBlock *b, const void *data, size_t n, bool terminated) {
  size_t at = (b->used + 15) & ~(size_t)15;
  b->used = at + n + terminated;
  if (!b->at) return NULL;
  if (n) memcpy(b->at + at, data, n);
  if (terminated) b->at[at + n] = 0;
  return b->at + at;
}

static char *lay_text(KernelBlock *b, const char *s) { return lay(b, s, strlen(s), true); }

static _Atomic(uint64_t) kernels_kept;

static ttc_kernel *lay_kernel(KernelBlock *b, const Compiled *c, const char *metadata) {
  ttc_kernel head = {.target = c->target.backend, .info = c->info, .nstages = c->stages.len};
  ttc_kernel *k = lay(b, &head, sizeof head, false);
  Stage *stages = lay(b, c->stages.at, c->stages.len * sizeof *stages, false);
  const char *text = lay_text(b, metadata), *hash = lay_text(b, c->hash);
  const char *name = lay_text(b, c->info.name), *target = lay_text(b, c->info.target);
  const ArgKind *args = lay(b, c->info.args, (size_t)c->info.nargs * sizeof *args, false);
  const bool *written = lay(b, c->info.written, (size_t)c->info.nargs * sizeof *written, false);
  const DescriptorArg *descriptors =
      lay(b, c->info.descriptors, (size_t)c->info.ndescriptors * sizeof *descriptors, false);
  const char *without_maps = c->info.without_maps ? lay_text(b, c->info.without_maps) : NULL;
  const int64_t *map_code = lay(b, c->info.map_code, (size_t)c->info.nmap_code * sizeof *map_code, false);
  for (uint32_t i = 0; i < c->stages.len; i++) {
    const char *stage = lay_text(b, c->stages.at[i].name);
    const char *bytes = lay(b, c->stages.at[i].bytes, c->stages.at[i].len, true);
    if (k) stages[i].name = stage, stages[i].bytes = bytes;
  }
  if (!k) return NULL;
  k->stages = stages;
  k->metadata = text;
  k->hash = hash;
  k->info.name = name;
  k->info.target = target;
  k->info.args = args;
  k->info.written = written;
  k->info.descriptors = descriptors;
  k->info.map_code = map_code;
  k->info.without_maps = without_maps;
  k->info.number = atomic_fetch_add(&kernels_kept, 1) + 1;
  atomic_init(&k->loaded, NULL);
  atomic_init(&k->plain, NULL);
  return k;
}

/* Copies a kernel out of a compile's arena into a block of its own. */
static ttc_kernel *keep_kernel(Ctx *cx, const ttc_context *context, const Compiled *c, const char *metadata) {
  KernelBlock size = {0};
  lay_kernel(&size, c, metadata);
  ttc_allocator a = context->allocator;
  KernelBlock block = {.at = a.alloc(a.self, size.used)};
  if (!block.at) ctx_throw(cx, ERR_MEMORY);
  ttc_kernel *k = lay_kernel(&block, c, metadata);
  k->allocator = a;
  k->from_cache = c->from_cache;
  k->compile_time = c->taken;
  return k;
}

typedef struct CompileCall {
  const ttc_context *context;
  const ttc_request *request;
  ttc_kernel *kernel;
} CompileCall;

/* What a whole compile made of the kernel, in place of its stages: the facts, or the page that shows them. */
static void explore(Ctx *cx, RunRequest *r, Compiled *c, bool page) {
  Buf facts = {.cx = cx}, html = {.cx = cx};
  watch_begin(cx);
  r->stop = NULL;
  run_compile(cx, r, c);
  explore_facts(&facts, c, NULL);
  if (page) explore_page(&html, buf_text(&facts), facts.len);
  const Buf *out = page ? &html : &facts;
  c->stages = (Stages){0};
  vec_push(cx, &c->stages, ((Stage){.name = page ? "html" : "facts", .bytes = out->s, .len = out->len}));
}

static void compile(Ctx *cx, void *arg) {
  CompileCall *call = arg;
  RunRequest r = run_request(cx, call->request, NULL, 0);
  bool page = r.stop && strcmp(r.stop, "html") == 0, facts = r.stop && strcmp(r.stop, "facts") == 0;
  r.use_cache = true;
  Compiled c;
  if (page || facts)
    explore(cx, &r, &c, page);
  else
    run_compile(cx, &r, &c);
  call->kernel = keep_kernel(cx, call->context, &c, run_metadata(cx, &c));
}

/* A caller's request as this version knows it; NULL, or what is wrong with it. A caller built with an older header gives
 * fewer members, one built with a newer one gives more, of which none may be used. */
static const char *take_request(const ttc_request *given, ttc_request *q) {
  enum { OLDEST = offsetof(ttc_request, symbol) + sizeof given->symbol };
  if (given->size < OLDEST) return "ttc_compile: the request's size is not set: it is sizeof(ttc_request)";
  const char *bytes = (const char *)given;
  for (size_t i = sizeof *q; i < given->size; i++)
    if (bytes[i]) return "ttc_compile: the request uses members that this version of the library does not have";
  *q = (ttc_request){0};
  memcpy(q, given, given->size < sizeof *q ? given->size : sizeof *q);
  if ((!q->text && !q->function) || (!q->params && q->nparams) || (!q->options && q->noptions))
    return "ttc_compile: a source and its parameters are needed";
  if (q->signature && q->nparams) return "ttc_compile: the parameters are described twice: by `params` and `signature`";
  if (q->store && (!q->store->get || !q->store->put)) return "ttc_compile: a store has the members get and put";
  for (size_t i = 0; i < q->noptions; i++)
    if (!q->options[i].name || !q->options[i].value) return "ttc_compile: an option needs a name and a value";
  return NULL;
}

ttc_status ttc_compile(ttc_context *c, const ttc_request *request, ttc_kernel **kernel) {
  if (!c) return TTC_ERROR_ARGUMENT;
  if (!kernel || !request)
    return fail(c, TTC_ERROR_ARGUMENT, "ttc_compile: a request and a place for the kernel are needed");
  *kernel = NULL;
  ttc_request q;
  const char *mistake = take_request(request, &q);
  if (mistake) return fail(c, TTC_ERROR_ARGUMENT, mistake);
  if (!begin(c)) return fail(c, TTC_ERROR_MEMORY, "out of memory");
  CompileCall call = {c, &q, NULL};
  Err err = ctx_protect(c->cx, compile, &call);
  if (ctx_protect(c->cx, collect_warnings, c) != ERR_NONE && err == ERR_NONE) {
    ttc_kernel_free(call.kernel);
    err = ERR_MEMORY;
  }
  ttc_status status = finish(c, err);
  if (status == TTC_OK) *kernel = call.kernel;
  return status;
}

struct ResolveCall {
  const char *target, *resolved;
  bool takes_capability;
};

static void resolve(Ctx *cx, void *arg) {
  struct ResolveCall *call = arg;
  RunTarget t = run_target(cx, call->target);
  if (!t.backend) ctx_fail(cx, ERR_SYSTEM, "%s", t.missing);
  call->resolved = t.resolved;
}

const char *ttc_target_resolve(ttc_context *c, const char *target) {
  if (!c) return NULL;
  if (!begin(c)) return fail(c, TTC_ERROR_MEMORY, "out of memory"), NULL;
  struct ResolveCall call = {.target = target};
  return finish(c, ctx_protect(c->cx, resolve, &call)) == TTC_OK ? call.resolved : NULL;
}

static void ask_capability(Ctx *cx, void *arg) {
  struct ResolveCall *call = arg;
  call->takes_capability = run_takes_capability(cx, call->target);
}

bool ttc_target_takes_capability(ttc_context *c, const char *target) {
  if (!c) return false;
  if (!begin(c)) return fail(c, TTC_ERROR_MEMORY, "out of memory"), false;
  struct ResolveCall call = {.target = target};
  return finish(c, ctx_protect(c->cx, ask_capability, &call)) == TTC_OK && call.takes_capability;
}

/* ---- kernels ----------------------------------------------------------------------------------------------------- */

void ttc_kernel_free(ttc_kernel *k) {
  if (!k) return;
  Loaded *loaded = atomic_load(&k->loaded);
  if (loaded) k->target->unload(loaded);
  ttc_kernel_free(atomic_load(&k->plain));
  k->allocator.release(k->allocator.self, k);
}

/* Of no kernel each of these gives NULL, 0 or false. */
const char *ttc_kernel_name(const ttc_kernel *k) { return k ? k->info.name : NULL; }
const char *ttc_kernel_metadata(const ttc_kernel *k) { return k ? k->metadata : NULL; }
const char *ttc_kernel_target(const ttc_kernel *k) { return k ? k->info.target : NULL; }
const char *ttc_kernel_hash(const ttc_kernel *k) { return k ? k->hash : NULL; }
int ttc_kernel_from_cache(const ttc_kernel *k) { return k && k->from_cache; }
size_t ttc_kernel_nargs(const ttc_kernel *k) { return k ? (size_t)run_nargs(&k->info) : 0; }

const char *ttc_kernel_arg_type(const ttc_kernel *k, size_t i) { return k ? run_arg_type(&k->info, i) : NULL; }

bool ttc_kernel_arg_written(const ttc_kernel *k, size_t i) { return k && run_arg_written(&k->info, i); }

const char *ttc_kernel_stage_name(const ttc_kernel *k, size_t i) {
  return k && i < k->nstages ? k->stages[i].name : NULL;
}

const char *ttc_kernel_stage(const ttc_kernel *k, const char *stage, size_t *len) {
  for (size_t i = 0; k && stage && i < k->nstages; i++) {
    if (strcmp(k->stages[i].name, stage) != 0) continue;
    if (len) *len = k->stages[i].len;
    return k->stages[i].bytes;
  }
  return NULL;
}

uint64_t ttc_float_bits(double x, const char *type) {
  static const struct {
    const char *name;
    FloatKind kind;
  } kinds[] = {{"fp16", F16}, {"bf16", BF16}, {"fp64", F64}};
  for (size_t i = 0; type && i < COUNT(kinds); i++)
    if (strcmp(kinds[i].name, type) == 0) return ir_float_encode(kinds[i].kind, x);
  return ir_float_encode(F32, x);
}

/* ---- kernels as C source ------------------------------------------------------------------------------------------ */

typedef struct SourceCall {
  const ttc_source_request *request;
  Buf header, source;
} SourceCall;

static const Compiled *as_compiled(Ctx *cx, const ttc_kernel *k) {
  Compiled *c = NEW(cx, Compiled);
  c->info = k->info;
  c->target.name = k->target->name;
  const char *colon = strchr(k->info.target, ':');
  c->target.arch = colon ? colon + 1 : "";
  for (size_t i = 0; i < k->nstages; i++) vec_push(cx, &c->stages, k->stages[i]);
  return c;
}

static void write_source(Ctx *cx, void *arg) {
  SourceCall *call = arg;
  const ttc_source_request *q = call->request;
  const Compiled **images = NEWN(cx, const Compiled *, q->nkernels + 1);
  for (size_t i = 0; i < q->nkernels; i++) images[i] = as_compiled(cx, q->kernels[i]);
  AotParam *params = NEWN(cx, AotParam, q->nparams + 1);
  for (size_t i = 0, at = 0; i < q->nparams; i++) {
    const ttc_param *p = &q->params[i];
    bool constant = strcmp(p->type, "constexpr") == 0;
    params[i] = (AotParam){.name = p->name, .type = constant ? NULL : p->type, .hint = constant ? 0 : p->divisibility};
    if (constant) params[i].constant = &p->constant;
    aot_check_param(cx, &params[i]);
    if (!constant && p->divisibility != 1) params[i].written = run_arg_written(&images[0]->info, at++);
  }
  AotVariant v = {.params = params,
                  .nparams = q->nparams,
                  .grid = {q->grid[0], q->grid[1], q->grid[2]},
                  .images = images,
                  .nimages = q->nkernels,
                  .fallback = q->fallback ? as_compiled(cx, q->fallback) : NULL};
  AotFunction f = {.name = q->symbol, .kernel = q->kernel, .file = q->file, .variants = &v, .nvariants = 1};
  AotBuild b = {.name = q->name,
                .is_cuda = q->kernels[0]->target->source == TARGET_CUDA_SOURCE,
                .functions = &f,
                .nfunctions = 1,
                .tag = q->tag,
                .trusts_hints = q->trusts_hints};
  call->header = call->source = (Buf){.cx = cx};
  aot_header(&call->header, &b);
  aot_source(&call->source, &b);
}

ttc_status ttc_kernel_source(ttc_context *c, const ttc_source_request *q, char **header, char **source) {
  if (!c) return TTC_ERROR_ARGUMENT;
  if (!q || !header || !source || q->size != sizeof *q || !q->nkernels || !q->kernels || !q->name || !q->symbol ||
      !q->kernel || !q->file || (q->nparams && !q->params) || (q->grid[0] && (!q->grid[1] || !q->grid[2])))
    return fail(c, TTC_ERROR_ARGUMENT,
                "ttc_kernel_source: names, kernels, their parameters, a whole grid and the request's size are needed");
  for (size_t i = 0; i < q->nkernels; i++)
    if (!q->kernels[i]) return fail(c, TTC_ERROR_ARGUMENT, "ttc_kernel_source: one of the kernels is NULL");
  for (size_t i = 0; i < q->nkernels; i++)
    if (!q->kernels[i]->target->source || q->kernels[i]->target->source != q->kernels[0]->target->source)
      return fail(c, TTC_ERROR_ARGUMENT, "ttc_kernel_source: the kernels must all be for cpu, or all for cuda");
  for (size_t i = 0; i < q->nparams; i++)
    if (!q->params[i].name || !q->params[i].type)
      return fail(c, TTC_ERROR_ARGUMENT, "ttc_kernel_source: a parameter needs a name and a type");
  *header = *source = NULL;
  if (!begin(c)) return fail(c, TTC_ERROR_MEMORY, "out of memory");
  SourceCall call = {.request = q};
  ttc_status status = finish(c, ctx_protect(c->cx, write_source, &call));
  if (status != TTC_OK) return status;
  *header = strdup(call.header.s);
  *source = strdup(call.source.s);
  if (*header && *source) return TTC_OK;
  free(*header), free(*source);
  *header = *source = NULL;
  return fail(c, TTC_ERROR_MEMORY, "out of memory");
}

/* ---- kernels as bytes -------------------------------------------------------------------------------------------- */

typedef struct SaveCall {
  const ttc_kernel *kernel;
  Buf out;
} SaveCall;

static void save(Ctx *cx, void *arg) {
  SaveCall *call = arg;
  const ttc_kernel *k = call->kernel;
  Compiled c = {.info = k->info};
  snprintf(c.hash, sizeof c.hash, "%s", k->hash);
  for (size_t i = 0; i < k->nstages; i++) vec_push(cx, &c.stages, k->stages[i]);
  call->out = (Buf){.cx = cx};
  run_save(cx, &c, k->metadata, &call->out);
}

ttc_status ttc_kernel_save(ttc_context *c, const ttc_kernel *k, void **bytes, size_t *len) {
  if (!c) return TTC_ERROR_ARGUMENT;
  if (!k || !bytes || !len)
    return fail(c, TTC_ERROR_ARGUMENT,
                "ttc_kernel_save: a kernel and places for the bytes and their number are needed");
  *bytes = NULL;
  *len = 0;
  if (!begin(c)) return fail(c, TTC_ERROR_MEMORY, "out of memory");
  SaveCall call = {.kernel = k};
  ttc_status status = finish(c, ctx_protect(c->cx, save, &call));
  if (status != TTC_OK) return status;
  void *copy = malloc(call.out.len);
  if (!copy) return fail(c, TTC_ERROR_MEMORY, "out of memory");
  memcpy(copy, call.out.s, call.out.len);
  *bytes = copy;
  *len = call.out.len;
  return TTC_OK;
}

typedef struct RestoreCall {
  const ttc_context *context;
  const char *bytes;
  size_t len;
  bool damaged;
  ttc_kernel *kernel;
} RestoreCall;

static void restore(Ctx *cx, void *arg) {
  RestoreCall *call = arg;
  Compiled c = {0};
  const char *metadata;
  call->damaged = !run_restore(cx, call->bytes, call->len, &c, &metadata);
  if (call->damaged) return;
  c.target = run_target(cx, c.info.target);
  c.from_cache = true;
  call->kernel = keep_kernel(cx, call->context, &c, metadata);
}

ttc_status ttc_kernel_restore(ttc_context *c, const void *bytes, size_t len, ttc_kernel **kernel) {
  if (!c) return TTC_ERROR_ARGUMENT;
  if (!bytes || !kernel)
    return fail(c, TTC_ERROR_ARGUMENT, "ttc_kernel_restore: a kernel's bytes and a place for the kernel are needed");
  *kernel = NULL;
  if (!begin(c)) return fail(c, TTC_ERROR_MEMORY, "out of memory");
  RestoreCall call = {.context = c, .bytes = bytes, .len = len};
  ttc_status status = finish(c, ctx_protect(c->cx, restore, &call));
  if (status == TTC_OK && call.damaged)
    return fail(c, TTC_ERROR_ARGUMENT, "these bytes are no kernel of this version of tritonc, or they are damaged");
  if (status == TTC_OK) *kernel = call.kernel;
  return status;
}

/* ---- loading and launching --------------------------------------------------------------------------------------- */

enum { LONGEST_ERROR = 16 << 10 }; /* of a launch: what a simulated GPU says, with lines of the source */

static ttc_status target_failed(ttc_context *c, TargetStatus status, const char *error) {
  return fail(c, status == TARGET_RESOURCES ? TTC_ERROR_RESOURCES : TTC_ERROR_SYSTEM, error);
}

static void print_load_time(const ttc_kernel *k, int64_t load) {
  fprintf(stderr, "---- %s, %s: load %.3f ms; with its compile %.3f ms in total\n", k->info.name, k->info.target,
          (double)load / 1e6, (double)(k->compile_time + load) / 1e6);
}

ttc_status ttc_kernel_load(ttc_context *c, ttc_kernel *k) {
  if (!k) return fail(c, TTC_ERROR_ARGUMENT, "there is no kernel to load");
  if (atomic_load_explicit(&k->loaded, memory_order_acquire)) return TTC_OK;
  const char *last = NULL;
  if (k->target)
    for (const char *const *s = k->target->stages; *s; s++) last = *s;
  const Stage *code = &k->stages[k->nstages - 1];
  bool whole = last && strcmp(code->name, last) == 0;
  for (size_t i = 0; whole && k->target->load_stage && i < k->nstages; i++)
    if (strcmp(k->stages[i].name, k->target->load_stage) == 0) code = &k->stages[i];
  if (!whole)
    return fail(c, TTC_ERROR_ARGUMENT, "the kernel was not compiled to its last stage and cannot be launched");
  char error[512] = "";
  Loaded *mine = NULL, *none = NULL;
  int64_t begin = times_wanted() ? time_now() : 0;
  TargetStatus status = k->target->load(&k->info, code->bytes, code->len, &mine, error, sizeof error);
  if (begin) print_load_time(k, time_now() - begin);
  if (status != TARGET_OK) return target_failed(c, status, error);
  if (!atomic_compare_exchange_strong(&k->loaded, &none, mine)) k->target->unload(mine); /* another thread was first */
  return TTC_OK;
}

typedef struct Launch {
  const uint32_t *grid;
  void *stream;
  const ttc_memory *memory;
  size_t nmemory;
  void *const *program_memory; /* NULL: the target finds it */
} Launch;

/* ttc_count_launches(): whether this thread's are counted, and what they came to. */
typedef struct Counts {
  bool on;
  CountedTime time;
} Counts;
static pthread_key_t counts_key;
static pthread_once_t counts_once = PTHREAD_ONCE_INIT;
static _Thread_local Counts *counts; /* NULL: none were ever wanted */

static void free_counts(void *c) {
  free(((Counts *)c)->time.parts);
  free(c);
}

static void make_counts_key(void) { (void)!pthread_key_create(&counts_key, free_counts); }

uint64_t ttc_count_launches(bool on) {
  pthread_once(&counts_once, make_counts_key);
  if (!counts) {
    counts = calloc(1, sizeof *counts);
    if (!counts) return 0;
    pthread_setspecific(counts_key, counts);
  }
  uint64_t ns = counts->time.ns;
  counts->time.ns = 0;
  if (on) counts->time.nparts = 0;
  counts->on = on;
  return ns;
}

size_t ttc_counted_parts(uint64_t *parts, size_t n) {
  size_t have = counts ? counts->time.nparts : 0;
  if (n > have) n = have;
  if (n) memcpy(parts, counts->time.parts, n * sizeof *parts);
  return have;
}

static ttc_status launch_loaded(ttc_context *c, ttc_kernel *k, const Launch *l, const void *const *args) {
  char error[LONGEST_ERROR];
  error[0] = 0;
  Loaded *loaded = atomic_load_explicit(&k->loaded, memory_order_acquire);
  int64_t begin = target_profile_wanted() && !k->target->profiler ? time_now() : 0;
  if (c && k->target->set_interrupt) k->target->set_interrupt(interrupt_of(c));
  bool counted = counts && counts->on && k->target->count_alone;
  if (counted) k->target->count_alone(&counts->time);
  TargetStatus launched =
      l->nmemory && k->target->launch_checked
          ? k->target->launch_checked(loaded, l->grid, l->stream, args, l->memory, l->nmemory, error, sizeof error)
          : k->target->launch(loaded, l->grid, l->stream, args, error, sizeof error);
  if (counted) k->target->count_alone(NULL);
  if (begin && launched == TARGET_OK)
    target_profile_add((ttc_profile_record){
        .id = target_profile_id(), .name = k->info.name, .target = k->target->name, .begin = begin, .end = time_now()});
  if (c && k->target->set_interrupt) k->target->set_interrupt((Interrupt){0});
  if (c && c->interrupted) return fail(c, TTC_ERROR_HOST, "interrupted");
  return launched == TARGET_OK ? TTC_OK : target_failed(c, launched, error);
}

static ttc_status launch(ttc_context *c, ttc_kernel *k, const Launch *l, const void *const *args, size_t nargs);

typedef struct PlainCall {
  const ttc_context *context;
  const ttc_kernel *kernel;
  ttc_kernel *plain;
} PlainCall;

static void compile_plain(Ctx *cx, void *arg) {
  PlainCall *call = arg;
  const ttc_kernel *k = call->kernel;
  Compiled c;
  for (size_t i = 0; i < k->nstages; i++)
    if (!strcmp(k->stages[i].name, "ttir")) {
      run_compile_without_maps(cx, &k->info, &k->stages[i], &c);
      call->plain = keep_kernel(cx, call->context, &c, k->metadata);
    }
}

/* There is no tensor map for a pointer and strides such as these, and the kernel can do without. */
static ttc_status launch_plain(ttc_context *c, ttc_kernel *k, const Launch *l, const void *const *args) {
  ttc_kernel *plain = atomic_load(&k->plain), *none = NULL;
  if (!plain) {
    ttc_context *own = ttc_context_new();
    if (!own || !begin(own)) return ttc_context_free(own), fail(c, TTC_ERROR_MEMORY, "out of memory");
    PlainCall call = {own, k, NULL};
    ttc_status status = finish(own, ctx_protect(own->cx, compile_plain, &call));
    if (status != TTC_OK) fail(c, status, own->message);
    ttc_context_free(own);
    if (status != TTC_OK) return status;
    plain = call.plain;
    if (!atomic_compare_exchange_strong(&k->plain, &none, plain)) ttc_kernel_free(plain), plain = none;
  }
  return launch(c, plain, l, args, (size_t)run_nargs(&k->info));
}

/* With tensor descriptors among the arguments, or memory for what programs make. */
static ttc_status launch_placed(ttc_context *c, ttc_kernel *k, const Launch *l, const void *const *args) {
  size_t n = (size_t)k->info.nargs * sizeof *args,
         values = ((size_t)k->info.ndescriptors + 1) * sizeof(DescriptorValues);
  _Alignas(DescriptorValues) char few[2048];
  const void **all = n + values <= sizeof few ? (const void **)(void *)few : malloc(n + values);
  if (!all) return fail(c, TTC_ERROR_MEMORY, "out of memory");
  char error[512];
  bool ok = run_place_args(k->target, &k->info, l->grid, args, all, (DescriptorValues *)(void *)((char *)all + n),
                           l->program_memory, error, sizeof error);
  ttc_status status = ok                     ? launch_loaded(c, k, l, all)
                      : k->info.without_maps ? launch_plain(c, k, l, args)
                                             : fail(c, TTC_ERROR_ARGUMENT, error);
  if ((char *)all != few) free(all);
  return status;
}

static ttc_status launch(ttc_context *c, ttc_kernel *k, const Launch *l, const void *const *args, size_t nargs) {
  const uint32_t *grid = l->grid;
  if (c) c->message = "", c->interrupted = false;
  if (!k || !grid || (!args && nargs))
    return fail(c, TTC_ERROR_ARGUMENT, "ttc_launch: a kernel, a grid and its arguments are needed");
  if (nargs != (size_t)run_nargs(&k->info)) {
    char text[160];
    snprintf(text, sizeof text, "kernel `%.80s` takes %d run-time arguments, and %zu were given", k->info.name,
             run_nargs(&k->info), nargs);
    return fail(c, TTC_ERROR_ARGUMENT, text);
  }
  for (size_t i = 0; i < nargs; i++)
    if (!args[i]) {
      char text[160];
      snprintf(text, sizeof text, "kernel `%.80s`: args[%zu] is NULL", k->info.name, i);
      return fail(c, TTC_ERROR_ARGUMENT, text);
    }
  ttc_status status = ttc_kernel_load(c, k);
  if (status != TTC_OK) return status;
  if (!grid[0] || !grid[1] || !grid[2]) return TTC_OK;
  return run_places_args(&k->info) ? launch_placed(c, k, l, args) : launch_loaded(c, k, l, args);
}

ttc_status ttc_launch(ttc_context *c, ttc_kernel *k, const uint32_t grid[3], void *stream, const void *const *args,
                      size_t nargs) {
  return launch(c, k, &(Launch){.grid = grid, .stream = stream}, args, nargs);
}

size_t ttc_kernel_program_memory(const ttc_kernel *k, const uint32_t grid[3]) {
  return k && grid ? (size_t)k->info.program_memory * grid[0] * grid[1] * grid[2] : 0;
}

ttc_status ttc_launch_in(ttc_context *c, ttc_kernel *k, const uint32_t grid[3], void *stream, const void *const *args,
                         size_t nargs, void *memory) {
  return launch(c, k, &(Launch){.grid = grid, .stream = stream, .program_memory = memory ? &memory : NULL}, args,
                nargs);
}

bool ttc_kernel_checks(const ttc_kernel *k) {
  return k && k->target && k->target->launch_checked && k->info.check_grain;
}

ttc_status ttc_launch_checked(ttc_context *c, ttc_kernel *k, const uint32_t grid[3], void *stream,
                              const void *const *args, size_t nargs, const ttc_memory *memory, size_t nmemory) {
  if (!memory && nmemory) return fail(c, TTC_ERROR_ARGUMENT, "ttc_launch_checked: the memory is missing");
  return launch(c, k, &(Launch){grid, stream, memory, nmemory, NULL}, args, nargs);
}

ttc_status ttc_device(ttc_context *c, const char *target, int *number, int *capability) {
  if (c) c->message = "";
  if (!target || !number || !capability)
    return fail(c, TTC_ERROR_ARGUMENT, "ttc_device: a target and places for the answer are needed");
  *number = *capability = 0;
  const Target *t = run_built_in_target(target);
  if (!t || !t->device) return TTC_OK;
  char error[512];
  error[0] = 0;
  TargetStatus status = t->device(number, capability, error, sizeof error);
  return status == TARGET_OK ? TTC_OK : target_failed(c, status, error);
}

/* ---- profiling --------------------------------------------------------------------------------------------------- */

/* The profiler of a device that is in use, or NULL. One thread at a time starts, reads and stops. */
static _Atomic(const TargetProfiler *) device_profiler;

/* The name, or the name, ":" and a number? */
static bool is_way(const char *way, const char *name) {
  size_t n = strlen(name);
  return !strncmp(way, name, n) &&
         (!way[n] || (way[n] == ':' && way[n + 1] && !way[n + 1 + strspn(way + n + 1, "0123456789")]));
}

ttc_status ttc_profile_start(ttc_context *c, const char *way) {
  if (c) c->message = "";
  bool clock = way && strcmp(way, "clock") == 0, known = !way || clock;
  known = known || strcmp(way, "cupti") == 0 || is_way(way, "events") || is_way(way, "pcsampling");
  if (!known)
    return fail(c, TTC_ERROR_ARGUMENT, "ttc_profile_start: the way is NULL, cupti, events, clock or pcsampling");
  if (target_profile_wanted()) return fail(c, TTC_ERROR_ARGUMENT, "ttc_profile_start: launches are being recorded");
  const Target *cuda = run_built_in_target("cuda");
  char error[512] = "";
  bool started = !clock && cuda && cuda->profiler && cuda->profiler->start(way, error, sizeof error);
  if (way && !clock && !started) return fail(c, TTC_ERROR_SYSTEM, error);
  atomic_store(&device_profiler, started ? cuda->profiler : NULL);
  target_profile_begin();
  return TTC_OK;
}

void ttc_profile_mark(uint64_t id) {
  const TargetProfiler *p = atomic_load_explicit(&device_profiler, memory_order_relaxed);
  if (p) p->settle();
  target_profile_mark(id);
  if (p) p->mark(id);
}

void ttc_profile_mark_all(uint64_t id) {
  const TargetProfiler *p = atomic_load_explicit(&device_profiler, memory_order_relaxed);
  if (p) p->settle();
  target_profile_mark_all(id);
}

size_t ttc_profile_read(ttc_profile_record *records, size_t n, bool wait) {
  const TargetProfiler *p = atomic_load(&device_profiler);
  if (p) p->collect(wait);
  return target_profile_take(records, records ? n : 0);
}

size_t ttc_profile_read_samples(ttc_profile_sample *out, size_t n) {
  const TargetProfiler *p = atomic_load(&device_profiler);
  return p && out ? p->take_samples(out, n) : 0;
}

void ttc_profile_stop(void) {
  const TargetProfiler *p = atomic_exchange(&device_profiler, NULL);
  if (p) p->stop();
  target_profile_end();
}
