/* target.c: the struct Target "cpu": its options, its architecture, and compiling as the list of its steps. */
#include "cpu/cpu.h"
#include "cpu/jit.h"
#include "opt/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Core.h>

static const char *const stages[] = {"ttir", "llir", "asm", "obj", NULL};
static const char *const edited_stages[] = {"llir", NULL};
static const char *const dot_precisions[] = {"ieee", "tf32", "tf32x3", NULL};

static void lang_options(const TargetOptions *o, LangOptions *out) {
  out->common = o->common;
  out->default_dot_precision = "ieee";
  out->allowed_dot_precisions = dot_precisions;
  out->target_name = "cpu";
  out->target_arch = 0;
}

static const char *resolve_arch(Ctx *cx, const TargetOptions *o) { return cpu_isa(cx, o->arch)->key; }

/* What lowering turns into an instruction or a short sequence for any element type; the others come from the library. */
static bool is_native(Opcode code, const Type *elem, bool precise) {
  (void)precise; /* all are */
  switch (code) {
  case OP_SQRT:
  case OP_RSQRT:
  case OP_PRECISE_SQRT:
  case OP_PRECISE_DIVF:
  case OP_FLOOR:
  case OP_CEIL:
  case OP_TRUNC:
  case OP_ROUNDEVEN:
  case OP_ABSF:
  case OP_ABSI:
  case OP_FMA:
  case OP_MAP_ELEMENTWISE: /* its branches are passed by where no lane takes them */
  case OP_MULHIUI:
  case OP_CLAMPF: return true;
  default: return cpu_native_math(code, elem);
  }
}

static void push_text(Ctx *cx, Stages *out, const char *name, const char *text, size_t len) {
  Stage s = {.name = name, .bytes = text, .len = len};
  vec_push(cx, out, s);
}

static void dispose_context(void *llvm) {
  if (!cpu_llvm_abandoned()) LLVMContextDispose(llvm);
}

static void create_context(void *context) { *(LLVMContextRef *)context = LLVMContextCreate(); }

static LLVMContextRef new_context(Ctx *cx) {
  LLVMContextRef *llvm = NEW(cx, LLVMContextRef);
  cpu_llvm_build(cx, "starting", create_context, llvm);
  ctx_defer(cx, dispose_context, *llvm);
  return *llvm;
}

typedef struct Print {
  LLVMModuleRef module;
  char *text;
} Print;

static void print_module(void *arg) {
  Print *p = arg;
  p->text = LLVMPrintModuleToString(p->module);
}

static const char *print_llir(Ctx *cx, LLVMModuleRef m, size_t *len) {
  Print *p = NEW(cx, Print);
  p->module = m;
  cpu_llvm_build(cx, "printing", print_module, p);
  if (!p->text) ctx_throw(cx, ERR_MEMORY); /* LLVM copies it by strdup() */
  *len = strlen(p->text);
  char *copy = ctx_copy(cx, p->text, *len + 1);
  LLVMDisposeMessage(p->text);
  return copy;
}

/* The passes of this target, in order: `turning` unless accesses are checked (what is told names the programs and tiles of the source), `checking` if they are. Between the first two
 * lists mathematical functions are expanded. */
static const Pass *const before_math[] = {&opt_pass_descriptors,   &opt_pass_dot_scaled,    &opt_pass_reduce_order,
                                          &opt_pass_map_pack,      &opt_pass_map_results,   &opt_pass_fold,
                                          &opt_pass_version_loops, &opt_pass_split_pointers};
static const Pass *const turning[] = {&opt_pass_fold, &opt_pass_batch_programs, &opt_pass_turn_loads,
                                      &opt_pass_unroll_tiles};
static const Pass *const after_math[] = {&opt_pass_fold, &opt_pass_cse, &opt_pass_licm, &opt_pass_cse, &opt_pass_dce};
static const Pass *const checking[] = {&opt_pass_check_accesses};

const PassList cpu_passes[] = {
    {before_math, COUNT(before_math)},
    {turning, COUNT(turning)},
    {after_math, COUNT(after_math)},
    {checking, COUNT(checking)},
};
const size_t cpu_npasses = COUNT(cpu_passes);

static void compile(Ctx *cx, Module *m, const TargetOptions *o, const char *stop, Stages *out, KernelInfo *info) {
  const CpuIsa *isa = cpu_isa(cx, o->arch);
  info->target = ctx_printf(cx, "cpu:%s", isa->cpu);

  Buf ttir = {.cx = cx};
  ir_print(&ttir, m, (PrintOptions){.no_locations = false});
  push_text(cx, out, "ttir", buf_text(&ttir), ttir.len);
  if (target_stops_at(stop, "ttir")) return;

  LangOptions language = {0};
  lang_options(o, &language);
  bool checked = o->common.debug && o->common.check_memory; /* then messages tell of the tiles that the source has */
  opt_run(cx, m, before_math, COUNT(before_math));
  opt_expand_math(cx, m, is_native, &language);
  if (!checked) opt_run(cx, m, turning, COUNT(turning));
  opt_run(cx, m, after_math, COUNT(after_math));
  if (checked) opt_run(cx, m, checking, COUNT(checking));

  ir_check(cx, m, "before it is lowered for the CPU");
  cpu_llvm_init();
  LLVMContextRef llvm = new_context(cx);
  TimeSpan *span = time_begin(cx, "lowering to LLVM IR");
  LLVMModuleRef lm = cpu_lower(cx, llvm, m, isa, o, info);
  time_end(cx, span);
  size_t len;
  const char *edited = o->edited ? o->edited(o->self, cx, "llir", &len) : NULL;
  span = time_begin(cx, edited ? "reading LLVM IR" : "LLVM's passes");
  if (edited)
    lm = cpu_read_llir(cx, llvm, lm, info->name, edited, len);
  else
    cpu_optimize(cx, lm, isa, o);
  time_end(cx, span);
  span = time_begin(cx, "printing LLVM IR");
  const char *llir = print_llir(cx, lm, &len);
  time_end(cx, span);
  push_text(cx, out, "llir", llir, len);
  if (target_stops_at(stop, "llir")) return;

  Stage assembly, object;
  cpu_emit(cx, lm, isa, true, &assembly, &object);
  vec_push(cx, out, assembly);
  if (target_stops_at(stop, "asm")) return;
  vec_push(cx, out, object);
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

struct Loaded {
  CpuCode *code;
  CpuKernelFn *entry;
  size_t scratch_bytes;
  CpuKernel kernel;
  const KernelInfo *info;
};

static TargetStatus load(const KernelInfo *info, const char *bytes, size_t len, Loaded **out, char *error,
                         size_t error_size) {
  Loaded *k = calloc(1, sizeof *k);
  if (!k) {
    snprintf(error, error_size, "out of memory");
    return TARGET_FAILED;
  }
  k->scratch_bytes = (size_t)info->shared;
  k->kernel.name = info->name;
  k->kernel.max_threads = info->max_threads;
  k->kernel.batch = (unsigned)info->batch & INT32_MAX;
  k->kernel.batch_axis = info->batch_axis & 1;
  k->info = info;
  k->code = cpu_code_load(bytes, len, info->name, &k->entry, error, error_size);
  if (k->code) return *out = k, TARGET_OK;
  free(k);
  return TARGET_FAILED;
}

static void unload(Loaded *k) {
  if (!k) return;
  cpu_code_free(k->code);
  free(k);
}

static TargetStatus launch(Loaded *k, const uint32_t grid[3], void *stream, const void *const *args, char *error,
                           size_t error_size) {
  (void)stream;
  return cpu_pool_run(k->entry, args, grid, k->scratch_bytes, &k->kernel, error, error_size) == 0 ? TARGET_OK
                                                                                                  : TARGET_FAILED;
}

static TargetStatus launch_checked(Loaded *k, const uint32_t grid[3], void *stream, const void *const *args,
                                   const ttc_memory *memory, size_t nmemory, char *error, size_t error_size) {
  if (!k->info->check_grain) return launch(k, grid, stream, args, error, error_size);
  CpuChecks *checks = rt_checks_new(k->info, args, grid, memory, nmemory);
  if (!checks) {
    snprintf(error, error_size, "out of memory for the shadow of check mode");
    return TARGET_FAILED;
  }
  cpu_pool_set_checks(checks);
  TargetStatus status = launch(k, grid, stream, args, error, error_size);
  cpu_pool_set_checks(NULL);
  rt_checks_free(checks);
  return status;
}

const Target cpu_target = {
    .abi = TARGET_ABI,
    .name = "cpu",
    .source = TARGET_RT_SOURCE,
    .stages = stages,
    .edited_stages = edited_stages,
    .lang_options = lang_options,
    .resolve_arch = resolve_arch,
    .compile = compile,
    .load = load,
    .unload = unload,
    .launch = launch,
    .launch_checked = launch_checked,
    .set_interrupt = cpu_pool_set_interrupt,
    .count_alone = cpu_pool_count,
};

__attribute__((visibility("default"))) const Target *tritonc_target(void);
const Target *tritonc_target(void) { return &cpu_target; }
