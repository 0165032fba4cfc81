/* float.c: the floating-point formats: their bits to and from double.
 *
 * A format is a sign, `exponent` bits, `mantissa` bits and a bias; formats differ in what the largest codes mean. Three
 * families occur: IEEE (all-ones exponent: infinity and NaN), FN (no infinity; only the all-ones code is NaN), FNUZ (no
 * infinity, no negative zero; that code is the one NaN). Encoding rounds to nearest, ties to even, from a double's bits
 * by shifting the significand, so that subnormals, the carry into the next exponent and overflow need no case of their
 * own: finite codes of one sign are ordered like their values.
 */
#include "ir/internal.h"

#include <math.h>
#include <string.h>

typedef enum Family { IEEE, FN, FNUZ } Family;

static const struct FloatFormat {
  const char *name;
  int bits, exponent, mantissa, bias;
  Family family;
} formats[FLOAT_KINDS] = {
    [F8E4M3FN] = {"f8E4M3FN", 8, 4, 3, 7, FN},
    [F8E5M2] = {"f8E5M2", 8, 5, 2, 15, IEEE},
    [F8E4M3FNUZ] = {"f8E4M3FNUZ", 8, 4, 3, 8, FNUZ},
    [F8E5M2FNUZ] = {"f8E5M2FNUZ", 8, 5, 2, 16, FNUZ},
    [F8E4M3B11FNUZ] = {"f8E4M3B11FNUZ", 8, 4, 3, 11, FNUZ},
    [F16] = {"f16", 16, 5, 10, 15, IEEE},
    [BF16] = {"bf16", 16, 8, 7, 127, IEEE},
    [F32] = {"f32", 32, 8, 23, 127, IEEE},
    [F64] = {"f64", 64, 11, 52, 1023, IEEE},
};

int ir_float_bits(FloatKind kind) { return formats[kind].bits; }
const char *ir_float_name(FloatKind kind) { return formats[kind].name; }

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double double_of(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static const uint64_t double_mantissa = (UINT64_C(1) << 52) - 1;

static uint64_t ones(int n) { return (UINT64_C(1) << n) - 1; }

/* The largest finite code. */
static uint64_t max_finite(const struct FloatFormat *f) {
  uint64_t all = ones(f->exponent + f->mantissa);
  if (f->family == IEEE) return all - (UINT64_C(1) << f->mantissa);
  return f->family == FN ? all - 1 : all;
}

/* A NaN's code, with as much of the double's payload as there is room for. In 8 bits there is one, as GPUs make it:
 * without sign, all bits set. */
static uint64_t encode_nan(const struct FloatFormat *f, uint64_t sign, uint64_t mantissa) {
  if (f->family == FNUZ) return UINT64_C(1) << (f->bits - 1);
  if (f->family == FN || f->bits == 8) return ones(f->bits - 1);
  uint64_t payload = mantissa >> (52 - f->mantissa);
  if (!payload) payload = UINT64_C(1) << (f->mantissa - 1);
  return sign | ones(f->exponent) << f->mantissa | payload;
}

static uint64_t encode_overflow(const struct FloatFormat *f, uint64_t sign) {
  return f->family == IEEE ? sign | ones(f->exponent) << f->mantissa : encode_nan(f, sign, 0);
}

uint64_t ir_float_encode(FloatKind kind, double x) {
  const struct FloatFormat *f = &formats[kind];
  uint64_t bits = bits_of(x), mantissa = bits & double_mantissa;
  if (kind == F64) return bits;
  uint64_t sign = (bits >> 63) << (f->bits - 1);
  int biased = (int)(bits >> 52 & 0x7FF);
  if (biased == 0x7FF) return mantissa ? encode_nan(f, sign, mantissa) : encode_overflow(f, sign);
  int exponent = biased - 1023 + f->bias; /* in the format's bias; a double's subnormals are far below every format */
  int shift = 52 - f->mantissa + (exponent < 1 ? 1 - exponent : 0);
  uint64_t code = 0;
  if (biased && shift <= 53) {
    uint64_t significand = mantissa | UINT64_C(1) << 52, lost = significand & ones(shift);
    uint64_t half = UINT64_C(1) << (shift - 1);
    code = significand >> shift;
    if (lost > half || (lost == half && (code & 1))) code++;
    if (exponent >= 1) code += (uint64_t)(exponent - 1) << f->mantissa;
  }
  if (code > max_finite(f)) return encode_overflow(f, sign);
  if (!code && f->family == FNUZ) return 0;
  return sign | code;
}

double ir_float_decode(FloatKind kind, uint64_t bits) {
  const struct FloatFormat *f = &formats[kind];
  if (kind == F64) return double_of(bits);
  bits &= ones(f->bits);
  uint64_t sign = (bits >> (f->bits - 1)) << 63, code = bits & ones(f->bits - 1), mantissa = code & ones(f->mantissa);
  bool is_nan = f->family == FNUZ ? sign && !code
                : f->family == FN ? code == ones(f->bits - 1)
                                  : code > max_finite(f) + 1;
  if (is_nan) {
    uint64_t payload = f->family == IEEE ? mantissa << (52 - f->mantissa) : UINT64_C(1) << 51;
    return double_of(sign | UINT64_C(0x7FF) << 52 | payload);
  }
  if (code > max_finite(f)) return double_of(sign | UINT64_C(0x7FF) << 52);
  int exponent = (int)(code >> f->mantissa);
  uint64_t significand = exponent ? mantissa | UINT64_C(1) << f->mantissa : mantissa;
  double magnitude = ldexp((double)significand, (exponent ? exponent : 1) - f->bias - f->mantissa);
  return double_of(sign | bits_of(magnitude));
}
