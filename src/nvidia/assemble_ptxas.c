/* assemble_ptxas.c: the program ptxas, through temporary files. TRITON_PTXAS_PATH names it, else it is looked for on
 * the PATH. */
#include "base/system.h"
#include "nvidia/assemble.h"
#include "nvidia/tool.h"

#include <string.h>

static bool find_ptxas(char *path, size_t size) { return nvidia_find_tool("TRITON_PTXAS_PATH", "ptxas", path, size); }

bool nvidia_ptxas_present(void) {
  char path[4096];
  return find_ptxas(path, sizeof path);
}

bool nvidia_ptxas_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out) {
  char path[4096];
  if (!find_ptxas(path, sizeof path)) return false;
  ToolFiles *f = nvidia_tool_files(cx, "ptx", ptx, strlen(ptx));
  const char *argv[16] = {path};
  int n = 1, status = 0, error = 0;
  for (int i = 0; i < a->n; i++) argv[n++] = a->at[i];
  argv[n++] = f->in;
  argv[n++] = "-o";
  argv[n++] = f->out;
  if (!sys_run(argv, f->log, &status, &error)) ctx_fail(cx, ERR_SYSTEM, "cannot run %s: %s", path, strerror(error));
  ctx_check_interrupt(cx); /* the signal that interrupts us may have ended it */
  out->log = file_read(cx, f->log, NULL);
  if (status == 0) out->bytes = file_read(cx, f->out, &out->len);
  return status == 0;
}
