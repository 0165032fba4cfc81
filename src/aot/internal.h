/* internal.h: what the files of aot/ share.
 *
 *   list.c         TOML and JSON
 *   request.c      from what is wanted to compiled variants
 *   object.c       an object file as assembler text within C
 *   source.c       what the sources for both kinds of processor have in common: parameters, conditions, grids
 *   source_cpu.c   the rest of a source for the CPU
 *   source_cuda.c  … and for GPUs
 *   write.c        files, and the system's C compiler
 */
#ifndef TRITONC_AOT_INTERNAL_H
#define TRITONC_AOT_INTERNAL_H

#include "aot/aot.h"

/* A file that the library has within: aot_texts[0] is tritonc_rt.h. */
typedef struct AotText {
  const char *name, *text;
  size_t len;
} AotText;
extern const AotText aot_texts[];
extern const size_t aot_texts_count;

/* ---- object.c ---------------------------------------------------------------------------------------------------- */

/* The sections of an object that a program needs, as a statement `__asm__(...)`: the function `from` is a hidden one
 * called `to`. `label` begins the names of everything else and occurs nowhere else. */
void aot_object(Buf *out, const char *object, size_t len, const char *from, const char *to, const char *label);

/* ---- source.c ---------------------------------------------------------------------------------------------------- */

const Stage *aot_stage(const Compiled *c, const char *name); /* NULL: it has none */
/* What parameters and constants cannot be called. */
bool aot_is_c_name(const char *name);
bool aot_is_descriptor(const AotParam *p);
bool aot_takes_descriptors(const AotBuild *b); /* of any function, a parameter */
/* ", int32_t n, ..." of those that are no constants, the grid first where callers give it. */
void aot_params(Buf *out, const AotBuild *b, const AotVariant *v);
/* "if (" are the arguments what the variant takes? ") {", and declarations of the constants that a grid may name and of `grid_`. */
void aot_open_variant(Buf *out, const AotBuild *b, const AotVariant *v);
/* "(void)n;" for parameters that this variant does not use. */
void aot_unused(Buf *out, const AotVariant *v, const char *indent);
/* What callers read of a function: what arguments its variants want. */
void aot_describe(Buf *out, const AotBuild *b, const AotFunction *f);
/* The bytes of a table, and text as string literals, each line indented. */
void aot_bytes(Buf *out, const char *bytes, size_t len);
void aot_string(Buf *out, const char *text, const char *indent);

extern const char aot_cuda_descriptor[]; /* the declaration of what callers give for one */

void aot_source_cpu(Buf *out, const AotBuild *b);
void aot_source_cuda(Buf *out, const AotBuild *b);

#endif
