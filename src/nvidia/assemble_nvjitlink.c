/* assemble_nvjitlink.c: libnvJitLink, opened at run time: CUDA's toolkit and PyTorch's wheels bring it. It takes ptxas' options
 * after "-Xptxas=". The library stays loaded as long as the process: its address is asked of the system each time.
 */
#include "base/system.h"
#include "nvidia/assemble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void *Handle;
typedef struct Api {
  int (*create)(Handle *, uint32_t, const char **);
  int (*destroy)(Handle *);
  int (*add)(Handle, int, const void *, size_t, const char *);
  int (*complete)(Handle);
  int (*cubin_size)(Handle, size_t *);
  int (*cubin)(Handle, void *);
  int (*error_size)(Handle, size_t *);
  int (*error)(Handle, char *);
  int (*info_size)(Handle, size_t *);
  int (*info)(Handle, char *);
} Api;
enum { INPUT_PTX = 2 };

/* Functions are exported under versioned names, __nvJitLinkCreate_13_0; the plain ones are macros of its header. */
static void *symbol(void *lib, const char *name) {
  char versioned[96];
  void *f = sys_library_symbol(lib, name);
  for (int major = 13; !f && major >= 12; major--)
    for (int minor = 9; !f && minor >= 0; minor--) {
      snprintf(versioned, sizeof versioned, "__%s_%d_%d", name, major, minor);
      f = sys_library_symbol(lib, versioned);
    }
  return f;
}

static bool load(Api *api) {
  static const char *const files[] = {
#if defined(_WIN32)
      "nvJitLink_130_0.dll", "nvJitLink_120_0.dll"
#else
      "libnvJitLink.so.13", "libnvJitLink.so.12", "libnvJitLink.so"
#endif
  };
  static const char *const names[] = {"nvJitLinkCreate",
                                      "nvJitLinkDestroy",
                                      "nvJitLinkAddData",
                                      "nvJitLinkComplete",
                                      "nvJitLinkGetLinkedCubinSize",
                                      "nvJitLinkGetLinkedCubin",
                                      "nvJitLinkGetErrorLogSize",
                                      "nvJitLinkGetErrorLog",
                                      "nvJitLinkGetInfoLogSize",
                                      "nvJitLinkGetInfoLog"};
  const char *said = getenv("TRITON_NVJITLINK_PATH");
  void *lib = said && *said ? sys_library_open(said) : NULL;
  for (size_t i = 0; !lib && i < COUNT(files); i++) lib = sys_library_open(files[i]);
  if (!lib) return false;
  void *functions[COUNT(names)];
  _Static_assert(sizeof functions == sizeof *api, "one pointer per function");
  for (size_t i = 0; i < COUNT(names); i++)
    if (!(functions[i] = symbol(lib, names[i]))) return false;
  memcpy(api, functions, sizeof *api);
  return true;
}

bool nvidia_nvjitlink_present(void) {
  Api api;
  return load(&api);
}

typedef struct Session {
  Api api;
  Handle handle;
} Session;

static void destroy(void *arg) {
  Session *s = arg;
  s->api.destroy(&s->handle);
}

static char *log_of(Ctx *cx, Handle h, int (*size)(Handle, size_t *), int (*get)(Handle, char *)) {
  size_t n = 0;
  char *log = "";
  if (size(h, &n) == 0 && n > 0) {
    log = ctx_alloc(cx, n + 1);
    get(h, log);
  }
  return log;
}

bool nvidia_nvjitlink_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out) {
  Session *s = NEW(cx, Session);
  if (!load(&s->api)) return false;
  const char *options[16];
  int n = 0;
  for (int i = 0; i < a->n; i++) {
    bool own = strncmp(a->at[i], "-arch", 5) == 0 || strncmp(a->at[i], "-O", 2) == 0 ||
               strcmp(a->at[i], "-lineinfo") == 0 || strcmp(a->at[i], "-g") == 0 ||
               strncmp(a->at[i], "-maxrregcount", 13) == 0;
    options[n++] = own ? a->at[i] : ctx_printf(cx, "-Xptxas=%s", a->at[i]);
  }
  options[n++] = "-verbose";
  if (s->api.create(&s->handle, (uint32_t)n, options) != 0) ctx_fail(cx, ERR_SYSTEM, "libnvJitLink cannot start");
  ctx_defer(cx, destroy, s);
  bool ok = s->api.add(s->handle, INPUT_PTX, ptx, strlen(ptx) + 1, "kernel") == 0 && s->api.complete(s->handle) == 0;
  if (!ok) {
    out->log = log_of(cx, s->handle, s->api.error_size, s->api.error);
    return false;
  }
  out->log = log_of(cx, s->handle, s->api.info_size, s->api.info);
  if (s->api.cubin_size(s->handle, &out->len) != 0) return false;
  void *bytes = ctx_alloc(cx, out->len);
  out->bytes = bytes;
  return s->api.cubin(s->handle, bytes) == 0;
}
