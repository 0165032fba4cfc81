/* builtins_math.c: what is computed element by element, and the arithmetic of `triton` and `math` on known numbers. */
#include <math.h>
#include <string.h>

#include "lang/tl/tl.h"

/* ---- which types a function is defined for ----------------------------------------------------------------------- */

static void want_fp32_or_fp64(Lang *L, const Val *x, const Builtin *f) {
  LKind k = val_elem(x)->kind;
  if (k != L_FP32 && k != L_FP64)
    lang_fail(L, "convert it first: x.to(tl.float32)", "%s is defined for fp32 and fp64, but `x` is %s", f->name,
              val_kind_text(L, x));
}

Val *builtin_unary(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = sem_arg_tensor(L, args[0], f, "x");
  want_fp32_or_fp64(L, x, f);
  return sem_op1(L, (Opcode)f->op, x->type, x);
}

/* libdevice's: as close as the library has it, where tl's may be an instruction that is less so. */
Val *builtin_unary_precise(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  Val *y = builtin_unary(L, args, nargs, f);
  if (y->value->op) ir_set_attr(L->cx, y->value->op, "tt.precise", ir_attr_unit(L->cx));
  return y;
}

Val *builtin_abs(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = sem_arg_tensor(L, args[0], f, "x");
  const LType *elem = val_elem(x);
  if (lt_is_fp8(elem)) { /* clear the sign bit */
    const LType *bits = lt_scalar(L, L_INT8);
    Val *b = sem_bitcast(L, x, bits);
    return sem_bitcast(L, sem_op2(L, OP_ANDI, b->type, b, sem_constant_int(L, 0x7f, b->type)), elem);
  }
  if (lt_is_float(elem)) return sem_op1(L, OP_ABSF, x->type, x);
  if (!lt_is_int(elem)) lang_fail(L, NULL, "tl.abs: `x` must be a number, but is %s", val_kind_text(L, x));
  return lt_is_unsigned(elem) ? x : sem_op1(L, OP_ABSI, x->type, x);
}

Val *builtin_sqrt_rn(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = sem_arg_tensor(L, args[0], f, "x");
  want_fp32_or_fp64(L, x, f);
  return sem_op1(L, val_elem(x)->kind == L_FP64 ? OP_SQRT : OP_PRECISE_SQRT, x->type, x);
}

/* Functions that do not promote integers require floats. */
static bool is_float(Lang *L, const Val *x) {
  const LType *t = val_is_number(x) ? sem_number_type(L, x) : sem_is_tensor(x) ? val_elem(x) : NULL;
  return t && lt_is_float(t);
}

static void want_float(Lang *L, const Val *x, const Builtin *f, const char *hint) {
  if (!is_float(L, x)) lang_fail(L, hint, "%s is for floats, but an operand is %s", f->name, val_kind_text(L, x));
}

Val *builtin_div_rn(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = args[0], *y = args[1];
  if (sem_is_tensor(x)) want_fp32_or_fp64(L, x, f);
  if (sem_is_tensor(y)) want_fp32_or_fp64(L, y, f);
  sem_operands(L, f->name, &x, &y, 0);
  want_float(L, x, f, "cast the operands with .to(tl.float32)");
  return sem_op2(L, val_elem(x)->kind == L_FP64 ? OP_DIVF : OP_PRECISE_DIVF, x->type, x, y);
}

Val *builtin_fdiv(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = args[0], *y = args[1];
  bool ieee = sem_arg_bool(L, args[2], "tl.fdiv: `ieee_rounding`");
  bool both = is_float(L, x) && is_float(L, y);
  if (!is_float(L, y)) want_float(L, x, f, "use / or //, or cast it first");
  sem_operands(L, f->name, &x, &y, both ? 0 : OPERANDS_DIVISION);
  return sem_op2(L, ieee && val_elem(x)->kind == L_FP32 ? OP_PRECISE_DIVF : OP_DIVF, x->type, x, y);
}

/* A sum or product that is rounded by itself, whatever is done with it. */
Val *builtin_rounded(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = args[0], *y = args[1];
  sem_operands(L, f->name, &x, &y, OPERANDS_AS_TENSORS);
  want_float(L, x, f, "use + - * for integers");
  Val *v = sem_op2(L, (Opcode)f->op, x->type, x, y);
  ir_set_attr(L->cx, v->value->op, "no_contract", ir_attr_unit(L->cx));
  return v;
}

Val *builtin_fma(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = args[0], *y = args[1], *z = args[2];
  sem_operands(L, f->name, &x, &y, OPERANDS_AS_TENSORS);
  sem_operands(L, f->name, &z, &x, OPERANDS_AS_TENSORS);
  sem_operands(L, f->name, &z, &y, OPERANDS_AS_TENSORS);
  if (!lt_is_float(val_elem(x)))
    lang_fail(L, "write x * y + z", "tl.fma is for floats, but its operands are %s", lt_text(L, val_elem(x)));
  return sem_op3(L, OP_FMA, x->type, x, y, z);
}

/* The high half of a product. The op is the unsigned one for all types, as in the reference. */
Val *builtin_umulhi(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = args[0], *y = args[1];
  for (int i = 0; i < 2; i++) {
    const LType *t =
        val_is_number(args[i]) ? sem_number_type(L, args[i]) : val_elem(sem_arg_tensor(L, args[i], f, i ? "y" : "x"));
    if (!lt_is_int(t) || lt_bits(t) < 32)
      lang_fail(L, NULL, "tl.umulhi is defined for 32- and 64-bit integers, but an operand is %s",
                val_kind_text(L, args[i]));
  }
  sem_operands(L, f->name, &x, &y, OPERANDS_AS_TENSORS);
  return sem_op2(L, OP_MULHIUI, x->type, x, y);
}

/* ---- minimum, maximum, clamp ------------------------------------------------------------------------------------- */

static bool propagates_nan(Lang *L, const Val *v, const Builtin *f) {
  if (v->kind == V_NONE) return false;
  if (v->kind == V_STR && (strcmp(v->text, "PropagateNan.NONE") == 0 || strcmp(v->text, "PropagateNan.ALL") == 0))
    return v->text[13] == 'A';
  lang_fail(L, "it is tl.PropagateNan.NONE or tl.PropagateNan.ALL", "%s: `propagate_nan` cannot be %s", f->name,
            val_repr(L, v));
}

static Val *without_bf16(Lang *L, Val *x) {
  return sem_is_tensor(x) && val_elem(x)->kind == L_BF16 ? sem_cast(L, x, lt_scalar(L, L_FP32)) : x;
}

/* Of operands of one type. */
static Val *extreme_of(Lang *L, Val *x, Val *y, const Builtin *f, bool is_max, bool nan) {
  const LType *elem = val_elem(x);
  static const Opcode ops[2][4] = {{OP_MINNUMF, OP_MINIMUMF, OP_MINSI, OP_MINUI},
                                   {OP_MAXNUMF, OP_MAXIMUMF, OP_MAXSI, OP_MAXUI}};
  int which = lt_is_float(elem) ? nan : lt_is_unsigned(elem) ? 3 : 2;
  if (lt_is_fp8(elem))
    lang_fail(L, "convert to tl.float16 first", "%s is not defined for %s", f->name, lt_text(L, elem));
  return sem_op2(L, ops[is_max][which], x->type, x, y);
}

static Val *extremum(Lang *L, Val **args, const Builtin *f, bool is_max) {
  bool nan = propagates_nan(L, args[2], f);
  Val *x = without_bf16(L, args[0]), *y = without_bf16(L, args[1]);
  sem_operands(L, f->name, &x, &y, OPERANDS_AS_TENSORS);
  return extreme_of(L, x, y, f, is_max, nan);
}

Val *builtin_minimum(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  return (void)nargs, extremum(L, args, f, false);
}
Val *builtin_maximum(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  return (void)nargs, extremum(L, args, f, true);
}

Val *builtin_clamp(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  bool nan = propagates_nan(L, args[3], f);
  Val *x = without_bf16(L, args[0]), *low = without_bf16(L, args[1]), *high = without_bf16(L, args[2]);
  if (!sem_is_tensor(x)) x = sem_to_tensor(L, x);
  sem_operands(L, f->name, &x, &low, OPERANDS_AS_TENSORS); /* a number is of x's precision from the first on */
  sem_operands(L, f->name, &x, &high, OPERANDS_AS_TENSORS);
  sem_operands(L, f->name, &x, &low, OPERANDS_AS_TENSORS);
  if (!lt_is_float(val_elem(x))) return extreme_of(L, extreme_of(L, x, low, f, true, nan), high, f, false, nan);
  Val *r = sem_op3(L, OP_CLAMPF, x->type, x, low, high);
  ir_set_attr(L->cx, r->value->op, "propagateNan", ir_attr_enum(L->cx, nan ? "all" : "none"));
  return r;
}

/* ---- operators as functions -------------------------------------------------------------------------------------- */

Val *builtin_add(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  return sem_add(L, sem_to_tensor(L, args[0]), args[1], sem_arg_bool(L, args[2], "tl.add: `sanitize_overflow`"));
}

Val *builtin_sub(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  return sem_sub(L, sem_to_tensor(L, args[0]), args[1], sem_arg_bool(L, args[2], "tl.sub: `sanitize_overflow`"));
}

Val *builtin_mul(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  return sem_mul(L, sem_to_tensor(L, args[0]), args[1], sem_arg_bool(L, args[2], "tl.mul: `sanitize_overflow`"));
}

Val *builtin_where(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = args[1], *y = args[2];
  if (!val_is_number(x)) sem_arg_tensor(L, x, f, "x");
  if (!val_is_number(y)) sem_arg_tensor(L, y, f, "y");
  return sem_where(L, sem_arg_tensor(L, args[0], f, "condition"), x, y);
}

Val *builtin_logical(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  return sem_logical(L, f->op, args[0], args[1]);
}

/* ---- casts and type constructors --------------------------------------------------------------------------------- */

Val *builtin_cast(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  static const char *const roundings[] = {"rtne", "rtz"};
  Val *x = sem_arg_tensor(L, args[0], f, "input");
  const LType *elem = lt_elem(sem_arg_dtype(L, args[1], ctx_printf(L->cx, "%s: `dtype`", f->name)));
  const char *rounding =
      sem_arg_choice(L, args[2], ctx_printf(L->cx, "%s: `fp_downcast_rounding`", f->name), roundings, COUNT(roundings));
  if (sem_arg_bool(L, args[3], ctx_printf(L->cx, "%s: `bitcast`", f->name))) return sem_bitcast(L, x, elem);
  return sem_cast_rounding(L, x, elem,
                           !rounding                      ? ROUND_DEFAULT
                           : strcmp(rounding, "rtz") == 0 ? ROUND_RTZ
                                                          : ROUND_RTNE);
}

Val *builtin_pointer_type(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  if (sem_arg_int(L, args[1], "tl.pointer_type: `address_space`") != 1)
    lang_fail(L, NULL, "tl.pointer_type: only address space 1 (global memory) can be pointed to");
  return val_dtype(L, lt_pointer(L, sem_arg_dtype(L, args[0], "tl.pointer_type: `element_ty`"),
                                 sem_arg_bool(L, args[2], "tl.pointer_type: `const`")));
}

Val *builtin_block_type(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  const int64_t *shape;
  int rank = sem_shape_arg(L, args[1], &shape, "tl.block_type: `shape`");
  sem_check_shape(L, rank, shape, "the tensor");
  return val_dtype(L, lt_block(L, sem_arg_dtype(L, args[0], "tl.block_type: `element_ty`"), rank, shape));
}

Val *builtin_str_to_ty(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  const char *name = sem_arg_text(L, args[0], "tl.str_to_ty: `name`");
  const LType *t = lt_parse(L, name);
  if (!t) lang_fail(L, NULL, "tl.str_to_ty: \"%s\" is not a type", name);
  return val_dtype(L, t);
}

/* ---- on known numbers -------------------------------------------------------------------------------------------- */

Val *builtin_host_cdiv(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  if (sem_is_tensor(args[0]) || sem_is_tensor(args[1])) { /* triton.cdiv in a kernel: what tl.cdiv does */
    Val *one = val_int(L, 1);
    Val *less = sem_is_tensor(args[1]) ? sem_sub(L, args[1], one, true) : lang_binary(L, B_SUB, args[1], one);
    return sem_binary(L, B_FLOORDIV, sem_add(L, args[0], less, true), args[1]);
  }
  Val *sum = lang_binary(L, B_SUB, lang_binary(L, B_ADD, args[0], args[1]), val_int(L, 1));
  return lang_binary(L, B_FLOORDIV, sum, args[1]);
}

Val *builtin_next_power_of_2(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  int64_t n = sem_arg_int(L, args[0], "triton.next_power_of_2: `n`"), p = 1;
  if (n > (int64_t)1 << 62) lang_fail(L, NULL, "triton.next_power_of_2: %lld is too large", (long long)n);
  while (p < n) p <<= 1;
  return val_int(L, n <= 0 ? 0 : p);
}

static double known_number(Lang *L, const Val *v, const Builtin *f) {
  if (!val_is_number(v))
    lang_fail(L, sem_is_tensor(v) ? ctx_printf(L->cx, "for tensors use tl.%s", f->name + 5) : NULL,
              "%s is for numbers known at compile time, not %s", f->name, val_kind_text(L, v));
  return v->kind == V_FLOAT ? v->number : (double)v->integer;
}

_Noreturn static void domain(Lang *L, const Builtin *f, const Val *x) {
  lang_fail(L, NULL, "%s(%s): outside the function's domain", f->name, val_repr(L, x));
}

Val *builtin_host_math(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  static const struct {
    const char *name;
    double (*fn)(double);
  } functions[] = {{"sqrt", sqrt},   {"exp", exp},     {"exp2", exp2},   {"log2", log2},
                   {"log10", log10}, {"log1p", log1p}, {"expm1", expm1}, {"sin", sin},
                   {"cos", cos},     {"tan", tan},     {"atan", atan},   {"tanh", tanh},
                   {"fabs", fabs},   {"ceil", ceil},   {"floor", floor}, {"trunc", trunc}};
  const char *name = f->name + 5; /* after "math." */
  double x = known_number(L, args[0], f);
  if (strcmp(name, "isnan") == 0) return val_bool(L, isnan(x));
  if (strcmp(name, "isinf") == 0) return val_bool(L, isinf(x));
  bool to_int = strcmp(name, "ceil") == 0 || strcmp(name, "floor") == 0 || strcmp(name, "trunc") == 0;
  if (to_int && args[0]->kind != V_FLOAT) return val_int(L, args[0]->integer);
  for (size_t i = 0; i < COUNT(functions); i++)
    if (strcmp(functions[i].name, name) == 0) {
      double y = functions[i].fn(x);
      if ((isnan(y) && !isnan(x)) || (isinf(y) && !isinf(x)) || (to_int && !(fabs(y) < 0x1p126))) domain(L, f, args[0]);
      return to_int ? val_int(L, (BigInt)y) : val_float(L, y);
    }
  return builtin_not_yet(L, args, nargs, f);
}

Val *builtin_host_log(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  double x = known_number(L, args[0], f), base = sem_is_none(args[1]) ? 0 : known_number(L, args[1], f);
  if (!(x > 0) || (!sem_is_none(args[1]) && (!(base > 0) || base == 1))) domain(L, f, args[0]);
  return val_float(L, sem_is_none(args[1]) ? log(x) : log(x) / log(base));
}

Val *builtin_host_pow(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  double y = pow(known_number(L, args[0], f), known_number(L, args[1], f));
  if (isnan(y)) domain(L, f, args[0]);
  return val_float(L, y);
}

Val *builtin_host_prod(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  if (!val_is_sequence(args[0]))
    lang_fail(L, NULL, "%s: expected a tuple or list, but got %s", f->name, val_kind_text(L, args[0]));
  Val *r = val_int(L, 1);
  for (size_t i = 0; i < args[0]->len; i++) r = lang_binary(L, B_MUL, r, args[0]->items[i]);
  return r;
}

Val *builtin_host_gcd(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  int64_t a = sem_arg_int(L, args[0], "math.gcd"), b = sem_arg_int(L, args[1], "math.gcd");
  uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
  while (y) {
    uint64_t t = x % y;
    x = y;
    y = t;
  }
  return val_int(L, (BigInt)x);
}
