/* profile.c: how long kernels take on the GPU.
 *
 * Problem. A launch returns before its kernel begins; only the device knows when that ran. Idea. Two ways to ask it.
 *
 * CUPTI, the library beside the driver that profilers are built on, opened at run time: it hands over a record of
 * every kernel of the process (PyTorch's too), with its begin and end, in buffers that it fills. Which scope launched it:
 * each thread pushes its id as an "external correlation id"; for every call of the driver or the runtime library within
 * there is a record (external id, correlation id), and the kernel's has the same correlation id. The two kinds come in
 * different buffers in any order, so both are kept until they are collected, when the pairs are sorted and looked up.
 * A replayed CUDA graph is one call: its kernels belong to the scope of the replay.
 *
 * Events, where CUPTI is not there or another profiler holds it: see events.c.
 *
 * Instructions, where they are asked for: see sample.c.
 *
 * Clock. CUPTI's and this process's clocks are compared once.
 */
#include "nvidia/profile.h"
#include "base/base.h"
#include "base/system.h"
#include "nvidia/driver.h"
#include "nvidia/events.h"
#include "nvidia/sample.h"
#include "target/profile.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- CUPTI's interface, as its header defines it (CUDA 11.8 to 13) ----------------------------------------------- */

enum {
  KIND_DRIVER = 4,
  KIND_RUNTIME = 5,
  KIND_KERNEL = 10,
  KIND_EXTERNAL = 39,
  EXTERNAL_CUSTOM0 = 3,
  FLUSH_FORCED = 1,
  NO_MORE_RECORDS = 12
};

/* The beginning of a kernel's record, the same in every version since CUDA 9. */
typedef struct KernelActivity {
  int kind;
  uint8_t cache_config, shared_config;
  uint16_t registers;
  int partitioned[2];
  uint64_t start, end, completed;
  uint32_t device, context, stream;
  int32_t grid[3], block[3];
  int32_t static_shared, dynamic_shared;
  uint32_t local_per_thread, local_total, correlation;
  int64_t grid_id;
  const char *name;
} KernelActivity;
_Static_assert(offsetof(KernelActivity, start) == 16 && offsetof(KernelActivity, device) == 40 &&
                   offsetof(KernelActivity, correlation) == 92 && offsetof(KernelActivity, name) == 104,
               "as cupti_activity.h has them");

typedef struct ExternalActivity {
  int kind, external_kind;
  uint64_t id;
  uint32_t correlation, reserved;
} ExternalActivity;
_Static_assert(offsetof(ExternalActivity, id) == 8 && offsetof(ExternalActivity, correlation) == 16,
               "as cupti_activity.h has them");

typedef void RequestBuffer(uint8_t **buffer, size_t *size, size_t *max_records);
typedef void CompleteBuffer(void *context, uint32_t stream, uint8_t *buffer, size_t size, size_t valid);

#define CUPTI_FUNCTIONS(F)                                                                                             \
  F(cuptiActivityRegisterCallbacks, (RequestBuffer *, CompleteBuffer *))                                               \
  F(cuptiActivityEnable, (int))                                                                                        \
  F(cuptiActivityDisable, (int))                                                                                       \
  F(cuptiActivityFlushAll, (uint32_t))                                                                                 \
  F(cuptiActivityGetNextRecord, (uint8_t *, size_t, void **))                                                          \
  F(cuptiActivityPushExternalCorrelationId, (int, uint64_t))                                                           \
  F(cuptiActivityPopExternalCorrelationId, (int, uint64_t *))                                                          \
  F(cuptiGetTimestamp, (uint64_t *))                                                                                   \
  F(cuptiGetResultString, (int, const char **))

static struct {
#define F(name, args) int(*name) args;
  CUPTI_FUNCTIONS(F)
#undef F
  void *library;
  char problem[256];
  bool there;
} cupti;

typedef struct Pair {
  uint32_t correlation;
  uint64_t id;
} Pair;

typedef struct Pending {
  uint32_t correlation;
  ttc_profile_record record; /* its name is of malloc */
} Pending;

typedef enum Way { WAY_NONE, WAY_CUPTI, WAY_EVENTS } Way;

static struct {
  pthread_mutex_t lock; /* of what follows; `way` is also read without */
  _Atomic(int) way;
  _Atomic bool sampling; /* as well: see sample.c */
  int64_t clock_offset;  /* what is added to CUPTI's clock */
  Pair *pairs;
  size_t npairs, pair_cap;
  Pending *kernels;
  size_t nkernels, kernel_cap;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- CUPTI ------------------------------------------------------------------------------------------------------- */

static void *open_cupti(void) {
#if defined(_WIN32)
  static const char *const names[] = {"cupti64_2025.1.1.dll", "cupti.dll"};
#else
  static const char *const names[] = {"libcupti.so", "libcupti.so.13", "libcupti.so.12"};
#endif
  static const char *const folders[] = {"TRITON_CUPTI_LIB_PATH", "TRITON_CUPTI_LIB_BLACKWELL_PATH"};
  char path[4096];
  void *library = NULL;
  for (size_t f = 0; f < COUNT(folders) && !library; f++) {
    const char *folder = getenv(folders[f]);
    for (size_t i = 0; folder && *folder && i < COUNT(names) && !library; i++)
      if (snprintf(path, sizeof path, "%s/%s", folder, names[i]) < (int)sizeof path) library = sys_library_open(path);
  }
  for (size_t i = 0; i < COUNT(names) && !library; i++) library = sys_library_open(names[i]);
  static const char *const places[] = {"/usr/local/cuda/extras/CUPTI/lib64/libcupti.so",
                                       "/usr/local/cuda/lib64/libcupti.so"};
  for (size_t i = 0; i < COUNT(places) && !library; i++) library = sys_library_open(places[i]);
  return library;
}

static void look_up_cupti(void) {
  void *library = open_cupti();
  if (!library) {
    snprintf(cupti.problem, sizeof cupti.problem,
             "libcupti.so is not found; TRITON_CUPTI_LIB_PATH names its folder (part of CUDA's toolkit)");
    return;
  }
#define F(name, args)                                                                                                  \
  if (!(*(void **)&cupti.name = sys_library_symbol(library, #name)))                                                   \
    snprintf(cupti.problem, sizeof cupti.problem, "CUPTI is too old: it has no %s", #name);
  CUPTI_FUNCTIONS(F)
#undef F
  cupti.library = library;
  cupti.there = !cupti.problem[0];
}

static void request_buffer(uint8_t **buffer, size_t *size, size_t *max_records) {
  enum { BYTES = 1 << 20 };
  *buffer = malloc(BYTES); /* of malloc: aligned as records need it */
  *size = *buffer ? BYTES : 0;
  *max_records = 0; /* as many as fit */
}

static bool reserve(void **at, size_t n, size_t *cap, size_t bytes) {
  if (n < *cap) return true;
  size_t wanted = *cap ? 2 * *cap : 256;
  void *more = realloc(*at, wanted * bytes);
  if (!more) return false;
  *at = more;
  *cap = wanted;
  return true;
}

static char *copy_name(const char *name) {
  size_t n = name ? strlen(name) + 1 : 0;
  char *copy = n ? malloc(n) : NULL;
  if (copy) memcpy(copy, name, n);
  return copy;
}

/* Under the lock. */
static void keep_kernel(const KernelActivity *k) {
  if (!reserve((void **)&state.kernels, state.nkernels, &state.kernel_cap, sizeof *state.kernels)) return;
  ttc_profile_record r = {.name = copy_name(k->name),
                          .target = "cuda",
                          .begin = (int64_t)k->start + state.clock_offset,
                          .end = (int64_t)k->end + state.clock_offset,
                          .device = (int)k->device,
                          .stream = k->stream};
  state.kernels[state.nkernels++] = (Pending){k->correlation, r};
}

static void keep_pair(const ExternalActivity *e) {
  if (e->external_kind != EXTERNAL_CUSTOM0) return;
  if (!reserve((void **)&state.pairs, state.npairs, &state.pair_cap, sizeof *state.pairs)) return;
  state.pairs[state.npairs++] = (Pair){e->correlation, e->id};
}

static void complete_buffer(void *context, uint32_t stream, uint8_t *buffer, size_t size, size_t valid) {
  (void)context, (void)stream, (void)size;
  void *record = NULL;
  pthread_mutex_lock(&state.lock);
  while (buffer && cupti.cuptiActivityGetNextRecord(buffer, valid, &record) == 0) {
    int kind = *(const int *)record;
    if (kind == KIND_KERNEL) keep_kernel(record);
    if (kind == KIND_EXTERNAL) keep_pair(record);
  }
  pthread_mutex_unlock(&state.lock);
  free(buffer);
}

static const int kinds[] = {KIND_EXTERNAL, KIND_DRIVER, KIND_RUNTIME, KIND_KERNEL};

static void stop_cupti(void) {
  for (size_t i = 0; i < COUNT(kinds); i++) cupti.cuptiActivityDisable(kinds[i]);
}

static bool start_cupti(char *error, size_t size) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, look_up_cupti);
  if (!cupti.there) return snprintf(error, size, "%s", cupti.problem), false;
  uint64_t now = 0;
  int r = cupti.cuptiActivityRegisterCallbacks(request_buffer, complete_buffer);
  for (size_t i = 0; i < COUNT(kinds) && !r; i++) r = cupti.cuptiActivityEnable(kinds[i]);
  if (!r) r = cupti.cuptiGetTimestamp(&now);
  if (!r) return state.clock_offset = time_now() - (int64_t)now, true;
  stop_cupti();
  const char *text = NULL;
  cupti.cuptiGetResultString(r, &text);
  snprintf(error, size, "CUPTI does not start: %s (error %d)%s", text ? text : "unknown", r,
           r == 39 ? "; another profiler holds it" : "");
  return false;
}

static int by_correlation(const void *a, const void *b) {
  const Pair *x = a, *y = b;
  return (x->correlation > y->correlation) - (x->correlation < y->correlation);
}

static int by_begin(const void *a, const void *b) {
  const Pending *x = a, *y = b;
  return (x->record.begin > y->record.begin) - (x->record.begin < y->record.begin);
}

/* Under the lock. What has no pair waits for one, unless all were handed over. */
static void match_kernels(bool all) {
  if (state.npairs) qsort(state.pairs, state.npairs, sizeof *state.pairs, by_correlation);
  if (state.nkernels) qsort(state.kernels, state.nkernels, sizeof *state.kernels, by_begin);
  size_t kept = 0;
  for (size_t i = 0; i < state.nkernels; i++) {
    Pending *k = &state.kernels[i];
    Pair key = {k->correlation, 0};
    Pair *pair = state.npairs ? bsearch(&key, state.pairs, state.npairs, sizeof key, by_correlation) : NULL;
    if (!pair && !all) {
      state.kernels[kept++] = *k;
      continue;
    }
    k->record.id = pair ? pair->id : target_profile_default();
    target_profile_add(k->record);
    free((char *)(uintptr_t)k->record.name);
  }
  state.nkernels = kept;
  if (all) state.npairs = 0;
}

/* Under CUPTI each thread has a stack of ids, of which we use one place. */
static _Thread_local bool pushed;

static void mark(uint64_t id) {
  if (state.way != WAY_CUPTI) return;
  uint64_t last;
  if (pushed) cupti.cuptiActivityPopExternalCorrelationId(EXTERNAL_CUSTOM0, &last);
  pushed = cupti.cuptiActivityPushExternalCorrelationId(EXTERNAL_CUSTOM0, id) == 0;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

/* "pcsampling:2048": every so many cycles. */
static bool start_samples(const char *way, char *error, size_t size) {
  const char *colon = strchr(way, ':');
  void *context;
  if (!nvidia_driver_context(&context, error, size) || !start_cupti(error, size)) return false;
  state.way = WAY_CUPTI;
  state.sampling =
      nvidia_samples_start(cupti.library, colon ? strtol(colon + 1, NULL, 10) : SAMPLES_CYCLES, error, size);
  if (state.sampling) return true;
  state.way = WAY_NONE;
  stop_cupti();
  return false;
}

/* "events:1": every launch is timed. */
static bool start_events(const char *way, char *error, size_t size) {
  const char *colon = way ? strchr(way, ':') : NULL;
  unsigned long every = colon ? strtoul(colon + 1, NULL, 10) : EVENTS_EVERY;
  return nvidia_events_start(every > 0 && every < UINT_MAX ? (unsigned)every : 1, error, size);
}

static bool start(const char *way, char *error, size_t size) {
  bool any = !way || !*way;
  if (!any && strncmp(way, "pcsampling", strlen("pcsampling")) == 0) return start_samples(way, error, size);
  if ((any || strcmp(way, "cupti") == 0) && start_cupti(error, size))
    state.way = WAY_CUPTI;
  else if ((any || strncmp(way, "events", strlen("events")) == 0) && start_events(way, error, size))
    state.way = WAY_EVENTS;
  return state.way != WAY_NONE;
}

static void settle(void) {
  if (state.sampling) nvidia_samples_settle();
}

static void collect(bool wait) {
  if (wait) settle();
  /* A kernel that still runs has no record, and a flush does not wait for it. */
  if (state.way == WAY_CUPTI && wait) nvidia_driver_wait();
  if (state.way == WAY_CUPTI) cupti.cuptiActivityFlushAll(wait ? FLUSH_FORCED : 0);
  pthread_mutex_lock(&state.lock);
  if (state.way == WAY_CUPTI) match_kernels(wait);
  pthread_mutex_unlock(&state.lock);
  if (state.way == WAY_EVENTS) nvidia_events_collect(wait);
}

static void stop(void) {
  collect(true);
  if (state.sampling) nvidia_samples_stop();
  if (state.way == WAY_CUPTI) stop_cupti();
  if (state.way == WAY_EVENTS) nvidia_events_stop();
  state.sampling = false;
  state.way = WAY_NONE;
}

const TargetProfiler nvidia_profiler = {
    .start = start,
    .settle = settle,
    .mark = mark,
    .collect = collect,
    .take_samples = nvidia_samples_take,
    .stop = stop,
};
