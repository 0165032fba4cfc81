/* decode.c: a function of ll/ into code for the simulated machine.
 *
 * Every value gets registers, each an array of 32 lanes in the warp's file; what is the same in all threads of a run
 * (constants, parameters, addresses of symbols) lies in one array for all warps. EXTRACT and BUILD of what is whole
 * registers, casts that keep the bits, and wgmma's waits make no code: the result is the operand's registers under
 * another name, which is right because a value in SSA form is not written again where it can still be seen.
 *
 * Operations on packed vectors are taken apart into operations on elements, those on half and bfloat into float's with
 * one rounding (float holds enough bits that rounding twice never shows), so that execution knows few operations.
 *
 * Blocks are laid out in reverse postorder with a loop's blocks before its exits. Execution goes on with the threads
 * that are furthest behind in this order, and so meets again where control flow joins (simt.c).
 */
#include "simt/internal.h"

#include <assert.h>
#include <string.h>

enum { TEMP_WORDS = 64 * 256 };

typedef struct Decoder {
  Machine *m;
  Ctx *cx;
  LLFunc *f;
  Vec(Code) code;
  Vec(uint32_t) consts;
  int32_t **regs; /* by the value's id */
  int32_t next_reg, temp;
  LLBlock **order;
  uint32_t nblocks, *start;
  uint32_t *mark, stamp;
  uint32_t mark_words;
  const LLInst *at;
} Decoder;

_Noreturn static void cannot(Decoder *d, const char *what) {
  const LLLoc *loc = d->at ? d->at->loc : NULL;
  ctx_fail(d->cx, ERR_SOURCE, "%s%s cannot be simulated", loc ? ctx_printf(d->cx, "%s:%d: ", loc->file, loc->line) : "",
           what);
}

/* ---- registers --------------------------------------------------------------------------------------------------- */

static RegKind kind_of_bits(int bits) { return bits == 1 ? REG_PRED : bits <= 32 ? REG_32 : REG_64; }
static int words_of(RegKind k) { return k == REG_64 ? 64 : k == REG_32 ? 32 : 16; }
static RegKind kind_of(const LLType *t) { return kind_of_bits(ll_reg_bits(t, 0)); }

static int32_t new_reg(Decoder *d, RegKind k) {
  int32_t r = d->next_reg;
  d->next_reg += words_of(k);
  return r;
}

/* Gone with the instruction. */
static int32_t temp_reg(Decoder *d, RegKind k) {
  if (d->temp + words_of(k) > TEMP_WORDS) return new_reg(d, k);
  int32_t r = d->temp;
  d->temp += words_of(k);
  return r;
}

static int32_t const_reg(Decoder *d, RegKind k, uint64_t bits) {
  uint32_t at = d->consts.len;
  for (int i = 0; i < words_of(k); i++) {
    uint32_t word = k == REG_64   ? (uint32_t)(i % 2 ? bits >> 32 : bits)
                    : k == REG_32 ? (uint32_t)bits
                    : bits        ? UINT32_MAX
                                  : 0;
    vec_push(d->cx, &d->consts, word);
  }
  return ~(int32_t)at;
}

static uint64_t load_scalar(const void *p, int bits) {
  uint64_t x = 0;
  memcpy(&x, p, bits == 1 ? 1 : (size_t)(bits + 7) / 8);
  return x;
}

/* The bits of a constant's scalar filled into a register of several elements. */
static uint64_t packed_const(const LLType *t, uint64_t bits) {
  if (t->kind != LLK_VECTOR || t->elem->bits >= 32) return bits;
  uint64_t x = 0;
  int reg = t->bits < 32 ? t->bits : 32;
  for (int s = 0; s < reg; s += t->elem->bits) x |= bits << s;
  return x;
}

static void const_regs(Decoder *d, const LLType *t, uint64_t bits, int32_t *r) {
  if (t->kind == LLK_STRUCT) {
    for (int i = 0; i < t->n; r += ll_nregs(t->fields[i++])) const_regs(d, t->fields[i], bits, r);
    return;
  }
  int n = ll_nregs(t);
  int32_t one = const_reg(d, kind_of(t), packed_const(t, bits));
  for (int i = 0; i < n; i++) r[i] = one;
}

static int32_t *regs_of(Decoder *d, const LLInst *v) {
  if (d->regs[v->id]) return d->regs[v->id];
  int32_t *r = d->regs[v->id] = NEWN(d->cx, int32_t, ll_nregs(v->type) + 1);
  const Machine *m = d->m;
  switch (v->op) {
  case LL_CONST: const_regs(d, v->type, (uint64_t)v->imm, r); break;
  case LL_UNDEF: const_regs(d, v->type, 0, r); break;
  case LL_SHARED: r[0] = const_reg(d, REG_32, SHARED_BASE); break;
  case LL_GLOBAL: r[0] = const_reg(d, REG_64, (uintptr_t)((const LLGlobal *)v->ref)->bytes); break;
  case LL_PARAM: {
    const LLParam *p = &d->f->params[v->imm];
    uint64_t x = p->byval ? (uintptr_t)m->args[v->imm] : load_scalar(m->args[v->imm], v->type->bits);
    r[0] = const_reg(d, kind_of(v->type), x);
    break;
  }
  default:
    for (int i = 0; i < ll_nregs(v->type); i++) r[i] = new_reg(d, kind_of_bits(ll_reg_bits(v->type, i)));
  }
  return r;
}
static int32_t reg_of(Decoder *d, const LLInst *v) { return regs_of(d, v)[0]; }
static int32_t arg(Decoder *d, const LLInst *i, int a) { return reg_of(d, i->args[a]); }

/* ---- emitting ---------------------------------------------------------------------------------------------------- */

static Code *emit(Decoder *d, int op, RegKind kind, int32_t dst, int32_t a, int32_t b, int32_t c) {
  Code x = {.op = (uint16_t)op,
            .dkind = (uint8_t)kind,
            .dst = dst,
            .a = a,
            .b = b,
            .c = c,
            .d = NO_REG,
            .pred = NO_REG,
            .mask = UINT32_MAX,
            .src = d->at};
  vec_push(d->cx, &d->code, x);
  return &d->code.at[d->code.len - 1];
}

/* Into a fresh temporary. */
static int32_t temp_op(Decoder *d, int op, RegKind kind, int32_t a, int32_t b) {
  int32_t r = temp_reg(d, kind);
  emit(d, op, kind, r, a, b, NO_REG);
  return r;
}

static uint32_t mask_of(int bits) { return bits >= 32 ? UINT32_MAX : (UINT32_C(1) << bits) - 1; }

static void copy_reg(Decoder *d, RegKind k, int32_t dst, int32_t src) {
  emit(d, k == REG_PRED ? S_COPY1 : k == REG_64 ? S_COPY64 : S_COPY32, k, dst, src, NO_REG, NO_REG);
}

/* The result is registers that exist already. */
static void alias(Decoder *d, const LLInst *i, const int32_t *r) {
  d->regs[i->id] = NEWN(d->cx, int32_t, ll_nregs(i->type) + 1);
  memcpy(d->regs[i->id], r, (size_t)ll_nregs(i->type) * sizeof *r);
}

/* ---- elements of vectors ----------------------------------------------------------------------------------------- */

static bool is_packed(const LLType *t) { return t->kind == LLK_VECTOR && t->elem->bits < 32; }

static int32_t element(Decoder *d, const LLType *t, const int32_t *r, int j) {
  if (!is_packed(t)) return r[t->kind == LLK_VECTOR ? j : 0];
  int per = 32 / t->elem->bits, shift = j % per * t->elem->bits;
  int32_t out = temp_reg(d, REG_32);
  Code *c = emit(d, S_FIELD, REG_32, out, r[j / per], NO_REG, NO_REG);
  c->imm = shift;
  c->mask = mask_of(t->elem->bits);
  return out;
}

/* Register `k` of a packed vector from its elements. */
static void pack(Decoder *d, const LLType *t, int32_t dst, const int32_t *elems, int k) {
  int per = 32 / t->elem->bits, at[4] = {NO_REG, NO_REG, NO_REG, NO_REG};
  for (int j = 0; j < per && k * per + j < t->n; j++) at[j] = elems[k * per + j];
  Code *c = emit(d, per == 2 ? S_PACK16 : S_PACK8, REG_32, dst, at[0], at[1], at[2]);
  c->d = at[3];
}

static void pack_all(Decoder *d, const LLType *t, const int32_t *dst, const int32_t *elems) {
  for (int k = 0; k < ll_nregs(t); k++) pack(d, t, dst[k], elems, k);
}

/* ---- operations on one element ----------------------------------------------------------------------------------- */

static int32_t widen(Decoder *d, const LLType *t, int32_t r) {
  if (t->kind == LLK_HALF) return temp_op(d, S_H2F, REG_32, r, NO_REG);
  return t->kind == LLK_BFLOAT ? temp_op(d, S_B2F, REG_32, r, NO_REG) : r;
}

static int int_op(LLOp op) {
  static const int ops[] = {S_ADD32, S_SUB32, S_MUL32, S_UDIV32, S_SDIV32, S_UREM32, S_SREM32,
                            S_AND32, S_OR32,  S_XOR32, S_SHL32,  S_LSHR32, S_ASHR32};
  switch (op) {
  case LL_SMIN: return S_SMIN32;
  case LL_SMAX: return S_SMAX32;
  case LL_UMIN: return S_UMIN32;
  case LL_UMAX: return S_UMAX32;
  default: return op >= LL_ADD && op <= LL_ASHR ? ops[op - LL_ADD] : 0;
  }
}

static int float_op(LLOp op) {
  switch (op) {
  case LL_FADD: return S_FADDF;
  case LL_FSUB: return S_FSUBF;
  case LL_FMUL: return S_FMULF;
  case LL_FDIV: return S_FDIVF;
  case LL_FREM: return S_FREMF;
  case LL_FMIN: return S_FMINF;
  case LL_FMAX: return S_FMAXF;
  case LL_FMIN_NAN: return S_FMIN_NANF;
  case LL_FMAX_NAN: return S_FMAX_NANF;
  case LL_FLOOR: return S_FFLOORF;
  case LL_CEIL: return S_FCEILF;
  case LL_FTRUNC: return S_FTRUNCF;
  case LL_RINT: return S_FRINTF;
  case LL_SQRT: return S_FSQRTF;
  default: return 0;
  }
}

static void int_element(Decoder *d, int op, const LLType *t, int32_t dst, const int32_t *a) {
  if (t->bits == 1) {
    int one = op == S_AND32 || op == S_MUL32 || op == S_UMIN32 || op == S_SMAX32 ? S_AND1
              : op == S_OR32 || op == S_UMAX32 || op == S_SMIN32                 ? S_OR1
              : op == S_XOR32 || op == S_ADD32 || op == S_SUB32                  ? S_XOR1
                                                                                 : 0;
    if (!one) cannot(d, "this operation on i1");
    emit(d, one, REG_PRED, dst, a[0], a[1], NO_REG);
    return;
  }
  bool wide = t->bits == 64;
  Code *c = emit(d, op + wide, wide ? REG_64 : REG_32, dst, a[0], a[1], NO_REG);
  c->mask = mask_of(t->bits);
  c->sh = (uint8_t)(wide ? 0 : 32 - t->bits);
}

/* Sign bits are handled as integers. */
static bool sign_element(Decoder *d, LLOp op, const LLType *t, int32_t dst, const int32_t *a) {
  uint64_t sign = UINT64_C(1) << (t->bits - 1), rest = sign - 1;
  RegKind k = t->bits == 64 ? REG_64 : REG_32;
  int wide = k == REG_64;
  switch (op) {
  case LL_FNEG: emit(d, S_XOR32 + wide, k, dst, a[0], const_reg(d, k, sign), NO_REG); return true;
  case LL_FABS: emit(d, S_AND32 + wide, k, dst, a[0], const_reg(d, k, rest), NO_REG); return true;
  case LL_COPYSIGN: {
    int32_t x = temp_op(d, S_AND32 + wide, k, a[0], const_reg(d, k, rest));
    int32_t y = temp_op(d, S_AND32 + wide, k, a[1], const_reg(d, k, sign));
    emit(d, S_OR32 + wide, k, dst, x, y, NO_REG);
    return true;
  }
  default: return false;
  }
}

static void float_element(Decoder *d, LLOp op, const LLType *t, int32_t dst, const int32_t *a, int n) {
  if (sign_element(d, op, t, dst, a)) return;
  bool wide = t->kind == LLK_DOUBLE, narrow = t->bits == 16;
  RegKind k = wide ? REG_64 : REG_32;
  if (op == LL_FMA) {
    int fma = wide ? S_FMAD : t->kind == LLK_FLOAT ? S_FMAF : t->kind == LLK_HALF ? S_FMAH : S_FMAB;
    emit(d, fma, k, dst, a[0], a[1], a[2]);
    return;
  }
  int32_t x = widen(d, t, a[0]), y = n > 1 ? widen(d, t, a[1]) : NO_REG, out = narrow ? temp_reg(d, k) : dst;
  emit(d, float_op(op) + wide, k, out, x, y, NO_REG);
  if (narrow) emit(d, t->kind == LLK_HALF ? S_F2H : S_F2B, k, dst, out, NO_REG, NO_REG);
}

static void float_to_int(Decoder *d, const LLInst *i, const LLType *from, const LLType *to, int32_t dst, int32_t x) {
  bool was_double = from->kind == LLK_DOUBLE, is_signed = i->op == LL_FPTOSI;
  x = widen(d, from, x);
  if (!was_double) x = temp_op(d, S_F2D, REG_64, x, NO_REG);
  bool wide = to->bits == 64;
  int32_t out = to->bits == 1 ? temp_reg(d, REG_32) : dst;
  Code *c = emit(d, wide ? S_TOINT64 : S_TOINT32, wide ? REG_64 : REG_32, out, x, NO_REG, NO_REG);
  c->sh = (uint8_t)to->bits;
  c->imm = (is_signed ? 1 : 0) | (was_double ? 2 : 0);
  if (to->bits == 1) emit(d, S_TOBOOL32, REG_PRED, dst, out, NO_REG, NO_REG);
}

/* A narrow integer as one of 32 bits. */
static int32_t extend(Decoder *d, const LLType *t, int32_t x, bool is_signed) {
  if (t->bits >= 32 || (!is_signed && t->bits > 1)) return x;
  int32_t out = temp_reg(d, REG_32);
  Code *c = emit(d, t->bits == 1 ? S_FROMBOOL32 : S_SEXT32, REG_32, out, x, NO_REG, NO_REG);
  c->sh = (uint8_t)(32 - t->bits);
  c->imm = is_signed ? UINT32_MAX : 1;
  return out;
}

static void int_to_float(Decoder *d, const LLInst *i, const LLType *from, const LLType *to, int32_t dst, int32_t x) {
  bool is_signed = i->op == LL_SITOFP, wide = from->bits == 64;
  x = extend(d, from, x, is_signed);
  if (to->kind == LLK_FLOAT) {
    emit(d, wide ? is_signed ? S_SL2F : S_UL2F : is_signed ? S_S2F : S_U2F, REG_32, dst, x, NO_REG, NO_REG);
    return;
  }
  bool narrow = to->bits == 16;
  int op = wide ? narrow ? is_signed ? S_SL2ODD : S_UL2ODD : is_signed ? S_SL2D : S_UL2D : is_signed ? S_S2D : S_U2D;
  if (!narrow) {
    emit(d, op, REG_64, dst, x, NO_REG, NO_REG);
    return;
  }
  int32_t wide_value = temp_op(d, op, REG_64, x, NO_REG);
  emit(d, to->kind == LLK_HALF ? S_D2H : S_D2B, REG_32, dst, wide_value, NO_REG, NO_REG);
}

static void narrow_float(Decoder *d, const LLType *from, const LLType *to, int32_t dst, int32_t x) {
  bool wide = from->kind == LLK_DOUBLE;
  int op = to->kind == LLK_FLOAT ? S_D2F : to->kind == LLK_HALF ? wide ? S_D2H : S_F2H : wide ? S_D2B : S_F2B;
  emit(d, op, REG_32, dst, x, NO_REG, NO_REG);
}

static void widen_float(Decoder *d, const LLType *from, const LLType *to, int32_t dst, int32_t x) {
  if (to->kind == LLK_DOUBLE)
    emit(d, S_F2D, REG_64, dst, widen(d, from, x), NO_REG, NO_REG);
  else
    emit(d, from->kind == LLK_HALF ? S_H2F : S_B2F, REG_32, dst, x, NO_REG, NO_REG);
}

static void widen_int(Decoder *d, const LLInst *i, const LLType *from, const LLType *to, int32_t dst, int32_t x) {
  bool is_signed = i->op == LL_SEXT, wide = to->bits == 64;
  Code *c;
  if (from->bits == 1)
    c = emit(d, wide ? S_FROMBOOL64 : S_FROMBOOL32, wide ? REG_64 : REG_32, dst, x, NO_REG, NO_REG);
  else if (is_signed)
    c = emit(d, wide ? S_SEXT64 : S_SEXT32, wide ? REG_64 : REG_32, dst, x, NO_REG, NO_REG);
  else
    c = emit(d, wide ? S_ZEXT64 : S_COPY32, wide ? REG_64 : REG_32, dst, x, NO_REG, NO_REG);
  c->sh = (uint8_t)(32 - from->bits);
  c->mask = mask_of(to->bits);
  c->imm = !is_signed ? 1 : wide ? -1 : (int64_t)mask_of(to->bits);
}

static void narrow_int(Decoder *d, const LLType *from, const LLType *to, int32_t dst, int32_t x) {
  bool wide = from->bits == 64;
  if (to->bits == 1) {
    emit(d, wide ? S_TOBOOL64 : S_TOBOOL32, REG_PRED, dst, x, NO_REG, NO_REG);
  } else if (wide) {
    emit(d, S_LOW, REG_32, dst, x, NO_REG, NO_REG)->mask = mask_of(to->bits);
  } else {
    Code *c = emit(d, S_FIELD, REG_32, dst, x, NO_REG, NO_REG);
    c->mask = mask_of(to->bits);
  }
}

static void one_element(Decoder *d, const LLInst *i, const LLType *from, const LLType *to, int32_t dst,
                        const int32_t *a) {
  switch (i->op) {
  case LL_TRUNC: narrow_int(d, from, to, dst, a[0]); return;
  case LL_ZEXT:
  case LL_SEXT: widen_int(d, i, from, to, dst, a[0]); return;
  case LL_FPTRUNC: narrow_float(d, from, to, dst, a[0]); return;
  case LL_FPEXT: widen_float(d, from, to, dst, a[0]); return;
  case LL_FPTOSI:
  case LL_FPTOUI: float_to_int(d, i, from, to, dst, a[0]); return;
  case LL_SITOFP:
  case LL_UITOFP: int_to_float(d, i, from, to, dst, a[0]); return;
  default: break;
  }
  if (int_op(i->op))
    int_element(d, int_op(i->op), to, dst, a);
  else
    float_element(d, i->op, to, dst, a, i->nargs);
}

static void elementwise(Decoder *d, const LLInst *i) {
  const LLType *t = i->type;
  int n = t->kind == LLK_VECTOR ? t->n : 1;
  int32_t *dst = regs_of(d, i), *out = is_packed(t) ? NEWN(d->cx, int32_t, n) : dst;
  for (int j = 0; j < n; j++) {
    int32_t a[3] = {NO_REG, NO_REG, NO_REG};
    for (int k = 0; k < i->nargs && k < 3; k++) a[k] = element(d, i->args[k]->type, regs_of(d, i->args[k]), j);
    if (is_packed(t)) out[j] = temp_reg(d, REG_32);
    one_element(d, i, ll_scalar(i->args[0]->type), ll_scalar(t), out[j], a);
  }
  if (is_packed(t)) pack_all(d, t, dst, out);
}

/* ---- comparisons, selection, casts without arithmetic ------------------------------------------------------------ */

static void compare_int(Decoder *d, const LLInst *i) {
  const LLType *t = i->args[0]->type;
  int32_t a = arg(d, i, 0), b = arg(d, i, 1);
  bool wide = t->bits == 64, is_signed = i->imm >= LLP_SGT;
  if (t->bits == 1) a = extend(d, t, a, is_signed), b = extend(d, t, b, is_signed);
  Code *c = emit(d, S_EQ32 + 2 * (int)i->imm + wide, REG_PRED, reg_of(d, i), a, b, NO_REG);
  c->sh = (uint8_t)(wide || t->bits == 1 ? 0 : 32 - t->bits);
}

static void compare_float(Decoder *d, const LLInst *i) {
  const LLType *t = i->args[0]->type;
  bool wide = t->kind == LLK_DOUBLE;
  int32_t a = widen(d, t, arg(d, i, 0)), b = widen(d, t, arg(d, i, 1));
  emit(d, S_FOEQF + 2 * ((int)i->imm - LLP_OEQ) + wide, REG_PRED, reg_of(d, i), a, b, NO_REG);
}

static void select(Decoder *d, const LLInst *i) {
  int32_t c = arg(d, i, 0), *x = regs_of(d, i->args[1]), *y = regs_of(d, i->args[2]), *dst = regs_of(d, i);
  for (int k = 0; k < ll_nregs(i->type); k++) {
    RegKind kind = kind_of_bits(ll_reg_bits(i->type, k));
    emit(d, kind == REG_PRED ? S_SELECT1 : kind == REG_64 ? S_SELECT64 : S_SELECT32, kind, dst[k], c, x[k], y[k]);
  }
}

static void bitcast(Decoder *d, const LLInst *i) {
  const LLType *from = i->args[0]->type;
  int32_t *a = regs_of(d, i->args[0]), *dst;
  RegKind kf = kind_of(from), kt = kind_of(i->type);
  if (kf == kt) {
    alias(d, i, a);
    return;
  }
  if (kf == REG_PRED || kt == REG_PRED) cannot(d, "a bitcast of i1");
  dst = regs_of(d, i);
  for (int k = 0; k < ll_nregs(from); k++) {
    if (kf == REG_64) {
      emit(d, S_LOW, REG_32, dst[2 * k], a[k], NO_REG, NO_REG);
      emit(d, S_HIGH, REG_32, dst[2 * k + 1], a[k], NO_REG, NO_REG);
    } else if (k % 2 == 0) {
      emit(d, S_JOIN64, REG_64, dst[k / 2], a[k], a[k + 1], NO_REG);
    }
  }
}

static void pointer_cast(Decoder *d, const LLInst *i) {
  const LLType *from = i->args[0]->type, *to = i->type;
  int32_t a = arg(d, i, 0);
  if (i->op == LL_ADDRSPACECAST) {
    int other = from->space > 1 ? from->space : to->space;
    if (other == 4 || other == 5) cannot(d, "constant or local memory");
    if (from->space == 3 && to->space != 3) {
      int32_t x = temp_op(d, S_ZEXT64, REG_64, a, NO_REG);
      emit(d, S_OR64, REG_64, reg_of(d, i), x, const_reg(d, REG_64, SHARED_WINDOW), NO_REG);
      return;
    }
  }
  if (from->bits == to->bits)
    alias(d, i, &a);
  else if (from->bits < to->bits)
    emit(d, S_ZEXT64, REG_64, reg_of(d, i), a, NO_REG, NO_REG);
  else
    narrow_int(d, from, to, reg_of(d, i), a);
}

static void pointer_add(Decoder *d, const LLInst *i) {
  bool wide = i->type->bits == 64;
  RegKind k = wide ? REG_64 : REG_32;
  int32_t a = arg(d, i, 0), dst = reg_of(d, i);
  if (i->nargs == 2 && i->imm) a = temp_op(d, S_ADD32 + wide, k, a, const_reg(d, k, (uint64_t)i->imm));
  emit(d, S_ADD32 + wide, k, dst, a, i->nargs == 2 ? arg(d, i, 1) : const_reg(d, k, (uint64_t)i->imm), NO_REG);
}

static void extract(Decoder *d, const LLInst *i) {
  const LLType *t = i->args[0]->type;
  int32_t *a = regs_of(d, i->args[0]);
  if (is_packed(t)) {
    int32_t e = element(d, t, a, (int)i->imm);
    copy_reg(d, REG_32, reg_of(d, i), e);
    return;
  }
  int first = 0;
  for (int k = 0; k < i->imm; k++) first += ll_nregs(ll_field(t, k));
  alias(d, i, a + first);
}

static void build(Decoder *d, const LLInst *i) {
  int32_t *r = NEWN(d->cx, int32_t, ll_nregs(i->type) + i->nargs);
  int n = 0;
  for (int k = 0; k < i->nargs; k++) {
    int32_t *a = regs_of(d, i->args[k]);
    for (int j = 0; j < ll_nregs(i->args[k]->type); j++) r[n++] = a[j];
  }
  if (is_packed(i->type))
    pack_all(d, i->type, regs_of(d, i), r);
  else
    alias(d, i, r);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static int32_t *list_of(Decoder *d, const LLInst *const *values, int nvalues, uint16_t *n) {
  int total = 0;
  for (int v = 0; v < nvalues; v++) total += ll_nregs(values[v]->type);
  int32_t *list = NEWN(d->cx, int32_t, total + 1), *at = list;
  for (int v = 0; v < nvalues; v++) {
    memcpy(at, regs_of(d, values[v]), (size_t)ll_nregs(values[v]->type) * sizeof *at);
    at += ll_nregs(values[v]->type);
  }
  *n = (uint16_t)total;
  return list;
}

static void predicate(Decoder *d, const LLInst *i, Code *c) {
  const LLInst *p = ll_predicate_of(i);
  if (!p) return;
  c->pred = reg_of(d, p);
}

/* list: the result's registers (or the value's), then those of the value for LOAD and ATOMIC, then `other`. */
static void memory(Decoder *d, const LLInst *i) {
  int op = i->op == LL_LOAD ? S_LOAD : i->op == LL_STORE ? S_STORE : i->op == LL_ATOMIC ? S_ATOMIC : S_CMPXCHG;
  const LLType *t = i->op == LL_STORE ? i->args[1]->type : i->type;
  const LLInst *parts[4];
  int n = 0;
  if (i->op != LL_STORE) parts[n++] = i;
  for (int a = 1; a < (i->op == LL_LOAD ? 1 : i->op == LL_CMPXCHG ? 3 : 2); a++) parts[n++] = i->args[a];
  bool has_other = ll_predicate_of(i) && i->type->kind != LLK_VOID;
  if (has_other) parts[n++] = i->args[i->nargs - 2];
  uint16_t total;
  int32_t *list = list_of(d, parts, n, &total), ptr = arg(d, i, 0);
  Code *c = emit(d, op, REG_MANY, NO_REG, ptr, NO_REG, NO_REG);
  c->list = list;
  c->n = (uint16_t)ll_nregs(t);
  c->has_other = has_other;
  c->imm = i->imm;
  c->space = (uint8_t)i->args[0]->type->space;
  c->bytes = (uint8_t)ll_type_bytes(t);
  c->rbytes = (uint8_t)(c->bytes / c->n);
  predicate(d, i, c);
  if (c->space > 3) cannot(d, "constant or local memory");
}

/* ---- intrinsics -------------------------------------------------------------------------------------------------- */

static Meet meet_of(const LLInst *i) {
  if (!ll_is(i, LLE_CONVERGENT) || i->op == LL_ACTIVEMASK) return MEET_NONE;
  bool masked = (i->op >= LL_SHFL_IDX && i->op <= LL_ELECT_SYNC) || i->op == LL_BARRIER_WARP;
  return masked ? MEET_MASK : MEET_ALL;
}

static void intrinsic(Decoder *d, const LLInst *i) {
  if (int_op(i->op) || float_op(i->op) || i->op == LL_FMA || i->op == LL_FABS || i->op == LL_COPYSIGN) {
    elementwise(d, i);
    return;
  }
  if (i->op == LL_MAPA) { /* the cluster is this block */
    alias(d, i, regs_of(d, i->args[0]));
    return;
  }
  bool many = i->op == LL_MMA || i->op == LL_WGMMA || i->op == LL_WGMMA_WAIT_ACC || i->op == LL_LDMATRIX ||
              i->op == LL_STMATRIX;
  uint16_t n = 0;
  const LLInst *parts[5];
  int nparts = 0;
  for (int a = 0; many && a < ll_normal_args(i); a++) parts[nparts++] = i->args[a];
  if (i->op == LL_WGMMA_WAIT_ACC)
    alias(d, i, regs_of(d, i->args[0]));
  else if (i->type->kind != LLK_VOID && many)
    parts[nparts++] = i;
  const int32_t *list = many ? list_of(d, parts, nparts, &n) : NULL;
  int32_t dst = i->type->kind == LLK_VOID || many ? NO_REG : reg_of(d, i), a[8];
  int nargs = ll_normal_args(i);
  for (int k = 0; k < 8; k++) a[k] = k < nargs && ll_nregs(i->args[k]->type) ? arg(d, i, k) : NO_REG;
  RegKind kind = i->type->kind == LLK_VOID ? REG_NONE : many ? REG_MANY : kind_of(i->type);
  bool selects = ll_predicate_of(i) && kind != REG_NONE;
  if (selects && many) cannot(d, "a predicated instruction of several results");
  int32_t result = selects ? temp_reg(d, kind) : dst;
  if (!many && nargs > 2) {
    list = memcpy(NEWN(d->cx, int32_t, 8), a, sizeof a);
    n = (uint16_t)nargs;
  }
  Code *c = emit(d, i->op, kind, result, a[0], a[1], a[2]);
  c->d = a[3];
  c->list = list;
  c->n = n;
  c->imm = i->imm;
  c->meet = (uint8_t)meet_of(i);
  c->space = 3;
  predicate(d, i, c);
  if (selects) {
    int op = kind == REG_PRED ? S_SELECT1 : kind == REG_64 ? S_SELECT64 : S_SELECT32;
    emit(d, op, kind, dst, reg_of(d, ll_predicate_of(i)), result, reg_of(d, i->args[i->nargs - 2]));
  }
}

static void effects(Decoder *d, const LLInst *i) {
  if (i->op == LL_FENCE) {
    emit(d, S_FENCE, REG_NONE, NO_REG, NO_REG, NO_REG, NO_REG);
    return;
  }
  uint16_t n;
  const int32_t *list = list_of(d, (const LLInst *const *)i->args, i->nargs, &n);
  Code *c = emit(d, i->op == LL_PRINTF ? S_PRINTF : S_ASSERTFAIL, REG_NONE, NO_REG, list[0], NO_REG, NO_REG);
  c->list = list;
  c->n = n;
  predicate(d, i, c);
}

/* ---- control flow ------------------------------------------------------------------------------------------------ */

static bool is_marked(const Decoder *d, int32_t r) {
  return r >= 0 && (uint32_t)r / 16 < d->mark_words && d->mark[r / 16] == d->stamp;
}

static void mark(Decoder *d, int32_t r) {
  uint32_t at = (uint32_t)r / 16;
  if (at >= d->mark_words) {
    uint32_t words = (at + 64) * 2;
    uint32_t *grown = NEWN(d->cx, uint32_t, words);
    if (d->mark_words) memcpy(grown, d->mark, d->mark_words * sizeof *grown);
    d->mark = grown;
    d->mark_words = words;
  }
  d->mark[at] = d->stamp;
}

/* The copies along an edge happen at once: what another of them overwrites is put aside first. */
static void edge_copies(Decoder *d, const LLInst *t, int s) {
  int n;
  LLInst **args = ll_edge_args(t, s, &n);
  const LLBlock *to = t->succ[s];
  d->stamp++;
  for (int p = 0; p < n; p++)
    for (int k = 0; k < ll_nregs(args[p]->type); k++) mark(d, regs_of(d, to->params[p])[k]);
  for (int pass = 0; pass < 2; pass++)
    for (int p = 0; p < n; p++) {
      int nregs = ll_nregs(args[p]->type);
      int32_t *from = regs_of(d, args[p]), *dst = regs_of(d, to->params[p]);
      if (pass == 0) {
        int32_t *aside = NEWN(d->cx, int32_t, nregs);
        for (int k = 0; k < nregs; k++) {
          aside[k] = from[k];
          if (from[k] == dst[k] || !is_marked(d, from[k])) continue;
          RegKind kind = kind_of_bits(ll_reg_bits(args[p]->type, k));
          aside[k] = temp_reg(d, kind);
          copy_reg(d, kind, aside[k], from[k]);
        }
        to->params[p]->data = aside;
        continue;
      }
      const int32_t *aside = to->params[p]->data;
      for (int k = 0; k < nregs; k++)
        if (aside[k] != dst[k]) copy_reg(d, kind_of_bits(ll_reg_bits(args[p]->type, k)), dst[k], aside[k]);
    }
  emit(d, S_JUMP, REG_NONE, NO_REG, NO_REG, NO_REG, NO_REG)->target = to->id;
}

static void terminator(Decoder *d, const LLInst *i) {
  if (i->op == LL_BR) {
    edge_copies(d, i, 0);
  } else if (i->op == LL_CONDBR) {
    uint32_t branch = d->code.len;
    emit(d, S_BRANCH, REG_NONE, NO_REG, arg(d, i, 0), NO_REG, NO_REG);
    edge_copies(d, i, 0);
    d->code.at[branch].target = d->code.len;
    edge_copies(d, i, 1);
  } else {
    emit(d, i->op == LL_RET ? S_EXIT : S_UNREACHABLE, REG_NONE, NO_REG, NO_REG, NO_REG, NO_REG);
  }
}

static void instruction(Decoder *d, const LLInst *i) {
  d->at = i;
  d->temp = 0;
  if (i->op >= LL_FIRST_INTRINSIC)
    intrinsic(d, i);
  else if (ll_is(i, LLE_TERMINATOR))
    terminator(d, i);
  else if ((i->op >= LL_ADD && i->op <= LL_FNEG) || (i->op >= LL_TRUNC && i->op <= LL_SITOFP))
    elementwise(d, i);
  else if (i->op == LL_ICMP)
    compare_int(d, i);
  else if (i->op == LL_FCMP)
    compare_float(d, i);
  else if (i->op == LL_SELECT)
    select(d, i);
  else if (i->op == LL_BITCAST)
    bitcast(d, i);
  else if (i->op >= LL_PTRTOINT && i->op <= LL_ADDRSPACECAST)
    pointer_cast(d, i);
  else if (i->op == LL_PTRADD)
    pointer_add(d, i);
  else if (i->op == LL_EXTRACT)
    extract(d, i);
  else if (i->op == LL_BUILD)
    build(d, i);
  else if (i->op >= LL_LOAD && i->op <= LL_CMPXCHG)
    memory(d, i);
  else if (i->op == LL_ASM)
    cannot(d, "inline assembly");
  else
    effects(d, i);
}

/* ---- the order of blocks ----------------------------------------------------------------------------------------- */

/* Reverse postorder; the successor that is deeper in loops is visited last and so comes first. An explicit stack. */
static void order_blocks(Decoder *d) {
  LLFunc *f = d->f;
  uint32_t n = 0, at;
  for (LLBlock *b = f->first; b; b = b->next) b->id = n++;
  d->order = NEWN(d->cx, LLBlock *, n + 1);
  LLBlock **stack = NEWN(d->cx, LLBlock *, n + 1);
  uint8_t *seen = NEWN(d->cx, uint8_t, n), *next = NEWN(d->cx, uint8_t, n);
  uint32_t depth = 0, left = n;
  stack[depth++] = f->first;
  seen[0] = 1;
  while (depth) {
    LLBlock *b = stack[depth - 1];
    const LLInst *t = b->last;
    int ns = ll_nsucc(t), k = next[b->id]++;
    if (k >= ns) {
      d->order[--left] = b;
      depth--;
      continue;
    }
    bool swap = ns == 2 && t->succ[0]->loop_depth > t->succ[1]->loop_depth;
    LLBlock *s = t->succ[swap ? 1 - k : k];
    if (!seen[s->id]) {
      seen[s->id] = 1;
      stack[depth++] = s;
    }
  }
  d->nblocks = n - left;
  memmove(d->order, d->order + left, d->nblocks * sizeof *d->order);
  for (at = 0; at < d->nblocks; at++) d->order[at]->id = at;
}

void simt_decode(Machine *m) {
  ll_analyze(m->f);
  ll_renumber(m->f);
  Decoder *d = NEW(m->cx, Decoder);
  *d = (Decoder){.m = m, .cx = m->cx, .f = m->f, .next_reg = TEMP_WORDS};
  d->regs = NEWN(m->cx, int32_t *, m->f->next_id + 1);
  order_blocks(d);
  d->start = NEWN(m->cx, uint32_t, d->nblocks);
  for (uint32_t b = 0; b < d->nblocks; b++) {
    d->start[b] = d->code.len;
    for (const LLInst *i = d->order[b]->first; i; i = i->next) instruction(d, i);
  }
  for (uint32_t c = 0; c < d->code.len; c++)
    if (d->code.at[c].op == S_JUMP) d->code.at[c].target = d->start[d->code.at[c].target];
  m->code = d->code.at;
  m->ncode = d->code.len;
  m->consts = d->consts.at;
  m->nwords = (uint32_t)d->next_reg;
}
