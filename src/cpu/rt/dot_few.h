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
 * On a Zen 3 core a product of f32, 4 x 4096 x 4096, took 19.6 ms packed and takes 5.4 so (PyTorch: 9.5), one of
 * 1 x 4096 x 4096 11.9 and 4.6 (3.0). Of 8 rows in 16 bits, which are converted for each four rows, packing is as fast.
 *
 * The user defines load_few_NAME(CpuElem type, const char *p), W elements of f32, bf16 or f16 as a vector V.
 */
#ifndef TRITONC_CPU_RT_DOT_FEW_H
#define TRITONC_CPU_RT_DOT_FEW_H

#include "cpu/rt/dot_set.h"

enum { FEW_STEPS = 4, FEW_AHEAD = 8 };

/* For vectors V of W floats. */
#define DEFINE_FEW(INLINE, TARGET, V, W, zero, set1, loadu, storeu, fmadd, add_, sum, name)                            \
  /* c += a b for AT rows of b side by side in memory. */                                                              \
  INLINE void name##_few_rows(int m, int at, CpuElem type, int64_t bytes, const float *a, const char *b, int64_t row,  \
                              int64_t n, float *c, int64_t ldc) {                                                      \
    int64_t j = 0;                                                                                                     \
    for (; j + W <= n; j += W) {                                                                                       \
      V x[FEW_STEPS];                                                                                                  \
      _Pragma("GCC unroll 4") for (int q = 0; q < at; q++) {                                                           \
        x[q] = load_few_##name(type, b + q * row + j * bytes);                                                         \
        __builtin_prefetch(b + (q + FEW_AHEAD) * row + j * bytes);                                                     \
      }                                                                                                                \
      _Pragma("GCC unroll 8") for (int i = 0; i < m; i++) {                                                            \
        V s = fmadd(set1(a[i * RT_KC]), x[0], zero());                                                                 \
        _Pragma("GCC unroll 4") for (int q = 1; q < at; q++) s = fmadd(set1(a[i * RT_KC + q]), x[q], s);               \
        storeu(c + i * ldc + j, add_(loadu(c + i * ldc + j), s));                                                      \
      }                                                                                                                \
    }                                                                                                                  \
    for (; j < n; j++)                                                                                                 \
      for (int q = 0; q < at; q++) {                                                                                   \
        float x = (float)rt_elem_value(type, b + q * row + j * bytes, 0);                                              \
        for (int i = 0; i < m; i++) c[i * ldc + j] += a[i * RT_KC + q] * x;                                            \
      }                                                                                                                \
  }                                                                                                                    \
  INLINE void name##_few_across(int m, CpuElem type, int64_t bytes, const float *a, const char *b, int64_t row,        \
                                int64_t kc, int64_t n, float *c, int64_t ldc) {                                        \
    int64_t p = 0;                                                                                                     \
    for (; p + FEW_STEPS <= kc; p += FEW_STEPS)                                                                        \
      name##_few_rows(m, FEW_STEPS, type, bytes, a + p, b + p * row, row, n, c, ldc);                                  \
    for (; p < kc; p++) name##_few_rows(m, 1, type, bytes, a + p, b + p * row, row, n, c, ldc);                        \
  }                                                                                                                    \
  /* c += a b for AT columns of b, each in one piece. */                                                               \
  INLINE void name##_few_columns(int m, int at, CpuElem type, int64_t bytes, const float *a, const char *b,            \
                                 int64_t col, int64_t kc, float *c, int64_t ldc) {                                     \
    _Pragma("GCC unroll 8") for (int i = 0; i < m; i++) {                                                              \
      V s[FEW_STEPS];                                                                                                  \
      float rest[FEW_STEPS] = {0};                                                                                     \
      int64_t p = 0;                                                                                                   \
      _Pragma("GCC unroll 4") for (int q = 0; q < at; q++) s[q] = zero();                                              \
      for (; p + W <= kc; p += W) {                                                                                    \
        V x = loadu(a + i * RT_KC + p);                                                                                \
        _Pragma("GCC unroll 4") for (int q = 0; q < at; q++) {                                                         \
          s[q] = fmadd(x, load_few_##name(type, b + q * col + p * bytes), s[q]);                                       \
          if (i == 0) __builtin_prefetch(b + (q + FEW_STEPS) * col + p * bytes);                                       \
        }                                                                                                              \
      }                                                                                                                \
      for (; p < kc; p++)                                                                                              \
        for (int q = 0; q < at; q++) rest[q] += a[i * RT_KC + p] * (float)rt_elem_value(type, b + q * col + p * bytes, 0); \
      _Pragma("GCC unroll 4") for (int q = 0; q < at; q++) c[i * ldc + q] += sum(s[q]) + rest[q];                      \
    }                                                                                                                  \
  }                                                                                                                    \
  INLINE void name##_few_down(int m, CpuElem type, int64_t bytes, const float *a, const char *b, int64_t col,          \
                              int64_t kc, int64_t n, float *c, int64_t ldc) {                                          \
    int64_t j = 0;                                                                                                     \
    for (; j + FEW_STEPS <= n; j += FEW_STEPS)                                                                         \
      name##_few_columns(m, FEW_STEPS, type, bytes, a, b + j * col, col, kc, c + j, ldc);                              \
    for (; j < n; j++) name##_few_columns(m, 1, type, bytes, a, b + j * col, col, kc, c + j, ldc);                     \
  }                                                                                                                    \
  /* A chunk of k: a is packed as f32, rows of RT_KC. */                                                               \
  INLINE void name##_few_of(int m, const CpuDot *d, CpuElem type, int64_t bytes, const float *a, int64_t p, int64_t kc, \
                            float *c) {                                                                                \
    const char *b = (const char *)d->b + p * d->b_row * bytes;                                                         \
    if (d->b_col == 1)                                                                                                 \
      name##_few_across(m, type, bytes, a, b, d->b_row * bytes, kc, d->n, c, d->c_row);                                \
    else                                                                                                               \
      name##_few_down(m, type, bytes, a, b, d->b_col * bytes, kc, d->n, c, d->c_row);                                  \
  }                                                                                                                    \
  INLINE void name##_few_chunk(const CpuDot *d, CpuElem type, int64_t bytes, const float *a, int64_t p, int64_t kc) {  \
    for (int64_t i = 0; i < d->m; i += FEW_STEPS) {                                                                    \
      float *c = (float *)d->c + i * d->c_row;                                                                         \
      switch (d->m - i) {                                                                                              \
      case 1: name##_few_of(1, d, type, bytes, a + i * RT_KC, p, kc, c); break;                                        \
      case 2: name##_few_of(2, d, type, bytes, a + i * RT_KC, p, kc, c); break;                                        \
      case 3: name##_few_of(3, d, type, bytes, a + i * RT_KC, p, kc, c); break;                                        \
      default: name##_few_of(FEW_STEPS, d, type, bytes, a + i * RT_KC, p, kc, c); break;                               \
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
