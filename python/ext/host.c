/* host.c: what the front end asks of Python: the values of names, attributes, calls on compile-time values.
 *
 * A compile runs without the GIL; each question takes it. An exception stays pending in the thread and is raised when
 * the compile returns.
 */
#include "ext.h"

#include <string.h>

/* The value of `name` among the closure cells of `fn`; a new reference or NULL (an exception may be set). */
static PyObject *in_closure(PyObject *fn, PyObject *name) {
  PyObject *cells = PyObject_GetAttrString(fn, "__closure__"), *found = NULL;
  PyObject *code = cells && cells != Py_None ? PyObject_GetAttrString(fn, "__code__") : NULL;
  PyObject *names = code ? PyObject_GetAttrString(code, "co_freevars") : NULL;
  for (Py_ssize_t i = 0; names && !found && i < PyTuple_Size(names); i++) {
    if (PyUnicode_Compare(PyTuple_GetItem(names, i), name) != 0) continue;
    found = PyObject_GetAttrString(PyTuple_GetItem(cells, i), "cell_contents");
    if (!found && PyErr_ExceptionMatches(PyExc_ValueError)) PyErr_Clear(); /* not assigned yet */
    break;
  }
  Py_XDECREF(names);
  Py_XDECREF(code);
  Py_XDECREF(cells);
  return found;
}

static PyObject *in_globals(Host *h, PyObject *fn, PyObject *name) {
  PyObject *globals = PyObject_GetAttrString(fn, "__globals__");
  PyObject *found = globals ? PyDict_GetItemWithError(globals, name) : NULL;
  Py_XINCREF(found);
  if (found && !ext_watch_note(h, globals, name, found)) Py_CLEAR(found);
  Py_XDECREF(globals);
  if (found || PyErr_Occurred()) return found;
  PyObject *builtins = PyImport_ImportModule("builtins");
  found = builtins ? PyObject_GetAttr(builtins, name) : NULL;
  Py_XDECREF(builtins);
  if (!found && PyErr_ExceptionMatches(PyExc_AttributeError)) PyErr_Clear();
  return found;
}

/* 1 and the value, 0 for none, -1 for a pending exception. Consumes `obj`. */
static int answer(Host *h, PyObject *obj, ttc_value *out) {
  if (!obj) return PyErr_Occurred() ? -1 : 0;
  bool ok = ext_to_value(h, obj, out);
  Py_DECREF(obj);
  return ok ? 1 : -1;
}

static int lookup(void *self, const ttc_function *function, const char *name, ttc_value *out) {
  Host *h = self;
  PyGILState_STATE gil = PyGILState_Ensure();
  JITCore *f = function->object;
  PyObject *key = PyUnicode_FromString(name), *obj = NULL;
  if (key) obj = in_closure(f->fn, key);
  if (key && !obj && !PyErr_Occurred()) obj = in_globals(h, f->fn, key);
  Py_XDECREF(key);
  int result = answer(h, obj, out);
  PyGILState_Release(gil);
  return result;
}

static int get_attribute(void *self, const ttc_value *of, const char *name, ttc_value *out) {
  Host *h = self;
  if (!of->object) return 0;
  PyGILState_STATE gil = PyGILState_Ensure();
  PyObject *obj = PyObject_GetAttrString(of->object, name);
  if (!obj && PyErr_ExceptionMatches(PyExc_AttributeError)) PyErr_Clear();
  int result = answer(h, obj, out);
  PyGILState_Release(gil);
  return result;
}

static int call(void *self, const ttc_value *callee, const ttc_value *args, const char *const *names, size_t n,
                ttc_value *out) {
  Host *h = self;
  PyGILState_STATE gil = PyGILState_Ensure();
  PyObject *positional = PyList_New(0), *keywords = PyDict_New(), *tuple = NULL, *result = NULL;
  bool ok = positional && keywords && callee->object;
  for (size_t i = 0; ok && i < n; i++) {
    PyObject *value = ext_from_value(h, &args[i]);
    ok = value &&
         (names && names[i] ? PyDict_SetItemString(keywords, names[i], value) : PyList_Append(positional, value)) == 0;
    Py_XDECREF(value);
  }
  if (ok) tuple = PyList_AsTuple(positional);
  if (tuple) result = PyObject_Call(callee->object, tuple, keywords);
  Py_XDECREF(tuple);
  Py_XDECREF(positional);
  Py_XDECREF(keywords);
  int status = answer(h, result, out);
  if (status > 0) out->is_constexpr = true;
  PyGILState_Release(gil);
  return status;
}

static int print(void *self, const char *text, size_t len) {
  (void)self;
  PyGILState_STATE gil = PyGILState_Ensure();
  PyObject *out = PySys_GetObject("stdout"), *str = PyUnicode_DecodeUTF8(text, (Py_ssize_t)len, "replace");
  int status = str && (!out || out == Py_None || PyFile_WriteObject(str, out, Py_PRINT_RAW) == 0) ? 1 : -1;
  Py_XDECREF(str);
  PyGILState_Release(gil);
  return status;
}

bool ext_host_init(Host *h, State *st) {
  *h = (Host){.st = st};
  if (!st->constexpr)
    return PyErr_SetString(PyExc_RuntimeError, "import triton before using its extension module"), false;
  h->keep = PyList_New(0);
  h->globals = PyList_New(0);
  if (!h->keep || !h->globals) return ext_host_clear(h), false;
  h->table = (ttc_host){h, lookup, get_attribute, call, print};
  return true;
}

void ext_host_clear(Host *h) {
  Py_CLEAR(h->keep);
  Py_CLEAR(h->globals);
}
