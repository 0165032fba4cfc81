/* pipeline.c: loads that feed dots become asynchronous copies, several iterations ahead.
 *
 * Problem. A loop that loads tiles and multiplies them waits for memory in every iteration. Idea. For num_stages = S,
 * the tiles of iteration i + S - 1 are on their way while those of iteration i are multiplied: each load becomes a
 * cp.async into one of several buffers, and its consumer reads the buffer.
 *
 * Which loads: first those that are a dot's operand as they are; then, as far as shared memory goes, all others that a
 * dot depends on (operands that are scaled or widened) or that meet a dot's result on its way to the next iteration
 * (what is added to it). The latter are read from the buffer into registers, in the layout in which they are needed.
 *
 *   before the loop   copies for iterations 0 .. S-2, each a group; predicated by whether the iteration exists
 *   in iteration i    wait until at most S-2 groups are pending; (barrier, from membar.c); copies for iteration i + S - 1 into the buffer
 *                     that was read last; the dots on buffer i mod n
 *
 * What the copies need of later iterations (pointers that are carried and stepped, the induction variable) is computed
 * again: the slice of the body that the loads' operands depend on is copied, for the first stages before the loop and
 * then into it, where it runs S - 1 iterations ahead on carried values of its own. A slice that would contain an effect
 * or a region is refused, and the load stays as it is. So it does where the body writes to the argument that it reads
 * from, or to an unknown address, and where threads communicate: after a barrier or an atomic operation a value
 * read iterations earlier may be stale.
 *
 * Addresses that are loaded themselves (the pages of a table, the blocks of a sparse matrix): such a load of few
 * elements is done S iterations ahead into registers, one iteration before the copies need it. The loop carries its
 * last S values: that of iteration i, which the body uses, to that of iteration i + S - 1, for the copies. So is a load
 * that dots depend on, of a scalar or of a few elements that a copy cannot take, one iteration ahead. And in a loop without
 * dots what is loaded is loaded one iteration ahead, as long as that takes few registers: the loop then waits for memory
 * only as far as an iteration is shorter than an access.
 *
 * Buffers. After the barrier of iteration i all warps have finished the dots of iteration i - 1, and one more buffer
 * than stages ahead suffices: S. When the dot itself stays in flight (wgmma.c), only that of iteration i - 2 is done
 * there. Then either the copies go after the dot of iteration i was issued and that of i - 1 is done, behind a second
 * barrier (`late`), or there is one buffer more, S + 1. The spare buffer saves the barrier, and is worth it where it does
 * not lower how many blocks a multiprocessor holds (occupancy). In the same way a tile that is read into registers needs
 * one buffer fewer, S - 1, if copies wait for all such reads and for a barrier after them: but everything that is read
 * then lies in registers at the same time, which counts against the blocks, too.
 */
#include "gpu/passes/passes.h"

#include "ir/watch.h"
#include "opt/internal.h"

#include <string.h>

typedef struct Tile {
  Op *load, *user; /* user: local_alloc or convert_layout, of the load or of its transposition; NULL: others */
  Op *trans;       /* or NULL */
  Attr *shared;
  Value *buffers;
  int contiguity;
  bool registers; /* it is read into registers, at once */
  int ring;
} Tile;

/* How many buffers tiles have; which of them is read and which is filled in an iteration, as carried values. */
typedef struct Ring {
  int n;
  bool used;
  int read_slot, fill_slot;
} Ring;

enum { OPERANDS, REGISTERS, RINGS }; /* for tiles that tensor cores read, and for those read into registers */

typedef struct Pipeline {
  Ctx *cx;
  IndexInfo *index;
  Op *loop;
  Block *body;
  int sm, stages, num_warps;
  Op *in_flight; /* the dot that may stay in flight over iterations, or NULL */
  bool late;     /* copies are issued after that dot; or else after the last buffer was read into registers */
  Vec(Tile) tiles;
  Ring rings[RINGS];
  Map feeds;       /* loads that dots depend on, or what becomes of their results in the loop */
  Map addresses;   /* values that loads' addresses and masks depend on */
  Map slice;       /* ops of the body that addresses depend on */
  bool *is_ahead;  /* the carried values they depend on */
  Vec(Op *) early; /* loads whose results they depend on */
  Map early_slice; /* what those loads' addresses depend on */
  bool *is_early;
  Vec(Op *) loads;  /* of the body, as they stood; what became of them: */
  Map refused;      /* to why they are not copied ahead */
  Map in_registers; /* set of those that are loaded ahead into registers */
} Pipeline;

/* ---- which loads ------------------------------------------------------------------------------------------------- */

static bool may_run_ahead(Pipeline *p, const Op *load);

/* Registers that all values of an early load may take in a thread. */
enum { EARLY_REGISTERS = 32 };

static bool is_early(const Pipeline *p, const Op *op) {
  for (uint32_t i = 0; i < p->early.len; i++)
    if (p->early.at[i] == op) return true;
  return false;
}

static bool is_tile(const Pipeline *p, const Op *load) {
  for (uint32_t i = 0; i < p->tiles.len; i++)
    if (p->tiles.at[i].load == load) return true;
  return false;
}

static bool may_be_early(Pipeline *p, const Op *load) {
  Type *t = load->results[0].type;
  int registers = ir_is_tensor(t) ? gpu_registers(gpu_layout(p->cx, t)) : 1;
  return load->code == OP_LOAD && !opt_is_volatile(load) && registers * p->stages <= EARLY_REGISTERS &&
         !is_tile(p, load) && may_run_ahead(p, load);
}

/* Collects what `from` depends on within the body, in `slice` and `is_ahead`; false if that cannot be computed ahead of
 * time. `early`: loads may be among it. */
static bool depend(Pipeline *p, const Value *from, Map *slice, bool *is_ahead, bool early) {
  Vec(const Value *) left = {0};
  vec_push(p->cx, &left, from);
  while (left.len) {
    const Value *v = left.at[--left.len];
    if (!v->op) {
      if (v->block != p->body || v->index == 0 || is_ahead[v->index - 1]) continue;
      is_ahead[v->index - 1] = true;
      vec_push(p->cx, &left, ir_operand(ir_terminator(p->body), v->index - 1));
      continue;
    }
    if (ir_defined_outside(v, p->loop)) continue;
    if (early && v->op->block == p->body && is_early(p, v->op)) continue;
    if (early && v->op->block == p->body && v->op->code == OP_LOAD) {
      if (!may_be_early(p, v->op)) return false;
      for (int i = 0; i < v->op->noperands; i++)
        if (!depend(p, ir_operand(v->op, i), &p->early_slice, p->is_early, false)) return false;
      vec_push(p->cx, &p->early, v->op);
      continue;
    }
    if (v->op->block != p->body || v->op->nregions || !ir_has(v->op, T_PURE) || v->op->code == OP_DOT) return false;
    if (map_has(slice, v->op)) continue;
    map_put(p->cx, slice, v->op, v->op);
    for (int i = 0; i < v->op->noperands; i++) vec_push(p->cx, &left, ir_operand(v->op, i));
  }
  return true;
}

static bool is_zero(const Value *v) {
  double f;
  int64_t i;
  return (ir_is_const_float(v, &f) && f == 0) || (ir_is_const_int(v, &i) && i == 0);
}

static int swizzle_bits(int x) { return x < 1 ? 1 : x; }

/* The buffer that mma.sync's operands are read from. Rows along K: a warp reads eight rows, 16 bytes of each, so
 * vectors of that size are exchanged. Rows across K of 32-bit elements: it reads four rows, 32 bytes of each. */
static Attr *swizzled_for(Ctx *cx, const Type *t, int operand) {
  int order[LAYOUT_MAX_DIMS], bytes = ir_elem_bytes(t->elem), vec = 16 / bytes;
  gpu_order(t->encoding, t->rank, order);
  bool across = order[0] == (operand == 0 ? 0 : 1);
  if (across && bytes == 4) vec = 8;
  int row = (int)t->shape[order[0]] * bytes, per_phase = swizzle_bits(128 / row);
  int max_phase = (int)min64(8 / per_phase, row / (vec * bytes));
  if (row < vec * bytes) return gpu_swizzled_shared(cx, 1, 1, 1, order, t->rank);
  return gpu_swizzled_shared(cx, vec, per_phase, swizzle_bits(max_phase), order, t->rank);
}

/* How many elements one copy takes: neighbours in memory, in a thread and in the buffer. */
static int copy_length(Pipeline *p, const Op *load, Attr *shared) {
  const Type *t = load->results[0].type;
  int at, best = 1, bytes = ir_elem_bytes(t->elem);
  const Value *ptr = ir_operand(load, 0), *mask = ir_operand_group(load, "mask", &at) ? ir_operand(load, at) : NULL;
  const Layout *l = gpu_layout(p->cx, t);
  const Layout *s =
      gpu_shared_layout(p->cx, ir_memdesc(p->cx, t->elem, t->rank, t->shape, shared, gpu_smem(p->cx), true));
  for (int d = 0; d < t->rank; d++) {
    int n = (int)min64(layout_contiguous(l, AXIS_REGISTER, (Axis)(AXIS_DIM0 + d)), index_width(p->index, ptr, mask, d));
    n = (int)min64(n, layout_contiguous(s, AXIS_OFFSET, (Axis)(AXIS_DIM0 + d)));
    best = n > best ? n : best;
  }
  while (best * bytes > 16) best /= 2;
  return best;
}

static const Value *pointer_before(const Value *ptr);

/* Whether a loop-carried pointer is computed from itself through nothing but offsets and inner loops. */
static bool comes_round(const Op *loop, int carried) {
  const Block *body = ir_entry(loop, 0);
  const Value *v = ir_operand(ir_terminator(body), carried);
  while (v != ir_loop_arg(loop, carried))
    if (!v->op || !(v = pointer_before(v))) return false;
  return true;
}

/* One step toward the argument that a pointer is computed from; NULL: none is known. */
static const Value *pointer_before(const Value *ptr) {
  const Op *loop = ptr->op ? ptr->op : ptr->block->region->op;
  if (loop->code != OP_FOR) return ptr->op ? ir_moved_pointer(ptr->op) : NULL;
  int carried = ptr->op ? ptr->index : ptr->index - 1;
  return carried >= 0 && comes_round(loop, carried) ? ir_loop_init(loop, carried) : NULL;
}

const Value *gpu_base_of(const Value *ptr) {
  while (ptr && (ptr->op || ptr->block->region->op->code != OP_FUNC)) ptr = pointer_before(ptr);
  return ptr;
}

typedef struct Effects {
  const Value *base; /* of the load */
  bool stand_in_the_way;
} Effects;

static void look_at_effect(Op *op, void *arg) {
  Effects *e = arg;
  if (op->code == OP_BARRIER || op->code == OP_ATOMIC_RMW || op->code == OP_ATOMIC_CAS) e->stand_in_the_way = true;
  if (op->code == OP_INLINE_ASM && !opt_is_pure(op)) e->stand_in_the_way = true;
  if (op->code != OP_STORE) return;
  const Value *to = gpu_base_of(ir_operand(op, 0));
  if (!to || !e->base || to == e->base) e->stand_in_the_way = true;
}

static bool may_run_ahead(Pipeline *p, const Op *load) {
  Effects e = {gpu_base_of(ir_operand(load, 0)), false};
  ir_walk(p->loop, look_at_effect, &e);
  return !e.stand_in_the_way;
}

/* The buffer of a tile that registers are filled from in the layout of the copy, or in any other: vectors of 16 bytes
 * of eight rows lie in different banks. */
static Attr *swizzled_rows(Ctx *cx, const Type *t) {
  int order[LAYOUT_MAX_DIMS];
  gpu_order(t->encoding, t->rank, order);
  if (t->rank == 1) return gpu_swizzled_shared(cx, 1, 1, 1, order, 1);
  return swizzled_for(cx, t, order[0] == 0);
}

/* What the loop computes from its dots, and from what; what addresses are computed from. */
static void find_feeds(Pipeline *p) {
  Map from_dot = {0}, needed = {0};
  Op *yield = ir_terminator(p->body);
  for (Op *op = p->body->first; op; op = op->next) {
    bool from = op->code == OP_DOT || op->code == OP_WARP_GROUP_DOT;
    for (int i = 0; i < op->noperands && !from; i++) from = map_has(&from_dot, ir_operand(op, i));
    for (int i = 0; i < op->nresults && from; i++) map_put(p->cx, &from_dot, &op->results[i], op);
  }
  for (Op *op = yield; op; op = op->prev) {
    bool need = op->code == OP_DOT || op->code == OP_WARP_GROUP_DOT, address = op->code == OP_LOAD;
    for (int i = 0; i < op->nresults; i++) {
      need |= map_has(&needed, &op->results[i]);
      address |= map_has(&p->addresses, &op->results[i]);
    }
    if (need && op->code == OP_LOAD) map_put(p->cx, &p->feeds, op, op);
    for (int i = 0; i < op->noperands; i++) {
      Value *v = ir_operand(op, i);
      if (need || (op == yield && map_has(&from_dot, v))) map_put(p->cx, &needed, v, op);
      if (address) map_put(p->cx, &p->addresses, v, op);
    }
  }
}

/* Can what the load reads be known `early`, several iterations before? Notes down what its operands depend on. */
static bool slice_of(Pipeline *p, const Op *load, bool early) {
  Pipeline trial = *p; /* a trial, before anything is recorded */
  trial.slice = trial.early_slice = (Map){0};
  trial.early.at = NULL, trial.early.len = trial.early.cap = 0;
  trial.is_ahead = NEWN(p->cx, bool, p->loop->nresults + 1);
  trial.is_early = NEWN(p->cx, bool, p->loop->nresults + 1);
  for (int i = 0; i < load->noperands; i++)
    if (early ? !depend(&trial, ir_operand(load, i), &trial.early_slice, trial.is_early, false)
              : !depend(&trial, ir_operand(load, i), &trial.slice, trial.is_ahead, true))
      return false;
  for (int i = 0; i < load->noperands; i++) {
    if (early)
      depend(p, ir_operand(load, i), &p->early_slice, p->is_early, false);
    else
      depend(p, ir_operand(load, i), &p->slice, p->is_ahead, true);
  }
  return true;
}

static int64_t bytes_of(const Tile *t) {
  const Type *tensor = t->load->results[0].type;
  return ir_numel(tensor) * ir_elem_bytes(tensor->elem);
}

/* How the load's one user reads the tile; false if that is not an operand of tensor cores. */
static bool find_operand(Pipeline *p, Tile *t) {
  Value *r = &t->load->results[0];
  if (r->type->rank != 2 || !ir_one_use(r)) return false;
  Op *user = r->uses->op, *trans = user->code == OP_TRANS && ir_one_use(&user->results[0]) ? user : NULL;
  if (trans) user = trans->results[0].uses->op;
  if (user->block != p->body) return false;
  t->user = user, t->trans = trans;
  if (!trans && user->code == OP_LOCAL_ALLOC) t->shared = user->results[0].type->encoding;
  if (user->code == OP_CONVERT_LAYOUT && gpu_is(user->results[0].type->encoding, "ttg.dot_op") &&
      gpu_is_mma(gpu_param(user->results[0].type->encoding, "parent"), 2)) {
    /* The transposed tensor's rows are the other operand's columns. */
    t->shared =
        swizzled_for(p->cx, r->type, (int)gpu_param_int(user->results[0].type->encoding, "opIdx", 0) ^ (trans != NULL));
    t->registers = true;
  }
  return t->shared != NULL;
}

/* A load that dots depend on in some other way: it is read into registers, in the layout in which it is needed. */
static bool find_reader(Pipeline *p, Tile *t) {
  Value *r = &t->load->results[0];
  if (!map_has(&p->feeds, t->load) || map_has(&p->addresses, r) || r->type->rank > 2) return false;
  Op *user = ir_one_use(r) ? r->uses->op : NULL;
  bool converted = user && user->block == p->body && user->code == OP_CONVERT_LAYOUT;
  t->user = converted ? user : NULL, t->trans = NULL;
  t->shared = swizzled_rows(p->cx, r->type);
  t->registers = true;
  return true;
}

static int64_t buffer_bytes(const Pipeline *p, int stages, bool late) {
  int64_t bytes = 0;
  for (uint32_t i = 0; i < p->tiles.len; i++)
    bytes += bytes_of(&p->tiles.at[i]) * (stages - (late && p->tiles.at[i].registers));
  return bytes;
}

/* Do many threads hold the same elements, and would each copy bring few? Such a vector is read by all from the caches. */
static bool is_repeated(Pipeline *p, const Tile *t) {
  Type *tensor = t->load->results[0].type;
  int64_t copies = gpu_registers(gpu_layout(p->cx, tensor)) / t->contiguity;
  return copies > 4 && copies * t->contiguity * 32 * p->num_warps > 4 * ir_numel(tensor);
}

/* Why the load is not copied ahead; NULL: it may be, as `t` says. */
static const char *refusal(Pipeline *p, Op *load, Tile *t, bool (*find)(Pipeline *, Tile *), int64_t room) {
  int at;
  if (ir_operand_group(load, "other", &at) && !is_zero(ir_operand(load, at)))
    return "masked-off elements are not zero (other=), and copies write zeros";
  if (opt_is_volatile(load)) return "it is volatile";
  if (!may_run_ahead(p, load))
    return "the loop writes to the same argument or to an unknown address, or its threads communicate";
  if (!find(p, t)) return "no dot reads it as an operand, alone and in this iteration";
  t->contiguity = copy_length(p, load, t->shared);
  if (t->contiguity * ir_elem_bytes(load->results[0].type->elem) < 4)
    return "a copy moves 4 bytes at least, and fewer neighbours are known to be aligned and masked alike";
  if (is_repeated(p, t)) return "it is so small that many threads hold the same elements";
  if (room && buffer_bytes(p, p->stages, true) + bytes_of(t) * (p->stages - 1) > room)
    return "there is not enough shared memory for its buffers";
  return slice_of(p, load, false) ? NULL : "its address cannot be computed iterations ahead";
}

static void consider(Pipeline *p, Op *load, bool (*find)(Pipeline *, Tile *), int64_t room) {
  Tile t = {.load = load};
  if (load->code != OP_LOAD || !ir_is_tensor(load->results[0].type) || is_tile(p, load) || is_early(p, load)) return;
  const char *why = refusal(p, load, &t, find, room);
  map_put(p->cx, &p->refused, load, (void *)(uintptr_t)why);
  if (!why) vec_push(p->cx, &p->tiles, t);
}

/* Few elements that are not copied: loaded one iteration ahead into registers. Further ahead would be of no use: loop-carried
 * registers are waited for at the end of the iteration. */
static void consider_next(Pipeline *p, Pipeline *next, Op *load) {
  if (map_has(&p->feeds, load) && !is_tile(p, load) && !is_early(p, load) && may_be_early(next, load) &&
      slice_of(next, load, true))
    vec_push(p->cx, &next->early, load);
}

/* Addresses that are computed by floating-point arithmetic are not computed twice. */
static bool is_cheap(const Pipeline *p) {
  for (const Op *op = p->body->first; op; op = op->next)
    if (map_has(&p->early_slice, op) && op->nresults && ir_is_float(ir_elem(op->results[0].type))) return false;
  return true;
}

/* Do warps wait for each other in every iteration, because a result goes through shared memory? */
static bool has_barriers(const Pipeline *p) {
  for (const Op *op = p->body->first; op; op = op->next)
    if (gpu_scratch_bytes(p->cx, op, p->num_warps)) return true;
  return false;
}

/* A loop without dots: what it loads is loaded one iteration ahead into registers, if those are few. All of it or nothing:
 * the iteration waits for what is not. Where warps wait for each other, other blocks work meanwhile, and more blocks are
 * worth more than loads ahead: then fewer registers still. */
static bool prefetch(Pipeline *p) {
  enum { PREFETCHED = 16, BESIDE_BARRIERS = 8 };
  int registers = 0, most = has_barriers(p) ? BESIDE_BARRIERS : PREFETCHED;
  p->stages = 1;
  for (Op *op = p->body->first; op; op = op->next) {
    if (op->code == OP_DOT || op->code == OP_WARP_GROUP_DOT) return false;
    if (op->code != OP_LOAD || map_has(&p->addresses, &op->results[0])) continue;
    Type *t = op->results[0].type;
    registers += ir_is_tensor(t) ? gpu_registers(gpu_layout(p->cx, t)) : 1;
    if (registers > most) return false;
    if (may_be_early(p, op) && slice_of(p, op, true)) vec_push(p->cx, &p->early, op);
  }
  return p->early.len > 0 && is_cheap(p);
}

/* ---- making it --------------------------------------------------------------------------------------------------- */

static Value *mapped(Map *map, Value *v) {
  Value *to = map_get(map, v);
  return to ? to : v;
}

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

/* The early loads, and the slice of their addresses, for what `map` says; their results are put there. */
static void load_early(Pipeline *p, Builder *b, Map *map, Value *exists) {
  for (Op *op = p->body->first; op; op = op->next) {
    if (map_has(&p->early_slice, op)) ir_clone(b, op, map);
    if (!is_early(p, op)) continue;
    int at;
    Value *ptr = mapped(map, ir_operand(op, 0)), *mask = exists, *other = NULL;
    if (ir_is_tensor(ptr->type))
      mask = ir_make(b, OP_SPLAT, ir_tensor_like(p->cx, ptr->type, ir_int(p->cx, 1)), exists, NULL);
    if (ir_operand_group(op, "mask", &at))
      mask = ir_make(b, OP_ANDI, NULL, mask, mapped(map, ir_operand(op, at)), NULL);
    if (ir_operand_group(op, "other", &at)) other = mapped(map, ir_operand(op, at));
    Value *x = ir_make(b, OP_LOAD, op->results[0].type, ptr, mask, other, NULL);
    for (int k = 0; k < op->nattrs; k++)
      if (!strcmp(op->attrs[k].name, "cache") || !strcmp(op->attrs[k].name, "evict"))
        ir_set_attr(p->cx, x->op, op->attrs[k].name, op->attrs[k].attr);
    keep_width(p, op, x->op);
    map_put(p->cx, map, &op->results[0], x);
  }
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
    for (int i = 0; i < (int)p->tiles.len; i++) {
      Tile *t = &p->tiles.at[i];
      if (t->load != op) continue;
      int at;
      b->loc = op->loc;
      Value *ptr = mapped(map, ir_operand(op, 0)), *operands[3] = {ptr};
      Type *mask_type = ir_tensor_like(p->cx, ptr->type, ir_int(p->cx, 1));
      Value *mask = ir_make(b, OP_SPLAT, mask_type, exists, NULL);
      if (ir_operand_group(op, "mask", &at))
        mask = ir_make(b, OP_ANDI, NULL, mask, mapped(map, ir_operand(op, at)), NULL);
      Type *whole = t->buffers->type;
      Type *one =
          ir_memdesc(p->cx, whole->elem, whole->rank - 1, whole->shape + 1, whole->encoding, whole->memory_space, true);
      operands[1] = ir_make(b, OP_MEMDESC_INDEX, one, t->buffers, index[t->ring], NULL);
      operands[2] = mask;
      Type *token = ir_token(p->cx);
      Op *copy = ir_op(b, OP_ASYNC_COPY, &token, 1, operands, 3);
      for (int k = 0; k < op->nattrs; k++)
        if (!strcmp(op->attrs[k].name, "cache") || !strcmp(op->attrs[k].name, "evict"))
          ir_set_attr(p->cx, copy, op->attrs[k].name, op->attrs[k].attr);
      ir_set_attr(p->cx, copy, "contiguity", ir_attr_int(p->cx, ir_int(p->cx, 32), t->contiguity));
      vec_push(p->cx, &tokens, &copy->results[0]);
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
  Value *over = ir_make(b, OP_CMPI, ir_int(b->cx, 1), more, ir_const_int(b, x->type, n), NULL);
  ir_set_attr(b->cx, over->op, "predicate", ir_attr_enum(b->cx, "sge"));
  return ir_make(b, OP_SELECT, x->type, over, ir_const_int(b, x->type, 0), more, NULL);
}

static Value *less(Builder *b, Value *x, Value *y) {
  Value *c = ir_make(b, OP_CMPI, ir_int(b->cx, 1), x, y, NULL);
  ir_set_attr(b->cx, c->op, "predicate", ir_attr_enum(b->cx, "slt"));
  return c;
}

static Value *transposed_view(Builder *b, Value *view, const Op *trans) {
  const Type *t = view->type;
  const Attr *e = t->encoding;
  int64_t order[LAYOUT_MAX_DIMS], shape[2] = {t->shape[1], t->shape[0]};
  gpu_param_ints(e, "order", order);
  Attr *turned =
      gpu_swizzled_shared(b->cx, (int)gpu_param_int(e, "vec", 1), (int)gpu_param_int(e, "perPhase", 1),
                          (int)gpu_param_int(e, "maxPhase", 1), (int[]){1 - (int)order[0], 1 - (int)order[1]}, 2);
  Type *to = ir_memdesc(b->cx, t->elem, 2, shape, turned, t->memory_space, true);
  Value *r = ir_make(b, OP_MEMDESC_TRANS, to, view, NULL);
  ir_set_attr(b->cx, r->op, "order", ir_attr(trans, "order"));
  return r;
}

/* The consumer reads the buffer. */
static void replace_user(Pipeline *p, Tile *t) {
  Op *reader = t->user ? t->user : t->load;
  Builder b = ir_before(p->cx, reader);
  Type *whole = t->buffers->type;
  Type *one =
      ir_memdesc(p->cx, whole->elem, whole->rank - 1, whole->shape + 1, whole->encoding, whole->memory_space, true);
  Value *view = ir_make(&b, OP_MEMDESC_INDEX, one, t->buffers, ir_loop_arg(p->loop, p->rings[t->ring].read_slot), NULL);
  if (t->trans) view = transposed_view(&b, view, t->trans);
  if (t->registers) view = ir_make(&b, OP_LOCAL_LOAD, reader->results[0].type, view, NULL);
  ir_replace_all(&reader->results[0], view);
  if (t->user) ir_erase(t->user);
  if (t->trans) ir_erase(t->trans);
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

/* The buffer that an operand of a dot is a view of; NULL when it is in registers. */
static Op *buffer_of(Value *v) {
  while (v->op && (v->op->code == OP_MEMDESC_TRANS || v->op->code == OP_MEMDESC_INDEX)) v = ir_operand(v->op, 0);
  return v->type->kind == TYPE_MEMDESC ? v->op : NULL;
}

/* A buffer from outside of the loop that was filled by ordinary stores: one fence after them does for all
 * iterations. */
static void fence_behind(Pipeline *p, Op *alloc) {
  if (!alloc || alloc->code != OP_LOCAL_ALLOC || !alloc->noperands || alloc->block == p->body) return;
  if (alloc->next && alloc->next->code == OP_FENCE_ASYNC_SHARED) return;
  Builder b = {p->cx, alloc->block, alloc->next, alloc->loc};
  Op *fence = ir_effect(&b, OP_FENCE_ASYNC_SHARED, NULL);
  ir_set_attr(p->cx, fence, "bCluster", ir_attr_bool(p->cx, false));
}

/* What tensor cores read in the loop was written by copies alone, or before it: no fence for ordinary stores there. */
static void drop_fences(Pipeline *p) {
  for (Op *op = p->body->first; op; op = op->next)
    if (op->code == OP_LOCAL_ALLOC || op->code == OP_LOCAL_STORE) return;
  for (Op *op = p->body->first, *next; op; op = next) {
    next = op->next;
    if (op->code == OP_FENCE_ASYNC_SHARED) ir_erase(op);
    if (op->code != OP_WARP_GROUP_DOT) continue;
    for (int i = 0; i < 2; i++) fence_behind(p, buffer_of(ir_operand(op, i)));
  }
}

/* Where all buffers that are read into registers have been read: before the next dot of tensor cores, if an operand of
 * it is stored in this iteration, for there is a barrier anyway. */
static Op *behind_reads(const Pipeline *p) {
  Op *last = NULL;
  for (Op *op = p->body->first; op; op = op->next)
    for (uint32_t i = 0; i < p->tiles.len; i++) {
      const Tile *t = &p->tiles.at[i];
      if (t->registers && op == (t->user ? t->user : t->load)) last = op;
    }
  bool stored = false;
  for (Op *op = last->next; op; op = op->next) {
    stored |= op->code == OP_LOCAL_ALLOC && op->noperands;
    if (op->code == OP_WARP_GROUP_DOT) return stored ? op : last->next;
  }
  return last->next;
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
    Type *tensor = t->load->results[0].type;
    int64_t shape[LAYOUT_MAX_DIMS] = {p->rings[t->ring].n};
    for (int d = 0; d < tensor->rank; d++) shape[d + 1] = tensor->shape[d];
    Type *whole = ir_memdesc(p->cx, tensor->elem, tensor->rank + 1, shape, t->shared, gpu_smem(p->cx), true);
    t->buffers = &ir_op(b, OP_LOCAL_ALLOC, &whole, 1, NULL, 0)->results[0];
  }
}

static Rotation begin_rotation(Pipeline *p, Builder *b) {
  Op *loop = p->loop;
  int n = loop->nresults;
  Rotation r = {.p = p, .n = n, .lower = ir_operand(loop, 0), .step = ir_operand(loop, 2)};
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
    if (which[i]) seen[i] = mapped(map, ir_operand(ir_terminator(r->p->body), i));
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
      r->window[e * (uint32_t)p->stages + (uint32_t)s] = mapped(&map, &p->early.at[e]->results[0]);
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
  load_early(p, b, &r->loads, less(b, ir_loop_index(loop), r->bound_early));
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
  if (p->tiles.len) wait_op(p, &b, depth - 1);
  if (p->late) {
    b.before = p->in_flight ? p->in_flight->next : behind_reads(p);
    ir_effect(&b, OP_BARRIER, NULL);
  }
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
  if (p->tiles.len) make_copies(p, &b, &r->copies, less(&b, ir_loop_index(loop), r->bound_ahead), fill);
}

/* What the next iteration sees of the new carried values, in add_carried()'s order. */
static void yield_carried(Rotation *r) {
  Pipeline *p = r->p;
  Ctx *cx = p->cx;
  Op *yield = ir_terminator(p->body);
  for (int i = 0; i < r->n; i++)
    if (p->is_ahead[i]) ir_add_operand(cx, yield, mapped(&r->copies, ir_operand(yield, i)));
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
    ir_add_operand(cx, yield, mapped(&r->loads, &p->early.at[e]->results[0]));
  }
  for (int i = 0; i < r->n; i++)
    if (p->is_early[i]) ir_add_operand(cx, yield, mapped(&r->loads, ir_operand(yield, i)));
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

static void transform(Pipeline *p) {
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

/* Will the operand lie in buffers that later iterations do not fill at once? */
static bool is_buffered(const Pipeline *p, Value *operand) {
  const Op *alloc = buffer_of(operand);
  if (!alloc || alloc->block != p->body) return alloc != NULL;
  for (int i = 0; i < (int)p->tiles.len; i++)
    if (p->tiles.at[i].user == alloc) return true;
  return false;
}

/* The dot of the loop that can stay in flight (wgmma.c): one that is alone; NULL: none can. */
static Op *dot_in_flight(const Pipeline *p) {
  Op *dot = NULL;
  for (Op *op = p->body->first; op; op = op->next) {
    if (op->code != OP_WARP_GROUP_DOT) continue;
    if (dot) return NULL;
    dot = op;
  }
  if (!dot || gpu_wgmma_carried_slot(dot) < 0) return NULL;
  return is_buffered(p, ir_operand(dot, 0)) && is_buffered(p, ir_operand(dot, 1)) ? dot : NULL;
}

/* Registers of a thread that hold everything it reads from buffers in an iteration. */
static int64_t registers_read(const Pipeline *p) {
  int64_t bits = 0;
  for (uint32_t i = 0; i < p->tiles.len; i++) {
    const Tile *t = &p->tiles.at[i];
    const Op *reader = t->user ? t->user : t->load;
    if (!t->registers) continue;
    bits += (int64_t)gpu_registers(gpu_layout(p->cx, reader->results[0].type)) * ir_elem(reader->results[0].type)->bits;
  }
  return bits / 32;
}

/* Registers of a thread, as seen in matrix products: accumulators and what comes with them, the copies' addresses,
 * counters and descriptors; `more` that operands are read into, which takes addresses and temporaries, too. */
static int64_t registers_estimated(const Pipeline *p, int64_t more) {
  enum { COUNTERS = 20, PER_COPY = 2, ACCUMULATORS_PER_TEMPORARY = 8, OTHERS_OF_READERS = 44 };
  int64_t accumulators = 0, copies = 0;
  for (const Op *op = p->body->first; op; op = op->next)
    if (op->code == OP_WARP_GROUP_DOT || op->code == OP_DOT)
      accumulators = max64(accumulators, ir_numel(op->results[0].type) / (32 * p->num_warps));
  for (uint32_t i = 0; i < p->tiles.len; i++)
    copies += gpu_registers(gpu_layout(p->cx, p->tiles.at[i].load->results[0].type)) / p->tiles.at[i].contiguity;
  int64_t others = accumulators / ACCUMULATORS_PER_TEMPORARY + PER_COPY * copies + COUNTERS;
  return accumulators + more + (more ? max64(others, OTHERS_OF_READERS) : others);
}

/* How many blocks a multiprocessor holds when each has so many bytes of buffers, and threads read `more` registers. */
static int blocks_held(const Pipeline *p, int64_t bytes, int64_t more) {
  enum { SHARED = 228 << 10, RESERVED = 1 << 10, REGISTERS = 64 << 10, THREADS = 2048 };
  int threads = 32 * p->num_warps;
  int64_t n = min64(SHARED / (bytes + RESERVED), REGISTERS / (registers_estimated(p, more) * threads));
  return (int)min64(n, THREADS / threads);
}

/* Where copies go, and how many buffers there are of each tile. Tiles that are read into registers leave their buffer
 * then: after a barrier it can be filled again, one buffer fewer. */
static void choose_buffers(Pipeline *p, int64_t room) {
  p->in_flight = dot_in_flight(p);
  p->rings[OPERANDS].n = p->rings[REGISTERS].n = p->stages;
  int64_t all = buffer_bytes(p, p->stages, false), fewer = buffer_bytes(p, p->stages, true);
  if (p->in_flight) {
    int64_t more = buffer_bytes(p, p->stages + 1, false);
    p->late = more > room || blocks_held(p, more, 0) < blocks_held(p, all, 0);
    if (!p->late) p->rings[OPERANDS].n++, p->rings[REGISTERS].n++;
    return;
  }
  p->late = fewer < all && (all > room || blocks_held(p, all, 0) < blocks_held(p, fewer, registers_read(p)));
  if (p->late) p->rings[REGISTERS].n--;
}

static bool has_inner_loop(const Block *body) {
  for (const Op *op = body->first; op; op = op->next)
    if (op->code == OP_FOR || op->code == OP_WHILE) return true;
  return false;
}

/* Marks of carried values, for as many as the loop has by now. */
static bool *marks(Ctx *cx, const Op *loop, const bool *old, int n) {
  bool *all = NEWN(cx, bool, loop->nresults + 1);
  for (int i = 0; i < n; i++) all[i] = old[i];
  return all;
}

static const char *why_not(const Pipeline *p, const Op *load) {
  const char *refused = map_get(&p->refused, load);
  bool has_dot = false;
  for (const Op *op = p->body->first; op; op = op->next) has_dot |= op->code == OP_DOT || op->code == OP_WARP_GROUP_DOT;
  if (!has_dot) return "the loop has no dot, and what it loads takes too many registers to be loaded ahead";
  return refused ? refused : "no dot depends on it";
}

/* What became of each load of the loop. `why`: none is pipelined, for that reason. */
static void tell(const Pipeline *p, const char *why) {
  for (uint32_t i = 0; i < p->loads.len; i++) {
    Op *load = p->loads.at[i];
    const Tile *tile = NULL;
    for (uint32_t k = 0; k < p->tiles.len; k++)
      if (p->tiles.at[k].load == load) tile = &p->tiles.at[k];
    Remark *r = watch_remark(p->cx, load->loc, "pipeline");
    if (!r) return;
    bool registers = map_has(&p->in_registers, load);
    remark_text(r, "how", tile ? "cp.async" : registers ? "registers" : NULL);
    remark_int(r, "stages", tile ? p->stages : registers ? 2 : 1);
    remark_text(r, "why_not", tile || registers ? NULL : why ? why : why_not(p, load));
    if (tile) {
      remark_int(r, "buffers", p->rings[tile->ring].n);
      remark_int(r, "copy_bytes", tile->contiguity * ir_elem_bytes(load->results[0].type->elem));
    }
    r->last = ir_loc_printed(p->cx, p->loop->loc);
  }
}

static void note_registers(Pipeline *p, const Pipeline *from) {
  for (uint32_t i = 0; i < from->early.len; i++) map_put(p->cx, &p->in_registers, from->early.at[i], p->loop);
}

static void load_next(Pipeline *p) {
  Pipeline next = {.cx = p->cx, .index = p->index, .loop = p->loop, .body = p->body, .sm = p->sm, .stages = 1};
  int n = p->loop->nresults;
  next.num_warps = p->num_warps;
  next.is_ahead = marks(p->cx, p->loop, NULL, 0);
  next.is_early = marks(p->cx, p->loop, NULL, 0);
  for (Op *op = p->body->first; op; op = op->next) consider_next(p, &next, op);
  if (!next.early.len) return;
  note_registers(p, &next);
  transform(&next);
  p->is_ahead = marks(p->cx, p->loop, p->is_ahead, n);
  p->is_early = marks(p->cx, p->loop, p->is_early, n);
}

static bool pipeline_loop(Ctx *cx, Module *m, IndexInfo *index, Op *loop) {
  int64_t stages = ir_attr_int_or(loop, "tt.num_stages", gpu_num_stages(m));
  Block *body = ir_entry(loop, 0);
  Pipeline p = {.cx = cx, .index = index, .loop = loop, .body = body, .sm = gpu_sm(m), .stages = (int)stages};
  p.num_warps = gpu_num_warps(m);
  for (Op *op = body->first; op; op = op->next)
    if (op->code == OP_LOAD) vec_push(cx, &p.loads, op);
  if (stages < 2 || has_inner_loop(body) || ir_attr(loop, "unsignedCmp")) {
    tell(&p, stages < 2             ? "the loop has one stage (num_stages)"
             : has_inner_loop(body) ? "the loop holds another one"
                                    : "the loop counts unsigned");
    return false;
  }
  p.is_ahead = marks(cx, loop, NULL, 0);
  p.is_early = marks(cx, loop, NULL, 0);
  find_feeds(&p);
  int64_t room = gpu_shared_limit(p.sm) - (GPU_SCRATCH_LIMIT / 8);
  for (Op *op = body->first; op; op = op->next) consider(&p, op, find_operand, 0);
  while (p.stages > 2 && buffer_bytes(&p, p.stages, true) > room) p.stages--;
  if (buffer_bytes(&p, p.stages, true) > room) {
    p.tiles.len = 0;
    tell(&p, "two buffers of each operand are more than there is shared memory");
    return false;
  }
  for (Op *op = body->first; op; op = op->next) consider(&p, op, find_reader, room);
  if (!p.tiles.len) {
    bool ahead = prefetch(&p);
    if (ahead) note_registers(&p, &p);
    tell(&p, NULL);
    if (ahead) transform(&p);
    return ahead;
  }
  note_registers(&p, &p);
  load_next(&p);
  choose_buffers(&p, room);
  for (uint32_t i = 0; i < p.tiles.len; i++) {
    Tile *t = &p.tiles.at[i];
    t->ring = t->registers && p.rings[REGISTERS].n != p.rings[OPERANDS].n ? REGISTERS : OPERANDS;
    p.rings[t->ring].used = true;
  }
  tell(&p, NULL);
  ir_set_attr(cx, loop, WGMMA_IN_FLIGHT, p.in_flight ? ir_attr_unit(cx) : NULL);
  transform(&p);
  return true;
}

typedef struct Collect {
  Ctx *cx;
  GpuLoops loops;
} Collect;

static void collect(Op *op, void *arg) {
  Collect *c = arg;
  if (op->code == OP_FOR) vec_push(c->cx, &c->loops, op);
}

GpuLoops gpu_loops(Ctx *cx, Module *m) {
  Collect c = {.cx = cx};
  ir_walk(m->op, collect, &c);
  return c.loops;
}

bool gpu_pipeline(Ctx *cx, Module *m) {
  bool changed = false;
  if (gpu_sm(m) >= 80) {
    GpuLoops loops = gpu_loops(cx, m);
    IndexInfo *index = loops.len ? index_analyze(cx, m) : NULL;
    for (uint32_t i = 0; i < loops.len; i++) changed |= pipeline_loop(cx, m, index, loops.at[i]);
  }
  ir_set_attr(cx, m->op, "ttg.num-stages", NULL);
  return changed;
}
