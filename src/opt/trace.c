/* trace.c: what the environment asks to see of every pass: the function after it, whether that is valid. */
#include "opt/internal.h"

#include "ir/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
  watch_pass(cx, m, name, time_now() - started);
  if (listed(getenv("TRITONC_DUMP"), name)) {
    Buf text = {.cx = cx};
    ir_print(&text, m, (PrintOptions){0});
    fprintf(stderr, "// ---- after %s\n%s", name, buf_text(&text));
  }
  if (wanted("TRITONC_VERIFY")) ir_check(cx, m, ctx_printf(cx, "after the pass '%s'", name));
}
