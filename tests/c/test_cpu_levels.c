/* test_cpu_levels.c: cpu/rt/levels.c: which code of an artefact a processor takes, told of processors that are not here: CPUID
 * and what the operating system saves are the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "cpu/rt/rt.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* What is there: of every need of levels.def whether it is, by its place there. */
static const char *absent[8]; /* names of needs; the rest is there */
static RtCpu saved;

static const struct Need {
  const char *name;
  uint32_t leaf, subleaf;
  int reg, bit;
} needs[] = {
#define A 0
#define B 1
#define C 2
#define D 3
#define LEVEL(name)
#define NEEDS(leaf, subleaf, reg, bit, name) {name, leaf, subleaf, reg, bit},
#include "cpu/rt/levels.def"
#undef LEVEL
#undef NEEDS
#undef A
#undef B
#undef C
#undef D
};

static bool is_absent(const char *name) {
  for (size_t i = 0; i < COUNT(absent) && absent[i]; i++)
    if (!strcmp(absent[i], name)) return true;
  return false;
}

static int pretended_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d) {
  uint32_t *const regs[] = {a, b, c, d};
  *a = *b = *c = *d = 0;
  for (size_t i = 0; i < COUNT(needs); i++)
    if (needs[i].leaf == leaf && needs[i].subleaf == subleaf && !is_absent(needs[i].name))
      *regs[needs[i].reg] |= 1u << needs[i].bit;
  return *a || *b || *c || *d;
}

static const RtCpu *pretended_cpu(void) { return &saved; }

#define __get_cpuid_count pretended_cpuid
#define rt_cpu pretended_cpu
#define rt_has_level levels_has
#include "cpu/rt/levels.c" /* NOLINT: with what is defined above */

static const RtCpu everything = {.avx2 = true, .avx512 = true, .amx_bf16 = true, .amx_int8 = true};

static const char *chosen(RtCpu cpu) {
  saved = cpu;
  look();
  return strongest < COUNT(rows) ? rows[strongest].level : "none";
}

static void with_everything(void **state) {
  (void)state;
  memset(absent, 0, sizeof absent);
  assert_string_equal(chosen(everything), "sapphirerapids");
}

/* Tiles and vectors that the operating system does not save are as good as none. */
static void what_is_not_saved(void **state) {
  (void)state;
  memset(absent, 0, sizeof absent);
  assert_string_equal(chosen((RtCpu){.avx2 = true, .avx512 = true}), "x86-64-v4");
  assert_string_equal(chosen((RtCpu){.avx2 = true, .avx512 = true, .amx_bf16 = true}), "x86-64-v4");
  assert_string_equal(chosen((RtCpu){.avx2 = true}), "x86-64-v3");
  assert_string_equal(chosen((RtCpu){0}), "x86-64-v2");
}

static void processors(void **state) {
  (void)state;
  static const struct {
    const char *level, *absent[8];
  } cases[] = {
      {"x86-64-v4", {"amx-tile", "amx-bf16", "amx-int8", "avx512fp16", "avxvnni"}}, /* Ice Lake, Zen 4 */
      {"x86-64-v4", {"avx512vbmi", "amx-tile", "avx512fp16"}},                      /* Skylake-X */
      {"x86-64-v3", {"avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"}},   /* Haswell, Zen 3 */
      {"x86-64-v3", {"avx512bw", "avx512vl", "avx512dq"}},                          /* Knights Landing */
      {"x86-64-v2", {"avx2", "bmi", "bmi2", "fma"}},                                /* Sandy Bridge */
      {"x86-64", {"sse4.2", "popcnt"}},                                             /* Core 2 */
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    memcpy(absent, cases[i].absent, sizeof absent);
    assert_string_equal(chosen(everything), cases[i].level);
  }
}

/* Without any one need of a level the next one is taken. */
static void every_need_counts(void **state) {
  (void)state;
  const char *level = NULL;
  for (size_t i = 0, need = 0; i < COUNT(rows); i++) {
    if (rows[i].level) {
      level = rows[i].level;
      continue;
    }
    memset(absent, 0, sizeof absent);
    absent[0] = needs[need++].name;
    size_t next = i;
    while (next < COUNT(rows) && !rows[next].level) next++;
    assert_non_null(level);
    assert_string_equal(chosen(everything), rows[next].level);
  }
}

static void one_that_is_asked_for(void **state) {
  (void)state;
  memset(absent, 0, sizeof absent);
  absent[0] = "amx-tile";
  setenv("TRITONC_CPU_LEVEL", "x86-64-v3", 1);
  assert_string_equal(chosen(everything), "x86-64-v3");
  setenv("TRITONC_CPU_LEVEL", "sapphirerapids", 1);
  assert_string_equal(chosen(everything), "x86-64-v4");
  unsetenv("TRITONC_CPU_LEVEL");
  assert_string_equal(chosen(everything), "x86-64-v4");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(with_everything),   cmocka_unit_test(what_is_not_saved),     cmocka_unit_test(processors),
      cmocka_unit_test(every_need_counts), cmocka_unit_test(one_that_is_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void) { return 0; }
#endif
