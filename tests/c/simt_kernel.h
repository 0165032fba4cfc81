/* simt_kernel.h: for the tests of the simulated machine: a kernel under construction, its run, and what is expected of
 * it. */
#ifndef TRITONC_SIMT_KERNEL_H
#define TRITONC_SIMT_KERNEL_H

#include "ir/ir.h"
#include "ll_corpus.h"
#include "simt/simt.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* ---- a kernel under construction, and its run -------------------------------------------------------------------- */

typedef struct T {
  Ctx *cx;
  LLModule *m;
  LLFunc *f;
  LLBuilder b;
  LLInst *out, *in, *n, *tid, *lane;
  int threads;
  SimtOptions o;
  SimtReport r;
  Buf printed;
} T;

static inline T start(int threads) {
  T t = {.cx = ctx_new(NULL), .threads = threads};
  assert_non_null(t.cx);
  t.m = ll_module_new(t.cx, "test");
  LLParam params[] = {{.name = "out", .type = &ll_ptr_global, .align = 16},
                      {.name = "in", .type = &ll_ptr_global, .align = 16},
                      {.name = "n", .type = &ll_i32}};
  t.f = ll_func_new(t.m, "kernel", params, 3);
  t.f->threads = threads;
  t.b = ll_at_end(ll_entry(t.f));
  t.out = ll_param(t.f, 0);
  t.in = ll_param(t.f, 1);
  t.n = ll_param(t.f, 2);
  t.tid = ll_call(&t.b, LL_TID_X, NULL, NULL);
  return t;
}

static inline void print_into(void *self, const char *text, size_t n) { buf_write(self, text, n); }

static inline void launch(T *t, uint32_t blocks, size_t shared, void *out, size_t nout, const void *in, size_t nin, int32_t n) {
  const char *wrong = ll_verify(t->cx, t->f);
  if (wrong) print_message("%s\n", wrong);
  assert_null(wrong);
  if (!t->o.buffers.len) {
    simt_add_buffer(t->cx, &t->o, out, nout, false, false);
    if (nin) simt_add_buffer(t->cx, &t->o, in, nin, true, false);
  }
  t->printed.cx = t->cx;
  t->o.print = print_into;
  t->o.self = &t->printed;
  const void *args[] = {&out, &in, &n};
  simt_run(t->cx, t->m, "kernel", (const uint32_t[]){blocks, 1, 1}, t->threads, shared, args, &t->o, &t->r);
}

static inline void expect_clean(T *t) {
  Buf b = {.cx = t->cx};
  if (!simt_print(&b, &t->r)) print_message("%s", buf_text(&b));
  assert_int_equal(t->r.nissues, 0);
  assert_false(t->r.stopped);
}

static inline const SimtIssue *find_issue(const T *t, SimtKind kind) {
  for (uint32_t i = 0; i < t->r.nissues; i++)
    if (t->r.issues[i].kind == kind) return &t->r.issues[i];
  return NULL;
}

/* That bug and no other. */
static inline const SimtIssue *expect_only(T *t, SimtKind kind) {
  const SimtIssue *i = find_issue(t, kind);
  Buf b = {.cx = t->cx};
  simt_print(&b, &t->r);
  for (uint32_t k = 0; k < t->r.nissues; k++)
    if (t->r.issues[k].kind != kind) print_message("%s", buf_text(&b));
  assert_non_null(i);
  for (uint32_t k = 0; k < t->r.nissues; k++) assert_int_equal(t->r.issues[k].kind, kind);
  return i;
}

static inline LLInst *i32(T *t, int32_t x) { return ll_const_i32(&t->b, x); }
static inline LLInst *op(T *t, LLOp o, LLInst *x, LLInst *y) { return ll_op2(&t->b, o, x, y); }
/* base + bytes * index */
static inline LLInst *at(T *t, LLInst *base, LLInst *index, int bytes) {
  return ll_ptradd(&t->b, base, op(t, LL_MUL, index, i32(t, bytes)), 0);
}
static inline LLInst *smem(T *t, LLInst *index, int bytes) { return at(t, ll_shared(&t->b), index, bytes); }
static inline LLInst *get(T *t, const LLType *type, LLInst *p) { return ll_load(&t->b, type, p, plain); }
static inline void put(T *t, LLInst *p, LLInst *v) { ll_store(&t->b, p, v, plain); }
static inline void barrier(T *t) { ll_call(&t->b, LL_BARRIER0, NULL, NULL); }
static inline LLBlock *block(T *t, LLBlock *idom) { return ll_block_new(t->f, idom); }
static inline void go_on_in(T *t, LLBlock *b) { t->b = ll_at_end(b); }
static inline void finish(T *t) { ll_ret(&t->b); }

static uint64_t random_state;
static inline uint64_t rnd(void) {
  random_state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t z = random_state;
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static inline uint64_t mask_of(int bits) { return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1; }
static inline int64_t sign(uint64_t x, int bits) {
  x &= mask_of(bits);
  return bits < 64 && x >> (bits - 1) ? (int64_t)x - (int64_t)(UINT64_C(1) << bits) : (int64_t)x;
}

#endif
