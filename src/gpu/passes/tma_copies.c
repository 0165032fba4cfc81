/* tma_copies.c: accesses through tensor maps as copies by way of shared memory.
 *
 * A load: an mbarrier is made, which awaits one arrival, and with it the announced number of bytes; one thread issues the
 * copy; all wait for the barrier's first phase, and read the buffer. Where the load's value is only put into a buffer of
 * the same layout (an operand of wgmma), that buffer is the copy's own.
 *
 * A store or reduction: the value is put into a buffer by ordinary stores, which every thread fences for the copy engine
 * to see; after a barrier (membar.c) one thread issues the copy, and waits until the engine has read the buffer. Only
 * after another barrier may threads write there again.
 *
 * What a program stored through one map and loads through another of the same memory has to be there: then the wait is
 * for the copy itself (tt.done).
 *
 * Asynchronous stores. Where a loop's body stores, the program need not stand still while the engine reads: the buffer
 * lives as long as the loop, and is waited for before it is written again, an iteration later, and after the loop. Where
 * the body has n such stores, and no others inside of its own loops and branches, the n - 1 after the one of this buffer
 * may still be under way. That keeps more shared memory; if there is not enough (nvidia/target.c), the module says so
 * (GPU_WAIT_FOR_STORES).
 */
#include "gpu/passes/passes.h"

static Value *true_value(Builder *b) { return ir_const_int(b, ir_int(b->cx, 1), 1); }

/* ---- parts that tma_ring.c uses, too ----------------------------------------------------------------------------- */

Value *gpu_tma_barriers(Builder *b, int n, int arrivals) {
  int64_t one = 1;
  int order[1] = {0};
  Attr *dense = gpu_swizzled_shared(b->cx, 1, 1, 1, order, 1);
  Value *all = gpu_make_buffers(b, ir_int(b->cx, 64), 1, &one, dense, n);
  for (int i = 0; i < (n ? n : 1); i++) {
    Value *bar = n ? gpu_buffer_at(b, all, ir_const_int(b, ir_int(b->cx, 32), i)) : all;
    ir_set_int(b->cx, ir_effect(b, OP_INIT_BARRIER, bar, NULL), "count", arrivals);
  }
  ir_effect(b, OP_BARRIER, NULL);
  return all;
}

/* The layout in shared memory, for the shape of the value: a block without its leading dimensions of 1. */
static Attr *layout_for(const Op *access, const Type *value) {
  const Type *block = ir_operand(access, 0)->type->elem;
  if (!gpu_is(block->encoding, "ttg.swizzled_shared") || block->rank == value->rank) return block->encoding;
  return NULL;
}

static Attr *shared_for(Ctx *cx, const Op *access, const Type *value) {
  Attr *e = layout_for(access, value);
  if (e) return e;
  int order[LAYOUT_MAX_DIMS];
  for (int i = 0; i < value->rank; i++) order[i] = value->rank - 1 - i;
  return gpu_swizzled_shared(cx, 1, 1, 1, order, value->rank);
}

Value *gpu_tma_buffers(Builder *b, const Op *load, int n) {
  const Type *t = load->results[0].type;
  return gpu_make_buffers(b, t->elem, t->rank, t->shape, shared_for(b->cx, load, t), n);
}

int64_t gpu_tma_bytes(const Op *load) {
  const Type *block = ir_operand(load, 0)->type->elem;
  return ir_numel(block) * ir_elem_bytes(block->elem);
}

Op *gpu_tma_expect(Builder *b, Value *barrier, int64_t bytes, Value *pred) {
  Op *expect = ir_effect(b, OP_BARRIER_EXPECT, barrier, pred, NULL);
  ir_set_int(b->cx, expect, "size", bytes);
  return expect;
}

Op *gpu_tma_copy(Builder *b, const Op *load, Value *const *coord, Value *buffer, Value *barrier, Value *pred) {
  Value *operands[4 + LAYOUT_MAX_DIMS] = {coord[0], buffer, barrier, pred};
  int rank = ir_operand(load, 0)->type->elem->rank;
  for (int d = 0; d < rank; d++) operands[4 + d] = coord[1 + d];
  return ir_op(b, OP_TMA_LOAD, NULL, 0, operands, 4 + rank);
}

Op *gpu_tma_wait(Builder *b, Value *barrier, Value *phase) {
  Op *wait = ir_effect(b, OP_WAIT_BARRIER, barrier, phase, NULL);
  int64_t sizes[] = {1, 1, 0, 0};
  ir_set_attr(b->cx, wait, "operandSegmentSizes", ir_attr_ints(b->cx, ir_int(b->cx, 32), sizes, 4));
  return wait;
}

/* Views made of a view that has become mutable are so too. */
static void mend_views(Ctx *cx, Value *buffer) {
  for (Use *u = buffer->uses; u; u = u->next) {
    if (u->op->code != OP_MEMDESC_TRANS && u->op->code != OP_MEMDESC_RESHAPE) continue;
    Type *t = u->op->results[0].type;
    u->op->results[0].type = ir_memdesc(cx, t->elem, t->rank, t->shape, t->encoding, t->memory_space, true);
  }
}

void gpu_tma_replace_load(Ctx *cx, Op *load, Value *buffer) {
  Value *r = &load->results[0];
  Vec(Op *) taken = {0};
  for (Use *u = r->uses; u; u = u->next)
    if (u->op->code == OP_LOCAL_ALLOC && u->op->results[0].type->encoding == buffer->type->encoding &&
        u->op->block == load->block)
      vec_push(cx, &taken, u->op);
  for (uint32_t i = 0; i < taken.len; i++) {
    ir_replace_all(&taken.at[i]->results[0], buffer);
    ir_erase(taken.at[i]);
  }
  mend_views(cx, buffer);
  if (!ir_unused(r)) {
    Builder b = ir_before(cx, load);
    ir_replace_all(r, ir_make(&b, OP_LOCAL_LOAD, r->type, buffer, NULL));
  }
  ir_erase(load);
}

/* ---- loads ------------------------------------------------------------------------------------------------------- */

static void copy_load(Ctx *cx, Op *load) {
  Builder b = ir_before(cx, load);
  Value *buffer = gpu_tma_buffers(&b, load, 0), *barrier = gpu_tma_barriers(&b, 0, 1), *always = true_value(&b);
  Value *coord[1 + LAYOUT_MAX_DIMS];
  for (int i = 0; i < load->noperands; i++) coord[i] = ir_operand(load, i);
  gpu_tma_expect(&b, barrier, gpu_tma_bytes(load), always);
  gpu_tma_copy(&b, load, coord, buffer, barrier, always);
  gpu_tma_wait(&b, barrier, ir_const_int(&b, ir_int(cx, 32), 0));
  ir_effect(&b, OP_INVAL_BARRIER, barrier, NULL);
  gpu_tma_replace_load(cx, load, buffer);
}

/* ---- stores and reductions --------------------------------------------------------------------------------------- */

static bool is_store(const Op *op) { return op->code == OP_DESC_STORE || op->code == OP_DESC_REDUCE; }

static void wait_for_stores(Builder *b, int pending, bool done) {
  Op *wait = ir_effect(b, OP_TMA_STORE_WAIT, NULL);
  ir_set_int(b->cx, wait, "pendings", pending);
  if (done) ir_set_attr(b->cx, wait, "tt.done", ir_attr_unit(b->cx));
  ir_effect(b, OP_BARRIER, NULL);
}

/* From the buffer, which holds the value. */
static void issue_store(Builder *b, const Op *store, Value *buffer) {
  Value *operands[2 + LAYOUT_MAX_DIMS] = {ir_operand(store, 0), buffer};
  for (int i = 2; i < store->noperands; i++) operands[i] = ir_operand(store, i);
  gpu_fence_stores(b);
  bool reduces = store->code == OP_DESC_REDUCE;
  Op *copy = ir_op(b, reduces ? OP_TMA_REDUCE : OP_TMA_STORE, NULL, 0, operands, store->noperands);
  if (reduces) ir_set_attr(b->cx, copy, "kind", ir_attr(store, "kind"));
}

static void copy_store(Ctx *cx, Op *store, bool done) {
  Builder b = ir_before(cx, store);
  Value *v = ir_operand(store, 1);
  Type *t =
      ir_memdesc(cx, v->type->elem, v->type->rank, v->type->shape, shared_for(cx, store, v->type), gpu_smem(cx), false);
  issue_store(&b, store, ir_make(&b, OP_LOCAL_ALLOC, t, v, NULL));
  wait_for_stores(&b, 0, done);
  ir_erase(store);
}

static void count_store(Op *op, void *n) {
  *(int *)n += is_store(op) || op->code == OP_TMA_STORE || op->code == OP_TMA_REDUCE;
}

/* The stores in the loop's own body, all asynchronous, when there are no others inside; else 0. */
static int stores_of(Op *loop) {
  int own = 0, all = 0;
  for (const Op *op = ir_entry(loop, 0)->first; op; op = op->next) own += is_store(op);
  ir_walk(loop, count_store, &all);
  return own == all ? own : 0;
}

/* The store waits for its buffer instead of for its copy. `pending`: how many copies there have been since the last one of
 * this buffer. */
static void copy_store_later(Ctx *cx, Op *store, int pending) {
  Op *loop = store->block->region->op;
  Builder before = ir_before(cx, loop), b = ir_before(cx, store), behind = ir_before(cx, loop->next);
  Value *v = ir_operand(store, 1);
  Value *buffer =
      gpu_make_buffers(&before, v->type->elem, v->type->rank, v->type->shape, shared_for(cx, store, v->type), 0);
  wait_for_stores(&b, pending, false);
  ir_effect(&b, OP_LOCAL_STORE, v, buffer, NULL);
  issue_store(&b, store, buffer);
  wait_for_stores(&behind, 0, false);
  ir_effect(&behind, OP_LOCAL_DEALLOC, buffer, NULL);
  ir_erase(store);
}

/* The stores of one loop's body. */
static void copy_stores_later(Ctx *cx, Op *loop, int n) {
  for (Op *op = ir_entry(loop, 0)->first, *next; op; op = next) {
    next = op->next;
    if (is_store(op)) copy_store_later(cx, op, n - 1);
  }
}

typedef struct Accesses {
  Ctx *cx;
  Vec(Op *) at;
  Vec(const Value *) loaded; /* what is loaded from, through maps */
} Accesses;

static bool is_loaded(const Accesses *a, const Value *base) {
  for (uint32_t i = 0; i < a->loaded.len; i++)
    if (!base || !a->loaded.at[i] || a->loaded.at[i] == base) return true;
  return false;
}

static void collect(Op *op, void *arg) {
  Accesses *a = arg;
  if (op->code == OP_TMA_LOAD || op->code == OP_DESC_LOAD) {
    const Value *base = gpu_tma_base(ir_operand(op, 0));
    vec_push(a->cx, &a->loaded, base);
  }
  if (op->code == OP_DESC_LOAD || op->code == OP_DESC_STORE || op->code == OP_DESC_REDUCE) vec_push(a->cx, &a->at, op);
}

/* Is what the loop's body stores loaded again through maps? */
static bool loads_what_it_stores(const Accesses *a, const Op *loop) {
  for (const Op *op = ir_entry((Op *)loop, 0)->first; op; op = op->next)
    if (is_store(op) && is_loaded(a, gpu_tma_base(ir_operand(op, 0)))) return true;
  return false;
}

static void store_later(Ctx *cx, Module *m, const Accesses *a) {
  if (ir_attr(m->op, GPU_WAIT_FOR_STORES)) return;
  GpuOps loops = gpu_loops(cx, m);
  for (uint32_t i = 0; i < loops.len; i++) {
    int n = stores_of(loops.at[i]);
    if (n && !loads_what_it_stores(a, loops.at[i])) copy_stores_later(cx, loops.at[i], n);
  }
}

bool gpu_tma_copies(Ctx *cx, Module *m) {
  Accesses a = {.cx = cx};
  ir_walk(m->op, collect, &a);
  bool any = a.at.len > 0;
  store_later(cx, m, &a);
  a.at.len = 0;
  ir_walk(m->op, collect, &a);
  for (uint32_t i = 0; i < a.at.len; i++) {
    if (a.at.at[i]->code == OP_DESC_LOAD)
      copy_load(cx, a.at.at[i]);
    else
      copy_store(cx, a.at.at[i], is_loaded(&a, gpu_tma_base(ir_operand(a.at.at[i], 0))));
  }
  return any;
}
