/* dlpack.c: arguments that say where their memory is by DLPack: obj.__dlpack__() gives a capsule with a description.
 *
 * The capsule is looked at and dropped, which gives the description back to who made it; the memory is the argument's
 * own and lives as long as that, through the launch. The structs are the protocol's, both of its forms: with version 1.0
 * came a head and flags, among them that the memory must not be written.
 *
 * A type of tensors may also have a table of C functions (1.2: __dlpack_c_exchange_api__), one of which describes an
 * instance without an object made. A launch asks that one: for PyTorch's tensors it takes a quarter of the time of asking for
 * data_ptr(), dtype and is_cuda. What it says of a device or an element type that is not known here, and its errors, are left to
 * the questions in Python, which have the messages.
 */
#include "ext.h"

#include <stdatomic.h>
#include <string.h>

typedef struct DLTensor {
  void *data;
  int32_t device, device_number;
  int32_t rank;
  struct {
    uint8_t code, bits;
    uint16_t lanes;
  } dtype;
  int64_t *shape, *strides;
  uint64_t byte_offset;
} DLTensor;

typedef struct DLVersioned {
  uint32_t major, minor;
  void *manager;
  void (*deleter)(struct DLVersioned *self);
  uint64_t flags;
  DLTensor tensor;
} DLVersioned;

/* What __dlpack_c_exchange_api__ leads to. */
typedef struct DLExchange {
  uint32_t major, minor;
  const struct DLExchange *older;
  int (*allocate)(void), (*managed_of)(void), (*object_of)(void);
  DescribeFn *describe; /* may be NULL */
  int (*stream)(void);
} DLExchange;

enum { FLAG_READ_ONLY = 1 };
enum { DEVICE_CPU = 1, DEVICE_CUDA = 2, DEVICE_CUDA_HOST = 3, DEVICE_CUDA_MANAGED = 13 };

static const struct {
  uint8_t code, bits;
  const char *name;
} dtypes[] = {
    {0, 8, "i8"},   {0, 16, "i16"},     {0, 32, "i32"},     {0, 64, "i64"},     {1, 8, "u8"},     {1, 16, "u16"},
    {1, 32, "u32"}, {1, 64, "u64"},     {2, 16, "fp16"},    {2, 32, "fp32"},    {2, 64, "fp64"},  {4, 16, "bf16"},
    {6, 8, "i1"},   {9, 8, "fp8e4b15"}, {10, 8, "fp8e4nv"}, {11, 8, "fp8e4b8"}, {12, 8, "fp8e5"}, {13, 8, "fp8e5b16"},
};

/* The capsule: the newer form where the library has it, made ready for the default stream of a GPU. */
static PyObject *capsule_of(PyObject *obj) {
  PyObject *method = PyObject_GetAttrString(obj, "__dlpack__"), *none = method ? PyTuple_New(0) : NULL;
  PyObject *wish = none ? Py_BuildValue("{s(ii)}", "max_version", 1, 0) : NULL;
  PyObject *capsule = wish ? PyObject_Call(method, none, wish) : NULL;
  if (!capsule && wish && PyErr_ExceptionMatches(PyExc_TypeError)) { /* a library from before there were versions */
    PyErr_Clear();
    capsule = PyObject_CallFunctionObjArgs(method, NULL);
  }
  Py_XDECREF(wish);
  Py_XDECREF(none);
  Py_XDECREF(method);
  return capsule;
}

static int id_in_table(uint8_t code, uint8_t bits) {
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (code == dtypes[i].code && bits == dtypes[i].bits) return ext_id_of_dtype(dtypes[i].name);
  return -1;
}

/* The id of its element type, or -1. What was found is remembered by code and bytes: a launch asks for each tensor. */
static int id_of_elements(const DLTensor *t) {
  enum { CODES = 16, MOST_BYTES = 8, UNKNOWN = -1 };
  static _Atomic(int) ids[CODES][MOST_BYTES + 1]; /* plus two; 0: not looked for yet */
  uint8_t code = t->dtype.code, bits = t->dtype.bits;
  if (t->dtype.lanes != 1 || code >= CODES || bits % 8 || bits > 8 * MOST_BYTES) return UNKNOWN;
  _Atomic(int) *id = &ids[code][bits / 8];
  int found = atomic_load_explicit(id, memory_order_relaxed);
  if (!found) atomic_store_explicit(id, found = id_in_table(code, bits) + 2, memory_order_relaxed);
  return found - 2;
}

static bool describe(const DLTensor *t, PyObject *what, Pointer *out) {
  out->dtype = id_of_elements(t);
  if (out->dtype < 0)
    return PyErr_Format(PyExc_TypeError,
                        "argument `%U`: kernels do not support the element type of DLPack's code %d with %d bits", what,
                        (int)t->dtype.code, (int)t->dtype.bits),
           false;
  switch (t->device) {
  case DEVICE_CPU: out->place = PLACE_HOST; break;
  case DEVICE_CUDA: out->place = PLACE_GPU; break;
  case DEVICE_CUDA_HOST:
  case DEVICE_CUDA_MANAGED: out->place = PLACE_ANY; break;
  default:
    return PyErr_Format(PyExc_ValueError,
                        "argument `%U` is in the memory of a device that kernels do not run on (DLPack's number %d)",
                        what, (int)t->device),
           false;
  }
  out->address = (uintptr_t)t->data + (uintptr_t)t->byte_offset;
  return true;
}

bool ext_dlpack_pointer(PyObject *obj, PyObject *what, Pointer *out) {
  PyObject *capsule = capsule_of(obj);
  if (!capsule) return false;
  bool ok;
  if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
    const DLVersioned *v = PyCapsule_GetPointer(capsule, "dltensor_versioned");
    ok = v->major == 1;
    if (!ok)
      PyErr_Format(PyExc_TypeError, "argument `%U`: version %u of DLPack is not known here", what, (unsigned)v->major);
    ok = ok && describe(&v->tensor, what, out);
    out->read_only = v->flags & FLAG_READ_ONLY;
  } else if (PyCapsule_IsValid(capsule, "dltensor")) {
    ok = describe(PyCapsule_GetPointer(capsule, "dltensor"), what, out);
  } else {
    PyErr_Format(PyExc_TypeError, "argument `%U`: its __dlpack__() gave no tensor", what);
    ok = false;
  }
  Py_DECREF(capsule);
  return ok;
}

/* ---- described in C ---------------------------------------------------------------------------------------------- */

/* Whether the class has the table by itself, or from one above it without answering questions in a way of its own: then
 * its __torch_function__ is one in C, or there is none. */
static bool answers_plainly(PyTypeObject *type) {
  PyObject *own = PyObject_GetAttrString((PyObject *)type, "__dict__");
  bool plain = own && PyMapping_HasKeyString(own, "__dlpack_c_exchange_api__");
  Py_XDECREF(own);
  if (plain) return true;
  PyObject *function = PyObject_GetAttrString((PyObject *)type, "__torch_function__");
  plain = !function || PyCFunction_Check(function);
  Py_XDECREF(function);
  PyErr_Clear();
  return plain;
}

DescribeFn *ext_dlpack_describer(PyTypeObject *type) {
  PyObject *capsule = PyObject_GetAttrString((PyObject *)type, "__dlpack_c_exchange_api__");
  const DLExchange *table = NULL;
  if (capsule && PyCapsule_IsValid(capsule, "dlpack_exchange_api"))
    table = PyCapsule_GetPointer(capsule, "dlpack_exchange_api");
  Py_XDECREF(capsule); /* the table is there for as long as the process */
  PyErr_Clear();
  while (table && table->major != 1) table = table->older;
  return table && answers_plainly(type) ? table->describe : NULL;
}

bool ext_dlpack_described(DescribeFn *describe, PyObject *obj, Pointer *out) {
  DLTensor t;
  if (describe(obj, &t) != 0) return PyErr_Clear(), false;
  if (t.device != DEVICE_CPU && t.device != DEVICE_CUDA) return false;
  out->dtype = id_of_elements(&t);
  out->place = t.device == DEVICE_CUDA ? PLACE_GPU : PLACE_HOST;
  out->address = (uintptr_t)t.data + (uintptr_t)t.byte_offset;
  return out->dtype >= 0;
}
