/* jit.h: what jit.c shows to isa.c, target.c and tests beyond internal.h. */
#ifndef TRITONC_CPU_JIT_H
#define TRITONC_CPU_JIT_H

#include "cpu/internal.h"

/* Start LLVM once: its targets, its error handlers. Every function of jit.c does so by itself. */
void cpu_llvm_init(void);
/* Run build(arg), which makes objects of LLVM, such that an error in LLVM, out of memory included, unwinds with ERR_INTERNAL or
 * ERR_MEMORY. After such an error nothing that LLVM made for this compile is to be disposed of: cpu_llvm_abandoned(). */
void cpu_llvm_build(Ctx *cx, const char *step, void (*build)(void *arg), void *arg);
bool cpu_llvm_abandoned(void);
/* Whether this build's LLVM makes code for `triple`. */
bool cpu_llvm_has(const char *triple);

#endif
