/* known_bits.c: which bits of a value are known to be zero, from those of its operands. */
#include "ll/internal.h"

static int low_zeros(uint64_t zeros) { return zeros == UINT64_MAX ? 64 : __builtin_ctzll(~zeros); }
static int used_bits(uint64_t zeros) { return zeros == UINT64_MAX ? 0 : 64 - __builtin_clzll(~zeros); }

static uint64_t zeros_of_sum(uint64_t a, uint64_t b, int bits) {
  int low = low_zeros(a) < low_zeros(b) ? low_zeros(a) : low_zeros(b);
  int high = used_bits(a) > used_bits(b) ? used_bits(a) : used_bits(b);
  if ((~a & ~b) == 0 && high <= bits) return (a & b) | ~ll_mask(bits); /* no carries: an or */
  if (high + 1 > bits) high = bits - 1;
  return ll_mask(low) | ~ll_mask(high + 1);
}

static uint64_t zeros_of_product(uint64_t a, uint64_t b, int bits) {
  int low = low_zeros(a) + low_zeros(b), high = used_bits(a) + used_bits(b);
  if (high > bits) high = bits;
  return (low >= 64 ? UINT64_MAX : ll_mask(low)) | ~ll_mask(high);
}

uint64_t ll_known_zeros(const LLInst *i) {
  if ((!ll_is_int(i->type) && !ll_is_ptr(i->type)) || i->type->bits > 64) return 0;
  int bits = i->type->bits;
  uint64_t beyond = ~ll_mask(bits), a = i->nargs > 0 ? i->args[0]->zeros : 0, b = i->nargs > 1 ? i->args[1]->zeros : 0;
  bool by_const = i->nargs > 1 && i->args[1]->op == LL_CONST;
  uint64_t c = by_const ? (uint64_t)i->args[1]->imm : 0;
  switch (i->op) {
  case LL_CONST: return ~(uint64_t)i->imm;
  case LL_AND: return a | b;
  case LL_OR:
  case LL_XOR: return a & b;
  case LL_ADD: return zeros_of_sum(a, b, bits) | beyond;
  case LL_SUB: return ll_mask(low_zeros(a) < low_zeros(b) ? low_zeros(a) : low_zeros(b)) | beyond;
  case LL_MUL: return zeros_of_product(a, b, bits) | beyond;
  case LL_SHL: return by_const && c < 64 ? (a << c) | ll_mask((int)c) | beyond : beyond;
  case LL_LSHR:
    return by_const && c < 64 ? ((a | beyond) >> c) | ~ll_mask(bits - (int)c > 0 ? bits - (int)c : 0) : beyond;
  case LL_UDIV:
    return by_const && c ? ~ll_mask(used_bits(~((~a & ll_mask(bits)) / c))) : ~ll_mask(used_bits(a)) | beyond;
  case LL_UREM:
    return by_const && c ? ~ll_mask(used_bits(~(c - 1))) | ~ll_mask(used_bits(a)) : ~ll_mask(used_bits(a)) | beyond;
  case LL_SELECT: return b & i->args[2]->zeros;
  case LL_ZEXT: return a;
  case LL_TRUNC:
  case LL_PTRTOINT:
  case LL_INTTOPTR: return a | beyond;
  case LL_SEXT: return a >> (i->args[0]->type->bits - 1) & 1 ? a : (a & ll_mask(i->args[0]->type->bits)) | beyond;
  case LL_PTRADD: {
    int low = low_zeros(a), other = i->nargs > 1 ? low_zeros(b) : 64;
    if (other < low) low = other;
    if (i->imm && __builtin_ctzll((uint64_t)i->imm) < low) low = __builtin_ctzll((uint64_t)i->imm);
    return ll_mask(low) | beyond;
  }
  case LL_UMIN: return ~ll_mask(used_bits(a) < used_bits(b) ? used_bits(a) : used_bits(b)) | beyond;
  case LL_SHARED: return 15 | beyond;
  case LL_TID_X: return ~ll_mask(10);
  case LL_LANEID: return ~ll_mask(5);
  case LL_CTAID_Y:
  case LL_CTAID_Z: return ~ll_mask(16);
  case LL_CTAID_X: return ~ll_mask(31);
  case LL_POPC:
  case LL_CLZ: return ~ll_mask(6);
  default: return beyond;
  }
}
