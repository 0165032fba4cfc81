/* tritonc_rt.h: what the C source of a compiled kernel and the library libtritonc_rt.a say to each other.
 *
 * `tritonc --emit c` writes a source with a typed function for each kernel; that function hands one of the structs
 * below to ttc_rt_launch(). The source has this text within, so it needs no header beside it. Programs call the typed
 * functions and need nothing from here, but may: this is C and C++, and stays as it is within a version of the ABI. A
 * later version of the library takes what an older source gives it, or says TTC_RT_ERROR_ABI.
 */
#ifndef TRITONC_RT_H
#define TRITONC_RT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TTC_RT_ABI 2

/* What a launch returns. The message of a thread's last failure is ttc_rt_message(). */
enum {
  TTC_RT_OK = 0,
  TTC_RT_ERROR_ARGUMENT = 1, /* no variant of the kernel takes these arguments, or one of them, or the grid, is wrong */
  TTC_RT_ERROR_CPU = 2,      /* there is no code for this processor */
  TTC_RT_ERROR_ABI = 3,      /* the kernel is of a later version than the library */
  TTC_RT_ERROR_RUN = 4       /* an assertion failed, memory that is not there was accessed, or none was left */
};

/* A kernel's machine code for a processor that has everything of `level`: "x86-64-v3". Runs the programs whose number,
 * x fastest, is in [begin, end). args[i] points at the value of the i-th argument; `scratch` has scratch_bytes. */
typedef void ttc_rt_entry(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch);
typedef struct ttc_rt_code {
  const char *level;
  ttc_rt_entry *entry;
  uint64_t scratch_bytes;
} ttc_rt_code;

typedef struct ttc_rt_kernel {
  uint32_t abi, ncodes; /* TTC_RT_ABI */
  const char *name;
  const ttc_rt_code *codes; /* the first one that the processor has is taken: strong before weak */
  uint64_t state[4];        /* the library's; at first 0 */
  uint32_t max_threads;     /* of a launch; 0: all there are. Since ABI 2 */
} ttc_rt_kernel;

/* Runs all programs of the grid; returns when they are done. Any number of threads may launch at once. */
int ttc_rt_launch(ttc_rt_kernel *kernel, const int64_t grid[3], const void *const *args);
/* Notes a failure for ttc_rt_message(), and returns `status`. */
int ttc_rt_fail(int status, const char *kernel, const char *message);
const char *ttc_rt_message(void); /* "" where this thread's last launch did not fail */

/* A tensor descriptor. Shape and strides are in elements; the last stride is 1, the others and the base are multiples of
 * 16 bytes. Laid out as ttc_tensor_descriptor of tritonc.h. */
enum { TTC_RT_MAX_RANK = 5, TTC_RT_DESCRIPTOR_NAN = 1, TTC_RT_DESCRIPTOR_TF32 = 2 };
typedef struct ttc_rt_descriptor {
  void *base;
  int rank;
  uint32_t flags; /* elements outside read as NaN, not as zero; loads of fp32 round to tf32 */
  int64_t shape[TTC_RT_MAX_RANK], strides[TTC_RT_MAX_RANK];
} ttc_rt_descriptor;

/* What takes a descriptor's place among a kernel's arguments, and how many there are of a rank. */
typedef struct ttc_rt_descriptor_parts {
  void *base;
  uint8_t nan, tf32;
  int32_t shape[TTC_RT_MAX_RANK];
  int64_t strides[TTC_RT_MAX_RANK];
} ttc_rt_descriptor_parts;
#define TTC_RT_DESCRIPTOR_ARGS(rank) (3 + 2 * (rank))
/* Puts them at args[0] and on; returns NULL, or what is wrong with the descriptor. */
const char *ttc_rt_place_descriptor(const ttc_rt_descriptor *descriptor, int rank, int elem_bytes,
                                    ttc_rt_descriptor_parts *parts, const void **args);

#ifdef __cplusplus
}
#endif
#endif
