/* internal.h: what the files of ll/ share. */
#ifndef TRITONC_LL_INTERNAL_H
#define TRITONC_LL_INTERNAL_H

#include "ll/ll.h"

void ll_put_type(Buf *out, const LLType *t);

/* A key of value numbering: an instruction that need not exist. */
typedef struct LLKey {
  LLOp op;
  const LLType *type;
  LLMods mods;
  int64_t imm;
  const void *ref;
  LLInst *const *args;
  int nargs;
} LLKey;
LLInst *ll_inst_new(LLFunc *f, const LLKey *k);       /* in no block */
LLInst *ll_pooled(LLFunc *f, const LLKey *k);         /* a value without a block, numbered */
LLInst *ll_emit(LLBuilder *b, const LLKey *k);        /* numbered if pure, and inserted; no folding */
void ll_table_put(LLFunc *f, LLInst *i);

/* fold.c: the value of an operation on constants, or NULL. */
LLInst *ll_fold_constant(LLBuilder *b, const LLKey *k);
/* rules_*.c: something simpler that is equal, or NULL. */
LLInst *ll_simplify_int(LLBuilder *b, const LLKey *k);
LLInst *ll_simplify_float(LLBuilder *b, const LLKey *k);
LLInst *ll_simplify_cast(LLBuilder *b, const LLKey *k);
LLInst *ll_simplify_shape(LLBuilder *b, const LLKey *k);
LLInst *ll_simplify_icmp(LLBuilder *b, const LLKey *k);
LLInst *ll_join_compares(LLBuilder *b, const LLInst *x, const LLInst *y); /* x or y, as one; NULL: there is none */

/* divide.c: an integer division of 32 or 64 bits without one; NULL where the divisor is not constant. */
LLInst *ll_divide_by_constant(LLBuilder *b, const LLInst *i);

uint64_t ll_known_zeros(const LLInst *i); /* from the operands' */
double ll_bits_to_double(const LLType *t, uint64_t bits);
uint64_t ll_double_to_bits(const LLType *t, double x); /* rounds to nearest even */
static inline uint64_t ll_mask(int bits) { return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1; }

void ll_set_idom(LLBlock *block, LLBlock *idom); /* with its depth */

#endif
