/* jit.c: the type JITCore, on which triton.JITFunction is built: a function's parameters, and its source when somebody
 * asks for it.
 *
 * The function's file is read when it is decorated, so that what is compiled later is what Python runs; where the
 * function stands in it is found at the first compile: a module of a hundred kernels imports at once.
 */
#include "ext.h"

#include <string.h>

static const char *kept_text(JITCore *f, PyObject *str, size_t *len) {
  Py_ssize_t n;
  const char *s = str && PyUnicode_Check(str) ? PyUnicode_AsUTF8AndSize(str, &n) : NULL;
  if (!s || PyList_Append(f->keep, str) != 0) return NULL;
  if (len) *len = (size_t)n;
  return s;
}

const ttc_function *jit_function(JITCore *f) {
  if (f->function.source) return &f->function;
  /* (name, qualified name, file, first line, source) */
  PyObject *facts = PyObject_CallMethod((PyObject *)f, "_source_facts", NULL);
  if (!facts) return NULL;
  ttc_function function = {.noinline = f->noinline, .object = f};
  PyObject *must_use = PyObject_GetAttrString((PyObject *)f, "_must_use_result");
  if (!must_use) PyErr_Clear();
  function.must_use_result = must_use && PyObject_IsTrue(must_use) == 1;
  Py_XDECREF(must_use);
  if (PyTuple_Check(facts) && PyTuple_Size(facts) == 5) {
    function.name = kept_text(f, PyTuple_GetItem(facts, 0), NULL);
    function.qualname = kept_text(f, PyTuple_GetItem(facts, 1), NULL);
    function.file = kept_text(f, PyTuple_GetItem(facts, 2), NULL);
    function.first_line = (int)PyLong_AsLong(PyTuple_GetItem(facts, 3));
    function.source = kept_text(f, PyTuple_GetItem(facts, 4), &function.source_len);
  }
  Py_DECREF(facts);
  if (!function.name || !function.qualname || !function.file || !function.source || PyErr_Occurred()) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "_source_facts() must give four strings and a line number");
    return NULL;
  }
  f->function = function;
  return &f->function;
}

/* One parameter: (name, is_constexpr, is_const, keyword_only, spec_flags, type, has_default, default). */
static bool set_param(Param *p, PyObject *spec) {
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
    Py_CLEAR(f->params[i].last);
  }
  PyMem_Free(f->params);
  f->params = NULL;
  f->nparams = 0;
}

/* JITCore._setup(fn, params, noinline, default_options, names_kernels) */
static PyObject *setup(PyObject *self, PyObject *args) {
  JITCore *f = (JITCore *)self;
  PyObject *fn, *specs, *options;
  int noinline, names_kernels;
  if (!PyArg_ParseTuple(args, "OO!pOp", &fn, &PyTuple_Type, &specs, &noinline, &options, &names_kernels)) return NULL;
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
  table_clear(&f->table);
  watch_clear(f);
  f->function = (ttc_function){0};
  Py_RETURN_NONE;
}

static PyObject *fingerprint(PyObject *self, PyObject *ignored) {
  JITCore *f = (JITCore *)self;
  Host host;
  char hex[65];
  (void)ignored;
  const ttc_function *function = jit_function(f);
  if (!function || !host_init(&host, f->st)) return NULL;
  bool memory = fingerprint_function(function, &host.table, hex);
  host_clear(&host);
  if (!memory) return PyErr_NoMemory();
  return PyErr_Occurred() ? NULL : PyUnicode_FromString(hex);
}

static PyObject *kernels(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return table_kernels(&((JITCore *)self)->table);
}

/* The module is the one of the nearest base made here; a Python subclass has none of its own. */
State *state_of_type(PyObject *type) {
  PyObject *core = PyObject_GetAttrString(type, "_core");
  PyObject *module = core ? PyType_GetModule((PyTypeObject *)core) : NULL;
  Py_XDECREF(core);
  return module ? state_of(module) : NULL;
}

static PyObject *jit_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  (void)args, (void)kwargs;
  State *st = state_of_type((PyObject *)type);
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
    Py_VISIT(f->params[i].last);
  }
  int stop = watch_traverse(f, visit, arg);
  return stop ? stop : table_traverse(&f->table, visit, arg);
}

static int jit_clear(PyObject *self) {
  JITCore *f = (JITCore *)self;
  clear_params(f);
  table_clear(&f->table);
  watch_clear(f);
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
    {"run", (PyCFunction)(void (*)(void))jit_run, METH_FASTCALL | METH_KEYWORDS,
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
    {Py_mp_subscript, SLOT(jit_subscript)},
    {0, NULL},
};
static PyType_Spec spec = {
    .name = "triton._C.libtriton.JITCore",
    .basicsize = sizeof(JITCore),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

PyTypeObject *make_jit_type(PyObject *module) {
  PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
  if (type && PyObject_SetAttrString(type, "_core", type) != 0) Py_CLEAR(type);
  return (PyTypeObject *)type;
}
