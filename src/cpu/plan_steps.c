/* plan_steps.c: the steps of the function in the order in which they are emitted, once it is known what is stored.
 *
 * Problem. How a nest runs, whether a dot reads its operand where the user has it, and how many of a product's rows matter
 * depend on what has been computed by then: a test or a bound in front of a loop can only be made of that.
 *
 * Idea. The steps are visited as the emitter will visit them, and what each of them computes is marked as available
 * (ValueWork.available) when it is done. So a question about "here" has the answer that holds where the step is emitted.
 *
 * Prefetching, too, goes by this order: of the nests that read from an argument, the second is the one that finds its data
 * in the cache and has time to fetch what the next program reads (emit_prefetch.c). Of the branches of a conditional
 * neither follows the other.
 *
 * Cost: linear in the steps, times what plan_nest.c takes for each nest.
 */
#include "cpu/plan_work.h"

#include <string.h>

typedef struct Order {
  Planner *pl;
  unsigned *reads; /* of each argument of the function: how many nests read from it so far */
  int64_t work;    /* of the iteration that is being planned: an estimate, in elements */
} Order;

static void available(Value *v) {
  work_of(v)->available = true;
  if (plan_of(v)->shares) work_of(plan_of(v)->shares)->available = true;
}

/* Tensors, or scalars, of several values. */
static void all_available(Value *const *values, int n, bool tensors) {
  for (int i = 0; i < n; i++)
    if (ir_is_tensor(values[i]->type) == tensors) available(values[i]);
}

static void results_available(Op *op, bool tensors) {
  for (int i = 0; i < op->nresults; i++)
    if (ir_is_tensor(op->results[i].type) == tensors) available(&op->results[i]);
}

/* ---- nests ------------------------------------------------------------------------------------------------------- */

/* What the next program of axis 0, which follows on the same thread, reads by `load`: how far it lies, if that is known
 * here and not nothing. */
static void plan_fetch(Order *o, Nest *nest, const Op *load) {
  const IndexSum *step = index_program_step(o->pl->index, ir_operand(load, 0), 0);
  if (o->pl->result->batch > 1) return; /* what follows is read with this one */
  if (!index_is_const(step, 0) && cpu_sum_known(o->pl, step, 1))
    map_put(o->pl->cx, &nest->fetched, load, (void *)(uintptr_t)step);
}

static void count_reads(Order *o, Nest *nest) {
  Map counted = {0};
  for (uint32_t i = 0; i < nest->reads.len; i++) {
    const Value *base = nest->reads.entries[i].value;
    if (!map_has(&counted, base)) o->reads[base->index]++;
    map_put(o->pl->cx, &counted, base, (void *)(uintptr_t)base);
  }
  for (uint32_t i = 0; i < nest->reads.len; i++) {
    const Value *base = nest->reads.entries[i].value;
    if (o->reads[base->index] == 2) plan_fetch(o, nest, nest->reads.entries[i].key);
  }
}

static void member_available(const Nest *nest, const Member *m) {
  switch (m->kind) {
  case MEMBER_STORE: return;
  case MEMBER_VALUE:
    if (plan_of(m->value)->is_kept) available(m->value);
    return;
  case MEMBER_COPY: available(m->into); return;
  case MEMBER_REDUCE:
    for (int i = 0; i < m->op->nresults; i++) available(&m->op->results[i]);
    return;
  case MEMBER_SCAN:
    for (int i = 0; i < m->op->nresults; i++) {
      Value *v = &m->op->results[i];
      if (plan_of(v)->is_kept || ir_attr_int_or(m->op, "axis", 0) != nest->vector_dim) available(v);
    }
    return;
  case MEMBER_SERIAL:
  case MEMBER_UPDATE:
    for (int i = 0; i < m->op->nresults; i++)
      if (!ir_unused(&m->op->results[i])) available(&m->op->results[i]);
    return;
  }
}

/* An atomic is atomic for the other programs of this process, wherever its scope ends there; so while no other thread
 * runs programs (pool.c), a plain load and store do. */
static const Nest *plan_alone(Order *o, const Nest *atomics) {
  Op *op = atomics->members.at[0].op;
  if (op->code != OP_ATOMIC_RMW || !strcmp(ir_attr_text_or(op, "scope", "gpu"), "sys")) return NULL;
  Nest *nest = NEW(o->pl->cx, Nest);
  nest->type = atomics->type;
  vec_push(o->pl->cx, &nest->members, ((Member){.kind = MEMBER_UPDATE, .op = op}));
  cpu_plan_nest(o->pl, nest);
  return nest;
}

static void plan_nest(Order *o, Nest *nest) {
  cpu_plan_nest(o->pl, nest);
  if (nest->members.at[0].kind == MEMBER_SERIAL) nest->alone = plan_alone(o, nest);
  count_reads(o, nest);
  for (uint32_t i = 0; i < nest->members.len; i++) member_available(nest, &nest->members.at[i]);
}

/* A nest that copies an expression into scratch that is made for it. */
static const Nest *copy_of(Order *o, Value *value) {
  Nest *nest = NEW(o->pl->cx, Nest);
  Value *into = NEW(o->pl->cx, Value);
  Info *info = NEW(o->pl->cx, Info);
  info->work = NEW(o->pl->cx, ValueWork);
  info->work->live_dim = work_of(value)->live_dim;
  info->plan.is_stored = true;
  into->type = value->type;
  into->data = info;
  nest->type = value->type;
  vec_push(o->pl->cx, &nest->members, ((Member){.kind = MEMBER_COPY, .value = value, .into = into}));
  plan_nest(o, nest);
  return nest;
}

/* ---- dots and transpositions ------------------------------------------------------------------------------------- */

/* Describe what the load reads as a matrix, if that can be done here. */
static bool describe_load(Order *o, const Op *load, MatrixPlan *m) {
  const Type *t = load->results[0].type;
  Value *ptr = ir_operand(load, 0), *mask = cpu_access_mask(load);
  for (int i = 0; i < 2; i++) {
    int d = t->rank - 2 + i;
    const IndexAxis *a = &cpu_axis(o->pl->index, ptr)[d];
    if (!cpu_sum_known(o->pl, a->stride, ir_elem_bytes(t->elem))) return false;
    if (a->wrap && !cpu_wrap_test(o->pl, NULL, a->wrap, &m->wraps[i])) return false;
    if (mask && !cpu_mask_bounds(o->pl, NULL, mask, ir_is_tensor(mask->type) ? d : -1)) return false;
    m->strides[i] = a->stride;
  }
  m->load = load;
  return true;
}

/* `direct`: the load that may be read where the user has it, or NULL. */
static MatrixPlan plan_matrix(Order *o, Value *source, const Op *direct) {
  MatrixPlan m = {.source = source};
  if (cpu_is_stored(source)) return m;
  bool described = direct && describe_load(o, direct, &m);
  if (!described || m.wraps[0].wrap || m.wraps[1].wrap) m.copy = copy_of(o, source);
  return m;
}

static MatrixPlan plan_operand(Order *o, Value *v) {
  bool swapped;
  Value *source = cpu_dot_source(v, &swapped);
  MatrixPlan m = plan_matrix(o, source, cpu_dot_direct(o->pl, v));
  m.swapped = swapped;
  return m;
}

/* The one store to which v goes, by elementwise ops only. */
static bool only_store(const Value *v, const Op **store, int depth) {
  for (const Use *u = v->uses; u; u = u->next) {
    const Op *op = u->op;
    if (op->code == OP_STORE && u->index == 1 && (!*store || *store == op))
      *store = op;
    else if (depth > 16 || !(ir_info(op)->traits & T_ELEMENTWISE) || op->nresults != 1 ||
             !only_store(&op->results[0], store, depth + 1))
      return false;
  }
  return true;
}

/* Can v be evaluated here: is it an expression, and are its scalars known by now? */
static bool known_here(Value *v, int depth) {
  if (!ir_is_tensor(v->type)) return work_of(v)->available;
  if (depth > 32 || cpu_is_stored(v) || v->op->code == OP_LOAD || v->op->nregions) return false;
  for (int i = 0; i < v->op->noperands; i++)
    if (!known_here(ir_operand(v->op, i), depth + 1)) return false;
  return true;
}

/* The mask of the only store of the product of a loop, if it is a box that is known here; or NULL. */
static Value *live_mask(Order *o, const Op *dot) {
  const Value *d = &dot->results[0], *carried = plan_of(d)->shares;
  if (!carried || d->type->rank != 2 || ir_operand(dot, 2) != carried) return NULL;
  if (!ir_one_use(d) || d->uses->op != ir_terminator(dot->block) || !ir_one_use(carried)) return NULL;
  const Op *store = NULL;
  if (!only_store(&ir_parent(dot)->results[d->uses->index], &store, 0) || !store) return NULL;
  Value *mask = cpu_access_mask(store);
  if (!mask || !ir_is_tensor(mask->type) || !cpu_mask_is_box(o->pl, mask) || !known_here(mask, 0)) return NULL;
  return cpu_mask_bounds(o->pl, NULL, mask, 0) && cpu_mask_bounds(o->pl, NULL, mask, 1) ? mask : NULL;
}

static const DotPlan *plan_dot(Order *o, Op *op) {
  DotPlan *d = NEW(o->pl->cx, DotPlan);
  d->live = live_mask(o, op);
  d->a = plan_operand(o, ir_operand(op, 0));
  d->b = plan_operand(o, ir_operand(op, 1));
  d->sets = cpu_dot_sets(o->pl, op);
  return d;
}

static const MatrixPlan *plan_transpose(Order *o, Op *op) {
  Value *source = ir_operand(op, 0);
  MatrixPlan *m = NEW(o->pl->cx, MatrixPlan);
  *m = plan_matrix(o, source, cpu_trans_direct(o->pl, op) ? source->op : NULL);
  return m;
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

/* The dimension whose elements are neighbours; else one along which they lie evenly; else the last. */
static int row_dim(IndexInfo *ix, const Value *ptr) {
  const Type *t = ptr->type;
  const IndexAxis *a = cpu_axis(ix, ptr);
  int even = -1, last = t->rank - 1;
  for (int d = t->rank; d-- > 0;) {
    if (t->shape[d] == 1) continue;
    if (cpu_moves_by_one(ix, ptr, d)) return d;
    if (even < 0 && a[d].stride && !a[d].wrap) even = d;
    if (t->shape[last] == 1) last = d;
  }
  return even < 0 ? last : even;
}

enum { CHECK_LANES = 16 };

static const CheckPlan *plan_check(Order *o, const Op *op) {
  CheckPlan *c = NEW(o->pl->cx, CheckPlan);
  Value *ptr = ir_operand(op, 0), *mask = op->noperands > 1 ? ir_operand(op, 1) : NULL;
  c->dim = -1;
  if (!ir_is_tensor(ptr->type)) return c;
  c->dim = row_dim(o->pl->index, ptr);
  c->lanes = (int)min64(ptr->type->shape[c->dim], CHECK_LANES);
  const IndexAxis *a = &cpu_axis(o->pl->index, ptr)[c->dim];
  c->stride = a->stride;
  c->is_even = ptr->type->shape[c->dim] > 1 && !a->wrap &&
               cpu_sum_known(o->pl, a->stride, ir_elem_bytes(ir_elem(ptr->type)->elem)) &&
               (!mask || cpu_mask_bounds(o->pl, NULL, mask, ir_is_tensor(mask->type) ? c->dim : -1));
  return c;
}

/* ---- ending early ------------------------------------------------------------------------------------------------ */

/* A loop that may run for long polls the run-time library for a request to stop. A loop of a known, small amount of work
 * counts as part of the iteration around it and does not poll, so the loops within tiles stay as they are. In any other,
 * each iteration decrements a register. The library gives the number of iterations between polls; the first poll comes
 * after few enough that the estimate says they are short. */
enum { SOON = 1 << 20, MOST_UNASKED = 64 };

static int64_t work_times(int64_t a, int64_t b) {
  int64_t r;
  return __builtin_mul_overflow(a, b, &r) ? INT64_MAX : r;
}

static void add_work(Order *o, int64_t n) {
  if (__builtin_add_overflow(o->work, n, &o->work)) o->work = INT64_MAX;
}

static int64_t step_work(const Step *s) {
  if (s->nest) return work_times(ir_numel(s->nest->type), (int64_t)s->nest->members.len);
  const Op *op = s->op;
  int64_t n = op->noperands && ir_is_tensor(ir_operand(op, 0)->type) ? ir_numel(ir_operand(op, 0)->type) : 1;
  const Type *result = op->nresults ? op->results[0].type : NULL;
  return op->code == OP_DOT ? work_times(n, result->shape[result->rank - 1]) : n;
}

/* The trip count, where it is a constant; else INT64_MAX. */
static int64_t rounds_of(const Op *loop) {
  int64_t lower, upper, by, length;
  if (loop->code != OP_FOR || !ir_is_const_int(ir_loop_lower(loop), &lower) ||
      !ir_is_const_int(ir_loop_upper(loop), &upper) || !ir_is_const_int(ir_loop_step(loop), &by))
    return INT64_MAX;
  if (__builtin_sub_overflow(upper, lower, &length) || by <= 0) return INT64_MAX;
  return length <= 0 ? 0 : (length - 1) / by + 1;
}

/* After the loop's body; `outside`: the work in front of the loop. */
static void plan_poll(Order *o, Step *s, int64_t outside) {
  int64_t round = max64(o->work, 1), all = work_times(rounds_of(s->op), round);
  o->work = outside;
  add_work(o, min64(all, SOON));
  if (all > SOON) s->first_poll = (int)min64(max64(SOON / round, 1), MOST_UNASKED);
}

/* ---- the order --------------------------------------------------------------------------------------------------- */

static void plan_steps(Order *o, Block *b);

static void plan_for(Order *o, Op *op) {
  Block *body = ir_entry(op, 0);
  all_available(body->args, body->nargs, true);
  results_available(op, true);
  all_available(body->args, body->nargs, false);
  plan_steps(o, body);
  results_available(op, false);
}

static void plan_while(Order *o, Op *op) {
  Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  all_available(before->args, before->nargs, true);
  all_available(after->args, after->nargs, true);
  results_available(op, true);
  all_available(before->args, before->nargs, false);
  plan_steps(o, before);
  all_available(after->args, after->nargs, false);
  results_available(op, false);
  plan_steps(o, after);
}

static void plan_if(Order *o, Op *op) {
  size_t size = sizeof *o->reads * (size_t)ir_entry(o->pl->result->func, 0)->nargs;
  results_available(op, true);
  unsigned *reads = ctx_copy(o->pl->cx, o->reads, size);
  for (int r = 0; r < op->nregions && op->regions[r]->first; r++) {
    if (size) memcpy(o->reads, reads, size);
    plan_steps(o, ir_entry(op, r));
  }
  results_available(op, false);
}

static void plan_loop(Order *o, Step *s) {
  int64_t outside = o->work;
  o->work = 0;
  if (s->op->code == OP_FOR)
    plan_for(o, s->op);
  else
    plan_while(o, s->op);
  plan_poll(o, s, outside);
}

static void plan_step(Order *o, Step *s) {
  add_work(o, step_work(s));
  if (s->nest) {
    plan_nest(o, (Nest *)s->nest); /* it is this step's */
    return;
  }
  switch (s->op->code) {
  case OP_FOR:
  case OP_WHILE: plan_loop(o, s); return;
  case OP_IF: plan_if(o, s->op); return;
  case OP_DOT: s->dot = plan_dot(o, s->op); break;
  case OP_TRANS: s->matrix = plan_transpose(o, s->op); break;
  case OP_CHECK_ACCESS: s->check = plan_check(o, s->op); break;
  default: break;
  }
  results_available(s->op, true);
  results_available(s->op, false);
}

static void plan_steps(Order *o, Block *b) {
  BlockPlan *plan = b->data;
  for (uint32_t i = 0; i < plan->steps.len; i++) plan_step(o, &plan->steps.at[i]);
}

/* ---- the function ------------------------------------------------------------------------------------------------ */

typedef struct FunctionFacts {
  Planner *pl;
  bool communicates;
} FunctionFacts;

static void look(Op *op, void *arg) {
  FunctionFacts *f = arg;
  FunctionPlan *plan = f->pl->result;
  switch (op->code) {
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS:
  case OP_BARRIER: f->communicates = true; return;
  case OP_CHECK_ACCESS: vec_push(f->pl->cx, &plan->checks, op); return;
  case OP_INT_TO_PTR: plan->makes_pointers = true; return;
  case OP_LOAD: {
    const Value *base = cpu_pointer_base(f->pl->index, ir_operand(op, 0));
    if (base) map_put(f->pl->cx, &plan->loaded, base, (void *)base);
    if (ir_is_ptr(ir_elem(op->results[0].type))) plan->makes_pointers = true;
    return;
  }
  default: return;
  }
}

void cpu_plan_steps(Planner *pl, Op *func) {
  FunctionFacts f = {pl, false};
  ir_walk(func, look, &f);
  pl->result->streams = !f.communicates;
  Block *entry = ir_entry(func, 0);
  Order o = {.pl = pl, .reads = NEWN(pl->cx, unsigned, entry->nargs + 1)};
  for (int i = 0; i < entry->nargs; i++) available(entry->args[i]);
  plan_steps(&o, entry);
}
