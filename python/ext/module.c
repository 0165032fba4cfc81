/* module.c: triton._C.libtriton: the module and its few functions. */
#include "ext.h"

#include <string.h>

/* register(**classes): what the C part must know of the Python part. */
static PyObject *set_parts(PyObject *module, PyObject *args, PyObject *kwargs) {
  State *st = ext_state_of(module);
  static char *names[] = {"constexpr",
                          "dtype",
                          "constexpr_function",
                          "make_dtype",
                          "kernel_class",
                          "compilation_error",
                          "out_of_resources",
                          "default_target",
                          "find_stream",
                          "class_facts",
                          NULL};
  PyObject **fields[] = {&st->constexpr,        &st->dtype,          &st->constexpr_function,
                         &st->make_dtype,       &st->kernel_class,   &st->compilation_error,
                         &st->out_of_resources, &st->default_target, &st->find_stream,
                         &st->class_facts};
  PyObject *given[10] = {0};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OOOOOOOOOO", names, &given[0], &given[1], &given[2], &given[3],
                                   &given[4], &given[5], &given[6], &given[7], &given[8], &given[9]))
    return NULL;
  for (int i = 0; i < 10; i++) {
    if (!given[i]) continue;
    PyObject *old = *fields[i];
    Py_INCREF(given[i]);
    *fields[i] = given[i];
    Py_XDECREF(old);
  }
  Py_RETURN_NONE;
}

/* A pair of hooks, in the place of the one before. */
static PyObject *set_pair(PyObject *args, PyObject **first, PyObject **second) {
  PyObject *one, *two, *old_one = *first, *old_two = *second;
  if (!PyArg_ParseTuple(args, "OO", &one, &two)) return NULL;
  Py_INCREF(one);
  Py_INCREF(two);
  *first = one;
  *second = two;
  Py_XDECREF(old_one);
  Py_XDECREF(old_two);
  Py_RETURN_NONE;
}

static PyObject *set_launch_hooks(PyObject *module, PyObject *args) {
  State *st = ext_state_of(module);
  return set_pair(args, &st->launch_enter, &st->launch_exit);
}

static PyObject *set_hook_chains(PyObject *module, PyObject *args) {
  State *st = ext_state_of(module);
  return set_pair(args, &st->enter_chain, &st->exit_chain);
}

static PyObject *set_load_hooks(PyObject *module, PyObject *args) {
  State *st = ext_state_of(module);
  return set_pair(args, &st->load_start, &st->load_end);
}

static PyObject *set_compile_hooks(PyObject *module, PyObject *args) {
  State *st = ext_state_of(module);
  return set_pair(args, &st->compile_before, &st->compile_after);
}

static PyObject *function_lines(PyObject *module, PyObject *args) {
  (void)module;
  const char *text;
  Py_ssize_t n;
  if (!PyArg_ParseTuple(args, "s#", &text, &n)) return NULL;
  return PyLong_FromSize_t(ext_block_lines(text, (size_t)n));
}

static PyObject *name_of_dtype(PyObject *module, PyObject *dtype) {
  int id;
  const char *name = ext_dtype_name(ext_state_of(module), dtype, NULL, &id);
  return name ? PyUnicode_FromString(name) : NULL;
}

static PyObject *resolve_target(PyObject *module, PyObject *args) {
  const char *target;
  if (!PyArg_ParseTuple(args, "s", &target)) return NULL;
  ttc_context *cx = ttc_context_new();
  if (!cx) return PyErr_NoMemory();
  const char *text = ttc_target_resolve(cx, target);
  PyObject *result = text ? PyUnicode_FromString(text) : NULL;
  if (!text) ext_raise_status(ext_state_of(module), cx, TTC_ERROR_SYSTEM);
  ttc_context_free(cx);
  return result;
}

static PyObject *knows_option(PyObject *module, PyObject *args) {
  (void)module;
  const char *name;
  if (!PyArg_ParseTuple(args, "s", &name)) return NULL;
  return PyBool_FromLong(ext_option_known(name));
}

/* ("tl.load", "Memory", "pointer, mask=None, ..." or None for what is not called, all of it as text) */
static PyObject *doc_at(PyObject *module, PyObject *index) {
  (void)module;
  size_t i = PyLong_AsSize_t(index);
  if (i == (size_t)-1 && PyErr_Occurred()) return NULL;
  ttc_doc doc;
  if (!ttc_doc_at(i, &doc)) return PyErr_Format(PyExc_IndexError, "the manual has no entry %zu", i);
  char *text = ttc_doc_text(&doc);
  if (!text) return PyErr_NoMemory();
  PyObject *result = Py_BuildValue("sss#s", doc.name, doc.group, doc.signature, (Py_ssize_t)doc.signature_len, text);
  free(text);
  return result;
}

static PyMethodDef functions[] = {
    {"register", (PyCFunction)(void (*)(void))set_parts, METH_VARARGS | METH_KEYWORDS,
     "Tell the extension of the package's classes."},
    {"set_launch_hooks", set_launch_hooks, METH_VARARGS,
     "set_launch_hooks(enter, exit): called around every launch; None for none."},
    {"set_hook_chains", set_hook_chains, METH_VARARGS,
     "set_hook_chains(enter, exit): the objects that set_launch_hooks() tells of as long as there are calls in them."},
    {"set_load_hooks", set_load_hooks, METH_VARARGS,
     "set_load_hooks(start, end): called around the loading of every kernel; None for none."},
    {"set_compile_hooks", set_compile_hooks, METH_VARARGS,
     "set_compile_hooks(before, after): called around every compile of a launch; None for none."},
    {"profile_start", ext_profile_start, METH_VARARGS, "profile_start(way=None): record launches."},
    {"profile_mark", ext_profile_mark, METH_VARARGS, "profile_mark(id, everywhere=False): what launches belong to."},
    {"profile_read", ext_profile_read, METH_VARARGS,
     "profile_read(wait=False): [(id, kernel, target, begin, end, device, stream)], in nanoseconds."},
    {"profile_samples", ext_profile_samples, METH_NOARGS,
     "profile_samples(): take what was sampled of instructions, as (id, kernel, file, line, reason, stalled, count)."},
    {"profile_stop", ext_profile_stop, METH_NOARGS, "profile_stop(): record no more."},
    {"count_launches", ext_count_launches, METH_O,
     "count_launches(on): nanoseconds that this thread's launches on the CPU would have taken alone since the last "
     "call."},
    {"counted_parts", ext_counted_parts, METH_NOARGS,
     "counted_parts(): the same by parts, which equal launches share."},
    {"function_lines", function_lines, METH_VARARGS, "The number of lines of the function that the text begins with."},
    {"dtype_name", name_of_dtype, METH_O, "The language's name of a dtype: 'fp32'."},
    {"resolve_target", resolve_target, METH_VARARGS, "The exact processor that a target means: 'cpu:znver5'."},
    {"current_device", ext_current_device, METH_VARARGS,
     "current_device(target): the device a launch from this thread runs on and its compute capability: (0, 90)."},
    {"knows_option", knows_option, METH_VARARGS, "Whether a launch accepts this keyword as an option."},
    {"float_codes", ext_float_codes, METH_O, "float_codes(name): the values of all codes of a floating-point format."},
    {"doc_at", doc_at, METH_O, "doc_at(i): name, group, signature and text of the manual's i-th function; IndexError."},
    {"parse_ir", ext_parse_ir, METH_VARARGS, "parse_ir(text, file): a module of Triton IR."},
    {"kernel_source", ext_kernel_source, METH_VARARGS,
     "kernel_source(image, fallback, (name, symbol, kernel, file, tag), params, grid): (header, source) in C."},
    {"restore", ext_restore_image, METH_VARARGS, "restore(bytes, constants): the Image that was saved."},
    {"xla_handler", ext_xla_handler, METH_VARARGS, "xla_handler(major, minor): runs kernels for XLA."},
    {"compile", (PyCFunction)(void (*)(void))ext_compile_described, METH_VARARGS | METH_KEYWORDS,
     "compile(fn, text, file, params, target, options, stop): a Kernel."},
    {0},
};

static int module_exec(PyObject *module) {
  State *st = ext_state_of(module);
  const struct {
    PyObject **at;
    const char *text;
  } strings[] = {{&st->str_data_ptr, "data_ptr"},
                 {&st->str_dtype, "dtype"},
                 {&st->str_is_cuda, "is_cuda"},
                 {&st->str_array_interface, "__array_interface__"},
                 {&st->str_cuda_array_interface, "__cuda_array_interface__"},
                 {&st->str_is_pinned, "is_pinned"},
                 {&st->str_is_profiler_enabled, "_is_profiler_enabled"},
                 {&st->str_builtin, "__triton_builtin__"},
                 {&st->str_value, "value"},
                 {&st->str_name, "name"},
                 {&st->str_shape, "shape"},
                 {&st->str_grid, "grid"},
                 {&st->str_warmup, "warmup"},
                 {&st->str_stream, "stream"},
                 {&st->str_typestr, "typestr"},
                 {&st->str_data, "data"},
                 {&st->str_pointer, "pointer"},
                 {&st->str_descriptor, "descriptor"}};
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
    if (!(*strings[i].at = PyUnicode_InternFromString(strings[i].text))) return -1;
  st->jit_type = ext_make_jit_type(module);
  st->kernel_type = ext_make_kernel_type(module);
  st->image_type = ext_make_image_type(module);
  if (!st->jit_type || !st->kernel_type || !st->image_type || !ext_make_ir_types(st, module)) return -1;
  if (PyModule_AddObjectRef(module, "JITCore", (PyObject *)st->jit_type) != 0) return -1;
  if (PyModule_AddObjectRef(module, "Image", (PyObject *)st->image_type) != 0) return -1;
  if (PyModule_AddObjectRef(module, "Kernel", (PyObject *)st->kernel_type) != 0) return -1;
  if (PyModule_AddIntConstant(module, "NO_VALUE", TTC_SPEC_NO_VALUE) != 0) return -1;
  if (PyModule_AddIntConstant(module, "NO_ALIGNMENT", TTC_SPEC_NO_ALIGNMENT) != 0) return -1;
  return PyModule_AddStringConstant(module, "version", ttc_version());
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
  State *st = ext_state_of(module);
  if (!st) return 0;
  Py_VISIT((PyObject *)st->jit_type);
  Py_VISIT((PyObject *)st->kernel_type);
  Py_VISIT((PyObject *)st->image_type);
  for (int i = 0; i < IR_KINDS; i++) Py_VISIT((PyObject *)st->ir_types[i]);
  Py_VISIT(st->constexpr);
  Py_VISIT(st->dtype);
  Py_VISIT(st->constexpr_function);
  Py_VISIT(st->class_facts);
  Py_VISIT(st->make_dtype);
  Py_VISIT(st->kernel_class);
  Py_VISIT(st->compilation_error);
  Py_VISIT(st->out_of_resources);
  Py_VISIT(st->torch_profiler);
  Py_VISIT(st->default_target);
  Py_VISIT(st->find_stream);
  Py_VISIT(st->current_stream);
  Py_VISIT(st->launch_enter);
  Py_VISIT(st->launch_exit);
  Py_VISIT(st->enter_chain);
  Py_VISIT(st->exit_chain);
  Py_VISIT(st->load_start);
  Py_VISIT(st->load_end);
  Py_VISIT(st->compile_before);
  Py_VISIT(st->compile_after);
  return 0;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, SLOT(module_exec)}, {0, NULL}};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,         .m_name = "libtriton",  .m_doc = "tritonc for Python: compile and launch kernels.",
    .m_size = sizeof(State),       .m_methods = functions, .m_slots = module_slots,
    .m_traverse = module_traverse,
};

PyMODINIT_FUNC PyInit_libtriton(void);
PyMODINIT_FUNC PyInit_libtriton(void) { return PyModuleDef_Init(&definition); }
