/* axis.c: how index and pointer tensors move along their dimensions.
 *
 * A load whose pointers advance by one element per index of some dimension is a vector load along that dimension;
 * one whose pointers advance by a run-time stride may be one, which a test at run time decides. What is said here
 * holds for the whole tile at once, in the sense of the language's own contiguity: index arithmetic in a tile does
 * not wrap around.
 *
 * A tensor is affine in all its dimensions jointly iff no Axis of it is AXIS_UNKNOWN: a product is affine only where
 * one factor is the same everywhere.
 */
#include "cpu/lower.h"

#include <string.h>

static const Axis zero_axis = {AXIS_CONST, 0};

static bool is_zero(Axis a) { return a.kind == AXIS_CONST && a.step == 0; }
static bool uniform(const Axis *a, int rank) {
  for (int i = 0; i < rank; i++)
    if (!is_zero(a[i])) return false;
  return true;
}

static Axis axis_sum(Axis a, Axis b, int sign) {
  if (a.kind == AXIS_UNKNOWN || b.kind == AXIS_UNKNOWN) return (Axis){AXIS_UNKNOWN, 0};
  if (is_zero(b)) return a;
  if (is_zero(a) && sign > 0) return b;
  if (a.kind == AXIS_CONST && b.kind == AXIS_CONST) return (Axis){AXIS_CONST, a.step + sign * b.step};
  if (a.kind == AXIS_WRAP || b.kind == AXIS_WRAP) return (Axis){AXIS_WRAP, 0};
  return (Axis){AXIS_RUNTIME, 0};
}

/* `a` times something that is the same everywhere. */
static Axis axis_scaled(Axis a, bool known, int64_t factor) {
  if (is_zero(a) || a.kind == AXIS_UNKNOWN) return a;
  if (known) return (Axis){a.kind, a.step * factor};
  return (Axis){a.kind == AXIS_WRAP ? AXIS_WRAP : AXIS_RUNTIME, 0};
}

static void axis_compute(Ctx *cx, Value *v, Axis *out) {
  int rank = v->type->rank;
  for (int i = 0; i < rank; i++) out[i] = (Axis){AXIS_UNKNOWN, 0};
  Op *op = v->op;
  if (!op) return;
  int64_t c;
  const Axis *a = op->noperands > 0 ? cpu_axis(cx, ir_operand(op, 0)) : NULL;
  switch (op->code) {
  case OP_CONSTANT:
    if (ir_const_value(v)->kind != ATTR_DENSE)
      for (int i = 0; i < rank; i++) out[i] = zero_axis;
    return;
  case OP_SPLAT:
    for (int i = 0; i < rank; i++) out[i] = zero_axis;
    return;
  case OP_MAKE_RANGE: out[0] = (Axis){AXIS_CONST, 1}; return;
  case OP_EXPAND_DIMS: {
    int axis = (int)ir_attr_int_or(op, "axis", 0);
    for (int i = 0; i < rank; i++) out[i] = i == axis ? zero_axis : a[i < axis ? i : i - 1];
    return;
  }
  case OP_BROADCAST: {
    const Type *from = ir_operand(op, 0)->type;
    for (int i = 0; i < rank; i++) out[i] = from->shape[i] == 1 ? zero_axis : a[i];
    return;
  }
  case OP_TRANS: {
    Attr *order = ir_attr(op, "order");
    for (int i = 0; i < rank; i++) out[i] = a[order->ints[i]];
    return;
  }
  case OP_RESHAPE: {
    const Type *from = ir_operand(op, 0)->type;
    if (!cpu_reshape_trivial(op)) {
      if (uniform(a, from->rank))
        for (int i = 0; i < rank; i++) out[i] = zero_axis;
      return;
    }
    for (int i = 0, j = 0; i < rank; i++) {
      if (v->type->shape[i] == 1) {
        out[i] = zero_axis;
        continue;
      }
      while (from->shape[j] == 1) j++;
      out[i] = a[j++];
    }
    return;
  }
  case OP_ADDI:
  case OP_SUBI:
  case OP_ADDPTR: {
    const Axis *b = cpu_axis(cx, ir_operand(op, 1));
    for (int i = 0; i < rank; i++) out[i] = axis_sum(a[i], b[i], op->code == OP_SUBI ? -1 : 1);
    return;
  }
  case OP_MULI: {
    const Axis *b = cpu_axis(cx, ir_operand(op, 1));
    bool ua = uniform(a, rank), ub = uniform(b, rank);
    if (!ua && !ub) break;
    bool known = ir_is_const_int(ir_operand(op, ub ? 1 : 0), &c);
    for (int i = 0; i < rank; i++) out[i] = axis_scaled(ub ? a[i] : b[i], known, known ? c : 0);
    return;
  }
  case OP_SHLI:
    if (!ir_is_const_int(ir_operand(op, 1), &c) || c < 0 || c > 62) break;
    for (int i = 0; i < rank; i++) out[i] = axis_scaled(a[i], true, INT64_C(1) << c);
    return;
  case OP_REMSI:
  case OP_REMUI: {
    const Axis *b = cpu_axis(cx, ir_operand(op, 1));
    if (!uniform(b, rank)) break;
    for (int i = 0; i < rank; i++)
      out[i] = is_zero(a[i])                                       ? a[i]
               : a[i].kind == AXIS_CONST || a[i].kind == AXIS_WRAP ? (Axis){AXIS_WRAP, a[i].step}
                                                                   : (Axis){AXIS_UNKNOWN, 0};
    return;
  }
  case OP_EXTSI:
  case OP_EXTUI:
  case OP_TRUNCI:
  case OP_INDEX_CAST:
    for (int i = 0; i < rank; i++) out[i] = a[i];
    return;
  case OP_TT_BITCAST:
    if (ir_is_ptr(v->type->elem) && ir_is_ptr(ir_operand(op, 0)->type->elem) &&
        ir_elem_bytes(v->type->elem->elem) == ir_elem_bytes(ir_operand(op, 0)->type->elem->elem)) {
      for (int i = 0; i < rank; i++) out[i] = a[i];
      return;
    }
    break;
  default: break;
  }
  /* Anything else elementwise (and a load) varies only where its operands do. */
  if (op->code != OP_LOAD && !ir_has(op, T_ELEMENTWISE)) return;
  for (int i = 0; i < rank; i++) {
    bool still = true;
    for (int j = 0; j < op->noperands; j++) {
      Value *x = ir_operand(op, j);
      if (ir_is_tensor(x->type)) still = still && is_zero(cpu_axis(cx, x)[i]);
    }
    if (still) out[i] = zero_axis;
  }
}

const Axis *cpu_axis(Ctx *cx, Value *v) {
  if (!ir_is_tensor(v->type)) return &zero_axis;
  Info *info = info_of(v);
  if (!info->axis) {
    Axis *out = NEWN(cx, Axis, v->type->rank + 1);
    axis_compute(cx, v, out);
    info->axis = out;
  }
  return info->axis;
}

/* A comparison of an index that moves by 1 along one dimension only with something that is the same everywhere. */
static bool is_bound(Ctx *cx, Op *op) {
  const char *p = ir_attr_text_or(op, "predicate", "");
  if (*p == 'e' || *p == 'n' || *p == 'u') return false;
  Value *lhs = ir_operand(op, 0), *rhs = ir_operand(op, 1);
  int rank = lhs->type->rank, moving = 0;
  const Axis *a = cpu_axis(cx, lhs), *b = cpu_axis(cx, rhs);
  if (uniform(a, rank) && uniform(b, rank)) return true;
  if (!uniform(b, rank)) return false;
  if (strncmp(p, "slt", 3) != 0 && strncmp(p, "sle", 3) != 0) return false; /* a box begins at 0 */
  for (int i = 0; i < rank; i++) {
    if (is_zero(a[i])) continue;
    if (a[i].kind != AXIS_CONST || a[i].step != 1 || moving++) return false;
  }
  return true;
}

bool cpu_mask_is_box(Lower *l, Value *mask) {
  Vec(Value *) work = {0};
  unsigned walk = ++l->walk;
  vec_push(l->cx, &work, mask);
  while (work.len) {
    Value *v = work.at[--work.len];
    if (!ir_is_tensor(v->type)) continue;
    Op *op = v->op;
    if (!op) return false;
    if (info_of(v)->visited[0] == walk) continue;
    info_of(v)->visited[0] = walk;
    switch (op->code) {
    case OP_CONSTANT:
      if (ir_const_value(v)->kind == ATTR_DENSE) return false;
      break;
    case OP_SPLAT: break;
    case OP_CMPI:
      if (!is_bound(l->cx, op)) return false;
      break;
    case OP_EXPAND_DIMS:
    case OP_BROADCAST:
    case OP_TRANS:
    case OP_ANDI:
      for (int i = 0; i < op->noperands; i++) vec_push(l->cx, &work, ir_operand(op, i));
      break;
    default: return false;
    }
  }
  return true;
}

Value *cpu_pointer_base(const Value *ptr) { return info_of(ptr)->base; }
