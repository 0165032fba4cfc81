/* test_gpu.c: the GPU side without a GPU: exchanges through shared memory simulated element by element, axis
 * information on written IR, and every kernel of the corpus through all stages. */
#include "corpus.h"

#include "gpu/lower/lower.h"
#include "nvidia/nvidia.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <unistd.h>

static uint64_t random_state = 0x9E3779B97F4A7C15u;
static int rnd(int below) { /* Marsaglia's xorshift64 */
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (int)(random_state % (uint64_t)below);
}

static void hold(void (*law)(Ctx *cx, void *arg)) {
  Ctx *cx = ctx_new(NULL);
  Err e = ctx_protect(cx, law, NULL);
  for (const Diag *d = ctx_diags(cx); d; d = d->next) print_error("%s\n", d->message);
  assert_int_equal(e, ERR_NONE);
  ctx_free(cx);
}

/* ---- exchanges --------------------------------------------------------------------------------------------------- */

static Type *random_tensor(Ctx *cx, const int64_t shape[2], int num_warps) {
  int64_t per_thread[2] = {1, 1}, warps[2] = {1, num_warps};
  int order[2] = {rnd(2), 0};
  order[1] = 1 - order[0];
  for (int d = 0; d < 2; d++) per_thread[d] = min64((int64_t)1 << rnd(4), shape[d]);
  Attr *e = gpu_blocked(cx, 2, shape, per_thread, order, num_warps);
  int kind = rnd(5);
  for (int k = rnd(3); k > 0 && warps[1] > 1; k--) warps[0] *= 2, warps[1] /= 2;
  if (kind == 1) e = gpu_mma(cx, 2, 0, 2, warps, (int64_t[]){16, 8}, 2);
  if (kind == 2 && num_warps >= 4)
    e = gpu_mma(cx, 3, 0, 2, (int64_t[]){num_warps, 1}, (int64_t[]){16, min64(256, shape[1]), 16}, 3);
  if (kind == 3) e = gpu_dot_op(cx, rnd(2), gpu_mma(cx, 2, 0, 2, warps, (int64_t[]){16, 8}, 2), 1 << rnd(3));
  return ir_tensor(cx, ir_float(cx, F16), 2, shape, e);
}

/* The most lanes of a wavefront that want different words of one bank. */
static int conflicts(const Layout *side, int vec, int elem_bytes) {
  int access = elem_bytes << vec, lanes = access > 4 ? 128 / access : 32, worst = 1;
  for (int b = 0; b < 32; b++) {
    int64_t words[32];
    int n = 0;
    for (int lane = 0; lane < lanes; lane++) {
      int64_t at = (int64_t)layout_map(side, (uint64_t)lane << layout_in_shift(side, AXIS_LANE)) * elem_bytes;
      for (int64_t byte = at & ~(int64_t)3; byte < at + access; byte += 4) {
        if ((byte / 4) % 32 != b) continue;
        int k = 0;
        while (k < n && words[k] != byte / 4) k++;
        if (k == n && n < 32) words[n++] = byte / 4;
      }
    }
    worst = n > worst ? n : worst;
  }
  return worst;
}

static uint64_t fixed_bits(const uint64_t *reps, int n, int reg) {
  uint64_t out = 0;
  for (int k = 0; k < n; k++) out |= (uint64_t)(((uint64_t)reg & reps[k]) != 0) << k;
  return out;
}

/* What lies at each (part, offset) after the writers are done, plus one. */
static void check_exchange(Ctx *cx, const Layout *from, const Layout *to, int elem_bytes, int64_t limit) {
  Exchange e = gpu_exchange_plan(cx, from, to, elem_bytes, limit);
  int64_t slots = e.bytes / elem_bytes;
  uint64_t *memory = NEWN(cx, uint64_t, slots << e.nrep);
  int at = layout_in_shift(from, AXIS_REGISTER), at_to = layout_in_shift(to, AXIS_REGISTER);
  for (uint64_t in = 0; in < (uint64_t)1 << from->in_bits; in++) {
    int reg = (int)(in >> at & ((1u << layout_in_bits(from, AXIS_REGISTER)) - 1));
    uint64_t *slot = &memory[(int64_t)(fixed_bits(e.rep_from, e.nrep, reg) * (uint64_t)slots + layout_map(e.from, in))];
    uint64_t element = layout_map(from, in) + 1;
    assert_true(!*slot || *slot == element); /* no two elements in one place */
    *slot = element;
  }
  for (uint64_t in = 0; in < (uint64_t)1 << to->in_bits; in++) {
    int reg = (int)(in >> at_to & ((1u << layout_in_bits(to, AXIS_REGISTER)) - 1));
    uint64_t slot = fixed_bits(e.rep_to, e.nrep, reg) * (uint64_t)slots + layout_map(e.to, in);
    assert_true(memory[slot] == layout_map(to, in) + 1);
  }
  /* The lowest offsets of an access are registers of one thread. */
  for (int v = 0; v < e.vec_from; v++) {
    bool found = false;
    for (int k = 0; k < layout_in_bits(e.from, AXIS_REGISTER); k++)
      found |= layout_basis(e.from, AXIS_REGISTER, k) == (uint64_t)1 << v;
    assert_true(found);
  }
  assert_true(e.bytes <= limit || e.nrep == 0 || e.nrep <= 8);
}

/* Every (register, lane, warp) of the result gets its element from the place in its own warp that the map says, and in
 * the round that is its turn from a lane that gives that. */
static bool check_shuffles(Ctx *cx, const Layout *from, const Layout *to, int elem_bytes) {
  const Shuffles *s = gpu_exchange_by_shuffles(cx, from, to, elem_bytes);
  if (!s) return false;
  int warp_from = layout_in_shift(from, AXIS_WARP), warp_to = layout_in_shift(to, AXIS_WARP);
  int lane_from = layout_in_shift(from, AXIS_LANE), lane_to = layout_in_shift(to, AXIS_LANE);
  assert_int_equal(s->x->in_bits, warp_to);
  assert_int_equal(s->x->out_bits, warp_from);
  for (uint64_t in = 0; in < (uint64_t)1 << to->in_bits; in++) {
    uint64_t within = in & (((uint64_t)1 << warp_to) - 1), warp = in >> warp_to;
    assert_true(layout_map(from, layout_map(s->x, within) | warp << warp_from) == layout_map(to, in));
    if (!s->in_rounds) continue;
    uint32_t lane = (uint32_t)(within >> lane_to), reg = (uint32_t)(within & ((1u << lane_to) - 1)), there, given;
    bool leaves = gpu_shuffles_round(s, (int)(reg ^ gpu_shuffles_image(s->turn, lane)), &there, &given);
    there ^= gpu_shuffles_image(s->asked, lane);
    given ^= gpu_shuffles_image(s->given, there);
    assert_true(leaves || there == lane);
    assert_true(layout_map(from, given | (uint64_t)there << lane_from | warp << warp_from) == layout_map(to, in));
  }
  return true;
}

/* A bit of the lane for a bit of the register: half of the registers leave their lane. */
static void one_bit_for_another(Ctx *cx, void *arg) {
  (void)arg;
  const AxisSize in[] = {{AXIS_REGISTER, 3}, {AXIS_LANE, 5}, {AXIS_WARP, 0}}, out[] = {{AXIS_DIM0, 8}};
  const uint64_t a[] = {1, 2, 4, 8, 16, 32, 64, 128}, b[] = {1, 16, 4, 8, 2, 32, 64, 128};
  const Shuffles *s =
      gpu_exchange_by_shuffles(cx, layout_new(cx, in, 3, out, 1, a), layout_new(cx, in, 3, out, 1, b), 4);
  assert_true(s && s->in_rounds && s->asks_itself);
  int leaving = 0;
  uint32_t lane, reg;
  for (int r = 0; r < 8; r++) leaving += gpu_shuffles_round(s, r, &lane, &reg);
  assert_int_equal(leaving, 4);
}

/* The same elements, lanes and registers exchanged at random: what a shuffle is for. */
static void random_shuffles(Ctx *cx, void *arg) {
  (void)arg;
  int done = 0;
  for (int i = 0; i < 300; i++) {
    int64_t shape[2] = {(int64_t)4 << rnd(4), (int64_t)8 << rnd(3)};
    const Layout *a = gpu_layout(cx, random_tensor(cx, shape, 1)), *b = gpu_layout(cx, random_tensor(cx, shape, 1));
    done += check_shuffles(cx, a, b, 1 << rnd(4));
  }
  assert_in_range(done, 20, 299); /* some, and not whatever it costs */
}

static void shuffles_bring_every_element(void **state) {
  (void)state;
  hold(random_shuffles);
  hold(one_bit_for_another);
}

static void random_exchanges(Ctx *cx, void *arg) {
  (void)arg;
  for (int i = 0; i < 400; i++) {
    int64_t shape[2] = {(int64_t)16 << rnd(4), (int64_t)16 << rnd(4)};
    int num_warps = 1 << rnd(4);
    const Layout *from = gpu_layout(cx, random_tensor(cx, shape, num_warps)),
                 *to = gpu_layout(cx, random_tensor(cx, shape, num_warps));
    check_exchange(cx, from, to, 1 << rnd(4), rnd(2) ? 1 << 20 : 4096);
    check_shuffles(cx, from, to, 1 << rnd(4));
    const Layout *moves = gpu_exchange_in_registers(cx, from, to);
    for (uint64_t in = 0; moves && in < (uint64_t)1 << to->in_bits; in++) {
      uint64_t reg = in >> layout_in_shift(to, AXIS_REGISTER) & ((1u << layout_in_bits(to, AXIS_REGISTER)) - 1);
      uint64_t rest =
          in & ~(((uint64_t)(1u << layout_in_bits(to, AXIS_REGISTER)) - 1) << layout_in_shift(to, AXIS_REGISTER));
      uint64_t source =
          layout_map(moves, reg << layout_in_shift(moves, AXIS_REGISTER)) >> layout_out_shift(moves, AXIS_REGISTER);
      /* Lanes and warps come after registers in both layouts. */
      uint64_t shifted = rest >> layout_in_bits(to, AXIS_REGISTER) << layout_in_bits(from, AXIS_REGISTER);
      assert_true(layout_map(from, shifted | source) == layout_map(to, in));
    }
  }
}

static void exchanges_bring_every_element(void **state) {
  (void)state;
  hold(random_exchanges);
}

/* Conversions that kernels live on: neither side waits for a bank. */
static void common_exchanges(Ctx *cx, void *arg) {
  (void)arg;
  int64_t shape[2] = {128, 128};
  Type *half = ir_float(cx, F16);
  Attr *rows = gpu_blocked(cx, 2, shape, (int64_t[]){1, 8}, (int[]){1, 0}, 8);
  Attr *mma = gpu_mma(cx, 2, 0, 2, (int64_t[]){2, 4}, (int64_t[]){16, 8}, 2);
  Attr *wgmma = gpu_mma(cx, 3, 0, 2, (int64_t[]){8, 1}, (int64_t[]){16, 128, 16}, 3);
  Attr *from[] = {mma, wgmma};
  for (size_t i = 0; i < COUNT(from); i++) {
    Exchange e = gpu_exchange_plan(cx, gpu_layout(cx, ir_tensor(cx, half, 2, shape, from[i])),
                                   gpu_layout(cx, ir_tensor(cx, half, 2, shape, rows)), 2, 1 << 20);
    assert_int_equal(e.vec_to, 3);
    assert_int_equal(conflicts(e.from, e.vec_from, 2), 1);
    assert_int_equal(conflicts(e.to, e.vec_to, 2), 1);
  }
}

static void common_exchanges_are_free_of_conflicts(void **state) {
  (void)state;
  hold(common_exchanges);
}

/* ---- axis information -------------------------------------------------------------------------------------------- */

static const char facts_text[] =
    "tt.func public @f(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %n: i32 {tt.divisibility = 16 : i32}, %k: i32) "
    "{\n"
    "  %c128 = arith.constant 128 : i32\n"
    "  %c0 = arith.constant 0 : i32\n"
    "  %pid = tt.get_program_id x : i32\n"
    "  %start = arith.muli %pid, %c128 {tt.name = \"start\"} : i32\n"
    "  %range = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>\n"
    "  %splat = tt.splat %start : i32 -> tensor<128xi32>\n"
    "  %offs = arith.addi %splat, %range {tt.name = \"offs\"} : tensor<128xi32>\n"
    "  %ns = tt.splat %n : i32 -> tensor<128xi32>\n"
    "  %mask = arith.cmpi slt, %offs, %ns {tt.name = \"mask\"} : tensor<128xi32>\n"
    "  %odd = arith.remsi %offs, %ns {tt.name = \"rest\"} : tensor<128xi32>\n"
    "  %div = arith.divsi %offs, %ns {tt.name = \"quotient\"} : tensor<128xi32>\n"
    "  %ps = tt.splat %p : !tt.ptr<f16> -> tensor<128x!tt.ptr<f16>>\n"
    "  %at = tt.addptr %ps, %offs {tt.name = \"pointers\"} : tensor<128x!tt.ptr<f16>>, tensor<128xi32>\n"
    "  %ks = tt.splat %k : i32 -> tensor<128xi32>\n"
    "  %far = arith.muli %range, %ks {tt.name = \"strided\"} : tensor<128xi32>\n"
    "  %e = tt.expand_dims %offs {axis = 1 : i32} : tensor<128xi32> -> tensor<128x1xi32>\n"
    "  %b = tt.broadcast %e {tt.name = \"columns\"} : tensor<128x1xi32> -> tensor<128x32xi32>\n"
    "  %l = scf.for %i = %c0 to %n step %c128 iter_args(%q = %at) -> (tensor<128x!tt.ptr<f16>>) : i32 {\n"
    "    %step = tt.splat %c128 : i32 -> tensor<128xi32>\n"
    "    %next = tt.addptr %q, %step {tt.name = \"carried\"} : tensor<128x!tt.ptr<f16>>, tensor<128xi32>\n"
    "    scf.yield %next : tensor<128x!tt.ptr<f16>>\n"
    "  }\n"
    "  tt.return\n"
    "}\n";
static const struct Fact {
  const char *name;
  int dim;
  int64_t contiguity, divisibility, constancy;
} facts[] = {
    {"start", 0, 1, 128, 1},   {"offs", 0, 128, 128, 1},    {"mask", 0, 1, 1, 16},   {"rest", 0, 16, 16, 1},
    {"quotient", 0, 1, 1, 16}, {"pointers", 0, 128, 16, 1}, {"strided", 0, 1, 1, 1}, {"columns", 0, 128, 128, 1},
    {"columns", 1, 1, 1, 32},  {"carried", 0, 128, 16, 1},
};

typedef struct Found {
  IndexInfo *index;
  int checked;
} Found;

static void check_op(Op *op, void *arg) {
  Found *f = arg;
  const char *name = ir_attr_text_or(op, "tt.name", "");
  for (size_t i = 0; i < COUNT(facts); i++) {
    if (strcmp(facts[i].name, name) != 0) continue;
    const IndexAxis *a = &index_of(f->index, &op->results[0])->axis[facts[i].dim];
    if (a->contiguity != facts[i].contiguity || a->divisibility != facts[i].divisibility ||
        a->constancy != facts[i].constancy)
      fail_msg("%s: contiguity %lld, divisibility %lld, constancy %lld", name, (long long)a->contiguity,
               (long long)a->divisibility, (long long)a->constancy);
    f->checked++;
  }
}

static void read_facts(Ctx *cx, void *arg) {
  (void)arg;
  Module *m = ir_read(cx, source_new(cx, "facts.ttir", facts_text, strlen(facts_text), 1));
  Found f = {index_analyze(cx, m), 0};
  ir_walk(m->op, check_op, &f);
  assert_int_equal(f.checked, COUNT(facts));
}

static void axis_information_is_found(void **state) {
  (void)state;
  hold(read_facts);
}

/* ---- the corpus -------------------------------------------------------------------------------------------------- */

static const char *const targets[] = {"cuda:75", "cuda:80", "cuda:86", "cuda:89", "cuda:90", "cuda:100", "cuda:120"};

static void compile_for(const char *target, const char *stop,
                        void look(const CorpusEntry *e, const ttc_kernel *kernel)) {
  ttc_context *cx = ttc_context_new();
  for (size_t i = 0; i < corpus_size; i++) {
    const CorpusEntry *e = &corpus[i];
    ttc_request q = {.size = sizeof q,
                     .text = e->text,
                     .len = e->len,
                     .file = e->file,
                     .kernel = e->kernel,
                     .signature = e->signature,
                     .target = target,
                     .stop = stop};
    ttc_kernel *kernel = NULL;
    if (ttc_compile(cx, &q, &kernel) != TTC_OK) fail_msg("%s for %s: %s", e->kernel, target, ttc_message(cx));
    if (look) look(e, kernel);
    ttc_kernel_free(kernel);
  }
  ttc_context_free(cx);
}

static void corpus_compiles_for_every_processor(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(targets); i++) compile_for(targets[i], "ptx", NULL);
}

static void corpus_assembles(void **state) {
  (void)state;
  if (!nvidia_assembler_present(ASSEMBLER_ANY))
    fail_msg("an assembler of PTX is needed: ptxas on PATH, or libnvJitLink");
  for (size_t i = 0; i < COUNT(targets); i++) compile_for(targets[i], "cubin", NULL);
}

/* ---- the corpus through LLVM ------------------------------------------------------------------------------------- */

/* The kernel's llir through LLVM's own backend and the assembler: what we print is LLVM assembly that means something
 * to it. */
static void goes_through_llvm(const CorpusEntry *e, const ttc_kernel *kernel) {
  size_t len;
  const char *llir = ttc_kernel_stage(kernel, "llir", &len), *target = strchr(ttc_kernel_target(kernel), ':') + 1;
  const char *a = strcmp(target, "90") == 0 ? "a" : "";
  char path[] = "/tmp/tritonc-corpus-XXXXXX", command[512];
  int fd = mkstemp(path);
  assert_true(fd >= 0 && write(fd, llir, len) == (ssize_t)len);
  close(fd);
  snprintf(command, sizeof command,
           "f=%s; llc-19 -mcpu=sm_%s%s -mattr=+ptx84 -nvptx-short-ptr $f -o $f.ptx && "
           "ptxas -w -arch=sm_%s%s $f.ptx -o $f.cubin 2>/dev/null; s=$?; rm -f $f $f.ptx $f.cubin; exit $s",
           path, target, a, target, a);
  if (system(command) != 0) fail_msg("%s for %s does not go through LLVM", e->kernel, target);
}

static void corpus_goes_through_llvm(void **state) {
  (void)state;
  if (system("command -v llc-19 >/dev/null && command -v ptxas >/dev/null") != 0)
    fail_msg("llc-19 and ptxas are needed on PATH");
  compile_for("cuda:80", "llir", goes_through_llvm);
  compile_for("cuda:90", "llir", goes_through_llvm);
}

static void check_orders(const Pass *const *list, size_t n, const PassOrder *orders, size_t norders) {
  const PassOrder *broken = opt_broken_order(list, n, orders, norders);
  if (broken) fail_msg("%s must run before %s: %s", broken->first->name, broken->then->name, broken->why);
}

static bool is_in(const Pass *const *list, size_t n, const Pass *pass) {
  for (size_t i = 0; i < n; i++)
    if (list[i] == pass) return true;
  return false;
}

static void passes_run_in_an_order_that_holds(void **state) {
  (void)state;
  size_t n;
  const Pass *const *ttir = opt_ttir_passes(&n);
  check_orders(ttir, n, opt_pass_orders, opt_npass_orders);
  for (n = 0; gpu_passes[n];) n++;
  check_orders(gpu_passes, n, gpu_pass_orders, gpu_npass_orders);
  for (size_t i = 0; i < gpu_npass_orders; i++) /* each says something of this list */
    assert_true(is_in(gpu_passes, n, gpu_pass_orders[i].first) && is_in(gpu_passes, n, gpu_pass_orders[i].then));
}

int main(void) {
  setenv("TRITON_ALWAYS_COMPILE", "1", 1);
  if (!corpus_load()) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(passes_run_in_an_order_that_holds),
      cmocka_unit_test(exchanges_bring_every_element),
      cmocka_unit_test(shuffles_bring_every_element),
      cmocka_unit_test(common_exchanges_are_free_of_conflicts),
      cmocka_unit_test(axis_information_is_found),
      cmocka_unit_test(corpus_compiles_for_every_processor),
      cmocka_unit_test(corpus_assembles),
      cmocka_unit_test(corpus_goes_through_llvm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
