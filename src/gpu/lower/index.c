/* index.c: where a thread's elements are, computed from the columns of a layout.
 *
 * An index is linear over F2 in the bits of (register, thread). The register's part is a constant; the thread's is the
 * XOR of the columns of its set bits. Thread bits whose columns are the same distance away move together: one mask and
 * one shift for all of them.
 */
#include "gpu/lower/lower.h"

LLInst *lower_thread_part(Lower *w, const uint64_t *columns, int n) {
  LLInst *sum = NULL;
  uint64_t used = 0;
  for (int distance = -16; distance < 32; distance++) {
    uint32_t mask = 0;
    uint64_t image = 0;
    for (int k = 0; k < n; k++) {
      int to = k + distance;
      if (to < 0 || !(columns[k] >> to & 1)) continue;
      mask |= (uint32_t)1 << k;
      image |= (uint64_t)1 << to;
    }
    if (!mask) continue;
    LLInst *part = w->tid;
    if (mask != (((uint32_t)1 << n) - 1)) part = ll_op2(&w->b, LL_AND, part, ll_const_i32(&w->b, (int32_t)mask));
    if (distance > 0) part = ll_op2(&w->b, LL_SHL, part, ll_const_i32(&w->b, distance));
    if (distance < 0) part = ll_op2(&w->b, LL_LSHR, part, ll_const_i32(&w->b, -distance));
    sum = !sum ? part : ll_op2(&w->b, used & image ? LL_XOR : LL_OR, sum, part);
    used |= image;
  }
  return sum ? sum : ll_const_i32(&w->b, 0);
}

uint64_t lower_register_image(const Layout *l, int reg) {
  return layout_map(l, (uint64_t)reg << layout_in_shift(l, AXIS_REGISTER));
}

int64_t lower_place_along(const Layout *l, int reg, int dim) {
  Axis a = (Axis)(AXIS_DIM0 + dim);
  return (int64_t)(lower_register_image(l, reg) >> layout_out_shift(l, a) &
                   (((uint64_t)1 << layout_out_bits(l, a)) - 1));
}

LLInst *lower_address(Lower *w, LLInst *base, const Places *p, LLInst *thread, uint64_t constant, int scale) {
  uint64_t both = constant & p->used;
  LLInst *at = both ? ll_op2(&w->b, LL_XOR, thread, ll_const_i32(&w->b, (int32_t)both)) : thread;
  if (scale > 1) at = ll_op2(&w->b, LL_MUL, at, ll_const_i32(&w->b, scale));
  return ll_ptradd(&w->b, base, at, (int64_t)(constant & ~p->used) * scale);
}

LLInst *lower_index(Lower *w, const Layout *l, int dim, int reg) {
  Axis axis = (Axis)(AXIS_DIM0 + dim);
  int shift = layout_out_shift(l, axis), bits = layout_out_bits(l, axis);
  Places p = gpu_places_of(l, shift, bits);
  uint64_t constant = lower_register_image(l, reg) >> shift & (((uint64_t)1 << bits) - 1);
  LLInst *thread = lower_thread_part(w, p.columns, p.nthread);
  if (!constant) return thread;
  LLInst *c = ll_const_i32(&w->b, (int32_t)constant);
  return constant & p.used ? ll_op2(&w->b, LL_XOR, thread, c) : ll_op2f(&w->b, LL_ADD, thread, c, LLF_NSW | LLF_NUW);
}

int lower_equal_bits(Lower *w, IndexInfo *index, const Type *t, const Value *const *v, size_t n) {
  const Layout *l = gpu_layout(w->cx, t);
  int equal = 0;
  for (int k = 0; k < layout_in_bits(l, AXIS_REGISTER); k++) {
    bool same = true;
    for (int d = 0; d < t->rank && same; d++) {
      Axis axis = (Axis)(AXIS_DIM0 + d);
      uint64_t at = layout_basis(l, AXIS_REGISTER, k) >> layout_out_shift(l, axis);
      at &= ((uint64_t)1 << layout_out_bits(l, axis)) - 1;
      for (size_t i = 0; i < n && same; i++) same = !v[i] || (int64_t)at < index_of(index, v[i])->axis[d].constancy;
    }
    if (same) equal |= 1 << k;
  }
  return equal;
}

LLInst *lower_is_first(Lower *w, const Layout *l) {
  uint64_t idle = layout_thread_free(l);
  if (!idle) return NULL;
  LLInst *bits = ll_op2(&w->b, LL_AND, w->tid, ll_const_i32(&w->b, (int32_t)idle));
  return ll_icmp(&w->b, LLP_EQ, bits, ll_const_i32(&w->b, 0));
}

LLInst *lower_is_thread0(Lower *w) { return ll_icmp(&w->b, LLP_EQ, w->tid, ll_const_i32(&w->b, 0)); }
