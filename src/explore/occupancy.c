/* occupancy.c: how many blocks a multiprocessor holds at the same time, and what there is not enough of for more. */
#include "explore/internal.h"
#include "gpu/gpu.h"

static const char *const limits[GPU_OCCUPANCY_LIMITS] = {
    [GPU_BY_THREADS] = "threads",
    [GPU_BY_BLOCKS] = "blocks",
    [GPU_BY_SHARED] = "shared memory",
    [GPU_BY_REGISTERS] = "registers",
};

void explore_put_occupancy(Facts *f, int sm) {
  const KernelInfo *k = &f->compiled->info;
  const GpuMultiprocessor *m = gpu_multiprocessor(sm);
  if (!m || k->num_warps < 1) return;
  int64_t by[GPU_OCCUPANCY_LIMITS];
  int64_t blocks = gpu_blocks_held(m, k->n_regs, k->shared, k->num_warps, by);
  int least = 0;
  while (by[least] != blocks) least++;
  explore_put_open(f, "occupancy", '{');
  explore_put_int(f, "blocks", blocks);
  explore_put_int(f, "warps", blocks * k->num_warps);
  explore_put_int(f, "most_warps", m->threads / 32);
  explore_put_text(f, "limit", limits[least]);
  explore_put_open(f, "blocks_by", '{');
  for (int i = 0; i < GPU_OCCUPANCY_LIMITS; i++)
    if (by[i] >= 0) explore_put_int(f, limits[i], by[i]);
  explore_put_close(f, '}');
  explore_put_int(f, "shared_per_multiprocessor", m->shared);
  explore_put_close(f, '}');
}
