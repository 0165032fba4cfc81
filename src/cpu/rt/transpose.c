/* transpose.c: dst[i][j] = src[j][i] for elements of 1, 2, 4 and 8 bytes.
 *
 * A block is transposed in registers, so that both sides move whole cache lines. Narrow elements become 32-bit ones
 * first: two rows of 16-bit elements (four of 8-bit ones) interleaved are one row of 32-bit elements, and transposing
 * those leaves, in each register, 32 (64) elements of one column. Blocks at the edge use masks.
 *
 * Blocks are visited so that a strip of dst rows is finished before the next begins: its lines are written whole while
 * the source lines, 64 bytes wide, are read by neighbouring strips from cache.
 */
#include "cpu/rt/rt.h"

#include <string.h>

typedef struct Move {
  char *dst;
  const char *src;
  int64_t dst_row, src_row; /* bytes */
  int64_t rows, cols;       /* of dst */
} Move;

/* ---- plain C ----------------------------------------------------------------------------------------------------- */

#define DEFINE_GENERIC(T)                                                                                              \
  static void generic_##T(const Move *m) {                                                                             \
    enum { B = 16 };                                                                                                   \
    for (int64_t i = 0; i < m->rows; i += B)                                                                           \
      for (int64_t j = 0; j < m->cols; j += B)                                                                         \
        for (int64_t r = i; r < min64(i + B, m->rows); r++) {                                                          \
          T *to = (T *)(void *)(m->dst + r * m->dst_row);                                                              \
          for (int64_t s = j; s < min64(j + B, m->cols); s++)                                                          \
            to[s] = ((const T *)(const void *)(m->src + s * m->src_row))[r];                                           \
        }                                                                                                              \
  }
DEFINE_GENERIC(uint8_t)
DEFINE_GENERIC(uint16_t)
DEFINE_GENERIC(uint32_t)
DEFINE_GENERIC(uint64_t)

/* ---- x86 --------------------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)

#include "cpu/rt/avx512.h"

INLINE_AVX512 void store_lanes(int bytes, char *p, int64_t n, __m512i x) {
  if (bytes == 4) _mm512_mask_storeu_epi32(p, (__mmask16)(0xffffu >> (16 - n)), x);
  if (bytes == 2) _mm512_mask_storeu_epi16(p, (__mmask32)(0xffffffffu >> (32 - n)), x);
  if (bytes == 1) _mm512_mask_storeu_epi8(p, (__mmask64)(~(uint64_t)0 >> (64 - n)), x);
}

INLINE_AVX512 void transpose_avx512(int bytes, const Move *m) {
  int64_t group = 4 / bytes, wide = 16 * group; /* source rows in a 32-bit lane; in a register after transposing */
  for (int64_t i = 0; i < m->rows; i += 16)
    for (int64_t j = 0; j < m->cols; j += wide) {
      __m512i r[16];
      int64_t nrows = min64(16, m->rows - i), ncols = min64(wide, m->cols - j);
      const char *from = m->src + j * m->src_row + i * bytes;
      char *to = m->dst + i * m->dst_row + j * bytes;
      if (nrows == 16 && ncols == wide) {
#pragma GCC unroll 16
        for (int v = 0; v < 16; v++)
          r[v] = rows_as_words(bytes, from + v * group * m->src_row, m->src_row, group, 0xffff);
        transpose_16x16(r);
#pragma GCC unroll 16
        for (int v = 0; v < 16; v++) _mm512_storeu_si512(to + v * m->dst_row, r[v]);
        continue;
      }
      __mmask16 mask = (__mmask16)(0xffffu >> (16 - nrows));
#pragma GCC unroll 16
      for (int v = 0; v < 16; v++)
        r[v] = rows_as_words(bytes, from + v * group * m->src_row, m->src_row, min64(group, ncols - v * group), mask);
      transpose_16x16(r);
#pragma GCC unroll 16
      for (int v = 0; v < 16; v++)
        if (v < nrows) store_lanes(bytes, to + v * m->dst_row, ncols, r[v]);
    }
}
TARGET_AVX512 static void avx512_1(const Move *m) { transpose_avx512(1, m); }
TARGET_AVX512 static void avx512_2(const Move *m) { transpose_avx512(2, m); }
TARGET_AVX512 static void avx512_4(const Move *m) { transpose_avx512(4, m); }

/* The part of `m` beyond the first `rows` rows and, above that, beyond the first `cols` columns, in plain C. */
static void finish(const Move *m, int64_t rows, int64_t cols, int bytes, void (*generic)(const Move *)) {
  Move right = {m->dst + cols * bytes, m->src + cols * m->src_row, m->dst_row, m->src_row, rows, m->cols - cols};
  Move below = {m->dst + rows * m->dst_row, m->src + rows * bytes, m->dst_row, m->src_row, m->rows - rows, m->cols};
  if (right.cols > 0) generic(&right);
  if (below.rows > 0) generic(&below);
}

#define TARGET_AVX2 __attribute__((target("avx2")))

TARGET_AVX2 static void avx2_8(const Move *m) {
  int64_t rows = m->rows & ~(int64_t)3, cols = m->cols & ~(int64_t)3;
  for (int64_t i = 0; i < rows; i += 4)
    for (int64_t j = 0; j < cols; j += 4) {
      const char *from = m->src + j * m->src_row + i * 8;
      char *to = m->dst + i * m->dst_row + j * 8;
      __m256d a = _mm256_loadu_pd((const double *)(const void *)from),
              b = _mm256_loadu_pd((const double *)(const void *)(from + m->src_row));
      __m256d c = _mm256_loadu_pd((const double *)(const void *)(from + 2 * m->src_row));
      __m256d d = _mm256_loadu_pd((const double *)(const void *)(from + 3 * m->src_row));
      __m256d ab0 = _mm256_unpacklo_pd(a, b), ab1 = _mm256_unpackhi_pd(a, b), cd0 = _mm256_unpacklo_pd(c, d),
              cd1 = _mm256_unpackhi_pd(c, d);
      _mm256_storeu_pd((double *)(void *)to, _mm256_permute2f128_pd(ab0, cd0, 0x20));
      _mm256_storeu_pd((double *)(void *)(to + m->dst_row), _mm256_permute2f128_pd(ab1, cd1, 0x20));
      _mm256_storeu_pd((double *)(void *)(to + 2 * m->dst_row), _mm256_permute2f128_pd(ab0, cd0, 0x31));
      _mm256_storeu_pd((double *)(void *)(to + 3 * m->dst_row), _mm256_permute2f128_pd(ab1, cd1, 0x31));
    }
  finish(m, rows, cols, 8, generic_uint64_t);
}

TARGET_AVX2 static void avx2_4(const Move *m) {
  int64_t rows = m->rows & ~(int64_t)7, cols = m->cols & ~(int64_t)7;
  for (int64_t i = 0; i < rows; i += 8)
    for (int64_t j = 0; j < cols; j += 8) {
      __m256 r[8], t[8];
#pragma GCC unroll 8
      for (int v = 0; v < 8; v++)
        r[v] = _mm256_loadu_ps((const float *)(const void *)(m->src + (j + v) * m->src_row + i * 4));
#pragma GCC unroll 4
      for (int v = 0; v < 8; v += 2)
        t[v] = _mm256_unpacklo_ps(r[v], r[v + 1]), t[v + 1] = _mm256_unpackhi_ps(r[v], r[v + 1]);
#pragma GCC unroll 2
      for (int v = 0; v < 8; v += 4) {
        r[v] = _mm256_shuffle_ps(t[v], t[v + 2], 0x44), r[v + 1] = _mm256_shuffle_ps(t[v], t[v + 2], 0xee);
        r[v + 2] = _mm256_shuffle_ps(t[v + 1], t[v + 3], 0x44), r[v + 3] = _mm256_shuffle_ps(t[v + 1], t[v + 3], 0xee);
      }
#pragma GCC unroll 4
      for (int v = 0; v < 4; v++) {
        _mm256_storeu_ps((float *)(void *)(m->dst + (i + v) * m->dst_row + j * 4),
                         _mm256_permute2f128_ps(r[v], r[v + 4], 0x20));
        _mm256_storeu_ps((float *)(void *)(m->dst + (i + v + 4) * m->dst_row + j * 4),
                         _mm256_permute2f128_ps(r[v], r[v + 4], 0x31));
      }
    }
  finish(m, rows, cols, 4, generic_uint32_t);
}

/* Every x86-64 has these. */
static void sse2_2(const Move *m) {
  int64_t rows = m->rows & ~(int64_t)7, cols = m->cols & ~(int64_t)7;
  for (int64_t i = 0; i < rows; i += 8)
    for (int64_t j = 0; j < cols; j += 8) {
      __m128i r[8], t[8];
      for (int v = 0; v < 8; v++)
        r[v] = _mm_loadu_si128((const __m128i *)(const void *)(m->src + (j + v) * m->src_row + i * 2));
      for (int v = 0; v < 4; v++)
        t[2 * v] = _mm_unpacklo_epi16(r[v], r[v + 4]), t[2 * v + 1] = _mm_unpackhi_epi16(r[v], r[v + 4]);
      for (int v = 0; v < 4; v++)
        r[2 * v] = _mm_unpacklo_epi16(t[v], t[v + 4]), r[2 * v + 1] = _mm_unpackhi_epi16(t[v], t[v + 4]);
      for (int v = 0; v < 4; v++)
        t[2 * v] = _mm_unpacklo_epi16(r[v], r[v + 4]), t[2 * v + 1] = _mm_unpackhi_epi16(r[v], r[v + 4]);
      for (int v = 0; v < 8; v++) _mm_storeu_si128((__m128i *)(void *)(m->dst + (i + v) * m->dst_row + j * 2), t[v]);
    }
  finish(m, rows, cols, 2, generic_uint16_t);
}

#endif

void ttc_rt_transpose(void *dst, int64_t dst_row, const void *src, int64_t src_row, int64_t rows, int64_t cols,
                      int32_t elem_bytes) {
  Move m = {dst, src, dst_row * elem_bytes, src_row * elem_bytes, rows, cols};
  void (*move)(const Move *) = NULL;
#if defined(__x86_64__)
  const RtCpu *cpu = rt_cpu();
  if (elem_bytes == 1 && cpu->avx512) move = avx512_1;
  if (elem_bytes == 2) move = cpu->avx512 ? avx512_2 : sse2_2;
  if (elem_bytes == 4) move = cpu->avx512 ? avx512_4 : cpu->avx2 ? avx2_4 : NULL;
  if (elem_bytes == 8 && cpu->avx2) move = avx2_8;
#endif
  if (!move)
    move = elem_bytes == 1   ? generic_uint8_t
           : elem_bytes == 2 ? generic_uint16_t
           : elem_bytes == 4 ? generic_uint32_t
                             : generic_uint64_t;
  move(&m);
}
