/* trace.c: what the environment asks to see of every pass: its time, the function after it, whether that is valid. */
#include "opt/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
  ctx_check_interrupt(cx);
  if (wanted("TRITONC_TIME")) fprintf(stderr, "%-16s %8.1f us\n", name, (double)(opt_clock() - started) / 1000);
  if (listed(getenv("TRITONC_DUMP"), name)) {
    Buf text = {.cx = cx};
    ir_print(&text, m, (PrintOptions){0});
    fprintf(stderr, "// ---- after %s\n%s", name, buf_text(&text));
  }
  if (wanted("TRITONC_VERIFY")) ir_check(cx, m, ctx_printf(cx, "after the pass '%s'", name));
}
