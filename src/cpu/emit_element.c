/* emit_element.c: one op on elements, a scalar or a vector of them alike.
 *
 * In registers a bf16 or f8 is its bits, an integer; arithmetic on it is done in f32 and rounded after every op, as
 * the IR's types say. f16 is LLVM's half, which LLVM does likewise where the processor has no instructions for it.
 *
 * What the hardware would trap on or leave undefined is defined, as the GPU has it: x / 0 is all ones and x % 0 is
 * x, the smallest integer / -1 wraps, a shift by the width or more gives 0 (or the sign), a float that does not fit
 * an integer saturates and NaN becomes 0.
 */
#include "cpu/emit.h"

#include <string.h>

static LLVMTypeRef scalar_of(LLVMTypeRef t) {
  return LLVMGetTypeKind(t) == LLVMVectorTypeKind ? LLVMGetElementType(t) : t;
}

/* The same constant in every lane, of the type of `like`. */
static LLVMValueRef same(Lower *l, LLVMValueRef like, int64_t x) {
  LLVMTypeRef t = LLVMTypeOf(like);
  int lanes = LLVMGetTypeKind(t) == LLVMVectorTypeKind ? (int)LLVMGetVectorSize(t) : 1;
  return emit_splat(l, emit_int(scalar_of(t), x), lanes);
}

static LLVMValueRef intrinsic_like(Lower *l, const char *name, LLVMValueRef *args, int nargs) {
  LLVMTypeRef t = LLVMTypeOf(args[0]);
  return emit_intrinsic(l, name, &t, 1, args, nargs);
}

/* ---- integers ---------------------------------------------------------------------------------------------------- */

static LLVMValueRef via_f64(Lower *l, LLVMValueRef a, LLVMValueRef b, bool is_signed, int lanes) {
  LLVMTypeRef t = LLVMTypeOf(a), d = emit_wide(l->f64, lanes);
  LLVMValueRef x = is_signed ? LLVMBuildSIToFP(l->b, a, d, "") : LLVMBuildUIToFP(l->b, a, d, "");
  LLVMValueRef y = is_signed ? LLVMBuildSIToFP(l->b, b, d, "") : LLVMBuildUIToFP(l->b, b, d, "");
  LLVMValueRef q = LLVMBuildFDiv(l->b, x, y, "");
  /* up to 32 bits the rounded quotient has the exact one's integer part; 2^31 (the smallest / -1) wraps through 64
   * bits */
  LLVMTypeRef big = emit_wide(l->i64, lanes);
  q = is_signed ? LLVMBuildFPToSI(l->b, q, big, "") : LLVMBuildFPToUI(l->b, q, big, "");
  return LLVMBuildTrunc(l->b, q, t, "");
}

static LLVMValueRef divide(Lower *l, Opcode code, LLVMValueRef a, LLVMValueRef b, int lanes) {
  bool is_signed = code == OP_DIVSI || code == OP_REMSI, rest = code == OP_REMSI || code == OP_REMUI;
  unsigned bits = LLVMGetIntTypeWidth(scalar_of(LLVMTypeOf(a)));
  LLVMValueRef c = LLVMIsConstant(b) && lanes > 1 ? LLVMGetAggregateElement(b, 0) : b;
  if (LLVMIsAConstantInt(c) && (lanes <= 1 || b == emit_splat(l, c, lanes))) {
    int64_t k = LLVMConstIntGetSExtValue(c);
    if (k == 0) return rest ? a : same(l, a, -1);
    if (k == -1 && is_signed) return rest ? same(l, a, 0) : LLVMBuildNeg(l->b, a, "");
    switch (code) {
    case OP_DIVSI: return LLVMBuildSDiv(l->b, a, b, "");
    case OP_DIVUI: return LLVMBuildUDiv(l->b, a, b, "");
    case OP_REMSI: return LLVMBuildSRem(l->b, a, b, "");
    default: return LLVMBuildURem(l->b, a, b, "");
    }
  }
  LLVMValueRef zero = LLVMBuildICmp(l->b, LLVMIntEQ, b, same(l, b, 0), "");
  if (lanes > 1 && bits <= 32) {
    LLVMValueRef q = via_f64(l, a, LLVMBuildSelect(l->b, zero, same(l, b, 1), b, ""), is_signed, lanes);
    if (!rest) return LLVMBuildSelect(l->b, zero, same(l, a, -1), q, "");
    LLVMValueRef r = LLVMBuildSub(l->b, a, LLVMBuildMul(l->b, q, b, ""), "");
    return LLVMBuildSelect(l->b, zero, a, r, "");
  }
  LLVMValueRef odd = zero, minus = NULL;
  if (is_signed) {
    minus = LLVMBuildICmp(l->b, LLVMIntEQ, b, same(l, b, -1), "");
    odd = LLVMBuildOr(l->b, zero, minus, "");
  }
  LLVMValueRef d = LLVMBuildSelect(l->b, odd, same(l, b, 1), b, "");
  LLVMValueRef r;
  switch (code) {
  case OP_DIVSI: r = LLVMBuildSDiv(l->b, a, d, ""); break;
  case OP_DIVUI: r = LLVMBuildUDiv(l->b, a, d, ""); break;
  case OP_REMSI: r = LLVMBuildSRem(l->b, a, d, ""); break;
  default: r = LLVMBuildURem(l->b, a, d, ""); break;
  }
  if (minus) r = LLVMBuildSelect(l->b, minus, rest ? same(l, a, 0) : LLVMBuildNeg(l->b, a, ""), r, "");
  return LLVMBuildSelect(l->b, zero, rest ? a : same(l, a, -1), r, "");
}

static LLVMValueRef shift(Lower *l, Opcode code, LLVMValueRef a, LLVMValueRef b) {
  int64_t bits = LLVMGetIntTypeWidth(scalar_of(LLVMTypeOf(a)));
  LLVMValueRef fits = LLVMBuildICmp(l->b, LLVMIntULT, b, same(l, b, bits), "");
  if (code == OP_SHRSI) return LLVMBuildAShr(l->b, a, LLVMBuildSelect(l->b, fits, b, same(l, b, bits - 1), ""), "");
  LLVMValueRef s = LLVMBuildSelect(l->b, fits, b, same(l, b, 0), "");
  LLVMValueRef r = code == OP_SHLI ? LLVMBuildShl(l->b, a, s, "") : LLVMBuildLShr(l->b, a, s, "");
  return LLVMBuildSelect(l->b, fits, r, same(l, a, 0), "");
}

static LLVMValueRef compare_ints(Lower *l, const Op *op, LLVMValueRef a, LLVMValueRef b) {
  static const struct {
    const char *name;
    LLVMIntPredicate p;
  } table[] = {
#define INT_PREDICATE(text, llvm) {text, LLVMInt##llvm},
#include "cpu/elements.def"
  };
  const char *name = ir_attr_text_or(op, "predicate", "");
  for (size_t i = 0; i < COUNT(table); i++)
    if (!strcmp(name, table[i].name)) return LLVMBuildICmp(l->b, table[i].p, a, b, "");
  return emit_unplanned(LLVMTypeOf(a));
}

static LLVMValueRef mulhi(Lower *l, LLVMValueRef a, LLVMValueRef b, int lanes) {
  LLVMTypeRef t = LLVMTypeOf(a);
  unsigned bits = LLVMGetIntTypeWidth(scalar_of(t));
  LLVMTypeRef big = emit_wide(LLVMIntTypeInContext(l->llvm, 2 * bits), lanes);
  LLVMValueRef p = LLVMBuildMul(l->b, LLVMBuildZExt(l->b, a, big, ""), LLVMBuildZExt(l->b, b, big, ""), "");
  return LLVMBuildTrunc(l->b, LLVMBuildLShr(l->b, p, same(l, p, bits), ""), t, "");
}

static LLVMValueRef int_op(Lower *l, const Op *op, LLVMValueRef *in, int lanes) {
  LLVMValueRef a = in[0], b = op->noperands > 1 ? in[1] : NULL;
  switch (op->code) {
  case OP_ADDI: return LLVMBuildAdd(l->b, a, b, "");
  case OP_SUBI: return LLVMBuildSub(l->b, a, b, "");
  case OP_MULI: return LLVMBuildMul(l->b, a, b, "");
  case OP_DIVSI:
  case OP_DIVUI:
  case OP_REMSI:
  case OP_REMUI: return divide(l, op->code, a, b, lanes);
  case OP_ANDI: return LLVMBuildAnd(l->b, a, b, "");
  case OP_ORI: return LLVMBuildOr(l->b, a, b, "");
  case OP_XORI: return LLVMBuildXor(l->b, a, b, "");
  case OP_SHLI:
  case OP_SHRSI:
  case OP_SHRUI: return shift(l, op->code, a, b);
  case OP_MAXSI: return intrinsic_like(l, "llvm.smax", in, 2);
  case OP_MINSI: return intrinsic_like(l, "llvm.smin", in, 2);
  case OP_MAXUI: return intrinsic_like(l, "llvm.umax", in, 2);
  case OP_MINUI: return intrinsic_like(l, "llvm.umin", in, 2);
  case OP_CMPI: return compare_ints(l, op, a, b);
  case OP_MULHIUI: return mulhi(l, a, b, lanes);
  case OP_ABSI: return intrinsic_like(l, "llvm.abs", (LLVMValueRef[]){a, LLVMConstInt(l->i1, 0, false)}, 2);
  default: return NULL;
  }
}

/* ---- floats ------------------------------------------------------------------------------------------------------ */

static LLVMValueRef contract(Lower *l, const Op *op, LLVMValueRef v) {
  if (l->options->common.enable_fp_fusion && !ir_attr(op, "no_contract") && LLVMIsAInstruction(v) &&
      LLVMCanValueUseFastMathFlags(v))
    LLVMSetFastMathFlags(v, LLVMFastMathAllowContract);
  return v;
}

static LLVMValueRef compare_floats(Lower *l, const Op *op, LLVMValueRef a, LLVMValueRef b) {
  static const struct {
    const char *name;
    LLVMRealPredicate p;
  } table[] = {
#define FLOAT_PREDICATE(text, llvm) {text, LLVMReal##llvm},
#include "cpu/elements.def"
  };
  const char *name = ir_attr_text_or(op, "predicate", "");
  for (size_t i = 0; i < COUNT(table); i++)
    if (!strcmp(name, table[i].name)) return LLVMBuildFCmp(l->b, table[i].p, a, b, "");
  return emit_unplanned(LLVMTypeOf(a));
}

/* The larger (or smaller); where `numbers`, of a NaN and a number the number, else the NaN. llvm.minimum also orders the
 * zeros. */
static LLVMValueRef extreme(Lower *l, bool max, bool numbers, LLVMValueRef a, LLVMValueRef b, int lanes) {
  if (numbers) return emit_float_extreme(l, max, a, b, lanes);
  return intrinsic_like(l, max ? "llvm.maximum" : "llvm.minimum", (LLVMValueRef[]){a, b}, 2);
}

static LLVMValueRef remainder_of(Lower *l, LLVMValueRef a, LLVMValueRef b) { return LLVMBuildFRem(l->b, a, b, ""); }

static LLVMValueRef float_op(Lower *l, const Op *op, LLVMValueRef *in, int lanes) {
  LLVMValueRef a = in[0], b = op->noperands > 1 ? in[1] : NULL;
  switch (op->code) {
  case OP_ADDF: return contract(l, op, LLVMBuildFAdd(l->b, a, b, ""));
  case OP_SUBF: return contract(l, op, LLVMBuildFSub(l->b, a, b, ""));
  case OP_MULF: return contract(l, op, LLVMBuildFMul(l->b, a, b, ""));
  case OP_DIVF:
  case OP_PRECISE_DIVF: return LLVMBuildFDiv(l->b, a, b, "");
  case OP_REMF: return remainder_of(l, a, b);
  case OP_NEGF: return LLVMBuildFNeg(l->b, a, "");
  case OP_MAXNUMF: return extreme(l, true, true, a, b, lanes);
  case OP_MINNUMF: return extreme(l, false, true, a, b, lanes);
  case OP_MAXIMUMF: return extreme(l, true, false, a, b, lanes);
  case OP_MINIMUMF: return extreme(l, false, false, a, b, lanes);
  case OP_CMPF: return compare_floats(l, op, a, b);
  case OP_SQRT:
  case OP_PRECISE_SQRT: return intrinsic_like(l, "llvm.sqrt", in, 1);
  case OP_RSQRT: {
    LLVMValueRef s = intrinsic_like(l, "llvm.sqrt", in, 1);
    return LLVMBuildFDiv(l->b, emit_splat(l, LLVMConstReal(scalar_of(LLVMTypeOf(a)), 1.0), lanes), s, "");
  }
  case OP_FLOOR: return intrinsic_like(l, "llvm.floor", in, 1);
  case OP_CEIL: return intrinsic_like(l, "llvm.ceil", in, 1);
  case OP_ABSF: return intrinsic_like(l, "llvm.fabs", in, 1);
  case OP_FMA: return intrinsic_like(l, "llvm.fma", in, 3);
  case OP_CLAMPF: {
    bool all = !strcmp(ir_attr_text_or(op, "propagateNan", "none"), "all");
    return extreme(l, false, !all, extreme(l, true, !all, a, in[1], lanes), in[2], lanes);
  }
  default: return NULL;
  }
}

/* ---- conversions ------------------------------------------------------------------------------------------------- */

static LLVMValueRef to_int(Lower *l, const Op *op, LLVMValueRef x, const Type *from, const Type *to, int lanes) {
  if (from->bits < 32) x = emit_float_to_f32(l, from, x, lanes);
  LLVMTypeRef types[2] = {emit_wide(emit_element_type(l, to), lanes), LLVMTypeOf(x)};
  return emit_intrinsic(l, op->code == OP_FPTOSI ? "llvm.fptosi.sat" : "llvm.fptoui.sat", types, 2, &x, 1);
}

static LLVMValueRef from_int(Lower *l, const Op *op, LLVMValueRef x, const Type *to, int lanes) {
  bool is_signed = op->code == OP_SITOFP;
  LLVMTypeRef f = emit_wide(emit_element_type(l, to), lanes);
  if (to->fkind != F32 && to->fkind != F64) {
    /* 64 bits through f64 would round twice; a sticky bit keeps what rounding to f16 and bf16 needs
     * instead */
    unsigned bits = LLVMGetIntTypeWidth(scalar_of(LLVMTypeOf(x)));
    static const Type f32 = {.kind = TYPE_FLOAT, .fkind = F32, .bits = 32},
                      f64 = {.kind = TYPE_FLOAT, .fkind = F64, .bits = 64};
    const Type *via = bits <= 16 ? &f32 : &f64;
    if (bits == 64) {
      LLVMValueRef low = LLVMBuildAnd(l->b, x, same(l, x, 0xFFF), "");
      LLVMValueRef sticky =
          LLVMBuildZExt(l->b, LLVMBuildICmp(l->b, LLVMIntNE, low, same(l, low, 0), ""), LLVMTypeOf(x), "");
      LLVMValueRef high = LLVMBuildOr(l->b, LLVMBuildAnd(l->b, x, same(l, x, ~INT64_C(0xFFF)), ""),
                                      LLVMBuildShl(l->b, sticky, same(l, x, 11), ""), "");
      LLVMValueRef top = LLVMBuildAdd(l->b, x, same(l, x, is_signed ? INT64_C(1) << 50 : 0), "");
      LLVMValueRef large = LLVMBuildICmp(l->b, LLVMIntUGE, top, same(l, x, INT64_C(1) << (is_signed ? 51 : 50)), "");
      x = LLVMBuildSelect(l->b, large, high, x, "");
    }
    LLVMTypeRef vt = emit_wide(emit_element_type(l, via), lanes);
    LLVMValueRef y = is_signed ? LLVMBuildSIToFP(l->b, x, vt, "") : LLVMBuildUIToFP(l->b, x, vt, "");
    return emit_float_convert(l, via, to, y, lanes, false);
  }
  return is_signed ? LLVMBuildSIToFP(l->b, x, f, "") : LLVMBuildUIToFP(l->b, x, f, "");
}

static LLVMValueRef bitcast(Lower *l, LLVMValueRef x, const Type *from, const Type *to, int lanes) {
  LLVMTypeRef t = emit_wide(emit_element_type(l, to), lanes);
  if (ir_is_ptr(from) && ir_is_ptr(to)) return x;
  if (ir_is_ptr(from)) return LLVMBuildPtrToInt(l->b, x, t, "");
  if (ir_is_ptr(to)) return LLVMBuildIntToPtr(l->b, x, t, "");
  return LLVMTypeOf(x) == t ? x : LLVMBuildBitCast(l->b, x, t, "");
}

/* ---- operands of bf16 ------------------------------------------------------------------------------------------- */

/* Is it for dots alone, and one instruction? The processor's conversion differs from the language's in one thing: denormals
 * become zero. Its products of bf16, in tiles and in vectors, read denormals as zero anyway. */
static bool narrows_for_dots(Lower *l, const Op *truncf, int lanes) {
  const Type *from = ir_elem(ir_operand(truncf, 0)->type), *to = ir_elem(truncf->results[0].type);
  return l->isa->avx512_bf16 && lanes == 32 && from->fkind == F32 && to->fkind == BF16 &&
         cpu_feeds_only_dots(&truncf->results[0]);
}

static LLVMValueRef narrowed_for_dots(Lower *l, LLVMValueRef x) {
  LLVMValueRef index[2][16], halves[2];
  for (int i = 0; i < 2; i++) {
    for (int j = 0; j < 16; j++) index[i][j] = emit_int(l->i32, 16 * (1 - i) + j); /* the upper half comes first */
    halves[i] = LLVMBuildShuffleVector(l->b, x, LLVMGetPoison(LLVMTypeOf(x)), LLVMConstVector(index[i], 16), "");
  }
  LLVMValueRef r = emit_intrinsic(l, "llvm.x86.avx512bf16.cvtne2ps2bf16.512", NULL, 0, halves, 2);
  return LLVMBuildBitCast(l->b, r, LLVMVectorType(l->i16, 32), "");
}

/* ---- the op ------------------------------------------------------------------------------------------------------ */

static LLVMValueRef choose(Lower *l, LLVMValueRef *in) { return LLVMBuildSelect(l->b, in[0], in[1], in[2], ""); }

static LLVMValueRef map_region(Lower *l, const Op *op, LLVMValueRef *in, int lanes) {
  LLVMValueRef out;
  emit_element_region(l, ir_entry(op, 0), in, &out, lanes);
  return out;
}

LLVMValueRef emit_element_op(Lower *l, const Op *op, LLVMValueRef *in, int lanes) {
  const Type *to = ir_elem(op->results[0].type), *from = op->noperands ? ir_elem(ir_operand(op, 0)->type) : to;
  LLVMTypeRef t = emit_wide(emit_element_type(l, to), lanes);
  switch (op->code) {
  case OP_CONSTANT: return emit_splat(l, emit_element_const(l, to, ir_const_value(&op->results[0])), lanes);
  case OP_POISON: return LLVMConstNull(t);
  case OP_SELECT: return choose(l, in);
  case OP_EXTSI: return LLVMBuildSExt(l->b, in[0], t, "");
  case OP_EXTUI: return LLVMBuildZExt(l->b, in[0], t, "");
  case OP_TRUNCI: return LLVMBuildTrunc(l->b, in[0], t, "");
  case OP_INDEX_CAST: return LLVMBuildIntCast2(l->b, in[0], t, true, "");
  case OP_TRUNCF:
    if (narrows_for_dots(l, op, lanes)) return narrowed_for_dots(l, in[0]);
    return emit_float_convert(l, from, to, in[0], lanes, false);
  case OP_EXTF: return emit_float_convert(l, from, to, in[0], lanes, false);
  case OP_FP_TO_FP:
    return emit_float_convert(l, from, to, in[0], lanes, !strcmp(ir_attr_text_or(op, "rounding", "rtne"), "rtz"));
  case OP_SITOFP:
  case OP_UITOFP: return from_int(l, op, in[0], to, lanes);
  case OP_FPTOSI:
  case OP_FPTOUI: return to_int(l, op, in[0], from, to, lanes);
  case OP_BITCAST:
  case OP_TT_BITCAST:
  case OP_INT_TO_PTR:
  case OP_PTR_TO_INT: return bitcast(l, in[0], from, to, lanes);
  case OP_ADDPTR: {
    LLVMValueRef offset = LLVMBuildIntCast2(l->b, in[1], emit_wide(l->i64, lanes), true, "");
    return LLVMBuildGEP2(l->b, emit_memory_type(l, to->elem), in[0], &offset, 1, "");
  }
  case OP_EXP:
  case OP_EXP2:
  case OP_LOG:
  case OP_LOG2:
  case OP_SIN:
  case OP_COS:
  case OP_ERF: return emit_float_math(l, op->code, from, in[0], lanes);
  case OP_MAP_ELEMENTWISE: return map_region(l, op, in, lanes);
  default: break;
  }
  LLVMValueRef r = NULL;
  if (from->kind == TYPE_FLOAT) {
    if (from->fkind == F64 || from->fkind == F32 || from->fkind == F16) {
      r = float_op(l, op, in, lanes);
    } else {
      static const Type f32 = {.kind = TYPE_FLOAT, .fkind = F32, .bits = 32};
      LLVMValueRef as_f32[3];
      for (int i = 0; i < op->noperands && i < 3; i++) as_f32[i] = emit_float_to_f32(l, from, in[i], lanes);
      r = float_op(l, op, as_f32, lanes);
      if (r && op->code != OP_CMPF) r = emit_float_convert(l, &f32, from, r, lanes, false);
    }
  } else {
    r = int_op(l, op, in, lanes);
  }
  return r ? r : emit_unplanned(t);
}

static LLVMValueRef both(Lower *l, LLVMValueRef a, LLVMValueRef b) { return a ? LLVMBuildAnd(l->b, a, b, "") : b; }

/* `active`: the lanes that would get here; NULL: all. */
static void region_values(Lower *l, Block *block, Map *values, LLVMValueRef *out, int lanes, LLVMValueRef active) {
  for (Op *op = block->first; op; op = op->next) {
    LLVMValueRef *in = NEWN(l->cx, LLVMValueRef, op->noperands + 1);
    for (int i = 0; i < op->noperands; i++) {
      Value *v = ir_operand(op, i);
      in[i] = map_get(values, v);
      if (!in[i]) in[i] = emit_splat(l, code_of(v)->scalar, lanes); /* from outside: a scalar */
    }
    if (ir_has(op, T_TERMINATOR)) {
      for (int i = 0; i < op->noperands; i++) out[i] = in[i];
      return;
    }
    if (op->code == OP_ASSERT) {
      LLVMValueRef off = active ? LLVMBuildNot(l->b, active, "") : NULL;
      emit_assert_lanes(l, op, off ? LLVMBuildOr(l->b, in[0], off, "") : in[0], lanes);
      continue;
    }
    if (op->code == OP_IF) { /* nothing else in a combine function has effects: compute both and choose */
      LLVMValueRef *yes = NEWN(l->cx, LLVMValueRef, op->nresults + 1),
                   *no = NEWN(l->cx, LLVMValueRef, op->nresults + 1);
      region_values(l, ir_entry(op, 0), values, yes, lanes, both(l, active, in[0]));
      if (op->nregions > 1 && op->regions[1]->first)
        region_values(l, ir_entry(op, 1), values, no, lanes, both(l, active, LLVMBuildNot(l->b, in[0], "")));
      for (int i = 0; i < op->nresults; i++)
        map_put(l->cx, values, &op->results[i], LLVMBuildSelect(l->b, in[0], yes[i], no[i], ""));
      continue;
    }
    map_put(l->cx, values, &op->results[0], emit_element_op(l, op, in, lanes));
  }
}

void emit_element_region(Lower *l, Block *block, LLVMValueRef *args, LLVMValueRef *out, int lanes) {
  Map values = {0};
  for (int i = 0; i < block->nargs; i++) map_put(l->cx, &values, block->args[i], args[i]);
  region_values(l, block, &values, out, lanes, NULL);
}
