/* divide.c: a remainder whose quotient is computed too takes one division, not two.
 *
 * x % y is x - (x / y) * y. The GPU has neither; the assembler computes each by a division of its own. Where both are
 * computed of the same operands, in either order, the quotient is computed at the first of them and the
 * remainder follows by a multiplication and a subtraction: exactly, for truncating division on two's complement. A
 * remainder alone stays as it is, but a signed one by a power of two, which takes a quotient by shifts anyway, where
 * neighbours share that (lower_equal_registers): then each has one subtraction left. (What is known to be positive takes
 * a single instruction, and is left alone.)
 *
 * One walk over the ops; pairs of operands are found by a hash. The first division of a pair serves those in its own
 * block after it and in regions below.
 */
#include "gpu/passes/passes.h"

typedef struct Division {
  Op *first;            /* of the pair's ops, in the order of the text */
  Value *quotient;      /* NULL: only remainders so far */
  Vec(Op *) remainders; /* that were seen before a quotient */
} Division;

typedef struct Divide {
  Ctx *cx;
  Module *module;
  IndexInfo *index; /* once it is asked for */
  Map divisions;    /* by operands */
  bool changed;
} Divide;

static bool is_signed(const Op *op) { return op->code == OP_DIVSI || op->code == OP_REMSI; }

static bool serves(const Op *first, const Op *op) {
  while (op && op->block != first->block) op = ir_parent(op);
  return op != NULL;
}

/* Of a division of what may be negative: do a thread's neighbouring elements lie between two multiples of the divisor? */
static bool shares_quotients(Divide *d, const Op *op) {
  const Value *r = &op->results[0], *x = ir_operand(op, 0);
  if (!ir_is_tensor(r->type)) return false;
  if (!d->index) d->index = index_analyze_strictly(d->cx, d->module);
  const Index *of = index_of(d->index, x);
  int64_t most = INT64_MAX >> (64 - ir_elem(x->type)->bits);
  if (of->lo >= 0 && of->hi < most) return false;
  bool divides = op->code == OP_DIVSI;
  for (int k = 0; k < r->type->rank; k++) {
    const IndexAxis *a = &index_of(d->index, r)->axis[k];
    int registers = layout_contiguous(gpu_layout(d->cx, r->type), AXIS_REGISTER, (Axis)(AXIS_DIM0 + k));
    if (registers > 1 && (divides ? a->constancy : a->contiguity) > 1) return true;
  }
  return false;
}

static Value *make_quotient(Divide *d, Op *at) {
  Builder b = ir_before(d->cx, at);
  return ir_make(&b, is_signed(at) ? OP_DIVSI : OP_DIVUI, at->results[0].type, ir_operand(at, 0), ir_operand(at, 1),
                 NULL);
}

static void subtract(Divide *d, Op *remainder, Value *quotient) {
  Builder b = ir_before(d->cx, remainder);
  Value *whole = ir_make(&b, OP_MULI, NULL, quotient, ir_operand(remainder, 1), NULL);
  Value *rest = ir_make(&b, OP_SUBI, NULL, ir_operand(remainder, 0), whole, NULL);
  ir_replace_all(&remainder->results[0], rest);
  ir_erase(remainder);
  d->changed = true;
}

static void visit(Op *op, void *arg) {
  Divide *d = arg;
  bool divides = op->code == OP_DIVSI || op->code == OP_DIVUI;
  if (!divides && op->code != OP_REMSI && op->code != OP_REMUI) return;
  int64_t c;
  bool by_shifts = ir_is_const_int(ir_operand(op, 1), &c) && is_pow2(c);
  if (by_shifts && (!is_signed(op) || !shares_quotients(d, op))) return;
  const void *key =
      intern(d->cx, ctx_printf(d->cx, "%d %p %p", is_signed(op), (void *)ir_operand(op, 0), (void *)ir_operand(op, 1)));
  Division *known = map_get(&d->divisions, key);
  if (!known || !serves(known->first, op)) {
    known = NEW(d->cx, Division);
    known->first = op;
    if (divides) known->quotient = &op->results[0];
    map_put(d->cx, &d->divisions, key, known);
  } else if (divides) {
    if (!known->quotient) known->quotient = make_quotient(d, known->first);
    if (known->first != known->quotient->op) known->first = known->quotient->op;
    ir_replace_all(&op->results[0], known->quotient);
    ir_erase(op);
    d->changed = true;
  }
  if (!divides) vec_push(d->cx, &known->remainders, op);
  if (by_shifts && !known->quotient) known->quotient = make_quotient(d, op);
  for (uint32_t i = 0; known->quotient && i < known->remainders.len; i++)
    subtract(d, known->remainders.at[i], known->quotient);
  if (known->quotient) known->remainders.len = 0;
}

bool gpu_divide(Ctx *cx, Module *m) {
  Divide d = {.cx = cx, .module = m};
  ir_walk(m->op, visit, &d);
  return d.changed;
}
