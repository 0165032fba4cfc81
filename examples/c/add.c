/* add.c: compile a vector add from its source text and run it, with no Python in the process.
 *
 *     cc add.c $(pkg-config --cflags --libs tritonc) -o add && ./add
 */
#include <tritonc.h>

#include <stdio.h>
#include <stdlib.h>

static const char source[] = "import triton\n"
                             "import triton.language as tl\n"
                             "\n"
                             "@triton.jit\n"
                             "def add(x, y, z, n, BLOCK: tl.constexpr):\n"
                             "    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n"
                             "    inside = i < n\n"
                             "    total = tl.load(x + i, mask=inside) + tl.load(y + i, mask=inside)\n"
                             "    tl.store(z + i, total, mask=inside)\n";

static void check(ttc_context *cx, ttc_status status) {
  if (status == TTC_OK) return;
  fprintf(stderr, "%s\n", ttc_message(cx));
  exit(1);
}

int main(void) {
  enum { N = 100000, BLOCK = 1024 };
  static float x[N], y[N], z[N];
  for (int i = 0; i < N; i++) {
    x[i] = (float)i;
    y[i] = 2.0f * (float)i;
  }

  ttc_context *cx = ttc_context_new();
  if (!cx) return 1;
  ttc_param params[] = {
      {.type = "*fp32"},
      {.type = "*fp32"},
      {.type = "*fp32"},
      {.type = "i32"},
      {.type = "constexpr", .constant = {.kind = TTC_INT, .integer = BLOCK}},
  };
  ttc_kernel *kernel;
  ttc_request request = {.size = sizeof request, .text = source, .file = "add.py", .params = params, .nparams = 5};
  check(cx, ttc_compile(cx, &request, &kernel));

  const float *px = x, *py = y;
  float *pz = z;
  int32_t n = N;
  const uint32_t grid[3] = {(N + BLOCK - 1) / BLOCK, 1, 1};
  check(cx, ttc_launch(cx, kernel, grid, NULL, (const void *[]){&px, &py, &pz, &n}, 4));

  int wrong = 0;
  for (int i = 0; i < N; i++) wrong += z[i] != x[i] + y[i];
  printf("%s: %d sums, %d wrong\n", ttc_kernel_name(kernel), N, wrong);
  ttc_kernel_free(kernel);
  ttc_context_free(cx);
  return wrong != 0;
}
