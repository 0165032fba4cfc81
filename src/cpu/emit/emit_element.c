/* emit_element.c: one op on elements, a scalar or a vector of them alike.
 *
 * In registers a bf16 or f8 is its bits, an integer; arithmetic on it is done in f32 and rounded after every op, as
 * the IR's types say. f16 is LLVM's half, which LLVM does likewise where the processor has no instructions for it.
 *
 * What the hardware would trap on or leave undefined is defined, as the GPU has it: x / 0 is all ones and x % 0 is
 * x, the smallest integer / -1 wraps, a shift by the width or more gives 0 (or the sign), a float that does not fit
 * an integer saturates and NaN becomes 0.
 */
#include "cpu/emit/emit.h"

#include <string.h>

static LLVMTypeRef scalar_of(LLVMTypeRef t) {
  return LLVMGetTypeKind(t) == LLVMVectorTypeKind ? LLVMGetElementType(t) : t;
}

/* The same constant in every lane, of the type of `like`. */
static LLVMValueRef same(Emitter *e, LLVMValueRef like, int64_t x) {
  LLVMTypeRef t = LLVMTypeOf(like);
  int lanes = LLVMGetTypeKind(t) == LLVMVectorTypeKind ? (int)LLVMGetVectorSize(t) : 1;
  return emit_splat(e, emit_int(scalar_of(t), x), lanes);
}

static LLVMValueRef intrinsic_like(Emitter *e, const char *name, LLVMValueRef *args, int nargs) {
  LLVMTypeRef t = LLVMTypeOf(args[0]);
  return emit_intrinsic(e, name, &t, 1, args, nargs);
}

/* ---- integers ---------------------------------------------------------------------------------------------------- */

static LLVMValueRef via_f64(Emitter *e, LLVMValueRef a, LLVMValueRef b, bool is_signed, int lanes) {
  LLVMTypeRef t = LLVMTypeOf(a), d = emit_wide(e->f64, lanes);
  LLVMValueRef x = is_signed ? LLVMBuildSIToFP(e->b, a, d, "") : LLVMBuildUIToFP(e->b, a, d, "");
  LLVMValueRef y = is_signed ? LLVMBuildSIToFP(e->b, b, d, "") : LLVMBuildUIToFP(e->b, b, d, "");
  LLVMValueRef q = LLVMBuildFDiv(e->b, x, y, "");
  /* up to 32 bits the rounded quotient has the exact one's integer part; 2^31 (the smallest / -1) wraps through 64
   * bits */
  LLVMTypeRef big = emit_wide(e->i64, lanes);
  q = is_signed ? LLVMBuildFPToSI(e->b, q, big, "") : LLVMBuildFPToUI(e->b, q, big, "");
  return LLVMBuildTrunc(e->b, q, t, "");
}

static LLVMValueRef divide(Emitter *e, Opcode code, LLVMValueRef a, LLVMValueRef b, int lanes) {
  bool is_signed = code == OP_DIVSI || code == OP_REMSI, rest = code == OP_REMSI || code == OP_REMUI;
  unsigned bits = LLVMGetIntTypeWidth(scalar_of(LLVMTypeOf(a)));
  LLVMValueRef c = LLVMIsConstant(b) && lanes > 1 ? LLVMGetAggregateElement(b, 0) : b;
  if (LLVMIsAConstantInt(c) && (lanes <= 1 || b == emit_splat(e, c, lanes))) {
    int64_t k = LLVMConstIntGetSExtValue(c);
    if (k == 0) return rest ? a : same(e, a, -1);
    if (k == -1 && is_signed) return rest ? same(e, a, 0) : LLVMBuildNeg(e->b, a, "");
    switch (code) {
    case OP_DIVSI: return LLVMBuildSDiv(e->b, a, b, "");
    case OP_DIVUI: return LLVMBuildUDiv(e->b, a, b, "");
    case OP_REMSI: return LLVMBuildSRem(e->b, a, b, "");
    default: return LLVMBuildURem(e->b, a, b, "");
    }
  }
  LLVMValueRef zero = LLVMBuildICmp(e->b, LLVMIntEQ, b, same(e, b, 0), "");
  if (lanes > 1 && bits <= 32) {
    LLVMValueRef q = via_f64(e, a, LLVMBuildSelect(e->b, zero, same(e, b, 1), b, ""), is_signed, lanes);
    if (!rest) return LLVMBuildSelect(e->b, zero, same(e, a, -1), q, "");
    LLVMValueRef r = LLVMBuildSub(e->b, a, LLVMBuildMul(e->b, q, b, ""), "");
    return LLVMBuildSelect(e->b, zero, a, r, "");
  }
  LLVMValueRef odd = zero, minus = NULL;
  if (is_signed) {
    minus = LLVMBuildICmp(e->b, LLVMIntEQ, b, same(e, b, -1), "");
    odd = LLVMBuildOr(e->b, zero, minus, "");
  }
  LLVMValueRef d = LLVMBuildSelect(e->b, odd, same(e, b, 1), b, "");
  LLVMValueRef r;
  switch (code) {
  case OP_DIVSI: r = LLVMBuildSDiv(e->b, a, d, ""); break;
  case OP_DIVUI: r = LLVMBuildUDiv(e->b, a, d, ""); break;
  case OP_REMSI: r = LLVMBuildSRem(e->b, a, d, ""); break;
  default: r = LLVMBuildURem(e->b, a, d, ""); break;
  }
  if (minus) r = LLVMBuildSelect(e->b, minus, rest ? same(e, a, 0) : LLVMBuildNeg(e->b, a, ""), r, "");
  return LLVMBuildSelect(e->b, zero, rest ? a : same(e, a, -1), r, "");
}

/* By a scalar that is the same for many: a / b is the integer part of (|a| + 1/2) * (1 / b), with the sign of a. For |a| + 1/2
 * is at least 1/2 away from every multiple of b, 1 / (2 |b|) from every integer once divided, and two roundings to 53 bits
 * move a quotient of at most 2^31 / |b| by less than 2^-20 / |b|. A b beyond 2^53 is rounded itself, but then the quotient is 0. */
IntDivisor emit_int_divisor(Emitter *e, LLVMValueRef b, int64_t least) {
  LLVMTypeRef t = LLVMTypeOf(b);
  IntDivisor by = {.may_be_negative = least < 0};
  by.is_zero = LLVMBuildICmp(e->b, LLVMIntEQ, b, emit_int(t, 0), "");
  if (least <= INT32_MIN) by.is_minus = LLVMBuildICmp(e->b, LLVMIntEQ, b, emit_int(t, -1), "");
  LLVMValueRef odd = by.is_minus ? LLVMBuildOr(e->b, by.is_zero, by.is_minus, "") : by.is_zero;
  by.b = LLVMBuildSelect(e->b, odd, emit_int(t, 1), b, "");
  LLVMValueRef d = LLVMBuildSIToFP(e->b, by.b, e->f64, "");
  by.inverse = LLVMBuildFDiv(e->b, LLVMConstReal(e->f64, 1.0), d, "");
  return by;
}

static bool is_int32(LLVMValueRef b) {
  return LLVMIsAConstantInt(b) && LLVMConstIntGetSExtValue(b) == (int32_t)LLVMConstIntGetSExtValue(b);
}

/* Of x, i32; LLVM knows better ways for a constant. */
static LLVMValueRef quotient_of(Emitter *e, LLVMValueRef x, LLVMValueRef b, const IntDivisor *by, int lanes) {
  if (is_int32(by->b)) return LLVMBuildSDiv(e->b, x, b, "");
  LLVMValueRef xf = LLVMBuildSIToFP(e->b, x, emit_wide(e->f64, lanes), "");
  LLVMValueRef half = emit_splat(e, LLVMConstReal(e->f64, 0.5), lanes);
  if (by->may_be_negative) half = intrinsic_like(e, "llvm.copysign", (LLVMValueRef[]){half, xf}, 2);
  LLVMValueRef q = LLVMBuildFMul(e->b, LLVMBuildFAdd(e->b, xf, half, ""), emit_splat(e, by->inverse, lanes), "");
  return LLVMBuildFPToSI(e->b, q, emit_wide(e->i32, lanes), "");
}

LLVMValueRef emit_int_divide_by(Emitter *e, bool rest, LLVMValueRef a, const IntDivisor *by, int lanes) {
  LLVMTypeRef t = LLVMTypeOf(a);
  LLVMValueRef is_zero = emit_splat(e, by->is_zero, lanes);
  LLVMValueRef x = LLVMBuildIntCast2(e->b, a, emit_wide(e->i32, lanes), true, "");
  LLVMValueRef b = emit_splat(e, LLVMBuildIntCast2(e->b, by->b, e->i32, true, ""), lanes);
  LLVMValueRef q = quotient_of(e, x, b, by, lanes);
  if (rest) {
    LLVMValueRef r = LLVMBuildSub(e->b, x, LLVMBuildMul(e->b, q, b, ""), "");
    return LLVMBuildIntCast2(e->b, LLVMBuildSelect(e->b, is_zero, x, r, ""), t, true, "");
  }
  q = LLVMBuildIntCast2(e->b, LLVMBuildSelect(e->b, is_zero, same(e, q, -1), q, ""), t, true, "");
  if (!by->is_minus) return q;
  return LLVMBuildSelect(e->b, emit_splat(e, by->is_minus, lanes), LLVMBuildNeg(e->b, a, ""), q, "");
}

static LLVMValueRef shift(Emitter *e, Opcode code, LLVMValueRef a, LLVMValueRef b) {
  int64_t bits = LLVMGetIntTypeWidth(scalar_of(LLVMTypeOf(a)));
  LLVMValueRef fits = LLVMBuildICmp(e->b, LLVMIntULT, b, same(e, b, bits), "");
  if (code == OP_SHRSI) return LLVMBuildAShr(e->b, a, LLVMBuildSelect(e->b, fits, b, same(e, b, bits - 1), ""), "");
  LLVMValueRef s = LLVMBuildSelect(e->b, fits, b, same(e, b, 0), "");
  LLVMValueRef r = code == OP_SHLI ? LLVMBuildShl(e->b, a, s, "") : LLVMBuildLShr(e->b, a, s, "");
  return LLVMBuildSelect(e->b, fits, r, same(e, a, 0), "");
}

static LLVMValueRef compare_ints(Emitter *e, const Op *op, LLVMValueRef a, LLVMValueRef b) {
  static const struct {
    const char *name;
    LLVMIntPredicate p;
  } table[] = {
#define INT_PREDICATE(text, llvm) {text, LLVMInt##llvm},
#include "cpu/elements.def"
  };
  const char *name = ir_attr_text_or(op, "predicate", "");
  for (size_t i = 0; i < COUNT(table); i++)
    if (!strcmp(name, table[i].name)) return LLVMBuildICmp(e->b, table[i].p, a, b, "");
  return emit_unplanned(LLVMTypeOf(a));
}

static LLVMValueRef mulhi(Emitter *e, LLVMValueRef a, LLVMValueRef b, int lanes) {
  LLVMTypeRef t = LLVMTypeOf(a);
  unsigned bits = LLVMGetIntTypeWidth(scalar_of(t));
  LLVMTypeRef big = emit_wide(LLVMIntTypeInContext(e->llvm, 2 * bits), lanes);
  LLVMValueRef p = LLVMBuildMul(e->b, LLVMBuildZExt(e->b, a, big, ""), LLVMBuildZExt(e->b, b, big, ""), "");
  return LLVMBuildTrunc(e->b, LLVMBuildLShr(e->b, p, same(e, p, bits), ""), t, "");
}

static LLVMValueRef int_op(Emitter *e, const Op *op, LLVMValueRef *in, int lanes) {
  LLVMValueRef a = in[0], b = op->noperands > 1 ? in[1] : NULL;
  switch (op->code) {
  case OP_ADDI: return LLVMBuildAdd(e->b, a, b, "");
  case OP_SUBI: return LLVMBuildSub(e->b, a, b, "");
  case OP_MULI: return LLVMBuildMul(e->b, a, b, "");
  case OP_DIVSI:
  case OP_DIVUI:
  case OP_REMSI:
  case OP_REMUI: return divide(e, op->code, a, b, lanes);
  case OP_ANDI: return LLVMBuildAnd(e->b, a, b, "");
  case OP_ORI: return LLVMBuildOr(e->b, a, b, "");
  case OP_XORI: return LLVMBuildXor(e->b, a, b, "");
  case OP_SHLI:
  case OP_SHRSI:
  case OP_SHRUI: return shift(e, op->code, a, b);
  case OP_MAXSI: return intrinsic_like(e, "llvm.smax", in, 2);
  case OP_MINSI: return intrinsic_like(e, "llvm.smin", in, 2);
  case OP_MAXUI: return intrinsic_like(e, "llvm.umax", in, 2);
  case OP_MINUI: return intrinsic_like(e, "llvm.umin", in, 2);
  case OP_CMPI: return compare_ints(e, op, a, b);
  case OP_MULHIUI: return mulhi(e, a, b, lanes);
  case OP_ABSI: return intrinsic_like(e, "llvm.abs", (LLVMValueRef[]){a, LLVMConstInt(e->i1, 0, false)}, 2);
  default: return NULL;
  }
}

/* ---- floats ------------------------------------------------------------------------------------------------------ */

static LLVMValueRef contract(Emitter *e, const Op *op, LLVMValueRef v) {
  if (e->options->common.enable_fp_fusion && !ir_attr(op, "no_contract") && LLVMIsAInstruction(v) &&
      LLVMCanValueUseFastMathFlags(v))
    LLVMSetFastMathFlags(v, LLVMFastMathAllowContract);
  return v;
}

static LLVMValueRef compare_floats(Emitter *e, const Op *op, LLVMValueRef a, LLVMValueRef b) {
  static const struct {
    const char *name;
    LLVMRealPredicate p;
  } table[] = {
#define FLOAT_PREDICATE(text, llvm) {text, LLVMReal##llvm},
#include "cpu/elements.def"
  };
  const char *name = ir_attr_text_or(op, "predicate", "");
  for (size_t i = 0; i < COUNT(table); i++)
    if (!strcmp(name, table[i].name)) return LLVMBuildFCmp(e->b, table[i].p, a, b, "");
  return emit_unplanned(LLVMTypeOf(a));
}

/* The larger (or smaller); where `numbers`, of a NaN and a number the number, else the NaN. llvm.minimum also orders the
 * zeros. */
static LLVMValueRef extreme(Emitter *e, bool max, bool numbers, LLVMValueRef a, LLVMValueRef b, int lanes) {
  if (numbers) return emit_float_extreme(e, max, a, b, lanes);
  return intrinsic_like(e, max ? "llvm.maximum" : "llvm.minimum", (LLVMValueRef[]){a, b}, 2);
}

static LLVMValueRef remainder_of(Emitter *e, LLVMValueRef a, LLVMValueRef b) { return LLVMBuildFRem(e->b, a, b, ""); }

static LLVMValueRef float_op(Emitter *e, const Op *op, LLVMValueRef *in, int lanes) {
  LLVMValueRef a = in[0], b = op->noperands > 1 ? in[1] : NULL;
  switch (op->code) {
  case OP_ADDF: return contract(e, op, LLVMBuildFAdd(e->b, a, b, ""));
  case OP_SUBF: return contract(e, op, LLVMBuildFSub(e->b, a, b, ""));
  case OP_MULF: return contract(e, op, LLVMBuildFMul(e->b, a, b, ""));
  case OP_DIVF:
  case OP_PRECISE_DIVF: return LLVMBuildFDiv(e->b, a, b, "");
  case OP_REMF: return remainder_of(e, a, b);
  case OP_NEGF: return LLVMBuildFNeg(e->b, a, "");
  case OP_MAXNUMF: return extreme(e, true, true, a, b, lanes);
  case OP_MINNUMF: return extreme(e, false, true, a, b, lanes);
  case OP_MAXIMUMF: return extreme(e, true, false, a, b, lanes);
  case OP_MINIMUMF: return extreme(e, false, false, a, b, lanes);
  case OP_CMPF: return compare_floats(e, op, a, b);
  case OP_SQRT:
  case OP_PRECISE_SQRT: return intrinsic_like(e, "llvm.sqrt", in, 1);
  case OP_RSQRT: {
    LLVMValueRef s = intrinsic_like(e, "llvm.sqrt", in, 1);
    return LLVMBuildFDiv(e->b, emit_splat(e, LLVMConstReal(scalar_of(LLVMTypeOf(a)), 1.0), lanes), s, "");
  }
  case OP_FLOOR: return intrinsic_like(e, "llvm.floor", in, 1);
  case OP_CEIL: return intrinsic_like(e, "llvm.ceil", in, 1);
  case OP_TRUNC: return intrinsic_like(e, "llvm.trunc", in, 1);
  case OP_ROUNDEVEN: return intrinsic_like(e, "llvm.rint", in, 1); /* in the default rounding mode */
  case OP_ABSF: return intrinsic_like(e, "llvm.fabs", in, 1);
  case OP_FMA: return intrinsic_like(e, "llvm.fma", in, 3);
  case OP_CLAMPF: {
    bool all = !strcmp(ir_attr_text_or(op, "propagateNan", "none"), "all");
    return extreme(e, false, !all, extreme(e, true, !all, a, in[1], lanes), in[2], lanes);
  }
  default: return NULL;
  }
}

/* ---- conversions ------------------------------------------------------------------------------------------------- */

/* Clamped as a number, then converted to 32 bits and cut: LLVM 19 has no vector code for a narrow llvm.fptosi.sat. A NaN
 * is 0. */
static LLVMValueRef to_narrow_int(Emitter *e, bool is_signed, LLVMValueRef x, const Type *to, int lanes) {
  double least = is_signed ? -(double)(1 << (to->bits - 1)) : 0, most = (double)((1 << (to->bits - is_signed)) - 1);
  LLVMTypeRef t = scalar_of(LLVMTypeOf(x));
  LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(x)), low = emit_splat(e, LLVMConstReal(t, least), lanes),
               high = emit_splat(e, LLVMConstReal(t, most), lanes);
  x = LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealORD, x, zero, ""), x, zero, "");
  x = LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOGT, x, low, ""), x, low, "");
  x = LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOLT, x, high, ""), x, high, "");
  LLVMValueRef n = LLVMBuildFPToSI(e->b, x, emit_wide(e->i32, lanes), "");
  return LLVMBuildTrunc(e->b, n, emit_wide(emit_element_type(e, to), lanes), "");
}

static LLVMValueRef to_int(Emitter *e, const Op *op, LLVMValueRef x, const Type *from, const Type *to, int lanes) {
  if (from->bits < 32) x = emit_float_to_f32(e, from, x, lanes);
  if (to->bits == 8 || to->bits == 16) return to_narrow_int(e, op->code == OP_FPTOSI, x, to, lanes);
  LLVMTypeRef types[2] = {emit_wide(emit_element_type(e, to), lanes), LLVMTypeOf(x)};
  return emit_intrinsic(e, op->code == OP_FPTOSI ? "llvm.fptosi.sat" : "llvm.fptoui.sat", types, 2, &x, 1);
}

static LLVMValueRef from_int(Emitter *e, const Op *op, LLVMValueRef x, const Type *to, int lanes) {
  bool is_signed = op->code == OP_SITOFP;
  LLVMTypeRef f = emit_wide(emit_element_type(e, to), lanes);
  if (to->fkind != F32 && to->fkind != F64) {
    /* To bf16 through f32, as on GPUs. To f16 it is rounded once: of 64 bits, which f64 does not hold, a sticky bit
     * keeps what that needs. */
    unsigned bits = LLVMGetIntTypeWidth(scalar_of(LLVMTypeOf(x)));
    static const Type f32 = {.kind = TYPE_FLOAT, .fkind = F32, .bits = 32},
                      f64 = {.kind = TYPE_FLOAT, .fkind = F64, .bits = 64};
    const Type *via = bits <= 16 || to->fkind == BF16 ? &f32 : &f64;
    if (bits == 64 && via == &f64) {
      LLVMValueRef low = LLVMBuildAnd(e->b, x, same(e, x, 0xFFF), "");
      LLVMValueRef sticky =
          LLVMBuildZExt(e->b, LLVMBuildICmp(e->b, LLVMIntNE, low, same(e, low, 0), ""), LLVMTypeOf(x), "");
      LLVMValueRef high = LLVMBuildOr(e->b, LLVMBuildAnd(e->b, x, same(e, x, ~INT64_C(0xFFF)), ""),
                                      LLVMBuildShl(e->b, sticky, same(e, x, 11), ""), "");
      LLVMValueRef top = LLVMBuildAdd(e->b, x, same(e, x, is_signed ? INT64_C(1) << 50 : 0), "");
      LLVMValueRef large = LLVMBuildICmp(e->b, LLVMIntUGE, top, same(e, x, INT64_C(1) << (is_signed ? 51 : 50)), "");
      x = LLVMBuildSelect(e->b, large, high, x, "");
    }
    LLVMTypeRef vt = emit_wide(emit_element_type(e, via), lanes);
    LLVMValueRef y = is_signed ? LLVMBuildSIToFP(e->b, x, vt, "") : LLVMBuildUIToFP(e->b, x, vt, "");
    return emit_float_convert(e, via, to, y, lanes, false);
  }
  return is_signed ? LLVMBuildSIToFP(e->b, x, f, "") : LLVMBuildUIToFP(e->b, x, f, "");
}

static LLVMValueRef bitcast(Emitter *e, LLVMValueRef x, const Type *from, const Type *to, int lanes) {
  LLVMTypeRef t = emit_wide(emit_element_type(e, to), lanes);
  if (ir_is_ptr(from) && ir_is_ptr(to)) return x;
  if (ir_is_ptr(from)) return LLVMBuildPtrToInt(e->b, x, t, "");
  if (ir_is_ptr(to)) return LLVMBuildIntToPtr(e->b, x, t, "");
  return LLVMTypeOf(x) == t ? x : LLVMBuildBitCast(e->b, x, t, "");
}

/* ---- operands of bf16 ------------------------------------------------------------------------------------------- */

/* Is it for dots alone, and one instruction? The processor's conversion differs from the language's in one thing: denormals
 * become zero. Its products of bf16, in tiles and in vectors, read denormals as zero anyway. */
static bool narrows_for_dots(Emitter *e, const Op *truncf, int lanes) {
  const Type *from = ir_elem(ir_operand(truncf, 0)->type), *to = ir_elem(truncf->results[0].type);
  return e->isa->avx512_bf16 && lanes == 32 && from->fkind == F32 && to->fkind == BF16 &&
         cpu_feeds_only_dots(&truncf->results[0]);
}

static LLVMValueRef narrowed_for_dots(Emitter *e, LLVMValueRef x) {
  LLVMValueRef index[2][16], halves[2];
  for (int i = 0; i < 2; i++) {
    for (int j = 0; j < 16; j++) index[i][j] = emit_int(e->i32, 16 * (1 - i) + j); /* the upper half comes first */
    halves[i] = LLVMBuildShuffleVector(e->b, x, LLVMGetPoison(LLVMTypeOf(x)), LLVMConstVector(index[i], 16), "");
  }
  LLVMValueRef r = emit_intrinsic(e, "llvm.x86.avx512bf16.cvtne2ps2bf16.512", NULL, 0, halves, 2);
  return LLVMBuildBitCast(e->b, r, LLVMVectorType(e->i16, 32), "");
}

/* ---- the op ------------------------------------------------------------------------------------------------------ */

static LLVMValueRef choose(Emitter *e, LLVMValueRef *in) { return LLVMBuildSelect(e->b, in[0], in[1], in[2], ""); }

static LLVMValueRef map_region(Emitter *e, const Op *op, LLVMValueRef *in, int lanes) {
  LLVMValueRef out;
  emit_element_region(e, ir_entry(op, 0), in, &out, lanes, NULL);
  return out;
}

LLVMValueRef emit_element_op(Emitter *e, const Op *op, LLVMValueRef *in, int lanes) {
  const Type *to = ir_elem(op->results[0].type), *from = op->noperands ? ir_elem(ir_operand(op, 0)->type) : to;
  LLVMTypeRef t = emit_wide(emit_element_type(e, to), lanes);
  emit_lines_at(e, op->loc);
  switch (op->code) {
  case OP_CONSTANT: return emit_splat(e, emit_element_const(e, to, ir_const_value(&op->results[0])), lanes);
  case OP_POISON: return LLVMConstNull(t);
  case OP_SELECT: return choose(e, in);
  case OP_EXTSI: return LLVMBuildSExt(e->b, in[0], t, "");
  case OP_EXTUI: return LLVMBuildZExt(e->b, in[0], t, "");
  case OP_TRUNCI: return LLVMBuildTrunc(e->b, in[0], t, "");
  case OP_INDEX_CAST: return LLVMBuildIntCast2(e->b, in[0], t, true, "");
  case OP_TRUNCF:
    if (narrows_for_dots(e, op, lanes)) return narrowed_for_dots(e, in[0]);
    return emit_float_convert(e, from, to, in[0], lanes, false);
  case OP_EXTF: return emit_float_convert(e, from, to, in[0], lanes, false);
  case OP_FP_TO_FP:
    return emit_float_convert(e, from, to, in[0], lanes, !strcmp(ir_attr_text_or(op, "rounding", "rtne"), "rtz"));
  case OP_SITOFP:
  case OP_UITOFP: return from_int(e, op, in[0], to, lanes);
  case OP_FPTOSI:
  case OP_FPTOUI: return to_int(e, op, in[0], from, to, lanes);
  case OP_BITCAST:
  case OP_TT_BITCAST:
  case OP_INT_TO_PTR:
  case OP_PTR_TO_INT: return bitcast(e, in[0], from, to, lanes);
  case OP_ADDPTR: {
    LLVMValueRef offset = LLVMBuildIntCast2(e->b, in[1], emit_wide(e->i64, lanes), true, "");
    return LLVMBuildGEP2(e->b, emit_memory_type(e, to->elem), in[0], &offset, 1, "");
  }
  case OP_EXP:
  case OP_EXP2:
  case OP_LOG:
  case OP_LOG2:
  case OP_SIN:
  case OP_COS:
  case OP_ERF: return emit_float_math(e, op->code, from, in[0], lanes);
  case OP_MAP_ELEMENTWISE: return map_region(e, op, in, lanes);
  default: break;
  }
  LLVMValueRef r = NULL;
  if (from->kind == TYPE_FLOAT) {
    if (from->fkind == F64 || from->fkind == F32 || from->fkind == F16) {
      r = float_op(e, op, in, lanes);
    } else {
      static const Type f32 = {.kind = TYPE_FLOAT, .fkind = F32, .bits = 32};
      LLVMValueRef as_f32[3];
      for (int i = 0; i < op->noperands && i < 3; i++) as_f32[i] = emit_float_to_f32(e, from, in[i], lanes);
      r = float_op(e, op, as_f32, lanes);
      if (r && op->code != OP_CMPF) r = emit_float_convert(e, &f32, from, r, lanes, false);
    }
  } else {
    r = int_op(e, op, in, lanes);
  }
  return r ? r : emit_unplanned(t);
}

/* ---- functions of elements: of reductions, scans and maps -------------------------------------------------------- */

/* A function's values where it is evaluated for `lanes` elements at once. `active`: the lanes that get here; NULL: all. */
typedef struct Lanes {
  Emitter *e;
  Map *values;
  int lanes;
} Lanes;

static void region_values(Lanes *r, Block *block, LLVMValueRef *out, LLVMValueRef active);

static LLVMValueRef both(Emitter *e, LLVMValueRef a, LLVMValueRef b) { return a ? LLVMBuildAnd(e->b, a, b, "") : b; }

/* Is the branch long enough that it is worth asking whether any lane takes it? */
static bool is_long(const Op *branch, int region) {
  enum { LONG = 16 };
  if (region >= branch->nregions || !branch->regions[region]->first) return false;
  int n = 0;
  for (const Op *op = branch->regions[region]->first->first; op && n < LONG; op = op->next) n++;
  return n == LONG;
}

static LLVMValueRef any_lane(Lanes *r, LLVMValueRef c) {
  if (r->lanes == 1) return c;
  LLVMTypeRef bits = LLVMIntTypeInContext(r->e->llvm, (unsigned)r->lanes);
  return LLVMBuildICmp(r->e->b, LLVMIntNE, LLVMBuildBitCast(r->e->b, c, bits, ""), LLVMConstNull(bits), "");
}

/* What a branch gives in the lanes that take it. A long one is passed by where none does: its results are anything then. */
static void region_branch(Lanes *r, Op *op, int region, LLVMValueRef *out, LLVMValueRef active) {
  Emitter *e = r->e;
  if (!is_long(op, region)) {
    region_values(r, ir_entry(op, region), out, active);
    return;
  }
  LLVMBasicBlockRef taken = emit_new_block(e, "taken"), after = emit_new_block(e, "passed");
  LLVMBuildCondBr(e->b, any_lane(r, active), taken, after);
  LLVMBasicBlockRef from[] = {LLVMGetInsertBlock(e->b), NULL};
  LLVMPositionBuilderAtEnd(e->b, taken);
  region_values(r, ir_entry(op, region), out, active);
  from[1] = LLVMGetInsertBlock(e->b);
  LLVMBuildBr(e->b, after);
  LLVMPositionBuilderAtEnd(e->b, after);
  for (int i = 0; i < op->nresults; i++) {
    LLVMValueRef phi = LLVMBuildPhi(e->b, LLVMTypeOf(out[i]), "");
    LLVMAddIncoming(phi, (LLVMValueRef[]){LLVMConstNull(LLVMTypeOf(out[i])), out[i]}, from, 2);
    out[i] = phi;
  }
}

/* Nothing in such a function has effects: both branches are computed, and one result is chosen. */
static void region_if(Lanes *r, Op *op, LLVMValueRef c, LLVMValueRef active) {
  Emitter *e = r->e;
  LLVMValueRef *yes = NEWN(e->cx, LLVMValueRef, op->nresults + 1), *no = NEWN(e->cx, LLVMValueRef, op->nresults + 1);
  region_branch(r, op, 0, yes, both(e, active, c));
  if (op->nregions > 1 && op->regions[1]->first)
    region_branch(r, op, 1, no, both(e, active, LLVMBuildNot(e->b, c, "")));
  for (int i = 0; i < op->nresults; i++)
    map_put(e->cx, r->values, &op->results[i], LLVMBuildSelect(e->b, c, yes[i], no[i], ""));
}

/* A loop runs on as long as one lane does; the others keep what they have. */
typedef struct LaneLoop {
  LLVMBasicBlockRef entry, head, body, end;
  LLVMValueRef *carried;
  int n;
} LaneLoop;

static LLVMValueRef lane_phi(Lanes *r, LaneLoop *l, LLVMValueRef first) {
  LLVMValueRef phi = LLVMBuildPhi(r->e->b, LLVMTypeOf(first), "");
  LLVMAddIncoming(phi, &first, &l->entry, 1);
  return phi;
}

static LaneLoop lane_loop(Lanes *r, LLVMValueRef *inits, int n) {
  Emitter *e = r->e;
  LaneLoop l = {LLVMGetInsertBlock(e->b),      emit_new_block(e, "lanes"),       emit_new_block(e, "round"),
                emit_new_block(e, "endlanes"), NEWN(e->cx, LLVMValueRef, n + 1), n};
  LLVMBuildBr(e->b, l.head);
  LLVMPositionBuilderAtEnd(e->b, l.head);
  for (int i = 0; i < n; i++) l.carried[i] = lane_phi(r, &l, inits[i]);
  return l;
}

/* On to another round where `again` is true in some lane. */
static void lane_branch(Lanes *r, const LaneLoop *l, LLVMValueRef again) {
  Emitter *e = r->e;
  LLVMBuildCondBr(e->b, any_lane(r, again), l->body, l->end);
  LLVMPositionBuilderAtEnd(e->b, l->body);
}

static void lane_next(Lanes *r, LLVMValueRef phi, LLVMValueRef next) {
  LLVMBasicBlockRef latch = LLVMGetInsertBlock(r->e->b);
  LLVMAddIncoming(phi, &next, &latch, 1);
}

/* Of the end of a round: a loop that may go on for long asks whether to stop, as others do. */
static void lane_poll(Lanes *r, const LaneLoop *l) {
  enum { ROUNDS = 10000 };
  emit_poll(r->e, l->entry, l->head, ROUNDS);
}

static void lane_end(Lanes *r, const LaneLoop *l) {
  LLVMBuildBr(r->e->b, l->head);
  LLVMPositionBuilderAtEnd(r->e->b, l->end);
}

static LLVMValueRef all_lanes(Lanes *r) {
  return emit_splat(r->e, LLVMConstAllOnes(LLVMInt1TypeInContext(r->e->llvm)), r->lanes);
}

/* in: the first index, the bound, the step, what is carried. Rounds are counted, so that no index wraps around. A step is 0
 * in lanes that do not get here, where it is replaced before the division: one round, as any loop with that step. */
static void region_for(Lanes *r, Op *op, LLVMValueRef *in, LLVMValueRef active) {
  Emitter *e = r->e;
  Block *body = ir_entry(op, 0);
  LLVMIntPredicate less = ir_attr(op, "unsignedCmp") ? LLVMIntULT : LLVMIntSLT;
  LLVMValueRef one = same(e, in[0], 1), zero = same(e, in[0], 0);
  LLVMValueRef way = LLVMBuildSub(e->b, LLVMBuildSub(e->b, in[1], in[0], ""), one, "");
  LLVMValueRef still = LLVMBuildICmp(e->b, LLVMIntEQ, in[2], zero, "");
  LLVMValueRef by = LLVMBuildSelect(e->b, still, LLVMConstAllOnes(LLVMTypeOf(zero)), in[2], "");
  LLVMValueRef rounds = LLVMBuildAdd(e->b, LLVMBuildUDiv(e->b, way, by, ""), one, "");
  LLVMValueRef few = LLVMBuildICmp(e->b, LLVMIntULT, way, same(e, way, 100), "");
  bool is_short = LLVMIsConstant(few) && few == LLVMConstAllOnes(LLVMTypeOf(few));
  rounds = LLVMBuildSelect(e->b, both(e, active, LLVMBuildICmp(e->b, less, in[0], in[1], "")), rounds, zero, "");
  LLVMValueRef *next = NEWN(e->cx, LLVMValueRef, op->nresults + 1);
  LaneLoop l = lane_loop(r, in + IR_LOOP_INITS, op->nresults);
  LLVMValueRef left = lane_phi(r, &l, rounds), index = lane_phi(r, &l, in[0]);
  LLVMValueRef on = LLVMBuildICmp(e->b, LLVMIntNE, left, zero, "");
  lane_branch(r, &l, on);
  map_put(e->cx, r->values, ir_loop_index(op), index);
  for (int i = 0; i < l.n; i++) map_put(e->cx, r->values, body->args[IR_LOOP_ARGS + i], l.carried[i]);
  region_values(r, body, next, on);
  if (!is_short) lane_poll(r, &l);
  for (int i = 0; i < l.n; i++) lane_next(r, l.carried[i], LLVMBuildSelect(e->b, on, next[i], l.carried[i], ""));
  lane_next(r, left, LLVMBuildSelect(e->b, on, LLVMBuildSub(e->b, left, one, ""), zero, ""));
  lane_next(r, index, LLVMBuildAdd(e->b, index, in[2], ""));
  lane_end(r, &l);
  for (int i = 0; i < l.n; i++) map_put(e->cx, r->values, &op->results[i], l.carried[i]);
}

static void region_while(Lanes *r, Op *op, LLVMValueRef *in, LLVMValueRef active) {
  Emitter *e = r->e;
  Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  LLVMValueRef *passed = NEWN(e->cx, LLVMValueRef, op->nresults + 2),
               *next = NEWN(e->cx, LLVMValueRef, before->nargs + 1);
  LaneLoop l = lane_loop(r, in, before->nargs);
  LLVMValueRef on = lane_phi(r, &l, active ? active : all_lanes(r));
  LLVMValueRef *kept = NEWN(e->cx, LLVMValueRef, op->nresults + 1); /* what lanes passed that have ended */
  for (int i = 0; i < op->nresults; i++)
    kept[i] = lane_phi(r, &l, LLVMConstNull(emit_wide(emit_element_type(e, op->results[i].type), r->lanes)));
  for (int i = 0; i < l.n; i++) map_put(e->cx, r->values, before->args[i], l.carried[i]);
  region_values(r, before, passed, on);
  LLVMValueRef again = LLVMBuildAnd(e->b, on, passed[0], "");
  for (int i = 0; i < op->nresults; i++) {
    map_put(e->cx, r->values, after->args[i], passed[i + 1]);
    LLVMValueRef result = LLVMBuildSelect(e->b, on, passed[i + 1], kept[i], "");
    map_put(e->cx, r->values, &op->results[i], result);
  }
  lane_branch(r, &l, again);
  region_values(r, after, next, again);
  lane_poll(r, &l);
  for (int i = 0; i < l.n; i++) lane_next(r, l.carried[i], next[i]);
  for (int i = 0; i < op->nresults; i++) lane_next(r, kept[i], map_get(r->values, &op->results[i]));
  lane_next(r, on, again);
  lane_end(r, &l);
}

static void region_values(Lanes *r, Block *block, LLVMValueRef *out, LLVMValueRef active) {
  Emitter *e = r->e;
  for (Op *op = block->first; op; op = op->next) {
    LLVMValueRef *in = NEWN(e->cx, LLVMValueRef, op->noperands + 1);
    for (int i = 0; i < op->noperands; i++) {
      Value *v = ir_operand(op, i);
      in[i] = map_get(r->values, v);
      if (!in[i]) in[i] = emit_splat(e, code_of(v)->scalar, r->lanes); /* from outside: a scalar */
    }
    if (ir_has(op, T_TERMINATOR)) {
      for (int i = 0; i < op->noperands; i++) out[i] = in[i];
      return;
    }
    switch (op->code) {
    case OP_ASSERT: {
      LLVMValueRef off = active ? LLVMBuildNot(e->b, active, "") : NULL;
      emit_assert_lanes(e, op, off ? LLVMBuildOr(e->b, in[0], off, "") : in[0], r->lanes);
      break;
    }
    case OP_IF: region_if(r, op, in[0], active); break;
    case OP_FOR: region_for(r, op, in, active); break;
    case OP_WHILE: region_while(r, op, in, active); break;
    default: map_put(e->cx, r->values, &op->results[0], emit_element_op(e, op, in, r->lanes));
    }
  }
}

bool emit_element_branches(const Op *op) {
  if (op->code == OP_FOR || op->code == OP_WHILE) return true;
  if (op->code == OP_IF && (is_long(op, 0) || is_long(op, 1))) return true;
  for (int r = 0; r < op->nregions; r++)
    for (const Op *o = op->regions[r]->first->first; o; o = o->next)
      if (emit_element_branches(o)) return true;
  return false;
}

void emit_element_region(Emitter *e, Block *block, LLVMValueRef *args, LLVMValueRef *out, int lanes,
                         LLVMValueRef active) {
  Map values = {0};
  for (int i = 0; i < block->nargs; i++) map_put(e->cx, &values, block->args[i], args[i]);
  region_values(&(Lanes){e, &values, lanes}, block, out, active);
}
