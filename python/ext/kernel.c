/* kernel.c: the type Kernel, on which triton.compiler.CompiledKernel is built: the code of an Image (image.c), loaded and
 * launched. */
#include "ext.h"

#include <string.h>

static size_t count_params(const char *letters) {
  size_t n = 0;
  int depth = 0;
  for (; *letters; letters++) {
    if (*letters == ')') depth--;
    n += depth == 0 && *letters != ')';
    if (*letters == '(') depth++;
  }
  return n;
}

static char kind_of(const char *type) {
  if (strcmp(type, "tensordesc") == 0) return 'd';
  return strcmp(type, "ptr") == 0 ? 'p' : type[0] == 'i' ? 'i' : 'f';
}

/* What a launch asks of every argument, found out once. false with an exception set. */
static bool note_kinds(Kernel *k) {
  size_t n = ttc_kernel_nargs(k->kernel);
  if (!(k->kinds = PyMem_Malloc(n + 1))) return PyErr_NoMemory(), false;
  for (size_t i = 0; i < n; i++) {
    k->kinds[i] = kind_of(ttc_kernel_arg_type(k->kernel, i));
    k->has_descriptors |= k->kinds[i] == 'd';
  }
  k->nkinds = k->nall = n;
  if (k->image->constants) k->nall = count_params(PyBytes_AsString(k->image->constants));
  return true;
}

/* Take the image's code; NULL takes none. false with an exception set, and none taken. */
static bool adopt(Kernel *k, Image *m) {
  Py_XINCREF((PyObject *)m);
  Image *old = k->image;
  k->image = m;
  k->kernel = m ? m->kernel : NULL;
  k->loaded = k->has_descriptors = false;
  k->on_gpu = m && strncmp(ttc_kernel_target(m->kernel), "cuda", 4) == 0;
  k->checks = m && ttc_kernel_checks(m->kernel);
  PyMem_Free(k->kinds);
  k->kinds = NULL;
  Py_XDECREF((PyObject *)old);
  if (!m || note_kinds(k)) return true;
  k->kernel = NULL;
  return false;
}

Kernel *ext_kernel_new(State *st, ttc_kernel *kernel, PyObject *constants) {
  Image *m = ext_image_new(st, kernel, constants);
  if (!m) return NULL;
  Kernel *k = st->kernel_class ? (Kernel *)PyObject_CallFunctionObjArgs(st->kernel_class, NULL) : NULL;
  bool ok = k && PyObject_TypeCheck((PyObject *)k, st->kernel_type);
  if (!ok && !PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "import triton before using its extension module");
  ok = ok && PyObject_SetAttrString((PyObject *)k, "_image", (PyObject *)m) == 0;
  ok = ok && adopt(k, m);
  Py_DECREF((PyObject *)m);
  if (!ok) Py_XDECREF((PyObject *)k), k = NULL;
  return k;
}

static PyObject *kernel_make(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  (void)args, (void)kwargs;
  State *st = ext_state_of_type((PyObject *)type);
  if (!st) return NULL;
  allocfunc alloc = (allocfunc)(uintptr_t)PyType_GetSlot(type, Py_tp_alloc);
  Kernel *k = (Kernel *)alloc(type, 0);
  if (k) k->st = st;
  return (PyObject *)k;
}

static void kernel_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  adopt((Kernel *)self, NULL);
  freefunc release = (freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF((PyObject *)type);
}

/* Whether there is code; it may lie in the object's __dict__, where somebody has put it. */
static bool is_there(Kernel *k) {
  if (k->kernel) return true;
  PyObject *image = PyObject_GetAttrString((PyObject *)k, "_image");
  bool ok = image && PyObject_TypeCheck(image, k->st->image_type);
  bool taken = ok && adopt(k, (Image *)image);
  Py_XDECREF(image);
  if (ok) return taken;
  PyErr_Clear();
  PyErr_SetString(PyExc_RuntimeError, "kernels are made by compiling, not by calling the class");
  return false;
}

/* hook(module, function, name, metadata_group, hash): a kernel is a module and a function in one. */
static bool call_load_hook(Kernel *k, PyObject *hook, PyObject *itself) {
  if (!is_hook(hook)) return true;
  PyObject *files = PyObject_GetAttrString((PyObject *)k, "metadata_group"), *result = NULL;
  Py_INCREF(hook);
  if (files)
    result = PyObject_CallFunction(hook, "OOsOs", itself, itself, ttc_kernel_name(k->kernel), files,
                                   ttc_kernel_hash(k->kernel));
  Py_DECREF(hook);
  Py_XDECREF(files);
  Py_XDECREF(result);
  return result != NULL;
}

static bool kernel_load(Kernel *k) {
  if (k->loaded) return true;
  if (!call_load_hook(k, k->st->load_start, Py_None)) return false;
  ttc_context *cx = ext_new_context();
  if (!cx) return false;
  PyThreadState *saved = PyEval_SaveThread();
  ttc_status status = ttc_kernel_load(cx, k->kernel);
  PyEval_RestoreThread(saved);
  if (status != TTC_OK) ext_raise_status(k->st, cx, status);
  ttc_context_free(cx);
  if (status != TTC_OK) return false;
  k->loaded = true;
  return call_load_hook(k, k->st->load_end, (PyObject *)k);
}

enum { INLINE_SLOTS = 64 };

typedef struct Ready {
  Kernel *kernel;
  const uint32_t *grid;
  void *stream;
  const void *const *args;
  size_t n;
  const Memory *memory;
  void *program_memory;
} Ready;

static ttc_status launch_ready(ttc_context *cx, const Ready *r) {
  const Memory *m = r->memory;
  PyThreadState *saved = PyEval_SaveThread();
  ttc_status status = m ? ttc_launch_checked(cx, r->kernel->kernel, r->grid, r->stream, r->args, r->n, m->at, m->n)
                        : ttc_launch_in(cx, r->kernel->kernel, r->grid, r->stream, r->args, r->n, r->program_memory);
  PyEval_RestoreThread(saved);
  return status;
}

/* A launch on a GPU has no context: where it fails, it is tried once more with one,
 * for the message. */
static bool launch_or_raise(State *st, const Ready *r) {
  bool quick = r->kernel->on_gpu;
  if (quick && launch_ready(NULL, r) == TTC_OK) return true;
  ttc_context *cx = ext_enter_context(st);
  if (!cx) return false;
  ttc_status status = launch_ready(cx, r);
  if (status != TTC_OK) ext_raise_status(st, cx, status);
  ext_leave_context(st, cx);
  return status == TTC_OK;
}

/* Once for each kernel. */
static bool warn_unchecked(Kernel *k, const Memory *memory) {
  if (k->warned) return true;
  k->warned = true;
  const char *name = memory->unknown_name;
  return PyErr_WarnFormat(
             PyExc_RuntimeWarning, 1,
             "kernel `%s`: accesses through %s%s%s are not checked, for it does not say how much memory it "
             "stands for; pass the tensor itself",
             ttc_kernel_name(k->kernel), name ? "the argument `" : "an argument", name ? name : "",
             name ? "`" : "") == 0;
}

/* What the user's allocator (triton.set_allocator) gives for a launch, to be kept until it is launched; None: there is no
 * allocator, or no memory is needed. */
static PyObject *allocate(const Kernel *k, const uint32_t grid[3], uintptr_t stream, void **at) {
  size_t bytes = k->on_gpu ? ttc_kernel_program_memory(k->kernel, grid) : 0;
  *at = NULL;
  if (!bytes) return Py_NewRef(Py_None);
  PyObject *module = PyImport_ImportModule("triton.runtime._allocation"), *memory = NULL, *address = NULL;
  if (module) memory = PyObject_CallMethod(module, "allocate", "nn", (Py_ssize_t)bytes, (Py_ssize_t)stream);
  if (memory && memory != Py_None) address = PyObject_CallMethod(memory, "data_ptr", NULL);
  if (address) *at = PyLong_AsVoidPtr(address);
  bool ok = memory && (memory == Py_None || address) && !PyErr_Occurred();
  Py_XDECREF(module);
  Py_XDECREF(address);
  if (!ok) Py_CLEAR(memory);
  return memory;
}

bool ext_launch_kernel(State *st, Kernel *k, const uint32_t grid[3], uintptr_t stream, const uint64_t *slots, size_t n,
                       const Memory *memory) {
  if (!k->loaded && !kernel_load(k)) return false;
  if (memory && memory->unknown && !warn_unchecked(k, memory)) return false;
  const void *inline_args[INLINE_SLOTS];
  const void **args = n <= INLINE_SLOTS ? inline_args : PyMem_Malloc(n * sizeof *args);
  if (!args) return PyErr_NoMemory(), false;
  for (size_t i = 0; i < n; i++) {
    args[i] = i < k->nkinds && k->kinds[i] == 'd' ? (const void *)(uintptr_t)slots[i] : &slots[i];
  }
  void *program_memory;
  PyObject *allocated = allocate(k, grid, stream, &program_memory);
  bool ok = allocated && launch_or_raise(st, &(Ready){k, grid, (void *)stream, args, n, memory, program_memory});
  Py_XDECREF(allocated);
  if (args != inline_args) PyMem_Free((void *)args);
  return ok;
}

/* The code of the image that lies in the object's __dict__ now, ready to run. */
static PyObject *load(PyObject *self, PyObject *ignored) {
  Kernel *k = (Kernel *)self;
  (void)ignored;
  if (!is_there(k) || !kernel_load(k)) return NULL;
  Py_RETURN_NONE;
}

/* Packs a value for the kernel's run-time argument `at`; `d` is where a descriptor goes. */
static bool pack(Kernel *k, size_t at, PyObject *obj, const TypeEntry *t, uint64_t *slot, ttc_tensor_descriptor *d) {
  char kind = k->kinds[at];
  if (kind == 'd') {
    Pointer base;
    uint64_t key;
    *slot = (uintptr_t)d;
    return ext_descriptor_of(k->st, obj, k->st->str_descriptor, &base, d, &key);
  }
  if (kind == 'p') {
    if (t->class == ARG_INT || t->class == ARG_INDEX) {
      *slot = PyLong_AsUnsignedLongLong(obj);
      return *slot != (uint64_t)-1 || !PyErr_Occurred();
    }
    Pointer p = {0};
    bool ok = ext_pointer_of(k->st, t, obj, k->st->str_pointer, &p);
    *slot = p.address;
    return ok;
  }
  if (kind == 'i') {
    if (t->class == ARG_INT) return *slot = PyLong_AsUnsignedLongLongMask(obj), true;
    PyObject *number = PyNumber_Index(obj);
    if (!number) return false;
    *slot = PyLong_AsUnsignedLongLongMask(number);
    Py_DECREF(number);
    return !PyErr_Occurred();
  }
  double x = PyFloat_AsDouble(obj);
  if (x == -1 && PyErr_Occurred()) return false;
  *slot = ttc_float_bits(x, ttc_kernel_arg_type(k->kernel, at));
  return true;
}

/* The stream to launch in: what was given, else the caller's library's. */
static bool stream_for(const Kernel *k, PyObject *given, uintptr_t *stream) {
  int device, capability;
  *stream = 0;
  if (given != Py_None) {
    *stream = (uintptr_t)PyLong_AsUnsignedLongLong(given);
    return !PyErr_Occurred();
  }
  if (!k->on_gpu) return true;
  if (ttc_device(NULL, "cuda", &device, &capability) != TTC_OK) return true; /* the launch says why */
  return ext_current_stream(k->st, device, stream);
}

typedef struct Packing {
  Kernel *k;
  uint64_t *slots;
  ttc_tensor_descriptor *descriptors; /* as many; NULL where the kernel takes none */
  size_t n, used;
  const char *letter; /* of Image.constants: what the next value is */
  Memory *memory;     /* NULL: not needed */
  PyObject *kept;     /* of ext_fixed_items() */
} Packing;

static bool pack_run_time(Packing *p, PyObject *value) {
  if (p->used == p->n)
    return PyErr_Format(PyExc_TypeError, "the kernel takes %zu run-time arguments, and more were given", p->n), false;
  TypeEntry t;
  if (!ext_type_entry(p->k->st, value, &t)) return false;
  bool number = t.class == ARG_INT || t.class == ARG_INDEX;
  bool bare = number && p->k->kinds[p->used] == 'p';
  if (p->memory && !(bare ? ext_memory_add_unknown(p->memory, NULL) : ext_memory_add(p->k->st, p->memory, value, NULL)))
    return false;
  bool ok = pack(p->k, p->used, value, &t, &p->slots[p->used], p->descriptors ? &p->descriptors[p->used] : NULL);
  p->used++;
  return ok;
}

/* One of all the parameters: a constant is skipped, a tuple is what its items are. */
static bool pack_param(Packing *p, PyObject *value) {
  char letter = *p->letter++;
  if (letter == 'c') return true;
  if (letter == 'r') return pack_run_time(p, value);
  if (!PyTuple_Check(value) && !PyList_Check(value))
    return PyErr_SetString(PyExc_TypeError, "a tuple is needed"), false;
  PyObject *items = ext_fixed_items(&p->kept, value);
  Py_ssize_t i = 0, n = items ? PyTuple_Size(items) : -1;
  if (n < 0) return false;
  for (; *p->letter != ')'; i++) {
    if (i == n) return PyErr_SetString(PyExc_TypeError, "a tuple has fewer items than it was compiled with"), false;
    if (!pack_param(p, PyTuple_GetItem(items, i))) return false;
  }
  p->letter++;
  if (i < n) PyErr_SetString(PyExc_TypeError, "a tuple has more items than it was compiled with");
  return i == n;
}

/* Launch with `count` arguments: all parameters or the run-time ones alone. */
static bool launch_values(Kernel *k, const uint32_t size[3], uintptr_t stream, PyObject *const *values, size_t count) {
  const char *letters = k->image->constants ? PyBytes_AsString(k->image->constants) : NULL;
  size_t n = k->nkinds, all = k->nall;
  if (count != n && count != all) {
    PyErr_Format(PyExc_TypeError, "the kernel takes %zu arguments (%zu without its constants), and %zu were given", all,
                 n, count);
    return false;
  }
  uint64_t inline_slots[INLINE_SLOTS], *slots = inline_slots;
  if (n > INLINE_SLOTS && !(slots = PyMem_Malloc(n * sizeof *slots))) return PyErr_NoMemory(), false;
  ttc_tensor_descriptor *descriptors = k->has_descriptors ? PyMem_Malloc((n + 1) * sizeof *descriptors) : NULL;
  bool ok = descriptors || !k->has_descriptors;
  if (!ok) PyErr_NoMemory();
  Memory memory = {0};
  Packing p = {.k = k,
               .slots = slots,
               .descriptors = descriptors,
               .n = n,
               .letter = letters,
               .memory = k->checks ? &memory : NULL};
  for (size_t i = 0; ok && i < count; i++)
    ok = letters && count == all ? pack_param(&p, values[i]) : pack_run_time(&p, values[i]);
  ok = ok && ext_launch_kernel(k->st, k, size, stream, slots, p.used, k->checks ? &memory : NULL);
  ext_memory_clear(&memory);
  PyMem_Free(descriptors);
  Py_XDECREF(p.kept);
  if (slots != inline_slots) PyMem_Free(slots);
  return ok;
}

/* launch(grid, args, stream); stream None: the caller's current one. */
static PyObject *launch(PyObject *self, PyObject *args) {
  Kernel *k = (Kernel *)self;
  PyObject *grid, *values, *given = Py_None;
  uint32_t size[3];
  uintptr_t stream;
  if (!PyArg_ParseTuple(args, "OO!|O", &grid, &PyTuple_Type, &values, &given) || !is_there(k) ||
      !ext_parse_grid(grid, size) || !stream_for(k, given, &stream))
    return NULL;
  size_t n = (size_t)PyTuple_Size(values);
  PyObject **items = PyMem_Malloc((n + 1) * sizeof(PyObject *));
  if (!items) return PyErr_NoMemory();
  for (size_t i = 0; i < n; i++) items[i] = PyTuple_GetItem(values, (Py_ssize_t)i);
  bool ok = launch_values(k, size, stream, items, n);
  PyMem_Free(items);
  if (!ok) return NULL;
  Py_RETURN_NONE;
}

/* A hook that was passed to run(): the chains of triton.knobs have calls in them or not, which the state knows. */
static bool call_given_hook(PyObject *hook, PyObject *chain, PyObject *active, PyObject *metadata) {
  if (!is_hook(hook) || (hook == chain && !is_hook(active))) return true;
  PyObject *result = PyObject_CallFunctionObjArgs(hook, metadata, NULL);
  Py_XDECREF(result);
  return result != NULL;
}

/* run(grid_0, grid_1, grid_2, stream, function, packed_metadata, launch_metadata, enter_hook, exit_hook, *args) */
static PyObject *run(PyObject *self, PyObject *const *args, Py_ssize_t nargs) {
  Kernel *k = (Kernel *)self;
  enum { STREAM = 3, METADATA = 6, ENTER, EXIT, FIRST };
  if (nargs < FIRST)
    return PyErr_Format(PyExc_TypeError, "run() takes a grid's three numbers, stream, function, metadata, "
                                         "launch metadata and two hooks before the kernel's arguments"),
           NULL;
  const State *st = k->st;
  uint32_t size[3];
  uintptr_t stream;
  if (!is_there(k) || !stream_for(k, args[STREAM], &stream)) return NULL;
  for (int i = 0; i < 3; i++)
    if (!ext_grid_number(args[i], &size[i])) return NULL;
  if (!call_given_hook(args[ENTER], st->enter_chain, st->launch_enter, args[METADATA]) ||
      !launch_values(k, size, stream, args + FIRST, (size_t)(nargs - FIRST)) ||
      !call_given_hook(args[EXIT], st->exit_chain, st->launch_exit, args[METADATA]))
    return NULL;
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"_load", load, METH_NOARGS, "Load the kernel."},
    {"_launch", launch, METH_VARARGS, "_launch(grid, args, stream=None)"},
    {"run", (PyCFunction)(void (*)(void))run, METH_FASTCALL,
     "run(grid_0, grid_1, grid_2, stream, function, packed_metadata, launch_metadata, enter_hook, exit_hook, *args): "
     "launch between hooks that are given `launch_metadata`."},
    {0},
};
static PyType_Slot slots[] = {
    {Py_tp_doc, "A compiled kernel."},
    {Py_tp_new, SLOT(kernel_make)},
    {Py_tp_dealloc, SLOT(kernel_dealloc)},
    {Py_tp_methods, methods},
    {0, NULL},
};
static PyType_Spec spec = {
    .name = "triton._C.libtriton.Kernel",
    .basicsize = sizeof(Kernel),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

PyTypeObject *ext_make_kernel_type(PyObject *module) {
  PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
  if (type && PyObject_SetAttrString(type, "_core", type) != 0) Py_CLEAR(type);
  return (PyTypeObject *)type;
}
