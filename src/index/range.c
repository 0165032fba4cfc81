/* range.c: the interval that a value lies in.
 *
 * Intervals are of mathematical integers. Where a result may not fit its type, indices are taken not to overflow: the
 * interval is cut to the type's. This is not assumed of products with large constants and sums with them (hashes
 * wrap around on purpose): they may be anything.
 */
#include "index/internal.h"

#define LARGE ((int64_t)1 << 24)
__extension__ typedef __int128 Wide;

typedef struct Interval {
  int64_t lo, hi;
} Interval;

static Interval whole(const Type *t) {
  Interval r;
  index_whole(t, &r.lo, &r.hi);
  return r;
}

static int64_t clamp(Wide x) { return x < INT64_MIN ? INT64_MIN : x > INT64_MAX ? INT64_MAX : (int64_t)x; }

static Interval interval(const Index *x) { return (Interval){x->lo, x->hi}; }

static bool is_large(Interval x) { return x.lo == x.hi && (x.lo >= LARGE || x.lo <= -LARGE); }

/* `exact` in type t. */
static Interval fitted(const Type *t, Interval exact, bool may_overflow) {
  Interval all = whole(t);
  if (exact.lo >= all.lo && exact.hi <= all.hi && exact.lo > INT64_MIN && exact.hi < INT64_MAX) return exact;
  const Type *e = index_elem(t);
  if (may_overflow || (e->kind == TYPE_INT && e->bits < 32)) return all;
  Interval cut = {max64(exact.lo, all.lo), min64(exact.hi, all.hi)};
  return cut.lo > cut.hi ? all : cut;
}

static Interval sum(const Type *t, Interval x, Interval y) {
  Wide lo = x.lo, hi = x.hi;
  return fitted(t, (Interval){clamp(lo + y.lo), clamp(hi + y.hi)}, is_large(x) || is_large(y));
}

/* Not the sum with -y: the smallest number has no negative of its own type. */
static Interval difference(const Type *t, Interval x, Interval y) {
  Wide lo = x.lo, hi = x.hi;
  return fitted(t, (Interval){clamp(lo - y.hi), clamp(hi - y.lo)}, is_large(x) || is_large(y));
}

static Interval product(const Type *t, Interval x, Interval y) {
  Wide corners[4] = {x.lo, x.lo, x.hi, x.hi};
  corners[0] *= y.lo, corners[1] *= y.hi, corners[2] *= y.lo, corners[3] *= y.hi;
  Interval r = {clamp(corners[0]), clamp(corners[0])};
  for (int i = 1; i < 4; i++) r.lo = min64(r.lo, clamp(corners[i])), r.hi = max64(r.hi, clamp(corners[i]));
  return fitted(t, r, is_large(x) || is_large(y));
}

static Interval hull(Interval x, Interval y) { return (Interval){min64(x.lo, y.lo), max64(x.hi, y.hi)}; }

static bool is_shift(Interval y, int most) { return y.lo == y.hi && y.lo >= 0 && y.lo < most; }

/* Of a divisor that may be negative or zero (then the quotient is -1, and the remainder the dividend). */
static Interval quotient_by_any(Interval all, Interval x) {
  if (x.lo == INT64_MIN) return all;
  int64_t most = max64(max64(-x.lo, x.hi), 1);
  return (Interval){max64(-most, all.lo), min64(most, all.hi)};
}

/* Rounded toward zero. */
static Interval quotient(Interval all, Interval x, Interval y) {
  if (y.lo < 1) return quotient_by_any(all, x);
  return (Interval){x.lo < 0 ? x.lo / y.lo : x.lo / y.hi, x.hi < 0 ? x.hi / y.hi : x.hi / y.lo};
}

static Interval remainder_of(Interval x, Interval y) {
  if (y.lo < 1) return (Interval){min64(x.lo, 0), max64(x.hi, 0)};
  return (Interval){x.lo < 0 ? max64(x.lo, -(y.hi - 1)) : 0, x.hi > 0 ? min64(x.hi, y.hi - 1) : 0};
}

static Interval binary(const Op *op, const Type *t, Interval x, Interval y) {
  Interval all = whole(t);
  bool positive = x.lo >= 0 && y.lo >= 0;
  switch (op->code) {
  case OP_ADDI: return sum(t, x, y);
  case OP_SUBI: return difference(t, x, y);
  case OP_MULI: return product(t, x, y);
  case OP_SHLI:
    if (!is_shift(y, 62)) return all;
    return product(t, x, (Interval){(int64_t)1 << y.lo, (int64_t)1 << y.lo});
  case OP_SHRSI: return is_shift(y, 63) ? (Interval){x.lo >> y.lo, x.hi >> y.lo} : all;
  case OP_SHRUI: return is_shift(y, 63) && x.lo >= 0 ? (Interval){x.lo >> y.lo, x.hi >> y.lo} : all;
  case OP_DIVUI: return positive && y.lo > 0 ? quotient(all, x, y) : all;
  case OP_DIVSI: return quotient(all, x, y);
  case OP_REMUI: return positive ? remainder_of(x, y) : all;
  case OP_REMSI: return remainder_of(x, y);
  case OP_MINSI: return (Interval){min64(x.lo, y.lo), min64(x.hi, y.hi)};
  case OP_MAXSI: return (Interval){max64(x.lo, y.lo), max64(x.hi, y.hi)};
  case OP_MINUI: return positive ? (Interval){min64(x.lo, y.lo), min64(x.hi, y.hi)} : all;
  case OP_MAXUI: return positive ? (Interval){max64(x.lo, y.lo), max64(x.hi, y.hi)} : all;
  case OP_ANDI:
    if (positive) return (Interval){0, min64(x.hi, y.hi)};
    return x.lo >= 0 ? (Interval){0, x.hi} : y.lo >= 0 ? (Interval){0, y.hi} : all;
  case OP_ORI:
  case OP_XORI:
    if (!positive) return all;
    for (int bit = 1; bit < 62; bit++)
      if (max64(x.hi, y.hi) < (int64_t)1 << bit) return (Interval){0, ((int64_t)1 << bit) - 1};
    return all;
  default: return all;
  }
}

static Interval unary(const Op *op, const Type *t, const Type *from, Interval x) {
  Interval all = whole(t);
  const Type *e = index_elem(from);
  if (ir_rearranges(op)) return x;
  switch (op->code) {
  case OP_UNSPLAT:
  case OP_SPLIT:
  case OP_INDEX_CAST: return x;
  case OP_EXTSI: return e->bits == 1 ? (Interval){-x.hi, -x.lo} : x;
  case OP_EXTUI: return x.lo >= 0 || e->bits > 32 ? x : (Interval){0, ((int64_t)1 << e->bits) - 1};
  case OP_TRUNCI: return fitted(t, x, true);
  case OP_ABSI: return (Interval){0, x.lo == INT64_MIN ? INT64_MAX : max64(-x.lo, x.hi)};
  default: return all;
  }
}

void index_range(IndexInfo *ix, const Op *op, const Value *v, Index *out) {
  const Type *t = v->type;
  Interval r = whole(t);
  int64_t c;
  switch (op->code) {
  case OP_MAKE_RANGE:
    c = ir_attr_int_or(op, "start", 0);
    r = (Interval){c, c + index_extent(t, 0) - 1};
    break;
  case OP_PROGRAM_ID: r.lo = 0; break;
  case OP_NUM_PROGRAMS: r.lo = 1; break;
  case OP_SELECT: r = hull(interval(index_operand(ix, op, 1)), interval(index_operand(ix, op, 2))); break;
  case OP_JOIN:
  case OP_CAT: r = hull(interval(index_operand(ix, op, 0)), interval(index_operand(ix, op, 1))); break;
  default:
    if (!index_is_number(t) || op->noperands == 0 || !index_is_number(ir_operand(op, 0)->type)) break;
    if (op->noperands == 1)
      r = unary(op, t, ir_operand(op, 0)->type, interval(index_operand(ix, op, 0)));
    else if (ir_has(op, T_PURE | T_ELEMENTWISE))
      r = binary(op, t, interval(index_operand(ix, op, 0)), interval(index_operand(ix, op, 1)));
  }
  out->lo = r.lo;
  out->hi = r.hi;
}
