/* simulate.c: the struct Target "simt": an NVIDIA GPU of a given compute capability, simulated.
 *
 * Compiling is what "cuda" does, up to `llir`. The simulated machine runs what that text was printed from, which is
 * made again when a kernel is loaded: from `ttgir`, the last stage that our own reader understands. So a kernel from
 * the disk cache, or an edited stage, runs as well. A run changes the module it runs, so launches of
 * one kernel take turns.
 */
#include "gpu/gpu.h"
#include "simt/simt.h"
#include "target/target.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const Target nvidia_cuda_target; /* target.c */
extern const Target nvidia_simt_target; /* run/targets.c knows it */

struct Loaded {
  Ctx *cx; /* what follows lives there, all but the lock */
  pthread_mutex_t lock;
  size_t program_memory, nargs; /* KernelInfo */
  const char *name;
  LLModule *module;
  int64_t shared;
  int threads;
  bool makes_pointers; /* from integers, or reads them from memory: what they may access is unknown */
};

/* ---- compiling --------------------------------------------------------------------------------------------------- */

static const char *const stages[] = {"ttir", "ttgir", "llir", NULL};
static const char default_arch[] = "90";

static TargetOptions as_cuda(const TargetOptions *o) {
  TargetOptions c = *o;
  if (!c.arch || !*c.arch || !strcmp(c.arch, "native")) c.arch = default_arch;
  return c;
}

static void lang_options(const TargetOptions *o, LangOptions *out) {
  TargetOptions c = as_cuda(o);
  nvidia_cuda_target.lang_options(&c, out);
}

static const char *resolve_arch(Ctx *cx, const TargetOptions *o) {
  TargetOptions c = as_cuda(o);
  return nvidia_cuda_target.resolve_arch(cx, &c);
}

static void compile(Ctx *cx, Module *m, const TargetOptions *o, const char *stop, Stages *out, KernelInfo *info) {
  TargetOptions c = as_cuda(o);
  const char *target = info->target;
  nvidia_cuda_target.compile(cx, m, &c, stop ? stop : "llir", out, info);
  info->target = target;
  info->n_max_threads = 32 * info->num_warps;
  info->fp_fusion = o->common.enable_fp_fusion;
  info->check_grain = 1;
}

/* ---- loading ----------------------------------------------------------------------------------------------------- */

typedef struct LoadCall {
  const KernelInfo *info;
  const char *bytes;
  size_t len;
  Loaded *k;
} LoadCall;

static void note_pointers(Op *op, void *arg) {
  Loaded *k = arg;
  if (op->code == OP_INT_TO_PTR || (op->code == OP_LOAD && ir_elem(ir_result(op, 0)->type)->kind == TYPE_PTR))
    k->makes_pointers = true;
}

static int capability_of(const char *target) {
  const char *colon = strchr(target, ':');
  return colon ? atoi(colon + 1) : atoi(default_arch);
}

static void load_module(Ctx *cx, void *arg) {
  LoadCall *call = arg;
  Loaded *k = call->k;
  const KernelInfo *info = call->info;
  GpuOptions o = {.sm = capability_of(info->target),
                  .common = {.num_warps = info->num_warps,
                             .num_stages = info->num_stages,
                             .num_ctas = info->num_ctas,
                             .enable_fp_fusion = info->fp_fusion},
                  .call_sites = true};
  k->name = ctx_strndup(cx, info->name, strlen(info->name));
  k->threads = 32 * info->num_warps;
  k->program_memory = (size_t)info->program_memory;
  k->nargs = (size_t)info->nargs;
  /* The reader keeps what it read by address. */
  const char *text = ctx_strndup(cx, call->bytes, call->len);
  Module *m = ir_read(cx, source_new(cx, ctx_printf(cx, "%s.ttgir", k->name), text, call->len, 1));
  ir_walk(m->op, note_pointers, k);
  k->module = gpu_lower(cx, m, &o, &k->shared);
  for (LLFunc *f = k->module->first; f; f = f->next) ll_optimize(f, o.sm);
}

static void first_message(Ctx *cx, char *error, size_t size) {
  const Diag *d = ctx_diags(cx);
  snprintf(error, size, "%s", d ? d->message : "out of memory");
}

static void unload(Loaded *k) {
  pthread_mutex_destroy(&k->lock);
  ctx_free(k->cx);
  free(k);
}

static TargetStatus load(const KernelInfo *info, const char *bytes, size_t len, Loaded **out, char *error,
                         size_t size) {
  int64_t limit = gpu_shared_limit(capability_of(info->target));
  if (info->shared > limit) {
    snprintf(
        error, size,
        "out of resource: shared memory, Required: %lld, Hardware limit: %lld. Reducing block sizes or `num_stages` "
        "may help.",
        (long long)info->shared, (long long)limit);
    return TARGET_RESOURCES;
  }
  Loaded *k = calloc(1, sizeof *k);
  Ctx *cx = ctx_new(NULL);
  if (!k || !cx || pthread_mutex_init(&k->lock, NULL) != 0) {
    free(k);
    ctx_free(cx);
    snprintf(error, size, "out of memory");
    return TARGET_FAILED;
  }
  k->cx = cx;
  LoadCall call = {info, bytes, len, k};
  if (ctx_protect(cx, load_module, &call) != ERR_NONE) {
    first_message(cx, error, size);
    unload(k);
    return TARGET_FAILED;
  }
  *out = k;
  return TARGET_OK;
}

static _Thread_local Interrupt interrupt; /* what this thread's launches poll */

static void set_interrupt(Interrupt i) { interrupt = i; }

/* ---- launching --------------------------------------------------------------------------------------------------- */

typedef struct RunCall {
  Ctx *cx; /* of the run: the report and the machine */
  Loaded *k;
  const SimulatedLaunch *launch;
  SimtReport *report;
  Err err;
} RunCall;

static void add_memory(Ctx *cx, SimtOptions *o, const ttc_memory *m) {
  if (m->flags & TTC_MEMORY_UNBOUNDED) {
    o->unbounded = true;
    return;
  }
  simt_add_buffer(cx, o, m->base, m->size, m->flags & TTC_MEMORY_READ_ONLY, m->flags & TTC_MEMORY_UNINITIALIZED);
  o->buffers.at[o->buffers.len - 1].name = m->name ? ctx_printf(cx, "`%s`", m->name) : "a buffer";
}

/* The arguments, with memory of the machine's own for what programs make. */
static const void *const *with_program_memory(Ctx *cx, const Loaded *k, const SimulatedLaunch *l, SimtOptions *o) {
  if (!k->program_memory) return l->args;
  size_t bytes = k->program_memory * l->grid[0] * l->grid[1] * l->grid[2], n = k->nargs;
  char *at = NEWN(cx, char, bytes + TENSOR_MAP_BYTES);
  at += -(uintptr_t)at % TENSOR_MAP_BYTES;
  const void **args = NEWN(cx, const void *, n);
  void **value = NEW(cx, void *);
  *value = at;
  memcpy(args, l->args, n * sizeof *args);
  args[n - 1] = value;
  simt_add_buffer(cx, o, at, bytes, false, false);
  o->buffers.at[o->buffers.len - 1].name = "the programs' own memory";
  return args;
}

static void run(Ctx *cx, void *arg) {
  RunCall *call = arg;
  const SimulatedLaunch *l = call->launch;
  Loaded *k = call->k;
  SimtOptions o = {
      .max_instructions = l->max_instructions, .interrupt = interrupt, .unbounded = !l->nmemory || k->makes_pointers};
  const void *const *args = with_program_memory(cx, k, l, &o);
  for (size_t i = 0; i < l->nmemory; i++) add_memory(cx, &o, &l->memory[i]);
  simt_run(cx, k->module, k->name, l->grid, k->threads, (size_t)k->shared, args, &o, call->report);
}

/* Inside the protection of the module's context, whose arena the run may need. */
static void run_with_module(Ctx *module_cx, void *arg) {
  RunCall *call = arg;
  (void)module_cx;
  call->err = ctx_protect(call->cx, run, call);
}

static void simulate(Ctx *cx, Loaded *k, const SimulatedLaunch *l, SimtReport *report) {
  RunCall call = {.cx = cx, .k = k, .launch = l, .report = report};
  pthread_mutex_lock(&k->lock);
  Err outer = ctx_protect(k->cx, run_with_module, &call);
  pthread_mutex_unlock(&k->lock);
  if (outer != ERR_NONE) ctx_throw(cx, outer);
  if (call.err != ERR_NONE) ctx_throw(cx, call.err);
}

static bool wants_report(void) {
  const char *s = getenv("TRITONC_SIMULATE_REPORT");
  return s && *s && strcmp(s, "0") != 0;
}

typedef struct LaunchCall {
  Loaded *k;
  SimulatedLaunch launch;
  char *error;
  size_t size;
  bool failed;
} LaunchCall;

static void launch_and_tell(Ctx *cx, void *arg) {
  LaunchCall *call = arg;
  SimtReport report;
  simulate(cx, call->k, &call->launch, &report);
  if (wants_report()) {
    Buf all = {.cx = cx};
    buf_printf(&all, "simulated %s, grid %u,%u,%u:\n", call->k->name, call->launch.grid[0], call->launch.grid[1],
               call->launch.grid[2]);
    simt_print(&all, &report);
    fwrite(buf_text(&all), 1, all.len, stderr);
  }
  if (!report.nissues) return;
  Buf text = {.cx = cx};
  buf_printf(&text, "the simulated GPU found mistakes in kernel `%s`:\n", call->k->name);
  simt_print_issues(&text, &report);
  call->failed = true;
  snprintf(call->error, call->size, "%s", buf_text(&text));
}

static TargetStatus launch_checked(Loaded *k, const uint32_t grid[3], void *stream, const void *const *args,
                                   const ttc_memory *memory, size_t nmemory, char *error, size_t size) {
  (void)stream;
  LaunchCall call = {k, {grid, args, memory, nmemory, 0}, error, size, false};
  Ctx *cx = ctx_new(NULL);
  if (!cx) return snprintf(error, size, "out of memory"), TARGET_FAILED;
  if (ctx_protect(cx, launch_and_tell, &call) != ERR_NONE) {
    call.failed = true;
    first_message(cx, error, size);
  }
  ctx_free(cx);
  return call.failed ? TARGET_FAILED : TARGET_OK;
}

/* In the simulated machine's own encoding. */
static bool tensor_map(const DescriptorArg *d, const ttc_tensor_descriptor *t, void *map, char *error, size_t size) {
  uint32_t dims[5], box[5];
  uint64_t strides[5] = {0};
  (void)error, (void)size;
  for (int i = 0; i < d->rank; i++) {
    int from = d->rank - 1 - i;
    dims[i] = (uint32_t)t->shape[from];
    box[i] = (uint32_t)d->box[from];
    if (i) strides[i - 1] = (uint64_t)t->strides[from] * (uint64_t)d->elem_bytes;
  }
  SimtTensorMap m;
  SimtElem elem = (t->flags & TTC_DESCRIPTOR_TF32) && d->elem_type == SIMT_F32 ? SIMT_TF32 : (SimtElem)d->elem_type;
  simt_tensor_map(&m, t->base, elem, d->rank, dims, strides, box, (SimtSwizzle)d->swizzle,
                  t->flags & TTC_DESCRIPTOR_NAN);
  memset(map, 0, TENSOR_MAP_BYTES);
  memcpy(map, &m, sizeof m);
  return true;
}

static TargetStatus launch(Loaded *k, const uint32_t grid[3], void *stream, const void *const *args, char *error,
                           size_t size) {
  return launch_checked(k, grid, stream, args, NULL, 0, error, size);
}

const Target nvidia_simt_target = {
    .abi = TARGET_ABI,
    .name = "simt",
    .stages = stages,
    .load_stage = "ttgir",
    .lang_options = lang_options,
    .resolve_arch = resolve_arch,
    .compile = compile,
    .load = load,
    .unload = unload,
    .launch = launch,
    .launch_checked = launch_checked,
    .tensor_map = tensor_map,
    .simulate = simulate,
    .set_interrupt = set_interrupt,
    .takes_capability = true,
};
