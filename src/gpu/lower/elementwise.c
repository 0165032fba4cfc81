/* elementwise.c: arithmetic on one element, by a table; tensors are done register by register. */
#include "gpu/lower/lower.h"

#include <string.h>

/* ---- formats that have no arithmetic of their own ---------------------------------------------------------------- */

static LLInst *widen(Lower *w, LLInst *x) {
  return x->type == &ll_half || x->type == &ll_bfloat ? ll_op1(&w->b, LL_FPEXT, &ll_float, x) : x;
}

static LLInst *narrow(Lower *w, LLInst *x, const LLType *to) {
  return x->type == to ? x : ll_op1(&w->b, LL_FPTRUNC, to, x);
}

/* Integers below 32 bits for ops that exist from there on. */
static LLInst *wide_int(Lower *w, LLInst *x, bool is_signed) {
  return x->type->bits < 32 ? ll_int_cast(&w->b, &ll_i32, x, is_signed) : x;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

enum { AS_IS, WIDE_SIGNED, WIDE_UNSIGNED, CONTRACTED, IN_FLOAT };
static const struct Simple {
  Opcode code;
  LLOp op;
  int how; /* WIDE_*: computed in 32 bits at least; IN_FLOAT: 16-bit formats are computed in f32 */
} simple[] = {
    {OP_ADDI, LL_ADD, AS_IS},
    {OP_SUBI, LL_SUB, AS_IS},
    {OP_MULI, LL_MUL, AS_IS},
    {OP_ANDI, LL_AND, AS_IS},
    {OP_ORI, LL_OR, AS_IS},
    {OP_XORI, LL_XOR, AS_IS},
    {OP_DIVSI, LL_SDIV, WIDE_SIGNED},
    {OP_DIVUI, LL_UDIV, WIDE_UNSIGNED},
    {OP_REMSI, LL_SREM, WIDE_SIGNED},
    {OP_REMUI, LL_UREM, WIDE_UNSIGNED},
    {OP_SHLI, LL_SHL, WIDE_UNSIGNED},
    {OP_SHRSI, LL_ASHR, WIDE_SIGNED},
    {OP_SHRUI, LL_LSHR, WIDE_UNSIGNED},
    {OP_MAXSI, LL_SMAX, WIDE_SIGNED},
    {OP_MINSI, LL_SMIN, WIDE_SIGNED},
    {OP_MAXUI, LL_UMAX, WIDE_UNSIGNED},
    {OP_MINUI, LL_UMIN, WIDE_UNSIGNED},
    {OP_ADDF, LL_FADD, CONTRACTED},
    {OP_SUBF, LL_FSUB, CONTRACTED},
    {OP_MULF, LL_FMUL, CONTRACTED},
    {OP_REMF, LL_FREM, IN_FLOAT},
    {OP_MAXNUMF, LL_FMAX, IN_FLOAT},
    {OP_MINNUMF, LL_FMIN, IN_FLOAT},
    {OP_PRECISE_DIVF, LL_FDIV, IN_FLOAT},
    {OP_NEGF, LL_FNEG, AS_IS},
    {OP_FLOOR, LL_FLOOR, IN_FLOAT},
    {OP_CEIL, LL_CEIL, IN_FLOAT},
    {OP_TRUNC, LL_FTRUNC, IN_FLOAT},
    {OP_ROUNDEVEN, LL_RINT, IN_FLOAT},
    {OP_ABSF, LL_FABS, IN_FLOAT},
    {OP_PRECISE_SQRT, LL_SQRT, IN_FLOAT},
};

/* A 16-bit add or multiply where the GPU has none for the format (bf16 before sm_90). */
static bool has_16bit(const Lower *w, const LLType *t) {
  return t == &ll_half ? w->sm >= 53 : t == &ll_bfloat ? w->sm >= 90 : true;
}

/* Does what is computed of `v` only become addresses, and bounds of them that are the same for all elements? */
static bool is_for_addresses(Lower *w, const Value *v, int *looks_left) {
  if (!v->uses) return false;
  for (const Use *u = v->uses; u; u = u->next) {
    if (--*looks_left < 0) return false;
    const Op *op = u->op;
    switch (op->code) {
    case OP_ADDPTR: break;
    case OP_CMPI:
      if (!index_is_uniform(index_of(w->index, ir_operand(op, 1 - u->index)))) return false;
      break;
    case OP_ADDI:
    case OP_SUBI:
    case OP_MULI:
    case OP_EXTSI:
    case OP_EXPAND_DIMS:
    case OP_BROADCAST:
    case OP_RESHAPE:
    case OP_TRANS:
    case OP_CONVERT_LAYOUT:
      if (!is_for_addresses(w, &op->results[0], looks_left)) return false;
      break;
    default: return false;
    }
  }
  return true;
}

/* A sum with a small constant of what is an index along some axis: those that addresses are computed from are taken not to
 * pass an end of their type (index.h), so that neighbours share what is computed, and constants become offsets of accesses.
 * Of others that has to be known. */
static LLInst *index_sum(Lower *w, const Op *op, LLInst *sum) {
  enum { SMALL = 1 << 16, MOST_LOOKS = 100 };
  const Value *r = &op->results[0];
  int looks = MOST_LOOKS;
  uint64_t c;
  if (sum->op != LL_ADD || sum->type != &ll_i32 || (sum->mods.flags & LLF_NSW) || !ll_is_const(sum->args[1], &c))
    return sum;
  if ((int32_t)c < -SMALL || (int32_t)c > SMALL || !ir_is_tensor(r->type)) return sum;
  const Index *x = index_of(w->index, r);
  if (!index_is_affine(x) || index_is_uniform(x) || index_may_wrap(x)) return sum;
  if (index_may_pass_end(x, r->type) && !is_for_addresses(w, r, &looks)) return sum;
  return ll_op2f(&w->b, LL_ADD, sum->args[0], sum->args[1], sum->mods.flags | LLF_NSW);
}

static LLInst *by_table(Lower *w, const Op *op, const struct Simple *s, LLInst *const *args) {
  int n = op->noperands;
  const LLType *t = args[0]->type;
  LLInst *x[2] = {0};
  bool in_float = s->how == IN_FLOAT || (s->how == CONTRACTED && !has_16bit(w, t));
  for (int i = 0; i < n; i++) {
    x[i] = args[i];
    if (s->how == WIDE_SIGNED || s->how == WIDE_UNSIGNED) x[i] = wide_int(w, x[i], s->how == WIDE_SIGNED);
    if (in_float) x[i] = widen(w, x[i]);
  }
  LLInst *r;
  if (s->op >= LL_FIRST_INTRINSIC)
    r = ll_call_n(&w->b, s->op, x[0]->type, (LLMods){0}, 0, x, n);
  else if (n == 1)
    r = ll_op1(&w->b, s->op, x[0]->type, x[0]);
  else
    r = ll_op2f(&w->b, s->op, x[0], x[1], s->how == CONTRACTED && !ir_attr(op, "no_contract") ? lower_contract(w) : 0);
  if (s->op == LL_ADD || s->op == LL_SUB) r = index_sum(w, op, r);
  if (ll_is_int(t)) return ll_int_cast(&w->b, t, r, false);
  return narrow(w, r, t);
}

/* ---- ops with a function each ------------------------------------------------------------------------------------ */

static const struct {
  const char *name;
  LLPred p;
  bool is_signed;
} int_predicates[] = {{"eq", LLP_EQ, false},   {"ne", LLP_NE, false},  {"slt", LLP_SLT, true},  {"sle", LLP_SLE, true},
                      {"sgt", LLP_SGT, true},  {"sge", LLP_SGE, true}, {"ult", LLP_ULT, false}, {"ule", LLP_ULE, false},
                      {"ugt", LLP_UGT, false}, {"uge", LLP_UGE, false}};
static const struct {
  const char *name;
  LLPred p;
} float_predicates[] = {{"oeq", LLP_OEQ},  {"ogt", LLP_OGT},  {"oge", LLP_OGE}, {"olt", LLP_OLT},  {"ole", LLP_OLE},
                        {"one", LLP_ONE},  {"ord", LLP_ORD},  {"ueq", LLP_UEQ}, {"ugt", LLP_FUGT}, {"uge", LLP_FUGE},
                        {"ult", LLP_FULT}, {"ule", LLP_FULE}, {"une", LLP_UNE}, {"uno", LLP_UNO}};

static LLInst *compare(Lower *w, const Op *op, LLInst *x, LLInst *y) {
  const char *name = ir_attr_text_or(op, "predicate", "eq");
  if (op->code == OP_CMPI) {
    for (size_t i = 0; i < COUNT(int_predicates); i++) {
      if (strcmp(int_predicates[i].name, name) != 0) continue;
      if (ll_is_int(x->type) && x->type->bits < 16)
        x = wide_int(w, x, int_predicates[i].is_signed), y = wide_int(w, y, int_predicates[i].is_signed);
      return ll_icmp(&w->b, int_predicates[i].p, x, y);
    }
  }
  if (!strcmp(name, "false")) return ll_false(&w->b);
  if (!strcmp(name, "true")) return ll_true(&w->b);
  x = widen(w, x), y = widen(w, y);
  for (size_t i = 0; i < COUNT(float_predicates); i++)
    if (!strcmp(float_predicates[i].name, name)) return ll_fcmp(&w->b, float_predicates[i].p, x, y);
  return NULL;
}

/* NaN if an operand is NaN. */
static LLInst *extreme_nan(Lower *w, LLOp with_nan, LLOp without, LLInst *x, LLInst *y) {
  const LLType *t = x->type;
  x = widen(w, x), y = widen(w, y);
  LLInst *r;
  if (x->type == &ll_float && w->sm >= 80) {
    r = ll_call_n(&w->b, with_nan, x->type, (LLMods){0}, 0, (LLInst *[]){x, y}, 2);
  } else {
    r = ll_call_n(&w->b, without, x->type, (LLMods){0}, 0, (LLInst *[]){x, y}, 2);
    LLInst *sum = ll_op2(&w->b, LL_FADD, x, y); /* NaN if one is (infinities of both signs are no NaN to us) */
    r = ll_select(&w->b, ll_fcmp(&w->b, LLP_UNO, x, y), sum, r);
  }
  return narrow(w, r, t);
}

static LLInst *clamp(Lower *w, const Op *op, LLInst *const *a) {
  bool nan = !strcmp(ir_attr_text_or(op, "propagateNan", "none"), "all");
  const LLType *t = a[0]->type;
  if (nan) return extreme_nan(w, LL_FMIN_NAN, LL_FMIN, extreme_nan(w, LL_FMAX_NAN, LL_FMAX, a[0], a[1]), a[2]);
  LLInst *x = widen(w, a[0]), *lo = widen(w, a[1]), *hi = widen(w, a[2]);
  LLInst *up = ll_call_n(&w->b, LL_FMAX, x->type, (LLMods){0}, 0, (LLInst *[]){x, lo}, 2);
  return narrow(w, ll_call_n(&w->b, LL_FMIN, x->type, (LLMods){0}, 0, (LLInst *[]){up, hi}, 2), t);
}

static LLInst *divide(Lower *w, LLInst *x, LLInst *y) {
  const LLType *t = x->type;
  if (t == &ll_double) return ll_op2(&w->b, LL_FDIV, x, y);
  return narrow(w, ll_call(&w->b, LL_DIV_FULL, NULL, widen(w, x), widen(w, y), NULL), t);
}

/* One-operand functions of f32 that the GPU approximates: the operand may be scaled first. */
static LLInst *approximate(Lower *w, LLOp op, LLOp wide, LLInst *x, double scale) {
  const LLType *t = x->type;
  if (t == &ll_double) return ll_call(&w->b, wide, wide == LL_SQRT ? t : NULL, x, NULL);
  x = widen(w, x);
  if (scale != 1) x = ll_op2(&w->b, LL_FMUL, x, ll_const_float(&w->b, &ll_float, scale));
  return narrow(w, ll_call(&w->b, op, NULL, x, NULL), t);
}

static LLInst *to_float(Lower *w, LLOp op, LLInst *x, const LLType *to) {
  bool is_signed = op == LL_SITOFP;
  if (x->type->bits < 16) x = ll_int_cast(&w->b, &ll_i32, x, is_signed);
  return to == &ll_bfloat ? narrow(w, ll_op1(&w->b, op, &ll_float, x), to) : ll_op1(&w->b, op, to, x);
}

static LLInst *to_int(Lower *w, LLOp op, LLInst *x, const LLType *to) {
  if (x->type == &ll_bfloat) x = widen(w, x);
  if (to->bits >= 16) return ll_op1(&w->b, op, to, x);
  return ll_int_cast(&w->b, to, ll_op1(&w->b, op, &ll_i32, x), false);
}

static LLInst *fused(Lower *w, LLInst *const *a) {
  const LLType *t = a[0]->type;
  if (has_16bit(w, t) || (t == &ll_bfloat && w->sm >= 80)) return ll_call_n(&w->b, LL_FMA, t, (LLMods){0}, 0, a, 3);
  LLInst *x[3] = {widen(w, a[0]), widen(w, a[1]), widen(w, a[2])};
  return narrow(w, ll_call_n(&w->b, LL_FMA, &ll_float, (LLMods){0}, 0, x, 3), t);
}

/* x / y, rounded up: one more than the quotient toward zero where that is below. */
static LLInst *divide_up(Lower *w, LLInst *x, LLInst *y) {
  const LLType *t = x->type;
  x = wide_int(w, x, true), y = wide_int(w, y, true);
  LLInst *zero = ll_const(&w->b, x->type, 0), *rest = ll_op2(&w->b, LL_SREM, x, y);
  LLInst *same_sign = ll_icmp(&w->b, LLP_SGE, ll_op2(&w->b, LL_XOR, x, y), zero);
  LLInst *up = ll_op2(&w->b, LL_AND, ll_icmp(&w->b, LLP_NE, rest, zero), same_sign);
  LLInst *q = ll_op2(&w->b, LL_ADD, ll_op2(&w->b, LL_SDIV, x, y), ll_int_cast(&w->b, x->type, up, false));
  return ll_int_cast(&w->b, t, q, false);
}

static LLInst *absolute(Lower *w, LLInst *x) {
  const LLType *t = x->type;
  x = wide_int(w, x, true);
  LLInst *minus = ll_op2(&w->b, LL_SUB, ll_const(&w->b, x->type, 0), x);
  return ll_int_cast(&w->b, t, ll_call_n(&w->b, LL_SMAX, x->type, (LLMods){0}, 0, (LLInst *[]){x, minus}, 2), true);
}

static LLInst *add_pointer(Lower *w, const Op *op, LLInst *p, LLInst *offset) {
  int bytes = ir_elem_bytes(ir_elem(op->results[0].type)->elem);
  LLInst *wide = ll_int_cast(&w->b, &ll_i64, offset, true);
  if (bytes > 1) wide = ll_op2(&w->b, LL_MUL, wide, ll_const_i64(&w->b, bytes));
  return ll_ptradd(&w->b, p, wide, 0);
}

static LLInst *recast(Lower *w, const LLType *to, LLInst *x) {
  if (x->type == to) return x;
  if (ll_is_ptr(to) && ll_is_int(x->type)) return ll_op1(&w->b, LL_INTTOPTR, to, x);
  if (ll_is_ptr(x->type) && ll_is_int(to)) return ll_op1(&w->b, LL_PTRTOINT, to, x);
  return ll_bitcast(&w->b, to, x);
}

LLInst *lower_scalar_op(Lower *w, const Op *op, LLInst *const *a) {
  for (size_t i = 0; i < COUNT(simple); i++)
    if (simple[i].code == op->code) return by_table(w, op, &simple[i], a);
  Type *from = op->noperands ? ir_elem(ir_operand(op, 0)->type) : NULL, *elem = ir_elem(op->results[0].type);
  const LLType *to = lower_elem(w, elem);
  switch (op->code) {
  case OP_CMPI:
  case OP_CMPF: return compare(w, op, a[0], a[1]);
  case OP_SELECT: return ll_select(&w->b, a[0], a[1], a[2]);
  case OP_EXTSI:
  case OP_INDEX_CAST: return ll_int_cast(&w->b, to, a[0], true);
  case OP_EXTUI:
  case OP_TRUNCI: return ll_int_cast(&w->b, to, a[0], false);
  case OP_EXTF:
  case OP_TRUNCF: return lower_cast_float(w, a[0], from, elem, "rtne");
  case OP_SITOFP: return to_float(w, LL_SITOFP, a[0], to);
  case OP_UITOFP: return to_float(w, LL_UITOFP, a[0], to);
  case OP_FPTOSI: return to_int(w, LL_FPTOSI, a[0], to);
  case OP_FPTOUI: return to_int(w, LL_FPTOUI, a[0], to);
  case OP_BITCAST:
  case OP_TT_BITCAST:
  case OP_INT_TO_PTR:
  case OP_PTR_TO_INT: return recast(w, to, a[0]);
  case OP_ADDPTR: return add_pointer(w, op, a[0], a[1]);
  case OP_MAXIMUMF: return extreme_nan(w, LL_FMAX_NAN, LL_FMAX, a[0], a[1]);
  case OP_MINIMUMF: return extreme_nan(w, LL_FMIN_NAN, LL_FMIN, a[0], a[1]);
  case OP_CLAMPF: return clamp(w, op, a);
  case OP_DIVF: return divide(w, a[0], a[1]);
  case OP_EXP: return approximate(w, LL_EX2, LL_EX2, a[0], 1.4426950408889634);
  case OP_EXP2:
    if (ir_attr(w->m->op, GPU_SUBNORMALS)) return approximate(w, LL_EX2, LL_EX2, a[0], 1);
    return approximate(w, LL_EX2_FTZ, LL_EX2_FTZ, a[0], 1);
  case OP_SQRT: return approximate(w, LL_SQRT_APPROX, LL_SQRT, a[0], 1);
  case OP_RSQRT: return approximate(w, LL_RSQRT, LL_RSQRT_D, a[0], 1);
  case OP_ABSI: return absolute(w, a[0]);
  case OP_CEILDIVSI: return divide_up(w, a[0], a[1]);
  case OP_FMA: return fused(w, a);
  case OP_MULHIUI: return ll_call(&w->b, to->bits == 64 ? LL_MULHI_U64 : LL_MULHI_U32, NULL, a[0], a[1], NULL);
  default: return NULL;
  }
}

bool gpu_native_math(Opcode code, const Type *elem, bool precise) {
  bool is_f64 = elem->kind == TYPE_FLOAT && elem->fkind == F64;
  switch (code) {
  case OP_EXP:
  case OP_EXP2: return !is_f64 && !precise;
  case OP_RSQRT: return !is_f64;
  case OP_LOG:
  case OP_LOG2:
  case OP_SIN:
  case OP_COS:
  case OP_ERF: return false;
  default: return true;
  }
}

/* The ops that make equal numbers of different ones: i / 8 is the same for eight neighbours, and a bound's mask is one
 * predicate per block of the bound's divisor. What is computed, and not
 * only compared with a bound, is to be right of negative numbers and whatever the hints say. */
int lower_equal_registers(Lower *w, const Op *op) {
  const Value *r = &op->results[0];
  if (!ir_is_tensor(r->type) || lower_count(w, r) == 1) return 0;
  switch (op->code) {
  case OP_CMPI: return lower_equal_bits(w, w->index, r->type, &r, 1);
  case OP_DIVSI:
  case OP_DIVUI:
  case OP_SHRSI:
  case OP_SHRUI:
    if (!w->strict) w->strict = index_analyze_strictly(w->cx, w->m);
    return lower_equal_bits(w, w->strict, r->type, &r, 1);
  default: return 0;
  }
}

/* An earlier register whose operands are the same instructions as those of register i, or i itself: what is equal stays
 * so through all that is computed of it. Registers differ by the bits of their numbers, so that one without one of i's
 * bits is looked at for each. */
static int same_operands(Registers *const *in, int n, int i) {
  for (int bit = 1; bit <= i; bit <<= 1) {
    int at = i & ~bit;
    bool same = at < i;
    for (int k = 0; k < n && same; k++) same = in[k]->n == 1 || in[k]->at[at] == in[k]->at[i];
    if (same) return at;
  }
  return i;
}

bool lower_elementwise(Lower *w, const Op *op) {
  if (op->nresults != 1 || !ir_has(op, T_ELEMENTWISE) || op->noperands > 3 || op->noperands < 1) return false;
  const Value *r = &op->results[0];
  Registers *in[3] = {0}, *out = lower_new(w, r, lower_count(w, r));
  for (int k = 0; k < op->noperands; k++) in[k] = lower_value(w, ir_operand(op, k));
  int equal = lower_equal_registers(w, op);
  if (lower_bounds(w, op, in, equal, out)) return true;
  for (int i = 0; i < out->n; i++) {
    LLInst *a[3] = {0};
    int first = i & ~equal;
    if (first == i) first = same_operands(in, op->noperands, i);
    for (int k = 0; k < op->noperands; k++) a[k] = in[k]->at[in[k]->n == 1 ? 0 : i];
    out->at[i] = first < i ? out->at[first] : lower_scalar_op(w, op, a);
    if (!out->at[i]) return false;
  }
  return true;
}
