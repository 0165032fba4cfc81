/* builtins_program.c: programs, ranges, constants, compiler hints and debugging output. */
#include <stdio.h>
#include <string.h>

#include "lang/tl/tl.h"

static Attr *i32_attr(Lang *L, int64_t x) { return ir_attr_int(L->cx, ir_int(L->cx, 32), x); }

/* ---- programs and ranges ----------------------------------------------------------------------------------------- */

Val *builtin_program_id(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  int64_t axis = sem_arg_int(L, args[0], ctx_printf(L->cx, "%s: `axis`", f->name));
  if (axis < 0 || axis > 2)
    lang_fail(L, NULL, "%s: program_id axis must be 0, 1, or 2 but got %lld", f->name, (long long)axis);
  const LType *int32 = lt_scalar(L, L_INT32);
  Val *r = val_tensor(L, ir_make(&L->b, (Opcode)f->op, lt_ir(L, int32), NULL), int32);
  ir_set_attr(L->cx, r->value->op, "axis", i32_attr(L, axis));
  return r;
}

static Val *make_range(Lang *L, int64_t start, int64_t end) {
  int64_t n = end - start;
  const LType *type = lt_block(L, lt_scalar(L, L_INT32), 1, &n);
  Val *r = val_tensor(L, ir_make(&L->b, OP_MAKE_RANGE, lt_ir(L, type), NULL), type);
  ir_set_attr(L->cx, r->value->op, "start", i32_attr(L, start));
  ir_set_attr(L->cx, r->value->op, "end", i32_attr(L, end));
  return r;
}

Val *builtin_arange(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  int64_t start = sem_arg_int(L, args[0], "tl.arange: `start`"), end = sem_arg_int(L, args[1], "tl.arange: `end`");
  if (start < 0 || end > INT32_MAX)
    lang_fail(L, NULL, "tl.arange(%lld, %lld): the bounds must lie in 0 .. 2^31 - 1", (long long)start, (long long)end);
  if (end <= start)
    lang_fail(L, NULL, "tl.arange(%lld, %lld): `end` must be greater than `start`", (long long)start, (long long)end);
  if (!is_pow2(end - start))
    lang_fail(L, "take the next power of two and mask what lies beyond: triton.next_power_of_2(n)",
              "tl.arange(%lld, %lld) has %lld elements, which is not a power of two", (long long)start, (long long)end,
              (long long)(end - start));
  int64_t n = end - start;
  sem_check_shape(L, 1, &n, "the range");
  return make_range(L, start, end);
}

static Val *number_or_tensor(Lang *L, Val *v, const char *what) {
  if (!val_is_number(v) && !(sem_is_tensor(v) && v->type->kind != L_BLOCK && lt_is_int(v->type)))
    lang_fail(L, NULL, "%s must be an integer, but is %s", what, val_kind_text(L, v));
  return v;
}

static RangeVal *range_bounds(Lang *L, Val **args, const char *name) {
  RangeVal *r = NEW(L->cx, RangeVal);
  bool one = sem_is_none(args[1]);
  r->start = one ? val_int(L, 0) : number_or_tensor(L, args[0], ctx_printf(L->cx, "%s: the start", name));
  r->stop = number_or_tensor(L, args[one ? 0 : 1], ctx_printf(L->cx, "%s: the end", name));
  r->step =
      sem_is_none(args[2]) ? val_int(L, 1) : number_or_tensor(L, args[2], ctx_printf(L->cx, "%s: the step", name));
  return r;
}

static Val *range_value(Lang *L, const RangeVal *r) {
  Val *v = NEW(L->cx, Val);
  v->kind = V_RANGE;
  v->range = r;
  return v;
}

Val *builtin_range(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  RangeVal *r = range_bounds(L, args, f->name);
  if (!sem_is_none(args[3])) r->num_stages = val_int(L, sem_arg_int(L, args[3], "tl.range: `num_stages`"));
  if (!sem_is_none(args[4]))
    r->loop_unroll_factor = val_int(L, sem_arg_int(L, args[4], "tl.range: `loop_unroll_factor`"));
  r->disallow_acc_multi_buffer = sem_arg_bool(L, args[5], "tl.range: `disallow_acc_multi_buffer`");
  r->flatten = sem_arg_bool(L, args[6], "tl.range: `flatten`");
  r->warp_specialize = sem_arg_bool(L, args[7], "tl.range: `warp_specialize`");
  r->disable_licm = sem_arg_bool(L, args[8], "tl.range: `disable_licm`");
  return range_value(L, r);
}

Val *builtin_static_range(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  RangeVal *r = range_bounds(L, args, f->name);
  r->start = val_int(L, sem_arg_int(L, r->start, "tl.static_range: the start"));
  r->stop = val_int(L, sem_arg_int(L, r->stop, "tl.static_range: the end"));
  r->step = val_int(L, sem_arg_int(L, r->step, "tl.static_range: the step"));
  if (r->step->integer == 0) lang_fail(L, NULL, "tl.static_range: the step must not be zero");
  r->is_static = true;
  return range_value(L, r);
}

/* ---- constants --------------------------------------------------------------------------------------------------- */

Val *builtin_full(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  const int64_t *shape;
  int rank = sem_shape_arg(L, args[0], &shape, "tl.full: `shape`");
  sem_check_shape(L, rank, shape, "the tensor");
  const LType *elem = sem_arg_dtype(L, args[2], "tl.full: `dtype`");
  Val *v = args[1];
  if (val_is_number(v)) return sem_constant(L, v, lt_block(L, elem, rank, shape));
  v = sem_arg_tensor(L, v, f, "value");
  if (lt_numel(v->type) != 1)
    lang_fail(L, "to broadcast a tensor use tl.broadcast_to", "tl.full: `value` must be a scalar, but is %s",
              val_kind_text(L, v));
  if (v->type->kind == L_BLOCK) v = sem_reshape(L, v, 0, NULL, false);
  return sem_splat(L, sem_cast(L, v, elem), rank, shape);
}

Val *builtin_zeros(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  const int64_t *shape;
  int rank = sem_shape_arg(L, args[0], &shape, "tl.zeros: `shape`");
  sem_check_shape(L, rank, shape, "the tensor");
  return sem_constant(L, val_int(L, 0), lt_block(L, sem_arg_dtype(L, args[1], "tl.zeros: `dtype`"), rank, shape));
}

Val *builtin_zeros_like(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  return sem_constant(L, val_int(L, 0), sem_arg_tensor(L, args[0], f, "input")->type);
}

Val *builtin_to_tensor(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  return sem_arg_tensor(L, args[0], f, "x");
}

/* ---- facts ------------------------------------------------------------------------------------------------------- */

Val *builtin_fact(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  static const char *const names[] = {"tt.divisibility", "tt.contiguity", "tt.constancy"};
  Val *x = sem_arg_tensor(L, args[0], f, "input");
  const int64_t *values;
  int n = sem_shape_arg(L, args[1], &values, ctx_printf(L->cx, "%s: `values`", f->name));
  int rank = lt_rank(x->type) ? lt_rank(x->type) : 1;
  if (n != rank)
    lang_fail(L, "one value for every dimension", "%s: %d value%s for a tensor of rank %d", f->name, n,
              n == 1 ? "" : "s", lt_rank(x->type));
  int64_t count = n;
  Type *i32 = ir_int(L->cx, 32), *type = ir_tensor(L->cx, i32, 1, &count, NULL);
  Attr **items = NEWN(L->cx, Attr *, n);
  bool same = true;
  for (int i = 0; i < n; i++) {
    if (values[i] <= 0) lang_fail(L, NULL, "%s: the values must be positive", f->name);
    items[i] = ir_attr_int(L->cx, i32, values[i]);
    same = same && values[i] == values[0];
  }
  /* Of a parameter it is known from the specialization. */
  ir_set_hint(L->cx, x->value, names[f->op],
              same ? ir_attr_splat(L->cx, type, items[0]) : ir_attr_dense(L->cx, type, items));
  return args[0];
}

Val *builtin_assume(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  if (!sem_is_tensor(args[0])) {
    if (!val_truth(L, args[0], L->here)) lang_fail(L, NULL, "tl.assume: the condition is known to be false");
    return val_none(L);
  }
  ir_effect(&L->b, OP_ASSUME, sem_condition(L, args[0])->value, NULL);
  return val_none(L);
}

Val *builtin_barrier(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)args, (void)nargs, (void)f;
  ir_effect(&L->b, OP_BARRIER, NULL);
  return val_none(L);
}

/* ---- printing and asserting -------------------------------------------------------------------------------------- */

Val *builtin_device_print(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  const char *prefix = sem_arg_text(L, args[0], "tl.device_print: `prefix`");
  size_t n = strlen(prefix);
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)prefix[i] < 32 || (unsigned char)prefix[i] > 126)
      lang_fail(L, NULL, "tl.device_print: `prefix` must be printable ASCII");
  Val *rest = args[1];
  if (rest->len) { /* " prefix: ", whatever of it is there already */
    bool spaced = n && prefix[n - 1] == ' ';
    size_t keep = spaced ? n - 1 : n;
    if (keep && prefix[keep - 1] == ':') keep--;
    prefix = ctx_printf(L->cx, "%.*s: ", (int)keep, prefix);
  }
  if (strcmp(prefix, ": ") != 0 && prefix[0] && prefix[0] != ' ') prefix = ctx_printf(L->cx, " %s", prefix);
  Value **values = NEWN(L->cx, Value *, rest->len + 1);
  int64_t *is_signed = NEWN(L->cx, int64_t, rest->len + 1);
  for (size_t i = 0; i < rest->len; i++) {
    Val *v = sem_arg_tensor(L, rest->items[i], f, "args");
    values[i] = v->value;
    is_signed[i] = lt_is_int(val_elem(v)) && !lt_is_unsigned(val_elem(v));
  }
  Op *op = ir_op(&L->b, OP_PRINT, NULL, 0, values, (int)rest->len);
  ir_set_attr(L->cx, op, "prefix", ir_attr_string(L->cx, prefix, strlen(prefix)));
  ir_set_attr(L->cx, op, "hex", ir_attr_bool(L->cx, sem_arg_bool(L, args[2], "tl.device_print: `hex`")));
  ir_set_attr(L->cx, op, "isSigned", ir_attr_ints(L->cx, ir_int(L->cx, 32), is_signed, (int)rest->len));
  return val_none(L);
}

Val *builtin_unwrap(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)L, (void)nargs, (void)f;
  return args[0];
}

Val *builtin_slice(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  Val *v = NEW(L->cx, Val), **parts = NEWN(L->cx, Val *, 3);
  for (int i = 0; i < 3; i++) parts[i] = sem_is_none(args[i]) ? NULL : args[i];
  v->kind = V_SLICE;
  v->items = parts;
  v->len = 3;
  return v;
}

Val *builtin_device_assert(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  const char *message = sem_arg_text(L, args[1], "tl.device_assert: `msg`");
  if (!L->options.common.debug) return val_none(L);
  Val *cond = sem_cast(L, sem_arg_tensor(L, args[0], f, "cond"), lt_scalar(L, L_INT1));
  if (!sem_is_none(args[2])) { /* an element that is masked off cannot fail */
    Val *off = sem_not(L, sem_arg_tensor(L, args[2], f, "mask"));
    cond = sem_logical(L, true, cond, off);
  }
  Op *op = ir_effect(&L->b, OP_ASSERT, cond->value, NULL);
  ir_set_attr(L->cx, op, "message", ir_attr_string(L->cx, message, args[1]->len));
  return val_none(L);
}

/* What print() shows of a value: strings as they are, tensors by type, as the reference does. */
static void print_value(Lang *L, Buf *out, const Val *v) {
  if (v->kind == V_STR) {
    buf_write(out, v->text, v->len);
  } else if (sem_is_tensor(v)) {
    buf_puts(out, lt_text(L, val_elem(v)));
    buf_putc(out, '[');
    for (int i = 0; i < lt_rank(v->type); i++)
      buf_printf(out, "%sconstexpr[%lld]", i ? ", " : "", (long long)v->type->shape[i]);
    buf_putc(out, ']');
  } else {
    buf_puts(out, val_repr(L, v));
  }
}

static void print_text(Lang *L, const char *text, size_t n) {
  if (!L->host || !L->host->print)
    fwrite(text, 1, n, stdout);
  else if (L->host->print(L->host->self, text, n) < 0)
    ctx_throw(L->cx, ERR_HOST);
}

Val *builtin_static_print(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  Buf out = {.cx = L->cx};
  const char *sep = sem_is_none(args[1]) ? " " : sem_arg_text(L, args[1], "tl.static_print: `sep`");
  const char *end = sem_is_none(args[2]) ? "\n" : sem_arg_text(L, args[2], "tl.static_print: `end`");
  for (size_t i = 0; i < args[0]->len; i++) {
    if (i) buf_puts(&out, sep);
    print_value(L, &out, args[0]->items[i]);
  }
  buf_puts(&out, end);
  print_text(L, buf_text(&out), out.len);
  return val_none(L);
}

Val *builtin_static_assert(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  if (sem_is_tensor(args[0]))
    lang_fail(L, "use tl.device_assert for what is known only at run time",
              "tl.static_assert: the condition must be known at compile time, but is %s", val_kind_text(L, args[0]));
  if (!val_truth(L, args[0], L->here)) {
    const char *message = args[1]->kind == V_STR ? args[1]->text : val_repr(L, args[1]);
    lang_fail(L, NULL, "static assertion failed%s%s", *message ? ": " : "", message);
  }
  return val_none(L);
}

/* `while tl.condition(x)`: the condition; whether invariant code stays in the loop, loop_while.c looks up. */
Val *builtin_condition(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  L->condition_stays |= sem_arg_bool(L, args[1], "tl.condition: `disable_licm`");
  return args[0];
}
