/* sample.h: at which instructions the GPU's warps are, seen at intervals, by source line: CUPTI's PC sampling. */
#ifndef TRITONC_NVIDIA_SAMPLE_H
#define TRITONC_NVIDIA_SAMPLE_H

#include "tritonc.h"

#include <stdbool.h>
#include <stddef.h>

enum { SAMPLES_CYCLES = 512 }; /* unless said */

/* Of the current device, every so many cycles (a power of two at most that). `library`: CUPTI. False, and a message: not
 * permitted, or not there. */
bool nvidia_samples_start(void *library, long cycles, char *error, size_t error_size);
/* Wait for the device; what was sampled since the last call belongs to target_profile_id(). */
void nvidia_samples_settle(void);
size_t nvidia_samples_take(ttc_profile_sample *out, size_t n);
void nvidia_samples_stop(void);

#endif
