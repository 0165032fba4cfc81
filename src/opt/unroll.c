/* unroll.c: loops with tt.loop_unroll_factor = n run n iterations at a time.
 *
 *     for i in lower..upper step s          for i in lower..middle step n*s { body(i); body(i+s); …; body(i+(n-1)s) }
 *         body(i)                     ->    for i in middle..upper step s   { body(i) }
 *
 * with middle = lower + trips / n * n * s. The second loop is left out when the number of iterations is known to be a
 * multiple of n, and folds away when it is known to run once or never. An inner loop is unrolled before the one around
 * it.
 */
#include "opt/internal.h"

#include <assert.h>

typedef struct Unroll {
  Ctx *cx;
  Vec(Op *) loops; /* inner ones first */
} Unroll;

static void collect(Op *op, void *arg) {
  Unroll *u = arg;
  if (op->code == OP_FOR && ir_attr(op, OPT_UNROLL_FACTOR)) vec_push(u->cx, &u->loops, op);
}

static Value *int_op(Builder *b, Opcode code, Value *x, Value *y) { return ir_make(b, code, x->type, x, y, NULL); }

/* lower + trips / n * n * step, where trips = ceil((upper - lower) / step). No trip at all counts as one, which makes no
 * group; the difference is a number without a sign, which no bounds are too far apart for. */
static Value *middle_of(Builder *b, const Op *loop, int64_t n) {
  Value *lower = ir_loop_lower(loop), *upper = ir_loop_upper(loop), *step = ir_loop_step(loop);
  bool is_unsigned = ir_attr(loop, "unsignedCmp") != NULL;
  Value *end = int_op(b, is_unsigned ? OP_MAXUI : OP_MAXSI, upper, lower);
  Value *span = int_op(b, OP_SUBI, end, lower);
  Value *one = ir_const_int(b, step->type, 1), *factor = ir_const_int(b, step->type, n);
  Value *last = int_op(b, OP_DIVUI, int_op(b, OP_SUBI, int_op(b, OP_MAXUI, span, one), one), step);
  Value *groups = int_op(b, OP_DIVUI, int_op(b, OP_ADDI, last, one), factor);
  return int_op(b, OP_ADDI, lower, int_op(b, OP_MULI, groups, int_op(b, OP_MULI, step, factor)));
}

/* Append a copy of `body` to the end of `to`, with these values for the block arguments; gives what it yields in
 * `carried`. */
static void copy_body(Ctx *cx, const Block *body, Block *to, Value *iv, Value **carried) {
  Map map = {0};
  map_put(cx, &map, body->args[0], iv);
  for (int i = 1; i < body->nargs; i++) map_put(cx, &map, body->args[i], carried[i - 1]);
  Builder b = ir_at_end(cx, to);
  const Op *end = ir_terminator(body);
  for (const Op *op = body->first; op != end; op = op->next) ir_clone(&b, op, &map);
  for (int i = 0; i < end->noperands; i++) {
    Value *v = ir_operand(end, i), *copy = map_get(&map, v);
    carried[i] = copy ? copy : v;
  }
}

/* The loop of n iterations at a time, before `loop`. */
static Op *make_main(Ctx *cx, Op *loop, Value *upper, Value *big_step, int64_t n) {
  Builder b = ir_before(cx, loop);
  Map map = {0};
  Op *main_loop = ir_clone(&b, loop, &map);
  ir_set_operand(main_loop, 1, upper);
  ir_set_operand(main_loop, 2, big_step);
  Block *to = ir_entry(main_loop, 0);
  Op *yield = ir_terminator(to);
  ir_unlink(yield);
  Value **carried = NEWN(cx, Value *, yield->noperands + 1);
  for (int i = 0; i < yield->noperands; i++) carried[i] = ir_operand(yield, i);
  for (int64_t k = 1; k < n; k++) {
    Builder in = ir_at_end(cx, to);
    in.loc = loop->loc;
    Value *iv = to->args[0], *by = ir_const_int(&in, iv->type, k);
    iv = int_op(&in, OP_ADDI, iv, int_op(&in, OP_MULI, ir_loop_step(loop), by));
    copy_body(cx, ir_entry(loop, 0), to, iv, carried);
  }
  for (int i = 0; i < yield->noperands; i++) ir_set_operand(yield, i, carried[i]);
  ir_append(to, yield);
  return main_loop;
}

Op *opt_unroll_main(Ctx *cx, Op *loop, Value *middle, int64_t n) {
  Builder b = ir_before(cx, loop);
  Value *big_step = int_op(&b, OP_MULI, ir_loop_step(loop), ir_const_int(&b, ir_loop_step(loop)->type, n));
  Op *main_loop = make_main(cx, loop, middle ? middle : ir_loop_upper(loop), big_step, n);
  if (!middle) {
    for (int i = 0; i < loop->nresults; i++) ir_replace_all(&loop->results[i], &main_loop->results[i]);
    ir_erase(loop);
    return main_loop;
  }
  ir_set_operand(loop, 0, middle);
  for (int i = 0; i < loop->nresults; i++) ir_loop_set_init(loop, i, &main_loop->results[i]);
  return main_loop;
}

static bool unroll(Ctx *cx, Op *loop) {
  int64_t n = ir_attr_int_or(loop, OPT_UNROLL_FACTOR, 1), trips = -1;
  ir_set_attr(cx, loop, OPT_UNROLL_FACTOR, NULL);
  if (n < 2) return true;
  opt_trip_count(loop, &trips);
  Builder b = ir_before(cx, loop);
  bool whole = trips >= 0 && trips % n == 0;
  opt_unroll_main(cx, loop, whole ? NULL : middle_of(&b, loop, n), n);
  return true;
}

bool opt_unroll(Ctx *cx, Module *m) {
  Unroll u = {.cx = cx};
  ir_walk_post(m->op, collect, &u);
  bool changed = false;
  for (uint32_t i = 0; i < u.loops.len; i++) changed |= unroll(cx, u.loops.at[i]);
  /* The constants and sums just made are worth folding at once: induction variables are often constants by now. */
  if (changed) opt_fold(cx, m);
  return changed;
}
