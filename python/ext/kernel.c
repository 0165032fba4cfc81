/* kernel.c: the type Kernel, on which triton.compiler.CompiledKernel is built. */
#include "ext.h"

#include <string.h>

Kernel *kernel_new(State *st, ttc_kernel *kernel, PyObject *constants) {
  Kernel *k = st->kernel_class ? (Kernel *)PyObject_CallFunctionObjArgs(st->kernel_class, NULL) : NULL;
  if (!k || !PyObject_TypeCheck((PyObject *)k, st->kernel_type)) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "import triton before using its extension module");
    Py_XDECREF((PyObject *)k);
    ttc_kernel_free(kernel);
    return NULL;
  }
  Py_XINCREF(constants);
  k->st = st;
  k->kernel = kernel;
  k->constants = constants;
  return k;
}

static void kernel_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  Kernel *k = (Kernel *)self;
  ttc_kernel_free(k->kernel);
  Py_XDECREF(k->constants);
  freefunc release = (freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF((PyObject *)type);
}

static bool is_there(const Kernel *k) {
  if (!k->kernel) PyErr_SetString(PyExc_RuntimeError, "kernels are made by compiling, not by calling the class");
  return k->kernel != NULL;
}

static PyObject *stage(PyObject *self, PyObject *args) {
  const Kernel *k = (Kernel *)self;
  const char *name;
  size_t n;
  if (!PyArg_ParseTuple(args, "s", &name) || !is_there(k)) return NULL;
  const char *bytes = ttc_kernel_stage(k->kernel, name, &n);
  if (!bytes) Py_RETURN_NONE;
  PyObject *text = PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)n, "strict");
  bool binary = !text || memchr(bytes, 0, n);
  if (!binary) return text;
  PyErr_Clear();
  Py_XDECREF(text);
  return PyBytes_FromStringAndSize(bytes, (Py_ssize_t)n);
}

static PyObject *stage_names(PyObject *self, PyObject *ignored) {
  const Kernel *k = (Kernel *)self;
  (void)ignored;
  if (!is_there(k)) return NULL;
  PyObject *list = PyList_New(0);
  const char *name;
  for (size_t i = 0; list && (name = ttc_kernel_stage_name(k->kernel, i)); i++) {
    PyObject *str = PyUnicode_FromString(name);
    if (!str || PyList_Append(list, str) != 0) Py_CLEAR(list);
    Py_XDECREF(str);
  }
  return list;
}

static PyObject *facts(PyObject *self, PyObject *ignored) {
  const Kernel *k = (Kernel *)self;
  (void)ignored;
  if (!is_there(k)) return NULL;
  return Py_BuildValue("(sss)", ttc_kernel_name(k->kernel), ttc_kernel_hash(k->kernel), ttc_kernel_metadata(k->kernel));
}

static PyObject *from_cache(PyObject *self, PyObject *ignored) {
  const Kernel *k = (Kernel *)self;
  (void)ignored;
  return is_there(k) ? PyBool_FromLong(ttc_kernel_from_cache(k->kernel)) : NULL;
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

bool kernel_load(Kernel *k) {
  if (k->loaded) return true;
  if (!call_load_hook(k, k->st->load_start, Py_None)) return false;
  ttc_context *cx = new_context();
  if (!cx) return false;
  PyThreadState *saved = PyEval_SaveThread();
  ttc_status status = ttc_kernel_load(cx, k->kernel);
  PyEval_RestoreThread(saved);
  if (status != TTC_OK) raise_status(k->st, cx, status);
  ttc_context_free(cx);
  if (status != TTC_OK) return false;
  k->loaded = true;
  return call_load_hook(k, k->st->load_end, (PyObject *)k);
}

static PyObject *load(PyObject *self, PyObject *ignored) {
  Kernel *k = (Kernel *)self;
  (void)ignored;
  if (!is_there(k) || !kernel_load(k)) return NULL;
  Py_RETURN_NONE;
}

/* A value as the kernel's parameter of this type wants it. */
static bool pack(Kernel *k, const char *type, PyObject *obj, uint64_t *slot) {
  if (strcmp(type, "ptr") == 0) {
    const TypeEntry *t = type_entry(k->st, obj);
    if (!t) return false;
    if (t->class == ARG_INT || t->class == ARG_INDEX) {
      *slot = PyLong_AsUnsignedLongLong(obj);
      return !PyErr_Occurred();
    }
    Pointer p = {0};
    PyObject *what = PyUnicode_FromString("pointer");
    bool ok = what && pointer_of(k->st, t, obj, what, &p);
    Py_XDECREF(what);
    *slot = p.address;
    return ok;
  }
  if (type[0] == 'i') {
    PyObject *number = PyNumber_Index(obj);
    if (!number) return false;
    *slot = PyLong_AsUnsignedLongLongMask(number);
    Py_DECREF(number);
    return !PyErr_Occurred();
  }
  double x = PyFloat_AsDouble(obj);
  if (x == -1 && PyErr_Occurred()) return false;
  *slot = float_slot(x, type);
  return true;
}

/* The stream to launch in: what was given, else the caller's library's. */
static bool stream_for(const Kernel *k, PyObject *given, uintptr_t *stream) {
  int device, processor;
  *stream = 0;
  if (given != Py_None) {
    *stream = (uintptr_t)PyLong_AsUnsignedLongLong(given);
    return !PyErr_Occurred();
  }
  if (strncmp(ttc_kernel_target(k->kernel), "cuda", 4) != 0) return true;
  if (ttc_device(NULL, "cuda", &device, &processor) != TTC_OK) return true; /* the launch says why */
  return current_stream(k->st, device, stream);
}

typedef struct Packing {
  Kernel *k;
  uint64_t *slots;
  size_t n, used;
  const char *letter; /* of Kernel.constants: what the next value is */
  Memory *memory;     /* NULL: nobody asks */
} Packing;

static bool pack_run_time(Packing *p, PyObject *value) {
  if (p->used == p->n)
    return PyErr_Format(PyExc_TypeError, "the kernel takes %zu run-time arguments, and more were given", p->n), false;
  if (p->memory && !memory_add(p->k->st, p->memory, value, NULL)) return false;
  bool ok = pack(p->k, ttc_kernel_arg_type(p->k->kernel, p->used), value, &p->slots[p->used]);
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
  Py_ssize_t i = 0, n = PySequence_Size(value);
  for (; *p->letter != ')'; i++) {
    if (i == n) return PyErr_SetString(PyExc_TypeError, "a tuple has fewer items than it was compiled with"), false;
    if (!pack_param(p, sequence_item(value, i))) return false;
  }
  p->letter++;
  if (i < n) PyErr_SetString(PyExc_TypeError, "a tuple has more items than it was compiled with");
  return i == n;
}

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

/* launch(grid, args, stream): all parameters or the run-time ones alone; stream None: the caller's current one. */
static PyObject *launch(PyObject *self, PyObject *args) {
  Kernel *k = (Kernel *)self;
  PyObject *grid, *values, *given = Py_None;
  uint32_t size[3];
  uintptr_t stream;
  if (!PyArg_ParseTuple(args, "OO!|O", &grid, &PyTuple_Type, &values, &given) || !is_there(k) ||
      !parse_grid(grid, size) || !stream_for(k, given, &stream))
    return NULL;
  const char *letters = k->constants ? PyBytes_AsString(k->constants) : NULL;
  size_t n = ttc_kernel_nargs(k->kernel), count = (size_t)PyTuple_Size(values);
  size_t all = letters ? count_params(letters) : n;
  if (count != n && count != all)
    return PyErr_Format(PyExc_TypeError,
                        "the kernel takes %zu arguments (%zu without its constants), and %zu were given", all, n,
                        count);
  uint64_t *slots = PyMem_Malloc((n + 1) * sizeof *slots);
  if (!slots) return PyErr_NoMemory();
  bool simulated = strncmp(ttc_kernel_target(k->kernel), "simt", 4) == 0, ok = true;
  Memory memory = {0};
  Packing p = {.k = k, .slots = slots, .n = n, .letter = letters, .memory = simulated ? &memory : NULL};
  for (size_t i = 0; ok && i < count; i++) {
    PyObject *value = PyTuple_GetItem(values, (Py_ssize_t)i);
    ok = letters && count == all ? pack_param(&p, value) : pack_run_time(&p, value);
  }
  ok = ok && launch_kernel(k->st, k, size, stream, slots, p.used, simulated ? &memory : NULL);
  memory_clear(&memory);
  PyMem_Free(slots);
  if (!ok) return NULL;
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"_stage", stage, METH_VARARGS, "_stage(name): the stage's text or bytes, None when there is none."},
    {"_stage_names", stage_names, METH_NOARGS, "The stages, in order."},
    {"_facts", facts, METH_NOARGS, "(name, hash, metadata as JSON)"},
    {"_from_cache", from_cache, METH_NOARGS, "Whether the kernel was read from the disk."},
    {"_load", load, METH_NOARGS, "Put the kernel into executable form."},
    {"_launch", launch, METH_VARARGS, "_launch(grid, args, stream=None)"},
    {0},
};
static PyType_Slot slots[] = {
    {Py_tp_doc, "A compiled kernel."},
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

PyTypeObject *make_kernel_type(PyObject *module) {
  return (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
}
