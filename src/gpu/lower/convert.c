/* convert.c: ttg.convert_layout: by renaming registers, by shuffles within a warp, or through shared memory, as
 * exchange.c plans it, by matrices (matrix.c) where those are wider: whichever is cheapest. */
#include "gpu/lower/lower.h"

#include <assert.h>
#include <string.h>

static void rename_registers(const Layout *x, const Registers *in, Registers *out) {
  for (int i = 0; i < out->n; i++) {
    uint64_t from = layout_map(x, (uint64_t)i << layout_in_shift(x, AXIS_REGISTER));
    out->at[i] = in->at[from >> layout_out_shift(x, AXIS_REGISTER)];
  }
}

typedef struct Shuffle {
  Lower *w;
  const Layout *x; /* (register, lane) of the result to those of the source */
  const Registers *in;
  LLInst *lane; /* of the source, for the current register */
} Shuffle;

static int source_register(const Layout *x, uint64_t image) {
  return (int)(image >> layout_out_shift(x, AXIS_REGISTER) & (((uint64_t)1 << layout_out_bits(x, AXIS_REGISTER)) - 1));
}

/* The source's register `reg`, changed by those of this lane's bits below `bits` that change it. */
static LLInst *fetch(const Shuffle *s, int reg, int bits) {
  Lower *w = s->w;
  while (bits > 0 && !source_register(s->x, layout_basis(s->x, AXIS_LANE, bits - 1))) bits--;
  if (!bits) return s->lane ? lower_shuffle(w, LL_SHFL_IDX, s->in->at[reg], s->lane) : s->in->at[reg];
  LLInst *zero = fetch(s, reg, bits - 1);
  LLInst *one = fetch(s, reg ^ source_register(s->x, layout_basis(s->x, AXIS_LANE, bits - 1)), bits - 1);
  LLInst *bit = ll_op2(&w->b, LL_AND, w->tid, ll_const_i32(&w->b, 1 << (bits - 1)));
  return ll_select(&w->b, ll_icmp(&w->b, LLP_EQ, bit, ll_const_i32(&w->b, 0)), zero, one);
}

static void shuffle_and_select(Lower *w, const Layout *x, const Registers *in, Registers *out) {
  int lanes = layout_in_bits(x, AXIS_LANE), at = layout_out_shift(x, AXIS_LANE);
  uint64_t columns[LANE_BITS] = {0}, all = ((uint64_t)1 << layout_out_bits(x, AXIS_LANE)) - 1;
  bool moves = false;
  for (int k = 0; k < lanes; k++) {
    columns[k] = layout_basis(x, AXIS_LANE, k) >> at & all;
    moves |= columns[k] != (uint64_t)1 << k;
  }
  LLInst *thread = lower_thread_part(w, columns, lanes);
  for (int i = 0; i < out->n; i++) {
    uint64_t image = layout_map(x, (uint64_t)i << layout_in_shift(x, AXIS_REGISTER));
    int other = (int)(image >> at & all);
    LLInst *lane = other ? ll_op2(&w->b, LL_XOR, thread, ll_const_i32(&w->b, other)) : moves ? thread : NULL;
    out->at[i] = fetch(&(Shuffle){w, x, in, lane}, source_register(x, image), lanes);
  }
}

/* x[r] becomes x[r ^ image(columns, lane)]. */
static void choose(Lower *w, LLInst **x, int n, const uint32_t *columns) {
  LLInst **old = NEWN(w->cx, LLInst *, n);
  for (int k = 0; k < LANE_BITS; k++) {
    if (!columns[k]) continue;
    LLInst *bit = ll_op2(&w->b, LL_AND, w->tid, ll_const_i32(&w->b, 1 << k));
    bit = ll_icmp(&w->b, LLP_NE, bit, ll_const_i32(&w->b, 0));
    memcpy(old, x, (size_t)n * sizeof *x);
    for (int r = 0; r < n; r++) x[r] = ll_select(&w->b, bit, old[r ^ (int)columns[k]], old[r]);
  }
}

static void shuffle(Lower *w, const Shuffles *s, const Registers *in, Registers *out) {
  if (!s->in_rounds) {
    shuffle_and_select(w, s->x, in, out);
    return;
  }
  LLInst **given = NEWN(w->cx, LLInst *, in->n);
  memcpy(given, in->at, (size_t)in->n * sizeof *given);
  choose(w, given, in->n, s->given);
  uint64_t columns[LANE_BITS];
  for (int k = 0; k < LANE_BITS; k++) columns[k] = s->asked[k];
  LLInst *thread = s->asks_itself ? NULL : lower_thread_part(w, columns, LANE_BITS);
  for (int r = 0; r < out->n; r++) {
    uint32_t lane, reg;
    bool leaves = gpu_shuffles_round(s, r, &lane, &reg);
    LLInst *at = ll_const_i32(&w->b, lane);
    if (leaves && thread) at = ll_op2(&w->b, LL_XOR, thread, at);
    out->at[r] = leaves ? lower_shuffle(w, thread ? LL_SHFL_IDX : LL_SHFL_BFLY, given[reg], at) : given[reg];
  }
  choose(w, out->at, out->n, s->turn);
}

/* Is register `i` in part `part` of the parts gone through one after another? */
static bool in_part(const uint64_t *masks, int n, int part, int i) {
  for (int k = 0; k < n; k++)
    if ((((uint64_t)i & masks[k]) != 0) != (part >> k & 1)) return false;
  return true;
}

/* The registers that are accessed together with register i: it and those of the lowest offsets above it. */
static int register_at(const Layout *l, int i, uint64_t offset) {
  uint64_t wanted = lower_register_image(l, i) ^ offset;
  for (int bit = 0; bit < layout_in_bits(l, AXIS_REGISTER); bit++)
    if (layout_basis(l, AXIS_REGISTER, bit) == offset) return i ^ 1 << bit;
  for (int j = 0; j < gpu_registers(l); j++)
    if (lower_register_image(l, j) == wanted) return j;
  return -1;
}

typedef struct Side {
  const Layout *layout; /* to offsets */
  const uint64_t *reps;
  int vec;
} Side;

/* By matrices, where they move more in an instruction than the widest accesses that there are. */
static bool stored_as_matrices(Lower *w, const Op *op, const Exchange *e, const Registers *in) {
  Type *t = op->results[0].type;
  bool narrow = ll_type_bytes(lower_stored(w, t)) << e->vec_from <= 4;
  return narrow && !e->nrep && lower_store_matrices(w, in, t, e->from, lower_scratch(w, op));
}

static bool loaded_as_matrices(Lower *w, const Op *op, const Exchange *e) {
  const Value *r = &op->results[0];
  bool narrow = ll_type_bytes(lower_stored(w, r->type)) << e->vec_to <= 4;
  return narrow && !e->nrep && lower_load_matrices(w, r, e->to, lower_scratch(w, op));
}

static void transfer(Lower *w, const Op *op, const Exchange *e, Side side, Registers *val, bool storing, int part,
                     LLInst *first) {
  Type *t = op->results[0].type;
  const LLType *elem = lower_stored(w, t);
  int bytes = ll_type_bytes(elem), n = 1 << side.vec;
  Places p = gpu_places_of(side.layout, 0, side.layout->out_bits);
  LLInst *thread = lower_thread_part(w, p.columns, p.nthread), *base = lower_scratch(w, op);
  const LLType *type = n == 1 ? elem : ll_vector(w->lm, elem, n);
  for (int i = 0; i < val->n; i++) {
    uint64_t offset = lower_register_image(side.layout, i);
    if (!in_part(side.reps, e->nrep, part, i) || offset & (uint64_t)(n - 1)) continue;
    LLInst *at = lower_address(w, base, &p, thread, offset, bytes), *parts[16];
    int regs[16];
    for (int k = 0; k < n; k++) {
      regs[k] = i;
      for (int b = 0; b < side.vec; b++)
        if (k >> b & 1) regs[k] = register_at(side.layout, regs[k], (uint64_t)1 << b);
      if (storing) parts[k] = lower_to_stored(w, t, val->at[regs[k]]);
    }
    if (storing && first)
      ll_store_if(&w->b, at, lower_pack(w, elem, parts, n), first, (LLMods){0});
    else if (storing)
      ll_store(&w->b, at, lower_pack(w, elem, parts, n), (LLMods){0});
    else {
      LLInst *x = ll_load(&w->b, type, at, (LLMods){0});
      for (int k = 0; k < n; k++) val->at[regs[k]] = lower_from_stored(w, t, n == 1 ? x : ll_extract(&w->b, x, k));
    }
  }
}

static void wait_for_all(Lower *w, bool within_warp) {
  if (within_warp)
    ll_call(&w->b, LL_BARRIER_WARP, NULL, ll_const_i32(&w->b, -1), NULL);
  else
    lower_barrier(w);
}

void lower_convert(Lower *w, const Op *op) {
  const Value *v = ir_operand(op, 0), *r = &op->results[0];
  const Layout *from = gpu_held_layout(w->cx, v), *to = gpu_layout(w->cx, r->type);
  Registers *in = lower_value(w, v), *out = lower_new(w, r, gpu_registers(to));
  const Layout *moves = gpu_exchange_in_registers(w->cx, from, to);
  if (moves) {
    rename_registers(moves, in, out);
    return;
  }
  const Shuffles *lanes = gpu_exchange_by_shuffles(w->cx, from, to, ll_type_bytes(lower_stored(w, r->type)));
  if (lanes) {
    shuffle(w, lanes, in, out);
    return;
  }
  Exchange e = gpu_exchange_plan(w->cx, from, to, ll_type_bytes(lower_stored(w, r->type)), GPU_SCRATCH_LIMIT);
  LLInst *first = lower_is_first(w, from);
  for (int part = 0; part < 1 << e.nrep; part++) {
    if (part) wait_for_all(w, e.within_warp);
    if (!stored_as_matrices(w, op, &e, in))
      transfer(w, op, &e, (Side){e.from, e.rep_from, e.vec_from}, in, true, part, first);
    wait_for_all(w, e.within_warp);
    if (!loaded_as_matrices(w, op, &e)) transfer(w, op, &e, (Side){e.to, e.rep_to, e.vec_to}, out, false, part, NULL);
  }
}
