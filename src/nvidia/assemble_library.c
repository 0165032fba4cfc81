/* assemble_library.c: libnvptxcompiler, NVIDIA's assembler as a static library. It is linked in when CUDA's toolkit was
 * found at build time (TRITONC_NVPTXCOMPILER is defined then); its few functions are declared here, so that its header is not needed.
 */
#include "nvidia/assemble.h"

#ifdef TRITONC_NVPTXCOMPILER

typedef struct nvPTXCompiler *Handle;
int nvPTXCompilerCreate(Handle *compiler, size_t len, const char *ptx);
int nvPTXCompilerDestroy(Handle *compiler);
int nvPTXCompilerCompile(Handle compiler, int n, const char *const *options);
int nvPTXCompilerGetCompiledProgramSize(Handle compiler, size_t *size);
int nvPTXCompilerGetCompiledProgram(Handle compiler, void *bytes);
int nvPTXCompilerGetErrorLogSize(Handle compiler, size_t *size);
int nvPTXCompilerGetErrorLog(Handle compiler, char *log);
int nvPTXCompilerGetInfoLogSize(Handle compiler, size_t *size);
int nvPTXCompilerGetInfoLog(Handle compiler, char *log);

bool nvptxcompiler_present(void) { return true; }

static void destroy(void *arg) { nvPTXCompilerDestroy(arg); }

static char *log_of(Ctx *cx, Handle h, int (*size)(Handle, size_t *), int (*get)(Handle, char *)) {
  size_t n = 0;
  char *log = "";
  if (size(h, &n) == 0 && n > 0) {
    log = ctx_alloc(cx, n + 1);
    get(h, log);
  }
  return log;
}

bool nvptxcompiler_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out) {
  Handle *h = NEW(cx, Handle);
  size_t len = 0;
  while (ptx[len]) len++;
  if (nvPTXCompilerCreate(h, len, ptx) != 0) ctx_fail(cx, ERR_SYSTEM, "libnvptxcompiler cannot start");
  ctx_defer(cx, destroy, h);
  if (nvPTXCompilerCompile(*h, a->n, a->at) != 0) {
    out->log = log_of(cx, *h, nvPTXCompilerGetErrorLogSize, nvPTXCompilerGetErrorLog);
    return false;
  }
  out->log = log_of(cx, *h, nvPTXCompilerGetInfoLogSize, nvPTXCompilerGetInfoLog);
  if (nvPTXCompilerGetCompiledProgramSize(*h, &out->len) != 0) return false;
  void *bytes = ctx_alloc(cx, out->len);
  out->bytes = bytes;
  return nvPTXCompilerGetCompiledProgram(*h, bytes) == 0;
}

#else

bool nvptxcompiler_present(void) { return false; }

bool nvptxcompiler_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out) {
  (void)cx, (void)ptx, (void)a, (void)out;
  return false;
}

#endif
