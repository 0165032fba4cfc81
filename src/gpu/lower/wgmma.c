/* wgmma.c: ttng.warp_group_dot and the wait for it.
 *
 * A group of four warps multiplies 64 rows of A by N columns of B, K steps of 32 bytes each. B, and A unless it is in
 * registers, are read from shared memory through descriptors (PTX ISA, "Matrix descriptor format"): the tile's address,
 * the swizzle, and two strides. The tile's address follows from the buffer's layout, which is linear; tiles start at
 * rows where the swizzle's phase is zero.
 *
 *   K-major (K contiguous)    stride: from 8 rows to the next 8; the other is not used
 *   MN-major                  stride: from 8 elements of K to the next 8; leading: from one line of columns to the next
 *
 * The accumulator of one instruction is one structure, registers in the order of the layout (layout_wgmma); a tensor
 * may hold several. Of halves, two neighbours share a register, and stay paired for as long as a loop carries them.
 *
 * Of a running sum of 8-bit products the tensor core keeps 14 bits. maxNumImpreciseAcc says how many products may be
 * summed so: after as many, the partial sum is waited for and added to the rest in full precision.
 */
#include "gpu/lower/lower.h"

#include <assert.h>

enum { WGMMA_ROWS = 64 }; /* of one instruction; a tensor of fewer is no accumulator, though it may share the layout */

int lower_wgmma_registers(const Type *t) {
  if (!ir_is_tensor(t) || !gpu_is_mma(t->encoding, 3) || t->rank != 2 || t->shape[0] < WGMMA_ROWS) return 0;
  int64_t instr[LAYOUT_MAX_DIMS];
  gpu_param_ints(t->encoding, "instrShape", instr);
  return (int)(min64(instr[1], t->shape[1]) / 2);
}

const LLType *lower_accumulator_type(Lower *w, const LLType *elem, int group) {
  bool pairs = elem == &ll_half;
  return ll_struct(w->lm, pairs ? &ll_half2 : elem, pairs ? group / 2 : group);
}

LLInst *lower_accumulator(Lower *w, LLInst *const *x, int group) {
  LLInst *pairs[64]; /* of 256 columns */
  if (x[0]->type != &ll_half) return ll_build_struct(&w->b, x, group);
  for (int k = 0; k < group; k += 2) pairs[k / 2] = ll_build_vector(&w->b, x + k, 2);
  return ll_build_struct(&w->b, pairs, group / 2);
}

void lower_from_accumulator(Lower *w, LLInst *acc, LLInst **out, int group) {
  bool pairs = acc->type->elem == &ll_half2;
  for (int k = 0; k < group; k++)
    out[k] = pairs ? ll_extract(&w->b, ll_extract(&w->b, acc, k / 2), k & 1) : ll_extract(&w->b, acc, k);
}

typedef struct Operand {
  const Layout *place; /* dimensions -> offset in elements */
  LLInst *desc;        /* of the buffer's beginning */
  int bytes;           /* of an element */
  int k_dim;
  bool k_major;
} Operand;

static const int swizzle_codes[] = {[4] = 0, [5] = 3, [6] = 2, [7] = 1};

/* 14 bits each: address, leading offset, stride, all in units of 16 bytes; the swizzle on top. */
static Operand describe(Lower *w, const Value *v, int index) {
  const Type *t = v->type;
  const Attr *e = t->encoding;
  if (!gpu_is(e, "ttg.nvmma_shared"))
    lower_fail(w, w->op, "the operand's buffer does not have the layout that the instruction reads");
  bool transposed = gpu_param_int(e, "transposed", 0) != 0;
  Operand o = {.bytes = ir_elem_bytes(t->elem), .k_dim = index == 0 ? 1 : 0};
  int fast = transposed ? 0 : 1, swizzle = (int)gpu_param_int(e, "swizzlingByteWidth", 32);
  if (!swizzle)
    lower_fail(w, w->op, "the instruction reads no buffer whose rows of more than 16 bytes are not swizzled");
  o.k_major = fast == o.k_dim;
  o.place = layout_invert(w->cx, gpu_shared_layout(w->cx, t));
  int64_t line = min64(swizzle, t->shape[fast] * o.bytes), stride = 8 * line;
  int64_t leading = o.k_major ? 16 : t->shape[1 - fast] * line;
  uint64_t high =
      (uint64_t)swizzle_codes[log2_of(swizzle)] << 62 | (uint64_t)(stride >> 4) << 32 | (uint64_t)(leading >> 4) << 16;
  LLInst *address = ll_op1(&w->b, LL_PTRTOINT, &ll_i32, lower_scalar(w, v));
  address =
      ll_op2(&w->b, LL_LSHR, ll_op2(&w->b, LL_AND, address, ll_const_i32(&w->b, 0x3FFFF)), ll_const_i32(&w->b, 4));
  o.desc = ll_op2(&w->b, LL_OR, ll_op1(&w->b, LL_ZEXT, &ll_i64, address), ll_const_i64(&w->b, (int64_t)high));
  return o;
}

static uint64_t offset_of(const Operand *o, int64_t i, int64_t j) {
  uint64_t word = (uint64_t)i << layout_in_shift(o->place, AXIS_DIM0) | (uint64_t)j
                                                                            << layout_in_shift(o->place, AXIS_DIM1);
  return layout_map(o->place, word) * (uint64_t)o->bytes;
}

/* The descriptor of the tile at position `at` of the operand's own dimension and `k`. `warps`: what the warp groups'
 * numbers (thread bits from 7 on) add, in units of 16 bytes; NULL: nothing. */
static LLInst *tile(Lower *w, const Operand *o, int64_t at, int64_t k, LLInst *warps) {
  uint64_t offset = o->k_dim == 1 ? offset_of(o, at, k) : offset_of(o, k, at);
  LLInst *d = o->desc;
  if (warps) d = ll_op2(&w->b, LL_ADD, d, warps);
  return offset ? ll_op2(&w->b, LL_ADD, d, ll_const_i64(&w->b, (int64_t)(offset >> 4))) : d;
}

/* What the numbers of the warp groups add to the address, from the accumulator's layout along `dim`. */
static LLInst *warp_part(Lower *w, const Layout *acc, const Operand *o, int dim) {
  uint64_t columns[16] = {0};
  int n = LANE_BITS + layout_in_bits(acc, AXIS_WARP);
  bool any = false;
  for (int k = 2; k < layout_in_bits(acc, AXIS_WARP); k++) {
    uint64_t image = layout_basis(acc, AXIS_WARP, k);
    Axis a = (Axis)(AXIS_DIM0 + dim);
    int64_t at = (int64_t)(image >> layout_out_shift(acc, a) & (((uint64_t)1 << layout_out_bits(acc, a)) - 1));
    columns[LANE_BITS + k] = (o->k_dim == 1 ? offset_of(o, at, 0) : offset_of(o, 0, at)) >> 4;
    any |= columns[LANE_BITS + k] != 0;
  }
  return any ? ll_op1(&w->b, LL_ZEXT, &ll_i64, lower_thread_part(w, columns, n)) : NULL;
}

/* Four registers of A: rows g and g + 8, then the same for the second half of the step. */
static LLInst *register_tile(Lower *w, const Value *v, int64_t m, int64_t k) {
  const Layout *l = gpu_layout(w->cx, v->type);
  Registers *x = lower_value(w, v);
  int step = 32 / ir_elem(v->type)->bits, n = 0;
  LLInst *regs[4], *parts[4];
  for (int half = 0; half < 2; half++)
    for (int row = 0; row < 16; row += 8) {
      for (int e = 0; e < step; e++) {
        uint64_t word = (uint64_t)(m + row) << layout_out_shift(l, AXIS_DIM0) | (uint64_t)(k + half * 4 * step + e)
                                                                                    << layout_out_shift(l, AXIS_DIM1);
        parts[e] = NULL;
        for (int r = 0; r < x->n && !parts[e]; r++)
          if (lower_register_image(l, r) == word) parts[e] = x->at[r];
        if (!parts[e]) lower_fail(w, w->op, "the layout of the left operand is not that of its result");
      }
      regs[n++] = ll_bitcast(&w->b, &ll_i32, step == 1 ? parts[0] : ll_build_vector(&w->b, parts, step));
    }
  return ll_build_struct(&w->b, regs, 4);
}

static LLMma variant_of(Lower *w, const Op *op) {
  Type *a = ir_elem(ir_operand(op, 0)->type), *b = ir_elem(ir_operand(op, 1)->type), *d = ir_elem(op->results[0].type);
  if (ir_is_int(a)) return LLM_WG_S32_S8;
  switch (a->fkind) {
  case F16: return d->fkind == F16 ? LLM_WG_F16_F16 : LLM_WG_F32_F16;
  case BF16: return LLM_WG_F32_BF16;
  case F32: return LLM_WG_F32_TF32;
  case F8E4M3FN: return b->fkind == F8E5M2 ? LLM_WG_F32_E4M3_E5M2 : LLM_WG_F32_E4M3;
  case F8E5M2: return b->fkind == F8E4M3FN ? LLM_WG_F32_E5M2_E4M3 : LLM_WG_F32_E5M2;
  default: lower_fail(w, op, "no tensor core multiplies this format");
  }
}

static bool all_zero(const Registers *x, int from, int n) {
  uint64_t bits;
  for (int i = from; i < from + n; i++)
    if (!ll_is_const(x->at[i], &bits) || bits) return false;
  return true;
}

static void wait_for(Lower *w, Registers *x, int group, int64_t pendings) {
  for (int i = 0; i < x->n; i += group) {
    LLInst *acc = lower_accumulator(w, x->at + i, group);
    acc = ll_call_n(&w->b, LL_WGMMA_WAIT_ACC, acc->type, (LLMods){0}, pendings, &acc, 1);
    lower_from_accumulator(w, acc, x->at + i, group);
  }
}

static void add_to(Lower *w, LLInst **sum, LLInst *partial, int group) {
  ll_call(&w->b, LL_WGMMA_COMMIT, NULL, NULL);
  partial = ll_call_n(&w->b, LL_WGMMA_WAIT_ACC, partial->type, (LLMods){0}, 0, &partial, 1);
  for (int k = 0; k < group; k++)
    sum[k] = ll_op2f(&w->b, LL_FADD, sum[k], ll_extract(&w->b, partial, k), lower_contract(w));
  ll_call(&w->b, LL_WGMMA_FENCE, NULL, NULL); /* the next partial sum may take the same registers */
}

void lower_warp_group_dot(Lower *w, const Op *op) {
  const Value *a = ir_operand(op, 0), *b = ir_operand(op, 1), *r = &op->results[0];
  const Layout *l = gpu_layout(w->cx, r->type);
  Registers *in = lower_value(w, ir_operand(op, 2)), *out = lower_new(w, r, in->n);
  int group = lower_wgmma_registers(r->type);
  LLMma variant = variant_of(w, op);
  bool in_registers = ir_is_tensor(a->type);
  Operand x = {0}, y = describe(w, b, 1);
  if (!in_registers) x = describe(w, a, 0);
  LLInst *x_warps = in_registers ? NULL : warp_part(w, l, &x, 0), *y_warps = warp_part(w, l, &y, 1);
  unsigned flags = (y.k_major ? 0u : (unsigned)LLF_TRANS) | (in_registers || x.k_major ? 0u : (unsigned)LLF_TRANS_A);
  int64_t k_size = b->type->shape[0], partial = gpu_wgmma_partial_sums(op);
  LLInst *use = op->noperands > 3 ? lower_scalar(w, ir_operand(op, 3)) : ll_true(&w->b);
  int steps = (int)(k_size / ll_mma[variant].k), at = 0;
  LLInst **left = NEWN(w->cx, LLInst *, out->n / group * steps);
  /* Registers that a wgmma reads are written before the fence, or the assembler inserts fences of its own. */
  for (int i = 0; i < out->n; i += group)
    for (int k = 0; k < steps; k++) {
      int64_t m = lower_place_along(l, i, 0), depth = (int64_t)k * ll_mma[variant].k;
      left[at++] = in_registers ? register_tile(w, a, m, depth) : tile(w, &x, m, depth, x_warps);
    }
  at = 0;
  ll_call(&w->b, LL_WGMMA_FENCE, NULL, NULL);
  for (int i = 0; i < out->n; i += group) {
    int64_t n = lower_place_along(l, i, 1);
    bool zero = all_zero(in, i, group);
    LLInst *acc = lower_accumulator(w, in->at + i, group);
    if (zero || partial) acc = ll_undef(&w->b, acc->type);
    for (int k = 0; k < group && partial; k++)
      out->at[i + k] = ll_select(&w->b, use, in->at[i + k], ll_const_float(&w->b, in->at[i + k]->type, 0));
    int64_t summed = 0;
    for (int64_t k = 0; k < k_size; k += ll_mma[variant].k) {
      LLInst *accumulate = summed ? ll_true(&w->b) : zero || partial ? ll_false(&w->b) : use;
      acc = ll_wgmma(&w->b, variant, group * 2, flags, acc, left[at++], tile(w, &y, n, k, y_warps), accumulate);
      summed += ll_mma[variant].k;
      if (!partial || (summed < partial && k + ll_mma[variant].k < k_size)) continue;
      add_to(w, out->at + i, acc, group);
      acc = ll_undef(&w->b, acc->type);
      summed = 0;
    }
    if (!partial) lower_from_accumulator(w, acc, out->at + i, group);
  }
  if (partial) return;
  ll_call(&w->b, LL_WGMMA_COMMIT, NULL, NULL);
  const Attr *async = ir_attr(op, "isAsync");
  if (!async || !async->integer) wait_for(w, out, group, 0);
}

void lower_warp_group_dot_wait(Lower *w, const Op *op) {
  int64_t pendings = ir_attr_int_or(op, "pendings", 0);
  bool waited = false;
  if (map_has(&w->waited, ir_operand(op, 0))) { /* on the way out of the loop */
    for (int i = 0; i < op->noperands; i++)
      map_put(w->cx, &w->values, &op->results[i], lower_value(w, ir_operand(op, i)));
    return;
  }
  for (int i = 0; i < op->noperands; i++) {
    const Value *v = ir_operand(op, i);
    Registers *in = lower_value(w, v), *out = lower_new(w, &op->results[i], in->n);
    for (int k = 0; k < in->n; k++) out->at[k] = in->at[k];
    int group = lower_wgmma_registers(v->type);
    if (!group) continue;
    wait_for(w, out, group, pendings);
    waited = true;
  }
  if (!waited) ll_call(&w->b, LL_WGMMA_WAIT, NULL, ll_const_i64(&w->b, pendings), NULL);
}
