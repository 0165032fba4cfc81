/* structurize.c: branches between blocks become scf.if and scf.while.
 *
 * Problem: files of Triton IR may hold functions of several blocks (cf.br, cf.cond_br): early returns, short-circuits,
 * loops with breaks; so may the function of a tt.map_elementwise. Everything later in the compiler knows structured
 * control flow only.
 *
 * Idea: code is emitted from a block onwards until one of a set of *targets* is reached; what arrives there is a row of
 * values: a selector that says which target it is (when there are several), each target's block arguments, and values
 * that the code after it needs. A region of a structured op then simply yields its row.
 *   - a branch on a condition: if all paths from it meet again in a block J before any target, it is a scf.if whose
 *     branches have the one target J, and emission goes on at J. Otherwise it is a scf.if that has the current targets
 *     and ends this region: what follows is emitted inside its branches.
 *   - a loop (a block that dominates the source of an edge to it) is a scf.while: its first region emits one iteration
 *     with the targets {header, exits…} and continues while the selector says header; after it the selector tells
 *     where to go on.
 *   - a return is the target "function's end". Where a block is reached from two branches that do not meet there alone,
 *     it is emitted twice: code may grow, and is refused beyond a limit.
 *
 * Invariant: a value of the old function is in `map` exactly where its new definition dominates the place of emission;
 * each branch therefore works on a copy of the map. What a row has no value for is ub.poison.
 *
 * Refused: irreducible control flow (a cycle with two entries), loops without an exit. See Ramsey, "Beyond Relooper",
 * 2022, for a related translation by dominance.
 */
#include "opt/internal.h"

#include <assert.h>
#include <string.h>

enum { MOST_BLOCKS = 512 }; /* finding where paths meet costs the square of their number at each branch */

typedef struct Targets {
  int n;
  Block **blocks; /* NULL: the function's end */
  int nextra;
  Value **extra; /* old values that are needed after the loop */
  Type *const *exit_types;
  int nexit;
} Targets;

typedef struct Structure {
  Ctx *cx;
  Op *op;      /* whose region it is: a tt.func or a tt.map_elementwise */
  Opcode exit; /* what ends the region */
  int nblocks, emitted;
  Block **blocks;
  bool *inside; /* inside[h * nblocks + b]: b is in the loop of header h */
  bool *header;
} Structure;

typedef struct Emit {
  Structure *s;
  Builder b;
  Map *map;
  const Targets *to;
  const Block *loop; /* the header whose iteration is being emitted: it is no loop to be made again */
} Emit;

/* An edge with the values it carries, in terms of the new function. */
typedef struct Edge {
  Block *to;
  Value **args;
  int nargs;
} Edge;

typedef Vec(Value *) Row;

static int number(const Block *b) { return (int)(intptr_t)b->data; }

_Noreturn static void refuse(const Structure *s, const char *why) {
  if (s->op->code == OP_FUNC) ctx_fail(s->cx, ERR_SOURCE, "@%s: %s", ir_func_name(s->op), why);
  ir_fail(s->cx, s->op, NULL, "'%s': %s", ir_info(s->op)->name, why);
}

/* ---- analysis ---------------------------------------------------------------------------------------------------- */

static bool dominates(const Block *a, const Block *b) { return a == b || ir_dominates(a->last, b->last); }

/* Blocks from which `b` is reached without passing the header: the natural loop of an edge b -> header. */
static void mark_loop(Structure *s, int header, Block *b) {
  bool *in = &s->inside[header * s->nblocks];
  if (in[number(b)]) return;
  in[number(b)] = true;
  for (int i = 0; i < s->nblocks; i++) {
    Op *end = ir_terminator(s->blocks[i]);
    for (int k = 0; end && k < end->nsuccessors; k++)
      if (end->successors[k] == b) mark_loop(s, header, s->blocks[i]);
  }
}

/* 0: not seen, 1: in progress, 2: done. Apart from back edges to a dominator there must be no cycle. */
static void check_acyclic(Structure *s, Block *b, char *state) {
  state[number(b)] = 1;
  Op *end = ir_terminator(b);
  for (int k = 0; end && k < end->nsuccessors; k++) {
    Block *to = end->successors[k];
    if (dominates(to, b)) continue;
    if (state[number(to)] == 1) refuse(s, "its control flow is irreducible: a cycle with more than one entry");
    if (!state[number(to)]) check_acyclic(s, to, state);
  }
  state[number(b)] = 2;
}

static void find_loops(Structure *s) {
  for (int i = 0; i < s->nblocks; i++) {
    Op *end = ir_terminator(s->blocks[i]);
    for (int k = 0; end && k < end->nsuccessors; k++) {
      int h = number(end->successors[k]);
      if (!dominates(end->successors[k], s->blocks[i])) continue;
      s->header[h] = true;
      s->inside[h * s->nblocks + h] = true;
      mark_loop(s, h, s->blocks[i]);
    }
  }
}

static int target_index(const Targets *t, const Block *b) {
  for (int i = 0; i < t->n; i++)
    if (t->blocks[i] == b) return i;
  return -1;
}

/* Everything reached from `b` without going through `avoid` or beyond a target. True when a target (the end too) is
 * among it. */
static bool reach(const Structure *s, Block *b, const Block *avoid, const Targets *t, bool *seen) {
  if (b == avoid) return false;
  if (target_index(t, b) >= 0) return true;
  if (seen[number(b)]) return false;
  seen[number(b)] = true;
  const Op *end = ir_terminator(b);
  bool found = end && end->code == s->exit;
  for (int k = 0; end && k < end->nsuccessors; k++) found |= reach(s, end->successors[k], avoid, t, seen);
  return found;
}

/* The first block that all paths from the edges' ends reach, before any target; NULL when there is none. */
static Block *meeting_point(const Structure *s, const Edge *edges, int n, const Targets *t) {
  Block *best = NULL;
  size_t size = (size_t)s->nblocks * sizeof(bool);
  bool *seen = NEWN(s->cx, bool, s->nblocks);
  for (int c = 0; c < s->nblocks; c++) {
    Block *join = s->blocks[c];
    if (target_index(t, join) >= 0) continue;
    memset(seen, 0, size);
    bool escapes = false;
    for (int i = 0; i < n && !escapes; i++) escapes = reach(s, edges[i].to, join, t, seen);
    if (escapes) continue;
    /* The nearer one of two is reached without passing the other. */
    if (!best || seen[number(best)] == false) {
      bool *with = NEWN(s->cx, bool, s->nblocks);
      for (int i = 0; i < n; i++) reach(s, edges[i].to, NULL, t, with);
      if (with[c]) best = join;
    }
  }
  return best;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static int target_nargs(const Targets *t, int i) { return t->blocks[i] ? t->blocks[i]->nargs : t->nexit; }
static Type *target_type(const Targets *t, int i, int k) {
  return t->blocks[i] ? t->blocks[i]->args[k]->type : t->exit_types[k];
}

static Value *poison(Emit *e, Type *type) { return ir_make(&e->b, OP_POISON, type, NULL); }

/* Where in a row the values of target i begin. */
static int row_offset(const Targets *t, int i) {
  int at = t->n > 1;
  for (int k = 0; k < i; k++) at += target_nargs(t, k);
  return at;
}

/* What stands for a value of the old region now; values from outside the region are themselves. */
static Value *mapped(const Emit *e, Value *v) {
  Value *now = map_get(e->map, v);
  return now ? now : v;
}

static Row row_for(Emit *e, int target, Value *const *args) {
  Ctx *cx = e->s->cx;
  const Targets *t = e->to;
  Row row = {0};
  if (t->n > 1) vec_push(cx, &row, ir_const_int(&e->b, ir_int(cx, 32), target));
  for (int i = 0; i < t->n; i++)
    for (int k = 0; k < target_nargs(t, i); k++)
      vec_push(cx, &row, i == target ? args[k] : poison(e, target_type(t, i, k)));
  for (int i = 0; i < t->nextra; i++) {
    Value *v = map_get(e->map, t->extra[i]);
    vec_push(cx, &row, v ? v : poison(e, t->extra[i]->type));
  }
  return row;
}

static Map *map_copy(Ctx *cx, const Map *map) {
  Map *copy = NEW(cx, Map);
  for (uint32_t i = 0; i < map->len; i++)
    if (map->entries[i].key) map_put(cx, copy, map->entries[i].key, map->entries[i].value);
  return copy;
}

/* ---- emission ---------------------------------------------------------------------------------------------------- */

static Row emit_block(Emit *e, Block *b);

static Row emit_edge(Emit *e, const Edge *edge) {
  int target = target_index(e->to, edge->to);
  if (target >= 0) return row_for(e, target, edge->args);
  for (int i = 0; i < edge->nargs; i++) map_put(e->s->cx, e->map, edge->to->args[i], edge->args[i]);
  return emit_block(e, edge->to);
}

static Row emit_switch(Emit *e, const Edge *edges, int n, Value *which, int first);

/* One branch of `op`: the code of an edge, or the rest of a switch, and a yield of its row. */
static Row emit_branch(const Emit *e, Op *op, const Edge *edges, int n, Value *which, int first) {
  Emit in = *e;
  Block *b = ir_add_block(e->s->cx, ir_add_region(e->s->cx, op));
  in.b = ir_at_end(e->s->cx, b);
  in.b.loc = op->loc;
  in.map = map_copy(e->s->cx, e->map);
  Row row = n == 1 ? emit_edge(&in, edges) : emit_switch(&in, edges, n, which, first);
  ir_op(&in.b, OP_YIELD, NULL, 0, row.at, (int)row.len);
  return row;
}

/* Go on along edges[i]: for two, `which` is an i1 and true takes the first; for more (first > 0) it is a selector,
 * and first + i takes edges[i]. All of it ends in the current targets. */
static Row emit_switch(Emit *e, const Edge *edges, int n, Value *which, int first) {
  Ctx *cx = e->s->cx;
  Value *condition = which;
  if (first > 0) condition = ir_compare(&e->b, "eq", which, ir_const_int(&e->b, which->type, first));
  Op *op = ir_op(&e->b, OP_IF, NULL, 0, &condition, 1);
  Row row = emit_branch(e, op, edges, 1, which, first);
  emit_branch(e, op, edges + 1, n - 1, which, first > 0 ? first + 1 : 0);
  Type **types = NEWN(cx, Type *, row.len + 1);
  for (uint32_t i = 0; i < row.len; i++) types[i] = row.at[i]->type;
  ir_add_result_types(cx, op, types, (int)row.len);
  Row results = {0};
  for (int i = 0; i < op->nresults; i++) vec_push(cx, &results, &op->results[i]);
  return results;
}

/* The same, but where the edges meet again emission goes on after the conditional. */
static Row emit_fork(Emit *e, const Edge *edges, int n, Value *which, int first) {
  Ctx *cx = e->s->cx;
  if (n == 1) return emit_edge(e, edges);
  Block *join = meeting_point(e->s, edges, n, e->to);
  if (!join) return emit_switch(e, edges, n, which, first);
  Targets to = {.n = 1, .blocks = &join};
  Emit in = *e;
  in.to = &to;
  Row row = emit_switch(&in, edges, n, which, first);
  e->b = in.b;
  for (int i = 0; i < join->nargs; i++) map_put(cx, e->map, join->args[i], row.at[i]);
  return emit_block(e, join);
}

static Edge edge_of(const Emit *e, const Op *end, int successor) {
  int at = end->noperands;
  for (int k = end->nsuccessors; k-- > successor;) at -= end->nforward[k];
  Edge edge = {end->successors[successor], NEWN(e->s->cx, Value *, end->nforward[successor] + 1),
               end->nforward[successor]};
  for (int i = 0; i < edge.nargs; i++) edge.args[i] = mapped(e, ir_operand(end, at + i));
  return edge;
}

/* The block's ops and where it goes. */
static Row emit_body(Emit *e, Block *b) {
  Structure *s = e->s;
  if (++s->emitted > 8 * s->nblocks + 64) refuse(s, "its control flow is too entangled to be structured");
  Op *end = ir_terminator(b);
  if (!end) refuse(s, "a block has no terminator");
  for (Op *op = b->first; op != end; op = op->next) ir_clone(&e->b, op, e->map);
  e->b.loc = end->loc;
  if (end->code == s->exit) {
    Value **args = NEWN(s->cx, Value *, end->noperands + 1);
    for (int i = 0; i < end->noperands; i++) args[i] = mapped(e, ir_operand(end, i));
    return row_for(e, target_index(e->to, NULL), args);
  }
  if (end->nsuccessors < 1 || end->nsuccessors > 2) refuse(s, "a block ends in an op that is not a branch");
  Edge edges[2];
  for (int k = 0; k < end->nsuccessors; k++) edges[k] = edge_of(e, end, k);
  Value *condition = end->nsuccessors == 2 ? mapped(e, ir_operand(end, 0)) : NULL;
  return emit_fork(e, edges, end->nsuccessors, condition, 0);
}

/* ---- loops ------------------------------------------------------------------------------------------------------- */

/* Old values made in the loop and used after it; blocks outside that the loop's edges go to. */
static void loop_targets(Structure *s, const Block *header, Targets *t) {
  Ctx *cx = s->cx;
  const bool *in = &s->inside[number(header) * s->nblocks];
  Vec(Block *) blocks = {0};
  Vec(Value *) extra = {0};
  vec_push(cx, &blocks, (Block *)header);
  for (int i = 0; i < s->nblocks; i++) {
    Block *b = s->blocks[i];
    Op *end = ir_terminator(b);
    for (int k = 0; in[i] && end && k < end->nsuccessors; k++) {
      bool known = in[number(end->successors[k])];
      for (uint32_t q = 0; q < blocks.len && !known; q++) known = blocks.at[q] == end->successors[k];
      if (!known) vec_push(cx, &blocks, end->successors[k]);
    }
    if (in[i]) continue;
    /* Operands of this outside block's ops (nested ones too) that come from inside. */
    Map seen = {0};
    for (Op *op = b->first; op; op = op->next) {
      for (int k = 0; k < op->noperands; k++) {
        Value *v = ir_operand(op, k);
        const Block *made = ir_defining_block(v);
        if (made->region != b->region || !in[number(made)] || map_has(&seen, v)) continue;
        map_put(cx, &seen, v, v);
        bool known = false;
        for (uint32_t q = 0; q < extra.len && !known; q++) known = extra.at[q] == v;
        if (!known) vec_push(cx, &extra, v);
      }
    }
  }
  *t = (Targets){.n = (int)blocks.len, .blocks = blocks.at, .nextra = (int)extra.len, .extra = extra.at};
}

/* Uses nested in the regions of an op count as uses by the op: recorded there before the analysis. */
typedef struct Deep {
  Structure *s;
  const Op *outer;
  Targets *t;
  const bool *in;
} Deep;

static void deep_use(Op *op, void *arg) {
  Deep *d = arg;
  for (int k = 0; k < op->noperands; k++) {
    Value *v = ir_operand(op, k);
    const Block *made = ir_defining_block(v);
    if (made->region != d->outer->block->region || !d->in[number(made)]) continue;
    bool known = false;
    for (int q = 0; q < d->t->nextra && !known; q++) known = d->t->extra[q] == v;
    if (known) continue;
    Value **more = NEWN(d->s->cx, Value *, d->t->nextra + 1);
    for (int q = 0; q < d->t->nextra; q++) more[q] = d->t->extra[q];
    more[d->t->nextra++] = v;
    d->t->extra = more;
  }
}

static void deep_targets(Structure *s, const Block *header, Targets *t) {
  const bool *in = &s->inside[number(header) * s->nblocks];
  for (int i = 0; i < s->nblocks; i++)
    for (Op *op = in[i] ? NULL : s->blocks[i]->first; op; op = op->next)
      if (op->nregions) ir_walk(op, deep_use, &(Deep){s, op, t, in});
}

static Value *is_selector(Builder *b, Value *selector, int64_t which) {
  return ir_compare(b, "eq", selector, ir_const_int(b, selector->type, which));
}

/* scf.while whose first region is an iteration. Its row is [selector, header's arguments, exits' arguments, values
 * needed after the loop]; all but the decision by the selector is passed on. */
static Row emit_loop(Emit *e, Block *header) {
  Structure *s = e->s;
  Ctx *cx = s->cx;
  Targets to;
  loop_targets(s, header, &to);
  deep_targets(s, header, &to);
  if (to.n < 2) refuse(s, "a loop that has no exit");
  Value **inits = NEWN(cx, Value *, header->nargs + 1);
  for (int i = 0; i < header->nargs; i++) inits[i] = mapped(e, header->args[i]);
  Op *loop = ir_op(&e->b, OP_WHILE, NULL, 0, inits, header->nargs);
  Block *before = ir_add_block(cx, ir_add_region(cx, loop)), *after = ir_add_block(cx, ir_add_region(cx, loop));
  Emit in = *e;
  in.to = &to;
  in.loop = header;
  in.map = map_copy(cx, e->map);
  in.b = ir_at_end(cx, before);
  in.b.loc = e->b.loc;
  for (int i = 0; i < header->nargs; i++) {
    Value *arg = ir_add_arg(cx, before, header->args[i]->type, header->args[i]->loc);
    arg->hint = header->args[i]->hint;
    map_put(cx, in.map, header->args[i], arg);
  }
  Row row = emit_body(&in, header);
  Value **operands = NEWN(cx, Value *, row.len + 1);
  Type **types = NEWN(cx, Type *, row.len + 1);
  operands[0] = is_selector(&in.b, row.at[0], 0);
  for (uint32_t i = 0; i < row.len; i++) {
    operands[1 + i] = row.at[i];
    types[i] = row.at[i]->type;
    ir_add_arg(cx, after, types[i], loop->loc);
  }
  ir_op(&in.b, OP_CONDITION, NULL, 0, operands, (int)row.len + 1);
  Builder end = ir_at_end(cx, after);
  end.loc = loop->loc;
  ir_op(&end, OP_YIELD, NULL, 0, after->args + 1, header->nargs);
  ir_add_result_types(cx, loop, types, (int)row.len);
  Edge *edges = NEWN(cx, Edge, to.n);
  for (int i = 1; i < to.n; i++) {
    edges[i] = (Edge){to.blocks[i], NEWN(cx, Value *, to.blocks[i]->nargs + 1), to.blocks[i]->nargs};
    for (int k = 0; k < edges[i].nargs; k++) edges[i].args[k] = &loop->results[row_offset(&to, i) + k];
  }
  for (int i = 0; i < to.nextra; i++) map_put(cx, e->map, to.extra[i], &loop->results[row_offset(&to, to.n) + i]);
  return emit_fork(e, edges + 1, to.n - 1, &loop->results[0], 1);
}

static Row emit_block(Emit *e, Block *b) {
  if (e->s->header[number(b)] && e->loop != b) return emit_loop(e, b);
  return emit_body(e, b);
}

/* ---- a region --------------------------------------------------------------------------------------------------- */

/* The blocks that are reached from the entry, numbered in their order; Block.data is the number. */
static void number_blocks(Structure *s, Region *r) {
  Ctx *cx = s->cx;
  Vec(Block *) work = {0};
  Map reached = {0};
  vec_push(cx, &work, r->first);
  while (work.len) {
    Block *b = work.at[--work.len];
    if (map_has(&reached, b)) continue;
    map_put(cx, &reached, b, b);
    Op *end = ir_terminator(b);
    if (!end) refuse(s, "a block has no terminator");
    for (int k = 0; k < end->nsuccessors; k++) vec_push(cx, &work, end->successors[k]);
  }
  s->blocks = NEWN(cx, Block *, reached.len);
  for (Block *b = r->first; b; b = b->next) {
    if (!map_has(&reached, b)) continue;
    b->data = (void *)(intptr_t)s->nblocks;
    s->blocks[s->nblocks++] = b;
  }
  if (s->nblocks > MOST_BLOCKS) refuse(s, "it has more blocks than can be structured");
  s->header = NEWN(cx, bool, s->nblocks);
  s->inside = NEWN(cx, bool, (size_t)s->nblocks *(size_t)s->nblocks);
}

/* The types of what the region gives: as its first end has them, all of which agree (a function may have none to ask). */
static Type *const *exit_types(const Structure *s, int *n) {
  if (s->op->code == OP_FUNC) {
    Type *type = ir_func_signature(s->op);
    *n = type->nresults;
    return type->results;
  }
  for (int i = 0; i < s->nblocks; i++) {
    const Op *end = ir_terminator(s->blocks[i]);
    if (end->code != s->exit) continue;
    Type **types = NEWN(s->cx, Type *, end->noperands + 1);
    for (int k = 0; k < end->noperands; k++) types[k] = ir_operand(end, k)->type;
    *n = end->noperands;
    return types;
  }
  refuse(s, "its function never returns");
}

static void structurize(Ctx *cx, Op *op) {
  Region *old = op->regions[0];
  Structure s = {.cx = cx, .op = op, .exit = op->code == OP_FUNC ? OP_RETURN : OP_MAP_RETURN};
  number_blocks(&s, old);
  find_loops(&s);
  check_acyclic(&s, old->first, NEWN(cx, char, s.nblocks));
  Region *fresh = NEW(cx, Region);
  fresh->op = op;
  Block *entry = ir_add_block(cx, fresh), *end = NULL;
  op->regions[0] = fresh;
  Map map = {0};
  for (int i = 0; i < old->first->nargs; i++) {
    Value *from = old->first->args[i], *arg = ir_add_arg(cx, entry, from->type, from->loc);
    arg->hint = from->hint;
    map_put(cx, &map, from, arg);
  }
  Targets to = {.n = 1, .blocks = &end};
  to.exit_types = exit_types(&s, &to.nexit);
  Emit e = {.s = &s, .b = ir_at_end(cx, entry), .map = &map, .to = &to};
  e.b.loc = op->loc;
  Row row = emit_block(&e, old->first);
  ir_op(&e.b, s.exit, NULL, 0, row.at, (int)row.len);
  while (old->last) ir_erase_block(old->last);
}

typedef Vec(Op *) Branching;

/* Inner ones come first: the code of an outer region is copied. */
static void collect(Op *op, Branching *found, Ctx *cx) {
  for (int i = 0; i < op->nregions; i++)
    for (Block *b = op->regions[i]->first; b; b = b->next)
      for (Op *o = b->first; o; o = o->next) collect(o, found, cx);
  bool may_branch = op->code == OP_FUNC || op->code == OP_MAP_ELEMENTWISE;
  if (may_branch && op->regions[0]->first != op->regions[0]->last) vec_push(cx, found, op);
}

bool opt_structurize(Ctx *cx, Module *m) {
  Branching found = {0};
  collect(m->op, &found, cx);
  for (uint32_t i = 0; i < found.len; i++) structurize(cx, found.at[i]);
  return found.len > 0;
}
