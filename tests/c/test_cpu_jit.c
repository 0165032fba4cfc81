/* test_cpu_jit.c: the CPU backend's LLVM side: processors by name, object code, assembly text, loading and unloading.
 */
#include "cpu/jit.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Core.h>
#include <llvm-c/IRReader.h>

#include <cmocka.h>

/* x[16 * program + 0 .. 15] += 1, with a loop, a constant in memory and a call into the run-time library. */
static const char kernel_text[] = "declare void @ttc_rt_assert_fail(ptr, ptr, ptr, i32)\n"
                                  "@message = private constant [4 x i8] c\"big\\00\"\n"
                                  "@file = private constant [5 x i8] c\"k.py\\00\"\n"
                                  "define void @bump(ptr %args, ptr %grid, i64 %begin, i64 %end, ptr %scratch) {\n"
                                  "entry:\n"
                                  "  %slot = load ptr, ptr %args\n"
                                  "  %x = load ptr, ptr %slot\n"
                                  "  %pid = alloca [3 x i32]\n"
                                  "  br label %loop\n"
                                  "loop:\n"
                                  "  %i = phi i64 [%begin, %entry], [%next, %cont]\n"
                                  "  %at = mul i64 %i, 16\n"
                                  "  %p = getelementptr float, ptr %x, i64 %at\n"
                                  "  %v = load <16 x float>, ptr %p, align 4\n"
                                  "  %w = fadd <16 x float> %v, splat (float 1.0)\n"
                                  "  store <16 x float> %w, ptr %p, align 4\n"
                                  "  %first = extractelement <16 x float> %w, i32 0\n"
                                  "  %big = fcmp ogt float %first, 100.0\n"
                                  "  br i1 %big, label %complain, label %cont\n"
                                  "complain:\n"
                                  "  store [3 x i32] zeroinitializer, ptr %pid\n"
                                  "  call void @ttc_rt_assert_fail(ptr %pid, ptr @message, ptr @file, i32 3)\n"
                                  "  br label %cont\n"
                                  "cont:\n"
                                  "  %next = add i64 %i, 1\n"
                                  "  %more = icmp ult i64 %next, %end\n"
                                  "  br i1 %more, label %loop, label %done\n"
                                  "done:\n"
                                  "  ret void\n"
                                  "}\n";
static const char unresolved_text[] = "declare void @no_such_function()\n"
                                      "define void @bump(ptr %a, ptr %g, i64 %b, i64 %e, ptr %s) {\n"
                                      "  call void @no_such_function()\n"
                                      "  ret void\n"
                                      "}\n";

typedef struct Job {
  const char *text, *arch;
  Stage assembly, object;
  const char *key;
} Job;

static void dispose(void *llvm) { LLVMContextDispose(llvm); }

static void compile(Ctx *cx, void *arg) {
  Job *job = arg;
  const CpuIsa *isa = cpu_isa(cx, job->arch);
  job->key = isa->key;
  if (!job->text) return;
  LLVMContextRef llvm = LLVMContextCreate();
  ctx_defer(cx, dispose, llvm);
  LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(job->text, strlen(job->text), "test");
  LLVMModuleRef m;
  char *message = NULL;
  if (LLVMParseIRInContext(llvm, buffer, &m, &message)) ctx_fail(cx, ERR_INTERNAL, "%s", message);
  TargetOptions options = {.arch = job->arch};
  cpu_optimize(cx, m, isa, &options);
  cpu_emit(cx, m, isa, true, &job->assembly, &job->object);
}

static void test_names(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Job a = {0}, b = {0}, wrong = {.arch = "x86-64-v9"};
  assert_int_equal(ctx_protect(cx, compile, &a), ERR_NONE);
  b.arch = a.key; /* what "native" is resolved to names the same processor */
  assert_int_equal(ctx_protect(cx, compile, &b), ERR_NONE);
  assert_string_equal(a.key, b.key);
  assert_int_equal(ctx_protect(cx, compile, &wrong), ERR_SYSTEM);
  assert_non_null(strstr(ctx_diags(cx)->message, "unknown processor `cpu:x86-64-v9`; did you mean `cpu:x86-64-v"));
  ctx_free(cx);
}

static void test_assembly(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Job job = {.text = kernel_text};
  assert_int_equal(ctx_protect(cx, compile, &job), ERR_NONE);
  assert_non_null(strstr(job.assembly.bytes, "bump:\n"));
  assert_non_null(strstr(job.assembly.bytes, "ttc_rt_assert_fail"));
  assert_non_null(strstr(job.assembly.bytes, ".L0:\n"));
  ctx_free(cx);
}

/* Other processors of this machine's kind: the vectors are as wide as the name says. */
static void test_other_processors(void **state) {
  (void)state;
#if defined(__x86_64__)
  static const struct {
    const char *arch;
    bool ymm, zmm;
  } cases[] = {{"x86-64", false, false},
               {"x86-64-v3", true, false},
               {"x86-64-v4", true, true},
               {"znver4", true, true},
               {"sapphirerapids", true, true}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    Ctx *cx = ctx_new(NULL);
    Job job = {.text = kernel_text, .arch = cases[i].arch};
    assert_int_equal(ctx_protect(cx, compile, &job), ERR_NONE);
    assert_string_equal(job.key, cases[i].arch);
    assert_int_equal(strstr(job.assembly.bytes, "%zmm") != NULL, cases[i].zmm);
    if (!cases[i].zmm) assert_int_equal(strstr(job.assembly.bytes, "%ymm") != NULL, cases[i].ymm);
    ctx_free(cx);
  }
#endif
}

/* x[i] = (x[i] + 1) * x[i] + ..., a long way. The text is the caller's. */
static char *long_text(int steps) {
  size_t size = 200 + (size_t)steps * 100, len = 0;
  char *text = malloc(size);
  assert_non_null(text);
  len += (size_t)snprintf(text, size,
                          "define void @bump(ptr %%x, ptr %%grid, i64 %%begin, i64 %%end, ptr %%scratch) {\n"
                          "  %%v0 = load float, ptr %%x\n");
  for (int i = 0; i < steps; i++)
    len += (size_t)snprintf(text + len, size - len,
                            "  %%w%d = fadd float %%v%d, 1.0\n  %%v%d = fmul float %%w%d, %%v%d\n", i, i, i + 1, i, i);
  snprintf(text + len, size - len, "  store float %%v%d, ptr %%x\n  ret void\n}\n", steps);
  return text;
}

static void dispose_unless_abandoned(void *llvm) {
  if (!cpu_llvm_abandoned()) dispose(llvm);
}

static bool always(void *self) {
  (void)self;
  return true;
}

static void compile_interrupted(Ctx *cx, void *arg) {
  Job *job = arg;
  const CpuIsa *isa = cpu_isa(cx, NULL);
  LLVMContextRef llvm = LLVMContextCreate();
  ctx_defer(cx, dispose_unless_abandoned, llvm);
  LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(job->text, strlen(job->text), "test");
  LLVMModuleRef m;
  char *message = NULL;
  if (LLVMParseIRInContext(llvm, buffer, &m, &message)) ctx_fail(cx, ERR_INTERNAL, "%s", message);
  ctx_set_interrupt(cx, (Interrupt){always, NULL});
  TargetOptions options = {0};
  cpu_optimize(cx, m, isa, &options);
}

/* A compile ends while LLVM is at work, which goes on by itself; later compiles do not notice. */
static void test_interrupted_in_llvm(void **state) {
  (void)state;
  char *text = long_text(5000);
  for (int i = 0; i < 3; i++) {
    Ctx *cx = ctx_new(NULL);
    Job job = {.text = text};
    assert_int_equal(ctx_protect(cx, compile_interrupted, &job), ERR_HOST);
    ctx_free(cx);
    cx = ctx_new(NULL);
    job.text = kernel_text;
    assert_int_equal(ctx_protect(cx, compile, &job), ERR_NONE);
    ctx_free(cx);
  }
  free(text);
}

static void run_once(CpuKernelFn *entry, float start, const char *wanted_error) {
  float x[64];
  for (int i = 0; i < 64; i++) x[i] = start;
  float *at = x;
  const void *args[] = {&at};
  char error[256] = "";
  int failed = cpu_pool_run(entry, args, (uint32_t[3]){4, 1, 1}, 0, NULL, error, sizeof error);
  assert_int_equal(failed != 0, wanted_error != NULL);
  if (wanted_error) {
    assert_string_equal(error, wanted_error);
    return;
  }
  for (int i = 0; i < 64; i++) assert_true(x[i] == start + 1);
}

static void test_load_and_unload(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Job job = {.text = kernel_text};
  assert_int_equal(ctx_protect(cx, compile, &job), ERR_NONE);
  char error[512] = "";
  /* Two of one name at once, and many one after another. */
  CpuKernelFn *first, *second;
  CpuCode *a = cpu_code_load(job.object.bytes, job.object.len, "bump", &first, error, sizeof error);
  CpuCode *b = cpu_code_load(job.object.bytes, job.object.len, "bump", &second, error, sizeof error);
  assert_non_null(a);
  assert_non_null(b);
  assert_true(first != second);
  run_once(first, 1, NULL);
  cpu_code_free(a);
  run_once(second, 2, NULL);
  run_once(second, 1000, "k.py:3: program (0, 0, 0): assertion failed: big");
  for (int i = 0; i < 50; i++) {
    CpuCode *c = cpu_code_load(job.object.bytes, job.object.len, "bump", &first, error, sizeof error);
    assert_non_null(c);
    run_once(first, (float)i, NULL);
    cpu_code_free(c);
  }
  run_once(second, 3, NULL);
  cpu_code_free(b);
  ctx_free(cx);
}

static void test_load_failures(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Job job = {.text = unresolved_text}, good = {.text = kernel_text};
  assert_int_equal(ctx_protect(cx, compile, &job), ERR_NONE);
  assert_int_equal(ctx_protect(cx, compile, &good), ERR_NONE);
  char error[512] = "";
  CpuKernelFn *entry;
  assert_null(cpu_code_load(job.object.bytes, job.object.len, "bump", &entry, error, sizeof error));
  assert_non_null(strstr(error, "no_such_function"));
  assert_null(cpu_code_load("not an object", 13, "bump", &entry, error, sizeof error));
  assert_true(strlen(error) > 0);
  assert_null(cpu_code_load(good.object.bytes, good.object.len, "other", &entry, error, sizeof error));
  assert_non_null(strstr(error, "other"));
  CpuCode *c = cpu_code_load(good.object.bytes, good.object.len, "bump", &entry, error, sizeof error);
  assert_non_null(c);
  run_once(entry, 5, NULL);
  cpu_code_free(c);
  ctx_free(cx);
}

/* Compile once, then load, run and unload again and again: what threads meet in is the loader. */
static void *compile_and_run(void *unused) {
  (void)unused;
  Ctx *cx = ctx_new(NULL);
  Job job = {.text = kernel_text};
  if (ctx_protect(cx, compile, &job)) return "compile";
  for (int i = 0; i < 40; i++) {
    char error[512];
    CpuKernelFn *entry;
    CpuCode *code = cpu_code_load(job.object.bytes, job.object.len, "bump", &entry, error, sizeof error);
    if (!code) return "load";
    float x[64] = {0}, *at = x;
    const void *args[] = {&at};
    if (cpu_pool_run(entry, args, (uint32_t[3]){4, 1, 1}, 0, NULL, error, sizeof error)) return "run";
    for (int k = 0; k < 64; k++)
      if (x[k] != 1) return "value";
    cpu_code_free(code);
  }
  ctx_free(cx);
  return NULL;
}

static void test_threads(void **state) {
  (void)state;
  pthread_t threads[8];
  const char *failed = NULL;
  for (int i = 0; i < 8; i++) assert_int_equal(pthread_create(&threads[i], NULL, compile_and_run, NULL), 0);
  for (int i = 0; i < 8; i++) {
    void *result;
    pthread_join(threads[i], &result);
    if (result) failed = result;
  }
  if (failed) fail_msg("%s", failed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_assembly),
      cmocka_unit_test(test_other_processors),
      cmocka_unit_test(test_load_and_unload),
      cmocka_unit_test(test_load_failures),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_interrupted_in_llvm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
