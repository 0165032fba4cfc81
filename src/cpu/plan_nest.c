/* plan_nest.c: decisions about one loop nest, from the index analysis: along which dimension it is vectorized, how many
 * elements at a time, what a run-time test before it decides, which masks are bounds of its vector loop.
 *
 * Problem. The same access may be one vector instruction or a gather, by what strides and sizes are at run time; and a mask
 * that is a bound costs nothing but at the tile's edge. Both must be known before the loops are emitted.
 *
 * Idea. Every access below the nest's members is visited with a map: which of the nest's dimensions each of its own
 * follows. With that its strides (index/) are strides of the loops. Where the stride along the vector dimension is known
 * only at run time, or holds only while an `x % n` does not wrap, the nest gets a test, and two versions. A mask is a
 * bound if each of its conjuncts is either the same for all of a row or a comparison whose sides differ by one element
 * more per step; what such a conjunct needs is evaluated at the row's beginning, where every coordinate is a scalar.
 *
 * Invariant. Nothing is emitted here, and the emitter decides nothing: what a bound or a test refers to
 * can be evaluated in front of the loops, for it contains no value that the nest itself computes.
 *
 * Cost: linear in the ops below the members, once per nest.
 */
#include "cpu/plan_work.h"

#include <string.h>

/* ---- visiting values with a map ---------------------------------------------------------------------------------- */

/* map[d]: the nest's dimension that dimension d of the value follows, or -1: none. */
static const int *operand_map(Ctx *cx, const Op *op, int i, int result, const int *map) {
  const Type *to = op->results[result].type, *from = ir_operand(op, i)->type;
  int *out = NEWN(cx, int, MAX_RANK), n = from->rank;
  for (int d = 0; d < n; d++) out[d] = -1;
  switch (op->code) {
  case OP_EXPAND_DIMS: {
    int axis = (int)ir_attr_int_or(op, "axis", 0);
    for (int d = 0; d < n; d++) out[d] = map[d < axis ? d : d + 1];
    break;
  }
  case OP_BROADCAST:
    for (int d = 0; d < n; d++) out[d] = from->shape[d] == 1 ? -1 : map[d];
    break;
  case OP_TRANS: {
    Attr *order = ir_attr(op, "order");
    for (int d = 0; d < n; d++) out[order->ints[d]] = map[d];
    break;
  }
  case OP_RESHAPE:
    if (ir_reshape_trivial(op)) {
      for (int d = 0, t = 0; d < n; d++) {
        if (from->shape[d] == 1) continue;
        while (to->shape[t] == 1) t++;
        out[d] = map[t++];
      }
    } else if (n && to->rank) {
      out[n - 1] = map[to->rank - 1];
    }
    break;
  default:
    for (int d = 0; d < n && d < to->rank; d++) out[d] = map[d];
  }
  return out;
}

static bool same_map(const int *a, const int *b, int rank) { return !memcmp(a, b, (size_t)rank * sizeof *a); }

/* The dimension of a value that follows the nest's dimension `to`; -1: none. */
static int follows(const int *map, int rank, int to) {
  for (int d = 0; d < rank; d++)
    if (map[d] == to) return d;
  return -1;
}

/* ---- the vector dimension ---------------------------------------------------------------------------------------- */

typedef struct Choice {
  Planner *pl;
  const Nest *nest;
  int votes[MAX_RANK];
  int widest;            /* bytes of the widest data */
  int64_t run[MAX_RANK]; /* the least of the runs that accesses consist of along a dimension (cpu_run) */
  int cost;
  int chain; /* the longest of ops that wait for each other */
  bool gathers;
} Choice;

/* What varies along all of the nest's dimensions counts most; what is broadcast along one is read rarely and only breaks
 * ties. */
static int weight_of(const Choice *c, const int *map, int rank) {
  bool covered[MAX_RANK] = {0};
  for (int d = 0; d < rank; d++)
    if (map[d] >= 0) covered[map[d]] = true;
  for (int d = 0; d < c->nest->rank; d++)
    if (c->nest->shape[d] > 1 && !covered[d]) return 1;
  return 64;
}

static void vote_access(Choice *c, Value *ptr, const int *map, int weight) {
  const IndexAxis *a = cpu_axis(c->pl->index, ptr);
  int bytes = ir_elem_bytes(ptr->type->elem->elem);
  bool any = false;
  weight *= weight_of(c, map, ptr->type->rank);
  for (int d = 0; d < ptr->type->rank; d++) {
    int to = map[d];
    if (to < 0 || c->nest->shape[to] == 1) continue;
    if (cpu_moves_by_one(c->pl->index, ptr, d))
      c->votes[to] += 4 * weight;
    else if (cpu_is_in_runs(c->pl->index, ptr, d))
      c->votes[to] += 4 * weight, c->run[to] = min64(c->run[to], cpu_run(c->pl->index, ptr, d));
    else if (a[d].stride && (a[d].stride->n || (a[d].wrap && a[d].stride->constant <= bytes)))
      c->votes[to] += 2 * weight;
    else
      continue;
    any = true;
  }
  for (int d = 0; !any && d < ptr->type->rank; d++) {
    bool still = index_is_const(a[d].stride, 0) && !a[d].wrap;
    if (map[d] >= 0 && c->nest->shape[map[d]] > 1 && !still) c->gathers = true;
  }
}

static void note_type(Choice *c, const Type *elem) {
  if (ir_is_ptr(elem) || (elem->kind == TYPE_INT && elem->bits == 1)) return;
  int bytes = ir_elem_bytes(elem);
  if (elem->kind == TYPE_FLOAT && elem->bits < 32) return; /* counted where it is converted */
  if (bytes > c->widest) c->widest = bytes;
}

static void vote(Choice *c, Value *v, const int *map, int depth) {
  if (!ir_is_tensor(v->type) || depth > 64) return;
  int rank = v->type->rank;
  if (cpu_is_stored(v) && !(plan_of(v)->nest == c->nest && !work_of(v)->available)) {
    if (rank && map[rank - 1] >= 0) c->votes[map[rank - 1]] += 3 * weight_of(c, map, rank);
    note_type(c, v->type->elem);
    return;
  }
  if (c->cost > 4000) return;
  c->cost++;
  Op *op = v->op;
  if (!op || cpu_is_affine(c->pl, v)) return;
  if (op->code != OP_CMPI) note_type(c, v->type->elem);
  if (op->code == OP_LOAD) vote_access(c, ir_operand(op, 0), map, 1);
  if (op->code == OP_GATHER) c->gathers = true;
  for (int i = 0; i < op->noperands; i++)
    if (ir_is_tensor(ir_operand(op, i)->type))
      vote(c, ir_operand(op, i), operand_map(c->pl->cx, op, i, v->index, map), depth + 1);
}

static void note_chain(Choice *c, const Value *v) {
  if (work_of(v)->rules.chain > c->chain) c->chain = work_of(v)->rules.chain;
}

static void vote_member(Choice *c, const Member *m, const int *map) {
  if (m->value) note_chain(c, m->value);
  for (int i = 0; m->op && i < m->op->noperands; i++) note_chain(c, ir_operand(m->op, i));
  if (m->kind == MEMBER_STORE || m->kind == MEMBER_UPDATE) vote_access(c, ir_operand(m->op, 0), map, 2);
  if (m->kind == MEMBER_COPY || (m->kind == MEMBER_VALUE && plan_of(m->value)->is_kept))
    c->votes[c->nest->rank - 1] += 3 * 64;
  if (m->op && m->kind != MEMBER_VALUE) {
    for (int i = 0; i < m->op->noperands; i++) vote(c, ir_operand(m->op, i), map, 0);
    return;
  }
  if (m->kind == MEMBER_COPY) {
    vote(c, m->value, map, 0);
    note_type(c, m->value->type->elem);
    return;
  }
  note_type(c, m->value->type->elem);
  if (m->op->code == OP_LOAD) vote_access(c, ir_operand(m->op, 0), map, 1);
  if (ir_info(m->op)->traits & T_ELEMENTWISE || m->op->code == OP_LOAD)
    for (int i = 0; i < m->op->noperands; i++) vote(c, ir_operand(m->op, i), map, 0);
}

/* How many elements at a time: whole registers of the widest type; several, so that latencies overlap, where little
 * is computed, or where each op waits for the one before: a processor that looks some 256 instructions ahead does not see the
 * next vector's in time. On a Zen 3 core x tanh(log(1 + exp(x))), 48 ops in a row, took 1.09 ms for 2^18 numbers a register at
 * a time, and takes 0.71 by two; pow, of 43, 0.64 and 0.48; erf and GELU, of 23 and 26, were no faster by two. */
enum { LONG_CHAIN = 28 };

static int choose_lanes(const Choice *c) {
  int bytes = c->widest ? c->widest : 2;
  bool folds = false, scans = false;
  for (uint32_t i = 0; i < c->nest->members.len; i++) {
    folds = folds || c->nest->members.at[i].kind == MEMBER_REDUCE;
    scans = scans || c->nest->members.at[i].kind == MEMBER_SCAN;
  }
  int lanes = c->pl->isa->vector_bytes / bytes;
  bool fit = c->cost <= 40 || c->chain >= LONG_CHAIN;
  if (!c->gathers && !scans && fit) lanes *= folds && c->cost <= 12 ? 4 : 2;
  if (lanes > 64) lanes = 64;
  if (c->gathers && lanes > 16) lanes = 16;
  int64_t most = min64(c->nest->shape[c->nest->vector_dim], c->run[c->nest->vector_dim]);
  while (lanes > most) lanes /= 2;
  return lanes < 1 ? 1 : lanes;
}

/* Reductions along a dimension that is not the vectors': each row is combined with the row of results, which is read from
 * memory and written back. With several rows at a time that happens once for all of them, where it is not little of what is
 * done; each result still takes one row after the other. */
enum { ROWS = 4, CHEAP = 16 };

static void choose_rows(const Choice *c, Nest *nest) {
  nest->rows = 1;
  int dim = -1;
  for (uint32_t i = 0; i < nest->members.len; i++) {
    const Member *m = &nest->members.at[i];
    if (m->kind != MEMBER_REDUCE) return;
    int axis = (int)ir_attr_int_or(m->op, "axis", 0);
    if (i && axis != dim) return;
    dim = axis;
  }
  bool fits = nest->lanes > 1 && dim != nest->vector_dim && nest->shape[dim] % ROWS == 0 && dim != nest->live_dim;
  if (!fits || c->cost > CHEAP || c->gathers) return;
  nest->rows = ROWS;
  nest->rows_dim = dim;
}

static int choose_dim(const Choice *c) {
  const int64_t *shape = c->nest->shape;
  int best = -1;
  for (int d = c->nest->rank; d-- > 0;) {
    if (shape[d] == 1) continue;
    bool small = shape[d] < 4;
    if (best < 0 || (c->votes[d] > c->votes[best] && !small) || (shape[best] < 4 && shape[d] > shape[best])) best = d;
  }
  return best < 0 ? c->nest->rank - 1 : best;
}

/* ---- what can be evaluated in front of the loops ----------------------------------------------------------------- */

/* Does `v` contain no value that the nest itself computes? All others are there: scalars, and tensors in their slots. */
static bool is_known(Planner *pl, const Nest *nest, Value *v) {
  Vec(Value *) stack = {0};
  unsigned walk = ++pl->walk;
  vec_push(pl->cx, &stack, v);
  while (stack.len) {
    Value *x = stack.at[--stack.len];
    ValueWork *work = work_of(x);
    if (work->visited[0] == walk) continue;
    work->visited[0] = walk;
    if (!ir_is_tensor(x->type) || cpu_is_stored(x)) {
      if (!work->available || (ir_is_tensor(x->type) && nest && plan_of(x)->nest == nest)) return false;
      continue;
    }
    for (int i = 0; i < x->op->noperands; i++) vec_push(pl->cx, &stack, ir_operand(x->op, i));
  }
  return true;
}

bool cpu_sum_known(Planner *pl, const IndexSum *s, int64_t unit) {
  if (!s || s->constant % unit) return false;
  for (int i = 0; i < s->n; i++) {
    if (s->terms[i].times % unit) return false;
    for (int k = 0; k < s->terms[i].n; k++) {
      Value *v = (Value *)s->terms[i].factors[k];
      if (!v->data || ir_is_ptr(ir_elem(v->type))) return false;
      if (ir_is_tensor(v->type) && !(index_is_uniform(index_of(pl->index, v)) && cpu_is_index(v))) return false;
      if (!is_known(pl, NULL, v)) return false;
    }
  }
  return true;
}

/* ---- masks ------------------------------------------------------------------------------------------------------- */

static bool is_same_along(Planner *pl, const Value *v, int axis) {
  const IndexAxis *a = &index_of(pl->index, v)->axis[axis];
  return index_is_const(a->stride, 0) && !a->wrap;
}

bool cpu_mask_bounds(Planner *pl, const Nest *nest, Value *mask, int axis) {
  typedef struct Item {
    Value *v;
    int axis; /* the dimension that moves; -1: none */
  } Item;
  Vec(Item) work = {0};
  vec_push(pl->cx, &work, ((Item){mask, axis}));
  while (work.len) {
    Item at = work.at[--work.len];
    Op *op = at.v->op;
    switch (at.axis >= 0 && cpu_is_expression(nest, at.v) ? op->code : OP_POISON) {
    case OP_ANDI:
      vec_push(pl->cx, &work, ((Item){ir_operand(op, 1), at.axis}));
      vec_push(pl->cx, &work, ((Item){ir_operand(op, 0), at.axis}));
      continue;
    case OP_EXPAND_DIMS:
    case OP_BROADCAST:
    case OP_TRANS:
    case OP_SPLAT: {
      Value *x = ir_operand(op, 0);
      int only[MAX_RANK];
      for (int d = 0; d < at.v->type->rank; d++) only[d] = d == at.axis ? 0 : -1;
      int next = ir_is_tensor(x->type) ? follows(operand_map(pl->cx, op, 0, 0, only), x->type->rank, 0) : -1;
      vec_push(pl->cx, &work, ((Item){x, next}));
      continue;
    }
    case OP_CMPI:
      if (cpu_compare_step(pl->index, op, at.axis) == CPU_NO_STEP) break;
      if (nest && !cpu_end_tests(pl->cx, pl->index, op, at.axis, &(EndTests){0})) return false;
      for (int i = 0; i < 2; i++)
        if (!is_known(pl, nest, ir_operand(op, i))) return false;
      continue;
    default: break;
    }
    bool moves = at.axis >= 0 && ir_is_tensor(at.v->type) && !is_same_along(pl, at.v, at.axis);
    if (moves || !is_known(pl, nest, at.v)) return false;
  }
  return true;
}

/* ---- accesses ---------------------------------------------------------------------------------------------------- */

static bool is_remainder(const Value *v) { return v->op && (v->op->code == OP_REMSI || v->op->code == OP_REMUI); }

bool cpu_wrap_test(Planner *pl, const Nest *nest, const Value *wrap, WrapTest *test) {
  if (!is_remainder(wrap)) return false;
  const Index *x = index_of(pl->index, ir_operand(wrap->op, 0));
  int axis = -1;
  *test = (WrapTest){.wrap = wrap};
  for (int d = 0; d < wrap->type->rank; d++) {
    if (index_is_const(x->axis[d].stride, 0) && !x->axis[d].wrap) continue;
    if (axis >= 0 || x->axis[d].wrap)
      return false; /* along others, too: testing it for their first index would not do */
    axis = d;
  }
  if (axis < 0 || !index_const_stride(x, axis, &test->step)) return false;
  if (!index_is_uniform(index_of(pl->index, ir_operand(wrap->op, 1)))) return false;
  for (int i = 0; i < 2; i++)
    if (!is_known(pl, nest, ir_operand(wrap->op, i))) return false;
  return true;
}

typedef struct Accesses {
  Planner *pl;
  Nest *nest;
  unsigned number;
  Map strides; /* those that are tested */
} Accesses;

static void add(Ctx *cx, Map *set, const void *x) { map_put(cx, set, x, (void *)x); }

/* A stride that is one scalar, as tensors have them, may well be one element; a product of several, or a multiple, hardly. */
static bool may_be_one(const IndexSum *s, int64_t bytes) {
  return s->n == 1 && !s->constant && s->terms[0].n == 1 && s->terms[0].times == bytes;
}

/* Is this access contiguous along `axis`, by itself or if the nest's tests hold? They are added to for that. */
static bool plan_pointers(Accesses *a, const Op *op, int axis) {
  Value *ptr = ir_operand(op, 0);
  const IndexAxis *x = &cpu_axis(a->pl->index, ptr)[axis];
  int64_t bytes = ir_elem_bytes(ptr->type->elem->elem);
  WrapTest wraps;
  if (cpu_is_in_runs(a->pl->index, ptr, axis)) return x->contiguity >= a->nest->lanes;
  if (!x->stride || (x->wrap && !cpu_wrap_test(a->pl, a->nest, x->wrap, &wraps))) return false;
  if (x->stride->n) {
    if (!may_be_one(x->stride, bytes) || !cpu_sum_known(a->pl, x->stride, bytes)) return false;
    if (!map_has(&a->strides, x->stride)) {
      add(a->pl->cx, &a->strides, x->stride);
      vec_push(a->pl->cx, &a->nest->tests, ((NestTest){.stride = x->stride, .bytes = bytes}));
    }
    add(a->pl->cx, &a->nest->unit, op);
  }
  if (x->wrap && !map_has(&a->nest->linear, x->wrap)) {
    add(a->pl->cx, &a->nest->linear, x->wrap);
    vec_push(a->pl->cx, &a->nest->tests, ((NestTest){.wrap = wraps}));
  }
  return x->stride->n || x->stride->constant == bytes;
}

/* Asked once for the accesses of a mask. */
static bool mask_bounds(Accesses *a, Value *mask, int axis) {
  ValueWork *work = work_of(mask);
  if (work->access.asked != a->nest || work->access.asked_axis != axis) {
    work->access.asked = a->nest;
    work->access.asked_axis = axis;
    work->access.is_bound = cpu_mask_bounds(a->pl, a->nest, mask, axis);
  }
  return work->access.is_bound;
}

/* Do the runs begin at addresses that no prefetcher of a processor sees coming, a page apart from each other? Where that is
 * not known, short runs are taken to. */
static bool is_scattered(const Accesses *a, const Value *ptr, const int *map, int axis) {
  int64_t bytes = ir_elem_bytes(ptr->type->elem->elem), first, later, from[MAX_RANK] = {0}, to[MAX_RANK] = {0};
  for (int d = 0; d < ptr->type->rank; d++)
    if (map[d] == a->nest->vector_dim) to[d] = CPU_SHORT_RUN / bytes;
  if (index_sample(ptr, from, &first) && index_sample(ptr, to, &later))
    return later - first >= CPU_PAGE || first - later >= CPU_PAGE;
  return cpu_axis(a->pl->index, ptr)[axis].contiguity * bytes <= CPU_SHORT_RUN;
}

/* Runs in a long row, scattered, at addresses that are computed from the indices alone? */
static bool is_fetched_ahead(const Accesses *a, const Value *ptr, const int *map, int axis) {
  int64_t bytes = ir_elem_bytes(ptr->type->elem->elem);
  bool is_long = a->nest->rank == 1 || ptr->type->shape[axis] * bytes >= 2 * CPU_AHEAD;
  return is_long && axis == ptr->type->rank - 1 && cpu_is_in_runs(a->pl->index, ptr, axis) && cpu_is_index(ptr) &&
         is_scattered(a, ptr, map, axis);
}

/* Below this many times a core's second-level cache (24 MB where that has 2) a result is likely to be found in the
 * third level, and storing it there is faster: on two idle cores of a Sapphire Rapids server softmax of 16 MB ran 1.15
 * times as fast without streaming, at 32 MB it made no difference, and an addition that writes 64 MB ran 1.5 times as
 * fast with it. */
enum { CACHES = 12 };

/* May the store go past the caches? Then from how many programs on (emit_stream.c). */
static void plan_stream(Accesses *a, const Op *store) {
  const CpuIsa *isa = a->pl->isa;
  const FunctionPlan *plan = a->pl->result;
  const Type *t = ir_operand(store, 1)->type;
  const Value *base = cpu_pointer_base(a->pl->index, ir_operand(store, 0));
  bool can_stream = plan->streams && isa->vector_bytes >= 32 && !isa->neon;
  bool is_whole = a->nest->lanes * ir_elem_bytes(t->elem) % isa->vector_bytes == 0;
  if (!can_stream || !is_whole || !base || map_has(&plan->loaded, base)) return;
  StreamPlan *s = NEW(a->pl->cx, StreamPlan);
  s->programs = (CACHES * isa->l2_bytes / (ir_numel(t) * ir_elem_bytes(t->elem)) + 1) * plan->batch;
  map_put(a->pl->cx, &a->nest->streamed, store, s);
}

static void plan_access(Accesses *a, const Op *op, const int *map) {
  Value *ptr = ir_operand(op, 0), *mask = cpu_access_mask(op);
  int axis = follows(map, ptr->type->rank, a->nest->vector_dim);
  bool contiguous = axis >= 0 && plan_pointers(a, op, axis);
  const Value *base = cpu_pointer_base(a->pl->index, ptr);
  if (op->code == OP_LOAD && contiguous && base) map_put(a->pl->cx, &a->nest->reads, op, (void *)base);
  if (op->code == OP_LOAD && contiguous && is_fetched_ahead(a, ptr, map, axis)) add(a->pl->cx, &a->nest->ahead, op);
  if (mask && mask_bounds(a, mask, ir_is_tensor(mask->type) ? axis : -1)) add(a->pl->cx, &a->nest->bounded, op);
  if (op->code == OP_STORE) plan_stream(a, op);
}

/* The accesses of an expression, and of what it is made of. */
static void visit(Accesses *a, Value *value, const int *value_map) {
  typedef struct Visit {
    Value *v;
    const int *map;
  } Visit;
  Ctx *cx = a->pl->cx;
  Vec(Visit) stack = {0};
  vec_push(cx, &stack, ((Visit){value, value_map}));
  while (stack.len) {
    Visit at = stack.at[--stack.len];
    if (!ir_is_tensor(at.v->type)) continue;
    ValueWork *work = work_of(at.v);
    if (cpu_is_stored(at.v) && !cpu_is_expression(a->nest, at.v)) continue;
    if (work->access.visit == a->number && same_map(work->access.map, at.map, at.v->type->rank)) continue;
    work->access.visit = a->number;
    work->access.map = at.map;
    const Op *op = at.v->op;
    if (op->code == OP_LOAD) plan_access(a, op, at.map);
    if (op->code == OP_RESHAPE && !ir_reshape_trivial(op)) continue;
    for (int i = op->noperands; i-- > 0;)
      if (ir_is_tensor(ir_operand(op, i)->type) && !(op->code == OP_GATHER && i == 0))
        vec_push(cx, &stack, ((Visit){ir_operand(op, i), operand_map(cx, op, i, at.v->index, at.map)}));
  }
}

static void plan_accesses(Planner *pl, Nest *nest, const int *map) {
  Accesses a = {.pl = pl, .nest = nest, .number = ++pl->visit};
  for (uint32_t i = 0; i < nest->members.len; i++) {
    const Member *m = &nest->members.at[i];
    if (m->kind == MEMBER_COPY || m->kind == MEMBER_VALUE) {
      visit(&a, m->value, map);
      continue;
    }
    if (m->kind == MEMBER_STORE || m->kind == MEMBER_UPDATE) plan_access(&a, m->op, map);
    for (int j = 0; j < m->op->noperands; j++) visit(&a, ir_operand(m->op, j), map);
  }
}

static bool only_bounded_stores(const Nest *nest) {
  for (uint32_t i = 0; i < nest->members.len; i++) {
    const Member *m = &nest->members.at[i];
    bool stores = m->kind == MEMBER_STORE || (m->kind == MEMBER_UPDATE && ir_unused(&m->op->results[0]));
    if (!stores || !map_has(&nest->bounded, m->op)) return false;
  }
  return true;
}

void cpu_plan_nest(Planner *pl, Nest *nest) {
  nest->rank = nest->type->rank;
  int map[MAX_RANK];
  for (int d = 0; d < nest->rank; d++) {
    nest->shape[d] = nest->type->shape[d];
    map[d] = d;
  }
  Choice c = {.pl = pl, .nest = nest};
  for (int d = 0; d < nest->rank; d++) c.run[d] = INT64_MAX;
  for (uint32_t i = 0; i < nest->members.len; i++) vote_member(&c, &nest->members.at[i], map);
  nest->vector_dim = choose_dim(&c);
  nest->live_dim = cpu_live_dim(nest);
  nest->lanes = nest->serial ? 1 : choose_lanes(&c);
  choose_rows(&c, nest);
  if (nest->lanes > 1) plan_accesses(pl, nest, map);
  nest->stops = nest->lanes < nest->shape[nest->vector_dim] && only_bounded_stores(nest);
}
