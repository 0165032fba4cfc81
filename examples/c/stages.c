/* stages.c: every stage of a compile, from Triton IR to machine code. A stage can be fed back in as source.
 *
 *     cc stages.c $(pkg-config --cflags --libs tritonc) -o stages && ./stages
 */
#include <tritonc.h>

#include <stdio.h>
#include <string.h>

static const char source[] = "import triton\n"
                             "import triton.language as tl\n"
                             "\n"
                             "@triton.jit\n"
                             "def scale(x, factor, BLOCK: tl.constexpr = 256):\n"
                             "    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n"
                             "    tl.store(x + i, tl.load(x + i) * factor)\n";

int main(void) {
  ttc_context *cx = ttc_context_new();
  if (!cx) return 1;
  /* BLOCK is not described: its default stands. */
  ttc_param params[] = {{.name = "x", .type = "*fp32", .divisibility = 16}, {.name = "factor", .type = "fp32"}};
  ttc_option options[] = {{"no_locations", "true"}};
  ttc_kernel *kernel, *again = NULL;
  ttc_request request = {.size = sizeof request,
                         .text = source,
                         .file = "scale.py",
                         .params = params,
                         .nparams = 2,
                         .options = options,
                         .noptions = 1};
  ttc_status status = ttc_compile(cx, &request, &kernel);
  if (status == TTC_OK) {
    const char *name;
    for (size_t i = 0; (name = ttc_kernel_stage_name(kernel, i)); i++) {
      size_t n;
      const char *text = ttc_kernel_stage(kernel, name, &n);
      if (memchr(text, 0, n))
        printf("---- %s: %zu bytes\n", name, n);
      else
        printf("---- %s\n%s\n", name, text);
    }
    printf("---- facts\n%s\n", ttc_kernel_metadata(kernel));
    /* The Triton IR is a source too. */
    request = (ttc_request){.size = sizeof request,
                            .text = ttc_kernel_stage(kernel, "ttir", NULL),
                            .file = "scale.ttir",
                            .options = options,
                            .noptions = 1};
    status = ttc_compile(cx, &request, &again);
  }
  if (status != TTC_OK)
    fprintf(stderr, "%s\n", ttc_message(cx));
  else
    printf("---- compiled again from its Triton IR: the same %s\n",
           strcmp(ttc_kernel_stage(kernel, "ttir", NULL), ttc_kernel_stage(again, "ttir", NULL))
               ? "kernel, printed otherwise"
               : "text");
  ttc_kernel_free(again);
  ttc_kernel_free(kernel);
  ttc_context_free(cx);
  return status != TTC_OK;
}
