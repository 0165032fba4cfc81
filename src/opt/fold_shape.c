/* fold_shape.c: rules of ops that arrange elements, and how elementwise ops move through them: a computation on copies
 * of one value is done once, before the copying. fold_rules.def says what each does.
 */
#include "opt/internal.h"

#include <string.h>

/* The constant tensor all of whose elements are one, or NULL. */
static Attr *uniform_constant(const Value *v) {
  Attr *a = ir_const_value(v);
  return a && a->kind == ATTR_SPLAT ? a : NULL;
}

bool fold_same_type(Fold *f, Op *op) { return arg0(op)->type == op->results[0].type && fold_replace(f, op, arg0(op)); }

/* `like`, a splat or constant splat, with another shape; NULL when it is neither. */
static Value *uniform_as(Fold *f, Op *op, Value *like, Type *type) {
  Attr *a = uniform_constant(like);
  if (a) return fold_attr(f, op, ir_attr_splat(f->cx, type, a->items[0]));
  Op *splat = def_of(like, OP_SPLAT);
  return splat ? fold_make(f, op, OP_SPLAT, type, arg0(splat), NULL, NULL) : NULL;
}

bool fold_shape_uniform(Fold *f, Op *op) {
  Value *v = uniform_as(f, op, arg0(op), op->results[0].type);
  return v && fold_replace(f, op, v);
}

bool fold_splat_constant(Fold *f, Op *op) {
  Attr *a = ir_const_value(arg0(op));
  if (!a || ir_is_tensor(arg0(op)->type)) return false;
  return fold_replace(f, op, fold_attr(f, op, ir_attr_splat(f->cx, op->results[0].type, a)));
}

bool fold_splat_unsplat(Fold *f, Op *op) {
  Op *in = def_of(arg0(op), OP_UNSPLAT);
  return in && arg0(in)->type == op->results[0].type && fold_replace(f, op, arg0(in));
}

bool fold_unsplat(Fold *f, Op *op) {
  Attr *a = uniform_constant(arg0(op));
  if (a) return fold_replace(f, op, fold_attr(f, op, a->items[0]));
  Op *in = def_of(arg0(op), OP_SPLAT);
  return in && fold_replace(f, op, arg0(in));
}

bool fold_broadcast_twice(Fold *f, Op *op) {
  Op *in = def_of(arg0(op), OP_BROADCAST);
  return in && fold_replace(f, op, fold_make(f, op, OP_BROADCAST, op->results[0].type, arg0(in), NULL, NULL));
}

/* The inner one must keep the order of elements, unless the outer one may reorder them. */
bool fold_reshape_twice(Fold *f, Op *op) {
  Op *in = arg0(op)->op;
  if (!in || (in->code != OP_RESHAPE && in->code != OP_EXPAND_DIMS)) return false;
  if (ir_attr(in, "allow_reorder") && !ir_attr(op, "allow_reorder")) return false;
  Value *x = arg0(in);
  return fold_replace(f, op, fold_make_like(f, op, op->results[0].type, &x, 1));
}

/* ---- trans ------------------------------------------------------------------------------------------------------- */

static bool order_of(const Op *op, int64_t order[IR_MAX_RANK]) {
  const Attr *a = ir_attr(op, "order");
  int rank = op->results[0].type->rank;
  if (!a || a->kind != ATTR_INTS || a->n != rank || rank > IR_MAX_RANK) return false;
  for (int i = 0; i < rank; i++) {
    if (a->ints[i] < 0 || a->ints[i] >= rank) return false;
    order[i] = a->ints[i];
  }
  return true;
}

bool fold_trans_identity(Fold *f, Op *op) {
  int64_t order[IR_MAX_RANK];
  if (!order_of(op, order) || arg0(op)->type != op->results[0].type) return false;
  for (int i = 0; i < op->results[0].type->rank; i++)
    if (order[i] != i) return false;
  return fold_replace(f, op, arg0(op));
}

/* Dimension i of the result is outer[i] of what is between, which is inner[outer[i]] of the source. */
bool fold_trans_twice(Fold *f, Op *op) {
  int64_t outer[IR_MAX_RANK], inner[IR_MAX_RANK];
  Op *in = def_of(arg0(op), OP_TRANS);
  if (!in || !order_of(op, outer) || !order_of(in, inner)) return false;
  int rank = op->results[0].type->rank;
  for (int i = 0; i < rank; i++) outer[i] = inner[outer[i]];
  Value *v = fold_make(f, op, OP_TRANS, op->results[0].type, arg0(in), NULL, NULL);
  ir_set_attr(f->cx, v->op, "order", ir_attr_ints(f->cx, ir_attr(op, "order")->type, outer, rank));
  return fold_replace(f, op, v);
}

/* ---- join, split ------------------------------------------------------------------------------------------------- */

bool fold_join_split(Fold *f, Op *op) {
  Op *a = def_of(arg0(op), OP_SPLIT);
  if (!a || arg1(op)->op != a || arg0(op)->index != 0 || arg1(op)->index != 1) return false;
  return arg0(a)->type == op->results[0].type && fold_replace(f, op, arg0(a));
}

bool fold_join_uniform(Fold *f, Op *op) { return arg0(op) == arg1(op) && fold_shape_uniform(f, op); }

static bool replace_results(Fold *f, Op *op, Value *const *with) {
  for (int i = 0; i < op->nresults; i++) {
    for (Use *u = op->results[i].uses; u; u = u->next) fold_push(f, u->op);
    ir_replace_all(&op->results[i], with[i]);
  }
  fold_erase(f, op);
  return true;
}

bool fold_split(Fold *f, Op *op) {
  Op *join = def_of(arg0(op), OP_JOIN);
  if (join) {
    Value *with[2] = {arg0(join), arg1(join)};
    return replace_results(f, op, with);
  }
  Value *x = uniform_as(f, op, arg0(op), op->results[0].type);
  Value *with[2] = {x, x};
  return x && replace_results(f, op, with);
}

/* ---- one element ------------------------------------------------------------------------------------------------- */

bool fold_range_of_one(Fold *f, Op *op) {
  int64_t start = ir_attr_int_or(op, "start", 0);
  if (ir_numel(op->results[0].type) != 1) return false;
  return fold_replace(f, op, fold_int(f, op, op->results[0].type, start));
}

static bool one_along_axis(const Op *op) {
  const Type *type = op->noperands ? arg0(op)->type : NULL;
  int64_t axis = ir_attr_int_or(op, "axis", -1);
  return type && axis >= 0 && axis < type->rank && type->shape[axis] == 1 && op->nresults == op->noperands;
}

bool fold_reduce_one(Fold *f, Op *op) {
  if (!one_along_axis(op)) return false;
  Value **with = NEWN(f->cx, Value *, op->nresults);
  for (int i = 0; i < op->nresults; i++) {
    Type *type = op->results[i].type;
    with[i] = fold_make(f, op, ir_is_tensor(type) ? OP_RESHAPE : OP_UNSPLAT, type, ir_operand(op, i), NULL, NULL);
  }
  return replace_results(f, op, with);
}

bool fold_scan_one(Fold *f, Op *op) {
  if (!one_along_axis(op)) return false;
  Value **with = NEWN(f->cx, Value *, op->nresults);
  for (int i = 0; i < op->nresults; i++) with[i] = ir_operand(op, i);
  return replace_results(f, op, with);
}

/* ---- elementwise ops of copies ----------------------------------------------------------------------------------- */

/* The one shape that all broadcast operands come from. False when there is none, or an operand is no copy. */
static bool source_shape(const Op *op, Type **shape, bool *splats) {
  *shape = NULL, *splats = false;
  for (int i = 0; i < op->noperands; i++) {
    Value *v = ir_operand(op, i);
    if (!ir_is_tensor(v->type) || uniform_constant(v)) continue; /* a scalar condition of select; a constant */
    Op *in = v->op;
    if (in && in->code == OP_SPLAT) {
      *splats = true;
    } else if (in && in->code == OP_BROADCAST) {
      if (*shape && !(ir_same_shape(*shape, arg0(in)->type) && (*shape)->encoding == arg0(in)->type->encoding))
        return false;
      *shape = arg0(in)->type;
    } else {
      return false;
    }
  }
  return *shape || *splats;
}

/* What stands for operand `v` before the copying: a scalar when `shape` is NULL. */
static Value *before_copy(Fold *f, Op *op, Value *v, Type *shape) {
  if (!ir_is_tensor(v->type)) return v;
  if (v->op->code == OP_BROADCAST) return arg0(v->op);
  Attr *a = uniform_constant(v);
  if (!shape) return a ? fold_attr(f, op, a->items[0]) : arg0(v->op);
  return uniform_as(f, op, v, ir_tensor_like(f->cx, shape, v->type->elem));
}

bool fold_elementwise(Fold *f, Op *op) {
  Type *shape, *type = op->results[0].type;
  bool splats;
  if (op->nresults != 1 || !op->noperands || op->noperands > 3 || !ir_is_tensor(type)) return false;
  if (!source_shape(op, &shape, &splats)) return false;
  Value *operands[3];
  for (int i = 0; i < op->noperands; i++) operands[i] = before_copy(f, op, ir_operand(op, i), shape);
  Type *inner = shape ? ir_tensor_like(f->cx, shape, type->elem) : type->elem;
  Value *v = fold_make_like(f, op, inner, operands, op->noperands);
  return fold_replace(f, op, fold_make(f, op, shape ? OP_BROADCAST : OP_SPLAT, type, v, NULL, NULL));
}
