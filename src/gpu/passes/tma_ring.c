/* tma_ring.c: blocks that a loop loads through tensor maps are copied several iterations ahead.
 *
 * Problem. A load by the copy engine that is waited for where it stands leaves the tensor cores idle for as long as
 * memory takes. Idea. For num_stages = S there are S buffers for each load, a ring, and an mbarrier for each of them:
 *
 *   before the loop   copies for iterations 0 .. S-2, predicated by whether the iteration exists
 *   in iteration i    wait until the phase of barrier i mod S is over; use buffer i mod S; copy for iteration i + S - 1
 *                     into the buffer of iteration i - 1
 *
 * The parity of the phase to wait for changes each time the ring wraps around. Loads that feed the same dot
 * share a barrier. One thread issues copies, so all threads must be done with the buffer first: after a barrier. Where there
 * are several groups of four warps, they do not wait for each other: each warp arrives at a second mbarrier of the buffer
 * when it has read it, and only the warp that issues copies waits there. So one group multiplies while another still
 * computes (attention of d 128 on an H200: 2 to 5% faster; within one group it is worth nothing).
 *
 * As a rule copies are issued after the loop's first dot has been, so that tensor cores work meanwhile, and
 * without dots at the loop's top. Where the loop's dot stays in flight over iterations
 * (wgmma.c), it is after that dot, too, which is where the dot of iteration i - 1 has been waited for.
 *
 * Iteration i frees buffer (i + S - 1) mod S, the last one for the first time before anything was in it. So in
 * iteration i the phase of that mbarrier has the parity of the buffer that is read; and no warp arrives twice in
 * one phase, since it is at most S - 1 iterations ahead of any other: what it reads was copied when all had arrived.
 *
 * Coordinates (and the descriptor, if it changes) are computed S - 1 iterations ahead: the slice of the body that they
 * depend on is copied, as in pipeline.c; a slice with effects or regions is refused. So are loads of memory that the
 * loop writes.
 *
 * Every copy that is issued is waited for in its own iteration, so no barrier is busy when the loop ends.
 */
#include "gpu/passes/passes.h"

#include "opt/internal.h"

enum { WARP_GROUP = 4 };

typedef struct RingGroup { /* of loads that share barriers */
  const Op *dot;
  Value *barriers;
  int64_t bytes;
  Op *first; /* of its loads */
} RingGroup;

typedef struct RingTile {
  Op *load;
  Value *buffers;
  int group;
} RingTile;

typedef struct TmaRing {
  Ctx *cx;
  Op *loop;
  Block *body;
  int stages, num_warps;
  int nresults; /* carried values of the loop as it stood */
  Vec(RingTile) tiles;
  Vec(RingGroup) groups;
  Value *free; /* mbarriers, one for each buffer: all warps have read it; NULL: a barrier says so */
  Op *in_flight;
  Map slice;      /* ops of the body that coordinates depend on */
  bool *is_ahead; /* the carried values that they depend on */
} TmaRing;

/* ---- which loads ------------------------------------------------------------------------------------------------- */

static SliceStep refuse_tensors(void *self, Op *op) {
  (void)self;
  return op->nresults && ir_is_tensor(op->results[0].type) ? SLICE_REFUSE : SLICE_GO_ON;
}

/* Collects what the load's operands depend on in the body; false if that cannot be computed ahead of time. */
static bool add_coordinates(TmaRing *r, const Op *load, Map *slice, bool *is_ahead) {
  for (int i = 0; i < load->noperands; i++)
    if (!gpu_slice_add(r->cx, r->loop, ir_operand(load, i), slice, is_ahead, refuse_tensors, NULL)) return false;
  return true;
}

static bool taken_over(const Op *user, const Op *load) {
  return user->code == OP_LOCAL_ALLOC && user->block == load->block &&
         user->results[0].type->encoding == ir_operand(load, 0)->type->elem->encoding;
}

/* The dot whose operand the load is, by way of buffers and views; NULL: it has other uses. */
static const Op *dot_of(const Op *load) {
  const Value *v = &load->results[0];
  while (ir_one_use(v)) {
    const Op *user = v->uses->op;
    if (user->code == OP_WARP_GROUP_DOT) return user;
    if (!taken_over(user, load) && user->code != OP_MEMDESC_TRANS && user->code != OP_MEMDESC_RESHAPE) return NULL;
    v = &user->results[0];
  }
  return NULL;
}

/* A ring's buffers lie one after the other, and each must begin where the swizzle's pattern does. */
static bool can_be_in_row(const Op *load) {
  const Type *block = ir_operand(load, 0)->type->elem;
  int swizzle = gpu_tma_swizzle(block);
  return gpu_tma_bytes(load) % (swizzle ? 128 << swizzle : 128) == 0;
}

static void consider(TmaRing *r, Op *load) {
  if (load->code != OP_DESC_LOAD || !gpu_tma_is_map(ir_operand(load, 0)->type)) return;
  if (!can_be_in_row(load) || !gpu_may_run_ahead(r->loop, gpu_tma_base(ir_operand(load, 0)))) return;
  Map slice = {0};
  bool *is_ahead = NEWN(r->cx, bool, r->nresults + 1);
  if (!add_coordinates(r, load, &slice, is_ahead)) return;
  add_coordinates(r, load, &r->slice, r->is_ahead);
  RingTile t = {load, NULL, -1};
  const Op *dot = dot_of(load);
  for (uint32_t g = 0; g < r->groups.len && t.group < 0; g++)
    if (dot && r->groups.at[g].dot == dot) t.group = (int)g;
  if (t.group < 0) {
    t.group = (int)r->groups.len;
    vec_push(r->cx, &r->groups, ((RingGroup){.dot = dot, .first = load}));
  }
  r->groups.at[t.group].bytes += gpu_tma_bytes(load);
  vec_push(r->cx, &r->tiles, t);
}

/* The first dot of the loop's own body, after which copies are issued; NULL: there is none. */
static Op *first_dot(const TmaRing *r) {
  Op *op = r->body->first;
  while (op && op->code != OP_WARP_GROUP_DOT) op = op->next;
  return op;
}

/* Will a copy several iterations ahead fill the buffer? */
static bool is_ring(const void *self, const Op *alloc) {
  const TmaRing *r = self;
  for (uint32_t i = 0; i < r->tiles.len; i++)
    if (alloc->noperands && ir_operand(alloc, 0) == &r->tiles.at[i].load->results[0])
      return taken_over(alloc, r->tiles.at[i].load);
  return false;
}

/* The dot of the loop that can stay in flight: copies come after the first, so it must be the only one. */
static Op *dot_in_flight(const TmaRing *r) {
  Op *last = gpu_wgmma_in_flight(r->body, is_ring, r);
  return last == first_dot(r) ? last : NULL;
}

/* ---- making it --------------------------------------------------------------------------------------------------- */

/* What it writes is not read any more: barriers of `free` have told. */
static void set_apart(const TmaRing *r, Op *op, bool apart) {
  if (apart) ir_set_attr(r->cx, op, GPU_APART, ir_attr_unit(r->cx));
}

/* The slice again, for what `map` says of the induction variable and the carried values; then the copies into the
 * buffers numbered `index`. */
static void make_copies(TmaRing *r, Builder *b, Map *map, Value *exists, Value *index, bool apart) {
  for (Op *op = r->body->first; op; op = op->next)
    if (map_has(&r->slice, op)) ir_clone(b, op, map);
  Value **barrier = NEWN(r->cx, Value *, r->groups.len + 1);
  for (uint32_t g = 0; g < r->groups.len; g++) {
    barrier[g] = gpu_buffer_at(b, r->groups.at[g].barriers, index);
    set_apart(r, gpu_tma_expect(b, barrier[g], r->groups.at[g].bytes, exists), apart);
  }
  for (uint32_t i = 0; i < r->tiles.len; i++) {
    const RingTile *t = &r->tiles.at[i];
    Value *operands[1 + LAYOUT_MAX_DIMS];
    for (int k = 0; k < t->load->noperands; k++) operands[k] = ir_mapped(map, ir_operand(t->load, k));
    Op *copy = gpu_tma_copy(b, t->load, operands, gpu_buffer_at(b, t->buffers, index), barrier[t->group], exists);
    set_apart(r, copy, apart);
  }
}

/* The ring's loop-carried values, beside those that run ahead. */
enum { READ, PHASE, FILL, NCARRIED };

static void put_waits(TmaRing *r, Value *read, Value *phase) {
  for (uint32_t g = 0; g < r->groups.len; g++) {
    Builder b = ir_before(r->cx, r->groups.at[g].first);
    gpu_tma_wait(&b, gpu_buffer_at(&b, r->groups.at[g].barriers, read), phase);
  }
}

/* Is the operand's buffer written by copies alone, or before the loop? Then one fence after those stores does for all
 * iterations. */
static bool needs_no_fence(TmaRing *r, const Value *operand) {
  if (operand->type->kind != TYPE_MEMDESC) return true;
  Op *alloc = gpu_buffer_of(operand);
  if (!alloc || alloc->block == r->body) return false;
  gpu_fence_after(r->cx, alloc);
  return true;
}

/* In the loop a fence would also wait for the copies that this iteration has just started. */
static void drop_fences(TmaRing *r) {
  for (const Op *op = r->body->first; op; op = op->next)
    if (op->code == OP_LOCAL_STORE) return;
  for (Op *dot = r->body->first; dot; dot = dot->next) {
    if (dot->code != OP_WARP_GROUP_DOT || !dot->prev || dot->prev->code != OP_FENCE_ASYNC_SHARED) continue;
    bool copied = needs_no_fence(r, ir_operand(dot, 0));
    copied &= needs_no_fence(r, ir_operand(dot, 1));
    if (copied) ir_erase(dot->prev);
  }
}

/* Before copies fill the buffer of the iteration before. Each warp arrives at the loop's top, or, where that iteration's
 * dot was in flight until then, where the copies go. */
static void wait_for_readers(TmaRing *r, Builder *b, Value *buffer, Value *phase) {
  if (!r->free) {
    ir_effect(b, OP_BARRIER, NULL);
    return;
  }
  Builder done = r->in_flight ? *b : ir_before(r->cx, r->body->first);
  done.loc = b->loc;
  ir_effect(&done, OP_ARRIVE_BARRIER, gpu_buffer_at(&done, r->free, buffer), NULL);
  Op *wait = gpu_tma_wait(b, gpu_buffer_at(b, r->free, buffer), phase);
  ir_set_attr(r->cx, wait, TMA_FOR_COPIES, ir_attr_unit(r->cx));
}

static void make_buffers(TmaRing *r, Builder *b) {
  for (uint32_t i = 0; i < r->tiles.len; i++)
    r->tiles.at[i].buffers = gpu_tma_buffers(b, r->tiles.at[i].load, r->stages);
  for (uint32_t g = 0; g < r->groups.len; g++) r->groups.at[g].barriers = gpu_tma_barriers(b, r->stages, 1);
  if (r->num_warps > WARP_GROUP) r->free = gpu_tma_barriers(b, r->stages, r->num_warps);
}

/* The slice's copy begins with the induction variable `iv`, and for carried values that run ahead with `state`. */
static Map slice_from(const TmaRing *r, Value *iv, Value *const *state) {
  Map map = {0};
  map_put(r->cx, &map, ir_loop_index(r->loop), iv);
  for (int i = 0; i < r->nresults; i++)
    if (r->is_ahead[i]) map_put(r->cx, &map, ir_loop_arg(r->loop, i), state[i]);
  return map;
}

/* ... and leaves them for the next iteration. */
static void step_slice(const TmaRing *r, Map *map, Value **state) {
  const Op *yield = ir_terminator(r->body);
  for (int i = 0; i < r->nresults; i++)
    if (r->is_ahead[i]) state[i] = ir_mapped(map, ir_operand(yield, i));
}

/* Before the loop: copies of the first iterations, from and into `state`. */
static void copy_first(TmaRing *r, Builder *b, Value **state) {
  Value *iv = ir_loop_lower(r->loop);
  for (int s = 0; s < r->stages - 1; s++) {
    Map map = slice_from(r, iv, state);
    make_copies(r, b, &map, opt_first_exists(b, r->loop, s), ir_const_int(b, ir_int(r->cx, 32), s), false);
    step_slice(r, &map, state);
    iv = ir_make(b, OP_ADDI, NULL, iv, ir_loop_step(r->loop), NULL);
  }
}

/* The loop carries what runs ahead (`state` becomes its arguments), and where the ring stands: `now`. */
static void carry(TmaRing *r, Builder *b, Value **state, Value **now) {
  Vec(Value *) inits = {0};
  const int first[NCARRIED] = {[READ] = 0, [PHASE] = 0, [FILL] = r->stages - 1};
  for (int i = 0; i < r->nresults; i++)
    if (r->is_ahead[i]) vec_push(r->cx, &inits, state[i]);
  for (int k = 0; k < NCARRIED; k++) {
    Value *start = ir_const_int(b, ir_int(r->cx, 32), first[k]);
    vec_push(r->cx, &inits, start);
  }
  opt_add_carried(r->cx, r->loop, inits.at, (int)inits.len);
  int slot = r->nresults;
  for (int i = 0; i < r->nresults; i++)
    if (r->is_ahead[i]) state[i] = ir_loop_arg(r->loop, slot++);
  for (int k = 0; k < NCARRIED; k++) now[k] = ir_loop_arg(r->loop, slot++);
}

/* In the loop: copies of the iteration S - 1 later, which exists up to `bound`. */
static void copy_later(TmaRing *r, Value *bound, Value **state, Value *const *now) {
  Op *after = first_dot(r);
  Builder b = ir_before(r->cx, after ? after->next : r->body->first);
  b.loc = r->loop->loc;
  wait_for_readers(r, &b, now[FILL], now[PHASE]);
  Value *index = ir_loop_index(r->loop), *step = ir_loop_step(r->loop);
  Value *far = ir_make(&b, OP_MULI, NULL, step, ir_const_int(&b, step->type, r->stages - 1), NULL);
  Map map = slice_from(r, ir_make(&b, OP_ADDI, NULL, index, far, NULL), state);
  make_copies(r, &b, &map, ir_compare(&b, "slt", index, bound), now[FILL], r->free != NULL);
  step_slice(r, &map, state);
  for (int i = 0; i < r->nresults; i++)
    if (r->is_ahead[i]) ir_add_operand(r->cx, ir_terminator(r->body), state[i]);
}

/* At the loop's end: the next buffers; where reading begins again with the first, the phase's parity changes. */
static void turn_ring(TmaRing *r, Value *const *now) {
  Op *yield = ir_terminator(r->body);
  Builder b = ir_before(r->cx, yield);
  Type *i32 = ir_int(r->cx, 32);
  Value *one = ir_const_int(&b, i32, 1), *zero = ir_const_int(&b, i32, 0), *end = ir_const_int(&b, i32, r->stages);
  Value *next_read = ir_make(&b, OP_ADDI, NULL, now[READ], one, NULL), *over = ir_compare(&b, "sge", next_read, end);
  Value *turned = ir_make(&b, OP_XORI, NULL, now[PHASE], one, NULL);
  Value *next_fill = ir_make(&b, OP_ADDI, NULL, now[FILL], one, NULL), *wraps = ir_compare(&b, "sge", next_fill, end);
  ir_add_operand(r->cx, yield, ir_make(&b, OP_SELECT, i32, over, zero, next_read, NULL));
  ir_add_operand(r->cx, yield, ir_make(&b, OP_SELECT, i32, over, turned, now[PHASE], NULL));
  ir_add_operand(r->cx, yield, ir_make(&b, OP_SELECT, i32, wraps, zero, next_fill, NULL));
}

static void read_ring(TmaRing *r, Value *read) {
  for (uint32_t i = 0; i < r->tiles.len; i++) {
    const RingTile *t = &r->tiles.at[i];
    Builder b = ir_before(r->cx, t->load);
    gpu_tma_replace_load(r->cx, t->load, gpu_buffer_at(&b, t->buffers, read));
  }
}

static void end_barriers(TmaRing *r) {
  Builder b = {r->cx, r->loop->block, r->loop->next, r->loop->loc};
  for (uint32_t g = 0; g < r->groups.len + (r->free != NULL); g++)
    for (int s = 0; s < r->stages; s++) {
      Value *all = g < r->groups.len ? r->groups.at[g].barriers : r->free;
      ir_effect(&b, OP_INVAL_BARRIER, gpu_buffer_at(&b, all, ir_const_int(&b, ir_int(r->cx, 32), s)), NULL);
    }
}

static void transform(TmaRing *r) {
  Builder b = ir_before(r->cx, r->loop);
  make_buffers(r, &b);
  Value *bound = opt_bound_ahead(&b, r->loop, r->stages - 1), *now[NCARRIED];
  Value **state = NEWN(r->cx, Value *, r->nresults + 1); /* of carried values that run ahead */
  for (int i = 0; i < r->nresults; i++) state[i] = ir_loop_init(r->loop, i);
  copy_first(r, &b, state);
  carry(r, &b, state, now);
  copy_later(r, bound, state, now);
  put_waits(r, now[READ], now[PHASE]);
  turn_ring(r, now);
  read_ring(r, now[READ]);
  drop_fences(r);
  end_barriers(r);
}

/* ---- how many stages --------------------------------------------------------------------------------------------- */

/* Does the launch make the map for loads that the source has through pointers? */
static bool is_of_pointers(const RingTile *t) {
  const Value *map = ir_operand(t->load, 0);
  const Op *func = map->op ? NULL : map->block->region->op;
  const Attr *code = func && func->code == OP_FUNC ? gpu_tma_launch_attr(func, map->index) : NULL;
  return code && code->ints[0] & TMA_LAUNCH_OPTIONAL;
}

/* Cycles that a multiprocessor's tensor cores take for the dot. */
static int64_t cycles_of(const Op *dot) {
  const Type *a = ir_operand(dot, 0)->type, *d = dot->results[0].type;
  enum { BITS_PER_CYCLE = 2048 * 16 };
  return ir_numel(d) * a->shape[a->rank - 1] * a->elem->bits / BITS_PER_CYCLE;
}

static int64_t blocks_held(const Module *m, const TmaRing *r, int64_t bytes) {
  int64_t accumulators = gpu_dot_registers(r->body, r->num_warps, true);
  return gpu_dot_blocks(gpu_sm(m), r->num_warps, gpu_dot_registers_beside(accumulators, 0) + accumulators, bytes);
}

/* cp.async of these loads would have a buffer more than stages and be issued while the dot before is still running (pipeline.c):
 * an iteration earlier than here. Where S - 1 iterations are less than it takes a copy to arrive, and a multiprocessor
 * still holds as many blocks, of large tiles two, there is one buffer more, too. */
static bool wants_another(Module *m, const TmaRing *r, int64_t each, int64_t room) {
  enum { ENOUGH = 2000, TWO = 2, LARGE = 128 * 128 };
  for (uint32_t i = 0; i < r->tiles.len; i++)
    if (!is_of_pointers(&r->tiles.at[i])) return false;
  if (!r->in_flight || each * (r->stages + 1) > room) return false;
  int64_t now = blocks_held(m, r, each * r->stages), then = blocks_held(m, r, each * (r->stages + 1));
  if (ir_numel(r->in_flight->results[0].type) >= LARGE) now = min64(now, TWO), then = min64(then, TWO);
  return then == now && (r->stages - 1) * cycles_of(r->in_flight) * now < ENOUGH;
}

static bool make_ring(Ctx *cx, Module *m, Op *loop) {
  int64_t stages = ir_attr_int_or(loop, "tt.num_stages", gpu_num_stages(m));
  Block *body = ir_entry(loop, 0);
  if (stages < 2 || gpu_has_inner_loop(body) || ir_attr(loop, "unsignedCmp")) return false;
  TmaRing r = {.cx = cx, .loop = loop, .body = body, .stages = (int)stages};
  r.num_warps = gpu_num_warps(m);
  r.nresults = loop->nresults;
  r.is_ahead = NEWN(cx, bool, r.nresults + 1);
  for (Op *op = body->first; op; op = op->next) consider(&r, op);
  if (!r.tiles.len) return false;
  int64_t room = gpu_room_for_buffers(gpu_sm(m)), each = 0;
  for (uint32_t i = 0; i < r.tiles.len; i++) each += gpu_tma_bytes(r.tiles.at[i].load);
  while (r.stages > 2 && each * r.stages > room) r.stages--;
  if (each * r.stages > room) return false;
  r.in_flight = dot_in_flight(&r);
  if (wants_another(m, &r, each, room)) r.stages++;
  ir_set_attr(cx, loop, WGMMA_IN_FLIGHT, r.in_flight ? ir_attr_unit(cx) : NULL);
  transform(&r);
  return true;
}

bool gpu_tma_ring(Ctx *cx, Module *m) {
  GpuOps loops = gpu_loops(cx, m);
  bool changed = false;
  for (uint32_t i = 0; i < loops.len; i++) changed |= make_ring(cx, m, loops.at[i]);
  return changed;
}
