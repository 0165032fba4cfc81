/* version_loops.c: loop versioning: kernels whose loops over tiles run once get a version without the loops.
 *
 * Problem. A kernel for rows of any length goes over its row in tiles (a layer norm: once for the mean, once for the
 * variance, once for the result), and is mostly launched with tiles as long as the row. Each loop then runs once, but its
 * loop-carried values (a tile of partial sums) are stored and reloaded as if it ran often, and what the loops have in
 * common (the row that each of them loads) cannot be merged.
 *
 * Idea. At the first such loop the function is split:
 *
 *     %once = every loop's lower < upper, and not lower + step < upper
 *     scf.if %once {
 *       the rest of the function, each loop replaced by its body for the index `lower`
 *     } else {
 *       the rest of the function
 *     }
 *
 * The loops are those of the function's own block whose bounds are known at the first of them. Functions with a dot are
 * left alone (their loops run often, and their code is large), and so are long ones: all of this is compiled twice.
 */
#include "opt/internal.h"

#include <string.h>

enum { MAX_OPS = 400 };

typedef struct Versioning {
  Ctx *cx;
  Vec(Op *) loops;
  int nops;
  bool dots, carries; /* is there a dot; does a loop carry a tensor? */
} Versioning;

static void look(Op *op, void *arg) {
  Versioning *o = arg;
  o->nops++;
  if (op->code == OP_DOT || op->code == OP_DOT_SCALED) o->dots = true;
}

/* Is `v` defined before `first`, an op of the function's own block? Constants are available everywhere. */
static bool is_early(const Value *v, const Op *first) {
  int64_t c;
  return ir_is_const_int(v, &c) || !v->op || (v->op != first && ir_dominates(v->op, first));
}

static void consider(Versioning *o, Op *loop) {
  const Op *first = o->loops.len ? o->loops.at[0] : loop;
  int64_t trips;
  if (opt_trip_count(loop, &trips)) return; /* folding handles it */
  for (int i = 0; i < 3; i++)
    if (!is_early(ir_operand(loop, i), first)) return;
  for (int i = 0; i < loop->nresults; i++) o->carries |= ir_is_tensor(loop->results[i].type);
  vec_push(o->cx, &o->loops, loop);
}

static Value *early(Builder *b, Value *v) {
  int64_t c;
  return ir_is_const_int(v, &c) ? ir_const_int(b, v->type, c) : v;
}

static Value *less(Builder *b, const Op *loop, Value *x, Value *y) {
  return ir_compare(b, ir_attr(loop, "unsignedCmp") ? "ult" : "slt", x, y);
}

/* Does the loop run exactly once? lower + step may wrap around: then it ends, too. */
static Value *runs_once(Builder *b, const Op *loop) {
  Value *lower = early(b, ir_loop_lower(loop)), *upper = early(b, ir_loop_upper(loop));
  Value *next = ir_make(b, OP_ADDI, lower->type, lower, early(b, ir_loop_step(loop)), NULL);
  Value *again = ir_make(b, OP_ANDI, ir_int(b->cx, 1), less(b, loop, lower, next), less(b, loop, next, upper), NULL);
  Value *yes = ir_const_int(b, again->type, 1);
  return ir_make(b, OP_ANDI, again->type, less(b, loop, lower, upper),
                 ir_make(b, OP_XORI, again->type, again, yes, NULL), NULL);
}

static bool is_chosen(const Versioning *o, const Op *op) {
  for (uint32_t i = 0; i < o->loops.len; i++)
    if (o->loops.at[i] == op) return true;
  return false;
}

/* One iteration of the loop. */
static void copy_turn(Builder *b, const Op *loop, Map *map) {
  Block *body = ir_entry(loop, 0);
  const Op *yield = ir_terminator(body);
  map_put(b->cx, map, ir_loop_index(loop), ir_mapped(map, ir_loop_lower(loop)));
  for (int i = 0; i < loop->nresults; i++)
    map_put(b->cx, map, ir_loop_arg(loop, i), ir_mapped(map, ir_loop_init(loop, i)));
  for (const Op *op = body->first; op != yield; op = op->next) ir_clone(b, op, map);
  for (int i = 0; i < loop->nresults; i++) map_put(b->cx, map, &loop->results[i], ir_mapped(map, ir_operand(yield, i)));
}

static void divide(Versioning *o, Block *block) {
  Ctx *cx = o->cx;
  Op *first = o->loops.at[0], *end = ir_terminator(block);
  Builder b = ir_before(cx, first);
  Value *once = NULL;
  for (uint32_t i = 0; i < o->loops.len; i++) {
    Value *c = runs_once(&b, o->loops.at[i]);
    once = once ? ir_make(&b, OP_ANDI, c->type, once, c, NULL) : c;
  }
  Op *branch = ir_op(&b, OP_IF, NULL, 0, &once, 1);
  Block *yes = ir_add_block(cx, ir_add_region(cx, branch)), *no = ir_add_block(cx, ir_add_region(cx, branch));
  Builder in = ir_at_end(cx, yes);
  Map map = {0};
  for (const Op *op = first; op != end; op = op->next) {
    in.loc = op->loc;
    if (is_chosen(o, op))
      copy_turn(&in, op, &map);
    else
      ir_clone(&in, op, &map);
  }
  ir_effect(&in, OP_YIELD, NULL);
  for (Op *op = first, *next; op != end; op = next) {
    next = op->next;
    ir_unlink(op);
    ir_append(no, op);
  }
  in = ir_at_end(cx, no);
  in.loc = first->loc;
  ir_effect(&in, OP_YIELD, NULL);
}

bool opt_version_loops(Ctx *cx, Module *m) {
  bool changed = false;
  for (Op *func = m->body->first->first; func; func = func->next) {
    if (func->code != OP_FUNC || !func->regions[0]->first || func->regions[0]->first->next) continue;
    Block *block = ir_entry(func, 0);
    const Op *end = ir_terminator(block);
    if (!end || end->code != OP_RETURN || end->noperands) continue;
    Versioning o = {.cx = cx};
    ir_walk(func, look, &o);
    for (Op *op = block->first; op; op = op->next)
      if (op->code == OP_FOR) consider(&o, op);
    if (o.dots || !o.carries || o.nops > MAX_OPS) continue;
    divide(&o, block);
    changed = true;
  }
  return changed;
}
