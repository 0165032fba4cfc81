/* profile.c: records of launches for triton.profiler, and launches as ranges of PyTorch's profiler. */
#include "ext.h"

/* profile_start(way): record launches; `way` is None or what ttc_profile_start() takes. */
PyObject *ext_profile_start(PyObject *module, PyObject *args) {
  const char *way = NULL;
  if (!PyArg_ParseTuple(args, "|z", &way)) return NULL;
  ttc_context *cx = ttc_context_new();
  if (!cx) return PyErr_NoMemory();
  ttc_status status = ttc_profile_start(cx, way);
  if (status != TTC_OK) ext_raise_status(ext_state_of(module), cx, status);
  ttc_context_free(cx);
  if (status != TTC_OK) return NULL;
  Py_RETURN_NONE;
}

/* profile_mark(id, everywhere): what this thread (or any that is given no id later) launches belongs to `id`. */
PyObject *ext_profile_mark(PyObject *module, PyObject *args) {
  (void)module;
  unsigned long long id;
  int everywhere = 0;
  if (!PyArg_ParseTuple(args, "K|p", &id, &everywhere)) return NULL;
  PyThreadState *saved = PyEval_SaveThread(); /* where instructions are sampled the device is waited for */
  if (everywhere)
    ttc_profile_mark_all(id);
  else
    ttc_profile_mark(id);
  PyEval_RestoreThread(saved);
  Py_RETURN_NONE;
}

/* profile_read(wait): a list of (id, kernel, target, begin, end, device, stream), which are taken from the records. */
PyObject *ext_profile_read(PyObject *module, PyObject *args) {
  (void)module;
  int wait = 0;
  if (!PyArg_ParseTuple(args, "|p", &wait)) return NULL;
  PyObject *list = PyList_New(0);
  enum { AT_ONCE = 256 };
  ttc_profile_record records[AT_ONCE];
  for (size_t n = AT_ONCE; list && n == AT_ONCE; wait = 0) {
    PyThreadState *saved = PyEval_SaveThread();
    n = ttc_profile_read(records, AT_ONCE, wait != 0);
    PyEval_RestoreThread(saved);
    for (size_t i = 0; list && i < n; i++) {
      const ttc_profile_record *r = &records[i];
      PyObject *item = Py_BuildValue("KssLLiK", (unsigned long long)r->id, r->name, r->target, (long long)r->begin,
                                     (long long)r->end, r->device, (unsigned long long)r->stream);
      if (!item || PyList_Append(list, item) != 0) Py_CLEAR(list);
      Py_XDECREF(item);
    }
  }
  return list;
}

/* profile_samples(): a list of (id, kernel, file or None, line, reason, stalled, count) of what profile_read(True) found. */
PyObject *ext_profile_samples(PyObject *module, PyObject *ignored) {
  (void)module, (void)ignored;
  PyObject *list = PyList_New(0);
  enum { AT_ONCE = 256 };
  ttc_profile_sample samples[AT_ONCE];
  for (size_t n = AT_ONCE; list && n == AT_ONCE;) {
    n = ttc_profile_read_samples(samples, AT_ONCE);
    for (size_t i = 0; list && i < n; i++) {
      const ttc_profile_sample *s = &samples[i];
      PyObject *item = Py_BuildValue("KszisOK", (unsigned long long)s->id, s->kernel, s->file, s->line, s->reason,
                                     s->stalled ? Py_True : Py_False, (unsigned long long)s->count);
      if (!item || PyList_Append(list, item) != 0) Py_CLEAR(list);
      Py_XDECREF(item);
    }
  }
  return list;
}

PyObject *ext_count_launches(PyObject *module, PyObject *on) {
  (void)module;
  int counts = PyObject_IsTrue(on);
  return counts < 0 ? NULL : PyLong_FromUnsignedLongLong(ttc_count_launches(counts != 0));
}

/* counted_parts(): a list of nanoseconds. */
PyObject *ext_counted_parts(PyObject *module, PyObject *ignored) {
  (void)module, (void)ignored;
  size_t n = ttc_counted_parts(NULL, 0);
  uint64_t *parts = PyMem_Malloc((n ? n : 1) * sizeof *parts);
  if (!parts) return PyErr_NoMemory();
  ttc_counted_parts(parts, n);
  PyObject *list = PyList_New((Py_ssize_t)n);
  for (size_t i = 0; list && i < n; i++) {
    PyObject *part = PyLong_FromUnsignedLongLong(parts[i]);
    if (!part || PyList_SetItem(list, (Py_ssize_t)i, part)) Py_CLEAR(list);
  }
  PyMem_Free(parts);
  return list;
}

PyObject *ext_profile_stop(PyObject *module, PyObject *ignored) {
  (void)module, (void)ignored;
  PyThreadState *saved = PyEval_SaveThread();
  ttc_profile_stop();
  PyEval_RestoreThread(saved);
  Py_RETURN_NONE;
}

/* ---- PyTorch's profiler ------------------------------------------------------------------------------------------ */

/* The module says in a variable of its own whether it is active; a look at that is all that a launch pays. */
void ext_range_watch(State *st) {
  if (st->torch_profiler) return;
  PyObject *name = PyUnicode_FromString("torch.autograd.profiler");
  PyObject *module = name ? PyImport_GetModule(name) : NULL;
  Py_XDECREF(name);
  if (module) st->torch_profiler = PyObject_GetAttrString(module, "__dict__");
  Py_XDECREF(module);
  PyErr_Clear();
}

bool ext_range_wanted(const State *st) {
  return st->torch_profiler && PyDict_GetItemWithError(st->torch_profiler, st->str_is_profiler_enabled) == Py_True;
}

/* A range of PyTorch's profiler called by the kernel's name, entered; NULL with an exception set. */
PyObject *ext_range_enter(const char *name) {
  PyObject *module = PyImport_ImportModule("torch._C._profiler");
  PyObject *range = module ? PyObject_CallMethod(module, "_RecordFunctionFast", "s", name) : NULL;
  PyObject *entered = range ? PyObject_CallMethod(range, "__enter__", NULL) : NULL;
  if (!entered) Py_CLEAR(range);
  Py_XDECREF(entered);
  Py_XDECREF(module);
  return range;
}

/* Also where the launch has failed: its exception stays. */
bool ext_range_leave(PyObject *range) {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyObject *left = PyObject_CallMethod(range, "__exit__", "OOO", Py_None, Py_None, Py_None);
  bool ok = left != NULL;
  Py_XDECREF(left);
  Py_DECREF(range);
  if (type) PyErr_Restore(type, value, trace);
  return ok;
}
