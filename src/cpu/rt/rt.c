/* rt.c: small things that the files of the run-time library share: elements of every type, rows of f16. */
#include "cpu/rt/rt.h"

#include <pthread.h>
#include <string.h>

int rt_elem_bytes(CpuElem e) {
  static const uint8_t bytes[] = {
      [CPU_I1] = 1,         [CPU_I8] = 1,         [CPU_U8] = 1,
      [CPU_I16] = 2,        [CPU_U16] = 2,        [CPU_I32] = 4,
      [CPU_U32] = 4,        [CPU_I64] = 8,        [CPU_U64] = 8,
      [CPU_F16] = 2,        [CPU_BF16] = 2,       [CPU_F32] = 4,
      [CPU_F64] = 8,        [CPU_F8E4M3FN] = 1,   [CPU_F8E5M2] = 1,
      [CPU_F8E4M3FNUZ] = 1, [CPU_F8E5M2FNUZ] = 1, [CPU_F8E4M3B11FNUZ] = 1,
  };
  return bytes[e];
}

static FloatKind float_kind(CpuElem e) {
  switch (e) {
  case CPU_F8E4M3FN: return F8E4M3FN;
  case CPU_F8E5M2: return F8E5M2;
  case CPU_F8E4M3FNUZ: return F8E4M3FNUZ;
  case CPU_F8E5M2FNUZ: return F8E5M2FNUZ;
  case CPU_F8E4M3B11FNUZ: return F8E4M3B11FNUZ;
  case CPU_F16: return F16;
  case CPU_BF16: return BF16;
  case CPU_F32: return F32;
  default: return F64;
  }
}

double rt_elem_value(CpuElem e, const void *p, int64_t i) {
  switch (e) {
  case CPU_I1:
  case CPU_U8: return ((const uint8_t *)p)[i];
  case CPU_I8: return ((const int8_t *)p)[i];
  case CPU_I16: return ((const int16_t *)p)[i];
  case CPU_U16: return ((const uint16_t *)p)[i];
  case CPU_I32: return ((const int32_t *)p)[i];
  case CPU_U32: return ((const uint32_t *)p)[i];
  case CPU_I64: return (double)((const int64_t *)p)[i];
  case CPU_U64: return (double)((const uint64_t *)p)[i];
  case CPU_F32: return ((const float *)p)[i];
  case CPU_F64: return ((const double *)p)[i];
  case CPU_F16:
  case CPU_BF16: return ir_float_decode(float_kind(e), ((const uint16_t *)p)[i]);
  default: return ir_float_decode(float_kind(e), ((const uint8_t *)p)[i]);
  }
}

static struct {
  float f32[5][256];
  uint16_t bf16[5][256];
} f8;

static void fill_f8(void) {
  for (int t = 0; t < 5; t++)
    for (unsigned i = 0; i < 256; i++) {
      float x = (float)ir_float_decode(float_kind((CpuElem)(CPU_F8E4M3FN + t)), i);
      uint32_t bits;
      memcpy(&bits, &x, 4);
      f8.f32[t][i] = x;
      f8.bf16[t][i] = (uint16_t)(bits >> 16);
    }
}

static void need_f8(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, fill_f8);
}

const float *rt_f8_table(CpuElem e) {
  need_f8();
  return f8.f32[e - CPU_F8E4M3FN];
}

const uint16_t *rt_f8_bf16_table(CpuElem e) {
  need_f8();
  return f8.bf16[e - CPU_F8E4M3FN];
}

/* ---- rows of f16 ------------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
#include <immintrin.h>
__attribute__((target("avx,f16c"))) static int64_t widen_8(float *to, const uint16_t *from, int64_t n) {
  int64_t j = 0;
  for (; j + 8 <= n; j += 8) _mm256_storeu_ps(to + j, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from + j))));
  return j;
}
__attribute__((target("avx,f16c"))) static int64_t narrow_8(uint16_t *to, const float *from, int64_t n) {
  int64_t j = 0;
  for (; j + 8 <= n; j += 8)
    _mm_storeu_si128((__m128i *)(to + j), _mm256_cvtps_ph(_mm256_loadu_ps(from + j), _MM_FROUND_TO_NEAREST_INT));
  return j;
}
#endif

void rt_widen_f16(float *to, int64_t to_row, const uint16_t *from, int64_t from_row, int64_t rows, int64_t cols) {
  for (int64_t i = 0; i < rows; i++, to += to_row, from += from_row) {
    int64_t j = 0;
#if defined(__x86_64__)
    if (rt_cpu()->avx2) j = widen_8(to, from, cols);
#endif
    for (; j < cols; j++) to[j] = (float)ir_float_decode(F16, from[j]);
  }
}

void rt_narrow_f16(uint16_t *to, int64_t to_row, const float *from, int64_t from_row, int64_t rows, int64_t cols) {
  for (int64_t i = 0; i < rows; i++, to += to_row, from += from_row) {
    int64_t j = 0;
#if defined(__x86_64__)
    if (rt_cpu()->avx2) j = narrow_8(to, from, cols);
#endif
    for (; j < cols; j++) to[j] = (uint16_t)ir_float_encode(F16, from[j]);
  }
}
