/* emit_function.c: a module's kernel as an LLVM function: its arguments, its programs, scalars and control flow.
 *
 * The function runs the programs [begin, end) one after the other, each from its first op to its last on this
 * thread: barriers inside a program are no-ops. Scalars are SSA values; those that are
 * loop-carried or yielded by conditionals are phis. Tensors are lowered by the nests of the block's plan
 * (plan_blocks.c).
 */
#include "cpu/jit.h"
#include "cpu/emit.h"

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

static Phis phis_for(Lower *l, Value *const *values, int n) {
  Phis p = {NEWN(l->cx, LLVMValueRef, n + 1), n};
  for (int i = 0; i < n; i++)
    if (!ir_is_tensor(values[i]->type))
      code_of(values[i])->scalar = p.at[i] = LLVMBuildPhi(l->b, emit_element_type(l, values[i]->type), "");
  return p;
}

/* From `block` they are the operands of `op` from `first` on. */
static void phis_from(Phis p, const Op *op, int first, LLVMBasicBlockRef block) {
  for (int i = 0; i < p.n; i++) {
    LLVMValueRef v = p.at[i] ? scalar(ir_operand(op, first + i)) : NULL;
    if (v) LLVMAddIncoming(p.at[i], &v, &block, 1);
  }
}

static Value **results_of(Lower *l, Op *op) {
  Value **out = NEWN(l->cx, Value *, op->nresults + 1);
  for (int i = 0; i < op->nresults; i++) out[i] = &op->results[i];
  return out;
}

/* Ending early. A loop that may run for long polls the run-time library for a request to stop. The work of an iteration
 * is estimated in elements (Lower.work): a loop of a known, small amount of work counts as part of the iteration
 * around it and does not poll, so the loops within tiles stay as they are. In any other, each iteration decrements a
 * register. The library gives the number of iterations between polls; the first poll comes after a number that the estimate says is short. */
enum { SOON = 1 << 20, MOST_UNASKED = 64 };

static int64_t work_times(int64_t a, int64_t b) {
  int64_t r;
  return __builtin_mul_overflow(a, b, &r) ? INT64_MAX : r;
}

static void add_work(Lower *l, int64_t n) {
  if (__builtin_add_overflow(l->work, n, &l->work)) l->work = INT64_MAX;
}

static int64_t step_work(const Step *s) {
  if (s->nest) return work_times(ir_numel(s->nest->type), (int64_t)s->nest->members.len);
  const Op *op = s->op;
  int64_t n = op->noperands && ir_is_tensor(ir_operand(op, 0)->type) ? ir_numel(ir_operand(op, 0)->type) : 1;
  const Type *result = op->nresults ? op->results[0].type : NULL;
  return op->code == OP_DOT ? work_times(n, result->shape[result->rank - 1]) : n;
}

/* The trip count, where it is a constant; else INT64_MAX. */
static int64_t rounds_of(LLVMValueRef lower, LLVMValueRef upper, LLVMValueRef step) {
  if (!LLVMIsAConstantInt(lower) || !LLVMIsAConstantInt(upper) || !LLVMIsAConstantInt(step)) return INT64_MAX;
  int64_t by = LLVMConstIntGetSExtValue(step), length;
  if (__builtin_sub_overflow(LLVMConstIntGetSExtValue(upper), LLVMConstIntGetSExtValue(lower), &length) || by <= 0)
    return INT64_MAX;
  return length <= 0 ? 0 : (length - 1) / by + 1;
}

/* The branch goes to its first target nearly always: what a call in the other costs is not paid here. */
static void set_likely(Lower *l, LLVMValueRef branch) {
  static const char text[] = "branch_weights";
  LLVMMetadataRef parts[] = {LLVMMDStringInContext2(l->llvm, text, sizeof text - 1),
                             LLVMValueAsMetadata(emit_int(l->i32, 2000)), LLVMValueAsMetadata(emit_int(l->i32, 1))};
  LLVMSetMetadata(branch, LLVMGetMDKindIDInContext(l->llvm, "prof", 4),
                  LLVMMetadataAsValue(l->llvm, LLVMMDNodeInContext2(l->llvm, parts, COUNT(parts))));
}

static LLVMValueRef phi_of(Lower *l, LLVMTypeRef type, const LLVMValueRef values[2], const LLVMBasicBlockRef from[2]) {
  LLVMValueRef phi = LLVMBuildPhi(l->b, type, "");
  LLVMAddIncoming(phi, (LLVMValueRef *)values, (LLVMBasicBlockRef *)from, 2);
  return phi;
}

/* The end of a round of the loop that `before` enters at `head`; `outside`: the work in front of it. The rounds left and
 * the library's state of the loop are carried in registers, and the library's function touches no memory that the kernel
 * sees: n loops in a row stay n separate questions to LLVM. */
static void emit_poll(Lower *l, LLVMBasicBlockRef before, LLVMBasicBlockRef head, int64_t rounds, int64_t outside) {
  int64_t round = max64(l->work, 1), all = work_times(rounds, round), first = SOON / round;
  l->work = outside;
  add_work(l, all > SOON ? SOON : all);
  if (all <= SOON) return;
  first = first > MOST_UNASKED ? MOST_UNASKED : max64(first, 1);
  LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b), ask = emit_new_block(l, "ask"), on = emit_new_block(l, "on");
  LLVMPositionBuilderBefore(l->b, LLVMGetFirstInstruction(head));
  LLVMValueRef left = LLVMBuildPhi(l->b, l->i32, ""), state = LLVMBuildPhi(l->b, l->i64, "");
  LLVMPositionBuilderAtEnd(l->b, here);
  LLVMValueRef next = LLVMBuildSub(l->b, left, emit_int(l->i32, 1), ""), zero = emit_int(l->i32, 0);
  set_likely(l, LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntSGT, next, zero, ""), on, ask));
  LLVMPositionBuilderAtEnd(l->b, ask);
  LLVMValueRef answer = emit_call(l, "ttc_rt_poll", l->i64, &state, 1), more = LLVMBuildTrunc(l->b, answer, l->i32, "");
  enum { INACCESSIBLE_MEMORY = 3 << 2 };
  unsigned memory = LLVMGetEnumAttributeKindForName("memory", 6);
  LLVMAddCallSiteAttribute(answer, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                           LLVMCreateEnumAttribute(l->llvm, memory, INACCESSIBLE_MEMORY));
  LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntSGT, more, zero, ""), on, l->end);
  LLVMPositionBuilderAtEnd(l->b, on);
  LLVMBasicBlockRef from[] = {here, ask}, into[] = {before, on};
  LLVMValueRef then_left = phi_of(l, l->i32, (LLVMValueRef[]){next, more}, from),
               then_state = phi_of(l, l->i64, (LLVMValueRef[]){state, answer}, from);
  LLVMAddIncoming(left, (LLVMValueRef[]){emit_int(l->i32, first), then_left}, into, 2);
  LLVMAddIncoming(state, (LLVMValueRef[]){emit_int(l->i64, first), then_state}, into, 2);
}

static void emit_for(Lower *l, Op *op) {
  Block *body = ir_entry(op, 0);
  Value *const *carried = body->args + IR_LOOP_ARGS;
  int n = op->nresults;
  LLVMValueRef lower = scalar(ir_operand(op, 0)), upper = scalar(ir_operand(op, 1)), step = scalar(ir_operand(op, 2));
  LLVMIntPredicate less = ir_attr(op, "unsignedCmp") ? LLVMIntULT : LLVMIntSLT;
  for (int i = 0; i < n; i++)
    if (ir_is_tensor(carried[i]->type)) code_of(&op->results[i])->slot = emit_slot(l, carried[i]);
  LLVMBasicBlockRef before = LLVMGetInsertBlock(l->b), inside = emit_new_block(l, "for"),
                    after = emit_new_block(l, "endfor");
  LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, less, lower, upper, ""), inside, after);
  emit_slots_begin_loop(l);
  LLVMPositionBuilderAtEnd(l->b, inside);
  LLVMValueRef index = LLVMBuildPhi(l->b, LLVMTypeOf(lower), "");
  code_of(ir_loop_index(op))->scalar = index;
  Phis now = phis_for(l, carried, n);
  int64_t outside = l->work;
  l->work = 0;
  emit_block(l, body);
  emit_poll(l, before, inside, rounds_of(lower, upper, step), outside);
  LLVMBasicBlockRef latch = LLVMGetInsertBlock(l->b);
  LLVMValueRef next = LLVMBuildAdd(l->b, index, step, "");
  /* the next index may not have wrapped around to below the bound */
  LLVMValueRef grew = LLVMBuildICmp(l->b, less, index, next, "");
  LLVMValueRef again = LLVMBuildAnd(l->b, grew, LLVMBuildICmp(l->b, less, next, upper, ""), "");
  LLVMValueRef br = LLVMBuildCondBr(l->b, again, inside, after);
  LLVMSetMetadata(br, l->loop_kind, l->loop_hint);
  LLVMAddIncoming(index, (LLVMValueRef[]){lower, next}, (LLVMBasicBlockRef[]){before, latch}, 2);
  LLVMPositionBuilderAtEnd(l->b, after);
  Phis then = phis_for(l, results_of(l, op), n);
  for (int i = 0; i < 2; i++) {
    phis_from(i ? then : now, op, IR_LOOP_INITS, before);
    phis_from(i ? then : now, body->last, 0, latch);
  }
  emit_slots_end_loop(l);
}

static void emit_while(Lower *l, Op *op) {
  Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  for (int i = 0; i < before->nargs; i++)
    if (ir_is_tensor(before->args[i]->type)) emit_slot(l, before->args[i]);
  for (int i = 0; i < after->nargs; i++)
    if (ir_is_tensor(after->args[i]->type)) code_of(&op->results[i])->slot = emit_slot(l, after->args[i]);
  LLVMBasicBlockRef entry = LLVMGetInsertBlock(l->b), head = emit_new_block(l, "while"), body = emit_new_block(l, "do"),
                    end = emit_new_block(l, "endwhile");
  LLVMBuildBr(l->b, head);
  int64_t outside = l->work;
  l->work = 0;
  emit_slots_begin_loop(l);
  LLVMPositionBuilderAtEnd(l->b, head);
  Phis now = phis_for(l, before->args, before->nargs);
  emit_block(l, before);
  LLVMBuildCondBr(l->b, scalar(ir_operand(before->last, 0)), body, end);
  for (int i = 0; i < after->nargs; i++) /* the condition's other operands: what the body and who comes after get */
    if (!ir_is_tensor(after->args[i]->type))
      code_of(after->args[i])->scalar = code_of(&op->results[i])->scalar = scalar(ir_operand(before->last, i + 1));
  LLVMPositionBuilderAtEnd(l->b, body);
  emit_block(l, after);
  emit_poll(l, entry, head, INT64_MAX, outside);
  phis_from(now, op, 0, entry);
  phis_from(now, after->last, 0, LLVMGetInsertBlock(l->b));
  LLVMValueRef br = LLVMBuildBr(l->b, head);
  LLVMSetMetadata(br, l->loop_kind, l->loop_hint);
  LLVMPositionBuilderAtEnd(l->b, end);
  emit_slots_end_loop(l);
}

static void emit_if(Lower *l, Op *op) {
  Value **results = results_of(l, op);
  for (int i = 0; i < op->nresults; i++)
    if (ir_is_tensor(results[i]->type)) emit_slot_touch(l, emit_slot(l, results[i]));
  bool otherwise = op->nregions > 1 && op->regions[1]->first;
  LLVMBasicBlockRef yes = emit_new_block(l, "then"), after = emit_new_block(l, "endif"),
                    no = otherwise ? emit_new_block(l, "else") : after, ends[2];
  LLVMBuildCondBr(l->b, scalar(ir_operand(op, 0)), yes, no);
  for (int r = 0; r <= otherwise; r++) {
    l->clock++;
    LLVMPositionBuilderAtEnd(l->b, r ? no : yes);
    emit_block(l, ir_entry(op, r));
    ends[r] = LLVMGetInsertBlock(l->b);
    LLVMBuildBr(l->b, after);
  }
  LLVMPositionBuilderAtEnd(l->b, after);
  Phis then = phis_for(l, results, op->nresults);
  for (int r = 0; r <= otherwise && op->nresults; r++) phis_from(then, ir_entry(op, r)->last, 0, ends[r]);
  l->clock++;
}

/* ---- ops on scalars ---------------------------------------------------------------------------------------------- */

static void set(Op *op, LLVMValueRef v) { code_of(&op->results[0])->scalar = v; }

static void load_scalar(Lower *l, Op *op) {
  Type *elem = op->results[0].type;
  Value *mask = cpu_access_mask(op), *other = cpu_access_other(op);
  LLVMValueRef ptr = scalar(ir_operand(op, 0));
  if (!mask) {
    set(op, emit_memory_read_scalar(l, elem, ptr));
    return;
  }
  LLVMValueRef v = emit_memory_read_scalar(l, elem, LLVMBuildSelect(l->b, scalar(mask), ptr, l->scratch, ""));
  LLVMValueRef o = other ? scalar(other) : LLVMConstNull(emit_element_type(l, elem));
  set(op, LLVMBuildSelect(l->b, scalar(mask), v, o, ""));
}

static void store_scalar(Lower *l, Op *op) {
  Value *mask = cpu_access_mask(op), *v = ir_operand(op, 1);
  LLVMValueRef ptr = scalar(ir_operand(op, 0));
  if (mask) ptr = LLVMBuildSelect(l->b, scalar(mask), ptr, l->scratch, "");
  emit_memory_write_scalar(l, v->type, scalar(v), ptr);
}

static void atomic_scalar(Lower *l, Op *op) {
  Value *mask = cpu_access_mask(op);
  LLVMValueRef in[3] = {0};
  for (int i = 0; i < op->noperands && i < 3; i++) in[i] = scalar(ir_operand(op, i));
  if (!mask) {
    set(op, emit_memory_atomic(l, op, in[0], in[1], in[2]));
    return;
  }
  LLVMBasicBlockRef before = LLVMGetInsertBlock(l->b), doing = emit_new_block(l, "atomic"),
                    after = emit_new_block(l, "next");
  LLVMBuildCondBr(l->b, scalar(mask), doing, after);
  LLVMPositionBuilderAtEnd(l->b, doing);
  LLVMValueRef old = emit_memory_atomic(l, op, in[0], in[1], in[2]);
  LLVMBasicBlockRef done = LLVMGetInsertBlock(l->b);
  LLVMBuildBr(l->b, after);
  LLVMPositionBuilderAtEnd(l->b, after);
  LLVMValueRef phi = LLVMBuildPhi(l->b, LLVMTypeOf(old), "");
  LLVMAddIncoming(phi, (LLVMValueRef[]){LLVMConstNull(LLVMTypeOf(old)), old}, (LLVMBasicBlockRef[]){before, done}, 2);
  set(op, phi);
}

static int axis_of(const Op *op) {
  Attr *a = ir_attr(op, "axis");
  if (a && a->text) return a->text[0] == 'y' ? 1 : a->text[0] == 'z' ? 2 : 0;
  return a ? (int)a->integer : 0;
}

/* The element of a tensor of one element. */
static LLVMValueRef only_element(Lower *l, Value *v) {
  Lane at[MAX_RANK];
  for (int i = 0; i < v->type->rank; i++) at[i] = emit_lane_uniform(LLVMConstInt(l->i32, 0, false), 0);
  emit_base_level(l);
  l->lanes = 1;
  l->inner = 0;
  l->extent = 1;
  l->index32 = LLVMConstInt(l->i32, 0, false);
  l->index64 = LLVMConstInt(l->i64, 0, false);
  LLVMValueRef x = emit_lane_scalar(emit_lane_eval(l, v, at));
  LLVMPositionBuilderAtEnd(l->b, l->levels[0].block);
  emit_base_level(l);
  return x;
}

static void emit_scalar(Lower *l, Op *op) {
  LLVMValueRef *in = NEWN(l->cx, LLVMValueRef, op->noperands + 1);
  for (int i = 0; i < op->noperands; i++) in[i] = scalar(ir_operand(op, i));
  set(op, emit_element_op(l, op, in, 1));
}

static void emit_op(Lower *l, const Step *s) {
  Op *op = s->op;
  switch (op->code) {
  case OP_FOR: emit_for(l, op); return;
  case OP_WHILE: emit_while(l, op); return;
  case OP_IF: emit_if(l, op); return;
  case OP_YIELD:
  case OP_CONDITION:
  case OP_ASSUME:
  case OP_RETURN: return;
  case OP_BARRIER: LLVMBuildFence(l->b, LLVMAtomicOrderingAcquireRelease, false, ""); return;
  case OP_PROGRAM_ID: set(op, l->pid[axis_of(op)]); return;
  case OP_NUM_PROGRAMS: set(op, l->grid[axis_of(op)]); return;
  case OP_LOAD: load_scalar(l, op); return;
  case OP_STORE: store_scalar(l, op); return;
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: atomic_scalar(l, op); return;
  case OP_DOT: emit_dot(l, op, s->dot); break;
  case OP_TRANS: emit_transpose(l, op, s->matrix); break;
  case OP_HISTOGRAM: emit_histogram(l, op); break;
  case OP_PRINT: emit_print(l, op); break;
  case OP_CHECK_ACCESS: emit_check(l, op, s->check); break;
  case OP_CHECK_ACQUIRE: emit_check_acquire(l); return;
  case OP_ASSERT: emit_assert(l, op, scalar(ir_operand(op, 0))); return;
  case OP_UNSPLAT: set(op, only_element(l, ir_operand(op, 0))); break;
  default: emit_scalar(l, op); return;
  }
  l->clock++;
}

void emit_block(Lower *l, Block *b) {
  const BlockPlan *plan = block_plan(b);
  for (uint32_t i = 0; i < plan->steps.len; i++) {
    const Step *s = &plan->steps.at[i];
    add_work(l, step_work(s));
    if (s->nest)
      emit_nest(l, s->nest);
    else
      emit_op(l, s);
  }
}

/* ---- the function ------------------------------------------------------------------------------------------------ */

static void emit_arguments(Lower *l, Op *func, KernelInfo *info) {
  Block *entry = ir_entry(func, 0);
  for (int i = 0; i < entry->nargs; i++) {
    Value *v = entry->args[i];
    LLVMValueRef at = emit_int(l->i64, i);
    LLVMValueRef p = LLVMBuildLoad2(l->b, l->ptr, LLVMBuildGEP2(l->b, l->ptr, LLVMGetParam(l->fn, 0), &at, 1, ""), "");
    code_of(v)->scalar = emit_memory_read_scalar(l, v->type, p);
    if (v->hint) LLVMSetValueName2(code_of(v)->scalar, v->hint, strlen(v->hint));
  }
  for (int i = 0; i < 3; i++) {
    LLVMValueRef at = emit_int(l->i64, i);
    l->grid[i] = LLVMBuildLoad2(l->b, l->i32, LLVMBuildGEP2(l->b, l->i32, LLVMGetParam(l->fn, 1), &at, 1, ""), "grid");
  }
  emit_stream_programs(l);
  info->nargs = entry->nargs;
  info->args = l->plan->args;
}

/* The numbers of the program `first` along the three axes, before the loop over programs. */
static void first_numbers(Lower *l, LLVMValueRef first, LLVMValueRef out[3]) {
  LLVMValueRef gx = LLVMBuildZExt(l->b, l->grid[0], l->i64, ""), gy = LLVMBuildZExt(l->b, l->grid[1], l->i64, "");
  LLVMValueRef rest = LLVMBuildUDiv(l->b, first, gx, "");
  out[0] = LLVMBuildTrunc(l->b, LLVMBuildURem(l->b, first, gx, ""), l->i32, "");
  out[1] = LLVMBuildTrunc(l->b, LLVMBuildURem(l->b, rest, gy, ""), l->i32, "");
  out[2] = LLVMBuildTrunc(l->b, LLVMBuildUDiv(l->b, rest, gy, ""), l->i32, "");
}

/* Those of the next program, by counting, for dividing takes longer than a small program: the phis l->pid, up to the
 * last one used, get their values from before the loop and from here. */
static void next_numbers(Lower *l, const LLVMValueRef from[3], LLVMBasicBlockRef before) {
  LLVMBasicBlockRef latch = LLVMGetInsertBlock(l->b);
  LLVMValueRef carry = LLVMConstInt(l->i32, 1, false), zero = LLVMConstInt(l->i32, 0, false);
  int n = 3;
  while (n > 0 && !LLVMGetFirstUse(l->pid[n - 1])) LLVMInstructionEraseFromParent(l->pid[--n]);
  for (int i = 0; i < n; i++) {
    LLVMValueRef next = LLVMBuildAdd(l->b, l->pid[i], carry, "");
    if (i < 2) {
      LLVMValueRef over = LLVMBuildICmp(l->b, LLVMIntEQ, next, l->grid[i], "");
      carry = LLVMBuildZExt(l->b, over, l->i32, "");
      next = LLVMBuildSelect(l->b, over, zero, next, "");
    }
    LLVMAddIncoming(l->pid[i], (LLVMValueRef[]){from[i], next}, (LLVMBasicBlockRef[]){before, latch}, 2);
  }
}

/* One program after the other, x fastest. */
static void emit_programs(Lower *l, Op *func) {
  LLVMBasicBlockRef body = emit_new_block(l, "program"), before = LLVMGetInsertBlock(l->b);
  LLVMValueRef first = LLVMGetParam(l->fn, 2), last = LLVMGetParam(l->fn, 3), from[3];
  static const char *const names[] = {"pid.x", "pid.y", "pid.z"};
  l->end = emit_new_block(l, "end");
  first_numbers(l, first, from);
  LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntULT, first, last, ""), body, l->end);
  LLVMPositionBuilderAtEnd(l->b, body);
  LLVMValueRef n = LLVMBuildPhi(l->b, l->i64, "program");
  l->program = n;
  for (int i = 0; i < 3; i++) l->pid[i] = LLVMBuildPhi(l->b, l->i32, names[i]);
  emit_base_level(l);
  emit_block(l, ir_entry(func, 0));
  next_numbers(l, from, before);
  LLVMBasicBlockRef latch = LLVMGetInsertBlock(l->b);
  LLVMValueRef next = LLVMBuildAdd(l->b, n, LLVMConstInt(l->i64, 1, false), "");
  LLVMValueRef br = LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntULT, next, last, ""), body, l->end);
  LLVMSetMetadata(br, l->loop_kind, l->loop_hint);
  LLVMAddIncoming(n, (LLVMValueRef[]){first, next}, (LLVMBasicBlockRef[]){before, latch}, 2);
  LLVMPositionBuilderAtEnd(l->b, l->end);
  emit_stream_fence(l);
  LLVMBuildRetVoid(l->b);
}

static LLVMMetadataRef flag(Lower *l, const char *name) {
  LLVMMetadataRef items[] = {LLVMMDStringInContext2(l->llvm, name, strlen(name)),
                             LLVMValueAsMetadata(LLVMConstInt(l->i1, 0, false))};
  return LLVMMDNodeInContext2(l->llvm, items, 2);
}

static LLVMMetadataRef word(Lower *l, const char *name) {
  LLVMMetadataRef item = LLVMMDStringInContext2(l->llvm, name, strlen(name));
  return LLVMMDNodeInContext2(l->llvm, &item, 1);
}

static void set_up(Lower *l) {
  l->i1 = LLVMInt1TypeInContext(l->llvm);
  l->i8 = LLVMInt8TypeInContext(l->llvm);
  l->i16 = LLVMInt16TypeInContext(l->llvm);
  l->i32 = LLVMInt32TypeInContext(l->llvm);
  l->i64 = LLVMInt64TypeInContext(l->llvm);
  l->f16 = LLVMHalfTypeInContext(l->llvm);
  l->f32 = LLVMFloatTypeInContext(l->llvm);
  l->f64 = LLVMDoubleTypeInContext(l->llvm);
  l->ptr = LLVMPointerTypeInContext(l->llvm, 0);
  l->voidty = LLVMVoidTypeInContext(l->llvm);
  l->loop_kind = LLVMGetMDKindIDInContext(l->llvm, "llvm.loop", 9);
  /* A loop's metadata is a distinct node; ours may be one for all, for it says only what not to do. */
  LLVMMetadataRef self = LLVMTemporaryMDNode(l->llvm, NULL, 0);
  LLVMMetadataRef items[] = {self, flag(l, "llvm.loop.vectorize.enable"), word(l, "llvm.loop.unroll.disable")};
  LLVMMetadataRef node = LLVMMDNodeInContext2(l->llvm, items, COUNT(items));
  LLVMMetadataReplaceAllUsesWith(self, node);
  l->loop_hint = LLVMMetadataAsValue(l->llvm, node);
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
  Lower *l = arg;
  Ctx *cx = l->cx;
  KernelInfo *info = l->result;
  Owned *own = NEW(cx, Owned);
  l->module = LLVMModuleCreateWithNameInContext("kernel", l->llvm);
  l->b = LLVMCreateBuilderInContext(l->llvm);
  *own = (Owned){l->module, l->b, false};
  ctx_defer(cx, release, own);
  set_up(l);
  Op *func = l->plan->func;
  attach(func, cx);
  ir_walk(func, attach, cx);
  const char *name = ir_func_name(func);
  LLVMTypeRef params[] = {l->ptr, l->ptr, l->i64, l->i64, l->ptr};
  l->fn = LLVMAddFunction(l->module, name, LLVMFunctionType(l->voidty, params, COUNT(params), false));
  unsigned nounwind = LLVMGetEnumAttributeKindForName("nounwind", 8);
  LLVMAddAttributeAtIndex(l->fn, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(l->llvm, nounwind, 0));
  unsigned noalias = LLVMGetEnumAttributeKindForName("noalias", 7);
  LLVMAddAttributeAtIndex(l->fn, 5, LLVMCreateEnumAttribute(l->llvm, noalias, 0));
  l->entry = LLVMAppendBasicBlockInContext(l->llvm, l->fn, "entry");
  LLVMPositionBuilderAtEnd(l->b, l->entry);
  l->scratch = LLVMGetParam(l->fn, 4);
  emit_check_begin(l);
  emit_arguments(l, func, info);
  emit_programs(l, func);
  info->name = name;
  info->shared = emit_slots_place(l);
  own->keep = true;
}

static void emit_function(Ctx *cx, void *l) { cpu_llvm_build(cx, "lowering", build_function, l); }

LLVMModuleRef cpu_lower(Ctx *cx, LLVMContextRef llvm, Module *m, const CpuIsa *isa, const TargetOptions *o,
                        KernelInfo *info) {
  Lower *l = NEW(cx, Lower);
  *l = (Lower){.cx = cx, .plan = cpu_plan(cx, m, isa), .llvm = llvm, .isa = isa, .options = o, .result = info};
  Err err = ctx_protect(cx, emit_function, l);
  if (err) ctx_throw(cx, err);
  return l->module;
}
