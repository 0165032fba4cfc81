/* aot.h: kernels as artefacts: C source, an object or a shared object, with a typed C function for each kernel, for
 * programs that hold no compiler.
 *
 * What is asked for is a Build: functions, each of several Variants, which differ in what their arguments must be, in
 * constants and options, and in the argument values that they are chosen for. Every variant is compiled for every target
 * (an Image); the C function takes the first variant that its arguments fit, and the machine's image of that. All
 * artefacts are one C source and its header; objects are what the system's C compiler makes of it. docs/aot.md is the
 * manual, include/tritonc_rt.h the contract of programs for the CPU.
 */
#ifndef TRITONC_AOT_H
#define TRITONC_AOT_H

#include "run/run.h"

typedef Vec(const char *) AotTexts;

/* A parameter of the C function: one of the kernel's, or an item of one that is a tuple. */
typedef struct AotParam {
  const char *name;
  const char *type; /* "*fp32", "i32", "tensordesc<...>"; NULL: a constant */
  int hint;         /* 16: a multiple of it; 1: is 1; 0 */
  bool written;     /* a pointer that is written through */
  const ttc_value *constant;
} AotParam;

/* Chosen while low <= parameter `name` <= high. */
typedef struct AotRange {
  const char *name;
  int64_t low, high;
} AotRange;

typedef struct AotVariant {
  const AotParam *params;
  size_t nparams;
  const AotRange *when;
  size_t nwhen;
  const char *grid[3]; /* C expressions over parameters and constants; NULL: the caller says */
  const Compiled *const *images;
  size_t nimages;
  const Compiled *fallback; /* for GPUs: portable PTX, where none of the images has any; or NULL */
} AotVariant;

typedef struct AotFunction {
  const char *name;         /* of the C function */
  const char *kernel, *file;
  const AotVariant *variants; /* in the order in which they are tried; at least one */
  size_t nvariants;
} AotFunction;

typedef struct AotBuild {
  const char *name; /* of the artefact: DIR/name's last part */
  bool is_cuda;
  const AotFunction *functions;
  size_t nfunctions;
  const char *tag; /* lines for triton.tools.link, in the header before the function's declaration; or NULL */
  bool trusts_hints; /* arguments are not tested: a linked function does that */
} AotBuild;

/* ---- what is wanted: request.c, list.c --------------------------------------------------------------------------- */

/* Of a command line, or of an entry of a list. */
typedef struct AotKernel {
  const char *file, *kernel, *name, *grid;
  AotTexts signatures, targets, defines;
  Vec(ttc_option) options;
  Vec(AotRange) when;
} AotKernel;
typedef Vec(AotKernel) AotKernels;

/* A list of kernels as TOML or JSON (docs/aot.md). Unwinds on what it does not understand, and says where. */
void aot_read_list(Ctx *cx, const char *path, AotKernels *out);
/* Compiles everything. Kernels of one name become variants of one function. */
AotBuild aot_build(Ctx *cx, const char *name, const AotKernels *kernels);

/* ---- what is made: write.c, source_cpu.c, source_cuda.c ---------------------------------------------------------- */

/* Unwinds where a parameter's type or name has no place in C. */
void aot_check_param(Ctx *cx, const AotParam *p);
void aot_header(Buf *out, const AotBuild *b);
void aot_source(Buf *out, const AotBuild *b);
/* Writes PATH.h and, by `kind`, PATH.c, PATH.o or PATH.so ("c", "obj", "so"), the latter two by $CC. */
void aot_write(Ctx *cx, const AotBuild *b, const char *kind, const char *path);
bool aot_is_kind(const char *emit);

#endif
