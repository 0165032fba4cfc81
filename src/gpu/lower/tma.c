/* tma.c: mbarriers, and the copies of tensor maps' blocks.
 *
 * One thread, the first, does what is done once for the program: it makes barriers, announces bytes, issues copies and
 * waits for stores. A block goes in messages of the map's box (passes/tma.c); where a message lies in the buffer follows
 * from the buffer's layout. Coordinates are the innermost dimension's first.
 *
 * A map that the program makes (passes/tma_device.c) is put together by the first warp: zeros, which all of its threads
 * write to shared memory, then field by field; the warp copies it to where the copy engine finds it. That warp's first
 * thread also issues all copies, so what it has waited for is over when the map is written again: loads, always; of
 * stores, ttng.async_tma_store_wait may only have waited until their buffer was read, so in a loop it waits for them here.
 */
#include "gpu/lower/lower.h"

#include <string.h>

static LLMods when(void) { return (LLMods){.flags = LLF_PRED}; }

static LLInst *first_if(Lower *w, LLInst *pred) {
  LLInst *first = lower_is_thread0(w);
  return pred ? ll_op2(&w->b, LL_AND, first, pred) : first;
}

static void barrier_op(Lower *w, const Op *op, LLOp code, const char *count, LLInst *pred) {
  LLInst *args[3] = {lower_scalar(w, ir_operand(op, 0))};
  int n = 1;
  if (count) args[n++] = ll_const_i32(&w->b, (int32_t)ir_attr_int_or(op, count, 0));
  args[n++] = first_if(w, pred);
  ll_call_n(&w->b, code, &ll_void, when(), 0, args, n);
}

static LLInst *in_first_warp(Lower *w) {
  LLInst *limit = ll_const_i32(&w->b, 32);
  return w->num_warps == 1 ? NULL : ll_icmp(&w->b, LLP_ULT, w->tid, limit);
}

/* One thread for its warp, when all of the warp's have come here. */
static void arrive(Lower *w, const Op *op) {
  ll_call(&w->b, LL_BARRIER_WARP, NULL, ll_const_i32(&w->b, -1), NULL);
  LLInst *lane = ll_op2(&w->b, LL_AND, w->tid, ll_const_i32(&w->b, 31));
  LLInst *args[] = {lower_scalar(w, ir_operand(op, 0)), ll_icmp(&w->b, LLP_EQ, lane, ll_const_i32(&w->b, 0))};
  ll_call_n(&w->b, LL_MBARRIER_ARRIVE, &ll_void, when(), 0, args, 2);
}

static void wait_barrier(Lower *w, const Op *op) {
  int at;
  if (ir_operand_group(op, "pred", &at)) lower_fail(w, op, "a wait under a condition is not supported");
  LLInst *phase = ll_int_cast(&w->b, &ll_i32, lower_scalar(w, ir_operand(op, 1)), false);
  LLInst *barrier = lower_scalar(w, ir_operand(op, 0)), *who = ir_attr(op, TMA_FOR_COPIES) ? in_first_warp(w) : NULL;
  ll_call(&w->b, who ? LL_MBARRIER_WAIT_IF : LL_MBARRIER_WAIT, NULL, barrier, phase, who, NULL);
}

/* Where the element at `place` of the block lies in the buffer, in bytes. */
static int64_t offset_of(Lower *w, const Type *block, const Layout *inverse, const int64_t *place) {
  uint64_t word = 0;
  for (int d = 0; d < block->rank; d++) word |= (uint64_t)place[d] << layout_in_shift(inverse, (Axis)(AXIS_DIM0 + d));
  (void)w;
  return (int64_t)layout_map(inverse, word) * ir_elem_bytes(block->elem);
}

static LLOp copy_op(const Op *op, int rank) {
  if (op->code == OP_TMA_LOAD) return (LLOp)(LL_TMA_LOAD_1D + rank - 1);
  return (LLOp)((op->code == OP_TMA_STORE ? LL_TMA_STORE_1D : LL_TMA_REDUCE_1D) + rank - 1);
}

static uint8_t reduction(const Op *op) {
  static const struct {
    const char *name;
    LLRmw op;
  } all[] = {{"add", LLR_ADD}, {"min", LLR_MIN}, {"max", LLR_MAX}, {"and", LLR_AND}, {"or", LLR_OR}, {"xor", LLR_XOR}};
  for (size_t i = 0; i < COUNT(all); i++)
    if (!strcmp(all[i].name, ir_attr_text_or(op, "kind", ""))) return (uint8_t)all[i].op;
  return LLR_ADD;
}

static void copy_block(Lower *w, const Op *op) {
  const Type *block = ir_operand(op, 0)->type->elem;
  bool loads = op->code == OP_TMA_LOAD;
  int rank = block->rank, first = loads ? 4 : 2;
  if (!gpu_tma_is_map(ir_operand(op, 0)->type)) lower_fail(w, op, "the descriptor is not a tensor map");
  const Layout *inverse = layout_invert(w->cx, gpu_shared_layout(w->cx, block));
  if (!inverse || block->rank > TMA_MAX_RANK) lower_fail(w, op, "no tensor map has such blocks");
  LLInst *map = lower_scalar(w, ir_operand(op, 0)), *buffer = lower_scalar(w, ir_operand(op, 1));
  LLInst *barrier = loads ? lower_scalar(w, ir_operand(op, 2)) : NULL;
  LLInst *pred = first_if(w, loads ? lower_scalar(w, ir_operand(op, 3)) : NULL);
  int64_t box[LAYOUT_MAX_DIMS], place[LAYOUT_MAX_DIMS] = {0};
  LLMods mods = when();
  mods.rmw = op->code == OP_TMA_REDUCE ? reduction(op) : 0;
  gpu_tma_box(block, box);
  for (int64_t k = gpu_tma_messages(block); k > 0; k--) {
    LLInst *args[4 + LAYOUT_MAX_DIMS];
    int64_t offset = offset_of(w, block, inverse, place);
    int n = 0;
    if (loads) args[n++] = buffer;
    args[n++] = map;
    args[n++] = loads ? barrier : buffer;
    for (int d = rank - 1; d >= 0; d--) {
      LLInst *at = lower_scalar(w, ir_operand(op, first + d));
      args[n++] = place[d] ? ll_op2(&w->b, LL_ADD, at, ll_const_i32(&w->b, (int32_t)place[d])) : at;
    }
    args[n++] = pred;
    ll_call_n(&w->b, copy_op(op, rank), &ll_void, mods, offset, args, n);
    for (int d = rank - 1; d >= 0 && (place[d] += box[d]) == block->shape[d]; d--) place[d] = 0;
  }
  /* A thread that issues no copy has an empty group, so that all threads can execute the same wait. */
  if (!loads) ll_call(&w->b, LL_BULK_COMMIT, NULL, NULL);
}

static void store_wait(Lower *w, const Op *op) {
  LLInst *pending = ll_const_i32(&w->b, (int32_t)ir_attr_int_or(op, "pendings", 0));
  ll_call(&w->b, ir_attr(op, "tt.done") ? LL_BULK_WAIT : LL_BULK_WAIT_READ, NULL, pending, NULL);
}

/* ---- maps that the program makes ------------------------------------------------------------------------------------ */

static void field(Lower *w, LLOp code, int variant, LLInst *map, LLInst *x) {
  LLMods mods = when();
  mods.variant = (uint8_t)variant;
  LLInst *args[] = {map, x, lower_is_thread0(w)};
  ll_call_n(&w->b, code, &ll_void, mods, 0, args, 3);
}

static void fields(Lower *w, const Op *op, const char *group, LLOp code, LLInst *map) {
  int at, n = ir_operand_group(op, group, &at);
  for (int i = 0; i < n; i++) field(w, code, i, map, lower_scalar(w, ir_operand(op, at + i)));
}

static void attribute(Lower *w, const Op *op, const char *name, LLOp code, LLInst *map) {
  field(w, code, 0, map, ll_const_i32(&w->b, (int32_t)ir_attr_int_or(op, name, 0)));
}

static void create_map(Lower *w, const Op *op) {
  if (gpu_in_loop(op)) ll_call(&w->b, LL_BULK_WAIT, NULL, ll_const_i32(&w->b, 0), NULL);
  LLInst *map = lower_scratch(w, op), *first = in_first_warp(w), *all = ll_const_i32(&w->b, -1);
  LLInst *lane = ll_op2(&w->b, LL_AND, w->tid, ll_const_i32(&w->b, 31));
  LLInst *word = ll_ptradd(&w->b, map, ll_op2(&w->b, LL_SHL, lane, ll_const_i32(&w->b, 2)), 0);
  if (first)
    ll_store_if(&w->b, word, ll_const_i32(&w->b, 0), first, (LLMods){0});
  else
    ll_store(&w->b, word, ll_const_i32(&w->b, 0), (LLMods){0});
  ll_call(&w->b, LL_BARRIER_WARP, NULL, all, NULL);
  int at, rank = ir_operand_group(op, "box", &at);
  field(w, LL_TENSORMAP_ADDRESS, 0, map, ll_op1(&w->b, LL_PTRTOINT, &ll_i64, lower_scalar(w, ir_operand(op, 1))));
  field(w, LL_TENSORMAP_RANK, 0, map, ll_const_i32(&w->b, rank - 1));
  fields(w, op, "box", LL_TENSORMAP_BOX, map);
  fields(w, op, "shape", LL_TENSORMAP_SIZE, map);
  fields(w, op, "strides", LL_TENSORMAP_STRIDE, map);
  fields(w, op, "element_strides", LL_TENSORMAP_STEP, map);
  attribute(w, op, "elem_type", LL_TENSORMAP_ELEM, map);
  attribute(w, op, "interleave_layout", LL_TENSORMAP_INTERLEAVE, map);
  attribute(w, op, "swizzle_mode", LL_TENSORMAP_SWIZZLE, map);
  attribute(w, op, "fill_mode", LL_TENSORMAP_FILL, map);
  ll_call(&w->b, LL_BARRIER_WARP, NULL, all, NULL);
  LLInst *args[] = {lower_scalar(w, ir_operand(op, 0)), map, first};
  ll_call_n(&w->b, LL_TENSORMAP_PUBLISH, &ll_void, first ? when() : (LLMods){0}, 0, args, first ? 3 : 2);
}

static LLInst *generic(Lower *w, const Value *pointer) {
  return ll_op1(&w->b, LL_ADDRSPACECAST, &ll_ptr, lower_scalar(w, pointer));
}

void lower_tma(Lower *w, const Op *op) {
  switch (op->code) {
  case OP_INIT_BARRIER:
    barrier_op(w, op, LL_MBARRIER_INIT, "count", NULL);
    ll_call(&w->b, LL_FENCE_PROXY_ASYNC, NULL, NULL); /* of the barrier, and of what was in buffers before */
    return;
  case OP_INVAL_BARRIER: barrier_op(w, op, LL_MBARRIER_INVAL, NULL, NULL); return;
  case OP_BARRIER_EXPECT:
    barrier_op(w, op, LL_MBARRIER_ARRIVE_EXPECT_TX, "size", lower_scalar(w, ir_operand(op, 1)));
    return;
  case OP_ARRIVE_BARRIER: arrive(w, op); return;
  case OP_WAIT_BARRIER: wait_barrier(w, op); return;
  case OP_TMA_STORE_WAIT: store_wait(w, op); return;
  case OP_TENSORMAP_CREATE: create_map(w, op); return;
  case OP_TENSORMAP_ACQUIRE:
    ll_call(&w->b, LL_FENCE_TENSORMAP_ACQUIRE, NULL, generic(w, ir_operand(op, 0)), NULL);
    return;
  case OP_REINTERPRET_DESC: lower_set(w, &op->results[0], generic(w, ir_operand(op, 0))); return;
  default: copy_block(w, op); return;
  }
}
