/* map_elementwise.c: tt.map_elementwise whose function takes several elements at once, or gives several results.
 *
 * With pack = p the function takes p neighbours along the last dimension of each tensor and gives p elements of each
 * result. The tensors are split into p tensors of every p-th element each (reshape, then log2 p splits of the last
 * dimension, the low bit of the element's number first), which are so many more operands and results of a map with
 * pack = 1; the results are put together the same way back.
 *
 * Where a backend takes one result only (opt_map_results), an op with m of them becomes m ops with one each, of which
 * dead code elimination leaves what the result needs. Functions with effects are refused there.
 *
 * Cost: p tensor ops per operand and result.
 */
#include <string.h>

#include "opt/internal.h"

typedef struct Maps {
  Ctx *cx;
  Vec(Op *) at;
  bool packed;
} Maps;

static void collect(Op *op, void *arg) {
  Maps *m = arg;
  if (op->code != OP_MAP_ELEMENTWISE) return;
  if (!m->packed || ir_attr_int_or(op, "pack", 1) > 1) vec_push(m->cx, &m->at, op);
}

/* ---- pack -------------------------------------------------------------------------------------------------------- */

static Type *with_shape(Ctx *cx, const Type *t, int rank, const int64_t *shape) {
  return ir_tensor(cx, t->elem, rank, shape, NULL);
}

static int64_t *shape_of(Ctx *cx, const Type *t, int more) {
  int64_t *shape = NEWN(cx, int64_t, t->rank + more);
  memcpy(shape, t->shape, (size_t)t->rank * sizeof *shape);
  return shape;
}

/* out[k]: the elements whose number along the last dimension, which has n of them, is k. */
static void take_apart(Builder *b, Value *x, int n, Value **out) {
  Ctx *cx = b->cx;
  const Type *t = x->type;
  int rank = t->rank;
  if (n == 1) {
    out[0] = ir_make(b, OP_RESHAPE, with_shape(cx, t, rank - 1, t->shape), x, NULL);
    return;
  }
  int64_t *shape = shape_of(cx, t, 1);
  shape[rank - 1] = n / 2;
  shape[rank] = 2;
  Value *pairs = ir_make(b, OP_RESHAPE, with_shape(cx, t, rank + 1, shape), x, NULL);
  Type *half = with_shape(cx, t, rank, shape), *halves[] = {half, half};
  Op *split = ir_op(b, OP_SPLIT, halves, 2, &pairs, 1);
  Value **parts = NEWN(cx, Value *, n);
  for (int bit = 0; bit < 2; bit++) {
    take_apart(b, ir_result(split, bit), n / 2, parts);
    for (int k = 0; k < n / 2; k++) out[2 * k + bit] = parts[k];
  }
}

/* The reverse: the elements of parts[k] become number k of a new last dimension. */
static Value *put_together(Builder *b, Value **parts, int n) {
  Ctx *cx = b->cx;
  const Type *t = parts[0]->type;
  int64_t *shape = shape_of(cx, t, 2);
  if (n == 1) {
    shape[t->rank] = 1;
    return ir_make(b, OP_RESHAPE, with_shape(cx, t, t->rank + 1, shape), parts[0], NULL);
  }
  Value *half[2], **own = NEWN(cx, Value *, n / 2);
  for (int bit = 0; bit < 2; bit++) {
    for (int k = 0; k < n / 2; k++) own[k] = parts[2 * k + bit];
    half[bit] = put_together(b, own, n / 2);
  }
  shape[t->rank] = n / 2;
  shape[t->rank + 1] = 2;
  Value *pairs = ir_make(b, OP_JOIN, with_shape(cx, t, t->rank + 2, shape), half[0], half[1], NULL);
  shape[t->rank] = n;
  return ir_make(b, OP_RESHAPE, with_shape(cx, t, t->rank + 1, shape), pairs, NULL);
}

static void unpack(Ctx *cx, Op *op) {
  int pack = (int)ir_attr_int_or(op, "pack", 1), rank = ir_operand(op, 0)->type->rank;
  const Type *whole = ir_operand(op, 0)->type;
  if (!is_pow2(pack) || rank == 0 || whole->shape[rank - 1] % pack != 0)
    ctx_fail(cx, ERR_SOURCE, "tl.map_elementwise: pack = %d: it must be a power of 2 that divides the last dimension",
             pack);
  Builder b = ir_before(cx, op);
  int64_t *shape = shape_of(cx, whole, 1);
  shape[rank - 1] /= pack;
  shape[rank] = pack;
  Value **operands = NEWN(cx, Value *, op->noperands * pack), **parts = NEWN(cx, Value *, op->nresults * pack);
  for (int i = 0; i < op->noperands; i++) {
    Value *x = ir_operand(op, i);
    x = ir_make(&b, OP_RESHAPE, with_shape(cx, x->type, rank + 1, shape), x, NULL);
    take_apart(&b, x, pack, operands + i * pack);
  }
  Type **types = NEWN(cx, Type *, op->nresults * pack);
  for (int i = 0; i < op->nresults * pack; i++) types[i] = with_shape(cx, op->results[i / pack].type, rank, shape);
  Op *map = ir_op(&b, OP_MAP_ELEMENTWISE, types, op->nresults * pack, operands, op->noperands * pack);
  ir_set_attr(cx, map, "pack", ir_attr_int(cx, ir_int(cx, 32), 1));
  Map values = {0};
  ir_clone_region(cx, ir_add_region(cx, map), op->regions[0], &values);
  for (int i = 0; i < op->nresults; i++) {
    for (int k = 0; k < pack; k++) parts[k] = ir_result(map, i * pack + k);
    Value *joined = put_together(&b, parts, pack);
    ir_replace_all(&op->results[i], ir_make(&b, OP_RESHAPE, op->results[i].type, joined, NULL));
  }
  ir_erase(op);
}

bool opt_map_pack(Ctx *cx, Module *m) {
  Maps maps = {.cx = cx, .packed = true};
  ir_walk(m->op, collect, &maps);
  for (uint32_t i = 0; i < maps.at.len; i++) unpack(cx, maps.at.at[i]);
  return maps.at.len > 0;
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

static void keep_one(Op *op, int kept) {
  if (op->code != OP_MAP_RETURN) return;
  for (int i = op->noperands - 1; i >= 0; i--)
    if (i != kept) ir_remove_operand(op, i);
}

static void one_each(Ctx *cx, Op *op) {
  for (Block *block = op->regions[0]->first; block; block = block->next)
    for (Op *o = block->first; o; o = o->next)
      if (ir_has_effects(o))
        ctx_fail(cx, ERR_SOURCE, "tl.map_elementwise: a function with effects ('%s') is not supported on this target",
                 ir_info(o)->name);
  if (op->nresults == 1) return;
  Builder b = ir_before(cx, op);
  Value **operands = NEWN(cx, Value *, op->noperands);
  for (int i = 0; i < op->noperands; i++) operands[i] = ir_operand(op, i);
  for (int i = 0; i < op->nresults; i++) {
    Op *map = ir_op(&b, OP_MAP_ELEMENTWISE, &op->results[i].type, 1, operands, op->noperands);
    ir_set_attr(cx, map, "pack", ir_attr_int(cx, ir_int(cx, 32), 1));
    Map values = {0};
    ir_clone_region(cx, ir_add_region(cx, map), op->regions[0], &values);
    for (Block *block = map->regions[0]->first; block; block = block->next) keep_one(block->last, i);
    ir_replace_all(&op->results[i], &map->results[0]);
  }
  ir_erase(op);
}

bool opt_map_results(Ctx *cx, Module *m) {
  Maps maps = {.cx = cx};
  ir_walk(m->op, collect, &maps);
  for (uint32_t i = 0; i < maps.at.len; i++) one_each(cx, maps.at.at[i]);
  return maps.at.len > 0;
}
