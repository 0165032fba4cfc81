/* plan_support.c: refuses ops that this back end has no code for. Every reason to refuse a kernel is found here, before
 * anything is planned or emitted; the emitter relies on it (elements.def).
 */
#include "cpu/plan_work.h"
#include "opt/opt.h"

#include <string.h>

/* ---- the kernel -------------------------------------------------------------------------------------------------- */

static Op *kernel_of(Module *m) {
  Op *found = NULL;
  for (Op *op = m->body->first->first; op; op = op->next) {
    if (op->code != OP_FUNC) continue;
    if (!strcmp(ir_attr_text_or(op, "sym_visibility", "public"), "private")) continue;
    if (found) ir_fail(m->cx, op, NULL, "the module has more than one public function");
    found = op;
  }
  if (!found) ctx_fail(m->cx, ERR_SOURCE, "the module has no public function");
  return found;
}

static void note_call(Op *op, void *arg) {
  if (op->code == OP_CALL) *(bool *)arg = true;
}

/* Inlines noinline functions, too: a program has one plan. */
static void inline_all(Ctx *cx, Module *m) {
  bool calls = false;
  ir_walk(m->op, note_call, &calls);
  if (!calls) return;
  for (Op *op = m->body->first->first; op; op = op->next)
    if (op->code == OP_FUNC) ir_set_attr(cx, op, "noinline", ir_attr_bool(cx, false));
  opt_inline(cx, m);
}

static ArgKind arg_kind(Ctx *cx, const Op *func, const Type *t) {
  if (t->kind == TYPE_PTR) return ARG_PTR;
  if (t->kind == TYPE_INT)
    return t->bits == 1 ? ARG_I1 : t->bits == 8 ? ARG_I8 : t->bits == 16 ? ARG_I16 : t->bits == 32 ? ARG_I32 : ARG_I64;
  if (t->kind == TYPE_FLOAT && t->bits >= 16)
    return t->fkind == F16 ? ARG_F16 : t->fkind == BF16 ? ARG_BF16 : t->fkind == F32 ? ARG_F32 : ARG_F64;
  ir_fail(cx, func, NULL, "a parameter of type %s is not supported on the CPU", ir_type_text(cx, t));
}

/* ---- ops --------------------------------------------------------------------------------------------------------- */

typedef enum Operands { NO_CODE, ANY, INT, FLOAT } Operands;

static const Operands elements[OPCODES] = {
#define ELEMENT(op, operands) [OP_##op] = operands,
#include "cpu/elements.def"
};

static bool fits(Operands o, const Type *elem) {
  return o == ANY || (o == FLOAT && elem->kind == TYPE_FLOAT) || (o == INT && elem->kind != TYPE_FLOAT);
}

static bool is_element_op(const Op *op) {
  if (op->nresults != 1) return false;
  return fits(elements[op->code], ir_elem(op->noperands ? ir_operand(op, 0)->type : op->results[0].type));
}

static bool is_one_of(const char *text, const char *const *all, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!strcmp(text, all[i])) return true;
  return false;
}

static _Noreturn void no_code(Ctx *cx, const Op *op) {
  ir_fail(cx, op, NULL, "%s is not supported on the CPU", ir_info(op)->name);
}

static void check_predicate(Ctx *cx, const Op *op) {
  static const char *const ints[] = {
#define INT_PREDICATE(text, llvm) text,
#include "cpu/elements.def"
  };
  static const char *const floats[] = {
#define FLOAT_PREDICATE(text, llvm) text,
#include "cpu/elements.def"
  };
  const char *p = ir_attr_text_or(op, "predicate", "");
  if (!(op->code == OP_CMPI ? is_one_of(p, ints, COUNT(ints)) : is_one_of(p, floats, COUNT(floats))))
    ir_fail(cx, op, NULL, "unknown predicate \"%s\"", p);
}

static void check_atomic(Ctx *cx, const Op *op) {
  static const struct {
    const char *name;
    Operands operands;
  } table[] = {
#define ATOMIC(text, llvm, operands) {text, operands},
#include "cpu/elements.def"
  };
  const char *name = ir_attr_text_or(op, "atomic_rmw_op", "");
  const Type *elem = ir_elem(ir_operand(op, 1)->type);
  for (size_t i = 0; i < COUNT(table); i++)
    if (!strcmp(name, table[i].name) && fits(table[i].operands, elem)) return;
  ir_fail(cx, op, NULL, "atomic operation \"%s\" on %s is not supported on the CPU", name, ir_type_text(cx, elem));
}

static void check_dot(Ctx *cx, const Op *op) {
  const Type *a = ir_operand(op, 0)->type->elem, *d = op->results[0].type->elem;
  bool ok;
  if (a->kind == TYPE_FLOAT)
    ok = a->fkind == F64 ? d->fkind == F64
                         : d->kind == TYPE_FLOAT && (d->fkind == F32 || (d->fkind == F16 && a->fkind == F16));
  else
    ok = a->bits == 8 && d->kind == TYPE_INT && d->bits == 32;
  if (!ok)
    ir_fail(cx, op, NULL, "dot of %s into %s is not supported on the CPU", ir_type_text(cx, a), ir_type_text(cx, d));
}

/* Is it of the function that a reduction, a scan or a map calls for its elements? Op.mark: is what is below? Parents were
 * asked before. */
static bool in_combine_function(Op *op) {
  bool in = ir_parent(op)->mark;
  op->mark = in || op->code == OP_REDUCE || op->code == OP_SCAN || op->code == OP_MAP_ELEMENTWISE;
  return in;
}

static void check_combine_op(Ctx *cx, const Op *op) {
  bool ok = ir_has(op, T_TERMINATOR) || op->code == OP_ASSERT || op->code == OP_IF || op->code == OP_FOR ||
            op->code == OP_WHILE;
  if (!ok) ok = is_element_op(op) && !op->nregions && (ir_info(op)->traits & T_PURE);
  for (int i = 0; i < op->noperands; i++) ok = ok && !ir_is_tensor(ir_operand(op, i)->type);
  if (!ok) ir_fail(cx, op, NULL, "%s in a combine function is not supported on the CPU", ir_info(op)->name);
}

static void check_op(Op *op, void *arg) {
  Ctx *cx = arg;
  for (int i = 0; i < op->nresults; i++)
    if (ir_is_tensor(op->results[i].type) && op->results[i].type->rank > MAX_RANK)
      ir_fail(cx, op, NULL, "tensors of more than %d dimensions are not supported", MAX_RANK);
  if (op->code == OP_CMPI || op->code == OP_CMPF) check_predicate(cx, op);
  if (in_combine_function(op)) {
    check_combine_op(cx, op);
    return;
  }
  switch (op->code) {
  case OP_RETURN:
  case OP_FOR:
  case OP_WHILE:
  case OP_IF:
  case OP_YIELD:
  case OP_CONDITION:
  case OP_ASSUME:
  case OP_BARRIER:
  case OP_GRID_WAIT:
  case OP_GRID_LAUNCH:
  case OP_PROGRAM_ID:
  case OP_NUM_PROGRAMS:
  case OP_LOAD:
  case OP_STORE:
  case OP_REDUCE:
  case OP_SCAN:
  case OP_HISTOGRAM:
  case OP_PRINT:
  case OP_ASSERT:
  case OP_CHECK_ACCESS:
  case OP_CHECK_ACQUIRE:
  case OP_SPLAT:
  case OP_UNSPLAT:
  case OP_MAKE_RANGE:
  case OP_RESHAPE:
  case OP_EXPAND_DIMS:
  case OP_BROADCAST:
  case OP_TRANS:
  case OP_JOIN:
  case OP_SPLIT:
  case OP_CAT:
  case OP_GATHER: return;
  case OP_ATOMIC_CAS:
    if (op->noperands > 3) ir_fail(cx, op, NULL, "'%s': a mask is for GPUs", ir_info(op)->name);
    return;
  case OP_ATOMIC_RMW: check_atomic(cx, op); return;
  case OP_DOT: check_dot(cx, op); return;
  default: break;
  }
  if (op->code == OP_MAP_ELEMENTWISE && op->nresults == 1) return;
  if (!is_element_op(op)) no_code(cx, op);
  bool tensor = ir_is_tensor(op->results[0].type);
  if (tensor && !(ir_info(op)->traits & T_ELEMENTWISE) && op->code != OP_CONSTANT && op->code != OP_POISON)
    no_code(cx, op);
  for (int i = 0; i < op->noperands && !tensor; i++)
    if (ir_is_tensor(ir_operand(op, i)->type)) no_code(cx, op);
}

Op *cpu_plan_kernel(Ctx *cx, Module *m, const ArgKind **args) {
  inline_all(cx, m);
  Op *func = kernel_of(m);
  Block *entry = ir_entry(func, 0);
  if (entry->next) ir_fail(cx, func, NULL, "unstructured control flow is not supported on the CPU");
  func->mark = false;
  ir_walk(func, check_op, cx);
  ArgKind *kinds = NEWN(cx, ArgKind, entry->nargs + 1);
  for (int i = 0; i < entry->nargs; i++) kinds[i] = arg_kind(cx, func, entry->args[i]->type);
  *args = kinds;
  return func;
}

/* ---- what is stored ---------------------------------------------------------------------------------------------- */

/* The coordinates of what a reshape is made of are digits of the coordinates of its result. */
static void check_reshape(Op *op, void *arg) {
  if (op->code != OP_RESHAPE || ir_reshape_trivial(op)) return;
  const Value *from = ir_operand(op, 0);
  for (int d = 0; d < from->type->rank && !cpu_is_stored(from); d++)
    if (!is_pow2(from->type->shape[d])) ir_fail(arg, op, NULL, "a shape whose sizes are not powers of two");
}

void cpu_check_stored(Ctx *cx, Op *func) { ir_walk(func, check_reshape, cx); }
