/* ext.h: the extension module triton._C.libtriton: what its files share.
 *
 *   state.c    the module's state
 *   context.c  the library's contexts: Ctrl-C, and errors as exceptions
 *   options.c  which keywords of a launch are options of the compile
 *   dtypes.c   element types by name and as small numbers
 *   dlpack.c   where memory is, by DLPack
 *   types.c    what a Python type's instances are to a launch, and where their memory is
 *   descriptor.c tensor descriptors as arguments
 *   source.c   where a function's source text ends
 *   function.c a decorated function as a ttc_function
 *   convert.c  Python values <-> ttc_value
 *   watch.c    globals that must not change after they were compiled into a kernel
 *   host.c     the ttc_host of Python functions: names, attributes, calls
 *   store.c    the user's cache manager as a ttc_store
 *   fingerprint.c  a hash of a function and of what it looks at
 *   table.c    specialization key -> kernel
 *   call.c     a call's arguments: the key, and the values packed
 *   simulate.c where a launch runs on the simulated GPU: how much memory is behind each argument
 *   device.c   where a launch runs: the CPU or a GPU, in which stream
 *   grid.c     how many programs a launch has
 *   image.c    the type Image: a kernel's code, which Kernels share and which can be pickled
 *   artefact.c compiled kernels as C source
 *   kernel.c   the type Kernel, under triton.compiler.CompiledKernel: loading and launching
 *   compile.c  what a launch does when there is no kernel yet; triton.compile
 *   launch.c   kernel[grid](...): binding, look-up, launch
 *   jit.c      the type JITCore, under triton.JITFunction: a function's parameters and its kernels
 *   ir_objects.c   Triton IR as Python reads it
 *   xla.c      kernels that XLA runs
 *   module.c   the module and its functions
 *
 * A file calls only those above it in this list.
 *
 * One build serves Python 3.10 and later (limited API). What a launch executes on a hit is C alone; no Python frame
 * runs.
 */
#ifndef TRITON_EXT_H
#define TRITON_EXT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "tritonc.h"

/* A function in a type's slot: ISO C has no conversion from function to object pointers but this. */
#define SLOT(function) ((void *)(uintptr_t)(function))

typedef struct JITCore JITCore;
typedef struct Kernel Kernel;
typedef struct Image Image;
typedef struct State State;
typedef struct Memory Memory;

/* ---- state ------------------------------------------------------------------------------------------------------- */

/* What a Python type's instances are to a launch. */
typedef enum ArgClass {
  ARG_UNKNOWN,
  ARG_INT, /* exactly int */
  ARG_BOOL,
  ARG_FLOAT,
  ARG_NONE,
  ARG_TENSOR,    /* has data_ptr() and dtype */
  ARG_ARRAY,     /* has __array_interface__ */
  ARG_GPU_ARRAY, /* has __cuda_array_interface__ */
  ARG_BUFFER,    /* has the buffer protocol */
  ARG_DLPACK,    /* has __dlpack__ */
  ARG_INDEX,     /* has __index__: NumPy's integers */
  ARG_NUMBER,    /* has __float__ */
  ARG_CONSTEXPR, /* tl.constexpr: its value is what counts */
  ARG_CONSTANT,  /* dtypes, functions, strings: constants wherever they stand */
  ARG_TUPLE,
  ARG_DESCRIPTOR, /* has base, shape, strides and block_shape */
} ArgClass;

/* How a type's instances describe themselves in C (dlpack.c). */
struct DLTensor;
typedef int DescribeFn(void *object, struct DLTensor *out);

typedef struct TypeEntry {
  PyTypeObject *type; /* owned by the state */
  ArgClass class;
  DescribeFn *describe; /* of tensors; NULL: data_ptr, dtype and is_cuda are asked */
  bool has_is_cuda;
} TypeEntry;

/* Where an argument's memory is. */
typedef enum MemoryPlace {
  PLACE_ANY, /* it does not say */
  PLACE_HOST,
  PLACE_GPU,
  PLACE_GPU_STREAM, /* … and it names the stream that it was made in */
} MemoryPlace;

typedef struct Pointer {
  uintptr_t address;
  int dtype; /* id */
  MemoryPlace place;
  uintptr_t stream;
  bool read_only;
} Pointer;

typedef struct DTypeEntry {
  PyObject *dtype;  /* owned */
  const char *name; /* "fp32", static or owned by `text` */
  int id;           /* index of the name: equal names have equal ids */
} DTypeEntry;

/* What Python can hold of a module of Triton IR. */
typedef enum IRKind { IR_MODULE, IR_OPERATION, IR_VALUE, IR_BLOCK, IR_REGION, IR_TYPE, IR_ATTRIBUTE, IR_KINDS } IRKind;

enum { MAX_TYPES = 64, MAX_DTYPES = 64 };

struct State {
  TypeEntry types[MAX_TYPES];
  int ntypes;
  DTypeEntry dtypes[MAX_DTYPES];
  int ndtypes;
  ttc_context *spare; /* for the next launch on the CPU; NULL: in use, or there was none yet */
  PyTypeObject *jit_type, *kernel_type, *image_type, *ir_types[IR_KINDS];
  /* Classes and functions of the Python part, given by triton._register(). */
  PyObject *constexpr, *dtype, *constexpr_function, *make_dtype, *class_facts, *kernel_class, *compilation_error,
      *out_of_resources;
  PyObject *launch_enter, *launch_exit;     /* hooks or None */
  PyObject *enter_chain, *exit_chain;       /* what they are when there are calls in them */
  PyObject *load_start, *load_end;          /* hooks or None */
  PyObject *compile_before, *compile_after; /* hooks or None */
  PyObject *torch_profiler;                 /* the dictionary of PyTorch's module; NULL as long as no tensor was seen */
  PyObject *default_target;                 /* function of the Python part: "cpu" or "cuda" */
  PyObject *find_stream,
      *current_stream; /* function that gives a function; its answer once there is one: stream of a device's number */
  PyObject *str_data_ptr, *str_dtype, *str_is_cuda, *str_array_interface, *str_cuda_array_interface, *str_is_pinned,
      *str_is_profiler_enabled, *str_builtin, *str_value, *str_name, *str_shape, *str_grid, *str_warmup, *str_stream,
      *str_typestr, *str_data, *str_pointer, *str_descriptor;
};

State *ext_state_of(PyObject *module);
State *ext_state_of_type(PyObject *type); /* a type made here or one derived from it; NULL with an exception set */

static inline bool is_hook(PyObject *hook) { return hook && hook != Py_None; }

/* ---- context.c --------------------------------------------------------------------------------------------------- */

/* A context that asks Python now and then whether a signal has come: Ctrl-C ends a compile or a launch. NULL with an
 * exception set. */
ttc_context *ext_new_context(void);
/* The same for a launch; ext_leave_context() keeps it for the next one. */
ttc_context *ext_enter_context(State *st);
void ext_leave_context(State *st, ttc_context *cx);
/* The exception that a status means. */
void ext_raise_status(State *st, ttc_context *cx, ttc_status status);
double ext_now_us(void); /* of a clock that only moves on */

/* ---- profile.c --------------------------------------------------------------------------------------------------- */

PyObject *ext_profile_start(PyObject *module, PyObject *args);
PyObject *ext_profile_mark(PyObject *module, PyObject *args);
PyObject *ext_profile_read(PyObject *module, PyObject *args);
PyObject *ext_profile_samples(PyObject *module, PyObject *ignored);
PyObject *ext_profile_stop(PyObject *module, PyObject *ignored);
PyObject *ext_count_launches(PyObject *module, PyObject *on);
PyObject *ext_counted_parts(PyObject *module, PyObject *ignored);
void ext_range_watch(State *st);             /* a tensor was seen: PyTorch may be there */
bool ext_range_wanted(const State *st);      /* is its profiler running? quick */
PyObject *ext_range_enter(const char *name); /* NULL with an exception set */
bool ext_range_leave(PyObject *range);

/* ---- options.c --------------------------------------------------------------------------------------------------- */

bool ext_option_known(const char *name);  /* anything that @triton.jit kernels accept */
bool ext_option_for_us(const char *name); /* … and that this compiler understands */

/* ---- dtypes.c ---------------------------------------------------------------------------------------------------- */

/* "fp32" of torch.float32, a NumPy dtype, a tl dtype, "float32"; the text is static. NULL with TypeError. */
const char *ext_dtype_name(State *st, PyObject *dtype, PyObject *what,
                           int *id);   /* what: the argument it is of, or NULL */
const char *ext_dtype_of_id(int id);   /* "fp32" */
int ext_dtype_bytes(int id);           /* of an element in memory */
int ext_id_of_dtype(const char *name); /* of "fp32", "torch.float32"; -1: there is none */

/* ---- dlpack.c ---------------------------------------------------------------------------------------------------- */

bool ext_dlpack_pointer(PyObject *obj, PyObject *what, Pointer *out); /* false with an exception set */
DescribeFn *ext_dlpack_describer(PyTypeObject *type);                 /* NULL: it has none */
/* false, without an exception: it is to be asked in other ways. */
bool ext_dlpack_described(DescribeFn *describe, PyObject *obj, Pointer *out);

/* ---- descriptor.c ------------------------------------------------------------------------------------------------- */

/* ---- types.c ----------------------------------------------------------------------------------------------------- */

bool ext_type_entry_new(State *st, PyObject *obj, TypeEntry *out); /* of a type that has none yet */
/* What instances of obj's type are; false with an exception set. The answer is a copy: whoever is asked next may be anybody's
 * code that launches kernels with other types. */
static inline bool ext_type_entry(State *st, PyObject *obj, TypeEntry *out) {
  PyTypeObject *type = Py_TYPE(obj);
  for (int i = 0; i < st->ntypes; i++)
    if (st->types[i].type == type) return *out = st->types[i], true;
  return ext_type_entry_new(st, obj, out);
}
/* Of an array, tensor or buffer. false with an exception set. `what` names the argument. */
bool ext_pointer_of(State *st, const TypeEntry *t, PyObject *obj, PyObject *what, Pointer *out);
static inline bool class_has_memory(ArgClass c) {
  return c == ARG_TENSOR || c == ARG_ARRAY || c == ARG_GPU_ARRAY || c == ARG_BUFFER || c == ARG_DLPACK;
}

enum { DESCRIPTOR_TEXT = 96 };
/* A tensor descriptor's pointer, what a launch gives for it, and a number that says what its type is. false with an
 * exception set. */
bool ext_descriptor_of(State *st, PyObject *desc, PyObject *what, Pointer *base, ttc_tensor_descriptor *out,
                       uint64_t *key);
void ext_descriptor_type(uint64_t key, char out[DESCRIPTOR_TEXT]); /* "tensordesc<fp16[64,32]>" */
int ext_descriptor_divisibility(uint64_t key);                     /* of its rows, in bytes: 16, or 0 for unknown */
PyObject *ext_descriptor_base(PyObject *desc);                     /* a new reference; NULL with an exception set */

/* ---- convert.c, host.c ------------------------------------------------------------------------------------------- */

/* Everything that must live as long as one compilation. */
typedef struct Host {
  State *st;
  PyObject *keep;    /* list */
  PyObject *globals; /* list of (dict, name, value) that names were looked up in */
  int exact;         /* above 0: objects are converted with a hash of their value, for the cache's key */
  ttc_host table;
} Host;
bool ext_host_init(Host *h, State *st);
void ext_host_clear(Host *h);
/* false with an exception set. Text and arrays are kept by the host. */
bool ext_to_value(Host *h, PyObject *obj, ttc_value *out);
PyObject *ext_from_value(Host *h, const ttc_value *v);
void *ext_host_memory(Host *h, size_t bytes); /* zeroed; NULL with an exception set */
bool ext_host_keep(Host *h, PyObject *obj);   /* takes a reference of its own */
/* The items of a tuple or a list as a tuple, borrowed; NULL with an exception set. Asking an item where its memory is runs
 * anybody's code, which may change a list: the items are those of now, and *kept holds them. */
PyObject *ext_fixed_items(PyObject **kept, PyObject *tuple_or_list);

/* ---- store.c ----------------------------------------------------------------------------------------------------- */

typedef struct Store {
  Host *host;
  PyObject *object; /* NULL: kernels are kept where the library keeps them */
  ttc_store table;
} Store;
/* false with an exception set. `kernel` is what the files are grouped under. */
bool ext_store_open(Store *s, Host *host, const char *kernel);

/* ---- table.c ----------------------------------------------------------------------------------------------------- */

typedef struct Table {
  struct TableEntry *slots;
  size_t cap, len;
  size_t words;                  /* of a key */
  const struct TableEntry *last; /* that ext_table_get() found; NULL: none */
} Table;
/* Borrowed; NULL: there is none. ext_table_last() looks at what was found last alone, which takes no hash. */
Kernel *ext_table_last(const Table *t, const uint64_t *key, size_t words);
Kernel *ext_table_get(Table *t, const uint64_t *key, size_t words, uint64_t hash);
bool ext_table_put(Table *t, const uint64_t *key, size_t words, uint64_t hash, Kernel *kernel);
void ext_table_clear(Table *t);
int ext_table_traverse(const Table *t, visitproc visit, void *arg);
PyObject *ext_table_kernels(const Table *t); /* a new list */
uint64_t ext_table_hash(const uint64_t *key, size_t words);

/* ---- function.c -------------------------------------------------------------------------------------------------- */

/* A value that cannot change (a number, None, a constant), and what a key says of it: where the same object comes again, that
 * need not be found out again. */
typedef struct Repeat {
  PyObject *value; /* owned; NULL: there was none */
  uint64_t word[2], slot;
  bool has_slot;
} Repeat;

typedef struct FnParam {
  PyObject *name; /* interned str */
  const char *utf8;
  PyObject *fallback; /* the default, or NULL */
  bool is_constexpr, is_const, keyword_only;
  uint32_t spec_flags; /* TTC_SPEC_NO_VALUE, TTC_SPEC_NO_ALIGNMENT */
  char type[16];       /* "i64": fixed by the annotation; "" otherwise */
  Repeat last;
} FnParam;

/* An option that launches of this function had, and what it was the last time. */
typedef struct KnownOption {
  PyObject *name; /* owned */
  uint64_t id;
  Repeat last;
} KnownOption;

/* A global that a kernel was compiled with. */
typedef struct WatchedGlobal {
  PyObject *globals, *name, *value; /* owned */
} WatchedGlobal;

struct JITCore {
  PyObject_HEAD State *st;
  PyObject *fn;
  PyObject *hooks;           /* pre_run_hooks: a list */
  PyObject *constants;       /* dict: what a constant that is not a plain number is -> its number */
  uint64_t nconstants;       /* numbers that were given */
  PyObject *default_options; /* dict or NULL: debug of the decorator */
  PyObject *launcher;        /* what kernel[grid] gave last for a tuple; or NULL */
  PyObject *names;           /* dict: every parameter's name, to None: what a grid's argument begins as; or NULL */
  FnParam *params;
  Py_ssize_t nparams;
  KnownOption *options;
  size_t noptions;
  Table table;
  WatchedGlobal *watches;
  size_t nwatches;
  const ttc_function *function; /* NULL until first needed */
  PyObject *keep;               /* list: `function`, those before it, which compiles may still read, and their texts */
  bool noinline;
  bool names_kernels; /* _kernel_name(params) says what a kernel is called */
};

/* The function as a ttc_function, its source loaded; NULL with an exception set. */
const ttc_function *ext_jit_function(JITCore *f);

/* ---- fingerprint.c ----------------------------------------------------------------------------------------------- */

/* A hash of the function's source and of all that it looks at; "" where there is none. false: out of memory. An
 * exception of the host's may be set. */
bool ext_fingerprint_function(const ttc_function *function, const ttc_host *host, char hex[65]);

/* ---- watch.c ----------------------------------------------------------------------------------------------------- */

/* false with an exception set, all three. */
bool ext_watch_note(Host *h, PyObject *globals, PyObject *name, PyObject *value); /* a global was looked at */
bool ext_watch_add(JITCore *f, PyObject *notes);                                  /* a compile succeeded with them */
bool ext_watch_check(JITCore *f);                                                 /* all are what they were */
void ext_watch_clear(JITCore *f);
int ext_watch_traverse(const JITCore *f, visitproc visit, void *arg);

/* ---- call.c ------------------------------------------------------------------------------------------------------ */

enum { MAX_OPTIONS = 32 }; /* no fewer than there are (options.c): each is given once */

/* Tags in the key's first word of a parameter: the low byte. */
enum {
  TAG_POINTER = 1,
  TAG_INT,
  TAG_BOOL,
  TAG_FLOAT,
  TAG_DESCRIPTOR,
  TAG_FIXED,
  TAG_TUPLE, /* and its length; the second word is a number for its type */
  TAG_CONST_NONE,
  TAG_CONST_BOOL,
  TAG_CONST_INT,
  TAG_CONST_FLOAT,
  TAG_CONST_OBJECT
};

/* A tensor descriptor among a call's arguments. */
typedef struct CallDescriptor {
  ttc_tensor_descriptor value;
  struct CallDescriptor *next;
} CallDescriptor;

/* A call in progress: the values bound to parameters, and what the key says of them. */
typedef struct Call {
  JITCore *f;
  PyObject **values; /* borrowed, one per parameter */
  PyObject *kept;    /* list of what ext_fixed_items() took, or NULL */
  uint64_t *key; /* two words per value (a tuple's are followed by its items'), two per option, one for the device */
  size_t words, key_cap;
  size_t *options;          /* which of the function's, MAX_OPTIONS at most, */
  PyObject **option_values; /* and what they are; borrowed */
  int noptions;
  uint64_t *slots; /* run-time values, packed; of a descriptor its address */
  CallDescriptor *descriptors;
  size_t nslots, slot_cap;
  const uint64_t *own_key, *own_slots; /* where both begin: buffers of the caller */
  Py_ssize_t at;                       /* the parameter whose value is looked at */
  bool read_only;                      /* the memory of some argument must not be written */
  bool warmup;                         /* nothing is launched */
  Py_ssize_t host_param, gpu_param;    /* the last parameters whose memory is here and there; -1: none */
  uintptr_t stream;                    /* of a GPU: the caller's */
  bool stream_known;
  int capability; /* of a GPU: 90; 0: this machine's own */
  bool simulated; /* … and the GPU is the simulated one */
} Call;

/* Which of f's options is called so, one more where it is new; -1 with an exception set. */
Py_ssize_t ext_known_option(JITCore *f, PyObject *name);
static inline PyObject *ext_option_name(const Call *c, int i) { return c->f->options[c->options[i]].name; }
bool ext_key_call(Call *c);                    /* everything but the device; false with an exception set */
bool ext_key_device(Call *c, uint64_t device); /* … and that, at last */
/* fn(call, parameter, value, its two words, arg) for every value in order, items of tuples one by one; stops at false. */
typedef bool LeafFn(Call *c, const FnParam *p, PyObject *value, const uint64_t word[2], void *arg);
bool ext_call_leaves(Call *c, LeafFn *fn, void *arg);
bool ext_tuple_changed(const FnParam *p); /* false with an exception set */

/* ---- device.c ---------------------------------------------------------------------------------------------------- */

/* Where the call runs, from what its arguments are: `capability`, `stream`, and the word of the key that says so. false
 * with an exception set. */
bool ext_choose_device(Call *c, uint64_t *word);
/* What to compile for: "cpu", "cuda:90"; into `out`. */
enum { TARGET_TEXT = 24 };
const char *ext_call_target(const Call *c, char out[TARGET_TEXT]);
/* The stream that the caller's library (PyTorch, CuPy) works in on a device; 0 where there is none. */
bool ext_current_stream(State *st, int device, uintptr_t *stream);
/* ext_current_device(target): (number, capability) */
PyObject *ext_current_device(PyObject *module, PyObject *args);

/* ---- simulate.c -------------------------------------------------------------------------------------------------- */

/* The buffers behind a launch's arguments. */
struct Memory {
  ttc_memory *at;
  size_t n, cap;
  bool unknown;             /* some argument does not say how much memory it stands for: */
  const char *unknown_name; /* the last such; or NULL */
};
/* What TRITONC_SIMULATE asks for: 90; 0: nothing is simulated. */
int ext_simulated_capability(void);
/* The memory of an argument, if it is one that has memory. false with an exception set. */
bool ext_memory_add(State *st, Memory *m, PyObject *obj, const char *name);
bool ext_memory_add_unknown(Memory *m, const char *name);
void ext_memory_clear(Memory *m);

/* ---- grid.c ------------------------------------------------------------------------------------------------------ */

/* grid = int or tuple of one to three, into out; false with an exception set. */
bool ext_parse_grid(PyObject *grid, uint32_t out[3]);
bool ext_grid_number(PyObject *obj, uint32_t *out); /* of one dimension */
/* grid(META): every bound argument and option by name; a new reference. */
PyObject *ext_call_grid(const Call *c, PyObject *grid);

/* ---- image.c ----------------------------------------------------------------------------------------------------- */

struct Image {
  PyObject_HEAD State *st;
  ttc_kernel *kernel;
  PyObject *constants; /* bytes, a letter per parameter: c a constant, r a run-time value, (...) a tuple; or NULL */
};
PyTypeObject *ext_make_image_type(PyObject *module);
Image *ext_image_new(State *st, ttc_kernel *kernel, PyObject *constants); /* takes `kernel` over */
PyObject *ext_restore_image(PyObject *module, PyObject *args);
PyObject *ext_kernel_source(PyObject *module, PyObject *args); /* artefact.c */

/* ---- kernel.c ---------------------------------------------------------------------------------------------------- */

struct Kernel {
  PyObject_HEAD State *st;
  Image *image;
  ttc_kernel *kernel; /* the image's; NULL: not looked for yet */
  bool loaded;
  bool checks;          /* a launch checks accesses against the arguments' memory */
  char *kinds;          /* of its run-time arguments: 'd'escriptor, 'p'ointer, 'i'nteger, 'f'loat */
  size_t nkinds, nall;  /* how many these are, and all of its parameters */
  bool has_descriptors; /* among the run-time arguments: a slot holds one's address */
  bool warned;          /* of accesses that are not checked */
  bool on_gpu;          /* its launches are over at once: nothing asks whether to end one early */
};
PyTypeObject *ext_make_kernel_type(PyObject *module);
Kernel *ext_kernel_new(State *st, ttc_kernel *kernel, PyObject *constants); /* takes `kernel` over */
/* Launch with packed arguments, the GIL released. */
bool ext_launch_kernel(State *st, Kernel *k, const uint32_t grid[3], uintptr_t stream, const uint64_t *slots, size_t n,
                       const Memory *memory); /* NULL: it does not matter */

/* ---- compile.c --------------------------------------------------------------------------------------------------- */

/* A new kernel for the call; NULL with an exception set, or without one and *skipped when a hook says not to compile. */
Kernel *ext_compile_call(Call *call, bool *skipped);
PyObject *ext_compile_described(PyObject *module, PyObject *args, PyObject *kwargs);

/* ---- launch.c ---------------------------------------------------------------------------------------------------- */

PyObject *ext_jit_subscript(PyObject *self, PyObject *grid);
PyObject *ext_jit_run(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);

/* ---- jit.c ------------------------------------------------------------------------------------------------------- */

PyTypeObject *ext_make_jit_type(PyObject *module);

/* ---- source.c ---------------------------------------------------------------------------------------------------- */

size_t ext_block_lines(const char *text, size_t n);

/* ---- ir_objects.c ------------------------------------------------------------------------------------------------ */

bool ext_make_ir_types(State *st, PyObject *module);
PyObject *ext_float_codes(PyObject *module, PyObject *name);
PyObject *ext_parse_ir(PyObject *module, PyObject *args);

/* ---- xla.c -------------------------------------------------------------------------------------------------------- */

PyObject *ext_xla_handler(PyObject *module, PyObject *args);

#endif
