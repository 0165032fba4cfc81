/* promote.c: the language's operators: which type an operation computes in, and the op that does it.
 *
 * Two operands of different types meet as follows. A number known at compile time takes the tensor's type when its
 * kind (bool < integer < float) is no higher than the tensor's; otherwise the wider one wins: fp64, fp32, fp16,
 * bf16 (which meets anything but itself in fp32), then equal fp8 (two different ones meet in fp16), then integers
 * by rank, where of two of one rank the unsigned one wins. Division computes halves in fp32 and requires
 * operands of one signedness.
 */
#include "lang/tl/tl.h"

#include <string.h>

_Noreturn void sem_bad_operands(Lang *L, const char *op, const Val *a, const Val *b) {
  lang_fail(L, NULL, "unsupported operands for %s: %s and %s", op, val_kind_text(L, a), val_kind_text(L, b));
}

/* ---- promotion --------------------------------------------------------------------------------------------------- */

static int kind_rank(const LType *t) { return lt_is_float(t) ? 2 : t->kind == L_INT1 ? 0 : 1; }

static const LType *promote_ints(const LType *a, const LType *b) {
  bool ua = lt_is_unsigned(a), ub = lt_is_unsigned(b);
  int ra = lt_bits(a), rb = lt_bits(b);
  if (ua == ub) return ra > rb ? a : b;
  if (ua) return ra >= rb ? a : b;
  return rb >= ra ? b : a;
}

const LType *sem_computation_type(Lang *L, const char *op, const LType *a, bool a_scalar, const LType *b, bool b_scalar,
                                  bool division) {
  const LType *fp32 = lt_scalar(L, L_FP32), *fp16 = lt_scalar(L, L_FP16);
  if (a->kind == L_FP8E4B15) a = fp16; /* there is no arithmetic on its bits */
  if (b->kind == L_FP8E4B15) b = fp16;
  if (a_scalar != b_scalar) {
    const LType *scalar = a_scalar ? a : b, *tensor = a_scalar ? b : a;
    if (kind_rank(scalar) <= kind_rank(tensor))
      return division && (tensor->kind == L_FP16 || tensor->kind == L_BF16) ? fp32 : tensor;
  }
  for (LKind k = L_FP64; k >= L_FP32; k--)
    if (a->kind == k || b->kind == k) return lt_scalar(L, k);
  if (a->kind == L_FP16 || b->kind == L_FP16) return division ? fp32 : fp16;
  if (a->kind == L_BF16 || b->kind == L_BF16) return division || a != b ? fp32 : a;
  if (lt_is_fp8(a) && lt_is_fp8(b)) return a == b ? a : fp16;
  if (!lt_is_int(a) || !lt_is_int(b))
    lang_fail(L, "cast one of them, for example with .to(tl.float32)", "%s has no common type for %s and %s", op,
              lt_text(L, a), lt_text(L, b));
  if (division && lt_is_unsigned(a) != lt_is_unsigned(b))
    lang_fail(L, "cast one of them so that both are signed or both unsigned",
              "Cannot use %s with %s and %s because they have different signedness", op, lt_text(L, a), lt_text(L, b));
  return promote_ints(a, b);
}

/* A number as a constant of the type that was promoted to, by way of the type that it has on its own: wraps around. */
static Val *wrapped_constant(Lang *L, const Val *v, const LType *type) {
  const LType *elem = lt_elem(type);
  if (!val_is_integer(v) || !lt_is_int(elem) || elem->kind == L_INT1 || lt_int_fits(elem, v->integer))
    return sem_constant(L, v, type);
  return sem_constant_int(L, (int64_t)v->integer, type);
}

static void check_number(Lang *L, const Val *v, const LType *t) {
  if (!val_is_integer(v) || !lt_is_int(t) || t->kind == L_INT1) return;
  if (v->integer < 0 && lt_is_unsigned(t))
    lang_fail(L, "cast one of them first", "the negative constant %s meets a tensor of %s, which is unsigned",
              val_big_text(L, v->integer), lt_text(L, t));
  if (!lt_int_fits(t, v->integer))
    lang_fail(L, NULL, "the constant %s is out of range for %s", val_big_text(L, v->integer), lt_text(L, t));
}

void sem_operands(Lang *L, const char *op, Val **a, Val **b, unsigned flags) {
  if (!(sem_is_tensor(*a) || val_is_number(*a)) || !(sem_is_tensor(*b) || val_is_number(*b)))
    sem_bad_operands(L, op, *a, *b);
  bool na = val_is_number(*a), nb = val_is_number(*b);
  const LType *ea = na ? sem_number_type(L, *a) : val_elem(*a), *eb = nb ? sem_number_type(L, *b) : val_elem(*b);
  if ((lt_is_ptr(ea) && !(flags & OPERANDS_PTR_LEFT)) || (lt_is_ptr(eb) && !(flags & OPERANDS_PTR_RIGHT)))
    sem_bad_operands(L, op, *a, *b);
  bool pointers = lt_is_ptr(ea) || lt_is_ptr(eb);
  if (pointers && lt_is_ptr(ea) && lt_is_ptr(eb) && !lt_same_shape((*a)->type, (*b)->type)) {
    sem_broadcast(L, a, b);
    return;
  }
  if (pointers && ((lt_is_ptr(ea) && lt_is_float(eb)) || (lt_is_ptr(eb) && lt_is_float(ea))))
    lang_fail(L, "an offset is an integer", "unsupported operands for %s: %s and %s", op, val_kind_text(L, *a),
              val_kind_text(L, *b));
  if (pointers || (flags & OPERANDS_NO_PROMOTION)) {
    *a = na ? sem_constant(L, *a, lt_with_elem(L, nb ? ea : (*b)->type, ea)) : *a;
    *b = nb ? sem_constant(L, *b, lt_with_elem(L, (*a)->type, eb)) : *b;
    sem_broadcast(L, a, b);
    return;
  }
  bool as_tensors = flags & OPERANDS_AS_TENSORS;
  const LType *t =
      sem_computation_type(L, op, ea, na && !as_tensors, eb, nb && !as_tensors, (flags & OPERANDS_DIVISION) != 0);
  if (na && !as_tensors) check_number(L, *a, t);
  if (nb && !as_tensors) check_number(L, *b, t);
  if (!na) *a = sem_cast_rounding(L, *a, t, ROUND_DEFAULT);
  if (!nb) *b = sem_cast_rounding(L, *b, t, ROUND_DEFAULT);
  if (na) *a = wrapped_constant(L, *a, lt_with_elem(L, nb ? t : (*b)->type, t));
  if (nb) *b = wrapped_constant(L, *b, lt_with_elem(L, (*a)->type, t));
  sem_broadcast(L, a, b);
}

/* ---- arithmetic -------------------------------------------------------------------------------------------------- */

/* With debug on, an integer operation is done once more in 64 bits and asserted to fit. 64-bit ones are not checked. */
static void check_overflow(Lang *L, Opcode code, const Val *a, const Val *b, const char *what) {
  const LType *elem = val_elem(a);
  if (!L->options.common.debug || !L->options.common.sanitize_overflow || lt_bits(elem) >= 64 || elem->kind == L_INT1)
    return;
  if (lang_library_wraps(L)) return;
  BigInt min, max;
  lt_int_range(elem, &min, &max);
  const LType *wide = lt_with_elem(L, a->type, lt_scalar(L, L_INT64));
  Opcode extend = lt_is_unsigned(elem) ? OP_EXTUI : OP_EXTSI;
  Val *wide_a = sem_op1(L, extend, wide, a), *wide_b = sem_op1(L, extend, wide, b);
  Val *r = sem_op2(L, code, wide, wide_a, wide_b);
  Val *below = sem_test(L, "sle", r, sem_constant_int(L, (int64_t)max, wide));
  Val *above = sem_test(L, "sge", r, sem_constant_int(L, (int64_t)min, wide));
  Val *ok = sem_op2(L, OP_ANDI, below->type, below, above);
  Op *op = ir_effect(&L->b, OP_ASSERT, ok->value, NULL);
  const char *message = ctx_printf(L->cx, "%s overflow detected for operation %s", lt_text(L, elem), what);
  ir_set_attr(L->cx, op, "message", ir_attr_string(L->cx, message, strlen(message)));
}

static Val *pointer_plus(Lang *L, Val *p, Val *offset) {
  const LType *elem = val_elem(offset);
  if (!lt_is_int(elem)) sem_bad_operands(L, "+", p, offset);
  if (lt_is_unsigned(elem) && lt_bits(elem) < 64) /* addptr reads its offset as signed */
    offset = sem_cast_rounding(L, offset, lt_scalar(L, L_INT64), ROUND_DEFAULT);
  return sem_op2(L, OP_ADDPTR, p->type, p, offset);
}

Val *sem_add(Lang *L, Val *a, Val *b, bool sanitize) {
  sem_operands(L, "+", &a, &b, OPERANDS_PTR_LEFT | OPERANDS_PTR_RIGHT);
  bool pa = lt_is_ptr(val_elem(a)), pb = lt_is_ptr(val_elem(b));
  if (pa && pb) lang_fail(L, "a pointer plus an integer is a pointer", "two pointers cannot be added");
  if (pa || pb) return pa ? pointer_plus(L, a, b) : pointer_plus(L, b, a);
  if (lt_is_float(val_elem(a))) return sem_op2(L, OP_ADDF, a->type, a, b);
  if (sanitize) check_overflow(L, OP_ADDI, a, b, "add");
  return sem_op2(L, OP_ADDI, a->type, a, b);
}

static Val *negate(Lang *L, Val *t) {
  if (lt_is_ptr(val_elem(t))) lang_fail(L, NULL, "unary - cannot be applied to %s", val_kind_text(L, t));
  if (lt_is_float(val_elem(t)) && !lt_is_fp8(val_elem(t))) return sem_op1(L, OP_NEGF, t->type, t); /* of 0, too */
  return sem_sub(L, sem_constant(L, val_int(L, 0), t->type), t, true);
}

Val *sem_sub(Lang *L, Val *a, Val *b, bool sanitize) {
  if (sem_is_tensor(a) && sem_is_tensor(b) && lt_is_ptr(val_elem(a)) && lt_is_ptr(val_elem(b)))
    lang_fail(L, "cast both to tl.int64 for the distance in bytes", "two pointers cannot be subtracted");
  sem_operands(L, "-", &a, &b, OPERANDS_PTR_LEFT);
  if (lt_is_ptr(val_elem(a))) return pointer_plus(L, a, negate(L, b));
  if (lt_is_float(val_elem(a))) return sem_op2(L, OP_SUBF, a->type, a, b);
  if (sanitize) check_overflow(L, OP_SUBI, a, b, "sub");
  return sem_op2(L, OP_SUBI, a->type, a, b);
}

Val *sem_mul(Lang *L, Val *a, Val *b, bool sanitize) {
  sem_operands(L, "*", &a, &b, 0);
  if (lt_is_float(val_elem(a))) return sem_op2(L, OP_MULF, a->type, a, b);
  if (sanitize) check_overflow(L, OP_MULI, a, b, "mul");
  return sem_op2(L, OP_MULI, a->type, a, b);
}

static Val *true_divide(Lang *L, Val *a, Val *b) {
  sem_operands(L, "/", &a, &b, OPERANDS_DIVISION);
  if (lt_is_int(val_elem(a))) {
    a = sem_cast_rounding(L, a, lt_scalar(L, L_FP32), ROUND_DEFAULT);
    b = sem_cast_rounding(L, b, lt_scalar(L, L_FP32), ROUND_DEFAULT);
  }
  return sem_op2(L, OP_DIVF, a->type, a, b);
}

static Val *floor_divide(Lang *L, Val *a, Val *b) {
  sem_operands(L, "//", &a, &b, OPERANDS_DIVISION);
  const LType *elem = val_elem(a);
  if (!lt_is_int(elem))
    lang_fail(L, "use tl.floor(x / y) for floats", "// is for integers, but its operands are %s", lt_text(L, elem));
  return sem_op2(L, lt_is_unsigned(elem) ? OP_DIVUI : OP_DIVSI, a->type, a, b);
}

static Val *modulo(Lang *L, Val *a, Val *b) {
  sem_operands(L, "%", &a, &b, OPERANDS_DIVISION);
  const LType *elem = val_elem(a);
  return sem_op2(L, lt_is_float(elem) ? OP_REMF : lt_is_unsigned(elem) ? OP_REMUI : OP_REMSI, a->type, a, b);
}

static Val *bitwise(Lang *L, BinaryOp op, Val *a, Val *b) {
  const char *text = syn_binary_text(op);
  const LType *shifted = val_elem(a->kind == V_TENSOR ? a : b); /* whether >> keeps the sign is said before promotion */
  sem_operands(L, text, &a, &b, 0);
  const LType *elem = val_elem(a);
  if (!lt_is_int(elem))
    lang_fail(L, "cast to an integer first, or use .to(..., bitcast=True)",
              "invalid operands of type %s: %s is for integers", lt_text(L, elem), text);
  Opcode code = op == B_AND               ? OP_ANDI
                : op == B_OR              ? OP_ORI
                : op == B_XOR             ? OP_XORI
                : op == B_SHL             ? OP_SHLI
                : lt_is_unsigned(shifted) ? OP_SHRUI
                                          : OP_SHRSI;
  return sem_op2(L, code, a->type, a, b);
}

Val *sem_binary(Lang *L, BinaryOp op, Val *a, Val *b) {
  switch (op) {
  case B_ADD: return sem_add(L, a, b, true);
  case B_SUB: return sem_sub(L, a, b, true);
  case B_MUL: return sem_mul(L, a, b, true);
  case B_DIV: return true_divide(L, a, b);
  case B_FLOORDIV: return floor_divide(L, a, b);
  case B_MOD: return modulo(L, a, b);
  case B_POW: lang_fail(L, "multiply, or use tl.exp2(y * tl.log2(x))", "** is not defined for tensors");
  case B_MATMUL: lang_fail(L, "use tl.dot(a, b)", "@ is not defined for tensors");
  default: return bitwise(L, op, a, b);
  }
}

/* ---- unary, comparison, logic ------------------------------------------------------------------------------------ */

Val *sem_not(Lang *L, Val *v) {
  v = sem_cast(L, v, lt_scalar(L, L_INT1));
  return sem_op2(L, OP_XORI, v->type, v, sem_constant_int(L, 1, v->type));
}

Val *sem_unary(Lang *L, UnaryOp op, Val *a) {
  switch (op) {
  case U_POS: return a;
  case U_NEG: return negate(L, a);
  case U_NOT: return sem_not(L, a);
  case U_INVERT: break;
  }
  if (!lt_is_int(val_elem(a))) lang_fail(L, NULL, "~ is for integers, but its operand is %s", val_kind_text(L, a));
  return sem_op2(L, OP_XORI, a->type, a,
                 sem_constant(L,
                              val_int(L, val_elem(a)->kind == L_INT1   ? 1
                                         : lt_is_unsigned(val_elem(a)) ? ((BigInt)1 << lt_bits(a->type)) - 1
                                                                       : -1),
                              a->type));
}

Val *sem_compare(Lang *L, CompareOp op, Val *a, Val *b) {
  static const char *const predicates[][3] = {
      /* float, signed, unsigned */
      [C_EQ] = {"oeq", "eq", "eq"},   [C_NE] = {"une", "ne", "ne"},   [C_LT] = {"olt", "slt", "ult"},
      [C_LE] = {"ole", "sle", "ule"}, [C_GT] = {"ogt", "sgt", "ugt"}, [C_GE] = {"oge", "sge", "uge"},
  };
  if (sem_is_none(a) || sem_is_none(b)) /* a tensor is never None */
    return op == C_EQ || op == C_NE ? val_bool(L, op == C_NE) : (sem_bad_operands(L, syn_compare_text(op), a, b), NULL);
  if (sem_is_tensor(a) && sem_is_tensor(b) && lt_is_ptr(val_elem(a)) && lt_is_ptr(val_elem(b))) {
    const LType *address = lt_scalar(L, L_UINT64);
    a = sem_cast_rounding(L, a, address, ROUND_DEFAULT);
    b = sem_cast_rounding(L, b, address, ROUND_DEFAULT);
  }
  sem_operands(L, syn_compare_text(op), &a, &b, OPERANDS_AS_TENSORS);
  const LType *elem = val_elem(a);
  return sem_test(L, predicates[op][lt_is_float(elem) ? 0 : lt_is_unsigned(elem) ? 2 : 1], a, b);
}

static Val *as_flag(Lang *L, Val *v) { return sem_cast(L, sem_to_tensor(L, v), lt_scalar(L, L_INT1)); }

Val *sem_logical(Lang *L, bool is_or, Val *a, Val *b) {
  a = as_flag(L, a);
  b = as_flag(L, b);
  sem_broadcast(L, &a, &b);
  return sem_op2(L, is_or ? OP_ORI : OP_ANDI, a->type, a, b);
}

Val *sem_condition(Lang *L, Val *v) {
  if (sem_is_tensor(v) && v->type->kind == L_BLOCK) {
    if (lt_numel(v->type) != 1)
      lang_fail(L, "reduce it first, for example with tl.sum(...) > 0 or tl.reduce_or(...)",
                "a condition must be a scalar, but this is %s", val_kind_text(L, v));
    v = sem_reshape(L, v, 0, NULL, false);
  }
  return as_flag(L, v);
}

Val *sem_where(Lang *L, Val *condition, Val *x, Val *y) {
  condition = as_flag(L, condition);
  bool nx = val_is_number(x), ny = val_is_number(y);
  bool pointers =
      (!nx && sem_is_tensor(x) && lt_is_ptr(val_elem(x))) || (!ny && sem_is_tensor(y) && lt_is_ptr(val_elem(y)));
  if (pointers && sem_is_tensor(x) && sem_is_tensor(y) && val_elem(x) != val_elem(y))
    sem_bad_operands(L, "tl.where", x, y);
  sem_operands(L, "tl.where", &x, &y, OPERANDS_PTR_LEFT | OPERANDS_PTR_RIGHT);
  if (condition->type->kind == L_BLOCK) {
    sem_broadcast(L, &condition, &x);
    sem_broadcast(L, &x, &y);
    if (!lt_same_shape(condition->type, x->type)) sem_broadcast(L, &condition, &x);
  } else if (x->type->kind == L_BLOCK) {
    condition = sem_splat(L, condition, x->type->rank, x->type->shape);
  }
  return sem_op3(L, OP_SELECT, x->type, condition, x, y);
}

const LType *sem_join_types(Lang *L, const char *name, const Val *a, const Val *b) {
  if (sem_is_tensor(a) && sem_is_tensor(b)) {
    if (a->type == b->type) return a->type;
    lang_fail(L, lt_same_shape(a->type, b->type) ? "give both the same type with .to(...)" : "give both the same shape",
              "`%s` is %s here and %s there", name, val_kind_text(L, a), val_kind_text(L, b));
  }
  const Val *tensor = sem_is_tensor(a) ? a : sem_is_tensor(b) ? b : NULL, *other = tensor == a ? b : a;
  if (tensor && val_is_number(other)) {
    const LType *own = sem_number_type(L, other);
    if (tensor->type == own ||
        (tensor->type->kind != L_BLOCK && kind_rank(own) <= kind_rank(tensor->type) && !lt_is_ptr(tensor->type)))
      return tensor->type;
    lang_fail(L, ctx_printf(L->cx, "begin with tl.full(...) or tl.zeros(...) of the type that it becomes"),
              "`%s` is %s here and %s there", name, val_kind_text(L, a), val_kind_text(L, b));
  }
  if (!tensor && val_is_number(a) && val_is_number(b)) {
    const LType *ta = sem_number_type(L, a), *tb = sem_number_type(L, b);
    return kind_rank(ta) == kind_rank(tb)  ? (lt_bits(ta) >= lt_bits(tb) ? ta : tb)
           : kind_rank(ta) > kind_rank(tb) ? ta
                                           : tb;
  }
  lang_fail(L, NULL, "`%s` is %s here and %s there", name, val_kind_text(L, a), val_kind_text(L, b));
}
