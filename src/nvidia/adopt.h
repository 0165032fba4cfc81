/* adopt.h: Triton GPU IR from elsewhere, made to take the arguments that a launch gives. */
#ifndef TRITONC_NVIDIA_ADOPT_H
#define TRITONC_NVIDIA_ADOPT_H

#include "ir/ir.h"
#include "target/target.h"

/* Descriptors among the kernel's arguments that the file takes in parts, as the reference prints them where there is no
 * copy engine, are taken in the parts that opt_descriptors() leaves. */
void nvidia_adopt_parts(Ctx *cx, Op *func, const KernelInfo *info);

#endif
