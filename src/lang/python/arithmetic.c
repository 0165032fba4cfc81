/* arithmetic.c: arithmetic and comparison of compile-time values, as Python does it: integers floor on division, bools are
 * integers, int and float mix. Integers reach to 127 bits; beyond that is an error, never a wrap. (`/` of integers of more
 * than 53 bits is of the nearest floats, where Python rounds once.)
 */
#include "base/system.h" /* memmem() */
#include "lang/python/python.h"

#include <math.h>
#include <string.h>

/* ---- operands ---------------------------------------------------------------------------------------------------- */

static double big_to_double(BigInt x) { return (double)x; }

static double as_double(const Val *v) { return v->kind == V_FLOAT ? v->number : big_to_double(v->integer); }

_Noreturn static void fail_operands(Lang *L, const char *op, const Val *a, const Val *b) {
  lang_fail(L, NULL, "`%s` does not work on %s and %s", op, val_kind_text(L, a), val_kind_text(L, b));
}

_Noreturn static void fail_too_big(Lang *L) {
  lang_fail(L, "integers known at compile time reach to 127 bits", "the integer is too large");
}

/* ---- integers ---------------------------------------------------------------------------------------------------- */

static BigInt big_add(Lang *L, BigInt a, BigInt b) {
  BigInt r;
  if (__builtin_add_overflow(a, b, &r)) fail_too_big(L);
  return r;
}

static BigInt big_sub(Lang *L, BigInt a, BigInt b) {
  BigInt r;
  if (__builtin_sub_overflow(a, b, &r)) fail_too_big(L);
  return r;
}

static BigInt big_mul(Lang *L, BigInt a, BigInt b) {
  BigInt r;
  if (__builtin_mul_overflow(a, b, &r)) fail_too_big(L);
  return r;
}

static BigInt floor_div(Lang *L, BigInt a, BigInt b) {
  if (b == -1) return big_sub(L, 0, a);
  BigInt q = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
}

static BigInt floor_mod(BigInt a, BigInt b) {
  if (b == -1) return 0;
  BigInt r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static BigInt big_pow(Lang *L, BigInt base, BigInt exponent) {
  BigInt r = 1;
  if (base == 0 || base == 1) return exponent == 0 ? 1 : base;
  if (base == -1) return exponent % 2 == 0 ? 1 : -1;
  if (exponent > 127) fail_too_big(L);
  for (; exponent > 0; exponent--) r = big_mul(L, r, base);
  return r;
}

static BigInt shift_count(Lang *L, BigInt n) {
  if (n < 0) lang_fail(L, NULL, "the shift count is negative");
  return n;
}

static BigInt shift_left(Lang *L, BigInt a, BigInt n) {
  shift_count(L, n);
  if (a == 0) return 0;
  if (n > 126) fail_too_big(L);
  return big_mul(L, a, (BigInt)1 << n);
}

static BigInt shift_right(Lang *L, BigInt a, BigInt n) {
  shift_count(L, n);
  if (n > 127) return a < 0 ? -1 : 0;
  return a < 0 ? ~(~a >> n) : a >> n;
}

static Val *float_pow(Lang *L, double a, double b) {
  if (a == 0 && b < 0) lang_fail(L, NULL, "0 cannot be raised to a negative power");
  if (a < 0 && isfinite(a) && isfinite(b) && b != floor(b))
    lang_fail(L, NULL, "a negative number raised to a fraction would be complex");
  return val_float(L, pow(a, b));
}

static Val *integer_binary(Lang *L, BinaryOp op, const Val *va, const Val *vb) {
  BigInt a = va->integer, b = vb->integer;
  switch (op) {
  case B_ADD: return val_int(L, big_add(L, a, b));
  case B_SUB: return val_int(L, big_sub(L, a, b));
  case B_MUL: return val_int(L, big_mul(L, a, b));
  case B_DIV:
    if (b == 0) break;
    return val_float(L, big_to_double(a) / big_to_double(b));
  case B_FLOORDIV:
    if (b == 0) break;
    return val_int(L, floor_div(L, a, b));
  case B_MOD:
    if (b == 0) break;
    return val_int(L, floor_mod(a, b));
  case B_POW:
    if (b < 0) return float_pow(L, big_to_double(a), big_to_double(b));
    return val_int(L, big_pow(L, a, b));
  case B_SHL: return val_int(L, shift_left(L, a, b));
  case B_SHR: return val_int(L, shift_right(L, a, b));
  default: {
    BigInt r = op == B_AND ? (a & b) : op == B_OR ? (a | b) : (a ^ b);
    if (op == B_MATMUL) fail_operands(L, "@", va, vb);
    return va->kind == V_BOOL && vb->kind == V_BOOL ? val_bool(L, r != 0) : val_int(L, r);
  }
  }
  lang_fail(L, NULL, "division by zero");
}

static Val *float_binary(Lang *L, BinaryOp op, const Val *va, const Val *vb) {
  double a = as_double(va), b = as_double(vb);
  switch (op) {
  case B_ADD: return val_float(L, a + b);
  case B_SUB: return val_float(L, a - b);
  case B_MUL: return val_float(L, a * b);
  case B_POW: return float_pow(L, a, b);
  case B_DIV:
  case B_FLOORDIV:
  case B_MOD: break;
  default: fail_operands(L, syn_binary_text(op), va, vb);
  }
  if (b == 0) lang_fail(L, "for infinity write float(\"inf\")", "division by zero");
  if (op == B_DIV) return val_float(L, a / b);
  double mod = fmod(a, b);
  double quotient = (a - mod) / b;
  if (mod != 0) {
    if ((b < 0) != (mod < 0)) {
      mod += b;
      quotient -= 1;
    }
  } else {
    mod = copysign(0.0, b);
  }
  if (op == B_MOD) return val_float(L, mod);
  if (quotient == 0) return val_float(L, copysign(0.0, a / b));
  double floored = floor(quotient);
  return val_float(L, quotient - floored > 0.5 ? floored + 1 : floored);
}

/* ---- sequences --------------------------------------------------------------------------------------------------- */

static Val *concatenate(Lang *L, const Val *a, const Val *b) {
  if (a->kind == V_STR) {
    char *s = ctx_alloc(L->cx, a->len + b->len + 1);
    memcpy(s, a->text, a->len);
    memcpy(s + a->len, b->text, b->len);
    return val_str(L, s, a->len + b->len);
  }
  Val **items = NEWN(L->cx, Val *, a->len + b->len);
  for (size_t i = 0; i < a->len; i++) items[i] = a->items[i];
  for (size_t i = 0; i < b->len; i++) items[a->len + i] = b->items[i];
  return a->kind == V_LIST ? val_list(L, items, a->len + b->len) : val_tuple(L, items, a->len + b->len, NULL);
}

static Val *repeat(Lang *L, const Val *v, BigInt times) {
  if (times < 0) times = 0;
  if (times * (BigInt)(v->len ? v->len : 1) > 1 << 20) lang_fail(L, NULL, "the result of `*` is too long");
  size_t n = (size_t)times * v->len;
  if (v->kind == V_STR) {
    char *s = ctx_alloc(L->cx, n + 1);
    for (size_t i = 0; i < n; i++) s[i] = v->text[i % v->len];
    return val_str(L, s, n);
  }
  Val **items = NEWN(L->cx, Val *, n);
  for (size_t i = 0; i < n; i++) items[i] = v->items[i % v->len];
  return v->kind == V_LIST ? val_list(L, items, n) : val_tuple(L, items, n, NULL);
}

static bool can_repeat(const Val *v) { return val_is_sequence(v) || v->kind == V_STR; }

Val *py_binary(Lang *L, BinaryOp op, Val *a, Val *b) {
  if (val_is_integer(a) && val_is_integer(b)) return integer_binary(L, op, a, b);
  if (val_is_number(a) && val_is_number(b)) return float_binary(L, op, a, b);
  if (op == B_MOD && a->kind == V_STR) return py_percent(L, a, b);
  if (op == B_ADD && ((a->kind == V_STR && b->kind == V_STR) || (val_is_sequence(a) && val_is_sequence(b))))
    return concatenate(L, a, b);
  if (op == B_MUL && can_repeat(a) && val_is_integer(b)) return repeat(L, a, b->integer);
  if (op == B_MUL && can_repeat(b) && val_is_integer(a)) return repeat(L, b, a->integer);
  fail_operands(L, syn_binary_text(op), a, b);
}

Val *py_unary(Lang *L, UnaryOp op, Val *v) {
  if (op == U_NOT) return val_bool(L, !val_truth(L, v, L->here));
  if (v->kind == V_FLOAT && op != U_INVERT) return val_float(L, op == U_NEG ? -v->number : v->number);
  if (!val_is_integer(v)) lang_fail(L, NULL, "`%s` does not work on %s", syn_unary_text(op), val_kind_text(L, v));
  if (op == U_NEG) return val_int(L, big_sub(L, 0, v->integer));
  return val_int(L, op == U_INVERT ? ~v->integer : v->integer);
}

/* ---- comparison -------------------------------------------------------------------------------------------------- */

/* An exact comparison of an integer with a double: < 0, 0, > 0; 2 if unordered. */
static int compare_numbers(const Val *a, const Val *b) {
  if (val_is_integer(a) && val_is_integer(b)) return a->integer < b->integer ? -1 : a->integer > b->integer;
  double x = as_double(a), y = as_double(b);
  if (isnan(x) || isnan(y)) return 2;
  if (x != y || a->kind == b->kind || isinf(x)) return x < y ? -1 : x > y;
  BigInt exact = a->kind == V_FLOAT ? (BigInt)x : a->integer, other = b->kind == V_FLOAT ? (BigInt)y : b->integer;
  return exact < other ? -1 : exact > other;
}

/* Unlike in Python, a list equals a tuple of equal items: kernels compare shapes, which are tuples, with either. */
bool py_equal(Lang *L, const Val *a, const Val *b) {
  if (val_is_number(a) && val_is_number(b)) return compare_numbers(a, b) == 0;
  if (a->kind != b->kind && !(val_is_sequence(a) && val_is_sequence(b))) return false;
  if (val_is_sequence(a)) {
    if (a->len != b->len) return false;
    for (size_t i = 0; i < a->len; i++) {
      if (a->items[i]->kind == V_TENSOR || b->items[i]->kind == V_TENSOR)
        lang_fail(L, "compare the items one by one", "tuples of tensors cannot be compared at compile time");
      if (!py_equal(L, a->items[i], b->items[i])) return false;
    }
    return true;
  }
  return val_same(L, a, b);
}

static int compare_strings(const Val *a, const Val *b) {
  int c = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
  return c ? c : a->len < b->len ? -1 : a->len > b->len;
}

static int order(Lang *L, CompareOp op, const Val *a, const Val *b) {
  if (val_is_number(a) && val_is_number(b)) return compare_numbers(a, b);
  if (a->kind == V_STR && b->kind == V_STR) return compare_strings(a, b);
  if (!val_is_sequence(a) || a->kind != b->kind) fail_operands(L, syn_compare_text(op), a, b);
  for (size_t i = 0; i < a->len && i < b->len; i++)
    if (!py_equal(L, a->items[i], b->items[i])) return order(L, op, a->items[i], b->items[i]);
  return a->len < b->len ? -1 : a->len > b->len;
}

Val *py_compare(Lang *L, CompareOp op, Val *a, Val *b) {
  if (op == C_EQ) return val_bool(L, py_equal(L, a, b));
  if (op == C_NE) return val_bool(L, !py_equal(L, a, b));
  int c = order(L, op, a, b);
  if (c == 2) return val_bool(L, false);
  switch (op) {
  case C_LT: return val_bool(L, c < 0);
  case C_LE: return val_bool(L, c <= 0);
  case C_GT: return val_bool(L, c > 0);
  default: return val_bool(L, c >= 0);
  }
}

bool py_contains(Lang *L, Val *in, Val *x) {
  if (in->kind == V_STR) {
    if (x->kind != V_STR) lang_fail(L, NULL, "`in` a string needs a string on its left, not %s", val_kind_text(L, x));
    return memmem(in->text, in->len, x->text, x->len) != NULL;
  }
  Val **items;
  size_t n;
  if (!val_iterate(L, in, &items, &n)) lang_fail(L, NULL, "`in` does not work on %s", val_kind_text(L, in));
  for (size_t i = 0; i < n; i++) {
    if (items[i]->kind == V_TENSOR || x->kind == V_TENSOR)
      lang_fail(L, "compare with `==`", "`in` looks at compile-time values only, not at %s",
                val_kind_text(L, x->kind == V_TENSOR ? x : items[i]));
    if (py_equal(L, items[i], x)) return true;
  }
  return false;
}

/* ---- subscripts -------------------------------------------------------------------------------------------------- */

static Val *subscript_slice(Lang *L, Val *of, Val *const *items, size_t n, const Val *slice) {
  int64_t len = (int64_t)n;
  int64_t step =
      slice->items[2] && slice->items[2]->kind != V_NONE ? val_index(L, slice->items[2], "a slice's step") : 1;
  if (step == 0) lang_fail(L, NULL, "a slice's step must not be 0");
  int64_t bounds[2] = {step > 0 ? 0 : len - 1, step > 0 ? len : -1};
  for (int i = 0; i < 2; i++) {
    if (!slice->items[i] || slice->items[i]->kind == V_NONE) continue;
    int64_t x = val_index(L, slice->items[i], "a slice's bound");
    if (x < 0) x = x < -len ? -1 : x + len;
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? len : len - 1;
    bounds[i] = x < low ? low : x > high ? high : x;
  }
  Vec(Val *) out = {0};
  for (int64_t i = bounds[0]; step > 0 ? i < bounds[1] : i > bounds[1]; i += step) {
    vec_push(L->cx, &out, items[i]);
    if (step > len || step < -len) break;
  }
  if (of->kind == V_LIST) return val_list(L, out.at, out.len);
  if (of->kind == V_TUPLE) return val_tuple(L, out.at, out.len, NULL);
  Buf b = {.cx = L->cx};
  for (uint32_t i = 0; i < out.len; i++) buf_write(&b, out.at[i]->text, out.at[i]->len);
  return val_str(L, buf_text(&b), b.len);
}

Val *py_subscript(Lang *L, Val *of, Val *index) {
  if (of->kind == V_DICT) {
    for (size_t i = 0; i < of->len; i++)
      if (py_equal(L, of->items[i], index)) return of->items2[i];
    lang_fail(L, NULL, "the dictionary has no key %s", val_repr(L, index));
  }
  Val **items;
  size_t n;
  if ((of->kind != V_TUPLE && of->kind != V_LIST && of->kind != V_STR) || !val_iterate(L, of, &items, &n))
    lang_fail(L, NULL, "%s cannot be subscripted", val_kind_text(L, of));
  if (index->kind == V_SLICE) return subscript_slice(L, of, items, n, index);
  if (index->kind == V_TENSOR)
    lang_fail(L, "only a tl.constexpr can select an item; for a choice at run time use tl.where or `if`",
              "%s is indexed by %s", val_kind_text(L, of), val_kind_text(L, index));
  int64_t i = val_index(L, index, "the index");
  if (i < -(int64_t)n || i >= (int64_t)n)
    lang_fail(L, NULL, "the index %lld is outside %s of %zu item%s", (long long)i, val_kind_text(L, of), n,
              n == 1 ? "" : "s");
  return items[i < 0 ? i + (int64_t)n : i];
}
