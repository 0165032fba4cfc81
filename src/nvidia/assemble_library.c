/* assemble_library.c: libnvptxcompiler, NVIDIA's assembler as a library, in the object libtritonc_nvptxcompiler
 * (nvptxcompiler.h), which is built where CUDA's toolkit was found. It lies in the folder that TRITONC_LIBDIR names,
 * beside this library, or where the loader looks. Once open it stays: to open it again costs a look-up.
 */
#include "base/system.h"
#include "nvidia/assemble.h"
#include "nvidia/nvptxcompiler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT "libtritonc_nvptxcompiler" SYS_LIBRARY_SUFFIX

/* The object in a folder near the one that is the first `n` bytes of `from`. */
static void *open_near(const char *from, size_t n, const char *place) {
  char path[4096];
  int len = snprintf(path, sizeof path, "%.*s%s/%s", (int)n, from, place, OBJECT);
  return len > 0 && (size_t)len < sizeof path ? sys_library_open(path) : NULL;
}

static const NvPtxCompiler *open_object(void) {
  const char *given = getenv("TRITONC_LIBDIR");
  /* beside this library; above a program's bin/, in a build folder or an installed tree */
  static const char *const places[] = {"", "/../lib", "/../lib64", "/../python/triton/_C"};
  void *library = given && *given ? open_near(given, strlen(given), "") : NULL;
  char *here = sys_object_path((const void *)(uintptr_t)open_object);
  const char *slash = here ? strrchr(here, '/') : NULL;
  for (size_t i = 0; slash && !library && i < COUNT(places); i++)
    library = open_near(here, (size_t)(slash - here), places[i]);
  free(here);
  if (!library) library = sys_library_open(OBJECT);
  if (!library) return NULL;
  NvPtxCompilerFn *get;
  *(void **)&get = sys_library_symbol(library, "tritonc_nvptxcompiler");
  return get ? get() : NULL;
}

bool nvidia_nvptxcompiler_present(void) { return open_object() != NULL; }

typedef struct Job {
  const NvPtxCompiler *api;
  PtxCompiler compiler;
} Job;

static void destroy(void *arg) {
  Job *job = arg;
  job->api->destroy(&job->compiler);
}

static char *log_of(Ctx *cx, PtxCompiler c, int (*size)(PtxCompiler, size_t *), int (*get)(PtxCompiler, char *)) {
  size_t n = 0;
  if (size(c, &n) != 0 || n == 0) return "";
  char *log = ctx_alloc(cx, n + 1);
  get(c, log);
  return log;
}

bool nvidia_nvptxcompiler_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out) {
  Job *job = NEW(cx, Job);
  const NvPtxCompiler *api = job->api = open_object();
  if (!api || api->create(&job->compiler, strlen(ptx), ptx) != 0)
    ctx_fail(cx, ERR_SYSTEM, "libnvptxcompiler cannot start");
  ctx_defer(cx, destroy, job);
  if (api->compile(job->compiler, a->n, a->at) != 0) {
    out->log = log_of(cx, job->compiler, api->error_size, api->error);
    return false;
  }
  out->log = log_of(cx, job->compiler, api->info_size, api->info);
  if (api->program_size(job->compiler, &out->len) != 0) return false;
  void *bytes = ctx_alloc(cx, out->len);
  out->bytes = bytes;
  return api->program(job->compiler, bytes) == 0;
}
