/* flatten.c: a loop with tt.flatten around another loop becomes one loop.
 *
 * Problem. Where a loop holds a loop, pipelining works on the inner one alone: each time it begins anew, its first loads
 * are waited for. Idea. One loop runs through the iterations of the inner one of all iterations of the outer one:
 *
 *     for i in lower..upper step s (c) {               first = true
 *       before(i, c)                                   for t in 0..total (first, i, j, d, c, kept) {
 *       d = for j in low..high step r (d0) {    ->       if first: before(i, c); j = low; d = d0
 *         body(i, j, d, c)                               body(i, j, d, c); last = not j + r < high
 *       }                                                if last: after(i, c, d)
 *       after(i, c, d)                                   first = last; j = j + r; i, c = last ? the next ones : these
 *     }                                                }
 *
 * An iteration of the outer loop in which the inner one does not run is one of the new loop, too, without the body: so
 * total is the sum of max(1, iterations of the inner loop). Where low and high do not change, that is a product, and the
 * question whether the inner loop runs is asked once, before everything; else a loop adds them up, which takes bounds
 * that follow from i alone.
 *
 * What is pure of `before` is computed in each iteration again, since nothing that it is made of changes before the next
 * i: no registers carry it, and what is known of addresses stays known. Only what loads and reductions give is kept.
 * Likewise pure scalars of `after`, so that the next coordinates do not hang on a branch.
 *
 * Nests with dots are left alone: to begin an accumulator anew would be part of every iteration, and so would be waiting
 * for the product before the branch that stores it. So are loops that count unsigned, more than one inner loop, and
 * values of the inner loop that nothing can stand for before it first runs (descriptors). An inner nest is one loop
 * before the loop around it is looked at.
 *
 * Cost: linear in the size of the bodies.
 */
#include "opt/internal.h"

#include <string.h>

typedef struct FlatNest {
  Ctx *cx;
  Op *outer, *inner;
  bool runs;         /* the inner one does, in each iteration of the outer one */
  Map known;         /* ops of the outer body that are done again in each iteration */
  Map of_index;      /* those of them that follow from the outer loop's index and what is outside */
  Vec(Value *) kept; /* of `before`, not known, and used behind it */
} FlatNest;

#define FLATTEN "tt.flatten"
typedef Vec(Value *) FlatValues;
enum { FIRST, OUTER_INDEX, INNER_INDEX, NSTATE }; /* the new loop's carried values, before d, kept and c */

/* ---- which nests ------------------------------------------------------------------------------------------------- */

static void look_for_dots(Op *op, void *found) {
  if (op->code == OP_DOT || op->code == OP_DOT_SCALED) *(bool *)found = true;
}

static void look_for_loops(Op *op, void *found) {
  if (op->code == OP_FOR || op->code == OP_WHILE) *(bool *)found = true;
}

static Op *inner_of(const Op *outer) {
  Op *inner = NULL;
  bool refused = ir_attr(outer, "unsignedCmp") != NULL;
  ir_walk((Op *)outer, look_for_dots, &refused);
  for (Op *op = ir_entry(outer, 0)->first; op && !refused; op = op->next) {
    if (op->code == OP_FOR && !inner && !ir_attr(op, "unsignedCmp"))
      inner = op;
    else if (op->code == OP_FOR || op->code == OP_WHILE)
      refused = true;
    else if (op->nregions && !opt_is_closed(op))
      ir_walk(op, look_for_loops, &refused);
  }
  return refused ? NULL : inner;
}

static bool is_outside(const FlatNest *n, const Value *v) { return ir_defined_outside(v, n->outer); }

/* Is it one of the outer loop's own arguments or results of ops that are done again? */
static bool is_known(const FlatNest *n, const Value *v) {
  if (is_outside(n, v)) return true;
  return v->op ? map_has(&n->known, v->op) : v->block == ir_entry(n->outer, 0);
}

static bool is_cheap(const Op *op) {
  for (int i = 0; i < op->nresults; i++) {
    const Type *t = op->results[i].type, *elem = ir_elem((Type *)t);
    if (ir_is_tensor(t) && op->code != OP_CONSTANT && elem->kind != TYPE_INT && elem->kind != TYPE_PTR) return false;
  }
  return op->code != OP_REDUCE && op->code != OP_SCAN && op->code != OP_GATHER && op->code != OP_HISTOGRAM;
}

static bool follows_from_index(const FlatNest *n, const Value *v) {
  return is_outside(n, v) || v == ir_loop_index(n->outer) || (v->op && map_has(&n->of_index, v->op));
}

/* In the order of the text: each op after those that it uses. */
static void find_known(FlatNest *n) {
  for (Op *op = ir_entry(n->outer, 0)->first; op != n->inner; op = op->next) {
    bool known = (op->code == OP_ASSUME || (opt_is_pure(op) && is_cheap(op))) && !op->nregions, of_index = true;
    for (int i = 0; i < op->noperands && known; i++) {
      known = is_known(n, ir_operand(op, i));
      of_index &= follows_from_index(n, ir_operand(op, i));
    }
    if (known) map_put(n->cx, &n->known, op, op);
    if (known && of_index) map_put(n->cx, &n->of_index, op, op);
  }
}

/* Scalars that may be computed too often: of what the inner loop has given so far, too. */
static void find_known_behind(FlatNest *n) {
  for (Op *op = n->inner->next; op; op = op->next) {
    bool known = op->nresults && !op->nregions && opt_speculatable(op);
    for (int i = 0; i < op->nresults && known; i++) known = !ir_is_tensor(op->results[i].type);
    for (int i = 0; i < op->noperands && known; i++)
      known = ir_operand(op, i)->op == n->inner || is_known(n, ir_operand(op, i));
    if (known) map_put(n->cx, &n->known, op, op);
  }
}

static bool used_at_or_behind(const FlatNest *n, const Op *at) {
  while (at->block != n->inner->block) at = ir_parent(at);
  return at == n->inner || ir_dominates(n->inner, at);
}

static bool used_behind(const FlatNest *n, const Value *v) {
  for (const Use *u = v->uses; u; u = u->next)
    if (used_at_or_behind(n, u->op)) return true;
  return false;
}

static void find_kept(FlatNest *n) {
  for (Op *op = ir_entry(n->outer, 0)->first; op != n->inner; op = op->next)
    for (int i = 0; i < op->nresults; i++)
      if (!map_has(&n->known, op) && used_behind(n, &op->results[i])) vec_push(n->cx, &n->kept, &op->results[i]);
}

/* Can there be a value of this type that nobody reads? */
static bool has_filler(const Type *t) {
  const Type *elem = ir_elem((Type *)t);
  return elem->kind == TYPE_INT || elem->kind == TYPE_FLOAT || elem->kind == TYPE_PTR;
}

static bool has_fillers(const FlatNest *n) {
  for (int i = 0; i < n->inner->nresults; i++)
    if (!has_filler(n->inner->results[i].type)) return false;
  for (uint32_t i = 0; i < n->kept.len; i++)
    if (!has_filler(n->kept.at[i]->type)) return false;
  return true;
}

static bool all_bounds(const FlatNest *n, bool (*what)(const FlatNest *n, const Value *v)) {
  return what(n, ir_loop_lower(n->inner)) && what(n, ir_loop_upper(n->inner)) && what(n, ir_loop_step(n->inner));
}

static bool is_less(const Op *cmp, const Value *x, const Value *y) {
  if (!cmp || cmp->code != OP_CMPI) return false;
  const char *p = ir_attr_text_or(cmp, "predicate", "");
  const Value *a = ir_operand(cmp, 0), *b = ir_operand(cmp, 1);
  return (!strcmp(p, "slt") && a == x && b == y) || (!strcmp(p, "sgt") && a == y && b == x);
}

/* By its bounds, or since the program says so before it (tl.assume). */
static bool certainly_runs(const FlatNest *n) {
  if (opt_loop_runs(n->inner)) return true;
  for (const Op *op = ir_entry(n->outer, 0)->first; op != n->inner; op = op->next)
    if (op->code == OP_ASSUME && is_less(ir_operand(op, 0)->op, ir_loop_lower(n->inner), ir_loop_upper(n->inner)))
      return true;
  return false;
}

/* ---- how many iterations ----------------------------------------------------------------------------------------- */

static Value *less(Builder *b, Value *x, Value *y) { return ir_compare(b, "slt", x, y); }

static Value *int_op(Builder *b, Opcode code, Value *x, Value *y) { return ir_make(b, code, x->type, x, y, NULL); }

static Value *wide(Builder *b, Value *x) {
  Type *i64 = ir_int(b->cx, 64);
  return x->type == i64 ? x : ir_make(b, OP_EXTUI, i64, x, NULL);
}

/* At least one, if `least` is 1. The difference of the bounds is a number without a sign. */
static Value *iterations(Builder *b, Value *lower, Value *upper, Value *step, int64_t least) {
  Value *one = ir_const_int(b, lower->type, 1), *runs = less(b, lower, upper);
  Value *span = int_op(b, OP_SUBI, int_op(b, OP_SUBI, upper, lower), one);
  Value *n = wide(b, int_op(b, OP_DIVUI, span, step));
  n = int_op(b, OP_ADDI, n, ir_const_int(b, n->type, 1));
  return ir_make(b, OP_SELECT, n->type, runs, n, ir_const_int(b, n->type, least), NULL);
}

static void clone_known(const FlatNest *n, Builder *b, Map *map) {
  for (const Op *op = ir_entry(n->outer, 0)->first; op != n->inner; op = op->next)
    if (map_has(&n->known, op)) ir_clone(b, op, map);
}

static Value *inner_iterations(const FlatNest *n, Builder *b, Map *map, int64_t least) {
  const Op *in = n->inner;
  return iterations(b, ir_mapped(map, ir_loop_lower(in)), ir_mapped(map, ir_loop_upper(in)),
                    ir_mapped(map, ir_loop_step(in)), least);
}

/* Ops that the bounds are computed by; they stand before the inner loop, each after those that it uses. */
static void clone_bounds(const FlatNest *n, Builder *b, Map *map) {
  const Op *first = ir_entry(n->outer, 0)->first;
  Map needed = {0};
  for (int i = 0; i < 3; i++) map_put(n->cx, &needed, ir_operand(n->inner, i), n->inner);
  for (const Op *op = n->inner->prev; op; op = op->prev)
    for (int r = 0; r < op->nresults; r++)
      for (int i = 0; i < op->noperands && map_has(&needed, &op->results[r]); i++)
        map_put(n->cx, &needed, ir_operand(op, i), n->inner);
  for (const Op *op = first; op != n->inner; op = op->next)
    if (op->nresults && map_has(&needed, &op->results[0])) ir_clone(b, op, map);
}

/* A loop that adds up how often the inner loop runs. */
static Value *added_up(const FlatNest *n, Builder *b) {
  Ctx *cx = n->cx;
  Type *i64 = ir_int(cx, 64);
  Value *operands[] = {ir_loop_lower(n->outer), ir_loop_upper(n->outer), ir_loop_step(n->outer),
                       ir_const_int(b, i64, 0)};
  Op *loop = ir_op(b, OP_FOR, &i64, 1, operands, COUNT(operands));
  Block *body = ir_add_block(cx, ir_add_region(cx, loop));
  Builder in = ir_at_end(cx, body);
  in.loc = b->loc;
  Map map = {0};
  map_put(cx, &map, ir_loop_index(n->outer), ir_add_arg(cx, body, operands[0]->type, b->loc));
  Value *sum = ir_add_arg(cx, body, i64, b->loc);
  clone_bounds(n, &in, &map);
  Value *next = int_op(&in, OP_ADDI, sum, inner_iterations(n, &in, &map, 1));
  ir_op(&in, OP_YIELD, NULL, 0, &next, 1);
  return &loop->results[0];
}

static Value *total_of(const FlatNest *n, Builder *b) {
  if (!all_bounds(n, is_outside)) return added_up(n, b);
  Map none = {0};
  Value *outer = iterations(b, ir_loop_lower(n->outer), ir_loop_upper(n->outer), ir_loop_step(n->outer), 0);
  return int_op(b, OP_MULI, outer, inner_iterations(n, b, &none, 1));
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static Value *filler(Builder *b, Type *t) {
  Type *elem = ir_elem(t);
  if (elem->kind == TYPE_INT) return ir_const_int(b, t, 0);
  if (elem->kind == TYPE_FLOAT) return ir_const_float(b, t, 0);
  Type *i64 = ir_int(b->cx, 64);
  return ir_make(b, OP_INT_TO_PTR, t, ir_const_int(b, ir_is_tensor(t) ? ir_tensor_like(b->cx, t, i64) : i64, 0), NULL);
}

/* A branch with results: what is built in it by `then` and `other` ends with what each of them gives. */
static Op *branch(Builder *b, Value *condition, const FlatValues *like, Builder *then, Builder *other) {
  Type **types = NEWN(b->cx, Type *, like->len + 1);
  for (uint32_t i = 0; i < like->len; i++) types[i] = like->at[i]->type;
  Op *op = ir_op(b, OP_IF, types, (int)like->len, &condition, 1);
  *then = ir_at_end(b->cx, ir_add_block(b->cx, ir_add_region(b->cx, op)));
  *other = ir_at_end(b->cx, ir_add_block(b->cx, ir_add_region(b->cx, op)));
  then->loc = other->loc = b->loc;
  return op;
}

static void yield(Builder *b, const FlatValues *v) { ir_op(b, OP_YIELD, NULL, 0, v->at, (int)v->len); }

static Value *choose(Builder *b, Value *condition, Value *yes, Value *no) {
  return yes == no ? yes : ir_make(b, OP_SELECT, yes->type, condition, yes, no, NULL);
}

/* Clones those of the ops from `op` to `end` that are not known. */
static void clone_others(const FlatNest *n, Builder *b, Map *map, const Op *op, const Op *end) {
  for (; op != end; op = op->next)
    if (!map_has(&n->known, op)) ir_clone(b, op, map);
}

static bool has_others(const FlatNest *n, const Op *op, const Op *end) {
  while (op != end && map_has(&n->known, op)) op = op->next;
  return op != end;
}

/* Does the body, or what is behind it, read the value, beside that the inner loop begins with it? */
static bool outlives_first(const FlatNest *n, const Value *v) {
  for (const Use *u = v->uses; u; u = u->next)
    if (used_at_or_behind(n, u->op) && (u->op != n->inner || u->index < IR_LOOP_INITS)) return true;
  return false;
}

/* What is done where the inner loop begins, and the values that the body starts from. `kept` are the carried ones. */
static void begin(const FlatNest *n, Builder *b, Map *map, Value *first, Value *const *kept) {
  Ctx *cx = n->cx;
  clone_known(n, b, map);
  Op *from = ir_entry(n->outer, 0)->first;
  if (!has_others(n, from, n->inner)) return;
  Builder yes, no;
  FlatValues here = {0}, before = {0}, like = {0};
  for (uint32_t i = 0; i < n->kept.len; i++) vec_push(cx, &like, n->kept.at[i]);
  Op *op = branch(b, first, &like, &yes, &no);
  clone_others(n, &yes, map, from, n->inner);
  for (uint32_t i = 0; i < n->kept.len; i++) {
    vec_push(cx, &here, ir_mapped(map, n->kept.at[i]));
    vec_push(cx, &before, kept[i] ? kept[i] : filler(&no, n->kept.at[i]->type));
  }
  yield(&yes, &here);
  yield(&no, &before);
  for (uint32_t i = 0; i < n->kept.len; i++) map_put(cx, map, n->kept.at[i], &op->results[i]);
}

/* The inner loop's body for index j, from the carried values `d`, which are what it gives afterwards. */
static void body(const FlatNest *n, Builder *b, Map *map, Value *j, Value **d) {
  Ctx *cx = n->cx;
  const Op *in = n->inner, *end = ir_terminator(ir_entry(in, 0));
  Builder yes = *b, no;
  FlatValues given = {0}, as_before = {0};
  for (int i = 0; i < in->nresults; i++) vec_push(cx, &as_before, d[i]);
  Op *guard = NULL;
  if (!n->runs) guard = branch(b, less(b, j, ir_mapped(map, ir_loop_upper(in))), &as_before, &yes, &no);
  map_put(cx, map, ir_loop_index(in), j);
  for (int i = 0; i < in->nresults; i++) map_put(cx, map, ir_loop_arg(in, i), d[i]);
  for (const Op *op = ir_entry(in, 0)->first; op != end; op = op->next) ir_clone(&yes, op, map);
  for (int i = 0; i < in->nresults; i++) vec_push(cx, &given, ir_mapped(map, ir_operand(end, i)));
  if (guard) yield(&yes, &given), yield(&no, &as_before);
  for (int i = 0; i < in->nresults; i++) {
    d[i] = guard ? &guard->results[i] : given.at[i];
    map_put(cx, map, &in->results[i], d[i]);
  }
}

/* What is done where the inner loop ends, and the outer loop's carried values for the next iteration. */
static void end(const FlatNest *n, Builder *b, Map *map, Value *last, Value **c) {
  Ctx *cx = n->cx;
  const Op *stop = ir_terminator(ir_entry(n->outer, 0));
  for (Op *op = n->inner->next; op != stop; op = op->next)
    if (map_has(&n->known, op)) ir_clone(b, op, map);
  if (has_others(n, n->inner->next, stop)) {
    Builder yes, no;
    FlatValues given = {0}, as_before = {0}, like = {0};
    for (int i = 0; i < n->outer->nresults; i++) {
      Op *of = ir_operand(stop, i)->op;
      if (!of || of->block != n->inner->block || map_has(map, &of->results[0])) continue;
      vec_push(cx, &like, ir_operand(stop, i));
      vec_push(cx, &as_before, c[i]);
    }
    Op *op = branch(b, last, &like, &yes, &no);
    clone_others(n, &yes, map, n->inner->next, stop);
    for (uint32_t i = 0; i < like.len; i++) vec_push(cx, &given, ir_mapped(map, like.at[i]));
    yield(&yes, &given);
    yield(&no, &as_before);
    for (uint32_t i = 0; i < like.len; i++) map_put(cx, map, like.at[i], &op->results[i]);
  }
  for (int i = 0; i < n->outer->nresults; i++) c[i] = choose(b, last, ir_mapped(map, ir_operand(stop, i)), c[i]);
}

/* An empty loop of `total` iterations, with the carried values; what they begin with is in `inits`. */
static Op *empty_loop(const FlatNest *n, Builder *b, Value *total, const FlatValues *inits) {
  Ctx *cx = n->cx;
  FlatValues operands = {0};
  vec_push(cx, &operands, ir_const_int(b, total->type, 0));
  vec_push(cx, &operands, total);
  vec_push(cx, &operands, ir_const_int(b, total->type, 1));
  Type **types = NEWN(cx, Type *, inits->len);
  for (uint32_t i = 0; i < inits->len; i++) {
    vec_push(cx, &operands, inits->at[i]);
    types[i] = inits->at[i]->type;
  }
  Op *loop = ir_op(b, OP_FOR, types, (int)inits->len, operands.at, (int)operands.len);
  Block *block = ir_add_block(cx, ir_add_region(cx, loop));
  ir_add_arg(cx, block, total->type, b->loc);
  for (uint32_t i = 0; i < inits->len; i++) ir_add_arg(cx, block, types[i], b->loc);
  static const char *const options[] = {"tt.num_stages", "tt.disallow_acc_multi_buffer", "tt.warp_specialize",
                                        "tt.disable_licm"};
  for (size_t i = 0; i < COUNT(options); i++) {
    Attr *a = ir_attr(n->outer, options[i]);
    ir_set_attr(cx, loop, options[i], a ? a : ir_attr(n->inner, options[i]));
  }
  return loop;
}

/* Before what the new loop carries: its state, the inner loop's values, those of `kept` that outlive the first iteration,
 * and, last, the outer loop's. */
static FlatValues initial(const FlatNest *n, Builder *b) {
  Ctx *cx = n->cx;
  FlatValues v = {0};
  vec_push(cx, &v, ir_const_int(b, ir_int(cx, 1), 1));
  vec_push(cx, &v, ir_loop_lower(n->outer));
  vec_push(cx, &v, filler(b, ir_loop_lower(n->inner)->type));
  for (int i = 0; i < n->inner->nresults; i++) vec_push(cx, &v, filler(b, n->inner->results[i].type));
  for (uint32_t i = 0; i < n->kept.len; i++)
    if (outlives_first(n, n->kept.at[i])) vec_push(cx, &v, filler(b, n->kept.at[i]->type));
  for (int i = 0; i < n->outer->nresults; i++) vec_push(cx, &v, ir_loop_init(n->outer, i));
  return v;
}

/* Is j the inner loop's last index, or behind it? j plus the step may not be a number of the type; what is left is one,
 * without a sign. */
static Value *is_last(const FlatNest *n, Builder *b, Map *map, Value *j) {
  Value *high = ir_mapped(map, ir_loop_upper(n->inner)), *step = ir_mapped(map, ir_loop_step(n->inner));
  Value *left = int_op(b, OP_SUBI, int_op(b, OP_SUBI, high, ir_const_int(b, j->type, 1)), j);
  Value *last = ir_compare(b, "ult", left, step);
  return n->runs ? last : int_op(b, OP_ORI, last, ir_compare(b, "sge", j, high));
}

/* Gives the new loop; the last of its results are the outer loop's. */
static Op *flat_loop(const FlatNest *n, Builder *b) {
  Ctx *cx = n->cx;
  FlatValues inits = initial(n, b);
  Op *loop = empty_loop(n, b, total_of(n, b), &inits);
  const Op *in = n->inner;
  int nd = in->nresults, nc = n->outer->nresults, at = NSTATE + nd;
  Value **d = NEWN(cx, Value *, nd + 1), **c = NEWN(cx, Value *, nc + 1), **kept = NEWN(cx, Value *, n->kept.len + 1);
  Value *first = ir_loop_arg(loop, FIRST), *i = ir_loop_arg(loop, OUTER_INDEX);
  Map map = {0};
  for (uint32_t k = 0; k < n->kept.len; k++)
    if (outlives_first(n, n->kept.at[k])) kept[k] = ir_loop_arg(loop, at++);
  map_put(cx, &map, ir_loop_index(n->outer), i);
  for (int k = 0; k < nc; k++) map_put(cx, &map, ir_loop_arg(n->outer, k), c[k] = ir_loop_arg(loop, at + k));
  Builder o = ir_at_end(cx, ir_entry(loop, 0));
  o.loc = b->loc;
  begin(n, &o, &map, first, kept);
  Value *j = choose(&o, first, ir_mapped(&map, ir_loop_lower(in)), ir_loop_arg(loop, INNER_INDEX));
  for (int k = 0; k < nd; k++)
    d[k] = choose(&o, first, ir_mapped(&map, ir_loop_init(in, k)), ir_loop_arg(loop, NSTATE + k));
  body(n, &o, &map, j, d);
  Value *next = int_op(&o, OP_ADDI, j, ir_mapped(&map, ir_loop_step(in)));
  Value *last = is_last(n, &o, &map, j);
  end(n, &o, &map, last, c);
  Value *next_i = choose(&o, last, int_op(&o, OP_ADDI, i, ir_loop_step(n->outer)), i);
  FlatValues out = {0};
  vec_push(cx, &out, last);
  vec_push(cx, &out, next_i);
  vec_push(cx, &out, next);
  for (int k = 0; k < nd; k++) vec_push(cx, &out, d[k]);
  for (uint32_t k = 0; k < n->kept.len; k++)
    if (kept[k]) vec_push(cx, &out, ir_mapped(&map, n->kept.at[k]));
  for (int k = 0; k < nc; k++) vec_push(cx, &out, c[k]);
  yield(&o, &out);
  return loop;
}

/* The outer loop as it is where the inner one does not run. */
static Op *without_inner(const FlatNest *n, Builder *b) {
  Map map = {0};
  Op *copy = ir_clone(b, n->outer, &map);
  Op *in = ir_entry(copy, 0)->first;
  while (in->code != OP_FOR) in = in->next;
  for (int i = 0; i < in->nresults; i++) ir_replace_all(&in->results[i], ir_loop_init(in, i));
  ir_erase(in);
  ir_set_attr(n->cx, copy, FLATTEN, NULL);
  return copy;
}

/* The outer loop's results, of the op that takes its place. */
static FlatValues results_of(const FlatNest *n, Op *op) {
  FlatValues v = {0};
  for (int i = op->nresults - n->outer->nresults; i < op->nresults; i++) vec_push(n->cx, &v, &op->results[i]);
  return v;
}

/* The question whether the inner loop runs is asked before both. */
static Op *versions(FlatNest *n, Builder *b) {
  FlatValues like = results_of(n, n->outer);
  Builder yes, no;
  Op *op = branch(b, less(b, ir_loop_lower(n->inner), ir_loop_upper(n->inner)), &like, &yes, &no);
  n->runs = true;
  FlatValues all = results_of(n, flat_loop(n, &yes)), others = results_of(n, without_inner(n, &no));
  yield(&yes, &all);
  yield(&no, &others);
  return op;
}

static bool flatten(Ctx *cx, Op *outer) {
  FlatNest n = {.cx = cx, .outer = outer, .inner = inner_of(outer)};
  if (!n.inner) return false;
  find_known(&n);
  bool even = all_bounds(&n, is_outside);
  if (!even && !all_bounds(&n, follows_from_index)) return false;
  find_known_behind(&n);
  find_kept(&n);
  if (!has_fillers(&n)) return false;
  n.runs = certainly_runs(&n);
  Builder b = ir_before(cx, outer);
  Op *made = even && !n.runs ? versions(&n, &b) : flat_loop(&n, &b);
  FlatValues results = results_of(&n, made);
  for (uint32_t i = 0; i < results.len; i++) ir_replace_all(&outer->results[i], results.at[i]);
  ir_erase(outer);
  return true;
}

typedef struct FlatNests {
  Ctx *cx;
  Vec(Op *) outer; /* inner ones first */
} FlatNests;

static void collect(Op *op, void *arg) {
  FlatNests *n = arg;
  if (op->code == OP_FOR && ir_attr(op, FLATTEN)) vec_push(n->cx, &n->outer, op);
}

bool opt_flatten(Ctx *cx, Module *m) {
  FlatNests n = {.cx = cx};
  ir_walk_post(m->op, collect, &n);
  bool changed = false;
  for (uint32_t i = 0; i < n.outer.len; i++) changed |= flatten(cx, n.outer.at[i]);
  return changed;
}
