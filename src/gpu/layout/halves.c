/* halves.c: reductions whose lanes divide what they add up.
 *
 * Problem. Where a thread has the sums of r rows and 2^k lanes share each, a butterfly takes r k shuffles, after which all
 * lanes know all results. Few need them all: they are exchanged next, or stored.
 *
 * Idea (the first half of Rabenseifner's reduction, 2004). Two lanes that have the same r rows each keep half of them: a
 * lane gives what it has of the other's half, and takes in what the other has of its own. That is r/2 shuffles for the
 * first bit, r/4 for the next. In terms of layouts a bit of the lane's number changes places with a bit of the register's:
 * the register then counts along the axis, and a thread adds its registers up.
 *
 *   users that move the results anyway   find them where they are (gpu_held_layout)
 *   a reduction across warps             leaves its parts from there, and reads all results back
 *   otherwise                            each result is sent to all lanes by one more shuffle
 *
 * Cost model: instructions of a quarter of a multiprocessor, which issues one a cycle; a shuffle takes four, for the
 * quarters share that unit. Which of the two halves to give and which to keep takes a choice each.
 */
#include "gpu/layout/along.h"

#include "ir/watch.h"

enum { SHUFFLE = 4 };

/* A thread's bits that may change places: lanes that stand for the axis alone, registers that stand for nothing of it. */
typedef struct Bits {
  int lane[LANE_BITS], nlane, reg[LAYOUT_MAX_BITS], nreg;
  bool has_warps, is_plain; /* warps share the axis; different registers of `reg` are different places */
} Bits;

static Bits bits_of(const Layout *l, uint64_t axis) {
  Bits b = {.is_plain = true};
  uint64_t seen[LAYOUT_MAX_BITS];
  int nseen = 0;
  for (int k = LANE_BITS - 1; k >= 0; k--) {
    uint64_t column = layout_basis(l, AXIS_LANE, k);
    if (column & axis && !(column & ~axis)) b.lane[b.nlane++] = k;
  }
  for (int k = layout_in_bits(l, AXIS_REGISTER) - 1; k >= 0; k--) {
    uint64_t column = layout_basis(l, AXIS_REGISTER, k), place = column & ~axis;
    if (place && !(column & axis)) b.reg[b.nreg++] = k;
    b.is_plain &= !place || !(column & axis);
    for (int i = 0; i < nseen; i++) place = place & seen[i] & -seen[i] ? place ^ seen[i] : place;
    b.is_plain &= place || !(column & ~axis);
    if (place) seen[nseen++] = place;
  }
  for (int k = 0; k < layout_in_bits(l, AXIS_WARP); k++) b.has_warps |= (layout_basis(l, AXIS_WARP, k) & axis) != 0;
  return b;
}

static const Layout *sliced(Ctx *cx, const Layout *l, int axis) {
  l = layout_slice(cx, l, axis);
  uint64_t registers = (((uint64_t)1 << layout_in_bits(l, AXIS_REGISTER)) - 1) << layout_in_shift(l, AXIS_REGISTER);
  return layout_drop_columns(cx, l, layout_free(l) & registers);
}

/* All users exchange the results, in some way or other. */
static bool are_moved(Ctx *cx, const Op *op) {
  for (int i = 0; i < op->nresults; i++) {
    const Value *v = &op->results[i];
    if (!ir_is_tensor(v->type)) return false;
    for (const Use *u = v->uses; u; u = u->next) {
      if (u->op->code != OP_CONVERT_LAYOUT) return false;
      if (gpu_exchange_in_registers(cx, gpu_layout(cx, v->type), gpu_layout(cx, u->op->results[0].type))) return false;
    }
  }
  return true;
}

/* Instructions of the function; words that its operands take. */
static int64_t function_cost(const Op *op, int64_t *words) {
  int64_t n = 0;
  for (const Op *o = ir_entry(op, 0)->first; o; o = o->next)
    n += o->code == OP_DIVF || o->nregions ? 8 : !ir_has(o, T_CONSTANT) && !ir_has(o, T_TERMINATOR);
  *words = 0;
  for (int i = 0; i < op->noperands; i++) *words += max64(1, ir_elem_bytes(ir_elem(ir_operand(op, i)->type)) / 4);
  return n;
}

static bool pays(const Op *op, const Bits *b, int n, bool sent) {
  enum { CHOICES = 2, FEWEST = 2, QUARTERS = 5 }; /* log2 of the rows from which on; by a quarter at least */
  int64_t words, combine = function_cost(op, &words), step = SHUFFLE * words + combine, cost = 0;
  int64_t rows = (int64_t)1 << b->nreg;
  for (int i = 1; i <= n; i++) cost += (rows >> i) * (step + CHOICES * words);
  cost += (b->nlane - n) * (rows >> n) * step + (sent ? rows * SHUFFLE * words : 0);
  return b->nreg >= FEWEST && QUARTERS * cost <= 4 * rows * b->nlane * step;
}

static void exchange_bits(uint64_t *columns, const Layout *l, int lane, int reg) {
  uint64_t *a = &columns[layout_in_shift(l, AXIS_LANE) + lane], *b = &columns[layout_in_shift(l, AXIS_REGISTER) + reg];
  uint64_t c = *a;
  *a = *b, *b = c;
}

AxisHalves gpu_axis_halves(Ctx *cx, const Op *op) {
  AxisHalves h = {.layout = gpu_layout(cx, ir_operand(op, 0)->type)};
  const Layout *l = h.layout;
  Bits b = bits_of(l, gpu_axis_mask(l, (int)ir_attr_int_or(op, "axis", 0)));
  int n = b.nlane < b.nreg ? b.nlane : b.nreg;
  if (!n || !b.is_plain) return h;
  bool moved = are_moved(cx, op);
  if (!pays(op, &b, n, !moved && !b.has_warps)) return h;
  uint64_t columns[LAYOUT_MAX_BITS];
  for (int k = 0; k < l->in_bits; k++) columns[k] = l->column[k];
  for (h.n = 0; h.n < n; h.n++) {
    h.lane[h.n] = b.lane[h.n], h.reg[h.n] = b.reg[h.n];
    exchange_bits(columns, l, b.lane[h.n], b.reg[h.n]);
  }
  h.layout = layout_new(cx, l->in, l->nin, l->out, l->nout, columns);
  h.is_spread = moved;
  return h;
}

const Layout *gpu_held_layout(Ctx *cx, const Value *v) {
  if (v->op && v->op->code == OP_REDUCE) {
    AxisHalves h = gpu_axis_halves(cx, v->op);
    if (h.n && h.is_spread) return sliced(cx, h.layout, (int)ir_attr_int_or(v->op, "axis", 0));
  }
  return gpu_layout(cx, v->type);
}

int64_t gpu_reduce_scratch(Ctx *cx, const Op *op) {
  const Layout *l = gpu_axis_halves(cx, op).layout;
  AxisParts p = gpu_axis_parts(l, (int)ir_attr_int_or(op, "axis", 0), 4);
  int64_t bytes = 0;
  if (!p.part_bits) return 0;
  for (int i = 0; i < op->noperands; i++) bytes += (max64(4, ir_elem_bytes(ir_operand(op, i)->type->elem)) << p.bits);
  return bytes;
}
