/* launch.c: kernel[grid](*args, **kwargs).
 *
 * Binding: each value goes to its parameter by position or by name; what is left takes its default. Key: two words per
 * parameter say what the compiled code may depend on: for a pointer its element type and whether its address is a
 * multiple of 16, for an integer its width, whether it is 1 and whether it is a multiple of 16, for a constant its
 * value (numbers as they are, anything else by its number in a dictionary). A tuple's two words are followed by those
 * of its items. Then come two words per option, and one for
 * the processor that the call runs on (device.c). Equal keys
 * share a kernel; a key that is not in the table is compiled. The run-time values are packed while the key is made, so
 * that on a hit nothing is left but the launch.
 */
#include "ext.h"

#include <string.h>

enum { INLINE_PARAMS = 64, INLINE_WORDS = 2 * (INLINE_PARAMS + MAX_OPTIONS) };

/* ---- room -------------------------------------------------------------------------------------------------------- */

/* Room for `more` words after `used`; what lies in the caller's own buffer moves to the heap once. */
static bool reserve(uint64_t **at, size_t *cap, size_t used, size_t more, const uint64_t *own) {
  if (used + more <= *cap) return true;
  size_t wanted = 2 * *cap + more;
  uint64_t *bigger = *at == own ? PyMem_Malloc(wanted * sizeof *bigger) : PyMem_Realloc(*at, wanted * sizeof *bigger);
  if (!bigger) return PyErr_NoMemory(), false;
  if (*at == own) memcpy(bigger, own, used * sizeof *bigger);
  *at = bigger;
  *cap = wanted;
  return true;
}

/* Two more words of the key, valid until the next call; NULL with an exception set. */
static uint64_t *more_words(Call *c) {
  if (!reserve(&c->key, &c->key_cap, c->words, 2, c->own_key)) return NULL;
  c->words += 2;
  return &c->key[c->words - 2];
}

static bool push_slot(Call *c, uint64_t x) {
  if (!reserve(&c->slots, &c->slot_cap, c->nslots, 1, c->own_slots)) return false;
  c->slots[c->nslots++] = x;
  return true;
}

/* ---- keys -------------------------------------------------------------------------------------------------------- */

/* A number for a constant that is not a plain number: equal values of one type have equal numbers. */
static bool constant_id(JITCore *f, Param *p, PyObject *obj, uint64_t *id) {
  if (p && p->last == obj) return *id = p->last_id, true;
  PyObject *value = obj;
  Py_INCREF(value);
  if (PyObject_Hash(value) == -1) { /* a list, say: equal when it prints alike */
    PyErr_Clear();
    Py_DECREF(value);
    value = PyObject_Repr(obj);
    if (!value) return false;
  }
  PyObject *key = Py_BuildValue("(ON)", (PyObject *)Py_TYPE(obj), value);
  PyObject *known = key ? PyDict_GetItemWithError(f->constants, key) : NULL;
  bool ok = key && !PyErr_Occurred();
  if (ok && known)
    *id = PyLong_AsUnsignedLongLong(known);
  else if (ok) {
    *id = (uint64_t)PyDict_Size(f->constants);
    PyObject *number = PyLong_FromUnsignedLongLong(*id);
    ok = number && PyDict_SetItem(f->constants, key, number) == 0;
    Py_XDECREF(number);
  }
  Py_XDECREF(key);
  if (ok && p && value == obj) {
    Py_INCREF(obj);
    Py_XDECREF(p->last);
    p->last = obj;
    p->last_id = *id;
  }
  return ok;
}

/* The two words of a value that the code is compiled for. */
static bool key_constant(JITCore *f, Param *p, PyObject *obj, uint64_t word[2]) {
  State *st = f->st;
  word[1] = 0;
  if (obj == Py_None) return word[0] = TAG_CONST_NONE, true;
  if (PyBool_Check(obj)) return word[0] = TAG_CONST_BOOL, word[1] = obj == Py_True, true;
  if (PyLong_CheckExact(obj)) {
    int overflow;
    long long x = PyLong_AsLongLongAndOverflow(obj, &overflow);
    if (x == -1 && PyErr_Occurred()) return false;
    if (!overflow) return word[0] = TAG_CONST_INT, word[1] = (uint64_t)x, true;
  } else if (Py_TYPE(obj) == &PyFloat_Type) {
    double x = PyFloat_AsDouble(obj);
    word[0] = TAG_CONST_FLOAT;
    memcpy(&word[1], &x, sizeof x);
    return true;
  } else if ((PyObject *)Py_TYPE(obj) == st->constexpr) {
    PyObject *inner = PyObject_GetAttr(obj, st->str_value);
    bool ok = inner && key_constant(f, NULL, inner, word);
    Py_XDECREF(inner);
    return ok;
  }
  word[0] = TAG_CONST_OBJECT;
  return constant_id(f, p, obj, &word[1]);
}

/* A parameter whose type its annotation fixes: nothing of the value is in the key but a multiple of 16. */
static bool key_fixed(Call *c, const Param *p, PyObject *obj, uint64_t word[2]) {
  word[0] = TAG_FIXED;
  word[1] = 0;
  if (p->type[0] == 'f' || p->type[0] == 'b') {
    double x = PyFloat_AsDouble(obj);
    if (x == -1 && PyErr_Occurred()) return false;
    return push_slot(c, ttc_float_bits(x, p->type));
  }
  PyObject *number = PyNumber_Index(obj);
  if (!number) return false;
  uint64_t x = PyLong_AsUnsignedLongLongMask(number);
  Py_DECREF(number);
  if (PyErr_Occurred()) return false;
  bool known = x % 16 == 0 && !p->spec_flags && strcmp(p->type, "i1") != 0;
  if (known) word[0] |= (uint64_t)TTC_SPEC_DIVISIBLE << 32;
  return push_slot(c, strcmp(p->type, "i1") == 0 ? x != 0 : x);
}

static bool key_int(Call *c, const Param *p, PyObject *obj, uint64_t word[2]) {
  int overflow;
  long long x = PyLong_AsLongLongAndOverflow(obj, &overflow);
  uint32_t spec;
  uint64_t slot = (uint64_t)x;
  if (overflow > 0) {
    slot = PyLong_AsUnsignedLongLong(obj);
    if (PyErr_Occurred()) {
      PyErr_Clear();
      PyErr_Format(PyExc_OverflowError, "argument `%U`: integers of a kernel have at most 64 bits", p->name);
      return false;
    }
    spec = ttc_spec_uint(slot, p->spec_flags);
  } else if (overflow < 0) {
    PyErr_Format(PyExc_OverflowError, "argument `%U`: integers of a kernel have at most 64 bits", p->name);
    return false;
  } else {
    if (x == -1 && PyErr_Occurred()) return false;
    spec = ttc_spec_int(x, p->spec_flags);
  }
  word[0] = TAG_INT | (uint64_t)spec << 32;
  word[1] = 0;
  return spec & TTC_SPEC_ONE || push_slot(c, slot);
}

/* An empty tensor may have no address; this is about those that should. */
static bool has_elements(PyObject *obj) {
  PyObject *n = PyObject_CallMethod(obj, "numel", NULL);
  bool some = n && PyLong_Check(n) && PyLong_AsLongLong(n) > 0;
  Py_XDECREF(n);
  PyErr_Clear();
  return some;
}

static void note_place(Call *c, const Pointer *q) {
  if (q->place == PLACE_HOST)
    c->host_param = c->at;
  else if (q->place != PLACE_ANY)
    c->gpu_param = c->at;
  if (q->place == PLACE_GPU_STREAM) c->stream = q->stream, c->stream_known = true;
}

static bool key_pointer(Call *c, const TypeEntry *t, const Param *p, PyObject *obj, uint64_t word[2]) {
  Pointer q;
  if (!pointer_of(c->f->st, t, obj, p->name, &q)) return false;
  word[0] = TAG_POINTER | (uint64_t)ttc_spec_pointer(q.address, p->spec_flags) << 32;
  word[1] = (uint64_t)q.dtype;
  if (!q.address && !c->warmup && has_elements(obj)) {
    PyErr_Format(PyExc_ValueError,
                 "argument `%U` has no memory: a tensor on `meta`, a fake one, or one whose storage was released",
                 p->name);
    return false;
  }
  c->read_only |= q.read_only;
  note_place(c, &q);
  return push_slot(c, q.address);
}

static bool key_descriptor(Call *c, const Param *p, PyObject *obj, uint64_t word[2]) {
  Pointer base;
  CallDescriptor *d = PyMem_Malloc(sizeof *d);
  if (!d) return PyErr_NoMemory(), false;
  d->next = c->descriptors;
  c->descriptors = d;
  if (!descriptor_of(c->f->st, obj, p->name, &base, &d->value, &word[1])) return false;
  word[0] = TAG_DESCRIPTOR;
  c->read_only |= base.read_only;
  note_place(c, &base);
  return push_slot(c, (uintptr_t)&d->value);
}

static bool key_number(Call *c, PyObject *obj, uint64_t word[2]) {
  double x = PyFloat_AsDouble(obj);
  if (x == -1 && PyErr_Occurred()) return false;
  word[0] = TAG_FLOAT;
  word[1] = 0;
  return push_slot(c, ttc_float_bits(x, "fp32"));
}

PyObject *sequence_item(PyObject *v, Py_ssize_t i) {
  return PyTuple_Check(v) ? PyTuple_GetItem(v, i) : PyList_GetItem(v, i);
}

static bool key_value(Call *c, Param *p, PyObject *obj);

static bool key_tuple(Call *c, const Param *p, PyObject *obj) {
  Py_ssize_t n = PyTuple_Check(obj) ? PyTuple_Size(obj) : PyList_Size(obj);
  Param item = {.name = p->name, .utf8 = p->utf8, .spec_flags = p->spec_flags};
  uint64_t type = 0, *word = more_words(c);
  if (!word) return false;
  if (Py_TYPE(obj) != &PyTuple_Type && !constant_id(c->f, NULL, (PyObject *)Py_TYPE(obj), &type)) return false;
  word[0] = TAG_TUPLE | (uint64_t)n << 8;
  word[1] = type;
  if (Py_EnterRecursiveCall(" in a tuple among a kernel's arguments")) return false;
  bool ok = true;
  for (Py_ssize_t i = 0; ok && i < n; i++) ok = key_value(c, &item, sequence_item(obj, i));
  Py_LeaveRecursiveCall();
  return ok;
}

static bool key_leaf(Call *c, Param *p, PyObject *obj, uint64_t word[2]) {
  if (p->is_constexpr) return key_constant(c->f, p, obj, word);
  if (PyLong_CheckExact(obj) && !p->type[0]) return key_int(c, p, obj, word);
  const TypeEntry *t = type_entry(c->f->st, obj);
  if (!t) return false;
  bool is_number = t->class == ARG_INT || t->class == ARG_BOOL || t->class == ARG_FLOAT || t->class == ARG_INDEX ||
                   t->class == ARG_NUMBER;
  if (p->type[0] && is_number) return key_fixed(c, p, obj, word);
  switch (t->class) {
  case ARG_TENSOR:
  case ARG_ARRAY:
  case ARG_GPU_ARRAY:
  case ARG_BUFFER:
  case ARG_DLPACK: return key_pointer(c, t, p, obj, word);
  case ARG_DESCRIPTOR: return key_descriptor(c, p, obj, word);
  case ARG_BOOL:
    word[0] = TAG_BOOL;
    word[1] = 0;
    return push_slot(c, PyObject_IsTrue(obj) == 1);
  case ARG_FLOAT:
  case ARG_NUMBER: return key_number(c, obj, word);
  case ARG_NONE:
  case ARG_CONSTEXPR:
  case ARG_CONSTANT: return key_constant(c->f, p, obj, word);
  case ARG_INT: return key_int(c, p, obj, word);
  case ARG_INDEX: {
    PyObject *number = PyNumber_Index(obj);
    bool ok = number && key_int(c, p, number, word);
    Py_XDECREF(number);
    return ok;
  }
  case ARG_TUPLE:
  case ARG_UNKNOWN: break;
  }
  PyObject *type = PyObject_GetAttrString((PyObject *)Py_TYPE(obj), "__name__");
  if (type)
    PyErr_Format(PyExc_TypeError,
                 "argument `%U`: a kernel cannot take an object of type %U (no data_ptr(), no buffer, no number)",
                 p->name, type);
  Py_XDECREF(type);
  return false;
}

static bool key_value(Call *c, Param *p, PyObject *obj) {
  if (!p->is_constexpr && (PyTuple_Check(obj) || PyList_Check(obj))) return key_tuple(c, p, obj);
  uint64_t word[2];
  if (!key_leaf(c, p, obj, word)) return false;
  uint64_t *to = more_words(c);
  if (to) memcpy(to, word, sizeof word);
  return to != NULL;
}

static bool visit(Call *c, const Param *p, PyObject *value, size_t *at, LeafFn *fn, void *arg) {
  const uint64_t *word = &c->key[*at];
  *at += 2;
  if ((word[0] & 0xff) != TAG_TUPLE) return fn(c, p, value, word, arg);
  for (Py_ssize_t i = 0, n = (Py_ssize_t)(word[0] >> 8); i < n; i++)
    if (!visit(c, p, sequence_item(value, i), at, fn, arg)) return false;
  return true;
}

bool call_leaves(Call *c, LeafFn *fn, void *arg) {
  size_t at = 0;
  for (Py_ssize_t i = 0; i < c->f->nparams; i++) {
    c->at = i;
    if (!visit(c, &c->f->params[i], c->values[i], &at, fn, arg)) return false;
  }
  return true;
}

/* ---- binding ----------------------------------------------------------------------------------------------------- */

/* `next`: where the last one stood, plus one: names come mostly in the order of the parameters. */
static Py_ssize_t param_named(const JITCore *f, PyObject *name, Py_ssize_t next) {
  for (Py_ssize_t i = next; i < f->nparams; i++)
    if (f->params[i].name == name) return i;
  for (Py_ssize_t i = 0; i < next; i++)
    if (f->params[i].name == name) return i;
  for (Py_ssize_t i = 0; i < f->nparams; i++)
    if (PyUnicode_Compare(f->params[i].name, name) == 0) return i;
  return -1;
}

static bool is_name(PyObject *a, PyObject *b) { return a == b || PyUnicode_Compare(a, b) == 0; }

static bool bind_keyword(Call *c, PyObject *name, PyObject *value, Py_ssize_t *next) {
  JITCore *f = c->f;
  Py_ssize_t at = param_named(f, name, *next);
  if (at >= 0) {
    *next = at + 1;
    if (c->values[at])
      return PyErr_Format(PyExc_TypeError, "%U() got multiple values for argument '%U'", f->params[at].name, name),
             false;
    c->values[at] = value;
    return true;
  }
  if (is_name(name, f->st->str_grid) || is_name(name, f->st->str_warmup) || is_name(name, f->st->str_stream))
    return true;
  const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
  if (!text) return false;
  if (!option_known(text)) {
    PyErr_Format(PyExc_KeyError, "Keyword argument %U was specified but unrecognised", name);
    return false;
  }
  if (c->noptions == MAX_OPTIONS) return PyErr_SetString(PyExc_TypeError, "too many options"), false;
  c->option_names[c->noptions] = name;
  c->option_values[c->noptions++] = value;
  return true;
}

static PyObject *function_name(JITCore *f) { return PyObject_GetAttrString(f->fn, "__name__"); }

static bool missing_argument(JITCore *f, const Param *p) {
  PyObject *name = function_name(f);
  if (name) PyErr_Format(PyExc_TypeError, "%U() missing a required argument: '%U'", name, p->name);
  Py_XDECREF(name);
  return false;
}

static bool bind(Call *c, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
  JITCore *f = c->f;
  Py_ssize_t positional = f->nparams;
  while (positional > 0 && f->params[positional - 1].keyword_only) positional--;
  if (nargs > positional) {
    PyObject *name = function_name(f);
    if (name)
      PyErr_Format(PyExc_TypeError, "%U() takes %zd positional arguments but %zd were given", name, positional, nargs);
    Py_XDECREF(name);
    return false;
  }
  for (Py_ssize_t i = 0; i < nargs; i++) c->values[i] = args[i];
  Py_ssize_t nkw = kwnames ? PyTuple_Size(kwnames) : 0, next = nargs;
  for (Py_ssize_t i = 0; i < nkw; i++)
    if (!bind_keyword(c, PyTuple_GetItem(kwnames, i), args[nargs + i], &next)) return false;
  for (Py_ssize_t i = 0; i < f->nparams; i++) {
    if (c->values[i]) continue;
    if (!f->params[i].fallback) return missing_argument(f, &f->params[i]);
    c->values[i] = f->params[i].fallback;
  }
  return true;
}

static bool make_key(Call *c) {
  JITCore *f = c->f;
  for (c->at = 0; c->at < f->nparams; c->at++)
    if (!key_value(c, &f->params[c->at], c->values[c->at])) return false;
  for (int i = 0; i < c->noptions; i++) {
    uint64_t name, value[2], *word = more_words(c);
    if (!word || !constant_id(f, NULL, c->option_names[i], &name) || !key_constant(f, NULL, c->option_values[i], value))
      return false;
    word[0] = name << 8 | value[0];
    word[1] = value[1];
  }
  uint64_t device;
  if (!choose_device(c, &device)) return false;
  uint64_t *word = more_words(c);
  if (!word) return false;
  word[0] = device;
  word[1] = 0;
  return true;
}

/* ---- grids ------------------------------------------------------------------------------------------------------- */

bool grid_number(PyObject *obj, uint32_t *out) {
  long long x;
  if (PyLong_CheckExact(obj))
    x = PyLong_AsLongLong(obj);
  else {
    PyObject *number = PyNumber_Index(obj);
    if (!number && PyFloat_Check(obj))
      PyErr_SetString(PyExc_TypeError,
                      "the size of a grid is an int, not a float: triton.cdiv(n, BLOCK) is n / BLOCK rounded up");
    if (!number) return false;
    x = PyLong_AsLongLong(number);
    Py_DECREF(number);
  }
  if (x == -1 && PyErr_Occurred()) return false;
  if (x < 0 || x > INT32_MAX)
    return PyErr_Format(PyExc_ValueError, "a grid of %lld programs: 0 to 2147483647 are possible", x), false;
  *out = (uint32_t)x;
  return true;
}

bool parse_grid(PyObject *grid, uint32_t out[3]) {
  out[0] = out[1] = out[2] = 1;
  bool is_tuple = PyTuple_Check(grid);
  if (!is_tuple && !PyList_Check(grid)) return grid_number(grid, &out[0]);
  Py_ssize_t n = is_tuple ? PyTuple_Size(grid) : PyList_Size(grid);
  if (n < 1 || n > 3) return PyErr_Format(PyExc_ValueError, "a grid has one to three dimensions, not %zd", n), false;
  for (Py_ssize_t i = 0; i < n; i++)
    if (!grid_number(is_tuple ? PyTuple_GetItem(grid, i) : PyList_GetItem(grid, i), &out[i])) return false;
  return true;
}

/* A KeyError of a grid that asked for an argument which the kernel has not: it is worded anew, and names what there is.
 * Other KeyErrors stay. */
static void explain_missing(const Call *c, PyObject *meta) {
  PyObject *type, *error, *trace;
  PyErr_Fetch(&type, &error, &trace);
  PyErr_NormalizeException(&type, &error, &trace);
  PyObject *errors = PyImport_ImportModule("triton.errors");
  PyObject *better =
      errors ? PyObject_CallMethod(errors, "missing_argument", "OOO", (PyObject *)c->f, meta, error) : NULL;
  if (!better) PyErr_Clear();
  if (better && PyExceptionInstance_Check(better)) {
    Py_DECREF(error);
    error = Py_NewRef(better);
  }
  Py_XDECREF(better);
  Py_XDECREF(errors);
  PyErr_Restore(type, error, trace);
}

/* grid(META): every bound argument and option by name; a new reference. */
static PyObject *call_grid(const Call *c, PyObject *grid) {
  PyObject *meta = PyDict_New();
  bool ok = meta != NULL;
  for (Py_ssize_t i = 0; ok && i < c->f->nparams; i++)
    ok = PyDict_SetItem(meta, c->f->params[i].name, c->values[i]) == 0;
  for (int i = 0; ok && i < c->noptions; i++) ok = PyDict_SetItem(meta, c->option_names[i], c->option_values[i]) == 0;
  PyObject *result = ok ? PyObject_CallFunctionObjArgs(grid, meta, NULL) : NULL;
  if (ok && !result && PyErr_ExceptionMatches(PyExc_KeyError)) explain_missing(c, meta);
  Py_XDECREF(meta);
  return result;
}

/* ---- the launch -------------------------------------------------------------------------------------------------- */

typedef struct Ready {
  Kernel *kernel;
  const uint32_t *grid;
  void *stream;
  const void *const *args;
  size_t n;
  const Memory *memory;
} Ready;

static ttc_status launch_ready(ttc_context *cx, const Ready *r) {
  const Memory *m = r->memory;
  PyThreadState *saved = PyEval_SaveThread();
  ttc_status status = m && !m->unknown
                          ? ttc_launch_checked(cx, r->kernel->kernel, r->grid, r->stream, r->args, r->n, m->at, m->n)
                          : ttc_launch(cx, r->kernel->kernel, r->grid, r->stream, r->args, r->n);
  PyEval_RestoreThread(saved);
  return status;
}

/* A launch on a GPU has no context: where it fails, it is tried once more with one,
 * for the message. */
static bool launch_or_raise(State *st, const Ready *r) {
  bool quick = r->kernel->on_gpu;
  if (quick && launch_ready(NULL, r) == TTC_OK) return true;
  ttc_context *cx = new_context();
  if (!cx) return false;
  ttc_status status = launch_ready(cx, r);
  if (status != TTC_OK) raise_status(st, cx, status);
  ttc_context_free(cx);
  return status == TTC_OK;
}

bool launch_kernel(State *st, Kernel *k, const uint32_t grid[3], uintptr_t stream, const uint64_t *slots, size_t n,
                   const Memory *memory) {
  if (!k->loaded && !kernel_load(k)) return false;
  const void *inline_args[INLINE_PARAMS];
  const void **args = n <= INLINE_PARAMS ? inline_args : PyMem_Malloc(n * sizeof *args);
  if (!args) return PyErr_NoMemory(), false;
  for (size_t i = 0; i < n; i++) {
    bool is_descriptor = k->has_descriptors && strcmp(ttc_kernel_arg_type(k->kernel, i), "tensordesc") == 0;
    args[i] = is_descriptor ? (const void *)(uintptr_t)slots[i] : &slots[i];
  }
  bool ok = launch_or_raise(st, &(Ready){k, grid, (void *)stream, args, n, memory});
  if (args != inline_args) PyMem_Free((void *)args);
  return ok;
}

static bool add_memory(Call *c, const Param *p, PyObject *value, const uint64_t word[2], void *arg) {
  bool has_memory = (word[0] & 0xff) == TAG_POINTER || (word[0] & 0xff) == TAG_DESCRIPTOR;
  return !has_memory || memory_add(c->f->st, arg, value, p->utf8);
}

typedef struct Written {
  const Kernel *kernel;
  size_t slot;
} Written;

/* Memory that must not be written, and a kernel that would. */
static bool refuse_written(Call *c, const Param *p, PyObject *value, const uint64_t word[2], void *arg) {
  Written *w = arg;
  uint64_t tag = word[0] & 0xff;
  bool one = tag == TAG_INT && word[0] >> 32 & TTC_SPEC_ONE;
  if (one || tag < TAG_POINTER || tag > TAG_FIXED) return true;
  size_t slot = w->slot++;
  bool has_memory = tag == TAG_POINTER || tag == TAG_DESCRIPTOR;
  if (!has_memory || !ttc_kernel_arg_written(w->kernel->kernel, slot)) return true;
  PyObject *memory = tag == TAG_DESCRIPTOR ? descriptor_base(value) : Py_NewRef(value);
  const TypeEntry *t = memory ? type_entry(c->f->st, memory) : NULL;
  Pointer q;
  bool known = t && pointer_of(c->f->st, t, memory, p->name, &q);
  Py_XDECREF(memory);
  if (!known) return false;
  if (!q.read_only) return true;
  PyErr_Format(PyExc_ValueError, "argument `%U` is read-only, and the kernel writes to it", p->name);
  return false;
}

static bool launch_call(Call *c, Kernel *k, const uint32_t grid[3]) {
  State *st = c->f->st;
  Written written = {k, 0};
  if (c->read_only && !call_leaves(c, refuse_written, &written)) return false;
  if (!k->checks) return launch_kernel(st, k, grid, c->stream, c->slots, c->nslots, NULL);
  Memory memory = {0};
  bool ok = call_leaves(c, add_memory, &memory);
  ok = ok && launch_kernel(st, k, grid, 0, c->slots, c->nslots, &memory);
  memory_clear(&memory);
  return ok;
}

static bool call_hook(PyObject *hook, PyObject *metadata) {
  if (!is_hook(hook)) return true;
  Py_INCREF(hook); /* it may remove itself */
  PyObject *result = PyObject_CallFunctionObjArgs(hook, metadata, NULL);
  Py_DECREF(hook);
  Py_XDECREF(result);
  return result != NULL;
}

/* A launch between hooks, which are rare: both get the same kernel.launch_metadata(grid, stream, *arguments). */
static bool launch_hooked(Call *c, Kernel *k, PyObject *grid, const uint32_t size[3]) {
  Py_ssize_t n = c->f->nparams;
  PyObject *method = PyObject_GetAttrString((PyObject *)k, "launch_metadata"), *args = PyTuple_New(n + 2);
  PyObject *stream = PyLong_FromUnsignedLongLong(c->stream), *metadata = NULL;
  bool ok = method && args && stream;
  for (Py_ssize_t i = 0; ok && i < n + 2; i++) {
    PyObject *arg = i == 0 ? grid : i == 1 ? stream : c->values[i - 2];
    Py_INCREF(arg);
    ok = PyTuple_SetItem(args, i, arg) == 0;
  }
  if (ok) metadata = PyObject_Call(method, args, NULL);
  Py_XDECREF(method);
  Py_XDECREF(args);
  Py_XDECREF(stream);
  ok = metadata && call_hook(c->f->st->launch_enter, metadata) && launch_call(c, k, size) &&
       call_hook(c->f->st->launch_exit, metadata);
  Py_XDECREF(metadata);
  return ok;
}

/* pre_run_hooks: called with the launch's own arguments. */
static bool call_pre_run_hooks(JITCore *f, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
  PyObject *positional = PyTuple_New(nargs), *keywords = PyDict_New();
  bool ok = positional && keywords;
  for (Py_ssize_t i = 0; ok && i < nargs; i++) {
    Py_INCREF(args[i]);
    ok = PyTuple_SetItem(positional, i, args[i]) == 0;
  }
  for (Py_ssize_t i = 0; ok && kwnames && i < PyTuple_Size(kwnames); i++) {
    PyObject *name = PyTuple_GetItem(kwnames, i);
    if (is_name(name, f->st->str_grid) || is_name(name, f->st->str_warmup)) continue;
    ok = PyDict_SetItem(keywords, name, args[nargs + i]) == 0;
  }
  for (Py_ssize_t i = 0; ok && i < PyList_Size(f->hooks); i++) {
    PyObject *result = PyObject_Call(PyList_GetItem(f->hooks, i), positional, keywords);
    ok = result != NULL;
    Py_XDECREF(result);
  }
  Py_XDECREF(positional);
  Py_XDECREF(keywords);
  return ok;
}

static Kernel *find_or_compile(Call *c) {
  Kernel *k = table_last(&c->f->table, c->key, c->words);
  uint64_t hash = k ? 0 : table_hash(c->key, c->words);
  if (!k) k = table_get(&c->f->table, c->key, c->words, hash);
  if (k) {
    Py_INCREF((PyObject *)k);
    return k;
  }
  k = compile_call(c);
  if (!k) return NULL;
  /* Another thread may have been faster; then its kernel serves both. */
  Kernel *first = table_get(&c->f->table, c->key, c->words, hash);
  if (first) {
    Py_INCREF((PyObject *)first);
    Py_DECREF((PyObject *)k);
    return first;
  }
  if (!table_put(&c->f->table, c->key, c->words, hash, k)) Py_CLEAR(k);
  return k;
}

static PyObject *launch_bound(Call *c, PyObject *grid, bool warmup, PyObject *const *args, Py_ssize_t nargs,
                              PyObject *kwnames) {
  JITCore *f = c->f;
  if (!warmup && PyList_Size(f->hooks) > 0 && !call_pre_run_hooks(f, args, nargs, kwnames)) return NULL;
  c->warmup = warmup;
  if (!bind(c, args, nargs, kwnames) || !make_key(c) || !watch_check(f)) return NULL;
  Kernel *k = find_or_compile(c);
  if (!k && !PyErr_Occurred()) Py_RETURN_NONE; /* a hook said not to compile */
  bool ok = k != NULL;
  if (ok && !warmup) {
    uint32_t size[3];
    PyObject *called = NULL; /* what a function of the arguments gave */
    if (!PyTuple_Check(grid) && PyCallable_Check(grid)) {
      grid = called = call_grid(c, grid);
      ok = called != NULL;
    }
    ok = ok && parse_grid(grid, size);
    bool hooked = is_hook(f->st->launch_enter) || is_hook(f->st->launch_exit);
    ok = ok && (hooked ? launch_hooked(c, k, grid, size) : launch_call(c, k, size));
    Py_XDECREF(called);
  }
  if (!ok) Py_CLEAR(k);
  return (PyObject *)k;
}

static void free_descriptors(Call *c) {
  for (CallDescriptor *d = c->descriptors, *next; d; d = next) {
    next = d->next;
    PyMem_Free(d);
  }
}

static PyObject *launch(JITCore *f, PyObject *grid, bool warmup, PyObject *const *args, Py_ssize_t nargs,
                        PyObject *kwnames) {
  PyObject *values[INLINE_PARAMS];
  uint64_t key[INLINE_WORDS], slots[INLINE_PARAMS];
  size_t n = (size_t)f->nparams;
  Call c = {.f = f,
            .values = values,
            .key = key,
            .own_key = key,
            .key_cap = INLINE_WORDS,
            .slots = slots,
            .own_slots = slots,
            .slot_cap = INLINE_PARAMS,
            .host_param = -1,
            .gpu_param = -1};
  if (n > INLINE_PARAMS && !(c.values = PyMem_Malloc(n * sizeof *c.values))) return PyErr_NoMemory();
  memset(c.values, 0, n * sizeof *c.values);
  PyObject *result = launch_bound(&c, grid, warmup, args, nargs, kwnames);
  if (c.values != values) PyMem_Free(c.values);
  if (c.key != key) PyMem_Free(c.key);
  if (c.slots != slots) PyMem_Free(c.slots);
  free_descriptors(&c);
  return result;
}

/* ---- the ways to ask for one ------------------------------------------------------------------------------------- */

/* What kernel[grid] is: a built-in function bound to the pair (kernel, grid). */
static PyObject *call_pair(PyObject *pair, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
  return launch((JITCore *)PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1), false, args, nargs, kwnames);
}

static PyMethodDef launcher = {"launcher", (PyCFunction)(void (*)(void))call_pair, METH_FASTCALL | METH_KEYWORDS,
                               "A kernel and its grid: call it with the kernel's arguments."};

/* A grid that is a constant of the program is the same object each time. */
static PyObject *last_launcher(const JITCore *f, PyObject *grid) {
  PyObject *pair = f->launcher ? PyCFunction_GetSelf(f->launcher) : NULL;
  return pair && PyTuple_GetItem(pair, 1) == grid ? Py_NewRef(f->launcher) : NULL;
}

PyObject *jit_subscript(PyObject *self, PyObject *grid) {
  JITCore *f = (JITCore *)self;
  PyObject *known = last_launcher(f, grid);
  if (known) return known;
  PyObject *pair = PyTuple_Pack(2, self, grid);
  PyObject *function = pair ? PyCFunction_NewEx(&launcher, pair, NULL) : NULL;
  Py_XDECREF(pair);
  if (function && Py_TYPE(grid) == &PyTuple_Type) {
    PyObject *old = f->launcher;
    f->launcher = Py_NewRef(function);
    Py_XDECREF(old);
  }
  return function;
}

PyObject *jit_run(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
  JITCore *f = (JITCore *)self;
  PyObject *grid = NULL;
  bool warmup = false;
  for (Py_ssize_t i = 0; kwnames && i < PyTuple_Size(kwnames); i++) {
    PyObject *name = PyTuple_GetItem(kwnames, i);
    if (is_name(name, f->st->str_grid))
      grid = args[nargs + i];
    else if (is_name(name, f->st->str_warmup))
      warmup = PyObject_IsTrue(args[nargs + i]) == 1;
  }
  if (!warmup && (!grid || grid == Py_None))
    return PyErr_SetString(PyExc_TypeError, "run() missing the keyword argument 'grid'"), NULL;
  return launch(f, grid, warmup, args, nargs, kwnames);
}
