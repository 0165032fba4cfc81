/* dot.c: tl.dot at run time: which micro-kernel a call takes, and the portable one.
 *
 * The instruction sets form a list from strong to weak. For each kind of matmul (RtDotSet) the first one in the list
 * that the CPU has and that implements the kind is used; the list ends with plain C, which implements all of
 * them. The choice is made once.
 *
 * Precision. Products and sums are at least f32 for floating-point types, and exact i32 (wrapping) for integers. f16
 * and f8 inputs are exact in f32. A c of f16 is widened to f32, added to, and rounded once.
 */
#include "cpu/rt/dot_rows.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- plain C ----------------------------------------------------------------------------------------------------- */

/* Matrix elements as T, row by row: out[i][j], rows of `width`. */
#define DEFINE_GENERIC(T, name, VIA)                                                                                   \
  static void unpack_##name(T *out, const void *base, int32_t type, int64_t row, int64_t col, int64_t nrows,           \
                            int64_t ncols) {                                                                           \
    for (int64_t i = 0; i < nrows; i++)                                                                                \
      for (int64_t j = 0; j < ncols; j++)                                                                              \
        out[i * ncols + j] = (T)(VIA)rt_elem_value((CpuElem)type, base, i * row + j * col);                            \
  }                                                                                                                    \
  static void generic_##name(const CpuDot *d) {                                                                        \
    enum { ROWS = 16, COLS = 64, DEPTH = 64 };                                                                         \
    T a[ROWS * DEPTH], b[DEPTH * COLS], sum[COLS];                                                                     \
    int64_t a_bytes = rt_elem_bytes((CpuElem)d->a_type), b_bytes = rt_elem_bytes((CpuElem)d->b_type);                  \
    for (int64_t j = 0; j < d->n; j += COLS)                                                                           \
      for (int64_t p = 0; p < d->k; p += DEPTH) {                                                                      \
        int64_t nc = min64(COLS, d->n - j), kc = min64(DEPTH, d->k - p);                                               \
        unpack_##name(b, (const char *)d->b + (p * d->b_row + j * d->b_col) * b_bytes, d->b_type, d->b_row, d->b_col,  \
                      kc, nc);                                                                                         \
        for (int64_t i = 0; i < d->m; i += ROWS) {                                                                     \
          int64_t mc = min64(ROWS, d->m - i);                                                                          \
          unpack_##name(a, (const char *)d->a + (i * d->a_row + p * d->a_col) * a_bytes, d->a_type, d->a_row,          \
                        d->a_col, mc, kc);                                                                             \
          for (int64_t r = 0; r < mc; r++) {                                                                           \
            T *c = (T *)d->c + (i + r) * d->c_row + j;                                                                 \
            for (int64_t s = 0; s < nc; s++) sum[s] = 0;                                                               \
            for (int64_t q = 0; q < kc; q++)                                                                           \
              for (int64_t s = 0; s < nc; s++) sum[s] += a[r * kc + q] * b[q * nc + s];                                \
            for (int64_t s = 0; s < nc; s++) c[s] += sum[s];                                                           \
          }                                                                                                            \
        }                                                                                                              \
      }                                                                                                                \
  }
DEFINE_GENERIC(float, f32, float)
DEFINE_GENERIC(double, f64, double)
DEFINE_GENERIC(uint32_t, i32, int64_t) /* unsigned: wraps where i32 would */

static void generic_i8(const CpuDot *d) { generic_i32(d); }

const RtDotSet rt_dot_generic = {.name = "generic",
                                 .f32 = RT_FOR(RT_ANY_F32, generic_f32),
                                 .i8 = RT_FOR(RT_KIND_i8, generic_i8),
                                 .f64 = RT_FOR(RT_KIND_f64, generic_f64)};

/* ---- choosing ---------------------------------------------------------------------------------------------------- */

static RtDotSet chosen;
static _Atomic(const RtDotSet *) forced;

static void weaken_to(RtDotSet *set, const RtDotSet *weaker) {
  if (!set->f32) set->f32 = weaker->f32;
  if (!set->bf16) set->bf16 = weaker->bf16;
  if (!set->f16) set->f16 = weaker->f16;
  if (!set->f32_split) set->f32_split = weaker->f32_split;
  if (!set->f8) set->f8 = weaker->f8;
  if (!set->i8) set->i8 = weaker->i8;
  if (!set->f64) set->f64 = weaker->f64;
  if (!set->few) set->few = weaker->few;
}

const RtDotChoice *rt_dot_choices(size_t *n) {
  static RtDotChoice choices[8];
  const RtCpu *cpu = rt_cpu();
  (void)cpu;
  size_t i = 0;
#if defined(__x86_64__)
#if RT_HAS_AMX
  choices[i++] = (RtDotChoice){&rt_dot_amx, cpu->amx_bf16 && cpu->amx_int8};
#endif
  choices[i++] = (RtDotChoice){&rt_dot_avx512_bf16, cpu->avx512_bf16};
  choices[i++] = (RtDotChoice){&rt_dot_avx512_vnni, cpu->avx512_vnni};
  choices[i++] = (RtDotChoice){&rt_dot_avx512_i16, cpu->avx512};
  choices[i++] = (RtDotChoice){&rt_dot_avx512, cpu->avx512};
  choices[i++] = (RtDotChoice){&rt_dot_avx_vnni, cpu->avx_vnni};
  choices[i++] = (RtDotChoice){&rt_dot_avx2, cpu->avx2};
#elif defined(__aarch64__)
  choices[i++] = (RtDotChoice){&rt_dot_neon_bf16, cpu->neon_bf16};
  choices[i++] = (RtDotChoice){&rt_dot_neon_i8, cpu->neon_dotprod};
  choices[i++] = (RtDotChoice){&rt_dot_neon, cpu->neon};
#endif
  choices[i++] = (RtDotChoice){&rt_dot_generic, true};
  *n = i;
  return choices;
}

/* TRITONC_CPU_DOT=NAME leaves out what is stronger than the set of that name. */
static void choose(void) {
  size_t n, from = 0;
  const RtDotChoice *choices = rt_dot_choices(&n);
  const char *wanted = getenv("TRITONC_CPU_DOT");
  if (wanted && *wanted) {
    while (from < n && !(choices[from].here && !strcmp(choices[from].set->name, wanted))) from++;
    if (from == n) {
      fprintf(stderr, "tritonc: TRITONC_CPU_DOT is \"%s\", but this processor has", wanted);
      for (from = 0; from < n; from++)
        if (choices[from].here) fprintf(stderr, " %s", choices[from].set->name);
      fprintf(stderr, "; the strongest is used\n");
      from = 0;
    }
  }
  for (; from < n; from++)
    if (choices[from].here) weaken_to(&chosen, choices[from].set);
}

void rt_dot_force(const RtDotSet *set) {
  static RtDotSet whole;
  atomic_store(&forced, NULL);
  if (!set) return;
  whole = *set;
  weaken_to(&whole, &rt_dot_generic);
  atomic_store(&forced, &whole);
}

static const RtDotSet *dot_set(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  const RtDotSet *set = atomic_load_explicit(&forced, memory_order_acquire);
  if (set) return set;
  pthread_once(&once, choose);
  return &chosen;
}

static bool knows_set(void (*run)(const CpuDot *)) {
#if RT_HAS_AMX
  const RtDotSet *s = &rt_dot_amx;
  return run == s->bf16 || run == s->f16 || run == s->f32_split || run == s->f8 || run == s->i8;
#else
  (void)run;
  return false;
#endif
}

/* Below this many products the setting up of tiles costs more than they save. */
enum { SMALL = 8 * 16 * 32 };

typedef void (*MicroKernel)(const CpuDot *d);

/* With so few rows b is read where it is, whatever unit could multiply it: memory binds. Elements of 16 bits are
 * converted once for each four rows. */
static bool reads_b_in_place(const CpuDot *d) {
  CpuElem b = (CpuElem)d->b_type;
  int64_t most = b == CPU_F32 ? RT_FEW : b == CPU_BF16 || b == CPU_F16 ? RT_FEW / 2 : 0;
  return d->m <= most && (d->b_row == 1 || d->b_col == 1);
}

static MicroKernel kernel_for(const CpuDot *d) {
  const RtDotSet *set = dot_set();
  CpuElem a = (CpuElem)d->a_type, b = (CpuElem)d->b_type;
  if (a == CPU_F64) return set->f64;
  if (d->c_type == CPU_I32) return set->i8;
  if (set->few && reads_b_in_place(d)) return set->few;
  if (d->m * d->n * d->k <= SMALL) return set->f32;
  if (a == CPU_F32 && b == CPU_F32 && set->f32_split) return set->f32_split;
  if (a == CPU_BF16 && b == CPU_BF16 && set->bf16) return set->bf16;
  if (a == CPU_F16 && b == CPU_F16 && set->f16) return set->f16;
  if (rt_is_f8(a) && rt_is_f8(b) && set->f8) return set->f8;
  return set->f32;
}

const char *rt_dot_set_name(const CpuDot *d) {
  size_t n;
  const RtDotChoice *choices = rt_dot_choices(&n);
  MicroKernel run = kernel_for(d);
  for (size_t i = 0; i < n; i++) {
    const RtDotSet *s = choices[i].set;
    const MicroKernel all[] = {s->f32, s->bf16, s->f16, s->f32_split, s->f8, s->i8, s->f64, s->few};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
      if (choices[i].here && all[k] == run) return s->name;
  }
  return "generic";
}

static void dispatch(const CpuDot *d) {
  MicroKernel run = kernel_for(d);
  if ((d->flags & DOT_SET) && !knows_set(run)) rt_dot_clear(d);
  run(d);
}

/* c is f16: a block of it at a time is widened, added to and rounded back. */
static void dot_to_f16(const CpuDot *d) {
  int64_t a_bytes = rt_elem_bytes((CpuElem)d->a_type), b_bytes = rt_elem_bytes((CpuElem)d->b_type);
  float *wide = rt_wide_area(d);
  for (int64_t i = 0; i < d->m; i += RT_MC)
    for (int64_t j = 0; j < d->n; j += RT_NC) {
      int64_t mc = min64(RT_MC, d->m - i), nc = min64(RT_NC, d->n - j);
      uint16_t *c = (uint16_t *)d->c + i * d->c_row + j;
      rt_widen_f16(wide, nc, c, d->c_row, mc, nc);
      CpuDot part = *d;
      part.m = mc;
      part.n = nc;
      part.a = (const char *)d->a + i * d->a_row * a_bytes;
      part.b = (const char *)d->b + j * d->b_col * b_bytes;
      part.c = wide;
      part.c_row = nc;
      part.c_type = CPU_F32;
      dispatch(&part);
      rt_narrow_f16(c, d->c_row, wide, nc, mc, nc);
    }
}

void ttc_rt_dot(const CpuDot *d) {
  if (d->c_type == CPU_F16)
    dot_to_f16(d);
  else
    dispatch(d);
}
