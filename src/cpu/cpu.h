/* cpu.h: the backend that runs kernels on the CPU: Triton IR -> LLVM IR -> native code, on a thread pool.
 *
 * Built as a shared object of its own (libtritonc_cpu.so, LLVM inside with hidden symbols) that run/ loads on first
 * use; its one export is tritonc_target().
 */
#ifndef TRITONC_CPU_H
#define TRITONC_CPU_H

#include "opt/opt.h"
#include "target/target.h"

extern const Target cpu_target;

/* Its lists of passes, in order. */
typedef struct PassList {
  const Pass *const *at;
  size_t n;
} PassList;
extern const PassList cpu_passes[];
extern const size_t cpu_npasses;

#endif
