/* pretended_gpu.c: as much of libcuda and of CUPTI as profiling asks for, in one library that goes by both
 * names. A launch takes as many microseconds as its grid is wide, and is over at once; the driver's calls about events are told
 * at the end of the process. A kernel that is launched is "sampled" once at each of its instructions, and stalled at every second of these.
 * PRETENDED_RESULT is what CUPTI answers when it is to sample. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, BYTES = 16 /* of an instruction */ };

typedef struct Kernel {
  const unsigned char *image;
  char name[64];
} Kernel;

static Kernel kernels[MOST];
static int nkernels, launched[MOST], context, running;

/* ---- libcuda ----------------------------------------------------------------------------------------------------- */

#define NOTHING(name)                                                                                                  \
  int name(void) { return 0; }
NOTHING(cuInit)
NOTHING(cuCtxSetCurrent)
NOTHING(cuCtxSynchronize)
NOTHING(cuDevicePrimaryCtxRelease_v2)
NOTHING(cuModuleUnload)
NOTHING(cuFuncSetAttribute)
NOTHING(cuStreamIsCapturing)
int cuGetErrorString(int r, const char **text) { return (void)r, *text = "an error", 0; }
int cuDeviceGet(int *device, int n) { return *device = n, 0; }
int cuDeviceGetCount(int *n) { return *n = 1, 0; }
int cuDeviceGetAttribute(int *x, int what, int device) {
  (void)device;
  return *x = what == 75 ? 9 : what == 76 ? 0 : 232448, 0;
}
int cuCtxGetCurrent(void **c) { return *c = &context, 0; }
int cuCtxGetDevice(int *device) { return *device = 0, 0; }
int cuDevicePrimaryCtxRetain(void **c, int device) { return (void)device, *c = &context, 0; }
int cuModuleLoadData(void **module, const void *image) {
  kernels[nkernels].image = image;
  *module = &kernels[nkernels++];
  return 0;
}
int cuModuleGetFunction(void **f, Kernel *module, const char *name) {
  snprintf(module->name, sizeof module->name, "%s", name);
  return *f = module, 0;
}
int cuFuncGetAttribute(int *x, int what, void *f) { return (void)what, (void)f, *x = 1024, 0; }
static double now_us;
int cuLaunchKernel(Kernel *f, unsigned x) { return now_us += x, launched[f - kernels]++, 0; }
int cuLaunchKernelEx(const unsigned *config, Kernel *f) { return cuLaunchKernel(f, config[0]); }

static int created, destroyed, recorded;
static void tell_events(void) {
  if (created) printf("events: %d made, %d destroyed, %d recorded\n", created, destroyed, recorded);
}
int cuEventCreate(double **e) {
  if (!created++) atexit(tell_events);
  return *e = calloc(1, sizeof **e), 0;
}
int cuEventRecord(double *e) { return recorded++, *e = now_us, 0; }
int cuEventElapsedTime(float *ms, double *a, double *b) { return *ms = (float)((*b - *a) / 1e3), 0; }
int cuEventDestroy_v2(double *e) { return destroyed++, free(e), 0; }
NOTHING(cuEventQuery)
NOTHING(cuEventSynchronize)

/* ---- CUPTI ------------------------------------------------------------------------------------------------------- */

NOTHING(cuptiActivityRegisterCallbacks)
NOTHING(cuptiActivityEnable)
NOTHING(cuptiActivityDisable)
NOTHING(cuptiActivityFlushAll)
NOTHING(cuptiActivityGetNextRecord)
NOTHING(cuptiActivityPushExternalCorrelationId)
NOTHING(cuptiActivityPopExternalCorrelationId)
int cuptiGetTimestamp(uint64_t *now) { return *now = 0, 0; }
int cuptiGetResultString(int r, const char **text) { return (void)r, *text = "CUPTI_ERROR_PRETENDED", 0; }

typedef struct Params {
  size_t size;
  void *unused, *context, *a, *b, *c;
} Params;

int cuptiPCSamplingEnable(Params *p) {
  const char *result = getenv("PRETENDED_RESULT");
  return p->context != &context ? 3 : result ? atoi(result) : 0;
}
NOTHING(cuptiPCSamplingDisable)
int cuptiPCSamplingStart(void) { return running = 1, 0; }
int cuptiPCSamplingGetNumStallReasons(Params *p) { return *(size_t *)p->a = 2, 0; }
int cuptiPCSamplingGetStallReasons(Params *p) {
  char **names = p->c;
  for (uint32_t i = 0; i < 2; i++) ((uint32_t *)p->b)[i] = 7 + i;
  strcpy(names[0], "smsp__pcsamp_warps_issue_stalled_long_scoreboard");
  strcpy(names[1], "smsp__pcsamp_warps_issue_stalled_long_scoreboard_not_issued");
  return 0;
}

static uint64_t checksum(const unsigned char *image) { return (uint64_t)image[40] << 8 | image[41]; } /* e_shoff */
int cuptiGetCubinCrc(Params *p) { return p->a = (void *)(uintptr_t)checksum(p->context), 0; }

typedef struct Pc {
  size_t size;
  uint64_t crc, offset;
  uint32_t index, unused;
  const char *function;
  size_t nreasons;
  uint32_t (*reasons)[2];
  uint32_t correlation;
} Pc;
typedef struct Data {
  size_t size, most;
  uint64_t samples, dropped;
  size_t n, left;
  uint64_t range;
  Pc *at;
} Data;

static Data *buffer;

typedef struct Attribute {
  int kind, status;
  void *value, *unused[2];
} Attribute;

int cuptiPCSamplingSetConfigurationAttribute(Params *p) {
  const Attribute *all = p->b;
  for (size_t i = 0; i < (size_t)p->a; i++)
    if (all[i].kind == 8) buffer = all[i].value;
  return 0;
}

/* The size of the code: of the section whose flags say that it is executed. */
static uint64_t code_bytes(const unsigned char *image) {
  uint64_t sections, flags, size = 0, found = 0;
  uint16_t n;
  memcpy(&sections, image + 40, 8);
  memcpy(&n, image + 60, 2);
  for (uint16_t i = 0; i < n; i++) {
    memcpy(&flags, image + sections + 64 * i + 8, 8);
    memcpy(&size, image + sections + 64 * i + 32, 8);
    if (flags & 4) found = size;
  }
  return found;
}

/* Of what was launched a few instructions, so that some are left. */
static void sample(Data *d) {
  static int kernel;
  static uint64_t at;
  for (d->n = 0; kernel < nkernels && d->n < (d->most < 8 ? d->most : 8);) {
    if (!launched[kernel]) {
      kernel++;
      continue;
    }
    Pc *pc = &d->at[d->n++];
    pc->crc = checksum(kernels[kernel].image);
    pc->offset = at;
    pc->function = kernels[kernel].name;
    pc->nreasons = 2;
    for (uint32_t i = 0; i < 2; i++) pc->reasons[i][0] = 7 + i;
    pc->reasons[0][1] = 1;
    pc->reasons[1][1] = at / BYTES % 2 == 0;
    at += BYTES;
    if (at >= code_bytes(kernels[kernel].image)) launched[kernel]--, at = 0;
  }
  d->left = kernel < nkernels;
  if (kernel == nkernels) kernel = 0;
}

/* The end of a range fills the buffer … */
int cuptiPCSamplingStop(void) {
  if (running) sample(buffer);
  return running = 0;
}

/* … and the rest is asked for. */
int cuptiPCSamplingGetData(Params *p) {
  if (running) return 7; /* a range is read when it has ended */
  sample(p->a);
  return 0;
}
