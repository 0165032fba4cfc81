/* value.c: what a value is in a thread: types, registers, scratch memory. */
#include "gpu/lower/lower.h"

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

Registers *lower_value(Lower *w, const Value *v) {
  Registers *x = map_get(&w->values, v);
  if (!x) ctx_fail(w->cx, ERR_INTERNAL, "a value of type %s was not lowered", ir_type_text(w->cx, v->type));
  return x;
}

Registers *lower_new(Lower *w, const Value *v, int n) {
  Registers *x = NEW(w->cx, Registers);
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

/* What all lanes know is not exchanged. (And the assembler, which finds that out as well, makes max(c - x, y) of it max(x - c, y)
 * if a shuffle of the constant c was there: ptxas 12.8 to 13.0, sm_90.) */
LLInst *lower_shuffle(Lower *w, LLOp kind, LLInst *x, LLInst *lane) {
  const LLType *t = x->type;
  if (x->op == LL_CONST) return x;
  LLInst *all = ll_const_i32(&w->b, -1), *clamp = ll_const_i32(&w->b, kind == LL_SHFL_UP ? 0 : 31);
  if (t->bits > 32) {
    LLInst *wide = ll_is_ptr(t) ? ll_op1(&w->b, LL_PTRTOINT, &ll_i64, x) : ll_bitcast(&w->b, &ll_i64, x);
    LLInst *lo = ll_op1(&w->b, LL_TRUNC, &ll_i32, wide);
    LLInst *hi = ll_op1(&w->b, LL_TRUNC, &ll_i32, ll_op2(&w->b, LL_LSHR, wide, ll_const_i64(&w->b, 32)));
    lo = ll_op1(&w->b, LL_ZEXT, &ll_i64, ll_call(&w->b, kind, NULL, all, lo, lane, clamp, NULL));
    hi = ll_op1(&w->b, LL_ZEXT, &ll_i64, ll_call(&w->b, kind, NULL, all, hi, lane, clamp, NULL));
    wide = ll_op2(&w->b, LL_OR, lo, ll_op2(&w->b, LL_SHL, hi, ll_const_i64(&w->b, 32)));
    return ll_is_ptr(t) ? ll_op1(&w->b, LL_INTTOPTR, t, wide) : ll_bitcast(&w->b, t, wide);
  }
  LLInst *bits = ll_is_int(t) ? x : ll_bitcast(&w->b, ll_int(t->bits), x);
  bits = ll_call(&w->b, kind, NULL, all, ll_int_cast(&w->b, &ll_i32, bits, false), lane, clamp, NULL);
  bits = ll_int_cast(&w->b, ll_int(t->bits), bits, false);
  return ll_is_int(t) ? bits : ll_bitcast(&w->b, t, bits);
}
