/* bounds.c: masks that are bounds, as of a row that does not fill its tile: `i < n`.
 *
 * The indices of a thread's registers are one number and constants, x + c. A comparison of each with n takes two
 * instructions, and the assembler does not compute again what takes two: of sixteen masks, which no thread has the
 * predicates for, it moves most to registers and back wherever a load or store asks for them, and issues the loads a few
 * at a time. So the distance n - x is computed once, and each mask is one comparison of it with a constant.
 *
 * With 0 <= x and 0 <= c, and sums that do not pass an end, x + c < n is max(n, 0) - x > c, and nothing overflows: where n is
 * negative neither holds.
 */
#include "gpu/lower/lower.h"

#include <string.h>

typedef struct Bound {
  const Registers *index;
  LLInst *base, *end; /* of register i: base + c[i] < end */
  int32_t *c;
  LLPred pred; /* of indices and end: LLP_SLT, LLP_SGE */
} Bound;

static LLInst *all_the_same(const Registers *x) {
  for (int i = 1; i < x->n; i++)
    if (x->at[i] != x->at[0]) return NULL;
  return x->at[0];
}

/* Constants that do not make a sum pass an end, from the least of the indices: that is not negative, which a number that all
 * have their constants added to may be. */
static bool split(Lower *w, Bound *b) {
  const Registers *x = b->index;
  int least = 0;
  b->c = NEWN(w->cx, int32_t, x->n);
  for (int i = 0; i < x->n; i++) {
    LLInst *from = x->at[i];
    int64_t c = 0;
    if (from->op == LL_ADD && from->mods.flags & LLF_NSW && ll_is_const_int(from->args[1], &c)) from = from->args[0];
    if (i && from != b->base) return false;
    b->base = from, b->c[i] = (int32_t)c;
    if (b->c[i] < b->c[least]) least = i;
  }
  int64_t first = b->c[least];
  b->base = x->at[least];
  for (int i = 0; i < x->n; i++) b->c[i] = (int32_t)(b->c[i] - first);
  return true;
}

/* Which of the two operands are indices, and which is their end. */
static bool is_bound(Lower *w, const Op *op, Registers *const *in, Bound *b) {
  static const struct {
    const char *name;
    int index;
    LLPred pred;
  } kinds[] = {{"slt", 0, LLP_SLT}, {"sge", 0, LLP_SGE}, {"sgt", 1, LLP_SLT}, {"sle", 1, LLP_SGE}};
  const char *name = ir_attr_text_or(op, "predicate", "");
  for (size_t i = 0; i < COUNT(kinds); i++) {
    if (strcmp(name, kinds[i].name) != 0) continue;
    const Value *index = ir_operand(op, kinds[i].index);
    *b = (Bound){.index = in[kinds[i].index], .end = all_the_same(in[1 - kinds[i].index]), .pred = kinds[i].pred};
    return b->end && b->end->type == &ll_i32 && b->end->op != LL_CONST && b->index->n > 1 &&
           index_of(w->index, index)->lo >= 0 && split(w, b);
  }
  return false;
}

static int different_masks(const Bound *b, int equal) {
  int n = 0;
  for (int i = 0; i < b->index->n; i++) {
    int k = 0;
    while (k < i && b->c[k & ~equal] != b->c[i & ~equal]) k++;
    n += k == i;
  }
  return n;
}

bool lower_bounds(Lower *w, const Op *op, Registers *const *in, int equal, Registers *out) {
  enum { FEW = 3 }; /* the distance costs as many additions as these */
  Bound b;
  if (op->code != OP_CMPI || !is_bound(w, op, in, &b) || different_masks(&b, equal) < FEW) return false;
  LLInst *zero = ll_const_i32(&w->b, 0);
  LLInst *most = ll_call(&w->b, LL_SMAX, &ll_i32, b.end, zero, NULL);
  LLInst *distance = ll_op2f(&w->b, LL_SUB, most, b.base, LLF_NSW);
  LLPred pred = b.pred == LLP_SLT ? LLP_SGT : LLP_SLE;
  for (int i = 0; i < out->n; i++) out->at[i] = ll_icmp(&w->b, pred, distance, ll_const_i32(&w->b, b.c[i & ~equal]));
  return true;
}
