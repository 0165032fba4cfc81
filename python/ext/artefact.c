/* artefact.c: compiled kernels as C source, for triton.tools.compile. */
#include "ext.h"

#include <string.h>

/* The texts live as long as the tuples that they are of. */
static bool to_param(PyObject *entry, ttc_param *p) {
  PyObject *value;
  if (!PyArg_ParseTuple(entry, "ssiO", &p->name, &p->type, &p->divisibility, &value)) return false;
  p->constant.kind = TTC_NONE;
  if (!PyLong_Check(value)) return true;
  p->constant.integer = PyLong_AsLongLong(value);
  p->constant.kind = PyBool_Check(value) ? TTC_BOOL : TTC_INT;
  if (!PyErr_Occurred()) return true;
  PyErr_Clear(); /* of no use in a grid */
  p->constant.kind = TTC_NONE;
  return true;
}

static const ttc_kernel *kernel_of(const State *st, PyObject *o) {
  if (PyObject_TypeCheck(o, st->image_type)) return ((Image *)o)->kernel;
  PyErr_SetString(PyExc_TypeError, "kernel_source(): an Image is expected");
  return NULL;
}

/* kernel_source(image, fallback, names, params, grid): names: name, symbol, kernel, file, tag. */
PyObject *ext_kernel_source(PyObject *module, PyObject *args) {
  State *st = ext_state_of(module);
  PyObject *image, *fallback, *params;
  ttc_source_request q = {.size = sizeof q, .trusts_hints = true};
  if (!PyArg_ParseTuple(args, "OO(sssss)O!(sss)", &image, &fallback, &q.name, &q.symbol, &q.kernel, &q.file, &q.tag,
                        &PyTuple_Type, &params, &q.grid[0], &q.grid[1], &q.grid[2]))
    return NULL;
  const ttc_kernel *kernel = kernel_of(st, image);
  q.kernels = &kernel;
  q.nkernels = 1;
  if (!kernel || (fallback != Py_None && !(q.fallback = kernel_of(st, fallback)))) return NULL;
  q.nparams = (size_t)PyTuple_Size(params);
  ttc_param *all = calloc(q.nparams + 1, sizeof *all);
  if (!all) return PyErr_NoMemory();
  q.params = all;
  bool ok = true;
  for (size_t i = 0; i < q.nparams && ok; i++) ok = to_param(PyTuple_GetItem(params, (Py_ssize_t)i), &all[i]);
  ttc_context *cx = ok ? ttc_context_new() : NULL;
  if (ok && !cx) PyErr_NoMemory();
  char *header, *source;
  PyObject *result = NULL;
  ttc_status status = cx ? ttc_kernel_source(cx, &q, &header, &source) : TTC_ERROR_MEMORY;
  if (cx && status == TTC_OK) {
    result = Py_BuildValue("ss", header, source);
    free(header), free(source);
  } else if (cx) {
    PyErr_SetString(PyExc_ValueError, ttc_message(cx));
  }
  ttc_context_free(cx);
  free(all);
  return result;
}
