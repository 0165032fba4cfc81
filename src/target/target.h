/* target.h: the one table through which a backend meets the rest.
 *
 * A backend (cpu/, nvidia/) fills in a struct Target; run/ and api/ know nothing else of it. A shared object may export
 * `const Target *tritonc_target(void)` and is then a backend too: cpu/ is built so, because it carries LLVM.
 */
#ifndef TRITONC_TARGET_H
#define TRITONC_TARGET_H

#include <string.h>

#include "ir/ir.h"
#include "lang/lang.h"
#include "opt/opt.h"

#define TARGET_ABI 12

typedef struct TargetOptions {
  const char *arch;      /* "native", "x86-64-v4", "90", … : what stood after the colon, or NULL */
  Options common;
  /* The user's override of a stage, which takes the place of what was made ("ttgir", "ptx", ...); NULL: none. `edited`
   * itself may be NULL. */
  const char *(*edited)(void *self, Ctx *cx, const char *stage, size_t *len);
  void *self;
} TargetOptions;

/* What a compile leaves behind: named stages, in order; the last, or Target.load_stage, is what load() takes. In the
 * compile's arena. */
typedef struct Stage {
  const char *name; /* "ttir" "llir" "asm" "obj"; "ttgir" "ptx" "cubin" */
  const char *bytes;
  size_t len;
  bool binary;
} Stage;
typedef Vec(Stage) Stages;

typedef enum ArgKind { ARG_PTR, ARG_I1, ARG_I8, ARG_I16, ARG_I32, ARG_I64, ARG_F16, ARG_BF16, ARG_F32, ARG_F64, ARG_TENSOR_MAP } ArgKind;

/* A tensor descriptor among a kernel's run-time parameters. It is several of `args`. */
typedef struct DescriptorArg {
  int at; /* which parameter, as callers count them: a descriptor is one */
  int rank, elem_bytes;
  int block[TTC_MAX_RANK];
  bool is_map;             /* the kernel takes a tensor map, TENSOR_MAP_BYTES by value, made at launch … */
  int elem_type, swizzle;  /* … of these, as PTX's tensormap.replace numbers them */
  int box[TTC_MAX_RANK];   /* what one copy moves */
  int code_at, ncode;      /* in KernelInfo.map_code: how a launch makes it; 0 long: a caller gives it */
  bool nan;                /* … and whether elements outside are NaN then */
  bool is_optional;        /* … and whether a compile without the option launch_maps does without */
} DescriptorArg;
enum { TENSOR_MAP_BYTES = 128 };

/* How a launch computes what a map that no caller gives is of: steps (op, x) on a stack of intervals, in which a value lies in
 * all programs. They leave the base, the shape and the strides, which are numbers, and then what must not be negative. */
typedef enum MapOp {
  MAP_CONST, /* x */
  MAP_ARG,   /* the caller's argument x >> 8, of x & 255 bits */
  MAP_ADD, MAP_SUB, MAP_MUL, MAP_DIV, MAP_MIN, MAP_MAX, /* of the upper two, wrapped to x bits */
  MAP_WRAP,  /* sign-extended from x bits */
  MAP_REM,   /* of the upper two, wrapped to x bits */
  MAP_PROGRAM, MAP_PROGRAMS /* a program's index along axis x of the grid; how many there are */
} MapOp;
enum { MAP_MAX_STEPS = 256 };

/* Facts about a compiled kernel that loading and launching need, kept beside it in the cache as JSON. */
typedef struct KernelInfo {
  const char *name;       /* of the entry symbol */
  const char *target;     /* "cpu:x86-64-v4", "cuda:90" */
  int nargs;
  const ArgKind *args;    /* run-time parameters in order */
  const bool *written;    /* … and which of them the kernel may write through; in the hands of run/ */
  int ndescriptors;
  const DescriptorArg *descriptors; /* in order; last those that no caller gives, whose `at` is after all arguments */
  int nmap_code;
  const int64_t *map_code;
  const char *without_maps; /* options of a compile that does without the optional maps, "name=value name=value"; NULL: there are none */
  int64_t program_memory; /* bytes of global memory for each program, a pointer to all of which is the last of `args`; 0: none.
                             Null there: the target finds the memory */
  int num_warps, num_stages, num_ctas;
  bool cooperative;       /* all programs must be resident at once */
  int max_threads;        /* that run its programs on the CPU; 0: all there are */
  int64_t batch;          /* on the CPU, up to so many programs that follow each other along an axis of the grid run as one */
  int batch_axis;         /* 0 or 1 */
  bool dependent;         /* may begin before the launch ahead of it on its stream has ended */
  int64_t shared;         /* bytes of shared memory; on the CPU, of scratch per thread */
  int n_regs, n_spills, n_max_threads;
  int check_grain;        /* launch_checked() checks accesses, the smallest of which has so many bytes; 0: it does not */
  uint64_t number;        /* which kernel of this process it is, from 1; 0: it is not kept for launches */
  bool fp_fusion;         /* for a target that goes on compiling when it loads */
} KernelInfo;

typedef struct Loaded Loaded; /* a loaded kernel; the target's own */

/* A launch on a simulated machine. */
typedef struct SimulatedLaunch {
  const uint32_t *grid;
  const void *const *args;  /* as launch() takes them */
  const ttc_memory *memory; /* none: every address counts as allocated */
  size_t nmemory;
  uint64_t max_instructions; /* of one warp; 0: the machine's own limit */
} SimulatedLaunch;
struct SimtReport;

typedef enum TargetStatus {
  TARGET_OK,
  TARGET_FAILED,
  TARGET_RESOURCES /* the kernel asks for more than the device has; the message is "out of resource: NAME, Required: N, Hardware limit: M. ..." */
} TargetStatus;

/* How long kernels take on a device that works beside its callers. Called by one thread at a time, but for mark(). What is
 * known goes to target_profile_add(). */
typedef struct TargetProfiler {
  bool (*start)(const char *way, char *error, size_t error_size); /* NULL: the best; a message: there is none */
  void (*settle)(void); /* ids are about to change: what runs belongs to target_profile_id() */
  void (*mark)(uint64_t id); /* what this thread launches from now on belongs to `id` */
  void (*collect)(bool wait); /* `wait`: for all that was launched */
  size_t (*take_samples)(ttc_profile_sample *out, size_t n); /* those that collect() found, at most n */
  void (*stop)(void);
} TargetProfiler;

/* Nanoseconds of launches, and of their parts: equal launches have the same parts in the same order. */
typedef struct CountedTime {
  uint64_t ns;
  uint64_t *parts; /* of malloc */
  size_t nparts;
} CountedTime;

struct Target {
  int abi;               /* TARGET_ABI */
  const char *name;      /* "cpu", "cuda" */
  const char *const *stages; /* in order, NULL-terminated, beginning with "ttir" */
  const char *const *edited_stages; /* the stages after "ttir" that a user may override, NULL-terminated; NULL: none */
  const Pass *const *passes;        /* in order, those of its own on Triton IR, NULL-terminated; NULL: none */
  void (*lang_options)(const TargetOptions *o, LangOptions *out); /* the target's facts; the rest is filled in */
  /* The exact CPU or compute capability that `options->arch` means here ("native" resolved), part of the cache key. Unwinds if
   * unknown. */
  const char *(*resolve_arch)(Ctx *cx, const TargetOptions *o);
  /* From optimized Triton IR to the last stage or `stop`, pushing each stage. May change the module. Unwinds on
   * errors. */
  void (*compile)(Ctx *cx, Module *m, const TargetOptions *o, const char *stop, Stages *stages, KernelInfo *info);
  /* Loads the bytes of `load_stage` into this process. Thread-safe. A message in `error` on failure. */
  TargetStatus (*load)(const KernelInfo *info, const char *bytes, size_t len, Loaded **out, char *error, size_t error_size);
  void (*unload)(Loaded *k);
  /* args[i] points at the i-th run-time argument's value. A message in `error` on failure. Thread-safe. */
  TargetStatus (*launch)(Loaded *k, const uint32_t grid[3], void *stream, const void *const *args, char *error, size_t error_size);
  /* Which device a launch from this thread would run on, and its compute capability (90); quick. NULL where there is only one
   * device. */
  TargetStatus (*device)(int *number, int *capability, char *error, size_t error_size);
  /* The tensor map of a caller's descriptor, TENSOR_MAP_BYTES at `map`; false, and a message: there is none of this kind.
   * Thread-safe. NULL: kernels of this target take none. */
  bool (*tensor_map)(const DescriptorArg *d, const ttc_tensor_descriptor *t, void *map, char *error, size_t error_size);
  const char *load_stage; /* the stage that load() takes; NULL: the last */
  /* launch() where accesses outside of `memory` are a mistake, when there is any. NULL where nothing is checked. */
  TargetStatus (*launch_checked)(Loaded *k, const uint32_t grid[3], void *stream, const void *const *args, const ttc_memory *memory,
                                 size_t nmemory, char *error, size_t error_size);
  /* launch_checked() with everything that the simulated machine reports (simt/simt.h), in cx's arena. What it cannot do
   * unwinds. Thread-safe: launches of one kernel come one after another. NULL where kernels are not simulated. */
  void (*simulate)(Ctx *cx, Loaded *k, const SimulatedLaunch *launch, struct SimtReport *report);
  /* What this thread's launches poll for a request to stop (they end with TARGET_FAILED); {0}: nothing. NULL: launches are asynchronous. */
  void (*set_interrupt)(Interrupt interrupt);
  /* From here on this thread's launches add to `to` how long they would have run in a machine without other programs; `to` may be
   * NULL: they do not. NULL: nothing does that. */
  void (*count_alone)(CountedTime *to);
  /* NULL: a launch's time is what it takes its caller. */
  const TargetProfiler *profiler;
  /* How a C source holds a kernel of this target (aot/): not at all, for libtritonc_rt.a, for the CUDA driver. */
  enum { TARGET_NO_SOURCE, TARGET_RT_SOURCE, TARGET_CUDA_SOURCE } source;
  bool takes_capability; /* architectures are compute capabilities of NVIDIA's GPUs: "90" */
};
typedef struct Target Target;

static inline bool target_stops_at(const char *stop, const char *stage) { return stop && !strcmp(stop, stage); }

#endif
