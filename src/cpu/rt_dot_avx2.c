/* rt_dot_avx2.c: dot on AVX2 and FMA: f32 (and what is exact in f32), f64, and 8-bit integers.
 *
 * As in rt_dot_avx512.c, with panels of two 8-lane vectors (f64: 4-lane) and blocks of up to 6 rows: 12 accumulators, two vectors of
 * B and one broadcast in 16 registers.
 */
#include "cpu/rt_dot.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define TARGET_AVX2 __attribute__((target("avx2,fma,f16c")))
#define INLINE_AVX2 static inline __attribute__((always_inline, target("avx2,fma,f16c")))

enum { MR = 6, A_ROW = RT_KC + 16 };

/* n elements of any type, `step` elements apart, as f32. */
TARGET_AVX2 static void read_f32(float *out, CpuElem type, const char *p, int64_t step, int64_t n) {
  int64_t i = 0, bytes = rt_elem_bytes(type);
  if (step == 1 && type == CPU_F32) {
    memcpy(out, p, (size_t)n * 4);
    return;
  }
  if (step == 1 && type == CPU_F16)
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p + i * 2))));
  if (step == 1 && type == CPU_BF16)
    for (; i + 8 <= n; i += 8) {
      __m256i x = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(p + i * 2)));
      _mm256_storeu_si256((__m256i *)(void *)(out + i), _mm256_slli_epi32(x, 16));
    }
  if (type == CPU_F32)
    for (; i < n; i++) memcpy(out + i, p + i * step * 4, 4);
  if (rt_is_f8(type)) {
    const float *table = rt_f8_table(type);
    for (; i < n; i++) out[i] = table[(uint8_t)p[i * step]];
  }
  for (; i < n; i++) out[i] = (float)rt_elem_value(type, p + i * step * bytes, 0);
}

TARGET_AVX2 static void read_f64(double *out, CpuElem type, const char *p, int64_t step, int64_t n) {
  (void)type;
  if (step == 1)
    memcpy(out, p, (size_t)n * 8);
  else
    for (int64_t i = 0; i < n; i++) memcpy(out + i, p + i * step * 8, 8);
}

/* For one element type T with vectors V of W lanes: kernel, packing, and the loops around them. */
#define DEFINE_DOT(T, V, W, zero, load, set1, fmadd, add_, store, storeu, loadu, name)                                             \
  INLINE_AVX2 void name##_kernel(int mr, const T *a, const T *b, int64_t kc, T *c, int64_t ldc, int64_t width) {                    \
    V acc[MR][2];                                                                                                                  \
    _Pragma("GCC unroll 6") for (int i = 0; i < mr; i++) acc[i][0] = acc[i][1] = zero();                                             \
    for (int64_t p = 0; p < kc; p++, a++, b += 2 * W) {                                                                            \
      V b0 = load(b), b1 = load(b + W);                                                                                            \
      _Pragma("GCC unroll 6") for (int i = 0; i < mr; i++) {                                                                         \
        V x = set1(a[i * A_ROW]);                                                                                                  \
        acc[i][0] = fmadd(x, b0, acc[i][0]);                                                                                       \
        acc[i][1] = fmadd(x, b1, acc[i][1]);                                                                                       \
      }                                                                                                                            \
    }                                                                                                                              \
    if (width == 2 * W) {                                                                                                          \
      _Pragma("GCC unroll 6") for (int i = 0; i < mr; i++) {                                                                         \
        storeu(c + i * ldc, add_(loadu(c + i * ldc), acc[i][0]));                                                                    \
        storeu(c + i * ldc + W, add_(loadu(c + i * ldc + W), acc[i][1]));                                                            \
      }                                                                                                                            \
      return;                                                                                                                      \
    }                                                                                                                              \
    _Alignas(32) T edge[MR][2 * W];                                                                                                \
    _Pragma("GCC unroll 6") for (int i = 0; i < mr; i++) store(edge[i], acc[i][0]), store(edge[i] + W, acc[i][1]);                   \
    for (int i = 0; i < mr; i++)                                                                                                   \
      for (int64_t j = 0; j < width; j++) c[i * ldc + j] += edge[i][j];                                                            \
  }                                                                                                                                \
  TARGET_AVX2 static void name##_rows(int64_t mr, const T *a, const T *b, int64_t kc, T *c, int64_t ldc, int64_t width) {            \
    switch (mr) {                                                                                                                  \
    case 1: name##_kernel(1, a, b, kc, c, ldc, width); break;                                                                        \
    case 2: name##_kernel(2, a, b, kc, c, ldc, width); break;                                                                        \
    case 3: name##_kernel(3, a, b, kc, c, ldc, width); break;                                                                        \
    case 4: name##_kernel(4, a, b, kc, c, ldc, width); break;                                                                        \
    case 5: name##_kernel(5, a, b, kc, c, ldc, width); break;                                                                        \
    default: name##_kernel(6, a, b, kc, c, ldc, width); break;                                                                       \
    }                                                                                                                              \
  }                                                                                                                                \
  TARGET_AVX2 static void name##_pack_b(T *out, const CpuDot *d, int64_t p0, int64_t j0, int64_t kc, int64_t nc) {                   \
    const char *base = (const char *)d->b + (p0 * d->b_row + j0 * d->b_col) * rt_elem_bytes((CpuElem)d->b_type);                     \
    int64_t bytes = rt_elem_bytes((CpuElem)d->b_type);                                                                             \
    T line[RT_KC];                                                                                                                 \
    for (int64_t j = 0; j < nc; j += 2 * W, out += 2 * W * kc) {                                                                   \
      int64_t width = min64(2 * W, nc - j);                                                                                        \
      if (width < 2 * W) memset(out, 0, (size_t)(2 * W * kc) * sizeof(T));                                                         \
      if (d->b_row == 1 && d->b_col != 1) { /* k is contiguous: a column at a time */                                              \
        for (int64_t s = 0; s < width; s++) {                                                                                      \
          read_##name(line, (CpuElem)d->b_type, base + (j + s) * d->b_col * bytes, 1, kc);                                           \
          for (int64_t p = 0; p < kc; p++) out[p * 2 * W + s] = line[p];                                                           \
        }                                                                                                                          \
        continue;                                                                                                                  \
      }                                                                                                                            \
      for (int64_t p = 0; p < kc; p++)                                                                                             \
        read_##name(out + p * 2 * W, (CpuElem)d->b_type, base + (p * d->b_row + j * d->b_col) * bytes, d->b_col, width);             \
    }                                                                                                                              \
  }                                                                                                                                \
  TARGET_AVX2 static void name##_pack_a(T *out, const CpuDot *d, int64_t i0, int64_t p0, int64_t mc, int64_t kc) {                   \
    int64_t bytes = rt_elem_bytes((CpuElem)d->a_type);                                                                             \
    const char *base = (const char *)d->a + (i0 * d->a_row + p0 * d->a_col) * bytes;                                               \
    for (int64_t i = 0; i < mc; i++) read_##name(out + i * A_ROW, (CpuElem)d->a_type, base + i * d->a_row * bytes, d->a_col, kc);    \
  }                                                                                                                                \
  TARGET_AVX2 static void name##_dot(const CpuDot *d) {                                                                            \
    T *pack_b = rt_fma_area(d), *pack_a = pack_b + rt_panels(min64(d->n, RT_NC), 2 * W) * min64(d->k, RT_KC), *c = d->c;             \
    for (int64_t j = 0; j < d->n; j += RT_NC)                                                                                      \
      for (int64_t p = 0; p < d->k; p += RT_KC) {                                                                                  \
        int64_t nc = min64(RT_NC, d->n - j), kc = min64(RT_KC, d->k - p);                                                          \
        name##_pack_b(pack_b, d, p, j, kc, nc);                                                                                    \
        for (int64_t i = 0; i < d->m; i += RT_MC) {                                                                                \
          int64_t mc = min64(RT_MC, d->m - i);                                                                                     \
          name##_pack_a(pack_a, d, i, p, mc, kc);                                                                                  \
          for (int64_t s = 0; s < nc; s += 2 * W)                                                                                  \
            for (int64_t r = 0; r < mc; r += MR)                                                                                   \
              name##_rows(min64(MR, mc - r), pack_a + r * A_ROW, pack_b + s * kc, kc, c + (i + r) * d->c_row + j + s, d->c_row,      \
                          min64(2 * W, nc - s));                                                                                   \
        }                                                                                                                          \
      }                                                                                                                            \
  }

DEFINE_DOT(float, __m256, 8, _mm256_setzero_ps, _mm256_load_ps, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_add_ps, _mm256_store_ps,
           _mm256_storeu_ps, _mm256_loadu_ps, f32)
DEFINE_DOT(double, __m256d, 4, _mm256_setzero_pd, _mm256_load_pd, _mm256_set1_pd, _mm256_fmadd_pd, _mm256_add_pd, _mm256_store_pd,
           _mm256_storeu_pd, _mm256_loadu_pd, f64)

const RtDotSet rt_dot_avx2 = {.name = "avx2", .f32 = f32_dot, .f64 = f64_dot};

#endif
