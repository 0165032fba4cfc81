/* peel.c: the first iteration of a loop is done before it, where a condition tells it from all others.
 *
 *     for i in 0..n step s                            first(x)
 *         if i == 0: first(x) else: other(x)   ->     for i in s..n step s { other(x) }
 *
 * Running means and sums start like that. In the loop the branch is gone, and so is what only the first iteration needs;
 * the arithmetic of the others is one block, whose loads can be issued ahead.
 *
 * Which loops: those whose bounds are constants and that run twice at least, with a branch on a comparison of the
 * induction variable with a constant that holds in the first iteration and in no other, or the other way round. Dots are
 * not copied, nor are inner loops and large bodies. The first iteration is a loop of its own, which folding undoes.
 */
#include "opt/internal.h"

#include <string.h>

typedef struct Peel {
  Ctx *cx;
  Vec(Op *) loops; /* inner ones first */
} Peel;

static void collect(Op *op, void *arg) {
  Peel *p = arg;
  if (op->code == OP_FOR) vec_push(p->cx, &p->loops, op);
}

typedef struct Size {
  int ops;
  bool is_simple;
} Size;

static void measure(Op *op, void *arg) {
  Size *s = arg;
  s->ops++;
  if (op->code == OP_FOR || op->code == OP_WHILE || op->code == OP_DOT || op->code == OP_DOT_SCALED)
    s->is_simple = false;
}

static bool may_be_copied(const Op *loop) {
  enum { MOST = 256 };
  Size s = {0, true};
  for (Op *op = ir_entry(loop, 0)->first; op && s.is_simple && s.ops <= MOST; op = op->next) {
    measure(op, &s);
    if (op->nregions) ir_walk(op, measure, &s);
  }
  return s.is_simple && s.ops <= MOST;
}

/* x < c and the like; -1: another predicate. */
static int compared(const char *predicate, int64_t x, int64_t c) {
  if (!strcmp(predicate, "eq")) return x == c;
  if (!strcmp(predicate, "ne")) return x != c;
  if (!strcmp(predicate, "slt")) return x < c;
  if (!strcmp(predicate, "sle")) return x <= c;
  if (!strcmp(predicate, "sgt")) return x > c;
  if (!strcmp(predicate, "sge")) return x >= c;
  return -1;
}

/* Does the comparison give one answer in the first iteration, from `lower`, and the other in all later ones? */
static bool tells_first(const Op *loop, const Op *cmp, int64_t lower, int64_t step, bool *first) {
  int64_t c;
  if (!cmp || cmp->code != OP_CMPI || cmp->block != ir_entry(loop, 0)) return false;
  if (ir_operand(cmp, 0) != ir_entry(loop, 0)->args[0] || !ir_is_const_int(ir_operand(cmp, 1), &c)) return false;
  const char *predicate = ir_attr_text_or(cmp, "predicate", "");
  int now = compared(predicate, lower, c), later = compared(predicate, lower + step, c);
  if (now < 0 || now == later) return false;
  *first = now != 0;
  bool is_equality = !strcmp(predicate, "eq") || !strcmp(predicate, "ne");
  return !is_equality || lower == c; /* what is ordered turns once */
}

static bool peel(Ctx *cx, Op *loop) {
  int64_t trips, lower, step;
  if (ir_attr(loop, "unsignedCmp") || !opt_trip_count(loop, &trips) || trips < 2) return false;
  ir_is_const_int(ir_loop_lower(loop), &lower);
  ir_is_const_int(ir_loop_step(loop), &step);
  Op *cmp = NULL;
  bool first = false;
  for (Op *op = ir_entry(loop, 0)->first; op && !cmp; op = op->next)
    if (op->code == OP_IF && tells_first(loop, ir_operand(op, 0)->op, lower, step, &first)) cmp = ir_operand(op, 0)->op;
  if (!cmp || !may_be_copied(loop)) return false;
  Builder b = ir_before(cx, loop);
  Value *second = ir_const_int(&b, ir_loop_lower(loop)->type, lower + step);
  Value *answers[2] = {ir_const_int(&b, cmp->results[0].type, !first), ir_const_int(&b, cmp->results[0].type, first)};
  Map map = {0};
  Op *before = ir_clone(&b, loop, &map);
  Value *copy = map_get(&map, &cmp->results[0]);
  ir_set_operand(before, 1, second);
  ir_replace_all(copy, answers[1]);
  ir_replace_all(&cmp->results[0], answers[0]);
  ir_set_operand(loop, 0, second);
  for (int i = 0; i < loop->nresults; i++) ir_loop_set_init(loop, i, &before->results[i]);
  return true;
}

bool opt_peel(Ctx *cx, Module *m) {
  Peel p = {.cx = cx};
  ir_walk_post(m->op, collect, &p);
  bool changed = false;
  for (uint32_t i = 0; i < p.loops.len; i++) changed |= peel(cx, p.loops.at[i]);
  if (changed) opt_fold(cx, m); /* the first iteration is no loop, and the branches are gone */
  return changed;
}
