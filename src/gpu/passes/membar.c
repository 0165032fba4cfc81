/* membar.c: barriers between accesses of memory that must not overtake each other.
 *
 * Since the last barrier, threads may have read some ranges of bytes and written others. An op that writes what was
 * read or written, or reads what was written, needs a barrier before it. Ops with scratch of their own write it, pass a
 * barrier inside (which is part of their lowering), and read it. After a wait for asynchronous copies there always is
 * one: what other threads' copies brought is visible only behind it.
 *
 * An asynchronous copy into one of several buffers of an allocation is not held against accesses of that same
 * allocation: the pipeline that makes the copies (pipeline.c) puts them behind the barrier after which nobody reads the
 * buffer any more, and reads come behind the wait and its barrier.
 *
 * Global memory is looked at in the same way, so that a program's accesses take effect in its own order, whichever
 * threads make them: what tl.store wrote, a tl.load behind it reads, and a load is over before a store behind it. Two
 * accesses may meet if their pointers come from the same argument of the kernel; arguments are taken to be apart. With
 * one and the same tensor of pointers each thread comes back to its own elements, provided that no element is held by
 * several: an update in place needs no barrier. (This says nothing of different programs, nor of rounds of a loop whose
 * accesses overlap through one op's pointers.)
 *
 * Control flow: the branches of an if start from the same state and are merged; a loop's body starts from what comes in
 * and what comes round, which is found by going through it twice (barriers only ever make the state smaller). If it is
 * only for what comes in that the body would need a barrier, that one stands in front of the loop: a trial, which
 * counts barriers and makes none, tells.
 */
#include "gpu/passes/passes.h"

#include <string.h>

typedef struct Access {
  int64_t from, to;        /* bytes of shared memory, */
  const Op *buffer;        /* and the buffer */
  const Value *base, *ptr; /* of global memory: the kernel's argument, and the pointers */
  bool write, copy;        /* copy: an asynchronous one */
} Access;
typedef struct State {
  Vec(Access) pending;
} State;
typedef struct Membar {
  Ctx *cx;
  int num_warps;
  bool trial;
  Map needed; /* in a trial: the ops that would have a barrier before them */
  int nneeded;
} Membar;

static void remember(Membar *m, State *s, Access a) {
  for (uint32_t i = 0; i < s->pending.len; i++) {
    const Access *p = &s->pending.at[i];
    if (p->from == a.from && p->to == a.to && p->write == a.write && p->copy == a.copy && p->buffer == a.buffer &&
        p->base == a.base && p->ptr == a.ptr)
      return;
  }
  vec_push(m->cx, &s->pending, a);
}

static void merge(Membar *m, State *s, const State *other) {
  for (uint32_t i = 0; i < other->pending.len; i++) remember(m, s, other->pending.at[i]);
}

static State copy(Membar *m, const State *s) {
  State c = {0};
  merge(m, &c, s);
  return c;
}

/* Whether the same threads come to the same elements: scalars are read by all, but written by the first. */
static bool same_threads(Membar *m, const Access *a, const Access *b) {
  if (!ir_is_tensor(a->ptr->type)) return a->write && b->write && !ir_is_tensor(b->ptr->type);
  if (a->ptr != b->ptr) return false;
  return layout_thread_free(gpu_layout(m->cx, a->ptr->type)) == 0;
}

static bool conflicts(Membar *m, const State *s, Access a) {
  for (uint32_t i = 0; i < s->pending.len; i++) {
    const Access *p = &s->pending.at[i];
    if (!(a.write || p->write) || a.base != p->base) continue;
    if (a.base) {
      if (same_threads(m, &a, p)) continue;
      return true;
    }
    if (p->to <= a.from || p->from >= a.to) continue;
    if ((a.copy || p->copy) && p->buffer == a.buffer) continue;
    return true;
  }
  return false;
}

static void barrier_before(Membar *m, State *s, Op *op) {
  s->pending.len = 0;
  if (m->trial) {
    map_put(m->cx, &m->needed, op, op);
    m->nneeded++;
    return;
  }
  Builder b = ir_before(m->cx, op);
  ir_effect(&b, OP_BARRIER, NULL);
}

static Access access_of(const Value *memdesc, bool write) {
  const Op *buffer = gpu_buffer_of(memdesc);
  int64_t from = buffer ? ir_attr_int_or(buffer, GPU_OFFSET, 0) : 0;
  int64_t bytes = buffer ? gpu_buffer_bytes(buffer->results[0].type) : 0;
  return (Access){.from = from, .to = from + bytes, .buffer = buffer, .write = write};
}

static void touch_global(Membar *m, State *s, Op *op, bool write) {
  const Value *ptr = ir_operand(op, 0);
  Access a = {.base = gpu_base_of(ptr), .ptr = ptr, .write = write};
  if (!a.base) return;
  if (conflicts(m, s, a)) barrier_before(m, s, op);
  remember(m, s, a);
}

/* One thread acts for the program; a release comes with a barrier before it (memory.c). */
static bool releases(const Op *op) {
  const char *sem = ir_attr_text_or(op, "sem", "");
  return !ir_is_tensor(op->results[0].type) && (!strcmp(sem, "release") || !strcmp(sem, "acq_rel"));
}

static void touch(Membar *m, State *s, Op *op, const Value *memdesc, bool write) {
  Access a = access_of(memdesc, write);
  a.copy = op->code == OP_ASYNC_COPY;
  if (conflicts(m, s, a)) barrier_before(m, s, op);
  remember(m, s, a);
}

static void visit_block(Membar *m, State *s, Block *b);

/* How many barriers the loop needs inside, coming from `s`. */
static int count_inside(Membar *m, const State *s, Op *op);

static void visit_loop(Membar *m, State *s, Op *op) {
  State nothing = {0};
  if (!m->trial && s->pending.len && count_inside(m, s, op) > count_inside(m, &nothing, op)) barrier_before(m, s, op);
  for (int round = 0; round < 2; round++) {
    State inside = copy(m, s);
    for (int r = 0; r < op->nregions; r++)
      if (op->regions[r]->first) visit_block(m, &inside, op->regions[r]->first);
    merge(m, s, &inside);
  }
}

static int count_inside(Membar *m, const State *s, Op *op) {
  Membar trial = {.cx = m->cx, .num_warps = m->num_warps, .trial = true};
  State from = copy(&trial, s);
  visit_loop(&trial, &from, op);
  return trial.nneeded;
}

static void visit_if(Membar *m, State *s, Op *op) {
  State no = copy(m, s);
  visit_block(m, s, ir_entry(op, 0));
  if (op->nregions > 1 && op->regions[1]->first) visit_block(m, &no, op->regions[1]->first);
  merge(m, s, &no);
}

static void visit_op(Membar *m, State *s, Op *op) {
  if (m->trial && map_has(&m->needed, op)) s->pending.len = 0;
  switch (op->code) {
  case OP_FOR:
  case OP_WHILE: visit_loop(m, s, op); return;
  case OP_IF: visit_if(m, s, op); return;
  case OP_BARRIER: s->pending.len = 0; return;
  case OP_LOCAL_ALLOC:
    if (op->noperands) touch(m, s, op, &op->results[0], true);
    return;
  case OP_LOCAL_STORE: touch(m, s, op, ir_operand(op, 1), true); return;
  case OP_LOCAL_LOAD: touch(m, s, op, ir_operand(op, 0), false); return;
  case OP_ASYNC_COPY:
    touch_global(m, s, op, false);
    touch(m, s, op, ir_operand(op, 1), true);
    return;
  case OP_LOAD: touch_global(m, s, op, false); break;
  case OP_STORE: touch_global(m, s, op, true); break;
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS:
    if (releases(op)) s->pending.len = 0;
    touch_global(m, s, op, true);
    break;
  case OP_WARP_GROUP_DOT:
  case OP_WARP_GROUP_DOT_WAIT:
    for (int i = 0; i < op->noperands; i++)
      if (ir_operand(op, i)->type->kind == TYPE_MEMDESC) touch(m, s, op, ir_operand(op, i), false);
    return;
  case OP_ASYNC_WAIT:
    if (op->next && op->next->code != OP_BARRIER) barrier_before(m, s, op->next);
    return;
  default: break;
  }
  if (!ir_attr(op, GPU_OFFSET)) return;
  int64_t from = ir_attr_int_or(op, GPU_OFFSET, 0), bytes = gpu_scratch_bytes(m->cx, op, m->num_warps);
  Access a = {.from = from, .to = from + bytes, .buffer = op, .write = true};
  if (conflicts(m, s, a)) barrier_before(m, s, op);
  a.write = false;
  remember(m, s, a);
}

static void visit_block(Membar *m, State *s, Block *b) {
  for (Op *op = b->first, *next; op; op = next) {
    next = op->next;
    visit_op(m, s, op);
  }
}

bool gpu_membar(Ctx *cx, Module *module) {
  Membar m = {.cx = cx, .num_warps = gpu_num_warps(module)};
  for (Op *func = module->body->first->first; func; func = func->next) {
    if (func->code != OP_FUNC || !func->regions[0]->first) continue;
    State s = {0};
    visit_block(&m, &s, ir_entry(func, 0));
  }
  return true;
}
