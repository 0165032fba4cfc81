/* dot_few.h: a product with few rows as a template: B is read once, where it is.
 *
 * Problem. Packing copies B so that it can be read again for every block of rows. With a few rows there is
 * one block or two, and the copy is most of the work; what remains is bound by how fast memory gives B.
 *
 * Idea. Where B's rows are contiguous, four of them are added to c at once, along all columns: c's few rows stay in the
 * first-level cache, and memory is read in four long runs, of which those of the next steps are fetched ahead, for a
 * prefetcher does not see where the next row begins. Where its columns are contiguous, four of them are multiplied with
 * a's rows along k. A is a few KiB, as f32; four of its rows at a time, for the next four B comes from the second-level
 * cache.
 *
 * On a Zen 3 core a product of f32, 4 x 4096 x 4096, took 19.6 ms packed and takes 5.8 so, one of 1 x 4096 x 4096
 * 11.9 and 4.2. Of 8 rows in 16 bits, which are converted for each four rows, packing is as fast.
 *
 * The user defines load_few_NAME(CpuElem type, const char *p), W elements of f32, bf16 or f16 as a vector V.
 */
#ifndef TRITONC_CPU_RT_DOT_FEW_H
#define TRITONC_CPU_RT_DOT_FEW_H

#include "cpu/rt/dot_set.h"

enum { FEW_STEPS = 4, FEW_AHEAD = 8 };

/* For vectors V of W floats. */
#define DEFINE_FEW(INLINE, TARGET, V, W, zero, set1, loadu, storeu, fmadd, add_, sum, name)                            \
  /* c += a b for what no vector holds: rows [p, kc) and columns [j, n) of b. */                                       \
  TARGET __attribute__((noinline)) static void name##_few_rest(int m, CpuElem type, const float *a, const char *b,     \
                                                               int64_t row, int64_t col, int64_t p, int64_t kc,        \
                                                               int64_t j, int64_t n, float *c, int64_t ldc) {          \
    for (; j < n; j++)                                                                                                 \
      for (int64_t q = p; q < kc; q++) {                                                                               \
        float x = (float)rt_elem_value(type, b + q * row + j * col, 0);                                                \
        for (int i = 0; i < m; i++) c[i * ldc + j] += a[i * RT_KC + q] * x;                                            \
      }                                                                                                                \
  }                                                                                                                    \
  /* c += a b for FEW_STEPS rows of b side by side in memory; n is a multiple of W. */                                 \
  INLINE void name##_few_rows(int m, CpuElem type, int64_t bytes, const float *a, const char *b, int64_t row, int64_t n,\
                              float *c, int64_t ldc) {                                                                 \
    for (int64_t j = 0; j < n; j += W) {                                                                               \
      V x[FEW_STEPS];                                                                                                  \
      _Pragma("GCC unroll 4") for (int q = 0; q < FEW_STEPS; q++) {                                                    \
        x[q] = load_few_##name(type, b + q * row + j * bytes);                                                         \
        __builtin_prefetch(b + (q + FEW_AHEAD) * row + j * bytes);                                                     \
      }                                                                                                                \
      _Pragma("GCC unroll 8") for (int i = 0; i < m; i++) {                                                            \
        V s = fmadd(set1(a[i * RT_KC]), x[0], zero());                                                                 \
        _Pragma("GCC unroll 4") for (int q = 1; q < FEW_STEPS; q++) s = fmadd(set1(a[i * RT_KC + q]), x[q], s);        \
        storeu(c + i * ldc + j, add_(loadu(c + i * ldc + j), s));                                                      \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  INLINE void name##_few_across(int m, CpuElem type, int64_t bytes, const float *a, const char *b, int64_t row,        \
                                int64_t kc, int64_t n, float *c, int64_t ldc) {                                        \
    int64_t steps = kc / FEW_STEPS * FEW_STEPS, whole = n / W * W;                                                     \
    for (int64_t p = 0; p < steps; p += FEW_STEPS)                                                                     \
      name##_few_rows(m, type, bytes, a + p, b + p * row, row, whole, c, ldc);                                         \
    if (whole < n) name##_few_rest(m, type, a, b, row, bytes, 0, steps, whole, n, c, ldc);                             \
    if (steps < kc) name##_few_rest(m, type, a, b, row, bytes, steps, kc, 0, n, c, ldc);                               \
  }                                                                                                                    \
  /* c += a b for FEW_STEPS columns of b, each in one piece, and a row of a; kc is a multiple of W. The first row fetches the\
   * next columns. */                                                                                                  \
  INLINE void name##_few_columns(bool is_first, CpuElem type, int64_t bytes, const float *a, const char *b, int64_t col,\
                                 int64_t kc, float *c) {                                                               \
    V s[FEW_STEPS];                                                                                                    \
    _Pragma("GCC unroll 4") for (int q = 0; q < FEW_STEPS; q++) s[q] = zero();                                         \
    for (int64_t p = 0; p < kc; p += W) {                                                                              \
      V x = loadu(a + p);                                                                                              \
      _Pragma("GCC unroll 4") for (int q = 0; q < FEW_STEPS; q++) {                                                    \
        s[q] = fmadd(x, load_few_##name(type, b + q * col + p * bytes), s[q]);                                         \
        if (is_first) __builtin_prefetch(b + (q + FEW_STEPS) * col + p * bytes);                                       \
      }                                                                                                                \
    }                                                                                                                  \
    _Pragma("GCC unroll 4") for (int q = 0; q < FEW_STEPS; q++) c[q] += sum(s[q]);                                     \
  }                                                                                                                    \
  INLINE void name##_few_down(int m, CpuElem type, int64_t bytes, const float *a, const char *b, int64_t col,          \
                              int64_t kc, int64_t n, float *c, int64_t ldc) {                                          \
    int64_t steps = n / FEW_STEPS * FEW_STEPS, whole = kc / W * W;                                                     \
    for (int64_t j = 0; j < steps; j += FEW_STEPS) {                                                                   \
      name##_few_columns(true, type, bytes, a, b + j * col, col, whole, c + j);                                        \
      for (int i = 1; i < m; i++)                                                                                      \
        name##_few_columns(false, type, bytes, a + i * RT_KC, b + j * col, col, whole, c + i * ldc + j);               \
    }                                                                                                                  \
    if (whole < kc) name##_few_rest(m, type, a, b, bytes, col, whole, kc, 0, steps, c, ldc);                           \
    if (steps < n) name##_few_rest(m, type, a, b, bytes, col, 0, kc, steps, n, c, ldc);                                \
  }                                                                                                                    \
  /* A chunk of k: a is packed as f32, rows of RT_KC. */                                                               \
  INLINE void name##_few_chunk(const CpuDot *d, CpuElem type, int64_t bytes, const float *a, int64_t p, int64_t kc) {  \
    const char *b = (const char *)d->b + p * d->b_row * bytes;                                                         \
    int64_t row = d->b_row * bytes, col = d->b_col * bytes;                                                            \
    for (int64_t i = 0; i < d->m; i += FEW_STEPS, a += FEW_STEPS * RT_KC) {                                            \
      float *c = (float *)d->c + i * d->c_row;                                                                         \
      int m = (int)min64(FEW_STEPS, d->m - i);                                                                         \
      if (d->b_col != 1) {                                                                                             \
        name##_few_down(m, type, bytes, a, b, col, kc, d->n, c, d->c_row);                                             \
        continue;                                                                                                      \
      }                                                                                                                \
      switch (m) {                                                                                                     \
      case 1: name##_few_across(1, type, bytes, a, b, row, kc, d->n, c, d->c_row); break;                              \
      case 2: name##_few_across(2, type, bytes, a, b, row, kc, d->n, c, d->c_row); break;                              \
      case 3: name##_few_across(3, type, bytes, a, b, row, kc, d->n, c, d->c_row); break;                              \
      default: name##_few_across(FEW_STEPS, type, bytes, a, b, row, kc, d->n, c, d->c_row); break;                     \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  INLINE void name##_few_line(float *out, CpuElem type, const char *p, int64_t step, int64_t kc) {                     \
    int64_t q = 0;                                                                                                     \
    if (step == rt_elem_bytes(type) && (type == CPU_F32 || type == CPU_BF16 || type == CPU_F16))                       \
      for (; q + W <= kc; q += W) storeu(out + q, load_few_##name(type, p + q * step));                                \
    for (; q < kc; q++) out[q] = (float)rt_elem_value(type, p + q * step, 0);                                          \
  }                                                                                                                    \
  TARGET static void name##_few(const CpuDot *d) {                                                                     \
    _Alignas(64) float a[RT_FEW * RT_KC];                                                                              \
    int64_t bytes = rt_elem_bytes((CpuElem)d->a_type);                                                                 \
    for (int64_t p = 0; p < d->k; p += RT_KC) {                                                                        \
      int64_t kc = min64(RT_KC, d->k - p);                                                                             \
      for (int64_t i = 0; i < d->m; i++)                                                                               \
        name##_few_line(a + i * RT_KC, (CpuElem)d->a_type, (const char *)d->a + (i * d->a_row + p * d->a_col) * bytes, \
                        d->a_col * bytes, kc);                                                                         \
      switch (d->b_type) { /* one compiled loop for each type */                                                       \
      case CPU_BF16: name##_few_chunk(d, CPU_BF16, 2, a, p, kc); break;                                                \
      case CPU_F16: name##_few_chunk(d, CPU_F16, 2, a, p, kc); break;                                                  \
      default: name##_few_chunk(d, CPU_F32, 4, a, p, kc); break;                                                       \
      }                                                                                                                \
    }                                                                                                                  \
  }

#endif
