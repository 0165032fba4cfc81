/* arithmetic.c: what computes registers from registers, lane by lane: a table of small functions, each a loop over 32
 * lanes that the compiler turns into vector code. All lanes are computed, whether active or not; nothing traps.
 *
 * Where LLVM leaves a result undefined, it is what the hardware gives: shifts by the width or more shift everything
 * out, a division by zero gives all ones, a remainder the dividend.
 */
#include "simt/internal.h"
#include "simt/number.h"

#define LANE_LOOP for (int l = 0; l < LANES; l++)
#define UNUSED (void)mask

/* ---- integers ---------------------------------------------------------------------------------------------------- */

/* x, y: the operands; s, t: the same sign-extended; width. */
#define INT_FUNCTION(name, type, stype, reg, width_of, extend, result_mask, expr)                                      \
  static void name(Warp *w, const Code *c, uint32_t *out, uint32_t mask) {                                             \
    const type *a = reg(w, c->a), *b = reg(w, c->b);                                                                   \
    type *restrict o = (type *)(void *)out;                                                                            \
    const int sh = c->sh;                                                                                              \
    const type width = width_of, keep = (type)(result_mask);                                                           \
    LANE_LOOP {                                                                                                        \
      const type x = a[l], y = b[l];                                                                                   \
      const stype s = extend(x), t = extend(y);                                                                        \
      (void)s, (void)t, (void)width, (void)sh;                                                                         \
      o[l] = (type)(expr) & keep;                                                                                      \
    }                                                                                                                  \
    UNUSED;                                                                                                            \
  }
#define EXTEND32(x) ((int32_t)((x) << sh) >> sh)
#define EXTEND64(x) ((int64_t)(x))
#define INT(id, expr)                                                                                                  \
  INT_FUNCTION(id##32, uint32_t, int32_t, reg_at, 32u - (uint32_t)sh, EXTEND32, c->mask, expr)                         \
  INT_FUNCTION(id##64, uint64_t, int64_t, reg64_at, 64, EXTEND64, UINT64_MAX, expr)

INT(ADD, x + y)
INT(SUB, x - y)
INT(MUL, x *y)
INT(UDIV, y ? x / y : y - 1)
INT(SDIV, t == 0 ? y - 1 : t == -1 ? 0 - x : x - x + (__typeof__(x + y))(s / t))
INT(UREM, y ? x % y : x)
INT(SREM, t == 0 ? x : t == -1 ? 0 : x - x + (__typeof__(x + y))(s % t))
INT(AND, x &y)
INT(OR, x | y)
INT(XOR, x ^ y)
INT(SHL, y < width ? x << (y & (sizeof x * 8 - 1)) : 0)
INT(LSHR, y < width ? x >> (y & (sizeof x * 8 - 1)) : 0)
INT(ASHR, s >> (y < width ? y : width - 1))
INT(SMIN, s < t ? x : y)
INT(SMAX, s > t ? x : y)
INT(UMIN, x < y ? x : y)
INT(UMAX, x > y ? x : y)

#define COMPARE_FUNCTION(name, type, stype, reg, extend, expr)                                                         \
  static void name(Warp *w, const Code *c, uint32_t *out, uint32_t mask) {                                             \
    const type *a = reg(w, c->a), *b = reg(w, c->b);                                                                   \
    const int sh = c->sh;                                                                                              \
    uint32_t r = 0;                                                                                                    \
    LANE_LOOP {                                                                                                        \
      const type x = a[l], y = b[l];                                                                                   \
      const stype s = extend(x), t = extend(y);                                                                        \
      (void)s, (void)t, (void)sh, (void)x, (void)y;                                                                    \
      r |= (uint32_t)(expr) << l;                                                                                      \
    }                                                                                                                  \
    *out = r;                                                                                                          \
    UNUSED;                                                                                                            \
  }
#define COMPARE(id, expr)                                                                                              \
  COMPARE_FUNCTION(id##32, uint32_t, int32_t, reg_at, EXTEND32, expr)                                                  \
  COMPARE_FUNCTION(id##64, uint64_t, int64_t, reg64_at, EXTEND64, expr)
COMPARE(EQ, x == y)
COMPARE(NE, x != y)
COMPARE(UGT, x > y)
COMPARE(UGE, x >= y)
COMPARE(ULT, x < y)
COMPARE(ULE, x <= y)
COMPARE(SGT, s > t)
COMPARE(SGE, s >= t)
COMPARE(SLT, s < t)
COMPARE(SLE, s <= t)

/* ---- floating point ---------------------------------------------------------------------------------------------- */

#define FCOMPARE_FUNCTION(name, type, utype, reg, as, expr)                                                            \
  static void name(Warp *w, const Code *c, uint32_t *out, uint32_t mask) {                                             \
    const utype *a = reg(w, c->a), *b = reg(w, c->b);                                                                  \
    uint32_t r = 0;                                                                                                    \
    LANE_LOOP {                                                                                                        \
      const type x = as(a[l]), y = as(b[l]);                                                                           \
      const bool un = x != x || y != y;                                                                                \
      (void)un;                                                                                                        \
      r |= (uint32_t)(expr) << l;                                                                                      \
    }                                                                                                                  \
    *out = r;                                                                                                          \
    UNUSED;                                                                                                            \
  }
#define FCOMPARE(id, expr)                                                                                             \
  FCOMPARE_FUNCTION(F##id##F, float, uint32_t, reg_at, as_float, expr)                                                 \
  FCOMPARE_FUNCTION(F##id##D, double, uint64_t, reg64_at, as_double, expr)
FCOMPARE(OEQ, x == y)
FCOMPARE(OGT, x > y)
FCOMPARE(OGE, x >= y)
FCOMPARE(OLT, x < y)
FCOMPARE(OLE, x <= y)
FCOMPARE(ONE, !un && x != y)
FCOMPARE(ORD, !un)
FCOMPARE(UEQ, un || x == y)
FCOMPARE(UGT, un || x > y)
FCOMPARE(UGE, un || x >= y)
FCOMPARE(ULT, un || x < y)
FCOMPARE(ULE, un || x <= y)
FCOMPARE(UNE, x != y)
FCOMPARE(UNO, un)

#define FLOAT_FUNCTION(name, type, utype, reg, as, bits, second, expr)                                                 \
  static void name(Warp *w, const Code *c, uint32_t *out, uint32_t mask) {                                             \
    const utype *a = reg(w, c->a), *b = second;                                                                        \
    utype *restrict o = (utype *)(void *)out;                                                                          \
    LANE_LOOP {                                                                                                        \
      const type x = as(a[l]), y = as(b[l]);                                                                           \
      (void)y;                                                                                                         \
      o[l] = bits(expr);                                                                                               \
    }                                                                                                                  \
    UNUSED;                                                                                                            \
  }
#define FLOAT2(id, f, d)                                                                                               \
  FLOAT_FUNCTION(F##id##F, float, uint32_t, reg_at, as_float, result_bits, reg_at(w, c->b), f)                         \
  FLOAT_FUNCTION(F##id##D, double, uint64_t, reg64_at, as_double, double_bits, reg64_at(w, c->b), d)
#define FLOAT1(id, f, d)                                                                                               \
  FLOAT_FUNCTION(F##id##F, float, uint32_t, reg_at, as_float, result_bits, a, f)                                       \
  FLOAT_FUNCTION(F##id##D, double, uint64_t, reg64_at, as_double, double_bits, a, d)

/* -0 is less than +0. */
#define LESS(x, y) ((x) < (y) || ((x) == (y) && signbit(x) && !signbit(y)))
#define MINIMUM(x, y) (x != x ? y : y != y ? x : LESS(x, y) ? x : y)
#define MAXIMUM(x, y) (x != x ? y : y != y ? x : LESS(x, y) ? y : x)
#define MINIMUM_NAN(x, y) (x != x ? x : y != y ? y : LESS(x, y) ? x : y)
#define MAXIMUM_NAN(x, y) (x != x ? x : y != y ? y : LESS(x, y) ? y : x)
FLOAT2(ADD, x + y, x + y)
FLOAT2(SUB, x - y, x - y)
FLOAT2(MUL, x *y, x *y)
FLOAT2(DIV, x / y, x / y)
FLOAT2(REM, fmodf(x, y), fmod(x, y))
FLOAT2(MIN, MINIMUM(x, y), MINIMUM(x, y))
FLOAT2(MAX, MAXIMUM(x, y), MAXIMUM(x, y))
FLOAT2(MIN_NAN, MINIMUM_NAN(x, y), MINIMUM_NAN(x, y))
FLOAT2(MAX_NAN, MAXIMUM_NAN(x, y), MAXIMUM_NAN(x, y))
FLOAT1(FLOOR, floorf(x), floor(x))
FLOAT1(CEIL, ceilf(x), ceil(x))
FLOAT1(TRUNC, truncf(x), trunc(x))
FLOAT1(RINT, rintf(x), rint(x))
FLOAT1(SQRT, sqrtf(x), sqrt(x))

#define FMA_FUNCTION(name, utype, reg, as, bits, fma)                                                                  \
  static void name(Warp *w, const Code *c, uint32_t *out, uint32_t mask) {                                             \
    const utype *x = reg(w, c->a), *y = reg(w, c->b), *z = reg(w, c->c);                                               \
    utype *restrict o = (utype *)(void *)out;                                                                          \
    LANE_LOOP o[l] = bits(fma(as(x[l]), as(y[l]), as(z[l])));                                                          \
    UNUSED;                                                                                                            \
  }
FMA_FUNCTION(FMAF, uint32_t, reg_at, as_float, result_bits, fmaf)
FMA_FUNCTION(FMAD, uint64_t, reg64_at, as_double, double_bits, fma)
FMA_FUNCTION(FMAH, uint32_t, reg_at, half_to_float, double_to_half, narrow_fma)
FMA_FUNCTION(FMAB, uint32_t, reg_at, bfloat_to_float, double_to_bfloat, narrow_fma)

/* ---- predicates, selection, copies ------------------------------------------------------------------------------- */

#define OTHER(name) static void name(Warp *w, const Code *c, uint32_t *out, uint32_t mask)
OTHER(AND1) { *out = *reg_at(w, c->a) & *reg_at(w, c->b), UNUSED; }
OTHER(OR1) { *out = *reg_at(w, c->a) | *reg_at(w, c->b), UNUSED; }
OTHER(XOR1) { *out = *reg_at(w, c->a) ^ *reg_at(w, c->b), UNUSED; }
OTHER(COPY1) { *out = *reg_at(w, c->a), UNUSED; }
OTHER(COPY32) { memcpy(out, reg_at(w, c->a), LANES * 4), UNUSED; }
OTHER(COPY64) { memcpy(out, reg_at(w, c->a), LANES * 8), UNUSED; }
OTHER(SELECT1) {
  uint32_t p = *reg_at(w, c->a);
  *out = (*reg_at(w, c->b) & p) | (*reg_at(w, c->c) & ~p), UNUSED;
}
OTHER(SELECT32) {
  const uint32_t p = *reg_at(w, c->a), *x = reg_at(w, c->b), *y = reg_at(w, c->c);
  LANE_LOOP out[l] = p >> l & 1 ? x[l] : y[l];
  UNUSED;
}
OTHER(SELECT64) {
  const uint32_t p = *reg_at(w, c->a);
  const uint64_t *x = reg64_at(w, c->b), *y = reg64_at(w, c->c);
  uint64_t *o = (uint64_t *)(void *)out;
  LANE_LOOP o[l] = p >> l & 1 ? x[l] : y[l];
  UNUSED;
}

/* ---- moves between widths ---------------------------------------------------------------------------------------- */

/* o[l] from x, the operand's lane. */
#define UNARY(name, from, to, reg, expr)                                                                               \
  OTHER(name) {                                                                                                        \
    const from *a = reg(w, c->a);                                                                                      \
    to *restrict o = (to *)(void *)out;                                                                                \
    LANE_LOOP {                                                                                                        \
      const from x = a[l];                                                                                             \
      o[l] = (to)(expr);                                                                                               \
    }                                                                                                                  \
    UNUSED;                                                                                                            \
  }
UNARY(LOW, uint64_t, uint32_t, reg64_at, x & c->mask)
UNARY(HIGH, uint64_t, uint32_t, reg64_at, x >> 32)
UNARY(ZEXT64, uint32_t, uint64_t, reg_at, x)
UNARY(SEXT32, uint32_t, uint32_t, reg_at, (uint32_t)((int32_t)(x << c->sh) >> c->sh) & c->mask)
UNARY(SEXT64, uint32_t, uint64_t, reg_at, (int64_t)((int32_t)(x << c->sh) >> c->sh))
UNARY(FIELD, uint32_t, uint32_t, reg_at, x >> (c->imm & 31) & c->mask)

#define TOBOOL(name, type, reg)                                                                                        \
  OTHER(name) {                                                                                                        \
    const type *a = reg(w, c->a);                                                                                      \
    uint32_t r = 0;                                                                                                    \
    LANE_LOOP r |= (uint32_t)(a[l] & 1) << l;                                                                          \
    *out = r, UNUSED;                                                                                                  \
  }
TOBOOL(TOBOOL32, uint32_t, reg_at)
TOBOOL(TOBOOL64, uint64_t, reg64_at)
#define FROMBOOL(name, type)                                                                                           \
  OTHER(name) {                                                                                                        \
    const uint32_t p = *reg_at(w, c->a);                                                                               \
    type *restrict o = (type *)(void *)out;                                                                            \
    const type yes = (type)c->imm;                                                                                     \
    LANE_LOOP o[l] = p >> l & 1 ? yes : 0;                                                                             \
    UNUSED;                                                                                                            \
  }
FROMBOOL(FROMBOOL32, uint32_t)
FROMBOOL(FROMBOOL64, uint64_t)

OTHER(JOIN64) {
  const uint32_t *x = reg_at(w, c->a), *y = reg_at(w, c->b);
  uint64_t *o = (uint64_t *)(void *)out;
  LANE_LOOP o[l] = x[l] | (uint64_t)y[l] << 32;
  UNUSED;
}
OTHER(PACK16) {
  const uint32_t *x = reg_at(w, c->a);
  if (c->b == NO_REG) {
    memcpy(out, x, LANES * 4);
    return;
  }
  const uint32_t *y = reg_at(w, c->b);
  LANE_LOOP out[l] = (x[l] & 0xffff) | y[l] << 16;
  UNUSED;
}
OTHER(PACK8) {
  const int32_t from[4] = {c->a, c->b, c->c, c->d};
  memset(out, 0, LANES * 4);
  for (int k = 0; k < 4 && from[k] != NO_REG; k++) {
    const uint32_t *x = reg_at(w, from[k]);
    LANE_LOOP out[l] |= (x[l] & 0xff) << 8 * k;
  }
  UNUSED;
}

/* ---- conversions ------------------------------------------------------------------------------------------------- */

UNARY(H2F, uint32_t, uint32_t, reg_at, result_bits(half_to_float(x)))
UNARY(B2F, uint32_t, uint32_t, reg_at, result_bits(bfloat_to_float(x)))
UNARY(F2D, uint32_t, uint64_t, reg_at, double_bits((double)as_float(x)))
UNARY(D2F, uint64_t, uint32_t, reg64_at, result_bits((float)as_double(x)))
UNARY(F2H, uint32_t, uint32_t, reg_at, float_to_half(as_float(x)))
UNARY(F2B, uint32_t, uint32_t, reg_at, float_to_bfloat(as_float(x)))
UNARY(D2H, uint64_t, uint32_t, reg64_at, double_to_half(as_double(x)))
UNARY(D2B, uint64_t, uint32_t, reg64_at, double_to_bfloat(as_double(x)))
UNARY(TOINT32, uint64_t, uint32_t, reg64_at, to_integer(as_double(x), c->sh, c->imm & 1, c->imm & 2))
UNARY(TOINT64, uint64_t, uint64_t, reg64_at, to_integer(as_double(x), 64, c->imm & 1, c->imm & 2))
UNARY(S2F, uint32_t, uint32_t, reg_at, float_bits((float)(int32_t)x))
UNARY(U2F, uint32_t, uint32_t, reg_at, float_bits((float)x))
UNARY(S2D, uint32_t, uint64_t, reg_at, double_bits((double)(int32_t)x))
UNARY(U2D, uint32_t, uint64_t, reg_at, double_bits((double)x))
UNARY(SL2F, uint64_t, uint32_t, reg64_at, float_bits((float)(int64_t)x))
UNARY(UL2F, uint64_t, uint32_t, reg64_at, float_bits((float)x))
UNARY(SL2D, uint64_t, uint64_t, reg64_at, double_bits((double)(int64_t)x))
UNARY(UL2D, uint64_t, uint64_t, reg64_at, double_bits((double)x))
UNARY(SL2ODD, uint64_t, uint64_t, reg64_at, double_bits((int64_t)x < 0 ? -odd_magnitude(0 - x) : odd_magnitude(x)))
UNARY(UL2ODD, uint64_t, uint64_t, reg64_at, double_bits(odd_magnitude(x)))

/* ---- the table --------------------------------------------------------------------------------------------------- */

static void FENCE(Warp *w, const Code *c, uint32_t *out, uint32_t mask) { (void)w, (void)c, (void)out, UNUSED; }
static void LOAD(Warp *w, const Code *c, uint32_t *out, uint32_t mask) { simt_mem_load(w, c, mask), (void)out; }
static void STORE(Warp *w, const Code *c, uint32_t *out, uint32_t mask) { simt_mem_store(w, c, mask), (void)out; }
static void ATOMIC(Warp *w, const Code *c, uint32_t *out, uint32_t mask) { simt_mem_atomic(w, c, mask), (void)out; }
static void PRINTF(Warp *w, const Code *c, uint32_t *out, uint32_t mask) { simt_put_printf(w, c, mask), (void)out; }
static void ASSERTFAIL(Warp *w, const Code *c, uint32_t *out, uint32_t mask) {
  const char *text = simt_device_text(w, reg64_at(w, c->a)[first_lane(mask)]);
  simt_issue(w, SIMT_ASSERT, c, first_lane(mask), 0, 0, text);
  w->b->m->stop = true;
  (void)out;
}
#define CMPXCHG ATOMIC
#define JUMP NULL
#define BRANCH NULL
#define EXIT NULL
#define UNREACHABLE NULL

Handler *const simt_arithmetic[] = {
    NULL, /* S_BEFORE */
#define INT2(id) id##32, id##64,
#define CMP(id) id##32, id##64,
#define FCMP(id) F##id##F, F##id##D,
#define FLT1(id) F##id##F, F##id##D,
#define FLT2(id) F##id##F, F##id##D,
#define OP(id) id,
#include "simt/machine_ops.def"
};
