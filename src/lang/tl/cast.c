/* cast.c: conversions between element types; compile-time values as constants and tensors.
 *
 * The steps of a cast depend on the pair of kinds alone. Narrow floats other than fp8 travel through fp32 when
 * they meet integers, doubles or each other, as the reference does, so that each conversion is one rounding of a
 * value that the step before kept exactly.
 */
#include <math.h>

#include "lang/tl/tl.h"

static bool is_half(const LType *t) { return t->kind == L_FP16 || t->kind == L_BF16; }

static Val *fp_to_fp(Lang *L, Val *t, const LType *to, const char *rounding) {
  Val *r = sem_op1(L, OP_FP_TO_FP, to, t);
  if (rounding) ir_set_attr(L->cx, r->value->op, "rounding", ir_attr_enum(L->cx, rounding));
  return r;
}

Val *sem_bitcast(Lang *L, Val *t, const LType *elem) {
  const LType *from = val_elem(t), *to = lt_with_elem(L, t->type, elem);
  if (from == elem) return t;
  if (lt_is_ptr(from) != lt_is_ptr(elem)) return sem_cast_rounding(L, t, elem, ROUND_DEFAULT);
  if (lt_bits(from) != lt_bits(elem))
    lang_fail(L, NULL, "a bitcast keeps the size, but %s has %d bits and %s has %d", lt_text(L, from), lt_bits(from),
              lt_text(L, elem), lt_bits(elem));
  if (lt_ir(L, from) == lt_ir(L, elem)) /* signedness is the language's alone */
    return val_tensor(L, t->value, to);
  return sem_op1(L, OP_TT_BITCAST, to, t);
}

static Val *compare_with_zero(Lang *L, Val *t) {
  bool is_float = lt_is_float(val_elem(t));
  Val *zero = is_float ? sem_constant(L, val_float(L, 0), t->type) : sem_constant_int(L, 0, t->type);
  return sem_test(L, is_float ? "une" : "ne", t, zero);
}

/* ---- fp8e4b15 ---------------------------------------------------------------------------------------------------- */

/* The magnitude of a float8e4b15 are bits 13 to 7 of a half (4 of its 5 bits of exponent, 3 of its 10 of mantissa):
 * made for a fast way there by integer instructions, it has neither infinities nor NaNs. The IR has it as i8. */

static Val *int_op(Lang *L, Opcode code, Val *x, int64_t y) {
  return sem_op2(L, code, x->type, x, sem_constant_int(L, y, x->type));
}

static Val *half_of_e4b15(Lang *L, Val *t) {
  const LType *uint8 = lt_scalar(L, L_UINT8), *uint16 = lt_scalar(L, L_UINT16);
  Val *bits = sem_cast(L, val_tensor(L, t->value, lt_with_elem(L, t->type, uint8)), uint16);
  Val *magnitude = int_op(L, OP_SHLI, int_op(L, OP_ANDI, bits, 0x7F), 7);
  Val *sign = int_op(L, OP_SHLI, int_op(L, OP_ANDI, bits, 0x80), 8);
  return sem_bitcast(L, sem_op2(L, OP_ORI, bits->type, sign, magnitude), lt_scalar(L, L_FP16));
}

/* What lies between goes to the nearer neighbour, what lies in the middle away from zero, what is larger to 1.75. */
static Val *e4b15_of_half(Lang *L, Val *t) {
  Val *bits = sem_bitcast(L, t, lt_scalar(L, L_UINT16));
  Val *magnitude = int_op(L, OP_MINUI, int_op(L, OP_ANDI, bits, 0x7FFF), 0x3F00);
  magnitude = int_op(L, OP_SHRUI, int_op(L, OP_ADDI, magnitude, 0x40), 7);
  Val *sign = int_op(L, OP_ANDI, int_op(L, OP_SHRUI, bits, 8), 0x80);
  Val *r = sem_cast(L, sem_op2(L, OP_ORI, bits->type, sign, magnitude), lt_scalar(L, L_UINT8));
  return val_tensor(L, r->value, lt_with_elem(L, t->type, lt_scalar(L, L_FP8E4B15)));
}

/* ---- the steps --------------------------------------------------------------------------------------------------- */

static Val *float_to_float(Lang *L, Val *t, const LType *elem, Rounding rounding) {
  const LType *from = val_elem(t), *to = lt_with_elem(L, t->type, elem), *fp32 = lt_scalar(L, L_FP32);
  int have = lt_bits(from), want = lt_bits(elem);
  bool narrows = want < have;
  if (rounding != ROUND_DEFAULT && !narrows)
    lang_fail(L, NULL, "fp_downcast_rounding applies only when a float becomes narrower, not from %s to %s",
              lt_text(L, from), lt_text(L, elem));
  if (from->kind == L_FP8E4B15) return sem_cast_rounding(L, half_of_e4b15(L, t), elem, rounding);
  if (elem->kind == L_FP8E4B15) {
    if (from->kind != L_FP16)
      t = sem_cast_rounding(L, sem_cast_rounding(L, t, fp32, ROUND_DEFAULT), lt_scalar(L, L_FP16), ROUND_RTZ);
    return e4b15_of_half(L, t);
  }
  if (lt_is_fp8(from) || lt_is_fp8(elem) || rounding == ROUND_RTZ)
    return fp_to_fp(L, t, to, !narrows ? NULL : rounding == ROUND_RTZ ? "rtz" : "rtne");
  if (is_half(from) && elem != fp32)
    return sem_cast_rounding(L, sem_cast_rounding(L, t, fp32, ROUND_DEFAULT), elem, ROUND_DEFAULT);
  return sem_op1(L, narrows ? OP_TRUNCF : OP_EXTF, to, t);
}

static Val *int_to_int(Lang *L, Val *t, const LType *elem) {
  const LType *from = val_elem(t), *to = lt_with_elem(L, t->type, elem);
  int have = lt_bits(from), want = lt_bits(elem);
  if (have == want) return val_tensor(L, t->value, to);
  return sem_op1(L, want < have ? OP_TRUNCI : lt_is_unsigned(from) ? OP_EXTUI : OP_EXTSI, to, t);
}

_Noreturn static void cannot(Lang *L, const LType *from, const LType *to) {
  lang_fail(L, lt_is_fp8(from) || lt_is_fp8(to) ? "go through tl.float32: x.to(tl.float32).to(...)" : NULL,
            "cannot cast %s to %s", lt_text(L, from), lt_text(L, to));
}

Val *sem_cast_rounding(Lang *L, Val *t, const LType *elem, Rounding rounding) {
  const LType *from = val_elem(t), *to = lt_with_elem(L, t->type, elem);
  bool from_float = lt_is_float(from), to_float = lt_is_float(elem);
  if (rounding != ROUND_DEFAULT && !(from_float && to_float))
    lang_fail(L, NULL, "fp_downcast_rounding applies only when a float becomes narrower, not from %s to %s",
              lt_text(L, from), lt_text(L, elem));
  if (from == elem) return t;
  if (from_float && to_float) return float_to_float(L, t, elem, rounding);
  if (from_float && lt_is_int(elem)) {
    if (lt_is_fp8(from)) cannot(L, from, elem);
    if (is_half(from)) t = sem_cast_rounding(L, t, lt_scalar(L, L_FP32), ROUND_DEFAULT);
    if (elem->kind == L_INT1) return compare_with_zero(L, t);
    return sem_op1(L, lt_is_unsigned(elem) ? OP_FPTOUI : OP_FPTOSI, to, t);
  }
  if (lt_is_int(from) && lt_is_int(elem))
    return elem->kind == L_INT1 ? compare_with_zero(L, t) : int_to_int(L, t, elem);
  if (lt_is_int(from) && to_float) {
    if (lt_is_fp8(elem)) cannot(L, from, elem);
    return sem_op1(L, lt_is_unsigned(from) ? OP_UITOFP : OP_SITOFP, to, t);
  }
  const LType *int64 = lt_scalar(L, L_INT64);
  if (lt_is_ptr(from) && lt_is_ptr(elem)) {
    if (lt_ir(L, from) == lt_ir(L, elem)) return val_tensor(L, t->value, to);
    return sem_op1(L, OP_TT_BITCAST, to, t);
  }
  if (lt_is_ptr(from) && lt_is_int(elem)) {
    if (lt_bits(elem) == 64) return sem_op1(L, OP_PTR_TO_INT, to, t);
    if (elem->kind == L_INT1) return compare_with_zero(L, sem_cast_rounding(L, t, int64, ROUND_DEFAULT));
    cannot(L, from, elem);
  }
  if (lt_is_int(from) && lt_is_ptr(elem))
    return sem_op1(L, OP_INT_TO_PTR, to, sem_cast_rounding(L, t, int64, ROUND_DEFAULT));
  cannot(L, from, elem);
}

Val *sem_cast(Lang *L, Val *t, const LType *elem) {
  return sem_cast_rounding(L, sem_to_tensor(L, t), lt_elem(elem), ROUND_DEFAULT);
}

Val *sem_convert(Lang *L, Val *v, const LType *elem) {
  if (val_is_number(v) && !lt_is_ptr(elem)) return sem_constant(L, v, elem);
  return sem_cast(L, v, elem);
}

Val *sem_constant(Lang *L, const Val *v, const LType *type) {
  const LType *elem = lt_elem(type);
  Type *ir = lt_ir(L, type);
  if (elem->kind == L_FP8E4B15)
    return sem_cast(L, sem_constant(L, v, lt_with_elem(L, type, lt_scalar(L, L_FP32))), elem);
  if (lt_is_float(elem)) {
    double x = v->kind == V_FLOAT ? v->number : (double)v->integer;
    return val_tensor(L, ir_const_float(&L->b, ir, x), type);
  }
  if (!lt_is_int(elem)) {
    if (lt_is_ptr(elem) && val_is_integer(v)) /* a null pointer, or one to a fixed address */
      return sem_op1(L, OP_INT_TO_PTR, type, sem_constant(L, v, lt_with_elem(L, type, lt_scalar(L, L_INT64))));
    lang_fail(L, NULL, "a number cannot become a value of type %s", lt_text(L, elem));
  }
  BigInt x = v->integer;
  if (v->kind == V_FLOAT) {
    if (elem->kind != L_INT1 && (v->number != floor(v->number) || fabs(v->number) >= 0x1p64))
      lang_fail(L, "convert it with int(...) first", "the float %s cannot become a constant of type %s", val_repr(L, v),
                lt_text(L, elem));
    x = elem->kind == L_INT1 ? v->number != 0 : (BigInt)v->number;
  }
  if (elem->kind == L_INT1)
    x = x != 0;
  else if (!lt_int_fits(elem, x))
    lang_fail(L, NULL, "%s is out of range for %s", val_big_text(L, x), lt_text(L, elem));
  return val_tensor(L, ir_const_int(&L->b, ir, (int64_t)x), type);
}

Val *sem_to_tensor(Lang *L, Val *v) {
  if (sem_is_tensor(v)) return v;
  if (!val_is_number(v)) lang_fail(L, NULL, "expected a tensor or a number, but got %s", val_kind_text(L, v));
  return sem_constant(L, v, sem_number_type(L, v));
}

/* Of which kind are the arguments that are tensors or numbers? */
static bool has_kind(Val *const *args, size_t n, bool floats, bool f64) {
  for (size_t i = 0; i < n; i++) {
    if (!args[i]) continue;
    if (floats && args[i]->kind == V_FLOAT) return true;
    if (!sem_is_tensor(args[i])) continue;
    const LType *elem = lt_elem(args[i]->type);
    if (f64 ? elem->kind == L_FP64 : lt_is_float(elem)) return true;
  }
  return false;
}

void sem_number_arguments(Lang *L, Val **args, size_t n) {
  bool any_float = has_kind(args, n, true, false), any_f64 = has_kind(args, n, false, true);
  for (size_t i = 0; i < n; i++) {
    if (!args[i] || !val_is_number(args[i])) continue;
    if (args[i]->kind == V_FLOAT)
      args[i] = sem_constant(L, args[i], lt_scalar(L, any_f64 ? L_FP64 : L_FP32));
    else if (!any_float)
      args[i] = sem_to_tensor(L, args[i]);
  }
}

Val *sem_arg_tensor(Lang *L, Val *v, const Builtin *f, const char *param) {
  if (val_is_number(v)) return sem_to_tensor(L, v);
  if (!sem_is_tensor(v))
    lang_fail_at(L, lang_argument(L, v), NULL, "%s: `%s` must be a tensor or a number, but is %s", f->name, param,
                 val_kind_text(L, v));
  return v;
}
