/* dot_rows.h: the blocked matmul as a template, for instruction sets with plain multiply-adds.
 *
 * As in dot_avx512.c, with panels of two vectors of B and blocks of up to MR rows: 2 MR accumulators, two vectors of B
 * and one broadcast element of A. What is multiplied are words of type T, which hold GROUP neighbours along k: 1 where
 * an instruction multiplies elements, 2 or 4 where it multiplies pairs or quads and adds their products up.
 *
 * The user defines read_NAME(T *out, CpuElem type, const char *p, int64_t step, int64_t n, int64_t k_step, int64_t group,
 * bool is_b), which makes n words; word i holds the `group` (1 .. GROUP) elements that begin at p + i * step, k_step apart (both in
 * bytes), and zeros behind them. And turn_NAME(T *out, const T *in, int64_t row), which transposes W x W words, from rows of `row` to
 * rows of 2 W; DEFINE_TURN has it in plain C. And load_b_NAME(CpuElem type, const char *p), the W words of as many elements side
 * by side, for those types of which loads_b_NAME(type) says that it can.
 *
 * Packing is a third of a product's time where memory is read badly: a panel at a time, B's rows are runs of 64 bytes, a
 * row's length apart, of which no prefetcher knows, and which share a set of the first-level cache where that length is
 * a power of two. So rows are read along, and columns along, too.
 *
 * Where rows are contiguous and words are made by a load, no pass of its own packs B: the first rows of A are multiplied with a
 * panel as it lies, which is stored packed for the rows after them, and memory is waited for behind multiply-adds. Each row is fetched
 * ROWS_AHEAD early, for a panel's rows lie far apart. On a Zen 3 core a product of f32 by tiles of 16 x 256 x 64 took
 * 37.6 ms before and 31.4 so, one of 32 x 32 x 32 40.5 and 35.9; of 128 rows the first are a small part. A's rows, where they are contiguous,
 * are packed right before they are first multiplied, while the next ones are fetched.
 */
#ifndef TRITONC_CPU_RT_DOT_ROWS_H
#define TRITONC_CPU_RT_DOT_ROWS_H

#include "cpu/rt/dot_set.h"

#include <string.h>

enum { ROWS_A = RT_KC + 16, ROWS_AT_ONCE = 4, ROWS_AHEAD = 16 };

/* Words that are no elements of B as they lie. */
#define DEFINE_NO_LOAD_B(INLINE, V, zero, name)                                                                        \
  INLINE bool loads_b_##name(CpuElem type) { return (void)type, false; }                                               \
  INLINE V load_b_##name(CpuElem type, const char *p) { return (void)type, (void)p, zero(); }

#define DEFINE_TURN(INLINE, T, W, name)                                                                                \
  INLINE void turn_##name(T *out, const T *in, int64_t row) {                                                          \
    for (int i = 0; i < W; i++)                                                                                        \
      for (int j = 0; j < W; j++) out[i * 2 * W + j] = in[j * row + i];                                                \
  }

/* For words T in vectors V of W lanes, MR rows (4 .. 8): kernel, packing, and the loops around them. */
#define DEFINE_DOT(INLINE, TARGET, T, V, W, GROUP, MR, zero, load, set1, fmadd, add_, store, storeu, loadu, name)      \
  /* `packs`: b is not packed yet, and is, from rows that begin at `from`. */                                          \
  INLINE void name##_kernel(int mr, bool packs, CpuElem type, const T *a, T *b, const char *from, int64_t row,         \
                            int64_t words, T *c, int64_t ldc, int64_t width) {                                         \
    V acc[MR][2];                                                                                                      \
    _Pragma("GCC unroll 8") for (int i = 0; i < mr; i++) acc[i][0] = acc[i][1] = zero();                               \
    for (int64_t p = 0; p < words; p++, a++, b += 2 * W, from += row) {                                                \
      V b0 = packs ? load_b_##name(type, from) : load(b);                                                              \
      V b1 = packs ? load_b_##name(type, from + W * (type == CPU_F64 ? 8 : type == CPU_F32 ? 4 : 2)) : load(b + W);    \
      if (packs) {                                                                                                     \
        __builtin_prefetch(from + ROWS_AHEAD * row);                                                                   \
        store(b, b0);                                                                                                  \
        store(b + W, b1);                                                                                              \
      }                                                                                                                \
      _Pragma("GCC unroll 8") for (int i = 0; i < mr; i++) {                                                           \
        V x = set1(a[i * ROWS_A]);                                                                                     \
        acc[i][0] = fmadd(x, b0, acc[i][0]);                                                                           \
        acc[i][1] = fmadd(x, b1, acc[i][1]);                                                                           \
      }                                                                                                                \
    }                                                                                                                  \
    if (width == 2 * W) {                                                                                              \
      _Pragma("GCC unroll 8") for (int i = 0; i < mr; i++) {                                                           \
        storeu(c + i * ldc, add_(loadu(c + i * ldc), acc[i][0]));                                                      \
        storeu(c + i * ldc + W, add_(loadu(c + i * ldc + W), acc[i][1]));                                              \
      }                                                                                                                \
      return;                                                                                                          \
    }                                                                                                                  \
    _Pragma("GCC unroll 8") for (int i = 0; i < mr; i++) {                                                             \
      _Alignas(64) T edge[2 * W] = {0};                                                                                \
      for (int64_t j = 0; j < width; j++) edge[j] = c[i * ldc + j];                                                    \
      store(edge, add_(load(edge), acc[i][0]));                                                                        \
      store(edge + W, add_(load(edge + W), acc[i][1]));                                                                \
      for (int64_t j = 0; j < width; j++) c[i * ldc + j] = edge[j];                                                    \
    }                                                                                                                  \
  }                                                                                                                    \
  INLINE void name##_rows_of(int64_t mr, bool packs, CpuElem type, const T *a, T *b, const char *from, int64_t row,    \
                             int64_t words, T *c, int64_t ldc, int64_t width) {                                        \
    switch (mr < MR ? mr : 0) {                                                                                        \
    case 1: name##_kernel(1, packs, type, a, b, from, row, words, c, ldc, width); break;                               \
    case 2: name##_kernel(2, packs, type, a, b, from, row, words, c, ldc, width); break;                               \
    case 3: name##_kernel(3, packs, type, a, b, from, row, words, c, ldc, width); break;                               \
    case 4: name##_kernel(MR < 4 ? MR : 4, packs, type, a, b, from, row, words, c, ldc, width); break;                 \
    case 5: name##_kernel(MR < 5 ? MR : 5, packs, type, a, b, from, row, words, c, ldc, width); break;                 \
    case 6: name##_kernel(MR < 6 ? MR : 6, packs, type, a, b, from, row, words, c, ldc, width); break;                 \
    case 7: name##_kernel(MR < 7 ? MR : 7, packs, type, a, b, from, row, words, c, ldc, width); break;                 \
    default: name##_kernel(MR, packs, type, a, b, from, row, words, c, ldc, width); break;                             \
    }                                                                                                                  \
  }                                                                                                                    \
  TARGET static void name##_rows(int64_t mr, const T *a, T *b, int64_t words, T *c, int64_t ldc, int64_t width) {      \
    name##_rows_of(mr, false, CPU_F32, a, b, (const char *)b, 0, words, c, ldc, width);                                \
  }                                                                                                                    \
  TARGET static void name##_first_rows(int64_t mr, CpuElem type, const T *a, T *b, const char *from, int64_t row,      \
                                       int64_t words, T *c, int64_t ldc) {                                             \
    /* one compiled loop for each type that words are loaded from */                                                   \
    if (loads_b_##name(CPU_BF16) && type == CPU_BF16)                                                                  \
      name##_rows_of(mr, true, CPU_BF16, a, b, from, row, words, c, ldc, 2 * W);                                       \
    if (loads_b_##name(CPU_F16) && type == CPU_F16)                                                                    \
      name##_rows_of(mr, true, CPU_F16, a, b, from, row, words, c, ldc, 2 * W);                                        \
    if (loads_b_##name(CPU_F32) && type == CPU_F32)                                                                    \
      name##_rows_of(mr, true, CPU_F32, a, b, from, row, words, c, ldc, 2 * W);                                        \
    if (loads_b_##name(CPU_F64) && type == CPU_F64)                                                                    \
      name##_rows_of(mr, true, CPU_F64, a, b, from, row, words, c, ldc, 2 * W);                                        \
  }                                                                                                                    \
  /* kc elements along k as words. */                                                                                  \
  INLINE void name##_line(T *out, CpuElem type, const char *p, int64_t k_step, int64_t kc, bool is_b) {                \
    int64_t whole = kc / GROUP, rest = kc % GROUP;                                                                     \
    read_##name(out, type, p, GROUP * k_step, whole, k_step, GROUP, is_b);                                             \
    if (rest) read_##name(out + whole, type, p + whole * GROUP * k_step, 0, 1, k_step, rest, is_b);                    \
  }                                                                                                                    \
  /* B's rows are contiguous: a few at a time, each across all panels, for memory is read fast in long runs. */        \
  INLINE void name##_pack_across(T *out, CpuElem type, const char *base, int64_t row, int64_t bytes, int64_t kc,       \
                                 int64_t nc) {                                                                         \
    int64_t words = div_up(kc, GROUP);                                                                                 \
    for (int64_t w0 = 0; w0 < words; w0 += ROWS_AT_ONCE)                                                               \
      for (int64_t j = 0; j < nc; j += 2 * W)                                                                          \
        for (int64_t w = w0; w < min64(words, w0 + ROWS_AT_ONCE); w++) {                                               \
          T *to = out + j * words + w * 2 * W;                                                                         \
          const char *from = base + w * GROUP * row + j * bytes;                                                       \
          int64_t width = min64(2 * W, nc - j), group = min64(GROUP, kc - w * GROUP);                                  \
          if (width == 2 * W && group == GROUP) {                                                                      \
            read_##name(to, type, from, bytes, 2 * W, row, GROUP, true);                                               \
            continue;                                                                                                  \
          }                                                                                                            \
          memset(to, 0, 2 * W * sizeof(T));                                                                            \
          read_##name(to, type, from, bytes, width, row, group, true);                                                 \
        }                                                                                                              \
  }                                                                                                                    \
  /* B's columns are contiguous: as many as a vector has lanes at a time, turned in squares. */                        \
  INLINE void name##_pack_down(T *out, CpuElem type, const char *base, int64_t row, int64_t col, int64_t kc,           \
                               int64_t nc) {                                                                           \
    int64_t words = div_up(kc, GROUP);                                                                                 \
    _Alignas(64) T lines[W * RT_KC];                                                                                   \
    for (int64_t j = 0; j < nc; j += W) {                                                                              \
      int64_t width = min64(W, nc - j), w = 0;                                                                         \
      T *to = out + j / (2 * W) * 2 * W * words + j % (2 * W);                                                         \
      bool in_place = type == CPU_F32 && loads_b_##name(type) && width == W;                                           \
      if (in_place) {                                                                                                  \
        const char *from = base + j * col;                                                                             \
        for (; w + W <= words; w += W)                                                                                 \
          turn_##name(to + w * 2 * W, (const T *)(const void *)(from + w * row), col / row);                           \
        for (; w < words; w++) read_##name(to + w * 2 * W, type, from + w * row, col, W, row, GROUP, true);            \
      } else {                                                                                                         \
        for (int64_t s = 0; s < width; s++) name##_line(lines + s * RT_KC, type, base + (j + s) * col, row, kc, true); \
        for (int64_t s = width; s < W; s++) memset(lines + s * RT_KC, 0, (size_t)words * sizeof(T));                   \
        for (; w + W <= words; w += W) turn_##name(to + w * 2 * W, lines + w, RT_KC);                                  \
        for (; w < words; w++)                                                                                         \
          for (int64_t s = 0; s < W; s++) to[w * 2 * W + s] = lines[s * RT_KC + w];                                    \
      }                                                                                                                \
      if (j % (2 * W) == 0 && j + W >= nc) /* the second half of the last panel */                                     \
        for (w = 0; w < words; w++) memset(to + w * 2 * W + W, 0, W * sizeof(T));                                      \
    }                                                                                                                  \
  }                                                                                                                    \
  TARGET static void name##_pack_b(T *out, const CpuDot *d, int64_t p0, int64_t j0, int64_t kc, int64_t nc) {          \
    CpuElem type = (CpuElem)d->b_type;                                                                                 \
    int64_t bytes = rt_elem_bytes(type), row = d->b_row * bytes, col = d->b_col * bytes, words = div_up(kc, GROUP);    \
    const char *base = (const char *)d->b + p0 * row + j0 * col;                                                       \
    if (d->b_row == 1 && d->b_col != 1) {                                                                              \
      name##_pack_down(out, type, base, row, col, kc, nc);                                                             \
      return;                                                                                                          \
    }                                                                                                                  \
    if (d->b_col == 1) {                                                                                               \
      switch (type) { /* one compiled loop for each common type */                                                     \
      case CPU_F32: name##_pack_across(out, CPU_F32, base, row, 4, kc, nc); return;                                    \
      case CPU_BF16: name##_pack_across(out, CPU_BF16, base, row, 2, kc, nc); return;                                  \
      case CPU_F16: name##_pack_across(out, CPU_F16, base, row, 2, kc, nc); return;                                    \
      default: name##_pack_across(out, type, base, row, bytes, kc, nc); return;                                        \
      }                                                                                                                \
    }                                                                                                                  \
    for (int64_t j = 0; j < nc; j += 2 * W, out += 2 * W * words) {                                                    \
      int64_t width = min64(2 * W, nc - j);                                                                            \
      if (width < 2 * W) memset(out, 0, (size_t)(2 * W * words) * sizeof(T));                                          \
      for (int64_t w = 0; w < words; w++)                                                                              \
        read_##name(out + w * 2 * W, type, base + w * GROUP * row + j * col, col, width, row,                          \
                    min64(GROUP, kc - w * GROUP), true);                                                               \
    }                                                                                                                  \
  }                                                                                                                    \
  TARGET static void name##_pack_a(T *out, const CpuDot *d, int64_t i0, int64_t p0, int64_t mc, int64_t kc) {          \
    CpuElem type = (CpuElem)d->a_type;                                                                                 \
    int64_t bytes = rt_elem_bytes(type), row = d->a_row * bytes, col = d->a_col * bytes;                               \
    const char *base = (const char *)d->a + i0 * row + p0 * col;                                                       \
    for (int64_t i = 0; i < mc; i++) name##_line(out + i * ROWS_A, type, base + i * row, col, kc, false);              \
  }                                                                                                                    \
  /* What pack_a will read of these rows, if they are contiguous. */                                                   \
  INLINE void name##_fetch_a(const CpuDot *d, int64_t i0, int64_t p0, int64_t mc, int64_t kc) {                        \
    int64_t bytes = rt_elem_bytes((CpuElem)d->a_type);                                                                 \
    const char *at = (const char *)d->a + (i0 * d->a_row + p0) * bytes;                                                \
    for (int64_t i = 0; i < mc; i++, at += d->a_row * bytes)                                                           \
      for (int64_t line = 0; line < kc * bytes; line += 64) __builtin_prefetch(at + line);                             \
  }                                                                                                                    \
  /* c += a b for a chunk of k, rows [i, i + mc) and columns [j, j + nc). Of `fresh` columns b is not packed yet. */   \
  INLINE void name##_block(const CpuDot *d, T *a, T *b, int64_t i, int64_t p, int64_t j, int64_t mc,                   \
                           int64_t kc, int64_t nc, int64_t fresh) {                                                    \
    int64_t words = div_up(kc, GROUP), nblocks = div_up(mc, MR);                                                       \
    int64_t base = mc / nblocks, longer = mc % nblocks; /* rows are shared out evenly */                               \
    int64_t bytes = rt_elem_bytes((CpuElem)d->b_type), row = d->b_row * bytes;                                         \
    const char *from = (const char *)d->b + p * row + j * bytes;                                                       \
    for (int64_t s = 0; s < nc; s += 2 * W) {                                                                          \
      T *c = (T *)d->c + i * d->c_row + j + s;                                                                         \
      for (int64_t r = 0, block = 0; block < nblocks; block++) {                                                       \
        int64_t mr = base + (block < longer);                                                                          \
        if (!s && d->a_col == 1) {                                                                                     \
          name##_pack_a(a + r * ROWS_A, d, i + r, p, mr, kc);                                                          \
          if (block + 1 < nblocks) name##_fetch_a(d, i + r + mr, p, base, kc);                                         \
        }                                                                                                              \
        if (s < fresh && !block)                                                                                       \
          name##_first_rows(mr, (CpuElem)d->b_type, a, b + s * words, from + s * bytes, row, words, c, d->c_row);      \
        else                                                                                                           \
          name##_rows(mr, a + r * ROWS_A, b + s * words, words, c + r * d->c_row, d->c_row, min64(2 * W, nc - s));     \
        r += mr;                                                                                                       \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  TARGET static void name##_dot(const CpuDot *d) {                                                                     \
    T *pack_b = rt_fma_area(d), *pack_a = pack_b + rt_panels(min64(d->n, RT_NC), 2 * W) * min64(d->k, RT_KC);          \
    for (int64_t j = 0; j < d->n; j += RT_NC)                                                                          \
      for (int64_t p = 0; p < d->k; p += RT_KC) {                                                                      \
        int64_t nc = min64(RT_NC, d->n - j), kc = min64(RT_KC, d->k - p);                                              \
        int64_t fresh = d->b_col == 1 && loads_b_##name((CpuElem)d->b_type) ? nc / (2 * W) * (2 * W) : 0;              \
        if (fresh < nc) name##_pack_b(pack_b + fresh * div_up(kc, GROUP), d, p, j + fresh, kc, nc - fresh);            \
        for (int64_t i = 0; i < d->m; i += RT_MC) {                                                                    \
          int64_t mc = min64(RT_MC, d->m - i);                                                                         \
          if (d->a_col != 1) name##_pack_a(pack_a, d, i, p, mc, kc);                                                   \
          name##_block(d, pack_a, pack_b, i, p, j, mc, kc, nc, i ? 0 : fresh);                                         \
        }                                                                                                              \
      }                                                                                                                \
  }

/* Elements of 4 or 8 bytes as they are. */
static inline __attribute__((always_inline)) void rt_read_same(void *out, int64_t bytes, const char *p, int64_t step,
                                                               int64_t n) {
  if (step == bytes)
    memcpy(out, p, (size_t)(n * bytes));
  else if (bytes == 8)
    for (int64_t i = 0; i < n; i++) memcpy((char *)out + i * 8, p + i * step, 8);
  else
    for (int64_t i = 0; i < n; i++) memcpy((char *)out + i * 4, p + i * step, 4);
}

/* The words of 8-bit elements of GROUP bytes, each xored with `flip`. */
static inline __attribute__((always_inline)) void rt_read_quads(uint32_t *out, const char *p, int64_t step, int64_t n,
                                                                int64_t k_step, int64_t group, uint8_t flip) {
  uint32_t all = flip * 0x01010101u;
  if (k_step == 1 && group == 4) {
    for (int64_t i = 0; i < n; i++) {
      memcpy(&out[i], p + i * step, 4);
      out[i] ^= all;
    }
    return;
  }
  if (step == 1 && group == 4) {
    const uint8_t *q = (const uint8_t *)p;
    for (int64_t i = 0; i < n; i++)
      out[i] = (q[i] | (uint32_t)q[i + k_step] << 8 | (uint32_t)q[i + 2 * k_step] << 16 |
                (uint32_t)q[i + 3 * k_step] << 24) ^
               all;
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    uint32_t x = 0;
    for (int64_t g = 0; g < group; g++) x |= (uint32_t)(uint8_t)p[i * step + g * k_step] << 8 * g;
    out[i] = x ^ all;
  }
}

/* For products of quads whose highest bits were flipped, so that the instruction's signs fit: with x = a + za and
 * y = b - zb the product of x and y is there, and
 *     sum a b = sum x y + zb sum a - za sum b + za zb k,
 * where k counts whole quads. Adds all but the first to c. */
void rt_dot_correct(const CpuDot *d, int32_t za, int32_t zb);

#endif
