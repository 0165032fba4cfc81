/* print.c: the report as text: what is wrong first, then the accesses that cost more than they need, each with its line
 * of the kernel's source. The files are read again for every report; where one is gone, the place stands alone. */
#include "base/system.h"
#include "simt/internal.h"

#include <stdio.h>
#include <string.h>

typedef struct ReportPrinter {
  Buf *out;
  Map sources; /* interned file name -> Source */
} ReportPrinter;

/* ---- places ------------------------------------------------------------------------------------------------------ */

enum { LONGEST_FILE = 16 << 20 };
static const Source no_source;

static const Source *read_source(Ctx *cx, const char *file) {
  SysFile st;
  if (!sys_file(file, &st) || !st.regular || st.bytes > LONGEST_FILE) return &no_source;
  char *text = NEWN(cx, char, st.bytes + 1); /* before the file is open: running out of memory unwinds */
  FILE *f = fopen(file, "rb");
  if (!f) return &no_source;
  size_t n = fread(text, 1, (size_t)st.bytes, f);
  fclose(f);
  return source_new(cx, file, text, n, 1);
}

/* Byte offset of a line's column (lines count from 1, columns from 0 in code points); false when the source has no such
 * place. */
static bool offset_of(const Source *s, int line, int col, uint32_t *offset) {
  const char *at = s->text, *end = s->text + s->len;
  for (int i = 1; i < line; i++) {
    at = memchr(at, '\n', (size_t)(end - at));
    if (!at++) return false;
  }
  for (int i = 0; i < col && at < end && *at != '\n'; i++) {
    size_t n = utf8_len(at, (size_t)(end - at));
    at += n ? n : 1;
  }
  *offset = (uint32_t)(at - s->text);
  return at < end;
}

static Span span_of(ReportPrinter *p, const LLLoc *loc) {
  Ctx *cx = p->out->cx;
  const char *file = intern(cx, loc->file);
  const Source *s = map_get(&p->sources, file);
  if (!s) map_put(cx, &p->sources, file, (void *)(uintptr_t)(s = read_source(cx, file)));
  uint32_t at;
  if (s == &no_source || !offset_of(s, loc->line, loc->col, &at)) return (Span){0};
  return (Span){s, at, at + 1};
}

static const char *const severities[] = {[SEV_ERROR] = "error", [SEV_WARNING] = "warning", [SEV_NOTE] = "note"};

static void put_place(ReportPrinter *p, Severity severity, const LLLoc *loc, const char *message) {
  Diag d = {.severity = severity, .span = span_of(p, loc), .message = message};
  if (d.span.source)
    diag_render(p->out, &d, false);
  else
    buf_printf(p->out, "%s:%d:%d: %s: %s\n", loc->file, loc->line, loc->col + 1, severities[severity], message);
}

/* One entry: the place, what it is, and the line; then the calls that led there. */
static void put_entry(ReportPrinter *p, Severity severity, const LLInst *inst, const char *message) {
  const LLLoc *loc = inst ? inst->loc : NULL;
  if (!loc) {
    buf_printf(p->out, "%s in %s: %s: %s\n", inst ? ll_info(inst)->id : "?",
               inst && inst->block && inst->block->func ? inst->block->func->name : "?", severities[severity], message);
    return;
  }
  put_place(p, severity, loc, message);
  while ((loc = loc->inlined_at)) put_place(p, SEV_NOTE, loc, "called from here");
}

/* ---- issues and accesses ----------------------------------------------------------------------------------------- */

static void put_issue(ReportPrinter *p, const SimtIssue *i) {
  Buf text = {.cx = p->out->cx};
  buf_puts(&text, simt_kind_text(i->kind));
  if (i->detail) buf_printf(&text, ": %s", i->detail);
  if (i->where) buf_printf(&text, ": %s", i->where);
  buf_printf(&text, " (program %u,%u,%u, thread %d", i->block[0], i->block[1], i->block[2], i->thread);
  if (i->bytes && !i->where)
    buf_printf(&text, ", %d byte%s at 0x%llx", i->bytes, i->bytes == 1 ? "" : "s", (unsigned long long)i->address);
  if (i->count > 1) buf_printf(&text, "; %llu times", (unsigned long long)i->count);
  buf_putc(&text, ')');
  put_entry(p, SEV_ERROR, i->inst, buf_text(&text));
  if (!i->other) return;
  const char *by = i->other_warp >= 0           ? ctx_printf(p->out->cx, ", by warp %d", i->other_warp)
                   : i->other_known             ? ctx_printf(p->out->cx, ", by program %u,%u,%u", i->other_block[0],
                                                             i->other_block[1], i->other_block[2])
                   : i->kind == SIMT_BLOCK_RACE ? ", by another program"
                                                : "";
  put_entry(p, SEV_NOTE, i->other, ctx_printf(p->out->cx, "the other access is here%s", by));
}

static bool same_place(const LLInst *a, const LLInst *b) {
  const LLLoc *x = a ? a->loc : NULL, *y = b ? b->loc : NULL;
  if (a == b) return true;
  if (!x || !y) return false;
  for (; x && y; x = x->inlined_at, y = y->inlined_at)
    if (x->line != y->line || x->col != y->col || strcmp(x->file, y->file) != 0) return false;
  return x == y;
}

static void put_access(ReportPrinter *p, const SimtAccess *a) {
  if (a->sectors <= a->ideal_sectors && a->wavefronts <= a->ideal_wavefronts) return;
  Buf text = {.cx = p->out->cx};
  buf_printf(&text, "%s of %s memory, %llu requests", a->is_write ? "write" : "read",
             a->space == 3 ? "shared" : "global", (unsigned long long)a->requests);
  if (a->sectors > a->ideal_sectors)
    buf_printf(&text, ", %.1f sectors per request (%.1f would do)", (double)a->sectors / (double)a->requests,
               (double)a->ideal_sectors / (double)a->requests);
  if (a->wavefronts > a->ideal_wavefronts)
    buf_printf(&text, ", bank conflicts: %.1f passes per request (%.1f would do), at worst %d-way",
               (double)a->wavefronts / (double)a->requests, (double)a->ideal_wavefronts / (double)a->requests,
               a->worst);
  put_entry(p, SEV_NOTE, a->inst, buf_text(&text));
}

static void put_accesses(ReportPrinter *p, const SimtReport *r) {
  bool *told = NEWN(p->out->cx, bool, r->naccesses + 1);
  for (uint32_t i = 0; i < r->naccesses; i++) {
    if (told[i]) continue;
    SimtAccess all = r->accesses[i];
    for (uint32_t j = i + 1; j < r->naccesses; j++) {
      const SimtAccess *x = &r->accesses[j];
      if (x->space != all.space || x->is_write != all.is_write || !same_place(x->inst, all.inst)) continue;
      told[j] = true;
      all.requests += x->requests;
      all.bytes += x->bytes;
      all.sectors += x->sectors;
      all.ideal_sectors += x->ideal_sectors;
      all.wavefronts += x->wavefronts;
      all.ideal_wavefronts += x->ideal_wavefronts;
      if (x->worst > all.worst) all.worst = x->worst;
    }
    put_access(p, &all);
  }
}

/* One operation of the source becomes many instructions: an issue in several of them is reported once. */
static void put_issues(ReportPrinter *p, const SimtReport *r) {
  bool *told = NEWN(p->out->cx, bool, r->nissues + 1);
  for (uint32_t i = 0; i < r->nissues; i++) {
    if (told[i]) continue;
    SimtIssue all = r->issues[i];
    for (uint32_t j = i + 1; j < r->nissues; j++) {
      const SimtIssue *x = &r->issues[j];
      if (x->kind != all.kind || !same_place(x->inst, all.inst) || !same_place(x->other, all.other)) continue;
      told[j] = true;
      all.count += x->count;
    }
    put_issue(p, &all);
  }
}

void simt_print_issues(Buf *out, const SimtReport *r) {
  ReportPrinter p = {.out = out};
  put_issues(&p, r);
}

bool simt_print(Buf *out, const SimtReport *r) {
  ReportPrinter p = {.out = out};
  put_issues(&p, r);
  put_accesses(&p, r);
  buf_printf(out, "%llu instructions of warps, %llu of them divergent, %llu barriers\n",
             (unsigned long long)r->instructions, (unsigned long long)r->divergent, (unsigned long long)r->barriers);
  return r->nissues == 0;
}
