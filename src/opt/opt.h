/* opt.h: target-independent passes.
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
  const char *name, *what; /* a word for the command line; a line of help */
  PassFn *run;
} Pass;

/* All passes: opt_pass_fold and so on, which run opt_fold and so on. */
#define PASS(id, name, what) \
  PassFn opt_##id;           \
  extern const Pass opt_pass_##id;
#include "opt/passes.def"
#undef PASS

/* An order that must hold in every list that has both: `first` runs before `then` does for the first time. */
typedef struct PassOrder {
  const Pass *first, *then;
  const char *why;
} PassOrder;
extern const PassOrder opt_pass_orders[];
extern const size_t opt_npass_orders;
/* The first of the orders that the list breaks, or NULL. */
const PassOrder *opt_broken_order(const Pass *const *list, size_t n, const PassOrder *orders, size_t norders);

/* A kernel's argument `i` that is a tensor descriptor: its rank, if its shape (i32) and strides (i64) follow it as
 * arguments of their own, as in every kernel; else 0. opt_descriptors makes of it the base, two flags (i1: outside
 * reads as NaN; loads round to tf32), and what followed. */
int opt_kernel_descriptor(const Type *signature, int i);

/* Expand the math ops that `is_native` (by opcode and element type) denies into calls of our library functions, then
 * inline. `precise`: an instruction whose result is only close will not do (of an op, tt.precise). Of tt.map_elementwise:
 * does each element have branches of its own? */
typedef bool NativeFn(Opcode code, const Type *elem, bool precise);
bool opt_expand_math(Ctx *cx, Module *m, NativeFn *is_native, const LangOptions *options);

/* Which of the function's parameters are pointers (or descriptors) that it may write through: one flag for each. */
void opt_written(Ctx *cx, Module *m, const Op *func, bool *written);

/* Of a loop: its invariant code is to stay in it (disable_licm of tl.range and tl.condition). */
bool opt_keeps_invariants(const Op *loop);

/* Run the passes in order. TRITONC_DUMP=name,… (or all) prints the module to stderr after those passes,
 * TRITONC_VERIFY=1 verifies after each. Each is a span of time (base.h). Says whether anything changed. */
bool opt_run(Ctx *cx, Module *m, const Pass *const *passes, size_t n);
/* Unwinds when TRITONC_DUMP names what is neither a pass of opt/ nor one of these (NULL-terminated; NULL: none). */
void opt_check_dump(Ctx *cx, const Pass *const *more);
/* The same for one step that is no PassFn: call it when the step has run. */
void opt_ran(Ctx *cx, const Module *m, const char *name, int64_t started); /* started: by time_now() */
/* All passes of opt/, and the one of that name, or NULL. */
const Pass *const *opt_passes(size_t *n);
const Pass *opt_pass_named(const char *name);
/* The standard list on Triton IR, the same for every target. */
void opt_ttir(Ctx *cx, Module *m);
const Pass *const *opt_ttir_passes(size_t *n); /* that list */

#endif
