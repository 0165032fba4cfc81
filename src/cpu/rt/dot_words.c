/* dot_words.c: dot on AVX-512 by the instructions that multiply words of 32 bits: pairs of bf16 (VDPBF16PS), pairs of
 * 16-bit integers (VPMADDWD), quads of bytes (VPDPBUSD).
 *
 * Each of them multiplies the elements of two words with each other and adds all products to 32 bits, so one step of the
 * micro-kernel is two or four of k. A is packed as rows of words of constant length, B as panels of 32 columns of words
 * (see rt/dot_avx512.c for the rest). What is packed:
 *     bf16      as it is
 *     f8        as bf16, in which every f8 is exact
 *     8 bits    as 16-bit integers, where there is no VPDPBUSD: a pair of products is at most 2 * 255 * 255, exact
 *     8 bits    as bytes for VPDPBUSD, which wants an unsigned and a signed operand
 *
 * Signs. With x = a + za and y = b - zb, where za is 128 if a is signed and zb is 128 if b is unsigned (else 0), x is
 * unsigned and y signed whatever a and b are, by a flip of the highest bit; and
 *     sum a b = sum x y + zb sum x - za sum y - za zb k.
 * The sums of a row of x and of a column of y are taken while packing. The first word of a packed row of A holds the
 * row's part of the correction, the first row of a panel of B the columns'; the accumulators start from their sum. All
 * is modulo 2^32, as the result is. What lies beyond the end of k is packed as a = b = 0 and takes part.
 */
#include "cpu/rt/dot_set.h"

#if defined(__x86_64__)

#include "cpu/rt/avx512.h"

#ifndef RT_EMULATED
#define TARGET_BF16 __attribute__((target("avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define INLINE_BF16                                                                                                    \
  static inline __attribute__((always_inline, target("avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define TARGET_VNNI __attribute__((target("avx512vnni,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define INLINE_VNNI                                                                                                    \
  static inline __attribute__((always_inline, target("avx512vnni,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#endif

/* A block is 16 rows or columns by 16 words. Rows of A have room for the longest, of pairs, and the correction. */
enum { MR = 13, LANES = 16, A_ROW = RT_KC / 2 + 16 };

/* ---- packing ----------------------------------------------------------------------------------------------------- */

/* 16 elements as 16-bit ones in 32-bit lanes, the upper half zero. */
INLINE_AVX512 __m512i load_half_lanes(CpuElem type, const char *p, __mmask16 mask) {
  if (type == CPU_BF16) return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, p));
  if (type == CPU_U8) return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, p));
  if (rt_is_f8(type)) return _mm512_srli_epi32(load_f32_lanes(type, p, mask), 16);
  return _mm512_and_si512(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(mask, p)), _mm512_set1_epi32(0xffff));
}

/* `depth` neighbours along k as 16 words. */
INLINE_AVX512 __m512i load_words_along_k(CpuElem type, int per_word, const char *p, int depth) {
  if (per_word == 4) return _mm512_maskz_loadu_epi8((__mmask64)(~0ull >> (64 - depth)), p);
  __mmask32 mask = (__mmask32)(0xffffffffu >> (32 - depth));
  if (type == CPU_BF16) return _mm512_maskz_loadu_epi16(mask, p);
  if (type == CPU_U8) return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(mask, p));
  if (type == CPU_I8) return _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(mask, p));
  __m256i low = _mm512_cvtepi32_epi16(load_half_lanes(type, p, (__mmask16)mask));
  __m256i high = _mm512_cvtepi32_epi16(load_half_lanes(type, p + 16, (__mmask16)(mask >> 16)));
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* 16 vectors along `outer` (rows of a, columns of b) of up to 16 words of k: lane q of r[v] is word q; or, if not
 * lanes_are_k, lane v of r[q]. */
INLINE_AVX512 void load_words(const RtMatrix *m, CpuElem type, int per_word, bool is_b, bool along_k, bool lanes_are_k,
                              int64_t i, int64_t p, int outer, int depth, __m512i r[16]) {
  int64_t outer_step = (is_b ? m->col : m->row) * m->bytes, k_step = (is_b ? m->row : m->col) * m->bytes;
  const char *at = m->base + i * outer_step + p * k_step;
  if (along_k) {
    for (int v = 0; v < 16; v++)
      r[v] = v < outer ? load_words_along_k(type, per_word, at + v * outer_step, depth) : _mm512_setzero_si512();
    if (!lanes_are_k) transpose_16x16(r);
    return;
  }
  __mmask16 mask = (__mmask16)(0xffffu >> (16 - outer));
  for (int v = 0; v < 16; v++) {
    r[v] = _mm512_setzero_si512();
    if (per_word == 4) {
      r[v] = rows_as_words(1, at + 4 * v * k_step, k_step, depth - 4 * v, mask);
      continue;
    }
    if (2 * v < depth) r[v] = load_half_lanes(type, at + 2 * v * k_step, mask);
    if (2 * v + 1 < depth)
      r[v] = _mm512_or_si512(r[v], _mm512_slli_epi32(load_half_lanes(type, at + (2 * v + 1) * k_step, mask), 16));
  }
  if (lanes_are_k) transpose_16x16(r);
}

/* Neither stride is 1. */
static __attribute__((noinline)) void gather_words(const RtMatrix *m, int per_word, bool is_b, bool lanes_are_k,
                                                   int64_t i, int64_t p, int outer, int depth, uint32_t r[16][16]) {
  memset(r, 0, 16 * sizeof r[0]);
  const uint16_t *table = rt_is_f8(m->type) ? rt_f8_bf16_table(m->type) : NULL;
  for (int v = 0; v < outer; v++)
    for (int q = 0; q < depth; q++) {
      int64_t at = is_b ? (p + q) * m->row + (i + v) * m->col : (i + v) * m->row + (p + q) * m->col;
      uint32_t x = m->type == CPU_BF16 ? ((const uint16_t *)(const void *)m->base)[at] : ((const uint8_t *)m->base)[at];
      if (table)
        x = table[x];
      else if (m->type == CPU_I8 && per_word == 2)
        x = (uint16_t)(int8_t)x;
      int word = q / per_word;
      *(lanes_are_k ? &r[v][word] : &r[word][v]) |= x << (q % per_word) * (32 / per_word);
    }
}

/* The words of k from p0 on of a piece of matrix m with `count` rows (columns) from i0 on. */
typedef struct MatrixPiece {
  const RtMatrix *m;
  int64_t i0, p0, count, kc;
} MatrixPiece;

static int64_t piece_words(int64_t kc, int per_word) { return div_up(kc, 16 * per_word) * 16; }

INLINE_AVX512 void block_at(const MatrixPiece *x, CpuElem type, int per_word, bool is_b, int64_t i, int64_t p,
                            __m512i r[16]) {
  int outer = (int)min64(16, x->count - i), depth = (int)min64(16 * per_word, x->kc - p);
  const RtMatrix *m = x->m;
  bool along_k = (is_b ? m->row : m->col) == 1, across = (is_b ? m->col : m->row) == 1;
  if (along_k || across)
    load_words(m, type, per_word, is_b, along_k, !is_b, x->i0 + i, x->p0 + p, outer, depth, r);
  else
    gather_words(m, per_word, is_b, !is_b, x->i0 + i, x->p0 + p, outer, depth, (uint32_t(*)[16])(void *)r);
}

/* Rows of words, the first word left free. */
INLINE_AVX512 void pack_rows(const MatrixPiece *x, CpuElem type, int per_word, uint32_t *out) {
  for (int64_t i = 0; i < x->count; i += 16)
    for (int64_t p = 0; p < x->kc; p += 16 * per_word) {
      __m512i r[16];
      block_at(x, type, per_word, false, i, p, r);
      for (int v = 0; v < 16; v++) _mm512_storeu_si512(out + (i + v) * A_ROW + 1 + p / per_word, r[v]);
    }
}

/* Panels of words, the first row of each left free. */
INLINE_AVX512 void pack_panels(const MatrixPiece *x, CpuElem type, int per_word, uint32_t *out) {
  int64_t words = piece_words(x->kc, per_word) + 1;
  for (int64_t j = 0; j < x->count; j += 16)
    for (int64_t p = 0; p < x->kc; p += 16 * per_word) {
      __m512i r[16];
      uint32_t *panel = out + j / 32 * 32 * words + j % 32 + 32;
      block_at(x, type, per_word, true, j, p, r);
      for (int v = 0; v < 16; v++) _mm512_store_si512(panel + (p / per_word + v) * 32, r[v]);
    }
}

TARGET_AVX512 static void pack_pairs(const MatrixPiece *x, bool is_b, uint32_t *out) {
  int64_t words = piece_words(x->kc, 2) + 1;
  for (int64_t i = 0; i < x->count; i += is_b ? 32 : 1)
    memset(out + i * (is_b ? words : A_ROW), 0, is_b ? 32 * sizeof *out : sizeof *out);
  if (x->m->type == CPU_BF16)
    is_b ? pack_panels(x, CPU_BF16, 2, out) : pack_rows(x, CPU_BF16, 2, out);
  else
    is_b ? pack_panels(x, x->m->type, 2, out) : pack_rows(x, x->m->type, 2, out);
}

/* Quads, with the highest bit flipped where that makes a unsigned and b signed, and with the corrections. */
TARGET_VNNI static void pack_quads(const MatrixPiece *x, bool is_b, CpuElem other, uint32_t *out) {
  int64_t words = piece_words(x->kc, 4);
  bool flip = x->m->type == (is_b ? CPU_U8 : CPU_I8), other_flips = other == (is_b ? CPU_I8 : CPU_U8);
  __m512i sign = _mm512_set1_epi32(flip ? (int)0x80808080 : 0), one = _mm512_set1_epi8(1);
  uint32_t weight = other_flips ? 128 : 0;
  if (!is_b) {
    pack_rows(x, x->m->type, 4, out);
    for (int64_t i = 0; i < x->count; i++) {
      uint32_t *row = out + i * A_ROW;
      __m512i sum = _mm512_setzero_si512();
      for (int64_t w = 0; w < words; w += 16) {
        __m512i v = _mm512_xor_si512(_mm512_loadu_si512(row + 1 + w), sign);
        _mm512_storeu_si512(row + 1 + w, v);
        sum = _mm512_dpbusd_epi32(sum, v, one);
      }
      row[0] = weight * (uint32_t)_mm512_reduce_add_epi32(sum);
    }
    return;
  }
  pack_panels(x, x->m->type, 4, out);
  __m512i start = _mm512_set1_epi32(flip ? (int)(weight * 128 * (uint32_t)(4 * words)) : 0);
  for (int64_t j = 0; j < x->count; j += 16) {
    uint32_t *panel = out + j / 32 * 32 * (words + 1) + j % 32;
    __m512i sum = _mm512_setzero_si512();
    for (int64_t w = 1; w <= words; w++) {
      __m512i v = _mm512_xor_si512(_mm512_load_si512(panel + w * 32), sign);
      _mm512_store_si512(panel + w * 32, v);
      sum = _mm512_dpbusd_epi32(sum, one, v);
    }
    sum = _mm512_add_epi32(_mm512_mullo_epi32(sum, _mm512_set1_epi32((int)weight)), start);
    _mm512_store_si512(panel, _mm512_sub_epi32(_mm512_setzero_si512(), sum));
  }
}

/* ---- multiplying ------------------------------------------------------------------------------------------------- */

/* One function for each number of rows, and accumulators of the type that the instruction takes: with all of them
 * inlined into one function, or with casts between the types in the loop, gcc keeps a copy of every accumulator on the
 * stack and stores to it in every step, which takes as long as the products themselves. */
typedef void RowsFn(const uint32_t *a, const uint32_t *b, int64_t words, uint32_t *c, int64_t ldc, uint32_t mask);

/* Whole instructions, so that the sum stays in its register and is made at once: products that wait for it, and copies of
 * sums, would need registers too. */
INLINE_AVX512 __m512i multiply_i16(__m512i sum, __m512i x, __m512i y) {
#ifdef RT_EMULATED
  return _mm512_add_epi32(sum, _mm512_madd_epi16(x, y));
#else
  __m512i product;
  __asm__("vpmaddwd %2, %3, %1\n\tvpaddd %1, %0, %0" : "+v"(sum), "=&v"(product) : "v"(y), "v"(x));
  return sum;
#endif
}
INLINE_VNNI __m512i multiply_i8(__m512i sum, __m512i x, __m512i y) {
#ifdef RT_EMULATED
  return _mm512_dpbusd_epi32(sum, x, y);
#else
  __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y));
  return sum;
#endif
}
#define MULTIPLY_BF16(sum, x, y) _mm512_dpbf16_ps(sum, (__m512bh)(x), (__m512bh)(y))
#define START_F32(a, b) ((void)(a), (void)(b), _mm512_setzero_ps())
#define START_I32(a, b) _mm512_add_epi32(_mm512_set1_epi32((int)(a)), b)
#define ADD_I32(mask, at, x) _mm512_add_epi32(_mm512_maskz_loadu_epi32(mask, at), x)
#define ADD_F32(mask, at, x) _mm512_castps_si512(_mm512_add_ps(_mm512_maskz_loadu_ps(mask, at), x))

#define DEFINE_KERNEL(name, INLINE, V, START, MULTIPLY, ADD)                                                           \
  INLINE void name##_kernel(int mr, const uint32_t *a, const uint32_t *b, int64_t words, uint32_t *c, int64_t ldc,     \
                            uint32_t mask) {                                                                           \
    V acc[MR][2];                                                                                                      \
    __m512i b0 = _mm512_load_si512(b), b1 = _mm512_load_si512(b + LANES);                                              \
    _Pragma("GCC unroll 13") for (int i = 0; i < mr; i++) {                                                            \
      acc[i][0] = START(a[i * A_ROW], b0);                                                                             \
      acc[i][1] = START(a[i * A_ROW], b1);                                                                             \
    }                                                                                                                  \
    for (int64_t w = 0; w < words; w++) {                                                                              \
      a++, b += 2 * LANES;                                                                                             \
      b0 = _mm512_load_si512(b), b1 = _mm512_load_si512(b + LANES);                                                    \
      _Pragma("GCC unroll 13") for (int i = 0; i < mr; i++) {                                                          \
        __m512i x = _mm512_set1_epi32((int)a[i * A_ROW]);                                                              \
        acc[i][0] = MULTIPLY(acc[i][0], x, b0);                                                                        \
        acc[i][1] = MULTIPLY(acc[i][1], x, b1);                                                                        \
      }                                                                                                                \
    }                                                                                                                  \
    __mmask16 m0 = (__mmask16)mask, m1 = (__mmask16)(mask >> 16);                                                      \
    _Pragma("GCC unroll 13") for (int i = 0; i < mr; i++) {                                                            \
      uint32_t *at = c + i * ldc;                                                                                      \
      _mm512_mask_storeu_epi32(at, m0, ADD(m0, at, acc[i][0]));                                                        \
      if (m1) _mm512_mask_storeu_epi32(at + LANES, m1, ADD(m1, at + LANES, acc[i][1]));                                \
    }                                                                                                                  \
  }
#define KERNEL_ROWS(name, TARGET, mr)                                                                                  \
  TARGET static void name##_##mr(const uint32_t *a, const uint32_t *b, int64_t words, uint32_t *c, int64_t ldc,        \
                                 uint32_t mask) {                                                                      \
    name##_kernel(mr, a, b, words, c, ldc, mask);                                                                      \
  }
/* clang-format off */
#define KERNEL_TABLE(name, TARGET)                                                                                     \
  KERNEL_ROWS(name, TARGET, 1) KERNEL_ROWS(name, TARGET, 2) KERNEL_ROWS(name, TARGET, 3) KERNEL_ROWS(name, TARGET, 4)  \
  KERNEL_ROWS(name, TARGET, 5) KERNEL_ROWS(name, TARGET, 6) KERNEL_ROWS(name, TARGET, 7) KERNEL_ROWS(name, TARGET, 8)  \
  KERNEL_ROWS(name, TARGET, 9) KERNEL_ROWS(name, TARGET, 10) KERNEL_ROWS(name, TARGET, 11)                             \
  KERNEL_ROWS(name, TARGET, 12) KERNEL_ROWS(name, TARGET, 13)                                                          \
  static RowsFn *const name##_rows[MR + 1] = {NULL,     name##_1, name##_2, name##_3, name##_4,  name##_5,  name##_6,  \
                                              name##_7, name##_8, name##_9, name##_10, name##_11, name##_12, name##_13};
/* clang-format on */
DEFINE_KERNEL(bf16, INLINE_BF16, __m512, START_F32, MULTIPLY_BF16, ADD_F32)
DEFINE_KERNEL(i16, INLINE_AVX512, __m512i, START_I32, multiply_i16, ADD_I32)
DEFINE_KERNEL(i8, INLINE_VNNI, __m512i, START_I32, multiply_i8, ADD_I32)
KERNEL_TABLE(bf16, TARGET_BF16)
KERNEL_TABLE(i16, TARGET_AVX512)
KERNEL_TABLE(i8, TARGET_VNNI)

static void pack(const MatrixPiece *x, int per_word, bool is_b, CpuElem other, uint32_t *out) {
  if (per_word == 4)
    pack_quads(x, is_b, other, out);
  else
    pack_pairs(x, is_b, out);
}

static void dot_words(const CpuDot *d, int per_word, RowsFn *const *rows) {
  RtMatrix a = rt_matrix(d->a, d->a_row, d->a_col, d->a_type), b = rt_matrix(d->b, d->b_row, d->b_col, d->b_type);
  int64_t most = piece_words(min64(d->k, RT_KC), per_word) + 1;
  uint32_t *panels = rt_fma_area(d), *a_rows = panels + rt_panels(min64(d->n, RT_NC), 32) * most, *c = d->c;
  for (int64_t j = 0; j < d->n; j += RT_NC)
    for (int64_t p = 0; p < d->k; p += RT_KC) {
      int64_t nc = min64(RT_NC, d->n - j), kc = min64(RT_KC, d->k - p);
      int64_t words = piece_words(kc, per_word), step = 32 * (words + 1), used = per_word == 2 ? div_up(kc, 2) : words;
      pack(&(MatrixPiece){&b, j, p, nc, kc}, per_word, true, a.type, panels);
      for (int64_t i = 0; i < d->m; i += RT_MC) {
        int64_t mc = min64(RT_MC, d->m - i), nblocks = div_up(mc, MR), base = mc / nblocks, longer = mc % nblocks;
        pack(&(MatrixPiece){&a, i, p, mc, kc}, per_word, false, b.type, a_rows);
        for (int64_t s = 0; s < nc; s += 32) {
          uint32_t mask = nc - s >= 32 ? 0xffffffffu : (1u << (nc - s)) - 1;
          for (int64_t r = 0, block = 0; block < nblocks; block++) {
            int64_t mr = base + (block < longer);
            rows[mr](a_rows + r * A_ROW, panels + s / 32 * step, used, c + (i + r) * d->c_row + j + s, d->c_row, mask);
            r += mr;
          }
        }
      }
    }
}

static void dot_bf16(const CpuDot *d) { dot_words(d, 2, bf16_rows); }
static void dot_i16(const CpuDot *d) { dot_words(d, 2, i16_rows); }
static void dot_i8(const CpuDot *d) { dot_words(d, 4, i8_rows); }

const RtDotSet rt_dot_avx512_bf16 = {
    .name = "avx512_bf16", .bf16 = RT_FOR(RT_KIND_bf16, dot_bf16), .f8 = RT_FOR(RT_KIND_f8, dot_bf16)};
const RtDotSet rt_dot_avx512_i16 = {.name = "avx512_i16", .i8 = RT_FOR(RT_KIND_i8, dot_i16)};
const RtDotSet rt_dot_avx512_vnni = {.name = "avx512_vnni", .i8 = RT_FOR(RT_KIND_i8, dot_i8)};

#endif
