/* test_pool.c: the thread pool: every program once, errors, scratch, launches from many threads, updates without atomics, fork. */
#include "cpu/internal.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#define UNDER_TSAN __has_feature(thread_sanitizer)
#else
#define UNDER_TSAN 0
#endif

/* args[0] points at a pointer to one counter a program. */
static void count(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch) {
  (void)grid, (void)scratch;
  _Atomic int *counts = *(_Atomic int *const *)args[0];
  for (uint64_t p = begin; p < end; p++) atomic_fetch_add(&counts[p], 1);
}

static bool run_and_check(uint32_t x, uint32_t y, uint32_t z) {
  size_t n = (size_t)x * y * z;
  _Atomic int *counts = calloc(n ? n : 1, sizeof *counts);
  const void *args[] = {&counts};
  char error[256] = "";
  bool good = counts && !cpu_pool_run(count, args, (uint32_t[3]){x, y, z}, 100, NULL, error, sizeof error);
  for (size_t i = 0; good && i < n; i++) good = counts[i] == 1;
  free(counts);
  return good;
}

static void test_every_program_once(void **state) {
  (void)state;
  assert_true(run_and_check(1, 1, 1));
  assert_true(run_and_check(2, 1, 1));
  assert_true(run_and_check(0, 5, 5));
  assert_true(run_and_check(7, 11, 13));
  assert_true(run_and_check(100000, 1, 1));
  for (uint32_t n = 1; n < 2000; n++) assert_true(run_and_check(n % 37 + 1, n % 3 + 1, 1));
}

/* args[0], args[1]: how many threads are inside, and the most that ever were. */
static void count_inside(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch) {
  (void)grid, (void)begin, (void)end, (void)scratch;
  _Atomic int *inside = *(_Atomic int *const *)args[0], *most = *(_Atomic int *const *)args[1];
  int now = atomic_fetch_add(inside, 1) + 1, before = atomic_load(most);
  while (now > before && !atomic_compare_exchange_weak(most, &before, now));
  nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
  atomic_fetch_sub(inside, 1);
}

static void test_limited_threads(void **state) {
  (void)state;
  for (int limit = 1; limit <= 3; limit++) {
    _Atomic int inside = 0, most = 0, *at[] = {&inside, &most};
    const void *args[] = {&at[0], &at[1]};
    CpuKernel kernel = {.max_threads = limit, .ns_256 = 100000 << 8};
    char error[256] = "";
    for (int i = 0; i < 5; i++)
      assert_int_equal(cpu_pool_run(count_inside, args, (uint32_t[3]){200, 1, 1}, 0, &kernel, error, sizeof error), 0);
    assert_int_equal(inside, 0);
    assert_in_range(most, 1, limit);
    if (limit > 1) assert_in_range(most, 2, limit);
  }
}

static void test_grid_too_large(void **state) {
  (void)state;
  char error[256] = "";
  const void *args[] = {NULL};
  assert_int_not_equal(
      cpu_pool_run(count, args, (uint32_t[3]){UINT32_MAX, UINT32_MAX, UINT32_MAX}, 0, NULL, error, sizeof error), 0);
  assert_non_null(strstr(error, "too many programs"));
}

/* Scratch is the program's own while it runs, and aligned. */
static void fill_scratch(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch) {
  (void)grid;
  size_t n = *(const size_t *)args[0];
  _Atomic int *bad = *(_Atomic int *const *)args[1];
  if ((uintptr_t)scratch % 64) atomic_fetch_add(bad, 1);
  for (uint64_t p = begin; p < end; p++) {
    memset(scratch, (int)(p & 255), n);
    for (size_t i = 0; i < n; i += 97)
      if (((unsigned char *)scratch)[i] != (p & 255)) atomic_fetch_add(bad, 1);
  }
}

static void test_scratch_grows(void **state) {
  (void)state;
  static _Atomic int bad;
  _Atomic int *at = &bad;
  for (size_t n = 1; n <= (size_t)5 << 20; n = n * 3 + 1) {
    const void *args[] = {&n, &at};
    char error[256];
    assert_int_equal(cpu_pool_run(fill_scratch, args, (uint32_t[3]){40, 1, 1}, n, NULL, error, sizeof error), 0);
  }
  assert_int_equal(bad, 0);
  char error[256] = "";
  size_t n = 1;
  const void *args[] = {&n, &at};
  assert_int_not_equal(
      cpu_pool_run(fill_scratch, args, (uint32_t[3]){4, 1, 1}, SIZE_MAX - 10, NULL, error, sizeof error), 0);
  assert_non_null(strstr(error, "out of memory"));
  assert_true(run_and_check(100, 1, 1)); /* and it goes on */
}

static void assert_odd(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch) {
  (void)args, (void)grid, (void)scratch;
  for (uint64_t p = begin; p < end; p++)
    if (p == 77) ttc_rt_assert_fail((uint32_t[3]){(uint32_t)p, 0, 0}, "x must be odd", "kernel.py", 12);
}

static void test_assertion_is_reported(void **state) {
  (void)state;
  char error[256] = "";
  const void *args[] = {NULL};
  assert_int_not_equal(cpu_pool_run(assert_odd, args, (uint32_t[3]){200, 1, 1}, 0, NULL, error, sizeof error), 0);
  assert_string_equal(error, "kernel.py:12: program (77, 0, 0): assertion failed: x must be odd");
  assert_int_equal(cpu_pool_run(assert_odd, args, (uint32_t[3]){77, 1, 1}, 0, NULL, error, sizeof error), 0);
}

/* A kernel that launches. */
static void nested(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch) {
  (void)grid;
  _Atomic int *bad = *(_Atomic int *const *)args[0];
  for (uint64_t p = begin; p < end; p++) {
    memset(scratch, 0x33, 1000);
    if (!run_and_check(5, 1, 1)) atomic_fetch_add(bad, 1);
    for (int i = 0; i < 1000; i++)
      if (((unsigned char *)scratch)[i] != 0x33) atomic_fetch_add(bad, 1);
  }
}

static void test_nested(void **state) {
  (void)state;
  static _Atomic int bad;
  _Atomic int *at = &bad;
  const void *args[] = {&at};
  char error[256];
  assert_int_equal(cpu_pool_run(nested, args, (uint32_t[3]){50, 1, 1}, 1000, NULL, error, sizeof error), 0);
  assert_int_equal(bad, 0);
}

static void *many_launches(void *arg) {
  (void)arg;
  for (uint32_t i = 0; i < 300; i++)
    if (!run_and_check(i % 50 + 1, 1, 1)) return "wrong";
  return NULL;
}

static void test_many_threads_launch(void **state) {
  (void)state;
  pthread_t threads[16];
  for (int i = 0; i < 16; i++) assert_int_equal(pthread_create(&threads[i], NULL, many_launches, NULL), 0);
  for (int i = 0; i < 16; i++) {
    void *result;
    pthread_join(threads[i], &result);
    assert_null(result);
  }
}

/* args[0] points at a counter that every program adds 1 to: by a load and a store while no other thread runs programs. */
static void add_one(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch) {
  (void)grid, (void)scratch;
  _Atomic int *sum = *(_Atomic int *const *)args[0];
  for (uint64_t p = begin; p < end; p++) {
    if (!ttc_rt_alone_begin()) {
      atomic_fetch_add(sum, 1);
      continue;
    }
    int old = atomic_load_explicit(sum, memory_order_relaxed);
    for (volatile int i = 0; i < 20; i++) {}
    atomic_store_explicit(sum, old + 1, memory_order_relaxed);
    ttc_rt_alone_end();
  }
}

static void *add_many(void *sum) {
  CpuKernel alone = {.max_threads = 1};
  const void *args[] = {&sum};
  char error[256];
  for (uint32_t i = 0; i < 400; i++)
    if (cpu_pool_run(add_one, args, (uint32_t[3]){i % 50 + 1, 1, 1}, 0, i % 3 ? &alone : NULL, error, sizeof error))
      return "failed";
  return NULL;
}

static void test_updates_without_atomics(void **state) {
  (void)state;
  enum { THREADS = 6, EACH = 400 / 50 * (50 * 51 / 2) };
  _Atomic int sum = 0;
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, add_many, &sum), 0);
  for (int i = 0; i < THREADS; i++) {
    void *result;
    pthread_join(threads[i], &result);
    assert_null(result);
  }
  assert_int_equal(sum, THREADS * EACH);
}

/* ---- under load -------------------------------------------------------------------------------------------------- */

static _Atomic bool loaded;

static void *busy(void *arg) {
  (void)arg;
  while (atomic_load_explicit(&loaded, memory_order_relaxed)) {}
  return NULL;
}

static int by_size(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* args[0] points at the launching thread, args[1] at a flag: another one ran a program. */
static void note_others(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch) {
  (void)grid, (void)scratch, (void)begin, (void)end;
  if (!pthread_equal(*(const pthread_t *)args[0], pthread_self())) atomic_store(*(_Atomic bool *const *)args[1], true);
}

/* Twice as many threads that never rest as there are processors: a launch of a few small programs is then still done at
 * once, by its caller, in all but the cases where the caller itself is put aside. */
static void test_small_launches_under_load(void **state) {
  (void)state;
  enum { LAUNCHES = 400, MOST = 64 };
  static uint64_t took[LAUNCHES];
  static _Atomic bool others;
  pthread_t load[MOST], self = pthread_self();
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  int n = processors * 2 > MOST ? MOST : (int)processors * 2;
  CpuKernel pace = {0};
  _Atomic bool *at = &others;
  const void *args[] = {&self, &at};
  char error[256];
  int helped = 0;
  for (int i = 0; i < 20; i++) /* the pace gets known */
    assert_int_equal(cpu_pool_run(note_others, args, (uint32_t[3]){8, 1, 1}, 64, &pace, error, sizeof error), 0);
  atomic_store(&loaded, true);
  for (int i = 0; i < n; i++) assert_int_equal(pthread_create(&load[i], NULL, busy, NULL), 0);
  for (int i = 0; i < LAUNCHES; i++) {
    uint64_t start = now_ns();
    uint32_t programs = 1 + (uint32_t)i % 8;
    atomic_store(&others, false);
    assert_int_equal(cpu_pool_run(note_others, args, (uint32_t[3]){programs, 1, 1}, 64, &pace, error, sizeof error), 0);
    took[i] = now_ns() - start;
    helped += others;
    if (i % 20 == 0) usleep(1000); /* a fresh time slice now and then */
  }
  atomic_store(&loaded, false);
  for (int i = 0; i < n; i++) pthread_join(load[i], NULL);
  qsort(took, LAUNCHES, sizeof *took, by_size);
  /* Help is called only where the caller is put aside, or where the sanitizer makes every program look long. */
  if (!UNDER_TSAN) assert_true(helped < LAUNCHES / 2);
  /* Waiting for a thread that the system has put aside takes its time slice, several milliseconds. */
  if (took[LAUNCHES / 2] > 1000000) fail_msg("the median launch took %llu ns", (unsigned long long)took[LAUNCHES / 2]);
}

/* Programs that take long are shared, known pace or not: they take long until every thread has had one, however long the
 * system puts a thread aside. */
static void slow(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch) {
  (void)grid, (void)scratch;
  static _Thread_local bool noted;
  _Atomic int *threads = *(_Atomic int *const *)args[0];
  if (!noted) atomic_fetch_add(threads, 1);
  noted = true;
  for (uint64_t i = begin; i < end && atomic_load(threads) < cpu_pool_threads(); i++) {
    uint64_t until = now_ns() + 2000000;
    while (now_ns() < until) {}
  }
}

static void test_long_launches_get_help(void **state) {
  (void)state;
  static _Atomic int threads;
  _Atomic int *at = &threads;
  const void *args[] = {&at};
  char error[256];
  CpuKernel pace = {.ns_256 = 1}; /* as if they were short */
  assert_int_equal(cpu_pool_run(slow, args, (uint32_t[3]){20000, 1, 1}, 64, &pace, error, sizeof error), 0);
  assert_int_equal(threads, cpu_pool_threads());
}

#if UNDER_TSAN
/* The sanitizer refuses threads in a child of fork unless told. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "die_after_fork=0"; }
#endif

static void test_fork(void **state) {
  (void)state;
  assert_true(run_and_check(64, 1, 1));
  for (int i = 0; i < 4; i++) {
    pid_t child = fork();
    if (!child) _exit(run_and_check(64, 1, 1) && run_and_check(1000, 1, 1) ? 0 : 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(run_and_check(64, 1, 1));
  }
}

int main(void) {
  setenv("TRITONC_NUM_THREADS", "4", 0);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_program_once),
      cmocka_unit_test(test_limited_threads),
      cmocka_unit_test(test_grid_too_large),
      cmocka_unit_test(test_scratch_grows),
      cmocka_unit_test(test_assertion_is_reported),
      cmocka_unit_test(test_nested),
      cmocka_unit_test(test_many_threads_launch),
      cmocka_unit_test(test_updates_without_atomics),
      cmocka_unit_test(test_fork),
      cmocka_unit_test(test_small_launches_under_load),
      cmocka_unit_test(test_long_launches_get_help),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
