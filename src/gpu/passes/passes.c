/* passes.c: what Triton IR goes through to become Triton GPU IR, in order. */
#include "gpu/passes/passes.h"

const Pass gpu_passes[] = {
    {"gpu-dot-precision", gpu_dot_precision}, /* products of f32 as several of fewer bits */
    {"gpu-assign", gpu_assign},               /* layouts; dots become tensor-core operations */
    {"licm", opt_licm},
    {"dce", opt_dce},
    {"gpu-pipeline", gpu_pipeline}, /* loads that feed dots: cp.async, stages ahead */
    {"gpu-wgmma", gpu_wgmma},       /* dots in flight over iterations */
    {"cse", opt_cse},
    {"licm", opt_licm},
    {"dce", opt_dce},
    {"gpu-allocate", gpu_allocate}, /* offsets in shared memory */
    {"gpu-membar", gpu_membar},     /* barriers */
};
const size_t gpu_npasses = COUNT(gpu_passes);

void gpu_ttgir(Ctx *cx, Module *m, const GpuOptions *o) {
  int64_t started = opt_clock();
  gpu_convert(cx, m, o);
  opt_ran(cx, m, "gpu-convert", started);
  opt_run(cx, m, gpu_passes, gpu_npasses);
}

void gpu_place(Ctx *cx, Module *m) {
  gpu_check_ranks(cx, m);
  gpu_check_layouts(cx, m);
  static const Pass passes[] = {{"gpu-allocate", gpu_allocate}, {"gpu-membar", gpu_membar}};
  opt_run(cx, m, passes, COUNT(passes));
}
