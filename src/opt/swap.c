/* swap.c: the minimum or maximum of 16-bit floats with what lies in memory, by comparing and swapping.
 *
 * Problem: no target has such an atomic but the copy engine (TMA) of sm_90, and a float's bits do not order as an
 * integer's where signs differ.
 *
 * Idea: each element loops until nothing is left to change,
 *     want = min(cur, v);  if want is not cur: got = cas(p, cur, want);  cur = got == cur ? want : got
 * all elements together, until none of them changes. The compare-and-swap has no mask: an element that is done, or
 * outside, swaps the tensor's first element, which is always accessible, with itself.
 */
#include "opt/internal.h"

#include <string.h>

Value *opt_any(Builder *b, Value *flags) {
  Ctx *cx = b->cx;
  Type *i1 = ir_int(cx, 1);
  int64_t n = ir_numel(flags->type);
  Value *v = flags;
  if (flags->type->rank > 1) {
    v = ir_make(b, OP_RESHAPE, ir_tensor(cx, i1, 1, &n, NULL), flags, NULL);
    ir_set_attr(cx, v->op, "allow_reorder", ir_attr_unit(cx));
  }
  Op *op = ir_op(b, OP_REDUCE, &i1, 1, &v, 1);
  ir_set_attr(cx, op, "axis", ir_attr_int(cx, ir_int(cx, 32), 0));
  Block *body = ir_add_block(cx, ir_add_region(cx, op));
  Value *x = ir_add_arg(cx, body, i1, b->loc), *y = ir_add_arg(cx, body, i1, b->loc);
  Builder in = ir_at_end(cx, body);
  in.loc = b->loc;
  Value *either = ir_make(&in, OP_ORI, NULL, x, y, NULL);
  ir_effect(&in, OP_REDUCE_RETURN, either, NULL);
  return ir_result(op, 0);
}

void opt_swap_extremum(Builder *b, bool is_max, Value *at, Value *v, Value *mask, Value *first) {
  Ctx *cx = b->cx;
  Type *floats = v->type, *bits = ir_tensor_like(cx, floats, ir_int(cx, 16));
  Type *pointer = ir_ptr(cx, ir_int(cx, 16), at->type->elem->address_space);
  Value *p = ir_make(b, OP_TT_BITCAST, ir_tensor_like(cx, at->type, pointer), at, NULL);
  Value *safe = ir_make(b, OP_TT_BITCAST, pointer, first, NULL);
  safe = ir_make(b, OP_SPLAT, p->type, safe, NULL);
  Value *cur = ir_make(b, OP_LOAD, bits, p, mask, ir_const_int(b, bits, 0), NULL);
  Op *loop = ir_op(b, OP_WHILE, &bits, 1, &cur, 1);
  Loc *loc = b->loc;

  Block *before = ir_add_block(cx, ir_add_region(cx, loop));
  Value *seen = ir_add_arg(cx, before, bits, loc);
  Builder c = ir_at_end(cx, before);
  c.loc = loc;
  Value *number = ir_make(&c, OP_TT_BITCAST, floats, seen, NULL);
  Value *want = ir_make(&c, is_max ? OP_MAXNUMF : OP_MINNUMF, NULL, number, v, NULL);
  want = ir_make(&c, OP_TT_BITCAST, bits, want, NULL);
  Value *active = ir_compare(&c, "ne", want, seen);
  if (mask) active = ir_make(&c, OP_ANDI, NULL, active, mask, NULL);
  Value *to = ir_make(&c, OP_SELECT, p->type, active, p, safe, NULL);
  Value *next = ir_make(&c, OP_SELECT, bits, active, want, seen, NULL);
  Value *got = ir_make(&c, OP_ATOMIC_CAS, bits, to, seen, next, NULL);
  ir_set_attr(cx, got->op, "sem", ir_attr_enum(cx, "relaxed"));
  ir_set_attr(cx, got->op, "scope", ir_attr_enum(cx, "gpu"));
  Value *swapped = ir_compare(&c, "eq", got, seen);
  got = ir_make(&c, OP_SELECT, bits, swapped, next, got, NULL);
  got = ir_make(&c, OP_SELECT, bits, active, got, seen, NULL);
  Value *more = opt_any(&c, active);
  ir_effect(&c, OP_CONDITION, more, got, NULL);

  Block *after = ir_add_block(cx, ir_add_region(cx, loop));
  Value *carried = ir_add_arg(cx, after, bits, loc);
  Builder a = ir_at_end(cx, after);
  a.loc = loc;
  ir_effect(&a, OP_YIELD, carried, NULL);
}
