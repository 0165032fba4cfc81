/* convert.c: Python values as the front end sees them, and back.
 *
 * Texts are borrowed from the Python strings, which the host keeps; arrays lie in bytes objects that it keeps as well.
 * So the end of a compile is the release of one list.
 */
#include "ext.h"

#include <string.h>

/* What a run-time value of a kernel is in Python: a capsule of that name. */
#define HANDLE "a value of a kernel"

bool ext_host_keep(Host *h, PyObject *obj) { return PyList_Append(h->keep, obj) == 0; }

void *ext_host_memory(Host *h, size_t bytes) {
  PyObject *block = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(bytes ? bytes : 1));
  if (!block) return NULL;
  char *p = PyBytes_AsString(block);
  bool ok = ext_host_keep(h, block);
  Py_DECREF(block);
  return ok ? memset(p, 0, bytes) : NULL;
}

PyObject *ext_fixed_items(PyObject **kept, PyObject *v) {
  if (PyTuple_Check(v)) return v;
  PyObject *items = PyList_AsTuple(v);
  if (!*kept) *kept = PyList_New(0);
  bool ok = items && *kept && PyList_Append(*kept, items) == 0;
  Py_XDECREF(items);
  return ok ? items : NULL;
}

static bool text_value(Host *h, PyObject *str, ttc_kind kind, ttc_value *out) {
  Py_ssize_t n;
  const char *s = PyUnicode_AsUTF8AndSize(str, &n);
  if (!s || !ext_host_keep(h, str)) return false;
  out->kind = kind;
  out->text = s;
  out->len = (size_t)n;
  return true;
}

static bool int_value(Host *h, PyObject *obj, ttc_value *out) {
  int overflow;
  long long x = PyLong_AsLongLongAndOverflow(obj, &overflow);
  if (x == -1 && PyErr_Occurred()) return false;
  out->integer = x;
  if (!overflow) return out->kind = TTC_INT, true;
  PyObject *digits = PyObject_Str(obj);
  bool ok = digits && text_value(h, digits, TTC_INT, out);
  Py_XDECREF(digits);
  return ok;
}

/* What kernels must know of a class whose objects they make (named tuples, aggregates); a new reference, None for any
 * other class. */
static PyObject *facts_of_class(Host *h, PyObject *class) {
  if (!h->st->class_facts) Py_RETURN_NONE;
  return PyObject_CallFunctionObjArgs(h->st->class_facts, class, NULL);
}

/* 1, 0 for none of those, -1 for an exception. */
static int class_value(Host *h, PyObject *class, ttc_value *out) {
  PyObject *facts = facts_of_class(h, class), *name = NULL, *number = NULL;
  if (!facts || facts == Py_None) {
    Py_XDECREF(facts);
    return facts ? 0 : -1;
  }
  name = PyObject_GetAttrString(facts, "name");
  number = name ? PyObject_GetAttrString(facts, "hash") : NULL;
  bool ok = number && text_value(h, name, TTC_CLASS, out) && ext_host_keep(h, facts);
  if (ok) {
    out->integer = (int64_t)PyLong_AsUnsignedLongLongMask(number);
    out->object = facts;
  }
  Py_XDECREF(name);
  Py_XDECREF(number);
  Py_DECREF(facts);
  return ok && !PyErr_Occurred() ? 1 : -1;
}

static bool sequence_value(Host *h, PyObject *obj, ttc_value *out);

/* An aggregate that Python made: the values of its fields. 1, 0, -1 as above. */
static int instance_value(Host *h, PyObject *obj, ttc_value *out) {
  PyObject *fields = PyObject_GetAttrString((PyObject *)Py_TYPE(obj), "__aggregate_fields__");
  if (!fields) return PyErr_Clear(), 0;
  PyObject *values = PyTuple_Check(fields) ? PyTuple_New(PyTuple_Size(fields)) : NULL;
  for (Py_ssize_t i = 0; values && i < PyTuple_Size(fields); i++) {
    PyObject *value = PyObject_GetAttr(obj, PyTuple_GetItem(fields, i));
    if (!value || PyTuple_SetItem(values, i, value) != 0) Py_CLEAR(values);
  }
  ttc_value class = {0};
  bool ok = values && ext_host_keep(h, values) && sequence_value(h, values, out) &&
            class_value(h, (PyObject *)Py_TYPE(obj), &class) > 0;
  out->object = class.object;
  out->text = class.text;
  Py_DECREF(fields);
  Py_XDECREF(values);
  return ok ? 1 : -1;
}

static bool sequence_value(Host *h, PyObject *obj, ttc_value *out) {
  bool is_list = PyList_Check(obj);
  PyObject *fixed = ext_fixed_items(&h->keep, obj);
  Py_ssize_t n = fixed ? PyTuple_Size(fixed) : -1;
  if (n < 0) return false;
  ttc_value *items = ext_host_memory(h, (size_t)n * sizeof *items);
  if (!items) return false;
  for (Py_ssize_t i = 0; i < n; i++)
    if (!ext_to_value(h, PyTuple_GetItem(fixed, i), &items[i])) return false;
  out->kind = is_list ? TTC_LIST : TTC_TUPLE;
  out->items = items;
  out->len = (size_t)n;
  PyObject *fields = is_list ? NULL : PyObject_GetAttrString(obj, "_fields");
  if (!fields) return PyErr_Clear(), true;
  bool ok = PyTuple_Check(fields) && PyTuple_Size(fields) == n;
  const char **names = ok ? ext_host_memory(h, ((size_t)n + 1) * sizeof *names) : NULL;
  for (Py_ssize_t i = 0; names && i < n; i++) {
    PyObject *name = PyTuple_GetItem(fields, i);
    names[i] = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    if (!names[i] || !ext_host_keep(h, name)) names = NULL;
  }
  out->names = names;
  Py_DECREF(fields);
  ttc_value class = {0};
  if (names && class_value(h, (PyObject *)Py_TYPE(obj), &class) > 0) {
    out->object = class.object;
    out->text = class.text;
  }
  return !PyErr_Occurred();
}

static bool is_module(PyObject *obj) {
  PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(obj), "__name__");
  bool yes = name && PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, "module") == 0;
  Py_XDECREF(name);
  PyErr_Clear();
  return yes;
}

/* The text of the attribute __triton_builtin__, when obj is a function, class or module of the language. A module that
 * the language knows itself has no object: the front end does not ask for its members. */
static int builtin_value(Host *h, PyObject *obj, ttc_value *out) {
  bool module = is_module(obj);
  PyObject *name = PyObject_GetAttr(obj, h->st->str_builtin);
  if (!name) {
    PyErr_Clear();
    PyObject *own = module ? PyObject_GetAttrString(obj, "__name__") : NULL;
    int ok = own && PyUnicode_Check(own) && PyUnicode_CompareWithASCIIString(own, "math") == 0 ? 1 : 0;
    if (ok) ok = text_value(h, own, TTC_MODULE, out) ? 1 : -1;
    Py_XDECREF(own);
    PyErr_Clear();
    return ok;
  }
  int ok = PyUnicode_Check(name) ? (text_value(h, name, module ? TTC_MODULE : TTC_BUILTIN, out) ? 1 : -1) : 0;
  Py_DECREF(name);
  return ok;
}

/* Functions and classes of Python's own: "builtins.range". */
static int python_builtin(Host *h, PyObject *obj, ttc_value *out) {
  if (!PyCFunction_Check(obj) && !PyType_Check(obj)) return 0;
  PyObject *module = PyObject_GetAttrString(obj, "__module__"), *name = PyObject_GetAttrString(obj, "__name__");
  PyErr_Clear();
  int ok = 0;
  if (module && name && PyUnicode_Check(module) && PyUnicode_CompareWithASCIIString(module, "builtins") == 0) {
    PyObject *full = PyUnicode_FromFormat("builtins.%U", name);
    ok = full && text_value(h, full, TTC_BUILTIN, out) ? 1 : -1;
    Py_XDECREF(full);
  }
  Py_XDECREF(module);
  Py_XDECREF(name);
  return ok;
}

/* A number for an object's value: of a constexpr_function, what it computes; of anything else, how it prints (an
 * address in it makes the value unique to this process, which is safe). */
static bool value_hash(PyObject *obj, ttc_kind kind, int64_t *out) {
  PyObject *number = NULL;
  if (kind == TTC_CALLABLE)
    number = PyObject_CallMethod(obj, "_fingerprint", NULL);
  else {
    PyObject *text = PyObject_Repr(obj);
    PyObject *hash = text ? PyImport_ImportModule("triton.language.core") : NULL;
    number = hash ? PyObject_CallMethod(hash, "_hash_of_text", "O", text) : NULL;
    Py_XDECREF(hash);
    Py_XDECREF(text);
  }
  if (!number) return false;
  *out = (int64_t)PyLong_AsUnsignedLongLongMask(number);
  Py_DECREF(number);
  return !PyErr_Occurred();
}

static bool object_value(Host *h, PyObject *obj, ttc_kind kind, ttc_value *out) {
  PyObject *text = NULL;
  if (kind == TTC_MODULE)
    text = PyObject_GetAttrString(obj, "__name__");
  else if (PyObject_HasAttrString(obj, "__code__"))
    text = PyUnicode_FromFormat("a Python function that is not decorated with @triton.jit");
  else {
    PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(obj), "__name__");
    text = name ? PyUnicode_FromFormat("an object of type %U", name) : NULL;
    Py_XDECREF(name);
  }
  PyErr_Clear();
  if (!text || !PyUnicode_Check(text)) {
    Py_XDECREF(text);
    text = PyUnicode_FromString("an object");
  }
  bool ok = text && text_value(h, text, kind, out) && ext_host_keep(h, obj);
  Py_XDECREF(text);
  out->object = obj;
  bool hashed = kind == TTC_CALLABLE || (kind == TTC_OBJECT && h->exact > 0);
  return ok && (!hashed || value_hash(obj, kind, &out->integer));
}

static bool constexpr_value(Host *h, PyObject *obj, ttc_value *out) {
  PyObject *inner = PyObject_GetAttr(obj, h->st->str_value);
  h->exact++;
  bool ok = inner && ext_to_value(h, inner, out);
  h->exact--;
  Py_XDECREF(inner);
  out->is_constexpr = true;
  return ok;
}

/* A function that some program marked as the language's own: Python runs it on constants and handles. 1, 0, or -1 with
 * an exception set. */
static int foreign_builtin(Host *h, PyObject *obj, ttc_value *out) {
  PyObject *mark = PyObject_GetAttr(obj, h->st->str_builtin);
  if (!mark) return PyErr_Clear(), 0;
  bool is_mark = mark == Py_True && PyCallable_Check(obj);
  Py_DECREF(mark);
  if (!is_mark) return 0;
  PyObject *core = PyImport_ImportModule("triton.language.core");
  PyObject *wrapped = core ? PyObject_CallMethod(core, "_foreign_builtin", "O", obj) : NULL;
  bool ok = wrapped && object_value(h, wrapped, TTC_CALLABLE, out);
  out->len = 1;
  Py_XDECREF(wrapped);
  Py_XDECREF(core);
  return ok ? 1 : -1;
}

static bool to_value(Host *h, PyObject *obj, ttc_value *out) {
  State *st = h->st;
  *out = (ttc_value){0};
  if (obj == Py_None) return out->kind = TTC_NONE, true;
  if (PyBool_Check(obj)) return out->kind = TTC_BOOL, out->integer = obj == Py_True, true;
  if (PyLong_Check(obj)) return int_value(h, obj, out);
  if (PyFloat_Check(obj)) {
    out->kind = TTC_FLOAT;
    out->number = PyFloat_AsDouble(obj);
    return true;
  }
  if (PyUnicode_Check(obj)) return text_value(h, obj, TTC_STR, out);
  if (PyObject_TypeCheck(obj, st->jit_type)) {
    out->kind = TTC_FUNCTION;
    out->function = ext_jit_function((JITCore *)obj);
    return out->function && ext_host_keep(h, obj);
  }
  int is_constexpr = PyObject_IsInstance(obj, st->constexpr), is_dtype = PyObject_IsInstance(obj, st->dtype);
  if (is_constexpr < 0 || is_dtype < 0) return false;
  if (is_constexpr) return constexpr_value(h, obj, out);
  if (is_dtype) {
    PyObject *name = PyObject_CallMethod(obj, "_signature_text", NULL);
    bool ok = name && text_value(h, name, TTC_DTYPE, out);
    Py_XDECREF(name);
    return ok;
  }
  if (PyTuple_Check(obj) || PyList_Check(obj)) return sequence_value(h, obj, out);
  int known = builtin_value(h, obj, out);
  if (!known) known = python_builtin(h, obj, out);
  if (known) return known > 0 && ext_host_keep(h, obj);
  if (PyObject_IsInstance(obj, st->constexpr_function) == 1) {
    bool ok = object_value(h, obj, TTC_CALLABLE, out);
    out->len = 0;
    return ok;
  }
  if (PyCapsule_IsValid(obj, HANDLE)) {
    out->kind = TTC_HANDLE;
    out->object = PyCapsule_GetPointer(obj, HANDLE);
    return true;
  }
  known = PyType_Check(obj) ? class_value(h, obj, out) : instance_value(h, obj, out);
  if (known) return known > 0;
  int foreign = foreign_builtin(h, obj, out);
  if (foreign) return foreign > 0;
  bool module = is_module(obj);
  if (!module && PyIndex_Check(obj)) { /* NumPy's integers */
    PyObject *number = PyNumber_Index(obj);
    if (number) {
      bool ok = int_value(h, number, out);
      Py_DECREF(number);
      return ok;
    }
    PyErr_Clear();
  }
  return object_value(h, obj, module ? TTC_MODULE : TTC_OBJECT, out);
}

/* Lists, constants and aggregates may hold themselves. */
bool ext_to_value(Host *h, PyObject *obj, ttc_value *out) {
  if (Py_EnterRecursiveCall(" in a value that a kernel takes")) return false;
  bool ok = to_value(h, obj, out);
  Py_LeaveRecursiveCall();
  return ok;
}

static PyObject *sequence_from(Host *h, const ttc_value *v) {
  PyObject *list = PyList_New(0);
  for (size_t i = 0; list && i < v->len; i++) {
    PyObject *item = ext_from_value(h, &v->items[i]);
    if (!item || PyList_Append(list, item) != 0) Py_CLEAR(list);
    Py_XDECREF(item);
  }
  if (list && v->kind == TTC_TUPLE && v->object) { /* an object of its class again */
    PyObject *object = PyObject_CallMethod((PyObject *)v->object, "make", "O", list);
    Py_DECREF(list);
    return object;
  }
  if (!list || v->kind == TTC_LIST) return list;
  PyObject *tuple = PyList_AsTuple(list);
  Py_DECREF(list);
  return tuple;
}

PyObject *ext_from_value(Host *h, const ttc_value *v) {
  switch (v->kind) {
  case TTC_NONE: Py_RETURN_NONE;
  case TTC_BOOL: return PyBool_FromLong(v->integer != 0);
  case TTC_INT: return v->text ? PyLong_FromString(v->text, NULL, 10) : PyLong_FromLongLong(v->integer);
  case TTC_FLOAT: return PyFloat_FromDouble(v->number);
  case TTC_STR: return PyUnicode_FromStringAndSize(v->text, (Py_ssize_t)v->len);
  case TTC_DTYPE: return PyObject_CallFunction(h->st->make_dtype, "s", v->text);
  case TTC_TUPLE:
  case TTC_LIST: return sequence_from(h, v);
  case TTC_HANDLE: return PyCapsule_New(v->object, HANDLE, NULL);
  default: {
    PyObject *obj = v->kind == TTC_FUNCTION ? (PyObject *)v->function->object : (PyObject *)v->object;
    if (!obj)
      return PyErr_SetString(PyExc_TypeError, "a value of the kernel's own cannot be passed to a Python function"),
             NULL;
    Py_INCREF(obj);
    return obj;
  }
  }
}
