/* pipeline.c: loads that feed dots become asynchronous copies, several iterations ahead.
 *
 * Problem. A loop that loads tiles and multiplies them waits for memory in every iteration. Idea. For num_stages = S,
 * the tiles of iteration i + S - 1 are on their way while those of iteration i are multiplied: each load becomes a
 * cp.async into one of several buffers, and its consumer reads the buffer.
 *
 * Which loads: first those that are a dot's operand as they are; then, as far as shared memory goes, all others that a
 * dot depends on (operands that are scaled or widened) or that meet a dot's result on its way to the next iteration
 * (what is added to it). The latter are read from the buffer into registers, in the layout in which they are needed.
 * So is all that a loop without dots loads, where a num_stages of its own (of tl.range) asks for it. An operand that is also
 * computed with (rows' norms beside their products) has one buffer, the dot's, and threads read it there.
 *
 *   before the loop   copies for iterations 0 .. S-2, each a group; predicated by whether the iteration exists
 *   in iteration i    wait until at most S-2 groups are pending; (barrier, from membar.c); copies for iteration i + S - 1 into the buffer
 *                     that was read last; the dots on buffer i mod n
 *
 * The wait comes after stores and exchanges that the iteration begins with. Where dots are waited for in their iteration,
 * copies come after the first one is issued: before it tensor cores would wait for the issue of copies. Seen on an H200:
 * attention with capped scores is 38% faster so (some of it, if not all, since the assembler takes 165 registers then, and
 * 128 before), a product of scaled fp8 blocks 6%, one of gated rows 21% (and by 4 warps 3% slower), PyTorch's flex_attention
 * 13% slower. Where three blocks or more share a multiprocessor, others multiply meanwhile, and copies come first (the states
 * of a chunked scan: 11%), unless this iteration stores an operand: the fence before the dot would wait for them. With dots
 * in flight tensor cores are busy at that time, and copies come first: after the dot they lose up to 5%.
 *
 * What the copies need of later iterations (pointers that are carried and stepped, the induction variable) is computed
 * again: the slice of the body that the loads' operands depend on is copied, for the first stages before the loop and
 * then into it, where it runs S - 1 iterations ahead on carried values of its own. A slice that would contain an effect
 * or a region is refused, and the load stays as it is. So it does where the body writes to the argument that it reads
 * from, or to an unknown address, and where threads communicate: after a barrier or an atomic operation a value
 * read iterations earlier may be stale.
 *
 * Addresses that are loaded themselves (the pages of a table, the blocks of a sparse matrix): such a load of few
 * elements is done S iterations ahead into registers, one iteration before the copies need it. The loop carries its
 * last S values: that of iteration i, which the body uses, to that of iteration i + S - 1, for the copies. So is a load
 * that dots depend on, of a scalar or of a few elements that a copy cannot take, one iteration ahead. And in a loop without
 * dots what is loaded is loaded one iteration ahead, as long as that takes few registers: the loop then waits for memory
 * only as far as an iteration is shorter than an access.
 *
 * Buffers. After the barrier of iteration i all warps have finished the dots of iteration i - 1, and one more buffer
 * than stages ahead suffices: S. When the dot itself stays in flight (wgmma.c), only that of iteration i - 2 is done
 * there. Then either the copies go after the dot of iteration i was issued and that of i - 1 is done, after a second
 * barrier (`late`), or there is one buffer more, S + 1. The spare buffer saves the barrier, and is worth it where it does
 * not lower how many blocks a multiprocessor holds (occupancy). In the same way a tile that is read into registers needs
 * one buffer fewer, S - 1, if copies wait for all such reads and for a barrier after them: but everything that is read
 * then lies in registers at the same time, which counts against the blocks, too.
 */
#include "gpu/passes/pipeline_shared.h"

#include "ir/watch.h"

/* Will copies several iterations ahead fill the buffer? */
static bool is_tile(const void *self, const Op *alloc) {
  const Pipeline *p = self;
  for (uint32_t i = 0; i < p->tiles.len; i++)
    if (p->tiles.at[i].user == alloc) return true;
  return false;
}

/* Registers of a thread that hold everything it reads from buffers in an iteration. */
static int64_t registers_read(const Pipeline *p) {
  int64_t bits = 0;
  for (uint32_t i = 0; i < p->tiles.len; i++) {
    const Tile *t = &p->tiles.at[i];
    const Op *reader = t->user ? t->user : t->load;
    if (!t->registers) continue;
    bits += (int64_t)gpu_registers(gpu_layout(p->cx, reader->results[0].type)) * ir_elem(reader->results[0].type)->bits;
  }
  return bits / 32;
}

/* How many blocks a multiprocessor holds when each has so many bytes of buffers, and threads read `more` registers, which
 * takes addresses and temporaries, too. */
static int64_t blocks_held(const Pipeline *p, int64_t bytes, int64_t more) {
  enum { OTHERS_OF_READERS = 44 }; /* an estimate */
  int64_t accumulators = gpu_dot_registers(p->body, p->num_warps, p->in_flight != NULL), copies = 0;
  for (uint32_t i = 0; i < p->tiles.len; i++)
    copies += gpu_registers(gpu_layout(p->cx, p->tiles.at[i].load->results[0].type)) / p->tiles.at[i].contiguity;
  int64_t others = gpu_dot_registers_beside(accumulators, copies);
  if (more) others = max64(others, OTHERS_OF_READERS);
  return gpu_dot_blocks(p->sm, p->num_warps, accumulators + more + others, bytes);
}

/* Where copies go, and how many buffers there are of each tile. Tiles that are read into registers leave their buffer
 * then: after a barrier it can be filled again, one buffer fewer. */
static void choose_buffers(Pipeline *p, int64_t room) {
  enum { CROWD = 3 };
  p->in_flight = gpu_wgmma_in_flight(p->body, is_tile, p);
  p->rings[OPERANDS].n = p->rings[REGISTERS].n = p->stages;
  int64_t all = gpu_pipeline_bytes(p, p->stages, false), fewer = gpu_pipeline_bytes(p, p->stages, true);
  if (p->in_flight) {
    int64_t more = gpu_pipeline_bytes(p, p->stages + 1, false);
    p->late = more > room || blocks_held(p, more, 0) < blocks_held(p, all, 0);
    if (!p->late) p->rings[OPERANDS].n++, p->rings[REGISTERS].n++;
    return;
  }
  p->late = fewer < all && (all > room || blocks_held(p, all, 0) < blocks_held(p, fewer, registers_read(p)));
  if (p->late) p->rings[REGISTERS].n--;
  p->is_crowded = blocks_held(p, p->late ? fewer : all, registers_read(p)) >= CROWD;
}

/* Marks of carried values, for as many as the loop has by now. */
static bool *marks(Ctx *cx, const Op *loop, const bool *old, int n) {
  bool *all = NEWN(cx, bool, loop->nresults + 1);
  for (int i = 0; i < n; i++) all[i] = old[i];
  return all;
}

static bool has_dot(const Block *body) {
  for (const Op *op = body->first; op; op = op->next)
    if (op->code == OP_DOT || op->code == OP_WARP_GROUP_DOT) return true;
  return false;
}

static const char *why_not(const Pipeline *p, const Op *load) {
  const char *refused = map_get(&p->refused, load);
  if (!p->is_asked && !has_dot(p->body))
    return "the loop has no dot, and what it loads takes too many registers to be loaded ahead";
  return refused ? refused : "no dot depends on it";
}

/* What became of each load of the loop. `why`: none is pipelined, for that reason. */
static void tell(const Pipeline *p, const char *why) {
  for (uint32_t i = 0; i < p->loads.len; i++) {
    Op *load = p->loads.at[i];
    const Tile *tile = NULL;
    for (uint32_t k = 0; k < p->tiles.len; k++)
      if (p->tiles.at[k].load == load) tile = &p->tiles.at[k];
    Remark *r = watch_remark(p->cx, load->loc, "pipeline");
    if (!r) return;
    bool registers = map_has(&p->in_registers, load);
    remark_text(r, "how", tile ? "cp.async" : registers ? "registers" : NULL);
    remark_int(r, "stages", tile ? p->stages : registers ? 2 : 1);
    remark_text(r, "why_not", tile || registers ? NULL : why ? why : why_not(p, load));
    if (tile) {
      remark_int(r, "buffers", p->rings[tile->ring].n);
      remark_int(r, "copy_bytes", tile->contiguity * ir_elem_bytes(load->results[0].type->elem));
    }
    r->last = ir_loc_printed(p->cx, p->loop->loc);
  }
}

static void note_registers(Pipeline *p, const Pipeline *from) {
  for (uint32_t i = 0; i < from->early.len; i++) map_put(p->cx, &p->in_registers, from->early.at[i], p->loop);
}

static Pipeline describe(Ctx *cx, IndexInfo *index, const Module *m, Op *loop, int64_t stages) {
  Pipeline p = {.cx = cx, .index = index, .loop = loop, .body = ir_entry(loop, 0), .stages = (int)stages};
  p.sm = gpu_sm(m);
  p.num_warps = gpu_num_warps(m);
  p.is_ahead = marks(cx, loop, NULL, 0);
  p.is_early = marks(cx, loop, NULL, 0);
  return p;
}

/* Loads that dots depend on and that copies cannot take: one iteration ahead into registers. */
static void load_next(Pipeline *p, const Module *m) {
  Pipeline next = describe(p->cx, p->index, m, p->loop, 1);
  int n = p->loop->nresults;
  for (Op *op = p->body->first; op; op = op->next) gpu_pipeline_consider_next(p, &next, op);
  if (!next.early.len) return;
  note_registers(p, &next);
  gpu_pipeline_transform(&next);
  p->is_ahead = marks(p->cx, p->loop, p->is_ahead, n);
  p->is_early = marks(p->cx, p->loop, p->is_early, n);
}

/* Why nothing of the loop is pipelined; NULL: it may be. */
static const char *refusal(const Pipeline *p) {
  if (p->stages < 2) return "the loop has one stage (num_stages)";
  if (gpu_has_inner_loop(p->body)) return "the loop holds another one";
  return ir_attr(p->loop, "unsignedCmp") ? "the loop counts unsigned" : NULL;
}

/* Operands first, with as many stages as there is room for, then what is read into registers. A message: not even two. */
static const char *choose_tiles(Pipeline *p, int64_t room) {
  gpu_pipeline_find_feeds(p);
  for (Op *op = p->body->first; op; op = op->next) gpu_pipeline_consider(p, op, gpu_pipeline_find_operand, 0);
  while (p->stages > 2 && gpu_pipeline_bytes(p, p->stages, true) > room) p->stages--;
  if (gpu_pipeline_bytes(p, p->stages, true) > room) {
    p->tiles.len = 0;
    return "two buffers of each operand are more than there is shared memory";
  }
  for (Op *op = p->body->first; op; op = op->next) gpu_pipeline_consider(p, op, gpu_pipeline_find_reader, room);
  return NULL;
}

/* A loop of which nothing is copied: what it loads comes an iteration ahead into registers, if that is little. */
static bool prefetch(Pipeline *p) {
  bool ahead = gpu_pipeline_prefetch(p);
  if (ahead) note_registers(p, p);
  tell(p, NULL);
  if (ahead) gpu_pipeline_transform(p);
  return ahead;
}

static bool pipeline_loop(Ctx *cx, Module *m, IndexInfo *index, Op *loop) {
  Pipeline p = describe(cx, index, m, loop, ir_attr_int_or(loop, "tt.num_stages", gpu_num_stages(m)));
  p.is_asked = ir_attr(loop, "tt.num_stages") && !has_dot(p.body);
  for (Op *op = p.body->first; op; op = op->next)
    if (op->code == OP_LOAD) vec_push(cx, &p.loads, op);
  int64_t room = gpu_room_for_buffers(p.sm);
  const char *why = refusal(&p);
  if (!why) why = choose_tiles(&p, room);
  if (why) {
    tell(&p, why);
    return false;
  }
  if (!p.tiles.len) return prefetch(&p);
  note_registers(&p, &p);
  load_next(&p, m);
  choose_buffers(&p, room);
  for (uint32_t i = 0; i < p.tiles.len; i++) {
    Tile *t = &p.tiles.at[i];
    t->ring = t->registers && p.rings[REGISTERS].n != p.rings[OPERANDS].n ? REGISTERS : OPERANDS;
    p.rings[t->ring].used = true;
  }
  tell(&p, NULL);
  ir_set_attr(cx, loop, WGMMA_IN_FLIGHT, p.in_flight ? ir_attr_unit(cx) : NULL);
  gpu_pipeline_transform(&p);
  return true;
}

typedef struct Collect {
  Ctx *cx;
  GpuOps loops;
} Collect;

static void collect(Op *op, void *arg) {
  Collect *c = arg;
  if (op->code == OP_FOR) vec_push(c->cx, &c->loops, op);
}

GpuOps gpu_loops(Ctx *cx, Module *m) {
  Collect c = {.cx = cx};
  ir_walk(m->op, collect, &c);
  return c.loops;
}

bool gpu_pipeline(Ctx *cx, Module *m) {
  bool changed = false;
  if (gpu_sm(m) >= 80) {
    GpuOps loops = gpu_loops(cx, m);
    IndexInfo *index = loops.len ? index_analyze(cx, m) : NULL;
    for (uint32_t i = 0; i < loops.len; i++) changed |= pipeline_loop(cx, m, index, loops.at[i]);
  }
  ir_set_attr(cx, m->op, "ttg.num-stages", NULL);
  return changed;
}
