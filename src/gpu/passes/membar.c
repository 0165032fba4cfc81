/* membar.c: barriers between accesses of memory that must not overtake each other.
 *
 * Since the last barrier, threads may have read some ranges of bytes and written others. An op that writes what was
 * read or written, or reads what was written, needs a barrier before it. All accesses of an op are looked at before
 * any is noted down: a barrier before the op is before every one of them, and what the op reads stays pending after
 * it. Ops with scratch of their own write it, pass a barrier inside (which is part of their lowering), and read it.
 * After a wait for asynchronous copies there always is one: what other threads' copies brought is visible only after
 * it.
 *
 * Between an asynchronous copy into one of several buffers of an allocation and later reads of the allocation there is
 * the copy's wait, with its barrier, where the buffer is the same. A copy after a read does conflict with it, unless it
 * says that it is apart: the pipeline (pipeline.c) knows which buffers an iteration reads. A copy
 * through a tensor map conflicts with reads before it, and reads after it are those that waited at its mbarrier. What the
 * copy engine reads from a buffer to store it is pending until a barrier that comes after the wait for it: one thread waits
 * for all.
 *
 * Global memory is handled in the same way, so that a program's accesses take effect in its own order, whichever
 * threads make them: what tl.store wrote, a later tl.load reads, and a load is over before a later store. Two
 * accesses may alias if their pointers come from the same argument of the kernel; different arguments are assumed not
 * to alias. With one and the same tensor of pointers each thread accesses its own elements again, provided that no
 * element is held by several and no two have one address: an update in place needs no barrier. Nor do two tensors of one
 * iteration that have no byte in common (fields of a record). What pointers were in an earlier iteration is another
 * tensor, unless iterations are known to have elements of their own (index/). Additions and their like, whose results
 * nobody reads, may take place in any order. (This says nothing of different programs.)
 *
 * Control flow. The branches of an if start from the same state and are merged. A loop is visited once for all: first
 * as if nothing was pending before it, then again from what its end leaves, which finds the barriers that its back edge
 * needs. What remains of it is a summary: the accesses that it may make before its first barrier (`exposed`) and those
 * that it may leave behind (`pending`). Where the former conflict with what is pending before the loop, a barrier is
 * inserted there, and not inside, where it would stop every iteration.
 *
 * Invariant: barriers are only added, so that a state computed before another barrier came holds at least what it
 * should. Cost: every op is visited twice per loop that is directly around it (not per nesting), and meets as many
 * pending accesses as there are buffers that do not overlap, which the size of shared memory bounds; pointers of one
 * argument are kept as one entry.
 */
#include "gpu/passes/passes.h"

#include <string.h>

typedef struct Access {
  const void *owner; /* the buffer; of global memory the kernel's argument */
  const Value *ptr;  /* global memory: the pointers; else NULL */
  const void *rmw;  /* global memory: what an atomic op does that commutes, and whose results are not used; else NULL */
  int64_t from, to; /* bytes of shared memory */
  bool write;
  bool apart; /* a copy (GPU_APART) */
  /* Not by the program's threads: cp.async, or through a tensor map. Or by the first thread alone, of an mbarrier. */
  enum { NO_COPY, SMALL_COPY, BULK_COPY, BULK_STORE, ONE_THREAD } copy;
} Access;

enum { READ = 0, WRITE = 1, KINDS = 4 }; /* and twice that: + 2 by copies, or through scalar pointers */

/* All pending accesses of one buffer or argument. */
typedef struct Touched {
  Access of[KINDS];                 /* the last */
  Vec(const Value *) others[KINDS]; /* tensors of pointers of those before it; KEPT at most */
  bool has[KINDS], many[KINDS];     /* many: through more pointers, or the same one's of an earlier iteration */
  bool earlier[KINDS];              /* of an earlier iteration, where `many` are not */
} Touched;
enum { KEPT = 16 };
typedef struct Touches {
  Map at; /* owner to Touched */
  Vec(Touched *) all;
} Touches;

typedef struct Summary {
  Touches exposed, pending;
} Summary;
typedef struct Membar {
  Ctx *cx;
  int num_warps;
  IndexInfo *ix; /* made when first needed */
  const Module *module;
  Map loops; /* to their Summary */
} Membar;

/* The state along a path through a region: `clean` until the first barrier in it. */
typedef struct Path {
  Touches pending, *exposed;
  bool clean;
} Path;

static bool is_scalar(const Access *a) { return a->ptr && !ir_is_tensor(a->ptr->type); }

static const Type *element(const Access *a) { return ir_is_tensor(a->ptr->type) ? a->ptr->type->elem : a->ptr->type; }

/* May the two take place in any order? */
static bool commute(const Access *a, const Access *b) { return a->rmw && a->rmw == b->rmw && element(a) == element(b); }

static int kind_of(const Access *a) { return (a->write ? WRITE : READ) + (a->copy || is_scalar(a) ? 2 : 0); }

/* The pointers of a kind are not the last ones any more, but not forgotten. */
static void keep(Membar *m, Touched *t, int k, const Value *ptr) {
  for (uint32_t i = 0; i < t->others[k].len; i++)
    if (t->others[k].at[i] == ptr) return;
  if (t->others[k].len == KEPT)
    t->many[k] = true;
  else
    vec_push(m->cx, &t->others[k], ptr);
}

static void remember(Membar *m, Touches *s, Access a) {
  Touched *t = map_get(&s->at, a.owner);
  if (!t) {
    t = NEW(m->cx, Touched);
    map_put(m->cx, &s->at, a.owner, t);
    vec_push(m->cx, &s->all, t);
  }
  int k = kind_of(&a);
  if (t->has[k] && t->of[k].ptr != a.ptr) keep(m, t, k, t->of[k].ptr);
  if (t->has[k] && !commute(&t->of[k], &a)) a.rmw = NULL;
  t->has[k] = true;
  t->of[k] = a;
}

static void merge(Membar *m, Touches *s, const Touches *other) {
  for (uint32_t i = 0; i < other->all.len; i++) {
    const Touched *from = other->all.at[i];
    for (int k = 0; k < KINDS; k++) {
      if (!from->has[k]) continue;
      remember(m, s, from->of[k]);
      Touched *to = map_get(&s->at, from->of[k].owner);
      for (uint32_t o = 0; o < from->others[k].len; o++) keep(m, to, k, from->others[k].at[o]);
      to->many[k] |= from->many[k], to->earlier[k] |= from->earlier[k];
    }
  }
}

static Touches copy(Membar *m, const Touches *s) {
  Touches c = {0};
  merge(m, &c, s);
  return c;
}

static IndexInfo *indices(Membar *m) {
  if (!m->ix) m->ix = index_analyze(m->cx, m->module);
  return m->ix;
}

/* Whether the same threads access the same elements: scalars are read by all, but written by the first. */
static bool same_elements(Membar *m, const Value *a, const Value *b, bool earlier) {
  if (a != b) return !earlier && index_tensors_are_apart(indices(m), a, b);
  return layout_thread_free(gpu_layout(m->cx, a->type)) == 0 && index_elements_are_apart(indices(m), a);
}

/* Or none at all. */
static bool same_threads(Membar *m, const Access *a, const Touched *t, int k) {
  const Access *b = &t->of[k];
  if (is_scalar(a)) return a->write && b->write && is_scalar(b);
  if (t->many[k] || is_scalar(b) || !same_elements(m, a->ptr, b->ptr, t->earlier[k])) return false;
  for (uint32_t i = 0; i < t->others[k].len; i++)
    if (!same_elements(m, a->ptr, t->others[k].at[i], t->earlier[k])) return false;
  return true;
}

/* Conflicts that the passes that make copies have already taken care of. Bulk copies are waited
 * for at an mbarrier by those who read what they brought. */
static bool are_kept_apart(const Access *pending, const Access *next) {
  if (pending->copy == SMALL_COPY) return next->copy == SMALL_COPY || !next->write;
  if (next->apart && !pending->write) return true;
  if (next->copy == ONE_THREAD) return pending->copy == ONE_THREAD;
  return pending->copy == BULK_COPY && (next->copy == BULK_COPY || !next->write);
}

static bool conflicts_with(Membar *m, const Touched *t, const Access *a) {
  for (int k = 0; k < KINDS; k++) {
    const Access *p = &t->of[k];
    if (!t->has[k] || !(a->write || p->write)) continue;
    if (commute(a, p)) continue;
    if (a->ptr ? same_threads(m, a, t, k) : p->to <= a->from || p->from >= a->to) continue;
    if (!a->ptr && p->owner == a->owner && are_kept_apart(p, a)) continue;
    return true;
  }
  return false;
}

static bool conflicts(Membar *m, const Touches *s, const Access *a) {
  if (a->ptr) {
    const Touched *t = map_get(&s->at, a->owner);
    return t && conflicts_with(m, t, a);
  }
  for (uint32_t i = 0; i < s->all.len; i++) {
    const Touched *t = s->all.at[i];
    int any = 0;
    while (!t->has[any]) any++;
    if (!t->of[any].ptr && conflicts_with(m, t, a)) return true;
  }
  return false;
}

static bool is_bulk_store(const Touched *t) { return t->has[READ + 2] && t->of[READ + 2].copy == BULK_STORE; }

/* What a barrier leaves pending: stores of the copy engine that nobody has waited for yet. */
static void pass_barrier(Membar *m, Path *path) {
  Touches before = path->pending;
  path->pending = (Touches){0};
  for (uint32_t i = 0; i < before.all.len; i++)
    if (is_bulk_store(before.all.at[i])) remember(m, &path->pending, before.all.at[i]->of[READ + 2]);
  path->clean = false;
}

/* The first thread has waited for what the copy engine reads: over for all at the next barrier, like reads of their own. */
static void pass_store_wait(Membar *m, Path *path) {
  Touches before = path->pending;
  path->pending = (Touches){0};
  for (uint32_t i = 0; i < before.all.len; i++)
    if (is_bulk_store(before.all.at[i])) before.all.at[i]->of[READ + 2].copy = NO_COPY;
  merge(m, &path->pending, &before);
}

static void barrier_before(Membar *m, Path *path, Op *op) {
  pass_barrier(m, path);
  Builder b = ir_before(m->cx, op);
  ir_effect(&b, OP_BARRIER, NULL);
}

/* ---- the accesses of an op --------------------------------------------------------------------------------------- */

typedef Vec(Access) Accesses;

static void add_buffer(Membar *m, Accesses *all, const Op *op, const Value *memdesc, bool write) {
  const Op *buffer = gpu_buffer_of(memdesc);
  int64_t from = buffer ? ir_attr_int_or(buffer, GPU_OFFSET, 0) : 0;
  int64_t bytes = buffer ? gpu_buffer_bytes(buffer->results[0].type) : 0;
  if (!buffer || !bytes) return;
  vec_push(m->cx, all,
           ((Access){.owner = buffer,
                     .from = from,
                     .to = from + bytes,
                     .write = write,
                     .apart = ir_attr(op, GPU_APART) != NULL,
                     .copy = op->code == OP_ASYNC_COPY                                     ? SMALL_COPY
                             : op->code == OP_TMA_LOAD || op->code == OP_BARRIER_EXPECT    ? BULK_COPY
                             : op->code == OP_TMA_STORE || op->code == OP_TMA_REDUCE       ? BULK_STORE
                             : op->code == OP_INIT_BARRIER || op->code == OP_INVAL_BARRIER ? ONE_THREAD
                                                                                           : NO_COPY}));
}

static const void *commutes(const Op *op) {
  if (op->code != OP_ATOMIC_RMW || op->results[0].uses || !strcmp(ir_attr_text_or(op, "atomic_rmw_op", "exch"), "exch"))
    return NULL;
  return ir_attr(op, "atomic_rmw_op");
}

static void add_global(Membar *m, Accesses *all, const Op *op, bool write) {
  const Value *ptr = ir_operand(op, 0), *base = gpu_base_of(ptr);
  if (base) vec_push(m->cx, all, ((Access){.owner = base, .ptr = ptr, .rmw = commutes(op), .write = write}));
}

static Accesses accesses_of(Membar *m, const Op *op) {
  Accesses all = {0};
  switch (op->code) {
  case OP_LOCAL_ALLOC:
    if (op->noperands) add_buffer(m, &all, op, &op->results[0], true);
    return all;
  case OP_LOCAL_STORE: add_buffer(m, &all, op, ir_operand(op, 1), true); return all;
  case OP_LOCAL_LOAD: add_buffer(m, &all, op, ir_operand(op, 0), false); return all;
  case OP_ASYNC_COPY:
    add_global(m, &all, op, false);
    add_buffer(m, &all, op, ir_operand(op, 1), true);
    return all;
  case OP_INIT_BARRIER:
  case OP_INVAL_BARRIER:
  case OP_BARRIER_EXPECT: add_buffer(m, &all, op, ir_operand(op, 0), true); return all;
  case OP_ARRIVE_BARRIER:
  case OP_WAIT_BARRIER: add_buffer(m, &all, op, ir_operand(op, 0), false); return all;
  case OP_TMA_LOAD: add_buffer(m, &all, op, ir_operand(op, 1), true); return all;
  case OP_TMA_STORE:
  case OP_TMA_REDUCE: add_buffer(m, &all, op, ir_operand(op, 1), false); return all;
  case OP_WARP_GROUP_DOT:
  case OP_WARP_GROUP_DOT_WAIT:
    for (int i = 0; i < op->noperands; i++)
      if (ir_operand(op, i)->type->kind == TYPE_MEMDESC) add_buffer(m, &all, op, ir_operand(op, i), false);
    return all;
  case OP_LOAD: add_global(m, &all, op, false); break;
  case OP_STORE:
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: add_global(m, &all, op, true); break;
  default: break;
  }
  if (!ir_attr(op, GPU_OFFSET)) return all;
  int64_t from = ir_attr_int_or(op, GPU_OFFSET, 0), bytes = gpu_scratch_bytes(m->cx, op, m->num_warps);
  vec_push(m->cx, &all, ((Access){.owner = op, .from = from, .to = from + bytes, .write = true}));
  return all;
}

/* One thread acts for the program; a release comes with a barrier before it (memory.c). */
static bool releases(const Op *op) {
  if (op->code != OP_ATOMIC_RMW && op->code != OP_ATOMIC_CAS) return false;
  const char *sem = ir_attr_text_or(op, "sem", "");
  return !ir_is_tensor(op->results[0].type) && (!strcmp(sem, "release") || !strcmp(sem, "acq_rel"));
}

static void touch(Membar *m, Path *path, Op *op) {
  Accesses all = accesses_of(m, op);
  bool meets = false;
  for (uint32_t i = 0; i < all.len && !meets; i++) meets = conflicts(m, &path->pending, &all.at[i]);
  if (meets) barrier_before(m, path, op);
  for (uint32_t i = 0; i < all.len; i++) {
    Access a = all.at[i];
    if (path->clean && path->exposed) remember(m, path->exposed, a);
    if (a.owner == op && op->code != OP_LOCAL_ALLOC) a.write = false; /* the op's own scratch: read at its end */
    remember(m, &path->pending, a);
  }
}

/* ---- control flow ------------------------------------------------------------------------------------------------ */

static void visit_block(Membar *m, Path *path, Block *b);

/* The loop's regions one after another, from `start`: what they leave, also where a while loop ends in its middle. */
static Summary iterate(Membar *m, const Op *op, const Touches *start) {
  Summary s = {0};
  Path path = {.pending = copy(m, start), .exposed = &s.exposed, .clean = true};
  for (int r = 0; r < op->nregions; r++) {
    if (op->regions[r]->first) visit_block(m, &path, op->regions[r]->first);
    if (r + 1 < op->nregions) merge(m, &s.pending, &path.pending);
  }
  merge(m, &s.pending, &path.pending);
  return s;
}

static bool move_with(const Touched *t, int k, const Op *loop) {
  bool moves = !ir_defined_outside(t->of[k].ptr, loop);
  for (uint32_t i = 0; i < t->others[k].len; i++) moves |= !ir_defined_outside(t->others[k].at[i], loop);
  return moves;
}

/* To the next iteration, pointers that differ from one to the other are others than its own. */
static void pass_back_edge(Membar *m, Touches *s, const Op *loop) {
  for (uint32_t i = 0; i < s->all.len; i++)
    for (int k = 0; k < KINDS; k++) {
      Touched *t = s->all.at[i];
      if (!t->has[k] || !t->of[k].ptr || t->many[k] || !move_with(t, k, loop)) continue;
      t->many[k] = t->others[k].len || !index_iterations_are_apart(indices(m), t->of[k].ptr, loop);
      t->earlier[k] = true;
    }
}

static const Summary *summary_of(Membar *m, const Op *loop) {
  Summary *s = map_get(&m->loops, loop);
  if (s) return s;
  s = NEW(m->cx, Summary);
  Touches nothing = {0};
  Summary first = iterate(m, loop, &nothing);
  pass_back_edge(m, &first.pending, loop);
  *s = iterate(m, loop, &first.pending);
  map_put(m->cx, &m->loops, loop, s);
  return s;
}

static void visit_loop(Membar *m, Path *path, Op *op) {
  const Summary *s = summary_of(m, op);
  bool meets = false;
  for (uint32_t i = 0; i < s->exposed.all.len && !meets; i++)
    for (int k = 0; k < KINDS && !meets; k++) {
      const Touched *t = s->exposed.all.at[i];
      if (!t->has[k]) continue;
      meets = conflicts(m, &path->pending, &t->of[k]);
      for (uint32_t o = 0; o < t->others[k].len && !meets; o++) {
        Access other = t->of[k];
        other.ptr = t->others[k].at[o];
        meets = conflicts(m, &path->pending, &other);
      }
      const Touched *before = t->many[k] ? map_get(&path->pending.at, t->of[k].owner) : NULL;
      for (int b = 0; before && b < KINDS; b++) meets |= before->has[b] && (t->of[k].write || before->of[b].write);
    }
  if (meets) barrier_before(m, path, op);
  if (path->clean && path->exposed) merge(m, path->exposed, &s->exposed);
  merge(m, &path->pending, &s->pending);
}

static void visit_if(Membar *m, Path *path, Op *op) {
  Path no = {.pending = copy(m, &path->pending), .exposed = path->exposed, .clean = path->clean};
  visit_block(m, path, ir_entry(op, 0));
  if (op->nregions > 1 && op->regions[1]->first) visit_block(m, &no, op->regions[1]->first);
  merge(m, &path->pending, &no.pending);
  path->clean |= no.clean;
}

static void visit_op(Membar *m, Path *path, Op *op) {
  switch (op->code) {
  case OP_FOR:
  case OP_WHILE: visit_loop(m, path, op); return;
  case OP_IF: visit_if(m, path, op); return;
  case OP_BARRIER: pass_barrier(m, path); return;
  case OP_TMA_STORE_WAIT: pass_store_wait(m, path); return;
  case OP_ASYNC_WAIT:
    if (op->next && op->next->code != OP_BARRIER) barrier_before(m, path, op->next);
    return;
  default:
    if (releases(op)) pass_barrier(m, path);
    touch(m, path, op);
  }
}

static void visit_block(Membar *m, Path *path, Block *b) {
  for (Op *op = b->first, *next; op; op = next) {
    next = op->next;
    visit_op(m, path, op);
  }
}

static void forget_apart(Op *op, void *cx) {
  if (ir_attr(op, GPU_APART)) ir_set_attr(cx, op, GPU_APART, NULL);
}

bool gpu_membar(Ctx *cx, Module *module) {
  Membar m = {.cx = cx, .num_warps = gpu_num_warps(module), .module = module};
  for (Op *func = module->body->first->first; func; func = func->next) {
    if (func->code != OP_FUNC || !func->regions[0]->first) continue;
    Path path = {.clean = true};
    visit_block(&m, &path, ir_entry(func, 0));
  }
  ir_walk(module->op, forget_apart, cx);
  return true;
}
