/* device.c: where a launch runs, and in which stream.
 *
 * A kernel runs where its tensors are: on the CPU when they lie in host memory, on the GPU when one of them lies
 * there. Then the others must be reachable from there too: on a GPU, or pinned. A call without any tensor runs on the
 * default device, which the Python part chooses. With TRITONC_SIMULATE, what would run on the CPU runs on the
 * simulated GPU. On a GPU the device is the one that is current in the calling thread (torch.cuda.device,
 * torch.cuda.set_device), and the stream is the one that PyTorch or CuPy works in at that moment.
 */
#include "ext.h"

#include <string.h>

PyObject *ext_current_device(PyObject *module, PyObject *args) {
  const char *target;
  int number, capability;
  if (!PyArg_ParseTuple(args, "s", &target)) return NULL;
  ttc_context *cx = ttc_context_new();
  if (!cx) return PyErr_NoMemory();
  ttc_status status = ttc_device(cx, target, &number, &capability);
  if (status != TTC_OK) ext_raise_status(ext_state_of(module), cx, status);
  ttc_context_free(cx);
  return status == TTC_OK ? Py_BuildValue("(ii)", number, capability) : NULL;
}

/* function(number), a function of one argument in C without the way through Python's calls. */
static PyObject *call_with(PyObject *function, PyObject *number) {
  if (Py_TYPE(function) != &PyCFunction_Type || PyCFunction_GetFlags(function) != METH_O)
    return PyObject_CallFunctionObjArgs(function, number, NULL);
  return PyCFunction_GetFunction(function)(PyCFunction_GetSelf(function), number);
}

bool ext_current_stream(State *st, int device, uintptr_t *stream) {
  *stream = 0;
  if (!st->current_stream && st->find_stream) {
    PyObject *function = PyObject_CallFunctionObjArgs(st->find_stream, NULL);
    if (!function) return false;
    if (function == Py_None) { /* no library with streams is loaded: the default one; another time there may be */
      Py_DECREF(function);
      return true;
    }
    st->current_stream = function;
  }
  PyObject *number = PyLong_FromLong(device);
  PyObject *answer = number ? call_with(st->current_stream, number) : NULL;
  Py_XDECREF(number);
  if (!answer) return false;
  *stream = (uintptr_t)PyLong_AsUnsignedLongLong(answer);
  Py_DECREF(answer);
  return !PyErr_Occurred();
}

/* Pinned memory lies in the host's and can be reached from the GPU. */
static bool is_pinned(State *st, PyObject *obj) {
  PyObject *answer = PyObject_CallMethodObjArgs(obj, st->str_is_pinned, NULL);
  bool yes = answer && PyObject_IsTrue(answer) == 1;
  Py_XDECREF(answer);
  PyErr_Clear();
  return yes;
}

/* Some arguments are on a GPU and some in host memory: those must be pinned. */
static bool check_reachable(Call *c, const FnParam *p, PyObject *value, const uint64_t word[2], void *arg) {
  State *st = c->f->st;
  (void)arg;
  if ((word[0] & 0xff) != TAG_POINTER) return true;
  TypeEntry t;
  Pointer q;
  if (!ext_type_entry(st, value, &t) || !ext_pointer_of(st, &t, value, p->name, &q)) return false;
  if (q.place != PLACE_HOST || is_pinned(st, value)) return true;
  PyErr_Format(PyExc_ValueError,
               "Pointer argument (at %zd) cannot be accessed from Triton (cpu tensor?): `%U` is in host memory and "
               "`%U` on a GPU; move both to one place",
               c->at, p->name, c->f->params[c->gpu_param].name);
  return false;
}

/* 1: a GPU, 0: the CPU, -1: an exception is set. */
static int default_is_gpu(State *st) {
  if (!st->default_target) return 0;
  PyObject *answer = PyObject_CallFunctionObjArgs(st->default_target, NULL);
  const char *text = answer ? PyUnicode_AsUTF8AndSize(answer, NULL) : NULL;
  int gpu = text ? strncmp(text, "cuda", 4) == 0 : -1;
  Py_XDECREF(answer);
  return gpu;
}

static bool choose_gpu(Call *c, uint64_t *word) {
  int device, capability;
  if (ttc_device(NULL, "cuda", &device, &capability) != TTC_OK) { /* once more, for the message */
    ttc_context *cx = ttc_context_new();
    ttc_status status = cx ? ttc_device(cx, "cuda", &device, &capability) : TTC_ERROR_MEMORY;
    if (status != TTC_OK && cx) ext_raise_status(c->f->st, cx, status);
    if (!cx) PyErr_NoMemory();
    ttc_context_free(cx);
    if (status != TTC_OK) return false;
  }
  if (!c->stream_known && !ext_current_stream(c->f->st, device, &c->stream)) return false;
  c->capability = capability;
  *word = (uint64_t)capability;
  return true;
}

const char *ext_call_target(const Call *c, char out[TARGET_TEXT]) {
  if (!c->capability) return "cpu";
  snprintf(out, TARGET_TEXT, "%s:%d", c->simulated ? "simt" : "cuda", c->capability);
  return out;
}

bool ext_choose_device(Call *c, uint64_t *word) {
  *word = 0;
  bool gpu = c->gpu_param >= 0;
  if (!gpu && (c->capability = ext_simulated_capability()) != 0) {
    c->simulated = true;
    *word = (uint64_t)c->capability | UINT64_C(1) << 32;
    return true;
  }
  if (!gpu && c->host_param < 0) {
    int answer = default_is_gpu(c->f->st);
    if (answer < 0) return false;
    gpu = answer == 1;
  }
  if (!gpu) return true;
  if (c->host_param >= 0 && !ext_call_leaves(c, check_reachable, NULL)) return false;
  return choose_gpu(c, word);
}
