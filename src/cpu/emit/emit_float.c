/* emit_float.c: conversions between float formats, and the few functions that are short sequences of instructions.
 *
 * Every conversion rounds once, to nearest even (or toward zero where asked). f64 to a format narrower than f32 passes
 * through f32 rounded to odd: the last bit says whether anything was lost, so that the second rounding decides as if
 * it were the only one (Boldo and Melquiond, "When double rounding is odd", 2005). f8 formats saturate to their
 * largest number.
 *
 * exp is evaluated in f32 by minimax polynomials, log by those of the Cephes library after Cody and Waite's argument
 * reduction; largest errors are given in docs/. f16 and bf16 go through f32. f64 calls the C library.
 */
#include "cpu/emit/emit.h"

#include <math.h>

static const Type type_f32 = {.kind = TYPE_FLOAT, .fkind = F32, .bits = 32};

static LLVMValueRef ic(Emitter *e, LLVMTypeRef t, int lanes, int64_t x) { return emit_splat(e, emit_int(t, x), lanes); }
static LLVMValueRef fc(Emitter *e, double x, int lanes) { return emit_splat(e, LLVMConstReal(e->f32, x), lanes); }

static LLVMValueRef bits_of(Emitter *e, LLVMValueRef x, LLVMTypeRef t, int lanes) {
  return LLVMBuildBitCast(e->b, x, emit_wide(t, lanes), "");
}

/* ---- bf16 -------------------------------------------------------------------------------------------------------- */

static LLVMValueRef bf16_to_f32(Emitter *e, LLVMValueRef x, int lanes) {
  LLVMValueRef w =
      LLVMBuildShl(e->b, LLVMBuildZExt(e->b, x, emit_wide(e->i32, lanes), ""), ic(e, e->i32, lanes, 16), "");
  return bits_of(e, w, e->f32, lanes);
}

static LLVMValueRef f32_to_bf16(Emitter *e, LLVMValueRef x, int lanes, bool toward_zero) {
  LLVMValueRef w = bits_of(e, x, e->i32, lanes), high = LLVMBuildLShr(e->b, w, ic(e, e->i32, lanes, 16), "");
  LLVMValueRef r = high;
  if (!toward_zero) {
    LLVMValueRef odd = LLVMBuildAnd(e->b, high, ic(e, e->i32, lanes, 1), "");
    LLVMValueRef sum = LLVMBuildAdd(e->b, w, LLVMBuildAdd(e->b, odd, ic(e, e->i32, lanes, 0x7FFF), ""), "");
    r = LLVMBuildLShr(e->b, sum, ic(e, e->i32, lanes, 16), "");
  }
  LLVMValueRef nan = LLVMBuildFCmp(e->b, LLVMRealUNO, x, x, "");
  r = LLVMBuildSelect(e->b, nan, LLVMBuildOr(e->b, high, ic(e, e->i32, lanes, 0x40), ""), r, "");
  return LLVMBuildTrunc(e->b, r, emit_wide(e->i16, lanes), "");
}

/* ---- f8 ---------------------------------------------------------------------------------------------------------- */

typedef struct Tiny {
  int exponent, mantissa, bias;
  int largest;        /* bits of the largest finite number */
  int nan;            /* bits of a NaN */
  bool unsigned_zero; /* 0x80 is the NaN */
  bool infinity;
} Tiny;

static const Tiny *tiny_format(FloatKind kind) {
  static const Tiny table[] = {
      [F8E4M3FN] = {4, 3, 7, 0x7E, 0x7F, false, false},      [F8E5M2] = {5, 2, 15, 0x7B, 0x7F, false, true},
      [F8E4M3FNUZ] = {4, 3, 8, 0x7F, 0x80, true, false},     [F8E5M2FNUZ] = {5, 2, 16, 0x7F, 0x80, true, false},
      [F8E4M3B11FNUZ] = {4, 3, 11, 0x7F, 0x80, true, false},
  };
  return &table[kind];
}

/* Shift exponent and mantissa to where f32 has them and multiply by the ratio of the biases, which also makes the
 * subnormals right. */
static LLVMValueRef f8_to_f32(Emitter *e, FloatKind kind, LLVMValueRef x, int lanes) {
  const Tiny *f = tiny_format(kind);
  LLVMValueRef w = LLVMBuildZExt(e->b, x, emit_wide(e->i32, lanes), "");
  LLVMValueRef sign =
      LLVMBuildShl(e->b, LLVMBuildAnd(e->b, w, ic(e, e->i32, lanes, 0x80), ""), ic(e, e->i32, lanes, 24), "");
  LLVMValueRef low = LLVMBuildAnd(e->b, w, ic(e, e->i32, lanes, 0x7F), "");
  LLVMValueRef r = LLVMBuildShl(e->b, low, ic(e, e->i32, lanes, 23 - f->mantissa), "");
  r = LLVMBuildFMul(e->b, bits_of(e, r, e->f32, lanes), fc(e, ldexp(1, 127 - f->bias), lanes), "");
  r = LLVMBuildOr(e->b, bits_of(e, r, e->i32, lanes), sign, "");
  if (f->infinity) {
    LLVMValueRef special = LLVMBuildICmp(e->b, LLVMIntUGE, low, ic(e, e->i32, lanes, 0x7C), "");
    LLVMValueRef s =
        LLVMBuildOr(e->b, LLVMBuildShl(e->b, low, ic(e, e->i32, lanes, 21), ""), ic(e, e->i32, lanes, 0x7F800000), "");
    r = LLVMBuildSelect(e->b, special, LLVMBuildOr(e->b, s, sign, ""), r, "");
  } else {
    LLVMValueRef nan = LLVMBuildICmp(e->b, LLVMIntEQ, f->unsigned_zero ? w : low, ic(e, e->i32, lanes, f->nan), "");
    r = LLVMBuildSelect(e->b, nan, ic(e, e->i32, lanes, 0x7FC00000), r, "");
  }
  return bits_of(e, r, e->f32, lanes);
}

/* Normal results: add half a unit (less one, plus the last bit kept) and shift. Subnormal ones: adding the number
 * whose unit in the last place is the format's smallest subnormal makes the hardware round there. */
static LLVMValueRef f32_to_f8(Emitter *e, FloatKind kind, LLVMValueRef x, int lanes, bool toward_zero) {
  const Tiny *f = tiny_format(kind);
  LLVMTypeRef t = e->i32;
  int drop = 23 - f->mantissa;
  LLVMValueRef w = bits_of(e, x, t, lanes);
  LLVMValueRef sign = LLVMBuildAnd(e->b, LLVMBuildLShr(e->b, w, ic(e, t, lanes, 24), ""), ic(e, t, lanes, 0x80), "");
  LLVMValueRef mag = LLVMBuildAnd(e->b, w, ic(e, t, lanes, 0x7FFFFFFF), "");
  LLVMValueRef odd = LLVMBuildAnd(e->b, LLVMBuildLShr(e->b, mag, ic(e, t, lanes, drop), ""), ic(e, t, lanes, 1), "");
  int64_t rebias = (int64_t)(f->bias - 127) * (INT64_C(1) << 23), half = (INT64_C(1) << (drop - 1)) - 1;
  LLVMValueRef n = LLVMBuildAdd(e->b, mag, ic(e, t, lanes, rebias + (toward_zero ? 0 : half)), "");
  if (!toward_zero) n = LLVMBuildAdd(e->b, n, odd, "");
  n = LLVMBuildLShr(e->b, n, ic(e, t, lanes, drop), "");
  /* the smallest normal is 2^(1-bias), the smallest subnormal 2^(1-bias-mantissa) */
  double magic = ldexp(1, 1 - f->bias - f->mantissa + 23);
  LLVMValueRef m = bits_of(e, mag, e->f32, lanes), s;
  if (toward_zero) {
    LLVMValueRef scaled = LLVMBuildFMul(e->b, m, fc(e, ldexp(1, f->bias + f->mantissa - 1), lanes), "");
    LLVMTypeRef types[2] = {emit_wide(t, lanes), emit_wide(e->f32, lanes)};
    s = emit_intrinsic(e, "llvm.fptosi.sat", types, 2, &scaled, 1);
  } else {
    s = LLVMBuildSub(e->b, bits_of(e, LLVMBuildFAdd(e->b, m, fc(e, magic, lanes), ""), t, lanes),
                     emit_splat(e, LLVMConstBitCast(LLVMConstReal(e->f32, magic), t), lanes), "");
  }
  LLVMValueRef small = LLVMBuildICmp(e->b, LLVMIntULT, mag, ic(e, t, lanes, (int64_t)(128 - f->bias) << 23), "");
  LLVMValueRef r = LLVMBuildSelect(e->b, small, s, n, "");
  LLVMValueRef over = LLVMBuildICmp(e->b, LLVMIntSGT, r, ic(e, t, lanes, f->largest), "");
  r = LLVMBuildSelect(e->b, over, ic(e, t, lanes, f->largest), r, "");
  LLVMValueRef huge = LLVMBuildICmp(e->b, LLVMIntUGE, mag, ic(e, t, lanes, (int64_t)(127 + 60) << 23), "");
  r = LLVMBuildSelect(e->b, huge, ic(e, t, lanes, f->largest), r, "");
  if (f->unsigned_zero) {
    LLVMValueRef zero = LLVMBuildICmp(e->b, LLVMIntEQ, r, ic(e, t, lanes, 0), "");
    sign = LLVMBuildSelect(e->b, zero, ic(e, t, lanes, 0), sign, "");
  }
  r = LLVMBuildOr(e->b, r, sign, "");
  LLVMValueRef nan = LLVMBuildFCmp(e->b, LLVMRealUNO, x, x, "");
  r = LLVMBuildSelect(e->b, nan, ic(e, t, lanes, f->nan), r, "");
  return LLVMBuildTrunc(e->b, r, emit_wide(e->i8, lanes), "");
}

/* ---- any to any -------------------------------------------------------------------------------------------------- */

LLVMValueRef emit_float_to_f32(Emitter *e, const Type *from, LLVMValueRef x, int lanes) {
  switch (from->fkind) {
  case F32: return x;
  case F64: return LLVMBuildFPTrunc(e->b, x, emit_wide(e->f32, lanes), "");
  case F16: return LLVMBuildFPExt(e->b, x, emit_wide(e->f32, lanes), "");
  case BF16: return bf16_to_f32(e, x, lanes);
  default: return f8_to_f32(e, from->fkind, x, lanes);
  }
}

/* f64 to f32 toward zero; with `sticky` the last bit is set when anything was lost. */
static LLVMValueRef f64_cut(Emitter *e, LLVMValueRef x, int lanes, bool sticky) {
  LLVMValueRef y = LLVMBuildFPTrunc(e->b, x, emit_wide(e->f32, lanes), "");
  LLVMValueRef back = LLVMBuildFPExt(e->b, y, emit_wide(e->f64, lanes), "");
  LLVMTypeRef t64 = emit_wide(e->f64, lanes);
  LLVMValueRef ax = emit_intrinsic(e, "llvm.fabs", &t64, 1, &x, 1),
               ab = emit_intrinsic(e, "llvm.fabs", &t64, 1, &back, 1);
  LLVMValueRef bits = bits_of(e, y, e->i32, lanes);
  LLVMValueRef above = LLVMBuildFCmp(e->b, LLVMRealOGT, ab, ax, "");
  LLVMValueRef down = LLVMBuildSub(e->b, bits, LLVMBuildZExt(e->b, above, emit_wide(e->i32, lanes), ""), "");
  if (sticky) {
    LLVMValueRef lost = LLVMBuildFCmp(e->b, LLVMRealONE, x, back, "");
    down = LLVMBuildOr(e->b, down, LLVMBuildZExt(e->b, lost, emit_wide(e->i32, lanes), ""), "");
  }
  return bits_of(e, down, e->f32, lanes);
}

static LLVMValueRef f32_to_f16_toward_zero(Emitter *e, LLVMValueRef x, int lanes) {
  LLVMValueRef y = LLVMBuildFPTrunc(e->b, x, emit_wide(e->f16, lanes), "");
  LLVMValueRef back = LLVMBuildFPExt(e->b, y, emit_wide(e->f32, lanes), "");
  LLVMTypeRef t = emit_wide(e->f32, lanes);
  LLVMValueRef ax = emit_intrinsic(e, "llvm.fabs", &t, 1, &x, 1), ab = emit_intrinsic(e, "llvm.fabs", &t, 1, &back, 1);
  LLVMValueRef above = LLVMBuildFCmp(e->b, LLVMRealOGT, ab, ax, "");
  LLVMValueRef down =
      LLVMBuildSub(e->b, bits_of(e, y, e->i16, lanes), LLVMBuildZExt(e->b, above, emit_wide(e->i16, lanes), ""), "");
  return bits_of(e, down, e->f16, lanes);
}

LLVMValueRef emit_float_convert(Emitter *e, const Type *from, const Type *to, LLVMValueRef x, int lanes,
                                bool toward_zero) {
  if (from->fkind == to->fkind) return x;
  if (to->fkind == F64) {
    if (from->fkind != F32) x = emit_float_to_f32(e, from, x, lanes);
    return LLVMBuildFPExt(e->b, x, emit_wide(e->f64, lanes), "");
  }
  if (from->fkind == F64) {
    if (to->fkind == F32 && !toward_zero) return LLVMBuildFPTrunc(e->b, x, emit_wide(e->f32, lanes), "");
    if (to->fkind == F16 && !toward_zero && e->isa->avx512_fp16)
      return LLVMBuildFPTrunc(e->b, x, emit_wide(e->f16, lanes), "");
    x = f64_cut(e, x, lanes, !toward_zero);
  } else {
    x = emit_float_to_f32(e, from, x, lanes);
  }
  switch (to->fkind) {
  case F32: return x;
  case F16:
    return toward_zero ? f32_to_f16_toward_zero(e, x, lanes) : LLVMBuildFPTrunc(e->b, x, emit_wide(e->f16, lanes), "");
  case BF16: return f32_to_bf16(e, x, lanes, toward_zero);
  default: return f32_to_f8(e, to->fkind, x, lanes, toward_zero);
  }
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

static LLVMValueRef fma_of(Emitter *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c) {
  LLVMTypeRef t = LLVMTypeOf(a);
  return emit_intrinsic(e, "llvm.fma", &t, 1, (LLVMValueRef[]){a, b, c}, 3);
}

/* Do instructions of AVX-512 on 16 f32 make up the vector? */
static bool has_wide_floats(const Emitter *e, int lanes) { return e->isa->avx512 && lanes >= 16 && lanes % 16 == 0; }

static LLVMValueRef slice(Emitter *e, LLVMValueRef v, int from, int n) {
  if ((int)LLVMGetVectorSize(LLVMTypeOf(v)) == n) return v;
  LLVMValueRef mask[64];
  for (int i = 0; i < n; i++) mask[i] = LLVMConstInt(e->i32, (unsigned)(from + i), false);
  return LLVMBuildShuffleVector(e->b, v, LLVMGetPoison(LLVMTypeOf(v)), LLVMConstVector(mask, (unsigned)n), "");
}

/* parts (a power of two of them) of n elements each, one after the other. */
static LLVMValueRef concatenate(Emitter *e, LLVMValueRef *parts, int count, int n) {
  LLVMValueRef mask[128];
  for (; count > 1; count /= 2, n *= 2) {
    for (int i = 0; i < 2 * n; i++) mask[i] = LLVMConstInt(e->i32, (unsigned)i, false);
    for (int i = 0; i < count / 2; i++)
      parts[i] =
          LLVMBuildShuffleVector(e->b, parts[2 * i], parts[2 * i + 1], LLVMConstVector(mask, (unsigned)(2 * n)), "");
  }
  return parts[0];
}

static LLVMValueRef polynomial(Emitter *e, LLVMValueRef x, const double *c, int n, int lanes) {
  LLVMValueRef y = fc(e, c[0], lanes);
  for (int i = 1; i < n; i++) y = fma_of(e, y, x, fc(e, c[i], lanes));
  return y;
}

/* p * 2^n, n a whole number in f32; zero where not `live`. AVX-512 has an instruction for it. */
static LLVMValueRef scale(Emitter *e, LLVMValueRef p, LLVMValueRef n, LLVMValueRef live, int lanes) {
  if (has_wide_floats(e, lanes)) {
    LLVMValueRef parts[8] = {0}, zero = fc(e, 0, 16);
    for (int i = 0; i < lanes / 16; i++) {
      LLVMValueRef mask = LLVMBuildBitCast(e->b, slice(e, live, 16 * i, 16), e->i16, "");
      LLVMValueRef args[] = {slice(e, p, 16 * i, 16), slice(e, n, 16 * i, 16), zero, mask, emit_int(e->i32, 4)};
      parts[i] = emit_intrinsic(e, "llvm.x86.avx512.mask.scalef.ps.512", NULL, 0, args, 5);
    }
    return concatenate(e, parts, lanes / 16, 16);
  }
  LLVMValueRef nan = LLVMBuildFCmp(e->b, LLVMRealUNO, n, n, "");
  LLVMValueRef safe = LLVMBuildSelect(e->b, nan, fc(e, 0, lanes), n, "");
  LLVMValueRef k = LLVMBuildFPToSI(e->b, safe, emit_wide(e->i32, lanes), "");
  LLVMValueRef half = LLVMBuildAShr(e->b, k, ic(e, e->i32, lanes, 1), ""), rest = LLVMBuildSub(e->b, k, half, "");
  for (int i = 0; i < 2; i++) { /* in two factors, so that subnormal results are right */
    LLVMValueRef scale = LLVMBuildAdd(e->b, i ? rest : half, ic(e, e->i32, lanes, 127), "");
    p = LLVMBuildFMul(e->b, p, bits_of(e, LLVMBuildShl(e->b, scale, ic(e, e->i32, lanes, 23), ""), e->f32, lanes), "");
  }
  return LLVMBuildSelect(e->b, live, p, fc(e, 0, lanes), "");
}

/* e^x = 2^n e^r, n = round(x log2(e)), |r| <= ln(2)/2; 2^x = 2^n 2^r, n = round(x), |r| <= 1/2. Adding 1.5 * 2^23
 * rounds to a whole number. The polynomials are those of lang/lib/math.py.
 *
 * Arguments so small that the result is zero are excluded: subnormal results are slow. Arguments so large that the
 * result is infinite are clamped, so that n stays exact. A NaN goes through every step. */
static LLVMValueRef exponential(Emitter *e, LLVMValueRef x, bool base2, int lanes) {
  static const double for_e[] = {0.00138380308632850645,
                                 0.0083691664040088654,
                                 0.041668102145195007,
                                 0.166665166616439815,
                                 0.49999994039535522,
                                 1,
                                 1};
  static const double for_2[] = {0.0001333466061623767,
                                 0.0013387906365096569,
                                 0.0096254404634237289,
                                 0.05550366267561912,
                                 0.24022594094276428,
                                 0.6931471824645996,
                                 1};
  double high = base2 ? 129 : 89.5, low = base2 ? -151 : -104.5;
  LLVMValueRef magic = fc(e, 12582912, lanes);
  LLVMValueRef live = LLVMBuildFCmp(e->b, LLVMRealUGE, x, fc(e, low, lanes), "");
  LLVMValueRef over = LLVMBuildFCmp(e->b, LLVMRealOGT, x, fc(e, high, lanes), "");
  LLVMValueRef y = LLVMBuildSelect(e->b, over, fc(e, high, lanes), x, ""), n, r;
  if (!has_wide_floats(e, lanes)) y = LLVMBuildSelect(e->b, live, y, fc(e, 0, lanes), "");
  if (base2) {
    n = LLVMBuildFSub(e->b, LLVMBuildFAdd(e->b, y, magic, ""), magic, "");
    r = LLVMBuildFSub(e->b, y, n, "");
  } else {
    n = LLVMBuildFSub(e->b, fma_of(e, y, fc(e, 1.4426950216293335, lanes), magic), magic, "");
    r = fma_of(e, n, fc(e, -0.6931471824645996, lanes), y);
    r = fma_of(e, n, fc(e, 1.9046542121259336e-09, lanes), r);
  }
  return scale(e, base2 ? polynomial(e, r, for_2, COUNT(for_2), lanes) : polynomial(e, r, for_e, COUNT(for_e), lanes),
               n, live, lanes);
}

LLVMValueRef emit_float_extreme(Emitter *e, bool max, LLVMValueRef a, LLVMValueRef b, int lanes) {
  LLVMTypeRef t = LLVMTypeOf(a);
  if (LLVMGetTypeKind(t) != LLVMVectorTypeKind || LLVMGetElementType(t) != e->f32 || !has_wide_floats(e, lanes))
    return emit_intrinsic(e, max ? "llvm.maxnum" : "llvm.minnum", &t, 1, (LLVMValueRef[]){a, b}, 2);
  enum { MIN = 0, MAX = 1, SIGN_OF_RESULT = 4, CURRENT_ROUNDING = 4 };
  LLVMValueRef parts[8] = {0};
  for (int i = 0; i < lanes / 16; i++) {
    LLVMValueRef x = slice(e, a, 16 * i, 16), y = slice(e, b, 16 * i, 16);
    LLVMValueRef args[] = {x,
                           y,
                           emit_int(e->i32, SIGN_OF_RESULT | (max ? MAX : MIN)),
                           x,
                           emit_int(e->i16, -1),
                           emit_int(e->i32, CURRENT_ROUNDING)};
    parts[i] = emit_intrinsic(e, "llvm.x86.avx512.mask.range.ps.512", NULL, 0, args, 6);
  }
  return concatenate(e, parts, lanes / 16, 16);
}

void emit_float_inverse(Emitter *e, LLVMValueRef b, LLVMValueRef *inverse, LLVMValueRef *usual) {
  *inverse = LLVMBuildFDiv(e->b, LLVMConstReal(e->f32, 1), b, "");
  *usual = LLVMBuildAnd(e->b, LLVMBuildFCmp(e->b, LLVMRealOGT, b, LLVMConstReal(e->f32, ldexp(1, -60)), ""),
                        LLVMBuildFCmp(e->b, LLVMRealOLT, b, LLVMConstReal(e->f32, ldexp(1, 60)), ""), "");
}

/* a * inverse, corrected by its remainder. */
static LLVMValueRef corrected_quotient(Emitter *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef inverse) {
  LLVMValueRef q = LLVMBuildFMul(e->b, a, inverse, "");
  LLVMValueRef rest = fma_of(e, q, b, LLVMBuildFNeg(e->b, a, "")); /* so signed, zeros keep their sign */
  return fma_of(e, LLVMBuildFNeg(e->b, rest, ""), inverse, q);
}

/* With `inverse` = 1/b and 2^64 around it, so that the remainder is exact for every a below 2^63: what the factor 2^-64
 * then makes subnormal may have been rounded twice, and the rest is infinite or no number. *odd: is there such a
 * one? */
static LLVMValueRef wide_quotient(Emitter *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef inverse, int lanes,
                                  LLVMValueRef *odd) {
  enum { NAN_CLASS = 0x81, INFINITE = 0x18, SUBNORMAL = 0x20 };
  LLVMValueRef parts[8] = {0}, any = NULL;
  b = emit_splat(e, b, 16), inverse = emit_splat(e, inverse, 16);
  for (int i = 0; i < lanes / 16; i++) {
    LLVMValueRef x = LLVMBuildFMul(e->b, slice(e, a, 16 * i, 16), fc(e, ldexp(1, 64), 16), "");
    parts[i] = LLVMBuildFMul(e->b, corrected_quotient(e, x, b, inverse), fc(e, ldexp(1, -64), 16), "");
    LLVMValueRef args[] = {parts[i], emit_int(e->i32, NAN_CLASS | INFINITE | SUBNORMAL)};
    LLVMValueRef bad = emit_intrinsic(e, "llvm.x86.avx512.fpclass.ps.512", NULL, 0, args, 2);
    any = any ? LLVMBuildOr(e->b, any, bad, "") : bad;
  }
  *odd = LLVMBuildICmp(e->b, LLVMIntNE, LLVMBuildBitCast(e->b, any, e->i16, ""), emit_int(e->i16, 0), "");
  return concatenate(e, parts, lanes / 16, 16);
}

/* The remainder is exact for zeros and magnitudes from 2^-60 to 2^60. *odd: is there another? */
static LLVMValueRef quotient(Emitter *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef inverse, int lanes,
                             LLVMValueRef *odd) {
  LLVMValueRef bits = LLVMBuildAnd(e->b, bits_of(e, a, e->i32, lanes), ic(e, e->i32, lanes, 0x7FFFFFFF), "");
  int64_t low = (int64_t)(127 - 60) << 23, high = (int64_t)(127 + 60) << 23;
  LLVMValueRef far = LLVMBuildICmp(e->b, LLVMIntUGT, LLVMBuildSub(e->b, bits, ic(e, e->i32, lanes, low), ""),
                                   ic(e, e->i32, lanes, high - low), "");
  LLVMValueRef bad = LLVMBuildAnd(e->b, far, LLVMBuildICmp(e->b, LLVMIntNE, bits, ic(e, e->i32, lanes, 0), ""), "");
  LLVMTypeRef word = LLVMIntTypeInContext(e->llvm, (unsigned)lanes);
  *odd = LLVMBuildICmp(e->b, LLVMIntNE, LLVMBuildBitCast(e->b, bad, word, ""), LLVMConstInt(word, 0, false), "");
  return corrected_quotient(e, a, emit_splat(e, b, lanes), emit_splat(e, inverse, lanes));
}

/* a * (1/b) corrected by its remainder is the correctly rounded quotient, when 1/b is correctly rounded and the
 * remainder is exact (Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor", 1990).
 * A vector with an element for which that may not hold is divided by the instruction. */
LLVMValueRef emit_float_divide_by(Emitter *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef inverse, LLVMValueRef usual,
                                  int lanes) {
  LLVMValueRef odd, q = has_wide_floats(e, lanes) ? wide_quotient(e, a, b, inverse, lanes, &odd)
                                                  : quotient(e, a, b, inverse, lanes, &odd);
  LLVMBasicBlockRef quick = LLVMGetInsertBlock(e->b), slow = emit_new_block(e, "slow"),
                    after = emit_new_block(e, "quotient");
  LLVMValueRef good = LLVMBuildAnd(e->b, LLVMBuildNot(e->b, odd, ""), usual, "");
  LLVMBuildCondBr(e->b, good, after, slow);
  LLVMPositionBuilderAtEnd(e->b, slow);
  LLVMValueRef s = LLVMBuildFDiv(e->b, a, emit_splat(e, b, lanes), "");
  LLVMBuildBr(e->b, after);
  LLVMPositionBuilderAtEnd(e->b, after);
  LLVMValueRef phi = LLVMBuildPhi(e->b, LLVMTypeOf(a), "");
  LLVMAddIncoming(phi, (LLVMValueRef[]){q, s}, (LLVMBasicBlockRef[]){quick, slow}, 2);
  return phi;
}

/* x = 2^e m with m in [sqrt(1/2), sqrt(2)); log(1+f), f = m-1, by a polynomial. */
static LLVMValueRef logarithm(Emitter *e, LLVMValueRef x, bool base2, int lanes) {
  static const double c[] = {7.0376836292e-2,  -1.1514610310e-1, 1.1676998740e-1,  -1.2420140846e-1, 1.4249322787e-1,
                             -1.6668057665e-1, 2.0000714765e-1,  -2.4999993993e-1, 3.3333331174e-1};
  LLVMTypeRef tf = emit_wide(e->f32, lanes);
  LLVMValueRef tiny = LLVMBuildFCmp(e->b, LLVMRealOLT, x, fc(e, 1.17549435082228750797e-38, lanes), "");
  LLVMValueRef y = LLVMBuildSelect(e->b, tiny, LLVMBuildFMul(e->b, x, fc(e, 8388608.0, lanes), ""), x, "");
  LLVMValueRef w = bits_of(e, y, e->i32, lanes);
  /* exponent such that the mantissa is at least sqrt(1/2) */
  LLVMValueRef d = LLVMBuildSub(e->b, w, ic(e, e->i32, lanes, 0x3F3504F3), "");
  LLVMValueRef exponent = LLVMBuildAShr(e->b, d, ic(e, e->i32, lanes, 23), "");
  LLVMValueRef m = LLVMBuildSub(e->b, w, LLVMBuildShl(e->b, exponent, ic(e, e->i32, lanes, 23), ""), "");
  LLVMValueRef shift = LLVMBuildSelect(e->b, tiny, ic(e, e->i32, lanes, 23), ic(e, e->i32, lanes, 0), "");
  LLVMValueRef n = LLVMBuildSIToFP(e->b, LLVMBuildSub(e->b, exponent, shift, ""), tf, "");
  LLVMValueRef f = LLVMBuildFSub(e->b, bits_of(e, m, e->f32, lanes), fc(e, 1, lanes), "");
  LLVMValueRef z = LLVMBuildFMul(e->b, f, f, "");
  LLVMValueRef p = LLVMBuildFMul(e->b, LLVMBuildFMul(e->b, polynomial(e, f, c, COUNT(c), lanes), f, ""), z, "");
  LLVMValueRef r;
  if (base2) {
    /* log2(e) = 1 + 0.4427: the product is kept exact where it matters */
    p = fma_of(e, z, fc(e, -0.5, lanes), p);
    r = LLVMBuildFMul(e->b, p, fc(e, 0.44269504088896340735992, lanes), "");
    r = fma_of(e, f, fc(e, 0.44269504088896340735992, lanes), r);
    r = LLVMBuildFAdd(e->b, LLVMBuildFAdd(e->b, r, p, ""), f, "");
    r = LLVMBuildFAdd(e->b, r, n, "");
  } else {
    p = fma_of(e, n, fc(e, -2.12194440e-4, lanes), p);
    p = fma_of(e, z, fc(e, -0.5, lanes), p);
    r = LLVMBuildFAdd(e->b, f, p, "");
    r = fma_of(e, n, fc(e, 0.693359375, lanes), r);
  }
  LLVMValueRef zero = LLVMBuildFCmp(e->b, LLVMRealOEQ, x, fc(e, 0, lanes), "");
  LLVMValueRef bad = LLVMBuildFCmp(e->b, LLVMRealULT, x, fc(e, 0, lanes), "");
  LLVMValueRef inf = LLVMBuildFCmp(e->b, LLVMRealOEQ, x, fc(e, INFINITY, lanes), "");
  r = LLVMBuildSelect(e->b, inf, x, r, "");
  r = LLVMBuildSelect(e->b, zero, fc(e, -INFINITY, lanes), r, "");
  return LLVMBuildSelect(e->b, bad, fc(e, NAN, lanes), r, "");
}

/* The C library's function, element by element. */
static LLVMValueRef library(Emitter *e, Opcode code, LLVMValueRef x, bool is_f64, int lanes) {
  static const struct {
    Opcode code;
    const char *f64, *f32;
  } table[] = {{OP_EXP, "exp", "expf"}, {OP_EXP2, "exp2", "exp2f"}, {OP_LOG, "log", "logf"}, {OP_LOG2, "log2", "log2f"},
               {OP_SIN, "sin", "sinf"}, {OP_COS, "cos", "cosf"},    {OP_ERF, "erf", "erff"}};
  const char *name = "exp";
  for (size_t i = 0; i < COUNT(table); i++)
    if (table[i].code == code) name = is_f64 ? table[i].f64 : table[i].f32;
  LLVMTypeRef t = is_f64 ? e->f64 : e->f32;
  if (lanes <= 1) return emit_call(e, name, t, &x, 1);
  LLVMValueRef r = LLVMGetPoison(emit_wide(t, lanes));
  for (int i = 0; i < lanes; i++) {
    LLVMValueRef at = LLVMConstInt(e->i32, (unsigned)i, false), element = LLVMBuildExtractElement(e->b, x, at, "");
    r = LLVMBuildInsertElement(e->b, r, emit_call(e, name, t, &element, 1), at, "");
  }
  return r;
}

bool cpu_native_math(Opcode code, const Type *elem) {
  return elem->kind == TYPE_FLOAT && elem->fkind != F64 &&
         (code == OP_EXP || code == OP_EXP2 || code == OP_LOG || code == OP_LOG2);
}

LLVMValueRef emit_float_math(Emitter *e, Opcode code, const Type *elem, LLVMValueRef x, int lanes) {
  if (elem->fkind == F64) return library(e, code, x, true, lanes);
  LLVMValueRef f = emit_float_to_f32(e, elem, x, lanes), r;
  switch (code) {
  case OP_EXP: r = exponential(e, f, false, lanes); break;
  case OP_EXP2: r = exponential(e, f, true, lanes); break;
  case OP_LOG: r = logarithm(e, f, false, lanes); break;
  case OP_LOG2: r = logarithm(e, f, true, lanes); break;
  default: r = library(e, code, f, false, lanes); break;
  }
  return emit_float_convert(e, &type_f32, elem, r, lanes, false);
}

CpuElem cpu_elem(const Type *t, bool is_unsigned) {
  if (t->kind == TYPE_FLOAT) {
    static const CpuElem table[FLOAT_KINDS] = {[F8E4M3FN] = CPU_F8E4M3FN,
                                               [F8E5M2] = CPU_F8E5M2,
                                               [F8E4M3FNUZ] = CPU_F8E4M3FNUZ,
                                               [F8E5M2FNUZ] = CPU_F8E5M2FNUZ,
                                               [F8E4M3B11FNUZ] = CPU_F8E4M3B11FNUZ,
                                               [F16] = CPU_F16,
                                               [BF16] = CPU_BF16,
                                               [F32] = CPU_F32,
                                               [F64] = CPU_F64};
    return table[t->fkind];
  }
  int bits = t->kind == TYPE_INT ? t->bits : 64;
  CpuElem kind = bits == 1 ? CPU_I1 : bits == 8 ? CPU_I8 : bits == 16 ? CPU_I16 : bits == 32 ? CPU_I32 : CPU_I64;
  return kind != CPU_I1 && is_unsigned ? kind + 1 : kind;
}
