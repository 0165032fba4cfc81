/* events.c: how long kernels take where CUPTI does not say.
 *
 * One event before and one after each of our own launches in its stream; their distance is the kernel's time and what the
 * stream waits between the two (about 2 us). A launch that is being captured into a graph has no time and gets none. A
 * launch is placed at the time of its call.
 */
#include "nvidia/events.h"
#include "base/base.h"
#include "base/system.h"
#include "target/profile.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct TimedLaunch {
  void *before, *after, *stream;
  ttc_profile_record record; /* its name is of malloc */
  TimedLaunch *next;
};

static struct {
  _Atomic bool wanted;
  pthread_mutex_t lock; /* of what follows */
  TimedLaunch *first, **last;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

#define DRIVER_FUNCTIONS(F)                                                                                            \
  F(cuEventCreate, "cuEventCreate", (void **, unsigned))                                                               \
  F(cuEventRecord, "cuEventRecord", (void *, void *))                                                                  \
  F(cuEventQuery, "cuEventQuery", (void *))                                                                            \
  F(cuEventSynchronize, "cuEventSynchronize", (void *))                                                                \
  F(cuEventElapsedTime, "cuEventElapsedTime", (float *, void *, void *))                                               \
  F(cuEventDestroy, "cuEventDestroy_v2", (void *))                                                                     \
  F(cuStreamIsCapturing, "cuStreamIsCapturing", (void *, int *))

static struct {
#define F(name, symbol, args) int(*name) args;
  DRIVER_FUNCTIONS(F)
#undef F
  bool there;
} driver;

static void look_up_driver(void) {
#if defined(_WIN32)
  void *library = sys_library_open("nvcuda.dll");
#else
  void *library = sys_library_open("libcuda.so.1");
#endif
  if (!library) return;
  driver.there = true;
#define F(name, symbol, args)                                                                                          \
  if (!(*(void **)&driver.name = sys_library_symbol(library, symbol))) driver.there = false;
  DRIVER_FUNCTIONS(F)
#undef F
}

static bool open_driver(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, look_up_driver);
  return driver.there;
}

bool nvidia_events_start(char *error, size_t size) {
  if (!open_driver()) snprintf(error, size, "the GPU's driver is not installed, or too old for events");
  state.wanted = driver.there;
  return driver.there;
}

static void forget(TimedLaunch *t) {
  if (t->before) driver.cuEventDestroy(t->before);
  if (t->after) driver.cuEventDestroy(t->after);
  free((char *)(uintptr_t)t->record.name);
  free(t);
}

TimedLaunch *nvidia_events_before(void *stream, const char *name, int device) {
  int capturing = 0;
  if (!state.wanted || driver.cuStreamIsCapturing(stream, &capturing) || capturing) return NULL;
  TimedLaunch *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->stream = stream;
  t->record = (ttc_profile_record){.id = target_profile_id(),
                                   .name = strdup(name),
                                   .target = "cuda",
                                   .begin = time_now(),
                                   .device = device,
                                   .stream = (uintptr_t)stream};
  if (!driver.cuEventCreate(&t->before, 0) && !driver.cuEventCreate(&t->after, 0) &&
      !driver.cuEventRecord(t->before, stream))
    return t;
  forget(t);
  return NULL;
}

void nvidia_events_after(TimedLaunch *t, bool launched) {
  if (!t) return;
  if (!launched || driver.cuEventRecord(t->after, t->stream)) {
    forget(t);
    return;
  }
  pthread_mutex_lock(&state.lock);
  if (!state.last) state.last = &state.first;
  *state.last = t;
  state.last = &t->next;
  pthread_mutex_unlock(&state.lock);
}

void nvidia_events_collect(bool wait) {
  pthread_mutex_lock(&state.lock);
  TimedLaunch **at = &state.first;
  for (TimedLaunch *t; (t = *at);) {
    float milliseconds = 0;
    bool done = (wait ? driver.cuEventSynchronize(t->after) : driver.cuEventQuery(t->after)) == 0;
    if (!done && !wait) {
      at = &t->next;
      continue;
    }
    if (done && !driver.cuEventElapsedTime(&milliseconds, t->before, t->after)) {
      t->record.end = t->record.begin + (int64_t)(milliseconds * 1e6);
      target_profile_add(t->record);
    }
    *at = t->next;
    forget(t);
  }
  state.last = at;
  pthread_mutex_unlock(&state.lock);
}

void nvidia_events_stop(void) { state.wanted = false; }
