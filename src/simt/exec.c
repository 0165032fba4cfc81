/* exec.c: runs a warp until it has to wait.
 *
 * A warp is a few fragments: threads that are at the same instruction. A branch that not all of them take splits one;
 * fragments that come to the same place become one again. Of those that can run, the one that is furthest behind in the
 * layout of the code runs: the layout (decode.c) puts what is before a join before the join, so the others wait there.
 * A convergent instruction (MEET) makes its fragment wait until all of its threads have arrived, or no other fragment
 * can run: then it is executed with those present, and reported. So that threads that wait for each other in loops
 * make progress, a fragment that jumps back very often yields to another.
 */
#include "simt/internal.h"

#include <string.h>

enum { PATIENCE = 4096 }; /* jumps back; simt_mem_atomic() wears it down, too */

static void drop_frag(Warp *w, int f) { w->frags[f] = w->frags[--w->nfrags]; }

/* Another fragment at the same place takes this one's threads over. */
static void merge(Warp *w) {
  Frag *f = &w->frags[w->at];
  for (int i = 0; i < w->nfrags; i++) {
    Frag *o = &w->frags[i];
    if (i == w->at || o->pc != f->pc || (o->state != FRAG_RUN && o->state != FRAG_MEET)) continue;
    f->mask |= o->mask;
    f->state = FRAG_RUN;
    bool last = w->at == w->nfrags - 1;
    drop_frag(w, i);
    if (last) w->at = i;
    merge(w);
    return;
  }
}

/* The next fragment to run; false: all of them wait. */
static bool choose(Warp *w) {
  int best = -1, rested = -1;
  for (int i = 0; i < w->nfrags; i++) {
    if (!simt_frag_ready(w, &w->frags[i])) continue;
    int *which = w->frags[i].rested ? &rested : &best;
    if (*which < 0 || w->frags[i].pc < w->frags[*which].pc) *which = i;
  }
  if (best < 0) {
    best = rested;
    for (int i = 0; i < w->nfrags; i++) w->frags[i].rested = false;
  }
  if (best < 0) return false;
  w->at = best;
  return true;
}

/* No fragment of the warp can run, but some wait for threads that will not arrive. */
static bool force(Warp *w) {
  int best = -1;
  for (int i = 0; i < w->nfrags; i++) {
    const Frag *f = &w->frags[i];
    if (f->state == FRAG_BARRIER || f->state == FRAG_MBARRIER) return false;
    if (f->state == FRAG_MEET && (best < 0 || f->pc < w->frags[best].pc)) best = i;
  }
  if (best < 0) return false;
  w->frags[best].state = FRAG_RUN;
  w->frags[best].forced = true;
  w->at = best;
  return true;
}

bool simt_warp_force(Warp *w) {
  for (int i = 0; i < w->nfrags; i++)
    if (w->frags[i].state == FRAG_MEET) {
      w->frags[i].state = FRAG_RUN;
      return w->frags[i].forced = true;
    }
  return false;
}

/* Have all threads arrived that this instruction needs? */
static bool meets(Warp *w, const Code *c) {
  Frag *f = &w->frags[w->at];
  uint32_t wanted = w->live;
  if (c->meet == MEET_MASK) wanted &= reg_at(w, c->a)[first_lane(f->mask)];
  if ((f->mask & wanted) == wanted) return true;
  if (f->forced) {
    f->forced = false;
    simt_issue(w, SIMT_DIVERGENT, c, first_lane(f->mask), 0, 0, NULL);
    return true;
  }
  f->state = FRAG_MEET;
  return false;
}

/* ---- control flow ------------------------------------------------------------------------------------------------ */

static void leave(Warp *w) {
  Frag *f = &w->frags[w->at];
  w->live &= ~f->mask;
  drop_frag(w, w->at);
  if (!w->live) w->b->live_warps--;
  w->b->events++;
  simt_barriers_recheck(w->b);
}

static void jump(Warp *w, const Code *c) {
  Frag *f = &w->frags[w->at];
  bool back = c->target < f->pc;
  f->pc = c->target;
  if (w->nfrags == 1) return;
  merge(w);
  if (!back || ++w->backward < PATIENCE) return;
  w->frags[w->at].rested = true;
  w->backward = 0;
}

/* The threads whose condition is false become a fragment of their own. */
static void branch(Warp *w, const Code *c) {
  Frag *f = &w->frags[w->at];
  uint32_t yes = f->mask & *reg_at(w, c->a), no = f->mask & ~yes;
  if (no) {
    if (yes) {
      w->b->m->counts[c - w->b->m->code].splits++;
      w->frags[w->nfrags++] = (Frag){.pc = c->target, .mask = no};
      f->mask = yes;
    } else {
      f->pc = c->target;
      return;
    }
  }
  f->pc++;
}

/* Does the fragment's time slice end with this instruction? */
static bool control(Warp *w, const Code *c) {
  switch (c->op) {
  case S_JUMP: jump(w, c); return w->nfrags > 1;
  case S_BRANCH: branch(w, c); return false;
  case S_UNREACHABLE:
    simt_issue(w, SIMT_TRAP, c, first_lane(w->frags[w->at].mask), 0, 0, "unreachable code");
    leave(w);
    return true;
  default: leave(w); return true;
  }
}

/* ---- instructions ------------------------------------------------------------------------------------------------ */

static void blend(uint32_t *to, const uint32_t *from, uint32_t mask, RegKind kind) {
  if (kind == REG_PRED) *to = (*to & ~mask) | (*from & mask);
  if (kind == REG_32) EACH_LANE(l, mask) to[l] = from[l];
  if (kind == REG_64) EACH_LANE(k, mask) memcpy(to + 2 * k, from + 2 * k, 8);
}

static void execute(Warp *w, const Code *c, uint32_t mask, bool whole) {
  _Alignas(64) uint32_t aside[64];
  bool direct = whole || c->dkind == REG_NONE || c->dkind == REG_MANY;
  uint32_t *to = c->dkind == REG_NONE || c->dkind == REG_MANY ? aside : reg_at(w, c->dst);
  uint32_t taking = c->pred == NO_REG ? mask : mask & *reg_at(w, c->pred);
  Handler *h = c->op > S_BEFORE ? simt_arithmetic[c->op - S_BEFORE] : simt_intrinsics[c->op - LL_FIRST_INTRINSIC];
  if (!taking && !c->has_other) return;
  h(w, c, direct ? to : aside, taking);
  if (!direct) blend(to, aside, mask, (RegKind)c->dkind);
}

static void count(Warp *w, const Code *c, uint32_t mask) {
  SimtCount *n = &w->b->m->counts[c - w->b->m->code];
  w->instructions++;
  n->instructions++;
  n->divergent += mask != w->live;
}

static bool is_control(const Code *c) { return c->op >= S_JUMP; }

/* One fragment until it has to stop. */
static bool run_frag(Warp *w, uint32_t *turn) {
  const Code *code = w->b->m->code;
  bool did = false;
  while (*turn) {
    Frag *f = &w->frags[w->at];
    const Code *c = &code[f->pc];
    if (is_control(c)) {
      count(w, c, f->mask);
      --*turn;
      if (control(w, c)) return true;
      did = true;
      continue;
    }
    if (c->meet != MEET_NONE) {
      if (w->nfrags > 1) merge(w), f = &w->frags[w->at];
      if (!meets(w, c)) return did;
    }
    count(w, c, f->mask);
    if (f->mask != w->live) w->b->m->report->divergent++;
    --*turn;
    f->pc++;
    execute(w, c, f->mask, f->mask == w->live);
    did = true;
    f->forced = false;
    if (f->state != FRAG_RUN || w->yield || w->b->m->stop) return true;
  }
  return did;
}

bool simt_warp_run(Warp *w, uint32_t turn) {
  uint64_t before = w->instructions;
  w->yield = false;
  while (turn && w->live && !w->b->m->stop && !w->yield) {
    if (!choose(w) && !force(w)) break;
    run_frag(w, &turn);
  }
  w->b->m->report->instructions += w->instructions - before;
  return w->instructions != before;
}
