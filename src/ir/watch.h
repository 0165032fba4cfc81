/* watch.h: what a compile tells of itself to whoever asks: the module after each pass, and remarks of passes and back
 * ends: what they decided of an op, and why.
 *
 * explore/ asks, and makes facts of it (docs/facts.md). Where nobody does, a remark costs a look at a pointer: the
 * functions on remarks take NULL, and do nothing then.
 *
 *   Remark *r = watch_remark(cx, op->loc, "dot");
 *   remark_text(r, "unit", "wgmma");
 */
#ifndef TRITONC_IR_WATCH_H
#define TRITONC_IR_WATCH_H

#include "ir/ir.h"

typedef struct Remark {
  const char *kind; /* "dot", "pipeline" … */
  const Loc *loc;   /* of the op; or NULL */
  Buf fields;       /* of JSON: `"unit": "wgmma", "warps": 4` */
  const Loc *last;  /* where what began at `loc` ends; or NULL */
} Remark;

/* A pass that ran. */
typedef struct WatchedPass {
  const char *name;
  int64_t ns;
  const char *text; /* the module after it, without locations; the same pointer as before where it is the same text */
  size_t len;
  PrintedLocs locs;
} WatchedPass;

typedef struct Watch {
  Ctx *cx;
  Vec(Remark *) remarks;
  Vec(WatchedPass *) passes;
} Watch;

/* From now on what this context compiles is watched. */
Watch *watch_begin(Ctx *cx);
Watch *watch_of(Ctx *cx); /* NULL: nobody watches */

/* A pass or any other step has run on `m`. */
void watch_pass(Ctx *cx, const Module *m, const char *name, int64_t ns);

/* A step is tried, and may be done again in another way: what it told is then taken back. */
typedef struct WatchMark {
  uint32_t remarks, passes;
} WatchMark;
WatchMark watch_mark(Ctx *cx);
void watch_rewind(Ctx *cx, WatchMark mark);

Remark *watch_remark(Ctx *cx, const Loc *loc, const char *kind); /* NULL: nobody watches */
void remark_text(Remark *r, const char *name, const char *text); /* text NULL: null */
void remark_int(Remark *r, const char *name, int64_t x);
void remark_bool(Remark *r, const char *name, bool x);
void remark_ints(Remark *r, const char *name, const int64_t *x, int n);

#endif
