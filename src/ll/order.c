/* order.c: within a block, what an effect needs is computed right before it, where that takes fewer registers.
 *
 * Problem. An operation on a tensor is lowered for all of a thread's elements before the next operation: of a long chain on
 * sixteen elements, sixteen of every intermediate value are alive at a time. The assembler moves instructions a little way
 * only, and gives such a block twice the registers that it needs, which halves the blocks on a multiprocessor.
 *
 * Idea. What reads or writes memory or other state, and what a warp does together, stays in its order. Two ways to put the pure
 * instructions between:
 *
 * - Late: each of those is preceded by what it needs and what has not been placed yet, depth first.
 * - Early: what depends on what was read is computed as soon as all of that is there, element by element. Several results of one
 *   element then follow each other, and what they are made of is dead. An event is a run of such instructions none of which
 *   needs another's result (loads mostly); what depends on it comes after the whole run, by the number of the element
 *   (of a tensor's, whose instructions have one place in the source), which a result has from its operands.
 *
 * Either goes from element to element, and loads come before the arithmetic that stood between them. What is live is
 * estimated for all three orders; the cheapest is taken if the old one is expensive and it is cheaper by a quarter.
 *
 * Cost: linear in instructions and operands, and a sort.
 */
#include "ll/internal.h"

#include <stdlib.h>

enum { EXPENSIVE = 64 }; /* 32-bit registers: a multiprocessor holds 1024 threads with that many each */

typedef Vec(LLInst *) Insts;

typedef struct Reorder {
  Ctx *cx;
  int64_t *last; /* by number: the place of the last use */
  bool *leaves;  /* by number: used in another block */
  int *event,
      *element; /* by number: after which event a value is there (-1: from the start), and of which element it is */
  Insts before, late, early; /* the block in its order, and in the new ones */
} Reorder;

static int max_int(int a, int b) { return a > b ? a : b; }

static const char placed; /* its address marks an instruction */

static bool is_free(const LLInst *i) {
  return ll_is_pure(i) && !ll_is(i, LLE_CONVERGENT) && !ll_is(i, LLE_TERMINATOR) && !ll_is(i, LLE_TIED);
}

/* The value whose registers it is in. */
static LLInst *holder(LLInst *v) {
  while (v->block && (v->op == LL_EXTRACT || v->op == LL_BITCAST)) v = v->args[0];
  return v;
}

static int64_t registers(const LLInst *i) {
  bool none = i->op == LL_EXTRACT || i->op == LL_BITCAST || i->op == LL_BUILD || i->type == &ll_i1;
  return none || i->type->kind == LLK_VOID ? 0 : (i->type->bits + 31) / 32;
}

/* ---- the new order ----------------------------------------------------------------------------------------------- */

typedef struct PathStep {
  LLInst *inst;
  int next; /* the operand that is looked at next */
} PathStep;

static void place(Reorder *r, Insts *order, LLInst *root) {
  Vec(PathStep) path = {0};
  vec_push(r->cx, &path, ((PathStep){root, 0}));
  while (path.len) {
    PathStep *s = &path.at[path.len - 1];
    LLInst *i = s->inst;
    if (s->next < i->nargs) {
      LLInst *x = i->args[s->next++];
      bool wanted = x->block == i->block && x->op != LL_BLOCKPARAM && x->data != &placed && is_free(x);
      if (wanted) vec_push(r->cx, &path, ((PathStep){x, 0}));
      continue;
    }
    path.len--;
    if (i->data == &placed) continue;
    i->data = (void *)&placed;
    vec_push(r->cx, order, i);
  }
}

static bool is_inside(const LLInst *v, const LLBlock *b) { return v->block == b && v->op != LL_BLOCKPARAM; }

static void begin(LLBlock *b) {
  for (LLInst *i = b->first; i; i = i->next) i->data = NULL;
}

static void find_late(Reorder *r, LLBlock *b) {
  begin(b);
  for (LLInst *i = b->first; i; i = i->next)
    if (!is_free(i) && i != b->last) place(r, &r->late, i);
  for (LLInst *i = b->first; i; i = i->next) place(r, &r->late, i); /* what other blocks need, and the terminator */
}

/* Numbers events and elements. */
static void find_events(Reorder *r, const LLBlock *b) {
  const LLLoc *loc = NULL;
  int event = -1, count = 0;
  for (const LLInst *i = b->first; i; i = i->next) {
    int after = -1, element = 0;
    for (int a = 0; a < i->nargs; a++) {
      const LLInst *x = i->args[a];
      if (!is_inside(x, b)) continue;
      after = max_int(after, r->event[x->id]);
      element = max_int(element, r->element[x->id] + (i->op == LL_EXTRACT ? (int)i->imm : 0));
    }
    if (!is_free(i)) {
      if (event < 0 || after == event) event++;
      if (i->loc != loc) count = 0;
      loc = i->loc;
      element = count;
      count += i->type->kind == LLK_VECTOR ? i->type->n : 1;
    }
    r->event[i->id] = is_free(i) ? after : event;
    r->element[i->id] = element;
  }
}

typedef struct Key {
  int event, element, index;
  LLInst *inst;
} Key;

static int compare_keys(const void *x, const void *y) {
  const Key *a = x, *b = y;
  if (a->event != b->event) return a->event < b->event ? -1 : 1;
  if (a->element != b->element) return a->element < b->element ? -1 : 1;
  return a->index < b->index ? -1 : 1;
}

static void find_early(Reorder *r, LLBlock *b) {
  begin(b);
  find_events(r, b);
  Vec(Key) keys = {0};
  for (LLInst *i = b->first; i; i = i->next)
    if (is_free(i) && r->event[i->id] >= 0)
      vec_push(r->cx, &keys, ((Key){r->event[i->id], r->element[i->id], (int)keys.len, i}));
  if (keys.len) qsort(keys.at, keys.len, sizeof *keys.at, compare_keys);
  uint32_t next = 0;
  for (LLInst *i = b->first; i; i = i->next) {
    if (is_free(i) || i == b->last) continue;
    for (; next < keys.len && keys.at[next].event < r->event[i->id]; next++) place(r, &r->early, keys.at[next].inst);
    place(r, &r->early, i);
  }
  for (; next < keys.len; next++) place(r, &r->early, keys.at[next].inst);
  for (LLInst *i = b->first; i; i = i->next) place(r, &r->early, i);
}

/* ---- what it takes ----------------------------------------------------------------------------------------------- */

static int64_t most_live(Reorder *r, const LLBlock *b, const Insts *order) {
  for (uint32_t n = 0; n < order->len; n++) {
    const LLInst *i = order->at[n];
    r->last[i->id] = r->leaves[i->id] ? order->len : n;
    for (int a = 0; a < i->nargs; a++) {
      LLInst *v = holder(i->args[a]);
      if (v->block == b && r->last[v->id] < n) r->last[v->id] = n;
    }
  }
  int64_t live = 0, most = 0, *dying = NEWN(r->cx, int64_t, order->len + 1);
  for (uint32_t n = 0; n < order->len; n++) {
    const LLInst *i = order->at[n];
    live += registers(i);
    dying[r->last[i->id]] += registers(i);
    most = max64(most, live);
    live -= dying[n];
  }
  return most;
}

/* ---- all blocks -------------------------------------------------------------------------------------------------- */

/* Products of tiles have their operands made ready between them, in an order that was chosen. */
static bool is_fixed(const LLBlock *b) {
  for (const LLInst *i = b->first; i; i = i->next)
    if (i->op == LL_MMA || ll_is(i, LLE_TIED)) return true;
  return false;
}

static bool reorder(Reorder *r, LLBlock *b) {
  r->before.len = r->late.len = r->early.len = 0;
  for (LLInst *i = b->first; i; i = i->next) vec_push(r->cx, &r->before, i);
  int64_t now = most_live(r, b, &r->before);
  if (now < EXPENSIVE) return false;
  find_late(r, b);
  find_early(r, b);
  int64_t late = most_live(r, b, &r->late), early = most_live(r, b, &r->early);
  if (4 * (late < early ? late : early) > 3 * now) return false;
  const Insts *best = late <= early ? &r->late : &r->early;
  for (uint32_t n = 0; n + 1 < best->len; n++) ll_move(best->at[n], b, b->last);
  return true;
}

bool ll_order(LLFunc *f) {
  bool changed = false;
  ll_renumber(f);
  Reorder r = {.cx = f->module->cx};
  r.last = NEWN(r.cx, int64_t, f->next_id);
  r.leaves = NEWN(r.cx, bool, f->next_id);
  r.event = NEWN(r.cx, int, f->next_id);
  r.element = NEWN(r.cx, int, f->next_id);
  for (LLBlock *b = f->first; b; b = b->next)
    for (const LLInst *i = b->first; i; i = i->next)
      for (int a = 0; a < i->nargs; a++) {
        const LLInst *v = holder(i->args[a]);
        if (v->block && (v->block != b || i == b->last)) r.leaves[v->id] = true;
      }
  for (LLBlock *b = f->first; b; b = b->next) changed |= !is_fixed(b) && reorder(&r, b);
  if (changed) ll_forget_values(f);
  return changed;
}
