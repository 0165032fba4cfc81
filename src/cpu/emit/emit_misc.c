/* emit_misc.c: histogram, printing. */
#include "cpu/emit/emit.h"

#include <string.h>

/* bins[x]++ for every x of the tensor that is in range and not masked off. */
void emit_histogram(Emitter *e, Op *op) {
  Value *src = ir_operand(op, 0), *mask = op->noperands > 1 ? ir_operand(op, 1) : NULL, *r = &op->results[0];
  int64_t n = ir_numel(src->type), bins = ir_numel(r->type);
  LLVMTypeRef t = emit_element_type(e, r->type->elem), from = emit_memory_type(e, src->type->elem);
  LLVMValueRef out = emit_slot_touch(e, emit_slot(e, r)), in = emit_slot_touch(e, emit_slot(e, src));
  LLVMValueRef on = mask ? emit_slot_touch(e, emit_slot(e, mask)) : NULL;
  LLVMBuildMemSet(e->b, out, LLVMConstInt(e->i8, 0, false), emit_int(e->i64, bins * ir_elem_bytes(r->type->elem)), 64);
  CountedLoop loop = emit_loop_begin(e, emit_int(e->i64, 0), emit_int(e->i64, n), 1);
  LLVMValueRef x = LLVMBuildLoad2(e->b, from, LLVMBuildGEP2(e->b, from, in, &loop.index, 1, ""), "");
  x = LLVMBuildIntCast2(e->b, x, e->i64, true, "");
  LLVMValueRef good = LLVMBuildICmp(e->b, LLVMIntULT, x, emit_int(e->i64, bins), "");
  if (on) {
    LLVMValueRef b = LLVMBuildLoad2(e->b, e->i8, LLVMBuildGEP2(e->b, e->i8, on, &loop.index, 1, ""), "");
    good = LLVMBuildAnd(e->b, good, LLVMBuildICmp(e->b, LLVMIntNE, b, LLVMConstInt(e->i8, 0, false), ""), "");
  }
  LLVMValueRef at = LLVMBuildSelect(e->b, good, x, emit_int(e->i64, 0), "");
  LLVMValueRef p = LLVMBuildGEP2(e->b, t, out, &at, 1, ""), old = LLVMBuildLoad2(e->b, t, p, "");
  LLVMBuildStore(e->b, LLVMBuildAdd(e->b, old, LLVMBuildZExt(e->b, good, t, ""), ""), p);
  emit_loop_end(e, &loop);
}

void emit_print(Emitter *e, Op *op) {
  const char *prefix = ir_attr_text_or(op, "prefix", "");
  Attr *sign = ir_attr(op, "isSigned"), *hex_attr = ir_attr(op, "hex");
  bool hex = hex_attr && hex_attr->integer;
  LLVMValueRef pid = emit_program_id(e);
  for (int i = 0; i < op->noperands || (i == 0 && !op->noperands); i++) {
    Value *v = op->noperands ? ir_operand(op, i) : NULL;
    Type *elem = v ? ir_elem(v->type) : NULL;
    LLVMValueRef data = LLVMConstNull(e->ptr);
    int rank = 0;
    LLVMValueRef shape[MAX_RANK] = {0};
    if (v && ir_is_tensor(v->type)) {
      rank = v->type->rank;
      data = emit_slot_touch(e, emit_slot(e, v));
      for (int d = 0; d < rank; d++) shape[d] = emit_int(e->i64, v->type->shape[d]);
    } else if (v) {
      data = emit_alloca(e, emit_memory_type(e, elem));
      emit_memory_write_scalar(e, elem, code_of(v)->scalar, data);
    }
    LLVMValueRef dims = LLVMConstNull(e->ptr);
    if (rank) {
      dims = LLVMAddGlobal(e->module, LLVMArrayType2(e->i64, (uint64_t)rank), "shape");
      LLVMSetInitializer(dims, LLVMConstArray2(e->i64, shape, (uint64_t)rank));
      LLVMSetGlobalConstant(dims, true);
      LLVMSetLinkage(dims, LLVMPrivateLinkage);
    }
    bool is_unsigned = sign && sign->kind == ATTR_INTS && i < sign->n && !sign->ints[i];
    const char *before = op->noperands > 1 ? ctx_printf(e->cx, "%s(operand %d) ", prefix, i) : prefix;
    CpuElem kind = elem ? cpu_elem(elem, is_unsigned || ir_is_ptr(elem)) : CPU_I32;
    LLVMValueRef args[] = {pid,
                           emit_text(e, before),
                           emit_int(e->i32, hex || (elem && ir_is_ptr(elem))),
                           emit_int(e->i32, kind),
                           emit_int(e->i32, rank),
                           dims,
                           data};
    emit_call(e, "ttc_rt_print", e->voidty, args, COUNT(args));
  }
}
