/* passes.c: the passes from Triton IR to Triton GPU IR, in order. */
#include "gpu/passes/passes.h"

#define PASS(id, name, what) const Pass gpu_pass_##id = {name, what, gpu_##id};
#include "gpu/passes/passes.def"
#undef PASS

/* clang-format off */ /* one a line */
const Pass *const gpu_passes[] = {
    &opt_pass_split_indices,
    &gpu_pass_unroll,
    &gpu_pass_dot_precision,
    &gpu_pass_partial,
    &gpu_pass_transpose,
    &gpu_pass_assign,
    &opt_pass_licm,
    &opt_pass_dce,
    &gpu_pass_divide,
    &gpu_pass_tma_ring,
    &gpu_pass_operands,
    &gpu_pass_pipeline,
    &gpu_pass_tma_copies,
    &gpu_pass_wgmma,
    &opt_pass_cse,
    &opt_pass_licm,
    &opt_pass_dce,
    &gpu_pass_allocate,
    &gpu_pass_membar,
    NULL,
};
/* clang-format on */

const PassOrder gpu_pass_orders[] = {
    {&opt_pass_split_indices, &gpu_pass_assign, "what the sums of index and offset are laid out for is seen there"},
    {&gpu_pass_unroll, &gpu_pass_assign, "constants are folded, which have no layouts yet"},
    {&gpu_pass_partial, &gpu_pass_assign, "the parts of a reduction get layouts of their own"},
    {&gpu_pass_dot_precision, &gpu_pass_assign, "layouts are chosen for the dots that are left"},
    {&gpu_pass_dot_precision, &gpu_pass_transpose, "dots of pieces stay as they are"},
    {&gpu_pass_transpose, &gpu_pass_assign, "accumulators are laid out as the loop carries them"},
    {&gpu_pass_operands, &gpu_pass_pipeline, "a tile that several dots read has one user then, its buffer"},
    {&gpu_pass_assign, &gpu_pass_pipeline, "a copy's buffer is laid out for the operand that reads it"},
    {&gpu_pass_assign, &gpu_pass_tma_ring, "a block's users are known by the layouts they want"},
    {&gpu_pass_tma_ring, &gpu_pass_pipeline, "the dots of a ring know their buffers"},
    {&gpu_pass_tma_ring, &gpu_pass_tma_copies, "what no ring took is copied where it stands"},
    {&gpu_pass_pipeline, &gpu_pass_wgmma, "waits for dots in flight count the loop's stages"},
    {&gpu_pass_wgmma, &gpu_pass_allocate, "a buffer lives until the last dot that reads it is done"},
    {&gpu_pass_allocate, &gpu_pass_membar, "two accesses conflict where their bytes overlap"},
};
const size_t gpu_npass_orders = COUNT(gpu_pass_orders);

static void run(Ctx *cx, Module *m, const Pass *const *passes) {
  size_t n = 0;
  while (passes[n]) n++;
  opt_run(cx, m, passes, n);
}

void gpu_ttgir(Ctx *cx, Module *m, const GpuOptions *o) {
  gpu_describe(cx, m, o);
  run(cx, m, gpu_passes);
}

void gpu_place(Ctx *cx, Module *m, int sm) {
  if (gpu_sm(m) > sm)
    ctx_fail(cx, ERR_SOURCE, "the module is Triton GPU IR for cuda:%d, and the target is cuda:%d", gpu_sm(m), sm);
  gpu_check_ranks(cx, m);
  gpu_check_layouts(cx, m);
  static const Pass *const passes[] = {&gpu_pass_allocate, &gpu_pass_membar, NULL};
  run(cx, m, passes);
}
