/* number.h: the narrow floating-point formats, fast, and conversions rounded as PTX's cvt rounds them. */
#ifndef TRITONC_SIMT_NUMBER_H
#define TRITONC_SIMT_NUMBER_H

#include "ir/ir.h"

#include <math.h>
#include <string.h>

static inline float as_float(uint32_t x) {
  float f;
  memcpy(&f, &x, sizeof f);
  return f;
}
static inline uint32_t float_bits(float f) {
  uint32_t x;
  memcpy(&x, &f, sizeof x);
  return x;
}
static inline double as_double(uint64_t x) {
  double f;
  memcpy(&f, &x, sizeof f);
  return f;
}
static inline uint64_t double_bits(double f) {
  uint64_t x;
  memcpy(&x, &f, sizeof x);
  return x;
}

static const uint32_t canonical_nan = 0x7fffffff;
/* The one NaN that operations on floats give. */
static inline uint32_t result_bits(float f) { return f != f ? canonical_nan : float_bits(f); }

static inline float half_to_float(uint32_t h) {
  uint32_t magnitude = (h & 0x7fff) << 13, sign = (h & 0x8000) << 16;
  float f = as_float(magnitude) * 0x1p112f; /* the exponents' biases differ by 112; subnormals come right by themselves */
  uint32_t bits = (h & 0x7c00) == 0x7c00 ? magnitude | 0x7f800000 : float_bits(f);
  return as_float(bits | sign);
}
static inline float bfloat_to_float(uint32_t h) { return as_float(h << 16); }
static inline uint32_t float_to_half(float f) {
  return f != f ? 0x7fff : (uint32_t)ir_float_encode(F16, (double)f);
}
static inline uint32_t float_to_bfloat(float f) {
  uint32_t x = float_bits(f);
  return f != f ? 0x7fff : (x + 0x7fff + (x >> 16 & 1)) >> 16;
}
static inline uint32_t double_to_half(double x) { return x != x ? 0x7fff : (uint32_t)ir_float_encode(F16, x); }
static inline uint32_t double_to_bfloat(double x) { return x != x ? 0x7fff : (uint32_t)ir_float_encode(BF16, x); }

/* x + error, rounded to odd: a double that any narrower format then rounds as it would the exact sum. */
static inline double odd_sum(double x, double error) {
  uint64_t bits = double_bits(x);
  if (error == 0 || error != error || isinf(x) || (bits & 1)) return x;
  return as_double((error > 0) == (x > 0) ? bits | 1 : bits - 1);
}
/* a*b + c for halves and bfloats: the product is exact in double. */
static inline double narrow_fma(double a, double b, double c) {
  double product = a * b, sum = product + c, back = sum - product;
  return isfinite(sum) ? odd_sum(sum, (product - (sum - back)) + (c - back)) : sum;
}
/* A 64-bit integer's magnitude rounded to odd, for further rounding. */
static inline double odd_magnitude(uint64_t x) {
  int excess = x >> 53 ? 11 - __builtin_clzll(x) : 0;
  uint64_t lost = excess ? x & ((UINT64_C(1) << excess) - 1) : 0;
  return ldexp((double)(x >> excess | (lost != 0)), excess);
}

/* Toward zero: cut the magnitude off, and never beyond the largest finite one unless it was infinite. */
static inline uint32_t float_to_half_rz(float f) {
  uint32_t h = float_to_half(f), magnitude = h & 0x7fff;
  if (f != f || isinf(f)) return h;
  if (fabsf(half_to_float(magnitude)) > fabsf(f)) h--;
  return h;
}
static inline uint32_t float_to_bfloat_rz(float f) { return f != f ? 0x7fff : float_bits(f) >> 16; }
static inline uint32_t float_to_tf32_rna(float f) {
  uint32_t x = float_bits(f);
  return f != f || isinf(f) ? x : (x + 0x1000) & ~UINT32_C(0x1fff);
}
static inline uint32_t float_to_tf32_rn(float f) {
  uint32_t x = float_bits(f);
  return f != f || isinf(f) ? x : (x + 0xfff + (x >> 13 & 1)) & ~UINT32_C(0x1fff);
}
static inline float tf32_to_float(uint32_t x) { return as_float(x & ~UINT32_C(0x1fff)); }

/* With satfinite: what is too large becomes the largest finite value; NaN is 0x7f in both formats. */
static inline uint32_t float_to_fp8(FloatKind kind, double x) {
  double limit = kind == F8E4M3FN ? 448 : 57344;
  if (x != x) return 0x7f;
  return (uint32_t)ir_float_encode(kind, x > limit ? limit : x < -limit ? -limit : x);
}

/* Saturating, toward zero. NaN is 0 unless a double or a 64-bit integer takes part: then the topmost bit. */
static inline uint64_t to_integer(double x, int bits, bool is_signed, bool from_double) {
  uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
  if (x != x) return from_double || bits == 64 ? UINT64_C(1) << (bits - 1) : 0;
  double high = ldexp(1, bits - is_signed);
  x = trunc(x);
  if (x >= high) return is_signed ? mask >> 1 : mask;
  if (is_signed) return x < -high ? (mask >> 1) + 1 : (uint64_t)(int64_t)x & mask;
  return x <= 0 ? 0 : (uint64_t)x;
}

#endif
