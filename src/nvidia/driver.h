/* driver.h: kernels on a GPU through the driver's library, which is opened when first needed. No toolkit is needed to
 * build. */
#ifndef TRITONC_NVIDIA_DRIVER_H
#define TRITONC_NVIDIA_DRIVER_H

#include "target/target.h"

/* The device that is current in this thread (else the first), and 10 * major + minor of it. */
TargetStatus nvidia_driver_device(int *number, int *capability, char *error, size_t size);

/* The current context; where there is none, that of the first device, which is made current. */
bool nvidia_driver_context(void **context, char *error, size_t size);
void nvidia_driver_wait(void); /* for all that was launched in the current context */
/* Name and bytes of every kernel that is loaded. An unwinding `visit` would leave a lock behind: it may not. */
void nvidia_driver_each(void (*visit)(void *arg, const char *name, const void *image, size_t len), void *arg);

/* Of struct Target. A kernel is loaded into a device's primary context when it is first launched there: the device that
 * is current, or the first. `stream` is a CUstream; NULL: the default one. */
TargetStatus nvidia_driver_load(const KernelInfo *info, const char *bytes, size_t len, Loaded **out, char *error, size_t error_size);
void nvidia_driver_unload(Loaded *k);
TargetStatus nvidia_driver_launch(Loaded *k, const uint32_t grid[3], void *stream, const void *const *args, char *error,
                           size_t error_size);
/* By the driver's own encoder. The last few that a thread asked for are remembered: launches repeat them. */
bool nvidia_driver_tensor_map(const DescriptorArg *d, const ttc_tensor_descriptor *t, void *map, char *error,
                       size_t error_size);

#endif
