/* analyze.c: predecessors, dominators and natural loops of a function, recomputed from its terminators.
 *
 * Dominators: Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm": walk the blocks in reverse post-order
 * until nothing changes, intersecting the dominators of the predecessors. Loops: an edge to a dominator is a back edge;
 * its loop is what reaches the edge without passing the header. Loops are assumed reducible, as what is lowered from
 * structured code is.
 */
#include "ll/internal.h"

typedef struct Order {
  Ctx *cx;
  Vec(LLBlock *) post;
} Order;

static const char unvisited; /* its address marks a block */

/* A block on the way from the entry, and the successor that is next. */
typedef struct PathStep {
  LLBlock *block;
  int next;
} PathStep;

static void find_order(Order *o, LLFunc *f) {
  Vec(PathStep) path = {0};
  for (LLBlock *b = f->first; b; b = b->next) b->data = (void *)&unvisited;
  f->first->data = o;
  vec_push(o->cx, &path, ((PathStep){f->first, 0}));
  while (path.len) {
    PathStep *s = &path.at[path.len - 1];
    LLBlock *b = s->block;
    if (b->last && s->next < ll_nsucc(b->last)) {
      LLBlock *to = b->last->succ[s->next++];
      if (to->data != (void *)&unvisited) continue;
      to->data = o;
      vec_push(o->cx, &path, ((PathStep){to, 0}));
      continue;
    }
    b->loop_depth = (int)o->post.len; /* the post-order number, for now */
    vec_push(o->cx, &o->post, b);
    path.len--;
  }
}

static void unlink_block(LLFunc *f, LLBlock *b) {
  if (b->prev)
    b->prev->next = b->next;
  else
    f->first = b->next;
  if (b->next)
    b->next->prev = b->prev;
  else
    f->last = b->prev;
}

static void find_preds(LLFunc *f) {
  Ctx *cx = f->module->cx;
  for (LLBlock *b = f->first; b; b = b->next) {
    b->npreds = 0;
    b->preds = NULL;
  }
  for (int fill = 0; fill < 2; fill++)
    for (LLBlock *b = f->first; b; b = b->next) {
      for (int s = 0; b->last && s < ll_nsucc(b->last); s++) {
        LLBlock *to = b->last->succ[s];
        if (s == 1 && to == b->last->succ[0]) continue;
        if (fill) to->preds[to->npreds] = b;
        to->npreds++;
      }
      if (fill || b->next) continue;
      for (LLBlock *t = f->first; t; t = t->next) {
        t->preds = NEWN(cx, LLBlock *, t->npreds);
        t->npreds = 0;
      }
    }
}

static LLBlock *intersect(LLBlock *a, LLBlock *b) {
  while (a != b) {
    while (a->loop_depth < b->loop_depth) a = a->idom;
    while (b->loop_depth < a->loop_depth) b = b->idom;
  }
  return a;
}

static void find_dominators(LLFunc *f, Order *o) {
  for (LLBlock *b = f->first; b; b = b->next) b->idom = NULL;
  f->first->idom = f->first;
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = o->post.len - 1; i-- > 0;) {
      LLBlock *b = o->post.at[i], *idom = NULL;
      for (int p = 0; p < b->npreds; p++)
        if (b->preds[p]->idom) idom = idom ? intersect(idom, b->preds[p]) : b->preds[p];
      changed |= b->idom != idom;
      b->idom = idom;
    }
  }
  f->first->idom = NULL;
  for (uint32_t i = o->post.len; i-- > 0;) ll_set_idom(o->post.at[i], o->post.at[i]->idom);
}

/* Everything that reaches `from` without passing `header` belongs to the header's loop, unless to one inside it; of
 * such a one its outermost header does (`data` of a header: the loop around it), and then what reaches that from
 * outside. */
static void add_to_loop(Ctx *cx, LLBlock *from, LLBlock *header) {
  Vec(LLBlock *) left = {0};
  vec_push(cx, &left, from);
  while (left.len) {
    LLBlock *b = left.at[--left.len], *inner = b->loop;
    if (b == header || inner == header) continue;
    while (inner && inner->data && inner->data != (void *)header) inner = inner->data;
    if (inner && (inner == header || inner->data || !ll_dominates(header, inner))) continue;
    if (inner)
      inner->data = header;
    else
      b->loop = header;
    b = inner ? inner : b;
    for (int p = 0; p < b->npreds; p++)
      if (!inner || !ll_dominates(inner, b->preds[p])) vec_push(cx, &left, b->preds[p]);
  }
}

/* Inner headers come later in reverse post-order, so post-order finds them first. `data` of a header: the loop around
 * it. */
static void find_loops(LLFunc *f, Order *o) {
  for (LLBlock *b = f->first; b; b = b->next) {
    b->loop = NULL;
    b->data = NULL;
  }
  for (uint32_t i = 0; i < o->post.len; i++) {
    LLBlock *h = o->post.at[i];
    bool is_header = false;
    for (int p = 0; p < h->npreds; p++) is_header |= ll_dominates(h, h->preds[p]);
    if (!is_header) continue;
    h->loop = h;
    for (int p = 0; p < h->npreds; p++)
      if (ll_dominates(h, h->preds[p])) add_to_loop(f->module->cx, h->preds[p], h);
  }
  for (uint32_t i = o->post.len; i-- > 0;) {
    LLBlock *b = o->post.at[i], *outer = b->loop == b ? b->data : b->loop;
    b->loop_depth = (outer ? outer->loop_depth : 0) + (b->loop == b);
  }
}

void ll_analyze(LLFunc *f) {
  Order o = {.cx = f->module->cx};
  find_order(&o, f);
  for (LLBlock *b = f->first, *next; b; b = next) {
    next = b->next;
    if (b->data == (void *)&unvisited) unlink_block(f, b);
  }
  find_preds(f);
  find_dominators(f, &o);
  find_loops(f, &o);
}
