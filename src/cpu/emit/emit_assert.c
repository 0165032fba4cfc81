/* emit_assert.c: assertions, and the texts that the run-time library prints. */
#include "cpu/emit/emit.h"

#include <string.h>

LLVMValueRef emit_text(Emitter *e, const char *s) {
  LLVMValueRef text = LLVMConstStringInContext2(e->llvm, s, strlen(s), false);
  LLVMValueRef g = LLVMAddGlobal(e->module, LLVMTypeOf(text), "text");
  LLVMSetInitializer(g, text);
  LLVMSetGlobalConstant(g, true);
  LLVMSetLinkage(g, LLVMPrivateLinkage);
  return g;
}

/* uint32_t[3] on the stack. */
LLVMValueRef emit_program_id(Emitter *e) {
  LLVMTypeRef t = LLVMArrayType2(e->i32, 3);
  LLVMValueRef a = emit_alloca(e, t);
  for (unsigned i = 0; i < 3; i++) {
    LLVMValueRef at = LLVMConstInt(e->i64, i, false);
    LLVMBuildStore(e->b, e->pid[i], LLVMBuildGEP2(e->b, e->i32, a, &at, 1, ""));
  }
  return a;
}

static const Loc *file_loc(const Loc *loc) {
  while (loc && loc->kind != LOC_FILE) loc = loc->child;
  return loc;
}

static void call_assert(Emitter *e, const char *callee, LLVMValueRef condition, const Op *op) {
  const Loc *loc = file_loc(op->loc);
  LLVMValueRef args[] = {emit_program_id(e), emit_text(e, ir_attr_text_or(op, "message", "")),
                         emit_text(e, loc && loc->file ? loc->file : ""), emit_int(e->i32, loc ? loc->line : 0),
                         condition};
  emit_call(e, callee, e->voidty, args, condition ? 5 : 4);
}

static LLVMValueRef all_hold(Emitter *e, LLVMValueRef condition, int lanes) {
  LLVMTypeRef t = emit_wide(e->i1, lanes);
  return lanes > 1 ? emit_intrinsic(e, "llvm.vector.reduce.and", &t, 1, &condition, 1) : condition;
}

/* An assertion where no branch can be: the launch fails, and what the program still does does not count. */
void emit_assert_lanes(Emitter *e, Op *op, LLVMValueRef condition, int lanes) {
  condition = all_hold(e, condition, lanes);
  call_assert(e, "ttc_rt_assert_holds", LLVMBuildZExt(e->b, condition, e->i32, ""), op);
}

/* A program whose assertion fails ends there. One branch for all lanes: what is told does not say which element it was. */
void emit_assert(Emitter *e, Op *op, LLVMValueRef condition, int lanes) {
  condition = all_hold(e, condition, lanes);
  LLVMBasicBlockRef bad = emit_new_block(e, "failed"), good = emit_new_block(e, "holds");
  LLVMBuildCondBr(e->b, condition, good, bad);
  LLVMPositionBuilderAtEnd(e->b, bad);
  call_assert(e, "ttc_rt_assert_fail", NULL, op);
  LLVMBuildBr(e->b, e->end);
  LLVMPositionBuilderAtEnd(e->b, good);
}
