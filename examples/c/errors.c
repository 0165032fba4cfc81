/* errors.c: an error is a value: a status, and a message that shows the place. The context works on.
 *
 *     cc errors.c $(pkg-config --cflags --libs tritonc) -o errors && ./errors
 */
#include <tritonc.h>

#include <stdio.h>

static const char *const sources[] = {
    /* a name that does not exist */
    "import triton\nimport triton.language as tl\n\n@triton.jit\ndef kernel(x):\n    tl.store(x, tl.laod(x))\n",
    /* shapes that do not fit */
    "import triton\nimport triton.language as tl\n\n@triton.jit\ndef kernel(x):\n    a = tl.arange(0, 16) + "
    "tl.arange(0, 32)\n"
    "    tl.store(x + a, a)\n",
    /* no error */
    "import triton\nimport triton.language as tl\n\n@triton.jit\ndef kernel(x):\n    tl.store(x, 1)\n",
};

int main(void) {
  static const ttc_status expected[] = {TTC_ERROR_SOURCE, TTC_ERROR_SOURCE, TTC_OK};
  int surprises = 0;
  ttc_context *cx = ttc_context_new();
  if (!cx) return 1;
  for (int i = 0; i < 3; i++) {
    ttc_param params[] = {{.name = "x", .type = "*i32"}};
    ttc_kernel *kernel = NULL;
    ttc_request request = {.size = sizeof request,
                           .text = sources[i],
                           .file = "kernel.py",
                           .params = params,
                           .nparams = 1,
                           .stop = "ttir"};
    ttc_status status = ttc_compile(cx, &request, &kernel);
    printf("status %d%s%s\n\n", (int)status, status == TTC_OK ? "" : ":\n", ttc_message(cx));
    surprises += status != expected[i];
    ttc_kernel_free(kernel);
  }
  ttc_context_free(cx);
  return surprises;
}
