/* tool.h: programs of CUDA's toolkit, run through temporary files. */
#ifndef TRITONC_NVIDIA_TOOL_H
#define TRITONC_NVIDIA_TOOL_H

#include "base/base.h"

/* What the variable names, else on the PATH, else in /usr/local/cuda. False: it is not there. */
bool nvidia_find_tool(const char *variable, const char *name, char *path, size_t size);

/* Files in a folder of their own, which goes when the innermost ctx_protect() ends: what a tool reads, what it is to write,
 * and what it says. */
typedef struct ToolFiles {
  char *folder, *in, *out, *log;
} ToolFiles;
ToolFiles *nvidia_tool_files(Ctx *cx, const char *ending, const void *bytes, size_t len); /* `in` holds the bytes */

#endif
