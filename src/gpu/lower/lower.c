/* lower.c: Triton GPU IR to ll/: functions, and which function lowers which op. walk.c calls these by the table, so that
 * what lowers an op with regions has only the walk to call. */
#include "gpu/lower/lower.h"

#include <string.h>

enum { TENSOR_MAP_BYTES = 128, TENSOR_MAP_ALIGN = 64 };

/* ---- which function lowers which op ------------------------------------------------------------------------------ */

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

static void lower_dependency(Lower *w, const Op *op) {
  if (w->sm >= 90) ll_call(&w->b, op->code == OP_GRID_WAIT ? LL_GRIDDEP_WAIT : LL_GRIDDEP_LAUNCH, NULL, NULL);
}

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
    [OP_GRID_WAIT] = lower_dependency,
    [OP_GRID_LAUNCH] = lower_dependency,
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
    [OP_MEMDESC_SUBSLICE] = lower_local,
    [OP_MEMDESC_TRANS] = lower_local,
    [OP_MEMDESC_RESHAPE] = lower_local,
    [OP_ASYNC_COPY] = lower_local,
    [OP_ASYNC_COMMIT] = lower_local,
    [OP_ASYNC_WAIT] = lower_local,
    [OP_FENCE_ASYNC_SHARED] = lower_local,
    [OP_INIT_BARRIER] = lower_tma,
    [OP_INVAL_BARRIER] = lower_tma,
    [OP_BARRIER_EXPECT] = lower_tma,
    [OP_ARRIVE_BARRIER] = lower_tma,
    [OP_WAIT_BARRIER] = lower_tma,
    [OP_TMA_LOAD] = lower_tma,
    [OP_TMA_STORE] = lower_tma,
    [OP_TMA_REDUCE] = lower_tma,
    [OP_TMA_STORE_WAIT] = lower_tma,
    [OP_TENSORMAP_CREATE] = lower_tma,
    [OP_TENSORMAP_ACQUIRE] = lower_tma,
    [OP_REINTERPRET_DESC] = lower_tma,
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
    [OP_FP4_TO_FP] = lower_fp4_to_fp,
    [OP_ASSUME] = lower_nothing,
    [OP_YIELD] = lower_nothing,
    [OP_CONDITION] = lower_nothing,
    [OP_REDUCE_RETURN] = lower_nothing,
    [OP_SCAN_RETURN] = lower_nothing,
    [OP_MAP_RETURN] = lower_nothing,
    [OP_RETURN] = lower_return,
};

/* ---- functions --------------------------------------------------------------------------------------------------- */

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
  w->f->loc = w->b.loc = lower_place(w, func->loc);
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
  Lower w = {.cx = cx, .m = m, .o = o, .table = lower_table, .num_warps = gpu_num_warps(m), .sm = o->sm};
  w.index = index_analyze(cx, m);
  w.lm = ll_module_new(cx, "kernel");
  w.lm->shared_align = 1024; /* what 128-byte swizzling repeats after */
  *shared = ir_attr_int_or(m->op, "ttg.shared", 0);
  for (const Op *op = m->body->first->first; op; op = op->next)
    if (op->code == OP_FUNC && op->regions[0]->first) lower_function(&w, op);
  return w.lm;
}
