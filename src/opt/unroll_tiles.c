/* unroll_tiles.c: loops over narrow tiles, several iterations at a time.
 *
 * Problem: a loop `for k in range(0, N, 32): acc += load(p + k + arange(0, 32), mask = k + arange(0, 32) < N)` does little in
 * an iteration: it reads the 32 sums from memory and writes them back, asks whether the mask holds everywhere, and begins again.
 * With a tile of 1024 the same sums would take half the time. So it is where the tile is large, too, when what the loop
 * adds up is a tile: for every number read two more are moved, a sum in and a sum out.
 *
 * Idea: AT_ONCE iterations become one, in a loop in front of the one that is there, which does what is left:
 *
 *     for k in lower..middle step 4 * s { acc = acc + load(k) + load(k + s) + load(k + 2 s) + load(k + 3 s) }
 *     for k in middle..upper step s     { acc = acc + load(k) }
 *
 * A target that evaluates elementwise ops in one pass over the tile then reads and writes the sums once. `middle` is chosen so that
 * masks which cut off the end of a row hold in all of the first loop, and they are gone from it: where a comparison's left
 * side is a sum of numbers none of which is negative, at most `slope * k + top`, and its right side is a scalar n from outside,
 * it holds for all elements if k < (n - top) / slope, rounded up. No partial sum can pass the end of its type then, for
 * each is below n. The same goes for `x < n - sum`.
 *
 * Order: as before, each element of the tile is added to in the order of the iterations. What a loop takes the maximum of
 * (or another function that is exact and knows no order) is taken of the four tiles element by element first, and then along
 * them: of `max(max(a, reduce(x)), reduce(y))` is made `max(a, reduce(max(x, y)))`. Sums of floats are not changed so.
 *
 * Which loops: those whose bodies are elementwise ops and loads, with a tile carried from one iteration to the next, and
 * those with such a maximum. Where an iteration reduces its tile to a row, that is what takes the time. Where a tile goes on
 * side by side with the last one, strips of more than MOST_STRIP bytes are left alone: they were not faster, for the processor
 * follows fewer streams of memory at a time than there would be. On one core of a Zen 3 processor 1024 rows of 1024 numbers
 * summed by tiles of 16, 32 and 64 took 0.102, 0.132 and 0.088 ms, and take 0.064, 0.066 and 0.068, by one of 1024 0.063; a
 * matrix times a vector by tiles of 16 x 16 took 0.294 and takes 0.105.
 *
 * Cost: linear in the function; the bodies of such loops are AT_ONCE + 1 times as long.
 */
#include "index/index.h"
#include "opt/internal.h"

#include <string.h>

enum { AT_ONCE = 4, MOST_STRIP = 256, MOST_OPS = 48, MOST_DEPTH = 16, LEAST_TILE = 8 };
#define HOLDS "tt.holds" /* of a comparison: it is true in the first loop */

/* ---- comparisons that hold --------------------------------------------------------------------------------------- */

/* Not negative, and at most slope * (the induction variable) + top. */
typedef struct Rising {
  int64_t slope, top;
} Rising;

static bool fits(Rising r) { return r.slope <= INT32_MAX && r.top <= INT32_MAX; }

static bool rising(const Op *loop, const Value *v, int depth, Rising *r) {
  int64_t c;
  Rising other;
  const Op *op = v->op;
  *r = (Rising){0, 0};
  if (v == ir_loop_index(loop)) {
    r->slope = 1;
    return true;
  }
  if (ir_is_const_int(v, &c)) {
    r->top = c;
    return c >= 0 && fits(*r);
  }
  if (!op || depth > MOST_DEPTH) return false;
  switch (op->code) {
  case OP_MAKE_RANGE: r->top = ir_attr_int_or(op, "end", 0) - 1; return ir_attr_int_or(op, "start", 0) >= 0;
  case OP_SPLAT:
  case OP_BROADCAST:
  case OP_EXPAND_DIMS:
  case OP_EXTSI: return rising(loop, ir_operand(op, 0), depth + 1, r);
  case OP_ADDI:
    if (!rising(loop, ir_operand(op, 0), depth + 1, r) || !rising(loop, ir_operand(op, 1), depth + 1, &other))
      return false;
    r->slope += other.slope;
    r->top += other.top;
    return fits(*r);
  case OP_MULI:
    if (!ir_is_const_int(ir_operand(op, 1), &c) || c < 0 || c > INT32_MAX) return false;
    if (!rising(loop, ir_operand(op, 0), depth + 1, r)) return false;
    r->slope *= c;
    r->top *= c;
    return fits(*r);
  default: return false;
  }
}

/* The scalar that all elements are copies of, or NULL. */
static Value *scalar_of(Value *v) {
  while (ir_is_tensor(v->type)) {
    const Op *op = v->op;
    if (!op || (op->code != OP_SPLAT && op->code != OP_BROADCAST && op->code != OP_EXPAND_DIMS)) return NULL;
    v = ir_operand(op, 0);
  }
  return v;
}

/* r < end, and `end` is known before the loop. */
typedef struct Limit {
  Rising r;
  Value *end;
} Limit;

static bool limit_of(const Op *loop, const Op *cmp, Limit *limit) {
  const char *predicate = ir_attr_text_or(cmp, "predicate", "");
  bool swapped = !strcmp(predicate, "sgt");
  if (!swapped && strcmp(predicate, "slt") != 0) return false;
  Value *end = scalar_of(ir_operand(cmp, swapped ? 0 : 1));
  if (!end || !rising(loop, ir_operand(cmp, swapped ? 1 : 0), 0, &limit->r)) return false;
  if (end->op && end->op->code == OP_SUBI && !ir_defined_outside(end, loop)) {
    Rising taken;
    if (!rising(loop, ir_operand(end->op, 1), 0, &taken)) return false;
    limit->r.slope += taken.slope;
    limit->r.top += taken.top;
    end = ir_operand(end->op, 0);
  }
  limit->end = end;
  return limit->r.slope > 0 && fits(limit->r) && ir_defined_outside(end, loop);
}

/* ---- which loops ------------------------------------------------------------------------------------------------- */

typedef struct Tiles {
  Ctx *cx;
  IndexInfo *ix;
  Vec(Op *) loops; /* of the function */
  Op *loop;
  int64_t step;
  Vec(Limit) limits;
} Tiles;

static void collect(Op *op, void *arg) {
  Tiles *t = arg;
  if (op->code == OP_FOR) vec_push(t->cx, &t->loops, op);
}

/* By how many bytes the pointers move from one iteration to the next; false: that is not a known number. */
static bool moves_by(const Tiles *t, const Value *ptr, int64_t *bytes) {
  const IndexSum *base = index_of(t->ix, ptr)->base;
  *bytes = 0;
  for (int i = 0; i < base->n; i++) {
    const IndexTerm *term = &base->terms[i];
    for (int k = 0; k < term->n; k++) {
      const Value *f = term->factors[k];
      if (ir_defined_outside(f, t->loop)) continue;
      const IndexSum *by = index_step(t->ix, f);
      if (f != ir_loop_index(t->loop) && (f->op || !by || by->n)) return false;
      if (term->n > 1) return false;
      *bytes += term->times * (f == ir_loop_index(t->loop) ? t->step : by->constant);
    }
  }
  return true;
}

/* The bytes that lie side by side along a dimension. */
static int64_t strip_of(const Tiles *t, const Value *ptr) {
  const Index *x = index_of(t->ix, ptr);
  int64_t bytes = ir_elem_bytes(ptr->type->elem->elem), stride;
  for (int d = 0; d < ptr->type->rank; d++)
    if (ptr->type->shape[d] > 1 && index_const_stride(x, d, &stride) && stride == bytes)
      return bytes * ptr->type->shape[d];
  return bytes;
}

/* Does it read on where the last iteration ended, by strips that are wide already? */
static bool is_wide(const Tiles *t, const Op *load) {
  const Value *ptr = ir_operand(load, 0);
  int64_t by, strip = strip_of(t, ptr);
  return strip > MOST_STRIP && moves_by(t, ptr, &by) && by && by <= strip && by >= -strip;
}

static bool keeps_place(const Op *op) {
  return ir_info(op)->traits & T_ELEMENTWISE && !op->nregions && op->nresults == 1;
}

/* Is it exact, and the same in any order? Maxima of floats may be of either zero. */
static bool is_exact(Opcode code) {
  switch (code) {
  case OP_ADDI:
  case OP_MULI:
  case OP_ANDI:
  case OP_ORI:
  case OP_XORI:
  case OP_MAXSI:
  case OP_MINSI:
  case OP_MAXUI:
  case OP_MINUI:
  case OP_MAXNUMF:
  case OP_MINNUMF:
  case OP_MAXIMUMF:
  case OP_MINIMUMF: return true;
  default: return false;
  }
}

/* The reduction by `code` of one tensor that v is, and goes nowhere else than to one use; or NULL. */
static Op *exact_reduction(const Value *v, Opcode code) {
  Op *op = v->op;
  if (!op || op->code != OP_REDUCE || op->noperands != 1 || !ir_one_use(v)) return NULL;
  const Block *b = ir_entry(op, 0);
  const Op *first = b->first, *end = b->last;
  if (first->code != code || first->next != end || end->noperands != 1 || ir_operand(end, 0) != &first->results[0])
    return NULL;
  const Value *x = ir_operand(first, 0), *y = ir_operand(first, 1);
  return (x == b->args[0] && y == b->args[1]) || (x == b->args[1] && y == b->args[0]) ? op : NULL;
}

/* op(x, reduction) in either order; then the operand that is the reduction, else -1. */
static int reduced_operand(const Op *op) {
  if (!is_exact(op->code) || op->noperands != 2 || op->nregions) return -1;
  for (int i = 0; i < 2; i++)
    if (exact_reduction(ir_operand(op, i), op->code)) return i;
  return -1;
}

/* Will it be merged with those of the next iterations? */
static bool is_merged(const Op *reduce) {
  if (ir_is_tensor(reduce->results[0].type) || !ir_one_use(&reduce->results[0])) return false;
  const Op *op = reduce->results[0].uses->op;
  return exact_reduction(&reduce->results[0], op->code) && reduced_operand(op) >= 0;
}

/* Does the carried value become another tile by elementwise ops alone, or the maximum of it and of a tile? */
static bool gathers_tiles(const Op *loop, int i) {
  const Value *arg = ir_loop_arg(loop, i), *next = ir_loop_yield(loop, i);
  if (!next->op || next->op->block != ir_entry(loop, 0)) return false;
  if (ir_is_tensor(arg->type)) return keeps_place(next->op) && ir_numel(arg->type) >= LEAST_TILE;
  int r = reduced_operand(next->op);
  return r >= 0 && ir_operand(next->op, 1 - r) == arg && ir_one_use(arg) && ir_one_use(next);
}

static bool stays_in_place(const Value *carried) {
  for (const Use *u = carried->uses; u; u = u->next)
    if (!keeps_place(u->op) && u->op->code != OP_YIELD) return false;
  return true;
}

static bool carries_tiles(const Op *loop) {
  bool any = false;
  for (int i = 0; i < loop->nresults; i++) {
    const Value *arg = ir_loop_arg(loop, i);
    if (ir_is_tensor(arg->type) && !stays_in_place(arg)) return false;
    any = any || gathers_tiles(loop, i);
  }
  return any;
}

/* Is all that the body does computing and reading, little of it, by narrow tiles? */
static bool is_narrow(Tiles *t) {
  int n = 0;
  bool reads = false;
  for (Op *op = ir_entry(t->loop, 0)->first; op->next; op = op->next) {
    if (++n > MOST_OPS) return false;
    if (op->code == OP_LOAD) {
      if (opt_is_volatile(op)) return false;
      if (!ir_is_tensor(op->results[0].type)) continue;
      if (is_wide(t, op)) return false;
      reads = true;
      continue;
    }
    if (op->code == OP_REDUCE && is_merged(op)) continue;
    if (!(ir_info(op)->traits & T_PURE) || op->nregions || op->code == OP_DOT || op->code == OP_CALL) return false;
  }
  return reads;
}

static bool is_candidate(const Op *loop, int64_t *step) {
  int64_t trips;
  if (ir_attr(loop, "unsignedCmp") || opt_keeps_invariants(loop) || ir_loop_index(loop)->type->bits != 32) return false;
  if (!ir_is_const_int(ir_loop_step(loop), step) || *step <= 0 || *step > INT32_MAX / AT_ONCE) return false;
  if (opt_trip_count(loop, &trips) && trips < AT_ONCE) return false;
  return carries_tiles(loop);
}

/* ---- rewriting --------------------------------------------------------------------------------------------------- */

typedef struct Sums {
  Builder b;
  Type *type;
} Sums;

static Value *number(Sums *s, int64_t x) { return ir_const_int(&s->b, s->type, x); }

static Value *wide(Sums *s, Value *v) { return v->type == s->type ? v : ir_make(&s->b, OP_EXTSI, s->type, v, NULL); }

static Value *sum_op(Sums *s, Opcode code, Value *x, Value *y) { return ir_make(&s->b, code, s->type, x, y, NULL); }

/* x / by, rounded up; 0 of what is negative. */
static Value *rounded_up(Sums *s, Value *x, int64_t by) {
  x = sum_op(s, OP_MAXSI, x, number(s, 0));
  if (by == 1) return x;
  return sum_op(s, OP_DIVUI, sum_op(s, OP_ADDI, x, number(s, by - 1)), number(s, by));
}

/* Where the first loop ends. In 64 bits, which nothing here comes near the ends of: a number `end` below 0 is as good as 0,
 * of 64 bits one above 2^62 as good as that. */
static Value *middle_of(Tiles *t) {
  Type *i64 = ir_int(t->cx, 64), *type = ir_loop_index(t->loop)->type;
  Sums s = {ir_before(t->cx, t->loop), i64};
  Value *lower = wide(&s, ir_loop_lower(t->loop)), *upper = wide(&s, ir_loop_upper(t->loop)), *end = upper;
  for (uint32_t i = 0; i < t->limits.len; i++) {
    const Limit *limit = &t->limits.at[i];
    Value *n = sum_op(&s, OP_MAXSI, wide(&s, limit->end), number(&s, 0));
    if (limit->end->type == i64) n = sum_op(&s, OP_MINSI, n, number(&s, INT64_C(1) << 62));
    Value *below = rounded_up(&s, sum_op(&s, OP_SUBI, n, number(&s, limit->r.top)), limit->r.slope);
    end = sum_op(&s, OP_MINSI, end, below);
  }
  int64_t stride = t->step * AT_ONCE;
  Value *span = sum_op(&s, OP_SUBI, sum_op(&s, OP_SUBI, end, number(&s, t->step * (AT_ONCE - 1))), lower);
  Value *groups = rounded_up(&s, span, stride);
  Value *middle = sum_op(&s, OP_ADDI, lower, sum_op(&s, OP_MULI, groups, number(&s, stride)));
  return ir_make(&s.b, OP_TRUNCI, type, sum_op(&s, OP_MINSI, middle, upper), NULL);
}

/* op(op(a, reduce(x)), reduce(y)) as op(a, reduce(op(x, y))). */
static void merge_reductions(Ctx *cx, Op *outer) {
  int r = reduced_operand(outer);
  if (r < 0) return;
  Op *inner = ir_operand(outer, 1 - r)->op, *second = ir_operand(outer, r)->op;
  if (!inner || inner->code != outer->code || !ir_one_use(&inner->results[0])) return;
  int k = reduced_operand(inner);
  if (k < 0) return;
  Op *first = ir_operand(inner, k)->op;
  Value *x = ir_operand(first, 0), *y = ir_operand(second, 0);
  bool alike = first != second && x->type == y->type &&
               ir_attr_int_or(first, "axis", 0) == ir_attr_int_or(second, "axis", 0) && first->block == second->block;
  if (!alike || !ir_dominates(first, second)) return;
  Builder b = ir_before(cx, second);
  ir_set_operand(second, 0, ir_make(&b, outer->code, x->type, x, y, NULL));
  ir_set_operand(outer, 1 - r, ir_operand(inner, 1 - k));
  ir_erase(inner);
  ir_erase(first);
}

static void set_holds(Ctx *cx, Op *main_loop) {
  for (Op *op = ir_entry(main_loop, 0)->first, *next; op; op = next) {
    next = op->next;
    if (!ir_attr(op, HOLDS)) continue;
    Builder b = ir_before(cx, op);
    ir_replace_all(&op->results[0], ir_const_int(&b, op->results[0].type, 1));
    ir_erase(op);
  }
}

static bool unroll(Tiles *t) {
  Ctx *cx = t->cx;
  if (!is_narrow(t)) return false;
  bool from_zero = index_of(t->ix, ir_loop_lower(t->loop))->lo >= 0;
  t->limits.len = 0;
  for (Op *op = ir_entry(t->loop, 0)->first; op && from_zero; op = op->next) {
    Limit limit;
    if (op->code != OP_CMPI || !limit_of(t->loop, op, &limit)) continue;
    vec_push(cx, &t->limits, limit);
    ir_set_attr(cx, op, HOLDS, ir_attr_unit(cx));
  }
  Op *main_loop = opt_unroll_main(cx, t->loop, middle_of(t), AT_ONCE);
  for (Op *op = ir_entry(t->loop, 0)->first; op; op = op->next) ir_set_attr(cx, op, HOLDS, NULL);
  set_holds(cx, main_loop);
  for (Op *op = ir_entry(main_loop, 0)->first, *next; op; op = next) {
    next = op->next;
    merge_reductions(cx, op);
  }
  return true;
}

bool opt_unroll_tiles(Ctx *cx, Module *m) {
  Tiles t = {.cx = cx};
  bool changed = false;
  ir_walk(m->op, collect, &t);
  for (uint32_t i = 0; i < t.loops.len; i++) {
    t.loop = t.loops.at[i];
    if (!is_candidate(t.loop, &t.step)) continue;
    if (!t.ix) t.ix = index_analyze_strictly(cx, m);
    changed |= unroll(&t);
  }
  return changed;
}
