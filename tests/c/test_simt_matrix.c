/* test_simt_matrix.c: the simulated machine's tensor cores and copy engines, against the PTX ISA's tables and sums in
 * double; all that ll/ has, run once; and a matrix multiplication, with its time.
 */
#include "simt_kernel.h"

/* ---- matrices ---------------------------------------------------------------------------------------------------- */

/* Rows of an 8x8 matrix of 16 bits in shared memory; thread l of ldmatrix gets row l/4, columns 2(l%4) and the next. */
static void test_ldmatrix(void **state) {
  (void)state;
  for (int trans = 0; trans < 2; trans++) {
    uint16_t in[256], out[256], back[256];
    for (int i = 0; i < 256; i++) in[i] = (uint16_t)(i * 7 + 1);
    T t = start(32);
    const LLType *v4 = ll_vector(t.m, &ll_i32, 4);
    LLMods mods = {.variant = 4, .flags = trans ? LLF_TRANS : 0};
    put(&t, smem(&t, t.tid, 16), get(&t, v4, at(&t, t.in, t.tid, 16)));
    ll_call(&t.b, LL_BARRIER_WARP, NULL, i32(&t, -1), NULL);
    LLInst *row = smem(&t, t.tid, 16), *other = ll_ptradd(&t.b, row, NULL, 512);
    LLInst *x = ll_call_n(&t.b, LL_LDMATRIX, ll_struct(t.m, &ll_i32, 4), mods, 0, &row, 1);
    ll_call_n(&t.b, LL_STMATRIX, NULL, mods, 0, (LLInst *[]){other, x}, 2);
    for (int m = 0; m < 4; m++)
      put(&t, ll_ptradd(&t.b, at(&t, t.out, t.tid, 4), NULL, 128 * m), ll_extract(&t.b, x, m));
    put(&t, ll_ptradd(&t.b, at(&t, t.out, t.tid, 16), NULL, 512), get(&t, v4, other));
    finish(&t);
    uint16_t both[512];
    launch(&t, 1, 1024, both, sizeof both, in, sizeof in, 0);
    expect_clean(&t);
    memcpy(out, both, 512);
    memcpy(back, both + 256, 512);
    for (int m = 0; m < 4; m++)
      for (int l = 0; l < 32; l++)
        for (int k = 0; k < 2; k++) {
          int r = l / 4, c = l % 4 * 2 + k;
          assert_int_equal(out[m * 64 + l * 2 + k], in[m * 64 + (trans ? c * 8 + r : r * 8 + c)]);
        }
    assert_memory_equal(back, in, sizeof in); /* stored as it was loaded */
    ctx_free(t.cx);
  }
}

static double small(int i, bool is_signed) {
  return is_signed ? (double)((i * 7 + i / 5) % 9 - 4) : (double)(i * 5 % 7);
}

typedef struct Elem {
  const char *name;
  int bytes;
  FloatKind kind; /* -1: an integer */
} Elem;
static const Elem elems[] = {{"f16", 2, F16},        {"bf16", 2, BF16},      {"tf32", 4, F32},      {"f64", 8, F64},
                             {"s8", 1, FLOAT_KINDS}, {"u8", 1, FLOAT_KINDS}, {"e4m3", 1, F8E4M3FN}, {"e5m2", 1, F8E5M2},
                             {"f32", 4, F32},        {"s32", 4, FLOAT_KINDS}};
static const Elem *elem_named(const char *s, int field) {
  while (field--) s = strchr(s, '.') + 1;
  for (size_t i = 0; i < COUNT(elems); i++)
    if (!strncmp(elems[i].name, s, strcspn(s, ".")) && strlen(elems[i].name) == strcspn(s, ".")) return &elems[i];
  return NULL;
}
static void put_elem(const Elem *e, void *p, double x) {
  uint64_t bits = e->kind == FLOAT_KINDS ? (uint64_t)(int64_t)x : ir_float_encode(e->kind, x);
  memcpy(p, &bits, (size_t)e->bytes);
}
static double get_elem(const Elem *e, const void *p) {
  uint64_t bits = 0;
  memcpy(&bits, p, (size_t)e->bytes);
  return e->kind != FLOAT_KINDS ? ir_float_decode(e->kind, bits) : (double)sign(bits, 8 * e->bytes);
}

/* Where the PTX ISA's tables put element `i` of thread `l`: of a (row, k), of b (k, column), of c (row, column). */
static void place_a(int m, int per, int i, int l, int *row, int *k) {
  int reg = i / per, upper = m == 16 && reg % 2;
  *row = l / 4 + 8 * upper;
  *k = (m == 16 ? reg / 2 : reg) * 4 * per + l % 4 * per + i % per;
}
static void place_b(int per, int i, int l, int *k, int *column) {
  *k = i / per * 4 * per + l % 4 * per + i % per;
  *column = l / 4;
}
static void place_c(int i, int l, int *row, int *column) {
  *row = l / 4 + 8 * (i / 2);
  *column = l % 4 * 2 + i % 2;
}

static void check_mma(LLMma v) {
  const LLMmaInfo *info = &ll_mma[v];
  int types_at = strstr(info->text, ".satfinite") ? 4 : 3; /* of the fields between dots */
  const Elem *d = elem_named(info->text, types_at), *a = elem_named(info->text, types_at + 1),
             *b = elem_named(info->text, types_at + 2);
  int m = info->text[1] == '8' ? 8 : 16, k = atoi(strchr(info->text, 'k') + 1);
  int per_a = a->bytes == 8 ? 1 : 4 / a->bytes, reg = a->bytes == 8 ? 8 : 4, creg = d->bytes == 8 ? 8 : 4;
  uint8_t in[32][128] = {{0}}, out[32][64];
  double A[16][32], B[32][8], C[16][8], D[16][8];
  bool is_signed = strcmp(a->name, "u8") != 0;
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 32; j++) A[i][j] = small(i * 32 + j, is_signed);
  for (int i = 0; i < 32; i++)
    for (int j = 0; j < 8; j++) B[i][j] = small(i * 8 + j + 3, is_signed);
  for (int i = 0; i < m; i++)
    for (int j = 0; j < 8; j++) {
      D[i][j] = C[i][j] = small(i * 8 + j + 5, true);
      for (int p = 0; p < k; p++) D[i][j] += A[i][p] * B[p][j];
    }
  int offset_b = info->a * reg, offset_c = offset_b + info->b * reg, row, column, kk;
  for (int l = 0; l < 32; l++) {
    for (int i = 0; i < info->a * per_a; i++)
      place_a(m, per_a, i, l, &row, &kk), put_elem(a, in[l] + i * a->bytes, A[row][kk]);
    for (int i = 0; i < info->b * per_a; i++)
      place_b(per_a, i, l, &kk, &column), put_elem(b, in[l] + offset_b + i * b->bytes, B[kk][column]);
    for (int i = 0; i < m / 4; i++)
      place_c(i, l, &row, &column), put_elem(d, in[l] + offset_c + i * d->bytes, C[row][column]);
  }
  T t = start(32);
  const LLType *word = reg == 8 ? &ll_double : &ll_i32, *types[] = {word, word, info->ctype};
  const int counts[] = {info->a, info->b, info->c};
  LLInst *operand[3], *base = at(&t, t.in, t.tid, 128);
  int at_byte = 0;
  for (int o = 0; o < 3; o++) {
    LLInst *regs[8];
    for (int i = 0; i < counts[o]; i++, at_byte += o == 2 ? creg : reg)
      regs[i] = get(&t, types[o], ll_ptradd(&t.b, base, NULL, at_byte));
    operand[o] = ll_build_struct(&t.b, regs, counts[o]);
  }
  LLInst *r = ll_mma_sync(&t.b, v, operand[0], operand[1], operand[2]);
  for (int i = 0; i < info->c; i++)
    put(&t, ll_ptradd(&t.b, at(&t, t.out, t.tid, 64), NULL, i * creg), ll_extract(&t.b, r, i));
  finish(&t);
  launch(&t, 1, 0, out, sizeof out, in, sizeof in, 0);
  expect_clean(&t);
  for (int l = 0; l < 32; l++)
    for (int i = 0; i < m / 4; i++) {
      place_c(i, l, &row, &column);
      double got = get_elem(d, out[l] + i * d->bytes);
      if (got != D[row][column]) fail_msg("%s: [%d][%d] is %g, not %g", info->text, row, column, got, D[row][column]);
    }
  ctx_free(t.cx);
}

static void test_mma(void **state) {
  (void)state;
  for (int v = 0; v < LLM_COUNT; v++)
    if (!ll_mma[v].k) check_mma((LLMma)v);
}

/* Where chunk `c` (16 bytes) of line `r` is in a swizzled tile: mode 0 none, else lines of 32, 64, 128 bytes. */
static int swizzled(int mode, int r, int c) {
  switch (mode) {
  case 1: return r * 32 + (c ^ (r / 4 & 1)) * 16;
  case 2: return r * 64 + (c ^ (r / 2 & 3)) * 16;
  case 3: return r * 128 + (c ^ (r & 7)) * 16;
  default: return r / 8 * 256 + c * 128 + r % 8 * 16;
  }
}

/* 64 x n x k once, operands in the given swizzle; `trans`: B has its columns side by side (only lines of 128 bytes
 * here). */
static void check_wgmma(LLMma v, int mode, bool a_in_registers, bool trans) {
  const LLMmaInfo *info = &ll_mma[v];
  const Elem *d = elem_named(info->text, 1), *ea = elem_named(info->text, 2), *eb = elem_named(info->text, 3);
  enum { N = 64, BYTES = 64 * 128 };
  static uint8_t in[3 * BYTES], out[128 * 256];
  int k = info->k, nregs = N / (info->ctype == &ll_half2 ? 4 : 2), per = 4 / ea->bytes, row, kk, column;
  bool is_signed = strcmp(ea->name, "u8") != 0;
  memset(in, 0, sizeof in);
  for (int i = 0; i < 64; i++)
    for (int p = 0; p < k; p++) {
      int bytes = p * ea->bytes, bn = i * eb->bytes;
      put_elem(ea, in + swizzled(mode, i, bytes / 16) + bytes % 16, small(i * 32 + p, is_signed));
      put_elem(eb,
               in + BYTES + (trans ? swizzled(3, p, bn / 16) + bn % 16 : swizzled(mode, i, bytes / 16) + bytes % 16),
               small(p * 64 + i + 3, is_signed));
    }
  for (int l = 0; l < 128; l++)
    for (int i = 0; i < 4 * per; i++) {
      place_a(16, per, i, l % 32, &row, &kk);
      put_elem(ea, in + 2 * BYTES + 16 * l + i * ea->bytes, small((row + l / 32 * 16) * 32 + kk, is_signed));
    }
  T t = start(128);
  const LLType *v4 = ll_vector(t.m, &ll_i32, 4);
  for (int i = 0; i < 2 * BYTES; i += 2048)
    put(&t, ll_ptradd(&t.b, smem(&t, t.tid, 16), NULL, i),
        get(&t, v4, ll_ptradd(&t.b, at(&t, t.in, t.tid, 16), NULL, i)));
  ll_call(&t.b, LL_FENCE_PROXY_ASYNC, NULL, NULL);
  barrier(&t);
  static const int lines[] = {32, 32, 64, 128}, codes[] = {0, 3, 2, 1};
  LLInst *desc[2];
  for (int o = 0; o < 2; o++) {
    int how = o && trans ? 3 : mode;
    uint64_t fixed = (uint64_t)(128 >> 4) << 16 | (uint64_t)(8 * lines[how] >> 4) << 32 | (uint64_t)codes[how] << 62;
    LLInst *address = ll_op1(&t.b, LL_PTRTOINT, &ll_i32, ll_ptradd(&t.b, ll_shared(&t.b), NULL, o * BYTES));
    LLInst *start =
        ll_op1(&t.b, LL_ZEXT, &ll_i64, op(&t, LL_LSHR, op(&t, LL_AND, address, i32(&t, 0x3ffff)), i32(&t, 4)));
    desc[o] = op(&t, LL_OR, start, ll_const_i64(&t.b, (int64_t)fixed));
  }
  LLInst *regs[4];
  for (int i = 0; i < 4; i++)
    regs[i] = get(&t, &ll_i32, ll_ptradd(&t.b, at(&t, t.in, t.tid, 16), NULL, 2 * BYTES + 4 * i));
  LLInst *a = a_in_registers ? ll_build_struct(&t.b, regs, 4) : desc[0];
  LLInst *acc = ll_const(&t.b, ll_struct(t.m, info->ctype, nregs), 0);
  ll_call(&t.b, LL_WGMMA_FENCE, NULL, NULL);
  for (int twice = 0; twice < 2; twice++)
    acc = ll_wgmma(&t.b, v, N, trans ? LLF_TRANS : 0, acc, a, desc[1], ll_const(&t.b, &ll_i1, twice));
  ll_call(&t.b, LL_WGMMA_COMMIT, NULL, NULL);
  acc = ll_call_n(&t.b, LL_WGMMA_WAIT_ACC, acc->type, plain, 0, &acc, 1);
  for (int i = 0; i < nregs; i++)
    put(&t, ll_ptradd(&t.b, at(&t, t.out, t.tid, 256), NULL, 4 * i), ll_extract(&t.b, acc, i));
  finish(&t);
  launch(&t, 1, 2 * BYTES, out, sizeof out, in, sizeof in, 0);
  expect_clean(&t);
  for (int l = 0; l < 128; l++)
    for (int i = 0; i < N / 2; i++) {
      place_c(i % 4, l % 32, &row, &column);
      row += l / 32 * 16, column += i / 4 * 8;
      double want = 0;
      for (int p = 0; p < k; p++) want += small(row * 32 + p, is_signed) * small(p * 64 + column + 3, is_signed);
      double got = get_elem(d, out + 256 * l + i * d->bytes);
      if (got != 2 * want)
        fail_msg("wgmma %s, mode %d: [%d][%d] is %g, not %g", info->text, mode, row, column, got, 2 * want);
    }
  ctx_free(t.cx);
}

static void test_wgmma(void **state) {
  (void)state;
  for (int v = 0; v < LLM_COUNT; v++) {
    if (!ll_mma[v].k) continue;
    for (int mode = 0; mode < 4; mode++) check_wgmma((LLMma)v, mode, mode & 1, false);
    if (ll_mma[v].tail == 't') check_wgmma((LLMma)v, 3, true, true);
  }
}

/* ---- asynchronous copies ----------------------------------------------------------------------------------------- */

static void test_cp_async(void **state) {
  (void)state;
  for (int waits = 0; waits < 2; waits++) {
    int32_t in[128], out[128];
    for (int i = 0; i < 128; i++) in[i] = i * i;
    T t = start(32);
    LLInst *args[] = {smem(&t, t.tid, 16), at(&t, t.in, t.tid, 16), i32(&t, 8)};
    ll_call_n(&t.b, LL_CP_ASYNC, NULL, (LLMods){.variant = 16}, 0, args, 3);
    ll_call(&t.b, LL_CP_ASYNC_COMMIT, NULL, NULL);
    ll_call(&t.b, LL_CP_ASYNC_WAIT, NULL, i32(&t, waits ? 0 : 1), NULL);
    put(&t, at(&t, t.out, t.tid, 16), get(&t, ll_vector(t.m, &ll_i32, 4), args[0]));
    finish(&t);
    launch(&t, 1, 512, out, sizeof out, in, sizeof in, 0);
    if (waits)
      expect_clean(&t);
    else
      expect_only(&t, SIMT_ASYNC_RACE);
    for (int i = 0; waits && i < 128; i++) assert_int_equal(out[i], i % 4 < 2 ? i * i : 0); /* half of it, and zeros */
    ctx_free(t.cx);
  }
}

/* A tile by TMA to shared memory, over the edge of the tensor, and back to another tensor; `waits`: for the bytes. */
static void check_tma(bool waits) {
  enum { W = 40, H = 12 };
  static uint16_t in[H * W], out[H * W];
  static _Alignas(64) uint8_t maps[256];
  for (int i = 0; i < H * W; i++) in[i] = (uint16_t)(i + 1), out[i] = 0;
  const uint32_t dims[] = {W, H}, box[] = {32, 8};
  const uint64_t strides[] = {W * 2};
  simt_tensor_map((SimtTensorMap *)(void *)maps, in, SIMT_F16, 2, dims, strides, box, SIMT_SWIZZLE_64, false);
  simt_tensor_map((SimtTensorMap *)(void *)(maps + 128), out, SIMT_F16, 2, dims, strides, box, SIMT_SWIZZLE_64, false);
  T t = start(64);
  LLBlock *one = block(&t, ll_entry(t.f)), *all = block(&t, ll_entry(t.f)), *last = block(&t, all),
          *end = block(&t, all);
  LLInst *bar = ll_ptradd(&t.b, ll_shared(&t.b), NULL, 1024), *zero = i32(&t, 0),
         *map = ll_op1(&t.b, LL_ADDRSPACECAST, &ll_ptr, t.in);
  LLInst *is_first = ll_icmp(&t.b, LLP_EQ, t.tid, zero), *x = i32(&t, 16), *y = i32(&t, 6);
  ll_cond_br(&t.b, is_first, one, NULL, 0, all, NULL, 0);
  go_on_in(&t, one);
  ll_call(&t.b, LL_MBARRIER_INIT, NULL, bar, i32(&t, 1), NULL);
  ll_call(&t.b, LL_MBARRIER_ARRIVE_EXPECT_TX, NULL, bar, i32(&t, 512), NULL);
  ll_call(&t.b, LL_TMA_LOAD_2D, NULL, ll_shared(&t.b), map, bar, x, y, NULL);
  ll_br(&t.b, all, NULL, 0);
  go_on_in(&t, all);
  barrier(&t);
  if (waits) ll_call(&t.b, LL_MBARRIER_WAIT, NULL, bar, zero, NULL);
  LLInst *word = smem(&t, t.tid, 8), *pair = get(&t, &ll_i64, word);
  put(&t, word, op(&t, LL_ADD, pair, ll_const_i64(&t.b, 0x0001000100010001)));
  ll_call(&t.b, LL_FENCE_PROXY_ASYNC, NULL, NULL);
  barrier(&t);
  ll_cond_br(&t.b, is_first, last, NULL, 0, end, NULL, 0);
  go_on_in(&t, last);
  ll_call(&t.b, LL_TMA_STORE_2D, NULL, ll_ptradd(&t.b, map, NULL, 128), ll_shared(&t.b), x, y, NULL);
  ll_call(&t.b, LL_BULK_COMMIT, NULL, NULL);
  ll_call(&t.b, LL_BULK_WAIT, NULL, zero, NULL);
  ll_br(&t.b, end, NULL, 0);
  go_on_in(&t, end);
  finish(&t);
  simt_add_buffer(t.cx, &t.o, maps, sizeof maps, true, false);
  simt_add_buffer(t.cx, &t.o, in, sizeof in, true, false);
  simt_add_buffer(t.cx, &t.o, out, sizeof out, false, false);
  launch(&t, 1, 1040, out, sizeof out, maps, sizeof maps, 0);
  if (waits)
    expect_clean(&t);
  else
    assert_non_null(find_issue(&t, SIMT_RACE));
  for (int i = 0; i < H; i++)
    for (int j = 0; j < W; j++) assert_int_equal(out[i * W + j], i >= 6 && j >= 16 ? in[i * W + j] + 1 : 0);
  ctx_free(t.cx);
}

static void test_tma(void **state) {
  (void)state;
  check_tma(true);
  check_tma(false);
}

static void test_missing_proxy_fence(void **state) {
  (void)state;
  static uint8_t out[16];
  T t = start(128);
  const LLType *v4 = ll_vector(t.m, &ll_i32, 4);
  put(&t, smem(&t, t.tid, 16), ll_const(&t.b, v4, 0));
  barrier(&t);
  LLInst *acc = ll_const(&t.b, ll_struct(t.m, &ll_float, 4), 0);
  LLInst *desc = ll_const_i64(&t.b, (int64_t)(UINT64_C(1024) >> 4 | UINT64_C(8) << 16 | UINT64_C(16) << 32));
  ll_call(&t.b, LL_WGMMA_FENCE, NULL, NULL);
  acc = ll_wgmma(&t.b, LLM_WG_F32_F16, 8, 0, acc, desc, desc, ll_false(&t.b));
  ll_call(&t.b, LL_WGMMA_COMMIT, NULL, NULL);
  ll_call_n(&t.b, LL_WGMMA_WAIT_ACC, acc->type, plain, 0, &acc, 1);
  finish(&t);
  launch(&t, 1, 2048, out, sizeof out, NULL, 0, 0);
  expect_only(&t, SIMT_PROXY);
  ctx_free(t.cx);
}

/* ---- everything, and speed --------------------------------------------------------------------------------------- */

static void run_kernel(Ctx *cx, void *arg) {
  T *t = arg;
  static uint8_t in[128 * 256 + 4096], out[128 * 1024 + 65536];
  void *pin = in, *pout = out;
  const void *args[] = {&pout, &pin};
  SimtOptions o = {.max_instructions = 200000, .print = print_into, .self = &t->printed};
  t->printed = (Buf){.cx = cx};
  simt_add_buffer(cx, &o, in, sizeof in, false, false);
  simt_add_buffer(cx, &o, out, sizeof out, false, false);
  simt_run(cx, t->m, t->f->name, (const uint32_t[]){1, 1, 1}, 128, 65536, args, &o, &t->r);
}

/* Every operation, intrinsic and variant there is, on zeros: whatever a kernel does wrong is reported, nothing
 * breaks. */
static void test_corpus(void **state) {
  (void)state;
  T t = {.cx = ctx_new(NULL)};
  t.m = corpus_module(t.cx, 90);
  int ran = 0, refused = 0;
  for (t.f = t.m->first; t.f; t.f = t.f->next) {
    Err e = ctx_protect(t.cx, run_kernel, &t);
    if (e == ERR_NONE)
      ran++;
    else {
      assert_int_equal(e, ERR_SOURCE); /* inline assembly, constant memory: said to be so */
      refused++;
    }
  }
  assert_true(ran > 200);
  assert_true(refused < 10);
  ctx_free(t.cx);
}

/* C = A B of f16, 64x64 tiles by four warps, k in steps of 32 through shared memory; each warp 32x32 by mma.sync. */
enum { SIZE = 256, TILE = 64, STEP = 32, PITCH_A = 80, PITCH_B = 144, OFFSET_B = TILE * PITCH_A };

static void copy_tile(T *t, LLInst *from, int row_bytes, int to, int pitch, int chunks_per_row) {
  for (int i = 0; i < 2; i++) {
    LLInst *chunk = op(t, LL_ADD, t->tid, i32(t, 128 * i)), *row = op(t, LL_UDIV, chunk, i32(t, chunks_per_row));
    LLInst *c = op(t, LL_UREM, chunk, i32(t, chunks_per_row));
    LLInst *args[] = {ll_ptradd(&t->b, at(t, smem(t, row, pitch), c, 16), NULL, to),
                      at(t, at(t, from, row, row_bytes), c, 16)};
    ll_call_n(&t->b, LL_CP_ASYNC, NULL, (LLMods){.variant = 16}, 0, args, 2);
  }
}

static LLInst *fragment(T *t, int to, int pitch, LLInst *row, LLInst *column, bool trans) {
  LLInst *r = op(t, LL_ADD, row, op(t, LL_AND, t->lane, i32(t, 15)));
  LLInst *c = op(t, LL_ADD, column, op(t, LL_SHL, op(t, LL_LSHR, t->lane, i32(t, 4)), i32(t, 3)));
  LLInst *p = ll_ptradd(&t->b, at(t, smem(t, r, pitch), c, 2), NULL, to);
  return ll_call_n(&t->b, LL_LDMATRIX, ll_struct(t->m, &ll_i32, 4),
                   (LLMods){.variant = 4, .flags = trans ? LLF_TRANS : 0}, 0, &p, 1);
}

static void multiply_tile(T *t, LLInst *row, LLInst *column, LLInst **acc) {
  for (int k = 0; k < STEP; k += 16) {
    LLInst *a[2], *b[2];
    for (int i = 0; i < 2; i++) a[i] = fragment(t, 0, PITCH_A, op(t, LL_ADD, row, i32(t, 16 * i)), i32(t, k), false);
    for (int i = 0; i < 2; i++)
      b[i] = fragment(t, OFFSET_B, PITCH_B, i32(t, k), op(t, LL_ADD, column, i32(t, 16 * i)), true);
    for (int i = 0; i < 8; i++) {
      LLInst *half[] = {ll_extract(&t->b, b[i % 4 / 2], i % 2 * 2), ll_extract(&t->b, b[i % 4 / 2], i % 2 * 2 + 1)};
      acc[i] = ll_mma_sync(&t->b, LLM_M16N8K16_F32_F16, a[i / 4], ll_build_struct(&t->b, half, 2), acc[i]);
    }
  }
}

static void store_tile(T *t, LLInst *base, LLInst *row, LLInst *column, LLInst **acc) {
  LLInst *r = op(t, LL_ADD, row, op(t, LL_LSHR, t->lane, i32(t, 2)));
  LLInst *c = op(t, LL_ADD, column, op(t, LL_SHL, op(t, LL_AND, t->lane, i32(t, 3)), i32(t, 1)));
  LLInst *corner = at(t, at(t, base, r, SIZE * 4), c, 4);
  for (int i = 0; i < 8; i++)
    for (int e = 0; e < 2; e++) {
      LLInst *pair[] = {ll_extract(&t->b, acc[i], 2 * e), ll_extract(&t->b, acc[i], 2 * e + 1)};
      put(t, ll_ptradd(&t->b, corner, NULL, (i / 4 * 16 + e * 8) * SIZE * 4 + i % 4 * 32),
          ll_build_vector(&t->b, pair, 2));
    }
}

static void test_matmul(void **state) {
  (void)state;
  static _Alignas(32) uint16_t in[2 * SIZE * SIZE];
  static _Alignas(32) float out[SIZE * SIZE];
  for (int i = 0; i < 2 * SIZE * SIZE; i++) in[i] = (uint16_t)ir_float_encode(F16, small(i, true));
  T t = start(128);
  t.lane = op(&t, LL_AND, t.tid, i32(&t, 31));
  LLInst *warp = op(&t, LL_LSHR, t.tid, i32(&t, 5)), *tile = ll_call(&t.b, LL_CTAID_X, NULL, NULL), *zero = i32(&t, 0);
  LLInst *ty = op(&t, LL_LSHR, tile, i32(&t, 2)), *tx = op(&t, LL_AND, tile, i32(&t, 3)), *acc[8], *args[9];
  LLInst *row = op(&t, LL_SHL, op(&t, LL_LSHR, warp, i32(&t, 1)), i32(&t, 5)),
         *column = op(&t, LL_SHL, op(&t, LL_AND, warp, i32(&t, 1)), i32(&t, 5));
  LLBlock *loop = block(&t, ll_entry(t.f)), *end = block(&t, loop);
  const LLType *four = ll_struct(t.m, &ll_float, 4);
  for (int i = 0; i < 8; i++) args[1 + i] = ll_const(&t.b, four, 0);
  args[0] = zero;
  ll_br(&t.b, loop, args, 9);
  go_on_in(&t, loop);
  LLInst *k = ll_block_param(loop, &ll_i32);
  for (int i = 0; i < 8; i++) acc[i] = ll_block_param(loop, four);
  copy_tile(&t, at(&t, at(&t, t.in, ty, TILE * SIZE * 2), k, 2), SIZE * 2, 0, PITCH_A, 4);
  copy_tile(&t, at(&t, at(&t, ll_ptradd(&t.b, t.in, NULL, SIZE * SIZE * 2), tx, TILE * 2), k, SIZE * 2), SIZE * 2,
            OFFSET_B, PITCH_B, 8);
  ll_call(&t.b, LL_CP_ASYNC_COMMIT, NULL, NULL);
  ll_call(&t.b, LL_CP_ASYNC_WAIT, NULL, zero, NULL);
  barrier(&t);
  multiply_tile(&t, row, column, acc);
  barrier(&t);
  args[0] = op(&t, LL_ADD, k, i32(&t, STEP));
  memcpy(args + 1, acc, sizeof acc);
  ll_cond_br(&t.b, ll_icmp(&t.b, LLP_SLT, args[0], t.n), loop, args, 9, end, NULL, 0);
  go_on_in(&t, end);
  store_tile(&t, at(&t, at(&t, t.out, ty, TILE * SIZE * 4), tx, TILE * 4), row, column, acc);
  finish(&t);
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  launch(&t, 16, OFFSET_B + STEP * PITCH_B, out, sizeof out, in, sizeof in, SIZE);
  clock_gettime(CLOCK_MONOTONIC, &b);
  expect_clean(&t);
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      double want = 0;
      for (int p = 0; p < SIZE; p++) want += small(i * SIZE + p, true) * small(SIZE * SIZE + p * SIZE + j, true);
      if (out[i * SIZE + j] != (float)want) fail_msg("[%d][%d]: %g, not %g", i, j, (double)out[i * SIZE + j], want);
    }
  for (uint32_t i = 0; i < t.r.naccesses; i++) /* the padding does its work */
    if (t.r.accesses[i].inst->op == LL_LDMATRIX) assert_int_equal(t.r.accesses[i].worst, 1);
  double seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9;
  print_message("256x256x256 f16: %.3f s, %llu instructions of warps\n", seconds, (unsigned long long)t.r.instructions);
  ctx_free(t.cx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ldmatrix), cmocka_unit_test(test_mma),    cmocka_unit_test(test_wgmma),
      cmocka_unit_test(test_cp_async), cmocka_unit_test(test_tma),    cmocka_unit_test(test_missing_proxy_fence),
      cmocka_unit_test(test_corpus),   cmocka_unit_test(test_matmul),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
