/* driver.c: loading and launching through libcuda, opened at run time.
 *
 * The library's functions are looked up once per process, under a once-flag, and what each device is is asked then too:
 * a table that never changes afterwards, which is all the state there is. The context of the caller's choice stays
 * current (PyTorch's, the runtime library's); where there is none (a C program, a fresh thread), the primary context of
 * the first device is made current, as the runtime library would.
 *
 * A kernel keeps one module per device it was launched on, behind a lock that a launch only takes when it meets a new
 * device. Its modules are unloaded with it, each in its device's own context, if it was never launched. Code that was
 * launched stays in the device: a CUDA graph that captured the launch runs it again whenever it likes, a launch may
 * still be queued in its stream, and neither can be detected. So a process that tunes keeps the code it measured (tens
 * of kilobytes each) until it ends.
 */
#include "base/system.h"
#include "nvidia/driver.h"
#include "nvidia/events.h"
#include "nvidia/nvidia.h"
#include "target/profile.h"

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
  FUNCTION_MAX_THREADS = 0,
  FUNCTION_MAX_DYNAMIC_SHARED = 8,
  ERROR_LAUNCH_OUT_OF_RESOURCES = 701,
  DEVICE_CC_MAJOR = 75,
  DEVICE_CC_MINOR = 76,
  DEVICE_SHARED_OPTIN = 97,
  REGISTERS_PER_BLOCK = 65536, /* on every GPU that we compile for */
  SCRATCH_PARAMS = 2,          /* pointers to scratch memory, the last parameters of kernels from the reference */
  MAX_DEVICES = 64
};

/* As the driver's interface has them (CUDA 11.8 on). */
typedef struct LaunchAttribute {
  unsigned id, unused;
  union {
    int flag;
    char bytes[64];
  } value;
} LaunchAttribute;
enum { LAUNCH_COOPERATIVE = 2, LAUNCH_DEPENDENT = 6 }; /* the latter: programmatic stream serialization */

typedef struct LaunchConfig {
  unsigned grid[3], block[3], shared;
  void *stream;
  LaunchAttribute *attributes;
  unsigned nattributes;
} LaunchConfig;

#define FUNCTIONS(F)                                                                                                   \
  F(cuInit, "cuInit", (unsigned))                                                                                      \
  F(cuGetErrorString, "cuGetErrorString", (CUresult, const char **))                                                   \
  F(cuDeviceGet, "cuDeviceGet", (CUdevice *, int))                                                                     \
  F(cuDeviceGetCount, "cuDeviceGetCount", (int *))                                                                     \
  F(cuDeviceGetAttribute, "cuDeviceGetAttribute", (int *, int, CUdevice))                                              \
  F(cuCtxGetCurrent, "cuCtxGetCurrent", (CUcontext *))                                                                 \
  F(cuCtxSetCurrent, "cuCtxSetCurrent", (CUcontext))                                                                   \
  F(cuCtxSynchronize, "cuCtxSynchronize", (void))                                                                      \
  F(cuCtxGetDevice, "cuCtxGetDevice", (CUdevice *))                                                                    \
  F(cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain", (CUcontext *, CUdevice))                                     \
  F(cuDevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2", (CUdevice))                                             \
  F(cuModuleLoadData, "cuModuleLoadData", (CUmodule *, const void *))                                                  \
  F(cuModuleUnload, "cuModuleUnload", (CUmodule))                                                                      \
  F(cuModuleGetFunction, "cuModuleGetFunction", (CUfunction *, CUmodule, const char *))                                \
  F(cuFuncGetAttribute, "cuFuncGetAttribute", (int *, int, CUfunction))                                                \
  F(cuFuncSetAttribute, "cuFuncSetAttribute", (CUfunction, int, int))                                                  \
  F(cuLaunchKernel, "cuLaunchKernel",                                                                                  \
    (CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **, void **))      \
  F(cuLaunchKernelEx, "cuLaunchKernelEx", (const LaunchConfig *, CUfunction, void **, void **))

typedef CUresult EncodeTiled(void *map, int type, uint32_t rank, void *base, const uint64_t *dims,
                             const uint64_t *strides, const uint32_t *box, const uint32_t *steps, int interleave,
                             int swizzle, int promotion, int fill);

typedef struct Driver {
#define F(name, symbol, args) CUresult(*name) args;
  FUNCTIONS(F)
#undef F
  EncodeTiled *encode_tiled; /* NULL: older than CUDA 12 */
  CUresult (*alloc_async)(uint64_t *at, size_t size, void *stream);
  CUresult (*free_async)(uint64_t at, void *stream);
  char problem[256]; /* why there is none */
  int ndevices;
  struct {
    int capability; /* 10 * major + minor */
    int shared;     /* bytes that a block may have at most */
  } device[MAX_DEVICES];
} Driver;

static Driver driver;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_driver(void) {
  static const char *const names[] = {
#if defined(_WIN32)
      "nvcuda.dll"
#else
      "libcuda.so.1", "libcuda.so"
#endif
  };
  void *library = NULL;
  for (size_t i = 0; i < COUNT(names) && !library; i++) library = sys_library_open(names[i]);
  if (!library) {
    snprintf(driver.problem, sizeof driver.problem, "%s, the GPU's driver, is not installed", names[0]);
    return;
  }
#define F(name, symbol, args)                                                                                          \
  if (!(*(void **)&driver.name = sys_library_symbol(library, symbol)))                                                 \
    snprintf(driver.problem, sizeof driver.problem, "the GPU's driver is too old: it has no %s", symbol);
  FUNCTIONS(F)
#undef F
  if (driver.problem[0]) return;
  *(void **)&driver.encode_tiled = sys_library_symbol(library, "cuTensorMapEncodeTiled");
  *(void **)&driver.alloc_async = sys_library_symbol(library, "cuMemAllocAsync");
  *(void **)&driver.free_async = sys_library_symbol(library, "cuMemFreeAsync");
  CUresult r = driver.cuInit(0);
  if (!r) r = driver.cuDeviceGetCount(&driver.ndevices);
  if (driver.ndevices > MAX_DEVICES) driver.ndevices = MAX_DEVICES;
  for (int i = 0; i < driver.ndevices && !r; i++) {
    CUdevice device;
    int major = 0, minor = 0;
    r = driver.cuDeviceGet(&device, i);
    if (!r) r = driver.cuDeviceGetAttribute(&major, DEVICE_CC_MAJOR, device);
    if (!r) r = driver.cuDeviceGetAttribute(&minor, DEVICE_CC_MINOR, device);
    if (!r) r = driver.cuDeviceGetAttribute(&driver.device[i].shared, DEVICE_SHARED_OPTIN, device);
    driver.device[i].capability = 10 * major + minor;
  }
  const char *text = NULL;
  if (r) driver.cuGetErrorString(r, &text);
  if (r)
    snprintf(driver.problem, sizeof driver.problem, "the GPU's driver does not start: %s",
             text ? text : "unknown error");
  else if (!driver.ndevices)
    snprintf(driver.problem, sizeof driver.problem, "the driver knows no GPU");
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

/* The device of the current context. What a thread was told last is remembered: a context is one device's as long as it
 * lives, and a launch asks twice. */
static bool device_of(CUcontext context, CUdevice *device, char *error, size_t size) {
  static _Thread_local CUcontext last_context;
  static _Thread_local CUdevice last_device;
  if (context == last_context) {
    *device = last_device;
    return true;
  }
  if (failed(driver.cuCtxGetDevice(device), "asking for the current GPU", error, size)) return false;
  if (*device < 0 || *device >= driver.ndevices) {
    snprintf(error, size, "the current GPU is number %d; the first %d can be used", *device, MAX_DEVICES);
    return false;
  }
  last_context = context;
  last_device = *device;
  return true;
}

/* The current context's device; makes the first device's primary context current where there is none. */
static bool current_device(CUdevice *device, char *error, size_t size) {
  CUcontext context = NULL;
  if (failed(driver.cuCtxGetCurrent(&context), "asking for the current context", error, size)) return false;
  if (!context && (failed(driver.cuDevicePrimaryCtxRetain(&context, 0), "opening the GPU", error, size) ||
                   failed(driver.cuCtxSetCurrent(context), "opening the GPU", error, size)))
    return false;
  return device_of(context, device, error, size);
}

TargetStatus nvidia_driver_device(int *number, int *capability, char *error, size_t size) {
  CUcontext context = NULL;
  *number = 0; /* a process that only asks gets no context */
  if (!ready(error, size)) return TARGET_FAILED;
  if (!driver.cuCtxGetCurrent(&context) && context && !device_of(context, number, error, size)) return TARGET_FAILED;
  *capability = driver.device[*number].capability;
  return TARGET_OK;
}

bool nvidia_driver_context(void **context, char *error, size_t size) {
  CUcontext current = NULL;
  CUdevice device;
  if (!ready(error, size) || !current_device(&device, error, size)) return false;
  driver.cuCtxGetCurrent(&current);
  *context = current;
  return true;
}

void nvidia_driver_wait(void) {
  char error[256];
  if (ready(error, sizeof error)) driver.cuCtxSynchronize();
}

/* ---- kernels ----------------------------------------------------------------------------------------------------- */

struct Loaded {
  Loaded *next, **link; /* in the list of all */
  char *name;
  void *image;
  size_t len;
  int nargs, scratch_params; /* what a launch gives, and what the kernel has beyond */
  int num_warps, registers;  /* of a thread */
  bool cooperative, dependent;
  int64_t shared, program_memory;
  _Atomic bool launched;
  pthread_mutex_t lock;
  CUmodule module[MAX_DEVICES];
  _Atomic(CUfunction) function[MAX_DEVICES];
};

/* All kernels that are loaded, for those who ask whose code it is that runs. */
static struct {
  pthread_mutex_t lock;
  Loaded *first;
} all_loaded = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void list(Loaded *k) {
  pthread_mutex_lock(&all_loaded.lock);
  k->next = all_loaded.first;
  k->link = &all_loaded.first;
  if (k->next) k->next->link = &k->next;
  all_loaded.first = k;
  pthread_mutex_unlock(&all_loaded.lock);
}

static void unlist(Loaded *k) {
  if (!k->link) return;
  pthread_mutex_lock(&all_loaded.lock);
  *k->link = k->next;
  if (k->next) k->next->link = k->link;
  pthread_mutex_unlock(&all_loaded.lock);
}

void nvidia_driver_each(void (*visit)(void *arg, const char *name, const void *image, size_t len), void *arg) {
  pthread_mutex_lock(&all_loaded.lock);
  for (const Loaded *k = all_loaded.first; k; k = k->next) visit(arg, k->name, k->image, k->len);
  pthread_mutex_unlock(&all_loaded.lock);
}

/* A module belongs to the context that it was loaded in: the device's primary one as a rule, which is made current for
 * the moment. When the process is ending the driver may be gone before us; its refusals do no harm. */
static void unload_from(CUmodule module, CUdevice device) {
  CUcontext before = NULL, context = NULL;
  if (driver.cuCtxGetCurrent(&before) || driver.cuDevicePrimaryCtxRetain(&context, device)) return;
  if (!driver.cuCtxSetCurrent(context)) {
    driver.cuModuleUnload(module);
    driver.cuCtxSetCurrent(before);
  }
  driver.cuDevicePrimaryCtxRelease(device);
}

void nvidia_driver_unload(Loaded *k) {
  if (!k) return;
  unlist(k);
  for (int i = 0; i < driver.ndevices && !atomic_load(&k->launched); i++)
    if (k->module[i]) unload_from(k->module[i], i);
  pthread_mutex_destroy(&k->lock);
  free(k->name);
  free(k->image);
  free(k);
}

static TargetStatus out_of(const char *what, int64_t required, int64_t limit, char *error, size_t size) {
  snprintf(error, size,
           "out of resource: %s, Required: %lld, Hardware limit: %lld. Reducing block sizes or `num_stages` may help.",
           what, (long long)required, (long long)limit);
  return TARGET_RESOURCES;
}

/* With the lock held. */
static TargetStatus load_on(Loaded *k, CUdevice device, CUfunction *out, char *error, size_t size) {
  CUfunction f = NULL;
  int threads = 0;
  if (k->shared > driver.device[device].shared)
    return out_of("shared memory", k->shared, driver.device[device].shared, error, size);
  if (!k->module[device] &&
      failed(driver.cuModuleLoadData(&k->module[device], k->image), "loading the kernel", error, size))
    return TARGET_FAILED;
  if (failed(driver.cuModuleGetFunction(&f, k->module[device], k->name), "loading the kernel", error, size) ||
      failed(driver.cuFuncGetAttribute(&threads, FUNCTION_MAX_THREADS, f), "loading the kernel", error, size))
    return TARGET_FAILED;
  if (32 * k->num_warps > threads) return out_of("threads", 32 * k->num_warps, threads, error, size);
  if (k->shared > (48 << 10) && failed(driver.cuFuncSetAttribute(f, FUNCTION_MAX_DYNAMIC_SHARED, (int)k->shared),
                                       "asking for shared memory", error, size))
    return TARGET_FAILED;
  atomic_store(&k->function[device], f);
  *out = f;
  return TARGET_OK;
}

/* The kernel on a device, loaded there if it is not yet. */
static TargetStatus function_on(Loaded *k, CUdevice device, CUfunction *out, char *error, size_t size) {
  *out = atomic_load(&k->function[device]);
  if (*out) return TARGET_OK;
  pthread_mutex_lock(&k->lock);
  *out = atomic_load(&k->function[device]);
  TargetStatus status = *out ? TARGET_OK : load_on(k, device, out, error, size);
  pthread_mutex_unlock(&k->lock);
  return status;
}

/* A kernel that was not compiled here, but taken from an edited stage, may want other parameters than its launches give.
 * The pointers to scratch memory that the reference adds are given as null. */
static bool parameters_fit(Loaded *k, const char *bytes, size_t len, char *error, size_t size) {
  Cubin c = {0};
  if (!nvidia_cubin_resources(bytes, len, k->name, &c)) return true; /* PTX, which the driver assembles */
  k->scratch_params = c.params - k->nargs;
  if (k->scratch_params >= 0 && k->scratch_params <= SCRATCH_PARAMS) return true; /* earlier versions add one */
  snprintf(error, size, "kernel `%s` has %d parameters, but its launches give %d: was it edited for another one?",
           k->name, c.params, k->nargs);
  return false;
}

TargetStatus nvidia_driver_load(const KernelInfo *info, const char *bytes, size_t len, Loaded **out, char *error,
                                size_t size) {
  CUdevice device;
  CUfunction f;
  if (!ready(error, size) || !current_device(&device, error, size)) return TARGET_FAILED;
  Loaded *k = calloc(1, sizeof *k);
  if (k) pthread_mutex_init(&k->lock, NULL);
  if (k) k->name = strdup(info->name), k->image = malloc(len);
  if (!k || !k->name || !k->image) {
    nvidia_driver_unload(k);
    snprintf(error, size, "out of memory");
    return TARGET_FAILED;
  }
  memcpy(k->image, bytes, len);
  k->len = len;
  k->nargs = info->nargs;
  k->program_memory = info->program_memory;
  k->num_warps = info->num_warps;
  k->registers = info->n_regs;
  k->cooperative = info->cooperative;
  k->dependent = info->dependent;
  k->shared = info->shared;
  TargetStatus status = TARGET_FAILED;
  if (parameters_fit(k, bytes, len, error, size)) status = function_on(k, device, &f, error, size);
  if (status == TARGET_OK)
    list(*out = k);
  else
    nvidia_driver_unload(k);
  return status;
}

/* ---- tensor maps ------------------------------------------------------------------------------------------------- */

enum { MAPS_REMEMBERED = 16, PROMOTE_128_BYTES = 2, MAX_MAP_RANK = 5 };

/* What a tensor map is made of, and the map. */
typedef struct MapKey {
  void *base;
  uint64_t dims[MAX_MAP_RANK], strides[MAX_MAP_RANK]; /* from the innermost one; strides in bytes */
  uint32_t box[MAX_MAP_RANK];
  int rank, type, swizzle, fill;
} MapKey;
typedef struct RememberedMap {
  _Alignas(64) unsigned char map[TENSOR_MAP_BYTES]; /* as the driver requires */
  MapKey key;
} RememberedMap;

static MapKey key_of(const DescriptorArg *d, const ttc_tensor_descriptor *t) {
  /* PTX's numbers of element types as the driver's. */
  static const int types[] = {0, 1, 2, 3, 4, 5, 6, 7, 10, 8, 9, 11, 12};
  enum { PTX_F32 = 7, DRIVER_TF32 = 11 };
  MapKey k;
  memset(&k, 0, sizeof k); /* compared as bytes */
  k.base = t->base;
  k.rank = d->rank;
  k.type = (t->flags & TTC_DESCRIPTOR_TF32) && d->elem_type == PTX_F32 ? DRIVER_TF32 : types[d->elem_type];
  k.swizzle = d->swizzle;
  k.fill = (t->flags & TTC_DESCRIPTOR_NAN) != 0;
  for (int i = 0; i < d->rank; i++) {
    int from = d->rank - 1 - i;
    k.dims[i] = (uint64_t)t->shape[from];
    k.box[i] = (uint32_t)d->box[from];
    if (i) k.strides[i - 1] = (uint64_t)t->strides[from] * (uint64_t)d->elem_bytes;
  }
  return k;
}

bool nvidia_driver_tensor_map(const DescriptorArg *d, const ttc_tensor_descriptor *t, void *map, char *error,
                              size_t size) {
  static _Thread_local RememberedMap all[MAPS_REMEMBERED];
  static _Thread_local unsigned used;
  static const uint32_t steps[MAX_MAP_RANK] = {1, 1, 1, 1, 1};
  if (!ready(error, size)) return false;
  MapKey k = key_of(d, t);
  for (unsigned i = 0; i < MAPS_REMEMBERED && i < used; i++)
    if (!memcmp(&all[i].key, &k, sizeof k)) {
      memcpy(map, all[i].map, TENSOR_MAP_BYTES);
      return true;
    }
  RememberedMap *m = &all[used % MAPS_REMEMBERED];
  if (!driver.encode_tiled) {
    snprintf(error, size, "the GPU's driver is too old: it has no cuTensorMapEncodeTiled");
    return false;
  }
  memset(&m->key, 0, sizeof m->key);
  if (failed(driver.encode_tiled(m->map, k.type, (uint32_t)k.rank, k.base, k.dims, k.strides, k.box, steps, 0,
                                 k.swizzle, PROMOTE_128_BYTES, k.fill),
             "the driver makes no tensor map of it", error, size))
    return false;
  m->key = k;
  used = used + 1 < 2 * MAPS_REMEMBERED ? used + 1 : MAPS_REMEMBERED;
  memcpy(map, m->map, TENSOR_MAP_BYTES);
  return true;
}

/* ---- launching --------------------------------------------------------------------------------------------------- */

/* The driver's "invalid argument" has one frequent cause. */
static TargetStatus launch_failed(const Loaded *k, const uint32_t grid[3], CUresult r, char *error, size_t size) {
  if (r == ERROR_LAUNCH_OUT_OF_RESOURCES)
    return out_of("registers", (int64_t)32 * k->num_warps * k->registers, REGISTERS_PER_BLOCK, error, size);
  if (grid[1] > 65535 || grid[2] > 65535)
    snprintf(
        error, size,
        "a grid of %u x %u x %u programs: a GPU takes at most 2147483647 x 65535 x 65535; put the long dimension first",
        grid[0], grid[1], grid[2]);
  else
    failed(r, "launching the kernel", error, size);
  return TARGET_FAILED;
}

/* The arguments with null for each scratch parameter; NULL: no memory. */
static void **with_scratch(const Loaded *k, const void *const *args) {
  static void *const null;
  const void **all = malloc(((size_t)k->nargs + SCRATCH_PARAMS) * sizeof *all);
  if (!all) return NULL;
  if (k->nargs) memcpy(all, args, (size_t)k->nargs * sizeof *all);
  for (int i = 0; i < k->scratch_params; i++) all[k->nargs + i] = &null;
  return (void **)all;
}

static CUresult launch_with(const Loaded *k, CUfunction f, const uint32_t grid[3], void *stream, void **pointers) {
  unsigned threads = 32u * (unsigned)k->num_warps, shared = (unsigned)k->shared;
  if (!k->cooperative && !k->dependent)
    return driver.cuLaunchKernel(f, grid[0], grid[1], grid[2], threads, 1, 1, shared, stream, pointers, NULL);
  LaunchAttribute attributes[2] = {0};
  LaunchConfig c = {.grid = {grid[0], grid[1], grid[2]}, .block = {threads, 1, 1}, .shared = shared, .stream = stream};
  c.attributes = attributes;
  if (k->cooperative) attributes[c.nattributes++] = (LaunchAttribute){.id = LAUNCH_COOPERATIVE, .value = {.flag = 1}};
  if (k->dependent) attributes[c.nattributes++] = (LaunchAttribute){.id = LAUNCH_DEPENDENT, .value = {.flag = 1}};
  return driver.cuLaunchKernelEx(&c, f, pointers, NULL);
}

/* With memory for what the programs make, from the stream's pool, for as long as the launch takes. */
static TargetStatus launch_allocated(const Loaded *k, CUfunction f, const uint32_t grid[3], void *stream,
                                     void **pointers, char *error, size_t size) {
  uint64_t at = 0;
  void **all = malloc((size_t)k->nargs * sizeof *all);
  if (!all || !driver.alloc_async || !driver.free_async) {
    free(all);
    snprintf(error, size, all ? "the GPU's driver is too old: it has no cuMemAllocAsync" : "out of memory");
    return TARGET_FAILED;
  }
  memcpy(all, pointers, (size_t)k->nargs * sizeof *all);
  all[k->nargs - 1] = &at;
  size_t bytes = (size_t)k->program_memory * grid[0] * grid[1] * grid[2];
  CUresult r = driver.alloc_async(&at, bytes, stream);
  bool allocated = !r;
  if (allocated) {
    r = launch_with(k, f, grid, stream, all);
    driver.free_async(at, stream);
  }
  free(all);
  if (allocated) return r ? launch_failed(k, grid, r, error, size) : TARGET_OK;
  failed(r, "allocating memory for the programs", error, size);
  return TARGET_FAILED;
}

static bool wants_memory(const Loaded *k, void *const *pointers) {
  uint64_t at = 0;
  if (k->program_memory) memcpy(&at, pointers[k->nargs - 1], sizeof at);
  return k->program_memory && !at;
}

TargetStatus nvidia_driver_launch(Loaded *k, const uint32_t grid[3], void *stream, const void *const *args, char *error,
                                  size_t size) {
  CUdevice device;
  CUfunction f;
  if (!grid[0] || !grid[1] || !grid[2]) return TARGET_OK;
  if (!current_device(&device, error, size)) return TARGET_FAILED;
  TargetStatus status = function_on(k, device, &f, error, size);
  if (status != TARGET_OK) return status;
  void **pointers = k->scratch_params ? with_scratch(k, args) : (void **)(uintptr_t)args;
  if (k->scratch_params && !pointers) return snprintf(error, size, "out of memory"), TARGET_FAILED;
  atomic_store_explicit(&k->launched, true, memory_order_relaxed);
  TimedLaunch *timed = target_profile_wanted() ? nvidia_events_before(stream, k->name, grid, device) : NULL;
  if (wants_memory(k, pointers)) {
    status = launch_allocated(k, f, grid, stream, pointers, error, size);
  } else {
    CUresult r = launch_with(k, f, grid, stream, pointers);
    status = r ? launch_failed(k, grid, r, error, size) : TARGET_OK;
  }
  nvidia_events_after(timed, status == TARGET_OK);
  if (k->scratch_params) free(pointers);
  return status;
}
