/* test_opt.c: passes keep what a program computes.
 *
 * Random functions (elementwise ops of all types, ops that arrange elements, conditionals and loops; and, for
 * structurize, random graphs of blocks) are run by the small interpreter below, optimized, and run again: every element
 * of every result must have the same bits. What the IR leaves open (division by zero, shifts by the width, conversions
 * out of range, the bits of a NaN) is marked by the interpreter and not compared. The interpreter knows nothing of the
 * passes' own evaluation of constants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt/opt.h"

enum { ELEMENTS = 16, VALUES = 64 };

/* ---- the interpreter --------------------------------------------------------------------------------------------- */

typedef struct Cell {
  uint64_t bits;
  bool open; /* the IR does not say what is here */
} Cell;
typedef struct Tensor {
  Cell at[ELEMENTS];
} Tensor;

typedef struct Run {
  Ctx *cx;
  Map values; /* Value* to Tensor* */
} Run;

static uint64_t masked(uint64_t x, int bits) { return bits == 64 ? x : x & ((UINT64_C(1) << bits) - 1); }
static int64_t as_signed(uint64_t x, int bits) {
  if (bits == 64) return (int64_t)x;
  uint64_t sign = UINT64_C(1) << (bits - 1);
  return (int64_t)((masked(x, bits) ^ sign) - sign);
}
static double number(const Type *t, uint64_t bits) { return ir_float_decode(t->fkind, bits); }

static Tensor *value(Run *r, Value *v) {
  Tensor *t = map_get(&r->values, v);
  assert_non_null(t);
  return t;
}

static Tensor *fresh(Run *r, Value *v) {
  Tensor *t = NEW(r->cx, Tensor);
  map_put(r->cx, &r->values, v, t);
  return t;
}

static Cell int_cell(Opcode code, Cell a, Cell b, int bits) {
  int64_t x = as_signed(a.bits, bits), y = as_signed(b.bits, bits);
  bool open = a.open || b.open;
  uint64_t r = 0, ua = a.bits, ub = b.bits;
  switch (code) {
  case OP_ADDI: r = ua + ub; break;
  case OP_SUBI: r = ua - ub; break;
  case OP_MULI: r = ua * ub; break;
  case OP_ANDI: r = ua & ub; break;
  case OP_ORI: r = ua | ub; break;
  case OP_XORI: r = ua ^ ub; break;
  case OP_MAXSI: r = x < y ? ub : ua; break;
  case OP_MINSI: r = x < y ? ua : ub; break;
  case OP_MAXUI: r = ua < ub ? ub : ua; break;
  case OP_MINUI: r = ua < ub ? ua : ub; break;
  case OP_DIVUI: open |= !ub, r = ub ? ua / ub : 0; break;
  case OP_REMUI: open |= !ub, r = ub ? ua % ub : 0; break;
  case OP_DIVSI:
  case OP_REMSI:
    if (!y || (y == -1 && x == as_signed(UINT64_C(1) << (bits - 1), bits)))
      open = true;
    else
      r = (uint64_t)(code == OP_DIVSI ? x / y : x % y);
    break;
  case OP_SHLI: open |= ub >= (uint64_t)bits, r = open ? 0 : ua << ub; break;
  case OP_SHRUI: open |= ub >= (uint64_t)bits, r = open ? 0 : ua >> ub; break;
  case OP_SHRSI: open |= ub >= (uint64_t)bits, r = open ? 0 : (uint64_t)(x >> ub); break;
  default: fail_msg("the interpreter does not know %s", ir_ops[code].name);
  }
  return (Cell){masked(r, bits), open};
}

static double greater_of(double x, double y) { return x == y ? (signbit(x) ? y : x) : x > y ? x : y; }
static double less_of(double x, double y) { return -greater_of(-x, -y); }

/* f32 in the machine's own arithmetic; f16 in double, which is exact before the one rounding. */
static double float_result(Opcode code, const Type *t, double x, double y) {
  bool nan = isnan(x) || isnan(y);
  float fx = (float)x, fy = (float)y;
  bool single = t->fkind == F32;
  switch (code) {
  case OP_ADDF: return single ? (double)(fx + fy) : x + y;
  case OP_SUBF: return single ? (double)(fx - fy) : x - y;
  case OP_MULF: return single ? (double)(fx * fy) : x * y;
  case OP_DIVF: return single ? (double)(fx / fy) : x / y;
  case OP_MAXNUMF: return isnan(x) ? y : isnan(y) ? x : greater_of(x, y);
  case OP_MINNUMF: return isnan(x) ? y : isnan(y) ? x : less_of(x, y);
  case OP_MAXIMUMF: return nan ? (double)NAN : greater_of(x, y);
  case OP_MINIMUMF: return nan ? (double)NAN : less_of(x, y);
  case OP_NEGF: return -x;
  case OP_ABSF: return fabs(x);
  case OP_FLOOR: return floor(x);
  case OP_CEIL: return ceil(x);
  case OP_TRUNC: return trunc(x);
  case OP_ROUNDEVEN: return rint(x);
  case OP_SQRT: return single ? (double)sqrtf(fx) : sqrt(x);
  default: fail_msg("the interpreter does not know %s", ir_ops[code].name); return 0;
  }
}

static bool compare_ints(const char *p, Cell a, Cell b, int bits) {
  int64_t x = as_signed(a.bits, bits), y = as_signed(b.bits, bits);
  static const char *const names[] = {"eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"};
  const bool is[] = {
      a.bits == b.bits, a.bits != b.bits, x<y, x <= y, x> y, x >= y, a.bits<b.bits, a.bits <= b.bits, a.bits> b.bits,
      a.bits >= b.bits};
  for (size_t i = 0; i < COUNT(names); i++)
    if (!strcmp(names[i], p)) return is[i];
  fail_msg("predicate %s", p);
  return false;
}

static bool compare_floats(const char *p, double x, double y) {
  static const char *const names[] = {"oeq", "one", "olt", "ole", "ogt", "oge", "ueq",
                                      "une", "ult", "ule", "ugt", "uge", "ord", "uno"};
  bool u = isnan(x) || isnan(y);
  const bool is[] = {x == y,     !u && x != y, x<y, x <= y, x> y, x >= y,      u || x == y, u || x != y,
                     u || x < y, u || x <= y,  u || x > y,        u || x >= y, !u,          u};
  for (size_t i = 0; i < COUNT(names); i++)
    if (!strcmp(names[i], p)) return is[i];
  fail_msg("predicate %s", p);
  return false;
}

static Cell convert_cell(Opcode code, const Type *from, const Type *to, Cell a) {
  Cell r = {0, a.open};
  double x = ir_is_float(from) ? number(from, a.bits) : 0, limit;
  switch (code) {
  case OP_EXTSI: r.bits = (uint64_t)as_signed(a.bits, from->bits); break;
  case OP_EXTUI:
  case OP_TRUNCI: r.bits = a.bits; break;
  case OP_EXTF:
  case OP_TRUNCF:
    r.bits = to->fkind == F32 && from->fkind == F64 ? ir_float_encode(F32, (float)x) : ir_float_encode(to->fkind, x);
    break;
  case OP_SITOFP: {
    int64_t n = as_signed(a.bits, from->bits);
    r.bits = ir_float_encode(to->fkind, to->fkind == F32 ? (double)(float)n : (double)n);
    r.open |= to->fkind == F16 && from->bits == 64; /* twice rounded here */
    break;
  }
  case OP_UITOFP:
    r.bits = ir_float_encode(to->fkind, to->fkind == F32 ? (double)(float)a.bits : (double)a.bits);
    r.open |= to->fkind == F16 && from->bits == 64;
    break;
  case OP_FPTOSI:
    limit = ldexp(1, to->bits - 1);
    r.open |= !(trunc(x) < limit && trunc(x) >= -limit);
    r.bits = r.open ? 0 : (uint64_t)(int64_t)x;
    break;
  case OP_BITCAST:
    r.bits = a.bits;
    r.open |= ir_is_float(from) && isnan(x);
    break;
  default: fail_msg("the interpreter does not know %s", ir_ops[code].name);
  }
  r.bits = masked(r.bits, to->bits);
  return r;
}

static void elementwise(Run *r, Op *op) {
  Value *v = ir_result(op, 0);
  const Type *to = ir_elem(v->type), *from = ir_elem(ir_operand(op, 0)->type);
  Tensor out = {0}, *in[3];
  for (int i = 0; i < op->noperands; i++) in[i] = value(r, ir_operand(op, i));
  for (int64_t k = 0; k < ir_numel(v->type); k++) {
    Cell a = in[0]->at[k], b = op->noperands > 1 ? in[1]->at[k] : (Cell){0}, *o = &out.at[k];
    const char *predicate = ir_attr_text_or(op, "predicate", "");
    switch (op->code) {
    case OP_CMPI: *o = (Cell){compare_ints(predicate, a, b, from->bits), a.open || b.open}; break;
    case OP_CMPF:
      *o = (Cell){compare_floats(predicate, number(from, a.bits), number(from, b.bits)), a.open || b.open};
      break;
    case OP_SELECT:
      if (!ir_is_tensor(ir_operand(op, 0)->type)) a = in[0]->at[0];
      *o = a.bits ? b : in[2]->at[k];
      o->open |= a.open;
      break;
    case OP_FMA: {
      double x = number(to, a.bits), y = number(to, b.bits), z = number(to, in[2]->at[k].bits);
      *o = (Cell){
          ir_float_encode(to->fkind, to->fkind == F64 ? fma(x, y, z) : (double)fmaf((float)x, (float)y, (float)z)),
          a.open || b.open || in[2]->at[k].open};
      break;
    }
    default:
      if (!ir_has(op, T_SAME_TYPE))
        *o = convert_cell(op->code, from, to, a);
      else if (ir_is_int(to))
        *o = int_cell(op->code, a, b, to->bits);
      else
        *o = (Cell){ir_float_encode(to->fkind, float_result(op->code, to, number(to, a.bits), number(to, b.bits))),
                    a.open || b.open};
    }
  }
  *fresh(r, v) = out;
}

/* Position of element k of a row-major tensor, and back. */
static void unravel(const Type *t, int64_t k, int64_t at[4]) {
  for (int d = t->rank; d-- > 0;) {
    at[d] = k % t->shape[d];
    k /= t->shape[d];
  }
}
static int64_t ravel(const Type *t, const int64_t at[4]) {
  int64_t k = 0;
  for (int d = 0; d < t->rank; d++) k = k * t->shape[d] + at[d];
  return k;
}

static void arrange(Run *r, Op *op) {
  Value *v = ir_result(op, 0);
  const Type *to = v->type, *from = ir_operand(op, 0)->type;
  Tensor out = {0}, *in = value(r, ir_operand(op, 0));
  for (int64_t k = 0; k < ir_numel(to); k++) {
    int64_t at[4] = {0}, src[4] = {0};
    unravel(to, k, at);
    switch (op->code) {
    case OP_SPLAT:
    case OP_UNSPLAT: out.at[k] = in->at[0]; break;
    case OP_EXPAND_DIMS:
    case OP_RESHAPE: out.at[k] = in->at[k]; break;
    case OP_BROADCAST:
      for (int d = 0; d < to->rank; d++) src[d] = from->shape[d] == 1 ? 0 : at[d];
      out.at[k] = in->at[ravel(from, src)];
      break;
    case OP_TRANS:
      for (int d = 0; d < to->rank; d++) src[ir_attr(op, "order")->ints[d]] = at[d];
      out.at[k] = in->at[ravel(from, src)];
      break;
    case OP_JOIN: out.at[k] = value(r, ir_operand(op, (int)(k % 2)))->at[k / 2]; break;
    default: fail_msg("the interpreter does not know %s", ir_info(op)->name);
    }
  }
  *fresh(r, v) = out;
}

static void constant(Run *r, Op *op) {
  Value *v = ir_result(op, 0);
  const Attr *a = ir_attr(op, "value");
  const Type *t = ir_elem(v->type);
  Tensor out = {0};
  for (int64_t k = 0; k < ir_numel(v->type); k++) {
    const Attr *e = a->kind == ATTR_SPLAT ? a->items[0] : a->kind == ATTR_DENSE ? a->items[k] : a;
    out.at[k].bits = ir_is_float(t) ? ir_float_encode(t->fkind, e->number) : masked((uint64_t)e->integer, t->bits);
  }
  *fresh(r, v) = out;
}

static Op *run_block(Run *r, Block *b);

static void pass_values(Run *r, Op *from, int first, Value **to, int n) {
  Tensor *copies = NEWN(r->cx, Tensor, n + 1);
  for (int i = 0; i < n; i++) copies[i] = *value(r, ir_operand(from, first + i));
  for (int i = 0; i < n; i++) *fresh(r, to[i]) = copies[i];
}

static Value **results_of(Run *r, Op *op) {
  Value **v = NEWN(r->cx, Value *, op->nresults + 1);
  for (int i = 0; i < op->nresults; i++) v[i] = ir_result(op, i);
  return v;
}

static void run_for(Run *r, Op *op) {
  int64_t lower = as_signed(value(r, ir_operand(op, 0))->at[0].bits, 32),
          upper = as_signed(value(r, ir_operand(op, 1))->at[0].bits, 32);
  int64_t step = as_signed(value(r, ir_operand(op, 2))->at[0].bits, 32);
  Block *body = ir_entry(op, 0);
  pass_values(r, op, 3, body->args + 1, op->nresults);
  for (int64_t i = lower; i < upper; i += step) {
    fresh(r, body->args[0])->at[0].bits = masked((uint64_t)i, 32);
    pass_values(r, run_block(r, body), 0, body->args + 1, op->nresults);
  }
  for (int i = 0; i < op->nresults; i++) {
    const Tensor *carried = value(r, body->args[1 + i]);
    *fresh(r, ir_result(op, i)) = *carried;
  }
}

static void run_op(Run *r, Op *op) {
  switch (op->code) {
  case OP_CONSTANT: constant(r, op); break;
  case OP_FOR: run_for(r, op); break;
  case OP_IF: {
    Cell condition = value(r, ir_operand(op, 0))->at[0];
    Block *b = op->regions[condition.bits ? 0 : 1]->first;
    if (b) pass_values(r, run_block(r, b), 0, results_of(r, op), op->nresults);
    for (int i = 0; i < op->nresults && condition.open; i++)
      for (int k = 0; k < ELEMENTS; k++) value(r, ir_result(op, i))->at[k].open = true;
    break;
  }
  case OP_POISON:
    for (int k = 0; k < ELEMENTS; k++) (k ? value(r, ir_result(op, 0)) : fresh(r, ir_result(op, 0)))->at[k].open = true;
    break;
  case OP_WHILE: {
    Block *first = ir_entry(op, 0), *second = ir_entry(op, 1);
    pass_values(r, op, 0, first->args, first->nargs);
    for (;;) {
      Op *end = run_block(r, first);
      bool again = value(r, ir_operand(end, 0))->at[0].bits;
      pass_values(r, end, 1, again ? second->args : results_of(r, op), op->nresults);
      if (!again) break;
      pass_values(r, run_block(r, second), 0, first->args, first->nargs);
    }
    break;
  }
  case OP_SPLIT: {
    Tensor *in = value(r, ir_operand(op, 0)), *a = fresh(r, ir_result(op, 0)), *b = fresh(r, ir_result(op, 1));
    for (int64_t k = 0; k < ir_numel(ir_result(op, 0)->type); k++)
      a->at[k] = in->at[2 * k], b->at[k] = in->at[2 * k + 1];
    break;
  }
  case OP_MAKE_RANGE: {
    Tensor *t = fresh(r, ir_result(op, 0));
    for (int64_t k = 0; k < ir_numel(ir_result(op, 0)->type); k++)
      t->at[k].bits = (uint64_t)(ir_attr_int_or(op, "start", 0) + k);
    break;
  }
  default:
    if (ir_has(op, T_ELEMENTWISE))
      elementwise(r, op);
    else
      arrange(r, op);
  }
}

static Op *run_block(Run *r, Block *b) {
  Op *op = b->first;
  for (; !ir_has(op, T_TERMINATOR); op = op->next) run_op(r, op);
  return op;
}

/* ---- random functions -------------------------------------------------------------------------------------------- */

typedef struct Gen {
  Ctx *cx;
  uint64_t state;
  Builder b;
  Value *pool[512];
  int n;
} Gen;

static uint64_t random_bits(Gen *g) { /* splitmix64 */
  uint64_t z = g->state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}
static int below(Gen *g, int n) { return (int)(random_bits(g) % (uint64_t)n); }

static Type *scalar_type(Gen *g, int i) {
  static const int widths[] = {1, 8, 32, 32, 64};
  static const FloatKind kinds[] = {F16, F32, F32, F64};
  return i < 5 ? ir_int(g->cx, widths[i]) : ir_float(g->cx, kinds[i - 5]);
}

static Type *shaped(Gen *g, Type *elem, int shape) {
  static const int64_t shapes[][3] = {{4}, {4, 1}, {1, 4}, {4, 4}, {4, 2}, {2, 2, 4}};
  static const int ranks[] = {1, 2, 2, 2, 2, 3};
  return shape ? ir_tensor(g->cx, elem, ranks[shape - 1], shapes[shape - 1], NULL) : elem;
}
static Type *random_type(Gen *g) { return shaped(g, scalar_type(g, below(g, 9)), below(g, 7)); }

static void push(Gen *g, Value *v) {
  if (g->n < (int)COUNT(g->pool))
    g->pool[g->n++] = v;
  else
    g->pool[below(g, g->n)] = v;
}

static uint64_t interesting_bits(Gen *g, const Type *t) {
  static const double numbers[] = {0.0, -0.0, 1, -1, 2, 0.5, 3, 1e30, 65504, 1e-5, -8, 0.1};
  if (ir_is_float(t)) {
    int k = below(g, 16);
    if (k < (int)COUNT(numbers)) return ir_float_encode(t->fkind, numbers[k]);
    return k == 12 ? ir_float_encode(t->fkind, INFINITY) : masked(random_bits(g), t->bits);
  }
  switch (below(g, 6)) {
  case 0: return 0;
  case 1: return 1;
  case 2: return masked(UINT64_MAX, t->bits);
  case 3: return masked(UINT64_C(1) << below(g, t->bits), t->bits);
  case 4: return (uint64_t)below(g, t->bits < 8 ? 2 : 8);
  default: return masked(random_bits(g), t->bits);
  }
}

static Value *random_constant(Gen *g, Type *type) {
  Type *t = ir_elem(type);
  uint64_t bits = interesting_bits(g, t);
  if (ir_is_int(t)) return ir_const_int(&g->b, type, as_signed(bits, t->bits));
  double x = ir_float_decode(t->fkind, bits);
  return ir_const_float(&g->b, type, isnan(x) ? 1.5 : x);
}

/* Something of this type: from the pool, or a constant. */
static Value *any(Gen *g, Type *type) {
  for (int tries = 0; tries < 12; tries++) {
    Value *v = g->pool[below(g, g->n)];
    if (v->type == type && below(g, 4)) return v;
  }
  for (int i = g->n; i-- > 0 && below(g, 4);)
    if (g->pool[i]->type == type) return g->pool[i];
  return random_constant(g, type);
}

static Value *binary(Gen *g, Type *type) {
  static const Opcode ints[] = {OP_ADDI,  OP_SUBI,  OP_MULI,  OP_DIVSI, OP_DIVUI, OP_REMSI, OP_REMUI, OP_ANDI,
                                OP_ORI,   OP_XORI,  OP_ADDI,  OP_SUBI,  OP_SHLI,  OP_SHRSI, OP_SHRUI, OP_MAXSI,
                                OP_MINSI, OP_MAXUI, OP_MINUI, OP_MULI,  OP_ANDI,  OP_ORI,   OP_XORI};
  static const Opcode floats[] = {OP_ADDF, OP_SUBF, OP_MULF, OP_DIVF, OP_MAXNUMF, OP_MINNUMF, OP_MAXIMUMF, OP_MINIMUMF};
  Opcode code = ir_is_int(ir_elem(type)) ? ints[below(g, COUNT(ints))] : floats[below(g, COUNT(floats))];
  Value *a = any(g, type);
  return ir_make(&g->b, code, type, a, below(g, 8) ? any(g, type) : a, NULL);
}

static Value *compare(Gen *g, Type *type) {
  static const char *const ints[] = {"eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"};
  static const char *const floats[] = {"oeq", "one", "olt", "ole", "ogt", "oge", "ueq",
                                       "une", "ult", "ule", "ugt", "uge", "ord", "uno"};
  bool is_int = ir_is_int(ir_elem(type));
  Value *a = any(g, type), *b = below(g, 8) ? any(g, type) : a;
  Value *v = ir_make(&g->b, is_int ? OP_CMPI : OP_CMPF, ir_tensor_like(g->cx, type, ir_int(g->cx, 1)), a, b, NULL);
  const char *p = is_int ? ints[below(g, COUNT(ints))] : floats[below(g, COUNT(floats))];
  ir_set_attr(g->cx, v->op, "predicate", ir_attr_enum(g->cx, p));
  return v;
}

static Value *conversion(Gen *g, Value *x) {
  Type *from = ir_elem(x->type), *to = scalar_type(g, below(g, 9));
  Opcode code;
  if (ir_is_int(from) && ir_is_int(to)) {
    if (from->bits == to->bits) return NULL;
    code = from->bits > to->bits ? OP_TRUNCI : below(g, 2) ? OP_EXTSI : OP_EXTUI;
  } else if (ir_is_float(from) && ir_is_float(to)) {
    if (from->bits == to->bits) return NULL;
    code = from->bits > to->bits ? OP_TRUNCF : OP_EXTF;
  } else if (from->bits == to->bits && below(g, 2)) {
    code = OP_BITCAST;
  } else if (ir_is_int(from)) {
    code = below(g, 2) ? OP_SITOFP : OP_UITOFP;
  } else {
    code = OP_FPTOSI;
    if (to->bits < 8) return NULL;
  }
  return ir_make(&g->b, code, ir_tensor_like(g->cx, x->type, to), x, NULL);
}

static Value *unary(Gen *g, Type *type) {
  static const Opcode codes[] = {OP_NEGF, OP_ABSF, OP_FLOOR, OP_CEIL, OP_TRUNC, OP_ROUNDEVEN, OP_SQRT, OP_NEGF};
  if (!ir_is_float(ir_elem(type))) return NULL;
  if (below(g, 4) == 0 && ir_elem(type)->fkind != F16)
    return ir_make(&g->b, OP_FMA, type, any(g, type), any(g, type), any(g, type), NULL);
  return ir_make(&g->b, codes[below(g, COUNT(codes))], type, any(g, type), NULL);
}

static Value *transposed(Gen *g, Value *x) {
  int64_t order[4], shape[4];
  int rank = x->type->rank;
  for (int i = 0; i < rank; i++) order[i] = i;
  for (int i = rank; i-- > 1;) {
    int k = below(g, i + 1);
    int64_t t = order[i];
    order[i] = order[k], order[k] = t;
  }
  for (int i = 0; i < rank; i++) shape[i] = x->type->shape[order[i]];
  Value *v = ir_make(&g->b, OP_TRANS, ir_tensor(g->cx, x->type->elem, rank, shape, NULL), x, NULL);
  ir_set_attr(g->cx, v->op, "order", ir_attr_ints(g->cx, ir_int(g->cx, 32), order, rank));
  return v;
}

static Value *rearranged(Gen *g, Value *x) {
  Type *t = x->type;
  if (!ir_is_tensor(t)) return ir_make(&g->b, OP_SPLAT, shaped(g, t, 1 + below(g, 6)), x, NULL);
  int kind = below(g, 5);
  if (kind == 0) return transposed(g, x);
  if (kind == 1 && t->rank == 1 && t->shape[0] == 4) {
    int axis = below(g, 2);
    Value *v = ir_make(&g->b, OP_EXPAND_DIMS, shaped(g, t->elem, axis ? 2 : 3), x, NULL);
    ir_set_attr(g->cx, v->op, "axis", ir_attr_int(g->cx, ir_int(g->cx, 32), axis));
    return v;
  }
  if (kind == 2 && t->rank == 2 && (t->shape[0] == 1 || t->shape[1] == 1))
    return ir_make(&g->b, OP_BROADCAST, shaped(g, t->elem, 4), x, NULL);
  if (kind == 3 && ir_numel(t) == 16) {
    static const int64_t flat[] = {16};
    int to = below(g, 3);
    Type *type = to == 2 ? ir_tensor(g->cx, t->elem, 1, flat, NULL) : shaped(g, t->elem, to ? 4 : 6);
    return ir_make(&g->b, OP_RESHAPE, type, x, NULL);
  }
  if (kind == 4 && ir_numel(t) == 4 && t->rank == 1)
    return ir_make(&g->b, OP_JOIN, shaped(g, t->elem, 5), x, any(g, t), NULL);
  if (kind == 4 && t->rank == 2 && t->shape[1] == 2) {
    static const int64_t rows[] = {4};
    Type *half = ir_tensor(g->cx, t->elem, 1, rows, NULL), *types[2] = {half, half};
    Op *op = ir_op(&g->b, OP_SPLIT, types, 2, &x, 1);
    push(g, ir_result(op, 0));
    return ir_result(op, 1);
  }
  return NULL;
}

static void random_ops(Gen *g, int n, int depth);

/* A region's block filled with ops on all that is known, ending in a yield of values of these types. */
static void random_body(Gen *g, Block *b, Type *const *types, int n, int depth) {
  Gen in = *g;
  in.b.block = b;
  in.b.before = NULL;
  for (int i = 0; i < b->nargs; i++) push(&in, b->args[i]);
  random_ops(&in, 2 + below(&in, 8), depth + 1);
  Value *yields[8];
  for (int i = 0; i < n; i++) yields[i] = any(&in, types[i]);
  ir_op(&in.b, OP_YIELD, NULL, 0, yields, n);
  g->state = in.state;
}

static void random_control(Gen *g, int depth) {
  Type *types[4];
  Value *operands[8];
  int n = below(g, 4);
  for (int i = 0; i < n; i++) types[i] = random_type(g);
  if (below(g, 2)) {
    operands[0] = any(g, ir_int(g->cx, 1));
    Op *op = ir_op(&g->b, OP_IF, types, n, operands, 1);
    for (int r = 0; r < 2; r++) random_body(g, ir_add_block(g->cx, ir_add_region(g->cx, op)), types, n, depth);
    for (int i = 0; i < n; i++) push(g, ir_result(op, i));
    return;
  }
  Type *i32 = ir_int(g->cx, 32);
  operands[0] = ir_const_int(&g->b, i32, below(g, 3));
  operands[1] = ir_const_int(&g->b, i32, below(g, 8));
  operands[2] = ir_const_int(&g->b, i32, 1 + below(g, 3));
  for (int i = 0; i < n; i++) operands[3 + i] = any(g, types[i]);
  Op *op = ir_op(&g->b, OP_FOR, types, n, operands, 3 + n);
  Block *b = ir_add_block(g->cx, ir_add_region(g->cx, op));
  ir_add_arg(g->cx, b, i32, NULL);
  for (int i = 0; i < n; i++) ir_add_arg(g->cx, b, types[i], NULL);
  if (below(g, 2)) ir_set_attr(g->cx, op, "tt.loop_unroll_factor", ir_attr_int(g->cx, i32, 1 + below(g, 4)));
  random_body(g, b, types, n, depth);
  for (int i = 0; i < n; i++) push(g, ir_result(op, i));
}

static void random_ops(Gen *g, int n, int depth) {
  for (int i = 0; i < n; i++) {
    Value *x = g->pool[below(g, g->n)], *v = NULL;
    switch (below(g, depth < 2 ? 12 : 11)) {
    case 0:
    case 1:
    case 2: v = binary(g, x->type); break;
    case 3: v = compare(g, x->type); break;
    case 4:
    case 5: v = conversion(g, x); break;
    case 6: v = unary(g, x->type); break;
    case 7: {
      Type *bits = ir_int(g->cx, 1);
      v = ir_make(&g->b, OP_SELECT, x->type, any(g, below(g, 3) ? ir_tensor_like(g->cx, x->type, bits) : bits), x,
                  any(g, x->type), NULL);
      break;
    }
    case 8:
    case 9: v = rearranged(g, x); break;
    case 10: v = random_constant(g, random_type(g)); break;
    default: random_control(g, depth); break;
    }
    if (v) push(g, v);
  }
}

static Module *random_module(Ctx *cx, uint64_t seed, Type **inputs, int ninputs) {
  Gen *g = NEW(cx, Gen);
  g->cx = cx;
  g->state = seed;
  for (int i = 0; i < ninputs; i++) inputs[i] = i < 9 ? scalar_type(g, i) : random_type(g);
  Type *outputs[VALUES];
  Module *m = ir_module_new(cx);
  Op *func = ir_func_new(m, "f", ir_func_type(cx, inputs, ninputs, NULL, 0), true, ir_loc_unknown(cx));
  g->b = ir_at_end(cx, ir_entry(func, 0));
  g->b.loc = ir_loc_unknown(cx);
  for (int i = 0; i < ninputs; i++) push(g, ir_entry(func, 0)->args[i]);
  random_ops(g, 60, 0);
  int n = 0;
  Value *returned[VALUES];
  for (int i = g->n; i-- > ninputs && n < 24;) {
    outputs[n] = g->pool[i]->type;
    returned[n++] = g->pool[i];
  }
  ir_op(&g->b, OP_RETURN, NULL, 0, returned, n);
  ir_set_attr(cx, func, "function_type", ir_attr_type(cx, ir_func_type(cx, inputs, ninputs, outputs, n)));
  return m;
}

/* ---- before and after -------------------------------------------------------------------------------------------- */

static int run_function(Ctx *cx, Module *m, uint64_t seed, Tensor *results, Type **types) {
  Run r = {.cx = cx};
  Gen *g = NEW(cx, Gen);
  g->state = seed;
  Block *entry = ir_entry(m->body->first->first, 0);
  for (int i = 0; i < entry->nargs; i++) {
    Tensor *t = fresh(&r, entry->args[i]);
    for (int k = 0; k < ELEMENTS; k++) t->at[k].bits = interesting_bits(g, ir_elem(entry->args[i]->type));
  }
  Op *end = run_block(&r, entry);
  for (int i = 0; i < end->noperands; i++) {
    results[i] = *value(&r, ir_operand(end, i));
    types[i] = ir_operand(end, i)->type;
  }
  return end->noperands;
}

static bool agrees(const Type *t, Cell before, Cell after) {
  if (before.open) return true;
  if (after.open) return false;
  if (before.bits == after.bits) return true;
  return ir_is_float(t) && isnan(number(t, before.bits)) && isnan(number(t, after.bits));
}

typedef struct Case {
  uint64_t seed;
  const char *passes;
} Case;

static void run_passes(Ctx *cx, Module *m, const char *list) {
  if (!strcmp(list, "ttir")) {
    opt_ttir(cx, m);
    return;
  }
  for (const char *p = list; *p; p += *p == ',') {
    size_t n = strcspn(p, ",");
    const Pass *pass = opt_pass_named(ctx_strndup(cx, p, n));
    assert_non_null(pass);
    opt_run(cx, m, &pass, 1);
    p += n;
  }
}

static void check_case(Ctx *cx, void *arg) {
  const Case *c = arg;
  enum { INPUTS = 14, RUNS = 3 };
  Type *inputs[INPUTS];
  Module *m = random_module(cx, c->seed, inputs, INPUTS);
  const char *wrong = ir_verify(cx, m);
  if (wrong) fail_msg("seed %" PRIu64 ": the generator: %s", c->seed, wrong);
  Tensor *before = NEWN(cx, Tensor, RUNS * VALUES), *after = NEWN(cx, Tensor, VALUES);
  Type *types[VALUES];
  for (int run = 0; run < RUNS; run++) run_function(cx, m, c->seed * 31 + (uint64_t)run, before + run * VALUES, types);
  Buf text = {.cx = cx};
  ir_print(&text, m, (PrintOptions){.no_locations = true});
  run_passes(cx, m, c->passes);
  wrong = ir_verify(cx, m);
  if (wrong) fail_msg("seed %" PRIu64 " after %s: %s\n%s", c->seed, c->passes, wrong, buf_text(&text));
  for (int run = 0; run < RUNS; run++) {
    int n = run_function(cx, m, c->seed * 31 + (uint64_t)run, after, types);
    for (int i = 0; i < n; i++)
      for (int64_t k = 0; k < ir_numel(types[i]); k++) {
        Cell x = before[run * VALUES + i].at[k], y = after[i].at[k];
        if (agrees(ir_elem(types[i]), x, y)) continue;
        fprintf(stderr, "// before\n%s", buf_text(&text));
        Buf now = {.cx = cx};
        ir_print(&now, m, (PrintOptions){.no_locations = true});
        fprintf(stderr, "// after\n%s", buf_text(&now));
        fail_msg("seed %" PRIu64 " after %s: result %d, element %" PRId64 ": %" PRIx64 " became %" PRIx64 "%s", c->seed,
                 c->passes, i, k, x.bits, y.bits, y.open ? " (open)" : "");
      }
  }
}

static void check_many(const char *passes, uint64_t first, int n) {
  if (getenv("TRITONC_TEST_SMALL")) n /= 10;
  for (int i = 0; i < n; i++) {
    Ctx *cx = ctx_new(NULL);
    assert_non_null(cx);
    Case c = {first + (uint64_t)i, passes};
    Err err = ctx_protect(cx, check_case, &c);
    if (err) fail_msg("seed %" PRIu64 " after %s: error %d", c.seed, passes, err);
    ctx_free(cx);
  }
}

static void fold_keeps_values(void **state) {
  (void)state;
  check_many("fold", 1, 1500);
}
static void cse_keeps_values(void **state) {
  (void)state;
  check_many("cse", 10001, 500);
}
static void licm_keeps_values(void **state) {
  (void)state;
  check_many("licm", 20001, 500);
}
static void dce_keeps_values(void **state) {
  (void)state;
  check_many("dce", 30001, 500);
}
static void unroll_keeps_values(void **state) {
  (void)state;
  check_many("unroll", 40001, 500);
}
static void split_pointers_keeps_values(void **state) {
  (void)state;
  check_many("split-pointers", 50001, 500);
  check_many("split-indices", 50001, 500);
  check_many("turn-loads", 50001, 500);
}
static void all_passes_keep_values(void **state) {
  (void)state;
  check_many("ttir", 60001, 1500);
  check_many("fold,unroll,cse,licm,split-pointers,dce,fold,cse", 70001, 500);
}

/* ---- branches between blocks ------------------------------------------------------------------------------------- */

/* Follow branches from the entry to a return. */
static Op *run_blocks(Run *r, Block *b) {
  for (;;) {
    Op *end = run_block(r, b);
    if (end->code == OP_RETURN) return end;
    int successor = end->code == OP_COND_BR && !value(r, ir_operand(end, 0))->at[0].bits;
    int first = end->code == OP_COND_BR;
    for (int i = 0; i < successor; i++) first += end->nforward[i];
    b = end->successors[successor];
    pass_values(r, end, first, b->args, b->nargs);
  }
}

static Value *visible(Gen *g, Op *at, Value **all, int n) {
  for (int tries = 0; tries < 20; tries++) {
    Value *v = all[below(g, n)];
    if (v->op ? v->op->block == at->block || ir_dominates(v->op, at) : v->block == at->block) return v;
  }
  return all[0]; /* the function's argument */
}

/* Blocks that count steps in their argument, do a sum, and go on by a bit of it: forwards, or while steps are few to
 * any block. */
static Module *random_branches(Ctx *cx, uint64_t seed, bool cycles) {
  Gen *g = NEW(cx, Gen);
  g->cx = cx;
  g->state = seed;
  enum { MOST = 9 };
  int n = 2 + below(g, MOST - 1);
  Type *i32 = ir_int(cx, 32), *i1 = ir_int(cx, 1), *types[] = {i32, i32};
  Module *m = ir_module_new(cx);
  Op *func = ir_func_new(m, "f", ir_func_type(cx, types, 1, types, 1), true, ir_loc_unknown(cx)), *ends[MOST];
  Block *blocks[MOST];
  Value *all[MOST * 4], *counts[MOST];
  int nall = 0, args[MOST];
  all[nall++] = ir_entry(func, 0)->args[0];
  for (int i = 0; i < n; i++) {
    blocks[i] = i ? ir_add_block(cx, func->regions[0]) : ir_entry(func, 0);
    args[i] = i ? 1 + below(g, 2) : 1;
    for (int k = 0; k < args[i] && i; k++) all[nall++] = ir_add_arg(cx, blocks[i], i32, NULL);
    g->b = ir_at_end(cx, blocks[i]);
    g->b.loc = ir_loc_unknown(cx);
    Value *steps = blocks[i]->args[0];
    counts[i] = ir_make(&g->b, OP_ADDI, i32, steps, ir_const_int(&g->b, i32, 1), NULL);
    all[nall++] = ir_make(&g->b, OP_MULI, i32, steps, ir_const_int(&g->b, i32, 3 + 2 * i), NULL);
    bool leaf = i == n - 1 || below(g, 6) == 0, fork = !leaf && below(g, 4);
    Value *condition = NULL;
    if (fork) {
      Value *bit = ir_make(&g->b, OP_ANDI, i32, counts[i], ir_const_int(&g->b, i32, 1 + below(g, 7)), NULL);
      condition = ir_make(&g->b, OP_CMPI, i1, bit, ir_const_int(&g->b, i32, 0), NULL);
      ir_set_attr(cx, condition->op, "predicate", ir_attr_enum(cx, "ne"));
      bool back = cycles && below(g, 2);
      if (back) {
        Value *few = ir_make(&g->b, OP_CMPI, i1, steps, ir_const_int(&g->b, i32, 40), NULL);
        ir_set_attr(cx, few->op, "predicate", ir_attr_enum(cx, "ult"));
        condition = ir_make(&g->b, OP_ANDI, i1, condition, few, NULL);
      }
      ends[i] = ir_op(&g->b, OP_COND_BR, NULL, 0, &condition, 1);
      ends[i]->mark = back;
    } else {
      ends[i] = ir_op(&g->b, leaf ? OP_RETURN : OP_BR, NULL, 0, NULL, 0);
    }
  }
  int to[MOST][2];
  for (int i = 0; i < n; i++) { /* targets first: what dominates what is known only then */
    int k = ends[i]->code == OP_COND_BR ? 2 : ends[i]->code == OP_BR ? 1 : 0;
    for (int e = 0; e < k; e++) {
      to[i][e] = e == 0 && k == 2 && ends[i]->mark ? 1 + below(g, n - 1) : i + 1 + below(g, n - 1 - i);
      ir_add_successor(cx, ends[i], blocks[to[i][e]], NULL, 0);
    }
  }
  for (int i = 0; i < n; i++) {
    for (int e = 0; e < ends[i]->nsuccessors; e++)
      for (int k = 0; k < args[to[i][e]]; k++) {
        ir_add_operand(cx, ends[i], k ? visible(g, ends[i], all, nall) : counts[i]);
        ends[i]->nforward[e]++;
      }
    if (ends[i]->code == OP_RETURN) {
      Builder b = ir_before(cx, ends[i]);
      Value *sum = visible(g, ends[i], all, nall);
      for (int k = 0; k < 4; k++) sum = ir_make(&b, OP_ADDI, i32, sum, visible(g, ends[i], all, nall), NULL);
      ir_add_operand(cx, ends[i], sum);
    }
  }
  return m;
}

typedef struct BranchCase {
  uint64_t seed;
  bool cycles;
  int *structured;
} BranchCase;

static void check_branches(Ctx *cx, void *arg) {
  const BranchCase *c = arg;
  Module *m = random_branches(cx, c->seed, c->cycles);
  const char *wrong = ir_verify(cx, m);
  if (wrong) fail_msg("seed %" PRIu64 ": the generator: %s", c->seed, wrong);
  Buf text = {.cx = cx};
  ir_print(&text, m, (PrintOptions){.no_locations = true});
  Cell before[4];
  for (unsigned i = 0; i < COUNT(before); i++) {
    Run r = {.cx = cx};
    Block *entry = ir_entry(m->body->first->first, 0);
    fresh(&r, entry->args[0])->at[0].bits = i * 5;
    before[i] = value(&r, ir_operand(run_blocks(&r, entry), 0))->at[0];
  }
  opt_structurize(cx, m); /* unwinds where the cycles are irreducible */
  wrong = ir_verify(cx, m);
  if (wrong) fail_msg("seed %" PRIu64 ": %s\n%s", c->seed, wrong, buf_text(&text));
  for (int folded = 0; folded < 2; folded++) {
    for (unsigned i = 0; i < COUNT(before); i++) {
      Run r = {.cx = cx};
      Block *entry = ir_entry(m->body->first->first, 0);
      assert_null(entry->next);
      fresh(&r, entry->args[0])->at[0].bits = i * 5;
      Cell after = value(&r, ir_operand(run_block(&r, entry), 0))->at[0];
      if (after.open || after.bits != before[i].bits) {
        Buf now = {.cx = cx};
        ir_print(&now, m, (PrintOptions){.no_locations = true});
        fprintf(stderr, "%s%s", buf_text(&text), buf_text(&now));
        fail_msg("seed %" PRIu64 ", argument %u: %" PRIu64 " became %" PRIu64, c->seed, i * 5, before[i].bits,
                 after.bits);
      }
    }
    opt_ttir(cx, m);
  }
  ++*c->structured;
}

static int structure_many(uint64_t first, int n, bool cycles) {
  int structured = 0;
  for (int i = 0; i < n; i++) {
    Ctx *cx = ctx_new(NULL);
    BranchCase c = {first + (uint64_t)i, cycles, &structured};
    Err err = ctx_protect(cx, check_branches, &c);
    assert_true(err == ERR_NONE || (cycles && err == ERR_SOURCE));
    ctx_free(cx);
  }
  return structured;
}

static void structurize_keeps_values(void **state) {
  (void)state;
  assert_int_equal(structure_many(1, 500, false), 500);
  assert_true(structure_many(1001, 1000, true) > 300); /* the rest is irreducible, and said to be so */
}

/* A fixed point is one: folding again changes nothing. */
static void check_fixed_point(Ctx *cx, void *arg) {
  Type *inputs[12];
  Module *m = random_module(cx, *(uint64_t *)arg, inputs, 12);
  opt_fold(cx, m);
  assert_false(opt_fold(cx, m));
}
static void fold_reaches_a_fixed_point(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed < 200; seed++) {
    Ctx *cx = ctx_new(NULL);
    assert_int_equal(ctx_protect(cx, check_fixed_point, &seed), ERR_NONE);
    ctx_free(cx);
  }
}

/* ---- mathematical functions -------------------------------------------------------------------------------------- */

static const Opcode math_ops[] = {OP_EXP, OP_EXP2, OP_LOG, OP_LOG2, OP_SIN, OP_COS, OP_ERF, OP_RSQRT};

static bool is_math(Opcode code) {
  for (size_t i = 0; i < COUNT(math_ops); i++)
    if (math_ops[i] == code) return true;
  return false;
}

typedef struct Counts {
  int math, functions, narrowed, calls;
} Counts;
static void count_op(Op *op, void *arg) {
  Counts *c = arg;
  c->math += is_math(op->code);
  c->functions += op->code == OP_FUNC;
  c->calls += op->code == OP_CALL;
  c->narrowed += op->code == OP_TRUNCF && ir_elem(op->results[0].type)->fkind == F16;
}

static bool sine_is_native(Opcode code, const Type *elem, bool precise) {
  (void)precise;
  return code == OP_SIN && elem->fkind == F32;
}

/* Every function, of every type and in two shapes, in one module. */
static void check_expansion(Ctx *cx, void *arg) {
  const bool native_sine = *(const bool *)arg;
  static const FloatKind kinds[] = {F16, BF16, F32, F64};
  static const int64_t shape[] = {4, 8};
  Type *inputs[2 * COUNT(kinds)];
  for (size_t i = 0; i < COUNT(kinds); i++) {
    inputs[2 * i] = ir_float(cx, kinds[i]);
    inputs[2 * i + 1] = ir_tensor(cx, inputs[2 * i], 2, shape, NULL);
  }
  Module *m = ir_module_new(cx);
  Type *results[COUNT(math_ops) * COUNT(inputs)];
  Value *returned[COUNT(results)];
  int n = 0;
  Op *func = ir_func_new(m, "f", ir_func_type(cx, inputs, COUNT(inputs), NULL, 0), true, ir_loc_unknown(cx));
  Builder b = ir_at_end(cx, ir_entry(func, 0));
  b.loc = ir_loc_unknown(cx);
  for (size_t i = 0; i < COUNT(math_ops); i++)
    for (size_t k = 0; k < COUNT(inputs); k++, n++) {
      returned[n] = ir_make(&b, math_ops[i], inputs[k], ir_entry(func, 0)->args[k], NULL);
      results[n] = inputs[k];
    }
  ir_op(&b, OP_RETURN, NULL, 0, returned, n);
  ir_set_attr(cx, func, "function_type", ir_attr_type(cx, ir_func_type(cx, inputs, COUNT(inputs), results, n)));
  LangOptions options = {.common.num_warps = 4, .default_dot_precision = "ieee", .target_name = "cpu"};
  bool changed = native_sine ? opt_expand_math(cx, m, sine_is_native, &options) : opt_expand_all_math(cx, m);
  assert_true(changed);
  const char *wrong = ir_verify(cx, m);
  if (wrong) fail_msg("%s", wrong);
  Counts c = {0};
  ir_walk(m->op, count_op, &c);
  assert_int_equal(c.math, native_sine ? 6 : 0); /* f32, and f16 and bf16 by way of it */
  assert_int_equal(c.functions, 1);              /* the library's are gone */
  assert_int_equal(c.calls, 0);
  assert_int_equal(c.narrowed, (int)(2 * COUNT(math_ops))); /* rounded once each */
}

static void math_is_expanded(void **state) {
  (void)state;
  for (int native_sine = 0; native_sine < 2; native_sine++) {
    Ctx *cx = ctx_new(NULL);
    bool arg = native_sine;
    assert_int_equal(ctx_protect(cx, check_expansion, &arg), ERR_NONE);
    ctx_free(cx);
  }
}

static void passes_have_names(void **state) {
  (void)state;
  size_t n;
  const Pass *const *passes = opt_passes(&n);
  for (size_t i = 0; i < n; i++) assert_ptr_equal(opt_pass_named(passes[i]->name), passes[i]);
  assert_null(opt_pass_named("nonesuch"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(passes_have_names),          cmocka_unit_test(fold_keeps_values),
      cmocka_unit_test(cse_keeps_values),           cmocka_unit_test(licm_keeps_values),
      cmocka_unit_test(dce_keeps_values),           cmocka_unit_test(unroll_keeps_values),
      cmocka_unit_test(all_passes_keep_values),     cmocka_unit_test(split_pointers_keeps_values),
      cmocka_unit_test(fold_reaches_a_fixed_point), cmocka_unit_test(structurize_keeps_values),
      cmocka_unit_test(math_is_expanded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
