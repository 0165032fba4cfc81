/* emit_memory.c: what touches memory: arrays in the thread's scratch area, loads, stores and atomics in the user's.
 *
 * An access whose pointers are a base and consecutive elements is one vector instruction; with a mask, a masked one.
 * Pointers that are a base and every second element, forwards or backwards, are read as two vectors, from the first
 * element and up to the last, whose halves are shuffled together: what lies between two elements that are read can be
 * read too, as no border of pages is beside it on both sides. Two stores of every second element, beside each other, are one of
 * their elements in turn. Other steps that are known make loads and stores at
 * constant distances from one address, so that no vector of addresses is computed and taken apart again; AVX-512
 * gathers and scatters as fast. Others gather or scatter. Lanes that are masked off never access the user's memory: where the CPU
 * has no masked form, their pointers are replaced by the address of the first bytes of the scratch area, which hold nothing.
 * (LLVM would make a branch for each lane. Of 2^19 bytes, every other one masked off at random, a load took 1.8 ms on a Zen 3
 * core and takes 0.24, a store 1.8 and 0.3.)
 */
#include "cpu/emit/emit.h"

#include <string.h>

#include <llvm/Config/llvm-config.h>

/* ---- between memory and registers -------------------------------------------------------------------------------- */

static bool is_bit(const Type *elem) { return elem->kind == TYPE_INT && elem->bits == 1; }

static LLVMValueRef from_memory(Emitter *e, const Type *elem, LLVMValueRef v, int lanes) {
  if (!is_bit(elem)) return v;
  return LLVMBuildICmp(e->b, LLVMIntNE, v, LLVMConstNull(emit_wide(e->i8, lanes)), "");
}

static LLVMValueRef to_memory(Emitter *e, const Type *elem, LLVMValueRef v, int lanes) {
  return is_bit(elem) ? LLVMBuildZExt(e->b, v, emit_wide(e->i8, lanes), "") : v;
}

static unsigned alignment(const Type *elem) { return (unsigned)max64(ir_elem_bytes(elem), 1); }

LLVMValueRef emit_memory_read_scalar(Emitter *e, Type *elem, LLVMValueRef ptr) {
  LLVMValueRef v = LLVMBuildLoad2(e->b, emit_memory_type(e, elem), ptr, "");
  LLVMSetAlignment(v, alignment(elem));
  return from_memory(e, elem, v, 1);
}

void emit_memory_write_scalar(Emitter *e, Type *elem, LLVMValueRef v, LLVMValueRef ptr) {
  LLVMValueRef s = LLVMBuildStore(e->b, to_memory(e, elem, v, 1), ptr);
  LLVMSetAlignment(s, alignment(elem));
}

/* The masked intrinsics took their alignment as an argument until LLVM 22, then as an attribute of the pointer. */
static LLVMValueRef masked_call(Emitter *e, const char *name, LLVMTypeRef *types, LLVMValueRef *args, int n, int ptr,
                                unsigned align) {
#if LLVM_VERSION_MAJOR >= 22
  LLVMValueRef call = emit_intrinsic(e, name, types, 2, args, n);
  LLVMAttributeRef a = LLVMCreateEnumAttribute(e->llvm, LLVMGetEnumAttributeKindForName("align", 5), align);
  LLVMAddCallSiteAttribute(call, (unsigned)ptr + 1, a);
  return call;
#else
  LLVMValueRef all[5];
  int k = 0;
  for (int i = 0; i < n; i++) {
    all[k++] = args[i];
    if (i == ptr) all[k++] = LLVMConstInt(e->i32, align, false);
  }
  return emit_intrinsic(e, name, types, 2, all, k);
#endif
}

static LLVMValueRef unused_bytes(Emitter *e) { return e->scratch; }

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* Has the processor loads and stores of vectors that leave out single elements? LLVM makes a branch for each lane otherwise,
 * which is foreseen where what is left out lies before and behind a bound. */
static bool leaves_out(const Emitter *e, const Type *elem, LaneKind mask) {
  return e->isa->avx512 || (e->isa->avx2 && ir_elem_bytes(elem) >= 4) || mask == LANE_RANGE;
}

/* Of lane i of a run: its element, or, masked off, the unused bytes. */
static LLVMValueRef lane_pointer(Emitter *e, const Type *elem, LLVMValueRef ptr, LLVMValueRef mask, int i) {
  LLVMValueRef k = emit_int(e->i64, i), at = LLVMConstInt(e->i32, (unsigned)i, false);
  LLVMValueRef element = LLVMBuildGEP2(e->b, emit_memory_type(e, elem), ptr, &k, 1, "");
  return LLVMBuildSelect(e->b, LLVMBuildExtractElement(e->b, mask, at, ""), element, unused_bytes(e), "");
}

static LLVMValueRef aligned_load(Emitter *e, const Type *elem, LLVMTypeRef t, LLVMValueRef ptr) {
  LLVMValueRef v = LLVMBuildLoad2(e->b, t, ptr, "");
  LLVMSetAlignment(v, alignment(elem));
  return v;
}

static void lanes_store(Emitter *e, const Type *elem, LLVMValueRef ptr, LLVMValueRef mask, LLVMValueRef v) {
  for (int i = 0; i < e->lanes; i++) {
    LLVMValueRef x = LLVMBuildExtractElement(e->b, v, LLVMConstInt(e->i32, (unsigned)i, false), "");
    LLVMSetAlignment(LLVMBuildStore(e->b, x, lane_pointer(e, elem, ptr, mask, i)), alignment(elem));
  }
}

/* With AVX2, masked-off lanes read the unused bytes: of a gather with a mask LLVM makes a branch for each lane where it takes
 * loads for faster than the instruction, and a processor does not foresee them. Of 2^19 numbers, every other one masked off
 * at random, a Zen 3 core took 1.98 ms, and takes 0.27. */
static LLVMValueRef gather(Emitter *e, const Type *elem, LLVMValueRef ptrs, LLVMValueRef mask, LLVMValueRef other) {
  LLVMTypeRef m = emit_memory_type(e, elem), t = emit_wide(m, e->lanes);
  bool wide = ir_elem_bytes(elem) >= 4 && e->lanes > 1, masks = wide && mask && e->isa->avx512;
  if (mask && !masks) ptrs = LLVMBuildSelect(e->b, mask, ptrs, emit_splat(e, unused_bytes(e), e->lanes), "");
  LLVMValueRef v = LLVMGetPoison(t);
  if (wide && (e->isa->avx2 || e->isa->avx512)) {
    LLVMTypeRef types[2] = {t, LLVMVectorType(e->ptr, (unsigned)e->lanes)};
    LLVMValueRef all = masks ? mask : emit_splat(e, LLVMConstInt(e->i1, 1, false), e->lanes);
    LLVMValueRef args[3] = {ptrs, all, masks ? to_memory(e, elem, other, e->lanes) : v};
    v = masked_call(e, "llvm.masked.gather", types, args, 3, 0, alignment(elem));
  } else {
    for (int i = 0; i < e->lanes; i++) {
      LLVMValueRef at = LLVMConstInt(e->i32, (unsigned)i, false);
      LLVMValueRef x = aligned_load(e, elem, m, LLVMBuildExtractElement(e->b, ptrs, at, ""));
      v = LLVMBuildInsertElement(e->b, v, x, at, "");
    }
  }
  v = from_memory(e, elem, v, e->lanes);
  return mask && !masks ? LLVMBuildSelect(e->b, mask, v, other, "") : v;
}

/* `kind`: the mask's form. */
static LLVMValueRef run_load(Emitter *e, const Type *elem, LLVMValueRef ptr, LLVMValueRef mask, LaneKind kind,
                             LLVMValueRef other) {
  LLVMTypeRef t = emit_wide(emit_memory_type(e, elem), e->lanes);
  if (!mask) {
    LLVMValueRef v = LLVMBuildLoad2(e->b, t, ptr, "");
    LLVMSetAlignment(v, alignment(elem));
    return from_memory(e, elem, v, e->lanes);
  }
  if (!leaves_out(e, elem, kind)) {
    LLVMValueRef steps = emit_iota(e, e->lanes, e->i64), all = emit_splat(e, ptr, e->lanes);
    return gather(e, elem, LLVMBuildGEP2(e->b, emit_memory_type(e, elem), all, &steps, 1, ""), mask, other);
  }
  LLVMTypeRef types[2] = {t, e->ptr};
  LLVMValueRef args[3] = {ptr, mask, to_memory(e, elem, other, e->lanes)};
  return from_memory(e, elem, masked_call(e, "llvm.masked.load", types, args, 3, 0, alignment(elem)), e->lanes);
}

/* ---- elements a known step apart --------------------------------------------------------------------------------- */

static bool is_shuffled(int64_t step) { return step >= -2 && step <= 2; }

/* The step, in elements, if the lanes' pointers lie at constant distances from the first and vectors of addresses are
 * not better; otherwise 0. */
static int64_t known_step(const Emitter *e, const Type *elem, const Lane *p, bool read) {
  if (p->kind != LANE_AFFINE || e->lanes < 2 || !LLVMIsAConstantInt(p->step)) return 0;
  int64_t step = LLVMConstIntGetSExtValue(p->step);
  if (step != (int32_t)step) return 0; /* so that no distance overflows */
  return (read && is_shuffled(step)) || !e->isa->avx512 || ir_elem_bytes(elem) < 4 ? step : 0;
}

/* The pointer of the first lane. */
static LLVMValueRef first_pointer(Emitter *e, const Type *elem, const Lane *p) {
  LLVMValueRef moved = LLVMBuildMul(e->b, e->index64, emit_int(e->i64, LLVMConstIntGetSExtValue(p->step)), "");
  return LLVMBuildGEP2(e->b, emit_memory_type(e, elem), p->v, &moved, 1, "");
}

static LLVMValueRef element_at(Emitter *e, const Type *elem, LLVMValueRef ptr, int64_t distance) {
  LLVMValueRef k = emit_int(e->i64, distance);
  return LLVMBuildGEP2(e->b, emit_memory_type(e, elem), ptr, &k, 1, "");
}

/* A step of 1 or 2, or as far back. */
static LLVMValueRef shuffled_load(Emitter *e, const Type *elem, LLVMValueRef ptr, int64_t step) {
  LLVMTypeRef t = emit_wide(emit_memory_type(e, elem), e->lanes);
  int n = e->lanes, last = n - 1, by = (int)(step < 0 ? -step : step);
  if (step < 0) ptr = element_at(e, elem, ptr, -(int64_t)by * last);
  LLVMValueRef low = aligned_load(e, elem, t, ptr), high = LLVMGetPoison(t);
  if (by == 2) high = aligned_load(e, elem, t, element_at(e, elem, ptr, last));
  LLVMValueRef *mask = NEWN(e->cx, LLVMValueRef, n);
  for (int i = 0; i < n; i++) {
    int from = by * (step < 0 ? last - i : i); /* elements from the lowest */
    mask[i] = emit_int(e->i32, from < n ? from : n + from - last);
  }
  return LLVMBuildShuffleVector(e->b, low, high, LLVMConstVector(mask, (unsigned)n), "");
}

static LLVMValueRef stepped_load(Emitter *e, const Type *elem, const Lane *p, int64_t step) {
  LLVMTypeRef m = emit_memory_type(e, elem);
  LLVMValueRef ptr = first_pointer(e, elem, p), v = LLVMGetPoison(emit_wide(m, e->lanes));
  if (is_shuffled(step)) return from_memory(e, elem, shuffled_load(e, elem, ptr, step), e->lanes);
  for (int i = 0; i < e->lanes; i++) {
    LLVMValueRef x = aligned_load(e, elem, m, element_at(e, elem, ptr, i * step));
    v = LLVMBuildInsertElement(e->b, v, x, LLVMConstInt(e->i32, (unsigned)i, false), "");
  }
  return from_memory(e, elem, v, e->lanes);
}

static void stepped_store(Emitter *e, const Type *elem, LLVMValueRef v, const Lane *p, int64_t step) {
  LLVMValueRef ptr = first_pointer(e, elem, p);
  v = to_memory(e, elem, v, e->lanes);
  for (int i = 0; i < e->lanes; i++) {
    LLVMValueRef x = LLVMBuildExtractElement(e->b, v, LLVMConstInt(e->i32, (unsigned)i, false), "");
    LLVMSetAlignment(LLVMBuildStore(e->b, x, element_at(e, elem, ptr, i * step)), alignment(elem));
  }
}

/* First and second, in turn, from where the first is: elements two apart each. */
static void interleaved_store(Emitter *e, const Type *elem, LLVMValueRef first, LLVMValueRef second, const Lane *p) {
  LLVMValueRef *mask = NEWN(e->cx, LLVMValueRef, 2 * e->lanes);
  for (int i = 0; i < 2 * e->lanes; i++) mask[i] = emit_int(e->i32, i / 2 + i % 2 * e->lanes);
  first = to_memory(e, elem, first, e->lanes);
  second = to_memory(e, elem, second, e->lanes);
  LLVMValueRef v = LLVMBuildShuffleVector(e->b, first, second, LLVMConstVector(mask, 2 * (unsigned)e->lanes), "");
  LLVMSetAlignment(LLVMBuildStore(e->b, v, first_pointer(e, elem, p)), alignment(elem));
}

/* ---- reading lanes ----------------------------------------------------------------------------------------------- */

static bool is_unit(LLVMValueRef step) { return LLVMIsAConstantInt(step) && LLVMConstIntGetSExtValue(step) == 1; }

/* Read at a pointer lane without a mask. `depth`: not before this level. `stride`: what to fetch as well, or NULL. */
static Lane read_lane(Emitter *e, Type *elem, Lane p, bool unit, int depth, LLVMValueRef stride) {
  Lane r = {.kind = LANE_VECTOR, .depth = max_int(p.depth, depth)};
  if (p.kind == LANE_UNIFORM) {
    emit_at(e, r.depth);
    return emit_lane_uniform(emit_memory_read_scalar(e, elem, p.v), r.depth);
  }
  if (p.kind == LANE_AFFINE) r.depth = max_int(r.depth, e->inner);
  if (unit) {
    emit_at(e, r.depth);
    LLVMValueRef ptr = LLVMBuildGEP2(e->b, emit_memory_type(e, elem), p.v, &e->index64, 1, "");
    if (stride) emit_prefetch(e, ptr, stride, e->lanes * ir_elem_bytes(elem));
    r.v = run_load(e, elem, ptr, NULL, LANE_UNIFORM, NULL);
    return r;
  }
  int64_t step = known_step(e, elem, &p, true);
  if (step) {
    emit_at(e, r.depth);
    r.v = stepped_load(e, elem, &p, step);
    return r;
  }
  static const Type pointer = {.kind = TYPE_PTR};
  Type t = pointer;
  t.elem = elem;
  LLVMValueRef ptrs = emit_lane_vector(e, p, &t);
  emit_at(e, r.depth);
  r.v = gather(e, elem, ptrs, NULL, NULL);
  return r;
}

Lane emit_array_read(Emitter *e, LLVMValueRef base, Type *type, const Lane *at, int depth) {
  Lane n = emit_lane_uniform(LLVMConstInt(e->i32, 0, false), 0);
  int64_t stride = 1;
  for (int i = type->rank; i-- > 0; stride *= type->shape[i])
    if (type->shape[i] != 1) n = emit_lane_add(e, n, emit_lane_times(e, at[i], stride));
  LLVMTypeRef m = emit_memory_type(e, type->elem);
  Lane p = {.kind = n.kind, .depth = n.depth};
  int lanes = n.kind == LANE_VECTOR ? e->lanes : 1;
  emit_at(e, n.depth);
  LLVMValueRef offset = LLVMBuildSExt(e->b, n.v, emit_wide(e->i64, lanes), "");
  p.v = LLVMBuildGEP2(e->b, m, lanes > 1 ? emit_splat(e, base, lanes) : base, &offset, 1, "");
  if (n.step) p.step = LLVMBuildSExt(e->b, n.step, e->i64, "");
  return read_lane(e, type->elem, p, p.step && is_unit(p.step), depth, NULL);
}

Lane emit_slot_read(Emitter *e, ScratchSlot *s, Type *type, const Lane *at) {
  return emit_array_read(e, emit_slot_touch(e, s), type, at, 0);
}

void emit_slot_write(Emitter *e, ScratchSlot *s, Type *type, const Lane *at, LLVMValueRef v) {
  Lane n = emit_lane_uniform(LLVMConstInt(e->i32, 0, false), 0);
  int64_t stride = 1;
  for (int i = type->rank; i-- > 0; stride *= type->shape[i])
    if (type->shape[i] != 1) n = emit_lane_add(e, n, emit_lane_times(e, at[i], stride));
  emit_at(e, e->depth);
  LLVMValueRef base = emit_slot_touch(e, s), offset = LLVMBuildSExt(e->b, n.v, e->i64, "");
  LLVMTypeRef m = emit_memory_type(e, type->elem);
  LLVMValueRef ptr = LLVMBuildGEP2(e->b, m, base, &offset, 1, "");
  bool vector = LLVMGetTypeKind(LLVMTypeOf(v)) == LLVMVectorTypeKind;
  if (vector && n.step && is_unit(n.step)) {
    ptr = LLVMBuildGEP2(e->b, m, ptr, &e->index64, 1, "");
    LLVMValueRef st = LLVMBuildStore(e->b, to_memory(e, type->elem, v, e->lanes), ptr);
    LLVMSetAlignment(st, alignment(type->elem));
    return;
  }
  if (!vector) {
    emit_memory_write_scalar(e, type->elem, v, ptr);
    return;
  }
  /* across rows */
  LLVMValueRef step = LLVMBuildSExt(e->b, n.step, e->i64, "");
  LLVMValueRef start = LLVMBuildMul(e->b, e->index64, step, "");
  ptr = LLVMBuildGEP2(e->b, m, ptr, &start, 1, "");
  v = to_memory(e, type->elem, v, e->lanes);
  for (int i = 0; i < e->lanes; i++) {
    LLVMValueRef k = LLVMBuildMul(e->b, step, emit_int(e->i64, i), "");
    LLVMValueRef x = LLVMBuildExtractElement(e->b, v, LLVMConstInt(e->i32, (unsigned)i, false), "");
    LLVMSetAlignment(LLVMBuildStore(e->b, x, LLVMBuildGEP2(e->b, m, ptr, &k, 1, "")), alignment(type->elem));
  }
}

static Type bit_type(void) { return (Type){.kind = TYPE_INT, .bits = 1}; }

/* The pointers of a load, as its accesses ask of them. `p`: their lanes. */
Pointers emit_memory_pointers(Emitter *e, const Op *load, Lane p) {
  const VectorLoop loop = emit_vector_loop(e);
  const LaneForm form = emit_lane_form(p);
  Pointers r = {.lane = p, .unit = cpu_is_contiguous(&loop, load, &form)};
  emit_remarks_access(e, load, p.kind, r.unit);
  if (r.unit && e->index32) r.stride = e->nest ? map_get(&e->distances, load) : NULL;
  return r;
}

Lane emit_memory_read(Emitter *e, const Op *load, const Pointers *p, int depth) {
  emit_lines_at(e, load->loc);
  return read_lane(e, load->results[0].type->elem, p->lane, p->unit, depth, p->stride);
}

Lane emit_memory_read_masked(Emitter *e, const Op *load, const Pointers *from, Lane m, Lane o) {
  emit_lines_at(e, load->loc);
  Type *elem = load->results[0].type->elem;
  Lane p = from->lane;
  if (p.kind == LANE_UNIFORM && m.kind == LANE_UNIFORM && o.kind == LANE_UNIFORM) {
    int depth = max_int(p.depth, max_int(m.depth, o.depth));
    emit_at(e, depth);
    LLVMValueRef v = emit_memory_read_scalar(e, elem, LLVMBuildSelect(e->b, m.v, p.v, unused_bytes(e), ""));
    return emit_lane_uniform(LLVMBuildSelect(e->b, m.v, v, o.v, ""), depth);
  }
  Type bit = bit_type();
  LLVMValueRef mv = emit_lane_vector(e, m, &bit), ov = emit_lane_vector(e, o, elem);
  LLVMValueRef ptrs = from->unit ? NULL : emit_lane_vector(e, p, ir_operand(load, 0)->type->elem);
  Lane r = {.kind = LANE_VECTOR, .depth = e->depth};
  emit_at(e, r.depth);
  if (from->unit) {
    LLVMValueRef ptr = LLVMBuildGEP2(e->b, emit_memory_type(e, elem), p.v, &e->index64, 1, "");
    if (from->stride) emit_prefetch(e, ptr, from->stride, e->lanes * ir_elem_bytes(elem));
    r.v = run_load(e, elem, ptr, mv, m.kind, ov);
  } else {
    r.v = gather(e, elem, ptrs, mv, ov);
  }
  return r;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* v: as it is in memory. */
static void run_store(Emitter *e, const Type *elem, LLVMValueRef ptr, LLVMValueRef mask, LaneKind kind,
                      LLVMValueRef v) {
  if (!mask) {
    LLVMSetAlignment(LLVMBuildStore(e->b, v, ptr), alignment(elem));
    return;
  }
  if (!leaves_out(e, elem, kind)) {
    lanes_store(e, elem, ptr, mask, v);
    return;
  }
  LLVMTypeRef types[2] = {LLVMTypeOf(v), e->ptr};
  LLVMValueRef args[3] = {v, ptr, mask};
  masked_call(e, "llvm.masked.store", types, args, 3, 1, alignment(elem));
}

static void scatter(Emitter *e, const Type *elem, LLVMValueRef v, LLVMValueRef ptrs, LLVMValueRef mask) {
  v = to_memory(e, elem, v, e->lanes);
  if (ir_elem_bytes(elem) >= 4 && e->isa->avx512) {
    LLVMTypeRef types[2] = {LLVMTypeOf(v), LLVMTypeOf(ptrs)};
    LLVMValueRef all = mask ? mask : emit_splat(e, LLVMConstInt(e->i1, 1, false), e->lanes);
    LLVMValueRef args[3] = {v, ptrs, all};
    masked_call(e, "llvm.masked.scatter", types, args, 3, 1, alignment(elem));
    return;
  }
  if (mask) ptrs = LLVMBuildSelect(e->b, mask, ptrs, emit_splat(e, unused_bytes(e), e->lanes), "");
  for (int i = 0; i < e->lanes; i++) {
    LLVMValueRef at = LLVMConstInt(e->i32, (unsigned)i, false), x = LLVMBuildExtractElement(e->b, v, at, "");
    LLVMSetAlignment(LLVMBuildStore(e->b, x, LLVMBuildExtractElement(e->b, ptrs, at, "")), alignment(elem));
  }
}

void emit_memory_store(Emitter *e, Op *op, const Lane *at, Lane p, LLVMValueRef v, const Lane *mask) {
  emit_lines_at(e, op->loc);
  (void)at;
  Type *ptr_type = ir_operand(op, 0)->type->elem, *elem = ptr_type->elem;
  Type bit = bit_type();
  const VectorLoop loop = emit_vector_loop(e);
  const LaneForm form = emit_lane_form(p);
  bool unit = cpu_is_contiguous(&loop, op, &form);
  emit_remarks_access(e, op, e->lanes == 1 ? LANE_UNIFORM : p.kind, unit);
  if (mask && emit_lane_is_true(e, *mask)) mask = NULL;
  if (e->lanes == 1) {
    emit_at(e, e->depth);
    emit_memory_write_scalar(e, elem, v, mask ? LLVMBuildSelect(e->b, mask->v, p.v, unused_bytes(e), "") : p.v);
    return;
  }
  LLVMValueRef mv = mask ? emit_lane_vector(e, *mask, &bit) : NULL;
  int64_t step = unit || mv ? 0 : known_step(e, elem, &p, false);
  LLVMValueRef ptrs = unit || step ? NULL : emit_lane_vector(e, p, ptr_type);
  emit_at(e, e->depth);
  if (step) {
    stepped_store(e, elem, v, &p, step);
    return;
  }
  if (!unit) {
    scatter(e, elem, v, ptrs, mv);
    return;
  }
  LLVMValueRef ptr = LLVMBuildGEP2(e->b, emit_memory_type(e, elem), p.v, &e->index64, 1, "");
  v = to_memory(e, elem, v, e->lanes);
  const StreamPlan *stream = map_get(&e->nest->streamed, op);
  if (!mv && stream) {
    emit_stream_store(e, op, stream, v, ptr);
    return;
  }
  run_store(e, elem, ptr, mv, mask ? mask->kind : LANE_UNIFORM, v);
}

/* Is what the second stores the elements between those of the first, and behind its last? */
static bool is_between(const Emitter *e, const Op *first, const Op *second) {
  IndexInfo *ix = e->plan->index;
  const Value *p = ir_operand(first, 0), *q = ir_operand(second, 0);
  const Index *x = index_of(ix, p), *y = index_of(ix, q);
  if (p->type != q->type || x->rank != y->rank) return false;
  for (int d = 0; d < x->rank; d++)
    if (x->axis[d].stride != y->axis[d].stride || x->axis[d].wrap || y->axis[d].wrap) return false;
  return index_is_const(index_sub(ix, y->base, x->base), ir_elem_bytes(p->type->elem->elem));
}

bool emit_memory_store_both(Emitter *e, Op *first, Op *second, Lane p, LLVMValueRef v, LLVMValueRef w) {
  const Type *elem = ir_operand(first, 0)->type->elem->elem;
  if (known_step(e, elem, &p, false) != 2 || !is_between(e, first, second)) return false;
  emit_lines_at(e, first->loc);
  emit_remarks_access(e, first, p.kind, false);
  emit_remarks_access(e, second, p.kind, false);
  emit_at(e, e->depth);
  interleaved_store(e, elem, v, w, &p);
  return true;
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

static LLVMValueRef compare_exchange(Emitter *e, LLVMValueRef ptr, LLVMValueRef expected, LLVMValueRef desired,
                                     LLVMAtomicOrdering o, unsigned align) {
  LLVMValueRef r = LLVMBuildAtomicCmpXchg(e->b, ptr, expected, desired, o, failure_ordering(o), false);
  LLVMSetAlignment(r, align);
  return r;
}

/* old = *ptr; *ptr = old + v, for formats that LLVM has no atomic addition for. */
static LLVMValueRef add_by_exchange(Emitter *e, const Op *op, const Type *elem, LLVMValueRef ptr, LLVMValueRef v) {
  static const Type f32 = {.kind = TYPE_FLOAT, .fkind = F32, .bits = 32};
  LLVMTypeRef t = LLVMIntTypeInContext(e->llvm, (unsigned)elem->bits);
  LLVMValueRef start = LLVMBuildLoad2(e->b, t, ptr, "");
  LLVMSetAlignment(start, alignment(elem));
  LLVMSetOrdering(start, LLVMAtomicOrderingMonotonic);
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b), body = emit_new_block(e, "retry"),
                    done = emit_new_block(e, "added");
  LLVMBuildBr(e->b, body);
  LLVMPositionBuilderAtEnd(e->b, body);
  LLVMValueRef old = LLVMBuildPhi(e->b, t, "");
  LLVMValueRef x = LLVMBuildBitCast(e->b, old, emit_element_type(e, elem), "");
  LLVMValueRef sum = LLVMBuildFAdd(e->b, emit_float_to_f32(e, elem, x, 1), emit_float_to_f32(e, elem, v, 1), "");
  sum = LLVMBuildBitCast(e->b, emit_float_convert(e, &f32, elem, sum, 1, false), t, "");
  LLVMValueRef pair = compare_exchange(e, ptr, old, sum, ordering(op), alignment(elem));
  LLVMValueRef seen = LLVMBuildExtractValue(e->b, pair, 0, "");
  LLVMBuildCondBr(e->b, LLVMBuildExtractValue(e->b, pair, 1, ""), done, body);
  LLVMAddIncoming(old, (LLVMValueRef[]){start, seen}, (LLVMBasicBlockRef[]){before, body}, 2);
  LLVMPositionBuilderAtEnd(e->b, done);
  return x;
}

static LLVMAtomicRMWBinOp rmw_op(const Op *op) {
  static const struct {
    const char *name;
    LLVMAtomicRMWBinOp op;
  } table[] = {
#define ATOMIC(text, llvm, operands) {text, LLVMAtomicRMWBinOp##llvm},
#include "cpu/elements.def"
  };
  const char *name = ir_attr_text_or(op, "atomic_rmw_op", "");
  for (size_t i = 0; i < COUNT(table); i++)
    if (!strcmp(name, table[i].name)) return table[i].op;
  return LLVMAtomicRMWBinOpXchg; /* the plan refuses what is not in the table */
}

LLVMValueRef emit_memory_atomic(Emitter *e, Op *op, LLVMValueRef ptr, LLVMValueRef a, LLVMValueRef b) {
  emit_lines_at(e, op->loc);
  Type *elem = ir_elem(ir_operand(op, 1)->type);
  unsigned align = alignment(elem);
  LLVMTypeRef t = emit_element_type(e, elem), bits = LLVMIntTypeInContext(e->llvm, (unsigned)(ir_elem_bytes(elem) * 8));
  bool is_float = elem->kind == TYPE_FLOAT;
  if (op->code == OP_ATOMIC_CAS) {
    if (is_float && t != bits) {
      a = LLVMBuildBitCast(e->b, a, bits, "");
      b = LLVMBuildBitCast(e->b, b, bits, "");
    }
    LLVMValueRef pair = compare_exchange(e, ptr, a, b, ordering(op), align);
    LLVMValueRef old = LLVMBuildExtractValue(e->b, pair, 0, "");
    return is_float && t != bits ? LLVMBuildBitCast(e->b, old, t, "") : old;
  }
  LLVMAtomicRMWBinOp what = rmw_op(op);
  if (what == LLVMAtomicRMWBinOpFAdd && elem->bits <= 16) return add_by_exchange(e, op, elem, ptr, a);
  LLVMValueRef r = LLVMBuildAtomicRMW(e->b, what, ptr, a, ordering(op), false);
  LLVMSetAlignment(r, align);
  return r;
}

/* ---- atomics while no other thread runs programs ----------------------------------------------------------------- */

static LLVMValueRef extreme(Emitter *e, LLVMIntPredicate which, LLVMValueRef a, LLVMValueRef b) {
  return LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, which, a, b, ""), a, b, "");
}

static LLVMValueRef updated(Emitter *e, const Op *op, const Type *elem, LLVMValueRef old, LLVMValueRef v, int lanes) {
  static const Type f32 = {.kind = TYPE_FLOAT, .fkind = F32, .bits = 32};
  switch (rmw_op(op)) {
  case LLVMAtomicRMWBinOpAnd: return LLVMBuildAnd(e->b, old, v, "");
  case LLVMAtomicRMWBinOpOr: return LLVMBuildOr(e->b, old, v, "");
  case LLVMAtomicRMWBinOpXor: return LLVMBuildXor(e->b, old, v, "");
  case LLVMAtomicRMWBinOpAdd: return LLVMBuildAdd(e->b, old, v, "");
  case LLVMAtomicRMWBinOpMax: return extreme(e, LLVMIntSGT, old, v);
  case LLVMAtomicRMWBinOpMin: return extreme(e, LLVMIntSLT, old, v);
  case LLVMAtomicRMWBinOpUMax: return extreme(e, LLVMIntUGT, old, v);
  case LLVMAtomicRMWBinOpUMin: return extreme(e, LLVMIntULT, old, v);
  case LLVMAtomicRMWBinOpFAdd: break;
  default: return v;
  }
  if (elem->bits > 16) return LLVMBuildFAdd(e->b, old, v, "");
  LLVMValueRef sum =
      LLVMBuildFAdd(e->b, emit_float_to_f32(e, elem, old, lanes), emit_float_to_f32(e, elem, v, lanes), "");
  return emit_float_convert(e, &f32, elem, sum, lanes, false);
}

static LLVMValueRef update_one(Emitter *e, const Op *op, Type *elem, LLVMValueRef at, LLVMValueRef v) {
  LLVMValueRef old = emit_memory_read_scalar(e, elem, at);
  emit_memory_write_scalar(e, elem, updated(e, op, elem, old, v, 1), at);
  return old;
}

LLVMValueRef emit_memory_update(Emitter *e, Op *op, Lane p, LLVMValueRef v, const Lane *mask) {
  emit_lines_at(e, op->loc);
  Type *ptr_type = ir_elem(ir_operand(op, 0)->type), *elem = ptr_type->elem;
  Type bit = bit_type();
  LLVMTypeRef t = emit_wide(emit_memory_type(e, elem), e->lanes);
  const VectorLoop loop = emit_vector_loop(e);
  const LaneForm form = emit_lane_form(p);
  bool unit = e->lanes > 1 && cpu_is_contiguous(&loop, op, &form);
  if (mask && emit_lane_is_true(e, *mask)) mask = NULL;
  LLVMValueRef zero = LLVMConstNull(t), mv = mask ? emit_lane_vector(e, *mask, &bit) : NULL;
  LLVMValueRef ptrs = unit ? NULL : emit_lane_vector(e, p, ptr_type);
  emit_at(e, e->depth);
  if (unit) {
    LLVMValueRef ptr = LLVMBuildGEP2(e->b, emit_memory_type(e, elem), p.v, &e->index64, 1, "");
    LaneKind kind = mask ? mask->kind : LANE_UNIFORM;
    LLVMValueRef old = run_load(e, elem, ptr, mv, kind, zero);
    run_store(e, elem, ptr, mv, kind, updated(e, op, elem, old, v, e->lanes));
    return old;
  }
  if (mask) ptrs = LLVMBuildSelect(e->b, mv, ptrs, emit_splat(e, unused_bytes(e), e->lanes), "");
  LLVMValueRef old = e->lanes == 1 ? update_one(e, op, elem, ptrs, v) : LLVMGetPoison(t);
  for (int i = 0; i < e->lanes && e->lanes > 1; i++) { /* in order, for several may be one element */
    LLVMValueRef at = LLVMConstInt(e->i32, (unsigned)i, false);
    LLVMValueRef x =
        update_one(e, op, elem, LLVMBuildExtractElement(e->b, ptrs, at, ""), LLVMBuildExtractElement(e->b, v, at, ""));
    old = LLVMBuildInsertElement(e->b, old, x, at, "");
  }
  return mask ? LLVMBuildSelect(e->b, mv, old, zero, "") : old;
}
