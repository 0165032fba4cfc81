/* profile.h: how long kernels take on the GPU: Target.profiler of "cuda". */
#ifndef TRITONC_NVIDIA_PROFILE_H
#define TRITONC_NVIDIA_PROFILE_H

#include "target/target.h"

extern const TargetProfiler nvidia_profiler;

#endif
