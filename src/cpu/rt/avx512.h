/* avx512.h: blocks of 16 x 16 elements in registers, for the files that use AVX-512 (dot's packing, transposes).
 *
 * Everything that dot packs passes through one shape: a block of 16 rows of 16 lanes of f32, zero where the matrix
 * ends, whatever the strides and the element type were. What is contiguous is loaded; what is contiguous the other way
 * is loaded and transposed in registers; the rest is gathered by scalar code.
 */
#ifndef TRITONC_CPU_RT_AVX512_H
#define TRITONC_CPU_RT_AVX512_H

#include "cpu/rt/rt.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#ifndef RT_EMULATED /* where the intrinsics are plain C: tests */
#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define INLINE_AVX512                                                                                                  \
  static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#endif

/* r[i] lane j becomes r[j] lane i. */
INLINE_AVX512 void transpose_16x16(__m512i r[16]) {
  __m512i t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  /* r[4g + c] now holds, in 128-bit lane l, column 4l + c of rows 4g .. 4g+3. */
#pragma GCC unroll 4
  for (int c = 0; c < 4; c++) {
    __m512i x = _mm512_shuffle_i32x4(r[c], r[4 + c], 0x88), y = _mm512_shuffle_i32x4(r[c], r[4 + c], 0xdd);
    __m512i z = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0x88), w = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0xdd);
    t[c] = _mm512_shuffle_i32x4(x, z, 0x88);
    t[8 + c] = _mm512_shuffle_i32x4(x, z, 0xdd);
    t[4 + c] = _mm512_shuffle_i32x4(y, w, 0x88);
    t[12 + c] = _mm512_shuffle_i32x4(y, w, 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) r[i] = t[i];
}

/* 4 / bytes rows of 16 elements each, `step` bytes apart, as one row of 16 32-bit lanes: lane l holds the rows'
 * elements of column l, the first row's lowest. Rows from the n-th on (n may be < 0) and columns out of the mask are
 * zero. */
INLINE_AVX512 __m512i rows_as_words(int bytes, const char *p, int64_t step, int64_t n, __mmask16 mask) {
  if (bytes == 4) return n > 0 ? _mm512_maskz_loadu_epi32(mask, p) : _mm512_setzero_si512();
  __m512i x = _mm512_setzero_si512();
  if (bytes == 2) {
    if (n > 0) x = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, p));
    if (n > 1)
      x = _mm512_or_si512(x, _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, p + step)), 16));
    return x;
  }
  if (n > 0) x = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, p));
  if (n > 1) x = _mm512_or_si512(x, _mm512_slli_epi32(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, p + step)), 8));
  if (n > 2)
    x = _mm512_or_si512(x, _mm512_slli_epi32(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, p + 2 * step)), 16));
  if (n > 3)
    x = _mm512_or_si512(x, _mm512_slli_epi32(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, p + 3 * step)), 24));
  return x;
}

/* A matrix to read: element (i, j) is at base + (i * row + j * col) elements. */
typedef struct RtMatrix {
  const char *base;
  int64_t row, col;
  CpuElem type;
  int bytes;
} RtMatrix;

static inline RtMatrix rt_matrix(const void *base, int64_t row, int64_t col, int32_t type) {
  return (RtMatrix){base, row, col, (CpuElem)type, rt_elem_bytes((CpuElem)type)};
}

/* 16 consecutive elements as f32, those beyond `mask` zero and not touched. */
INLINE_AVX512 __m512i load_f32_lanes(CpuElem type, const char *p, __mmask16 mask) {
  if (type == CPU_F32) return _mm512_maskz_loadu_epi32(mask, p);
  if (type == CPU_BF16) return _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, p)), 16);
  if (type == CPU_F16) return _mm512_castps_si512(_mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, p)));
  /* f8: a table of all 256 values. */
  const float *table = rt_f8_table(type);
  __m512i index = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, p));
  return _mm512_castps_si512(_mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask, index, table, 4));
}

/* Lanes that neither way of loading reaches. */
TARGET_AVX512 static __attribute__((noinline, unused)) void gather_block(const RtMatrix *m, int64_t i0, int64_t j0,
                                                                         int nrows, int ncols, __m512i r[16]) {
  float rows[16][16];
  memset(rows, 0, sizeof rows);
  for (int i = 0; i < nrows; i++)
    for (int j = 0; j < ncols; j++)
      rows[i][j] = (float)rt_elem_value(m->type, m->base, (i0 + i) * m->row + (j0 + j) * m->col);
  for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512(rows[i]);
}

/* The block of m that begins at (i0, j0), nrows x ncols of it within the matrix (1 .. 16), as rows of f32. `type` and
 * `how` are m's, given again as constants so that each use is compiled for its case. */
enum { BY_ROWS, BY_COLUMNS, BY_ELEMENTS };
static inline int rt_how(const RtMatrix *m) { return m->col == 1 ? BY_ROWS : m->row == 1 ? BY_COLUMNS : BY_ELEMENTS; }

INLINE_AVX512 void load_block(const RtMatrix *m, CpuElem type, int how, int bytes, int64_t i0, int64_t j0, int nrows,
                              int ncols, __m512i r[16]) {
  if (how == BY_ELEMENTS) {
    gather_block(m, i0, j0, nrows, ncols, r);
    return;
  }
  int nvectors = how == BY_ROWS ? nrows : ncols, nlanes = how == BY_ROWS ? ncols : nrows;
  int64_t step = (how == BY_ROWS ? m->row : m->col) * bytes;
  const char *p = m->base + (how == BY_ROWS ? i0 * m->row + j0 : i0 + j0 * m->col) * bytes;
  __mmask16 mask = (__mmask16)(0xffffu >> (16 - nlanes));
  if (nvectors == 16) {
#pragma GCC unroll 16
    for (int v = 0; v < 16; v++) r[v] = load_f32_lanes(type, p + v * step, mask);
  } else {
#pragma GCC unroll 16
    for (int v = 0; v < 16; v++)
      r[v] = v < nvectors ? load_f32_lanes(type, p + v * step, mask) : _mm512_setzero_si512();
  }
  if (how == BY_COLUMNS) transpose_16x16(r);
}

#endif
#endif
