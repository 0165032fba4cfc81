/* jit.c: the type JITCore, on which triton.JITFunction is built: a function's parameters, its kernels, and the ways to
 * launch one. */
#include "ext.h"

/* One parameter: (name, is_constexpr, is_const, keyword_only, spec_flags, type, has_default, default). */
static bool set_param(FnParam *p, PyObject *spec) {
  PyObject *name, *fallback;
  int is_constexpr, is_const, keyword_only, has_default;
  unsigned flags;
  const char *type;
  if (!PyArg_ParseTuple(spec, "UpppIspO", &name, &is_constexpr, &is_const, &keyword_only, &flags, &type, &has_default,
                        &fallback))
    return false;
  Py_INCREF(name);
  PyUnicode_InternInPlace(&name);
  p->name = name;
  p->utf8 = PyUnicode_AsUTF8AndSize(name, NULL);
  p->is_constexpr = is_constexpr;
  p->is_const = is_const;
  p->keyword_only = keyword_only;
  p->spec_flags = flags;
  snprintf(p->type, sizeof p->type, "%s", type);
  if (has_default) {
    Py_INCREF(fallback);
    p->fallback = fallback;
  }
  return p->utf8 != NULL;
}

static void clear_params(JITCore *f) {
  for (Py_ssize_t i = 0; i < f->nparams; i++) {
    Py_CLEAR(f->params[i].name);
    Py_CLEAR(f->params[i].fallback);
    Py_CLEAR(f->params[i].last.value);
  }
  for (size_t i = 0; i < f->noptions; i++) {
    Py_CLEAR(f->options[i].name);
    Py_CLEAR(f->options[i].last.value);
  }
  PyMem_Free(f->params);
  PyMem_Free(f->options);
  f->params = NULL;
  f->options = NULL;
  f->nparams = 0;
  f->noptions = 0;
  Py_CLEAR(f->names);
}

/* JITCore._setup(fn, params, noinline, default_options, names_kernels) */
static PyObject *setup(PyObject *self, PyObject *args) {
  JITCore *f = (JITCore *)self;
  PyObject *fn, *specs, *options;
  int noinline, names_kernels;
  if (!PyArg_ParseTuple(args, "OO!pOp", &fn, &PyTuple_Type, &specs, &noinline, &options, &names_kernels)) return NULL;
  if (f->fn) return PyErr_SetString(PyExc_RuntimeError, "a function is set up once: launches may be under way"), NULL;
  clear_params(f);
  Py_ssize_t n = PyTuple_Size(specs);
  f->params = PyMem_Calloc((size_t)n + 1, sizeof *f->params);
  if (!f->params) return PyErr_NoMemory();
  f->nparams = n;
  for (Py_ssize_t i = 0; i < n; i++)
    if (!set_param(&f->params[i], PyTuple_GetItem(specs, i))) return NULL;
  Py_INCREF(fn);
  Py_INCREF(options);
  PyObject *old_fn = f->fn, *old_options = f->default_options;
  f->fn = fn;
  f->default_options = options;
  Py_XDECREF(old_fn);
  Py_XDECREF(old_options);
  f->noinline = noinline;
  f->names_kernels = names_kernels;
  Py_RETURN_NONE;
}

static PyObject *forget(PyObject *self, PyObject *ignored) {
  JITCore *f = (JITCore *)self;
  (void)ignored;
  ext_table_clear(&f->table);
  ext_watch_clear(f);
  f->function = NULL;
  Py_RETURN_NONE;
}

static PyObject *fingerprint(PyObject *self, PyObject *ignored) {
  JITCore *f = (JITCore *)self;
  Host host;
  char hex[65];
  (void)ignored;
  const ttc_function *function = ext_jit_function(f);
  if (!function || !ext_host_init(&host, f->st)) return NULL;
  bool memory = ext_fingerprint_function(function, &host.table, hex);
  ext_host_clear(&host);
  if (!memory) return PyErr_NoMemory();
  return PyErr_Occurred() ? NULL : PyUnicode_FromString(hex);
}

static PyObject *kernels(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return ext_table_kernels(&((JITCore *)self)->table);
}

static PyObject *jit_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  (void)args, (void)kwargs;
  State *st = ext_state_of_type((PyObject *)type);
  if (!st) return NULL;
  allocfunc alloc = (allocfunc)(uintptr_t)PyType_GetSlot(type, Py_tp_alloc);
  JITCore *f = (JITCore *)alloc(type, 0);
  if (!f) return NULL;
  f->st = st;
  f->hooks = PyList_New(0);
  f->constants = PyDict_New();
  f->keep = PyList_New(0);
  if (!f->hooks || !f->constants || !f->keep) Py_CLEAR(f);
  return (PyObject *)f;
}

static int jit_traverse(PyObject *self, visitproc visit, void *arg) {
  JITCore *f = (JITCore *)self;
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(f->fn);
  Py_VISIT(f->hooks);
  Py_VISIT(f->constants);
  Py_VISIT(f->default_options);
  Py_VISIT(f->launcher);
  for (Py_ssize_t i = 0; i < f->nparams; i++) {
    Py_VISIT(f->params[i].fallback);
    Py_VISIT(f->params[i].last.value);
  }
  for (size_t i = 0; i < f->noptions; i++) Py_VISIT(f->options[i].last.value);
  int stop = ext_watch_traverse(f, visit, arg);
  return stop ? stop : ext_table_traverse(&f->table, visit, arg);
}

static int jit_clear(PyObject *self) {
  JITCore *f = (JITCore *)self;
  clear_params(f);
  ext_table_clear(&f->table);
  ext_watch_clear(f);
  Py_CLEAR(f->fn);
  Py_CLEAR(f->hooks);
  Py_CLEAR(f->constants);
  Py_CLEAR(f->default_options);
  Py_CLEAR(f->launcher);
  return 0;
}

static void jit_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  jit_clear(self);
  Py_CLEAR(((JITCore *)self)->keep);
  freefunc release = (freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF(type);
}

static PyObject *get_hooks(PyObject *self, void *closure) {
  (void)closure;
  PyObject *hooks = ((JITCore *)self)->hooks;
  Py_INCREF(hooks);
  return hooks;
}

static PyObject *get_fn(PyObject *self, void *closure) {
  (void)closure;
  PyObject *fn = ((JITCore *)self)->fn;
  if (!fn) fn = Py_None;
  Py_INCREF(fn);
  return fn;
}

/* None in a function that was unpickled: it has kernels at most. */
static int set_fn(PyObject *self, PyObject *fn, void *closure) {
  JITCore *f = (JITCore *)self;
  (void)closure;
  if (!fn) fn = Py_None;
  if (fn == Py_None && f->fn && f->fn != Py_None) { /* what only the function can tell is asked of it now */
    PyObject *kept = PyObject_CallMethod(self, "_keep_source", NULL);
    Py_XDECREF(kept);
    if (!kept) return -1;
  }
  Py_INCREF(fn);
  PyObject *old = f->fn;
  f->fn = fn;
  Py_XDECREF(old);
  return 0;
}

static PyMethodDef methods[] = {
    {"_setup", setup, METH_VARARGS,
     "_setup(fn, params, noinline, default_options, names_kernels): what the function is."},
    {"_forget", forget, METH_NOARGS, "Forget source and compiled kernels."},
    {"_fingerprint", fingerprint, METH_NOARGS, "A hash of what the function calls and of the constants it reads."},
    {"_kernels", kernels, METH_NOARGS, "The kernels compiled so far."},
    {"run", (PyCFunction)(void (*)(void))ext_jit_run, METH_FASTCALL | METH_KEYWORDS,
     "run(*args, grid, warmup=False, **kwargs): launch on `grid`, or only compile."},
    {0},
};
static PyGetSetDef getters[] = {
    {"pre_run_hooks", get_hooks, NULL, "Called with a launch's arguments before it.", NULL},
    {"fn", get_fn, set_fn, "The Python function.", NULL},
    {0},
};
static PyType_Slot slots[] = {
    {Py_tp_doc, "What triton.JITFunction is built on: binding, specialization and launch."},
    {Py_tp_new, SLOT(jit_new)},
    {Py_tp_dealloc, SLOT(jit_dealloc)},
    {Py_tp_traverse, SLOT(jit_traverse)},
    {Py_tp_clear, SLOT(jit_clear)},
    {Py_tp_methods, methods},
    {Py_tp_getset, getters},
    {Py_mp_subscript, SLOT(ext_jit_subscript)},
    {0, NULL},
};
static PyType_Spec spec = {
    .name = "triton._C.libtriton.JITCore",
    .basicsize = sizeof(JITCore),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

PyTypeObject *ext_make_jit_type(PyObject *module) {
  PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
  if (type && PyObject_SetAttrString(type, "_core", type) != 0) Py_CLEAR(type);
  return (PyTypeObject *)type;
}
