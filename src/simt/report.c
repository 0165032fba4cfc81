/* report.c: what was seen: issues, one entry for each kind at each instruction; accesses; and the text of both. printf. */
#include "simt/internal.h"
#include "simt/number.h"

#include <stdio.h>
#include <string.h>

const char *simt_kind_text(SimtKind kind) {
  static const char *const texts[] = {
#define K(id, text) text,
#include "simt/issues.def"
#undef K
  };
  return texts[kind];
}

/* ---- issues ------------------------------------------------------------------------------------------------------ */

static SimtIssue *entry(Warp *w, SimtKind kind, const Code *c, int lane) {
  Machine *m = w->b->m;
  uintptr_t key = (uintptr_t)(c ? c - m->code + 1 : 0) * SIMT_KINDS + kind + 1;
  uintptr_t at = (uintptr_t)map_get(&m->issue_of, (const void *)key);
  if (at) {
    m->issues.at[at - 1].count++;
    return NULL;
  }
  SimtIssue fresh = {
      .kind = kind, .inst = c ? c->src : NULL, .thread = w->index * LANES + lane, .other_warp = -1, .count = 1};
  memcpy(fresh.block, w->b->id, sizeof fresh.block);
  vec_push(m->cx, &m->issues, fresh);
  map_put(m->cx, &m->issue_of, (const void *)key, (void *)(uintptr_t)m->issues.len);
  return &m->issues.at[m->issues.len - 1];
}

void issue(Warp *w, SimtKind kind, const Code *c, int lane, uint64_t address, int bytes, const char *detail) {
  SimtIssue *i = entry(w, kind, c, lane);
  if (!i) return;
  i->address = address;
  i->bytes = bytes;
  i->detail = detail;
}

void issue_race(Warp *w, SimtKind kind, const Code *c, int lane, uint64_t address, uint32_t other_code,
                int other_warp) {
  SimtIssue *i = entry(w, kind, c, lane);
  if (!i) return;
  i->address = address;
  i->bytes = 1;
  i->other = w->b->m->code[other_code].src;
  i->other_warp = other_warp;
}

SimtAccess *stat_of(Machine *m, const Code *c, int space, bool write) {
  SimtAccess *s = &m->stats[c - m->code];
  if (!s->inst) *s = (SimtAccess){.inst = c->src, .space = space, .is_write = write};
  return s;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static void put_place(Buf *out, const LLInst *i) {
  const LLLoc *loc = i ? i->loc : NULL;
  if (loc)
    buf_printf(out, "%s:%d:%d", loc->file, loc->line, loc->col);
  else if (i)
    buf_printf(out, "%s in %s", ll_info(i)->id, i->block && i->block->func ? i->block->func->name : "?");
  else
    buf_puts(out, "?");
}

static void put_issue(Buf *out, const SimtIssue *i) {
  put_place(out, i->inst);
  buf_printf(out, ": %s", simt_kind_text(i->kind));
  if (i->detail) buf_printf(out, ": %s", i->detail);
  buf_printf(out, " (block %u,%u,%u thread %d", i->block[0], i->block[1], i->block[2], i->thread);
  if (i->bytes)
    buf_printf(out, ", %d byte%s at 0x%llx", i->bytes, i->bytes == 1 ? "" : "s", (unsigned long long)i->address);
  if (i->count > 1) buf_printf(out, "; %llu times", (unsigned long long)i->count);
  buf_puts(out, ")\n");
  if (!i->other) return;
  buf_puts(out, "  the other access: ");
  put_place(out, i->other);
  if (i->other_warp >= 0) buf_printf(out, ", warp %d", i->other_warp);
  buf_putc(out, '\n');
}

static void put_access(Buf *out, const SimtAccess *a) {
  if (a->sectors <= a->ideal_sectors && a->wavefronts <= a->ideal_wavefronts) return;
  put_place(out, a->inst);
  buf_printf(out, ": %s, %llu requests", a->is_write ? "write" : "read", (unsigned long long)a->requests);
  if (a->sectors > a->ideal_sectors)
    buf_printf(out, ", %.1f sectors per request (%.1f would do)", (double)a->sectors / (double)a->requests,
               (double)a->ideal_sectors / (double)a->requests);
  if (a->wavefronts > a->ideal_wavefronts)
    buf_printf(out, ", bank conflicts: %.1f passes per request (%.1f would do), at worst %d-way",
               (double)a->wavefronts / (double)a->requests, (double)a->ideal_wavefronts / (double)a->requests,
               a->worst);
  buf_putc(out, '\n');
}

bool simt_print(Buf *out, const SimtReport *r) {
  for (uint32_t i = 0; i < r->nissues; i++) put_issue(out, &r->issues[i]);
  for (uint32_t i = 0; i < r->naccesses; i++) put_access(out, &r->accesses[i]);
  buf_printf(out, "%llu instructions of warps, %llu of them divergent, %llu barriers\n",
             (unsigned long long)r->instructions, (unsigned long long)r->divergent, (unsigned long long)r->barriers);
  return r->nissues == 0;
}

/* ---- printf ------------------------------------------------------------------------------------------------------ */

/* A string of the module, or "?". */
const char *device_text(Warp *w, uint64_t address) {
  for (const LLGlobal *g = w->b->m->module->globals; g; g = g->next)
    if (address - (uintptr_t)g->bytes < g->len &&
        memchr((const char *)(uintptr_t)address, 0, g->len - (size_t)(address - (uintptr_t)g->bytes)))
      return (const char *)(uintptr_t)address;
  return "?";
}

/* One conversion "%…x" with the value of the operand whose type is t. */
static void put_value(Warp *w, Buf *out, const char *spec, size_t n, const LLType *t, int32_t r, uint32_t l) {
  char flags[24];
  size_t keep = n - 1;
  while (keep > 1 && strchr("hlLjzt", spec[keep - 1])) keep--;
  if (keep > sizeof flags - 4) return;
  memcpy(flags, spec, keep);
  char kind = spec[n - 1];
  bool wide = t->bits == 64;
  uint64_t x = wide ? reg64_at(w, r)[l] : t->bits == 1 ? *reg_at(w, r) >> l & 1 : reg_at(w, r)[l];
  if (kind == 's') {
    buf_puts(out, device_text(w, x));
  } else if (strchr("fFeEgGaA", kind)) {
    memcpy(flags + keep, (char[]){kind, 0}, 2);
    buf_printf(out, flags, t->kind == LLK_DOUBLE ? as_double(x) : (double)as_float((uint32_t)x));
  } else if (kind == 'p') {
    buf_printf(out, "0x%llx", (unsigned long long)x);
  } else if (kind == 'c') {
    buf_putc(out, (char)x);
  } else {
    memcpy(flags + keep, (char[]){'l', 'l', kind, 0}, 4);
    int64_t s = wide ? (int64_t)x : (int64_t)(int32_t)(uint32_t)x;
    buf_printf(out, flags, kind == 'd' || kind == 'i' ? s : (int64_t)x);
  }
}

static void put_line(Warp *w, const Code *c, Buf *out, const char *format, uint32_t l) {
  int a = 1;
  while (*format) {
    size_t n = strcspn(format, "%");
    buf_write(out, format, n);
    format += n;
    if (!*format) return;
    if (format[1] == '%') {
      buf_putc(out, '%');
      format += 2;
      continue;
    }
    n = strcspn(format, "diouxXcsfFeEgGaAp");
    if (!format[n]) return;
    if (a < c->n) put_value(w, out, format, n + 1, c->src->args[a]->type, c->list[a], l);
    a++;
    format += n + 1;
  }
}

void put_printf(Warp *w, const Code *c, uint32_t mask) {
  const SimtOptions *o = w->b->m->o;
  EACH_LANE(l, mask) {
    Buf line = {.cx = w->b->m->cx};
    put_line(w, c, &line, device_text(w, reg64_at(w, c->a)[l]), l);
    if (o->print)
      o->print(o->self, buf_text(&line), line.len);
    else
      fputs(buf_text(&line), stdout);
  }
}
