/* dot_avx512.c: dot on AVX-512: f32 (and what is exact in f32) by fused multiply-add; f64 by the template of
 * rt/dot_rows.h.
 *
 * The usual three levels. B is packed for a chunk of k into panels of 32 columns, so that a row of a panel is two
 * vectors; A into rows of constant length, so that the rows of a block are at constant offsets from one pointer. The
 * micro-kernel keeps up to 14 x 2 accumulators in registers and for each k loads 2 vectors of B and broadcasts up to 14
 * elements of A: 16 loads for 28 multiply-adds, of which the processor starts 2 a cycle. 28 chains of latency 4 leave
 * no bubble.
 *
 * Rows are shared out evenly: 128 rows are 10 blocks of 12 or 13, not 9 of 14 and one of 2.
 *
 * c is read only when its block's sum is ready: the sum over a chunk of k starts from 0 and is added once.
 */
#include "cpu/rt/dot_set.h"

#if defined(__x86_64__)

#include "cpu/rt/avx512.h"
#include "cpu/rt/dot_few.h"
#include "cpu/rt/dot_rows.h"

enum { MR = 14, LANES = 16, A_ROW = RT_KC + 16 };

/* ---- f32 --------------------------------------------------------------------------------------------------------- */

INLINE_AVX512 void kernel_f32(int mr, int nv, const float *a, const float *b, int64_t kc, float *c, int64_t ldc,
                              __mmask16 last) {
  __m512 acc[MR][2];
#pragma GCC unroll 14
  for (int i = 0; i < mr; i++) {
#pragma GCC unroll 2
    for (int v = 0; v < nv; v++) acc[i][v] = _mm512_setzero_ps();
    _mm_prefetch((const char *)(c + i * ldc), _MM_HINT_T0);
    if (nv > 1) _mm_prefetch((const char *)(c + i * ldc + LANES), _MM_HINT_T0);
  }
  for (int64_t p = 0; p < kc; p++, a++, b += 2 * LANES) {
    __m512 b0 = _mm512_load_ps(b), b1 = nv > 1 ? _mm512_load_ps(b + LANES) : b0;
#pragma GCC unroll 14
    for (int i = 0; i < mr; i++) {
      __m512 x = _mm512_set1_ps(a[i * A_ROW]);
      acc[i][0] = _mm512_fmadd_ps(x, b0, acc[i][0]);
      if (nv > 1) acc[i][1] = _mm512_fmadd_ps(x, b1, acc[i][1]);
    }
  }
#pragma GCC unroll 14
  for (int i = 0; i < mr; i++)
#pragma GCC unroll 2
    for (int v = 0; v < nv; v++) {
      __mmask16 mask = v == nv - 1 ? last : (__mmask16)0xffff;
      float *at = c + i * ldc + v * LANES;
      _mm512_mask_storeu_ps(at, mask, _mm512_add_ps(_mm512_maskz_loadu_ps(mask, at), acc[i][v]));
    }
}

typedef void KernelF32(const float *a, const float *b, int64_t kc, float *c, int64_t ldc, __mmask16 last);
#define KERNEL(mr)                                                                                                     \
  TARGET_AVX512 static void f32_##mr##x1(const float *a, const float *b, int64_t kc, float *c, int64_t ldc,            \
                                         __mmask16 last) {                                                             \
    kernel_f32(mr, 1, a, b, kc, c, ldc, last);                                                                         \
  }                                                                                                                    \
  TARGET_AVX512 static void f32_##mr##x2(const float *a, const float *b, int64_t kc, float *c, int64_t ldc,            \
                                         __mmask16 last) {                                                             \
    kernel_f32(mr, 2, a, b, kc, c, ldc, last);                                                                         \
  }
/* clang-format off */
KERNEL(1) KERNEL(2) KERNEL(3) KERNEL(4) KERNEL(5) KERNEL(6) KERNEL(7)
KERNEL(8) KERNEL(9) KERNEL(10) KERNEL(11) KERNEL(12) KERNEL(13) KERNEL(14)
#undef KERNEL
#define PAIR(mr) {f32_##mr##x1, f32_##mr##x2}
static KernelF32 *const kernels_f32[MR + 1][2] = {
    {0}, PAIR(1), PAIR(2), PAIR(3), PAIR(4), PAIR(5), PAIR(6), PAIR(7),
    PAIR(8), PAIR(9), PAIR(10), PAIR(11), PAIR(12), PAIR(13), PAIR(14)};
/* clang-format on */
#undef PAIR

INLINE_AVX512 void pack_a_f32(const RtMatrix *a, CpuElem type, int how, int64_t i0, int64_t p0, int64_t mc, int64_t kc,
                              float *out) {
  for (int64_t i = 0; i < mc; i += 16)
    for (int64_t p = 0; p < kc; p += 16) {
      __m512i r[16];
      int nrows = (int)min64(16, mc - i), ncols = (int)min64(16, kc - p);
      load_block(a, type, how, a->bytes, i0 + i, p0 + p, nrows, ncols, r);
#pragma GCC unroll 16
      for (int v = 0; v < 16; v++) _mm512_store_si512(out + (i + v) * A_ROW + p, r[v]);
    }
}

INLINE_AVX512 void pack_b_f32(const RtMatrix *b, CpuElem type, int how, int64_t p0, int64_t j0, int64_t kc, int64_t nc,
                              float *out) {
  for (int64_t j = 0; j < nc; j += 16) {
    float *panel = out + j / 32 * 32 * kc + j % 32;
    for (int64_t p = 0; p < kc; p += 16) {
      __m512i r[16];
      int nrows = (int)min64(16, kc - p), ncols = (int)min64(16, nc - j);
      load_block(b, type, how, b->bytes, p0 + p, j0 + j, nrows, ncols, r);
      if (nrows == 16) {
#pragma GCC unroll 16
        for (int v = 0; v < 16; v++) _mm512_store_si512(panel + (p + v) * 32, r[v]);
      } else {
#pragma GCC unroll 16
        for (int v = 0; v < 16; v++)
          if (v < nrows) _mm512_store_si512(panel + (p + v) * 32, r[v]);
      }
    }
  }
}

/* One compiled loop for each common type with elements side by side along either axis; one for all where neither is. */
#define PACK_CASES(f, m, ...)                                                                                          \
  if ((m)->col != 1 && (m)->row != 1) {                                                                                \
    f(m, (m)->type, BY_ELEMENTS, __VA_ARGS__);                                                                         \
    return;                                                                                                            \
  }                                                                                                                    \
  switch ((m)->type) {                                                                                                 \
  case CPU_F32: PACK_WAYS(f, m, CPU_F32, __VA_ARGS__) break;                                                           \
  case CPU_BF16: PACK_WAYS(f, m, CPU_BF16, __VA_ARGS__) break;                                                         \
  case CPU_F16: PACK_WAYS(f, m, CPU_F16, __VA_ARGS__) break;                                                           \
  default: PACK_WAYS(f, m, (m)->type, __VA_ARGS__) break;                                                              \
  }
#define PACK_WAYS(f, m, type, ...)                                                                                     \
  if ((m)->col == 1)                                                                                                   \
    f(m, type, BY_ROWS, __VA_ARGS__);                                                                                  \
  else                                                                                                                 \
    f(m, type, BY_COLUMNS, __VA_ARGS__);

TARGET_AVX512 static void pack_a(const RtMatrix *a, int64_t i0, int64_t p0, int64_t mc, int64_t kc,
                                 float *out){PACK_CASES(pack_a_f32, a, i0, p0, mc, kc, out)} TARGET_AVX512
    static void pack_b(const RtMatrix *b, int64_t p0, int64_t j0, int64_t kc, int64_t nc,
                       float *out){PACK_CASES(pack_b_f32, b, p0, j0, kc, nc, out)}

TARGET_AVX512 static void multiply_f32(const float *a, const float *b, int64_t mc, int64_t nc, int64_t kc, float *c,
                                       int64_t ldc) {
  int64_t nblocks = div_up(mc, MR), base = mc / nblocks, longer = mc % nblocks;
  for (int64_t j = 0; j < nc; j += 2 * LANES, b += 2 * LANES * kc) {
    int64_t width = min64(2 * LANES, nc - j);
    int nv = width > LANES ? 2 : 1;
    __mmask16 last = (__mmask16)(0xffffu >> (nv * LANES - width));
    for (int64_t i = 0, block = 0; block < nblocks; block++) {
      int64_t mr = base + (block < longer);
      kernels_f32[mr][nv - 1](a + i * A_ROW, b, kc, c + i * ldc + j, ldc, last);
      i += mr;
    }
  }
}

/* Through f32: any of f8, f16, bf16, f32, each with each. */
static void dot_f32(const CpuDot *d) {
  RtMatrix a = rt_matrix(d->a, d->a_row, d->a_col, d->a_type), b = rt_matrix(d->b, d->b_row, d->b_col, d->b_type);
  float *pack_at_b = rt_fma_area(d), *pack_at_a = pack_at_b + rt_panels(min64(d->n, RT_NC), 32) * min64(d->k, RT_KC),
        *c = d->c;
  for (int64_t j = 0; j < d->n; j += RT_NC)
    for (int64_t p = 0; p < d->k; p += RT_KC) {
      int64_t nc = min64(RT_NC, d->n - j), kc = min64(RT_KC, d->k - p);
      pack_b(&b, p, j, kc, nc, pack_at_b);
      for (int64_t i = 0; i < d->m; i += RT_MC) {
        int64_t mc = min64(RT_MC, d->m - i);
        pack_a(&a, i, p, mc, kc, pack_at_a);
        multiply_f32(pack_at_a, pack_at_b, mc, nc, kc, c + i * d->c_row + j, d->c_row);
      }
    }
}

/* ---- few rows ---------------------------------------------------------------------------------------------------- */

INLINE_AVX512 __m512 load_few_f32(CpuElem type, const char *p) {
  return _mm512_castsi512_ps(load_f32_lanes(type, p, (__mmask16)0xffff));
}
INLINE_AVX512 float sum_lanes(__m512 x) {
  __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1));
  __m256 y = _mm256_add_ps(_mm512_castps512_ps256(x), high);
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
DEFINE_FEW(INLINE_AVX512, TARGET_AVX512, __m512, 16, _mm512_setzero_ps, _mm512_set1_ps, _mm512_loadu_ps,
           _mm512_storeu_ps, _mm512_fmadd_ps, _mm512_add_ps, sum_lanes, f32)

/* ---- f64 --------------------------------------------------------------------------------------------------------- */

INLINE_AVX512 void read_f64(double *out, CpuElem type, const char *p, int64_t step, int64_t n, int64_t k_step,
                            int64_t group, bool is_b) {
  (void)type, (void)k_step, (void)group, (void)is_b;
  rt_read_same(out, 8, p, step, n);
}
DEFINE_TURN(INLINE_AVX512, double, 8, f64)
INLINE_AVX512 bool loads_b_f64(CpuElem type) { return type == CPU_F64; }
INLINE_AVX512 __m512d load_b_f64(CpuElem type, const char *p) { return (void)type, _mm512_loadu_pd(p); }
DEFINE_DOT(INLINE_AVX512, TARGET_AVX512, double, __m512d, 8, 1, 8, _mm512_setzero_pd, _mm512_load_pd, _mm512_set1_pd,
           _mm512_fmadd_pd, _mm512_add_pd, _mm512_store_pd, _mm512_storeu_pd, _mm512_loadu_pd, f64)

const RtDotSet rt_dot_avx512 = {.name = "avx512",
                                .f32 = RT_FOR(RT_ANY_F32, dot_f32),
                                .f64 = RT_FOR(RT_KIND_f64, f64_dot),
                                .few = RT_FOR(RT_ANY_F32, f32_few)};

#endif
