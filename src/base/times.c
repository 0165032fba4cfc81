/* times.c: where a compile's time goes: spans that lie in each other, printed as a tree with their shares of the whole
 * (TRITONC_TIME=1). Where nobody asks, a span costs one look at a pointer. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct TimeSpan {
  const char *name;
  int64_t begin, taken; /* nanoseconds */
  TimeSpan *parent, *first, *last, *next;
};

typedef struct Times {
  TimeSpan *now; /* the innermost span */
} Times;

int64_t time_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool times_wanted(void) {
  const char *s = getenv("TRITONC_TIME");
  return s && *s && strcmp(s, "0") != 0;
}

static TimeSpan *open_span(Ctx *cx, Times *times, const char *name) {
  TimeSpan *s = NEW(cx, TimeSpan), *parent = times->now;
  *s = (TimeSpan){.name = name, .parent = parent};
  if (parent) {
    if (parent->last)
      parent->last->next = s;
    else
      parent->first = s;
    parent->last = s;
  }
  times->now = s;
  s->begin = time_now();
  return s;
}

static Times *times_of(Ctx *cx) { return *ctx_slot(cx, CTX_SLOT_TIMES); }

TimeSpan *time_whole(Ctx *cx, const char *name) {
  if (!times_wanted()) return NULL;
  void **slot = ctx_slot(cx, CTX_SLOT_TIMES);
  if (!*slot) *slot = NEW(cx, Times);
  return open_span(cx, *slot, name);
}

TimeSpan *time_begin(Ctx *cx, const char *name) {
  Times *times = times_of(cx);
  return times && times->now ? open_span(cx, times, name) : NULL;
}

int64_t time_end(Ctx *cx, TimeSpan *s) {
  if (!s) return 0;
  int64_t now = time_now();
  Times *times = times_of(cx);
  /* those inside that an error has left open end here */
  for (; times->now && times->now != s; times->now = times->now->parent) times->now->taken = now - times->now->begin;
  times->now = s->parent;
  return s->taken = now - s->begin;
}

/* The span that follows `s` in the order in which a tree is read, within `root`; the depth changes with it. */
static const TimeSpan *next_in_tree(const TimeSpan *s, const TimeSpan *root, int *depth) {
  if (s->first) return ++*depth, s->first;
  for (; s != root; s = s->parent, --*depth)
    if (s->next) return s->next;
  return NULL;
}

const char *time_tree(Ctx *cx, const TimeSpan *root) {
  enum { NAMES = 40 };
  Buf b = {.cx = cx};
  int depth = 0;
  double whole = root->taken > 0 ? (double)root->taken : 1;
  for (const TimeSpan *s = root; s; s = next_in_tree(s, root, &depth)) {
    int used = 2 * depth + (int)strlen(s->name);
    buf_printf(&b, "%*s%s%*s %10.3f ms %5.1f%%\n", 2 * depth, "", s->name, used < NAMES ? NAMES - used : 0, "",
               (double)s->taken / 1e6, 100 * (double)s->taken / whole);
  }
  return buf_text(&b);
}
