/* launch.c: compiled kernels in a program of their own: the functions of tritonc_rt.h. Only in libtritonc_rt.a. */
#include "cpu/rt/rt.h"
#include "tritonc_rt.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[1200];

const char *ttc_rt_message(void) { return message; }

int ttc_rt_fail(int status, const char *kernel, const char *text) {
  snprintf(message, sizeof message, "%s: %s", kernel, text);
  return status;
}

/* ttc_rt_kernel.state */
typedef struct KernelState {
  _Atomic(const ttc_rt_code *) code; /* the chosen one */
  CpuKernel kernel;
} KernelState;
_Static_assert(sizeof(KernelState) <= sizeof(((ttc_rt_kernel *)0)->state), "the state has its place in every program");

static int no_code(const ttc_rt_kernel *k) {
  char text[300];
  int n = snprintf(text, sizeof text, "there is code for");
  for (uint32_t i = 0; i < k->ncodes && n < (int)sizeof text; i++)
    n += snprintf(text + n, sizeof text - (size_t)n, "%s %s", i ? "," : "", k->codes[i].level);
  if (n < (int)sizeof text) snprintf(text + n, sizeof text - (size_t)n, ", and this processor is none of these");
  return ttc_rt_fail(TTC_RT_ERROR_CPU, k->name, text);
}

/* The strongest code that this processor has; NULL: none. */
static const ttc_rt_code *choose(const ttc_rt_kernel *k, KernelState *state) {
  static pthread_mutex_t choosing = PTHREAD_MUTEX_INITIALIZER;
  const ttc_rt_code *code = NULL;
  for (uint32_t i = 0; !code && i < k->ncodes; i++)
    if (rt_has_level(k->codes[i].level)) code = &k->codes[i];
  pthread_mutex_lock(&choosing);
  if (!atomic_load(&state->code)) {
    state->kernel.name = k->name;
    if (k->abi >= 2) state->kernel.max_threads = (int)k->max_threads;
    atomic_store(&state->code, code);
  }
  pthread_mutex_unlock(&choosing);
  return code;
}

int ttc_rt_launch(ttc_rt_kernel *k, const int64_t grid[3], const void *const *args) {
  if (k->abi < 1 || k->abi > TTC_RT_ABI)
    return ttc_rt_fail(TTC_RT_ERROR_ABI, k->name, "the kernel was compiled for a later version of libtritonc_rt");
  message[0] = 0;
  uint32_t programs[3];
  for (int i = 0; i < 3; i++) {
    if (grid[i] < 0 || grid[i] > UINT32_MAX)
      return ttc_rt_fail(TTC_RT_ERROR_ARGUMENT, k->name, "a side of the grid is negative, or has more than 32 bits");
    programs[i] = (uint32_t)grid[i];
  }
  KernelState *state = (KernelState *)(void *)k->state;
  const ttc_rt_code *code = atomic_load_explicit(&state->code, memory_order_acquire);
  if (!code) code = choose(k, state);
  if (!code) return no_code(k);
  char error[1024];
  CpuKernel *kernel = &state->kernel;
  if (!cpu_pool_run(code->entry, args, programs, code->scratch_bytes, kernel, error, sizeof error)) return TTC_RT_OK;
  return ttc_rt_fail(TTC_RT_ERROR_RUN, k->name, error);
}

const char *ttc_rt_place_descriptor(const ttc_rt_descriptor *d, int rank, int elem_bytes, ttc_rt_descriptor_parts *out,
                                    const void **args) {
  if (d->rank != rank) return "a tensor descriptor's rank is not that of the block";
  if ((uintptr_t)d->base % 16 != 0) return "a tensor descriptor's base is not a multiple of 16 bytes";
  *out = (ttc_rt_descriptor_parts){.base = d->base,
                                   .nan = (d->flags & TTC_RT_DESCRIPTOR_NAN) != 0,
                                   .tf32 = (d->flags & TTC_RT_DESCRIPTOR_TF32) != 0};
  args[0] = &out->base;
  args[1] = &out->nan;
  args[2] = &out->tf32;
  for (int i = 0; i < rank; i++) {
    if (d->shape[i] <= 0 || d->shape[i] > INT32_MAX)
      return "a tensor descriptor's shape is not positive, or has more than 31 bits";
    if (i + 1 < rank && d->strides[i] * elem_bytes % 16 != 0)
      return "a stride of a tensor descriptor is not a multiple of 16 bytes";
    out->shape[i] = (int32_t)d->shape[i];
    out->strides[i] = d->strides[i];
    args[3 + i] = &out->shape[i];
    args[3 + rank + i] = &out->strides[i];
  }
  return d->strides[rank - 1] == 1 ? NULL : "a tensor descriptor's last stride is not 1";
}
