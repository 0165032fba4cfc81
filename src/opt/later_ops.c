/* later_ops.c: atomic loads, stores and polling, which later files of Triton IR have ops for, by tt.atomic_rmw.
 *
 * An `or` with zero gives what is in memory, an exchange stores: they order memory as the ops would, and what they write
 * back nobody can tell from what was there. Floats go as integers of their width. A poll is a loop of such loads; of a
 * tensor, each element is loaded until it has been seen to have its value, as one whose value changes again has been
 * seen too.
 */
#include "opt/internal.h"

#include <string.h>

typedef struct Later {
  Ctx *cx;
  Vec(Op *) at;
} Later;

static void collect(Op *op, void *arg) {
  Later *l = arg;
  if (op->code == OP_ATOMIC_LOAD || op->code == OP_ATOMIC_STORE || op->code == OP_ATOMIC_POLL)
    vec_push(l->cx, &l->at, op);
}

static Value *all_true(Builder *b, Type *like) {
  return ir_const_int(b, ir_tensor_like(b->cx, like, ir_int(b->cx, 1)), 1);
}

static Value *rmw(Builder *b, const Op *op, const char *what, Value *ptr, Value *x, Value *mask) {
  Value *r = ir_make(b, OP_ATOMIC_RMW, x->type, ptr, x, mask ? mask : all_true(b, x->type), NULL);
  ir_set_attr(b->cx, r->op, "atomic_rmw_op", ir_attr_enum(b->cx, what));
  ir_set_attr(b->cx, r->op, "sem", ir_attr(op, "sem"));
  ir_set_attr(b->cx, r->op, "scope", ir_attr(op, "scope"));
  return r;
}

static Value *mask_of(const Op *op) {
  int at;
  return ir_operand_group(op, "mask", &at) ? ir_operand(op, at) : NULL;
}

static void check_width(Ctx *cx, const Op *op, const Type *elem) {
  if (elem->kind == TYPE_PTR || elem->bits < 32)
    ir_fail(cx, op, NULL, "'%s': elements of 32 or 64 bits are expected, not %s", ir_info(op)->name,
            ir_type_text(cx, (Type *)elem));
}

/* The integers as which elements of type `value` are loaded, and the pointer to them. */
static Type *as_integers(Builder *b, Type *value, Value **ptr) {
  Type *elem = ir_elem(value), *bits = ir_int(b->cx, elem->bits);
  if (elem->kind == TYPE_INT) return value;
  Type *pointer = ir_ptr(b->cx, bits, ir_elem((*ptr)->type)->address_space);
  *ptr = ir_make(b, OP_TT_BITCAST, ir_tensor_like(b->cx, (*ptr)->type, pointer), *ptr, NULL);
  return ir_tensor_like(b->cx, value, bits);
}

static Value *load(Builder *b, const Op *op, Value *ptr, Type *integers, Value *mask) {
  return rmw(b, op, "or", ptr, ir_const_int(b, integers, 0), mask);
}

static void replace_load(Ctx *cx, Op *op) {
  Builder b = ir_before(cx, op);
  Value *ptr = ir_operand(op, 0), *mask = mask_of(op);
  Type *type = op->results[0].type;
  check_width(cx, op, ir_elem(type));
  Type *integers = as_integers(&b, type, &ptr);
  Value *v = load(&b, op, ptr, integers, mask);
  ir_replace_all(&op->results[0], v->type == type ? v : ir_make(&b, OP_BITCAST, type, v, NULL));
}

static void replace_store(Ctx *cx, Op *op) {
  Builder b = ir_before(cx, op);
  check_width(cx, op, ir_elem(ir_operand(op, 1)->type));
  rmw(&b, op, "exch", ir_operand(op, 0), ir_operand(op, 1), mask_of(op));
}

/* scf.while: which elements have been seen is carried; a first region's load looks at the others. */
static void replace_poll(Ctx *cx, Op *op) {
  Builder b = ir_before(cx, op);
  int at;
  Value *ptr = ir_operand(op, 0), *expected = ir_operand(op, 1);
  Type *type = op->results[0].type;
  check_width(cx, op, ir_elem(expected->type));
  if (ir_operand_group(op, "timeout", &at)) ir_fail(cx, op, NULL, "'%s': time is not measured", ir_info(op)->name);
  if (ir_is_tensor(type) && type->encoding)
    ir_fail(cx, op, NULL, "'%s': a tensor of pointers is polled in Triton IR only", ir_info(op)->name);
  Value *none = ir_const_int(&b, type, 0);
  Op *loop = ir_op(&b, OP_WHILE, &type, 1, &none, 1);
  Builder first = ir_at_end(cx, ir_add_block(cx, ir_add_region(cx, loop)));
  Builder again = ir_at_end(cx, ir_add_block(cx, ir_add_region(cx, loop)));
  first.loc = again.loc = b.loc;
  Value *seen = ir_add_arg(cx, loop->regions[0]->first, type, b.loc);
  Value *missing = ir_make(&first, OP_XORI, NULL, seen, all_true(&first, type), NULL);
  Value *found = ir_compare(&first, "eq", load(&first, op, ptr, expected->type, missing), expected);
  found = ir_make(&first, OP_ANDI, NULL, found, missing, NULL);
  seen = ir_make(&first, OP_ORI, NULL, seen, found, NULL);
  Value *rest = ir_make(&first, OP_XORI, NULL, seen, all_true(&first, type), NULL);
  ir_effect(&first, OP_CONDITION, ir_is_tensor(type) ? opt_any(&first, rest) : rest, seen, NULL);
  ir_effect(&again, OP_YIELD, ir_add_arg(cx, loop->regions[1]->first, type, b.loc), NULL);
  ir_replace_all(&op->results[0], &loop->results[0]);
}

bool opt_later_ops(Ctx *cx, Module *m) {
  Later later = {.cx = cx};
  ir_walk(m->op, collect, &later);
  for (uint32_t i = 0; i < later.at.len; i++) {
    Op *op = later.at.at[i];
    if (op->code == OP_ATOMIC_LOAD)
      replace_load(cx, op);
    else if (op->code == OP_ATOMIC_STORE)
      replace_store(cx, op);
    else
      replace_poll(cx, op);
    ir_erase(op);
  }
  return later.at.len > 0;
}
