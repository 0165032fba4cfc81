/* gather.c: tt.gather and tt.histogram, both through shared memory. */
#include "gpu/lower/lower.h"

/* Row-major position: the last dimension lowest. */
static Places row_major(const Layout *l, int rank, uint64_t (*place)(const Layout *l, int rank, uint64_t word)) {
  Places p = gpu_places_of(l, 0, l->out_bits);
  p.used = 0;
  for (int k = 0; k < p.nthread; k++) p.columns[k] = place(l, rank, p.columns[k]), p.used |= p.columns[k];
  return p;
}

static uint64_t row_major_place(const Layout *l, int rank, uint64_t word) {
  uint64_t out = 0;
  for (int d = 0; d < rank; d++) {
    Axis a = (Axis)(AXIS_DIM0 + d);
    int bits = layout_out_bits(l, a);
    out = out << bits | (word >> layout_out_shift(l, a) & (((uint64_t)1 << bits) - 1));
  }
  return out;
}

void lower_gather(Lower *w, const Op *op) {
  const Value *src = ir_operand(op, 0), *index = ir_operand(op, 1), *r = &op->results[0];
  int rank = src->type->rank, axis = (int)ir_attr_int_or(op, "axis", 0);
  const Layout *from = gpu_layout(w->cx, src->type), *to = gpu_layout(w->cx, r->type);
  const LLType *elem = lower_stored(w, src->type);
  int bytes = ll_type_bytes(elem);
  Registers *in = lower_value(w, src), *at = lower_value(w, index), *out = lower_new(w, r, gpu_registers(to));
  Places p = row_major(from, rank, row_major_place);
  LLInst *thread = lower_thread_part(w, p.columns, p.nthread), *base = lower_scratch(w, op),
         *first = lower_is_first(w, from);
  for (int i = 0; i < in->n; i++) {
    LLInst *where =
        lower_address(w, base, &p, thread, row_major_place(from, rank, lower_register_image(from, i)), bytes);
    LLInst *x = lower_to_stored(w, src->type, in->at[i]);
    if (first)
      ll_store_if(&w->b, where, x, first, (LLMods){0});
    else
      ll_store(&w->b, where, x, (LLMods){0});
  }
  lower_barrier(w);
  for (int i = 0; i < out->n; i++) {
    LLInst *where = NULL;
    for (int d = 0; d < rank; d++) {
      LLInst *x = d == axis ? ll_int_cast(&w->b, &ll_i32, at->at[i], true) : lower_index(w, to, d, i);
      LLInst *size = ll_const_i32(&w->b, (int32_t)src->type->shape[d]);
      where = where ? ll_op2(&w->b, LL_ADD, ll_op2(&w->b, LL_MUL, where, size), x) : x;
    }
    where = ll_op2(&w->b, LL_MUL, where, ll_const_i32(&w->b, bytes));
    out->at[i] = lower_from_stored(w, src->type, ll_load(&w->b, elem, ll_ptradd(&w->b, base, where, 0), (LLMods){0}));
  }
}

void lower_histogram(Lower *w, const Op *op) {
  const Value *src = ir_operand(op, 0), *r = &op->results[0];
  int64_t bins = r->type->shape[0];
  int threads = 32 * w->num_warps;
  const Layout *from = gpu_layout(w->cx, src->type), *to = gpu_layout(w->cx, r->type);
  Registers *in = lower_value(w, src), *mask = op->noperands > 1 ? lower_value(w, ir_operand(op, 1)) : NULL;
  Registers *out = lower_new(w, r, gpu_registers(to));
  LLInst *base = lower_scratch(w, op), *zero = ll_const_i32(&w->b, 0), *first = lower_is_first(w, from);
  LLInst *mine = ll_ptradd(&w->b, base, ll_op2(&w->b, LL_MUL, w->tid, ll_const_i32(&w->b, 4)), 0);
  for (int64_t b = 0; b < bins; b += threads) {
    LLInst *at = ll_ptradd(&w->b, mine, NULL, b * 4);
    if (bins - b >= threads)
      ll_store(&w->b, at, zero, (LLMods){0});
    else
      ll_store_if(&w->b, at, zero, ll_icmp(&w->b, LLP_ULT, w->tid, ll_const_i32(&w->b, (int32_t)bins)), (LLMods){0});
  }
  lower_barrier(w);
  for (int i = 0; i < in->n; i++) {
    LLInst *bin = ll_int_cast(&w->b, &ll_i32, in->at[i], true), *pred = first;
    LLInst *inside = ll_icmp(&w->b, LLP_ULT, bin, ll_const_i32(&w->b, (int32_t)bins));
    pred = pred ? ll_op2(&w->b, LL_AND, pred, inside) : inside;
    if (mask) pred = ll_op2(&w->b, LL_AND, pred, mask->at[i]);
    LLInst *at = ll_ptradd(&w->b, base, ll_op2(&w->b, LL_MUL, bin, ll_const_i32(&w->b, 4)), 0);
    ll_atomic(&w->b, LLR_ADD, at, ll_const_i32(&w->b, 1), pred, (LLMods){.sem = LLS_RELAXED, .scope = LLSC_CTA});
  }
  lower_barrier(w);
  for (int i = 0; i < out->n; i++) {
    LLInst *bin = lower_index(w, to, 0, i);
    LLInst *at = ll_ptradd(&w->b, base, ll_op2(&w->b, LL_MUL, bin, ll_const_i32(&w->b, 4)), 0);
    out->at[i] = ll_int_cast(&w->b, lower_elem(w, r->type), ll_load(&w->b, &ll_i32, at, (LLMods){0}), false);
  }
}
