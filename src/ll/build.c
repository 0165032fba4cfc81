/* build.c: the builder: every instruction passes through ll_build(), which folds constants, applies the rules of
 * rules_*.c, and numbers values.
 */
#include "ll/internal.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

static const LLMods no_mods;

static LLInst *simplify(LLBuilder *b, const LLKey *k) {
  if (!(ll_ops[k->op].effects & LLE_PURE)) return NULL;
  LLInst *v = ll_fold_constant(b, k);
  if (v) return v;
  if (k->op >= LL_ADD && k->op <= LL_ASHR) return ll_simplify_int(b, k);
  if (k->op >= LL_FADD && k->op <= LL_FNEG) return ll_simplify_float(b, k);
  if (k->op >= LL_TRUNC && k->op <= LL_ADDRSPACECAST) return ll_simplify_cast(b, k);
  return ll_simplify_shape(b, k);
}

LLInst *ll_build(LLBuilder *b, LLOp op, const LLType *type, LLMods mods, int64_t imm, LLInst *const *args, int nargs) {
  LLKey k = {.op = op, .type = type, .mods = mods, .imm = imm, .args = args, .nargs = nargs};
  LLInst *swapped[2];
  if ((ll_ops[op].effects & LLE_COMMUTES) && nargs == 2) {
    /* Constants to the right; otherwise the older operand to the left, so that x+y and y+x are one value. */
    bool c0 = args[0]->op == LL_CONST, c1 = args[1]->op == LL_CONST;
    if (c0 != c1 ? c0 : args[0]->id > args[1]->id) {
      swapped[0] = args[1];
      swapped[1] = args[0];
      k.args = swapped;
    }
  }
  LLInst *v = simplify(b, &k);
  return v ? v : ll_emit(b, &k);
}

/* ---- arithmetic -------------------------------------------------------------------------------------------------- */

LLInst *ll_op1(LLBuilder *b, LLOp op, const LLType *type, LLInst *x) {
  return ll_build(b, op, type, no_mods, 0, &x, 1);
}

LLInst *ll_op2f(LLBuilder *b, LLOp op, LLInst *x, LLInst *y, unsigned flags) {
  assert(x->type == y->type);
  return ll_build(b, op, x->type, (LLMods){.flags = (uint8_t)flags}, 0, (LLInst *[]){x, y}, 2);
}

LLInst *ll_op2(LLBuilder *b, LLOp op, LLInst *x, LLInst *y) { return ll_op2f(b, op, x, y, 0); }

LLInst *ll_icmp(LLBuilder *b, LLPred p, LLInst *x, LLInst *y) {
  static const LLPred mirrored[] = {LLP_EQ,  LLP_NE,  LLP_ULT, LLP_ULE, LLP_UGT,
                                    LLP_UGE, LLP_SLT, LLP_SLE, LLP_SGT, LLP_SGE};
  assert(x->type == y->type);
  if (x->op == LL_CONST && y->op != LL_CONST) return ll_icmp(b, mirrored[p], y, x);
  return ll_build(b, LL_ICMP, &ll_i1, no_mods, p, (LLInst *[]){x, y}, 2);
}

LLInst *ll_fcmp(LLBuilder *b, LLPred p, LLInst *x, LLInst *y) {
  assert(x->type == y->type);
  return ll_build(b, LL_FCMP, &ll_i1, no_mods, p, (LLInst *[]){x, y}, 2);
}

LLInst *ll_select(LLBuilder *b, LLInst *c, LLInst *x, LLInst *y) {
  assert(c->type == &ll_i1 && x->type == y->type);
  return ll_build(b, LL_SELECT, x->type, no_mods, 0, (LLInst *[]){c, x, y}, 3);
}

LLInst *ll_not(LLBuilder *b, LLInst *x) { return ll_op2(b, LL_XOR, x, ll_const(b, x->type, UINT64_MAX)); }

LLInst *ll_bitcast(LLBuilder *b, const LLType *t, LLInst *x) { return t == x->type ? x : ll_op1(b, LL_BITCAST, t, x); }

LLInst *ll_int_cast(LLBuilder *b, const LLType *t, LLInst *x, bool is_signed) {
  if (t == x->type) return x;
  return ll_op1(b, t->bits < x->type->bits ? LL_TRUNC : is_signed ? LL_SEXT : LL_ZEXT, t, x);
}

/* ---- addresses --------------------------------------------------------------------------------------------------- */

/* `index` as varying part and constant part; the constant goes into the address's offset. */
static LLInst *split_constant(LLInst *index, int64_t *bytes) {
  int64_t c;
  while (index->op == LL_ADD && ll_is_const_int(index->args[1], &c)) {
    *bytes += c;
    index = index->args[0];
  }
  if (ll_is_const_int(index, &c)) {
    *bytes += c;
    return NULL;
  }
  return index;
}

static LLInst *offset_ptr(LLBuilder *b, LLInst *ptr, int64_t bytes) {
  if (bytes == 0) return ptr;
  if (ptr->op == LL_PTRADD && ptr->nargs == 1) return offset_ptr(b, ptr->args[0], ptr->imm + bytes);
  return ll_emit(b, &(LLKey){.op = LL_PTRADD, .type = ptr->type, .imm = bytes, .args = &ptr, .nargs = 1});
}

/* A pointer is base + index (one instruction, imm 0), then the constant (another): accesses near each other then share
 * the first, and the second disappears into the access's offset. */
LLInst *ll_ptradd(LLBuilder *b, LLInst *ptr, LLInst *index, int64_t bytes) {
  if (index) {
    const LLType *wide = ll_int(ptr->type->bits);
    if (index->type != wide) index = ll_int_cast(b, wide, index, true);
    index = split_constant(index, &bytes);
  }
  if (ptr->op == LL_PTRADD && ptr->nargs == 1) {
    bytes += ptr->imm;
    ptr = ptr->args[0];
  }
  if (index)
    ptr = ll_emit(b, &(LLKey){.op = LL_PTRADD, .type = ptr->type, .args = (LLInst *[]){ptr, index}, .nargs = 2});
  return offset_ptr(b, ptr, bytes);
}

/* ---- vectors and structs ----------------------------------------------------------------------------------------- */

LLInst *ll_extract(LLBuilder *b, LLInst *aggregate, int i) {
  assert(i < aggregate->type->n);
  return ll_build(b, LL_EXTRACT, ll_field(aggregate->type, i), no_mods, i, &aggregate, 1);
}

LLInst *ll_build_vector(LLBuilder *b, LLInst *const *elems, int n) {
  if (n == 1) return elems[0];
  return ll_build(b, LL_BUILD, ll_vector(b->func->module, elems[0]->type, n), no_mods, 0, elems, n);
}

LLInst *ll_build_struct(LLBuilder *b, LLInst *const *elems, int n) {
  const LLType **fields = NEWN(b->func->module->cx, const LLType *, n + 1);
  for (int i = 0; i < n; i++) fields[i] = elems[i]->type;
  return ll_build(b, LL_BUILD, ll_struct_of(b->func->module, fields, n), no_mods, 0, elems, n);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* A constant offset of the address moves into the access. PTX offsets are signed 32-bit. */
static LLInst *address(LLInst *ptr, int64_t *imm) {
  if (ptr->op == LL_PTRADD && ptr->nargs == 1 && ptr->imm + *imm == (int32_t)(ptr->imm + *imm)) {
    *imm += ptr->imm;
    return ptr->args[0];
  }
  return ptr;
}

static LLInst *memory_access(LLBuilder *b, LLOp op, const LLType *t, LLMods mods, LLInst **args, int nargs) {
  int64_t imm = 0;
  args[0] = address(args[0], &imm);
  return ll_emit(b, &(LLKey){.op = op, .type = t, .mods = mods, .imm = imm, .args = args, .nargs = nargs});
}

LLInst *ll_load_kept(LLBuilder *b, const LLType *t, LLInst *ptr, LLInst *policy, LLInst *pred, LLInst *other,
                     LLMods mods) {
  LLInst *args[4] = {ptr};
  int n = 1;
  if (pred && pred->op == LL_CONST) {
    if (!pred->imm) return other;
    pred = NULL;
  }
  if (policy) mods.flags |= LLF_POLICY, args[n++] = policy;
  if (pred) mods.flags |= LLF_PRED, args[n++] = other ? other : ll_undef(b, t), args[n++] = pred;
  return memory_access(b, LL_LOAD, t, mods, args, n);
}

LLInst *ll_load(LLBuilder *b, const LLType *t, LLInst *ptr, LLMods mods) {
  return ll_load_kept(b, t, ptr, NULL, NULL, NULL, mods);
}

LLInst *ll_load_if(LLBuilder *b, const LLType *t, LLInst *ptr, LLInst *pred, LLInst *other, LLMods mods) {
  return ll_load_kept(b, t, ptr, NULL, pred, other, mods);
}

void ll_store(LLBuilder *b, LLInst *ptr, LLInst *value, LLMods mods) {
  memory_access(b, LL_STORE, &ll_void, mods, (LLInst *[]){ptr, value}, 2);
}

void ll_store_if(LLBuilder *b, LLInst *ptr, LLInst *value, LLInst *pred, LLMods mods) {
  if (pred->op == LL_CONST) {
    if (pred->imm) ll_store(b, ptr, value, mods);
    return;
  }
  mods.flags |= LLF_PRED;
  memory_access(b, LL_STORE, &ll_void, mods, (LLInst *[]){ptr, value, pred}, 3);
}

/* A predicated atomic gives zero where it does not happen. */
static LLInst *atomic(LLBuilder *b, LLOp op, const LLType *t, LLMods mods, LLInst **args, int n, LLInst *pred) {
  if (mods.sem == LLS_NONE) mods.sem = LLS_RELAXED;
  if (pred && pred->op == LL_CONST && pred->imm) pred = NULL;
  if (pred) {
    if (pred->op == LL_CONST) return ll_const(b, t, 0);
    mods.flags |= LLF_PRED;
    args[n++] = ll_const(b, t, 0);
    args[n++] = pred;
  }
  return memory_access(b, op, t, mods, args, n);
}

LLInst *ll_atomic(LLBuilder *b, LLRmw op, LLInst *ptr, LLInst *value, LLInst *pred, LLMods mods) {
  mods.rmw = (uint8_t)op;
  return atomic(b, LL_ATOMIC, value->type, mods, (LLInst *[4]){ptr, value}, 2, pred);
}

LLInst *ll_cmpxchg(LLBuilder *b, LLInst *ptr, LLInst *expected, LLInst *value, LLInst *pred, LLMods mods) {
  return atomic(b, LL_CMPXCHG, value->type, mods, (LLInst *[5]){ptr, expected, value}, 3, pred);
}

/* ---- intrinsics -------------------------------------------------------------------------------------------------- */

static const LLType *result_type(LLOp op, LLInst *const *args) {
  switch (ll_ops[op].signature[0]) {
  case 'v': return &ll_void;
  case 'b': return &ll_i1;
  case 'h': return &ll_i16;
  case 'i': return &ll_i32;
  case 'l': return &ll_i64;
  case 'f': return &ll_float;
  case 'd': return &ll_double;
  case 'H': return &ll_half;
  case 'X': return &ll_half2;
  case 'Y': return &ll_bfloat2;
  case 'F':
  case 'N': return args[0]->type;
  default: return NULL;
  }
}

LLInst *ll_call_n(LLBuilder *b, LLOp op, const LLType *type, LLMods mods, int64_t imm, LLInst *const *args, int nargs) {
  if (!type) type = result_type(op, args);
  assert(type && op >= LL_FIRST_INTRINSIC);
  LLInst *copy[16];
  assert(nargs <= (int)COUNT(copy));
  memcpy(copy, args, (size_t)nargs * sizeof *args);
  /* The operand whose address takes the offset stands before $o in the text. */
  const char *o = strstr(ll_ops[op].text, "$o");
  if (o) copy[o[-1] - '0'] = address(copy[o[-1] - '0'], &imm);
  return ll_build(b, op, type, mods, imm, copy, nargs);
}

LLInst *ll_call(LLBuilder *b, LLOp op, const LLType *type, ...) {
  LLInst *args[16];
  int n = 0;
  va_list ap;
  va_start(ap, type);
  for (LLInst *a; (a = va_arg(ap, LLInst *));) args[n++] = a;
  va_end(ap);
  return ll_call_n(b, op, type, no_mods, 0, args, n);
}

LLInst *ll_mma_sync(LLBuilder *b, LLMma variant, LLInst *a, LLInst *bb, LLInst *c) {
  return ll_call_n(b, LL_MMA, c->type, (LLMods){.variant = (uint8_t)variant}, 0, (LLInst *[]){a, bb, c}, 3);
}

LLInst *ll_wgmma(LLBuilder *b, LLMma variant, int n, unsigned flags, LLInst *acc, LLInst *a, LLInst *bdesc,
                 LLInst *accumulate) {
  LLMods mods = {.variant = (uint8_t)variant, .flags = (uint8_t)flags};
  return ll_call_n(b, LL_WGMMA, acc->type, mods, n, (LLInst *[]){acc, a, bdesc, accumulate}, 4);
}

LLInst *ll_asm(LLBuilder *b, const LLType *type, const LLAsm *text, LLInst *const *args, int nargs) {
  return ll_emit(b, &(LLKey){.op = LL_ASM, .type = type, .ref = text, .args = args, .nargs = nargs});
}

/* ---- terminators ------------------------------------------------------------------------------------------------- */

static LLInst *terminator(LLBuilder *b, LLOp op, LLInst *const *args, int nargs) {
  LLInst *t = ll_inst_new(b->func, &(LLKey){.op = op, .type = &ll_void, .args = args, .nargs = nargs});
  t->loc = b->loc;
  ll_insert(t, b->block, b->before);
  return t;
}

void ll_br(LLBuilder *b, LLBlock *to, LLInst *const *args, int nargs) {
  terminator(b, LL_BR, args, nargs)->succ[0] = to;
}

void ll_cond_br(LLBuilder *b, LLInst *c, LLBlock *yes, LLInst *const *yargs, int ny, LLBlock *no, LLInst *const *nargs,
                int nn) {
  LLInst **args = NEWN(b->func->module->cx, LLInst *, 1 + ny + nn);
  args[0] = c;
  if (ny) memcpy(args + 1, yargs, (size_t)ny * sizeof *args);
  if (nn) memcpy(args + 1 + ny, nargs, (size_t)nn * sizeof *args);
  LLInst *t = terminator(b, LL_CONDBR, args, 1 + ny + nn);
  t->nfirst = ny;
  t->succ[0] = yes;
  t->succ[1] = no;
}

void ll_ret(LLBuilder *b) { terminator(b, LL_RET, NULL, 0); }
void ll_unreachable(LLBuilder *b) { terminator(b, LL_UNREACHABLE, NULL, 0); }
