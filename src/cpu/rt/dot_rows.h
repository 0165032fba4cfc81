/* dot_rows.h: the plain blocked product as a template, for instruction sets whose kernel is nothing special.
 *
 * As in dot_avx512.c, with panels of two vectors of B and blocks of up to ROWS_MR rows: 12 accumulators, two vectors
 * of B and one broadcast element of A. The user defines read_NAME(T *out, CpuElem type, const char *p, int64_t step,
 * int64_t n), which converts n elements that lie `step` elements apart to T.
 */
#ifndef TRITONC_CPU_RT_DOT_ROWS_H
#define TRITONC_CPU_RT_DOT_ROWS_H

#include "cpu/rt/dot.h"

#include <string.h>

enum { ROWS_MR = 6, ROWS_A = RT_KC + 16 };

/* For one element type T with vectors V of W lanes: kernel, packing, and the loops around them. */
#define DEFINE_DOT(INLINE, TARGET, T, V, W, zero, load, set1, fmadd, add_, store, storeu, loadu, name)                 \
  INLINE void name##_kernel(int mr, const T *a, const T *b, int64_t kc, T *c, int64_t ldc, int64_t width) {            \
    V acc[ROWS_MR][2];                                                                                                 \
    _Pragma("GCC unroll 6") for (int i = 0; i < mr; i++) acc[i][0] = acc[i][1] = zero();                               \
    for (int64_t p = 0; p < kc; p++, a++, b += 2 * W) {                                                                \
      V b0 = load(b), b1 = load(b + W);                                                                                \
      _Pragma("GCC unroll 6") for (int i = 0; i < mr; i++) {                                                           \
        V x = set1(a[i * ROWS_A]);                                                                                     \
        acc[i][0] = fmadd(x, b0, acc[i][0]);                                                                           \
        acc[i][1] = fmadd(x, b1, acc[i][1]);                                                                           \
      }                                                                                                                \
    }                                                                                                                  \
    if (width == 2 * W) {                                                                                              \
      _Pragma("GCC unroll 6") for (int i = 0; i < mr; i++) {                                                           \
        storeu(c + i * ldc, add_(loadu(c + i * ldc), acc[i][0]));                                                      \
        storeu(c + i * ldc + W, add_(loadu(c + i * ldc + W), acc[i][1]));                                              \
      }                                                                                                                \
      return;                                                                                                          \
    }                                                                                                                  \
    _Alignas(64) T edge[ROWS_MR][2 * W];                                                                               \
    _Pragma("GCC unroll 6") for (int i = 0; i < mr; i++) store(edge[i], acc[i][0]), store(edge[i] + W, acc[i][1]);     \
    for (int i = 0; i < mr; i++)                                                                                       \
      for (int64_t j = 0; j < width; j++) c[i * ldc + j] += edge[i][j];                                                \
  }                                                                                                                    \
  TARGET static void name##_rows(int64_t mr, const T *a, const T *b, int64_t kc, T *c, int64_t ldc, int64_t width) {   \
    switch (mr) {                                                                                                      \
    case 1: name##_kernel(1, a, b, kc, c, ldc, width); break;                                                          \
    case 2: name##_kernel(2, a, b, kc, c, ldc, width); break;                                                          \
    case 3: name##_kernel(3, a, b, kc, c, ldc, width); break;                                                          \
    case 4: name##_kernel(4, a, b, kc, c, ldc, width); break;                                                          \
    case 5: name##_kernel(5, a, b, kc, c, ldc, width); break;                                                          \
    default: name##_kernel(6, a, b, kc, c, ldc, width); break;                                                         \
    }                                                                                                                  \
  }                                                                                                                    \
  TARGET static void name##_pack_b(T *out, const CpuDot *d, int64_t p0, int64_t j0, int64_t kc, int64_t nc) {          \
    const char *base = (const char *)d->b + (p0 * d->b_row + j0 * d->b_col) * rt_elem_bytes((CpuElem)d->b_type);       \
    int64_t bytes = rt_elem_bytes((CpuElem)d->b_type);                                                                 \
    T line[RT_KC];                                                                                                     \
    for (int64_t j = 0; j < nc; j += 2 * W, out += 2 * W * kc) {                                                       \
      int64_t width = min64(2 * W, nc - j);                                                                            \
      if (width < 2 * W) memset(out, 0, (size_t)(2 * W * kc) * sizeof(T));                                             \
      if (d->b_row == 1 && d->b_col != 1) { /* k is contiguous: a column at a time */                                  \
        for (int64_t s = 0; s < width; s++) {                                                                          \
          read_##name(line, (CpuElem)d->b_type, base + (j + s) * d->b_col * bytes, 1, kc);                             \
          for (int64_t p = 0; p < kc; p++) out[p * 2 * W + s] = line[p];                                               \
        }                                                                                                              \
        continue;                                                                                                      \
      }                                                                                                                \
      for (int64_t p = 0; p < kc; p++)                                                                                 \
        read_##name(out + p * 2 * W, (CpuElem)d->b_type, base + (p * d->b_row + j * d->b_col) * bytes, d->b_col,       \
                    width);                                                                                            \
    }                                                                                                                  \
  }                                                                                                                    \
  TARGET static void name##_pack_a(T *out, const CpuDot *d, int64_t i0, int64_t p0, int64_t mc, int64_t kc) {          \
    int64_t bytes = rt_elem_bytes((CpuElem)d->a_type);                                                                 \
    const char *base = (const char *)d->a + (i0 * d->a_row + p0 * d->a_col) * bytes;                                   \
    for (int64_t i = 0; i < mc; i++)                                                                                   \
      read_##name(out + i * ROWS_A, (CpuElem)d->a_type, base + i * d->a_row * bytes, d->a_col, kc);                    \
  }                                                                                                                    \
  TARGET static void name##_dot(const CpuDot *d) {                                                                     \
    T *pack_b = rt_fma_area(d), *pack_a = pack_b + rt_panels(min64(d->n, RT_NC), 2 * W) * min64(d->k, RT_KC),          \
      *c = d->c;                                                                                                       \
    for (int64_t j = 0; j < d->n; j += RT_NC)                                                                          \
      for (int64_t p = 0; p < d->k; p += RT_KC) {                                                                      \
        int64_t nc = min64(RT_NC, d->n - j), kc = min64(RT_KC, d->k - p);                                              \
        name##_pack_b(pack_b, d, p, j, kc, nc);                                                                        \
        for (int64_t i = 0; i < d->m; i += RT_MC) {                                                                    \
          int64_t mc = min64(RT_MC, d->m - i);                                                                         \
          name##_pack_a(pack_a, d, i, p, mc, kc);                                                                      \
          for (int64_t s = 0; s < nc; s += 2 * W)                                                                      \
            for (int64_t r = 0; r < mc; r += ROWS_MR)                                                                  \
              name##_rows(min64(ROWS_MR, mc - r), pack_a + r * ROWS_A, pack_b + s * kc, kc,                            \
                          c + (i + r) * d->c_row + j + s, d->c_row, min64(2 * W, nc - s));                             \
        }                                                                                                              \
      }                                                                                                                \
  }

#endif
