/* pipeline_rotate.c: the loop rewritten, its loads chosen (pipeline.c): copies of the first iterations before it, those of later
 * ones in it, buffers that it reads, carried values that run ahead. */
#include "gpu/passes/pipeline_shared.h"

#include <string.h>

/* What is known of the load's addresses in the body (a hint on a pointer that the loop carries) is not known of their
 * copies: how many elements are accessed together goes with the load. */
static void keep_width(Pipeline *p, const Op *load, Op *copy) {
  const Type *t = load->results[0].type;
  int at;
  int64_t best = 1;
  if (!ir_is_tensor(t)) return;
  const Value *mask = ir_operand_group(load, "mask", &at) ? ir_operand(load, at) : NULL;
  for (int d = 0; d < t->rank; d++) {
    int64_t n = layout_contiguous(gpu_layout(p->cx, (Type *)t), AXIS_REGISTER, (Axis)(AXIS_DIM0 + d));
    best = max64(best, min64(n, index_width(p->index, ir_operand(load, 0), mask, d)));
  }
  if (best > 1) ir_set_attr(p->cx, copy, "contiguity", ir_attr_int(p->cx, ir_int(p->cx, 32), best));
}

/* The load's mask in a later iteration, off where that does not exist. */
static Value *mask_ahead(const Pipeline *p, Builder *b, const Op *load, const Map *map, Value *exists) {
  int at;
  Value *ptr = ir_mapped(map, ir_operand(load, 0)), *mask = exists;
  if (ir_is_tensor(ptr->type))
    mask = ir_make(b, OP_SPLAT, ir_tensor_like(p->cx, ptr->type, ir_int(p->cx, 1)), exists, NULL);
  if (!ir_operand_group(load, "mask", &at)) return mask;
  return ir_make(b, OP_ANDI, NULL, mask, ir_mapped(map, ir_operand(load, at)), NULL);
}

static void keep_cache_hints(const Pipeline *p, const Op *load, Op *copy) {
  for (int k = 0; k < load->nattrs; k++)
    if (!strcmp(load->attrs[k].name, "cache") || !strcmp(load->attrs[k].name, "evict"))
      ir_set_attr(p->cx, copy, load->attrs[k].name, load->attrs[k].attr);
}

/* The early loads, and the slice of their addresses, for what `map` says; their results are put there. */
static void load_early(Pipeline *p, Builder *b, Map *map, Value *exists) {
  for (Op *op = p->body->first; op; op = op->next) {
    if (map_has(&p->early_slice, op)) ir_clone(b, op, map);
    if (!gpu_pipeline_is_early(p, op)) continue;
    int at;
    Value *ptr = ir_mapped(map, ir_operand(op, 0)), *mask = mask_ahead(p, b, op, map, exists), *other = NULL;
    if (ir_operand_group(op, "other", &at)) other = ir_mapped(map, ir_operand(op, at));
    Value *x = ir_make(b, OP_LOAD, op->results[0].type, ptr, mask, other, NULL);
    keep_cache_hints(p, op, x->op);
    keep_width(p, op, x->op);
    map_put(p->cx, map, &op->results[0], x);
  }
}

/* The copy of a tile into the buffer `index` of its ring; gives its token. */
static Value *make_copy(Pipeline *p, Builder *b, const Tile *t, const Map *map, Value *exists, Value *index) {
  const Op *load = t->load;
  Value *mask = mask_ahead(p, b, load, map, exists);
  Value *operands[3] = {ir_mapped(map, ir_operand(load, 0)), gpu_buffer_at(b, t->buffers, index), mask};
  Type *token = ir_token(p->cx);
  Op *copy = ir_op(b, OP_ASYNC_COPY, &token, 1, operands, COUNT(operands));
  keep_cache_hints(p, load, copy);
  ir_set_attr(p->cx, copy, "contiguity", ir_attr_int(p->cx, ir_int(p->cx, 32), t->contiguity));
  if (p->after_dot && p->rings[t->ring].n >= p->stages) ir_set_attr(p->cx, copy, GPU_APART, ir_attr_unit(p->cx));
  return &copy->results[0];
}

/* The slice again, for what `map` says of the induction variable and the carried values; then the copies into the
 * buffers `index`, one of each ring. */
static void make_copies(Pipeline *p, Builder *b, Map *map, Value *exists, Value *const index[RINGS]) {
  Vec(Value *) tokens = {0};
  Loc *loc = b->loc;
  for (Op *op = p->body->first; op; op = op->next) {
    if (map_has(&p->slice, op)) {
      ir_clone(b, op, map);
      continue;
    }
    for (uint32_t i = 0; i < p->tiles.len; i++) {
      const Tile *t = &p->tiles.at[i];
      if (t->load != op) continue;
      b->loc = op->loc;
      vec_push(p->cx, &tokens, make_copy(p, b, t, map, exists, index[t->ring]));
    }
  }
  b->loc = loc;
  Type *token = ir_token(p->cx);
  ir_op(b, OP_ASYNC_COMMIT, &token, 1, tokens.at, (int)tokens.len);
}

static Op *wait_op(Pipeline *p, Builder *b, int pending) {
  Type *token = ir_token(p->cx);
  Op *wait = ir_op(b, OP_ASYNC_WAIT, &token, 1, NULL, 0);
  ir_set_attr(p->cx, wait, "num", ir_attr_int(p->cx, ir_int(p->cx, 32), pending));
  return wait;
}

/* x + 1, or 0 where that is n. */
static Value *next_buffer(Builder *b, Value *x, int n) {
  if (n == 1) return ir_const_int(b, x->type, 0);
  Value *more = ir_make(b, OP_ADDI, NULL, x, ir_const_int(b, x->type, 1), NULL);
  Value *over = ir_compare(b, "sge", more, ir_const_int(b, x->type, n));
  return ir_make(b, OP_SELECT, x->type, over, ir_const_int(b, x->type, 0), more, NULL);
}

Value *gpu_pipeline_transposed(Builder *b, Value *view, const Op *trans) {
  const Type *t = view->type;
  const Attr *e = t->encoding;
  int64_t order[LAYOUT_MAX_DIMS], shape[2] = {t->shape[1], t->shape[0]};
  gpu_param_ints(e, "order", order);
  Attr *turned =
      gpu_swizzled_shared(b->cx, (int)gpu_param_int(e, "vec", 1), (int)gpu_param_int(e, "perPhase", 1),
                          (int)gpu_param_int(e, "maxPhase", 1), (int[]){1 - (int)order[0], 1 - (int)order[1]}, 2);
  Type *to = ir_memdesc(b->cx, t->elem, 2, shape, turned, t->memory_space, t->is_mutable);
  Value *r = ir_make(b, OP_MEMDESC_TRANS, to, view, NULL);
  ir_set_attr(b->cx, r->op, "order", ir_attr(trans, "order"));
  return r;
}

/* The consumers read the buffer. */
static void replace_user(Pipeline *p, Tile *t) {
  Op *reader = t->user ? t->user : t->load;
  Builder b = ir_before(p->cx, t->also ? t->load : reader);
  Value *view = gpu_buffer_at(&b, t->buffers, ir_loop_arg(p->loop, p->rings[t->ring].read_slot));
  if (t->trans) view = gpu_pipeline_transposed(&b, view, t->trans);
  if (t->registers) view = ir_make(&b, OP_LOCAL_LOAD, reader->results[0].type, view, NULL);
  ir_replace_all(&reader->results[0], view);
  if (t->user) ir_erase(t->user);
  if (t->trans) ir_erase(t->trans);
  if (t->also) ir_replace_all(&t->load->results[0], ir_make(&b, OP_LOCAL_LOAD, t->load->results[0].type, view, NULL));
  ir_erase(t->load);
}

/* Views made of a view that has become mutable are so too. */
static void mend_views(Ctx *cx, Block *body) {
  for (Op *op = body->first; op; op = op->next) {
    if (op->code != OP_MEMDESC_TRANS) continue;
    Type *t = op->results[0].type;
    op->results[0].type =
        ir_memdesc(cx, t->elem, t->rank, t->shape, t->encoding, t->memory_space, ir_operand(op, 0)->type->is_mutable);
  }
}

/* What tensor cores read in the loop was written by copies alone, or before it: no fence for ordinary stores there. One after
 * those before it does for all iterations. */
static void drop_fences(Pipeline *p) {
  for (Op *op = p->body->first; op; op = op->next)
    if (op->code == OP_LOCAL_ALLOC || op->code == OP_LOCAL_STORE) return;
  for (Op *op = p->body->first, *next; op; op = next) {
    next = op->next;
    if (op->code == OP_FENCE_ASYNC_SHARED) ir_erase(op);
    if (op->code != OP_WARP_GROUP_DOT) continue;
    for (int i = 0; i < 2; i++) {
      Op *alloc = gpu_buffer_of(ir_operand(op, i));
      if (alloc && alloc->block != p->body) gpu_fence_after(p->cx, alloc);
    }
  }
}

/* Is the op a load that is copied ahead, or what takes its result to the dot? */
static bool is_tile_of(const Pipeline *p, const Op *op) {
  for (uint32_t i = 0; i < p->tiles.len; i++) {
    const Tile *t = &p->tiles.at[i];
    if (op == t->load || op == t->user || op == t->trans) return true;
  }
  return false;
}

static bool is_read_by(const Tile *t, const Op *op) { return op == (t->user ? t->user : t->load); }

/* Where the copies go. With dots in flight over iterations right behind the barrier, while the last ones multiply. Where they
 * fill buffers that dots in flight read, or that this iteration reads into registers: after those. Where an operand is
 * stored in this iteration, after the first dot was issued: the fence before the dot waits for all that a thread has on its
 * way, copies too. So, too, where a single dot is waited for in its iteration, unless other blocks are there: tensor cores
 * have nothing to do until it is issued. Between several dots threads compute on what the first gave, and then copies come
 * first: beside its accumulators, their addresses take registers from that work. */
static Op *place_of_copies(const Pipeline *p, Op *first) {
  if (p->in_flight) return p->late ? p->in_flight->next : first;
  for (Op *op = first; op && p->late; op = op->next)
    for (uint32_t i = 0; i < p->tiles.len; i++)
      if (p->tiles.at[i].registers && is_read_by(&p->tiles.at[i], op)) first = op->next;
  bool stored = false;
  const Op *last = NULL;
  for (const Op *op = first; op; op = op->next)
    if (op->code == OP_WARP_GROUP_DOT) last = op;
  for (Op *op = first; op; op = op->next) {
    stored |= op->code == OP_LOCAL_ALLOC && op->noperands && !is_tile_of(p, op);
    if (op->code != OP_WARP_GROUP_DOT) continue;
    if (p->is_crowded || op != last) return stored ? op->next : first;
    if (!gpu_wgmma_partial_sums(op)) return op->next;
  }
  return first;
}

/* Where copies are waited for: at the top, but after stores and exchanges through shared memory that come before anything
 * is read, which then are done meanwhile. */
static Op *place_of_wait(const Pipeline *p, Op *first) {
  bool busy = false;
  for (Op *op = first; op; op = op->next) {
    if (is_tile_of(p, op) || op->code == OP_WARP_GROUP_DOT || op->code == OP_DOT) return busy ? op : first;
    if (map_has(&p->slice, op)) continue; /* for addresses: it is computed ahead */
    busy |= op->code == OP_STORE || gpu_scratch_bytes(p->cx, op, p->num_warps) > 0;
  }
  return first;
}

/* State that the steps of the transformation share. S: p->stages; n: how many values the loop carried before it. */
typedef struct Rotation {
  Pipeline *p;
  int n;
  Value *lower, *step;
  Value *bound_ahead, *bound_early; /* iterations i + S - 1 and i + S exist if i is below them */
  Value **window;                   /* [load * S + s]: what early load `load` gives for iteration s */
  Value **ahead, **early;       /* carried values as iterations S - 1 and S see them, for copies and for early loads */
  int *ahead_slot, *early_slot; /* which carried values of the new loop run ahead in their place */
  int window_slot;
  Map copies, loads; /* the body's values in the iterations that copies and early loads are for */
} Rotation;

static void allocate_buffers(Pipeline *p, Builder *b) {
  for (int i = 0; i < (int)p->tiles.len; i++) {
    Tile *t = &p->tiles.at[i];
    const Type *tensor = t->load->results[0].type;
    t->buffers = gpu_make_buffers(b, tensor->elem, tensor->rank, tensor->shape, t->shared, p->rings[t->ring].n);
  }
}

static Rotation begin_rotation(Pipeline *p, Builder *b) {
  Op *loop = p->loop;
  int n = loop->nresults;
  Rotation r = {.p = p, .n = n, .lower = ir_loop_lower(loop), .step = ir_loop_step(loop)};
  r.bound_ahead = opt_bound_ahead(b, loop, p->stages - 1);
  if (p->early.len) r.bound_early = opt_bound_ahead(b, loop, p->stages);
  r.window = NEWN(p->cx, Value *, (size_t)p->early.len * (size_t)p->stages + 1);
  r.ahead = NEWN(p->cx, Value *, n + 1);
  r.early = NEWN(p->cx, Value *, n + 1);
  for (int i = 0; i < n; i++) r.ahead[i] = r.early[i] = ir_loop_init(loop, i);
  r.ahead_slot = NEWN(p->cx, int, n + 1);
  r.early_slot = NEWN(p->cx, int, n + 1);
  return r;
}

/* The carried values that `which` marks: what the body sees (`seen`) goes into `map`. */
static void map_carried(Rotation *r, Map *map, const bool *which, Value *const *seen) {
  for (int i = 0; i < r->n; i++)
    if (which[i]) map_put(r->p->cx, map, ir_loop_arg(r->p->loop, i), seen[i]);
}

/* ... and what the next iteration sees of them comes out of it. */
static void step_carried(Rotation *r, Map *map, const bool *which, Value **seen) {
  for (int i = 0; i < r->n; i++)
    if (which[i]) seen[i] = ir_mapped(map, ir_operand(ir_terminator(r->p->body), i));
}

static Value *window_at(const Rotation *r, uint32_t load, int s) {
  return r->window[load * (uint32_t)r->p->stages + (uint32_t)s];
}

/* Before the loop: the early loads of the first S iterations. */
static void load_first_windows(Rotation *r, Builder *b) {
  Pipeline *p = r->p;
  Value *iv = r->lower;
  for (int s = 0; s < p->stages && p->early.len; s++) {
    Map map = {0};
    map_put(p->cx, &map, ir_loop_index(p->loop), iv);
    map_carried(r, &map, p->is_early, r->early);
    load_early(p, b, &map, opt_first_exists(b, p->loop, s));
    for (uint32_t e = 0; e < p->early.len; e++)
      r->window[e * (uint32_t)p->stages + (uint32_t)s] = ir_mapped(&map, &p->early.at[e]->results[0]);
    step_carried(r, &map, p->is_early, r->early);
    iv = ir_make(b, OP_ADDI, NULL, iv, r->step, NULL);
  }
}

/* Before the loop: the copies of the first S - 1 iterations. */
static void copy_first_tiles(Rotation *r, Builder *b) {
  Pipeline *p = r->p;
  Value *iv = r->lower;
  for (int s = 0; s < p->stages - 1; s++) {
    Map map = {0};
    for (uint32_t e = 0; e < p->early.len; e++) map_put(p->cx, &map, &p->early.at[e]->results[0], window_at(r, e, s));
    map_put(p->cx, &map, ir_loop_index(p->loop), iv);
    map_carried(r, &map, p->is_ahead, r->ahead);
    Value *fill[RINGS];
    for (int i = 0; i < RINGS; i++) fill[i] = ir_const_int(b, ir_int(p->cx, 32), s % p->rings[i].n);
    make_copies(p, b, &map, opt_first_exists(b, p->loop, s), fill);
    step_carried(r, &map, p->is_ahead, r->ahead);
    iv = ir_make(b, OP_ADDI, NULL, iv, r->step, NULL);
  }
}

/* New carried values: those that run ahead, which buffer to read, which to fill, the windows, those of early loads. */
static void add_carried(Rotation *r, Builder *b) {
  Pipeline *p = r->p;
  Ctx *cx = p->cx;
  Vec(Value *) inits = {0};
  for (int i = 0; i < r->n; i++) {
    if (!p->is_ahead[i]) continue;
    r->ahead_slot[i] = r->n + (int)inits.len;
    vec_push(cx, &inits, r->ahead[i]);
  }
  for (int i = 0; i < RINGS; i++) {
    Ring *ring = &p->rings[i];
    if (!ring->used) continue;
    int first = (p->stages - 1) % ring->n;
    ring->read_slot = ring->fill_slot = r->n + (int)inits.len;
    vec_push(cx, &inits, ir_const_int(b, ir_int(cx, 32), 0));
    if (!first) continue; /* it is always the one just read that is filled */
    ring->fill_slot++;
    vec_push(cx, &inits, ir_const_int(b, ir_int(cx, 32), first));
  }
  r->window_slot = r->n + (int)inits.len;
  for (uint32_t i = 0; i < p->early.len * (uint32_t)p->stages; i++) vec_push(cx, &inits, r->window[i]);
  for (int i = 0; i < r->n; i++) {
    if (!p->is_early[i]) continue;
    r->early_slot[i] = r->n + (int)inits.len;
    vec_push(cx, &inits, r->early[i]);
  }
  opt_add_carried(cx, p->loop, inits.at, (int)inits.len);
}

static Value *carried_window(const Rotation *r, uint32_t load, int s) {
  return ir_loop_arg(r->p->loop, r->window_slot + (int)load * r->p->stages + s);
}

/* In iteration i: the early loads for iteration i + S, first of all: they are waited for at its end. */
static void issue_early(Rotation *r, Builder *b) {
  Pipeline *p = r->p;
  Op *loop = p->loop;
  Value *far = ir_make(b, OP_MULI, NULL, r->step, ir_const_int(b, r->step->type, p->stages), NULL);
  Value *latest = ir_make(b, OP_ADDI, NULL, ir_loop_index(loop), far, NULL);
  map_put(p->cx, &r->loads, ir_loop_index(loop), latest);
  for (int i = 0; i < r->n; i++)
    if (p->is_early[i]) map_put(p->cx, &r->loads, ir_loop_arg(loop, i), ir_loop_arg(loop, r->early_slot[i]));
  load_early(p, b, &r->loads, ir_compare(b, "slt", ir_loop_index(loop), r->bound_early));
}

/* ... and the copies for iteration i + S - 1. */
static void issue_ahead(Rotation *r) {
  Pipeline *p = r->p;
  Ctx *cx = p->cx;
  Op *loop = p->loop;
  int depth = p->stages - 1;
  Builder b = ir_before(cx, p->body->first);
  b.loc = loop->loc;
  if (p->early.len) issue_early(r, &b);
  if (p->tiles.len) b.before = place_of_wait(p, b.before);
  if (p->tiles.len) wait_op(p, &b, depth - 1);
  b.before = place_of_copies(p, b.before);
  p->after_dot = b.before->prev && b.before->prev->code == OP_WARP_GROUP_DOT;
  if (p->late && p->in_flight) ir_effect(&b, OP_BARRIER, NULL); /* or else from membar.c, where it is needed */
  Value *far = ir_make(&b, OP_MULI, NULL, r->step, ir_const_int(&b, r->step->type, depth), NULL);
  Value *later = ir_make(&b, OP_ADDI, NULL, ir_loop_index(loop), far, NULL);
  map_put(cx, &r->copies, ir_loop_index(loop), later);
  for (int i = 0; i < r->n; i++)
    if (p->is_ahead[i]) map_put(cx, &r->copies, ir_loop_arg(loop, i), ir_loop_arg(loop, r->ahead_slot[i]));
  for (uint32_t e = 0; e < p->early.len; e++)
    map_put(cx, &r->copies, &p->early.at[e]->results[0], carried_window(r, e, depth));
  Value *fill[RINGS] = {NULL};
  for (int i = 0; i < RINGS; i++)
    if (p->rings[i].used) fill[i] = ir_loop_arg(loop, p->rings[i].fill_slot);
  if (p->tiles.len) make_copies(p, &b, &r->copies, ir_compare(&b, "slt", ir_loop_index(loop), r->bound_ahead), fill);
}

/* What the next iteration sees of the new carried values, in add_carried()'s order. */
static void yield_carried(Rotation *r) {
  Pipeline *p = r->p;
  Ctx *cx = p->cx;
  Op *yield = ir_terminator(p->body);
  for (int i = 0; i < r->n; i++)
    if (p->is_ahead[i]) ir_add_operand(cx, yield, ir_mapped(&r->copies, ir_operand(yield, i)));
  Builder b = ir_before(cx, yield);
  for (int i = 0; i < RINGS; i++) {
    const Ring *ring = &p->rings[i];
    if (!ring->used) continue;
    ir_add_operand(cx, yield, next_buffer(&b, ir_loop_arg(p->loop, ring->read_slot), ring->n));
    if (ring->fill_slot == ring->read_slot) continue;
    ir_add_operand(cx, yield, next_buffer(&b, ir_loop_arg(p->loop, ring->fill_slot), ring->n));
  }
  for (uint32_t e = 0; e < p->early.len; e++) {
    for (int s = 1; s < p->stages; s++) ir_add_operand(cx, yield, carried_window(r, e, s));
    ir_add_operand(cx, yield, ir_mapped(&r->loads, &p->early.at[e]->results[0]));
  }
  for (int i = 0; i < r->n; i++)
    if (p->is_early[i]) ir_add_operand(cx, yield, ir_mapped(&r->loads, ir_operand(yield, i)));
}

/* The body uses what was loaded for it iterations ago. */
static void replace_uses(Rotation *r) {
  Pipeline *p = r->p;
  for (uint32_t e = 0; e < p->early.len; e++) {
    ir_replace_all(&p->early.at[e]->results[0], carried_window(r, e, 0));
    ir_erase(p->early.at[e]);
  }
  for (int i = 0; i < (int)p->tiles.len; i++) replace_user(p, &p->tiles.at[i]);
  mend_views(p->cx, p->body);
  drop_fences(p);
}

static void wait_and_free(Pipeline *p) {
  Builder b = {p->cx, p->loop->block, p->loop->next, p->loop->loc};
  if (p->tiles.len) wait_op(p, &b, 0);
  for (int i = 0; i < (int)p->tiles.len; i++) ir_effect(&b, OP_LOCAL_DEALLOC, p->tiles.at[i].buffers, NULL);
}

void gpu_pipeline_transform(Pipeline *p) {
  Builder b = ir_before(p->cx, p->loop);
  allocate_buffers(p, &b);
  Rotation r = begin_rotation(p, &b);
  load_first_windows(&r, &b);
  copy_first_tiles(&r, &b);
  add_carried(&r, &b);
  issue_ahead(&r);
  yield_carried(&r);
  replace_uses(&r);
  wait_and_free(p);
}
