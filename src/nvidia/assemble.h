/* assemble.h: the three assemblers behind nvidia_assemble(): whether each is there, and how it is run. `run` gives false when
 * the text was refused; the log says why in either case. */
#ifndef TRITONC_ASSEMBLE_H
#define TRITONC_ASSEMBLE_H

#include "nvidia/nvidia.h"

typedef struct Arguments {
  const char *at[10]; /* "-arch=sm_90a", "-v", … as ptxas spells them */
  int n;
} Arguments;

bool nvidia_nvptxcompiler_present(void);
bool nvidia_nvptxcompiler_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out);
bool nvidia_nvjitlink_present(void);
bool nvidia_nvjitlink_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out);
bool nvidia_ptxas_present(void);
bool nvidia_ptxas_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out);

#endif
