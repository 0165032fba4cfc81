/* allocate.c: allocation of shared memory.
 *
 * Buffers are those of ttg.local_alloc, live from there to the last use of any view of them, and the scratch of single
 * ops (layout conversions, reductions, …). Ops are numbered in the order of the text; a buffer made before a loop and
 * used in it lives to the loop's end. Then first fit: the largest first, each at the lowest offset where no buffer that
 * is alive at the same time lies.
 *
 * Which buffers that is, an interval tree says: the buffers in the order of their begins, over them a binary tree that
 * knows of each part the latest end of a buffer that has been placed. Cost: n log n for n buffers, and k log k for a
 * buffer that meets k others.
 *
 * What uses one place at different times is kept apart by barriers: membar.c.
 */
#include "gpu/passes/passes.h"

#include "ir/watch.h"

#include <stdlib.h>
#include <string.h>

int64_t gpu_scratch_bytes(Ctx *cx, const Op *op, int num_warps) {
  switch (op->code) {
  case OP_CONVERT_LAYOUT: return gpu_convert_scratch(cx, op, gpu_held_layout(cx, ir_operand(op, 0)));
  case OP_REDUCE: return gpu_reduce_scratch(cx, op);
  case OP_SCAN: return gpu_scan_scratch(cx, op, num_warps);
  case OP_GATHER: return ir_numel(ir_operand(op, 0)->type) * ir_elem_bytes(ir_operand(op, 0)->type->elem);
  case OP_TENSORMAP_CREATE: return 128;
  case OP_HISTOGRAM: return ir_numel(op->results[0].type) * 4;
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: {
    const Type *t = op->results[0].type;
    return ir_unused(&op->results[0]) ? 0 : ir_numel(t) * ir_elem_bytes(ir_elem((Type *)t));
  }
  default: return 0;
  }
}

typedef struct Buffer {
  Op *op;
  const Op *last; /* that it is alive at */
  int64_t bytes, align, offset;
  int from, to; /* op numbers */
  uint32_t leaf;
} Buffer;

typedef struct Allocate {
  Ctx *cx;
  int num_warps, number;
  Vec(Buffer) buffers;
  Vec(Op *) ops;
  Map index; /* local_alloc to its place in buffers, plus one */
} Allocate;

static void number_ops(Allocate *a, const Block *b) {
  for (Op *op = b->first; op; op = op->next) {
    op->mark = (unsigned)a->number++;
    vec_push(a->cx, &a->ops, op);
    for (int r = 0; r < op->nregions; r++)
      for (const Block *inner = op->regions[r]->first; inner; inner = inner->next) number_ops(a, inner);
    if (op->nregions) op->data = (void *)(intptr_t)(a->number++); /* its end */
  }
}

/* The last op number at which a use in `user` counts for a buffer made by `made`: the end of the outermost loop around
 * the use that the buffer is made outside of. */
static int use_end(const Op *made, const Op *user) {
  int end = (int)user->mark;
  for (const Op *p = user; p; p = ir_parent(p))
    if (p->nregions && p->code != OP_FUNC && p->code != OP_MODULE && ir_defined_outside(&made->results[0], p))
      end = (int)(intptr_t)p->data;
  return end;
}

static void add_buffer(Allocate *a, Op *op, int64_t bytes, int64_t align) {
  Buffer b = {.op = op, .last = op, .bytes = bytes, .align = align, .from = (int)op->mark, .to = (int)op->mark};
  vec_push(a->cx, &a->buffers, b);
}

static void collect(Allocate *a, Op *op) {
  if (op->code == OP_LOCAL_ALLOC) {
    bool whole_tiles = gpu_is(op->results[0].type->encoding, "ttg.nvmma_shared");
    add_buffer(a, op, gpu_buffer_bytes(op->results[0].type), whole_tiles ? 1024 : 128);
    map_put(a->cx, &a->index, op, (void *)(intptr_t)a->buffers.len);
    return;
  }
  for (int i = 0; i < op->noperands; i++) {
    if (ir_operand(op, i)->type->kind != TYPE_MEMDESC) continue;
    Op *made = gpu_buffer_of(ir_operand(op, i));
    if (!made) ir_fail(a->cx, op, NULL, "buffers of shared memory cannot be carried by control flow");
    Buffer *b = &a->buffers.at[(intptr_t)map_get(&a->index, made) - 1];
    int end = use_end(made, op);
    if (end > b->to) b->to = end, b->last = op;
  }
  int64_t bytes = gpu_scratch_bytes(a->cx, op, a->num_warps);
  if (bytes) add_buffer(a, op, bytes, 128);
}

/* ---- placing ----------------------------------------------------------------------------------------------------- */

/* The tree: node 1 is all, nodes 2i and 2i + 1 are the halves of node i, the last `leaves` nodes are one buffer each, in
 * the order of `from`. latest[i]: the largest `to` of those placed, -1 for none. */
typedef struct Lives {
  Buffer *const *begin;
  int *latest;
  uint32_t n, leaves;
} Lives;

typedef Vec(const Buffer *) Met;

static int by_bytes(const void *a, const void *b) {
  const Buffer *x = *(Buffer *const *)a, *y = *(Buffer *const *)b;
  return x->bytes != y->bytes ? (x->bytes < y->bytes) - (x->bytes > y->bytes) : (x > y) - (x < y);
}

static int by_begin(const void *a, const void *b) {
  const Buffer *x = *(Buffer *const *)a, *y = *(Buffer *const *)b;
  return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x > y) - (x < y);
}

static int by_offset(const void *a, const void *b) {
  const Buffer *x = *(const Buffer *const *)a, *y = *(const Buffer *const *)b;
  return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Those below `node`, which covers `width` buffers from `first` on, that are placed and alive when `b` is. */
static void meet(Ctx *cx, const Lives *l, uint32_t node, uint32_t first, uint32_t width, const Buffer *b, Met *met) {
  if (first >= l->n || l->latest[node] < b->from || l->begin[first]->from > b->to) return;
  if (width == 1) {
    vec_push(cx, met, l->begin[first]);
    return;
  }
  meet(cx, l, 2 * node, first, width / 2, b, met);
  meet(cx, l, 2 * node + 1, first + width / 2, width / 2, b, met);
}

static void note_placed(const Lives *l, uint32_t leaf) {
  int to = l->begin[leaf]->to;
  for (uint32_t node = l->leaves + leaf; node > 0 && l->latest[node] < to; node /= 2) l->latest[node] = to;
}

/* The lowest offset at which `b` meets none of them. */
static int64_t lowest_offset(const Buffer *b, Met *met) {
  int64_t offset = 0;
  if (met->len) qsort((void *)met->at, met->len, sizeof *met->at, by_offset);
  for (uint32_t i = 0; i < met->len; i++) {
    const Buffer *o = met->at[i];
    if (o->offset >= offset + b->bytes) break;
    if (o->offset + o->bytes > offset) offset = div_up(o->offset + o->bytes, b->align) * b->align;
  }
  return offset;
}

static int64_t place(Allocate *a) {
  uint32_t n = a->buffers.len, leaves = 1;
  int64_t total = 0;
  Buffer **order = NEWN(a->cx, Buffer *, n + 1), **begin = NEWN(a->cx, Buffer *, n + 1);
  for (uint32_t i = 0; i < n; i++) order[i] = begin[i] = &a->buffers.at[i];
  qsort(order, n, sizeof *order, by_bytes);
  qsort(begin, n, sizeof *begin, by_begin);
  while (leaves < n) leaves *= 2;
  Lives lives = {.begin = begin, .latest = NEWN(a->cx, int, 2 * leaves), .n = n, .leaves = leaves};
  for (uint32_t i = 0; i < 2 * leaves; i++) lives.latest[i] = -1;
  for (uint32_t i = 0; i < n; i++) begin[i]->leaf = i;
  Met met = {0};
  for (uint32_t i = 0; i < n; i++) {
    Buffer *b = order[i];
    met.len = 0;
    meet(a->cx, &lives, 1, 0, leaves, b, &met);
    b->offset = lowest_offset(b, &met);
    note_placed(&lives, b->leaf);
    total = max64(total, b->offset + b->bytes);
  }
  return total;
}

static void tell(Ctx *cx, const Buffer *b) {
  Remark *r = watch_remark(cx, b->op->loc, "shared");
  if (!r) return;
  bool is_buffer = b->op->code == OP_LOCAL_ALLOC;
  remark_text(r, "what", is_buffer ? "buffer" : "scratch");
  remark_text(r, "op", ir_info(b->op)->name);
  remark_text(r, "type", is_buffer ? ir_type_text(cx, b->op->results[0].type) : NULL);
  remark_int(r, "offset", b->offset);
  remark_int(r, "bytes", b->bytes);
  remark_int(r, "from", b->from);
  remark_int(r, "to", b->to);
  r->last = ir_loc_printed(cx, b->last->loc);
}

bool gpu_allocate(Ctx *cx, Module *m) {
  Type *i32 = ir_int(cx, 32);
  int64_t total = 0;
  for (Op *func = m->body->first->first; func; func = func->next) {
    if (func->code != OP_FUNC || !func->regions[0]->first) continue;
    Allocate a = {.cx = cx, .num_warps = gpu_num_warps(m)};
    number_ops(&a, ir_entry(func, 0));
    for (uint32_t i = 0; i < a.ops.len; i++) collect(&a, a.ops.at[i]);
    total = max64(total, place(&a));
    for (uint32_t i = 0; i < a.buffers.len; i++)
      ir_set_attr(cx, a.buffers.at[i].op, GPU_OFFSET, ir_attr_int(cx, i32, a.buffers.at[i].offset));
    for (uint32_t i = 0; i < a.buffers.len; i++) tell(cx, &a.buffers.at[i]);
  }
  ir_set_attr(cx, m->op, "ttg.shared", ir_attr_int(cx, i32, total));
  return true;
}
