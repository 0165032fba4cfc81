/* fail.c: errors at an op, shown where the user wrote it; what the verifier finds.
 *
 * A location is a chain: names and fusions around a place in a file, call sites around both. The innermost place
 * whose source text is available is shown: of a kernel from Python the line of Python, of IR that was read the line of that IR, and
 * then a note says which place its loc(..) names. Every call site adds the note "called from here".
 */
#include "ir/internal.h"

typedef struct Where {
  Span span;
  const Loc *file; /* LOC_FILE, or NULL */
} Where;

static Where where_is(const Loc *loc) {
  Where w = {{0}, NULL};
  for (; loc && loc->kind != LOC_UNKNOWN; loc = loc->child) {
    if (loc->span.source && (loc->kind == LOC_FILE || !w.span.source)) w.span = loc->span;
    if (loc->kind == LOC_FILE) w.file = loc;
  }
  return w;
}

static bool is_elsewhere(const Where *w) { return w->file && !w->file->span.source; }

static Diag **add_note(Ctx *cx, Diag **tail, Span span, const char *text) {
  Diag *note = NEW(cx, Diag);
  *note = (Diag){.severity = SEV_NOTE, .span = span, .message = text};
  *tail = note;
  return &note->next;
}

static const char *file_text(Ctx *cx, const Loc *file) {
  return ctx_printf(cx, "%s:%d:%d", file->file, file->line, file->col + 1);
}

/* The call sites of a location, innermost first. */
static Diag **add_callers(Ctx *cx, Diag **tail, const Loc *loc) {
  if (!loc || loc->kind == LOC_UNKNOWN) return tail;
  tail = add_callers(cx, tail, loc->child);
  if (loc->kind != LOC_CALL) return tail;
  Where w = where_is(loc->caller);
  if (w.span.source || w.file)
    tail = add_note(cx, tail, w.span,
                    is_elsewhere(&w) ? ctx_printf(cx, "called from %s", file_text(cx, w.file)) : "called from here");
  return add_callers(cx, tail, loc->caller);
}

void ir_vfail(Ctx *cx, const Op *op, const char *hint, const char *fmt, va_list args) {
  Where w = where_is(op->loc);
  Diag *notes = NULL, **tail = &notes;
  const char *before = "";
  if (!w.span.source && w.file)
    before = ctx_printf(cx, "%s: ", file_text(cx, w.file));
  else if (is_elsewhere(&w))
    tail = add_note(cx, tail, (Span){0}, ctx_printf(cx, "this was %s", file_text(cx, w.file)));
  add_callers(cx, tail, op->loc);
  char *text = ctx_vprintf(cx, fmt, args);
  diag_fail_noted(cx, w.span, hint, notes, "%s%s", before, text);
}

void ir_fail(Ctx *cx, const Op *op, const char *hint, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  ir_vfail(cx, op, hint, fmt, args);
}

bool ir_wrong(Verifier *v, const Op *op, const char *fmt, ...) {
  if (v->wrong) return false;
  va_list args;
  va_start(args, fmt);
  const char *text = ctx_vprintf(v->cx, fmt, args);
  va_end(args);
  v->where = op;
  v->wrong = ctx_printf(v->cx, "'%s': %s", ir_info(op)->name, text);
  return false;
}
