/* emit_function.c: a module's kernel as an LLVM function: its arguments, its programs, scalars and control flow.
 *
 * The function runs the programs [begin, end) one after the other, each from its first op to its last on this
 * thread: barriers inside a program are no-ops. Scalars are SSA values; those that are
 * loop-carried or yielded by conditionals are phis. Tensors are lowered by the nests of the block's plan
 * (plan_blocks.c).
 */
#include "cpu/jit.h"
#include "cpu/emit/emit.h"

#include <assert.h>
#include <string.h>

#include <llvm-c/DebugInfo.h>

/* ---- control flow ------------------------------------------------------------------------------------------------ */

static LLVMValueRef scalar(Value *v) { return code_of(v)->scalar; }

/* The scalars that meet at the top of a block: a phi for each of `values` that is no tensor, its scalar from here on.
 * Tensors are in their slots by the plan. */
typedef struct Phis {
  LLVMValueRef *at;
  int n;
} Phis;

static Phis phis_for(Emitter *e, Value *const *values, int n) {
  Phis p = {NEWN(e->cx, LLVMValueRef, n + 1), n};
  for (int i = 0; i < n; i++)
    if (!ir_is_tensor(values[i]->type))
      code_of(values[i])->scalar = p.at[i] = LLVMBuildPhi(e->b, emit_element_type(e, values[i]->type), "");
  return p;
}

/* From `block` they are the operands of `op` from `first` on. */
static void phis_from(Phis p, const Op *op, int first, LLVMBasicBlockRef block) {
  for (int i = 0; i < p.n; i++) {
    LLVMValueRef v = p.at[i] ? scalar(ir_operand(op, first + i)) : NULL;
    if (v) LLVMAddIncoming(p.at[i], &v, &block, 1);
  }
}

static Value **results_of(Emitter *e, Op *op) {
  Value **out = NEWN(e->cx, Value *, op->nresults + 1);
  for (int i = 0; i < op->nresults; i++) out[i] = &op->results[i];
  return out;
}

static LLVMValueRef hint_of(const Emitter *e, const Op *loop) {
  return opt_keeps_invariants(loop) ? e->keep_hint : e->loop_hint;
}

static void emit_for(Emitter *e, const Step *s) {
  Op *op = s->op;
  Block *body = ir_entry(op, 0);
  Value *const *carried = body->args + IR_LOOP_ARGS;
  int n = op->nresults;
  LLVMValueRef lower = scalar(ir_operand(op, 0)), upper = scalar(ir_operand(op, 1)), step = scalar(ir_operand(op, 2));
  LLVMIntPredicate less = ir_attr(op, "unsignedCmp") ? LLVMIntULT : LLVMIntSLT;
  for (int i = 0; i < n; i++)
    if (ir_is_tensor(carried[i]->type)) code_of(&op->results[i])->slot = emit_slot(e, carried[i]);
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b), inside = emit_new_block(e, "for"),
                    after = emit_new_block(e, "endfor");
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, less, lower, upper, ""), inside, after);
  emit_slots_begin_loop(e);
  LLVMPositionBuilderAtEnd(e->b, inside);
  LLVMValueRef index = LLVMBuildPhi(e->b, LLVMTypeOf(lower), "");
  code_of(ir_loop_index(op))->scalar = index;
  Phis now = phis_for(e, carried, n);
  emit_block(e, body);
  emit_poll(e, before, inside, s->first_poll);
  LLVMBasicBlockRef latch = LLVMGetInsertBlock(e->b);
  LLVMValueRef next = LLVMBuildAdd(e->b, index, step, "");
  /* the next index may not have wrapped around to below the bound */
  LLVMValueRef grew = LLVMBuildICmp(e->b, less, index, next, "");
  LLVMValueRef again = LLVMBuildAnd(e->b, grew, LLVMBuildICmp(e->b, less, next, upper, ""), "");
  LLVMValueRef br = LLVMBuildCondBr(e->b, again, inside, after);
  LLVMSetMetadata(br, e->loop_kind, hint_of(e, op));
  LLVMAddIncoming(index, (LLVMValueRef[]){lower, next}, (LLVMBasicBlockRef[]){before, latch}, 2);
  LLVMPositionBuilderAtEnd(e->b, after);
  Phis then = phis_for(e, results_of(e, op), n);
  for (int i = 0; i < 2; i++) {
    phis_from(i ? then : now, op, IR_LOOP_INITS, before);
    phis_from(i ? then : now, body->last, 0, latch);
  }
  emit_slots_end_loop(e);
}

static void emit_while(Emitter *e, const Step *s) {
  Op *op = s->op;
  Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  for (int i = 0; i < before->nargs; i++)
    if (ir_is_tensor(before->args[i]->type)) emit_slot(e, before->args[i]);
  for (int i = 0; i < after->nargs; i++)
    if (ir_is_tensor(after->args[i]->type)) code_of(&op->results[i])->slot = emit_slot(e, after->args[i]);
  LLVMBasicBlockRef entry = LLVMGetInsertBlock(e->b), head = emit_new_block(e, "while"), body = emit_new_block(e, "do"),
                    end = emit_new_block(e, "endwhile");
  LLVMBuildBr(e->b, head);
  emit_slots_begin_loop(e);
  LLVMPositionBuilderAtEnd(e->b, head);
  Phis now = phis_for(e, before->args, before->nargs);
  emit_block(e, before);
  LLVMBuildCondBr(e->b, scalar(ir_while_test(op)), body, end);
  for (int i = 0; i < after->nargs; i++) /* the condition's other operands: what the body gets, and what follows */
    if (!ir_is_tensor(after->args[i]->type))
      code_of(after->args[i])->scalar = code_of(&op->results[i])->scalar = scalar(ir_while_passed(op, i));
  LLVMPositionBuilderAtEnd(e->b, body);
  emit_block(e, after);
  emit_poll(e, entry, head, s->first_poll);
  phis_from(now, op, 0, entry);
  phis_from(now, after->last, 0, LLVMGetInsertBlock(e->b));
  LLVMValueRef br = LLVMBuildBr(e->b, head);
  LLVMSetMetadata(br, e->loop_kind, hint_of(e, op));
  LLVMPositionBuilderAtEnd(e->b, end);
  emit_slots_end_loop(e);
}

static void emit_if(Emitter *e, Op *op) {
  Value **results = results_of(e, op);
  for (int i = 0; i < op->nresults; i++)
    if (ir_is_tensor(results[i]->type)) emit_slot_touch(e, emit_slot(e, results[i]));
  bool otherwise = op->nregions > 1 && op->regions[1]->first;
  LLVMBasicBlockRef yes = emit_new_block(e, "then"), after = emit_new_block(e, "endif"),
                    no = otherwise ? emit_new_block(e, "else") : after, ends[2];
  LLVMBuildCondBr(e->b, scalar(ir_operand(op, 0)), yes, no);
  for (int r = 0; r <= otherwise; r++) {
    e->clock++;
    LLVMPositionBuilderAtEnd(e->b, r ? no : yes);
    emit_block(e, ir_entry(op, r));
    ends[r] = LLVMGetInsertBlock(e->b);
    LLVMBuildBr(e->b, after);
  }
  LLVMPositionBuilderAtEnd(e->b, after);
  Phis then = phis_for(e, results, op->nresults);
  for (int r = 0; r <= otherwise && op->nresults; r++) phis_from(then, ir_entry(op, r)->last, 0, ends[r]);
  e->clock++;
}

/* ---- ops on scalars ---------------------------------------------------------------------------------------------- */

static void set(Op *op, LLVMValueRef v) { code_of(&op->results[0])->scalar = v; }

static void load_scalar(Emitter *e, Op *op) {
  Type *elem = op->results[0].type;
  Value *mask = cpu_access_mask(op), *other = cpu_access_other(op);
  LLVMValueRef ptr = scalar(ir_operand(op, 0));
  if (!mask) {
    set(op, emit_memory_read_scalar(e, elem, ptr));
    return;
  }
  LLVMValueRef v = emit_memory_read_scalar(e, elem, LLVMBuildSelect(e->b, scalar(mask), ptr, e->scratch, ""));
  LLVMValueRef o = other ? scalar(other) : LLVMConstNull(emit_element_type(e, elem));
  set(op, LLVMBuildSelect(e->b, scalar(mask), v, o, ""));
}

static void store_scalar(Emitter *e, Op *op) {
  Value *mask = cpu_access_mask(op), *v = ir_operand(op, 1);
  LLVMValueRef ptr = scalar(ir_operand(op, 0));
  if (mask) ptr = LLVMBuildSelect(e->b, scalar(mask), ptr, e->scratch, "");
  emit_memory_write_scalar(e, v->type, scalar(v), ptr);
}

static void atomic_scalar(Emitter *e, Op *op) {
  Value *mask = cpu_access_mask(op);
  LLVMValueRef in[3] = {0};
  for (int i = 0; i < op->noperands && i < 3; i++) in[i] = scalar(ir_operand(op, i));
  if (!mask) {
    set(op, emit_memory_atomic(e, op, in[0], in[1], in[2]));
    return;
  }
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b), doing = emit_new_block(e, "atomic"),
                    after = emit_new_block(e, "next");
  LLVMBuildCondBr(e->b, scalar(mask), doing, after);
  LLVMPositionBuilderAtEnd(e->b, doing);
  LLVMValueRef old = emit_memory_atomic(e, op, in[0], in[1], in[2]);
  LLVMBasicBlockRef done = LLVMGetInsertBlock(e->b);
  LLVMBuildBr(e->b, after);
  LLVMPositionBuilderAtEnd(e->b, after);
  LLVMValueRef phi = LLVMBuildPhi(e->b, LLVMTypeOf(old), "");
  LLVMAddIncoming(phi, (LLVMValueRef[]){LLVMConstNull(LLVMTypeOf(old)), old}, (LLVMBasicBlockRef[]){before, done}, 2);
  set(op, phi);
}

static int axis_of(const Op *op) {
  Attr *a = ir_attr(op, "axis");
  if (a && a->text) return a->text[0] == 'y' ? 1 : a->text[0] == 'z' ? 2 : 0;
  return a ? (int)a->integer : 0;
}

/* The element of a tensor of one element. */
static LLVMValueRef only_element(Emitter *e, Value *v) {
  Lane at[MAX_RANK];
  for (int i = 0; i < v->type->rank; i++) at[i] = emit_lane_uniform(LLVMConstInt(e->i32, 0, false), 0);
  emit_base_level(e);
  e->lanes = 1;
  e->inner = 0;
  e->extent = 1;
  e->index32 = LLVMConstInt(e->i32, 0, false);
  e->index64 = LLVMConstInt(e->i64, 0, false);
  LLVMValueRef x = emit_lane_scalar(emit_lane_eval(e, v, at));
  LLVMPositionBuilderAtEnd(e->b, e->levels[0].block);
  emit_base_level(e);
  return x;
}

static void emit_scalar(Emitter *e, Op *op) {
  LLVMValueRef *in = NEWN(e->cx, LLVMValueRef, op->noperands + 1);
  for (int i = 0; i < op->noperands; i++) in[i] = scalar(ir_operand(op, i));
  set(op, emit_element_op(e, op, in, 1));
}

static void emit_op(Emitter *e, const Step *s) {
  Op *op = s->op;
  emit_lines_at(e, op->loc);
  switch (op->code) {
  case OP_FOR: emit_for(e, s); return;
  case OP_WHILE: emit_while(e, s); return;
  case OP_IF: emit_if(e, op); return;
  case OP_YIELD:
  case OP_CONDITION:
  case OP_ASSUME:
  case OP_RETURN: return;
  case OP_GRID_WAIT: /* a launch begins when the one ahead has ended */
  case OP_GRID_LAUNCH: return;
  case OP_BARRIER: LLVMBuildFence(e->b, LLVMAtomicOrderingAcquireRelease, false, ""); return;
  case OP_PROGRAM_ID: set(op, e->pid[axis_of(op)]); return;
  case OP_NUM_PROGRAMS: set(op, ir_attr(op, "batch") ? e->batch : e->grid[axis_of(op)]); return;
  case OP_LOAD: load_scalar(e, op); return;
  case OP_STORE: store_scalar(e, op); return;
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: atomic_scalar(e, op); return;
  case OP_DOT: emit_dot(e, op, s->dot); break;
  case OP_TRANS: emit_transpose(e, op, s->matrix); break;
  case OP_HISTOGRAM: emit_histogram(e, op); break;
  case OP_PRINT: emit_print(e, op); break;
  case OP_CHECK_ACCESS: emit_check(e, op, s->check); break;
  case OP_CHECK_ACQUIRE: emit_check_acquire(e); return;
  case OP_ASSERT: emit_assert(e, op, scalar(ir_operand(op, 0)), 1); return;
  case OP_UNSPLAT: set(op, only_element(e, ir_operand(op, 0))); break;
  default: emit_scalar(e, op); return;
  }
  e->clock++;
}

void emit_block(Emitter *e, Block *b) {
  const BlockPlan *plan = block_plan(b);
  for (uint32_t i = 0; i < plan->steps.len; i++) {
    const Step *s = &plan->steps.at[i];
    if (s->nest)
      emit_nest(e, s->nest);
    else
      emit_op(e, s);
  }
}

/* ---- the function ------------------------------------------------------------------------------------------------ */

static void emit_arguments(Emitter *e, Op *func, KernelInfo *info) {
  Block *entry = ir_entry(func, 0);
  for (int i = 0; i < entry->nargs; i++) {
    Value *v = entry->args[i];
    LLVMValueRef at = emit_int(e->i64, i);
    LLVMValueRef p = LLVMBuildLoad2(e->b, e->ptr, LLVMBuildGEP2(e->b, e->ptr, LLVMGetParam(e->fn, 0), &at, 1, ""), "");
    code_of(v)->scalar = emit_memory_read_scalar(e, v->type, p);
    if (v->hint) LLVMSetValueName2(code_of(v)->scalar, v->hint, strlen(v->hint));
  }
  for (int i = 0; i < 3; i++) {
    LLVMValueRef at = emit_int(e->i64, i);
    e->grid[i] = LLVMBuildLoad2(e->b, e->i32, LLVMBuildGEP2(e->b, e->i32, LLVMGetParam(e->fn, 1), &at, 1, ""), "grid");
  }
  emit_stream_programs(e);
  info->nargs = entry->nargs;
  info->args = e->plan->args;
  info->batch_axis = e->plan->batch_axis;
  info->batch = e->plan->batch;
}

static void emit_programs(Emitter *e, Op *func) {
  ProgramLoop loop = emit_programs_begin(e);
  emit_block(e, ir_entry(func, 0));
  emit_programs_end(e, &loop);
  emit_stream_fence(e);
  LLVMBuildRetVoid(e->b);
}

static LLVMMetadataRef flag(Emitter *e, const char *name) {
  LLVMMetadataRef items[] = {LLVMMDStringInContext2(e->llvm, name, strlen(name)),
                             LLVMValueAsMetadata(LLVMConstInt(e->i1, 0, false))};
  return LLVMMDNodeInContext2(e->llvm, items, 2);
}

static LLVMMetadataRef word(Emitter *e, const char *name) {
  LLVMMetadataRef item = LLVMMDStringInContext2(e->llvm, name, strlen(name));
  return LLVMMDNodeInContext2(e->llvm, &item, 1);
}

/* A loop's metadata is a distinct node; ours may be one for all of a kind, for it says only what not to do. */
static LLVMValueRef loop_hint(Emitter *e, bool keeps) {
  LLVMMetadataRef self = LLVMTemporaryMDNode(e->llvm, NULL, 0);
  LLVMMetadataRef items[] = {self, flag(e, "llvm.loop.vectorize.enable"), word(e, "llvm.loop.unroll.disable"),
                             word(e, "llvm.licm.disable")};
  LLVMMetadataRef node = LLVMMDNodeInContext2(e->llvm, items, COUNT(items) - !keeps);
  LLVMMetadataReplaceAllUsesWith(self, node);
  return LLVMMetadataAsValue(e->llvm, node);
}

static void set_up(Emitter *e) {
  e->i1 = LLVMInt1TypeInContext(e->llvm);
  e->i8 = LLVMInt8TypeInContext(e->llvm);
  e->i16 = LLVMInt16TypeInContext(e->llvm);
  e->i32 = LLVMInt32TypeInContext(e->llvm);
  e->i64 = LLVMInt64TypeInContext(e->llvm);
  e->f16 = LLVMHalfTypeInContext(e->llvm);
  e->f32 = LLVMFloatTypeInContext(e->llvm);
  e->f64 = LLVMDoubleTypeInContext(e->llvm);
  e->ptr = LLVMPointerTypeInContext(e->llvm, 0);
  e->voidty = LLVMVoidTypeInContext(e->llvm);
  e->loop_kind = LLVMGetMDKindIDInContext(e->llvm, "llvm.loop", 9);
  e->loop_hint = loop_hint(e, false);
  e->keep_hint = loop_hint(e, true);
}

static void attach(Op *op, void *cx) {
  for (int i = 0; i < op->nresults; i++) ((Info *)op->results[i].data)->code = NEW(cx, ValueCode);
  for (int r = 0; r < op->nregions; r++)
    for (Block *b = op->regions[r]->first; b; b = b->next)
      for (int i = 0; i < b->nargs; i++) ((Info *)b->args[i]->data)->code = NEW(cx, ValueCode);
}

typedef struct Owned {
  LLVMModuleRef module;
  LLVMBuilderRef builder;
  bool keep;
} Owned;

static void release(void *arg) {
  Owned *o = arg;
  if (cpu_llvm_abandoned()) return;
  LLVMDisposeBuilder(o->builder);
  if (!o->keep) LLVMDisposeModule(o->module);
}

static void build_function(void *arg) {
  Emitter *e = arg;
  Ctx *cx = e->cx;
  KernelInfo *info = e->result;
  Owned *own = NEW(cx, Owned);
  e->module = LLVMModuleCreateWithNameInContext("kernel", e->llvm);
  e->b = LLVMCreateBuilderInContext(e->llvm);
  *own = (Owned){e->module, e->b, false};
  ctx_defer(cx, release, own);
  set_up(e);
  Op *func = e->plan->func;
  attach(func, cx);
  ir_walk(func, attach, cx);
  const char *name = ir_func_name(func);
  LLVMTypeRef params[] = {e->ptr, e->ptr, e->i64, e->i64, e->ptr};
  e->fn = LLVMAddFunction(e->module, name, LLVMFunctionType(e->voidty, params, COUNT(params), false));
  unsigned nounwind = LLVMGetEnumAttributeKindForName("nounwind", 8);
  LLVMAddAttributeAtIndex(e->fn, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(e->llvm, nounwind, 0));
  unsigned noalias = LLVMGetEnumAttributeKindForName("noalias", 7);
  LLVMAddAttributeAtIndex(e->fn, 5, LLVMCreateEnumAttribute(e->llvm, noalias, 0));
  e->entry = LLVMAppendBasicBlockInContext(e->llvm, e->fn, "entry");
  LLVMPositionBuilderAtEnd(e->b, e->entry);
  e->scratch = LLVMGetParam(e->fn, 4);
  emit_lines_begin(e, func);
  emit_check_begin(e);
  emit_arguments(e, func, info);
  emit_programs(e, func);
  info->name = name;
  info->shared = emit_slots_place(e);
  emit_remarks(e);
  emit_lines_end(e);
  own->keep = true;
}

static void emit_function(Ctx *cx, void *e) { cpu_llvm_build(cx, "lowering", build_function, e); }

LLVMModuleRef cpu_lower(Ctx *cx, LLVMContextRef llvm, Module *m, const CpuIsa *isa, const TargetOptions *o,
                        KernelInfo *info) {
  Emitter *e = NEW(cx, Emitter);
  *e = (Emitter){.cx = cx, .plan = cpu_plan(cx, m, isa), .llvm = llvm, .isa = isa, .options = o, .result = info};
  Err err = ctx_protect(cx, emit_function, e);
  if (err) ctx_throw(cx, err);
  return e->module;
}
