/* scan.c: tt.scan, inclusive, in either direction.
 *
 * Problem. An element's number along the axis is a word of bits, each a bit of the register, lane or warp number, in any
 * order. What precedes an element has to reach it with few combinations, shuffles and registers.
 *
 * Idea. The lowest bits that are registers make blocks: each is scanned within its thread, and from then on stands for
 * its total. The other bits are taken in runs, from the lowest up: a run is some bits of one kind whose positions ascend.
 * Before a run every block belongs to a group of elements with a known total; after it, 2^n groups have become one.
 *
 *   lanes      the totals are scanned across the run's lanes: for each bit, those in the later half take the sum that the
 *              last lane of the earlier half has (Sklansky's adder, 1960: one shuffle and one combination
 *              a bit). A second shuffle brings what the lane before has: that precedes the group.
 *   warps      the totals go through shared memory, each once, those of several blocks as a vector; every thread goes
 *              through those of all the run's warps in order, and keeps what it has before its own. One barrier.
 *   registers  the groups are gone through in order, what came before is carried along.
 *
 * What precedes a block is kept apart from its elements (`before`) and combined with each in the end. Where blocks are
 * single elements the element itself is kept up to date instead, and the first run of lanes gives it as it is: then a
 * scan holds one value per element, and not three. No identity is needed: a flag says where nothing precedes.
 *
 * Totals are brought to all lanes of a group only where a following run asks for them; a run of warps takes them from the
 * last lane. Cost: for r registers in k blocks, r + k per bit of lanes, r + k 2^n for n bits of warps. "Last", "earlier"
 * and "ascending" are in the direction of the scan: for a reverse one the bits count as inverted.
 */
#include "gpu/lower/lower.h"

#include <string.h>

typedef struct ScanBlock {
  LLInst **total;  /* of its group: in the group's last lane, or in all (Scan.is_spread) */
  LLInst **before; /* what precedes it in its group, if has_before and if_valid */
  bool has_before;
  LLInst *if_valid; /* i1; NULL: always */
} ScanBlock;

typedef struct Scan {
  Lower *w;
  const Op *op;
  const Layout *l;
  int n, count; /* operands; registers */
  int low_mask; /* register bits that are the axis's lowest */
  bool reverse;
  bool is_single;    /* blocks are single elements: `prefix` is kept up to date */
  bool is_spread;    /* totals are in all lanes */
  int lanes_below;   /* lane bits of the runs so far */
  LLInst ***prefix;  /* by operand and register */
  ScanBlock *blocks; /* by register; used are those whose low bits are zero */
  int64_t scratch;   /* bytes used so far */
} Scan;

static LLInst **new_tuple(Scan *s) { return NEWN(s->w->cx, LLInst *, s->n); } /* one per operand */

static void copy_tuple(const Scan *s, LLInst **to, LLInst *const *from) { memcpy(to, from, (size_t)s->n * sizeof *to); }

static void combine(Scan *s, LLInst *const *a, LLInst *const *b, LLInst **out) {
  lower_combine(s->w, s->op, a, b, out, s->n);
}

/* The number of the i-th group of a run, in the order of the scan, as bits of its kind. */
static int group(const Scan *s, const AxisRun *run, int i) {
  int out = 0;
  for (int b = 0; b < run->n; b++)
    if (((i >> b & 1) != 0) != s->reverse) out |= 1 << run->at[b];
  return out;
}

static LLInst *constant(Scan *s, int x) { return ll_const_i32(&s->w->b, x); }
static LLInst *and_i32(Scan *s, LLInst *x, int mask) { return ll_op2(&s->w->b, LL_AND, x, constant(s, mask)); }

/* ---- within a thread --------------------------------------------------------------------------------------------- */

static bool is_block(const Scan *s, int r) { return (r & s->low_mask) == 0; }

/* The element prefixes in the blocks, one element after another: no other order takes as few combinations. */
static void scan_registers(Scan *s, const AxisRun *low) {
  for (int r = 0; r < s->count; r++)
    for (int e = 1; is_block(s, r) && e < 1 << low->n; e++) {
      int last = r | group(s, low, e - 1), at = r | group(s, low, e);
      LLInst **earlier = new_tuple(s), **own = new_tuple(s);
      for (int i = 0; i < s->n; i++) earlier[i] = s->prefix[i][last], own[i] = s->prefix[i][at];
      combine(s, earlier, own, own);
      for (int i = 0; i < s->n; i++) s->prefix[i][at] = own[i];
    }
}

/* `earlier` precedes all that is known to precede block `r`, where `if_later` holds (NULL: everywhere). */
static void precede(Scan *s, int r, LLInst *const *earlier, LLInst *if_later) {
  LLInst **with = new_tuple(s), **own = new_tuple(s);
  LLBuilder *build = &s->w->b;
  ScanBlock *b = &s->blocks[r];
  if (s->is_single) {
    for (int i = 0; i < s->n; i++) own[i] = s->prefix[i][r];
    combine(s, earlier, own, with);
    for (int i = 0; i < s->n; i++) s->prefix[i][r] = if_later ? ll_select(build, if_later, with[i], own[i]) : with[i];
    return;
  }
  if (b->has_before) {
    combine(s, earlier, b->before, with);
    for (int i = 0; i < s->n && b->if_valid; i++) with[i] = ll_select(build, b->if_valid, with[i], earlier[i]);
  } else {
    copy_tuple(s, with, earlier);
  }
  for (int i = 0; i < s->n; i++)
    b->before[i] = b->has_before && if_later ? ll_select(build, if_later, with[i], b->before[i]) : with[i];
  if (!b->has_before)
    b->if_valid = if_later;
  else if (b->if_valid)
    b->if_valid = if_later ? ll_op2(build, LL_OR, b->if_valid, if_later) : NULL;
  b->has_before = true;
}

static void run_registers(Scan *s, const AxisRun *run) {
  for (int r = 0; r < s->count; r++) {
    if (!is_block(s, r) || (r & run->mask)) continue;
    LLInst **carry = new_tuple(s);
    for (int g = 0; g < 1 << run->n; g++) {
      int at = r | group(s, run, g);
      LLInst *const *total = s->blocks[at].total;
      if (g) precede(s, at, carry, NULL), combine(s, carry, total, carry);
      if (!g) copy_tuple(s, carry, total);
    }
    for (int g = 0; g < 1 << run->n; g++) copy_tuple(s, s->blocks[r | group(s, run, g)].total, carry);
  }
}

/* ---- across lanes ------------------------------------------------------------------------------------------------ */

static void shuffle(Scan *s, LLInst *const *x, LLInst *lane, LLInst **out) {
  for (int i = 0; i < s->n; i++) out[i] = lower_shuffle(s->w, LL_SHFL_IDX, x[i], lane);
}

/* The last lane of the earlier half, for those in the later one. */
static LLInst *last_of_earlier(Scan *s, const AxisRun *run, int b) {
  LLBuilder *build = &s->w->b;
  int below = 0;
  for (int i = 0; i < b; i++) below |= 1 << run->at[i];
  LLInst *x = and_i32(s, s->w->tid, 31 & ~(below | 1 << run->at[b]));
  return ll_op2(build, LL_OR, x, constant(s, s->reverse ? 1 << run->at[b] : below));
}

/* The lane that comes right before within the run: what borrows and carries is only the run's bits. */
static LLInst *lane_before(Scan *s, const AxisRun *run) {
  LLBuilder *build = &s->w->b;
  LLInst *rest = and_i32(s, s->w->tid, 31 & ~run->mask), *x;
  if (s->reverse)
    x = ll_op2(build, LL_ADD, ll_op2(build, LL_OR, s->w->tid, constant(s, ~run->mask)), constant(s, 1));
  else
    x = ll_op2(build, LL_SUB, and_i32(s, s->w->tid, run->mask), constant(s, 1));
  return ll_op2(build, LL_OR, rest, and_i32(s, x, run->mask));
}

static LLInst *is_later(Scan *s, int bit) {
  return ll_icmp(&s->w->b, s->reverse ? LLP_EQ : LLP_NE, and_i32(s, s->w->tid, bit), constant(s, 0));
}

static void run_lanes(Scan *s, const AxisRun *run, bool is_first) {
  LLInst *source[LANE_BITS], *if_later[LANE_BITS];
  for (int b = 0; b < run->n; b++) {
    source[b] = last_of_earlier(s, run, b);
    if_later[b] = is_later(s, 1 << run->at[b]);
  }
  LLInst *first = constant(s, s->reverse ? run->mask : 0), *before = lane_before(s, run);
  LLInst *if_not_first = ll_icmp(&s->w->b, LLP_NE, and_i32(s, s->w->tid, run->mask), first);
  bool as_it_is = s->is_single && is_first;
  for (int r = 0; r < s->count; r++) {
    if (!is_block(s, r)) continue;
    ScanBlock *block = &s->blocks[r];
    for (int b = 0; b < run->n; b++) {
      LLInst **earlier = new_tuple(s), **sum = new_tuple(s);
      shuffle(s, block->total, source[b], earlier);
      combine(s, earlier, block->total, sum);
      for (int i = 0; i < s->n; i++) block->total[i] = ll_select(&s->w->b, if_later[b], sum[i], block->total[i]);
    }
    if (as_it_is) {
      for (int i = 0; i < s->n; i++) s->prefix[i][r] = block->total[i];
      continue;
    }
    LLInst **earlier = new_tuple(s);
    shuffle(s, block->total, before, earlier);
    precede(s, r, earlier, if_not_first);
  }
  s->lanes_below |= run->mask;
  s->is_spread = false;
}

/* Totals from the last lanes to all. */
static void spread(Scan *s) {
  if (s->is_spread) return;
  LLInst *last = and_i32(s, s->w->tid, 31 & ~s->lanes_below);
  if (!s->reverse) last = ll_op2(&s->w->b, LL_OR, last, constant(s, s->lanes_below));
  for (int r = 0; r < s->count; r++)
    if (is_block(s, r)) shuffle(s, s->blocks[r].total, last, s->blocks[r].total);
  s->is_spread = true;
}

/* ---- across warps ------------------------------------------------------------------------------------------------ */

/* The lane's bits outside of `below`, pushed together. */
static LLInst *lane_place(Scan *s) {
  LLInst *out = constant(s, 0);
  for (int b = 0, to = 0; b < LANE_BITS; b++) {
    if (s->lanes_below >> b & 1) continue;
    LLInst *bit = ll_op2(&s->w->b, LL_LSHR, and_i32(s, s->w->tid, 1 << b), constant(s, b - to++));
    out = ll_op2(&s->w->b, LL_OR, out, bit);
  }
  return out;
}

typedef struct WarpRun {
  const AxisRun *run;
  int groups, places; /* groups that become one; places of a warp's totals */
  int *block, nblocks;
  int64_t *at;                             /* by operand: where its totals begin */
  LLInst *mine, *others, *own, *if_holder; /* places; the warp's number in the run; NULL: all lanes hold a total */
} WarpRun;

static int elem_bytes(const Scan *s, int i) { return ir_elem_bytes(ir_elem(ir_operand(s->op, i)->type)); }

/* The vector of operand `i` that begins with the total of block `b`. */
static LLInst *vector_at(Scan *s, const WarpRun *x, LLInst *place, int i, int b, int group) {
  int vector = gpu_axis_slot_vector(x->nblocks, elem_bytes(s, i)), bytes = vector * elem_bytes(s, i);
  LLInst *offset = ll_op2(&s->w->b, LL_MUL, place, constant(s, bytes));
  int64_t slot = x->at[i] + b / vector * gpu_axis_slot_bytes(x->places, s->w->num_warps, bytes);
  return ll_ptradd(&s->w->b, lower_scratch(s->w, s->op), offset, slot + (int64_t)group * x->places * bytes);
}

static void leave_totals(Scan *s, const WarpRun *x) {
  LLInst *parts[GPU_AXIS_SLOT_VECTOR];
  for (int i = 0; i < s->n; i++) {
    Type *t = ir_elem(ir_operand(s->op, i)->type);
    int vector = gpu_axis_slot_vector(x->nblocks, elem_bytes(s, i));
    for (int b = 0; b < x->nblocks; b += vector) {
      for (int k = 0; k < vector; k++) parts[k] = lower_to_stored(s->w, t, s->blocks[x->block[b + k]].total[i]);
      LLInst *all = lower_pack(s->w, lower_stored(s->w, t), parts, vector), *to = vector_at(s, x, x->mine, i, b, 0);
      if (x->if_holder) ll_store_if(&s->w->b, to, all, x->if_holder, (LLMods){0});
      if (!x->if_holder) ll_store(&s->w->b, to, all, (LLMods){0});
    }
  }
}

/* The totals of blocks [b, b + n) in group number `group`, as out[block][operand]. */
static void take_totals(Scan *s, const WarpRun *x, int b, int n, int group, LLInst ***out) {
  LLBuilder *build = &s->w->b;
  for (int i = 0; i < s->n; i++) {
    Type *t = ir_elem(ir_operand(s->op, i)->type);
    const LLType *elem = lower_stored(s->w, t);
    int vector = gpu_axis_slot_vector(x->nblocks, elem_bytes(s, i));
    for (int k = 0; k < n; k++) {
      LLInst *all = NULL;
      if (k % vector == 0)
        all = ll_load(build, vector == 1 ? elem : ll_vector(s->w->lm, elem, vector),
                      vector_at(s, x, x->others, i, b + k, group), (LLMods){0});
      for (int j = 0; all && j < vector; j++)
        out[k + j][i] = lower_from_stored(s->w, t, vector == 1 ? all : ll_extract(build, all, j));
    }
  }
}

/* Of blocks [b, b + n), whose totals are taken together: what precedes them in earlier groups, and the total of all. */
static void gather_totals(Scan *s, const WarpRun *x, int b, int n, bool is_last) {
  LLInst **sum[GPU_AXIS_SLOT_VECTOR], **earlier[GPU_AXIS_SLOT_VECTOR], **total[GPU_AXIS_SLOT_VECTOR];
  for (int k = 0; k < n; k++) sum[k] = new_tuple(s), earlier[k] = new_tuple(s), total[k] = new_tuple(s);
  for (int g = 0; g < x->groups - is_last; g++) {
    int number = group(s, x->run, g);
    LLInst *if_after = ll_icmp(&s->w->b, s->reverse ? LLP_ULT : LLP_UGT, x->own, constant(s, number));
    take_totals(s, x, b, n, number, total);
    for (int k = 0; k < n; k++) {
      if (g) combine(s, sum[k], total[k], sum[k]);
      if (!g) copy_tuple(s, sum[k], total[k]);
      for (int i = 0; i < s->n && g < x->groups - 1; i++)
        earlier[k][i] = g ? ll_select(&s->w->b, if_after, sum[k][i], earlier[k][i]) : sum[k][i];
    }
  }
  LLInst *if_not_first = ll_icmp(&s->w->b, LLP_NE, x->own, constant(s, s->reverse ? x->run->mask : 0));
  for (int k = 0; k < n; k++) {
    copy_tuple(s, s->blocks[x->block[b + k]].total, sum[k]);
    precede(s, x->block[b + k], earlier[k], if_not_first);
  }
}

static WarpRun describe_run(Scan *s, const AxisRun *run) {
  LLBuilder *build = &s->w->b;
  int places = gpu_axis_lane_places(s->lanes_below);
  WarpRun x = {.run = run, .groups = 1 << run->n, .places = places};
  LLInst *warp = ll_op2(build, LL_LSHR, s->w->tid, constant(s, LANE_BITS)), *lane = lane_place(s);
  LLInst *rest = and_i32(s, warp, (s->w->num_warps - 1) & ~run->mask);
  x.mine = ll_op2(build, LL_ADD, ll_op2(build, LL_MUL, warp, constant(s, places)), lane);
  x.others = ll_op2(build, LL_ADD, ll_op2(build, LL_MUL, rest, constant(s, places)), lane);
  x.own = and_i32(s, warp, run->mask);
  if (s->lanes_below) {
    LLInst *last = constant(s, s->reverse ? 0 : s->lanes_below);
    x.if_holder = ll_icmp(build, LLP_EQ, and_i32(s, s->w->tid, s->lanes_below), last);
  }
  x.block = NEWN(s->w->cx, int, s->count), x.at = NEWN(s->w->cx, int64_t, s->n);
  for (int r = 0; r < s->count; r++)
    if (is_block(s, r)) x.block[x.nblocks++] = r;
  for (int i = 0; i < s->n; i++) {
    x.at[i] = s->scratch;
    s->scratch += gpu_axis_slots_bytes(x.nblocks, places, s->w->num_warps, elem_bytes(s, i));
  }
  return x;
}

static void run_warps(Scan *s, const AxisRun *run, bool is_last) {
  WarpRun x = describe_run(s, run);
  int together = 1;
  for (int i = 0; i < s->n; i++) together = (int)max64(together, gpu_axis_slot_vector(x.nblocks, elem_bytes(s, i)));
  leave_totals(s, &x);
  lower_barrier(s->w);
  for (int b = 0; b < x.nblocks; b += together) gather_totals(s, &x, b, together, is_last);
  s->is_spread = true;
}

/* ---- all together ------------------------------------------------------------------------------------------------ */

/* What precedes a block is put before each of its elements. */
static void finish(Scan *s) {
  for (int r = 0; r < s->count; r++) {
    ScanBlock *block = &s->blocks[r & ~s->low_mask];
    if (!block->has_before) continue;
    LLInst **own = new_tuple(s), **with = new_tuple(s);
    for (int i = 0; i < s->n; i++) own[i] = s->prefix[i][r];
    combine(s, block->before, own, with);
    for (int i = 0; i < s->n; i++)
      s->prefix[i][r] = block->if_valid ? ll_select(&s->w->b, block->if_valid, with[i], own[i]) : with[i];
  }
}

/* The results begin as the operands. */
static Scan begin_scan(Lower *w, const Op *op, const AxisRun *low, const Layout *l) {
  Scan s = {.w = w, .op = op, .l = l, .n = op->noperands, .is_spread = true};
  s.reverse = ir_attr_int_or(op, "reverse", 0) != 0;
  s.count = gpu_registers(l);
  s.low_mask = low->mask;
  s.is_single = !low->n;
  s.prefix = NEWN(w->cx, LLInst **, s.n);
  for (int i = 0; i < s.n; i++) {
    Registers *in = lower_value(w, ir_operand(op, i)), *out = lower_new(w, &op->results[i], s.count);
    memcpy(out->at, in->at, (size_t)s.count * sizeof *in->at);
    s.prefix[i] = out->at;
  }
  return s;
}

static void make_blocks(Scan *s) {
  s->blocks = NEWN(s->w->cx, ScanBlock, s->count);
  for (int r = 0; r < s->count; r++) {
    if (!is_block(s, r)) continue;
    s->blocks[r].total = new_tuple(s);
    s->blocks[r].before = new_tuple(s);
    for (int i = 0; i < s->n; i++) s->blocks[r].total[i] = s->prefix[i][s->reverse ? r : r | s->low_mask];
  }
}

void lower_scan(Lower *w, const Op *op) {
  const Layout *l = gpu_layout(w->cx, ir_operand(op, 0)->type);
  Axis dim = gpu_axis_of_op(op);
  int bits = layout_out_bits(l, dim);
  AxisRun low = gpu_axis_low_run(l, dim), run;
  Scan s = begin_scan(w, op, &low, l);
  scan_registers(&s, &low);
  make_blocks(&s);
  bool is_first = true;
  for (int b = low.n; b < bits; b += run.n, is_first = false) {
    run = gpu_axis_next_run(s.l, dim, b);
    bool is_last = b + run.n == bits;
    switch (run.axis) {
    case AXIS_REGISTER: run_registers(&s, &run); break;
    case AXIS_LANE: run_lanes(&s, &run, is_first); break;
    case AXIS_WARP: run_warps(&s, &run, is_last); break;
    default: lower_fail(w, op, "this layout cannot be scanned");
    }
    if (!is_last && gpu_axis_next_run(s.l, dim, b + run.n).axis != AXIS_WARP) spread(&s);
  }
  if (!s.is_single) finish(&s);
}
