/* watch.c: globals that a compiled kernel depends on.
 *
 * The front end takes the values of globals when it compiles. A kernel compiled before such a global was rebound
 * would go on with the old value, so each launch looks whether all of them are what they were, and an error says
 * which is not. Only data is watched: functions and modules are not expected to change.
 */
#include "ext.h"

static bool is_data(State *st, PyObject *obj) {
  return (PyObject *)Py_TYPE(obj) == st->constexpr || PyBool_Check(obj) || PyLong_Check(obj) ||
         PyObject_TypeCheck(obj, &PyFloat_Type) || PyUnicode_Check(obj) || PyTuple_Check(obj) ||
         (st->dtype && (PyObject *)Py_TYPE(obj) == st->dtype);
}

bool ext_watch_note(Host *h, PyObject *globals, PyObject *name, PyObject *value) {
  if (!is_data(h->st, value)) return true;
  PyObject *item = PyTuple_Pack(3, globals, name, value);
  bool ok = item && PyList_Append(h->globals, item) == 0;
  Py_XDECREF(item);
  return ok;
}

bool ext_watch_add(JITCore *f, PyObject *notes) {
  Py_ssize_t n = PyList_Size(notes);
  if (n <= 0) return true;
  WatchedGlobal *grown = PyMem_Realloc(f->watches, (f->nwatches + (size_t)n) * sizeof *grown);
  if (!grown) return PyErr_NoMemory(), false;
  f->watches = grown;
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *item = PyList_GetItem(notes, i);
    WatchedGlobal w = {PyTuple_GetItem(item, 0), PyTuple_GetItem(item, 1), PyTuple_GetItem(item, 2)};
    bool known = false;
    for (size_t j = 0; j < f->nwatches && !known; j++)
      known = f->watches[j].globals == w.globals && PyUnicode_Compare(f->watches[j].name, w.name) == 0;
    if (known) continue;
    Py_INCREF(w.globals);
    Py_INCREF(w.name);
    Py_INCREF(w.value);
    PyUnicode_InternInPlace(&w.name);
    f->watches[f->nwatches++] = w;
  }
  return true;
}

/* 1: the same constant; 0: another; -1: an exception is set. Equal values may be different constants (0.0 and -0.0, (1,)
 * and (True,)), which print differently. */
static int same(PyObject *a, PyObject *b) {
  if (Py_TYPE(a) != Py_TYPE(b)) return 0;
  int equal = PyObject_RichCompareBool(a, b, Py_EQ);
  if (equal <= 0 || PyLong_Check(a) || PyUnicode_Check(a)) return equal;
  PyObject *first = PyObject_Repr(a), *second = first ? PyObject_Repr(b) : NULL;
  equal = second ? PyObject_RichCompareBool(first, second, Py_EQ) : -1;
  Py_XDECREF(first);
  Py_XDECREF(second);
  return equal;
}

static void raise_changed(PyObject *name, PyObject *then, PyObject *now) {
  if (now)
    PyErr_Format(PyExc_RuntimeError, "Global variable %U has changed since we compiled this kernel, from %R to %R",
                 name, then, now);
  else
    PyErr_Format(PyExc_RuntimeError, "Global variable %U, which was %R when this kernel was compiled, is gone", name,
                 then);
}

/* The i-th global holds another object than it did. A comparison, or what prints one, may be anybody's code, which compiles
 * kernels or rebinds the global: what is looked at is held, and the place is found again. */
static bool check_rebound(JITCore *f, size_t i, PyObject *now) {
  PyObject *name = Py_NewRef(f->watches[i].name), *then = Py_NewRef(f->watches[i].value);
  Py_XINCREF(now);
  int equal = now ? same(now, then) : 0;
  if (equal == 0) raise_changed(name, then, now);
  if (equal > 0 && i < f->nwatches && f->watches[i].value == then) { /* the next look is quick again */
    f->watches[i].value = Py_NewRef(now);
    Py_DECREF(then);
  }
  Py_DECREF(name);
  Py_DECREF(then);
  Py_XDECREF(now);
  return equal > 0;
}

bool ext_watch_check(JITCore *f) {
  for (size_t i = 0; i < f->nwatches; i++) {
    const WatchedGlobal *w = &f->watches[i];
    PyObject *now = PyDict_GetItemWithError(w->globals, w->name);
    if (now == w->value) continue;
    if (!now && PyErr_Occurred()) return false;
    if (!check_rebound(f, i, now)) return false;
  }
  return true;
}

void ext_watch_clear(JITCore *f) {
  WatchedGlobal *watches = f->watches;
  size_t n = f->nwatches;
  f->watches = NULL;
  f->nwatches = 0;
  for (size_t i = 0; i < n; i++) {
    Py_DECREF(watches[i].globals);
    Py_DECREF(watches[i].name);
    Py_DECREF(watches[i].value);
  }
  PyMem_Free(watches);
}

int ext_watch_traverse(const JITCore *f, visitproc visit, void *arg) {
  for (size_t i = 0; i < f->nwatches; i++) {
    Py_VISIT(f->watches[i].globals);
    Py_VISIT(f->watches[i].value);
  }
  return 0;
}
