/* operands.c: operands of mma.sync that wait in shared memory until their dot.
 *
 * Problem. assign.c converts an operand to its dot's layout right after its definition, and each conversion goes through shared
 * memory. That is wasteful in two cases:
 *
 *   a tile that several dots read, one of them transposed (keys that are values, too; queries in a gradient): it goes through
 *   shared memory once for each, and then lies in registers several times;
 *   an operand from before a loop (queries): all warps may hold all of it as long as the loop runs. With 512 columns that are
 *   128 registers, and with accumulators beside it more than a thread has.
 *
 * Idea. The tile is stored once, and each dot reads its own share where it stands: ldmatrix reads rows that lie either way, if
 * elements have 16 bits. Of a loaded tile pipeline.c makes asynchronous copies, for the buffer is then the load's only user. An
 * operand from before the loop stays in registers, where no read is cheaper, unless the loop's registers are estimated to
 * be more than there are: then the largest go first.
 */
#include "gpu/passes/pipeline_shared.h"

typedef struct Dots {
  Ctx *cx;
  GpuOps loads, dots;
} Dots;

static void collect(Op *op, void *arg) {
  Dots *d = arg;
  if (op->code == OP_LOAD && ir_is_tensor(op->results[0].type)) vec_push(d->cx, &d->loads, op);
  if (op->code == OP_DOT) vec_push(d->cx, &d->dots, op);
}

/* The conversion of a matrix of 16-bit elements to an operand of mma.sync, and of one dot alone. */
static bool converts_operand(const Op *op) {
  if (op->code != OP_CONVERT_LAYOUT || !ir_one_use(&op->results[0])) return false;
  const Type *t = op->results[0].type;
  return t->rank == 2 && ir_elem_bytes(t->elem) == 2 && gpu_is(t->encoding, "ttg.dot_op") &&
         gpu_is_mma(gpu_param(t->encoding, "parent"), 2) && op->results[0].uses->op->code == OP_DOT;
}

static int operand_of(const Op *convert) { return (int)gpu_param_int(convert->results[0].type->encoding, "opIdx", 0); }

/* The conversion that a use of the tile is, or that its transposition is for; NULL: it is something else. */
static Op *conversion(const Use *u, Op **trans) {
  Op *op = u->op;
  *trans = op->code == OP_TRANS && ir_one_use(&op->results[0]) ? op : NULL;
  if (*trans) op = op->results[0].uses->op;
  return converts_operand(op) ? op : NULL;
}

static Value *stored(Ctx *cx, Value *v, int operand) {
  Builder after = {cx, v->op->block, v->op->next, v->op->loc};
  Attr *shared = gpu_pipeline_swizzled(cx, v->type, operand);
  Type *t = ir_memdesc(cx, v->type->elem, 2, v->type->shape, shared, gpu_smem(cx), false);
  return ir_make(&after, OP_LOCAL_ALLOC, t, v, NULL);
}

/* The dot reads the buffer, right before itself. */
static void read_at_dot(Ctx *cx, Op *convert, Op *trans, Value *buffer) {
  Value *r = &convert->results[0];
  Builder b = ir_before(cx, r->uses->op);
  if (trans) buffer = gpu_pipeline_transposed(&b, buffer, trans);
  ir_replace_all(r, ir_make(&b, OP_LOCAL_LOAD, r->type, buffer, NULL));
  ir_erase(convert);
  if (trans) ir_erase(trans);
}

/* ---- tiles that several dots read -------------------------------------------------------------------------------- */

static bool share(Ctx *cx, Op *load) {
  Value *v = &load->results[0];
  Op *trans;
  int n = 0, operand = 0;
  for (const Use *u = v->uses; u; u = u->next, n++) {
    Op *convert = conversion(u, &trans);
    if (!convert || convert->results[0].uses->op->block != load->block) return false;
    operand = operand_of(convert) ^ (trans != NULL);
  }
  if (n < 2) return false;
  Value *buffer = stored(cx, v, operand);
  for (Use *u = v->uses, *next; u; u = next) {
    next = u->next;
    if (u->op == buffer->op) continue;
    Op *convert = conversion(u, &trans);
    read_at_dot(cx, convert, trans, buffer);
  }
  return true;
}

/* ---- operands from before a loop --------------------------------------------------------------------------------- */

static int64_t registers_of(Ctx *cx, const Type *t) {
  return ir_is_tensor(t) ? div_up((int64_t)gpu_registers(gpu_layout(cx, (Type *)t)) * ir_elem((Type *)t)->bits, 32) : 1;
}

/* The conversion before the loop that makes an operand of the loop's dot; NULL: it is made in the loop, or otherwise. */
static Op *from_before(const Op *dot, int index) {
  Op *op = ir_operand(dot, index)->op;
  return op && op->block != dot->block && converts_operand(op) && ir_operand(op, 0)->op ? op : NULL;
}

/* Registers of a thread while the loop runs: what it carries, the operands from before it, those of the dot that needs most. */
static int64_t registers_in(Ctx *cx, const Op *loop, const GpuOps *dots) {
  enum { OTHERS = 40 };
  int64_t n = OTHERS, most = 0;
  for (int i = 0; i < loop->nresults; i++) n += registers_of(cx, loop->results[i].type);
  for (uint32_t k = 0; k < dots->len; k++) {
    const Op *dot = dots->at[k];
    if (ir_parent(dot) != loop) continue;
    int64_t own = 0;
    for (int i = 0; i < 2; i++) {
      int64_t operand = registers_of(cx, ir_operand(dot, i)->type);
      if (from_before(dot, i))
        n += operand;
      else
        own += operand;
    }
    most = max64(most, own);
  }
  return n + most;
}

static Op *largest_from_before(Ctx *cx, const Op *loop, const GpuOps *dots) {
  Op *best = NULL;
  for (uint32_t k = 0; k < dots->len; k++)
    for (int i = 0; ir_parent(dots->at[k]) == loop && i < 2; i++) {
      Op *op = from_before(dots->at[k], i);
      if (op && (!best || registers_of(cx, op->results[0].type) > registers_of(cx, best->results[0].type))) best = op;
    }
  return best;
}

static bool relieve(Ctx *cx, const Op *loop, const GpuOps *dots) {
  enum { MOST_REGISTERS = 255 };
  bool changed = false;
  while (registers_in(cx, loop, dots) > MOST_REGISTERS) {
    Op *convert = largest_from_before(cx, loop, dots);
    if (!convert) break;
    Value *v = ir_operand(convert, 0);
    read_at_dot(cx, convert, NULL, stored(cx, v, operand_of(convert)));
    changed = true;
  }
  return changed;
}

bool gpu_operands(Ctx *cx, Module *m) {
  Dots d = {.cx = cx};
  bool changed = false;
  if (gpu_sm(m) < 80) return false;
  ir_walk(m->op, collect, &d);
  for (uint32_t i = 0; i < d.loads.len; i++) changed |= share(cx, d.loads.at[i]);
  GpuOps loops = gpu_loops(cx, m);
  for (uint32_t i = 0; i < loops.len; i++) changed |= relieve(cx, loops.at[i], &d.dots);
  return changed;
}
