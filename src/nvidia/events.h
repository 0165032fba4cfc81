/* events.h: how long our own launches take, by two events around some of them, where CUPTI is not there. */
#ifndef TRITONC_NVIDIA_EVENTS_H
#define TRITONC_NVIDIA_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the launches of a kernel on a grid in a scope the first ones are timed, and then one of `every`. */
enum { EVENTS_EVERY = 16 };
bool nvidia_events_start(unsigned every, char *error, size_t error_size); /* false, and a message: there is no driver for them */
void nvidia_events_stop(void);
/* Around a launch. NULL: it is not noted. */
typedef struct TimedLaunch TimedLaunch;
TimedLaunch *nvidia_events_before(void *stream, const char *name, const uint32_t grid[3], int device);
void nvidia_events_after(TimedLaunch *t, bool launched);
/* Those that have ended (`wait`: all) become records. */
void nvidia_events_collect(bool wait);

#endif
