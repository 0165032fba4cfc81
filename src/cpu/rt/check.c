/* check.c: check mode: is what a kernel is about to access its arguments' memory, and does it race with another program?
 *
 * Problem. A wrong index reads or writes other memory; two programs that update one element lose an update. Neither
 * is visible. Idea. The kernel calls a check before every access, for a row of elements at a time where their stride is constant. An access
 * through a pointer that comes from an argument has to stay within the memory behind that argument; any other, within that
 * of some argument. Memory that the kernel may write has a shadow (base/races.c), which detects races and
 * uninitialized reads. The kernel's first wrong access ends its program with a message; nothing was accessed then.
 *
 * Cost: a call and a comparison for each row, and what the shadow costs where there is one.
 */
#include "base/races.h"
#include "cpu/rt/rt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CpuChecks {
  const KernelInfo *info;
  const void *const *args;
  const uint32_t *grid;
  Races *races;
  ttc_memory *memory; /* sorted, apart from each other */
  size_t nmemory;
  bool unbounded;       /* there is other memory, of which nothing is known */
  bool *shadowed;       /* of each memory: does it have a shadow? */
  int32_t arg_memory[]; /* of each argument; NOWHERE: none */
};
enum { NOWHERE = -1 };

/* ---- what there is ----------------------------------------------------------------------------------------------- */

static int by_base(const void *a, const void *b) {
  uintptr_t x = (uintptr_t)((const ttc_memory *)a)->base, y = (uintptr_t)((const ttc_memory *)b)->base;
  return (x > y) - (x < y);
}

static uintptr_t end_of(const ttc_memory *m) { return (uintptr_t)m->base + m->size; }

/* Memory that overlaps is one. */
static void sort_memory(CpuChecks *c) {
  if (c->nmemory) qsort(c->memory, c->nmemory, sizeof *c->memory, by_base);
  size_t n = 0;
  for (size_t i = 0; i < c->nmemory; i++) {
    ttc_memory *last = n ? &c->memory[n - 1] : NULL, m = c->memory[i];
    c->unbounded |= (m.flags & TTC_MEMORY_UNBOUNDED) != 0;
    if (!m.size || m.flags & TTC_MEMORY_UNBOUNDED) continue;
    if (!last || (uintptr_t)m.base >= end_of(last)) {
      c->memory[n++] = m;
      continue;
    }
    if (end_of(&m) > end_of(last)) last->size = (size_t)(end_of(&m) - (uintptr_t)last->base);
    last->flags &= m.flags;
  }
  c->nmemory = n;
}

static bool holds(const ttc_memory *m, uintptr_t address, size_t bytes) {
  return address - (uintptr_t)m->base < m->size && m->size - (address - (uintptr_t)m->base) >= bytes;
}

static int32_t memory_at(const CpuChecks *c, uintptr_t address) {
  size_t lo = 0, hi = c->nmemory; /* the first that begins after it */
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    if ((uintptr_t)c->memory[mid].base > address)
      hi = mid;
    else
      lo = mid + 1;
  }
  return lo && holds(&c->memory[lo - 1], address, 1) ? (int32_t)lo - 1 : NOWHERE;
}

static uintptr_t pointer_arg(const CpuChecks *c, int i) {
  uintptr_t p;
  memcpy(&p, c->args[i], sizeof p);
  return p;
}

/* Shadows for memory that may be written, or whose initialization is tracked. */
static bool make_shadows(CpuChecks *c) {
  RaceRegion *regions = calloc(c->nmemory + 1, sizeof *regions);
  c->shadowed = calloc(c->nmemory + 1, sizeof *c->shadowed);
  if (!regions || !c->shadowed) return free(regions), false;
  for (size_t i = 0; i < c->nmemory; i++) {
    bool wanted = c->memory[i].flags & TTC_MEMORY_UNINITIALIZED;
    for (int k = 0; k < c->info->nargs && !wanted; k++)
      wanted = c->arg_memory[k] == (int32_t)i && c->info->written && c->info->written[k];
    c->shadowed[i] = wanted;
    if (wanted) regions[i] = (RaceRegion){(uintptr_t)c->memory[i].base, c->memory[i].size};
  }
  c->races = races_new(regions, c->nmemory, (size_t)c->info->check_grain);
  free(regions);
  return c->races != NULL;
}

CpuChecks *rt_checks_new(const KernelInfo *info, const void *const *args, const uint32_t grid[3],
                         const ttc_memory *memory, size_t nmemory) {
  CpuChecks *c = calloc(1, sizeof *c + (size_t)info->nargs * sizeof *c->arg_memory);
  if (!c) return NULL;
  c->info = info;
  c->args = args;
  c->grid = grid;
  c->nmemory = nmemory;
  c->memory = malloc((nmemory + 1) * sizeof *c->memory);
  if (!c->memory) return free(c), NULL;
  if (nmemory) memcpy(c->memory, memory, nmemory * sizeof *memory);
  sort_memory(c);
  for (int i = 0; i < info->nargs; i++)
    c->arg_memory[i] = info->args[i] == ARG_PTR ? memory_at(c, pointer_arg(c, i)) : NOWHERE;
  if (make_shadows(c)) return c;
  rt_checks_free(c);
  return NULL;
}

void rt_checks_free(CpuChecks *c) {
  if (!c) return;
  races_free(c->races);
  free(c->shadowed);
  free(c->memory);
  free(c);
}

/* ---- what is said ------------------------------------------------------------------------------------------------ */

enum { LONGEST = 1000 };
typedef struct Text {
  char at[LONGEST];
  size_t len;
} Text;

static void put(Text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void put(Text *t, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(t->at + t->len, sizeof t->at - t->len, fmt, args);
  va_end(args);
  if (n > 0) t->len = t->len + (size_t)n < sizeof t->at ? t->len + (size_t)n : sizeof t->at - 1;
}

static void put_place(Text *t, const CpuSite *s) {
  put(t, "%s:%d: ", s->file && *s->file ? s->file : "?", (int)s->line);
}

static void put_program(Text *t, const CpuChecks *c, uint64_t program) {
  uint64_t x = c->grid[0], y = c->grid[1];
  put(t, "program (%llu, %llu, %llu)", (unsigned long long)(program % x), (unsigned long long)(program / x % y),
      (unsigned long long)(program / x / y));
}

static const char *access_text(int32_t access) {
  static const char *const texts[] = {"load", "store", "atomic access", "load"};
  return texts[access];
}

/* One element of an access. */
typedef struct Element {
  const CpuChecks *c;
  const CpuSite *s;
  uint64_t program;
  uintptr_t address;
  int64_t position;
} Element;

/* "argument[index]" and where in the block that is. */
static void put_element(Text *t, const Element *e) {
  const CpuSite *s = e->s;
  if (s->arg >= 0) {
    intptr_t off = (intptr_t)(e->address - pointer_arg(e->c, s->arg));
    put(t, "%s[", s->argument ? s->argument : "argument");
    if (off % s->bytes)
      put(t, "%.2f]", (double)off / s->bytes);
    else
      put(t, "%lld]", (long long)(off / s->bytes));
  } else {
    put(t, "address 0x%llx", (unsigned long long)e->address);
  }
  if (!s->rank) return;
  put(t, ", element (");
  int64_t rest = e->position, below = 1;
  for (int d = 1; d < s->rank; d++) below *= s->shape[d];
  for (int d = 0; d < s->rank; d++) {
    put(t, "%s%lld", d ? ", " : "", (long long)(rest / below));
    rest %= below;
    if (d + 1 < s->rank) below /= s->shape[d + 1];
  }
  put(t, ") of the block");
}

/* What the argument has. */
static void put_extent(Text *t, const Element *e) {
  const CpuSite *s = e->s;
  if (s->arg < 0) {
    put(t, ", which is no argument's memory");
    return;
  }
  int32_t m = e->c->arg_memory[s->arg];
  if (m == NOWHERE) {
    put(t, "; the argument %s", pointer_arg(e->c, s->arg) ? "has no memory" : "is a null pointer");
    return;
  }
  intptr_t from = (intptr_t)((uintptr_t)e->c->memory[m].base - pointer_arg(e->c, s->arg)),
           to = from + (intptr_t)e->c->memory[m].size;
  if (from == 0)
    put(t, "; it has %lld elements", (long long)(to / s->bytes));
  else
    put(t, "; its memory has indices %lld to %lld", (long long)(from / s->bytes), (long long)(to / s->bytes - 1));
}

static void begin(Text *t, const Element *e, const char *what) {
  put_place(t, e->s);
  put(t, "kernel `%s`, ", e->c->info->name);
  put_program(t, e->c, e->program);
  put(t, ": %s: %s of %s at ", what, access_text(e->s->access), e->s->type);
  put_element(t, e);
}

static int32_t outside(const Element *e) {
  Text t = {0};
  begin(&t, e, "out of bounds");
  put_extent(&t, e);
  cpu_pool_fail(t.at);
  return 0;
}

static int32_t refuse(const Element *e, const char *what) {
  Text t = {0};
  begin(&t, e, what);
  cpu_pool_fail(t.at);
  return 0;
}

static int32_t race(const Element *e, const RaceFound *found) {
  Text t = {0};
  begin(&t, e, "race between programs");
  static const char *const did[] = {"loads", "stores to", "atomically updates"};
  put(&t, "; ");
  if (found->program < 0)
    put(&t, "another program");
  else
    put_program(&t, e->c, (uint64_t)found->program);
  put(&t, " %s it", did[found->access]);
  if (found->site != UINT32_MAX) {
    const CpuSite *other = e->s - e->s->index + found->site;
    put(&t, " at %s:%d", other->file && *other->file ? other->file : "?", (int)other->line);
  }
  put(&t, ", and nothing orders the two");
  cpu_pool_fail(t.at);
  return 0;
}

/* ---- checking ---------------------------------------------------------------------------------------------------- */

/* Elements that lie one after the other, all in memory number m: the flags, and the shadow. */
static int32_t check_run(Element *e, int32_t m, int64_t n, int64_t position_step) {
  const CpuSite *s = e->s;
  const ttc_memory *memory = &e->c->memory[m];
  bool writes = s->access == CPU_STORE || s->access == CPU_ATOMIC;
  size_t bytes = (size_t)(n * s->bytes);
  if (writes && memory->flags & TTC_MEMORY_READ_ONLY) return refuse(e, "read-only memory");
  RaceFound found;
  if (s->access != CPU_STORE && memory->flags & TTC_MEMORY_UNINITIALIZED &&
      !races_written(e->c->races, (size_t)m, e->address, bytes)) {
    for (; n > 1 && races_written(e->c->races, (size_t)m, e->address, (size_t)s->bytes); n--)
      e->address += (size_t)s->bytes, e->position += position_step;
    return refuse(e, "read of memory that was never written");
  }
  if (s->access == CPU_VOLATILE) return 1;
  RaceAccess access = s->access == CPU_LOAD ? RACE_READ : s->access == CPU_STORE ? RACE_WRITE : RACE_ATOMIC;
  if (!races_access(e->c->races, (size_t)m, e->program, (uint32_t)s->index, access, e->address, bytes, &found))
    return 1;
  e->address += found.at / (size_t)s->bytes * (size_t)s->bytes;
  e->position += (int64_t)(found.at / (size_t)s->bytes) * position_step;
  return race(e, &found);
}

static int32_t find_memory(const Element *e) {
  return e->s->arg >= 0 ? e->c->arg_memory[e->s->arg] : memory_at(e->c, e->address);
}

/* May an address in no memory be right? */
static bool is_unchecked(const Element *e) {
  const CpuSite *s = e->s;
  if (s->arg == CPU_SITE_UNKNOWN) return true;
  return e->c->unbounded && (s->arg < 0 || (e->c->arg_memory[s->arg] == NOWHERE && pointer_arg(e->c, s->arg)));
}

/* One element. */
static int32_t check_one(Element *e) {
  int32_t m = find_memory(e);
  if (m != NOWHERE && holds(&e->c->memory[m], e->address, (size_t)e->s->bytes)) return check_run(e, m, 1, 0);
  return m == NOWHERE && is_unchecked(e) ? 1 : outside(e);
}

static void release(const CpuChecks *c, const CpuSite *s, uint64_t program) {
  if (s->releases) races_release(c->races, program);
}

/* The usual case: reads that only need a bounds check. Is the access of `e` one, and does its memory contain all from
 * `lowest` to `highest`? */
static bool plainly_there(const Element *e, uintptr_t lowest, uintptr_t highest) {
  const CpuSite *s = e->s;
  if (s->access != CPU_LOAD || s->arg < 0 || e->c->arg_memory[s->arg] == NOWHERE) return false;
  const ttc_memory *m = &e->c->memory[e->c->arg_memory[s->arg]];
  uintptr_t base = (uintptr_t)m->base;
  return !e->c->shadowed[e->c->arg_memory[s->arg]] && lowest >= base && lowest <= highest && highest - base < m->size &&
         m->size - (highest - base) >= (size_t)s->bytes;
}

int32_t ttc_rt_check_row(const CpuSite *s, uint64_t program, const char *first, int64_t step, int64_t begin,
                         int64_t end, int64_t position, int64_t position_step) {
  const CpuChecks *c = cpu_pool_checks();
  if (!c || begin >= end) return 1;
  release(c, s, program);
  Element e = {c, s, program, (uintptr_t)first + (uintptr_t)(begin * step), position + begin * position_step};
  if (step == 0) return check_one(&e);
  uintptr_t last = (uintptr_t)first + (uintptr_t)((end - 1) * step);
  if (plainly_there(&e, e.address < last ? e.address : last, e.address < last ? last : e.address)) return 1;
  int32_t m = find_memory(&e);
  bool whole =
      m != NOWHERE && holds(&c->memory[m], e.address, (size_t)s->bytes) && holds(&c->memory[m], last, (size_t)s->bytes);
  if (whole && step == s->bytes) return check_run(&e, m, end - begin, position_step);
  for (int64_t k = begin; k < end; k++) {
    Element one = {c, s, program, (uintptr_t)first + (uintptr_t)(k * step), position + k * position_step};
    if (!check_one(&one)) return 0;
  }
  return 1;
}

int32_t ttc_rt_check_many(const CpuSite *s, uint64_t program, const char *const *at, const uint8_t *mask, int64_t n,
                          int64_t position, int64_t position_step) {
  const CpuChecks *c = cpu_pool_checks();
  if (!c) return 1;
  release(c, s, program);
  uintptr_t lowest = UINTPTR_MAX, highest = 0;
  for (int64_t k = 0; k < n; k++) {
    uintptr_t p = (uintptr_t)at[k];
    bool asked = !mask || mask[k];
    lowest = asked && p < lowest ? p : lowest;
    highest = asked && p > highest ? p : highest;
  }
  if (plainly_there(&(Element){.c = c, .s = s}, lowest, highest)) return 1;
  for (int64_t k = 0; k < n; k++) {
    if (mask && !mask[k]) continue;
    Element e = {c, s, program, (uintptr_t)at[k], position + k * position_step};
    if (!check_one(&e)) return 0;
  }
  return 1;
}

void ttc_rt_check_acquire(uint64_t program) {
  const CpuChecks *c = cpu_pool_checks();
  if (c) races_acquire(c->races, program);
}
