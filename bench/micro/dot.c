/* dot.c: speed and error of the dot micro-kernels, apart from compiler and launch.
 *
 *   dot speed [SET]    GFLOP/s of whole matrix products done as a kernel does them: a tile of c in scratch, one call of
 *                      ttc_rt_dot for each step of k straight from the operands, on 1 and on all threads of the pool
 *   dot error          largest and mean error against f64 for f32 operands of several distributions, tiles against FMA,
 *                      in units of 2^-24 * sum |a b|
 */
#include "cpu/rt/rt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Shape {
  int64_t m, n, k, bm, bn, bk;
} Shape;
typedef struct Case {
  Shape s;
  CpuElem type;
  bool a_columns, b_columns;
  void *a, *b;
  float *c;
} Case;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t seed = 88172645463325252u;
static double uniform(void) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (double)(seed >> 11) / 9007199254740992.0;
}
static double normal(void) { return sqrt(-2 * log(uniform() + 1e-300)) * cos(6.283185307179586 * uniform()); }

static void store_elem(CpuElem type, void *p, int64_t i, double x) {
  float f = (float)x;
  uint32_t bits;
  memcpy(&bits, &f, 4);
  if (type == CPU_F32) ((float *)p)[i] = f;
  if (type == CPU_F64) ((double *)p)[i] = x;
  if (type == CPU_BF16) ((uint16_t *)p)[i] = (uint16_t)(bits >> 16);
  if (type == CPU_F16) ((uint16_t *)p)[i] = (uint16_t)ir_float_encode(F16, x);
  if (type == CPU_I8 || type == CPU_U8) ((int8_t *)p)[i] = (int8_t)(x * 40);
  if (type == CPU_F8E4M3FN) ((uint8_t *)p)[i] = (uint8_t)ir_float_encode(F8E4M3FN, x);
}

/* One program: a tile of c. */
static void program(const Case *x, uint64_t pid, char *scratch) {
  const Shape *s = &x->s;
  int64_t across = s->n / s->bn, i = (int64_t)pid / across * s->bm, j = (int64_t)pid % across * s->bn;
  int64_t bytes = rt_elem_bytes(x->type), c_bytes = x->type == CPU_F64 ? 8 : 4;
  CpuElem c_type = x->type == CPU_F64 ? CPU_F64 : x->type == CPU_I8 || x->type == CPU_U8 ? CPU_I32 : CPU_F32;
  CpuDot d = {.m = s->bm,
              .n = s->bn,
              .k = s->bk,
              .c = scratch,
              .c_row = s->bn,
              .a_type = x->type,
              .b_type = x->type,
              .c_type = c_type};
  d.a_row = x->a_columns ? 1 : s->k, d.a_col = x->a_columns ? s->m : 1;
  d.b_row = x->b_columns ? 1 : s->n, d.b_col = x->b_columns ? s->k : 1;
  d.pack = scratch + (s->bm * s->bn * c_bytes + 63) / 64 * 64;
  memset(scratch, 0, (size_t)(s->bm * s->bn * c_bytes));
  for (int64_t p = 0; p < s->k; p += s->bk) {
    d.a = (char *)x->a + (i * d.a_row + p * d.a_col) * bytes;
    d.b = (char *)x->b + (p * d.b_row + j * d.b_col) * bytes;
    ttc_rt_dot(&d);
  }
  for (int64_t r = 0; r < s->bm; r++)
    memcpy((char *)x->c + ((i + r) * s->n + j) * c_bytes, scratch + r * s->bn * c_bytes, (size_t)(s->bn * c_bytes));
}

static void run_programs(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch) {
  (void)grid;
  for (uint64_t p = begin; p < end; p++) program(args[0], p, scratch);
}

static size_t scratch_bytes(const Case *x) {
  size_t c = (size_t)(x->s.bm * x->s.bn * 8 + 64);
  return c + rt_dot_pack_bytes(x->s.bm, x->s.bn, x->s.bk, x->type, x->type);
}

static double gflops(const Case *x, bool threads) {
  uint32_t n = (uint32_t)(x->s.m / x->s.bm * (x->s.n / x->s.bn)), grid[3] = {n, 1, 1};
  const void *args[] = {x};
  static char *scratch;
  if (!scratch) scratch = aligned_alloc(4096, 64 << 20);
  double best = 1e9;
  char error[200];
  for (int r = 0; r < 12; r++) {
    double t = now();
    if (threads)
      cpu_pool_run(run_programs, args, grid, scratch_bytes(x), error, sizeof error);
    else
      run_programs(args, grid, 0, n, scratch);
    t = now() - t;
    if (t < best) best = t;
  }
  return 2.0 * (double)x->s.m * (double)x->s.n * (double)x->s.k / best * 1e-9;
}

static void speed(void) {
  static const Shape shapes[] = {
      {1024, 1024, 1024, 128, 256, 64}, {1024, 1024, 1024, 128, 128, 32}, {1024, 1024, 1024, 64, 64, 64},
      {1024, 1024, 1024, 64, 64, 32},   {1024, 1024, 1024, 32, 32, 32},   {1024, 1024, 1024, 128, 128, 128},
      {1024, 1024, 1024, 16, 256, 64},
  };
  static const struct {
    const char *name;
    CpuElem type;
    bool a_columns, b_columns;
  } kinds[] = {{"f32", CPU_F32, 0, 0},   {"f32 bT", CPU_F32, 0, 1},   {"f32 aT", CPU_F32, 1, 0},
               {"bf16", CPU_BF16, 0, 0}, {"bf16 bT", CPU_BF16, 0, 1}, {"bf16 aT", CPU_BF16, 1, 0},
               {"f16", CPU_F16, 0, 0},   {"f16 bT", CPU_F16, 0, 1},   {"f8", CPU_F8E4M3FN, 0, 0},
               {"i8", CPU_I8, 0, 0},     {"i8 bT", CPU_I8, 0, 1},     {"f64", CPU_F64, 0, 0}};
  size_t most = 1024 * 1024 * 8;
  for (size_t k = 0; k < COUNT(kinds); k++) {
    Case x = {.type = kinds[k].type, .a_columns = kinds[k].a_columns, .b_columns = kinds[k].b_columns};
    x.a = aligned_alloc(4096, most), x.b = aligned_alloc(4096, most), x.c = aligned_alloc(4096, most);
    for (int64_t i = 0; i < 1024 * 1024; i++)
      store_elem(x.type, x.a, i, normal()), store_elem(x.type, x.b, i, normal());
    for (size_t s = 0; s < COUNT(shapes); s++) {
      x.s = shapes[s];
      double one = gflops(&x, false), all = gflops(&x, true);
      printf("%-8s %4lld^3 tile %3lldx%3lldx%3lld  %8.1f  %8.1f GFLOP/s\n", kinds[k].name, (long long)x.s.m,
             (long long)x.s.bm, (long long)x.s.bn, (long long)x.s.bk, one, all);
    }
    free(x.a), free(x.b), free(x.c);
  }
}

/* ---- error ------------------------------------------------------------------------------------------------------- */

static double draw(int distribution) {
  switch (distribution) {
  case 0: return normal();
  case 1: return uniform();
  case 2: return normal() * pow(2, floor(uniform() * 40 - 20));        /* wide */
  case 3: return 1 + uniform() * 1e-3;                                 /* nearly equal */
  default: return (uniform() < 0.5 ? -1 : 1) * (1 + uniform() * 1e-6); /* cancels */
  }
}

static void error_of(const char *name, const float *a, const float *b, int64_t n, int64_t k, int64_t bk, char *pack) {
  float *c = calloc((size_t)(n * n), sizeof *c);
  for (int64_t p = 0; p < k; p += bk) {
    CpuDot d = {.m = n,
                .n = n,
                .k = bk,
                .a = a + p,
                .b = b + p * n,
                .c = c,
                .a_row = k,
                .a_col = 1,
                .b_row = n,
                .b_col = 1,
                .c_row = n,
                .a_type = CPU_F32,
                .b_type = CPU_F32,
                .c_type = CPU_F32,
                .pack = pack};
    ttc_rt_dot(&d);
  }
  double worst = 0, sum = 0, bias = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      double exact = 0, size = 0;
      for (int64_t p = 0; p < k; p++)
        exact += (double)a[i * k + p] * b[p * n + j], size += fabs((double)a[i * k + p] * b[p * n + j]);
      double e = ((double)c[i * n + j] - exact) / size * 16777216.0;
      if (fabs(e) > worst) worst = fabs(e);
      sum += e * e;
      bias += e;
    }
  printf("  %-7s max %8.4f rms %8.4f mean %8.4f", name, worst, sqrt(sum / (double)(n * n)), bias / (double)(n * n));
  free(c);
}

static void error(void) {
  static const char *const names[] = {"normal", "uniform", "wide", "nearly equal", "cancelling"};
  int64_t n = 64;
  char *pack = aligned_alloc(64, rt_dot_pack_bytes(n, n, 2048, CPU_F32, CPU_F32) / 64 * 64 + 64);
  for (int distribution = 0; distribution < 5; distribution++)
    for (int64_t k = 32; k <= 2048; k *= 8)
      for (int64_t bk = 32; bk <= k; bk *= 4) {
        float *a = malloc((size_t)(n * k) * 4), *b = malloc((size_t)(n * k) * 4);
        for (int64_t i = 0; i < n * k; i++) a[i] = (float)draw(distribution), b[i] = (float)draw(distribution);
        printf("%-13s k %4lld by %4lld:", names[distribution], (long long)k, (long long)bk);
        rt_dot_force(NULL);
        error_of("tiles", a, b, n, k, bk, pack);
        rt_dot_force(&rt_dot_avx512);
        error_of("fma", a, b, n, k, bk, pack);
        printf("\n");
        free(a), free(b);
      }
  rt_dot_force(NULL);
  free(pack);
}

int main(int argc, char **argv) {
  static const RtDotSet *const sets[] = {
      &rt_dot_generic,
#if defined(__x86_64__)
      &rt_dot_avx2,
      &rt_dot_avx512,
      &rt_dot_avx512_bf16,
#elif defined(__aarch64__)
      &rt_dot_neon,
#endif
  };
  if (argc > 1 && !strcmp(argv[1], "error")) {
    error();
    return 0;
  }
  for (size_t i = 0; argc > 2 && i < COUNT(sets); i++)
    if (!strcmp(sets[i]->name, argv[2])) rt_dot_force(sets[i]);
  speed();
  return 0;
}
