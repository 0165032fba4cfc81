/* test_simt.c: the simulated machine: every group of operations against a straightforward expectation, control flow
 * that diverges, synchronization, and a seeded bug of each kind that must be caught.
 */
#include "simt_kernel.h"

/* ---- integers ---------------------------------------------------------------------------------------------------- */

/* What each case of random numbers with edges among them looks like. */
static uint64_t edge_or_random(int i) {
  static const uint64_t edges[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63, INT32_MIN, 0x80, 0x8000, 7, 31, 33};
  uint64_t r = rnd();
  return i % 3 == 0 ? edges[r % 10] : i % 3 == 1 ? r : r % 100;
}

static uint64_t expected_int(int o, int bits, uint64_t x, uint64_t y) {
  int64_t s = sign(x, bits), t = sign(y, bits);
  uint64_t ones = mask_of(bits);
  switch (o) {
  case LL_ADD: return (x + y) & ones;
  case LL_SUB: return (x - y) & ones;
  case LL_MUL: return (x * y) & ones;
  case LL_UDIV: return y ? x / y : ones;
  case LL_SDIV: return t == 0 ? ones : t == -1 ? (0 - x) & ones : (uint64_t)(s / t) & ones;
  case LL_UREM: return y ? x % y : x;
  case LL_SREM: return t == 0 ? x : t == -1 ? 0 : (uint64_t)(s % t) & ones;
  case LL_AND: return x & y;
  case LL_OR: return x | y;
  case LL_XOR: return x ^ y;
  case LL_SHL: return y >= (uint64_t)bits ? 0 : (x << y) & ones;
  case LL_LSHR: return y >= (uint64_t)bits ? 0 : x >> y;
  case LL_ASHR: return (uint64_t)(s >> (y >= (uint64_t)bits ? 63 : y)) & ones;
  case LL_SMIN: return s < t ? x : y;
  case LL_SMAX: return s < t ? y : x;
  case LL_UMIN: return x < y ? x : y;
  default: return x < y ? y : x;
  }
}

static void check_int_op(int o, const LLType *type) {
  enum { N = 96 };
  uint64_t in[2 * N], out[N] = {0};
  int bytes = type->bits / 8;
  for (int i = 0; i < 2 * N; i++) in[i] = edge_or_random(i) & mask_of(type->bits);
  T t = start(N);
  LLInst *x = get(&t, type, at(&t, t.in, t.tid, 16)),
         *y = get(&t, type, ll_ptradd(&t.b, at(&t, t.in, t.tid, 16), NULL, 8));
  LLInst *r = o >= LL_FIRST_INTRINSIC ? ll_call(&t.b, (LLOp)o, NULL, x, y, NULL) : op(&t, (LLOp)o, x, y);
  put(&t, at(&t, t.out, t.tid, 8), r);
  finish(&t);
  launch(&t, 1, 0, out, sizeof out, in, sizeof in, 0);
  expect_clean(&t);
  for (int i = 0; i < N; i++) {
    uint64_t got = 0;
    memcpy(&got, &out[i], (size_t)bytes);
    assert_int_equal(got, expected_int(o, type->bits, in[2 * i], in[2 * i + 1]));
  }
  ctx_free(t.cx);
}

static void test_integers(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(ints); k++) {
    for (int o = LL_ADD; o <= LL_ASHR; o++) check_int_op(o, ints[k]);
    if (ints[k]->bits >= 16)
      for (int o = LL_SMIN; o <= LL_UMAX; o++) check_int_op(o, ints[k]);
  }
}

static bool expected_icmp(int p, int bits, uint64_t x, uint64_t y) {
  int64_t s = sign(x, bits), t = sign(y, bits);
  const bool r[] = {x == y, x != y, x > y, x >= y, x<y, x <= y, s> t, s >= t, s < t, s <= t};
  return r[p];
}

static void test_comparisons(void **state) {
  (void)state;
  enum { N = 64 };
  for (size_t k = 0; k < COUNT(ints); k++)
    for (int p = LLP_EQ; p <= LLP_SLE; p++) {
      uint64_t in[2 * N];
      uint32_t out[N];
      for (int i = 0; i < 2 * N; i++) in[i] = (i % 5 == 1 ? in[i - 1] : edge_or_random(i)) & mask_of(ints[k]->bits);
      T t = start(N);
      LLInst *x = get(&t, ints[k], at(&t, t.in, t.tid, 16)),
             *y = get(&t, ints[k], ll_ptradd(&t.b, at(&t, t.in, t.tid, 16), NULL, 8));
      put(&t, at(&t, t.out, t.tid, 4), ll_select(&t.b, ll_icmp(&t.b, (LLPred)p, x, y), i32(&t, 5), i32(&t, 9)));
      finish(&t);
      launch(&t, 1, 0, out, sizeof out, in, sizeof in, 0);
      expect_clean(&t);
      for (int i = 0; i < N; i++)
        assert_int_equal(out[i], expected_icmp(p, ints[k]->bits, in[2 * i], in[2 * i + 1]) ? 5 : 9);
      ctx_free(t.cx);
    }
}

/* Intrinsics of three words, each computed here bit by bit. */
static uint32_t bit(uint32_t x, int i) { return i >= 0 && i < 32 ? x >> i & 1 : 0; }
static uint32_t expected_bits(int o, uint32_t x, uint32_t y, uint32_t z) {
  uint32_t r = 0;
  switch (o) {
  case LL_POPC:
    for (int i = 0; i < 32; i++) r += bit(x, i);
    return r;
  case LL_CLZ:
    while (r < 32 && !bit(x, 31 - (int)r)) r++;
    return r;
  case LL_BREV:
    for (int i = 0; i < 32; i++) r |= bit(x, i) << (31 - i);
    return r;
  case LL_MULHI_U32: return (uint32_t)((uint64_t)x * y >> 32);
  case LL_MULHI_S32: return (uint32_t)((int64_t)(int32_t)x * (int64_t)(int32_t)y >> 32);
  case LL_BFE_U32:
  case LL_BFE_S32: {
    int p = (int)(y & 255), n = (int)(z & 255);
    uint32_t fill = o == LL_BFE_S32 && n ? bit(x, p + n - 1 < 31 ? p + n - 1 : 31) : 0;
    for (int i = 0; i < 32; i++) r |= (i < n && p + i <= 31 ? bit(x, p + i) : fill) << i;
    return r;
  }
  case LL_FSHL: return z & 31 ? x << (z & 31) | y >> (32 - (z & 31)) : x;
  case LL_FSHR: return z & 31 ? y >> (z & 31) | x << (32 - (z & 31)) : y;
  case LL_PRMT:
    for (int i = 0; i < 4; i++) {
      uint32_t s = z >> 4 * i & 15, byte = (s & 4 ? y : x) >> 8 * (s & 3) & 255;
      r |= (s & 8 ? byte & 128 ? 255 : 0 : byte) << 8 * i;
    }
    return r;
  case LL_DP4A_S32:
    for (int i = 0; i < 4; i++) z += (uint32_t)((int)(int8_t)(x >> 8 * i) * (int)(int8_t)(y >> 8 * i));
    return z;
  case LL_DP4A_U32:
    for (int i = 0; i < 4; i++) z += (x >> 8 * i & 255) * (y >> 8 * i & 255);
    return z;
  default: return 0;
  }
}

static void test_bits(void **state) {
  (void)state;
  static const struct {
    LLOp op;
    int n;
  } ops[] = {{LL_POPC, 1},    {LL_CLZ, 1},  {LL_BREV, 1}, {LL_MULHI_U32, 2}, {LL_MULHI_S32, 2}, {LL_BFE_U32, 3},
             {LL_BFE_S32, 3}, {LL_FSHL, 3}, {LL_FSHR, 3}, {LL_PRMT, 3},      {LL_DP4A_S32, 3},  {LL_DP4A_U32, 3}};
  enum { N = 128 };
  for (size_t k = 0; k < COUNT(ops); k++) {
    uint32_t in[3 * N], out[N];
    for (int i = 0; i < 3 * N; i++) in[i] = (uint32_t)edge_or_random(i / 3 * 2 + i);
    T t = start(N);
    LLInst *a[3];
    for (int i = 0; i < 3; i++) a[i] = get(&t, &ll_i32, ll_ptradd(&t.b, at(&t, t.in, t.tid, 12), NULL, 4 * i));
    put(&t, at(&t, t.out, t.tid, 4), ll_call_n(&t.b, ops[k].op, NULL, plain, 0, a, ops[k].n));
    finish(&t);
    launch(&t, 1, 0, out, sizeof out, in, sizeof in, 0);
    expect_clean(&t);
    for (int i = 0; i < N; i++)
      assert_int_equal(out[i], expected_bits(ops[k].op, in[3 * i], in[3 * i + 1], in[3 * i + 2]));
    ctx_free(t.cx);
  }
}

/* ---- floating point ---------------------------------------------------------------------------------------------- */

static const FloatKind kinds[] = {F16, BF16, F32, F64};

static double expected_float(int o, FloatKind k, double x, double y) {
  switch (o) {
  case LL_FADD: return k == F32 ? (double)((float)x + (float)y) : x + y;
  case LL_FSUB: return k == F32 ? (double)((float)x - (float)y) : x - y;
  case LL_FMUL: return k == F32 ? (double)((float)x * (float)y) : x * y;
  case LL_FDIV: return k == F32 ? (double)((float)x / (float)y) : x / y;
  case LL_FREM: return fmod(x, y);
  case LL_FMIN: return isnan(x) ? y : isnan(y) ? x : fmin(x, y);
  case LL_FMAX: return isnan(x) ? y : isnan(y) ? x : fmax(x, y);
  case LL_FMIN_NAN: return isnan(x) || isnan(y) ? NAN : fmin(x, y);
  case LL_FMAX_NAN: return isnan(x) || isnan(y) ? NAN : fmax(x, y);
  case LL_FLOOR: return floor(x);
  case LL_CEIL: return ceil(x);
  case LL_FTRUNC: return trunc(x);
  case LL_RINT: return nearbyint(x);
  case LL_SQRT: return k == F32 ? (double)sqrtf((float)x) : sqrt(x);
  case LL_FNEG: return -x;
  case LL_FABS: return fabs(x);
  default: return copysign(x, y);
  }
}

static uint64_t random_float(FloatKind k, int i) {
  int bits = ir_float_bits(k);
  if (i % 7 == 0) return ir_float_encode(k, i % 2 ? INFINITY : -0.0);
  if (i % 11 == 0) return ir_float_encode(k, NAN);
  if (i % 3 == 0) return ir_float_encode(k, (double)(int64_t)rnd() * 0x1p-60);
  return rnd() & mask_of(bits);
}

static void check_float_op(int o, int which, int nargs) {
  enum { N = 128 };
  const LLType *type = floats[which];
  FloatKind k = kinds[which];
  uint64_t in[2 * N], out[N] = {0};
  for (int i = 0; i < 2 * N; i++) in[i] = random_float(k, i);
  T t = start(N);
  LLInst *a[] = {get(&t, type, at(&t, t.in, t.tid, 16)),
                 get(&t, type, ll_ptradd(&t.b, at(&t, t.in, t.tid, 16), NULL, 8))};
  put(&t, at(&t, t.out, t.tid, 8), ll_build(&t.b, (LLOp)o, type, plain, 0, a, nargs));
  finish(&t);
  launch(&t, 1, 0, out, sizeof out, in, sizeof in, 0);
  expect_clean(&t);
  for (int i = 0; i < N; i++) {
    double x = ir_float_decode(k, in[2 * i]), y = ir_float_decode(k, in[2 * i + 1]), got = ir_float_decode(k, out[i]);
    double want = ir_float_decode(k, ir_float_encode(k, expected_float(o, k, x, y)));
    if (isnan(want) ? !isnan(got) : got != want)
      fail_msg("%s of %s: %a, %a: %a, not %a", ll_ops[o].id, ir_float_name(k), x, y, got, want);
  }
  ctx_free(t.cx);
}

static void test_floats(void **state) {
  (void)state;
  static const LLOp binary[] = {LL_FADD, LL_FSUB, LL_FMUL,     LL_FDIV,     LL_FREM,
                                LL_FMIN, LL_FMAX, LL_FMIN_NAN, LL_FMAX_NAN, LL_COPYSIGN};
  static const LLOp unary[] = {LL_FNEG, LL_FABS, LL_FLOOR, LL_CEIL, LL_FTRUNC, LL_RINT, LL_SQRT};
  for (int k = 0; k < 4; k++) {
    for (size_t o = 0; o < COUNT(binary); o++) check_float_op(binary[o], k, 2);
    for (size_t o = 0; o < COUNT(unary); o++) check_float_op(unary[o], k, 1);
  }
}

/* Rounded once. */
static void test_fma(void **state) {
  (void)state;
  enum { N = 512 };
  for (int k = 0; k < 2; k++) {
    uint64_t in[3 * N], out[N] = {0};
    for (int i = 0; i < 3 * N; i++)
      in[i] = ir_float_encode(kinds[k], ldexp((double)(int64_t)rnd() * 0x1p-63, (int)(rnd() % 12) - 6));
    T t = start(N);
    LLInst *a[3];
    for (int i = 0; i < 3; i++) a[i] = get(&t, floats[k], ll_ptradd(&t.b, at(&t, t.in, t.tid, 24), NULL, 8 * i));
    put(&t, at(&t, t.out, t.tid, 8), ll_build(&t.b, LL_FMA, floats[k], plain, 0, a, 3));
    finish(&t);
    launch(&t, 1, 0, out, sizeof out, in, sizeof in, 0);
    expect_clean(&t);
    for (int i = 0; i < N; i++) {
      double x = ir_float_decode(kinds[k], in[3 * i]), y = ir_float_decode(kinds[k], in[3 * i + 1]),
             z = ir_float_decode(kinds[k], in[3 * i + 2]);
      /* these magnitudes fit: the sum is exact in double */
      assert_int_equal(out[i], ir_float_encode(kinds[k], x * y + z));
    }
    ctx_free(t.cx);
  }
}

static void test_packed(void **state) {
  (void)state;
  uint16_t in[64 * 2], out[64 * 2];
  for (int i = 0; i < 128; i++) in[i] = (uint16_t)ir_float_encode(F16, i * 0.25 - 10);
  T t = start(64);
  LLInst *x = get(&t, &ll_half2, at(&t, t.in, t.tid, 4));
  LLInst *y = op(&t, LL_FMUL, x, ll_const_float(&t.b, &ll_half2, 3));
  LLInst *swapped[] = {ll_extract(&t.b, y, 1), ll_extract(&t.b, y, 0)};
  put(&t, at(&t, t.out, t.tid, 4), ll_build_vector(&t.b, swapped, 2));
  finish(&t);
  launch(&t, 1, 0, out, sizeof out, in, sizeof in, 0);
  expect_clean(&t);
  for (int i = 0; i < 128; i++) assert_int_equal(out[i], ir_float_encode(F16, ((i ^ 1) * 0.25 - 10) * 3));
  ctx_free(t.cx);
}

/* ---- conversions ------------------------------------------------------------------------------------------------- */

static void convert(LLOp o, const LLType *from, const LLType *to, const uint64_t *in, uint64_t *out, int n) {
  T t = start(n);
  memset(out, 0, (size_t)n * 8);
  LLInst *x = get(&t, from, at(&t, t.in, t.tid, 8));
  put(&t, at(&t, t.out, t.tid, 8), ll_op1(&t.b, o, to, x));
  finish(&t);
  launch(&t, 1, 0, out, (size_t)n * 8, in, (size_t)n * 8, 0);
  expect_clean(&t);
  ctx_free(t.cx);
}

static void test_conversions(void **state) {
  (void)state;
  enum { N = 64 };
  uint64_t in[N], out[N];
  for (int f = 0; f < 4; f++)
    for (size_t k = 0; k < COUNT(ints); k++)
      for (int is_signed = 0; is_signed < 2; is_signed++) {
        int bits = ints[k]->bits;
        for (int i = 0; i < N; i++) in[i] = edge_or_random(i) & mask_of(bits);
        convert(is_signed ? LL_SITOFP : LL_UITOFP, ints[k], floats[f], in, out, N);
        for (int i = 0; i < N; i++) {
          long double x = is_signed ? (long double)sign(in[i], bits) : (long double)in[i];
          double want = kinds[f] == F32 ? (double)(float)x : (double)x;
          if (kinds[f] == BF16 && fabsl(x) > 0x1p53L) continue; /* checked below: double would round twice */
          assert_int_equal(out[i], ir_float_encode(kinds[f], want));
        }
        for (int i = 0; i < N; i++) in[i] = random_float(kinds[f], i);
        convert(is_signed ? LL_FPTOSI : LL_FPTOUI, floats[f], ints[k], in, out, N);
        for (int i = 0; i < N; i++) {
          double x = trunc(ir_float_decode(kinds[f], in[i])), high = ldexp(1, bits - is_signed),
                 low = is_signed ? -high : 0;
          uint64_t top = UINT64_C(1) << (bits - 1), want;
          if (isnan(x))
            want = f == 3 || bits == 64 ? top : 0;
          else if (x >= high)
            want = is_signed ? top - 1 : mask_of(bits);
          else if (x < low)
            want = is_signed ? top : 0;
          else
            want = (x < 0 ? (uint64_t)(int64_t)x : (uint64_t)x) & mask_of(bits);
          assert_int_equal(out[i], want);
        }
      }
  /* Just above a tie: one bit far below decides. */
  in[0] = (UINT64_C(0x101) << 54) + 1;
  convert(LL_UITOFP, &ll_i64, &ll_bfloat, in, out, 1);
  assert_int_equal(out[0], ir_float_encode(BF16, 0x102p54));
  for (int a = 0; a < 4; a++)
    for (int b = 0; b < 4; b++) {
      if (floats[a]->bits == floats[b]->bits) continue;
      for (int i = 0; i < N; i++) in[i] = i % 11 ? random_float(kinds[a], i) : 0;
      convert(floats[a]->bits > floats[b]->bits ? LL_FPTRUNC : LL_FPEXT, floats[a], floats[b], in, out, N);
      for (int i = 0; i < N; i++) {
        double x = ir_float_decode(kinds[a], in[i]), got = ir_float_decode(kinds[b], out[i]);
        if (isnan(x))
          assert_true(isnan(got));
        else
          assert_int_equal(out[i], ir_float_encode(kinds[b], x));
      }
    }
}

static void test_fp8(void **state) {
  (void)state;
  enum { N = 256 };
  float in[2 * N];
  uint16_t out[2 * N];
  for (int i = 0; i < 2 * N; i++) in[i] = (float)ldexp((double)(int64_t)rnd() * 0x1p-63, (int)(rnd() % 30) - 12);
  T t = start(N);
  LLInst *x = get(&t, &ll_float, at(&t, t.in, t.tid, 8)),
         *y = get(&t, &ll_float, ll_ptradd(&t.b, at(&t, t.in, t.tid, 8), NULL, 4));
  put(&t, at(&t, t.out, t.tid, 4), ll_call(&t.b, LL_CVT_E4M3X2, NULL, x, y, NULL));
  put(&t, ll_ptradd(&t.b, at(&t, t.out, t.tid, 4), NULL, 2), ll_call(&t.b, LL_CVT_E5M2X2, NULL, x, y, NULL));
  finish(&t);
  launch(&t, 1, 0, out, sizeof out, in, sizeof in, 0);
  expect_clean(&t);
  for (int i = 0; i < N; i++)
    for (int k = 0; k < 2; k++) {
      double limit = k ? 57344 : 448, a = fmin(fmax(in[2 * i], -limit), limit),
             b = fmin(fmax(in[2 * i + 1], -limit), limit);
      FloatKind f = k ? F8E5M2 : F8E4M3FN;
      assert_int_equal(out[2 * i + k], ir_float_encode(f, a) << 8 | ir_float_encode(f, b));
    }
  ctx_free(t.cx);
}

/* ---- between threads --------------------------------------------------------------------------------------------- */

static void test_shuffles(void **state) {
  (void)state;
  static const LLOp ops[] = {LL_SHFL_BFLY, LL_SHFL_IDX, LL_SHFL_UP, LL_SHFL_DOWN};
  for (size_t o = 0; o < COUNT(ops); o++) {
    int32_t out[64];
    T t = start(64);
    LLInst *clamp = i32(&t, ops[o] == LL_SHFL_UP ? 0 : 31);
    put(&t, at(&t, t.out, t.tid, 4), ll_call(&t.b, ops[o], NULL, i32(&t, -1), t.tid, i32(&t, 5), clamp, NULL));
    finish(&t);
    launch(&t, 1, 0, out, sizeof out, NULL, 0, 0);
    expect_clean(&t);
    for (int i = 0; i < 64; i++) {
      int lane = i % 32, base = i - lane;
      const int from[] = {lane ^ 5, 5, lane >= 5 ? lane - 5 : lane, lane + 5 < 32 ? lane + 5 : lane};
      assert_int_equal(out[i], base + from[o]);
    }
    ctx_free(t.cx);
  }
}

static void test_votes(void **state) {
  (void)state;
  uint32_t out[32 * 6];
  T t = start(32);
  LLInst *all = i32(&t, -1), *even = ll_icmp(&t.b, LLP_EQ, op(&t, LL_AND, t.tid, i32(&t, 1)), i32(&t, 0));
  LLInst *r[] = {ll_call(&t.b, LL_VOTE_BALLOT, NULL, all, even, NULL),
                 ll_op1(&t.b, LL_ZEXT, &ll_i32, ll_call(&t.b, LL_VOTE_ANY, NULL, all, even, NULL)),
                 ll_op1(&t.b, LL_ZEXT, &ll_i32, ll_call(&t.b, LL_VOTE_ALL, NULL, all, even, NULL)),
                 ll_call(&t.b, LL_REDUX_ADD, NULL, all, t.tid, NULL),
                 ll_call(&t.b, LL_REDUX_UMAX, NULL, all, t.tid, NULL),
                 ll_op1(&t.b, LL_ZEXT, &ll_i32, ll_call(&t.b, LL_ELECT_SYNC, NULL, all, NULL))};
  for (int k = 0; k < 6; k++) put(&t, ll_ptradd(&t.b, at(&t, t.out, t.tid, 24), NULL, 4 * k), r[k]);
  finish(&t);
  launch(&t, 1, 0, out, sizeof out, NULL, 0, 0);
  expect_clean(&t);
  for (uint32_t i = 0; i < 32; i++) {
    const uint32_t want[] = {0x55555555, 1, 0, 496, 31, i == 0};
    assert_memory_equal(out + 6 * i, want, sizeof want);
  }
  ctx_free(t.cx);
}

/* Sum of a block: shuffles within warps, shared memory between them. */
static void test_reduction(void **state) {
  (void)state;
  float in[256], out[2] = {0};
  for (int i = 0; i < 256; i++) in[i] = (float)(i * 3 % 17);
  T t = start(128);
  LLInst *block_id = ll_call(&t.b, LL_CTAID_X, NULL, NULL);
  LLInst *x = get(&t, &ll_float, at(&t, at(&t, t.in, block_id, 512), t.tid, 4));
  for (int d = 16; d; d /= 2) {
    LLInst *y =
        ll_call(&t.b, LL_SHFL_BFLY, NULL, i32(&t, -1), ll_bitcast(&t.b, &ll_i32, x), i32(&t, d), i32(&t, 31), NULL);
    x = op(&t, LL_FADD, x, ll_bitcast(&t.b, &ll_float, y));
  }
  LLInst *warp = op(&t, LL_LSHR, t.tid, i32(&t, 5));
  LLInst *first = ll_icmp(&t.b, LLP_EQ, op(&t, LL_AND, t.tid, i32(&t, 31)), i32(&t, 0));
  ll_store_if(&t.b, smem(&t, warp, 4), x, first, plain);
  barrier(&t);
  LLInst *sum = get(&t, &ll_float, ll_shared(&t.b));
  for (int w = 1; w < 4; w++)
    sum = op(&t, LL_FADD, sum, get(&t, &ll_float, ll_ptradd(&t.b, ll_shared(&t.b), NULL, 4 * w)));
  ll_store_if(&t.b, at(&t, t.out, block_id, 4), sum, ll_icmp(&t.b, LLP_EQ, t.tid, i32(&t, 0)), plain);
  finish(&t);
  launch(&t, 2, 16, out, sizeof out, in, sizeof in, 0);
  expect_clean(&t);
  for (int b = 0; b < 2; b++) {
    float want = 0;
    for (int i = 0; i < 128; i++) want += in[128 * b + i];
    assert_true(out[b] == want);
  }
  assert_int_equal(t.r.barriers, 2);
  ctx_free(t.cx);
}

/* ---- control flow ------------------------------------------------------------------------------------------------ */

/* for (i = 0; ; i++) { if (i == tid % 7) break; x += tid & 1 ? i : tid & 2 ? 10 : 100; if (x > n) break; } and then a
 * shuffle that all threads must have come to. */
static void test_divergence(void **state) {
  (void)state;
  int32_t out[96];
  T t = start(96);
  LLBlock *entry = ll_entry(t.f), *head = block(&t, entry), *body = block(&t, head), *odd = block(&t, body),
          *even = block(&t, body);
  LLBlock *two = block(&t, even), *four = block(&t, even), *join = block(&t, body), *after = block(&t, head);
  LLInst *zero = i32(&t, 0), *limit = op(&t, LL_UREM, t.tid, i32(&t, 7));
  ll_br(&t.b, head, (LLInst *[]){zero, zero}, 2);
  LLInst *i = ll_block_param(head, &ll_i32), *x = ll_block_param(head, &ll_i32);
  LLInst *y = ll_block_param(join, &ll_i32), *last = ll_block_param(after, &ll_i32);
  go_on_in(&t, head);
  ll_cond_br(&t.b, ll_icmp(&t.b, LLP_EQ, i, limit), after, &x, 1, body, NULL, 0);
  go_on_in(&t, body);
  ll_cond_br(&t.b, ll_icmp(&t.b, LLP_NE, op(&t, LL_AND, t.tid, i32(&t, 1)), zero), odd, NULL, 0, even, NULL, 0);
  go_on_in(&t, odd);
  ll_br(&t.b, join, (LLInst *[]){op(&t, LL_ADD, x, i)}, 1);
  go_on_in(&t, even);
  ll_cond_br(&t.b, ll_icmp(&t.b, LLP_NE, op(&t, LL_AND, t.tid, i32(&t, 2)), zero), two, NULL, 0, four, NULL, 0);
  go_on_in(&t, two);
  ll_br(&t.b, join, (LLInst *[]){op(&t, LL_ADD, x, i32(&t, 10))}, 1);
  go_on_in(&t, four);
  ll_br(&t.b, join, (LLInst *[]){op(&t, LL_ADD, x, i32(&t, 100))}, 1);
  go_on_in(&t, join);
  ll_cond_br(&t.b, ll_icmp(&t.b, LLP_SGT, y, t.n), after, &y, 1, head, (LLInst *[]){op(&t, LL_ADD, i, i32(&t, 1)), y},
             2);
  go_on_in(&t, after);
  LLInst *other = ll_call(&t.b, LL_SHFL_BFLY, NULL, i32(&t, -1), last, i32(&t, 1), i32(&t, 31), NULL);
  put(&t, at(&t, t.out, t.tid, 4), op(&t, LL_ADD, op(&t, LL_MUL, last, i32(&t, 1000)), other));
  finish(&t);
  launch(&t, 1, 0, out, sizeof out, NULL, 0, 250);
  expect_clean(&t);
  int32_t want[96];
  for (int k = 0; k < 96; k++) {
    want[k] = 0;
    for (int j = 0; j != k % 7; j++) {
      want[k] += k & 1 ? j : k & 2 ? 10 : 100;
      if (want[k] > 250) break;
    }
  }
  for (int k = 0; k < 96; k++) assert_int_equal(out[k], want[k] * 1000 + want[k ^ 1]);
  assert_true(t.r.divergent > 0);
  ctx_free(t.cx);
}

/* Threads of a warp take a lock one after another, by compare-and-swap in a loop. */
static void test_lock(void **state) {
  (void)state;
  uint32_t out[2] = {0};
  T t = start(64);
  LLBlock *entry = ll_entry(t.f), *spin = block(&t, entry), *held = block(&t, spin);
  LLInst *zero = i32(&t, 0), *one = i32(&t, 1), *count = ll_ptradd(&t.b, t.out, NULL, 4);
  ll_br(&t.b, spin, NULL, 0);
  go_on_in(&t, spin);
  LLInst *old = ll_cmpxchg(&t.b, t.out, zero, one, NULL, (LLMods){.sem = LLS_ACQUIRE});
  ll_cond_br(&t.b, ll_icmp(&t.b, LLP_EQ, old, zero), held, NULL, 0, spin, NULL, 0);
  go_on_in(&t, held);
  put(&t, count, op(&t, LL_ADD, get(&t, &ll_i32, count), one));
  ll_atomic(&t.b, LLR_XCHG, t.out, zero, NULL, (LLMods){.sem = LLS_RELEASE});
  finish(&t);
  t.o.max_instructions = 5000000;
  launch(&t, 3, 0, out, sizeof out, NULL, 0, 0);
  expect_clean(&t);
  assert_int_equal(out[1], 192);
  ctx_free(t.cx);
}

static void test_atomics(void **state) {
  (void)state;
  int32_t out[4] = {0, INT32_MIN, 0, 0};
  float sum = 0;
  T t = start(96);
  ll_atomic(&t.b, LLR_ADD, t.out, t.tid, NULL, plain);
  ll_atomic(&t.b, LLR_MAX, ll_ptradd(&t.b, t.out, NULL, 4), t.tid, NULL, plain);
  ll_atomic(&t.b, LLR_FADD, ll_ptradd(&t.b, t.out, NULL, 8), ll_const_float(&t.b, &ll_float, 0.5), NULL, plain);
  ll_atomic(&t.b, LLR_OR, ll_ptradd(&t.b, t.out, NULL, 12), t.tid, ll_icmp(&t.b, LLP_ULT, t.tid, i32(&t, 40)), plain);
  finish(&t);
  launch(&t, 2, 0, out, sizeof out, NULL, 0, 0);
  expect_clean(&t);
  memcpy(&sum, &out[2], 4);
  assert_int_equal(out[0], 2 * 95 * 96 / 2);
  assert_int_equal(out[1], 95);
  assert_true(sum == 96);
  assert_int_equal(out[3], 63);
  ctx_free(t.cx);
}

static void test_printf(void **state) {
  (void)state;
  static const char format[] = "%d %5.2f%% %s|\n";
  T t = start(32);
  uint32_t out;
  LLInst *args[] = {ll_global(&t.b, ll_global_bytes(t.m, format, sizeof format)), t.tid,
                    ll_const_float(&t.b, &ll_double, 1.5), ll_global(&t.b, ll_global_bytes(t.m, "x", 2))};
  LLBlock *yes = block(&t, ll_entry(t.f)), *no = block(&t, ll_entry(t.f));
  ll_cond_br(&t.b, ll_icmp(&t.b, LLP_UGT, t.tid, i32(&t, 29)), yes, NULL, 0, no, NULL, 0);
  go_on_in(&t, yes);
  ll_build(&t.b, LL_PRINTF, &ll_void, plain, 0, args, 4);
  ll_br(&t.b, no, NULL, 0);
  go_on_in(&t, no);
  finish(&t);
  launch(&t, 1, 0, &out, sizeof out, NULL, 0, 0);
  expect_clean(&t);
  assert_string_equal(buf_text(&t.printed), "30  1.50% x|\n31  1.50% x|\n");
  ctx_free(t.cx);
}

/* ---- seeded bugs ------------------------------------------------------------------------------------------------- */

/* shared[tid] = tid; then what thread (tid + 32) wrote. */
static void exchange(T *t, bool with_barrier) {
  put(t, smem(t, t->tid, 4), t->tid);
  if (with_barrier) barrier(t);
  LLInst *other = op(t, LL_AND, op(t, LL_ADD, t->tid, i32(t, 32)), i32(t, 127));
  put(t, at(t, t->out, t->tid, 4), get(t, &ll_i32, smem(t, other, 4)));
  finish(t);
}

static void test_missing_barrier(void **state) {
  (void)state;
  static const LLLoc place = {.file = "kernel.py", .function = "kernel", .line = 12, .col = 3};
  int32_t out[128];
  T good = start(128), bad = start(128);
  exchange(&good, true);
  launch(&good, 1, 512, out, sizeof out, NULL, 0, 0);
  expect_clean(&good);
  for (int i = 0; i < 128; i++) assert_int_equal(out[i], (i + 32) % 128);
  bad.b.loc = &place;
  exchange(&bad, false);
  launch(&bad, 1, 512, out, sizeof out, NULL, 0, 0);
  const SimtIssue *race = find_issue(&bad, SIMT_RACE);
  assert_non_null(race);
  assert_true(race->other_warp >= 0 && race->other != NULL);
  Buf b = {.cx = bad.cx};
  assert_false(simt_print(&b, &bad.r));
  assert_non_null(strstr(buf_text(&b), "kernel.py:12:4: error: race on shared memory"));
  ctx_free(good.cx);
  ctx_free(bad.cx);
}

static void test_same_instruction_race(void **state) {
  (void)state;
  int32_t out[32];
  for (int different = 0; different < 2; different++) {
    T t = start(32);
    put(&t, smem(&t, op(&t, LL_AND, t.tid, i32(&t, 3)), 4), different ? t.tid : i32(&t, 7));
    put(&t, at(&t, t.out, t.tid, 4), get(&t, &ll_i32, ll_shared(&t.b)));
    finish(&t);
    launch(&t, 1, 64, out, sizeof out, NULL, 0, 0);
    if (different)
      expect_only(&t, SIMT_RACE);
    else
      expect_clean(&t);
    ctx_free(t.cx);
  }
}

static void test_bounds(void **state) {
  (void)state;
  int32_t in[128] = {0}, out[64]; /* of `in` the kernel has the first half */
  T t = start(64);
  put(&t, at(&t, t.out, t.tid, 4), get(&t, &ll_i32, ll_ptradd(&t.b, at(&t, t.in, t.tid, 4), NULL, 4)));
  finish(&t);
  launch(&t, 1, 0, out, sizeof out, in, sizeof in / 2, 0);
  const SimtIssue *i = expect_only(&t, SIMT_OUT_OF_BOUNDS_READ);
  assert_int_equal(i->thread, 63);
  assert_int_equal(i->count, 1);
  assert_int_equal(i->address, (uintptr_t)(in + 64));
  ctx_free(t.cx);
  T s = start(64);
  put(&s, smem(&s, s.tid, 4), s.tid);
  finish(&s);
  launch(&s, 1, 128, out, sizeof out, NULL, 0, 0);
  assert_int_equal(expect_only(&s, SIMT_OUT_OF_BOUNDS_WRITE)->count, 32);
  ctx_free(s.cx);
  T r = start(32);
  put(&r, at(&r, r.in, r.tid, 4), r.tid);
  finish(&r);
  launch(&r, 1, 0, out, sizeof out, in, sizeof in / 2, 0);
  expect_only(&r, SIMT_READ_ONLY);
  ctx_free(r.cx);
}

static void test_uninitialized(void **state) {
  (void)state;
  int32_t out[32];
  T t = start(32);
  put(&t, at(&t, t.out, t.tid, 4), get(&t, &ll_i32, smem(&t, t.tid, 4)));
  finish(&t);
  launch(&t, 1, 128, out, sizeof out, NULL, 0, 0);
  expect_only(&t, SIMT_UNINITIALIZED);
  ctx_free(t.cx);
  T g = start(32); /* of a buffer that begins unwritten: half of it is written first */
  simt_add_buffer(g.cx, &g.o, out, sizeof out, false, true);
  ll_store_if(&g.b, at(&g, g.out, g.tid, 4), g.tid, ll_icmp(&g.b, LLP_ULT, g.tid, i32(&g, 16)), plain);
  get(&g, &ll_i32, at(&g, g.out, g.tid, 4));
  finish(&g);
  launch(&g, 1, 0, out, sizeof out, NULL, 0, 0);
  const SimtIssue *i = expect_only(&g, SIMT_UNINITIALIZED);
  assert_int_equal(i->thread, 16);
  assert_int_equal(i->count, 16);
  ctx_free(g.cx);
}

static void test_misaligned(void **state) {
  (void)state;
  int32_t in[64] = {0}, out[64];
  T t = start(8);
  const LLType *v4 = ll_vector(t.m, &ll_i32, 4);
  LLInst *x = get(&t, v4, ll_ptradd(&t.b, at(&t, t.in, t.tid, 16), NULL, 4));
  put(&t, at(&t, t.out, t.tid, 4), ll_extract(&t.b, x, 0));
  finish(&t);
  launch(&t, 1, 0, out, sizeof out, in, sizeof in, 0);
  expect_only(&t, SIMT_MISALIGNED);
  ctx_free(t.cx);
}

static void test_bank_conflicts(void **state) {
  (void)state;
  int32_t out[32];
  for (int stride = 1; stride <= 33; stride += stride == 1 ? 1 : stride == 2 ? 30 : 1) { /* 1, 2, 32, 33 */
    T t = start(32);
    put(&t, smem(&t, t.tid, 4 * stride), t.tid);
    finish(&t);
    launch(&t, 1, 32 * 33 * 4, out, sizeof out, NULL, 0, 0);
    expect_clean(&t);
    const int want = stride == 32 ? 32 : stride == 2 ? 2 : 1;
    assert_int_equal(t.r.naccesses, 1);
    assert_int_equal(t.r.accesses[0].worst, want);
    assert_int_equal(t.r.accesses[0].wavefronts, want);
    ctx_free(t.cx);
  }
}

static void test_sectors(void **state) {
  (void)state;
  static int32_t in[32 * 32], out[32];
  for (int stride = 1; stride <= 32; stride *= 2) {
    T t = start(32);
    put(&t, at(&t, t.out, t.tid, 4), get(&t, &ll_i32, at(&t, t.in, t.tid, 4 * stride)));
    finish(&t);
    int32_t *base = (int32_t *)(((uintptr_t)in + 31) & ~(uintptr_t)31); /* from a sector's beginning */
    simt_add_buffer(t.cx, &t.o, in, sizeof in, true, false);
    simt_add_buffer(t.cx, &t.o, out, sizeof out, false, false);
    launch(&t, 1, 0, out, sizeof out, stride == 32 ? in : base, sizeof in, 0);
    expect_clean(&t);
    const SimtAccess *load = &t.r.accesses[0];
    assert_int_equal(load->ideal_sectors, 4);
    if (stride < 32) assert_int_equal(load->sectors, stride >= 8 ? 32 : 4 * stride);
    ctx_free(t.cx);
  }
}

static void test_deadlock(void **state) {
  (void)state;
  int32_t out;
  T t = start(64); /* one warp at barrier 1, the other at barrier 2 */
  LLInst *warp = op(&t, LL_LSHR, t.tid, i32(&t, 5));
  ll_call(&t.b, LL_BARRIER, NULL, op(&t, LL_ADD, warp, i32(&t, 1)), i32(&t, 64), NULL);
  finish(&t);
  launch(&t, 1, 0, &out, sizeof out, NULL, 0, 0);
  expect_only(&t, SIMT_DEADLOCK);
  assert_true(t.r.stopped);
  ctx_free(t.cx);
  T m = start(32); /* an mbarrier nobody arrives at */
  ll_call(&m.b, LL_MBARRIER_INIT, NULL, ll_shared(&m.b), i32(&m, 1), NULL);
  ll_call(&m.b, LL_MBARRIER_WAIT, NULL, ll_shared(&m.b), i32(&m, 0), NULL);
  finish(&m);
  launch(&m, 1, 16, &out, sizeof out, NULL, 0, 0);
  expect_only(&m, SIMT_DEADLOCK);
  ctx_free(m.cx);
}

static void test_divergent_barrier(void **state) {
  (void)state;
  int32_t out;
  T t = start(32);
  LLBlock *yes = block(&t, ll_entry(t.f)), *no = block(&t, ll_entry(t.f));
  ll_cond_br(&t.b, ll_icmp(&t.b, LLP_ULT, t.tid, i32(&t, 16)), yes, NULL, 0, no, NULL, 0);
  go_on_in(&t, yes);
  barrier(&t);
  ll_br(&t.b, no, NULL, 0);
  go_on_in(&t, no);
  barrier(&t);
  finish(&t);
  launch(&t, 1, 0, &out, sizeof out, NULL, 0, 0);
  assert_non_null(find_issue(&t, SIMT_DIVERGENT));
  ctx_free(t.cx);
}

static void test_assert_and_trap(void **state) {
  (void)state;
  int32_t out;
  T t = start(32);
  LLInst *text = ll_global(&t.b, ll_global_bytes(t.m, "x < n", 6));
  LLInst *args[] = {text, text, i32(&t, 3), text};
  ll_build(&t.b, LL_ASSERTFAIL, &ll_void, plain, 0, args, 4);
  finish(&t);
  launch(&t, 4, 0, &out, sizeof out, NULL, 0, 0);
  assert_string_equal(expect_only(&t, SIMT_ASSERT)->detail, "x < n");
  assert_true(t.r.stopped);
  ctx_free(t.cx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers),
      cmocka_unit_test(test_comparisons),
      cmocka_unit_test(test_bits),
      cmocka_unit_test(test_floats),
      cmocka_unit_test(test_fma),
      cmocka_unit_test(test_packed),
      cmocka_unit_test(test_conversions),
      cmocka_unit_test(test_fp8),
      cmocka_unit_test(test_shuffles),
      cmocka_unit_test(test_votes),
      cmocka_unit_test(test_reduction),
      cmocka_unit_test(test_divergence),
      cmocka_unit_test(test_lock),
      cmocka_unit_test(test_atomics),
      cmocka_unit_test(test_printf),
      cmocka_unit_test(test_missing_barrier),
      cmocka_unit_test(test_same_instruction_race),
      cmocka_unit_test(test_bounds),
      cmocka_unit_test(test_uninitialized),
      cmocka_unit_test(test_misaligned),
      cmocka_unit_test(test_bank_conflicts),
      cmocka_unit_test(test_sectors),
      cmocka_unit_test(test_deadlock),
      cmocka_unit_test(test_divergent_barrier),
      cmocka_unit_test(test_assert_and_trap),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
