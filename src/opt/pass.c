/* pass.c: running passes, what they are called, and the standard list. */
#include "opt/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const Pass passes[] = {
    {"structurize", opt_structurize},
    {"inline", opt_inline},
    {"fold", opt_fold},
    {"cse", opt_cse},
    {"licm", opt_licm},
    {"dce", opt_dce},
    {"unroll", opt_unroll},
    {"once", opt_once},
    {"split-pointers", opt_split_pointers},
    {"expand-math", opt_expand_all_math},
    {"dot-scaled", opt_dot_scaled},
};

/* What a kernel goes through, in this order. Folding comes again after unrolling (constant induction variables), and
 * once more at the end for what merging and moving have brought together. */
static const Pass ttir_passes[] = {
    {"structurize", opt_structurize},
    {"inline", opt_inline},
    {"fold", opt_fold},
    {"unroll", opt_unroll},
    {"cse", opt_cse},
    {"licm", opt_licm},
    {"dce", opt_dce},
    {"fold", opt_fold},
    {"cse", opt_cse},
};

const Pass *opt_pass_named(const char *name) {
  for (size_t i = 0; i < COUNT(passes); i++)
    if (!strcmp(passes[i].name, name)) return &passes[i];
  return NULL;
}

const char *const *opt_pass_names(size_t *n) {
  static const char *const names[] = {"structurize", "inline", "fold",           "cse",         "licm",      "dce",
                                      "unroll",      "once",   "split-pointers", "expand-math", "dot-scaled"};
  _Static_assert(COUNT(names) == COUNT(passes), "a name for every pass");
  *n = COUNT(names);
  return names;
}

int64_t opt_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Is `name` in the comma-separated list? `all` stands for every name. */
static bool listed(const char *list, const char *name) {
  size_t n = strlen(name);
  for (const char *p = list; p && *p;) {
    size_t len = strcspn(p, ",");
    if ((len == n && !strncmp(p, name, n)) || (len == 3 && !strncmp(p, "all", 3))) return true;
    p += len + (p[len] == ',');
  }
  return false;
}

static bool wanted(const char *variable) {
  const char *s = getenv(variable);
  return s && *s && strcmp(s, "0") != 0;
}

void opt_ran(Ctx *cx, const Module *m, const char *name, int64_t started) {
  if (wanted("TRITONC_TIME")) fprintf(stderr, "%-16s %8.1f us\n", name, (double)(opt_clock() - started) / 1000);
  if (listed(getenv("TRITONC_DUMP"), name)) {
    Buf text = {.cx = cx};
    ir_print(&text, m, (PrintOptions){0});
    fprintf(stderr, "// ---- after %s\n%s", name, buf_text(&text));
  }
  if (wanted("TRITONC_VERIFY")) ir_check(cx, m, ctx_printf(cx, "after the pass '%s'", name));
}

bool opt_run(Ctx *cx, Module *m, const Pass *list, size_t n) {
  bool changed = false;
  for (size_t i = 0; i < n; i++) {
    int64_t start = opt_clock();
    changed |= list[i].run(cx, m);
    opt_ran(cx, m, list[i].name, start);
  }
  return changed;
}

const Pass *opt_ttir_passes(size_t *n) {
  *n = COUNT(ttir_passes);
  return ttir_passes;
}

void opt_ttir(Ctx *cx, Module *m) { opt_run(cx, m, ttir_passes, COUNT(ttir_passes)); }
