/* ir_objects.c: Triton IR as Python reads it: triton._C.libtriton.ir.
 *
 * A Module owns an arena, into which a kernel's Triton IR is read; ops, values, blocks, regions, types and attributes
 * are pairs of the module, which they keep alive, and a pointer into it. Nothing is changed through them. Two objects
 * for one op have one id() of their own, the pointer; PyTorch finds out with it which values are which.
 */
#include "ext.h"
#include "ir/ir.h"

#include <string.h>

typedef struct IRModule {
  PyObject_HEAD State *st;
  Ctx *cx;
  Module *module; /* never changed */
  enum { NOT_ASKED, IS_RIGHT, IS_WRONG } verified;
} IRModule;

typedef struct IRRef {
  PyObject_HEAD IRModule *owner; /* owned */
  void *at;
} IRRef;

static PyObject *wrap(IRModule *owner, PyTypeObject *type, void *at) {
  if (!at) Py_RETURN_NONE;
  allocfunc alloc = (allocfunc)(uintptr_t)PyType_GetSlot(type, Py_tp_alloc);
  IRRef *r = (IRRef *)alloc(type, 0);
  if (!r) return NULL;
  Py_INCREF((PyObject *)owner);
  r->owner = owner;
  r->at = at;
  return (PyObject *)r;
}

static PyObject *of_kind(PyObject *self, IRKind kind, void *at) {
  IRModule *owner = ((IRRef *)self)->owner;
  return wrap(owner, owner->st->ir_types[kind], at);
}

static void *at(PyObject *self) { return ((IRRef *)self)->at; }

static void ref_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  Py_XDECREF((PyObject *)((IRRef *)self)->owner);
  freefunc release = (freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF((PyObject *)type);
}

static PyObject *ref_id(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return PyLong_FromVoidPtr(at(self));
}

static Py_hash_t ref_hash(PyObject *self) { return (Py_hash_t)((uintptr_t)at(self) >> 4); }

static PyObject *ref_compare(PyObject *a, PyObject *b, int how) {
  if (Py_TYPE(a) != Py_TYPE(b) || (how != Py_EQ && how != Py_NE)) Py_RETURN_NOTIMPLEMENTED;
  return PyBool_FromLong((at(a) == at(b)) == (how == Py_EQ));
}

/* The item'th of n, as `get` gives it; IndexError where there is none. */
static bool index_of(PyObject *number, int n, int *out) {
  long i = PyLong_AsLong(number);
  if (i == -1 && PyErr_Occurred()) return false;
  if (i < 0 || i >= n) return PyErr_Format(PyExc_IndexError, "%ld of %d", i, n), false;
  *out = (int)i;
  return true;
}

/* ---- printing, which unwinds when memory is short ---------------------------------------------------------------- */

typedef struct Printing {
  const Module *module;
  const Op *op;
  const Type *type;
  const Attr *attr;
  const char *text;
} Printing;

static void print(Ctx *cx, void *arg) {
  Printing *p = arg;
  Buf b = {.cx = cx};
  if (p->module) ir_print(&b, p->module, (PrintOptions){0});
  if (p->op) ir_print_op(&b, p->op, (PrintOptions){0});
  if (p->type) ir_print_type(&b, p->type);
  if (p->attr) ir_print_attr(&b, p->attr);
  p->text = b.len ? buf_text(&b) : "";
}

/* In an arena of its own: the module's would grow with every text. */
static PyObject *printed(Printing p) {
  Ctx *cx = ctx_new(NULL);
  Err err = cx ? ctx_protect(cx, print, &p) : ERR_MEMORY;
  PyObject *text = err == ERR_NONE ? PyUnicode_FromString(p.text) : PyErr_NoMemory();
  ctx_free(cx);
  return text;
}

/* ---- types and attributes ---------------------------------------------------------------------------------------- */

static PyObject *type_str(PyObject *self) { return printed((Printing){.type = at(self)}); }
static PyObject *attr_str(PyObject *self) { return printed((Printing){.attr = at(self)}); }

static PyObject *type_is_pointer(PyObject *self, PyObject *ignored) {
  const Type *t = at(self);
  (void)ignored;
  return PyBool_FromLong(ir_elem((Type *)t)->kind == TYPE_PTR);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static PyObject *value_type(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return of_kind(self, IR_TYPE, ((Value *)at(self))->type);
}

static PyObject *value_op(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return of_kind(self, IR_OPERATION, ((Value *)at(self))->op);
}

static PyObject *value_str(PyObject *self) {
  const Value *v = at(self);
  if (v->op) return printed((Printing){.op = v->op});
  return PyUnicode_FromFormat("<block argument %d>", v->index);
}

/* ---- blocks and regions ------------------------------------------------------------------------------------------ */

static PyObject *block_num_arguments(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return PyLong_FromLong(((Block *)at(self))->nargs);
}

static PyObject *block_argument(PyObject *self, PyObject *number) {
  const Block *b = at(self);
  int i;
  return index_of(number, b->nargs, &i) ? of_kind(self, IR_VALUE, b->args[i]) : NULL;
}

static PyObject *block_parent(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return of_kind(self, IR_REGION, ((Block *)at(self))->region);
}

static PyObject *block_ops(PyObject *self, PyObject *ignored) {
  PyObject *list = PyList_New(0);
  (void)ignored;
  for (Op *op = ((Block *)at(self))->first; list && op; op = op->next) {
    PyObject *item = of_kind(self, IR_OPERATION, op);
    if (!item || PyList_Append(list, item) != 0) Py_CLEAR(list);
    Py_XDECREF(item);
  }
  return list;
}

static PyObject *block_str(PyObject *self) {
  return PyUnicode_FromFormat("<block with %d arguments>", ((Block *)at(self))->nargs);
}

static PyObject *region_parent(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return of_kind(self, IR_OPERATION, ((Region *)at(self))->op);
}

static PyObject *region_size(PyObject *self, PyObject *ignored) {
  (void)ignored;
  long n = 0;
  for (const Block *b = ((Region *)at(self))->first; b; b = b->next) n++;
  return PyLong_FromLong(n);
}

static PyObject *region_block(PyObject *self, PyObject *number) {
  int n = 0, i;
  for (const Block *b = ((Region *)at(self))->first; b; b = b->next) n++;
  if (!index_of(number, n, &i)) return NULL;
  Block *b = ((Region *)at(self))->first;
  while (i--) b = b->next;
  return of_kind(self, IR_BLOCK, b);
}

static PyObject *region_str(PyObject *self) {
  return PyUnicode_FromFormat("<region of %s>", ir_info(((Region *)at(self))->op)->name);
}

static PyObject *region_empty(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return PyBool_FromLong(((Region *)at(self))->first == NULL);
}

/* ---- ops --------------------------------------------------------------------------------------------------------- */

static PyObject *op_name(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return PyUnicode_FromString(ir_info(at(self))->name);
}

static PyObject *op_num_operands(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return PyLong_FromLong(((Op *)at(self))->noperands);
}

static PyObject *op_operand(PyObject *self, PyObject *number) {
  const Op *op = at(self);
  int i;
  return index_of(number, op->noperands, &i) ? of_kind(self, IR_VALUE, ir_operand(op, i)) : NULL;
}

static PyObject *op_num_results(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return PyLong_FromLong(((Op *)at(self))->nresults);
}

static PyObject *op_result(PyObject *self, PyObject *number) {
  const Op *op = at(self);
  int i;
  return index_of(number, op->nresults, &i) ? of_kind(self, IR_VALUE, ir_result(op, i)) : NULL;
}

static PyObject *op_num_regions(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return PyLong_FromLong(((Op *)at(self))->nregions);
}

static PyObject *op_region(PyObject *self, PyObject *number) {
  const Op *op = at(self);
  int i;
  return index_of(number, op->nregions, &i) ? of_kind(self, IR_REGION, op->regions[i]) : NULL;
}

static PyObject *op_block(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return of_kind(self, IR_BLOCK, ((Op *)at(self))->block);
}

static PyObject *op_str(PyObject *self) { return printed((Printing){.op = at(self)}); }

static PyObject *op_has_attr(PyObject *self, PyObject *name) {
  const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
  if (!text) return PyErr_SetString(PyExc_TypeError, "an attribute's name is text"), NULL;
  return PyBool_FromLong(ir_attr(at(self), text) != NULL);
}

/* The attribute of that name when it is of such a kind, else None. */
static const Attr *attr_of(PyObject *self, PyObject *name, unsigned kinds) {
  const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
  if (!text) return PyErr_SetString(PyExc_TypeError, "an attribute's name is text"), NULL;
  const Attr *a = ir_attr(at(self), text);
  return a && kinds >> a->kind & 1 ? a : NULL;
}

static PyObject *none(void) {
  if (PyErr_Occurred()) return NULL;
  Py_RETURN_NONE;
}

static PyObject *op_str_attr(PyObject *self, PyObject *name) {
  const Attr *a = attr_of(self, name, 1u << ATTR_STRING | 1u << ATTR_ENUM | 1u << ATTR_SYMBOL);
  return a ? PyUnicode_FromString(a->text) : none();
}

static PyObject *op_symbol_attr(PyObject *self, PyObject *name) {
  const Attr *a = attr_of(self, name, 1u << ATTR_SYMBOL | 1u << ATTR_STRING);
  return a ? PyUnicode_FromString(a->text) : none();
}

static PyObject *op_bool_attr(PyObject *self, PyObject *name) {
  const Attr *a = attr_of(self, name, 1u << ATTR_BOOL);
  return a ? PyBool_FromLong(a->integer != 0) : none();
}

static PyObject *op_int_attr(PyObject *self, PyObject *name) {
  const Attr *a = attr_of(self, name, 1u << ATTR_INT | 1u << ATTR_BOOL);
  return a ? PyLong_FromLongLong(a->integer) : none();
}

static PyObject *op_attr(PyObject *self, PyObject *name) {
  const Attr *a = attr_of(self, name, ~0u);
  return a ? of_kind(self, IR_ATTRIBUTE, (void *)a) : none();
}

/* ---- modules ----------------------------------------------------------------------------------------------------- */

static void module_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  ctx_free(((IRModule *)self)->cx);
  freefunc release = (freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF((PyObject *)type);
}

static PyObject *module_str(PyObject *self) {
  IRModule *m = (IRModule *)self;
  return printed((Printing){.module = m->module});
}

static PyObject *module_text(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return module_str(self);
}

typedef struct Verifying {
  const Module *module;
  const char *problem;
} Verifying;

static void verify(Ctx *cx, void *arg) {
  Verifying *v = arg;
  v->problem = ir_verify(cx, v->module);
}

/* Once: types are compared by address, so that it takes place in the module's arena, which keeps what it made. */
static PyObject *module_verify(PyObject *self, PyObject *ignored) {
  IRModule *m = (IRModule *)self;
  Verifying v = {.module = m->module};
  (void)ignored;
  if (m->verified == NOT_ASKED) {
    if (ctx_protect(m->cx, verify, &v) != ERR_NONE) return PyErr_NoMemory();
    m->verified = v.problem ? IS_WRONG : IS_RIGHT;
  }
  return PyBool_FromLong(m->verified == IS_RIGHT);
}

typedef struct Walk {
  IRModule *owner;
  PyObject *callback;
  bool failed;
} Walk;

static void visit_op(Op *op, void *arg) {
  Walk *w = arg;
  if (w->failed) return;
  PyObject *object = wrap(w->owner, w->owner->st->ir_types[IR_OPERATION], op), *result = NULL;
  if (object) result = PyObject_CallFunctionObjArgs(w->callback, object, NULL);
  w->failed = result == NULL;
  Py_XDECREF(object);
  Py_XDECREF(result);
}

/* walk(callback): every op, the inner ones first. */
static PyObject *module_walk(PyObject *self, PyObject *callback) {
  IRModule *m = (IRModule *)self;
  Walk w = {m, callback, false};
  ir_walk_post(m->module->op, visit_op, &w);
  visit_op(m->module->op, &w);
  if (w.failed) return NULL;
  Py_RETURN_NONE;
}

typedef struct FindFunc {
  const Op *found;
} FindFunc;

static void find_entry(Op *op, void *arg) {
  FindFunc *f = arg;
  if (op->code == OP_FUNC && !f->found && strcmp(ir_attr_text_or(op, "sym_visibility", "public"), "private") != 0)
    f->found = op;
}

static PyObject *module_entry_name(PyObject *self, PyObject *ignored) {
  FindFunc f = {NULL};
  (void)ignored;
  ir_walk(((IRModule *)self)->module->op, find_entry, &f);
  if (!f.found) return PyErr_SetString(PyExc_RuntimeError, "the module has no public function"), NULL;
  return PyUnicode_FromString(ir_func_name(f.found));
}

static PyObject *module_has_function(PyObject *self, PyObject *name) {
  const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
  if (!text) return PyErr_SetString(PyExc_TypeError, "a function's name is text"), NULL;
  return PyBool_FromLong(ir_module_func(((IRModule *)self)->module, text) != NULL);
}

static PyObject *module_get_function(PyObject *self, PyObject *name) {
  IRModule *m = (IRModule *)self;
  const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
  if (!text) return PyErr_SetString(PyExc_TypeError, "a function's name is text"), NULL;
  return wrap(m, m->st->ir_types[IR_OPERATION], ir_module_func(m->module, text));
}

static PyObject *module_operation(PyObject *self, PyObject *ignored) {
  IRModule *m = (IRModule *)self;
  (void)ignored;
  return wrap(m, m->st->ir_types[IR_OPERATION], m->module->op);
}

typedef struct Reading {
  const char *text, *file;
  size_t len;
  Module *module;
} Reading;

static void read_text(Ctx *cx, void *arg) {
  Reading *r = arg;
  r->module = ir_read(cx, source_new(cx, r->file, r->text, r->len, 1));
}

static void render(Ctx *cx, void *arg) {
  Buf *out = arg;
  for (const Diag *d = ctx_diags(cx); d; d = d->next)
    if (d->severity == SEV_ERROR) diag_render(out, d, false);
}

/* ext_parse_ir(text, file): a module; CompilationError where the text is wrong. */
PyObject *ext_parse_ir(PyObject *module, PyObject *args) {
  State *st = ext_state_of(module);
  Reading r = {0};
  Py_ssize_t len;
  if (!PyArg_ParseTuple(args, "s#s", &r.text, &len, &r.file)) return NULL;
  r.len = (size_t)len;
  PyTypeObject *type = st->ir_types[IR_MODULE];
  allocfunc alloc = (allocfunc)(uintptr_t)PyType_GetSlot(type, Py_tp_alloc);
  IRModule *m = (IRModule *)alloc(type, 0);
  if (!m) return NULL;
  m->st = st;
  m->cx = ctx_new(NULL);
  Err err = m->cx ? ctx_protect(m->cx, read_text, &r) : ERR_MEMORY;
  m->module = r.module;
  if (err == ERR_NONE) return (PyObject *)m;
  Buf out = {.cx = m->cx};
  if (err == ERR_MEMORY || ctx_protect(m->cx, render, &out) != ERR_NONE)
    PyErr_NoMemory();
  else {
    PyObject *message = PyUnicode_FromString(out.len ? buf_text(&out) : "this is not Triton IR");
    PyObject *error = message ? PyObject_CallFunctionObjArgs(st->compilation_error, message, NULL) : NULL;
    if (error) PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_XDECREF(error);
    Py_XDECREF(message);
  }
  Py_DECREF((PyObject *)m);
  return NULL;
}

/* ext_float_codes(name): the values of all codes of a floating-point format of at most 16 bits. */
PyObject *ext_float_codes(PyObject *module, PyObject *name) {
  const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
  (void)module;
  int kind = 0;
  while (text && kind < FLOAT_KINDS && (strcmp(ir_float_name(kind), text) != 0 || ir_float_bits(kind) > 16)) kind++;
  if (!text || kind == FLOAT_KINDS) return PyErr_Format(PyExc_ValueError, "no format of 16 bits or fewer: %R", name);
  Py_ssize_t n = (Py_ssize_t)1 << ir_float_bits(kind);
  PyObject *list = PyList_New(n);
  for (Py_ssize_t i = 0; list && i < n; i++) {
    PyObject *item = PyFloat_FromDouble(ir_float_decode(kind, (uint64_t)i));
    if (!item || PyList_SetItem(list, i, item) != 0) Py_CLEAR(list);
  }
  return list;
}

/* ---- the types --------------------------------------------------------------------------------------------------- */

#define ID {"id", ref_id, METH_NOARGS, "A number that no other one of its kind in the module has."}

static PyMethodDef type_methods[] = {
    ID, {"is_pointer", type_is_pointer, METH_NOARGS, "Whether it is a pointer, or a tensor of them."}, {0}};
static PyMethodDef attr_methods[] = {ID, {0}};
static PyMethodDef value_methods[] = {ID,
                                      {"get_type", value_type, METH_NOARGS, "Its type."},
                                      {"get_defining_op", value_op, METH_NOARGS, "The op that gives it, or None."},
                                      {0}};
static PyMethodDef block_methods[] = {ID,
                                      {"get_num_arguments", block_num_arguments, METH_NOARGS, "How many arguments."},
                                      {"get_argument", block_argument, METH_O, "The i-th argument."},
                                      {"arg", block_argument, METH_O, "The i-th argument."},
                                      {"ops", block_ops, METH_NOARGS, "Its ops, in order."},
                                      {"get_parent", block_parent, METH_NOARGS, "The region that it is in."},
                                      {0}};
static PyMethodDef region_methods[] = {ID,
                                       {"get_parent_op", region_parent, METH_NOARGS, "The op that it belongs to."},
                                       {"get_block", region_block, METH_O, "The i-th block."},
                                       {"size", region_size, METH_NOARGS, "How many blocks."},
                                       {"empty", region_empty, METH_NOARGS, "Whether there is no block."},
                                       {0}};
static PyMethodDef op_methods[] = {
    ID,
    {"get_name", op_name, METH_NOARGS, "What op it is: 'tt.load'."},
    {"get_num_operands", op_num_operands, METH_NOARGS, "How many operands."},
    {"get_operand", op_operand, METH_O, "The i-th operand."},
    {"get_num_results", op_num_results, METH_NOARGS, "How many results."},
    {"get_result", op_result, METH_O, "The i-th result."},
    {"get_num_regions", op_num_regions, METH_NOARGS, "How many regions."},
    {"get_region", op_region, METH_O, "The i-th region."},
    {"get_block", op_block, METH_NOARGS, "The block that it is in; None for a module."},
    {"has_attr", op_has_attr, METH_O, "Whether it has an attribute of that name."},
    {"get_str_attr", op_str_attr, METH_O, "An attribute that is text, or None."},
    {"get_flat_symbol_ref_attr", op_symbol_attr, METH_O, "The name that an attribute refers to, or None."},
    {"get_bool_attr", op_bool_attr, METH_O, "An attribute that is true or false, or None."},
    {"get_int_attr", op_int_attr, METH_O, "An attribute that is a number, or None."},
    {"get_attr", op_attr, METH_O, "An attribute, or None."},
    {0}};
static PyMethodDef module_methods[] = {
    {"verify", module_verify, METH_NOARGS, "Whether all is as the IR's rules say."},
    {"walk", module_walk, METH_O, "walk(callback): call it with every op, the inner ones first."},
    {"str", module_text, METH_NOARGS, "The module as text."},
    {"get_entry_func_name", module_entry_name, METH_NOARGS, "The name of the kernel."},
    {"has_function", module_has_function, METH_O, "Whether there is a function of that name."},
    {"get_function", module_get_function, METH_O, "The function of that name, or None."},
    {"get_operation", module_operation, METH_NOARGS, "The module as an op."},
    {0}};

#define SLOTS(name, methods, str, doc)                                                                                 \
  static PyType_Slot name[] = {{Py_tp_doc, doc},                                                                       \
                               {Py_tp_dealloc, SLOT(ref_dealloc)},                                                     \
                               {Py_tp_hash, SLOT(ref_hash)},                                                           \
                               {Py_tp_richcompare, SLOT(ref_compare)},                                                 \
                               {Py_tp_methods, methods},                                                               \
                               {Py_tp_str, SLOT(str)},                                                                 \
                               {0, NULL}}

SLOTS(type_slots, type_methods, type_str, "A type of Triton IR.");
SLOTS(attr_slots, attr_methods, attr_str, "An attribute of an op.");
SLOTS(value_slots, value_methods, value_str, "An op's result or a block's argument.");
SLOTS(op_slots, op_methods, op_str, "An op of Triton IR.");
SLOTS(block_slots, block_methods, block_str, "A list of ops.");
SLOTS(region_slots, region_methods, region_str, "A list of blocks.");
static PyType_Slot module_slots[] = {{Py_tp_doc, "A kernel and what it calls, in Triton IR."},
                                     {Py_tp_dealloc, SLOT(module_dealloc)},
                                     {Py_tp_methods, module_methods},
                                     {Py_tp_str, SLOT(module_str)},
                                     {0, NULL}};

bool ext_make_ir_types(State *st, PyObject *module) {
  const struct {
    const char *name;
    PyType_Slot *slots;
    size_t size;
  } kinds[IR_KINDS] = {[IR_MODULE] = {"triton._C.libtriton.ir.module", module_slots, sizeof(IRModule)},
                       [IR_OPERATION] = {"triton._C.libtriton.ir.operation", op_slots, sizeof(IRRef)},
                       [IR_VALUE] = {"triton._C.libtriton.ir.value", value_slots, sizeof(IRRef)},
                       [IR_BLOCK] = {"triton._C.libtriton.ir.block", block_slots, sizeof(IRRef)},
                       [IR_REGION] = {"triton._C.libtriton.ir.region", region_slots, sizeof(IRRef)},
                       [IR_TYPE] = {"triton._C.libtriton.ir.type", type_slots, sizeof(IRRef)},
                       [IR_ATTRIBUTE] = {"triton._C.libtriton.ir.attribute", attr_slots, sizeof(IRRef)}};
  for (int i = 0; i < IR_KINDS; i++) {
    PyType_Spec spec = {.name = kinds[i].name,
                        .basicsize = (int)kinds[i].size,
                        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                        .slots = kinds[i].slots};
    st->ir_types[i] = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
    const char *name = strrchr(kinds[i].name, '.') + 1;
    char attribute[32];
    snprintf(attribute, sizeof attribute, "_ir_%s", name);
    if (!st->ir_types[i] || PyModule_AddObjectRef(module, attribute, (PyObject *)st->ir_types[i]) != 0) return false;
  }
  return true;
}
