/* profile.h: how long kernels take on the GPU: Target.profiler of "cuda". */
#ifndef TRITONC_NVIDIA_PROFILE_H
#define TRITONC_NVIDIA_PROFILE_H

#include "target/target.h"

extern const TargetProfiler nvidia_profiler;

/* Around a launch, where CUPTI is not there: two events in its stream. NULL: none are needed. */
typedef struct TimedLaunch TimedLaunch;
TimedLaunch *nvidia_profile_before(void *stream, const char *name, int device);
void nvidia_profile_after(TimedLaunch *t, bool launched);

#endif
