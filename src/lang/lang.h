/* lang.h: the meaning of the language: a function's syntax tree, the types and constants of its arguments, and a host
 * that knows the names it takes from outside, become a module of Triton IR.
 *
 * The folder's inside (internal.h) is split in two: what Python gives (statements, scopes, calls, control flow, values
 * known at compile time) and what the language gives (types and promotion, the table of tl.* names in builtins.def, the
 * library written in Triton itself in lib/).
 */
#ifndef TRITONC_LANG_H
#define TRITONC_LANG_H

#include "ir/ir.h"
#include "syntax/syntax.h"
#include "tritonc.h"

/* The options of a compile, the same for every stage and target: options.def has a line for each. */
typedef struct Options {
#define OPTION_TYPE_INT int
#define OPTION_TYPE_BOOL bool
#define OPTION_TYPE_TEXT const char *
#define OPTION(name, kind, fallback, help) OPTION_TYPE_##kind name;
#include "lang/options.def"
#undef OPTION
} Options;

typedef struct LangOptions {
  Options common;
  const char *default_dot_precision;   /* the target's: "tf32" on CUDA, "ieee" on the CPU */
  const char *const *allowed_dot_precisions; /* NULL-terminated; NULL: any */
  bool has_tensor_cores;               /* which take the inner dimension of a matmul in steps of 16, or 32 of 8-bit elements */
  bool fp8_sums_are_imprecise;         /* unless a program asks for more: max_num_imprecise_acc */
  const char *target_name;             /* "cpu", "cuda": for messages */
  bool takes_ptx;                      /* inline assembly is PTX */
  int target_arch;                     /* 90 */
  const char *symbol;                  /* of the kernel; NULL: its function's name */
  bool returns; /* the kernel may take tensors and gives what its function returns, which "tl.result" describes */
} LangOptions;

/* Compile `function` (its source is parsed here) with parameters described by `params` (one per parameter of the
 * function, in order) to a verified module whose public tt.func has the run-time parameters only. Unwinds on errors. */
Module *lang_compile(Ctx *cx, const ttc_host *host, const ttc_function *function, const ttc_param *params, size_t nparams,
                     const LangOptions *options);

/* A host for a file that is read and never executed: its imports of triton, its functions, and module-level constants
 * that can be evaluated without running anything. For the command line and C. The table lives in the arena. */
typedef struct LangModule LangModule;
LangModule *lang_module_read(Ctx *cx, const Source *source);
const ttc_host *lang_module_host(LangModule *m);
const ttc_function *lang_module_function(LangModule *m, const char *name); /* NULL name: the only kernel; or unwinds */

/* A kernel's parameters, for callers that bind arguments: from the source alone, no names are looked up. */
typedef struct LangParam {
  const char *name;
  bool is_constexpr;          /* annotated tl.constexpr */
  const char *annotation;     /* its text, or NULL */
  bool has_default, keyword_only;
  bool do_not_specialize;     /* from the decorator, where it is a literal */
} LangParam;
const LangParam *lang_signature(Ctx *cx, const ttc_function *function, size_t *n);

/* Everything the compile depends on beyond the function's own source (other functions' sources, constants by name), for
 * the cache key: call with the same host, before compiling. Feeds names and values into the hash in a fixed order. */
void lang_fingerprint(Ctx *cx, const ttc_host *host, const ttc_function *function, Sha256 *hash);
/* A constant, and what the functions in it depend on. */
void lang_fingerprint_value(Ctx *cx, const ttc_host *host, const ttc_value *v, Sha256 *hash);

/* What the manual says: the function of that index, in its order, and all of one as text. */
bool lang_doc_at(size_t index, ttc_doc *doc);
void lang_explain(Buf *out, const ttc_doc *doc);

/* Library functions of ours, written in Triton (src/lang/lib/NAME.py, embedded): compile `name` of the library for the
 * given element types into `m` as a private function and return it, once per signature. Used by opt/ to expand math
 * ops. */
Op *lang_library_function(Module *m, const char *name, Type *const *inputs, int ninputs, const LangOptions *options);
/* The same of tl.extra.libdevice; integers are unsigned if told so. NULL: it has no such function. */
Op *lang_libdevice_function(Module *m, const char *name, Type *const *inputs, int ninputs, bool is_unsigned,
                            const LangOptions *options);

#endif
