/* tma_pointers.c: operands that a loop loads through pointers come through tensor maps of the kernel's arguments.
 *
 * Problem. A tile of pointers takes cp.async of 16 bytes from every thread, and an address, a mask and a place in the
 * buffer for each; the copy engine moves it by one instruction of one thread. Idea. Where the addresses are a box of a tensor
 * that arguments describe (index/box.c), the load is that of a tensor descriptor:
 *
 *     at the function's beginning   tt.make_tensor_descriptor of base, extents and strides, which the launch makes (tma_launch.c)
 *     instead of the load           tt.descriptor_load at the coordinates
 *
 * and all that is done for descriptors follows (tma.c, tma_ring.c). The mask's zeros are the engine's.
 *
 * Which loads: operands of dots that become wgmma, in a loop that is pipelined, all that the loop loads or none:
 * a ring of the engine's copies beside groups of cp.async would wait twice. A loop that is known to end before its copies repeat
 * is left alone: the ring's barriers are not worth it (scores of a chunk, two iterations: a quarter slower on an H200).
 *
 * Coordinates below 0 are outside for the engine, where a pointer may have something. That none is follows from what box.c
 * found, if no integer argument is negative and no condition is: the launch looks at both, at conditions by intervals
 * over all programs of its grid, and takes code without maps if it cannot tell.
 *
 * What is taken care of:
 *   - The engine reads what other threads' stores made visible before the kernel began. An argument that the kernel also
 *     writes through is left alone, as are all where it writes to an unknown address. The launch takes code without maps where such an argument equals
 *     one that is written. Between arguments that overlap otherwise the language keeps no order but by a barrier, which
 *     stands in the way here.
 *   - Nor does the engine see what the program may have waited for: another program's or another kernel's stores, of which
 *     it learns by an atomic operation that acquires and whose result it looks at, or a volatile load. Loops that come
 *     after one are left alone. (An atomic whose result nobody reads teaches nothing: sums at the end of a split loop.)
 *   - An axis that wraps (x % n, for rows behind the last) has zeros behind the end instead of the first rows again. Whatever
 *     is computed of those must not be looked at: from the load on, elements of that axis go to the same place of that
 *     axis, or to stores whose mask leaves out what is behind the end. A dot moves rows of A to rows, columns of B to
 *     columns.
 *   - A tensor of which an argument says that it has no elements, when its mask lets nothing through, has one in the map, and the
 *     coordinate is behind it: maps have no empty dimensions.
 *
 * Cost: linear in the ops; for an axis that wraps, in the uses that follow.
 */
#include "gpu/passes/passes.h"

#include "opt/internal.h"
#include "target/target.h"

enum { WITHOUT_END = 0x7fff0000, BEHIND_ALL = 1 << 30 };

typedef struct Operand {
  Op *load;
  IndexBox box;
  Attr *conditions;
} Operand;

/* ---- what the function writes and waits for ------------------------------------------------------------------------- */

/* Of a function, once for all of its loops. */
typedef struct Effects {
  Ctx *cx;
  Map written;   /* set of the arguments that it writes through */
  bool anywhere; /* it also writes to an unknown address, or its threads communicate */
  GpuOps waits;  /* for other programs' stores */
} Effects;

static void see_effect(Op *op, void *arg) {
  Effects *e = arg;
  const Value *to;
  if (opt_acquires(op) && op->results[0].uses) vec_push(e->cx, &e->waits, op);
  if (!gpu_writes(op, &to)) return;
  if (to)
    map_put(e->cx, &e->written, to, op);
  else
    e->anywhere = true;
}

static Effects *effects_of(Ctx *cx, Op *func) {
  Effects *e = NEW(cx, Effects);
  e->cx = cx;
  ir_walk(func, see_effect, e);
  return e;
}

/* Can `op` run before the loop does? Both are inside of one loop, or it stands before. */
static bool may_come_before(Op *op, Op *loop) {
  for (Op *a = op; a; a = ir_parent(a))
    for (Op *b = loop; b; b = ir_parent(b)) {
      if (a == b && (a->code == OP_FOR || a->code == OP_WHILE)) return true;
      if (a != b && a->block && a->block == b->block && ir_dominates(a, b)) return true;
    }
  return false;
}

typedef struct BoxLoads {
  Ctx *cx;
  IndexInfo *index;
  Op *func;
  const Effects *effects;
  const GpuOptions *options;
  Vec(Operand) operands; /* of the current loop */
} BoxLoads;

static bool writes_to(const BoxLoads *p, const Value *base) {
  return p->effects->anywhere || map_has(&p->effects->written, base);
}

static bool waits_before(const BoxLoads *p, Op *loop) {
  for (uint32_t i = 0; i < p->effects->waits.len; i++)
    if (may_come_before(p->effects->waits.at[i], loop)) return true;
  return false;
}

/* ---- what is behind the end of an axis that wraps ----------------------------------------------------------------- */

typedef struct Place {
  const Value *v;
  int axis;
} Place;

typedef struct AxisFlow {
  BoxLoads *p;
  Map seen; /* of values: the axis, plus one */
  Vec(Place) left;
  const IndexSum *end; /* elements of the axis from there on do not count */
} AxisFlow;

/* False: it is reached along two axes. */
static bool reach(AxisFlow *f, const Value *v, int axis) {
  intptr_t old = (intptr_t)map_get(&f->seen, v);
  if (old) return old == axis + 1;
  map_put(f->p->cx, &f->seen, v, (void *)(intptr_t)(axis + 1));
  vec_push(f->p->cx, &f->left, ((Place){v, axis}));
  return true;
}

static bool is_left_out(AxisFlow *f, const Op *store, int axis) {
  IndexAccess a;
  if (!index_access(f->p->index, store, &a) || !a.mask) return false;
  for (int i = 0; i < a.mask->nbounds; i++)
    if (a.mask->bounds[i].kind == INDEX_BELOW && a.mask->bounds[i].axis == axis && a.mask->bounds[i].sum == f->end)
      return true;
  return false;
}

static bool reach_carried(AxisFlow *f, const Op *loop, int i, int axis) {
  return reach(f, ir_loop_arg(loop, i), axis) && reach(f, &loop->results[i], axis);
}

static bool follow(AxisFlow *f, const Use *u, int axis) {
  const Op *op = u->op, *holder = ir_parent(op);
  switch (op->code) {
  case OP_DOT: return (u->index == 2 || u->index == axis) && reach(f, &op->results[0], axis);
  case OP_TRANS:
    for (int d = 0; d < op->results[0].type->rank; d++)
      if (ir_attr(op, "order")->ints[d] == axis) return reach(f, &op->results[0], d);
    return false;
  case OP_YIELD:
    if (holder->code == OP_FOR) return reach_carried(f, holder, u->index, axis);
    return holder->code == OP_IF && reach(f, &holder->results[u->index], axis);
  case OP_FOR: return u->index >= IR_LOOP_INITS && reach_carried(f, op, u->index - IR_LOOP_INITS, axis);
  case OP_STORE: return u->index == 1 && is_left_out(f, op, axis);
  default:
    if (!ir_has(op, T_PURE) || !ir_has(op, T_ELEMENTWISE)) return false;
    for (int i = 0; i < op->nresults; i++)
      if (!reach(f, &op->results[i], axis)) return false;
    return true;
  }
}

/* Are the elements of the axis behind the end never looked at? */
static bool end_does_not_count(BoxLoads *p, const Op *load, const IndexBoxDim *d) {
  AxisFlow f = {.p = p, .end = index_sub(p->index, d->end, d->at)};
  if (!f.end || !reach(&f, &load->results[0], d->axis)) return false;
  while (f.left.len) {
    Place at = f.left.at[--f.left.len];
    for (const Use *u = at.v->uses; u; u = u->next)
      if (!follow(&f, u, at.axis)) return false;
  }
  return true;
}

/* ---- which loads ------------------------------------------------------------------------------------------------- */

/* The dot whose operand the load is, and which; NULL: it is none, or something else as well. `*turned`: transposed. */
static const Op *dot_of(const Op *load, int *index, bool *turned) {
  const Value *v = &load->results[0];
  *turned = false;
  while (ir_one_use(v)) {
    const Op *user = v->uses->op;
    *index = v->uses->index;
    if (user->code == OP_DOT) return *index < 2 ? user : NULL;
    if (user->code != OP_TRANS) return NULL;
    *turned = !*turned;
    v = &user->results[0];
  }
  return NULL;
}

/* Will it be wgmma with the operand in shared memory as the engine puts it there? Of 8 bits it has to lie along K. */
static bool feeds_wgmma(const BoxLoads *p, const Op *load, const IndexBox *box) {
  enum { FEWEST_BYTES = 4096, SHORTEST_LINE = 64 };
  int index;
  bool turned;
  const Op *dot = dot_of(load, &index, &turned);
  const Type *t = load->results[0].type;
  int bytes = ir_elem_bytes(t->elem);
  if (!dot || t->elem->bits > 16 || dot->results[0].type->rank != 2) return false;
  const Type *d = dot->results[0].type;
  bool along_k = (box->dim[0].axis == 1) == ((index == 0) != turned);
  if (d->shape[0] < 64 || d->shape[1] < 16 || ir_numel(d) < (int64_t)16 * 8 * p->options->common.num_warps)
    return false;
  if (bytes == 1 && !along_k) return false;
  return ir_numel(t) * bytes >= FEWEST_BYTES && t->shape[box->dim[0].axis] * bytes >= SHORTEST_LINE;
}

/* Is the map's arithmetic short, and is there room for it among the parameters? */
static bool can_launch_make(const BoxLoads *p, const IndexBox *box) {
  enum { MOST_TERMS = 20, MOST_PARAMETERS = 256 };
  int terms = box->offset->n;
  for (int d = 0; d < box->rank; d++) terms += box->dim[d].stride->n + (box->dim[d].end ? box->dim[d].end->n : 0);
  return terms <= MOST_TERMS && ir_entry(p->func, 0)->nargs <= MOST_PARAMETERS;
}

static bool consider(BoxLoads *p, Op *load) {
  enum { MOST_NUMBERS = MAP_MAX_STEPS }; /* of two for a step: half of the steps that a map may take */
  Operand o = {.load = load};
  if (opt_is_volatile(load) || !index_box(p->index, load, &o.box)) return false;
  if (!feeds_wgmma(p, load, &o.box) || !can_launch_make(p, &o.box) || writes_to(p, o.box.root)) return false;
  o.conditions = gpu_tma_conditions(p->cx, p->func, o.box.conditions, o.box.nconditions);
  if (!o.conditions || o.conditions->n > MOST_NUMBERS) return false;
  for (int d = 0; d < o.box.rank; d++)
    if (o.box.dim[d].wrap && !end_does_not_count(p, load, &o.box.dim[d])) return false;
  vec_push(p->cx, &p->operands, o);
  return true;
}

static bool consider_loop(BoxLoads *p, Op *loop) {
  const Block *body = ir_entry(loop, 0);
  p->operands.len = 0;
  int64_t stages = ir_attr_int_or(loop, "tt.num_stages", p->options->common.num_stages), trips;
  if (stages < 2 || ir_attr(loop, "unsignedCmp") || (opt_trip_count(loop, &trips) && trips <= stages)) return false;
  for (Op *op = body->first; op; op = op->next) {
    if (op->code == OP_FOR || op->code == OP_WHILE || op->code == OP_IF) return false;
    if (op->code == OP_LOAD && !consider(p, op)) return false;
  }
  return p->operands.len > 0 && !waits_before(p, loop);
}

/* ---- making them -------------------------------------------------------------------------------------------------- */

typedef struct Sum { /* being computed as integers of a type */
  Builder *b;
  Type *type;
} Sum;

static void *number(void *self, int64_t x) {
  const Sum *s = self;
  return ir_const_int(s->b, s->type, x);
}

static void *factor(void *self, const Value *v) {
  const Sum *s = self;
  if (v->type->bits == s->type->bits) return (Value *)v;
  return ir_make(s->b, v->type->bits < s->type->bits ? OP_EXTSI : OP_TRUNCI, s->type, (Value *)v, NULL);
}

static void *add(void *self, void *x, void *y) { return ir_make(((Sum *)self)->b, OP_ADDI, NULL, x, y, NULL); }
static void *multiply(void *self, void *x, void *y) { return ir_make(((Sum *)self)->b, OP_MULI, NULL, x, y, NULL); }

static Value *emit_sum(Builder *b, const IndexSum *s, int64_t by, Type *type) {
  static const IndexArithmetic with = {number, factor, add, multiply};
  return index_sum_compute(s, by, &with, &(Sum){b, type});
}

/* How many elements the map says there are. */
static Value *extent_of(Builder *b, const IndexBoxDim *d) {
  Type *i32 = ir_int(b->cx, 32), *i64 = ir_int(b->cx, 64);
  if (!d->end) return ir_const_int(b, i32, WITHOUT_END);
  Value *n = emit_sum(b, d->end, 1, i64);
  n = ir_make(b, OP_MAXSI, NULL, n, ir_const_int(b, i64, 1), NULL);
  n = ir_make(b, OP_MINSI, NULL, n, ir_const_int(b, i64, WITHOUT_END), NULL);
  return ir_make(b, OP_TRUNCI, i32, n, NULL);
}

static Value *coordinate_of(Builder *b, const IndexBoxDim *d) {
  Type *i32 = ir_int(b->cx, 32), *i64 = ir_int(b->cx, 64);
  Value *at = emit_sum(b, d->at, 1, i32);
  if (!d->end) return at;
  Value *n = emit_sum(b, d->end, 1, i64);
  Value *any = ir_compare(b, "sgt", n, ir_const_int(b, i64, 0));
  return ir_make(b, OP_SELECT, i32, any, at, ir_const_int(b, i32, BEHIND_ALL), NULL);
}

static Value *make_descriptor(BoxLoads *p, const Operand *o, Type *block) {
  Builder b = ir_before(p->cx, ir_entry(p->func, 0)->first);
  b.loc = o->load->loc;
  const IndexBox *box = &o->box;
  Type *i64 = ir_int(p->cx, 64);
  int64_t bytes = ir_elem_bytes(block->elem);
  Value *operands[1 + 2 * INDEX_BOX_RANK], *base = (Value *)box->root;
  if (box->offset->n || box->offset->constant)
    base = ir_make(&b, OP_ADDPTR, base->type, base, emit_sum(&b, box->offset, bytes, i64), NULL);
  int n = 0;
  operands[n++] = base;
  for (int d = box->rank - 1; d >= 0; d--) operands[n++] = extent_of(&b, &box->dim[d]);
  for (int d = box->rank - 1; d >= 0; d--) operands[n++] = emit_sum(&b, box->dim[d].stride, bytes, i64);
  Type *t = ir_tensordesc(p->cx, block, 0);
  Op *make = ir_op(&b, OP_MAKE_TENSOR_DESC, &t, 1, operands, n);
  int64_t sizes[] = {1, box->rank, box->rank};
  ir_set_attr(p->cx, make, "operandSegmentSizes", ir_attr_ints(p->cx, ir_int(p->cx, 32), sizes, COUNT(sizes)));
  ir_set_attr(p->cx, make, TMA_OF_POINTERS, ir_attr_unit(p->cx));
  if (o->conditions->n) ir_set_attr(p->cx, make, TMA_CONDITIONS, o->conditions);
  return &make->results[0];
}

static void replace(BoxLoads *p, const Operand *o) {
  Op *load = o->load;
  const Type *t = load->results[0].type;
  const IndexBox *box = &o->box;
  int64_t shape[INDEX_BOX_RANK];
  for (int d = 0; d < box->rank; d++) shape[box->rank - 1 - d] = box->dim[d].axis < 0 ? 1 : t->shape[box->dim[d].axis];
  Type *block = ir_tensor(p->cx, t->elem, box->rank, shape, NULL);
  Value *operands[1 + INDEX_BOX_RANK] = {make_descriptor(p, o, block)};
  Builder b = ir_before(p->cx, load);
  for (int d = 0; d < box->rank; d++) operands[box->rank - d] = coordinate_of(&b, &box->dim[d]);
  Type *tile = ir_tensor(p->cx, t->elem, 2, shape + box->rank - 2, NULL);
  Value *v = &ir_op(&b, OP_DESC_LOAD, &tile, 1, operands, 1 + box->rank)->results[0];
  if (box->dim[0].axis == 0) {
    int64_t order[] = {1, 0};
    v = ir_make(&b, OP_TRANS, (Type *)t, v, NULL);
    ir_set_attr(p->cx, v->op, "order", ir_attr_ints(p->cx, ir_int(p->cx, 32), order, 2));
  }
  ir_replace_all(&load->results[0], v);
  ir_erase(load);
}

bool gpu_tma_of_pointers(Ctx *cx, Module *m, const GpuOptions *o) {
  bool changed = false;
  if (o->sm != 90 || o->common.num_warps % 4) return false;
  IndexInfo *index = index_analyze(cx, m);
  GpuOps loops = gpu_loops(cx, m);
  Map effects = {0};
  for (uint32_t i = 0; i < loops.len; i++) {
    Op *func = ir_parent(loops.at[i]);
    while (func && func->code != OP_FUNC) func = ir_parent(func);
    if (!func) continue;
    if (!map_has(&effects, func)) map_put(cx, &effects, func, effects_of(cx, func));
    BoxLoads p = {.cx = cx, .index = index, .func = func, .effects = map_get(&effects, func), .options = o};
    if (!consider_loop(&p, loops.at[i])) continue;
    for (uint32_t k = 0; k < p.operands.len; k++) replace(&p, &p.operands.at[k]);
    changed = true;
  }
  return changed;
}
