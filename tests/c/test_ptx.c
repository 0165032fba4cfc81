/* test_ptx.c: everything that ll/ can say, through its three ways out: LLVM assembly that llvm-as accepts, PTX that an
 * assembler accepts for every processor, and LLVM's own NVPTX backend; and two kernels as they will be, looked at for
 * what the assembler makes of them: registers, no local memory, no moves of wgmma's accumulators.
 *
 * A tool that is not on this machine is named in the output, and what needs it is not claimed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nvidia/nvidia.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ll_corpus.h"

static const int processors[] = {75, 80, 86, 89, 90, 100, 120};

/* ---- around the context ------------------------------------------------------------------------------------------ */

typedef struct Job {
  void (*run)(Ctx *cx, int arg);
  int arg;
} Job;

static void run_job(Ctx *cx, void *arg) {
  Job *j = arg;
  j->run(cx, j->arg);
}

static void in_context(void (*run)(Ctx *cx, int arg), int arg) {
  Ctx *cx = ctx_new(NULL);
  Job j = {run, arg};
  Err e = ctx_protect(cx, run_job, &j);
  Buf b = {.cx = cx};
  for (const Diag *d = ctx_diags(cx); d; d = d->next) diag_render(&b, d, false);
  if (e) fprintf(stderr, "%.4000s\n", buf_text(&b));
  ctx_free(cx);
  assert_int_equal(e, ERR_NONE);
}

/* Nothing here passes by skipping: without them the tests fail and say what is missing. */
#define NO_ASSEMBLER "an assembler of PTX is needed: ptxas on PATH, or libnvJitLink"
static void need_assembler(void) {
  if (!nvidia_assembler_present(ASSEMBLER_ANY)) fail_msg("%s", NO_ASSEMBLER);
}

static bool have(const char *tool) {
  char command[256];
  snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", tool);
  bool yes = system(command) == 0;
  return yes;
}

static void need(const char *tool) {
  if (!have(tool)) fail_msg("%s is needed on PATH", tool);
}

static int run_on_text(const char *text, const char *format) {
  char path[] = "/tmp/tritonc-test-XXXXXX", command[512];
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *f = fdopen(fd, "w");
  assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
  snprintf(command, sizeof command, format, path, path);
  int rc = system(command);
  if (rc != 0)
    fprintf(stderr, "failed: %s\n", command);
  else
    unlink(path);
  snprintf(command, sizeof command, "%s.ptx", path);
  unlink(command);
  return rc;
}

static void legalize(Ctx *cx, LLModule *m, int sm) {
  for (LLFunc *f = m->first; f; f = f->next) {
    const char *wrong = ll_verify(cx, f);
    if (wrong) fail_msg("%s", wrong);
    ll_legalize(f, sm);
    wrong = ll_verify(cx, f);
    if (wrong) fail_msg("after ll_legalize: %s", wrong);
  }
}

static char *llvm_text(Ctx *cx, LLModule *m, int sm) {
  Buf b = {.cx = cx};
  ll_print(&b, m, sm, true);
  return buf_text(&b);
}

static char *ptx_text(Ctx *cx, LLModule *m, int sm) {
  Buf b = {.cx = cx};
  ptx_print(&b, m, (PtxOptions){.sm = sm, .line_info = true});
  return buf_text(&b);
}

static Cubin to_cubin(Ctx *cx, LLModule *m, int sm, const char *entry) {
  return nvidia_assemble(cx, ptx_text(cx, m, sm), entry,
                         (AssembleOptions){.only = ASSEMBLER_ANY, .opt_level = 3, .line_info = true});
}

/* ---- the whole tables -------------------------------------------------------------------------------------------- */

static void accepted_by_llvm_as(Ctx *cx, int sm) {
  const char *text = llvm_text(cx, corpus_module(cx, sm), sm);
  need("llvm-as-19");
  assert_int_equal(run_on_text(text, "llvm-as-19 -o /dev/null %s"), 0);
  if (have("llvm-as-22")) assert_int_equal(run_on_text(text, "llvm-as-22 -o /dev/null %s"), 0);
}

static void accepted_by_assembler(Ctx *cx, int sm) {
  LLModule *m = corpus_module(cx, sm);
  legalize(cx, m, sm);
  Cubin c = to_cubin(cx, m, sm, "k0_int");
  if (c.assembler == ASSEMBLER_NONE) fail_msg("%s", NO_ASSEMBLER);
  assert_non_null(c.bytes);
  assert_in_range(c.regs, 8, 255);
}

static void accepted_by_llvm_backend(Ctx *cx, int sm) {
  need("llc-19");
  need("ptxas");
  LLModule *m = corpus_module(cx, sm);
  legalize(cx, m, sm);
  const char *a = sm == 90 ? "a" : "";
  const char *format = ctx_printf(cx,
                                  "f=%%s; llc-19 -mcpu=sm_%d%s -mattr=+ptx84 -nvptx-short-ptr $f -o $f.ptx && "
                                  "ptxas -w -arch=sm_%d%s $f.ptx -o /dev/null",
                                  sm, a, sm, a);
  assert_int_equal(run_on_text(llvm_text(cx, m, sm), format), 0);
}

static void tables_as_llvm(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(processors); i++) in_context(accepted_by_llvm_as, processors[i]);
}

static void tables_as_ptx(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(processors); i++) in_context(accepted_by_assembler, processors[i]);
}

static void tables_through_llvm(void **state) {
  (void)state;
  in_context(accepted_by_llvm_backend, 75);
  in_context(accepted_by_llvm_backend, 80);
  in_context(accepted_by_llvm_backend, 90);
}

/* ---- vector add, a mask, four elements per thread ---------------------------------------------------------------- */

static LLModule *vector_add(Ctx *cx) {
  LLModule *m = ll_module_new(cx, "add");
  LLParam params[] = {{.name = "x", .type = &ll_ptr_global, .align = 16},
                      {.name = "y", .type = &ll_ptr_global, .align = 16},
                      {.name = "z", .type = &ll_ptr_global, .align = 16},
                      {.name = "n", .type = &ll_i32, .align = 16}};
  LLFunc *f = ll_func_new(m, "add", params, 4);
  f->threads = 128;
  static const LLLoc here = {.file = "/k/add.py", .function = "add", .line = 5, .col = 3};
  static const LLLoc inner = {.file = "/k/lib.py", .function = "plus", .line = 9, .col = 1, .inlined_at = &here};
  f->loc = &here;
  LLBuilder b = ll_at_end(ll_entry(f));
  b.loc = &here;
  LLInst *lane = ll_op2(&b, LL_SHL, ll_call(&b, LL_TID_X, NULL, NULL), ll_const_i32(&b, 2));
  LLInst *block = ll_op2(&b, LL_MUL, ll_call(&b, LL_CTAID_X, NULL, NULL), ll_const_i32(&b, 1024));
  const LLType *v4 = ll_vector(m, &ll_float, 4);
  for (int half = 0; half < 2; half++) {
    LLInst *at = ll_op2(&b, LL_ADD, block, ll_op2(&b, LL_OR, lane, ll_const_i32(&b, 512 * half)));
    LLInst *mask = ll_icmp(&b, LLP_SLT, at, ll_param(f, 3));
    LLInst *bytes = ll_op2(&b, LL_SHL, ll_int_cast(&b, &ll_i64, at, true), ll_const_i64(&b, 2));
    LLInst *v[2], *sum[4], *zero = ll_const(&b, v4, 0);
    for (int k = 0; k < 2; k++) v[k] = ll_load_if(&b, v4, ll_ptradd(&b, ll_param(f, k), bytes, 0), mask, zero, plain);
    b.loc = &inner;
    for (int e = 0; e < 4; e++)
      sum[e] = ll_op2f(&b, LL_FADD, ll_extract(&b, v[0], e), ll_extract(&b, v[1], e), LLF_CONTRACT);
    b.loc = &here;
    ll_store_if(&b, ll_ptradd(&b, ll_param(f, 2), bytes, 0), ll_build_vector(&b, sum, 4), mask, plain);
  }
  ll_ret(&b);
  return m;
}

static int occurrences(const char *text, const char *what) {
  int n = 0;
  for (; (text = strstr(text, what)); text++) n++;
  return n;
}

static void look_at_add(Ctx *cx, int sm) {
  LLModule *m = vector_add(cx);
  ll_optimize(m->first, sm);
  legalize(cx, m, sm);
  const char *ptx = ptx_text(cx, m, sm);
  assert_int_equal(occurrences(ptx, "ld.global.v4.b32"), 4);
  assert_int_equal(occurrences(ptx, "st.global.v4.b32"), 2);
  /* The second half's addresses are the first half's and an offset: one wide addition per pointer. */
  assert_int_equal(occurrences(ptx, "+2048]"), 3);
  assert_int_equal(occurrences(ptx, "add.s64"), 3);
  assert_non_null(strstr(ptx, "inlined_at 1 5 3"));
  assert_non_null(strstr(ptx, ".reqntid 128"));
  Cubin c = to_cubin(cx, m, sm, "add");
  if (c.assembler == ASSEMBLER_NONE) fail_msg("%s", NO_ASSEMBLER);
  assert_in_range(c.regs, 8, 40);
  assert_int_equal(c.spill_stores, 0);
  assert_int_equal(c.stack, 0);
}

static void vector_add_is_good(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(processors); i++) in_context(look_at_add, processors[i]);
}

/* An attempt that the assembler refuses: no cubin, and its words. */
static void look_at_refusal(Ctx *cx, int sm) {
  const char *ptx = ctx_printf(cx, ".version 7.8\n.target sm_%d\n.visible .entry k() { nonsense; }\n", sm);
  Cubin c = nvidia_assemble(cx, ptx, "k", (AssembleOptions){.only = ASSEMBLER_ANY, .opt_level = 3, .may_refuse = true});
  if (c.assembler == ASSEMBLER_NONE) fail_msg("%s", NO_ASSEMBLER);
  assert_null(c.bytes);
  assert_true(strlen(c.log) > 0);
}

static void an_attempt_may_be_refused(void **state) {
  (void)state;
  in_context(look_at_refusal, 90);
}

/* Of four loads each of which is at the address that the one before found, and of four that are there at once. */
static int trips_of(Ctx *cx, int sm, const char *loads) {
  const char *ptx =
      ctx_printf(cx,
                 ".version 7.8\n.target sm_%d\n.address_size 64\n.visible .entry k(.param .u64 p) {\n"
                 ".reg .b64 %%p<5>;\nld.param.u64 %%p0, [p];\n%sst.global.u64 [%%p0+64], %%p4;\nret;\n}\n",
                 sm, loads);
  Cubin c = nvidia_assemble(cx, ptx, "k", (AssembleOptions){.only = ASSEMBLER_ANY, .opt_level = 3});
  if (c.assembler == ASSEMBLER_NONE) fail_msg("%s", NO_ASSEMBLER);
  assert_int_equal(nvidia_cubin_waits(c.bytes, c.len, "another"), 0);
  return nvidia_cubin_waits(c.bytes, c.len, "k");
}

static void look_at_trips(Ctx *cx, int sm) {
  assert_int_equal(trips_of(cx, sm,
                            "ld.global.u64 %p1, [%p0];\nld.global.u64 %p2, [%p1];\nld.global.u64 %p3, [%p2];\n"
                            "ld.global.u64 %p4, [%p3];\n"),
                   4);
  assert_in_range(trips_of(cx, sm,
                           "ld.global.u64 %p1, [%p0];\nld.global.u64 %p2, [%p0+8];\nld.global.u64 %p3, [%p0+16];\n"
                           "ld.global.u64 %p4, [%p0+24];\nxor.b64 %p4, %p4, %p3;\nxor.b64 %p4, %p4, %p2;\n"
                           "xor.b64 %p4, %p4, %p1;\n"),
                  1, 3);
}

static void waits_for_loads_are_counted(void **state) {
  (void)state;
  in_context(look_at_trips, 80);
  in_context(look_at_trips, 90);
}

/* ---- a loop of mma.sync over a 64x64x16 tile, one warp ----------------------------------------------------------- */

/* Rows of 32 bytes in shared memory; A at 0, B at 2048, per step 4096 bytes further. */
static LLModule *mma_loop(Ctx *cx) {
  LLModule *m = ll_module_new(cx, "mma");
  LLParam params[] = {{.name = "out", .type = &ll_ptr_global, .align = 16}, {.name = "steps", .type = &ll_i32}};
  LLFunc *f = ll_func_new(m, "mma_loop", params, 2);
  f->threads = 32;
  LLBlock *head = ll_block_new(f, ll_entry(f)), *body = ll_block_new(f, head), *done = ll_block_new(f, head);
  LLBuilder b = ll_at_end(ll_entry(f));
  const LLType *c4 = ll_struct(m, &ll_float, 4), *r4 = ll_struct(m, &ll_i32, 4);
  LLInst *lane = ll_call(&b, LL_TID_X, NULL, NULL), *init[33], *acc[33], *next[33];
  init[0] = ll_const_i32(&b, 0);
  for (int i = 1; i < 33; i++) init[i] = ll_const(&b, c4, 0);
  ll_br(&b, head, init, 33);
  acc[0] = ll_block_param(head, &ll_i32);
  for (int i = 1; i < 33; i++) acc[i] = ll_block_param(head, c4);
  b = ll_at_end(head);
  ll_cond_br(&b, ll_icmp(&b, LLP_SLT, acc[0], ll_param(f, 1)), body, NULL, 0, done, NULL, 0);
  b = ll_at_end(body);
  LLInst *row = ll_op2(&b, LL_SHL, ll_op2(&b, LL_AND, lane, ll_const_i32(&b, 15)), ll_const_i32(&b, 5));
  LLInst *column = ll_op2(&b, LL_AND, lane, ll_const_i32(&b, 16));
  LLInst *at = ll_op2(&b, LL_ADD, ll_op2(&b, LL_OR, row, column), ll_op2(&b, LL_SHL, acc[0], ll_const_i32(&b, 12)));
  LLInst *tile = ll_ptradd(&b, ll_shared(&b), at, 0), *a[4], *bt[8];
  const LLMods x4 = {.variant = 4};
  for (int i = 0; i < 4; i++)
    a[i] = ll_call_n(&b, LL_LDMATRIX, r4, x4, 0, (LLInst *[]){ll_ptradd(&b, tile, NULL, 512 * i)}, 1);
  for (int i = 0; i < 4; i++) {
    LLInst *v = ll_call_n(&b, LL_LDMATRIX, r4, x4, 0, (LLInst *[]){ll_ptradd(&b, tile, NULL, 2048 + 512 * i)}, 1),
           *r[4];
    for (int e = 0; e < 4; e++) r[e] = ll_extract(&b, v, e);
    bt[2 * i] = ll_build_struct(&b, (LLInst *[]){r[0], r[2]}, 2);
    bt[2 * i + 1] = ll_build_struct(&b, (LLInst *[]){r[1], r[3]}, 2);
  }
  for (int i = 0; i < 32; i++) next[i + 1] = ll_mma_sync(&b, LLM_M16N8K16_F32_F16, a[i / 8], bt[i % 8], acc[i + 1]);
  next[0] = ll_op2f(&b, LL_ADD, acc[0], ll_const_i32(&b, 1), LLF_NSW);
  ll_br(&b, head, next, 33);
  b = ll_at_end(done);
  LLInst *out = ll_ptradd(&b, ll_param(f, 0), ll_op2(&b, LL_SHL, lane, ll_const_i32(&b, 9)), 0);
  for (int i = 0; i < 32; i++) {
    LLInst *h[4];
    for (int e = 0; e < 4; e++) h[e] = ll_op1(&b, LL_FPTRUNC, &ll_half, ll_extract(&b, acc[i + 1], e));
    ll_store(&b, ll_ptradd(&b, out, NULL, 8 * i), ll_build_vector(&b, h, 4), plain);
  }
  ll_ret(&b);
  return m;
}

static void look_at_mma(Ctx *cx, int sm) {
  LLModule *m = mma_loop(cx);
  ll_optimize(m->first, sm);
  legalize(cx, m, sm);
  const char *ptx = ptx_text(cx, m, sm);
  assert_int_equal(occurrences(ptx, "mma.sync.aligned.m16n8k16"), 32);
  assert_int_equal(occurrences(ptx, "ldmatrix"), 8);
  assert_int_equal(occurrences(ptx, "cvt.rn.f16x2.f32"), 64); /* pairs */
  Cubin c = to_cubin(cx, m, sm, "mma_loop");
  if (c.assembler == ASSEMBLER_NONE) fail_msg("%s", NO_ASSEMBLER);
  assert_in_range(c.regs, 128, 200); /* 128 accumulators, 32 fragments, addresses */
  assert_int_equal(c.spill_stores, 0);
  assert_int_equal(c.stack, 0);
}

static void mma_loop_is_good(void **state) {
  (void)state;
  for (size_t i = 1; i < COUNT(processors); i++) in_context(look_at_mma, processors[i]);
}

/* ---- wgmma: the accumulators stay where they are ----------------------------------------------------------------- */

static LLModule *wgmma_loop(Ctx *cx, int n) {
  LLModule *m = ll_module_new(cx, "wgmma");
  LLParam params[] = {{.name = "out", .type = &ll_ptr_global, .align = 16},
                      {.name = "steps", .type = &ll_i32},
                      {.name = "a", .type = &ll_i64},
                      {.name = "b", .type = &ll_i64}};
  LLFunc *f = ll_func_new(m, "wgmma_loop", params, 4);
  f->threads = 128;
  LLBlock *body = ll_block_new(f, ll_entry(f)), *done = ll_block_new(f, body);
  LLBuilder b = ll_at_end(ll_entry(f));
  const LLType *t = ll_struct(m, &ll_float, n / 2);
  LLInst *init[] = {ll_const_i32(&b, 0), ll_const(&b, t, 0)};
  ll_br(&b, body, init, 2);
  LLInst *i = ll_block_param(body, &ll_i32), *acc = ll_block_param(body, t);
  b = ll_at_end(body);
  ll_call(&b, LL_WGMMA_FENCE, NULL, NULL);
  LLInst *v = acc;
  for (int k = 0; k < 4; k++)
    v = ll_wgmma(&b, LLM_WG_F32_BF16, n, 0, v, ll_op2(&b, LL_ADD, ll_param(f, 2), ll_const_i64(&b, 2 * k)),
                 ll_op2(&b, LL_ADD, ll_param(f, 3), ll_const_i64(&b, 2 * k)), ll_true(&b));
  ll_call(&b, LL_WGMMA_COMMIT, NULL, NULL);
  v = ll_call_n(&b, LL_WGMMA_WAIT_ACC, t, plain, 0, &v, 1);
  LLInst *next[] = {ll_op2f(&b, LL_ADD, i, ll_const_i32(&b, 1), LLF_NSW), v};
  ll_cond_br(&b, ll_icmp(&b, LLP_SLT, next[0], ll_param(f, 1)), body, next, 2, done, NULL, 0);
  b = ll_at_end(done);
  LLInst *lane = ll_call(&b, LL_TID_X, NULL, NULL);
  LLInst *out = ll_ptradd(&b, ll_param(f, 0), ll_op2(&b, LL_SHL, lane, ll_const_i32(&b, 10)), 0);
  for (int e = 0; e < n / 2; e++) ll_store(&b, ll_ptradd(&b, out, NULL, 4 * e), ll_extract(&b, v, e), plain);
  ll_ret(&b);
  return m;
}

static void look_at_wgmma(Ctx *cx, int n) {
  LLModule *m = wgmma_loop(cx, n);
  ll_optimize(m->first, 90);
  legalize(cx, m, 90);
  const char *ptx = ptx_text(cx, m, 90);
  assert_non_null(strstr(ptx, ".target sm_90a"));
  const char *loop = strstr(ptx, "$L1:"), *end = strstr(ptx, "$L2:");
  assert_true(loop && end && loop < end);
  char *text = ctx_strndup(cx, loop, (size_t)(end - loop));
  assert_int_equal(occurrences(text, "wgmma.mma_async"), 4);
  assert_null(strstr(text, "mov.b32")); /* not one accumulator is moved in the loop */
  Cubin c = to_cubin(cx, m, 90, "wgmma_loop");
  if (c.assembler == ASSEMBLER_NONE) fail_msg("%s", NO_ASSEMBLER);
  assert_null(strstr(c.log, "serialized"));
  assert_in_range(c.regs, n / 2, n / 2 + 40);
  assert_int_equal(c.spill_stores, 0);
}

static void wgmma_accumulators_stay(void **state) {
  (void)state;
  in_context(look_at_wgmma, 64);
  in_context(look_at_wgmma, 256);
}

/* ---- out of SSA -------------------------------------------------------------------------------------------------- */

/* Two values that change places each time round: a parallel copy with a cycle, which needs a third register. */
static void swap_needs_scratch(Ctx *cx, int sm) {
  LLModule *m = ll_module_new(cx, "swap");
  LLParam params[] = {{.name = "out", .type = &ll_ptr_global},
                      {.name = "n", .type = &ll_i32},
                      {.name = "p", .type = &ll_i32},
                      {.name = "q", .type = &ll_i32}};
  LLFunc *f = ll_func_new(m, "swap", params, 4);
  LLBlock *body = ll_block_new(f, ll_entry(f)), *done = ll_block_new(f, body);
  LLBuilder b = ll_at_end(ll_entry(f));
  ll_br(&b, body, (LLInst *[]){ll_param(f, 1), ll_param(f, 2), ll_param(f, 3)}, 3);
  LLInst *n = ll_block_param(body, &ll_i32), *x = ll_block_param(body, &ll_i32), *y = ll_block_param(body, &ll_i32);
  b = ll_at_end(body);
  LLInst *less = ll_op2(&b, LL_ADD, n, ll_const_i32(&b, -1));
  ll_cond_br(&b, ll_icmp(&b, LLP_NE, less, ll_const_i32(&b, 0)), body, (LLInst *[]){less, y, x}, 3, done, NULL, 0);
  b = ll_at_end(done);
  ll_store(&b, ll_param(f, 0), ll_op2(&b, LL_SUB, x, y), plain);
  ll_ret(&b);
  assert_null(ll_verify(cx, f));
  /* x and y are read behind the loop, so the moves are the way back's alone, and it is the branch itself that goes
   * back; what goes to the third register nobody else reads, and needs no condition. */
  const char *ptx = ptx_text(cx, m, sm), *edge = strstr(ptx, "@%p0 mov.b32");
  assert_non_null(edge);
  while (edge > ptx && edge[-1] != ';') edge--;
  do edge--;
  while (edge > ptx && edge[-1] != ';'); /* from the instruction before it on */
  char r[3][2][16], target[16] = "";
  assert_int_equal(sscanf(edge,
                          " mov.b32 %15[^,], %15[^;]; @%%p0 mov.b32 %15[^,], %15[^;]; @%%p0 mov.b32 %15[^,], "
                          "%15[^;]; @%%p0 bra %15[^;];",
                          r[0][0], r[0][1], r[1][0], r[1][1], r[2][0], r[2][1], target),
                   7);
  assert_true(strstr(ptx, ctx_printf(cx, "%s:", target)) < edge);
  /* t = a; a = b; b = t in some order of names */
  assert_string_equal(r[1][0], r[0][1]);
  assert_string_equal(r[2][0], r[1][1]);
  assert_string_equal(r[2][1], r[0][0]);
}

static void swaps_are_parallel(void **state) {
  (void)state;
  in_context(swap_needs_scratch, 80);
}

/* ---- the assembler ----------------------------------------------------------------------------------------------- */

static void assemble_nonsense(Ctx *cx, void *arg) {
  (void)arg;
  nvidia_assemble(cx, ".version 8.0\n.target sm_80\n.address_size 64\n.entry k() { nonsense; }\n", "k",
                  (AssembleOptions){.only = ASSEMBLER_ANY, .opt_level = 3});
}

static void refusal_is_an_internal_error(void **state) {
  (void)state;
  need_assembler();
  Ctx *cx = ctx_new(NULL);
  assert_int_equal(ctx_protect(cx, assemble_nonsense, NULL), ERR_INTERNAL);
  const char *kept = strstr(ctx_diags(cx)->message, "kept in ");
  assert_non_null(kept);
  kept += strlen("kept in ");
  char *path = ctx_strndup(cx, kept, strcspn(kept, ":\n"));
  assert_non_null(strstr(file_read(cx, path, NULL), "nonsense"));
  unlink(path);
  ctx_free(cx);
}

/* Every assembler that is here gives the same figures. */
static void compare_assemblers(Ctx *cx, int sm) {
  LLModule *m = vector_add(cx);
  legalize(cx, m, sm);
  const char *ptx = ptx_text(cx, m, sm);
  int regs = -1;
  for (int k = ASSEMBLER_LIBRARY; k <= ASSEMBLER_PTXAS; k++) {
    if (!nvidia_assembler_present((AssemblerKind)k)) {
      print_message("%s is not on this machine\n", nvidia_assembler_name((AssemblerKind)k));
      continue;
    }
    Cubin c = nvidia_assemble(cx, ptx, "add", (AssembleOptions){.only = (AssemblerKind)k, .opt_level = 3});
    assert_int_equal(c.assembler, k);
    assert_in_range(c.regs, 8, 40);
    if (regs >= 0) assert_int_equal(c.regs, regs);
    regs = c.regs;
    Cubin from_elf = {.regs = -1, .stack = -1};
    assert_true(nvidia_cubin_resources(c.bytes, c.len, "add", &from_elf));
    assert_int_equal(from_elf.regs, c.regs);
    assert_int_equal(from_elf.params, 4);
    assert_false(nvidia_cubin_resources(c.bytes, c.len / 2, "add", &from_elf));
  }
}

static void assemblers_agree(void **state) {
  (void)state;
  in_context(compare_assemblers, 90);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables_as_llvm),
      cmocka_unit_test(tables_as_ptx),
      cmocka_unit_test(tables_through_llvm),
      cmocka_unit_test(vector_add_is_good),
      cmocka_unit_test(an_attempt_may_be_refused),
      cmocka_unit_test(waits_for_loads_are_counted),
      cmocka_unit_test(mma_loop_is_good),
      cmocka_unit_test(wgmma_accumulators_stay),
      cmocka_unit_test(swaps_are_parallel),
      cmocka_unit_test(refusal_is_an_internal_error),
      cmocka_unit_test(assemblers_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
