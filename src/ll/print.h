/* print.h: what print.c, print_asm.c and print_debug.c share: the state of one printing of LLVM assembly. */
#ifndef TRITONC_LL_PRINT_H
#define TRITONC_LL_PRINT_H

#include "ll/internal.h"

typedef struct LLPrinter {
  Buf *out;
  Ctx *cx;
  LLModule *module;
  const LLFunc *func;
  int temps;           /* %t0, %t1, … of the function */
  bool locations;
  Map declared;        /* text of a declaration: printed at the end, once each */
  Map subprograms, files, locs; /* to metadata number + 1 */
  Buf metadata;
  int next_metadata;
} LLPrinter;

void ll_put_value(LLPrinter *p, const LLInst *v);       /* "%v3", "1", "@shared" */
void ll_put_typed(LLPrinter *p, const LLInst *v);       /* "i32 %v3" */
void ll_put_constant(LLPrinter *p, const LLType *t, uint64_t bits);
void ll_declare(LLPrinter *p, const char *text);
int ll_temp(LLPrinter *p);
const char *ll_text_of(LLPrinter *p, const LLInst *v);  /* ll_put_value as a string */
void ll_put_dbg(LLPrinter *p, const LLInst *i);         /* ", !dbg !7" */
int ll_function_metadata(LLPrinter *p, const LLFunc *f);
void ll_put_debug_metadata(LLPrinter *p);
/* As inline assembly (print_asm.c), from a template. */
void ll_put_as_asm(LLPrinter *p, const LLInst *i, const char *text);
void ll_put_inline_asm(LLPrinter *p, const LLInst *i);
void ll_put_quoted(Buf *out, const char *s, size_t n); /* "…" with LLVM's escapes */

#endif
