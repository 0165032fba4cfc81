/* count.c: comparisons that are added up are counted one after the other, each where it is made.
 *
 * Problem. sum(x == key) makes a number of each comparison and adds the numbers: a selection and half an addition each. And a
 * comparison of all of a thread's elements is lowered before their sum, so that there are more results than predicates,
 * which the assembler packs into registers and takes out again.
 *
 * Idea. Where p holds, n becomes n + 1: one instruction under the predicate p. A sum of integers may be done in any order, so it is
 * done in that of the comparisons, and each step stands right behind its comparison, whose predicate is free then. What
 * else is added comes first, if it is there by then (a number that a loop carries), or last.
 *
 * Cost: linear, and a sort of each sum's comparisons.
 */
#include "ll/internal.h"

#include <stdlib.h>

enum { BEFORE_BLOCK = -1 };

/* A comparison, and where in the block it is made. */
typedef struct Counted {
  LLInst *p;
  int place;
} Counted;

typedef struct Count {
  Ctx *cx;
  LLBlock *block;
  int *place;             /* by number: in its block */
  Vec(LLInst *) in_order; /* the block's instructions */
  Vec(LLInst *) open;     /* of a sum: parts to be looked into, */
  Vec(LLInst *) others;   /* what is added besides */
  Vec(Counted) counted;   /* and the comparisons */
} Count;

static const char inner; /* its address marks a sum that is part of a larger one */

static bool is_sum(const LLInst *i) { return i->op == LL_ADD && i->type == &ll_i32; }

static bool is_of_bool(const LLInst *i) { return i->op == LL_ZEXT && i->args[0]->type == &ll_i1 && i->uses == 1; }

static int place_of(const Count *c, const LLInst *i) { return i->block == c->block ? c->place[i->id] : BEFORE_BLOCK; }

static int by_place(const void *a, const void *b) {
  const Counted *x = a, *y = b;
  return x->place != y->place ? (x->place > y->place) - (x->place < y->place)
                              : (x->p->id > y->p->id) - (x->p->id < y->p->id);
}

/* What is added up in `sum`, through sums that nothing else uses. */
static void take_apart(Count *c, LLInst *sum) {
  c->open.len = c->others.len = c->counted.len = 0;
  vec_push(c->cx, &c->open, sum);
  while (c->open.len) {
    LLInst *i = c->open.at[--c->open.len];
    for (int k = 0; k < 2; k++) {
      LLInst *v = i->args[k];
      if (is_sum(v) && v->block == c->block && v->uses == 1) {
        v->data = (void *)&inner;
        vec_push(c->cx, &c->open, v);
      } else if (is_of_bool(v)) {
        vec_push(c->cx, &c->counted, ((Counted){v->args[0], place_of(c, v->args[0])}));
      } else {
        vec_push(c->cx, &c->others, v);
      }
    }
  }
}

static LLBuilder behind(const Count *c, int place) {
  return ll_before(place == BEFORE_BLOCK ? c->block->first : c->in_order.at[place]->next);
}

/* n, or 1 more where p holds; NULL for n: 1 or 0. */
static LLInst *step(const Count *c, LLInst *n, Counted p) {
  LLBuilder b = behind(c, p.place);
  if (!n) return ll_op1(&b, LL_ZEXT, &ll_i32, p.p);
  return ll_select(&b, p.p, ll_op2(&b, LL_ADD, n, ll_const(&b, &ll_i32, 1)), n);
}

/* The sum again, or NULL: one comparison alone, and a number that comes later, are as well added as they are. Many are
 * counted in several chains, or the assembler hurries to make all of them first. */
static LLInst *counted_up(Count *c, LLInst *sum) {
  enum { CHAINS = 2, LENGTH = 16 };
  take_apart(c, sum);
  uint32_t length = c->counted.len, other = 0;
  if (!length) return NULL;
  qsort(c->counted.at, length, sizeof *c->counted.at, by_place);
  LLInst *n[CHAINS] = {NULL};
  if (c->others.len && place_of(c, c->others.at[0]) <= c->counted.at[0].place) n[0] = c->others.at[other++];
  if (length == 1 && !n[0]) return NULL;
  uint32_t chains = length / LENGTH < CHAINS ? (length + LENGTH - 1) / LENGTH : CHAINS;
  for (uint32_t k = 0; k < length; k++) n[k % chains] = step(c, n[k % chains], c->counted.at[k]);
  LLBuilder b = ll_before(sum);
  for (uint32_t k = 1; k < chains; k++) n[0] = ll_op2(&b, LL_ADD, n[0], n[k]);
  for (; other < c->others.len; other++) n[0] = ll_op2(&b, LL_ADD, n[0], c->others.at[other]);
  return n[0];
}

static void number(Count *c, LLBlock *b) {
  c->block = b;
  c->in_order.len = 0;
  for (int k = 0; k < b->nparams; k++) c->place[b->params[k]->id] = BEFORE_BLOCK;
  for (LLInst *i = b->first; i; i = i->next) {
    c->place[i->id] = (int)c->in_order.len;
    i->data = NULL;
    vec_push(c->cx, &c->in_order, i);
  }
}

bool ll_count(LLFunc *f) {
  bool changed = false;
  ll_renumber(f);
  ll_count_uses(f);
  ll_forget_values(f);
  Count c = {.cx = f->module->cx};
  c.place = NEWN(c.cx, int, f->next_id);
  for (LLBlock *b = f->first; b; b = b->next) {
    number(&c, b);
    for (uint32_t n = c.in_order.len; n-- > 0;) {
      LLInst *i = c.in_order.at[n], *r = is_sum(i) && i->data != &inner ? counted_up(&c, i) : NULL;
      if (!r) continue;
      ll_replace(i, r);
      changed = true;
    }
  }
  if (changed) ll_apply_replacements(f);
  return changed;
}
