/* run.h: from a request to a kernel that can be launched: the pipeline, targets, options, the disk cache,
 * specialization.
 *
 * run_compile(), in pipeline.c, runs every step of a compile. Everything it makes is in the context's arena; a
 * caller that keeps a kernel copies it out (api/ does).
 */
#ifndef TRITONC_RUN_H
#define TRITONC_RUN_H

#include "opt/opt.h"
#include "target/target.h"
#include "tritonc.h"

/* ---- targets: targets.c ------------------------------------------------------------------------------------------ */

/* A parsed target string. `backend` is NULL where this build can make Triton IR for the target and no more. */
typedef struct RunTarget {
  const char *name;     /* "cpu", "cuda" */
  const char *arch;     /* what stood after the colon, or NULL */
  const char *resolved; /* "cpu:znver5": the exact CPU or compute capability */
  const Target *backend;
  const char *missing; /* why there is no backend: a message */
} RunTarget;

/* "cpu", "cpu:ARCH", "cuda:90", or the name of a target from TRITONC_TARGETS (shared objects, separated by colons).
 * Unwinds. */
RunTarget run_target(Ctx *cx, const char *text);
/* Are the architectures of the target of such a text compute capabilities? Unwinds as run_target() does, but for an unknown
 * architecture. */
bool run_takes_capability(Ctx *cx, const char *text);
/* A target that is part of this library, by name; NULL: it is not, or needs an object of its own. */
const Target *run_built_in_target(const char *name);
/* The stages of a target, NULL-terminated; {"ttir"} when its backend is absent. */
const char *const *run_stages(const RunTarget *t);
/* The folder that this library lies in, without a trailing slash; "." when the loader does not say. */
const char *run_library_dir(Ctx *cx);
/* Where a file of this build is: "libtritonc_rt.a"; NULL: not where it belongs. */
const char *run_library_file(Ctx *cx, const char *name);
/* What identifies this build of the code at `address`: its build id, else its file's size and time. Into the hash. */
void run_build_id(Sha256 *hash, const void *address);

/* ---- options: options.c, lang/options.def -------------------------------------------------------------------------- */

typedef enum OptionKind { OPTION_INT, OPTION_BOOL, OPTION_TEXT } OptionKind;
typedef struct OptionInfo {
  const char *name;
  OptionKind kind;
  size_t offset; /* in Options */
  const char *help;
} OptionInfo;
extern const OptionInfo run_option_table[];
extern const size_t run_noptions;

/* Defaults, then the environment, then `given`; TRITON_DEBUG has the last word. Unwinds on an unknown name or an
 * impossible value. */
Options run_options(Ctx *cx, const ttc_option *given, size_t n);
/* The numbers and flags among them as text, "name=value name=value", with launch_maps off. */
const char *run_options_without_maps(Ctx *cx, const Options *o);

/* ---- a compile: pipeline.c --------------------------------------------------------------------------------------- */

/* A checked ttc_request. */
typedef struct RunRequest {
  const ttc_host *host; /* a function and who knows it … */
  const ttc_function *function;
  const ttc_param *params; /* in the order of the function's parameters */
  size_t nparams;
  const Source *ir;   /* … or Triton IR as text */
  const char *kernel; /* with ir: which of its functions; NULL: the first public one */
  const char *target;
  const ttc_option *options;
  size_t noptions;
  const char *symbol; /* what the kernel is called, any text; NULL: as the function is */
  const char *stop;   /* the last stage to make, or NULL */
  const char *passes; /* instead of the standard list on Triton IR: names separated by commas; or NULL */
  bool use_cache;
  const ttc_store *store; /* in place of the folder of compiled kernels; or NULL */
  bool unedited; /* TRITON_KERNEL_OVERRIDE is not asked, and nothing is written */
} RunRequest;

/* The source read, the parameters in the function's order: request.c. `defines`: NAME=VALUE for constants, which go
 * with a signature as text. What stays unset in the result: passes, use_cache, unedited. Unwinds. */
RunRequest run_request(Ctx *cx, const ttc_request *q, const char *const *defines, size_t ndefines);

typedef struct Compiled {
  RunTarget target;
  Options options;
  KernelInfo info;
  Stages stages;
  char hash[65];
  bool from_cache;
  int64_t taken; /* nanoseconds, where TRITONC_TIME asks; else 0 */
  /* The user's overrides of stages. */
  struct {
    const char *stage, *text; /* of the option ir_override; or NULL */
    size_t len;
    bool taken;      /* … and it was used */
    bool from_folder; /* TRITON_KERNEL_OVERRIDE had one: the result is not what its hash says */
    bool none;        /* TRITON_KERNEL_OVERRIDE is not asked */
    const Stages *made; /* without any edit; NULL: a file in the folder is an edit */
    const char *last;   /* the last stage that was taken from the folder, or NULL, and when it was written */
    int64_t last_time;
  } edited;
} Compiled;

void run_compile(Ctx *cx, const RunRequest *r, Compiled *out);
/* without_maps.c: a kernel from its Triton IR, with KernelInfo.without_maps as options. */
void run_compile_without_maps(Ctx *cx, const KernelInfo *info, const Stage *ttir, Compiled *out);

/* The steps of it that are files of their own. key.c: everything that the result depends on, as out->hash. */
void run_key(Ctx *cx, const RunRequest *r, Compiled *out);
/* override.c: the user's overrides of stages: the file of the option ir_override, and TRITON_KERNEL_OVERRIDE. */
void run_override_read(Ctx *cx, Compiled *c);
int run_override_files(Ctx *cx, const Compiled *c); /* in TRITON_KERNEL_OVERRIDE's folder, once the kernel's name is known */
const char *run_override_stage(void *compiled, Ctx *cx, const char *stage, size_t *len); /* NULL: none; TargetOptions.edited */
/* After the stages were made (`whole`: all of them): unwinds if an override should have been used and was not. */
void run_override_check(Ctx *cx, const Compiled *c, bool whole);
/* select.c: the name of a module's kernel (its only, or first, public function); nothing but a kernel and its callees. */
const char *run_kernel_name(Ctx *cx, const Module *m);
void run_keep_kernel(Ctx *cx, Module *m, const char *kernel);
bool run_is_ir(const char *file, const char *text, size_t len); /* Triton IR rather than Python */
/* metadata.c: facts about a compiled kernel. */
const char *run_metadata(Ctx *cx, const Compiled *c); /* JSON */
const char *run_arg_kind_text(ArgKind kind);          /* "ptr", "fp32" */

/* ---- tensor descriptors among the arguments: descriptor.c ---------------------------------------------------------- */

/* What a launch puts in place of a descriptor. */
typedef struct DescriptorValues {
  void *base;
  uint8_t nan, tf32;
  int32_t shape[TTC_MAX_RANK];
  int64_t strides[TTC_MAX_RANK];
  unsigned char map[TENSOR_MAP_BYTES]; /* in place of the first three */
} DescriptorValues;
/* Note the descriptors among the parameters of the kernel `info->name` of Triton IR. */
void run_describe_descriptors(Ctx *cx, const Module *m, KernelInfo *info);
int run_nargs(const KernelInfo *k); /* as callers count them */
const char *run_arg_type(const KernelInfo *k, size_t i);
bool run_arg_written(const KernelInfo *k, size_t i);
/* From a flag per argument of Triton IR to one per argument of the kernel. */
const bool *run_place_written(Ctx *cx, const KernelInfo *k, const bool *written);
/* Has a launch to put its arguments in place first? */
static inline bool run_places_args(const KernelInfo *k) { return k->ndescriptors || k->program_memory; }
/* A caller's arguments as the kernel takes them in a launch of grid[3] programs: `out` has room for k->nargs, `values` for k->ndescriptors.
 * `program_memory`: where the caller has memory for the programs (KernelInfo), or NULL. false: a descriptor is wrong, and
 * `error` says why. */
bool run_place_args(const Target *target, const KernelInfo *k, const uint32_t *grid, const void *const *args, const void **out,
                    DescriptorValues *values, void *const *program_memory, char *error, size_t size);

/* ---- words for values: literal.c --------------------------------------------------------------------------------- */

/* "*fp32", "float32", "tl.int8" … as signatures spell it ("*fp32", "fp32", "i8"); NULL when it names no type. */
const char *run_type_name(Ctx *cx, const char *text);
/* The value of a literal expression (numbers, strings, True, None, tuples of them, names of dtypes); false for
 * anything else. */
bool run_literal(Ctx *cx, const Node *n, ttc_value *out);
/* The parameters of `f` in its order, as text describes them: `signature` is `*fp32:16,i32,1024` (types and constants,
 * by position or as name=entry), `defines` are NAME=VALUE for constants; what neither describes must have a literal
 * default. Unwinds. */
ttc_param *run_signature(Ctx *cx, const ttc_function *f, const char *signature, const char *const *defines,
                         size_t ndefines, size_t *n);
/* Which of a function's parameters is called `name`. Unwinds. */
size_t run_param_named(Ctx *cx, const LangParam *known, size_t n, const char *name, const ttc_function *f);
/* The default of a function's parameter, if it has one that is a literal. */
bool run_default(Ctx *cx, const ttc_function *f, size_t index, ttc_value *out);

/* ---- the disk cache: cache.c ------------------------------------------------------------------------------------- */

/* The entry `out->hash`, checked; false when there is none or it is damaged. `out` gets stages and info. */
bool run_cache_read(Ctx *cx, const ttc_store *store, Compiled *out); /* store: the caller's, or NULL */
void run_cache_write(Ctx *cx, const ttc_store *store, const Compiled *c); /* best effort: a failure is ignored */
/* A kernel as bytes, and the kernel and its metadata of those bytes; false where they are damaged or of another version. */
void run_save(Ctx *cx, const Compiled *c, const char *metadata, Buf *out);
bool run_restore(Ctx *cx, const char *bytes, size_t len, Compiled *out, const char **metadata);
/* TRITON_KERNEL_DUMP and TRITON_KERNEL_OVERRIDE: stage files in a folder by hash. */
void run_dump(Ctx *cx, const Compiled *c);
const char *run_override(Ctx *cx, const Compiled *c, const char *stage, size_t *len, int64_t *time); /* NULL: none */

#endif
