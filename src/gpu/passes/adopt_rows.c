/* adopt_rows.c: rows that a file's kernel gathers and scatters by the copy engine (ttng.async_tma_gather, _scatter), by
 * loads and stores.
 *
 * The engine of sm_90 has no such copies. What the map is made of is at hand where the program makes it: base, shape and
 * strides. A gathered block is loaded through pointers, masked by the tensor's bounds, and stored to its buffer; its barrier
 * expects so many bytes fewer. All threads wait for each other before they look at what the others have stored
 * (passes/membar.c), and a fence shows it to the tensor cores. A map that nothing else uses is not made.
 */
#include "gpu/passes/passes.h"

#include <math.h>

typedef struct Rows {
  Ctx *cx;
  int num_warps;
  Vec(Op *) at;
} Rows;

static void collect(Op *op, void *arg) {
  Rows *r = arg;
  if (op->code == OP_TMA_GATHER || op->code == OP_TMA_SCATTER) vec_push(r->cx, &r->at, op);
}

static Op *create_of(Ctx *cx, const Op *op) {
  const Op *desc = ir_operand(op, 0)->op;
  if (desc && desc->code == OP_REINTERPRET_DESC)
    for (const Use *u = ir_operand(desc, 0)->uses; u; u = u->next)
      if (u->op->code == OP_TENSORMAP_CREATE) return u->op;
  ir_fail(cx, op, NULL, "'%s': rows are copied through a descriptor that the kernel makes only", ir_info(op)->name);
}

/* ---- pointers and mask -------------------------------------------------------------------------------------------- */

typedef struct Tile {
  Builder b;
  Type *block; /* of the tile's elements, with its layout */
  Value *rows, *columns, *pointers, *mask;
} Tile;

static Type *like(Tile *t, Type *elem) { return ir_tensor_like(t->b.cx, t->block, elem); }

static Value *spread(Tile *t, Value *scalar) { return ir_make(&t->b, OP_SPLAT, like(t, scalar->type), scalar, NULL); }

/* A vector along dimension `dim` of the tile, as a tile. */
static Value *along(Tile *t, Value *vector, int dim) {
  Ctx *cx = t->b.cx;
  Type *elem = vector->type->elem;
  int64_t shape[2] = {1, 1};
  shape[dim] = t->block->shape[dim];
  Attr *slice = gpu_slice(cx, 1 - dim, t->block->encoding);
  Type *flat = ir_tensor(cx, elem, 1, &t->block->shape[dim], slice);
  if (vector->type != flat) vector = ir_make(&t->b, OP_CONVERT_LAYOUT, flat, vector, NULL);
  Value *v = ir_make(&t->b, OP_EXPAND_DIMS, ir_tensor(cx, elem, 2, shape, t->block->encoding), vector, NULL);
  ir_set_int(cx, v->op, "axis", 1 - dim);
  return v->type == like(t, elem) ? v : ir_make(&t->b, OP_BROADCAST, like(t, elem), v, NULL);
}

static Value *wide(Tile *t, Value *x) {
  Type *i64 = ir_int(t->b.cx, 64), *type = ir_tensor_like(t->b.cx, x->type, i64);
  return ir_elem(x->type) == i64 ? x : ir_make(&t->b, OP_EXTSI, type, x, NULL);
}

static Value *range(Tile *t) {
  Ctx *cx = t->b.cx;
  int64_t n = t->block->shape[1];
  Type *type = ir_tensor(cx, ir_int(cx, 32), 1, &n, gpu_slice(cx, 0, t->block->encoding));
  Value *v = ir_make(&t->b, OP_MAKE_RANGE, type, NULL);
  ir_set_int(cx, v->op, "start", 0);
  ir_set_int(cx, v->op, "end", n);
  return along(t, v, 1);
}

/* 0 <= x < n */
static Value *inside(Tile *t, Value *x, Value *n) {
  Value *above = ir_compare(&t->b, "sge", x, ir_const_int(&t->b, x->type, 0));
  return ir_make(&t->b, OP_ANDI, NULL, above, ir_compare(&t->b, "slt", x, spread(t, n)), NULL);
}

static Type *tile_type(Ctx *cx, const Type *buffer, int num_warps) {
  const int order[] = {1, 0};
  int64_t vector = min64(16 / ir_elem_bytes(buffer->elem), buffer->shape[1]), per_thread[] = {1, vector};
  return ir_tensor(cx, buffer->elem, 2, buffer->shape, gpu_blocked(cx, 2, buffer->shape, per_thread, order, num_warps));
}

static Tile tile_of(Ctx *cx, const Rows *r, Op *op, const Op *create, const Type *buffer) {
  Tile t = {.b = ir_before(cx, op), .block = tile_type(cx, buffer, r->num_warps)};
  int shape, strides;
  if (ir_operand_group(create, "shape", &shape) != 2 || ir_operand_group(create, "strides", &strides) != 1)
    ir_fail(cx, op, NULL, "'%s': a descriptor of two dimensions is expected", ir_info(op)->name);
  Value *base = ir_operand(create, 1);
  t.rows = along(&t, ir_operand(op, 1), 0);
  t.columns = ir_make(&t.b, OP_ADDI, NULL, range(&t), spread(&t, ir_operand(op, 2)), NULL);
  t.mask = ir_make(&t.b, OP_ANDI, NULL, inside(&t, t.rows, ir_operand(create, shape + 1)),
                   inside(&t, t.columns, ir_operand(create, shape)), NULL);
  Value *bytes = wide(&t, ir_operand(create, strides));
  Value *step =
      ir_make(&t.b, OP_DIVUI, NULL, bytes, ir_const_int(&t.b, bytes->type, ir_elem_bytes(buffer->elem)), NULL);
  Value *offset = ir_make(&t.b, OP_MULI, NULL, wide(&t, t.rows), spread(&t, step), NULL);
  offset = ir_make(&t.b, OP_ADDI, NULL, offset, wide(&t, t.columns), NULL);
  Type *pointer = ir_ptr(cx, buffer->elem, 1);
  if (base->type != pointer) base = ir_make(&t.b, OP_TT_BITCAST, pointer, base, NULL);
  t.pointers = ir_make(&t.b, OP_ADDPTR, like(&t, pointer), spread(&t, base), offset, NULL);
  return t;
}

/* ---- the ops ------------------------------------------------------------------------------------------------------ */

static Value *outside(Tile *t, const Op *create) {
  bool nan = ir_attr_int_or(create, "fill_mode", 0) != 0;
  Type *elem = t->block->elem;
  if (elem->kind == TYPE_INT) return ir_const_int(&t->b, t->block, 0);
  return ir_const_attr(&t->b, t->block,
                       ir_attr_splat(t->b.cx, t->block, ir_attr_float(t->b.cx, elem, nan ? NAN : 0.0)));
}

/* The announcement that this copy's bytes are part of. */
static void expect_less(Ctx *cx, Op *gather, int64_t bytes) {
  const Value *barrier = ir_operand(gather, 3);
  for (Op *op = gather->prev; op; op = op->prev) {
    if (op->code != OP_BARRIER_EXPECT || ir_operand(op, 0) != barrier) continue;
    ir_set_int(cx, op, "size", max64(0, ir_attr_int_or(op, "size", 0) - bytes));
    return;
  }
  ir_fail(cx, gather, NULL, "'%s': its bytes are not announced before it in the same block", ir_info(gather)->name);
}

static void load_rows(Ctx *cx, const Rows *r, Op *op, const Op *create) {
  Value *buffer = ir_operand(op, 4), *pred = ir_operand(op, 5);
  Tile t = tile_of(cx, r, op, create, buffer->type);
  int64_t always;
  if (!ir_is_const_int(pred, &always) || !always) {
    Op *branch = ir_op(&t.b, OP_IF, NULL, 0, &pred, 1);
    Block *then = ir_add_block(cx, ir_add_region(cx, branch));
    ir_add_region(cx, branch);
    Builder end = ir_at_end(cx, then);
    end.loc = op->loc;
    t.b = ir_before(cx, ir_effect(&end, OP_YIELD, NULL));
  }
  Value *v = ir_make(&t.b, OP_LOAD, t.block, t.pointers, t.mask, outside(&t, create), NULL);
  ir_effect(&t.b, OP_LOCAL_STORE, v, buffer, NULL);
  gpu_fence_stores(&t.b);
  expect_less(cx, op, gpu_buffer_bytes(buffer->type));
}

static void store_rows(Ctx *cx, const Rows *r, Op *op, const Op *create) {
  Value *buffer = ir_operand(op, 3);
  Tile t = tile_of(cx, r, op, create, buffer->type);
  Value *v = ir_make(&t.b, OP_LOCAL_LOAD, t.block, buffer, NULL);
  ir_effect(&t.b, OP_STORE, t.pointers, v, t.mask, NULL);
}

/* A map without users, and what made it. */
static void drop_map(Op *create) {
  Op *scratch = ir_operand(create, 0)->op;
  if (!scratch || scratch->code != OP_GLOBAL_SCRATCH) return;
  for (const Use *u = scratch->results[0].uses; u; u = u->next)
    if (u->op != create && u->op->code != OP_TENSORMAP_ACQUIRE &&
        (u->op->code != OP_REINTERPRET_DESC || u->op->results[0].uses))
      return;
  while (scratch->results[0].uses) ir_erase(scratch->results[0].uses->op);
  ir_erase(scratch);
}

void gpu_adopt_rows(Ctx *cx, Module *m) {
  Rows r = {.cx = cx, .num_warps = gpu_num_warps(m)};
  Vec(Op *) creates = {0};
  ir_walk(m->op, collect, &r);
  for (uint32_t i = 0; i < r.at.len; i++) {
    Op *op = r.at.at[i], *create = create_of(cx, op);
    bool known = false;
    for (uint32_t k = 0; k < creates.len; k++) known |= creates.at[k] == create;
    if (!known) vec_push(cx, &creates, create);
    if (op->code == OP_TMA_GATHER)
      load_rows(cx, &r, op, create);
    else
      store_rows(cx, &r, op, create);
    ir_erase(op);
  }
  for (uint32_t k = 0; k < creates.len; k++) drop_map(creates.at[k]);
}
