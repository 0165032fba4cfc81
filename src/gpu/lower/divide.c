/* divide.c: quotients and remainders of 64-bit integers.
 *
 * Indices are 64 bits wide where a tensor may be large, and then divided although they are small: a division of 64 bits
 * takes about a hundred instructions, one of 32 bits a fifth of that. What an operand's bits are known to be decides
 * where it can; else a run-time test decides, once for all elements of a thread: when no operand has a bit above
 * the lowest 32 (which a negative number has), the quotients are those of the lower halves.
 */
#include "gpu/lower/lower.h"

static LLOp kind_of(const Op *op) {
  switch (op->code) {
  case OP_DIVSI: return LL_SDIV;
  case OP_DIVUI: return LL_UDIV;
  case OP_REMSI: return LL_SREM;
  default: return LL_UREM;
  }
}

static LLInst *narrow(Lower *w, LLOp kind, LLInst *x, LLInst *y) {
  LLOp op = kind == LL_SDIV || kind == LL_UDIV ? LL_UDIV : LL_UREM;
  LLInst *r = ll_op2(&w->b, op, ll_op1(&w->b, LL_TRUNC, &ll_i32, x), ll_op1(&w->b, LL_TRUNC, &ll_i32, y));
  return ll_op1(&w->b, LL_ZEXT, &ll_i64, r);
}

/* The upper half of what is set in any of the values. */
static LLInst *upper_bits(Lower *w, LLInst *all, const Registers *v, int n) {
  for (int i = 0; i < v->n && i < n; i++) {
    LLInst *half = ll_op1(&w->b, LL_TRUNC, &ll_i32, ll_op2(&w->b, LL_LSHR, v->at[i], ll_const_i64(&w->b, 32)));
    all = all ? ll_op2(&w->b, LL_OR, all, half) : half;
  }
  return all;
}

/* The quotients of the registers whose numbers are in `of`, n in all. */
static void divide_all(Lower *w, LLOp kind, const Registers *x, const Registers *y, const int *of, bool wide,
                       LLInst **out, int n) {
  for (int i = 0; i < n; i++) {
    LLInst *a = x->at[x->n == 1 ? 0 : of[i]], *b = y->at[y->n == 1 ? 0 : of[i]];
    out[i] = wide ? ll_op2(&w->b, kind, a, b) : narrow(w, kind, a, b);
  }
}

bool lower_wide_division(Lower *w, const Op *op) {
  if (op->code != OP_DIVSI && op->code != OP_DIVUI && op->code != OP_REMSI && op->code != OP_REMUI) return false;
  const Value *r = &op->results[0];
  if (ir_elem(r->type)->kind != TYPE_INT || ir_elem(r->type)->bits != 64) return false;
  const Registers *x = lower_value(w, ir_operand(op, 0)), *y = lower_value(w, ir_operand(op, 1));
  LLOp kind = kind_of(op);
  uint64_t c;
  bool is_const = true, is_power = true;
  for (int i = 0; i < y->n && is_const; i++) {
    is_const = ll_is_const(y->at[i], &c);
    is_power &= is_const && (c & (c - 1)) == 0;
  }
  if (is_const && is_power) return false; /* shifts and masks */
  Registers *out = lower_new(w, r, lower_count(w, r));
  LLInst *wide =
      ll_icmp(&w->b, LLP_NE, upper_bits(w, upper_bits(w, NULL, x, out->n), y, out->n), ll_const_i32(&w->b, 0));
  bool narrow_only = ll_is_const(wide, &c) && !c, wide_only = ll_is_const(wide, &c) && c;
  int equal = lower_equal_registers(w, op), n = 0, *of = NEWN(w->cx, int, out->n), *at = NEWN(w->cx, int, out->n);
  LLInst **values = NEWN(w->cx, LLInst *, out->n);
  for (int i = 0; i < out->n; i++) {
    at[i] = i & equal ? at[i & ~equal] : n;
    if (!(i & equal)) of[n++] = i;
  }
  if (narrow_only || wide_only) {
    divide_all(w, kind, x, y, of, wide_only, values, n);
  } else {
    LLBlock *from = w->b.block, *way[2], *after;
    const LLLoc *loc = w->b.loc;
    for (int k = 0; k < 2; k++) way[k] = ll_block_new(w->f, from);
    after = ll_block_new(w->f, from);
    ll_cond_br(&w->b, wide, way[1], NULL, 0, way[0], NULL, 0);
    for (int k = 0; k < 2; k++) {
      w->b = ll_at_end(way[k]);
      w->b.loc = loc;
      divide_all(w, kind, x, y, of, k == 1, values, n);
      ll_br(&w->b, after, values, n);
    }
    for (int i = 0; i < n; i++) values[i] = ll_block_param(after, &ll_i64);
    w->b = ll_at_end(after);
    w->b.loc = loc;
  }
  for (int i = 0; i < out->n; i++) out->at[i] = values[at[i]];
  return true;
}
