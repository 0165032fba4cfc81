/* interface.c: what tritonc.h promises about failures, checked from C; test_c.py builds and runs it. */
#include <tritonc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long left;
static void *limited(void *self, size_t n) {
  (void)self;
  return left-- > 0 ? malloc(n) : NULL;
}
static void give(void *self, void *p) {
  (void)self;
  free(p);
}
static const char source[] =
    "import triton\nimport triton.language as tl\n@triton.jit\ndef k(x, B: tl.constexpr):\n"
    "    i = tl.arange(0, B)\n    tl.store(x + i, tl.load(x + i) + tl.sum(i.to(tl.float32)))\n";
static const char warned_source[] =
    "import triton\nimport triton.language as tl\n@triton.jit\ndef k(x, B: tl.constexpr):\n"
    "    i = tl.arange(0, B)\n    tl.store(x + i, tl.where((i > 1) and (i < 9), 1.0, 0.0))\n";
#define CHECK(what)                                                                                                    \
  do {                                                                                                                 \
    if (!(what)) {                                                                                                     \
      printf("line %d: %s: %s\n", __LINE__, #what, cx ? ttc_message(cx) : "");                                         \
      return 1;                                                                                                        \
    }                                                                                                                  \
  } while (0)

/* Warnings come with the compile that succeeds, and an allocation that fails on the way to them fails it. */
static int check_warnings(const ttc_allocator *a, ttc_request s) {
  ttc_context *cx = ttc_context_new_with(a);
  ttc_warning w;
  ttc_kernel *k;
  s.text = warned_source;
  s.noptions = 0;
  s.stop = "ttir"; /* not from the disk cache */
  long n = 0;
  for (ttc_status status = TTC_ERROR_MEMORY; status != TTC_OK; n++) {
    left = n;
    status = ttc_compile(cx, &s, &k);
    CHECK(status == TTC_OK || (status == TTC_ERROR_MEMORY && !k));
  }
  left = 1000000;
  CHECK(n > 2 && ttc_warning_at(cx, 0, &w) && !ttc_warning_at(cx, 1, &w));
  CHECK(!strcmp(w.file, "k.py") && w.line == 6 && w.column == 30 && strstr(w.message, "`and`") &&
        strstr(w.hint, "`&`"));
  CHECK(strstr(w.rendered, "k.py:6:30: warning: ") && strstr(w.rendered, "^~~") && !*ttc_message(cx));
  ttc_kernel_free(k);
  s.text = source;
  CHECK(ttc_compile(cx, &s, &k) == TTC_OK && !ttc_warning_at(cx, 0, &w) && !ttc_warning_at(NULL, 0, &w));
  ttc_kernel_free(k);
  ttc_context_free(cx);
  return 0;
}

int main(void) {
  ttc_allocator a = {limited, give, NULL};
  ttc_param params[] = {{.name = "x", .type = "*fp32"},
                        {.name = "B", .type = "constexpr", .constant = {.kind = TTC_INT, .integer = 16}}};
  ttc_request s = {.size = sizeof s, .text = source, .file = "k.py", .params = params, .nparams = 2};
  ttc_kernel *k;
  ttc_context *cx = NULL;
  left = 0;
  CHECK(!ttc_context_new_with(&a));
  left = 1000000;
  cx = ttc_context_new_with(&a);
  int failures = 0;
  for (long n = 0;; n++) { /* the n-th allocation fails … */
    left = n;
    ttc_status status = ttc_compile(cx, &s, &k);
    if (status == TTC_OK) break;
    CHECK(status == TTC_ERROR_MEMORY && !k && !strcmp(ttc_message(cx), "out of memory"));
    failures++;
    if (n % 8 == 0) { /* … and the next compile works */
      left = 1000000;
      CHECK(ttc_compile(cx, &s, &k) == TTC_OK);
      ttc_kernel_free(k);
    }
  }
  left = 1000000;
  CHECK(failures >= 2);
  float x[16] = {0}, *px = x;
  const uint32_t grid[3] = {1, 1, 1};
  CHECK(ttc_launch(cx, k, grid, NULL, (const void *[]){&px}, 1) == TTC_OK && x[15] == 120.0f);
  CHECK(ttc_launch(NULL, k, grid, NULL, (const void *[]){&px}, 1) == TTC_OK && x[15] == 240.0f);
  CHECK(ttc_launch(cx, k, grid, NULL, (const void *[]){&px}, 2) == TTC_ERROR_ARGUMENT &&
        strstr(ttc_message(cx), "takes 1 run-time"));
  CHECK(ttc_kernel_nargs(k) == 1 && !strcmp(ttc_kernel_arg_type(k, 0), "ptr") && !ttc_kernel_arg_type(k, 1));
  CHECK(!strcmp(ttc_kernel_name(k), "k") && strlen(ttc_kernel_hash(k)) == 64 && !ttc_kernel_stage(k, "cubin", NULL));
  ttc_kernel_free(k);

  s.target = "cuda:90", s.stop = "ttir";
  CHECK(ttc_compile(cx, &s, &k) == TTC_OK);
  CHECK(ttc_launch(cx, k, grid, NULL, (const void *[]){&px}, 1) == TTC_ERROR_ARGUMENT);
  ttc_kernel_free(k);
  s.stop = "ptx";
  CHECK(ttc_compile(cx, &s, &k) == TTC_OK && ttc_kernel_stage(k, "ptx", NULL));
  ttc_kernel_free(k);

  s.target = "simt:90", s.stop = NULL;
  CHECK(ttc_compile(cx, &s, &k) == TTC_OK);
  ttc_memory memory[] = {{x, sizeof x, 0, "x"}};
  CHECK(!strcmp(ttc_kernel_target(k), "simt:90") && !ttc_kernel_stage(k, "ptx", NULL));
  CHECK(ttc_launch(cx, k, grid, NULL, (const void *[]){&px}, 1) == TTC_OK && x[15] == 360.0f);
  CHECK(ttc_launch_checked(cx, k, grid, NULL, (const void *[]){&px}, 1, memory, 1) == TTC_OK && x[15] == 480.0f);
  memory[0].size -= 4;
  CHECK(ttc_launch_checked(cx, k, grid, NULL, (const void *[]){&px}, 1, memory, 1) == TTC_ERROR_SYSTEM &&
        strstr(ttc_message(cx),
               "k.py:6:21: error: out-of-bounds read: 4 bytes at offset 60 of `x`, which has 60 bytes") &&
        strstr(ttc_message(cx), "k.py:6:5: error: out-of-bounds write"));
  memory[0] = (ttc_memory){x, sizeof x, TTC_MEMORY_READ_ONLY, NULL};
  CHECK(ttc_launch_checked(cx, k, grid, NULL, (const void *[]){&px}, 1, memory, 1) == TTC_ERROR_SYSTEM &&
        strstr(ttc_message(cx), "write to read-only memory"));
  memory[0] = (ttc_memory){x, sizeof x, TTC_MEMORY_UNINITIALIZED, "x"};
  CHECK(ttc_launch_checked(NULL, k, grid, NULL, (const void *[]){&px}, 1, memory, 1) == TTC_ERROR_SYSTEM);
  CHECK(ttc_launch_checked(cx, k, grid, NULL, (const void *[]){&px}, 1, NULL, 1) == TTC_ERROR_ARGUMENT);
  ttc_kernel_free(k);
  const ttc_option debug = {"debug", "true"};
  s.target = NULL;
  CHECK(ttc_compile(cx, &s, &k) == TTC_OK && !ttc_kernel_checks(k));
  ttc_kernel_free(k);
  CHECK(!ttc_kernel_checks(NULL));
  s.options = &debug, s.noptions = 1;
  CHECK(ttc_compile(cx, &s, &k) == TTC_OK && ttc_kernel_checks(k));
  memory[0] = (ttc_memory){x, sizeof x, 0, "x"};
  float before = x[15];
  CHECK(ttc_launch(cx, k, grid, NULL, (const void *[]){&px}, 1) == TTC_OK && x[15] == before + 120.0f);
  CHECK(ttc_launch_checked(cx, k, grid, NULL, (const void *[]){&px}, 1, memory, 1) == TTC_OK &&
        x[15] == before + 240.0f);
  memory[0].size -= 4;
  CHECK(ttc_launch_checked(cx, k, grid, NULL, (const void *[]){&px}, 1, memory, 1) == TTC_ERROR_SYSTEM &&
        x[15] == before + 240.0f &&
        strstr(ttc_message(cx), "k.py:6: kernel `k`, program (0, 0, 0): out of bounds: load") &&
        strstr(ttc_message(cx), "x[15], element (15) of the block; it has 15 elements"));
  memory[0] = (ttc_memory){x, sizeof x, TTC_MEMORY_READ_ONLY, NULL};
  CHECK(ttc_launch_checked(cx, k, grid, NULL, (const void *[]){&px}, 1, memory, 1) == TTC_ERROR_SYSTEM &&
        strstr(ttc_message(cx), "read-only memory: store of"));
  memory[0] = (ttc_memory){x, sizeof x, TTC_MEMORY_UNINITIALIZED, "x"};
  CHECK(ttc_launch_checked(cx, k, grid, NULL, (const void *[]){&px}, 1, memory, 1) == TTC_ERROR_SYSTEM &&
        strstr(ttc_message(cx), "read of memory that was never written: load of f32 at x[0]"));
  memory[0].size = 1; /* somebody else's memory */
  memory[0].base = &before;
  CHECK(ttc_launch_checked(cx, k, grid, NULL, (const void *[]){&px}, 1, memory, 1) == TTC_ERROR_SYSTEM &&
        strstr(ttc_message(cx), "the argument has no memory"));
  ttc_kernel_free(k);

  s.target = "simt:91", s.options = NULL, s.noptions = 0;
  CHECK(ttc_compile(cx, &s, &k) == TTC_ERROR_SOURCE);
  s.target = NULL, s.nparams = 1;
  CHECK(ttc_compile(cx, &s, &k) == TTC_ERROR_SOURCE && strstr(ttc_message(cx), "`B` of `k` is not described"));
  s.params = params + 1;
  CHECK(ttc_compile(cx, &s, &k) == TTC_ERROR_SOURCE && strstr(ttc_message(cx), "`x`"));
  s.params = params, s.nparams = 2;
  params[0].type = "*fp33";
  CHECK(ttc_compile(cx, &s, &k) == TTC_ERROR_SOURCE && strstr(ttc_message(cx), "no type `*fp33`"));
  params[0].type = "*fp32", params[0].name = "y";
  CHECK(ttc_compile(cx, &s, &k) == TTC_ERROR_SOURCE && strstr(ttc_message(cx), "no parameter `y`"));
  ttc_option wrong = {"num_wraps", "4"};
  s.options = &wrong, s.noptions = 1;
  CHECK(ttc_compile(cx, &s, &k) == TTC_ERROR_SOURCE && strstr(ttc_message(cx), "y"));
  params[0].name = NULL, params[1].name = NULL;
  CHECK(ttc_compile(cx, &s, &k) == TTC_ERROR_SOURCE && strstr(ttc_message(cx), "`num_warps`"));
  CHECK(ttc_compile(cx, NULL, &k) == TTC_ERROR_ARGUMENT && *ttc_message(cx));
  CHECK(ttc_compile(NULL, &s, &k) == TTC_ERROR_ARGUMENT);

  /* The request's size is its version: none is an error; what a later one adds may be there as long as it is zero. */
  struct {
    ttc_request known;
    const char *later;
  } longer = {{.size = sizeof longer, .text = source, .file = "k.py", .signature = "*fp32,16", .stop = "ttir"}, NULL};
  CHECK(ttc_compile(cx, &longer.known, &k) == TTC_OK);
  ttc_kernel_free(k);
  longer.later = "x";
  CHECK(ttc_compile(cx, &longer.known, &k) == TTC_ERROR_ARGUMENT && strstr(ttc_message(cx), "does not have"));
  longer.later = NULL, longer.known.size = 0;
  CHECK(ttc_compile(cx, &longer.known, &k) == TTC_ERROR_ARGUMENT && strstr(ttc_message(cx), "sizeof"));
  longer.known.size = sizeof longer, longer.known.params = params, longer.known.nparams = 2;
  CHECK(ttc_compile(cx, &longer.known, &k) == TTC_ERROR_ARGUMENT && strstr(ttc_message(cx), "twice"));
  CHECK(ttc_launch(cx, NULL, grid, NULL, NULL, 0) == TTC_ERROR_ARGUMENT);
  CHECK(ttc_float_bits(1.5, "fp16") == 0x3e00 && ttc_float_bits(-1.5, "bf16") == 0xbfc0 &&
        ttc_float_bits(1.5, "fp32") == 0x3fc00000 && ttc_float_bits(1.5, "fp64") == 0x3ff8000000000000);
  CHECK(!strncmp(ttc_target_resolve(cx, "cpu"), "cpu:", 4) && !ttc_target_resolve(cx, "tpu") &&
        strstr(ttc_message(cx), "`tpu`"));

  CHECK(ttc_spec_int(1, 0) == TTC_SPEC_ONE && ttc_spec_int(1, TTC_SPEC_NO_VALUE) == TTC_SPEC_I32);
  CHECK(ttc_spec_int(-32, 0) == (TTC_SPEC_I32 | TTC_SPEC_DIVISIBLE) &&
        ttc_spec_int(32, TTC_SPEC_NO_ALIGNMENT) == TTC_SPEC_I32);
  CHECK(ttc_spec_int(INT64_MAX, 0) == TTC_SPEC_I64 && ttc_spec_uint(UINT64_MAX, 0) == TTC_SPEC_U64 &&
        ttc_spec_uint(3, 0) == TTC_SPEC_I32);
  CHECK(ttc_spec_param(TTC_SPEC_ONE, "n", NULL).constant.integer == 1 &&
        ttc_spec_param(TTC_SPEC_I64 | TTC_SPEC_DIVISIBLE, "n", NULL).divisibility == 16);
  ttc_context_free(cx);
  printf("%d failures were survived\n", failures);
  if (check_warnings(&a, s)) return 1;
  return 0;
}
