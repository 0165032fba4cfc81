/* atomics.c: tl.atomic_*.
 *
 * Floats have no atomic minimum or maximum of their own. The order of a float's bits read as a signed integer is
 * the floats' order where the sign bit is clear; read as unsigned it is the reverse where the sign bit is set. So
 * a maximum is done as two masked atomics: a signed maximum for values that are not negative and an unsigned
 * minimum for those that are; whichever takes effect keeps memory at the larger float.
 */
#include <string.h>

#include "lang/tl/tl.h"

typedef struct Atomic {
  const char *name;
  Val *pointer, *value, *mask;
  const char *sem, *scope;
} Atomic;

static void order_and_scope(Lang *L, Atomic *a, const Val *sem, const Val *scope) {
  static const char *const sems[] = {"acquire", "release", "acq_rel", "relaxed"}, *const scopes[] = {"gpu", "cta",
                                                                                                     "sys"};
  a->sem = sem_arg_choice(L, sem, ctx_printf(L->cx, "%s: `sem`", a->name), sems, COUNT(sems));
  a->scope = sem_arg_choice(L, scope, ctx_printf(L->cx, "%s: `scope`", a->name), scopes, COUNT(scopes));
  if (!a->sem) a->sem = "acq_rel";
  if (!a->scope) a->scope = "gpu";
}

static void check_pointer(Lang *L, const Val *p, const char *name) {
  if (!sem_is_tensor(p) || !lt_is_ptr(val_elem(p)))
    lang_fail(L, NULL, "%s: `pointer` must be a pointer or a tensor of pointers, but is %s", name, val_kind_text(L, p));
  if (val_elem(p)->is_const)
    lang_fail(L, NULL, "%s: Cannot store to a constant pointer (%s)", name, lt_text(L, val_elem(p)));
}

static Val *value_operand(Lang *L, Val *v, Val *pointer, const char *name, const char *param) {
  const LType *elem = val_elem(pointer)->elem;
  if (!val_is_number(v) && !sem_is_tensor(v))
    lang_fail(L, NULL, "%s: `%s` must be a tensor or a number, but is %s", name, param, val_kind_text(L, v));
  if (sem_is_tensor(v) && v->type->kind == L_BLOCK && pointer->type->kind != L_BLOCK)
    lang_fail(L, "make the pointer a tensor too", "%s: `%s` has shape %s, but the pointer is a scalar", name, param,
              lt_shape_text(L, v->type));
  v = sem_convert(L, v, elem);
  if (!lt_can_broadcast_to(v->type, pointer->type))
    lang_fail(L, NULL, "%s: `%s` has shape %s, which does not fit the pointer's shape %s", name, param,
              lt_shape_text(L, v->type), lt_shape_text(L, pointer->type));
  return pointer->type->kind == L_BLOCK ? sem_broadcast_like(L, v, pointer->type) : v;
}

/* pointer, val, mask, sem, scope of a call. The mask is always there in the op. */
static Atomic read_args(Lang *L, Val **args, const Builtin *f) {
  Atomic a = {.name = f->name, .pointer = args[0]};
  order_and_scope(L, &a, args[3], args[4]);
  check_pointer(L, a.pointer, a.name);
  const LType *flag = lt_scalar(L, L_INT1);
  Val *mask = args[2];
  if (!sem_is_none(mask)) {
    mask = sem_arg_tensor(L, mask, f, "mask");
    if (val_elem(mask)->kind != L_INT1) mask = sem_cast(L, mask, flag);
    if (mask->type->kind == L_BLOCK && a.pointer->type->kind != L_BLOCK)
      lang_fail(L, NULL, "%s: `mask` has shape %s, but the pointer is a scalar", a.name, lt_shape_text(L, mask->type));
    if (a.pointer->type->kind == L_BLOCK) sem_broadcast(L, &a.pointer, &mask);
  } else {
    mask = sem_constant_int(L, 1, lt_with_elem(L, a.pointer->type, flag));
  }
  a.mask = mask;
  a.value = value_operand(L, args[1], a.pointer, a.name, "val");
  return a;
}

static Val *rmw(Lang *L, const Atomic *a, const char *op, Val *pointer, Val *value, Val *mask) {
  Val *r = sem_op3(L, OP_ATOMIC_RMW, value->type, pointer, value, mask);
  ir_set_attr(L->cx, r->value->op, "atomic_rmw_op", ir_attr_enum(L->cx, op));
  ir_set_attr(L->cx, r->value->op, "sem", ir_attr_enum(L->cx, a->sem));
  ir_set_attr(L->cx, r->value->op, "scope", ir_attr_enum(L->cx, a->scope));
  return r;
}

_Noreturn static void unsupported(Lang *L, const Atomic *a) {
  lang_fail(L, NULL, "%s is not defined for %s", a->name, lt_text(L, val_elem(a->pointer)->elem));
}

static void want_bits(Lang *L, const Atomic *a, int least) {
  const LType *elem = val_elem(a->pointer)->elem;
  if (lt_is_ptr(elem) || lt_is_fp8(elem) || lt_bits(elem) < least) unsupported(L, a);
}

Val *builtin_atomic_add(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Atomic a = read_args(L, args, f);
  bool is_float = lt_is_float(val_elem(a.value));
  want_bits(L, &a, is_float ? 16 : 32);
  return rmw(L, &a, is_float ? "fadd" : "add", a.pointer, a.value, a.mask);
}

static Val *float_extremum(Lang *L, const Atomic *a, bool is_max) {
  int bits = lt_bits(val_elem(a->value));
  const LType *flag = lt_with_elem(L, a->value->type, lt_scalar(L, L_INT1));
  const LType *is = lt_scalar(L, lt_kind_of_bits(bits, false)), *iu = lt_scalar(L, lt_kind_of_bits(bits, true));
  Val *vs = sem_bitcast(L, a->value, is), *ps = sem_bitcast(L, a->pointer, lt_pointer(L, is, false));
  Val *vu = val_tensor(L, vs->value, lt_with_elem(L, vs->type, iu)),
      *pu = val_tensor(L, ps->value, lt_with_elem(L, ps->type, lt_pointer(L, iu, false)));
  Val *negative = sem_test(L, "slt", vs, sem_constant_int(L, 0, vs->type));
  Val *positive = sem_not(L, negative);
  Val *up = rmw(L, a, is_max ? "max" : "min", ps, vs, sem_op2(L, OP_ANDI, flag, a->mask, positive));
  Val *down = rmw(L, a, is_max ? "umin" : "umax", pu, vu, sem_op2(L, OP_ANDI, flag, a->mask, negative));
  Val *old = sem_op3(L, OP_SELECT, vs->type, positive, up, down);
  return sem_bitcast(L, old, val_elem(a->value));
}

static Val *extremum(Lang *L, Val **args, const Builtin *f, bool is_max) {
  Atomic a = read_args(L, args, f);
  const LType *elem = val_elem(a.value);
  want_bits(L, &a, 32);
  if (lt_is_float(elem)) return float_extremum(L, &a, is_max);
  const char *op = lt_is_unsigned(elem) ? (is_max ? "umax" : "umin") : is_max ? "max" : "min";
  return rmw(L, &a, op, a.pointer, a.value, a.mask);
}

Val *builtin_atomic_max(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  return (void)nargs, extremum(L, args, f, true);
}
Val *builtin_atomic_min(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  return (void)nargs, extremum(L, args, f, false);
}

static Val *bitwise(Lang *L, Val **args, const Builtin *f, const char *op) {
  Atomic a = read_args(L, args, f);
  want_bits(L, &a, 32);
  if (!lt_is_int(val_elem(a.value))) unsupported(L, &a);
  return rmw(L, &a, op, a.pointer, a.value, a.mask);
}

Val *builtin_atomic_and(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  return (void)nargs, bitwise(L, args, f, "and");
}
Val *builtin_atomic_or(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  return (void)nargs, bitwise(L, args, f, "or");
}
Val *builtin_atomic_xor(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  return (void)nargs, bitwise(L, args, f, "xor");
}

Val *builtin_atomic_xchg(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Atomic a = read_args(L, args, f);
  want_bits(L, &a, 32);
  return rmw(L, &a, "exch", a.pointer, a.value, a.mask);
}

Val *builtin_atomic_cas(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Atomic a = {.name = f->name, .pointer = args[0]};
  order_and_scope(L, &a, args[3], args[4]);
  check_pointer(L, a.pointer, a.name);
  want_bits(L, &a, 16);
  Val *compare = value_operand(L, args[1], a.pointer, a.name, "cmp");
  a.value = value_operand(L, args[2], a.pointer, a.name, "val");
  Val *r = sem_op3(L, OP_ATOMIC_CAS, a.value->type, a.pointer, compare, a.value);
  ir_set_attr(L->cx, r->value->op, "sem", ir_attr_enum(L->cx, a.sem));
  ir_set_attr(L->cx, r->value->op, "scope", ir_attr_enum(L->cx, a.scope));
  return r;
}

/* A pointer to floats as one to integers of their width, whose bits atomics move unchanged. */
static Val *as_integers(Lang *L, Val *pointer) {
  const LType *elem = val_elem(pointer)->elem;
  if (!lt_is_float(elem)) return pointer;
  return sem_bitcast(L, pointer, lt_pointer(L, lt_scalar(L, lt_kind_of_bits(lt_bits(elem), true)), false));
}

/* An atomic load: `or` with zero gives the value in memory. */
Val *builtin_atomic_load(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  check_pointer(L, args[0], f->name);
  const LType *elem = val_elem(args[0])->elem;
  Val *all[] = {as_integers(L, args[0]), val_int(L, 0), args[1], args[2], args[3]};
  Atomic a = read_args(L, all, f);
  want_bits(L, &a, 32);
  Val *v = rmw(L, &a, "or", a.pointer, a.value, a.mask);
  return val_elem(v) == elem ? v : sem_bitcast(L, v, elem);
}

Val *builtin_atomic_store(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Atomic a = read_args(L, args, f);
  want_bits(L, &a, 32);
  rmw(L, &a, "exch", a.pointer, a.value, a.mask);
  return NULL;
}
