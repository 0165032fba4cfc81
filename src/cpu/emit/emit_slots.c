/* emit_slots.c: where in the thread's scratch area each array lies.
 *
 * Problem. Arrays that are not needed at the same time may share memory, and the less memory a program touches, the more of
 * it stays in the nearest cache.
 *
 * Idea. What is emitted has a clock, which every step advances. An array lives from its first access to its last; one that
 * was accessed before a loop began and is accessed in the loop lives to the loop's end, for the next iteration may access
 * it again. When all is emitted, the arrays are placed in the order of their first accesses, each in the first gap that
 * is large enough; an array whose life is over has become a gap.
 *
 * Invariant. Arrays that were placed before and are still alive are those that overlap in time with the one that is being
 * placed: they began earlier and have not ended.
 *
 * Gaps are a search tree by offset, balanced by random priorities (Seidel and Aragon, "Randomized Search Trees", 1996),
 * which knows of each subtree the largest gap.
 *
 * Cost: n log n for n arrays; an access asks in log(depth) which loop it keeps its array alive to the end of.
 */
#include "cpu/emit/emit.h"

#include <stdlib.h>

struct SlotLoop {
  int start, end;
};

ScratchSlot *emit_slot_new(Emitter *e, int64_t bytes) {
  ScratchSlot *s = NEW(e->cx, ScratchSlot);
  s->bytes = (max64(bytes, 1) + 63) & ~INT64_C(63);
  s->first = -1;
  LLVMBasicBlockRef here = LLVMGetInsertBlock(e->b);
  LLVMValueRef end = LLVMGetBasicBlockTerminator(e->entry);
  if (end)
    emit_before(e, end);
  else
    LLVMPositionBuilderAtEnd(e->b, e->entry);
  LLVMValueRef unknown =
      LLVMGetParam(e->fn, 2); /* stands for the offset until slots_place; not a constant, so nothing is folded */
  s->address = LLVMBuildGEP2(e->b, e->i8, e->scratch, &unknown, 1, "slot");
  LLVMPositionBuilderAtEnd(e->b, here);
  vec_push(e->cx, &e->slots, s);
  return s;
}

ScratchSlot *emit_slot(Emitter *e, Value *v) {
  ValueCode *code = code_of(v);
  Value *shares = plan_of(v)->shares;
  if (!code->slot)
    code->slot =
        shares ? emit_slot(e, shares) : emit_slot_new(e, ir_numel(v->type) * max64(ir_elem_bytes(v->type->elem), 1));
  return code->slot;
}

/* ---- lives ------------------------------------------------------------------------------------------------------- */

void emit_slots_begin_loop(Emitter *e) {
  SlotLoop *loop = NEW(e->cx, SlotLoop);
  loop->start = ++e->clock;
  vec_push(e->cx, &e->loops, loop);
}

void emit_slots_end_loop(Emitter *e) { e->loops.at[--e->loops.len]->end = e->clock++; }

/* The outermost open loop that began after `time`, or NULL. Inner loops begin after outer ones. */
static const SlotLoop *loop_after(const Emitter *e, int time) {
  uint32_t low = 0, high = e->loops.len;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (e->loops.at[mid]->start > time)
      high = mid;
    else
      low = mid + 1;
  }
  return low < e->loops.len ? e->loops.at[low] : NULL;
}

LLVMValueRef emit_slot_touch(Emitter *e, ScratchSlot *s) {
  if (s->first < 0) s->first = e->clock;
  s->last = e->clock;
  s->loop = loop_after(e, s->first);
  return s->address;
}

/* ---- gaps -------------------------------------------------------------------------------------------------------- */

typedef struct Gap Gap;
struct Gap {
  Gap *left, *right;
  uint64_t priority; /* not below those of the children */
  int64_t offset, bytes, largest;
};

typedef struct Gaps {
  Ctx *cx;
  Gap *root;
  Gap *unused; /* through `left` */
} Gaps;

static int64_t largest(const Gap *g) { return g ? g->largest : 0; }

static Gap *updated(Gap *g) {
  g->largest = max64(g->bytes, max64(largest(g->left), largest(g->right)));
  return g;
}

/* What begins before `offset`, and the rest. */
static void split(Gap *g, int64_t offset, Gap **before, Gap **rest) {
  if (!g) {
    *before = *rest = NULL;
  } else if (g->offset < offset) {
    split(g->right, offset, &g->right, rest);
    *before = updated(g);
  } else {
    split(g->left, offset, before, &g->left);
    *rest = updated(g);
  }
}

static Gap *joined(Gap *a, Gap *b) {
  if (!a || !b) return a ? a : b;
  if (a->priority >= b->priority) {
    a->right = joined(a->right, b);
    return updated(a);
  }
  b->left = joined(a, b->left);
  return updated(b);
}

static Gap *new_gap(Gaps *gs, int64_t offset, int64_t bytes) {
  Gap *g = gs->unused;
  if (g)
    gs->unused = g->left;
  else
    g = NEW(gs->cx, Gap);
  *g = (Gap){.priority = hash_bytes(&offset, sizeof offset, 1), .offset = offset, .bytes = bytes, .largest = bytes};
  return g;
}

static void discard(Gaps *gs, Gap *g) {
  g->left = gs->unused;
  gs->unused = g;
}

/* The offset of the first `bytes` that are free, which are so no longer. The last gap has no end. */
static int64_t take(Gaps *gs, int64_t bytes) {
  const Gap *g = gs->root;
  while (largest(g->left) >= bytes || g->bytes < bytes) g = largest(g->left) >= bytes ? g->left : g->right;
  Gap *before, *rest, *found;
  int64_t offset = g->offset;
  split(gs->root, offset, &before, &rest);
  split(rest, offset + 1, &found, &rest);
  int64_t left = found->bytes - bytes;
  discard(gs, found);
  if (left) before = joined(before, new_gap(gs, offset + bytes, left));
  gs->root = joined(before, rest);
  return offset;
}

static void give(Gaps *gs, int64_t offset, int64_t bytes) {
  Gap *before, *rest, *next = gs->root, *last;
  split(gs->root, offset, &before, &rest);
  for (last = before; last && last->right;) last = last->right;
  for (next = rest; next && next->left;) next = next->left;
  if (last && last->offset + last->bytes == offset) {
    split(before, last->offset, &before, &last);
    offset = last->offset;
    bytes += last->bytes;
    discard(gs, last);
  }
  if (next && next->offset == offset + bytes) {
    split(rest, next->offset + 1, &next, &rest);
    bytes += next->bytes;
    discard(gs, next);
  }
  gs->root = joined(joined(before, new_gap(gs, offset, bytes)), rest);
}

/* ---- placing ----------------------------------------------------------------------------------------------------- */

static int by_first(const void *a, const void *b) {
  const ScratchSlot *x = *(ScratchSlot *const *)a, *y = *(ScratchSlot *const *)b;
  return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
                              : (x->order > y->order) - (x->order < y->order);
}

static int by_last(const void *a, const void *b) {
  const ScratchSlot *x = *(ScratchSlot *const *)a, *y = *(ScratchSlot *const *)b;
  return x->last != y->last ? (x->last > y->last) - (x->last < y->last) : by_first(a, b);
}

int64_t emit_slots_place(Emitter *e) {
  enum { FIRST = 64 }; /* the bytes below belong to no array: see emit_memory.c */
  uint32_t n = 0;
  ScratchSlot **begin = NEWN(e->cx, ScratchSlot *, e->slots.len + 1),
              **end = NEWN(e->cx, ScratchSlot *, e->slots.len + 1);
  for (uint32_t i = 0; i < e->slots.len; i++) {
    ScratchSlot *s = e->slots.at[i];
    if (s->first < 0) continue;
    if (s->loop) s->last = s->loop->end;
    s->order = i;
    begin[n] = end[n] = s;
    n++;
  }
  qsort(begin, n, sizeof *begin, by_first);
  qsort(end, n, sizeof *end, by_last);
  Gaps gaps = {.cx = e->cx};
  gaps.root = new_gap(&gaps, FIRST, INT64_MAX / 2);
  int64_t top = FIRST;
  for (uint32_t i = 0, ended = 0; i < n; i++) {
    for (; end[ended]->last < begin[i]->first; ended++) give(&gaps, end[ended]->offset, end[ended]->bytes);
    ScratchSlot *s = begin[i];
    s->offset = take(&gaps, s->bytes);
    top = max64(top, s->offset + s->bytes);
  }
  for (uint32_t i = 0; i < e->slots.len; i++)
    LLVMSetOperand(e->slots.at[i]->address, 1, emit_int(e->i64, e->slots.at[i]->offset));
  return top;
}
