/* pack16.c: two operations on half or bfloat become one on the pair.
 *
 * Seeds are BUILDs of 16-bit vectors. Two neighbouring elements whose operations agree (same op, mods and types) are
 * packed: the operation is done on pairs of the operands, which are packed in turn, so that a whole expression over
 * pairs moves to packed form; it ends at loads of vectors (EXTRACTs of neighbouring elements), at constants, or by
 * building a pair of what is there. A pair of fptruncs from float is one cvt (sm_80). Each element must have no other
 * use: else both forms would be computed. Packing is per lane, so results are the same bit for bit.
 *
 * Bytes of one word become a pair without a conversion instruction, which is done at a fraction of the rate of others:
 * a byte put under the exponent of 2^(significand bits) is that power plus the byte, and the power is subtracted, which
 * is exact. A half holds 1024 + 0 .. 255; of a bfloat's 8 bits the byte's upper one has to become part of what is
 * subtracted (Kim et al., "Who Says Elephants Can't Run", 2022, for half).
 *
 * So is a float made of a byte, under the exponent of 2^23. The assembler's own conversions of 8 and of signed 16 bits have a
 * quarter of the rate of those of 32 (I2F.U8 beside I2FP.F32.U32 on sm_90), and it makes them of whatever extends the
 * number and converts it, but for a permutation. (Of a byte that was computed with a sign, it often knows that it is the
 * whole register's number, and converts that.)
 *
 * A bfloat of a vector is widened where it lies: of its word the upper half under a mask, or the lower half shifted up. Taken out
 * first, as a register of 16 bits, the upper one costs the assembler a permutation and a move beside the shift.
 */
#include "ll/internal.h"

typedef struct Pack {
  LLBuilder b;
  int sm;
} Pack;

static const LLType *pair_type(const LLType *t) { return t == &ll_half ? &ll_half2 : &ll_bfloat2; }

static bool packs(const Pack *p, const LLInst *i) {
  bool half = i->type == &ll_half;
  switch (i->op) {
  case LL_FADD:
  case LL_FSUB:
  case LL_FMUL: return half || p->sm >= 90;
  case LL_FNEG:
  case LL_FABS: return half || p->sm >= 80;
  case LL_FMA: return half || p->sm >= 80;
  case LL_FMIN:
  case LL_FMAX:
  case LL_FMIN_NAN:
  case LL_FMAX_NAN: return p->sm >= 80;
  case LL_FPTRUNC: return p->sm >= 80 && i->args[0]->type == &ll_float;
  default: return false;
  }
}

/* Of parameters, constants and undefined values nothing is computed. */
static bool same_operation(const LLInst *x, const LLInst *y) {
  return x != y && x->op == y->op && x->type == y->type && x->mods.flags == y->mods.flags && x->nargs == y->nargs &&
         x->nargs > 0 && x->args[0]->type == y->args[0]->type;
}

/* ---- from bytes -------------------------------------------------------------------------------------------------- */

/* A conversion to 16 bits of byte number `at` of a vector. */
typedef struct Byte {
  LLInst *bytes;
  int at;
  bool is_signed;
} Byte;

static bool is_byte(const Pack *p, const LLInst *i, Byte *out) {
  if (i->type == &ll_bfloat && (p->sm < 80 || i->op != LL_FPTRUNC)) return false;
  if (i->type == &ll_bfloat) i = i->uses == 1 ? i->args[0] : i;
  if ((i->op != LL_SITOFP && i->op != LL_UITOFP) || i->uses != 1) return false;
  const LLInst *wide = i->args[0];
  if ((wide->op != LL_SEXT && wide->op != LL_ZEXT) || (wide->op == LL_SEXT && i->op == LL_UITOFP)) return false;
  const LLInst *x = wide->args[0];
  if (x->type != &ll_i8 || x->op != LL_EXTRACT || x->args[0]->type->kind != LLK_VECTOR) return false;
  *out = (Byte){x->args[0], (int)x->imm, wide->op == LL_SEXT};
  return out->bytes->type->n % 4 == 0;
}

static bool are_bytes(const Pack *p, const LLInst *lo, const LLInst *hi, Byte *x, Byte *y) {
  return lo->type == hi->type && is_byte(p, lo, x) && is_byte(p, hi, y) && x->bytes == y->bytes &&
         x->at / 4 == y->at / 4 && x->is_signed == y->is_signed && (x->is_signed || lo->type == &ll_half);
}

static LLInst *mask_word(LLBuilder *b, LLOp op, LLInst *word, uint32_t mask) {
  return ll_op2(b, op, word, ll_const(b, &ll_i32, mask));
}

static LLInst *convert_bytes(Pack *p, LLInst *lo, LLInst *hi) {
  Byte x, y;
  if (!are_bytes(p, lo, hi, &x, &y)) return NULL;
  LLBuilder *b = &p->b;
  const LLType *t = pair_type(lo->type);
  int n = x.bytes->type->n / 4;
  LLInst *word = n == 1 ? ll_bitcast(b, &ll_i32, x.bytes)
                        : ll_extract(b, ll_bitcast(b, ll_vector(b->func->module, &ll_i32, n), x.bytes), x.at / 4);
  LLInst *places = ll_const(b, &ll_i32, (uint64_t)(0x4040 | x.at % 4 | y.at % 4 << 8)); /* each below the exponent */
  if (t == &ll_half2) {
    if (x.is_signed) word = mask_word(b, LL_XOR, word, 0x80808080); /* plus 128 */
    LLInst *high = ll_call(b, LL_PRMT, NULL, word, ll_const(b, &ll_i32, 0x64), places, NULL);
    LLInst *power = ll_const(b, &ll_i32, x.is_signed ? 0x64806480 : 0x64006400);
    return ll_op2(b, LL_FSUB, ll_bitcast(b, t, high), ll_bitcast(b, t, power));
  }
  /* 128 + the byte's lower bits, and 128, or 256 for a negative byte */
  LLInst *both = ll_call(b, LL_PRMT, NULL, word, ll_const(b, &ll_i32, 0x43), places, NULL);
  LLInst *high = ll_bitcast(b, t, mask_word(b, LL_AND, both, 0xff7fff7f));
  LLInst *power = ll_bitcast(b, t, mask_word(b, LL_AND, both, 0xff80ff80));
  if (p->sm >= 90) return ll_op2(b, LL_FSUB, high, power);
  LLInst *minus = ll_bitcast(b, t, ll_const(b, &ll_i32, 0xbf80bf80));
  return ll_call_n(b, LL_FMA, t, (LLMods){0}, 0, (LLInst *[]){power, minus, high}, 3);
}

/* The 32-bit word of a vector that the number `x` of 8 or 16 bits lies in, and where, in bytes; of any other, itself. */
static LLInst *word_of(LLBuilder *b, const LLInst *x, int *at) {
  int per_word = 32 / x->type->bits;
  LLInst *v = x->op == LL_EXTRACT && x->args[0]->type->kind == LLK_VECTOR ? x->args[0] : NULL;
  *at = 0;
  if (!v || v->type->n % per_word) return ll_op1(b, LL_ZEXT, &ll_i32, (LLInst *)x);
  int n = v->type->n / per_word;
  *at = (int)x->imm % per_word * x->type->bits / 8;
  return n == 1 ? ll_bitcast(b, &ll_i32, v)
                : ll_extract(b, ll_bitcast(b, ll_vector(b->func->module, &ll_i32, n), v), (int)x->imm / per_word);
}

static LLInst *convert_byte(Pack *p, LLInst *x, bool is_signed) {
  enum { POWER = 0x4b000000 }; /* 2^23 as a float: the byte becomes the last of its significand */
  LLBuilder *b = &p->b;
  int at;
  LLInst *word = word_of(b, x, &at);
  if (is_signed) word = mask_word(b, LL_XOR, word, 0x80808080); /* plus 128 */
  LLInst *place = ll_const(b, &ll_i32, (uint64_t)(0x7440 | at));
  LLInst *high = ll_call(b, LL_PRMT, NULL, word, ll_const(b, &ll_i32, POWER), place, NULL);
  LLInst *power = ll_const(b, &ll_i32, is_signed ? POWER + 128 : POWER);
  return ll_op2(b, LL_FSUB, ll_bitcast(b, &ll_float, high), ll_bitcast(b, &ll_float, power));
}

/* A float of a byte, or of 16 bits with a sign: those are extended by a permutation, too, that repeats the sign. */
static LLInst *convert_small(Pack *p, LLInst *i) {
  if ((i->op != LL_SITOFP && i->op != LL_UITOFP) || i->type != &ll_float) return NULL;
  LLInst *x = i->args[0];
  bool is_signed = x->type == &ll_i16;
  if (x->type == &ll_i32 && (x->op == LL_SEXT || x->op == LL_ZEXT)) is_signed = x->op == LL_SEXT, x = x->args[0];
  if (is_signed && i->op == LL_UITOFP) return NULL;
  bool is_read = x->op == LL_LOAD || (x->op == LL_EXTRACT && x->args[0]->type->kind == LLK_VECTOR);
  if (x->type == &ll_i8) return is_read || !is_signed ? convert_byte(p, x, is_signed) : NULL;
  if (x->type != &ll_i16 || !is_signed) return NULL;
  int at;
  LLBuilder *b = &p->b;
  LLInst *word = word_of(b, x, &at), *zero = ll_const(b, &ll_i32, 0);
  LLInst *wide = ll_call(b, LL_PRMT, NULL, word, zero, ll_const(b, &ll_i32, at ? 0xbb32 : 0x9910), NULL);
  return ll_op1(b, LL_SITOFP, &ll_float, wide);
}

/* ---- pairs ------------------------------------------------------------------------------------------------------- */

static LLInst *pack(Pack *p, LLInst *lo, LLInst *hi, int depth);

static LLInst *pack_operation(Pack *p, LLInst *lo, LLInst *hi, int depth) {
  const LLType *t = pair_type(lo->type);
  if (lo->op == LL_FPTRUNC)
    return ll_call(&p->b, t == &ll_half2 ? LL_CVT_F16X2 : LL_CVT_BF16X2, NULL, hi->args[0], lo->args[0], NULL);
  LLInst *args[3];
  for (int a = 0; a < lo->nargs; a++) args[a] = pack(p, lo->args[a], hi->args[a], depth + 1);
  return ll_build(&p->b, lo->op, t, lo->mods, 0, args, lo->nargs);
}

/* Elements 2k and 2k+1 of one vector: its k-th pair, without taking it apart. */
static LLInst *pair_of_vector(Pack *p, LLInst *lo, LLInst *hi) {
  if (lo->op != LL_EXTRACT || hi->op != LL_EXTRACT || lo->args[0] != hi->args[0]) return NULL;
  LLInst *v = lo->args[0];
  if (v->type->kind != LLK_VECTOR || lo->imm % 2 || hi->imm != lo->imm + 1) return NULL;
  if (v->type->n == 2) return v;
  LLModule *m = p->b.func->module;
  LLInst *words = ll_bitcast(&p->b, ll_vector(m, &ll_i32, v->type->n / 2), v);
  return ll_bitcast(&p->b, pair_type(lo->type), ll_extract(&p->b, words, (int)lo->imm / 2));
}

static LLInst *pack(Pack *p, LLInst *lo, LLInst *hi, int depth) {
  LLInst *v = pair_of_vector(p, lo, hi);
  if (!v) v = convert_bytes(p, lo, hi);
  if (v) return v;
  if (depth < 16 && lo->uses == 1 && hi->uses == 1 && same_operation(lo, hi) && packs(p, lo))
    return pack_operation(p, lo, hi, depth);
  return ll_build_vector(&p->b, (LLInst *[]){lo, hi}, 2);
}

/* A float of a vector's bfloat. */
static LLInst *widen_in_place(Pack *p, const LLInst *i) {
  const LLInst *x = i->op == LL_FPEXT && i->type == &ll_float ? i->args[0] : NULL;
  if (!x || x->type != &ll_bfloat || x->op != LL_EXTRACT) return NULL;
  LLInst *v = x->args[0];
  if (v->type->kind != LLK_VECTOR || v->type->n % 2) return NULL;
  LLBuilder *b = &p->b;
  int at;
  LLInst *word = word_of(b, x, &at);
  LLInst *bits = at ? mask_word(b, LL_AND, word, 0xffff0000) : ll_op2(b, LL_SHL, word, ll_const(b, &ll_i32, 16));
  return ll_bitcast(b, &ll_float, bits);
}

static LLInst *pack_build(Pack *p, LLInst *i) {
  int n = i->type->n;
  bool any = false;
  Byte x, y;
  for (int e = 0; e < n; e += 2)
    any |= (packs(p, i->args[e]) && same_operation(i->args[e], i->args[e + 1])) ||
           are_bytes(p, i->args[e], i->args[e + 1], &x, &y);
  if (!any) return NULL;
  LLInst *words[4];
  for (int e = 0; e < n; e += 2) words[e / 2] = pack(p, i->args[e], i->args[e + 1], 0);
  if (n == 2) return words[0] == i ? NULL : words[0];
  for (int w = 0; w < n / 2; w++) words[w] = ll_bitcast(&p->b, &ll_i32, words[w]);
  return ll_bitcast(&p->b, i->type, ll_build_vector(&p->b, words, n / 2));
}

bool ll_pack16(LLFunc *f, int sm) {
  bool changed = false;
  ll_count_uses(f);
  ll_forget_values(f);
  for (LLBlock *b = f->first; b; b = b->next)
    for (LLInst *i = b->first; i; i = i->next) {
      bool seed = i->op == LL_BUILD && i->type->kind == LLK_VECTOR &&
                  (i->type->elem == &ll_half || i->type->elem == &ll_bfloat) && i->type->n <= 8;
      Pack p = {.b = ll_before(i), .sm = sm};
      LLInst *r = seed ? pack_build(&p, i) : widen_in_place(&p, i);
      if (!r) r = convert_small(&p, i);
      if (!r) continue;
      ll_replace(i, r);
      changed = true;
    }
  if (changed) ll_apply_replacements(f);
  return changed;
}
