/* assemble_ptxas.c: the program ptxas, through temporary files. TRITON_PTXAS_PATH names it, else it is looked for on
 * the PATH. */
#include "base/system.h"
#include "nvidia/assemble.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define PTXAS "ptxas.exe"
#else
#define PTXAS "ptxas"
#endif

static bool find_ptxas(char *path, size_t size) {
  const char *said = getenv("TRITON_PTXAS_PATH"), *dirs = getenv("PATH");
  if (said && *said) return (size_t)snprintf(path, size, "%s", said) < size && sys_is_program(path);
  while (dirs && *dirs) {
    size_t n = strcspn(dirs, SYS_LIST_SEPARATOR);
    if (n && (size_t)snprintf(path, size, "%.*s/" PTXAS, (int)n, dirs) < size && sys_is_program(path)) return true;
    dirs += n + (dirs[n] != 0);
  }
  return (size_t)snprintf(path, size, "/usr/local/cuda/bin/" PTXAS) < size && sys_is_program(path);
}

bool nvidia_ptxas_present(void) {
  char path[4096];
  return find_ptxas(path, sizeof path);
}

typedef struct Files {
  char *dir, *ptx, *cubin, *log;
} Files;

static void remove_files(void *arg) {
  Files *f = arg;
  sys_remove(f->ptx);
  sys_remove(f->cubin);
  sys_remove(f->log);
  sys_remove_folder(f->dir);
}

static void make_files(Ctx *cx, Files *f, const char *ptx) {
  f->dir = ctx_printf(cx, "%s/tritonc-XXXXXX", sys_temporary_place());
  f->ptx = ctx_printf(cx, "%s/k.ptx", f->dir);
  f->cubin = ctx_printf(cx, "%s/k.cubin", f->dir);
  f->log = ctx_printf(cx, "%s/log", f->dir);
  if (!sys_temporary_folder(f->dir))
    ctx_fail(cx, ERR_SYSTEM, "cannot make a temporary folder %s: %s", f->dir, strerror(errno));
  /* The folder has its name only now; from here on nothing may fail before its removal is registered. */
  char *names[] = {f->ptx, f->cubin, f->log};
  for (size_t i = 0; i < COUNT(names); i++) memcpy(names[i], f->dir, strlen(f->dir));
  ctx_defer(cx, remove_files, f);
  FILE *out = fopen(f->ptx, "w");
  bool ok = out && fputs(ptx, out) >= 0;
  if (out) ok &= fclose(out) == 0;
  if (!ok) ctx_fail(cx, ERR_SYSTEM, "cannot write %s: %s", f->ptx, strerror(errno));
}

bool nvidia_ptxas_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out) {
  char path[4096];
  if (!find_ptxas(path, sizeof path)) return false;
  Files *f = NEW(cx, Files);
  make_files(cx, f, ptx);
  const char *argv[16] = {path};
  int n = 1, status = 0, error = 0;
  for (int i = 0; i < a->n; i++) argv[n++] = a->at[i];
  argv[n++] = f->ptx;
  argv[n++] = "-o";
  argv[n++] = f->cubin;
  if (!sys_run(argv, f->log, &status, &error)) ctx_fail(cx, ERR_SYSTEM, "cannot run %s: %s", path, strerror(error));
  ctx_check_interrupt(cx); /* the signal that interrupts us may have ended it */
  out->log = file_read(cx, f->log, NULL);
  if (status == 0) out->bytes = file_read(cx, f->cubin, &out->len);
  return status == 0;
}
