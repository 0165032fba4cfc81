/* fold_memory.c: rules of pointers, memory and structured control flow. fold_rules.def says what each does. */
#include "opt/internal.h"

/* ---- pointers ---------------------------------------------------------------------------------------------------- */

bool fold_addptr_zero(Fold *f, Op *op) {
  int64_t c;
  return fold_int_constant(arg1(op), &c) && c == 0 && fold_replace(f, op, arg0(op));
}

/* Only when the sum of the offsets does not wrap: each one is extended to 64 bits by itself. */
bool fold_addptr_chain(Fold *f, Op *op) {
  int64_t c, d;
  Op *in = def_of(arg0(op), OP_ADDPTR);
  if (!in || arg1(in)->type != arg1(op)->type || !fold_int_constant(arg1(in), &c) || !fold_int_constant(arg1(op), &d))
    return false;
  int64_t sum;
  if (__builtin_add_overflow(c, d, &sum) || sum != sign_extended((uint64_t)sum, ir_elem(arg1(op)->type)->bits))
    return false;
  Value *offset = fold_int(f, op, arg1(op)->type, sum);
  return fold_replace(f, op, fold_make(f, op, OP_ADDPTR, op->results[0].type, arg0(in), offset, NULL));
}

bool fold_advance_zero(Fold *f, Op *op) {
  int64_t c;
  for (int i = 1; i < op->noperands; i++)
    if (!fold_int_constant(ir_operand(op, i), &c) || c != 0) return false;
  return fold_replace(f, op, arg0(op));
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static Value *zero_of(Fold *f, Op *op, Type *type) {
  const Type *elem = ir_elem(type);
  if (ir_is_int(elem)) return fold_int(f, op, type, 0);
  return ir_is_float(elem) ? fold_float(f, op, type, 0) : NULL;
}

bool fold_load_mask(Fold *f, Op *op) {
  int64_t c;
  if (op->noperands < 2 || !fold_int_constant(arg1(op), &c)) return false;
  if (c) {
    while (op->noperands > 1) ir_remove_operand(op, op->noperands - 1);
    return fold_changed(f, op);
  }
  if (opt_is_volatile(op)) return false;
  Value *v = op->noperands > 2 ? ir_operand(op, 2) : zero_of(f, op, op->results[0].type);
  return v && fold_replace(f, op, v);
}

bool fold_store_mask(Fold *f, Op *op) {
  int64_t c;
  if (op->noperands < 3 || !fold_int_constant(ir_operand(op, 2), &c)) return false;
  if (!c) {
    fold_erase(f, op);
    return true;
  }
  ir_remove_operand(op, 2);
  return fold_changed(f, op);
}

bool fold_atomic_mask(Fold *f, Op *op) {
  int64_t c;
  if (op->noperands < 3 || !fold_int_constant(ir_operand(op, 2), &c)) return false;
  if (c) {
    ir_remove_operand(op, 2);
    return fold_changed(f, op);
  }
  if (!ir_unused(&op->results[0])) return false;
  fold_erase(f, op);
  return true;
}

bool fold_assume(Fold *f, Op *op) {
  int64_t c;
  if (!fold_int_constant(arg0(op), &c) || !c) return false;
  fold_erase(f, op);
  return true;
}

bool fold_assert(Fold *f, Op *op) { return fold_assume(f, op); }

/* ---- dot --------------------------------------------------------------------------------------------------------- */

/* An accumulation written as a sum: tt.dot can add it itself. */
bool fold_dot_add(Fold *f, Op *op) {
  for (int i = 0; i < 2; i++) {
    Op *dot = def_of(ir_operand(op, i), OP_DOT);
    if (!dot || !ir_one_use(ir_operand(op, i)) || !ir_is_zero(ir_operand(dot, 2))) continue;
    if (ir_attr_int_or(dot, "maxNumImpreciseAcc", 0) != 0) continue;
    ir_unlink(dot);
    ir_insert_before(dot, op); /* where the other summand is known */
    ir_set_operand(dot, 2, ir_operand(op, 1 - i));
    fold_push(f, dot);
    return fold_replace(f, op, &dot->results[0]);
  }
  return false;
}

/* ---- control ----------------------------------------------------------------------------------------------------- */

static void pass_on(Fold *f, Value *from, Value *to) {
  fold_push_users(f, from);
  ir_replace_all(from, to);
}

/* The block's ops move ahead of `op`, whose results become what the block yields; `op` is erased. */
static bool splice(Fold *f, Op *op, Block *b) {
  Op *end = b ? ir_terminator(b) : NULL;
  for (int i = 0; i < op->nresults; i++) pass_on(f, &op->results[i], ir_operand(end, i));
  if (end) fold_erase(f, end);
  for (Op *in = b ? b->first : NULL; in; in = in->next) fold_push(f, in);
  if (b) ir_move_ops(b, op->block, op);
  fold_erase(f, op);
  return true;
}

static Block *branch(const Op *op, int region) { return region < op->nregions ? op->regions[region]->first : NULL; }

bool fold_if_constant(Fold *f, Op *op) {
  int64_t c;
  return fold_int_constant(arg0(op), &c) && splice(f, op, branch(op, c ? 0 : 1));
}

static bool only_yields(const Block *b) { return b && b->first && b->first == ir_terminator(b); }

bool fold_if_select(Fold *f, Op *op) {
  Block *yes = branch(op, 0), *no = branch(op, 1);
  if (!op->nresults || !yes || !no) return false;
  bool all = only_yields(yes) && only_yields(no), some = false;
  for (int i = 0; i < op->nresults; i++) {
    Value *x = ir_operand(ir_terminator(yes), i), *y = ir_operand(ir_terminator(no), i), *r = &op->results[i];
    if (x != y && !all) continue;
    if (ir_unused(r)) continue;
    pass_on(f, r, x == y ? x : fold_make(f, op, OP_SELECT, r->type, arg0(op), x, y));
    some = true;
  }
  if (all) {
    fold_erase(f, op);
    return true;
  }
  return some && fold_changed(f, op);
}

bool fold_if_flip(Fold *f, Op *op) {
  Block *yes = branch(op, 0), *no = branch(op, 1);
  if (op->nresults || !only_yields(yes) || !no || only_yields(no)) return false;
  Value *c = arg0(op);
  ir_set_operand(op, 0, fold_make(f, op, OP_XORI, c->type, c, fold_int(f, op, c->type, 1), NULL));
  fold_erase(f, yes->first);
  ir_move_ops(no, yes, NULL);
  op->regions[1]->first = op->regions[1]->last = NULL; /* no branch at all, as it is read and printed */
  return fold_changed(f, op);
}

bool fold_for_never(Fold *f, Op *op) {
  int64_t trips;
  if (!opt_trip_count(op, &trips) || trips != 0) return false;
  for (int i = 0; i < op->nresults; i++) pass_on(f, &op->results[i], ir_loop_init(op, i));
  fold_erase(f, op);
  return true;
}

bool fold_for_once(Fold *f, Op *op) {
  int64_t trips;
  if (!opt_trip_count(op, &trips) || trips != 1) return false;
  Block *body = ir_entry(op, 0);
  pass_on(f, ir_loop_index(op), ir_loop_lower(op));
  for (int i = 0; i < op->nresults; i++) pass_on(f, ir_loop_arg(op, i), ir_loop_init(op, i));
  return splice(f, op, body);
}

bool fold_for_invariant(Fold *f, Op *op) {
  bool some = false;
  Block *body = ir_entry(op, 0);
  for (int i = 0; i < op->nresults; i++) {
    Value *init = ir_loop_init(op, i), *arg = ir_loop_arg(op, i), *next = ir_operand(ir_terminator(body), i);
    if ((next != arg && next != init) || (ir_unused(arg) && ir_unused(&op->results[i]))) continue;
    pass_on(f, arg, init);
    pass_on(f, &op->results[i], init);
    some = true;
  }
  return some && fold_changed(f, op);
}
