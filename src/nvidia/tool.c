/* tool.c: programs of CUDA's toolkit: where they are, and the temporary files that they read and write. */
#include "nvidia/tool.h"
#include "base/system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define PROGRAM "%s.exe"
#else
#define PROGRAM "%s"
#endif

bool nvidia_find_tool(const char *variable, const char *name, char *path, size_t size) {
  const char *said = getenv(variable), *dirs = getenv("PATH");
  if (said && *said) return (size_t)snprintf(path, size, "%s", said) < size && sys_is_program(path);
  while (dirs && *dirs) {
    size_t n = strcspn(dirs, SYS_LIST_SEPARATOR);
    if (n && (size_t)snprintf(path, size, "%.*s/" PROGRAM, (int)n, dirs, name) < size && sys_is_program(path))
      return true;
    dirs += n + (dirs[n] != 0);
  }
  return (size_t)snprintf(path, size, "/usr/local/cuda/bin/" PROGRAM, name) < size && sys_is_program(path);
}

static void remove_files(void *arg) {
  ToolFiles *f = arg;
  sys_remove(f->in);
  sys_remove(f->out);
  sys_remove(f->log);
  sys_remove_folder(f->folder);
}

ToolFiles *nvidia_tool_files(Ctx *cx, const char *ending, const void *bytes, size_t len) {
  ToolFiles *f = NEW(cx, ToolFiles);
  f->folder = ctx_printf(cx, "%s/tritonc-XXXXXX", sys_temporary_place());
  f->in = ctx_printf(cx, "%s/k.%s", f->folder, ending);
  f->out = ctx_printf(cx, "%s/out", f->folder);
  f->log = ctx_printf(cx, "%s/log", f->folder);
  if (!sys_temporary_folder(f->folder))
    ctx_fail(cx, ERR_SYSTEM, "cannot make a temporary folder %s: %s", f->folder, strerror(errno));
  /* The folder has its name only now; from here on nothing may fail before its removal is registered. */
  char *names[] = {f->in, f->out, f->log};
  for (size_t i = 0; i < COUNT(names); i++) memcpy(names[i], f->folder, strlen(f->folder));
  ctx_defer(cx, remove_files, f);
  FILE *out = fopen(f->in, "wb");
  bool ok = out && fwrite(bytes, 1, len, out) == len;
  if (out) ok &= fclose(out) == 0;
  if (!ok) ctx_fail(cx, ERR_SYSTEM, "cannot write %s: %s", f->in, strerror(errno));
  return f;
}
