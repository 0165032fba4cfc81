/* call.c: a call's arguments: what its key says of them, and their values packed.
 *
 * Two words per parameter say what the compiled code may depend on: for a pointer its element type and whether its
 * address is a multiple of 16, for an integer its width, whether it is 1 and whether it is a multiple of 16, for a
 * constant its value (numbers as they are, anything else by its number in a dictionary). A tuple's two words are
 * followed by those of its items. Then come two words per option, and one for the device that the call runs on
 * (device.c). The run-time values are packed while the key is made, so that on a hit nothing is left but the launch.
 *
 * Most numbers of a launch are the objects of the one before: a program's constants, and small integers, which Python has
 * once. Each parameter remembers what it made of its last one (Repeat). A tensor is asked each time: its memory may be another.
 */
#include "ext.h"

#include <string.h>

/* ---- room -------------------------------------------------------------------------------------------------------- */

/* Room for `more` words after `used`; what lies in the caller's own buffer moves to the heap once. */
static bool grow(uint64_t **at, size_t *cap, size_t used, size_t more, const uint64_t *own) {
  size_t wanted = 2 * *cap + more;
  uint64_t *bigger = *at == own ? PyMem_Malloc(wanted * sizeof *bigger) : PyMem_Realloc(*at, wanted * sizeof *bigger);
  if (!bigger) return PyErr_NoMemory(), false;
  if (*at == own) memcpy(bigger, own, used * sizeof *bigger);
  *at = bigger;
  *cap = wanted;
  return true;
}

/* Two more words of the key, valid until the next call; NULL with an exception set. */
static inline uint64_t *more_words(Call *c) {
  if (c->words + 2 > c->key_cap && !grow(&c->key, &c->key_cap, c->words, 2, c->own_key)) return NULL;
  c->words += 2;
  return &c->key[c->words - 2];
}

static inline bool push_slot(Call *c, uint64_t x) {
  if (c->nslots == c->slot_cap && !grow(&c->slots, &c->slot_cap, c->nslots, 1, c->own_slots)) return false;
  c->slots[c->nslots++] = x;
  return true;
}

/* ---- what comes again -------------------------------------------------------------------------------------------- */

static inline bool repeat(Call *c, const Repeat *r) {
  uint64_t *word = more_words(c);
  if (!word) return false;
  word[0] = r->word[0];
  word[1] = r->word[1];
  return !r->has_slot || push_slot(c, r->slot);
}

/* Numbers and the like, whose words can be kept. */
static bool is_lasting(PyObject *obj) {
  return PyLong_CheckExact(obj) || Py_TYPE(obj) == &PyFloat_Type || PyBool_Check(obj) || obj == Py_None;
}

/* `slots`: how many there were before it. */
static void remember(Repeat *r, PyObject *obj, const uint64_t word[2], const Call *c, size_t slots) {
  PyObject *old = r->value;
  r->word[0] = word[0];
  r->word[1] = word[1];
  r->has_slot = c->nslots > slots;
  r->slot = r->has_slot ? c->slots[slots] : 0;
  r->value = Py_NewRef(obj);
  Py_XDECREF(old);
}

/* ---- keys -------------------------------------------------------------------------------------------------------- */

/* What tells a constant from others, for a dictionary. Equal values may be different constants: 0.0 and -0.0, and (1,),
 * (1.0,) and (True,); so what a value prints as goes with it, as in the key of the cache on disk. */
static PyObject *constant_key(const State *st, PyObject *obj) {
  PyObject *type = (PyObject *)Py_TYPE(obj);
  if (type == (PyObject *)&PyUnicode_Type || type == st->dtype || PyType_Check(obj) ||
      PyObject_TypeCheck(obj, st->jit_type))
    return PyTuple_Pack(2, type, obj);
  PyObject *text = PyObject_Repr(obj); /* first: it is an error of values that nest too deeply for hash() */
  if (!text) return NULL;
  bool hashable = PyObject_Hash(obj) != -1; /* a list is not: equal when it prints alike */
  if (!hashable && !PyErr_ExceptionMatches(PyExc_Exception)) return Py_DECREF(text), NULL;
  PyErr_Clear();
  PyObject *key = hashable ? PyTuple_Pack(3, type, obj, text) : PyTuple_Pack(2, type, text);
  Py_DECREF(text);
  return key;
}

/* A number for a constant that is not a plain number: equal constants have equal numbers. Comparing may run anybody's code,
 * and let other threads run: a number is taken before that, and no other constant gets it. `lasting`: the object will always
 * have it. */
static bool constant_id(JITCore *f, PyObject *obj, uint64_t *id, bool *lasting) {
  PyObject *key = constant_key(f->st, obj);
  PyObject *known = key ? PyDict_GetItemWithError(f->constants, key) : NULL;
  bool ok = key && !PyErr_Occurred();
  if (ok && known)
    *id = PyLong_AsUnsignedLongLong(known);
  else if (ok) {
    *id = f->nconstants++;
    PyObject *number = PyLong_FromUnsignedLongLong(*id);
    ok = number && PyDict_SetItem(f->constants, key, number) == 0;
    Py_XDECREF(number);
  }
  *lasting = ok && PyTuple_GetItem(key, 1) == obj;
  Py_XDECREF(key);
  return ok;
}

/* The two words of a value that the code is compiled for. */
static bool key_constant(JITCore *f, PyObject *obj, uint64_t word[2], bool *lasting) {
  State *st = f->st;
  word[1] = 0;
  *lasting = is_lasting(obj);
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
    bool ok = inner && !Py_EnterRecursiveCall(" in a constant of a kernel");
    if (ok) {
      ok = key_constant(f, inner, word, lasting);
      Py_LeaveRecursiveCall();
    }
    *lasting = false; /* it may be given another value */
    Py_XDECREF(inner);
    return ok;
  }
  word[0] = TAG_CONST_OBJECT;
  return constant_id(f, obj, &word[1], lasting);
}

/* A parameter whose type its annotation fixes: nothing of the value is in the key but a multiple of 16. */
static bool key_fixed(Call *c, const FnParam *p, PyObject *obj, uint64_t word[2]) {
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

static bool key_int(Call *c, const FnParam *p, PyObject *obj, uint64_t word[2]) {
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

static bool key_pointer(Call *c, const TypeEntry *t, const FnParam *p, PyObject *obj, uint64_t word[2]) {
  Pointer q;
  if (!ext_pointer_of(c->f->st, t, obj, p->name, &q)) return false;
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

static bool key_descriptor(Call *c, const FnParam *p, PyObject *obj, uint64_t word[2]) {
  Pointer base;
  CallDescriptor *d = PyMem_Malloc(sizeof *d);
  if (!d) return PyErr_NoMemory(), false;
  d->next = c->descriptors;
  c->descriptors = d;
  if (!ext_descriptor_of(c->f->st, obj, p->name, &base, &d->value, &word[1])) return false;
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

static bool key_value(Call *c, const FnParam *p, PyObject *obj, Repeat *last);

static bool key_tuple(Call *c, const FnParam *p, PyObject *obj) {
  PyObject *items = ext_fixed_items(&c->kept, obj);
  Py_ssize_t n = items ? PyTuple_Size(items) : -1;
  if (n < 0) return false;
  FnParam item = {.name = p->name, .utf8 = p->utf8, .spec_flags = p->spec_flags};
  uint64_t type = 0, *word = more_words(c);
  bool lasting;
  if (!word) return false;
  if (Py_TYPE(obj) != &PyTuple_Type && !constant_id(c->f, (PyObject *)Py_TYPE(obj), &type, &lasting)) return false;
  word[0] = TAG_TUPLE | (uint64_t)n << 8;
  word[1] = type;
  if (Py_EnterRecursiveCall(" in a tuple among a kernel's arguments")) return false;
  bool ok = true;
  for (Py_ssize_t i = 0; ok && i < n; i++) ok = key_value(c, &item, PyTuple_GetItem(items, i), NULL);
  Py_LeaveRecursiveCall();
  return ok;
}

static bool key_leaf(Call *c, const FnParam *p, const TypeEntry *t, PyObject *obj, uint64_t word[2], bool *lasting) {
  *lasting = is_lasting(obj);
  if (t->class == ARG_INT && !p->type[0]) return key_int(c, p, obj, word);
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
  case ARG_CONSTANT: return key_constant(c->f, obj, word, lasting);
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

/* `last`: of the parameter, or NULL. */
static bool key_value(Call *c, const FnParam *p, PyObject *obj, Repeat *last) {
  if (last && last->value == obj) return repeat(c, last);
  TypeEntry t;
  if (!p->is_constexpr && !ext_type_entry(c->f->st, obj, &t)) return false;
  if (!p->is_constexpr && t.class == ARG_TUPLE) return key_tuple(c, p, obj);
  uint64_t word[2];
  bool lasting;
  size_t slots = c->nslots;
  bool ok = p->is_constexpr ? key_constant(c->f, obj, word, &lasting) : key_leaf(c, p, &t, obj, word, &lasting);
  if (!ok) return false;
  if (lasting && last) remember(last, obj, word, c, slots);
  uint64_t *to = more_words(c);
  if (to) memcpy(to, word, sizeof word);
  return to != NULL;
}

bool ext_tuple_changed(const FnParam *p) {
  if (!PyErr_Occurred())
    PyErr_Format(PyExc_RuntimeError, "argument `%U`: a list changed while its kernel was launched", p->name);
  return false;
}

static bool visit(Call *c, const FnParam *p, PyObject *value, size_t *at, LeafFn *fn, void *arg) {
  const uint64_t *word = &c->key[*at];
  *at += 2;
  if ((word[0] & 0xff) != TAG_TUPLE) return fn(c, p, value, word, arg);
  PyObject *items = PyTuple_Check(value) || PyList_Check(value) ? ext_fixed_items(&c->kept, value) : NULL;
  Py_ssize_t n = (Py_ssize_t)(word[0] >> 8);
  if (!items || PyTuple_Size(items) != n) return ext_tuple_changed(p);
  for (Py_ssize_t i = 0; i < n; i++)
    if (!visit(c, p, PyTuple_GetItem(items, i), at, fn, arg)) return false;
  return true;
}

bool ext_call_leaves(Call *c, LeafFn *fn, void *arg) {
  size_t at = 0;
  for (Py_ssize_t i = 0; i < c->f->nparams; i++) {
    c->at = i;
    if (!visit(c, &c->f->params[i], c->values[i], &at, fn, arg)) return false;
  }
  return true;
}

Py_ssize_t ext_known_option(JITCore *f, PyObject *name) {
  for (size_t i = 0; i < f->noptions; i++)
    if (f->options[i].name == name || PyUnicode_Compare(f->options[i].name, name) == 0) return (Py_ssize_t)i;
  bool lasting;
  KnownOption o = {0};
  if (!constant_id(f, name, &o.id, &lasting)) return -1;
  KnownOption *grown = PyMem_Realloc(f->options, (f->noptions + 1) * sizeof *grown);
  if (!grown) return PyErr_NoMemory(), -1;
  f->options = grown;
  o.name = Py_NewRef(name);
  f->options[f->noptions] = o;
  return (Py_ssize_t)f->noptions++;
}

static bool key_option(Call *c, size_t at, PyObject *obj) {
  KnownOption *o = &c->f->options[at];
  if (o->last.value == obj) return repeat(c, &o->last);
  uint64_t word[2];
  bool lasting;
  if (!key_constant(c->f, obj, word, &lasting)) return false;
  o = &c->f->options[at]; /* a constant's own comparison may have launched something */
  word[0] |= o->id << 8;
  if (lasting) remember(&o->last, obj, word, c, c->nslots);
  uint64_t *to = more_words(c);
  if (to) memcpy(to, word, sizeof word);
  return to != NULL;
}

bool ext_key_call(Call *c) {
  JITCore *f = c->f;
  for (c->at = 0; c->at < f->nparams; c->at++) {
    FnParam *p = &f->params[c->at];
    if (!key_value(c, p, c->values[c->at], &p->last)) return false;
  }
  for (int i = 0; i < c->noptions; i++)
    if (!key_option(c, c->options[i], c->option_values[i])) return false;
  return true;
}

bool ext_key_device(Call *c, uint64_t device) {
  uint64_t *word = more_words(c);
  if (!word) return false;
  word[0] = device;
  word[1] = 0;
  return true;
}
