/* program.c: how a value differs from one program of the grid to the next.
 *
 * Programs that follow each other on one axis run the same code with another number. A back end that runs them one after the
 * other wants to know how far an address moves meanwhile.
 *
 * Idea. A value's base is a sum of products, and a difference of sums of products is one by the rules for derivatives: of a
 * product with one factor that differs, the others times that factor's difference; two that differ leave no constant
 * difference. A factor is the program's number itself, or the same in all programs, or what a loop carries: that
 * differs as it did in front of the loop, since loops are taken to run alike in all programs; or it is unknown.
 *
 * Whether a factor is the same in all programs is a search through what it is computed from, each value once.
 *
 * Cost: linear in the ops for all questions together, and the length of a sum for each.
 */
#include "index/internal.h"

static bool is_number_of_program(const Value *v, int axis) {
  return v->op && v->op->code == OP_PROGRAM_ID && ir_attr_int_or(v->op, "axis", 0) == axis;
}

/* What a `for` carries: its value in front of the loop; else NULL. */
static const Value *before_loop(const Value *v) {
  const Op *loop = v->op ? NULL : v->block->region->op;
  bool carried = loop && loop->code == OP_FOR && v->index >= IR_LOOP_ARGS;
  return carried ? ir_loop_init(loop, v->index - IR_LOOP_ARGS) : NULL;
}

/* ---- what is the same in all programs ---------------------------------------------------------------------------- */

typedef enum Seen { SEEN_NOT, SEEN_SAME, SEEN_DIFFERS } Seen;

static bool is_atomic(const Op *op) { return op->code == OP_ATOMIC_RMW || op->code == OP_ATOMIC_CAS; }

/* By what it is, without looking at operands. */
static bool differs_itself(const Value *v, int axis) {
  const Op *op = v->op;
  if (op) return op->nregions || is_atomic(op) || is_number_of_program(v, axis);
  const Op *owner = v->block->region->op;
  return owner->code != OP_FUNC && owner->code != OP_FOR;
}

static Seen seen(const Map *known, const Value *v) { return (Seen)(intptr_t)map_get(known, v); }

static void set(IndexInfo *ix, Map *known, const Value *v, Seen s) { map_put(ix->cx, known, v, (void *)(intptr_t)s); }

static int sources(const Value *v) { return v->op ? v->op->noperands : before_loop(v) != NULL; }

static const Value *source(const Value *v, int i) { return v->op ? ir_operand(v->op, i) : before_loop(v); }

/* Depth first, by a stack of our own: values are as deep as their program is long. */
static bool differs(IndexInfo *ix, const Value *root, int axis) {
  typedef struct Visit {
    const Value *v;
    int next;
  } Visit;
  Map *known = &ix->by_program[axis];
  Vec(Visit) stack = {0};
  if (!seen(known, root)) vec_push(ix->cx, &stack, ((Visit){root, 0}));
  while (stack.len) {
    Visit *at = &stack.at[stack.len - 1];
    const Value *v = at->v;
    bool found = differs_itself(v, axis) || (at->next && seen(known, source(v, at->next - 1)) == SEEN_DIFFERS);
    if (found || at->next == sources(v)) {
      set(ix, known, v, found ? SEEN_DIFFERS : SEEN_SAME);
      stack.len--;
      continue;
    }
    const Value *x = source(v, at->next++);
    if (!seen(known, x)) vec_push(ix->cx, &stack, ((Visit){x, 0}));
  }
  return seen(known, root) == SEEN_DIFFERS;
}

/* ---- differences ------------------------------------------------------------------------------------------------- */

static const IndexSum *difference_of(IndexInfo *ix, const Value *factor, int axis) {
  if (is_number_of_program(factor, axis)) return index_sum_const(ix, 1);
  if (!differs(ix, factor, axis)) return ix->zero;
  const Value *before = before_loop(factor);
  return before ? index_program_step(ix, before, axis) : NULL;
}

/* By how much a product differs; NULL: unknown. */
static const IndexSum *product_step(IndexInfo *ix, const IndexTerm *t, int axis) {
  const IndexSum *step = ix->zero;
  int moving = -1;
  for (int k = 0; k < t->n; k++) {
    const IndexSum *d = difference_of(ix, t->factors[k], axis);
    bool moves = !index_is_const(d, 0);
    if (!d || (moves && moving >= 0)) return NULL;
    if (moves) moving = k, step = d;
  }
  if (moving < 0) return step;
  for (int k = 0; k < t->n; k++)
    if (k != moving) step = index_sum_mul(ix, step, index_sum_value(ix, t->factors[k]));
  return index_sum_scale(ix, step, t->times);
}

const IndexSum *index_program_step(IndexInfo *ix, const Value *v, int axis) {
  const IndexSum *base = index_of(ix, v)->base, *step = ix->zero;
  if (!index_is_number(v->type)) return NULL;
  for (int i = 0; i < base->n && step; i++) step = index_sum_add(ix, step, product_step(ix, &base->terms[i], axis), 1);
  return step;
}
