/* reduce.c: tt.reduce.
 *
 * Along the axis an element's number has bits that are registers, lanes or warps. First each thread combines its
 * registers, in a tree; then lanes exchange by butterfly shuffles, so that all of them know the result; then, if warps
 * share the axis, each leaves its part in shared memory and everyone reads and combines all parts. Functions are taken
 * to be associative and commutative, as the language says.
 */
#include "gpu/lower/lower.h"

#include <assert.h>
#include <string.h>

enum { MAX_OPERANDS = 8 };

LLInst *lower_shuffle(Lower *w, LLOp kind, LLInst *x, LLInst *lane) {
  const LLType *t = x->type;
  LLInst *all = ll_const_i32(&w->b, -1), *clamp = ll_const_i32(&w->b, kind == LL_SHFL_UP ? 0 : 31);
  if (t->bits > 32) {
    LLInst *wide = ll_is_ptr(t) ? ll_op1(&w->b, LL_PTRTOINT, &ll_i64, x) : ll_bitcast(&w->b, &ll_i64, x);
    LLInst *lo = ll_op1(&w->b, LL_TRUNC, &ll_i32, wide);
    LLInst *hi = ll_op1(&w->b, LL_TRUNC, &ll_i32, ll_op2(&w->b, LL_LSHR, wide, ll_const_i64(&w->b, 32)));
    lo = ll_op1(&w->b, LL_ZEXT, &ll_i64, ll_call(&w->b, kind, NULL, all, lo, lane, clamp, NULL));
    hi = ll_op1(&w->b, LL_ZEXT, &ll_i64, ll_call(&w->b, kind, NULL, all, hi, lane, clamp, NULL));
    wide = ll_op2(&w->b, LL_OR, lo, ll_op2(&w->b, LL_SHL, hi, ll_const_i64(&w->b, 32)));
    return ll_is_ptr(t) ? ll_op1(&w->b, LL_INTTOPTR, t, wide) : ll_bitcast(&w->b, t, wide);
  }
  LLInst *bits = ll_is_int(t) ? x : ll_bitcast(&w->b, ll_int(t->bits), x);
  bits = ll_call(&w->b, kind, NULL, all, ll_int_cast(&w->b, &ll_i32, bits, false), lane, clamp, NULL);
  bits = ll_int_cast(&w->b, ll_int(t->bits), bits, false);
  return ll_is_int(t) ? bits : ll_bitcast(&w->b, t, bits);
}

typedef struct Reduction {
  const Op *op;
  int n; /* operands */
  const Layout *layout;
  int axis;
  Val *src[MAX_OPERANDS];
} Reduction;

static uint64_t axis_mask(const Layout *l, int axis) {
  Axis a = (Axis)(AXIS_DIM0 + axis);
  return (((uint64_t)1 << layout_out_bits(l, a)) - 1) << layout_out_shift(l, a);
}

typedef struct Group {
  uint64_t place; /* without the axis */
  LLInst *at[MAX_OPERANDS];
} Group;
typedef Vec(Group) Groups;

/* Registers with one place apart from the axis: pairs until one is left. */
static void reduce_registers(Lower *w, const Reduction *r, Groups *out) {
  int count = r->src[0]->n;
  uint64_t axis = axis_mask(r->layout, r->axis);
  bool *done = NEWN(w->cx, bool, count);
  for (int i = 0; i < count; i++) {
    if (done[i]) continue;
    Vec(Group) parts = {0};
    uint64_t place = lower_register_image(r->layout, i) & ~axis;
    for (int j = i; j < count; j++) {
      if (done[j] || (lower_register_image(r->layout, j) & ~axis) != place) continue;
      done[j] = true;
      Group g = {.place = place};
      for (int k = 0; k < r->n; k++) g.at[k] = r->src[k]->at[j];
      vec_push(w->cx, &parts, g);
    }
    while (parts.len > 1) {
      uint32_t half = (parts.len + 1) / 2;
      for (uint32_t j = 0; j + half < parts.len; j++)
        lower_combine(w, r->op, parts.at[j].at, parts.at[j + half].at, parts.at[j].at, r->n);
      parts.len = half;
    }
    vec_push(w->cx, out, parts.at[0]);
  }
}

static void reduce_lanes(Lower *w, const Reduction *r, Groups *groups) {
  uint64_t axis = axis_mask(r->layout, r->axis);
  for (int k = LANE_BITS - 1; k >= 0; k--) {
    if (!(layout_basis(r->layout, AXIS_LANE, k) & axis)) continue;
    for (uint32_t g = 0; g < groups->len; g++) {
      LLInst *other[MAX_OPERANDS];
      for (int i = 0; i < r->n; i++)
        other[i] = lower_shuffle(w, LL_SHFL_BFLY, groups->at[g].at[i], ll_const_i32(&w->b, 1 << k));
      lower_combine(w, r->op, groups->at[g].at, other, groups->at[g].at, r->n);
    }
  }
}

/* The layout of the parts in shared memory: part number lowest, then the bits of the place that matter (compressed). */
typedef struct PartPlaces {
  Places places;      /* of a thread that writes: in elements */
  uint64_t warp_mask; /* thread bits that number the parts */
  int part_bits, bits;
  uint64_t axis;
} PartPlaces;

static uint64_t squeezed(uint64_t x, uint64_t without, int bits) {
  uint64_t out = 0;
  for (int b = 0, at = 0; b < bits; b++)
    if (!(without >> b & 1)) out |= (x >> b & 1) << at++;
  return out;
}

static PartPlaces part_places(const Layout *l, int axis) {
  PartPlaces p = {.axis = axis_mask(l, axis)};
  p.places = places_of(l, 0, l->out_bits);
  int parts = 0;
  for (int k = 0; k < p.places.nthread; k++)
    if (k >= LANE_BITS && p.places.columns[k] & p.axis) p.warp_mask |= (uint64_t)1 << k, parts++;
  p.part_bits = parts;
  p.bits = l->out_bits - layout_out_bits(l, (Axis)(AXIS_DIM0 + axis)) + parts;
  p.places.used = 0;
  for (int k = 0, part = 0; k < p.places.nthread; k++) {
    uint64_t column = squeezed(p.places.columns[k], p.axis, l->out_bits) << parts;
    if (p.warp_mask >> k & 1) column |= (uint64_t)1 << part++;
    p.places.columns[k] = column;
    p.places.used |= column;
  }
  return p;
}

int64_t reduce_scratch(Ctx *cx, const Op *op) {
  const Layout *l = gpu_layout(cx, ir_operand(op, 0)->type);
  PartPlaces p = part_places(l, (int)ir_attr_int_or(op, "axis", 0));
  int64_t bytes = 0;
  if (!p.part_bits) return 0;
  for (int i = 0; i < op->noperands; i++) bytes += (max64(4, ir_elem_bytes(ir_operand(op, i)->type->elem)) << p.bits);
  return bytes;
}

static LLInst *as_word(Lower *w, Type *t, LLInst *x) { return lower_to_stored(w, t, x); }

static void reduce_warps(Lower *w, const Reduction *r, Groups *groups) {
  PartPlaces p = part_places(r->layout, r->axis);
  if (!p.part_bits) return;
  /* Of the lanes that share the axis one writes, and of threads that hold the same one. */
  uint64_t idle = layout_thread_free(r->layout);
  for (int k = 0; k < LANE_BITS; k++)
    if (layout_basis(r->layout, AXIS_LANE, k) & p.axis) idle |= (uint64_t)1 << k;
  LLInst *writes = NULL;
  if (idle)
    writes = ll_icmp(&w->b, LLP_EQ, ll_op2(&w->b, LL_AND, w->tid, ll_const_i32(&w->b, (int32_t)idle)),
                     ll_const_i32(&w->b, 0));
  LLInst *thread = lower_thread_part(w, p.places.columns, p.places.nthread), *base[MAX_OPERANDS];
  Places read = p.places;
  read.used = 0;
  for (int k = 0; k < read.nthread; k++) {
    if (p.warp_mask >> k & 1) read.columns[k] = 0;
    read.columns[k] &= ~(((uint64_t)1 << p.part_bits) - 1);
    read.used |= read.columns[k];
  }
  LLInst *reader = lower_thread_part(w, read.columns, read.nthread);
  int64_t at = 0;
  for (int i = 0; i < r->n; i++) {
    Type *t = ir_elem(ir_operand(r->op, i)->type);
    base[i] = ll_ptradd(&w->b, lower_scratch(w, r->op), NULL, at);
    at += max64(4, ir_elem_bytes(t)) << p.bits;
    for (uint32_t g = 0; g < groups->len; g++) {
      uint64_t place = squeezed(groups->at[g].place, p.axis, r->layout->out_bits) << p.part_bits;
      LLInst *x = as_word(w, t, groups->at[g].at[i]);
      LLInst *to = lower_address(w, base[i], &p.places, thread, place, ll_type_bytes(x->type));
      if (writes)
        ll_store_if(&w->b, to, x, writes, (LLMods){0});
      else
        ll_store(&w->b, to, x, (LLMods){0});
    }
  }
  lower_barrier(w);
  for (uint32_t g = 0; g < groups->len; g++) {
    uint64_t place = squeezed(groups->at[g].place, p.axis, r->layout->out_bits) << p.part_bits;
    int parts = 1 << p.part_bits;
    LLInst *all[32][MAX_OPERANDS];
    for (int i = 0; i < r->n; i++) {
      Type *t = ir_elem(ir_operand(r->op, i)->type);
      const LLType *elem = lower_stored(w, t);
      int bytes = ll_type_bytes(elem), n = (int)min64(parts, 16 / bytes);
      for (int part = 0; part < parts; part += n) {
        LLInst *from = lower_address(w, base[i], &read, reader, place + (uint64_t)part, bytes);
        LLInst *x = ll_load(&w->b, n == 1 ? elem : ll_vector(w->lm, elem, n), from, (LLMods){0});
        for (int k = 0; k < n; k++) all[part + k][i] = lower_from_stored(w, t, n == 1 ? x : ll_extract(&w->b, x, k));
      }
    }
    for (int half = parts / 2; half; half /= 2)
      for (int part = 0; part < half; part++) lower_combine(w, r->op, all[part], all[part + half], all[part], r->n);
    memcpy(groups->at[g].at, all[0], sizeof all[0]);
  }
}

static _Noreturn void fail_layouts(Lower *w, const Op *op) {
  lower_fail(w, op, "the layouts of operand and result do not go together");
}

/* Where a result's elements lie: as the operand's, which have one dimension more. */
static const Layout *slice_of_operand(Lower *w, const Op *op, const Value *result) {
  Attr *slice = gpu_slice(w->cx, (int)ir_attr_int_or(op, "axis", 0), ir_operand(op, 0)->type->encoding);
  return gpu_layout(w->cx, gpu_with(w->cx, result->type, slice));
}

void lower_reduce(Lower *w, const Op *op) {
  Reduction r = {.op = op, .n = op->noperands, .axis = (int)ir_attr_int_or(op, "axis", 0)};
  if (r.n > MAX_OPERANDS) lower_fail(w, op, "more than eight tensors are reduced at once");
  r.layout = gpu_layout(w->cx, ir_operand(op, 0)->type);
  for (int i = 0; i < r.n; i++) r.src[i] = lower_val(w, ir_operand(op, i));
  Groups groups = {0};
  reduce_registers(w, &r, &groups);
  reduce_lanes(w, &r, &groups);
  reduce_warps(w, &r, &groups);
  for (int i = 0; i < r.n; i++) {
    const Value *result = &op->results[i];
    Val *out = lower_new(w, result, lower_count(w, result));
    const Layout *l = ir_is_tensor(result->type) ? gpu_layout(w->cx, result->type) : NULL;
    if (l && !layout_equal(l, slice_of_operand(w, op, result))) fail_layouts(w, op);
    for (int k = 0; k < out->n; k++) {
      uint64_t place = l ? lower_register_image(l, k) : 0;
      for (uint32_t g = 0; g < groups.len && !out->at[k]; g++)
        if (squeezed(groups.at[g].place, axis_mask(r.layout, r.axis), r.layout->out_bits) == place)
          out->at[k] = groups.at[g].at[i];
      if (!out->at[k]) fail_layouts(w, op);
    }
  }
}
