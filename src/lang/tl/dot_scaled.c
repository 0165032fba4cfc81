/* dot_scaled.c: tl.dot_scaled. */
#include <string.h>

#include "lang/tl/tl.h"

static const char *const formats[] = {"e2m1", "e4m3", "e5m2", "bf16", "fp16"};

/* One operand as it is given and as it is meant: rows x K of the left one, K x columns of the right one. */
typedef struct Side {
  const char *name, *format;
  Val *value, *scale; /* scale NULL: none */
  bool k_pack;
  int64_t k, other; /* elements along K and along the dimension that the result keeps */
} Side;

/* Bytes and 16-bit words may stand for floats of their size. */
static Val *as_format(Lang *L, const Side *s) {
  static const struct {
    const char *format;
    LKind kind, bits;
  } kinds[] = {{"e2m1", L_UINT8, L_UINT8},
               {"e4m3", L_FP8E4NV, L_UINT8},
               {"e5m2", L_FP8E5, L_UINT8},
               {"bf16", L_BF16, L_UINT16},
               {"fp16", L_FP16, L_UINT16}};
  size_t i = 0;
  while (strcmp(kinds[i].format, s->format) != 0) i++;
  const LType *elem = val_elem(s->value), *wanted = lt_scalar(L, kinds[i].kind), *bits = lt_scalar(L, kinds[i].bits);
  if (elem == wanted) return s->value;
  if (elem != bits)
    lang_fail(L, NULL, "tl.dot_scaled: `%s` of format \"%s\" must be %s%s%s, but it is %s", s->name, s->format,
              lt_text(L, wanted), wanted == bits ? "" : ", or its bits as ", wanted == bits ? "" : lt_text(L, bits),
              lt_text(L, elem));
  return sem_bitcast(L, s->value, wanted);
}

static void measure(Lang *L, Side *s, bool is_left) {
  if (!sem_is_tensor(s->value) || lt_rank(s->value->type) < 2)
    lang_fail(L, NULL, "tl.dot_scaled: `%s` must be a tensor of rank 2 or 3", s->name);
  s->value = as_format(L, s);
  const LType *t = s->value->type;
  bool packed = !strcmp(s->format, "e2m1");
  if (!packed && !s->k_pack)
    lang_fail(L, NULL, "tl.dot_scaled: only \"e2m1\" may be packed along another dimension than K, but `%s` is \"%s\"",
              s->name, s->format);
  s->k = t->shape[t->rank - (is_left ? 1 : 2)] * (packed && s->k_pack ? 2 : 1);
  s->other = t->shape[t->rank - (is_left ? 2 : 1)] * (packed && !s->k_pack ? 2 : 1);
}

/* A scale for every 16 or 32 elements along K, in rows for both operands. */
static void check_scale(Lang *L, const Side *s) {
  if (!s->scale) return;
  if (!sem_is_tensor(s->scale))
    lang_fail(L, NULL, "tl.dot_scaled: `%s_scale` must be a tensor or None, but is %s", s->name,
              val_kind_text(L, s->scale));
  const LType *elem = val_elem(s->scale), *t = s->scale->type, *of = s->value->type;
  if (elem->kind != L_UINT8 && elem->kind != L_INT8 && elem->kind != L_FP8E4NV)
    lang_fail(L, NULL, "tl.dot_scaled: `%s_scale` must be uint8 (powers of two) or fp8e4nv, but it is %s", s->name,
              lt_text(L, elem));
  int r = lt_rank(t);
  bool fits = r == of->rank && t->shape[r - 2] == s->other && t->shape[r - 1] > 0;
  for (int i = 0; fits && i < r - 2; i++) fits = t->shape[i] == of->shape[i];
  int64_t group = fits ? s->k / t->shape[r - 1] : 0;
  fits = fits && group * t->shape[r - 1] == s->k && (group == 16 || group == 32);
  if (!fits)
    lang_fail(L, "one scale for every 32 elements along K (or 16), in rows along K for both operands",
              "tl.dot_scaled: `%s_scale` must have shape [..., %lld, %lld] (or [..., %lld, %lld]), but it is %s",
              s->name, (long long)s->other, (long long)(s->k / 32), (long long)s->other, (long long)(s->k / 16),
              lt_shape_text(L, t));
}

static const char *format_arg(Lang *L, Val *v, const char *what) {
  const char *f = sem_arg_choice(L, v, what, formats, COUNT(formats));
  if (!f) lang_fail(L, NULL, "%s must be given", what);
  return f;
}

static Val *accumulator(Lang *L, Val *given, const LType *type, const Builtin *f) {
  if (sem_is_none(given)) return sem_constant(L, val_int(L, 0), type);
  Val *acc = sem_arg_tensor(L, given, f, "acc");
  if (acc->type != type)
    lang_fail(L, val_elem(acc) != lt_elem(type) ? "`out_dtype` is the accumulator's type" : NULL,
              "tl.dot_scaled: the result is %s, but `acc` is %s", lt_text(L, type), lt_text(L, acc->type));
  return acc;
}

Val *builtin_dot_scaled(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Side a = {"lhs",
            format_arg(L, args[2], "tl.dot_scaled: `lhs_format`"),
            args[0],
            sem_is_none(args[1]) ? NULL : args[1],
            sem_arg_bool(L, args[8], "tl.dot_scaled: `lhs_k_pack`"),
            0,
            0};
  Side b = {"rhs",
            format_arg(L, args[5], "tl.dot_scaled: `rhs_format`"),
            args[3],
            sem_is_none(args[4]) ? NULL : args[4],
            sem_arg_bool(L, args[9], "tl.dot_scaled: `rhs_k_pack`"),
            0,
            0};
  measure(L, &a, true), measure(L, &b, false);
  const LType *ta = a.value->type, *tb = b.value->type;
  int rank = ta->rank;
  if (tb->rank != rank || rank > 3 || (rank == 3 && ta->shape[0] != tb->shape[0]))
    lang_fail(L, NULL,
              "tl.dot_scaled: both operands must have rank 2, or both rank 3 with equal batches, but their "
              "shapes are %s and %s",
              lt_shape_text(L, ta), lt_shape_text(L, tb));
  if (a.k != b.k)
    lang_fail(L, "\"e2m1\" has two elements in a byte", "tl.dot_scaled: `lhs` has %lld elements along K and `rhs` %lld",
              (long long)a.k, (long long)b.k);
  check_scale(L, &a), check_scale(L, &b);
  const LType *out = lt_elem(sem_arg_dtype(L, args[10], "tl.dot_scaled: `out_dtype`"));
  if (out->kind != L_FP32 && out->kind != L_FP16 && out->kind != L_BF16)
    lang_fail(L, NULL, "tl.dot_scaled: `out_dtype` must be fp32, fp16 or bf16, not %s", lt_text(L, out));
  const LType *type =
      lt_block(L, out, rank, rank == 3 ? (int64_t[]){ta->shape[0], a.other, b.other} : (int64_t[]){a.other, b.other});
  Val *acc = accumulator(L, args[6], type, f);
  Value *operands[5] = {a.value->value, b.value->value, acc->value};
  int n = 3;
  if (a.scale) operands[n++] = a.scale->value;
  if (b.scale) operands[n++] = b.scale->value;
  Type *ir = lt_ir(L, type);
  Op *op = ir_op(&L->b, OP_DOT_SCALED, &ir, 1, operands, n);
  Ctx *cx = L->cx;
  ir_set_attr(cx, op, "operandSegmentSizes",
              ir_attr_ints(cx, ir_int(cx, 32), (int64_t[]){1, 1, 1, a.scale != NULL, b.scale != NULL}, 5));
  ir_set_attr(cx, op, "a_elem_type", ir_attr_enum(cx, a.format));
  ir_set_attr(cx, op, "b_elem_type", ir_attr_enum(cx, b.format));
  ir_set_attr(cx, op, "fastMath", ir_attr_bool(cx, sem_arg_bool(L, args[7], "tl.dot_scaled: `fast_math`")));
  ir_set_attr(cx, op, "lhs_k_pack", ir_attr_bool(cx, a.k_pack));
  ir_set_attr(cx, op, "rhs_k_pack", ir_attr_bool(cx, b.k_pack));
  return val_tensor(L, &op->results[0], type);
}
