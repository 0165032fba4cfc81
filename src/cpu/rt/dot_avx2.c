/* dot_avx2.c: dot on AVX2 and FMA: f32 (and what is exact in f32) and f64. The loops are rt/dot_rows.h's, with
 * vectors of 8 lanes (f64: 4): 15 of the 16 registers. */
#include "cpu/rt/dot_rows.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define TARGET_AVX2 __attribute__((target("avx2,fma,f16c")))
#define INLINE_AVX2 static inline __attribute__((always_inline, target("avx2,fma,f16c")))

/* n elements of any type, `step` elements apart, as f32. */
TARGET_AVX2 static void read_f32(float *out, CpuElem type, const char *p, int64_t step, int64_t n) {
  int64_t i = 0, bytes = rt_elem_bytes(type);
  if (step == 1 && type == CPU_F32) {
    memcpy(out, p, (size_t)n * 4);
    return;
  }
  if (step == 1 && type == CPU_F16)
    for (; i + 8 <= n; i += 8)
      _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p + i * 2))));
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

DEFINE_DOT(INLINE_AVX2, TARGET_AVX2, float, __m256, 8, _mm256_setzero_ps, _mm256_load_ps, _mm256_set1_ps,
           _mm256_fmadd_ps, _mm256_add_ps, _mm256_store_ps, _mm256_storeu_ps, _mm256_loadu_ps, f32)
DEFINE_DOT(INLINE_AVX2, TARGET_AVX2, double, __m256d, 4, _mm256_setzero_pd, _mm256_load_pd, _mm256_set1_pd,
           _mm256_fmadd_pd, _mm256_add_pd, _mm256_store_pd, _mm256_storeu_pd, _mm256_loadu_pd, f64)

const RtDotSet rt_dot_avx2 = {.name = "avx2", .f32 = f32_dot, .f64 = f64_dot};

#endif
