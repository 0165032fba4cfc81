/* simulate.c: TRITONC_SIMULATE: kernels on tensors in host memory run on the simulated GPU instead of the CPU.
 *
 * The simulated GPU checks every access against the buffers that the arguments stand for. A view may reach all of the
 * memory it is a view of, as on a real GPU: of a PyTorch tensor that is its storage, of a NumPy array its owner's
 * bytes. Where some argument does not say how much memory is behind it, nothing is checked.
 */
#include "ext.h"

#include <string.h>

enum { DEFAULT_PROCESSOR = 90 };

int ext_simulated_capability(void) {
  const char *text = getenv("TRITONC_SIMULATE");
  if (!text || !*text || strcmp(text, "0") == 0) return 0;
  const char *colon = strrchr(text, ':');
  int number = atoi(colon ? colon + 1 : text);
  return number > 1 ? number : DEFAULT_PROCESSOR;
}

/* ---- how much memory is behind an argument ----------------------------------------------------------------------- */

typedef struct Bytes {
  uintptr_t base;
  size_t size;
  bool read_only, unwritten;
} Bytes;

/* obj.method() as a number. */
static bool number_of(PyObject *obj, const char *method, size_t *out) {
  PyObject *answer = obj ? PyObject_CallMethod(obj, method, NULL) : NULL;
  if (!answer) return false;
  *out = (size_t)PyLong_AsUnsignedLongLong(answer);
  Py_DECREF(answer);
  return !PyErr_Occurred();
}

static bool array_bytes(State *st, PyObject *obj, Bytes *out);

/* Does a wrapper say that nothing is in its memory yet (triton.testing.unwritten)? */
static bool says_unwritten(PyObject *wrapper) {
  PyObject *answer = PyObject_GetAttrString(wrapper, "_unwritten");
  PyErr_Clear();
  bool yes = answer == Py_True;
  Py_XDECREF(answer);
  return yes;
}

/* A PyTorch tensor, or something around one (triton.TensorWrapper). */
static bool tensor_bytes(State *st, PyObject *obj, Bytes *out) {
  PyObject *storage = PyObject_CallMethod(obj, "untyped_storage", NULL);
  if (!storage) {
    PyErr_Clear();
    PyObject *base = PyObject_GetAttrString(obj, "base");
    TypeEntry t;
    bool ok = base && base != Py_None && base != obj && ext_type_entry(st, base, &t) &&
              !Py_EnterRecursiveCall(" in the tensors that others wrap");
    if (ok) {
      ok = t.class == ARG_ARRAY ? array_bytes(st, base, out) : tensor_bytes(st, base, out);
      Py_LeaveRecursiveCall();
    }
    Py_XDECREF(base);
    out->unwritten |= says_unwritten(obj);
    return ok;
  }
  bool ok = number_of(storage, "data_ptr", &out->base) && number_of(storage, "nbytes", &out->size);
  Py_DECREF(storage);
  return ok;
}

/* The bytes from the first to the last element of an array with these sizes and strides (NULL: it is compact), each a tuple:
 * low below its address and `high` above it. */
static bool reach(PyObject *shape, PyObject *strides, int64_t element, int64_t *low, int64_t *high) {
  int64_t compact = element;
  *low = 0, *high = element;
  for (Py_ssize_t i = PyTuple_Size(shape) - 1; i >= 0; i--) {
    int64_t n = PyLong_AsLongLong(PyTuple_GetItem(shape, i)), way;
    int64_t stride = strides ? PyLong_AsLongLong(PyTuple_GetItem(strides, i)) : compact;
    if (PyErr_Occurred() || n < 0) return false;
    if (n == 0) return *low = *high = 0, true;
    int64_t *side = stride < 0 ? low : high;
    if (__builtin_mul_overflow(n - 1, stride, &way) || __builtin_add_overflow(*side, way, side)) return false;
    if (!strides && __builtin_mul_overflow(compact, n, &compact)) return false;
  }
  return true;
}

static PyObject *tuple_at(PyObject *dict, const char *name) {
  PyObject *value = PyDict_GetItemString(dict, name);
  return value && PyTuple_Check(value) ? Py_NewRef(value) : NULL;
}

/* `data`, `shape`, `strides` and `typestr` of an __array_interface__. */
static bool interface_bytes(PyObject *interface, Bytes *out) {
  PyObject *type = PyDict_GetItemString(interface, "typestr");
  const char *text = type && PyUnicode_Check(type) ? PyUnicode_AsUTF8AndSize(type, NULL) : NULL;
  int64_t low, high, element = text && strlen(text) >= 3 ? atoll(text + 2) : 0;
  PyObject *data = tuple_at(interface, "data"), *shape = tuple_at(interface, "shape"),
           *strides = tuple_at(interface, "strides");
  bool ok = element > 0 && data && PyTuple_Size(data) == 2 && shape &&
            (!strides || PyTuple_Size(strides) == PyTuple_Size(shape)) && reach(shape, strides, element, &low, &high);
  if (ok) {
    out->base = (uintptr_t)PyLong_AsUnsignedLongLong(PyTuple_GetItem(data, 0)) + (uintptr_t)low;
    out->size = (size_t)high - (size_t)low;
  }
  Py_XDECREF(data);
  Py_XDECREF(shape);
  Py_XDECREF(strides);
  return ok && !PyErr_Occurred();
}

/* Of a NumPy array: its owner's, which is the last in the chain of `base`s that is an array. */
static bool array_bytes(State *st, PyObject *obj, Bytes *out) {
  PyObject *base = PyObject_GetAttrString(obj, "base");
  if (!base) PyErr_Clear();
  TypeEntry t;
  bool owned = base && base != Py_None && base != obj && ext_type_entry(st, base, &t) && t.class == ARG_ARRAY &&
               !Py_EnterRecursiveCall(" in the arrays that others are views of");
  if (owned) {
    owned = array_bytes(st, base, out);
    Py_LeaveRecursiveCall();
  }
  Py_XDECREF(base);
  PyErr_Clear();
  PyObject *interface = PyObject_GetAttr(obj, st->str_array_interface);
  bool ok = interface && PyDict_Check(interface) && (owned || interface_bytes(interface, out));
  PyObject *data = ok ? tuple_at(interface, "data") : NULL;
  if (data && PyTuple_Size(data) == 2) out->read_only = PyObject_IsTrue(PyTuple_GetItem(data, 1)) == 1;
  Py_XDECREF(data);
  Py_XDECREF(interface);
  return ok;
}

static bool buffer_bytes(PyObject *obj, Bytes *out) {
  Py_buffer view;
  if (PyObject_GetBuffer(obj, &view, PyBUF_FORMAT | PyBUF_ANY_CONTIGUOUS) != 0) return false;
  *out = (Bytes){.base = (uintptr_t)view.buf, .size = (size_t)view.len, .read_only = view.readonly != 0};
  PyBuffer_Release(&view);
  return true;
}

/* ---- all arguments' ---------------------------------------------------------------------------------------------- */

/* Memory that overlaps is one buffer. */
static void add(Memory *m, const Bytes *b, const char *name) {
  uint32_t flags = (b->read_only ? TTC_MEMORY_READ_ONLY : 0) | (b->unwritten ? TTC_MEMORY_UNINITIALIZED : 0);
  ttc_memory fresh = {(const void *)b->base, b->size, flags, name};
  for (size_t i = 0; i < m->n; i++) {
    uintptr_t from = (uintptr_t)m->at[i].base, to = from + m->at[i].size, begin = (uintptr_t)fresh.base,
              end = begin + fresh.size;
    if (begin >= to || from >= end) continue;
    if (from < begin) fresh.base = m->at[i].base, begin = from;
    fresh.size = (to > end ? to : end) - begin;
    fresh.flags &= m->at[i].flags;
    fresh.name = m->at[i].name;
    m->at[i--] = m->at[--m->n];
  }
  m->at[m->n++] = fresh;
}

static bool reserve(Memory *m) {
  if (m->n < m->cap) return true;
  size_t cap = m->cap ? 2 * m->cap : 8;
  ttc_memory *more = PyMem_Realloc(m->at, cap * sizeof *more);
  if (!more) return PyErr_NoMemory(), false;
  m->at = more;
  m->cap = cap;
  return true;
}

bool ext_memory_add_unknown(Memory *m, const char *name) {
  m->unknown_name = name;
  if (m->unknown) return true;
  if (!reserve(m)) return false;
  m->at[m->n++] = (ttc_memory){.flags = TTC_MEMORY_UNBOUNDED};
  m->unknown = true;
  return true;
}

bool ext_memory_add(State *st, Memory *m, PyObject *obj, const char *name) {
  TypeEntry t;
  if (!ext_type_entry(st, obj, &t)) return false;
  ArgClass class = t.class;
  if (class == ARG_DESCRIPTOR) {
    PyObject *base = ext_descriptor_base(obj);
    bool ok = base && !Py_EnterRecursiveCall(" in the base of a tensor descriptor");
    if (ok) {
      ok = ext_memory_add(st, m, base, name);
      Py_LeaveRecursiveCall();
    }
    Py_XDECREF(base);
    return ok;
  }
  if (!class_has_memory(class)) return true;
  if (!reserve(m)) return false;
  Bytes bytes = {0};
  bool known = class == ARG_TENSOR   ? tensor_bytes(st, obj, &bytes)
               : class == ARG_ARRAY  ? array_bytes(st, obj, &bytes)
               : class == ARG_BUFFER ? buffer_bytes(obj, &bytes)
                                     : false;
  if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_Exception)) return false; /* Ctrl-C */
  PyErr_Clear();
  if (!known) return ext_memory_add_unknown(m, name);
  if (bytes.size) add(m, &bytes, name);
  return true;
}

void ext_memory_clear(Memory *m) { PyMem_Free(m->at); }
