/* emit_programs.c: the loop over the programs [begin, end) of a launch, by whose numbers a thread is told what to run: x
 * fastest, then y, then z.
 *
 * The numbers along the three axes are counted on from one program to the next, for dividing takes longer than a small
 * program.
 *
 * Where programs run together (opt/batch_programs.c), a batch begins at a program and holds as many as may, up to the end of
 * the axis and of the range. Along x it is a stretch of the range. Along y it is one program of each of several lines of the
 * grid, so such lines are taken together where the range has all of them: their first programs, their second ones, and
 * so on. A range that begins or ends within a line has a batch of one program there.
 *
 *     x: size = min(most, grid.x - x, end - n)        after it: n and x grow by it
 *     y: size = max(1, min(most, grid.y - y, (end - n) / grid.x)), at the beginning of a line, and the same until its end;
 *        after that n has grown by as many lines
 */
#include "cpu/emit/emit.h"

static LLVMValueRef wide(Emitter *e, LLVMValueRef v) { return LLVMBuildZExt(e->b, v, e->i64, ""); }

/* The numbers of the program `first` along the three axes. */
static void first_numbers(Emitter *e, LLVMValueRef first, LLVMValueRef out[3]) {
  LLVMValueRef gx = wide(e, e->grid[0]), gy = wide(e, e->grid[1]);
  LLVMValueRef rest = LLVMBuildUDiv(e->b, first, gx, "");
  out[0] = LLVMBuildTrunc(e->b, LLVMBuildURem(e->b, first, gx, ""), e->i32, "");
  out[1] = LLVMBuildTrunc(e->b, LLVMBuildURem(e->b, rest, gy, ""), e->i32, "");
  out[2] = LLVMBuildTrunc(e->b, LLVMBuildUDiv(e->b, rest, gy, ""), e->i32, "");
}

/* The size of a batch along x at the program `n`, or along y at the beginning of a line: i64. */
static LLVMValueRef size_at(Emitter *e, LLVMValueRef n, LLVMValueRef number, LLVMValueRef last) {
  int axis = e->plan->batch_axis;
  LLVMValueRef there = LLVMBuildSub(e->b, last, n, "");
  if (axis) there = LLVMBuildUDiv(e->b, there, wide(e, e->grid[0]), "");
  there = emit_least(e, there, wide(e, LLVMBuildSub(e->b, e->grid[axis], number, "")));
  there = emit_least(e, there, emit_int(e->i64, e->plan->batch));
  return axis ? emit_most(e, there, emit_int(e->i64, 1)) : there;
}

/* The batch that begins here, of `size` programs. */
static void set_batch(Emitter *e, LLVMValueRef size) {
  e->batch = LLVMBuildTrunc(e->b, size, e->i32, "batch");
  e->live = LLVMBuildMul(e->b, size, emit_int(e->i64, e->plan->batch_tile), "live");
}

ProgramLoop emit_programs_begin(Emitter *e) {
  static const char *const names[] = {"pid.x", "pid.y", "pid.z"};
  LLVMValueRef first = LLVMGetParam(e->fn, 2), last = LLVMGetParam(e->fn, 3), begins = NULL;
  ProgramLoop loop = {.body = emit_new_block(e, "program"), .last = last};
  e->end = emit_new_block(e, "end");
  first_numbers(e, first, loop.from);
  bool lines = e->plan->batch > 1 && e->plan->batch_axis == 1;
  if (lines) {
    LLVMValueRef size = size_at(e, first, loop.from[1], last), one = emit_int(e->i64, 1);
    LLVMValueRef within = LLVMBuildICmp(e->b, LLVMIntNE, loop.from[0], emit_int(e->i32, 0), "");
    begins = LLVMBuildSelect(e->b, within, one, size, "");
  }
  loop.before = LLVMGetInsertBlock(e->b);
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntULT, first, last, ""), loop.body, e->end);
  LLVMPositionBuilderAtEnd(e->b, loop.body);
  loop.number = e->program = LLVMBuildPhi(e->b, e->i64, "program");
  LLVMAddIncoming(loop.number, &first, &loop.before, 1);
  for (int i = 0; i < 3; i++) e->pid[i] = LLVMBuildPhi(e->b, e->i32, names[i]);
  if (lines) {
    loop.size = LLVMBuildPhi(e->b, e->i64, "size");
    LLVMAddIncoming(loop.size, &begins, &loop.before, 1);
  } else if (e->plan->batch > 1) {
    loop.size = size_at(e, loop.number, e->pid[0], last);
  }
  if (loop.size) set_batch(e, loop.size);
  emit_base_level(e);
  return loop;
}

/* Up to the last one used, the phis e->pid get their values from before the loop and from here, the first of them having
 * grown by `step`. */
static void count_on(Emitter *e, const ProgramLoop *loop, LLVMValueRef step) {
  LLVMBasicBlockRef latch = LLVMGetInsertBlock(e->b);
  LLVMValueRef zero = LLVMConstInt(e->i32, 0, false), carry = step;
  int n = 3;
  while (n > 0 && !LLVMGetFirstUse(e->pid[n - 1])) LLVMInstructionEraseFromParent(e->pid[--n]);
  for (int i = 0; i < n; i++) {
    LLVMValueRef next = LLVMBuildAdd(e->b, e->pid[i], carry, "");
    if (i < 2) {
      LLVMValueRef over = LLVMBuildICmp(e->b, LLVMIntEQ, next, e->grid[i], "");
      carry = LLVMBuildZExt(e->b, over, e->i32, "");
      next = LLVMBuildSelect(e->b, over, zero, next, "");
    }
    LLVMAddIncoming(e->pid[i], (LLVMValueRef[]){loop->from[i], next}, (LLVMBasicBlockRef[]){loop->before, latch}, 2);
  }
}

/* Lines of the grid that run together: to the next program of each of them, or, after the last ones, to the lines after them. */
static LLVMValueRef count_lines(Emitter *e, const ProgramLoop *loop) {
  LLVMValueRef zero = emit_int(e->i32, 0), one = emit_int(e->i64, 1);
  LLVMValueRef next = LLVMBuildAdd(e->b, loop->number, one, "");
  LLVMValueRef x = LLVMBuildAdd(e->b, e->pid[0], emit_int(e->i32, 1), "");
  LLVMBasicBlockRef here = LLVMGetInsertBlock(e->b), lines = emit_new_block(e, "lines"),
                    latch = emit_new_block(e, "latch");
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntEQ, x, e->grid[0], ""), lines, latch);

  LLVMPositionBuilderAtEnd(e->b, lines);
  LLVMValueRef others = LLVMBuildMul(e->b, LLVMBuildSub(e->b, loop->size, one, ""), wide(e, e->grid[0]), "");
  LLVMValueRef after = LLVMBuildAdd(e->b, next, others, "");
  LLVMValueRef y = LLVMBuildAdd(e->b, e->pid[1], e->batch, "");
  LLVMValueRef over = LLVMBuildICmp(e->b, LLVMIntEQ, y, e->grid[1], "");
  LLVMValueRef z = LLVMBuildAdd(e->b, e->pid[2], LLVMBuildZExt(e->b, over, e->i32, ""), "");
  y = LLVMBuildSelect(e->b, over, zero, y, "");
  LLVMValueRef size = size_at(e, after, y, loop->last);
  LLVMBuildBr(e->b, latch);

  LLVMPositionBuilderAtEnd(e->b, latch);
  LLVMValueRef same[] = {next, x, e->pid[1], e->pid[2], loop->size}, new[] = {after, zero, y, z, size},
               phi[COUNT(same)];
  for (size_t i = 0; i < COUNT(same); i++) {
    phi[i] = LLVMBuildPhi(e->b, LLVMTypeOf(same[i]), "");
    LLVMAddIncoming(phi[i], (LLVMValueRef[]){same[i], new[i]}, (LLVMBasicBlockRef[]){here, lines}, 2);
  }
  for (int i = 0; i < 3; i++)
    LLVMAddIncoming(e->pid[i], (LLVMValueRef[]){loop->from[i], phi[1 + i]}, (LLVMBasicBlockRef[]){loop->before, latch},
                    2);
  LLVMAddIncoming(loop->size, &phi[4], &latch, 1);
  return phi[0];
}

void emit_programs_end(Emitter *e, const ProgramLoop *loop) {
  LLVMValueRef next;
  if (loop->size && e->plan->batch_axis == 1) {
    next = count_lines(e, loop);
  } else {
    count_on(e, loop, loop->size ? e->batch : emit_int(e->i32, 1));
    next = LLVMBuildAdd(e->b, loop->number, loop->size ? loop->size : emit_int(e->i64, 1), "");
  }
  LLVMBasicBlockRef latch = LLVMGetInsertBlock(e->b);
  LLVMValueRef br = LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntULT, next, loop->last, ""), loop->body, e->end);
  LLVMSetMetadata(br, e->loop_kind, e->loop_hint);
  LLVMAddIncoming(loop->number, &next, &latch, 1);
  LLVMPositionBuilderAtEnd(e->b, e->end);
}
