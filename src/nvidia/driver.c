/* driver.c: loading and launching through libcuda, opened by dlopen.
 *
 * The library's functions are looked up once per process, under a once-flag: a table of pointers that never changes afterwards, which
 * is all the state there is. The context of the caller's choice stays current; where there is none (a C program, a fresh thread), the
 * primary context of the first device is made current, as the runtime library would.
 *
 * A kernel keeps one module per device it was launched on, behind a lock that a launch only takes when it meets a new device.
 */
#include "nvidia/driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The driver's types, as its interface defines them. */
typedef int CUresult;
typedef int CUdevice;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;

enum {
  ATTR_MAX_DYNAMIC_SHARED = 8,
  ATTR_NUM_REGS = 4,
  DEVICE_CC_MAJOR = 75,
  DEVICE_CC_MINOR = 76,
  DEVICE_SHARED_OPTIN = 97,
  MAX_DEVICES = 64
};

#define FUNCTIONS(F)                                                                                                   \
  F(cuInit, "cuInit", (unsigned))                                                                                      \
  F(cuGetErrorString, "cuGetErrorString", (CUresult, const char **))                                                   \
  F(cuDeviceGet, "cuDeviceGet", (CUdevice *, int))                                                                     \
  F(cuDeviceGetAttribute, "cuDeviceGetAttribute", (int *, int, CUdevice))                                              \
  F(cuCtxGetCurrent, "cuCtxGetCurrent", (CUcontext *))                                                                 \
  F(cuCtxSetCurrent, "cuCtxSetCurrent", (CUcontext))                                                                   \
  F(cuCtxGetDevice, "cuCtxGetDevice", (CUdevice *))                                                                    \
  F(cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain", (CUcontext *, CUdevice))                                     \
  F(cuModuleLoadData, "cuModuleLoadData", (CUmodule *, const void *))                                                  \
  F(cuModuleUnload, "cuModuleUnload", (CUmodule))                                                                      \
  F(cuModuleGetFunction, "cuModuleGetFunction", (CUfunction *, CUmodule, const char *))                                \
  F(cuFuncSetAttribute, "cuFuncSetAttribute", (CUfunction, int, int))                                                  \
  F(cuLaunchKernel, "cuLaunchKernel",                                                                                  \
    (CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **, void **))

typedef struct Driver {
#define F(name, symbol, args) CUresult(*name) args;
  FUNCTIONS(F)
#undef F
  char problem[256]; /* why there is none */
} Driver;

static Driver driver;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_driver(void) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) library = dlopen("libcuda.so", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(driver.problem, sizeof driver.problem, "libcuda.so.1, the GPU's driver, is not installed");
    return;
  }
#define F(name, symbol, args)                                                                                          \
  if (!(*(void **)&driver.name = dlsym(library, symbol)))                                                              \
    snprintf(driver.problem, sizeof driver.problem, "the GPU's driver is too old: it has no %s", symbol);
  FUNCTIONS(F)
#undef F
  if (driver.problem[0]) return;
  CUresult r = driver.cuInit(0);
  const char *text = NULL;
  if (r) driver.cuGetErrorString(r, &text);
  if (r)
    snprintf(driver.problem, sizeof driver.problem, "the GPU's driver does not start: %s",
             text ? text : "unknown error");
}

static bool ready(char *error, size_t size) {
  pthread_once(&once, open_driver);
  if (!driver.problem[0]) return true;
  snprintf(error, size, "%s", driver.problem);
  return false;
}

static bool failed(CUresult r, const char *what, char *error, size_t size) {
  if (!r) return false;
  const char *text = NULL;
  driver.cuGetErrorString(r, &text);
  snprintf(error, size, "%s: %s (CUDA error %d)", what, text ? text : "unknown error", r);
  return true;
}

/* The current context's device; makes the first device's primary context current where there is none. */
static bool current_device(CUdevice *device, char *error, size_t size) {
  CUcontext context = NULL;
  if (failed(driver.cuCtxGetCurrent(&context), "asking for the current context", error, size)) return false;
  if (!context) {
    if (failed(driver.cuDeviceGet(device, 0), "looking for a GPU", error, size) ||
        failed(driver.cuDevicePrimaryCtxRetain(&context, *device), "opening the GPU", error, size) ||
        failed(driver.cuCtxSetCurrent(context), "opening the GPU", error, size))
      return false;
    return true;
  }
  return !failed(driver.cuCtxGetDevice(device), "asking for the current GPU", error, size);
}

int driver_processor(char *error, size_t size) {
  CUdevice device;
  int major = 0, minor = 0;
  if (!ready(error, size)) return 0;
  CUcontext context = NULL;
  CUresult r = driver.cuCtxGetCurrent(&context);
  r = !r && context ? driver.cuCtxGetDevice(&device) : driver.cuDeviceGet(&device, 0);
  if (failed(r, "looking for a GPU", error, size)) return 0;
  if (failed(driver.cuDeviceGetAttribute(&major, DEVICE_CC_MAJOR, device), "asking for the GPU's kind", error, size) ||
      failed(driver.cuDeviceGetAttribute(&minor, DEVICE_CC_MINOR, device), "asking for the GPU's kind", error, size))
    return 0;
  return major * 10 + minor;
}

/* ---- kernels ----------------------------------------------------------------------------------------------------------------- */

struct Loaded {
  char *name;
  void *image;
  int num_warps;
  int64_t shared;
  pthread_mutex_t lock;
  CUmodule module[MAX_DEVICES];
  _Atomic(CUfunction) function[MAX_DEVICES];
};

void driver_unload(Loaded *k) {
  if (!k) return;
  for (int i = 0; i < MAX_DEVICES; i++)
    if (k->module[i]) driver.cuModuleUnload(k->module[i]); /* fails harmlessly when the process is ending */
  pthread_mutex_destroy(&k->lock);
  free(k->name);
  free(k->image);
  free(k);
}

Loaded *driver_load(const KernelInfo *info, const char *bytes, size_t len, char *error, size_t size) {
  if (!ready(error, size)) return NULL;
  Loaded *k = calloc(1, sizeof *k);
  if (k) pthread_mutex_init(&k->lock, NULL);
  if (k) k->name = strdup(info->name), k->image = malloc(len);
  if (!k || !k->name || !k->image) {
    driver_unload(k);
    snprintf(error, size, "out of memory");
    return NULL;
  }
  memcpy(k->image, bytes, len);
  k->num_warps = info->num_warps;
  k->shared = info->shared;
  return k;
}

/* With the lock held. */
static CUfunction load_on(Loaded *k, CUdevice device, char *error, size_t size) {
  CUfunction f = NULL;
  int most = 0;
  if (failed(driver.cuDeviceGetAttribute(&most, DEVICE_SHARED_OPTIN, device), "asking for the GPU's shared memory",
             error, size))
    return NULL;
  if (k->shared > most) {
    snprintf(error, size,
             "out of resource: shared memory, Required: %lld, Hardware limit: %d. Reducing block sizes or `num_stages` "
             "may help.",
             (long long)k->shared, most);
    return NULL;
  }
  if (!k->module[device] &&
      failed(driver.cuModuleLoadData(&k->module[device], k->image), "loading the kernel", error, size))
    return NULL;
  if (failed(driver.cuModuleGetFunction(&f, k->module[device], k->name), "loading the kernel", error, size))
    return NULL;
  if (k->shared > (48 << 10) && failed(driver.cuFuncSetAttribute(f, ATTR_MAX_DYNAMIC_SHARED, (int)k->shared),
                                       "asking for shared memory", error, size))
    return NULL;
  atomic_store(&k->function[device], f);
  return f;
}

int driver_launch(Loaded *k, const uint32_t grid[3], void *stream, const void *const *args, char *error, size_t size) {
  CUdevice device;
  if (!grid[0] || !grid[1] || !grid[2]) return 0;
  if (!current_device(&device, error, size)) return -1;
  if (device < 0 || device >= MAX_DEVICES) {
    snprintf(error, size, "the GPU's number is %d; at most %d are supported", device, MAX_DEVICES);
    return -1;
  }
  CUfunction f = atomic_load(&k->function[device]);
  if (!f) {
    pthread_mutex_lock(&k->lock);
    f = atomic_load(&k->function[device]);
    if (!f) f = load_on(k, device, error, size);
    pthread_mutex_unlock(&k->lock);
    if (!f) return -1;
  }
  void **pointers = (void **)(uintptr_t)args;
  CUresult r = driver.cuLaunchKernel(f, grid[0], grid[1], grid[2], 32u * (unsigned)k->num_warps, 1, 1,
                                     (unsigned)k->shared, stream, pointers, NULL);
  return failed(r, "launching the kernel", error, size) ? -1 : 0;
}
