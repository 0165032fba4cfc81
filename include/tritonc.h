/* tritonc.h: the public C interface of tritonc, the Triton language and its compiler.
 *
 * Compile kernel source text, look at every stage, load, launch. Functions return a ttc_status; on anything but TTC_OK
 * the context holds a message (ttc_message). Objects are opaque, owned by the caller, and released with their _free
 * function. A context is used by one thread at a time; kernels may be launched from any thread.
 */
#ifndef TRITONC_H
#define TRITONC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define TTC_API __declspec(dllexport)
#elif defined(__GNUC__)
#define TTC_API __attribute__((visibility("default")))
#else
#define TTC_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define TTC_VERSION "0.2.0"
TTC_API const char *ttc_version(void);

typedef enum ttc_status {
  TTC_OK = 0,
  TTC_ERROR_SOURCE,    /* the program is wrong; the message shows where */
  TTC_ERROR_MEMORY,    /* out of memory */
  TTC_ERROR_HOST,      /* a host callback failed */
  TTC_ERROR_SYSTEM,    /* a file, a library, a driver */
  TTC_ERROR_INTERNAL,  /* a bug in tritonc */
  TTC_ERROR_ARGUMENT,  /* a call's arguments make no sense */
  TTC_ERROR_RESOURCES, /* the kernel asks for more than the device has */
} ttc_status;

/* ---- values that pass between a host and the front end ----------------------------------------------------------- */

typedef enum ttc_kind {
  TTC_NONE,
  TTC_BOOL,     /* integer */
  TTC_INT,      /* integer; where it does not fit in 64 bits: text, its decimal digits (text is NULL otherwise) */
  TTC_FLOAT,    /* number */
  TTC_STR,      /* text, len */
  TTC_DTYPE,    /* text: "fp32", "i1", "u8", "*fp16", "*kbf16" (pointer to const) … */
  TTC_TUPLE,    /* items, len; names for a named tuple, else NULL; object: its class's (TTC_CLASS), or NULL */
  TTC_LIST,     /* items, len */
  TTC_FUNCTION, /* function: a @triton.jit function */
  TTC_BUILTIN, /* text: canonical name of something the language knows: "tl.load", "tl.constexpr", "builtins.range", … */
  TTC_MODULE,  /* object; text: its name: attributes are asked for with getattr */
  TTC_CALLABLE, /* object: a host function that may be called on compile-time values (constexpr_function); integer: a hash
                   of what it computes, for the cache's key; len: 1 where it takes run-time values too, as TTC_HANDLEs */
  TTC_CLASS, /* object, text (its name): a class that kernels make objects of. Of it the host is asked the attributes
                "fields", "defaults", "has_default" (tuples), "init" (its own constructor, if any), "is_aggregate", and members:
                m_NAME methods, c_NAME methods that the host evaluates, s_NAME static ones, p_NAME properties, a_NAME
                others; integer: a hash of all that */
  TTC_OBJECT, /* object: anything else; text: a short description for messages ("a list of str", "numpy.ndarray"); integer:
                   a hash of its value where that can matter */
  TTC_HANDLE, /* object: a run-time value of the kernel, which a host function can be given and can give back */
} ttc_kind;

typedef struct ttc_function ttc_function;

typedef struct ttc_value {
  ttc_kind kind;
  bool is_constexpr; /* a tl.constexpr of the host: as a global it may be used in a kernel, where a plain number may not */
  int64_t integer;
  double number;
  const char *text; /* lives as long as the compilation */
  size_t len;
  const struct ttc_value *items;
  const char *const *names;
  const ttc_function *function;
  void *object; /* the host's handle; borrowed for the compilation */
} ttc_value;

/* A function's source as its host knows it. Strings live as long as the compilation. */
struct ttc_function {
  const char *name;     /* "add_kernel" */
  const char *qualname; /* "module.add_kernel", used in symbol names */
  const char *file;
  int first_line;     /* line number of source's first line in the file */
  const char *source; /* text from its first decorator (or `def`) to its end */
  size_t source_len;
  bool noinline;
  bool must_use_result; /* a call that drops its result is an error */
  void *object; /* the host's handle, passed back to lookup */
};

/* What the front end asks of its host. Each returns 1 for an answer, 0 for "there is no such thing", -1 for an error
 * that is pending in the host (the compile ends with TTC_ERROR_HOST). Any may be NULL, which answers 0. */
typedef struct ttc_host {
  void *self;
  /* The value of the free name `name` in `function` (closure cell, global or built-in). */
  int (*lookup)(void *self, const ttc_function *function, const char *name, ttc_value *out);
  /* The attribute `name` of a TTC_MODULE, TTC_OBJECT or TTC_CALLABLE value, or what TTC_CLASS says of a class. */
  int (*getattr)(void *self, const ttc_value *of, const char *name, ttc_value *out);
  /* Call a TTC_CALLABLE on compile-time values; names[i] is NULL for positional arguments. */
  int (*call)(void *self, const ttc_value *callee, const ttc_value *args, const char *const *names, size_t n,
              ttc_value *out);
  /* static_print's output, a line with its newline; NULL: written to stdout. */
  int (*print)(void *self, const char *text, size_t len);
} ttc_host;

/* ---- compiling --------------------------------------------------------------------------------------------------- */

typedef struct ttc_context ttc_context;
typedef struct ttc_kernel ttc_kernel;

/* Where a context and all that it makes take their memory from. Thread-safe if contexts on several threads share it. */
typedef struct ttc_allocator {
  void *(*alloc)(void *self, size_t bytes); /* aligned as malloc's; NULL when out of memory */
  void (*release)(void *self, void *memory);
  void *self;
} ttc_allocator;

TTC_API ttc_context *ttc_context_new(void);                                /* NULL when out of memory */
TTC_API ttc_context *ttc_context_new_with(const ttc_allocator *allocator); /* NULL: malloc and free */
TTC_API void ttc_context_free(ttc_context *cx);
/* While a compile or a launch with this context runs, `ask` is called now and then from the thread that made the call,
 * at least every few milliseconds of work; when it gives something else than 0 the call ends with TTC_ERROR_HOST. What
 * cannot stop halfway is finished first: a program of a kernel on the CPU, a pass of LLVM's. NULL: never. */
TTC_API void ttc_context_set_interrupt(ttc_context *cx, int (*ask)(void *self), void *self);
TTC_API const char *ttc_message(const ttc_context *cx); /* the last failure's, rendered; "" when there was none */

/* What the last ttc_compile() with this context warned of, whether it failed or not. A kernel that comes from the disk
 * cache brings no warnings: they were given when it was compiled. Texts live until the context's next call. */
typedef struct ttc_warning {
  const char *file; /* "" where the warning has no place in a source */
  int line, column; /* from 1; 0 without a place */
  const char *message;
  const char *hint;     /* "" when there is none */
  const char *rendered; /* all of it, with the source line and a caret */
} ttc_warning;
TTC_API bool ttc_warning_at(const ttc_context *cx, size_t index, ttc_warning *warning); /* false past the last */

/* What one parameter of the kernel is, in the order of the parameters. */
typedef struct ttc_param {
  const char *name;   /* may be NULL: by position */
  const char *type;   /* "*fp32" "i32" "u64" "fp64" "i1" …, "tensordesc<fp16[64,32]>"; "constexpr" for a
                         compile-time one, "tuple" */
  ttc_value constant; /* of a constexpr */
  int divisibility;   /* the value (a pointer: the address; a tensor descriptor: the bytes of a row of its tensor) is a
                         multiple of this; 0 or 1: nothing known */
  const struct ttc_param *items; /* of a "tuple"; named ones are fields of a named tuple */
  size_t nitems;
} ttc_param;

typedef struct ttc_option {
  const char *name; /* "num_warps", "num_stages", "enable_fp_fusion", "debug", … */
  const char *value;
} ttc_option;

TTC_API const char *ttc_option_name(size_t index); /* the options there are; NULL past the last */

/* Where compiled kernels are kept in place of the folder on disk: files by name below a kernel's hash. Of one kernel
 * the file HASH.kernel, which names the others, is read first and written last. What is kept contains code, which is run.
 * A member gives -1 for an error that is pending in the host (the compile ends with TTC_ERROR_HOST). */
typedef struct ttc_store {
  void *self;
  /* 1 and the file's bytes, which live until the compile returns; 0: there is none of that name. */
  int (*get)(void *self, const char *hash, const char *file, const void **bytes, size_t *len);
  int (*put)(void *self, const char *hash, const char *file, bool is_text, const void *bytes, size_t len); /* 0 or -1 */
} ttc_store;

/* What to compile, for which target. `size` is sizeof(ttc_request), and says which version of the struct the caller was
 * built with: members that came later count as zero. Members that are zero or NULL have their defaults. */
typedef struct ttc_request {
  size_t size;
  const char *text;   /* a module's Python source, or Triton IR; needs no NUL when len is given */
  size_t len;         /* 0: strlen(text) */
  const char *file;   /* for messages and line information; what ends in .ttir, .ttgir or .mlir is Triton IR */
  const char *kernel; /* which function; NULL when there is only one candidate */
  /* Instead of `text`, a function that a host knows, with its host: */
  const ttc_function *function;
  const ttc_host *host;
  const ttc_param *params; /* what the function's parameters are, by name or by position */
  size_t nparams;
  /* The same as text, instead of `params`: one entry per parameter, types ("*fp32", "i32", with ":16" after for
   * divisibility) and constants (1024, 1.5, True, None, "text"); `name=entry` is taken by name. Or NULL. */
  const char *signature;
  /* "cpu" (this machine's processor), "cpu:NAME" (one that LLVM knows), "cuda:90" … NULL: the target that Triton GPU IR
   * names in `ttg.target`, else "cpu". */
  const char *target;
  const ttc_option *options;
  size_t noptions;
  /* The last stage to make ("ttir", "llir", …); NULL: all. "facts" and "html" make all, and give instead what became of
   * the kernel, as JSON or as a page. */
  const char *stop;
  /* What the kernel is called (ttc_kernel_name()), which people see in profiles; characters that no symbol can have
   * become `_`. NULL: its function's name. */
  const char *symbol;
  const ttc_store *store; /* NULL: $TRITON_CACHE_DIR, else ~/.triton/cache */
} ttc_request;

TTC_API ttc_status ttc_compile(ttc_context *cx, const ttc_request *request, ttc_kernel **kernel);
TTC_API void ttc_kernel_free(ttc_kernel *kernel);
/* Of NULL, these give NULL, 0 or false. */
TTC_API const char *ttc_kernel_name(const ttc_kernel *kernel);
/* The text (or bytes) of a stage, NULL when the kernel has none of that name. */
TTC_API const char *ttc_kernel_stage(const ttc_kernel *kernel, const char *stage, size_t *len);
TTC_API const char *ttc_kernel_stage_name(const ttc_kernel *kernel, size_t index); /* NULL past the last */
TTC_API const char *ttc_kernel_metadata(const ttc_kernel *kernel);                 /* JSON */
TTC_API const char *ttc_kernel_target(const ttc_kernel *kernel);                   /* "cuda:90" */
TTC_API const char *ttc_kernel_hash(const ttc_kernel *kernel); /* of source, options and target: its name in the cache */
TTC_API int ttc_kernel_from_cache(const ttc_kernel *kernel); /* 1: read from the disk cache, 0: compiled now */
TTC_API size_t ttc_kernel_nargs(const ttc_kernel *kernel); /* how many arguments ttc_launch() takes */
TTC_API const char *ttc_kernel_arg_type(const ttc_kernel *kernel,
                                        size_t index); /* "ptr" "i1" … "i64" "fp16" "bf16" "fp32" "fp64" "tensordesc" */
/* Is the run-time parameter a pointer that the kernel may write through? */
TTC_API bool ttc_kernel_arg_written(const ttc_kernel *kernel, size_t index);
/* The kernel as bytes, from which ttc_kernel_restore() makes it again, in another process or on another machine, as long as
 * its target is there. The bytes hold a version and checksums. Released with free(). */
TTC_API ttc_status ttc_kernel_save(ttc_context *cx, const ttc_kernel *kernel, void **bytes, size_t *len);
/* TTC_ERROR_ARGUMENT: the bytes are damaged, or of another version. The bytes contain code: restore only from
 * sources that you would run a program from. */
TTC_API ttc_status ttc_kernel_restore(ttc_context *cx, const void *bytes, size_t len, ttc_kernel **kernel);
/* Kernels as C source, for programs that hold no compiler. `size` is sizeof(ttc_source_request). */
typedef struct ttc_source_request {
  size_t size;
  const char *name;   /* the files are NAME.c and NAME.h; for the CPU a name in C */
  const char *symbol; /* what the C function is called */
  const ttc_kernel *const *kernels; /* one kernel, compiled for each of the targets, strong before weak; all cpu or all cuda */
  size_t nkernels;
  const ttc_kernel *fallback; /* for GPUs: whose PTX is for later ones; or NULL */
  const ttc_param *params; /* what the kernels were compiled for; a number that is 1 by its divisibility was a constant */
  size_t nparams;
  const char *grid[3];     /* C expressions over the parameters; NULL: the function's caller says */
  const char *kernel, *file; /* for the comment: what it is called, and where it is from */
  const char *tag;         /* lines of the header before the function's declaration; or NULL */
  bool trusts_hints;       /* the function does not test what divisibilities say of its arguments */
} ttc_source_request;
/* The texts are released with free(). */
TTC_API ttc_status ttc_kernel_source(ttc_context *cx, const ttc_source_request *request, char **header, char **source);
/* Load the kernel now; ttc_launch() does it on first use otherwise. */
TTC_API ttc_status ttc_kernel_load(ttc_context *cx, ttc_kernel *kernel);

/* The exact target that `target` means on this machine, "cpu:znver5"; NULL and a message when there is no such
 * target. The text lives until the context's next call. */
TTC_API const char *ttc_target_resolve(ttc_context *cx, const char *target);

/* Whether what may follow the name of `target` is the compute capability of a GPU, "cuda:90"; false and a message when there is no
 * such target. */
TTC_API bool ttc_target_takes_capability(ttc_context *cx, const char *target);

/* The device that a launch for `target` ("cuda") would run on when this thread makes it, and its compute
 * capability (90 of "cuda:90"); 0 and 0 for a target with one device only. Quick enough to be asked before every launch; `cx` may be
 * NULL. TTC_ERROR_SYSTEM: there is no such device. */
TTC_API ttc_status ttc_device(ttc_context *cx, const char *target, int *number, int *capability);

/* ---- profiling: how long launches take --------------------------------------------------------------------------- */

typedef struct ttc_profile_record {
  uint64_t id;        /* as ttc_profile_mark() gave it to the thread that launched it */
  const char *name;   /* the kernel's; lives as long as the process */
  const char *target; /* "cpu", "cuda" */
  int64_t begin, end; /* nanoseconds of this machine's monotonic clock */
  int device;
  uint64_t stream;
} ttc_profile_record;

/* Samples of the instructions that a GPU's warps were at, all of one line and one reason. */
typedef struct ttc_profile_sample {
  uint64_t id;        /* as of a record; its texts live until the next start */
  const char *kernel; /* the function's name */
  const char *file;   /* NULL: its lines are not known (a kernel of another compiler, or without line information) */
  int line;
  const char *reason; /* what a warp waited for: "long_scoreboard" (memory), "barrier", …; "selected": for nothing */
  bool stalled;       /* those in which no warp of the scheduler could issue; they are counted among the others, too */
  uint64_t count;
} ttc_profile_sample;

/* Record launches from now on. Their time is the caller's clock where a launch returns when the kernel has ended (CPU, simulated
 * GPU), else what the device says. `way`: NULL, the best that there is; "cupti" (every kernel of the process), "events" or
 * "events:N" (ours; of a kernel's launches on a grid with an id the first 16 are timed, of the others one of N, by default 16, which
 * stands for those that are not), "clock" (no device is asked), "pcsampling" or "pcsampling:CYCLES" (as "cupti", and instructions
 * are sampled; the device is waited for at every mark). TTC_ERROR_SYSTEM: what was asked for is not there. Without: no launch is
 * slower. */
TTC_API ttc_status ttc_profile_start(ttc_context *cx, const char *way);
/* What this thread launches from now on belongs to `id` (not 0). ttc_profile_mark_all: what any thread does that is not
 * given an id after this. */
TTC_API void ttc_profile_mark(uint64_t id);
TTC_API void ttc_profile_mark_all(uint64_t id);
/* Take up to `n` records, the oldest first; how many there were. `wait`: for all that was launched. */
TTC_API size_t ttc_profile_read(ttc_profile_record *records, size_t n, bool wait);
/* Take up to `n` samples of what was read by ttc_profile_read with `wait`, or marked. */
TTC_API size_t ttc_profile_read_samples(ttc_profile_sample *samples, size_t n);
/* Take no more. Records that were not read stay until the next start. */
TTC_API void ttc_profile_stop(void);
/* For comparing kernels on a machine that does other work, too: how many nanoseconds this thread's launches on the CPU since
 * the last call would have taken without that, which is the processor time of their programs, divided among the threads.
 * `on`: later launches are counted. 0: none was, as on other targets. */
TTC_API uint64_t ttc_count_launches(bool on);
/* The same by parts of the launches, after ttc_count_launches(false): the first `n`; how many there are. Equal launches have the
 * same parts in the same order, so the least that a part took in several launches can be added up: a disturbance seldom
 * meets the same part twice. */
TTC_API size_t ttc_counted_parts(uint64_t *parts, size_t n);

/* ---- specialization: what a kernel may assume of its arguments' values ------------------------------------------- */

/* Python's @triton.jit compiles a kernel again for integers that are 1 (they become constants), for integers and
 * addresses that are multiples of 16, and for the width that an integer needs. These say what an argument is; two
 * arguments with equal results may share a kernel. */
typedef enum ttc_spec {
  TTC_SPEC_DIVISIBLE = 1 << 0, /* a multiple of 16 */
  TTC_SPEC_ONE = 1 << 1,       /* the integer 1, a constant from now on */
  TTC_SPEC_I32 = 1 << 2,
  TTC_SPEC_I64 = 1 << 3,
  TTC_SPEC_U64 = 1 << 4,
  TTC_SPEC_POINTER = 1 << 5,
  /* flags for ttc_spec_int() and ttc_spec_pointer() */
  TTC_SPEC_NO_VALUE = 1,     /* do_not_specialize: neither 1 nor divisibility matters */
  TTC_SPEC_NO_ALIGNMENT = 2, /* do_not_specialize_on_alignment */
} ttc_spec;
TTC_API uint32_t ttc_spec_int(int64_t value, uint32_t flags);
TTC_API uint32_t ttc_spec_uint(uint64_t value, uint32_t flags); /* of a value above INT64_MAX */
TTC_API uint32_t ttc_spec_pointer(uintptr_t address, uint32_t flags);
/* The parameter that a specialization stands for. `type`: of a pointer ("*fp32"); NULL for integers. */
TTC_API ttc_param ttc_spec_param(uint32_t spec, const char *name, const char *type);

/* Launch on a grid. args[i] points at the value of the i-th run-time parameter (constexprs have none): a pointer's
 * address-sized value, an integer or a float of its type (fp16 and bf16 as their 16 bits). `stream` is the device's (a
 * CUstream), NULL for the default one and on the CPU, where the call returns when the work is done. `cx` may be NULL,
 * and then there is no message. */
TTC_API ttc_status ttc_launch(ttc_context *cx, ttc_kernel *kernel, const uint32_t grid[3], void *stream,
                              const void *const *args, size_t nargs);

/* Some kernels need memory of the device for what their programs make there (tensor maps of what only a program knows):
 * how many bytes on this grid; 0: none. ttc_launch() finds it itself; ttc_launch_in() takes the caller's, aligned to 128
 * bytes and not used for anything else until the launch is over. */
TTC_API size_t ttc_kernel_program_memory(const ttc_kernel *kernel, const uint32_t grid[3]);
TTC_API ttc_status ttc_launch_in(ttc_context *cx, ttc_kernel *kernel, const uint32_t grid[3], void *stream,
                                 const void *const *args, size_t nargs, void *memory);

/* A float as the bits of "fp16", "bf16", "fp32" or "fp64", rounded to nearest: the value of an argument of that type. */
TTC_API uint64_t ttc_float_bits(double x, const char *type);

/* What stands for a tensor descriptor among a launch's arguments: args[i] points at one. Shape and strides are in
 * elements; the last stride is 1, the others and the base are multiples of 16 bytes. The shape of the blocks is part of
 * the parameter's type: "tensordesc<fp16[64,32]>". */
enum { TTC_MAX_RANK = 5 };
typedef enum ttc_descriptor_flag {
  TTC_DESCRIPTOR_NAN = 1,  /* elements outside read as NaN, not as zero */
  TTC_DESCRIPTOR_TF32 = 2, /* loads of fp32 round to tf32 */
} ttc_descriptor_flag;
typedef struct ttc_tensor_descriptor {
  void *base;
  int rank;
  uint32_t flags;
  int64_t shape[TTC_MAX_RANK], strides[TTC_MAX_RANK];
} ttc_tensor_descriptor;

/* ---- the manual -------------------------------------------------------------------------------------------------- */

/* What the manual says of one name of the language: a function, a type, a constant. Texts are static. */
typedef struct ttc_doc {
  const char *name;      /* "tl.load", "tensor_descriptor.store", "libdevice.acos" */
  const char *group;     /* "Memory" */
  const char *summary;   /* one sentence or two */
  const char *parameters; /* a line "name: text" each; "" when the summary says all */
  const char *result;    /* "": nothing, or the summary says it */
  const char *example;   /* a line of a kernel, or "" */
  const char *signature; /* "pointer, mask=None, ...", as Python writes it; not terminated. NULL: not a function */
  size_t signature_len;
  const char *errors; /* a line "wrong call -> message" each, or "" */
} ttc_doc;
/* The names in the manual's order; false when there is none of that index. */
TTC_API bool ttc_doc_at(size_t index, ttc_doc *doc);
/* All of it as text in lines of at most 96 columns. Released with free(); NULL when out of memory. */
TTC_API char *ttc_doc_text(const ttc_doc *doc);

/* ---- checked launches -------------------------------------------------------------------------------------------- */

/* The simulated GPU. Target "simt:90" (or 75, 80, …) is a simulated NVIDIA GPU of that compute capability: kernels are compiled as for
 * "cuda:90" and run on the CPU, in host memory. What a real GPU hides makes the launch fail, after the run, with a
 * message that shows the line of the kernel: accesses outside of any buffer, reads of what was never written, races on
 * shared memory.
 *
 * The buffers that a kernel may touch. */
typedef enum ttc_memory_flag {
  TTC_MEMORY_READ_ONLY = 1,
  TTC_MEMORY_UNINITIALIZED = 2, /* reading a byte of it before the kernel wrote it is a mistake */
  TTC_MEMORY_UNBOUNDED = 4, /* (base and size do not count) there is memory beside what is listed: an address in none of it is not checked,
                             * but through an argument whose memory is listed */
} ttc_memory_flag;
typedef struct ttc_memory {
  const void *base;
  size_t size;
  uint32_t flags;
  const char *name; /* for messages; or NULL */
} ttc_memory;

/* ttc_launch() with a check of every access: those outside of `memory` are mistakes. The simulated GPU checks, and so does the
 * CPU for a kernel that was compiled with the option "debug"; other launches ignore `memory`. With no memory at all every
 * address counts as allocated, as in ttc_launch(), and so does one that a kernel makes from an integer. With TRITONC_SIMULATE_REPORT=1 in the environment, what a simulated launch cost
 * (sectors, bank conflicts) is written to standard error. */
TTC_API bool ttc_kernel_checks(const ttc_kernel *kernel); /* would it check? */
TTC_API ttc_status ttc_launch_checked(ttc_context *cx, ttc_kernel *kernel, const uint32_t grid[3], void *stream,
                                      const void *const *args, size_t nargs, const ttc_memory *memory, size_t nmemory);

#ifdef __cplusplus
}
#endif

#endif
