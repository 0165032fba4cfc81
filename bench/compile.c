/* compile.c: how long a compile takes, in process, without caches.
 *
 *     bench_compile [REPEATS]
 *
 * For each kernel of the table: the front end to verified, optimized Triton IR, and the whole way to native code; the
 * first compile of the process (which also loads and initializes LLVM) and the median of the following ones.
 */
#include "tritonc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Bench {
  const char *label, *file, *kernel, *signature;
} Bench;

/* Signatures as the runtime specializes them for the yardstick's calls (bench/cpu_side_by_side.py). */
static const Bench benches[] = {
    {"vector add", "tests/kernels.py", "add_kernel", "*fp32:16,*fp32:16,*fp32:16,i32:16,1024"},
    {"softmax", "tests/kernels.py", "softmax_kernel", "*fp32:16,*fp32:16,i32:16,i32:16,1024"},
    {"matmul", "tests/kernels.py", "matmul_kernel",
     "*fp32:16,*fp32:16,*fp32:16,i32:16,i32:16,i32:16,i32:16,1,i32:16,1,i32:16,1,128,256,64,8"},
    {"attention", "tests/kernels.py", "attn_fwd_kernel",
     "*fp32:16,*fp32:16,*fp32:16,*fp32:16,fp32,i32:16,i32:16,i32:16,i32:16,64,64,64,True,8"},
};

static double now_ms(void) {
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static char *read_file(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  char *text = calloc(1, 1 << 20);
  size_t n = text ? fread(text, 1, (1 << 20) - 1, f) : 0;
  fclose(f);
  if (text) text[n] = 0;
  return text;
}

static double compile_once(const Bench *b, const char *text, const char *stop) {
  ttc_context *cx = ttc_context_new();
  ttc_request request = {.size = sizeof request,
                         .text = text,
                         .file = b->file,
                         .kernel = b->kernel,
                         .signature = b->signature,
                         .stop = stop};
  ttc_kernel *kernel = NULL;
  double start = now_ms();
  ttc_status status = ttc_compile(cx, &request, &kernel);
  double ms = now_ms() - start;
  if (status != TTC_OK) {
    fprintf(stderr, "%s\n", ttc_message(cx));
    exit(1);
  }
  ttc_kernel_free(kernel);
  ttc_context_free(cx);
  return ms;
}

int main(int argc, char **argv) {
  int repeats = argc > 1 ? atoi(argv[1]) : 21;
  if (repeats < 1 || repeats > 1000) repeats = 21;
  setenv("TRITON_ALWAYS_COMPILE", "1", 1);
  printf("%-12s %14s %14s %14s %14s\n", "kernel", "ttir first ms", "ttir ms", "native first", "native ms");
  for (size_t i = 0; i < sizeof benches / sizeof *benches; i++) {
    char *text = read_file(benches[i].file);
    if (!text) {
      fprintf(stderr, "%s: cannot be read (run this from the project's root)\n", benches[i].file);
      return 1;
    }
    double first[2], median[2];
    const char *stops[2] = {"ttir", NULL};
    for (int s = 0; s < 2; s++) {
      double times[1000];
      first[s] = compile_once(&benches[i], text, stops[s]);
      for (int r = 0; r < repeats; r++) times[r] = compile_once(&benches[i], text, stops[s]);
      qsort(times, (size_t)repeats, sizeof *times, by_value);
      median[s] = times[repeats / 2];
    }
    printf("%-12s %14.2f %14.2f %14.2f %14.2f\n", benches[i].label, first[0], median[0], first[1], median[1]);
    free(text);
  }
  return 0;
}
