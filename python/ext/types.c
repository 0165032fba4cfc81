/* types.c: what a Python type's instances are to a launch, and where their memory is.
 *
 * A launch looks at up to dozens of arguments and has a few microseconds. What a Python type's instances are (a
 * tensor, a NumPy array, an integer) is found out once per type, and is then a walk along a short array.
 */
#include "ext.h"

#include <string.h>

/* The first error that said more than that there is no such attribute. */
typedef struct Doubt {
  PyObject *type, *value, *trace;
} Doubt;

static int has_attr(PyObject *obj, PyObject *name, Doubt *doubt) {
  PyObject *attr = PyObject_GetAttr(obj, name);
  if (!attr && !doubt->type && !PyErr_ExceptionMatches(PyExc_AttributeError))
    PyErr_Fetch(&doubt->type, &doubt->value, &doubt->trace);
  PyErr_Clear();
  Py_XDECREF(attr);
  return attr != NULL;
}

/* An instance of which nothing is known for an error's sake, or Ctrl-C: raises that. */
static bool settle(Doubt *doubt, ArgClass class) {
  PyErr_Clear();
  if (!doubt->type) return true;
  PyErr_Restore(doubt->type, doubt->value, doubt->trace);
  if (class == ARG_UNKNOWN || !PyErr_ExceptionMatches(PyExc_Exception)) return false;
  PyErr_Clear();
  return true;
}

static ArgClass classify(State *st, PyObject *obj, Doubt *doubt) {
  if (obj == Py_None) return ARG_NONE;
  if (PyBool_Check(obj)) return ARG_BOOL;
  if (PyLong_CheckExact(obj)) return ARG_INT;
  if (PyLong_Check(obj)) return ARG_INDEX;
  if (PyFloat_Check(obj)) return ARG_FLOAT;
  if (st->constexpr && PyObject_IsInstance(obj, st->constexpr) == 1) return ARG_CONSTEXPR;
  if (st->dtype && PyObject_IsInstance(obj, st->dtype) == 1) return ARG_CONSTANT;
  if (PyObject_TypeCheck(obj, st->jit_type)) return ARG_CONSTANT;
  if (PyUnicode_Check(obj) || PyType_Check(obj)) return ARG_CONSTANT;
  if (PyTuple_Check(obj) || PyList_Check(obj)) return ARG_TUPLE;
  if (PyObject_HasAttrString(obj, "block_shape") && PyObject_HasAttrString(obj, "strides") &&
      PyObject_HasAttrString(obj, "base"))
    return ARG_DESCRIPTOR;
  if (has_attr(obj, st->str_data_ptr, doubt)) return ARG_TENSOR;
  if (has_attr(obj, st->str_cuda_array_interface, doubt)) return ARG_GPU_ARRAY;
  /* A NumPy scalar has __array_interface__ too, but is a number. */
  if (PyIndex_Check(obj) && !PyObject_CheckBuffer(obj)) return ARG_INDEX;
  PyObject *shape = PyObject_GetAttr(obj, st->str_shape);
  if (!shape) PyErr_Clear();
  bool scalar = shape && PyTuple_Check(shape) && PyTuple_Size(shape) == 0;
  Py_XDECREF(shape);
  bool numpy_scalar = scalar && !PyObject_HasAttrString(obj, "__setitem__");
  PyObject *type_name = numpy_scalar ? PyObject_GetAttrString((PyObject *)Py_TYPE(obj), "__name__") : NULL;
  bool numpy_bool = type_name && PyUnicode_Check(type_name) &&
                    (PyUnicode_CompareWithASCIIString(type_name, "bool") == 0 ||
                     PyUnicode_CompareWithASCIIString(type_name, "bool_") == 0);
  Py_XDECREF(type_name);
  if (numpy_bool) return ARG_BOOL;
  if (numpy_scalar) return PyIndex_Check(obj) ? ARG_INDEX : ARG_NUMBER;
  if (has_attr(obj, st->str_array_interface, doubt)) return ARG_ARRAY;
  if (PyObject_CheckBuffer(obj)) return ARG_BUFFER;
  if (PyObject_HasAttrString(obj, "__dlpack__")) return ARG_DLPACK;
  if (st->constexpr_function && PyObject_IsInstance(obj, st->constexpr_function) == 1) return ARG_CONSTANT;
  if (has_attr(obj, st->str_builtin, doubt)) return ARG_CONSTANT;
  if (PyIndex_Check(obj)) return ARG_INDEX;
  return ARG_UNKNOWN;
}

/* Only where data_ptr is a plain method does the type answer for its instances. */
static DescribeFn *describer_of(State *st, PyTypeObject *type) {
  PyObject *method = PyObject_GetAttr((PyObject *)type, st->str_data_ptr);
  bool plain = method && PyObject_HasAttrString(method, "__objclass__");
  Py_XDECREF(method);
  PyErr_Clear();
  return plain ? ext_dlpack_describer(type) : NULL;
}

/* Drop the oldest half. What a type's end runs may come here again, and finds all in order. */
static void drop_types(State *st) {
  PyTypeObject *dropped[MAX_TYPES / 2];
  for (int i = 0; i < MAX_TYPES / 2; i++) dropped[i] = st->types[i].type;
  memmove(st->types, st->types + MAX_TYPES / 2, MAX_TYPES / 2 * sizeof *st->types);
  st->ntypes = MAX_TYPES / 2;
  for (int i = 0; i < MAX_TYPES / 2; i++) Py_DECREF((PyObject *)dropped[i]);
}

bool ext_type_entry_new(State *st, PyObject *obj, TypeEntry *out) {
  PyTypeObject *type = Py_TYPE(obj);
  Doubt doubt = {0};
  *out = (TypeEntry){.type = type, .class = classify(st, obj, &doubt)};
  PyErr_Clear();
  if (out->class == ARG_TENSOR) {
    out->has_is_cuda = has_attr(obj, st->str_is_cuda, &doubt);
    out->describe = describer_of(st, type);
    ext_range_watch(st);
  }
  if (!settle(&doubt, out->class)) return false;
  while (st->ntypes >= MAX_TYPES) drop_types(st);
  Py_INCREF((PyObject *)type);
  st->types[st->ntypes++] = *out;
  return true;
}

/* Three questions in Python, where the type has no answer in C. */
static bool tensor_pointer(State *st, const TypeEntry *t, PyObject *obj, PyObject *what, Pointer *out) {
  if (t->has_is_cuda) {
    PyObject *is_cuda = PyObject_GetAttr(obj, st->str_is_cuda);
    if (!is_cuda) return false;
    out->place = is_cuda == Py_True ? PLACE_GPU : PLACE_HOST;
    Py_DECREF(is_cuda);
  }
  PyObject *pointer = PyObject_CallMethodObjArgs(obj, st->str_data_ptr, NULL);
  if (!pointer) return false;
  out->address = (uintptr_t)PyLong_AsUnsignedLongLong(pointer);
  Py_DECREF(pointer);
  if (PyErr_Occurred()) return false;
  PyObject *dtype = PyObject_GetAttr(obj, st->str_dtype);
  if (!dtype) return false;
  bool ok = ext_dtype_name(st, dtype, what, &out->dtype) != NULL;
  Py_DECREF(dtype);
  return ok;
}

/* The id of a NumPy typestr ("<f4") or of a buffer's format and item size. */
static int id_of_kind(char kind, Py_ssize_t bytes) {
  switch (kind) {
  case 'b': return bytes == 1 ? 0 : -1;
  case 'i': return bytes == 1 ? 1 : bytes == 2 ? 2 : bytes == 4 ? 3 : bytes == 8 ? 4 : -1;
  case 'u': return bytes == 1 ? 5 : bytes == 2 ? 6 : bytes == 4 ? 7 : bytes == 8 ? 8 : -1;
  case 'f': return bytes == 2 ? 9 : bytes == 4 ? 11 : bytes == 8 ? 12 : -1;
  default: return -1;
  }
}

/* The stream in which an array on a GPU was made, if it says so (version 3 of the interface). */
static bool array_stream(PyObject *interface, Pointer *out) {
  PyObject *stream = PyDict_GetItemString(interface, "stream"); /* asking a number runs no code */
  out->place = PLACE_GPU_STREAM;
  if (!stream || stream == Py_None) return true;
  out->stream = (uintptr_t)PyLong_AsUnsignedLongLong(stream);
  return !PyErr_Occurred();
}

/* Of __array_interface__ or, on a GPU, __cuda_array_interface__: the same keys. */
static bool array_pointer(State *st, PyObject *obj, PyObject *what, bool on_gpu, Pointer *out) {
  PyObject *interface = PyObject_GetAttr(obj, on_gpu ? st->str_cuda_array_interface : st->str_array_interface);
  if (!interface) return false;
  out->place = PLACE_HOST;
  PyObject *data = PyDict_Check(interface) ? PyDict_GetItemWithError(interface, st->str_data) : NULL;
  PyObject *typestr = data ? PyDict_GetItemWithError(interface, st->str_typestr) : NULL;
  Py_XINCREF(data); /* the dict may change while its values are asked */
  Py_XINCREF(typestr);
  bool ok = typestr && PyTuple_Check(data) && PyTuple_Size(data) == 2;
  if (ok) {
    out->address = (uintptr_t)PyLong_AsUnsignedLongLong(PyTuple_GetItem(data, 0));
    out->read_only = PyObject_IsTrue(PyTuple_GetItem(data, 1)) == 1;
    ok = !PyErr_Occurred() && (!on_gpu || array_stream(interface, out));
    const char *text = ok ? PyUnicode_AsUTF8AndSize(typestr, NULL) : NULL;
    int found = text && strlen(text) >= 3 && text[0] != '>' ? id_of_kind(text[1], atoi(text + 2)) : -1;
    if (text && found < 0) { /* bfloat16 and fp8 of ml_dtypes call themselves "<V2"; their dtype has the name */
      PyObject *dtype = PyObject_GetAttr(obj, st->str_dtype);
      ok = dtype && ext_dtype_name(st, dtype, what, &found) != NULL;
      Py_XDECREF(dtype);
    }
    out->dtype = found;
    ok = ok && text != NULL;
  } else if (!PyErr_Occurred()) {
    PyErr_Format(PyExc_TypeError, "argument `%U`: its %s names no data", what,
                 on_gpu ? "__cuda_array_interface__" : "__array_interface__");
  }
  Py_XDECREF(data);
  Py_XDECREF(typestr);
  Py_DECREF(interface);
  return ok;
}

static void view_pointer(const Py_buffer *view, Pointer *out) {
  const char *format = view->format ? view->format : "B";
  while (*format && strchr("@=<", *format)) format++;
  static const char formats[] = "?bhilqnBcHILQNefd", kinds[] = "biiiiiiuuuuuuufff";
  const char *at = format[0] && !format[1] ? strchr(formats, format[0]) : NULL;
  out->dtype = at ? id_of_kind(kinds[at - formats], view->itemsize) : -1;
  out->address = (uintptr_t)view->buf;
  out->place = PLACE_HOST;
  out->read_only = view->readonly;
}

/* Of an array that gives a buffer of elements that kernels have: in a fraction of the time that it takes to build the dict
 * of __array_interface__. Clears exceptions: of other arrays (of ml_dtypes' types, say) that one is asked. */
static bool array_buffer(PyObject *obj, Pointer *out) {
  Py_buffer view;
  if (!PyObject_CheckBuffer(obj)) return false;
  if (PyObject_GetBuffer(obj, &view, PyBUF_FORMAT | PyBUF_STRIDES) != 0) return PyErr_Clear(), false;
  view_pointer(&view, out);
  PyBuffer_Release(&view);
  return out->dtype >= 0;
}

static bool buffer_pointer(PyObject *obj, PyObject *what, Pointer *out) {
  Py_buffer view;
  if (PyObject_GetBuffer(obj, &view, PyBUF_FORMAT | PyBUF_ANY_CONTIGUOUS) != 0) return false;
  view_pointer(&view, out);
  if (out->dtype < 0)
    PyErr_Format(PyExc_TypeError, "argument `%U`: kernels do not support the element type `%s`", what,
                 view.format ? view.format : "B");
  PyBuffer_Release(&view); /* the caller's object keeps the memory through the call */
  return out->dtype >= 0;
}

static bool pointer_by_class(State *st, const TypeEntry *t, PyObject *obj, PyObject *what, Pointer *out) {
  *out = (Pointer){.place = PLACE_ANY};
  if (t->describe && ext_dlpack_described(t->describe, obj, out)) return true;
  switch (t->class) {
  case ARG_TENSOR: return tensor_pointer(st, t, obj, what, out);
  case ARG_ARRAY: return array_buffer(obj, out) || array_pointer(st, obj, what, false, out);
  case ARG_GPU_ARRAY: return array_pointer(st, obj, what, true, out);
  case ARG_DLPACK: return ext_dlpack_pointer(obj, what, out);
  default: return buffer_pointer(obj, what, out);
  }
}

/* Instances of one type may lie in different places and have element types that only one of the ways knows: where
 * the way that worked for the first instance fails, DLPack is tried. */
bool ext_pointer_of(State *st, const TypeEntry *t, PyObject *obj, PyObject *what, Pointer *out) {
  bool other_way = t->class == ARG_GPU_ARRAY || t->class == ARG_BUFFER;
  if (pointer_by_class(st, t, obj, what, out)) return true;
  if (!other_way || !PyErr_ExceptionMatches(PyExc_Exception)) return false;
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  if (PyObject_HasAttrString(obj, "__dlpack__")) {
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    *out = (Pointer){.place = PLACE_ANY};
    return ext_dlpack_pointer(obj, what, out);
  }
  PyErr_Restore(type, value, trace);
  return false;
}
