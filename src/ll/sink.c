/* sink.c: integer arithmetic whose results are used only behind a loop is done behind it.
 *
 * Problem. The rows and columns of a tile are often computed once, before a loop, for what is read in it and for what is
 * stored after it. What is for the store alone, an index per row of the tile, is then kept in registers through the loop:
 * 128 of them beside an accumulator of 128 are too many. The assembler computes some again and spills others.
 *
 * Idea. Such an instruction goes to the deepest block that dominates all its uses and is in the same loop as it is. (There
 * it is executed no more often, and its operands are still those that it had: whoever comes by them again comes by it.) It
 * goes if that takes no register more: of its operands one at most is not kept until there in any case, and is not wider
 * than the result.
 *
 * Users are looked at before what they use, in the order of the dominator tree from below, so that whole chains go.
 * Linear in instructions, but for loops, which are few, and the depth of the dominator tree.
 */
#include "ll/internal.h"

#include <stdlib.h>

typedef struct Uses {
  LLBlock *all;     /* the deepest block that dominates all uses; NULL: none is known yet */
  LLInst *first;    /* the first of them in it; NULL: there is none */
  LLBlock *deepest; /* a block with a use, the deepest in the dominator tree */
} Uses;

typedef struct Sink {
  Uses *uses;             /* by number of the value */
  int *place;             /* of an instruction in its block, by number */
  LLInst **front;         /* by number: where what goes before this instruction begins */
  Vec(LLBlock *) headers; /* of loops, */
  int *order;             /* and a block's place in the list, by its number */
} Sink;

static LLBlock *dominator_of_both(LLBlock *a, LLBlock *b) {
  while (a != b)
    if (a->depth < b->depth)
      b = b->idom;
    else
      a = a->idom;
  return a;
}

/* `by` uses the value; `at`: what stands in the block for it, `by` or what it was put before. */
static void note_use(const Sink *s, Uses *u, LLInst *by, LLInst *at) {
  LLBlock *b = by->block, *all = u->all ? dominator_of_both(u->all, b) : b;
  if (all == b && (all != u->all || !u->first || s->place[at->id] < s->place[u->first->id]))
    u->first = at;
  else if (all != u->all)
    u->first = NULL;
  u->all = all;
  if (!u->deepest || b->depth > u->deepest->depth) u->deepest = b;
}

static void note_uses(const Sink *s, LLInst *i, LLInst *at) {
  for (int k = 0; k < i->nargs; k++)
    if (i->args[k]->block) note_use(s, &s->uses[i->args[k]->id], i, at);
}

static bool is_cheap(const LLInst *i) {
  if (!ll_is_int(i->type) && !ll_is_ptr(i->type)) return false;
  switch (i->op) {
  case LL_ADD:
  case LL_SUB:
  case LL_MUL:
  case LL_AND:
  case LL_OR:
  case LL_XOR:
  case LL_SHL:
  case LL_LSHR:
  case LL_ASHR:
  case LL_ICMP:
  case LL_TRUNC:
  case LL_ZEXT:
  case LL_SEXT:
  case LL_PTRADD: return true;
  default: return false;
  }
}

/* Is there a loop between `from` and `to`, which it dominates, that both are outside of? */
static bool passes_loop(const Sink *s, const LLBlock *from, const LLBlock *to) {
  for (uint32_t k = 0; k < s->headers.len; k++) {
    const LLBlock *h = s->headers.at[k];
    bool beside = h != from && h->data == (const void *)from->loop;
    if (beside && s->order[h->id] < s->order[to->id] && ll_dominates(from, h)) return true;
  }
  return false;
}

static bool takes_no_register(const Sink *s, const LLInst *i, const LLBlock *to) {
  const LLInst *longer = NULL;
  for (int k = 0; k < i->nargs; k++) {
    const LLInst *v = i->args[k];
    if (!v->block || v == longer) continue;
    const LLBlock *deepest = s->uses[v->id].deepest;
    if (deepest && ll_dominates(to, deepest)) continue;
    if (longer || v->type->bits > i->type->bits) return false;
    longer = v;
  }
  return true;
}

/* Where it may go; NULL: it stays. */
static LLBlock *place_behind_loop(const Sink *s, const LLInst *i) {
  LLBlock *to = s->uses[i->id].all;
  if (!is_cheap(i) || !to) return NULL;
  while (to != i->block && to->loop != i->block->loop) to = to->idom;
  if (to == i->block || !passes_loop(s, i->block, to) || !takes_no_register(s, i, to)) return NULL;
  return to;
}

/* What is put before an instruction goes before what was put there already, which may need it. Returns that instruction. */
static LLInst *put_behind_loop(const Sink *s, LLInst *i, LLBlock *to) {
  const Uses *u = &s->uses[i->id];
  LLInst *at = u->all == to && u->first ? u->first : to->last;
  ll_move(i, to, s->front[at->id]);
  return s->front[at->id] = i, at;
}

static int by_depth(const void *a, const void *b) {
  const LLBlock *x = *(LLBlock *const *)a, *y = *(LLBlock *const *)b;
  return x->depth != y->depth ? (x->depth < y->depth) - (x->depth > y->depth) : (x->id > y->id) - (x->id < y->id);
}

static LLBlock **deepest_first(LLFunc *f, Sink *s, int *n) {
  Ctx *cx = f->module->cx;
  Vec(LLBlock *) all = {0};
  for (LLBlock *b = f->first; b; b = b->next) {
    int place = 0;
    for (LLInst *i = b->first; i; i = i->next) s->place[i->id] = place++, s->front[i->id] = i;
    s->order[b->id] = (int)all.len;
    if (b->loop == b) vec_push(cx, &s->headers, b);
    vec_push(cx, &all, b);
  }
  if (all.len) qsort(all.at, all.len, sizeof *all.at, by_depth);
  *n = (int)all.len;
  return all.at;
}

bool ll_sink(LLFunc *f) {
  Ctx *cx = f->module->cx;
  bool changed = false;
  ll_analyze(f);
  Sink s = {.uses = NEWN(cx, Uses, f->next_id),
            .place = NEWN(cx, int, f->next_id),
            .front = NEWN(cx, LLInst *, f->next_id),
            .order = NEWN(cx, int, f->next_block)};
  int n;
  LLBlock **blocks = deepest_first(f, &s, &n);
  for (int k = 0; k < n && s.headers.len; k++)
    for (LLInst *i = blocks[k]->last, *prev; i; i = prev) {
      prev = i->prev;
      LLBlock *to = place_behind_loop(&s, i);
      note_uses(&s, i, to ? put_behind_loop(&s, i, to) : i);
      changed |= to != NULL;
    }
  if (changed) ll_forget_values(f);
  return changed;
}
