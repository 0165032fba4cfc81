/* immintrin.h: AVX-512's intrinsics in portable C (SIMDe), for tests on processors that lack them. */
#include <stdint.h>
#include <string.h>
typedef uint8_t __mmask8;
typedef uint16_t __mmask16;
typedef uint32_t __mmask32;
typedef uint64_t __mmask64;
#define SIMDE_NO_NATIVE
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>
#include <simde/x86/fma.h>

/* What this SIMDe lacks. */
#undef _mm512_madd_epi16
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)
#define MASKED_LOAD(name, V, M, T)                                                                                     \
  static inline V name(M mask, const void *p) {                                                                        \
    T x[sizeof(V) / sizeof(T)] = {0};                                                                                  \
    for (int i = 0; i < (int)(sizeof x / sizeof *x); i++)                                                              \
      if (mask >> i & 1) memcpy(&x[i], (const T *)p + i, sizeof(T));                                                   \
    V v;                                                                                                               \
    memcpy(&v, x, sizeof v);                                                                                           \
    return v;                                                                                                          \
  }
MASKED_LOAD(_mm_maskz_loadu_epi8, __m128i, __mmask16, uint8_t)
MASKED_LOAD(_mm256_maskz_loadu_epi8, __m256i, __mmask32, uint8_t)
MASKED_LOAD(_mm512_maskz_loadu_epi8, __m512i, __mmask64, uint8_t)
MASKED_LOAD(_mm256_maskz_loadu_epi16, __m256i, __mmask16, uint16_t)
MASKED_LOAD(_mm512_maskz_loadu_epi16, __m512i, __mmask32, uint16_t)
MASKED_LOAD(_mm512_maskz_loadu_epi32, __m512i, __mmask16, uint32_t)
MASKED_LOAD(_mm512_maskz_loadu_ps, __m512, __mmask16, float)
#define MASKED_STORE(name, V, M, T)                                                                                    \
  static inline void name(void *p, M mask, V v) {                                                                      \
    T x[sizeof(V) / sizeof(T)];                                                                                        \
    memcpy(x, &v, sizeof v);                                                                                           \
    for (int i = 0; i < (int)(sizeof x / sizeof *x); i++)                                                              \
      if (mask >> i & 1) memcpy((T *)p + i, &x[i], sizeof(T));                                                         \
  }
MASKED_STORE(_mm512_mask_storeu_epi8, __m512i, __mmask64, uint8_t)
MASKED_STORE(_mm512_mask_storeu_epi16, __m512i, __mmask32, uint16_t)
MASKED_STORE(_mm512_mask_storeu_epi32, __m512i, __mmask16, uint32_t)
MASKED_STORE(_mm512_mask_storeu_ps, __m512, __mmask16, float)
#define _cvtsh_ss(x) _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(x)))
#define CONVERT(name, FROM, F, TO, T, n)                                                                               \
  static inline TO name(FROM a) {                                                                                      \
    F x[n];                                                                                                            \
    T y[n];                                                                                                            \
    memcpy(x, &a, sizeof x);                                                                                           \
    for (int i = 0; i < n; i++) y[i] = (T)x[i];                                                                        \
    TO v;                                                                                                              \
    memcpy(&v, y, sizeof v);                                                                                           \
    return v;                                                                                                          \
  }
CONVERT(_mm512_cvtepi32_epi16, __m512i, int32_t, __m256i, int16_t, 16)
CONVERT(_mm512_cvtepi8_epi32, __m128i, int8_t, __m512i, int32_t, 16)
CONVERT(_mm512_cvtepu8_epi32, __m128i, uint8_t, __m512i, int32_t, 16)
CONVERT(_mm512_cvtepu16_epi32, __m256i, uint16_t, __m512i, int32_t, 16)
CONVERT(_mm512_cvtepu8_epi16, __m256i, uint8_t, __m512i, int16_t, 32)
static inline int _mm512_reduce_add_epi32(__m512i a) {
  uint32_t x[16], sum = 0;
  memcpy(x, &a, sizeof x);
  for (int i = 0; i < 16; i++) sum += x[i];
  return (int)sum;
}
static inline __m512 _mm512_cvtph_ps(__m256i a) {
  __m256 half[2] = {_mm256_cvtph_ps(_mm256_castsi256_si128(a)), _mm256_cvtph_ps(_mm256_extracti128_si256(a, 1))};
  __m512 v;
  memcpy(&v, half, sizeof v);
  return v;
}
static inline __m512 _mm512_mask_i32gather_ps(__m512 src, __mmask16 mask, __m512i index, const void *base, int scale) {
  int32_t i[16];
  float x[16];
  memcpy(i, &index, sizeof i), memcpy(x, &src, sizeof x);
  for (int l = 0; l < 16; l++)
    if (mask >> l & 1) memcpy(&x[l], (const char *)base + (int64_t)i[l] * scale, 4);
  memcpy(&src, x, sizeof x);
  return src;
}

/* The attributes that the library's functions would have. */
#define TARGET_AVX2
#define TARGET_AVX_VNNI
#define TARGET_AVX512
#define TARGET_BF16
#define TARGET_VNNI
#define INLINE_AVX2 static inline
#define INLINE_AVX_VNNI static inline
#define INLINE_AVX512 static inline
#define INLINE_BF16 static inline
#define INLINE_VNNI static inline
