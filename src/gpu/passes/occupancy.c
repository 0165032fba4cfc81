/* occupancy.c: how many blocks a multiprocessor holds at the same time.
 *
 * A multiprocessor has registers, shared memory, places for threads and for blocks. A block takes of each in whole
 * units: registers of a warp in units of 256, shared memory in units of 128 bytes after 1 KB that the system keeps for
 * each block (from 8.0 on). (CUDA C++ Programming Guide, table of technical specifications per compute capability.)
 */
#include "gpu/gpu.h"

enum { REGISTER_UNIT = 256, SHARED_UNIT = 128, RESERVED = 1024 };

static const GpuMultiprocessor multiprocessors[] = {
    {75, 1024, 16, 64 << 10},   {80, 2048, 32, 164 << 10},  {86, 1536, 16, 100 << 10},
    {87, 1536, 16, 164 << 10},  {89, 1536, 24, 100 << 10},  {90, 2048, 32, 228 << 10},
    {100, 2048, 32, 228 << 10}, {103, 2048, 32, 228 << 10}, {120, 1536, 24, 100 << 10},
};

const GpuMultiprocessor *gpu_multiprocessor(int sm) {
  for (size_t i = 0; i < COUNT(multiprocessors); i++)
    if (multiprocessors[i].sm == sm) return &multiprocessors[i];
  return NULL;
}

static int64_t up(int64_t x, int64_t unit) { return div_up(x, unit) * unit; }

int64_t gpu_blocks_held(const GpuMultiprocessor *m, int registers, int64_t shared, int num_warps, int64_t *by) {
  int64_t bytes = up(shared + (m->sm >= 80 ? RESERVED : 0), SHARED_UNIT);
  int64_t of_block = up((int64_t)registers * 32, REGISTER_UNIT) * num_warps, least = m->blocks;
  int64_t blocks[GPU_OCCUPANCY_LIMITS] = {
      [GPU_BY_THREADS] = m->threads / (32 * num_warps),
      [GPU_BY_BLOCKS] = m->blocks,
      [GPU_BY_SHARED] = bytes ? m->shared / bytes : m->blocks,
      [GPU_BY_REGISTERS] = of_block ? GPU_REGISTERS / of_block : -1,
  };
  for (int i = 0; i < GPU_OCCUPANCY_LIMITS; i++) {
    if (blocks[i] >= 0) least = min64(least, blocks[i]);
    if (by) by[i] = blocks[i];
  }
  return least;
}
