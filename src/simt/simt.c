/* simt.c: a grid on the simulated machine.
 *
 * decode.c        the function becomes an array of simple instructions on numbered registers, once
 * arithmetic.c, intrinsics.c   what each computes: loops over 32 lanes
 * exec.c          a warp: fragments of threads that are at the same place, and where they meet again
 * memory.c        loads, stores, atomics; bounds, alignment, sectors, bank conflicts
 * race.c          vector clocks and the shadow of shared memory: races, uninitialized reads, missing proxy fences
 * sync.c          barriers, mbarriers, cp.async
 * tensor.c        ldmatrix, mma, wgmma
 * bulk.c          bulk copies and tensor maps
 * report.c        issues and accesses
 *
 * A value in a register is 32 lanes next to each other; predicates are 32 bits of one word. Registers of a warp that is
 * not whole are written through a mask. Warps of a block take turns: each runs until it waits or has used up its time
 * slice. Blocks run one after another; a block that has run long (it may wait for another block) yields to others,
 * `resident` of them in turn. Nothing depends on time or addresses: a run can be repeated.
 *
 * Waiting. If every fragment of a block waits and a round over its warps changes nothing that could end a
 * wait, then fragments that wait for other threads of their warp go on without them; if there are none, it is a
 * deadlock. A block whose warps only ask again and again (try_wait in a loop) counts as idle, too.
 */
#include "simt/internal.h"

#include <stdlib.h>
#include <string.h>

enum { TURN = 10000, ROUNDS = 64, IDLE_ROUNDS = 2000 };
static const uint64_t MAX_INSTRUCTIONS = UINT64_C(1000000000);

/* ---- buffers ----------------------------------------------------------------------------------------------------- */

void simt_add_buffer(Ctx *cx, SimtOptions *o, const void *base, size_t size, bool read_only, bool uninitialized) {
  SimtBuffer b = {.base = (uintptr_t)base, .size = size, .read_only = read_only};
  if (uninitialized) b.written = NEWN(cx, uint8_t, size / 8 + 1);
  vec_push(cx, &o->buffers, b);
}

static int by_base(const void *a, const void *b) {
  uintptr_t x = ((const SimtBuffer *)a)->base, y = ((const SimtBuffer *)b)->base;
  return (x > y) - (x < y);
}

static void gather_buffers(Machine *m) {
  for (uint32_t i = 0; i < m->o->buffers.len; i++) vec_push(m->cx, &m->buffers, m->o->buffers.at[i]);
  for (const LLGlobal *g = m->module->globals; g; g = g->next) {
    SimtBuffer b = {.base = (uintptr_t)g->bytes, .size = g->len, .read_only = true};
    vec_push(m->cx, &m->buffers, b);
  }
  for (int p = 0; p < m->f->nparams; p++) {
    SimtBuffer b = {.base = (uintptr_t)m->args[p], .size = (size_t)m->f->params[p].byval, .read_only = true};
    if (b.size) vec_push(m->cx, &m->buffers, b);
  }
  if (m->buffers.len) qsort(m->buffers.at, m->buffers.len, sizeof *m->buffers.at, by_base);
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

static void new_warp(Blk *b, int index) {
  Machine *m = b->m;
  Warp *w = &b->warps[index];
  w->b = b;
  w->index = index;
  w->regs = NEWN(m->cx, uint32_t, m->nwords);
  w->vc = NEWN(m->cx, uint32_t, m->nagents);
  w->fenced = NEWN(m->cx, uint32_t, m->nagents);
}

static Blk *new_block(Machine *m) {
  Blk *b = NEW(m->cx, Blk);
  b->m = m;
  b->warps = NEWN(m->cx, Warp, m->nwarps);
  for (int i = 0; i < m->nwarps; i++) new_warp(b, i);
  b->shared = NEWN(m->cx, uint8_t, m->shared_bytes + 16);
  if (m->shared_checks) b->shadow = NEWN(m->cx, Shadow, m->shared_bytes + 1);
  for (int i = 0; i < BARRIERS; i++) b->barriers[i].vc = NEWN(m->cx, uint32_t, m->nagents);
  b->engines = NEWN(m->cx, uint32_t *, m->nwarps + 1);
  for (int i = 0; i <= m->nwarps; i++) b->engines[i] = NEWN(m->cx, uint32_t, m->nagents);
  b->atomics = NEWN(m->cx, uint32_t, m->nagents);
  return b;
}

/* Every agent starts at clock 1, which no other agent has acquired. */
static void reset_warp(Warp *w) {
  const Machine *m = w->b->m;
  int threads = m->threads - w->index * LANES;
  size_t clocks = (size_t)m->nagents * sizeof(uint32_t);
  w->live = threads >= LANES ? UINT32_MAX : (UINT32_C(1) << threads) - 1;
  w->frags[0] = (Frag){.mask = w->live};
  w->nfrags = 1;
  w->at = 0;
  memset(w->vc, 0, clocks);
  memset(w->fenced, 0, clocks);
  memset(w->group, 0, sizeof w->group);
  w->vc[w->index] = 1;
  w->copies.len = 0;
  w->wgmma_groups = w->bulk_groups = w->backward = 0;
  w->wgmma_fenced = w->yield = false;
  w->instructions = 0;
}

/* Shared memory is filled with an unlikely pattern. */
static void reset_block(Blk *b, uint64_t number) {
  const Machine *m = b->m;
  size_t clocks = (size_t)m->nagents * sizeof(uint32_t);
  b->id[0] = (uint32_t)(number % m->grid[0]);
  b->id[1] = (uint32_t)(number / m->grid[0] % m->grid[1]);
  b->id[2] = (uint32_t)(number / m->grid[0] / m->grid[1]);
  for (int i = 0; i < m->nwarps; i++) reset_warp(&b->warps[i]);
  memset(b->shared, 0xcd, m->shared_bytes);
  if (b->shadow) memset(b->shadow, 0, m->shared_bytes * sizeof *b->shadow);
  for (int i = 0; i < BARRIERS; i++) {
    b->barriers[i].arrived = b->barriers[i].expected = 0;
    memset(b->barriers[i].vc, 0, clocks);
  }
  for (int i = 0; i <= m->nwarps; i++) {
    memset(b->engines[i], 0, clocks);
    b->engines[i][m->nwarps + i] = 1;
  }
  memset(b->atomics, 0, clocks);
  b->mbarriers.len = 0;
  simt_readers_reset(b);
  b->events = b->idle_rounds = 0;
  b->live_warps = m->nwarps;
}

static Blk *take_block(Machine *m, uint64_t number) {
  Blk *b = m->free_blocks;
  if (b)
    m->free_blocks = b->next;
  else
    b = new_block(m);
  reset_block(b, number);
  return b;
}

/* ---- turns ------------------------------------------------------------------------------------------------------- */

static void report_deadlock(Blk *b) {
  static const char *const whys[] = {"it asks again and again", "it waits for other threads of its warp",
                                     "it waits at a barrier"};
  for (int i = 0; i < b->m->nwarps; i++) {
    Warp *w = &b->warps[i];
    for (int f = 0; f < w->nfrags; f++) {
      const Frag *x = &w->frags[f];
      const Code *c = &b->m->code[x->state == FRAG_BARRIER || x->state == FRAG_MBARRIER ? x->pc - 1 : x->pc];
      const char *why = x->state == FRAG_MBARRIER ? simt_mbarrier_lacks(b, x->address) : whys[x->state];
      simt_issue(w, SIMT_DEADLOCK, c, __builtin_ctz(x->mask), 0, 0, why);
    }
  }
  b->m->stop = true;
}

static bool over_limit(Blk *b) {
  uint64_t limit = b->m->o->max_instructions ? b->m->o->max_instructions : MAX_INSTRUCTIONS;
  for (int i = 0; i < b->m->nwarps; i++) {
    Warp *w = &b->warps[i];
    if (w->instructions < limit || !w->nfrags) continue;
    simt_issue(w, SIMT_LIMIT, &b->m->code[w->frags[0].pc], __builtin_ctz(w->frags[0].mask), 0, 0, NULL);
    return b->m->stop = true;
  }
  return false;
}

static bool force_any(Blk *b) {
  for (int i = 0; i < b->m->nwarps; i++)
    if (simt_warp_force(&b->warps[i])) return true;
  return false;
}

/* A round over the warps. `asked`: all that ran stopped because an mbarrier was not ready. False: none could run. */
static bool run_round(Blk *b, bool *asked) {
  bool did = false;
  *asked = true;
  for (int i = 0; i < b->m->nwarps && !b->m->stop; i++) {
    Warp *w = &b->warps[i];
    if (!w->live || !simt_warp_run(w, TURN)) continue;
    did = true;
    *asked &= w->yield;
  }
  return did;
}

/* Runs the block until it ends or has used up its time slice. */
static void run_block(Blk *b) {
  for (int round = 0; round < ROUNDS && b->live_warps && !b->m->stop; round++) {
    const Interrupt *interrupt = &b->m->o->interrupt;
    if (interrupt->wanted && interrupt->wanted(interrupt->self)) ctx_throw(b->m->cx, ERR_HOST);
    uint32_t events = b->events;
    bool asked, did = run_round(b, &asked);
    if (b->m->stop || !b->live_warps || over_limit(b)) return;
    b->idle_rounds = did && asked && events == b->events ? b->idle_rounds + 1 : 0;
    if (did && b->idle_rounds < IDLE_ROUNDS) {
      round -= b->idle_rounds != 0; /* such rounds are short */
      continue;
    }
    b->idle_rounds = 0;
    if (!force_any(b)) report_deadlock(b);
  }
}

static void run_grid(Machine *m) {
  uint64_t blocks = (uint64_t)m->grid[0] * m->grid[1] * m->grid[2], next = 0;
  uint32_t most = m->o->resident > 0 ? (uint32_t)m->o->resident : 32, n = 0;
  Blk **resident = NEWN(m->cx, Blk *, most);
  while ((n || next < blocks) && !m->stop) {
    for (uint32_t i = 0; i < n && !m->stop; i++) {
      run_block(resident[i]);
      if (resident[i]->live_warps) continue;
      resident[i]->next = m->free_blocks;
      m->free_blocks = resident[i];
      resident[i--] = resident[--n];
    }
    if (n < most && next < blocks) resident[n++] = take_block(m, next++);
  }
}

/* ---- a run ------------------------------------------------------------------------------------------------------- */

static LLFunc *find_kernel(Ctx *cx, LLModule *module, const char *name) {
  for (LLFunc *f = module->first; f; f = f->next)
    if (strcmp(f->name, name) == 0) return f;
  ctx_fail(cx, ERR_SOURCE, "there is no kernel '%s'", name);
}

static void check_launch(Ctx *cx, const LLFunc *f, int threads) {
  if (threads < 1 || threads > MAX_WARPS * LANES)
    ctx_fail(cx, ERR_SOURCE, "a block has 1 to 1024 threads, not %d", threads);
  if (f->threads && f->threads != threads)
    ctx_fail(cx, ERR_SOURCE, "kernel '%s' is for %d threads a block, not %d", f->name, f->threads, threads);
  if (f->cluster[0] > 1 || f->cluster[1] > 1 || f->cluster[2] > 1)
    ctx_fail(cx, ERR_SOURCE, "clusters of several blocks cannot be simulated");
}

static void finish(Machine *m) {
  SimtReport *r = m->report;
  r->issues = m->issues.at;
  r->nissues = m->issues.len;
  r->accesses = NEWN(m->cx, SimtAccess, m->ncode + 1);
  for (uint32_t c = 0; c < m->ncode; c++)
    if (m->stats[c].inst) r->accesses[r->naccesses++] = m->stats[c];
  r->counts = m->counts;
  for (uint32_t c = 0; c < m->ncode; c++) {
    m->counts[c].inst = m->code[c].src;
    if (m->counts[c].instructions) r->counts[r->ncounts++] = m->counts[c];
  }
  r->stopped = m->stop;
}

void simt_run(Ctx *cx, LLModule *module, const char *kernel, const uint32_t grid[3], int threads, size_t shared_bytes,
              const void *const *args, const SimtOptions *o, SimtReport *report) {
  *report = (SimtReport){0};
  Machine *m = NEW(cx, Machine);
  *m = (Machine){.cx = cx,
                 .module = module,
                 .f = find_kernel(cx, module, kernel),
                 .o = o,
                 .report = report,
                 .threads = threads,
                 .shared_bytes = (uint32_t)shared_bytes,
                 .args = args};
  check_launch(cx, m->f, threads);
  memcpy(m->grid, grid, sizeof m->grid);
  m->nwarps = (threads + LANES - 1) / LANES;
  m->nagents = 2 * m->nwarps + 1;
  m->shared_checks = !o->no_shared_checks;
  gather_buffers(m);
  simt_decode(m);
  simt_block_races_begin(m);
  m->stats = NEWN(cx, SimtAccess, m->ncode + 1);
  m->counts = NEWN(cx, SimtCount, m->ncode + 1);
  run_grid(m);
  finish(m);
}
