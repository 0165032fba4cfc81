/* facts.c: the JSON of facts; docs/facts.md describes it. */
#include "explore/internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- the compile ------------------------------------------------------------------------------------------------- */

static int capability(const Compiled *c) {
  const char *colon = strchr(c->info.target, ':');
  bool gpu = !strncmp(c->info.target, "cuda:", 5) || !strncmp(c->info.target, "simt:", 5);
  return gpu && colon ? atoi(colon + 1) : 0;
}

static void put_kernel(Facts *f) {
  const Compiled *c = f->compiled;
  const KernelInfo *k = &c->info;
  put_text(f, "kernel", k->name);
  put_text(f, "target", k->target);
  put_name(f, "metadata");
  buf_puts(f->out, run_metadata(f->cx, c));
  int sm = capability(c);
  put_open(f, "resources", '{');
  put_int(f, "warps", sm ? k->num_warps : 0);
  put_int(f, sm ? "shared_bytes" : "scratch_bytes", k->shared);
  if (k->n_regs) {
    put_int(f, "registers", k->n_regs);
    put_int(f, "spilled_words", k->n_spills);
  }
  if (sm) put_occupancy(f, sm);
  put_close(f, '}');
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
  put_open(f, "passes", '[');
  for (uint32_t i = 0; i < f->watch->passes.len; i++) {
    const WatchedPass *p = f->watch->passes.at[i];
    bool changed = p->text != before;
    put_open(f, NULL, '{');
    put_text(f, "name", p->name);
    put_text(f, "what", what_pass(f, p->name));
    put_double(f, "us", (double)(p->ns / 100) / 10);
    gpu |= strstr(p->text, "ttg.num-warps") != NULL;
    put_text(f, "stage", gpu ? "ttgir" : "ttir");
    put_bool(f, "changed", changed);
    if (changed) put_lines(f, p->text, p->len, &p->locs);
    put_close(f, '}');
    before = p->text;
  }
  put_close(f, ']');
}

/* Those of one kind, in the order in which they were made. */
static void put_remarks_of(Facts *f, const char *kind) {
  put_open(f, kind, '[');
  for (uint32_t i = 0; i < f->watch->remarks.len; i++) {
    const Remark *r = f->watch->remarks.at[i];
    if (strcmp(r->kind, kind) != 0) continue;
    put_open(f, NULL, '{');
    put_int(f, "place", place_of(f, r->loc));
    if (r->last) put_int(f, "last", place_of(f, r->last));
    if (r->fields.len) buf_printf(f->out, ", %s", r->fields.s);
    put_close(f, '}');
  }
  put_close(f, ']');
}

static void put_remarks(Facts *f) {
  Map done = {0};
  put_open(f, "remarks", '{');
  for (uint32_t i = 0; i < f->watch->remarks.len; i++) {
    const char *kind = intern(f->cx, f->watch->remarks.at[i]->kind);
    if (map_has(&done, kind)) continue;
    map_put(f->cx, &done, kind, f);
    put_remarks_of(f, kind);
  }
  put_close(f, '}');
}

static void put_ir(Facts *f, const Stage *s) {
  Module *m = ir_read(f->cx, source_new(f->cx, s->name, s->bytes, s->len, 1));
  Buf text = {.cx = f->cx};
  PrintedLocs locs = {0};
  ir_print(&text, m, (PrintOptions){.no_locations = true, .locs = &locs});
  put_lines(f, buf_text(&text), text.len, &locs);
}

static void put_stages(Facts *f) {
  const Stages *all = &f->compiled->stages;
  put_open(f, "stages", '[');
  for (uint32_t i = 0; i < all->len; i++) {
    const Stage *s = &all->at[i];
    if (s->binary) continue;
    put_open(f, NULL, '{');
    put_text(f, "name", s->name);
    if (!strcmp(s->name, "ttir") || !strcmp(s->name, "ttgir"))
      put_ir(f, s);
    else
      put_lines(f, s->bytes, s->len, NULL);
    put_close(f, '}');
  }
  put_close(f, ']');
  for (uint32_t i = 0; i < all->len; i++)
    if (!strcmp(all->at[i].name, "ttgir")) put_gpu(f, all->at[i].bytes, all->at[i].len);
}

/* ---- a run ------------------------------------------------------------------------------------------------------- */

static void put_access(Facts *f, const SimtAccess *a) {
  put_open(f, NULL, '{');
  put_int(f, "place", place_of_ll(f, a->inst->loc));
  put_text(f, "memory", a->space == 3 ? "shared" : "global");
  put_bool(f, "write", a->is_write);
  put_int(f, "requests", (int64_t)a->requests);
  put_int(f, "bytes", (int64_t)a->bytes);
  put_int(f, "sectors", (int64_t)a->sectors);
  put_int(f, "ideal_sectors", (int64_t)a->ideal_sectors);
  put_int(f, "passes", (int64_t)a->wavefronts);
  put_int(f, "ideal_passes", (int64_t)a->ideal_wavefronts);
  put_int(f, "worst_bank", a->worst);
  put_close(f, '}');
}

/* One entry for all instructions of a place, a memory and a direction. */
static void put_accesses(Facts *f, const SimtReport *r) {
  Map at = {0};
  Vec(SimtAccess *) all = {0};
  for (uint32_t i = 0; i < r->naccesses; i++) {
    const SimtAccess *x = &r->accesses[i];
    const char *key = intern(f->cx, ctx_printf(f->cx, "%d %d %d", place_of_ll(f, x->inst->loc), x->space, x->is_write));
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
  put_open(f, "accesses", '[');
  for (uint32_t i = 0; i < all.len; i++) put_access(f, all.at[i]);
  put_close(f, ']');
}

static void put_counts(Facts *f, const SimtReport *r) {
  SimtCount *sum = NEWN(f->cx, SimtCount, r->ncounts + 1);
  Map at = {0};
  for (uint32_t i = 0; i < r->ncounts; i++) {
    const SimtCount *x = &r->counts[i];
    int place = x->inst ? place_of_ll(f, x->inst->loc) : -1;
    const void *key = (const void *)(uintptr_t)(place + 2);
    SimtCount *s = map_get(&at, key);
    if (!s) map_put(f->cx, &at, key, s = &sum[at.len]);
    s->instructions += x->instructions, s->divergent += x->divergent;
    s->splits += x->splits, s->barriers += x->barriers, s->waits += x->waits;
  }
  put_open(f, "lines", '[');
  for (uint32_t i = 0; i < at.len; i++) {
    const SimtCount *s = at.entries[i].value;
    put_open(f, NULL, '{');
    put_int(f, "place", (int64_t)(uintptr_t)at.entries[i].key - 2);
    put_int(f, "instructions", (int64_t)s->instructions);
    put_int(f, "divergent", (int64_t)s->divergent);
    put_int(f, "divergent_branches", (int64_t)s->splits);
    put_int(f, "barriers", (int64_t)s->barriers);
    put_int(f, "waits", (int64_t)s->waits);
    put_close(f, '}');
  }
  put_close(f, ']');
}

static void put_run(Facts *f, const ExploreRun *run) {
  const SimtReport *r = run->report;
  put_open(f, "run", '{');
  buf_printf(f->out, "\"grid\": [%u, %u, %u]", run->grid[0], run->grid[1], run->grid[2]);
  put_int(f, "instructions", (int64_t)r->instructions);
  put_int(f, "divergent", (int64_t)r->divergent);
  put_int(f, "barriers", (int64_t)r->barriers);
  put_int(f, "mistakes", r->nissues);
  put_accesses(f, r);
  put_counts(f, r);
  put_close(f, '}');
}

void explore_facts(Buf *out, const Compiled *c, const ExploreRun *run) {
  Facts f = {.cx = out->cx, .out = out, .compiled = c, .watch = watch_of(out->cx)};
  put_open(&f, NULL, '{');
  put_int(&f, "version", FACTS_VERSION);
  put_text(&f, "tritonc", TTC_VERSION);
  put_kernel(&f);
  put_passes(&f);
  put_remarks(&f);
  put_stages(&f);
  if (run) put_run(&f, run);
  put_places(&f);
  put_close(&f, '}');
  buf_putc(out, '\n');
}
