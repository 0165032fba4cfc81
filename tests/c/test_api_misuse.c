/* test_api_misuse.c: the C interface called wrongly. Whatever a caller leaves out, gives twice or spells wrong ends in
 * an error or an empty answer; under AddressSanitizer nothing is read or written that is not there. */
#include "tritonc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char source[] = "import triton\n"
                             "import triton.language as tl\n"
                             "@triton.jit\n"
                             "def add(x, y, n, B: tl.constexpr):\n"
                             "    i = tl.program_id(0) * B + tl.arange(0, B)\n"
                             "    tl.store(y + i, tl.load(x + i, mask=i < n) + 1, mask=i < n)\n";
enum { ELEMENTS = 64 };

static ttc_request add(const char *target) {
  return (ttc_request){.size = sizeof(ttc_request),
                       .text = source,
                       .file = "add.py",
                       .kernel = "add",
                       .signature = "*fp32,*fp32,i32,64",
                       .target = target};
}

static ttc_kernel *compiled(ttc_context *cx, const char *target) {
  ttc_request q = add(target);
  ttc_kernel *k = NULL;
  if (ttc_compile(cx, &q, &k) != TTC_OK) fail_msg("%s", ttc_message(cx));
  assert_non_null(k);
  return k;
}

/* An error with a message, and no kernel. */
static void refused(ttc_context *cx, const ttc_request *q) {
  ttc_kernel *k = NULL;
  ttc_status s = ttc_compile(cx, q, &k);
  assert_true(s != TTC_OK && s != TTC_ERROR_INTERNAL);
  assert_null(k);
  assert_true(strlen(ttc_message(cx)) > 0);
}

static void test_null_objects(void **state) {
  (void)state;
  size_t len = 7;
  ttc_doc doc;
  ttc_kernel *k = NULL;
  void *bytes = NULL;
  const uint32_t grid[3] = {1, 1, 1};
  ttc_context_free(NULL);
  ttc_kernel_free(NULL);
  ttc_context_set_interrupt(NULL, NULL, NULL);
  assert_string_equal(ttc_message(NULL), "");
  assert_null(ttc_option_name(SIZE_MAX));
  assert_null(ttc_kernel_stage(NULL, "ptx", &len));
  assert_null(ttc_kernel_stage(NULL, NULL, NULL));
  assert_null(ttc_kernel_stage_name(NULL, 0));
  assert_int_equal(ttc_kernel_nargs(NULL), 0);
  assert_false(ttc_kernel_arg_written(NULL, 0));
  assert_int_equal(ttc_kernel_from_cache(NULL), 0);
  assert_false(ttc_kernel_checks(NULL));
  ttc_kernel_name(NULL), ttc_kernel_metadata(NULL), ttc_kernel_target(NULL), ttc_kernel_hash(NULL);
  ttc_kernel_arg_type(NULL, 0);
  assert_int_equal(ttc_compile(NULL, NULL, NULL), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_kernel_save(NULL, NULL, &bytes, &len), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_kernel_restore(NULL, NULL, 0, &k), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_kernel_load(NULL, NULL), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_launch(NULL, NULL, grid, NULL, NULL, 0), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_launch_checked(NULL, NULL, grid, NULL, NULL, 0, NULL, 0), TTC_ERROR_ARGUMENT);
  assert_int_not_equal(ttc_device(NULL, "nonsense", NULL, NULL), TTC_OK);
  assert_null(ttc_target_resolve(NULL, "nonsense"));
  assert_false(ttc_target_takes_capability(NULL, "cuda"));
  assert_false(ttc_doc_at(SIZE_MAX, &doc));
  assert_false(ttc_doc_at(0, NULL));
  assert_null(ttc_doc_text(NULL));
  ttc_float_bits(1.0, NULL), ttc_float_bits(1.0, "i32"), ttc_spec_param(0, NULL, NULL), ttc_spec_param(~0u, NULL, NULL);
}

static void test_null_arguments(void **state) {
  (void)state;
  ttc_context *cx = ttc_context_new();
  ttc_kernel *k = compiled(cx, "cpu"), *other = NULL;
  ttc_request q = add("cpu");
  void *bytes = NULL;
  size_t len = 0;
  float x[ELEMENTS] = {0}, *px = x;
  int32_t n = ELEMENTS;
  const void *args[] = {&px, &px, &n}, *missing[] = {&px, NULL, &n};
  const uint32_t grid[3] = {1, 1, 1}, none[3] = {0, 1, 1}, huge[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
  assert_int_equal(ttc_compile(cx, NULL, &other), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_compile(cx, &q, NULL), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_compile(NULL, &q, &other), TTC_ERROR_ARGUMENT);
  assert_null(ttc_kernel_stage(k, NULL, &len));
  assert_null(ttc_kernel_stage(k, "nonsense", NULL));
  assert_non_null(ttc_kernel_stage(k, "ttir", NULL));
  assert_null(ttc_kernel_stage_name(k, SIZE_MAX));
  assert_null(ttc_kernel_arg_type(k, SIZE_MAX));
  assert_false(ttc_kernel_arg_written(k, SIZE_MAX));
  assert_int_equal(ttc_kernel_save(cx, k, NULL, &len), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_kernel_save(cx, k, &bytes, NULL), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_kernel_save(cx, NULL, &bytes, &len), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_kernel_restore(cx, NULL, 9, &other), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_kernel_restore(cx, "", 0, &other), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_kernel_restore(cx, "text", 4, NULL), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_launch(cx, k, NULL, NULL, args, 3), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_launch(cx, k, grid, NULL, NULL, 3), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_launch(cx, k, grid, NULL, missing, 3), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_launch(cx, k, grid, NULL, args, 2), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_launch(cx, k, grid, NULL, args, SIZE_MAX), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_launch(cx, k, none, NULL, args, 3), TTC_OK);
  assert_int_not_equal(ttc_launch(cx, k, huge, NULL, args, 3), TTC_OK);
  assert_int_equal(ttc_launch_checked(cx, k, grid, NULL, args, 3, NULL, 1), TTC_ERROR_ARGUMENT);
  assert_int_equal(ttc_launch(cx, k, grid, NULL, args, 3), TTC_OK);
  assert_true(x[0] == 1 && x[ELEMENTS - 1] == 1);
  assert_null(ttc_target_resolve(cx, "cpu:nonsense"));
  assert_null(ttc_target_resolve(cx, "nonsense"));
  assert_non_null(ttc_target_resolve(cx, NULL));
  assert_false(ttc_target_takes_capability(cx, "nonsense"));
  assert_false(ttc_target_takes_capability(cx, "cpu"));
  assert_true(ttc_target_takes_capability(cx, "cuda"));
  assert_true(ttc_target_takes_capability(cx, "simt:80"));
  ttc_kernel_free(k);
  ttc_context_free(cx);
}

/* Each member of a request left out, empty or wrong, alone and with another. */
static void test_requests(void **state) {
  (void)state;
  ttc_context *cx = ttc_context_new();
  for (size_t size = 0; size < sizeof(ttc_request); size += 4) { /* members beyond it do not count */
    ttc_request q = add("cpu");
    q.size = size;
    q.stop = "ttir";
    ttc_kernel *k = NULL;
    if (ttc_compile(cx, &q, &k) == TTC_OK)
      ttc_kernel_free(k);
    else
      assert_true(strlen(ttc_message(cx)) > 0);
  }
  static const char *const words[] = {NULL,
                                      "",
                                      " ",
                                      "nonsense",
                                      "cpu:",
                                      "cuda:",
                                      "cuda:1",
                                      "cuda:90",
                                      "cuda:99999999999999999999",
                                      "cuda:-90",
                                      "simt:90",
                                      ":",
                                      "*",
                                      "*fp32",
                                      "*fp32,*fp32,i32",
                                      "*fp32,*fp32,i32,",
                                      "*fp32,*fp32,i32,64,64",
                                      "*fp32,*fp32,i32:,64",
                                      "*fp32:-16,*fp32,i32,64",
                                      "a=i32",
                                      "ttir",
                                      "front",
                                      "def f(:",
                                      "module {",
                                      "x.ttir",
                                      "x.ttgir",
                                      "\xff\xfe",
                                      "tt.func",
                                      "constexpr",
                                      "(",
                                      "((((((((",
                                      "\"",
                                      "*fp32,*fp32,i32,1e999",
                                      "*fp32,*fp32,i32,-1",
                                      "*fp32,*fp32,i32,None",
                                      "tensordesc<fp16[64,32]>,*fp32,i32,64",
                                      "tensordesc<",
                                      "*fp32,*fp32,i32,99999999999999999999999"};
  enum { WORDS = sizeof words / sizeof *words, MEMBERS = 7 };
  int right = 0;
  for (int member = 0; member < MEMBERS; member++)
    for (int w = 0; w < WORDS; w++)
      for (int second = 0; second < 3; second++) {
        ttc_request q = add(second == 1 ? "cuda:90" : "cpu");
        const char **at[MEMBERS] = {&q.text, &q.file, &q.kernel, &q.signature, &q.target, &q.stop, &q.symbol};
        q.stop = second == 2 ? "ttir" : "llir";
        *at[member] = words[w];
        if (second == 2) *at[(member + 1 + w % (MEMBERS - 1)) % MEMBERS] = words[(w * 7 + 3) % WORDS];
        ttc_kernel *k = NULL;
        ttc_status s = ttc_compile(cx, &q, &k);
        if (s == TTC_ERROR_INTERNAL) fail_msg("member %d, \"%s\": %s", member, words[w], ttc_message(cx));
        assert_true((s == TTC_OK) == (k != NULL));
        if (s != TTC_OK && !strlen(ttc_message(cx))) fail_msg("member %d, \"%s\": no message", member, words[w]);
        right += s == TTC_OK;
        ttc_kernel_free(k);
      }
  assert_true(right > 0);
  ttc_context_free(cx);
}

static void test_options(void **state) {
  (void)state;
  ttc_context *cx = ttc_context_new();
  static const char *const values[] = {NULL,
                                       "",
                                       "0",
                                       "1",
                                       "-1",
                                       "2",
                                       "3",
                                       "4",
                                       "8",
                                       "33",
                                       "256",
                                       "4294967296",
                                       "99999999999999999999",
                                       "true",
                                       "True",
                                       "1.5",
                                       "ieee",
                                       "nonsense",
                                       "0x10",
                                       " 4",
                                       "4 ",
                                       "\xff"};
  static const char *const targets[] = {"cpu", "cuda:75", "cuda:90"};
  enum { VALUES = sizeof values / sizeof *values };
  const char *name;
  for (size_t o = 0; (name = ttc_option_name(o)); o++)
    for (int v = 0; v < VALUES; v++)
      for (int t = 0; t < 3; t++) {
        ttc_request q = add(targets[t]);
        ttc_option options[] = {{name, values[v]}, {name, values[(v + 5) % VALUES]}};
        q.options = options, q.noptions = 1 + (v + t) % 2, q.stop = t ? "ptx" : "ttir";
        ttc_kernel *k = NULL;
        ttc_status s = ttc_compile(cx, &q, &k);
        if (s == TTC_ERROR_INTERNAL) fail_msg("%s=%s on %s: %s", name, values[v], targets[t], ttc_message(cx));
        if (s != TTC_OK && !strlen(ttc_message(cx))) fail_msg("%s=%s: no message", name, values[v]);
        ttc_kernel_free(k);
      }
  ttc_request q = add("cpu");
  ttc_option wrong[] = {{NULL, "1"}};
  q.noptions = 1;
  refused(cx, &q); /* no array */
  q.options = wrong;
  refused(cx, &q);
  wrong[0].name = "";
  refused(cx, &q);
  wrong[0].name = "num_wraps";
  refused(cx, &q);
  ttc_context_free(cx);
}

/* A store in memory: the files of one kernel. */
typedef struct Shelf {
  struct {
    char *name, *bytes;
    size_t len;
  } files[16];
  int n, gets;
  bool fails;
} Shelf;

static int shelf_get(void *self, const char *hash, const char *file, const void **bytes, size_t *len) {
  Shelf *s = self;
  assert_int_equal(strlen(hash), 64);
  s->gets++;
  for (int i = 0; i < s->n; i++)
    if (strcmp(s->files[i].name, file) == 0) return *bytes = s->files[i].bytes, *len = s->files[i].len, 1;
  return 0;
}

static int shelf_put(void *self, const char *hash, const char *file, bool is_text, const void *bytes, size_t len) {
  Shelf *s = self;
  assert_int_equal(strlen(hash), 64);
  assert_true(!is_text || !memchr(bytes, 0, len));
  if (s->fails) return -1;
  assert_true(s->n < 16);
  s->files[s->n].name = strdup(file);
  s->files[s->n].bytes = malloc(len + 1);
  memcpy(s->files[s->n].bytes, bytes, len);
  s->files[s->n++].len = len;
  return 0;
}

static void test_a_callers_store(void **state) {
  (void)state;
  ttc_context *cx = ttc_context_new();
  Shelf shelf = {.fails = true};
  ttc_store store = {&shelf, shelf_get, shelf_put};
  ttc_request q = add("cpu");
  q.store = &store;
  ttc_kernel *k = NULL;
  assert_int_equal(ttc_compile(cx, &q, &k), TTC_ERROR_HOST);
  assert_null(k);
  shelf.fails = false;
  for (int round = 0; round < 2; round++) {
    assert_int_equal(ttc_compile(cx, &q, &k), TTC_OK);
    assert_int_equal(ttc_kernel_from_cache(k), round);
    assert_string_equal(strrchr(shelf.files[shelf.n - 1].name, '.'), ".kernel"); /* written last */
    ttc_kernel_free(k);
  }
  shelf.files[0].bytes[0] ^= 1; /* damage is found */
  int n = shelf.n;
  assert_int_equal(ttc_compile(cx, &q, &k), TTC_OK);
  assert_int_equal(ttc_kernel_from_cache(k), 0);
  assert_true(shelf.n > n);
  ttc_kernel_free(k);
  store.put = NULL;
  refused(cx, &q);
  for (int i = 0; i < shelf.n; i++) free(shelf.files[i].name), free(shelf.files[i].bytes);
  ttc_context_free(cx);
}

static void test_parameters(void **state) {
  (void)state;
  ttc_context *cx = ttc_context_new();
  ttc_param params[4] = {{.type = "*fp32"}, {.type = "*fp32"}, {.type = "i32"}, {.type = "constexpr"}};
  ttc_request q = add("cpu");
  q.signature = NULL;
  refused(cx, &q); /* neither */
  q.nparams = 4;
  refused(cx, &q); /* no array */
  q.params = params;
  for (int kind = -1; kind <= TTC_HANDLE + 1; kind++) { /* a constant with nothing in it */
    params[3].constant =
        (ttc_value){.kind = (ttc_kind)kind, .len = kind == TTC_TUPLE || kind == TTC_LIST || kind == TTC_STR};
    refused(cx, &q);
  }
  params[3].constant = (ttc_value){.kind = TTC_INT, .integer = ELEMENTS};
  for (int i = 0; i < 4; i++) {
    static const char *const types[] = {NULL,     "",   "*",    "i7", "tuple", "constexpr", "tensordesc<fp16[0]>",
                                        "**fp32", "*k", "fp128"};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
      ttc_param kept = params[i];
      params[i].type = types[t];
      params[i].nitems = t % 2 * 3; /* of no array */
      ttc_kernel *k = NULL;
      ttc_status s = ttc_compile(cx, &q, &k);
      assert_int_not_equal(s, TTC_ERROR_INTERNAL);
      assert_true((s == TTC_OK) == (k != NULL));
      ttc_kernel_free(k);
      params[i] = kept;
    }
  }
  params[0].divisibility = -16;
  ttc_kernel *k = NULL;
  if (ttc_compile(cx, &q, &k) == TTC_OK) ttc_kernel_free(k);
  params[0].divisibility = 0, params[1].name = "nonsense";
  refused(cx, &q);
  params[1].name = "x";
  params[0].name = "x";
  refused(cx, &q); /* one twice */
  ttc_context_free(cx);
}

/* A source holds kernels for the CPU or for the CUDA driver, and not both. */
static void test_sources_of_other_targets(void **state) {
  (void)state;
  ttc_context *cx = ttc_context_new();
  ttc_kernel *cpu = compiled(cx, "cpu"), *simulated = compiled(cx, "simt:80");
  const ttc_kernel *kernels[] = {cpu, simulated};
  ttc_source_request q = {
      .size = sizeof q, .name = "k", .symbol = "k", .kernels = kernels, .nkernels = 2, .kernel = "add", .file = "k.py"};
  char *header, *source;
  assert_int_equal(ttc_kernel_source(cx, &q, &header, &source), TTC_ERROR_ARGUMENT);
  assert_non_null(strstr(ttc_message(cx), "all be for cpu, or all for cuda"));
  kernels[0] = simulated, q.nkernels = 1;
  assert_int_equal(ttc_kernel_source(cx, &q, &header, &source), TTC_ERROR_ARGUMENT);
  ttc_kernel_free(cpu);
  ttc_kernel_free(simulated);
  ttc_context_free(cx);
}

/* A kernel outlives its context, another context may launch it, and what is damaged is refused. */
static void test_orders(void **state) {
  (void)state;
  ttc_context *first = ttc_context_new(), *second = ttc_context_new();
  ttc_kernel *k = compiled(first, "cpu"), *again = NULL;
  ttc_context_free(first);
  float x[ELEMENTS] = {0}, *px = x;
  int32_t n = ELEMENTS;
  const void *args[] = {&px, &px, &n};
  const uint32_t grid[3] = {1, 1, 1};
  assert_string_equal(ttc_kernel_name(k), "add");
  assert_int_equal(ttc_launch(second, k, grid, NULL, args, 3), TTC_OK);
  assert_int_equal(ttc_launch(NULL, k, grid, NULL, args, 3), TTC_OK);
  void *bytes;
  size_t len;
  assert_int_equal(ttc_kernel_save(second, k, &bytes, &len), TTC_OK);
  ttc_kernel_free(k);
  for (size_t cut = 0; cut < len; cut += 1 + len / 97) {
    void *part = malloc(cut ? cut : 1); /* to the byte, so that what reads past it is seen */
    memcpy(part, bytes, cut);
    assert_int_equal(ttc_kernel_restore(second, part, cut, &again), TTC_ERROR_ARGUMENT);
    free(part);
  }
  for (size_t at = 0; at < len; at += 1 + len / 97) {
    ((unsigned char *)bytes)[at] ^= 0x41;
    assert_int_equal(ttc_kernel_restore(second, bytes, len, &again), TTC_ERROR_ARGUMENT);
    ((unsigned char *)bytes)[at] ^= 0x41;
  }
  assert_int_equal(ttc_kernel_restore(second, bytes, len, &again), TTC_OK);
  free(bytes);
  assert_int_equal(ttc_launch(second, again, grid, NULL, args, 3), TTC_OK);
  assert_true(x[3] == 3);
  ttc_context_free(second);
  ttc_kernel_free(again);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_null_objects),    cmocka_unit_test(test_null_arguments),
      cmocka_unit_test(test_requests),        cmocka_unit_test(test_options),
      cmocka_unit_test(test_a_callers_store), cmocka_unit_test(test_parameters),
      cmocka_unit_test(test_orders),          cmocka_unit_test(test_sources_of_other_targets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
