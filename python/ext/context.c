/* context.c: the library's contexts for Python: Ctrl-C ends what runs in one, and its errors become
 * exceptions. */
#include "ext.h"

#include <string.h>
#include <time.h>

/* triton.OutOfResources(required, limit, name), from the message's own words. */
static bool raise_resources(State *st, const char *text) {
  char name[64];
  long long required, limit;
  const char *words = strstr(text, "out of resource: "); /* a compile's message has "error: " before it */
  if (!words) return false;
  if (sscanf(words, "out of resource: %63[^,], Required: %lld, Hardware limit: %lld", name, &required, &limit) != 3)
    return false;
  PyObject *error = PyObject_CallFunction(st->out_of_resources, "LLs", required, limit, name);
  if (error) PyErr_SetObject((PyObject *)Py_TYPE(error), error);
  Py_XDECREF(error);
  return true;
}

void ext_raise_status(State *st, ttc_context *cx, ttc_status status) {
  if (status == TTC_ERROR_HOST && PyErr_Occurred()) return;
  PyErr_Clear();
  if (status == TTC_ERROR_MEMORY) {
    PyErr_NoMemory();
    return;
  }
  const char *text = ttc_message(cx);
  if (status == TTC_ERROR_RESOURCES && raise_resources(st, text)) return;
  PyObject *message = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
  if (!message) return;
  if (status == TTC_ERROR_SOURCE) {
    PyObject *error = PyObject_CallFunctionObjArgs(st->compilation_error, message, NULL);
    if (error) PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_XDECREF(error);
  } else {
    PyErr_SetObject(status == TTC_ERROR_ARGUMENT ? PyExc_TypeError : PyExc_RuntimeError, message);
  }
  Py_DECREF(message);
}

double ext_now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* ---- Ctrl-C ------------------------------------------------------------------------------------------------------ */

/* Runs without the GIL, and takes it only when enough time has passed since the last check. */
static int signal_came(void *self) {
  static _Thread_local double last;
  enum { BETWEEN_US = 50000 };
  (void)self;
  double now = ext_now_us();
  if (now - last < BETWEEN_US) return 0;
  last = now;
  PyGILState_STATE gil = PyGILState_Ensure();
  int came = PyErr_CheckSignals() != 0;
  PyGILState_Release(gil);
  return came;
}

ttc_context *ext_new_context(void) {
  ttc_context *cx = ttc_context_new();
  if (!cx) return PyErr_NoMemory(), NULL;
  ttc_context_set_interrupt(cx, signal_came, NULL);
  return cx;
}

/* Both under the GIL: a launch inside of a launch, or of another thread, finds none and makes its own. */
ttc_context *ext_enter_context(State *st) {
  ttc_context *cx = st->spare;
  st->spare = NULL;
  return cx ? cx : ext_new_context();
}

void ext_leave_context(State *st, ttc_context *cx) {
  ttc_context *old = st->spare;
  st->spare = cx;
  ttc_context_free(old);
}
