/* unroll.c: a loop that waits for memory and does little has several iterations' loads in flight.
 *
 * Problem. In a loop that is not pipelined (num_stages = 1) each iteration loads, waits, and does a few operations on what
 * came. Idea. n iterations at a time are one block, and the assembler issues its loads together.
 *
 * Which loops: those that load, compute element by element, and do nothing else. Nothing is written in them, or the loads
 * could not be moved, and nothing is exchanged between threads. How many iterations: as many as make a block of about a
 * hundred instructions and load no more than 32 registers of a thread, a power of two; all of them, if their number
 * is known and that is not much longer and loads at most twice as much.
 *
 * Loops with stages are left to pipeline.c, which has the next iteration's loads in flight, unless all iterations fit. Not
 * those whose num_stages is their own (of tl.range), and not those that broadcast what they load: carried by a loop, the
 * sum lies where such vectors are read by neighbouring threads; without one it lies as the store wants it, which
 * takes twice as long (seen on an H200 where rows of words are compared with rows of words).
 *
 * The cost is an estimate: elements per thread are counted as if tensors were spread over all threads, addresses once, for
 * vectors mostly need one.
 */
#include "gpu/passes/passes.h"

#include "opt/internal.h"

typedef struct Unroll {
  Ctx *cx;
  const Module *module;
  bool changed;
} Unroll;

typedef struct Cost {
  int64_t instructions, loaded; /* of an iteration; registers of 32 bits */
  bool repeated;                /* it loads fewer elements than there are threads, which are broadcast then */
} Cost;

static bool measure(const Unroll *u, const Op *op, Cost *c) {
  if (op->nregions || (op->code != OP_LOAD && !ir_has(op, T_PURE))) return false;
  if (op->code == OP_YIELD || op->nresults == 0) return true;
  Type *t = op->results[0].type;
  int64_t each = ir_is_tensor(t) ? max64(1, ir_numel(t) / (32 * gpu_num_warps(u->module))) : 1;
  switch (op->code) {
  case OP_LOAD:
    c->loaded += max64(1, each * ir_elem_bytes(ir_elem(t)) / 4);
    c->instructions += max64(1, each * ir_elem_bytes(ir_elem(t)) / 16);
    c->repeated |= ir_is_tensor(t) && ir_numel(t) < 32 * gpu_num_warps(u->module);
    return !opt_is_volatile(op) && op->nresults == 1;
  case OP_CONSTANT:
  case OP_SPLAT:
  case OP_BROADCAST:
  case OP_EXPAND_DIMS: return true;
  default: c->instructions += ir_is_float(ir_elem(t)) ? each : 1; return ir_has(op, T_ELEMENTWISE);
  }
}

static int64_t factor_of(const Op *loop, const Cost *c, bool whole) {
  enum { BLOCK = 128, WHOLE = 640, REGISTERS = 32, MOST = 8 };
  int64_t trips, n = 1;
  bool known = opt_trip_count(loop, &trips);
  if (known && trips <= 2 * MOST && trips * c->instructions <= WHOLE && trips * c->loaded <= 2 * REGISTERS)
    return trips;
  if (whole) return 1;
  while (n < MOST && 2 * n * c->instructions <= BLOCK && 2 * n * c->loaded <= REGISTERS && (!known || 2 * n <= trips))
    n *= 2;
  return n;
}

static void visit(Op *loop, void *arg) {
  Unroll *u = arg;
  Cost c = {0};
  if (loop->code != OP_FOR || ir_attr_int_or(loop, "tt.num_stages", 1) > 1 || ir_attr(loop, OPT_UNROLL_FACTOR)) return;
  bool whole = !ir_attr(loop, "tt.num_stages") && gpu_num_stages(u->module) > 1;
  for (const Op *op = ir_entry(loop, 0)->first; op; op = op->next)
    if (op->code != OP_YIELD && !measure(u, op, &c)) return;
  if (whole && c.repeated) return;
  int64_t n = c.loaded ? factor_of(loop, &c, whole) : 1;
  if (n < 2) return;
  ir_set_attr(u->cx, loop, OPT_UNROLL_FACTOR, ir_attr_int(u->cx, ir_int(u->cx, 32), n));
  u->changed = true;
}

bool gpu_unroll(Ctx *cx, Module *m) {
  Unroll u = {.cx = cx, .module = m};
  ir_walk(m->op, visit, &u);
  return u.changed && opt_unroll(cx, m);
}
