/* test_races.c: base/races.c: which accesses of programs race, what is said of the other one, and what orders two. */
#include "base/races.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BASE = 1 << 20, SIZE = 4096 };

static Races *make(size_t grain) {
  RaceRegion regions[] = {{BASE, SIZE}, {0, 0}, {BASE + 2 * SIZE, SIZE}};
  Races *r = races_new(regions, 3, grain);
  assert_non_null(r);
  return r;
}

/* Four bytes at `at` of region 0. */
static bool one(Races *r, uint64_t program, uint32_t site, RaceAccess access, size_t at, RaceFound *found) {
  return races_access(r, 0, program, site, access, BASE + at, 4, found);
}

/* Every pair of accesses to one place: by two programs, and by one. */
static void test_pairs(void **state) {
  (void)state;
  static const bool race[3][3] = {
      [RACE_READ] = {[RACE_READ] = false, [RACE_WRITE] = true, [RACE_ATOMIC] = true},
      [RACE_WRITE] = {[RACE_READ] = true, [RACE_WRITE] = true, [RACE_ATOMIC] = true},
      [RACE_ATOMIC] = {[RACE_READ] = true, [RACE_WRITE] = true, [RACE_ATOMIC] = false},
  };
  for (int first = RACE_READ; first <= RACE_ATOMIC; first++)
    for (int second = RACE_READ; second <= RACE_ATOMIC; second++)
      for (int same = 0; same <= 1; same++) {
        Races *r = make(4);
        RaceFound found = {0};
        assert_false(one(r, 7, 1, (RaceAccess)first, 40, &found));
        assert_int_equal(one(r, same ? 7 : 9, 2, (RaceAccess)second, 40, &found), !same && race[first][second]);
        if (!same && race[first][second]) {
          assert_int_equal(found.access, first);
          assert_int_equal(found.program, 7);
          assert_int_equal(found.site, 1);
          assert_int_equal(found.at, 0);
        }
        races_free(r);
      }
}

static void test_where_they_meet(void **state) {
  (void)state;
  Races *r = make(4);
  RaceFound found = {0};
  assert_false(one(r, 1, 0, RACE_WRITE, 100, &found));
  assert_false(races_access(r, 0, 2, 0, RACE_WRITE, BASE, 100, &found));
  assert_false(races_access(r, 0, 2, 0, RACE_WRITE, BASE + 104, 100, &found));
  assert_true(races_access(r, 0, 2, 0, RACE_READ, BASE + 80, 100, &found));
  assert_int_equal(found.at, 20);
  assert_false(races_access(r, 0, 3, 0, RACE_READ, BASE + 100, 0, &found));             /* nothing is accessed */
  assert_false(races_access(r, 1, 3, 0, RACE_WRITE, BASE, 4, &found));                  /* a region that is not there */
  assert_false(races_access(r, 2, 3, 0, RACE_WRITE, BASE + 2 * SIZE + 100, 4, &found)); /* another region */
  races_free(r);
}

/* Neighbours share a grain only where the smallest access is as large. */
static void test_grain(void **state) {
  (void)state;
  for (size_t grain = 1; grain <= 8; grain *= 2) {
    Races *r = make(grain);
    RaceFound found = {0};
    for (size_t i = 0; i < 16; i++) assert_false(races_access(r, 0, i, 0, RACE_WRITE, BASE + i * grain, grain, &found));
    assert_true(races_access(r, 0, 99, 0, RACE_READ, BASE + 15 * grain, grain, &found));
    assert_int_equal(found.program, 15);
    races_free(r);
  }
}

/* Of several readers one is remembered; a writer that is one of them races with the others. */
static void test_several_readers(void **state) {
  (void)state;
  Races *r = make(4);
  RaceFound found = {0};
  assert_false(one(r, 1, 5, RACE_READ, 0, &found));
  assert_false(one(r, 2, 6, RACE_READ, 0, &found));
  assert_true(one(r, 1, 7, RACE_WRITE, 0, &found));
  assert_int_equal(found.access, RACE_READ);
  assert_int_equal(found.program, -1); /* some other */
  races_free(r);
  r = make(4);
  assert_false(one(r, 1, 5, RACE_READ, 0, &found));
  assert_false(one(r, 1, 6, RACE_READ, 0, &found));
  assert_false(one(r, 1, 7, RACE_WRITE, 0, &found));
  assert_true(one(r, 2, 8, RACE_READ, 0, &found));
  assert_int_equal(found.site, 7);
  races_free(r);
}

static void test_order(void **state) {
  (void)state;
  RaceFound found = {0};
  /* a release after the access, then an acquire: ordered */
  Races *r = make(4);
  assert_false(one(r, 1, 0, RACE_WRITE, 0, &found));
  races_release(r, 1);
  races_acquire(r, 2);
  assert_false(one(r, 2, 0, RACE_READ, 0, &found));
  assert_false(one(r, 2, 0, RACE_WRITE, 0, &found));
  assert_true(one(r, 3, 0, RACE_READ, 0, &found)); /* 3 acquired nothing */
  assert_int_equal(found.program, 2);
  races_free(r);
  /* a release before the access does not order it, nor an acquire before the release, nor one without a release */
  r = make(4);
  races_release(r, 1);
  assert_false(one(r, 1, 0, RACE_WRITE, 0, &found));
  races_acquire(r, 2);
  assert_true(one(r, 2, 0, RACE_READ, 0, &found));
  races_free(r);
  r = make(4);
  assert_false(one(r, 1, 0, RACE_WRITE, 0, &found));
  races_acquire(r, 2);
  races_release(r, 1);
  assert_true(one(r, 2, 0, RACE_READ, 0, &found));
  races_free(r);
  r = make(4);
  assert_false(one(r, 1, 0, RACE_WRITE, 0, &found));
  races_release(r, 3);
  races_acquire(r, 2);
  assert_true(one(r, 2, 0, RACE_READ, 0, &found));
  races_free(r);
}

/* More programs than the first table of releases holds, each ordered after the one before it. */
static void test_chain(void **state) {
  (void)state;
  Races *r = make(4);
  RaceFound found = {0};
  for (uint64_t p = 0; p < 1000; p++) {
    if (p) races_acquire(r, p);
    assert_false(one(r, p, 0, RACE_WRITE, 0, &found));
    races_release(r, p);
  }
  assert_true(one(r, 5000, 0, RACE_WRITE, 0, &found));
  assert_int_equal(found.program, 999);
  races_free(r);
}

/* A number of a place that does not fit the shadow is not known; nothing else is lost. */
static void test_large_numbers(void **state) {
  (void)state;
  Races *r = make(4);
  RaceFound found = {0};
  assert_false(one(r, 1, 1 << 20, RACE_WRITE, 0, &found));
  assert_true(one(r, 2, 3, RACE_WRITE, 0, &found));
  assert_int_equal(found.site, UINT32_MAX);
  assert_int_equal(found.program, 1);
  races_free(r);
  /* so many releases that the clock's field is full: what comes then counts as ordered */
  r = make(4);
  for (int i = 0; i < 1 << 22; i++) races_release(r, 1);
  assert_false(one(r, 1, 0, RACE_WRITE, 0, &found));
  assert_false(one(r, 2, 0, RACE_WRITE, 0, &found));
  races_free(r);
}

static void test_written(void **state) {
  (void)state;
  Races *r = make(4);
  RaceFound found;
  assert_false(races_written(r, 0, BASE, 4));
  assert_true(races_written(r, 0, BASE, 0));
  assert_true(races_written(r, 1, BASE, 4)); /* a region that is not there is not asked about */
  assert_false(one(r, 1, 0, RACE_READ, 0, &found));
  assert_false(races_written(r, 0, BASE, 4));
  assert_false(races_access(r, 0, 1, 0, RACE_WRITE, BASE, 64, &found));
  assert_false(one(r, 1, 0, RACE_ATOMIC, 64, &found));
  assert_true(races_written(r, 0, BASE, 68));
  assert_false(races_written(r, 0, BASE, 72));
  assert_false(races_written(r, 0, BASE + 67, 2));
  races_free(r);
}

/* Two threads access the same places at once, each in an order of its own: at least one sees the other at each. */
typedef struct Side {
  Races *r;
  uint64_t program;
  RaceAccess access;
  pthread_barrier_t *start;
  bool raced[SIZE / 4];
} Side;

static void *run_side(void *arg) {
  Side *s = arg;
  pthread_barrier_wait(s->start);
  for (size_t k = 0; k < SIZE / 4; k++) {
    RaceFound found;
    size_t i = s->program == 1 ? k : SIZE / 4 - 1 - k;
    s->raced[i] = one(s->r, s->program, 0, s->access, 4 * i, &found);
  }
  return NULL;
}

static void test_threads(void **state) {
  (void)state;
  for (int round = 0; round < 20; round++) {
    Races *r = make(4);
    pthread_barrier_t start;
    assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
    Side *sides = calloc(2, sizeof *sides);
    assert_non_null(sides);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
      sides[i].r = r;
      sides[i].program = (uint64_t)i + 1;
      sides[i].access = i && round % 2 ? RACE_READ : RACE_WRITE;
      sides[i].start = &start;
      assert_int_equal(pthread_create(&threads[i], NULL, run_side, &sides[i]), 0);
    }
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < SIZE / 4; i++) assert_true(sides[0].raced[i] || sides[1].raced[i]);
    free(sides);
    pthread_barrier_destroy(&start);
    races_free(r);
  }
}

/* More shadow than there are addresses. */
static void test_no_memory(void **state) {
  (void)state;
  RaceRegion regions[] = {{BASE, SIZE}, {BASE + SIZE, SIZE_MAX / 64}};
  assert_null(races_new(regions, 2, 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pairs),           cmocka_unit_test(test_where_they_meet), cmocka_unit_test(test_grain),
      cmocka_unit_test(test_several_readers), cmocka_unit_test(test_order),           cmocka_unit_test(test_chain),
      cmocka_unit_test(test_large_numbers),   cmocka_unit_test(test_written),         cmocka_unit_test(test_threads),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
