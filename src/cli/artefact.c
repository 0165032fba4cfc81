/* artefact.c: `--emit c|obj|so -o DIR/NAME`: kernels as artefacts, from the command line or a list. */
#include "aot/aot.h"
#include "cli/cli.h"

#include <string.h>

static bool ends_in(const char *s, const char *end) {
  size_t n = strlen(s), m = strlen(end);
  return n >= m && !strcmp(s + n - m, end);
}

void cli_artefact(Ctx *cx, const Cli *c) {
  AotKernels kernels = {0};
  bool is_list = ends_in(c->file, ".toml") || ends_in(c->file, ".json");
  if (!c->output || !strcmp(c->output, "-") || ends_in(c->output, "/"))
    ctx_fail(cx, ERR_SOURCE, "--emit %s writes several files: say what they are called by -o DIR/NAME", c->emit);
  if (is_list) {
    if (c->kernel || c->signatures.len || c->defines.len || c->grid)
      ctx_fail(cx, ERR_SOURCE, "%s says everything of its kernels: leave out -k, -s, -D and --grid", c->file);
    aot_read_list(cx, c->file, &kernels);
  } else {
    AotKernel k = {.file = c->file, .kernel = c->kernel, .grid = c->grid};
    for (uint32_t i = 0; i < c->signatures.len; i++) vec_push(cx, &k.signatures, c->signatures.at[i]);
    for (uint32_t i = 0; i < c->defines.len; i++) vec_push(cx, &k.defines, c->defines.at[i]);
    if (!k.signatures.len) vec_push(cx, &k.signatures, "");
    vec_push(cx, &kernels, k);
  }
  for (uint32_t i = 0; i < kernels.len; i++) {
    AotKernel *k = &kernels.at[i];
    if (c->target && (!is_list || !k->targets.len)) vec_push(cx, &k->targets, c->target);
    for (uint32_t n = 0; n < c->options.len; n++) vec_push(cx, &k->options, c->options.at[n]);
  }
  const char *slash = strrchr(c->output, '/');
  AotBuild b = aot_build(cx, slash ? slash + 1 : c->output, &kernels);
  aot_write(cx, &b, c->emit, c->output);
}
