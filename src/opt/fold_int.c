/* fold_int.c: rules of integer arithmetic, comparisons and select. fold_rules.def says what each does. */
#include "opt/internal.h"

#include <string.h>

/* Of the element; a constant's low bits as a signed number of its width. */
bool fold_int_constant(const Value *v, int64_t *x) {
  if (!ir_is_const_int(v, x)) return false;
  *x = sign_extended(low_bits((uint64_t)*x, ir_elem(v->type)->bits), ir_elem(v->type)->bits);
  return true;
}

static bool is_constant(const Value *v) { return ir_const_value(v) != NULL; }

bool fold_to_right(Fold *f, Op *op) {
  Value *a = arg0(op), *b = arg1(op);
  if (!is_constant(a) || is_constant(b)) return false;
  ir_set_operand(op, 0, b);
  ir_set_operand(op, 1, a);
  return fold_changed(f, op);
}

bool fold_same_operands(Fold *f, Op *op) { return arg0(op) == arg1(op) && fold_replace(f, op, arg0(op)); }

bool fold_int_identity(Fold *f, Op *op) {
  int64_t c;
  if (!fold_int_constant(arg1(op), &c)) return false;
  bool one = ir_elem(op->results[0].type)->bits == 1 ? c == -1 : c == 1, same;
  switch (op->code) {
  case OP_MULI:
  case OP_DIVSI:
  case OP_DIVUI: same = one; break;
  case OP_ANDI: same = c == -1; break;
  default: same = c == 0;
  }
  return same && fold_replace(f, op, arg0(op));
}

bool fold_int_absorb(Fold *f, Op *op) {
  int64_t c;
  if (!fold_int_constant(arg1(op), &c) || c != (op->code == OP_ORI ? -1 : 0)) return false;
  return fold_replace(f, op, fold_int(f, op, op->results[0].type, c));
}

/* Zero divided, or shifted, by a constant for which that is defined. */
bool fold_zero_by(Fold *f, Op *op) {
  int64_t a, b;
  if (!fold_int_constant(arg0(op), &a) || a != 0 || !fold_int_constant(arg1(op), &b)) return false;
  bool is_shift = op->code == OP_SHLI || op->code == OP_SHRSI || op->code == OP_SHRUI;
  if (is_shift ? b < 0 || b >= ir_elem(op->results[0].type)->bits : b == 0) return false;
  return fold_replace(f, op, fold_int(f, op, op->results[0].type, 0));
}

bool fold_rem_one(Fold *f, Op *op) {
  int64_t c;
  if (!fold_int_constant(arg1(op), &c) || c != (ir_elem(op->results[0].type)->bits == 1 ? -1 : 1)) return false;
  return fold_replace(f, op, fold_int(f, op, op->results[0].type, 0));
}

bool fold_sub_same(Fold *f, Op *op) {
  if (arg0(op) == arg1(op)) return fold_replace(f, op, fold_int(f, op, op->results[0].type, 0));
  Op *add = def_of(arg0(op), OP_ADDI);
  if (add && arg1(add) == arg1(op)) return fold_replace(f, op, arg0(add));
  if (add && arg0(add) == arg1(op)) return fold_replace(f, op, arg1(add));
  return false;
}

bool fold_xor_same(Fold *f, Op *op) {
  return arg0(op) == arg1(op) && fold_replace(f, op, fold_int(f, op, op->results[0].type, 0));
}

static int64_t combine(Opcode code, int64_t c, int64_t d) {
  uint64_t x = (uint64_t)c, y = (uint64_t)d;
  switch (code) {
  case OP_MULI: return (int64_t)(x * y);
  case OP_ANDI: return (int64_t)(x & y);
  case OP_ORI: return (int64_t)(x | y);
  case OP_XORI: return (int64_t)(x ^ y);
  case OP_SUBI: return (int64_t)(x - y);
  default: return (int64_t)(x + y);
  }
}

static bool rechain(Fold *f, Op *op, Opcode code, Value *x, int64_t c) {
  Type *type = op->results[0].type;
  return fold_replace(f, op, fold_make(f, op, code, type, x, fold_int(f, op, type, c), NULL));
}

bool fold_int_chain(Fold *f, Op *op) {
  int64_t c, d;
  Op *in = def_of(arg0(op), op->code);
  if (!in || !fold_int_constant(arg1(op), &d) || !fold_int_constant(arg1(in), &c)) return false;
  return rechain(f, op, op->code, arg0(in), combine(op->code, c, d));
}

bool fold_add_chain(Fold *f, Op *op) {
  int64_t c, d;
  Op *sub = def_of(arg0(op), OP_SUBI);
  if (sub && arg1(sub) == arg1(op)) return fold_replace(f, op, arg0(sub));
  Op *other = def_of(arg1(op), OP_SUBI);
  if (other && arg1(other) == arg0(op)) return fold_replace(f, op, arg0(other));
  if (!fold_int_constant(arg1(op), &d)) return false;
  Op *add = def_of(arg0(op), OP_ADDI);
  if (add && fold_int_constant(arg1(add), &c)) return rechain(f, op, OP_ADDI, arg0(add), combine(OP_ADDI, c, d));
  if (sub && fold_int_constant(arg1(sub), &c)) return rechain(f, op, OP_ADDI, arg0(sub), combine(OP_SUBI, d, c));
  return false;
}

bool fold_sub_chain(Fold *f, Op *op) {
  int64_t c, d;
  if (!fold_int_constant(arg1(op), &d)) return false;
  Op *add = def_of(arg0(op), OP_ADDI), *sub = def_of(arg0(op), OP_SUBI);
  if (add && fold_int_constant(arg1(add), &c)) return rechain(f, op, OP_ADDI, arg0(add), combine(OP_SUBI, c, d));
  if (sub && fold_int_constant(arg1(sub), &c)) return rechain(f, op, OP_SUBI, arg0(sub), combine(OP_ADDI, c, d));
  return false;
}

bool fold_int_minmax(Fold *f, Op *op) {
  Range a, b;
  if (!fold_range(arg0(op), &a) || !fold_range(arg1(op), &b)) return false;
  bool max = op->code == OP_MAXSI;
  if (max ? a.lo >= b.hi : a.hi <= b.lo) return fold_replace(f, op, arg0(op));
  if (max ? b.lo >= a.hi : b.hi <= a.lo) return fold_replace(f, op, arg1(op));
  return false;
}

/* ---- comparisons ------------------------------------------------------------------------------------------------- */

static const ComparePredicate *predicate_of(const Op *op) {
  return ir_predicate(op->code, ir_attr_text_or(op, "predicate", ""));
}

bool fold_compare_to_right(Fold *f, Op *op) {
  Value *a = arg0(op), *b = arg1(op);
  const ComparePredicate *p = predicate_of(op);
  if (!p || !is_constant(a) || is_constant(b)) return false;
  ir_set_operand(op, 0, b);
  ir_set_operand(op, 1, a);
  ir_set_attr(f->cx, op, "predicate", ir_attr_enum(f->cx, p->swapped));
  return fold_changed(f, op);
}

bool fold_compare_same(Fold *f, Op *op) {
  if (arg0(op) != arg1(op)) return false;
  const char *p = ir_attr_text_or(op, "predicate", "");
  bool yes = !strcmp(p, "eq") || !strcmp(p + 1, "le") || !strcmp(p + 1, "ge");
  return fold_replace(f, op, fold_int(f, op, op->results[0].type, yes));
}

bool fold_compare_bool(Fold *f, Op *op) {
  int64_t c;
  Value *a = arg0(op);
  const char *p = ir_attr_text_or(op, "predicate", "");
  bool eq = !strcmp(p, "eq");
  if (ir_elem(a->type)->bits != 1 || !fold_int_constant(arg1(op), &c) || (!eq && strcmp(p, "ne") != 0)) return false;
  if (eq == (c != 0)) return fold_replace(f, op, a);
  return fold_replace(f, op, fold_make(f, op, OP_XORI, a->type, a, fold_int(f, op, a->type, 1), NULL));
}

/* -1: not known; else the comparison's value for all elements. */
static int compare_ranges(const char *p, Range a, Range b) {
  if (!strcmp(p, "eq") || !strcmp(p, "ne")) {
    if (a.hi < b.lo || b.hi < a.lo) return !strcmp(p, "ne");
    if (a.lo == a.hi && b.lo == b.hi && a.lo == b.lo) return !strcmp(p, "eq");
    return -1;
  }
  if (p[0] == 'u' && (a.lo < 0 || b.lo < 0)) return -1;
  bool less = p[1] == 'l', or_equal = p[2] == 'e';
  Range x = less ? a : b, y = less ? b : a; /* x < y or x <= y */
  if (or_equal ? x.hi <= y.lo : x.hi < y.lo) return 1;
  if (or_equal ? x.lo > y.hi : x.lo >= y.hi) return 0;
  return -1;
}

bool fold_compare_range(Fold *f, Op *op) {
  Range a, b;
  if (ir_elem(arg0(op)->type)->bits == 1 || !fold_range(arg0(op), &a) || !fold_range(arg1(op), &b)) return false;
  int known = compare_ranges(ir_attr_text_or(op, "predicate", "eq"), a, b);
  return known >= 0 && fold_replace(f, op, fold_int(f, op, op->results[0].type, known));
}

static bool is_equality(const Op *op, bool *eq) {
  const char *p = ir_attr_text_or(op, "predicate", "");
  *eq = !strcmp(p, "eq");
  return *eq || !strcmp(p, "ne");
}

static Value *compare(Fold *f, Op *at, bool eq, Value *x, Value *y) {
  Value *v = fold_make(f, at, OP_CMPI, at->results[0].type, x, y, NULL);
  ir_set_attr(f->cx, v->op, "predicate", ir_attr_enum(f->cx, eq ? "eq" : "ne"));
  return v;
}

bool fold_compare_xor(Fold *f, Op *op) {
  int64_t c;
  bool eq;
  Op *x = def_of(arg0(op), OP_XORI);
  if (!x || !is_equality(op, &eq) || !fold_int_constant(arg1(op), &c) || c != 0) return false;
  return fold_replace(f, op, compare(f, op, eq, arg0(x), arg1(x)));
}

bool fold_compare_extended(Fold *f, Op *op) {
  bool eq;
  Range r;
  if (!is_equality(op, &eq)) return false;
  for (int i = 0; i < 2; i++) {
    Op *ext = def_of(ir_operand(op, i), OP_EXTUI);
    Value *y = ir_operand(op, 1 - i);
    if (!ext || ir_elem(arg0(ext)->type)->bits != 1 || !fold_range(y, &r) || r.lo < 0 || r.hi > 1) continue;
    Value *is_one = compare(f, op, eq, y, fold_int(f, op, y->type, 0));
    return fold_replace(f, op, fold_make(f, op, OP_XORI, is_one->type, arg0(ext), is_one, NULL));
  }
  return false;
}

bool fold_not_compare(Fold *f, Op *op) {
  int64_t c;
  Op *cmp = arg0(op)->op;
  if (ir_elem(op->results[0].type)->bits != 1 || !fold_int_constant(arg1(op), &c) || c == 0 || !cmp) return false;
  if ((cmp->code != OP_CMPI && cmp->code != OP_CMPF) || !ir_one_use(arg0(op))) return false;
  const ComparePredicate *p = predicate_of(cmp);
  if (!p) return false;
  Value *v = fold_make(f, op, cmp->code, op->results[0].type, arg0(cmp), arg1(cmp), NULL);
  ir_set_attr(f->cx, v->op, "predicate", ir_attr_enum(f->cx, p->negated));
  return fold_replace(f, op, v);
}

/* ---- select ------------------------------------------------------------------------------------------------------ */

bool fold_select_same(Fold *f, Op *op) { return arg1(op) == ir_operand(op, 2) && fold_replace(f, op, arg1(op)); }

bool fold_select_constant(Fold *f, Op *op) {
  int64_t c;
  return fold_int_constant(arg0(op), &c) && fold_replace(f, op, ir_operand(op, c ? 1 : 2));
}

bool fold_select_bool(Fold *f, Op *op) {
  int64_t x, y;
  Value *c = arg0(op);
  if (c->type != op->results[0].type || !fold_int_constant(arg1(op), &x) || !fold_int_constant(ir_operand(op, 2), &y))
    return false;
  if (x && !y) return fold_replace(f, op, c);
  if (x || !y) return false;
  return fold_replace(f, op, fold_make(f, op, OP_XORI, c->type, c, fold_int(f, op, c->type, 1), NULL));
}

bool fold_select_not(Fold *f, Op *op) {
  int64_t c;
  Op *inverse = def_of(arg0(op), OP_XORI);
  if (!inverse || !fold_int_constant(arg1(inverse), &c) || c == 0) return false;
  Value *x = arg1(op), *y = ir_operand(op, 2);
  ir_set_operand(op, 0, arg0(inverse));
  ir_set_operand(op, 1, y);
  ir_set_operand(op, 2, x);
  fold_push(f, inverse);
  return fold_changed(f, op);
}

bool fold_select_nested(Fold *f, Op *op) {
  for (int i = 1; i <= 2; i++) {
    Op *in = def_of(ir_operand(op, i), OP_SELECT);
    if (!in || arg0(in) != arg0(op)) continue;
    ir_set_operand(op, i, ir_operand(in, i));
    fold_push(f, in);
    return fold_changed(f, op);
  }
  return false;
}

/* ---- what is known of a value ------------------------------------------------------------------------------------ */

__extension__ typedef __int128 Wide;

static bool fits(Wide x, int bits) { return x == sign_extended((uint64_t)x, bits); }

static bool set_range(Wide lo, Wide hi, int bits, Range *r) {
  if (!fits(lo, bits) || !fits(hi, bits)) return false;
  *r = (Range){(int64_t)lo, (int64_t)hi};
  return true;
}

static bool range_at(const Value *v, Range *r, int depth);

static bool range_product(Range a, Range b, int bits, Range *r) {
  Wide p[4] = {(Wide)a.lo * b.lo, (Wide)a.lo * b.hi, (Wide)a.hi * b.lo, (Wide)a.hi * b.hi}, lo = p[0], hi = p[0];
  for (int i = 1; i < 4; i++) {
    if (p[i] < lo) lo = p[i];
    if (p[i] > hi) hi = p[i];
  }
  return set_range(lo, hi, bits, r);
}

static bool range_binary(const Op *op, int bits, Range *r, int depth) {
  Range a, b;
  bool known_b = range_at(arg1(op), &b, depth);
  if (op->code == OP_ANDI && known_b && b.lo >= 0) return *r = (Range){0, b.hi}, true;
  bool known_a = range_at(arg0(op), &a, depth);
  if (op->code == OP_ANDI) return known_a && a.lo >= 0 ? (*r = (Range){0, a.hi}, true) : false;
  if (!known_b) return false;
  if (op->code == OP_REMSI && b.lo > 0) return *r = (Range){known_a && a.lo >= 0 ? 0 : 1 - b.hi, b.hi - 1}, true;
  if (op->code == OP_REMUI && b.lo > 0) return *r = (Range){0, b.hi - 1}, true;
  if (!known_a) return false;
  switch (op->code) {
  case OP_ADDI: return set_range((Wide)a.lo + b.lo, (Wide)a.hi + b.hi, bits, r);
  case OP_SUBI: return set_range((Wide)a.lo - b.hi, (Wide)a.hi - b.lo, bits, r);
  case OP_MULI: return range_product(a, b, bits, r);
  case OP_MAXSI: return *r = (Range){max64(a.lo, b.lo), max64(a.hi, b.hi)}, true;
  case OP_MINSI: return *r = (Range){min64(a.lo, b.lo), min64(a.hi, b.hi)}, true;
  case OP_DIVSI:
  case OP_DIVUI:
    if (a.lo < 0 || b.lo <= 0) return false;
    return *r = (Range){a.lo / b.hi, a.hi / b.lo}, true;
  default: return false;
  }
}

static bool whole_range(const Type *t, Range *r) {
  if (!ir_is_int(t) || t->bits == 1 || t->bits > 32) return false;
  int64_t most = ((int64_t)1 << (t->bits - 1)) - 1;
  return *r = (Range){-most - 1, most}, true;
}

static bool range_of_op(const Op *op, int bits, Range *r, int depth) {
  Range a, b;
  switch (op->code) {
  case OP_MAKE_RANGE:
    return *r = (Range){ir_attr_int_or(op, "start", 0), ir_attr_int_or(op, "end", INT32_MAX) - 1}, true;
  case OP_PROGRAM_ID: return *r = (Range){0, INT32_MAX - 1}, true;
  case OP_NUM_PROGRAMS: return *r = (Range){1, INT32_MAX}, true;
  case OP_SPLAT:
  case OP_BROADCAST:
  case OP_EXPAND_DIMS:
  case OP_RESHAPE:
  case OP_TRANS:
  case OP_UNSPLAT: return range_at(arg0(op), r, depth);
  case OP_EXTSI: return range_at(arg0(op), r, depth) || whole_range(ir_elem(arg0(op)->type), r);
  case OP_EXTUI:
    if (range_at(arg0(op), &a, depth) && a.lo >= 0) return *r = a, true;
    return *r = (Range){0, (int64_t)low_bits(UINT64_MAX, ir_elem(arg0(op)->type)->bits)}, true;
  case OP_SELECT:
    if (!range_at(arg1(op), &a, depth) || !range_at(ir_operand(op, 2), &b, depth)) return false;
    return *r = (Range){min64(a.lo, b.lo), max64(a.hi, b.hi)}, true;
  default: return op->noperands == 2 && ir_has(op, T_SAME_TYPE) && range_binary(op, bits, r, depth);
  }
}

static bool range_at(const Value *v, Range *r, int depth) {
  const Type *elem = ir_elem(v->type);
  if (!ir_is_int(elem) || elem->bits == 1) return false;
  int64_t c;
  if (fold_int_constant(v, &c)) return *r = (Range){c, c}, true;
  return v->op && depth > 0 && range_of_op(v->op, elem->bits, r, depth - 1);
}

bool fold_range(const Value *v, Range *r) { return range_at(v, r, 6); }
