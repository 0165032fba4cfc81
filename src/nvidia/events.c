/* events.c: how long kernels take where CUPTI does not say.
 *
 * One event before and one after a launch in its stream; their distance is the kernel's time and what the stream waits
 * between the two (about 2 us). A launch that is being captured into a graph has no time and gets none. A launch is placed
 * at the time of its call.
 *
 * Problem. At an event the device waits until all before it has ended, so neighbours no longer overlap at their ends: two
 * around each kernel of 20 us make a program 14% longer, whatever the host does meanwhile. Idea: not every launch is
 * timed. Launches of one kernel on one grid with one id (a scope) are a class. Its first ones are timed, of the later ones
 * one of `every` in the mean, drawn by chance so that no pattern of the program meets one of the choice. One that is not
 * timed counts as long as the last one of its class that was: right where they are alike, and in the sum, in expectation,
 * where they are not. `every` = 1 times all.
 *
 * Events are used again once they were read: there are as many as launches that are timed and on their way.
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

enum { FIRST = 16, MANY_EVENTS = 64 /* from which on those that are over are looked for before new ones are made */ };

typedef struct Class Class;
struct Class {
  char *name;
  uint32_t grid[3];
  int device;
  uint64_t id, launches;
  int64_t ns; /* of the last that was timed; 0: of none yet */
  Class *next;
};

typedef struct Event Event;
struct Event {
  void *handle;
  int device;
  Event *next;
};

struct TimedLaunch {
  Class *of;
  Event *before, *after; /* NULL: it is not timed */
  void *stream;
  int64_t begin;
  TimedLaunch *next;
};

static struct {
  _Atomic bool wanted;
  pthread_mutex_t lock; /* of what follows */
  unsigned every;
  uint64_t chance;
  TimedLaunch *first, **last;
  size_t under_way; /* launches between before and after */
  Event *unused;
  size_t nevents;  /* made, and not destroyed */
  Class **classes; /* lists by hash */
  size_t nclasses, cap;
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

/* ---- classes; under the lock ------------------------------------------------------------------------------------- */

static void free_classes(void) {
  for (size_t i = 0; i < state.cap; i++)
    for (Class *c = state.classes[i], *next; c; c = next) {
      next = c->next;
      free(c->name);
      free(c);
    }
  free(state.classes);
  state.classes = NULL;
  state.nclasses = state.cap = 0;
}

static uint64_t hash_of(const char *name, const uint32_t grid[3], uint64_t id) {
  return hash_bytes(grid, 3 * sizeof *grid, hash_bytes(name, strlen(name), id));
}

static bool grow_classes(void) {
  size_t cap = state.cap ? 2 * state.cap : 64;
  Class **all = calloc(cap, sizeof *all);
  if (!all) return false;
  for (size_t i = 0; i < state.cap; i++)
    for (Class *c = state.classes[i], *next; c; c = next) {
      Class **to = &all[hash_of(c->name, c->grid, c->id) & (cap - 1)];
      next = c->next;
      c->next = *to;
      *to = c;
    }
  free(state.classes);
  state.classes = all;
  state.cap = cap;
  return true;
}

/* NULL: there is no memory. */
static Class *class_of(const char *name, const uint32_t grid[3], int device, uint64_t id) {
  if (state.nclasses >= state.cap && !grow_classes()) return NULL;
  Class **list = &state.classes[hash_of(name, grid, id) & (state.cap - 1)];
  for (Class *c = *list; c; c = c->next)
    if (c->id == id && c->device == device && !memcmp(c->grid, grid, sizeof c->grid) && !strcmp(c->name, name))
      return c;
  Class *c = calloc(1, sizeof *c);
  if (!c || !(c->name = strdup(name))) return free(c), NULL;
  memcpy(c->grid, grid, sizeof c->grid);
  c->device = device;
  c->id = id;
  c->next = *list;
  state.nclasses++;
  return *list = c;
}

/* Whether the next launch of the class is timed. */
static bool is_chosen(Class *c) {
  state.chance = state.chance * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
  return c->launches++ < FIRST || (state.chance >> 33) % state.every == 0;
}

/* ---- events; under the lock -------------------------------------------------------------------------------------- */

static void destroy_event(Event *e) {
  if (!e) return;
  driver.cuEventDestroy(e->handle);
  free(e);
  state.nevents--;
}

static Event *take_event(int device) {
  for (Event **at = &state.unused; *at; at = &(*at)->next)
    if ((*at)->device == device) {
      Event *e = *at;
      *at = e->next;
      return e;
    }
  Event *e = calloc(1, sizeof *e);
  if (!e || driver.cuEventCreate(&e->handle, 0)) return free(e), NULL;
  e->device = device;
  state.nevents++;
  return e;
}

static void give_event(Event *e) {
  if (!e) return;
  e->next = state.unused;
  state.unused = e;
}

/* ---- launches ---------------------------------------------------------------------------------------------------- */

static void add_record(const TimedLaunch *t) {
  const Class *c = t->of;
  target_profile_add((ttc_profile_record){.id = c->id,
                                          .name = c->name,
                                          .target = "cuda",
                                          .begin = t->begin,
                                          .end = t->begin + c->ns,
                                          .device = c->device,
                                          .stream = (uintptr_t)t->stream});
}

/* Make a record of the launch if its time is known; false: it is not known yet. With `wait` it becomes known, or never will. */
static bool settle(TimedLaunch *t, bool wait) {
  if (!t->before) {
    if (t->of->ns) add_record(t);
    return t->of->ns || wait;
  }
  float milliseconds = 0;
  bool done = (wait ? driver.cuEventSynchronize(t->after->handle) : driver.cuEventQuery(t->after->handle)) == 0;
  if (!done && !wait) return false;
  if (done && !driver.cuEventElapsedTime(&milliseconds, t->before->handle, t->after->handle)) {
    t->of->ns = (int64_t)(milliseconds * 1e6 + 0.5);
    if (t->of->ns < 1) t->of->ns = 1;
    add_record(t);
    give_event(t->before);
    give_event(t->after);
  } else {
    destroy_event(t->before);
    destroy_event(t->after);
  }
  return true;
}

/* `all`: also behind one whose time is not known yet. Under the lock. */
static void collect(bool wait, bool all) {
  TimedLaunch **at = &state.first;
  for (TimedLaunch *t; (t = *at);) {
    if (settle(t, wait)) {
      *at = t->next;
      free(t);
    } else if (all) {
      at = &t->next;
    } else {
      return;
    }
  }
  state.last = at;
}

/* The events of a launch that is timed; false: it cannot be. Under the lock. */
static bool begin_timing(TimedLaunch *t) {
  if (!state.unused && state.nevents >= MANY_EVENTS) collect(false, false);
  t->before = take_event(t->of->device);
  t->after = t->before ? take_event(t->of->device) : NULL;
  if (t->after && !driver.cuEventRecord(t->before->handle, t->stream)) return true;
  destroy_event(t->before);
  destroy_event(t->after);
  return false;
}

TimedLaunch *nvidia_events_before(void *stream, const char *name, const uint32_t grid[3], int device) {
  int capturing = 0;
  if (!state.wanted || driver.cuStreamIsCapturing(stream, &capturing) || capturing) return NULL;
  TimedLaunch *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->stream = stream;
  t->begin = time_now();
  pthread_mutex_lock(&state.lock);
  t->of = class_of(name, grid, device, target_profile_id());
  bool noted = t->of && (!is_chosen(t->of) || begin_timing(t));
  state.under_way += noted;
  pthread_mutex_unlock(&state.lock);
  if (noted) return t;
  free(t);
  return NULL;
}

void nvidia_events_after(TimedLaunch *t, bool launched) {
  if (!t) return;
  bool noted = launched && !(t->after && driver.cuEventRecord(t->after->handle, t->stream));
  pthread_mutex_lock(&state.lock);
  state.under_way--;
  if (noted) {
    if (!state.last) state.last = &state.first;
    *state.last = t;
    state.last = &t->next;
  } else {
    destroy_event(t->before);
    destroy_event(t->after);
    free(t);
  }
  pthread_mutex_unlock(&state.lock);
}

void nvidia_events_collect(bool wait) {
  pthread_mutex_lock(&state.lock);
  collect(wait, true);
  pthread_mutex_unlock(&state.lock);
}

bool nvidia_events_start(unsigned every, char *error, size_t size) {
  if (!open_driver()) return snprintf(error, size, "the GPU's driver is not installed, or too old for events"), false;
  pthread_mutex_lock(&state.lock);
  state.every = every;
  if (!state.first && !state.under_way) free_classes(); /* else launches that began before are of them */
  pthread_mutex_unlock(&state.lock);
  state.wanted = true;
  return true;
}

void nvidia_events_stop(void) {
  state.wanted = false;
  pthread_mutex_lock(&state.lock);
  for (Event *e; (e = state.unused);) {
    state.unused = e->next;
    destroy_event(e);
  }
  pthread_mutex_unlock(&state.lock);
}
