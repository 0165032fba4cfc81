/* test_cpu_rt.c: the CPU's run-time library: dot on every instruction set this machine has, against sums in double;
 * transposes; device_print. */
#include "cpu/rt/rt.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t seed = 88172645463325252u;
static uint64_t next_bits(void) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return seed;
}
static double uniform(void) { return (double)(next_bits() >> 11) / 9007199254740992.0; }

/* ---- instruction sets -------------------------------------------------------------------------------------------- */

/* What is forced in turn; NULL is the library's own choice. Only what the processor has. */
static size_t available_sets(const RtDotSet *sets[16]) {
  size_t n = 0, nchoices;
  const RtDotChoice *choices = rt_dot_choices(&nchoices);
  sets[n++] = NULL;
  for (size_t i = 0; i < nchoices; i++)
    if (choices[i].here) sets[n++] = choices[i].set;
  return n;
}

/* ---- dot --------------------------------------------------------------------------------------------------------- */

static void put(CpuElem type, void *p, int64_t i, double x) {
  switch (type) {
  case CPU_F32: ((float *)p)[i] = (float)x; break;
  case CPU_F64: ((double *)p)[i] = x; break;
  case CPU_F16: ((uint16_t *)p)[i] = (uint16_t)ir_float_encode(F16, x); break;
  case CPU_BF16: ((uint16_t *)p)[i] = (uint16_t)ir_float_encode(BF16, x); break;
  case CPU_F8E4M3FN: ((uint8_t *)p)[i] = (uint8_t)ir_float_encode(F8E4M3FN, x); break;
  case CPU_F8E5M2: ((uint8_t *)p)[i] = (uint8_t)ir_float_encode(F8E5M2, x); break;
  case CPU_I32: ((int32_t *)p)[i] = (int32_t)x; break;
  default: ((uint8_t *)p)[i] = (uint8_t)(int)x; break;
  }
}

typedef enum Order { ROWS, COLUMNS, SPREAD } Order;

/* Elements of a matrix and the strides they lie at. */
typedef struct Matrix {
  void *data;
  int64_t row, col;
  CpuElem type;
} Matrix;

static Matrix matrix(CpuElem type, int64_t rows, int64_t cols, Order order, int64_t pad) {
  Matrix m = {.type = type};
  m.row = order == ROWS ? cols + pad : order == COLUMNS ? 1 : 2 * cols + pad;
  m.col = order == ROWS ? 1 : order == COLUMNS ? rows + pad : 2;
  int64_t n = rows * m.row + cols * m.col + 1;
  m.data = malloc((size_t)(n * rt_elem_bytes(type)));
  for (int64_t i = 0; i < n; i++) {
    bool integer = type == CPU_I8 || type == CPU_U8 || type == CPU_I32;
    double x = integer ? (double)(next_bits() % 256) : (uniform() - 0.5) * 4;
    if (type == CPU_I8 || type == CPU_I32) x -= 128;
    put(type, m.data, i, x);
  }
  return m;
}

static double at(const Matrix *m, int64_t i, int64_t j) {
  return rt_elem_value(m->type, m->data, i * m->row + j * m->col);
}

/* The guard words behind the packing area and around c must stay. */
enum { GUARD = 64 };

static void check_dot_flags(const RtDotSet *set, int32_t flags, CpuElem a_type, CpuElem b_type, CpuElem c_type,
                            int64_t m, int64_t n, int64_t k, Order a_order, Order b_order) {
  Matrix a = matrix(a_type, m, k, a_order, 3), b = matrix(b_type, k, n, b_order, 5);
  Matrix c = matrix(c_type, m + 1, n, ROWS, 7);
  int64_t c_bytes = rt_elem_bytes(c_type), c_size = ((m + 1) * c.row + n + 1) * c_bytes;
  for (int64_t i = 0; i < m && flags & DOT_SET; i++) /* must not matter, NaNs least of all */
    memset((char *)c.data + i * c.row * c_bytes, 0xff, (size_t)(n * c_bytes));
  Matrix before = c;
  before.data = malloc((size_t)c_size);
  memcpy(before.data, c.data, (size_t)c_size);
  size_t pack_bytes = rt_dot_pack_bytes(m, n, k, a_type, b_type);
  char *pack = aligned_alloc(64, (pack_bytes + GUARD + 63) / 64 * 64);
  memset(pack, 0x5a, pack_bytes + GUARD);
  CpuDot d = {.m = m,
              .n = n,
              .k = k,
              .a = a.data,
              .b = b.data,
              .c = c.data,
              .a_row = a.row,
              .a_col = a.col,
              .b_row = b.row,
              .b_col = b.col,
              .c_row = c.row,
              .a_type = (int32_t)a_type,
              .b_type = (int32_t)b_type,
              .c_type = (int32_t)c_type,
              .flags = flags,
              .pack = pack};
  rt_dot_force(set);
  ttc_rt_dot(&d);
  rt_dot_force(NULL);
  for (size_t i = 0; i < GUARD; i++) assert_int_equal(pack[pack_bytes + i], 0x5a);
  double unit = c_type == CPU_F64 ? 0x1p-53 : 0x1p-24;
  /* Under an emulator the sums in double take most of the time: a sample of them will do. */
  int64_t every = getenv("TRITONC_TEST_SMALL") ? 1 + m * n * k / 10000 : 1;
  for (int64_t i = 0; i <= m; i++)
    for (int64_t j = 0; j < c.row && i * c.row + j < (m + 1) * c.row; j++) {
      if (i == m || j >= n) { /* not c's */
        assert_memory_equal((char *)c.data + (i * c.row + j) * c_bytes, (char *)before.data + (i * c.row + j) * c_bytes,
                            (size_t)c_bytes);
        continue;
      }
      if ((i * n + j) % every) continue;
      double sum = flags & DOT_SET ? 0 : at(&before, i, j), size = fabs(sum);
      for (int64_t p = 0; p < k; p++) sum += at(&a, i, p) * at(&b, p, j), size += fabs(at(&a, i, p) * at(&b, p, j));
      double got = at(&c, i, j), allowed = c_type == CPU_I32 ? 0 : size * unit * (double)(k + 2);
      if (c_type == CPU_F16) allowed += fabs(sum) * 0x1p-11 + 0x1p-25;
      if (fabs(got - sum) > allowed) {
        fail_msg(
            "%s, flags %d: %lld x %lld x %lld, types %d %d %d, orders %d %d: c[%lld][%lld] is %.9g, should be %.9g",
            set ? set->name : "default", flags, (long long)m, (long long)n, (long long)k, a_type, b_type, c_type,
            a_order, b_order, (long long)i, (long long)j, got, sum);
      }
    }
  free(a.data), free(b.data), free(c.data), free(before.data), free(pack);
}

/* Adding to c and setting it in turn, so that every type and size meets both. */
static void check_dot(const RtDotSet *set, CpuElem a_type, CpuElem b_type, CpuElem c_type, int64_t m, int64_t n,
                      int64_t k, Order a_order, Order b_order) {
  int32_t flags = (a_order + b_order) % 2 ? DOT_SET : 0;
  check_dot_flags(set, flags, a_type, b_type, c_type, m, n, k, a_order, b_order);
}

static const struct {
  CpuElem a, b, c;
} dot_types[] = {
    {CPU_F32, CPU_F32, CPU_F32},         {CPU_BF16, CPU_BF16, CPU_F32},
    {CPU_F16, CPU_F16, CPU_F32},         {CPU_F16, CPU_F16, CPU_F16},
    {CPU_F64, CPU_F64, CPU_F64},         {CPU_I8, CPU_I8, CPU_I32},
    {CPU_U8, CPU_U8, CPU_I32},           {CPU_I8, CPU_U8, CPU_I32},
    {CPU_U8, CPU_I8, CPU_I32},           {CPU_F8E4M3FN, CPU_F8E4M3FN, CPU_F32},
    {CPU_F8E5M2, CPU_F8E4M3FN, CPU_F32}, {CPU_F16, CPU_BF16, CPU_F32},
};

static void test_dot_all_types_and_orders(void **state) {
  (void)state;
  static const int64_t sizes[][3] = {{1, 1, 1},    {16, 16, 16},   {64, 64, 64}, {33, 47, 65},
                                     {17, 100, 3}, {130, 36, 300}, {2, 530, 20}, {40, 32, 31}};
#if defined(RT_EMULATED)
  bool slow = true;
#else
  bool slow = false;
#endif
  const RtDotSet *sets[16];
  size_t nsets = available_sets(sets);
  for (size_t s = 0; s < nsets; s++)
    for (size_t t = 0; t < COUNT(dot_types); t++)
      for (size_t z = 0; z < COUNT(sizes); z++)
        for (int a = ROWS; a <= SPREAD; a++)
          for (int b = ROWS; b <= SPREAD; b++)
            if ((s == 0 && !slow) || (sets[s] == &rt_dot_generic ? z < 4 && a + b < 3 : z < 5 || a + b < 2))
              check_dot(sets[s], dot_types[t].a, dot_types[t].b, dot_types[t].c, sizes[z][0], sizes[z][1], sizes[z][2],
                        (Order)a, (Order)b);
}

static void test_dot_random_sizes(void **state) {
  (void)state;
  const RtDotSet *sets[16];
  size_t nsets = available_sets(sets);
  int n = getenv("TRITONC_TEST_SMALL") ? 40 : 400;
  for (int i = 0; i < n; i++) {
    size_t t = next_bits() % COUNT(dot_types);
    check_dot(sets[next_bits() % nsets], dot_types[t].a, dot_types[t].b, dot_types[t].c,
              1 + (int64_t)(next_bits() % 90), 1 + (int64_t)(next_bits() % 90), 1 + (int64_t)(next_bits() % 130),
              (Order)(next_bits() % 3), (Order)(next_bits() % 3));
  }
}

/* Few rows, for which B is read in place: every number of them, with rests along every side, longer than a chunk of k. */
static void test_dot_few_rows(void **state) {
  (void)state;
  static const CpuElem types[] = {CPU_F32, CPU_BF16, CPU_F16};
  static const int64_t sizes[][2] = {{1, 1}, {3, 5}, {37, 300}, {72, 64}};
  const RtDotSet *sets[16];
  size_t nsets = available_sets(sets);
  for (size_t s = 0; s < nsets; s++)
    for (size_t t = 0; sets[s] && sets[s]->few && t < COUNT(types); t++)
      for (size_t z = 0; z < COUNT(sizes); z++)
        for (int64_t m = 1; m <= RT_FEW + 1; m++)
          for (int b = ROWS; b <= COLUMNS; b++)
            check_dot(sets[s], types[t], types[t], t == 2 && m % 2 ? CPU_F16 : CPU_F32, m, sizes[z][0], sizes[z][1],
                      m % 3 ? ROWS : COLUMNS, (Order)b);
}

/* Values for which tiles must not be used, put among ordinary ones: the default gives what FMA gives, bit for bit where
 * it is a number, a NaN where that is a NaN. */
static void test_dot_specials(void **state) {
  (void)state;
#if defined(__x86_64__)
  if (!rt_cpu()->avx512) return; /* without tiles the default is FMA itself */
  static const double specials[] = {INFINITY, -INFINITY, NAN, 1e38, -3e38, 1e-38, 1e-42, 1e30, 1e-31};
  enum { M = 64, N = 64, K = 64 };
  static float a[M * K], b[K * N], c[2][M * N];
  char *pack = aligned_alloc(64, rt_dot_pack_bytes(M, N, K, CPU_F32, CPU_F32) / 64 * 64 + 64);
  for (int trial = 0; trial < 60; trial++) {
    for (int i = 0; i < M * K; i++) a[i] = (float)(uniform() - 0.5), b[i] = (float)(uniform() - 0.5);
    for (int i = 0; i < 1 + trial % 4; i++)
      (next_bits() & 1 ? a : b)[next_bits() % (M * K)] = (float)specials[(size_t)(trial + i) % COUNT(specials)];
    if (trial % 5 == 0) memset(a, 0, sizeof a / 2);
    bool set = trial % 2;
    memset(c, set ? 0xff : 0, sizeof c);
    CpuDot d = {.m = M,
                .n = N,
                .k = K,
                .a = a,
                .b = b,
                .a_row = K,
                .a_col = 1,
                .b_row = N,
                .b_col = 1,
                .c_row = N,
                .a_type = CPU_F32,
                .b_type = CPU_F32,
                .c_type = CPU_F32,
                .flags = set ? DOT_SET : 0,
                .pack = pack};
    d.c = c[0];
    ttc_rt_dot(&d);
    d.c = c[1];
    rt_dot_force(&rt_dot_avx512);
    ttc_rt_dot(&d);
    rt_dot_force(NULL);
    for (int i = 0; i < M * N; i++) {
      float x = c[0][i], y = c[1][i];
      if (isnan(y))
        assert_true(isnan(x));
      else if (isinf(y))
        assert_true(x == y);
      else
        assert_true(fabs((double)x - y) <= 1e-6 * fabs((double)y) + 2e-5);
    }
  }
  free(pack);
#endif
}

#if defined(__x86_64__)
/* The root mean square error of c against sums in double, in units of 2^-24 sum |a b|. */
static double rms_error(const float *a, const float *b, int64_t n, int64_t k, void *pack) {
  float *c = calloc((size_t)(n * n), sizeof *c);
  CpuDot d = {
      .m = n, .n = n, .k = k, .a = a, .b = b, .c = c, .a_row = k, .a_col = 1, .b_row = n, .b_col = 1, .c_row = n};
  d.a_type = d.b_type = d.c_type = CPU_F32;
  d.pack = pack;
  ttc_rt_dot(&d);
  double sum = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      double exact = 0, size = 0;
      for (int64_t p = 0; p < k; p++) {
        double product = (double)a[i * k + p] * b[p * n + j];
        exact += product, size += fabs(product);
      }
      double e = ((double)c[i * n + j] - exact) / size * 0x1p24;
      sum += e * e;
    }
  free(c);
  return sqrt(sum / (double)(n * n));
}
#endif

/* f32 by tiles is as accurate as by multiply-add: mixed signs, positive, wide range, cancelling. */
static void test_dot_f32_error(void **state) {
  (void)state;
#if defined(__x86_64__)
  if (!rt_cpu()->avx512) return;
  enum { N = 64, K = 256 };
  static float a[N * K], b[K * N];
  void *pack = aligned_alloc(64, rt_dot_pack_bytes(N, N, K, CPU_F32, CPU_F32) / 64 * 64 + 64);
  for (int kind = 0; kind < 4; kind++)
    for (int64_t k = 32; k <= K; k *= 2) {
      for (int i = 0; i < 2 * N * K; i++) {
        double x = uniform();
        if (kind == 0) x -= 0.5;
        if (kind == 2) x = (x - 0.5) * ldexp(1, (int)(next_bits() % 40) - 20);
        if (kind == 3) x = (x < 0.5 ? -1 : 1) * (1 + 1e-6 * x);
        (i < N * K ? a : b)[i % (N * K)] = (float)x;
      }
      double tiles = rms_error(a, b, N, k, pack);
      rt_dot_force(&rt_dot_avx512);
      double fma = rms_error(a, b, N, k, pack);
      rt_dot_force(NULL);
      if (tiles > 1.1 * fma + 0.02)
        fail_msg("kind %d, k %d: %g by tiles, %g by multiply-add", kind, (int)k, tiles, fma);
    }
  free(pack);
#endif
}

/* f16 with infinities: the same. */
static void test_dot_f16_infinity(void **state) {
  (void)state;
  enum { M = 32, N = 48, K = 64 };
  static uint16_t a[M * K], b[K * N];
  static float c[M * N];
  char *pack = aligned_alloc(64, rt_dot_pack_bytes(M, N, K, CPU_F16, CPU_F16) / 64 * 64 + 64);
  for (int i = 0; i < M * K; i++) a[i] = (uint16_t)ir_float_encode(F16, uniform() + 0.5);
  for (int i = 0; i < K * N; i++) b[i] = (uint16_t)ir_float_encode(F16, uniform() + 0.5);
  a[3 * K + 5] = 0x7c00;  /* inf in row 3 */
  b[7 * N + 9] = 0xfc00;  /* -inf in column 9 */
  b[8 * N + 11] = 0x7e00; /* NaN in column 11 */
  CpuDot d = {.m = M,
              .n = N,
              .k = K,
              .a = a,
              .b = b,
              .c = c,
              .a_row = K,
              .a_col = 1,
              .b_row = N,
              .b_col = 1,
              .c_row = N,
              .a_type = CPU_F16,
              .b_type = CPU_F16,
              .c_type = CPU_F32,
              .pack = pack};
  ttc_rt_dot(&d);
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) {
      float x = c[i * N + j];
      if (j == 11 || (i == 3 && j == 9))
        assert_true(isnan(x));
      else if (i == 3)
        assert_true(x == INFINITY);
      else if (j == 9)
        assert_true(x == -INFINITY);
      else
        assert_true(isfinite(x));
    }
  free(pack);
}

/* Larger operands than one chunk in every direction, as tl.dot of big tiles makes them. */
static void test_dot_large(void **state) {
  (void)state;
  check_dot(NULL, CPU_F32, CPU_F32, CPU_F32, 300, 600, 530, ROWS, ROWS);
  check_dot(NULL, CPU_BF16, CPU_BF16, CPU_F32, 150, 1030, 300, ROWS, COLUMNS);
  check_dot(NULL, CPU_F16, CPU_F16, CPU_F16, 150, 1030, 300, COLUMNS, ROWS);
  check_dot(NULL, CPU_I8, CPU_I8, CPU_I32, 150, 1030, 300, COLUMNS, ROWS);
}

/* ---- transposes -------------------------------------------------------------------------------------------------- */

static void check_transpose(int bytes, int64_t rows, int64_t cols, int64_t pad) {
  int64_t dst_row = cols + pad, src_row = rows + pad;
  size_t dst_bytes = (size_t)(rows * dst_row * bytes), src_bytes = (size_t)(cols * src_row * bytes);
  unsigned char *dst = malloc(dst_bytes), *src = malloc(src_bytes);
  for (size_t i = 0; i < src_bytes; i++) src[i] = (unsigned char)next_bits();
  memset(dst, 0xa5, dst_bytes);
  ttc_rt_transpose(dst, dst_row, src, src_row, rows, cols, bytes);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < dst_row; j++) {
      const unsigned char *got = dst + (i * dst_row + j) * bytes;
      if (j < cols)
        assert_memory_equal(got, src + (j * src_row + i) * bytes, (size_t)bytes);
      else
        for (int b = 0; b < bytes; b++) assert_int_equal(got[b], 0xa5);
    }
  free(dst), free(src);
}

static void test_transpose(void **state) {
  (void)state;
  for (int bytes = 1; bytes <= 8; bytes *= 2) {
    for (int64_t n = 1; n <= 70; n += 3)
      for (int64_t m = 1; m <= 140; m += 7) check_transpose(bytes, n, m, 0);
    check_transpose(bytes, 16, 64, 1);
    check_transpose(bytes, 128, 192, 16);
    check_transpose(bytes, 31, 65, 3);
  }
}

/* ---- printing ---------------------------------------------------------------------------------------------------- */

static char printed[4096];

static void capture(void (*print)(void)) {
  fflush(stdout);
  int saved = dup(1);
  FILE *file = tmpfile();
  assert_non_null(file);
  dup2(fileno(file), 1);
  print();
  fflush(stdout);
  dup2(saved, 1);
  close(saved);
  rewind(file);
  size_t n = fread(printed, 1, sizeof printed - 1, file);
  printed[n] = 0;
  fclose(file);
}

static const uint32_t pid[3] = {1, 2, 3};
static void print_tensor(void) {
  float x[12];
  for (int i = 0; i < 12; i++) x[i] = (float)i / 2;
  ttc_rt_print(pid, " x: ", 0, CPU_F32, 2, (int64_t[]){1, 12}, x);
}
static void print_scalars(void) {
  int8_t i8 = -2;
  uint64_t u64 = UINT64_MAX;
  uint16_t f16 = 0x3e00;
  uint8_t i1 = 1;
  int32_t i32 = 255;
  ttc_rt_print(pid, " a: ", 0, CPU_I8, 0, NULL, &i8);
  ttc_rt_print(pid, " b: ", 1, CPU_I8, 0, NULL, &i8);
  ttc_rt_print(pid, " c: ", 0, CPU_U64, 0, NULL, &u64);
  ttc_rt_print(pid, " d: ", 0, CPU_F16, 0, NULL, &f16);
  ttc_rt_print(pid, " e: ", 0, CPU_I1, 0, NULL, &i1);
  ttc_rt_print(pid, " f: ", 1, CPU_I32, 0, NULL, &i32);
  ttc_rt_print(pid, " g", 0, 0, 0, NULL, NULL);
}

static void test_print(void **state) {
  (void)state;
  capture(print_tensor);
  assert_non_null(strstr(printed, "pid (1, 2, 3) idx (0,  3) x: 1.500000\n"));
  assert_non_null(strstr(printed, "pid (1, 2, 3) idx (0, 11) x: 5.500000\n"));
  capture(print_scalars);
  assert_string_equal(printed, "pid (1, 2, 3) idx () a: -2\n"
                               "pid (1, 2, 3) idx () b: 0xfe\n"
                               "pid (1, 2, 3) idx () c: 18446744073709551615\n"
                               "pid (1, 2, 3) idx () d: 1.500000\n"
                               "pid (1, 2, 3) idx () e: 1\n"
                               "pid (1, 2, 3) idx () f: 0x000000ff\n"
                               "pid (1, 2, 3) g\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dot_all_types_and_orders),
      cmocka_unit_test(test_dot_random_sizes),
      cmocka_unit_test(test_dot_few_rows),
      cmocka_unit_test(test_dot_specials),
      cmocka_unit_test(test_dot_f32_error),
      cmocka_unit_test(test_dot_f16_infinity),
      cmocka_unit_test(test_dot_large),
      cmocka_unit_test(test_transpose),
      cmocka_unit_test(test_print),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
