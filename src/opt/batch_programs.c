/* batch_programs.c: programs whose tiles are narrow strips of memory, several of them at a time.
 *
 * Problem: a program that goes down the rows of a matrix by a tile of 16 x 32 numbers reads 128 bytes here, 128 bytes a row
 * further, and so on: each piece is the beginning of something that no prefetcher of a processor guesses, in a page of its
 * own, and where rows are a power of two apart the pieces share few sets of a cache. The programs beside it read what lies
 * between, long after. A GPU runs neighbours at the same time, and does not mind; a thread of a CPU runs one after the other.
 *
 * Idea: where the tile continues in the next program, the next programs may be run with it as one that has a wider tile. If
 * the number of a program is used in nothing but `program_id * C + arange(0, C)`, then P programs side by side are the same
 * kernel with `program_id * C + arange(0, C * P)`, provided that nothing is combined along that dimension. So that range is
 * replaced, and with it one dimension of every tensor that meets it. How many programs there are to run together is known at
 * run time (`tt.get_num_programs` with the attribute "batch"): what is beyond them is masked, and loops end there.
 *
 * The dimension is found by going along uses and operands from those ranges on: elementwise ops, loads, stores, products and
 * the values of loops and conditionals keep it, what rearranges or reduces other dimensions moves it. A reduction along
 * it, a shape that has it mixed with others, a second range of that length: then the kernel stays as it is. So it does if it
 * has effects other than stores, or a store that does not have the dimension.
 *
 * Order: in the language all programs run at once. Those of a batch run in step, each doing what it does in its order.
 *
 * When: every access that has the dimension has its elements side by side along it; one of them at least is in a loop, or
 * has another dimension, or continues in a program that is not the next one; and the strip is narrower than a page: a wider one is
 * read as fast by itself, and the masks would cost more than is saved. Then as many programs as fill WIDE_BYTES, while no tile
 * grows beyond MOST_ELEMENTS, and what loops carry beyond MOST_CARRIED. On one core of a Zen 3 processor the sums of 1024 columns
 * of 2048 numbers took 9.6 ms by tiles of 16 x 2, 0.76 by 16 x 16, 0.44 by 16 x 64 and 0.17 by 16 x 1024, and take 0.17 by all of them.
 *
 * Cost: linear in the function.
 */
#include "index/index.h"
#include "opt/internal.h"

enum { PAGE_BYTES = 4 << 10, WIDE_BYTES = 16 << 10, MOST_ELEMENTS = 1 << 16, MOST_CARRIED = 128 << 10 };

typedef struct Dim {
  Value *v;
  int dim;
} Dim;
typedef struct Leaf { /* an operand that is the same all along the dimension: a copy of it will have the new shape */
  Op *op;
  int i, dim;
} Leaf;

typedef struct Batch {
  Ctx *cx;
  Op *func;
  IndexInfo *ix;
  int axis;     /* of the grid */
  int64_t tile; /* C; 0: none seen */
  bool fails;
  Vec(Op *) seeds; /* program_id * C + arange(0, C) */
  Map is_seed;
  Map dims; /* of values, the dimension + 1 */
  Vec(Dim) values;
  Vec(Leaf) leaves;
} Batch;

/* ---- the program's number ---------------------------------------------------------------------------------------- */

static Op *sole_range(const Value *v) {
  Op *op = v->op;
  while (op && (op->code == OP_EXTSI || op->code == OP_EXTUI)) op = ir_operand(op, 0)->op;
  return op && op->code == OP_MAKE_RANGE ? op : NULL;
}

/* splat(program_id * C): all that it meets are ranges. */
static bool add_seeds(Batch *s, Value *start) {
  for (Use *u = start->uses; u; u = u->next) {
    if (u->op->code != OP_ADDI) return false;
    Op *range = sole_range(ir_operand(u->op, 1 - u->index));
    if (!range || ir_attr_int_or(range, "start", 0) != 0 || ir_attr_int_or(range, "end", 0) != s->tile) return false;
    if (!map_has(&s->is_seed, u->op)) vec_push(s->cx, &s->seeds, u->op);
    map_put(s->cx, &s->is_seed, u->op, u->op);
  }
  return true;
}

static bool scaled(Batch *s, Value *start) {
  for (Use *u = start->uses; u; u = u->next) {
    Op *op = u->op;
    bool fits = op->code == OP_SPLAT   ? add_seeds(s, &op->results[0])
                : op->code == OP_EXTSI ? scaled(s, &op->results[0])
                                       : false;
    if (!fits) return false;
  }
  return true;
}

static bool follow_id(Batch *s, Value *id) {
  for (Use *u = id->uses; u; u = u->next) {
    Op *op = u->op;
    int64_t c;
    if (op->code == OP_EXTSI) {
      if (!follow_id(s, &op->results[0])) return false;
      continue;
    }
    if (op->code != OP_MULI || !ir_is_const_int(ir_operand(op, 1 - u->index), &c)) return false;
    if (c < 2 || (s->tile && c != s->tile)) return false;
    s->tile = c;
    if (!scaled(s, &op->results[0])) return false;
  }
  return true;
}

/* ---- the dimension ----------------------------------------------------------------------------------------------- */

static void mark(Batch *s, Value *v, int dim) {
  const Type *t = v->type;
  void *as = (void *)(uintptr_t)(dim + 1), *was = map_get(&s->dims, v);
  if (was == as) return;
  if (was || !ir_is_tensor(t) || dim >= t->rank || t->shape[dim] != s->tile) {
    s->fails = true;
    return;
  }
  map_put(s->cx, &s->dims, v, as);
  vec_push(s->cx, &s->values, ((Dim){v, dim}));
}

static bool is_leaf(const Value *v, int dim) {
  if (!v->op) return false;
  const Attr *a = ir_const_value(v);
  bool repeats = v->op->code == OP_BROADCAST && ir_operand(v->op, 0)->type->shape[dim] == 1;
  return repeats || v->op->code == OP_SPLAT || (a && a->kind == ATTR_SPLAT);
}

static void demand(Batch *s, Op *op, int i, int dim) {
  Value *v = ir_operand(op, i);
  if (!ir_is_tensor(v->type)) return;
  if (is_leaf(v, dim))
    vec_push(s->cx, &s->leaves, ((Leaf){op, i, dim}));
  else
    mark(s, v, dim);
}

static void demand_all(Batch *s, Op *op, int dim) {
  for (int i = 0; i < op->noperands; i++) demand(s, op, i, dim);
}

static void mark_results(Batch *s, Op *op, int dim) {
  for (int i = 0; i < op->nresults; i++) mark(s, &op->results[i], dim);
}

static bool keeps_shape(const Op *op) {
  return op->code == OP_LOAD || (ir_info(op)->traits & T_ELEMENTWISE && !op->nregions && op->nresults == 1);
}

/* A value that the loop carries: all four of it. */
static void mark_carried(Batch *s, Op *loop, int i, int dim) {
  demand(s, loop, IR_LOOP_INITS + i, dim);
  mark(s, ir_loop_arg(loop, i), dim);
  demand(s, ir_entry(loop, 0)->last, i, dim);
  mark(s, ir_loop_result(loop, i), dim);
}

static void mark_choice(Batch *s, Op *choice, int i, int dim) {
  for (int r = 0; r < choice->nregions; r++)
    if (choice->regions[r]->first) demand(s, ir_entry(choice, r)->last, i, dim);
  mark(s, &choice->results[i], dim);
}

/* Is it told by ir_dim_to_result() where a dimension goes? */
static bool moves_dims(const Op *op) { return ir_rearranges(op) || op->code == OP_REDUCE || op->code == OP_SCAN; }

/* A reduction or scan of several tensors has as many results. */
static void mark_moved(Batch *s, Op *op, int operand_dim, int result_dim) {
  if (operand_dim < 0 || result_dim < 0) {
    s->fails = true;
    return;
  }
  mark_results(s, op, result_dim);
  demand_all(s, op, operand_dim);
}

/* Rows of the first operand or columns of the second: those of the result, and of what it is added to. */
static void mark_dot(Batch *s, Op *dot, int dim) {
  int rank = dot->results[0].type->rank;
  if (dim != rank - 1) demand(s, dot, 0, dim);
  if (dim != rank - 2) demand(s, dot, 1, dim);
  demand(s, dot, 2, dim);
  mark(s, &dot->results[0], dim);
}

/* Is dimension `dim` of operand `i` the one along which is multiplied and added? */
static bool is_inner(const Op *dot, int i, int dim) {
  int rank = dot->results[0].type->rank;
  return i < 2 && dim == (i == 0 ? rank - 1 : rank - 2);
}

static void see_source(Batch *s, Value *v, int dim) {
  Op *op = v->op;
  if (!op) {
    Op *loop = v->block->region->op;
    if (loop->code == OP_FOR && v->index >= IR_LOOP_ARGS)
      mark_carried(s, loop, v->index - IR_LOOP_ARGS, dim);
    else
      s->fails = true;
    return;
  }
  if (map_has(&s->is_seed, op)) return;
  if (keeps_shape(op)) {
    demand_all(s, op, dim);
    return;
  }
  if (moves_dims(op)) {
    mark_moved(s, op, ir_dim_to_operand(op, dim), dim);
    return;
  }
  switch (op->code) {
  case OP_FOR: mark_carried(s, op, v->index, dim); return;
  case OP_IF: mark_choice(s, op, v->index, dim); return;
  case OP_DOT: mark_dot(s, op, dim); return;
  default: s->fails = true;
  }
}

static void see_use(Batch *s, const Use *u, int dim) {
  Op *op = u->op, *parent = ir_parent(op);
  if (keeps_shape(op)) {
    mark_results(s, op, dim);
    return;
  }
  if (moves_dims(op)) {
    mark_moved(s, op, dim, ir_dim_to_result(op, dim));
    return;
  }
  switch (op->code) {
  case OP_STORE: demand_all(s, op, dim); return;
  case OP_DOT:
    if (is_inner(op, u->index, dim))
      s->fails = true;
    else
      mark_dot(s, op, dim);
    return;
  case OP_FOR: mark_carried(s, op, u->index - IR_LOOP_INITS, dim); return;
  case OP_YIELD:
    if (parent->code == OP_FOR)
      mark_carried(s, parent, u->index, dim);
    else if (parent->code == OP_IF)
      mark_choice(s, parent, u->index, dim);
    else
      s->fails = true;
    return;
  default: s->fails = true;
  }
}

static void spread(Batch *s) {
  for (uint32_t i = 0; i < s->seeds.len; i++) mark(s, &s->seeds.at[i]->results[0], 0);
  for (uint32_t i = 0; i < s->values.len && !s->fails; i++) {
    Dim d = s->values.at[i];
    see_source(s, d.v, d.dim);
    for (Use *u = d.v->uses; u && !s->fails; u = u->next) see_use(s, u, d.dim);
  }
}

static int dim_of(const Batch *s, const Value *v) { return (int)(uintptr_t)map_get(&s->dims, v) - 1; }

/* ---- whether, and how many --------------------------------------------------------------------------------------- */

typedef struct Ops {
  Ctx *cx;
  Vec(Op *) ids, accesses;
  bool fits; /* no effects but stores */
} Ops;

static void look(Op *op, void *arg) {
  Ops *o = arg;
  switch (op->code) {
  case OP_PROGRAM_ID: vec_push(o->cx, &o->ids, op); return;
  case OP_LOAD:
  case OP_STORE:
    vec_push(o->cx, &o->accesses, op);
    o->fits = o->fits && !opt_is_volatile(op);
    return;
  case OP_FOR:
  case OP_IF:
  case OP_ASSUME: return;
  default: o->fits = o->fits && (ir_info(op)->traits & (T_PURE | T_TERMINATOR)) && op->code != OP_CALL;
  }
}

/* The bytes of the strip that an access moves along; 0: none; -1: its elements are not side by side. */
static int64_t strip_of(const Batch *s, const Op *access) {
  Value *ptr = ir_operand(access, 0);
  int dim = dim_of(s, ptr);
  int64_t bytes = ir_elem_bytes(ir_elem(ptr->type)->elem), stride;
  if (dim < 0) return 0;
  if (!index_const_stride(index_of(s->ix, ptr), dim, &stride) || stride != bytes) return -1;
  bool apart = ir_numel(ptr->type) > s->tile || ir_enclosing(access, OP_FOR) || s->axis > 0;
  return apart ? s->tile * bytes : 0;
}

static int64_t carried_bytes(const Dim *d) {
  return d->v->op ? 0 : ir_numel(d->v->type) * ir_elem_bytes(d->v->type->elem);
}

static int64_t programs_of(const Batch *s, const Ops *ops) {
  int64_t widest = 0, most = 1, carried = 0, programs = 1;
  for (uint32_t i = 0; i < ops->accesses.len; i++) {
    const Op *access = ops->accesses.at[i];
    int64_t strip = strip_of(s, access);
    if (strip < 0 || (access->code == OP_STORE && dim_of(s, ir_operand(access, 0)) < 0)) return 1;
    if (strip > widest) widest = strip;
  }
  for (uint32_t i = 0; i < s->values.len; i++) {
    const Dim *d = &s->values.at[i];
    carried += carried_bytes(d);
    if (ir_numel(d->v->type) > most) most = ir_numel(d->v->type);
  }
  if (!widest || widest >= PAGE_BYTES) return 1;
  while (2 * programs * widest <= WIDE_BYTES && 2 * programs * most <= MOST_ELEMENTS &&
         2 * programs * carried <= MOST_CARRIED)
    programs *= 2;
  return programs;
}

/* ---- rewriting --------------------------------------------------------------------------------------------------- */

static Type *widened(Batch *s, const Type *t, int dim, int64_t programs) {
  int64_t *shape = ctx_copy(s->cx, t->shape, sizeof *shape * (size_t)t->rank);
  shape[dim] = s->tile * programs;
  return ir_tensor(s->cx, t->elem, t->rank, shape, t->encoding);
}

static void widen_leaf(Batch *s, const Leaf *leaf, int64_t programs) {
  Builder b = ir_before(s->cx, leaf->op);
  Value *v = ir_operand(leaf->op, leaf->i), *r;
  Type *t = widened(s, v->type, leaf->dim, programs);
  if (v->op->noperands) { /* tt.splat, tt.broadcast */
    r = ir_make(&b, v->op->code, t, ir_operand(v->op, 0), NULL);
  } else {
    const Attr *a = ir_const_value(v);
    r = ir_const_attr(&b, t, ir_attr_splat(s->cx, t, a->items[0]));
  }
  ir_set_operand(leaf->op, leaf->i, r);
}

static Value *range_like(Batch *s, Builder *b, int64_t programs) {
  Type *i32 = ir_int(s->cx, 32);
  int64_t n = s->tile * programs;
  Value *r = ir_make(b, OP_MAKE_RANGE, ir_tensor(s->cx, i32, 1, &n, NULL), NULL);
  ir_set_int(s->cx, r->op, "start", 0);
  ir_set_int(s->cx, r->op, "end", n);
  ir_set_attr(s->cx, r->op, "batch", ir_attr_unit(s->cx));
  return r;
}

static void widen_seed(Batch *s, Op *seed, int64_t programs) {
  Builder b = ir_before(s->cx, seed);
  for (int i = 0; i < 2; i++) {
    Value *v = ir_operand(seed, i), *r;
    if (sole_range(v)) {
      r = range_like(s, &b, programs);
      if (v->op->code != OP_MAKE_RANGE)
        r = ir_make(&b, OP_EXTSI, ir_tensor_like(s->cx, r->type, v->type->elem), r, NULL);
    } else {
      r = ir_make(&b, OP_SPLAT, widened(s, v->type, 0, programs), ir_operand(v->op, 0), NULL);
    }
    ir_set_operand(seed, i, r);
  }
}

/* `live` (of one dimension) in the place of a tensor like `to`, along `dim`. */
static Value *spread_mask(Batch *s, Builder *b, Value *live, const Type *to, int dim) {
  Type *i1 = ir_int(s->cx, 1);
  int64_t *shape = NEWN(s->cx, int64_t, to->rank), n = live->type->shape[0];
  for (int r = 1, d = 0; d < to->rank; d++) {
    if (d == dim) continue;
    r++;
    for (int k = 0; k < r; k++) shape[k] = k == (d < dim ? r - 1 : dim) ? n : 1;
    live = ir_make(b, OP_EXPAND_DIMS, ir_tensor(s->cx, i1, r, shape, NULL), live, NULL);
    ir_set_int(s->cx, live->op, "axis", d < dim ? r - 2 : r - 1);
  }
  Type *t = ir_tensor_like(s->cx, (Type *)to, i1);
  return live->type == t ? live : ir_make(b, OP_BROADCAST, t, live, NULL);
}

/* An address that is the same all along the dimension may be read by no program but those that are not there: the mask has
 * the dimension then. */
static void mask_access(Batch *s, Op *access, Value *live) {
  Value *ptr = ir_operand(access, 0);
  int dim = dim_of(s, ptr), first;
  bool masked = ir_operand_group(access, "mask", &first);
  if (dim < 0 && masked) dim = dim_of(s, ir_operand(access, first));
  if (dim < 0) return;
  Builder b = ir_before(s->cx, access);
  Value *mask = spread_mask(s, &b, live, ptr->type, dim);
  if (masked)
    ir_set_operand(access, first, ir_make(&b, OP_ANDI, mask->type, mask, ir_operand(access, first), NULL));
  else
    ir_add_operand(s->cx, access, mask);
}

static void rewrite(Batch *s, const Ops *ops, int64_t programs) {
  for (uint32_t i = 0; i < s->values.len; i++) {
    Dim d = s->values.at[i];
    d.v->type = widened(s, d.v->type, d.dim, programs);
  }
  for (uint32_t i = 0; i < s->leaves.len; i++) widen_leaf(s, &s->leaves.at[i], programs);
  for (uint32_t i = 0; i < s->seeds.len; i++) widen_seed(s, s->seeds.at[i], programs);
  Builder b = ir_before(s->cx, ir_entry(s->func, 0)->first);
  Type *i32 = ir_int(s->cx, 32);
  Value *n = ir_make(&b, OP_NUM_PROGRAMS, i32, NULL);
  ir_set_int(s->cx, n->op, "axis", s->axis);
  ir_set_attr(s->cx, n->op, "batch", ir_attr_unit(s->cx));
  Value *range = range_like(s, &b, programs);
  Value *end = ir_make(&b, OP_MULI, i32, n, ir_const_int(&b, i32, s->tile), NULL);
  end = ir_make(&b, OP_SPLAT, range->type, end, NULL);
  Value *live = ir_compare(&b, "slt", range, end);
  for (uint32_t i = 0; i < ops->accesses.len; i++) mask_access(s, ops->accesses.at[i], live);
  int64_t how[] = {s->axis, programs, s->tile};
  ir_set_attr(s->cx, s->func, "tt.batch", ir_attr_ints(s->cx, i32, how, COUNT(how)));
}

/* ---- the pass ---------------------------------------------------------------------------------------------------- */

static bool try_axis(Ctx *cx, Module *m, Op *func, const Ops *ops, int axis, IndexInfo **ix) {
  Batch s = {.cx = cx, .func = func, .axis = axis};
  for (uint32_t i = 0; i < ops->ids.len; i++)
    if (ir_attr_int_or(ops->ids.at[i], "axis", 0) == axis && !follow_id(&s, &ops->ids.at[i]->results[0])) return false;
  if (!s.seeds.len) return false;
  spread(&s);
  if (s.fails) return false;
  if (!*ix) *ix = index_analyze_strictly(cx, m);
  s.ix = *ix;
  int64_t programs = programs_of(&s, ops);
  if (programs < 2) return false;
  rewrite(&s, ops, programs);
  return true;
}

bool opt_batch_programs(Ctx *cx, Module *m) {
  Op *func = NULL;
  for (Op *op = m->body->first->first; op; op = op->next) {
    if (op->code != OP_FUNC || func) return false; /* one function, everything inlined */
    func = op;
  }
  if (!func) return false;
  Ops ops = {.cx = cx, .fits = true};
  ir_walk(func, look, &ops);
  if (!ops.fits || !ops.ids.len) return false;
  IndexInfo *ix = NULL;
  for (int axis = 0; axis < 2; axis++) /* along the third there are few programs, far apart */
    if (try_axis(cx, m, func, &ops, axis, &ix)) return true;
  return false;
}
