/* intrinsics.c: the machine's own instructions on registers, as the PTX ISA defines them, and the table that leads to
 * those of the other files. The approximate functions (ex2, lg2, sin, …) are computed exactly and rounded: within the
 * hardware's error bounds, not its bits.
 */
#include "simt/internal.h"
#include "simt/number.h"

#define LANE_LOOP for (int l = 0; l < LANES; l++)
#define DO(id) static void do_##id(Warp *w, const Code *c, uint32_t *out, uint32_t mask)
#define UNUSED (void)mask, (void)w, (void)c, (void)out

/* ---- where the thread is ----------------------------------------------------------------------------------------- */

#define EVERYWHERE(id, value)                                                                                          \
  DO(id) {                                                                                                             \
    UNUSED;                                                                                                            \
    const uint32_t x = (value);                                                                                        \
    LANE_LOOP out[l] = x;                                                                                              \
  }
DO(TID_X) {
  UNUSED;
  LANE_LOOP out[l] = (uint32_t)(w->index * LANES + l);
}
DO(LANEID) {
  UNUSED;
  LANE_LOOP out[l] = (uint32_t)l;
}
EVERYWHERE(TID_Y, 0)
EVERYWHERE(TID_Z, 0)
EVERYWHERE(NTID_X, (uint32_t)w->b->m->threads)
EVERYWHERE(CTAID_X, w->b->id[0])
EVERYWHERE(CTAID_Y, w->b->id[1])
EVERYWHERE(CTAID_Z, w->b->id[2])
EVERYWHERE(NCTAID_X, w->b->m->grid[0])
EVERYWHERE(NCTAID_Y, w->b->m->grid[1])
EVERYWHERE(NCTAID_Z, w->b->m->grid[2])
EVERYWHERE(SMID, 0)
EVERYWHERE(CLUSTER_CTARANK, 0)
EVERYWHERE(CLUSTER_NCTARANK, 1)
EVERYWHERE(CLUSTERID_X, w->b->id[0])
EVERYWHERE(CLUSTERID_Y, w->b->id[1])
EVERYWHERE(CLUSTERID_Z, w->b->id[2])
EVERYWHERE(CLOCK, (uint32_t)w->instructions)
DO(CLOCK64) {
  UNUSED;
  LANE_LOOP((uint64_t *)(void *)out)[l] = w->instructions;
}
#define do_GLOBALTIMER do_CLOCK64

/* ---- between threads --------------------------------------------------------------------------------------------- */

/* PTX ISA, "shfl.sync": operand 3 holds the clamp (bits 0 to 4) and the mask of the segments (bits 8 to 12). */
static void shuffle(Warp *w, const Code *c, uint32_t *out, uint32_t mask, LLOp op) {
  const uint32_t *value = reg_at(w, c->b), *by = reg_at(w, c->c), *clamp = reg_at(w, c->d);
  int bad = -1;
  for (uint32_t l = 0; l < LANES; l++) {
    uint32_t segment = clamp[l] >> 8 & 31, limit = clamp[l] & 31, b = by[l] & 31, first = l & segment, j = l;
    uint32_t last = first | (limit & ~segment);
    bool in = true;
    switch (op) {
    case LL_SHFL_UP: in = (int)(l - b) >= (int)last, j = l - b; break;
    case LL_SHFL_DOWN: in = l + b <= last, j = l + b; break;
    case LL_SHFL_BFLY: in = (l ^ b) <= last, j = l ^ b; break;
    default: in = (first | (b & ~segment)) <= last, j = first | (b & ~segment); break;
    }
    if (!in) j = l;
    out[l] = value[j & 31];
    if ((mask >> l & 1) && !(mask >> (j & 31) & 1) && bad < 0) bad = (int)l;
  }
  if (bad >= 0) simt_issue(w, SIMT_SHUFFLE, c, bad, 0, 0, NULL);
}
DO(SHFL_IDX) { shuffle(w, c, out, mask, LL_SHFL_IDX); }
DO(SHFL_UP) { shuffle(w, c, out, mask, LL_SHFL_UP); }
DO(SHFL_DOWN) { shuffle(w, c, out, mask, LL_SHFL_DOWN); }
DO(SHFL_BFLY) { shuffle(w, c, out, mask, LL_SHFL_BFLY); }

DO(VOTE_ANY) { *out = *reg_at(w, c->b) & mask ? UINT32_MAX : 0; }
DO(VOTE_ALL) { *out = (*reg_at(w, c->b) & mask) == mask ? UINT32_MAX : 0; }
DO(VOTE_BALLOT) {
  const uint32_t x = *reg_at(w, c->b) & mask;
  LANE_LOOP out[l] = x;
}
DO(ACTIVEMASK) {
  UNUSED;
  LANE_LOOP out[l] = mask;
}
DO(ELECT_SYNC) { *out = UINT32_C(1) << first_lane(mask), UNUSED; }

#define REDUX(id, type, expr)                                                                                          \
  DO(id) {                                                                                                             \
    const uint32_t *a = reg_at(w, c->b);                                                                               \
    type x = (type)a[first_lane(mask)];                                                                                \
    EACH_LANE(l, mask &(mask - 1)) {                                                                                   \
      const type y = (type)a[l];                                                                                       \
      x = (expr);                                                                                                      \
    }                                                                                                                  \
    LANE_LOOP out[l] = (uint32_t)x;                                                                                    \
  }
REDUX(REDUX_ADD, uint32_t, x + y)
REDUX(REDUX_MIN, int32_t, x < y ? x : y)
REDUX(REDUX_MAX, int32_t, x > y ? x : y)
REDUX(REDUX_UMIN, uint32_t, x < y ? x : y)
REDUX(REDUX_UMAX, uint32_t, x > y ? x : y)
REDUX(REDUX_AND, uint32_t, x &y)
REDUX(REDUX_OR, uint32_t, x | y)
REDUX(REDUX_XOR, uint32_t, x ^ y)

/* ---- arithmetic -------------------------------------------------------------------------------------------------- */

#define EACH1(id, otype, type, reg, expr)                                                                              \
  DO(id) {                                                                                                             \
    UNUSED;                                                                                                            \
    const type *a = reg(w, c->a);                                                                                      \
    otype *restrict o = (otype *)(void *)out;                                                                          \
    LANE_LOOP {                                                                                                        \
      const type x = a[l];                                                                                             \
      o[l] = (otype)(expr);                                                                                            \
    }                                                                                                                  \
  }
#define EACH2(id, otype, type, reg, expr)                                                                              \
  DO(id) {                                                                                                             \
    UNUSED;                                                                                                            \
    const type *a = reg(w, c->a), *b = reg(w, c->b);                                                                   \
    otype *restrict o = (otype *)(void *)out;                                                                          \
    LANE_LOOP {                                                                                                        \
      const type x = a[l], y = b[l];                                                                                   \
      o[l] = (otype)(expr);                                                                                            \
    }                                                                                                                  \
  }
#define EACH3(id, expr)                                                                                                \
  DO(id) {                                                                                                             \
    UNUSED;                                                                                                            \
    const uint32_t *a = reg_at(w, c->a), *b = reg_at(w, c->b), *d = reg_at(w, c->c);                                   \
    LANE_LOOP {                                                                                                        \
      const uint32_t x = a[l], y = b[l], z = d[l];                                                                     \
      out[l] = (uint32_t)(expr);                                                                                       \
    }                                                                                                                  \
  }
static float flush(float x) { return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x; }
#define FLOAT1(id, expr) EACH1(id, uint32_t, uint32_t, reg_at, result_bits(expr))
#define F as_float(x)
FLOAT1(EX2, exp2f(F))
FLOAT1(EX2_FTZ, flush(exp2f(flush(F))))
FLOAT1(LG2, log2f(F))
FLOAT1(LG2_FTZ, log2f(flush(F)))
FLOAT1(RSQRT, (float)(1 / sqrt((double)F)))
FLOAT1(SQRT_APPROX, sqrtf(F))
FLOAT1(SIN, sinf(F))
FLOAT1(COS, cosf(F))
FLOAT1(TANH, tanhf(F))
FLOAT1(RCP, flush(1 / flush(F)))
FLOAT1(RCP_RN, 1 / F)
EACH1(RSQRT_D, uint64_t, uint64_t, reg64_at, double_bits(1 / sqrt(as_double(x))))
EACH2(DIV_FULL, uint32_t, uint32_t, reg_at, result_bits(F / as_float(y)))
#define do_DIV_APPROX do_DIV_FULL
static uint32_t half_exp2(uint32_t h) { return float_to_half(exp2f(half_to_float(h & 0xffff))); }
EACH1(EX2_F16X2, uint32_t, uint32_t, reg_at, half_exp2(x) | half_exp2(x >> 16) << 16)

EACH2(MULHI_S32, uint32_t, uint32_t, reg_at, (uint64_t)((int64_t)(int32_t)x *(int32_t)y) >> 32)
EACH2(MULHI_U32, uint32_t, uint32_t, reg_at, (uint64_t)x *y >> 32)
EACH2(MUL_WIDE_S32, uint64_t, uint32_t, reg_at, (int64_t)(int32_t)x *(int32_t)y)
EACH2(MUL_WIDE_U32, uint64_t, uint32_t, reg_at, (uint64_t)x *y)
static uint64_t mulhi_unsigned(uint64_t x, uint64_t y) {
  uint64_t xl = (uint32_t)x, xh = x >> 32, yl = (uint32_t)y, yh = y >> 32;
  uint64_t middle = xh * yl + (xl * yl >> 32), low = (uint32_t)middle + xl * yh;
  return xh * yh + (middle >> 32) + (low >> 32);
}
static uint64_t mulhi_signed(uint64_t x, uint64_t y) {
  return mulhi_unsigned(x, y) - ((int64_t)x < 0 ? y : 0) - ((int64_t)y < 0 ? x : 0);
}
EACH2(MULHI_S64, uint64_t, uint64_t, reg64_at, mulhi_signed(x, y))
EACH2(MULHI_U64, uint64_t, uint64_t, reg64_at, mulhi_unsigned(x, y))

/* ---- bits -------------------------------------------------------------------------------------------------------- */

static uint32_t reverse(uint32_t x) {
  x = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
  x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2;
  x = (x >> 4 & 0x0f0f0f0f) | (x & 0x0f0f0f0f) << 4;
  return x >> 24 | (x >> 8 & 0xff00) | (x << 8 & 0xff0000) | x << 24;
}
EACH1(POPC, uint32_t, uint32_t, reg_at, __builtin_popcount(x))
EACH1(POPC64, uint32_t, uint64_t, reg64_at, __builtin_popcountll(x))
EACH1(CLZ, uint32_t, uint32_t, reg_at, x ? __builtin_clz(x) : 32)
EACH1(CLZ64, uint32_t, uint64_t, reg64_at, x ? __builtin_clzll(x) : 64)
EACH1(BREV, uint32_t, uint32_t, reg_at, reverse(x))
EACH1(BREV64, uint64_t, uint64_t, reg64_at, (uint64_t)reverse((uint32_t)x) << 32 | reverse((uint32_t)(x >> 32)))

/* PTX ISA, "bfe": position and length are taken from the lowest byte; what lies beyond the word is the sign bit. */
static uint32_t bit_field(uint32_t x, uint32_t at, uint32_t n, bool is_signed) {
  at &= 0xff, n &= 0xff;
  uint64_t wide = is_signed ? (uint64_t)(int64_t)(int32_t)x : x;
  if (n == 0) return 0;
  uint32_t last = at + n - 1 > 31 ? 31 : at + n - 1, sign = is_signed ? x >> last & 1 : 0;
  uint32_t field = at > 31 ? 0 : (uint32_t)(wide >> at), have = n > 32 ? 32 : n;
  if (at + have > 32) have = at > 31 ? 0 : 32 - at;
  uint32_t keep = have >= 32 ? UINT32_MAX : (UINT32_C(1) << have) - 1;
  return (field & keep) | (sign ? ~keep : 0);
}
EACH3(BFE_U32, bit_field(x, y, z, false))
EACH3(BFE_S32, bit_field(x, y, z, true))
DO(BFI) {
  UNUSED;
  const uint32_t *a = reg_at(w, c->a), *b = reg_at(w, c->b), *at = reg_at(w, c->c), *n = reg_at(w, c->d);
  LANE_LOOP {
    uint32_t p = at[l] & 0xff, k = n[l] & 0xff;
    uint64_t keep = k >= 32 ? UINT32_MAX : (UINT64_C(1) << k) - 1;
    uint32_t field = p > 31 ? 0 : (uint32_t)(keep << p);
    out[l] = (b[l] & ~field) | (p > 31 ? 0 : a[l] << p & field);
  }
}
EACH3(FSHL, (((uint64_t)x << 32 | y) << (z & 31)) >> 32)
EACH3(FSHR, ((uint64_t)x << 32 | y) >> (z & 31))
static uint32_t permute(uint32_t x, uint32_t y, uint32_t selector) {
  uint64_t bytes = (uint64_t)y << 32 | x;
  uint32_t r = 0;
  for (int k = 0; k < 4; k++) {
    uint32_t s = selector >> 4 * k & 15, byte = (uint32_t)(bytes >> 8 * (s & 7)) & 0xff;
    if (s & 8) byte = byte & 0x80 ? 0xff : 0;
    r |= byte << 8 * k;
  }
  return r;
}
EACH3(PRMT, permute(x, y, z))
static uint32_t logic3(uint32_t x, uint32_t y, uint32_t z, unsigned table) {
  uint32_t r = 0;
  for (unsigned k = 0; k < 8; k++)
    if (table >> k & 1) r |= (k & 4 ? x : ~x) & (k & 2 ? y : ~y) & (k & 1 ? z : ~z);
  return r;
}
EACH3(LOP3, logic3(x, y, z, (unsigned)c->imm))
static uint32_t dot4(uint32_t x, uint32_t y, uint32_t z, bool is_signed) {
  for (int k = 0; k < 32; k += 8) {
    uint32_t a = x >> k & 0xff, b = y >> k & 0xff;
    z += is_signed ? (uint32_t)((int8_t)a * (int8_t)b) : a * b;
  }
  return z;
}
EACH3(DP4A_S32, dot4(x, y, z, true))
EACH3(DP4A_U32, dot4(x, y, z, false))

/* ---- conversions ------------------------------------------------------------------------------------------------- */

EACH2(CVT_F16X2, uint32_t, uint32_t, reg_at, float_to_half(F) << 16 | float_to_half(as_float(y)))
EACH2(CVT_BF16X2, uint32_t, uint32_t, reg_at, float_to_bfloat(F) << 16 | float_to_bfloat(as_float(y)))
EACH1(CVT_RZ_F16, uint32_t, uint32_t, reg_at, float_to_half_rz(F))
EACH1(CVT_RZ_BF16, uint32_t, uint32_t, reg_at, float_to_bfloat_rz(F))
EACH1(CVT_RNA_TF32, uint32_t, uint32_t, reg_at, float_to_tf32_rna(F))
EACH1(CVT_RN_TF32, uint32_t, uint32_t, reg_at, float_to_tf32_rn(F))
EACH2(CVT_E4M3X2, uint32_t, uint32_t, reg_at,
      float_to_fp8(F8E4M3FN, (double)F) << 8 | float_to_fp8(F8E4M3FN, (double)as_float(y)))
EACH2(CVT_E5M2X2, uint32_t, uint32_t, reg_at,
      float_to_fp8(F8E5M2, (double)F) << 8 | float_to_fp8(F8E5M2, (double)as_float(y)))
static uint32_t halves_to_fp8(FloatKind kind, uint32_t x) {
  return float_to_fp8(kind, (double)half_to_float(x >> 16)) << 8 |
         float_to_fp8(kind, (double)half_to_float(x & 0xffff));
}
static uint32_t fp8_to_halves(FloatKind kind, uint32_t x) {
  return double_to_half(ir_float_decode(kind, x >> 8 & 0xff)) << 16 | double_to_half(ir_float_decode(kind, x & 0xff));
}
EACH1(CVT_E4M3X2_F16X2, uint32_t, uint32_t, reg_at, halves_to_fp8(F8E4M3FN, x))
EACH1(CVT_E5M2X2_F16X2, uint32_t, uint32_t, reg_at, halves_to_fp8(F8E5M2, x))
EACH1(CVT_F16X2_E4M3X2, uint32_t, uint32_t, reg_at, fp8_to_halves(F8E4M3FN, x))
EACH1(CVT_F16X2_E5M2X2, uint32_t, uint32_t, reg_at, fp8_to_halves(F8E5M2, x))
EACH1(CVT_RNI_S32, uint32_t, uint32_t, reg_at, to_integer((double)rintf(F), 32, true, false))
static float double_to_float_rz(double x) {
  float f = (float)x;
  return isfinite(x) && fabs((double)f) > fabs(x) ? nextafterf(f, 0) : f;
}
EACH1(CVT_RZ_F32_F64, uint32_t, uint64_t, reg64_at, result_bits(double_to_float_rz(as_double(x))))

/* ---- what lies in other files ------------------------------------------------------------------------------------ */

DO(nothing) { UNUSED; }
#define NOTHING(id) [LL_##id - LL_FIRST_INTRINSIC] = do_nothing
DO(policy) {
  UNUSED;
  memset(out, 0, LANES * 8);
}
DO(BARRIER0) { UNUSED, simt_barrier_arrive(w, c, mask, 0, 0, true); }
static void named_barrier(Warp *w, const Code *c, uint32_t mask, bool wait) {
  int l = first_lane(mask);
  simt_barrier_arrive(w, c, mask, (int)reg_at(w, c->a)[l], reg_at(w, c->b)[l], wait);
}
DO(BARRIER) { UNUSED, named_barrier(w, c, mask, true); }
DO(BARRIER_ARRIVE) { UNUSED, named_barrier(w, c, mask, false); }
DO(CLUSTER_WAIT) { UNUSED, simt_barrier_arrive(w, c, mask, CLUSTER_BARRIER, 0, true); }
DO(LDMATRIX) { UNUSED, simt_ldmatrix(w, c, mask); }
DO(STMATRIX) { UNUSED, simt_stmatrix(w, c, mask); }
DO(MMA) { UNUSED, simt_mma_sync(w, c); }
DO(WGMMA) { UNUSED, simt_wgmma(w, c); }
DO(WGMMA_FENCE) { UNUSED, w->wgmma_fenced = true; }
DO(WGMMA_COMMIT) { UNUSED, simt_wgmma_commit(w); }
DO(WGMMA_WAIT) { UNUSED, simt_wgmma_wait(w, (uint32_t)reg64_at(w, c->a)[first_lane(mask)]); }
DO(WGMMA_WAIT_ACC) { UNUSED, simt_wgmma_wait(w, (uint32_t)c->imm); }
DO(CP_ASYNC) { UNUSED, simt_cp_async(w, c, mask); }
DO(CP_ASYNC_COMMIT) {
  UNUSED;
  EACH_LANE(l, mask) w->group[l]++;
}
DO(CP_ASYNC_WAIT) { UNUSED, simt_cp_async_wait(w, reg_at(w, c->a)[first_lane(mask)], mask); }
DO(mbarrier) { simt_mbarrier_op(w, c, out, mask); }
DO(tensormap) { simt_tensormap_field(w, c, mask), (void)out; }
DO(TENSORMAP_PUBLISH) { UNUSED, simt_tensormap_publish(w, c, mask); }
DO(FENCE_TENSORMAP_ACQUIRE) { UNUSED, simt_tensormap_acquire(w, c, mask); }
DO(bulk) { simt_bulk_op(w, c, mask), (void)out; }
DO(BULK_COMMIT) { UNUSED, w->bulk_clocks[w->bulk_groups++ % 64] = w->b->engines[0][w->b->m->nwarps]; }
DO(BULK_WAIT) { UNUSED, simt_bulk_wait(w, reg_at(w, c->a)[first_lane(mask)]); }
DO(FENCE_PROXY_ASYNC) {
  UNUSED;
  memcpy(w->fenced, w->vc, (size_t)w->b->m->nagents * sizeof *w->vc);
  w->vc[w->index]++;
}
DO(TRAP) {
  simt_issue(w, SIMT_TRAP, c, first_lane(mask), 0, 0, NULL);
  w->b->m->stop = true, UNUSED;
}

#define AT(id) [LL_##id - LL_FIRST_INTRINSIC]
#define IS(id) AT(id) = do_##id
Handler *const simt_intrinsics[LL_OPS - LL_FIRST_INTRINSIC] = {
    IS(TID_X),
    IS(TID_Y),
    IS(TID_Z),
    IS(NTID_X),
    IS(CTAID_X),
    IS(CTAID_Y),
    IS(CTAID_Z),
    IS(NCTAID_X),
    IS(NCTAID_Y),
    IS(NCTAID_Z),
    IS(LANEID),
    IS(SMID),
    IS(CLUSTER_CTARANK),
    IS(CLUSTER_NCTARANK),
    IS(CLUSTERID_X),
    IS(CLUSTERID_Y),
    IS(CLUSTERID_Z),
    IS(CLOCK),
    IS(CLOCK64),
    IS(GLOBALTIMER),
    IS(SHFL_IDX),
    IS(SHFL_BFLY),
    IS(SHFL_UP),
    IS(SHFL_DOWN),
    IS(VOTE_ANY),
    IS(VOTE_ALL),
    IS(VOTE_BALLOT),
    IS(ACTIVEMASK),
    IS(REDUX_ADD),
    IS(REDUX_MIN),
    IS(REDUX_MAX),
    IS(REDUX_UMIN),
    IS(REDUX_UMAX),
    IS(REDUX_AND),
    IS(REDUX_OR),
    IS(REDUX_XOR),
    IS(ELECT_SYNC),
    IS(BARRIER0),
    IS(BARRIER),
    IS(BARRIER_ARRIVE),
    NOTHING(BARRIER_WARP),
    NOTHING(CLUSTER_ARRIVE),
    IS(CLUSTER_WAIT),
    IS(EX2),
    IS(EX2_FTZ),
    IS(EX2_F16X2),
    IS(LG2),
    IS(LG2_FTZ),
    IS(RSQRT),
    IS(RSQRT_D),
    IS(SQRT_APPROX),
    IS(SIN),
    IS(COS),
    IS(TANH),
    IS(RCP),
    IS(RCP_RN),
    IS(DIV_FULL),
    IS(DIV_APPROX),
    IS(MULHI_S32),
    IS(MULHI_U32),
    IS(MUL_WIDE_S32),
    IS(MUL_WIDE_U32),
    IS(MULHI_S64),
    IS(MULHI_U64),
    IS(POPC),
    IS(POPC64),
    IS(CLZ),
    IS(CLZ64),
    IS(BREV),
    IS(BREV64),
    IS(BFE_U32),
    IS(BFE_S32),
    IS(BFI),
    IS(FSHL),
    IS(FSHR),
    IS(PRMT),
    IS(LOP3),
    IS(DP4A_S32),
    IS(DP4A_U32),
    IS(CVT_F16X2),
    IS(CVT_BF16X2),
    IS(CVT_RZ_F16),
    IS(CVT_RZ_BF16),
    IS(CVT_RNA_TF32),
    IS(CVT_RN_TF32),
    IS(CVT_E4M3X2),
    IS(CVT_E5M2X2),
    IS(CVT_E4M3X2_F16X2),
    IS(CVT_E5M2X2_F16X2),
    IS(CVT_F16X2_E4M3X2),
    IS(CVT_F16X2_E5M2X2),
    IS(CVT_RNI_S32),
    IS(CVT_RZ_F32_F64),
    AT(POLICY_EVICT_FIRST) = do_policy,
    AT(POLICY_EVICT_LAST) = do_policy,
    NOTHING(PREFETCH_L2),
    IS(LDMATRIX),
    IS(STMATRIX),
    IS(MMA),
    IS(WGMMA),
    IS(WGMMA_FENCE),
    IS(WGMMA_COMMIT),
    IS(WGMMA_WAIT),
    IS(WGMMA_WAIT_ACC),
    IS(CP_ASYNC),
    IS(CP_ASYNC_COMMIT),
    IS(CP_ASYNC_WAIT),
    AT(CP_ASYNC_MBARRIER_ARRIVE) = do_mbarrier,
    AT(MBARRIER_INIT) = do_mbarrier,
    AT(MBARRIER_INVAL) = do_mbarrier,
    AT(MBARRIER_ARRIVE) = do_mbarrier,
    AT(MBARRIER_ARRIVE_EXPECT_TX) = do_mbarrier,
    AT(MBARRIER_ARRIVE_CLUSTER) = do_mbarrier,
    AT(MBARRIER_TEST_WAIT) = do_mbarrier,
    AT(MBARRIER_TRY_WAIT) = do_mbarrier,
    AT(MBARRIER_WAIT) = do_mbarrier,
    AT(MBARRIER_WAIT_IF) = do_mbarrier,
    AT(BULK_LOAD) = do_bulk,
    AT(TMA_LOAD_1D) = do_bulk,
    AT(TMA_LOAD_2D) = do_bulk,
    AT(TMA_LOAD_3D) = do_bulk,
    AT(TMA_LOAD_4D) = do_bulk,
    AT(TMA_LOAD_5D) = do_bulk,
    AT(TMA_STORE_1D) = do_bulk,
    AT(TMA_STORE_2D) = do_bulk,
    AT(TMA_STORE_3D) = do_bulk,
    AT(TMA_STORE_4D) = do_bulk,
    AT(TMA_STORE_5D) = do_bulk,
    AT(TMA_REDUCE_1D) = do_bulk,
    AT(TMA_REDUCE_2D) = do_bulk,
    AT(TMA_REDUCE_3D) = do_bulk,
    AT(TMA_REDUCE_4D) = do_bulk,
    AT(TMA_REDUCE_5D) = do_bulk,
    NOTHING(TMA_PREFETCH),
    IS(BULK_COMMIT),
    IS(BULK_WAIT),
    AT(BULK_WAIT_READ) = do_BULK_WAIT,
    IS(FENCE_PROXY_ASYNC),
    NOTHING(FENCE_MBARRIER_INIT),
    IS(FENCE_TENSORMAP_ACQUIRE),
    AT(TENSORMAP_ADDRESS) = do_tensormap,
    AT(TENSORMAP_RANK) = do_tensormap,
    AT(TENSORMAP_BOX) = do_tensormap,
    AT(TENSORMAP_SIZE) = do_tensormap,
    AT(TENSORMAP_STRIDE) = do_tensormap,
    AT(TENSORMAP_STEP) = do_tensormap,
    AT(TENSORMAP_ELEM) = do_tensormap,
    AT(TENSORMAP_INTERLEAVE) = do_tensormap,
    AT(TENSORMAP_SWIZZLE) = do_tensormap,
    AT(TENSORMAP_FILL) = do_tensormap,
    IS(TENSORMAP_PUBLISH),
    NOTHING(GRIDDEP_WAIT),
    NOTHING(GRIDDEP_LAUNCH),
    NOTHING(SETMAXNREG_INC),
    NOTHING(SETMAXNREG_DEC),
    NOTHING(NANOSLEEP),
    IS(TRAP),
};
