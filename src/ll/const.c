/* const.c: values that belong to no block, constants first, and the bits of floating-point numbers. */
#include "ir/ir.h"
#include "ll/internal.h"

static FloatKind float_kind(const LLType *t) {
  switch (t->kind) {
  case LLK_HALF: return F16;
  case LLK_BFLOAT: return BF16;
  case LLK_FLOAT: return F32;
  default: return F64;
  }
}

double ll_bits_to_double(const LLType *t, uint64_t bits) { return ir_float_decode(float_kind(t), bits); }

uint64_t ll_double_to_bits(const LLType *t, double x) {
  return ll_is_float(t) ? ir_float_encode(float_kind(t), x) : (uint64_t)x;
}

LLInst *ll_const(LLBuilder *b, const LLType *t, uint64_t bits) {
  const LLType *e = t;
  while (e->kind >= LLK_VECTOR) e = e->elem;
  return ll_pooled(b->func, &(LLKey){.op = LL_CONST, .type = t, .imm = (int64_t)(bits & ll_mask(e->bits))});
}

LLInst *ll_const_float(LLBuilder *b, const LLType *t, double x) {
  return ll_const(b, t, ll_double_to_bits(ll_scalar(t), x));
}

LLInst *ll_undef(LLBuilder *b, const LLType *t) { return ll_pooled(b->func, &(LLKey){.op = LL_UNDEF, .type = t}); }

LLInst *ll_shared(LLBuilder *b) { return ll_pooled(b->func, &(LLKey){.op = LL_SHARED, .type = &ll_ptr_shared}); }

LLInst *ll_global(LLBuilder *b, const LLGlobal *g) {
  return ll_pooled(b->func, &(LLKey){.op = LL_GLOBAL, .type = &ll_ptr_global, .ref = g});
}

bool ll_is_const_int(const LLInst *v, int64_t *x) {
  if (v->op != LL_CONST || !ll_is_int(v->type)) return false;
  *x = sign_extended((uint64_t)v->imm, v->type->bits);
  return true;
}

uint64_t ll_ones(const LLType *t) { return ll_mask(t->bits); }

bool ll_is_const(const LLInst *v, uint64_t *bits) {
  if (v->op != LL_CONST) return false;
  *bits = (uint64_t)v->imm;
  return true;
}
