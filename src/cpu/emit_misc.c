/* emit_misc.c: histogram, printing, assertions. */
#include "cpu/emit.h"

#include <string.h>

static LLVMValueRef text_constant(Lower *l, const char *s) {
  LLVMValueRef text = LLVMConstStringInContext2(l->llvm, s, strlen(s), false);
  LLVMValueRef g = LLVMAddGlobal(l->module, LLVMTypeOf(text), "text");
  LLVMSetInitializer(g, text);
  LLVMSetGlobalConstant(g, true);
  LLVMSetLinkage(g, LLVMPrivateLinkage);
  return g;
}

/* uint32_t[3] on the stack. */
static LLVMValueRef program_id(Lower *l) {
  LLVMTypeRef t = LLVMArrayType2(l->i32, 3);
  LLVMValueRef a = emit_alloca(l, t);
  for (unsigned i = 0; i < 3; i++) {
    LLVMValueRef at = LLVMConstInt(l->i64, i, false);
    LLVMBuildStore(l->b, l->pid[i], LLVMBuildGEP2(l->b, l->i32, a, &at, 1, ""));
  }
  return a;
}

/* bins[x]++ for every x of the tensor that is in range and not masked off. */
void emit_histogram(Lower *l, Op *op) {
  Value *src = ir_operand(op, 0), *mask = op->noperands > 1 ? ir_operand(op, 1) : NULL, *r = &op->results[0];
  int64_t n = ir_numel(src->type), bins = ir_numel(r->type);
  LLVMTypeRef t = emit_element_type(l, r->type->elem), from = emit_memory_type(l, src->type->elem);
  LLVMValueRef out = emit_slot_touch(l, emit_slot(l, r)), in = emit_slot_touch(l, emit_slot(l, src));
  LLVMValueRef on = mask ? emit_slot_touch(l, emit_slot(l, mask)) : NULL;
  LLVMBuildMemSet(l->b, out, LLVMConstInt(l->i8, 0, false), emit_int(l->i64, bins * ir_elem_bytes(r->type->elem)), 64);
  Loop loop = emit_loop_begin(l, emit_int(l->i64, 0), emit_int(l->i64, n), 1);
  LLVMValueRef x = LLVMBuildLoad2(l->b, from, LLVMBuildGEP2(l->b, from, in, &loop.index, 1, ""), "");
  x = LLVMBuildIntCast2(l->b, x, l->i64, true, "");
  LLVMValueRef good = LLVMBuildICmp(l->b, LLVMIntULT, x, emit_int(l->i64, bins), "");
  if (on) {
    LLVMValueRef b = LLVMBuildLoad2(l->b, l->i8, LLVMBuildGEP2(l->b, l->i8, on, &loop.index, 1, ""), "");
    good = LLVMBuildAnd(l->b, good, LLVMBuildICmp(l->b, LLVMIntNE, b, LLVMConstInt(l->i8, 0, false), ""), "");
  }
  LLVMValueRef at = LLVMBuildSelect(l->b, good, x, emit_int(l->i64, 0), "");
  LLVMValueRef p = LLVMBuildGEP2(l->b, t, out, &at, 1, ""), old = LLVMBuildLoad2(l->b, t, p, "");
  LLVMBuildStore(l->b, LLVMBuildAdd(l->b, old, LLVMBuildZExt(l->b, good, t, ""), ""), p);
  emit_loop_end(l, &loop);
}

void emit_print(Lower *l, Op *op) {
  const char *prefix = ir_attr_text_or(op, "prefix", "");
  Attr *sign = ir_attr(op, "isSigned"), *hex_attr = ir_attr(op, "hex");
  bool hex = hex_attr && hex_attr->integer;
  LLVMValueRef pid = program_id(l);
  for (int i = 0; i < op->noperands || (i == 0 && !op->noperands); i++) {
    Value *v = op->noperands ? ir_operand(op, i) : NULL;
    Type *elem = v ? ir_elem(v->type) : NULL;
    LLVMValueRef data = LLVMConstNull(l->ptr);
    int rank = 0;
    LLVMValueRef shape[MAX_RANK] = {0};
    if (v && ir_is_tensor(v->type)) {
      rank = v->type->rank;
      data = emit_slot_touch(l, emit_slot(l, v));
      for (int d = 0; d < rank; d++) shape[d] = emit_int(l->i64, v->type->shape[d]);
    } else if (v) {
      data = emit_alloca(l, emit_memory_type(l, elem));
      emit_memory_write_scalar(l, elem, code_of(v)->scalar, data);
    }
    LLVMValueRef dims = LLVMConstNull(l->ptr);
    if (rank) {
      dims = LLVMAddGlobal(l->module, LLVMArrayType2(l->i64, (uint64_t)rank), "shape");
      LLVMSetInitializer(dims, LLVMConstArray2(l->i64, shape, (uint64_t)rank));
      LLVMSetGlobalConstant(dims, true);
      LLVMSetLinkage(dims, LLVMPrivateLinkage);
    }
    bool is_unsigned = sign && sign->kind == ATTR_INTS && i < sign->n && !sign->ints[i];
    const char *before = op->noperands > 1 ? ctx_printf(l->cx, "%s(operand %d) ", prefix, i) : prefix;
    CpuElem kind = elem ? cpu_elem(elem, is_unsigned || ir_is_ptr(elem)) : CPU_I32;
    LLVMValueRef args[] = {pid,
                           text_constant(l, before),
                           emit_int(l->i32, hex || (elem && ir_is_ptr(elem))),
                           emit_int(l->i32, kind),
                           emit_int(l->i32, rank),
                           dims,
                           data};
    emit_call(l, "ttc_rt_print", l->voidty, args, COUNT(args));
  }
}

static const Loc *file_loc(const Loc *loc) {
  while (loc && loc->kind != LOC_FILE) loc = loc->child;
  return loc;
}

static void call_assert(Lower *l, const char *callee, LLVMValueRef condition, const Op *op) {
  const Loc *loc = file_loc(op->loc);
  LLVMValueRef args[] = {program_id(l), text_constant(l, ir_attr_text_or(op, "message", "")),
                         text_constant(l, loc && loc->file ? loc->file : ""), emit_int(l->i32, loc ? loc->line : 0),
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
