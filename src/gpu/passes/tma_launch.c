/* tma_launch.c: descriptors that a kernel makes of nothing but its arguments are made at launch instead.
 *
 * Problem. A tensor map that a program makes itself goes to memory and back through fences, in each program again. Idea.
 * Where the base, the shape and the strides are arithmetic on the kernel's arguments, they are the same for all
 * programs: the launch computes them and passes the map, as an argument of its own after all others.
 * The arithmetic travels as an attribute of that argument, tt.tensor_map: flags (gpu.h), then a
 * program for a stack machine (target.h, MapOp), which leaves the base, the shape and the strides there.
 *
 * Cost: linear in what the descriptor is computed from, MAX_STEPS at most.
 */
#include "gpu/passes/passes.h"
#include "target/target.h"

#include <string.h>

typedef struct MapProgram {
  Ctx *cx;
  const Op *func;
  Vec(int64_t) at;
  bool is_of_programs; /* what differs from one to another is computed too, as an interval */
} MapProgram;

enum { MAX_DEPTH = 12 };

static void emit(MapProgram *c, MapOp op, int64_t x) {
  vec_push(c->cx, &c->at, (int64_t)op);
  vec_push(c->cx, &c->at, x);
}

/* The kernel's argument `index`, as callers count them: a descriptor is one. -1: part of a descriptor. */
static int64_t caller_index(const Type *signature, int index) {
  int64_t given = 0;
  for (int i = 0; i < index; i++, given++) {
    int rank = opt_kernel_descriptor(signature, i);
    if (rank && i + 2 * rank >= index) return -1;
    i += 2 * rank;
  }
  return given;
}

static bool compute_arg(MapProgram *c, const Value *v) {
  if (v->block->region->op != c->func || (v->type->kind != TYPE_PTR && !ir_is_int(v->type))) return false;
  int bits = v->type->kind == TYPE_PTR ? 64 : v->type->bits;
  int64_t index = caller_index(ir_func_signature(c->func), v->index);
  if (index < 0 || bits < 8) return false;
  emit(c, MAP_ARG, index << 8 | bits);
  return true;
}

static bool compute(MapProgram *c, const Value *v, int depth) {
  int64_t x;
  if (c->at.len > 2 * MAP_MAX_STEPS - 8 || depth > MAX_DEPTH) return false;
  if (!v->op) return compute_arg(c, v);
  if (ir_is_int(v->type) && ir_is_const_int(v, &x)) {
    emit(c, MAP_CONST, x);
    return true;
  }
  if (c->is_of_programs && (v->op->code == OP_PROGRAM_ID || v->op->code == OP_NUM_PROGRAMS)) {
    emit(c, v->op->code == OP_PROGRAM_ID ? MAP_PROGRAM : MAP_PROGRAMS, ir_attr_int_or(v->op, "axis", 0));
    return true;
  }
  for (int i = 0; i < v->op->noperands; i++)
    if (!compute(c, ir_operand(v->op, i), depth + 1)) return false;
  switch (v->op->code) {
  case OP_ADDI: emit(c, MAP_ADD, v->type->bits); return true;
  case OP_SUBI: emit(c, MAP_SUB, v->type->bits); return true;
  case OP_MULI: emit(c, MAP_MUL, v->type->bits); return true;
  case OP_DIVSI: emit(c, MAP_DIV, v->type->bits); return true;
  case OP_REMSI: emit(c, MAP_REM, v->type->bits); return true;
  case OP_MINSI: emit(c, MAP_MIN, v->type->bits); return true;
  case OP_MAXSI: emit(c, MAP_MAX, v->type->bits); return true;
  case OP_EXTSI: return ir_operand(v->op, 0)->type->bits > 1; /* values are kept sign-extended */
  case OP_TRUNCI: emit(c, MAP_WRAP, v->type->bits); return v->type->bits > 1;
  case OP_ADDPTR:
    emit(c, MAP_CONST, ir_elem_bytes(v->type->elem));
    emit(c, MAP_MUL, 64);
    emit(c, MAP_ADD, 64);
    return true;
  default: return false;
  }
}

Attr *gpu_tma_conditions(Ctx *cx, const Op *func, const Value *const *values, int n) {
  MapProgram c = {.cx = cx, .func = func, .is_of_programs = true};
  for (int i = 0; i < n; i++)
    if (!compute(&c, values[i], 0)) return NULL;
  return ir_attr_ints(cx, ir_int(cx, 64), c.at.at, (int)c.at.len);
}

Attr *gpu_tma_launch_code(Ctx *cx, const Op *func, const Op *make) {
  MapProgram c = {.cx = cx, .func = func};
  int rank = make->results[0].type->elem->rank;
  int64_t flags = ir_attr_int_or(make, "padding", 1) == 2 ? TMA_LAUNCH_NAN : 0, last;
  if (ir_attr(make, TMA_OF_POINTERS)) flags |= TMA_LAUNCH_OPTIONAL;
  vec_push(cx, &c.at, flags);
  if (!ir_is_const_int(ir_operand(make, 2 * rank), &last) || last != 1) return NULL;
  for (int i = 0; i < 2 * rank; i++)
    if (!compute(&c, ir_operand(make, i), 0)) return NULL;
  const Attr *conditions = ir_attr(make, TMA_CONDITIONS);
  for (int i = 0; conditions && i < conditions->n; i++) vec_push(cx, &c.at, conditions->ints[i]);
  return c.at.len <= 2 * MAP_MAX_STEPS ? ir_attr_ints(cx, ir_int(cx, 64), c.at.at, (int)c.at.len) : NULL;
}

/* ---- the reference's way of making them -------------------------------------------------------------------------- */

/* Memory of the program, a map written there, a fence, and the memory as a descriptor. Dimensions and strides (in bytes)
 * are the innermost one's first. */
static Attr *code_of_create(Ctx *cx, const Op *func, const Op *create, const Type *desc) {
  MapProgram c = {.cx = cx, .func = func};
  int shape, strides, rank = ir_operand_group(create, "shape", &shape);
  if (ir_operand_group(create, "strides", &strides) != rank - 1 || desc->elem->rank != rank) return NULL;
  int64_t nan = ir_attr_int_or(create, "fill_mode", 0);
  vec_push(cx, &c.at, nan);
  if (!compute(&c, ir_operand(create, 1), 0)) return NULL;
  for (int d = rank - 1; d >= 0; d--)
    if (!compute(&c, ir_operand(create, shape + d), 0)) return NULL;
  for (int d = rank - 2; d >= 0; d--) {
    if (!compute(&c, ir_operand(create, strides + d), 0)) return NULL;
    emit(&c, MAP_CONST, ir_elem_bytes(desc->elem->elem));
    emit(&c, MAP_DIV, 64);
  }
  return ir_attr_ints(cx, ir_int(cx, 64), c.at.at, (int)c.at.len);
}

typedef struct Creates {
  Ctx *cx;
  Vec(Op *) at;
} Creates;

static void collect_create(Op *op, void *arg) {
  Creates *c = arg;
  if (op->code == OP_TENSORMAP_CREATE) vec_push(c->cx, &c->at, op);
}

static void adopt_create(Ctx *cx, Op *func, Op *create) {
  Op *scratch = ir_operand(create, 0)->op, *desc = NULL;
  if (!scratch || scratch->code != OP_GLOBAL_SCRATCH) return;
  for (const Use *u = scratch->results[0].uses; u; u = u->next) {
    if (u->op->code == OP_REINTERPRET_DESC && !desc)
      desc = u->op;
    else if (u->op != create && u->op->code != OP_TENSORMAP_ACQUIRE)
      return;
  }
  Attr *code = desc ? code_of_create(cx, func, create, desc->results[0].type) : NULL;
  if (!code) return;
  gpu_tma_pass_at_launch(cx, func, desc, code);
  while (scratch->results[0].uses) ir_erase(scratch->results[0].uses->op);
  ir_erase(scratch);
}

void gpu_adopt_maps(Ctx *cx, Module *m) {
  for (Op *func = m->body->first->first; func; func = func->next) {
    if (func->code != OP_FUNC || !func->regions[0]->first) continue;
    Creates c = {.cx = cx};
    ir_walk(func, collect_create, &c);
    for (uint32_t i = 0; i < c.at.len; i++) adopt_create(cx, func, c.at.at[i]);
    if (c.at.len) gpu_tma_set_inputs(cx, func);
  }
}

/* ---- the arguments ----------------------------------------------------------------------------------------------- */

const Attr *gpu_tma_own_attr(const Op *func, int i, const char *name) {
  const Attr *attrs = ir_attr(func, "arg_attrs"), *own = attrs && i < attrs->n ? attrs->items[i] : NULL;
  for (int k = 0; own && own->kind == ATTR_DICT && k < own->n; k++)
    if (!strcmp(own->names[k], name)) return own->items[k];
  return NULL;
}

const Attr *gpu_tma_launch_attr(const Op *func, int i) {
  const Attr *code = gpu_tma_own_attr(func, i, TMA_LAUNCH);
  return code && code->kind == ATTR_INTS && code->n % 2 == 1 ? code : NULL;
}

/* The steps begin with the base, and that with the pointer. */
int64_t gpu_tma_launch_pointer(const Op *func, int i) {
  const Attr *code = gpu_tma_launch_attr(func, i);
  return code && code->n > 2 && code->ints[1] == MAP_ARG ? code->ints[2] >> 8 : -1;
}

void gpu_tma_set_inputs(Ctx *cx, Op *func) {
  const Type *t = ir_func_signature(func);
  const Block *entry = ir_entry(func, 0);
  Type **inputs = NEWN(cx, Type *, entry->nargs + 1);
  for (int i = 0; i < entry->nargs; i++) inputs[i] = entry->args[i]->type;
  Type *now = ir_func_type(cx, inputs, entry->nargs, t->results, t->nresults);
  ir_set_attr(cx, func, "function_type", ir_attr_type(cx, now));
}

Value *gpu_tma_add_argument(Ctx *cx, Op *func, Type *type, Loc *loc, const char *name, Attr *attr) {
  Block *entry = ir_entry(func, 0);
  const Attr *old = ir_attr(func, "arg_attrs");
  Value *v = ir_add_arg(cx, entry, type, loc);
  Vec(Attr *) attrs = {0};
  Attr *none = ir_attr_dict(cx, NULL, NULL, 0);
  for (int i = 0; i + 1 < entry->nargs; i++) {
    Attr *given = old && i < old->n ? old->items[i] : none;
    vec_push(cx, &attrs, given);
  }
  name = intern(cx, name);
  Attr *own = ir_attr_dict(cx, &name, &attr, 1);
  vec_push(cx, &attrs, own);
  ir_set_attr(cx, func, "arg_attrs", ir_attr_array(cx, attrs.at, (int)attrs.len));
  return v;
}

void gpu_tma_pass_at_launch(Ctx *cx, Op *func, Op *make, Attr *code) {
  Value *v = gpu_tma_add_argument(cx, func, make->results[0].type, make->loc, TMA_LAUNCH, code);
  v->hint = make->results[0].hint;
  ir_replace_all(&make->results[0], v);
  ir_erase(make);
}
