/* dot_avx2.c: dot on AVX2 and FMA: f32 (and what is exact in f32) and f64 by fused multiply-add, 8-bit integers widened
 * to pairs of 16 bits by VPMADDWD, or as quads by VPDPBUSD where the processor has AVX-VNNI. The loops are
 * rt/dot_rows.h's, with vectors of 8 lanes (f64: 4): 15 of the 16 registers. */
#include "cpu/rt/dot_few.h"
#include "cpu/rt/dot_rows.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#ifndef RT_EMULATED
#define TARGET_AVX2 __attribute__((target("avx2,fma,f16c")))
#define INLINE_AVX2 static inline __attribute__((always_inline, target("avx2,fma,f16c")))
#define TARGET_AVX_VNNI __attribute__((target("avxvnni,avx2,fma,f16c")))
#define INLINE_AVX_VNNI static inline __attribute__((always_inline, target("avxvnni,avx2,fma,f16c")))
#endif

/* n elements of any type, `step` bytes apart, as f32. */
INLINE_AVX2 void read_f32(float *out, CpuElem type, const char *p, int64_t step, int64_t n, int64_t k_step,
                          int64_t group, bool is_b) {
  (void)k_step, (void)group, (void)is_b;
  int64_t i = 0;
  if (step == 4 && type == CPU_F32)
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, _mm256_loadu_ps((const float *)(const void *)(p + i * 4)));
  if (step == 2 && type == CPU_F16)
    for (; i + 8 <= n; i += 8)
      _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p + i * 2))));
  if (step == 2 && type == CPU_BF16)
    for (; i + 8 <= n; i += 8) {
      __m256i x = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(p + i * 2)));
      _mm256_storeu_si256((__m256i *)(void *)(out + i), _mm256_slli_epi32(x, 16));
    }
  if (type == CPU_F32)
    for (; i < n; i++) memcpy(out + i, p + i * step, 4);
  if (type == CPU_BF16)
    for (; i < n; i++) {
      out[i] = 0;
      memcpy((char *)(out + i) + 2, p + i * step, 2);
    }
  if (type == CPU_F16)
    for (uint16_t x; i < n; i++) {
      memcpy(&x, p + i * step, 2);
      out[i] = _cvtsh_ss(x);
    }
  if (rt_is_f8(type)) {
    const float *table = rt_f8_table(type);
    for (; i < n; i++) out[i] = table[(uint8_t)p[i * step]];
  }
  for (; i < n; i++) out[i] = (float)rt_elem_value(type, p + i * step, 0);
}

INLINE_AVX2 void read_f64(double *out, CpuElem type, const char *p, int64_t step, int64_t n, int64_t k_step,
                          int64_t group, bool is_b) {
  (void)type, (void)k_step, (void)group, (void)is_b;
  rt_read_same(out, 8, p, step, n);
}

/* By pairs, by quads, by halves. */
INLINE_AVX2 void turn_f32(float *out, const float *in, int64_t row) {
  __m256 r[8], t[8];
  for (int i = 0; i < 8; i++) r[i] = _mm256_loadu_ps(in + i * row);
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4)
    for (int h = 0; h < 2; h++) {
      r[i + 2 * h] = _mm256_shuffle_ps(t[i + h], t[i + h + 2], 0x44);
      r[i + 2 * h + 1] = _mm256_shuffle_ps(t[i + h], t[i + h + 2], 0xee);
    }
  for (int i = 0; i < 4; i++) {
    _mm256_store_ps(out + i * 16, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_store_ps(out + (i + 4) * 16, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}
DEFINE_TURN(INLINE_AVX2, double, 4, f64)

INLINE_AVX2 bool loads_b_f32(CpuElem type) { return type == CPU_F32 || type == CPU_BF16 || type == CPU_F16; }
INLINE_AVX2 __m256 load_b_f32(CpuElem type, const char *p) {
  if (type == CPU_F32) return _mm256_loadu_ps((const float *)(const void *)p);
  __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
  if (type == CPU_F16) return _mm256_cvtph_ps(x);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16));
}
INLINE_AVX2 bool loads_b_f64(CpuElem type) { return type == CPU_F64; }
INLINE_AVX2 __m256d load_b_f64(CpuElem type, const char *p) {
  return (void)type, _mm256_loadu_pd((const double *)(const void *)p);
}
DEFINE_DOT(INLINE_AVX2, TARGET_AVX2, float, __m256, 8, 1, 6, _mm256_setzero_ps, _mm256_load_ps, _mm256_set1_ps,
           _mm256_fmadd_ps, _mm256_add_ps, _mm256_store_ps, _mm256_storeu_ps, _mm256_loadu_ps, f32)
DEFINE_DOT(INLINE_AVX2, TARGET_AVX2, double, __m256d, 4, 1, 6, _mm256_setzero_pd, _mm256_load_pd, _mm256_set1_pd,
           _mm256_fmadd_pd, _mm256_add_pd, _mm256_store_pd, _mm256_storeu_pd, _mm256_loadu_pd, f64)

/* ---- few rows ---------------------------------------------------------------------------------------------------- */

INLINE_AVX2 __m256 load_few_f32(CpuElem type, const char *p) { return load_b_f32(type, p); }
INLINE_AVX2 float sum_lanes(__m256 x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
DEFINE_FEW(INLINE_AVX2, TARGET_AVX2, __m256, 8, _mm256_setzero_ps, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps,
           _mm256_fmadd_ps, _mm256_add_ps, sum_lanes, f32)

/* ---- 8-bit integers ---------------------------------------------------------------------------------------------- */

INLINE_AVX2 __m256i load_words(const uint32_t *p) { return _mm256_load_si256((const __m256i *)(const void *)p); }
INLINE_AVX2 __m256i loadu_words(const uint32_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
INLINE_AVX2 void store_words(uint32_t *p, __m256i x) { _mm256_store_si256((__m256i *)(void *)p, x); }
INLINE_AVX2 void storeu_words(uint32_t *p, __m256i x) { _mm256_storeu_si256((__m256i *)(void *)p, x); }
INLINE_AVX2 __m256i set1_word(uint32_t x) { return _mm256_set1_epi32((int)x); }

INLINE_AVX2 __m256i widen_bytes(CpuElem type, const char *p) {
  __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
  return type == CPU_U8 ? _mm256_cvtepu8_epi16(x) : _mm256_cvtepi8_epi16(x);
}

/* Pairs of 16 bits: a product of two is at most 2 * 255 * 255, exact. */
INLINE_AVX2 void read_i16(uint32_t *out, CpuElem type, const char *p, int64_t step, int64_t n, int64_t k_step,
                          int64_t group, bool is_b) {
  (void)is_b;
  int64_t i = 0;
  if (k_step == 1 && step == 2 && group == 2) /* along k */
    for (; i + 8 <= n; i += 8) storeu_words(out + i, widen_bytes(type, p + i * 2));
  if (step == 1 && group == 2) /* across k: two rows */
    for (; i + 16 <= n; i += 16) {
      __m256i x = widen_bytes(type, p + i), y = widen_bytes(type, p + i + k_step);
      __m256i low = _mm256_unpacklo_epi16(x, y), high = _mm256_unpackhi_epi16(x, y);
      storeu_words(out + i, _mm256_permute2x128_si256(low, high, 0x20));
      storeu_words(out + i + 8, _mm256_permute2x128_si256(low, high, 0x31));
    }
  uint32_t sign = type == CPU_I8 ? 128 : 0;
  for (; i < n; i++) {
    uint32_t x = (((uint8_t)p[i * step] ^ sign) - sign) & 0xffff;
    if (group == 2) x |= (((uint8_t)p[i * step + k_step] ^ sign) - sign) << 16;
    out[i] = x;
  }
}

INLINE_AVX2 __m256i multiply_i16(__m256i x, __m256i y, __m256i sum) {
#ifdef RT_EMULATED
  return _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
#else
  __m256i product; /* as instructions, so that the sum stays in its register: see rt/dot_words.c */
  __asm__("vpmaddwd %2, %3, %1\n\tvpaddd %1, %0, %0" : "+x"(sum), "=&x"(product) : "x"(y), "x"(x));
  return sum;
#endif
}
INLINE_AVX2 void turn_i16(uint32_t *out, const uint32_t *in, int64_t row) {
  turn_f32((float *)(void *)out, (const float *)(const void *)in, row); /* which moves bits */
}
DEFINE_NO_LOAD_B(INLINE_AVX2, __m256i, _mm256_setzero_si256, i16)
DEFINE_DOT(INLINE_AVX2, TARGET_AVX2, uint32_t, __m256i, 8, 2, 6, _mm256_setzero_si256, load_words, set1_word,
           multiply_i16, _mm256_add_epi32, store_words, storeu_words, loadu_words, i16)

const RtDotSet rt_dot_avx2 = {.name = "avx2",
                              .f32 = RT_FOR(RT_ANY_F32, f32_dot),
                              .i8 = RT_FOR(RT_KIND_i8, i16_dot),
                              .f64 = RT_FOR(RT_KIND_f64, f64_dot),
                              .few = RT_FOR(RT_ANY_F32, f32_few)};

#if defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11
/* x = a + za unsigned, y = b - zb signed (rt_dot_correct). */
INLINE_AVX_VNNI void read_i8(uint32_t *out, CpuElem type, const char *p, int64_t step, int64_t n, int64_t k_step,
                             int64_t group, bool is_b) {
  rt_read_quads(out, p, step, n, k_step, group, type == (is_b ? CPU_U8 : CPU_I8) ? 128 : 0);
}
INLINE_AVX_VNNI __m256i multiply_i8(__m256i x, __m256i y, __m256i sum) {
#ifdef RT_EMULATED
  return _mm256_dpbusd_epi32(sum, x, y);
#else
  __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(y)); /* in its register: see rt/dot_words.c */
  return sum;
#endif
}
DEFINE_TURN(INLINE_AVX_VNNI, uint32_t, 8, i8)
DEFINE_NO_LOAD_B(INLINE_AVX_VNNI, __m256i, _mm256_setzero_si256, i8)
DEFINE_DOT(INLINE_AVX_VNNI, TARGET_AVX_VNNI, uint32_t, __m256i, 8, 4, 6, _mm256_setzero_si256, load_words, set1_word,
           multiply_i8, _mm256_add_epi32, store_words, storeu_words, loadu_words, i8)

static void dot_i8(const CpuDot *d) {
  i8_dot(d);
  rt_dot_correct(d, d->a_type == CPU_I8 ? 128 : 0, d->b_type == CPU_U8 ? 128 : 0);
}
const RtDotSet rt_dot_avx_vnni = {.name = "avx_vnni", .i8 = RT_FOR(RT_KIND_i8, dot_i8)};
#else
const RtDotSet rt_dot_avx_vnni = {.name = "avx_vnni"};
#endif
#endif
