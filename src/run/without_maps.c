/* without_maps.c: a kernel again, without the tensor maps that its launches were to make.
 *
 * Operands that come by tensor maps where the source has pointers (gpu/passes/tma_pointers.c) ask more of strides than
 * pointers do: that they are not negative. A launch with others takes code without maps, which is compiled then, from the
 * kernel's Triton IR.
 */
#include "run/run.h"

#include <string.h>

void run_compile_without_maps(Ctx *cx, const KernelInfo *info, const Stage *ttir, Compiled *out) {
  Vec(ttc_option) options = {0};
  for (char *at = ctx_strndup(cx, info->without_maps, strlen(info->without_maps)); at && *at;) {
    char *value = strchr(at, '='), *end = strchr(at, ' ');
    if (!value) break;
    *value = 0;
    if (end) *end++ = 0;
    ttc_option o = {at, value + 1};
    vec_push(cx, &options, o);
    at = end;
  }
  ttc_request q = {.size = sizeof q,
                   .text = ttir->bytes,
                   .len = ttir->len,
                   .file = ctx_printf(cx, "%s.ttir", info->name),
                   .kernel = info->name,
                   .target = info->target,
                   .options = options.at,
                   .noptions = options.len};
  RunRequest r = run_request(cx, &q, NULL, 0);
  r.use_cache = true;
  run_compile(cx, &r, out);
}
