/* assign_scan.c: in which layout a tensor is scanned.
 *
 * Problem. Loads want the fastest dimension within a thread. A scan along another dimension then has its axis in lanes
 * and warps: each step of a lane's bit is a shuffle, a combination and a choice for every element, and what other warps
 * hold is gone through for every element again.
 *
 * Idea. Where the axis is a thread's registers, an element takes one combination. Getting there and back is an exchange
 * through shared memory, which costs the same whatever the function is. The cheaper of both is taken: the operands'
 * layout, or one whose threads hold as much of the axis as there is for each, the other dimensions lying in lanes.
 *
 * Cost model. Instructions of a quarter of a multiprocessor, which issues one a cycle. A shuffle, or 128 bytes of shared
 * memory, takes four, for the quarters share that unit. A choice takes two. Barriers are counted by the instructions that
 * other warps would have issued.
 */
#include "gpu/passes/assign_shared.h"

#include "gpu/layout/along.h"

enum { SHARED = 4, CHOICE = 2, BARRIER = 16 };

/* Instructions of the function. */
static int64_t function_cost(const Op *scan) {
  int64_t n = 0;
  for (const Op *op = ir_entry(scan, 0)->first; op; op = op->next)
    n += op->nregions ? 8 : !ir_has(op, T_CONSTANT) && !ir_has(op, T_TERMINATOR);
  return n;
}

/* Of the algorithm of lower/scan.c. */
static int64_t scan_cost(Assign *a, const Op *op, Attr *e) {
  const Layout *l = gpu_layout(a->cx, gpu_with(a->cx, ir_operand(op, 0)->type, e));
  Axis dim = gpu_axis_of_op(op);
  AxisRun low = gpu_axis_low_run(l, dim), run;
  int64_t registers = gpu_registers(l), blocks = registers >> low.n, n = op->noperands, combine = function_cost(op);
  int64_t step = combine + CHOICE * n, cost = (registers - blocks) * combine;
  bool is_whole = low.n == 0; /* elements are kept up to date: the first run leaves nothing to put before them */
  for (int b = low.n; b < layout_out_bits(l, dim); b += run.n) {
    run = gpu_axis_next_run(l, dim, b);
    switch (run.axis) {
    case AXIS_LANE:
      cost += blocks * run.n * (SHARED * n + step);
      if (!is_whole || b > low.n) cost += blocks * (SHARED * n + step);
      break;
    case AXIS_WARP: cost += BARRIER + blocks * ((SHARED * n + step) * ((1 << run.n) - 1) + step); break;
    case AXIS_REGISTER: cost += 2 * blocks * combine; break;
    default: return INT64_MAX;
    }
  }
  return cost + (is_whole || low.n == layout_out_bits(l, dim) ? 0 : registers * step);
}

/* An element's bytes where the value is exchanged: before it is extended. */
static int64_t bytes_moved(const Value *v) {
  if (v->op && (v->op->code == OP_EXTF || v->op->code == OP_EXTSI)) v = ir_operand(v->op, 0);
  return ir_elem_bytes(ir_elem(v->type));
}

/* Of one value: vectors on one side, single elements on the other. */
static int64_t exchange_cost(int64_t registers, int64_t bytes) {
  enum { WORD = 4 };
  return 2 * BARRIER + SHARED * (registers * bytes / WORD + registers * max64(1, bytes / WORD));
}

/* As much of the axis in a thread as there is for each, the dimensions beside it in lanes, in the order of `e`. */
static Attr *along_threads(Assign *a, const Op *op, Attr *e) {
  const Type *t = ir_operand(op, 0)->type;
  int order[LAYOUT_MAX_DIMS], axis = (int)ir_attr_int_or(op, "axis", 0), n = 0, own[LAYOUT_MAX_DIMS];
  int64_t per_thread[LAYOUT_MAX_DIMS];
  gpu_order(e, t->rank, own);
  for (int d = 0; d < t->rank; d++) {
    per_thread[d] = 1;
    if (own[d] != axis) order[n++] = own[d];
  }
  order[n] = axis;
  per_thread[axis] = min64(t->shape[axis], max64(1, ir_numel(t) / (32 * a->num_warps)));
  return gpu_blocked(a->cx, t->rank, t->shape, per_thread, order, a->num_warps);
}

Attr *gpu_assign_scan_layout(Assign *a, const Op *op, Attr *e) {
  enum { QUARTERS = 5 }; /* of the other's cost, to be worth it: the model is rough, and registers are held longer */
  Type *t = ir_operand(op, 0)->type;
  if (t->rank < 2 || !gpu_is(e, "ttg.blocked")) return e;
  Attr *other = along_threads(a, op, e);
  int64_t registers = gpu_registers(gpu_layout(a->cx, gpu_with(a->cx, t, other)));
  int64_t cost = scan_cost(a, op, other) + exchange_cost(registers, bytes_moved(ir_operand(op, 0)));
  for (int i = 0; i < op->noperands; i++) cost += exchange_cost(registers, bytes_moved(ir_operand(op, i)));
  return QUARTERS * cost <= 4 * scan_cost(a, op, e) ? other : e;
}
