/* emit_remarks.c: what became of a kernel, told to whoever watches the compile (ir/watch.h): its loop nests, what is stored
 * in scratch, the micro-kernels of its dots, and how its accesses read and write memory. docs/facts.md describes the fields.
 */
#include "cpu/emit/emit.h"

#include "ir/watch.h"

/* How an access was emitted: in a nest with several versions in more than one way. From best to worst. */
typedef enum How { HOW_NEVER, HOW_SCALAR, HOW_VECTORS, HOW_ELEMENTS } How;
static const char *const how_texts[] = {NULL, "once", "vectors", "element by element"};

typedef struct AccessTold {
  const Op *op;
  How best, worst;
  int lanes;
} AccessTold;

void emit_remarks_access(Emitter *e, const Op *op, LaneKind pointer, bool unit) {
  if (!watch_of(e->cx)) return;
  How how = pointer == LANE_UNIFORM ? HOW_SCALAR : unit ? HOW_VECTORS : HOW_ELEMENTS;
  AccessTold *told = map_get(&e->told, op);
  if (!told) {
    told = NEW(e->cx, AccessTold);
    *told = (AccessTold){op, how, how, e->lanes};
    map_put(e->cx, &e->told, op, told);
  }
  if (how < told->best) told->best = how;
  if (how > told->worst) told->worst = how;
  if (e->lanes > told->lanes) told->lanes = e->lanes;
}

static void tell_access(Emitter *e, const AccessTold *a) {
  const Type *pointer = ir_operand(a->op, 0)->type;
  const Type *elem = pointer->kind == TYPE_TENSOR ? pointer->elem->elem : pointer->elem;
  Remark *r = watch_remark(e->cx, a->op->loc, "access");
  remark_text(r, "kind", a->op->code == OP_STORE ? "store" : "load");
  remark_text(r, "element", ir_type_text(e->cx, elem));
  remark_text(r, "how", how_texts[a->best]);
  remark_text(r, "otherwise", a->worst != a->best ? how_texts[a->worst] : NULL);
  remark_int(r, "lanes", a->best == HOW_SCALAR ? 1 : a->lanes);
  remark_bool(r, "masked", cpu_access_mask(a->op) != NULL);
}

/* ---- nests ------------------------------------------------------------------------------------------------------- */

static const Loc *member_loc(const Member *m) { return m->op ? m->op->loc : m->value->op ? m->value->op->loc : NULL; }

static const char *member_text(const Member *m) {
  switch (m->kind) {
  case MEMBER_STORE: return "store";
  case MEMBER_VALUE: return "value";
  case MEMBER_COPY: return "copy";
  case MEMBER_REDUCE: return "reduction";
  case MEMBER_SCAN: return "scan";
  case MEMBER_SERIAL: return "element by element";
  case MEMBER_UPDATE: return "update";
  }
  return NULL;
}

static void tell_nest(Emitter *e, const Nest *n) {
  Buf computes = {.cx = e->cx};
  for (uint32_t i = 0; i < n->members.len; i++)
    buf_printf(&computes, "%s%s", i ? ", " : "", member_text(&n->members.at[i]));
  Remark *r = watch_remark(e->cx, n->members.len ? member_loc(&n->members.at[0]) : NULL, "nest");
  remark_ints(r, "shape", n->shape, n->rank);
  remark_int(r, "vector_dimension", n->serial ? -1 : n->vector_dim);
  remark_int(r, "lanes", n->serial ? 1 : n->lanes);
  remark_text(r, "computes", buf_text(&computes));
  remark_int(r, "tests", n->tests.len);
  remark_int(r, "bounds", (int64_t)n->bounded.len);
}

/* ---- dots -------------------------------------------------------------------------------------------------------- */

static const char *operand_text(const MatrixPlan *m) {
  if (m->load) return m->copy ? "in place; copied where it wraps" : "in place";
  return m->copy ? "copied" : "scratch";
}

static void tell_dot(Emitter *e, const Op *op, const DotPlan *plan) {
  const Type *a = ir_operand(op, 0)->type, *b = ir_operand(op, 1)->type, *d = op->results[0].type;
  CpuDot call = {.m = d->shape[d->rank - 2], .n = d->shape[d->rank - 1], .k = a->shape[a->rank - 1]};
  call.a_type = (int32_t)cpu_elem(a->elem, false);
  call.b_type = (int32_t)cpu_elem(b->elem, false);
  call.c_type = (int32_t)cpu_elem(d->elem, false);
  Remark *r = watch_remark(e->cx, op->loc, "micro_kernel");
  remark_text(r, "set", rt_dot_set_name(&call));
  remark_text(r, "operands", ir_type_text(e->cx, a->elem));
  remark_ints(r, "result", d->shape, d->rank);
  remark_int(r, "inner", call.k);
  remark_text(r, "a", operand_text(&plan->a));
  remark_text(r, "b", operand_text(&plan->b));
}

/* ---- scratch ----------------------------------------------------------------------------------------------------- */

static void tell_stored(Emitter *e, const Value *v, const Loc *loc) {
  if (!plan_of(v)->is_stored || plan_of(v)->shares || !ir_is_tensor(v->type)) return;
  Remark *r = watch_remark(e->cx, loc, "scratch");
  remark_text(r, "type", ir_type_text(e->cx, v->type));
  remark_int(r, "bytes", ir_numel(v->type) * max64(ir_elem_bytes(v->type->elem), 1));
  remark_text(r, "carried", v->op ? NULL : "by a loop");
}

/* ---- all of them, in the order of the program -------------------------------------------------------------------- */

static void tell_step(Emitter *e, const Step *s) {
  if (s->nest) tell_nest(e, s->nest);
  if (s->op && s->dot) {
    if (s->dot->a.copy) tell_nest(e, s->dot->a.copy);
    if (s->dot->b.copy) tell_nest(e, s->dot->b.copy);
    tell_dot(e, s->op, s->dot);
  }
}

static void tell_op(Op *op, void *arg) {
  Emitter *e = arg;
  const AccessTold *access = map_get(&e->told, op);
  if (access) tell_access(e, access);
  for (int i = 0; i < op->nresults; i++) tell_stored(e, &op->results[i], op->loc);
  for (int r = 0; r < op->nregions; r++)
    for (Block *b = op->regions[r]->first; b; b = b->next) {
      for (int i = 0; i < b->nargs; i++) tell_stored(e, b->args[i], op->loc);
      const BlockPlan *plan = block_plan(b);
      for (uint32_t i = 0; plan && i < plan->steps.len; i++) tell_step(e, &plan->steps.at[i]);
    }
}

void emit_remarks(Emitter *e) {
  if (!watch_of(e->cx)) return;
  tell_op(e->plan->func, e);
  ir_walk(e->plan->func, tell_op, e);
}
