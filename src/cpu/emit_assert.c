/* emit_assert.c: assertions, and the texts that the run-time library prints. */
#include "cpu/emit.h"

#include <string.h>

LLVMValueRef emit_text(Lower *l, const char *s) {
  LLVMValueRef text = LLVMConstStringInContext2(l->llvm, s, strlen(s), false);
  LLVMValueRef g = LLVMAddGlobal(l->module, LLVMTypeOf(text), "text");
  LLVMSetInitializer(g, text);
  LLVMSetGlobalConstant(g, true);
  LLVMSetLinkage(g, LLVMPrivateLinkage);
  return g;
}

/* uint32_t[3] on the stack. */
LLVMValueRef emit_program_id(Lower *l) {
  LLVMTypeRef t = LLVMArrayType2(l->i32, 3);
  LLVMValueRef a = emit_alloca(l, t);
  for (unsigned i = 0; i < 3; i++) {
    LLVMValueRef at = LLVMConstInt(l->i64, i, false);
    LLVMBuildStore(l->b, l->pid[i], LLVMBuildGEP2(l->b, l->i32, a, &at, 1, ""));
  }
  return a;
}

static const Loc *file_loc(const Loc *loc) {
  while (loc && loc->kind != LOC_FILE) loc = loc->child;
  return loc;
}

static void call_assert(Lower *l, const char *callee, LLVMValueRef condition, const Op *op) {
  const Loc *loc = file_loc(op->loc);
  LLVMValueRef args[] = {emit_program_id(l), emit_text(l, ir_attr_text_or(op, "message", "")),
                         emit_text(l, loc && loc->file ? loc->file : ""), emit_int(l->i32, loc ? loc->line : 0),
                         condition};
  emit_call(l, callee, l->voidty, args, condition ? 5 : 4);
}

/* An assertion where no branch can be: the launch fails, and what the program still does does not count. */
void emit_assert_lanes(Lower *l, Op *op, LLVMValueRef condition, int lanes) {
  LLVMTypeRef t = emit_wide(l->i1, lanes);
  if (lanes > 1) condition = emit_intrinsic(l, "llvm.vector.reduce.and", &t, 1, &condition, 1);
  call_assert(l, "ttc_rt_assert_holds", LLVMBuildZExt(l->b, condition, l->i32, ""), op);
}

/* A program whose assertion fails ends there. */
void emit_assert(Lower *l, Op *op, LLVMValueRef condition) {
  LLVMBasicBlockRef bad = emit_new_block(l, "failed"), good = emit_new_block(l, "holds");
  LLVMBuildCondBr(l->b, condition, good, bad);
  LLVMPositionBuilderAtEnd(l->b, bad);
  call_assert(l, "ttc_rt_assert_fail", NULL, op);
  LLVMBuildBr(l->b, l->end);
  LLVMPositionBuilderAtEnd(l->b, good);
}
