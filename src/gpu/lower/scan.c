/* scan.c: tt.scan, inclusive, in either direction.
 *
 * Idea. An element's number along the axis is a word of bits, each a bit of the register, lane or warp number. Going
 * from the lowest bit up, blocks of 2^b elements become blocks of 2^(b+1): the later half is preceded by the total of
 * the earlier one. For each element we keep its prefix P within the lowest blocks, those that lie in one thread's
 * registers; for each such block the total T of the larger block it has become part of, and what precedes it, E. A step
 * is
 *     E of the later half := T of the earlier · E,     T := T of the earlier · T of the later
 * where the other half's T is a register of the same thread, of another lane (a shuffle), or of another warp (through
 * shared memory). In the end an element is E · P. No identity is needed: a flag says whether a block has an E yet.
 *
 * Cost: for r registers in k blocks: r + k per bit. A reverse scan is the same with bits' meaning turned round.
 */
#include "gpu/lower/lower.h"

#include <assert.h>
#include <string.h>

enum { MAX_OPERANDS = 8 };

typedef struct ScanBlock {
  LLInst *total[MAX_OPERANDS], *before[MAX_OPERANDS];
  bool has_before;  /* `before` holds something */
  LLInst *if_valid; /* i1: it does; NULL: always */
} ScanBlock;

typedef struct Scan {
  Lower *w;
  const Op *op;
  const Layout *l;
  int n, count, low; /* operands; registers; how many register bits the lowest blocks have */
  int low_bits[16];  /* register bits that are the axis's lowest */
  bool reverse;
  LLInst **prefix[MAX_OPERANDS];
  ScanBlock *blocks; /* by register; used are those whose low bits are zero */
  int round;         /* of exchanges between warps */
} Scan;

static void combine(Scan *s, LLInst *const *a, LLInst *const *b, LLInst **out) {
  lower_combine(s->w, s->op, a, b, out, s->n);
}

/* Who owns bit `b` of the axis: the axis of the layout, and its bit. */
static Axis owner(const Layout *l, uint64_t bit, int *k) {
  for (int axis = AXIS_REGISTER; axis <= AXIS_WARP; axis++)
    for (*k = 0; *k < layout_in_bits(l, (Axis)axis); ++*k)
      if (layout_basis(l, (Axis)axis, *k) == bit) return (Axis)axis;
  return AXES;
}

/* The element prefixes in the blocks that lie in a thread's registers. */
static void scan_registers(Scan *s) {
  for (int b = 0; b < s->low; b++) {
    int bit = 1 << s->low_bits[b], below = 0, higher = 0;
    for (int i = 0; i < b; i++) below |= 1 << s->low_bits[i];
    (void)higher;
    for (int r = 0; r < s->count; r++) {
      bool later = ((r & bit) != 0) != s->reverse;
      if (!later) continue;
      /* The last element, in order, of the earlier half holds its total. */
      int last = (r ^ bit) & ~below;
      if (!s->reverse) last |= below;
      LLInst *earlier[MAX_OPERANDS], *own[MAX_OPERANDS];
      for (int i = 0; i < s->n; i++) earlier[i] = s->prefix[i][last], own[i] = s->prefix[i][r];
      combine(s, earlier, own, own);
      for (int i = 0; i < s->n; i++) s->prefix[i][r] = own[i];
    }
  }
}

static void precede(Scan *s, ScanBlock *b, LLInst *const *earlier, LLInst *if_later) {
  LLInst *with[MAX_OPERANDS];
  LLBuilder *build = &s->w->b;
  if (b->has_before) {
    combine(s, earlier, b->before, with);
    for (int i = 0; i < s->n && b->if_valid; i++) with[i] = ll_select(build, b->if_valid, with[i], earlier[i]);
  } else {
    memcpy(with, earlier, sizeof with);
  }
  for (int i = 0; i < s->n; i++)
    b->before[i] = b->has_before && if_later ? ll_select(build, if_later, with[i], b->before[i]) : with[i];
  if (!b->has_before)
    b->if_valid = if_later;
  else if (b->if_valid)
    b->if_valid = if_later ? ll_op2(build, LL_OR, b->if_valid, if_later) : NULL;
  b->has_before = true;
}

/* One step where the other half is another thread's: `other` are its totals. */
static void join_thread(Scan *s, ScanBlock *b, LLInst *const *other, LLInst *if_later) {
  LLInst *other_first[MAX_OPERANDS], *own_first[MAX_OPERANDS];
  precede(s, b, other, if_later);
  combine(s, other, b->total, other_first);
  combine(s, b->total, other, own_first);
  for (int i = 0; i < s->n; i++) b->total[i] = ll_select(&s->w->b, if_later, other_first[i], own_first[i]);
}

static LLInst *is_later(Scan *s, int thread_bit) {
  LLInst *bit = ll_op2(&s->w->b, LL_AND, s->w->tid, ll_const_i32(&s->w->b, 1 << thread_bit));
  return ll_icmp(&s->w->b, s->reverse ? LLP_EQ : LLP_NE, bit, ll_const_i32(&s->w->b, 0));
}

static bool is_block(const Scan *s, int r) {
  for (int i = 0; i < s->low; i++)
    if (r >> s->low_bits[i] & 1) return false;
  return true;
}

static void step_lane(Scan *s, int k) {
  LLInst *if_later = is_later(s, k);
  for (int r = 0; r < s->count; r++) {
    if (!is_block(s, r)) continue;
    LLInst *other[MAX_OPERANDS];
    for (int i = 0; i < s->n; i++)
      other[i] = lower_shuffle(s->w, LL_SHFL_BFLY, s->blocks[r].total[i], ll_const_i32(&s->w->b, 1 << k));
    join_thread(s, &s->blocks[r], other, if_later);
  }
}

static int64_t slot_bytes(const Scan *s) { return (int64_t)8 * 32 * s->w->num_warps; }

/* Every thread leaves its totals where the thread of the other warp looks for them; each round has room of its own. */
static void step_warp(Scan *s, int k) {
  Lower *w = s->w;
  LLInst *if_later = is_later(s, LANE_BITS + k), *base = lower_scratch(w, s->op);
  LLInst *partner = ll_op2(&w->b, LL_XOR, w->tid, ll_const_i32(&w->b, 32 << k));
  for (int pass = 0; pass < 2; pass++) {
    int slot = s->round * (s->count >> s->low) * s->n;
    for (int r = 0; r < s->count; r++) {
      if (!is_block(s, r)) continue;
      LLInst *other[MAX_OPERANDS];
      for (int i = 0; i < s->n; i++, slot++) {
        Type *t = ir_elem(ir_operand(s->op, i)->type);
        LLInst *index =
            ll_op2(&w->b, LL_MUL, pass ? partner : w->tid, ll_const_i32(&w->b, ll_type_bytes(lower_stored(w, t))));
        LLInst *at = ll_ptradd(&w->b, base, index, slot * slot_bytes(s));
        if (pass)
          other[i] = lower_from_stored(w, t, ll_load(&w->b, lower_stored(w, t), at, (LLMods){0}));
        else
          ll_store(&w->b, at, lower_to_stored(w, t, s->blocks[r].total[i]), (LLMods){0});
      }
      if (pass) join_thread(s, &s->blocks[r], other, if_later);
    }
    if (!pass) lower_barrier(w);
  }
  s->round++;
}

static void step_register(Scan *s, int k) {
  for (int r = 0; r < s->count; r++) {
    if (!is_block(s, r) || (r >> k & 1)) continue;
    ScanBlock *first = &s->blocks[s->reverse ? r | 1 << k : r], *later = &s->blocks[s->reverse ? r : r | 1 << k];
    LLInst *total[MAX_OPERANDS];
    precede(s, later, first->total, NULL);
    combine(s, first->total, later->total, total);
    memcpy(first->total, total, sizeof total);
    memcpy(later->total, total, sizeof total);
  }
}

/* The axis's lowest bits that are registers. */
static void find_low(Scan *s, int shift, int bits) {
  for (int b = 0, k; b < bits; b++) {
    if (owner(s->l, (uint64_t)1 << (shift + b), &k) != AXIS_REGISTER) return;
    s->low_bits[s->low++] = k;
  }
}

int64_t scan_scratch(Ctx *cx, const Op *op, int num_warps) {
  const Layout *l = gpu_layout(cx, ir_operand(op, 0)->type);
  Axis dim = (Axis)(AXIS_DIM0 + ir_attr_int_or(op, "axis", 0));
  int rounds = 0, low = 0, k;
  bool leading = true;
  for (int b = 0; b < layout_out_bits(l, dim); b++) {
    Axis a = owner(l, (uint64_t)1 << (layout_out_shift(l, dim) + b), &k);
    leading &= a == AXIS_REGISTER;
    low += leading;
    rounds += a == AXIS_WARP;
  }
  return (int64_t)rounds * (gpu_registers(l) >> low) * op->noperands * 8 * 32 * num_warps;
}

void lower_scan(Lower *w, const Op *op) {
  Scan s = {.w = w, .op = op, .n = op->noperands};
  if (s.n > MAX_OPERANDS) lower_fail(w, op, "more than eight tensors are scanned at once");
  const Attr *reverse = ir_attr(op, "reverse");
  s.reverse = reverse && reverse->integer;
  s.l = gpu_layout(w->cx, ir_operand(op, 0)->type);
  s.count = gpu_registers(s.l);
  Axis dim = (Axis)(AXIS_DIM0 + ir_attr_int_or(op, "axis", 0));
  int shift = layout_out_shift(s.l, dim), bits = layout_out_bits(s.l, dim);
  for (int i = 0; i < s.n; i++) {
    Val *in = lower_val(w, ir_operand(op, i)), *out = lower_new(w, &op->results[i], s.count);
    memcpy(out->at, in->at, (size_t)s.count * sizeof *in->at);
    s.prefix[i] = out->at;
  }
  find_low(&s, shift, bits);
  scan_registers(&s);
  s.blocks = NEWN(w->cx, ScanBlock, s.count);
  int all_low = 0;
  for (int i = 0; i < s.low; i++) all_low |= 1 << s.low_bits[i];
  for (int r = 0; r < s.count; r++)
    for (int i = 0; i < s.n && is_block(&s, r); i++) s.blocks[r].total[i] = s.prefix[i][s.reverse ? r : r | all_low];
  for (int b = s.low; b < bits; b++) {
    int k;
    switch (owner(s.l, (uint64_t)1 << (shift + b), &k)) {
    case AXIS_REGISTER: step_register(&s, k); break;
    case AXIS_LANE: step_lane(&s, k); break;
    case AXIS_WARP: step_warp(&s, k); break;
    default: lower_fail(w, op, "this layout cannot be scanned");
    }
  }
  for (int r = 0; r < s.count; r++) {
    ScanBlock *block = &s.blocks[r & ~all_low];
    if (!block->has_before) continue;
    LLInst *own[MAX_OPERANDS], *with[MAX_OPERANDS];
    for (int i = 0; i < s.n; i++) own[i] = s.prefix[i][r];
    combine(&s, block->before, own, with);
    for (int i = 0; i < s.n; i++)
      s.prefix[i][r] = block->if_valid ? ll_select(&w->b, block->if_valid, with[i], own[i]) : with[i];
  }
}
