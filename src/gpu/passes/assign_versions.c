/* assign_versions.c: values in layouts other than their own, computed again or converted; each once per layout. */
#include "gpu/passes/assign_shared.h"

#include "opt/internal.h"

Value *gpu_assign_known(Assign *a, const Value *v, Attr *to) {
  for (Version *x = map_get(&a->versions, v); x; x = x->next)
    if (x->encoding == to) return x->value;
  return NULL;
}

Value *gpu_assign_remember(Assign *a, const Value *v, Attr *to, Value *made) {
  Version *x = NEW(a->cx, Version);
  *x = (Version){to, made, map_get(&a->versions, v)};
  map_put(a->cx, &a->versions, v, x);
  return made;
}

/* Right after the definition of `v`. */
Builder gpu_assign_after(Assign *a, const Value *v) {
  Builder b = {a->cx, ir_defining_block(v), NULL, v->op ? v->op->loc : v->loc};
  b.before = v->op ? v->op->next : v->block->first;
  if (!b.loc) b.loc = ir_loc_unknown(a->cx);
  return b;
}

/* Makes its operand larger, or several things of it: better to convert that. */
static bool enlarges(Assign *a, const Op *op) {
  if (ir_attr(op, GPU_PIECE)) return true;
  if (op->code == OP_ADDPTR) { /* pointers of offsets that are half as large */
    Value *offset = ir_operand(op, 1);
    return !assigned(a, ir_operand(op, 0)) && assigned(a, offset) && ir_elem(offset->type)->bits < 64;
  }
  if (op->nresults != 1 || op->noperands != 1) return false;
  switch (op->code) {
  case OP_BROADCAST:
  case OP_EXPAND_DIMS: return true;
  case OP_EXTF:
  case OP_EXTSI:
  case OP_EXTUI:
  case OP_SITOFP:
  case OP_UITOFP:
  case OP_FP_TO_FP: {
    Type *from = ir_elem(ir_operand(op, 0)->type), *to = ir_elem(op->results[0].type);
    return from->bits < to->bits && from->bits > 1 && assigned(a, ir_operand(op, 0)) != NULL;
  }
  default: return false;
  }
}

/* Of elementwise arithmetic, the one operand that is neither rematerializable nor a smaller one broadcast, if it is used
 * for nothing else; NULL: there is no such one. */
static const Value *only_operand(Assign *a, const Op *op) {
  const Value *only = NULL;
  if (op->nresults != 1 || !ir_has(op, T_ELEMENTWISE) || !ir_has(op, T_PURE) || !ir_one_use(&op->results[0]))
    return NULL;
  for (int i = 0; i < op->noperands; i++) {
    const Value *v = ir_operand(op, i);
    if (!ir_is_tensor(v->type) || !assigned(a, v) || is_broadcast(a, v)) continue;
    if (only) return NULL;
    only = v;
  }
  return only && ir_one_use(only) ? only : NULL;
}

static bool has_dot(Assign *a, const Block *b) {
  enum { NO, YES };
  static const char answers[2];
  const char *known = map_get(&a->with_dots, b);
  if (known) return known == &answers[YES];
  bool any = false;
  for (const Op *op = b->first; op && !any; op = op->next) any = op->code == OP_DOT || op->code == OP_WARP_GROUP_DOT;
  map_put(a->cx, &a->with_dots, b, (void *)&answers[any ? YES : NO]);
  return any;
}

/* A vector that is copied ahead into shared memory (pipeline.c) is read from there in any layout. Loaded in the layout
 * `to` instead, it would take many loads, all threads having the same elements, and registers that a loop carries. */
static bool is_copied_ahead(Assign *a, const Op *load, Attr *to) {
  enum { LOADS = 4 };
  Type *t = load->results[0].type;
  const Op *loop = load->block->region->op;
  if (!loop || loop->code != OP_FOR || t->rank != 1 || !has_dot(a, load->block)) return false;
  const Layout *l = gpu_layout(a->cx, gpu_with(a->cx, t, to));
  int64_t same = (int64_t)(uintptr_t)map_get(&a->constancies, load);
  int64_t width = max64(same, min64(layout_contiguous(l, AXIS_REGISTER, AXIS_DIM0), 16 / ir_elem_bytes(t->elem)));
  return gpu_registers(l) / width > LOADS;
}

/* Arithmetic on nothing but one loaded tensor, no wider than the result, and what is had in any layout: as well done after
 * the conversion of what was loaded, which is as narrow as can be, and which a loop that copies ahead needs no conversion for (pipeline.c). */
static bool is_of_a_load(Assign *a, const Op *op) {
  enum { STEPS = 8 };
  if (map_has(&a->of_loads, op)) return true; /* decided, although new ops use its operands by now */
  const Op *at = op;
  for (int i = 0; i < STEPS; i++) {
    const Value *v = only_operand(a, at);
    if (!v || !v->op) return false;
    at = v->op;
    if (at->code == OP_LOAD) break;
  }
  if (at->code != OP_LOAD || ir_elem(at->results[0].type)->bits > ir_elem(op->results[0].type)->bits) return false;
  for (; op != at; op = only_operand(a, op)->op) map_put(a->cx, &a->of_loads, op, a);
  return true;
}

/* Does a loop with dots copy the load ahead into shared memory, so that it is read in any layout? As far as can be said here:
 * pipeline.c has the last word. */
static bool may_be_copied_ahead(Assign *a, const Op *load) {
  const Op *loop = load->block->region->op;
  return loop && loop->code == OP_FOR && has_dot(a, load->block) && !opt_is_volatile(load) &&
         ir_attr_int_or(loop, "tt.num_stages", a->num_stages) > 1;
}

/* Ops between loads and one result, each used by nothing else. */
typedef struct Arithmetic {
  Map ops;
  GpuOps order;
  int loads, bits; /* of an element of the result */
} Arithmetic;

static bool add_operands(Assign *a, Arithmetic *all, const Op *op) {
  enum { OPS = 24, LOADS = 3 };
  if (op->nresults != 1 || !ir_has(op, T_ELEMENTWISE) || !ir_has(op, T_PURE)) return false;
  for (int i = 0; i < op->noperands; i++) {
    const Value *v = ir_operand(op, i);
    if (!ir_is_tensor(v->type) || !assigned(a, v) || is_broadcast(a, v)) continue;
    if (!v->op || v->op->block != op->block) return false;
    if (map_has(&all->ops, v->op)) continue;
    bool is_load = v->op->code == OP_LOAD;
    if (is_load && (ir_elem(v->type)->bits > all->bits || !may_be_copied_ahead(a, v->op) || ++all->loads > LOADS))
      return false;
    map_put(a->cx, &all->ops, v->op, a);
    vec_push(a->cx, &all->order, v->op);
    if (all->order.len > OPS) return false;
  }
  return true;
}

/* Arithmetic on several loaded tensors, none wider than the result, all of which a loop copies ahead (a gate and what it lets
 * through): done in the layout that its user wants it costs nothing but the reading, if no element is computed by several
 * threads. */
static bool is_of_copied_loads(Assign *a, const Op *op, Attr *to) {
  if (op->nresults != 1 || !ir_is_tensor(op->results[0].type) || !ir_one_use(&op->results[0])) return false;
  if (op->code == OP_LOAD || !has_dot(a, op->block)) return false;
  Type *t = gpu_with(a->cx, op->results[0].type, to);
  if (gpu_registers(gpu_layout(a->cx, t)) * 32 * a->num_warps != ir_numel(t)) return false;
  Arithmetic all = {.bits = ir_elem(t)->bits};
  if (!add_operands(a, &all, op)) return false;
  for (uint32_t i = 0; i < all.order.len; i++)
    if (all.order.at[i]->code != OP_LOAD && !add_operands(a, &all, all.order.at[i])) return false;
  for (uint32_t i = 0; i < all.order.len; i++)
    for (const Use *u = all.order.at[i]->results[0].uses; u; u = u->next)
      if (u->op != op && (!map_has(&all.ops, u->op) || u->op->code == OP_LOAD)) return false;
  if (!all.loads) return false;
  map_put(a->cx, &a->of_loads, op, a);
  for (uint32_t i = 0; i < all.order.len; i++)
    if (all.order.at[i]->code != OP_LOAD) map_put(a->cx, &a->of_loads, all.order.at[i], a);
  return true;
}

/* `v` in the layout `to`, which is not NULL, if that is there already; else NULL. */
static Value *at_hand(Assign *a, Value *v, Attr *to) {
  while (ir_is_tensor(v->type) && v->op && v->op->code == OP_CONVERT_LAYOUT) v = ir_operand(v->op, 0);
  if (!ir_is_tensor(v->type)) return v;
  if (assigned(a, v) == to || v->type->encoding == to) return v;
  return gpu_assign_known(a, v, to);
}

/* The same, and when it is not there it is put on the list of what is to be made first. */
static Value *ask(Assign *a, Value *v, Attr *to) {
  Value *x = at_hand(a, v, to);
  if (!x) vec_push(a->cx, &a->wishes, ((Wish){v, to}));
  return x;
}

/* The op again, on operands in the layouts that give its result the layout `to`; NULL while one of them does not exist yet.
 * Dense constants are changed with their type. */
static Value *rematerialized(Assign *a, Value *v, Attr *to, Attr *operand_encoding) {
  Op *op = v->op;
  Value **operands = NEWN(a->cx, Value *, op->noperands + 1);
  bool all = true;
  for (int i = 0; i < op->noperands; i++) all &= (operands[i] = ask(a, ir_operand(op, i), operand_encoding)) != NULL;
  if (!all) return NULL;
  Builder b = gpu_assign_after(a, v);
  Map map = {0};
  Op *copy = ir_clone(&b, op, &map);
  if (map_has(&a->constancies, op)) map_put(a->cx, &a->constancies, copy, map_get(&a->constancies, op));
  for (int i = 0; i < op->noperands; i++) ir_set_operand(copy, i, operands[i]);
  for (int i = 0; i < copy->nresults; i++) copy->results[i].type = gpu_with(a->cx, op->results[i].type, to);
  if (op->code == OP_CONSTANT) {
    Attr *value = ir_attr(op, "value");
    Type *t = copy->results[0].type;
    ir_set_attr(a->cx, copy, "value",
                value->kind == ATTR_DENSE ? ir_attr_dense(a->cx, t, value->items)
                                          : ir_attr_splat(a->cx, t, value->items[0]));
  }
  return &copy->results[v->index];
}

static Value *converted(Assign *a, Value *v, Attr *to) {
  Builder b = gpu_assign_after(a, v);
  return ir_make(&b, OP_CONVERT_LAYOUT, gpu_with(a->cx, v->type, to), v, NULL);
}

/* A rematerializable argument of a loop gets a layout when a use asks for one; it waits for what it starts from. */
bool gpu_assign_carried(Assign *a, Value *arg, Attr *to) {
  Op *loop = arg->block->region->op;
  if (!loop || loop->code != OP_FOR) ctx_fail(a->cx, ERR_INTERNAL, "an argument without a layout");
  int i = arg->index - 1;
  Value *init = ask(a, ir_loop_init(loop, i), to);
  if (!init) return false;
  map_put(a->cx, &a->assigned, arg, to);
  map_put(a->cx, &a->assigned, &loop->results[i], to);
  arg->type = gpu_with(a->cx, arg->type, to);
  loop->results[i].type = arg->type;
  ir_loop_set_init(loop, i, init);
  return true;
}

/* One step toward `v` in the layout `to`: false while something else, now on the list, must be made before. */
static bool make_version(Assign *a, Value *v, Attr *to) {
  if (at_hand(a, v, to)) return true;
  while (v->op && v->op->code == OP_CONVERT_LAYOUT) v = ir_operand(v->op, 0);
  Attr *e = assigned(a, v);
  if (!e && !v->op) return gpu_assign_carried(a, v, to);
  if (!e && v->op->code == OP_FOR) return gpu_assign_carried(a, ir_loop_arg(v->op, v->index), to);
  Op *op = v->op;
  /* What a load's addresses come from may have got a layout of its own by now. */
  bool again = op &&
               (!e || is_broadcast(a, v) || enlarges(a, op) || is_of_a_load(a, op) || is_of_copied_loads(a, op, to)) &&
               (op->code != OP_LOAD || (gpu_assign_is_small_load(a, op) && !is_copied_ahead(a, op, to)));
  again |= op && gpu_assign_is_loaded_as_well(a, op, to);
  again &= !e || !gpu_assign_is_cheaper_moved(a, v, to);
  if (again) {
    Attr *operand_encoding = op->noperands ? gpu_operand_encoding(a->cx, op, to, a->num_warps) : NULL;
    if (op->code != OP_JOIN || operand_encoding) {
      Value *made = rematerialized(a, v, to, operand_encoding);
      if (made) gpu_assign_remember(a, v, to, made);
      return made != NULL;
    }
  }
  if (!e) { /* a join of constants, which cannot come in this layout: made in one of its own, and converted */
    v = ask(a, v, gpu_result_encoding(a->cx, op, block_of(a, ir_operand(op, 0)->type)));
    if (!v) return false;
    gpu_assign_remember(a, &op->results[0], to, converted(a, v, to));
    return true;
  }
  gpu_assign_remember(a, v, to, converted(a, v, to));
  return true;
}

/* Chains of rematerializable values are as long as the program: a list of what is to be made, and no recursion. */
Value *gpu_value_in_layout(Assign *a, Value *v, Attr *to) {
  Value *x = ask(a, v, to);
  if (x) return x;
  while (a->wishes.len) {
    Wish w = a->wishes.at[a->wishes.len - 1];
    uint32_t before = a->wishes.len;
    if (make_version(a, w.v, w.to)) a->wishes.len = before - 1;
  }
  return at_hand(a, v, to);
}
