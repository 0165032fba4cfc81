/* plan_live.c: along which dimension the tiles of several programs lie.
 *
 * Where programs run together (opt/batch_programs.c), one dimension of what they compute is as long as the most programs that
 * may, and holds what there are. Their accesses are masked. Loops that only compute may end there as well: what is stored
 * in scratch beyond is read by nothing that matters, for nothing is combined along that dimension. Not where they leave a mask
 * in scratch: it is what keeps an access, by more elements at a time or in a loop that goes on, from what is beyond.
 *
 * The dimension begins at the ranges with the attribute "batch" and is followed from operands to results. What a loop
 * carries may begin as a constant, and has it from what is yielded: rounds, until nothing changes.
 *
 * Cost: linear in the ops, per round; there are as many as loops lie in each other.
 */
#include "cpu/plan_work.h"

static int dim_of(const Value *v) { return work_of(v)->live_dim; }

static void set(bool *changed, const Value *v, int dim) {
  if (dim < 0 || dim_of(v) >= 0 || !ir_is_tensor(v->type)) return;
  work_of(v)->live_dim = dim;
  *changed = true;
}

/* The dimension of the results that operand i has as `dim`, or -1. */
static int moved(const Op *op, int i, int dim) {
  if (dim < 0) return -1;
  if (op->code == OP_DOT) return i < 2 && dim == op->results[0].type->rank - 1 - i ? -1 : dim;
  return op->code == OP_LOAD || ir_info(op)->traits & T_ELEMENTWISE ? dim : ir_dim_to_result(op, dim);
}

static void pass_on(bool *changed, const Op *yield) {
  Op *parent = ir_parent(yield);
  for (int i = 0; i < yield->noperands; i++) {
    int dim = dim_of(ir_operand(yield, i));
    set(changed, &parent->results[i], dim);
    if (parent->code == OP_FOR) set(changed, ir_loop_arg(parent, i), dim);
  }
}

static void follow(Op *op, void *arg) {
  bool *changed = arg;
  if (op->code == OP_MAKE_RANGE && ir_attr(op, "batch")) set(changed, &op->results[0], 0);
  if (op->code == OP_YIELD && ir_parent(op)->code != OP_WHILE) pass_on(changed, op);
  for (int i = 0; i < op->noperands; i++) {
    const Value *v = ir_operand(op, i);
    if (op->code == OP_FOR && i >= IR_LOOP_INITS) set(changed, ir_loop_arg(op, i - IR_LOOP_INITS), dim_of(v));
    if (!op->nregions || op->code == OP_REDUCE || op->code == OP_SCAN)
      for (int r = 0; r < op->nresults; r++) set(changed, &op->results[r], moved(op, i, dim_of(v)));
  }
}

void cpu_plan_live(Planner *pl, Op *func) {
  const Attr *batch = ir_attr(func, "tt.batch");
  pl->result->batch = 1;
  if (!batch) return;
  pl->result->batch_axis = (int)batch->ints[0];
  pl->result->batch = batch->ints[1];
  pl->result->batch_tile = batch->ints[2];
  bool changed;
  do {
    changed = false;
    ir_walk(func, follow, &changed);
  } while (changed);
}

/* Of one that the member evaluates at the nest's own point; -1: none has a live dimension. */
static int member_dim(const Member *m) {
  if (m->kind == MEMBER_SERIAL) return -1;
  if (m->kind == MEMBER_COPY) return dim_of(m->into); /* what a loop carries may begin as a constant */
  if (m->kind == MEMBER_VALUE) return dim_of(m->value);
  for (int i = 0; i < m->op->noperands; i++)
    if (dim_of(ir_operand(m->op, i)) >= 0) return dim_of(ir_operand(m->op, i));
  return -1;
}

static bool leaves_mask(const Member *m) {
  return m->kind == MEMBER_VALUE && ir_elem(m->value->type)->kind == TYPE_INT && ir_elem(m->value->type)->bits == 1;
}

int cpu_live_dim(const Nest *nest) {
  int dim = -1;
  for (uint32_t i = 0; i < nest->members.len; i++) {
    if (leaves_mask(&nest->members.at[i])) return -1;
    int d = member_dim(&nest->members.at[i]);
    if (d < 0 || (i && d != dim)) return -1;
    dim = d;
  }
  return nest->reverse >> (dim < 0 ? 0 : dim) & 1 ? -1 : dim;
}
