/* coalesce.c: the coalesced layout of an access.
 *
 * Problem. A warp's access is fast when its threads touch neighbouring bytes, and each thread up to 16 of them at once.
 * Idea. Dimensions are ordered by how long the runs of neighbouring addresses along them are; a thread takes as many
 * elements of the fastest one as alignment and the mask allow (those that would be accessed one by one better lie in
 * neighbouring threads), no more than gives every thread work.
 *
 * Accesses whose elements meet (x = load(p); store(q, f(x, load(r)))) share the widest choice among them, so that a
 * narrow type beside a wide one needs no conversion between the two. Groups of values that meet are found by
 * union-find: an elementwise operation or a scan joins its operands and results, a loop or branch what flows into each
 * of its results, an access what it reads or writes with addresses and masks that were loaded themselves. A dot or a
 * reduction ends a group: its operands and results have layouts of their own in any case, and a choice wider than 16
 * bytes leaves gaps between the threads of one instruction, which only a cache hides.
 *
 * What writes takes no more than one instruction does, though: no cache fills such gaps on the way to the second level,
 * where half lines cost as much as whole ones. (Loads find the other half in the first level's cache.)
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

static bool is_access(const Op *op) {
  switch (op->code) {
  case OP_LOAD:
  case OP_STORE:
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: return ir_is_tensor(ir_operand(op, 0)->type);
  default: return false;
  }
}

/* ---- groups ------------------------------------------------------------------------------------------------------ */

/* A group's representative; of a value that is in none, the value itself. */
static const Value *group_of(Coalesce *c, const Value *v) {
  for (const Value *up; (up = map_get(&c->groups, v)) && up != v; v = up) {
    const Value *above = map_get(&c->groups, up);
    if (above != up) map_put(c->cx, &c->groups, v, (void *)above); /* halve the path */
  }
  return v;
}

static bool is_grouped(Coalesce *c, const Value *v) { return map_has(&c->groups, v); }

static void found_group(Coalesce *c, const Value *v) {
  if (!is_grouped(c, v)) map_put(c->cx, &c->groups, v, (void *)v);
}

/* Of the same shape: an access's order means the same for both. */
static void join(Coalesce *c, const Value *a, const Value *b) {
  if (!ir_same_shape(a->type, b->type)) return;
  found_group(c, a), found_group(c, b);
  const Value *x = group_of(c, a), *y = group_of(c, b);
  if (x != y) map_put(c->cx, &c->groups, x, (void *)y);
}

/* `from` flows into `to`. A constant may flow into many things that have nothing to do with each other, and so may
 * pointers that are moved on. */
static void flow(Coalesce *c, const Value *to, const Value *from) {
  if (from->op && (from->op->code == OP_CONSTANT || from->op->code == OP_SPLAT)) return;
  if (!ir_is_ptr(ir_elem(from->type)) || is_grouped(c, from)) join(c, to, from);
}

static void group_for(Coalesce *c, const Op *op) {
  for (int i = 0; i < op->nresults; i++) {
    flow(c, ir_loop_result(op, i), ir_loop_arg(op, i));
    flow(c, ir_loop_arg(op, i), ir_loop_init(op, i));
    flow(c, ir_loop_arg(op, i), ir_loop_yield(op, i));
  }
}

static void group_while(Coalesce *c, const Op *op) {
  const Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  for (int i = 0; i < before->nargs; i++) {
    flow(c, before->args[i], ir_operand(op, i));
    flow(c, before->args[i], ir_operand(after->last, i));
  }
  for (int i = 0; i < after->nargs; i++) {
    flow(c, after->args[i], ir_while_passed(op, i));
    flow(c, ir_result(op, i), after->args[i]);
  }
}

static void group_if(Coalesce *c, const Op *op) {
  for (int i = 0; i < op->nresults; i++)
    for (int r = 0; r < 2; r++) flow(c, ir_result(op, i), ir_operand(ir_terminator(ir_entry(op, r)), i));
}

/* Do all operands and results have one layout? */
static bool is_in_place(const Op *op) {
  return op->code == OP_SCAN || is_access(op) || ir_has(op, T_ELEMENTWISE) || op->code == OP_INLINE_ASM ||
         op->code == OP_MAP_ELEMENTWISE || op->code == OP_EXTERN_ELEMENTWISE;
}

static void group_in_place(Coalesce *c, const Op *op) {
  const Value *first = NULL;
  for (int i = 0; i < op->noperands; i++) {
    const Value *v = ir_operand(op, i);
    if (!is_grouped(c, v)) continue;
    if (first) join(c, first, v);
    first = v;
  }
  for (int i = 0; first && i < op->nresults; i++) join(c, first, ir_result(op, i));
}

/* Only values that come from memory or are carried found groups: indices can be computed in any layout. */
static void group(Op *op, void *arg) {
  Coalesce *c = arg;
  switch (op->code) {
  case OP_LOAD:
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: found_group(c, ir_result(op, 0)); break;
  case OP_FOR: group_for(c, op); return;
  case OP_WHILE: group_while(c, op); return;
  case OP_IF: group_if(c, op); return;
  default: break;
  }
  if (is_in_place(op)) group_in_place(c, op);
}

static const char *key_of(Coalesce *c, const Op *op, const int *order) {
  const Type *t = ir_operand(op, 0)->type;
  Buf b = {.cx = c->cx};
  const Value *v = op->code == OP_STORE ? ir_operand(op, 1) : ir_result(op, 0);
  buf_printf(&b, "%p ", (const void *)group_of(c, v));
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

int64_t gpu_coalesce_atomic_width(Coalesce *c, const Op *op, int sm) {
  const Value *ptr = ir_operand(op, 0);
  if (!ir_is_tensor(ptr->type) || !gpu_atomic_bytes(op, sm)) return 1;
  int order[LAYOUT_MAX_DIMS];
  order_by_contiguity(index_of(c->index, ptr), ptr->type->rank, order);
  return min64(width(c, op, order), gpu_atomic_bytes(op, sm) / ir_elem_bytes(ptr->type->elem->elem));
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

Coalesce *gpu_coalesce_analyze(Ctx *cx, const Module *m) {
  Coalesce *c = NEW(cx, Coalesce);
  *c = (Coalesce){.cx = cx, .module = m, .index = index_analyze(cx, m), .num_warps = gpu_num_warps(m)};
  ir_walk(m->op, group, c);
  ir_walk(m->op, collect, c);
  return c;
}

Attr *gpu_coalesce_encoding(Coalesce *c, const Op *op) {
  const Type *t = ir_operand(op, 0)->type;
  int order[LAYOUT_MAX_DIMS];
  int64_t per_thread[LAYOUT_MAX_DIMS];
  order_by_contiguity(index_of(c->index, ir_operand(op, 0)), t->rank, order);
  intptr_t n = (intptr_t)map_get(&c->widths, key_of(c, op, order));
  if (!n) n = width(c, op, order);
  if (op->code == OP_STORE) n = min64(n, max64(1, 16 / ir_elem_bytes(t->elem->elem)));
  if (op->code == OP_ATOMIC_RMW) n = min64(n, gpu_coalesce_atomic_width(c, op, gpu_sm(c->module)));
  for (int d = 0; d < t->rank; d++) per_thread[d] = 1;
  per_thread[order[0]] = n;
  return gpu_blocked(c->cx, t->rank, t->shape, per_thread, order, c->num_warps);
}
