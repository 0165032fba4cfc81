/* compile.c: from a call or a description to a kernel.
 *
 * The compile runs without the GIL; the front end's questions about names take it (host.c).
 */
#include "ext.h"

#include <string.h>

/* ---- the compile itself ------------------------------------------------------------------------------------------ */

typedef struct Job {
  Host host;
  ttc_request request;
  ttc_param *params; /* the request's */
  ttc_option options[MAX_OPTIONS + 8];
  const char *arch; /* the option: "sm80" */
} Job;

/* The compiler's warnings as Python's, at the kernel's line; false when a filter made one an exception. */
static bool show_warnings(const ttc_context *cx) {
  ttc_warning w;
  for (size_t i = 0; ttc_warning_at(cx, i, &w); i++) {
    PyObject *text = PyUnicode_FromFormat("%s%s%s", w.message, *w.hint ? "; " : "", w.hint);
    const char *utf8 = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
    const char *file = *w.file ? w.file : "<kernel>";
    bool ok = utf8 && PyErr_WarnExplicit(PyExc_UserWarning, utf8, file, w.line, NULL, NULL) == 0;
    Py_XDECREF(text);
    if (!ok) return false;
  }
  return true;
}

static ttc_kernel *run_job(State *st, Job *job) {
  ttc_request request = job->request;
  Store store;
  if (!ext_store_open(&store, &job->host, request.function ? request.function->name : request.file)) return NULL;
  if (store.object) request.store = &store.table;
  ttc_context *cx = ext_new_context();
  ttc_kernel *kernel = NULL;
  if (!cx) return NULL;
  PyThreadState *saved = PyEval_SaveThread();
  request.params = job->params;
  request.options = job->options;
  ttc_status status = ttc_compile(cx, &request, &kernel);
  PyEval_RestoreThread(saved);
  if (status != TTC_OK)
    ext_raise_status(st, cx, status);
  else if (!show_warnings(cx)) {
    ttc_kernel_free(kernel);
    kernel = NULL;
  }
  ttc_context_free(cx);
  return kernel;
}

/* An option of Python's as text; options for other devices are left out. */
static bool add_option(Job *job, PyObject *name, PyObject *value) {
  const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
  if (!text) return PyErr_SetString(PyExc_TypeError, "names of options are strings"), false;
  if (!ext_option_known(text))
    return PyErr_Format(PyExc_KeyError, "Keyword argument %U was specified but unrecognised", name), false;
  if (value == Py_None) return true;
  if (strcmp(text, "arch") == 0 && PyUnicode_Check(value)) {
    job->arch = PyUnicode_AsUTF8AndSize(value, NULL);
    return job->arch && ext_host_keep(&job->host, value);
  }
  if (!ext_option_for_us(text)) return true;
  PyObject *str = PyObject_Str(value);
  const char *utf8 = str ? PyUnicode_AsUTF8AndSize(str, NULL) : NULL;
  bool ok = utf8 && ext_host_keep(&job->host, str) && ext_host_keep(&job->host, name);
  Py_XDECREF(str);
  if (!ok) return false;
  if (job->request.noptions == sizeof job->options / sizeof *job->options)
    return PyErr_SetString(PyExc_TypeError, "too many options"), false;
  job->options[job->request.noptions++] = (ttc_option){text, utf8};
  return true;
}

static bool takes_capability(const char *target) {
  ttc_context *cx = ttc_context_new();
  bool takes = ttc_target_takes_capability(cx, target);
  ttc_context_free(cx);
  return takes;
}

/* The option `arch`, or TRITON_OVERRIDE_ARCH, names another GPU to compile for: "sm80". */
static bool choose_arch(Job *job) {
  if (!job->request.target) return true; /* what the IR names */
  const char *arch = job->arch ? job->arch : getenv("TRITON_OVERRIDE_ARCH"), *colon = strchr(job->request.target, ':');
  if (!arch || !*arch || !takes_capability(job->request.target)) return true;
  unsigned capability;
  char rest;
  int n = sscanf(arch, "sm%3u%c", &capability, &rest);
  if (n != 1 && !(n == 2 && rest == 'a' && strchr(arch, 'a')[1] == 0))
    return PyErr_Format(PyExc_ValueError, "`%s`: the option arch, and TRITON_OVERRIDE_ARCH, are of the form sm80",
                        arch),
           false;
  char *target = ext_host_memory(&job->host, TARGET_TEXT);
  if (!target) return false;
  size_t name = colon ? (size_t)(colon - job->request.target) : strlen(job->request.target);
  snprintf(target, TARGET_TEXT, "%.*s:%u", (int)name, job->request.target, capability);
  job->request.target = target;
  return true;
}

static bool add_options(Job *job, PyObject *dict) {
  if (!dict || dict == Py_None) return true;
  PyObject *items = PyDict_Items(dict); /* a value's str() may change the dict */
  bool ok = items != NULL;
  for (Py_ssize_t i = 0; ok && i < PyList_Size(items); i++) {
    PyObject *pair = PyList_GetItem(items, i);
    ok = add_option(job, PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1));
  }
  Py_XDECREF(items);
  return ok;
}

/* ---- a call ------------------------------------------------------------------------------------------------------ */

/* A constant of the kernel: all of its value is part of the cache's key. */
static bool exact_value(Host *h, PyObject *obj, ttc_value *out) {
  h->exact++;
  bool ok = ext_to_value(h, obj, out);
  h->exact--;
  return ok;
}

static bool describe(Call *c, Host *h, const FnParam *p, const uint64_t **key, PyObject *value, ttc_param *out);

/* A tuple's items; those of a named one have their fields' names. */
static bool describe_items(Call *c, Host *h, const FnParam *p, const uint64_t **key, PyObject *value, ttc_param *out) {
  size_t n = (size_t)((*key)[-2] >> 8);
  ttc_param *items = ext_host_memory(h, (n + 1) * sizeof *items);
  PyObject *values = PyTuple_Check(value) || PyList_Check(value) ? ext_fixed_items(&c->kept, value) : NULL;
  if (!items) return false;
  if (!values || (size_t)PyTuple_Size(values) != n) return ext_tuple_changed(p);
  PyObject *fields = PyObject_GetAttrString(value, "_fields");
  if (!fields) PyErr_Clear();
  bool named = fields && PyTuple_Check(fields) && (size_t)PyTuple_Size(fields) == n, ok = true;
  for (size_t i = 0; named && i < n; i++) named = PyUnicode_Check(PyTuple_GetItem(fields, (Py_ssize_t)i));
  for (size_t i = 0; ok && i < n; i++) {
    PyObject *item = PyTuple_GetItem(values, (Py_ssize_t)i),
             *name = named ? PyTuple_GetItem(fields, (Py_ssize_t)i) : NULL;
    ok = describe(c, h, p, key, item, &items[i]);
    items[i].name = ok && named ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    ok = ok && (!named || (items[i].name && ext_host_keep(h, name)));
  }
  Py_XDECREF(fields);
  out->type = "tuple";
  out->items = items;
  out->nitems = n;
  return ok;
}

/* The parameter that the words of a key from *key on stand for. */
static bool describe(Call *c, Host *h, const FnParam *p, const uint64_t **key, PyObject *value, ttc_param *out) {
  const uint64_t *word = *key;
  uint32_t spec = (uint32_t)(word[0] >> 32);
  *out = (ttc_param){.name = p->utf8};
  *key += 2;
  switch (word[0] & 0xff) {
  case TAG_TUPLE: return describe_items(c, h, p, key, value, out);
  case TAG_POINTER: {
    char *type = ext_host_memory(h, 24);
    if (!type) return false;
    snprintf(type, 24, "*%s%s", p->is_const ? "k" : "", ext_dtype_of_id((int)word[1]));
    *out = ttc_spec_param(spec, p->utf8, type);
    return true;
  }
  case TAG_DESCRIPTOR: {
    char *type = ext_host_memory(h, DESCRIPTOR_TEXT);
    if (!type) return false;
    ext_descriptor_type(word[1], type);
    out->type = type;
    out->divisibility = ext_descriptor_divisibility(word[1]);
    return true;
  }
  case TAG_INT: *out = ttc_spec_param(spec, p->utf8, NULL); return true;
  case TAG_BOOL: out->type = "i1"; return true;
  case TAG_FLOAT: out->type = "fp32"; return true;
  case TAG_FIXED:
    out->type = p->type;
    out->divisibility = spec & TTC_SPEC_DIVISIBLE ? 16 : 0;
    return true;
  default: out->type = "constexpr"; return exact_value(h, value, &out->constant);
  }
}

/* What Kernel.constants says of the parameters; counts where `to` is NULL. */
static size_t letters(const ttc_param *params, size_t n, char *to) {
  size_t at = 0;
  for (size_t i = 0; i < n; i++) {
    const ttc_param *p = &params[i];
    bool is_tuple = strcmp(p->type, "tuple") == 0;
    if (to) to[at] = is_tuple ? '(' : strcmp(p->type, "constexpr") == 0 ? 'c' : 'r';
    at++;
    if (!is_tuple) continue;
    at += letters(p->items, p->nitems, to ? to + at : NULL);
    if (to) to[at] = ')';
    at++;
  }
  return at;
}

static PyObject *constants_of(const Job *job) {
  PyObject *text = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)letters(job->params, job->request.nparams, NULL));
  if (text) letters(job->params, job->request.nparams, PyBytes_AsString(text));
  return text;
}

/* Calls are launched by us, who pass tensor maps where a kernel wants them; what triton.compile gives may be launched by others. */
static bool add_launch_maps(Job *job) {
  static const char name[] = "launch_maps";
  if (getenv("TRITONC_LAUNCH_MAPS")) return true;
  for (size_t i = 0; i < job->request.noptions; i++)
    if (!strcmp(job->options[i].name, name)) return true;
  if (job->request.noptions == sizeof job->options / sizeof *job->options)
    return PyErr_SetString(PyExc_TypeError, "too many options"), false;
  job->options[job->request.noptions++] = (ttc_option){name, "1"};
  return true;
}

static bool prepare_call(Job *job, Call *c) {
  JITCore *f = c->f;
  const uint64_t *key = c->key;
  job->request.function = ext_jit_function(f);
  job->request.host = &job->host.table;
  job->params = ext_host_memory(&job->host, ((size_t)f->nparams + 1) * sizeof *job->params);
  job->request.nparams = (size_t)f->nparams;
  if (!job->request.function || !job->params) return false;
  for (Py_ssize_t i = 0; i < f->nparams; i++)
    if (!describe(c, &job->host, &f->params[i], &key, c->values[i], &job->params[i])) return false;
  if (!add_options(job, f->default_options)) return false;
  for (int i = 0; i < c->noptions; i++)
    if (!add_option(job, ext_option_name(c, i), c->option_values[i])) return false;
  return add_launch_maps(job) && choose_arch(job);
}

/* A type as Python spells it: of a tuple a tuple. */
static PyObject *type_object(const ttc_param *p) {
  if (strcmp(p->type, "tuple") != 0) return PyUnicode_FromString(p->type);
  PyObject *types = PyTuple_New((Py_ssize_t)p->nitems);
  for (size_t i = 0; types && i < p->nitems; i++) {
    PyObject *item = type_object(&p->items[i]);
    if (!item || PyTuple_SetItem(types, (Py_ssize_t)i, item) != 0) Py_CLEAR(types);
  }
  return types;
}

/* (type, constant or None, divisibility) of each item of a tuple; the constant of a tuple: those of its items. */
static PyObject *described_values(const ttc_param *p, PyObject *value) {
  if (strcmp(p->type, "tuple") != 0) return Py_NewRef(strcmp(p->type, "constexpr") == 0 ? value : Py_None);
  PyObject *items = PyTuple_New((Py_ssize_t)p->nitems);
  for (size_t i = 0; items && i < p->nitems; i++) {
    PyObject *item = PySequence_GetItem(value, (Py_ssize_t)i), *type = item ? type_object(&p->items[i]) : NULL;
    PyObject *constant = type ? described_values(&p->items[i], item) : NULL;
    PyObject *all = constant ? Py_BuildValue("(OOi)", type, constant, (int)p->items[i].divisibility) : NULL;
    if (!all || PyTuple_SetItem(items, (Py_ssize_t)i, all) != 0) Py_CLEAR(items);
    Py_XDECREF(item);
    Py_XDECREF(type);
    Py_XDECREF(constant);
  }
  return items;
}

/* [(name, type, constant or None, divisibility)] of a call. */
static PyObject *described_params(const Job *job, const Call *c) {
  PyObject *params = PyList_New(0);
  bool ok = params != NULL;
  for (size_t i = 0; ok && i < job->request.nparams; i++) {
    const ttc_param *p = &job->params[i];
    PyObject *constant = described_values(p, c->values[i]), *type = constant ? type_object(p) : NULL;
    PyObject *item = type ? Py_BuildValue("(OOOi)", c->f->params[i].name, type, constant, (int)p->divisibility) : NULL;
    ok = item && PyList_Append(params, item) == 0;
    Py_XDECREF(constant);
    Py_XDECREF(type);
    Py_XDECREF(item);
  }
  if (!ok) Py_CLEAR(params);
  return params;
}

/* What the decorator's `repr` calls the kernel for these parameters; takes `params` over. */
static bool name_kernel(Job *job, PyObject *fn, PyObject *params) {
  PyObject *name = params ? PyObject_CallMethod(fn, "_kernel_name", "(O)", params) : NULL;
  bool ok = name != NULL;
  if (ok && name != Py_None) {
    job->request.symbol = PyUnicode_AsUTF8AndSize(name, NULL);
    ok = job->request.symbol && ext_host_keep(&job->host, name);
  }
  Py_XDECREF(name);
  Py_XDECREF(params);
  return ok;
}

/* What hooks are told of a call: its parameters and the options. */
static PyObject *described_call(const Job *job, const Call *c) {
  PyObject *params = described_params(job, c), *options = PyDict_New();
  bool ok = params && options;
  for (int i = 0; ok && i < c->noptions; i++)
    ok = PyDict_SetItem(options, ext_option_name(c, i), c->option_values[i]) == 0;
  PyObject *both = ok ? PyTuple_Pack(2, params, options) : NULL;
  Py_XDECREF(params);
  Py_XDECREF(options);
  return both;
}

/* before(function, (params, options), warmup): whether to go on; -1 with an exception set. */
static int call_before(State *st, const Job *job, const Call *c) {
  if (!is_hook(st->compile_before)) return 1;
  PyObject *what = described_call(job, c), *answer = NULL;
  if (what) answer = PyObject_CallFunction(st->compile_before, "OOi", (PyObject *)c->f, what, (int)c->warmup);
  int skip = answer ? PyObject_IsTrue(answer) : -1;
  Py_XDECREF(what);
  Py_XDECREF(answer);
  return skip < 0 ? -1 : !skip;
}

/* after(function, kernel, (params, options), warmup, microseconds) */
static bool call_after(State *st, const Job *job, const Call *c, Kernel *k, double us) {
  if (!is_hook(st->compile_after)) return true;
  PyObject *what = described_call(job, c), *answer = NULL;
  if (what)
    answer =
        PyObject_CallFunction(st->compile_after, "OOOid", (PyObject *)c->f, (PyObject *)k, what, (int)c->warmup, us);
  Py_XDECREF(what);
  Py_XDECREF(answer);
  return answer != NULL;
}

/* Records what the kernel was compiled from, for inspection. */
static bool attach(Kernel *k, const Job *job, const Call *c) {
  PyObject *params = described_params(job, c), *done = NULL;
  if (params) done = PyObject_CallMethod((PyObject *)k, "_attach", "OO", (PyObject *)c->f, params);
  Py_XDECREF(params);
  Py_XDECREF(done);
  return done != NULL;
}

Kernel *ext_compile_call(Call *c, bool *skipped) {
  State *st = c->f->st;
  char target[TARGET_TEXT];
  Job job = {.request = {.size = sizeof job.request, .target = ext_call_target(c, target)}};
  if (!ext_host_init(&job.host, st)) return NULL;
  Kernel *k = NULL;
  double begin = ext_now_us();
  bool ready = prepare_call(&job, c);
  int wanted = ready ? call_before(st, &job, c) : -1;
  *skipped = wanted == 0;
  if (wanted > 0 && (!c->f->names_kernels || name_kernel(&job, (PyObject *)c->f, described_params(&job, c)))) {
    ttc_kernel *kernel = run_job(st, &job);
    PyObject *constants = kernel ? constants_of(&job) : NULL;
    if (constants)
      k = ext_kernel_new(st, kernel, constants);
    else
      ttc_kernel_free(kernel);
    Py_XDECREF(constants);
  }
  if (k && !(ext_watch_add(c->f, job.host.globals) && attach(k, &job, c) &&
             call_after(st, &job, c, k, ext_now_us() - begin)))
    Py_CLEAR(k);
  ext_host_clear(&job.host);
  if (!k && !*skipped && !PyErr_Occurred())
    PyErr_SetString(PyExc_SystemError, "the kernel was not compiled, and nobody said why");
  return k;
}

/* ---- a description: triton.compile ------------------------------------------------------------------------------- */

static bool described_items(Job *job, PyObject *described, ttc_param **items, size_t *n);

/* One of (name or None, type, constant, divisibility); a tuple's type is the tuple of its items' descriptions. */
static bool described_param(Job *job, PyObject *item, ttc_param *out) {
  PyObject *constant, *type;
  if (!PyArg_ParseTuple(item, "zOOi", &out->name, &type, &constant, &out->divisibility)) return false;
  if (!ext_host_keep(&job->host, item)) return false;
  if (PyTuple_Check(type)) {
    ttc_param *items;
    if (!described_items(job, type, &items, &out->nitems)) return false;
    out->type = "tuple";
    out->items = items;
    return true;
  }
  out->type = PyUnicode_AsUTF8AndSize(type, NULL);
  return out->type && exact_value(&job->host, constant, &out->constant);
}

static bool described_items(Job *job, PyObject *described, ttc_param **items, size_t *n) {
  *n = (size_t)PyTuple_Size(described);
  *items = ext_host_memory(&job->host, (*n + 1) * sizeof **items);
  if (!*items || Py_EnterRecursiveCall(" in the description of a tuple")) return false;
  bool ok = true;
  for (size_t i = 0; ok && i < *n; i++)
    ok = described_param(job, PyTuple_GetItem(described, (Py_ssize_t)i), &(*items)[i]);
  Py_LeaveRecursiveCall();
  return ok;
}

static bool prepare_described(Job *job, PyObject *fn, const char *text, Py_ssize_t length, const char *file,
                              PyObject *params) {
  if (text) {
    job->request.text = text;
    job->request.len = (size_t)length;
    job->request.file = file;
    return true;
  }
  job->request.function = ext_jit_function((JITCore *)fn);
  job->request.host = &job->host.table;
  if (!job->request.function || !described_items(job, params, &job->params, &job->request.nparams)) return false;
  if (!((JITCore *)fn)->names_kernels) return true;
  Py_INCREF(params);
  return name_kernel(job, fn, params);
}

/* compile(fn or None, text or None, file, params, target, options, stop or None) */
PyObject *ext_compile_described(PyObject *module, PyObject *args, PyObject *kwargs) {
  State *st = ext_state_of(module);
  PyObject *fn, *params, *options;
  const char *text, *file, *target, *stop;
  Py_ssize_t length;
  (void)kwargs;
  if (!PyArg_ParseTuple(args, "Oz#zO!zOz", &fn, &text, &length, &file, &PyTuple_Type, &params, &target, &options,
                        &stop))
    return NULL;
  if (!text && !PyObject_TypeCheck(fn, st->jit_type))
    return PyErr_SetString(PyExc_TypeError, "a @triton.jit function is needed"), NULL;
  Job job = {.request = {.size = sizeof job.request, .target = target, .stop = stop}};
  if (!ext_host_init(&job.host, st)) return NULL;
  ttc_kernel *kernel = NULL;
  if (prepare_described(&job, fn, text, length, file, params) && add_options(&job, options) && choose_arch(&job))
    kernel = run_job(st, &job);
  PyObject *constants = kernel && !text ? constants_of(&job) : NULL;
  bool whole = kernel && (text || constants);
  Kernel *k = whole ? ext_kernel_new(st, kernel, constants) : NULL;
  if (!whole) ttc_kernel_free(kernel);
  Py_XDECREF(constants);
  ext_host_clear(&job.host);
  return (PyObject *)k;
}
