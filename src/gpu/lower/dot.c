/* dot.c: tt.dot by mma.sync, or by multiplications and additions.
 *
 * Registers are found by the element they hold at thread 0: places of rows and columns are the same for operands and
 * result, so that what meets at thread 0 meets everywhere (PTX ISA, "Matrix fragments for mma.m16n8k8" and those beside
 * it).
 */
#include "gpu/lower/lower.h"

#include <string.h>

/* Which register holds (i, j) at thread 0; -1: none. */
typedef struct Finder {
  const Layout *l;
  int *at;
} Finder;

static Finder finder(Lower *w, const Type *t) {
  Finder f = {gpu_layout(w->cx, t), NULL};
  f.at = NEWN(w->cx, int, (int64_t)1 << f.l->out_bits);
  for (int i = 0; i < gpu_registers(f.l); i++) f.at[lower_register_image(f.l, i)] = i + 1;
  return f;
}

/* Of a tile smaller than the instruction's, rows and columns begin again behind the last. */
static int find(const Finder *f, int64_t i, int64_t j, int rank, int64_t batch) {
  i &= ((int64_t)1 << layout_out_bits(f->l, (Axis)(AXIS_DIM0 + rank - 2))) - 1;
  j &= ((int64_t)1 << layout_out_bits(f->l, (Axis)(AXIS_DIM0 + rank - 1))) - 1;
  uint64_t word = (uint64_t)i << layout_out_shift(f->l, (Axis)(AXIS_DIM0 + rank - 2)) |
                  (uint64_t)j << layout_out_shift(f->l, (Axis)(AXIS_DIM0 + rank - 1));
  if (rank == 3) word |= (uint64_t)batch << layout_out_shift(f->l, AXIS_DIM0);
  return f->at[word] - 1;
}

typedef struct Dot {
  const Op *op;
  Finder a, b, c;
  Registers *x, *y, *acc, *out;
  Type *ta, *tb, *tc;
  int64_t k;
  int rank, k_width; /* of mma.sync's operands: how many neighbours along K a thread holds */
} Dot;

/* ---- multiplications --------------------------------------------------------------------------------------------- */

/* Numbers of an operand's type `t` as what is added up. */
static Registers widened(Lower *w, const Dot *d, const Registers *in, Type *t) {
  Type *sum = d->tc->kind == TYPE_FLOAT && d->tc->bits < 32 ? ir_float(w->cx, F32) : d->tc;
  Registers out = {in->n, NEWN(w->cx, LLInst *, in->n)};
  for (int i = 0; i < in->n; i++)
    out.at[i] = ir_is_int(t) ? ll_int_cast(&w->b, lower_elem(w, sum), in->at[i], true)
                             : lower_cast_float(w, in->at[i], t, sum, "rtne");
  return out;
}

static void by_fma(Lower *w, const Dot *d) {
  bool narrow = d->tc->kind == TYPE_FLOAT && d->tc->bits < 32;
  Registers x = widened(w, d, d->x, d->ta), y = widened(w, d, d->y, d->tb);
  Type *f32 = ir_float(w->cx, F32);
  for (int r = 0; r < d->out->n; r++)
    d->out->at[r] = narrow ? lower_cast_float(w, d->acc->at[r], d->tc, f32, "rtne") : d->acc->at[r];
  for (int64_t k = 0; k < d->k; k++)
    for (int r = 0; r < d->out->n; r++) {
      int64_t m = lower_place_along(d->c.l, r, d->rank - 2), n = lower_place_along(d->c.l, r, d->rank - 1);
      int64_t batch = d->rank == 3 ? lower_place_along(d->c.l, r, 0) : 0;
      int i = find(&d->a, m, k, d->rank, batch), j = find(&d->b, k, n, d->rank, batch);
      if (i < 0 || j < 0) lower_fail(w, d->op, "the layouts of operands and result do not go together");
      LLInst *sum = d->out->at[r];
      d->out->at[r] = ll_is_int(sum->type)
                          ? ll_op2(&w->b, LL_ADD, sum, ll_op2(&w->b, LL_MUL, x.at[i], y.at[j]))
                          : ll_call_n(&w->b, LL_FMA, sum->type, (LLMods){0}, 0, (LLInst *[]){x.at[i], y.at[j], sum}, 3);
    }
  for (int r = 0; r < d->out->n && narrow; r++) d->out->at[r] = lower_cast_float(w, d->out->at[r], f32, d->tc, "rtne");
}

/* ---- mma.sync ---------------------------------------------------------------------------------------------------- */

static LLMma variant_of(Lower *w, const Dot *d) {
  if (ir_is_int(d->ta)) return LLM_M16N8K32_S32_S8;
  if (d->ta->fkind == F64) return w->sm >= 90 ? LLM_M16N8K8_F64 : LLM_M8N8K4_F64;
  switch (d->ta->fkind) {
  case F16: return d->tc->fkind == F16 ? LLM_M16N8K16_F16_F16 : LLM_M16N8K16_F32_F16;
  case BF16: return LLM_M16N8K16_F32_BF16;
  case F32: return LLM_M16N8K8_F32_TF32;
  case F8E4M3FN: return d->tb->fkind == F8E5M2 ? LLM_M16N8K32_F32_E4M3_E5M2 : LLM_M16N8K32_F32_E4M3;
  case F8E5M2: return d->tb->fkind == F8E4M3FN ? LLM_M16N8K32_F32_E5M2_E4M3 : LLM_M16N8K32_F32_E5M2;
  default: lower_fail(w, d->op, "no tensor core multiplies this format");
  }
}

/* The 32-bit registers of an operand. What was read as whole registers (ldmatrix) is taken as such: built
 * again, four bytes would be taken apart and put together by instructions. */
static LLInst *packed(Lower *w, LLInst *const *x, int n) {
  if (x[0]->type == &ll_double) return ll_build_struct(&w->b, x, n);
  LLInst *bits[16];
  int per = 32 / x[0]->type->bits;
  for (int i = 0; i < n / per; i++) bits[i] = ll_bitcast(&w->b, &ll_i32, ll_build_vector(&w->b, x + i * per, per));
  return ll_build_struct(&w->b, bits, n / per);
}

/* Thread 0's element number `i` along K. Which elements a tile takes is up to us, if it is the same for A and B: each
 * thread takes what it holds, in order. With k_width elements to a register that is what PTX says. */
static int64_t k_of(const Dot *d, int64_t i) { return i / d->k_width * 4 * d->k_width + i % d->k_width; }

/* Where a product is, in a batch of them: the tile of A at row m, whose first element along K is thread 0's number k,
 * times the tile of B at column n; `step`: elements of K in a register. */
typedef struct DotTile {
  int64_t batch, m, n, k;
  int step;
} DotTile;

/* Rows and rows + 8, then the second half of K. */
static LLInst *a_tile(Lower *w, const Dot *d, const DotTile *t) {
  LLInst *x[16];
  int n = 0;
  for (int half = 0; half < 2; half++)
    for (int row = 0; row < 16; row += 8)
      for (int e = 0; e < t->step; e++) {
        int i = find(&d->a, t->m + row, k_of(d, t->k + half * t->step + e), d->rank, t->batch);
        if (i < 0) lower_fail(w, d->op, "the layout of the left operand is not that of its result");
        x[n++] = d->x->at[i];
      }
  return packed(w, x, n);
}

static LLInst *b_tile(Lower *w, const Dot *d, const DotTile *t) {
  LLInst *x[LAYOUT_MAX_DIMS];
  int n = 0;
  for (int half = 0; half < 2; half++)
    for (int e = 0; e < t->step; e++) {
      int i = find(&d->b, k_of(d, t->k + half * t->step + e), t->n, d->rank, t->batch);
      if (i < 0) lower_fail(w, d->op, "the layout of the right operand is not that of its result");
      x[n++] = d->y->at[i];
    }
  return packed(w, x, n);
}

/* Before sm_90 a product of f64 has eight rows and four elements of K: four of them make one of 16 x 8 x 8. */
static LLInst *multiply_f64(Lower *w, LLInst *a, LLInst *b, LLInst *const *c) {
  LLInst *sum[4];
  for (int row = 0; row < 2; row++) {
    LLInst *part = ll_build_struct(&w->b, c + 2 * row, 2);
    for (int half = 0; half < 2; half++) {
      LLInst *x = ll_extract(&w->b, a, 2 * half + row), *y = ll_extract(&w->b, b, half);
      part = ll_mma_sync(&w->b, LLM_M8N8K4_F64, ll_build_struct(&w->b, &x, 1), ll_build_struct(&w->b, &y, 1), part);
    }
    for (int i = 0; i < 2; i++) sum[2 * row + i] = ll_extract(&w->b, part, i);
  }
  return ll_build_struct(&w->b, sum, 4);
}

/* Of registers that hold the same element, in a tile smaller than the instruction's, one was multiplied into. */
static void copy_repeated(const Dot *d) {
  for (int r = 0; r < d->out->n; r++) {
    uint64_t at = lower_register_image(d->c.l, r);
    d->out->at[r] = d->out->at[d->c.at[at] - 1];
  }
}

static void by_mma(Lower *w, const Dot *d) {
  int step = d->ta->bits > 32 ? 1 : 32 / d->ta->bits;
  LLMma variant = variant_of(w, d);
  bool pairs = ll_mma[variant].ctype->kind == LLK_VECTOR;
  memcpy(d->out->at, d->acc->at, (size_t)d->out->n * sizeof *d->acc->at);
  for (int64_t k = 0; k < d->k / 4; k += 2 * step)
    for (int r = 0; r < d->out->n; r++) {
      DotTile t = {.batch = d->rank == 3 ? lower_place_along(d->c.l, r, 0) : 0, .k = k, .step = step};
      t.m = lower_place_along(d->c.l, r, d->rank - 2), t.n = lower_place_along(d->c.l, r, d->rank - 1);
      if ((t.m & 8) || (t.n & 1) || find(&d->c, t.m, t.n, d->rank, t.batch) != r) continue;
      int at[4];
      LLInst *c[4];
      for (int i = 0; i < 4; i++) {
        at[i] = find(&d->c, t.m + (i >> 1) * 8, t.n + (i & 1), d->rank, t.batch);
        c[i] = d->out->at[at[i]];
      }
      LLInst *a = a_tile(w, d, &t), *b = b_tile(w, d, &t), *sum;
      if (pairs) c[0] = ll_build_vector(&w->b, c, 2), c[1] = ll_build_vector(&w->b, c + 2, 2);
      if (variant == LLM_M8N8K4_F64)
        sum = multiply_f64(w, a, b, c);
      else
        sum = ll_mma_sync(&w->b, variant, a, b, ll_build_struct(&w->b, c, pairs ? 2 : 4));
      for (int i = 0; i < 4; i++)
        d->out->at[at[i]] =
            pairs ? ll_extract(&w->b, ll_extract(&w->b, sum, i >> 1), i & 1) : ll_extract(&w->b, sum, i);
    }
  copy_repeated(d);
}

void lower_dot(Lower *w, const Op *op) {
  const Value *a = ir_operand(op, 0), *b = ir_operand(op, 1), *r = &op->results[0];
  Dot d = {.op = op, .rank = r->type->rank};
  d.ta = ir_elem(a->type), d.tb = ir_elem(b->type), d.tc = ir_elem(r->type);
  d.k = a->type->shape[d.rank - 1];
  d.a = finder(w, a->type), d.b = finder(w, b->type), d.c = finder(w, r->type);
  d.x = lower_value(w, a), d.y = lower_value(w, b), d.acc = lower_value(w, ir_operand(op, 2));
  d.out = lower_new(w, r, gpu_registers(d.c.l));
  d.k_width = (int)gpu_param_int(a->type->encoding, "kWidth", d.ta->bits > 32 ? 1 : 32 / d.ta->bits);
  if (gpu_is_mma(r->type->encoding, 2))
    by_mma(w, &d);
  else
    by_fma(w, &d);
}
