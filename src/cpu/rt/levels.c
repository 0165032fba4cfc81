/* levels.c: which feature levels this processor has: what chooses among a compiled kernel's codes.
 *
 * The table lists levels from strong to weak, and a level needs what the weaker ones need, so the strongest level is the
 * first row from which on everything is there. Registers that the operating system does not save do not count: rt_cpu()
 * knows that of the vectors and the tiles.
 */
#include "cpu/rt/rt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

enum { A, B, C, D };
static const struct Row {
  const char *level; /* begins one; NULL: a need of it */
  uint32_t leaf, subleaf;
  int reg, bit;
} rows[] = {
#define LEVEL(name) {name, 0, 0, 0, 0},
#define NEEDS(leaf, subleaf, reg, bit, name) {NULL, leaf, subleaf, reg, bit},
#include "cpu/rt/levels.def"
#undef LEVEL
#undef NEEDS
};

static bool has(const struct Row *r) {
  uint32_t regs[4] = {0};
  if (!__get_cpuid_count(r->leaf, r->subleaf, &regs[A], &regs[B], &regs[C], &regs[D])) return false;
  return regs[r->reg] >> r->bit & 1;
}

static bool registers_saved(const char *level) {
  const RtCpu *cpu = rt_cpu();
  return !strcmp(level, "sapphirerapids") ? cpu->amx_bf16 && cpu->amx_int8
         : !strcmp(level, "x86-64-v4")    ? cpu->avx512
         : !strcmp(level, "x86-64-v3")    ? cpu->avx2
                                          : true;
}

static size_t strongest; /* the row of it */

static size_t row_of(const char *level) {
  size_t i = 0;
  while (i < COUNT(rows) && !(rows[i].level && !strcmp(rows[i].level, level))) i++;
  return i;
}

static void look(void) {
  size_t i = COUNT(rows);
  strongest = i;
  while (i-- > 0) {
    if (!rows[i].level ? !has(&rows[i]) : !registers_saved(rows[i].level)) break;
    if (rows[i].level) strongest = i;
  }
  const char *wanted = getenv("TRITONC_CPU_LEVEL");
  if (!wanted || !*wanted) return;
  size_t row = row_of(wanted);
  if (row < COUNT(rows) && row >= strongest)
    strongest = row;
  else
    fprintf(stderr, "tritonc: TRITONC_CPU_LEVEL is \"%s\", which this processor has not; the strongest is used\n",
            wanted);
}

bool rt_has_level(const char *level) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, look);
  size_t row = row_of(level);
  return row < COUNT(rows) && row >= strongest;
}
#else
/* One level for all of a family. */
bool rt_has_level(const char *level) { return !strcmp(level, "generic"); }
#endif
