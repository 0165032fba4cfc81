/* dot_precision.c: dots of f32 on tensor cores, each as several dots of narrower types.
 *
 * Problem. Tensor cores multiply f32 as tf32, 11 bits of significand out of 24, or as bf16, 8 bits. Products by plain
 * multiplications keep all bits and run at a thirtieth of the rate. Idea. A number is the sum of a few numbers of fewer
 * bits: a = a1 + a2 (+ a3), where a1 is a rounded to the small format, a2 what then is left, rounded, and so on; what is
 * left is exact in f32. Then a b is the sum of the ai bj, of which the smallest are left out:
 *
 *   tf32x3   two pieces:    a1 b1 + (a1 b2 + a2 b1)                                    error about 2^-22 of |a| |b|
 *   bf16x3   two pieces:    a1 b1 + (a1 b2 + a2 b1)                                    2^-17
 *   bf16x6   three pieces:  a1 b1 + (a1 b2 + a2 b1) + (a2 b2 + a1 b3 + a3 b1)          2^-23
 *
 * Each is a dot of its own that continues the sum of the one before, the smallest first, for a small number that is
 * added to a large one loses its low bits. The dot's accumulator comes last, in an addition of its own: tensor cores cut
 * sums off where an addition rounds, and over a long loop that would add up.
 *
 * What is not finite. The rest of an infinite a1 is NaN, or infinite where a finite a came to be infinite by rounding.
 * So the sum of the small terms is replaced by zero where it is not finite; infinities and NaNs then come from a1 b1,
 * as they would from a b. (Where a small term overflows although its numbers are finite, a1 b1 does so, too.) Rounding
 * to tf32 leaves numbers alone that it would make infinite; bf16 does make those above 3.39e38 infinite.
 *
 * Layouts. The pieces are cheap to compute and twice or three times as much to move as the number itself: GPU_PIECE
 * marks the ops that make them, and assign.c moves the operand and splits it where the dot wants it. The first operand
 * of each leads back to the number.
 *
 * Sources: Ootomo and Yokota, Recovering single precision accuracy from Tensor Cores while surpassing the FP32
 * theoretical peak performance (2022), for tf32; Henry, Tang and Heinecke, Leveraging the bfloat16 Artificial
 * Intelligence Datatype For Higher-Precision Computations (2019), for bf16.
 */
#include "gpu/passes/passes.h"

#include <math.h>
#include <string.h>

enum { MOST_PIECES = 3, TF32_LOST_BITS = 13 };

static const struct Scheme {
  const char *name;
  bool tf32;
  int pieces;
} schemes[] = {{"tf32x3", true, 2}, {"bf16x3", false, 2}, {"bf16x6", false, 3}};

static const struct Scheme *scheme_of(const Op *dot) {
  const char *name = ir_attr_text_or(dot, "inputPrecision", "ieee");
  for (size_t i = 0; i < COUNT(schemes); i++)
    if (!strcmp(schemes[i].name, name)) return &schemes[i];
  return NULL;
}

static Value *piece(Builder *b, Value *made) {
  ir_set_attr(b->cx, made->op, GPU_PIECE, ir_attr_unit(b->cx));
  return made;
}

static Value *less_than(Builder *b, Value *x, double limit) {
  Value *size = piece(b, ir_make(b, OP_ABSF, x->type, x, NULL));
  return piece(b, ir_compare(b, "olt", size, ir_const_float(b, x->type, limit)));
}

/* To the nearest number of 11 bits, ties away from zero: half of the last bit's worth is added to the magnitude, and
 * what lies below that bit cut off. NaNs and what is larger than any such number stay as they are. */
static Value *to_tf32(Builder *b, Value *x) {
  Type *bits = ir_tensor_like(b->cx, x->type, ir_int(b->cx, 32));
  Value *whole = piece(b, ir_make(b, OP_BITCAST, bits, x, NULL));
  Value *half = ir_const_int(b, bits, 1 << (TF32_LOST_BITS - 1));
  Value *mask = ir_const_int(b, bits, -(1 << TF32_LOST_BITS));
  Value *up = piece(b, ir_make(b, OP_ADDI, bits, whole, half, NULL));
  Value *cut = piece(b, ir_make(b, OP_ANDI, bits, up, mask, NULL));
  Value *rounded = piece(b, ir_make(b, OP_BITCAST, x->type, cut, NULL));
  Value *small = less_than(b, x, ldexp(2 - ldexp(1, -10), 127));
  return piece(b, ir_make(b, OP_SELECT, x->type, small, rounded, x, NULL));
}

/* The pieces, as the dots take them. */
static void split(Builder *b, Value *x, const struct Scheme *s, Value **pieces) {
  for (int i = 0; i < s->pieces; i++) {
    Type *small = s->tf32 ? x->type : ir_tensor_like(b->cx, x->type, ir_float(b->cx, BF16));
    bool last = i == s->pieces - 1; /* the tensor core itself cuts a tf32 off: its last piece has a bit to lose */
    pieces[i] = !s->tf32 ? piece(b, ir_make(b, OP_TRUNCF, small, x, NULL)) : last ? x : to_tf32(b, x);
    if (last) break;
    Value *back = s->tf32 ? pieces[i] : piece(b, ir_make(b, OP_EXTF, x->type, pieces[i], NULL));
    x = piece(b, ir_make(b, OP_SUBF, x->type, x, back, NULL));
  }
}

static Value *product(Builder *b, const Op *dot, const struct Scheme *s, Value *x, Value *y, Value *sum) {
  Value *d = ir_make(b, OP_DOT, dot->results[0].type, x, y, sum, NULL);
  if (s->tf32) ir_set_attr(b->cx, d->op, "inputPrecision", ir_attr_enum(b->cx, "tf32"));
  return d;
}

static void split_dot(Ctx *cx, Op *dot, const struct Scheme *s) {
  Builder b = ir_before(cx, dot);
  Value *x[MOST_PIECES], *y[MOST_PIECES], *c = ir_operand(dot, 2);
  Type *t = dot->results[0].type;
  split(&b, ir_operand(dot, 0), s, x);
  split(&b, ir_operand(dot, 1), s, y);
  Value *zero = ir_const_float(&b, t, 0), *sum = zero;
  for (int order = s->pieces - 1; order > 0; order--)
    for (int i = order; i >= 0; i--) sum = product(&b, dot, s, x[i], y[order - i], sum);
  Value *magnitude = ir_make(&b, OP_ABSF, t, sum, NULL);
  Value *finite = ir_compare(&b, "olt", magnitude, ir_const_float(&b, t, INFINITY));
  sum = ir_make(&b, OP_SELECT, t, finite, sum, zero, NULL);
  sum = product(&b, dot, s, x[0], y[0], sum);
  double initial;
  if (!ir_is_const_float(c, &initial) || initial != 0) sum = ir_make(&b, OP_ADDF, t, sum, c, NULL);
  ir_replace_all(&dot->results[0], sum);
  ir_erase(dot);
}

typedef struct Dots {
  Ctx *cx;
  int sm;
  Vec(Op *) at;
} Dots;

static void collect(Op *op, void *arg) {
  Dots *d = arg;
  if (op->code != OP_DOT || ir_elem(op->results[0].type) != ir_float(d->cx, F32)) return;
  if (ir_elem(ir_operand(op, 0)->type) != ir_float(d->cx, F32)) return;
  const struct Scheme *s = scheme_of(op);
  if (s && gpu_dot_has_mma_shape(op, s->tf32 ? 32 : 16, d->sm)) vec_push(d->cx, &d->at, op);
}

bool gpu_dot_precision(Ctx *cx, Module *m) {
  Dots d = {.cx = cx, .sm = gpu_sm(m)};
  ir_walk(m->op, collect, &d);
  for (uint32_t i = 0; i < d.at.len; i++) split_dot(cx, d.at.at[i], scheme_of(d.at.at[i]));
  return d.at.len > 0;
}
