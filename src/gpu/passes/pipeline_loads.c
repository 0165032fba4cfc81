/* pipeline_loads.c: which loads of a loop pipeline.c issues ahead, and what their addresses depend on. */
#include "gpu/passes/pipeline_shared.h"

static bool may_run_ahead(const Pipeline *p, const Op *load) {
  return gpu_may_run_ahead(p->loop, gpu_base_of(ir_operand(load, 0)));
}

/* Registers that all values of an early load may take in a thread. */
enum { EARLY_REGISTERS = 32 };

bool gpu_pipeline_is_early(const Pipeline *p, const Op *op) {
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

/* Without loads among it. */
static bool add_early(Pipeline *p, const Op *load) {
  for (int i = 0; i < load->noperands; i++)
    if (!gpu_slice_add(p->cx, p->loop, ir_operand(load, i), &p->early_slice, p->is_early, NULL, NULL)) return false;
  return true;
}

static SliceStep end_at_loads(void *self, Op *op) {
  Pipeline *p = self;
  if (op->code != OP_LOAD) return SLICE_GO_ON;
  if (gpu_pipeline_is_early(p, op)) return SLICE_END;
  if (!may_be_early(p, op) || !add_early(p, op)) return SLICE_REFUSE;
  vec_push(p->cx, &p->early, op);
  return SLICE_END;
}

/* Loads that it depends on become early ones. */
static bool add_late(Pipeline *p, const Op *load) {
  for (int i = 0; i < load->noperands; i++)
    if (!gpu_slice_add(p->cx, p->loop, ir_operand(load, i), &p->slice, p->is_ahead, end_at_loads, p)) return false;
  return true;
}

static int swizzle_bits(int x) { return x < 1 ? 1 : x; }

/* Of rows along K a warp reads eight, 16 bytes of each, so vectors of that size are exchanged; of rows across K of 32-bit
 * elements four, 32 bytes of each. */
Attr *gpu_pipeline_swizzled(Ctx *cx, const Type *t, int operand) {
  int order[LAYOUT_MAX_DIMS], bytes = ir_elem_bytes(t->elem), vec = 16 / bytes;
  gpu_order(t->encoding, t->rank, order);
  bool across = order[0] == t->rank - 2 + operand;
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

/* The buffer of a tile that registers are filled from in the layout of the copy, or in any other: vectors of 16 bytes
 * of eight rows lie in different banks. */
static Attr *swizzled_rows(Ctx *cx, const Type *t) {
  int order[LAYOUT_MAX_DIMS];
  gpu_order(t->encoding, t->rank, order);
  if (t->rank == 1) return gpu_swizzled_shared(cx, 1, 1, 1, order, 1);
  return gpu_pipeline_swizzled(cx, t, order[0] == 0);
}

/* What the loop computes from its dots, and from what; what addresses are computed from. */
void gpu_pipeline_find_feeds(Pipeline *p) {
  Map from_dot = {0}, needed = {0};
  Op *yield = ir_terminator(p->body);
  for (Op *op = p->body->first; op; op = op->next) {
    bool from = op->code == OP_DOT || op->code == OP_WARP_GROUP_DOT;
    for (int i = 0; i < op->noperands && !from; i++) from = map_has(&from_dot, ir_operand(op, i));
    for (int i = 0; i < op->nresults && from; i++) map_put(p->cx, &from_dot, &op->results[i], op);
  }
  for (Op *op = yield; op; op = op->prev) {
    if (p->is_asked && op->code == OP_LOAD) map_put(p->cx, &p->feeds, op, op);
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
  if (!(early ? add_early : add_late)(&trial, load)) return false;
  return (early ? add_early : add_late)(p, load);
}

static int64_t bytes_of(const Tile *t) {
  const Type *tensor = t->load->results[0].type;
  return ir_numel(tensor) * ir_elem_bytes(tensor->elem);
}

/* The one buffer that a tile is stored in for a dot of this loop; NULL: there are none, or several. */
static Op *buffer_of_operand(const Pipeline *p, const Value *tile) {
  Op *alloc = NULL;
  for (const Use *u = tile->uses; u; u = u->next) {
    if (u->op->code != OP_LOCAL_ALLOC) continue;
    if (alloc || u->op->block != p->body) return NULL;
    alloc = u->op;
  }
  return alloc;
}

/* How the load's user reads the tile; false if that is not an operand of tensor cores. Where the tile is computed with, too
 * (norms beside products), it is so from the dot's buffer: else it would be stored a second time, for the dot. */
bool gpu_pipeline_find_operand(Pipeline *p, Tile *t) {
  Value *r = &t->load->results[0];
  int rank = r->type->rank;
  if (rank < 2) return false;
  if (!ir_one_use(r)) {
    Op *alloc = map_has(&p->addresses, r) ? NULL : buffer_of_operand(p, r);
    if (alloc) t->user = alloc, t->shared = alloc->results[0].type->encoding, t->also = true;
    return alloc != NULL;
  }
  Op *user = r->uses->op, *trans = user->code == OP_TRANS && rank == 2 && ir_one_use(&user->results[0]) ? user : NULL;
  if (trans) user = trans->results[0].uses->op;
  if (user->block != p->body) return false;
  t->user = user, t->trans = trans;
  if (!trans && user->code == OP_LOCAL_ALLOC) t->shared = user->results[0].type->encoding;
  if (user->code == OP_CONVERT_LAYOUT && gpu_is(user->results[0].type->encoding, "ttg.dot_op") &&
      gpu_is(gpu_param(user->results[0].type->encoding, "parent"), "ttg.nvidia_mma")) {
    /* The transposed tensor's rows are the other operand's columns. */
    t->shared = gpu_pipeline_swizzled(
        p->cx, r->type, (int)gpu_param_int(user->results[0].type->encoding, "opIdx", 0) ^ (trans != NULL));
    t->registers = true;
  }
  return t->shared != NULL;
}

/* A load that dots depend on in some other way: it is read into registers, in the layout in which it is needed. */
bool gpu_pipeline_find_reader(Pipeline *p, Tile *t) {
  Value *r = &t->load->results[0];
  if (!map_has(&p->feeds, t->load) || map_has(&p->addresses, r) || r->type->rank > 2) return false;
  Op *user = ir_one_use(r) ? r->uses->op : NULL;
  bool converted = user && user->block == p->body && user->code == OP_CONVERT_LAYOUT;
  t->user = converted ? user : NULL, t->trans = NULL;
  t->shared = swizzled_rows(p->cx, r->type);
  t->registers = true;
  return true;
}

int64_t gpu_pipeline_bytes(const Pipeline *p, int stages, bool late) {
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
static const char *refusal(Pipeline *p, Op *load, Tile *t, TileReader *find, int64_t room) {
  int at;
  if (ir_operand_group(load, "other", &at) && !ir_is_zero(ir_operand(load, at)))
    return "masked-off elements are not zero (other=), and copies write zeros";
  if (opt_is_volatile(load)) return "it is volatile";
  if (!may_run_ahead(p, load))
    return "the loop writes to the same argument or to an unknown address, or its threads communicate";
  if (!find(p, t)) return "no dot reads it as an operand, alone and in this iteration";
  t->contiguity = copy_length(p, load, t->shared);
  if (t->contiguity * ir_elem_bytes(load->results[0].type->elem) < 4)
    return "a copy moves 4 bytes at least, and fewer neighbours are known to be aligned and masked alike";
  if (is_repeated(p, t)) return "it is so small that many threads hold the same elements";
  if (room && gpu_pipeline_bytes(p, p->stages, true) + bytes_of(t) * (p->stages - 1) > room)
    return "there is not enough shared memory for its buffers";
  return slice_of(p, load, false) ? NULL : "its address cannot be computed iterations ahead";
}

void gpu_pipeline_consider(Pipeline *p, Op *load, TileReader *find, int64_t room) {
  Tile t = {.load = load};
  if (load->code != OP_LOAD || !ir_is_tensor(load->results[0].type) || is_tile(p, load) ||
      gpu_pipeline_is_early(p, load))
    return;
  const char *why = refusal(p, load, &t, find, room);
  map_put(p->cx, &p->refused, load, (void *)(uintptr_t)why);
  if (!why) vec_push(p->cx, &p->tiles, t);
}

/* Few elements that are not copied: loaded one iteration ahead into registers. Further ahead would be of no use: loop-carried
 * registers are waited for at the end of the iteration. */
void gpu_pipeline_consider_next(Pipeline *p, Pipeline *next, Op *load) {
  if (map_has(&p->feeds, load) && !is_tile(p, load) && !gpu_pipeline_is_early(p, load) && may_be_early(next, load) &&
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
bool gpu_pipeline_prefetch(Pipeline *p) {
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
