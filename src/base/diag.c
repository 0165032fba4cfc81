/* diag.c: sources, spans and diagnostics. */
#include "base/internal.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- sources and spans ------------------------------------------------------------------------------------------- */

Source *source_new(Ctx *cx, const char *file, const char *text, size_t len, int first_line) {
  if (len >= UINT32_MAX) ctx_fail(cx, ERR_SYSTEM, "%s: a source of 4 GiB or more", file ? file : "<source>");
  Source *s = NEW(cx, Source);
  *s = (Source){.file = file, .text = text, .len = len, .first_line = first_line};
  uint32_t n = 1;
  for (const char *p = text, *end = text + len; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++) n++;
  uint32_t *lines = NEWN(cx, uint32_t, n), at = 1;
  for (const char *p = text, *end = text + len; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
    lines[at++] = (uint32_t)(p + 1 - text);
  s->lines = lines;
  s->nlines = n;
  return s;
}

size_t utf8_len(const char *s, size_t n) {
  const unsigned char *p = (const unsigned char *)s;
  if (n < 1) return 0;
  if (p[0] < 0x80) return 1;
  size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
  if (p[0] < 0xc2 || p[0] > 0xf4 || n < len) return 0;
  for (size_t i = 1; i < len; i++) {
    if ((p[i] & 0xc0) != 0x80) return 0;
  }
  if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)) return 0; /* overlong; surrogates */
  if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) return 0; /* overlong; too large */
  return len;
}

/* The line, counted from 0, that offset `at` is in, and where that line begins. */
static uint32_t line_of(const Source *s, uint32_t at, uint32_t *begin) {
  uint32_t line = 0;
  *begin = 0;
  if (s->lines) {
    uint32_t low = 0, high = s->nlines;
    while (high - low > 1) {
      uint32_t middle = low + (high - low) / 2;
      if (s->lines[middle] <= at)
        low = middle;
      else
        high = middle;
    }
    *begin = s->lines[low];
    return low;
  }
  for (uint32_t i = 0; i < at && i < s->len; i++) {
    if (s->text[i] == '\n') {
      line++;
      *begin = i + 1;
    }
  }
  return line;
}

void span_line_col(Span span, int *line, int *col) {
  *line = *col = 0;
  const Source *s = span.source;
  if (!s) return;
  uint32_t begin, at = span.begin < s->len ? span.begin : (uint32_t)s->len;
  *line = s->first_line + (int)line_of(s, at, &begin);
  *col = 1 + s->indent;
  while (begin < at) {
    size_t n = utf8_len(s->text + begin, s->len - begin);
    begin += n ? (uint32_t)n : 1;
    ++*col;
  }
}

Span span_join(Span a, Span b) {
  if (!a.source) return b;
  if (!b.source || a.source != b.source) return a;
  if (b.begin < a.begin) a.begin = b.begin;
  if (b.end > a.end) a.end = b.end;
  return a;
}

/* ---- making diagnostics ------------------------------------------------------------------------------------------ */

/* "called from" notes for the calls in progress, innermost first. A kernel's own frame has no caller to
 * name. */
static Diag *call_notes(Ctx *cx) {
  Diag *first = NULL, **tail = &first;
  for (const CallFrame *f = cx->calls; f; f = f->outer) {
    if (!f->call.source) continue;
    Diag *note = NEW(cx, Diag);
    const char *caller = f->outer ? f->outer->function : NULL;
    const char *text = caller ? ctx_printf(cx, "called from `%s` here", caller) : "called from here";
    *note = (Diag){.severity = SEV_NOTE, .span = f->call, .message = text};
    *tail = note;
    tail = &note->next;
  }
  return first;
}

static PRINTF_LIKE(5, 0) void diag_add(Ctx *cx, Severity severity, Span span, const char *hint, const char *fmt,
                                       va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, fmt, again);
  va_end(again);
  char *message = ctx_alloc(cx, (size_t)(n < 0 ? 0 : n) + 1);
  if (n > 0) vsnprintf(message, (size_t)n + 1, fmt, args);
  Diag *d = NEW(cx, Diag);
  *d = (Diag){.severity = severity, .span = span, .message = message, .calls = call_notes(cx)};
  if (hint) d->hint = ctx_strndup(cx, hint, strlen(hint));
  if (cx->last_diag)
    cx->last_diag->next = d;
  else
    cx->diags = d;
  cx->last_diag = d;
}

void diag_vfail(Ctx *cx, Span span, const char *hint, const char *fmt, va_list args) {
  diag_add(cx, SEV_ERROR, span, hint, fmt, args);
  ctx_throw(cx, ERR_SOURCE);
}

void diag_fail(Ctx *cx, Span span, const char *hint, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  diag_add(cx, SEV_ERROR, span, hint, fmt, args);
  va_end(args);
  ctx_throw(cx, ERR_SOURCE);
}

void diag_fail_noted(Ctx *cx, Span span, const char *hint, Diag *notes, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  diag_add(cx, SEV_ERROR, span, hint, fmt, args);
  va_end(args);
  cx->last_diag->calls = notes;
  ctx_throw(cx, ERR_SOURCE);
}

void diag_warn(Ctx *cx, Span span, const char *hint, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  Diag *before = cx->last_diag;
  diag_add(cx, SEV_WARNING, span, hint, fmt, args);
  va_end(args);
  const char *key =
      intern(cx, ctx_printf(cx, "%p %u %s", (const void *)span.source, span.begin, cx->last_diag->message));
  if (!map_has(&cx->warned, key)) {
    map_put(cx, &cx->warned, key, cx->last_diag);
    return;
  }
  cx->last_diag = before; /* said already: the body of a loop is evaluated more than once */
  if (before)
    before->next = NULL;
  else
    cx->diags = NULL;
}

void ctx_fail(Ctx *cx, Err err, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  diag_add(cx, SEV_ERROR, (Span){0}, NULL, fmt, args);
  va_end(args);
  ctx_throw(cx, err);
}

const Diag *ctx_diags(const Ctx *cx) { return cx->diags; }

void ctx_clear_diags(Ctx *cx) {
  cx->diags = cx->last_diag = NULL;
  cx->warned = (Map){0};
}

/* ---- showing them ------------------------------------------------------------------------------------------------ */

typedef enum Style { STYLE_BOLD, STYLE_NOTE, STYLE_ERROR, STYLE_WARNING, STYLE_CARET, STYLE_HINT } Style;
static const char *const STYLES[] = {"\033[1m", "\033[1;36m", "\033[1;31m", "\033[1;35m", "\033[1;32m", "\033[36m"};

static void style(Buf *out, bool colour, Style which) {
  if (colour) buf_puts(out, STYLES[which]);
}
static void plain(Buf *out, bool colour) {
  if (colour) buf_puts(out, "\033[0m");
}

/* One character of the source, safe for a terminal; returns its length in bytes. */
static size_t show_char(Buf *out, const char *s, size_t n) {
  size_t len = utf8_len(s, n);
  bool control = len == 1 && ((unsigned char)*s < 0x20 || *s == 0x7f) && *s != '\t';
  if (len == 0 || control) {
    buf_puts(out, "\xef\xbf\xbd"); /* U+FFFD */
    return 1;
  }
  buf_write(out, s, len);
  return len;
}

/* Of a longer line at most SHOWN characters are shown, SHOWN_BEFORE of them before the span. */
enum { SHOWN = 160, SHOWN_BEFORE = 60 };

static uint32_t next_char(const Source *s, uint32_t at, uint32_t end) {
  size_t n = utf8_len(s->text + at, end - at);
  return at + (n ? (uint32_t)n : 1);
}

static uint32_t count_chars(const Source *s, uint32_t at, uint32_t end) {
  uint32_t n = 0;
  for (; at < end; at = next_char(s, at, end)) n++;
  return n;
}

/* Cut [*begin, *end), a line with a span at `at`, down to what is shown. */
static void cut_line(const Source *s, uint32_t at, uint32_t *begin, uint32_t *end) {
  if (count_chars(s, *begin, *end) <= SHOWN) return;
  uint32_t before = count_chars(s, *begin, at < *end ? at : *end);
  for (; before > SHOWN_BEFORE; before--) *begin = next_char(s, *begin, *end);
  uint32_t stop = *begin;
  for (int n = 0; n < SHOWN && stop < *end; n++) stop = next_char(s, stop, *end);
  *end = stop;
}

/* The first source line of the span, and under it a caret and tildes. */
static void render_line(Buf *out, Span span, bool colour) {
  const Source *s = span.source;
  uint32_t len = (uint32_t)s->len, line_begin, at = span.begin < len ? span.begin : len;
  int line = s->first_line + (int)line_of(s, at, &line_begin);
  const char *newline = memchr(s->text + line_begin, '\n', len - line_begin);
  uint32_t line_end = newline ? (uint32_t)(newline - s->text) : len;
  if (line_end > line_begin && s->text[line_end - 1] == '\r') line_end--;
  uint32_t begin = line_begin, end = line_end;
  cut_line(s, at, &begin, &end);

  int indent = begin > line_begin ? 0 : s->indent;
  const char *cut = begin > line_begin ? "..." : "";
  buf_printf(out, "%5d | %*s%s", line, indent, "", cut);
  for (uint32_t i = begin; i < end;) i += (uint32_t)show_char(out, s->text + i, end - i);
  int gutter = snprintf(NULL, 0, "%d", line);
  buf_printf(out, "%s\n%*s | %*s", end < line_end ? "..." : "", gutter > 5 ? gutter : 5, "", indent + (int)strlen(cut),
             "");
  uint32_t i = begin;
  for (; i < at && i < end; i = next_char(s, i, end)) buf_putc(out, s->text[i] == '\t' ? '\t' : ' ');
  style(out, colour, STYLE_CARET);
  buf_putc(out, '^');
  if (i < end) i = next_char(s, i, end);
  for (; i < end && i < span.end; i = next_char(s, i, end)) buf_putc(out, s->text[i] == '\t' ? '\t' : '~');
  plain(out, colour);
  buf_putc(out, '\n');
}

static void render_one(Buf *out, const Diag *d, bool colour) {
  static const char *const names[] = {[SEV_ERROR] = "error", [SEV_WARNING] = "warning", [SEV_NOTE] = "note"};
  static const Style styles[] = {[SEV_ERROR] = STYLE_ERROR, [SEV_WARNING] = STYLE_WARNING, [SEV_NOTE] = STYLE_NOTE};
  if (d->span.source) {
    int line, col;
    span_line_col(d->span, &line, &col);
    style(out, colour, STYLE_BOLD);
    buf_printf(out, "%s:%d:%d: ", d->span.source->file ? d->span.source->file : "<source>", line, col);
    plain(out, colour);
  }
  style(out, colour, styles[d->severity]);
  buf_printf(out, "%s: ", names[d->severity]);
  plain(out, colour);
  style(out, colour, STYLE_BOLD);
  buf_puts(out, d->message);
  plain(out, colour);
  buf_putc(out, '\n');
  if (d->span.source) render_line(out, d->span, colour);
  if (d->hint) {
    style(out, colour, STYLE_HINT);
    buf_puts(out, "hint: ");
    plain(out, colour);
    buf_printf(out, "%s\n", d->hint);
  }
}

void diag_render(Buf *out, const Diag *d, bool colour) {
  render_one(out, d, colour);
  for (const Diag *note = d->calls; note; note = note->next) render_one(out, note, colour);
}

/* ---- the nearest name -------------------------------------------------------------------------------------------- */

enum { LONGEST_NAME = 64 };

static int replace_cost(char a, char b) {
  if (a == b) return 0;
  return tolower((unsigned char)a) == tolower((unsigned char)b) ? 1 : 2;
}

static int min_int(int a, int b) { return a < b ? a : b; }

/* Edit distance, doubled: an insertion, a removal, a replacement or a swap of neighbours costs 2, another case of the
 * same letter 1. */
static int distance(const char *a, size_t na, const char *b, size_t nb) {
  int rows[3][LONGEST_NAME + 1];
  int *before = rows[0], *above = rows[1], *row = rows[2];
  for (size_t j = 0; j <= nb; j++) above[j] = before[j] = (int)j * 2;
  for (size_t i = 1; i <= na; i++) {
    row[0] = (int)i * 2;
    for (size_t j = 1; j <= nb; j++) {
      int best = above[j - 1] + replace_cost(a[i - 1], b[j - 1]);
      best = min_int(best, min_int(above[j], row[j - 1]) + 2);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = min_int(best, before[j - 2] + 2);
      row[j] = best;
    }
    int *oldest = before;
    before = above;
    above = row;
    row = oldest;
  }
  return above[nb];
}

const char *nearest_name(const char *wrong, const char *const *names, size_t n) {
  size_t len = strlen(wrong);
  if (len == 0 || len > LONGEST_NAME) return NULL;
  int best = (int)((len + 1) / 3) * 2; /* a third of the letters may be wrong */
  if (best == 0) best = 1;
  const char *nearest = NULL;
  for (size_t i = 0; i < n; i++) {
    size_t ln = names[i] ? strlen(names[i]) : 0;
    if (ln == 0 || ln > LONGEST_NAME) continue;
    int d = distance(wrong, len, names[i], ln);
    if (d > best || (nearest && d == best)) continue;
    best = d;
    nearest = names[i];
  }
  return nearest;
}

const char *did_you_mean(Ctx *cx, const char *wrong, const char *const *names, size_t n) {
  const char *near = nearest_name(wrong, names, n);
  return near ? ctx_printf(cx, "; %s", hint_near(cx, "", near)) : "";
}

const char *hint_near(Ctx *cx, const char *prefix, const char *near) {
  return near ? ctx_printf(cx, "did you mean `%s%s`?", prefix, near) : NULL;
}
