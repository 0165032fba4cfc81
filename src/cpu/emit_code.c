/* emit_code.c: what all of emission is made of: blocks and loops, calls, types, constants. Nothing here knows of nests. */
#include "cpu/emit.h"

#include <assert.h>
#include <string.h>

/* ---- blocks and loops -------------------------------------------------------------------------------------------- */

LLVMBasicBlockRef emit_new_block(Lower *l, const char *name) {
  return LLVMAppendBasicBlockInContext(l->llvm, l->fn, name);
}

LLVMValueRef emit_alloca(Lower *l, LLVMTypeRef t) {
  LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b);
  LLVMValueRef first = LLVMGetFirstInstruction(l->entry);
  if (first)
    LLVMPositionBuilderBefore(l->b, first);
  else
    LLVMPositionBuilderAtEnd(l->b, l->entry);
  LLVMValueRef a = LLVMBuildAlloca(l->b, t, "");
  LLVMPositionBuilderAtEnd(l->b, here);
  return a;
}

static bool known_at_least_one(LLVMValueRef begin, LLVMValueRef end) {
  return LLVMIsAConstantInt(begin) && LLVMIsAConstantInt(end) &&
         LLVMConstIntGetSExtValue(begin) < LLVMConstIntGetSExtValue(end);
}

Loop emit_loop_begin(Lower *l, LLVMValueRef begin, LLVMValueRef end, int64_t step) {
  Loop loop = {emit_new_block(l, "loop"), emit_new_block(l, "done"), NULL, end, emit_int(l->i64, step)};
  LLVMBasicBlockRef before = LLVMGetInsertBlock(l->b);
  if (known_at_least_one(begin, end))
    LLVMBuildBr(l->b, loop.body);
  else
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntSLT, begin, end, ""), loop.body, loop.exit);
  LLVMPositionBuilderAtEnd(l->b, loop.body);
  loop.index = LLVMBuildPhi(l->b, l->i64, "i");
  LLVMAddIncoming(loop.index, &begin, &before, 1);
  return loop;
}

void emit_loop_end(Lower *l, Loop *loop) {
  LLVMBasicBlockRef latch = LLVMGetInsertBlock(l->b);
  LLVMValueRef next = LLVMBuildNSWAdd(l->b, loop->index, loop->step, "");
  LLVMValueRef again = LLVMBuildICmp(l->b, LLVMIntSLT, next, loop->end, "");
  LLVMValueRef br = LLVMBuildCondBr(l->b, again, loop->body, loop->exit);
  LLVMSetMetadata(br, l->loop_kind, l->loop_hint);
  LLVMAddIncoming(loop->index, &next, &latch, 1);
  LLVMPositionBuilderAtEnd(l->b, loop->exit);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

LLVMValueRef emit_unplanned(LLVMTypeRef t) {
  assert(!"the plan let something through that there is no code for");
  return LLVMGetPoison(t);
}

LLVMValueRef emit_call(Lower *l, const char *name, LLVMTypeRef result, LLVMValueRef *args, int nargs) {
  LLVMTypeRef types[16];
  for (int i = 0; i < nargs; i++) types[i] = LLVMTypeOf(args[i]);
  LLVMTypeRef t = LLVMFunctionType(result, types, (unsigned)nargs, false);
  LLVMValueRef f = LLVMGetNamedFunction(l->module, name);
  if (!f) f = LLVMAddFunction(l->module, name, t);
  return LLVMBuildCall2(l->b, t, f, args, (unsigned)nargs, "");
}

LLVMValueRef emit_intrinsic(Lower *l, const char *name, LLVMTypeRef *overloads, int n, LLVMValueRef *args, int nargs) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  LLVMValueRef f = LLVMGetIntrinsicDeclaration(l->module, id, overloads, (size_t)n);
  return LLVMBuildCall2(l->b, LLVMIntrinsicGetType(l->llvm, id, overloads, (size_t)n), f, args, (unsigned)nargs, "");
}

/* ---- types and constants ----------------------------------------------------------------------------------------- */

LLVMTypeRef emit_element_type(Lower *l, const Type *t) {
  switch (t->kind) {
  case TYPE_INT: return LLVMIntTypeInContext(l->llvm, (unsigned)t->bits);
  case TYPE_INDEX: return l->i64;
  case TYPE_PTR: return l->ptr;
  case TYPE_FLOAT:
    switch (t->fkind) {
    case F64: return l->f64;
    case F32: return l->f32;
    case F16: return l->f16;
    case BF16: return l->i16;
    default: return l->i8;
    }
  default: return l->i64;
  }
}

LLVMTypeRef emit_memory_type(Lower *l, const Type *t) {
  return t->kind == TYPE_INT && t->bits < 8 ? l->i8 : emit_element_type(l, t);
}

LLVMTypeRef emit_wide(LLVMTypeRef t, int lanes) { return lanes > 1 ? LLVMVectorType(t, (unsigned)lanes) : t; }

LLVMValueRef emit_int(LLVMTypeRef t, int64_t x) { return LLVMConstInt(t, (uint64_t)x, true); }

LLVMValueRef emit_splat(Lower *l, LLVMValueRef x, int lanes) {
  if (lanes <= 1) return x;
  LLVMTypeRef t = LLVMTypeOf(x);
  if (LLVMIsConstant(x)) {
    LLVMValueRef *all = NEWN(l->cx, LLVMValueRef, lanes);
    for (int i = 0; i < lanes; i++) all[i] = x;
    return LLVMConstVector(all, (unsigned)lanes);
  }
  LLVMTypeRef vt = LLVMVectorType(t, (unsigned)lanes);
  LLVMValueRef one = LLVMBuildInsertElement(l->b, LLVMGetPoison(vt), x, LLVMConstInt(l->i64, 0, false), "");
  return LLVMBuildShuffleVector(l->b, one, LLVMGetPoison(vt), LLVMConstNull(LLVMVectorType(l->i32, (unsigned)lanes)),
                                "");
}

LLVMValueRef emit_iota(Lower *l, int lanes, LLVMTypeRef t) {
  LLVMValueRef *all = NEWN(l->cx, LLVMValueRef, lanes + 1);
  for (int i = 0; i < lanes; i++) all[i] = emit_int(t, i);
  return lanes > 1 ? LLVMConstVector(all, (unsigned)lanes) : all[0];
}

LLVMValueRef emit_element_const(Lower *l, const Type *t, const Attr *a) {
  LLVMTypeRef lt = emit_element_type(l, t);
  if (a->kind == ATTR_SPLAT) a = a->items[0];
  if (t->kind != TYPE_FLOAT) return emit_int(lt, a->integer);
  double x = a->kind == ATTR_FLOAT ? a->number : (double)a->integer;
  uint64_t bits = ir_float_encode(t->fkind, x);
  LLVMValueRef c = LLVMConstInt(LLVMIntTypeInContext(l->llvm, (unsigned)t->bits), bits, false);
  return t->fkind == F64 || t->fkind == F32 || t->fkind == F16 ? LLVMConstBitCast(c, lt) : c;
}
