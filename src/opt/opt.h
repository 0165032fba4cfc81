/* opt.h: passes that know no target.
 *
 * A pass is `bool opt_NAME(Ctx *cx, Module *m)` in a file of its name and says whether it changed anything. The order
 * in which passes run is a list: opt_ttir's in pass.c, and each target's in its own pipeline. opt_run() times, dumps
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

PassFn opt_structurize;    /* cf.br and cf.cond_br into scf; acyclic and natural loops */
PassFn opt_inline;         /* tt.call away, callees dropped; noinline functions stay */
PassFn opt_inline_all;     /* noinline functions as well: for targets without calls */
PassFn opt_fold;           /* constants and the rules of fold_rules.def, to a fixed point with dead code removed */
PassFn opt_cse;            /* equal pure ops, and loads with nothing written between */
PassFn opt_licm;           /* loop-invariant pure ops out of loops */
PassFn opt_dce;            /* unused pure ops, unused loop-carried values, empty ifs */
PassFn opt_dot_scaled;     /* tt.dot_scaled as tt.dot of bf16 or f16, for targets without such an instruction */
PassFn opt_unroll;         /* loops with tt.loop_unroll_factor */
PassFn opt_once;           /* a version of a function for loops that run once, without them */
PassFn opt_split_pointers; /* loop-carried tensors of pointers or integers that only move by a uniform step become an
                              invariant tensor and a carried scalar */

/* Expand the math ops that `is_native` (by opcode and element type) denies into calls of our library functions, then
 * inline. */
typedef bool NativeFn(Opcode code, const Type *elem);
bool opt_expand_math(Ctx *cx, Module *m, NativeFn *is_native, const LangOptions *options);
/* The same for a target that has none of them, as a pass. */
PassFn opt_expand_all_math;

/* Which of the function's parameters are pointers (or descriptors) that it may write through: one flag for each. */
void opt_written(Ctx *cx, Module *m, const Op *func, bool *written);

/* Run the passes in order. TRITONC_DUMP=name,… (or all) prints the module to stderr after those passes,
 * TRITONC_VERIFY=1 verifies after each, TRITONC_TIME=1 prints what each took in microseconds. Says whether anything
 * changed. */
bool opt_run(Ctx *cx, Module *m, const Pass *passes, size_t n);
/* The same around one step that is no PassFn: call it when the step has run. `started` is from opt_clock(). */
void opt_ran(Ctx *cx, const Module *m, const char *name, int64_t started);
int64_t opt_clock(void); /* nanoseconds */
/* The pass called `name` ("fold", "cse", …), or NULL. opt_pass_names gives all of them, for messages. */
const Pass *opt_pass_named(const char *name);
const char *const *opt_pass_names(size_t *n);
/* The standard list on Triton IR, the same for every target. */
void opt_ttir(Ctx *cx, Module *m);
const Pass *opt_ttir_passes(size_t *n); /* that list */

#endif
