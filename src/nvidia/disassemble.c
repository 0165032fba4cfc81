/* disassemble.c: the machine code of a cubin as text, by CUDA's nvdisasm, which says for each instruction which line of the
 * source it is of, or else by cuobjdump, which does not. */
#include "base/system.h"
#include "nvidia/nvidia.h"
#include "nvidia/tool.h"

#include <string.h>

const char *nvidia_disassemble(Ctx *cx, const void *cubin, size_t len, const char **why) {
  static const struct {
    const char *variable, *name, *options[2];
  } tools[] = {{"TRITON_NVDISASM_PATH", "nvdisasm", {"-c", "-gi"}}, {"TRITON_CUOBJDUMP_PATH", "cuobjdump", {"-sass"}}};
  *why =
      "neither nvdisasm nor cuobjdump, which show machine code, is here (they come with CUDA's toolkit; the variable "
      "TRITON_NVDISASM_PATH names one that is elsewhere)";
  if (!cubin || len < 4 || memcmp(cubin, "\177ELF", 4) != 0) {
    *why = "there is no machine code before the kernel is loaded: no assembler is here, and the driver takes PTX";
    return NULL;
  }
  for (size_t i = 0; i < COUNT(tools); i++) {
    char path[4096];
    int status = 0, error = 0, n = 0;
    if (!nvidia_find_tool(tools[i].variable, tools[i].name, path, sizeof path)) continue;
    ToolFiles *f = nvidia_tool_files(cx, "cubin", cubin, len);
    const char *argv[5] = {path};
    for (size_t k = 0; k < COUNT(tools[i].options) && tools[i].options[k]; k++) argv[++n] = tools[i].options[k];
    argv[++n] = f->in;
    if (sys_run(argv, f->log, &status, &error) && status == 0) return file_read(cx, f->log, NULL);
    ctx_check_interrupt(cx);
    *why = error ? ctx_printf(cx, "%s cannot be run: %s", path, strerror(error))
                 : ctx_printf(cx, "%s does not know this code: %.300s", path, file_read(cx, f->log, NULL));
  }
  return NULL;
}
