/* test_corpus.c: what must hold of every compile of the corpus: stages print, read and print again to the same bytes;
 * the same input gives the same bytes; every allocation may fail; malformed source never crashes; any number of
 * compiles at once. */
#include "failing.h"
#include "corpus.h"

#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static bool small(void) { return getenv("TRITONC_TEST_SMALL") != NULL; }

static const char *stage(const ttc_kernel *k, const char *name) {
  size_t len;
  const char *text = ttc_kernel_stage(k, name, &len);
  return text ? text : "";
}

static ttc_kernel *must_compile(ttc_context *cx, const CorpusEntry *e, const char *stop) {
  ttc_kernel *kernel;
  if (corpus_compile(cx, e, e->text, e->len, stop, &kernel) != TTC_OK) fail_msg("%s: %s", e->kernel, ttc_message(cx));
  return kernel;
}

static void test_every_kernel_compiles_to_native_code(void **state) {
  (void)state;
  for (size_t i = 0; i < corpus_size; i++) {
    ttc_context *cx = ttc_context_new();
    ttc_kernel *k = must_compile(cx, &corpus[i], NULL);
    assert_string_equal(ttc_kernel_name(k), corpus[i].kernel);
    assert_non_null(strstr(stage(k, "ttir"), "tt.func public"));
    assert_non_null(strstr(stage(k, "llir"), "define"));
    ttc_kernel_free(k);
    ttc_context_free(cx);
  }
}

static void test_triton_ir_reads_back_to_the_same_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < corpus_size; i++) {
    ttc_context *cx = ttc_context_new();
    ttc_kernel *first = must_compile(cx, &corpus[i], "ttir"), *again;
    ttc_request q = {.size = sizeof q, .text = stage(first, "ttir"), .file = "again.ttir", .stop = "ttir"};
    if (ttc_compile(cx, &q, &again) != TTC_OK) fail_msg("%s: %s", corpus[i].kernel, ttc_message(cx));
    assert_string_equal(stage(first, "ttir"), stage(again, "ttir"));
    ttc_kernel_free(first);
    ttc_kernel_free(again);
    ttc_context_free(cx);
  }
}

static void test_compiles_are_deterministic(void **state) {
  (void)state;
  for (size_t i = 0; i < corpus_size; i++) {
    ttc_context *a = ttc_context_new(), *b = ttc_context_new();
    ttc_kernel *x = must_compile(a, &corpus[i], NULL), *y = must_compile(b, &corpus[i], NULL);
    const char *name;
    for (size_t s = 0; (name = ttc_kernel_stage_name(x, s)); s++) {
      size_t nx, ny;
      const char *tx = ttc_kernel_stage(x, name, &nx), *ty = ttc_kernel_stage(y, name, &ny);
      assert_int_equal(nx, ny);
      if (memcmp(tx, ty, nx) != 0) fail_msg("%s: stage %s differs between two compiles", corpus[i].kernel, name);
    }
    assert_string_equal(ttc_kernel_hash(x), ttc_kernel_hash(y));
    ttc_kernel_free(x);
    ttc_kernel_free(y);
    ttc_context_free(a);
    ttc_context_free(b);
  }
}

/* ---- the n-th allocation fails ----------------------------------------------------------------------------------- */

static void test_every_allocation_may_fail(void **state) {
  (void)state;
  for (size_t i = 0; i < corpus_size; i++) {
    long n = 0;
    for (bool done = false; !done; n++) {
      Failing f = {.fail_at = n + 1};
      ttc_allocator allocator = {failing_alloc, failing_release, &f};
      ttc_context *cx = ttc_context_new_with(&allocator);
      if (cx) {
        ttc_kernel *k;
        ttc_status status = corpus_compile(cx, &corpus[i], corpus[i].text, corpus[i].len, small() ? "ttir" : NULL, &k);
        if (status == TTC_OK) {
          done = true;
        } else {
          if (status != TTC_ERROR_MEMORY) fail_msg("%s, allocation %ld: %s", corpus[i].kernel, n, ttc_message(cx));
          assert_non_null(strstr(ttc_message(cx), "memory"));
          /* The next compile in the same context works. */
          f.fail_at = LONG_MAX;
          if (n % 4 == 0) ttc_kernel_free(must_compile(cx, &corpus[i], "ttir"));
        }
        ttc_kernel_free(k);
        ttc_context_free(cx);
      }
      assert_int_equal(f.alive, 0);
      assert_true(n < 100000);
    }
    assert_true(n > 3);
  }
}

/* ---- malformed source -------------------------------------------------------------------------------------------- */

static uint64_t random_state = 88172645463325252u;
static uint64_t random_next(void) { /* Marsaglia's xorshift64 */
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  return random_state ^= random_state << 17;
}

/* Damage a copy of `text` in one of several ways; gives its new length. */
static size_t damage(char *copy, const char *text, size_t len) {
  memcpy(copy, text, len);
  switch (random_next() % 4) {
  case 0: return random_next() % (len + 1);
  case 1: copy[random_next() % len] ^= (char)(1u << random_next() % 8); return len;
  case 2: copy[random_next() % len] = (char)random_next(); return len;
  default: {
    size_t from = random_next() % len, n = random_next() % 40;
    if (from + n > len) n = len - from;
    memmove(copy + from, copy + from + n, len - from - n);
    return len - n;
  }
  }
}

static void test_malformed_source_is_refused_or_compiled(void **state) {
  (void)state;
  int rounds = small() ? 2000 : 20000;
  long compiled = 0, refused = 0;
  char *copy = malloc(1 << 20);
  for (int i = 0; i < rounds; i++) {
    const CorpusEntry *e = &corpus[(size_t)i % corpus_size];
    size_t len = damage(copy, e->text, e->len);
    copy[len] = 0;
    ttc_context *cx = ttc_context_new();
    ttc_kernel *k;
    ttc_status status = corpus_compile(cx, e, copy, len ? len : 1, "ttir", &k);
    if (status == TTC_OK) {
      compiled++;
    } else {
      refused++;
      if (status == TTC_ERROR_INTERNAL) fail_msg("%s, round %d: %s\n%s", e->kernel, i, ttc_message(cx), copy);
      assert_true(strlen(ttc_message(cx)) > 5);
    }
    ttc_kernel_free(k);
    ttc_context_free(cx);
  }
  free(copy);
  assert_true(compiled > 0 && refused > 0);
}

static void test_malformed_ir_is_refused_or_compiled(void **state) {
  (void)state;
  static char *texts[64];
  int rounds = small() ? 1000 : 10000;
  char *copy = malloc(1 << 22);
  for (int i = 0; i < rounds; i++) {
    size_t which = (size_t)i % corpus_size;
    ttc_context *cx = ttc_context_new();
    ttc_kernel *k = NULL;
    if (!texts[which]) {
      k = must_compile(cx, &corpus[which], "ttir");
      texts[which] = strdup(stage(k, "ttir"));
      ttc_kernel_free(k);
    }
    size_t len = damage(copy, texts[which], strlen(texts[which]));
    copy[len] = 0;
    k = NULL;
    ttc_request q = {.size = sizeof q, .text = copy, .len = len ? len : 1, .file = "damaged.ttir", .stop = "ttir"};
    ttc_status status = ttc_compile(cx, &q, &k);
    if (status == TTC_ERROR_INTERNAL) fail_msg("%s, round %d: %s", corpus[which].kernel, i, ttc_message(cx));
    if (status != TTC_OK) assert_true(strlen(ttc_message(cx)) > 5);
    ttc_kernel_free(k);
    ttc_context_free(cx);
  }
  for (size_t i = 0; i < corpus_size; i++) free(texts[i]);
  free(copy);
}

/* ---- many compiles at once --------------------------------------------------------------------------------------- */

enum { THREADS = 32 };
static char *expected[64];
static const char *thread_stop;

static void *compile_all(void *arg) {
  size_t shift = (size_t)(uintptr_t)arg;
  for (size_t j = 0; j < corpus_size; j++) {
    size_t i = (j + shift) % corpus_size;
    ttc_context *cx = ttc_context_new();
    ttc_kernel *k;
    bool ok = corpus_compile(cx, &corpus[i], corpus[i].text, corpus[i].len, thread_stop, &k) == TTC_OK &&
              strcmp(stage(k, "ttir"), expected[i]) == 0;
    ttc_kernel_free(k);
    ttc_context_free(cx);
    if (!ok) return (void *)1;
  }
  return NULL;
}

static void test_thirty_two_threads_compile_at_once(void **state) {
  (void)state;
  for (size_t i = 0; i < corpus_size; i++) {
    ttc_context *cx = ttc_context_new();
    ttc_kernel *k = must_compile(cx, &corpus[i], "ttir");
    expected[i] = strdup(stage(k, "ttir"));
    ttc_kernel_free(k);
    ttc_context_free(cx);
  }
  thread_stop = small() ? "ttir" : NULL;
  pthread_t threads[THREADS];
  for (size_t t = 0; t < THREADS; t++)
    assert_int_equal(pthread_create(&threads[t], NULL, compile_all, (void *)(uintptr_t)t), 0);
  for (size_t t = 0; t < THREADS; t++) {
    void *failed;
    pthread_join(threads[t], &failed);
    assert_null(failed);
  }
  for (size_t i = 0; i < corpus_size; i++) free(expected[i]);
}

int main(void) {
  setenv("TRITON_ALWAYS_COMPILE", "1", 1);
  if (!corpus_load()) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kernel_compiles_to_native_code),
      cmocka_unit_test(test_triton_ir_reads_back_to_the_same_bytes),
      cmocka_unit_test(test_compiles_are_deterministic),
      cmocka_unit_test(test_every_allocation_may_fail),
      cmocka_unit_test(test_malformed_source_is_refused_or_compiled),
      cmocka_unit_test(test_malformed_ir_is_refused_or_compiled),
      cmocka_unit_test(test_thirty_two_threads_compile_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
