/* softmax.c: a softmax over the rows of a matrix; the kernel is specialized for what its arguments are, as Python
 * would do it.
 *
 *     cc softmax.c $(pkg-config --cflags --libs tritonc) -lm -o softmax && ./softmax
 */
#include <tritonc.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char source[] = "import triton\n"
                             "import triton.language as tl\n"
                             "\n"
                             "@triton.jit\n"
                             "def softmax(x, y, stride, columns, BLOCK: tl.constexpr):\n"
                             "    row = tl.program_id(0)\n"
                             "    i = tl.arange(0, BLOCK)\n"
                             "    v = tl.load(x + row * stride + i, mask=i < columns, other=-float('inf'))\n"
                             "    e = tl.exp(v - tl.max(v, axis=0))\n"
                             "    tl.store(y + row * stride + i, e / tl.sum(e, axis=0), mask=i < columns)\n";

int main(void) {
  enum { ROWS = 64, COLUMNS = 1000, BLOCK = 1024 };
  static float x[ROWS][COLUMNS], y[ROWS][COLUMNS];
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < COLUMNS; j++) x[i][j] = sinf((float)(i * COLUMNS + j));
  float *px = &x[0][0], *py = &y[0][0];
  int32_t columns = COLUMNS;

  ttc_context *cx = ttc_context_new();
  if (!cx) return 1;
  ttc_param params[] = {
      ttc_spec_param(ttc_spec_pointer((uintptr_t)px, 0), "x", "*fp32"),
      ttc_spec_param(ttc_spec_pointer((uintptr_t)py, 0), "y", "*fp32"),
      ttc_spec_param(ttc_spec_int(columns, 0), "stride", NULL),
      ttc_spec_param(ttc_spec_int(columns, 0), "columns", NULL),
      {.name = "BLOCK", .type = "constexpr", .constant = {.kind = TTC_INT, .integer = BLOCK}},
  };
  ttc_kernel *kernel;
  ttc_request request = {.size = sizeof request, .text = source, .file = "softmax.py", .params = params, .nparams = 5};
  ttc_status status = ttc_compile(cx, &request, &kernel);
  if (status == TTC_OK) {
    const uint32_t grid[3] = {ROWS, 1, 1};
    status = ttc_launch(cx, kernel, grid, NULL, (const void *[]){&px, &py, &columns, &columns}, 4);
  }
  if (status != TTC_OK) {
    fprintf(stderr, "%s\n", ttc_message(cx));
    return 1;
  }

  double worst = 0;
  for (int i = 0; i < ROWS; i++) {
    double sum = 0;
    for (int j = 0; j < COLUMNS; j++) sum += exp((double)x[i][j]);
    for (int j = 0; j < COLUMNS; j++) worst = fmax(worst, fabs((double)y[i][j] - exp((double)x[i][j]) / sum) * COLUMNS);
  }
  printf("softmax of %d rows: largest error %.1e of the mean\n", ROWS, worst);
  ttc_kernel_free(kernel);
  ttc_context_free(cx);
  return worst > 1e-5;
}
