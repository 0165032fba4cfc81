/* assemble_ptxas.c: the program ptxas, through temporary files. TRITON_PTXAS_PATH names it, else it is looked for on
 * the PATH. */
#include "nvidia/assemble.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool find_ptxas(char *path, size_t size) {
  const char *said = getenv("TRITON_PTXAS_PATH"), *dirs = getenv("PATH");
  if (said && *said) return (size_t)snprintf(path, size, "%s", said) < size && access(path, X_OK) == 0;
  while (dirs && *dirs) {
    size_t n = strcspn(dirs, ":");
    if (n && (size_t)snprintf(path, size, "%.*s/ptxas", (int)n, dirs) < size && access(path, X_OK) == 0) return true;
    dirs += n + (dirs[n] == ':');
  }
  return (size_t)snprintf(path, size, "/usr/local/cuda/bin/ptxas") < size && access(path, X_OK) == 0;
}

bool ptxas_present(void) {
  char path[4096];
  return find_ptxas(path, sizeof path);
}

typedef struct Files {
  char dir[512];
  char ptx[544], cubin[544], log[544];
} Files;

static void remove_files(void *arg) {
  Files *f = arg;
  unlink(f->ptx);
  unlink(f->cubin);
  unlink(f->log);
  rmdir(f->dir);
}

static void make_files(Ctx *cx, Files *f, const char *ptx) {
  const char *tmp = getenv("TMPDIR");
  snprintf(f->dir, sizeof f->dir, "%s/tritonc-XXXXXX", tmp && *tmp && strlen(tmp) < 400 ? tmp : "/tmp");
  if (!mkdtemp(f->dir)) ctx_fail(cx, ERR_SYSTEM, "cannot make a temporary folder %s: %s", f->dir, strerror(errno));
  snprintf(f->ptx, sizeof f->ptx, "%s/k.ptx", f->dir);
  snprintf(f->cubin, sizeof f->cubin, "%s/k.cubin", f->dir);
  snprintf(f->log, sizeof f->log, "%s/log", f->dir);
  ctx_defer(cx, remove_files, f);
  FILE *out = fopen(f->ptx, "w");
  bool ok = out && fputs(ptx, out) >= 0;
  if (out) ok &= fclose(out) == 0;
  if (!ok) ctx_fail(cx, ERR_SYSTEM, "cannot write %s: %s", f->ptx, strerror(errno));
}

static bool run(Ctx *cx, char *const argv[], const char *log) {
  posix_spawn_file_actions_t actions;
  pid_t pid;
  int status = 0;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  int error = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error) ctx_fail(cx, ERR_SYSTEM, "cannot run %s: %s", argv[0], strerror(error));
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) ctx_fail(cx, ERR_SYSTEM, "waiting for %s: %s", argv[0], strerror(errno));
  ctx_check_interrupt(cx); /* the signal that interrupts us may have ended it */
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool ptxas_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out) {
  char path[4096];
  if (!find_ptxas(path, sizeof path)) return false;
  Files *f = NEW(cx, Files);
  make_files(cx, f, ptx);
  const char *argv[16] = {path};
  int n = 1;
  for (int i = 0; i < a->n; i++) argv[n++] = a->at[i];
  argv[n++] = f->ptx;
  argv[n++] = "-o";
  argv[n++] = f->cubin;
  bool ok = run(cx, (char *const *)argv, f->log);
  out->log = file_read(cx, f->log, NULL);
  if (ok) out->bytes = file_read(cx, f->cubin, &out->len);
  return ok;
}
