/* image.c: the type Image: a compiled kernel as an object that can be shared, copied and pickled.
 *
 * A triton.compiler.CompiledKernel is a Python object that programs take apart: PyTorch makes one with __new__ and puts
 * another one's __dict__ into it, in this process or, pickled, in another. So the compiled code is an object of its own
 * in that __dict__, under the name "_image"; a Kernel without code looks there (kernel.c). Pickled, an Image is the
 * bytes of ttc_kernel_save().
 */
#include "ext.h"

#include <string.h>

Image *ext_image_new(State *st, ttc_kernel *kernel, PyObject *constants) {
  allocfunc alloc = (allocfunc)(uintptr_t)PyType_GetSlot(st->image_type, Py_tp_alloc);
  Image *m = (Image *)alloc(st->image_type, 0);
  if (!m) return ttc_kernel_free(kernel), NULL;
  Py_XINCREF(constants);
  m->st = st;
  m->kernel = kernel;
  m->constants = constants;
  return m;
}

static void image_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  Image *m = (Image *)self;
  ttc_kernel_free(m->kernel);
  Py_XDECREF(m->constants);
  freefunc release = (freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF((PyObject *)type);
}

static PyObject *stage(PyObject *self, PyObject *args) {
  const Image *m = (Image *)self;
  const char *name;
  size_t n;
  if (!PyArg_ParseTuple(args, "s", &name)) return NULL;
  const char *bytes = ttc_kernel_stage(m->kernel, name, &n);
  if (!bytes) Py_RETURN_NONE;
  PyObject *text = PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)n, "strict");
  bool binary = !text || memchr(bytes, 0, n);
  if (!binary) return text;
  PyErr_Clear();
  Py_XDECREF(text);
  return PyBytes_FromStringAndSize(bytes, (Py_ssize_t)n);
}

static PyObject *stage_names(PyObject *self, PyObject *ignored) {
  const Image *m = (Image *)self;
  (void)ignored;
  PyObject *list = PyList_New(0);
  const char *name;
  for (size_t i = 0; list && (name = ttc_kernel_stage_name(m->kernel, i)); i++) {
    PyObject *str = PyUnicode_FromString(name);
    if (!str || PyList_Append(list, str) != 0) Py_CLEAR(list);
    Py_XDECREF(str);
  }
  return list;
}

static PyObject *facts(PyObject *self, PyObject *ignored) {
  const Image *m = (Image *)self;
  (void)ignored;
  return Py_BuildValue("(sss)", ttc_kernel_name(m->kernel), ttc_kernel_hash(m->kernel), ttc_kernel_metadata(m->kernel));
}

static PyObject *from_cache(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return PyBool_FromLong(ttc_kernel_from_cache(((Image *)self)->kernel));
}

static PyObject *save(PyObject *self, PyObject *ignored) {
  const Image *m = (Image *)self;
  (void)ignored;
  ttc_context *cx = ttc_context_new();
  if (!cx) return PyErr_NoMemory();
  void *bytes;
  size_t len;
  ttc_status status = ttc_kernel_save(cx, m->kernel, &bytes, &len);
  PyObject *result = NULL;
  if (status == TTC_OK)
    result = PyBytes_FromStringAndSize(bytes, (Py_ssize_t)len);
  else
    ext_raise_status(m->st, cx, status);
  if (status == TTC_OK) free(bytes);
  ttc_context_free(cx);
  return result;
}

/* (restore, (bytes, constants)) */
static PyObject *reduce(PyObject *self, PyObject *ignored) {
  const Image *m = (Image *)self;
  PyObject *bytes = save(self, ignored), *module = bytes ? PyImport_ImportModule("triton._C.libtriton") : NULL;
  PyObject *function = module ? PyObject_GetAttrString(module, "restore") : NULL, *result = NULL;
  if (function) result = Py_BuildValue("(O(OO))", function, bytes, m->constants ? m->constants : Py_None);
  Py_XDECREF(function);
  Py_XDECREF(module);
  Py_XDECREF(bytes);
  return result;
}

enum { MAX_DEPTH = 101 }; /* of tuples in tuples: what a kernel can have (run/request.c) */

/* Do the letters say what the parameters of a kernel with `nargs` run-time arguments are? */
static bool constants_fit(const char *letters, size_t len, size_t nargs) {
  size_t runtime = 0;
  int depth = 0;
  for (size_t i = 0; i < len; i++) {
    depth += letters[i] == '(' ? 1 : letters[i] == ')' ? -1 : 0;
    runtime += letters[i] == 'r';
    if (!letters[i] || !strchr("cr()", letters[i]) || depth < 0 || depth > MAX_DEPTH) return false;
  }
  return depth == 0 && runtime == nargs;
}

/* restore(bytes, constants): an Image */
PyObject *ext_restore_image(PyObject *module, PyObject *args) {
  State *st = ext_state_of(module);
  const char *bytes;
  Py_ssize_t len;
  PyObject *constants = Py_None;
  if (!PyArg_ParseTuple(args, "y#|O", &bytes, &len, &constants)) return NULL;
  if (constants != Py_None && !PyBytes_Check(constants))
    return PyErr_SetString(PyExc_TypeError, "restore(bytes, constants): constants are bytes, or None"), NULL;
  ttc_context *cx = ttc_context_new();
  if (!cx) return PyErr_NoMemory();
  ttc_kernel *kernel;
  ttc_status status = ttc_kernel_restore(cx, bytes, (size_t)len, &kernel);
  if (status == TTC_ERROR_ARGUMENT)
    PyErr_SetString(PyExc_ValueError, ttc_message(cx));
  else if (status != TTC_OK)
    ext_raise_status(st, cx, status);
  ttc_context_free(cx);
  if (status != TTC_OK) return NULL;
  if (constants != Py_None &&
      !constants_fit(PyBytes_AsString(constants), (size_t)PyBytes_Size(constants), ttc_kernel_nargs(kernel))) {
    ttc_kernel_free(kernel);
    return PyErr_SetString(PyExc_ValueError, "restore(bytes, constants): the constants are of another kernel"), NULL;
  }
  return (PyObject *)ext_image_new(st, kernel, constants == Py_None ? NULL : constants);
}

static PyMethodDef methods[] = {
    {"_stage", stage, METH_VARARGS, "_stage(name): the stage's text or bytes, None when there is none."},
    {"_stage_names", stage_names, METH_NOARGS, "The stages, in order."},
    {"_facts", facts, METH_NOARGS, "(name, hash, metadata as JSON)"},
    {"_from_cache", from_cache, METH_NOARGS, "Whether the kernel was read from the disk."},
    {"save", save, METH_NOARGS, "The kernel as bytes."},
    {"__reduce__", reduce, METH_NOARGS, "How it is pickled: as bytes."},
    {0},
};
static PyType_Slot slots[] = {
    {Py_tp_doc, "What a compile made, as it can be kept, shared and pickled."},
    {Py_tp_dealloc, SLOT(image_dealloc)},
    {Py_tp_methods, methods},
    {0, NULL},
};
static PyType_Spec spec = {
    .name = "triton._C.libtriton.Image",
    .basicsize = sizeof(Image),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

PyTypeObject *ext_make_image_type(PyObject *module) {
  return (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
}
