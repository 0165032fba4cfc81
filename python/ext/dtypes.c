/* dtypes.c: element types by name and as small numbers: what libraries call them, and what the language does.
 *
 * The name of a dtype is found out once per dtype object, which is then a walk along a short array.
 */
#include "ext.h"

#include <string.h>

static const char *const names[] = {"i1",   "i8",      "i16",   "i32",     "i64",      "u8",
                                    "u16",  "u32",     "u64",   "fp16",    "bf16",     "fp32",
                                    "fp64", "fp8e4nv", "fp8e5", "fp8e4b8", "fp8e5b16", "fp8e4b15"};
enum { NNAMES = sizeof names / sizeof *names };

/* What libraries call the element types. */
static const struct {
  const char *theirs, *ours;
} spellings[] = {
    {"bool", "i1"},
    {"int1", "i1"},
    {"int8", "i8"},
    {"int16", "i16"},
    {"int32", "i32"},
    {"int64", "i64"},
    {"uint8", "u8"},
    {"uint16", "u16"},
    {"uint32", "u32"},
    {"uint64", "u64"},
    {"float16", "fp16"},
    {"half", "fp16"},
    {"bfloat16", "bf16"},
    {"float32", "fp32"},
    {"float", "fp32"},
    {"float64", "fp64"},
    {"double", "fp64"},
    {"float8_e4m3fn", "fp8e4nv"},
    {"float8_e5m2", "fp8e5"},
    {"float8_e4m3fnuz", "fp8e4b8"},
    {"float8_e5m2fnuz", "fp8e5b16"},
    {"float8_e4m3b11fnuz", "fp8e4b15"},
    {"float8e4nv", "fp8e4nv"},
    {"float8e5", "fp8e5"},
    {"float8e4b8", "fp8e4b8"},
    {"float8e5b16", "fp8e5b16"},
    {"float8e4b15", "fp8e4b15"},
    {"u1", "i1"},
};

const char *ext_dtype_of_id(int id) { return names[id]; }

int ext_dtype_bytes(int id) {
  const char *digits = names[id] + strcspn(names[id], "0123456789");
  int bits = strcmp(names[id], "i1") == 0 ? 8 : atoi(digits); /* fp8e4nv: the first number */
  return bits / 8;
}

int ext_id_of_dtype(const char *text) {
  const char *dot = strrchr(text, '.');
  if (dot) text = dot + 1;
  for (int i = 0; i < NNAMES; i++)
    if (strcmp(text, names[i]) == 0) return i;
  for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
    if (strcmp(text, spellings[i].theirs) != 0) continue;
    for (int j = 0; j < NNAMES; j++)
      if (strcmp(spellings[i].ours, names[j]) == 0) return j;
  }
  return -1;
}

const char *ext_dtype_name(State *st, PyObject *dtype, PyObject *what, int *id) {
  for (int i = 0; i < st->ndtypes; i++)
    if (st->dtypes[i].dtype == dtype) return *id = st->dtypes[i].id, st->dtypes[i].name;
  PyObject *text = PyObject_Str(dtype);
  const char *utf8 = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
  int found = utf8 ? ext_id_of_dtype(utf8) : -1;
  if (utf8 && found < 0 && what)
    PyErr_Format(PyExc_TypeError, "argument `%U`: kernels do not support the element type `%U`", what, text);
  else if (utf8 && found < 0)
    PyErr_Format(PyExc_TypeError, "kernels do not support the element type `%U`", text);
  Py_XDECREF(text);
  if (found < 0) return NULL;
  *id = found;
  if (st->ndtypes < MAX_DTYPES) {
    Py_INCREF(dtype);
    st->dtypes[st->ndtypes++] = (DTypeEntry){dtype, names[found], found};
  }
  return names[found];
}
