/* ll_corpus.h: modules of ll/ that between them use every op, every intrinsic and every variant of both tables, a
 * kernel per use, for the tests of the printers. Operands come from memory, so that nothing folds; results go to
 * memory, so that nothing is dropped.
 */
#ifndef TRITONC_LL_CORPUS_H
#define TRITONC_LL_CORPUS_H

#include "ll/ll.h"

#include <stdio.h>
#include <string.h>

typedef struct Corpus {
  Ctx *cx;
  LLModule *m;
  LLBuilder b; /* in the current kernel */
  LLInst *in, *out;
  int at_in, at_out, kernels, sm;
} Corpus;

static const LLMods plain;

static inline void begin_kernel(Corpus *c, const char *name) {
  LLParam params[] = {{.name = "out", .type = &ll_ptr_global, .align = 16}, {.name = "in", .type = &ll_ptr_global, .align = 16}};
  LLFunc *f = ll_func_new(c->m, ctx_printf(c->cx, "k%d_%s", c->kernels++, name), params, 2);
  f->threads = 128;
  c->b = ll_at_end(ll_entry(f));
  c->out = ll_param(f, 0);
  c->in = ll_param(f, 1);
  LLInst *tid = ll_call(&c->b, LL_TID_X, NULL, NULL);
  c->in = ll_ptradd(&c->b, c->in, ll_op2(&c->b, LL_SHL, tid, ll_const_i32(&c->b, 8)), 0);
  c->out = ll_ptradd(&c->b, c->out, ll_op2(&c->b, LL_SHL, tid, ll_const_i32(&c->b, 14)), 0);
  c->at_in = c->at_out = 0;
}

static inline LLInst *fetch(Corpus *c, const LLType *t) {
  c->at_in += 16;
  if (t == &ll_i1) return ll_icmp(&c->b, LLP_NE, fetch(c, &ll_i32), ll_const_i32(&c->b, 0));
  if (t->kind == LLK_STRUCT) {
    LLInst *fields[128];
    for (int i = 0; i < t->n; i++) fields[i] = fetch(c, t->fields[i]);
    return ll_build_struct(&c->b, fields, t->n);
  }
  if (ll_is_ptr(t) && t->space == 3)
    return ll_ptradd(&c->b, ll_shared(&c->b), ll_op2(&c->b, LL_SHL, ll_call(&c->b, LL_TID_X, NULL, NULL), ll_const_i32(&c->b, 4)), c->at_in);
  if (t == &ll_ptr) return ll_op1(&c->b, LL_ADDRSPACECAST, t, c->in);
  if (t == &ll_ptr_global) return ll_ptradd(&c->b, c->in, NULL, c->at_in);
  return ll_load(&c->b, t, ll_ptradd(&c->b, c->in, NULL, c->at_in), plain);
}

static inline void keep(Corpus *c, LLInst *v) {
  if (v->type == &ll_void) return;
  if (v->type->kind == LLK_STRUCT) {
    for (int i = 0; i < v->type->n; i++) keep(c, ll_extract(&c->b, v, i));
    return;
  }
  if (v->type == &ll_i1) v = ll_op1(&c->b, LL_ZEXT, &ll_i32, v);
  ll_store(&c->b, ll_ptradd(&c->b, c->out, NULL, c->at_out), v, plain);
  c->at_out += 16;
}

static inline void end_kernel(Corpus *c, LLInst *v) {
  if (v) keep(c, v);
  ll_ret(&c->b);
}

static const LLType *const ints[] = {&ll_i8, &ll_i16, &ll_i32, &ll_i64};
static const LLType *const floats[] = {&ll_half, &ll_bfloat, &ll_float, &ll_double, &ll_half2, &ll_bfloat2};

/* ---- LLVM's own operations --------------------------------------------------------------------------------------- */

static inline void corpus_arithmetic(Corpus *c) {
  begin_kernel(c, "int");
  for (size_t t = 0; t < COUNT(ints); t++)
    for (int op = LL_ADD; op <= LL_ASHR; op++) {
      LLInst *x = fetch(c, ints[t]), *y = fetch(c, ints[t]);
      keep(c, ll_op2(&c->b, (LLOp)op, x, y));
      keep(c, ll_op2(&c->b, (LLOp)op, x, ll_const(&c->b, ints[t], 5)));
    }
  for (int op = LL_AND; op <= LL_XOR; op++) keep(c, ll_op2(&c->b, (LLOp)op, fetch(c, &ll_i1), fetch(c, &ll_i1)));
  end_kernel(c, NULL);
  begin_kernel(c, "float");
  for (size_t t = 0; t < COUNT(floats); t++)
    for (int op = LL_FADD; op <= LL_FREM; op++) {
      if (floats[t]->kind == LLK_VECTOR && op > LL_FMUL) continue;
      keep(c, ll_op2(&c->b, (LLOp)op, fetch(c, floats[t]), fetch(c, floats[t])));
      if (op <= LL_FMUL) keep(c, ll_op2f(&c->b, (LLOp)op, fetch(c, floats[t]), fetch(c, floats[t]), LLF_CONTRACT));
      keep(c, ll_op2(&c->b, (LLOp)op, fetch(c, floats[t]), ll_const_float(&c->b, floats[t], 3)));
    }
  for (size_t t = 0; t < COUNT(floats); t++) keep(c, ll_op1(&c->b, LL_FNEG, floats[t], fetch(c, floats[t])));
  end_kernel(c, NULL);
}

static inline void corpus_compare(Corpus *c) {
  begin_kernel(c, "compare");
  for (size_t t = 0; t < COUNT(ints); t++)
    for (int p = LLP_EQ; p <= LLP_SLE; p++) keep(c, ll_icmp(&c->b, (LLPred)p, fetch(c, ints[t]), fetch(c, ints[t])));
  for (int p = LLP_EQ; p <= LLP_SLE; p++) keep(c, ll_icmp(&c->b, (LLPred)p, fetch(c, &ll_i1), fetch(c, &ll_i1)));
  for (size_t t = 0; t < 4; t++)
    for (int p = LLP_OEQ; p <= LLP_UNO; p++) keep(c, ll_fcmp(&c->b, (LLPred)p, fetch(c, floats[t]), fetch(c, floats[t])));
  for (size_t t = 0; t < COUNT(ints); t++) keep(c, ll_select(&c->b, fetch(c, &ll_i1), fetch(c, ints[t]), fetch(c, ints[t])));
  for (size_t t = 0; t < COUNT(floats); t++) keep(c, ll_select(&c->b, fetch(c, &ll_i1), fetch(c, floats[t]), fetch(c, floats[t])));
  keep(c, ll_select(&c->b, fetch(c, &ll_i1), fetch(c, &ll_i1), fetch(c, &ll_i1)));
  end_kernel(c, NULL);
}

static inline void corpus_casts(Corpus *c) {
  static const LLType *const all[] = {&ll_i1, &ll_i8, &ll_i16, &ll_i32, &ll_i64, &ll_half, &ll_bfloat, &ll_float, &ll_double};
  begin_kernel(c, "cast");
  for (size_t f = 0; f < COUNT(all); f++)
    for (size_t t = 0; t < COUNT(all); t++) {
      const LLType *from = all[f], *to = all[t];
      bool fi = ll_is_int(from), ti = ll_is_int(to);
      if (fi && ti && from->bits > to->bits) keep(c, ll_op1(&c->b, LL_TRUNC, to, fetch(c, from)));
      if (fi && ti && from->bits < to->bits) keep(c, ll_op1(&c->b, LL_SEXT, to, fetch(c, from)));
      if (fi && ti && from->bits < to->bits) keep(c, ll_op1(&c->b, LL_ZEXT, to, fetch(c, from)));
      if (!fi && !ti && from->bits > to->bits) keep(c, ll_op1(&c->b, LL_FPTRUNC, to, fetch(c, from)));
      if (!fi && !ti && from->bits < to->bits) keep(c, ll_op1(&c->b, LL_FPEXT, to, fetch(c, from)));
      if (fi && !ti) keep(c, ll_op1(&c->b, LL_SITOFP, to, fetch(c, from)));
      if (fi && !ti) keep(c, ll_op1(&c->b, LL_UITOFP, to, fetch(c, from)));
      if (!fi && ti && to != &ll_i1) keep(c, ll_op1(&c->b, LL_FPTOSI, to, fetch(c, from)));
      if (!fi && ti && to != &ll_i1) keep(c, ll_op1(&c->b, LL_FPTOUI, to, fetch(c, from)));
      if (fi != ti && from->bits == to->bits) keep(c, ll_bitcast(&c->b, to, fetch(c, from)));
    }
  end_kernel(c, NULL);
  begin_kernel(c, "pointer");
  LLInst *shared = fetch(c, &ll_ptr_shared), *generic = ll_op1(&c->b, LL_ADDRSPACECAST, &ll_ptr, shared);
  keep(c, ll_op1(&c->b, LL_PTRTOINT, &ll_i64, generic));
  keep(c, ll_op1(&c->b, LL_PTRTOINT, &ll_i32, ll_op1(&c->b, LL_ADDRSPACECAST, &ll_ptr_shared, generic)));
  LLInst *global = ll_op1(&c->b, LL_ADDRSPACECAST, &ll_ptr_global, fetch(c, &ll_ptr));
  keep(c, ll_op1(&c->b, LL_PTRTOINT, &ll_i64, global));
  keep(c, ll_load(&c->b, &ll_i32, ll_op1(&c->b, LL_INTTOPTR, &ll_ptr_global, fetch(c, &ll_i64)), plain));
  end_kernel(c, NULL);
}

static inline void corpus_vectors(Corpus *c) {
  static const LLType *const elems[] = {&ll_i8, &ll_i16, &ll_i32, &ll_i64, &ll_half, &ll_bfloat, &ll_float, &ll_double};
  begin_kernel(c, "vector");
  for (size_t e = 0; e < COUNT(elems); e++)
    for (int n = 2; n * elems[e]->bits <= 128; n *= 2) {
      LLInst *v = fetch(c, ll_vector(c->m, elems[e], n)), *x[16];
      keep(c, v);
      for (int i = 0; i < n; i++) x[n - 1 - i] = ll_extract(&c->b, v, i);
      keep(c, ll_build_vector(&c->b, x, n)); /* reversed */
      const LLType *as = v->type->bits == 16 ? &ll_i16 : v->type->bits == 32 ? &ll_i32 : v->type->bits == 64 ? &ll_i64 : NULL;
      if (as) keep(c, ll_bitcast(&c->b, v->type, ll_op2(&c->b, LL_XOR, ll_bitcast(&c->b, as, v), ll_const(&c->b, as, 77))));
      else keep(c, ll_bitcast(&c->b, ll_vector(c->m, &ll_i64, 2), v));
    }
  end_kernel(c, NULL);
}

static inline void corpus_memory(Corpus *c) {
  begin_kernel(c, "memory");
  LLInst *pred = fetch(c, &ll_i1);
  const LLType *v4 = ll_vector(c->m, &ll_float, 4);
  for (int cache = LLC_CA; cache <= LLC_CV; cache++) {
    LLMods m = {.cache = (uint8_t)cache};
    if (cache != LLC_CA) keep(c, ll_load_if(&c->b, v4, fetch(c, &ll_ptr_global), pred, fetch(c, v4), m));
    keep(c, ll_load(&c->b, &ll_i8, fetch(c, &ll_ptr_global), m));
  }
  static const LLCache stores[] = {LLC_CG, LLC_CS, LLC_WB, LLC_WT};
  for (size_t s = 0; s < COUNT(stores); s++)
    ll_store_if(&c->b, ll_ptradd(&c->b, c->out, NULL, 256), fetch(c, v4), pred, (LLMods){.cache = (uint8_t)stores[s]});
  for (int e = LLV_NORMAL; e <= LLV_NO_ALLOCATE; e++)
    keep(c, ll_load(&c->b, &ll_i64, fetch(c, &ll_ptr_global), (LLMods){.evict = (uint8_t)e}));
  keep(c, ll_load(&c->b, &ll_i32, fetch(c, &ll_ptr_global), (LLMods){.flags = LLF_VOLATILE}));
  keep(c, ll_load(&c->b, &ll_i32, fetch(c, &ll_ptr_global), (LLMods){.flags = LLF_INVARIANT}));
  keep(c, ll_load(&c->b, &ll_i32, fetch(c, &ll_ptr), plain));
  for (int scope = LLSC_GPU; scope <= LLSC_SYS; scope++) {
    keep(c, ll_load(&c->b, &ll_i32, fetch(c, &ll_ptr_global), (LLMods){.sem = LLS_ACQUIRE, .scope = (uint8_t)scope}));
    ll_store(&c->b, fetch(c, &ll_ptr_global), fetch(c, &ll_i32), (LLMods){.sem = LLS_RELEASE, .scope = (uint8_t)scope});
    ll_build(&c->b, LL_FENCE, &ll_void, (LLMods){.sem = scope == LLSC_SYS ? LLS_SC : LLS_ACQ_REL, .scope = (uint8_t)scope}, 0, NULL, 0);
  }
  ll_store(&c->b, fetch(c, &ll_ptr_shared), fetch(c, v4), plain);
  keep(c, ll_load_if(&c->b, &ll_i16, fetch(c, &ll_ptr_shared), pred, NULL, plain));
  ll_store_if(&c->b, fetch(c, &ll_ptr_shared), fetch(c, &ll_i8), pred, plain);
  end_kernel(c, NULL);
}

static inline void corpus_atomics(Corpus *c) {
  begin_kernel(c, "atomic");
  LLInst *pred = fetch(c, &ll_i1);
  for (size_t t = 2; t < COUNT(ints); t++)
    for (int op = LLR_XCHG; op <= LLR_UMIN; op++)
      for (int space = 1; space <= 3; space += 2)
        for (int k = 0; k < 3; k++) {
          LLMods m = {.sem = k == 0 ? LLS_RELAXED : LLS_ACQ_REL, .scope = k == 2 ? LLSC_SYS : LLSC_GPU};
          LLInst *r = ll_atomic(&c->b, (LLRmw)op, fetch(c, ll_ptr_in(space)), fetch(c, ints[t]), k == 1 ? pred : NULL, m);
          if (k != 2) keep(c, r); /* else red */
        }
  for (int t = 1; t < 4; t++)
    keep(c, ll_cmpxchg(&c->b, fetch(c, &ll_ptr_global), fetch(c, ints[t]), fetch(c, ints[t]), t == 2 ? pred : NULL, plain));
  const LLType *float_types[] = {&ll_float, &ll_double, &ll_half, &ll_half2, &ll_bfloat, &ll_bfloat2,
                                 ll_vector(c->m, &ll_float, 2), ll_vector(c->m, &ll_float, 4), ll_vector(c->m, &ll_half, 8)};
  for (size_t t = 0; t < COUNT(float_types); t++) {
    if (t >= 4 && c->sm < 90) continue;
    keep(c, ll_atomic(&c->b, LLR_FADD, fetch(c, &ll_ptr_global), fetch(c, float_types[t]), NULL, plain));
    ll_atomic(&c->b, LLR_FADD, fetch(c, &ll_ptr_global), fetch(c, float_types[t]), pred, plain);
  }
  end_kernel(c, NULL);
}

static inline void corpus_rest(Corpus *c) {
  begin_kernel(c, "printf");
  LLGlobal *text = ll_global_bytes(c->m, "x %d %f\n", 9);
  LLInst *d = fetch(c, &ll_double), *i = fetch(c, &ll_i32);
  ll_build(&c->b, LL_PRINTF, &ll_void, plain, 0, (LLInst *[]){ll_global(&c->b, text), i, d}, 3);
  end_kernel(c, NULL);
  begin_kernel(c, "rest");
  i = fetch(c, &ll_i32);
  LLInst *g = ll_global(&c->b, text);
  ll_build(&c->b, LL_ASSERTFAIL, &ll_void, plain, 0, (LLInst *[]){g, g, ll_const_i32(&c->b, 7), g}, 4);
  static const LLAsm add = {"add.s32 $0, $1, $2;", "=r,r,r", true};
  keep(c, ll_asm(&c->b, &ll_i32, &add, (LLInst *[]){i, fetch(c, &ll_i32)}, 2));
  static const LLAsm two = {"mov.b64 {$0, $1}, $2;", "=r,=r,l", false};
  keep(c, ll_asm(&c->b, ll_struct(c->m, &ll_i32, 2), &two, (LLInst *[]){fetch(c, &ll_i64)}, 1));
  end_kernel(c, NULL);
}

/* ---- intrinsics -------------------------------------------------------------------------------------------------- */

static inline const LLType *letter_type(char c) {
  switch (c) {
  case 'b': return &ll_i1;
  case 'h': return &ll_i16;
  case 'i': return &ll_i32;
  case 'l': return &ll_i64;
  case 'f': return &ll_float;
  case 'd': return &ll_double;
  case 'H': return &ll_half;
  case 'X': return &ll_half2;
  case 'Y': return &ll_bfloat2;
  case 'p': return &ll_ptr;
  case 'g': return &ll_ptr_global;
  case 's': return &ll_ptr_shared;
  default: return NULL;
  }
}

static inline void intrinsic(Corpus *c, LLOp op, const LLType *any) {
  const LLOpInfo *info = &ll_ops[op];
  LLInst *args[16];
  int n = 0;
  begin_kernel(c, info->id);
  bool immediate = strstr(info->text, "$!") != NULL;
  for (const char *s = info->signature + 2; *s; s++) {
    if (*s == '?') continue;
    const LLType *t = letter_type(*s);
    if (immediate) args[n++] = ll_const(&c->b, t, 8 * (uint64_t)(op == LL_SETMAXNREG_INC || op == LL_SETMAXNREG_DEC) * 10 + 0);
    else args[n++] = fetch(c, t ? t : any);
  }
  /* All lanes take part. */
  if (strncmp(info->id, "SHFL", 4) == 0 || strncmp(info->id, "VOTE", 4) == 0) args[0] = ll_const_i32(&c->b, -1);
  if (strncmp(info->id, "REDUX", 5) == 0) args[1] = ll_const_i32(&c->b, -1);
  bool reduces = op >= LL_TMA_REDUCE_1D && op <= LL_TMA_REDUCE_5D;
  LLMods m = {.variant = op == LL_CP_ASYNC ? 16 : 0, .rmw = reduces ? LLR_ADD : LLR_XCHG};
  end_kernel(c, ll_call_n(&c->b, op, NULL, m, 0, args, n));
}

static inline void corpus_matrix(Corpus *c) {
  const LLType *b32 = &ll_i32;
  if (c->sm >= 75)
    for (int x = 1; x <= 4; x *= 2)
      for (int trans = 0; trans < 2; trans++) {
        LLMods m = {.variant = (uint8_t)x, .flags = trans ? LLF_TRANS : 0};
        const LLType *t = ll_struct(c->m, b32, x);
        begin_kernel(c, "matrix");
        LLInst *v = ll_call_n(&c->b, LL_LDMATRIX, t, m, 0, (LLInst *[]){fetch(c, &ll_ptr_shared)}, 1);
        if (c->sm >= 90) ll_call_n(&c->b, LL_STMATRIX, NULL, m, 0, (LLInst *[]){fetch(c, &ll_ptr_shared), v}, 2);
        end_kernel(c, v);
      }
  for (int v = 0; v < LLM_COUNT; v++) {
    const LLMmaInfo *i = &ll_mma[v];
    if (i->k || i->sm > c->sm) continue;
    begin_kernel(c, "mma");
    const LLType *ab = i->ctype == &ll_double ? &ll_double : b32;
    LLInst *a = fetch(c, ll_struct(c->m, ab, i->a)), *b = fetch(c, ll_struct(c->m, ab, i->b));
    end_kernel(c, ll_mma_sync(&c->b, (LLMma)v, a, b, fetch(c, ll_struct(c->m, i->ctype, i->c))));
  }
}

/* One multiplication of four steps, in registers from the first to the last. */
static inline void wgmma_chain(Corpus *c, LLMma v, int n, bool a_in_registers, unsigned flags) {
  const LLMmaInfo *i = &ll_mma[v];
  begin_kernel(c, "wgmma");
  const LLType *t = ll_struct(c->m, i->ctype, n / (i->ctype == &ll_half2 ? 4 : 2));
  LLInst *a = a_in_registers ? fetch(c, ll_struct(c->m, &ll_i32, 4)) : fetch(c, &ll_i64), *b = fetch(c, &ll_i64);
  LLInst *acc = ll_const(&c->b, t, 0);
  ll_call(&c->b, LL_WGMMA_FENCE, NULL, NULL);
  for (int k = 0; k < 2; k++) acc = ll_wgmma(&c->b, v, n, flags, acc, a, b, ll_const(&c->b, &ll_i1, k != 0));
  ll_call(&c->b, LL_WGMMA_COMMIT, NULL, NULL);
  end_kernel(c, ll_call_n(&c->b, LL_WGMMA_WAIT_ACC, acc->type, plain, 0, &acc, 1));
}

static inline void corpus_wgmma(Corpus *c) {
  for (int v = 0; v < LLM_COUNT; v++) {
    if (!ll_mma[v].k) continue;
    wgmma_chain(c, (LLMma)v, 8, false, 0);
    wgmma_chain(c, (LLMma)v, 64, true, ll_mma[v].tail == 't' ? LLF_TRANS : 0);
  }
  wgmma_chain(c, LLM_WG_F32_F16, 256, false, LLF_TRANS | LLF_TRANS_A);
}

static inline void corpus_intrinsics(Corpus *c) {
  for (int op = LL_FIRST_INTRINSIC; op < LL_OPS; op++) {
    const LLOpInfo *info = &ll_ops[op];
    bool specific = info->sm >= 1000;
    if (specific ? info->sm - 1000 != c->sm : info->sm > c->sm && op != LL_FMIN_NAN && op != LL_FMAX_NAN) continue;
    if (strchr(info->signature, 'A')) continue; /* matrices: above */
    if (strchr(info->signature, 'F')) {
      for (size_t t = 0; t < COUNT(floats); t++) {
        bool pairs = op == LL_FMA || op == LL_FABS || op == LL_FMIN || op == LL_FMAX;
        if (floats[t]->kind != LLK_VECTOR || pairs) intrinsic(c, (LLOp)op, floats[t]);
      }
    } else if (strchr(info->signature, 'N')) {
      for (size_t t = 0; t < COUNT(ints); t++) intrinsic(c, (LLOp)op, ints[t]);
    } else {
      intrinsic(c, (LLOp)op, NULL);
    }
  }
}

/* All that processor `sm` can do. */
static inline LLModule *corpus_module(Ctx *cx, int sm) {
  Corpus c = {.cx = cx, .m = ll_module_new(cx, "corpus"), .sm = sm};
  corpus_arithmetic(&c);
  corpus_compare(&c);
  corpus_casts(&c);
  corpus_vectors(&c);
  corpus_memory(&c);
  corpus_atomics(&c);
  corpus_rest(&c);
  corpus_matrix(&c);
  if (sm == 90) corpus_wgmma(&c);
  corpus_intrinsics(&c);
  return c.m;
}

#endif
