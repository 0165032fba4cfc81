/* opt.h: passes that know no target.
 *
 * A pass is `bool opt_NAME(Ctx *cx, Module *m)` in a file of its name and says whether it changed anything. The order in
 * which passes run is a list in run/pipeline.c and in each target's own pipeline. opt_run() times, dumps
 * (TRITONC_DUMP=name,…) and verifies (TRITONC_VERIFY=1) around each.
 */
#ifndef TRITONC_OPT_H
#define TRITONC_OPT_H

#include "ir/ir.h"
#include "lang/lang.h"

typedef bool PassFn(Ctx *cx, Module *m);
typedef struct Pass {
  const char *name;
  PassFn *run;
} Pass;

PassFn opt_structurize; /* cf.br and cf.cond_br into scf; acyclic and natural loops */
PassFn opt_inline;      /* tt.call away, callees dropped; noinline functions stay */
PassFn opt_fold;        /* constants and the rules of fold_rules.c, to a fixed point with dead code removed */
PassFn opt_cse;         /* equal pure ops, and loads with nothing written between */
PassFn opt_licm;        /* loop-invariant pure ops out of loops */
PassFn opt_dce;         /* unused pure ops, unused loop-carried values, empty ifs */
PassFn opt_unroll;      /* loops with tt.loop_unroll_factor */
PassFn opt_split_pointers; /* loop-carried tensors of pointers or integers that only move by a uniform step become an
                              invariant tensor and a carried scalar */

/* Expand the math ops that `is_native` (by opcode and element type) denies into calls of our library functions, then inline. */
typedef bool NativeFn(Opcode code, const Type *elem);
bool opt_expand_math(Ctx *cx, Module *m, NativeFn *is_native, const LangOptions *options);

void opt_run(Ctx *cx, Module *m, const Pass *passes, size_t n);
/* The standard list on Triton IR, the same for every target. */
void opt_ttir(Ctx *cx, Module *m);

#endif
