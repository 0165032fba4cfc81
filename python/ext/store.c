/* store.c: the user's cache manager (`knobs.cache.manager_class`) as the ttc_store of a compile.
 *
 * The Python part, triton.runtime.cache._Store, knows what the manager's methods are; here its answers are held until the
 * compile ends. A compile runs without the GIL; each question takes it.
 */
#include "ext.h"

static int get(void *self, const char *hash, const char *file, const void **bytes, size_t *len) {
  Store *s = self;
  PyGILState_STATE gil = PyGILState_Ensure();
  PyObject *answer = PyObject_CallMethod(s->object, "get", "ss", hash, file);
  char *data = NULL;
  Py_ssize_t n = 0;
  int found = !answer ? -1 : answer != Py_None;
  if (found > 0 && (PyBytes_AsStringAndSize(answer, &data, &n) != 0 || !ext_host_keep(s->host, answer))) found = -1;
  *bytes = data;
  *len = (size_t)n;
  Py_XDECREF(answer);
  PyGILState_Release(gil);
  return found;
}

static int put(void *self, const char *hash, const char *file, bool is_text, const void *bytes, size_t len) {
  Store *s = self;
  PyGILState_STATE gil = PyGILState_Ensure();
  PyObject *data = is_text ? PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)len, "surrogateescape")
                           : PyBytes_FromStringAndSize(bytes, (Py_ssize_t)len);
  PyObject *answer = data ? PyObject_CallMethod(s->object, "put", "ssO", hash, file, data) : NULL;
  int status = answer ? 0 : -1;
  Py_XDECREF(answer);
  Py_XDECREF(data);
  PyGILState_Release(gil);
  return status;
}

/* Only who has imported the settings, or set the variable, has a manager of their own. */
static bool may_have_manager(void) {
  PyObject *modules = PySys_GetObject("modules");
  const char *variable = getenv("TRITON_CACHE_MANAGER");
  return (variable && *variable) || (modules && PyDict_GetItemString(modules, "triton.knobs"));
}

bool ext_store_open(Store *s, Host *host, const char *kernel) {
  *s = (Store){.host = host, .table = {s, get, put}};
  if (!may_have_manager()) return true;
  PyObject *cache = PyImport_ImportModule("triton.runtime.cache");
  PyObject *store = cache ? PyObject_CallMethod(cache, "_store", "s", kernel) : NULL;
  Py_XDECREF(cache);
  if (store && store != Py_None && ext_host_keep(host, store)) s->object = store;
  Py_XDECREF(store);
  return !PyErr_Occurred();
}
