/* dot_common.c: what the micro-kernels of dot share: the area for packed operands, a result of zeros, the correction of
 * shifted integers. */
#include "cpu/rt/dot_rows.h"

#include <string.h>

RtPackArea rt_pack_area(int64_t m, int64_t n, int64_t k, CpuElem a) {
  int64_t mc = rt_panels(min64(m, RT_MC), 32), nc = rt_panels(min64(n, RT_NC), 32), kc = rt_panels(min64(k, RT_KC), 64);
  int64_t wide = a == CPU_F64 ? 8 : 4;
  RtPackArea area = {
      .fma = (size_t)(wide * (nc * kc + mc * (RT_KC + 16))),
      .tiles = (size_t)(6 * kc * (128 + rt_panels(min64(m, RT_TILES_MC), 32))),
      .wide = (size_t)(4 * mc * nc),
  };
  return area;
}

void *rt_tiles_area(const CpuDot *d) {
  return (char *)d->pack + rt_pack_area(d->m, d->n, d->k, (CpuElem)d->a_type).fma;
}

void *rt_wide_area(const CpuDot *d) {
  RtPackArea area = rt_pack_area(d->m, d->n, d->k, (CpuElem)d->a_type);
  return (char *)d->pack + area.fma + area.tiles;
}

size_t rt_dot_pack_bytes(int64_t m, int64_t n, int64_t k, CpuElem a, CpuElem b) {
  RtPackArea area = rt_pack_area(m, n, k, a == CPU_F64 ? a : b == CPU_F64 ? b : a);
  return area.fma + area.tiles + area.wide;
}

static inline uint32_t byte_value(const uint8_t *p, uint32_t sign) { return (*p ^ sign) - sign; }

void rt_dot_correct(const CpuDot *d, int32_t za, int32_t zb) {
  uint32_t cols[RT_NC], a_sign = d->a_type == CPU_I8 ? 128 : 0, b_sign = d->b_type == CPU_I8 ? 128 : 0;
  const uint8_t *a = d->a, *b = d->b;
  for (int64_t j0 = 0; j0 < d->n && (za || zb); j0 += RT_NC) {
    int64_t nc = min64(RT_NC, d->n - j0);
    for (int64_t j = 0; j < nc; j++) cols[j] = 0;
    if (za && d->b_row == 1)
      for (int64_t j = 0; j < nc; j++)
        for (int64_t p = 0; p < d->k; p++) cols[j] += byte_value(b + (j0 + j) * d->b_col + p, b_sign);
    else if (za && d->b_col == 1)
      for (int64_t p = 0; p < d->k; p++)
        for (int64_t j = 0; j < nc; j++) cols[j] += byte_value(b + p * d->b_row + j0 + j, b_sign);
    else if (za)
      for (int64_t p = 0; p < d->k; p++)
        for (int64_t j = 0; j < nc; j++) cols[j] += byte_value(b + p * d->b_row + (j0 + j) * d->b_col, b_sign);
    for (int64_t j = 0; j < nc; j++)
      cols[j] = (uint32_t)za * (uint32_t)zb * (uint32_t)rt_panels(d->k, 4) - (uint32_t)za * cols[j];
    for (int64_t i = 0; i < d->m; i++) {
      uint32_t row = 0, *c = (uint32_t *)d->c + i * d->c_row + j0;
      for (int64_t p = 0; zb && p < d->k; p++) row += byte_value(a + i * d->a_row + p * d->a_col, a_sign);
      for (int64_t j = 0; j < nc; j++) c[j] += cols[j] + (uint32_t)zb * row;
    }
  }
}

void rt_dot_clear(const CpuDot *d) {
  int64_t bytes = rt_elem_bytes((CpuElem)d->c_type);
  for (int64_t i = 0; i < d->m; i++) memset((char *)d->c + i * d->c_row * bytes, 0, (size_t)(d->n * bytes));
}
