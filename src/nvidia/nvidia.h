/* nvidia.h: from ll/ to a binary for an NVIDIA GPU: PTX text, and the assembler that makes a cubin of it.
 *
 * ptx_print() writes what ll/ says, instruction by instruction, without optimizing: it declares registers, takes the
 * function out of SSA form with as few moves as it can, and gives every line its place in the source. The assembler
 * allocates registers and schedules.
 *
 * nvidia_assemble() takes the first of these that is there: libnvptxcompiler, in an object beside this library that is built
 * where CUDA's toolkit is; libnvJitLink, by dlopen; the program ptxas (TRITON_PTXAS_PATH, else on the PATH) through
 * temporary files. If none is, the answer has no cubin and the driver gets the PTX.
 */
#ifndef TRITONC_NVIDIA_H
#define TRITONC_NVIDIA_H

#include "base/base.h"
#include "base/lines.h"
#include "ll/ll.h"

typedef struct PtxOptions {
  int sm;          /* 75, 80, 86, 89, 90, 100, 120 */
  bool line_info;  /* .file and .loc */
} PtxOptions;

/* The module has been through ll_legalize(). Writes the whole text, with the least PTX version and target that it
 * needs: "sm_90a" when an instruction is specific to that architecture. */
void ptx_print(Buf *out, LLModule *m, PtxOptions options);

typedef enum AssemblerKind { ASSEMBLER_NONE, ASSEMBLER_LIBRARY, ASSEMBLER_NVJITLINK, ASSEMBLER_PTXAS, ASSEMBLER_ANY } AssemblerKind;

typedef struct Cubin {
  AssemblerKind assembler; /* which one made it; ASSEMBLER_NONE: there is none, `bytes` is NULL */
  const void *bytes;
  size_t len;
  int regs;          /* of the entry, per thread */
  int spill_stores, spill_loads, stack; /* bytes; -1 where the assembler did not say */
  int shared;        /* static shared memory, bytes */
  int params;        /* of the entry */
  const char *log;   /* what the assembler said, "" if nothing */
} Cubin;

typedef struct AssembleOptions {
  AssemblerKind only;   /* ASSEMBLER_ANY: the first there is */
  bool line_info, debug;
  int opt_level;        /* the assembler's -O: 3 but where a user asks for less */
  int maxnreg;          /* 0: no cap beyond the kernel's own */
  bool may_refuse;      /* an attempt: what the assembler refuses has no bytes, and the log says why */
} AssembleOptions;

/* In cx's arena. Text that the assembler refuses is a bug of ours, unless `may_refuse`: unwinds with
 * ERR_INTERNAL, the message holding the assembler's words and the place where the PTX was kept. */
Cubin nvidia_assemble(Ctx *cx, const char *ptx, const char *entry, AssembleOptions options);
bool nvidia_assembler_present(AssemblerKind kind);
const char *nvidia_assembler_name(AssemblerKind kind);
/* Registers, stack, static shared memory and number of parameters of `entry` from a cubin's ELF sections (.nv.info);
 * false if it is none. */
bool nvidia_cubin_resources(const void *bytes, size_t len, const char *entry, Cubin *out);
/* How often, along the code of `entry`, an instruction waits for global loads; 0 too where that is not known. */
int nvidia_cubin_waits(const void *bytes, size_t len, const char *entry);
/* The machine code as nvdisasm or cuobjdump prints it; NULL, and why: neither can. */
const char *nvidia_disassemble(Ctx *cx, const void *cubin, size_t len, const char **why);
/* Which lines the entry's instructions are of, by their distance from its beginning, in order; none where it was assembled
 * without line information. */
void nvidia_cubin_lines(Ctx *cx, const void *bytes, size_t len, const char *entry, CodeLines *out);

#endif
