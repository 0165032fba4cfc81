/* facts.c: the JSON of facts; docs/facts.md describes it. */
#include "explore/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the compile ------------------------------------------------------------------------------------------------- */

static int capability(const Compiled *c) {
  const char *colon = strchr(c->info.target, ':');
  return c->target.backend && c->target.backend->takes_capability && colon ? atoi(colon + 1) : 0;
}

static void put_kernel(Facts *f) {
  const Compiled *c = f->compiled;
  const KernelInfo *k = &c->info;
  explore_put_text(f, "kernel", k->name);
  explore_put_text(f, "target", k->target);
  explore_put_name(f, "metadata");
  buf_puts(f->out, run_metadata(f->cx, c));
  int sm = capability(c);
  explore_put_open(f, "resources", '{');
  explore_put_int(f, "warps", sm ? k->num_warps : 0);
  explore_put_int(f, sm ? "shared_bytes" : "scratch_bytes", k->shared);
  if (k->n_regs) {
    explore_put_int(f, "registers", k->n_regs);
    explore_put_int(f, "spilled_words", k->n_spills);
  }
  if (sm) explore_put_occupancy(f, sm);
  explore_put_close(f, '}');
}

static const char *what_pass(Facts *f, const char *name) {
  size_t n;
  const Pass *const *all = opt_passes(&n);
  for (size_t i = 0; i < n; i++)
    if (!strcmp(all[i]->name, name)) return all[i]->what;
  const Target *t = f->compiled->target.backend;
  for (const Pass *const *p = t ? t->passes : NULL; p && *p; p++)
    if (!strcmp((*p)->name, name)) return (*p)->what;
  return NULL;
}

static void put_passes(Facts *f) {
  const char *before = NULL;
  bool gpu = false;
  explore_put_open(f, "passes", '[');
  for (uint32_t i = 0; i < f->watch->passes.len; i++) {
    const WatchedPass *p = f->watch->passes.at[i];
    bool changed = p->text != before;
    explore_put_open(f, NULL, '{');
    explore_put_text(f, "name", p->name);
    explore_put_text(f, "what", what_pass(f, p->name));
    explore_put_double(f, "us", round((double)p->ns / 100) / 10);
    gpu |= strstr(p->text, "ttg.num-warps") != NULL;
    explore_put_text(f, "stage", gpu ? "ttgir" : "ttir");
    explore_put_bool(f, "changed", changed);
    if (changed) explore_put_lines(f, p->text, p->len, &p->locs);
    explore_put_close(f, '}');
    before = p->text;
  }
  explore_put_close(f, ']');
}

/* Those of one kind, in the order in which they were made. */
static void put_remarks_of(Facts *f, const char *kind) {
  explore_put_open(f, kind, '[');
  for (uint32_t i = 0; i < f->watch->remarks.len; i++) {
    const Remark *r = f->watch->remarks.at[i];
    if (strcmp(r->kind, kind) != 0) continue;
    explore_put_open(f, NULL, '{');
    explore_put_int(f, "place", explore_place_of(f, r->loc));
    if (r->last) explore_put_int(f, "last", explore_place_of(f, r->last));
    if (r->fields.len) buf_printf(f->out, ", %s", r->fields.s);
    explore_put_close(f, '}');
  }
  explore_put_close(f, ']');
}

static void put_remarks(Facts *f) {
  Map done = {0};
  explore_put_open(f, "remarks", '{');
  for (uint32_t i = 0; i < f->watch->remarks.len; i++) {
    const char *kind = intern(f->cx, f->watch->remarks.at[i]->kind);
    if (map_has(&done, kind)) continue;
    map_put(f->cx, &done, kind, f);
    put_remarks_of(f, kind);
  }
  explore_put_close(f, '}');
}

static void put_ir(Facts *f, const Stage *s) {
  Module *m = ir_read(f->cx, source_new(f->cx, s->name, s->bytes, s->len, 1));
  Buf text = {.cx = f->cx};
  PrintedLocs locs = {0};
  ir_print(&text, m, (PrintOptions){.no_locations = true, .locs = &locs});
  explore_put_lines(f, buf_text(&text), text.len, &locs);
}

static void put_stages(Facts *f) {
  const Stages *all = &f->compiled->stages;
  const char *no_sass = NULL;
  explore_put_open(f, "stages", '[');
  for (uint32_t i = 0; i < all->len; i++) {
    const Stage *s = &all->at[i];
    if (!strcmp(s->name, "cubin")) no_sass = explore_put_sass(f, s);
    if (s->binary) continue;
    explore_put_open(f, NULL, '{');
    explore_put_text(f, "name", s->name);
    if (!strcmp(s->name, "ttir") || !strcmp(s->name, "ttgir"))
      put_ir(f, s);
    else
      explore_put_lines(f, s->bytes, s->len, NULL);
    explore_put_close(f, '}');
  }
  explore_put_close(f, ']');
  if (no_sass) explore_put_text(f, "no_sass", no_sass);
  for (uint32_t i = 0; i < all->len; i++)
    if (!strcmp(all->at[i].name, "ttgir")) explore_put_gpu(f, all->at[i].bytes, all->at[i].len);
}

/* ---- a run ------------------------------------------------------------------------------------------------------- */

static void put_access(Facts *f, const SimtAccess *a) {
  explore_put_open(f, NULL, '{');
  explore_put_int(f, "place", explore_place_of_ll(f, a->inst->loc));
  explore_put_text(f, "memory", a->space == 3 ? "shared" : "global");
  explore_put_bool(f, "write", a->is_write);
  explore_put_int(f, "requests", (int64_t)a->requests);
  explore_put_int(f, "bytes", (int64_t)a->bytes);
  explore_put_int(f, "sectors", (int64_t)a->sectors);
  explore_put_int(f, "ideal_sectors", (int64_t)a->ideal_sectors);
  explore_put_int(f, "passes", (int64_t)a->wavefronts);
  explore_put_int(f, "ideal_passes", (int64_t)a->ideal_wavefronts);
  explore_put_int(f, "worst_bank", a->worst);
  explore_put_close(f, '}');
}

/* One entry for all instructions of a place, a memory and a direction. */
static void put_accesses(Facts *f, const SimtReport *r) {
  Map at = {0};
  Vec(SimtAccess *) all = {0};
  for (uint32_t i = 0; i < r->naccesses; i++) {
    const SimtAccess *x = &r->accesses[i];
    const char *key =
        intern(f->cx, ctx_printf(f->cx, "%d %d %d", explore_place_of_ll(f, x->inst->loc), x->space, x->is_write));
    SimtAccess *sum = map_get(&at, key);
    if (!sum) {
      sum = ctx_copy(f->cx, x, sizeof *x);
      map_put(f->cx, &at, key, sum);
      vec_push(f->cx, &all, sum);
      continue;
    }
    sum->requests += x->requests, sum->bytes += x->bytes;
    sum->sectors += x->sectors, sum->ideal_sectors += x->ideal_sectors;
    sum->wavefronts += x->wavefronts, sum->ideal_wavefronts += x->ideal_wavefronts;
    if (x->worst > sum->worst) sum->worst = x->worst;
  }
  explore_put_open(f, "accesses", '[');
  for (uint32_t i = 0; i < all.len; i++) put_access(f, all.at[i]);
  explore_put_close(f, ']');
}

static void put_counts(Facts *f, const SimtReport *r) {
  SimtCount *sum = NEWN(f->cx, SimtCount, r->ncounts + 1);
  Map at = {0};
  for (uint32_t i = 0; i < r->ncounts; i++) {
    const SimtCount *x = &r->counts[i];
    int place = x->inst ? explore_place_of_ll(f, x->inst->loc) : -1;
    const void *key = (const void *)(uintptr_t)(place + 2);
    SimtCount *s = map_get(&at, key);
    if (!s) map_put(f->cx, &at, key, s = &sum[at.len]);
    s->instructions += x->instructions, s->divergent += x->divergent;
    s->splits += x->splits, s->barriers += x->barriers, s->waits += x->waits;
  }
  explore_put_open(f, "lines", '[');
  for (uint32_t i = 0; i < at.len; i++) {
    const SimtCount *s = at.entries[i].value;
    explore_put_open(f, NULL, '{');
    explore_put_int(f, "place", (int64_t)(uintptr_t)at.entries[i].key - 2);
    explore_put_int(f, "instructions", (int64_t)s->instructions);
    explore_put_int(f, "divergent", (int64_t)s->divergent);
    explore_put_int(f, "divergent_branches", (int64_t)s->splits);
    explore_put_int(f, "barriers", (int64_t)s->barriers);
    explore_put_int(f, "waits", (int64_t)s->waits);
    explore_put_close(f, '}');
  }
  explore_put_close(f, ']');
}

static void put_run(Facts *f, const ExploreRun *run) {
  const SimtReport *r = run->report;
  explore_put_open(f, "run", '{');
  buf_printf(f->out, "\"grid\": [%u, %u, %u]", run->grid[0], run->grid[1], run->grid[2]);
  explore_put_int(f, "instructions", (int64_t)r->instructions);
  explore_put_int(f, "divergent", (int64_t)r->divergent);
  explore_put_int(f, "barriers", (int64_t)r->barriers);
  explore_put_int(f, "mistakes", r->nissues);
  put_accesses(f, r);
  put_counts(f, r);
  explore_put_close(f, '}');
}

void explore_facts(Buf *out, const Compiled *c, const ExploreRun *run) {
  Facts f = {.cx = out->cx, .out = out, .compiled = c, .watch = watch_of(out->cx)};
  explore_put_open(&f, NULL, '{');
  explore_put_int(&f, "version", FACTS_VERSION);
  explore_put_text(&f, "tritonc", TTC_VERSION);
  put_kernel(&f);
  put_passes(&f);
  put_remarks(&f);
  put_stages(&f);
  if (run) put_run(&f, run);
  explore_put_places(&f);
  explore_put_close(&f, '}');
  buf_putc(out, '\n');
}
