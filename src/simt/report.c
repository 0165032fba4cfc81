/* report.c: collects issues (one entry per kind and instruction), accesses and printf's output. print.c
 * formats them. */
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

/* The named buffer that is nearest to an address, and how far away. */
static const SimtBuffer *nearest(const Machine *m, uint64_t address, uint64_t *distance) {
  const SimtBuffer *best = NULL;
  for (uint32_t i = 0; i < m->buffers.len; i++) {
    const SimtBuffer *b = &m->buffers.at[i];
    uint64_t d = address < b->base             ? b->base - address
                 : address < b->base + b->size ? 0
                                               : address - (b->base + b->size);
    if (!b->name || (best && d >= *distance)) continue;
    best = b;
    *distance = d;
  }
  return best;
}

/* Addresses differ from run to run: places are given relative to a named buffer. `i` may be
 * NULL. */
void simt_locate(const Machine *m, SimtIssue *i) {
  uint64_t distance = 0;
  const SimtBuffer *b = i ? nearest(m, i->address, &distance) : NULL;
  if (!b) return;
  int64_t offset = (int64_t)(i->address - b->base);
  const char *s = i->bytes == 1 ? "" : "s";
  if (i->address < FIRST_ADDRESS)
    i->where =
        ctx_printf(m->cx, "%d byte%s at address %llu, a null pointer?", i->bytes, s, (unsigned long long)i->address);
  else if (distance > UINT64_C(1) << 40)
    i->where = ctx_printf(m->cx, "%d byte%s far from every buffer", i->bytes, s);
  else
    i->where = ctx_printf(m->cx, "%d byte%s at offset %lld of %s, which has %llu bytes", i->bytes, s, (long long)offset,
                          b->name, (unsigned long long)b->size);
}

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

SimtIssue *simt_issue(Warp *w, SimtKind kind, const Code *c, int lane, uint64_t address, int bytes,
                      const char *detail) {
  SimtIssue *i = entry(w, kind, c, lane);
  if (!i) return NULL;
  i->address = address;
  i->bytes = bytes;
  i->detail = detail;
  return i;
}

void simt_issue_race(Warp *w, SimtKind kind, const Code *c, int lane, uint64_t address, uint32_t other_code,
                     int other_warp) {
  SimtIssue *i = entry(w, kind, c, lane);
  if (!i) return;
  i->address = address;
  i->bytes = 1;
  i->other = w->b->m->code[other_code].src;
  i->other_warp = other_warp;
}

void simt_issue_block_race(Warp *w, const Code *c, int lane, uint64_t address, int bytes, const RaceFound *found) {
  SimtIssue *i = simt_issue(w, SIMT_BLOCK_RACE, c, lane, address, bytes, NULL);
  if (!i) return;
  if (found->site < w->b->m->ncode) i->other = w->b->m->code[found->site].src;
  const uint32_t *grid = w->b->m->grid;
  uint64_t n = (uint64_t)found->program;
  i->other_known = found->program >= 0;
  i->other_block[0] = (uint32_t)(n % grid[0]);
  i->other_block[1] = (uint32_t)(n / grid[0] % grid[1]);
  i->other_block[2] = (uint32_t)(n / grid[0] / grid[1]);
  simt_locate(w->b->m, i);
}

SimtAccess *simt_stat_of(Machine *m, const Code *c, int space, bool write) {
  SimtAccess *s = &m->stats[c - m->code];
  if (!s->inst) *s = (SimtAccess){.inst = c->src, .space = space, .is_write = write};
  return s;
}

/* ---- printf ------------------------------------------------------------------------------------------------------ */

/* A string of the module, or "?". */
const char *simt_device_text(Warp *w, uint64_t address) {
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
    buf_puts(out, simt_device_text(w, x));
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

void simt_put_printf(Warp *w, const Code *c, uint32_t mask) {
  const SimtOptions *o = w->b->m->o;
  EACH_LANE(l, mask) {
    Buf line = {.cx = w->b->m->cx};
    put_line(w, c, &line, simt_device_text(w, reg64_at(w, c->a)[l]), l);
    if (o->print)
      o->print(o->self, buf_text(&line), line.len);
    else
      fputs(buf_text(&line), stdout);
  }
}
