/* dot.c: tl.dot. */
#include <string.h>
#include <strings.h>

#include "lang/tl/tl.h"

/* The element type of the accumulator for operands of `elem`, when `out` is asked for. */
static const LType *accumulator_type(Lang *L, const LType *elem, const LType *out) {
  if (lt_is_int(elem)) return lt_scalar(L, L_INT32);
  if (elem->kind == L_FP64) return elem;
  if (out->kind == L_BF16)
    lang_fail(L, "use out_dtype=tl.float32 and cast the result", "tl.dot: `out_dtype` cannot be bf16");
  if (elem->kind == L_FP32 || elem->kind == L_BF16) return lt_scalar(L, L_FP32);
  return out->kind == L_FP16 ? out : lt_scalar(L, L_FP32);
}

static void check_operands(Lang *L, const Val *a, const Val *b) {
  const LType *ea = val_elem(a), *eb = val_elem(b);
  bool both_fp8 = lt_is_fp8(ea) && lt_is_fp8(eb);
  if (ea != eb && !both_fp8)
    lang_fail(L, "cast one of them", "tl.dot: both operands must have one element type, but they are %s and %s",
              lt_text(L, ea), lt_text(L, eb));
  bool ok = lt_is_float(ea) || ea->kind == L_INT8;
  if (!ok) lang_fail(L, NULL, "tl.dot is not defined for %s: its operands are floats or int8", lt_text(L, ea));
  int ra = lt_rank(a->type), rb = lt_rank(b->type);
  if (ra != rb || ra < 2)
    lang_fail(L, NULL, "tl.dot: both operands must have one rank, 2 at least, but their shapes are %s and %s",
              lt_shape_text(L, a->type), lt_shape_text(L, b->type));
  const int64_t *sa = a->type->shape, *sb = b->type->shape;
  if (sa[ra - 1] != sb[rb - 2])
    lang_fail(L, "the last dimension of the first must equal the one before the last of the second",
              "tl.dot: the shapes %s and %s do not fit: %lld and %lld", lt_shape_text(L, a->type),
              lt_shape_text(L, b->type), (long long)sa[ra - 1], (long long)sb[rb - 2]);
  for (int i = 0; i < ra - 2; i++)
    if (sa[i] != sb[i])
      lang_fail(L, NULL, "tl.dot: the batch dimensions of %s and %s differ", lt_shape_text(L, a->type),
                lt_shape_text(L, b->type));
  /* What the tensor cores of the target can take at least, in K. */
  int64_t least = !L->options.has_tensor_cores ? 1 : 256 / lt_bits(ea);
  if (sa[ra - 1] < least)
    lang_fail(L, NULL, "tl.dot: the inner dimension must be at least %lld for %s on this target, but it is %lld",
              (long long)least, lt_text(L, ea), (long long)sa[ra - 1]);
}

static const char *precision_arg(Lang *L, Val *input_precision, Val *allow_tf32) {
  static const char *const all[] = {"tf32", "tf32x3", "ieee", "bf16x3", "bf16x6"};
  if (!sem_is_none(input_precision) && !sem_is_none(allow_tf32))
    lang_fail(L, "`allow_tf32` is the old name of it",
              "tl.dot: `input_precision` and `allow_tf32` cannot both be given");
  const char *p = NULL;
  if (input_precision->kind == V_STR) /* in letters of either case */
    for (size_t i = 0; i < COUNT(all); i++)
      if (!strcasecmp(all[i], sem_arg_text(L, input_precision, "tl.dot: `input_precision`"))) p = all[i];
  if (!p) p = sem_arg_choice(L, input_precision, "tl.dot: `input_precision`", all, COUNT(all));
  if (!sem_is_none(allow_tf32)) p = sem_arg_bool(L, allow_tf32, "tl.dot: `allow_tf32`") ? "tf32" : "ieee";
  if (!p) p = L->options.common.default_dot_input_precision;
  return p ? p : L->options.default_dot_precision ? L->options.default_dot_precision : "ieee";
}

/* All batch dimensions as one. */
static Val *with_one_batch(Lang *L, Val *x) {
  int rank = lt_rank(x->type);
  if (rank <= 3) return x;
  int64_t shape[3] = {1, x->type->shape[rank - 2], x->type->shape[rank - 1]};
  for (int i = 0; i < rank - 2; i++) shape[0] *= x->type->shape[i];
  return sem_reshape(L, x, 3, shape, false);
}

Val *builtin_dot(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *a = args[0], *b = args[1];
  if (!sem_is_tensor(a) || !sem_is_tensor(b))
    lang_fail(L, NULL, "tl.dot: `%s` must be a tensor, but is %s", sem_is_tensor(a) ? "other" : "input",
              val_kind_text(L, sem_is_tensor(a) ? b : a));
  const char *precision = precision_arg(L, args[3], args[4]);
  const LType *out = !sem_is_none(args[6])    ? lt_elem(sem_arg_dtype(L, args[6], "tl.dot: `out_dtype`"))
                     : sem_is_tensor(args[2]) ? val_elem(args[2])
                                              : lt_scalar(L, L_FP32);
  if (val_elem(a)->kind == L_FP8E4B15 || val_elem(b)->kind == L_FP8E4B15) {
    a = sem_cast(L, a, lt_scalar(L, L_FP16));
    b = sem_cast(L, b, lt_scalar(L, L_FP16));
  }
  check_operands(L, a, b);
  const LType *elem = accumulator_type(L, val_elem(a), out);
  int rank = lt_rank(a->type);
  int64_t *shape = NEWN(L->cx, int64_t, rank);
  for (int i = 0; i < rank; i++) shape[i] = i == rank - 1 ? b->type->shape[i] : a->type->shape[i];
  const LType *type = lt_block(L, elem, rank, shape);
  Val *acc;
  if (sem_is_none(args[2]) ||
      (val_is_number(args[2]) && sem_constant(L, args[2], elem) && args[2]->number == 0 && args[2]->integer == 0)) {
    acc = sem_constant(L, val_int(L, 0), type);
  } else {
    acc = sem_arg_tensor(L, args[2], f, "acc");
    if (acc->type->kind != L_BLOCK || !lt_same_shape(acc->type, type))
      lang_fail(L, NULL, "tl.dot: the product of %s and %s has shape %s, but `acc` has %s", lt_shape_text(L, a->type),
                lt_shape_text(L, b->type), lt_shape_text(L, type), lt_shape_text(L, acc->type));
    if (acc->type != type)
      lang_fail(L,
                val_elem(acc)->kind == L_FP16 ? "give out_dtype=tl.float16, or make it tl.float32"
                                              : "make it of that type",
                "tl.dot: the accumulator of %s operands is %s, but `acc` is %s", lt_text(L, val_elem(a)),
                lt_text(L, elem), lt_text(L, val_elem(acc)));
  }
  int64_t imprecise = 0;
  if (!sem_is_none(args[5])) {
    imprecise = sem_arg_int(L, args[5], "tl.dot: `max_num_imprecise_acc`");
    if (lt_is_fp8(val_elem(a)) && imprecise > a->type->shape[rank - 1])
      lang_fail(L, NULL, "tl.dot: `max_num_imprecise_acc` (%lld) is larger than the inner dimension %lld",
                (long long)imprecise, (long long)a->type->shape[rank - 1]);
  } else if (lt_is_fp8(val_elem(a)) && L->options.fp8_sums_are_imprecise) {
    imprecise = 1 << 30;
  }
  acc = with_one_batch(L, acc);
  Val *r = sem_op3(L, OP_DOT, acc->type, with_one_batch(L, a), with_one_batch(L, b), acc);
  if (strcmp(precision, "ieee") != 0)
    ir_set_attr(L->cx, r->value->op, "inputPrecision", ir_attr_enum(L->cx, precision));
  if (imprecise)
    ir_set_attr(L->cx, r->value->op, "maxNumImpreciseAcc", ir_attr_int(L->cx, ir_int(L->cx, 32), imprecise));
  return rank > 3 ? sem_reshape(L, r, rank, shape, false) : r;
}
