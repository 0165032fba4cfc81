/* occupancy.c: how many blocks a multiprocessor holds at the same time, and what there is not enough of for more.
 *
 * A multiprocessor has registers, shared memory, places for threads and for blocks. A block takes of each in whole
 * units: registers of a warp in units of 256, shared memory in units of 128 bytes after 1 KB that the system keeps for
 * each block (from 8.0 on). (CUDA C++ Programming Guide, table of technical specifications per compute capability.)
 */
#include "explore/internal.h"

typedef struct Multiprocessor {
  int sm, threads, blocks;
  int shared; /* bytes */
} Multiprocessor;

enum { REGISTERS = 65536, REGISTER_UNIT = 256, SHARED_UNIT = 128, RESERVED = 1024 };

static const Multiprocessor multiprocessors[] = {
    {75, 1024, 16, 64 << 10},   {80, 2048, 32, 164 << 10},  {86, 1536, 16, 100 << 10},
    {87, 1536, 16, 164 << 10},  {89, 1536, 24, 100 << 10},  {90, 2048, 32, 228 << 10},
    {100, 2048, 32, 228 << 10}, {103, 2048, 32, 228 << 10}, {120, 1536, 24, 100 << 10},
};

static int64_t up(int64_t x, int64_t unit) { return div_up(x, unit) * unit; }

void explore_put_occupancy(Facts *f, int sm) {
  const KernelInfo *k = &f->compiled->info;
  const Multiprocessor *m = NULL;
  for (size_t i = 0; i < COUNT(multiprocessors); i++)
    if (multiprocessors[i].sm == sm) m = &multiprocessors[i];
  if (!m || k->num_warps < 1) return;
  int threads = 32 * k->num_warps;
  int64_t shared = up(k->shared + (sm >= 80 ? RESERVED : 0), SHARED_UNIT);
  int64_t registers = up((int64_t)k->n_regs * 32, REGISTER_UNIT) * k->num_warps;
  struct {
    const char *name;
    int64_t blocks;
  } limits[] = {{"threads", m->threads / threads},
                {"blocks", m->blocks},
                {"shared memory", shared ? m->shared / shared : m->blocks},
                {"registers", registers ? REGISTERS / registers : -1}};
  size_t least = 0;
  for (size_t i = 1; i < COUNT(limits); i++)
    if (limits[i].blocks >= 0 && limits[i].blocks < limits[least].blocks) least = i;
  explore_put_open(f, "occupancy", '{');
  explore_put_int(f, "blocks", limits[least].blocks);
  explore_put_int(f, "warps", limits[least].blocks * k->num_warps);
  explore_put_int(f, "most_warps", m->threads / 32);
  explore_put_text(f, "limit", limits[least].name);
  explore_put_open(f, "blocks_by", '{');
  for (size_t i = 0; i < COUNT(limits); i++)
    if (limits[i].blocks >= 0) explore_put_int(f, limits[i].name, limits[i].blocks);
  explore_put_close(f, '}');
  explore_put_int(f, "shared_per_multiprocessor", m->shared);
  explore_put_close(f, '}');
}
