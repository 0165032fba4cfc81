/* launch.c: kernel[grid](*args, **kwargs).
 *
 * Binding: each value goes to its parameter by position or by name; what is left takes its default. The key (call.c) is
 * looked up: equal keys share a kernel, and a key that is not in the table is compiled.
 */
#include "ext.h"

#include <string.h>

enum { INLINE_PARAMS = 64, INLINE_WORDS = 2 * (INLINE_PARAMS + MAX_OPTIONS) };

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

/* A KeyError that names the nearest parameter or option. */
static bool unknown_keyword(JITCore *f, PyObject *name) {
  PyObject *errors = PyImport_ImportModule("triton.errors");
  PyObject *error = errors ? PyObject_CallMethod(errors, "unknown_keyword", "OO", (PyObject *)f, name) : NULL;
  if (error) PyErr_SetObject(PyExc_KeyError, error);
  Py_XDECREF(error);
  Py_XDECREF(errors);
  return false;
}

static bool bind_option(Call *c, size_t option, PyObject *value) {
  if (c->noptions == MAX_OPTIONS) return PyErr_SetString(PyExc_TypeError, "too many options"), false;
  c->options[c->noptions] = option;
  c->option_values[c->noptions++] = value;
  return true;
}

static bool bind_keyword(Call *c, PyObject *name, PyObject *value, Py_ssize_t *next) {
  JITCore *f = c->f;
  for (size_t i = 0; i < f->noptions; i++) /* names that a launch had before, which no parameter has */
    if (f->options[i].name == name) return bind_option(c, i, value);
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
  if (!ext_option_known(text)) return unknown_keyword(f, name);
  Py_ssize_t option = ext_known_option(f, name);
  return option >= 0 && bind_option(c, (size_t)option, value);
}

static PyObject *function_name(JITCore *f) { return PyObject_GetAttrString(f->fn, "__name__"); }

static bool missing_argument(JITCore *f, const FnParam *p) {
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
  for (Py_ssize_t i = nargs; i < f->nparams; i++) c->values[i] = NULL;
  Py_ssize_t nkw = kwnames ? PyTuple_Size(kwnames) : 0, next = nargs;
  for (Py_ssize_t i = 0; i < nkw; i++)
    if (!bind_keyword(c, PyTuple_GetItem(kwnames, i), args[nargs + i], &next)) return false;
  for (Py_ssize_t i = nargs; i < f->nparams; i++) {
    if (c->values[i]) continue;
    if (!f->params[i].fallback) return missing_argument(f, &f->params[i]);
    c->values[i] = f->params[i].fallback;
  }
  return true;
}

static bool make_key(Call *c) {
  uint64_t device;
  return ext_key_call(c) && ext_choose_device(c, &device) && ext_key_device(c, device);
}

/* ---- the launch -------------------------------------------------------------------------------------------------- */

static bool add_memory(Call *c, const FnParam *p, PyObject *value, const uint64_t word[2], void *arg) {
  bool has_memory = (word[0] & 0xff) == TAG_POINTER || (word[0] & 0xff) == TAG_DESCRIPTOR;
  return !has_memory || ext_memory_add(c->f->st, arg, value, p->utf8);
}

typedef struct Written {
  const Kernel *kernel;
  size_t slot;
} Written;

/* Memory that must not be written, and a kernel that would. */
static bool refuse_written(Call *c, const FnParam *p, PyObject *value, const uint64_t word[2], void *arg) {
  Written *w = arg;
  uint64_t tag = word[0] & 0xff;
  bool one = tag == TAG_INT && word[0] >> 32 & TTC_SPEC_ONE;
  if (one || tag < TAG_POINTER || tag > TAG_FIXED) return true;
  size_t slot = w->slot++;
  bool has_memory = tag == TAG_POINTER || tag == TAG_DESCRIPTOR;
  if (!has_memory || !ttc_kernel_arg_written(w->kernel->kernel, slot)) return true;
  PyObject *memory = tag == TAG_DESCRIPTOR ? ext_descriptor_base(value) : Py_NewRef(value);
  TypeEntry t;
  Pointer q;
  bool known = memory && ext_type_entry(c->f->st, memory, &t) && ext_pointer_of(c->f->st, &t, memory, p->name, &q);
  Py_XDECREF(memory);
  if (!known) return false;
  if (!q.read_only) return true;
  PyErr_Format(PyExc_ValueError, "argument `%U` is read-only, and the kernel writes to it", p->name);
  return false;
}

static bool launch_call(Call *c, Kernel *k, const uint32_t grid[3]) {
  State *st = c->f->st;
  Written written = {k, 0};
  if (c->read_only && !ext_call_leaves(c, refuse_written, &written)) return false;
  if (!k->checks) return ext_launch_kernel(st, k, grid, c->stream, c->slots, c->nslots, NULL);
  Memory memory = {0};
  bool ok = ext_call_leaves(c, add_memory, &memory);
  ok = ok && ext_launch_kernel(st, k, grid, 0, c->slots, c->nslots, &memory);
  ext_memory_clear(&memory);
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
    PyObject *hook = Py_NewRef(PyList_GetItem(f->hooks, i)); /* it may remove itself */
    PyObject *result = PyObject_Call(hook, positional, keywords);
    ok = result != NULL;
    Py_DECREF(hook);
    Py_XDECREF(result);
  }
  Py_XDECREF(positional);
  Py_XDECREF(keywords);
  return ok;
}

static Kernel *find_or_compile(Call *c, bool *skipped) {
  Kernel *k = ext_table_last(&c->f->table, c->key, c->words);
  uint64_t hash = k ? 0 : ext_table_hash(c->key, c->words);
  if (!k) k = ext_table_get(&c->f->table, c->key, c->words, hash);
  if (k) {
    Py_INCREF((PyObject *)k);
    return k;
  }
  k = ext_compile_call(c, skipped);
  if (!k) return NULL;
  /* Another thread may have been faster; then its kernel serves both. */
  Kernel *first = ext_table_get(&c->f->table, c->key, c->words, hash);
  if (first) {
    Py_INCREF((PyObject *)first);
    Py_DECREF((PyObject *)k);
    return first;
  }
  if (!ext_table_put(&c->f->table, c->key, c->words, hash, k)) Py_CLEAR(k);
  return k;
}

static PyObject *launch_bound(Call *c, PyObject *grid, bool warmup, PyObject *const *args, Py_ssize_t nargs,
                              PyObject *kwnames) {
  JITCore *f = c->f;
  if (!warmup && PyList_Size(f->hooks) > 0 && !call_pre_run_hooks(f, args, nargs, kwnames)) return NULL;
  c->warmup = warmup;
  if (!bind(c, args, nargs, kwnames) || !make_key(c) || !ext_watch_check(f)) return NULL;
  bool skipped = false;
  Kernel *k = find_or_compile(c, &skipped);
  if (skipped) Py_RETURN_NONE; /* a hook said not to compile */
  bool ok = k != NULL;
  if (ok && !warmup) {
    uint32_t size[3];
    PyObject *called = NULL; /* what a function of the arguments gave */
    if (!PyTuple_Check(grid) && PyCallable_Check(grid)) {
      grid = called = ext_call_grid(c, grid);
      ok = called != NULL;
    }
    ok = ok && ext_parse_grid(grid, size);
    bool hooked = is_hook(f->st->launch_enter) || is_hook(f->st->launch_exit);
    PyObject *range = NULL;
    if (ok && ext_range_wanted(f->st)) ok = (range = ext_range_enter(ttc_kernel_name(k->kernel))) != NULL;
    ok = ok && (hooked ? launch_hooked(c, k, grid, size) : launch_call(c, k, size));
    if (range) ok = ext_range_leave(range) && ok;
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
  PyObject *values[INLINE_PARAMS], *option_values[MAX_OPTIONS];
  size_t options[MAX_OPTIONS];
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
            .options = options,
            .option_values = option_values,
            .host_param = -1,
            .gpu_param = -1};
  if (n > INLINE_PARAMS && !(c.values = PyMem_Malloc(n * sizeof *c.values))) return PyErr_NoMemory();
  PyObject *result = launch_bound(&c, grid, warmup, args, nargs, kwnames);
  if (c.values != values) PyMem_Free(c.values);
  if (c.key != key) PyMem_Free(c.key);
  if (c.slots != slots) PyMem_Free(c.slots);
  free_descriptors(&c);
  Py_XDECREF(c.kept);
  return result;
}

/* ---- the ways to ask for one ------------------------------------------------------------------------------------- */

/* What kernel[grid] is: a built-in function bound to the pair (kernel, grid). */
static PyObject *call_pair(PyObject *pair, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
  return launch((JITCore *)PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1), false, args, nargs, kwnames);
}

static PyMethodDef launcher = {"launcher", (PyCFunction)(void (*)(void))call_pair, METH_FASTCALL | METH_KEYWORDS,
                               "A kernel and its grid: call it with the kernel's arguments."};

/* Tuples of the same plain integers? */
static bool same_numbers(PyObject *a, PyObject *b) {
  if (Py_TYPE(a) != &PyTuple_Type || Py_TYPE(b) != &PyTuple_Type) return false;
  Py_ssize_t n = PyTuple_Size(a);
  bool same = n == PyTuple_Size(b);
  for (Py_ssize_t i = 0; same && i < n; i++) {
    PyObject *x = PyTuple_GetItem(a, i), *y = PyTuple_GetItem(b, i);
    same = PyLong_CheckExact(x) && PyLong_CheckExact(y) && PyObject_RichCompareBool(x, y, Py_EQ) == 1;
  }
  return same;
}

/* A grid that is a constant of the program is the same object each time, and one that is computed often the same numbers. */
static PyObject *last_launcher(const JITCore *f, PyObject *grid) {
  PyObject *pair = f->launcher ? PyCFunction_GetSelf(f->launcher) : NULL;
  PyObject *last = pair ? PyTuple_GetItem(pair, 1) : NULL;
  return last && (last == grid || same_numbers(last, grid)) ? Py_NewRef(f->launcher) : NULL;
}

PyObject *ext_jit_subscript(PyObject *self, PyObject *grid) {
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

PyObject *ext_jit_run(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
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
