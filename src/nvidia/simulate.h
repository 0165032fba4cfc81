/* simulate.h: kernels for an NVIDIA GPU on the simulated machine of simt/: the target "simt:90". */
#ifndef TRITONC_NVIDIA_SIMULATE_H
#define TRITONC_NVIDIA_SIMULATE_H

#include "simt/simt.h"
#include "target/target.h"

extern const Target nvidia_simt_target;

/* One launch of what nvidia_simt_target.load() made, for callers who want the whole report (in cx's arena). What the machine
 * cannot do unwinds. Thread-safe: launches of one kernel come one after another. `print`: as in SimtOptions, or
 * NULL. */
typedef struct SimulatedLaunch {
  const uint32_t *grid;
  const void *const *args;
  const ttc_memory *memory; /* none: every address counts as allocated */
  size_t nmemory;
  uint64_t max_instructions; /* of one warp; 0: the machine's own limit */
} SimulatedLaunch;
void nvidia_simulate_launch(Ctx *cx, Loaded *k, const SimulatedLaunch *l, SimtReport *report);

#endif
