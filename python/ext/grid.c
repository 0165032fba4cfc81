/* grid.c: how many programs a launch has: numbers, a tuple of them, or a function of the arguments. */
#include "ext.h"

bool ext_grid_number(PyObject *obj, uint32_t *out) {
  long long x;
  if (PyLong_CheckExact(obj))
    x = PyLong_AsLongLong(obj);
  else {
    PyObject *number = PyNumber_Index(obj);
    if (!number && PyFloat_Check(obj))
      PyErr_SetString(PyExc_TypeError,
                      "the size of a grid is an int, not a float: triton.cdiv(n, BLOCK) is n / BLOCK rounded up");
    if (!number) return false;
    x = PyLong_AsLongLong(number);
    Py_DECREF(number);
  }
  if (x == -1 && PyErr_Occurred()) return false;
  if (x < 0 || x > INT32_MAX)
    return PyErr_Format(PyExc_ValueError, "a grid of %lld programs: 0 to 2147483647 are possible", x), false;
  *out = (uint32_t)x;
  return true;
}

bool ext_parse_grid(PyObject *grid, uint32_t out[3]) {
  out[0] = out[1] = out[2] = 1;
  if (PyList_Check(grid)) { /* whose numbers' __index__ may change it */
    PyObject *fixed = PyList_AsTuple(grid);
    bool ok = fixed && ext_parse_grid(fixed, out);
    Py_XDECREF(fixed);
    return ok;
  }
  if (!PyTuple_Check(grid)) return ext_grid_number(grid, &out[0]);
  Py_ssize_t n = PyTuple_Size(grid);
  if (n < 1 || n > 3) return PyErr_Format(PyExc_ValueError, "a grid has one to three dimensions, not %zd", n), false;
  for (Py_ssize_t i = 0; i < n; i++)
    if (!ext_grid_number(PyTuple_GetItem(grid, i), &out[i])) return false;
  return true;
}

/* A KeyError of a grid that asked for an argument which the kernel has not: its message names the arguments there are.
 * Other KeyErrors are left alone. */
static void explain_missing(const Call *c, PyObject *meta) {
  PyObject *type, *error, *trace;
  PyErr_Fetch(&type, &error, &trace);
  PyErr_NormalizeException(&type, &error, &trace);
  PyObject *errors = PyImport_ImportModule("triton.errors");
  PyObject *better =
      errors ? PyObject_CallMethod(errors, "missing_argument", "OOO", (PyObject *)c->f, meta, error) : NULL;
  if (!better) PyErr_Clear();
  if (better && PyExceptionInstance_Check(better)) {
    Py_DECREF(error);
    error = Py_NewRef(better);
  }
  Py_XDECREF(better);
  Py_XDECREF(errors);
  PyErr_Restore(type, error, trace);
}

/* A dict with every parameter's name, to be filled in: a copy of one that is large enough takes half the time of one that
 * grows. */
static PyObject *with_names(JITCore *f) {
  if (!f->names) f->names = PyDict_New();
  if (f->names && !PyDict_Size(f->names))
    for (Py_ssize_t i = 0; i < f->nparams; i++)
      if (PyDict_SetItem(f->names, f->params[i].name, Py_None) != 0) return NULL;
  return f->names ? PyDict_Copy(f->names) : NULL;
}

PyObject *ext_call_grid(const Call *c, PyObject *grid) {
  PyObject *meta = with_names(c->f);
  bool ok = meta != NULL;
  for (Py_ssize_t i = 0; ok && i < c->f->nparams; i++)
    ok = PyDict_SetItem(meta, c->f->params[i].name, c->values[i]) == 0;
  for (int i = 0; ok && i < c->noptions; i++)
    ok = PyDict_SetItem(meta, ext_option_name(c, i), c->option_values[i]) == 0;
  PyObject *result = ok ? PyObject_CallFunctionObjArgs(grid, meta, NULL) : NULL;
  if (ok && !result && PyErr_ExceptionMatches(PyExc_KeyError)) explain_missing(c, meta);
  Py_XDECREF(meta);
  return result;
}
