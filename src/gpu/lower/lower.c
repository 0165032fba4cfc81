/* lower.c: Triton GPU IR to ll/: functions, types, values, and which op is lowered where. */
#include "gpu/lower/lower.h"

#include <stdlib.h>
#include <string.h>

/* The place in the user's source of a location. */
static const Loc *file_place(const Loc *loc) {
  while (loc && loc->kind != LOC_FILE) {
    if (loc->kind == LOC_UNKNOWN) return NULL;
    loc = loc->child;
  }
  return loc;
}

_Noreturn void lower_fail(Lower *w, const Op *op, const char *why) {
  ir_fail(w->cx, op, NULL, "'%s': %s", ir_info(op)->name, why);
}

/* ---- types ------------------------------------------------------------------------------------------------------- */

const LLType *lower_elem(Lower *w, Type *t) {
  t = ir_elem(t);
  switch (t->kind) {
  case TYPE_INT: return ll_int(t->bits);
  case TYPE_INDEX: return &ll_i32;
  case TYPE_PTR: return &ll_ptr_global;
  case TYPE_TENSORDESC: return &ll_ptr; /* where the tensor map lies */
  case TYPE_FLOAT:
    switch (t->fkind) {
    case F16: return &ll_half;
    case BF16: return &ll_bfloat;
    case F32: return &ll_float;
    case F64: return &ll_double;
    default: return &ll_i8;
    }
  default: ctx_fail(w->cx, ERR_SOURCE, "values of type %s are not supported here", ir_type_text(w->cx, t));
  }
}

const LLType *lower_stored(Lower *w, Type *t) {
  const LLType *e = lower_elem(w, t);
  return e == &ll_i1 ? &ll_i8 : ll_is_ptr(e) ? &ll_i64 : e;
}

LLInst *lower_to_stored(Lower *w, Type *t, LLInst *x) {
  const LLType *e = lower_elem(w, t);
  if (e == &ll_i1) return ll_op1(&w->b, LL_ZEXT, &ll_i8, x);
  return ll_is_ptr(e) ? ll_op1(&w->b, LL_PTRTOINT, &ll_i64, x) : x;
}

LLInst *lower_from_stored(Lower *w, Type *t, LLInst *x) {
  const LLType *e = lower_elem(w, t);
  if (e == &ll_i1) return ll_op1(&w->b, LL_TRUNC, &ll_i1, x);
  return ll_is_ptr(e) ? ll_op1(&w->b, LL_INTTOPTR, e, x) : x;
}

unsigned lower_contract(const Lower *w) { return w->o->common.enable_fp_fusion ? LLF_CONTRACT : 0; }

/* ---- values ------------------------------------------------------------------------------------------------------ */

int lower_count(Lower *w, const Value *v) {
  if (v->type->kind == TYPE_TOKEN) return 0;
  return ir_is_tensor(v->type) ? gpu_registers(gpu_layout(w->cx, v->type)) : 1;
}

Val *lower_val(Lower *w, const Value *v) {
  Val *x = map_get(&w->values, v);
  if (!x) ctx_fail(w->cx, ERR_INTERNAL, "a value of type %s was not lowered", ir_type_text(w->cx, v->type));
  return x;
}

Val *lower_new(Lower *w, const Value *v, int n) {
  Val *x = NEW(w->cx, Val);
  x->n = n;
  x->at = NEWN(w->cx, LLInst *, n ? n : 1);
  map_put(w->cx, &w->values, v, x);
  return x;
}

void lower_set(Lower *w, const Value *v, LLInst *x) { lower_new(w, v, 1)->at[0] = x; }

void lower_barrier(Lower *w) {
  if (w->num_warps == 1)
    ll_call(&w->b, LL_BARRIER_WARP, NULL, ll_const_i32(&w->b, -1), NULL);
  else
    ll_call(&w->b, LL_BARRIER0, NULL, NULL);
}

LLInst *lower_scratch(Lower *w, const Op *op) {
  return ll_ptradd(&w->b, ll_shared(&w->b), NULL, ir_attr_int_or(op, GPU_OFFSET, 0));
}

void lower_combine(Lower *w, const Op *op, LLInst *const *acc, LLInst *const *cur, LLInst **out, int n) {
  const Block *b = ir_entry(op, 0);
  for (int i = 0; i < n; i++) {
    lower_set(w, b->args[i], acc[i]);
    lower_set(w, b->args[n + i], cur[i]);
  }
  lower_block(w, b);
  const Op *end = ir_terminator(b);
  for (int i = 0; i < n; i++) out[i] = lower_scalar(w, ir_operand(end, i));
}

/* ---- ops of indices and shapes ----------------------------------------------------------------------------------- */

static LLInst *constant_scalar(Lower *w, const Attr *a, Type *elem) {
  const LLType *t = lower_elem(w, elem);
  if (a->kind == ATTR_FLOAT) {
    if (ll_is_float(t)) return ll_const_float(&w->b, t, a->number);
    return ll_const(&w->b, t, ir_float_encode(elem->fkind, a->number));
  }
  uint64_t bits = (uint64_t)a->integer;
  return ll_const(&w->b, t, t->bits >= 64 ? bits : bits & (((uint64_t)1 << t->bits) - 1));
}

static void lower_constant(Lower *w, const Op *op) {
  const Value *r = &op->results[0];
  const Attr *a = ir_attr(op, "value");
  Val *x = lower_new(w, r, lower_count(w, r));
  if (a->kind == ATTR_DENSE) lower_fail(w, op, "tensors of unequal constants are not supported");
  LLInst *c = constant_scalar(w, a->kind == ATTR_SPLAT ? a->items[0] : a, ir_elem(r->type));
  for (int i = 0; i < x->n; i++) x->at[i] = c;
}

static void lower_poison(Lower *w, const Op *op) {
  Val *x = lower_new(w, &op->results[0], lower_count(w, &op->results[0]));
  for (int i = 0; i < x->n; i++) x->at[i] = ll_undef(&w->b, lower_elem(w, op->results[0].type));
}

static void lower_range(Lower *w, const Op *op) {
  const Value *r = &op->results[0];
  const Layout *l = gpu_layout(w->cx, r->type);
  int64_t start = ir_attr_int_or(op, "start", 0);
  Val *x = lower_new(w, r, gpu_registers(l));
  for (int i = 0; i < x->n; i++) {
    x->at[i] = lower_index(w, l, 0, i);
    if (start) x->at[i] = ll_op2(&w->b, LL_ADD, x->at[i], ll_const_i32(&w->b, (int32_t)start));
  }
}

static void lower_splat(Lower *w, const Op *op) {
  Val *x = lower_new(w, &op->results[0], lower_count(w, &op->results[0]));
  for (int i = 0; i < x->n; i++) x->at[i] = lower_scalar(w, ir_operand(op, 0));
}

/* Each register of the result is the register of the operand that holds the element which `source` maps its place
 * to. */
static void lower_by_place(Lower *w, const Op *op,
                           uint64_t (*source)(const Op *op, const Layout *from, const Layout *to, uint64_t place)) {
  const Value *r = &op->results[0], *v = ir_operand(op, 0);
  const Layout *from = gpu_layout(w->cx, v->type), *to = gpu_layout(w->cx, r->type);
  Val *in = lower_val(w, v), *out = lower_new(w, r, gpu_registers(to));
  for (int i = 0; i < out->n; i++) {
    uint64_t wanted = source(op, from, to, lower_register_image(to, i));
    for (int j = 0; j < in->n && !out->at[i]; j++)
      if (lower_register_image(from, j) == wanted) out->at[i] = in->at[j];
    if (!out->at[i]) lower_fail(w, op, "the layouts of operand and result do not go together");
  }
}

static uint64_t part(const Layout *l, uint64_t place, int dim) {
  Axis a = (Axis)(AXIS_DIM0 + dim);
  return place >> layout_out_shift(l, a) & (((uint64_t)1 << layout_out_bits(l, a)) - 1);
}

static uint64_t part_at(const Layout *l, uint64_t x, int dim) {
  return x << layout_out_shift(l, (Axis)(AXIS_DIM0 + dim));
}

static uint64_t broadcast_source(const Op *op, const Layout *from, const Layout *to, uint64_t place) {
  uint64_t out = 0;
  (void)op;
  for (int d = 0; d < from->nout; d++)
    if (layout_out_bits(from, (Axis)(AXIS_DIM0 + d))) out |= part_at(from, part(to, place, d), d);
  return out;
}

static uint64_t expand_source(const Op *op, const Layout *from, const Layout *to, uint64_t place) {
  int axis = (int)ir_attr_int_or(op, "axis", 0);
  uint64_t out = 0;
  for (int d = 0, k = 0; d < to->nout; d++)
    if (d != axis) out |= part_at(from, part(to, place, d), k++);
  return out;
}

static uint64_t trans_source(const Op *op, const Layout *from, const Layout *to, uint64_t place) {
  const Attr *order = ir_attr(op, "order");
  uint64_t out = 0;
  for (int d = 0; d < to->nout; d++) out |= part_at(from, part(to, place, d), (int)order->ints[d]);
  return out;
}

/* Row-major number of a place, and back. */
static uint64_t reshape_source(const Op *op, const Layout *from, const Layout *to, uint64_t place) {
  uint64_t number = 0, out = 0;
  (void)op;
  for (int d = 0; d < to->nout; d++) number = number << layout_out_bits(to, (Axis)(AXIS_DIM0 + d)) | part(to, place, d);
  for (int d = from->nout - 1; d >= 0; d--) {
    int bits = layout_out_bits(from, (Axis)(AXIS_DIM0 + d));
    out |= part_at(from, number & (((uint64_t)1 << bits) - 1), d);
    number >>= bits;
  }
  return out;
}

/* join and split: the last dimension says which. `whole` is the layout with it. */
static void lower_join(Lower *w, const Op *op) {
  const Value *r = &op->results[0];
  const Layout *to = gpu_layout(w->cx, r->type), *from = gpu_layout(w->cx, ir_operand(op, 0)->type);
  Val *x = lower_val(w, ir_operand(op, 0)), *y = lower_val(w, ir_operand(op, 1)),
      *out = lower_new(w, r, gpu_registers(to));
  int last = r->type->rank - 1;
  for (int i = 0; i < out->n; i++) {
    uint64_t place = lower_register_image(to, i), wanted = 0;
    for (int d = 0; d < last; d++) wanted |= part_at(from, part(to, place, d), d);
    for (int j = 0; j < x->n; j++)
      if (lower_register_image(from, j) == wanted) out->at[i] = part(to, place, last) ? y->at[j] : x->at[j];
    if (!out->at[i]) lower_fail(w, op, "the layouts of operands and result do not go together");
  }
}

static void lower_split(Lower *w, const Op *op) {
  const Value *src = ir_operand(op, 0);
  const Layout *from = gpu_layout(w->cx, src->type), *to = gpu_layout(w->cx, op->results[0].type);
  Val *in = lower_val(w, src);
  int last = src->type->rank - 1;
  for (int half = 0; half < 2; half++) {
    Val *out = lower_new(w, &op->results[half], gpu_registers(to));
    for (int i = 0; i < out->n; i++) {
      uint64_t wanted = part_at(from, (uint64_t)half, last), place = lower_register_image(to, i);
      for (int d = 0; d < last; d++) wanted |= part_at(from, part(to, place, d), d);
      for (int j = 0; j < in->n; j++)
        if (lower_register_image(from, j) == wanted) out->at[i] = in->at[j];
      if (!out->at[i]) lower_fail(w, op, "the layouts of operand and results do not go together");
    }
  }
}

static void lower_cat(Lower *w, const Op *op) {
  Val *x = lower_val(w, ir_operand(op, 0)), *y = lower_val(w, ir_operand(op, 1));
  Val *out = lower_new(w, &op->results[0], x->n + y->n);
  for (int i = 0; i < out->n; i++) out->at[i] = i < x->n ? x->at[i] : y->at[i - x->n];
}

static void lower_unsplat(Lower *w, const Op *op) {
  lower_set(w, &op->results[0], lower_val(w, ir_operand(op, 0))->at[0]);
}

static void lower_program(Lower *w, const Op *op) {
  static const LLOp ids[] = {LL_CTAID_X, LL_CTAID_Y, LL_CTAID_Z}, counts[] = {LL_NCTAID_X, LL_NCTAID_Y, LL_NCTAID_Z};
  int axis = (int)ir_attr_int_or(op, "axis", 0);
  lower_set(w, &op->results[0], ll_call(&w->b, op->code == OP_PROGRAM_ID ? ids[axis] : counts[axis], NULL, NULL));
}

enum { TENSOR_MAP_BYTES = 128, TENSOR_MAP_ALIGN = 64 };

/* ---- which function lowers which op ------------------------------------------------------------------------------ */

static void lower_broadcast(Lower *w, const Op *op) { lower_by_place(w, op, broadcast_source); }
static void lower_expand(Lower *w, const Op *op) { lower_by_place(w, op, expand_source); }
static void lower_trans(Lower *w, const Op *op) { lower_by_place(w, op, trans_source); }
static void lower_reshape(Lower *w, const Op *op) { lower_by_place(w, op, reshape_source); }

static void lower_barrier_op(Lower *w, const Op *op) {
  (void)op;
  lower_barrier(w);
}

static void lower_return(Lower *w, const Op *op) {
  (void)op;
  ll_ret(&w->b);
}

/* Terminators of inner regions belong to the op around them; a hint makes no code. */
static void lower_nothing(Lower *w, const Op *op) { (void)w, (void)op; }

typedef void LowerFn(Lower *w, const Op *op);

/* Elementwise ops, which are not here, have a table of their own: elementwise.c. */
static LowerFn *const lower_table[OPCODES] = {
    [OP_CONSTANT] = lower_constant,
    [OP_POISON] = lower_poison,
    [OP_MAKE_RANGE] = lower_range,
    [OP_SPLAT] = lower_splat,
    [OP_BROADCAST] = lower_broadcast,
    [OP_EXPAND_DIMS] = lower_expand,
    [OP_TRANS] = lower_trans,
    [OP_RESHAPE] = lower_reshape,
    [OP_JOIN] = lower_join,
    [OP_SPLIT] = lower_split,
    [OP_CAT] = lower_cat,
    [OP_UNSPLAT] = lower_unsplat,
    [OP_PROGRAM_ID] = lower_program,
    [OP_NUM_PROGRAMS] = lower_program,
    [OP_BARRIER] = lower_barrier_op,
    [OP_LOAD] = lower_load,
    [OP_STORE] = lower_store,
    [OP_ATOMIC_RMW] = lower_atomic,
    [OP_ATOMIC_CAS] = lower_atomic,
    [OP_CONVERT_LAYOUT] = lower_convert,
    [OP_LOCAL_ALLOC] = lower_local,
    [OP_LOCAL_DEALLOC] = lower_local,
    [OP_LOCAL_LOAD] = lower_local,
    [OP_LOCAL_STORE] = lower_local,
    [OP_MEMDESC_INDEX] = lower_local,
    [OP_MEMDESC_TRANS] = lower_local,
    [OP_MEMDESC_RESHAPE] = lower_local,
    [OP_ASYNC_COPY] = lower_local,
    [OP_ASYNC_COMMIT] = lower_local,
    [OP_ASYNC_WAIT] = lower_local,
    [OP_FENCE_ASYNC_SHARED] = lower_local,
    [OP_INIT_BARRIER] = lower_tma,
    [OP_INVAL_BARRIER] = lower_tma,
    [OP_BARRIER_EXPECT] = lower_tma,
    [OP_WAIT_BARRIER] = lower_tma,
    [OP_TMA_LOAD] = lower_tma,
    [OP_TMA_STORE] = lower_tma,
    [OP_TMA_REDUCE] = lower_tma,
    [OP_TMA_STORE_WAIT] = lower_tma,
    [OP_WARP_GROUP_DOT] = lower_warp_group_dot,
    [OP_WARP_GROUP_DOT_WAIT] = lower_warp_group_dot_wait,
    [OP_DOT] = lower_dot,
    [OP_REDUCE] = lower_reduce,
    [OP_SCAN] = lower_scan,
    [OP_GATHER] = lower_gather,
    [OP_HISTOGRAM] = lower_histogram,
    [OP_FOR] = lower_for,
    [OP_IF] = lower_if,
    [OP_WHILE] = lower_while,
    [OP_PRINT] = lower_print,
    [OP_ASSERT] = lower_assert,
    [OP_INLINE_ASM] = lower_inline_asm,
    [OP_MAP_ELEMENTWISE] = lower_map,
    [OP_FP_TO_FP] = lower_fp_to_fp,
    [OP_ASSUME] = lower_nothing,
    [OP_YIELD] = lower_nothing,
    [OP_CONDITION] = lower_nothing,
    [OP_REDUCE_RETURN] = lower_nothing,
    [OP_SCAN_RETURN] = lower_nothing,
    [OP_MAP_RETURN] = lower_nothing,
    [OP_RETURN] = lower_return,
};

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

/* A place with the calls that led there. */
static const LLLoc *place_called(Lower *w, const Loc *loc, const LLLoc *from) {
  while (loc && loc->kind != LOC_FILE) {
    if (loc->kind == LOC_UNKNOWN) return NULL;
    if (loc->kind == LOC_CALL) from = place_called(w, loc->caller, from);
    loc = loc->child;
  }
  if (!loc) return NULL;
  LLLoc *l = NEW(w->cx, LLLoc);
  *l = (LLLoc){loc->file, w->f->name, loc->line, loc->col, from};
  return l;
}

static const LLLoc *place_of(Lower *w, const Loc *loc) {
  if (w->o->call_sites) {
    const LLLoc *l = place_called(w, loc, NULL);
    return l ? l : w->b.loc;
  }
  const Loc *at = file_place(loc);
  if (!at) return w->b.loc;
  if (w->b.loc && w->b.loc->line == at->line && w->b.loc->col == at->col && w->b.loc->file == at->file) return w->b.loc;
  LLLoc *l = NEW(w->cx, LLLoc);
  *l = (LLLoc){.file = at->file, .function = w->f->name, .line = at->line, .col = at->col};
  return l;
}

void lower_op(Lower *w, const Op *op) {
  w->b.loc = place_of(w, op->loc);
  w->op = op;
  if (lower_table[op->code]) {
    lower_table[op->code](w, op);
    return;
  }
  if (lower_wide_division(w, op)) return;
  if (!lower_elementwise(w, op)) lower_fail(w, op, "not supported on this target yet");
}

void lower_block(Lower *w, const Block *b) {
  for (const Op *op = b->first; op; op = op->next) lower_op(w, op);
}

static int64_t arg_fact(const Op *func, int i, const char *name) {
  const Attr *attrs = ir_attr(func, "arg_attrs");
  const Attr *own = attrs && i < attrs->n ? attrs->items[i] : NULL;
  for (int k = 0; own && own->kind == ATTR_DICT && k < own->n; k++)
    if (!strcmp(own->names[k], name)) return own->items[k]->integer;
  return 0;
}

static void lower_function(Lower *w, const Op *func) {
  Block *entry = ir_entry(func, 0);
  LLParam *params = NEWN(w->cx, LLParam, entry->nargs + 1);
  for (int i = 0; i < entry->nargs; i++) {
    const LLType *t = lower_elem(w, entry->args[i]->type);
    params[i] = (LLParam){.name = ctx_printf(w->cx, "%s_param_%d", ir_func_name(func), i),
                          .type = t == &ll_i1 ? &ll_i8 : t,
                          .align = (int)arg_fact(func, i, "tt.divisibility")};
    if (entry->args[i]->type->kind == TYPE_TENSORDESC)
      params[i].byval = TENSOR_MAP_BYTES, params[i].align = TENSOR_MAP_ALIGN;
  }
  w->f = ll_func_new(w->lm, ir_func_name(func), params, entry->nargs);
  w->f->threads = 32 * w->num_warps;
  w->f->maxnreg = w->o->common.maxnreg;
  w->b = ll_at_end(ll_entry(w->f));
  w->f->loc = w->b.loc = place_of(w, func->loc);
  w->tid = ll_call(&w->b, LL_TID_X, NULL, NULL);
  if (w->num_warps * 32 < 1024) w->tid = ll_op2(&w->b, LL_AND, w->tid, ll_const_i32(&w->b, 32 * w->num_warps - 1));
  for (int i = 0; i < entry->nargs; i++) {
    LLInst *x = ll_param(w->f, i);
    if (lower_elem(w, entry->args[i]->type) == &ll_i1) x = ll_op1(&w->b, LL_TRUNC, &ll_i1, x);
    lower_set(w, entry->args[i], x);
  }
  lower_block(w, entry);
}

LLModule *gpu_lower(Ctx *cx, Module *m, const GpuOptions *o, int64_t *shared) {
  Lower w = {.cx = cx, .m = m, .o = o, .num_warps = gpu_num_warps(m), .sm = o->sm};
  w.index = index_analyze(cx, m);
  w.lm = ll_module_new(cx, "kernel");
  w.lm->shared_align = 1024; /* what 128-byte swizzling repeats after */
  *shared = ir_attr_int_or(m->op, "ttg.shared", 0);
  for (const Op *op = m->body->first->first; op; op = op->next)
    if (op->code == OP_FUNC && op->regions[0]->first) lower_function(&w, op);
  return w.lm;
}
