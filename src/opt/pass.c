/* pass.c: running passes, what they are called, and the standard list. */
#include "opt/internal.h"

#include <stdlib.h>
#include <string.h>

#define PASS(id, name, what) const Pass opt_pass_##id = {name, what, opt_##id};
#include "opt/passes.def"
#undef PASS

static const Pass *const all_passes[] = {
#define PASS(id, name, what) &opt_pass_##id,
#include "opt/passes.def"
#undef PASS
};

/* The standard list, in order. Folding is repeated after unrolling (constant induction variables), and at the end
 * for what CSE and LICM have exposed. */
static const Pass *const ttir_passes[] = {
    &opt_pass_structurize, &opt_pass_later_ops, &opt_pass_libdevice, &opt_pass_inline, &opt_pass_block_pointers,
    &opt_pass_fold,        &opt_pass_peel,      &opt_pass_unroll,    &opt_pass_cse,    &opt_pass_licm,
    &opt_pass_dce,         &opt_pass_fold,      &opt_pass_cse,
};

const PassOrder opt_pass_orders[] = {
    {&opt_pass_structurize, &opt_pass_inline, "a callee is inlined into structured control flow only"},
    {&opt_pass_libdevice, &opt_pass_inline, "the library's functions are called first"},
    {&opt_pass_structurize, &opt_pass_block_pointers, "a definition must come before its uses in program order"},
    {&opt_pass_inline, &opt_pass_fold, "what is constant shows when arguments meet parameters"},
    {&opt_pass_fold, &opt_pass_peel, "bounds and conditions are constants by then"},
    {&opt_pass_fold, &opt_pass_unroll, "an unroll factor asks for bounds that are constants"},
    {&opt_pass_cse, &opt_pass_licm, "equal invariants leave a loop once"},
    {&opt_pass_licm, &opt_pass_dce, "a loop that hoisting has emptied is dead"},
    {&opt_pass_fold, &opt_pass_version_loops, "its condition counts what folding would remove"},
    {&opt_pass_version_loops, &opt_pass_split_pointers, "a version without loops carries no pointers"},
};
const size_t opt_npass_orders = COUNT(opt_pass_orders);

/* n: it is not in the list. */
static size_t place(const Pass *const *list, size_t n, const Pass *pass) {
  size_t i = 0;
  while (i < n && list[i] != pass) i++;
  return i;
}

const PassOrder *opt_broken_order(const Pass *const *list, size_t n, const PassOrder *orders, size_t norders) {
  for (size_t i = 0; i < norders; i++) {
    size_t first = place(list, n, orders[i].first), then = place(list, n, orders[i].then);
    if (first < n && then < first) return &orders[i];
  }
  return NULL;
}

const Pass *const *opt_passes(size_t *n) {
  *n = COUNT(all_passes);
  return all_passes;
}

const Pass *opt_pass_named(const char *name) {
  for (size_t i = 0; i < COUNT(all_passes); i++)
    if (!strcmp(all_passes[i]->name, name)) return all_passes[i];
  return NULL;
}

void opt_check_dump(Ctx *cx, const Pass *const *more) {
  const char *list = getenv("TRITONC_DUMP");
  if (!list || !*list) return;
  Vec(const char *) names = {0};
  vec_push(cx, &names, "all");
  for (size_t i = 0; i < COUNT(all_passes); i++) vec_push(cx, &names, all_passes[i]->name);
  for (; more && *more; more++) vec_push(cx, &names, (*more)->name);
  for (size_t n; *list; list += n + (list[n] == ',')) {
    n = strcspn(list, ",");
    const char *name = ctx_strndup(cx, list, n);
    bool known = n == 0;
    for (uint32_t i = 0; i < names.len && !known; i++) known = !strcmp(names.at[i], name);
    if (known) continue;
    ctx_fail(cx, ERR_SOURCE, "TRITONC_DUMP: there is no pass `%s`%s", name,
             did_you_mean(cx, name, names.at, names.len));
  }
}

bool opt_run(Ctx *cx, Module *m, const Pass *const *list, size_t n) {
  bool changed = false;
  for (size_t i = 0; i < n; i++) {
    int64_t started = time_now();
    TimeSpan *span = time_begin(cx, list[i]->name);
    changed |= list[i]->run(cx, m);
    time_end(cx, span);
    opt_ran(cx, m, list[i]->name, started);
  }
  return changed;
}

const Pass *const *opt_ttir_passes(size_t *n) {
  *n = COUNT(ttir_passes);
  return ttir_passes;
}

void opt_ttir(Ctx *cx, Module *m) { opt_run(cx, m, ttir_passes, COUNT(ttir_passes)); }
