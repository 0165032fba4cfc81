/* expand_math.c: mathematical functions that the target has no instruction for are expanded from the library.
 *
 * The library (lang/lib/math.py) has each of them once for f32 and once for f64, straight-line and written on scalars.
 * Its ops are all elementwise, so the same ops with tensor types are the function on tensors: lifting copies them with
 * every scalar type replaced by a tensor of the given shape. One compile of the function serves all shapes of a
 * module. Where a target's threads have branches of their own (it has tt.map_elementwise natively), arguments that are
 * rare and take long have one.
 *
 * Narrower formats go through f32 and are rounded once at the end: the functions are good to a unit or two in f32's
 * last place, so the narrow result is right but for near-ties.
 */
#include "opt/internal.h"

#include <assert.h>
#include <string.h>

typedef struct Expand {
  Ctx *cx;
  Module *module;
  NativeFn *is_native;
  const LangOptions *options;
  Map functions; /* interned name to tt.func */
  Vec(Op *) ops;
} Expand;

static bool is_function(Opcode code) {
  switch (code) {
  case OP_EXP:
  case OP_EXP2:
  case OP_LOG:
  case OP_LOG2:
  case OP_SIN:
  case OP_COS:
  case OP_ERF:
  case OP_RSQRT: return true;
  default: return false;
  }
}

static void collect(Op *op, void *arg) {
  Expand *e = arg;
  if (is_function(op->code) && !e->is_native(op->code, ir_elem(op->results[0].type), ir_attr(op, "tt.precise")))
    vec_push(e->cx, &e->ops, op);
}

/* How the library's function is made. An exponential that has to be precise can still use a target's approximate 2^x. */
static const char *method(Expand *e, Opcode code, const Type *type) {
  bool exponential = code == OP_EXP || code == OP_EXP2;
  return exponential && type->fkind == F32 && e->is_native(OP_EXP2, type, false) ? "_by_exp2" : "";
}

static Op *library_function(Expand *e, const char *what, const char *how, FloatKind kind) {
  Type *input = ir_float(e->cx, kind);
  const char *name = intern(e->cx, ctx_printf(e->cx, "%s%s_%s", what, how, ir_float_name(kind)));
  Op *func = map_get(&e->functions, name);
  if (func) return func;
  func = lang_library_function(e->module, name, &input, 1, e->options);
  map_put(e->cx, &e->functions, name, func);
  return func;
}

static Value *convert(Builder *b, Value *x, FloatKind to) {
  Type *from = ir_elem(x->type), *type = ir_tensor_like(b->cx, x->type, ir_float(b->cx, to));
  if (from->fkind == to) return x;
  bool narrow = from->bits <= 8 || ir_float_bits(to) <= 8;
  Opcode code = narrow ? OP_FP_TO_FP : ir_float_bits(to) > from->bits ? OP_EXTF : OP_TRUNCF;
  Value *v = ir_make(b, code, type, x, NULL);
  if (code == OP_FP_TO_FP && ir_float_bits(to) <= 8) ir_set_attr(b->cx, v->op, "rounding", ir_attr_enum(b->cx, "rtne"));
  return v;
}

static Attr *lifted_constant(Ctx *cx, Attr *value, Type *type) {
  return ir_is_tensor(type) ? ir_attr_splat(cx, type, value) : value;
}

static void lift_call(Expand *e, Builder *b, const Op *call, Type *shape, Map *map);

/* One op of a library function, on tensors like `shape`, at the builder's place. */
static void lift_op(Expand *e, Builder *b, const Op *op, Type *shape, Map *map) {
  if (op->code == OP_CALL) {
    lift_call(e, b, op, shape, map);
    return;
  }
  if ((!ir_has(op, T_CONSTANT) && !ir_has(op, T_ELEMENTWISE)) || op->nregions || op->nresults != 1 || op->noperands > 4)
    ctx_fail(e->cx, ERR_INTERNAL, "the library functions are to be elementwise, but there is a %s", ir_info(op)->name);
  Type *type = ir_tensor_like(e->cx, shape, op->results[0].type);
  Value *v, *operands[4];
  if (ir_has(op, T_CONSTANT)) {
    v = ir_const_attr(b, type, lifted_constant(e->cx, ir_attr(op, "value"), type));
  } else {
    for (int i = 0; i < op->noperands; i++) operands[i] = map_get(map, ir_operand(op, i));
    Op *copy = ir_op(b, op->code, &type, 1, operands, op->noperands);
    for (int i = 0; i < op->nattrs; i++) ir_set_attr(e->cx, copy, op->attrs[i].name, op->attrs[i].attr);
    v = &copy->results[0];
  }
  map_put(e->cx, map, &op->results[0], v);
}

/* The function's ops on `args` before the builder's place; gives its return, whose operands `map` translates. Every
 * op gets the location of the op that is expanded. */
static const Op *lift(Expand *e, Builder *b, const Op *func, Value *const *args, Type *shape, Map *map) {
  const Block *body = func->regions[0]->first;
  for (int i = 0; i < body->nargs; i++) map_put(e->cx, map, body->args[i], args[i]);
  const Op *op = body->first;
  for (; op && op->code != OP_RETURN; op = op->next) lift_op(e, b, op, shape, map);
  assert(op);
  return op;
}

static void lift_call(Expand *e, Builder *b, const Op *call, Type *shape, Map *map) {
  const Op *func = ir_module_func(e->module, ir_attr_text_or(call, "callee", ""));
  if (!func) ctx_fail(e->cx, ERR_INTERNAL, "a library function calls one that does not exist");
  Value **args = NEWN(e->cx, Value *, call->noperands + 1);
  for (int i = 0; i < call->noperands; i++) args[i] = map_get(map, ir_operand(call, i));
  Map inner = {0};
  const Op *end = lift(e, b, func, args, shape, &inner);
  for (int i = 0; i < call->nresults; i++) map_put(e->cx, map, &call->results[i], map_get(&inner, ir_operand(end, i)));
}

/* The library's function on `x`, of type f32 or f64. */
static Value *call_library(Expand *e, Builder *b, const char *what, const char *how, Value *x) {
  const Op *func = library_function(e, what, how, ir_elem(x->type)->fkind);
  Map map = {0};
  const Op *end = lift(e, b, func, &x, x->type, &map);
  return map_get(&map, ir_operand(end, 0));
}

/* y, but where the number x is far from zero the library's function for any argument. */
static Value *unless_far(Expand *e, Builder *b, const char *what, Value *x, Value *y) {
  Value *far = call_library(e, b, "is_far", "", x);
  Op *branch = ir_op(b, OP_IF, &y->type, 1, &far, 1);
  Builder yes = ir_at_end(e->cx, ir_add_block(e->cx, ir_add_region(e->cx, branch)));
  Builder no = ir_at_end(e->cx, ir_add_block(e->cx, ir_add_region(e->cx, branch)));
  yes.loc = no.loc = b->loc;
  ir_effect(&yes, OP_YIELD, call_library(e, &yes, what, "", x), NULL);
  ir_effect(&no, OP_YIELD, y, NULL);
  return &branch->results[0];
}

/* sin and cos of f32. What is right for every argument takes f64 arithmetic; nearly all are near zero, for which f32 will
 * do. Each element of a tensor has its own branch. */
static Value *near_or_far(Expand *e, Builder *b, const char *what, Value *x) {
  Value *y = call_library(e, b, what, "_near", x), *args[2] = {x, y};
  if (!ir_is_tensor(x->type)) return unless_far(e, b, what, x, y);
  Op *each = ir_op(b, OP_MAP_ELEMENTWISE, &y->type, 1, args, 2);
  ir_set_attr(e->cx, each, "pack", ir_attr_int(e->cx, ir_int(e->cx, 32), 1));
  Block *body = ir_add_block(e->cx, ir_add_region(e->cx, each));
  Builder in = ir_at_end(e->cx, body);
  in.loc = b->loc;
  for (int i = 0; i < 2; i++) args[i] = ir_add_arg(e->cx, body, ir_elem(x->type), b->loc);
  ir_effect(&in, OP_MAP_RETURN, unless_far(e, &in, what, args[0], args[1]), NULL);
  return &each->results[0];
}

static Value *expand_on(Expand *e, Builder *b, Opcode code, Value *x) {
  const char *what = strchr(ir_ops[code].name, '.') + 1;
  const Type *elem = ir_elem(x->type);
  bool circular = code == OP_SIN || code == OP_COS;
  if (circular && elem->fkind == F32 && e->is_native(OP_MAP_ELEMENTWISE, elem, false))
    return near_or_far(e, b, what, x);
  return call_library(e, b, what, method(e, code, elem), x);
}

static void expand(Expand *e, Op *op) {
  Type *elem = ir_elem(op->results[0].type);
  FloatKind kind = elem->fkind == F64 ? F64 : F32;
  Builder b = ir_before(e->cx, op);
  Value *x = convert(&b, ir_operand(op, 0), kind), *y;
  if (e->is_native(op->code, ir_elem(x->type), ir_attr(op, "tt.precise"))) /* the target has it in f32 alone */
    y = ir_make(&b, op->code, x->type, x, NULL);
  else
    y = expand_on(e, &b, op->code, x);
  ir_replace_all(&op->results[0], convert(&b, y, elem->fkind));
  ir_erase(op);
}

/* What the library brought into the module: all functions after the last one that was there before. */
static void drop_functions(Op *last) {
  for (Op *op = last->next, *next; op; op = next) {
    next = op->next;
    ir_erase(op);
  }
}

bool opt_expand_math(Ctx *cx, Module *m, NativeFn *is_native, const LangOptions *options) {
  Expand e = {.cx = cx, .module = m, .is_native = is_native, .options = options};
  ir_walk(m->op, collect, &e);
  if (!e.ops.len) return false;
  int64_t started = time_now();
  TimeSpan *span = time_begin(cx, "expand-math");
  Op *last = m->body->first->last;
  for (uint32_t i = 0; i < e.ops.len; i++) expand(&e, e.ops.at[i]);
  drop_functions(last);
  time_end(cx, span);
  opt_ran(cx, m, "expand-math", started);
  return true;
}

static bool never_native(Opcode code, const Type *elem, bool precise) {
  (void)code, (void)elem, (void)precise;
  return false;
}

bool opt_expand_all_math(Ctx *cx, Module *m) { return opt_expand_math(cx, m, never_native, &opt_library_options); }
