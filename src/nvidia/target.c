/* target.c: the struct Target "cuda": from optimized Triton IR to a cubin, as the list of its steps. Running one is
 * driver.c's. */
#include "gpu/gpu.h"
#include "ir/watch.h"
#include "nvidia/adopt.h"
#include "nvidia/driver.h"
#include "nvidia/nvidia.h"
#include "nvidia/profile.h"
#include "target/target.h"

#include <stdlib.h>
#include <string.h>

static const char *const stages[] = {"ttir", "ttgir", "llir", "ptx", "cubin", NULL};
static const char *const edited_stages[] = {"ttgir", "ptx", "cubin", NULL};
static const char *const dot_precisions[] = {"tf32", "tf32x3", "ieee", "bf16x3", "bf16x6", NULL};
static const int capabilities[] = {75, 80, 86, 87, 89, 90, 100, 103, 120};

/* "90", "90a", or of the first device when nothing is said. */
static int capability(Ctx *cx, const char *arch) {
  if (!arch || !*arch || !strcmp(arch, "native")) {
    char error[256];
    int number, sm;
    if (nvidia_driver_device(&number, &sm, error, sizeof error) != TARGET_OK)
      ctx_fail(cx, ERR_SYSTEM, "which GPU to compile for? There is none here (%s); name one: cuda:90", error);
    return sm;
  }
  char *end;
  long sm = strtol(arch, &end, 10);
  for (size_t i = 0; i < COUNT(capabilities); i++)
    if (capabilities[i] == sm && (!*end || !strcmp(end, "a"))) return (int)sm;
  Buf known = {.cx = cx};
  for (size_t i = 0; i < COUNT(capabilities); i++) buf_printf(&known, "%s%d", i ? ", " : "", capabilities[i]);
  ctx_fail(cx, ERR_SOURCE, "unknown compute capability `cuda:%s`; known are %s", arch, buf_text(&known));
}

static void lang_options(const TargetOptions *o, LangOptions *out) {
  out->common = o->common;
  out->default_dot_precision = "tf32";
  out->has_tensor_cores = true;
  out->allowed_dot_precisions = dot_precisions;
  out->target_name = "cuda";
  out->takes_ptx = true;
  out->target_arch = o->arch ? atoi(o->arch) : 0;
  out->fp8_sums_are_imprecise = out->target_arch == 90;
}

static const char *resolve_arch(Ctx *cx, const TargetOptions *o) {
  return ctx_printf(cx, "%d", capability(cx, o->arch));
}

static void push(Ctx *cx, Stages *out, const char *name, const void *bytes, size_t len, bool binary) {
  Stage s = {.name = name, .bytes = bytes, .len = len, .binary = binary};
  vec_push(cx, out, s);
}

static void push_ir(Ctx *cx, Stages *out, const char *name, const Module *m) {
  Buf b = {.cx = cx};
  ir_print(&b, m, (PrintOptions){0});
  push(cx, out, name, buf_text(&b), b.len, false);
}

static ArgKind arg_kind(Ctx *cx, const Type *t) {
  if (t->kind == TYPE_PTR) return ARG_PTR;
  if (t->kind == TYPE_INT)
    return t->bits == 1 ? ARG_I1 : t->bits == 8 ? ARG_I8 : t->bits == 16 ? ARG_I16 : t->bits == 32 ? ARG_I32 : ARG_I64;
  if (t->kind == TYPE_FLOAT && t->fkind == F16) return ARG_F16;
  if (t->kind == TYPE_FLOAT && t->fkind == BF16) return ARG_BF16;
  if (t->kind == TYPE_FLOAT && t->fkind == F32) return ARG_F32;
  if (t->kind == TYPE_FLOAT && t->fkind == F64) return ARG_F64;
  if (gpu_tma_is_map(t)) return ARG_TENSOR_MAP;
  ctx_fail(cx, ERR_SOURCE, "a kernel's argument cannot be of type %s on this target", ir_type_text(cx, t));
}

static void describe_map(const Type *t, DescriptorArg *d) {
  int64_t box[LAYOUT_MAX_DIMS];
  d->is_map = true;
  d->elem_type = gpu_tma_elem_type(t);
  d->swizzle = gpu_tma_swizzle(t->elem);
  gpu_tma_box(t->elem, box);
  for (int k = 0; k < d->rank; k++) d->box[k] = (int)box[k];
}

/* Those that no caller gives. */
static void describe_made(Ctx *cx, const Op *func, const Type *type, KernelInfo *info, DescriptorArg *all) {
  Vec(int64_t) code = {0};
  for (int i = 0; i < type->ninputs; i++) {
    const Attr *a = gpu_tma_is_map(type->inputs[i]) ? gpu_tma_launch_attr(func, i) : NULL;
    if (!a) continue;
    const Type *block = type->inputs[i]->elem;
    if (block->rank > TTC_MAX_RANK)
      ctx_fail(cx, ERR_SOURCE, "a tensor map has %d dimensions at most, not %d", TTC_MAX_RANK, block->rank);
    DescriptorArg *d = &all[info->ndescriptors++];
    *d = (DescriptorArg){.at = type->ninputs, .rank = block->rank, .elem_bytes = ir_elem_bytes(block->elem)};
    for (int k = 0; k < d->rank; k++) d->block[k] = (int)block->shape[k];
    describe_map(type->inputs[i], d);
    d->nan = a->ints[0] & TMA_LAUNCH_NAN;
    d->is_optional = a->ints[0] & TMA_LAUNCH_OPTIONAL;
    d->code_at = (int)code.len;
    d->ncode = a->n - 1;
    for (int k = 1; k < a->n; k++) vec_push(cx, &code, a->ints[k]);
  }
  info->map_code = code.at;
  info->nmap_code = (int)code.len;
}

/* Which of the kernel's descriptors are tensor maps. `at` goes through the arguments of `type`, where a map is one and
 * the parts of another descriptor are three before its shape and strides; `given`, as callers count. */
static void describe_maps(Ctx *cx, const Op *func, const Type *type, KernelInfo *info) {
  DescriptorArg *all = NEWN(cx, DescriptorArg, info->ndescriptors + type->ninputs + 1);
  for (int i = 0, at = 0, given = 0; i < info->ndescriptors; i++, given++) {
    DescriptorArg *d = &all[i];
    *d = info->descriptors[i];
    at += d->at - given, given = d->at;
    const Type *t = at < type->ninputs ? type->inputs[at] : NULL;
    if (t && gpu_tma_is_map(t)) describe_map(t, d);
    at += (d->is_map ? 1 : 3) + 2 * d->rank;
  }
  info->descriptors = all;
  describe_made(cx, func, type, info, all);
}

static void describe_args(Ctx *cx, const Module *m, KernelInfo *info) {
  const Op *func = ir_module_func(m, info->name);
  if (!func) ctx_fail(cx, ERR_SOURCE, "the module has no function `%s`", info->name);
  const Type *type = ir_func_signature(func);
  ArgKind *kinds = NEWN(cx, ArgKind, type->ninputs + 1);
  for (int i = 0; i < type->ninputs; i++) kinds[i] = arg_kind(cx, type->inputs[i]);
  info->args = kinds;
  info->nargs = type->ninputs;
  info->program_memory = gpu_map_memory(func);
  describe_maps(cx, func, type, info);
}

enum { FIRST_WITH_TMA = 90, FIRST_WITH_BF16_ATOMICS = 90 };

typedef struct Accesses {
  bool descriptors, dots;
} Accesses;

static void note_access(Op *op, void *arg) {
  Accesses *a = arg;
  a->descriptors |= op->code == OP_DESC_LOAD || op->code == OP_DESC_STORE || op->code == OP_DESC_REDUCE;
  a->dots |= op->code == OP_DOT;
}

/* Can its passes ask for more shared memory than it takes to do the same with less? */
static bool may_need_less(const Module *m) {
  Accesses a = {0};
  ir_walk(m->op, note_access, &a);
  return a.descriptors || a.dots;
}

/* Are there descriptors, or loads that may become such (passes/tma_pointers.c), and on a GPU with a copy engine (TMA)? */
static bool may_have_maps(const Module *m, const GpuOptions *gpu) {
  Accesses a = {0};
  if (gpu->sm < FIRST_WITH_TMA) return false;
  ir_walk(m->op, note_access, &a);
  return a.descriptors || (a.dots && gpu->common.launch_maps);
}

/* Passes on Triton IR that this target adds to ttir_passes: before functions are expanded, and after anything was. */
static const Pass *const before[] = {&opt_pass_flatten, &opt_pass_dot_scaled, &opt_pass_reduce_order,
                                     &opt_pass_map_pack, &opt_pass_narrow_floats};
static const Pass *const after[] = {&opt_pass_fold, &opt_pass_cse, &opt_pass_licm, &opt_pass_dce};

static void lower_descriptors(Ctx *cx, Module *m, const GpuOptions *gpu, bool maps) {
  if (maps) {
    opt_inline_all(cx, m);
    if (gpu->common.launch_maps && gpu_tma_of_pointers(cx, m, gpu)) opt_run(cx, m, after, COUNT(after));
    gpu_choose_tma(cx, m);
  }
  if (opt_descriptors(cx, m)) opt_run(cx, m, after, COUNT(after));
}

/* In Triton IR of any origin, mathematical functions without an instruction are expanded from the library. */
static void expand_math(Ctx *cx, Module *m, const TargetOptions *o, int sm) {
  static const Pass *const atomics[] = {&opt_pass_bf16_atomics};
  LangOptions language = {0};
  lang_options(o, &language);
  opt_inline_all(cx, m); /* a thread's registers hold a tensor's part by layout, which no calling convention knows of */
  bool changed = opt_run(cx, m, before, COUNT(before));
  if (sm < FIRST_WITH_BF16_ATOMICS) changed |= opt_run(cx, m, atomics, COUNT(atomics));
  if (opt_expand_math(cx, m, gpu_native_math, &language) || changed) opt_run(cx, m, after, COUNT(after));
}

/* ---- the list ---------------------------------------------------------------------------------------------------- */

/* The user's override of a stage, or NULL. */
static const char *edited(Ctx *cx, const TargetOptions *o, const char *stage, size_t *len) {
  return o->edited ? o->edited(o->self, cx, stage, len) : NULL;
}

/* How many warps the kernel is for, as its Triton GPU IR says; those of a cluster's blocks together, see passes/clusters.c. */
static void take_num_warps(const Module *m, const TargetOptions *o, GpuOptions *gpu, KernelInfo *info) {
  int64_t ctas = ir_attr_int_or(m->op, "ttg.num-ctas", 1), warps = ir_attr_int_or(m->op, "ttg.num-warps", 0);
  info->num_warps = gpu->common.num_warps = warps ? (int)(warps * ctas) : o->common.num_warps;
  info->num_ctas = gpu->common.num_ctas = 1;
}

/* Triton GPU IR that came from elsewhere; it says itself how many warps it is for. */
static void adopt(Ctx *cx, Module *m, const TargetOptions *o, GpuOptions *gpu, KernelInfo *info) {
  static const Pass *const first[] = {&opt_pass_structurize, &opt_pass_later_ops, &opt_pass_libdevice,
                                      &opt_pass_narrow_floats};
  LangOptions language = {0};
  lang_options(o, &language);
  opt_run(cx, m, first, COUNT(first));
  opt_inline_all(cx, m);
  opt_expand_math(cx, m, gpu_native_math, &language);
  Op *func = ir_module_func(m, info->name);
  if (func) nvidia_adopt_parts(cx, func, info);
  gpu_adopt_clusters(cx, m);
  gpu_adopt_rows(cx, m);
  gpu_adopt_maps(cx, m);
  gpu_place_maps(cx, m);
  describe_args(cx, m, info);
  take_num_warps(m, o, gpu, info);
  gpu_place(cx, m, gpu->sm);
}

static void make_ttgir(Ctx *cx, Module *m, const TargetOptions *o, GpuOptions *gpu, KernelInfo *info, bool maps) {
  lower_descriptors(cx, m, gpu, maps);
  describe_args(cx, m, info);
  expand_math(cx, m, o, gpu->sm);
  gpu_ttgir(cx, m, gpu);
}

typedef struct MostStages {
  int most, otherwise; /* of a loop that does not say */
} MostStages;

static void note_stages(Op *op, void *arg) {
  MostStages *s = arg;
  int asked = op->code == OP_FOR ? (int)ir_attr_int_or(op, "tt.num_stages", s->otherwise) : 0;
  if (asked > s->most) s->most = asked;
}

/* What is tried next where shared memory was not enough for `o`; false: there is nothing. Loads through pointers stay as
 * they are; then stores are waited for; then loops have fewer stages than `most`; else descriptors are a base, a shape and
 * strides, which need none, and the stages are counted down again. */
static bool ask_for_less(GpuOptions *o, bool *maps, int most) {
  if (*maps && o->common.launch_maps) {
    o->common.launch_maps = false;
    return true;
  }
  if (*maps && !o->wait_for_stores) return o->wait_for_stores = true;
  int stages = o->most_stages ? o->most_stages : most;
  if (stages > 1) {
    o->most_stages = stages - 1;
    return true;
  }
  bool had = *maps;
  *maps = false;
  o->most_stages = 0;
  return had;
}

/* Copies ahead, and all through tensor maps, go by way of shared memory. Where there is not enough of it for all buffers,
 * the kernel is made again with fewer. If that does not help either, it is as it was asked for, and says what it needs. */
static Module *make_that_fits(Ctx *cx, Module *m, const TargetOptions *o, GpuOptions *gpu, KernelInfo *info) {
  Buf text = {.cx = cx};
  ir_print(&text, m, (PrintOptions){0});
  const KernelInfo before = *info;
  const WatchMark mark = watch_mark(cx);
  GpuOptions wanted = *gpu;
  MostStages stages = {1, o->common.num_stages};
  ir_walk(m->op, note_stages, &stages);
  bool maps = may_have_maps(m, gpu), last = false;
  for (;;) {
    make_ttgir(cx, m, o, gpu, info, maps);
    if (last || ir_attr_int_or(m->op, "ttg.shared", 0) <= gpu_shared_limit(gpu->sm)) return m;
    last = !ask_for_less(&wanted, &maps, stages.most);
    if (last) wanted.most_stages = 0;
    *gpu = wanted;
    *info = before;
    watch_rewind(cx, mark);
    m = ir_read(cx, source_new(cx, ctx_printf(cx, "%s.ttir", info->name), buf_text(&text), text.len, 1));
  }
}

static void to_ttgir(Ctx *cx, Module **m, const TargetOptions *o, GpuOptions *gpu, KernelInfo *info) {
  bool is_lowered = ir_attr((*m)->op, "ttg.num-warps") != NULL;
  size_t len;
  const char *text = edited(cx, o, "ttgir", &len);
  if (text) *m = ir_read(cx, source_new(cx, ctx_printf(cx, "%s.ttgir", info->name), text, len, 1));
  if (text || is_lowered) {
    adopt(cx, *m, o, gpu, info);
    return;
  }
  if (may_need_less(*m))
    *m = make_that_fits(cx, *m, o, gpu, info);
  else
    make_ttgir(cx, *m, o, gpu, info, false);
  take_num_warps(*m, o, gpu, info);
}

static Cubin assemble_ptx(Ctx *cx, const char *ptx, const TargetOptions *o, const KernelInfo *info, bool may_refuse) {
  TimeSpan *span = time_begin(cx, "assembler");
  Cubin cubin = nvidia_assemble(cx, ptx, info->name,
                                (AssembleOptions){.only = ASSEMBLER_ANY,
                                                  .line_info = !o->common.no_line_info,
                                                  .opt_level = 3,
                                                  .maxnreg = o->common.maxnreg,
                                                  .may_refuse = may_refuse});
  time_end(cx, span);
  return cubin;
}

static const char *print_ptx(Ctx *cx, LLModule *lm, const TargetOptions *o, int sm, size_t *len) {
  Buf text = {.cx = cx};
  TimeSpan *span = time_begin(cx, "printing PTX");
  ptx_print(&text, lm, (PtxOptions){.sm = sm, .line_info = !o->common.no_line_info});
  time_end(cx, span);
  *len = text.len;
  return buf_text(&text);
}

static bool has_tensor_cores(const LLModule *lm) {
  for (const LLFunc *f = lm->first; f; f = f->next)
    for (const LLBlock *b = f->first; b; b = b->next)
      for (const LLInst *i = b->first; i; i = i->next)
        if (i->op == LL_MMA || i->op == LL_WGMMA) return true;
  return false;
}

enum { REGISTER_STEP = 8 }; /* registers of a thread are given out by so many */

/* Registers of a thread without which no code exists: its data, and what is beside them at any time (addresses, counters). */
static int least_registers(const LLModule *lm) {
  enum { BESIDE = 24 };
  int most = 0;
  for (const LLFunc *f = lm->first; f; f = f->next)
    if (f->data_registers > most) most = f->data_registers;
  return most + BESIDE;
}

/* With how many registers a thread, a fifth fewer at most, does a multiprocessor hold all its threads, or half as many
 * blocks again? A third, if it is a second block: then one block's epilogue runs beside the other's loop. 0: none. One
 * block more of many is worth less than what the assembler gives up for it, and so is a third one where tensor cores'
 * products in flight hide latency. */
static int fewer_registers(const Cubin *c, const LLModule *lm, const TargetOptions *o, int sm, const KernelInfo *info) {
  const GpuMultiprocessor *m = gpu_multiprocessor(sm);
  int full =
      m ? GPU_REGISTERS / m->threads / REGISTER_STEP * REGISTER_STEP : 0; /* with no more, all threads find registers */
  if (!m || !c->bytes || o->common.maxnreg || c->regs <= full) return 0;
  int64_t now = gpu_blocks_held(m, c->regs, info->shared, info->num_warps, NULL);
  int least = now == 1 ? (2 * c->regs + 2) / 3 : (4 * c->regs + 4) / 5, needed = least_registers(lm);
  if (least < needed) least = needed;
  for (int cap = (c->regs - 1) / REGISTER_STEP * REGISTER_STEP; cap >= least; cap -= REGISTER_STEP) {
    int64_t then = gpu_blocks_held(m, cap, info->shared, info->num_warps, NULL);
    if (then <= now) continue;
    if (cap <= full || now == 1) return cap;
    return 2 * then >= 3 * now && !has_tensor_cores(lm) ? cap : 0;
  }
  return 0;
}

/* How many blocks a multiprocessor holds if registers do not limit it; 0: not known. */
static int blocks_without_registers(const GpuMultiprocessor *m, const KernelInfo *info) {
  return m ? (int)gpu_blocks_held(m, 0, info->shared, info->num_warps, NULL) : 0;
}

/* The assembler knows neither how much dynamic shared memory a launch gets nor that it keeps a further block out, and so
 * gives up registers, and with them loads and products in flight, for blocks that have no room. It is told how many
 * have: at once where that many leave each thread all registers that an instruction can name ... */
static int blocks_told_first(const GpuMultiprocessor *m, const TargetOptions *o, const KernelInfo *info) {
  enum { MOST = 255 };
  int n = blocks_without_registers(m, info);
  return n && !o->common.maxnreg && n * 32 * info->num_warps * (MOST + 1) <= GPU_REGISTERS ? n : 0;
}

/* Has the assembler stopped right below what more than `n` blocks leave each thread? Elsewhere it had as many as it wanted. */
static bool was_held_back(const Cubin *c, int n, const KernelInfo *info) {
  int left = GPU_REGISTERS / (32 * info->num_warps);
  for (int level = left / ++n / REGISTER_STEP * REGISTER_STEP; level >= c->regs;
       level = left / ++n / REGISTER_STEP * REGISTER_STEP)
    if (level - c->regs <= REGISTER_STEP) return true;
  return false;
}

/* ... and otherwise after a first attempt, where shared memory turns out to bind before registers do. 0: it does not. Of what
 * comes out, an eighth more registers is a schedule of another kind; less is noise. */
static int blocks_told_again(const Cubin *c, const GpuMultiprocessor *m, const TargetOptions *o,
                             const KernelInfo *info) {
  int64_t by[GPU_OCCUPANCY_LIMITS];
  if (!m || !c->bytes || o->common.maxnreg) return 0;
  int n = (int)gpu_blocks_held(m, c->regs, info->shared, info->num_warps, by);
  return by[GPU_BY_SHARED] == n && by[GPU_BY_REGISTERS] > n && was_held_back(c, n, info) ? n : 0;
}

/* With `registers` of a thread in place of those that it has now: is no more than a third of the warps lost, and are enough left
 * to do something else while one waits? */
static bool leaves_warps(const GpuMultiprocessor *m, const Cubin *now, int registers, const KernelInfo *info) {
  enum { ENOUGH = 16 };
  int64_t before = gpu_blocks_held(m, now->regs, info->shared, info->num_warps, NULL);
  int64_t after = gpu_blocks_held(m, registers, info->shared, info->num_warps, NULL);
  return 3 * after >= 2 * before && after * info->num_warps >= ENOUGH;
}

/* Nothing is gained by registers where a multiprocessor holds all its threads, which hide each other's waits, or where there is
 * room for none more. */
static bool may_take_registers(const GpuMultiprocessor *m, const Cubin *c, const KernelInfo *info) {
  int more = (int)(div_up(c->regs, REGISTER_STEP) + 1) * REGISTER_STEP;
  bool is_full = gpu_blocks_held(m, c->regs, info->shared, info->num_warps, NULL) * info->num_warps * 32 >= m->threads;
  return !is_full && leaves_warps(m, c, more, info);
}

/* How often a thread waits for global loads, one after another. The assembler, if nobody tells it how many blocks a
 * multiprocessor is to hold, aims at many, and issues loads late for that: with one register left for a tile's values, each is
 * read after what was made of the one before. So, if a thread waits often, it is told that one block is enough ... */
static bool waits_often(const Cubin *c, const LLModule *lm, const GpuMultiprocessor *m, const TargetOptions *o,
                        const KernelInfo *info) {
  enum { OFTEN = 6 };
  return m && c->bytes && !o->common.maxnreg && !has_tensor_cores(lm) && may_take_registers(m, c, info) &&
         nvidia_cubin_waits(c->bytes, c->len, info->name) >= OFTEN;
}

/* ... and that is kept if it halves the waiting and leaves enough warps. */
static bool waits_less(const Cubin *now, const Cubin *then, const GpuMultiprocessor *m, const KernelInfo *info) {
  int before = nvidia_cubin_waits(now->bytes, now->len, info->name);
  int after = nvidia_cubin_waits(then->bytes, then->len, info->name);
  return 2 * after <= before && leaves_warps(m, now, then->regs, info);
}

/* Where the assembler spills for the sake of blocks, it is told that fewer are enough: as many as there are with a step of
 * registers more. 0: it has all registers already, or does not spill. */
static int blocks_without_spills(const Cubin *c, const GpuMultiprocessor *m, const TargetOptions *o,
                                 const KernelInfo *info) {
  enum { MOST = 255 };
  int more = c->regs + REGISTER_STEP;
  if (!m || !c->bytes || c->spill_stores <= 0 || o->common.maxnreg || more > MOST) return 0;
  return (int)gpu_blocks_held(m, more, info->shared, info->num_warps, NULL);
}

typedef struct Attempt {
  int maxnreg, min_ctas;
} Attempt;

static Cubin attempt(Ctx *cx, LLModule *lm, const TargetOptions *o, int sm, const KernelInfo *info, Attempt t,
                     bool may_refuse, const char **ptx, size_t *len) {
  for (LLFunc *f = lm->first; f; f = f->next) f->maxnreg = t.maxnreg, f->min_ctas = t.min_ctas;
  *ptx = print_ptx(cx, lm, o, sm, len);
  return assemble_ptx(cx, *ptx, o, info, may_refuse);
}

/* PTX and the assembler's work on it. Where it turns out that a few registers fewer make room for another block, that
 * more of them cost none, or that a thread waits often, the kernel is assembled again so, and stays so if nothing is spilled. The assembler refuses a
 * cap under which a single instruction (wgmma with its accumulators and descriptors) does not find room: then the first
 * attempt stays. */
static Cubin to_ptx_and_cubin(Ctx *cx, LLModule *lm, const TargetOptions *o, int sm, const KernelInfo *info,
                              const char **ptx, size_t *len) {
  const GpuMultiprocessor *m = gpu_multiprocessor(sm);
  Attempt first = {.maxnreg = o->common.maxnreg, .min_ctas = blocks_told_first(m, o, info)};
  Cubin cubin = attempt(cx, lm, o, sm, info, first, false, ptx, len);
  Attempt second = {.maxnreg = fewer_registers(&cubin, lm, o, sm, info)};
  if (!second.maxnreg && !first.min_ctas) second.min_ctas = blocks_told_again(&cubin, m, o, info);
  bool for_loads = !second.maxnreg && !second.min_ctas && !first.min_ctas && waits_often(&cubin, lm, m, o, info);
  if (for_loads) second.min_ctas = 1;
  bool for_spills = !second.maxnreg && !second.min_ctas && !first.min_ctas && cubin.spill_stores > 0;
  if (for_spills) second.min_ctas = blocks_without_spills(&cubin, m, o, info);
  if (!second.maxnreg && !second.min_ctas) return cubin;
  const char *other;
  size_t other_len;
  Cubin again = attempt(cx, lm, o, sm, info, second, true, &other, &other_len);
  bool is_kept = for_spills       ? true
                 : for_loads      ? again.bytes && waits_less(&cubin, &again, m, info)
                 : second.maxnreg ? again.regs <= second.maxnreg
                                  : 8 * again.regs >= 9 * cubin.regs;
  if (!again.bytes || again.spill_stores != 0 || !is_kept) return cubin;
  *ptx = other;
  *len = other_len;
  return again;
}

/* The last two stages. Where there is no assembler the last is the PTX itself: the driver takes it too. */
static void to_binary(Ctx *cx, LLModule *lm, const TargetOptions *o, const char *stop, int sm, Stages *out,
                      KernelInfo *info) {
  size_t len, cubin_len;
  const char *ptx = edited(cx, o, "ptx", &len), *given = edited(cx, o, "cubin", &cubin_len);
  Cubin cubin = {.bytes = given, .len = cubin_len, .regs = 0};
  bool stops = target_stops_at(stop, "ptx");
  if (!ptx && (stops || given))
    ptx = print_ptx(cx, lm, o, sm, &len);
  else if (!ptx)
    cubin = to_ptx_and_cubin(cx, lm, o, sm, info, &ptx, &len);
  else if (!stops && !given)
    cubin = assemble_ptx(cx, ptx, o, info, false);
  if (given) nvidia_cubin_resources(given, cubin_len, info->name, &cubin);
  push(cx, out, "ptx", ptx, len, false);
  if (stops) return;
  info->n_max_threads = 32 * info->num_warps;
  if (!cubin.bytes) {
    push(cx, out, "cubin", ptx, len + 1, true);
    return;
  }
  info->n_regs = cubin.regs;
  info->n_spills = (cubin.spill_stores > 0 ? cubin.spill_stores : 0) / 4;
  push(cx, out, "cubin", cubin.bytes, cubin.len, true);
}

static void compile(Ctx *cx, Module *m, const TargetOptions *o, const char *stop, Stages *out, KernelInfo *info) {
  GpuOptions gpu = {.sm = capability(cx, o->arch), .common = o->common, .call_sites = watch_of(cx) != NULL};
  info->target = ctx_printf(cx, "cuda:%d", gpu.sm);

  to_ttgir(cx, &m, o, &gpu, info);
  push_ir(cx, out, "ttgir", m);
  if (target_stops_at(stop, "ttgir")) return;

  ir_check(cx, m, "before it is lowered for the GPU");
  TimeSpan *span = time_begin(cx, "lowering to llir");
  LLModule *lm = gpu_lower(cx, m, &gpu, &info->shared);
  time_end(cx, span);
  span = time_begin(cx, "passes on llir");
  for (LLFunc *f = lm->first; f; f = f->next) ll_optimize(f, gpu.sm);
  time_end(cx, span);
  span = time_begin(cx, "printing llir");
  Buf llir = {.cx = cx};
  ll_print(&llir, lm, gpu.sm, !o->common.no_line_info);
  push(cx, out, "llir", buf_text(&llir), llir.len, false);
  time_end(cx, span);
  if (target_stops_at(stop, "llir")) return;

  span = time_begin(cx, "legalizing llir");
  for (LLFunc *f = lm->first; f; f = f->next) ll_legalize(f, gpu.sm);
  time_end(cx, span);
  to_binary(cx, lm, o, stop, gpu.sm, out, info);
}

const Target nvidia_cuda_target = {
    .abi = TARGET_ABI,
    .name = "cuda",
    .source = TARGET_CUDA_SOURCE,
    .stages = stages,
    .edited_stages = edited_stages,
    .passes = gpu_passes,
    .lang_options = lang_options,
    .resolve_arch = resolve_arch,
    .compile = compile,
    .load = nvidia_driver_load,
    .unload = nvidia_driver_unload,
    .launch = nvidia_driver_launch,
    .device = nvidia_driver_device,
    .tensor_map = nvidia_driver_tensor_map,
    .profiler = &nvidia_profiler,
    .takes_capability = true,
};
