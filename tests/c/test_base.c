/* test_base.c: contexts, unwinding, containers, text, hashes and diagnostics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing.h"
#include "base/base.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Allocator failing(Failing *f) { return (Allocator){failing_alloc, failing_release, f}; }

/* ---- the arena --------------------------------------------------------------------------------------------------- */

static void arena_is_zeroed_and_aligned(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  size_t total = 0;
  for (size_t n = 0; n < 300000; n = n * 3 / 2 + 1) {
    unsigned char *p = ctx_alloc(cx, n);
    assert_int_equal((uintptr_t)p % 16, 0);
    for (size_t i = 0; i < n; i++) assert_int_equal(p[i], 0);
    memset(p, 0xa5, n);
    total += n;
  }
  assert_int_equal(ctx_bytes(cx), total);
  ctx_free(cx);
}

static void arena_copies(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  assert_string_equal(ctx_strndup(cx, "abcdef", 3), "abc");
  assert_string_equal(ctx_printf(cx, "%d-%s", 42, "x"), "42-x");
  char long_text[5000];
  memset(long_text, 'y', sizeof long_text);
  long_text[sizeof long_text - 1] = 0;
  assert_string_equal(ctx_printf(cx, "%s", long_text), long_text);
  assert_memory_equal(ctx_copy(cx, "a\0b", 3), "a\0b", 3);
  ctx_free(cx);
}

static void interning_is_by_content(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL), *other = ctx_new(NULL);
  char name[32];
  const char *first[2000];
  for (int i = 0; i < 2000; i++) {
    snprintf(name, sizeof name, "name%d", i);
    first[i] = intern(cx, name);
  }
  for (int i = 0; i < 2000; i++) {
    snprintf(name, sizeof name, "name%d", i);
    assert_ptr_equal(intern(cx, name), first[i]);
    assert_string_equal(first[i], name);
  }
  assert_ptr_equal(intern_n(cx, "name12345", 6), first[12]);
  assert_ptr_not_equal(intern_n(cx, "a\0b", 3), intern_n(cx, "a\0c", 3));
  assert_ptr_not_equal(intern(other, "name1"), first[1]);
  assert_string_equal(intern_n(cx, "", 0), "");
  ctx_free(cx);
  ctx_free(other);
}

/* ---- unwinding --------------------------------------------------------------------------------------------------- */

typedef struct Log {
  char text[64];
  int registered, ran;
} Log;
typedef struct Entry {
  Log *log;
  char letter;
} Entry;

static void note(void *arg) {
  Entry *e = arg;
  size_t n = strlen(e->log->text);
  e->log->text[n] = e->letter;
  e->log->text[n + 1] = 0;
}

static void inner_throws(Ctx *cx, void *arg) {
  Entry c = {arg, 'c'};
  ctx_defer(cx, note, &c); /* on a stack that the jump discards: must run before it */
  ctx_throw(cx, ERR_HOST);
}

static void outer_goes_on(Ctx *cx, void *arg) {
  Entry a = {arg, 'a'}, b = {arg, 'b'};
  CallFrame frame = {.function = "f"};
  ctx_defer(cx, note, ctx_copy(cx, &a, sizeof a)); /* this function returns: its own stack will be gone by then */
  ctx_defer(cx, note, ctx_copy(cx, &b, sizeof b));
  ctx_push_call(cx, &frame);
  assert_int_equal(ctx_protect(cx, inner_throws, arg), ERR_HOST);
  assert_string_equal(((Log *)arg)->text, "c");
  assert_ptr_equal(ctx_calls(cx), &frame);
}

static void deferred_actions_run_last_first(void **state) {
  (void)state;
  Log log = {0};
  Ctx *cx = ctx_new(NULL);
  assert_int_equal(ctx_protect(cx, outer_goes_on, &log), ERR_NONE);
  assert_string_equal(log.text, "cba");
  assert_null(ctx_calls(cx));
  log.text[0] = 0;
  assert_int_equal(ctx_protect(cx, inner_throws, &log), ERR_HOST);
  assert_string_equal(log.text, "c");
  ctx_free(cx);
}

static void eats_memory(Ctx *cx, void *arg) {
  Entry last = {arg, 'x'};
  ctx_defer(cx, note, &last);
  for (;;) ctx_alloc(cx, 100000);
}

static void count(void *arg) { ((Log *)arg)->ran++; }

/* Every registration runs, be it the one for which there was no memory any more. */
static void defers_without_end(Ctx *cx, void *arg) {
  for (;;) {
    ((Log *)arg)->registered++;
    ctx_defer(cx, count, arg);
  }
}

static void memory_runs_out_cleanly(void **state) {
  (void)state;
  for (long n = 2; n < 6; n++) {
    Failing f = {.fail_at = n};
    Allocator a = failing(&f);
    Log log = {0};
    Ctx *cx = ctx_new(&a);
    assert_non_null(cx);
    assert_int_equal(ctx_protect(cx, eats_memory, &log), ERR_MEMORY);
    assert_string_equal(log.text, "x"); /* registered, or run at once because that failed */
    f.fail_at = n + 3;
    assert_int_equal(ctx_protect(cx, defers_without_end, &log), ERR_MEMORY);
    assert_true(log.registered > 0);
    assert_int_equal(log.ran, log.registered);
    ctx_free(cx);
    assert_int_equal(f.alive, 0);
  }
  Failing f = {.fail_at = 1};
  Allocator a = failing(&f);
  assert_null(ctx_new(&a));
}

static void fails_with_a_message(Ctx *cx, void *arg) { diag_fail(cx, (Span){0}, NULL, "number %d", *(int *)arg); }
static void asks_too_much(Ctx *cx, void *arg) { ctx_alloc_n(cx, SIZE_MAX / 4, *(size_t *)arg); }

static void failures_are_reported(void **state) {
  (void)state;
  int seven = 7;
  size_t sixteen = 16;
  Failing f = {.fail_at = 2}; /* only the context itself */
  Allocator a = failing(&f);
  Ctx *cx = ctx_new(&a);
  assert_int_equal(ctx_protect(cx, fails_with_a_message, &seven), ERR_MEMORY);
  assert_null(ctx_diags(cx));
  f.fail_at = 1000;
  assert_int_equal(ctx_protect(cx, fails_with_a_message, &seven), ERR_SOURCE);
  assert_string_equal(ctx_diags(cx)->message, "number 7");
  ctx_clear_diags(cx);
  assert_null(ctx_diags(cx));
  assert_int_equal(ctx_protect(cx, asks_too_much, &sixteen), ERR_MEMORY);
  ctx_free(cx);
}

/* ---- containers -------------------------------------------------------------------------------------------------- */

static void vectors_grow(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Vec(int) v = {0};
  Vec(double) w = {0};
  for (int i = 0; i < 10000; i++) {
    vec_push(cx, &v, i);
    if (i % 3 == 0) vec_push(cx, &w, i * 0.5);
  }
  assert_int_equal(v.len, 10000);
  for (int i = 0; i < 10000; i++) assert_int_equal(v.at[i], i);
  for (uint32_t i = 0; i < w.len; i++) assert_true(w.at[i] == i * 1.5);
  ctx_free(cx);
}

static const void *key(uintptr_t i) { return (const void *)(i + 1); }

/* A map against the simplest model of one: an array. */
static void maps_agree_with_a_model(void **state) {
  (void)state;
  enum { KEYS = 500 };
  Ctx *cx = ctx_new(NULL);
  Map m = {0};
  uintptr_t model[KEYS] = {0};
  uint64_t random = 1;
  assert_null(map_get(&m, key(3)));
  for (int step = 0; step < 200000; step++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    uintptr_t k = (random >> 33) % KEYS, value = (random >> 20) | 1;
    if ((random >> 60) % 3 == 0) {
      map_remove(&m, key(k));
      model[k] = 0;
    } else {
      map_put(cx, &m, key(k), (void *)value);
      model[k] = value;
    }
    assert_int_equal((uintptr_t)map_get(&m, key(k)), model[k]);
  }
  uint32_t live = 0, walked = 0;
  for (uintptr_t k = 0; k < KEYS; k++) {
    assert_int_equal((uintptr_t)map_get(&m, key(k)), model[k]);
    assert_int_equal(map_has(&m, key(k)), model[k] != 0);
    live += model[k] != 0;
  }
  for (uint32_t i = 0; i < m.len; i++) walked += m.entries[i].key != NULL;
  assert_int_equal(m.live, live);
  assert_int_equal(walked, live);
  assert_true(m.cap <= 4 * KEYS); /* removed entries are reclaimed */
  ctx_free(cx);
}

static void maps_keep_the_order(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Map m = {0};
  for (uintptr_t i = 0; i < 1000; i++) map_put(cx, &m, key(i * 7919 % 1000), (void *)i);
  for (uint32_t i = 0; i < m.len; i++) assert_int_equal((uintptr_t)m.entries[i].value, i);
  assert_false(map_has(&m, NULL));
  ctx_free(cx);
}

/* ---- text and numbers -------------------------------------------------------------------------------------------- */

static const char *double_text(Ctx *cx, double x) {
  Buf b = {.cx = cx};
  buf_double(&b, x);
  return buf_text(&b);
}

static void doubles_read_back(void **state) {
  (void)state;
  static const struct {
    double x;
    const char *text;
  } cases[] = {
      {1, "1.0"},
      {-0.0, "-0.0"},
      {0.1, "0.1"},
      {1e30, "1e+30"},
      {1.5e-7, "1.5e-07"},
      {0.0001, "0.0001"},
      {123456789012345680.0, "1.2345678901234568e+17"},
      {1e15, "1000000000000000.0"},
      {5e-324, "5e-324"},
      {5.684341886080802e-14, "5.684341886080802e-14"}, /* 2**-44: not the nearest of its 16-digit neighbours */
      {9007199254740993.0, "9007199254740992.0"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {INFINITY, "inf"},
      {-INFINITY, "-inf"},
      {NAN, "nan"},
  };
  Ctx *cx = ctx_new(NULL);
  for (size_t i = 0; i < COUNT(cases); i++) assert_string_equal(double_text(cx, cases[i].x), cases[i].text);
  uint64_t random = 42;
  for (int i = 0; i < 20000; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    double x, back;
    memcpy(&x, &random, 8);
    if (isnan(x)) continue;
    back = text_to_double(double_text(cx, x), NULL);
    assert_memory_equal(&x, &back, 8);
  }
  /* A host may have set a locale whose decimal point is a comma. */
  if (setlocale(LC_NUMERIC, "de_DE.UTF-8")) {
    assert_string_equal(double_text(cx, 2.5), "2.5");
    assert_true(text_to_double("2.5", NULL) == 2.5);
    setlocale(LC_NUMERIC, "C");
  }
  ctx_free(cx);
}

static void buffers_hold_what_was_written(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Buf b = {.cx = cx};
  assert_string_equal(buf_text(&b), "");
  for (int i = 0; i < 1000; i++) buf_printf(&b, "%d,", i);
  buf_putc(&b, 'x');
  buf_write(&b, "yz?", 2);
  buf_puts(&b, "!");
  assert_int_equal(strlen(b.s), b.len);
  assert_memory_equal(b.s, "0,1,2,3,", 8);
  assert_string_equal(b.s + b.len - 8, "999,xyz!");
  ctx_free(cx);
}

static void hashes(void **state) {
  (void)state;
  static const struct {
    const char *text, *hex;
  } cases[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
  };
  char hex[65];
  Sha256 s;
  for (size_t i = 0; i < COUNT(cases); i++) {
    sha256_init(&s);
    sha256_add(&s, cases[i].text, strlen(cases[i].text));
    sha256_hex(&s, hex);
    assert_string_equal(hex, cases[i].hex);
  }
  /* A million times "a", in pieces of every size from 1 to 200. */
  char as[200];
  memset(as, 'a', sizeof as);
  sha256_init(&s);
  for (size_t left = 1000000, n = 1; left; n = n % 200 + 1) {
    size_t take = n < left ? n : left;
    sha256_add(&s, as, take);
    left -= take;
  }
  sha256_hex(&s, hex);
  assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");

  assert_true(hash_bytes("abc", 3, 0) == hash_bytes("abc", 3, 0));
  assert_true(hash_bytes("abc", 3, 0) != hash_bytes("abc", 3, 1));
  assert_true(hash_bytes("a\0", 2, 0) != hash_bytes("a", 1, 0));
  /* Every bit of the input matters. */
  char text[24] = "0123456789abcdefghijklm";
  uint64_t plain = hash_bytes(text, 23, 0);
  for (int bit = 0; bit < 23 * 8; bit++) {
    text[bit / 8] ^= (char)(1 << bit % 8);
    assert_true(hash_bytes(text, 23, 0) != plain);
    text[bit / 8] ^= (char)(1 << bit % 8);
  }
}

static void nearest_names(void **state) {
  (void)state;
  static const char *const names[] = {"program_id", "load", "store", "arange", "zeros", "maximum", "N", "sum"};
  assert_string_equal(nearest_name("progam_id", names, COUNT(names)), "program_id");
  assert_string_equal(nearest_name("laod", names, COUNT(names)), "load");
  assert_string_equal(nearest_name("Store", names, COUNT(names)), "store");
  assert_string_equal(nearest_name("n", names, COUNT(names)), "N");
  assert_string_equal(nearest_name("maximun", names, COUNT(names)), "maximum");
  assert_null(nearest_name("banana", names, COUNT(names)));
  assert_null(nearest_name("x", names, COUNT(names)));
  assert_null(nearest_name("", names, COUNT(names)));
}

/* ---- sources and diagnostics ------------------------------------------------------------------------------------- */

static const char KERNEL[] = "def kernel(x):\n"
                             "\ty = foo(x)  # \xc3\xa9\xc3\xa8\n"
                             "    \xc3\xa9 = foo(\n"
                             "        1)\r\n\n"
                             "last";

static void spans_have_lines_and_columns(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Source *fast = source_new(cx, "k.py", KERNEL, sizeof KERNEL - 1, 10);
  Source slow = {.file = "k.py", .text = KERNEL, .len = sizeof KERNEL - 1, .first_line = 10};
  for (uint32_t at = 0; at <= sizeof KERNEL; at++) {
    int line, col, other_line, other_col;
    span_line_col((Span){fast, at, at}, &line, &col);
    span_line_col((Span){&slow, at, at}, &other_line, &other_col);
    assert_int_equal(line, other_line);
    assert_int_equal(col, other_col);
  }
  int line, col;
  uint32_t second_foo = (uint32_t)(strstr(KERNEL, "= foo(\n") + 2 - KERNEL);
  span_line_col((Span){fast, second_foo, second_foo + 1}, &line, &col);
  assert_int_equal(line, 12);
  assert_int_equal(col, 9); /* in code points */
  fast->indent = 4;
  span_line_col((Span){fast, second_foo, second_foo + 1}, &line, &col);
  assert_int_equal(col, 13);
  Span joined = span_join((Span){fast, 5, 9}, (Span){fast, 2, 7});
  assert_int_equal(joined.begin, 2);
  assert_int_equal(joined.end, 9);
  ctx_free(cx);
}

typedef struct Report {
  const Source *source;
  uint32_t begin, end;
  const char *hint;
} Report;

static void report(Ctx *cx, void *arg) {
  Report *r = arg;
  diag_fail(cx, (Span){r->source, r->begin, r->end}, r->hint, "no `%s` here", "foo");
}

static const char *rendered(Ctx *cx, Report *r, bool colour) {
  ctx_clear_diags(cx);
  assert_int_equal(ctx_protect(cx, report, r), ERR_SOURCE);
  Buf b = {.cx = cx};
  diag_render(&b, ctx_diags(cx), colour);
  return buf_text(&b);
}

static void diagnostics_show_the_place(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Source *s = source_new(cx, "k.py", KERNEL, sizeof KERNEL - 1, 10);
  uint32_t foo = (uint32_t)(strstr(KERNEL, "foo") - KERNEL), other = (uint32_t)(strstr(KERNEL, "foo(\n") - KERNEL);
  assert_string_equal(rendered(cx, &(Report){s, foo, foo + 6, "did you mean `bar`?"}, false),
                      "k.py:11:6: error: no `foo` here\n"
                      "   11 | \ty = foo(x)  # \xc3\xa9\xc3\xa8\n"
                      "      | \t    ^~~~~~\n"
                      "hint: did you mean `bar`?\n");
  /* Over several lines: to the end of the first. */
  assert_string_equal(rendered(cx, &(Report){s, other, other + 15, NULL}, false), "k.py:12:9: error: no `foo` here\n"
                                                                                  "   12 |     \xc3\xa9 = foo(\n"
                                                                                  "      |         ^~~~\n");
  /* At the very end; an empty span. */
  assert_string_equal(rendered(cx, &(Report){s, (uint32_t)s->len, (uint32_t)s->len, NULL}, false),
                      "k.py:15:5: error: no `foo` here\n"
                      "   15 | last\n"
                      "      |     ^\n");
  assert_string_equal(rendered(cx, &(Report){NULL, 0, 0, NULL}, false), "error: no `foo` here\n");
  assert_string_equal(rendered(cx, &(Report){s, 0, 3, NULL}, true),
                      "\033[1mk.py:10:1: \033[0m\033[1;31merror: \033[0m\033[1mno `foo` here\033[0m\n"
                      "   10 | def kernel(x):\n"
                      "      | \033[1;32m^~~\033[0m\n");
  s->indent = 2;
  s->first_line = 123456;
  assert_string_equal(rendered(cx, &(Report){s, 0, 3, NULL}, false), "k.py:123456:3: error: no `foo` here\n"
                                                                     "123456 |   def kernel(x):\n"
                                                                     "       |   ^~~\n");
  ctx_free(cx);
}

static void unprintable_source_is_made_printable(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Source *s = source_new(cx, NULL, "a\033\xff b", 5, 1);
  assert_string_equal(rendered(cx, &(Report){s, 4, 5, NULL}, false), "<source>:1:5: error: no `foo` here\n"
                                                                     "    1 | a\xef\xbf\xbd\xef\xbf\xbd b\n"
                                                                     "      |     ^\n");
  ctx_free(cx);
}

static void long_lines_are_cut(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  char text[1000], before[61], shown[161];
  memset(text, '.', sizeof text);
  memset(before, ' ', sizeof before);
  memset(shown, '.', sizeof shown);
  before[60] = shown[160] = 0;
  memcpy(text + 500, "foo", 3);
  memcpy(shown + 60, "foo", 3);
  Source *s = source_new(cx, "k.py", text, sizeof text, 1);
  s->indent = 7;
  char *want = ctx_printf(cx, "k.py:1:508: error: no `foo` here\n    1 | ...%s...\n      |    %s^~~\n", shown, before);
  assert_string_equal(rendered(cx, &(Report){s, 500, 503, NULL}, false), want);
  ctx_free(cx);
}

static void called(Ctx *cx, void *arg) {
  Report *r = arg;
  CallFrame kernel = {.function = "kernel"};
  CallFrame outer = {.function = "outer", .call = {r->source, 0, 3}};
  CallFrame inner = {.function = "inner", .call = {r->source, 4, 10}};
  ctx_push_call(cx, &kernel);
  ctx_push_call(cx, &outer);
  ctx_push_call(cx, &inner);
  diag_warn(cx, (Span){0}, NULL, "beware");
  ctx_pop_call(cx);
  report(cx, arg);
}

static void diagnostics_show_the_calls(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Source *s = source_new(cx, "k.py", KERNEL, sizeof KERNEL - 1, 1);
  Report r = {s, 0, 3, NULL};
  assert_int_equal(ctx_protect(cx, called, &r), ERR_SOURCE);
  assert_null(ctx_calls(cx));
  Buf b = {.cx = cx};
  for (const Diag *d = ctx_diags(cx); d; d = d->next) diag_render(&b, d, false);
  assert_string_equal(buf_text(&b), "warning: beware\n"
                                    "k.py:1:5: note: called from `outer` here\n"
                                    "    1 | def kernel(x):\n"
                                    "      |     ^~~~~~\n"
                                    "k.py:1:1: note: called from `kernel` here\n"
                                    "    1 | def kernel(x):\n"
                                    "      | ^~~\n"
                                    "k.py:1:1: error: no `foo` here\n"
                                    "    1 | def kernel(x):\n"
                                    "      | ^~~\n"
                                    "k.py:1:1: note: called from `kernel` here\n"
                                    "    1 | def kernel(x):\n"
                                    "      | ^~~\n");
  ctx_free(cx);
}

static void reads(Ctx *cx, void *arg) {
  size_t len;
  char *text = file_read(cx, arg, &len);
  assert_int_equal(strlen(text), len);
  assert_int_equal(text[0], '0');
}

static void files_are_read(void **state) {
  (void)state;
  char path[] = "/tmp/test_base_XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *f = fdopen(fd, "w");
  for (int i = 0; i < 20000; i++) fprintf(f, "%d\n", i);
  fclose(f);
  for (long n = 2; n < 5; n++) { /* no file stays open, no memory is lost, when it runs out */
    Failing failing_state = {.fail_at = n};
    Allocator a = failing(&failing_state);
    Ctx *poor = ctx_new(&a);
    assert_int_equal(ctx_protect(poor, reads, path), ERR_MEMORY);
    ctx_free(poor);
    assert_int_equal(failing_state.alive, 0);
  }
  Ctx *cx = ctx_new(NULL);
  assert_int_equal(ctx_protect(cx, reads, path), ERR_NONE);
  remove(path);
  assert_int_equal(ctx_protect(cx, reads, path), ERR_SYSTEM);
  assert_non_null(strstr(ctx_diags(cx)->message, "No such file"));
  assert_int_equal(ctx_protect(cx, reads, "/"), ERR_SYSTEM);
  ctx_free(cx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arena_is_zeroed_and_aligned),
      cmocka_unit_test(arena_copies),
      cmocka_unit_test(interning_is_by_content),
      cmocka_unit_test(deferred_actions_run_last_first),
      cmocka_unit_test(memory_runs_out_cleanly),
      cmocka_unit_test(failures_are_reported),
      cmocka_unit_test(vectors_grow),
      cmocka_unit_test(maps_agree_with_a_model),
      cmocka_unit_test(maps_keep_the_order),
      cmocka_unit_test(doubles_read_back),
      cmocka_unit_test(buffers_hold_what_was_written),
      cmocka_unit_test(hashes),
      cmocka_unit_test(nearest_names),
      cmocka_unit_test(spans_have_lines_and_columns),
      cmocka_unit_test(diagnostics_show_the_place),
      cmocka_unit_test(unprintable_source_is_made_printable),
      cmocka_unit_test(long_lines_are_cut),
      cmocka_unit_test(diagnostics_show_the_calls),
      cmocka_unit_test(files_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
