/* emit_memory.c: what touches memory: arrays in the thread's scratch area, loads, stores and atomics in the user's.
 *
 * An access whose pointers are a base and consecutive elements is one vector instruction; with a mask, a masked one.
 * Others gather or scatter. Lanes that are masked off never access the user's memory: where the CPU has no
 * masked form, their pointers are replaced by the address of the first bytes of the scratch area, which hold nothing.
 */
#include "cpu/emit.h"

#include <string.h>

#include <llvm/Config/llvm-config.h>

/* ---- between memory and registers -------------------------------------------------------------------------------- */

static bool is_bit(const Type *elem) { return elem->kind == TYPE_INT && elem->bits == 1; }

static LLVMValueRef from_memory(Lower *l, const Type *elem, LLVMValueRef v, int lanes) {
  if (!is_bit(elem)) return v;
  return LLVMBuildICmp(l->b, LLVMIntNE, v, LLVMConstNull(emit_wide(l->i8, lanes)), "");
}

static LLVMValueRef to_memory(Lower *l, const Type *elem, LLVMValueRef v, int lanes) {
  return is_bit(elem) ? LLVMBuildZExt(l->b, v, emit_wide(l->i8, lanes), "") : v;
}

static unsigned alignment(const Type *elem) { return (unsigned)max64(ir_elem_bytes(elem), 1); }

LLVMValueRef emit_memory_read_scalar(Lower *l, Type *elem, LLVMValueRef ptr) {
  LLVMValueRef v = LLVMBuildLoad2(l->b, emit_memory_type(l, elem), ptr, "");
  LLVMSetAlignment(v, alignment(elem));
  return from_memory(l, elem, v, 1);
}

void emit_memory_write_scalar(Lower *l, Type *elem, LLVMValueRef v, LLVMValueRef ptr) {
  LLVMValueRef s = LLVMBuildStore(l->b, to_memory(l, elem, v, 1), ptr);
  LLVMSetAlignment(s, alignment(elem));
}

/* The masked intrinsics took their alignment as an argument until LLVM 22, then as an attribute of the pointer. */
static LLVMValueRef masked_call(Lower *l, const char *name, LLVMTypeRef *types, LLVMValueRef *args, int n, int ptr,
                                unsigned align) {
#if LLVM_VERSION_MAJOR >= 22
  LLVMValueRef call = emit_intrinsic(l, name, types, 2, args, n);
  LLVMAttributeRef a = LLVMCreateEnumAttribute(l->llvm, LLVMGetEnumAttributeKindForName("align", 5), align);
  LLVMAddCallSiteAttribute(call, (unsigned)ptr + 1, a);
  return call;
#else
  LLVMValueRef all[5];
  int k = 0;
  for (int i = 0; i < n; i++) {
    all[k++] = args[i];
    if (i == ptr) all[k++] = LLVMConstInt(l->i32, align, false);
  }
  return emit_intrinsic(l, name, types, 2, all, k);
#endif
}

static LLVMValueRef unused_bytes(Lower *l) { return l->scratch; }

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static LLVMValueRef run_load(Lower *l, const Type *elem, LLVMValueRef ptr, LLVMValueRef mask, LLVMValueRef other) {
  LLVMTypeRef t = emit_wide(emit_memory_type(l, elem), l->lanes);
  if (!mask) {
    LLVMValueRef v = LLVMBuildLoad2(l->b, t, ptr, "");
    LLVMSetAlignment(v, alignment(elem));
    return from_memory(l, elem, v, l->lanes);
  }
  LLVMTypeRef types[2] = {t, l->ptr};
  LLVMValueRef args[3] = {ptr, mask, to_memory(l, elem, other, l->lanes)};
  return from_memory(l, elem, masked_call(l, "llvm.masked.load", types, args, 3, 0, alignment(elem)), l->lanes);
}

static LLVMValueRef gather(Lower *l, const Type *elem, LLVMValueRef ptrs, LLVMValueRef mask, LLVMValueRef other) {
  LLVMTypeRef m = emit_memory_type(l, elem), t = emit_wide(m, l->lanes);
  if (ir_elem_bytes(elem) >= 4 && l->lanes > 1 && (l->isa->avx2 || l->isa->avx512)) {
    LLVMTypeRef types[2] = {t, LLVMVectorType(l->ptr, (unsigned)l->lanes)};
    LLVMValueRef all = mask ? mask : emit_splat(l, LLVMConstInt(l->i1, 1, false), l->lanes);
    LLVMValueRef args[3] = {ptrs, all, mask ? to_memory(l, elem, other, l->lanes) : LLVMGetPoison(t)};
    return from_memory(l, elem, masked_call(l, "llvm.masked.gather", types, args, 3, 0, alignment(elem)), l->lanes);
  }
  if (mask) ptrs = LLVMBuildSelect(l->b, mask, ptrs, emit_splat(l, unused_bytes(l), l->lanes), "");
  LLVMValueRef v = LLVMGetPoison(t);
  for (int i = 0; i < l->lanes; i++) {
    LLVMValueRef at = LLVMConstInt(l->i32, (unsigned)i, false);
    LLVMValueRef x = LLVMBuildLoad2(l->b, m, LLVMBuildExtractElement(l->b, ptrs, at, ""), "");
    LLVMSetAlignment(x, alignment(elem));
    v = LLVMBuildInsertElement(l->b, v, x, at, "");
  }
  v = from_memory(l, elem, v, l->lanes);
  return mask ? LLVMBuildSelect(l->b, mask, v, other, "") : v;
}

static bool is_unit(LLVMValueRef step) { return LLVMIsAConstantInt(step) && LLVMConstIntGetSExtValue(step) == 1; }

static int max_int(int a, int b) { return a > b ? a : b; }

/* Read at a pointer lane without a mask. `depth`: not before this level. `stride`: what to fetch as well, or NULL. */
static Lane read_lane(Lower *l, Type *elem, Lane p, bool unit, int depth, LLVMValueRef stride) {
  Lane r = {.kind = LANE_VECTOR, .depth = max_int(p.depth, depth)};
  if (p.kind == LANE_UNIFORM) {
    emit_at(l, r.depth);
    return emit_lane_uniform(emit_memory_read_scalar(l, elem, p.v), r.depth);
  }
  if (p.kind == LANE_AFFINE) r.depth = max_int(r.depth, l->inner);
  if (unit) {
    emit_at(l, r.depth);
    LLVMValueRef ptr = LLVMBuildGEP2(l->b, emit_memory_type(l, elem), p.v, &l->index64, 1, "");
    if (stride) emit_prefetch(l, ptr, stride, l->lanes * ir_elem_bytes(elem));
    r.v = run_load(l, elem, ptr, NULL, NULL);
    return r;
  }
  static const Type pointer = {.kind = TYPE_PTR};
  Type t = pointer;
  t.elem = elem;
  LLVMValueRef ptrs = emit_lane_vector(l, p, &t);
  emit_at(l, r.depth);
  r.v = gather(l, elem, ptrs, NULL, NULL);
  return r;
}

Lane emit_array_read(Lower *l, LLVMValueRef base, Type *type, const Lane *at, int depth) {
  Lane n = emit_lane_uniform(LLVMConstInt(l->i32, 0, false), 0);
  int64_t stride = 1;
  for (int i = type->rank; i-- > 0; stride *= type->shape[i])
    if (type->shape[i] != 1) n = emit_lane_add(l, n, emit_lane_times(l, at[i], stride));
  LLVMTypeRef m = emit_memory_type(l, type->elem);
  Lane p = {.kind = n.kind, .depth = n.depth};
  int lanes = n.kind == LANE_VECTOR ? l->lanes : 1;
  emit_at(l, n.depth);
  LLVMValueRef offset = LLVMBuildSExt(l->b, n.v, emit_wide(l->i64, lanes), "");
  p.v = LLVMBuildGEP2(l->b, m, lanes > 1 ? emit_splat(l, base, lanes) : base, &offset, 1, "");
  if (n.step) p.step = LLVMBuildSExt(l->b, n.step, l->i64, "");
  return read_lane(l, type->elem, p, p.step && is_unit(p.step), depth, NULL);
}

Lane emit_slot_read(Lower *l, Slot *s, Type *type, const Lane *at) {
  return emit_array_read(l, emit_slot_touch(l, s), type, at, 0);
}

void emit_slot_write(Lower *l, Slot *s, Type *type, const Lane *at, LLVMValueRef v) {
  Lane n = emit_lane_uniform(LLVMConstInt(l->i32, 0, false), 0);
  int64_t stride = 1;
  for (int i = type->rank; i-- > 0; stride *= type->shape[i])
    if (type->shape[i] != 1) n = emit_lane_add(l, n, emit_lane_times(l, at[i], stride));
  emit_at(l, l->depth);
  LLVMValueRef base = emit_slot_touch(l, s), offset = LLVMBuildSExt(l->b, n.v, l->i64, "");
  LLVMTypeRef m = emit_memory_type(l, type->elem);
  LLVMValueRef ptr = LLVMBuildGEP2(l->b, m, base, &offset, 1, "");
  bool vector = LLVMGetTypeKind(LLVMTypeOf(v)) == LLVMVectorTypeKind;
  if (vector && n.step && is_unit(n.step)) {
    ptr = LLVMBuildGEP2(l->b, m, ptr, &l->index64, 1, "");
    LLVMValueRef st = LLVMBuildStore(l->b, to_memory(l, type->elem, v, l->lanes), ptr);
    LLVMSetAlignment(st, alignment(type->elem));
    return;
  }
  if (!vector) {
    emit_memory_write_scalar(l, type->elem, v, ptr);
    return;
  }
  /* across rows */
  LLVMValueRef step = LLVMBuildSExt(l->b, n.step, l->i64, "");
  LLVMValueRef start = LLVMBuildMul(l->b, l->index64, step, "");
  ptr = LLVMBuildGEP2(l->b, m, ptr, &start, 1, "");
  v = to_memory(l, type->elem, v, l->lanes);
  for (int i = 0; i < l->lanes; i++) {
    LLVMValueRef k = LLVMBuildMul(l->b, step, emit_int(l->i64, i), "");
    LLVMValueRef x = LLVMBuildExtractElement(l->b, v, LLVMConstInt(l->i32, (unsigned)i, false), "");
    LLVMSetAlignment(LLVMBuildStore(l->b, x, LLVMBuildGEP2(l->b, m, ptr, &k, 1, "")), alignment(type->elem));
  }
}

static Type bit_type(void) { return (Type){.kind = TYPE_INT, .bits = 1}; }

/* The pointers of a load, as its accesses ask of them. `p`: their lanes. */
Pointers emit_memory_pointers(Lower *l, const Op *load, Lane p) {
  Pointers r = {.lane = p};
  r.unit = p.kind == LANE_AFFINE && (is_unit(p.step) || (l->assume && map_has(&l->nest->unit, load)));
  if (r.unit && l->index32) r.stride = emit_prefetch_stride(l, load);
  return r;
}

Lane emit_memory_read(Lower *l, const Op *load, const Pointers *p, int depth) {
  return read_lane(l, load->results[0].type->elem, p->lane, p->unit, depth, p->stride);
}

Lane emit_memory_read_masked(Lower *l, const Op *load, const Pointers *from, Lane m, Lane o) {
  Type *elem = load->results[0].type->elem;
  Lane p = from->lane;
  if (p.kind == LANE_UNIFORM && m.kind == LANE_UNIFORM && o.kind == LANE_UNIFORM) {
    int depth = max_int(p.depth, max_int(m.depth, o.depth));
    emit_at(l, depth);
    LLVMValueRef v = emit_memory_read_scalar(l, elem, LLVMBuildSelect(l->b, m.v, p.v, unused_bytes(l), ""));
    return emit_lane_uniform(LLVMBuildSelect(l->b, m.v, v, o.v, ""), depth);
  }
  Type bit = bit_type();
  LLVMValueRef mv = emit_lane_vector(l, m, &bit), ov = emit_lane_vector(l, o, elem);
  LLVMValueRef ptrs = from->unit ? NULL : emit_lane_vector(l, p, ir_operand(load, 0)->type->elem);
  Lane r = {.kind = LANE_VECTOR, .depth = l->depth};
  emit_at(l, r.depth);
  if (from->unit) {
    LLVMValueRef ptr = LLVMBuildGEP2(l->b, emit_memory_type(l, elem), p.v, &l->index64, 1, "");
    if (from->stride) emit_prefetch(l, ptr, from->stride, l->lanes * ir_elem_bytes(elem));
    r.v = run_load(l, elem, ptr, mv, ov);
  } else {
    r.v = gather(l, elem, ptrs, mv, ov);
  }
  return r;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void scatter(Lower *l, const Type *elem, LLVMValueRef v, LLVMValueRef ptrs, LLVMValueRef mask) {
  v = to_memory(l, elem, v, l->lanes);
  if (ir_elem_bytes(elem) >= 4 && l->isa->avx512) {
    LLVMTypeRef types[2] = {LLVMTypeOf(v), LLVMTypeOf(ptrs)};
    LLVMValueRef all = mask ? mask : emit_splat(l, LLVMConstInt(l->i1, 1, false), l->lanes);
    LLVMValueRef args[3] = {v, ptrs, all};
    masked_call(l, "llvm.masked.scatter", types, args, 3, 1, alignment(elem));
    return;
  }
  if (mask) ptrs = LLVMBuildSelect(l->b, mask, ptrs, emit_splat(l, unused_bytes(l), l->lanes), "");
  for (int i = 0; i < l->lanes; i++) {
    LLVMValueRef at = LLVMConstInt(l->i32, (unsigned)i, false), x = LLVMBuildExtractElement(l->b, v, at, "");
    LLVMSetAlignment(LLVMBuildStore(l->b, x, LLVMBuildExtractElement(l->b, ptrs, at, "")), alignment(elem));
  }
}

void emit_memory_store(Lower *l, Op *op, const Lane *at, Lane p, LLVMValueRef v, const Lane *mask) {
  (void)at;
  Type *ptr_type = ir_operand(op, 0)->type->elem, *elem = ptr_type->elem;
  Type bit = bit_type();
  bool unit = p.kind == LANE_AFFINE && (is_unit(p.step) || (l->assume && map_has(&l->nest->unit, op)));
  if (mask && emit_lane_is_true(l, *mask)) mask = NULL;
  if (l->lanes == 1) {
    emit_at(l, l->depth);
    emit_memory_write_scalar(l, elem, v, mask ? LLVMBuildSelect(l->b, mask->v, p.v, unused_bytes(l), "") : p.v);
    return;
  }
  LLVMValueRef mv = mask ? emit_lane_vector(l, *mask, &bit) : NULL;
  LLVMValueRef ptrs = unit ? NULL : emit_lane_vector(l, p, ptr_type);
  emit_at(l, l->depth);
  if (!unit) {
    scatter(l, elem, v, ptrs, mv);
    return;
  }
  LLVMValueRef ptr = LLVMBuildGEP2(l->b, emit_memory_type(l, elem), p.v, &l->index64, 1, "");
  v = to_memory(l, elem, v, l->lanes);
  if (!mv) {
    if (emit_stream_store(l, op, v, ptr)) return;
    LLVMSetAlignment(LLVMBuildStore(l->b, v, ptr), alignment(elem));
    return;
  }
  LLVMTypeRef types[2] = {LLVMTypeOf(v), l->ptr};
  LLVMValueRef args[3] = {v, ptr, mv};
  masked_call(l, "llvm.masked.store", types, args, 3, 1, alignment(elem));
}

/* ---- atomics ----------------------------------------------------------------------------------------------------- */

static LLVMAtomicOrdering ordering(const Op *op) {
  const char *sem = ir_attr_text_or(op, "sem", "acq_rel");
  if (!strcmp(sem, "relaxed")) return LLVMAtomicOrderingMonotonic;
  if (!strcmp(sem, "acquire")) return LLVMAtomicOrderingAcquire;
  if (!strcmp(sem, "release")) return LLVMAtomicOrderingRelease;
  return LLVMAtomicOrderingAcquireRelease;
}

static LLVMAtomicOrdering failure_ordering(LLVMAtomicOrdering o) {
  return o == LLVMAtomicOrderingAcquire || o == LLVMAtomicOrderingAcquireRelease ? LLVMAtomicOrderingAcquire
                                                                                 : LLVMAtomicOrderingMonotonic;
}

static LLVMValueRef compare_exchange(Lower *l, LLVMValueRef ptr, LLVMValueRef expected, LLVMValueRef desired,
                                     LLVMAtomicOrdering o, unsigned align) {
  LLVMValueRef r = LLVMBuildAtomicCmpXchg(l->b, ptr, expected, desired, o, failure_ordering(o), false);
  LLVMSetAlignment(r, align);
  return r;
}

/* old = *ptr; *ptr = old + v, for formats that LLVM has no atomic addition for. */
static LLVMValueRef add_by_exchange(Lower *l, const Op *op, const Type *elem, LLVMValueRef ptr, LLVMValueRef v) {
  static const Type f32 = {.kind = TYPE_FLOAT, .fkind = F32, .bits = 32};
  LLVMTypeRef t = LLVMIntTypeInContext(l->llvm, (unsigned)elem->bits);
  LLVMValueRef start = LLVMBuildLoad2(l->b, t, ptr, "");
  LLVMSetAlignment(start, alignment(elem));
  LLVMSetOrdering(start, LLVMAtomicOrderingMonotonic);
  LLVMBasicBlockRef before = LLVMGetInsertBlock(l->b), body = emit_new_block(l, "retry"),
                    done = emit_new_block(l, "added");
  LLVMBuildBr(l->b, body);
  LLVMPositionBuilderAtEnd(l->b, body);
  LLVMValueRef old = LLVMBuildPhi(l->b, t, "");
  LLVMValueRef x = LLVMBuildBitCast(l->b, old, emit_element_type(l, elem), "");
  LLVMValueRef sum = LLVMBuildFAdd(l->b, emit_float_to_f32(l, elem, x, 1), emit_float_to_f32(l, elem, v, 1), "");
  sum = LLVMBuildBitCast(l->b, emit_float_convert(l, &f32, elem, sum, 1, false), t, "");
  LLVMValueRef pair = compare_exchange(l, ptr, old, sum, ordering(op), alignment(elem));
  LLVMValueRef seen = LLVMBuildExtractValue(l->b, pair, 0, "");
  LLVMBuildCondBr(l->b, LLVMBuildExtractValue(l->b, pair, 1, ""), done, body);
  LLVMAddIncoming(old, (LLVMValueRef[]){start, seen}, (LLVMBasicBlockRef[]){before, body}, 2);
  LLVMPositionBuilderAtEnd(l->b, done);
  return x;
}

LLVMValueRef emit_memory_atomic(Lower *l, Op *op, LLVMValueRef ptr, LLVMValueRef a, LLVMValueRef b) {
  Type *elem = ir_elem(ir_operand(op, 1)->type);
  unsigned align = alignment(elem);
  LLVMTypeRef t = emit_element_type(l, elem), bits = LLVMIntTypeInContext(l->llvm, (unsigned)(ir_elem_bytes(elem) * 8));
  bool is_float = elem->kind == TYPE_FLOAT;
  if (op->code == OP_ATOMIC_CAS) {
    if (is_float && t != bits) {
      a = LLVMBuildBitCast(l->b, a, bits, "");
      b = LLVMBuildBitCast(l->b, b, bits, "");
    }
    LLVMValueRef pair = compare_exchange(l, ptr, a, b, ordering(op), align);
    LLVMValueRef old = LLVMBuildExtractValue(l->b, pair, 0, "");
    return is_float && t != bits ? LLVMBuildBitCast(l->b, old, t, "") : old;
  }
  static const struct {
    const char *name;
    LLVMAtomicRMWBinOp op;
  } table[] = {
#define ATOMIC(text, llvm, operands) {text, LLVMAtomicRMWBinOp##llvm},
#include "cpu/elements.def"
  };
  const char *name = ir_attr_text_or(op, "atomic_rmw_op", "");
  if (!strcmp(name, "fadd") && elem->bits <= 16) return add_by_exchange(l, op, elem, ptr, a);
  for (size_t i = 0; i < COUNT(table); i++) {
    if (strcmp(name, table[i].name) != 0) continue;
    LLVMValueRef r = LLVMBuildAtomicRMW(l->b, table[i].op, ptr, a, ordering(op), false);
    LLVMSetAlignment(r, align);
    return r;
  }
  return emit_unplanned(t);
}
