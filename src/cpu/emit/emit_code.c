/* emit_code.c: what all of emission is made of: blocks and loops, calls, types, constants. Nothing here knows of nests. */
#include "cpu/emit/emit.h"

#include <assert.h>
#include <string.h>

/* ---- blocks and loops -------------------------------------------------------------------------------------------- */

void emit_before(Emitter *e, LLVMValueRef instruction) {
  LLVMMetadataRef line = LLVMGetCurrentDebugLocation2(e->b);
  LLVMPositionBuilderBefore(e->b, instruction); /* which would take over the instruction's line */
  LLVMSetCurrentDebugLocation2(e->b, line);
}

LLVMBasicBlockRef emit_new_block(Emitter *e, const char *name) {
  return LLVMAppendBasicBlockInContext(e->llvm, e->fn, name);
}

LLVMValueRef emit_alloca(Emitter *e, LLVMTypeRef t) {
  LLVMBasicBlockRef here = LLVMGetInsertBlock(e->b);
  LLVMValueRef first = LLVMGetFirstInstruction(e->entry);
  if (first)
    emit_before(e, first);
  else
    LLVMPositionBuilderAtEnd(e->b, e->entry);
  LLVMValueRef a = LLVMBuildAlloca(e->b, t, "");
  LLVMPositionBuilderAtEnd(e->b, here);
  return a;
}

static bool known_at_least_one(LLVMValueRef begin, LLVMValueRef end) {
  return LLVMIsAConstantInt(begin) && LLVMIsAConstantInt(end) &&
         LLVMConstIntGetSExtValue(begin) < LLVMConstIntGetSExtValue(end);
}

CountedLoop emit_loop_begin(Emitter *e, LLVMValueRef begin, LLVMValueRef end, int64_t step) {
  CountedLoop loop = {emit_new_block(e, "loop"), emit_new_block(e, "done"), NULL, end, emit_int(e->i64, step)};
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b);
  if (known_at_least_one(begin, end))
    LLVMBuildBr(e->b, loop.body);
  else
    LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, begin, end, ""), loop.body, loop.exit);
  LLVMPositionBuilderAtEnd(e->b, loop.body);
  loop.index = LLVMBuildPhi(e->b, e->i64, "i");
  LLVMAddIncoming(loop.index, &begin, &before, 1);
  return loop;
}

void emit_loop_end(Emitter *e, CountedLoop *loop) {
  LLVMBasicBlockRef latch = LLVMGetInsertBlock(e->b);
  LLVMValueRef next = LLVMBuildNSWAdd(e->b, loop->index, loop->step, "");
  LLVMValueRef again = LLVMBuildICmp(e->b, LLVMIntSLT, next, loop->end, "");
  LLVMValueRef br = LLVMBuildCondBr(e->b, again, loop->body, loop->exit);
  LLVMSetMetadata(br, e->loop_kind, e->loop_hint);
  LLVMAddIncoming(loop->index, &next, &latch, 1);
  LLVMPositionBuilderAtEnd(e->b, loop->exit);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

LLVMValueRef emit_unplanned(LLVMTypeRef t) {
  assert(!"the plan accepted something that has no code");
  return LLVMGetPoison(t);
}

LLVMValueRef emit_call(Emitter *e, const char *name, LLVMTypeRef result, LLVMValueRef *args, int nargs) {
  LLVMTypeRef types[16];
  for (int i = 0; i < nargs; i++) types[i] = LLVMTypeOf(args[i]);
  LLVMTypeRef t = LLVMFunctionType(result, types, (unsigned)nargs, false);
  LLVMValueRef f = LLVMGetNamedFunction(e->module, name);
  if (!f) f = LLVMAddFunction(e->module, name, t);
  return LLVMBuildCall2(e->b, t, f, args, (unsigned)nargs, "");
}

LLVMValueRef emit_intrinsic(Emitter *e, const char *name, LLVMTypeRef *overloads, int n, LLVMValueRef *args,
                            int nargs) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  LLVMValueRef f = LLVMGetIntrinsicDeclaration(e->module, id, overloads, (size_t)n);
  return LLVMBuildCall2(e->b, LLVMIntrinsicGetType(e->llvm, id, overloads, (size_t)n), f, args, (unsigned)nargs, "");
}

/* ---- types and constants ----------------------------------------------------------------------------------------- */

LLVMTypeRef emit_element_type(Emitter *e, const Type *t) {
  switch (t->kind) {
  case TYPE_INT: return LLVMIntTypeInContext(e->llvm, (unsigned)t->bits);
  case TYPE_INDEX: return e->i64;
  case TYPE_PTR: return e->ptr;
  case TYPE_FLOAT:
    switch (t->fkind) {
    case F64: return e->f64;
    case F32: return e->f32;
    case F16: return e->f16;
    case BF16: return e->i16;
    default: return e->i8;
    }
  default: return e->i64;
  }
}

LLVMTypeRef emit_memory_type(Emitter *e, const Type *t) {
  return t->kind == TYPE_INT && t->bits < 8 ? e->i8 : emit_element_type(e, t);
}

LLVMTypeRef emit_wide(LLVMTypeRef t, int lanes) { return lanes > 1 ? LLVMVectorType(t, (unsigned)lanes) : t; }

LLVMValueRef emit_int(LLVMTypeRef t, int64_t x) { return LLVMConstInt(t, (uint64_t)x, true); }

LLVMValueRef emit_splat(Emitter *e, LLVMValueRef x, int lanes) {
  if (lanes <= 1) return x;
  LLVMTypeRef t = LLVMTypeOf(x);
  if (LLVMIsConstant(x)) {
    LLVMValueRef *all = NEWN(e->cx, LLVMValueRef, lanes);
    for (int i = 0; i < lanes; i++) all[i] = x;
    return LLVMConstVector(all, (unsigned)lanes);
  }
  LLVMTypeRef vt = LLVMVectorType(t, (unsigned)lanes);
  LLVMValueRef one = LLVMBuildInsertElement(e->b, LLVMGetPoison(vt), x, LLVMConstInt(e->i64, 0, false), "");
  return LLVMBuildShuffleVector(e->b, one, LLVMGetPoison(vt), LLVMConstNull(LLVMVectorType(e->i32, (unsigned)lanes)),
                                "");
}

LLVMValueRef emit_iota(Emitter *e, int lanes, LLVMTypeRef t) {
  LLVMValueRef *all = NEWN(e->cx, LLVMValueRef, lanes + 1);
  for (int i = 0; i < lanes; i++) all[i] = emit_int(t, i);
  return lanes > 1 ? LLVMConstVector(all, (unsigned)lanes) : all[0];
}

LLVMValueRef emit_element_const(Emitter *e, const Type *t, const Attr *a) {
  LLVMTypeRef lt = emit_element_type(e, t);
  if (a->kind == ATTR_SPLAT) a = a->items[0];
  if (t->kind != TYPE_FLOAT) return emit_int(lt, a->integer);
  double x = a->kind == ATTR_FLOAT ? a->number : (double)a->integer;
  uint64_t bits = ir_float_encode(t->fkind, x);
  LLVMValueRef c = LLVMConstInt(LLVMIntTypeInContext(e->llvm, (unsigned)t->bits), bits, false);
  return t->fkind == F64 || t->fkind == F32 || t->fkind == F16 ? LLVMConstBitCast(c, lt) : c;
}

/* ---- asking whether to stop --------------------------------------------------------------------------------------- */

/* The branch goes to its first target nearly always: what a call in the other costs is not paid here. */
static void set_likely(Emitter *e, LLVMValueRef branch) {
  static const char text[] = "branch_weights";
  LLVMMetadataRef parts[] = {LLVMMDStringInContext2(e->llvm, text, sizeof text - 1),
                             LLVMValueAsMetadata(emit_int(e->i32, 2000)), LLVMValueAsMetadata(emit_int(e->i32, 1))};
  LLVMSetMetadata(branch, LLVMGetMDKindIDInContext(e->llvm, "prof", 4),
                  LLVMMetadataAsValue(e->llvm, LLVMMDNodeInContext2(e->llvm, parts, COUNT(parts))));
}

static LLVMValueRef phi_of(Emitter *e, LLVMTypeRef type, const LLVMValueRef values[2],
                           const LLVMBasicBlockRef from[2]) {
  LLVMValueRef phi = LLVMBuildPhi(e->b, type, "");
  LLVMAddIncoming(phi, (LLVMValueRef *)values, (LLVMBasicBlockRef *)from, 2);
  return phi;
}

/* The end of an iteration of the loop that `before` enters at `head`, which asks after `first` of them (plan_steps.c). What is
 * left until the next poll and the library's state of the loop are loop-carried values, and the library's function touches
 * no memory that the kernel sees, so that LLVM's memory analyses cost nothing more for many loops in a row. */
void emit_poll(Emitter *e, LLVMBasicBlockRef before, LLVMBasicBlockRef head, int first) {
  if (!first) return;
  LLVMBasicBlockRef here = LLVMGetInsertBlock(e->b), ask = emit_new_block(e, "ask"), on = emit_new_block(e, "on");
  emit_before(e, LLVMGetFirstInstruction(head));
  LLVMValueRef left = LLVMBuildPhi(e->b, e->i32, ""), state = LLVMBuildPhi(e->b, e->i64, "");
  LLVMPositionBuilderAtEnd(e->b, here);
  LLVMValueRef next = LLVMBuildSub(e->b, left, emit_int(e->i32, 1), ""), zero = emit_int(e->i32, 0);
  set_likely(e, LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSGT, next, zero, ""), on, ask));
  LLVMPositionBuilderAtEnd(e->b, ask);
  LLVMValueRef answer = emit_call(e, "ttc_rt_poll", e->i64, &state, 1), more = LLVMBuildTrunc(e->b, answer, e->i32, "");
  enum { INACCESSIBLE_MEMORY = 3 << 2 };
  unsigned memory = LLVMGetEnumAttributeKindForName("memory", 6);
  LLVMAddCallSiteAttribute(answer, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                           LLVMCreateEnumAttribute(e->llvm, memory, INACCESSIBLE_MEMORY));
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSGT, more, zero, ""), on, e->end);
  LLVMPositionBuilderAtEnd(e->b, on);
  LLVMBasicBlockRef from[] = {here, ask}, into[] = {before, on};
  LLVMValueRef then_left = phi_of(e, e->i32, (LLVMValueRef[]){next, more}, from),
               then_state = phi_of(e, e->i64, (LLVMValueRef[]){state, answer}, from);
  LLVMAddIncoming(left, (LLVMValueRef[]){emit_int(e->i32, first), then_left}, into, 2);
  LLVMAddIncoming(state, (LLVMValueRef[]){emit_int(e->i64, first), then_state}, into, 2);
}
