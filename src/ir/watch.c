/* watch.c: collects what passes and back ends tell of a compile. */
#include "ir/watch.h"

#include <string.h>

Watch *watch_of(Ctx *cx) { return *ctx_slot(cx, CTX_SLOT_WATCH); }

Watch *watch_begin(Ctx *cx) {
  Watch *w = NEW(cx, Watch);
  w->cx = cx;
  *ctx_slot(cx, CTX_SLOT_WATCH) = w;
  return w;
}

void watch_pass(Ctx *cx, const Module *m, const char *name, int64_t ns) {
  Watch *w = watch_of(cx);
  if (!w) return;
  WatchedPass *p = NEW(cx, WatchedPass);
  const WatchedPass *before = w->passes.len ? w->passes.at[w->passes.len - 1] : NULL;
  Buf text = {.cx = cx};
  p->name = name;
  p->ns = ns;
  ir_print(&text, m, (PrintOptions){.no_locations = true, .locs = &p->locs});
  p->text = buf_text(&text);
  p->len = text.len;
  if (before && before->len == p->len && memcmp(before->text, p->text, p->len) == 0) p->text = before->text;
  vec_push(cx, &w->passes, p);
}

WatchMark watch_mark(Ctx *cx) {
  const Watch *w = watch_of(cx);
  return w ? (WatchMark){w->remarks.len, w->passes.len} : (WatchMark){0, 0};
}

void watch_rewind(Ctx *cx, WatchMark mark) {
  Watch *w = watch_of(cx);
  if (w) w->remarks.len = mark.remarks, w->passes.len = mark.passes;
}

/* ---- remarks ----------------------------------------------------------------------------------------------------- */

Remark *watch_remark(Ctx *cx, const Loc *loc, const char *kind) {
  Watch *w = watch_of(cx);
  if (!w) return NULL;
  Remark *r = NEW(cx, Remark);
  *r = (Remark){.kind = kind, .loc = ir_loc_printed(cx, loc), .fields = {.cx = cx}};
  vec_push(cx, &w->remarks, r);
  return r;
}

static void field(Remark *r, const char *name) {
  if (r->fields.len) buf_puts(&r->fields, ", ");
  buf_printf(&r->fields, "\"%s\": ", name);
}

void remark_text(Remark *r, const char *name, const char *text) {
  if (!r) return;
  field(r, name);
  if (text)
    buf_json(&r->fields, text, strlen(text));
  else
    buf_puts(&r->fields, "null");
}

void remark_int(Remark *r, const char *name, int64_t x) {
  if (!r) return;
  field(r, name);
  buf_printf(&r->fields, "%lld", (long long)x);
}

void remark_bool(Remark *r, const char *name, bool x) {
  if (!r) return;
  field(r, name);
  buf_puts(&r->fields, x ? "true" : "false");
}

void remark_ints(Remark *r, const char *name, const int64_t *x, int n) {
  if (!r) return;
  field(r, name);
  buf_putc(&r->fields, '[');
  for (int i = 0; i < n; i++) buf_printf(&r->fields, "%s%lld", i ? ", " : "", (long long)x[i]);
  buf_putc(&r->fields, ']');
}
