/* cse.c: one computation instead of several equal ones.
 *
 * Idea: walk the structured program in order with a table of what has been computed and dominates the current
 * op: an op enters the table when it is met and leaves it when the region that holds it ends. An equal op met later
 * is replaced by the one in the table. Equal is: same opcode, operands (in either order where the op is commutative),
 * attributes, types, and regions equal op by op.
 *
 * Loads take part with the number of the memory state they read; a write, or a region with writes in it, begins a new
 * state, so that a load is replaced only when nothing was written between.
 *
 * Regions of tt.reduce and its like use no values from outside: look-ups stop at their border.
 * Cost: linear, one hash look-up per op.
 */
#include "opt/internal.h"

#include <assert.h>

typedef struct Entry {
  uint64_t hash;
  Op *op;
  uint32_t memory; /* of a load: the state it read */
  uint32_t next;   /* in its bucket, 1 + index; 0 ends */
} Entry;

typedef struct Cse {
  Ctx *cx;
  Vec(Entry) entries; /* a stack: the innermost scope's last */
  uint32_t *buckets;
  uint32_t nbuckets;
  uint32_t floor; /* entries below this one lie outside of the current closed region */
  uint32_t memory, states;
  bool changed;
} Cse;

static bool is_load(const Op *op) { return (op->code == OP_LOAD || op->code == OP_DESC_LOAD) && !opt_is_volatile(op); }

static uint64_t hash_op(const Op *op, bool with_operands) {
  uint64_t h = hash_mix(op->code, (uint64_t)(unsigned)op->noperands << 32 | (unsigned)op->nresults);
  if (with_operands && ir_has(op, T_COMMUTATIVE)) {
    h = hash_mix(h, (uintptr_t)ir_operand(op, 0) + (uintptr_t)ir_operand(op, 1));
  } else if (with_operands) {
    for (int i = 0; i < op->noperands; i++) h = hash_mix(h, (uintptr_t)ir_operand(op, i));
  }
  for (int i = 0; i < op->nresults; i++) h = hash_mix(h, (uintptr_t)op->results[i].type);
  for (int i = 0; i < op->nattrs; i++)
    h = hash_mix(hash_mix(h, (uintptr_t)op->attrs[i].name), (uintptr_t)op->attrs[i].attr);
  for (int r = 0; r < op->nregions; r++)
    for (const Block *b = op->regions[r]->first; b; b = b->next)
      for (const Op *in = b->first; in; in = in->next) h = hash_mix(h, in->code);
  return h;
}

static Value *twin(const Map *map, Value *v) {
  Value *to = map ? map_get(map, v) : NULL;
  return to ? to : v;
}

static bool same_regions(Ctx *cx, const Op *a, const Op *b, Map *map);

/* `map` gives b's value for a's where both are inside the regions being compared. */
static bool same_op(Ctx *cx, const Op *a, const Op *b, Map *map) {
  if (a->code != b->code || a->noperands != b->noperands || a->nresults != b->nresults || a->nattrs != b->nattrs ||
      a->nregions != b->nregions || a->nsuccessors || b->nsuccessors)
    return false;
  for (int i = 0; i < a->nattrs; i++)
    if (a->attrs[i].name != b->attrs[i].name || a->attrs[i].attr != b->attrs[i].attr) return false;
  for (int i = 0; i < a->nresults; i++)
    if (a->results[i].type != b->results[i].type) return false;
  bool same = true;
  for (int i = 0; i < a->noperands && same; i++) same = twin(map, ir_operand(a, i)) == ir_operand(b, i);
  if (!same && ir_has(a, T_COMMUTATIVE))
    same = twin(map, ir_operand(a, 0)) == ir_operand(b, 1) && twin(map, ir_operand(a, 1)) == ir_operand(b, 0);
  return same && (!a->nregions || same_regions(cx, a, b, map));
}

static bool same_block(Ctx *cx, const Block *a, const Block *b, Map *map) {
  if (a->nargs != b->nargs) return false;
  for (int i = 0; i < a->nargs; i++) {
    if (a->args[i]->type != b->args[i]->type) return false;
    map_put(cx, map, a->args[i], b->args[i]);
  }
  const Op *x = a->first, *y = b->first;
  for (; x && y; x = x->next, y = y->next) {
    if (!same_op(cx, x, y, map)) return false;
    for (int i = 0; i < x->nresults; i++) map_put(cx, map, &x->results[i], &y->results[i]);
  }
  return !x && !y;
}

static bool same_regions(Ctx *cx, const Op *a, const Op *b, Map *map) {
  Map fresh = {0};
  if (!map) map = &fresh;
  for (int r = 0; r < a->nregions; r++) {
    const Block *x = a->regions[r]->first, *y = b->regions[r]->first;
    for (; x && y; x = x->next, y = y->next)
      if (!same_block(cx, x, y, map)) return false;
    if (x || y) return false;
  }
  return true;
}

static void grow(Cse *c) {
  c->nbuckets = c->nbuckets ? c->nbuckets * 4 : 256;
  c->buckets = NEWN(c->cx, uint32_t, c->nbuckets);
  for (uint32_t i = 0; i < c->entries.len; i++) {
    Entry *e = &c->entries.at[i];
    uint32_t *bucket = &c->buckets[e->hash & (c->nbuckets - 1)];
    e->next = *bucket;
    *bucket = i + 1;
  }
}

static void enter(Cse *c, Op *op, uint64_t hash) {
  if (c->entries.len >= c->nbuckets) grow(c);
  uint32_t *bucket = &c->buckets[hash & (c->nbuckets - 1)];
  vec_push(c->cx, &c->entries, ((Entry){hash, op, c->memory, *bucket}));
  *bucket = c->entries.len;
}

static void leave(Cse *c, uint32_t to) {
  while (c->entries.len > to) {
    const Entry *e = &c->entries.at[--c->entries.len];
    c->buckets[e->hash & (c->nbuckets - 1)] = e->next;
  }
}

static Op *find(Cse *c, const Op *op, uint64_t hash) {
  if (!c->nbuckets) return NULL;
  for (uint32_t i = c->buckets[hash & (c->nbuckets - 1)]; i; i = c->entries.at[i - 1].next) {
    const Entry *e = &c->entries.at[i - 1];
    if (i - 1 < c->floor) return NULL; /* older ones lie further out */
    if (e->hash != hash || (is_load(op) && e->memory != c->memory)) continue;
    if (same_op(c->cx, e->op, op, NULL)) return e->op;
  }
  return NULL;
}

/* True when the op was replaced and is gone. */
static bool merge(Cse *c, Op *op) {
  uint64_t hash = hash_op(op, true);
  Op *known = find(c, op, hash);
  if (!known) {
    enter(c, op, hash);
    return false;
  }
  for (int i = 0; i < op->nresults; i++) {
    if (!known->results[i].hint) known->results[i].hint = op->results[i].hint;
    ir_replace_all(&op->results[i], &known->results[i]);
  }
  ir_erase(op);
  c->changed = true;
  return true;
}

static void cse_block(Cse *c, Block *b);

static void cse_regions(Cse *c, Op *op) {
  bool writes = opt_clobbers(op), closed = opt_is_closed(op);
  uint32_t floor = c->floor;
  for (int r = 0; r < op->nregions; r++) {
    for (Block *b = op->regions[r]->first; b; b = b->next) {
      uint32_t scope = c->entries.len;
      if (closed || op->regions[r]->first != op->regions[r]->last) c->floor = scope;
      if (writes) c->memory = ++c->states;
      cse_block(c, b);
      leave(c, scope);
      c->floor = floor;
    }
  }
  if (writes) c->memory = ++c->states;
}

static void cse_block(Cse *c, Block *b) {
  for (Op *op = b->first, *next; op; op = next) {
    next = op->next;
    if (op->nregions) {
      cse_regions(c, op);
      if (op->code != OP_REDUCE && op->code != OP_SCAN) continue;
    }
    if (op->nresults && (opt_is_pure(op) || is_load(op)))
      merge(c, op);
    else if (!op->nregions && opt_clobbers(op))
      c->memory = ++c->states;
  }
}

bool opt_cse(Ctx *cx, Module *m) {
  Cse c = {.cx = cx};
  cse_block(&c, m->body->first);
  return c.changed;
}
