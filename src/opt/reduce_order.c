/* reduce_order.c: the order of a reduction whose function is not commutative.
 *
 * Problem: back ends combine elements in whichever order costs least: a thread's own, then lanes', then warps'. For
 * a function f with f(a, b) != f(b, a), of which only associativity is asked, the result would depend on the target.
 *
 * Idea: a scan keeps the order of the elements everywhere, and its last element is the reduction. So such a tt.reduce
 * becomes a tt.scan with the same function; its last element is taken by an `or` over the bits of all elements, those
 * before it being zero. The fast orders remain for functions that are commutative. One that is a single commutative op
 * surely is; any other is evaluated at some points both ways, ties among them: what agrees at all of them, up to
 * rounding, is taken to be commutative (a polynomial identity that holds at random points holds, but for a small
 * probability: Schwartz, 1980). A function may do something else beyond a limit, or for packed numbers: so there are points near
 * each constant that it has, and a tenth of the integers is anywhere. The points are the same in every compile. A function that cannot be evaluated (a call,
 * a loop, inline assembly) is taken not to be.
 *
 * Cost: points times the size of the function, once for each reduction that is no single op.
 */
#include "opt/internal.h"

#include <limits.h>
#include <math.h>

enum { POINTS = 32, NEAR = 16, MOST_CONSTANTS = 64 };

typedef struct Samples {
  Ctx *cx;
  uint64_t state;
  Map elems;           /* Value to Elem */
  Vec(Elem) constants; /* of the function: where it may change what it does */
  const Elem *near;    /* the one that this point is near, or NULL */
} Samples;

/* A small number; a linear congruential generator's high bits (Knuth's constants). */
static int draw(Samples *p, int below) {
  p->state = p->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (int)((p->state >> 33) % (uint64_t)below);
}

/* Floats are spread over (-4, 4), so that none is zero, nor a sum of two: what a function does there for its own
 * safety, as Welford's for two empty halves, is not what its order depends on. */
static Elem draw_element(Samples *p, Type *t) {
  if (ir_is_float(t)) {
    double x = (draw(p, 1 << 30) + 0.5) / (1 << 27) - 4;
    return (Elem){.type = t, .f = p->near && ir_is_float(p->near->type) ? p->near->f + x : x};
  }
  uint64_t x = (uint64_t)(draw(p, 33) - 16);
  if (p->near && ir_is_int(p->near->type))
    x = p->near->i + (uint64_t)(draw(p, 9) - 4);
  else if (!draw(p, 10))
    x = (uint64_t)draw(p, INT_MAX) << 33 ^ (uint64_t)draw(p, INT_MAX);
  return (Elem){.type = t, .i = low_bits(x, t->bits)};
}

/* The constants of a block, and of those in it; each of them is a scalar. */
static void find_constants(Samples *p, const Block *b) {
  for (const Op *op = b->first; op; op = op->next) {
    Elem e = {0};
    if (op->code == OP_CONSTANT && op->nresults == 1) {
      const Attr *value = ir_const_value(&op->results[0]);
      e.type = op->results[0].type;
      if (value && (ir_is_int(e.type) ? e.type->bits > 1 : ir_is_float(e.type)) && fold_element_of(value, &e) &&
          (ir_is_int(e.type) || isfinite(e.f)) && p->constants.len < MOST_CONSTANTS)
        vec_push(p->cx, &p->constants, e);
    }
    for (int r = 0; r < op->nregions; r++)
      if (op->regions[r]->first) find_constants(p, op->regions[r]->first);
  }
}

static void put(Samples *p, const Value *v, Elem e) {
  Elem *kept = NEW(p->cx, Elem);
  *kept = e;
  map_put(p->cx, &p->elems, v, kept);
}

static bool function(Opcode code, double x, double *r) {
  switch (code) {
  case OP_EXP: return *r = exp(x), true;
  case OP_EXP2: return *r = exp2(x), true;
  case OP_LOG: return *r = log(x), true;
  case OP_LOG2: return *r = log2(x), true;
  case OP_SIN: return *r = sin(x), true;
  case OP_COS: return *r = cos(x), true;
  case OP_ERF: return *r = erf(x), true;
  case OP_RSQRT: return *r = 1 / sqrt(x), true;
  default: return false;
  }
}

static bool evaluate_op(Samples *p, const Op *op) {
  if (op->nresults != 1 || op->noperands > 3) return false;
  Elem r = {.type = op->results[0].type}, in[3] = {0};
  if (op->code == OP_CONSTANT) {
    const Attr *value = ir_const_value(&op->results[0]);
    if (!value || !fold_element_of(value, &r)) return false;
    return put(p, &op->results[0], r), true;
  }
  if (!ir_has(op, T_PURE | T_ELEMENTWISE) || (!ir_is_int(r.type) && !ir_is_float(r.type))) return false;
  for (int i = 0; i < op->noperands; i++) {
    const Elem *e = map_get(&p->elems, ir_operand(op, i));
    if (!e) return false;
    in[i] = *e;
  }
  if (!fold_element(op, in, &r) &&
      !(op->noperands == 1 && ir_is_float(in[0].type) && function(op->code, in[0].f, &r.f)))
    return false;
  if (ir_is_int(r.type)) r.i = low_bits(r.i, r.type->bits);
  return put(p, &op->results[0], r), true;
}

/* The ops of a block; nested as deep as the source's `if`s are. What its terminator gives is known afterwards. */
static bool evaluate_block(Samples *p, const Block *b) {
  for (const Op *op = b->first; op != b->last; op = op->next) {
    if (op->code != OP_IF) {
      if (!evaluate_op(p, op)) return false;
      continue;
    }
    const Elem *condition = map_get(&p->elems, ir_operand(op, 0));
    int which = condition && condition->i ? 0 : 1;
    if (!condition || op->nregions < 2 || !op->regions[which]->first) return false;
    const Block *taken = op->regions[which]->first;
    if (!evaluate_block(p, taken)) return false;
    for (int i = 0; i < op->nresults; i++) {
      const Elem *e = map_get(&p->elems, ir_operand(taken->last, i));
      if (!e) return false;
      put(p, &op->results[i], *e);
    }
  }
  return true;
}

static bool call(Samples *p, const Block *b, const Elem *x, const Elem *y, int n, Elem *out) {
  p->elems = (Map){0};
  for (int i = 0; i < n; i++) {
    put(p, b->args[i], x[i]);
    put(p, b->args[n + i], y[i]);
  }
  if (!evaluate_block(p, b)) return false;
  for (int i = 0; i < n; i++) {
    const Elem *e = map_get(&p->elems, ir_operand(b->last, i));
    if (!e) return false;
    out[i] = *e;
  }
  return true;
}

static bool close_to(const Elem *x, const Elem *y) {
  if (!ir_is_float(x->type)) return x->i == y->i;
  if (isnan(x->f) || isnan(y->f)) return isnan(x->f) && isnan(y->f);
  return x->f == y->f || fabs(x->f - y->f) <= 1e-9 * (1 + fabs(x->f));
}

static bool is_single_op(const Block *b, int n) {
  const Op *op = b->first;
  if (n != 1 || !op || op->next != b->last || op->noperands != 2 || ir_operand(b->last, 0) != &op->results[0])
    return false;
  const Value *x = ir_operand(op, 0), *y = ir_operand(op, 1);
  return ir_has(op, T_COMMUTATIVE) && x != y && x->block == b && y->block == b;
}

/* Does f(x, y) give what f(y, x) gives? Points where it has no single answer (a division by zero) say nothing, but most
 * must say something. */
static bool is_commutative(Ctx *cx, const Block *b, int n) {
  if (is_single_op(b, n)) return true;
  Samples p = {.cx = cx, .state = 1};
  find_constants(&p, b);
  Elem *x = NEWN(cx, Elem, n), *y = NEWN(cx, Elem, n), *xy = NEWN(cx, Elem, n), *yx = NEWN(cx, Elem, n);
  int known = 0, points = POINTS + NEAR * (int)p.constants.len;
  for (int at = 0; at < points; at++) {
    p.near = at < POINTS ? NULL : &p.constants.at[(at - POINTS) / NEAR];
    for (int i = 0; i < n; i++) {
      Type *t = b->args[i]->type;
      if (!ir_is_int(t) && !ir_is_float(t)) return false;
      x[i] = draw_element(&p, t);
      y[i] = draw(&p, 4) ? draw_element(&p, t) : x[i];
    }
    if (!call(&p, b, x, y, n, xy) || !call(&p, b, y, x, n, yx)) continue;
    known++;
    for (int i = 0; i < n; i++)
      if (!close_to(&xy[i], &yx[i])) return false;
  }
  return known >= points / 2;
}

/* ---- the last element of a scan ---------------------------------------------------------------------------------- */

/* Of the shape of `like`: is this the last element along the axis? */
static Value *is_last(Builder *b, const Type *like, int axis) {
  Ctx *cx = b->cx;
  int64_t n = like->shape[axis];
  Type *i32 = ir_int(cx, 32), *t = ir_tensor(cx, i32, 1, &n, NULL);
  Value *v = ir_make(b, OP_MAKE_RANGE, t, NULL);
  ir_set_int(cx, v->op, "start", 0);
  ir_set_int(cx, v->op, "end", n);
  v = ir_compare(b, "eq", v, ir_const_int(b, t, n - 1));
  for (int d = 0; d < like->rank; d++) {
    if (d == axis) continue;
    int64_t shape[IR_MAX_RANK];
    int rank = v->type->rank, at = d < axis ? 0 : rank;
    for (int k = 0, from = 0; k <= rank; k++) shape[k] = k == at ? 1 : v->type->shape[from++];
    v = ir_make(b, OP_EXPAND_DIMS, ir_tensor(cx, ir_int(cx, 1), rank + 1, shape, NULL), v, NULL);
    ir_set_int(cx, v->op, "axis", at);
  }
  Type *whole = ir_tensor_like(cx, (Type *)like, ir_int(cx, 1));
  return v->type == whole ? v : ir_make(b, OP_BROADCAST, whole, v, NULL);
}

/* Of integers, all but one of which are zero along the axis: that one. */
static Value *only(Builder *b, Value *x, int axis, Type *result) {
  Ctx *cx = b->cx;
  Op *op = ir_op(b, OP_REDUCE, &result, 1, &x, 1);
  ir_set_int(cx, op, "axis", axis);
  Block *body = ir_add_block(cx, ir_add_region(cx, op));
  Value *l = ir_add_arg(cx, body, ir_elem(result), b->loc), *r = ir_add_arg(cx, body, ir_elem(result), b->loc);
  Builder in = ir_at_end(cx, body);
  in.loc = b->loc;
  Value *either = ir_make(&in, OP_ORI, NULL, l, r, NULL);
  ir_effect(&in, OP_REDUCE_RETURN, either, NULL);
  return ir_result(op, 0);
}

static Type *with_elem(Ctx *cx, Type *t, Type *elem) { return ir_is_tensor(t) ? ir_tensor_like(cx, t, elem) : elem; }

static void by_scan(Ctx *cx, Op *op) {
  Builder b = ir_before(cx, op);
  b.loc = op->loc;
  int n = op->noperands, axis = (int)ir_attr_int_or(op, "axis", 0);
  Value **in = NEWN(cx, Value *, n);
  Type **types = NEWN(cx, Type *, n);
  for (int i = 0; i < n; i++) types[i] = (in[i] = ir_operand(op, i))->type;
  Op *scan = ir_op(&b, OP_SCAN, types, n, in, n);
  ir_set_int(cx, scan, "axis", axis);
  ir_set_attr(cx, scan, "reverse", ir_attr_int(cx, ir_int(cx, 1), 0));
  Map map = {0};
  ir_clone_region(cx, ir_add_region(cx, scan), op->regions[0], &map);
  Op *end = ir_terminator(ir_entry(scan, 0));
  Builder e = ir_before(cx, end);
  e.loc = end->loc;
  Value **given = NEWN(cx, Value *, n);
  for (int i = 0; i < n; i++) given[i] = ir_operand(end, i);
  ir_op(&e, OP_SCAN_RETURN, NULL, 0, given, n);
  ir_erase(end);
  Value *last = is_last(&b, types[0], axis);
  for (int i = 0; i < n; i++) {
    Value *x = ir_result(scan, i), *result = &op->results[i];
    Type *elem = ir_elem(x->type), *bits = ir_int(cx, elem->bits);
    if (ir_is_float(elem)) x = ir_make(&b, OP_TT_BITCAST, ir_tensor_like(cx, x->type, bits), x, NULL);
    x = ir_make(&b, OP_SELECT, x->type, last, x, ir_const_int(&b, x->type, 0), NULL);
    x = only(&b, x, axis, with_elem(cx, result->type, bits));
    if (ir_is_float(elem)) x = ir_make(&b, OP_TT_BITCAST, result->type, x, NULL);
    ir_replace_all(result, x);
  }
  ir_erase(op);
}

static bool has_order(Ctx *cx, const Op *op) {
  if (op->code != OP_REDUCE) return false;
  const Type *t = ir_operand(op, 0)->type;
  if (t->shape[ir_attr_int_or(op, "axis", 0)] == 1) return false;
  for (int i = 0; i < op->noperands; i++) {
    const Type *elem = ir_elem(ir_operand(op, i)->type);
    if (!ir_is_int(elem) && !ir_is_float(elem)) return false;
  }
  return !is_commutative(cx, ir_entry(op, 0), op->noperands);
}

bool opt_reduce_order(Ctx *cx, Module *m) { return opt_rewrite_each(cx, m, has_order, by_scan); }
