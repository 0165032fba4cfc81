/* coalesce.c: the coalesced layout of an access.
 *
 * Problem. A warp's access is fast when its threads touch neighbouring bytes, and each thread up to 16 of them at once.
 * Idea. Dimensions are ordered by how long the runs of neighbouring addresses along them are; a thread takes as many
 * elements of the fastest one as alignment and the mask allow (those that would be accessed one by one better lie in
 * neighbouring threads), no more than gives every thread work. A function's accesses of one
 * shape and order share the widest choice of all of them, so that a narrow type beside a wide one needs no conversion
 * between the two. What writes takes no more than one instruction does, though: of a warp's threads, neighbours would
 * leave gaps in what one instruction writes, and no cache fills them on the way to the second level, where half lines
 * cost as much as whole ones. (Loads find the other half in the first level's cache.)
 */
#include "gpu/passes/passes.h"

#include <string.h>

/* Fastest dimension first; of equal ones the last. */
static void order_by_contiguity(const Index *a, int rank, int *order) {
  for (int i = 0; i < rank; i++) {
    int d = rank - 1 - i, at = i;
    for (; at > 0 && a->axis[order[at - 1]].contiguity < a->axis[d].contiguity; at--) order[at] = order[at - 1];
    order[at] = d;
  }
}

static const char *key_of(Coalesce *c, const Op *op, const int *order) {
  const Type *t = ir_operand(op, 0)->type;
  Buf b = {.cx = c->cx};
  while (op->code != OP_FUNC) op = ir_parent(op);
  buf_printf(&b, "%s ", ir_func_name(op));
  for (int i = 0; i < t->rank; i++) buf_printf(&b, "%lld:%d ", (long long)t->shape[i], order[i]);
  return intern(c->cx, buf_text(&b));
}

static int64_t width(Coalesce *c, const Op *op, const int *order) {
  const Type *t = ir_operand(op, 0)->type;
  int at;
  const Value *mask = ir_operand_group(op, "mask", &at) ? ir_operand(op, at) : NULL;
  int64_t n = index_width(c->index, ir_operand(op, 0), mask, order[0]);
  return max64(1, min64(n, ir_numel(t) / (32 * c->num_warps)));
}

int gpu_atomic_bytes(const Op *op, int sm) {
  if (op->code != OP_ATOMIC_RMW || strcmp(ir_attr_text_or(op, "atomic_rmw_op", ""), "fadd") != 0) return 0;
  const Type *t = ir_elem(ir_operand(op, 1)->type);
  if (sm >= 90 && (t->bits == 16 || t->bits == 32)) return 16;
  return t->bits == 16 && t->fkind == F16 && sm >= 70 ? 4 : 0;
}

int64_t coalesce_atomic_width(Coalesce *c, const Op *op, int sm) {
  const Value *ptr = ir_operand(op, 0);
  if (!ir_is_tensor(ptr->type) || !gpu_atomic_bytes(op, sm)) return 1;
  int order[LAYOUT_MAX_DIMS];
  order_by_contiguity(index_of(c->index, ptr), ptr->type->rank, order);
  return min64(width(c, op, order), gpu_atomic_bytes(op, sm) / ir_elem_bytes(ptr->type->elem->elem));
}

static bool is_access(const Op *op) {
  switch (op->code) {
  case OP_LOAD:
  case OP_STORE:
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: return ir_is_tensor(ir_operand(op, 0)->type);
  default: return false;
  }
}

static void collect(Op *op, void *arg) {
  Coalesce *c = arg;
  if (!is_access(op) || op->code == OP_ATOMIC_RMW || op->code == OP_ATOMIC_CAS) return;
  const Type *t = ir_operand(op, 0)->type;
  int order[LAYOUT_MAX_DIMS];
  order_by_contiguity(index_of(c->index, ir_operand(op, 0)), t->rank, order);
  const char *key = key_of(c, op, order);
  intptr_t old = (intptr_t)map_get(&c->widths, key), n = (intptr_t)width(c, op, order);
  if (n > old) map_put(c->cx, &c->widths, key, (void *)n);
}

Coalesce *coalesce_analyze(Ctx *cx, const Module *m) {
  Coalesce *c = NEW(cx, Coalesce);
  *c = (Coalesce){.cx = cx, .module = m, .index = index_analyze(cx, m), .num_warps = gpu_num_warps(m)};
  ir_walk(m->op, collect, c);
  return c;
}

Attr *coalesce_encoding(Coalesce *c, const Op *op) {
  const Type *t = ir_operand(op, 0)->type;
  int order[LAYOUT_MAX_DIMS];
  int64_t per_thread[LAYOUT_MAX_DIMS];
  order_by_contiguity(index_of(c->index, ir_operand(op, 0)), t->rank, order);
  intptr_t n = (intptr_t)map_get(&c->widths, key_of(c, op, order));
  if (!n) n = width(c, op, order);
  if (op->code == OP_STORE) n = min64(n, max64(1, 16 / ir_elem_bytes(t->elem->elem)));
  if (op->code == OP_ATOMIC_RMW) n = min64(n, coalesce_atomic_width(c, op, gpu_sm(c->module)));
  for (int d = 0; d < t->rank; d++) per_thread[d] = 1;
  per_thread[order[0]] = n;
  return gpu_blocked(c->cx, t->rank, t->shape, per_thread, order, c->num_warps);
}
