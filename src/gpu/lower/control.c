/* control.c: scf.for, scf.if and scf.while as blocks.
 *
 * Loop-carried values become block parameters, a register each; the accumulator of a wgmma is carried whole, as the one
 * structure that the instruction reads and writes (ll.h), so that its registers never move. A for loop is laid out with
 * its test at the end, after a first test before it.
 */
#include "gpu/lower/lower.h"

typedef Vec(LLInst *) Insts;
typedef Vec(const LLType *) Types;

static void push_types(Lower *w, const Value *v, Types *out) {
  if (v->type->kind == TYPE_MEMDESC) {
    vec_push(w->cx, out, &ll_ptr_shared);
    return;
  }
  int n = lower_count(w, v), group = lower_wgmma_registers(v->type);
  const LLType *e = n ? lower_elem(w, v->type) : NULL;
  for (int i = 0; i < n; i += group ? group : 1) vec_push(w->cx, out, group ? lower_accumulator_type(w, e, group) : e);
}

static void push_values(Lower *w, const Value *shape, const Value *v, Insts *out) {
  int n = lower_count(w, shape), group = lower_wgmma_registers(shape->type);
  Registers *x = n ? lower_value(w, v) : NULL;
  for (int i = 0; i < n; i += group ? group : 1)
    vec_push(w->cx, out, group ? lower_accumulator(w, x->at + i, group) : x->at[i]);
}

/* Reads a value's registers from parameters, beginning at *at. */
static void take_values(Lower *w, const Value *v, LLInst *const *params, int *at) {
  int n = lower_count(w, v), group = lower_wgmma_registers(v->type);
  Registers *x = lower_new(w, v, n);
  for (int i = 0; i < n; i += group ? group : 1) {
    LLInst *p = params[(*at)++];
    if (group) lower_from_accumulator(w, p, x->at + i, group);
    if (!group) x->at[i] = p;
  }
}

static LLInst **add_params(Lower *w, LLBlock *block, const Types *types) {
  LLInst **params = NEWN(w->cx, LLInst *, types->len + 1);
  for (uint32_t i = 0; i < types->len; i++) params[i] = ll_block_param(block, types->at[i]);
  return params;
}

static void start_at(Lower *w, LLBlock *block) {
  const LLLoc *loc = w->b.loc;
  w->b = ll_at_end(block);
  w->b.loc = loc;
}

static void take_results(Lower *w, const Op *op, LLInst *const *params) {
  int at = 0;
  for (int i = 0; i < op->nresults; i++) take_values(w, &op->results[i], params, &at);
}

/* Results that are accumulators still being written, with a wait for them after the loop. Only the edge out of the
 * loop has something to wait for: put on it, the wait does not make the assembler think that the initial values, which
 * are loop-carried, are written while a wgmma is in flight. */
static bool waits_outside(const Op *op) {
  const Op *wait = op->next;
  if (!wait || wait->code != OP_WARP_GROUP_DOT_WAIT) return false;
  for (int i = 0; i < wait->noperands; i++)
    if (ir_operand(wait, i)->op != op || !lower_wgmma_registers(ir_operand(wait, i)->type)) return false;
  return true;
}

static LLBlock *waiting_exit(Lower *w, const Op *op, const Types *types, LLBlock *from, LLBlock *after) {
  LLBlock *exit = ll_block_new(w->f, from);
  LLInst **params = add_params(w, exit, types);
  LLBuilder b = ll_at_end(exit);
  const Op *wait = op->next;
  int at = 0;
  for (int i = 0; i < op->nresults; i++) {
    const Value *r = &op->results[i];
    int group = lower_wgmma_registers(r->type), n = lower_count(w, r);
    bool pending = false;
    for (int k = 0; k < wait->noperands; k++) pending |= ir_operand(wait, k) == r;
    if (pending) map_put(w->cx, &w->waited, r, exit);
    for (int k = 0; k < n; k += group ? group : 1, at++)
      if (pending) params[at] = ll_call_n(&b, LL_WGMMA_WAIT_ACC, params[at]->type, (LLMods){0}, 0, &params[at], 1);
  }
  ll_br(&b, after, params, (int)types->len);
  return exit;
}

/* Bits of an induction variable that are known to be zero: it is a multiple of what divides both its start and its
 * step, and not negative when it climbs from where it is not (in the body it is below its bound). With them, index
 * arithmetic in the loop has no carries between the varying and the invariant part, and addresses share their parts. */
static uint64_t induction_zeros(const LLInst *lower, const LLInst *step, LLPred less) {
  int bits = lower->type->bits;
  uint64_t low = ~lower->zeros | ~step->zeros, sign = UINT64_C(1) << (bits - 1);
  uint64_t zeros = (low ? (low & -low) - 1 : UINT64_MAX) | (bits < 64 ? UINT64_MAX << bits : 0);
  if (less == LLP_SLT && (lower->zeros & sign) && (step->zeros & sign)) zeros |= sign;
  return zeros;
}

/* Is there an iteration after the one with `iv`, which has begun? iv + step < upper, as iv < upper - step where the sum
 * may wrap around: the difference then is the type's least value at least, below which there is none. */
typedef struct Bound {
  bool ahead; /* compare iv + step */
  LLInst *at;
} Bound;

static Bound loop_bound(Lower *w, LLInst *lower, LLInst *upper, LLInst *step, LLPred less) {
  int64_t by, end;
  int bits = upper->type->bits;
  bool is_signed = less == LLP_SLT, constant = ll_is_const_int(step, &by);
  int64_t most = INT64_MAX >> (64 - bits);
  if (constant && (by == 1 || (is_signed && ll_is_const_int(upper, &end) && end <= most - by + 1)))
    return (Bound){true, upper};
  LLInst *at = ll_op2(&w->b, LL_SUB, upper, step);
  if (is_signed && (lower->zeros >> (bits - 1) & 1)) return (Bound){false, at}; /* 0 <= lower < upper */
  LLInst *least = ll_const(&w->b, upper->type, is_signed ? (uint64_t)-most - 1 : 0);
  LLInst *under = ll_icmp(&w->b, less, upper, ll_op2(&w->b, LL_ADD, least, step));
  return (Bound){false, ll_select(&w->b, under, least, at)};
}

void lower_for(Lower *w, const Op *op) {
  const Block *body = ir_entry(op, 0);
  LLInst *lower = lower_scalar(w, ir_operand(op, 0)), *upper = lower_scalar(w, ir_operand(op, 1));
  LLInst *step = lower_scalar(w, ir_operand(op, 2));
  LLPred less = ir_attr(op, "unsignedCmp") ? LLP_ULT : LLP_SLT;
  Types types = {0};
  Insts inits = {0}, next = {0}, first = {0};
  for (int i = 0; i < op->nresults; i++) {
    push_types(w, &op->results[i], &types);
    push_values(w, &op->results[i], ir_loop_init(op, i), &inits);
  }
  LLBlock *head = ll_block_new(w->f, w->b.block), *after = ll_block_new(w->f, w->b.block);
  LLInst *iv = ll_block_param(head, lower->type);
  iv->zeros = induction_zeros(lower, step, less);
  LLInst **carried = add_params(w, head, &types), **results = add_params(w, after, &types);
  vec_push(w->cx, &first, lower);
  for (uint32_t i = 0; i < inits.len; i++) vec_push(w->cx, &first, inits.at[i]);
  Bound bound = loop_bound(w, lower, upper, step, less);
  ll_cond_br(&w->b, ll_icmp(&w->b, less, lower, upper), head, first.at, (int)first.len, after, inits.at,
             (int)inits.len);

  head->keeps = opt_keeps_invariants(op);
  start_at(w, head);
  lower_set(w, ir_loop_index(op), iv);
  int at = 0;
  for (int i = 0; i < op->nresults; i++) take_values(w, ir_loop_arg(op, i), carried, &at);
  lower_block(w, body);
  const Op *yield = ir_terminator(body);
  LLInst *goes_on = bound.ahead ? NULL : ll_icmp(&w->b, less, iv, bound.at); /* before iv's register is stepped */
  LLInst *more = ll_op2f(&w->b, LL_ADD, iv, step, LLF_NSW);
  if (bound.ahead) goes_on = ll_icmp(&w->b, less, more, bound.at);
  vec_push(w->cx, &next, more);
  for (int i = 0; i < op->nresults; i++) push_values(w, &op->results[i], ir_operand(yield, i), &next);
  LLBlock *exit = waits_outside(op) ? waiting_exit(w, op, &types, w->b.block, after) : after;
  ll_cond_br(&w->b, goes_on, head, next.at, (int)next.len, exit, next.at + 1, (int)next.len - 1);

  ll_block_move_last(after);
  start_at(w, after);
  take_results(w, op, results);
}

void lower_if(Lower *w, const Op *op) {
  Types types = {0};
  for (int i = 0; i < op->nresults; i++) push_types(w, &op->results[i], &types);
  LLInst *condition = lower_scalar(w, ir_operand(op, 0));
  bool has_else = op->nregions > 1 && op->regions[1]->first;
  LLBlock *from = w->b.block, *yes = ll_block_new(w->f, from), *no = has_else ? ll_block_new(w->f, from) : NULL;
  LLBlock *after = ll_block_new(w->f, from);
  LLInst **results = add_params(w, after, &types);
  ll_cond_br(&w->b, condition, yes, NULL, 0, no ? no : after, NULL, 0);
  for (int r = 0; r < 1 + has_else; r++) {
    LLBlock *block = r ? no : yes;
    ll_block_move_last(block);
    start_at(w, block);
    lower_block(w, op->regions[r]->first);
    const Op *yield = ir_terminator(op->regions[r]->first);
    Insts out = {0};
    for (int i = 0; i < op->nresults; i++) push_values(w, &op->results[i], ir_operand(yield, i), &out);
    ll_br(&w->b, after, out.at, (int)out.len);
  }
  ll_block_move_last(after);
  start_at(w, after);
  take_results(w, op, results);
}

void lower_while(Lower *w, const Op *op) {
  const Block *before = ir_entry(op, 0), *body = ir_entry(op, 1);
  Types carried_types = {0}, result_types = {0};
  Insts inits = {0}, passed = {0}, next = {0};
  for (int i = 0; i < before->nargs; i++) {
    push_types(w, before->args[i], &carried_types);
    push_values(w, before->args[i], ir_operand(op, i), &inits);
  }
  for (int i = 0; i < op->nresults; i++) push_types(w, &op->results[i], &result_types);
  LLBlock *head = ll_block_new(w->f, w->b.block);
  LLInst **carried = add_params(w, head, &carried_types);
  ll_br(&w->b, head, inits.at, (int)inits.len);

  head->keeps = opt_keeps_invariants(op);
  start_at(w, head);
  int at = 0;
  for (int i = 0; i < before->nargs; i++) take_values(w, before->args[i], carried, &at);
  lower_block(w, before);
  for (int i = 0; i < op->nresults; i++) push_values(w, &op->results[i], ir_while_passed(op, i), &passed);
  LLBlock *inside = ll_block_new(w->f, w->b.block), *after = ll_block_new(w->f, w->b.block);
  LLInst **args = add_params(w, inside, &result_types), **results = add_params(w, after, &result_types);
  ll_cond_br(&w->b, lower_scalar(w, ir_while_test(op)), inside, passed.at, (int)passed.len, after, passed.at,
             (int)passed.len);

  start_at(w, inside);
  at = 0;
  for (int i = 0; i < body->nargs; i++) take_values(w, body->args[i], args, &at);
  lower_block(w, body);
  const Op *yield = ir_terminator(body);
  for (int i = 0; i < before->nargs; i++) push_values(w, before->args[i], ir_operand(yield, i), &next);
  ll_br(&w->b, head, next.at, (int)next.len);

  ll_block_move_last(after);
  start_at(w, after);
  take_results(w, op, results);
}
