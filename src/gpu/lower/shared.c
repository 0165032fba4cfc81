/* shared.c: buffers in shared memory and the asynchronous copies that fill them.
 *
 * A buffer's value is its address. Where an element lies in it is the buffer's layout (encode.c), a linear map from
 * offsets to elements; composed with a distributed layout it gives each register's offset.
 */
#include "gpu/lower/lower.h"

#include <assert.h>

/* (register, lane, warp) -> offset in the buffer, in elements. */
static const Layout *offsets(Lower *w, const Type *tensor, const Type *memdesc) {
  const Layout *l = layout_solve(w->cx, gpu_shared_layout(w->cx, memdesc), gpu_layout(w->cx, tensor));
  if (!l) lower_fail(w, w->op, "the buffer's layout does not hold the tensor");
  return l;
}

/* A part of a buffer has the buffer's address. An element's place in the buffer is its place in the part and, above it, bits
 * of the part's offsets; the map to offsets in memory is linear, so each contributes its own XOR. */
typedef struct Part {
  const Type *buffer;
  uint64_t place; /* of the part's first element */
} Part;

static uint64_t place_of(const Attr *offsets, const Type *buffer) {
  uint64_t place = 0;
  for (int d = 0, shift = 0; d < buffer->rank; shift += log2_of(buffer->shape[d]), d++)
    place |= (uint64_t)offsets->items[d]->integer << shift;
  return place;
}

static Part part_of(const Value *memdesc) {
  Part p = {memdesc->type, 0};
  const Value *v = memdesc;
  while (v->op && v->op->code == OP_MEMDESC_SUBSLICE) v = ir_operand(v->op, 0);
  p.buffer = v->type;
  for (; memdesc != v; memdesc = ir_operand(memdesc->op, 0))
    p.place |= place_of(ir_attr(memdesc->op, "offsets"), v->type);
  return p;
}

/* The same tensor, its places among those of the buffer. */
static const Layout *within(Lower *w, const Layout *l, const Type *buffer) {
  AxisSize out[LAYOUT_MAX_DIMS];
  uint64_t columns[LAYOUT_MAX_BITS] = {0};
  for (int d = 0, at = 0; d < buffer->rank; at += out[d].bits, d++) {
    Axis dim = (Axis)(AXIS_DIM0 + d);
    out[d] = (AxisSize){dim, log2_of(buffer->shape[d])};
    for (int k = 0; k < l->in_bits; k++)
      columns[k] |= (l->column[k] >> layout_out_shift(l, dim) & (((uint64_t)1 << layout_out_bits(l, dim)) - 1)) << at;
  }
  return layout_new(w->cx, l->in, l->nin, out, buffer->rank, columns);
}

/* Where the part's first element lies, in elements from the buffer's beginning. */
static uint64_t offset_of(Lower *w, const Part *p) {
  const Layout *shared = gpu_shared_layout(w->cx, p->buffer);
  uint64_t columns[LAYOUT_MAX_BITS] = {0};
  for (int k = 0; k < shared->out_bits; k++) columns[k] = (uint64_t)1 << k;
  AxisSize in = {AXIS_REGISTER, shared->out_bits};
  const Layout *places = layout_new(w->cx, &in, 1, shared->out, shared->nout, columns);
  return layout_map(layout_solve(w->cx, shared, places), p->place);
}

/* How many of the lowest registers have consecutive offsets: at most 16 bytes' worth. */
static int vector_of(const Layout *l, int bytes, int most) {
  int n = 1;
  for (int k = 0; k < layout_in_bits(l, AXIS_REGISTER) && n * 2 * bytes <= 16 && n * 2 <= most; k++, n *= 2)
    if (layout_basis(l, AXIS_REGISTER, k) != (uint64_t)n) break;
  /* Offsets of other registers and threads must leave those bits alone. */
  for (int k = 0; k < l->in_bits; k++)
    while (n > 1 && (l->column[k] & (uint64_t)(n - 1)) && l->column[k] >= (uint64_t)n) n /= 2;
  return n;
}

static void local_store(Lower *w, Registers *x, Type *tensor, const Type *memdesc, LLInst *base) {
  const Layout *l = offsets(w, tensor, memdesc);
  const LLType *elem = lower_stored(w, tensor);
  int bytes = ll_type_bytes(elem), n = vector_of(l, bytes, 16);
  if (n * bytes <= 4 && lower_store_matrices(w, x, tensor, l, base)) return; /* else plain stores are as wide */
  Places p = gpu_places_of(l, 0, l->out_bits);
  LLInst *thread = lower_thread_part(w, p.columns, p.nthread), *first = lower_is_first(w, l);
  for (int i = 0; i < x->n; i += n) {
    LLInst *parts[16], *at = lower_address(w, base, &p, thread, lower_register_image(l, i), bytes);
    for (int k = 0; k < n; k++) parts[k] = lower_to_stored(w, tensor, x->at[i + k]);
    if (first)
      ll_store_if(&w->b, at, lower_pack(w, elem, parts, n), first, (LLMods){0});
    else
      ll_store(&w->b, at, lower_pack(w, elem, parts, n), (LLMods){0});
  }
}

static void local_load(Lower *w, const Op *op) {
  const Value *src = ir_operand(op, 0), *r = &op->results[0];
  Part part = part_of(src);
  bool whole = part.buffer == src->type;
  const Layout *l = whole ? offsets(w, r->type, src->type)
                          : layout_solve(w->cx, gpu_shared_layout(w->cx, part.buffer),
                                         within(w, gpu_layout(w->cx, r->type), part.buffer));
  if (!l) lower_fail(w, op, "the buffer's layout does not hold the tensor");
  const LLType *elem = lower_stored(w, r->type);
  uint64_t first = whole ? 0 : offset_of(w, &part);
  int bytes = ll_type_bytes(elem), n = vector_of(l, bytes, 16);
  while (first & (uint64_t)(n - 1)) n /= 2;
  LLInst *base = lower_scalar(w, src);
  if (whole && n * bytes <= 4 && lower_load_matrices(w, r, l, base)) return; /* else plain loads are as wide */
  Places p = gpu_places_of(l, 0, l->out_bits);
  LLInst *thread = lower_thread_part(w, p.columns, p.nthread);
  Registers *out = lower_new(w, r, lower_count(w, r));
  for (int i = 0; i < out->n; i += n) {
    LLInst *at = lower_address(w, base, &p, thread, lower_register_image(l, i) ^ first, bytes);
    LLInst *x = ll_load(&w->b, n == 1 ? elem : ll_vector(w->lm, elem, n), at, (LLMods){0});
    for (int k = 0; k < n; k++) out->at[i + k] = lower_from_stored(w, r->type, n == 1 ? x : ll_extract(&w->b, x, k));
  }
}

static void local_alloc(Lower *w, const Op *op) {
  const Value *r = &op->results[0];
  LLInst *base = lower_scratch(w, op);
  lower_set(w, r, base);
  if (op->noperands) local_store(w, lower_value(w, ir_operand(op, 0)), ir_operand(op, 0)->type, r->type, base);
}

static void memdesc_subslice(Lower *w, const Op *op) {
  for (const Use *u = op->results[0].uses; u; u = u->next)
    if (u->op->code != OP_LOCAL_LOAD && u->op->code != OP_MEMDESC_SUBSLICE)
      lower_fail(w, op, "of a part of a buffer there are loads only (ttg.local_load)");
  lower_set(w, &op->results[0], lower_scalar(w, ir_operand(op, 0)));
}

static void memdesc_index(Lower *w, const Op *op) {
  const Type *t = op->results[0].type;
  LLInst *stride = ll_const_i32(&w->b, (int32_t)gpu_buffer_bytes(t));
  LLInst *offset = ll_op2(&w->b, LL_MUL, ll_int_cast(&w->b, &ll_i32, lower_scalar(w, ir_operand(op, 1)), true), stride);
  lower_set(w, &op->results[0], ll_ptradd(&w->b, lower_scalar(w, ir_operand(op, 0)), offset, 0));
}

/* ---- asynchronous copies ----------------------------------------------------------------------------------------- */

/* Registers that one cp.async takes: consecutive in the buffer and in memory, 4, 8 or 16 bytes. */
static int copy_vector(Lower *w, const Op *op, const Layout *l, const Value *ptr, const Value *mask, int bytes) {
  int known = (int)ir_attr_int_or(op, "contiguity", 1), best = known;
  for (int d = 0; d < ptr->type->rank; d++) {
    int n = layout_contiguous(gpu_layout(w->cx, ptr->type), AXIS_REGISTER, (Axis)(AXIS_DIM0 + d));
    n = (int)min64(n, index_width(w->index, ptr, mask, d));
    if (n > best) best = n;
  }
  return vector_of(l, bytes, best);
}

static void async_copy(Lower *w, const Op *op) {
  const Value *ptr = ir_operand(op, 0), *dst = ir_operand(op, 1), *mask = NULL;
  int at, bytes = ir_elem_bytes(dst->type->elem);
  if (ir_operand_group(op, "mask", &at)) mask = ir_operand(op, at);
  const Layout *l = offsets(w, ptr->type, dst->type);
  int n = copy_vector(w, op, l, ptr, mask, bytes);
  if (n * bytes < 4) lower_fail(w, op, "elements that do not lie together cannot be copied asynchronously");
  Registers *p = lower_value(w, ptr), *m = mask ? lower_value(w, mask) : NULL;
  Places places = gpu_places_of(l, 0, l->out_bits);
  LLInst *thread = lower_thread_part(w, places.columns, places.nthread), *base = lower_scalar(w, dst),
         *first = lower_is_first(w, l);
  LLMods mods = lower_mods(op);
  mods.variant = (uint8_t)(n * bytes);
  if (!mods.cache && n * bytes == 16) mods.cache = LLC_CG;
  for (int i = 0; i < p->n; i += n) {
    LLInst *args[4] = {lower_address(w, base, &places, thread, lower_register_image(l, i), bytes), p->at[i]};
    int count = 2;
    LLMods own = mods;
    /* Bytes to take: the rest of the vector becomes zeros. */
    if (m)
      args[count++] =
          ll_select(&w->b, m->at[m->n == 1 ? 0 : i], ll_const_i32(&w->b, n * bytes), ll_const_i32(&w->b, 0));
    if (first) {
      if (count == 2) args[count++] = ll_const_i32(&w->b, n * bytes);
      args[count++] = first;
      own.flags |= LLF_PRED;
    }
    ll_call_n(&w->b, LL_CP_ASYNC, &ll_void, own, 0, args, count);
  }
}

static void async_wait(Lower *w, const Op *op) {
  ll_call(&w->b, LL_CP_ASYNC_WAIT, NULL, ll_const_i32(&w->b, (int32_t)ir_attr_int_or(op, "num", 0)), NULL);
}

void lower_local(Lower *w, const Op *op) {
  switch (op->code) {
  case OP_LOCAL_ALLOC: local_alloc(w, op); return;
  case OP_LOCAL_LOAD: local_load(w, op); return;
  case OP_LOCAL_STORE:
    local_store(w, lower_value(w, ir_operand(op, 0)), ir_operand(op, 0)->type, ir_operand(op, 1)->type,
                lower_scalar(w, ir_operand(op, 1)));
    return;
  case OP_MEMDESC_INDEX: memdesc_index(w, op); return;
  case OP_MEMDESC_SUBSLICE: memdesc_subslice(w, op); return;
  case OP_MEMDESC_TRANS:
  case OP_MEMDESC_RESHAPE: lower_set(w, &op->results[0], lower_scalar(w, ir_operand(op, 0))); return;
  case OP_ASYNC_COPY: async_copy(w, op); break;
  case OP_ASYNC_COMMIT: ll_call(&w->b, LL_CP_ASYNC_COMMIT, NULL, NULL); break;
  case OP_ASYNC_WAIT: async_wait(w, op); break;
  case OP_FENCE_ASYNC_SHARED: ll_call(&w->b, LL_FENCE_PROXY_ASYNC, NULL, NULL); return;
  default: return;
  }
  if (op->nresults) lower_new(w, &op->results[0], 0);
}
