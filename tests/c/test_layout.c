/* test_layout.c: the laws of the layout algebra on thousands of random layouts, and the instances against their
 * definitions. */
#include "gpu/layout/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint64_t random_state = 0x9E3779B97F4A7C15u;
static uint64_t rnd(uint64_t below) { /* Marsaglia's xorshift64 */
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state % below;
}
static uint64_t rnd_bits(int bits) { return bits ? (rnd(~(uint64_t)0)) & (((uint64_t)1 << bits) - 1) : 0; }

typedef void Law(Ctx *cx);
typedef struct LawCall {
  Law *law;
  int times;
} LawCall;
static void call_law(Ctx *cx, void *arg) {
  const LawCall *c = arg;
  for (int i = 0; i < c->times; i++) c->law(cx);
}
static void hold(Law *law, int times) {
  Ctx *cx = ctx_new(NULL);
  assert_int_equal(ctx_protect(cx, call_law, &(LawCall){law, times}), ERR_NONE);
  ctx_free(cx);
}

/* Random axes out of [first, first + count), each at most once, at most `room` bits together. */
static int random_axes(AxisSize *axes, Axis first, int count, int room) {
  int n = 0;
  for (int a = 0; a < count; a++)
    if (rnd(4)) {
      int bits = (int)rnd(5);
      if (bits > room) bits = room;
      room -= bits;
      axes[n++] = (AxisSize){(Axis)(first + (unsigned)a), bits};
    }
  return n;
}

static const Layout *random_layout(Ctx *cx) {
  AxisSize in[4], out[3];
  uint64_t columns[LAYOUT_MAX_BITS];
  int nin = random_axes(in, AXIS_REGISTER, 4, 14), nout = random_axes(out, AXIS_DIM0, 3, 12), in_bits = 0, out_bits = 0;
  for (int i = 0; i < nin; i++) in_bits += in[i].bits;
  for (int j = 0; j < nout; j++) out_bits += out[j].bits;
  for (int k = 0; k < in_bits; k++) columns[k] = rnd_bits(out_bits);
  return layout_new(cx, in, nin, out, nout, columns);
}

/* An invertible map from registers, lanes and warps to a 2-D tensor: a shuffled identity with random row additions. */
static const Layout *random_bijection(Ctx *cx) {
  AxisSize in[3], out[2];
  uint64_t columns[LAYOUT_MAX_BITS];
  int bits = 0;
  for (int i = 0; i < 3; i++) bits += (in[i] = (AxisSize){(Axis)i, (int)rnd(5)}).bits;
  int first = bits ? (int)rnd((uint64_t)bits + 1) : 0;
  out[0] = (AxisSize){AXIS_DIM0, first};
  out[1] = (AxisSize){AXIS_DIM1, bits - first};
  for (int k = 0; k < bits; k++) columns[k] = (uint64_t)1 << k;
  for (int n = 0; n < 4 * bits; n++) {
    int a = (int)rnd((uint64_t)bits), b = (int)rnd((uint64_t)bits);
    if (a != b) columns[a] ^= columns[b];
  }
  return layout_new(cx, in, 3, out, 2, columns);
}

static void law_linear(Ctx *cx) {
  const Layout *l = random_layout(cx);
  uint64_t x = rnd_bits(l->in_bits), y = rnd_bits(l->in_bits);
  assert_int_equal(layout_map(l, x ^ y), layout_map(l, x) ^ layout_map(l, y));
  assert_int_equal(layout_map(l, 0), 0);
}

static void law_rank(Ctx *cx) {
  const Layout *l = random_layout(cx);
  /* Count the images of a small layout one by one. */
  if (l->in_bits > 10 || l->out_bits > 10) return;
  static bool seen[1 << 10];
  memset(seen, 0, sizeof seen);
  int images = 0;
  for (uint64_t x = 0; x < (uint64_t)1 << l->in_bits; x++) {
    bool *s = &seen[layout_map(l, x)];
    images += !*s;
    *s = true;
  }
  assert_int_equal(images, 1 << layout_rank(l));
  assert_int_equal(layout_surjective(l), images == 1 << l->out_bits);
  assert_int_equal(layout_injective(l), images == 1 << l->in_bits);
}

static void law_free(Ctx *cx) {
  const Layout *l = random_layout(cx), *rest = layout_drop_columns(cx, l, layout_free(l));
  assert_true(layout_injective(rest));
  assert_int_equal(layout_rank(rest), layout_rank(l));
}

static void law_inverse(Ctx *cx) {
  const Layout *l = random_bijection(cx), *inverse = layout_invert(cx, l);
  assert_non_null(inverse);
  assert_true(layout_equal(layout_invert(cx, inverse), l));
  uint64_t x = rnd_bits(l->in_bits);
  assert_int_equal(layout_map(inverse, layout_map(l, x)), x);
  const Layout *round = layout_compose(cx, inverse, l);
  for (int k = 0; k < round->in_bits; k++) assert_int_equal(round->column[k], (uint64_t)1 << k);
  const Layout *other = random_layout(cx);
  if (!layout_injective(other) || !layout_surjective(other)) assert_null(layout_invert(cx, other));
}

static void law_compose(Ctx *cx) {
  const Layout *l = random_bijection(cx), *inverse = layout_invert(cx, l);
  AxisSize dims[2];
  memcpy(dims, l->out, sizeof dims);
  uint64_t columns[LAYOUT_MAX_BITS];
  for (int k = 0; k < l->out_bits; k++) columns[k] = rnd_bits(l->out_bits);
  const Layout *f = layout_new(cx, dims, 2, dims, 2, columns);
  /* Associative, and the image of a composition is the composition of images. */
  const Layout *a = layout_compose(cx, layout_compose(cx, inverse, f), l),
               *b = layout_compose(cx, inverse, layout_compose(cx, f, l));
  assert_true(layout_equal(a, b));
  uint64_t x = rnd_bits(l->in_bits);
  assert_int_equal(layout_map(a, x), layout_map(inverse, layout_map(f, layout_map(l, x))));
}

static void law_product(Ctx *cx) {
  const Layout *a = random_layout(cx), *b = random_layout(cx), *c = random_layout(cx);
  const Layout *ab = layout_product(cx, a, b);
  if (ab->in_bits + c->in_bits > LAYOUT_MAX_BITS || ab->out_bits + c->out_bits > LAYOUT_MAX_BITS) return;
  assert_true(layout_equal(layout_product(cx, ab, c), layout_product(cx, a, layout_product(cx, b, c))));
  assert_true(layout_equal(layout_product(cx, a, layout_empty(cx)), a));
  assert_true(layout_equal(layout_product(cx, layout_empty(cx), a), a));
  assert_int_equal(layout_rank(ab), layout_rank(a) + layout_rank(b));
}

static void law_divide(Ctx *cx) {
  const Layout *tile = random_layout(cx), *q = random_layout(cx), *l = layout_product(cx, tile, q);
  const Layout *back = layout_divide(cx, l, tile);
  assert_non_null(back);
  assert_true(layout_equal(layout_product(cx, tile, back), l));
  /* Disturb one of the tile's columns: it divides no longer. */
  if (!tile->in_bits || !l->out_bits) return;
  uint64_t columns[LAYOUT_MAX_BITS];
  memcpy(columns, l->column, (size_t)l->in_bits * sizeof *columns);
  for (int i = 0, k = 0; i < l->nin; k += l->in[i].bits, i++)
    if (layout_in_bits(tile, l->in[i].axis) > 0) {
      columns[k] ^= (uint64_t)1 << rnd((uint64_t)l->out_bits);
      assert_null(layout_divide(cx, layout_new(cx, l->in, l->nin, l->out, l->nout, columns), tile));
      return;
    }
}

static void law_solve(Ctx *cx) {
  /* Two holders of one tensor: a bijection, and one with repetitions. */
  const Layout *to = random_bijection(cx);
  AxisSize in[2] = {{AXIS_REGISTER, (int)rnd(6)}, {AXIS_LANE, (int)rnd(6)}};
  uint64_t columns[LAYOUT_MAX_BITS];
  for (int k = 0; k < in[0].bits + in[1].bits; k++) columns[k] = rnd_bits(to->out_bits);
  const Layout *from = layout_new(cx, in, 2, to->out, to->nout, columns), *x = layout_solve(cx, to, from);
  assert_non_null(x);
  assert_true(layout_equal(layout_compose(cx, to, x), from));
  /* The other way there is a solution only where the images agree, and it uses no free input. */
  const Layout *y = layout_solve(cx, from, to);
  assert_int_equal(y != NULL, layout_surjective(from));
  if (y) {
    assert_true(layout_equal(layout_compose(cx, from, y), to));
    for (int k = 0; k < y->in_bits; k++) assert_int_equal(y->column[k] & layout_free(from), 0);
  }
}

static void law_regrouping(Ctx *cx) {
  const Layout *l = random_bijection(cx);
  const int swap[2] = {1, 0};
  const Layout *t = layout_permute(cx, l, swap, 2);
  const Layout *back = layout_permute(cx, t, swap, 2);
  uint64_t x = rnd_bits(l->in_bits);
  assert_int_equal(layout_map(back, x), layout_map(l, x));
  int rows = l->out[0].bits, cols = l->out[1].bits, flat[1] = {rows + cols}, square[2] = {rows, cols};
  const Layout *f = layout_reshape(cx, l, flat, 1);
  uint64_t at = layout_map(l, x), row = at & (((uint64_t)1 << rows) - 1), col = at >> rows;
  assert_int_equal(layout_map(f, x), row << cols | col);
  assert_true(layout_equal(layout_reshape(cx, f, square, 2), l));
  const Layout *wide = layout_expand(cx, l, 1);
  assert_int_equal(layout_out_bits(wide, AXIS_DIM1), 0);
  assert_int_equal(layout_out_bits(wide, AXIS_DIM2), cols);
  const Layout *sliced = layout_slice(cx, l, 0);
  assert_int_equal(layout_map(sliced, x), col);
}

#define LAW(name, times)                                                                                               \
  static void test_##name(void **state) {                                                                              \
    (void)state;                                                                                                       \
    hold(name, times);                                                                                                 \
  }
LAW(law_linear, 5000)
LAW(law_rank, 3000)
LAW(law_free, 5000)
LAW(law_inverse, 5000)
LAW(law_compose, 5000)
LAW(law_product, 5000)
LAW(law_divide, 5000)
LAW(law_solve, 5000)
LAW(law_regrouping, 5000)

/* ---- instances --------------------------------------------------------------------------------------------------- */

static uint64_t at(const Layout *l, int reg, int lane, int warp, Axis out) {
  uint64_t in = (uint64_t)reg << layout_in_shift(l, AXIS_REGISTER) | (uint64_t)lane << layout_in_shift(l, AXIS_LANE) |
                (uint64_t)warp << layout_in_shift(l, AXIS_WARP);
  int bits = layout_out_bits(l, out);
  return layout_map(l, in) >> layout_out_shift(l, out) & (((uint64_t)1 << bits) - 1);
}

static void instance_blocked(Ctx *cx) {
  /* sizePerThread [1, 4], threadsPerWarp [4, 8], warpsPerCTA [2, 2], order [1, 0] on 64 x 128 */
  const Layout *l = layout_blocked(cx, 2, (int[]){0, 2}, (int[]){2, 3}, (int[]){1, 1}, (int[]){1, 0}, (int[]){6, 7});
  assert_true(layout_injective(l) && layout_surjective(l));
  assert_int_equal(1 << layout_in_bits(l, AXIS_REGISTER), 64 * 128 / 128);
  for (int lane = 0; lane < 32; lane++)
    for (int warp = 0; warp < 4; warp++)
      for (int reg = 0; reg < 4; reg++) {
        assert_int_equal(at(l, reg, lane, warp, AXIS_DIM1), reg + lane % 8 * 4 + warp % 2 * 32);
        assert_int_equal(at(l, reg, lane, warp, AXIS_DIM0), lane / 8 + warp / 2 * 4);
      }
  assert_int_equal(layout_contiguous(l, AXIS_REGISTER, AXIS_DIM1), 4);
  assert_int_equal(layout_contiguous(l, AXIS_REGISTER, AXIS_DIM0), 1);
  /* A tile larger than the tensor holds elements more than once. */
  const Layout *small =
      layout_blocked(cx, 2, (int[]){0, 2}, (int[]){2, 3}, (int[]){1, 1}, (int[]){1, 0}, (int[]){1, 3});
  assert_int_equal(layout_rank(small), 4);
  assert_int_equal(at(small, 3, 31, 3, AXIS_DIM1), 7);
}

static void instance_mma(Ctx *cx) {
  /* PTX ISA, mma.m16n8k16 accumulators: c0 c1 at row g, columns 2t and 2t + 1; c2 c3 eight rows below. */
  const Layout *l = layout_mma(cx, 2, (int[]){1, 1}, (int[]){6, 6});
  assert_true(layout_injective(l) && layout_surjective(l));
  for (int lane = 0; lane < 32; lane++)
    for (int c = 0; c < 4; c++) {
      assert_int_equal(at(l, c, lane, 0, AXIS_DIM0), lane / 4 + c / 2 * 8);
      assert_int_equal(at(l, c, lane, 0, AXIS_DIM1), lane % 4 * 2 + c % 2);
    }
  assert_int_equal(at(l, 0, 0, 1, AXIS_DIM1), 8);
  assert_int_equal(at(l, 0, 0, 2, AXIS_DIM0), 16);
  /* Operand A of m16n8k16, 16-bit elements: a0 a1 row g, k 2t; a2 a3 row g + 8; a4 a5 k + 8. B: b0 b1 k 2t, column g;
   * b2 b3 k + 8. */
  const Layout *a = layout_mma_operand(cx, 2, 0, 1, (int[]){1, 1}, (int[]){6, 5}, false);
  const Layout *b = layout_mma_operand(cx, 2, 1, 1, (int[]){1, 1}, (int[]){5, 6}, false);
  assert_true(layout_surjective(a) && layout_surjective(b));
  for (int lane = 0; lane < 32; lane++)
    for (int warp = 0; warp < 4; warp++) {
      for (int i = 0; i < 8; i++) {
        assert_int_equal(at(a, i, lane, warp, AXIS_DIM0), lane / 4 + i / 2 % 2 * 8 + warp / 2 * 16);
        assert_int_equal(at(a, i, lane, warp, AXIS_DIM1), lane % 4 * 2 + i % 2 + i / 4 * 8);
      }
      for (int i = 0; i < 4; i++) {
        assert_int_equal(at(b, i, lane, warp, AXIS_DIM0), lane % 4 * 2 + i % 2 + i / 2 * 8);
        assert_int_equal(at(b, i, lane, warp, AXIS_DIM1), lane / 4 + warp % 2 * 8);
      }
    }
  /* wgmma m64n32: warps of the group below each other, four columns of m16n8 side by side. */
  const Layout *w = layout_wgmma(cx, (int[]){2, 0}, 5, (int[]){7, 5});
  assert_true(layout_injective(w) && layout_surjective(w));
  for (int warp = 0; warp < 4; warp++) assert_int_equal(at(w, 0, 0, warp, AXIS_DIM0), warp * 16);
  for (int d = 0; d < 16; d++) assert_int_equal(at(w, d, 0, 0, AXIS_DIM1), d / 4 * 8 + d % 2);
  assert_int_equal(at(w, 16, 0, 0, AXIS_DIM0), 64);
  /* Two warp groups beside each other: both read the same rows of an operand in registers, in the order of the
   * accumulator's warps. */
  const Layout *acc = layout_wgmma(cx, (int[]){2, 1}, 5, (int[]){6, 6});
  const Layout *left = layout_mma_operand(cx, 2, 0, 1, (int[]){2, 1}, (int[]){6, 5}, true);
  for (int warp = 0; warp < 8; warp++) {
    assert_int_equal(at(acc, 0, 0, warp, AXIS_DIM1), warp / 4 * 32);
    assert_int_equal(at(left, 0, 0, warp, AXIS_DIM0), at(acc, 0, 0, warp, AXIS_DIM0));
    assert_int_equal(at(left, 0, 0, warp, AXIS_DIM1), 0);
  }
}

static void instance_shared(Ctx *cx) {
  /* 64 x 64 16-bit elements, vectors of 8, one row a phase, 8 phases: (row, col) lies at row * 64 + ((col / 8) ^ (row %
   * 8)) * 8 + col % 8. */
  const Layout *l = layout_swizzled(cx, 2, 3, 0, 3, (int[]){1, 0}, (int[]){6, 6});
  const Layout *where = layout_invert(cx, l);
  assert_non_null(where);
  for (uint64_t row = 0; row < 64; row++)
    for (uint64_t col = 0; col < 64; col++) {
      uint64_t element = row << layout_in_shift(where, AXIS_DIM0) | col << layout_in_shift(where, AXIS_DIM1);
      assert_int_equal(layout_map(where, element), row * 64 + ((col / 8) ^ (row % 8)) * 8 + col % 8);
    }
  /* The same bytes as the 128-byte swizzle of TMA and wgmma, which puts the second 64 columns behind all rows of the
   * first. */
  const Layout *n = layout_nvmma(cx, 7, 1, false, (int[]){6, 7}), *in = layout_invert(cx, n);
  assert_non_null(in);
  for (uint64_t row = 0; row < 64; row++)
    for (uint64_t col = 0; col < 128; col++) {
      uint64_t element = row << layout_in_shift(in, AXIS_DIM0) | col << layout_in_shift(in, AXIS_DIM1), low = col % 64;
      assert_int_equal(layout_map(in, element), col / 64 * 4096 + row * 64 + ((low / 8) ^ (row % 8)) * 8 + low % 8);
    }
  /* 32 bytes of swizzle, 8-bit elements: two chunks of 16, exchanged in every second group of four rows. */
  const Layout *s = layout_invert(cx, layout_nvmma(cx, 5, 0, false, (int[]){4, 5}));
  assert_non_null(s);
  for (uint64_t row = 0; row < 16; row++)
    for (uint64_t col = 0; col < 32; col++) {
      uint64_t element = row << layout_in_shift(s, AXIS_DIM0) | col << layout_in_shift(s, AXIS_DIM1);
      assert_int_equal(layout_map(s, element), row * 32 + ((col / 16) ^ (row / 4 % 2)) * 16 + col % 16);
    }
}

LAW(instance_blocked, 1)
LAW(instance_mma, 1)
LAW(instance_shared, 1)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_law_linear),     cmocka_unit_test(test_law_rank),
      cmocka_unit_test(test_law_free),       cmocka_unit_test(test_law_inverse),
      cmocka_unit_test(test_law_compose),    cmocka_unit_test(test_law_product),
      cmocka_unit_test(test_law_divide),     cmocka_unit_test(test_law_solve),
      cmocka_unit_test(test_law_regrouping), cmocka_unit_test(test_instance_blocked),
      cmocka_unit_test(test_instance_mma),   cmocka_unit_test(test_instance_shared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
