/* descriptor.c: triton.tools.tensor_descriptor.TensorDescriptor as a launch's argument.
 *
 * Anything with its attributes will do: base, shape, strides, block_shape, and perhaps padding and round_f32_to_tf32.
 * The element type and the block's shape are what the kernel is compiled for; the rest goes with the launch.
 */
#include "ext.h"

#include <string.h>

/* An integer of a list, or the one inside a constexpr. */
static bool integer_of(State *st, PyObject *obj, int64_t *out) {
  bool wrapped = st->constexpr && PyObject_IsInstance(obj, st->constexpr) == 1;
  PyObject *inner = wrapped ? PyObject_GetAttr(obj, st->str_value) : NULL;
  PyObject *number = wrapped && !inner ? NULL : PyNumber_Index(wrapped ? inner : obj);
  Py_XDECREF(inner);
  if (!number) return false;
  *out = PyLong_AsLongLong(number);
  Py_DECREF(number);
  return !PyErr_Occurred();
}

/* desc.name, a sequence of `rank` integers; rank < 0: of as many as there are. Gives how many, or -1. */
static int integers_of(State *st, PyObject *desc, const char *name, int rank, int64_t *out) {
  PyObject *list = PyObject_GetAttrString(desc, name);
  Py_ssize_t n = list ? PySequence_Size(list) : -1;
  if (n >= 0 && (n == 0 || n > TTC_MAX_RANK || (rank >= 0 && n != rank))) {
    PyErr_Format(PyExc_ValueError, "a tensor descriptor has 1 to %d dimensions, and `%s` as many items as `shape`",
                 TTC_MAX_RANK, name);
    n = -1;
  }
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *item = PySequence_GetItem(list, i);
    bool ok = item && integer_of(st, item, &out[i]);
    Py_XDECREF(item);
    if (!ok) n = -1;
  }
  Py_XDECREF(list);
  return (int)n;
}

/* desc.name, if there is such an attribute; a new reference. */
static PyObject *optional(PyObject *desc, const char *name) {
  PyObject *obj = PyObject_GetAttrString(desc, name);
  if (!obj) PyErr_Clear();
  return obj;
}

static uint32_t flags_of(PyObject *desc) {
  uint32_t flags = 0;
  PyObject *padding = optional(desc, "padding"), *tf32 = optional(desc, "round_f32_to_tf32");
  if (padding && PyUnicode_Check(padding) && PyUnicode_CompareWithASCIIString(padding, "nan") == 0)
    flags |= TTC_DESCRIPTOR_NAN;
  if (tf32 && PyObject_IsTrue(tf32) == 1) flags |= TTC_DESCRIPTOR_TF32;
  PyErr_Clear();
  Py_XDECREF(padding);
  Py_XDECREF(tf32);
  return flags;
}

#define WHOLE_ROWS (UINT64_C(1) << 48) /* above five dimensions of 6 bits */

/* Rank, element type and block in one number, and whether rows end on a multiple of 16 bytes (as stores by the copy
 * engine must): what a kernel is compiled for. */
static bool block_key(const int64_t *block, int rank, int dtype, uint64_t *key) {
  *key = (uint64_t)dtype | (uint64_t)rank << 8;
  for (int i = 0; i < rank; i++) {
    int log = 0;
    while (log < 62 && (int64_t)1 << log < block[i]) log++;
    if (block[i] < 1 || (int64_t)1 << log != block[i])
      return PyErr_Format(PyExc_ValueError, "Shape element %d must be a power of 2", i), false;
    *key |= (uint64_t)log << (16 + 6 * i);
  }
  return true;
}

int ext_descriptor_divisibility(uint64_t key) { return key & WHOLE_ROWS ? 16 : 0; }

void ext_descriptor_type(uint64_t key, char out[DESCRIPTOR_TEXT]) {
  int rank = (int)(key >> 8 & 0xff),
      n = snprintf(out, DESCRIPTOR_TEXT, "tensordesc<%s[", ext_dtype_of_id((int)(key & 0xff)));
  for (int i = 0; i < rank; i++)
    n += snprintf(out + n, (size_t)(DESCRIPTOR_TEXT - n), "%s%lld", i ? "," : "",
                  (long long)((int64_t)1 << (key >> (16 + 6 * i) & 63)));
  snprintf(out + n, (size_t)(DESCRIPTOR_TEXT - n), "]>");
}

PyObject *ext_descriptor_base(PyObject *desc) { return PyObject_GetAttrString(desc, "base"); }

bool ext_descriptor_of(State *st, PyObject *desc, PyObject *what, Pointer *base, ttc_tensor_descriptor *out,
                       uint64_t *key) {
  int64_t block[TTC_MAX_RANK];
  *out = (ttc_tensor_descriptor){0};
  out->rank = integers_of(st, desc, "shape", -1, out->shape);
  if (out->rank < 0 || integers_of(st, desc, "strides", out->rank, out->strides) < 0 ||
      integers_of(st, desc, "block_shape", out->rank, block) < 0)
    return false;
  PyObject *tensor = ext_descriptor_base(desc);
  TypeEntry t;
  bool known = tensor && ext_type_entry(st, tensor, &t);
  bool is_memory = known && class_has_memory(t.class);
  if (known && !is_memory)
    PyErr_Format(PyExc_TypeError, "argument `%U`: the base of a tensor descriptor must be a tensor", what);
  bool ok = is_memory && ext_pointer_of(st, &t, tensor, what, base) && block_key(block, out->rank, base->dtype, key);
  Py_XDECREF(tensor);
  if (!ok) return false;
  if (out->shape[out->rank - 1] * ext_dtype_bytes(base->dtype) % 16 == 0) *key |= WHOLE_ROWS;
  out->base = (void *)base->address;
  out->flags = flags_of(desc);
  return true;
}
