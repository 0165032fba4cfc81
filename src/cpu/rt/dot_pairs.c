/* dot_pairs.c: dot on AVX-512 for 16-bit elements taken in pairs: bf16 by VDPBF16PS, 8-bit integers widened to 16 by
 * VPMADDWD.
 *
 * Either instruction multiplies two pairs lane by lane and adds both products to 32 bits, so one step of the
 * micro-kernel is two of k. A is packed as rows of pairs of constant length, B as panels of 32 columns of pairs (see
 * rt/dot_avx512.c for the rest). A pair of products of 8-bit integers is at most 2 * 255 * 255: exact.
 */
#include "cpu/rt/dot.h"

#if defined(__x86_64__)

#include "cpu/rt/avx512.h"

#define TARGET_BF16 __attribute__((target("avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define INLINE_BF16                                                                                                    \
  static inline __attribute__((always_inline, target("avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))

enum { MR = 13, LANES = 16, A_ROW = RT_KC / 2 + 16 }; /* in pairs */

/* ---- packing ----------------------------------------------------------------------------------------------------- */

/* 16 elements as 16-bit ones in 32-bit lanes, the upper half zero. */
INLINE_AVX512 __m512i load_half_lanes(CpuElem type, const char *p, __mmask16 mask) {
  if (type == CPU_BF16) return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, p));
  if (type == CPU_U8) return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, p));
  return _mm512_and_si512(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(mask, p)), _mm512_set1_epi32(0xffff));
}

static uint16_t half_at(const RtMatrix *m, int64_t i, int64_t j) {
  int64_t at = i * m->row + j * m->col;
  if (m->type == CPU_BF16) return ((const uint16_t *)(const void *)m->base)[at];
  if (m->type == CPU_U8) return ((const uint8_t *)m->base)[at];
  return (uint16_t)((const int8_t *)m->base)[at];
}

/* 16 vectors along `outer` (rows of a, columns of b) of up to 16 pairs of k: lane q of r[v] is the pair (2q, 2q + 1).
 */
INLINE_AVX512 void load_pairs(const RtMatrix *m, CpuElem type, bool is_b, bool along_k, bool lanes_are_k, int64_t i,
                              int64_t p, int outer, int depth, __m512i r[16]) {
  int64_t outer_step = (is_b ? m->col : m->row) * m->bytes, k_step = (is_b ? m->row : m->col) * m->bytes;
  const char *at = m->base + i * outer_step + p * k_step;
  if (along_k) {
    for (int v = 0; v < 16; v++) {
      r[v] = _mm512_setzero_si512();
      if (v >= outer) continue;
      const char *from = at + v * outer_step;
      if (type == CPU_BF16)
        r[v] = _mm512_maskz_loadu_epi16((__mmask32)(0xffffffffu >> (32 - depth)), from);
      else if (type == CPU_U8)
        r[v] = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8((__mmask32)(0xffffffffu >> (32 - depth)), from));
      else
        r[v] = _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8((__mmask32)(0xffffffffu >> (32 - depth)), from));
    }
    if (!lanes_are_k) transpose_16x16(r);
    return;
  }
  __mmask16 mask = (__mmask16)(0xffffu >> (16 - outer));
  for (int v = 0; v < 16; v++) {
    r[v] = _mm512_setzero_si512();
    if (2 * v < depth) r[v] = load_half_lanes(type, at + 2 * v * k_step, mask);
    if (2 * v + 1 < depth)
      r[v] = _mm512_or_si512(r[v], _mm512_slli_epi32(load_half_lanes(type, at + (2 * v + 1) * k_step, mask), 16));
  }
  if (lanes_are_k) transpose_16x16(r);
}

INLINE_AVX512 void pack_a_type(const RtMatrix *a, CpuElem type, int64_t i0, int64_t p0, int64_t mc, int64_t kc,
                               uint32_t *out) {
  for (int64_t i = 0; i < mc; i += 16)
    for (int64_t p = 0; p < kc; p += 32) {
      __m512i r[16];
      load_pairs(a, type, false, a->col == 1, true, i0 + i, p0 + p, (int)min64(16, mc - i), (int)min64(32, kc - p), r);
      for (int v = 0; v < 16; v++) _mm512_store_si512(out + (i + v) * A_ROW + p / 2, r[v]);
    }
}

INLINE_AVX512 void pack_b_type(const RtMatrix *b, CpuElem type, int64_t p0, int64_t j0, int64_t kc, int64_t nc,
                               uint32_t *out) {
  int64_t pairs = div_up(kc, 32) * 16;
  for (int64_t j = 0; j < nc; j += 16)
    for (int64_t p = 0; p < kc; p += 32) {
      __m512i r[16];
      uint32_t *panel = out + j / 32 * 32 * pairs + j % 32;
      load_pairs(b, type, true, b->row == 1, false, j0 + j, p0 + p, (int)min64(16, nc - j), (int)min64(32, kc - p), r);
      for (int v = 0; v < 16; v++) _mm512_store_si512(panel + (p / 2 + v) * 32, r[v]);
    }
}

/* Neither stride is 1. */
static void pack_elements(const RtMatrix *m, bool is_b, int64_t i0, int64_t p0, int64_t count, int64_t kc,
                          uint32_t *out) {
  int64_t pairs = div_up(kc, 32) * 16;
  for (int64_t i = 0; i < count; i++)
    for (int64_t q = 0; q < pairs; q++) {
      uint32_t pair = 0;
      for (int h = 0; h < 2; h++)
        if (2 * q + h < kc) {
          int64_t k = p0 + 2 * q + h;
          pair |= (uint32_t)half_at(m, is_b ? k : i0 + i, is_b ? i0 + i : k) << 16 * h;
        }
      out[is_b ? i / 32 * 32 * pairs + q * 32 + i % 32 : i * A_ROW + q] = pair;
    }
}

TARGET_AVX512 static void pack_a(const RtMatrix *a, int64_t i0, int64_t p0, int64_t mc, int64_t kc, uint32_t *out) {
  if (a->col != 1 && a->row != 1)
    pack_elements(a, false, i0, p0, mc, kc, out);
  else if (a->type == CPU_BF16)
    pack_a_type(a, CPU_BF16, i0, p0, mc, kc, out);
  else
    pack_a_type(a, a->type, i0, p0, mc, kc, out);
}

TARGET_AVX512 static void pack_b(const RtMatrix *b, int64_t p0, int64_t j0, int64_t kc, int64_t nc, uint32_t *out) {
  if (b->col != 1 && b->row != 1)
    pack_elements(b, true, j0, p0, nc, kc, out);
  else if (b->type == CPU_BF16)
    pack_b_type(b, CPU_BF16, p0, j0, kc, nc, out);
  else
    pack_b_type(b, b->type, p0, j0, kc, nc, out);
}

/* ---- multiplying ------------------------------------------------------------------------------------------------- */

#define DP_BF16(sum, x, y) _mm512_castps_si512(_mm512_dpbf16_ps(_mm512_castsi512_ps(sum), (__m512bh)(x), (__m512bh)(y)))
#define DP_I16(sum, x, y) _mm512_add_epi32(sum, _mm512_madd_epi16(x, y))
#define ADD_F32(x, y) _mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(x), _mm512_castsi512_ps(y)))

#define DEFINE_KERNEL(name, INLINE, TARGET, DP, ADD)                                                                   \
  INLINE void name##_kernel(int mr, const uint32_t *a, const uint32_t *b, int64_t pairs, uint32_t *c, int64_t ldc,     \
                            __mmask16 m0, __mmask16 m1) {                                                              \
    __m512i acc[MR][2];                                                                                                \
    _Pragma("GCC unroll 13") for (int i = 0; i < mr; i++) acc[i][0] = acc[i][1] = _mm512_setzero_si512();              \
    for (int64_t p = 0; p < pairs; p++, a++, b += 2 * LANES) {                                                         \
      __m512i b0 = _mm512_load_si512(b), b1 = _mm512_load_si512(b + LANES);                                            \
      _Pragma("GCC unroll 13") for (int i = 0; i < mr; i++) {                                                          \
        __m512i x = _mm512_set1_epi32((int)a[i * A_ROW]);                                                              \
        acc[i][0] = DP(acc[i][0], x, b0);                                                                              \
        acc[i][1] = DP(acc[i][1], x, b1);                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
    _Pragma("GCC unroll 13") for (int i = 0; i < mr; i++) {                                                            \
      uint32_t *at = c + i * ldc;                                                                                      \
      _mm512_mask_storeu_epi32(at, m0, ADD(_mm512_maskz_loadu_epi32(m0, at), acc[i][0]));                              \
      if (m1) _mm512_mask_storeu_epi32(at + LANES, m1, ADD(_mm512_maskz_loadu_epi32(m1, at + LANES), acc[i][1]));      \
    }                                                                                                                  \
  }                                                                                                                    \
  TARGET static void name##_rows(int64_t mr, const uint32_t *a, const uint32_t *b, int64_t pairs, uint32_t *c,         \
                                 int64_t ldc, int64_t width) {                                                         \
    uint32_t mask = width >= 32 ? 0xffffffffu : (1u << width) - 1;                                                     \
    __mmask16 m0 = (__mmask16)mask, m1 = (__mmask16)(mask >> 16);                                                      \
    switch (mr) {                                                                                                      \
      ROW_CASES(name)                                                                                                  \
    default: name##_kernel(13, a, b, pairs, c, ldc, m0, m1); break;                                                    \
    }                                                                                                                  \
  }
#define ROW_CASE(name, n)                                                                                              \
  case n: name##_kernel(n, a, b, pairs, c, ldc, m0, m1); break;
#define ROW_CASES(name)                                                                                                \
  ROW_CASE(name, 1)                                                                                                    \
  ROW_CASE(name, 2)                                                                                                    \
  ROW_CASE(name, 3)                                                                                                    \
  ROW_CASE(name, 4)                                                                                                    \
  ROW_CASE(name, 5)                                                                                                    \
  ROW_CASE(name, 6)                                                                                                    \
  ROW_CASE(name, 7)                                                                                                    \
  ROW_CASE(name, 8)                                                                                                    \
  ROW_CASE(name, 9)                                                                                                    \
  ROW_CASE(name, 10)                                                                                                   \
  ROW_CASE(name, 11)                                                                                                   \
  ROW_CASE(name, 12)
DEFINE_KERNEL(bf16, INLINE_BF16, TARGET_BF16, DP_BF16, ADD_F32)
DEFINE_KERNEL(i16, INLINE_AVX512, TARGET_AVX512, DP_I16, _mm512_add_epi32)

typedef void RowsFn(int64_t mr, const uint32_t *a, const uint32_t *b, int64_t pairs, uint32_t *c, int64_t ldc,
                    int64_t width);

static void dot_pairs(const CpuDot *d, RowsFn *rows) {
  RtMatrix a = rt_matrix(d->a, d->a_row, d->a_col, d->a_type), b = rt_matrix(d->b, d->b_row, d->b_col, d->b_type);
  int64_t most = div_up(min64(d->k, RT_KC), 32) * 16;
  uint32_t *pairs_b = rt_fma_area(d), *pairs_a = pairs_b + rt_panels(min64(d->n, RT_NC), 32) * most, *c = d->c;
  for (int64_t j = 0; j < d->n; j += RT_NC)
    for (int64_t p = 0; p < d->k; p += RT_KC) {
      int64_t nc = min64(RT_NC, d->n - j), kc = min64(RT_KC, d->k - p), pairs = div_up(kc, 32) * 16;
      pack_b(&b, p, j, kc, nc, pairs_b);
      for (int64_t i = 0; i < d->m; i += RT_MC) {
        int64_t mc = min64(RT_MC, d->m - i), nblocks = div_up(mc, MR), base = mc / nblocks, longer = mc % nblocks;
        pack_a(&a, i, p, mc, kc, pairs_a);
        for (int64_t s = 0; s < nc; s += 32)
          for (int64_t r = 0, block = 0; block < nblocks; block++) {
            int64_t mr = base + (block < longer);
            rows(mr, pairs_a + r * A_ROW, pairs_b + s * pairs, pairs, c + (i + r) * d->c_row + j + s, d->c_row,
                 min64(32, nc - s));
            r += mr;
          }
      }
    }
}

static void dot_bf16(const CpuDot *d) { dot_pairs(d, bf16_rows); }
static void dot_i8(const CpuDot *d) { dot_pairs(d, i16_rows); }

const RtDotSet rt_dot_avx512_bf16 = {.name = "avx512_bf16", .bf16 = dot_bf16};
const RtDotSet rt_dot_avx512_i16 = {.name = "avx512_i16", .i8 = dot_i8};

#endif
