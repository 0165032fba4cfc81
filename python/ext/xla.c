/* xla.c: kernels in programs that XLA compiles (triton.jax).
 *
 * XLA calls a foreign function through one C interface, the typed FFI: a call frame with the buffers, the attributes
 * that the program was compiled with, and functions to ask for the stream and to make an error. A kernel's call carries
 * all that a launch needs as attributes: the kernel's bytes (ttc_kernel_save), its hash, the grid, and for each run-time
 * argument which buffer or which of the scalars it is. So a compiled program is whole: JAX writes it to its cache on disk,
 * and another process runs it without compiling anything.
 *
 * A kernel is restored from its bytes when it is first met; a table by hash keeps it for the process. It is all the state
 * there is, behind a lock, and it only grows: programs that hold a kernel come and go, and code that was launched stays
 * in the device anyway (nvidia/driver.c).
 *
 * The structs are XLA's interface as far as it is used here, the same since its version 0.0; what is added to them later
 * comes at their ends. Nothing here touches Python but ext_xla_handler(): XLA's threads do not hold the GIL.
 */
#include "ext.h"

#include <pthread.h>
#include <string.h>

/* ---- XLA's interface --------------------------------------------------------------------------------------------- */

typedef struct FFIError FFIError;
typedef struct FFIContext FFIContext;

typedef struct FFIExtension {
  size_t struct_size;
  int type;
  struct FFIExtension *next;
} FFIExtension;
enum { EXTENSION_METADATA = 1 };

typedef struct FFIVersion {
  size_t struct_size;
  FFIExtension *extensions;
  int major, minor;
} FFIVersion;

typedef struct FFIMetadata {
  size_t struct_size;
  FFIVersion version;
  uint32_t traits;
} FFIMetadata;

typedef struct FFIMetadataExtension {
  FFIExtension base;
  FFIMetadata *metadata;
} FFIMetadataExtension;

typedef struct FFIErrorArgs {
  size_t struct_size;
  FFIExtension *extensions;
  const char *message;
  int code;
} FFIErrorArgs;
enum { FFI_INVALID_ARGUMENT = 3, FFI_RESOURCE_EXHAUSTED = 8, FFI_INTERNAL = 13 };

typedef struct FFIStreamArgs {
  size_t struct_size;
  FFIExtension *extensions;
  FFIContext *context;
  void *stream; /* out */
} FFIStreamArgs;

typedef struct FFIApi {
  size_t struct_size;
  FFIExtension *extensions;
  FFIVersion version;
  const void *internal;
  FFIError *(*error_create)(FFIErrorArgs *);
  void (*error_message)(void *);
  void (*error_destroy)(void *);
  FFIError *(*handler_register)(void *);
  FFIError *(*stream_get)(FFIStreamArgs *);
} FFIApi;

typedef struct FFIBuffer {
  size_t struct_size;
  FFIExtension *extensions;
  int dtype;
  void *data;
  int64_t rank;
  int64_t *dims;
} FFIBuffer;

typedef struct FFIBuffers { /* of arguments and of results */
  size_t struct_size;
  FFIExtension *extensions;
  int64_t size;
  int *types;
  void **at;
} FFIBuffers;

typedef struct FFISpan {
  const char *at;
  size_t len;
} FFISpan;

typedef struct FFIArray {
  int dtype;
  size_t size;
  void *data;
} FFIArray;

typedef struct FFIAttributes {
  size_t struct_size;
  FFIExtension *extensions;
  int64_t size;
  int *types;
  FFISpan **names;
  void **at;
} FFIAttributes;
enum { ATTRIBUTE_ARRAY = 1, ATTRIBUTE_STRING = 4 };

typedef struct FFIFrame {
  size_t struct_size;
  FFIExtension *extensions;
  const FFIApi *api;
  FFIContext *context;
  int stage;
  FFIBuffers args, results;
  FFIAttributes attributes;
} FFIFrame;

static FFIError *ffi_error(const FFIFrame *f, int code, const char *message) {
  FFIErrorArgs args = {sizeof args, NULL, message, code};
  return f->api->error_create(&args);
}

static const void *attribute(const FFIFrame *f, const char *name, int type) {
  size_t n = strlen(name);
  for (int64_t i = 0; i < f->attributes.size; i++) {
    const FFISpan *s = f->attributes.names[i];
    if (f->attributes.types[i] == type && s->len == n && memcmp(s->at, name, n) == 0) return f->attributes.at[i];
  }
  return NULL;
}

/* ---- kernels by hash --------------------------------------------------------------------------------------------- */

typedef struct Known {
  ttc_kernel *kernel;
  struct Known *next;
} Known;

static struct {
  pthread_mutex_t lock;
  Known **slots;
  size_t nslots, len;
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t hash_of(const char *s, size_t n) {
  uint64_t h = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)s[i]) * UINT64_C(1099511628211);
  return h;
}

static bool grow(void) {
  size_t n = known.nslots ? 2 * known.nslots : 64;
  Known **slots = calloc(n, sizeof *slots);
  if (!slots) return false;
  for (size_t i = 0; i < known.nslots; i++)
    for (Known *k = known.slots[i], *next; k; k = next) {
      const char *hash = ttc_kernel_hash(k->kernel);
      Known **to = &slots[hash_of(hash, strlen(hash)) % n];
      next = k->next;
      k->next = *to;
      *to = k;
    }
  free(known.slots);
  known.slots = slots;
  known.nslots = n;
  return true;
}

/* With the lock held. */
static ttc_kernel *find(const FFISpan *hash) {
  Known *k = known.nslots ? known.slots[hash_of(hash->at, hash->len) % known.nslots] : NULL;
  for (; k; k = k->next) {
    const char *s = ttc_kernel_hash(k->kernel);
    if (strlen(s) == hash->len && memcmp(s, hash->at, hash->len) == 0) return k->kernel;
  }
  return NULL;
}

/* With the lock held. NULL: a message is in the context. */
static ttc_kernel *restore(ttc_context *cx, const FFISpan *hash, const FFIArray *bytes) {
  ttc_kernel *kernel = NULL;
  Known *entry = malloc(sizeof *entry);
  bool room = entry && (known.len < known.nslots || grow());
  if (room && ttc_kernel_restore(cx, bytes->data, bytes->size, &kernel) == TTC_OK) {
    Known **slot = &known.slots[hash_of(hash->at, hash->len) % known.nslots];
    *entry = (Known){kernel, *slot};
    *slot = entry;
    known.len++;
    return kernel;
  }
  free(entry);
  return NULL;
}

static ttc_kernel *kernel_of(ttc_context *cx, const FFISpan *hash, const FFIArray *bytes) {
  pthread_mutex_lock(&known.lock);
  ttc_kernel *k = find(hash);
  if (!k) k = restore(cx, hash, bytes);
  pthread_mutex_unlock(&known.lock);
  return k;
}

/* ---- the call ---------------------------------------------------------------------------------------------------- */

typedef struct XlaCall {
  const FFISpan *hash;
  const FFIArray *bytes, *grid, *args, *scalars; /* args[i]: a buffer's number, or -1 - a scalar's */
} XlaCall;

enum { DTYPE_S32 = 4, DTYPE_S64 = 5, ALIGNMENT = 16, INLINE_ARGS = 64 };

static bool read_call(const FFIFrame *f, XlaCall *c) {
  c->hash = attribute(f, "hash", ATTRIBUTE_STRING);
  c->bytes = attribute(f, "kernel", ATTRIBUTE_ARRAY);
  c->grid = attribute(f, "grid", ATTRIBUTE_ARRAY);
  c->args = attribute(f, "args", ATTRIBUTE_ARRAY);
  c->scalars = attribute(f, "scalars", ATTRIBUTE_ARRAY);
  return c->hash && c->bytes && c->grid && c->grid->dtype == DTYPE_S32 && c->grid->size == 3 && c->args &&
         c->args->dtype == DTYPE_S32 && c->scalars && c->scalars->dtype == DTYPE_S64;
}

/* The buffer of a number: the arguments', then the results'. NULL: there is none. */
static const FFIBuffer *buffer(const FFIFrame *f, int64_t i) {
  if (i < f->args.size) return f->args.at[i];
  i -= f->args.size;
  return i < f->results.size ? f->results.at[i] : NULL;
}

/* The arguments' values, and pointers to them. */
static const char *pack(const FFIFrame *f, const XlaCall *c, void **values, const void **args) {
  const int32_t *which = c->args->data;
  for (size_t i = 0; i < c->args->size; i++) {
    if (which[i] >= 0) {
      const FFIBuffer *b = buffer(f, which[i]);
      if (!b) return "the kernel's call names a buffer that it does not have";
      if ((uintptr_t)b->data % ALIGNMENT) return "a buffer is not aligned as the kernel was compiled for";
      values[i] = b->data;
      args[i] = &values[i];
    } else {
      size_t scalar = (size_t)-(int64_t)which[i] - 1;
      if (scalar >= c->scalars->size) return "the kernel's call names a number that it does not have";
      args[i] = (const int64_t *)c->scalars->data + scalar;
    }
  }
  return NULL;
}

static FFIError *launch(const FFIFrame *f, const XlaCall *c, ttc_context *cx, ttc_kernel *k, const void *const *args) {
  FFIStreamArgs stream = {.struct_size = sizeof stream, .context = f->context};
  if (strncmp(ttc_kernel_target(k), "cuda", 4) == 0) {
    FFIError *failed = f->api->stream_get(&stream);
    if (failed) return failed;
  }
  uint32_t grid[3];
  memcpy(grid, c->grid->data, sizeof grid);
  ttc_status status = ttc_launch(cx, k, grid, stream.stream, args, c->args->size);
  if (status == TTC_OK) return NULL;
  return ffi_error(f, status == TTC_ERROR_RESOURCES ? FFI_RESOURCE_EXHAUSTED : FFI_INTERNAL, ttc_message(cx));
}

static FFIError *execute(const FFIFrame *f, ttc_context *cx) {
  XlaCall c;
  if (!read_call(f, &c)) return ffi_error(f, FFI_INVALID_ARGUMENT, "the kernel's call lacks attributes");
  ttc_kernel *k = kernel_of(cx, c.hash, c.bytes);
  if (!k) return ffi_error(f, FFI_INVALID_ARGUMENT, *ttc_message(cx) ? ttc_message(cx) : "out of memory");
  void *inline_values[INLINE_ARGS], **values = inline_values;
  const void *inline_args[INLINE_ARGS], **args = inline_args;
  if (c.args->size > INLINE_ARGS) {
    values = malloc(c.args->size * sizeof *values);
    args = malloc(c.args->size * sizeof *args);
  }
  const char *problem = values && args ? pack(f, &c, values, args) : "out of memory";
  FFIError *error = problem ? ffi_error(f, FFI_INVALID_ARGUMENT, problem) : launch(f, &c, cx, k, args);
  if (values != inline_values) free(values);
  if (args != inline_args) free((void *)args);
  return error;
}

static int version_major, version_minor; /* of the interface that the loaded XLA has: set before it calls */

static FFIError *handler(FFIFrame *f) {
  for (FFIExtension *e = f->extensions; e; e = e->next) {
    if (e->type != EXTENSION_METADATA) continue;
    FFIMetadata *m = ((FFIMetadataExtension *)(void *)e)->metadata;
    m->version.major = version_major;
    m->version.minor = version_minor;
    m->traits = 0;
    return NULL;
  }
  ttc_context *cx = ttc_context_new();
  if (!cx) return ffi_error(f, FFI_RESOURCE_EXHAUSTED, "out of memory");
  FFIError *error = execute(f, cx);
  ttc_context_free(cx);
  return error;
}

/* ext_xla_handler(major, minor): what runs kernels for XLA, as a capsule, for that version of its interface. */
PyObject *ext_xla_handler(PyObject *module, PyObject *args) {
  (void)module;
  if (!PyArg_ParseTuple(args, "ii", &version_major, &version_minor)) return NULL;
  return PyCapsule_New(SLOT(handler), NULL, NULL);
}
