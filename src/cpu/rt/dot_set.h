/* dot_set.h: the block sizes that dot's micro-kernels share, and with them the size of the packing area. */
#ifndef TRITONC_CPU_RT_DOT_SET_H
#define TRITONC_CPU_RT_DOT_SET_H

#include "cpu/rt/rt.h"

/* A call is cut into chunks of RT_KC of k and RT_NC columns, whose part of B is packed once, and of RT_MC rows, whose
 * part of A is packed for each. At 4 bytes an element a chunk of B is 512 KiB and one of A 144 KiB: together they fit a
 * second-level cache of 1 MiB, and a panel of B (32 columns, 32 KiB) a first-level one. Multiples of 64. */
enum { RT_MC = 128, RT_NC = 512, RT_KC = 256 };
/* Tiles keep all of a packed, and of b two panels of 32 columns. */
enum { RT_TILES_MC = 256 };

/* c = 0. For kernels that can only add, before a call with DOT_SET. */
void rt_dot_clear(const CpuDot *d);

static inline int64_t rt_panels(int64_t n, int64_t width) { return div_up(n, width) * width; }

/* The packing area of one call, in order. Sizes in bytes, upper bounds for the call's m, n, k:
 *   fma    B as f32 (f64, i32), then A with rows of constant length
 *   tiles  two panels of B, and A, as tiles, up to three levels of bf16 each
 *   wide   a block of c as f32, when c is f16
 * They do not overlap: a call may begin with tiles and go on with fma where a value asks for it. */
typedef struct RtPackArea {
  size_t fma, tiles, wide;
} RtPackArea;
RtPackArea rt_pack_area(int64_t m, int64_t n, int64_t k, CpuElem a);
static inline void *rt_fma_area(const CpuDot *d) { return d->pack; }
void *rt_tiles_area(const CpuDot *d);
void *rt_wide_area(const CpuDot *d);

#endif
