/* emit_misc.c: histogram, printing. */
#include "cpu/emit.h"

#include <string.h>

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
  LLVMValueRef pid = emit_program_id(l);
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
                           emit_text(l, before),
                           emit_int(l->i32, hex || (elem && ir_is_ptr(elem))),
                           emit_int(l->i32, kind),
                           emit_int(l->i32, rank),
                           dims,
                           data};
    emit_call(l, "ttc_rt_print", l->voidty, args, COUNT(args));
  }
}
