/* fold_constant.c: the value of an op whose operands are constants.
 *
 * Results are exactly what the op gives in its own type. Integers wrap in their width. Floating-point ops are computed
 * in double and rounded once: for +, -, *, / and square root of formats up to f32 double is wide enough that rounding
 * twice is rounding once (Figueroa, 1995: 53 >= 2p + 2); where it is not (fma, integers beyond 53 bits) the double is
 * rounded to odd first, which keeps what the second rounding needs to know.
 *
 * What has no single answer is left alone: NaN results (their bits depend on the machine), division by zero, shifts by
 * the width or more, conversions out of range, transcendental functions except where they are exact.
 */
#include "opt/internal.h"

#include <math.h>
#include <string.h>

static bool is_float(const Elem *e) { return ir_is_float(e->type); }
static int64_t sext(const Elem *e) { return sign_extended(e->i, e->type->bits); }

bool fold_element_of(const Attr *a, Elem *e) {
  if (a->kind == ATTR_FLOAT) return *e = (Elem){.type = a->type, .f = a->number}, true;
  if (a->kind != ATTR_INT && a->kind != ATTR_BOOL) return false;
  if (!a->type || !ir_is_int(a->type)) return false;
  return *e = (Elem){.type = a->type, .i = low_bits((uint64_t)a->integer, a->type->bits)}, true;
}

/* ---- integers ---------------------------------------------------------------------------------------------------- */

static bool divide(Opcode code, const Elem *a, const Elem *b, uint64_t *r) {
  int64_t x = sext(a), y = sext(b);
  if (!b->i) return false;
  switch (code) {
  case OP_DIVUI: return *r = a->i / b->i, true;
  case OP_REMUI: return *r = a->i % b->i, true;
  default: break;
  }
  if (y == -1 && a->i == UINT64_C(1) << (a->type->bits - 1)) return false;
  *r = (uint64_t)(code == OP_DIVSI ? (y == -1 ? -x : x / y) : (y == -1 ? 0 : x % y));
  return true;
}

static bool shift(Opcode code, const Elem *a, const Elem *b, uint64_t *r) {
  if (b->i >= (uint64_t)a->type->bits) return false;
  *r = code == OP_SHLI ? a->i << b->i : code == OP_SHRUI ? a->i >> b->i : (uint64_t)(sext(a) >> b->i);
  return true;
}

static uint64_t mul_high(const Elem *a, const Elem *b) {
  __extension__ typedef unsigned __int128 Wide;
  return (uint64_t)(((Wide)a->i * b->i) >> a->type->bits);
}

static bool int_binary(Opcode code, const Elem *a, const Elem *b, uint64_t *r) {
  int64_t x = sext(a), y = sext(b);
  switch (code) {
  case OP_ADDI: return *r = a->i + b->i, true;
  case OP_SUBI: return *r = a->i - b->i, true;
  case OP_MULI: return *r = a->i * b->i, true;
  case OP_ANDI: return *r = a->i & b->i, true;
  case OP_ORI: return *r = a->i | b->i, true;
  case OP_XORI: return *r = a->i ^ b->i, true;
  case OP_MAXSI: return *r = x > y ? a->i : b->i, true;
  case OP_MINSI: return *r = x < y ? a->i : b->i, true;
  case OP_MAXUI: return *r = a->i > b->i ? a->i : b->i, true;
  case OP_MINUI: return *r = a->i < b->i ? a->i : b->i, true;
  case OP_MULHIUI: return *r = mul_high(a, b), true;
  case OP_DIVSI:
  case OP_DIVUI:
  case OP_REMSI:
  case OP_REMUI: return divide(code, a, b, r);
  case OP_SHLI:
  case OP_SHRSI:
  case OP_SHRUI: return shift(code, a, b, r);
  default: return false;
  }
}

static bool compare_int(const char *p, const Elem *a, const Elem *b) {
  int64_t x = sext(a), y = sext(b);
  if (!strcmp(p, "eq")) return a->i == b->i;
  if (!strcmp(p, "ne")) return a->i != b->i;
  bool is_unsigned = p[0] == 'u';
  int order = is_unsigned ? (a->i > b->i) - (a->i < b->i) : (x > y) - (x < y);
  return !strcmp(p + 1, "lt")   ? order < 0
         : !strcmp(p + 1, "le") ? order <= 0
         : !strcmp(p + 1, "gt") ? order > 0
                                : order >= 0;
}

/* ---- floating point ---------------------------------------------------------------------------------------------- */

static bool compare_float(const char *p, double x, double y) {
  bool unordered = isnan(x) || isnan(y);
  if (!strcmp(p, "false")) return false;
  if (!strcmp(p, "true")) return true;
  if (!strcmp(p, "ord")) return !unordered;
  if (!strcmp(p, "uno")) return unordered;
  if (unordered) return p[0] == 'u';
  p++;
  return !strcmp(p, "eq")   ? x == y
         : !strcmp(p, "ne") ? x != y
         : !strcmp(p, "lt") ? x < y
         : !strcmp(p, "le") ? x <= y
         : !strcmp(p, "gt") ? x > y
                            : x >= y;
}

/* a + b rounded to odd: the truncated sum, with its last bit set when something was lost. */
static double add_to_odd(double a, double b) {
  double s = a + b, t = s - a, e = (a - (s - t)) + (b - t); /* s + e is the sum exactly (Knuth) */
  uint64_t bits;
  memcpy(&bits, &s, sizeof bits);
  if (!isfinite(s) || e == 0 || (bits & 1)) return s;
  return nextafter(s, e > 0 ? INFINITY : -INFINITY);
}

static bool fma_elem(FloatKind kind, double a, double b, double c, double *r) {
  *r = kind == F64 ? fma(a, b, c) : add_to_odd(a * b, c); /* the product of two formats up to f32 is exact */
  return true;
}

/* IEEE 754-2019 maximum: NaN wins, +0 above -0. */
static double maximum(double x, double y) {
  if (isnan(x) || isnan(y)) return NAN;
  if (x == y) return signbit(x) ? y : x;
  return x > y ? x : y;
}

static bool max_number(double x, double y, double *r) {
  if (isnan(x) || isnan(y)) return *r = isnan(x) ? y : x, true;
  if (x == y && signbit(x) != signbit(y)) return false; /* either zero is right */
  return *r = x > y ? x : y, true;
}

static bool float_binary(Opcode code, double x, double y, double *r) {
  switch (code) {
  case OP_ADDF: return *r = x + y, true;
  case OP_SUBF: return *r = x - y, true;
  case OP_MULF: return *r = x * y, true;
  case OP_DIVF:
  case OP_PRECISE_DIVF: return *r = x / y, true;
  case OP_REMF: return *r = fmod(x, y), true;
  case OP_MAXIMUMF: return *r = maximum(x, y), true;
  case OP_MINIMUMF: return *r = -maximum(-x, -y), true;
  case OP_MAXNUMF: return max_number(x, y, r);
  case OP_MINNUMF:
    if (!max_number(-x, -y, r)) return false;
    return *r = -*r, true;
  default: return false;
  }
}

/* Functions at the points where they are exact. */
static bool exact_function(Opcode code, double x, double *r) {
  int exponent;
  switch (code) {
  case OP_EXP: return *r = 1, x == 0;
  case OP_EXP2: return *r = exp2(x), x == floor(x) && fabs(x) < 2000;
  case OP_LOG: return *r = 0, x == 1;
  case OP_LOG2: return *r = x > 0 ? (double)ilogb(x) : 0, x > 0 && isfinite(x) && frexp(x, &exponent) == 0.5;
  case OP_COS: return *r = 1, x == 0;
  case OP_SIN:
  case OP_ERF: return *r = x, x == 0;
  case OP_RSQRT: return *r = 1, x == 1;
  default: return false;
  }
}

static bool float_unary(Opcode code, double x, double *r) {
  switch (code) {
  case OP_NEGF: return *r = -x, true;
  case OP_ABSF: return *r = fabs(x), true;
  case OP_FLOOR: return *r = floor(x), true;
  case OP_CEIL: return *r = ceil(x), true;
  case OP_TRUNC: return *r = trunc(x), true;
  case OP_ROUNDEVEN: return *r = rint(x), true;
  case OP_SQRT:
  case OP_PRECISE_SQRT: return *r = sqrt(x), true;
  default: return exact_function(code, x, r);
  }
}

/* ---- conversions ------------------------------------------------------------------------------------------------- */

/* A magnitude as a double, rounded to odd beyond 53 bits. */
static double odd_from_unsigned(uint64_t m) {
  if (m >> 53) m = (m & ~UINT64_C(0x7FF)) | ((m & 0x7FF) ? UINT64_C(0x800) : 0);
  return (double)m;
}

/* To be rounded to the type: bf16 has it by way of f32. */
static double int_to_float(uint64_t magnitude, bool negative, FloatKind to) {
  double x = to == F64 ? (double)magnitude : to == BF16 ? (double)(float)magnitude : odd_from_unsigned(magnitude);
  return negative ? -x : x;
}

static bool float_to_int(double x, int bits, bool is_signed, uint64_t *r) {
  double t = trunc(x), limit = ldexp(1, is_signed ? bits - 1 : bits);
  if (!(t < limit) || t < (is_signed ? -limit : 0)) return false;
  *r = t < 0 ? (uint64_t)(int64_t)t : (uint64_t)t;
  return true;
}

static bool bitcast(const Elem *a, Elem *r) {
  if (a->type->bits != r->type->bits) return false;
  uint64_t bits = is_float(a) ? ir_float_encode(a->type->fkind, a->f) : a->i;
  if (is_float(a) && isnan(a->f)) return false;
  r->i = bits;
  if (is_float(r)) r->f = ir_float_decode(r->type->fkind, bits);
  return true;
}

/* To another float format, to nearest even. Overflow is left alone in formats where it may saturate instead. */
static bool float_to_float(const Op *op, const Elem *a, Elem *r) {
  const char *rounding = ir_attr_text_or(op, "rounding", "rtne");
  double exact = ir_float_decode(r->type->fkind, ir_float_encode(r->type->fkind, a->f));
  if (exact != a->f && strcmp(rounding, "rtne") != 0) return false;
  if (r->type->bits <= 8 && !isfinite(exact)) return false;
  r->f = exact;
  return true;
}

static bool convert(const Op *op, const Elem *a, Elem *r) {
  switch (op->code) {
  case OP_EXTSI: return r->i = (uint64_t)sext(a), true;
  case OP_EXTUI:
  case OP_TRUNCI: return r->i = a->i, true;
  case OP_EXTF: return r->f = a->f, true;
  case OP_TRUNCF:
  case OP_FP_TO_FP: return float_to_float(op, a, r);
  case OP_SITOFP: {
    int64_t x = sext(a);
    return r->f = int_to_float(x < 0 ? -(uint64_t)x : (uint64_t)x, x < 0, r->type->fkind), true;
  }
  case OP_UITOFP: return r->f = int_to_float(a->i, false, r->type->fkind), true;
  case OP_FPTOSI: return float_to_int(a->f, r->type->bits, true, &r->i);
  case OP_FPTOUI: return float_to_int(a->f, r->type->bits, false, &r->i);
  case OP_BITCAST:
  case OP_TT_BITCAST: return bitcast(a, r);
  default: return false;
  }
}

/* ---- an op on elements ------------------------------------------------------------------------------------------- */

bool fold_element(const Op *op, const Elem *in, Elem *r) {
  bool floats = is_float(&in[0]);
  switch (op->code) {
  case OP_CMPI: return r->i = compare_int(ir_attr_text_or(op, "predicate", ""), &in[0], &in[1]), true;
  case OP_CMPF: return r->i = compare_float(ir_attr_text_or(op, "predicate", ""), in[0].f, in[1].f), true;
  case OP_SELECT: {
    const Elem *from = &in[in[0].i ? 1 : 2];
    return r->i = from->i, r->f = from->f, true;
  }
  case OP_FMA: return fma_elem(r->type->fkind, in[0].f, in[1].f, in[2].f, &r->f);
  case OP_ABSI: return r->i = sext(&in[0]) < 0 ? -in[0].i : in[0].i, true;
  default: break;
  }
  if (!ir_has(op, T_SAME_TYPE)) return convert(op, in, r);
  if (op->noperands == 2)
    return floats ? float_binary(op->code, in[0].f, in[1].f, &r->f) : int_binary(op->code, &in[0], &in[1], &r->i);
  return op->noperands == 1 && floats && float_unary(op->code, in[0].f, &r->f);
}

/* The element as an attribute; NULL for a NaN that the op did not merely pass on. */
static Attr *attr_of(Ctx *cx, const Op *op, const Elem *r) {
  if (!is_float(r)) return ir_attr_int(cx, r->type, sign_extended(r->i, r->type->bits));
  double x = ir_float_decode(r->type->fkind, ir_float_encode(r->type->fkind, r->f));
  if (isnan(x) && op->code != OP_SELECT) return NULL;
  return ir_attr_float(cx, r->type, r->f);
}

enum { MOST_ELEMENTS = 1024 }; /* of a constant tensor that is no splat */

Attr *fold_constant(Ctx *cx, const Op *op) {
  if (!ir_has(op, T_PURE | T_ELEMENTWISE) || op->nresults != 1 || op->noperands < 1 || op->noperands > 3) return NULL;
  Type *type = op->results[0].type, *elem = ir_elem(type);
  if (!ir_is_int(elem) && !ir_is_float(elem)) return NULL;
  const Attr *in[3];
  bool dense = false;
  for (int i = 0; i < op->noperands; i++) {
    in[i] = ir_const_value(ir_operand(op, i));
    if (!in[i]) return NULL;
    dense |= in[i]->kind == ATTR_DENSE;
  }
  int64_t n = dense ? ir_numel(type) : 1;
  if (n > MOST_ELEMENTS) return NULL;
  Attr **items = NEWN(cx, Attr *, n);
  for (int64_t k = 0; k < n; k++) {
    Elem e[3] = {0}, r = {.type = elem};
    for (int i = 0; i < op->noperands; i++) {
      const Attr *a = in[i]->kind == ATTR_DENSE ? in[i]->items[k] : in[i]->kind == ATTR_SPLAT ? in[i]->items[0] : in[i];
      if (!fold_element_of(a, &e[i])) return NULL;
    }
    if (!fold_element(op, e, &r) || !(items[k] = attr_of(cx, op, &r))) return NULL;
  }
  if (!ir_is_tensor(type)) return items[0];
  return dense ? ir_attr_dense(cx, type, items) : ir_attr_splat(cx, type, items[0]);
}
