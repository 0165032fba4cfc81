/* places.c: which lines of the source the lines of a stage come from.
 *
 * Printed IR says of each op where it begins in the text (PrintedLocs). Low-level IR, PTX and assembly say it in the
 * text: `!dbg !7` refers to `!7 = !DILocation(line: 3, column: 4, scope: !1, inlinedAt: !5)` and so to a file, and
 * `.loc 1 3 4` holds for all lines up to the next. These are read, and left out of what is shown.
 *
 * A place has the place that its function was called from: a line of a stage belongs to all lines of that chain.
 */
#include "explore/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- places ------------------------------------------------------------------------------------------------------ */

int explore_number_of_file(Facts *f, const char *file) {
  const char *key = intern(f->cx, file);
  uintptr_t n = (uintptr_t)map_get(&f->file_of, key);
  if (n) return (int)n - 1;
  vec_push(f->cx, &f->files, key);
  map_put(f->cx, &f->file_of, key, (void *)(uintptr_t)f->files.len);
  return (int)f->files.len - 1;
}

int explore_number_of_place(Facts *f, SourcePlace p) {
  const char *key = intern(f->cx, ctx_printf(f->cx, "%d:%d:%d:%d", p.file, p.line, p.col, p.caller));
  uintptr_t n = (uintptr_t)map_get(&f->place_of, key);
  if (n) return (int)n - 1;
  vec_push(f->cx, &f->places, p);
  map_put(f->cx, &f->place_of, key, (void *)(uintptr_t)f->places.len);
  return (int)f->places.len - 1;
}

/* The source of a location is kept: the text of a function, or of a file. */
static void keep_source(Facts *f, const Loc *loc, int file) {
  const Source *s = loc->span.source;
  if (!s || map_has(&f->piece_of, s->text)) return;
  Piece p = {file, s->first_line, s->text, s->len};
  vec_push(f->cx, &f->pieces, p);
  map_put(f->cx, &f->piece_of, s->text, f);
}

int explore_place_of(Facts *f, const Loc *loc) {
  if (!loc) return -1;
  uintptr_t known = (uintptr_t)map_get(&f->loc_of, loc);
  if (known) return (int)known - 1;
  Vec(const Loc *) inner = {0}; /* what is called from the current place */
  const Loc *at = loc;
  int place = -1;
  while (at) {
    if (at->kind == LOC_CALL) {
      vec_push(f->cx, &inner, at->child);
      at = at->caller;
      continue;
    }
    if (at->kind != LOC_FILE && at->child) {
      at = at->child;
      continue;
    }
    if (at->kind == LOC_FILE) {
      int file = explore_number_of_file(f, at->file);
      keep_source(f, at, file);
      place = explore_number_of_place(f, (SourcePlace){file, at->line, at->col, place});
    }
    at = inner.len ? inner.at[--inner.len] : NULL;
  }
  map_put(f->cx, &f->loc_of, loc, (void *)(uintptr_t)(place + 1));
  return place;
}

int explore_place_of_ll(Facts *f, const LLLoc *loc) {
  Vec(const LLLoc *) chain = {0};
  for (; loc; loc = loc->inlined_at) vec_push(f->cx, &chain, loc);
  int place = -1;
  while (chain.len) {
    const LLLoc *l = chain.at[--chain.len];
    if (l->file)
      place = explore_number_of_place(f, (SourcePlace){explore_number_of_file(f, l->file), l->line, l->col, place});
  }
  return place;
}

/* ---- what a text says of itself ---------------------------------------------------------------------------------- */

/* Of LLVM's metadata: the files, the scopes with their file, the locations. Numbers may be used before they are
 * defined. */
typedef struct Metadata {
  Map lines; /* number plus one to the line that defines it */
} Metadata;

/* Of PTX and assembly: files by number, the .loc that holds. */
typedef struct Debug {
  Facts *f;
  Metadata metadata;
  Map files; /* number plus one to name */
  int place;
} Debug;

static const char *line_end(const char *s, const char *end) {
  const char *n = memchr(s, '\n', (size_t)(end - s));
  return n ? n : end;
}

/* The number after `key` in a line of text, or `otherwise`. Lines end with a newline or a NUL. */
static int number_after(const char *line, const char *key, int otherwise) {
  const char *end = line + strcspn(line, "\n"), *at = strstr(line, key);
  return at && at < end ? (int)strtol(at + strlen(key), NULL, 10) : otherwise;
}

static const char *quoted_after(Ctx *cx, const char *line, const char *key) {
  const char *end = line + strcspn(line, "\n"), *at = strstr(line, key);
  if (!at || at >= end) return NULL;
  at += strlen(key);
  return ctx_strndup(cx, at, strcspn(at, "\"\n"));
}

static const char *definition(const Debug *d, int n) {
  return n < 0 ? NULL : map_get(&d->metadata.lines, (const void *)(uintptr_t)(n + 1));
}

static int place_of_metadata(Debug *d, int n) {
  Facts *f = d->f;
  enum { DEEPEST = 1000 }; /* calls in calls; an edited text may have a circle */
  Vec(int) chain = {0};
  while (n >= 0 && chain.len < DEEPEST) {
    const char *line = definition(d, n);
    if (!line) break;
    vec_push(f->cx, &chain, n);
    n = number_after(line, "inlinedAt: !", -1);
  }
  int place = -1;
  while (chain.len) {
    const char *line = definition(d, chain.at[--chain.len]);
    const char *scope = definition(d, number_after(line, "scope: !", -1));
    const char *file = scope ? definition(d, number_after(scope, "file: !", -1)) : NULL;
    const char *name = file ? quoted_after(f->cx, file, "filename: \"") : NULL;
    const char *folder = file ? quoted_after(f->cx, file, "directory: \"") : NULL;
    int at = number_after(line, "line: ", 0);
    if (!name || !at) continue;
    if (folder && *folder && strcmp(folder, ".") != 0 && *name != '/') name = ctx_printf(f->cx, "%s/%s", folder, name);
    place = explore_number_of_place(
        f, (SourcePlace){explore_number_of_file(f, name), at, number_after(line, "column: ", 0), place});
  }
  return place;
}

static void read_definitions(Debug *d, const char *text, const char *end) {
  for (const char *s = text; s < end; s = line_end(s, end) + 1) {
    char *after;
    if (*s == '!') {
      long n = strtol(s + 1, &after, 10);
      if (after > s + 1) map_put(d->f->cx, &d->metadata.lines, (const void *)(uintptr_t)(n + 1), (void *)(uintptr_t)s);
    }
    const char *word = s + strspn(s, "\t ");
    if (strncmp(word, ".file", 5) == 0) {
      long n = strtol(word + 5, &after, 10);
      const char *name = quoted_after(d->f->cx, after, "\"");
      if (name) map_put(d->f->cx, &d->files, (const void *)(uintptr_t)(n + 1), (void *)(uintptr_t)name);
    }
  }
}

/* `.loc 1 3 4`, or with `, inlined_at 1 9 2`: of a place whose own .loc came before, as the caller's do. */
static void read_loc(Debug *d, const char *word) {
  Facts *f = d->f;
  char *at;
  long file = strtol(word + 4, &at, 10), line = strtol(at, &at, 10), col = strtol(at, &at, 10);
  const char *name = map_get(&d->files, (const void *)(uintptr_t)(file + 1));
  const char *end = word + strcspn(word, "\n"), *inlined = strstr(word, "inlined_at");
  d->place = explore_number_of_place(f, (SourcePlace){explore_number_of_file(f, name ? name : "?"), (int)line, (int)col,
                                                      inlined && inlined < end ? d->place : -1});
}

void explore_put_placed(Facts *f, const char *text, size_t len, const Numbers *at) {
  explore_put_name(f, "text");
  buf_json(f->out, text, len);
  explore_put_open(f, "at", '[');
  for (uint32_t i = 0; i < at->len; i++) buf_printf(f->out, "%s%d", i ? "," : "", at->at[i]);
  explore_put_close(f, ']');
}

/* Is the line nothing but debugging information? */
static bool is_debug(Debug *d, const char *s) {
  const char *word = s + strspn(s, "\t ");
  if (strncmp(word, ".loc ", 5) == 0) {
    read_loc(d, word);
    return true;
  }
  return strncmp(word, ".file ", 6) == 0 || (*s == '!' && s[1] >= '0' && s[1] <= '9') || strncmp(s, "!llvm.", 6) == 0 ||
         strncmp(s, "!nvvm.", 6) == 0;
}

static void lines_of_text(Facts *f, const char *text, size_t len, Buf *shown, Numbers *at) {
  Debug d = {.f = f, .place = -1};
  const char *end = text + len, *debug = strstr(text, "\t.section");
  read_definitions(&d, text, end);
  if (debug && strstr(debug, ".debug_")) end = debug; /* PTX: what is left describes functions to debuggers */
  for (const char *s = text; s < end;) {
    const char *stop = line_end(s, end);
    if (!is_debug(&d, s)) {
      size_t n = (size_t)(stop - s);
      int dbg = number_after(s, " !dbg !", -1);
      const char *from = dbg >= 0 ? strstr(s, " !dbg !") : stop, *to = from;
      if (dbg >= 0) to += strlen(" !dbg !") + strspn(from + strlen(" !dbg !"), "0123456789");
      bool code = n && (*s == '\t' || *s == ' ') && s[strspn(s, "\t ")] != '.';
      buf_write(shown, s, (size_t)(from - s) - (dbg >= 0 && from > s && from[-1] == ','));
      buf_write(shown, to, (size_t)(stop - to));
      buf_putc(shown, '\n');
      vec_push(f->cx, at, dbg >= 0 ? place_of_metadata(&d, dbg) : code ? d.place : -1);
    }
    s = stop + 1;
  }
}

static void lines_of_ir(Facts *f, const char *text, size_t len, const PrintedLocs *locs, Numbers *at) {
  const char *end = text + len;
  uint32_t next = 0;
  for (const char *s = text; s < end;) {
    const char *stop = line_end(s, end);
    int place = -1;
    for (; next < locs->len && text + locs->at[next].at <= stop; next++)
      if (place < 0) place = explore_place_of(f, locs->at[next].loc);
    vec_push(f->cx, at, place);
    s = stop + 1;
  }
}

void explore_put_lines(Facts *f, const char *text, size_t len, const PrintedLocs *locs) {
  Numbers at = {0};
  Buf shown = {.cx = f->cx};
  if (locs)
    lines_of_ir(f, text, len, locs, &at);
  else
    lines_of_text(f, text, len, &shown, &at);
  explore_put_placed(f, locs ? text : buf_text(&shown), locs ? len : shown.len, &at);
}

/* ---- the tables -------------------------------------------------------------------------------------------------- */

/* A file that a place is in, and of which no location had the text, is read if it can be. */
static void read_source(Facts *f, int file) {
  for (uint32_t i = 0; i < f->pieces.len; i++)
    if (f->pieces.at[i].file == file) return;
  FILE *in = fopen(f->files.at[file], "rb");
  if (!in) return;
  fclose(in);
  Piece p = {.file = file, .first_line = 1};
  p.text = file_read(f->cx, f->files.at[file], &p.len);
  vec_push(f->cx, &f->pieces, p);
}

static int by_line(const void *a, const void *b) {
  const Piece *x = a, *y = b;
  return x->file != y->file ? (x->file > y->file) - (x->file < y->file)
                            : (x->first_line > y->first_line) - (x->first_line < y->first_line);
}

void explore_put_places(Facts *f) {
  for (uint32_t i = 0; i < f->files.len; i++) read_source(f, (int)i);
  if (f->pieces.len) qsort(f->pieces.at, f->pieces.len, sizeof *f->pieces.at, by_line);
  explore_put_open(f, "files", '[');
  for (uint32_t i = 0; i < f->files.len; i++) {
    explore_put_open(f, NULL, '{');
    explore_put_text(f, "name", f->files.at[i]);
    explore_put_open(f, "pieces", '[');
    for (uint32_t k = 0; k < f->pieces.len; k++) {
      const Piece *p = &f->pieces.at[k];
      if (p->file != (int)i) continue;
      explore_put_open(f, NULL, '{');
      explore_put_int(f, "first_line", p->first_line);
      explore_put_name(f, "text");
      buf_json(f->out, p->text, p->len);
      explore_put_close(f, '}');
    }
    explore_put_close(f, ']');
    explore_put_close(f, '}');
  }
  explore_put_close(f, ']');
  explore_put_open(f, "places", '[');
  for (uint32_t i = 0; i < f->places.len; i++) {
    const SourcePlace *p = &f->places.at[i];
    buf_printf(f->out, "%s[%d,%d,%d,%d]", i ? "," : "", p->file, p->line, p->col, p->caller);
  }
  explore_put_close(f, ']');
}
