/* build.c: making modules, ops, blocks, and setting their attributes. */
#include "ir/internal.h"

#include <assert.h>
#include <string.h>

/* ---- ops --------------------------------------------------------------------------------------------------------- */

static Op *op_alloc(Ctx *cx, Opcode code, Loc *loc, int nresults, int noperands) {
  size_t results_at = sizeof(Op), operands_at = results_at + (size_t)nresults * sizeof(Value);
  char *p = ctx_alloc(cx, operands_at + (size_t)noperands * sizeof(Use));
  Op *op = (Op *)(void *)p;
  op->code = code;
  op->loc = loc ? loc : ir_loc_unknown(cx);
  op->nresults = nresults;
  op->results = (Value *)(void *)(p + results_at);
  op->noperands = op->operand_cap = noperands;
  op->operands = (Use *)(void *)(p + operands_at);
  return op;
}

static void set_result(Op *op, int i, Type *type) {
  assert(type);
  op->results[i] = (Value){.type = type, .op = op, .index = i};
}

static void init_operand(Op *op, int i, Value *v) {
  assert(v);
  op->operands[i] = (Use){.op = op, .index = i, .value = v};
  ir_use_link(&op->operands[i]);
}

static void insert(const Builder *b, Op *op) {
  if (b->before)
    ir_insert_before(op, b->before);
  else if (b->block)
    ir_append(b->block, op);
}

Op *ir_op(Builder *b, Opcode code, Type *const *results, int nresults, Value *const *operands, int noperands) {
  Op *op = op_alloc(b->cx, code, b->loc, nresults, noperands);
  for (int i = 0; i < nresults; i++) set_result(op, i, results[i]);
  for (int i = 0; i < noperands; i++) init_operand(op, i, operands[i]);
  insert(b, op);
  return op;
}

static int count_values(va_list args) {
  int n = 0;
  while (va_arg(args, Value *)) n++;
  return n;
}

static Op *make(Builder *b, Opcode code, Type *result, int nresults, int n, va_list args) {
  Op *op = op_alloc(b->cx, code, b->loc, nresults, n);
  for (int i = 0; i < n; i++) init_operand(op, i, va_arg(args, Value *));
  if (nresults) {
    if (!result && n && (ir_ops[code].traits & T_SAME_TYPE)) result = ir_operand(op, 0)->type;
    set_result(op, 0, result);
  }
  insert(b, op);
  return op;
}

Value *ir_make(Builder *b, Opcode code, Type *result, ...) {
  va_list args, again;
  va_start(args, result);
  va_copy(again, args);
  Op *op = make(b, code, result, 1, count_values(again), args);
  va_end(again);
  va_end(args);
  return &op->results[0];
}

Op *ir_effect(Builder *b, Opcode code, ...) {
  va_list args, again;
  va_start(args, code);
  va_copy(again, args);
  Op *op = make(b, code, NULL, 0, count_values(again), args);
  va_end(again);
  va_end(args);
  return op;
}

Value *ir_const_attr(Builder *b, Type *type, Attr *value) {
  Op *op = op_alloc(b->cx, OP_CONSTANT, b->loc, 1, 0);
  set_result(op, 0, type);
  ir_set_attr(b->cx, op, ir_tables(b->cx)->value_name, value);
  insert(b, op);
  return &op->results[0];
}

Value *ir_const_int(Builder *b, Type *type, int64_t x) {
  Attr *item = ir_attr_int(b->cx, ir_elem(type), x);
  return ir_const_attr(b, type, ir_is_tensor(type) ? ir_attr_splat(b->cx, type, item) : item);
}

Value *ir_compare(Builder *b, const char *predicate, Value *x, Value *y) {
  Opcode code = ir_is_float(ir_elem(x->type)) ? OP_CMPF : OP_CMPI;
  Value *c = ir_make(b, code, ir_tensor_like(b->cx, x->type, ir_int(b->cx, 1)), x, y, NULL);
  ir_set_attr(b->cx, c->op, "predicate", ir_attr_enum(b->cx, predicate));
  return c;
}

Value *ir_const_float(Builder *b, Type *type, double x) {
  Attr *item = ir_attr_float(b->cx, ir_elem(type), x);
  return ir_const_attr(b, type, ir_is_tensor(type) ? ir_attr_splat(b->cx, type, item) : item);
}

void ir_add_result_types(Ctx *cx, Op *op, Type *const *types, int n) {
  int old = op->nresults;
  Value *results = NEWN(cx, Value, old + n);
  for (int i = 0; i < old; i++) {
    results[i] = op->results[i];
    if (results[i].uses) results[i].uses->link = &results[i].uses;
    for (Use *u = results[i].uses; u; u = u->next) u->value = &results[i];
  }
  op->results = results;
  op->nresults = old + n;
  for (int i = 0; i < n; i++) set_result(op, old + i, types[i]);
}

/* ---- attributes of ops ------------------------------------------------------------------------------------------- */

/* The list has room for 4, then for the next power of two; it is full whenever its length is one of those. */
static void attrs_room(Ctx *cx, Op *op) {
  int n = op->nattrs;
  if (n && (n < 4 || (n & (n - 1)))) return;
  NamedAttr *more = NEWN(cx, NamedAttr, n ? n * 2 : 4);
  if (n) memcpy(more, op->attrs, (size_t)n * sizeof *more);
  op->attrs = more;
}

void ir_set_attr(Ctx *cx, Op *op, const char *name, Attr *value) {
  name = intern(cx, name);
  int i = 0;
  while (i < op->nattrs && op->attrs[i].name != name && strcmp(op->attrs[i].name, name) < 0) i++;
  bool present = i < op->nattrs && op->attrs[i].name == name;
  if (present && value) {
    op->attrs[i].attr = value;
  } else if (present) {
    memmove(&op->attrs[i], &op->attrs[i + 1], (size_t)(op->nattrs - i - 1) * sizeof *op->attrs);
    op->nattrs--;
  } else if (value) {
    attrs_room(cx, op);
    memmove(&op->attrs[i + 1], &op->attrs[i], (size_t)(op->nattrs - i) * sizeof *op->attrs);
    op->attrs[i] = (NamedAttr){name, value};
    op->nattrs++;
  }
}

void ir_set_int(Ctx *cx, Op *op, const char *name, int64_t x) {
  ir_set_attr(cx, op, name, ir_attr_int(cx, ir_int(cx, 32), x));
}

Attr *ir_attr(const Op *op, const char *name) {
  for (int i = 0; i < op->nattrs; i++)
    if (op->attrs[i].name == name || !strcmp(op->attrs[i].name, name)) return op->attrs[i].attr;
  return NULL;
}

int64_t ir_attr_int_or(const Op *op, const char *name, int64_t otherwise) {
  const Attr *a = ir_attr(op, name);
  return a && (a->kind == ATTR_INT || a->kind == ATTR_BOOL) ? a->integer : otherwise;
}

const char *ir_attr_text_or(const Op *op, const char *name, const char *otherwise) {
  const Attr *a = ir_attr(op, name);
  return a && (a->kind == ATTR_ENUM || a->kind == ATTR_STRING || a->kind == ATTR_SYMBOL) ? a->text : otherwise;
}

/* ---- regions, blocks, successors --------------------------------------------------------------------------------- */

Region *ir_add_region(Ctx *cx, Op *op) {
  Region **regions = NEWN(cx, Region *, op->nregions + 1);
  for (int i = 0; i < op->nregions; i++) regions[i] = op->regions[i];
  Region *r = regions[op->nregions++] = NEW(cx, Region);
  op->regions = regions;
  r->op = op;
  return r;
}

Block *ir_add_block(Ctx *cx, Region *r) {
  Block *b = NEW(cx, Block);
  b->region = r;
  b->prev = r->last;
  if (r->last) r->last->next = b;
  if (!r->first) r->first = b;
  r->last = b;
  return b;
}

Value *ir_add_arg(Ctx *cx, Block *b, Type *type, Loc *loc) {
  assert(type);
  if (b->nargs == b->arg_cap) {
    int cap = b->arg_cap ? b->arg_cap * 2 : 4;
    Value **args = NEWN(cx, Value *, cap);
    for (int i = 0; i < b->nargs; i++) args[i] = b->args[i];
    b->args = args;
    b->arg_cap = cap;
  }
  Value *v = b->args[b->nargs] = NEW(cx, Value);
  *v = (Value){.type = type, .block = b, .index = b->nargs, .loc = loc ? loc : ir_loc_unknown(cx)};
  b->nargs++;
  return v;
}

void ir_add_successor(Ctx *cx, Op *op, Block *to, Value *const *args, int nargs) {
  int n = op->nsuccessors;
  Block **successors = NEWN(cx, Block *, n + 1);
  int *nforward = NEWN(cx, int, n + 1);
  for (int i = 0; i < n; i++) successors[i] = op->successors[i], nforward[i] = op->nforward[i];
  successors[n] = to;
  nforward[n] = nargs;
  op->successors = successors;
  op->nforward = nforward;
  op->nsuccessors = n + 1;
  for (int i = 0; i < nargs; i++) ir_add_operand(cx, op, args[i]);
}

/* ---- modules and functions --------------------------------------------------------------------------------------- */

Module *ir_module_new(Ctx *cx) {
  Module *m = NEW(cx, Module);
  m->cx = cx;
  m->op = op_alloc(cx, OP_MODULE, NULL, 0, 0);
  m->body = ir_add_region(cx, m->op);
  ir_add_block(cx, m->body);
  return m;
}

Op *ir_func_new(Module *m, const char *name, Type *func_type, bool is_public, Loc *loc) {
  Ctx *cx = m->cx;
  Builder b = ir_at_end(cx, m->body->first);
  b.loc = loc;
  Op *func = ir_op(&b, OP_FUNC, NULL, 0, NULL, 0);
  const char *visibility = is_public ? "public" : "private";
  ir_set_attr(cx, func, "sym_name", ir_attr_string(cx, name, strlen(name)));
  ir_set_attr(cx, func, "function_type", ir_attr_type(cx, func_type));
  ir_set_attr(cx, func, "sym_visibility", ir_attr_string(cx, visibility, strlen(visibility)));
  Block *entry = ir_add_block(cx, ir_add_region(cx, func));
  for (int i = 0; i < func_type->ninputs; i++) ir_add_arg(cx, entry, func_type->inputs[i], func->loc);
  return func;
}

Op *ir_module_func(const Module *m, const char *name) {
  for (Op *op = m->body->first->first; op; op = op->next)
    if (op->code == OP_FUNC && !strcmp(ir_func_name(op), name)) return op;
  return NULL;
}

const char *ir_func_name(const Op *func) { return ir_attr_text_or(func, "sym_name", ""); }

Type *ir_func_signature(const Op *func) {
  const Attr *a = ir_attr(func, "function_type");
  return a ? a->type : NULL;
}
