/* assemble.h: the three assemblers behind assemble(): whether each is there, and how it is run. `run` gives false when
 * the text was refused; the log says why in either case. */
#ifndef TRITONC_ASSEMBLE_H
#define TRITONC_ASSEMBLE_H

#include "nvidia/nvidia.h"

typedef struct Arguments {
  const char *at[10]; /* "-arch=sm_90a", "-v", … as ptxas spells them */
  int n;
} Arguments;

bool nvptxcompiler_present(void);
bool nvptxcompiler_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out);
bool nvjitlink_present(void);
bool nvjitlink_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out);
bool ptxas_present(void);
bool ptxas_run(Ctx *cx, const char *ptx, const Arguments *a, Cubin *out);

#endif
