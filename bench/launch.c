/* launch.c: what one launch on a GPU costs the host: through tritonc.h, and by the driver's own function on the same
 * kernel.
 *
 *     bench_launch [COUNT]
 *
 * The kernel is empty and takes 5 pointers and 9 integers. Medians over batches, in microseconds.
 */
#include "tritonc.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NARGS = 14, BATCHES = 21 };

static const char text[] = "@triton.jit\n"
                           "def nop(a, b, c, d, e, i, j, k, l, m, n, o, p, q):\n"
                           "    pass\n";
static const char signature[] = "*fp32,*fp32,*fp32,*fp32,*fp32,i32,i32,i32,i32,i32,i32,i32,i32,i32";

typedef struct Driver {
  int (*init)(unsigned);
  int (*module_load)(void **, const void *);
  int (*get_function)(void **, void *, const char *);
  int (*synchronize)(void);
  int (*launch)(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **, void **);
} Driver;

static double now_us(void) {
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void check(int failed, const char *what) {
  if (!failed) return;
  fprintf(stderr, "bench_launch: %s failed (%d)\n", what, failed);
  exit(1);
}

static Driver open_driver(void) {
  Driver d;
  void *library = dlopen("libcuda.so.1", RTLD_NOW);
  if (!library) {
    fprintf(stderr, "bench_launch: there is no libcuda.so.1 here\n");
    exit(1);
  }
  *(void **)&d.init = dlsym(library, "cuInit");
  *(void **)&d.module_load = dlsym(library, "cuModuleLoadData");
  *(void **)&d.get_function = dlsym(library, "cuModuleGetFunction");
  *(void **)&d.synchronize = dlsym(library, "cuCtxSynchronize");
  *(void **)&d.launch = dlsym(library, "cuLaunchKernel");
  return d;
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 500;
  Driver driver = open_driver();
  ttc_context *cx = ttc_context_new();
  ttc_request request = {
      .size = sizeof request, .text = text, .file = "nop.py", .signature = signature, .target = "cuda"};
  ttc_kernel *kernel = NULL;
  if (!cx || ttc_compile(cx, &request, &kernel) != TTC_OK || ttc_kernel_load(cx, kernel) != TTC_OK) {
    fprintf(stderr, "bench_launch: %s\n", cx ? ttc_message(cx) : "out of memory");
    return 1;
  }
  uint64_t values[NARGS] = {0};
  const void *args[NARGS];
  for (int i = 0; i < NARGS; i++) args[i] = &values[i];
  void *module, *function;
  check(driver.module_load(&module, ttc_kernel_stage(kernel, "cubin", NULL)), "cuModuleLoadData");
  check(driver.get_function(&function, module, ttc_kernel_name(kernel)), "cuModuleGetFunction");

  double ours[BATCHES], theirs[BATCHES];
  const uint32_t grid[3] = {1, 1, 1};
  for (int b = 0; b < BATCHES; b++) {
    double begin = now_us();
    for (int i = 0; i < count; i++) check(ttc_launch(cx, kernel, grid, NULL, args, NARGS), "ttc_launch");
    ours[b] = (now_us() - begin) / count;
    driver.synchronize();
    begin = now_us();
    for (int i = 0; i < count; i++)
      check(driver.launch(function, 1, 1, 1, 128, 1, 1, 0, NULL, (void **)(uintptr_t)args, NULL), "cuLaunchKernel");
    theirs[b] = (now_us() - begin) / count;
    driver.synchronize();
  }
  qsort(ours, BATCHES, sizeof *ours, by_value);
  qsort(theirs, BATCHES, sizeof *theirs, by_value);
  printf("one launch, host time: ttc_launch %.2f us, cuLaunchKernel alone %.2f us\n", ours[BATCHES / 2],
         theirs[BATCHES / 2]);
  ttc_kernel_free(kernel);
  ttc_context_free(cx);
  return 0;
}
