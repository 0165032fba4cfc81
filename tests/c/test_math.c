/* test_math.c: the mathematical functions against MPFR, over their whole range.
 *
 * Each function is compiled as a kernel through the public interface and run on the CPU: f32 on every n-th float of all
 * 2^32 (TRITONC_TEST_STEP changes n), f64 on random numbers spread evenly over the exponents, both on a list of special
 * values. The error is counted in units in the last place of the exact result; infinities, NaN and the sign of zero
 * have to be right. The largest errors are printed; docs/math.md quotes a run with n = 2003.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tritonc.h"

enum { PRECISION = 140, CHUNK = 1 << 16, BLOCK = 256, RANDOM = 20000 };

static void exact_rsqrt(mpfr_t r, mpfr_t x) {
  mpfr_sqrt(r, x, MPFR_RNDN);
  mpfr_ui_div(r, 1, r, MPFR_RNDN);
}
#define EXACT(name)                                                                                                    \
  static void exact_##name(mpfr_t r, mpfr_t x) { mpfr_##name(r, x, MPFR_RNDN); }
EXACT(exp)
EXACT(exp2)
EXACT(log)
EXACT(log2)
EXACT(sin)
EXACT(cos)
EXACT(erf)

typedef struct Function {
  const char *name;
  void (*exact)(mpfr_t r, mpfr_t x);
  double limit32, limit64; /* units in the last place */
  int from, to;            /* exponents of the random arguments in f64 */
} Function;

static const Function functions[] = {
    {"exp", exact_exp, 1, 1, -60, 10},     {"exp2", exact_exp2, 1, 1, -60, 11},
    {"log", exact_log, 1, 1, -1074, 1024}, {"log2", exact_log2, 1.2, 1, -1074, 1024},
    {"sin", exact_sin, 2, 1, -200, 1024},  {"cos", exact_cos, 2, 1, -60, 1024},
    {"erf", exact_erf, 1.2, 1, -1070, 4},  {"rsqrt", exact_rsqrt, 2, 2, -1074, 1024},
};

static const double specials[] = {
    0.0,
    -0.0,
    INFINITY,
    -INFINITY,
    NAN,
    1,
    -1,
    2,
    -2,
    0.5,
    -0.5,
    3,
    10,
    100,
    -100,
    88.7228,
    88.72284,
    89,
    -87.3366,
    -103.97,
    -104,
    -105,
    709.78,
    709.79,
    -708.4,
    -745.13,
    -745.14,
    -746.0,
    1e300,
    -1e300,
    127.999,
    128,
    -126,
    -126.5,
    -149,
    -149.5,
    -150,
    -150.01,
    -151,
    1023.99,
    1024,
    -1022,
    -1022.5,
    -1074,
    -1074.9,
    -1075.5,
    3.14159265358979323846,
    1.57079632679489661923,
    4.71238898038468985769,
    6.28318530717958647693,
    FLT_MIN,
    FLT_MAX,
    -FLT_MAX,
    DBL_MIN,
    DBL_MAX,
    FLT_TRUE_MIN,
    DBL_TRUE_MIN,
    1e-30,
    1.4142135,
    0.70710678118654752,
    0.99999994,
    0.9999999999999999,
    1.0000001,
    1.0000000000000002,
    3.9,
    4.0,
    5.9,
    6.0,
    6381956970095103.0 * 0x1p797,
    0.78539816339744828,
    0.78539816339744839,
    16777216,
    -7e22,
};

/* ---- kernels ----------------------------------------------------------------------------------------------------- */

typedef struct Kernel {
  ttc_context *cx;
  ttc_kernel *kernel;
} Kernel;

static Kernel compile(const char *function, const char *type) {
  char source[1024];
  snprintf(source, sizeof source,
           "import triton\n"
           "import triton.language as tl\n\n"
           "@triton.jit\n"
           "def kernel(X, Y, n, BLOCK: tl.constexpr):\n"
           "    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n"
           "    inside = i < n\n"
           "    tl.store(Y + i, tl.%s(tl.load(X + i, mask=inside)), mask=inside)\n",
           function);
  ttc_param params[4] = {{.name = "X", .type = type},
                         {.name = "Y", .type = type},
                         {.name = "n", .type = "i32"},
                         {.name = "BLOCK", .type = "constexpr"}};
  params[3].constant = (ttc_value){.kind = TTC_INT, .integer = BLOCK};
  Kernel k = {ttc_context_new(), NULL};
  assert_non_null(k.cx);
  ttc_request q = {
      .size = sizeof q, .text = source, .file = "math.py", .kernel = "kernel", .params = params, .nparams = 4};
  if (ttc_compile(k.cx, &q, &k.kernel) != TTC_OK) fail_msg("%s: %s", function, ttc_message(k.cx));
  return k;
}

static void run(const Kernel *k, const void *x, void *y, int n) {
  uint32_t grid[3] = {(uint32_t)((n + BLOCK - 1) / BLOCK), 1, 1};
  const void *args[] = {&x, &y, &n};
  if (ttc_launch(k->cx, k->kernel, grid, NULL, args, 3) != TTC_OK) fail_msg("%s", ttc_message(k->cx));
}

static void release(Kernel *k) {
  ttc_kernel_free(k->kernel);
  ttc_context_free(k->cx);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

typedef struct Format {
  int digits, least, most; /* of the significand; exponents of the last place of subnormals and of infinity */
} Format;
static const Format single = {24, -149, 128}, twice = {53, -1074, 1024};

/* |got - exact| in units of the exact result's last place. Infinity counts as the power of two that it stands in the
 * place of, so that a result just beyond or just within the range is not an error of its own. Infinite when it is
 * wrong in kind. */
static double error_of(double got, mpfr_t exact, const Format *f) {
  if (mpfr_nan_p(exact)) return isnan(got) ? 0 : INFINITY;
  if (isnan(got)) return INFINITY;
  if (mpfr_zero_p(exact)) return got == 0 && !signbit(got) == !mpfr_signbit(exact) ? 0 : INFINITY;
  if (mpfr_inf_p(exact)) return isinf(got) && !signbit(got) == !mpfr_signbit(exact) ? 0 : INFINITY;
  long exponent = mpfr_get_exp(exact);
  bool beyond = exponent > f->most;
  if (isinf(got) && beyond) return !signbit(got) == !mpfr_signbit(exact) ? 0 : INFINITY;
  mpfr_t y, d;
  mpfr_inits2(PRECISION, y, d, (mpfr_ptr)0);
  if (isinf(got))
    mpfr_set_si_2exp(y, signbit(got) ? -1 : 1, f->most, MPFR_RNDN);
  else
    mpfr_set_d(y, got, MPFR_RNDN);
  mpfr_sub(d, y, exact, MPFR_RNDN);
  long last = exponent - f->digits;
  if (last < f->least) last = f->least;
  mpfr_mul_2si(d, d, -last, MPFR_RNDN);
  double e = fabs(mpfr_get_d(d, MPFR_RNDU));
  mpfr_clears(y, d, (mpfr_ptr)0);
  return e;
}

typedef struct Worst {
  double error, at, got;
  long count;
} Worst;

static void check(Worst *w, const Function *f, double x, double got, const Format *format) {
  mpfr_t in, out;
  mpfr_init2(in, 53);
  mpfr_init2(out, PRECISION);
  mpfr_set_d(in, x, MPFR_RNDN);
  f->exact(out, in);
  double e = error_of(got, out, format);
  mpfr_clears(in, out, (mpfr_ptr)0);
  w->count++;
  if (e > w->error) *w = (Worst){e, x, got, w->count};
}

static void report(const Worst *w, const Function *f, const char *type, double limit) {
  print_message("%-6s %s: %8ld arguments, largest error %.3f ulp, at %.17g (%a), which gave %.17g\n", f->name, type,
                w->count, w->error, w->at, w->at, w->got);
  if (!(w->error <= limit))
    fail_msg("%s of %s at %.17g gave %.17g: %.3f ulp, more than %.1f", f->name, type, w->at, w->got, w->error, limit);
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state) { /* splitmix64 */
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static uint64_t step(void) {
  const char *s = getenv("TRITONC_TEST_STEP");
  if (s && atoi(s) > 0) return (uint64_t)atoi(s);
  return getenv("TRITONC_TEST_SMALL") ? 1000003 : 20011;
}

static void test_single(const Function *f) {
  Kernel k = compile(f->name, "*fp32");
  float *x = malloc(CHUNK * sizeof *x), *y = malloc(CHUNK * sizeof *y);
  Worst w = {0};
  uint64_t bits = 0;
  for (int first = 1; bits < UINT64_C(1) << 32; first = 0) {
    int n = 0;
    for (size_t i = 0; first && i < sizeof specials / sizeof *specials; i++) x[n++] = (float)specials[i];
    for (; n < CHUNK && bits < UINT64_C(1) << 32; bits += step()) {
      uint32_t b = (uint32_t)bits;
      memcpy(&x[n++], &b, sizeof b);
    }
    run(&k, x, y, n);
    for (int i = 0; i < n; i++) check(&w, f, (double)x[i], (double)y[i], &single);
  }
  report(&w, f, "f32", f->limit32);
  free(x);
  free(y);
  release(&k);
}

static void test_double(const Function *f) {
  Kernel k = compile(f->name, "*fp64");
  double *x = malloc(CHUNK * sizeof *x), *y = malloc(CHUNK * sizeof *y);
  uint64_t state = 12345;
  int n = 0, total = getenv("TRITONC_TEST_SMALL") ? RANDOM / 20 : RANDOM;
  for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) x[n++] = specials[i];
  while (n < total) {
    int exponent = f->from + (int)(next_random(&state) % (uint64_t)(f->to - f->from));
    double m = 1 + (double)(next_random(&state) >> 12) * 0x1p-52;
    x[n++] = ldexp(next_random(&state) & 1 ? m : -m, exponent);
    double near = -8 + (double)(next_random(&state) >> 11) * 0x1p-49; /* [-8, 8): where most arguments are */
    if (n < total) x[n++] = near;
  }
  run(&k, x, y, n);
  Worst w = {0};
  for (int i = 0; i < n; i++) check(&w, f, x[i], y[i], &twice);
  report(&w, f, "f64", f->limit64);
  free(x);
  free(y);
  release(&k);
}

#define TEST(i, name)                                                                                                  \
  static void name##_f32(void **state) {                                                                               \
    (void)state;                                                                                                       \
    test_single(&functions[i]);                                                                                        \
  }                                                                                                                    \
  static void name##_f64(void **state) {                                                                               \
    (void)state;                                                                                                       \
    test_double(&functions[i]);                                                                                        \
  }
TEST(0, exp)
TEST(1, exp2)
TEST(2, log)
TEST(3, log2)
TEST(4, sin)
TEST(5, cos)
TEST(6, erf)
TEST(7, rsqrt)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exp_f32), cmocka_unit_test(exp2_f32), cmocka_unit_test(log_f32), cmocka_unit_test(log2_f32),
      cmocka_unit_test(sin_f32), cmocka_unit_test(cos_f32),  cmocka_unit_test(erf_f32), cmocka_unit_test(rsqrt_f32),
      cmocka_unit_test(exp_f64), cmocka_unit_test(exp2_f64), cmocka_unit_test(log_f64), cmocka_unit_test(log2_f64),
      cmocka_unit_test(sin_f64), cmocka_unit_test(cos_f64),  cmocka_unit_test(erf_f64), cmocka_unit_test(rsqrt_f64),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
