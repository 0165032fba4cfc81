/* passes.c: what Triton IR goes through to become Triton GPU IR, in order. */
#include "gpu/internal.h"

const Pass gpu_passes[] = {
    {"gpu-assign", gpu_assign},     /* layouts; dots become tensor-core operations */
    {"licm", opt_licm},
    {"dce", opt_dce},
};
const size_t gpu_npasses = COUNT(gpu_passes);

void gpu_ttgir(Ctx *cx, Module *m, const GpuOptions *o) {
  int64_t started = opt_clock();
  gpu_convert(cx, m, o);
  opt_ran(cx, m, "gpu-convert", started);
  opt_run(cx, m, gpu_passes, gpu_npasses);
}
