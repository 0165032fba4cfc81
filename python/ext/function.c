/* function.c: a decorated function as a ttc_function.
 *
 * The function's file is read when it is decorated, so that what is compiled later is what Python runs; where the
 * function is in it is found at the first compile: a module of a hundred kernels imports at once.
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

/* A copy that lives as long as `f`: kernels may be forgotten, and the source replaced, while another thread compiles. */
static const ttc_function *kept_function(JITCore *f, const ttc_function *function) {
  PyObject *block = PyBytes_FromStringAndSize(NULL, sizeof *function);
  if (!block) return NULL;
  char *copy = PyBytes_AsString(block);
  memcpy(copy, function, sizeof *function);
  bool ok = PyList_Append(f->keep, block) == 0;
  Py_DECREF(block);
  return ok ? (const ttc_function *)(const void *)copy : NULL;
}

const ttc_function *ext_jit_function(JITCore *f) {
  if (f->function) return f->function;
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
  if (f->function) return f->function; /* another thread was here meanwhile */
  return f->function = kept_function(f, &function);
}
